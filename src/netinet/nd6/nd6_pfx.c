/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefixes that routers told of (RFC 4861 6.3.4), and the lifetimes of the addresses made of them (RFC 4862 5.5.3).  Prefixes that are on-link are
 * routes by the interface.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define TWO_HOURS	7200u
#define PFX_INFINITE	0xffffffffu

static struct nd6_prefix *
pfx_find(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *prefix, uint8_t len)
{
	struct nd6_prefix *np;

	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link)
		if (np->np_ifp == ifp && np->np_len == len && in6_equal(np->np_prefix, prefix))
			return (np);
	return (NULL);
}

struct nd6_prefix *
nd6_prefix_of(const struct nd6_vnet *nv, const struct in6_ifaddr *ia)
{
	struct nd6_prefix *np;

	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link)
		if (np->np_ifp == ia->ia_ifa.ifa_ifp && np->np_len == 64 && in6_sameprefix(np->np_prefix, ia6_addr(ia), 64))
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

void
nd6_prefix_offlink(struct nd6_vnet *nv, struct nd6_prefix *np)
{
	pfx_onlink(nv, np, false);
}

void
nd6_prefix_free(struct nd6_vnet *nv, struct nd6_prefix *np)
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

/* Seconds until then, at most max; 0: never. */
static uint32_t
pfx_left(uint64_t now, uint64_t then, uint32_t max)
{
	if (then == 0)
		return (max);
	return (then <= now ? 0 : (uint32_t)MIN((then - now) / ND6_SEC, (uint64_t)max));
}

/*
 * RFC 4862 5.5.3 e: a remaining lifetime of less than two hours is not cut by what anybody may have sent.  RFC 8981 3.4: a temporary address
 * has an end that no router moves.
 */
static void
pfx_refresh(const struct nd6_vnet *nv, struct in6_ifaddr *ia, uint32_t valid, uint32_t preferred)
{
	const uint64_t now = vnet_now(nv->nv_vnet);
	const uint64_t left = ia->ia_ifa.ifa_vexpire == 0 ? UINT64_MAX : ia->ia_ifa.ifa_vexpire > now ? (ia->ia_ifa.ifa_vexpire - now) / ND6_SEC : 0;

	if (valid <= TWO_HOURS && (uint64_t)valid <= left)
		valid = left <= TWO_HOURS ? (uint32_t)left : TWO_HOURS;
	valid = pfx_left(now, ia->ia_vmax, valid);
	in6_ifaddr_lifetimes(ia, valid, pfx_left(now, ia->ia_pmax, MIN(preferred, valid)));
}

/* An address of the prefix and the interface's identifier (RFC 4862 5.5.3 d), or new lifetimes for those that there are (e). */
static void
pfx_addresses(struct nd6_vnet *nv, struct nd6_prefix *np, uint32_t valid, uint32_t preferred)
{
	struct ifaddr *ifa;

	if (np->np_len != 64)
		return;
	TAILQ_FOREACH(ifa, &np->np_ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && (ifatoia6(ifa)->ia_flags & VI_IN6_IFF_AUTOCONF) != 0 &&
		    in6_sameprefix(np->np_prefix, ifa->ifa_addr.na_in6, 64))
			pfx_refresh(nv, ifatoia6(ifa), valid, preferred);
	if (valid == 0)
		return;
	if (np->np_addr == NULL)
		nd6_prefix_address(nv, np, valid, preferred);
	nd6_temp_check(nv, np);
}

static uint64_t
pfx_expire(struct nd6_vnet *nv, uint32_t life)
{
	return (life == PFX_INFINITE ? 0 : MAX(vnet_now(nv->nv_vnet) + life * ND6_SEC, UINT64_C(1)));
}

static struct nd6_prefix *
pfx_new(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t prefix[16], uint8_t len)
{
	struct nd6_prefix *np;

	if (nv->nv_nprefixes >= ND6_MAXPREFIXES || (np = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*np))) == NULL) {
		nv->nv_stat.ns_routersfull++;
		return (NULL);
	}
	*np = (struct nd6_prefix){ .np_ifp = ifp, .np_len = len };
	memcpy(np->np_prefix, prefix, sizeof(np->np_prefix));
	TAILQ_INSERT_TAIL(&nv->nv_prefixes, np, np_link);
	nv->nv_nprefixes++;
	return (np);
}

void
nd6_prefix_mask(const uint8_t *addr, uint8_t len, uint8_t out[16])
{
	memset(out, 0, 16);
	memcpy(out, addr, len / 8);
	if (len % 8 != 0)
		out[len / 8] = addr[len / 8] & (uint8_t)(0xff << (8 - len % 8));
}

void
nd6_prefix_update(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t router[16], const struct nd_opt_prefix *pi)
{
	const uint32_t valid = NTOHL(pi->pi_valid), preferred = NTOHL(pi->pi_preferred);
	struct nd6_prefix *np;
	uint8_t prefix[16];

	if (pi->pi_prefixlen > 128 || preferred > valid || in6_linklocal(pi->pi_prefix) || in6_multicast(pi->pi_prefix))
		return;
	nd6_prefix_mask(pi->pi_prefix, pi->pi_prefixlen, prefix);
	np = pfx_find(nv, ifp, prefix, pi->pi_prefixlen);
	if (np == NULL && (valid == 0 || (np = pfx_new(nv, ifp, prefix, pi->pi_prefixlen)) == NULL))
		return;
	memcpy(np->np_router, router, sizeof(np->np_router));
	nd6_prefix_heard(np);
	np->np_valid = valid;
	np->np_preferred = preferred;
	np->np_expire = pfx_expire(nv, valid);
	np->np_pexpire = pfx_expire(nv, preferred);
	/* RFC 4861 6.3.4: an advertisement without the bit says nothing. */
	if ((pi->pi_flags & ND_PI_ONLINK) != 0)
		pfx_onlink(nv, np, valid != 0);
	if ((pi->pi_flags & ND_PI_AUTO) != 0) {
		np->np_flags |= ND_PI_AUTO;
		pfx_addresses(nv, np, valid, preferred);
	}
	if (valid == 0 && np->np_addr == NULL)
		nd6_prefix_free(nv, np);
}

void
nd6_prefix_slow(struct nd6_vnet *nv, uint64_t now)
{
	struct nd6_prefix *np, *next;

	for (np = TAILQ_FIRST(&nv->nv_prefixes); np != NULL; np = next) {
		next = TAILQ_NEXT(np, np_link);
		if (np->np_expire == 0 || np->np_expire > now)
			nd6_temp_check(nv, np);
		else if (np->np_addr == NULL)
			nd6_prefix_free(nv, np);
		else
			pfx_onlink(nv, np, false);	/* RFC 4861 6.3.5: the two-hour rule is for addresses alone */
	}
}

void
nd6_prefix_flush(struct nd6_vnet *nv, const struct ifnet *ifp, bool addresses)
{
	struct nd6_prefix *np, *next;
	struct ifaddr *ifa, *ifanext;

	for (np = TAILQ_FIRST(&nv->nv_prefixes); np != NULL; np = next) {
		next = TAILQ_NEXT(np, np_link);
		if (ifp != NULL && np->np_ifp != ifp)
			continue;
		for (ifa = TAILQ_FIRST(&np->np_ifp->if_addrs); addresses && ifa != NULL; ifa = ifanext) {
			ifanext = TAILQ_NEXT(ifa, ifa_link);
			if (ifa->ifa_addr.na_af == NET_AF_INET6 && (ifatoia6(ifa)->ia_flags & VI_IN6_IFF_AUTOCONF) != 0 &&
			    in6_sameprefix(np->np_prefix, ifa->ifa_addr.na_in6, 64))
				in6_ifaddr_remove(ifatoia6(ifa));
		}
		nd6_prefix_free(nv, np);
	}
}

static void
pfx_out(struct vi_nd_prefix *out, const struct ifnet *ifp, const uint8_t prefix[16], uint8_t len)
{
	struct in_addr_any a;

	memcpy(a.in6, prefix, sizeof(a.in6));
	in6_recover(&a, 0, &out->np_prefix);
	out->np_prefixlen = len;
	memcpy(out->np_ifname, ifp->if_xname, sizeof(out->np_ifname));
}

static void
pfx_list_advertised(const struct nd6_vnet *nv, vi_nd_prefix_fn *fn, void *arg)
{
	const struct nd6_prefix *np;
	const struct ifaddr *ifa;
	struct in_addr_any a;

	TAILQ_FOREACH(np, &nv->nv_prefixes, np_link) {
		struct vi_nd_prefix out = { .np_onlink = (np->np_flags & ND_PI_ONLINK) != 0, .np_auto = (np->np_flags & ND_PI_AUTO) != 0,
			.np_vltime = np->np_valid, .np_pltime = np->np_preferred,
			.np_expire = pfx_left(vnet_now(nv->nv_vnet), np->np_expire, VI_IFA_INFINITE) };

		pfx_out(&out, np->np_ifp, np->np_prefix, np->np_len);
		memcpy(a.in6, np->np_router, sizeof(a.in6));
		in6_recover(&a, 0, &out.np_router);
		TAILQ_FOREACH(ifa, &np->np_ifp->if_addrs, ifa_link)
			out.np_naddrs += ifa->ifa_addr.na_af == NET_AF_INET6 && (ifatoia6(ifa)->ia_flags & VI_IN6_IFF_AUTOCONF) != 0 &&
			    in6_sameprefix(np->np_prefix, ifa->ifa_addr.na_in6, np->np_len);
		fn(arg, &out);
	}
}

/* An address given by hand, which has a prefix and has not all of it to itself. */
static bool
pfx_byhand(const struct ifaddr *ifa)
{
	return (ifa->ifa_addr.na_af == NET_AF_INET6 && ifa->ifa_prefixlen < 128 &&
	    (ifatoia6(ifa)->ia_flags & VI_IN6_IFF_AUTOCONF) == 0);
}

static bool
pfx_same(const struct ifaddr *ifa, const struct ifaddr *other)
{
	return (pfx_byhand(other) && other->ifa_prefixlen == ifa->ifa_prefixlen &&
	    in6_sameprefix(ifa->ifa_addr.na_in6, other->ifa_addr.na_in6, ifa->ifa_prefixlen));
}

/* With its prefix, if it is the first address of it. */
static void
pfx_list_first(const struct nd6_vnet *nv, const struct ifaddr *ifa, vi_nd_prefix_fn *fn, void *arg)
{
	const struct in6_ifaddr *ia = ifatoia6(ifa);
	struct vi_nd_prefix out = { .np_onlink = true, .np_vltime = ia->ia_vltime, .np_pltime = ia->ia_pltime,
		.np_expire = pfx_left(vnet_now(nv->nv_vnet), ifa->ifa_vexpire, VI_IFA_INFINITE) };
	const struct ifaddr *other;
	uint8_t prefix[16];

	nd6_prefix_mask(ia6_addr(ia), ifa->ifa_prefixlen, prefix);
	if (pfx_find(nv, ifa->ifa_ifp, prefix, ifa->ifa_prefixlen) != NULL)
		return;
	TAILQ_FOREACH(other, &ifa->ifa_ifp->if_addrs, ifa_link) {
		if (!pfx_same(ifa, other))
			continue;
		if (out.np_naddrs++ == 0 && other != ifa)
			return;
	}
	pfx_out(&out, ifa->ifa_ifp, prefix, ifa->ifa_prefixlen);
	fn(arg, &out);
}

void
nd6_prefix_list(struct vnet *vn, vi_nd_prefix_fn *fn, void *arg)
{
	const struct nd6_vnet *nv = nd6_vnet(vn);
	const struct ifaddr *ifa;
	const struct ifnet *ifp;

	pfx_list_advertised(nv, fn, arg);
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
			if (pfx_byhand(ifa))
				pfx_list_first(nv, ifa, fn, arg);
}
