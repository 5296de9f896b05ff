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
		cmocka_unit_test(bounds),
		cmocka_unit_test(backoff),
		cmocka_unit_test(lazy_timers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
