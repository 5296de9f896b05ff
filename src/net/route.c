/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module "route": lookups, the routes of addresses, and what becomes of routes when interfaces
 * come and go.
 *
 * A route keeps no reference to its interface and source address: when one of them goes, so do the
 * routes that use it (IFDETACH, IFADDR_DEL).  Routes by an interface that is down stay, but are
 * passed over by lookups, as if they were not there.
 */
#include <errno.h>

#include "base/assert.h"
#include "base/inaddr.h"
#include "net/route_int.h"

VNET_STATE_DEFINE(route);

uint64_t
rt_generation(const struct vnet *vn)
{
	return (route_vnet(vn)->rv_generation);
}

unsigned
rt_nfibs(struct vnet *vn)
{
	return (route_vnet(vn)->rv_nfibs);
}

/* The longest prefix cannot be used: the next that can. */
static struct rt_nhop *
fib4_fallback(const struct fib *f, uint32_t key)
{
	const struct fib_node *path[33];
	struct rt_nhop *rn;

	for (unsigned n = fib_path(f, key, path); n > 0;) {
		rn = path[--n]->fn_value;
		if (nhop_usable(&rn->rn_nh))
			return (rn);
	}
	return (NULL);
}

const struct nhop *
fib4_lookup(struct vnet *vn, uint32_t fib, uint32_t dst)
{
	struct route_vnet *rv = route_vnet(vn);
	const struct fib_node *fn;
	struct rt_nhop *rn;

	if (fib >= rv->rv_nfibs || (fn = fib_match(&rv->rv_fib[fib], NTOHL(dst))) == NULL)
		return (NULL);
	rn = fn->fn_value;
	if (!nhop_usable(&rn->rn_nh) && (rn = fib4_fallback(&rv->rv_fib[fib], NTOHL(dst))) == NULL)
		return (NULL);
	rn->rn_nh.nh_use++;
	return (&rn->rn_nh);
}

/* Routes of addresses */

static int
rt_ifa_addto(struct route_vnet *rv, uint32_t fib, uint32_t key, uint8_t len, const struct nhop *nh)
{
	struct fib_node *fn = fib_find(&rv->rv_fib[fib], key, len);
	struct rt_nhop *old, *rn;
	int error;

	/*
	 * An address's own route takes the place of one that somebody configured, but not of
	 * another address's.
	 */
	if (fn != NULL && (((struct rt_nhop *)fn->fn_value)->rn_nh.nh_flags & RTF_PINNED) != 0)
		return (EEXIST);
	if ((rn = nhop_get(rv, nh)) == NULL)
		return (ENOBUFS);
	if (fn != NULL) {
		old = fn->fn_value;
		fn->fn_value = rn;
		nhop_rele(rv, old);
		return (0);
	}
	if ((error = fib_insert(&rv->rv_fib[fib], rt_acct(rv), key, len, rn)) != 0)
		nhop_rele(rv, rn);
	return (error);
}

static bool
rt_ifa_delfrom(struct route_vnet *rv, uint32_t fib, uint32_t key, uint8_t len,
    const struct ifaddr *ifa)
{
	const struct fib_node *fn = fib_find(&rv->rv_fib[fib], key, len);
	struct rt_nhop *rn;

	if (fn == NULL)
		return (false);
	rn = fn->fn_value;
	if ((rn->rn_nh.nh_flags & RTF_PINNED) == 0 || rn->rn_nh.nh_ifa != ifa)
		return (false);
	(void)fib_remove(&rv->rv_fib[fib], rt_acct(rv), key, len);
	nhop_rele(rv, rn);
	return (true);
}

int
rt_ifa_add(struct vnet *vn, uint32_t dst, uint8_t prefixlen, uint32_t flags, struct ifnet *ifp,
    struct ifaddr *ifa)
{
	const struct nhop nh = { .nh_ifp = ifp,
		.nh_ifa = ifa,
		.nh_flags = flags | RTF_UP | RTF_PINNED,
		.nh_weight = 1,
		.nh_prefixlen = prefixlen };
	struct route_vnet *rv = route_vnet(vn);
	const uint32_t key = NTOHL(dst) & fib_mask(prefixlen), home = ifa->ifa_ifp->if_fib;
	uint32_t fib;
	int error = 0;

	rt_dyn_flush(rv);
	for (fib = 0; fib < rv->rv_nfibs && error == 0; fib++)
		if (rv->rv_allfibs || fib == home)
			error = rt_ifa_addto(rv, fib, key, prefixlen, &nh);
	if (error != 0) {		/* fib is one past the one that failed */
		for (fib--; fib-- > 0;)
			if (rv->rv_allfibs || fib == home)
				(void)rt_ifa_delfrom(rv, fib, key, prefixlen, ifa);
	}
	rv->rv_generation++;
	return (error);
}

void
rt_ifa_del(struct vnet *vn, uint32_t dst, uint8_t prefixlen, struct ifaddr *ifa)
{
	struct route_vnet *rv = route_vnet(vn);

	rt_dyn_flush(rv);
	for (uint32_t fib = 0; fib < rv->rv_nfibs; fib++)
		(void)rt_ifa_delfrom(rv, fib, NTOHL(dst) & fib_mask(prefixlen), prefixlen, ifa);
	rv->rv_generation++;
}

/* Interfaces come and go */

struct rt_gone {
	struct route_vnet *rg_rv;
	const struct ifnet *rg_ifp;
	const struct ifaddr *rg_ifa;
};

static bool
rt_gone(void *arg, void *value)
{
	const struct rt_gone *rg = arg;
	struct rt_nhop *rn = value;

	if (rn->rn_nh.nh_flags & RTF_PINNED)		/* the address family's business */
		return (false);
	if (rn->rn_nh.nh_ifp != rg->rg_ifp &&
	    (rg->rg_ifa == NULL || rn->rn_nh.nh_ifa != rg->rg_ifa))
		return (false);
	nhop_rele(rg->rg_rv, rn);
	return (true);
}

static void
rt_purge(struct route_vnet *rv, const struct ifnet *ifp, const struct ifaddr *ifa)
{
	struct rt_gone rg = { rv, ifp, ifa };

	rt_dyn_flush(rv);
	rv->rv_generation++;
	if ((ifp != NULL ? ifp : ifa->ifa_ifp)->if_nroutes == 0)
		return;
	for (uint32_t fib = 0; fib < rv->rv_nfibs; fib++)
		fib_purge(&rv->rv_fib[fib], rt_acct(rv), rt_gone, &rg);
}

static void
route_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct route_vnet *rv = route_vnet(vn);

	switch (ev) {
	case VNET_EV_IFDETACH:
		rt_purge(rv, obj, NULL);
		break;
	case VNET_EV_IFADDR_DEL:
		rt_purge(rv, NULL, obj);
		break;
	case VNET_EV_IFDOWN:
	case VNET_EV_IFUP:
	case VNET_EV_MTU:
		rt_dyn_flush(rv);
		rv->rv_generation++;
		break;
	default:
		rv->rv_generation++;
		break;
	}
}

/* Life */

static int
route_attach(struct vnet *vn)
{
	struct route_vnet *rv = route_vnet(vn);

	rv->rv_vnet = vn;
	LIST_INIT(&rv->rv_few);
	rv->rv_nhops = &rv->rv_few;
	rv->rv_nhopsize = 1;
	rt_dyn_init(rv);
	return (0);
}

static void
route_stop(struct vnet *vn)
{
	rt_dyn_flush(route_vnet(vn));
	route_vnet(vn)->rv_maxdyns = 0;		/* no more of them */
}

static void
route_detach(struct vnet *vn)
{
	struct route_vnet *rv = route_vnet(vn);

	/* Every route was by an interface, and these are gone. */
	for (uint32_t fib = 0; fib < RT_MAXFIBS; fib++)
		VI_ASSERT(rv->rv_fib[fib].f_root == NULL);
	nhops_fini(rv);
}

/* The number of tables can grow, not shrink: sockets and interfaces may use them. */
static int
route_ctl_fibs(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf,
    size_t len)
{
	struct route_vnet *rv = route_vnet(vn);
	uint32_t old = rv->rv_nfibs;
	int error;

	if (value == NULL)
		return (sysctl_desc_get(sd, rv, buf, len));
	if ((error = sysctl_desc_set(sd, rv, value)) == 0 && rv->rv_nfibs < old) {
		rv->rv_nfibs = old;
		error = EINVAL;
	}
	return (error);
}

static const struct route_vnet route_defaults = {
	.rv_nfibs = RT_DEFFIBS,
	.rv_generation = 1,
	.rv_maxdyns = RT_MAXDYN,
	.rv_dynexpire = RT_DYNEXPIRE,
};

static const struct sysctl_desc route_sysctls[] = {
	{ "net.fibs", VI_CTL_UINT, CTL_RW, offsetof(struct route_vnet, rv_nfibs), 1, RT_MAXFIBS,
	    route_ctl_fibs, "Number of routing tables" },
	CTL_UINT("net.add_addr_allfibs", CTL_RW, struct route_vnet, rv_allfibs, 0, 1,
	    "Addresses bring routes in all tables"),
	CTL_UINT("net.route.dyn_expire", CTL_RW, struct route_vnet, rv_dynexpire, 1, 86400,
	    "Seconds that redirects and path MTUs are remembered"),
	CTL_UINT("net.route.dyn_max", CTL_RW, struct route_vnet, rv_maxdyns, 0, 1 << 20,
	    "Redirects and path MTUs remembered at most"),
	CTL_UINT("net.route.dyn_count", CTL_RD, struct route_vnet, rv_ndyns, 0, UINT32_MAX,
	    "Redirects and path MTUs remembered now"),
	CTL_UINT("net.route.nhops", CTL_RD, struct route_vnet, rv_nnhops, 0, UINT32_MAX,
	    "Different next hops"),
	CTL_END
};

static const struct stat_desc route_stats[] = {
	STAT("route", struct route_vnet, rv_redirects, "redirect%s taken"),
	STAT("route", struct route_vnet, rv_pmtus, "path MTU%s learned"),
	STAT("route", struct route_vnet, rv_dynexpired, "learned route%s expired"),
	STAT("route", struct route_vnet, rv_dynevicted, "learned route%s evicted for new ones"),
	STAT_END
};

VNET_MODULE(route,
	.vm_size = sizeof(struct route_vnet),
	.vm_defaults = &route_defaults,
	.vm_after = "net lo",
	.vm_attach = route_attach,
	.vm_stop = route_stop,
	.vm_detach = route_detach,
	.vm_event = route_event,
	.vm_sysctls = route_sysctls,
	.vm_stats = route_stats);
