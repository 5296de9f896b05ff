/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarding (RFC 8200 3, RFC 4443 3, RFC 4007 9).  Everything that could need an answer is found before the packet changes.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"

static void
fwd_count(const struct ip6_in *ii, enum in6_ifstat st, uint64_t *counter)
{
	++*counter;
	in6_ifcount(ii->ii_ifp, st);
}

static void
fwd_drop(struct mbuf *m, const struct ip6_in *ii, uint64_t *counter)
{
	fwd_count(ii, IN6S_IN_DISCARD, counter);
	m_freem(m);
}

/* Not what came to the link as a whole, nor to or from addresses that mean nothing elsewhere. */
static bool
fwd_allowed(const struct ip6_vnet *i6v, const struct mbuf *m, const struct ip6_in *ii)
{
	const uint8_t *src = (const uint8_t *)ii->ii_src.in6, *dst = (const uint8_t *)ii->ii_dst.in6;

	return (i6v->i6v_forwarding != 0 && (m->m_flags & (M_BCAST | M_MCAST | M_LOOP)) == 0 && !in6_multicast(dst) && !in6_unspecified(src) &&
	    !in6_loopback(dst) && !in6_loopback(src));
}

/* Protocol and ports, where no extension header hides them; then the flow label tells flows apart (RFC 6438). */
static void
fwd_flow(const struct mbuf *m, struct rt_flow *rf)
{
	const struct ip6_hdr *ip6 = mtod(m, const struct ip6_hdr *);
	const uint32_t label = NTOHL(ip6->ip6_flow) & 0xfffff;

	rf->rf_tos = ip6_tclass(ip6);
	rf->rf_proto = ip6->ip6_nxt;
	if ((ip6->ip6_nxt == IPPROTO_TCP || ip6->ip6_nxt == IPPROTO_UDP) && m->m_len >= IP6_HLEN + 4) {
		memcpy(&rf->rf_sport, m->m_data + IP6_HLEN, 2);
		memcpy(&rf->rf_dport, m->m_data + IP6_HLEN + 2, 2);
	} else if (label != 0)
		rf->rf_flowid = label ^ be32dec(rf->rf_src.na_in6 + 12) ^ be32dec(rf->rf_dst.na_in6 + 12);
}

static const struct nhop *
fwd_lookup(struct vnet *vn, const struct mbuf *m, const struct ip6_in *ii)
{
	struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET6 },
		.rf_src = { .na_af = NET_AF_INET6 },
		.rf_fib = m->m_pkt.fib,
		.rf_mark = m->m_pkt.mark,
		.rf_iif = m->m_pkt.rcvif,
	};

	memcpy(rf.rf_dst.na_in6, ii->ii_dst.in6, sizeof(rf.rf_dst.na_in6));
	memcpy(rf.rf_src.na_in6, ii->ii_src.in6, sizeof(rf.rf_src.na_in6));
	fwd_flow(m, &rf);
	return (rt_lookup(vn, &rf));
}

/* NULL: dropped and answered. */
static const struct nhop *
fwd_route(struct vnet *vn, struct mbuf *m, const struct ip6_in *ii)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	const struct nhop *nh = fwd_lookup(vn, m, ii);
	uint8_t code;

	switch (nhop_error(nh)) {
	case 0:
		return (nh);
	case ENETUNREACH:
		code = ICMP6_DST_UNREACH_NOROUTE;
		break;
	case EACCES:
		code = ICMP6_DST_UNREACH_ADMIN;
		break;
	case EHOSTUNREACH:
		code = ICMP6_DST_UNREACH_REJECT;
		break;
	default:
		fwd_drop(m, ii, &i6v->i6v_stat.i6s_cantforward);
		return (NULL);
	}
	fwd_count(ii, IN6S_IN_NOROUTE, &i6v->i6v_stat.i6s_fwdnoroute);
	icmp6_error(vn, m, ICMP6_DST_UNREACH, code, 0);
	return (NULL);
}

/* RFC 4861 8.2: it leaves by the link it came from, so its sender could have reached the next hop at once. */
static void
fwd_redirect(struct ip6_vnet *i6v, struct ifnet *rcvif, struct mbuf *m, const struct nhop *nh, const struct ip6_path *path)
{
	if (path->i6p_ifp != rcvif || !i6v->i6v_redirect || i6v->i6v_nd == NULL || (rcvif->if_flags & IFF_LOOPBACK) != 0)
		return;
	/* A router is known by its link-local address. */
	if ((nh->nh_flags & RTF_GATEWAY) != 0 && !in6_linklocal(path->i6p_next.na_in6))
		return;
	i6v->i6v_stat.i6s_redirectsent += i6v->i6v_nd->no_redirect(rcvif, m, &path->i6p_next);
}

static void
fwd_send(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, const struct nhop *nh, const struct ip6_path *path)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);

	fwd_redirect(i6v, rcvif, m, nh, path);
	if (!m_writable(m) && (m = m_pullup(m, IP6_HLEN)) == NULL) {
		i6v->i6v_stat.i6s_nomem++;
		in6_ifcount(rcvif, IN6S_IN_DISCARD);
		return;
	}
	mtod(m, struct ip6_hdr *)->ip6_hlim--;
	m->m_pkt.l3hlen = IP6_HLEN;
	if (i6v->i6v_pfil[PFIL_OUT].ph_n > 0 && pfil_run(&i6v->i6v_pfil[PFIL_OUT], &m, path->i6p_ifp, PFIL_OUT) != PFIL_PASS) {
		i6v->i6v_stat.i6s_pfilout++;
		in6_ifcount(path->i6p_ifp, IN6S_OUT_DISCARD);
		return;
	}
	i6v->i6v_stat.i6s_forward++;
	in6_ifcount(path->i6p_ifp, IN6S_OUT_FORWARD);
	(void)ip6_transmit(vn, m, path, false);
}

/* RFC 4007 9: a packet does not leave the zone of its addresses. */
static bool
fwd_scope(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, const struct ip6_in *ii, const struct ifnet *ifp)
{
	const uint8_t *src = (const uint8_t *)ii->ii_src.in6;

	if (ifp == rcvif || !in6_linklocal(src))
		return (true);
	fwd_count(ii, IN6S_IN_ADDRERR, &ip6_vnet(vn)->i6v_stat.i6s_cantforward);
	icmp6_error(vn, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE, 0);
	return (false);
}

/* RFC 2711: does a program of this router want it? */
static bool
fwd_alert(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, const struct ip6_in *ii)
{
	const struct inet_pkt pk = { .ip_vnet = vn, .ip_ops = &in6_ops, .ip_rcvif = rcvif, .ip_src = ii->ii_src, .ip_dst = ii->ii_dst, .ip_hlen = ii->ii_off,
		.ip_plen = m->m_pkt.len - ii->ii_off, .ip_proto = ii->ii_nxt, .ip_tos = ii->ii6.i6_tclass, .ip_ttl = ii->ii6.i6_hlim, .ip_flow = ii->ii6.i6_flow };

	return (ip_vnet(vn)->iv_alert != NULL && ip_vnet(vn)->iv_alert(m, &pk, ii->ii_alert));
}

void
ip6_forward(struct vnet *vn, struct ifnet *rcvif, struct mbuf *m, struct ip6_in *ii)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct ip6_out io = { .i6o_dst = ii->ii_dst, .i6o_fib = m->m_pkt.fib };
	struct ip6_path path;
	const struct nhop *nh;

	if (!fwd_allowed(i6v, m, ii)) {
		fwd_drop(m, ii, &i6v->i6v_stat.i6s_cantforward);
		return;
	}
	if (ii->ii_rtalert && fwd_alert(vn, rcvif, m, ii))
		return;
	if (ii->ii6.i6_hlim <= 1) {
		fwd_count(ii, IN6S_IN_HDRERR, &i6v->i6v_stat.i6s_hlimexceeded);
		icmp6_error(vn, m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0);
		return;
	}
	if (i6v->i6v_pfil[PFIL_FWD].ph_n > 0 && pfil_run(&i6v->i6v_pfil[PFIL_FWD], &m, rcvif, PFIL_FWD) != PFIL_PASS) {
		fwd_count(ii, IN6S_IN_DISCARD, &i6v->i6v_stat.i6s_pfilin);
		return;
	}
	if ((nh = fwd_route(vn, m, ii)) == NULL)
		return;
	io.i6o_nh = nh;
	if (ip6_route(vn, &io, &path) != 0 || !if_up(path.i6p_ifp) || nd6_disabled(path.i6p_ifp)) {
		fwd_count(ii, IN6S_IN_NOROUTE, &i6v->i6v_stat.i6s_fwdnoroute);
		icmp6_error(vn, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
		return;
	}
	/* RFC 4443 3.1: of a link with two ends, the other has sent it here. */
	if (path.i6p_ifp == rcvif && (rcvif->if_flags & IFF_POINTOPOINT) != 0 && (nh->nh_flags & RTF_GATEWAY) == 0) {
		fwd_count(ii, IN6S_IN_ADDRERR, &i6v->i6v_stat.i6s_cantforward);
		icmp6_error(vn, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
		return;
	}
	if (!fwd_scope(vn, rcvif, m, ii, path.i6p_ifp))
		return;
	if (!ip6_fits(m, path.i6p_mtu)) {
		fwd_count(ii, IN6S_IN_TOOBIG, &i6v->i6v_stat.i6s_toobig);
		icmp6_error(vn, m, ICMP6_PACKET_TOO_BIG, 0, path.i6p_mtu);
		return;
	}
	fwd_send(vn, rcvif, m, nh, &path);
}
