/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses a bridge knows.
 *
 * One hash holds what was learned from the sources of frames (by VLAN and address), what the administrator fixed, and the addresses of the bridge and its
 * members themselves, so that a frame needs one look for each of its two addresses.  Senders choose addresses: the hash multiplies by a
 * secret of the kernel.  Learned ones are bounded by maxaddr, and by a member's own limit; when the bridge is full nothing is learned
 * until something expires, and frames to unknown addresses go everywhere, which is slow and right.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_bridge.h"
#include "net/if_conf.h"

#define RT_MINSIZE	64u
#define RT_PRUNE	60u	/* s between looks for those that expired */
#define SECOND		1000000000ull

static struct acctset *
rt_acct(const struct bridge *sc)
{
	return (vnet_acct(sc->sc_ifp->if_vnet));
}

static struct bridge_rtlist *
rt_slot(const struct bridge *sc, uint64_t key)
{
	const uint64_t *secret = sc->sc_ifp->if_vnet->vn_kernel->k_hashkey;
	const uint64_t h = (key ^ secret[0]) * (secret[1] | 1);

	return (&sc->sc_rts[h >> 32 & (sc->sc_rtsize - 1)]);
}

/* Counted against the limits? */
static bool
rt_counts(const struct bridge_rt *rt)
{
	return ((rt->rt_flags & (IFBAF_LOCAL | IFBAF_STATIC)) == 0);
}

static bool
rt_expired(const struct bridge *sc, const struct bridge_rt *rt)
{
	return (rt->rt_flags == IFBAF_DYNAMIC && rt->rt_expire <= vnet_now(sc->sc_ifp->if_vnet));
}

static void
rt_free(struct bridge *sc, struct bridge_rt *rt)
{
	struct bridge_port *bp = rt->rt_port;

	LIST_REMOVE(rt, rt_hash);
	LIST_REMOVE(rt, rt_portlink);
	sc->sc_nrts--;
	if (rt_counts(rt)) {
		sc->sc_nlearned--;
		bp->bp_naddrs--;
	}
	if (bp != NULL && bp->bp_last == rt)
		bp->bp_last = NULL;
	kfree(rt_acct(sc), ACCT_HASH, rt, sizeof(*rt));
}

/* Without memory for a larger table the chains get longer, no more. */
static void
rt_grow(struct bridge *sc)
{
	const uint32_t osize = sc->sc_rtsize;
	struct bridge_rtlist *old = sc->sc_rts, *new;
	struct bridge_rt *rt;

	if (sc->sc_nrts < osize || (new = kmalloc(rt_acct(sc), ACCT_HASH, 2 * osize * sizeof(*new))) == NULL)
		return;
	sc->sc_rts = new;
	sc->sc_rtsize = 2 * osize;
	for (uint32_t i = 0; i < osize; i++)
		while ((rt = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(rt, rt_hash);
			LIST_INSERT_HEAD(rt_slot(sc, rt->rt_key), rt, rt_hash);
		}
	kfree(rt_acct(sc), ACCT_HASH, old, osize * sizeof(*old));
}

static struct bridge_rt *
rt_new(struct bridge *sc, struct bridge_port *bp, uint64_t key, uint8_t flags)
{
	struct bridge_rt *rt;

	rt_grow(sc);
	if ((rt = kmalloc(rt_acct(sc), ACCT_HASH, sizeof(*rt))) == NULL)
		return (NULL);
	rt->rt_key = key;
	rt->rt_port = bp;
	rt->rt_flags = flags;
	LIST_INSERT_HEAD(rt_slot(sc, key), rt, rt_hash);
	LIST_INSERT_HEAD(bp != NULL ? &bp->bp_rts : &sc->sc_local, rt, rt_portlink);
	sc->sc_nrts++;
	if (rt_counts(rt)) {
		sc->sc_nlearned++;
		bp->bp_naddrs++;
	}
	return (rt);
}

/* One of any age. */
static struct bridge_rt *
rt_get(struct bridge *sc, uint64_t key)
{
	struct bridge_rt *rt;

	if (sc->sc_rts == NULL)
		return (NULL);
	LIST_FOREACH(rt, rt_slot(sc, key), rt_hash)
		if (rt->rt_key == key)
			return (rt);
	return (NULL);
}

struct bridge_rt *
bridge_rt_find(struct bridge *sc, uint64_t key)
{
	struct bridge_rt *rt = rt_get(sc, key);

	if (rt == NULL || !rt_expired(sc, rt))
		return (rt);
	rt_free(sc, rt);
	return (NULL);
}

static void
rt_prune(void *arg)
{
	struct bridge *sc = arg;
	struct bridge_rt *rt, *next;

	for (uint32_t i = 0; i < sc->sc_rtsize; i++)
		LIST_FOREACH_SAFE(rt, &sc->sc_rts[i], rt_hash, next)
			if (rt_expired(sc, rt))
				rt_free(sc, rt);
	if (sc->sc_nlearned > 0)
		callout_reset(&sc->sc_prune, RT_PRUNE * SECOND);
}

static void
rt_touch(const struct bridge *sc, struct bridge_rt *rt)
{
	rt->rt_expire = sc->sc_timeout == 0 ? UINT64_MAX : vnet_now(sc->sc_ifp->if_vnet) + sc->sc_timeout * SECOND;
}

/* The station is where it was, or has moved; what is fixed stays. */
static void
rt_refresh(struct bridge *sc, struct bridge_port *bp, struct bridge_rt *rt)
{
	if (rt->rt_port != bp) {
		if (rt->rt_flags != IFBAF_DYNAMIC)
			return;
		bridge_vnet(sc->sc_ifp->if_vnet)->bv_moved++;
		if (rt->rt_port->bp_last == rt)
			rt->rt_port->bp_last = NULL;
		rt->rt_port->bp_naddrs--;
		bp->bp_naddrs++;
		LIST_REMOVE(rt, rt_portlink);
		LIST_INSERT_HEAD(&bp->bp_rts, rt, rt_portlink);
		rt->rt_port = bp;
	}
	rt_touch(sc, rt);
	bp->bp_last = rt;
}

int
bridge_rt_learn(struct bridge_port *bp, uint64_t key)
{
	struct bridge *sc = bp->bp_sc;
	struct bridge_rt *rt = bp->bp_last;

	if (rt != NULL && rt->rt_key == key) {
		rt_touch(sc, rt);
		return (0);
	}
	if ((rt = bridge_rt_find(sc, key)) != NULL) {
		rt_refresh(sc, bp, rt);
		return (0);
	}
	if (sc->sc_nlearned >= sc->sc_maxaddr || (bp->bp_addrmax != 0 && bp->bp_naddrs >= bp->bp_addrmax)) {
		bridge_vnet(sc->sc_ifp->if_vnet)->bv_full++;
		return (ENOSPC);
	}
	rt = rt_new(sc, bp, key, bp->bp_flags & IFBIF_STICKY ? IFBAF_STICKY : IFBAF_DYNAMIC);
	if (rt == NULL) {
		bridge_vnet(sc->sc_ifp->if_vnet)->bv_nomem++;
		return (ENOBUFS);
	}
	rt_touch(sc, rt);
	bp->bp_last = rt;
	if (!callout_pending(&sc->sc_prune))
		callout_reset(&sc->sc_prune, RT_PRUNE * SECOND);
	return (0);
}

int
bridge_rt_static(struct bridge_port *bp, uint64_t key)
{
	struct bridge *sc = bp->bp_sc;
	struct bridge_rt *rt = rt_get(sc, key);

	if (rt != NULL) {
		if ((rt->rt_flags & IFBAF_LOCAL) != 0)
			return (EEXIST);
		rt_free(sc, rt);
	}
	return (rt_new(sc, bp, key, IFBAF_STATIC) != NULL ? 0 : ENOBUFS);
}

int
bridge_rt_delete(struct bridge *sc, uint64_t key)
{
	struct bridge_rt *rt = bridge_rt_find(sc, key);

	if (rt == NULL || (rt->rt_flags & IFBAF_LOCAL) != 0)
		return (ENOENT);
	rt_free(sc, rt);
	return (0);
}

void
bridge_rt_flushport(struct bridge_port *bp, bool all)
{
	struct bridge_rt *rt, *next;

	LIST_FOREACH_SAFE(rt, &bp->bp_rts, rt_portlink, next)
		if ((rt->rt_flags & IFBAF_LOCAL) == 0 && (all || rt->rt_flags != IFBAF_STATIC))
			rt_free(bp->bp_sc, rt);
}

void
bridge_rt_flush(struct bridge *sc, bool all)
{
	struct bridge_port *bp;

	TAILQ_FOREACH(bp, &sc->sc_members, bp_link)
		bridge_rt_flushport(bp, all);
}

/* Own addresses */

/* Two interfaces may have the same one (vlans of one parent): it is the first one's. */
int
bridge_rt_local(struct bridge *sc, struct bridge_port *bp)
{
	const struct ifnet *ifp = bp != NULL ? bp->bp_ifp : sc->sc_ifp;
	const uint64_t key = bridge_key(ifp->if_lladdr, 0);
	struct bridge_rt *rt = rt_get(sc, key);

	if (ifp->if_addrlen == 0)
		return (0);
	if (rt != NULL && (rt->rt_flags & IFBAF_LOCAL) != 0)
		return (0);
	if (rt != NULL)
		rt_free(sc, rt);
	return (rt_new(sc, bp, key, IFBAF_LOCAL) != NULL ? 0 : ENOBUFS);
}

void
bridge_rt_unlocal(struct bridge *sc, struct bridge_port *bp)
{
	struct bridge_rt *rt, *next;
	struct bridge_port *other;
	bool had = false;

	LIST_FOREACH_SAFE(rt, bp != NULL ? &bp->bp_rts : &sc->sc_local, rt_portlink, next)
		if ((rt->rt_flags & IFBAF_LOCAL) != 0) {
			rt_free(sc, rt);
			had = true;
		}
	if (!had)
		return;
	if (bp != NULL)
		(void)bridge_rt_local(sc, NULL);
	TAILQ_FOREACH(other, &sc->sc_members, bp_link)
		if (other != bp)
			(void)bridge_rt_local(sc, other);
}

/* Life */

int
bridge_rt_begin(struct bridge *sc)
{
	if (sc->sc_rts != NULL)
		return (0);
	if ((sc->sc_rts = kmalloc(rt_acct(sc), ACCT_HASH, RT_MINSIZE * sizeof(*sc->sc_rts))) == NULL)
		return (ENOBUFS);
	sc->sc_rtsize = RT_MINSIZE;
	callout_init(&sc->sc_prune, &sc->sc_ifp->if_vnet->vn_lane, rt_prune, sc);
	return (bridge_rt_local(sc, NULL));
}

void
bridge_rt_end(struct bridge *sc)
{
	struct bridge_rt *rt;

	memset(sc->sc_seen, 0, sizeof(sc->sc_seen));
	if (sc->sc_rts == NULL)
		return;
	callout_stop(&sc->sc_prune);
	for (uint32_t i = 0; i < sc->sc_rtsize; i++)
		while ((rt = LIST_FIRST(&sc->sc_rts[i])) != NULL)
			rt_free(sc, rt);
	kfree(rt_acct(sc), ACCT_HASH, sc->sc_rts, sc->sc_rtsize * sizeof(*sc->sc_rts));
	sc->sc_rts = NULL;
	sc->sc_rtsize = 0;
}

static void
rt_show(const struct bridge *sc, const struct bridge_rt *rt, const struct ifopt_show *is)
{
	const uint64_t now = vnet_now(sc->sc_ifp->if_vnet);
	uint8_t mac[ETHER_ADDR_LEN];
	char text[ETHER_STRLEN], item[ETHER_STRLEN + 8];
	struct sbuf sb;
	uint64_t left = 0;

	for (unsigned i = 0; i < sizeof(mac); i++)
		mac[i] = (uint8_t)(rt->rt_key >> (40 - 8 * i));
	(void)ether_addr_ntop(text, sizeof(text), mac);
	sbuf_init(&sb, item, sizeof(item));
	sbuf_printf(&sb, "%s/%u", text, (unsigned)(rt->rt_key >> 48));
	if (rt->rt_flags == IFBAF_DYNAMIC && rt->rt_expire != UINT64_MAX)
		left = (rt->rt_expire - now + SECOND - 1) / SECOND;
	ifopt_put(is, "address", item, "lladdr", "%s", text);
	ifopt_put(is, "address", item, "vlan", "%u", rt->rt_key >> 48 != 0 ? (unsigned)(rt->rt_key >> 48) : 1);
	ifopt_put(is, "address", item, "member", "%s", rt->rt_port->bp_ifp->if_xname);
	ifopt_put(is, "address", item, "expire", "%u", (unsigned)left);
	ifopt_put(is, "address", item, "flags", "%u", rt->rt_flags);
}

void
bridge_rt_show(const struct bridge *sc, const struct ifopt_show *is)
{
	const struct bridge_port *bp;
	const struct bridge_rt *rt;

	TAILQ_FOREACH(bp, &sc->sc_members, bp_link)
		LIST_FOREACH(rt, &bp->bp_rts, rt_portlink)
			if ((rt->rt_flags & IFBAF_LOCAL) == 0 && !rt_expired(sc, rt))
				rt_show(sc, rt, is);
}
