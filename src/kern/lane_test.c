/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/lane.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "host/host.h"
#include "host/posix/pages.h"
#include "kern/kernel.h"

#define NWORKERS	4
#define NLANES		8

/* A host whose clock is moved by the work functions themselves, and which counts wake-ups. */
struct fakehost {
	struct vi_host	 fh_host;
	_Atomic uint64_t fh_now;
	atomic_uint	 fh_wakes[NWORKERS];
};

static struct fakehost *
fake(struct vi_host *h)
{
	return (CONTAINER_OF(h, struct fakehost, fh_host));
}

static uint64_t
fake_now(struct vi_host *h)
{
	return (atomic_load(&fake(h)->fh_now));
}

static void
fake_random(struct vi_host *h, void *buf, size_t len)
{
	(void)h;
	memset(buf, 4, len);		/* not asked for anything that matters here */
}

static void *
fake_page_alloc(struct vi_host *h, size_t size, size_t align)
{
	(void)h;
	return (pages_alloc(size, align));
}

static void
fake_page_free(struct vi_host *h, void *p, size_t size)
{
	(void)h;
	pages_free(p, size);
}

static void
fake_wake(struct vi_host *h, unsigned worker)
{
	atomic_fetch_add(&fake(h)->fh_wakes[worker], 1);
}

static const struct vi_host_ops fake_ops = {
    .now = fake_now,
    .realtime = fake_now,
    .random = fake_random,
    .page_alloc = fake_page_alloc,
    .page_free = fake_page_free,
    .wake = fake_wake,
    .mutex_new = pmutex_new,
    .mutex_free = pmutex_free,
    .mutex_lock = pmutex_lock,
    .mutex_unlock = pmutex_unlock,
};

struct rig {
	struct fakehost	 fh;
	struct kernel	*k;
	struct acctset	 as[NLANES];
	struct lane	 ln[NLANES];
	unsigned	 nlanes;
};

/* Lanes go to the workers in turn. */
static struct rig *
rig_new(unsigned nworkers, unsigned nlanes)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vi_kernel_params kp = { .kp_workers = nworkers, .kp_host = &r->fh.fh_host };

	r->fh.fh_host.h_ops = &fake_ops;
	r->nlanes = nlanes;
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	kernel_lock(r->k);
	for (unsigned i = 0; i < nlanes; i++) {
		struct worker *w = kernel_worker(r->k, i % nworkers);

		acctset_init(&r->as[i], r->k, worker_cache(w));
		assert_int_equal(lane_init(&r->ln[i], r->k, w, &r->as[i]), 0);
	}
	kernel_unlock(r->k);
	return (r);
}

static void
rig_free(struct rig *r)
{
	kernel_lock(r->k);
	for (unsigned i = 0; i < r->nlanes; i++) {
		lane_drain(&r->ln[i]);
		lane_fini(&r->ln[i]);
		assert_int_equal(acctset_check(&r->as[i], NULL, NULL), 0);
	}
	kernel_unlock(r->k);
	kernel_fini(r->k);
	free(r);
}

struct job {
	struct work	 wk;
	struct rig	*r;
	struct lane	*ln;
	struct job	*other;
	uint64_t	 cost;
	unsigned	 runs, limit;
	unsigned	*order, *norder, id;
};

static void
job_run(struct work *wk)
{
	struct job *j = CONTAINER_OF(wk, struct job, wk);

	assert_false(atomic_load(&wk->wk_queued));
	atomic_fetch_add(&j->r->fh.fh_now, j->cost);
	if (j->order != NULL)
		j->order[(*j->norder)++] = j->id;
	if (++j->runs < j->limit)
		assert_true(lane_post(j->ln, wk));
}

static void
job_init(struct job *j, struct rig *r, unsigned lane, uint64_t cost, unsigned limit)
{
	memset(j, 0, sizeof(*j));
	work_init(&j->wk, job_run);
	j->r = r;
	j->ln = &r->ln[lane];
	j->cost = cost;
	j->limit = limit;
}

static void
posted_once_in_order(void **state)
{
	struct rig *r = rig_new(1, 1);
	unsigned order[8], norder = 0;
	struct job j[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		job_init(&j[i], r, 0, 1, 1);
		j[i].order = order;
		j[i].norder = &norder;
		j[i].id = i;
		assert_true(lane_post(j[i].ln, &j[i].wk));
		assert_false(lane_post(j[i].ln, &j[i].wk));	/* queued already */
	}
	work_cancel(&r->ln[0], &j[1].wk);
	work_cancel(&r->ln[0], &j[1].wk);
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	assert_int_equal(norder, 3);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 3);
	assert_true(lane_post(j[1].ln, &j[1].wk));		/* cancelled is not forgotten */
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	assert_int_equal(j[1].runs, 1);
	/* The last of the queue cancelled: the next one posted is still found. */
	assert_true(lane_post(j[0].ln, &j[0].wk));
	assert_true(lane_post(j[1].ln, &j[1].wk));
	work_cancel(&r->ln[0], &j[1].wk);
	assert_true(lane_post(j[2].ln, &j[2].wk));
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	assert_int_equal(j[0].runs + j[1].runs + j[2].runs, 2 + 1 + 2);
	rig_free(r);
}

/* Two lanes that always have something to do: CPU time goes by their shares. */
static void
shares_are_fair(void **state)
{
	struct rig *r = rig_new(1, 3);
	struct job a, b, c;
	double ratio;

	(void)state;
	r->ln[0].ln_share = 300;
	job_init(&a, r, 0, 10000, UINT32_MAX);
	job_init(&b, r, 1, 70000, UINT32_MAX);		/* dearer work is no advantage */
	lane_post(a.ln, &a.wk);
	lane_post(b.ln, &b.wk);
	while (r->fh.fh_now < 2000000000u)
		assert_int_equal(kernel_poll(r->k), 0);
	ratio = (double)r->ln[0].ln_cputime / (double)r->ln[1].ln_cputime;
	assert_true(ratio > 2.9 && ratio < 3.1);
	assert_int_equal(r->ln[0].ln_cputime + r->ln[1].ln_cputime, r->fh.fh_now);
	/*
	 * One that slept all the time does not make up for it: it gets a third of what is left, as
	 * its share says.
	 */
	r->ln[0].ln_share = 100;
	job_init(&c, r, 2, 10000, UINT32_MAX);
	lane_post(c.ln, &c.wk);
	while (r->fh.fh_now < 3000000000u)
		assert_int_equal(kernel_poll(r->k), 0);
	assert_in_range(r->ln[2].ln_cputime, 320000000u, 346000000u);
	a.limit = b.limit = c.limit = 0;
	rig_free(r);
}

/* Of short runs that nobody waited for one in four is timed and stands for all; where somebody waits each is. */
static void
short_runs_are_counted(void **state)
{
	struct rig *r = rig_new(1, 2);
	struct job a, b;

	(void)state;
	job_init(&a, r, 0, 1000, 1);
	job_init(&b, r, 1, 500, 1);
	for (uint64_t i = 1; i <= 12; i++) {
		lane_post(a.ln, &a.wk);
		assert_int_equal(kernel_poll(r->k), VI_FOREVER);
		assert_int_equal(r->ln[0].ln_cputime, i / 4 * 4000);
	}
	/* a, which ran more, waits behind b. */
	lane_post(a.ln, &a.wk);
	lane_post(b.ln, &b.wk);
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	assert_int_equal(r->ln[1].ln_cputime, 500);
	/* A pause that the host made counts once, for what it is. */
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(r->ln[0].ln_cputime, 12000);
		a.cost = i == 2 ? 1000000 : 1000;
		lane_post(a.ln, &a.wk);
		assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	}
	assert_int_equal(r->ln[0].ln_cputime, 12000 + 1000000 + 3 * LANE_QUANTUM);
	rig_free(r);
}

/* One lane, now; no longer than a quantum, and paid for. */
static void
run_out_of_turn(void **state)
{
	struct rig *r = rig_new(1, 2);
	struct job a, b;

	(void)state;
	job_init(&a, r, 0, 10, 1);
	job_init(&b, r, 1, 500, UINT32_MAX);
	lane_post(a.ln, &a.wk);
	assert_int_equal(lane_run(&r->ln[1]), 0);
	lane_post(b.ln, &b.wk);
	assert_int_equal(lane_run(&r->ln[1]), LANE_QUANTUM);
	assert_int_equal(r->ln[1].ln_cputime, LANE_QUANTUM);
	assert_int_equal(a.runs, 0);
	assert_true(lane_busy(&r->ln[1]));
	b.limit = 0;
	assert_int_equal(lane_run(&r->ln[1]), 500);
	assert_false(lane_busy(&r->ln[1]));
	assert_int_equal(lane_run(&r->ln[1]), 0);
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	assert_int_equal(a.runs, 1);
	rig_free(r);
}

/*
 * A lane that posts to itself for ever does not keep another from running, even where time stands
 * still.
 */
static void
no_lane_hogs(void **state)
{
	struct rig *r = rig_new(1, 2);
	struct job a, b;
	unsigned polls = 0;

	(void)state;
	job_init(&a, r, 0, 0, UINT32_MAX);
	job_init(&b, r, 1, 0, 1);
	lane_post(a.ln, &a.wk);
	lane_post(b.ln, &b.wk);
	while (b.runs == 0 && polls++ < 10)
		assert_int_equal(kernel_poll(r->k), 0);
	assert_int_equal(b.runs, 1);
	a.limit = 0;
	rig_free(r);
}

static void
sleeper_is_woken_once(void **state)
{
	struct rig *r = rig_new(2, 2);
	struct worker *w = kernel_worker(r->k, 1);
	struct job a, b;
	struct callout co;

	(void)state;
	job_init(&a, r, 1, 0, 1);
	job_init(&b, r, 1, 0, 1);
	/* Before the first poll it may sleep nowhere; between enter and leave neither. */
	worker_enter(w);
	assert_int_equal(worker_poll(w), VI_FOREVER);
	worker_leave(w);
	assert_int_equal(r->fh.fh_wakes[1], 0);
	lane_post(a.ln, &a.wk);
	assert_int_equal(r->fh.fh_wakes[1], 1);
	lane_post(b.ln, &b.wk);
	assert_int_equal(r->fh.fh_wakes[1], 1);		/* it knows */
	worker_enter(w);
	assert_int_equal(worker_poll(w), VI_FOREVER);
	lane_post(a.ln, &a.wk);				/* its own thread, after the poll */
	worker_leave(w);
	worker_enter(w);
	lane_post(b.ln, &b.wk);
	assert_int_equal(worker_poll(w), VI_FOREVER);
	worker_leave(w);
	assert_int_equal(a.runs, 2);
	assert_int_equal(b.runs, 2);
	/* A timer set from outside, earlier than what poll had promised. */
	kernel_lock(r->k);
	callout_init(&co, &r->ln[1], NULL, NULL);
	r->fh.fh_wakes[1] = 0;
	callout_reset(&co, 1000);
	callout_reset(&co, 2000);
	callout_reset(&co, 500);
	assert_int_equal(r->fh.fh_wakes[1], 1);
	kernel_unlock(r->k);
	worker_enter(w);
	assert_int_equal(worker_poll(w), 500);
	worker_leave(w);
	kernel_lock(r->k);
	callout_reset(&co, 600);
	kernel_unlock(r->k);
	assert_int_equal(r->fh.fh_wakes[1], 1);		/* later: it wakes up early and sees */
	rig_free(r);
}

/* Work left behind by a thread that entered and went without polling wakes the sleeper. */
static void
unpolled_work_is_told(void **state)
{
	struct rig *r = rig_new(2, 2);
	struct worker *w = kernel_worker(r->k, 0);
	struct job a;

	(void)state;
	job_init(&a, r, 0, 0, 1);
	worker_enter(w);
	assert_int_equal(worker_poll(w), VI_FOREVER);
	worker_leave(w);
	worker_enter(w);
	worker_leave(w);
	assert_int_equal(r->fh.fh_wakes[0], 0);
	worker_enter(w);
	lane_post(a.ln, &a.wk);
	assert_int_equal(r->fh.fh_wakes[0], 0);
	worker_leave(w);
	assert_int_equal(r->fh.fh_wakes[0], 1);
	worker_enter(w);
	assert_int_equal(worker_poll(w), VI_FOREVER);
	worker_leave(w);
	assert_int_equal(a.runs, 1);
	rig_free(r);
}

static void
count_fire(void *arg)
{
	++*(unsigned *)arg;
}

static void
lanes_move(void **state)
{
	struct rig *r = rig_new(2, 3);
	struct worker *w0 = kernel_worker(r->k, 0), *w1 = kernel_worker(r->k, 1);
	unsigned fired = 0;
	struct callout co, later;
	struct job a, b;
	void *p;

	(void)state;
	job_init(&a, r, 0, 0, 1);
	job_init(&b, r, 2, 0, 1);
	lane_post(a.ln, &a.wk);
	lane_post(b.ln, &b.wk);
	kernel_lock(r->k);
	callout_init(&co, &r->ln[0], count_fire, &fired);
	callout_init(&later, &r->ln[0], count_fire, &fired);
	callout_reset(&co, 100);
	callout_reset(&later, 200);
	assert_non_null(p = kmalloc(&r->as[0], ACCT_MISC, 1000));
	lane_move(&r->ln[0], w0);
	assert_ptr_equal(lane_worker(&r->ln[0]), w0);
	lane_move(&r->ln[0], w1);
	assert_ptr_equal(lane_worker(&r->ln[0]), w1);
	assert_ptr_equal(r->as[0].as_cache, worker_cache(w1));
	kfree(&r->as[0], ACCT_MISC, p, 1000);
	assert_int_equal(worker_next(w0), VI_FOREVER);
	assert_int_equal(worker_next(w1), 100);
	kernel_unlock(r->k);
	worker_enter(w0);
	assert_int_equal(worker_poll(w0), VI_FOREVER);
	worker_leave(w0);
	assert_int_equal(a.runs, 0);
	assert_int_equal(b.runs, 1);
	r->fh.fh_now = 100;
	worker_enter(w1);
	assert_int_equal(worker_poll(w1), 100);
	worker_leave(w1);
	assert_int_equal(a.runs, 1);
	assert_int_equal(fired, 1);
	rig_free(r);
}

/* What a lane leaves queued when it ends can be posted elsewhere; a dead lane refuses. */
static void
fini_forgets(void **state)
{
	struct rig *r = rig_new(1, 2);
	struct callout co;
	unsigned fired = 0;
	struct job a;

	(void)state;
	job_init(&a, r, 1, 0, 1);
	callout_init(&co, &r->ln[1], count_fire, &fired);
	callout_reset(&co, 10);
	lane_post(a.ln, &a.wk);
	lane_fini(&r->ln[1]);
	r->nlanes = 1;
	assert_false(lane_post(&r->ln[1], &a.wk));
	r->fh.fh_now = 1000;
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	assert_int_equal(a.runs, 0);
	assert_int_equal(fired, 0);
	a.ln = &r->ln[0];
	assert_true(lane_post(&r->ln[0], &a.wk));
	lane_drain(&r->ln[0]);
	assert_int_equal(a.runs, 1);
	assert_int_equal(kernel_poll(r->k), VI_FOREVER);
	rig_free(r);
}

/*
 * Threads: each worker has its own, all post to all lanes, and one keeps taking the kernel lock and
 * moving lanes.
 */

#define POSTS	20000u

struct hammer {
	struct rig	*r;
	unsigned	 index;
	atomic_uint	*done;
};

struct ball {
	struct work	 wk;
	struct rig	*r;
	unsigned	 lane;
	unsigned	 hops;
	atomic_uint	*done;
};

struct pool {
	struct ball	 b[NLANES][4];
	uint64_t plain[NLANES]; /* belongs to the lane: not atomic, so that a race is seen */
};

static struct pool pool;

static void
ball_hop(struct work *wk)
{
	struct ball *b = CONTAINER_OF(wk, struct ball, wk);
	struct acctset *as = &b->r->as[b->lane];
	void *p = kmalloc(as, ACCT_MISC, 100 + b->lane);

	pool.plain[b->lane]++;
	kfree(as, ACCT_MISC, p, 100 + b->lane);
	if (++b->hops == POSTS) {
		atomic_fetch_add(b->done, 1);
		return;
	}
	b->lane = (b->lane * 5 + b->hops) % NLANES;
	assert_true(lane_post(&b->r->ln[b->lane], &b->wk));
}

static void *
worker_thread(void *arg)
{
	struct hammer *hm = arg;
	struct worker *w = kernel_worker(hm->r->k, hm->index);

	while (atomic_load(hm->done) < NLANES * 4) {
		worker_enter(w);
		if (worker_poll(w) != 0) {
			worker_leave(w);
			sched_yield();
		} else
			worker_leave(w);
	}
	return (NULL);
}

static void *
manager_thread(void *arg)
{
	struct hammer *hm = arg;
	unsigned n = 0;
	uint64_t sum;

	while (atomic_load(hm->done) < NLANES * 4) {
		kernel_lock(hm->r->k);
		sum = 0;
		for (unsigned i = 0; i < NLANES; i++)
			sum += pool.plain[i];
		assert_true(sum <= (uint64_t)NLANES * 4 * POSTS);
		lane_move(&hm->r->ln[n % NLANES], kernel_worker(hm->r->k, (n / 3) % NWORKERS));
		n++;
		kernel_unlock(hm->r->k);
		sched_yield();
	}
	return (NULL);
}

static void
threads_post_and_move(void **state)
{
	struct rig *r = rig_new(NWORKERS, NLANES);
	atomic_uint done = 0;
	pthread_t th[NWORKERS + 1];
	struct hammer hm[NWORKERS + 1];
	uint64_t sum = 0;

	(void)state;
	memset(&pool, 0, sizeof(pool));
	for (unsigned i = 0; i < NLANES; i++)
		for (unsigned n = 0; n < 4; n++) {
			pool.b[i][n] = (struct ball){ .r = r, .lane = i, .done = &done };
			work_init(&pool.b[i][n].wk, ball_hop);
			lane_post(&r->ln[i], &pool.b[i][n].wk);
		}
	for (unsigned i = 0; i <= NWORKERS; i++) {
		hm[i] = (struct hammer){ r, i, &done };
		assert_int_equal(pthread_create(&th[i], NULL,
				     i < NWORKERS ? worker_thread : manager_thread, &hm[i]),
		    0);
	}
	for (unsigned i = 0; i <= NWORKERS; i++)
		pthread_join(th[i], NULL);
	for (unsigned i = 0; i < NLANES; i++)
		sum += pool.plain[i];
	assert_int_equal(sum, (uint64_t)NLANES * 4 * POSTS);
	rig_free(r);
}

/* Threads that are no workers post; the worker really sleeps and must be woken for every piece. */
struct ping {
	struct work	 wk;
	atomic_uint	*runs;
};

struct sleeper {
	struct rig	*r;
	pthread_mutex_t	 mtx;
	pthread_cond_t	 cond;
	unsigned	 seen;
	atomic_uint	 runs;
	struct ping	 ping[2];	/* here, because a work's function outlasts wk_queued */
	bool		 stop;
};

static void
ping_run(struct work *wk)
{
	atomic_fetch_add(CONTAINER_OF(wk, struct ping, wk)->runs, 1);
}

static struct sleeper sleeper;

static void
sleeper_wake(struct vi_host *h, unsigned worker)
{
	(void)h;
	(void)worker;
	pthread_mutex_lock(&sleeper.mtx);
	sleeper.seen++;
	pthread_cond_signal(&sleeper.cond);
	pthread_mutex_unlock(&sleeper.mtx);
}

static void *
sleeper_thread(void *arg)
{
	struct worker *w = kernel_worker(sleeper.r->k, 1);
	uint64_t wait;
	bool stop = false;

	(void)arg;
	while (!stop) {
		worker_enter(w);
		wait = worker_poll(w);
		worker_leave(w);
		pthread_mutex_lock(&sleeper.mtx);
		while (wait != 0 && sleeper.seen == 0 && !sleeper.stop)
			pthread_cond_wait(&sleeper.cond, &sleeper.mtx);
		sleeper.seen = 0;
		stop = sleeper.stop;
		pthread_mutex_unlock(&sleeper.mtx);
	}
	return (NULL);
}

static void *
poster_thread(void *arg)
{
	struct ping *p = arg;
	unsigned posted = 0;

	p->runs = &sleeper.runs;
	work_init(&p->wk, ping_run);
	while (posted < 5000)
		if (lane_post(&sleeper.r->ln[1], &p->wk))
			posted++;
		else
			sched_yield();
	while (atomic_load(&p->wk.wk_queued))
		sched_yield();
	return (NULL);
}

static void
no_wakeup_is_lost(void **state)
{
	struct vi_host_ops ops = fake_ops;
	pthread_t th, post[2];

	(void)state;
	memset(&sleeper, 0, sizeof(sleeper));
	pthread_mutex_init(&sleeper.mtx, NULL);
	pthread_cond_init(&sleeper.cond, NULL);
	sleeper.r = rig_new(2, 2);
	ops.wake = sleeper_wake;
	sleeper.r->fh.fh_host.h_ops = &ops;
	pthread_create(&th, NULL, sleeper_thread, NULL);
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&post[i], NULL, poster_thread, &sleeper.ping[i]);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(post[i], NULL);
	pthread_mutex_lock(&sleeper.mtx);
	sleeper.stop = true;
	pthread_cond_signal(&sleeper.cond);
	pthread_mutex_unlock(&sleeper.mtx);
	pthread_join(th, NULL);
	assert_int_equal(sleeper.runs, 10000);
	rig_free(sleeper.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posted_once_in_order),
		cmocka_unit_test(shares_are_fair),
		cmocka_unit_test(short_runs_are_counted),
		cmocka_unit_test(run_out_of_turn),
		cmocka_unit_test(no_lane_hogs),
		cmocka_unit_test(sleeper_is_woken_once),
		cmocka_unit_test(unpolled_work_is_told),
		cmocka_unit_test(lanes_move),
		cmocka_unit_test(fini_forgets),
		cmocka_unit_test(threads_post_and_move),
		cmocka_unit_test(no_wakeup_is_lost),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
