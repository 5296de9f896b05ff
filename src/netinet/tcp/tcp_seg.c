/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A segment arrives (RFC 9293 3.10.7).  tcp_input() checks its form, finds whom it is for and hands
 * it to the state's procedure:
 *
 *	TIME_WAIT		tcp_timewait_input()	tcp_timewait.c
 *	CLOSED, nobody		tcp_seg_closed()	here
 *	LISTEN			tcp_seg_listen()	tcp_seg_listen.c
 *	SYN_SENT		tcp_seg_synsent()	tcp_seg_synsent.c
 *	all other states	tcp_seg_other()		tcp_seg_other.c
 *
 * The segment lives on the stack of tcp_input() as a struct tcp_seg; each procedure consumes ts_m.
 * Whatever is dropped is counted once, by reason.
 *
 * A super-packet is one segment here: its checksum is known good or computed over the whole.
 */
#include "netinet/tcp/tcp_int.h"

#include "base/assert.h"
#include "base/checksum.h"
#include "base/sbuf.h"

void
tcp_seg_drop(struct tcp_seg *ts)
{
	m_freem(ts->ts_m);
	ts->ts_m = NULL;
}

/*
 * RFC 9293 3.10.7.1 and the other places that send <SEQ=SEG.ACK><CTL=RST> or
 * <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>.
 */
void
tcp_seg_reset(struct tcp_seg *ts)
{
	const struct inet_pkt *pkt = ts->ts_pkt;
	struct tcp_vnet *tv = ts->ts_tv;
	struct tcp_reply tr = {
	    .tr_flow = {.if_laddr = pkt->ip_dst,
		.if_faddr = pkt->ip_src,
		.if_fib = ts->ts_m != NULL ? ts->ts_m->m_pkt.fib : 0},
	    .tr_ops = pkt->ip_ops,
	    .tr_lport = ts->ts_dport,
	    .tr_fport = ts->ts_sport,
	    .tr_udpport = pkt->ip_udpport,
	};
	uint64_t epoch = vnet_now(tv->tv_vnet) / SEC;

	tcp_seg_drop(ts);
	if (ts->ts_flags & TH_RST)
		return;
	if (epoch != tv->tv_rst_epoch) {
		tv->tv_rst_epoch = epoch;
		tv->tv_rst_left = tv->tv_rst_limit;
	}
	if (tv->tv_rst_limit != 0 && tv->tv_rst_left-- <= 0)
		return;
	if (ts->ts_flags & TH_ACK) {
		tr.tr_seq = ts->ts_ack;
		tr.tr_flags = TH_RST;
	} else {
		tr.tr_ack = ts->ts_seq + ts->ts_len + ((ts->ts_flags & TH_SYN) != 0) +
			    ((ts->ts_flags & TH_FIN) != 0);
		tr.tr_flags = TH_RST | TH_ACK;
	}
	TCPSTAT_INC(tv, tcps_sndrst);
	(void)tcp_respond(tv, &tr);
}

/* RFC 5961 7: at most net.inet.tcp.ack_war_cnt challenge ACKs a second in the whole vnet. */
bool
tcp_challenge_ok(struct tcp_vnet *tv)
{
	uint64_t epoch = vnet_now(tv->tv_vnet) / SEC;

	if (epoch != tv->tv_challenge_epoch) {
		tv->tv_challenge_epoch = epoch;
		/*
		 * Half to one and a half times the limit, so that nobody learns from what is
		 * missing (CVE-2016-5696).
		 */
		tv->tv_challenge_left =
		    tv->tv_challenge_limit / 2 + (int)kernel_random_below(tv->tv_vnet->vn_kernel,
						     (uint32_t)tv->tv_challenge_limit + 1);
	}
	if (tv->tv_challenge_limit != 0 && tv->tv_challenge_left-- <= 0) {
		tv->tv_challenge_left = 0;
		TCPSTAT_INC(tv, tcps_challenge_limited);
		return (false);
	}
	TCPSTAT_INC(tv, tcps_challenge_acks);
	return (true);
}

void
tcp_challenge(struct tcpcb *tp, struct tcp_seg *ts)
{
	tcp_seg_drop(ts);
	if (tcp_challenge_ok(ts->ts_tv))
		tcp_snd_ack(tp);
}

/* In FreeBSD's words.  The log bounds how often. */
static void
tcp_seg_vain(const struct tcp_seg *ts)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PUSH", "ACK", "URG", "ECE", "CWR", "AE" };
	struct in_vain v;
	char flags[48];
	struct sbuf sb;

	in_pcbvain(ts->ts_pkt, &v);
	sbuf_init(&sb, flags, sizeof(flags));
	for (unsigned i = 0, any = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((ts->ts_flags >> i & 1) != 0)
			sbuf_printf(&sb, "%s%s", any++ != 0 ? "," : "<", names[i]);
	vnet_log(ts->ts_tv->tv_vnet, LOG_INFO, "TCP: [%s]:%u to [%s]:%u tcpflags 0x%x%s%s; tcp_input: Connection attempt to closed port",
	    v.iv_src, NTOHS(ts->ts_sport), v.iv_dst, NTOHS(ts->ts_dport), ts->ts_flags & 0x1ffu, flags, flags[0] != '\0' ? ">" : "");
}

/* Nobody there (RFC 9293 3.10.7.1). */
static void
tcp_seg_closed(struct tcp_seg *ts)
{
	int blackhole = ts->ts_tv->tv_blackhole;

	TCPSTAT_INC(ts->ts_tv, tcps_rcvnoport);
	if (ts->ts_tv->tv_vain == 2 || (ts->ts_tv->tv_vain == 1 && (ts->ts_flags & TH_SYN) != 0))
		tcp_seg_vain(ts);
	if (blackhole >= 2 || (blackhole == 1 && (ts->ts_flags & TH_SYN) != 0)) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvblackholed);
		tcp_seg_drop(ts);
		return;
	}
	tcp_seg_reset(ts);
}

/* The checksum over pseudo header and segment (RFC 9293 3.1, MUST-3). */
static bool
tcp_input_sum(const struct mbuf *m, const struct inet_pkt *pkt)
{
	uint32_t sum;

	if (m->m_pkt.csum_flags & CSUM_DATA_VALID)
		return (true);
	sum = pkt->ip_ops->io_pseudo(&pkt->ip_src, &pkt->ip_dst, VI_IPPROTO_TCP, pkt->ip_plen);
	return (wire_sum_check(m_cksum(m, 0, pkt->ip_plen, sum)) == WIRE_OK);
}

static void
tcp_input_badform(struct tcp_vnet *tv, enum wire_error e)
{
	if (e == WIRE_SHORT)
		TCPSTAT_INC(tv, tcps_rcvshort);
	else
		TCPSTAT_INC(tv, tcps_rcvbadoff);
}

/*
 * Form and checksum.  NULL: dropped and counted.  Otherwise the header with its options is
 * contiguous.
 */
static struct mbuf *
tcp_input_check(
    struct tcp_vnet *tv, struct mbuf *m, const struct inet_pkt *pkt, struct tcp_hdr_info *hi)
{
	enum wire_error e;

	/* RFC 9293 MUST-57: never to or from a broadcast or multicast address; nor from nobody (RFC 1122 3.2.1.3 a). */
	if (pkt->ip_bcast || in_addr_any_isany(&pkt->ip_src)) {
		TCPSTAT_INC(tv, tcps_rcvmcast);
		m_freem(m);
		return (NULL);
	}
	while ((e = tcp_check(m->m_data, u32min(m->m_len, pkt->ip_plen), pkt->ip_plen, hi)) ==
	       WIRE_PULLUP) {
		if ((m = m_pullup(m, hi->hi_need)) == NULL) {
			TCPSTAT_INC(tv, tcps_rcvmemdrop);
			return (NULL);
		}
	}
	if (e != WIRE_OK) {
		tcp_input_badform(tv, e);
		m_freem(m);
		return (NULL);
	}
	if (!tcp_input_sum(m, pkt)) {
		TCPSTAT_INC(tv, tcps_rcvbadsum);
		if (vnet_logdue(tv->tv_vnet, VNET_LOG_BADSUM))
			vnet_log(tv->tv_vnet, LOG_NOTICE, "tcp: bad checksums on %s", pkt->ip_rcvif == NULL ? "?" : pkt->ip_rcvif->if_xname);
		m_freem(m);
		return (NULL);
	}
	return (m);
}

/* Options.  A malformed one is skipped and counted; the rest counts (RFC 9293 MUST-5, MUST-7). */
static void
tcp_input_options(struct tcp_seg *ts, const uint8_t *p, size_t len)
{
	if (len == 0) {
		ts->ts_to.to_flags = 0;
	} else if (tcp_opts_fast_ts(p, len, &ts->ts_to.to_tsval, &ts->ts_to.to_tsecr)) {
		ts->ts_to.to_flags = TOF_TS;
	} else if (tcp_opts_parse(p, len, (ts->ts_flags & TH_SYN) != 0, &ts->ts_to) != WIRE_OK) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvbadopt);
	}
}

static void
tcp_seg_demux(struct inpcb *inp, struct tcp_seg *ts)
{
	struct tcpcb *tp = inp != NULL ? intotcpcb(inp) : NULL;

	if (tp != NULL && in_pcbfar(inp, ts->ts_pkt)) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvminttl);
		tcp_seg_drop(ts);
		return;
	}
	if (tp != NULL && tp->t_state >= TCPS_SYN_SENT) {
		if (!tcp_udp_same(ts, tp->t_udpport))
			return;
		tp->t_segsin++;
		tp->t_datasegsin += ts->ts_len != 0;
		if (tp->t_state == TCPS_SYN_SENT)
			tcp_seg_synsent(tp, ts);
		else
			tcp_seg_scaled(tp, ts);
		return;
	}
	if (tcp_timewait_input(ts, tp != NULL && tp->t_state == TCPS_LISTEN))
		return;
	if (tp != NULL && tp->t_state == TCPS_LISTEN)
		tcp_seg_listen(inp, ts);
	else
		tcp_seg_closed(ts);
}

/* RFC 2385, RFC 5925: before the segment can do anything. */
static bool
tcp_input_signed(struct inpcb *inp, struct tcp_seg *ts, const struct mbuf *m)
{
	if (inp == NULL || intotcpcb(inp) == NULL ||
	    (intotcpcb(inp)->t_auth == NULL &&
		(ts->ts_to.to_flags & (TOF_SIGNATURE | TOF_AO)) == 0))
		return (true);
	return (tcp_auth_input(inp, ts, m));
}

#define SHORT_HLEN	(TCP_MINHLEN + TCPOLEN_TSTAMP_APPA)

/*
 * The form that nearly all segments have: ACK, perhaps PSH or FIN, and timestamps as RFC 7323 appendix A lays them
 * out; nothing to be summed, nothing to be cut off.  What it reads is what tcp_input_parse() would.
 */
static bool
tcp_input_plain(struct tcp_seg *ts, const struct mbuf *m, const struct inet_pkt *pkt)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);

	if (m->m_len < SHORT_HLEN || (th->th_offflags & (uint16_t)~HTONS(TH_PUSH | TH_FIN | TH_RESMASK)) != HTONS(SHORT_HLEN << 10 | TH_ACK) ||
	    (m->m_pkt.csum_flags & CSUM_DATA_VALID) == 0 || m->m_pkt.len != pkt->ip_plen || pkt->ip_bcast ||
	    !tcp_opts_fast_ts((const uint8_t *)(th + 1), TCPOLEN_TSTAMP_APPA, &ts->ts_to.to_tsval, &ts->ts_to.to_tsecr))
		return (false);
	ts->ts_to.to_flags = TOF_TS;
	ts->ts_seq = NTOHL(th->th_seq);
	ts->ts_ack = NTOHL(th->th_ack);
	ts->ts_len = pkt->ip_plen - SHORT_HLEN;
	ts->ts_win = NTOHS(th->th_win);
	ts->ts_flags = th_flags(th);
	ts->ts_urp = NTOHS(th->th_urp);
	ts->ts_sport = th->th_sport;
	ts->ts_dport = th->th_dport;
	return (true);
}

/* Any segment; the length of its header, 0: dropped and counted. */
static unsigned
tcp_input_parse(struct tcp_seg *ts, struct mbuf **mp, const struct inet_pkt *pkt)
{
	struct tcp_hdr_info hi;
	struct mbuf *m;

	if ((m = *mp = tcp_input_check(ts->ts_tv, *mp, pkt, &hi)) == NULL)
		return (0);
	ts->ts_seq = hi.hi_seq;
	ts->ts_ack = hi.hi_ack;
	ts->ts_len = hi.hi_dlen;
	ts->ts_win = hi.hi_win;
	ts->ts_flags = hi.hi_flags;
	ts->ts_urp = hi.hi_urp;
	ts->ts_sport = hi.hi_sport;
	ts->ts_dport = hi.hi_dport;
	tcp_input_options(ts, m->m_data + TCP_MINHLEN, hi.hi_optlen);
	/* Link padding behind the packet is not data. */
	if (m->m_pkt.len > pkt->ip_plen)
		m_adj(m, -(ptrdiff_t)(m->m_pkt.len - pkt->ip_plen));
	return (hi.hi_hlen);
}

/* Whom the segment, which is read, is for. */
static inline struct inpcb *
tcp_input_find(struct tcp_seg *ts, struct mbuf *m)
{
	const struct inet_pkt *pkt = ts->ts_pkt;
	struct inpcbinfo *ipi = &ts->ts_tv->tv_pcbs;
	struct inpcb *inp = in_pcbhinted(ipi, m->m_pkt.flowid, pkt, ts->ts_dport, ts->ts_sport);

	ts->ts_m = m;
	ts->ts_segsz = m->m_pkt.segsz != 0 && m->m_pkt.segsz < ts->ts_len ? m->m_pkt.segsz : ts->ts_len;
	return (inp != NULL ? inp : in_pcblookup(ipi, pkt->ip_ops, &pkt->ip_dst, ts->ts_dport, &pkt->ip_src, ts->ts_sport, true, pkt->ip_rcvif));
}

/* The long way, of a segment with a header of hlen bytes. */
static __attribute__((noinline)) void
tcp_input_found(struct inpcb *inp, struct tcp_seg *ts, unsigned hlen)
{
	if (!tcp_input_signed(inp, ts, ts->ts_m)) {
		tcp_seg_drop(ts);
		return;
	}
	ts->ts_hlen = (uint8_t)hlen;
	m_adj(ts->ts_m, hlen);
	if (ts->ts_tv->tv_drop_synfin && (ts->ts_flags & (TH_SYN | TH_FIN)) == (TH_SYN | TH_FIN)) {
		TCPSTAT_INC(ts->ts_tv, tcps_rcvsynfin);
		tcp_seg_drop(ts);
		return;
	}
	tcp_seg_demux(inp, ts);
}

static __attribute__((noinline)) void
tcp_input_any(struct tcp_seg *ts, struct mbuf *m)
{
	const unsigned hlen = tcp_input_parse(ts, &m, ts->ts_pkt);

	if (hlen != 0)
		tcp_input_found(tcp_input_find(ts, m), ts, hlen);
}

void
tcp_input(struct mbuf *m, const struct inet_pkt *pkt)
{
	struct tcp_vnet *tv = tcp_vnet(pkt->ip_vnet);
	struct tcp_seg ts;
	struct inpcb *inp;

	VNET_ASSERT_LANE(pkt->ip_vnet);
	TCPSTAT_INC(tv, tcps_rcvtotal);
	ts.ts_tv = tv;
	ts.ts_pkt = pkt;
	ts.ts_pulled = 0;
	if (!tcp_input_plain(&ts, m, pkt) || !tv->tv_shortpath)
		tcp_input_any(&ts, m);
	else if ((inp = tcp_input_find(&ts, m)) == NULL || !tcp_short_input(inp, &ts, SHORT_HLEN))
		tcp_input_found(inp, &ts, SHORT_HLEN);
}
