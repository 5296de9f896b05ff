/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A packet from an interface, its link header gone: form, checksum, addresses, filter, options; then it is ours (put together, if it is a fragment, and handed to
 * the transport registered for its protocol, with copies for raw sockets) or forwarded or dropped.  Every drop has its counter.
 *
 * The transport finds m_data at its own header, and the IP header in front of it in the same buffer.  At least eight bytes of the transport header are
 * contiguous with it, so that UDP and ICMP need no pullup (which would lose what is in front).
 *
 * Packets that came through the loopback interface, or whose sender left the checksum to be finished, never saw a wire: their sums count as right.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip/ip_var.h"

#define IP_CONTIG	8	/* bytes of transport header kept with the IP header */

static struct mbuf *
input_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
	return (NULL);
}

static uint64_t *
input_badform(struct ip_vnet *iv, enum wire_error we, const struct ip_info *ii)
{
	switch (we) {
	case WIRE_SHORT:
		return (&iv->iv_stat.ips_toosmall);
	case WIRE_BADVERS:
		return (&iv->iv_stat.ips_badvers);
	case WIRE_BADHLEN:
		return (&iv->iv_stat.ips_badhlen);
	case WIRE_BADLEN:
		return (ii->ii_len < ii->ii_hlen ? &iv->iv_stat.ips_badlen : &iv->iv_stat.ips_tooshort);
	case WIRE_BADFRAG:
		return (&iv->iv_stat.ips_badfrag);
	default:
		return (&iv->iv_stat.ips_badlen);
	}
}

static struct mbuf *
input_badsum(struct ip_vnet *iv, struct mbuf *m)
{
	if (vnet_logdue(iv->iv_vnet, VNET_LOG_BADSUM))
		vnet_log(iv->iv_vnet, LOG_NOTICE, "ip: bad header checksums on %s", m->m_pkt.rcvif == NULL ? "?" : m->m_pkt.rcvif->if_xname);
	return (input_drop(m, &iv->iv_stat.ips_badsum));
}

/* Form and checksum; link padding is cut off.  NULL: dropped. */
static struct mbuf *
input_check(struct ip_vnet *iv, struct mbuf *m, struct ip_info *ii)
{
	enum wire_error we;

	while ((we = ip_check(m->m_data, m->m_len, m->m_pkt.len, ii)) == WIRE_PULLUP) {
		if ((m = m_pullup(m, ii->ii_need)) == NULL) {
			iv->iv_stat.ips_nomem++;
			return (NULL);
		}
	}
	if (we != WIRE_OK)
		return (input_drop(m, input_badform(iv, we, ii)));
	if ((m->m_pkt.csum_flags & CSUM_IP_VALID) == 0 && ip_sum_check(m->m_data, ii->ii_hlen) != WIRE_OK)
		return (input_badsum(iv, m));
	if (m->m_pkt.len > ii->ii_len)
		m_adj(m, (ptrdiff_t)ii->ii_len - (ptrdiff_t)m->m_pkt.len);
	return (m);
}

/*
 * Addresses that cannot be (RFC 1122 3.2.1.3, RFC 1812 5.3.7): sources that are no host (nor all of this network), loopback addresses and
 * destinations of class E from outside, and our own address as the source of what we did not send; some of it unless the interface takes it.
 */
static bool
input_martian(const struct ip_vnet *iv, const struct ifnet *ifp, const struct mbuf *m, const struct ip_info *ii)
{
	const unsigned takes = iv->iv_martians | ifp->if_martians;
	uint32_t src = ii->ii_src;

	if (in_multicast(src) || in_badclass(src) || (in_zeronet(src) && src != 0))
		return (true);
	if ((ifp->if_flags & IFF_LOOPBACK) != 0 || (m->m_flags & M_LOOP) != 0)
		return (false);
	return (((in_loopback(src) || in_loopback(ii->ii_dst)) && (takes & IP_ROUTE_LOCALNET) == 0) || in_zeronet(ii->ii_dst) ||
	    (!in_loopback(src) && (takes & IP_ACCEPT_LOCAL) == 0 && in_ifaddr_find(iv, src) != NULL) ||
	    in_ifbroadcast(ifp, src) || (in_badclass(ii->ii_dst) && !in_broadcast(ii->ii_dst)));
}

/* RFC 1812 5.3.8, RFC 3704 2.2 and 2.4: where answers would go, or that they would go anywhere. */
static bool
input_wrongway(const struct ip_vnet *iv, const struct ifnet *ifp, const struct mbuf *m, const struct ip_info *ii)
{
	const struct rt_flow back = {
		.rf_dst = { .na_af = NET_AF_INET, .na_in = ii->ii_src },
		.rf_src = { .na_af = NET_AF_INET, .na_in = ii->ii_dst },
		.rf_fib = m->m_pkt.fib,
		.rf_mark = m->m_pkt.mark,
		.rf_proto = ii->ii_p,
		.rf_tos = ii->ii_tos,
	};

	const unsigned how = MAX((unsigned)iv->iv_rpfilter, ifp->if_rpfilter);

	if (how == 0 || ii->ii_src == 0 || (ifp->if_flags & IFF_LOOPBACK) != 0 || (m->m_flags & M_LOOP) != 0)
		return (false);
	return (!rt_leads4(iv->iv_vnet, rt_flow_fib(iv->iv_vnet, &back), ii->ii_src, how == 1 ? ifp : NULL));
}

static void
input_logmartian(const struct ip_vnet *iv, const struct ifnet *ifp, const struct ip_info *ii)
{
	char src[INADDR_STRLEN], dst[INADDR_STRLEN];

	if (vnet_logdue(iv->iv_vnet, VNET_LOG_MARTIAN))
		vnet_log(iv->iv_vnet, LOG_NOTICE, "ip: a packet from %s to %s on %s cannot be", inaddr_ntop(src, sizeof(src), ii->ii_src),
		    inaddr_ntop(dst, sizeof(dst), ii->ii_dst), ifp->if_xname);
}

enum ip_dest { DEST_OURS, DEST_GROUP, DEST_OTHER, DEST_NOTMEMBER };

static enum ip_dest
input_dest(const struct ip_vnet *iv, const struct ifnet *ifp, const struct mbuf *m, const struct ip_info *ii)
{
	const uint32_t dst = ii->ii_dst;
	const struct ifaddr *ifa = in_ifaddr_find(iv, dst);
	bool loop = (ifp->if_flags & IFF_LOOPBACK) != 0 || (m->m_flags & M_LOOP) != 0;
	const struct in_addr_any any = in4_any(dst);

	if (ifa != NULL) {
		/* RFC 1122 3.3.4.2: the strong host model, when asked for. */
		if (iv->iv_checkinterface != 0 && !loop && !ifp->if_forwards[NET_AF_INET] && ifa->ifa_ifp != ifp)
			return (DEST_OTHER);
		return (DEST_OURS);
	}
	if (in_loopback(dst) && in_localaddr(iv, dst))	/* from outside only where input_martian() lets it */
		return (DEST_OURS);
	if (in_multicast(dst))
		return (in_mcast_accept(ifp, dst, ii->ii_src, ii->ii_p) ? DEST_GROUP : DEST_NOTMEMBER);
	if (loop)
		return (in_localaddr(iv, dst) ? DEST_OURS : in_ops.io_isbcast(iv->iv_vnet, &any) ? DEST_GROUP : DEST_OTHER);
	if (in_ifbroadcast(ifp, dst))
		return (DEST_GROUP);
	return (ifp->if_anydst ? DEST_OURS : DEST_OTHER);
}

/* m_data to the transport header.  The IP header stays where it is. */
static void
input_strip(struct mbuf *m, unsigned hlen)
{
	m->m_data += hlen;
	m->m_len -= hlen;
	m->m_pkt.len -= hlen;
	m->m_pkt.l3hlen = (uint8_t)hlen;
}

/* A copy for raw sockets, which asked for this protocol. */
static void
input_raw(struct ip_vnet *iv, struct mbuf *m, const struct inet_pkt *pk)
{
	struct mbuf *n = m_copym(m, 0, SIZE_MAX, vnet_acct(iv->iv_vnet));

	/* The copy's header is contiguous as the original's is: buffers are copied or shared one by one. */
	if (n == NULL) {
		iv->iv_stat.ips_nomem++;
		return;
	}
	if (n->m_len < pk->ip_hlen && (n = m_pullup(n, pk->ip_hlen)) == NULL) {
		iv->iv_stat.ips_nomem++;
		return;
	}
	input_strip(n, pk->ip_hlen);
	iv->iv_raw->ip_input(n, pk);
}

/* Raw sockets want it as well, or nobody but them, or nobody. */
static __attribute__((noinline)) void
input_deliver_raw(struct ip_vnet *iv, struct mbuf *m, const struct inet_pkt *pk, bool raw)
{
	const unsigned idx = iv->iv_protoidx[pk->ip_proto];

	if (raw && idx != 0)
		input_raw(iv, m, pk);
	input_strip(m, pk->ip_hlen);
	if (idx != 0) {
		iv->iv_protos[idx - 1].ip_input(m, pk);
	} else if (raw) {
		iv->iv_raw->ip_input(m, pk);
	} else {
		iv->iv_stat.ips_noproto++;
		iv->iv_stat.ips_delivered--;
		inet_unreach(m, pk, ICMP_UNREACH_PROTOCOL);
	}
}

static inline void
input_deliver(struct ip_vnet *iv, struct mbuf *m, const struct inet_pkt *pk)
{
	const unsigned idx = iv->iv_protoidx[pk->ip_proto];
	const bool raw = iv->iv_raw != NULL && ip_israwproto(iv, pk->ip_proto);

	iv->iv_stat.ips_delivered++;
	if (raw || idx == 0) {
		input_deliver_raw(iv, m, pk, raw);
		return;
	}
	input_strip(m, pk->ip_hlen);
	iv->iv_protos[idx - 1].ip_input(m, pk);
}

/* It is for us. */
static void
input_ours(struct ip_vnet *iv, struct ifnet *ifp, struct mbuf *m, struct ip_info *ii, bool group)
{
	bool frag = ii->ii_frag;
	uint16_t fragmax = 0;
	struct inet_pkt pk;
	uint32_t want;

	if (frag && (m = ip_reass(iv->iv_vnet, m, ii, &fragmax)) == NULL)
		return;
	want = ii->ii_hlen + MIN((uint32_t)ii->ii_plen, (uint32_t)IP_CONTIG);
	if (m->m_len < want && (m = m_pullup(m, want)) == NULL) {
		iv->iv_stat.ips_nomem++;
		return;
	}
	if ((m->m_pkt.csum_flags & CSUM_DELAY_DATA) != 0)
		m->m_pkt.csum_flags |= CSUM_DATA_VALID;
	pk = (struct inet_pkt){
		.ip_vnet = iv->iv_vnet,
		.ip_ops = &in_ops,
		.ip_rcvif = ifp,
		.ip_src = in4_any(ii->ii_src),
		.ip_dst = in4_any(ii->ii_dst),
		.ip_hlen = ii->ii_hlen,
		.ip_opts = ii->ii_hlen > IP_MINHLEN ? m->m_data + IP_MINHLEN : NULL,
		.ip_plen = ii->ii_plen,
		.ip_proto = ii->ii_p,
		.ip_tos = ii->ii_tos,
		.ip_ttl = ii->ii_ttl,
		.ip_bcast = group || (m->m_flags & (M_BCAST | M_MCAST)) != 0,
		.ip_frag = frag,
		.ip_fragmax = fragmax,
	};
	input_deliver(iv, m, &pk);
}

/* Filter and options; false: the packet is gone.  Both may change it. */
static bool
input_process(struct ip_vnet *iv, struct ifnet *ifp, struct mbuf **mp, struct ip_info *ii, bool *srcrouted)
{
	if (iv->iv_pfil[PFIL_IN].ph_n > 0) {
		if (pfil_run(&iv->iv_pfil[PFIL_IN], mp, ifp, PFIL_IN) != PFIL_PASS) {
			iv->iv_stat.ips_pfilin++;
			return (false);
		}
		(*mp)->m_pkt.csum_flags |= CSUM_IP_VALID;
		if ((*mp = input_check(iv, *mp, ii)) == NULL)
			return (false);
	}
	return (ii->ii_optlen == 0 || ip_dooptions(iv->iv_vnet, mp, ii, srcrouted) == IPOPT_PASS);
}

/* Where packets from an address are remembered: its last octet tells most. */
static unsigned
input_knownslot(uint32_t src)
{
	return (NTOHL(src) & (IP_NKNOWN - 1));
}

/*
 * A packet as nearly all are: no options, no fragment, nothing to be summed, filtered or cut off, and with the addresses of one
 * that was found right before.  Whether addresses are right hangs on nothing but the addresses of this host (input_martian(),
 * input_dest(); loopback interfaces forbid less).
 */
static bool
input_isplain(const struct ip_vnet *iv, const struct ifnet *ifp, const struct mbuf *m)
{
	const struct ip *ip = mtod(m, const struct ip *);
	const struct ip_known *ik;

	if (m->m_len < IP_MINHLEN + IP_CONTIG || *m->m_data != (IPVERSION << 4 | IP_MINHLEN >> 2) ||
	    (ip->ip_off & HTONS(IP_MF | IP_OFFMASK)) != 0 || NTOHS(ip->ip_len) != m->m_pkt.len ||
	    (m->m_pkt.csum_flags & CSUM_IP_VALID) == 0 || (m->m_flags & (M_BCAST | M_MCAST)) != 0 ||
	    iv->iv_pfil[PFIL_IN].ph_n > 0 || (iv->iv_checkinterface | iv->iv_rpfilter | ifp->if_rpfilter) != 0)
		return (false);
	ik = &iv->iv_known[input_knownslot(ip->ip_src)];
	return (ik->ik_src == ip->ip_src && ik->ik_dst == ip->ip_dst && ik->ik_dst != 0);
}

/* input_ours() of a plain packet. */
static void
input_plain(struct ip_vnet *iv, struct ifnet *ifp, struct mbuf *m)
{
	const struct ip *ip = mtod(m, const struct ip *);
	const struct inet_pkt pk = {
		.ip_vnet = iv->iv_vnet,
		.ip_ops = &in_ops,
		.ip_rcvif = ifp,
		.ip_src = in4_any(ip->ip_src),
		.ip_dst = in4_any(ip->ip_dst),
		.ip_hlen = IP_MINHLEN,
		.ip_plen = m->m_pkt.len - IP_MINHLEN,
		.ip_proto = ip->ip_p,
		.ip_tos = ip->ip_tos,
		.ip_ttl = ip->ip_ttl,
	};

	if ((m->m_pkt.csum_flags & CSUM_DELAY_DATA) != 0)
		m->m_pkt.csum_flags |= CSUM_DATA_VALID;
	input_deliver(iv, m, &pk);
}

/* Any packet. */
static __attribute__((noinline)) void
input_any(struct ip_vnet *iv, struct ifnet *ifp, struct mbuf *m)
{
	struct vnet *vn = iv->iv_vnet;
	bool srcrouted = false;
	struct ip_info ii;
	enum ip_dest dest;

	if (iv->iv_stopped) {
		(void)input_drop(m, &iv->iv_stat.ips_stopped);
		return;
	}
	if ((m = input_check(iv, m, &ii)) == NULL)
		return;
	if (input_martian(iv, ifp, m, &ii)) {
		input_logmartian(iv, ifp, &ii);
		(void)input_drop(m, &iv->iv_stat.ips_badaddr);
		return;
	}
	if (input_wrongway(iv, ifp, m, &ii)) {
		(void)input_drop(m, &iv->iv_stat.ips_wrongway);
		return;
	}
	if ((iv->iv_pfil[PFIL_IN].ph_n > 0 || ii.ii_optlen > 0) && !input_process(iv, ifp, &m, &ii, &srcrouted))
		return;
	dest = input_dest(iv, ifp, m, &ii);
	/* RFC 1122 3.3.6: by link broadcast, but to one host. */
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0 && (dest == DEST_OURS || dest == DEST_OTHER)) {
		(void)input_drop(m, &iv->iv_stat.ips_badaddr);
		return;
	}
	/* As they came: what a filter makes of addresses was not looked at. */
	if (dest == DEST_OURS && !srcrouted && ii.ii_src != 0 && (ifp->if_flags & IFF_LOOPBACK) == 0 && (m->m_flags & M_LOOP) == 0 &&
	    iv->iv_pfil[PFIL_IN].ph_n == 0 && (iv->iv_martians | ifp->if_martians) == 0)
		iv->iv_known[input_knownslot(ii.ii_src)] = (struct ip_known){ ii.ii_src, ii.ii_dst };
	if (dest == DEST_OTHER)
		ip_forward(vn, ifp, m, &ii, srcrouted);
	else if (dest == DEST_NOTMEMBER)
		(void)input_drop(m, &iv->iv_stat.ips_notmember);
	else
		input_ours(iv, ifp, m, &ii, dest == DEST_GROUP);
}

void
ip_input(struct ifnet *ifp, struct mbuf *m)
{
	struct ip_vnet *iv = ip_vnet(ifp->if_vnet);

	iv->iv_stat.ips_total++;
	m->m_pkt.rcvif = ifp;
	m->m_pkt.fib = (uint16_t)ifp->if_fib;
	if (!iv->iv_stopped && input_isplain(iv, ifp, m))
		input_plain(iv, ifp, m);
	else
		input_any(iv, ifp, m);
}

void
inet_unreach(struct mbuf *m, const struct inet_pkt *pk, uint8_t icmp_code)
{
	m->m_data -= pk->ip_hlen;
	m->m_len += pk->ip_hlen;
	m->m_pkt.len += pk->ip_hlen;
	/* RFC 4443 3.1; an unknown protocol is found out before, by ip6. */
	if (pk->ip_ops->io_family == VI_AF_INET6)
		icmp6_error(pk->ip_vnet, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0);
	else
		icmp_error(pk->ip_vnet, m, ICMP_UNREACH, icmp_code, 0);
}
