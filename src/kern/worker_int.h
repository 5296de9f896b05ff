/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers, as lane.c, callout.c and kernel.c see them. */
#ifndef KERN_WORKER_INT_H
#define KERN_WORKER_INT_H

#include <bsd/sys/queue.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kern/kernel.h"
#include "kern/kmem.h"
#include "kern/lane.h"
#include "kern/thread.h"

/* ln_state */
enum { LANE_IDLE, LANE_QUEUED, LANE_RUNNING };

#define LANE_NOHEAP	UINT32_MAX	/* ln_heapidx of a lane that is not on the heap */
#define LANE_WORKS	1024	/* work functions in one run, for hosts where they take no time */
#define WORKER_QUANTUM	2000		/* ns of one poll: then the embedder looks what else there is */
#define WORKER_RUNS	64		/* lane runs in one poll */

/*
 * The timer wheel. A timer hangs on the level of the highest base-64 digit in which its time
 * differs from wh_cur, in the slot of that digit; so every timer of a level comes before all of the
 * next, and the first slot in use holds the next timer.
 */
#define WHEEL_BITS	6
#define WHEEL_SLOTS	64
#define WHEEL_LEVELS	11		/* 66 bits of nanoseconds */
#define WHEEL_BEHIND	16384		/* ns that wh_cur may stay behind */

TAILQ_HEAD(callout_tailq, callout);

struct wheel {
	uint64_t	wh_cur;			/* no pending timer is earlier */
	uint64_t	wh_floor;	/* none may be set earlier: 1 past what is being served */
	uint32_t	wh_levels;		/* bit set: level in use */
	uint64_t	wh_bits[WHEEL_LEVELS];	/* bit set: slot in use */
	uint64_t	wh_min[WHEEL_LEVELS * WHEEL_SLOTS]; /* no timer of the slot is earlier */
	struct callout_tailq wh_slot[WHEEL_LEVELS * WHEEL_SLOTS];
};

struct worker {
	struct kernel	*w_kernel;	/* (c) */
	unsigned	 w_index;	/* (c) */
	void		*w_mutex;	/* (c) held between enter and leave; NULL if alone */
	_Atomic uintptr_t w_thread;	/* (a) the thread between enter and leave, or in poll; 0 */
	struct lane	*w_current;	/* running now */
	uint64_t	 w_now;		/* host time when last read */
	uint64_t	 w_vtime;	/* virtual time of the lane that ran last */
	uint64_t	 w_seq;		/* queueings so far */
	uint64_t	 w_sleepuntil;	/* what the last poll promised; 0 while it runs */
	uint64_t	 w_until;	/* when the run that goes on is to end; 0: it has found that it is */
	const bool	*w_stop;	/* kernel_run's */
	bool		 w_polling;
	bool		 w_polled;	/* since enter */
	struct lane	**w_heap;	/* runnable lanes by virtual time */
	unsigned	 w_nheap, w_heapsize;
	struct acctset	 w_acct;
	struct memcache	 w_cache;
	struct wheel	 w_wheel;
	/* Written by others. */
	/* (a) lanes made runnable from elsewhere, last first */
	_Atomic(struct lane *) w_inbox __attribute__((aligned(64)));
	/* (a) poll found nothing, and the thread may sleep: who gives it work wakes it */
	atomic_bool	 w_asleep;
};

struct klock {
	void		*kl_mutex;	/* (c) NULL in kernels of one worker */
	atomic_uint	 kl_wanted;	/* (a) threads that have or want the lock */
	_Atomic uintptr_t kl_owner;	/* (a) */
	unsigned	 kl_nlanes;	/* of the kernel: what each heap must have room for */
	bool		 kl_held;	/* kernels of one worker */
};

/* lane.c */
void	worker_runlane(struct worker *, struct lane *, bool timed);	/* timed: the clock is read after it */
struct lane *worker_pick(struct worker *);	/* takes the next lane off the heap */
void	worker_collect(struct worker *);	/* inbox to heap */
/* Reads the clock; the lane pays for what went by. */
void	lane_charge(struct worker *, struct lane *);

/* callout.c */
void	wheel_init(struct wheel *, uint64_t now);
uint64_t wheel_next(const struct wheel *);	/* no timer is earlier; VI_FOREVER */
struct callout *wheel_pop(struct wheel *, uint64_t now);	/* the next one due, taken off */
void	wheel_advance(struct wheel *, uint64_t now);	/* after wheel_pop found no more */

/* worker.c */
void	worker_kick(struct worker *);		/* wake it if it sleeps */
static inline bool
worker_interrupted(const struct worker *w)
{
	return (atomic_load_explicit(&w->w_kernel->k_lock->kl_wanted, memory_order_relaxed) != 0);
}
static inline bool worker_mine(struct worker *w)
{
	uintptr_t self = thread_self();

	return (self != 0 && atomic_load_explicit(&w->w_thread, memory_order_relaxed) == self);
}

#endif
