/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * TCP Fast Open (RFC 7413).
 *
 * The listener (VI_TCP_FASTOPEN, net.inet.tcp.fastopen.server_enable): a SYN with a valid cookie
 * makes the connection at once, with its data, through tcp_listen_accept().  Its state is
 * ESTABLISHED with t_tfo telling that our SYN-ACK is not acknowledged yet: for the sequence space
 * the SYN counts as acknowledged, so data may be sent right away (4.2.2); the SYN-ACK has the
 * retransmission timer until any acceptable ACK comes.  Such connections are counted, and beyond
 * the listener's limit Fast Open pauses and the SYN goes the usual way (5.1).  The cookie is
 * tcp_tfokey.c's, perhaps with a pre-shared key of tcp_tfopsk.c; the caller's side is tcp_tfosyn.c.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"

/* What a listener shares with its connections: it has it until it is discarded, a connection as long as it is pending. */
void
tcp_tfo_unref(struct tcpcb *tp)
{
	struct tcp_tfopending *tfp = tp->t_tfopending;

	tp->t_tfopending = NULL;
	if (tfp != NULL && --tfp->tfp_refs == 0)
		kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, tfp, sizeof(*tfp));
}

/* The connection needs Fast Open's state no more, for whatever reason. */
void
tcp_tfo_release(struct tcpcb *tp)
{
	if (tp->t_tfo != TFO_NONE) {
		tp->t_tfopending->tfp_count--;
		tcp_tfo_unref(tp);
	}
	tp->t_tfo = TFO_NONE;
	tp->t_tfowait = false;
	if (tcp_so(tp) != NULL)
		tcp_so(tp)->so_state &= (uint16_t)~SS_FASTOPEN;
}

/* Makes what a listener shares with its connections. */
int
tcp_tfo_pending(struct tcpcb *tp)
{
	struct tcp_tfopending *tfp;

	if (tp->t_tfopending != NULL)
		return (0);
	tfp = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*tfp));
	if (tfp == NULL)
		return (ENOBUFS);
	tfp->tfp_refs = 1;
	tp->t_tfopending = tfp;
	return (0);
}

/* VI_TCP_FASTOPEN: how many may be pending; 0 = none, no Fast Open. */
int
tcp_tfo_setlimit(struct tcpcb *tp, int limit)
{
	int error;

	if (limit < 0)
		return (EINVAL);
	if (tp->t_state > TCPS_LISTEN)
		return (EINVAL);
	if ((error = tcp_tfo_pending(tp)) != 0)
		return (error);
	tp->t_tfolimit = (uint32_t)limit;
	return (0);
}

static bool
tcp_tfo_serves(const struct inpcb *listener, const struct tcp_seg *ts)
{
	return (ts->ts_tv->tv_tfo.tf_server && intotcpcb(listener)->t_tfolimit > 0 &&
		(ts->ts_to.to_flags & (TOF_SIGNATURE | TOF_AO)) == 0);
}

/* RFC 7413 7.3: where those who may call are known otherwise, data may be taken without a cookie; not where they are known by a pre-shared key. */
static bool
tcp_tfo_needless(const struct inpcb *listener, const struct tcp_seg *ts)
{
	return (!ts->ts_tv->tv_tfo.tf_psk && (ts->ts_tv->tv_tfo.tf_nocookie || intotcpcb(listener)->t_tfonocookie));
}

/* Does this SYN deserve a cookie in the answer? */
bool
tcp_tfo_wanted(const struct inpcb *listener, const struct tcp_seg *ts)
{
	return ((ts->ts_to.to_flags & TOF_FASTOPEN) != 0 && !tcp_tfo_needless(listener, ts) &&
		tcp_tfo_serves(listener, ts));
}

/* RFC 7413 4.2.2: may this SYN make a connection at once? */
bool
tcp_tfo_valid(const struct inpcb *listener, const struct tcp_seg *ts)
{
	const bool option = (ts->ts_to.to_flags & TOF_FASTOPEN) != 0, any = tcp_tfo_needless(listener, ts);
	const struct tcpcb *ltp = intotcpcb(listener);

	if (!tcp_tfo_serves(listener, ts) || (!option && (!any || ts->ts_len == 0)))
		return (false);
	if (!any && ts->ts_to.to_tfolen == 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_tfo_requests);
		return (false);
	}
	if (ltp->t_tfopending->tfp_count >= ltp->t_tfolimit) {
		TCPSTAT_INC(ts->ts_tv, tcps_tfo_overflow);
		return (false);
	}
	return (any || tcp_tfo_iscookie(ltp, ts));
}

/* tp was just made from the SYN ts; the segment is consumed. */
void
tcp_tfo_accept(const struct tcpcb *ltp, struct tcpcb *tp, struct tcp_seg *ts)
{
	TCPSTAT_INC(ts->ts_tv, tcps_tfo_accepts);
	tp->t_tfodata = ts->ts_len > 0;
	tp->t_tfopending = ltp->t_tfopending;
	tp->t_tfopending->tfp_refs++;
	tp->t_tfopending->tfp_count++;
	tp->t_tfo = TFO_SYNACK_DUE;
	if ((ts->ts_to.to_flags & TOF_FASTOPEN) && ts->ts_to.to_tfolen == TFO_COOKIELEN &&
	    !tcp_tfo_needless(&ltp->t_inpcb, ts)) {
		tp->t_tfoexp = (ts->ts_to.to_flags & TOF_TFOEXP) != 0;
		tp->t_tfoanew = tcp_tfo_keyof(ltp, ts) != 0;
	}
	/* As if it were <SEQ><ACK=ISS+1>. */
	ts->ts_seq++;
	ts->ts_flags = (uint16_t)((ts->ts_flags & ~TH_SYN) | TH_ACK);
	ts->ts_ack = tp->snd_una;
	tcp_seg_other(tp, ts);
}

/* The SYN-ACK, first or again. */
void
tcp_tfo_synack(struct tcpcb *tp)
{
	uint8_t opts[TCP_MAXOLEN];
	const uint16_t mss = tcp_ourmss(tp);
	size_t optlen = tcp_options_syn(tp, mss, opts, tcp_now(tp));
	uint32_t win = tcp_synwindow(tp, tcp_persona_synwin(
	    tp->t_tv, tcp_rcv_window(tp), tp->t_maxseg + tcp_options_len(tp)), mss);

	tp->t_tfo = TFO_SYNACK_SENT;
	tp->t_tfoanew = false;		/* RFC 7413 4.2.2: but once */
	if (tp->t_rtttime == 0 && tp->t_nsynrexmt == 0) {
		tp->t_rtttime = u64max(tcp_now(tp), 1);
		tp->t_rtseq = tp->iss + 1;
	}
	tcp_timer_rexmt_restart(tp);
	TCPSTAT_INC(tp->t_tv, tcps_sndctrl);
	(void)tcp_snd_bare(tp, tp->iss, TH_SYN | TH_ACK, opts, optlen, win, 0);
	tp->rcv_adv = SEQ_MAX(tp->rcv_adv, tp->rcv_nxt + win);
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_rcvunacked = 0;
	tp->t_flags &= ~(uint32_t)(TF_ACKNOW | TF_DELACK);
	tcp_timer_stop(tp, TT_DELACK);
}

/*
 * A segment for a connection whose SYN-ACK is on its way.  True: it was the SYN again, answered and
 * consumed.
 */
bool
tcp_tfo_input(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN && ts->ts_seq == tp->irs) {
		tcp_seg_drop(ts);
		tcp_tfo_synack(tp);
		return (true);
	}
	if (tp->t_tfo != TFO_SYNACK_SENT || (ts->ts_flags & (TH_ACK | TH_RST | TH_SYN)) != TH_ACK ||
	    SEQ_LEQ(ts->ts_ack, tp->iss) || SEQ_GT(ts->ts_ack, tp->snd_max) ||
	    SEQ_LT(ts->ts_seq, tp->irs) || SEQ_GT(ts->ts_seq, tp->rcv_adv))
		return (false);
	if (tp->t_rtttime != 0 && tp->t_rtseq == tp->iss + 1) {
		tcp_rtt_sample(tp, tcp_rtt_elapsed(tp, tcp_now(tp)));
		tp->t_rtttime = 0;
	}
	tp->t_rxtshift = 0;
	tcp_rto_set(tp);
	if (tcp_outstanding(tp) > 0)
		tcp_timer_rexmt_restart(tp);
	else
		tcp_timer_stop(tp, TT_REXMT);
	tcp_tfo_release(tp);
	return (false);
}
