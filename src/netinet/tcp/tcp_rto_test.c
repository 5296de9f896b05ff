/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 6298's arithmetic. */
#include "netinet/tcp/tcp_test.h"

static void
first_sample(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	assert_int_equal(tp->t_rxtcur, 1000000);	/* 2.1 */
	/* 2.2: SRTT = R, RTTVAR = R/2, RTO = R + 4 R/2 */
	tcp_rtt_sample(tp, 100 * MSEC);
	assert_int_equal(tp->t_srtt >> 3, 100000);
	assert_int_equal(tp->t_rttvar >> 2, 50000);
	assert_int_equal(tp->t_rxtcur, 300000);
	tcp_rtt_sample(tp, 180 * MSEC);			/* 2.3 */
	assert_int_equal(tp->t_rttvar >> 2, 57500);	/* 3/4 50 + 1/4 80 */
	assert_int_equal(tp->t_srtt >> 3, 110000);	/* 7/8 100 + 1/8 180 */
	assert_int_equal(tp->t_rxtcur, 340000);
	assert_int_equal(tp->t_rttmin, 100000);
	tcp_fixture_fini(&tf);
}

/* RFC 8985 6.2 step 1: the least round trip is of the last five minutes. */
static void
least(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tcp_rtt_least(tp, 10 * MSEC);
	for (int min = 0; min < 4; min++) {
		vi_sim_advance(tf.tf_host, 60 * SEC);
		lane_clock(&tf.tf_vnet->vn_lane);
		tcp_rtt_least(tp, 50 * MSEC);
		assert_int_equal(tp->t_rttmin, 10000);
	}
	vi_sim_advance(tf.tf_host, 61 * SEC);
	lane_clock(&tf.tf_vnet->vn_lane);
	tcp_rtt_least(tp, 50 * MSEC);
	assert_int_equal(tp->t_rttmin, 50000);
	tcp_rtt_least(tp, 20 * MSEC);
	assert_int_equal(tp->t_rttmin, 20000);
	tcp_fixture_fini(&tf);
}

static void
bounds(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	for (int i = 0; i < 200; i++)
		tcp_rtt_sample(tp, 30 * USEC);
	assert_int_equal(tp->t_rxtcur, 200000);
	assert_in_range(tp->t_srtt >> 3, 25, 30);
	tcp_rtt_sample(tp, 0);				/* faster than the clock */
	assert_true(tp->t_srtt > 0);
	for (int i = 0; i < 20; i++)
		tcp_rtt_sample(tp, UINT64_MAX);		/* absurd, but no overflow */
	tp->t_rxtshift = 30;
	tcp_rto_set(tp);
	assert_int_equal(tp->t_rxtcur, 64000000);
	tcp_fixture_fini(&tf);
}

/* VI_TCP_THIN_LINEAR_TIMEOUTS: six timeouts as soon as the first, while little is out. */
static void
thin(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_state = TCPS_ESTABLISHED;
	tcp_rtt_sample(tp, 100 * MSEC);
	tp->t_thinlinear = true;
	tp->snd_max = tp->snd_una + 3 * tp->t_maxseg;
	tp->t_rxtshift = 6;
	tcp_rto_set(tp);
	assert_int_equal(tp->t_rxtcur, 300000);
	tp->t_rxtshift = 7;
	tcp_rto_set(tp);
	assert_int_equal(tp->t_rxtcur, 300000 << 7);
	tp->t_rxtshift = 2;
	tp->snd_max = tp->snd_una + 4 * tp->t_maxseg;
	tcp_rto_set(tp);
	assert_int_equal(tp->t_rxtcur, 300000 << 2);
	tp->snd_max = tp->snd_una;
	tcp_fixture_fini(&tf);
}

/* The user's ceiling holds what congestion control wants, and paces when that does not. */
static void
pacing(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tcp_pace_limit(tp, 1000000);
	assert_int_equal(tp->t_lr.lr_rates.rt_pacing, 1000000);
	tcp_pace_set(tp, 5000000);
	assert_int_equal(tp->t_lr.lr_rates.rt_pacing, 1000000);
	tcp_pace_set(tp, 200000);
	assert_int_equal(tp->t_lr.lr_rates.rt_pacing, 200000);
	tcp_pace_limit(tp, UINT64_MAX);
	tcp_pace_set(tp, 5000000);
	assert_int_equal(tp->t_lr.lr_rates.rt_pacing, 5000000);
	tcp_pace_set(tp, 0);
	assert_int_equal(tp->t_lr.lr_rates.rt_pacing, 0);
	tcp_fixture_fini(&tf);
}

static void
backoff(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tcp_rtt_sample(tp, 100 * MSEC);
	for (uint8_t i = 0; i < 12; i++) {
		tp->t_rxtshift = i;
		tcp_rto_set(tp);
		assert_int_equal(tp->t_rxtcur, u32min(300000u << i, 64000000));	/* 5.5 */
	}
	tcp_fixture_fini(&tf);
}

/* A deadline moved out costs nothing; one moved in moves the callout; none fires early. */
static void
lazy_timers(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;
	uint64_t at;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tcp_timer_set(tp, TT_CORK, 200 * MSEC);
	at = tp->t_callat;
	tcp_timer_set(tp, TT_CORK, 300 * MSEC);
	assert_int_equal(tp->t_callat, at);
	tcp_timer_set(tp, TT_DELACK, 40 * MSEC);
	assert_int_equal(tp->t_callat, at - 160 * MSEC);
	tcp_timer_stop(tp, TT_DELACK);
	vi_kernel_run(tf.tf_kernel, vi_sim_now(tf.tf_host) + 250 * MSEC, NULL);
	assert_true(tcp_timer_active(tp, TT_CORK));
	vi_kernel_run(tf.tf_kernel, vi_sim_now(tf.tf_host) + 100 * MSEC, NULL);
	assert_false(tcp_timer_active(tp, TT_CORK));
	tcp_fixture_fini(&tf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_sample),
		cmocka_unit_test(least),
		cmocka_unit_test(bounds),
		cmocka_unit_test(thin), cmocka_unit_test(pacing),
		cmocka_unit_test(backoff),
		cmocka_unit_test(lazy_timers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
