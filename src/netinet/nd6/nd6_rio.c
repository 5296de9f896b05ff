/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes of route information options (RFC 4191 2.3): more specific than the default, by the router that told of them.  The better its preference, the lower the
 * metric; routes somebody configured have metric 0 and win.  Those of a router that does not answer are taken out of the table where there is
 * another way (3.2); its next advertisement puts them back.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define RIO_INFINITE	0xffffffffu

static void
rio_route(struct nd6_vnet *nv, struct nd6_rio *ro, bool add)
{
	struct vi_route rt = { .rt_prefixlen = ro->ro_len, .rt_proto = ND6_RTPROTO, .rt_fib = ro->ro_fib,
		.rt_metric = nd6_metric(ro->ro_pref) };

	nd6_sockaddr(ro->ro_prefix, &rt.rt_dst);
	nd6_sockaddr(ro->ro_router, &rt.rt_gateway);
	memcpy(rt.rt_ifname, ro->ro_ifp->if_xname, sizeof(rt.rt_ifname));
	if (add) {
		ro->ro_installed = rt_add(nv->nv_vnet, &rt) == 0;
	} else if (ro->ro_installed) {
		(void)rt_delete(nv->nv_vnet, &rt);
		ro->ro_installed = false;
	}
}

static void
rio_free(struct nd6_vnet *nv, struct nd6_rio *ro)
{
	rio_route(nv, ro, false);
	TAILQ_REMOVE(&nv->nv_rios, ro, ro_link);
	nv->nv_nrios--;
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, ro, sizeof(*ro));
}

static struct nd6_rio *
rio_find(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *router, const uint8_t *prefix, uint8_t len)
{
	struct nd6_rio *ro;

	TAILQ_FOREACH(ro, &nv->nv_rios, ro_link)
		if (ro->ro_ifp == ifp && ro->ro_len == len && in6_equal(ro->ro_router, router) && in6_equal(ro->ro_prefix, prefix))
			return (ro);
	return (NULL);
}

static void
rio_update(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t *router, const struct nd6_rio *new, uint32_t life)
{
	struct nd6_rio *ro = rio_find(nv, ifp, router, new->ro_prefix, new->ro_len);

	if (ro != NULL && (life == 0 || ro->ro_pref != new->ro_pref || ro->ro_fib != ifp->if_fib)) {
		rio_free(nv, ro);
		ro = NULL;
	}
	if (life == 0)
		return;
	if (ro == NULL) {
		if (nv->nv_nrios >= ND6_MAXRIOS || (ro = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*ro))) == NULL) {
			nv->nv_stat.ns_routersfull++;
			return;
		}
		*ro = *new;
		TAILQ_INSERT_TAIL(&nv->nv_rios, ro, ro_link);
		nv->nv_nrios++;
	}
	if (!ro->ro_installed)
		rio_route(nv, ro, true);
	ro->ro_expire = life == RIO_INFINITE ? UINT64_MAX : vnet_now(nv->nv_vnet) + life * ND6_SEC;
}

/* RFC 4191 2.3, 3.1: a preference of 10 spoils the option; ::/0 speaks of the router itself. */
void
nd6_rio_input(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t router[16], const struct nd_opt *no)
{
	struct nd6_rio ro = { .ro_ifp = ifp, .ro_fib = ifp->if_fib, .ro_len = no->no_p[2], .ro_pref = (int8_t)ND_RA_PREF(no->no_p[3]) };
	uint8_t addr[16] = { 0 };
	uint32_t life;

	if (no->no_len > 24 || ro.ro_len > 128 || no->no_len < (ro.ro_len > 64 ? 24 : ro.ro_len > 0 ? 16 : 8) || (no->no_p[3] >> 3 & 3) == 2)
		return;
	memcpy(&life, no->no_p + 4, sizeof(life));
	life = NTOHL(life);
	memcpy(addr, no->no_p + 8, no->no_len - 8u);
	if (ro.ro_len == 0) {
		nd6_router_update(nv, ifp, router, life, ro.ro_pref);
		return;
	}
	nd6_prefix_mask(addr, ro.ro_len, ro.ro_prefix);
	if (in6_linklocal(ro.ro_prefix) || in6_multicast(ro.ro_prefix))
		return;
	memcpy(ro.ro_router, router, sizeof(ro.ro_router));
	rio_update(nv, ifp, router, &ro, life);
}

/* Of this interface (NULL: all) and router (NULL: all). */
void
nd6_rio_flush(struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *router)
{
	struct nd6_rio *ro, *next;

	for (ro = TAILQ_FIRST(&nv->nv_rios); ro != NULL; ro = next) {
		next = TAILQ_NEXT(ro, ro_link);
		if ((ifp == NULL || ro->ro_ifp == ifp) && (router == NULL || in6_equal(ro->ro_router, router)))
			rio_free(nv, ro);
	}
}

void
nd6_rio_silent(struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *router)
{
	struct nd6_rio *ro;

	TAILQ_FOREACH(ro, &nv->nv_rios, ro_link) {
		if (ro->ro_ifp != ifp || !in6_equal(ro->ro_router, router) || !ro->ro_installed)
			continue;
		rio_route(nv, ro, false);
		if (nhop_error(fib6_lookup(nv->nv_vnet, ro->ro_fib, ro->ro_prefix)) != 0)
			rio_route(nv, ro, true);
	}
}

void
nd6_rio_slow(struct nd6_vnet *nv, uint64_t now)
{
	struct nd6_rio *ro, *next;

	for (ro = TAILQ_FIRST(&nv->nv_rios); ro != NULL; ro = next) {
		next = TAILQ_NEXT(ro, ro_link);
		if (ro->ro_expire <= now)
			rio_free(nv, ro);
	}
}
