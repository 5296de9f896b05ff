/* SPDX-License-Identifier: BSD-2-Clause */
/* The routes that interface addresses bring with them (RTF_PINNED), and take away. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "net/route_int.h"

/* What is done in every table. */
struct rt_ifroute {
	struct route_vnet *ri_rv;
	unsigned	 ri_af;
	uint32_t	 ri_key[FIB_MAXWORDS];
	uint8_t		 ri_len;
	struct ifaddr	*ri_ifa;	/* NULL: learned from a router (RFC 4861 6.3.4), no address of ours */
};

static bool
rt_ifroute_in(const struct rt_ifroute *ri, const struct ifnet *ifp, uint32_t fib)
{
	return (ri->ri_rv->rv_allfibs != 0 || fib == ifp->if_fib);
}

static struct rt_prefix
rt_ifroute_prefix(const struct rt_ifroute *ri, uint32_t fib)
{
	struct rt_prefix rp = { .rp_fib = rt_fib(ri->ri_rv, fib, ri->ri_af), .rp_fibnum = fib, .rp_af = (uint8_t)ri->ri_af, .rp_len = ri->ri_len };

	memcpy(rp.rp_key, ri->ri_key, sizeof(rp.rp_key));
	return (rp);
}

/*
 * An address's own route takes the place of one that somebody configured with the same metric, but not of another
 * address's.
 */
static int
rt_ifroute_add(const struct rt_ifroute *ri, uint32_t fib, const struct nhop *nh)
{
	const struct rt_prefix rp = rt_ifroute_prefix(ri, fib);
	struct route_vnet *rv = ri->ri_rv;
	struct rt_nhop *old = fib_find(rp.rp_fib, rp.rp_key, rp.rp_len), *hops[VI_RT_MAXPATHS], *rn;
	unsigned n = 1;

	for (unsigned i = 0; old != NULL && i < rt_value_n(old); i++)
		if ((rt_value_hop(old, i)->rn_nh.nh_flags & RTF_PINNED) != 0)
			return (EEXIST);
	if ((hops[0] = nhop_get(rv, nh)) == NULL)
		return (ENOBUFS);
	for (unsigned i = 0; old != NULL && i < rt_value_n(old) && n < VI_RT_MAXPATHS; i++)
		if ((rn = rt_value_hop(old, i))->rn_nh.nh_metric != nh->nh_metric)
			hops[n++] = nhop_ref(rn);
	return (rt_exchange(rv, &rp, hops, n));
}

/* What rt_value_without() is told. */
struct rt_ifroute_gone {
	const struct rt_ifroute *rg_ri;
	uint32_t	 rg_fib;
};

static bool
rt_ifroute_gone(void *arg, const struct nhop *nh)
{
	const struct rt_ifroute_gone *rg = arg;
	const struct rt_ifroute *ri = rg->rg_ri;

	if ((nh->nh_flags & RTF_PINNED) == 0 || nh->nh_ifa != ri->ri_ifa)
		return (false);
	rt_event_route(ri->ri_rv, VI_RTEV_ROUTE_DEL, rg->rg_fib, ri->ri_af, ri->ri_key, nh);
	return (true);
}

/* It may be gone already: administrators can take it away. */
static void
rt_ifroute_del(const struct rt_ifroute *ri, uint32_t fib)
{
	struct rt_ifroute_gone rg = { ri, fib };
	struct route_vnet *rv = ri->ri_rv;
	struct fib *f = rt_fib(rv, fib, ri->ri_af);
	struct rt_nhop *old = fib_find(f, ri->ri_key, ri->ri_len), *new;

	if (old == NULL || (new = rt_value_without(rv, old, rt_ifroute_gone, &rg)) == old)
		return;
	if (new == NULL)
		(void)fib_remove(f, rt_acct(rv), ri->ri_key, ri->ri_len);
	else
		(void)fib_replace(f, rt_acct(rv), ri->ri_key, ri->ri_len, new);
}

static int
rt_ifroute_addall(const struct rt_ifroute *ri, uint32_t flags, struct ifnet *ifp)
{
	const struct nhop nh = { .nh_ifp = ifp,
		.nh_ifa = ri->ri_ifa,
		.nh_flags = flags | RTF_UP | RTF_PINNED,
		.nh_weight = 1,
		.nh_prefixlen = ri->ri_len };
	struct route_vnet *rv = ri->ri_rv;
	uint32_t fib;
	int error = 0;

	rt_dyn_flush(rv);
	for (fib = 0; fib < rv->rv_nfibs && error == 0; fib++)
		if (rt_ifroute_in(ri, ri->ri_ifa != NULL ? ri->ri_ifa->ifa_ifp : ifp, fib))
			error = rt_ifroute_add(ri, fib, &nh);
	if (error != 0) {		/* fib is one past the one that failed */
		for (fib--; fib-- > 0;)
			if (rt_ifroute_in(ri, ri->ri_ifa != NULL ? ri->ri_ifa->ifa_ifp : ifp, fib))
				rt_ifroute_del(ri, fib);
	}
	rv->rv_generation++;
	return (error);
}

static void
rt_ifroute_delall(const struct rt_ifroute *ri)
{
	struct route_vnet *rv = ri->ri_rv;

	rt_dyn_flush(rv);
	for (uint32_t fib = 0; fib < rv->rv_nfibs; fib++)
		rt_ifroute_del(ri, fib);
	rv->rv_generation++;
}

static struct rt_ifroute
rt_ifroute4(struct vnet *vn, uint32_t dst, uint8_t len, struct ifaddr *ifa)
{
	return ((struct rt_ifroute){ .ri_rv = route_vnet(vn),
	    .ri_af = NET_AF_INET,
	    .ri_key = { NTOHL(dst) },
	    .ri_len = len,
	    .ri_ifa = ifa });
}

static struct rt_ifroute
rt_ifroute6(struct vnet *vn, const uint8_t dst[16], uint8_t len, struct ifaddr *ifa)
{
	struct rt_ifroute ri = {
		.ri_rv = route_vnet(vn), .ri_af = NET_AF_INET6, .ri_len = len, .ri_ifa = ifa
	};

	rt_key6(ri.ri_key, dst);
	return (ri);
}

int
rt_ifa_add(struct vnet *vn, uint32_t dst, uint8_t prefixlen, uint32_t flags, struct ifnet *ifp,
    struct ifaddr *ifa)
{
	const struct rt_ifroute ri = rt_ifroute4(vn, dst, prefixlen, ifa);

	return (rt_ifroute_addall(&ri, flags, ifp));
}

void
rt_ifa_del(struct vnet *vn, uint32_t dst, uint8_t prefixlen, struct ifaddr *ifa)
{
	const struct rt_ifroute ri = rt_ifroute4(vn, dst, prefixlen, ifa);

	rt_ifroute_delall(&ri);
}

int
rt_ifa_add6(struct vnet *vn, const uint8_t dst[16], uint8_t prefixlen, uint32_t flags,
    struct ifnet *ifp, struct ifaddr *ifa)
{
	const struct rt_ifroute ri = rt_ifroute6(vn, dst, prefixlen, ifa);

	return (rt_ifroute_addall(&ri, flags, ifp));
}

void
rt_ifa_del6(struct vnet *vn, const uint8_t dst[16], uint8_t prefixlen, struct ifaddr *ifa)
{
	const struct rt_ifroute ri = rt_ifroute6(vn, dst, prefixlen, ifa);

	rt_ifroute_delall(&ri);
}
