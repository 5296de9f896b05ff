/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: packets in tunnels.
 *
 * Out: a packet that the stack sends by the interface is finished first (super-packets cut, checksums computed), for nobody would look into it
 * any more.  It gets a header before it and is sent like any other packet of this host, by a nested call; how many tunnels may be around a packet is
 * limited (m_pkt.nest), so that a route of the outer address into the tunnel itself ends.
 *
 * What fits the path is asked of the route to the other end, where ICMP's "fragmentation needed" about packets outside was noted (RFC 1191, 8201).
 * A packet that may not be fragmented and does not fit draws the same error itself, with what is left of the path's MTU (RFC 2003 5.1, RFC 4213
 * 3.2.2); one that may be is sent in a packet that may.  IPv6 inside never hears of less than 1280: fragments outside then.
 *
 * In: the packet inside goes to the interface's queue like one from another stack, so that tunnels inside tunnels do not nest calls.  DSCP of the
 * packet inside stays; congestion marks are put together as RFC 6040 says, in normal mode both ways.
 *
 * A bridge may have a gif or gre as a member: its frames (M_ETHER) are carried as they are, with nothing told to who sent them.
 *
 * Other errors about packets outside become "host unreachable" about the one inside, if enough of it is quoted (RFC 2003 4).
 */
#include "netinet/tunnel/tunnel.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/icmp6/icmp6.h"
#include "wire/ip.h"
#include "wire/ip6.h"

#define RELAY_MIN	8	/* bytes behind the inner header that an error quotes at least */

int
tunnel_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *why, int error)
{
	(*why)++;
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

int
tunnel_nomem(struct ifnet *ifp)
{
	tunnel_vnet(ifp->if_vnet)->tv_stat.tns_nomem++;
	ifp->if_stats.ifs_oerrors++;
	return (ENOBUFS);
}

/* The header inside, contiguous, but of a frame.  NULL: gone. */
static struct mbuf *
inner_look(struct ifnet *ifp, struct mbuf *m, struct tunnel_inner *ti)
{
	struct tunnelstat *st = &tunnel_vnet(ifp->if_vnet)->tv_stat;
	const struct ip *ip;
	unsigned hlen;
	uint8_t vhl = 0;

	*ti = (struct tunnel_inner){ .ti_ops = NULL };
	if ((m->m_flags & M_ETHER) != 0)
		return (m);
	(void)m_copydata(m, 0, 1, &vhl);
	ti->ti_ops = vhl >> 4 == IPVERSION ? &in_ops : vhl >> 4 == 6 ? &in6_ops : NULL;
	hlen = ti->ti_ops == &in_ops ? IP_MINHLEN : IP6_HLEN;
	if (ti->ti_ops == NULL || m->m_pkt.len < hlen) {
		(void)tunnel_drop(ifp, m, &st->tns_badinner, EINVAL);
		return (NULL);
	}
	if ((m = m_pullup(m, hlen)) == NULL) {
		(void)tunnel_nomem(ifp);
		return (NULL);
	}
	ip = mtod(m, const struct ip *);
	ti->ti_tos = ti->ti_ops == &in_ops ? ip->ip_tos : ip6_tclass(mtod(m, const struct ip6_hdr *));
	ti->ti_df = ti->ti_ops == &in6_ops || (NTOHS(ip->ip_off) & IP_DF) != 0;
	return (m);
}

int
tunnel_transmit(
    struct ifnet *ifp, struct mbuf *m, int nesting, int (*encap)(struct ifnet *, struct mbuf *, const struct tunnel_inner *))
{
	struct tunnelstat *st = &tunnel_vnet(ifp->if_vnet)->tv_stat;
	const uint16_t carried = m->m_flags & M_ETHER;
	struct tunnel_inner ti;
	struct mbuf *next;
	int error = 0, one;

	if (!if_up(ifp))
		return (tunnel_drop(ifp, m, &st->tns_down, ENETDOWN));
	if (m->m_pkt.nest >= nesting)
		return (tunnel_drop(ifp, m, &st->tns_nested, EIO));
	for (m = if_wire(ifp, m, true); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m->m_pkt.nest++;
		m->m_pkt.csum_flags = 0;
		m->m_pkt.segsz = 0;
		m->m_flags |= carried;
		if ((m = inner_look(ifp, m, &ti)) == NULL)
			continue;
		if ((one = encap(ifp, m, &ti)) != 0)
			error = one;
	}
	return (error);
}

struct mbuf *
tunnel_fit(struct ifnet *ifp, struct mbuf *m, const struct tunnel_inner *ti, const struct tunnel_out *to, bool *df)
{
	const uint32_t mtu = to->to_ops->io_pathmtu(ifp->if_vnet, NULL, to->to_fib, &to->to_dst);
	const uint32_t headers = (uint32_t)to->to_ops->io_hdrlen + to->to_overhead, room = mtu > headers ? mtu - headers : 0;
	const bool six = ti->ti_ops == &in6_ops;
	const uint32_t least = six ? IPV6_MMTU : IP_MINMTU, tell = MAX(room, least);

	*df = ti->ti_df && room >= least;
	if (!ti->ti_df || m->m_pkt.len <= tell)
		return (m);
	tunnel_vnet(ifp->if_vnet)->tv_stat.tns_toobig++;
	ifp->if_stats.ifs_oerrors++;
	if (six)
		icmp6_error(ifp->if_vnet, m, ICMP6_PACKET_TOO_BIG, 0, tell);
	else
		icmp_error(ifp->if_vnet, m, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, tell);
	return (NULL);
}

int
tunnel_send(struct ifnet *ifp, struct mbuf *m, const struct tunnel_inner *ti, const struct tunnel_out *to, bool df)
{
	const struct inet_flow fl = {
		.if_laddr = to->to_src,
		.if_faddr = to->to_dst,
		.if_fib = to->to_fib,
		.if_tos = ti->ti_tos,		/* RFC 6040 4.1, normal mode */
		.if_ttl = to->to_ttl,
		.if_df = df,
		.if_flowid = m->m_pkt.flowid,
	};
	const uint32_t len = m->m_pkt.len;
	int error;

	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST | M_LOOP | M_PROMISC | M_FRAG | M_ETHER);
	m->m_pkt.rcvif = NULL;
	if ((error = to->to_ops->io_send(ifp->if_vnet, &fl, to->to_proto, m)) != 0) {
		ifp->if_stats.ifs_oerrors++;
		return (error);
	}
	tunnel_vnet(ifp->if_vnet)->tv_stat.tns_opackets++;
	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += len;
	return (0);
}

/* In */

bool
tunnel_ecn(uint8_t outer, uint8_t *inner)
{
	const uint8_t out = outer & IPTOS_ECN_MASK, in = *inner & IPTOS_ECN_MASK;

	if (in == IPTOS_ECN_NOTECT)
		return (out != IPTOS_ECN_CE);
	if (out == IPTOS_ECN_CE || (out == IPTOS_ECN_ECT1 && in == IPTOS_ECN_ECT0))
		*inner = (uint8_t)((*inner & ~IPTOS_ECN_MASK) | out);
	return (true);
}

/* Marks the packet inside as the one outside was.  False: to be dropped. */
static bool
receive_mark(struct mbuf *m, const struct inet_ops *inner, uint8_t outertos)
{
	struct ip6_hdr *ip6 = mtod(m, struct ip6_hdr *);
	struct ip *ip = mtod(m, struct ip *);
	const uint8_t had = inner == &in_ops ? ip->ip_tos : ip6_tclass(ip6);
	uint8_t tos = had;

	if (!tunnel_ecn(outertos, &tos))
		return (false);
	if (tos == had)
		return (true);
	if (inner == &in6_ops) {
		ip6_set_flow(ip6, tos, NTOHL(ip6->ip6_flow) & 0xfffff);
		return (true);
	}
	/* RFC 1624 3: of the header's first word the version and length stay. */
	ip->ip_sum = cksum_fold((uint32_t)(uint16_t)~ip->ip_sum + (uint16_t)~HTONS(had) + HTONS(tos));
	ip->ip_tos = tos;
	return (true);
}

static void
receive_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *why)
{
	(*why)++;
	ifp->if_stats.ifs_ierrors++;
	m_freem(m);
}

void
tunnel_receive(struct ifnet *ifp, struct mbuf *m, const struct inet_ops *inner, uint8_t outertos)
{
	struct tunnelstat *st = &tunnel_vnet(ifp->if_vnet)->tv_stat;
	const unsigned hlen = inner == &in_ops ? IP_MINHLEN : IP6_HLEN;
	uint8_t vhl = 0;

	if (m->m_pkt.len < hlen || m_copydata(m, 0, 1, &vhl) != 0 || vhl >> 4 != (inner == &in_ops ? IPVERSION : 6)) {
		receive_drop(ifp, m, &st->tns_short);
		return;
	}
	if ((m = m_pullup(m, hlen)) == NULL) {
		st->tns_nomem++;
		ifp->if_stats.ifs_iqdrops++;
		return;
	}
	if (!receive_mark(m, inner, outertos)) {
		receive_drop(ifp, m, &st->tns_badecn);
		return;
	}
	st->tns_ipackets++;
	/* What was known of the packet outside says nothing of this one. */
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	if_deliver(ifp, m);
}

void
tunnel_receive_ether(struct ifnet *ifp, struct mbuf *m)
{
	tunnel_vnet(ifp->if_vnet)->tv_stat.tns_ipackets++;
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	m->m_flags |= M_ETHER;
	if_deliver(ifp, m);
}

void
tunnel_ifinput(struct ifnet *ifp, struct mbuf *m)
{
	if ((m->m_flags & M_ETHER) != 0)
		ether_input_carried(ifp, m);
	else
		if_input_ip(ifp, m);
}

void
tunnel_relay(struct vnet *vn, const struct inet_ctlmsg *ic, const struct inet_ops *inner, unsigned skip)
{
	const unsigned hlen = inner == &in_ops ? IP_MINHLEN : IP6_HLEN;
	struct mbuf *m;

	if (ic->ic_cmd == INET_CTL_MSGSIZE || ic->ic_cmd == INET_CTL_QUENCH || ic->ic_cmd == INET_CTL_REDIRECT ||
	    ic->ic_len < skip + hlen + RELAY_MIN || ic->ic_data[skip] >> 4 != (inner == &in_ops ? IPVERSION : 6))
		return;
	if ((m = m_frombuf(vnet_acct(vn), ic->ic_data + skip, ic->ic_len - skip, MAX_HDR)) == NULL) {
		tunnel_vnet(vn)->tv_stat.tns_nomem++;
		return;
	}
	tunnel_vnet(vn)->tv_stat.tns_relayed++;
	if (inner == &in_ops)
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	else
		icmp6_error(vn, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
}
