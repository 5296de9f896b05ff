/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A lane's queue has two parts. ln_inbox is a stack onto which any thread pushes; ln_head is a list
 * in order, which only the lane's worker (or the holder of the kernel lock) touches. The worker
 * takes the whole inbox at once, turns it round and appends it to the list.
 *
 * ln_state says who cares for the lane:
 *
 *	IDLE	nobody; whoever posts and finds it idle makes it QUEUED and hands it to its worker
 *	QUEUED	it is on its worker's heap, or on the way there in the worker's inbox
 *	RUNNING	its worker runs it and will look at the inbox again afterwards
 *
 * No wake-up is lost: one who posts first pushes the work, then looks at the state; the worker
 * first stores IDLE, then looks at the inbox; both in the one order of sequentially consistent
 * operations. So at least one of them sees what the other did. The same holds between pushing a
 * lane onto a worker's inbox and looking at w_asleep, and between storing w_asleep and looking at
 * the inbox (worker.c).
 *
 * A kernel of one worker is used from one thread (vimage.h), and there all this is done with plain
 * loads and stores: an interlocked operation costs as much as half a function of TCP.
 *
 * The heap is ordered by virtual time and, among equals, by who was queued first. A lane that
 * becomes runnable starts at the virtual time of the lane that ran last, if it is behind: sleeping
 * earns no credit.
 *
 * A lane that is picked and whose quota is used up is QUEUED without being on the heap, until its timer (ln_resume) puts it there.
 * Its other timers run, and are charged.
 */
#include "kern/lane.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "host/host.h"
#include "kern/worker_int.h"

/* What was spent for a lane elsewhere makes it wait for its neighbours, but no longer than for so much at once. */
#define LANE_MAXDEBT	2000000		/* ns */
#define CLOCK_WORKS	2	/* work functions between two looks at the clock */
#define CLOCK_RUNS	4	/* runs of one work with nobody waiting, of which one is timed */

/* ln_worker is read by posting threads while lane_move may change it. */
static struct worker *
lane_home(const struct lane *ln)
{
	return (__atomic_load_n(&ln->ln_worker, __ATOMIC_ACQUIRE));
}

/* The heap. */

static bool
lane_before(const struct lane *a, const struct lane *b)
{
	return (a->ln_vtime != b->ln_vtime ? a->ln_vtime < b->ln_vtime : a->ln_seq < b->ln_seq);
}

static void
heap_set(struct worker *w, unsigned i, struct lane *ln)
{
	w->w_heap[i] = ln;
	ln->ln_heapidx = i;
}

static void
heap_up(struct worker *w, unsigned i, struct lane *ln)
{
	for (unsigned up; i > 0 && lane_before(ln, w->w_heap[up = (i - 1) / 2]); i = up)
		heap_set(w, i, w->w_heap[up]);
	heap_set(w, i, ln);
}

static void
heap_down(struct worker *w, unsigned i, struct lane *ln)
{
	for (unsigned c; (c = 2 * i + 1) < w->w_nheap; i = c) {
		if (c + 1 < w->w_nheap && lane_before(w->w_heap[c + 1], w->w_heap[c]))
			c++;
		if (!lane_before(w->w_heap[c], ln))
			break;
		heap_set(w, i, w->w_heap[c]);
	}
	heap_set(w, i, ln);
}

static void
heap_remove(struct worker *w, struct lane *ln)
{
	struct lane *last = w->w_heap[--w->w_nheap];
	unsigned i = ln->ln_heapidx;

	VI_ASSERT(i <= w->w_nheap);
	ln->ln_heapidx = LANE_NOHEAP;
	if (last == ln)
		return;
	if (i > 0 && lane_before(last, w->w_heap[(i - 1) / 2]))
		heap_up(w, i, last);
	else
		heap_down(w, i, last);
}

static void
heap_insert(struct worker *w, struct lane *ln)
{
	VI_ASSERT(w->w_nheap < w->w_heapsize);
	if (ln->ln_vtime < w->w_vtime)
		ln->ln_vtime = w->w_vtime;
	ln->ln_seq = w->w_seq++;
	heap_up(w, w->w_nheap++, ln);
}

struct lane *
worker_pick(struct worker *w)
{
	struct lane *ln;

	if (w->w_nheap == 0)
		return (NULL);
	ln = w->w_heap[0];
	heap_remove(w, ln);
	w->w_vtime = ln->ln_vtime;
	return (ln);
}

/* Runnable lanes find their worker. */

static void
worker_give(struct worker *w, struct lane *ln)
{
	struct lane *head = atomic_load_explicit(&w->w_inbox, memory_order_relaxed);

	do
		ln->ln_rnext = head;
	while (!atomic_compare_exchange_weak(&w->w_inbox, &head, ln));
	worker_kick(w);
}

void
worker_collect(struct worker *w)
{
	struct lane *ln, *next, *list = NULL;

	if (atomic_load_explicit(&w->w_inbox, memory_order_relaxed) == NULL)
		return;
	for (ln = atomic_exchange(&w->w_inbox, NULL); ln != NULL; ln = next) {
		next = ln->ln_rnext;
		ln->ln_rnext = list;
		list = ln;
	}
	for (ln = list; ln != NULL; ln = next) {
		next = ln->ln_rnext;
		if (lane_home(ln) == w)
			heap_insert(w, ln);
		else		/* it moved while the post was on its way */
			worker_give(lane_home(ln), ln);
	}
}

/* Work. */

void
work_init(struct work *wk, void (*fn)(struct work *))
{
	*wk = (struct work){ .wk_fn = fn };
}

/* Moves what was posted behind the list. */
static void
lane_takein(struct lane *ln)
{
	struct work *wk, *next, *list = NULL, *last = NULL;

	if (atomic_load_explicit(&ln->ln_inbox, memory_order_relaxed) == NULL)
		return;
	wk = last = atomic_exchange_explicit(&ln->ln_inbox, NULL, memory_order_acquire);
	for (; wk != NULL; wk = next) {
		next = wk->wk_next;
		wk->wk_next = list;
		list = wk;
	}
	*ln->ln_tail = list;
	ln->ln_tail = &last->wk_next;
}

/*
 * The lane's own worker posts straight to the list: what it posted through the inbox (in an earlier
 * life outside of poll) goes first. While it runs the lane the state needs no look either.
 */
static void
lane_postlocal(struct worker *w, struct lane *ln, struct work *wk)
{
	unsigned idle = LANE_IDLE;

	lane_takein(ln);
	wk->wk_next = NULL;
	*ln->ln_tail = wk;
	ln->ln_tail = &wk->wk_next;
	if (atomic_load_explicit(&ln->ln_state, memory_order_relaxed) == LANE_IDLE &&
	    atomic_compare_exchange_strong(&ln->ln_state, &idle, LANE_QUEUED))
		heap_insert(w, ln);
}

/* There is one thread only. */
static bool
lane_postalone(struct lane *ln, struct work *wk)
{
	struct worker *w = ln->ln_worker;

	if (atomic_load_explicit(&wk->wk_queued, memory_order_relaxed))
		return (false);
	atomic_store_explicit(&wk->wk_queued, true, memory_order_relaxed);
	wk->wk_next = NULL;
	*ln->ln_tail = wk;
	ln->ln_tail = &wk->wk_next;
	if (atomic_load_explicit(&ln->ln_state, memory_order_relaxed) == LANE_IDLE) {
		atomic_store_explicit(&ln->ln_state, LANE_QUEUED, memory_order_relaxed);
		heap_insert(w, ln);
		worker_kick(w);
	}
	return (true);
}

bool
lane_post(struct lane *ln, struct work *wk)
{
	unsigned idle = LANE_IDLE;
	struct worker *w;
	struct work *head;

	if (__atomic_load_n(&ln->ln_dead, __ATOMIC_RELAXED))
		return (false);
	if (ln->ln_alone)
		return (lane_postalone(ln, wk));
	w = lane_home(ln);
	if (atomic_exchange_explicit(&wk->wk_queued, true, memory_order_acq_rel))
		return (false);
	if (worker_mine(w)) {
		lane_postlocal(w, ln, wk);
		return (true);
	}
	head = atomic_load_explicit(&ln->ln_inbox, memory_order_relaxed);
	do
		wk->wk_next = head;
	while (!atomic_compare_exchange_weak(&ln->ln_inbox, &head, wk));
	if (atomic_load(&ln->ln_state) == LANE_IDLE &&
	    atomic_compare_exchange_strong(&ln->ln_state, &idle, LANE_QUEUED))
		worker_give(lane_home(ln), ln);
	return (true);
}

static struct work *
lane_next(struct lane *ln)
{
	struct work *wk;

	if (ln->ln_head == NULL)
		lane_takein(ln);
	if ((wk = ln->ln_head) == NULL)
		return (NULL);
	if ((ln->ln_head = wk->wk_next) == NULL)
		ln->ln_tail = &ln->ln_head;
	return (wk);
}

/*
 * Clearing wk_queued is an exchange, so that what a refused poster wrote before its attempt is seen
 * by this run.
 */
static void
work_run(const struct lane *ln, struct work *wk)
{
	wk->wk_next = NULL;
	if (ln->ln_alone)
		atomic_store_explicit(&wk->wk_queued, false, memory_order_relaxed);
	else
		(void)atomic_exchange_explicit(&wk->wk_queued, false, memory_order_acq_rel);
	wk->wk_fn(wk);
}

void
work_cancel(struct lane *ln, struct work *wk)
{
	struct work **wkp;

	if (!atomic_load_explicit(&wk->wk_queued, memory_order_acquire))
		return;
	LANE_ASSERT(ln);
	lane_takein(ln);
	for (wkp = &ln->ln_head; *wkp != NULL; wkp = &(*wkp)->wk_next) {
		if (*wkp != wk)
			continue;
		if ((*wkp = wk->wk_next) == NULL)
			ln->ln_tail = wkp;
		wk->wk_next = NULL;
		atomic_store_explicit(&wk->wk_queued, false, memory_order_release);
		return;
	}
}

/* Running. */

void
lane_charge(struct worker *w, struct lane *ln)
{
	/* Another thread's reading may be some nanoseconds ahead of this one's. */
	uint64_t now = MAX(host_now(kernel_host(w->w_kernel)), w->w_now), spent = now - w->w_now;

	w->w_now = now;
	/* Not for a pause that the host made. */
	spent += ln->ln_untimed * MIN(spent, (uint64_t)LANE_QUANTUM);
	ln->ln_untimed = 0;
	ln->ln_cputime += spent;
	if (ln->ln_quota != NULL)
		quota_charge(ln->ln_quota, now, spent);
	spent += ln->ln_debt;
	ln->ln_debt = 0;
	if (ln->ln_share != LANE_SHARE && spent != 0)
		spent = spent * LANE_SHARE / (ln->ln_share != 0 ? ln->ln_share : 1);
	ln->ln_vtime += spent;
}

void
lane_owes(struct lane *ln, uint64_t ns)
{
	ln->ln_debt = MIN(ln->ln_debt + ns, (uint64_t)LANE_MAXDEBT);
}

void
lane_spent(struct lane *ln, uint64_t ns)
{
	ln->ln_cputime += ns;
	if (ln->ln_quota != NULL)
		quota_charge(ln->ln_quota, ln->ln_now, ns);
	lane_owes(ln, ns);
}

bool
lane_busy(const struct lane *ln)
{
	return (atomic_load_explicit(&ln->ln_state, memory_order_relaxed) != LANE_IDLE);
}

static void
lane_resume(void *arg)
{
	struct lane *ln = arg;

	heap_insert(ln->ln_worker, ln);
}

/* Is its quota used up?  Then it stays queued, and its timer puts it back onto the heap. */
static bool
lane_waits(const struct worker *w, struct lane *ln)
{
	uint64_t until;

	if (ln->ln_quota == NULL || (until = quota_wait(ln->ln_quota, w->w_now)) == 0)
		return (false);
	callout_reset_at(&ln->ln_resume, until);
	return (true);
}

static bool
lane_mayrun(struct worker *w, struct lane *ln)
{
	if (w->w_stop != NULL && *w->w_stop)
		return (false);
	lane_charge(w, ln);
	ln->ln_now = w->w_now;
	return (w->w_now < w->w_until && !worker_interrupted(w));
}

bool
lane_over(const struct lane *ln)
{
	struct worker *w = ln->ln_worker;

	if (w->w_current != ln || host_now(kernel_host(ln->ln_kernel)) < w->w_until)
		return (false);
	w->w_until = 0;
	return (true);
}

/* Is there more for this run?  The clock of one that is over is read once, by who charges it. */
static bool
lane_hasmore(const struct lane *ln)
{
	return (ln->ln_head != NULL || atomic_load_explicit(&ln->ln_inbox, memory_order_relaxed) != NULL);
}

/* Returns how many were run. */
static unsigned
lane_works(struct worker *w, struct lane *ln)
{
	struct work *wk;
	unsigned n = 0;

	w->w_until = w->w_now + LANE_QUANTUM;
	while ((wk = lane_next(ln)) != NULL) {
		work_run(ln, wk);
		n++;
		if (!lane_hasmore(ln))
			break;
		if (n == LANE_WORKS || w->w_until == 0 || (n % CLOCK_WORKS == 0 && !lane_mayrun(w, ln)))
			break;
		if (w->w_stop != NULL && *w->w_stop)
			break;
	}
	return (n);
}

/*
 * The poll is over with this run, which was short, and reading the clock would be a tenth of it: what it took is taken to
 * be what the next one takes that is timed.  Who sleeps now, for a timer, oversleeps by as much.  A quota is counted exactly.
 */
static bool
lane_leavesuntimed(struct worker *w, struct lane *ln, unsigned works)
{
	if (works != 1 || ln->ln_quota != NULL || ln->ln_untimed == CLOCK_RUNS - 1 || w->w_nheap != 0 || lane_hasmore(ln) ||
	    atomic_load_explicit(&w->w_inbox, memory_order_relaxed) != NULL)
		return (false);
	ln->ln_untimed++;
	return (true);
}

void
worker_runlane(struct worker *w, struct lane *ln, bool timed)
{
	unsigned idle = LANE_IDLE, works;

	if (lane_waits(w, ln))
		return;
	atomic_store_explicit(&ln->ln_state, LANE_RUNNING, memory_order_relaxed);
	w->w_current = ln;
	ln->ln_now = w->w_now;
	works = lane_works(w, ln);
	if (timed || !lane_leavesuntimed(w, ln, works))
		lane_charge(w, ln);
	w->w_current = NULL;
	if (ln->ln_head != NULL) {
		atomic_store_explicit(&ln->ln_state, LANE_QUEUED, memory_order_relaxed);
		heap_insert(w, ln);
		return;
	}
	if (ln->ln_alone) {
		atomic_store_explicit(&ln->ln_state, LANE_IDLE, memory_order_relaxed);
		return;
	}
	atomic_store(&ln->ln_state, LANE_IDLE);
	if (atomic_load(&ln->ln_inbox) != NULL &&
	    atomic_compare_exchange_strong(&ln->ln_state, &idle, LANE_QUEUED))
		heap_insert(w, ln);
}

uint64_t
lane_run(struct lane *ln)
{
	struct worker *w = ln->ln_worker;
	uint64_t began;

	LANE_ASSERT(ln);
	VI_ASSERT(!w->w_polling);
	if (ln->ln_heapidx == LANE_NOHEAP)
		return (0);
	began = w->w_now = host_now(kernel_host(w->w_kernel));
	w->w_polling = true;
	heap_remove(w, ln);
	worker_runlane(w, ln, true);
	w->w_polling = false;
	return (w->w_now - began);
}

uint64_t
lane_clock(struct lane *ln)
{
	return (ln->ln_now = host_now(kernel_host(ln->ln_kernel)));
}

/*
 * With one worker everything between polls may be done in the one thread there is. With several, a
 * thread is at home in the lanes of the worker it has entered, also outside of a run, or it holds
 * the kernel lock.
 */
void
lane_assert(const struct lane *ln)
{
#ifdef VI_DEBUG
	uintptr_t self = thread_self(), in;
	struct klock *kl = ln->ln_kernel->k_lock;

	in = atomic_load_explicit(&lane_home(ln)->w_thread, memory_order_relaxed);
	if (self == 0 || in == self || (in == 0 && kl->kl_mutex == NULL))
		return;
	VI_ASSERT(atomic_load_explicit(&kl->kl_owner, memory_order_relaxed) == self);
#else
	(void)ln;
#endif
}

/* Management, under the kernel lock. */

/* Every heap must be able to hold every lane, because posting and moving cannot fail. */
static int
heaps_reserve(struct kernel *k, unsigned n)
{
	for (unsigned i = 0; i < k->k_nworkers; i++) {
		struct worker *w = k->k_workers[i];
		unsigned size = MAX(2 * w->w_heapsize, 64u);
		struct lane **heap;

		if (n <= w->w_heapsize)
			continue;
		if ((heap = kmem_pages(k->k_mem, size * sizeof(*heap))) == NULL)
			return (ENOMEM);
		if (w->w_heap != NULL) {
			memcpy(heap, w->w_heap, w->w_nheap * sizeof(*heap));
			kmem_pages_free(k->k_mem, w->w_heap);
		}
		w->w_heap = heap;
		w->w_heapsize = size;
	}
	return (0);
}

int
lane_init(struct lane *ln, struct kernel *k, struct worker *w, struct acctset *as)
{
	int error;

	if ((error = heaps_reserve(k, k->k_lock->kl_nlanes + 1)) != 0)
		return (error);
	k->k_lock->kl_nlanes++;
	memset(ln, 0, sizeof(*ln));
	ln->ln_kernel = k;
	ln->ln_worker = w;
	ln->ln_acct = as;
	ln->ln_share = LANE_SHARE;
	ln->ln_alone = k->k_nworkers == 1;
	ln->ln_tail = &ln->ln_head;
	ln->ln_heapidx = LANE_NOHEAP;
	ln->ln_now = host_now(kernel_host(k));
	LIST_INIT(&ln->ln_callouts);
	callout_init(&ln->ln_resume, ln, lane_resume, ln);
	return (0);
}

void
lane_drain(struct lane *ln)
{
	struct work *wk;

	LANE_ASSERT(ln);
	(void)lane_clock(ln);
	while ((wk = lane_next(ln)) != NULL)
		work_run(ln, wk);
}

/* Takes the lane from its worker's heap; is it to be run? */
static bool
lane_unqueue(struct lane *ln)
{
	struct worker *w = ln->ln_worker;

	worker_collect(w);
	if (ln->ln_heapidx == LANE_NOHEAP)
		return (false);
	heap_remove(w, ln);
	return (true);
}

void
lane_fini(struct lane *ln)
{
	struct callout *c;
	struct work *wk;

	LANE_ASSERT(ln);
	VI_ASSERT(atomic_load(&ln->ln_state) != LANE_RUNNING);
	__atomic_store_n(&ln->ln_dead, true, __ATOMIC_RELAXED);
	while ((c = LIST_FIRST(&ln->ln_callouts)) != NULL)
		callout_stop(c);
	while ((wk = lane_next(ln)) != NULL)
		atomic_store(&wk->wk_queued, false);
	(void)lane_unqueue(ln);
	atomic_store(&ln->ln_state, LANE_IDLE);
	ln->ln_kernel->k_lock->kl_nlanes--;
}

/*
 * Virtual times of two workers have nothing to do with each other: what carries over is how far the
 * lane is ahead.
 */
void
lane_move(struct lane *ln, struct worker *to)
{
	struct worker *from = ln->ln_worker;
	struct callout_list list = LIST_HEAD_INITIALIZER(list);
	struct callout *c;
	uint64_t when;
	bool queued;

	LANE_ASSERT(ln);
	VI_ASSERT(atomic_load(&ln->ln_state) != LANE_RUNNING);
	if (from == to)
		return;
	queued = lane_unqueue(ln);
	while ((c = LIST_FIRST(&ln->ln_callouts)) != NULL) {
		callout_stop(c);
		LIST_INSERT_HEAD(&list, c, c_lanelink);
	}
	ln->ln_vtime =
	    to->w_vtime + (ln->ln_vtime > from->w_vtime ? ln->ln_vtime - from->w_vtime : 0);
	__atomic_store_n(&ln->ln_worker, to, __ATOMIC_RELEASE);
	ln->ln_acct->as_cache = &to->w_cache;
	while ((c = LIST_FIRST(&list)) != NULL) {
		LIST_REMOVE(c, c_lanelink);
		when = c->c_time;
		callout_reset_at(c, when);
	}
	if (queued)
		worker_give(to, ln);
}
