/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reassembly of IPv4 (reass.c): fragments of one source, destination, protocol and id (RFC 791 3.2) belong together.  A datagram waits 30 seconds (RFC 1122 3.3.2 asks
 * for 60 to 120; Linux's 30 has proved enough).
 */
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/ip/ip_var.h"

static void
ip_reass_expired(struct vnet *vn, struct mbuf *m)
{
	icmp_error(vn, m, ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0);
}

static const struct reass_ops ip_reass_ops = {
	.ro_ttl = 30 * UINT64_C(1000000000),
	.ro_keywords = 3,
	.ro_expired = ip_reass_expired,
};

void
ip_reass_init(struct ip_vnet *iv, struct vnet *vn)
{
	const struct reass_counters rc = { &iv->iv_stat.ips_fragdropped, &iv->iv_stat.ips_fragoverlap, &iv->iv_stat.ips_fragtimeout };

	reass_init(&iv->iv_reass, vn, &ip_reass_ops, &rc);
}

static struct mbuf *
ip_reass_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
	return (NULL);
}

/* The complete datagram, with a header that says so. */
static struct mbuf *
ip_reass_complete(struct ip_vnet *iv, struct mbuf *m, const struct reass_whole *rw, struct ip_info *ii, uint16_t *fragmax)
{
	const unsigned hlen = m->m_pkt.l3hlen;
	struct ip *ip;

	if ((!m_writable(m) && (m = m_pullup(m, hlen)) == NULL) || m->m_pkt.len > IP_MAXPACKET)
		return (ip_reass_drop(m, &iv->iv_stat.ips_nomem));
	if (rw->rw_badecn)
		return (ip_reass_drop(m, &iv->iv_stat.ips_fragecn));
	ip = mtod(m, struct ip *);
	if (rw->rw_ce)
		ip->ip_tos |= IPTOS_ECN_CE;
	ip->ip_len = HTONS(m->m_pkt.len);
	ip->ip_off = 0;
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, hlen);
	m->m_pkt.csum_flags = CSUM_IP_VALID;
	iv->iv_stat.ips_reassembled++;
	if (ip_check(ip, m->m_len, m->m_pkt.len, ii) != WIRE_OK)
		return (ip_reass_drop(m, &iv->iv_stat.ips_badfrag));
	*fragmax = rw->rw_fragmax;
	return (m);
}

struct mbuf *
ip_reass(struct vnet *vn, struct mbuf *m, struct ip_info *ii, uint16_t *fragmax)
{
	const struct reass_frag rf = {
		.rf_key = { ii->ii_src, ii->ii_dst, (uint32_t)ii->ii_id << 8 | ii->ii_p },
		.rf_hlen = ii->ii_hlen,
		.rf_off = ii->ii_off,
		.rf_len = ii->ii_plen,
		.rf_last = !ii->ii_mf,
		.rf_ecn = ii->ii_tos & IPTOS_ECN_MASK,
	};
	struct ip_vnet *iv = ip_vnet(vn);
	struct reass_whole rw;

	iv->iv_stat.ips_fragments++;
	/* A last piece without data completes nothing that was not complete. */
	if (ii->ii_plen == 0)
		return (ip_reass_drop(m, &iv->iv_stat.ips_badfrag));
	if ((m = reass_add(&iv->iv_reass, m, &rf, &rw)) == NULL)
		return (NULL);
	return (ip_reass_complete(iv, m, &rw, ii, fragmax));
}
