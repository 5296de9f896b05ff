/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data that arrived, and what the peer is told about it: text (RFC 9293 3.10.7.4, seventh step),
 * the window offered (3.8.6.2.2), when to acknowledge (3.8.6.3), and the size of the receive
 * buffer.
 */
#include "netinet/tcp/tcp_int.h"

#include "base/assert.h"

#define RCV_GROWLEN	128

/* The most that is ever offered. */
uint32_t
tcp_rcv_most(const struct tcpcb *tp)
{
	uint32_t most = tcp_so(tp)->so_rcv.sb_hiwat;

	if (tp->t_winclamp != 0)
		most = u32min(most, tp->t_winclamp);
	return (u32min(most, (uint32_t)TCP_MAXWIN << tp->rcv_scale));
}

/*
 * What the buffer takes, as the field can say it (RFC 7323 2.4): closed rather than silly, below a
 * segment and a quarter of the most it counts as nothing (MUST-39).  But an empty buffer that is
 * smaller than a unit would be closed for ever.
 */
static uint32_t
rcv_offer(const struct tcpcb *tp)
{
	const struct sockbuf *sb = &tcp_so(tp)->so_rcv;
	const uint32_t unit = 1u << tp->rcv_scale, most = tcp_rcv_most(tp);
	uint32_t win = u32min(sbspace(sb), most);

	if (win < tp->t_maxseg && win < most / 4)
		win = 0;
	if (tp->t_rcvgrown != 0)
		win = u32min(win, tp->t_rcvgrown);
	win &= ~(unit - 1);
	return (win == 0 && sb->sb_cc == 0 ? unit : win);
}

/* What was offered and not used. */
static uint32_t
rcv_offered(const struct tcpcb *tp)
{
	return (SEQ_GT(tp->rcv_adv, tp->rcv_nxt) ? tp->rcv_adv - tp->rcv_nxt : 0);
}

/* The window to offer: never less than was offered before (RFC 9293 3.8.6.2.2, SHLD-14). */
uint32_t
tcp_rcv_window(struct tcpcb *tp)
{
	tp->rcv_wnd = u32max(rcv_offer(tp), rcv_offered(tp));
	return (tp->rcv_wnd);
}

/*
 * The user took data: is what can be offered now worth a segment (RFC 9293 3.8.6.2.2)?  After that
 * segment it is not.
 */
bool
tcp_rcv_update_due(struct tcpcb *tp)
{
	const uint32_t offered = rcv_offered(tp), most = tcp_rcv_most(tp);
	uint32_t win;

	/* Our SYN-ACK is under way yet: its answer is soon enough. */
	if (tp->t_tfo != TFO_NONE && tcp_persona_waits(tp))
		return (false);
	if (TCPS_HAVERCVDFIN(tp->t_state) || (tcp_so(tp)->so_rcv.sb_flags & SBS_CANTRCVMORE) != 0)
		return (false);
	/* What the SYN could not say, without scaling, is told with the first ACK of data. */
	if (tp->rcv_nxt == tp->irs + 1 && tp->rcv_adv != tp->rcv_nxt)
		return (false);
	if (offered >= most / 2 || (win = rcv_offer(tp)) <= offered)
		return (false);
	return (tcp_persona_winupdate(tp, offered, win, most));
}

/* An ACK is due within ns, unless one was due before. */
void
tcp_rcv_delack(struct tcpcb *tp, uint64_t ns)
{
	if ((tp->t_flags & TF_DELACK) != 0)
		return;
	tp->t_flags |= TF_DELACK;
	tcp_timer_set(tp, TT_DELACK, ns);
}

/*
 * RFC 9293 MUST-58, RFC 5681 4.2: at least every second full segment, and not later than the
 * delayed ACK's time.
 */
void
tcp_rcv_ackpolicy(struct tcpcb *tp, uint32_t len, uint32_t segsz)
{
	if (segsz > tp->t_rcvmss)
		tp->t_rcvmss = u32min(segsz, u32max(tp->t_maxseg, TCP_MSS_DEFAULT));
	tp->t_rcvunacked += len;
	if (!tp->t_tv->tv_delayed_ack || (tp->t_flags & TF_QUICKACK) != 0 ||
	    tp->t_rcvunacked >= 2 * tp->t_rcvmss || tcp_persona_quickack(tp)) {
		tp->t_flags |= TF_ACKNOW;
		return;
	}
	tcp_rcv_delack(tp, (uint64_t)tp->t_tv->tv_delacktime * MSEC);
}

/*
 * How long a window's worth takes to arrive: the receiver's idea of the round trip when it sends
 * nothing itself.
 */
static void
tcp_rcv_rtt(struct tcpcb *tp, uint64_t now)
{
	uint32_t us;

	if (SEQ_LT(tp->rcv_nxt, tp->t_rcvrtt_seq))
		return;
	/* Or it would be ahead of us after 2 GB of nothing but data in order. */
	if (SEQ_LT(tp->rcv_up, tp->rcv_nxt))
		tp->rcv_up = tp->rcv_nxt;
	if (tp->t_rcvrtt_seq != tp->irs + 1) {
		us = (uint32_t)u64min(u64max((now - tp->t_rcvrtt_time) / USEC, 1), 1u << 26);
		tp->t_rcvrtt = tp->t_rcvrtt == 0   ? us
			       : us < tp->t_rcvrtt ? us
						   : tp->t_rcvrtt - tp->t_rcvrtt / 8 + us / 8;
	}
	tp->t_rcvrtt_seq = tp->rcv_nxt + tp->rcv_wnd;
	tp->t_rcvrtt_time = now;
}

void
tcp_rcv_begin(struct tcpcb *tp, uint32_t told)
{
	tp->t_rcvgrown = tcp_aslinux(tp) ? told : 0;
}

/* As Linux: what is offered begins with what the SYN told and grows by two segments with each that comes, unless it is a small one. */
static void
tcp_rcv_grow(struct tcpcb *tp, uint32_t len)
{
	const uint32_t most = u32min(sbspace(&tcp_so(tp)->so_rcv), tcp_rcv_most(tp));

	if (len >= RCV_GROWLEN && most > tp->t_rcvgrown)
		tp->t_rcvgrown += u32min(most - tp->t_rcvgrown, 2 * u32max(tp->t_maxseg, len));
}

/* In-order data (ts_m) goes to the user by reference. */
void
tcp_rcv_inorder(struct tcpcb *tp, struct tcp_seg *ts)
{
	struct socket *so = tcp_so(tp);
	struct mbuf *m = ts->ts_m;

	ts->ts_m = NULL;
	tp->rcv_nxt += ts->ts_len + ts->ts_pulled;
	tp->t_rcvbytes += ts->ts_len;
	tp->t_lastrcvd = tp->t_lastdata = tcp_now(tp);
	TCPSTAT_INC(ts->ts_tv, tcps_rcvpack);
	TCPSTAT_ADD(ts->ts_tv, tcps_rcvbyte, ts->ts_len);
	tcp_rcv_rtt(tp, tp->t_lastrcvd);
	tcp_heard(tp);
	tcp_rcv_ackpolicy(tp, ts->ts_len, ts->ts_segsz);
	if (tp->t_rcvgrown != 0)
		tcp_rcv_grow(tp, ts->ts_len);
	if ((so->so_rcv.sb_flags & SBS_CANTRCVMORE) && !tcp_persona_listens(tp)) {
		m_freem(m);			/* shutdown(SHUT_RD): read by nobody */
		return;
	}
	sbappendstream(&so->so_rcv, m);
	sorwakeup(so);
}

/* A hole was filled: what waited behind it follows. */
static void
tcp_rcv_drain(struct tcpcb *tp)
{
	struct socket *so = tcp_so(tp);
	struct mbuf *m;
	uint32_t len;

	if ((m = tcp_reass_take(tp, &len)) != NULL) {
		tp->rcv_nxt += len;
		tp->t_rcvbytes += len;
		if ((so->so_rcv.sb_flags & SBS_CANTRCVMORE) && !tcp_persona_listens(tp))
			m_freem(m);
		else
			sbappendstream(&so->so_rcv, m);
		sorwakeup(so);
	}
	tcp_rsack_prune(tp);
	tp->t_flags |= TF_ACKNOW;	/* RFC 5681 4.2 */
}

void
tcp_rcv_text(struct tcpcb *tp, struct tcp_seg *ts)
{
	struct mbuf *m = ts->ts_m;

	if (ts->ts_len + ts->ts_pulled == 0)
		return;
	if (ts->ts_seq == tp->rcv_nxt) {
		tcp_rcv_inorder(tp, ts);
		if (tp->t_segqlen > 0)
			tcp_rcv_drain(tp);
		return;
	}
	TCPSTAT_INC(ts->ts_tv, tcps_rcvoopack);
	tp->t_ooopack++;
	tp->t_lastdata = tcp_now(tp);
	TCPSTAT_ADD(ts->ts_tv, tcps_rcvoobyte, ts->ts_len);
	ts->ts_m = NULL;
	if (tcp_reass_insert(tp, ts->ts_seq, ts->ts_len, m) != 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvreassfull);
		/* What is not there cannot end there: the FIN comes again with the data. */
		ts->ts_flags &= (uint16_t)~TH_FIN;
	}
	tp->t_flags |= TF_ACKNOW;	/* RFC 5681 4.2: a duplicate ACK at once */
}

/*
 * Receive buffer sizing: the user took so much in the last round trip; twice that, and the sender
 * can double its rate once more before the window limits it.  Only upwards, to
 * net.inet.tcp.recvbuf_max.
 */
void
tcp_rcv_autosize(struct tcpcb *tp)
{
	struct sockbuf *sb = &tcp_so(tp)->so_rcv;
	uint32_t taken = tp->rcv_nxt - sb->sb_cc, rtt = tp->t_rcvrtt, want;
	uint64_t now;

	if ((sb->sb_flags & SB_AUTOSIZE) == 0 || !tp->t_tv->tv_recvbuf_auto)
		return;
	/* Of one who sends nothing it is the handshake's, before there was a queue. */
	if (tp->t_srtt != 0 && tp->t_sndbytes != 0)
		rtt = rtt == 0 ? tp->t_srtt >> 3 : u32min(rtt, tp->t_srtt >> 3);
	now = tcp_now(tp);
	if (rtt == 0 || now - tp->t_rcvq_time < (uint64_t)rtt * USEC)
		return;
	taken -= tp->t_rcvq_seq;
	if (taken > tp->t_rcvq_space && taken < UINT32_MAX / 4) {
		tp->t_rcvq_space = taken;
		want = u32min(2 * taken + 16 * tp->t_maxseg, tp->t_tv->tv_recvbuf_max);
		if (want > sb->sb_hiwat)
			(void)sbreserve(sb, want);
	}
	tp->t_rcvq_seq = tp->rcv_nxt - sb->sb_cc;
	tp->t_rcvq_time = now;
}
