/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets on their way to an interface.
 *
 * A sender in any lane pushes onto a stack and, if it was empty, posts work to the receiver's lane;
 * the work takes the whole stack, turns it round and hands the packets to ifo_input in the order they
 * came.  It ends when both list and stack are empty, or posts itself again: so whoever finds something
 * on the stack may rely on who pushed that.  In a
 * kernel of one worker (ln_alone) nobody else pushes, and packets go straight into the list.  In
 * the queue a packet of another vnet belongs to nobody (m_disown), which the bounds of the queue
 * make harmless; one of the same vnet stays charged.  The queue is emptied under the kernel lock
 * when the interface goes.
 */
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

/* Header and the headers of the packet: they were written by another processor, mostly. */
static inline void
ifq_fetch(const struct mbuf *m)
{
	for (unsigned at = 64; at < MSIZE; at += 64)
		__builtin_prefetch((const char *)m + at);
}

/* Takes what is in ifq_head, oldest first. */
static struct mbuf *
ifq_take(struct ifqueue *q)
{
	struct mbuf *m, *next, *list = NULL;

	for (m = atomic_exchange_explicit(&q->ifq_head, NULL, memory_order_acquire); m != NULL;
	     m = next) {
		ifq_fetch(m);
		next = m->m_nextpkt;
		m->m_nextpkt = list;
		list = m;
	}
	return (list);
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

/*
 * Is there a packet in ifq_ready?  When the last of them is gone, what came meanwhile follows: its sender found the work
 * posted, or running and about to be posted for what is left, and relies on it.
 */
static inline bool
ifq_haspackets(struct ifqueue *q, bool alone)
{
	if (q->ifq_ready == NULL && !alone && atomic_load_explicit(&q->ifq_head, memory_order_relaxed) != NULL)
		q->ifq_ready = ifq_take(q);
	return (q->ifq_ready != NULL);
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
	for (; ifq_haspackets(q, ln->ln_alone) && ifq_goeson(ln, n); n++) {
		m = q->ifq_ready;
		if ((q->ifq_ready = m->m_nextpkt) != NULL)
			__builtin_prefetch(m->m_nextpkt);
		else
			q->ifq_tail = &q->ifq_ready;
		m->m_nextpkt = NULL;
		bytes += m->m_pkt.len;
		if ((m->m_flags & M_LOOP) != 0 && (ifp->if_flags & IFF_LOOPBACK) == 0)
			ifq_receive_own(ifp, m);
		else
			ifq_receive(ifp, m);
	}
	(void)ifq_count(q, -ifq_sum(n, bytes), ln->ln_alone);
	if (q->ifq_ready != NULL)
		lane_post(ln, &q->ifq_work);
}

void
ifq_init(struct ifqueue *q)
{
	atomic_init(&q->ifq_head, NULL);
	q->ifq_tail = &q->ifq_ready;
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
	for (int i = 0; i < 2; i++) {
		for (m = q->ifq_ready; m != NULL; m = next) {
			next = m->m_nextpkt;
			m->m_nextpkt = NULL;
			ifq_freem(ifp, m);
		}
		q->ifq_ready = ifq_take(q);	/* the first time there may be some */
	}
	q->ifq_tail = &q->ifq_ready;
	atomic_store_explicit(&q->ifq_held, 0, memory_order_relaxed);
}

/* May the packet wait here?  Then it is counted, and *first says whether it is the only one. */
static inline bool
ifq_admit(struct ifqueue *q, unsigned bytes, bool alone, bool *first)
{
	const uint64_t held = ifq_count(q, ifq_sum(1, bytes), alone);

	*first = held == 0;
	if (__builtin_expect(held >> 32 < q->ifq_limit && (uint32_t)held < IFQ_MAXBYTES, 1))
		return (true);
	(void)ifq_count(q, -ifq_sum(1, bytes), alone);
	return (false);
}

/* Returns whether the stack was empty. */
static bool
ifq_push(struct ifqueue *q, struct mbuf *m)
{
	struct mbuf *head = atomic_load_explicit(&q->ifq_head, memory_order_relaxed);

	do
		m->m_nextpkt = head;
	while (!atomic_compare_exchange_weak_explicit(&q->ifq_head, &head, m, memory_order_release,
	    memory_order_relaxed));
	return (head == NULL);
}

static void
ifq_append(struct ifqueue *q, struct mbuf *m)
{
	m->m_nextpkt = NULL;
	*q->ifq_tail = m;
	q->ifq_tail = &m->m_nextpkt;
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
	bool first;

	/* What is said in the sender's stack does not concern the receiver's. */
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST | M_PROMISC | M_FRAG | M_RXOWN);
	m->m_pkt.rcvif = NULL;
	m->m_pkt.nest = m->m_pkt.pcp = 0;
	if (!to->if_attached || !ifq_admit(q, m->m_pkt.len, ln->ln_alone, &first))
		return (ifq_drop(to, m));
	if (m->m_as == vnet_acct(to->if_vnet)) {
		net_vnet(to->if_vnet)->nv_looped++;
	} else {
		m->m_pkt.mark = 0;
		m_disown(m);
	}
	if (ln->ln_alone)
		ifq_append(q, m);
	else
		first = ifq_push(q, m);
	if (first)
		lane_post(ln, &q->ifq_work);
	return (0);
}
