/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Fragments of one datagram (same key) wait in a reassq, in order of offset.  The datagram is complete when the last fragment is there and the bytes add up, for there are
 * never overlaps: an exact duplicate is dropped, and a fragment that overlaps in any other way costs the whole datagram (RFC 5722 3 and RFC 8200 4.5 demand it
 * of IPv6; what differs between overlapping pieces is how firewalls are passed).  There the datagram stays, without a fragment, so that those which come later
 * do not make one of what is left.
 *
 * Bounds per vnet and family: datagrams (oldest goes first), fragments in all (likewise) and per datagram.  One timer, pending only while something waits, serves
 * them all: they expire in order of arrival.
 *
 * The fragments' own mbufs are all the memory there is: m_data stands behind the headers, which stay in front of it, m_pkt.len counts data, m_pkt.l3hlen the headers, and
 * m_pkt.fragoff holds the offset.
 */
#include "netinet/ip/reass.h"

#include <string.h>

#include "base/siphash.h"
#include "mbuf/mbuf.h"
#include "wire/ip.h"

struct reassq {
	LIST_ENTRY(reassq) rq_hash;
	TAILQ_ENTRY(reassq) rq_age;
	uint32_t	rq_key[REASS_KEYWORDS];
	uint32_t	rq_note;	/* of the first fragment */
	uint8_t		rq_ecn;		/* bits: 1 << code point seen */
	uint16_t	 rq_fragmax;	/* the largest packet of them */
	uint32_t	rq_nfrags;
	uint32_t	rq_have;	/* bytes of data */
	uint32_t	rq_total;	/* 0: the last fragment is not here */
	uint64_t	rq_expire;
	struct mbuf	*rq_frags;
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

static size_t
reass_keylen(const struct reass *rs)
{
	return (rs->rs_ops->ro_keywords * sizeof(uint32_t));
}

static struct reassbucket *
reass_bucket(const struct reass *rs, const uint32_t *key)
{
	const uint64_t *k = rs->rs_vnet->vn_kernel->k_hashkey;
	const struct siphash_key sk = { k[0], k[1] };

	return (&rs->rs_hash[siphash13(&sk, key, reass_keylen(rs)) % REASS_NHASH]);
}

/* Takes it off the lists and frees it; the fragments are the caller's. */
static struct mbuf *
reassq_release(struct reass *rs, struct reassq *q)
{
	struct mbuf *m = q->rq_frags;

	LIST_REMOVE(q, rq_hash);
	TAILQ_REMOVE(&rs->rs_age, q, rq_age);
	rs->rs_nqueues--;
	rs->rs_nfrags -= q->rq_nfrags;
	kfree(vnet_acct(rs->rs_vnet), ACCT_REASS, q, sizeof(*q));
	if (TAILQ_EMPTY(&rs->rs_age))
		callout_stop(&rs->rs_timer);
	return (m);
}

static void
reass_lost(const struct reass *rs, const struct mbuf *m, uint64_t *counter)
{
	for (; m != NULL; m = m->m_nextpkt) {
		++*counter;
		if (rs->rs_ops->ro_lost != NULL)
			rs->rs_ops->ro_lost(m);
	}
}

static void
reassq_free(struct reass *rs, struct reassq *q, uint64_t *counter)
{
	struct mbuf *m = reassq_release(rs, q);

	reass_lost(rs, m, counter);
	m_freeq(m);
}

/* The fragment as it came: its headers in front again. */
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

/* RFC 1122 3.3.2, RFC 8200 4.5: the sender is told if the first fragment is there to be quoted. */
static void
reassq_expire(struct reass *rs, struct reassq *q)
{
	struct mbuf *m;

	m = reassq_release(rs, q);
	reass_lost(rs, m, rs->rs_count.rc_timeout);
	if (m == NULL || frag_off(m) != 0) {
		m_freeq(m);
		return;
	}
	m_freeq(m->m_nextpkt);
	rs->rs_ops->ro_expired(rs->rs_vnet, frag_restore(m));
}

static void
reass_timer(void *arg)
{
	struct reass *rs = arg;
	struct reassq *q;

	for (unsigned n = 0; n < REASS_BATCH && (q = TAILQ_FIRST(&rs->rs_age)) != NULL && q->rq_expire <= vnet_now(rs->rs_vnet); n++)
		reassq_expire(rs, q);
	if ((q = TAILQ_FIRST(&rs->rs_age)) != NULL)	/* perhaps at once, behind what else is due */
		callout_reset_at(&rs->rs_timer, q->rq_expire);
}

void
reass_init(struct reass *rs, struct vnet *vn, const struct reass_ops *ops, const struct reass_counters *rc)
{
	rs->rs_vnet = vn;
	rs->rs_ops = ops;
	rs->rs_count = *rc;
	TAILQ_INIT(&rs->rs_age);
	callout_init(&rs->rs_timer, &vn->vn_lane, reass_timer, rs);
}

void
reass_drain(struct reass *rs)
{
	struct reassq *q;

	while ((q = TAILQ_FIRST(&rs->rs_age)) != NULL)
		reassq_free(rs, q, rs->rs_count.rc_dropped);
}

/* The oldest, which may not be all that is missed: who is short of memory asks again. */
void
reass_short(struct reass *rs)
{
	struct reassq *q;

	for (unsigned n = 0; n < REASS_BATCH && (q = TAILQ_FIRST(&rs->rs_age)) != NULL; n++)
		reassq_free(rs, q, rs->rs_count.rc_dropped);
}

void
reass_stop(struct reass *rs)
{
	reass_drain(rs);
	callout_stop(&rs->rs_timer);
	kfree(vnet_acct(rs->rs_vnet), ACCT_REASS, rs->rs_hash, REASS_NHASH * sizeof(*rs->rs_hash));
	rs->rs_hash = NULL;
}

static bool
reassq_hasif(const struct reassq *q, const struct ifnet *ifp)
{
	for (const struct mbuf *m = q->rq_frags; m != NULL; m = m->m_nextpkt)
		if (m->m_pkt.rcvif == ifp)
			return (true);
	return (false);
}

void
reass_ifdetach(struct reass *rs, const struct ifnet *ifp)
{
	struct reassq *q, *next;

	for (q = TAILQ_FIRST(&rs->rs_age); q != NULL; q = next) {
		next = TAILQ_NEXT(q, rq_age);
		if (reassq_hasif(q, ifp))
			reassq_free(rs, q, rs->rs_count.rc_dropped);
	}
}

static struct reassq *
reassq_find(const struct reass *rs, const uint32_t *key)
{
	struct reassq *q;

	LIST_FOREACH(q, reass_bucket(rs, key), rq_hash)
		if (memcmp(q->rq_key, key, reass_keylen(rs)) == 0)
			return (q);
	return (NULL);
}

static bool
reass_table(struct reass *rs)
{
	if (rs->rs_hash != NULL)
		return (true);
	if ((rs->rs_hash = kmalloc(vnet_acct(rs->rs_vnet), ACCT_REASS, REASS_NHASH * sizeof(*rs->rs_hash))) == NULL)
		return (false);
	for (unsigned i = 0; i < REASS_NHASH; i++)
		LIST_INIT(&rs->rs_hash[i]);
	return (true);
}

/* Frees the oldest other datagram; false if there is none. */
static bool
reass_evict(struct reass *rs, const struct reassq *keep)
{
	struct reassq *q = TAILQ_FIRST(&rs->rs_age);

	if (q == keep && q != NULL)
		q = TAILQ_NEXT(q, rq_age);
	if (q == NULL)
		return (false);
	reassq_free(rs, q, rs->rs_count.rc_dropped);
	return (true);
}

static struct reassq *
reassq_new(struct reass *rs, const uint32_t *key)
{
	struct reassq *q;

	if (rs->rs_maxqueues == 0)
		return (NULL);
	if (rs->rs_maxqueues > 0 && rs->rs_nqueues >= (uint32_t)rs->rs_maxqueues)
		(void)reass_evict(rs, NULL);
	if ((q = kmalloc(vnet_acct(rs->rs_vnet), ACCT_REASS, sizeof(*q))) == NULL)
		return (NULL);
	memcpy(q->rq_key, key, reass_keylen(rs));
	q->rq_expire = vnet_now(rs->rs_vnet) + rs->rs_ops->ro_ttl;
	LIST_INSERT_HEAD(reass_bucket(rs, key), q, rq_hash);
	TAILQ_INSERT_TAIL(&rs->rs_age, q, rq_age);
	rs->rs_nqueues++;
	if (!callout_pending(&rs->rs_timer))
		callout_reset_at(&rs->rs_timer, q->rq_expire);
	return (q);
}

enum frag_fit { FRAG_NEW, FRAG_DUP, FRAG_OVERLAP };

/* Where the fragment goes: *mpp is the link it is to be put into. */
static enum frag_fit
reassq_place(struct reassq *q, const struct reass_frag *rf, struct mbuf ***mpp)
{
	const uint32_t off = rf->rf_off, end = off + rf->rf_len;
	struct mbuf **mp = &q->rq_frags, *m, *prev = NULL;

	for (; (m = *mp) != NULL && frag_off(m) < off; mp = &m->m_nextpkt)
		prev = m;
	if (m != NULL && frag_off(m) == off && frag_end(m) == end && (!rf->rf_last || q->rq_total == end))
		return (FRAG_DUP);
	if ((prev != NULL && frag_end(prev) > off) || (m != NULL && end > frag_off(m)))
		return (FRAG_OVERLAP);
	/* Beyond the end, a second end, or an end before what is there. */
	if ((q->rq_total != 0 && (end > q->rq_total || rf->rf_last)) || (rf->rf_last && m != NULL))
		return (FRAG_OVERLAP);
	*mpp = mp;
	return (FRAG_NEW);
}

static bool
reassq_room(struct reass *rs, const struct reassq *q)
{
	if (q->rq_nfrags >= (uint32_t)rs->rs_maxperqueue)
		return (false);
	return (rs->rs_maxfrags < 0 || rs->rs_nfrags < (uint32_t)rs->rs_maxfrags || reass_evict(rs, q));
}

static void
reassq_insert(struct reass *rs, struct reassq *q, struct mbuf *m, const struct reass_frag *rf, struct mbuf **mp)
{
	if (rf->rf_off == 0)
		q->rq_note = rf->rf_note;
	m->m_data += rf->rf_hlen;
	m->m_len -= rf->rf_hlen;
	m->m_pkt.len -= rf->rf_hlen;
	m->m_pkt.l3hlen = (uint8_t)rf->rf_hlen;
	m->m_pkt.fragoff = (uint16_t)rf->rf_off;
	m->m_nextpkt = *mp;
	*mp = m;
	q->rq_nfrags++;
	rs->rs_nfrags++;
	q->rq_have += rf->rf_len;
	q->rq_ecn |= (uint8_t)(1u << rf->rf_ecn);
	if (rf->rf_hlen + rf->rf_len > q->rq_fragmax)
		q->rq_fragmax = (uint16_t)(rf->rf_hlen + rf->rf_len);
	if (rf->rf_last)
		q->rq_total = rf->rf_off + rf->rf_len;
}

/* All of it, in one chain. */
static struct mbuf *
reassq_join(struct reass *rs, struct reassq *q, struct reass_whole *rw)
{
	const uint32_t total = q->rq_total;
	struct mbuf *m, *n, *next;

	rw->rw_note = q->rq_note;
	rw->rw_fragmax = q->rq_fragmax;
	rw->rw_ce = (q->rq_ecn & 1 << IPTOS_ECN_CE) != 0;
	rw->rw_badecn = rw->rw_ce && (q->rq_ecn & 1 << IPTOS_ECN_NOTECT) != 0;
	m = reassq_release(rs, q);
	next = m->m_nextpkt;
	m = frag_restore(m);
	m->m_pkt.len = m->m_pkt.l3hlen + total;
	for (n = next; n != NULL; n = next) {
		next = n->m_nextpkt;
		n->m_nextpkt = NULL;
		n->m_flags &= (uint16_t)~M_PKTHDR;
		m_cat(m, n);
	}
	m->m_flags &= (uint16_t)~M_FRAG;
	m->m_pkt.segsz = 0;
	return (m);
}

static struct mbuf *
reass_drop(const struct reass *rs, struct mbuf *m, uint64_t *counter)
{
	reass_lost(rs, m, counter);
	m_freem(m);
	return (NULL);
}

static struct mbuf *
reassq_overlap(struct reass *rs, struct reassq *q, struct mbuf *m)
{
	if (rs->rs_ops->ro_sticky) {
		reass_lost(rs, q->rq_frags, rs->rs_count.rc_overlap);
		rs->rs_nfrags -= q->rq_nfrags;
		m_freeq(q->rq_frags);
		q->rq_frags = NULL;
		q->rq_nfrags = 0;
	} else {
		reassq_free(rs, q, rs->rs_count.rc_overlap);
	}
	return (reass_drop(rs, m, rs->rs_count.rc_overlap));
}

struct mbuf *
reass_add(struct reass *rs, struct mbuf *m, const struct reass_frag *rf, struct reass_whole *rw)
{
	struct mbuf **mp = NULL;
	struct reassq *q;

	if (!reass_table(rs))
		return (reass_drop(rs, m, rs->rs_count.rc_dropped));
	if ((q = reassq_find(rs, rf->rf_key)) != NULL && q->rq_nfrags == 0)
		return (reass_drop(rs, m, rs->rs_count.rc_overlap));
	if (q == NULL && (q = reassq_new(rs, rf->rf_key)) == NULL)
		return (reass_drop(rs, m, rs->rs_count.rc_dropped));
	switch (reassq_place(q, rf, &mp)) {
	case FRAG_DUP:
		return (reass_drop(rs, m, rs->rs_count.rc_dropped));
	case FRAG_OVERLAP:
		return (reassq_overlap(rs, q, m));
	case FRAG_NEW:
		break;
	}
	if (!reassq_room(rs, q)) {
		if (vnet_logdue(rs->rs_vnet, VNET_LOG_REASS))
			vnet_log(rs->rs_vnet, LOG_NOTICE, "ip: no room for fragments: %u of %u datagrams wait", rs->rs_nfrags, rs->rs_nqueues);
		reassq_free(rs, q, rs->rs_count.rc_dropped);
		return (reass_drop(rs, m, rs->rs_count.rc_dropped));
	}
	reassq_insert(rs, q, m, rf, mp);
	return (q->rq_total != 0 && q->rq_have == q->rq_total ? reassq_join(rs, q, rw) : NULL);
}
