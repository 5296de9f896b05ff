/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packetization layer path MTU discovery (RFC 4821, RFC 8899): the size of segments is found by
 * sending longer ones, without the help of routers.
 *
 * A probe is one segment of new data longer than t_maxseg, sent where enough other data follows it
 * that its loss alone would be seen as a gap (RFC 4821 7.4).  Acknowledged, it raises the segment
 * size and the lower end of the search; missing alone, it lowers the upper end and goes out again
 * in pieces, and congestion control hears nothing of it (7.6.2), but the next one waits as many round
 * trips as the window has segments; missing among others, or sent again for another reason, it says
 * nothing (7.6.4).  The next probe is half way between the ends, until they are
 * net.inet.tcp.pmtud_probe_threshold apart; after pmtud_probe_interval all is tried anew (7.3).
 *
 * net.inet.tcp.pmtud_probing: 1 after timeouts in a row have fallen on long segments (7.7), 2 from
 * the beginning.  A connection begun here then starts with the base size of
 * pmtud_blackhole_mss; one begun by the peer with what the path is said to carry, as Linux.
 *
 * What 7.8 asks for, to go back when losses become many with longer segments, is left to the timeouts.
 *
 * t_pmtu is the packet size in use; mp_low and mp_high are of packets too.
 */
#include "netinet/tcp/tcp_int.h"

#define MTUP_MINCWND	11u	/* segments: fewer, and the loss of a probe costs too much */
#define MTUP_MAXPACKET	65535u
#define MTUP_MINPACKET6	1280u	/* RFC 4821 7.7 */

static uint32_t
mtup_hdrs(const struct tcpcb *tp)
{
	return (tcp_hdrs(tp) + tcp_options_len(tp));
}

/* The packet a path is taken to carry in any case (RFC 4821 7.2). */
static uint32_t
mtup_base(const struct tcpcb *tp)
{
	const struct tcp_vnet *tv = tp->t_tv;
	bool v4 = tp->t_inpcb.inp_ops->io_family == VI_AF_INET;

	return ((uint32_t)(v4 ? tv->tv_blackhole_mss : tv->tv_blackhole_mss6) + tcp_hdrs(tp));
}

/* The longest packet that the peer takes. */
static uint32_t
mtup_limit(const struct tcpcb *tp)
{
	uint32_t mss = tp->t_peermss;

	if (tp->t_usermaxseg != 0)
		mss = u32min(mss, tp->t_usermaxseg);
	return (u32min(mss + tcp_hdrs(tp), MTUP_MAXPACKET));
}

static void
mtup_range(struct tcpcb *tp, uint32_t low)
{
	struct tcp_mtup *mp = &tp->t_mtup;

	mp->mp_high = mtup_limit(tp);
	mp->mp_low = u32min(low, mp->mp_high);
	mp->mp_named = true;
	mp->mp_time = tcp_now(tp);
}

static void
mtup_size(struct tcpcb *tp, uint32_t mtu)
{
	uint32_t old = tp->t_maxseg;

	tp->t_pmtu = mtu;
	tcp_setmss(tp);
	/* RFC 5681 3.1: the window was meant for so many segments, not for more of them. */
	if (tp->t_maxseg < old && TCPS_HAVEESTABLISHED(tp->t_state))
		tp->snd_cwnd = u32max((uint32_t)((uint64_t)tp->snd_cwnd * tp->t_maxseg / old), 2 * tp->t_maxseg);
}

/* The connection begins; active: with our SYN. */
void
tcp_mtup_start(struct tcpcb *tp, bool active)
{
	if (tp->t_tv->tv_mtup < 2 || (tp->t_flags & TF_NOPMTU) != 0)
		return;
	tp->t_flags |= TF_MTUP;
	mtup_range(tp, mtup_base(tp));
	if (active && tp->t_mtup.mp_low < tp->t_pmtu)
		mtup_size(tp, tp->t_mtup.mp_low);
}

/* The path carries no more than this: a router or an interface said so.  The size follows. */
void
tcp_mtup_told(struct tcpcb *tp, uint32_t mtu)
{
	struct tcp_mtup *mp = &tp->t_mtup;

	if ((tp->t_flags & TF_MTUP) != 0 && mtu < mp->mp_high) {
		mp->mp_high = mtu;
		mp->mp_low = u32min(mp->mp_low, mtu);
		mp->mp_named = true;
	}
	if (mtu < tp->t_pmtu)
		mtup_size(tp, mtu);
}

/*
 * A timeout, the t_rxtshift-th in a row: after every second one what is sent becomes shorter, first
 * the base size, then half of it, down to net.inet.tcp.pmtud_probe_floor.
 */
void
tcp_mtup_timeout(struct tcpcb *tp)
{
	struct tcp_mtup *mp = &tp->t_mtup;
	uint32_t hdrs = tcp_hdrs(tp), low, floor;

	if ((tp->t_flags & TF_NOPMTU) != 0 || tp->t_rxtshift % 2 != 0)
		return;
	low = (tp->t_flags & TF_MTUP) != 0 ? u32min(mp->mp_low, mtup_base(tp)) : mtup_base(tp);
	if (low >= tp->t_pmtu) {
		floor = (uint32_t)imax(tp->t_tv->tv_mtupfloor, tp->t_tv->tv_minmss);
		low = u32max((tp->t_pmtu - u32min(tp->t_pmtu, hdrs)) / 2, floor) + hdrs;
		if (tp->t_inpcb.inp_ops->io_family != VI_AF_INET)
			low = u32max(low, MTUP_MINPACKET6);
	}
	if (low >= tp->t_pmtu || tcp_outstanding(tp) + mtup_hdrs(tp) <= low)
		return;			/* what is missing would have fitted */
	if ((tp->t_flags & TF_MTUP) == 0) {
		tp->t_flags |= TF_MTUP;
		mtup_range(tp, low);
	}
	mp->mp_low = low;
	if (tp->t_blackhole == 0)
		tp->t_blackhole = tp->t_pmtu;
	TCPSTAT_INC(tp->t_tv, tcps_pmtud_blackhole_activated);
	mtup_size(tp, low);
}

/* The packet to try next; 0: there is nothing to find out now. */
static uint32_t
mtup_next(struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_mtup *mp = &tp->t_mtup;
	const struct tcp_vnet *tv = tp->t_tv;
	uint32_t size = tp->t_maxseg + mtup_hdrs(tp), threshold = (uint32_t)tv->tv_mtupthreshold, high, mid;

	if (mp->mp_high <= size || (mp->mp_high - mp->mp_low < threshold && !mp->mp_named)) {
		if (tcp_now(tp) - mp->mp_time >= (uint64_t)tv->tv_mtupinterval * SEC)
			mtup_range(tp, size);
		return (0);
	}
	/* No probe for what a router has refused. */
	high = inp->inp_ops->io_pathmtu(inp->inp_vnet, &tp->t_inpcb, inp->inp_fib, &inp->inp_faddr);
	high = mp->mp_high = u32max(u32min(mp->mp_high, high), mp->mp_low);
	mid = (mp->mp_low + high) / 2;
	/* What is sent all the time needs no probe. */
	if (mid <= size) {
		mp->mp_low = size;
		mid = (size + high) / 2;
	}
	/* Near the end: the size that the path is said to have is likely, others are not worth it. */
	if (high < mp->mp_low + threshold)
		mid = mp->mp_named ? high : 0;
	return (mid > size ? mid : 0);
}

/* Something is under way that a probe would disturb, or that would disturb a probe. */
static bool
mtup_busy(const struct tcpcb *tp)
{
	return ((tp->t_flags & (TF_MTUPROBE | TF_FASTRECOVERY | TF_RTO | TF_FORCE)) != 0 ||
		tp->snd_nxt != tp->snd_max || tp->snd_nsack > 0 || tp->t_dupacks > 0 ||
		tp->t_lr.lr_recs.rs_lost > 0 || tp->t_nrsack > 0 ||
		tp->t_dsack.sb_start != tp->t_dsack.sb_end || SEQ_GT(tp->snd_up, tp->snd_nxt) ||
		tp->snd_cwnd < MTUP_MINCWND * tp->t_maxseg || tcp_now(tp) < tp->t_mtup.mp_wait);
}

/*
 * Of avail bytes at snd_nxt: those a probe may have; 0 for none; MTUP_WAIT: when ACKs have made
 * room (RFC 4821 7.4).
 */
uint32_t
tcp_mtup_due(struct tcpcb *tp, uint32_t avail)
{
	uint32_t off = tp->snd_nxt - tp->snd_una, mtu, len, need, flight;

	need = (u32max(TCP_DUPACKS, tp->t_reordering) + 2) * tp->t_maxseg;
	if (mtup_busy(tp) || avail < need || (mtu = mtup_next(tp)) == 0)
		return (0);
	len = mtu - mtup_hdrs(tp);
	need += len - tp->t_maxseg;
	if (avail < need || tp->snd_wnd < need)
		return (0);
	flight = tcp_snd_inflight(tp);
	if (off + need > tp->snd_wnd || flight + len + tp->t_maxseg > tp->snd_cwnd)
		return (flight > 0 ? MTUP_WAIT : 0);
	return (len);
}

/* A probe went out. */
void
tcp_mtup_sent(struct tcpcb *tp, uint32_t seq, uint32_t len)
{
	struct tcp_mtup *mp = &tp->t_mtup;

	tp->t_flags |= TF_MTUPROBE;
	mp->mp_start = seq;
	mp->mp_end = seq + len;
	mp->mp_size = len + mtup_hdrs(tp);
	mp->mp_failed = false;
	TCPSTAT_INC(tp->t_tv, tcps_mtup_probes);
}

/*
 * RFC 4821 7.6.2, 7.6.3: a loss that congestion control did not hear of must be rarer than those it
 * hears of; five times as rare when only the timer found it.
 */
static void
mtup_wait(struct tcpcb *tp, unsigned times)
{
	uint64_t rounds = (uint64_t)tp->snd_cwnd / tp->t_maxseg * times;

	tp->t_mtup.mp_wait = tcp_now(tp) + rounds * (tp->t_srtt >> 3) * USEC;
}

static void
mtup_toolong(struct tcpcb *tp, uint32_t size)
{
	struct tcp_mtup *mp = &tp->t_mtup;

	TCPSTAT_INC(tp->t_tv, tcps_mtup_failed);
	mp->mp_high = u32max(u32min(mp->mp_high, size - 1), mp->mp_low);
	mp->mp_named = false;
}

/* A probe with len bytes of data could not even be sent. */
void
tcp_mtup_refused(struct tcpcb *tp, uint32_t len)
{
	mtup_toolong(tp, len + mtup_hdrs(tp));
}

/* ack is beyond snd_una and a probe is out. */
void
tcp_mtup_acked(struct tcpcb *tp, uint32_t ack)
{
	struct tcp_mtup *mp = &tp->t_mtup;

	if (SEQ_LT(ack, mp->mp_end))
		return;
	tp->t_flags &= ~(uint32_t)TF_MTUPROBE;
	if (mp->mp_failed)
		return;
	TCPSTAT_INC(tp->t_tv, tcps_mtup_succeeded);
	mp->mp_low = u32min(mp->mp_size, mp->mp_high);
	if (mp->mp_size > tp->t_pmtu)
		mtup_size(tp, mp->mp_size);
	if (tp->t_pmtu >= tp->t_blackhole)
		tp->t_blackhole = 0;
}

/* [start, end) goes out again and a probe is out. */
void
tcp_mtup_rexmt(struct tcpcb *tp, uint32_t start, uint32_t end)
{
	const struct tcp_mtup *mp = &tp->t_mtup;

	if (SEQ_GEQ(start, mp->mp_end) || SEQ_LEQ(end, mp->mp_start))
		return;
	/* In pieces that fit; or for another reason than its loss, and nothing is learnt. */
	if (!mp->mp_failed || SEQ_GEQ(end, mp->mp_end))
		tp->t_flags &= ~(uint32_t)TF_MTUPROBE;
}

/* The timer went off while a probe is out: of sizes that says nothing. */
void
tcp_mtup_rto(struct tcpcb *tp)
{
	tp->t_flags &= ~(uint32_t)TF_MTUPROBE;
	mtup_wait(tp, 5);
}

/*
 * RACK took something for lost and a probe is out.  True: it is the probe and nothing else, which
 * is no sign of congestion.
 */
bool
tcp_mtup_lost(struct tcpcb *tp)
{
	struct tcp_mtup *mp = &tp->t_mtup;
	uint32_t seq, len;

	if (!tcp_rec_firstlost(tp, &seq, &len) || !tcp_mtup_holds(tp, seq, seq + len) ||
	    tp->t_lr.lr_recs.rs_lost > len) {
		tp->t_flags &= ~(uint32_t)TF_MTUPROBE;
		return (false);
	}
	if (!mp->mp_failed) {
		mp->mp_failed = true;
		mtup_toolong(tp, mp->mp_size);
		mtup_wait(tp, 1);
		tp->t_rtttime = 0;		/* Karn */
	}
	return (true);
}

/* The same where duplicate ACKs or the scoreboard say that what begins at snd_una is lost. */
bool
tcp_mtup_lostfirst(struct tcpcb *tp)
{
	struct tcp_mtup *mp = &tp->t_mtup;

	if (tp->snd_una != mp->mp_start)
		return (false);
	mp->mp_failed = true;
	mtup_toolong(tp, mp->mp_size);
	mtup_wait(tp, 1);
	return (true);
}
