/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HyStart++ (RFC 9406): slow start is left when round trips grow, before the queue overflows.  When
 * they do, growth is a quarter as fast for five rounds (conservative slow start); if the round trip
 * falls again, it was chance and slow start goes on.  Only in the first slow start of a connection
 * (4.3).
 *
 * Deviation: the growth of an ACK is not limited to L segments, see newreno.c.
 */
#include "netinet/tcp/cc/cc.h"

#include "netinet/tcp/tcp_int.h"

#define HS_MIN_THRESH	(4 * MSEC)
#define HS_MAX_THRESH	(16 * MSEC)
#define HS_DIVISOR	8
#define HS_SAMPLES	8
#define HS_CSS_DIVISOR	4
#define HS_CSS_ROUNDS	5

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

/* RFC 9406 4.2: is the delay rising; in CSS: did it fall again? */
static void
hystart_delay(struct tcpcb *tp, struct tcp_hystart *hs)
{
	uint64_t thresh;

	if (hs->hs_samples < HS_SAMPLES || hs->hs_lastmin == UINT64_MAX)
		return;
	if (hs->hs_css != 0) {
		if (hs->hs_curmin < hs->hs_cssbase)
			hs->hs_css = 0;
		return;
	}
	thresh = u64max(HS_MIN_THRESH, u64min(hs->hs_lastmin / HS_DIVISOR, HS_MAX_THRESH));
	if (hs->hs_curmin >= hs->hs_lastmin + thresh) {
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

/* n bytes of slow start; what the window may grow. */
uint32_t
cc_hystart(struct tcpcb *tp, uint32_t n)
{
	struct tcp_hystart *hs = &tp->t_lr.lr_hystart;
	const struct tcp_rate *rs = &tp->t_lr.lr_rs;

	if (hs->hs_done)
		return (n);
	if (rs->rs_rtt != 0) {
		hs->hs_curmin = u64min(hs->hs_curmin, rs->rs_rtt);
		if (hs->hs_samples < UINT8_MAX)
			hs->hs_samples++;
		hystart_delay(tp, hs);
	}
	if (hs->hs_css != 0)
		n /= HS_CSS_DIVISOR;
	if (SEQ_GEQ(tp->snd_una + rs->rs_ackadv, hs->hs_window))
		hystart_round(tp, hs);
	return (n);
}
