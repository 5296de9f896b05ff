/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes as the administrator sees them: route(8) and netstat -r.  Everything here runs under the
 * kernel lock.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "net/route_int.h"
#include "wire/ip.h"

/* What a request names. */
struct rt_prefix {
	struct fib	*rp_fib;
	uint32_t	 rp_fibnum;
	/* host order, masked: bits beyond the mask do not matter (route(8)) */
	uint32_t	 rp_key;
	unsigned	 rp_len;
};

static int
rt_prefix(struct route_vnet *rv, const struct vi_route *rt, struct rt_prefix *rp)
{
	if (rt->rt_dst.sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (rt->rt_fib >= rv->rv_nfibs)
		return (EINVAL);
	rp->rp_len = rt->rt_flags & RTF_HOST ? 32 : rt->rt_prefixlen;
	if (rp->rp_len > 32)
		return (EINVAL);
	rp->rp_fibnum = rt->rt_fib;
	rp->rp_fib = &rv->rv_fib[rt->rt_fib];
	rp->rp_key = NTOHL(rt->rt_dst.sa_in) & fib_mask(rp->rp_len);
	return (0);
}

static struct ifaddr *
rt_firstaddr(const struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET)
			return (ifa);
	return (NULL);
}

/* Our own address, by its route. */
static struct ifaddr *
rt_ownaddr(struct vnet *vn, uint32_t fib, uint32_t addr)
{
	const struct nhop *nh = fib4_lookup(vn, fib, addr);

	return (nh != NULL && (nh->nh_flags & RTF_LOCAL) != 0 && nh->nh_ifa != NULL &&
		    nh->nh_ifa->ifa_addr.na_in == addr
		? nh->nh_ifa
		: NULL);
}

/* By a router that must be on a net of ours. */
static int
rt_fill_gateway(struct vnet *vn, const struct vi_route *rt, struct nhop *nh)
{
	const uint32_t gw = rt->rt_gateway.sa_in;
	const struct nhop *via = fib4_lookup(vn, rt->rt_fib, gw);

	if (gw == 0 || in_multicast(gw) || in_broadcast(gw))
		return (EINVAL);
	if (nh->nh_ifp == NULL) {
		if (via == NULL ||
		    (via->nh_flags & (RTF_GATEWAY | RTF_REJECT | RTF_BLACKHOLE)) != 0)
			return (ENETUNREACH);
		nh->nh_ifp = via->nh_ifp;
	}
	nh->nh_ifa = via != NULL && via->nh_ifp == nh->nh_ifp && via->nh_ifa != NULL
	    ? via->nh_ifa
	    : rt_firstaddr(nh->nh_ifp);
	nh->nh_flags |= RTF_GATEWAY;
	nh->nh_gw = (struct net_addr){ .na_af = NET_AF_INET, .na_in = gw };
	return (0);
}

/* Directly by an interface, which may be named by our address on it. */
static int
rt_fill_interface(struct vnet *vn, const struct vi_route *rt, struct nhop *nh)
{
	struct ifaddr *ifa = NULL;

	if (rt->rt_gateway.sa_family == VI_AF_INET &&
	    (ifa = rt_ownaddr(vn, rt->rt_fib, rt->rt_gateway.sa_in)) == NULL)
		return (ENETUNREACH);
	if (nh->nh_ifp == NULL && ifa != NULL)
		nh->nh_ifp = ifa->ifa_ifp;
	if (nh->nh_ifp == NULL)
		return (EINVAL);
	nh->nh_ifa = ifa != NULL ? ifa : rt_firstaddr(nh->nh_ifp);
	return (0);
}

/* Nowhere: kept at the loopback interface, with the gateway that was named for the look of it. */
static int
rt_fill_nowhere(struct vnet *vn, const struct vi_route *rt, struct nhop *nh)
{
	if ((nh->nh_ifp = net_vnet(vn)->nv_lo0) == NULL)
		return (ENETUNREACH);
	nh->nh_ifa = rt_firstaddr(nh->nh_ifp);
	if (rt->rt_gateway.sa_family == VI_AF_INET) {
		nh->nh_flags |= RTF_GATEWAY;
		nh->nh_gw =
		    (struct net_addr){ .na_af = NET_AF_INET, .na_in = rt->rt_gateway.sa_in };
	}
	return (0);
}

/* Interface, gateway and source address of a new route. */
static int
rt_fill(struct vnet *vn, const struct vi_route *rt, struct nhop *nh)
{
	int error;

	if (rt->rt_gateway.sa_family != 0 && rt->rt_gateway.sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (rt->rt_ifname[0] != '\0' && (nh->nh_ifp = ifnet_byname(vn, rt->rt_ifname)) == NULL)
		return (ENXIO);
	if (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE))
		error = rt_fill_nowhere(vn, rt, nh);
	else if (rt->rt_gateway.sa_family == VI_AF_INET &&
	    ((rt->rt_flags & RTF_GATEWAY) != 0 ||
		rt_ownaddr(vn, rt->rt_fib, rt->rt_gateway.sa_in) == NULL))
		error = rt_fill_gateway(vn, rt, nh);
	else
		error = rt_fill_interface(vn, rt, nh);
	if (error == 0 && rt->rt_ifa.sa_family == VI_AF_INET &&
	    (nh->nh_ifa = rt_ownaddr(vn, rt->rt_fib, rt->rt_ifa.sa_in)) == NULL)
		error = EADDRNOTAVAIL;
	return (error);
}

static int
rt_metrics(const struct vi_route *rt, struct nhop *nh)
{
	if (rt->rt_mtu != 0 && (rt->rt_mtu < IP_MINMTU || rt->rt_mtu > IP_MAXPACKET))
		return (EINVAL);
	if (rt->rt_mtu != 0)
		nh->nh_mtu = rt->rt_mtu;
	if (rt->rt_weight != 0)
		nh->nh_weight = rt->rt_weight;
	if (rt->rt_metric != 0)
		nh->nh_metric = rt->rt_metric;
	return (0);
}

static int
rt_template(struct vnet *vn, const struct vi_route *rt, const struct rt_prefix *rp, struct nhop *nh)
{
	int error;

	*nh = (struct nhop){
		.nh_flags = RTF_UP | RTF_STATIC | (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)) |
		    (rp->rp_len == 32 ? RTF_HOST : 0),
		.nh_weight = 1,
		.nh_prefixlen = (uint8_t)rp->rp_len,
	};
	if ((error = rt_fill(vn, rt, nh)) != 0)
		return (error);
	return (rt_metrics(rt, nh));
}

int
rt_add(struct vnet *vn, const struct vi_route *rt)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_prefix rp;
	struct rt_nhop *rn;
	struct nhop nh;
	int error;

	if ((error = rt_prefix(rv, rt, &rp)) != 0)
		return (error);
	rt_dyn_flush(rv);
	if ((error = rt_template(vn, rt, &rp, &nh)) != 0)
		return (error);
	if (fib_find(rp.rp_fib, rp.rp_key, rp.rp_len) != NULL)
		return (EEXIST);
	if ((rn = nhop_get(rv, &nh)) == NULL)
		return (ENOBUFS);
	if ((error = fib_insert(rp.rp_fib, rt_acct(rv), rp.rp_key, rp.rp_len, rn)) != 0)
		nhop_rele(rv, rn);
	rv->rv_generation++;
	return (error);
}

/*
 * What the request does not say stays.  Of an address's own route only the metrics can be changed.
 */
int
rt_change(struct vnet *vn, const struct vi_route *rt)
{
	struct route_vnet *rv = route_vnet(vn);
	bool moves = rt->rt_gateway.sa_family != 0 || rt->rt_ifname[0] != '\0' ||
	    (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)) != 0;
	struct rt_nhop *old, *new;
	struct fib_node *fn;
	struct rt_prefix rp;
	struct nhop nh;
	int error;

	if ((error = rt_prefix(rv, rt, &rp)) != 0)
		return (error);
	rt_dyn_flush(rv);
	if ((fn = fib_find(rp.rp_fib, rp.rp_key, rp.rp_len)) == NULL)
		return (ESRCH);
	old = fn->fn_value;
	if (moves && (old->rn_nh.nh_flags & RTF_PINNED) != 0)
		return (EPERM);
	if (moves) {
		if ((error = rt_template(vn, rt, &rp, &nh)) != 0)
			return (error);
		nh.nh_mtu = nh.nh_mtu != 0 ? nh.nh_mtu : old->rn_nh.nh_mtu;
		nh.nh_weight = nh.nh_weight != 0 ? nh.nh_weight : old->rn_nh.nh_weight;
		nh.nh_metric = nh.nh_metric != 0 ? nh.nh_metric : old->rn_nh.nh_metric;
	} else {
		nh = old->rn_nh;
		if ((error = rt_metrics(rt, &nh)) != 0)
			return (error);
	}
	if ((new = nhop_get(rv, &nh)) == NULL)
		return (ENOBUFS);
	fn->fn_value = new;
	nhop_rele(rv, old);
	rv->rv_generation++;
	return (0);
}

/* With a gateway named, only the route by that one. */
int
rt_delete(struct vnet *vn, const struct vi_route *rt)
{
	struct route_vnet *rv = route_vnet(vn);
	const struct fib_node *fn;
	struct rt_prefix rp;
	struct rt_nhop *rn;
	int error;

	if ((error = rt_prefix(rv, rt, &rp)) != 0)
		return (error);
	rt_dyn_flush(rv);
	if ((fn = fib_find(rp.rp_fib, rp.rp_key, rp.rp_len)) == NULL)
		return (ESRCH);
	rn = fn->fn_value;
	if (rt->rt_gateway.sa_family == VI_AF_INET && (rt->rt_flags & RTF_GATEWAY) != 0 &&
	    ((rn->rn_nh.nh_flags & RTF_GATEWAY) == 0 ||
		rn->rn_nh.nh_gw.na_in != rt->rt_gateway.sa_in))
		return (ESRCH);
	if (rn->rn_nh.nh_flags & RTF_PINNED)
		return (EPERM);
	(void)fib_remove(rp.rp_fib, rt_acct(rv), rp.rp_key, rp.rp_len);
	nhop_rele(rv, rn);
	rv->rv_generation++;
	return (0);
}

/* Telling */

static void
rt_info(const struct vnet *vn, uint32_t fib, uint32_t key, const struct nhop *nh,
    struct vi_route *rt)
{
	const uint64_t now = vnet_now(vn);

	*rt = (struct vi_route){
		.rt_dst = { .sa_family = VI_AF_INET,
		    .sa_in = HTONL(key & fib_mask(nh->nh_prefixlen)) },
		.rt_prefixlen = nh->nh_prefixlen,
		.rt_flags = nhop_usable(nh) ? nh->nh_flags : nh->nh_flags & ~(uint32_t)RTF_UP,
		.rt_ifindex = nh->nh_ifp->if_index,
		.rt_mtu = nh->nh_mtu,
		.rt_weight = nh->nh_weight,
		.rt_metric = nh->nh_metric,
		.rt_fib = fib,
		.rt_use = nh->nh_use,
		.rt_expire = nh->nh_expire == 0 ? 0
		    : nh->nh_expire > now	? nh->nh_expire - now
						: 1,
	};
	memcpy(rt->rt_ifname, nh->nh_ifp->if_xname, sizeof(rt->rt_ifname));
	if (nh->nh_flags & RTF_GATEWAY) {
		rt->rt_gateway.sa_family = VI_AF_INET;
		rt->rt_gateway.sa_in = nh->nh_gw.na_in;
	}
	if (nh->nh_ifa != NULL) {
		rt->rt_ifa.sa_family = VI_AF_INET;
		rt->rt_ifa.sa_in = nh->nh_ifa->ifa_addr.na_in;
	}
}

int
rt_get(struct vnet *vn, uint32_t fib, const struct vi_sockaddr *sa, struct vi_route *rt)
{
	const struct nhop *nh;

	if (sa->sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (fib >= rt_nfibs(vn))
		return (EINVAL);
	if ((nh = fib4_lookup(vn, fib, sa->sa_in)) == NULL)
		return (ESRCH);
	(void)lane_clock(&vn->vn_lane);		/* its last run may be long ago */
	rt_info(vn, fib, NTOHL(sa->sa_in), nh, rt);
	return (0);
}

struct rt_listing {
	struct vnet	*rl_vnet;
	uint32_t	 rl_fib;
	vi_route_fn	*rl_fn;
	void		*rl_arg;
};

static void
rt_list_one(void *arg, uint32_t key, unsigned len, void *value)
{
	const struct rt_listing *rl = arg;
	const struct rt_nhop *rn = value;
	struct vi_route rt;

	(void)len;
	rt_info(rl->rl_vnet, rl->rl_fib, key, &rn->rn_nh, &rt);
	rl->rl_fn(rl->rl_arg, &rt);
}

void
rt_list(struct vnet *vn, uint32_t fib, int family, vi_route_fn *fn, void *arg)
{
	struct rt_listing rl = { vn, fib, fn, arg };

	(void)lane_clock(&vn->vn_lane);
	if (fib < rt_nfibs(vn) && (family == VI_AF_INET || family == VI_AF_UNSPEC))
		fib_walk(&route_vnet(vn)->rv_fib[fib], rt_list_one, &rl);
}

struct rt_flushing {
	struct route_vnet *rf_rv;
	unsigned	 rf_n;
};

static bool
rt_flush_one(void *arg, void *value)
{
	struct rt_flushing *rf = arg;
	struct rt_nhop *rn = value;

	if ((rn->rn_nh.nh_flags & (RTF_GATEWAY | RTF_PINNED)) != RTF_GATEWAY)
		return (false);
	nhop_rele(rf->rf_rv, rn);
	rf->rf_n++;
	return (true);
}

unsigned
rt_flush(struct vnet *vn, uint32_t fib, int family)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_flushing rf = { rv, 0 };

	if (fib >= rv->rv_nfibs || (family != VI_AF_INET && family != VI_AF_UNSPEC))
		return (0);
	rt_dyn_flush(rv);
	fib_purge(&rv->rv_fib[fib], rt_acct(rv), rt_flush_one, &rf);
	rv->rv_generation++;
	return (rf.rf_n);
}
