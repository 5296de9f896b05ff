/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "host/host.h"
#include "kern/kernel.h"

struct rig {
	struct vi_host	*h;
	struct kernel	*k;
	struct acctset	 as;
	struct lane	 ln;
};

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vi_kernel_params kp = { .kp_workers = 1 };

	assert_int_equal(vi_host_sim_new(3, &r->h), 0);
	kp.kp_host = r->h;
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	acctset_init(&r->as, r->k, worker_cache(kernel_worker(r->k, 0)));
	assert_int_equal(lane_init(&r->ln, r->k, kernel_worker(r->k, 0), &r->as), 0);
	*state = r;
	return (0);
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	lane_fini(&r->ln);
	assert_int_equal(worker_next(kernel_worker(r->k, 0)), VI_FOREVER);
	kernel_fini(r->k);
	assert_int_equal(vi_sim_memory(r->h), 0);
	vi_host_sim_free(r->h);
	free(r);
	return (0);
}

#define NTIMERS	100000

struct timer {
	struct callout	 c;
	struct vi_host	*h;
	uint64_t	 when;		/* UINT64_MAX: stopped */
	unsigned	 seq;		/* of its setting */
	uint64_t	 fired;
};

static unsigned fires, lastseq;
static uint64_t lasttime;

/* Exactly when it is due, in order of time and, at one time, of setting. */
static void
timer_fires(void *arg)
{
	struct timer *t = arg;

	assert_int_equal(vi_sim_now(t->h), t->when);
	assert_int_equal(t->fired, 0);
	assert_false(callout_pending(&t->c));
	assert_true(t->when > lasttime || (t->when == lasttime && t->seq > lastseq));
	lasttime = t->when;
	lastseq = t->seq;
	t->fired = 1;
	fires++;
}

static uint64_t
random_delay(struct kernel *k)
{
	unsigned bits = kernel_random_below(k, 44);
	uint64_t r =
	    ((uint64_t)kernel_random32(k) << 32 | kernel_random32(k)) & (((uint64_t)1 << bits) - 1);

	/* Many ties. */
	return (kernel_random_below(k, 4) == 0 ? r & ~(uint64_t)0xfffff : r);
}

static void
against_reference(void **state)
{
	struct rig *r = *state;
	struct timer *t = calloc(NTIMERS, sizeof(*t));
	unsigned expected = 0, seq = 0;

	fires = lastseq = 0;
	lasttime = 0;
	vi_sim_advance(r->h, 123456789);
	(void)lane_clock(&r->ln);
	for (unsigned i = 0; i < NTIMERS; i++) {
		callout_init(&t[i].c, &r->ln, timer_fires, &t[i]);
		t[i].h = r->h;
		t[i].when = UINT64_MAX;
	}
	for (unsigned n = 0; n < 2 * NTIMERS; n++) {
		struct timer *x = &t[kernel_random_below(r->k, NTIMERS)];

		if (kernel_random_below(r->k, 5) == 0) {
			callout_stop(&x->c);
			x->when = UINT64_MAX;
			assert_false(callout_pending(&x->c));
		} else {
			x->when = lane_now(&r->ln) + random_delay(r->k);
			x->seq = ++seq;
			callout_reset_at(&x->c, x->when);
			assert_true(callout_pending(&x->c));
		}
		if (n == NTIMERS) {	/* part of the way, stopping in the middle of slots */
			for (unsigned i = 0; i < NTIMERS; i++)
				if (t[i].when == UINT64_MAX)
					continue;
				else if (t[i].when <= lane_now(&r->ln) + 1000000)
					expected++;
			(void)kernel_run(r->k, lane_now(&r->ln) + 1000000, NULL);
			assert_int_equal(fires, expected);
			(void)lane_clock(&r->ln);
			for (unsigned i = 0; i < NTIMERS; i++)
				if (t[i].fired) {
					t[i].fired = 0;
					t[i].when = UINT64_MAX;
				}
		}
	}
	for (unsigned i = 0; i < NTIMERS; i++)
		expected += t[i].when != UINT64_MAX;
	(void)kernel_run(r->k, VI_FOREVER, NULL);
	assert_int_equal(fires, expected);
	for (unsigned i = 0; i < NTIMERS; i++)
		assert_int_equal(t[i].fired, t[i].when != UINT64_MAX);
	free(t);
}

/* Served late, but in order, and all of them. */
static void
late_fires(void *arg)
{
	struct timer *t = arg;

	assert_true(t->when <= vi_sim_now(t->h));
	assert_int_equal(t->fired, 0);
	assert_true(t->when > lasttime || (t->when == lasttime && t->seq > lastseq));
	lasttime = t->when;
	lastseq = t->seq;
	t->fired = 1;
}

/*
 * As on a real host: the clock goes its own way, mostly between timers, and now and then more
 * timers are set. A timer once fired stays so. The order holds within one poll.
 */
static void
steps_of_any_size(void **state)
{
	enum { N = 300 };
	struct rig *r = *state;
	struct timer *t = calloc(N, sizeof(*t));
	unsigned seq = 0;

	for (unsigned i = 0; i < N; i++) {
		callout_init(&t[i].c, &r->ln, late_fires, &t[i]);
		t[i].h = r->h;
		t[i].fired = 1;
	}
	for (unsigned n = 0; n < 20000; n++) {
		struct timer *x = &t[kernel_random_below(r->k, N)];
		uint64_t now = lane_clock(&r->ln), wait;

		if (x->fired || kernel_random_below(r->k, 3) == 0) {
			x->when =
			    now + 1 + (kernel_random32(r->k) >> kernel_random_below(r->k, 32));
			x->seq = ++seq;
			x->fired = 0;
			callout_reset_at(&x->c, x->when);
		}
		vi_sim_advance(r->h, kernel_random32(r->k) >> (8 + kernel_random_below(r->k, 24)));
		lasttime = lastseq = 0;
		while ((wait = kernel_poll(r->k)) == 0)
			;
		for (unsigned i = 0; i < N; i++) {
			assert_int_equal(t[i].fired, t[i].when <= vi_sim_now(r->h));
			assert_true(t[i].fired || wait <= t[i].when - vi_sim_now(r->h));
		}
	}
	for (unsigned i = 0; i < N; i++)
		callout_stop(&t[i].c);
	free(t);
}

struct chain {
	struct rig	*r;
	struct callout	 a, b;
	unsigned	 afired, bfired;
	uint64_t	 last;
};

static void
stop_other(void *arg)
{
	struct chain *ch = arg;

	ch->afired++;
	callout_stop(&ch->b);
	callout_stop(&ch->a);		/* of itself: harmless */
}

static void
count_b(void *arg)
{
	((struct chain *)arg)->bfired++;
}

/* Two due at once: the first cancels the second, which then does not run. */
static void
cancel_in_callback(void **state)
{
	struct chain ch = { .r = *state };

	callout_init(&ch.a, &ch.r->ln, stop_other, &ch);
	callout_init(&ch.b, &ch.r->ln, count_b, &ch);
	callout_stop(&ch.a);
	callout_reset(&ch.a, 1000);
	callout_reset(&ch.b, 1000);
	(void)kernel_run(ch.r->k, VI_FOREVER, NULL);
	assert_int_equal(ch.afired, 1);
	assert_int_equal(ch.bfired, 0);
	/* The other way round: b has run. */
	callout_reset(&ch.b, 1000);
	callout_reset(&ch.a, 1000);
	(void)kernel_run(ch.r->k, VI_FOREVER, NULL);
	assert_int_equal(ch.afired, 2);
	assert_int_equal(ch.bfired, 1);
}

static void
again(void *arg)
{
	struct chain *ch = arg;

	assert_true(ch->afired == 0 || vi_sim_now(ch->r->h) > ch->last);
	ch->last = vi_sim_now(ch->r->h);
	if (++ch->afired < 1000)
		callout_reset(&ch->a, ch->afired % 2 == 0 ? 0 : 50);
}

/* A timer that sets itself for "now" lets the clock go on. */
static void
reset_in_callback(void **state)
{
	struct chain ch = { .r = *state };

	callout_init(&ch.a, &ch.r->ln, again, &ch);
	callout_reset(&ch.a, 0);
	(void)kernel_run(ch.r->k, VI_FOREVER, NULL);
	assert_int_equal(ch.afired, 1000);
	assert_in_range(vi_sim_now(ch.r->h), 500 * 50, 500 * 52);
}

/* The time until the next timer is exact, and a timer moved further away is not served early. */
static void
next_is_exact(void **state)
{
	struct chain ch = { .r = *state };
	struct worker *w = kernel_worker(ch.r->k, 0);

	assert_int_equal(kernel_poll(ch.r->k), VI_FOREVER);
	callout_init(&ch.b, &ch.r->ln, count_b, &ch);
	for (uint64_t d = 1; d < (uint64_t)1 << 50; d = d * 3 + 1) {
		(void)lane_clock(&ch.r->ln);
		callout_reset(&ch.b, d);
		callout_reset(&ch.b, d + 5);
		assert_int_equal(worker_next(w), vi_sim_now(ch.r->h) + d + 5);
		assert_int_equal(kernel_poll(ch.r->k), d + 5);
		vi_sim_advance(ch.r->h, d + 4);
		assert_int_equal(kernel_poll(ch.r->k), 1);
		assert_int_equal(ch.bfired, 0);
		vi_sim_advance(ch.r->h, 1);
		assert_int_equal(kernel_poll(ch.r->k), VI_FOREVER);
		assert_int_equal(ch.bfired, 1);
		ch.bfired = 0;
	}
	callout_reset_at(&ch.b, 0);		/* in the past: at the next poll */
	assert_int_equal(kernel_poll(ch.r->k), 1);
	vi_sim_advance(ch.r->h, 1);
	assert_int_equal(kernel_poll(ch.r->k), VI_FOREVER);
	assert_int_equal(ch.bfired, 1);
	callout_reset(&ch.b, UINT64_MAX);	/* beyond the end of time: pending, never served */
	assert_true(callout_pending(&ch.b));
	(void)kernel_run(ch.r->k, vi_sim_now(ch.r->h) + 1000, NULL);
	assert_int_equal(ch.bfired, 1);
	callout_stop(&ch.b);
}

/* Events come at their time, after the timers of that time, in the order asked for. */
struct sim {
	struct kernel	*k;
	struct vi_host	*h;
	unsigned	 n;
	uint64_t	 times[8];
	int		 which[8];
};
struct simev {
	struct sim	*s;
	int		 id;
};

static void
sim_event(void *arg)
{
	struct simev *e = arg;

	e->s->times[e->s->n] = vi_sim_now(e->s->h);
	e->s->which[e->s->n++] = e->id;
	if (e->id == 2)
		assert_int_equal(kernel_at(e->s->k, vi_sim_now(e->s->h), sim_event, &e[2]), 0);
}

static void
events(void **state)
{
	static const int order[] = { 1, 0, 2, 3, 4 };
	struct sim s = { .n = 0 };
	struct rig *r = *state;
	struct simev e[5];
	struct callout c;

	s.k = r->k;
	s.h = r->h;
	for (int i = 0; i < 5; i++)
		e[i] = (struct simev){ &s, i };
	callout_init(&c, &r->ln, sim_event, &e[1]);
	assert_int_equal(kernel_at(r->k, 500, sim_event, &e[0]), 0);
	callout_reset_at(&c, 500);
	assert_int_equal(kernel_at(r->k, 600, sim_event, &e[3]), 0);
	assert_int_equal(kernel_at(r->k, 500, sim_event, &e[2]), 0);	/* asks for 4, now */
	assert_int_equal(kernel_run(r->k, 599, NULL), 599);
	assert_int_equal(s.n, 4);
	assert_int_equal(kernel_run(r->k, 9999, NULL), 600);
	assert_int_equal(s.n, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(s.times[i], i < 4 ? 500 : 600);
		assert_int_equal(s.which[i], i < 3 ? order[i] : i == 3 ? 4 : 3);
	}
	assert_int_equal(kernel_at(r->k, 1000, sim_event, &e[0]), 0);	/* never to be */
}

/* kernel_run stops where it is told. */
static void
run_until(void **state)
{
	struct chain ch = { .r = *state };
	bool stop = true;

	callout_init(&ch.b, &ch.r->ln, count_b, &ch);
	callout_reset(&ch.b, 5000);
	assert_int_equal(kernel_run(ch.r->k, 4999, NULL), 4999);
	assert_int_equal(ch.bfired, 0);
	assert_int_equal(kernel_run(ch.r->k, 10000, &stop), 4999);
	stop = false;
	assert_int_equal(kernel_run(ch.r->k, 10000, &stop), 5000);
	assert_int_equal(ch.bfired, 1);
	assert_int_equal(kernel_run(ch.r->k, 10000, NULL), 5000);	/* nothing left to do */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(against_reference, setup, teardown),
		cmocka_unit_test_setup_teardown(steps_of_any_size, setup, teardown),
		cmocka_unit_test_setup_teardown(cancel_in_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_in_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(next_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(events, setup, teardown),
		cmocka_unit_test_setup_teardown(run_until, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
