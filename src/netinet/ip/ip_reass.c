/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Fragments of one datagram (same source, destination, protocol and id: RFC 791 3.2) wait in an ipq, in order of offset.  The datagram is complete when the last fragment is
 * there and the bytes add up, for there are never overlaps: an exact duplicate is dropped, and a fragment that overlaps in any other way costs the whole
 * datagram (RFC 5722 3 and RFC 8200 4.5 demand it of IPv6; what differs between overlapping pieces is how firewalls are passed).
 *
 * Bounds per vnet: datagrams (oldest goes first), fragments in all (likewise) and per datagram; a datagram waits 30 seconds (RFC 1122 3.3.2 asks
 * for 60 to 120; Linux's 30 has proved enough).  One timer, pending only while something waits, serves them all: they expire in order of arrival.
 *
 * The fragments' own mbufs are all the memory there is: m_data stands behind the IP header, which stays in front of it, m_pkt.len counts data and
 * m_pkt.fragoff holds the offset.
 */
#include <string.h>

#include "base/siphash.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/ip/ip_var.h"

#define IPQ_TTL		(30 * UINT64_C(1000000000))

struct ipq {
	LIST_ENTRY(ipq)	ipq_hash;
	TAILQ_ENTRY(ipq) ipq_age;
	uint32_t	ipq_src, ipq_dst;
	uint16_t	ipq_id;
	uint8_t		ipq_p;
	uint8_t		ipq_ecn;	/* bits: 1 << code point seen */
	uint32_t	ipq_nfrags;
	uint32_t	ipq_have;	/* bytes of data */
	uint32_t	ipq_total;	/* 0: the last fragment is not here */
	uint64_t	ipq_expire;
	struct mbuf	*ipq_frags;
};

static inline uint32_t
frag_off(const struct mbuf *m)
{
	return (m->m_pkt.fragoff);
}

static inline uint32_t
frag_end(const struct mbuf *m)
{
	return (m->m_pkt.fragoff + m->m_pkt.len);
}

static struct ipqbucket *
ipq_bucket(const struct ip_vnet *iv, const struct ip_info *ii)
{
	const uint64_t *k = iv->iv_vnet->vn_kernel->k_hashkey;
	const struct siphash_key sk = { k[0], k[1] };

	return (&iv->iv_ipq[siphash_flow4(&sk, ii->ii_src, ii->ii_dst, ii->ii_id, ii->ii_p) % IPREASS_NHASH]);
}

/* Takes it off the lists and frees it; the fragments are the caller's. */
static struct mbuf *
ipq_release(struct ip_vnet *iv, struct ipq *q)
{
	struct mbuf *m = q->ipq_frags;

	LIST_REMOVE(q, ipq_hash);
	TAILQ_REMOVE(&iv->iv_ipqage, q, ipq_age);
	iv->iv_nipq--;
	iv->iv_nfrags -= q->ipq_nfrags;
	kfree(vnet_acct(iv->iv_vnet), ACCT_REASS, q, sizeof(*q));
	if (TAILQ_EMPTY(&iv->iv_ipqage))
		callout_stop(&iv->iv_ipqtimer);
	return (m);
}

static void
ipq_free(struct ip_vnet *iv, struct ipq *q, uint64_t *counter)
{
	*counter += q->ipq_nfrags;
	m_freeq(ipq_release(iv, q));
}

/* The fragment as it came: its header in front again. */
static struct mbuf *
frag_restore(struct mbuf *m)
{
	m->m_nextpkt = NULL;
	m->m_data -= m->m_pkt.l3hlen;
	m->m_len += m->m_pkt.l3hlen;
	m->m_pkt.len += m->m_pkt.l3hlen;
	m->m_pkt.fragoff = 0;
	return (m);
}

/* RFC 1122 3.3.2: the sender is told if the first fragment is there to be quoted. */
static void
ipq_expire(struct ip_vnet *iv, struct ipq *q)
{
	struct mbuf *m;

	iv->iv_stat.ips_fragtimeout += q->ipq_nfrags;
	m = ipq_release(iv, q);
	if (m != NULL && frag_off(m) == 0) {
		m_freeq(m->m_nextpkt);
		icmp_error(iv->iv_vnet, frag_restore(m), ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0);
	} else {
		m_freeq(m);
	}
}

static void
ip_reass_timer(void *arg)
{
	struct ip_vnet *iv = arg;
	struct ipq *q;

	while ((q = TAILQ_FIRST(&iv->iv_ipqage)) != NULL && q->ipq_expire <= vnet_now(iv->iv_vnet))
		ipq_expire(iv, q);
	if (q != NULL)
		callout_reset_at(&iv->iv_ipqtimer, q->ipq_expire);
}

void
ip_reass_init(struct ip_vnet *iv, struct vnet *vn)
{
	TAILQ_INIT(&iv->iv_ipqage);
	callout_init(&iv->iv_ipqtimer, &vn->vn_lane, ip_reass_timer, iv);
}

void
ip_reass_drain(struct ip_vnet *iv)
{
	struct ipq *q;

	while ((q = TAILQ_FIRST(&iv->iv_ipqage)) != NULL)
		ipq_free(iv, q, &iv->iv_stat.ips_fragdropped);
}

void
ip_reass_stop(struct ip_vnet *iv)
{
	ip_reass_drain(iv);
	callout_stop(&iv->iv_ipqtimer);
	kfree(vnet_acct(iv->iv_vnet), ACCT_REASS, iv->iv_ipq, IPREASS_NHASH * sizeof(*iv->iv_ipq));
	iv->iv_ipq = NULL;
}

static bool
ipq_hasif(const struct ipq *q, const struct ifnet *ifp)
{
	for (const struct mbuf *m = q->ipq_frags; m != NULL; m = m->m_nextpkt)
		if (m->m_pkt.rcvif == ifp)
			return (true);
	return (false);
}

void
ip_reass_ifdetach(struct ip_vnet *iv, const struct ifnet *ifp)
{
	struct ipq *q, *next;

	for (q = TAILQ_FIRST(&iv->iv_ipqage); q != NULL; q = next) {
		next = TAILQ_NEXT(q, ipq_age);
		if (ipq_hasif(q, ifp))
			ipq_free(iv, q, &iv->iv_stat.ips_fragdropped);
	}
}

static struct ipq *
ipq_find(const struct ip_vnet *iv, const struct ip_info *ii)
{
	struct ipq *q;

	LIST_FOREACH(q, ipq_bucket(iv, ii), ipq_hash)
		if (q->ipq_id == ii->ii_id && q->ipq_src == ii->ii_src && q->ipq_dst == ii->ii_dst && q->ipq_p == ii->ii_p)
			return (q);
	return (NULL);
}

static bool
ipq_table(struct ip_vnet *iv)
{
	if (iv->iv_ipq != NULL)
		return (true);
	if ((iv->iv_ipq = kmalloc(vnet_acct(iv->iv_vnet), ACCT_REASS, IPREASS_NHASH * sizeof(*iv->iv_ipq))) == NULL)
		return (false);
	for (unsigned i = 0; i < IPREASS_NHASH; i++)
		LIST_INIT(&iv->iv_ipq[i]);
	return (true);
}

/* Frees the oldest other datagram; false if there is none. */
static bool
ipq_evict(struct ip_vnet *iv, const struct ipq *keep)
{
	struct ipq *q = TAILQ_FIRST(&iv->iv_ipqage);

	if (q == keep && q != NULL)
		q = TAILQ_NEXT(q, ipq_age);
	if (q == NULL)
		return (false);
	ipq_free(iv, q, &iv->iv_stat.ips_fragdropped);
	return (true);
}

static struct ipq *
ipq_new(struct ip_vnet *iv, const struct ip_info *ii)
{
	struct ipq *q;

	if (iv->iv_maxfragpackets == 0)
		return (NULL);
	if (iv->iv_maxfragpackets > 0 && iv->iv_nipq >= (uint32_t)iv->iv_maxfragpackets)
		(void)ipq_evict(iv, NULL);
	if ((q = kmalloc(vnet_acct(iv->iv_vnet), ACCT_REASS, sizeof(*q))) == NULL)
		return (NULL);
	q->ipq_src = ii->ii_src;
	q->ipq_dst = ii->ii_dst;
	q->ipq_id = ii->ii_id;
	q->ipq_p = ii->ii_p;
	q->ipq_expire = vnet_now(iv->iv_vnet) + IPQ_TTL;
	LIST_INSERT_HEAD(ipq_bucket(iv, ii), q, ipq_hash);
	TAILQ_INSERT_TAIL(&iv->iv_ipqage, q, ipq_age);
	iv->iv_nipq++;
	if (!callout_pending(&iv->iv_ipqtimer))
		callout_reset_at(&iv->iv_ipqtimer, q->ipq_expire);
	return (q);
}

enum frag_fit { FRAG_NEW, FRAG_DUP, FRAG_OVERLAP };

/* Where the fragment goes: *mpp is the link it is to be put into. */
static enum frag_fit
ipq_place(struct ipq *q, uint32_t off, uint32_t end, bool last, struct mbuf ***mpp)
{
	struct mbuf **mp = &q->ipq_frags, *m, *prev = NULL;

	for (; (m = *mp) != NULL && frag_off(m) < off; mp = &m->m_nextpkt)
		prev = m;
	if (m != NULL && frag_off(m) == off && frag_end(m) == end && (!last || q->ipq_total == end))
		return (FRAG_DUP);
	if ((prev != NULL && frag_end(prev) > off) || (m != NULL && end > frag_off(m)))
		return (FRAG_OVERLAP);
	/* Beyond the end, a second end, or an end before what is there. */
	if ((q->ipq_total != 0 && (end > q->ipq_total || last)) || (last && m != NULL))
		return (FRAG_OVERLAP);
	*mpp = mp;
	return (FRAG_NEW);
}

static bool
ipq_room(struct ip_vnet *iv, const struct ipq *q)
{
	if (q->ipq_nfrags >= (uint32_t)iv->iv_maxfragsperpacket)
		return (false);
	return (iv->iv_maxfrags < 0 || iv->iv_nfrags < (uint32_t)iv->iv_maxfrags || ipq_evict(iv, q));
}

static void
ipq_insert(struct ip_vnet *iv, struct ipq *q, struct mbuf *m, const struct ip_info *ii, struct mbuf **mp)
{
	m->m_data += ii->ii_hlen;
	m->m_len -= ii->ii_hlen;
	m->m_pkt.len -= ii->ii_hlen;
	m->m_pkt.l3hlen = (uint8_t)ii->ii_hlen;
	m->m_pkt.fragoff = ii->ii_off;
	m->m_nextpkt = *mp;
	*mp = m;
	q->ipq_nfrags++;
	iv->iv_nfrags++;
	q->ipq_have += ii->ii_plen;
	q->ipq_ecn |= (uint8_t)(1u << (ii->ii_tos & IPTOS_ECN_MASK));
	if (!ii->ii_mf)
		q->ipq_total = ii->ii_off + ii->ii_plen;
}

/* RFC 3168 5.3: one congestion mark marks the whole, unless a part could not be marked: then something is wrong. */
static bool
ipq_ecn(uint8_t seen, uint8_t *tos)
{
	if ((seen & 1 << IPTOS_ECN_CE) == 0)
		return (true);
	if ((seen & 1 << IPTOS_ECN_NOTECT) != 0)
		return (false);
	*tos |= IPTOS_ECN_CE;
	return (true);
}

static struct mbuf *
ipq_join(struct ip_vnet *iv, struct ipq *q)
{
	struct mbuf *m, *n, *next;
	uint32_t total = q->ipq_total;

	m = ipq_release(iv, q);
	next = m->m_nextpkt;
	m = frag_restore(m);
	m->m_pkt.len = m->m_pkt.l3hlen + total;
	for (n = next; n != NULL; n = next) {
		next = n->m_nextpkt;
		n->m_nextpkt = NULL;
		n->m_flags &= (uint16_t)~M_PKTHDR;
		m_cat(m, n);
	}
	return (m);
}

/* The complete datagram, with a header that says so. */
static struct mbuf *
ipq_complete(struct ip_vnet *iv, struct ipq *q, struct ip_info *ii)
{
	uint8_t ecn = q->ipq_ecn;
	struct mbuf *m;
	struct ip *ip;
	unsigned hlen;

	m = ipq_join(iv, q);
	hlen = m->m_pkt.l3hlen;
	if ((!m_writable(m) && (m = m_pullup(m, hlen)) == NULL) || m->m_pkt.len > IP_MAXPACKET) {
		iv->iv_stat.ips_nomem++;
		m_freem(m);
		return (NULL);
	}
	ip = mtod(m, struct ip *);
	if (!ipq_ecn(ecn, &ip->ip_tos)) {
		iv->iv_stat.ips_fragecn++;
		m_freem(m);
		return (NULL);
	}
	ip->ip_len = HTONS(m->m_pkt.len);
	ip->ip_off = 0;
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, hlen);
	m->m_flags &= (uint16_t)~M_FRAG;
	m->m_pkt.csum_flags = CSUM_IP_VALID;
	m->m_pkt.segsz = 0;
	iv->iv_stat.ips_reassembled++;
	if (ip_check(ip, m->m_len, m->m_pkt.len, ii) != WIRE_OK) {
		iv->iv_stat.ips_badfrag++;
		m_freem(m);
		return (NULL);
	}
	return (m);
}

static struct mbuf *
frag_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
	return (NULL);
}

struct mbuf *
ip_reass(struct vnet *vn, struct mbuf *m, struct ip_info *ii)
{
	struct ip_vnet *iv = ip_vnet(vn);
	struct mbuf **mp = NULL;
	struct ipq *q;

	iv->iv_stat.ips_fragments++;
	/* A last piece without data completes nothing that was not complete. */
	if (ii->ii_plen == 0)
		return (frag_drop(m, &iv->iv_stat.ips_badfrag));
	if (!ipq_table(iv) || ((q = ipq_find(iv, ii)) == NULL && (q = ipq_new(iv, ii)) == NULL))
		return (frag_drop(m, &iv->iv_stat.ips_fragdropped));
	switch (ipq_place(q, ii->ii_off, ii->ii_off + (uint32_t)ii->ii_plen, !ii->ii_mf, &mp)) {
	case FRAG_DUP:
		return (frag_drop(m, &iv->iv_stat.ips_fragdropped));
	case FRAG_OVERLAP:
		ipq_free(iv, q, &iv->iv_stat.ips_fragoverlap);
		return (frag_drop(m, &iv->iv_stat.ips_fragoverlap));
	case FRAG_NEW:
		break;
	}
	if (!ipq_room(iv, q)) {
		ipq_free(iv, q, &iv->iv_stat.ips_fragdropped);
		return (frag_drop(m, &iv->iv_stat.ips_fragdropped));
	}
	ipq_insert(iv, q, m, ii, mp);
	return (q->ipq_total != 0 && q->ipq_have == q->ipq_total ? ipq_complete(iv, q, ii) : NULL);
}
