/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Fragments of one datagram (same source, destination and id: RFC 8200 4.5) wait in an ip6q, in order of offset.  There are never overlaps: an exact
 * duplicate is dropped, any other overlap costs the whole datagram (RFC 5722).  A fragment that is the whole (atomic) is never mixed with others (RFC 6946).
 *
 * Bounds per vnet, as for IPv4: datagrams (oldest goes first), fragments in all and per datagram; a datagram waits 60 seconds.  One timer serves them all.
 *
 * The fragments' own mbufs are all the memory there is: m_data stands behind the fragment header, all headers remain in front of it; m_pkt.len counts
 * data, m_pkt.l3hlen what is in front, and m_pkt.fragoff holds the offset.
 */
#include <string.h>

#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip6/ip6_var.h"

#define IP6Q_TTL	(60 * UINT64_C(1000000000))	/* RFC 8200 4.5 */
#define FRAG6_MAXHDR	200	/* headers in front of a fragment's data */

struct ip6q {
	LIST_ENTRY(ip6q) q_hash;
	TAILQ_ENTRY(ip6q) q_age;
	struct in_addr_any q_src, q_dst;
	uint32_t	q_id;
	uint8_t		q_nxt;		/* of the first fragment */
	uint8_t		q_ecn;		/* bits: 1 << code point seen */
	uint16_t	q_nxtoff;	/* where its chain names the fragment header */
	uint32_t	q_nfrags;
	uint32_t	q_have;		/* bytes of data */
	uint32_t	q_total;	/* 0: the last fragment is not here */
	uint64_t	q_expire;
	struct mbuf	*q_frags;
};

static inline uint32_t frag_off(const struct mbuf *m) { return (m->m_pkt.fragoff); }
static inline uint32_t frag_end(const struct mbuf *m) { return (m->m_pkt.fragoff + m->m_pkt.len); }

static struct ip6qbucket *
q_bucket(const struct ip6_vnet *i6v, const struct ip6_in *ii, uint32_t id)
{
	const uint64_t *k = i6v->i6v_vnet->vn_kernel->k_hashkey;
	const struct siphash_key sk = { k[0], k[1] };
	uint8_t key[36];

	memcpy(key, ii->ii_src.in6, 16);
	memcpy(key + 16, ii->ii_dst.in6, 16);
	memcpy(key + 32, &id, sizeof(id));
	return (&i6v->i6v_ip6qhash[siphash13(&sk, key, sizeof(key)) % FRAG6_NHASH]);
}

/* Takes it off the lists and frees it; the fragments are the caller's. */
static struct mbuf *
q_release(struct ip6_vnet *i6v, struct ip6q *q)
{
	struct mbuf *m = q->q_frags;

	LIST_REMOVE(q, q_hash);
	TAILQ_REMOVE(&i6v->i6v_ip6q, q, q_age);
	i6v->i6v_nip6q--;
	i6v->i6v_nfrags -= q->q_nfrags;
	kfree(vnet_acct(i6v->i6v_vnet), ACCT_REASS, q, sizeof(*q));
	if (TAILQ_EMPTY(&i6v->i6v_ip6q))
		callout_stop(&i6v->i6v_ip6qtimer);
	return (m);
}

static void
q_free(struct ip6_vnet *i6v, struct ip6q *q, uint64_t *counter)
{
	*counter += q->q_nfrags;
	m_freeq(q_release(i6v, q));
}

/* The fragment as it came. */
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

static void
q_expire(struct ip6_vnet *i6v, struct ip6q *q)
{
	struct mbuf *m;

	i6v->i6v_stat.i6s_fragtimeout += q->q_nfrags;
	m = q_release(i6v, q);
	if (m == NULL || frag_off(m) != 0) {
		m_freeq(m);
		return;
	}
	m_freeq(m->m_nextpkt);
	icmp6_error(i6v->i6v_vnet, frag_restore(m), ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY, 0);
}

static void
frag6_timer(void *arg)
{
	struct ip6_vnet *i6v = arg;
	struct ip6q *q;

	while ((q = TAILQ_FIRST(&i6v->i6v_ip6q)) != NULL && q->q_expire <= vnet_now(i6v->i6v_vnet))
		q_expire(i6v, q);
	if (q != NULL)
		callout_reset_at(&i6v->i6v_ip6qtimer, q->q_expire);
}

void
frag6_init(struct ip6_vnet *i6v)
{
	TAILQ_INIT(&i6v->i6v_ip6q);
	callout_init(&i6v->i6v_ip6qtimer, &i6v->i6v_vnet->vn_lane, frag6_timer, i6v);
}

void
frag6_stop(struct ip6_vnet *i6v)
{
	struct ip6q *q;

	while ((q = TAILQ_FIRST(&i6v->i6v_ip6q)) != NULL)
		q_free(i6v, q, &i6v->i6v_stat.i6s_fragdropped);
	callout_stop(&i6v->i6v_ip6qtimer);
	kfree(vnet_acct(i6v->i6v_vnet), ACCT_REASS, i6v->i6v_ip6qhash, FRAG6_NHASH * sizeof(*i6v->i6v_ip6qhash));
	i6v->i6v_ip6qhash = NULL;
}

static bool
q_hasif(const struct ip6q *q, const struct ifnet *ifp)
{
	for (const struct mbuf *m = q->q_frags; m != NULL; m = m->m_nextpkt)
		if (m->m_pkt.rcvif == ifp)
			return (true);
	return (false);
}

void
frag6_ifdetach(struct ip6_vnet *i6v, const struct ifnet *ifp)
{
	struct ip6q *q, *next;

	for (q = TAILQ_FIRST(&i6v->i6v_ip6q); q != NULL; q = next) {
		next = TAILQ_NEXT(q, q_age);
		if (q_hasif(q, ifp))
			q_free(i6v, q, &i6v->i6v_stat.i6s_fragdropped);
	}
}

static struct ip6q *
q_find(const struct ip6_vnet *i6v, const struct ip6_in *ii, uint32_t id)
{
	struct ip6q *q;

	LIST_FOREACH(q, q_bucket(i6v, ii, id), q_hash)
		if (q->q_id == id && in_addr_eq(&q->q_src, &ii->ii_src) && in_addr_eq(&q->q_dst, &ii->ii_dst))
			return (q);
	return (NULL);
}

static bool
q_table(struct ip6_vnet *i6v)
{
	if (i6v->i6v_ip6qhash != NULL)
		return (true);
	if ((i6v->i6v_ip6qhash = kmalloc(vnet_acct(i6v->i6v_vnet), ACCT_REASS, FRAG6_NHASH * sizeof(*i6v->i6v_ip6qhash))) == NULL)
		return (false);
	for (unsigned i = 0; i < FRAG6_NHASH; i++)
		LIST_INIT(&i6v->i6v_ip6qhash[i]);
	return (true);
}

/* Frees the oldest other datagram; false if there is none. */
static bool
q_evict(struct ip6_vnet *i6v, const struct ip6q *keep)
{
	struct ip6q *q = TAILQ_FIRST(&i6v->i6v_ip6q);

	if (q == keep && q != NULL)
		q = TAILQ_NEXT(q, q_age);
	if (q == NULL)
		return (false);
	q_free(i6v, q, &i6v->i6v_stat.i6s_fragdropped);
	return (true);
}

static struct ip6q *
q_new(struct ip6_vnet *i6v, const struct ip6_in *ii, uint32_t id)
{
	struct ip6q *q;

	if (i6v->i6v_maxfragpackets == 0)
		return (NULL);
	if (i6v->i6v_maxfragpackets > 0 && i6v->i6v_nip6q >= (uint32_t)i6v->i6v_maxfragpackets)
		(void)q_evict(i6v, NULL);
	if ((q = kmalloc(vnet_acct(i6v->i6v_vnet), ACCT_REASS, sizeof(*q))) == NULL)
		return (NULL);
	*q = (struct ip6q){ .q_src = ii->ii_src, .q_dst = ii->ii_dst, .q_id = id, .q_expire = vnet_now(i6v->i6v_vnet) + IP6Q_TTL };
	LIST_INSERT_HEAD(q_bucket(i6v, ii, id), q, q_hash);
	TAILQ_INSERT_TAIL(&i6v->i6v_ip6q, q, q_age);
	i6v->i6v_nip6q++;
	if (!callout_pending(&i6v->i6v_ip6qtimer))
		callout_reset_at(&i6v->i6v_ip6qtimer, q->q_expire);
	return (q);
}

enum frag_fit { FRAG_NEW, FRAG_DUP, FRAG_OVERLAP };

/* Where the fragment goes: *mpp is the link it is to be put into. */
static enum frag_fit
q_place(struct ip6q *q, uint32_t off, uint32_t end, bool last, struct mbuf ***mpp)
{
	struct mbuf **mp = &q->q_frags, *m, *prev = NULL;

	for (; (m = *mp) != NULL && frag_off(m) < off; mp = &m->m_nextpkt)
		prev = m;
	if (m != NULL && frag_off(m) == off && frag_end(m) == end && (!last || q->q_total == end))
		return (FRAG_DUP);
	if ((prev != NULL && frag_end(prev) > off) || (m != NULL && end > frag_off(m)))
		return (FRAG_OVERLAP);
	if ((q->q_total != 0 && (end > q->q_total || last)) || (last && m != NULL))
		return (FRAG_OVERLAP);
	*mpp = mp;
	return (FRAG_NEW);
}

static bool
q_room(struct ip6_vnet *i6v, const struct ip6q *q)
{
	if (q->q_nfrags >= (uint32_t)i6v->i6v_maxfragsperpacket)
		return (false);
	return (i6v->i6v_maxfrags < 0 || i6v->i6v_nfrags < (uint32_t)i6v->i6v_maxfrags || q_evict(i6v, q));
}

static void
q_insert(struct ip6_vnet *i6v, struct ip6q *q, struct mbuf *m, const struct ip6_in *ii, const struct ip6_frag *fh, struct mbuf **mp)
{
	const unsigned hlen = ii->ii_off + (unsigned)sizeof(*fh);
	const uint16_t offlg = NTOHS(fh->ip6f_offlg);

	if ((offlg & IP6F_OFFMASK) == 0) {
		q->q_nxt = fh->ip6f_nxt;
		q->q_nxtoff = ii->ii_nxtoff;
	}
	m->m_data += hlen;
	m->m_len -= hlen;
	m->m_pkt.len -= hlen;
	m->m_pkt.l3hlen = (uint8_t)hlen;
	m->m_pkt.fragoff = offlg & IP6F_OFFMASK;
	m->m_nextpkt = *mp;
	*mp = m;
	q->q_nfrags++;
	i6v->i6v_nfrags++;
	q->q_have += m->m_pkt.len;
	q->q_ecn |= (uint8_t)(1u << (ii->ii6.i6_tclass & IPTOS_ECN_MASK));
	if ((offlg & IP6F_MORE) == 0)
		q->q_total = frag_end(m);
}

/* RFC 3168 5.3: one mark marks the whole, unless a part could not be marked. */
static bool
q_ecnok(uint8_t seen)
{
	return ((seen & 1 << IPTOS_ECN_CE) == 0 || (seen & 1 << IPTOS_ECN_NOTECT) == 0);
}

/*
 * The fragment header at ii_off goes: what is in front of it moves up.  m_data at the IPv6 header, all headers contiguous and writable.
 */
static struct mbuf *
frag6_strip(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii, uint8_t nxt, uint8_t ecn)
{
	struct ip6_hdr *ip6;

	if (!m_writable(m) && (m = m_pullup(m, ii->ii_off + sizeof(struct ip6_frag))) == NULL) {
		i6v->i6v_stat.i6s_nomem++;
		return (NULL);
	}
	m->m_data[ii->ii_nxtoff] = nxt;
	memmove(m->m_data + sizeof(struct ip6_frag), m->m_data, ii->ii_off);
	m_adj(m, sizeof(struct ip6_frag));
	ip6 = mtod(m, struct ip6_hdr *);
	ip6->ip6_plen = HTONS(m->m_pkt.len - IP6_HLEN);
	if ((ecn & 1 << IPTOS_ECN_CE) != 0)
		ip6->ip6_flow |= HTONL((uint32_t)IPTOS_ECN_CE << 20);
	ii->ii6.i6_tclass = ip6_tclass(ip6);
	ii->ii6.i6_plen = (uint16_t)(m->m_pkt.len - IP6_HLEN);
	ii->ii_nxt = nxt;
	return (m);
}

static struct mbuf *
q_complete(struct ip6_vnet *i6v, struct ip6q *q, struct ip6_in *ii)
{
	const uint8_t ecn = q->q_ecn, nxt = q->q_nxt;
	const uint32_t total = q->q_total;
	struct mbuf *m, *n, *next;

	ii->ii_nxtoff = q->q_nxtoff;
	m = q_release(i6v, q);
	next = m->m_nextpkt;
	m = frag_restore(m);
	ii->ii_off = (uint16_t)(m->m_pkt.l3hlen - sizeof(struct ip6_frag));
	m->m_pkt.len = m->m_pkt.l3hlen + total;
	for (n = next; n != NULL; n = next) {
		next = n->m_nextpkt;
		n->m_nextpkt = NULL;
		n->m_flags &= (uint16_t)~M_PKTHDR;
		m_cat(m, n);
	}
	m->m_flags &= (uint16_t)~M_FRAG;
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	if (!q_ecnok(ecn) || m->m_pkt.len - sizeof(struct ip6_frag) > IP6_HLEN + IPV6_MAXPACKET) {
		i6v->i6v_stat.i6s_fragbad++;
		m_freem(m);
		return (NULL);
	}
	i6v->i6v_stat.i6s_reassembled++;
	return (frag6_strip(i6v, m, ii, nxt, ecn));
}

static struct mbuf *
frag_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
	return (NULL);
}

/* RFC 8200 4.5: lengths that cannot be.  True: counted, answered, gone. */
static bool
frag6_bad(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_in *ii, uint32_t off, uint32_t len, bool more)
{
	uint32_t at;

	if (more && len % 8 != 0)
		at = offsetof(struct ip6_hdr, ip6_plen);
	else if (off + len > IPV6_MAXPACKET)
		at = ii->ii_off + (uint32_t)offsetof(struct ip6_frag, ip6f_offlg);
	else
		return (false);
	i6v->i6v_stat.i6s_fragbad++;
	icmp6_error(i6v->i6v_vnet, m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, at);
	return (true);
}

static struct mbuf *
frag6_add(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii, const struct ip6_frag *fh)
{
	const uint32_t off = NTOHS(fh->ip6f_offlg) & IP6F_OFFMASK, len = m->m_pkt.len - ii->ii_off - (uint32_t)sizeof(*fh);
	struct mbuf **mp = NULL;
	struct ip6q *q;

	if (!q_table(i6v) || ((q = q_find(i6v, ii, fh->ip6f_ident)) == NULL && (q = q_new(i6v, ii, fh->ip6f_ident)) == NULL))
		return (frag_drop(m, &i6v->i6v_stat.i6s_fragdropped));
	switch (q_place(q, off, off + len, (NTOHS(fh->ip6f_offlg) & IP6F_MORE) == 0, &mp)) {
	case FRAG_DUP:
		return (frag_drop(m, &i6v->i6v_stat.i6s_fragdropped));
	case FRAG_OVERLAP:
		q_free(i6v, q, &i6v->i6v_stat.i6s_fragdropped);
		return (frag_drop(m, &i6v->i6v_stat.i6s_fragoverlap));
	case FRAG_NEW:
		break;
	}
	if (!q_room(i6v, q)) {
		q_free(i6v, q, &i6v->i6v_stat.i6s_fragdropped);
		return (frag_drop(m, &i6v->i6v_stat.i6s_fragdropped));
	}
	q_insert(i6v, q, m, ii, fh, mp);
	return (q->q_total != 0 && q->q_have == q->q_total ? q_complete(i6v, q, ii) : NULL);
}

struct mbuf *
frag6_input(struct ip6_vnet *i6v, struct mbuf *m, struct ip6_in *ii)
{
	struct ip6_frag fh;
	uint32_t len;
	uint16_t offlg;

	i6v->i6v_stat.i6s_fragments++;
	memcpy(&fh, m->m_data + ii->ii_off, sizeof(fh));
	offlg = NTOHS(fh.ip6f_offlg);
	len = m->m_pkt.len - ii->ii_off - (uint32_t)sizeof(fh);
	if (ii->ii_off + sizeof(fh) > FRAG6_MAXHDR)
		return (frag_drop(m, &i6v->i6v_stat.i6s_exthdrtoolong));
	if (frag6_bad(i6v, m, ii, offlg & IP6F_OFFMASK, len, (offlg & IP6F_MORE) != 0))
		return (NULL);
	if ((offlg & (IP6F_OFFMASK | IP6F_MORE)) == 0) {	/* RFC 6946: by itself */
		i6v->i6v_stat.i6s_atomicfrags++;
		return (frag6_strip(i6v, m, ii, fh.ip6f_nxt, 0));
	}
	if (len == 0)
		return (frag_drop(m, &i6v->i6v_stat.i6s_fragbad));
	return (frag6_add(i6v, m, ii, &fh));
}
