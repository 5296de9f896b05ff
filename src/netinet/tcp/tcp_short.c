/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The short way of a connection that asks and answers, and ends: small segments, in order, one outstanding at
 * a time.  What is general in tcp_seg_other.c, tcp_ack.c and tcp_snd.c is here straight: no loop, no
 * choice of what to send, no list of records.  It is the same TCP: each function says when it may be
 * taken, and then leaves the connection as the long way would.  tests/tcp/short_test.c runs both and
 * compares every frame and what VI_TCP_INFO says.
 *
 *	tcp_short_input()	an established connection's next segment, with timestamps and
 *				nothing else: data, or an ACK of all that is outstanding, or both;
 *				FINs without data and their ACKs, of two that close one after the other;
 *				ACKs of nothing
 *	tcp_short_output()	new data when nothing is outstanding and one segment takes it all, or
 *				an ACK, a window or a FIN when there is no data
 *
 * net.inet.tcp.shortpath=0 keeps everything on the long way.
 */
#include "netinet/tcp/tcp_int.h"

#include <string.h>

#include "base/assert.h"
#include "base/checksum.h"
#include "netinet/tcp/cc/cc.h"

/* What goes on takes no call for being shared with what ends: both are functions of their own. */
#define SHORT_INLINE	static inline __attribute__((always_inline))
#define SHORT_APART	static __attribute__((noinline))

/* Under any of these a connection takes the long way, in both directions. */
#define TF_UNUSUAL (TF_FASTRECOVERY | TF_RTO | TF_NEEDFIN | TF_RCVFIN | TF_FORCE | TF_MTUP | TF_MTUPROBE | TF_TXDELAY)

/* By itself, with timestamps, and nothing of the rare is going on. */
static inline bool
short_isplain(const struct tcpcb *tp)
{
	return ((tp->t_flags & (TF_UNUSUAL | TF_RCVD_TSTMP)) == TF_RCVD_TSTMP &&
	    (tp->t_rare | tp->snd_nsack | tp->t_ecn | tp->t_nmarks) == 0 &&
	    tp->t_auth == NULL && tp->snd_nxt == tp->snd_max);
}

/* And both sides may still send. */
static inline bool
short_isusual(const struct tcpcb *tp)
{
	return (tp->t_state == TCPS_ESTABLISHED && (tp->t_flags & (TF_SENTFIN | TF_USERCLOSED)) == 0 && short_isplain(tp));
}

/*
 * All that is outstanding is one record, and the ACK is of all of it: it went out once, its sender
 * neither recovers from a loss nor probes for one, and the window was not the limit and stays.
 */
SHORT_INLINE struct tcp_rec *
short_acks(const struct tcpcb *tp, const struct tcp_seg *ts)
{
	struct tcp_rec *rc = tcp_rec_sole(tp);
	const uint32_t flight = tcp_outstanding(tp);

	if (ts->ts_ack != tp->snd_max || rc == NULL || tp->t_cc->cc_rate != NULL || tp->t_lr.lr_rack.rk_tlp ||
	    (tp->t_srtt | tp->t_rtttime) == 0 || SEQ_LT(ts->ts_ack, tp->t_lr.lr_rack.rk_fack) || flight >= tp->snd_cwnd / 2 ||
	    tcp_flight_full(tp, flight) || (tp->t_rtttime != 0 && SEQ_GT(tp->t_rtseq, ts->ts_ack)))
		return (NULL);
	return (rc);
}

/* tcp_rate_begin() to tcp_rate_end() of one record that was sent once. */
static void
short_rate(struct tcpcb *tp, const struct tcp_rec *rc, uint32_t acked, uint64_t now)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;
	uint64_t interval = u64max(rc->rc_time - rc->rc_first, now - rc->rc_dtime);

	rt->rt_first = rc->rc_time;
	rt->rt_delivered += acked;
	rt->rt_dtime = now;
	if (rt->rt_delivered > rt->rt_applimited)
		rt->rt_applimited = 0;
	if (interval >= (uint64_t)tp->t_rttmin * USEC && interval != 0)
		tcp_rate_sample(rt, rt->rt_delivered - rc->rc_delivered, interval, (rc->rc_flags & REC_APPLIMITED) != 0);
}

/* tcp_ack_fast() when short_acks() says so. */
SHORT_INLINE void
short_ack(struct tcpcb *tp, const struct tcp_rec *rc, const struct tcp_seg *ts, uint64_t now)
{
	const uint32_t ack = ts->ts_ack, acked = ack - tp->snd_una;
	struct tcp_rack *rk = &tp->t_lr.lr_rack;
	const uint64_t rtt = now - rc->rc_time;

	TCPSTAT_INC(ts->ts_tv, tcps_rcvackpack);
	TCPSTAT_ADD(ts->ts_tv, tcps_rcvackbyte, acked);
	/* tcp_rack_delivered(): nothing was sent after it. */
	rk->rk_fack = rk->rk_end = ack;
	rk->rk_xmitno = rc->rc_xmitno;
	rk->rk_rtt = rtt;
	rk->rk_unmeasured = false;
	if (tp->t_rtttime != 0)
		tcp_rtt_sample(tp, tcp_rtt_elapsed(tp, now));
	if (tp->t_rtttime != rc->rc_time)
		tcp_rtt_least(tp, u64max(rtt, 1));
	tp->t_rtttime = 0;
	short_rate(tp, rc, acked, now);
	tcp_rec_soleacked(tp);
	tcp_ack_free(tp, acked);
	tp->snd_una = tp->snd_nxt = ack;	/* a window that opened had it step back to the probe's byte */
	if (SEQ_LT(tp->snd_up, ack))
		tp->snd_up = ack;
	if (SEQ_LT(tp->snd_highrxt, ack))
		tp->snd_highrxt = ack;
	tcp_timer_stop(tp, TT_REXMT);
	if (tcp_rack_on(tp))
		tcp_timer_stop(tp, TT_PROBE);
	tp->t_lastack = now;
	tp->t_softerror = 0;
	tcp_heard(tp);
	if (tcp_aslinux(tp))
		tp->t_flags &= ~(uint32_t)TF_MORE;
}

/* What every segment that is taken does. */
static inline void
short_arrived(struct tcpcb *tp, struct tcp_seg *ts, uint64_t now)
{
	TCPSTAT_INC(ts->ts_tv, tcps_shortrcv);
	ts->ts_win <<= tp->snd_scale;
	if (SEQ_LEQ(ts->ts_seq, tp->last_ack_sent)) {	/* RFC 7323 4.3 */
		tp->ts_recent = ts->ts_to.to_tsval;
		tp->ts_recent_age = now;
	}
	tcp_ack_window(tp, ts);
	tp->t_keepsent = 0;
}

/*
 * A FIN, or the ACK of ours, or both, without data: which comes in which state when one side ends after the other.  Or an ACK when nothing
 * is outstanding, as the last of a handshake and those that tell a window.  *rc: what is acknowledged.
 */
static bool
short_ends(const struct tcpcb *tp, const struct tcp_seg *ts, struct tcp_rec **rc)
{
	const bool fin = (ts->ts_flags & TH_FIN) != 0;

	*rc = NULL;
	if (ts->ts_len > 0 || !short_isplain(tp) || tp->t_lr.lr_rack.rk_tlp || (fin && !SEQ_GT(tp->rcv_adv, tp->rcv_nxt)))
		return (false);
	switch (tp->t_state) {
	case TCPS_ESTABLISHED:
		return (ts->ts_ack == tp->snd_una && ts->ts_ack == tp->snd_max);
	case TCPS_FIN_WAIT_2:
		return (fin && ts->ts_ack == tp->snd_una && ts->ts_ack == tp->snd_max);
	case TCPS_LAST_ACK:
		return (!fin && (tp->t_flags & TF_SENTFIN) != 0 && (*rc = short_acks(tp, ts)) != NULL);
	case TCPS_FIN_WAIT_1:
		return ((tp->t_flags & TF_SENTFIN) != 0 && (*rc = short_acks(tp, ts)) != NULL);
	default:
		return (false);
	}
}

/* What tcp_seg_other() does with it. */
SHORT_APART bool
short_end(struct tcpcb *tp, struct tcp_seg *ts, bool counts)
{
	const uint64_t now = tcp_now(tp);
	struct tcp_rec *rc;

	if (!short_ends(tp, ts, &rc))
		return (false);
	tp->t_segsin += counts;
	short_arrived(tp, ts, now);
	tp->t_lastrcvd = now;
	if (rc != NULL)
		short_ack(tp, rc, ts, now);
	if (tcp_rack_on(tp)) {
		tcp_timer_stop(tp, TT_RACK);
		tcp_timer_stop(tp, TT_PROBE);
	}
	tcp_seg_drop(ts);
	if (rc != NULL && tcp_ack_fin(tp) == TSEG_GONE)
		return (true);
	if (SEQ_GT(tp->rcv_nxt, tp->rcv_up))
		tp->rcv_up = tp->rcv_nxt;
	if ((ts->ts_flags & TH_FIN) != 0) {
		tp->rcv_fin = ts->ts_seq;
		if (tcp_seg_fin(tp) == TSEG_GONE)
			return (true);
	}
	tcp_output(tp);
	return (true);
}

/* The ACK that made the connection; it is none of its segments. */
bool
tcp_short_accepted(struct tcpcb *tp, struct tcp_seg *ts)
{
	return (tp->t_tv->tv_shortpath && (ts->ts_flags & (TH_FLAGMASK & ~TH_PUSH)) == TH_ACK && ts->ts_to.to_flags == TOF_TS &&
	    ts->ts_seq == tp->rcv_nxt && !TSTMP_LT(ts->ts_to.to_tsval, tp->ts_recent) && short_end(tp, ts, false));
}

/*
 * The conditions are those of tcp_seg_fast(), short_isusual() and, when something is acknowledged,
 * short_acks().  The segment's options are known to be timestamps; its header, of hlen bytes,
 * is still in front.
 */
bool
tcp_short_input(struct inpcb *inp, struct tcp_seg *ts, unsigned hlen)
{
	struct tcpcb *tp = intotcpcb(inp);
	struct tcp_rec *rc = NULL;
	uint64_t now;

	if (tp == NULL || in_pcbfar(inp, ts->ts_pkt) || ts->ts_seq != tp->rcv_nxt || tp->t_segqlen != 0 ||
	    TSTMP_LT(ts->ts_to.to_tsval, tp->ts_recent) || ts->ts_pkt->ip_udpport != 0)
		return (false);
	if (!short_isusual(tp) || (ts->ts_flags & TH_FIN) != 0 || (ts->ts_len == 0 && ts->ts_ack == tp->snd_una))
		return (short_end(tp, ts, true));
	if (ts->ts_ack != tp->snd_una) {
		if ((rc = short_acks(tp, ts)) == NULL)
			return (false);
	}
	if (ts->ts_len > 0 && !(SEQ_GT(tp->rcv_adv, tp->rcv_nxt) && ts->ts_len <= tp->rcv_adv - tp->rcv_nxt))
		return (false);
	now = tcp_now(tp);
	m_adj(ts->ts_m, hlen);
	tp->t_segsin++;
	short_arrived(tp, ts, now);
	tp->t_datasegsin += ts->ts_len != 0;
	if (rc != NULL)
		short_ack(tp, rc, ts, now);
	if (ts->ts_len > 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_preddat);
		tcp_rcv_inorder(tp, ts);
	} else {
		TCPSTAT_INC(ts->ts_tv, tcps_predack);
		tp->t_lastrcvd = now;
		tcp_seg_drop(ts);
	}
	if ((tp->t_flags & TF_ACKNOW) != 0 || tcp_so(tp)->so_snd.sb_cc > tp->snd_nxt - tp->snd_una)
		tcp_output(tp);
	return (true);
}

/*
 * Output.
 */

/* len, all of the send buffer, may go now as one segment, and tcp_output() would send it so. */
static bool
short_maysend(const struct tcpcb *tp, uint32_t len, uint64_t now)
{
	const struct socket *so = tcp_so(tp);

	return (short_isusual(tp) && tp->snd_una == tp->snd_max && (tp->t_flags & (TF_CORK | TF_MORE)) == 0 &&
	    len > 0 && len <= tp->t_maxseg && len <= tp->snd_wnd && len < tp->snd_cwnd &&
	    tp->t_dsack.sb_start == tp->t_dsack.sb_end &&
	    SEQ_LEQ(tp->snd_up, tp->snd_nxt) && (so->so_snd.sb_flags & SBS_RECORDS) == 0 &&
	    (so->so_options & SO_DONTROUTE) == 0 && tp->t_lr.lr_recs.rs_count == 0 && tp->t_lr.lr_rates.rt_pacing == 0 &&
	    tp->t_cc->cc_rate == NULL && now - tp->t_lastsent < (uint64_t)tp->t_rxtcur * USEC);
}

/* The user has no more to say, all that was said has arrived, and tcp_output() would send the FIN and nothing else. */
static bool
short_mayend(const struct tcpcb *tp)
{
	const struct socket *so = tcp_so(tp);

	return ((tp->t_state == TCPS_FIN_WAIT_1 || tp->t_state == TCPS_LAST_ACK) && (tp->t_flags & TF_SENTFIN) == 0 && short_isplain(tp) &&
	    tp->snd_una == tp->snd_max && tp->snd_cwnd > 1 &&
	    tp->t_dsack.sb_start == tp->t_dsack.sb_end && SEQ_LEQ(tp->snd_up, tp->snd_nxt) && (so->so_options & SO_DONTROUTE) == 0 &&
	    tp->t_lr.lr_recs.rs_count == 0 && tp->t_lr.lr_rates.rt_pacing == 0 && tp->t_cc->cc_rate == NULL);
}

/* Header and payload, with TH_PUSH or TH_FIN or nothing besides; NULL: no memory. */
SHORT_INLINE struct mbuf *
short_segment(struct tcpcb *tp, uint32_t len, uint16_t flags, uint64_t now)
{
	const struct inpcb *inp = &tp->t_inpcb;
	const uint32_t hlen = sizeof(struct tcphdr) + TCPOLEN_TSTAMP_APPA;
	struct sockbuf *sb = &inp->inp_socket->so_snd;
	struct tcphdr *th;
	struct mbuf *m;

	if ((m = m_gethdr(vnet_acct(inp->inp_vnet))) == NULL)
		return (NULL);
	th = mtod(m, struct tcphdr *);
	th->th_sport = inp->inp_lport;
	th->th_dport = inp->inp_fport;
	th->th_seq = HTONL(tp->snd_nxt);
	th->th_ack = HTONL(tp->rcv_nxt);
	th_set_offflags(th, hlen, TH_ACK | flags);
	th->th_win = HTONS((uint16_t)(tcp_rcv_window(tp) >> tp->rcv_scale));
	th->th_sum = cksum_reduce(tp->t_psum + HTONS((uint16_t)(hlen + len)));
	th->th_urp = 0;
	tcp_opts_put_ts((uint8_t *)(th + 1), tcp_ts(now, tp->t_tsoff), tp->ts_recent);
	m->m_len = hlen;
	m->m_pkt.len = hlen + len;
	m->m_pkt.csum_flags = CSUM_TCP;
	m->m_pkt.flowid = inp->inp_flowid;
	if (len == 0)
		return (m);
	if (sb->sb_mb->m_len == len && len <= m_trailingspace(m)) {
		memcpy(m->m_data + hlen, sb->sb_mb->m_data, len);
		m->m_len += len;
	} else if ((m->m_next = sbsndcopy(sb, 0, len, vnet_acct(inp->inp_vnet))) == NULL) {
		m_freem(m);
		return (NULL);
	}
	return (m);
}

/*
 * A side that has sent all it had and was told that it arrived: there may be an ACK or a window to
 * tell, of a receiver, or of both ends of a handshake and of a FIN, or nothing at all.
 */
static bool
short_isquiet(const struct tcpcb *tp)
{
	const struct socket *so = tcp_so(tp);

	return ((tp->t_flags & (TF_RCVD_TSTMP | TF_FASTRECOVERY | TF_RTO | TF_FORCE | TF_TXDELAY)) == TF_RCVD_TSTMP &&
	    (tp->t_state == TCPS_ESTABLISHED || tp->t_state == TCPS_CLOSE_WAIT || tp->t_state == TCPS_FIN_WAIT_2) &&
	    tp->snd_una == tp->snd_max && tp->snd_nxt == tp->snd_max && so->so_snd.sb_cc == 0 &&
	    (tp->t_rare | tp->snd_nsack | tp->t_ecn) == 0 &&
	    tp->t_auth == NULL && tp->t_dsack.sb_start == tp->t_dsack.sb_end && SEQ_LEQ(tp->snd_up, tp->snd_nxt) &&
	    tp->t_lr.lr_recs.rs_lost == 0 && (so->so_options & SO_DONTROUTE) == 0);
}

static bool
short_sendack(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;
	struct mbuf *m;

	if ((m = short_segment(tp, 0, 0, tcp_now(tp))) == NULL || inp->inp_ops->io_output(inp, m, 0) != 0)
		return (false);
	TCPSTAT_INC(tp->t_tv, tcps_sndtotal);
	TCPSTAT_INC(tp->t_tv, tcps_sndacks);
	TCPSTAT_INC(tp->t_tv, tcps_shortsnd);
	tp->t_segsout++;
	tcp_snd_acked(tp);
	return (true);
}

static bool
short_quiet(struct tcpcb *tp)
{
	if (tp->t_state != TCPS_FIN_WAIT_2)
		tcp_snd_idle(tp);
	if ((tp->t_flags & TF_ACKNOW) != 0) {
		if (!short_sendack(tp))
			return (false);
	} else if (tcp_rcv_update_due(tp)) {
		if (!short_sendack(tp))
			return (false);
		TCPSTAT_INC(tp->t_tv, tcps_sndwinup);
	}
	tp->t_flags &= ~(uint32_t)(TF_CWNDLIMITED | TF_RWNDLIMITED);
	tcp_chrono(tp);
	if (tp->snd_cwnd > 0)
		tcp_rate_applimited(tp);
	return (true);
}

static inline void
short_sentdata(struct tcpcb *tp, uint32_t len, uint32_t end, uint64_t now)
{
	TCPSTAT_INC(tp->t_tv, tcps_sndpack);
	TCPSTAT_ADD(tp->t_tv, tcps_sndbyte, len);
	tp->t_datasegsout++;
	tp->t_sndbytes += len;
	tp->t_lr.lr_prr.pr_out += len;
	if (len != tp->t_maxseg)
		tp->t_smallend = end;
	if (tcp_aslinux(tp))
		tcp_persona_answered(tp, len, now);
}

/* tcp_snd_advance(), tcp_snd_acked() and what tcp_output() does in the end; up to end, of which len are data. */
SHORT_INLINE void
short_sent(struct tcpcb *tp, uint32_t len, uint32_t end, uint64_t now)
{
	TCPSTAT_INC(tp->t_tv, tcps_sndtotal);
	TCPSTAT_INC(tp->t_tv, tcps_shortsnd);
	tp->t_segsout++;
	tcp_rec_first(tp, tp->snd_nxt, end, now);
	tp->snd_nxt = tp->snd_max = end;
	if (tp->t_rtttime == 0) {
		tp->t_rtttime = u64max(now, 1);
		tp->t_rtseq = end;
	}
	tp->t_lastsent = now;
	if (len > 0)
		short_sentdata(tp, len, end, now);
	if (!tcp_timer_active(tp, TT_REXMT)) {
		tcp_timer_stop(tp, TT_PERSIST);
		tp->t_persistshift = 0;
		tcp_timer_rexmt_restart(tp);
	}
	tcp_snd_acked(tp);
	tcp_tlp_schedule(tp);
	if (tcp_aslinux(tp))
		tcp_flight_sent(tp, false);
	tp->t_flags &= ~(uint32_t)(TF_CWNDLIMITED | TF_RWNDLIMITED);
	tcp_chrono(tp);
	tcp_rate_applimited(tp);
}

SHORT_APART bool
short_sendfin(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;
	const uint64_t now = tcp_now(tp);
	struct mbuf *m;

	tcp_snd_idle(tp);
	if ((m = short_segment(tp, 0, TH_FIN, now)) == NULL || inp->inp_ops->io_output(inp, m, 0) != 0)
		return (false);
	TCPSTAT_INC(tp->t_tv, tcps_sndctrl);
	tp->t_flags |= TF_SENTFIN;
	short_sent(tp, 0, tp->snd_nxt + 1, now);
	return (true);
}

SHORT_APART bool
short_senddata(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;
	const uint32_t len = inp->inp_socket->so_snd.sb_cc;
	const uint64_t now = tcp_now(tp);
	struct mbuf *m;

	if (!short_maysend(tp, len, now))
		return (false);
	if ((m = short_segment(tp, len, tcp_snd_pushes(tp, tp->snd_nxt, len, false) ? TH_PUSH : 0, now)) == NULL ||
	    inp->inp_ops->io_output(inp, m, 0) != 0)
		return (false);
	short_sent(tp, len, tp->snd_nxt + len, now);
	return (true);
}

/*
 * False: nothing was done, and tcp_output() goes on.  What the network layer refuses counts as not
 * sent there too: the long way tries again, and does what is to be done if it is refused again.
 */
bool
tcp_short_output(struct tcpcb *tp)
{
	if (tcp_so(tp)->so_snd.sb_cc != 0)
		return (short_senddata(tp));
	return (short_isquiet(tp) ? short_quiet(tp) : short_mayend(tp) && short_sendfin(tp));
}
