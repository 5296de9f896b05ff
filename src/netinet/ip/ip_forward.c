/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarding (RFC 1812 5).
 *
 * Everything that could need an answer is found before the packet changes, so that errors quote it as it came and nothing is copied on the way.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip/ip_var.h"

#define REDIRECT_QUOTE	576	/* bytes of the packet that an ICMP redirect may quote at most */

static void
fwd_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
}

/*
 * RFC 1812 5.3.4, 5.3.5 and 5.3.7: not what came by link broadcast, not to or from addresses that have no meaning elsewhere.  Groups are not routed here.
 */
static bool
fwd_allowed(const struct ifnet *rcvif, const struct mbuf *m, const struct ip_info *ii)
{
	return (rcvif->if_forwards[NET_AF_INET] && (m->m_flags & (M_BCAST | M_MCAST | M_LOOP)) == 0 && in_canforward(ii->ii_dst) &&
	    in_canforward(ii->ii_src));
}

/* The ports, where the packet shows them: they tell flows apart. */
static void
fwd_ports(const struct mbuf *m, const struct ip_info *ii, struct rt_flow *rf)
{
	if ((rf->rf_proto != IPPROTO_TCP && rf->rf_proto != IPPROTO_UDP) || m->m_len < (uint32_t)ii->ii_hlen + 4)
		return;
	memcpy(&rf->rf_sport, m->m_data + ii->ii_hlen, 2);
	memcpy(&rf->rf_dport, m->m_data + ii->ii_hlen + 2, 2);
}

static const struct nhop *
fwd_lookup(struct vnet *vn, const struct mbuf *m, const struct ip_info *ii)
{
	const struct ip *ip = mtod(m, const struct ip *);
	struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET, .na_in = ii->ii_dst },
		.rf_src = { .na_af = NET_AF_INET, .na_in = ii->ii_src },
		.rf_fib = m->m_pkt.fib,
		.rf_mark = m->m_pkt.mark,
		.rf_iif = m->m_pkt.rcvif,
		.rf_proto = ip->ip_p,
		.rf_tos = ip->ip_tos,
	};

	fwd_ports(m, ii, &rf);
	return (rt_lookup(vn, &rf));
}

/* RFC 1812 5.2.7.1: no route, one that leads nowhere, or one that is forbidden. */
static const struct nhop *
fwd_route(struct vnet *vn, struct mbuf *m, const struct ip_info *ii)
{
	struct ip_vnet *iv = ip_vnet(vn);
	const struct nhop *nh = fwd_lookup(vn, m, ii);

	switch (nhop_error(nh)) {
	case 0:
		return (nh);
	case ENETUNREACH:
		iv->iv_stat.ips_fwdnoroute++;
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_NET, 0);
		break;
	case EHOSTUNREACH:
		iv->iv_stat.ips_fwdnoroute++;
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
		break;
	case EACCES:
		iv->iv_stat.ips_fwdnoroute++;
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_FILTER_PROHIB, 0);
		break;
	default:
		fwd_drop(m, &iv->iv_stat.ips_cantforward);
		break;
	}
	return (NULL);
}

/*
 * RFC 1812 5.2.7.2: the packet leaves by the interface it came in, and its sender is on that network: it could have gone straight to the
 * next hop.
 */
static void
fwd_redirect(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, const struct ip_info *ii, const struct nhop *nh)
{
	struct ip_vnet *iv = ip_vnet(vn);
	struct mbuf *n;

	if (nh->nh_ifp != rcvif || iv->iv_redirect == 0 || nh->nh_ifa == NULL || nhop_addr4(nh, ii->ii_dst).na_af != NET_AF_INET || (rcvif->if_flags & IFF_LOOPBACK) != 0 ||
	    !in_samenet(ii->ii_src, nh->nh_ifa->ifa_addr.na_in, nh->nh_ifa->ifa_mask))
		return;
	if ((n = m_copym(m, 0, MIN(m->m_pkt.len, (uint32_t)REDIRECT_QUOTE), vnet_acct(vn))) == NULL)
		return;
	n->m_pkt.rcvif = rcvif;
	iv->iv_stat.ips_redirectsent++;
	icmp_error(vn, n, ICMP_REDIRECT, ICMP_REDIRECT_HOST, nhop_addr4(nh, ii->ii_dst).na_in);
}

/* The last steps, after which the packet is no more what came. */
static void
fwd_send(struct vnet *vn, struct mbuf *m, const struct ip_info *ii, const struct ip_path *path)
{
	struct ip_vnet *iv = ip_vnet(vn);

	if (!m_writable(m) && (m = m_pullup(m, ii->ii_hlen)) == NULL) {
		iv->iv_stat.ips_nomem++;
		return;
	}
	ip_ttl_decrement(mtod(m, struct ip *));
	m->m_pkt.l3hlen = (uint8_t)ii->ii_hlen;
	if (iv->iv_pfil[PFIL_OUT].ph_n > 0 && pfil_run(&iv->iv_pfil[PFIL_OUT], &m, path->ip_ifp, PFIL_OUT) != PFIL_PASS) {
		iv->iv_stat.ips_pfilout++;
		return;
	}
	iv->iv_stat.ips_forward++;
	if (ii->ii_hlen == sizeof(struct ip))
		iv->iv_stat.ips_fastforward++;
	(void)ip_transmit(vn, m, ii->ii_hlen, path);
}

/* The filter may have put another packet in this one's place. */
static bool
fwd_filter(struct vnet *vn, struct ifnet *rcvif, struct mbuf **mp)
{
	struct ip_vnet *iv = ip_vnet(vn);

	if (iv->iv_pfil[PFIL_FWD].ph_n == 0 || pfil_run(&iv->iv_pfil[PFIL_FWD], mp, rcvif, PFIL_FWD) == PFIL_PASS)
		return (true);
	iv->iv_stat.ips_pfilin++;
	return (false);
}

/* RFC 2113: does a program of this router want it? */
static bool
fwd_alert(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, const struct ip_info *ii)
{
	const struct inet_pkt pk = { .ip_vnet = vn, .ip_ops = &in_ops, .ip_rcvif = rcvif, .ip_src = in4_any(ii->ii_src), .ip_dst = in4_any(ii->ii_dst),
		.ip_hlen = ii->ii_hlen, .ip_plen = ii->ii_plen, .ip_proto = ii->ii_p, .ip_tos = ii->ii_tos, .ip_ttl = ii->ii_ttl };

	return (ip_vnet(vn)->iv_alert != NULL && ip_opt_has(m->m_data, ii->ii_hlen, IPOPT_RA) && ip_vnet(vn)->iv_alert(m, &pk, 0));
}

void
ip_forward(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, const struct ip_info *ii, bool srcrouted)
{
	struct ip_vnet *iv = ip_vnet(vn);
	const struct nhop *nh;
	struct ip_path path;

	if (!fwd_allowed(rcvif, m, ii)) {
		fwd_drop(m, &iv->iv_stat.ips_cantforward);
		return;
	}
	if (ii->ii_hlen > IP_MINHLEN && fwd_alert(vn, rcvif, m, ii))
		return;
	if (ii->ii_ttl <= IPTTLDEC) {
		iv->iv_stat.ips_ttlexceeded++;
		icmp_error(vn, m, ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS, 0);
		return;
	}
	if (!fwd_filter(vn, rcvif, &m) || (nh = fwd_route(vn, m, ii)) == NULL)
		return;
	ip_path_nhop(nh, ii->ii_dst, &path);
	/* RFC 2644: directed broadcasts are not forwarded. */
	if (path.ip_bcast) {
		fwd_drop(m, &iv->iv_stat.ips_cantforward);
		return;
	}
	if (!if_up(path.ip_ifp)) {
		iv->iv_stat.ips_fwdnoroute++;
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
		return;
	}
	if (ii->ii_df && !ip_fits(m, ii->ii_hlen, path.ip_mtu)) {
		iv->iv_stat.ips_cantfrag++;
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, path.ip_mtu);
		return;
	}
	if (!srcrouted)
		fwd_redirect(vn, rcvif, m, ii, nh);
	fwd_send(vn, m, ii, &path);
}
