/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment for a connection in SYN_SENT (RFC 9293 3.10.7.3). */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

/* As Linux, where RFC 7323 3.2 asks for nothing: an echo of a time at which no SYN was sent. */
static bool
tcp_synsent_badecho(const struct tcpcb *tp, const struct tcp_seg *ts)
{
	const uint32_t ecr = ts->ts_to.to_tsecr;

	return (tcp_aslinux(tp) && tp->t_rtttime != 0 && (ts->ts_to.to_flags & TOF_TS) != 0 && ecr != 0 &&
	    (TSTMP_LT(ecr, tcp_ts(tp->t_rtttime, tp->t_tsoff)) || TSTMP_LT(tcp_ts(tcp_now(tp), tp->t_tsoff), ecr)));
}

/* First: the ACK, if there is one, must be of our SYN. */
static enum tcp_step
tcp_synsent_ack(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & TH_ACK) == 0 ||
	    (SEQ_GT(ts->ts_ack, tp->iss) && SEQ_LEQ(ts->ts_ack, tp->snd_max + tp->t_tfosent) &&
	    !tcp_synsent_badecho(tp, ts)))
		return (TSEG_NEXT);
	TCPSTAT_INC(ts->ts_tv, tcps_rcvsynsent);
	tcp_seg_reset(ts);
	return (TSEG_DONE);
}

/* Second: an RST counts only with an acceptable ACK. */
static enum tcp_step
tcp_synsent_rst(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & TH_RST) == 0)
		return (TSEG_NEXT);
	if (ts->ts_flags & TH_ACK) {
		tcp_seg_drop(ts);
		TCPSTAT_INC(ts->ts_tv, tcps_conndrops);
		tcp_close(tp, ECONNREFUSED);
		return (TSEG_GONE);
	}
	TCPSTAT_INC(ts->ts_tv, tcps_badrst);
	tcp_seg_drop(ts);
	return (TSEG_DONE);
}

static void
tcp_synsent_window(struct tcpcb *tp, const struct tcp_seg *ts)
{
	/* The window of a SYN is not scaled (RFC 7323 2.2). */
	tp->snd_wnd = tp->max_sndwnd = ts->ts_win;
	tp->snd_wl1 = ts->ts_seq;
	tp->snd_wl2 = ts->ts_ack;
}

/* SYN and ACK: established. */
static void
tcp_synsent_established(struct tcpcb *tp, struct tcp_seg *ts)
{
	if (tp->t_rtttime != 0) {
		tcp_rtt_sample(tp, tcp_rtt_elapsed(tp, tcp_now(tp)));
		tp->t_rtttime = 0;
	}
	tcp_tfo_answered(tp, ts);
	tp->snd_una = ts->ts_ack;
	tp->t_ackedbytes++;
	tp->t_rxtshift = 0;
	tcp_timer_stop(tp, TT_REXMT);
	tcp_established(tp);
	tcp_rto_set(tp);
	soisconnected(tcp_so(tp));
	if (tp->t_flags & TF_NEEDFIN) {
		tp->t_flags &= ~(uint32_t)TF_NEEDFIN;
		tcp_usrclosed(tp);
	}
}

void
tcp_seg_synsent(struct tcpcb *tp, struct tcp_seg *ts)
{
	if (tcp_synsent_ack(tp, ts) != TSEG_NEXT || tcp_synsent_rst(tp, ts) != TSEG_NEXT)
		return;
	if ((ts->ts_flags & TH_SYN) == 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvsynsent);
		tcp_seg_drop(ts);
		return;
	}
	tcp_rcvseqinit(tp, ts->ts_seq);
	tcp_synopts(tp, &ts->ts_to);
	tcp_ecn_synack(tp, ts->ts_flags);
	tcp_synsent_window(tp, ts);
	if ((ts->ts_flags & TH_ACK) == 0) {
		/* Both ends called at once (RFC 9293 3.5, figure 8). */
		tcp_seg_drop(ts);
		tcp_tfo_release(tp);
		tp->t_state = TCPS_SYN_RECEIVED;
		tcp_snd_syn(tp);
		return;
	}
	tcp_synsent_established(tp, ts);
	/* What came with the SYN is taken now; the SYN itself occupied the first number. */
	ts->ts_seq++;
	ts->ts_flags &= (uint16_t)~TH_SYN;
	if (ts->ts_len > 0 || (ts->ts_flags & (TH_FIN | TH_URG)) != 0) {
		/* One ACK for all of it, and that at once; the window was told with the SYN. */
		tp->rcv_adv = tp->rcv_nxt + u32min(tp->rcv_wnd, TCP_MAXWIN);
		tp->t_rcvunacked = 2 * tp->t_maxseg;
		tcp_seg_other(tp, ts);
		return;
	}
	tcp_seg_drop(ts);
	tcp_snd_ack(tp);
}
