/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several next hops of one prefix.
 *
 * Of those that can be used the lowest metric counts; among equal ones each flow has its own, by
 * hash threshold (RFC 2992): the range of the hash is divided by the weights, so that a flow stays
 * where it is as long as the set does.
 *
 * One whose router does not answer ARP is passed over while there are others (RFC 1122 3.3.1.4,
 * 3.3.1.5), as one is whose interface is down.  Which these are is looked up by the router (rv_choices), since whoever sends to neighbours that are not
 * there makes ARP say so of each.
 */
#include <string.h>

#include "base/assert.h"
#include "net/route_int.h"

static size_t
rt_group_size(unsigned n)
{
	return (sizeof(struct rt_group) + n * sizeof(struct rt_nhop *));
}

/* Lowest metric first, then as they are. */
static void
rt_hops_sort(struct rt_nhop **hops, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct rt_nhop *rn = hops[i];
		unsigned j = i;

		for (; j > 0 && hops[j - 1]->rn_nh.nh_metric > rn->rn_nh.nh_metric; j--)
			hops[j] = hops[j - 1];
		hops[j] = rn;
	}
}

static struct rt_group *
rt_group_find(struct rt_nhop **hops, unsigned n)
{
	struct rt_group *rg;

	LIST_FOREACH(rg, &hops[0]->rn_groups, rg_link)
		if (rg->rg_n == n && memcmp(rg->rg_hop, hops, n * sizeof(*hops)) == 0)
			return (rg);
	return (NULL);
}

static uint32_t
rt_mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x85ebca6bu;
	return (h ^ h >> 15);
}

static uint32_t
rt_mix_addr(uint32_t h, const struct net_addr *na)
{
	if (na->na_af == NET_AF_INET)
		return (rt_mix(h, na->na_in));
	for (unsigned i = 0; i < sizeof(na->na_in6); i += 4)
		h = rt_mix(h, be32dec(na->na_in6 + i));
	return (h);
}

static struct rt_nhophead *
rt_choices(const struct route_vnet *rv, const struct ifnet *ifp, const struct net_addr *gw)
{
	return (&rv->rv_choices[rt_mix_addr((uint32_t)rv->rv_vnet->vn_kernel->k_hashkey[0] ^ (uint32_t)((uintptr_t)ifp >> 6), gw) % RT_CHOICES]);
}

static void
rt_choose(struct route_vnet *rv, struct rt_nhop *rn)
{
	rn->rn_ngroups++;
	if ((rn->rn_nh.nh_flags & RTF_GATEWAY) == 0 || rn->rn_chosen)
		return;
	LIST_INSERT_HEAD(rt_choices(rv, rn->rn_nh.nh_ifp, &rn->rn_nh.nh_gw), rn, rn_choice);
	rn->rn_chosen = true;
}

static struct rt_group *
rt_group_new(struct route_vnet *rv, struct rt_nhop **hops, unsigned n)
{
	struct rt_group *rg;

	if (rv->rv_choices == NULL && (rv->rv_choices = kmalloc(rt_acct(rv), ACCT_HASH, RT_CHOICES * sizeof(*rv->rv_choices))) == NULL)
		return (NULL);
	if ((rg = kmalloc(rt_acct(rv), ACCT_ROUTE, rt_group_size(n))) == NULL)
		return (NULL);
	rg->rg_value.rn_refs = 1;
	rg->rg_value.rn_group = rg;
	rg->rg_n = n;
	rv->rv_ngroups++;
	for (unsigned i = 0; i < n; i++)
		rt_choose(rv, rg->rg_hop[i] = nhop_ref(hops[i]));
	LIST_INSERT_HEAD(&hops[0]->rn_groups, rg, rg_link);
	return (rg);
}

struct rt_nhop *
rt_value_get(struct route_vnet *rv, struct rt_nhop **hops, unsigned n)
{
	struct rt_group *rg;

	VI_ASSERT(n <= VI_RT_MAXPATHS);
	if (n <= 1)
		return (n == 0 ? NULL : hops[0]);
	rt_hops_sort(hops, n);
	if ((rg = rt_group_find(hops, n)) != NULL)
		rg->rg_value.rn_refs++;
	else
		rg = rt_group_new(rv, hops, n);
	for (unsigned i = 0; i < n; i++)
		nhop_rele(rv, hops[i]);
	return (rg == NULL ? NULL : &rg->rg_value);
}

void
rt_value_rele(struct route_vnet *rv, struct rt_nhop *value)
{
	struct rt_group *rg = value->rn_group;

	if (rg == NULL) {
		nhop_rele(rv, value);
	} else if (--value->rn_refs == 0) {
		LIST_REMOVE(rg, rg_link);
		for (unsigned i = 0; i < rg->rg_n; i++) {
			if (--rg->rg_hop[i]->rn_ngroups == 0 && !rg->rg_hop[i]->rn_silent)
				nhop_unchoose(rg->rg_hop[i]);
			nhop_rele(rv, rg->rg_hop[i]);
		}
		rv->rv_ngroups--;
		kfree(rt_acct(rv), ACCT_ROUTE, rg, rt_group_size(rg->rg_n));
	}
}

/* Routers in a row must not all divide in the same way: each vnet has its own hash. */
static uint32_t
rt_flow_hash(const struct route_vnet *rv, const struct rt_flow *rf)
{
	const struct vnet *vn = rv->rv_vnet;
	uint32_t h = rt_mix((uint32_t)vn->vn_kernel->k_hashkey[0], (uint32_t)vn->vn_id);

	if (rf == NULL)
		return (0);
	if (rf->rf_flowid != 0)
		return (rt_mix(rt_mix(h, rf->rf_flowid), 0));
	h = rt_mix_addr(rt_mix_addr(h, &rf->rf_src), &rf->rf_dst);
	return (rt_mix(rt_mix(h, (uint32_t)rf->rf_sport << 16 | rf->rf_dport), rf->rf_proto));
}

/* Those of the lowest metric that can be used, and the sum of their weights. */
static unsigned
rt_group_usable(const struct rt_group *rg, bool silent, struct rt_nhop *usable[VI_RT_MAXPATHS], uint64_t *sum)
{
	unsigned n = 0;

	*sum = 0;
	for (unsigned i = 0; i < rg->rg_n; i++) {
		struct rt_nhop *rn = rg->rg_hop[i];

		if (n > 0 && rn->rn_nh.nh_metric != usable[0]->rn_nh.nh_metric)
			break;
		if (nhop_usable(&rn->rn_nh) && (silent || !rn->rn_silent)) {
			usable[n++] = rn;
			*sum += rn->rn_nh.nh_weight;
		}
	}
	return (n);
}

static struct rt_nhop *
rt_group_select(const struct route_vnet *rv, const struct rt_group *rg, const struct rt_flow *rf)
{
	struct rt_nhop *usable[VI_RT_MAXPATHS];
	uint64_t sum, at;
	unsigned n = rt_group_usable(rg, rv->rv_passsilent == 0, usable, &sum);

	if (n == 0)
		n = rt_group_usable(rg, true, usable, &sum);
	if (n <= 1)
		return (n == 0 ? NULL : usable[0]);
	at = rt_flow_hash(rv, rf) * sum >> 32;
	for (unsigned i = 0; i < n - 1; i++) {
		if (at < usable[i]->rn_nh.nh_weight)
			return (usable[i]);
		at -= usable[i]->rn_nh.nh_weight;
	}
	return (usable[n - 1]);
}

struct rt_nhop *
rt_value_select(const struct route_vnet *rv, struct rt_nhop *value, const struct rt_flow *rf)
{
	if (value->rn_group != NULL)
		return (rt_group_select(rv, value->rn_group, rf));
	return (nhop_usable(&value->rn_nh) ? value : NULL);
}

bool
rt_router_silent(struct vnet *vn, const struct ifnet *ifp, const struct net_addr *gw, bool silent)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_nhop *rn = NULL, *next;
	bool choice = false;

	if (rv->rv_choices != NULL)
		rn = LIST_FIRST(rt_choices(rv, ifp, gw));
	for (; rn != NULL; rn = next) {
		next = LIST_NEXT(rn, rn_choice);
		if (rn->rn_nh.nh_ifp != ifp || !net_addr_same(&rn->rn_nh.nh_gw, gw) || (silent && rn->rn_ngroups == 0))
			continue;
		choice = true;
		rn->rn_silent = silent;
		rv->rv_generation++;
		if (rn->rn_ngroups == 0)
			nhop_unchoose(rn);
	}
	if (silent)
		rt_dyn_forget(rv, ifp, gw);
	return (choice);
}
