/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nexthops: ways, and groups of them, that have a number and stand beside the tables (what Linux calls nexthop objects).
 *
 * A route that is made of one has its next hops like any other, each with the nexthop's number.  So packets know nothing of all this; what
 * changes or takes away a nexthop goes through the tables once, if any next hop has its number at all.
 */
#include <errno.h>
#include <string.h>

#include "net/route_int.h"

struct rt_nexthop {
	RB_ENTRY(rt_nexthop) rx_link;
	struct vi_nexthop rx_nx;	/* the interface by its index, which stays when the name changes */
	unsigned	 rx_room;	/* parts there were when it was made */
	struct vi_nexthop_part rx_part[];
};

static int
nexthop_cmp(const struct rt_nexthop *a, const struct rt_nexthop *b)
{
	return ((a->rx_nx.nx_id > b->rx_nx.nx_id) - (a->rx_nx.nx_id < b->rx_nx.nx_id));
}

RB_PROTOTYPE(rt_nexthops, rt_nexthop, rx_link, nexthop_cmp);
RB_GENERATE(rt_nexthops, rt_nexthop, rx_link, nexthop_cmp)

static struct rt_nexthop *
nexthop_find(struct route_vnet *rv, uint32_t id)
{
	struct rt_nexthop key = { .rx_nx = { .nx_id = id } };

	return (RB_FIND(rt_nexthops, &rv->rv_nexthops, &key));
}

static size_t
nexthop_size(unsigned nparts)
{
	return (sizeof(struct rt_nexthop) + nparts * sizeof(struct vi_nexthop_part));
}

/* Routes of a nexthop */

/* Those of the first may have routers of the other: RFC 8950. */
static bool
nexthop_suits(const struct vi_nexthop *nx, uint8_t family)
{
	return (nx->nx_family == family || (family == VI_AF_INET && nx->nx_gateway.sa_family == VI_AF_INET6));
}

/* One more hop like the first, or more weight for one that goes the same way. */
static int
nexthop_hop(struct route_vnet *rv, const struct vi_nexthop *nx, const struct vi_route *common, uint32_t weight, struct vi_route *hops, unsigned *n)
{
	const struct ifnet *ifp = ifnet_byindex(rv->rv_vnet, nx->nx_ifindex);
	struct vi_route *rt = &hops[*n];

	if (!nexthop_suits(nx, common->rt_dst.sa_family))
		return (EAFNOSUPPORT);
	for (unsigned i = 0; i < *n; i++)
		if (hops[i].rt_ifindex == nx->nx_ifindex && memcmp(&hops[i].rt_gateway, &nx->nx_gateway, sizeof(nx->nx_gateway)) == 0) {
			hops[i].rt_weight += weight;
			return (0);
		}
	*rt = *common;
	rt->rt_flags |= nx->nx_flags & (RTF_GATEWAY | RTF_BLACKHOLE);
	rt->rt_gateway = nx->nx_gateway;
	rt->rt_weight = weight;
	rt->rt_ifindex = nx->nx_ifindex;
	if (ifp != NULL)
		memcpy(rt->rt_ifname, ifp->if_xname, sizeof(rt->rt_ifname));
	++*n;
	return (0);
}

int
rt_nexthop_hops(struct vnet *vn, uint32_t id, struct vi_route *hops, unsigned *n)
{
	struct route_vnet *rv = route_vnet(vn);
	const struct rt_nexthop *rx = nexthop_find(rv, id);
	struct vi_route common = hops[0];
	int error;

	*n = 0;
	if (rx == NULL)
		return (ENOENT);
	common.rt_nhid = id;
	if (rx->rx_nx.nx_n == 0)
		return (nexthop_hop(rv, &rx->rx_nx, &common, 1, hops, n));
	for (unsigned i = 0; i < rx->rx_nx.nx_n; i++)
		if ((error = nexthop_hop(rv, &nexthop_find(rv, rx->rx_part[i].np_id)->rx_nx, &common, rx->rx_part[i].np_weight, hops, n)) != 0)
			return (error);
	return (0);
}

/* What becomes of the routes of a nexthop. */
struct rt_follow {
	struct route_vnet *rf_rv;
	uint32_t	 rf_id;
	uint32_t	 rf_fib;
	uint8_t		 rf_af;
	unsigned	 rf_n;		/* their new next hops; none: they go */
	struct vi_route	 rf_rt[VI_RT_MAXPATHS];
	struct nhop	 rf_hop[VI_RT_MAXPATHS];
};

static bool
follow_concerns(const struct rt_follow *rf, struct rt_nhop *value)
{
	for (unsigned i = 0; i < rt_value_n(value); i++)
		if (rt_value_hop(value, i)->rn_nh.nh_nhid == rf->rf_id)
			return (true);
	return (false);
}

/* The new next hops in the place of an old one, with what the route itself says; returns how many there are now. */
static unsigned
follow_replace(const struct rt_follow *rf, const struct nhop *old, struct rt_nhop **hops, unsigned n)
{
	for (unsigned i = 0; i < rf->rf_n && n < VI_RT_MAXPATHS; i++) {
		struct nhop nh = rf->rf_hop[i];

		nh.nh_flags |= old->nh_flags & RTF_HOST;
		nh.nh_metric = old->nh_metric;
		nhop_copypath(&nh, old);
		nh.nh_prefixlen = old->nh_prefixlen;
		nh.nh_proto = old->nh_proto;
		if ((hops[n] = nhop_get(rf->rf_rv, &nh)) != NULL)
			n++;
	}
	return (n);
}

/* Without memory a route stays as it was. */
static void *
follow_one(void *arg, const uint32_t *key, void *value)
{
	const struct rt_follow *rf = arg;
	struct rt_nhop *hops[VI_RT_MAXPATHS], *new;
	const struct nhop *last = NULL;
	unsigned n = 0;

	if (!follow_concerns(rf, value))
		return (value);
	for (unsigned i = 0; i < rt_value_n(value) && n < VI_RT_MAXPATHS; i++) {
		struct rt_nhop *rn = rt_value_hop(value, i);

		if (rn->rn_nh.nh_nhid != rf->rf_id)
			hops[n++] = nhop_ref(rn);
		else if (last == NULL || last->nh_metric != rn->rn_nh.nh_metric)
			n = follow_replace(rf, last = &rn->rn_nh, hops, n);
		if (rn->rn_nh.nh_nhid == rf->rf_id)
			rt_event_route(rf->rf_rv, rf->rf_n == 0 ? VI_RTEV_ROUTE_DEL : VI_RTEV_ROUTE_CHANGE, rf->rf_fib, rf->rf_af, key, &rn->rn_nh);
	}
	new = rt_value_get(rf->rf_rv, hops, n);
	if (new == NULL && (n > 0 || rf->rf_n > 0))
		return (value);
	rt_value_rele(rf->rf_rv, value);
	return (new);
}

/* Is there a next hop of it at all?  They are few, whatever the tables hold. */
static bool
nexthop_used(const struct route_vnet *rv, uint32_t id)
{
	const struct rt_nhop *rn;

	for (uint32_t i = 0; i < rv->rv_nhopsize; i++)
		LIST_FOREACH(rn, &rv->rv_nhops[i], rn_link)
			if (rn->rn_nh.nh_nhid == id)
				return (true);
	return (false);
}

/* Its next hops for routes of a family; none when it is gone, or is for others only. */
static void
follow_resolve(struct rt_follow *rf, uint8_t af)
{
	unsigned n;

	rf->rf_af = af;
	rf->rf_n = 0;
	rf->rf_rt[0] = (struct vi_route){ .rt_dst = { .sa_family = af == NET_AF_INET ? VI_AF_INET : VI_AF_INET6 } };
	if (rt_nexthop_hops(rf->rf_rv->rv_vnet, rf->rf_id, rf->rf_rt, &n) != 0)
		return;
	for (unsigned i = 0; i < n; i++)
		if (rt_resolve_hop(rf->rf_rv->rv_vnet, &rf->rf_rt[i], &rf->rf_hop[rf->rf_n]) == 0)
			rf->rf_n++;
}

static void
nexthop_follow(struct route_vnet *rv, struct rt_follow *rf, uint32_t id)
{
	if (!nexthop_used(rv, id))
		return;
	rt_dyn_flush(rv);
	rf->rf_rv = rv;
	rf->rf_id = id;
	for (uint8_t af = 0; af < NET_AF_MAX; af++) {
		follow_resolve(rf, af);
		for (rf->rf_fib = 0; rf->rf_fib < rv->rv_nfibs; rf->rf_fib++)
			fib_purge(rt_fib(rv, rf->rf_fib, af), rt_acct(rv), follow_one, rf);
	}
	rv->rv_generation++;
}

/* Management */

static void
nexthop_free(struct route_vnet *rv, struct rt_nexthop *rx)
{
	RB_REMOVE(rt_nexthops, &rv->rv_nexthops, rx);
	rv->rv_nnexthops--;
	kfree(rt_acct(rv), ACCT_ROUTE, rx, nexthop_size(rx->rx_room));
}

static bool
nexthop_has(const struct rt_nexthop *rx, uint32_t id)
{
	for (unsigned i = 0; i < rx->rx_nx.nx_n; i++)
		if (rx->rx_part[i].np_id == id)
			return (true);
	return (false);
}

static int
nexthop_check_group(struct route_vnet *rv, const struct vi_nexthop *nx)
{
	if (nx->nx_n > VI_RT_MAXPATHS)
		return (E2BIG);
	for (unsigned i = 0; i < nx->nx_n; i++) {
		const struct rt_nexthop *rx = nexthop_find(rv, nx->nx_part[i].np_id);

		if (rx == NULL || rx->rx_nx.nx_n > 0 || nx->nx_part[i].np_weight == 0 || nx->nx_part[i].np_id == nx->nx_id ||
		    ((rx->rx_nx.nx_flags & RTF_BLACKHOLE) != 0 && nx->nx_n > 1))
			return (EINVAL);
		for (unsigned j = 0; j < i; j++)
			if (nx->nx_part[j].np_id == nx->nx_part[i].np_id)
				return (EINVAL);
	}
	return (0);
}

/* A way must be one that a route could go now. */
static int
nexthop_check(struct route_vnet *rv, const struct vi_nexthop *nx, uint32_t *ifindex)
{
	struct vi_route rt = { .rt_dst = { .sa_family = nx->nx_family }, .rt_gateway = nx->nx_gateway,
		.rt_flags = nx->nx_flags & (RTF_GATEWAY | RTF_BLACKHOLE | VI_RTF_NEAR | VI_RTF_ONLINK) };
	struct nhop nh;
	int error;

	*ifindex = 0;
	if (nx->nx_id == 0)
		return (EINVAL);
	if (nx->nx_n > 0)
		return (nexthop_check_group(rv, nx));
	memcpy(rt.rt_ifname, nx->nx_ifname, sizeof(rt.rt_ifname));
	if ((error = rt_resolve_hop(rv->rv_vnet, &rt, &nh)) == 0 && (nx->nx_flags & RTF_BLACKHOLE) == 0)
		*ifindex = nh.nh_ifp->if_index;
	return (error);
}

static struct rt_nexthop *
nexthop_new(struct route_vnet *rv, const struct vi_nexthop *nx, uint32_t ifindex)
{
	struct rt_nexthop *rx = kmalloc(rt_acct(rv), ACCT_ROUTE, nexthop_size(nx->nx_n));

	if (rx == NULL)
		return (NULL);
	rx->rx_nx = *nx;
	rx->rx_nx.nx_ifindex = ifindex;
	rx->rx_nx.nx_part = rx->rx_part;
	rx->rx_room = nx->nx_n;
	if (nx->nx_n > 0)
		memcpy(rx->rx_part, nx->nx_part, nx->nx_n * sizeof(rx->rx_part[0]));
	return (rx);
}

/* After it has changed: its routes, and those of the groups it is in. */
static void
nexthop_changed(struct route_vnet *rv, struct rt_follow *rf, uint32_t id)
{
	struct rt_nexthop *rx;

	nexthop_follow(rv, rf, id);
	RB_FOREACH(rx, rt_nexthops, &rv->rv_nexthops)
		if (nexthop_has(rx, id))
			nexthop_follow(rv, rf, rx->rx_nx.nx_id);
}

int
rt_nexthop_set(struct vnet *vn, const struct vi_nexthop *nx, bool replace)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_nexthop *old = nexthop_find(rv, nx->nx_id), *rx;
	struct rt_follow *rf = NULL;
	uint32_t ifindex;
	int error;

	if (old != NULL && !replace)
		return (EEXIST);
	if (old != NULL && (old->rx_nx.nx_n > 0) != (nx->nx_n > 0))
		return (EINVAL);
	if ((error = nexthop_check(rv, nx, &ifindex)) != 0)
		return (error);
	if (old == NULL && rv->rv_nnexthops >= rv->rv_maxnexthops)
		return (ENOBUFS);
	if (old != NULL && (rf = kmalloc(rt_acct(rv), ACCT_MISC, sizeof(*rf))) == NULL)
		return (ENOBUFS);
	if ((rx = nexthop_new(rv, nx, ifindex)) == NULL) {
		kfree(rt_acct(rv), ACCT_MISC, rf, sizeof(*rf));
		return (ENOBUFS);
	}
	if (old != NULL)
		nexthop_free(rv, old);
	(void)RB_INSERT(rt_nexthops, &rv->rv_nexthops, rx);
	rv->rv_nnexthops++;
	rt_event_nexthop(rv, VI_RTEV_NEXTHOP_ADD, nx->nx_id);
	if (rf != NULL)
		nexthop_changed(rv, rf, nx->nx_id);
	kfree(rt_acct(rv), ACCT_MISC, rf, sizeof(*rf));
	return (0);
}

static void
nexthop_leave(struct rt_nexthop *rx, uint32_t id)
{
	struct vi_nexthop *nx = &rx->rx_nx;
	unsigned n = 0;

	for (unsigned i = 0; i < nx->nx_n; i++)
		if (rx->rx_part[i].np_id != id)
			rx->rx_part[n++] = rx->rx_part[i];
	nx->nx_n = n;
}

/* Takes it out of one group that has it; a group of nothing else goes too.  False: no group has it. */
static bool
nexthop_ungroup(struct route_vnet *rv, struct rt_follow *rf, uint32_t id)
{
	struct rt_nexthop *rx;
	uint32_t group;

	RB_FOREACH(rx, rt_nexthops, &rv->rv_nexthops)
		if (nexthop_has(rx, id))
			break;
	if (rx == NULL)
		return (false);
	group = rx->rx_nx.nx_id;
	rt_event_nexthop(rv, rx->rx_nx.nx_n == 1 ? VI_RTEV_NEXTHOP_DEL : VI_RTEV_NEXTHOP_ADD, group);
	if (rx->rx_nx.nx_n == 1)
		nexthop_free(rv, rx);
	else
		nexthop_leave(rx, id);
	nexthop_follow(rv, rf, group);
	return (true);
}

int
rt_nexthop_delete(struct vnet *vn, uint32_t id)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_nexthop *rx = nexthop_find(rv, id);
	struct rt_follow *rf;

	if (rx == NULL)
		return (ENOENT);
	if ((rf = kmalloc(rt_acct(rv), ACCT_MISC, sizeof(*rf))) == NULL)
		return (ENOBUFS);
	rt_event_nexthop(rv, VI_RTEV_NEXTHOP_DEL, id);
	nexthop_free(rv, rx);
	nexthop_follow(rv, rf, id);
	while (nexthop_ungroup(rv, rf, id))
		;
	kfree(rt_acct(rv), ACCT_MISC, rf, sizeof(*rf));
	return (0);
}

/* Without memory they stay, and lead nowhere: the routes by the interface are gone then without them. */
void
rt_nexthops_gone(struct route_vnet *rv, const struct ifnet *ifp)
{
	struct rt_nexthop *rx;

	do {
		RB_FOREACH(rx, rt_nexthops, &rv->rv_nexthops)
			if (rx->rx_nx.nx_ifindex == ifp->if_index)
				break;
	} while (rx != NULL && rt_nexthop_delete(rv->rv_vnet, rx->rx_nx.nx_id) == 0);
}

static void
nexthop_tell(struct route_vnet *rv, const struct rt_nexthop *rx, vi_nexthop_fn *fn, void *arg)
{
	const struct ifnet *ifp = ifnet_byindex(rv->rv_vnet, rx->rx_nx.nx_ifindex);
	struct vi_nexthop nx = rx->rx_nx;

	if (ifp != NULL)
		memcpy(nx.nx_ifname, ifp->if_xname, sizeof(nx.nx_ifname));
	fn(arg, &nx);
}

void
rt_nexthop_list(struct vnet *vn, vi_nexthop_fn *fn, void *arg)
{
	struct rt_nexthop *rx;

	RB_FOREACH(rx, rt_nexthops, &route_vnet(vn)->rv_nexthops)
		nexthop_tell(route_vnet(vn), rx, fn, arg);
}

int
rt_nexthop_get(struct vnet *vn, uint32_t id, vi_nexthop_fn *fn, void *arg)
{
	const struct rt_nexthop *rx = nexthop_find(route_vnet(vn), id);

	if (rx == NULL)
		return (ENOENT);
	nexthop_tell(route_vnet(vn), rx, fn, arg);
	return (0);
}

void
rt_nexthops_fini(struct route_vnet *rv)
{
	struct rt_nexthop *rx;

	while ((rx = RB_MIN(rt_nexthops, &rv->rv_nexthops)) != NULL)
		nexthop_free(rv, rx);
}
