/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes that are learned and forgotten: redirects (RFC 1122 3.2.2.2) and path MTUs (RFC 1191).
 *
 * Each is a host route that hides what was there for that host and is copied from what led there.
 * So it must not outlive it: any other change of a table first takes all of them away.  That is
 * cheap (there are none, or they are learned again) and cannot be wrong.  Their number is bounded;
 * the one next to expire makes room.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/inaddr.h"
#include "net/route_int.h"
#include "wire/ip.h"

static void
rt_dyn_schedule(struct route_vnet *rv)
{
	const struct rt_dyn *rd = TAILQ_FIRST(&rv->rv_dyns);

	if (rd == NULL)
		callout_stop(&rv->rv_dyntimer);
	else
		callout_reset_at(&rv->rv_dyntimer, rd->rd_nhop.rn_nh.nh_expire);
}

static void
rt_dyn_enqueue(struct route_vnet *rv, struct rt_dyn *rd)
{
	struct rt_dyn *prev;

	rd->rd_nhop.rn_nh.nh_expire = vnet_now(rv->rv_vnet) + rv->rv_dynexpire * 1000000000ull;
	TAILQ_FOREACH_REVERSE(prev, &rv->rv_dyns, rt_dynhead, rd_link)
		if (prev->rd_nhop.rn_nh.nh_expire <= rd->rd_nhop.rn_nh.nh_expire)
			break;
	if (prev != NULL)
		TAILQ_INSERT_AFTER(&rv->rv_dyns, prev, rd, rd_link);
	else
		TAILQ_INSERT_HEAD(&rv->rv_dyns, rd, rd_link);
	rt_dyn_schedule(rv);
}

static void
rt_dyn_remove(struct route_vnet *rv, struct rt_dyn *rd)
{
	struct fib *f = rt_fib(rv, rd->rd_fib, rd->rd_af);
	void *value;

	if (rd->rd_under != NULL)
		value = fib_replace(f, rt_acct(rv), rd->rd_key, fib_bits(f), rd->rd_under);
	else
		value = fib_remove(f, rt_acct(rv), rd->rd_key, fib_bits(f));
	VI_ASSERT(value == &rd->rd_nhop);
	(void)value;
	TAILQ_REMOVE(&rv->rv_dyns, rd, rd_link);
	rv->rv_ndyns--;
	rv->rv_generation++;
	rt_event_route(rv, VI_RTEV_ROUTE_DEL, rd->rd_fib, rd->rd_af, rd->rd_key, &rd->rd_nhop.rn_nh);
	nhop_use(&rd->rd_nhop.rn_nh, -1);
	kfree(rt_acct(rv), ACCT_ROUTE, rd, sizeof(*rd));
}

static void
rt_dyn_expire(void *arg)
{
	struct route_vnet *rv = arg;
	struct rt_dyn *rd;

	while ((rd = TAILQ_FIRST(&rv->rv_dyns)) != NULL &&
	    rd->rd_nhop.rn_nh.nh_expire <= vnet_now(rv->rv_vnet)) {
		rt_dyn_remove(rv, rd);
		rv->rv_dynexpired++;
	}
	rt_dyn_schedule(rv);
}

void
rt_dyn_init(struct route_vnet *rv)
{
	TAILQ_INIT(&rv->rv_dyns);
	callout_init(&rv->rv_dyntimer, &rv->rv_vnet->vn_lane, rt_dyn_expire, rv);
}

void
rt_dyn_flush(struct route_vnet *rv)
{
	struct rt_dyn *rd;

	if (rv->rv_ndyns == 0)
		return;
	while ((rd = TAILQ_FIRST(&rv->rv_dyns)) != NULL)
		rt_dyn_remove(rv, rd);
	callout_stop(&rv->rv_dyntimer);
}

void
rt_dyn_forget(struct route_vnet *rv, const struct ifnet *ifp, const struct net_addr *gw)
{
	struct rt_dyn *rd, *next;

	for (rd = TAILQ_FIRST(&rv->rv_dyns); rd != NULL; rd = next) {
		const struct nhop *nh = &rd->rd_nhop.rn_nh;

		next = TAILQ_NEXT(rd, rd_link);
		if ((nh->nh_flags & RTF_GATEWAY) != 0 && nh->nh_ifp == ifp && net_addr_same(&nh->nh_gw, gw))
			rt_dyn_remove(rv, rd);
	}
	rt_dyn_schedule(rv);
}

/* A host route like nh. */
static int
rt_dyn_add(struct route_vnet *rv, uint32_t fib, const struct net_addr *dst, const struct nhop *nh)
{
	struct fib *f = rt_fib(rv, fib, dst->na_af);
	struct rt_dyn *rd, *oldest;

	if (rv->rv_maxdyns == 0)
		return (ENOBUFS);
	if ((rd = kmalloc(rt_acct(rv), ACCT_ROUTE, sizeof(*rd))) == NULL)
		return (ENOBUFS);
	rd->rd_nhop.rn_nh = *nh;
	while (rv->rv_ndyns >= rv->rv_maxdyns && (oldest = TAILQ_FIRST(&rv->rv_dyns)) != NULL) {
		rt_dyn_remove(rv, oldest);
		rv->rv_dynevicted++;
	}
	rd->rd_nhop.rn_dyn = rd;
	rd->rd_nhop.rn_nh.nh_prefixlen = (uint8_t)fib_bits(f);
	rd->rd_nhop.rn_nh.nh_use = 0;
	rd->rd_fib = fib;
	rd->rd_af = dst->na_af;
	rt_key(rd->rd_key, dst);
	if ((rd->rd_under = fib_find(f, rd->rd_key, fib_bits(f))) != NULL) {
		(void)fib_replace(f, rt_acct(rv), rd->rd_key, fib_bits(f), &rd->rd_nhop);
	} else if (fib_insert(f, rt_acct(rv), rd->rd_key, fib_bits(f), &rd->rd_nhop) != 0) {
		kfree(rt_acct(rv), ACCT_ROUTE, rd, sizeof(*rd));
		return (ENOBUFS);
	}
	nhop_use(&rd->rd_nhop.rn_nh, 1);
	rv->rv_ndyns++;
	rv->rv_generation++;
	rt_dyn_enqueue(rv, rd);
	rt_event_route(rv, VI_RTEV_ROUTE_ADD, fib, rd->rd_af, rd->rd_key, &rd->rd_nhop.rn_nh);
	return (0);
}

/* The dynamic route for exactly this host, or NULL; *exact: there is some route for exactly it. */
static struct rt_dyn *
rt_dyn_find(const struct route_vnet *rv, uint32_t fib, const struct net_addr *dst, bool *exact)
{
	const struct fib *f = rt_fib(rv, fib, dst->na_af);
	uint32_t key[FIB_MAXWORDS];
	const struct rt_nhop *rn;

	rt_key(key, dst);
	rn = fib_find(f, key, fib_bits(f));
	*exact = rn != NULL;
	return (rn == NULL ? NULL : rn->rn_dyn);
}

/*
 * RFC 1122 3.2.2.2: the new gateway must be on the net the redirect came by; routes somebody
 * configured stay as they are.  For IPv6 that is RFC 4861 8.3; gw == dst: the host is on the link,
 * which its address need not tell.
 */
static int
rt_redirect(struct route_vnet *rv, uint32_t fib, const struct net_addr *dst,
    const struct net_addr *gw, struct ifnet *ifp)
{
	const struct nhop *nh = rt_match_addr(rv, fib, gw);
	struct nhop new = { .nh_ifp = ifp,
		.nh_flags = RTF_UP | RTF_HOST | RTF_DYNAMIC,
		.nh_weight = 1 };
	const bool onlink = net_addr_same(gw, dst);
	struct rt_dyn *rd;
	bool exact;
	int error;

	if (!(onlink && gw->na_af == NET_AF_INET6) && (nh == NULL || nh->nh_ifp != ifp ||
	    (nh->nh_flags & (RTF_GATEWAY | RTF_NOWHERE | RTF_LOCAL)) != 0))
		return (ENETUNREACH);
	if (dst->na_af == NET_AF_INET)
		new.nh_ifa = nh->nh_ifa;
	rd = rt_dyn_find(rv, fib, dst, &exact);
	if (exact && rd == NULL)
		return (EEXIST);
	if (rd != NULL) {
		if (rd->rd_under != NULL)
			return (EEXIST);
		rt_dyn_remove(rv, rd);
	}
	if (!onlink) {
		new.nh_flags |= RTF_GATEWAY;
		new.nh_gw = *gw;
	}
	if ((error = rt_dyn_add(rv, fib, dst, &new)) == 0)
		++*(rd != NULL ? &rv->rv_newgateway : &rv->rv_dynamic);
	return (error);
}

static int
rt_redirect_counted(struct vnet *vn, uint32_t fib, const struct net_addr *dst, const struct net_addr *gw, struct ifnet *ifp, bool possible)
{
	struct route_vnet *rv = route_vnet(vn);
	int error = possible ? rt_redirect(rv, fib, dst, gw, ifp) : EINVAL;

	rv->rv_badredirect += error != 0;
	return (error);
}

int
rt_redirect4(struct vnet *vn, uint32_t fib, uint32_t dst, uint32_t gw, struct ifnet *ifp)
{
	const struct net_addr d = { .na_af = NET_AF_INET, .na_in = dst };
	const struct net_addr g = { .na_af = NET_AF_INET, .na_in = gw };

	return (rt_redirect_counted(vn, fib, &d, &g, ifp, !in_multicast(dst) && !in_broadcast(dst) && !in_multicast(gw) && !in_broadcast(gw) &&
	    gw != 0 && dst != 0));
}

int
rt_redirect6(struct vnet *vn, uint32_t fib, const uint8_t dst[16], const uint8_t gw[16],
    struct ifnet *ifp)
{
	struct net_addr d = { .na_af = NET_AF_INET6 }, g = { .na_af = NET_AF_INET6 };

	memcpy(d.na_in6, dst, sizeof(d.na_in6));
	memcpy(g.na_in6, gw, sizeof(g.na_in6));
	return (rt_redirect_counted(vn, fib, &d, &g, ifp, fib < rt_nfibs(vn) && rt_in6_unicast(dst) && rt_in6_unicast(gw)));
}

static int
rt_pmtu(struct route_vnet *rv, uint32_t fib, const struct net_addr *dst, uint32_t mtu)
{
	const struct nhop *nh = rt_match_addr(rv, fib, dst);
	struct nhop new;
	struct rt_dyn *rd;
	bool exact;

	if (nh == NULL || (nh->nh_flags & (RTF_NOWHERE | RTF_LOCAL)) != 0)
		return (ESRCH);
	if (nh->nh_mtulock || mtu >= nhop_mtu(nh))	/* RFC 1191 3, RFC 8201 4: never up because of a message */
		return (0);
	rv->rv_pmtus++;
	if ((rd = rt_dyn_find(rv, fib, dst, &exact)) != NULL) {
		rd->rd_nhop.rn_nh.nh_mtu = mtu;
		TAILQ_REMOVE(&rv->rv_dyns, rd, rd_link);
		rt_dyn_enqueue(rv, rd);
		rv->rv_generation++;
		return (0);
	}
	new = *nh;
	new.nh_flags =
	    (nh->nh_flags & ~(uint32_t)(RTF_PINNED | RTF_STATIC)) | RTF_HOST | RTF_DYNAMIC;
	new.nh_mtu = mtu;
	return (rt_dyn_add(rv, fib, dst, &new));
}

int
rt_pmtu4(struct vnet *vn, uint32_t fib, uint32_t dst, uint32_t mtu)
{
	const struct net_addr d = { .na_af = NET_AF_INET, .na_in = dst };

	if (mtu < IP_MINMTU || in_multicast(dst) || in_broadcast(dst))
		return (EINVAL);
	return (rt_pmtu(route_vnet(vn), fib, &d, mtu));
}

/* RFC 8201 4: what claims less than any link has is not believed. */
int
rt_pmtu6(struct vnet *vn, uint32_t fib, const uint8_t dst[16], uint32_t mtu)
{
	struct net_addr d = { .na_af = NET_AF_INET6 };

	if (mtu < RT_MINMTU6 || !rt_in6_unicast(dst))
		return (EINVAL);
	memcpy(d.na_in6, dst, sizeof(d.na_in6));
	return (rt_pmtu(route_vnet(vn), fib, &d, mtu));
}
