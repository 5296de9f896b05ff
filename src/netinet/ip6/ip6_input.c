/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A packet from an interface, its link header gone: form, addresses (which get their zone), filter, hop-by-hop options; then it is ours (extension headers, fragments put together,
 * handed to the transport registered for its protocol, with copies for raw sockets) or forwarded or dropped.  Every drop has its counter.
 *
 * The transport finds m_data at its own header and the IPv6 header in front of it in the same buffer, with at least eight bytes of transport header contiguous.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"

#define IP6_CONTIG	8	/* bytes of transport header kept with the IPv6 header */

/* st: what the interface counts it as. */
static void
input_drop(struct mbuf *m, const struct ifnet *ifp, enum in6_ifstat st, uint64_t *counter)
{
	++*counter;
	in6_ifcount(ifp, st);
	m_freem(m);
}

/* There was no memory to go on with it; it is gone. */
static void
input_nomem(struct ip6_vnet *i6v, const struct ifnet *ifp)
{
	i6v->i6v_stat.i6s_nomem++;
	in6_ifcount(ifp, IN6S_IN_DISCARD);
}

/* Form; link padding is cut off.  NULL: dropped. */
static struct mbuf *
input_check(struct ip6_vnet *i6v, const struct ifnet *ifp, struct mbuf *m, struct ip6_info *ii)
{
	enum wire_error we;

	while ((we = ip6_check(m->m_data, m->m_len, m->m_pkt.len, ii)) == WIRE_PULLUP) {
		if ((m = m_pullup(m, ii->i6_need)) == NULL) {
			input_nomem(i6v, ifp);
			return (NULL);
		}
	}
	if (we != WIRE_OK) {
		input_drop(m, ifp, we == WIRE_SHORT || we == WIRE_BADVERS ? IN6S_IN_HDRERR : IN6S_IN_TRUNCATED, we == WIRE_SHORT ? &i6v->i6v_stat.i6s_toosmall :
		    we == WIRE_BADVERS ? &i6v->i6v_stat.i6s_badvers : &i6v->i6v_stat.i6s_tooshort);
		return (NULL);
	}
	if (m->m_pkt.len > IP6_HLEN + (uint32_t)ii->i6_plen)
		m_adj(m, (ptrdiff_t)IP6_HLEN + ii->i6_plen - (ptrdiff_t)m->m_pkt.len);
	return (m);
}

/*
 * Addresses that cannot be: RFC 4291 2.5.3 and 2.7, RFC 4007, RFC 4038 and the compatible and mapped forms on the wire (draft-itojun-v6ops-v4mapped-harmful).
 */
static bool
input_martian(const struct ifnet *ifp, const struct mbuf *m, const struct ip6_hdr *ip6)
{
	const bool loop = (ifp->if_flags & IFF_LOOPBACK) != 0 || (m->m_flags & M_LOOP) != 0;
	const uint8_t *src = ip6->ip6_src, *dst = ip6->ip6_dst;

	if (in6_multicast(src) || in6_unspecified(dst) || in6_v4mapped(src) || in6_v4mapped(dst))
		return (true);
	if (in6_multicast(dst) && ((dst[1] & 0xf) == 0 || ((dst[1] & 0xf) == IN6_SCOPE_INTFACE && !loop)))
		return (true);
	return (!loop && (in6_loopback(src) || in6_loopback(dst)));
}

static void
input_logmartian(struct vnet *vn, const struct ifnet *ifp, const struct ip6_hdr *ip6)
{
	char src[IN6ADDR_STRLEN], dst[IN6ADDR_STRLEN];

	if (vnet_logdue(vn, VNET_LOG_MARTIAN))
		vnet_log(vn, LOG_NOTICE, "ip6: a packet from %s to %s on %s cannot be", in6addr_ntop(src, ip6->ip6_src), in6addr_ntop(dst, ip6->ip6_dst),
		    ifp->if_xname);
}

/* m_data to the transport header.  The IPv6 header stays where it is, and so do the extension headers between. */
static void
input_strip(struct mbuf *m, unsigned hlen)
{
	m->m_data += hlen;
	m->m_len -= hlen;
	m->m_pkt.len -= hlen;
	m->m_pkt.l3hlen = (uint8_t)MIN(hlen, 255u);
}

/* A copy for raw sockets, which asked for this protocol. */
static void
input_raw(struct ip6_vnet *i6v, const struct inet_proto *raw, struct mbuf *m, const struct inet_pkt *pk)
{
	struct mbuf *n = m_copym(m, 0, SIZE_MAX, vnet_acct(i6v->i6v_vnet));

	if (n == NULL || (n->m_len < pk->ip_hlen && (n = m_pullup(n, pk->ip_hlen)) == NULL)) {
		i6v->i6v_stat.i6s_nomem++;
		return;
	}
	input_strip(n, pk->ip_hlen);
	raw->ip_input(n, pk);
}

static const struct inet_proto *
input_proto(struct ip6_vnet *i6v, uint8_t proto)
{
	const struct ip_vnet *iv = ip_vnet(i6v->i6v_vnet);

	if (proto == IPPROTO_ICMPV6)
		return (i6v->i6v_icmp.ip_input != NULL ? &i6v->i6v_icmp : NULL);
	if (proto == IPPROTO_ICMP || proto == IPPROTO_IGMP || iv->iv_protoidx[proto] == 0)
		return (NULL);		/* IPv4's alone */
	return (&iv->iv_protos[iv->iv_protoidx[proto] - 1]);
}

static void
input_deliver(struct ip6_vnet *i6v, struct mbuf *m, const struct inet_pkt *pk, uint16_t nxtoff)
{
	const struct inet_proto *pr = input_proto(i6v, pk->ip_proto), *raw = ip_vnet(i6v->i6v_vnet)->iv_raw;

	if ((i6v->i6v_rawprotos[pk->ip_proto >> 5] & 1u << (pk->ip_proto & 31)) == 0)
		raw = NULL;
	i6v->i6v_stat.i6s_delivered++;
	if (raw != NULL && pr != NULL)
		input_raw(i6v, raw, m, pk);
	if (pr == NULL && raw == NULL) {
		i6v->i6v_stat.i6s_noproto++;
		i6v->i6v_stat.i6s_delivered--;
		in6_ifcount(pk->ip_rcvif, IN6S_IN_PROTOUNKNOWN);
		if (pk->ip_proto == IPPROTO_NONE)	/* RFC 8200 4.7 */
			m_freem(m);
		else
			icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, nxtoff);
		return;
	}
	in6_ifcount(pk->ip_rcvif, IN6S_IN_DELIVER);
	input_strip(m, pk->ip_hlen);
	(pr != NULL ? pr : raw)->ip_input(m, pk);
}

/* It is for us. */
static void
input_ours(struct ip6_vnet *i6v, struct ifnet *ifp, struct mbuf *m, struct ip6_in *ii)
{
	struct inet_pkt pk;
	uint32_t plen, want;

	if ((m = ip6_exthdrs(i6v, m, ii)) == NULL)
		return;
	plen = m->m_pkt.len - ii->ii_off;
	want = ii->ii_off + MIN(plen, (uint32_t)IP6_CONTIG);
	if (m->m_len < want && (m = m_pullup(m, want)) == NULL) {
		input_nomem(i6v, ifp);
		return;
	}
	if ((m->m_pkt.csum_flags & CSUM_DELAY_DATA) != 0)
		m->m_pkt.csum_flags |= CSUM_DATA_VALID;
	pk = (struct inet_pkt){
		.ip_vnet = i6v->i6v_vnet,
		.ip_ops = &in6_ops,
		.ip_rcvif = ifp,
		.ip_src = ii->ii_src,
		.ip_dst = ii->ii_dst,
		.ip_hlen = ii->ii_off,
		.ip_plen = plen,
		.ip_proto = ii->ii_nxt,
		.ip_tos = ii->ii6.i6_tclass,
		.ip_ttl = ii->ii6.i6_hlim,
		.ip_flow = ii->ii6.i6_flow,
		.ip_bcast = in6_multicast((const uint8_t *)ii->ii_dst.in6) || (m->m_flags & (M_BCAST | M_MCAST)) != 0,
		.ip_frag = ii->ii_frag,
		.ip_rtalert = ii->ii_rtalert,
		.ip_opts = ii->ii_off > IP6_HLEN ? m->m_data + IP6_HLEN : NULL,
		.ip_fragmax = ii->ii_fragmax,
	};
	input_deliver(i6v, m, &pk, ii->ii_nxtoff);
}

enum ip6_dest { DEST_OURS, DEST_OTHER, DEST_DROPPED };

/* Whose is it?  Drops what is not for this host and not to be forwarded either. */
static enum ip6_dest
input_dest(struct ip6_vnet *i6v, const struct ifnet *ifp, struct mbuf *m, const struct ip6_in *ii)
{
	const uint8_t *dst = (const uint8_t *)ii->ii_dst.in6;
	const struct in6_ifaddr *ia;

	if (in6_multicast(dst)) {
		in6_ifcount(ifp, IN6S_IN_MCAST);
		if (in6_mcast_accept(ifp, &ii->ii_dst, &ii->ii_src, ii->ii_nxt))
			return (DEST_OURS);
		input_drop(m, ifp, IN6S_IN_DISCARD, &i6v->i6v_stat.i6s_notmember);
		return (DEST_DROPPED);
	}
	if ((ia = in6_ifaddr_find(i6v, dst)) == NULL)
		return (ifp->if_anydst ? DEST_OURS : DEST_OTHER);
	/* RFC 4862 5.4: an address that is not verified yet is not ours. */
	if ((ia->ia_flags & (VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED)) != 0) {
		input_drop(m, ifp, IN6S_IN_DISCARD, &i6v->i6v_stat.i6s_tentative);
		return (DEST_DROPPED);
	}
	return (DEST_OURS);
}

/* The addresses as the stack has them: the zone is the interface's the packet came by (RFC 4007 9). */
static void
input_zones(const struct ifnet *ifp, const struct ip6_hdr *ip6, struct ip6_in *ii)
{
	memcpy(ii->ii_src.in6, ip6->ip6_src, sizeof(ii->ii_src.in6));
	memcpy(ii->ii_dst.in6, ip6->ip6_dst, sizeof(ii->ii_dst.in6));
	/* A link-local address of ours reaches us by the loopback interface when we talk to ourselves. */
	if ((ifp->if_flags & IFF_LOOPBACK) != 0)
		return;
	in6_setzone((uint8_t *)ii->ii_src.in6, ifp->if_index);
	in6_setzone((uint8_t *)ii->ii_dst.in6, ifp->if_index);
}

/* On the loopback interface: the zone of a link-local address is that of the interface that has it. */
static void
input_zones_loop(struct ip6_vnet *i6v, const struct ifnet *lo, struct in_addr_any *a)
{
	uint8_t *p = (uint8_t *)a->in6;
	struct ifnet *ifp;

	if (!in6_zoned(p))
		return;
	if (!in6_multicast(p)) {
		TAILQ_FOREACH(ifp, &net_vnet(i6v->i6v_vnet)->nv_ifs, if_link) {
			in6_setzone(p, ifp->if_index);
			if (in6_localaddr(i6v, p))
				return;
		}
	}
	in6_setzone(p, lo->if_index);
}

static bool
input_filter(struct ip6_vnet *i6v, struct ifnet *ifp, struct mbuf **mp, struct ip6_in *ii)
{
	if (i6v->i6v_pfil[PFIL_IN].ph_n == 0)
		return (true);
	if (pfil_run(&i6v->i6v_pfil[PFIL_IN], mp, ifp, PFIL_IN) != PFIL_PASS) {
		i6v->i6v_stat.i6s_pfilin++;
		in6_ifcount(ifp, IN6S_IN_DISCARD);
		return (false);
	}
	return ((*mp = input_check(i6v, ifp, *mp, &ii->ii6)) != NULL);
}

void
ip6_input(struct ifnet *ifp, struct mbuf *m)
{
	struct ip6_vnet *i6v = ip6_vnet(ifp->if_vnet);
	struct ip6_in ii = { .ii_ifp = ifp };
	enum ip6_dest dest;

	i6v->i6v_stat.i6s_total++;
	in6_ifcount(ifp, IN6S_IN_RECEIVE);
	if (i6v->i6v_stopped) {
		input_drop(m, ifp, IN6S_IN_DISCARD, &i6v->i6v_stat.i6s_stopped);
		return;
	}
	if (nd6_disabled(ifp)) {
		input_drop(m, ifp, IN6S_IN_DISCARD, &i6v->i6v_stat.i6s_ifdisabled);
		return;
	}
	m->m_pkt.rcvif = ifp;
	m->m_pkt.fib = (uint16_t)ifp->if_fib;
	if ((m = input_check(i6v, ifp, m, &ii.ii6)) == NULL)
		return;
	if (input_martian(ifp, m, mtod(m, struct ip6_hdr *))) {
		input_logmartian(i6v->i6v_vnet, ifp, mtod(m, const struct ip6_hdr *));
		input_drop(m, ifp, IN6S_IN_ADDRERR, &i6v->i6v_stat.i6s_badaddr);
		return;
	}
	if (!input_filter(i6v, ifp, &m, &ii))
		return;
	input_zones(ifp, mtod(m, struct ip6_hdr *), &ii);
	if ((ifp->if_flags & IFF_LOOPBACK) != 0) {
		input_zones_loop(i6v, ifp, &ii.ii_src);
		input_zones_loop(i6v, ifp, &ii.ii_dst);
	}
	ii.ii_nxt = ii.ii6.i6_nxt;
	ii.ii_off = IP6_HLEN;
	ii.ii_nxtoff = offsetof(struct ip6_hdr, ip6_nxt);
	if (ii.ii_nxt == IPPROTO_HOPOPTS && (m = ip6_hopopts(i6v, m, &ii)) == NULL)
		return;
	dest = input_dest(i6v, ifp, m, &ii);
	if (dest == DEST_OURS)
		input_ours(i6v, ifp, m, &ii);
	else if (dest == DEST_OTHER)
		ip6_forward(ifp->if_vnet, ifp, m, &ii);
}
