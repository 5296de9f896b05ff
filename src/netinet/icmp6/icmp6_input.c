/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Every message is checked (length, checksum) and counted.  Echo requests are answered, neighbour discovery goes to nd6.  Errors tell the transport of the packet
 * they quote through its ip_ctlinput, after what they mean for the path (RFC 8201) is noted.  An error is believed only as far as it quotes a packet that we
 * may have sent.  Replies are for ping sockets; ip6 has made the raw copies before.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6_var.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/mcast/mcast.h"
#include "netinet/raw/raw.h"
#include "wire/icmp.h"

#define ICMP6_CTLDATA	64	/* bytes of the quoted transport header that transports see */

/* It cannot be read. */
static void
icmp6_drop_bad(struct mbuf *m, const struct inet_pkt *pk, uint64_t *counter)
{
	++*counter;
	icmp6_ifbad(pk->ip_rcvif);
	m_freem(m);
}

static void
icmp6_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
}

/* One that may be written: itself or a copy in its place.  NULL: m is gone. */
static struct mbuf *
icmp6_own(struct mbuf *m, struct vnet *vn)
{
	struct mbuf *n;

	if (m_writable(m))
		return (m);
	n = m_dup(m, vnet_acct(vn));
	m_freem(m);
	return (n);
}

/* RFC 4443 4.2: the same data, from the address that was asked if it is one of ours alone. */
static void
icmp6_echo(struct mbuf *m, const struct inet_pkt *pk)
{
	struct icmp6_vnet *ic6v = icmp6_vnet(pk->ip_vnet);
	struct ip6_out io = { .i6o_dst = pk->ip_src, .i6o_fib = m->m_pkt.fib, .i6o_proto = IPPROTO_ICMPV6, .i6o_tclass = pk->ip_tos,
		.i6o_mcast_hlim = -1 };
	struct in6_ifaddr *ia;
	struct ip6_path path;

	if (pk->ip_bcast && ic6v->ic6v_mcastecho == 0) {
		icmp6_drop(m, &ic6v->ic6v_stat.ic6s_mcastecho);
		return;
	}
	if (ic6v->ic6v_ignoreecho != 0) {
		icmp6_drop(m, &ic6v->ic6v_stat.ic6s_ignoredecho);
		return;
	}
	if (in6_unspecified((const uint8_t *)pk->ip_src.in6) || ip6_route(pk->ip_vnet, &io, &path) != 0) {
		icmp6_drop(m, &ic6v->ic6v_stat.ic6s_noerror);
		return;
	}
	ia = in6_ifaddr_find(ip6_vnet(pk->ip_vnet), (const uint8_t *)pk->ip_dst.in6);
	/* One of the interface that was asked. */
	if (pk->ip_rcvif != NULL)
		path.i6p_ifp = pk->ip_rcvif;
	if (ia == NULL || (ia->ia_flags & VI_IN6_IFF_ANYCAST) != 0)
		ia = in6_selectsrc(pk->ip_vnet, &path, &io.i6o_dst, false);
	if (ia == NULL || (m = icmp6_own(m, pk->ip_vnet)) == NULL) {
		icmp6_drop(m, &ic6v->ic6v_stat.ic6s_nomem);
		return;
	}
	memcpy(io.i6o_src.in6, ia6_addr(ia), sizeof(io.i6o_src.in6));
	mtod(m, struct icmp6_hdr *)->icmp6_type = ICMP6_ECHO_REPLY;
	icmp6_cksum(m, &io.i6o_src, &io.i6o_dst);
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST | M_LOOP | M_FRAG);
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	ic6v->ic6v_stat.ic6s_outhist[icmp6_hist(ICMP6_ECHO_REPLY)]++;
	ic6v->ic6v_stat.ic6s_reflect++;
	(void)ip6_output(pk->ip_vnet, m, &io);
}

/* Errors */

/* RFC 4443 3.1; the errnos are Linux's.  False: a code that nobody knows. */
static bool
icmp6_unreach_ctl(uint8_t code, struct inet_ctlmsg *ic)
{
	switch (code) {
	case ICMP6_DST_UNREACH_NOROUTE:
		ic->ic_cmd = INET_CTL_UNREACH_NET;
		ic->ic_errno = ENETUNREACH;
		return (true);
	case ICMP6_DST_UNREACH_ADMIN:
	case ICMP6_DST_UNREACH_POLICY:
	case ICMP6_DST_UNREACH_REJECT:
		ic->ic_cmd = INET_CTL_UNREACH_ADMIN;
		ic->ic_errno = EACCES;
		return (true);
	case ICMP6_DST_UNREACH_BEYONDSCOPE:
	case ICMP6_DST_UNREACH_ADDR:
		ic->ic_cmd = INET_CTL_UNREACH_HOST;
		ic->ic_errno = EHOSTUNREACH;
		return (true);
	case ICMP6_DST_UNREACH_NOPORT:
		ic->ic_cmd = INET_CTL_UNREACH_PORT;
		ic->ic_errno = ECONNREFUSED;
		return (true);
	default:
		return (false);
	}
}

/* False: a type or code that nobody knows.  What it quotes has failed none the less, and its sender is to hear of it (RFC 4443 2.4 a). */
static bool
icmp6_ctl(const struct icmp6_hdr *h, struct inet_ctlmsg *ic)
{
	ic->ic_type = h->icmp6_type;
	ic->ic_code = h->icmp6_code;
	ic->ic_cmd = INET_CTL_PARAMPROB;
	ic->ic_errno = EPROTO;
	switch (h->icmp6_type) {
	case ICMP6_DST_UNREACH:
		return (icmp6_unreach_ctl(h->icmp6_code, ic));
	case ICMP6_PACKET_TOO_BIG:		/* RFC 4443 3.2: any code */
		ic->ic_cmd = INET_CTL_MSGSIZE;
		ic->ic_errno = EMSGSIZE;
		ic->ic_mtu = NTOHL(h->icmp6_data32);
		return (true);
	case ICMP6_TIME_EXCEEDED:
		ic->ic_cmd = INET_CTL_TIMXCEED;
		ic->ic_errno = EHOSTUNREACH;
		return (h->icmp6_code <= ICMP6_TIME_EXCEED_REASSEMBLY);
	case ICMP6_PARAM_PROB:
		ic->ic_cmd = h->icmp6_code == ICMP6_PARAMPROB_NEXTHEADER ? INET_CTL_UNREACH_PROTO : INET_CTL_PARAMPROB;
		ic->ic_errno = EPROTO;
		return (h->icmp6_code <= ICMP6_PARAMPROB_FIRSTFRAG);
	default:
		return (false);
	}
}

/* RFC 4884 4.4 and 4.5: the first of the four bytes is how long what is quoted is, in eights. */
static void
icmp6_extended(const struct icmp6_hdr *h, struct inet_ctlmsg *ic)
{
	const uint32_t quoted = (NTOHL(h->icmp6_data32) >> 24) * 8;

	if (quoted >= ICMP_EXTMIN && (h->icmp6_type == ICMP6_DST_UNREACH || h->icmp6_type == ICMP6_TIME_EXCEEDED))
		ic->ic_ext = ICMP6_MINLEN + quoted;
}

struct quoted {
	struct in_addr_any qu_src, qu_dst;
	uint8_t		qu_proto;
	uint32_t	qu_off;		/* of the transport header, from the quoted packet's start */
	uint32_t	qu_len;		/* the quoted packet's whole length */
};

/* The packet that an error quotes.  False: not enough of it, or a fragment but the first. */
static bool
icmp6_quoted(const struct mbuf *m, const struct inet_pkt *pk, struct quoted *qu)
{
	const uint32_t zone = pk->ip_rcvif == NULL ? 0 : pk->ip_rcvif->if_index;
	struct ip6_hdr ip6;

	if (m_copydata(m, ICMP6_MINLEN, sizeof(ip6), &ip6) != 0 || NTOHL(ip6.ip6_flow) >> 28 != IPV6_VERSION)
		return (false);
	memcpy(qu->qu_src.in6, ip6.ip6_src, 16);
	memcpy(qu->qu_dst.in6, ip6.ip6_dst, 16);
	in6_setzone((uint8_t *)qu->qu_src.in6, zone);
	in6_setzone((uint8_t *)qu->qu_dst.in6, zone);
	qu->qu_proto = ip6.ip6_nxt;
	qu->qu_len = IP6_HLEN + NTOHS(ip6.ip6_plen);
	qu->qu_off = ICMP6_MINLEN + IP6_HLEN;
	if (ip6_skip_exthdrs(m, &qu->qu_proto, &qu->qu_off, true) != IP6_SKIPPED || m->m_pkt.len <= qu->qu_off)
		return (false);
	qu->qu_off -= ICMP6_MINLEN;
	return (true);
}

/* The table by which what is quoted was sent.  Its ports and mark are not known here. */
static uint32_t
quoted_fib(struct vnet *vn, const struct mbuf *m, const struct quoted *qu)
{
	struct rt_flow rf = { .rf_dst = { .na_af = NET_AF_INET6 }, .rf_src = { .na_af = NET_AF_INET6 }, .rf_fib = m->m_pkt.fib, .rf_proto = qu->qu_proto };

	memcpy(rf.rf_dst.na_in6, qu->qu_dst.in6, sizeof(rf.rf_dst.na_in6));
	memcpy(rf.rf_src.na_in6, qu->qu_src.in6, sizeof(rf.rf_src.na_in6));
	return (rt_flow_fib(vn, &rf));
}

/* RFC 8201 4: nothing below 1280 is believed, nor what is not smaller than what we sent.  False: not to be told. */
static bool
icmp6_pathmtu(struct vnet *vn, uint32_t fib, const struct quoted *qu, struct inet_ctlmsg *ic)
{
	if (ic->ic_mtu < IPV6_MMTU || ic->ic_mtu >= qu->qu_len)
		return (false);
	if (ic->ic_mtu < in6_ops.io_pathmtu(vn, NULL, fib, &qu->qu_dst)) {
		icmp6_vnet(vn)->ic6v_stat.ic6s_pmtuchg++;
		(void)rt_pmtu6(vn, fib, (const uint8_t *)qu->qu_dst.in6, ic->ic_mtu);
	}
	return (true);
}

/* The transport whose packet is quoted, and raw sockets, hear of it. */
static void
icmp6_tell(struct mbuf *m, const struct inet_pkt *pk, const struct quoted *qu, struct inet_ctlmsg *ic)
{
	const struct ip_vnet *iv = ip_vnet(pk->ip_vnet);
	const unsigned idx = qu->qu_proto == IPPROTO_ICMP ? 0 : iv->iv_protoidx[qu->qu_proto];
	uint8_t data[ICMP6_CTLDATA];

	ic->ic_offender = pk->ip_src;
	ic->ic_src = qu->qu_src;
	ic->ic_dst = qu->qu_dst;
	ic->ic_ops = &in6_ops;
	ic->ic_len = MIN(m->m_pkt.len - ICMP6_MINLEN - qu->qu_off, (uint32_t)sizeof(data));
	ic->ic_data = data;
	ic->ic_m = m;
	ic->ic_off = ICMP6_MINLEN + qu->qu_off;
	if (m_copydata(m, ICMP6_MINLEN + qu->qu_off, ic->ic_len, data) == 0 && ic->ic_len >= 8) {
		if (idx != 0 && iv->iv_protos[idx - 1].ip_ctlinput != NULL)
			iv->iv_protos[idx - 1].ip_ctlinput(pk->ip_vnet, ic);
		rip_ctlinput(pk->ip_vnet, qu->qu_proto, ic);
	}
	ic->ic_data = NULL;
}

static void
icmp6_errorin(struct mbuf *m, const struct inet_pkt *pk)
{
	struct vnet *vn = pk->ip_vnet;
	struct icmp6_vnet *ic6v = icmp6_vnet(vn);
	struct inet_ctlmsg ic = { 0 };
	struct quoted qu;

	ic.ic_info = NTOHL(mtod(m, const struct icmp6_hdr *)->icmp6_data32);
	icmp6_extended(mtod(m, const struct icmp6_hdr *), &ic);
	if (!icmp6_ctl(mtod(m, const struct icmp6_hdr *), &ic))
		ic6v->ic6v_stat.ic6s_badcode++;
	if (!icmp6_quoted(m, pk, &qu) || !in6_localaddr(ip6_vnet(vn), (const uint8_t *)qu.qu_src.in6))
		ic6v->ic6v_stat.ic6s_badquote++;
	else if (ic.ic_cmd != INET_CTL_MSGSIZE || icmp6_pathmtu(vn, quoted_fib(vn, m, &qu), &qu, &ic))
		icmp6_tell(m, pk, &qu, &ic);
	m_freem(m);
}

/* Dispatch */

static struct mbuf *
icmp6_checkin(struct mbuf *m, const struct inet_pkt *pk)
{
	struct icmp6_vnet *ic6v = icmp6_vnet(pk->ip_vnet);
	uint32_t sum;

	if (m->m_pkt.len < ICMP6_MINLEN) {
		icmp6_drop_bad(m, pk, &ic6v->ic6v_stat.ic6s_tooshort);
		return (NULL);
	}
	if ((m->m_pkt.csum_flags & CSUM_DATA_VALID) == 0) {
		sum = in6_ops.io_pseudo(&pk->ip_src, &pk->ip_dst, IPPROTO_ICMPV6, m->m_pkt.len);
		if (cksum_fold(m_cksum(m, 0, m->m_pkt.len, sum)) != 0) {
			icmp6_drop_bad(m, pk, &ic6v->ic6v_stat.ic6s_checksum);
			return (NULL);
		}
	}
	return (m);
}

void
icmp6_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct icmp6_vnet *ic6v = icmp6_vnet(pk->ip_vnet);
	const struct nd6_ops *nd = ip6_vnet(pk->ip_vnet)->i6v_nd;
	const struct mcast_proto *mld = ip6_vnet(pk->ip_vnet)->i6v_mcproto;
	uint8_t type;

	if ((m = icmp6_checkin(m, pk)) == NULL)
		return;
	type = mtod(m, const struct icmp6_hdr *)->icmp6_type;
	ic6v->ic6v_stat.ic6s_inhist[icmp6_hist(type)]++;
	icmp6_ifcount(pk->ip_rcvif, false, type, mtod(m, const struct icmp6_hdr *)->icmp6_code);
	if ((type & ICMP6_INFOMSG_MASK) == 0)
		icmp6_errorin(m, pk);
	else if (type == ICMP6_ECHO_REQUEST)
		icmp6_echo(m, pk);
	else if (type == ICMP6_ECHO_REPLY)
		ping_input(m, pk);
	else if (type >= ND_ROUTER_SOLICIT && type <= ND_REDIRECT && nd != NULL)
		nd->no_input(m, pk);
	else if (mld != NULL && ((type >= MLD_LISTENER_QUERY && type <= MLD_LISTENER_DONE) || type == MLDV2_LISTENER_REPORT))
		mld->mp_input(m, pk);
	else if (type >= MLD_LISTENER_QUERY && type <= ND_REDIRECT)
		icmp6_drop(m, &ic6v->ic6v_stat.ic6s_nond);
	else
		icmp6_drop(m, &ic6v->ic6v_stat.ic6s_unknown);
}
