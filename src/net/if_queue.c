/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets on their way to an interface.
 *
 * A list, the oldest first.  A sender in any lane takes the place behind the last (ifq_tail) and hangs
 * its packet there; who finds the list empty posts work to the receiver's lane.  The work takes packets
 * from the front and hands them to ifo_input.  It ends when the list is empty, or posts itself again: so
 * whoever is not the first may rely on him who was.  A place that is taken and where nothing hangs yet
 * is waited for shortly.  In a kernel of one worker (ln_alone) all this is done with plain loads and
 * stores.
 *
 * In the queue a packet of another vnet belongs to nobody (m_disown), which the bounds of the queue
 * make harmless; one of the same vnet stays charged.  The queue is emptied under the kernel lock
 * when the interface goes.
 */
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

/* mbuf and the headers in it: another processor wrote them, mostly. */
static inline void
ifq_fetch(const struct mbuf *m)
{
	for (unsigned at = 0; at < MSIZE; at += 64)
		__builtin_prefetch((const char *)m + at);
}

#define IFQ_SPINS	64	/* looks at a place that is taken: its sender is about to write there, unless he was interrupted */

/* What hangs behind the last one; NULL: not yet. */
static __attribute__((noinline)) struct mbuf *
ifq_awaited(struct mbuf *const *place)
{
	struct mbuf *m = NULL;

	for (unsigned i = 0; i < IFQ_SPINS && (m = __atomic_load_n(place, __ATOMIC_ACQUIRE)) == NULL; i++)
		;
	return (m);
}

/* The first of the list; NULL: none, or its sender is about to post the work. */
static inline struct mbuf *
ifq_peek(struct ifqueue *q)
{
	if (q->ifq_ready == NULL && (q->ifq_ready = __atomic_load_n(&q->ifq_first, __ATOMIC_ACQUIRE)) != NULL)
		__atomic_store_n(&q->ifq_first, NULL, __ATOMIC_RELAXED);
	return (q->ifq_ready);
}

/* Takes m, which is the first.  False: it stays, for somebody is just hanging his behind it. */
static inline bool
ifq_take(struct ifqueue *q, struct mbuf *m, bool alone)
{
	struct mbuf *next = __atomic_load_n(&m->m_nextpkt, __ATOMIC_ACQUIRE), **tail = &m->m_nextpkt;

	if (next == NULL && alone)
		atomic_store_explicit(&q->ifq_tail, &q->ifq_first, memory_order_relaxed);
	else if (next == NULL && !atomic_compare_exchange_strong(&q->ifq_tail, &tail, &q->ifq_first) &&
	    (next = ifq_awaited(&m->m_nextpkt)) == NULL)
		return (false);
	if ((q->ifq_ready = next) != NULL)
		ifq_fetch(next);
	m->m_nextpkt = NULL;
	return (true);
}

/* Returns whether the list was empty. */
static inline bool
ifq_append(struct ifqueue *q, struct mbuf *m, bool alone)
{
	struct mbuf **place;

	m->m_nextpkt = NULL;
	if (alone) {
		place = atomic_load_explicit(&q->ifq_tail, memory_order_relaxed);
		atomic_store_explicit(&q->ifq_tail, &m->m_nextpkt, memory_order_relaxed);
		*place = m;
	} else {
		place = atomic_exchange(&q->ifq_tail, &m->m_nextpkt);
		__atomic_store_n(place, m, __ATOMIC_RELEASE);
	}
	return (place == &q->ifq_first);
}

/* Of ifq_held. */
static inline uint64_t
ifq_sum(unsigned len, unsigned bytes)
{
	return ((uint64_t)len << 32 | bytes);
}

/* Adds to what is held (or takes away); returns what it was. */
static inline uint64_t
ifq_count(struct ifqueue *q, uint64_t n, bool alone)
{
	uint64_t old;

	if (!alone)
		return (atomic_fetch_add_explicit(&q->ifq_held, n, memory_order_relaxed));
	old = atomic_load_explicit(&q->ifq_held, memory_order_relaxed);
	atomic_store_explicit(&q->ifq_held, old + n, memory_order_relaxed);
	return (old);
}

static inline void
if_admitted(struct ifnet *ifp, struct mbuf *m)
{
	const struct ifnet *from = m->m_pkt.rcvif;

	m->m_pkt.rcvif = ifp;
	m->m_pkt.fib = (uint16_t)ifp->if_fib;
	ifp->if_stats.ifs_ipackets++;
	ifp->if_stats.ifs_ibytes += m->m_pkt.len;
	if (ifp->if_extra != NULL)
		if_extra_input(ifp, m, from);
	else
		ifp->if_ops->ifo_input(ifp, m);
}

/* Packets a second are limited. */
static __attribute__((noinline)) void
if_receive_limited(struct ifnet *ifp, struct mbuf *m)
{
	if (acct_packet(vnet_acct(ifp->if_vnet), vnet_now(ifp->if_vnet))) {
		if_admitted(ifp, m);
		return;
	}
	ifp->if_stats.ifs_iqdrops++;
	m_freem(m);
}

void
if_receive(struct ifnet *ifp, struct mbuf *m)
{
	if (vnet_acct(ifp->if_vnet)->as_pps)
		if_receive_limited(ifp, m);
	else
		if_admitted(ifp, m);
}

#define IFQ_SHORT	UINT64_C(100000000)	/* ns from one call for memory to the next */

/*
 * The packet, which is nobody's, becomes the receiver's.  Where there is no memory for it, what waits for missing pieces goes: these may be just what finds
 * no room, and then nothing would ever move again.
 */
static __attribute__((noinline)) bool
ifq_own_short(struct vnet *vn, struct mbuf *m)
{
	struct acctset *as = vnet_acct(vn);
	struct net_vnet *nv = net_vnet(vn);

	if (as->as_acct[ACCT_REASS].ac_count == 0 || vnet_now(vn) < nv->nv_shortat)
		return (false);
	nv->nv_shortat = vnet_now(vn) + IFQ_SHORT;
	vnet_event(vn, VNET_EV_SHORT, NULL);
	return (m_own(m, as) == 0);
}

static void
ifq_receive(struct ifnet *ifp, struct mbuf *m)
{
	if (m->m_as == NULL && m_own(m, vnet_acct(ifp->if_vnet)) != 0 && !ifq_own_short(ifp->if_vnet, m)) {
		m_freem_disowned(m, vnet_acct(ifp->if_vnet));
		ifp->if_stats.ifs_iqdrops++;
		return;
	}
	if_receive(ifp, m);
}

/* A group packet of our own that we listen to as well: it never had a link header. */
static void
ifq_receive_own(struct ifnet *ifp, struct mbuf *m)
{
	uint8_t vhl = 0;

	m->m_pkt.rcvif = ifp;
	m->m_pkt.fib = (uint16_t)ifp->if_fib;
	(void)m_copydata(m, 0, 1, &vhl);
	net_input(ifp, vhl >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6, m);
}

/* There is another packet behind n.  Some are worth a hundred others: the first tells, mostly. */
static bool
ifq_goeson(const struct lane *ln, unsigned n)
{
	return (n < IFQ_BATCH && ((n != 1 && n % IFQ_CLOCK != 0) || n == 0 || !lane_over(ln)));
}

static void
ifq_run(struct work *wk)
{
	struct ifqueue *q = CONTAINER_OF(wk, struct ifqueue, ifq_work);
	struct ifnet *ifp = CONTAINER_OF(q, struct ifnet, if_inq);
	struct lane *ln = &ifp->if_vnet->vn_lane;
	unsigned n = 0, bytes = 0;
	struct mbuf *m;

	VNET_ASSERT_LANE(ifp->if_vnet);
	while ((m = ifq_peek(q)) != NULL && ifq_goeson(ln, n) && ifq_take(q, m, ln->ln_alone)) {
		n++;
		bytes += m->m_pkt.len;
		if ((m->m_flags & M_LOOP) != 0 && (ifp->if_flags & IFF_LOOPBACK) == 0)
			ifq_receive_own(ifp, m);
		else
			ifq_receive(ifp, m);
	}
	(void)ifq_count(q, -ifq_sum(n, bytes), ln->ln_alone);
	if (m != NULL)
		lane_post(ln, &q->ifq_work);
}

void
ifq_init(struct ifqueue *q)
{
	q->ifq_first = q->ifq_ready = NULL;
	atomic_init(&q->ifq_tail, &q->ifq_first);
	q->ifq_limit = IFQ_MAXLEN;
	atomic_init(&q->ifq_held, 0);
	atomic_init(&q->ifq_drops, 0);
	work_init(&q->ifq_work, ifq_run);
}

static void
ifq_freem(struct ifnet *ifp, struct mbuf *m)
{
	if (m->m_as != NULL)
		m_freem(m);
	else
		m_freem_disowned(m, vnet_acct(ifp->if_vnet));
}

void
ifq_purge(struct ifnet *ifp)
{
	struct ifqueue *q = &ifp->if_inq;
	struct mbuf *m, *next;

	work_cancel(&ifp->if_vnet->vn_lane, &q->ifq_work);
	for (m = ifq_peek(q); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		ifq_freem(ifp, m);
	}
	q->ifq_ready = NULL;
	atomic_store_explicit(&q->ifq_tail, &q->ifq_first, memory_order_relaxed);
	atomic_store_explicit(&q->ifq_held, 0, memory_order_relaxed);
}

/* May the packet wait here?  Then it is counted. */
static inline bool
ifq_admit(struct ifqueue *q, unsigned bytes, bool alone)
{
	const uint64_t held = ifq_count(q, ifq_sum(1, bytes), alone);

	if (__builtin_expect(held >> 32 < q->ifq_limit && (uint32_t)held < IFQ_MAXBYTES, 1))
		return (true);
	(void)ifq_count(q, -ifq_sum(1, bytes), alone);
	return (false);
}

int
ifq_drop(struct ifnet *ifp, struct mbuf *m)
{
	atomic_fetch_add_explicit(&ifp->if_inq.ifq_drops, 1, memory_order_relaxed);
	m_freem(m);
	return (0);
}

int
if_deliver(struct ifnet *to, struct mbuf *m)
{
	struct lane *ln = &to->if_vnet->vn_lane;
	struct ifqueue *q = &to->if_inq;

	/* What is said in the sender's stack does not concern the receiver's. */
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST | M_PROMISC | M_FRAG | M_RXOWN);
	m->m_pkt.rcvif = NULL;
	m->m_pkt.nest = m->m_pkt.pcp = 0;
	if (!to->if_attached || !ifq_admit(q, m->m_pkt.len, ln->ln_alone))
		return (ifq_drop(to, m));
	if (m->m_as == vnet_acct(to->if_vnet)) {
		net_vnet(to->if_vnet)->nv_looped++;
	} else {
		m->m_pkt.mark = 0;
		m_disown(m);
	}
	if (ifq_append(q, m, ln->ln_alone))
		lane_post(ln, &q->ifq_work);
	return (0);
}
