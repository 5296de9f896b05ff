/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Routers learned from advertisements (RFC 4861 6.3), and the advertisements themselves; prefixes and what else they tell of is in nd6_pfx.c and
 * nd6_rio.c.
 *
 * An interface listens when VI_ND6_IFF_ACCEPT_RTADV is set, and not while this host forwards (unless net.inet6.ip6.accept_rtadv is 2).  Of the default
 * routers one is in the routing table, in the FIB of its interface: one that answers, and of these the one of the highest preference (RFC 4191).  Its metric is
 * that of a route information option, so that a default route which somebody configured (metric 0) is the one that is used, whichever came first.  Without any, the interface with VI_ND6_IFF_DEFAULTIF is taken for the link of everybody.  Lifetimes are looked at once a second while there are any.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define TWO_HOURS		7200u
#define RTR_INFINITE		0xffffffffu

void
nd6_sockaddr(const uint8_t *a, struct vi_sockaddr *sa)
{
	struct in_addr_any any;

	memcpy(any.in6, a, sizeof(any.in6));
	in6_recover(&any, 0, sa);
}

/* The default route by this router.  It is taken from where it was put, wherever the interface belongs now. */
static void
rtr_route(struct nd6_vnet *nv, struct nd6_router *nr, bool add)
{
	struct vi_route rt = { .rt_dst = { .sa_family = VI_AF_INET6 }, .rt_proto = ND6_RTPROTO };

	nd6_sockaddr(nr->nr_addr, &rt.rt_gateway);
	memcpy(rt.rt_ifname, nr->nr_ifp->if_xname, sizeof(rt.rt_ifname));
	if (add) {
		rt.rt_fib = nr->nr_fib = nr->nr_ifp->if_fib;
		rt.rt_metric = nr->nr_metric = nd6_metric(nr->nr_pref);
		nr->nr_installed = rt_add(nv->nv_vnet, &rt) == 0;
	} else if (nr->nr_installed) {
		rt.rt_fib = nr->nr_fib;
		rt.rt_metric = nr->nr_metric;
		(void)rt_delete(nv->nv_vnet, &rt);	/* somebody may have done so */
		nr->nr_installed = false;
	}
}

/* Nobody routes: everybody is believed to be on the link of the chosen interface. */
static void
rtr_defaultif(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct vi_route rt = { .rt_dst = { .sa_family = VI_AF_INET6 }, .rt_proto = ND6_RTPROTO, .rt_metric = nd6_metric(ND6_PREF_LOW) };

	if (nv->nv_defif == ifp)
		return;
	if (nv->nv_defif != NULL) {
		memcpy(rt.rt_ifname, nv->nv_defif->if_xname, sizeof(rt.rt_ifname));
		rt.rt_fib = nv->nv_deffib;
		(void)rt_delete(nv->nv_vnet, &rt);
		nv->nv_defif = NULL;
	}
	if (ifp == NULL)
		return;
	memcpy(rt.rt_ifname, ifp->if_xname, sizeof(rt.rt_ifname));
	rt.rt_fib = nv->nv_deffib = ifp->if_fib;
	if (rt_add(nv->nv_vnet, &rt) == 0)
		nv->nv_defif = ifp;
}

static struct ifnet *
rtr_wanted_defaultif(const struct nd6_vnet *nv)
{
	return (nv->nv_chosenif != NULL && if_up(nv->nv_chosenif) ? nv->nv_chosenif : NULL);
}

/* RFC 4191 3.2, RFC 4861 6.3.6: > 0 when a is better. */
static int
rtr_compare(const struct nd6_vnet *nv, const struct nd6_router *a, const struct nd6_router *b)
{
	const struct nd6_entry *na = nd6_lookup(nv, a->nr_ifp, a->nr_addr), *nb = nd6_lookup(nv, b->nr_ifp, b->nr_addr);
	const bool ra = na != NULL && na->ne_state >= VI_NUD_REACHABLE, rb = nb != NULL && nb->ne_state >= VI_NUD_REACHABLE;

	if (ra != rb)
		return (ra ? 1 : -1);
	/* Nobody answers: each has its turn, whatever it is preferred; nd6_router_gone() puts who had his at the end. */
	if (!ra && a->nr_silent != b->nr_silent)
		return (b->nr_silent ? 1 : -1);
	if ((ra || !a->nr_silent) && a->nr_pref != b->nr_pref)
		return (a->nr_pref - b->nr_pref);
	return ((int)a->nr_installed - (int)b->nr_installed);
}

struct rtr_sight { const struct nd6_router *rs_router; bool rs_found; };

static void
rtr_see(void *arg, const struct vi_route *rt)
{
	struct rtr_sight *rs = arg;
	const struct nd6_router *nr = rs->rs_router;
	struct vi_sockaddr sa;

	nd6_sockaddr(nr->nr_addr, &sa);
	rs->rs_found |= rt->rt_proto == ND6_RTPROTO && rt->rt_metric == nd6_metric(nr->nr_pref) && rt->rt_ifindex == nr->nr_ifp->if_index &&
	    (rt->rt_flags & RTF_GATEWAY) != 0 && in6_equal(rt->rt_gateway.sa_in6, sa.sa_in6);
}

/* Is the default route by this router still there, as it should be?  Others may stand before it. */
static bool
rtr_present(const struct nd6_vnet *nv, const struct nd6_router *nr)
{
	const struct vi_route any = { .rt_dst = { .sa_family = VI_AF_INET6 }, .rt_fib = nr->nr_fib };
	struct rtr_sight rs = { nr, false };

	if (nr->nr_fib == nr->nr_ifp->if_fib)
		(void)rt_paths(nv->nv_vnet, &any, rtr_see, &rs);
	return (rs.rs_found);
}

void
nd6_router_select(struct nd6_vnet *nv)
{
	struct nd6_router *nr, *best = NULL, *now = NULL;

	TAILQ_FOREACH(nr, &nv->nv_routers, nr_link) {
		if (nr->nr_installed)
			now = nr;
		if (best == NULL || rtr_compare(nv, nr, best) > 0)
			best = nr;
	}
	rtr_defaultif(nv, best != NULL ? NULL : rtr_wanted_defaultif(nv));
	if (best == now && (now == NULL || rtr_present(nv, now)))
		return;
	if (now != NULL)
		rtr_route(nv, now, false);	/* or somebody deleted it */
	if (best != NULL)
		rtr_route(nv, best, true);
}

void
nd6_router_free(struct nd6_vnet *nv, struct nd6_router *nr)
{
	if (nr->nr_installed)
		rtr_route(nv, nr, false);
	TAILQ_REMOVE(&nv->nv_routers, nr, nr_link);
	nv->nv_nrouters--;
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, nr, sizeof(*nr));
}

static struct nd6_router *
rtr_find(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *addr)
{
	struct nd6_router *nr;

	TAILQ_FOREACH(nr, &nv->nv_routers, nr_link)
		if (nr->nr_ifp == ifp && in6_equal(nr->nr_addr, addr))
			return (nr);
	return (NULL);
}

void
nd6_router_gone(struct nd6_vnet *nv, const struct nd6_entry *ne, bool host)
{
	struct nd6_router *nr = rtr_find(nv, ne->ne_ifp, ne->ne_addr);

	if (nv->nv_stopping)
		return;
	if (host) {		/* RFC 4861 7.2.5 */
		nd6_rio_flush(nv, ne->ne_ifp, ne->ne_addr);
		if (nr == NULL)
			return;
		nd6_router_free(nv, nr);
		nd6_router_select(nv);
		return;
	}
	nd6_rio_silent(nv, ne->ne_ifp, ne->ne_addr);
	if (nr != NULL)
		nr->nr_silent = true;
	/* It stays on the list, the last choice: it may come back. */
	if (nr != NULL && nr->nr_installed && nv->nv_nrouters > 1) {
		rtr_route(nv, nr, false);
		TAILQ_REMOVE(&nv->nv_routers, nr, nr_link);
		TAILQ_INSERT_TAIL(&nv->nv_routers, nr, nr_link);
		nd6_router_select(nv);
	}
}

/* RFC 4861 6.3.4: lifetime 0 means no default router.  Infinite is one of a route information option only. */
void
nd6_router_update(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t src[16], uint32_t life, int pref)
{
	struct nd6_router *nr = rtr_find(nv, ifp, src);

	if (life == 0) {
		if (nr != NULL)
			nd6_router_free(nv, nr);
	} else if (nr == NULL) {
		if (nv->nv_nrouters >= ND6_MAXROUTERS || (nr = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*nr))) == NULL) {
			nv->nv_stat.ns_routersfull++;
			return;
		}
		*nr = (struct nd6_router){ .nr_ifp = ifp };
		memcpy(nr->nr_addr, src, sizeof(nr->nr_addr));
		TAILQ_INSERT_TAIL(&nv->nv_routers, nr, nr_link);
		nv->nv_nrouters++;
	}
	if (life != 0) {
		nr->nr_doubt = nr->nr_silent = false;
		nr->nr_pref = (int8_t)pref;
		nr->nr_expire = life == RTR_INFINITE ? UINT64_MAX : vnet_now(nv->nv_vnet) + life * ND6_SEC;
	}
	nd6_router_select(nv);
}

static void
rtr_update(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t *src, const struct nd_router_advert *ra)
{
	struct nd6_router *nr;

	nd6_router_update(nv, ifp, src, NTOHS(ra->nra_lifetime), ND_RA_PREF(ra->nra_flags));
	if ((nr = rtr_find(nv, ifp, src)) != NULL)
		nr->nr_flags = ra->nra_flags;
}

/* Advertisements */

static void
ra_params(struct nd6_if *ni, const struct nd_router_advert *ra, struct kernel *k)
{
	const uint32_t reachable = NTOHL(ra->nra_reachable), retrans = NTOHL(ra->nra_retransmit);

	if (ra->nra_hlim != 0)
		ni->ni_hlim = ra->nra_hlim;
	if (reachable != 0 && reachable <= 3600000)	/* RFC 4861 6.3.2, 6.2.1 */
		ni->ni_reachable = (reachable / 2 + kernel_random_below(k, reachable)) * ND6_MSEC;
	if (retrans >= 100 && retrans <= 3600000)	/* less would be a flood by order */
		ni->ni_retrans = retrans * ND6_MSEC;
}

static bool
ra_wanted(const struct nd6_vnet *nv, const struct nd6_if *ni)
{
	const struct ip6_vnet *i6v = ip6_vnet(nv->nv_vnet);

	return ((ni->ni_head.ih_flags & VI_ND6_IFF_ACCEPT_RTADV) != 0 && (!ni->ni_ifp->if_forwards[NET_AF_INET6] || i6v->i6v_acceptrtadv == 2 || ni->ni_rafwd));
}

static void
ra_option(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t *src, const struct nd_opt *no)
{
	struct nd6_if *ni = nd6_if(ifp);
	uint32_t mtu;

	switch (no->no_type) {
	case ND_OPT_PREFIX:
		if (no->no_len == sizeof(struct nd_opt_prefix))
			nd6_prefix_update(nv, ifp, src, (const struct nd_opt_prefix *)(const void *)no->no_p);
		break;
	case ND_OPT_MTU:
		if (no->no_len != 8)
			break;
		memcpy(&mtu, no->no_p + 4, sizeof(mtu));
		if (NTOHL(mtu) >= IPV6_MMTU)
			ni->ni_linkmtu = NTOHL(mtu);
		break;
	case ND_OPT_RDNSS:
		nd6_rdnss_input(nv, ifp, src, no);
		break;
	case ND_OPT_DNSSL:
		nd6_dnssl_input(nv, ifp, src, no);
		break;
	case ND_OPT_ROUTE:
		if ((ni->ni_head.ih_flags & VI_ND6_IFF_NO_RADR) == 0)
			nd6_rio_input(nv, ifp, src, no);
		break;
	default:
		break;
	}
}

void
nd6_ra_input(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t src[16], const uint8_t *msg, size_t len)
{
	const struct nd_router_advert *ra = (const struct nd_router_advert *)(const void *)msg;
	struct nd6_if *ni = nd6_if(ifp);
	size_t off = sizeof(*ra);
	struct nd_opt no;

	if (!ra_wanted(nv, ni))
		return;
	/* RFC 4861 6.3.7: who is no default router does not end the search for one. */
	if (ra->nra_lifetime != 0)
		callout_stop(&ni->ni_rstimer);
	ni->ni_answered = true;
	ra_params(ni, ra, nv->nv_vnet->vn_kernel);
	if ((ni->ni_head.ih_flags & VI_ND6_IFF_NO_RADR) == 0)
		rtr_update(nv, ifp, src, ra);
	while (nd_opt_next(msg, len, &off, &no) == WIRE_OK)
		ra_option(nv, ifp, src, &no);
	nd6_slow_start(nv);
}

void
nd6_slow_start(struct nd6_vnet *nv)
{
	if (!nv->nv_stopping && !callout_pending(&nv->nv_slow))
		callout_reset(&nv->nv_slow, ND6_SEC);
}

void
nd6_rs_timer(void *arg)
{
	struct nd6_if *ni = arg;
	struct nd6_vnet *nv = nd6_vnet(ni->ni_ifp->if_vnet);

	if (ni->ni_rsleft == 0 || !ra_wanted(nv, ni) || !if_up(ni->ni_ifp))
		return;
	ni->ni_rsleft--;
	(void)nd6_rs_send(nv, ni->ni_ifp);
	callout_reset(&ni->ni_rstimer, ND6_RS_INTERVAL);
}

void
nd6_rs_start(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct nd6_if *ni = nd6_if(ifp);

	if (ni == NULL || !ra_wanted(nv, ni) || !if_up(ifp))
		return;
	ni->ni_rsleft = nd6_own(nv, ifp, ND6_RSCOUNT);
	callout_reset(&ni->ni_rstimer, 0);
}

/* Lifetimes */

static void
slow_addresses(struct nd6_vnet *nv, uint64_t now, bool *more)
{
	struct in6_ifaddr *ia;
	struct ifaddr *ifa, *next;
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(nv->nv_vnet)->nv_ifs, if_link) {
		for (ifa = TAILQ_FIRST(&ifp->if_addrs); ifa != NULL; ifa = next) {
			next = TAILQ_NEXT(ifa, ifa_link);
			if (ifa->ifa_addr.na_af != NET_AF_INET6)
				continue;
			ia = ifatoia6(ifa);
			if (ia->ia_ifa.ifa_vexpire != 0 && ia->ia_ifa.ifa_vexpire <= now)
				in6_ifaddr_remove(ia);
			else
				*more |= ia->ia_ifa.ifa_vexpire != 0;
		}
	}
}

void
nd6_slow(void *arg)
{
	struct nd6_vnet *nv = arg;
	const uint64_t now = vnet_now(nv->nv_vnet);
	struct nd6_router *nr, *nrnext;
	bool more = false;

	for (nr = TAILQ_FIRST(&nv->nv_routers); nr != NULL; nr = nrnext) {
		nrnext = TAILQ_NEXT(nr, nr_link);
		if (nr->nr_expire <= now)
			nd6_router_free(nv, nr);
	}
	nd6_router_select(nv);
	nd6_rio_slow(nv, now);
	nd6_prefix_slow(nv, now);
	nd6_dns_slow(nv, now);
	slow_addresses(nv, now, &more);
	more |= nd6_link_slow(nv, now) || !TAILQ_EMPTY(&nv->nv_dns);
	if (more || !TAILQ_EMPTY(&nv->nv_routers) || !TAILQ_EMPTY(&nv->nv_prefixes) || !TAILQ_EMPTY(&nv->nv_rios))
		callout_reset(&nv->nv_slow, ND6_SEC);
}

/* ifp NULL: all. */
void
nd6_router_flush(struct nd6_vnet *nv, const struct ifnet *ifp)
{
	struct nd6_router *nr, *next;

	for (nr = TAILQ_FIRST(&nv->nv_routers); nr != NULL; nr = next) {
		next = TAILQ_NEXT(nr, nr_link);
		if (ifp == NULL || nr->nr_ifp == ifp)
			nd6_router_free(nv, nr);
	}
	nd6_rio_flush(nv, ifp, NULL);
}

void
nd6_router_forwards(struct nd6_vnet *nv)
{
	struct nd6_router *nr, *next;

	for (nr = TAILQ_FIRST(&nv->nv_routers); nr != NULL; nr = next) {
		next = TAILQ_NEXT(nr, nr_link);
		if (!nd6_if(nr->nr_ifp)->ni_rafwd && ip6_vnet(nv->nv_vnet)->i6v_acceptrtadv != 2)
			nd6_router_free(nv, nr);
	}
	nd6_router_select(nv);
}

void
nd6_rtr_ifdetach(struct nd6_vnet *nv, const struct ifnet *ifp)
{
	nd6_router_flush(nv, ifp);
	nd6_prefix_flush(nv, ifp, false);
	nd6_dns_flush(nv, ifp);
	if (nv->nv_defif == ifp)
		rtr_defaultif(nv, NULL);
	nd6_router_select(nv);
}

void
nd6_router_list(struct vnet *vn, vi_nd_router_fn *fn, void *arg)
{
	const uint64_t now = vnet_now(vn);
	const struct nd6_router *nr;

	TAILQ_FOREACH(nr, &nd6_vnet(vn)->nv_routers, nr_link) {
		struct vi_nd_router out = { .rd_flags = nr->nr_flags, .rd_pref = nr->nr_pref, .rd_installed = nr->nr_installed };

		out.rd_expire = nr->nr_expire == UINT64_MAX ? 0 : nr->nr_expire > now ? nr->nr_expire - now : 1;
		nd6_sockaddr(nr->nr_addr, &out.rd_addr);
		memcpy(out.rd_ifname, nr->nr_ifp->if_xname, sizeof(out.rd_ifname));
		fn(arg, &out);
	}
}
