/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Routes as the administrator sees them: route(8) and netstat -r.  Everything here runs under the
 * kernel lock.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "net/route_int.h"
#include "wire/ip.h"

/* Everything a new route is made from. */
struct rt_request {
	struct vnet	*rr_vnet;
	const struct vi_route *rr_rt;
	struct rt_prefix rr_prefix;
	struct ifnet	*rr_ifp;	/* named; NULL: not */
	bool		 rr_hasgw;
	struct net_addr	 rr_gw;
};

int
rt_addr(const struct vi_sockaddr *sa, const struct ifnet *ifp, struct net_addr *na)
{
	const uint32_t zone = sa->sa_scope != 0 ? sa->sa_scope : ifp != NULL ? ifp->if_index : 0;

	*na = (struct net_addr){ .na_af = NET_AF_INET };
	switch (sa->sa_family) {
	case VI_AF_INET:
		na->na_in = sa->sa_in;
		return (0);
	case VI_AF_INET6:
		na->na_af = NET_AF_INET6;
		memcpy(na->na_in6, sa->sa_in6, sizeof(na->na_in6));
		if (rt_in6_zoned(na->na_in6) && zone != 0)
			be16enc(na->na_in6 + 2, (uint16_t)zone);
		return (0);
	default:
		return (EAFNOSUPPORT);
	}
}

void
rt_sockaddr(const struct net_addr *na, struct vi_sockaddr *sa)
{
	*sa = (struct vi_sockaddr){ .sa_family = VI_AF_INET };
	if (na->na_af == NET_AF_INET) {
		sa->sa_in = na->na_in;
		return;
	}
	sa->sa_family = VI_AF_INET6;
	memcpy(sa->sa_in6, na->na_in6, sizeof(sa->sa_in6));
	if (rt_in6_zoned(sa->sa_in6)) {
		sa->sa_scope = be16dec(sa->sa_in6 + 2);
		be16enc(sa->sa_in6 + 2, 0);
	}
}

static int
rt_prefix(struct route_vnet *rv, const struct vi_route *rt, const struct ifnet *ifp,
    struct rt_prefix *rp)
{
	struct net_addr dst;
	int error;

	/* A prefix too short to hold a zone is in none: fe80::/10. */
	if ((error = rt_addr(&rt->rt_dst,
		 rt->rt_prefixlen >= 32 || (rt->rt_flags & RTF_HOST) != 0 ? ifp : NULL, &dst)) != 0)
		return (error);
	if (rt->rt_fib >= rv->rv_nfibs)
		return (EINVAL);
	rp->rp_af = dst.na_af;
	rp->rp_len = rt->rt_flags & RTF_HOST ? rt_bits(rp->rp_af) : rt->rt_prefixlen;
	if (rp->rp_len > rt_bits(rp->rp_af))
		return (EINVAL);
	rp->rp_fibnum = rt->rt_fib;
	rp->rp_fib = rt_fib(rv, rt->rt_fib, rp->rp_af);
	rt_key(rp->rp_key, &dst);
	return (0);
}

static int
rt_request(struct vnet *vn, const struct vi_route *rt, struct rt_request *rr)
{
	int error;

	*rr = (struct rt_request){ .rr_vnet = vn, .rr_rt = rt };
	if (rt->rt_ifname[0] != '\0' && (rr->rr_ifp = ifnet_byname(vn, rt->rt_ifname)) == NULL)
		return (ENXIO);
	if ((error = rt_prefix(route_vnet(vn), rt, rr->rr_ifp, &rr->rr_prefix)) != 0)
		return (error);
	if (rt->rt_gateway.sa_family == VI_AF_UNSPEC)
		return (0);
	if ((error = rt_addr(&rt->rt_gateway, rr->rr_ifp, &rr->rr_gw)) != 0)
		return (error);
	rr->rr_gw.na_inet = rr->rr_prefix.rp_af == NET_AF_INET && rr->rr_gw.na_af == NET_AF_INET6;
	if (net_addr_carries(&rr->rr_gw) != rr->rr_prefix.rp_af)
		return (EAFNOSUPPORT);
	rr->rr_hasgw = true;
	return (0);
}

/*
 * The address that a route suggests as source.  For IPv6 that is chosen packet by packet (RFC
 * 6724), and routes outlive addresses.
 */
static struct ifaddr *
rt_firstaddr(const struct rt_request *rr, const struct ifnet *ifp)
{
	struct ifaddr *ifa;

	if (rr->rr_prefix.rp_af == NET_AF_INET)
		TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
			if (ifa->ifa_addr.na_af == NET_AF_INET)
				return (ifa);
	return (NULL);
}

/* By a router of IPv6, on a link where we may have no address of IPv4: then one of another link. */
static struct ifaddr *
rt_anyaddr(const struct rt_request *rr, const struct ifnet *ifp)
{
	struct ifaddr *ifa = rt_firstaddr(rr, ifp);
	const struct ifnet *other;

	TAILQ_FOREACH(other, &net_vnet(rr->rr_vnet)->nv_ifs, if_link)
		if (ifa == NULL && (ifa = rt_firstaddr(rr, other)) != NULL && in_loopback(ifa->ifa_addr.na_in))
			ifa = NULL;
	return (ifa);
}

/* Our own address, by its route. */
static struct ifaddr *
rt_ownaddr(const struct rt_request *rr, const struct net_addr *na)
{
	const struct nhop *nh = rt_match_addr(route_vnet(rr->rr_vnet), rr->rr_prefix.rp_fibnum, na);

	return (nh != NULL && (nh->nh_flags & RTF_LOCAL) != 0 && nh->nh_ifa != NULL &&
		    net_addr_same(&nh->nh_ifa->ifa_addr, na)
		? nh->nh_ifa
		: NULL);
}

static bool
rt_gateway_ok(const struct net_addr *gw)
{
	if (gw->na_af == NET_AF_INET6)
		return (rt_in6_unicast(gw->na_in6));
	return (gw->na_in != 0 && !in_multicast(gw->na_in) && !in_broadcast(gw->na_in));
}

/* The net of a table that the router is on, which need not be the longest prefix; NULL. */
static const struct nhop *
rt_near(const struct rt_request *rr, uint32_t fib)
{
	const struct fib_node *path[FIB_MAXPATH];
	uint32_t key[FIB_MAXWORDS];

	rt_key(key, &rr->rr_gw);
	for (unsigned n = fib_path(rt_fib(route_vnet(rr->rr_vnet), fib, rr->rr_gw.na_af), key, path); n > 0; n--)
		for (unsigned i = 0; i < rt_value_n(path[n - 1]->fn_value); i++) {
			const struct nhop *nh = &rt_value_hop(path[n - 1]->fn_value, i)->rn_nh;

			if (nhop_usable(nh) && (nh->nh_flags & (RTF_GATEWAY | RTF_NOWHERE | RTF_BROADCAST)) == 0 &&
			    (rr->rr_ifp == NULL || nh->nh_ifp == rr->rr_ifp))
				return (nh);
		}
	return (NULL);
}

/* The net that the router is on, when its interface is up and only has no carrier: whoever names the router need not wait for the cable; NULL. */
static const struct nhop *
rt_unplugged(const struct rt_request *rr)
{
	const struct fib_node *path[FIB_MAXPATH];
	const struct nhop *nh;
	uint32_t key[FIB_MAXWORDS];
	unsigned n;

	rt_key(key, &rr->rr_gw);
	n = fib_path(rt_fib(route_vnet(rr->rr_vnet), rr->rr_prefix.rp_fibnum, rr->rr_gw.na_af), key, path);
	if (n == 0 || rt_value_n(path[n - 1]->fn_value) == 0)
		return (NULL);
	nh = &rt_value_hop(path[n - 1]->fn_value, 0)->rn_nh;
	return (!nhop_usable(nh) && (nh->nh_ifp->if_flags & IFF_UP) != 0 && (nh->nh_flags & (RTF_GATEWAY | RTF_NOWHERE | RTF_BROADCAST)) == 0 ? nh : NULL);
}

/* How the router is reached.  With NEAR as Linux wants it: by a net of this table or of the first, where an interface's may stand alone. */
static int
rt_via(const struct rt_request *rr, const struct nhop **via)
{
	const uint32_t fib = rr->rr_prefix.rp_fibnum;

	if ((*via = rt_unplugged(rr)) == NULL)
		*via = rt_match_addr(route_vnet(rr->rr_vnet), fib, &rr->rr_gw);
	if ((rr->rr_rt->rt_flags & VI_RTF_NEAR) == 0)
		return (rr->rr_ifp != NULL || (*via != NULL && ((*via)->nh_flags & (RTF_GATEWAY | RTF_NOWHERE)) == 0) ? 0 : ENETUNREACH);
	if (rr->rr_gw.na_af == NET_AF_INET6 && rt_in6_zoned(rr->rr_gw.na_in6))
		return (rr->rr_ifp != NULL ? 0 : EINVAL);
	if ((*via = rt_near(rr, fib)) == NULL && fib != 0)
		*via = rt_near(rr, 0);
	return (*via != NULL ? 0 : ENETUNREACH);
}

/* By a router that must be on a net of ours. */
static int
rt_fill_gateway(const struct rt_request *rr, struct nhop *nh)
{
	const struct nhop *via;
	int error;

	if (!rt_gateway_ok(&rr->rr_gw))
		return (EINVAL);
	if ((error = rt_via(rr, &via)) != 0)
		return (error);
	if (nh->nh_ifp == NULL)
		nh->nh_ifp = via->nh_ifp;
	if (rr->rr_gw.na_inet)
		nh->nh_ifa = rt_anyaddr(rr, nh->nh_ifp);
	else if (rr->rr_prefix.rp_af == NET_AF_INET && via != NULL && via->nh_ifp == nh->nh_ifp &&
	    via->nh_ifa != NULL)
		nh->nh_ifa = via->nh_ifa;
	else
		nh->nh_ifa = rt_firstaddr(rr, nh->nh_ifp);
	nh->nh_flags |= RTF_GATEWAY;
	nh->nh_gw = rr->rr_gw;
	return (0);
}

/* Directly by an interface, which may be named by our address on it. */
static int
rt_fill_interface(const struct rt_request *rr, struct nhop *nh)
{
	struct ifaddr *ifa = NULL;

	if (rr->rr_hasgw && (ifa = rt_ownaddr(rr, &rr->rr_gw)) == NULL)
		return (ENETUNREACH);
	if (nh->nh_ifp == NULL && ifa != NULL)
		nh->nh_ifp = ifa->ifa_ifp;
	if (nh->nh_ifp == NULL)
		return (EINVAL);
	nh->nh_ifa = ifa != NULL ? ifa : rt_firstaddr(rr, nh->nh_ifp);
	return (0);
}

/* Nowhere: kept at the loopback interface, with the gateway that was named for the look of it. */
static int
rt_fill_nowhere(const struct rt_request *rr, struct nhop *nh)
{
	if ((nh->nh_ifp = net_vnet(rr->rr_vnet)->nv_lo0) == NULL)
		return (ENETUNREACH);
	nh->nh_ifa = rt_firstaddr(rr, nh->nh_ifp);
	if (rr->rr_hasgw) {
		nh->nh_flags |= RTF_GATEWAY;
		nh->nh_gw = rr->rr_gw;
	}
	return (0);
}

/* Interface, gateway and source address of a new route. */
static int
rt_fill(const struct rt_request *rr, struct nhop *nh)
{
	const struct vi_route *rt = rr->rr_rt;
	struct net_addr src;
	int error;

	nh->nh_ifp = rr->rr_ifp;
	if (rt->rt_flags & RTF_NOWHERE)
		error = rt_fill_nowhere(rr, nh);
	else if (rr->rr_hasgw &&
	    ((rt->rt_flags & RTF_GATEWAY) != 0 || rt_ownaddr(rr, &rr->rr_gw) == NULL))
		error = rt_fill_gateway(rr, nh);
	else
		error = rt_fill_interface(rr, nh);
	if (error != 0 || rt->rt_ifa.sa_family == VI_AF_UNSPEC)
		return (error);
	if ((error = rt_addr(&rt->rt_ifa, nh->nh_ifp, &src)) != 0)
		return (error);
	return ((nh->nh_ifa = rt_ownaddr(rr, &src)) == NULL ? EADDRNOTAVAIL : 0);
}

/* What is said of the path; the rest stays as it was. */
static void
rt_metrics_path(const struct vi_route *rt, struct nhop *nh)
{
	if (rt->rt_mtu != 0) {
		nh->nh_mtu = rt->rt_mtu;
		nh->nh_mtulock = rt->rt_mtulock;
	}
	if (rt->rt_advmss != 0)
		nh->nh_advmss = rt->rt_advmss;
	if (rt->rt_initcwnd != 0)
		nh->nh_initcwnd = rt->rt_initcwnd;
	if (rt->rt_initrwnd != 0)
		nh->nh_initrwnd = rt->rt_initrwnd;
}

static int
rt_metrics(const struct rt_request *rr, struct nhop *nh)
{
	const struct vi_route *rt = rr->rr_rt;
	const uint32_t min = rr->rr_prefix.rp_af == NET_AF_INET ? IP_MINMTU : RT_MINMTU6;

	if (rt->rt_mtu == 0 && rt->rt_mtulock)
		return (EINVAL);
	if (rt->rt_mtu != 0 && (rt->rt_mtu < min || rt->rt_mtu > IP_MAXPACKET))
		return (EINVAL);
	if (rt->rt_expire != 0 && rt->rt_nhid != 0)	/* it goes with its nexthop */
		return (EINVAL);
	rt_metrics_path(rt, nh);
	if (rt->rt_weight != 0)
		nh->nh_weight = rt->rt_weight;
	if (rt->rt_metric != 0)
		nh->nh_metric = rt->rt_metric;
	if (rt->rt_expire == VI_RT_NEVER)
		nh->nh_expire = 0;
	else if (rt->rt_expire != 0)
		nh->nh_expire = lane_clock(&rr->rr_vnet->vn_lane) + u64min(rt->rt_expire, VI_RT_MAXEXPIRE);
	return (0);
}

static int
rt_template(const struct rt_request *rr, struct nhop *nh)
{
	const struct rt_prefix *rp = &rr->rr_prefix;
	int error;

	*nh = (struct nhop){
		.nh_flags = RTF_UP | RTF_STATIC | (rr->rr_rt->rt_flags & RTF_NOWHERE) |
		    (rr->rr_rt->rt_flags & RTF_PROHIBIT ? RTF_REJECT : 0) | (rr->rr_rt->rt_flags & VI_RTF_ONLINK) |
		    (rp->rp_len == rt_bits(rp->rp_af) ? RTF_HOST : 0),
		.nh_weight = 1,
		.nh_prefixlen = (uint8_t)rp->rp_len,
		.nh_proto = rr->rr_rt->rt_proto,
		.nh_nhid = rr->rr_rt->rt_nhid,
	};
	if ((error = rt_fill(rr, nh)) != 0)
		return (error);
	return (rt_metrics(rr, nh));
}

int
rt_resolve_hop(struct vnet *vn, const struct vi_route *rt, struct nhop *nh)
{
	struct rt_request rr;
	int error = rt_request(vn, rt, &rr);

	return (error != 0 ? error : rt_template(&rr, nh));
}

/* The same way, whatever its metrics? */
static bool
rt_sameway(const struct nhop *a, const struct nhop *b)
{
	const uint32_t kind = RTF_GATEWAY | RTF_NOWHERE;

	return (a->nh_ifp == b->nh_ifp && (a->nh_flags & kind) == (b->nh_flags & kind) &&
	    ((a->nh_flags & RTF_GATEWAY) == 0 || net_addr_same(&a->nh_gw, &b->nh_gw)));
}

/* May nh stand beside what the prefix has? */
static int
rt_beside(const struct route_vnet *rv, struct rt_nhop *old, const struct nhop *nh, uint32_t flags)
{
	if (rt_value_n(old) == VI_RT_MAXPATHS)
		return (E2BIG);
	for (unsigned i = 0; i < rt_value_n(old); i++) {
		const struct nhop *o = &rt_value_hop(old, i)->rn_nh;

		if (o->nh_metric == nh->nh_metric &&
		    (rv->rv_multipath == 0 || (o->nh_flags & RTF_PINNED) != 0 || (flags & VI_RTF_EXCL) != 0 || rt_sameway(o, nh) ||
			((o->nh_flags | nh->nh_flags) & RTF_NOWHERE) != 0))
			return (EEXIST);
	}
	return (0);
}

int
rt_add(struct vnet *vn, const struct vi_route *rt)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_request rr;
	const struct rt_prefix *rp = &rr.rr_prefix;
	struct rt_nhop *old, *new, *hops[VI_RT_MAXPATHS];
	struct nhop nh;
	unsigned n = 0;
	int error;

	if ((error = rt_request(vn, rt, &rr)) != 0)
		return (error);
	rt_dyn_flush(rv);
	if ((error = rt_template(&rr, &nh)) != 0)
		return (error);
	if ((old = fib_find(rp->rp_fib, rp->rp_key, rp->rp_len)) != NULL &&
	    (error = rt_beside(rv, old, &nh, rt->rt_flags)) != 0)
		return (error);
	if ((new = rt_hop_get(rv, rp, &nh)) == NULL)
		return (ENOBUFS);
	for (unsigned i = 0; old != NULL && i < rt_value_n(old); i++)
		hops[n++] = nhop_ref(rt_value_hop(old, i));
	hops[n++] = new;
	if ((error = rt_put(rv, rp, hops, n)) == 0)
		rt_tell(rv, VI_RTEV_ROUTE_ADD, rp, &nh);
	return (error);
}

/* What the request does not say stays as it was. */
static int
rt_changed(const struct rt_request *rr, const struct nhop *old, struct nhop *nh)
{
	const struct vi_route *rt = rr->rr_rt;
	int error;

	if (!rr->rr_hasgw && rr->rr_ifp == NULL &&
	    (rt->rt_flags & RTF_NOWHERE) == 0) {
		if ((old->nh_flags & RTF_PINNED) != 0 && rt->rt_expire != 0)
			return (EPERM);
		*nh = *old;
		return (rt_metrics(rr, nh));
	}
	if (old->nh_flags & RTF_PINNED)
		return (EPERM);
	if ((error = rt_template(rr, nh)) != 0)
		return (error);
	nhop_copypath(nh, old);
	rt_metrics_path(rt, nh);
	nh->nh_weight = rt->rt_weight != 0 ? nh->nh_weight : old->nh_weight;
	nh->nh_metric = rt->rt_metric != 0 ? nh->nh_metric : old->nh_metric;
	nh->nh_expire = rt->rt_expire != 0 ? nh->nh_expire : old->nh_expire;
	return (0);
}

/* Is it what the request names, as far as it names something? */
static bool
rt_named(const struct rt_request *rr, const struct nhop *nh)
{
	const bool gw = rr->rr_hasgw && (rr->rr_rt->rt_flags & RTF_GATEWAY) != 0;

	return ((!gw || ((nh->nh_flags & RTF_GATEWAY) != 0 && net_addr_same(&nh->nh_gw, &rr->rr_gw))) &&
	    (rr->rr_ifp == NULL || nh->nh_ifp == rr->rr_ifp) &&
	    (rr->rr_rt->rt_metric == 0 || nh->nh_metric == rr->rr_rt->rt_metric) &&
	    (rr->rr_rt->rt_nhid == 0 || nh->nh_nhid == rr->rr_rt->rt_nhid));
}

/* Of several the one that goes the way of nh; NULL. */
static struct rt_nhop *
rt_sameway_of(struct rt_nhop *value, const struct nhop *nh)
{
	for (unsigned i = 0; i < rt_value_n(value); i++)
		if (rt_sameway(&rt_value_hop(value, i)->rn_nh, nh))
			return (rt_value_hop(value, i));
	return (NULL);
}

/* What a change begins with: when it names a way, not the route of an address.  NULL: there is nothing else. */
static struct rt_nhop *
rt_changeable(const struct rt_request *rr, struct rt_nhop *old)
{
	if (!rr->rr_hasgw && rr->rr_ifp == NULL && (rr->rr_rt->rt_flags & RTF_NOWHERE) == 0)
		return (rt_value_hop(old, 0));
	for (unsigned i = 0; i < rt_value_n(old); i++)
		if ((rt_value_hop(old, i)->rn_nh.nh_flags & RTF_PINNED) == 0)
			return (rt_value_hop(old, i));
	return (NULL);
}

/* Of an address's own route only the metrics can be changed. */
int
rt_change(struct vnet *vn, const struct vi_route *rt)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_request rr;
	const struct rt_prefix *rp = &rr.rr_prefix;
	struct rt_nhop *old, *rn, *same, *hops[VI_RT_MAXPATHS];
	struct nhop nh;
	unsigned n = 0;
	int error;

	if ((error = rt_request(vn, rt, &rr)) != 0)
		return (error);
	rt_dyn_flush(rv);
	if ((old = fib_find(rp->rp_fib, rp->rp_key, rp->rp_len)) == NULL)
		return (ESRCH);
	if ((rn = rt_changeable(&rr, old)) == NULL)
		return (EPERM);
	if ((error = rt_changed(&rr, &rn->rn_nh, &nh)) != 0)
		return (error);
	if ((same = rt_sameway_of(old, &nh)) != NULL &&
	    (error = rt_changed(&rr, &same->rn_nh, &nh)) != 0)
		return (error);
	if ((hops[n++] = rt_hop_get(rv, rp, &nh)) == NULL)
		return (ENOBUFS);
	for (unsigned i = 0; i < rt_value_n(old); i++) {
		rn = rt_value_hop(old, i);
		if (rn != same && (same != NULL || (rn->rn_nh.nh_flags & RTF_PINNED) != 0))
			hops[n++] = nhop_ref(rn);
	}
	if ((error = rt_put(rv, rp, hops, n)) == 0)
		rt_tell(rv, VI_RTEV_ROUTE_CHANGE, rp, &nh);
	return (error);
}

/* Makes n next hops of requests for one prefix and metric; *done: how many are in hops, with references, whatever is returned. */
static int
rt_hops_get(struct route_vnet *rv, const struct vi_route *rt, unsigned n, struct rt_prefix *rp,
    struct rt_nhop **hops, unsigned *done)
{
	struct rt_request rr;
	struct nhop nh;
	int error;

	for (*done = 0; *done < n; ++*done) {
		if ((error = rt_request(rv->rv_vnet, &rt[*done], &rr)) != 0 ||
		    (error = rt_template(&rr, &nh)) != 0)
			return (error);
		if (*done == 0)
			*rp = rr.rr_prefix;
		if (rr.rr_prefix.rp_fib != rp->rp_fib || rr.rr_prefix.rp_len != rp->rp_len ||
		    !fib_same(rr.rr_prefix.rp_key, rp->rp_key, rp->rp_len) ||
		    rt[*done].rt_metric != rt[0].rt_metric ||
		    (n > 1 && (nh.nh_flags & RTF_NOWHERE) != 0))
			return (EINVAL);
		for (unsigned i = 0; i < *done; i++)
			if (rt_sameway(&hops[i]->rn_nh, &nh))
				return (EINVAL);
		if ((hops[*done] = rt_hop_get(rv, rp, &nh)) == NULL)
			return (ENOBUFS);
	}
	return (0);
}

/* Adds to n new hops what the prefix keeps beside them. */
static int
rt_hops_keep(struct rt_nhop *old, const struct vi_route *rt, struct rt_nhop **hops, unsigned *n)
{
	for (unsigned i = 0; i < rt_value_n(old); i++) {
		struct rt_nhop *rn = rt_value_hop(old, i);

		if (rn->rn_nh.nh_metric == rt->rt_metric &&
		    ((rn->rn_nh.nh_flags & RTF_PINNED) != 0 || (rt->rt_flags & VI_RTF_EXCL) != 0))
			return (EEXIST);
		if (rn->rn_nh.nh_metric == rt->rt_metric)
			continue;
		if (*n == VI_RT_MAXPATHS)
			return (E2BIG);
		hops[(*n)++] = nhop_ref(rn);
	}
	return (0);
}

int
rt_replace(struct vnet *vn, const struct vi_route *rt, unsigned n)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_nhop *hops[VI_RT_MAXPATHS], *old;
	struct rt_prefix rp;
	unsigned have;
	int error;

	if (n == 0 || n > VI_RT_MAXPATHS)
		return (n == 0 ? EINVAL : E2BIG);
	rt_dyn_flush(rv);
	error = rt_hops_get(rv, rt, n, &rp, hops, &have);
	old = error == 0 ? fib_find(rp.rp_fib, rp.rp_key, rp.rp_len) : NULL;
	if (error != 0 || (old != NULL && (error = rt_hops_keep(old, rt, hops, &have)) != 0)) {
		while (have > 0)
			nhop_rele(rv, hops[--have]);
		return (error);
	}
	return (rt_exchange(rv, &rp, hops, have));
}

/* Is it named, and may it go?  The route of an address only when that is said, and of its kind. */
static bool
rt_deletable(const struct rt_request *rr, const struct nhop *nh)
{
	const uint32_t flags = rr->rr_rt->rt_flags, kind = RTF_LOCAL | RTF_BROADCAST;

	if (!rt_named(rr, nh))
		return (false);
	if ((nh->nh_flags & RTF_PINNED) == 0)
		return ((flags & kind) == 0);
	return ((flags & RTF_PINNED) != 0 && (flags & kind) == (nh->nh_flags & kind));
}

/* No metric is named: the lowest of those that are; other routes stand behind it and stay. */
static int
rt_lowest_named(const struct rt_request *rr, struct rt_nhop *value, uint32_t *lowest)
{
	bool named = false, found = false;

	*lowest = UINT32_MAX;
	for (unsigned i = 0; i < rt_value_n(value); i++) {
		const struct nhop *nh = &rt_value_hop(value, i)->rn_nh;

		named |= rt_named(rr, nh);
		if (!rt_deletable(rr, nh))
			continue;
		found = true;
		*lowest = MIN(*lowest, nh->nh_metric);
	}
	if (found)
		return (0);
	return (named && (rr->rr_rt->rt_flags & (RTF_PINNED | RTF_LOCAL | RTF_BROADCAST)) == 0 ? EPERM : ESRCH);
}

int
rt_delete(struct vnet *vn, const struct vi_route *rt)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_request rr;
	const struct rt_prefix *rp = &rr.rr_prefix;
	struct rt_nhop *old, *hops[VI_RT_MAXPATHS];
	unsigned n = 0, gone = VI_RT_MAXPATHS;	/* those from here on, the last one first */
	uint32_t lowest;
	int error;

	if ((error = rt_request(vn, rt, &rr)) != 0)
		return (error);
	rt_dyn_flush(rv);
	if ((old = fib_find(rp->rp_fib, rp->rp_key, rp->rp_len)) == NULL)
		return (ESRCH);
	if ((error = rt_lowest_named(&rr, old, &lowest)) != 0)
		return (error);
	for (unsigned i = 0; i < rt_value_n(old); i++) {
		if (rt_deletable(&rr, &rt_value_hop(old, i)->rn_nh) &&
		    rt_value_hop(old, i)->rn_nh.nh_metric == lowest)
			hops[--gone] = rt_value_hop(old, i);
		else
			hops[n++] = rt_value_hop(old, i);
	}
	for (unsigned i = 0; i < rt_value_n(old); i++)
		(void)nhop_ref(hops[i < n ? i : gone + i - n]);
	error = rt_put(rv, rp, hops, n);
	for (unsigned i = VI_RT_MAXPATHS; i-- > gone;) {
		if (error == 0)
			rt_tell(rv, VI_RTEV_ROUTE_DEL, rp, &hops[i]->rn_nh);
		nhop_rele(rv, hops[i]);
	}
	return (error);
}

/* Telling */

/* The address of a prefix. */
static void
rt_keyaddr(unsigned af, const uint32_t *key, unsigned len, struct vi_sockaddr *sa)
{
	struct net_addr na = { .na_af = (uint8_t)af };

	if (af == NET_AF_INET)
		na.na_in = HTONL(key[0] & fib_mask(len));
	else
		for (unsigned i = 0; i < 4; i++, len -= len < 32 ? len : 32)
			be32enc(na.na_in6 + 4 * i, key[i] & fib_mask(len < 32 ? len : 32));
	rt_sockaddr(&na, sa);
}

void
rt_info(const struct vnet *vn, uint32_t fib, unsigned af, const uint32_t *key,
    const struct nhop *nh, struct vi_route *rt)
{
	const uint64_t now = vnet_now(vn);

	*rt = (struct vi_route){
		.rt_prefixlen = nh->nh_prefixlen,
		.rt_flags = nhop_usable(nh) ? nh->nh_flags : nh->nh_flags & ~(uint32_t)RTF_UP,
		.rt_ifindex = nh->nh_ifp->if_index,
		.rt_mtu = nh->nh_mtu,
		.rt_advmss = nh->nh_advmss,
		.rt_initcwnd = nh->nh_initcwnd,
		.rt_initrwnd = nh->nh_initrwnd,
		.rt_mtulock = nh->nh_mtulock,
		.rt_weight = nh->nh_weight,
		.rt_metric = nh->nh_metric,
		.rt_proto = nh->nh_proto,
		.rt_nhid = nh->nh_nhid,
		.rt_fib = fib,
		.rt_use = nh->nh_use,
		.rt_expire = nh->nh_expire == 0 ? 0
		    : nh->nh_expire > now	? nh->nh_expire - now
						: 1,
	};
	rt_keyaddr(af, key, nh->nh_prefixlen, &rt->rt_dst);
	memcpy(rt->rt_ifname, nh->nh_ifp->if_xname, sizeof(rt->rt_ifname));
	if (nh->nh_flags & RTF_GATEWAY)
		rt_sockaddr(&nh->nh_gw, &rt->rt_gateway);
	if (nh->nh_ifa != NULL)
		rt_sockaddr(&nh->nh_ifa->ifa_addr, &rt->rt_ifa);
}

/* Where nothing leads there now: the way that there would be with carriers, by interfaces that are up; NULL. */
static const struct nhop *
rt_after_plugging(const struct route_vnet *rv, uint32_t fib, unsigned af, const uint32_t *key)
{
	const struct fib_node *path[FIB_MAXPATH];
	const struct nhop *nh;

	for (unsigned n = fib_path(rt_fib(rv, fib, af), key, path); n > 0; n--) {
		nh = rt_value_n(path[n - 1]->fn_value) == 0 ? NULL : &rt_value_hop(path[n - 1]->fn_value, 0)->rn_nh;
		if (nh != NULL && (nh->nh_ifp->if_flags & IFF_UP) != 0)
			return (nhop_usable(nh) ? NULL : nh);	/* a usable one that was not chosen throws */
	}
	return (NULL);
}

int
rt_get(struct vnet *vn, uint32_t fib, const struct vi_sockaddr *sa, struct vi_route *rt)
{
	uint32_t key[FIB_MAXWORDS];
	struct net_addr dst;
	const struct rt_nhop *rn;
	const struct nhop *nh;
	int error;

	if ((error = rt_addr(sa, NULL, &dst)) != 0)
		return (error);
	if (fib >= rt_nfibs(vn))
		return (EINVAL);
	rt_key(key, &dst);
	rn = rt_match(route_vnet(vn), fib, dst.na_af, key, NULL);
	nh = rn != NULL ? &rn->rn_nh : rt_after_plugging(route_vnet(vn), fib, dst.na_af, key);
	if (nh == NULL)
		return (ESRCH);
	(void)lane_clock(&vn->vn_lane);		/* its last run may be long ago */
	rt_info(vn, fib, dst.na_af, key, nh, rt);
	return (0);
}

static int
rt_way_flow(struct vnet *vn, const struct vi_flow *fl, struct rt_flow *rf)
{
	const struct ifnet *ifp;
	int error;

	*rf = (struct rt_flow){ .rf_fib = fl->fl_fib, .rf_mark = fl->fl_mark, .rf_uid = fl->fl_uid, .rf_proto = fl->fl_proto, .rf_tos = fl->fl_tos,
		.rf_sport = fl->fl_src.sa_port, .rf_dport = fl->fl_dst.sa_port };
	if (fl->fl_iif[0] != '\0' && (rf->rf_iif = ifnet_byname(vn, fl->fl_iif)) == NULL)
		return (ENXIO);
	if (fl->fl_oif[0] != '\0') {
		if ((ifp = ifnet_byname(vn, fl->fl_oif)) == NULL)
			return (ENXIO);
		rf->rf_oif = ifp->if_index;
	}
	if ((error = rt_addr(&fl->fl_dst, NULL, &rf->rf_dst)) != 0)
		return (error);
	rf->rf_src.na_af = rf->rf_dst.na_af;
	if (fl->fl_src.sa_family != VI_AF_UNSPEC && (error = rt_addr(&fl->fl_src, NULL, &rf->rf_src)) != 0)
		return (error);
	return (rf->rf_src.na_af == rf->rf_dst.na_af && fl->fl_fib < rt_nfibs(vn) ? 0 : EINVAL);
}

/* Of IPv6 a source is chosen packet by packet (RFC 6724). */
static void
rt_way_source(struct ifnet *ifp, const struct net_addr *dst, struct vi_route *rt)
{
	const struct net_afops *ops = net_vnet(ifp->if_vnet)->nv_afops[dst->na_af];
	struct net_addr src;

	if (rt->rt_ifa.sa_family == VI_AF_UNSPEC && ops != NULL && ops->nao_source != NULL && ops->nao_source(ifp, dst, &src))
		rt_sockaddr(&src, &rt->rt_ifa);
}

int
rt_way(struct vnet *vn, const struct vi_flow *fl, struct vi_route *rt)
{
	uint32_t key[FIB_MAXWORDS];
	const struct nhop *nh;
	struct rt_flow rf;
	int error;

	if ((error = rt_way_flow(vn, fl, &rf)) != 0)
		return (error);
	nh = rt_lookup(vn, &rf);
	if ((error = nhop_error(nh)) != 0)
		return (error);
	rt_key(key, &rf.rf_dst);
	(void)lane_clock(&vn->vn_lane);
	rt_info(vn, rt_flow_fib(vn, &rf), rf.rf_dst.na_af, key, nh, rt);
	rt_way_source(nh->nh_ifp, &rf.rf_dst, rt);
	return (0);
}

struct rt_listing {
	struct vnet	*rl_vnet;
	uint32_t	 rl_fib;
	struct vi_route_cursor *rl_at;	/* the prefix told last */
	unsigned	 rl_left;	/* so many more */
	vi_route_fn	*rl_fn;
	void		*rl_arg;
};

static void
rt_list_hops(const struct rt_listing *rl, unsigned af, const uint32_t *key, void *value)
{
	struct vi_route rt;

	for (unsigned i = 0; i < rt_value_n(value); i++) {
		rt_info(rl->rl_vnet, rl->rl_fib, af, key, &rt_value_hop(value, i)->rn_nh, &rt);
		rl->rl_fn(rl->rl_arg, &rt);
	}
}

static bool
rt_list_one(void *arg, const uint32_t *key, unsigned len, void *value)
{
	struct rt_listing *rl = arg;
	const unsigned n = rt_value_n(value);

	rt_list_hops(rl, rl->rl_at->rc_af, key, value);
	rl->rl_left -= n < rl->rl_left ? n : rl->rl_left;
	if (rl->rl_left > 0)
		return (true);
	memcpy(rl->rl_at->rc_key, key, rt_bits(rl->rl_at->rc_af) / 8);
	rl->rl_at->rc_len = (uint8_t)len;
	rl->rl_at->rc_within = true;
	return (false);
}

int
rt_paths(struct vnet *vn, const struct vi_route *like, vi_route_fn *fn, void *arg)
{
	const struct rt_listing rl = { .rl_vnet = vn, .rl_fib = like->rt_fib, .rl_fn = fn, .rl_arg = arg };
	struct rt_prefix rp;
	struct rt_nhop *value;
	int error;

	if ((error = rt_prefix(route_vnet(vn), like, NULL, &rp)) != 0)
		return (error);
	if ((value = fib_find(rp.rp_fib, rp.rp_key, rp.rp_len)) == NULL)
		return (ESRCH);
	(void)lane_clock(&vn->vn_lane);
	rt_list_hops(&rl, rp.rp_af, rp.rp_key, value);
	return (0);
}

static bool
rt_wanted(int family, unsigned af)
{
	return (family == VI_AF_UNSPEC ||
	    family == (af == NET_AF_INET ? VI_AF_INET : VI_AF_INET6));
}

bool
rt_list_next(struct vnet *vn, uint32_t fib, int family, struct vi_route_cursor *at, unsigned max, vi_route_fn *fn, void *arg)
{
	struct rt_listing rl = { vn, fib, at, max, fn, arg };

	(void)lane_clock(&vn->vn_lane);
	if (fib >= rt_nfibs(vn))
		return (false);
	for (; at->rc_af < NET_AF_MAX; at->rc_af++, at->rc_within = false) {
		if (rt_wanted(family, at->rc_af))
			fib_walk(rt_fib(route_vnet(vn), fib, at->rc_af), at->rc_within ? at->rc_key : NULL, at->rc_len, rt_list_one, &rl);
		if (rl.rl_left == 0)
			return (true);
	}
	return (false);
}

void
rt_list(struct vnet *vn, uint32_t fib, int family, vi_route_fn *fn, void *arg)
{
	struct vi_route_cursor at = { 0 };

	while (rt_list_next(vn, fib, family, &at, UINT32_MAX, fn, arg))
		;
}

struct rt_flushing {
	struct route_vnet *rf_rv;
	uint32_t	 rf_fib;
	unsigned	 rf_af;
	unsigned	 rf_n;
	const uint32_t	*rf_key;
};

static bool
rt_flush_hop(void *arg, const struct nhop *nh)
{
	struct rt_flushing *rf = arg;

	if ((nh->nh_flags & (RTF_GATEWAY | RTF_PINNED)) != RTF_GATEWAY)
		return (false);
	rt_event_route(rf->rf_rv, VI_RTEV_ROUTE_DEL, rf->rf_fib, rf->rf_af, rf->rf_key, nh);
	rf->rf_n++;
	return (true);
}

static void *
rt_flush_one(void *arg, const uint32_t *key, void *value)
{
	struct rt_flushing *rf = arg;

	rf->rf_key = key;
	return (rt_value_without(rf->rf_rv, value, rt_flush_hop, rf));
}

unsigned
rt_flush(struct vnet *vn, uint32_t fib, int family)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_flushing rf = { .rf_rv = rv, .rf_fib = fib };

	if (fib >= rv->rv_nfibs)
		return (0);
	rt_dyn_flush(rv);
	for (rf.rf_af = 0; rf.rf_af < NET_AF_MAX; rf.rf_af++)
		if (rt_wanted(family, rf.rf_af))
			fib_purge(rt_fib(rv, fib, rf.rf_af), rt_acct(rv), rt_flush_one, &rf);
	rv->rv_generation++;
	return (rf.rf_n);
}
