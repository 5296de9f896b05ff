/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A segment for a connection in SYN_RECEIVED or later (RFC 9293 3.10.7.4), step by step in the
 * order of the RFC: PAWS (RFC 7323 5.3) and sequence check, RST, SYN, ACK, URG, text, FIN.  (The
 * third step, security, does not exist any more.)
 *
 * tcp_seg_fast() recognises what nearly every segment is: in order, nothing unusual, an ACK of
 * something new or data or both; it takes the same actions as the long way.
 *
 * Steps return TSEG_DONE when the segment is consumed, and TSEG_GONE when the connection is.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"

/*
 * RFC 7323 4.3: the timestamp to echo is that of the segment, from seq, that covers the last ACK sent.  Not
 * of one whose ACK will be refused (RFC 5961 5.2): PAWS would then shut out the peer.
 */
static void
tcp_seg_tsrecent(struct tcpcb *tp, const struct tcp_seg *ts, uint32_t seq)
{
	if ((ts->ts_to.to_flags & TOF_TS) == 0 || (tp->t_flags & TF_RCVD_TSTMP) == 0)
		return;
	if ((ts->ts_flags & TH_ACK) != 0 && (SEQ_GT(ts->ts_ack, tp->snd_max) ||
	    SEQ_LT(ts->ts_ack, tp->snd_una - tp->max_sndwnd)))
		return;
	if (SEQ_LEQ(seq, tp->last_ack_sent) &&
	    TSTMP_GEQ(ts->ts_to.to_tsval, tp->ts_recent)) {
		tp->ts_recent = ts->ts_to.to_tsval;
		tp->ts_recent_age = tcp_now(tp);
	}
}

/* Is there anything tcp_output() might send? */
static bool
tcp_seg_output_due(const struct tcpcb *tp)
{
	return (
	    (tp->t_flags & TF_ACKNOW) != 0 || tcp_so(tp)->so_snd.sb_cc > tp->snd_nxt - tp->snd_una);
}

/* May the segment take the short way? */
static bool
tcp_seg_isfast(const struct tcpcb *tp, const struct tcp_seg *ts)
{
	const uint32_t slow =
	    TF_FASTRECOVERY | TF_RTO | TF_NEEDFIN | TF_SENTFIN | TF_USERCLOSED | TF_RCVFIN;

	if (tp->t_state != TCPS_ESTABLISHED || tp->t_tfo != TFO_NONE ||
	    (ts->ts_flags & (TH_FLAGMASK & ~(TH_PUSH | TH_ECE | TH_CWR | TH_AE))) != TH_ACK ||
	    ts->ts_seq != tp->rcv_nxt || (tp->t_flags & slow) != 0 || tp->snd_nxt != tp->snd_max ||
	    tp->t_dupacks != 0 || tp->snd_nsack != 0 || (ts->ts_to.to_flags & (TOF_SACK | TOF_UTO)) != 0 ||
	    tp->t_segqlen != 0)
		return (false);
	if (tp->t_flags & TF_RCVD_TSTMP) {
		if ((ts->ts_to.to_flags & TOF_TS) == 0 ||
		    TSTMP_LT(ts->ts_to.to_tsval, tp->ts_recent))
			return (false);
	}
	if (SEQ_LT(ts->ts_ack, tp->snd_una) || SEQ_GT(ts->ts_ack, tp->snd_max))
		return (false);
	if (ts->ts_len == 0)
		return (ts->ts_ack != tp->snd_una);
	return (ts->ts_len <= tp->rcv_adv - tp->rcv_nxt && SEQ_GT(tp->rcv_adv, tp->rcv_nxt));
}

static void
tcp_seg_fast(struct tcpcb *tp, struct tcp_seg *ts)
{
	tcp_seg_tsrecent(tp, ts, ts->ts_seq);
	tcp_ecn_input(tp, ts);
	tcp_ack_window(tp, ts);
	tp->t_keepsent = 0;
	if (ts->ts_ack != tp->snd_una)
		tcp_ack_fast(tp, ts);
	if (ts->ts_len > 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_preddat);
		tcp_rcv_inorder(tp, ts);
	} else {
		TCPSTAT_INC(ts->ts_tv, tcps_predack);
		tp->t_lastrcvd = tcp_now(tp);
		tcp_seg_drop(ts);
	}
	if (tcp_seg_output_due(tp))
		tcp_output(tp);
}

/*
 * May a segment that is not acceptable be answered with an ACK?  Always when it brings something; a
 * bare ACK at most every 500 ms: two ends that find each other's ACKs unacceptable (somebody on the
 * path can bring that about) would go on answering each other for ever.
 */
static bool
tcp_seg_mayanswer(struct tcpcb *tp, const struct tcp_seg *ts)
{
	uint64_t now = tcp_now(tp);

	if (ts->ts_len > 0 || (ts->ts_flags & (TH_SYN | TH_FIN)) != 0)
		return (true);
	if (tp->t_oowack != 0 && now - tp->t_oowack < 500 * MSEC) {
		TCPSTAT_INC(ts->ts_tv, tcps_oow_limited);
		return (false);
	}
	tp->t_oowack = u64max(now, 1);
	return (true);
}

/* RFC 7323 5.3 R1, with 5.5: after 24 days without a segment the old timestamp proves nothing. */
static enum tcp_step
tcp_seg_check_paws(struct tcpcb *tp, struct tcp_seg *ts)
{
	/* RFC 7323 3.2: once agreed on, timestamps are in every segment but an RST. */
	if ((tp->t_flags & TF_RCVD_TSTMP) != 0 && !ts->ts_tv->tv_tolerate_missing_ts &&
	    (ts->ts_to.to_flags & TOF_TS) == 0 && (ts->ts_flags & TH_RST) == 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvmissingts);
		tcp_seg_drop(ts);
		return (TSEG_DONE);
	}
	if ((tp->t_flags & TF_RCVD_TSTMP) == 0 || (ts->ts_to.to_flags & TOF_TS) == 0 ||
	    (ts->ts_flags & TH_RST) != 0 || !TSTMP_LT(ts->ts_to.to_tsval, tp->ts_recent))
		return (TSEG_NEXT);
	if (tcp_now(tp) - tp->ts_recent_age > 24ull * 86400 * SEC) {
		tp->ts_recent = ts->ts_to.to_tsval;
		return (TSEG_NEXT);
	}
	TCPSTAT_INC(ts->ts_tv, tcps_pawsdrop);
	if (ts->ts_len > 0)
		tcp_rsack_dup(tp, ts->ts_seq, ts->ts_seq + ts->ts_len);
	tcp_seg_drop(ts);
	if (tcp_seg_mayanswer(tp, ts))
		tcp_snd_ack(tp);
	return (TSEG_DONE);
}

/* Not in the window: an ACK tells the peer where we are (RFC 9293 3.10.7.4, first step). */
static enum tcp_step
tcp_seg_unacceptable(struct tcpcb *tp, struct tcp_seg *ts)
{
	if (ts->ts_flags & TH_RST) {
		TCPSTAT_INC(ts->ts_tv, tcps_badrst);
		tcp_seg_drop(ts);
	} else {
		tcp_seg_drop(ts);
		if (tcp_seg_mayanswer(tp, ts))
			tcp_snd_ack(tp);
	}
	return (TSEG_DONE);
}

/* The front of the segment was received before. */
static void
tcp_seg_trim_front(struct tcpcb *tp, struct tcp_seg *ts)
{
	uint32_t dup = tp->rcv_nxt - ts->ts_seq;
	bool answer = tcp_seg_mayanswer(tp, ts);

	if (ts->ts_flags & TH_SYN) {
		/* SYN_RECEIVED: the peer's SYN once more; the rest is as good as any. */
		tcp_rsack_dup(tp, ts->ts_seq, ts->ts_seq + 1);
		ts->ts_flags &= (uint16_t)~TH_SYN;
		ts->ts_seq++;
		dup--;
	}
	if (ts->ts_urp > dup) {
		ts->ts_urp = (uint16_t)(ts->ts_urp - dup);
	} else {
		ts->ts_flags &= (uint16_t)~TH_URG;
		ts->ts_urp = 0;
	}
	if (dup > ts->ts_len || (dup == ts->ts_len && (ts->ts_flags & TH_FIN) == 0)) {
		/*
		 * Nothing new.  Its ACK still counts (RFC 9293 3.10.7.4: "valid ACKs and RSTs"),
		 * and it is answered.
		 */
		if (ts->ts_len > 0) {
			TCPSTAT_INC(ts->ts_tv, tcps_rcvduppack);
			tcp_rsack_dup(tp, ts->ts_seq, ts->ts_seq + ts->ts_len);
		}
		ts->ts_flags &= (uint16_t)~TH_FIN;
		dup = ts->ts_len;
		if (answer)
			tp->t_flags |= TF_ACKNOW;
	} else if (dup > 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvpartduppack);
		tcp_rsack_dup(tp, ts->ts_seq, ts->ts_seq + dup);
		tp->t_flags |= TF_ACKNOW;
	}
	m_adj(ts->ts_m, (ptrdiff_t)dup);
	ts->ts_len -= dup;
	ts->ts_seq += dup;
}

/*
 * First: the sequence number (RFC 9293 3.4, 3.10.7.4), and what lies outside the window is cut off.
 */
static enum tcp_step
tcp_seg_check_seq(struct tcpcb *tp, struct tcp_seg *ts)
{
	uint32_t wnd = SEQ_GT(tp->rcv_adv, tp->rcv_nxt) ? tp->rcv_adv - tp->rcv_nxt : 0, end, over;

	end = ts->ts_seq + ts->ts_len + ((ts->ts_flags & TH_SYN) != 0) + ((ts->ts_flags & TH_FIN) != 0);
	/* Entirely old: keepalives and lost ACKs look like this. */
	if (SEQ_LT(ts->ts_seq, tp->rcv_nxt)) {
		if (SEQ_LT(ts->ts_seq, tp->rcv_nxt - u32max(tp->rcv_wnd, TCP_MAXWIN) * 2) ||
		    (ts->ts_flags & TH_RST) != 0)
			return (tcp_seg_unacceptable(tp, ts));
		tcp_seg_trim_front(tp, ts);
		end = ts->ts_seq + ts->ts_len + ((ts->ts_flags & TH_FIN) != 0);
	}
	if (!SEQ_GT(end, tp->rcv_nxt + wnd))
		return (TSEG_NEXT);
	over = end - (tp->rcv_nxt + wnd);
	if (wnd == 0 && ts->ts_seq == tp->rcv_nxt) {
		/*
		 * A probe of our closed window: ACK, URG and RST count, the rest does not (RFC 9293
		 * 3.10.7.4, MUST-66); that an RST has data (SHLD-2) changes nothing.
		 */
		if ((ts->ts_flags & TH_RST) == 0)
			TCPSTAT_INC(ts->ts_tv, tcps_rcvwinprobe);
	} else if (SEQ_GEQ(ts->ts_seq, tp->rcv_nxt + wnd)) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvpackafterwin);
		return (tcp_seg_unacceptable(tp, ts));
	}
	tp->t_flags |= TF_ACKNOW;
	if (ts->ts_flags & TH_FIN) {
		ts->ts_flags &= (uint16_t)~TH_FIN;
		over--;
	}
	over = u32min(over, ts->ts_len);
	m_adj(ts->ts_m, -(ptrdiff_t)over);
	ts->ts_len -= over;
	return (TSEG_NEXT);
}

/*
 * Second: RST.  RFC 5961 3.2: believed only at exactly RCV.NXT; elsewhere in the window it draws a
 * challenge ACK. (Outside it was dropped by the sequence check.)
 */
static enum tcp_step
tcp_seg_rst(struct tcpcb *tp, struct tcp_seg *ts)
{
	int error;

	if ((ts->ts_flags & TH_RST) == 0)
		return (TSEG_NEXT);
	if (ts->ts_seq != tp->rcv_nxt && !ts->ts_tv->tv_insecure_rst) {
		TCPSTAT_INC(ts->ts_tv, tcps_badrst);
		tcp_challenge(tp, ts);
		return (TSEG_DONE);
	}
	tcp_seg_drop(ts);
	error = tp->t_state == TCPS_SYN_RECEIVED ? ECONNREFUSED
		: tp->t_state == TCPS_CLOSE_WAIT ? EPIPE
						 : ECONNRESET;
	if (tp->t_state == TCPS_CLOSING || tp->t_state == TCPS_LAST_ACK)
		error = 0;
	else
		TCPSTAT_INC(ts->ts_tv, tcps_drops);
	tcp_close(tp, error);
	return (TSEG_GONE);
}

/*
 * Fourth: SYN in a synchronized state (RFC 5961 4.2): a challenge ACK, whatever its number.  In SYN_RECEIVED, of two
 * ends that called at once, the peer's own SYN comes again.
 */
static enum tcp_step
tcp_seg_syn(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & (TH_SYN | TH_RST)) != TH_SYN ||
	    (tp->t_state == TCPS_SYN_RECEIVED && ts->ts_seq == tp->irs))
		return (TSEG_NEXT);
	TCPSTAT_INC(ts->ts_tv, tcps_badsyn);
	if (ts->ts_tv->tv_insecure_syn && SEQ_GEQ(ts->ts_seq, tp->rcv_nxt) &&
	    SEQ_LT(ts->ts_seq, tp->rcv_adv)) {	/* as it was in RFC 793 */
		tcp_seg_drop(ts);
		tcp_drop(tp, ECONNRESET);
		return (TSEG_GONE);
	}
	tcp_challenge(tp, ts);
	return (TSEG_DONE);
}

/* Fifth, SYN_RECEIVED (simultaneous open): the ACK of our SYN completes the handshake. */
static enum tcp_step
tcp_seg_ack_synrcvd(struct tcpcb *tp, struct tcp_seg *ts)
{
	if (SEQ_LT(ts->ts_ack, tp->snd_max) || SEQ_GT(ts->ts_ack, tp->snd_max + tp->t_tfosent)) {
		tcp_seg_reset(ts);
		return (TSEG_DONE);
	}
	if (tp->t_tfosent > 0)		/* both sides called, and our first SYN brought data */
		tcp_tfo_answered(tp, ts);
	tp->snd_una = ts->ts_ack;
	tp->t_ackedbytes++;
	tp->snd_wnd = ts->ts_win;
	tp->max_sndwnd = u32max(tp->max_sndwnd, tp->snd_wnd);
	tp->snd_wl1 = ts->ts_seq;
	tp->snd_wl2 = ts->ts_ack;
	tp->t_rtttime = 0;
	tp->t_rxtshift = 0;
	tcp_timer_stop(tp, TT_REXMT);
	tcp_established(tp);
	tcp_rto_set(tp);
	soisconnected(tcp_so(tp));
	if (tp->t_flags & TF_NEEDFIN) {
		tp->t_flags &= ~(uint32_t)TF_NEEDFIN;
		tcp_usrclosed(tp);
	}
	return (TSEG_NEXT);
}

static enum tcp_step
tcp_seg_ack(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & TH_ACK) == 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvnoack);
		tcp_seg_drop(ts);
		/*
		 * The peer's SYN again (simultaneous open, RFC 9293 3.5): what it missed is our
		 * SYN-ACK.
		 */
		if (tp->t_state == TCPS_SYN_RECEIVED && (tp->t_flags & TF_ACKNOW) != 0)
			tcp_output(tp);
		return (TSEG_DONE);
	}
	if (tp->t_state == TCPS_SYN_RECEIVED)
		return (tcp_seg_ack_synrcvd(tp, ts));
	return (tcp_ack(tp, ts));
}

/* Takes the urgent byte, off bytes into the in-order segment, out of the stream. */
static void
tcp_seg_pulloob(struct tcpcb *tp, struct tcp_seg *ts, uint32_t off)
{
	struct socket *so = tcp_so(tp);
	struct mbuf *rest;

	if (m_copydata(ts->ts_m, off, 1, &so->so_oobbyte) != 0)
		return;
	so->so_hasoob = true;
	sohasoutofband(so);
	if (off == 0) {
		m_adj(ts->ts_m, 1);
	} else if (off == ts->ts_len - 1) {
		m_adj(ts->ts_m, -1);
	} else if ((rest = m_split(ts->ts_m, off)) != NULL) {
		m_adj(rest, 1);
		m_cat(ts->ts_m, rest);
	} else {
		return;			/* no memory: the byte stays in the stream, too */
	}
	ts->ts_len--;
	ts->ts_pulled = 1;
}

/*
 * Sixth: URG.  SEG.UP names the byte after the last urgent one (RFC 9293 3.8.5, MUST-62; RFC 6093
 * 3.1).  That one byte is the urgent one (6093 2.2: nobody reads more); if it comes out of order it
 * stays in the stream.
 */
static void
tcp_seg_urg(struct tcpcb *tp, struct tcp_seg *ts)
{
	struct socket *so = tcp_so(tp);
	uint32_t up = ts->ts_seq + ts->ts_urp;

	if ((ts->ts_flags & TH_URG) == 0 || ts->ts_urp == 0 || TCPS_HAVERCVDFIN(tp->t_state) ||
	    SEQ_LEQ(up, tp->rcv_nxt)) {
		if (SEQ_GT(tp->rcv_nxt, tp->rcv_up))
			tp->rcv_up = tp->rcv_nxt;
		return;
	}
	if (SEQ_GT(up, tp->rcv_up)) {
		tp->rcv_up = up;
		so->so_oobmark = so->so_rcv.sb_cc + (up - tp->rcv_nxt) - 1;
		so->so_hasoob = false;
		sohasoutofband(so);
	}
	if ((so->so_options & SO_OOBINLINE) == 0 && !so->so_hasoob && ts->ts_seq == tp->rcv_nxt &&
	    tp->rcv_up - 1 - ts->ts_seq < ts->ts_len)
		tcp_seg_pulloob(tp, ts, tp->rcv_up - 1 - ts->ts_seq);
}

/*
 * RFC 9293 3.6.1 (SHLD-3), RFC 2525 2.17: the user is gone, nobody will read this.
 * SEG.ACK is what the peer awaits, whatever of ours is still on its way (RFC 5961 3.2).
 */
static bool
tcp_seg_afterclose(struct tcpcb *tp, struct tcp_seg *ts)
{
	if (!tcp_orphan(tp) || ts->ts_len == 0 || tp->t_state < TCPS_FIN_WAIT_1)
		return (false);
	TCPSTAT_INC(ts->ts_tv, tcps_rcvafterclose);
	TCPSTAT_INC(ts->ts_tv, tcps_drops);
	tcp_snd_rstat(tp, ts->ts_ack, TH_RST);
	tcp_seg_drop(ts);
	tcp_close(tp, 0);
	return (true);
}

/* Seventh: text, where text may still come. */
static void
tcp_seg_text(struct tcpcb *tp, struct tcp_seg *ts)
{
	if (tp->t_state == TCPS_ESTABLISHED || tp->t_state == TCPS_FIN_WAIT_1 ||
	    tp->t_state == TCPS_FIN_WAIT_2)
		tcp_rcv_text(tp, ts);
	tcp_seg_drop(ts);
}

/* Eighth: FIN, once everything before it is there. */
enum tcp_step
tcp_seg_fin(struct tcpcb *tp)
{
	if (TCPS_HAVERCVDFIN(tp->t_state) || tp->rcv_nxt != tp->rcv_fin)
		return (TSEG_NEXT);
	tp->rcv_nxt++;
	tp->t_flags &= ~(uint32_t)TF_RCVFIN;
	if (tp->t_state != TCPS_ESTABLISHED || !tcp_persona_delayfin(tp))
		tp->t_flags |= TF_ACKNOW;
	socantrcvmore(tcp_so(tp));
	switch (tp->t_state) {
	case TCPS_SYN_RECEIVED:
	case TCPS_ESTABLISHED:
		tp->t_state = TCPS_CLOSE_WAIT;
		break;
	case TCPS_FIN_WAIT_1:
		tp->t_state = TCPS_CLOSING;
		break;
	case TCPS_FIN_WAIT_2:
		tcp_snd_ack(tp);
		tcp_timewait_start(tp);
		return (TSEG_GONE);
	default:
		break;
	}
	return (TSEG_NEXT);
}

void
tcp_seg_other(struct tcpcb *tp, struct tcp_seg *ts)
{
	const uint32_t seq = ts->ts_seq;	/* as it came: its front may be cut off */
	uint32_t finseq;

	if (tp->t_tfo != TFO_NONE && tcp_tfo_input(tp, ts))
		return;
	if (tcp_seg_isfast(tp, ts)) {
		tcp_seg_fast(tp, ts);
		return;
	}
	/* SYN comes before the sequence check: RFC 5961 4.2 wants the answer wherever it lies. */
	if (tcp_seg_check_paws(tp, ts) != TSEG_NEXT || tcp_seg_syn(tp, ts) != TSEG_NEXT ||
	    tcp_seg_check_seq(tp, ts) != TSEG_NEXT || tcp_seg_rst(tp, ts) != TSEG_NEXT)
		return;
	tcp_seg_tsrecent(tp, ts, seq);
	/* RFC 3168 6.1.5: what is old as a whole may be forged. */
	if (seq == ts->ts_seq || ts->ts_len > 0)
		tcp_ecn_input(tp, ts);
	if (ts->ts_to.to_flags & TOF_UTO)
		tcp_uto_rcvd(tp, ts->ts_to.to_uto);
	if (tcp_seg_ack(tp, ts) != TSEG_NEXT) {
		tcp_seg_drop(ts);
		return;
	}
	if (tcp_seg_afterclose(tp, ts))
		return;
	finseq = ts->ts_seq + ts->ts_len;
	if (ts->ts_flags & TH_FIN)
		tp->t_flags |= TF_PINGPONG;	/* our own FIN is likely to follow, with the ACK of what comes here */
	tcp_seg_urg(tp, ts);
	tcp_seg_text(tp, ts);
	if (ts->ts_flags & TH_FIN) {
		tp->t_flags |= TF_RCVFIN;
		tp->rcv_fin = finseq;
	}
	if ((tp->t_flags & TF_RCVFIN) && tcp_seg_fin(tp) == TSEG_GONE)
		return;
	tcp_output(tp);
}
