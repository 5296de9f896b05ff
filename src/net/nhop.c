/* SPDX-License-Identifier: BSD-2-Clause */
/* Next hops, shared by content: a million routes by three routers have three. */
#include <string.h>

#include "base/assert.h"
#include "net/route_int.h"

bool
net_addr_same(const struct net_addr *a, const struct net_addr *b)
{
	if (a->na_af != b->na_af || a->na_inet != b->na_inet)
		return (false);
	return (a->na_af == NET_AF_INET ? a->na_in == b->na_in
					: memcmp(a->na_in6, b->na_in6, sizeof(a->na_in6)) == 0);
}

/* Of the gateway: its last bits tell most. */
static uint32_t
nhop_gwbits(const struct nhop *nh)
{
	if ((nh->nh_flags & RTF_GATEWAY) == 0)
		return (0);
	if (nh->nh_gw.na_af == NET_AF_INET)
		return (nh->nh_gw.na_in);
	return (be32dec(nh->nh_gw.na_in6) * 31 + be32dec(nh->nh_gw.na_in6 + 4) * 7 +
	    be32dec(nh->nh_gw.na_in6 + 8) * 5 + be32dec(nh->nh_gw.na_in6 + 12));
}

static uint32_t
nhop_hash(const struct nhop *nh)
{
	uint64_t h = (uintptr_t)nh->nh_ifp * 0x9e3779b97f4a7c15ull;

	h = (h ^ (uintptr_t)nh->nh_ifa) * 0x9e3779b97f4a7c15ull;
	h = (h ^ nhop_gwbits(nh) ^ (uint64_t)nh->nh_flags << 32) * 0x9e3779b97f4a7c15ull;
	h = (h ^ nh->nh_mtu ^ (uint64_t)nh->nh_initcwnd << 40 ^ (uint64_t)nh->nh_prefixlen << 32 ^ nh->nh_expire) * 0x9e3779b97f4a7c15ull;
	return ((uint32_t)(h >> 32));
}

static struct rt_nhophead *
nhop_head(const struct route_vnet *rv, const struct nhop *nh)
{
	return (&rv->rv_nhops[nhop_hash(nh) & (rv->rv_nhopsize - 1)]);
}

static bool
nhop_samepath(const struct nhop *a, const struct nhop *b)
{
	return (a->nh_mtu == b->nh_mtu && a->nh_mtulock == b->nh_mtulock && a->nh_advmss == b->nh_advmss &&
	    a->nh_initcwnd == b->nh_initcwnd && a->nh_initrwnd == b->nh_initrwnd);
}

static bool
nhop_same(const struct nhop *a, const struct nhop *b)
{
	return (a->nh_expire == b->nh_expire && a->nh_ifp == b->nh_ifp && a->nh_ifa == b->nh_ifa && a->nh_flags == b->nh_flags &&
	    nhop_samepath(a, b) && a->nh_weight == b->nh_weight &&
	    a->nh_metric == b->nh_metric && a->nh_prefixlen == b->nh_prefixlen && a->nh_proto == b->nh_proto && a->nh_nhid == b->nh_nhid &&
	    ((a->nh_flags & RTF_GATEWAY) == 0 || net_addr_same(&a->nh_gw, &b->nh_gw)));
}

/* Without memory the chains get longer, no more. */
static void
nhops_grow(struct route_vnet *rv)
{
	struct rt_nhophead *old = rv->rv_nhops, *new;
	uint32_t osize = rv->rv_nhopsize, size = osize == 1 ? 16 : 2 * osize;
	struct rt_nhop *rn;

	if (rv->rv_nnhops < 8 || rv->rv_nnhops < osize ||
	    (new = kmalloc(rt_acct(rv), ACCT_HASH, size * sizeof(*new))) == NULL)
		return;
	for (uint32_t i = 0; i < size; i++)
		LIST_INIT(&new[i]);
	rv->rv_nhops = new;
	rv->rv_nhopsize = size;
	for (uint32_t i = 0; i < osize; i++) {
		while ((rn = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(rn, rn_link);
			LIST_INSERT_HEAD(nhop_head(rv, &rn->rn_nh), rn, rn_link);
		}
	}
	if (old != &rv->rv_few)
		kfree(rt_acct(rv), ACCT_HASH, old, osize * sizeof(*old));
}

void
nhop_use(const struct nhop *nh, int delta)
{
	if (nh->nh_flags & RTF_PINNED)
		return;
	nh->nh_ifp->if_nroutes += (uint32_t)delta;
	if (nh->nh_ifa != NULL && nh->nh_ifa->ifa_ifp != nh->nh_ifp)
		nh->nh_ifa->ifa_ifp->if_nroutes += (uint32_t)delta;
}

/* Other than its MTU. */
static bool
nhop_says(const struct nhop *nh)
{
	return (nh->nh_mtulock || nh->nh_advmss != 0 || nh->nh_initcwnd != 0 || nh->nh_initrwnd != 0);
}

bool
rt_saysofpaths(const struct vnet *vn)
{
	return (route_vnet(vn)->rv_nsaid != 0);
}

void
nhop_insert(struct route_vnet *rv, struct rt_nhop *rn, const struct nhop *nh)
{
	rn->rn_nh = *nh;
	rn->rn_nh.nh_use = 0;
	rn->rn_refs = 1;
	nhops_grow(rv);
	LIST_INSERT_HEAD(nhop_head(rv, nh), rn, rn_link);
	rv->rv_nnhops++;
	rv->rv_nsaid += nhop_says(nh);
	nhop_use(nh, 1);
}

struct rt_nhop *
nhop_get(struct route_vnet *rv, const struct nhop *nh)
{
	struct rt_nhop *rn;

	VI_ASSERT(nh->nh_expire == 0);
	LIST_FOREACH(rn, nhop_head(rv, nh), rn_link) {
		if (nhop_same(&rn->rn_nh, nh)) {
			rn->rn_refs++;
			return (rn);
		}
	}
	if ((rn = kmalloc(rt_acct(rv), ACCT_ROUTE, sizeof(*rn))) == NULL)
		return (NULL);
	nhop_insert(rv, rn, nh);
	return (rn);
}

void
nhop_rele(struct route_vnet *rv, struct rt_nhop *rn)
{
	VI_ASSERT(rn->rn_dyn == NULL && rn->rn_refs > 0);
	if (--rn->rn_refs > 0)
		return;
	nhop_use(&rn->rn_nh, -1);
	LIST_REMOVE(rn, rn_link);
	nhop_unchoose(rn);
	rv->rv_nnhops--;
	rv->rv_nsaid -= nhop_says(&rn->rn_nh);
	if (rn->rn_timed != NULL)
		rt_timed_free(rv, rn->rn_timed);
	else
		kfree(rt_acct(rv), ACCT_ROUTE, rn, sizeof(*rn));
}

void
nhops_fini(struct route_vnet *rv)
{
	VI_ASSERT(rv->rv_nnhops == 0);
	if (rv->rv_choices != NULL)
		kfree(rt_acct(rv), ACCT_HASH, rv->rv_choices, RT_CHOICES * sizeof(*rv->rv_choices));
	if (rv->rv_nhops != &rv->rv_few)
		kfree(rt_acct(rv), ACCT_HASH, rv->rv_nhops,
		    rv->rv_nhopsize * sizeof(*rv->rv_nhops));
}
