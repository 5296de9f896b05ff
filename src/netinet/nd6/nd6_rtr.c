/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Routers and prefixes learned from advertisements (RFC 4861 6.3), and the addresses made of them (RFC 4862 5.5).
 *
 * An interface listens when VI_ND6_IFF_ACCEPT_RTADV is set, and not while this host forwards (unless net.inet6.ip6.accept_rtadv is 2).  Of the default
 * routers one is in the routing table: of the highest preference (RFC 4191), and of these one that answers.  Prefixes that are on-link are routes
 * by the interface.  Lifetimes are looked at once a second while there are any.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define RTR_SOLICITATIONS	3		/* RFC 4861 10 */
#define RTR_INTERVAL		(4 * ND6_SEC)
#define TWO_HOURS		7200u
#define RTR_INFINITE		0xffffffffu

static void
rtr_sockaddr(const uint8_t *a, struct vi_sockaddr *sa)
{
	struct in_addr_any any;

	memcpy(any.in6, a, sizeof(any.in6));
	in6_recover(&any, 0, sa);
}

/* The default route by this router. */
static void
rtr_route(struct nd6_vnet *nv, struct nd6_router *nr, bool add)
{
	struct vi_route rt = { .rt_dst = { .sa_family = VI_AF_INET6 }, .rt_flags = VI_RTF_GATEWAY | VI_RTF_DYNAMIC, .rt_fib = nr->nr_ifp->if_fib };

	rtr_sockaddr(nr->nr_addr, &rt.rt_gateway);
	memcpy(rt.rt_ifname, nr->nr_ifp->if_xname, sizeof(rt.rt_ifname));
	if (add)
		nr->nr_installed = rt_add(nv->nv_vnet, &rt) == 0;
	else if (nr->nr_installed && rt_delete(nv->nv_vnet, &rt) == 0)
		nr->nr_installed = false;
}

/* RFC 4191 3.2, RFC 4861 6.3.6: > 0 when a is better. */
static int
rtr_compare(const struct nd6_vnet *nv, const struct nd6_router *a, const struct nd6_router *b)
{
	const struct nd6_entry *na = nd6_lookup(nv, a->nr_ifp, a->nr_addr), *nb = nd6_lookup(nv, b->nr_ifp, b->nr_addr);
	const bool ra = na != NULL && na->ne_state >= VI_NUD_REACHABLE, rb = nb != NULL && nb->ne_state >= VI_NUD_REACHABLE;

	if (ra != rb)
		return (ra ? 1 : -1);
	if (a->nr_pref != b->nr_pref)
		return (a->nr_pref - b->nr_pref);
	return ((int)a->nr_installed - (int)b->nr_installed);
}

/* Is the default route still the one by this router? */
static bool
rtr_present(const struct nd6_vnet *nv, const struct nd6_router *nr)
{
	static const uint8_t any[16];
	const struct nhop *nh = fib6_lookup(nv->nv_vnet, nr->nr_ifp->if_fib, any);

	return (nh != NULL && nh->nh_ifp == nr->nr_ifp && (nh->nh_flags & RTF_GATEWAY) != 0 && in6_equal(nh->nh_gw.na_in6, nr->nr_addr));
}

static void
rtr_select(struct nd6_vnet *nv)
{
	struct nd6_router *nr, *best = NULL, *now = NULL;

	TAILQ_FOREACH(nr, &nv->nv_routers, nr_link) {
		if (nr->nr_installed)
			now = nr;
		if (best == NULL || rtr_compare(nv, nr, best) > 0)
			best = nr;
	}
	if (best == now && (now == NULL || rtr_present(nv, now)))
		return;
	if (best == now)
		now->nr_installed = false;	/* somebody deleted the route */
	else if (now != NULL)
		rtr_route(nv, now, false);
	if (best != NULL)
		rtr_route(nv, best, true);
}

static void
rtr_free(struct nd6_vnet *nv, struct nd6_router *nr)
{
	if (nr->nr_installed)
		rtr_route(nv, nr, false);
	TAILQ_REMOVE(&nv->nv_routers, nr, nr_link);
	nv->nv_nrouters--;
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, nr, sizeof(*nr));
}

void
nd6_router_gone(struct nd6_vnet *nv, const struct nd6_entry *ne, bool host)
{
	struct nd6_router *nr;

	TAILQ_FOREACH(nr, &nv->nv_routers, nr_link)
		if (nr->nr_ifp == ne->ne_ifp && in6_equal(nr->nr_addr, ne->ne_addr))
			break;
	if (nr == NULL || nv->nv_stopping)
		return;
	if (host) {		/* RFC 4861 7.2.5 */
		rtr_free(nv, nr);
		rtr_select(nv);
		return;
	}
	/* It stays on the list, the last choice: it may come back. */
	if (nr->nr_installed && nv->nv_nrouters > 1) {
		rtr_route(nv, nr, false);
		TAILQ_REMOVE(&nv->nv_routers, nr, nr_link);
		TAILQ_INSERT_TAIL(&nv->nv_routers, nr, nr_link);
		rtr_select(nv);
	}
}

/* RFC 4861 6.3.4: lifetime 0 means no default router. */
static void
rtr_update(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t *src, const struct nd_router_advert *ra)
{
	const uint32_t life = NTOHS(ra->nra_lifetime);
	struct nd6_router *nr;

	TAILQ_FOREACH(nr, &nv->nv_routers, nr_link)
		if (nr->nr_ifp == ifp && in6_equal(nr->nr_addr, src))
			break;
	if (life == 0) {
		if (nr != NULL)
			rtr_free(nv, nr);
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
		nr->nr_pref = (int8_t)ND_RA_PREF(ra->nra_flags);
		nr->nr_flags = ra->nra_flags;
		nr->nr_expire = vnet_now(nv->nv_vnet) + life * ND6_SEC;
	}
	rtr_select(nv);
}

/* Prefixes */

static struct nd6_prefix *
pfx_find(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *prefix, uint8_t len)
{
	struct nd6_prefix *np;

	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link)
		if (np->np_ifp == ifp && np->np_len == len && in6_equal(np->np_prefix, prefix))
			return (np);
	return (NULL);
}

static void
pfx_onlink(struct nd6_vnet *nv, struct nd6_prefix *np, bool on)
{
	if (on == ((np->np_flags & ND_PI_ONLINK) != 0))
		return;
	if (on) {
		if (rt_ifa_add6(nv->nv_vnet, np->np_prefix, np->np_len, 0, np->np_ifp, NULL) == 0)
			np->np_flags |= ND_PI_ONLINK;
		return;
	}
	rt_ifa_del6(nv->nv_vnet, np->np_prefix, np->np_len, NULL);
	np->np_flags &= (uint8_t)~ND_PI_ONLINK;
}

static void
pfx_free(struct nd6_vnet *nv, struct nd6_prefix *np)
{
	pfx_onlink(nv, np, false);
	TAILQ_REMOVE(&nv->nv_prefixes, np, np_link);
	nv->nv_nprefixes--;
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, np, sizeof(*np));
}

void
nd6_addr_gone(struct nd6_vnet *nv, const struct in6_ifaddr *ia)
{
	struct nd6_prefix *np;

	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link)
		if (np->np_addr == ia)
			np->np_addr = NULL;
}

/* RFC 4862 5.5.3 e: a remaining lifetime of less than two hours is not cut by what anybody may have sent. */
static void
pfx_refresh(struct nd6_vnet *nv, struct in6_ifaddr *ia, uint32_t valid, uint32_t preferred)
{
	const uint64_t now = vnet_now(nv->nv_vnet);
	const uint64_t left = ia->ia_vexpire == 0 ? UINT64_MAX : ia->ia_vexpire > now ? (ia->ia_vexpire - now) / ND6_SEC : 0;

	if (valid <= TWO_HOURS && (uint64_t)valid <= left) {
		if (left <= TWO_HOURS)
			valid = (uint32_t)left;
		else
			valid = TWO_HOURS;
	}
	in6_ifaddr_lifetimes(ia, valid, MIN(preferred, valid));
}

/* An address of the prefix and the interface's identifier (RFC 4862 5.5.3 d). */
static void
pfx_address(struct nd6_vnet *nv, struct nd6_prefix *np, uint32_t valid, uint32_t preferred)
{
	uint8_t a[16];

	if (np->np_addr != NULL) {
		pfx_refresh(nv, np->np_addr, valid, preferred);
		return;
	}
	if (valid == 0 || np->np_len != 64)
		return;
	memcpy(a, np->np_prefix, 8);
	nd6_ifid(np->np_ifp, a + 8);
	if (in6_ifaddr_add(np->np_ifp, a, 64, VI_IN6_IFF_AUTOCONF, valid, preferred, &np->np_addr) != 0)
		np->np_addr = NULL;
}

static uint64_t
pfx_expire(struct nd6_vnet *nv, uint32_t life)
{
	return (life == RTR_INFINITE ? 0 : vnet_now(nv->nv_vnet) + life * ND6_SEC + 1);
}

static void
pfx_update(struct nd6_vnet *nv, struct ifnet *ifp, const struct nd_opt_prefix *pi)
{
	const uint32_t valid = NTOHL(pi->pi_valid), preferred = NTOHL(pi->pi_preferred);
	uint8_t prefix[16] = { 0 };
	struct nd6_prefix *np;

	if (pi->pi_prefixlen > 128 || preferred > valid || in6_linklocal(pi->pi_prefix) || in6_multicast(pi->pi_prefix))
		return;
	memcpy(prefix, pi->pi_prefix, pi->pi_prefixlen / 8);
	if (pi->pi_prefixlen % 8 != 0)
		prefix[pi->pi_prefixlen / 8] = pi->pi_prefix[pi->pi_prefixlen / 8] & (uint8_t)(0xff << (8 - pi->pi_prefixlen % 8));
	np = pfx_find(nv, ifp, prefix, pi->pi_prefixlen);
	if (np == NULL) {
		if (valid == 0)
			return;
		if (nv->nv_nprefixes >= ND6_MAXPREFIXES || (np = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*np))) == NULL) {
			nv->nv_stat.ns_routersfull++;
			return;
		}
		*np = (struct nd6_prefix){ .np_ifp = ifp, .np_len = pi->pi_prefixlen };
		memcpy(np->np_prefix, prefix, sizeof(prefix));
		TAILQ_INSERT_TAIL(&nv->nv_prefixes, np, np_link);
		nv->nv_nprefixes++;
	}
	np->np_expire = pfx_expire(nv, valid);
	np->np_pexpire = pfx_expire(nv, preferred);
	/* RFC 4861 6.3.4: an advertisement without the bit says nothing. */
	if ((pi->pi_flags & ND_PI_ONLINK) != 0)
		pfx_onlink(nv, np, valid != 0);
	if ((pi->pi_flags & ND_PI_AUTO) != 0)
		pfx_address(nv, np, valid, preferred);
	if (valid == 0 && np->np_addr == NULL)
		pfx_free(nv, np);
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

	return ((ni->ni_flags & VI_ND6_IFF_ACCEPT_RTADV) != 0 && (!i6v->i6v_forwarding || i6v->i6v_acceptrtadv == 2));
}

void
nd6_ra_input(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t src[16], const uint8_t *msg, size_t len)
{
	const struct nd_router_advert *ra = (const struct nd_router_advert *)(const void *)msg;
	struct nd6_if *ni = nd6_if(ifp);
	size_t off = sizeof(*ra);
	struct nd_opt no;
	uint32_t mtu;

	if (!ra_wanted(nv, ni))
		return;
	callout_stop(&ni->ni_rstimer);
	ra_params(ni, ra, nv->nv_vnet->vn_kernel);
	if ((ni->ni_flags & VI_ND6_IFF_NO_RADR) == 0)
		rtr_update(nv, ifp, src, ra);
	while (nd_opt_next(msg, len, &off, &no) == WIRE_OK) {
		if (no.no_type == ND_OPT_PREFIX && no.no_len == sizeof(struct nd_opt_prefix)) {
			pfx_update(nv, ifp, (const struct nd_opt_prefix *)(const void *)no.no_p);
		} else if (no.no_type == ND_OPT_MTU && no.no_len == 8) {
			memcpy(&mtu, no.no_p + 4, sizeof(mtu));
			if (NTOHL(mtu) >= IPV6_MMTU)
				ni->ni_linkmtu = NTOHL(mtu);
		}
	}
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
	callout_reset(&ni->ni_rstimer, RTR_INTERVAL);
}

void
nd6_rs_start(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct nd6_if *ni = nd6_if(ifp);

	if (ni == NULL || !ra_wanted(nv, ni) || !if_up(ifp))
		return;
	ni->ni_rsleft = RTR_SOLICITATIONS;
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
			if (ia->ia_vexpire != 0 && ia->ia_vexpire <= now)
				in6_ifaddr_remove(ia);
			else
				*more |= ia->ia_vexpire != 0;
		}
	}
}

void
nd6_slow(void *arg)
{
	struct nd6_vnet *nv = arg;
	const uint64_t now = vnet_now(nv->nv_vnet);
	struct nd6_router *nr, *nrnext;
	struct nd6_prefix *np, *npnext;
	bool more = false;

	for (nr = TAILQ_FIRST(&nv->nv_routers); nr != NULL; nr = nrnext) {
		nrnext = TAILQ_NEXT(nr, nr_link);
		if (nr->nr_expire <= now)
			rtr_free(nv, nr);
	}
	rtr_select(nv);
	for (np = TAILQ_FIRST(&nv->nv_prefixes); np != NULL; np = npnext) {
		npnext = TAILQ_NEXT(np, np_link);
		if (np->np_expire != 0 && np->np_expire <= now && np->np_addr == NULL)
			pfx_free(nv, np);
	}
	slow_addresses(nv, now, &more);
	if (more || !TAILQ_EMPTY(&nv->nv_routers) || !TAILQ_EMPTY(&nv->nv_prefixes))
		callout_reset(&nv->nv_slow, ND6_SEC);
}

void
nd6_rtr_ifdetach(struct nd6_vnet *nv, const struct ifnet *ifp)
{
	struct nd6_router *nr, *nrnext;
	struct nd6_prefix *np, *npnext;

	for (nr = TAILQ_FIRST(&nv->nv_routers); nr != NULL; nr = nrnext) {
		nrnext = TAILQ_NEXT(nr, nr_link);
		if (nr->nr_ifp == ifp)
			rtr_free(nv, nr);
	}
	for (np = TAILQ_FIRST(&nv->nv_prefixes); np != NULL; np = npnext) {
		npnext = TAILQ_NEXT(np, np_link);
		if (np->np_ifp == ifp)
			pfx_free(nv, np);
	}
}
