/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One kernel: what vnets share (workers, memory, the clock) and nothing else.
 */
#ifndef KERN_KERNEL_H
#define KERN_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include <vimage/vimage.h>

#include "kern/acct.h"
#include "kern/lane.h"

struct vi_host;
struct worker;
struct sysctl_tree;
struct msglog;
struct kevents;
struct vimage_kern;	/* vimage/: prisons, vnets, modules */
struct net_kern;	/* net/: what interfaces of the whole kernel share */

struct kernel {
	struct vi_host	*k_host;	/* (c) */
	struct worker	**k_workers;	/* (c) */
	unsigned	 k_nworkers;	/* (c) */
	uint64_t	 k_boottime;	/* (c) host ns */
	uint64_t	 k_hashkey[2];	/* (c) secret for hash tables */
	uint64_t	 k_hostkey[2];	/* (c) of kp_identity: what shall be the same after a restart */
	struct acctset	 k_acct;	/* the kernel's own memory */
	struct vimage_kern *k_vimage;	/* owned by vimage/ */
	struct net_kern	*k_net;		/* owned by net/; NULL until the first use */
	struct kmem	*k_mem;		/* slabs, page accounting; kern/kmem.c */
	struct kevents	*k_events;	/* kern/simrun.c; NULL until the first */
	struct klock	*k_lock;	/* the kernel lock; kern/worker.c */
};

/* kern's own part: workers, memory, locks.  vimage/ builds on it. */
int	kernel_init(const struct vi_kernel_params *, struct kernel **);
void	kernel_fini(struct kernel *);

static inline struct vi_host *kernel_host(const struct kernel *k) { return (k->k_host); }
uint64_t kernel_now(struct kernel *);
void	 kernel_random(struct kernel *, void *, size_t);
uint32_t kernel_random32(struct kernel *);
uint32_t kernel_random_below(struct kernel *, uint32_t limit);	/* uniform in [0, limit) */

/* Stops all workers at a safe point; not recursive.  With one worker these cost nothing. */
void	kernel_lock(struct kernel *);
void	kernel_unlock(struct kernel *);

/* Workers. */
struct worker	*kernel_worker(struct kernel *, unsigned);
unsigned	 worker_index(const struct worker *);
struct memcache	*worker_cache(struct worker *);
struct acctset	*worker_acct(struct worker *);	/* the kernel's money, usable in that worker's thread: objects that outlive their vnet */
struct worker	*lane_worker(const struct lane *);
void		 worker_enter(struct worker *);
void		 worker_leave(struct worker *);
uint64_t	 worker_poll(struct worker *);		/* runs lanes and timers; ns to the next timer, 0 = more to do, VI_FOREVER */
uint64_t	 worker_next(struct worker *);		/* absolute time of the next timer, VI_FOREVER */
uint64_t	 kernel_poll(struct kernel *);
uint64_t	 kernel_run(struct kernel *, uint64_t until, const bool *stop);	/* simulated host */
int		 kernel_at(struct kernel *, uint64_t when, vi_event_fn *, void *arg);	/* EOPNOTSUPP, ENOBUFS */
void		 kernel_noevents(struct kernel *);	/* forgets them all */

/* Tests: the nth allocation (kmalloc, mbuf) from now fails, in each worker; 0 = none.  Under the kernel lock. */
void		 kernel_fail_alloc(struct kernel *, uint64_t nth);

#endif
