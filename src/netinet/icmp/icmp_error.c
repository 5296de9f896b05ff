/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors about packets: whether there may be one, what it quotes, and where it goes.
 */
#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp_var.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip/ip_var.h"

/* The limit an error falls under. */
static enum icmp_limit
error_kind(uint8_t type, uint8_t code)
{
	switch (type) {
	case ICMP_TIMXCEED:
		return (ICMP_LIMIT_TIMXCEED);
	case ICMP_PARAMPROB:
		return (ICMP_LIMIT_PARAMPROB);
	case ICMP_REDIRECT:
		return (ICMP_LIMIT_REDIRECT);
	default:
		return (code == ICMP_UNREACH_PORT || code == ICMP_UNREACH_PROTOCOL ? ICMP_LIMIT_PORT : ICMP_LIMIT_UNREACH);
	}
}

/* RFC 1122 3.2.2, RFC 1812 4.3.2.7: not about ICMP errors (nor about ICMP of unknown type, which might be one), redirects included. */
static bool
error_abouticmp(const struct mbuf *m, const struct ip *ip)
{
	uint8_t type;

	return (ip->ip_p == IPPROTO_ICMP && (m_copydata(m, ip_hlen(ip), 1, &type) != 0 || !icmp_type_isquery(type)));
}

/*
 * RFC 1122 3.2.2 and RFC 1812 4.3.2.7: not about fragments but the first, not about broadcasts and groups at either layer, not to a source that
 * is not one host.
 */
static bool
error_allowed(struct vnet *vn, const struct mbuf *m, const struct ip *ip)
{
	const struct in_addr_any dst = in4_any(ip->ip_dst), src = in4_any(ip->ip_src);

	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0 || (NTOHS(ip->ip_off) & IP_OFFMASK) != 0)
		return (false);
	if (in_zeronet(ip->ip_src) || in_badclass(ip->ip_src) || (in_loopback(ip->ip_src) && (m->m_flags & M_LOOP) == 0 &&
	    m->m_pkt.rcvif != NULL && (m->m_pkt.rcvif->if_flags & IFF_LOOPBACK) == 0))
		return (false);
	return (!in_ops.io_isbcast(vn, &dst) && !in_ops.io_isbcast(vn, &src));
}

/* RFC 1122 3.2.2: what was sent to us is answered by that address; a router answers as the interface that the answer leaves by (0; RFC 1812 4.3.2.4). */
static uint32_t
error_source(struct vnet *vn, const struct ip *ip)
{
	return (in_localaddr(ip_vnet(vn), ip->ip_dst) ? ip->ip_dst : 0);
}

/* A message with the first bytes of m behind its eight. */
static struct mbuf *
error_make(struct vnet *vn, struct mbuf *m, const struct ip *ip, uint8_t type, uint8_t code, uint32_t arg)
{
	const unsigned hlen = ip_hlen(ip);
	size_t quote = MIN((size_t)m->m_pkt.len, hlen + (size_t)icmp_vnet(vn)->icv_quotelen);
	struct mbuf *n;
	struct icmp *icp;

	quote = MIN(quote, (size_t)IP_MSS - IP_MINHLEN - ICMP_MINLEN);
	if ((n = m_getcl(vnet_acct(vn), MAX_HDR + ICMP_MINLEN + quote, true)) == NULL)
		return (NULL);
	n->m_data = m_bufstart(n) + MAX_HDR;
	n->m_len = n->m_pkt.len = (uint32_t)(ICMP_MINLEN + quote);
	icp = mtod(n, struct icmp *);
	memset(icp, 0, ICMP_MINLEN);
	icp->icmp_type = type;
	icp->icmp_code = code;
	if (type == ICMP_REDIRECT)
		icp->icmp_gwaddr = arg;
	else if (type == ICMP_PARAMPROB)
		icp->icmp_pptr = (uint8_t)arg;
	else if (type == ICMP_UNREACH && code == ICMP_UNREACH_NEEDFRAG)
		icp->icmp_nextmtu = HTONS(MIN(arg, 65535u));	/* RFC 1191 4 */
	if (m_copydata(m, 0, quote, icp->icmp_data) != 0) {
		m_freem(n);
		return (NULL);
	}
	icp->icmp_cksum = cksum_fold(cksum_add(icp, n->m_len, 0));
	return (n);
}

static void
error_send(struct vnet *vn, struct mbuf *m, const struct ip *ip, uint8_t type, uint8_t code, uint32_t arg)
{
	struct icmp_vnet *icv = icmp_vnet(vn);
	struct ip_out io = {
		.io_src = error_source(vn, ip),
		.io_dst = ip->ip_src,
		.io_fib = m->m_pkt.fib,
		.io_proto = IPPROTO_ICMP,
		/* RFC 1812 4.3.2.5.  The congestion bits say nothing of what we send. */
		.io_tos = icv->icv_errorkeeptos != 0 ? (uint8_t)(ip->ip_tos & ~IPTOS_ECN_MASK) : IPTOS_PREC_INTERNETCONTROL,
		.io_mtudisc = IP_PMTUDISC_DONT,
	};
	struct mbuf *n = error_make(vn, m, ip, type, code, arg);
	int error;

	if (n == NULL) {
		icv->icv_stat.icps_nomem++;
		return;
	}
	icmp_count(icv->icv_stat.icps_outhist, type);
	error = ip_output(vn, n, &io);
	if (error == ENETUNREACH || error == EHOSTUNREACH)
		icv->icv_stat.icps_noroute++;
}

void
icmp_error(struct vnet *vn, struct mbuf *m, uint8_t type, uint8_t code, uint32_t arg)
{
	struct icmp_vnet *icv = icmp_vnet(vn);
	uint8_t hdr[IP_MAXHLEN];
	const struct ip *ip = (const struct ip *)(const void *)hdr;

	icv->icv_stat.icps_error++;
	if (m_copydata(m, 0, IP_MINHLEN, hdr) != 0 || m->m_pkt.len < ip_hlen(ip) || ip_hlen(ip) < IP_MINHLEN)
		icv->icv_stat.icps_noerror++;
	else if (error_abouticmp(m, ip))
		icv->icv_stat.icps_oldicmp++;
	else if (!error_allowed(vn, m, ip))
		icv->icv_stat.icps_noerror++;
	else if (!icmp_limit(vn, error_kind(type, code)))
		icv->icv_stat.icps_ratelimited++;
	else
		error_send(vn, m, ip, type, code, arg);
	m_freem(m);
}

void
icmp_hostunreach(struct vnet *vn, struct mbuf *m)
{
	struct mbuf *next;

	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		icmp_error(vn, m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	}
}
