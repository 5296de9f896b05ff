/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors about packets (RFC 4443 2.4): whether there may be one, what it quotes, and where it goes. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6_var.h"
#include "netinet/ip6/ip6_var.h"

void
icmp6_cksum(struct mbuf *m, const struct in_addr_any *src, const struct in_addr_any *dst)
{
	struct icmp6_hdr *ic = mtod(m, struct icmp6_hdr *);

	ic->icmp6_cksum = in6_ops.io_pseudo(src, dst, IPPROTO_ICMPV6, m->m_pkt.len);
	ic->icmp6_cksum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0));
}

/*
 * The transport protocol of a packet, as far as one can see through its extension headers, and where it begins.  False: a fragment but the first, or nothing to see.
 */
static bool
error_transport(const struct mbuf *m, uint8_t *proto, uint32_t *off)
{
	*off = IP6_HLEN;
	return (m_copydata(m, offsetof(struct ip6_hdr, ip6_nxt), 1, proto) == 0 && ip6_skip_exthdrs(m, proto, off, true) == IP6_SKIPPED);
}

/* RFC 4443 2.4 e.1, e.2: not about errors and redirects. */
static bool
error_abouticmp(const struct mbuf *m)
{
	uint8_t proto, type;
	uint32_t off;

	if (!error_transport(m, &proto, &off) || proto != IPPROTO_ICMPV6)
		return (false);
	return (m_copydata(m, off, 1, &type) != 0 || (type & ICMP6_INFOMSG_MASK) == 0 || type == ND_REDIRECT);
}

/* RFC 4443 2.4 e.3 to e.6: about groups only two kinds, and never to a source that is not one node. */
static bool
error_allowed(const struct mbuf *m, const struct ip6_hdr *ip6, uint8_t type, uint8_t code)
{
	const bool group = in6_multicast(ip6->ip6_dst) || (m->m_flags & (M_BCAST | M_MCAST)) != 0;

	if (in6_unspecified(ip6->ip6_src) || in6_multicast(ip6->ip6_src))
		return (false);
	return (!group || type == ICMP6_PACKET_TOO_BIG || (type == ICMP6_PARAM_PROB && code == ICMP6_PARAMPROB_OPTION));
}

static bool
error_limited(struct vnet *vn)
{
	struct icmp6_vnet *ic6v = icmp6_vnet(vn);
	const uint64_t second = vnet_now(vn) / 1000000000;

	if (ic6v->ic6v_errppslim == 0)
		return (false);
	if (second != ic6v->ic6v_second) {
		if (ic6v->ic6v_count > ic6v->ic6v_errppslim)
			vnet_log(vn, LOG_NOTICE, "Limiting icmp6 error response from %d to %d packets/sec", ic6v->ic6v_count,
			    ic6v->ic6v_errppslim);
		ic6v->ic6v_second = second;
		ic6v->ic6v_count = 0;
	}
	return (++ic6v->ic6v_count > ic6v->ic6v_errppslim);
}

/* A message with as much of m as fits 1280 bytes. */
static struct mbuf *
error_make(struct vnet *vn, const struct mbuf *m, uint8_t type, uint8_t code, uint32_t arg)
{
	const size_t quote = MIN((size_t)m->m_pkt.len, (size_t)IPV6_MMTU - IP6_HLEN - ICMP6_MINLEN);
	struct icmp6_hdr *ic;
	struct mbuf *n;

	if ((n = m_getcl(vnet_acct(vn), MAX_HDR + ICMP6_MINLEN + quote, true)) == NULL)
		return (NULL);
	n->m_data = m_bufstart(n) + MAX_HDR;
	n->m_len = n->m_pkt.len = (uint32_t)(ICMP6_MINLEN + quote);
	ic = mtod(n, struct icmp6_hdr *);
	*ic = (struct icmp6_hdr){ .icmp6_type = type, .icmp6_code = code, .icmp6_data32 = HTONL(arg) };
	if (m_copydata(m, 0, quote, n->m_data + ICMP6_MINLEN) != 0) {
		m_freem(n);
		return (NULL);
	}
	return (n);
}

/* To the packet's sender; from the address it was sent to if that is ours, else one chosen for the way back (RFC 4443 2.2). */
static int
error_addresses(struct vnet *vn, const struct mbuf *m, const struct ip6_hdr *ip6, struct ip6_out *io)
{
	const struct ifnet *rcvif = m->m_pkt.rcvif;
	struct in6_ifaddr *ia;
	struct ip6_path path;
	int error;

	memcpy(io->i6o_dst.in6, ip6->ip6_src, sizeof(io->i6o_dst.in6));
	memcpy(io->i6o_src.in6, ip6->ip6_dst, sizeof(io->i6o_src.in6));
	if (rcvif != NULL) {
		in6_setzone((uint8_t *)io->i6o_dst.in6, rcvif->if_index);
		in6_setzone((uint8_t *)io->i6o_src.in6, rcvif->if_index);
	}
	ia = in6_ifaddr_find(ip6_vnet(vn), (const uint8_t *)io->i6o_src.in6);
	if (ia != NULL && (ia->ia_flags & VI_IN6_IFF_ANYCAST) == 0)
		return (0);
	if ((error = ip6_route(vn, io, &path)) != 0)
		return (error);
	if ((ia = in6_selectsrc(vn, &path, &io->i6o_dst, false)) == NULL)
		return (EADDRNOTAVAIL);
	memcpy(io->i6o_src.in6, ia6_addr(ia), sizeof(io->i6o_src.in6));
	return (0);
}

static void
error_send(struct vnet *vn, const struct mbuf *m, const struct ip6_hdr *ip6, uint8_t type, uint8_t code, uint32_t arg)
{
	struct ip6_out io = { .i6o_fib = m->m_pkt.fib, .i6o_proto = IPPROTO_ICMPV6, .i6o_mcast_hlim = -1 };
	struct icmp6_vnet *ic6v = icmp6_vnet(vn);
	struct mbuf *n;

	if (error_addresses(vn, m, ip6, &io) != 0) {
		ic6v->ic6v_stat.ic6s_noerror++;
		return;
	}
	if ((n = error_make(vn, m, type, code, arg)) == NULL) {
		ic6v->ic6v_stat.ic6s_nomem++;
		return;
	}
	icmp6_cksum(n, &io.i6o_src, &io.i6o_dst);
	ic6v->ic6v_stat.ic6s_outhist[icmp6_hist(type)]++;
	(void)ip6_output(vn, n, &io);
}

void
icmp6_error(struct vnet *vn, struct mbuf *m, uint8_t type, uint8_t code, uint32_t arg)
{
	struct icmp6_vnet *ic6v = icmp6_vnet(vn);
	struct ip6_hdr ip6;

	ic6v->ic6v_stat.ic6s_error++;
	if (m_copydata(m, 0, sizeof(ip6), &ip6) != 0 || !error_allowed(m, &ip6, type, code))
		ic6v->ic6v_stat.ic6s_noerror++;
	else if (error_abouticmp(m))
		ic6v->ic6v_stat.ic6s_canterror++;
	else if (error_limited(vn))
		ic6v->ic6v_stat.ic6s_toofreq++;
	else
		error_send(vn, m, &ip6, type, code, arg);
	m_freem(m);
}

void
icmp6_hostunreach(struct vnet *vn, struct mbuf *m)
{
	struct mbuf *next;

	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		icmp6_error(vn, m, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
	}
}
