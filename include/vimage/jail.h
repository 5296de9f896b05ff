/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prisons.  prison0 (jid 0) always exists.  All calls are *management* (vimage.h).
 *
 * Parameters are name/value pairs of text, as in jail(8).  A boolean is present without value, "true" or "false", and has a
 * no-form ("noallow.raw_sockets").  Lists hold commas.
 */
#ifndef VIMAGE_JAIL_H
#define VIMAGE_JAIL_H

#include <vimage/cpus.h>
#include <vimage/priv.h>
#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vi_param {
	const char	*p_name;
	const char	*p_value;	/* NULL: present without a value */
};

enum { VI_JAIL_CREATE = 1, VI_JAIL_UPDATE = 2 };

#define VI_ERRLEN 256
#define VI_HOSTNAMELEN 65	/* of host and domain, with the end: no longer can Linux tell */
#define VI_JAIL_MAXIPS 64	/* addresses of a family that a jail may have of a shared stack */
#define VI_META_MAX 4096		/* bytes of meta and env, with the end */
#define VI_PARAMLEN 4200	/* a parameter's value as text; the longest is meta */

/*
 * Create and/or modify, seen from prison `caller`; names are relative to it.  All or nothing.  On failure err (VI_ERRLEN bytes) holds one
 * sentence without newline.  EEXIST, ENOENT, EPERM, EINVAL, EAGAIN (limit).
 * The jail is known by "jid" or "name" among the parameters.  *jid gets its id.
 */
VI_API int	vi_jail_set(struct vi_kernel *, int caller, const struct vi_param *, unsigned n, unsigned flags, int *jid, char *err);
/* Destroys the jail, its children first; its vnet with it.  Leaks are reported as vi_vnet_destroy does. */
VI_API int	vi_jail_remove(struct vi_kernel *, int caller, int jid);
VI_API int	vi_jail_find(struct vi_kernel *, int caller, const char *name_or_jid, int *jid);	/* ENOENT */
VI_API bool	vi_jail_visible(struct vi_kernel *, int caller, int jid);	/* itself or a descendant */
/* One parameter as text; ENOENT: no such parameter; ENODATA: no such key of meta or env.  Names come out relative to caller. */
VI_API int	vi_jail_get(struct vi_kernel *, int caller, int jid, const char *param, char *buf, size_t len);
/*
 * Its root directory for who goes there: a name on the host.  Where "//" is in it the root directory of a jail ends, whose files are not to be trusted: what
 * follows is to be looked up with that directory as the root.  ENOENT: no such jail; ENAMETOOLONG.
 */
VI_API int	vi_jail_rootdir(struct vi_kernel *, int jid, char *buf, size_t len);
/* Every readable parameter in the table's order. */
VI_API int	vi_jail_params(struct vi_kernel *, int caller, int jid, void (*)(void *arg, const char *name, const char *value), void *arg);
/* What parameters there are, in the same order.  The texts are for ever; false after the last. */
struct vi_paraminfo {
	const char	*pi_name, *pi_descr;
	unsigned	 pi_len;	/* bytes of a text with its end, at most; 0: a number, a word or a list */
	bool		 pi_node;	/* there are others below, as host.hostname below host */
};
VI_API bool	vi_jail_paraminfo(unsigned i, struct vi_paraminfo *);
VI_API bool	vi_jail_settable(struct vi_kernel *, int jid, const char *param);	/* false: it can only be read, or belongs to a container of its parent */
VI_API void	vi_jail_list(struct vi_kernel *, int caller, void (*)(void *arg, int jid), void *arg);	/* ascending; without caller itself */
/* The same, parents before children, in the time that those take: for what happens to each jail. */
VI_API void	vi_jail_below(struct vi_kernel *, int jid, void (*)(void *arg, int jid), void *arg);
VI_API struct vi_vnet *vi_jail_vnet(struct vi_kernel *, int jid);	/* own or inherited; NULL: no such jail */
VI_API int	vi_vnet_jail(struct vi_vnet *);				/* jid of the owner, -1: none */
VI_API bool	vi_jail_owns_vnet(struct vi_kernel *, int jid);
VI_API int	vi_jail_parent(struct vi_kernel *, int jid);

/* The classes of containers, in the order of vi_class_name. */
enum vi_class { VI_CLASS_VNET, VI_CLASS_VPROC, VI_CLASS_VCPU, VI_CLASS_VIPC, VI_CLASS_VLOG, VI_CLASS_MAX };

/* Containers, by class ("vnet", "vproc", "vcpu", "vipc", "vlog"): the jid of the jail whose container it uses; -1: none (disabled, or no such jail or class). */
VI_API int	vi_jail_owner(struct vi_kernel *, int jid, const char *class);
VI_API const char *vi_class_name(unsigned i);	/* NULL after the last */

/* The kinds of IPC its processes must do without. */
enum { VI_IPC_SYSVMSG = 1, VI_IPC_SYSVSEM = 2, VI_IPC_SYSVSHM = 4, VI_IPC_MQUEUE = 8 };
VI_API unsigned	vi_jail_ipcoff(struct vi_kernel *, int jid);

/*
 * What uname(2) is to say to its programs: linux.osname, linux.osrelease or osrelease, and its host names; "" is what the host says.  False: nothing but that.
 * Host names alone are the host's business.
 */
struct vi_uname { char un_sysname[65], un_release[65], un_nodename[65], un_domainname[65]; };
VI_API bool	vi_jail_uname(struct vi_kernel *, int jid, struct vi_uname *);

/* The jail's messages (vlog), as vi_log_read and vi_log_clear: its own buffer or the one it inherits. */
struct vi_logmsg;
VI_API uint64_t	vi_jail_log_read(struct vi_kernel *, int jid, uint64_t after_seq, void (*)(void *arg, const struct vi_logmsg *), void *arg);
VI_API void	vi_jail_log_clear(struct vi_kernel *, int jid);
/*
 * STAMP: whether who shows it shall say when each line came: 0 no (that is how a buffer begins), 1 in seconds, 2 in microseconds since the kernel began.
 * NAMES: whether copies of other buffers' lines that come into it from now on begin with the name of the jail or stack (1, the beginning) or not (0).
 */
enum vi_logknob { VI_LOG_STAMP, VI_LOG_NAMES };
VI_API int	vi_jail_log_get(struct vi_kernel *, int jid, enum vi_logknob);
VI_API int	vi_jail_log_set(struct vi_kernel *, int jid, enum vi_logknob, int value);	/* ENOENT, EINVAL */
/* Puts a line into it; pri: facility * 8 + level. */
VI_API void	vi_jail_log_write(struct vi_kernel *, int jid, unsigned pri, const char *text);

/* Processes are the embedder's; it tells the prison so that limits and lifetimes hold.  A jail without persist and processes is reported by vi_jail_expired. */
/* One more of jail jid that runs on the processors of jail cpu, mostly the same one: the latter's limit.processes counts it.  EAGAIN: limit; ENOENT */
VI_API int	vi_jail_proc_attach(struct vi_kernel *, int jid, int cpu);
VI_API void	vi_jail_proc_detach(struct vi_kernel *, int jid, int cpu);
/* What the embedder sees of the processes on a jail's processors: how many there are (0: only programs count), and CPU time they have used since the last word. */
VI_API void	vi_jail_proc_count(struct vi_kernel *, int jid, unsigned n);
VI_API void	vi_jail_proc_cputime(struct vi_kernel *, int jid, uint64_t ns);
/*
 * Percent of a CPU to which the embedder is to hold a jail's processes (0: no limit): what vcpu.limit leaves them beside the jail's stack.  Asked
 * about once a second, after vi_jail_proc_cputime, it follows what both use.
 */
VI_API unsigned	vi_jail_proc_cpulimit(struct vi_kernel *, int jid);
/*
 * The processors that a jail's processes may run on (vcpu.cpus): no more than those of the jail it is in.  prison0 has all there are, as the embedder says
 * before there are jails; until then every number is one.  False: no such jail.
 */
VI_API void	vi_kernel_setcpus(struct vi_kernel *, const struct vi_cpus *);
VI_API bool	vi_jail_cpus(struct vi_kernel *, int jid, struct vi_cpus *);
VI_API bool	vi_jail_expired(struct vi_kernel *, int jid);

#ifdef __cplusplus
}
#endif
#endif
