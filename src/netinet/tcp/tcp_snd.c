/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * tcp_output() sends what may be sent now, one segment after another: tcp_snd_next() decides,
 * tcp_snd_segment() builds and sends. It is called whenever something changed that might allow
 * more: data from the user, an ACK, a timer, room in the receive buffer.
 *
 * The decision, in this order (RFC 6675 5 during SACK recovery, RFC 9293 3.8.6.2.1 and 3.7.4
 * otherwise):
 *	a gap known to be lost		tcp_snd_gap(lost)
 *	new data, or everything again after a timeout	tcp_snd_data()
 *	a gap not known to be lost, the rescue retransmission	tcp_snd_gap(any)
 *	FIN, an ACK that is due, a window update	tcp_snd_control()
 *
 * Segments are as long as windows and data allow, up to t_maxsuper: whole multiples of t_maxseg
 * with m_pkt.segsz, cut where a real MTU demands it.  The payload is a reference to the send
 * buffer's storage; a few bytes are copied behind the header instead.
 *
 * If the network layer has no room, the segment counts as not sent and the retransmission timer (or
 * the next ACK) tries again. Nothing is ever delivered from within io_output, so the connection
 * cannot change under us.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/checksum.h"
#include "netinet/tcp/cc/cc.h"

/* A segment that is to be sent. */
struct tcp_out {
	uint32_t	o_seq, o_len;
	uint16_t	o_flags;
	uint32_t	o_rest;		/* tcp_snd_halves(): of the packet that is sent in pieces */
	bool		o_idle;		/* nothing was outstanding when tcp_output() began */
	bool		o_sent;		/* data went out */
	bool		o_probe;	/* one segment, however long (tcp_mtup.c) */
	bool		o_bare;		/* an ACK or window update: to say the FIN again in it would be answered for ever by a closed window */
};

#define SND_FARAWAY	2000u	/* us */

static bool
tcp_snd_finstate(const struct tcpcb *tp)
{
	return (tp->t_state == TCPS_FIN_WAIT_1 || tp->t_state == TCPS_LAST_ACK ||
		tp->t_state == TCPS_CLOSING);
}

/* Bytes of the send buffer that follow snd_una + off. */
static uint32_t
tcp_snd_avail(const struct tcpcb *tp, uint32_t off)
{
	uint32_t cc = tcp_so(tp)->so_snd.sb_cc;

	return (cc > off ? cc - off : 0);
}

/*
 * What is in flight: by the records (RFC 8985), the scoreboard (RFC 6675, Pipe), or all from snd_una
 * to snd_nxt.
 */
uint32_t
tcp_snd_inflight(const struct tcpcb *tp)
{
	uint32_t flight = tp->snd_nxt - tp->snd_una;

	if (tcp_rack_on(tp))
		return (tp->snd_nxt == tp->snd_max ? tcp_pipe(tp) : flight);
	if (tp->snd_nsack == 0)
		return (flight);
	if (tp->t_flags & TF_FASTRECOVERY)
		return (tcp_sack_pipe(tp));
	return (flight - u32min(flight, tcp_sack_below(tp, tp->snd_nxt)));
}

/*
 * Bytes that congestion control lets into the network now (RFC 5681 3.1, 3.2; RFC 6675 5 with Pipe;
 * RFC 3042, for duplicates without SACK: what is SACKed is not in flight).
 */
static uint32_t
tcp_snd_cwndroom(const struct tcpcb *tp)
{
	uint32_t flight = tcp_snd_inflight(tp), cwnd = tp->snd_cwnd;

	if (tp->t_dupacks > 0 && (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0 &&
	    tp->t_tv->tv_rfc3042 && tp->snd_nsack == 0 && !tcp_rack_on(tp))
		cwnd += u32min(tp->t_dupacks, 2) * tp->t_maxseg;
	return (cwnd > flight ? cwnd - flight : 0);
}

/*
 * The longest piece one segment may carry: not more than half the largest window the peer ever
 * offered, nor, on paths of milliseconds, more than the window sends in one, nor half of the window:
 * what is gained by longer packets there is lost by their coming in bursts.
 */
static uint32_t
tcp_snd_limit(const struct tcpcb *tp)
{
	uint32_t limit = u32min(tp->t_maxsuper, tp->max_sndwnd / 2), rtt = tp->t_srtt >> 3;

	if (tp->t_lr.lr_rates.rt_pacing != 0)
		limit = u32min(limit, tp->t_lr.lr_rates.rt_quantum);
	else if (rtt > SND_FARAWAY)
		limit = u32min(u32min(limit, tp->snd_cwnd / 2),
		    u32max(tp->snd_cwnd / (rtt / 1000), (uint32_t)tp->t_tv->tv_mintso * tp->t_maxseg));
	/* Whole segments: tcp_snd_defer() compares with what was rounded. */
	if (limit != tp->t_maxsuper)
		limit -= limit % tp->t_maxseg;
	return (u32max(limit, tp->t_maxseg));
}

/* As Linux: what would be one packet goes out in pieces of half the window, that two are in flight. */
static uint32_t
tcp_snd_halves(const struct tcpcb *tp, struct tcp_out *o, uint32_t limit)
{
	uint32_t half = tp->snd_cwnd / 2;

	half = u32max(half - half % tp->t_maxseg, tp->t_maxseg);
	if (o->o_rest != 0)
		limit = o->o_rest;
	o->o_rest = limit > half ? limit - half : 0;
	return (u32min(limit, half));
}

/* Whole segments, unless what is left is all there is. */
static uint32_t
tcp_snd_round(const struct tcpcb *tp, uint32_t len)
{
	return (len > tp->t_maxseg ? len - len % tp->t_maxseg : len);
}

/*
 * Nagle (RFC 9293 3.7.4), the user's cork, and the sender's side of silly window avoidance
 * (3.8.6.2.1). len is what could be sent of avail at snd_nxt; the result is what should be.
 */
static uint32_t
tcp_snd_nagle(struct tcpcb *tp, const struct tcp_out *o, uint32_t len, uint32_t avail)
{
	bool hold, tail;

	tail = len == avail;
	if (SEQ_LT(tp->snd_nxt, tp->snd_max) || (tp->t_flags & TF_FORCE) != 0 ||
	    SEQ_GT(tp->snd_up, tp->snd_nxt) || (tail && tcp_snd_finstate(tp)))
		return (tail ? len : tcp_snd_round(tp, len));
	hold = (tp->t_flags & (TF_CORK | TF_MORE)) != 0 ||
	       (!o->o_idle && (tp->t_flags & TF_NODELAY) == 0 && tcp_persona_nagles(tp));
	if (tail && !hold)
		return (len);
	if (len >= tp->t_maxseg)
		return (tcp_snd_round(tp, len));
	/* Less than a segment fits: half the largest window will do. */
	if (!tail && len >= tp->max_sndwnd / 2 && len > 0)
		return (len);
	if (tail && (tp->t_flags & (TF_CORK | TF_MORE)) != 0 && !tcp_timer_active(tp, TT_CORK))
		tcp_timer_set(tp, TT_CORK,
		    tcp_aslinux(tp) ? (uint64_t)tcp_rto_base(tp) * USEC : 200 * MSEC);
	return (0);
}

/*
 * Wait for more window rather than dribble small packets where long ones are possible: sending
 * whenever one segment's worth of window opens would turn each ACK into one small packet.  At least
 * three quarters of the window are in flight, so ACKs will come.
 */
static bool
tcp_snd_defer(const struct tcpcb *tp, uint32_t len, uint32_t avail, uint32_t limit)
{
	uint32_t wnd = u32min(tp->snd_cwnd, tp->snd_wnd);

	if (len >= avail || len >= limit || SEQ_LT(tp->snd_nxt, tp->snd_max) ||
	    (tp->t_flags & (TF_FASTRECOVERY | TF_RTO | TF_FORCE)) != 0 ||
	    tp->t_lr.lr_rates.rt_pacing != 0 || tp->snd_nsack > 0 || tp->t_dupacks > 0)
		return (false);
	return (wnd >= 8 * tp->t_maxseg && len < wnd / 4 && tcp_outstanding(tp) >= wnd / 2);
}

/* After a timeout everything is sent again, except what the receiver said it has. */
static uint32_t
tcp_snd_skipsacked(struct tcpcb *tp)
{
	uint32_t len = UINT32_MAX, seq;

	if (tp->snd_nsack == 0 || !SEQ_LT(tp->snd_nxt, tp->snd_max))
		return (len);
	seq = tcp_sack_gap(tp, tp->snd_nxt, &len);
	tp->snd_nxt = seq;
	return (len == 0 ? UINT32_MAX : len);
}

static bool
tcp_snd_records(const struct tcpcb *tp)
{
	return ((tcp_so(tp)->so_snd.sb_flags & SBS_RECORDS) != 0);
}

/* Of len bytes some end a record with others behind it (VI_MSG_EOR): those go, and alone. */
static bool
tcp_snd_record(const struct tcpcb *tp, uint32_t off, uint32_t len, uint32_t *lenp)
{
	const struct sockbuf *sb = &tcp_so(tp)->so_snd;
	uint32_t rec;

	if (len == 0 || (rec = sbrecord(sb, off, len)) == 0 ||
	    off + rec == sb->sb_cc)
		return (false);
	*lenp = rec;
	return (true);
}

static bool
tcp_snd_data(struct tcpcb *tp, struct tcp_out *o)
{
	uint32_t gap = tcp_snd_skipsacked(tp), off = tp->snd_nxt - tp->snd_una,
		 avail = tcp_snd_avail(tp, off), len, cwnd, limit;

	if (avail == 0 || !tcp_pace_ok(tp))
		return (false);
	avail = u32min(avail, gap);
	if ((tp->t_flags & TF_MTUP) != 0 && !tcp_snd_records(tp) && (len = tcp_mtup_due(tp, avail)) != 0) {
		o->o_seq = tp->snd_nxt;
		o->o_len = len;
		o->o_flags = TH_ACK;
		o->o_probe = true;
		return (len != MTUP_WAIT);
	}
	cwnd = tcp_snd_cwndroom(tp);
	limit = avail <= tp->t_maxseg ? tp->t_maxseg : tcp_snd_limit(tp);
	if (limit > tp->t_maxseg && tcp_aslinux(tp))
		limit = tcp_snd_halves(tp, o, limit);
	len = tp->snd_wnd > off ? tp->snd_wnd - off : 0;
	if (cwnd < len && cwnd < avail)
		tp->t_flags |= TF_CWNDLIMITED;
	if (len < u32min(cwnd, u32min(avail, tp->t_maxseg)))
		tp->t_flags |= TF_RWNDLIMITED;
	len = u32min(u32min(len, cwnd), avail);
	if (len == 0 && (tp->t_flags & TF_FORCE) != 0)
		len = 1;			/* a window probe */
	if (tcp_snd_records(tp) && tcp_snd_record(tp, off, u32min(len, limit), &len)) {
		o->o_seq = tp->snd_nxt;
		o->o_len = len;
		o->o_flags = TH_ACK;
		return (true);
	}
	if (len > limit)
		len = tcp_snd_round(tp, limit);
	len = tcp_snd_nagle(tp, o, len, avail);
	if (len == 0 || tcp_snd_defer(tp, len, avail, limit))
		return (false);
	o->o_seq = tp->snd_nxt;
	o->o_len = len;
	o->o_flags = TH_ACK;
	return (true);
}

/*
 * What RACK took for lost, in order.  Beyond the peer's window nothing but the first segment goes
 * out again (it may have shrunk: RFC 9293 3.8.6, SHLD-14 and its opposite).
 */
static bool
tcp_snd_lost(struct tcpcb *tp, struct tcp_out *o)
{
	uint32_t len, room, wnd;

	if (tp->t_lr.lr_undo.un_frto == 2 || !tcp_rec_firstlost(tp, &o->o_seq, &len))
		return (false);
	if ((room = tcp_snd_cwndroom(tp)) < u32min(tp->t_maxseg, len) || !tcp_pace_ok(tp))
		return (false);
	wnd = tp->snd_una + tp->snd_wnd - o->o_seq;
	if (!SEQ_GT(tp->snd_una + tp->snd_wnd, o->o_seq))
		wnd = o->o_seq == tp->snd_una ? tp->t_maxseg : 0;
	len = u32min(u32min(len, room), wnd);
	if (len == 0)
		return (false);
	o->o_len = tcp_snd_round(tp, u32min(len, tcp_snd_limit(tp)));
	/* The FIN's number is no data; tcp_snd_flags() adds the FIN to what ends before it. */
	o->o_len = u32min(o->o_len, tcp_snd_avail(tp, o->o_seq - tp->snd_una));
	o->o_flags = TH_ACK;
	return (o->o_len > 0 || tcp_snd_finstate(tp));
}

/* NextSeg's gaps during SACK recovery without RACK. */
static bool
tcp_snd_gap(struct tcpcb *tp, struct tcp_out *o, bool lostonly)
{
	uint32_t room, len;

	if ((tp->t_flags & TF_SACK_PERMIT) == 0)
		return (false);
	if (tcp_rack_on(tp))
		return (lostonly && tp->t_lr.lr_recs.rs_lost != 0 && tcp_snd_lost(tp, o));
	if ((tp->t_flags & TF_FASTRECOVERY) == 0 || !tcp_pace_ok(tp))
		return (false);
	if ((room = tcp_snd_cwndroom(tp)) < tp->t_maxseg)
		return (false);
	if (!tcp_sack_next(tp, &o->o_seq, &len, lostonly)) {
		if (lostonly || !tcp_sack_rescue(tp, &o->o_seq, &len))
			return (false);
		TCPSTAT_INC(tp->t_tv, tcps_sack_rescue_rexmit);
	}
	o->o_len = tcp_snd_round(tp, u32min(u32min(len, room), tp->t_maxsuper));
	/* The FIN's number is no data; tcp_snd_flags() adds the FIN to what ends before it. */
	o->o_len = u32min(o->o_len, tcp_snd_avail(tp, o->o_seq - tp->snd_una));
	o->o_flags = TH_ACK;
	return (true);
}

/*
 * The sequence number of a segment without data: inside the peer's window, or it would be answered
 * (RFC 9293 3.10.7.4). Two sides that both probe a closed window would answer each other for ever.
 */
static uint32_t
tcp_snd_acceptable(const struct tcpcb *tp)
{
	return (SEQ_MAX(SEQ_MIN(tp->snd_max, tp->snd_una + tp->snd_wnd), tp->snd_una));
}

/* A segment without data: FIN, ACK, window update. */
static bool
tcp_snd_control(struct tcpcb *tp, struct tcp_out *o)
{
	uint32_t end = tp->snd_una + tcp_so(tp)->so_snd.sb_cc;

	o->o_len = 0;
	o->o_flags = TH_ACK;
	o->o_seq = tcp_snd_acceptable(tp);
	if (tcp_snd_finstate(tp) && tp->snd_nxt == end &&
	    ((tp->t_flags & TF_SENTFIN) == 0 || SEQ_LT(tp->snd_nxt, tp->snd_max))) {
		o->o_seq = tp->snd_nxt;
		return (true);		/* tcp_snd_flags() adds the FIN */
	}
	o->o_bare = true;
	if (tp->t_flags & TF_ACKNOW)
		return (true);
	if (tcp_rcv_update_due(tp)) {
		TCPSTAT_INC(tp->t_tv, tcps_sndwinup);
		return (true);
	}
	return (false);
}

static bool
tcp_snd_next(struct tcpcb *tp, struct tcp_out *o)
{
	o->o_bare = o->o_probe = false;
	/* Nothing is missing: by far the most calls. */
	if (tp->t_lr.lr_recs.rs_lost == 0 && (tp->t_flags & TF_FASTRECOVERY) == 0)
		return (tcp_snd_data(tp, o) || tcp_snd_control(tp, o));
	return (tcp_snd_gap(tp, o, true) || tcp_snd_data(tp, o) || tcp_snd_gap(tp, o, false) ||
		tcp_snd_control(tp, o));
}

/* RFC 9293 3.9.1.2: at the end of what there is; as Linux, at the end of each piece the user sent and of super-packets. */
bool
tcp_snd_pushes(const struct tcpcb *tp, uint32_t seq, uint32_t len, bool super)
{
	const struct sockbuf *sb = &tcp_so(tp)->so_snd;

	if (tcp_persona_pushes(tp))
		return (super || (tp->t_flags & TF_FORCE) != 0 || sbendsat(sb, seq + len - tp->snd_una));
	return (seq + len == tp->snd_una + sb->sb_cc);
}

/* FIN, PSH and URG follow from where the segment ends. */
static void
tcp_snd_flags(const struct tcpcb *tp, struct tcp_out *o, struct tcphdr *th)
{
	uint32_t end = tp->snd_una + tcp_so(tp)->so_snd.sb_cc;

	if (o->o_len > 0 && tcp_snd_pushes(tp, o->o_seq, o->o_len, o->o_len > tp->t_maxseg && !o->o_probe))
		o->o_flags |= TH_PUSH;
	if (o->o_seq + o->o_len == end && !o->o_bare && tcp_snd_finstate(tp) &&
	    ((tp->t_flags & TF_SENTFIN) == 0 || SEQ_LT(o->o_seq + o->o_len, tp->snd_max)))
		o->o_flags |= TH_FIN;
	o->o_flags |= tcp_ecn_flags(tp, o->o_len > 0 && !SEQ_LT(o->o_seq, tp->snd_max));
	th->th_urp = 0;
	if (SEQ_GT(tp->snd_up, o->o_seq)) {
		o->o_flags |= TH_URG;
		th->th_urp = HTONS((uint16_t)u32min(tp->snd_up - o->o_seq, UINT16_MAX));
	}
}

/* The header with its options, in a new mbuf with room for what goes in front.  NULL: no memory. */
static struct mbuf *
tcp_snd_header(struct tcpcb *tp, struct tcp_out *o, uint64_t now)
{
	const struct inpcb *inp = &tp->t_inpcb;
	size_t optlen;
	struct tcphdr *th;
	struct mbuf *m;
	uint32_t win;

	if ((m = m_gethdr(vnet_acct(inp->inp_vnet))) == NULL)
		return (NULL);
	th = mtod(m, struct tcphdr *);
	optlen = tcp_options_fill(tp, (uint8_t *)(th + 1), now);
	m->m_len = (uint32_t)(sizeof(*th) + optlen);
	/* SACK blocks take room that t_maxseg does not know of. */
	optlen -= tcp_options_len(tp);
	if (optlen > 0 && o->o_len > tp->t_maxseg - optlen) {
		o->o_len = tp->t_maxseg - (uint32_t)optlen;
		o->o_probe = false;
	}
	tcp_snd_flags(tp, o, th);
	win = tcp_rcv_window(tp);
	th->th_sport = inp->inp_lport;
	th->th_dport = inp->inp_fport;
	th->th_seq = HTONL(o->o_seq);
	th->th_ack = HTONL(tp->rcv_nxt);
	th_set_offflags(th, m->m_len, o->o_flags);
	th->th_win = HTONS((uint16_t)(win >> tp->rcv_scale));
	th->th_sum = cksum_reduce(tp->t_psum + HTONS((uint16_t)(m->m_len + o->o_len)));
	return (m);
}

/* Appends o_len bytes of the send buffer. */
static bool
tcp_snd_payload(struct tcpcb *tp, const struct tcp_out *o, struct mbuf *m)
{
	struct sockbuf *sb = &tcp_so(tp)->so_snd;
	uint32_t off = o->o_seq - tp->snd_una;

	if (off == 0 && o->o_len <= m_trailingspace(m)) {
		if (m_copydata(sb->sb_mb, 0, o->o_len, m->m_data + m->m_len) != 0)
			return (false);
		m->m_len += o->o_len;
		return (true);
	}
	return ((m->m_next = sbsndcopy(sb, off, o->o_len, vnet_acct(tcp_vn(tp)))) != NULL);
}

static void
tcp_snd_count(struct tcpcb *tp, const struct tcp_out *o, bool rexmt)
{
	struct tcp_vnet *tv = tp->t_tv;

	TCPSTAT_INC(tv, tcps_sndtotal);
	tp->t_segsout++;
	tp->t_datasegsout += o->o_len != 0;
	if (o->o_len == 0) {
		if (o->o_flags & TH_FIN)
			TCPSTAT_INC(tv, tcps_sndctrl);
		else
			TCPSTAT_INC(tv, tcps_sndacks);
	} else if (rexmt) {
		TCPSTAT_INC(tv, tcps_sndrexmitpack);
		TCPSTAT_ADD(tv, tcps_sndrexmitbyte, o->o_len);
		tp->t_rexmtbytes += o->o_len;
		tp->t_rexmtsegs++;
		if (tp->t_flags & TF_FASTRECOVERY) {
			TCPSTAT_INC(tv, tcps_sack_rexmits);
			TCPSTAT_ADD(tv, tcps_sack_rexmit_bytes, o->o_len);
		}
	} else {
		TCPSTAT_INC(tv, tcps_sndpack);
		TCPSTAT_ADD(tv, tcps_sndbyte, o->o_len);
		tp->t_sndbytes += o->o_len;
		if (tp->t_dupacks > 0 && (tp->t_flags & TF_FASTRECOVERY) == 0)
			TCPSTAT_INC(tv, tcps_limitedtransmit);
	}
}

/* The sequence space this segment covers was sent. */
static void
tcp_snd_advance(struct tcpcb *tp, const struct tcp_out *o, uint64_t now)
{
	uint32_t end = o->o_seq + o->o_len + ((o->o_flags & TH_FIN) != 0), max = tp->snd_max;
	bool rexmt = SEQ_LT(o->o_seq, max);

	tcp_snd_count(tp, o, rexmt);
	if (end == o->o_seq)
		return;
	tcp_rec_sent(tp, o->o_seq, end, now);
	tcp_pace_sent(tp, o->o_len, now);
	tp->t_lr.lr_prr.pr_out += o->o_len;
	if (rexmt) {
		if (tp->t_flags & TF_MTUPROBE)
			tcp_mtup_rexmt(tp, o->o_seq, end);
		tcp_undo_rexmt(tp, o->o_len, now);
		if (SEQ_LT(o->o_seq, tp->t_rtseq))
			tp->t_rtttime = 0;	/* Karn: a probe may send it again */
	}
	if (o->o_flags & TH_CWR)
		tp->t_ecn &= ~(uint32_t)TE_SNDCWR;
	if (o->o_flags & TH_FIN)
		tp->t_flags |= TF_SENTFIN;
	if (o->o_seq == tp->snd_nxt)
		tp->snd_nxt = end;
	else if ((tp->t_flags & TF_RESCUED) == 0 || end != max)
		tp->snd_highrxt = SEQ_MAX(tp->snd_highrxt, end);
	if (SEQ_GT(end, max)) {
		tp->snd_max = end;
		/* As Linux: but not when it is a SYN's data once more. */
		if (o->o_len % tp->t_maxseg != 0 && (tp->t_tfosent == 0 || o->o_seq != tp->iss + 1))
			tp->t_smallend = end;
		if (tp->t_nmarks > 0)
			tcp_mark_sent(tp);
		/* One segment at a time is timed, and none that was sent before (Karn). */
		if (tp->t_rtttime == 0 && o->o_seq == max) {
			tp->t_rtttime = u64max(now, 1);
			tp->t_rtseq = end;
		}
	}
	tp->t_lastsent = now;
	if (tcp_aslinux(tp))
		tcp_persona_answered(tp, o->o_len, now);
	/* A probe of a closed window is the persist timer's. */
	if (!tcp_timer_active(tp, TT_REXMT) && ((tp->t_flags & TF_FORCE) == 0 || tp->snd_wnd > 0)) {
		tcp_timer_stop(tp, TT_PERSIST);
		tp->t_persistshift = 0;
		tcp_timer_rexmt_restart(tp);
	}
}

void
tcp_snd_acked(struct tcpcb *tp)
{
	if (tp->rcv_wnd == 0)
		tp->t_flags |= TF_RXWIN0SENT;
	else
		tp->t_flags &= ~(uint32_t)TF_RXWIN0SENT;
	if (SEQ_GT(tp->rcv_nxt + tp->rcv_wnd, tp->rcv_adv))
		tp->rcv_adv = tp->rcv_nxt + tp->rcv_wnd;
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_rcvunacked = 0;
	tp->t_flags &= ~(uint32_t)(TF_ACKNOW | TF_DELACK);
	tcp_timer_stop(tp, TT_DELACK);
}

/* RFC 1191: the path became narrower between here and the wire. */
int
tcp_snd_msgsize(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;
	uint32_t mtu = inp->inp_ops->io_pathmtu(inp->inp_vnet, inp, inp->inp_fib, &inp->inp_faddr);

	if (mtu == 0 || mtu >= tp->t_pmtu)
		return (EMSGSIZE);
	tcp_mtup_told(tp, mtu);
	TCPSTAT_INC(tp->t_tv, tcps_mturesent);
	return (0);
}

/*
 * The segment was not sent.  With something due and no timer running, nobody would try again: so
 * start it.
 */
static int
tcp_snd_failed(struct tcpcb *tp, int error)
{
	TCPSTAT_INC(tp->t_tv, tcps_snderror);
	if (error != ENOBUFS) {
		tp->t_softerror = (int16_t)error;
		error = 0;
	}
	if (!tcp_timer_active(tp, TT_REXMT) && !tcp_timer_active(tp, TT_PERSIST))
		tcp_timer_rexmt_restart(tp);
	return (error);
}

/*
 * Header and payload.  A copy is charged for all its bytes, so a vnet that is near its limit may
 * refuse a super-packet for ever and still have room for one segment: that is tried then.  NULL: no
 * memory for that either.
 */
static struct mbuf *
tcp_snd_build(struct tcpcb *tp, struct tcp_out *o, uint64_t now)
{
	struct mbuf *m;

	for (;;) {
		if ((m = tcp_snd_header(tp, o, now)) != NULL &&
		    (o->o_len == 0 || tcp_snd_payload(tp, o, m)))
			return (m);
		m_freem(m);
		TCPSTAT_INC(tp->t_tv, tcps_sndnomem);
		if (o->o_len <= tp->t_maxseg)
			return (NULL);
		o->o_len = tp->t_maxseg;
		o->o_flags = TH_ACK;
		o->o_probe = false;
	}
}

/* Consumes m on error. */
static int
tcp_snd_sign(struct tcpcb *tp, uint32_t seq, struct mbuf *m)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct inet_flow fl = { .if_laddr = inp->inp_laddr, .if_faddr = inp->inp_faddr };
	struct tcp_authctx ac;
	int error;

	tcp_auth_ctx(tp, seq, &ac);
	if ((error = tcp_auth_sign(tp->t_tv, &ac, &fl, inp->inp_ops, m)) != 0)
		m_freem(m);
	return (error);
}

static int
tcp_snd_segment(struct tcpcb *tp, struct tcp_out *o)
{
	struct inpcb *inp = &tp->t_inpcb;
	const struct socket *so = inp->inp_socket;
	uint64_t now = tcp_now(tp);
	struct mbuf *m;
	uint8_t ect, *tos;
	uint32_t rec;
	int error;

	if (tcp_snd_records(tp) && tcp_snd_record(tp, o->o_seq - tp->snd_una, o->o_len, &rec))
		o->o_len = rec;
	if ((m = tcp_snd_build(tp, o, now)) == NULL) {
		tcp_snd_failed(tp, ENOBUFS);
		return (ENOBUFS);
	}
	m->m_pkt.len = th_hlen(mtod(m, const struct tcphdr *)) + o->o_len;
	m->m_pkt.csum_flags = CSUM_TCP;
	if (o->o_len > tp->t_maxseg && !o->o_probe) {
		m->m_pkt.csum_flags |= CSUM_TSO;
		m->m_pkt.segsz = (uint16_t)tp->t_maxseg;
	}
	m->m_pkt.flowid = inp->inp_flowid;
	if (tcp_authkey(tp) != NULL && (error = tcp_snd_sign(tp, o->o_seq, m)) != 0)
		return (tcp_snd_failed(tp, ENOBUFS));
	ect = tcp_ecn_tos(tp, o->o_len > 0 && !SEQ_LT(o->o_seq, tp->snd_max));
	tos = inp->inp_ops->io_family == VI_AF_INET ? &inp->inp_tos : &inp->inp_tclass;
	*tos |= ect;
	error = tcp_udp_output(tp, m, so->so_options & SO_DONTROUTE ? INET_DONTROUTE : 0);
	*tos &= (uint8_t)~ect;
	if (error != 0) {
		/* tcp_output() decides again, with shorter segments */
		if (error == EMSGSIZE && tcp_snd_msgsize(tp) == 0)
			return (0);
		if (error == EMSGSIZE && o->o_probe) {
			tcp_mtup_refused(tp, o->o_len);
			return (0);
		}
		return (tcp_snd_failed(tp, error) != 0 ? error : EAGAIN);
	}
	if (o->o_probe)
		tcp_mtup_sent(tp, o->o_seq, o->o_len);
	tcp_snd_advance(tp, o, now);
	tcp_snd_acked(tp);
	return (0);
}

/*
 * RFC 7661 4.4.3, with net.inet.tcp.newcwv: a window that was not used is kept for five minutes,
 * then halved.
 */
static void
tcp_snd_unvalidated(struct tcpcb *tp, uint32_t restart)
{
	uint64_t now = tcp_now(tp);

	if (now - tp->t_lr.lr_cwndvalid < 300 * SEC)
		return;
	tp->snd_ssthresh = u32max(tp->snd_ssthresh, tp->snd_cwnd / 4 * 3);
	tp->snd_cwnd = u32max(tp->snd_cwnd / 2, restart);
	tp->t_lr.lr_cwndvalid = now;
}

/*
 * RFC 5681 4.1, 2861: after an idle time of more than an RTO the ACK clock is gone; begin as a new
 * connection would.
 */
void
tcp_snd_idle(struct tcpcb *tp)
{
	uint32_t restart;

	/* One that knows the path's rate looks itself how idle it was. */
	if (tp->t_cc->cc_rate != NULL) {
		tp->t_cc->cc_idle(tp);
		return;
	}
	if (tcp_now(tp) - tp->t_lastsent < (uint64_t)tp->t_rxtcur * USEC || tp->t_lastsent == 0)
		return;
	if (!tp->t_tv->tv_idlerestart) {
		tp->t_cc->cc_idle(tp);
		return;
	}
	if (tp->t_tv->tv_newcwv) {
		tcp_snd_unvalidated(tp, (uint32_t)tp->t_tv->tv_initcwnd * tp->t_maxseg);
		tp->t_cc->cc_idle(tp);
		return;
	}
	restart = u32min((uint32_t)tp->t_tv->tv_initcwnd * tp->t_maxseg, tp->snd_cwnd);
	if (tp->snd_cwnd > restart) {
		tp->snd_ssthresh = u32max(tp->snd_ssthresh, tp->snd_cwnd / 4 * 3);
		tp->snd_cwnd = restart;
	}
	tp->t_cc->cc_idle(tp);
}

/*
 * Data that the window does not take, and nothing outstanding whose ACK would open it: probe (RFC
 * 9293 3.8.6.1).
 */
static void
tcp_snd_persist(struct tcpcb *tp)
{
	if (tcp_timer_active(tp, TT_REXMT) || tcp_timer_active(tp, TT_PERSIST))
		return;
	if (tcp_outstanding(tp) != 0)
		tcp_timer_rexmt_restart(tp);
	else if (tp->snd_wnd < tp->t_maxseg && tcp_snd_avail(tp, 0) > 0 &&
		 !tcp_timer_active(tp, TT_CORK)) {
		tp->t_persistshift = 0;
		tcp_timer_persist_start(tp);
	}
}

/* The usual end: the last of the data went, or a FIN or an ACK when there was no data, and with it the ACK and the window. */
static bool
tcp_snd_finished(const struct tcpcb *tp, const struct tcp_out *o)
{
	return ((o->o_len > 0 || o->o_bare || (o->o_flags & TH_FIN) != 0) && tp->snd_nxt == tp->snd_max &&
		tcp_snd_avail(tp, tp->snd_nxt - tp->snd_una) == 0 &&
		(!tcp_snd_finstate(tp) || (tp->t_flags & TF_SENTFIN) != 0) && tp->t_lr.lr_recs.rs_lost == 0 &&
		(tp->t_flags & (TF_ACKNOW | TF_FASTRECOVERY)) == 0);
}

/* Whatever is to be sent, of a connection that is made. */
static __attribute__((noinline)) int
tcp_snd_all(struct tcpcb *tp)
{
	struct tcp_out o;
	int error = 0;

	if (tp->t_tfo == TFO_SYNACK_DUE)
		tcp_tfo_synack(tp);
	o.o_idle = tp->snd_una == tp->snd_max;
	o.o_sent = false;
	o.o_rest = 0;
	if (o.o_idle && tp->t_state != TCPS_FIN_WAIT_2)
		tcp_snd_idle(tp);
	tp->t_flags &= ~(uint32_t)(TF_CWNDLIMITED | TF_RWNDLIMITED);
	while (tcp_snd_next(tp, &o)) {
		if ((error = tcp_snd_segment(tp, &o)) != 0)
			break;
		tp->t_flags &= ~(uint32_t)TF_FORCE;
		o.o_sent |= (o.o_len > 0 || (o.o_flags & TH_FIN) != 0);
		if (tcp_snd_finished(tp, &o))
			break;
	}
	if (tp->t_notsentfull)
		tcp_notsent_wakeup(tp);
	tcp_snd_persist(tp);
	if (o.o_sent)
		tcp_tlp_schedule(tp);
	if (tcp_aslinux(tp) && (o.o_sent || (tp->t_flags & TF_CWNDLIMITED) != 0))
		tcp_flight_sent(tp, (tp->t_flags & TF_CWNDLIMITED) != 0);
	tcp_chrono(tp);
	if (error == 0 && (tp->t_flags & TF_CWNDLIMITED) == 0 &&
	    tp->t_lr.lr_recs.rs_lost == 0 && tp->snd_nxt == tp->snd_max &&
	    tcp_snd_avail(tp, tp->snd_nxt - tp->snd_una) < tp->t_maxseg &&
	    tcp_snd_inflight(tp) < tp->snd_cwnd)
		tcp_rate_applimited(tp);
	return (error == EAGAIN ? 0 : error);
}

int
tcp_output(struct tcpcb *tp)
{
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		return (tp->t_tv->tv_shortpath && tcp_short_output(tp) ? 0 : tcp_snd_all(tp));
	return (tp->t_state == TCPS_SYN_RECEIVED && (tp->t_flags & TF_ACKNOW) != 0 ? tcp_snd_syn(tp) : 0);
}

/* RFC 5681 3.2 step 3, RFC 6582 3.2 step 3: one segment at snd_una, whatever the windows say. */
void
tcp_snd_rexmt_first(struct tcpcb *tp)
{
	struct tcp_out o = { .o_seq = tp->snd_una, .o_flags = TH_ACK };
	uint32_t len = tcp_outstanding(tp);

	if (tp->snd_nsack > 0)
		len = u32min(len, TAILQ_FIRST(&tp->snd_sackq)->sr_start - tp->snd_una);
	o.o_len = u32min(u32min(len, tp->t_maxseg), tcp_so(tp)->so_snd.sb_cc);
	if (o.o_len == 0 && (tp->t_flags & TF_SENTFIN) == 0)
		return;
	tp->snd_highrxt = tp->snd_una;
	(void)tcp_snd_segment(tp, &o);
}

/*
 * RFC 8985 7.3: a segment of new data if the peer's window takes it, or the last one again; the
 * congestion window may be passed by it.
 */
bool
tcp_snd_tlp(struct tcpcb *tp)
{
	uint32_t off = tp->snd_max - tp->snd_una, fin = (tp->t_flags & TF_SENTFIN) != 0,
		 len = tcp_snd_avail(tp, off);
	struct tcp_out o = { .o_flags = TH_ACK };

	if (tp->snd_nxt != tp->snd_max)
		return (false);
	if (len > 0 && fin == 0 && tp->snd_wnd > off) {
		o.o_seq = tp->snd_max;
		o.o_len = u32min(u32min(len, tp->t_maxseg), tp->snd_wnd - off);
	} else {
		/* A FIN that went alone goes alone again: it is the segment with the highest number. */
		o.o_len = fin && tcp_rec_finalone(tp) ? 0 : u32min(off - fin, tp->t_maxseg);
		o.o_seq = tp->snd_max - fin - o.o_len;
	}
	return (tcp_snd_segment(tp, &o) == 0);
}

/*
 * The send buffer grows with the window, to twice of what may be in flight (net.inet.tcp.sendbuf_auto), but not beyond what the fastest of
 * links could hold in a round trip: to a stack next door more would only wait in queues, and leave the caches meanwhile.
 */
#define SND_NEARBY	(256u * 1024)
#define SND_FASTEST	4000u	/* bytes per us */

void
tcp_snd_autosize(struct tcpcb *tp)
{
	struct sockbuf *sb = &tcp_so(tp)->so_snd;
	/* A rate-based sender does not slow down while what it lost is sent again. */
	uint64_t want = (tp->t_cc->cc_rate != NULL ? 3ull : 2ull) * u32min(tp->snd_cwnd, tp->snd_wnd);

	if ((sb->sb_flags & SB_AUTOSIZE) == 0 || !tp->t_tv->tv_sendbuf_auto || want <= sb->sb_hiwat)
		return;
	want = u64min(want, tp->t_tv->tv_sendbuf_max);
	want = u64min(want, u64max(SND_NEARBY, (uint64_t)tp->t_rttmin * SND_FASTEST));
	if (want > sb->sb_hiwat && sbreserve(sb, (uint32_t)want) == 0)
		sowwakeup(tcp_so(tp));
}

void
tcp_snd_ack(struct tcpcb *tp)
{
	tp->t_flags |= TF_ACKNOW;
	tcp_output(tp);
}

/* A segment that does not move the connection; consumes nothing of tp. */
int
tcp_snd_bare(struct tcpcb *tp, uint32_t seq, uint16_t flags, const uint8_t *opts, size_t optlen,
    uint32_t win, uint32_t len)
{
	struct inpcb *inp = &tp->t_inpcb;
	struct tcphdr *th;
	struct mbuf *m;

	if ((m = m_gethdr(vnet_acct(inp->inp_vnet))) == NULL) {
		TCPSTAT_INC(tp->t_tv, tcps_sndnomem);
		return (ENOBUFS);
	}
	th = mtod(m, struct tcphdr *);
	memcpy(th + 1, opts, optlen);
	m->m_len = (uint32_t)(sizeof(*th) + optlen);
	m->m_pkt.len = m->m_len + len;
	if (len > 0 && (m->m_next = sbsndcopy(&tcp_so(tp)->so_snd, 0, len,
			    vnet_acct(inp->inp_vnet))) == NULL) {
		m_freem(m);
		TCPSTAT_INC(tp->t_tv, tcps_sndnomem);
		return (ENOBUFS);
	}
	m->m_pkt.csum_flags = CSUM_TCP;
	m->m_pkt.flowid = inp->inp_flowid;
	th->th_sport = inp->inp_lport;
	th->th_dport = inp->inp_fport;
	th->th_seq = HTONL(seq);
	th->th_ack = flags & TH_ACK ? HTONL(tp->rcv_nxt) : 0;
	th_set_offflags(th, m->m_len, flags);
	th->th_win = HTONS((uint16_t)win);
	th->th_urp = 0;
	th->th_sum = cksum_reduce(tp->t_psum + HTONS((uint16_t)m->m_pkt.len));
	if (tcp_authkey(tp) != NULL && tcp_snd_sign(tp, seq, m) != 0)
		return (ENOBUFS);
	TCPSTAT_INC(tp->t_tv, tcps_sndtotal);
	tp->t_segsout++;
	return (tcp_udp_output(tp, m, 0));
}

int
tcp_snd_syn(struct tcpcb *tp)
{
	bool answer = tp->t_state == TCPS_SYN_RECEIVED;
	uint8_t opts[TCP_MAXOLEN];
	const uint16_t mss = tcp_ourmss(tp);
	size_t optlen = tcp_options_syn(tp, mss, opts, tcp_now(tp));
	uint32_t win = tcp_rcv_window(tp), len;
	uint16_t flags;
	int error;

	/* The window of a SYN is never scaled (RFC 7323 2.2). */
	win = tcp_synwindow(tp, tcp_persona_synwin(tp->t_tv, win, mss), mss);
	tcp_rcv_begin(tp, win);
	TCPSTAT_INC(tp->t_tv, tcps_sndctrl);
	tp->snd_nxt = tp->snd_max = tp->iss + 1;
	if (tp->t_rtttime == 0 && tp->t_nsynrexmt == 0) {
		tp->t_rtttime = u64max(tcp_now(tp), 1);
		tp->t_rtseq = tp->snd_max;
	}
	tp->t_lastsent = tcp_now(tp);
	tcp_timer_rexmt_restart(tp);
	flags = answer ? TH_SYN | TH_ACK : (uint16_t)(TH_SYN | tcp_ecn_syn(tp));
	len = answer ? 0 : tcp_tfo_synlen(tp);
	error = tcp_snd_bare(tp, tp->iss, flags, opts, optlen, win, len);
	if (answer) {
		tp->rcv_adv = SEQ_MAX(tp->rcv_adv, tp->rcv_nxt + win);
		tp->last_ack_sent = tp->rcv_nxt;
		tp->t_flags &= ~(uint32_t)TF_ACKNOW;
	}
	if (error != 0 && error != ENOBUFS)
		tp->t_softerror = (int16_t)error;
	return (error == ENOBUFS ? 0 : error);
}

/* RFC 9293 3.8.4: SEG.SEQ = SND.NXT - 1, no data: the peer must answer with an ACK. */
int
tcp_snd_probe(struct tcpcb *tp)
{
	uint8_t opts[TCP_MAXOLEN];
	size_t optlen = tcp_options_fill(tp, opts, tcp_now(tp));

	return (tcp_snd_bare(
	    tp, tp->snd_una - 1, TH_ACK, opts, optlen, tcp_rcv_window(tp) >> tp->rcv_scale, 0));
}

void
tcp_snd_rstat(struct tcpcb *tp, uint32_t seq, uint16_t flags)
{
	uint8_t opts[TCP_MAXOLEN];
	size_t optlen = tcp_options_rst(tp, opts, tcp_now(tp));

	TCPSTAT_INC(tp->t_tv, tcps_sndrst);
	(void)tcp_snd_bare(tp, seq, flags, opts, optlen, 0, 0);
}

/*
 * RFC 9293 3.5.2 group 3: the connection is given up.  RFC 5961 3.2: only the peer's RCV.NXT is
 * believed; if all arrived that is SND.NXT, inside its window.
 */
void
tcp_snd_rst(struct tcpcb *tp)
{
	tcp_snd_rstat(tp, tcp_snd_acceptable(tp), TH_RST | TH_ACK);
}

int
tcp_respond(struct tcp_vnet *tv, const struct tcp_reply *tr)
{
	const struct inet_flow *fl = &tr->tr_flow;
	uint8_t ids[TCP_AO_OPTLEN];
	size_t optlen = 0;
	struct tcphdr *th;
	struct mbuf *m;

	if ((m = m_gethdr(vnet_acct(tv->tv_vnet))) == NULL) {
		TCPSTAT_INC(tv, tcps_sndnomem);
		return (ENOBUFS);
	}
	th = mtod(m, struct tcphdr *);
	if (tr->tr_auth.ac_key != NULL)
		tcp_auth_fill(&tr->tr_auth, tr->tr_opts, ids);
	if (tr->tr_opts != NULL)
		optlen = tcp_opts_build(tr->tr_opts, (uint8_t *)(th + 1), TCP_MAXOLEN);
	m->m_len = m->m_pkt.len = (uint32_t)(sizeof(*th) + optlen);
	m->m_pkt.csum_flags = CSUM_TCP;
	m->m_pkt.flowid = fl->if_flowid;
	th->th_sport = tr->tr_lport;
	th->th_dport = tr->tr_fport;
	th->th_seq = HTONL(tr->tr_seq);
	th->th_ack = HTONL(tr->tr_ack);
	th_set_offflags(th, m->m_len, tr->tr_flags);
	th->th_win = HTONS(tr->tr_win);
	th->th_urp = 0;
	th->th_sum = tr->tr_ops->io_pseudo(&fl->if_laddr, &fl->if_faddr, VI_IPPROTO_TCP, m->m_len);
	if (tr->tr_auth.ac_key != NULL &&
	    tcp_auth_sign(tv, &tr->tr_auth, fl, tr->tr_ops, m) != 0) {
		m_freem(m);
		return (ENOBUFS);
	}
	TCPSTAT_INC(tv, tcps_sndtotal);
	if (tr->tr_udpport != 0)
		return (tcp_udp_send(tv, tr->tr_ops, fl, tr->tr_udpport, m));
	return (tr->tr_ops->io_send(tv->tv_vnet, fl, VI_IPPROTO_TCP, m));
}
