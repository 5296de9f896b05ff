/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CUBIC's integer curve against RFC 9438's formulas in floating point, and the windows of both
 * algorithms over losses.
 */
#include "netinet/tcp/tcp_test.h"

#include <string.h>

#include "netinet/tcp/cc/cc.h"

static double
cube(double x)
{
	return (x * x * x);
}

static double
distance(double a, double b)
{
	return (a > b ? a - b : b - a);
}

static void
curve(void **state)
{
	const double c = 0.4;
	uint32_t mss = 1448;
	double want, got, k;

	(void)state;
	for (double wmax = 10; wmax < 100000; wmax *= 1.7) {
		/* K = cubic root(W_max (1 - beta) / C), figure 2. */
		k = (double)cubic_k((uint64_t)(wmax * 0.3 * mss), mss) / 1024;
		assert_true(distance(cube(k) * c, wmax * 0.3) < wmax * 0.3 * 0.01 + 0.05);
		for (double t = 0; t < 3 * k && distance(t, k) < 60; t += k / 10) {
			want = c * cube(t - k);
			got = (double)cubic_offset((int64_t)(t * 1024), (int64_t)(k * 1024), mss) /
			      mss;
			assert_true(distance(want, got) < 0.5 + 0.01 * distance(want, 0));
		}
	}
	assert_true(cubic_offset(INT32_MAX, 0, 65535) > 0);	/* cut, not wrapped */
	assert_true(cubic_offset(0, INT32_MAX, 65535) < 0);
}

/* A window's worth of ACKs, once a round trip. */
static void
round_trip(struct tcp_fixture *tf, struct tcpcb *tp, uint64_t rtt)
{
	uint32_t left = tp->snd_cwnd, n;

	vi_sim_advance(tf->tf_host, rtt);
	lane_clock(&tf->tf_vnet->vn_lane);
	while (left > 0) {
		n = u32min(left, 2 * tp->t_maxseg);
		tp->t_cc->cc_ack(tp, n);
		left -= n;
	}
}

static struct tcpcb *
sender(struct tcp_fixture *tf, const char *cc)
{
	struct tcpcb *tp = tcp_fixture_init(tf);

	tp->t_cc = cc_byname(cc);
	assert_non_null(tp->t_cc);
	tp->t_maxseg = 1000;
	tp->snd_cwnd = 10000;
	tp->snd_ssthresh = UINT32_MAX / 2;
	tp->t_cc->cc_init(tp);
	tp->t_srtt = 100000 << 3;
	return (tp);
}

static void
slow_start(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	for (int i = 0; i < 2; i++) {
		tp = sender(&tf, i == 0 ? "newreno" : "cubic");
		tp->snd_ssthresh = 80000;
		for (int r = 1; r <= 3; r++) {
			round_trip(&tf, tp, 100 * MSEC);
			assert_int_equal(tp->snd_cwnd, 10000u << r);
		}
		round_trip(&tf, tp, 100 * MSEC);
		assert_in_range(tp->snd_cwnd, 80000, 84000);
		tcp_fixture_fini(&tf);
	}
}

/* RFC 5681: half of it, then one segment a round trip. */
static void
newreno_sawtooth(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = sender(&tf, "newreno");
	tp->snd_cwnd = 100000;
	tp->snd_max = tp->snd_una + 100000;
	tp->t_cc->cc_loss(tp, CC_LOSS);
	assert_int_equal(tp->snd_ssthresh, 50000);
	tp->snd_cwnd = tp->snd_ssthresh;
	for (int r = 0; r < 50; r++)
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, 98000, 101000);
	tcp_fixture_fini(&tf);
}

/* RFC 9438 4.2: from 0.7 W_max back to W_max in K seconds, flat there, then steeper. */
static void
cubic_epoch(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;
	uint32_t k;

	(void)state;
	tp = sender(&tf, "cubic");
	tp->snd_cwnd = 1000000;				/* 1000 segments: K = 9.09 s */
	tp->snd_max = tp->snd_una + 1000000;
	tp->t_cc->cc_loss(tp, CC_LOSS);
	assert_int_equal(tp->snd_ssthresh, 700000);
	tp->snd_cwnd = tp->snd_ssthresh;
	k = cubic_k(300000, 1000);
	assert_in_range(k, 9000, 9600);
	for (int r = 0; r < 45; r++)			/* half of K */
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, 940000, 980000);	/* 1000 - 0.4 4.5^3 = 963 */
	for (int r = 0; r < 45; r++)
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, 990000, 1005000);
	for (int r = 0; r < 45; r++)
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, 1020000, 1060000);
	/* 4.7: a loss below W_max gives room to others. */
	tp->snd_cwnd = 500000;
	tp->t_cc->cc_loss(tp, CC_LOSS);
	assert_int_equal(tp->snd_ssthresh, 350000);
	tp->snd_cwnd = tp->snd_ssthresh;
	for (int r = 0; r < 57; r++)			/* the plateau is at 425 in place of 500: K = 5.7 s */
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, 420000, 430000);
	tcp_fixture_fini(&tf);
}

/* RFC 9438 4.2: however far ahead the curve is, a round trip brings half of the window at most; and none takes from it. */
static void
cubic_bounds(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = sender(&tf, "cubic");
	tp->t_srtt = 20000000 << 3;
	tp->snd_cwnd = 100000;
	tp->snd_max = tp->snd_una + 100000;
	tp->t_cc->cc_loss(tp, CC_LOSS);
	tp->snd_cwnd = tp->snd_ssthresh;
	assert_int_equal(tp->snd_cwnd, 70000);
	round_trip(&tf, tp, 20 * SEC);			/* the curve: some 18000 segments */
	assert_in_range(tp->snd_cwnd, 104000, 105000);
	round_trip(&tf, tp, 20 * SEC);
	assert_in_range(tp->snd_cwnd, 155000, 158000);
	tp->snd_cwnd = 1u << 30;			/* beyond it */
	tp->t_cc->cc_ack(tp, 2000);
	assert_true(tp->snd_cwnd >= 1u << 30);
	tcp_fixture_fini(&tf);
}

/* 4.8: after a timeout the plateau is where congestion avoidance begins, not the window before. */
static void
cubic_timeout(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = sender(&tf, "cubic");
	tp->snd_cwnd = 1000000;
	tp->snd_max = tp->snd_una + 1000000;
	tp->t_cc->cc_loss(tp, CC_RTO);
	assert_int_equal(tp->snd_ssthresh, 700000);
	tp->snd_cwnd = tp->snd_ssthresh;
	for (int r = 0; r < 20; r++)			/* K would be 9 s */
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, 700000, 730000);	/* 0.4 2^3; 0.53 a round trip */
	tcp_fixture_fini(&tf);
}

/* 4.2, 5.8: a time in which the window was not used, and could not grow, is not part of t. */
static void
cubic_pause(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;
	uint32_t before;

	(void)state;
	tp = sender(&tf, "cubic");
	tp->snd_cwnd = 1000000;
	tp->snd_max = tp->snd_una + 1000000;
	tp->t_cc->cc_loss(tp, CC_LOSS);
	tp->snd_cwnd = tp->snd_ssthresh;
	for (int r = 0; r < 100; r++)
		round_trip(&tf, tp, 100 * MSEC);	/* just beyond the plateau */
	before = tp->snd_cwnd;
	assert_in_range(before, 995000, 1010000);
	vi_sim_advance(tf.tf_host, 60 * SEC);
	for (int r = 0; r < 5; r++)
		round_trip(&tf, tp, 100 * MSEC);
	assert_in_range(tp->snd_cwnd, before, before + 10000);
	tcp_fixture_fini(&tf);
}

/* 4.3: where round trips are short, CUBIC is not slower than Reno would be. */
static void
cubic_friendly_region(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = sender(&tf, "cubic");
	tp->t_srtt = 1000 << 3;
	tp->snd_cwnd = 20000;
	tp->snd_max = tp->snd_una + 20000;
	tp->t_cc->cc_loss(tp, CC_LOSS);
	tp->snd_cwnd = tp->snd_ssthresh;		/* 14 segments */
	for (int r = 0; r < 100; r++)
		round_trip(&tf, tp, 1 * MSEC);
	/* alpha 9/17 up to 20 segments, then 1 a round trip: about 14 + 11.3 rounds ... + 88. */
	assert_in_range(tp->snd_cwnd, 95000, 115000);
	tcp_fixture_fini(&tf);
}

static void
names(void **state)
{
	(void)state;
	assert_ptr_equal(cc_byname("cubic"), &cc_cubic);
	assert_ptr_equal(cc_byname("newreno"), &cc_newreno);
	assert_null(cc_byname("vegas"));
	assert_null(cc_byname(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curve),
		cmocka_unit_test(slow_start),
		cmocka_unit_test(newreno_sawtooth),
		cmocka_unit_test(cubic_epoch),
		cmocka_unit_test(cubic_bounds),
		cmocka_unit_test(cubic_timeout),
		cmocka_unit_test(cubic_pause),
		cmocka_unit_test(cubic_friendly_region),
		cmocka_unit_test(names),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
