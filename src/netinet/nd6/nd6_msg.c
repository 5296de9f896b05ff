/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages sent (RFC 4861 4). */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/icmp6/icmp6_var.h"
#include "netinet/nd6/nd6_int.h"

#define REDIRECT_INTERVAL	(10 * ND6_MSEC)	/* between two on one interface */
#define ND6_HLIM	255	/* RFC 4861 3.1: nobody off the link can send this */

static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 }, all_routers[16] = { 0xff, 0x02, [15] = 2 };

/* An empty message with len bytes of fixed part and room for options behind; *end is where the next goes. */
static struct mbuf *
msg_make(struct nd6_vnet *nv, size_t len, size_t room)
{
	struct mbuf *m = m_getcl(vnet_acct(nv->nv_vnet), MAX_HDR + len + room, true);

	if (m == NULL) {
		nv->nv_stat.ns_nomem++;
		return (NULL);
	}
	m->m_data = m_bufstart(m) + MAX_HDR;
	m->m_len = m->m_pkt.len = (uint32_t)len;
	memset(m->m_data, 0, len);
	return (m);
}

/* A link-layer address option, or a nonce: both are eight bytes on Ethernet. */
static void
msg_opt8(struct mbuf *m, uint8_t type, const uint8_t data[6])
{
	uint8_t *p = m->m_data + m->m_len;

	p[0] = type;
	p[1] = 1;
	memcpy(p + 2, data, 6);
	m->m_len += 8;
	m->m_pkt.len += 8;
}

static int
msg_send(struct nd6_vnet *nv, struct ifnet *ifp, struct mbuf *m, const uint8_t *src, const uint8_t *dst)
{
	struct ip6_out io = { .i6o_ifindex = ifp->if_index, .i6o_proto = IPPROTO_ICMPV6, .i6o_hlim = ND6_HLIM, .i6o_mcast_hlim = ND6_HLIM,
		.i6o_unspecsrc = src == NULL };

	if (src != NULL)
		memcpy(io.i6o_src.in6, src, 16);
	memcpy(io.i6o_dst.in6, dst, 16);
	in6_setzone((uint8_t *)io.i6o_dst.in6, ifp->if_index);
	icmp6_cksum(m, &io.i6o_src, &io.i6o_dst);
	icmp6_vnet(nv->nv_vnet)->ic6v_stat.ic6s_outhist[icmp6_hist(m->m_data[0])]++;
	return (ip6_output(nv->nv_vnet, m, &io));
}

/* The target without its zone, as it stands in messages. */
static void
msg_addr(uint8_t out[16], const uint8_t *a)
{
	memcpy(out, a, 16);
	in6_setzone(out, 0);
}

int
nd6_ns_send(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t *src, const uint8_t target[16], const uint8_t *dst, const uint8_t *nonce)
{
	struct mbuf *m = msg_make(nv, sizeof(struct nd_neighbor), 16);
	struct nd_neighbor *nd;
	uint8_t sol[16];

	if (m == NULL)
		return (ENOBUFS);
	nd = mtod(m, struct nd_neighbor *);
	nd->nd_hdr.icmp6_type = ND_NEIGHBOR_SOLICIT;
	msg_addr(nd->nd_target, target);
	if (src != NULL)
		msg_opt8(m, ND_OPT_SOURCE_LINKADDR, ifp->if_lladdr);
	if (nonce != NULL)
		msg_opt8(m, ND_OPT_NONCE, nonce);
	in6_solicited(target, ifp->if_index, sol);
	nv->nv_stat.ns_solout++;
	return (msg_send(nv, ifp, m, src, dst != NULL ? dst : sol));
}

int
nd6_na_send(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t src[16], const uint8_t target[16], const uint8_t dst[16], uint32_t flags)
{
	struct mbuf *m = msg_make(nv, sizeof(struct nd_neighbor), 8);
	struct nd_neighbor *nd;

	if (m == NULL)
		return (ENOBUFS);
	if (ifp->if_forwards[NET_AF_INET6])
		flags |= ND_NA_FLAG_ROUTER;
	nd = mtod(m, struct nd_neighbor *);
	nd->nd_hdr.icmp6_type = ND_NEIGHBOR_ADVERT;
	nd->nd_hdr.icmp6_data32 = HTONL(flags);
	msg_addr(nd->nd_target, target);
	msg_opt8(m, ND_OPT_TARGET_LINKADDR, ifp->if_lladdr);
	nv->nv_stat.ns_advout++;
	return (msg_send(nv, ifp, m, src, in6_unspecified(dst) ? all_nodes : dst));
}

/* RFC 4861 6.3.7: from the link-local address if there is one, else from ::. */
int
nd6_rs_send(struct nd6_vnet *nv, struct ifnet *ifp)
{
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(ifp);
	struct mbuf *m = msg_make(nv, ICMP6_MINLEN, 8);

	if (m == NULL)
		return (ENOBUFS);
	mtod(m, struct icmp6_hdr *)->icmp6_type = ND_ROUTER_SOLICIT;
	if (ia != NULL)
		msg_opt8(m, ND_OPT_SOURCE_LINKADDR, ifp->if_lladdr);
	nv->nv_stat.ns_rsout++;
	return (msg_send(nv, ifp, m, ia == NULL ? NULL : ia6_addr(ia), all_routers));
}

/* RFC 4861 8.2: only who is on the link can go another way there; what comes from beyond a router came by its choice. */
static bool
msg_neighbour(const struct ifnet *ifp, const uint8_t src[16])
{
	const struct nhop *nh;

	if (in6_linklocal(src))
		return (true);
	nh = fib6_lookup(ifp->if_vnet, ifp->if_fib, src);
	return (nh != NULL && nh->nh_ifp == ifp && (nh->nh_flags & RTF_GATEWAY) == 0);
}

/* RFC 4861 8.2.  To the packet's sender, about its destination; with the link address if it is known, and of the packet what fits 1280 bytes in all. */
bool
nd6_redirect_send(struct ifnet *ifp, struct mbuf *orig, const struct net_addr *gw)
{
	struct nd6_vnet *nv = nd6_vnet(ifp->if_vnet);
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(ifp);
	struct nd6_if *ni = nd6_if(ifp);
	const uint32_t room = IPV6_MMTU - IP6_HLEN - (uint32_t)sizeof(struct nd_redirect) - 16;
	const uint32_t quote = MIN(orig->m_pkt.len, room) & ~7u;
	const struct nd6_entry *ne = nd6_lookup(nv, ifp, gw->na_in6);
	struct nd_redirect *nr;
	struct ip6_hdr ip6;
	uint8_t *p, src[16];
	struct mbuf *m;

	if (ni == NULL || (ni->ni_redirected != 0 && vnet_now(nv->nv_vnet) - ni->ni_redirected < REDIRECT_INTERVAL))
		return (false);
	if (ia == NULL || m_copydata(orig, 0, sizeof(ip6), &ip6) != 0 || !msg_neighbour(ifp, ip6.ip6_src))
		return (false);
	ni->ni_redirected = vnet_now(nv->nv_vnet);
	if ((m = msg_make(nv, sizeof(*nr), 16 + quote)) == NULL)
		return (false);
	nr = mtod(m, struct nd_redirect *);
	nr->nr_hdr.icmp6_type = ND_REDIRECT;
	msg_addr(nr->nr_target, gw->na_in6);
	memcpy(nr->nr_dst, ip6.ip6_dst, 16);
	if (ne != NULL && ne->ne_state >= VI_NUD_REACHABLE)
		msg_opt8(m, ND_OPT_TARGET_LINKADDR, ne->ne_lladdr);
	p = m->m_data + m->m_len;
	memset(p, 0, 8);
	p[0] = ND_OPT_REDIRECTED;
	p[1] = (uint8_t)((8 + quote) / 8);
	if (m_copydata(orig, 0, quote, p + 8) != 0) {
		m_freem(m);
		return (false);
	}
	m->m_len += 8 + quote;
	m->m_pkt.len += 8 + quote;
	memcpy(src, ip6.ip6_src, sizeof(src));
	nv->nv_stat.ns_redirout++;
	return (msg_send(nv, ifp, m, ia6_addr(ia), src) == 0);
}
