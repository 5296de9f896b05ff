/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 9937's arithmetic. */
#include "netinet/tcp/tcp_test.h"

#define MSS	1000

/* Twenty segments were sent, of which the receiver SACKed some. */
static struct tcpcb *
prr_fixture(struct tcp_fixture *tf, uint32_t sacked)
{
	struct tcpcb *tp = tcp_fixture_init(tf);

	tp->t_maxseg = MSS;
	tp->snd_una = tp->snd_nxt = 1000;
	tp->snd_max = tp->snd_una + 20 * MSS;
	tp->snd_sacked = sacked;
	tp->snd_ssthresh = 10 * MSS;
	tp->t_tv->tv_rs = (struct tcp_rate){ 0 };
	return (tp);
}

static void
prr_fini(struct tcp_fixture *tf)
{
	tf->tf_tp->snd_max = tf->tf_tp->snd_nxt = tf->tf_tp->snd_una;
	tf->tf_tp->snd_sacked = 0;
	tcp_fixture_fini(tf);
}

/* 6.1: what was SACKed before the ACK is no part of it, what it delivered is, in either way. */
static void
begins(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	/* The third duplicate: three SACKed, one of them now. */
	tp = prr_fixture(&tf, 3 * MSS);
	tp->t_tv->tv_rs.rs_acked = MSS;
	tcp_prr_begin(tp);
	assert_int_equal(tp->t_lr.lr_prr.pr_recoverfs, 18 * MSS);
	/* An ACK of five, four of which had been SACKed; six others still are. */
	tp->snd_sacked = 6 * MSS;
	tp->t_tv->tv_rs.rs_acked = MSS;
	tp->t_tv->tv_rs.rs_ackadv = 5 * MSS;
	tcp_prr_begin(tp);
	assert_int_equal(tp->t_lr.lr_prr.pr_recoverfs, 15 * MSS);
	/* Never nothing: it is divided by. */
	tp->snd_sacked = 20 * MSS;
	tp->t_tv->tv_rs = (struct tcp_rate){ 0 };
	tcp_prr_begin(tp);
	assert_int_equal(tp->t_lr.lr_prr.pr_recoverfs, 1);
	/* The timer of RACK begins: nothing was delivered, one segment goes. */
	tcp_prr_ack(tp, 3 * MSS, false);
	assert_int_equal(tp->snd_cwnd, 4 * MSS);
	prr_fini(&tf);
}

/* 6.2, above the threshold: as much of it as was delivered of what was in flight, rounded up. */
static void
in_proportion(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = prr_fixture(&tf, 0);
	tcp_prr_begin(tp);
	tp->t_tv->tv_rs.rs_acked = MSS;
	tcp_prr_ack(tp, 18 * MSS, false);
	/* Half a segment is its share, but the first retransmission does not wait. */
	assert_int_equal(tp->snd_cwnd, 19 * MSS);
	tp->t_lr.lr_prr.pr_out = MSS;
	tcp_prr_ack(tp, 18 * MSS, true);
	assert_int_equal(tp->snd_cwnd, 18 * MSS);
	tp->t_tv->tv_rs.rs_acked = 2 * MSS + 1;
	tcp_prr_ack(tp, 16 * MSS, true);
	assert_int_equal(tp->snd_cwnd, 17 * MSS + 1);
	/* More was sent than that: nothing for now. */
	tp->t_lr.lr_prr.pr_out = 5 * MSS;
	tcp_prr_ack(tp, 14 * MSS, true);
	assert_int_equal(tp->snd_cwnd, 14 * MSS);
	prr_fini(&tf);
}

/* 6.2, below it: what was delivered, a segment more when all goes well, and never beyond it. */
static void
bounds(void **state)
{
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = prr_fixture(&tf, 0);
	tcp_prr_begin(tp);
	tp->t_lr.lr_prr.pr_out = MSS;
	tp->t_tv->tv_rs.rs_acked = 2 * MSS;
	tcp_prr_ack(tp, 5 * MSS, false);
	assert_int_equal(tp->snd_cwnd, 7 * MSS);
	tp->t_lr.lr_prr.pr_out = 3 * MSS;
	tcp_prr_ack(tp, 5 * MSS, true);
	assert_int_equal(tp->snd_cwnd, 8 * MSS);
	/* Much was delivered before and little sent for it: that may be made up for. */
	tp->t_tv->tv_rs.rs_acked = 4 * MSS;
	tcp_prr_ack(tp, 2 * MSS, false);
	assert_int_equal(tp->snd_cwnd, 7 * MSS);
	tcp_prr_ack(tp, 9 * MSS + 1, true);
	assert_int_equal(tp->snd_cwnd, 10 * MSS);
	/* An ACK that delivers nothing: a new window, say. */
	tp->t_tv->tv_rs.rs_acked = 0;
	tcp_prr_ack(tp, 2 * MSS, false);
	assert_int_equal(tp->snd_cwnd, 10 * MSS);
	prr_fini(&tf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins),
		cmocka_unit_test(in_proportion),
		cmocka_unit_test(bounds),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
