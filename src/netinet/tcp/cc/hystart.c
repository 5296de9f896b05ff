/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HyStart++ (RFC 9406): slow start is left when round trips grow, before the queue overflows.  When
 * they do, growth is a quarter as fast for five rounds (conservative slow start); if the round trip
 * falls again, it was chance and slow start goes on.  Only in the first slow start of a connection
 * (4.3).
 *
 * Deviation: the growth of an ACK is not limited to L segments, see newreno.c.
 *
 * With the persona linux CUBIC has the older HyStart (RFC 9438 4.10 allows it): from 16 segments on
 * slow start ends when the least of nine round trips is an eighth longer than the shortest of all,
 * or when ACKs follow each other closely for half of the shortest: then the path is full.
 */
#include "netinet/tcp/cc/cc.h"

#include "netinet/tcp/tcp_int.h"

#define HS_MIN_THRESH	(4 * MSEC)
#define HS_MAX_THRESH	(16 * MSEC)
#define HS_DIVISOR	8
#define HS_SAMPLES	8
#define HS_CSS_DIVISOR	4
#define HS_CSS_ROUNDS	5

#define HS_CLASSIC_WINDOW	16	/* segments */
#define HS_CLASSIC_TRAIN	(2 * MSEC)	/* between ACKs of a train */

void
cc_hystart_begin(struct tcpcb *tp)
{
	tp->t_lr.lr_hystart = (struct tcp_hystart){
	    .hs_lastmin = UINT64_MAX,
	    .hs_curmin = UINT64_MAX,
	    .hs_window = tp->snd_max,
	    .hs_done = !tp->t_tv->tv_hystart,
	};
}

void
cc_hystart_end(struct tcpcb *tp)
{
	tp->t_lr.lr_hystart.hs_done = true;
}

static uint64_t
hystart_thresh(uint64_t rtt)
{
	return (u64max(HS_MIN_THRESH, u64min(rtt / HS_DIVISOR, HS_MAX_THRESH)));
}

/* RFC 9406 4.2: is the delay rising; in CSS: did it fall again? */
static void
hystart_delay(struct tcpcb *tp, struct tcp_hystart *hs)
{
	if (hs->hs_samples < HS_SAMPLES || hs->hs_lastmin == UINT64_MAX)
		return;
	if (hs->hs_css != 0) {
		if (hs->hs_curmin < hs->hs_cssbase)
			hs->hs_css = 0;
		return;
	}
	if (hs->hs_curmin >= hs->hs_lastmin + hystart_thresh(hs->hs_lastmin)) {
		hs->hs_cssbase = hs->hs_curmin;
		hs->hs_css = 1;
		TCPSTAT_INC(tp->t_tv, tcps_hystart_css);
	}
}

static void
hystart_round(struct tcpcb *tp, struct tcp_hystart *hs)
{
	hs->hs_lastmin = hs->hs_curmin;
	hs->hs_curmin = UINT64_MAX;
	hs->hs_samples = 0;
	hs->hs_window = tp->snd_max;
	if (hs->hs_css != 0 && hs->hs_css++ >= HS_CSS_ROUNDS) {
		tp->snd_ssthresh = tp->snd_cwnd;
		hs->hs_done = true;
	}
}

/* Everything that was out when the round began is acknowledged; or that is 2 GB ago, in which nothing here was asked. */
static bool
hystart_over(const struct tcpcb *tp, const struct tcp_hystart *hs)
{
	return (SEQ_GEQ(tp->snd_una + tp->t_tv->tv_rs.rs_ackadv, hs->hs_window) || SEQ_GT(hs->hs_window, tp->snd_max));
}

/* n bytes of slow start; what the window may grow. */
uint32_t
cc_hystart(struct tcpcb *tp, uint32_t n)
{
	struct tcp_hystart *hs = &tp->t_lr.lr_hystart;
	const struct tcp_rate *rs = &tp->t_tv->tv_rs;

	if (hs->hs_done || hs->hs_classic)
		return (n);
	if (rs->rs_rtt != 0) {
		hs->hs_curmin = u64min(hs->hs_curmin, rs->rs_rtt);
		if (hs->hs_samples < UINT8_MAX)
			hs->hs_samples++;
		hystart_delay(tp, hs);
	}
	if (hs->hs_css != 0)
		n /= HS_CSS_DIVISOR;
	if (hystart_over(tp, hs))
		hystart_round(tp, hs);
	return (n);
}

static bool
hystart_train(struct tcp_hystart *hs, uint64_t now)
{
	if (now - hs->hs_lastack > HS_CLASSIC_TRAIN)
		return (false);
	hs->hs_lastack = now;
	return (now - hs->hs_roundstart > hs->hs_least / 2);
}

/* Before an ACK of slow start makes the window grow. */
void
cc_hystart_classic(struct tcpcb *tp)
{
	struct tcp_hystart *hs = &tp->t_lr.lr_hystart;
	const struct tcp_rate *rs = &tp->t_tv->tv_rs;
	uint64_t now = tcp_now(tp);
	bool found;

	if (rs->rs_rtt == 0 || tp->snd_cwnd >= tp->snd_ssthresh)
		return;
	hs->hs_least = hs->hs_least == 0 ? rs->rs_rtt : u64min(hs->hs_least, rs->rs_rtt);
	if (SEQ_GT(tp->snd_una + rs->rs_ackadv, hs->hs_window)) {
		hs->hs_window = tp->snd_max;
		hs->hs_roundstart = hs->hs_lastack = now;
		hs->hs_curmin = UINT64_MAX;
		hs->hs_samples = 0;
	}
	if (tp->snd_cwnd < HS_CLASSIC_WINDOW * tp->t_maxseg)
		return;
	found = hystart_train(hs, now);
	hs->hs_curmin = u64min(hs->hs_curmin, rs->rs_rtt);
	if (hs->hs_samples < HS_SAMPLES)
		hs->hs_samples++;
	else
		found |= hs->hs_curmin > hs->hs_least + hystart_thresh(hs->hs_least);
	if (!found)
		return;
	tp->snd_ssthresh = tp->snd_cwnd;
	hs->hs_done = true;
}
