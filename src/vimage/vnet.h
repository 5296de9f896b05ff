/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vnet: one network stack, an array of module states.
 *
 * A module is a const struct vnet_module named NAME_vnet_module with a row in modules.def.  Its state is one struct, allocated separately,
 * copied from vm_defaults, reached with NAME_vnet(vn); there is no ambient "current vnet".
 *
 * Life: ATTACHING (attach in order) -> RUNNING -> STOPPING (stop in reverse order: refuse new work, reset connections, cancel timers, give borrowed
 * interfaces back) -> DRAINED (the lane ran until empty) -> detach in reverse order -> every account must read zero.
 * attach may fail (memory): what was attached is stopped and detached again.  stop, detach never fail.  All of this happens under the kernel lock.
 */
#ifndef VIMAGE_VNET_H
#define VIMAGE_VNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "kern/acct.h"
#include "kern/kernel.h"
#include "kern/lane.h"
#include "kern/msglog.h"
#include "kern/sysctl.h"

struct vnet;
struct ifnet;

enum vnet_slot {
#define X(name) VNET_SLOT_##name,
#include "vimage/modules.def"
#undef X
	VNET_NMODULES
};

/* Told to every module of the vnet, in attach order (departures: reverse). */
enum vnet_event {
	VNET_EV_IFATTACH,	/* struct ifnet *: arrived in this vnet */
	VNET_EV_IFDETACH,	/* struct ifnet *: leaves (destroyed or moved); drop every reference now */
	VNET_EV_IFDOWN,		/* struct ifnet *: was marked down */
	VNET_EV_IFUP,
	VNET_EV_IFRENAME,	/* struct ifnet *: will have another name at once, and VNET_EV_IFRENAMED follows */
	VNET_EV_IFRENAMED,
	VNET_EV_IFADDR_ADD,	/* struct ifaddr * */
	VNET_EV_IFADDR_READY,	/* struct ifaddr *: was verified, and can be used from now on (IPv6); or its lifetimes have changed */
	VNET_EV_IFADDR_TAKEN,	/* struct ifaddr *: another host has it now: what uses it ends; IFADDR_DEL follows */
	VNET_EV_IFADDR_DEL,	/* struct ifaddr *: addresses going away: PCBs bound there stay, routes go */
	VNET_EV_LLADDR,		/* struct ifnet *: link address changed */
	VNET_EV_MTU,		/* struct ifnet * */
	VNET_EV_IFPORT,		/* struct ifnet *: part of an aggregate from now on, no link of its own */
	VNET_EV_SHORT,		/* NULL: a packet found no memory: what others will send again is given back */
};

struct vnet_module {
	const char	*vm_name;
	enum vnet_slot	 vm_slot;
	size_t		 vm_size;	/* of the state; 0 = none */
	const void	*vm_defaults;	/* vm_size bytes, or NULL = zeroed */
	const char	*vm_after;	/* names, space separated; NULL = none */
	int		(*vm_attach)(struct vnet *);
	void		(*vm_stop)(struct vnet *);
	void		(*vm_detach)(struct vnet *);
	void		(*vm_event)(struct vnet *, enum vnet_event, void *);
	const struct sysctl_desc *vm_sysctls;
	const struct stat_desc	 *vm_stats;
};

#define VNET_MODULE(name, ...) \
	const struct vnet_module name##_vnet_module = { .vm_name = #name, .vm_slot = VNET_SLOT_##name, __VA_ARGS__ }
#define X(name) extern const struct vnet_module name##_vnet_module;
#include "vimage/modules.def"
#undef X

/*
 * In the module's header: VNET_STATE_DECLARE(tcp) gives `struct tcp_vnet *tcp_vnet(const struct vnet *)`.
 * In its .c: VNET_STATE_DEFINE(tcp); with -Dvimage=single the state is a constant address.
 */
#if VIMAGE_SINGLE
#define VNET_STATE_DECLARE(name) \
	extern struct name##_vnet name##_vnet0; \
	static inline struct name##_vnet *name##_vnet(const struct vnet *vn) { (void)vn; return (&name##_vnet0); } \
	struct vnet_state_##name##_semicolon
#define VNET_STATE_DEFINE(name) struct name##_vnet name##_vnet0
#else
#define VNET_STATE_DECLARE(name) \
	static inline struct name##_vnet *name##_vnet(const struct vnet *vn) { return (vn->vn_state[VNET_SLOT_##name]); } \
	struct vnet_state_##name##_semicolon
#define VNET_STATE_DEFINE(name) struct vnet_state_##name##_semicolon
#endif

/*
 * What an administrator wants to hear of, and what may happen a million times a second: a row says how many of a kind within VNET_LOGWINDOW are worth
 * a line, and what it is called when the next window tells how many there were.
 */
#define VNET_LOGWINDOW	(30 * UINT64_C(1000000000))
#define VNET_LOGKINDS(X) \
	X(MARTIAN, 1, "packets with impossible addresses") \
	X(BADSUM, 10, "packets with bad checksums") \
	X(COOKIES, 1, "connections answered with SYN cookies") \
	X(LISTENQ, 1, "connections refused by full listen queues") \
	X(REASS, 1, "fragments dropped for lack of room") \
	X(NEIGHBORS, 1, "neighbors more than tables hold")
enum vnet_logkind {
#define VNET_LOGKIND(tag, burst, text) VNET_LOG_##tag,
	VNET_LOGKINDS(VNET_LOGKIND)
#undef VNET_LOGKIND
	VNET_LOG_MAX
};
struct lograte {
	uint64_t	lr_end;		/* of the window */
	uint64_t	lr_count;	/* in it */
};

enum vnet_phase { VNET_ATTACHING, VNET_RUNNING, VNET_STOPPING, VNET_DRAINED };

struct vnet {
	struct kernel	*vn_kernel;	/* (c) */
	uint32_t	 vn_id;		/* (c) never reused */
	enum vnet_phase	 vn_phase;	/* under the kernel lock */
	int		 vn_jid;	/* of the prison that owns it; -1 = none */
	uint64_t	 vn_privs;	/* of the prison that owns it, see priv.h; under the kernel lock */
	struct lane	 vn_lane;
	struct acctset	 vn_acct;
	struct msglog	 vn_log;	/* (v) */
	struct lograte	 vn_lograte[VNET_LOG_MAX];	/* (v) */
	void		*vn_state[VNET_NMODULES];	/* (c) */
	TAILQ_ENTRY(vnet) vn_link;	/* all vnets, under the kernel lock */
	RB_ENTRY(vnet)	 vn_idlink;	/* by id */
	/* Stacks that are parts of this one for whoever counts memory and time (vnet_annex); under the kernel lock */
	LIST_HEAD(, vnet) vn_annexes;
	LIST_ENTRY(vnet) vn_annexlink;
	struct vnet	*vn_annexof;	/* NULL: none */
	char		 vn_name[64];
};

/* Under the kernel lock. */
int	 vnet_create(struct kernel *, const char *name, struct limitset *, struct vnet **);	/* limits: of the jail, or NULL */
unsigned vnet_destroy(struct vnet *, vi_leak_fn *, void *arg);
/* Its memory, mbufs and time count as those of another stack's jail; NULL: as nobody's.  The other stack stays as long. */
void	 vnet_annex(struct vnet *, struct vnet *to);
uint64_t vnet_cputime(const struct vnet *);	/* ns, with its annexes' */
void	 vnet_setquota(struct vnet *, struct quota *);	/* for it and its annexes; NULL: none */
void	 vnet_relimit(struct vnet *);		/* limits of its jail, or of one above, were set or lifted */
struct vnet *vnet_byid(struct kernel *, uint32_t id);
struct vnet *vnet_first(struct kernel *);
struct vnet *vnet_next(struct vnet *);
void	 vnet_event(struct vnet *, enum vnet_event, void *);

static inline struct acctset *vnet_acct(struct vnet *vn) { return (&vn->vn_acct); }
static inline uint64_t vnet_now(const struct vnet *vn) { return (vn->vn_lane.ln_now); }
static inline bool vnet_running(const struct vnet *vn) { return (vn->vn_phase <= VNET_RUNNING); }
#define VNET_ASSERT_LANE(vn) LANE_ASSERT(&(vn)->vn_lane)

/* The vnet's own message buffer, rate limited. */
void	 vnet_log(struct vnet *, unsigned level, const char *fmt, ...) VI_PRINTF(3, 4);
/* One more of these: is it the one that is worth a line?  Then the caller writes it. */
bool	 vnet_logdue(struct vnet *, enum vnet_logkind);

/* The sysctl tree of a vnet: the modules' tables.  vimage/vnet_sysctl.c */
const struct sysctl_desc *vnet_sysctl_find(struct vnet *, const char *name, void **base);

#endif
