/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYN cookies (RFC 4987 3.6): when the SYN cache is full the handshake's state travels in our ISN.
 *
 *	ISN = keyed hash of (addresses, ports, peer's ISN, tick, MSS index), 28 bits
 *	    | MSS index, 3 bits | tick's last bit
 *
 * A tick is 64 s; the ACK must come in the same or the next one.  Window scale, SACK and ECN do not
 * fit and ride in the last bits of our timestamp, which the peer echoes: scale 4 bits (15 = no
 * scaling), SACK 1 bit, ECN 1 bit.  A peer without timestamps gets none of these.
 *
 * Cookies are believed only for two ticks after one was sent: otherwise each stray ACK to a
 * listener would be a guess at 28 bits.
 */
#include "netinet/tcp/tcp_int.h"

#define COOKIE_TICK	(64 * SEC)
#define COOKIE_NOSCALE	15u
#define COOKIE_SACK	0x10u
#define COOKIE_ECN	0x20u
#define COOKIE_TSMASK	0x3fu

static const uint16_t cookie_mss[8] = { 216, 536, 1024, 1220, 1400, 1440, 1460, 8960 };

static uint32_t
tcp_syncookie_hash(const struct tcp_vnet *tv, const struct tcp_seg *ts, uint32_t irs, uint64_t tick,
    uint32_t mssidx)
{
	struct { struct in_addr_any l, f; uint16_t lp, fp; uint32_t irs, mssidx, tick;
	} k = {ts->ts_pkt->ip_dst, ts->ts_pkt->ip_src, ts->ts_dport, ts->ts_sport, irs, mssidx,
	    (uint32_t)tick};

	return ((uint32_t)siphash24(&tv->tv_syncache.sc_cookiekey, &k, sizeof(k)) & ~0xfu);
}

uint32_t
tcp_syncookie_make(struct tcp_vnet *tv, const struct tcp_seg *ts, uint16_t peermss)
{
	uint64_t now = vnet_now(tv->tv_vnet), tick = now / COOKIE_TICK;
	uint32_t i = NITEMS(cookie_mss) - 1;

	while (i > 0 && cookie_mss[i] > peermss)
		i--;
	tv->tv_syncache.sc_cookietime = u64max(now, 1);
	TCPSTAT_INC(tv, tcps_sc_sendcookie);
	if (vnet_logdue(tv->tv_vnet, VNET_LOG_COOKIES))
		vnet_log(tv->tv_vnet, LOG_WARNING, "tcp: too many connections begin on port %u: sending SYN cookies", NTOHS(ts->ts_dport));
	return (tcp_syncookie_hash(tv, ts, ts->ts_seq, tick, i) | i << 1 | (uint32_t)(tick & 1));
}

/* Our timestamp with what was agreed in it, not later than ts. */
uint32_t
tcp_syncookie_ts(const struct tcp_agreed *ta, uint32_t ts)
{
	uint32_t bits = ta->ta_scale ? ta->ta_sndscale : COOKIE_NOSCALE, v;

	bits |= (ta->ta_sack ? COOKIE_SACK : 0) | (ta->ta_ecn ? COOKIE_ECN : 0);
	v = (ts & ~COOKIE_TSMASK) | bits;
	return (TSTMP_GT(v, ts) ? v - (COOKIE_TSMASK + 1) : v);
}

/* Options from the echoed timestamp, limited to what we offer today. */
static void
tcp_syncookie_options(const struct tcp_vnet *tv, const struct tcp_seg *ts, struct tcp_agreed *ta)
{
	uint32_t bits = ts->ts_to.to_tsecr & COOKIE_TSMASK;

	if ((ts->ts_to.to_flags & TOF_TS) == 0 || !tcp_tstampok(tv))
		return;
	ta->ta_ts = true;
	ta->ta_tsrecent = ts->ts_to.to_tsval;
	ta->ta_sack = (bits & COOKIE_SACK) != 0 && tv->tv_sack;
	ta->ta_ecn = (bits & COOKIE_ECN) != 0 && tv->tv_ecn != 0;
	if ((bits & 0xf) != COOKIE_NOSCALE && tcp_scaleok(tv)) {
		ta->ta_scale = true;
		ta->ta_sndscale = (uint8_t)(bits & 0xf);
	}
}

bool
tcp_syncookie_check(struct tcp_vnet *tv, const struct tcp_seg *ts, struct tcp_agreed *ta)
{
	uint64_t now = vnet_now(tv->tv_vnet), tick = now / COOKIE_TICK,
		 sent = tv->tv_syncache.sc_cookietime;
	uint32_t cookie = ts->ts_ack - 1, irs = ts->ts_seq - 1, i = cookie >> 1 & 7;

	if (sent == 0 || now > sent + 2 * COOKIE_TICK)
		return (false);
	if ((tick & 1) != (cookie & 1))
		tick--;
	if (((cookie ^ tcp_syncookie_hash(tv, ts, irs, tick, i)) & ~0xfu) != 0) {
		TCPSTAT_INC(tv, tcps_sc_badcookie);
		return (false);
	}
	*ta = (struct tcp_agreed){
	    .ta_iss = cookie,
	    .ta_irs = irs,
	    .ta_peermss = cookie_mss[i],
	    .ta_udpport = ts->ts_pkt->ip_udpport,
	    .ta_tsoff = tcp_newtsoff(tcp_flowsecret(
		tv, &ts->ts_pkt->ip_dst, ts->ts_dport, &ts->ts_pkt->ip_src, ts->ts_sport)),
	};
	tcp_syncookie_options(tv, ts, ta);
	TCPSTAT_INC(tv, tcps_sc_recvcookie);
	return (true);
}
