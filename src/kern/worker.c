/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Between worker_enter and worker_leave a thread is the worker. In kernels with several workers it
 * holds the worker's mutex meanwhile; who wants the kernel lock takes the mutexes of all workers.
 * kl_wanted makes those inside come out (poll returns early) and those outside wait for the lock
 * first, so that a busy worker cannot keep a locker waiting. With one worker nothing of the kind is
 * needed, and the lock only checks that it is used as if.
 *
 * worker_poll runs timers and lanes until there is nothing left, a share of time is used up (then
 * it returns 0) or the kernel lock is wanted. If there is nothing left it announces that the worker
 * may sleep (w_asleep) and then looks once more; from there on whoever gives the worker something
 * to do takes the announcement back, and if it was he who did, wakes it. So the host's wake is
 * called at most once for each time that poll said "sleep".
 *
 * w_sleepuntil is what poll promised as the time of the next timer. Who sets an earlier one from
 * outside wakes the worker too.
 */
#include "kern/worker_int.h"

#include "base/assert.h"
#include "host/host.h"

#define TIMER_RUN	32	/* timers served before lanes are looked at again, if they take no time */
#define TIMER_CLOCK	2	/* of them between two looks at the clock */

void
worker_kick(struct worker *w)
{
	if (!atomic_load(&w->w_asleep))
		return;
	if (w->w_mutex == NULL)
		atomic_store_explicit(&w->w_asleep, false, memory_order_relaxed);
	else if (!atomic_exchange(&w->w_asleep, false))
		return;
	host_wake(kernel_host(w->w_kernel), w->w_index);
}

void
worker_enter(struct worker *w)
{
	struct klock *kl = w->w_kernel->k_lock;
	struct vi_host *h = kernel_host(w->w_kernel);

	if (w->w_mutex != NULL) {
		if (worker_interrupted(w)) {	/* let the locker have it first */
			host_mutex_lock(h, kl->kl_mutex);
			host_mutex_unlock(h, kl->kl_mutex);
		}
		host_mutex_lock(h, w->w_mutex);
	}
	VI_ASSERT(atomic_load_explicit(&w->w_thread, memory_order_relaxed) == 0);
	atomic_store_explicit(&w->w_thread, thread_self(), memory_order_relaxed);
	atomic_store_explicit(&w->w_asleep, false, memory_order_relaxed);
	w->w_polled = false;
}

/*
 * A thread that goes without having polled may leave work behind, which then must not wait for what
 * poll promised last.
 */
static void
worker_unpolled(struct worker *w)
{
	if (w->w_sleepuntil == 0)
		return;			/* never said that it would sleep */
	atomic_store(&w->w_asleep, true);
	if (w->w_nheap > 0 || atomic_load(&w->w_inbox) != NULL ||
	    wheel_next(&w->w_wheel) < w->w_sleepuntil)
		worker_kick(w);
}

void
worker_leave(struct worker *w)
{
	VI_ASSERT(!w->w_polling);
	atomic_store_explicit(&w->w_thread, 0, memory_order_relaxed);
	if (!w->w_polled)
		worker_unpolled(w);
	if (w->w_mutex != NULL)
		host_mutex_unlock(kernel_host(w->w_kernel), w->w_mutex);
}

/* Some packet may be sent by each. */
static bool
timers_goon(const struct worker *w, unsigned n)
{
	return (n < TIMER_RUN && (n % TIMER_CLOCK != TIMER_CLOCK - 1 || host_now(kernel_host(w->w_kernel)) < w->w_now + WORKER_QUANTUM));
}

/* Timers that are due; the lanes pay for theirs. */
static void
worker_timers(struct worker *w)
{
	struct wheel *wh = &w->w_wheel;
	uint64_t now = w->w_now;
	struct lane *ln = NULL;
	struct callout *c;

	wh->wh_floor = now + 1;
	for (unsigned n = 0; timers_goon(w, n) && (c = wheel_pop(wh, now)) != NULL; n++) {
		if (c->c_lane != ln) {
			if (ln != NULL)
				lane_charge(w, ln);
			ln = w->w_current = c->c_lane;
			ln->ln_now = w->w_now;
		}
		c->c_fn(c->c_arg);
		if (w->w_stop != NULL && *w->w_stop)
			break;
	}
	if (ln != NULL)
		lane_charge(w, ln);
	w->w_current = NULL;
	if (wheel_next(wh) > now)
		wheel_advance(wh, now);
}

/* Nothing to run before the timer at next: 0 after all, or how long the worker may sleep. */
static uint64_t
worker_rest(struct worker *w, uint64_t next)
{
	if (next <= w->w_now)
		return (0);
	w->w_sleepuntil = next;
	if (w->w_mutex == NULL) {
		atomic_store_explicit(&w->w_asleep, true, memory_order_relaxed);
		return (next == VI_FOREVER ? VI_FOREVER : next - w->w_now);
	}
	atomic_store(&w->w_asleep, true);
	if (atomic_load(&w->w_inbox) != NULL) {
		atomic_store(&w->w_asleep, false);
		return (0);
	}
	return (next == VI_FOREVER ? VI_FOREVER : next - w->w_now);
}

static bool
worker_goeson(struct worker *w, unsigned runs, uint64_t end)
{
	return (runs < WORKER_RUNS && w->w_now < end && !worker_interrupted(w) &&
		(w->w_stop == NULL || !*w->w_stop));
}

static uint64_t
worker_rounds(struct worker *w)
{
	uint64_t end = w->w_now + WORKER_QUANTUM, next;
	struct lane *ln;

	for (unsigned runs = 0; runs == 0 || worker_goeson(w, runs, end); runs++) {
		worker_collect(w);
		if ((next = wheel_next(&w->w_wheel)) <= w->w_now) {
			worker_timers(w);
			next = wheel_next(&w->w_wheel);
		}
		if ((ln = worker_pick(w)) != NULL) {
			worker_runlane(w, ln, false);
		} else if (next > w->w_now) {
			wheel_advance(&w->w_wheel, w->w_now);
			return (worker_rest(w, next));
		}
		/* Or timers beyond TIMER_RUN are waiting, or the clock has moved on to others. */
	}
	return (w->w_nheap > 0 || atomic_load(&w->w_inbox) != NULL ? 0 : worker_rest(w, wheel_next(&w->w_wheel)));
}

uint64_t
worker_poll(struct worker *w)
{
	bool entered = worker_mine(w);
	uint64_t wait;

	VI_ASSERT(!w->w_polling);
	VI_ASSERT(entered || w->w_mutex == NULL || thread_self() == 0);
	if (!entered)
		atomic_store_explicit(&w->w_thread, thread_self(), memory_order_relaxed);
	w->w_polling = w->w_polled = true;
	w->w_sleepuntil = 0;
	atomic_store_explicit(&w->w_asleep, false, memory_order_relaxed);
	w->w_now = host_now(kernel_host(w->w_kernel));
	wait = worker_rounds(w);
	w->w_polling = false;
	if (!entered)
		atomic_store_explicit(&w->w_thread, 0, memory_order_relaxed);
	return (wait);
}

uint64_t
worker_next(struct worker *w)
{
	return (wheel_next(&w->w_wheel));
}

uint64_t
kernel_poll(struct kernel *k)
{
	uint64_t wait = VI_FOREVER, n;

	if (k->k_nworkers == 1) {	/* which enters and leaves by itself */
		VI_ASSERT(k->k_workers[0]->w_thread == 0);
		return (worker_poll(k->k_workers[0]));
	}
	for (unsigned i = 0; i < k->k_nworkers; i++) {
		worker_enter(k->k_workers[i]);
		n = worker_poll(k->k_workers[i]);
		worker_leave(k->k_workers[i]);
		if (n < wait)
			wait = n;
	}
	/* A later worker's lanes may have posted to those of an earlier one. */
	for (unsigned i = 0; i < k->k_nworkers && wait != 0; i++)
		if (atomic_load(&k->k_workers[i]->w_inbox) != NULL)
			wait = 0;
	return (wait);
}

/* The kernel lock. */

static void
kernel_lockall(struct kernel *k)
{
	struct vi_host *h = kernel_host(k);
	struct klock *kl = k->k_lock;

	atomic_fetch_add(&kl->kl_wanted, 1);
	host_mutex_lock(h, kl->kl_mutex);
	for (unsigned i = 0; i < k->k_nworkers; i++)
		host_mutex_lock(h, k->k_workers[i]->w_mutex);
}

void
kernel_lock(struct kernel *k)
{
	struct klock *kl = k->k_lock;

	for (unsigned i = 0; i < k->k_nworkers; i++)
		VI_ASSERT(!worker_mine(k->k_workers[i]));	/* never between enter and leave */
	VI_ASSERT(thread_self() == 0 ||
		  atomic_load_explicit(&kl->kl_owner, memory_order_relaxed) != thread_self());
	if (kl->kl_mutex != NULL)
		kernel_lockall(k);
	VI_ASSERT(!kl->kl_held);
	kl->kl_held = true;
	atomic_store_explicit(&kl->kl_owner, thread_self(), memory_order_relaxed);
}

void
kernel_unlock(struct kernel *k)
{
	struct vi_host *h = kernel_host(k);
	struct klock *kl = k->k_lock;

	VI_ASSERT(kl->kl_held);
	kl->kl_held = false;
	atomic_store_explicit(&kl->kl_owner, 0, memory_order_relaxed);
	if (kl->kl_mutex == NULL)
		return;
	atomic_fetch_sub(&kl->kl_wanted, 1);
	for (unsigned i = k->k_nworkers; i-- > 0;)
		host_mutex_unlock(h, k->k_workers[i]->w_mutex);
	host_mutex_unlock(h, kl->kl_mutex);
}

struct worker *
kernel_worker(struct kernel *k, unsigned i)
{
	VI_ASSERT(i < k->k_nworkers);
	return (k->k_workers[i]);
}

unsigned
worker_index(const struct worker *w)
{
	return (w->w_index);
}

struct memcache *
worker_cache(struct worker *w)
{
	return (&w->w_cache);
}

struct acctset *
worker_acct(struct worker *w)
{
	return (&w->w_acct);
}

struct worker *
lane_worker(const struct lane *ln)
{
	return (ln->ln_worker);
}
