/* SPDX-License-Identifier: BSD-2-Clause */
/* ifnet.h and route.h. */
#include <vimage/ifnet.h>
#include <vimage/route.h>

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "base/util.h"
#include "net/if_conf.h"
#include "net/ifnet.h"
#include "net/route.h"

int
vi_if_create(struct vi_vnet *vn, const char *type, char name[VI_IFNAMSIZ])
{
	return (if_create(api_vnet(vn), type, name));
}

static enum vi_priv
api_cloner_priv(const struct if_clone *ifc)
{
	return (ifc == NULL || ifc->ifc_priv == 0 ? VI_PRIV_MAX : ifc->ifc_priv);
}

enum vi_priv
vi_if_create_priv(const char *type)
{
	return (api_cloner_priv(if_clone_find(type)));
}

int
vi_if_cable(struct vi_vnet *a, struct vi_vnet *b, char namea[VI_IFNAMSIZ], char nameb[VI_IFNAMSIZ])
{
	struct ifnet *ifp, *peer;
	int error;

	if ((error = if_create(api_vnet(a), "epair", namea)) != 0)
		return (error);
	ifp = ifnet_byname(api_vnet(a), namea);
	peer = ifp->if_cloner->ifc_peer(ifp);
	memcpy(nameb, peer->if_xname, VI_IFNAMSIZ);
	if (a != b && (error = if_vmove(peer, api_vnet(b))) != 0)
		(void)if_destroy(api_vnet(a), namea);
	return (error);
}

int
vi_if_destroy(struct vi_vnet *vn, const char *name)
{
	return (if_destroy(api_vnet(vn), name));
}

void
vi_if_list(struct vi_vnet *vn, vi_if_fn *fn, void *arg)
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(api_vnet(vn))->nv_ifs, if_link)
		if_info(ifp, fn, arg);
}

int
vi_if_get(struct vi_vnet *vn, const char *name, vi_if_fn *fn, void *arg)
{
	struct ifnet *ifp = ifnet_byname(api_vnet(vn), name);

	if (ifp == NULL)
		return (ENXIO);
	if_info(ifp, fn, arg);
	return (0);
}

int
vi_if_stats(struct vi_vnet *vn, const char *ifname, const char *proto, vi_stat_fn *fn, void *arg)
{
	const struct ifnet *ifp = ifnet_byname(api_vnet(vn), ifname);
	const struct net_afops *ops;

	if (ifp == NULL)
		return (ENXIO);
	for (unsigned af = 0; af < NET_AF_MAX; af++)
		if ((ops = net_vnet(api_vnet(vn))->nv_afops[af]) != NULL && ops->nao_ifstats != NULL)
			ops->nao_ifstats(ifp, proto, fn, arg);
	return (0);
}

int
vi_if_name(struct vi_vnet *vn, uint32_t index, char name[VI_IFNAMSIZ])
{
	const struct ifnet *ifp = ifnet_byindex(api_vnet(vn), index);

	if (ifp == NULL)
		return (ENXIO);
	memcpy(name, ifp->if_xname, VI_IFNAMSIZ);
	return (0);
}

void
vi_if_cloners(struct vi_kernel *k, void (*fn)(void *, const char *), void *arg)
{
	(void)k;
	for (unsigned i = 0; net_cloners[i] != NULL; i++)
		fn(arg, net_cloners[i]->ifc_name);
}

/* The changes that need nothing but the interface. */
#define API_IF(vn, name, expr) do {						\
	struct ifnet *ifp = ifnet_byname(api_vnet(vn), (name));			\
	return (ifp == NULL ? ENXIO : (expr));					\
} while (0)

int
vi_if_rename(struct vi_vnet *vn, const char *name, const char *newname)
{
	API_IF(vn, name, if_rename(ifp, newname));
}

int
vi_if_set_flags(struct vi_vnet *vn, const char *name, uint32_t set, uint32_t clear)
{
	const uint32_t allowed = IFF_UP | IFF_DEBUG | IFF_NOARP | IFF_PROMISC | IFF_MONITOR | IFF_STATICARP;

	if (((set | clear) & ~allowed) != 0)
		return (EINVAL);
	API_IF(vn, name, if_setflags(ifp, set, clear));
}

int
vi_if_set_mtu(struct vi_vnet *vn, const char *name, uint32_t mtu)
{
	API_IF(vn, name, if_setmtu(ifp, mtu));
}

int
vi_if_set_lladdr(struct vi_vnet *vn, const char *name, const uint8_t *lladdr, size_t len)
{
	API_IF(vn, name, if_setlladdr(ifp, lladdr, len));
}

static int
api_set_descr(struct ifnet *ifp, const char *descr)
{
	if (strlen(descr) >= sizeof(ifp->if_descr))
		return (ENAMETOOLONG);
	memcpy(ifp->if_descr, descr, strlen(descr) + 1);
	return (0);
}

int
vi_if_set_descr(struct vi_vnet *vn, const char *name, const char *descr)
{
	API_IF(vn, name, api_set_descr(ifp, descr));
}

int
vi_if_add_group(struct vi_vnet *vn, const char *name, const char *group)
{
	API_IF(vn, name, if_group_add(ifp, group));
}

int
vi_if_del_group(struct vi_vnet *vn, const char *name, const char *group)
{
	API_IF(vn, name, if_group_del(ifp, group));
}

int
vi_if_set_caps(struct vi_vnet *vn, const char *name, uint32_t set, uint32_t clear)
{
	API_IF(vn, name, if_setcaps(ifp, set, clear));
}

int
vi_if_set_txqlen(struct vi_vnet *vn, const char *name, uint32_t n)
{
	API_IF(vn, name, (if_settxqlen(ifp, n), 0));
}

int
vi_if_set_metric(struct vi_vnet *vn, const char *name, uint32_t metric)
{
	API_IF(vn, name, (ifp->if_metric = metric, 0));
}

int
vi_if_set_fib(struct vi_vnet *vn, const char *name, uint32_t fib)
{
	API_IF(vn, name, fib >= rt_nfibs(ifp->if_vnet) ? EINVAL : (ifp->if_fib = fib, 0));
}

int
vi_if_set_nd6(struct vi_vnet *vn, const char *name, uint32_t set, uint32_t clear)
{
	API_IF(vn, name, if_setnd6(ifp, set, clear));
}

int
vi_if_move(struct vi_vnet *from, const char *name, struct vi_vnet *to)
{
	API_IF(from, name, if_vmove(ifp, api_vnet(to)));
}

int
vi_if_reclaim(struct vi_vnet *from, const char *name, struct vi_vnet *home)
{
	API_IF(from, name, ifp->if_home != api_vnet(home) ? EPERM : if_vmove(ifp, api_vnet(home)));
}

int
vi_if_set_link(struct vi_vnet *vn, const char *name, const struct vi_linkprops *lp)
{
	API_IF(vn, name, if_setlink(ifp, lp));
}

int
vi_if_get_link(struct vi_vnet *vn, const char *name, struct vi_linkprops *lp, struct vi_linkstats *lk)
{
	API_IF(vn, name, (if_getlink(ifp, lp, lk), 0));
}

int
vi_if_capture(struct vi_vnet *vn, const char *name, vi_capture_fn *fn, void *arg)
{
	API_IF(vn, name, if_capture(ifp, fn, arg));
}

int
vi_if_uncapture(struct vi_vnet *vn, const char *name, vi_capture_fn *fn, void *arg)
{
	API_IF(vn, name, if_uncapture(ifp, fn, arg));
}

int
vi_if_option(struct vi_vnet *vn, const char *name, const char *option, const char *const *argv, unsigned argc, char *err)
{
	err[0] = '\0';
	API_IF(vn, name, ifopt_set(ifp, option, argv, argc, err));
}

enum vi_priv
vi_if_option_priv(struct vi_vnet *vn, const char *name)
{
	const struct ifnet *ifp = ifnet_byname(api_vnet(vn), name);

	return (ifp == NULL ? VI_PRIV_MAX : api_cloner_priv(ifp->if_cloner));
}

int
vi_if_options(struct vi_vnet *vn, const char *name, vi_if_option_fn *fn, void *arg)
{
	API_IF(vn, name, (ifopt_show(ifp, fn, arg), 0));
}

int
vi_if_option_list(struct vi_vnet *vn, const char *name, const char *list, vi_if_option_fn *fn, void *arg)
{
	API_IF(vn, name, ifopt_show_list(ifp, list, fn, arg));
}

static const struct net_afops *
api_afops(struct vnet *vn, uint8_t family)
{
	switch (family) {
	case VI_AF_INET:
		return (net_vnet(vn)->nv_afops[NET_AF_INET]);
	case VI_AF_INET6:
		return (net_vnet(vn)->nv_afops[NET_AF_INET6]);
	default:
		return (NULL);
	}
}

int
vi_if_addr_add(struct vi_vnet *vn, const char *name, const struct vi_ifaddr *ia, bool alias)
{
	const struct net_afops *ops = api_afops(api_vnet(vn), ia->ia_addr.sa_family);

	if (ops == NULL)
		return (EAFNOSUPPORT);
	API_IF(vn, name, ops->nao_addr_add(ifp, ia, alias));
}

int
vi_if_addr_del(struct vi_vnet *vn, const char *name, const struct vi_sockaddr *sa)
{
	const struct net_afops *ops = api_afops(api_vnet(vn), sa->sa_family);

	if (ops == NULL)
		return (EAFNOSUPPORT);
	API_IF(vn, name, ops->nao_addr_del(ifp, sa));
}

int
vi_nexthop_set(struct vi_vnet *vn, const struct vi_nexthop *nx, bool replace)
{
	return (rt_nexthop_set(api_vnet(vn), nx, replace));
}

int
vi_nexthop_del(struct vi_vnet *vn, uint32_t id)
{
	return (rt_nexthop_delete(api_vnet(vn), id));
}

void
vi_nexthop_list(struct vi_vnet *vn, vi_nexthop_fn *fn, void *arg)
{
	rt_nexthop_list(api_vnet(vn), fn, arg);
}

int
vi_nexthop_get(struct vi_vnet *vn, uint32_t id, vi_nexthop_fn *fn, void *arg)
{
	return (rt_nexthop_get(api_vnet(vn), id, fn, arg));
}

int
vi_nexthop_hops(struct vi_vnet *vn, uint32_t id, struct vi_route hops[VI_RT_MAXPATHS], unsigned *n)
{
	return (rt_nexthop_hops(api_vnet(vn), id, hops, n));
}

int
vi_route_add(struct vi_vnet *vn, const struct vi_route *rt)
{
	return (rt_add(api_vnet(vn), rt));
}

int
vi_route_change(struct vi_vnet *vn, const struct vi_route *rt)
{
	return (rt_change(api_vnet(vn), rt));
}

int
vi_route_del(struct vi_vnet *vn, const struct vi_route *rt)
{
	return (rt_delete(api_vnet(vn), rt));
}

int
vi_route_get(struct vi_vnet *vn, uint32_t fib, const struct vi_sockaddr *dst, struct vi_route *rt)
{
	return (rt_get(api_vnet(vn), fib, dst, rt));
}

void
vi_route_list(struct vi_vnet *vn, uint32_t fib, int family, vi_route_fn *fn, void *arg)
{
	rt_list(api_vnet(vn), fib, family, fn, arg);
}

bool
vi_route_list_next(struct vi_vnet *vn, uint32_t fib, int family, struct vi_route_cursor *at, unsigned max, vi_route_fn *fn, void *arg)
{
	return (rt_list_next(api_vnet(vn), fib, family, at, max, fn, arg));
}

unsigned
vi_route_flush(struct vi_vnet *vn, uint32_t fib, int family)
{
	return (rt_flush(api_vnet(vn), fib, family));
}

int
vi_route_replace(struct vi_vnet *vn, const struct vi_route *rt, unsigned n)
{
	return (rt_replace(api_vnet(vn), rt, n));
}

int
vi_route_paths(struct vi_vnet *vn, const struct vi_route *rt, vi_route_fn *fn, void *arg)
{
	return (rt_paths(api_vnet(vn), rt, fn, arg));
}

int
vi_route_lookup(struct vi_vnet *vn, const struct vi_flow *fl, struct vi_route *rt)
{
	return (rt_way(api_vnet(vn), fl, rt));
}

int
vi_rule_add(struct vi_vnet *vn, const struct vi_rule *ru)
{
	return (rt_rule_add(api_vnet(vn), ru));
}

int
vi_rule_del(struct vi_vnet *vn, const struct vi_rule *ru)
{
	return (rt_rule_delete(api_vnet(vn), ru));
}

void
vi_rule_list(struct vi_vnet *vn, vi_rule_fn *fn, void *arg)
{
	rt_rule_list(api_vnet(vn), fn, arg);
}

int
vi_route_events(struct vi_vnet *vn, uint64_t *seq, vi_rtevent_fn *fn, void *arg)
{
	return (rt_events(api_vnet(vn), seq, fn, arg));
}

int
vi_route_watch(struct vi_vnet *vn, vi_route_wake_fn *fn, void *arg)
{
	return (rt_watch(api_vnet(vn), fn, arg));
}

int
vi_route_unwatch(struct vi_vnet *vn, vi_route_wake_fn *fn, void *arg)
{
	return (rt_unwatch(api_vnet(vn), fn, arg));
}

uint32_t
vi_route_table(struct vi_vnet *vn, uint32_t fib)
{
	return (rt_table_number(api_vnet(vn), fib));
}

int
vi_route_table_find(struct vi_vnet *vn, uint32_t number, uint32_t *fib)
{
	return (rt_table_find(api_vnet(vn), number, fib));
}

int
vi_route_table_make(struct vi_vnet *vn, uint32_t number, uint32_t *fib)
{
	return (rt_table_make(api_vnet(vn), number, fib));
}

unsigned
vi_route_nfibs(struct vi_vnet *vn)
{
	return (rt_nfibs(api_vnet(vn)));
}

int
vi_neigh_add(struct vi_vnet *vn, const struct vi_neigh *ne)
{
	const struct net_afops *ops = api_afops(api_vnet(vn), ne->ne_addr.sa_family);

	return (ops == NULL ? EAFNOSUPPORT : ops->nao_neigh_add(api_vnet(vn), ne));
}

int
vi_neigh_get(struct vi_vnet *vn, const struct vi_sockaddr *sa, const char *ifname, struct vi_neigh *ne)
{
	const struct net_afops *ops = api_afops(api_vnet(vn), sa->sa_family);

	return (ops == NULL ? EAFNOSUPPORT : ops->nao_neigh_get(api_vnet(vn), sa, ifname, ne));
}

int
vi_neigh_del(struct vi_vnet *vn, const struct vi_sockaddr *sa, const char *ifname)
{
	const struct net_afops *ops = api_afops(api_vnet(vn), sa->sa_family);

	return (ops == NULL ? EAFNOSUPPORT : ops->nao_neigh_del(api_vnet(vn), sa, ifname));
}

void
vi_group_list(struct vi_vnet *vn, vi_group_fn *fn, void *arg)
{
	const struct net_afops *ops;

	for (unsigned af = 0; af < NET_AF_MAX; af++)
		if ((ops = net_vnet(api_vnet(vn))->nv_afops[af]) != NULL && ops->nao_group_list != NULL)
			ops->nao_group_list(api_vnet(vn), fn, arg);
}

void
vi_neigh_list(struct vi_vnet *vn, vi_neigh_fn *fn, void *arg)
{
	const struct net_afops *ops;

	for (unsigned af = 0; af < NET_AF_MAX; af++)
		if ((ops = net_vnet(api_vnet(vn))->nv_afops[af]) != NULL)
			ops->nao_neigh_list(api_vnet(vn), fn, arg);
}

void
vi_nd_routers(struct vi_vnet *vn, vi_nd_router_fn *fn, void *arg)
{
	const struct net_ndops *ops = net_vnet(api_vnet(vn))->nv_ndops;

	if (ops != NULL)
		ops->ndo_routers(api_vnet(vn), fn, arg);
}

void
vi_nd_prefixes(struct vi_vnet *vn, vi_nd_prefix_fn *fn, void *arg)
{
	const struct net_ndops *ops = net_vnet(api_vnet(vn))->nv_ndops;

	if (ops != NULL)
		ops->ndo_prefixes(api_vnet(vn), fn, arg);
}

void
vi_nd_dns(struct vi_vnet *vn, vi_nd_dns_fn *fn, void *arg)
{
	const struct net_ndops *ops = net_vnet(api_vnet(vn))->nv_ndops;

	if (ops != NULL)
		ops->ndo_dns(api_vnet(vn), fn, arg);
}

int
vi_nd_flush(struct vi_vnet *vn, enum vi_nd_flush what)
{
	const struct net_ndops *ops = net_vnet(api_vnet(vn))->nv_ndops;

	return (ops == NULL ? EAFNOSUPPORT : ops->ndo_flush(api_vnet(vn), what));
}
