/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stf: 6to4 (RFC 3056).  Packets to 2002:AABB:CCDD::/48 go in IPv4 packets to AA.BB.CC.DD; the interface's own address, of that form, says from which.
 *
 * One in a vnet: it takes what comes for that address from anywhere.  A source inside that is a 6to4 address must be the one outside, and no address
 * may be one that is not global (RFC 3964 5.1, 5.2).  Other destinations are reached by a router whose address has that form (RFC 3056 5.2, step 4);
 * RFC 7526 took the anycast address of such relays back.
 */
#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/tunnel/tunnel.h"
#include "wire/ip.h"
#include "wire/ip6.h"

#define STF_MTU		1280

static bool
stf_is6to4(const uint8_t a[16])
{
	return (a[0] == 0x20 && a[1] == 0x02);
}

static uint32_t
stf_in4(const uint8_t a[16])
{
	uint32_t four;

	memcpy(&four, a + 2, sizeof(four));
	return (four);
}

/* RFC 3056 2, 5.3: a unicast address that all the Internet knows. */
static bool
stf_global(uint32_t a)
{
	const uint32_t h = NTOHL(a);

	return (!in_zeronet(a) && !in_loopback(a) && !in_multicast(a) && !in_badclass(a) && !in_broadcast(a) && h >> 24 != 10 && h >> 20 != 0xac1 &&
	    h >> 16 != 0xc0a8 && h >> 16 != 0xa9fe);
}

/* The interface's 6to4 address; 0: none. */
static uint32_t
stf_source(const struct ifnet *ifp)
{
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && stf_is6to4(ifa->ifa_addr.na_in6))
			return (stf_in4(ifa->ifa_addr.na_in6));
	return (0);
}

/* The other end of the tunnel to an IPv6 address; 0: none. */
static uint32_t
stf_target(const struct ifnet *ifp, const struct mbuf *m, const uint8_t dst[16])
{
	const struct nhop *nh;

	if (stf_is6to4(dst))
		return (stf_in4(dst));
	nh = fib6_lookup(ifp->if_vnet, m->m_pkt.fib, dst);
	return (nh != NULL && nh->nh_ifp == ifp && nh->nh_gw.na_af == NET_AF_INET6 && stf_is6to4(nh->nh_gw.na_in6) ? stf_in4(nh->nh_gw.na_in6) : 0);
}

static int
stf_encap(struct ifnet *ifp, struct mbuf *m, const struct tunnel_inner *ti)
{
	struct tunnel_vnet *tv = tunnel_vnet(ifp->if_vnet);
	const struct ip6_hdr *ip6 = mtod(m, const struct ip6_hdr *);
	struct tunnel_out to = { .to_ops = &in_ops, .to_proto = IPPROTO_IPV6, .to_ttl = (uint8_t)tv->tv_ttl[TUNNEL_GIF] };
	uint32_t target = ti->ti_ops == &in6_ops ? stf_target(ifp, m, ip6->ip6_dst) : 0;
	bool df;

	to.to_src = in4_any(stf_source(ifp));
	if (to.to_src.in4 == 0 || !stf_global(target))		/* 0 is not global */
		return (tunnel_drop(ifp, m, &tv->tv_stat.tns_badinner, ENETUNREACH));
	to.to_dst = in4_any(target);
	if ((m = tunnel_fit(ifp, m, ti, &to, &df)) == NULL)
		return (EMSGSIZE);
	return (tunnel_send(ifp, m, ti, &to, df));
}

static int
stf_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (tunnel_transmit(ifp, m, tunnel_vnet(ifp->if_vnet)->tv_nesting[TUNNEL_GIF], stf_encap));
}

static const struct ifnet_ops stf_ops = {
	.ifo_output = if_output_ip,
	.ifo_transmit = stf_transmit,
	.ifo_input = if_input_ip,
};

/* RFC 3964 5.1: do the addresses inside and outside say the same? */
static bool
stf_sane(const struct ip6_hdr *ip6, uint32_t src, uint32_t dst)
{
	if (!stf_global(src) || (stf_is6to4(ip6->ip6_src) && stf_in4(ip6->ip6_src) != src))
		return (false);
	if (!stf_is6to4(ip6->ip6_dst) || stf_in4(ip6->ip6_dst) != dst)
		return (false);
	return (!in6_multicast(ip6->ip6_src) && !in6_loopback(ip6->ip6_src) && !in6_linklocal(ip6->ip6_src) && !in6_v4mapped(ip6->ip6_src));
}

bool
stf_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct tunnel_vnet *tv = tunnel_vnet(pk->ip_vnet);
	struct ifnet *ifp = tv->tv_stf;
	struct ip6_hdr ip6;

	if (ifp == NULL || pk->ip_proto != IPPROTO_IPV6 || pk->ip_ops != &in_ops || stf_source(ifp) != pk->ip_dst.in4)
		return (false);
	if (m_copydata(m, 0, sizeof(ip6), &ip6) != 0) {
		tv->tv_stat.tns_short++;
	} else if (!stf_sane(&ip6, pk->ip_src.in4, pk->ip_dst.in4)) {
		tv->tv_stat.tns_badsource++;
	} else {
		tunnel_receive(ifp, m, &in6_ops, pk->ip_tos);
		return (true);
	}
	ifp->if_stats.ifs_ierrors++;
	m_freem(m);
	return (true);
}

/* Life */

static int
stf_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error;

	if (tunnel_vnet(vn)->tv_stf != NULL)
		return (EEXIST);
	if ((error = if_new_unit(vn, &stf_cloner, unit, name, &ifp)) != 0)
		return (error);
	ifp->if_flags = IFF_RUNNING;
	ifp->if_linkup = true;
	ifp->if_mtu = STF_MTU;
	if ((error = if_new_attach(ifp)) == 0)
		tunnel_vnet(vn)->tv_stf = ifp;
	return (error);
}

const struct if_clone stf_cloner = {
	.ifc_name = "stf",
	.ifc_ops = &stf_ops,
	.ifc_type = VI_IFT_TUNNEL,
	.ifc_create = stf_create,
	.ifc_destroy = if_new_destroy,
};
