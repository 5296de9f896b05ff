/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lanes and workers: who runs what.
 *
 * Each vnet has one lane.  At most one worker runs a lane at a time, so what belongs to a vnet needs no lock.
 * The only way to reach another lane is lane_post(): it queues a struct work, wakes the worker if it sleeps, and may be called from any thread.
 *
 * A worker picks the runnable lane with the least virtual time; a lane's virtual time grows by the CPU time it used divided by its share
 * (stride scheduling).  A lane runs until its queue is empty or its quantum (LANE_QUANTUM) is used up, whatever comes first; work functions are short.
 * A lane that was idle starts at the worker's current virtual time: sleeping earns no credit.  One that has a quota, and has used it up, waits
 * for the next period; what comes for it meanwhile is queued.
 *
 * The kernel lock (kernel_lock) stops all workers outside of lanes.  Under it any thread may touch any lane's objects.
 * Lane order does not exist: no lane ever waits for another.
 */
#ifndef KERN_LANE_H
#define KERN_LANE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "kern/acct.h"
#include "kern/quota.h"

struct kernel;
struct worker;
struct callout;

/*
 * Who waits for a busy worker waits for one quantum of whoever runs: so much longer do a neighbour's round trips take under a flood (tests/isolate/flood_test.c).
 */
#define LANE_QUANTUM	2000		/* ns a lane may run before others are looked at */
#define LANE_SHARE	100		/* default weight */

/* Something to be done in a lane.  Embedded in its object; queued at most once at a time. */
struct work {
	struct work	*wk_next;	/* (q) */
	atomic_bool	 wk_queued;
	void		(*wk_fn)(struct work *);	/* runs with wk_queued already false, so it may be posted again */
};

/* A timer; see below. */
struct callout {
	LIST_ENTRY(callout) c_lanelink;
	TAILQ_ENTRY(callout) c_link;
	struct lane	*c_lane;
	uint64_t	 c_time;	/* absolute, ns */
	void		(*c_fn)(void *);
	void		*c_arg;
	uint16_t	 c_slot;	/* wheel position; CALLOUT_IDLE when not pending */
};
LIST_HEAD(callout_list, callout);

struct lane {
	struct kernel	*ln_kernel;	/* (c) */
	struct worker	*ln_worker;	/* changes under the kernel lock */
	struct acctset	*ln_acct;	/* (c) who pays; its as_cache follows ln_worker */
	uint32_t	 ln_share;	/* weight */
	bool		 ln_dead;	/* refuses work */
	bool		 ln_alone;	/* (c) one worker, so one thread: nothing need be atomic */
	/* What is above is read by senders in other lanes, what follows is written at every run. */
	uint64_t	 ln_now;	/* host time when this run began; good enough for protocol timers */
	uint64_t	 ln_vtime;	/* (worker) virtual time */
	uint64_t	 ln_cputime;	/* ns run so far, but for the last few short runs */
	uint64_t	 ln_debt;	/* ns that were spent for it elsewhere: counted with its next run */
	uint32_t	 ln_untimed;	/* runs that are to be counted with the next */
	struct quota	*ln_quota;	/* (k) NULL: it may use what it gets */
	struct callout	 ln_resume;	/* it waits for its quota */
	_Atomic(struct work *) ln_inbox;	/* (a) posted work, last first */
	struct work	*ln_head, **ln_tail;	/* work taken over, in order */
	struct callout_list ln_callouts;	/* pending timers, to move or cancel them all */
	/* the rest is lane.c's */
	atomic_uint	 ln_state;
	struct lane	*ln_rnext;	/* (a) worker's inbox of lanes */
	unsigned	 ln_heapidx;
	uint64_t	 ln_seq;	/* when it was queued: who came first among equals */
};

int	lane_init(struct lane *, struct kernel *, struct worker *, struct acctset *);
/* Under the kernel lock: cancels every timer, forgets queued work (the objects' owners have stopped).  Asserts that no run is going on. */
void	lane_fini(struct lane *);
void	lane_move(struct lane *, struct worker *);	/* under the kernel lock */
/* Under the kernel lock: runs the lane's queued work now, in the caller's thread, until empty (teardown: quiesce). */
void	lane_drain(struct lane *);
/* In its worker, or under the kernel lock: so much time was spent for it outside of a run.  It waits for it after its neighbours, but never long. */
void	lane_spent(struct lane *, uint64_t ns);
void	lane_owes(struct lane *, uint64_t ns);	/* the same of what is on another account, as its programs' time */

void	work_init(struct work *, void (*fn)(struct work *));
/* Queue w; false when it was queued already.  Any thread (there is but one in a kernel of one worker).  The lane must outlive it: cancel under the kernel lock with work_cancel. */
bool	lane_post(struct lane *, struct work *);
/* Takes w off its lane's queue if it is there.  In the lane, or under the kernel lock. */
void	work_cancel(struct lane *, struct work *);

/* In its worker, outside of a run: one run out of its turn, paid for all the same.  The ns it took; none where there was nothing to do, or it waits for its quota. */
uint64_t lane_run(struct lane *);
bool	lane_busy(const struct lane *);	/* it runs, or has something to do */
/* For work that takes long: this run's time is up, and what is left is to be posted again.  Reads the clock. */
bool	lane_over(const struct lane *);

static inline uint64_t lane_now(const struct lane *ln) { return (ln->ln_now); }
uint64_t lane_clock(struct lane *);	/* the host's clock now; also refreshes ln_now */

/* Debug builds: the calling thread runs this lane or holds the kernel lock. */
#define LANE_ASSERT(ln)	lane_assert(ln)
void	lane_assert(const struct lane *);

/*
 * Timers.  A callout belongs to a lane; its function runs in that lane.  All calls in the lane or under the kernel lock.
 * Resolution: 1 ns on the wheel; a callout never fires early.  callout_stop of one that is not pending is harmless.
 */
#define CALLOUT_IDLE	UINT16_MAX

void	callout_init(struct callout *, struct lane *, void (*fn)(void *), void *arg);
void	callout_reset(struct callout *, uint64_t ns);	/* from lane_now(); pending or not */
void	callout_reset_at(struct callout *, uint64_t when);
void	callout_stop(struct callout *);
static inline bool callout_pending(const struct callout *c) { return (c->c_slot != CALLOUT_IDLE); }

#endif
