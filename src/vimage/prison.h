/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prisons and their resource containers.
 *
 * A prison has one container of each class, its own or its parent's (or none).  A class registers itself in one table: vclass_table in container.c.
 * A prison points at a vnet, a vnet never at a prison.  All under the kernel lock.
 */
#ifndef VIMAGE_PRISON_H
#define VIMAGE_PRISON_H

#include <bsd/sys/queue.h>

#include <vimage/jail.h>

#include "vimage/praddr.h"
#include "vimage/priv.h"
#include "vimage/vimage.h"

struct prison;

enum vclass { VCLASS_VNET, VCLASS_VPROCG, VCLASS_VCPU, VCLASS_VIPC, VCLASS_VLOG, VCLASS_MAX };
enum vmode { VMODE_INHERIT, VMODE_NEW, VMODE_DISABLE };

/*
 * A class of container.  attach makes one for a prison (parent: the container of the prison's parent, for defaults); stop refuses new
 * work; detach frees and reports leaks by returning their number.
 */
struct vclass_ops {
	const char	*vc_name;	/* also the jail parameter: vnet=new|inherit|disable */
	bool		 vc_candisable;
	enum vmode	 vc_default;	/* of a new jail that does not say */
	int		(*vc_attach)(struct prison *, void *parent, void **);
	void		(*vc_stop)(struct prison *, void *);
	unsigned	(*vc_detach)(struct prison *, void *, vi_leak_fn *, void *arg);
	void		(*vc_show)(const void *, char *buf, size_t len);	/* one line */
	uint64_t	(*vc_account)(const void *);	/* what it uses, in the class's unit */
};
extern const struct vclass_ops *const vclass_table[VCLASS_MAX];
extern const struct vclass_ops vnet_class, vprocg_class, vcpu_class, vipc_class, vlog_class;

/* vprocg: the processes, as far as the library needs to know; the embedder has the real ones. */
struct vprocg {
	char		vp_hostname[256];
	char		vp_domainname[256];
	uint32_t	vp_hostid;
	char		vp_hostuuid[64];
	uint32_t	vp_nprocs;
};

/* vcpu: the share of the CPU that its programs get, and of the workers' time its vnet. */
struct vcpu {
	struct prison	*vc_owner;
	uint32_t	 vc_share;	/* 1..10000, 100 = ordinary */
	struct quota	 vc_quota;	/* its limit, of which those of jails in it are parts */
	uint64_t	 vc_used;	/* ns: programs, and jails that are gone */
	uint32_t	 vc_setid;	/* cpuset.id */
	bool		 vc_chosen;	/* vcpu.cpus was said; else its processors are its parent's, whatever they are */
	struct vi_cpus	 vc_cpus;
};

/* vipc: who may meet in shared memory, semaphores and queues. */
enum vipc_limit { VIPC_SHM, VIPC_MSGQUEUES, VIPC_SEMAPHORES, VIPC_MQUEUES, VIPC_MAX };
struct vipc {
	struct prison	*vi_owner;
	uint64_t	 vi_limit[VIPC_MAX];	/* bytes, numbers; 0 = the host's own */
};

enum pr_ipc {		/* kinds that a prison does without */
	PR_IPC_SYSVMSG = VI_IPC_SYSVMSG,
	PR_IPC_SYSVSEM = VI_IPC_SYSVSEM,
	PR_IPC_SYSVSHM = VI_IPC_SYSVSHM,
	PR_IPC_MQUEUE = VI_IPC_MQUEUE,
	PR_IPC_ALL = 0xf,
};

/* vlog: a private message buffer.  A prison with a stack of its own uses the stack's, which its lane may write to at any time. */
struct vlog {
	struct msglog	vl_log;
};

#define META_MAXBUFSIZE	VI_META_MAX

#define DEVFS_RULESETS	6	/* FreeBSD's, 0 is none */

/* What is kept for programs that ask (prison_store.c). */
enum prison_stored {
	STORE_STATFS, STORE_DEVFS, STORE_RELDATE, STORE_OSSVERSION,	/* numbers */
	STORE_RELEASE, STORE_LXNAME, STORE_LXRELEASE,	/* texts */
	STORE_N,
	STORE_NNUMBERS = STORE_RELEASE
};
struct prison_store {
	uint32_t	ps_number[STORE_NNUMBERS];
	char		ps_text[STORE_N - STORE_NNUMBERS][64];
};

#define PATH_LEN	1024

/* What can be set, validated and applied together. */
struct prison_conf {
	char		pc_path[PATH_LEN];	/* prison_path.c */
	uint32_t	pc_allow;	/* PR_ALLOW_* */
	privset		pc_privallow, pc_privdeny;	/* by name */
	int32_t		pc_children_max;
	bool		pc_persist;
	int32_t		pc_securelevel;
	uint32_t	pc_stop_timeout;	/* s */
	uint32_t	pc_exec_fib;
	struct prison_store pc_store;
	bool		pc_linux;	/* linux=new: the names there are its own */
	uint32_t	pc_ipcoff;	/* PR_IPC_* */
	bool		pc_nosaddrsel[PRADDR_NFAM];	/* ip4.saddrsel, ip6.saddrsel */
	bool		pc_logrefusals;	/* vlog.refusals */
	int		pc_logcopy;	/* level up to which prison0 gets copies of its messages; -1: none */
};

struct prison {
	RB_ENTRY(prison) pr_idlink;	/* all, by jid */
	RB_ENTRY(prison) pr_namelink;	/* all, by full name */
	TAILQ_ENTRY(prison) pr_sibling;
	TAILQ_HEAD(, prison) pr_children;
	struct prison	*pr_parent;	/* NULL: prison0 */
	struct kernel	*pr_kernel;
	int		 pr_jid;
	int		 pr_nchildren;	/* descendants */
	uint32_t	 pr_nprocs;	/* processes the embedder told of */
	uint32_t	 pr_nruns;	/* ... and those that run on its processors */
	bool		 pr_dying;
	bool		 pr_hadprocs;
	char		 pr_name[VI_NAMELEN];	/* full: "a.b.c"; prison0: "0" */
	struct prison_conf pr_conf;
	char		*pr_meta[2];	/* meta, env: META_MAXBUFSIZE bytes, or NULL */
	struct praddrs	*pr_addrs[PRADDR_NFAM];	/* its own; NULL: what the parent has, or all of its own stack */
	privset		 pr_bound;	/* privileges it would have with a stack of its own */
	privset		 pr_privs;	/* those it has */
	struct limitset	 pr_limits;	/* of itself and all below */
	uint32_t	 pr_ncounted;	/* processes on its processors that pr_limits knows of */
	void		*pr_container[VCLASS_MAX];
	bool		 pr_owns[VCLASS_MAX];
};

RB_PROTOTYPE(prisonidtree, prison, pr_idlink, prison_idcmp);
RB_PROTOTYPE(prisonnametree, prison, pr_namelink, prison_namecmp);

int	 prison_init(struct kernel *);			/* prison0 */
unsigned prison_fini(struct kernel *, vi_leak_fn *, void *arg);	/* every prison with what it owns */
struct prison *prison_find(struct kernel *, int jid);
struct prison *prison_first(struct kernel *);	/* ascending jid */
struct prison *prison_next(struct prison *);
/* Those below top, parents before children: begins with pr = top; NULL after the last. */
struct prison *prison_below(const struct prison *top, const struct prison *pr);
struct prison *prison_find_name(struct prison *caller, const char *name);	/* relative; a number is a jid */
bool	 prison_ischild(const struct prison *ancestor, const struct prison *);	/* strictly below */
const char *prison_relname(const struct prison *caller, const struct prison *);
/*
 * Create and/or modify.  more (may be NULL) is called when everything else is known to be good and nothing but the containers of a new prison
 * was made: what it refuses undoes the whole.
 */
typedef int prison_more_fn(struct prison *caller, struct prison *, void *arg);
int	 prison_set(struct prison *caller, const struct vi_param *, unsigned n, unsigned flags, prison_more_fn *more, void *arg, struct prison **, char *err);
int	 prison_remove(struct prison *, vi_leak_fn *, void *arg);	/* children first; leaks are counted into the log of prison0 */
int	 prison_getparam(struct prison *caller, struct prison *, const char *name, char *buf, size_t len);
bool	 prison_paramset(const struct prison *, const char *name);	/* can it be set? */
const char *prison_paramname(unsigned i);		/* NULL after the last */
bool	 prison_paraminfo(unsigned i, struct vi_paraminfo *);	/* false after the last */
const char *prison_allowname(uint32_t allow);	/* of the parameter that sets this PR_ALLOW_* */
struct vnet *prison_vnet(const struct prison *);
struct msglog *prison_log(const struct prison *);	/* where messages about it go: its own or an ancestor's */
const char *prison_osname(const struct prison *);	/* what uname(2) of its programs says; "": as the host */
const char *prison_osrelease(const struct prison *);
struct prison *prison_ofvnet(struct vnet *);		/* its owner, NULL */
void	 vlog_apply(struct prison *);			/* where its messages and copies of them go */
void	 prison_apply(struct prison *);			/* pushes privileges, share and log into the vnet it owns */
void	 prison_restrain(struct prison *);		/* its descendants lose what it no longer has */

void	 prison_link(struct prison *);
void	 prison_rename(struct prison *, const char *fullname);	/* the name must be free; children keep theirs: EBUSY is the caller's check */
int	 prison_create(struct prison *parent, const char *name, int jid, const enum vmode modes[VCLASS_MAX], struct prison **);
unsigned prison_destroy(struct prison *, vi_leak_fn *, void *arg);

uint64_t prison_cputime(const struct prison *);	/* ns, of itself and all below */
struct quota *prison_quota(const struct prison *);	/* that it must keep to, NULL */
void	 vcpu_apply(struct prison *);			/* pushes share and limit into the vnet it owns */
const struct vi_cpus *prison_cpus(const struct prison *);
void	 vcpu_setcpus(struct prison *, const struct vi_cpus *);	/* NULL: its parent's; those below follow with prison_restrain */
const struct prison *vcpu_bereft(const struct prison *, const struct vi_cpus *);	/* who below would have no processor left with these; NULL: nobody */
void	 vcpu_restrain(struct prison *);		/* to what its parent has */
uint32_t vcpu_split(struct prison *);			/* percent that its programs get of its limit now; 0: no limit */
void	 prison_addcputime(struct prison *, uint64_t ns);	/* of its programs */
void	 prison_leavecputime(const struct prison *);	/* to its parent: it goes */
bool	 prison_countprocs(struct prison *, uint32_t n, bool force);	/* it has n processes now; false: beyond a limit */

void	 prison_addrs_free(struct prison *);
void	 prison_addrs_restrain(struct prison *);	/* to what its parent has */

/* Containers: make and break. */
int	 container_attach(struct prison *, enum vclass, enum vmode);
unsigned container_detach(struct prison *, enum vclass, vi_leak_fn *, void *arg);

static inline struct vprocg *prison_vprocg(const struct prison *pr) { return (pr->pr_container[VCLASS_VPROCG]); }

#endif
