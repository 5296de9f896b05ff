/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How parameters of a prison are set: for the files that hold rows of param_table.
 */
#ifndef VIMAGE_PRISON_INT_H
#define VIMAGE_PRISON_INT_H

#include "base/sbuf.h"
#include "base/util.h"
#include "vimage/prison.h"

/* Shares, limits and IPC: prison_res.c. */
struct change_res {
	uint32_t	 cr_share;	/* 0 = not said */
	bool		 cr_cpulimitset;
	uint32_t	 cr_cpulimit;
	bool		 cr_cpusset, cr_cpusall;	/* cr_cpusall: the parent's */
	struct vi_cpus	 cr_cpus;
	uint32_t	 cr_limitset;	/* bits of LIMIT_* */
	uint64_t	 cr_limit[LIMIT_MAX];
	uint32_t	 cr_ipclimitset;	/* bits of VIPC_* */
	uint64_t	 cr_ipclimit[VIPC_MAX];
};

/* Of one family: praddr.c. */
struct change_addrs {
	char		 ca_mode;	/* first letter of ip4; 0 = not said */
	bool		 ca_given;	/* ip4.addr was said */
	struct praddrs	*ca_new;	/* NULL: neither */
};

/* What was asked for.  Nothing is touched until all of it is known to be good. */
struct change {
	struct prison	*ch_caller;
	struct prison	*ch_pr;		/* NULL: to be created */
	struct prison	*ch_parent;
	char		*ch_err;
	int		 ch_jid;	/* 0 = not said */
	bool		 ch_named;
	char		 ch_name[VI_NAMELEN];	/* full */
	struct prison_conf ch_conf;
	enum vmode	 ch_modes[VCLASS_MAX];
	bool		 ch_modeset[VCLASS_MAX];
	char		 ch_hostmode;	/* first letter of host; 0 = not said */
	bool		 ch_hostset, ch_domainset, ch_hostidset, ch_hostuuidset;
	char		 ch_hostname[256], ch_domainname[256], ch_hostuuid[64];
	uint32_t	 ch_hostid;
	char		 ch_sysvipc;	/* 't', 'f': allow.sysvipc; 0 = not said */
	struct change_res ch_res;
	const char	*ch_key;	/* of the parameter that is being set: what follows "meta." */
	char		*ch_meta[2];	/* META_MAXBUFSIZE bytes, or NULL */
	struct change_addrs ch_addrs[PRADDR_NFAM];
	char		 ch_linuxmode;	/* first letter of linux; 0 = not said */
	const char	*ch_linuxset;	/* one of its names was said; NULL */
};

struct param {
	const char	*pa_name;
	bool		 pa_bool;
	/* value is never NULL but for set_meta; booleans get "true" or "false".  NULL = read-only. */
	int		(*pa_set)(struct change *, const struct param *, const char *value);
	void		(*pa_get)(struct prison *caller, struct prison *, const struct param *, struct sbuf *);
	unsigned	 pa_arg;
	const char	*pa_descr;
	unsigned	 pa_len;	/* bytes of a text with its end; 0: a number, a word or a list */
};
typedef int param_set_fn(struct change *, const struct param *, const char *value);
typedef void param_get_fn(struct prison *caller, struct prison *, const struct param *, struct sbuf *);

/* The sentence for the user; returns error. */
int	change_fail(struct change *, int error, const char *fmt, ...) VI_PRINTF(3, 4);
int	change_number(struct change *, const struct param *, const char *value, int64_t min, int64_t max, int64_t *out);
bool	change_owns(const struct change *, enum vclass);	/* will the prison have one of its own? */
int	change_mode(struct change *, const char *name, enum vclass, enum vmode);

/* prison_path.c: root directories. */
param_set_fn set_path;
param_get_fn get_path;
const char *prison_root(const struct prison *);

/* prison_store.c: what is told to those who ask. */
param_set_fn set_stored, set_statfs, set_devfs, set_meta;
param_get_fn get_stored, get_meta;
bool	get_metakey(struct prison *, const struct param *, const char *key, struct sbuf *);	/* false: it is not there */
void	print_stored(const struct prison_store *, const struct param *, struct sbuf *);
void	change_meta_apply(struct change *);
void	change_meta_free(struct change *);

/* prison_linux.c: what programs are told of the system. */
param_set_fn set_linux, set_linuxname;
param_get_fn get_linux, get_linuxname;
void	change_linux_inherit(struct change *, const struct prison *from);	/* as they are now */
int	change_linux_check(struct change *);

/* praddr.c: addresses on a shared stack. */
param_set_fn set_ipmode, set_ipaddr, set_saddrsel;
param_get_fn get_ipmode, get_ipaddr, get_saddrsel;
int	change_addrs_check(struct change *);
void	change_addrs_apply(struct change *);	/* to ch_pr; cannot fail */
void	change_addrs_free(struct change *);	/* what was not applied */

/* prison_res.c: shares, limits, IPC. */
param_set_fn set_share, set_cpulimit, set_cpus, set_limit, set_ipc, set_sysvipc, set_ipclimit;
param_get_fn get_share, get_cpulimit, get_cpuusage, get_cpus, get_cpusetid, get_limit, get_limitcur, get_limitpeak, get_limituse, get_ipc, get_sysvipc, get_ipclimit;
int	change_res_check(struct change *);
void	change_res_apply(struct change *);	/* to ch_pr; cannot fail */

#endif
