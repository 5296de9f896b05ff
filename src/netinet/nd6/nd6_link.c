/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interface comes up again, perhaps on another link.  What routers told of the old one is doubted, not forgotten: they are asked, and when the time
 * for answers is over and somebody did answer, what nobody said again is given up.  Addresses of a prefix that is not here any more are
 * detached: they stay, but nothing new begins with them until the prefix is heard of again.  Where nobody answers all is left as it was.
 */
#include <string.h>

#include "netinet/nd6/nd6_int.h"

/* RFC 8981 3.6: another link, other temporary addresses; nd6_temp_check() makes them once the prefix is known to be here. */
static void
link_drop_temporary(struct nd6_prefix *np)
{
	struct ifaddr *ifa, *next;

	for (ifa = TAILQ_FIRST(&np->np_ifp->if_addrs); ifa != NULL; ifa = next) {
		next = TAILQ_NEXT(ifa, ifa_link);
		/* ia_pmax: made here, by nobody's hand. */
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && (ifatoia6(ifa)->ia_flags & VI_IN6_IFF_TEMPORARY) != 0 &&
		    ifatoia6(ifa)->ia_pmax != 0 && in6_sameprefix(np->np_prefix, ifa->ifa_addr.na_in6, 64))
			in6_ifaddr_remove(ifatoia6(ifa));
	}
	np->np_tempdad = 0;
}

void
nd6_link_up(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct nd6_if *ni = nd6_if(ifp);
	struct nd6_prefix *np;
	struct nd6_router *nr;
	bool any = false;

	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link) {
		if (np->np_ifp != ifp)
			continue;
		np->np_doubt = any = true;
		link_drop_temporary(np);
	}
	TAILQ_FOREACH(nr, &nv->nv_routers, nr_link)
		if (nr->nr_ifp == ifp)
			nr->nr_doubt = any = true;
	if (!any)
		return;
	ni->ni_answered = false;
	ni->ni_settle = vnet_now(nv->nv_vnet) + ND6_RS_COUNT * ND6_RS_INTERVAL;
	nd6_slow_start(nv);
}

static void
link_detach(const struct nd6_prefix *np, bool detach)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &np->np_ifp->if_addrs, ifa_link) {
		if (ifa->ifa_addr.na_af != NET_AF_INET6 || (ifatoia6(ifa)->ia_flags & VI_IN6_IFF_AUTOCONF) == 0 ||
		    !in6_sameprefix(np->np_prefix, ifa->ifa_addr.na_in6, 64))
			continue;
		if (detach)
			ifatoia6(ifa)->ia_flags |= VI_IN6_IFF_DETACHED;
		else
			ifatoia6(ifa)->ia_flags &= ~(uint32_t)VI_IN6_IFF_DETACHED;
	}
}

void
nd6_prefix_heard(struct nd6_prefix *np)
{
	np->np_doubt = false;
	if (!np->np_detached)
		return;
	np->np_detached = false;
	link_detach(np, false);
}

static void
link_settle(struct nd6_vnet *nv, struct nd6_if *ni)
{
	struct nd6_router *nr, *next;
	struct nd6_prefix *np;

	ni->ni_settle = 0;
	if (!ni->ni_answered)
		return;
	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link) {
		if (np->np_ifp != ni->ni_ifp || !np->np_doubt || np->np_detached)
			continue;
		np->np_detached = true;
		nd6_prefix_offlink(nv, np);
		link_detach(np, true);
	}
	for (nr = TAILQ_FIRST(&nv->nv_routers); nr != NULL; nr = next) {
		next = TAILQ_NEXT(nr, nr_link);
		if (nr->nr_ifp == ni->ni_ifp && nr->nr_doubt)
			nd6_router_free(nv, nr);
	}
	nd6_router_select(nv);
}

/* True: there is more to come. */
bool
nd6_link_slow(struct nd6_vnet *nv, uint64_t now)
{
	struct ifnet *ifp;
	bool more = false;

	TAILQ_FOREACH(ifp, &net_vnet(nv->nv_vnet)->nv_ifs, if_link) {
		if (nd6_if(ifp) == NULL || nd6_if(ifp)->ni_settle == 0)
			continue;
		if (nd6_if(ifp)->ni_settle <= now)
			link_settle(nv, nd6_if(ifp));
		else
			more = true;
	}
	return (more);
}
