/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What changed: routes, addresses, interfaces, neighbours, for those who follow a vnet.
 *
 * Nothing is kept until somebody asks for the first time.  Then the last events stay in a ring, each
 * with a number; a reader says which he has seen, and finds out by a gap in the numbers that he was
 * too slow.  So one slow reader costs the others nothing.  A watcher is told that there is
 * something new, from within the lane, and reads when it may.
 */
#include <errno.h>
#include <string.h>

#include "net/route_int.h"

struct rt_watch {
	LIST_ENTRY(rt_watch) rw_link;
	vi_route_wake_fn *rw_fn;
	void		*rw_arg;
};

static struct vi_rtevent *
rt_event_slot(const struct route_vnet *rv, uint64_t seq)
{
	return (&rv->rv_ring[seq % rv->rv_ringsize]);
}

/* The next one, to be filled in; NULL: nobody follows. */
static struct vi_rtevent *
rt_event_new(struct route_vnet *rv, enum vi_rtevent_kind kind)
{
	struct vi_rtevent *ev;

	if (rv->rv_ring == NULL)
		return (NULL);
	ev = rt_event_slot(rv, ++rv->rv_seq);
	*ev = (struct vi_rtevent){ .ev_seq = rv->rv_seq, .ev_kind = (uint8_t)kind };
	return (ev);
}

static void
rt_event_tell(struct route_vnet *rv)
{
	struct rt_watch *rw, *next;

	LIST_FOREACH_SAFE(rw, &rv->rv_watches, rw_link, next)
		rw->rw_fn(rw->rw_arg);
}

void
rt_event_route(struct route_vnet *rv, enum vi_rtevent_kind kind, uint32_t fib, unsigned af,
    const uint32_t *key, const struct nhop *nh)
{
	struct vi_rtevent *ev = rt_event_new(rv, kind);

	if (ev == NULL)
		return;
	rt_info(rv->rv_vnet, fib, af, key, nh, &ev->ev_route);
	rt_event_tell(rv);
}

void
rt_event_value(struct route_vnet *rv, enum vi_rtevent_kind kind, uint32_t fib, unsigned af,
    const uint32_t *key, struct rt_nhop *value)
{
	for (unsigned i = 0; rv->rv_ring != NULL && i < rt_value_n(value); i++)
		rt_event_route(rv, kind, fib, af, key, &rt_value_hop(value, i)->rn_nh);
}

void
rt_event_rule(struct route_vnet *rv, enum vi_rtevent_kind kind, const struct vi_rule *ru)
{
	struct vi_rtevent *ev = rt_event_new(rv, kind);

	if (ev == NULL)
		return;
	ev->ev_rule = *ru;
	rt_event_tell(rv);
}

void
rt_event_nexthop(struct route_vnet *rv, enum vi_rtevent_kind kind, uint32_t id)
{
	struct vi_rtevent *ev = rt_event_new(rv, kind);

	if (ev == NULL)
		return;
	ev->ev_route.rt_nhid = id;
	rt_event_tell(rv);
}

bool
rt_followed(const struct vnet *vn)
{
	return (route_vnet(vn)->rv_ring != NULL);
}

void
rt_event_neigh(struct vnet *vn, enum vi_rtevent_kind kind, uint32_t ifindex, const struct vi_neigh *ne)
{
	struct route_vnet *rv = route_vnet(vn);
	struct vi_rtevent *ev = rt_event_new(rv, kind);

	if (ev == NULL)
		return;
	ev->ev_neigh = *ne;
	memcpy(ev->ev_route.rt_ifname, ne->ne_ifname, sizeof(ev->ev_route.rt_ifname));
	ev->ev_route.rt_ifindex = ifindex;
	rt_event_tell(rv);
}

/* The interface and the address stand where a route's do. */
static void
rt_event_if(struct route_vnet *rv, enum vi_rtevent_kind kind, const struct ifnet *ifp,
    const struct ifaddr *ifa)
{
	struct vi_rtevent *ev = rt_event_new(rv, kind);

	if (ev == NULL)
		return;
	memcpy(ev->ev_route.rt_ifname, ifp->if_xname, sizeof(ev->ev_route.rt_ifname));
	ev->ev_route.rt_ifindex = ifp->if_index;
	ev->ev_route.rt_mtu = ifp->if_mtu;
	ev->ev_ifflags = ifp->if_flags;
	if (ifa != NULL) {
		rt_sockaddr(&ifa->ifa_addr, &ev->ev_route.rt_ifa);
		ev->ev_route.rt_prefixlen = ifa->ifa_prefixlen;
	}
	rt_event_tell(rv);
}

void
rt_event_vnet(struct route_vnet *rv, enum vnet_event ev, void *obj)
{
	static const uint8_t kinds[] = {
		[VNET_EV_IFATTACH] = VI_RTEV_IF_ARRIVE, [VNET_EV_IFDETACH] = VI_RTEV_IF_DEPART,
		[VNET_EV_IFDOWN] = VI_RTEV_IF_CHANGE, [VNET_EV_IFUP] = VI_RTEV_IF_CHANGE,
		[VNET_EV_IFADDR_ADD] = VI_RTEV_ADDR_ADD, [VNET_EV_IFADDR_READY] = VI_RTEV_ADDR_ADD,
		[VNET_EV_IFADDR_DEL] = VI_RTEV_ADDR_DEL,
		[VNET_EV_IFRENAME] = VI_RTEV_IF_RENAME, [VNET_EV_IFRENAMED] = VI_RTEV_IF_RENAMED,
		[VNET_EV_LLADDR] = VI_RTEV_IF_CHANGE, [VNET_EV_MTU] = VI_RTEV_IF_CHANGE,
	};
	const struct ifaddr *ifa = obj;

	if (rv->rv_ring == NULL || (unsigned)ev >= sizeof(kinds) || kinds[ev] == 0)
		return;
	if (ev == VNET_EV_IFADDR_ADD || ev == VNET_EV_IFADDR_READY || ev == VNET_EV_IFADDR_DEL)
		rt_event_if(rv, kinds[ev], ifa->ifa_ifp, ifa);
	else
		rt_event_if(rv, kinds[ev], obj, NULL);
}

void
rt_setmiss(struct vnet *vn, rt_miss_fn *fn, void *arg)
{
	struct route_vnet *rv = route_vnet(vn);

	rv->rv_missfn = fn;
	rv->rv_missarg = arg;
}

/* Whoever sends to nowhere must not drown those who follow. */
void
rt_event_miss(struct route_vnet *rv, const struct rt_flow *rf)
{
	const uint64_t now = vnet_now(rv->rv_vnet);
	struct vi_sockaddr dst;

	rv->rv_unreach++;
	if (rv->rv_missfn == NULL)
		return;
	if (now - rv->rv_misstime >= 1000000000ull) {
		rv->rv_misstime = now;
		rv->rv_nmisses = 0;
	}
	if (rv->rv_nmisses >= rv->rv_missrate)
		return;
	rv->rv_nmisses++;
	rt_sockaddr(&rf->rf_dst, &dst);
	rv->rv_missfn(rv->rv_missarg, rf->rf_fib, &dst);
}

static int
rt_event_start(struct route_vnet *rv)
{
	const uint32_t n = rv->rv_maxevents;

	if (rv->rv_ring != NULL)
		return (0);
	if (n == 0 ||
	    (rv->rv_ring = kmalloc(rt_acct(rv), ACCT_MISC, n * sizeof(*rv->rv_ring))) == NULL)
		return (ENOBUFS);
	rv->rv_ringsize = n;
	return (0);
}

int
rt_events(struct vnet *vn, uint64_t *seq, vi_rtevent_fn *fn, void *arg)
{
	struct route_vnet *rv = route_vnet(vn);
	uint64_t from = *seq + 1;
	int error;

	if ((error = rt_event_start(rv)) != 0)
		return (error);
	if (*seq == UINT64_MAX || from > rv->rv_seq) {
		*seq = rv->rv_seq;
		return (0);
	}
	*seq = rv->rv_seq;
	if (rv->rv_seq >= rv->rv_ringsize && from <= rv->rv_seq - rv->rv_ringsize) {
		from = rv->rv_seq - rv->rv_ringsize + 1;
		error = EOVERFLOW;
	}
	for (; from <= *seq; from++)
		fn(arg, rt_event_slot(rv, from));
	return (error);
}

int
rt_watch(struct vnet *vn, vi_route_wake_fn *fn, void *arg)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_watch *rw;
	unsigned n = 0;
	int error;

	LIST_FOREACH(rw, &rv->rv_watches, rw_link)
		n++;
	if (n >= RT_MAXWATCHES)
		return (ENOSPC);
	if ((error = rt_event_start(rv)) != 0)
		return (error);
	if ((rw = kmalloc(rt_acct(rv), ACCT_MISC, sizeof(*rw))) == NULL)
		return (ENOBUFS);
	rw->rw_fn = fn;
	rw->rw_arg = arg;
	LIST_INSERT_HEAD(&rv->rv_watches, rw, rw_link);
	return (0);
}

int
rt_unwatch(struct vnet *vn, vi_route_wake_fn *fn, void *arg)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_watch *rw;

	LIST_FOREACH(rw, &rv->rv_watches, rw_link) {
		if (rw->rw_fn == fn && rw->rw_arg == arg) {
			LIST_REMOVE(rw, rw_link);
			kfree(rt_acct(rv), ACCT_MISC, rw, sizeof(*rw));
			return (0);
		}
	}
	return (ESRCH);
}

void
rt_events_fini(struct route_vnet *rv)
{
	struct rt_watch *rw;

	while ((rw = LIST_FIRST(&rv->rv_watches)) != NULL) {
		LIST_REMOVE(rw, rw_link);
		kfree(rt_acct(rv), ACCT_MISC, rw, sizeof(*rw));
	}
	kfree(rt_acct(rv), ACCT_MISC, rv->rv_ring, rv->rv_ringsize * sizeof(*rv->rv_ring));
	rv->rv_ring = NULL;
}
