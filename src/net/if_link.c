/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: properties of a link.
 *
 * A link has two parts.  The transmitter sends one frame after the other at its rate; il_busy is when it will
 * be done with all it has.  Its queue is not a list of frames but a ring of the times at which they leave it:
 * a frame that finds the ring full of times to come is dropped.  The wire then loses, damages or doubles
 * the frame (so a lost one has taken its time of the transmitter) and delivers it after the delay.  All of
 * that is decided when the frame comes; only the frame and the time it arrives are kept, in a heap, with one
 * timer in the sender's lane for the first of them.  Frames of the same time keep their order.
 *
 * Arrivals do not go back in time (il_last), however much the delay varies: what reorders frames is
 * lp_reorder alone, whose frames do not count for il_last.
 *
 * Chance: a generator (splitmix64) per property, so that one property does not change which frames another one hits.
 *
 * Limits: the transmitter's queue by lp_queue, frames on their way by IFLINK_MAXHELD, all of them by the sending
 * vnet's account, which they stay charged to.  An interface that leaves its vnet drops what is held.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/splitmix.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

#define IFLINK_MAXHELD	65536u		/* frames on their way */
#define IFLINK_MINHEAP	16u
#define IFLINK_QUEUE	100u		/* lp_queue's default */
#define IFLINK_LATE	1000000u	/* lp_reorder_delay's default, ns */
#define IFLINK_MAXDELAY	(3600u * 1000000000ull)
#define IFLINK_MINRATE	8u
#define IFLINK_BATCH	64		/* frames delivered in one go */

/* What is left to chance. */
enum { CH_JITTER, CH_LOSS, CH_BAD, CH_GOOD, CH_BURST, CH_DUP, CH_REORDER, CH_CORRUPT, CH_BIT, CH_MAX };

struct held {
	uint64_t	 h_time;	/* arrives */
	uint64_t	 h_seq;		/* came as */
	struct mbuf	*h_m;
};

struct iflink {
	struct ifnet	*il_ifp;	/* (c) the sending end */
	struct vi_linkprops il_props;	/* (c) changes under the kernel lock */
	struct vi_linkstats il_stats;
	uint64_t	 il_odds[CH_MAX];	/* of 2^32 */
	uint64_t	 il_rand[CH_MAX];
	bool		 il_bad;	/* in a burst */
	uint32_t	 il_patpos, il_patlen;
	uint64_t	 il_busy;
	uint64_t	*il_ring;	/* lp_queue times */
	uint32_t	 il_rhead, il_rlen;
	uint64_t	 il_last;
	struct held	*il_heap;
	uint32_t	 il_nheld, il_heapsize;
	uint64_t	 il_seq;
	struct callout	 il_callout;
	struct work	 il_work;	/* frames due beyond a batch */
};

struct iflink_vnet {
	uint64_t	ls_frames, ls_qdrops, ls_lost, ls_corrupted, ls_dups, ls_reordered, ls_nomem, ls_full, ls_purged;
};
VNET_STATE_DECLARE(iflink);
VNET_STATE_DEFINE(iflink);

static struct iflink_vnet *
iflink_stat(const struct iflink *il)
{
	return (iflink_vnet(il->il_ifp->if_vnet));
}

/* Chance */

/* Nothing is drawn for what is not set. */
static bool
iflink_chance(struct iflink *il, unsigned what)
{
	return (il->il_odds[what] != 0 && splitmix64(&il->il_rand[what]) >> 32 < il->il_odds[what]);
}

/* Uniform in [0, limit), limit below 2^63; the bias is below what anybody could measure. */
static uint64_t
iflink_below(struct iflink *il, unsigned what, uint64_t limit)
{
	return ((uint64_t)((unsigned __int128)splitmix64(&il->il_rand[what]) * limit >> 64));
}

static void
iflink_seed(struct iflink *il, uint64_t seed)
{
	for (unsigned i = 0; i < CH_MAX; i++)
		il->il_rand[i] = splitmix64(&seed);
	il->il_bad = false;
	il->il_patpos = 0;
}

/* The heap of frames on their way */

static bool
held_before(const struct held *a, const struct held *b)
{
	return (a->h_time < b->h_time || (a->h_time == b->h_time && a->h_seq < b->h_seq));
}

static int
iflink_grow(struct iflink *il)
{
	struct acctset *as = vnet_acct(il->il_ifp->if_vnet);
	uint32_t size = il->il_heapsize == 0 ? IFLINK_MINHEAP : 2 * il->il_heapsize;
	struct held *new;

	if (il->il_nheld < il->il_heapsize)
		return (0);
	if ((new = kmalloc(as, ACCT_IFNET, size * sizeof(*new))) == NULL)
		return (ENOBUFS);
	if (il->il_nheld > 0)
		memcpy(new, il->il_heap, il->il_nheld * sizeof(*new));
	kfree(as, ACCT_IFNET, il->il_heap, il->il_heapsize * sizeof(*new));
	il->il_heap = new;
	il->il_heapsize = size;
	return (0);
}

/* There is room. */
static void
iflink_push(struct iflink *il, struct mbuf *m, uint64_t when)
{
	const struct held h = { when, il->il_seq++, m };
	uint32_t i = il->il_nheld++, up;

	for (; i > 0 && held_before(&h, &il->il_heap[up = (i - 1) / 2]); i = up)
		il->il_heap[i] = il->il_heap[up];
	il->il_heap[i] = h;
}

static struct mbuf *
iflink_pop(struct iflink *il)
{
	struct mbuf *m = il->il_heap[0].h_m;
	const struct held h = il->il_heap[--il->il_nheld];
	uint32_t i = 0, down;

	while ((down = 2 * i + 1) < il->il_nheld) {
		if (down + 1 < il->il_nheld && held_before(&il->il_heap[down + 1], &il->il_heap[down]))
			down++;
		if (!held_before(&il->il_heap[down], &h))
			break;
		il->il_heap[i] = il->il_heap[down];
		i = down;
	}
	il->il_heap[i] = h;
	return (m);
}

/* Delivery */

static void
iflink_deliver(struct iflink *il, struct mbuf *m)
{
	(void)il->il_ifp->if_ops->ifo_transmit(il->il_ifp, m);
}

/* What is due, a batch at a time: the receiver's queue is not to overflow because nobody else gets to run. */
static void
iflink_run(struct iflink *il)
{
	struct lane *ln = &il->il_ifp->if_vnet->vn_lane;
	const uint64_t now = lane_now(ln);

	for (unsigned n = 0; n < IFLINK_BATCH && il->il_nheld > 0 && il->il_heap[0].h_time <= now; n++)
		iflink_deliver(il, iflink_pop(il));
	if (il->il_nheld == 0)
		return;
	if (il->il_heap[0].h_time <= now)
		lane_post(ln, &il->il_work);
	else
		callout_reset_at(&il->il_callout, il->il_heap[0].h_time);
}

static void
iflink_timer(void *arg)
{
	iflink_run(arg);
}

static void
iflink_more(struct work *wk)
{
	iflink_run(CONTAINER_OF(wk, struct iflink, il_work));
}

/* A frame that does not have to wait does not, unless one before it has yet to go. */
static void
iflink_hold(struct iflink *il, struct mbuf *m, uint64_t when, uint64_t now)
{
	if (when <= now && (il->il_nheld == 0 || il->il_heap[0].h_time > now)) {
		iflink_deliver(il, m);
		return;
	}
	if (il->il_nheld >= IFLINK_MAXHELD || iflink_grow(il) != 0) {
		++*(il->il_nheld >= IFLINK_MAXHELD ? &iflink_stat(il)->ls_full : &iflink_stat(il)->ls_nomem);
		il->il_stats.lk_nomem++;
		m_freem(m);
		return;
	}
	iflink_push(il, m, when);
	if (!callout_pending(&il->il_callout) || when < il->il_callout.c_time)
		callout_reset_at(&il->il_callout, when);
}

/* Transmitter and wire */

/* When the frame has left the transmitter; false: its queue is full. */
static bool
iflink_queue(struct iflink *il, uint32_t len, uint64_t now, uint64_t *left)
{
	const struct vi_linkprops *lp = &il->il_props;

	*left = now;
	if (lp->lp_rate == 0)
		return (true);
	for (; il->il_rlen > 0 && il->il_ring[il->il_rhead] <= now; il->il_rlen--)
		il->il_rhead = (il->il_rhead + 1) % lp->lp_queue;
	if (il->il_rlen == lp->lp_queue)
		return (false);
	il->il_busy = MAX(il->il_busy, now) + (uint64_t)(len + lp->lp_overhead) * 8 * 1000000000u / lp->lp_rate;
	il->il_ring[(il->il_rhead + il->il_rlen++) % lp->lp_queue] = *left = il->il_busy;
	return (true);
}

static bool
iflink_pattern(struct iflink *il)
{
	const struct vi_linkprops *lp = &il->il_props;

	if (il->il_patpos == il->il_patlen) {
		if (il->il_patlen == 0 || lp->lp_pattern_once)
			return (false);
		il->il_patpos = 0;
	}
	return (lp->lp_pattern[il->il_patpos++] == '1');
}

/* Gilbert and Elliott: first the state may change, then it decides. */
static bool
iflink_burst(struct iflink *il)
{
	if (il->il_odds[CH_BAD] == 0)
		return (iflink_chance(il, CH_LOSS));
	if (il->il_bad)
		il->il_bad = !iflink_chance(il, CH_GOOD);
	else
		il->il_bad = iflink_chance(il, CH_BAD);
	return (iflink_chance(il, il->il_bad ? CH_BURST : CH_LOSS));
}

/* Each of the two counts the frame, whatever the other one says. */
static bool
iflink_lost(struct iflink *il)
{
	const bool pattern = iflink_pattern(il);

	return (iflink_burst(il) || pattern);
}

/* Is there an IP packet in the frame?  Its checksums will tell. */
static bool
iflink_hasip(const struct iflink *il, const struct mbuf *m)
{
	uint16_t type;

	if (m_copydata(m, offsetof(struct ether_header, ether_type), sizeof(type), &type) != 0)
		return (false);
	return (il->il_ifp->if_hdrlen == ETHER_HDR_LEN && m->m_pkt.len > ETHER_HDR_LEN &&
	    (type == HTONS(ETHERTYPE_IP) || type == HTONS(ETHERTYPE_IPV6)));
}

/* One bit turned round; what was known of the sums no longer is.  NULL: no memory. */
static struct mbuf *
iflink_damage(struct iflink *il, struct mbuf *m)
{
	const uint32_t hlen = il->il_ifp->if_hdrlen;
	uint64_t bit;
	uint32_t at;
	uint8_t octet;

	if (!iflink_hasip(il, m))
		return (m);
	bit = iflink_below(il, CH_BIT, (uint64_t)(m->m_pkt.len - hlen) * 8);
	at = hlen + (uint32_t)(bit / 8);
	if (m_copydata(m, at, 1, &octet) != 0)
		return (m);
	octet ^= (uint8_t)(1u << bit % 8);
	if (m_copyback(m, at, 1, &octet) != 0) {
		iflink_stat(il)->ls_nomem++;
		il->il_stats.lk_nomem++;
		m_freem(m);
		return (NULL);
	}
	m->m_pkt.csum_flags &= (uint16_t)~(CSUM_IP_VALID | CSUM_DATA_VALID);
	iflink_stat(il)->ls_corrupted++;
	il->il_stats.lk_corrupted++;
	return (m);
}

static uint64_t
iflink_arrival(struct iflink *il, uint64_t left)
{
	const struct vi_linkprops *lp = &il->il_props;
	uint64_t when = left + lp->lp_delay;

	if (lp->lp_jitter > 0)
		when = when - lp->lp_jitter + iflink_below(il, CH_JITTER, 2 * lp->lp_jitter + 1);
	if (iflink_chance(il, CH_REORDER)) {
		iflink_stat(il)->ls_reordered++;
		il->il_stats.lk_reordered++;
		return (when + lp->lp_reorder_delay);
	}
	il->il_last = MAX(il->il_last, when);
	return (il->il_last);
}

/* The interface has sent it, even if nobody will see it. */
static void
iflink_lose(struct iflink *il, struct mbuf *m)
{
	il->il_ifp->if_stats.ifs_opackets++;
	il->il_ifp->if_stats.ifs_obytes += m->m_pkt.len;
	iflink_stat(il)->ls_lost++;
	il->il_stats.lk_lost++;
	m_freem(m);
}

static void
iflink_double(struct iflink *il, const struct mbuf *m, uint64_t when, uint64_t now)
{
	struct mbuf *n = m_dup(m, vnet_acct(il->il_ifp->if_vnet));

	if (n == NULL) {
		iflink_stat(il)->ls_nomem++;
		il->il_stats.lk_nomem++;
		return;
	}
	iflink_stat(il)->ls_dups++;
	il->il_stats.lk_dups++;
	iflink_hold(il, n, when, now);
}

static void
iflink_frame(struct iflink *il, struct mbuf *m, uint64_t now)
{
	uint64_t left, when;

	iflink_stat(il)->ls_frames++;
	il->il_stats.lk_frames++;
	if (!iflink_queue(il, m->m_pkt.len, now, &left)) {
		iflink_stat(il)->ls_qdrops++;
		il->il_stats.lk_qdrops++;
		il->il_ifp->if_stats.ifs_oqdrops++;
		m_freem(m);
		return;
	}
	if (iflink_lost(il)) {
		iflink_lose(il, m);
		return;
	}
	if (iflink_chance(il, CH_CORRUPT) && (m = iflink_damage(il, m)) == NULL)
		return;
	when = iflink_arrival(il, left);
	if (iflink_chance(il, CH_DUP))
		iflink_double(il, m, when, now);
	iflink_hold(il, m, when, now);
}

void
iflink_output(struct iflink *il, struct mbuf *m)
{
	const uint64_t now = lane_clock(&il->il_ifp->if_vnet->vn_lane);
	struct mbuf *next;

	for (m = if_wire(il->il_ifp, m, il->il_odds[CH_CORRUPT] != 0); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		iflink_frame(il, m, now);
	}
}

/* Setting */

static bool
odds_ok(double p)
{
	return (p >= 0 && p <= 1);	/* no number: neither */
}

/* Each of these only modifies another. */
static bool
iflink_complete(const struct vi_linkprops *lp)
{
	return (lp->lp_jitter <= lp->lp_delay && (lp->lp_rate != 0 || (lp->lp_queue | lp->lp_overhead) == 0) &&
	    (lp->lp_burst_p > 0) == (lp->lp_burst_r > 0) && (lp->lp_burst_p > 0 || lp->lp_burst_loss <= 0) &&
	    (lp->lp_reorder > 0 || lp->lp_reorder_delay == 0) && (lp->lp_pattern[0] != '\0' || !lp->lp_pattern_once));
}

static int
iflink_check(const struct ifnet *ifp, const struct vi_linkprops *lp)
{
	const double odds[] = { lp->lp_loss, lp->lp_burst_p, lp->lp_burst_r, lp->lp_burst_loss, lp->lp_dup, lp->lp_reorder,
		lp->lp_corrupt };

	for (unsigned i = 0; i < NITEMS(odds); i++)
		if (!odds_ok(odds[i]))
			return (EINVAL);
	if (lp->lp_delay > IFLINK_MAXDELAY || lp->lp_reorder_delay > IFLINK_MAXDELAY || lp->lp_queue > UINT16_MAX ||
	    lp->lp_overhead > 1000 || (lp->lp_rate != 0 && lp->lp_rate < IFLINK_MINRATE) || !iflink_complete(lp))
		return (EINVAL);
	if (memchr(lp->lp_pattern, '\0', sizeof(lp->lp_pattern)) == NULL ||
	    lp->lp_pattern[strspn(lp->lp_pattern, "01")] != '\0')
		return (EINVAL);
	/* What comes back from lo counts as undamaged. */
	return (lp->lp_corrupt > 0 && (ifp->if_flags & IFF_LOOPBACK) != 0 ? EOPNOTSUPP : 0);
}

static bool
iflink_none(const struct vi_linkprops *lp)
{
	return ((lp->lp_delay | lp->lp_rate) == 0 && lp->lp_loss <= 0 && lp->lp_burst_p <= 0 && lp->lp_pattern[0] == '\0' &&
	    lp->lp_dup <= 0 && lp->lp_reorder <= 0 && lp->lp_corrupt <= 0);
}

static void
iflink_odds(struct iflink *il)
{
	const struct vi_linkprops *lp = &il->il_props;

	il->il_odds[CH_LOSS] = (uint64_t)(lp->lp_loss * 0x1p32);
	il->il_odds[CH_BAD] = (uint64_t)(lp->lp_burst_p * 0x1p32);
	il->il_odds[CH_GOOD] = (uint64_t)(lp->lp_burst_r * 0x1p32);
	il->il_odds[CH_BURST] = (uint64_t)(lp->lp_burst_loss * 0x1p32);
	il->il_odds[CH_DUP] = (uint64_t)(lp->lp_dup * 0x1p32);
	il->il_odds[CH_REORDER] = (uint64_t)(lp->lp_reorder * 0x1p32);
	il->il_odds[CH_CORRUPT] = (uint64_t)(lp->lp_corrupt * 0x1p32);
	il->il_patlen = (uint32_t)strlen(lp->lp_pattern);
	iflink_seed(il, lp->lp_seed);
}

static void
iflink_defaults(struct kernel *k, struct vi_linkprops *lp)
{
	if (lp->lp_rate != 0 && lp->lp_queue == 0)
		lp->lp_queue = IFLINK_QUEUE;
	if (lp->lp_burst_p > 0 && lp->lp_burst_loss <= 0)
		lp->lp_burst_loss = 1;
	if (lp->lp_reorder > 0 && lp->lp_reorder_delay == 0)
		lp->lp_reorder_delay = IFLINK_LATE;
	while (lp->lp_seed == 0)
		lp->lp_seed = (uint64_t)kernel_random32(k) << 16 ^ kernel_random32(k);	/* short enough to be told */
}

/* A new transmitter, idle: what the old one has is on its way already. */
static int
iflink_transmitter(struct iflink *il, uint32_t queue)
{
	struct acctset *as = il->il_ifp->if_acct;
	uint64_t *ring = NULL;

	if (queue > 0 && (ring = kmalloc(as, ACCT_IFNET, queue * sizeof(*ring))) == NULL)
		return (ENOBUFS);
	kfree(as, ACCT_IFNET, il->il_ring, il->il_props.lp_queue * sizeof(*ring));
	il->il_ring = ring;
	il->il_rhead = il->il_rlen = 0;
	il->il_busy = 0;
	return (0);
}

static struct iflink *
iflink_make(struct ifnet *ifp)
{
	struct iflink *il;

	if (if_extra_make(ifp, ifp->if_acct) != 0)
		return (NULL);
	if ((il = kmalloc(ifp->if_acct, ACCT_IFNET, sizeof(*il))) == NULL) {
		if_extra_trim(ifp);
		return (NULL);
	}
	il->il_ifp = ifp;
	ifp->if_extra->ix_link = il;
	iflink_arrive(il);
	return (il);
}

static void
iflink_remove(struct iflink *il)
{
	struct ifnet *ifp = il->il_ifp;

	while (il->il_nheld > 0)
		iflink_deliver(il, iflink_pop(il));
	iflink_leave(il);
	(void)iflink_transmitter(il, 0);
	ifp->if_extra->ix_link = NULL;
	kfree(ifp->if_acct, ACCT_IFNET, il, sizeof(*il));
	if_extra_trim(ifp);
}

int
if_setlink(struct ifnet *ifp, const struct vi_linkprops *lp)
{
	struct iflink *il = ifp->if_extra != NULL ? ifp->if_extra->ix_link : NULL;
	struct vi_linkprops new;
	int error;

	if (lp != NULL && (error = iflink_check(ifp, lp)) != 0)
		return (error);
	if (lp == NULL || iflink_none(lp)) {
		if (il != NULL)
			iflink_remove(il);
		return (0);
	}
	new = *lp;
	iflink_defaults(ifp->if_home->vn_kernel, &new);
	if (il == NULL && (il = iflink_make(ifp)) == NULL)
		return (ENOBUFS);
	if ((error = iflink_transmitter(il, new.lp_queue)) != 0) {
		if (iflink_none(&il->il_props))		/* a new one */
			iflink_remove(il);
		return (error);
	}
	il->il_props = new;
	iflink_odds(il);
	return (0);
}

void
if_getlink(const struct ifnet *ifp, struct vi_linkprops *lp, struct vi_linkstats *lk)
{
	const struct iflink *il = ifp->if_extra != NULL ? ifp->if_extra->ix_link : NULL;

	if (lp != NULL)
		*lp = il != NULL ? il->il_props : (struct vi_linkprops){ 0 };
	if (lk != NULL) {
		*lk = il != NULL ? il->il_stats : (struct vi_linkstats){ 0 };
		lk->lk_held = il != NULL ? il->il_nheld : 0;
	}
}

/* Moving */

void
iflink_leave(struct iflink *il)
{
	struct acctset *as = vnet_acct(il->il_ifp->if_vnet);

	callout_stop(&il->il_callout);
	work_cancel(&il->il_ifp->if_vnet->vn_lane, &il->il_work);
	iflink_stat(il)->ls_purged += il->il_nheld;
	while (il->il_nheld > 0)
		m_freem(iflink_pop(il));
	kfree(as, ACCT_IFNET, il->il_heap, il->il_heapsize * sizeof(*il->il_heap));
	il->il_heap = NULL;
	il->il_heapsize = 0;
}

void
iflink_arrive(struct iflink *il)
{
	callout_init(&il->il_callout, &il->il_ifp->if_vnet->vn_lane, iflink_timer, il);
	work_init(&il->il_work, iflink_more);
}

static const struct stat_desc iflink_stats[] = {
	STAT("link", struct iflink_vnet, ls_frames, "frame%s sent over links with properties"),
	STAT("link", struct iflink_vnet, ls_qdrops, "frame%s found the transmitter's queue full"),
	STAT("link", struct iflink_vnet, ls_lost, "frame%s lost"),
	STAT("link", struct iflink_vnet, ls_corrupted, "frame%s damaged"),
	STAT("link", struct iflink_vnet, ls_dups, "frame%s doubled"),
	STAT("link", struct iflink_vnet, ls_reordered, "frame%s overtaken"),
	STAT("link", struct iflink_vnet, ls_full, "frame%s dropped with too many on their way"),
	STAT("link", struct iflink_vnet, ls_nomem, "frame%s dropped for lack of memory"),
	STAT("link", struct iflink_vnet, ls_purged, "frame%s dropped with their interface"),
	STAT_END
};

VNET_MODULE(iflink,
	.vm_size = sizeof(struct iflink_vnet),
	.vm_after = "net",
	.vm_stats = iflink_stats);
