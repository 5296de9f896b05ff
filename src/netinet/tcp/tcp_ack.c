/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * What an acknowledgment does (RFC 9293 3.10.7.4, fifth step): frees the send buffer, measures the
 * round trip, moves the window, and tells losses: with SACK by time (RACK, RFC 8985) or, where that
 * is switched off, by the scoreboard (RFC 6675); without SACK by duplicate ACKs (RFC 5681 3.2,
 * 6582).
 *
 * Recovery has three states, shown in t_flags:
 *	none		duplicates are counted; the first two let new data out (RFC 3042)
 *	TF_FASTRECOVERY	a loss was seen; ends when snd_recover is acknowledged.  With SACK the
 *			window follows PRR (RFC 9937), and the records or the scoreboard say what
 *			goes out (tcp_snd.c); without it each partial ACK resends one segment,
 *			and duplicates inflate the window
 *	TF_RTO		after a timeout: what is lost (RACK) or everything from snd_una is sent
 *			again; no fast recovery until snd_recover is acknowledged
 *
 * Each ACK begins with tcp_rate_begin(); records of what it delivers add to tv_rs, which PRR,
 * HyStart++ and rate-based congestion control read; tcp_ack_end() closes it.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"
#include "netinet/tcp/cc/cc.h"

static bool
tcp_sack_on(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_SACK_PERMIT) != 0);
}

/*
 * RFC 6298 3: from the timed segment; after a retransmission, when none is timed, from the
 * timestamp that came back (RFC 7323 4.1), which is precise to a millisecond only.
 */
static void
tcp_ack_rtt(struct tcpcb *tp, const struct tcp_seg *ts, uint32_t ack)
{
	uint64_t now = tcp_now(tp);
	uint32_t ms;

	if (tp->t_rtttime != 0) {
		if (SEQ_GEQ(ack, tp->t_rtseq)) {
			tcp_rtt_sample(tp, tcp_rtt_elapsed(tp, now));
			tp->t_rtttime = 0;
		}
		return;
	}
	if ((ts->ts_to.to_flags & TOF_TS) == 0 || (tp->t_flags & TF_RCVD_TSTMP) == 0 ||
	    ts->ts_to.to_tsecr == 0 || tp->t_srtt != 0)
		return;
	ms = tcp_ts(now, tp->t_tsoff) - ts->ts_to.to_tsecr;
	if (ms < 1u << 20)
		tcp_rtt_sample(tp, u64max(ms, 1) * MSEC);
}

/* RFC 6298 5.2, 5.3. */
static void
tcp_ack_timer(struct tcpcb *tp)
{
	if (tp->t_rxtshift != 0)
		tcp_rto_over(tp);
	if (tp->snd_una == tp->snd_max)
		tcp_timer_stop(tp, TT_REXMT);
	else if (!tcp_timer_active(tp, TT_PERSIST))
		tcp_timer_rexmt_restart(tp);
}

/*
 * Bytes leave the send buffer; the user is woken when the room passes the mark that poll looks at.
 */
void
tcp_ack_free(struct tcpcb *tp, uint32_t acked)
{
	struct socket *so = tcp_so(tp);
	struct sockbuf *sb = &so->so_snd;
	uint32_t before = sbspace(sb), n = u32min(acked, sb->sb_cc);

	if (n == 0)
		return;
	sbdrop(sb, n);
	tp->t_ackedbytes += n;
	if (tp->t_nmarks > 0)
		tcp_mark_acked(tp, tp->snd_una + n);
	if (sb->sb_cc == 0)
		tcp_chrono(tp);
	if (so->so_starved || (before < sb->sb_hiwat / 3 && sbspace(sb) >= sb->sb_hiwat / 3)) {
		tp->t_chrono.tc_nospace = false;
		sowwakeup(so);
	}
}

/*
 * RFC 9293 3.8.2, RFC 5681 3.1: a window that was not used must not grow; RFC 7661 4.3 calls it
 * validated when half of it was.
 */
static void
tcp_ack_grow(struct tcpcb *tp, uint32_t acked, uint32_t flight)
{
	if (flight >= tp->snd_cwnd / 2)
		tp->t_lr.lr_cwndvalid = tcp_now(tp);
	if (tcp_flight_full(tp, flight)) {
		if ((tp->t_flags & TF_FASTRECOVERY) == 0 && (tp->t_ecn & TE_CWR) == 0 &&
		    tp->t_cc->cc_ack != NULL)
			tp->t_cc->cc_ack(tp, acked);
		tp->snd_cwnd = u32min(tp->snd_cwnd, (uint32_t)TCP_MAXWIN << TCP_MAX_WINSHIFT);
		tcp_snd_autosize(tp);
	}
}

/*
 * As Linux: what SACKs, or duplicates without them, told to have left the network the ACK after
 * them does not tell again (RFC 5681 3.1 allows less growth than a segment for each ACK).
 */
static uint32_t
tcp_ack_told(const struct tcpcb *tp, uint32_t acked)
{
	if (!tcp_aslinux(tp))
		return (acked);
	if (tcp_sack_on(tp))
		return (u32min(acked, tp->t_tv->tv_rs.rs_acked));
	return (acked - u32min(acked, tp->t_dupacks * tp->t_maxseg));
}

/* ack is beyond snd_una: everything that follows from it but the recovery of losses. */
void
tcp_ack_advance(struct tcpcb *tp, const struct tcp_seg *ts, uint32_t ack)
{
	uint32_t acked = ack - tp->snd_una, flight = tcp_outstanding(tp);

	TCPSTAT_INC(ts->ts_tv, tcps_rcvackpack);
	TCPSTAT_ADD(ts->ts_tv, tcps_rcvackbyte, acked);
	tcp_rec_acked(tp, ack, tcp_now(tp));
	if (tp->t_flags & TF_MTUPROBE)
		tcp_mtup_acked(tp, ack);
	tp->t_tv->tv_rs.rs_ackadv = acked;
	tcp_ack_rtt(tp, ts, ack);
	tcp_ack_grow(tp, tcp_ack_told(tp, acked), flight);
	tcp_ack_free(tp, acked);
	tp->snd_una = ack;
	if (SEQ_LT(tp->snd_nxt, ack))
		tp->snd_nxt = ack;
	if (SEQ_LT(tp->snd_up, ack))
		tp->snd_up = ack;
	if (tp->snd_nsack > 0 || SEQ_LT(tp->snd_highrxt, ack))
		tcp_sack_advance(tp, ack);
	tcp_ack_timer(tp);
	tp->t_lastack = tcp_now(tp);
	tp->t_softerror = 0;
	tcp_heard(tp);
	/* As Linux: VI_MSG_MORE holds for what else the user sends now, not for what ACKs let go. */
	if (tcp_aslinux(tp))
		tp->t_flags &= ~(uint32_t)TF_MORE;
}

/* It was taken back with data outstanding (tcp_rexmt_giveup()), and opens: that goes again soon. */
static __attribute__((noinline)) void
tcp_ack_reopened(struct tcpcb *tp)
{
	tcp_rto_over(tp);
	tcp_timer_rexmt_restart(tp);
}

/* RFC 9293 3.10.7.4: SND.WND, from the newest segment only. */
void
tcp_ack_window(struct tcpcb *tp, const struct tcp_seg *ts)
{
	uint32_t win = ts->ts_win;

	if (!SEQ_LT(tp->snd_wl1, ts->ts_seq) &&
	    !(tp->snd_wl1 == ts->ts_seq && SEQ_LEQ(tp->snd_wl2, ts->ts_ack)))
		return;
	if (ts->ts_len == 0 && tp->snd_wl2 == ts->ts_ack && win > tp->snd_wnd)
		TCPSTAT_INC(ts->ts_tv, tcps_rcvwinupd);
	if (win > 0 && tp->snd_wnd == 0 && tp->t_rxtshift != 0)
		tcp_ack_reopened(tp);
	tp->snd_wnd = win;
	tp->snd_wl1 = ts->ts_seq;
	tp->snd_wl2 = ts->ts_ack;
	if (win > tp->max_sndwnd)
		tp->max_sndwnd = win;
	if (win > 0 && tcp_timer_active(tp, TT_PERSIST)) {
		/* It opened: from where it had closed, with the probe's byte again. */
		tcp_timer_stop(tp, TT_PERSIST);
		tp->t_persistshift = 0;
		tp->snd_nxt = tp->snd_una;
	}
}

/* For a mark, of a window of at most two segments (RFC 3168 6.1.2, RFC 9438 4.6). */
static void
tcp_ack_halvesmall(struct tcpcb *tp, uint32_t before)
{
	if (before <= tp->t_maxseg)
		tp->t_lr.lr_ecnhold = tcp_now(tp) + (uint64_t)tp->t_rxtcur * USEC;
	tp->snd_cwnd = u32max(before / 2, tp->t_maxseg);
}

/*
 * The window is reduced, once for each window of data, for a loss that was repaired already or for
 * a mark (RFC 3168 6.1.2).
 */
void
tcp_ack_reduce(struct tcpcb *tp, enum cc_signal why)
{
	uint32_t before = tp->snd_cwnd;

	tcp_undo_save(tp);
	tp->t_cc->cc_loss(tp, why);
	/* Known to be true: nothing to take back. */
	tcp_undo_forget(tp);
	if (tp->t_cc->cc_rate == NULL)
		tp->snd_cwnd = u32min(tp->snd_cwnd, tp->snd_ssthresh);
	if (why == CC_ECN && tp->t_cc->cc_rate == NULL && !tcp_aslinux(tp) && before <= 2 * tp->t_maxseg)
		tcp_ack_halvesmall(tp, before);
	tcp_ecn_reduced(tp);
}

/* RFC 5681 3.2 steps 2 and 3; RFC 6582 3.2 step 2; RFC 6675 5 step 4. */
static void
tcp_ack_enter_recovery(struct tcpcb *tp)
{
	TCPSTAT_INC(tp->t_tv, tcps_fastrexmit);
	tcp_undo_save(tp);
	if ((tp->t_flags & TF_MTUPROBE) != 0 && tcp_mtup_lostfirst(tp))
		tp->snd_ssthresh = tp->snd_cwnd;	/* RFC 4821 7.6.2 */
	else if ((tp->t_ecn & TE_CWR) == 0)
		tp->t_cc->cc_loss(tp, CC_LOSS);
	tcp_ecn_reduced(tp);
	tp->snd_recover = tp->snd_max;
	/* No rescue yet: see tcp_ack_partial(). */
	tp->t_flags |= TF_FASTRECOVERY | TF_RESCUED;
	tp->t_partialacks = 0;
	tp->t_rtttime = 0;
	tcp_timer_stop(tp, TT_PROBE);
	tcp_timer_rexmt_restart(tp);
	if (!tcp_sack_on(tp)) {
		if (tp->t_cc->cc_rate == NULL)
			tp->snd_cwnd = tp->snd_ssthresh + TCP_DUPACKS * tp->t_maxseg;
		tcp_snd_rexmt_first(tp);
		return;
	}
	TCPSTAT_INC(tp->t_tv, tcps_sack_recovery_episode);
	tcp_prr_begin(tp);
	if (tp->t_cc->cc_rate == NULL) {
		tp->snd_cwnd = tp->snd_ssthresh;
		tcp_prr_ack(tp, tcp_snd_inflight(tp), false);
	}
	if (!tcp_rack_on(tp))
		tcp_snd_rexmt_first(tp);
}

/* RACK took something for lost. */
void
tcp_ack_lost(struct tcpcb *tp)
{
	if ((tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0 ||
	    ((tp->t_flags & TF_MTUPROBE) != 0 && tcp_mtup_lost(tp)))
		return;
	tcp_ack_enter_recovery(tp);
}

/*
 * By duplicates or the scoreboard: may a recovery begin?  Not for what an earlier one, or a
 * timeout, sent again already.
 */
static bool
tcp_ack_may_recover(const struct tcpcb *tp)
{
	return (tcp_sack_on(tp) ? SEQ_GEQ(tp->snd_una, tp->snd_recover)
				: SEQ_GT(tp->snd_una, tp->snd_recover));
}

static void
tcp_ack_dup(struct tcpcb *tp, const struct tcp_seg *ts)
{
	TCPSTAT_INC(ts->ts_tv, tcps_rcvdupack);
	if (tp->t_flags & TF_FASTRECOVERY) {
		if (!tcp_sack_on(tp) && tp->t_cc->cc_rate == NULL)
			tp->snd_cwnd += tp->t_maxseg;	/* one more segment left the network */
		return;
	}
	if (tp->t_dupacks < UINT8_MAX)
		tp->t_dupacks++;
	/* As Linux: where much is reordered the window grows by SACKs as well. */
	if (tcp_aslinux(tp) && tp->t_reordering > TCP_DUPACKS && (tp->t_flags & TF_RTO) == 0)
		tcp_ack_grow(tp, tp->t_tv->tv_rs.rs_acked, tcp_outstanding(tp));
	if (!tcp_rack_on(tp) &&
	    (tp->t_dupacks >= TCP_DUPACKS ||
		(tp->snd_nsack > 0 && tcp_sack_islost(tp, tp->snd_una))) &&
	    tcp_ack_may_recover(tp))
		tcp_ack_enter_recovery(tp);
}

/* RFC 6582 3.2 step 3, RFC 6675 5: all that was outstanding at the loss is acknowledged. */
static void
tcp_ack_leave_recovery(struct tcpcb *tp)
{
	uint32_t flight = tcp_outstanding(tp);

	tp->t_flags &= ~(uint32_t)(TF_FASTRECOVERY | TF_RESCUED);
	tp->t_dupacks = 0;
	tcp_rack_recovered(tp);
	tcp_undo_ended(tp);
	if (tp->t_cc->cc_rate != NULL)
		return;
	tp->snd_cwnd = tp->snd_ssthresh;
	if (!tcp_sack_on(tp))
		tp->snd_cwnd =
		    u32min(tp->snd_ssthresh, u32max(flight, tp->t_maxseg) + tp->t_maxseg);
}

/* RFC 6582 3.2 step 3: the next segment is missing too. */
static void
tcp_ack_partial(struct tcpcb *tp, uint32_t acked)
{
	if (tcp_sack_on(tp)) {
		/*
		 * RFC 6675 4 (4) allows the rescue retransmission from the start of the recovery,
		 * when the tail is usually still on its way.  We wait for the first partial ACK,
		 * which proves a second loss or takes a round trip.
		 */
		if (tp->t_partialacks++ == 0)
			tp->t_flags &= ~(uint32_t)TF_RESCUED;
		return;
	}
	if (tp->t_cc->cc_rate == NULL) {
		tp->snd_cwnd -= u32min(acked, tp->snd_cwnd);
		if (acked >= tp->t_maxseg)
			tp->snd_cwnd += tp->t_maxseg;
		tp->snd_cwnd = u32max(tp->snd_cwnd, tp->t_maxseg);
	}
	tcp_snd_rexmt_first(tp);
}

/* news: its SACKs told of something, which makes it a duplicate as well (RFC 6675 2, 5). */
static void
tcp_ack_new(struct tcpcb *tp, const struct tcp_seg *ts, bool news)
{
	uint32_t acked = ts->ts_ack - tp->snd_una;

	(void)tcp_undo_eifel(tp, ts);
	tcp_ack_advance(tp, ts, ts->ts_ack);
	if (tp->t_flags & TF_FASTRECOVERY) {
		if (SEQ_GEQ(tp->snd_una, tp->snd_recover))
			tcp_ack_leave_recovery(tp);
		else
			tcp_ack_partial(tp, acked);
		return;
	}
	tp->t_dupacks = news;
	if ((tp->t_flags & TF_RTO) && SEQ_GEQ(tp->snd_una, tp->snd_recover)) {
		tp->t_flags &= ~(uint32_t)TF_RTO;
		tcp_undo_ended(tp);
	}
	/* RFC 6675 5 step 4 counts loss by the scoreboard, also when the ACK moved. */
	if (!tcp_rack_on(tp) && tp->snd_nsack > 0 && tcp_sack_islost(tp, tp->snd_una) &&
	    tcp_ack_may_recover(tp))
		tcp_ack_enter_recovery(tp);
}

/* RFC 5682 3.1 step 2b: two segments of new data, if there are, instead of more of the old. */
static void
tcp_ack_frto(struct tcpcb *tp)
{
	uint32_t out = tcp_outstanding(tp);

	if (tcp_so(tp)->so_snd.sb_cc > out && tp->snd_wnd >= out + tp->t_maxseg)
		tp->snd_cwnd = tcp_snd_inflight(tp) + 2 * tp->t_maxseg;
	else
		tp->t_lr.lr_undo.un_frto = 0;
}

/* The least round trip: losses are told from reordering by it, so before they are looked for. */
static void
tcp_ack_rttmin(struct tcpcb *tp, uint64_t rtt)
{
	if (rtt == 0)
		return;
	tp->t_lr.lr_rack.rk_unmeasured = false;
	tcp_rtt_least(tp, rtt);
}

/* What the ACK told of losses, with SACK; the window follows. */
static void
tcp_ack_recover(struct tcpcb *tp, bool advanced)
{
	bool before = (tp->t_flags & TF_FASTRECOVERY) != 0;

	tcp_ack_rttmin(tp, tp->t_tv->tv_rs.rs_rtt);
	if (tcp_rack_on(tp) && (tp->t_flags & TF_RTO) && tp->t_lr.lr_undo.un_frto != 0 &&
	    (advanced || tp->t_tv->tv_rs.rs_acked != 0) && !tcp_undo_frto(tp, advanced) &&
	    tp->t_lr.lr_undo.un_frto == 2)
		tcp_ack_frto(tp);
	if (tcp_rack_on(tp)) {
		if (tp->snd_una != tp->snd_max)
			tcp_rack_detect(tp);
		else
			tcp_timer_stop(tp, TT_RACK);
		if (tp->t_lr.lr_recs.rs_lost > 0)
			tcp_ack_lost(tp);
	}
	if (before && (tp->t_flags & TF_FASTRECOVERY) && tp->t_cc->cc_rate == NULL)
		tcp_prr_ack(tp, tcp_snd_inflight(tp), advanced && tp->t_tv->tv_rs.rs_lost == 0);
}

/* The ACK was looked at. */
static void
tcp_ack_end(struct tcpcb *tp)
{
	struct tcp_rate *rs = &tp->t_tv->tv_rs;

	tcp_ack_rttmin(tp, rs->rs_rtt);
	tcp_rate_end(tp, tcp_now(tp));
	if (tp->t_ecn & TE_CWR && tcp_ecn_evenly(tp))
		tcp_prr_ack(tp, tcp_snd_inflight(tp), rs->rs_ackadv != 0 && rs->rs_lost == 0);
	if (tp->t_cc->cc_rate != NULL) {
		tp->t_cc->cc_rate(tp, rs);
		tcp_snd_autosize(tp);
	}
	tcp_tlp_schedule(tp);
}

/* The short way of tcp_seg_fast(): nothing is missing, ts_ack is beyond snd_una. */
void
tcp_ack_fast(struct tcpcb *tp, const struct tcp_seg *ts)
{
	tcp_rate_begin(tp);
	tcp_ecn_ack(tp, ts);
	if (tp->t_lr.lr_rack.rk_tlp)
		tcp_tlp_ack(tp, ts->ts_ack, false, false);
	tcp_ack_advance(tp, ts, ts->ts_ack);
	tcp_ack_end(tp);
}

/* RFC 9293 3.10.7.4: our FIN is acknowledged. */
enum tcp_step
tcp_ack_fin(struct tcpcb *tp)
{
	struct socket *so = tcp_so(tp);

	switch (tp->t_state) {
	case TCPS_FIN_WAIT_1:
		tp->t_state = TCPS_FIN_WAIT_2;
		tp->t_ackedbytes++;
		if (tcp_orphan(tp))
			tcp_usrclosed(tp);
		else
			sowwakeup(so);
		return (TSEG_NEXT);
	case TCPS_CLOSING:
		tcp_timewait_start(tp);
		return (TSEG_GONE);
	case TCPS_LAST_ACK:
		tcp_close(tp, 0);
		return (TSEG_GONE);
	default:
		return (TSEG_NEXT);
	}
}

/* RFC 5681 2: a duplicate acknowledgment; RFC 6675 2 for SACK. */
static bool
tcp_ack_isdup(const struct tcpcb *tp, const struct tcp_seg *ts, uint32_t oldwnd, bool news)
{
	if (tp->snd_una == tp->snd_max || (ts->ts_flags & (TH_SYN | TH_FIN)) != 0)
		return (false);
	return (news || (ts->ts_len == 0 && tp->snd_wnd == oldwnd && ts->ts_win != 0));
}

/* An ACK of snd_una or beyond. */
static void
tcp_ack_current(struct tcpcb *tp, struct tcp_seg *ts)
{
	uint32_t ack = ts->ts_ack, oldwnd = tp->snd_wnd;
	bool advanced = SEQ_GT(ack, tp->snd_una), news = false, dup;

	tcp_rate_begin(tp);
	tcp_ecn_ack(tp, ts);
	if ((ts->ts_to.to_flags & TOF_SACK) && tcp_sack_on(tp))
		news = tcp_sack_update(tp, &ts->ts_to, ack);
	tcp_ack_window(tp, ts);
	dup = !advanced && tcp_ack_isdup(tp, ts, oldwnd, news);
	if (tp->t_lr.lr_rack.rk_tlp)
		tcp_tlp_ack(tp, ack, tp->t_tv->tv_rs.rs_dsacked != 0,
		    dup && (ts->ts_to.to_flags & TOF_SACK) == 0);
	if (advanced)
		tcp_ack_new(tp, ts, news);
	else if (dup)
		tcp_ack_dup(tp, ts);
	if (!tcp_rack_on(tp) && (tp->t_flags & TF_RTO) && tp->t_lr.lr_undo.un_frto != 0 &&
	    (advanced || dup))
		tcp_undo_frtobasic(tp, advanced);
	if (tcp_sack_on(tp))
		tcp_ack_recover(tp, advanced);
	tcp_ack_end(tp);
}

/* An ACK that others overtook; its SACKs are still true (RFC 2018 3). */
static void
tcp_ack_old(struct tcpcb *tp, const struct tcp_seg *ts)
{
	tcp_rate_begin(tp);
	if (!tcp_sack_update(tp, &ts->ts_to, ts->ts_ack))
		return;
	tcp_ack_recover(tp, false);
	tcp_ack_end(tp);
}

enum tcp_step
tcp_ack(struct tcpcb *tp, struct tcp_seg *ts)
{
	uint32_t ack = ts->ts_ack;

	/* RFC 5961 5.2: not older than the largest window, and not of what was never sent. */
	if (SEQ_GT(ack, tp->snd_max) || SEQ_LT(ack, tp->snd_una - tp->max_sndwnd)) {
		if (SEQ_GT(ack, tp->snd_max))
			TCPSTAT_INC(ts->ts_tv, tcps_rcvacktoomuch);
		else
			TCPSTAT_INC(ts->ts_tv, tcps_rcvackold);
		tcp_challenge(tp, ts);
		return (TSEG_DONE);
	}
	tp->t_lastrcvd = tcp_now(tp);
	tp->t_keepsent = 0;
	if (SEQ_GEQ(ack, tp->snd_una))
		tcp_ack_current(tp, ts);
	else if ((ts->ts_to.to_flags & TOF_SACK) && tcp_sack_on(tp))
		tcp_ack_old(tp, ts);
	if ((tp->t_flags & TF_SENTFIN) && tp->snd_una == tp->snd_max)
		return (tcp_ack_fin(tp));
	return (TSEG_NEXT);
}
