/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The module "route": lookups, the routes of addresses, and what becomes of routes when interfaces
 * come and go.
 *
 * A route keeps no reference to its interface and source address: when one of them goes, so do the
 * routes that use it (IFDETACH, IFADDR_DEL).  Routes by an interface that is down stay, but are
 * passed over by lookups, as if they were not there.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "net/fib_index.h"
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
rt_fallback(const struct route_vnet *rv, const struct fib *f, const uint32_t *key,
    const struct rt_flow *rf)
{
	const struct fib_node *path[FIB_MAXPATH];
	struct rt_nhop *rn;

	for (unsigned n = fib_path(f, key, path); n > 0;)
		if ((rn = rt_value_select(rv, path[--n]->fn_value, rf)) != NULL)
			return (rn);
	return (NULL);
}

/* Of what stands in the table: the hop itself, one of several, or another prefix's. */
static struct rt_nhop *
rt_choose(const struct route_vnet *rv, const struct fib *f, const uint32_t *key, const struct rt_flow *rf,
    struct rt_nhop *value)
{
	struct rt_nhop *rn = value;

	if ((value->rn_group != NULL || !nhop_usable(&value->rn_nh)) && (rn = rt_value_select(rv, value, rf)) == NULL)
		rn = rt_fallback(rv, f, key, rf);
	return (rn == NULL || (rn->rn_nh.nh_flags & RTF_THROW) != 0 ? NULL : rn);
}

struct rt_nhop *
rt_match(const struct route_vnet *rv, uint32_t fib, unsigned af, const uint32_t *key,
    const struct rt_flow *rf)
{
	struct rt_nhop *value;

	if (fib >= rv->rv_nfibs ||
	    (value = fib_lookup(rt_fib(rv, fib, af), rt_acct(rv), key)) == NULL)
		return (NULL);
	return (rt_choose(rv, rt_fib(rv, fib, af), key, rf, value));
}

struct rt_nhop *
rt_match_long(const struct route_vnet *rv, uint32_t fib, unsigned af, const uint32_t *key, const struct rt_flow *rf,
    uint8_t minlen)
{
	const struct fib_node *path[FIB_MAXPATH];
	struct rt_nhop *rn;

	if (minlen == 0 || fib >= rv->rv_nfibs)
		return (rt_match(rv, fib, af, key, rf));
	for (unsigned n = fib_path(rt_fib(rv, fib, af), key, path); n > 0 && path[n - 1]->fn_len >= minlen; n--)
		if ((rn = rt_value_select(rv, path[n - 1]->fn_value, rf)) != NULL)
			return ((rn->rn_nh.nh_flags & RTF_THROW) != 0 ? NULL : rn);
	return (NULL);
}

static bool
nhop_leads(const struct nhop *nh, const struct ifnet *ifp)
{
	return ((nh->nh_flags & RTF_NOWHERE) == 0 && nhop_usable(nh) && (ifp == NULL || nh->nh_ifp == ifp));
}

bool
rt_leads4(struct vnet *vn, uint32_t fib, uint32_t dst, const struct ifnet *ifp)
{
	struct route_vnet *rv = route_vnet(vn);
	const uint32_t key[FIB_MAXWORDS] = { NTOHL(dst) };
	struct rt_nhop *rn = fib >= rv->rv_nfibs ? NULL : fib_lookup(rt_fib(rv, fib, NET_AF_INET), rt_acct(rv), key);

	if (rn == NULL)
		return (false);
	for (unsigned i = 0; rn->rn_group != NULL && i < rn->rn_group->rg_n; i++)
		if (nhop_leads(&rn->rn_group->rg_hop[i]->rn_nh, ifp))
			return (true);
	rn = rt_match(rv, fib, NET_AF_INET, key, NULL);		/* which knows what to do where that one is down */
	return (rn != NULL && nhop_leads(&rn->rn_nh, ifp));
}

/*
 * The same of IPv4 with a memory of the last one, if nothing but the destination decided.  It is good until
 * the generation moves, but for its interface, which may have gone down.
 */
static struct rt_nhop *
rt_match4(struct route_vnet *rv, uint32_t fib, uint32_t dst, const struct rt_flow *rf)
{
	const uint32_t key[FIB_MAXWORDS] = { NTOHL(dst) };
	struct rt_nhop *value = rv->rv_last.rl_rn;

	if (rv->rv_last.rl_gen == rv->rv_generation && rv->rv_last.rl_dst == dst && rv->rv_last.rl_fib == fib &&
	    nhop_usable(&value->rn_nh))
		return (value);
	if (fib >= rv->rv_nfibs || (value = fib_lookup(rt_fib(rv, fib, NET_AF_INET), rt_acct(rv), key)) == NULL)
		return (NULL);
	if (value->rn_group != NULL || !nhop_usable(&value->rn_nh) || (value->rn_nh.nh_flags & RTF_THROW) != 0)
		return (rt_choose(rv, rt_fib(rv, fib, NET_AF_INET), key, rf, value));
	rv->rv_last.rl_gen = rv->rv_generation;
	rv->rv_last.rl_dst = dst;
	rv->rv_last.rl_fib = fib;
	return (rv->rv_last.rl_rn = value);
}

const struct nhop *
rt_match_addr(const struct route_vnet *rv, uint32_t fib, const struct net_addr *na)
{
	uint32_t key[FIB_MAXWORDS];
	const struct rt_nhop *rn;

	rt_key(key, na);
	rn = rt_match(rv, fib, na->na_af, key, NULL);
	return (rn == NULL ? NULL : &rn->rn_nh);
}

const struct nhop *
fib4_lookup(struct vnet *vn, uint32_t fib, uint32_t dst)
{
	struct rt_nhop *rn = rt_match4(route_vnet(vn), fib, dst, NULL);

	if (rn == NULL)
		return (NULL);
	rn->rn_nh.nh_use++;
	return (&rn->rn_nh);
}

const struct nhop *
rt_lookup_dest4(struct vnet *vn, uint32_t fib, uint32_t dst)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_nhop *rn;

	/* What is chosen by more than the destination is not remembered. */
	if (rv->rv_nrules > 0 || (rn = rt_match4(rv, fib, dst, NULL)) == NULL || rn != rv->rv_last.rl_rn || rv->rv_last.rl_dst != dst ||
	    rv->rv_last.rl_fib != fib || rv->rv_last.rl_gen != rv->rv_generation)
		return (NULL);
	return (&rn->rn_nh);
}

const struct nhop *
fib6_lookup(struct vnet *vn, uint32_t fib, const uint8_t dst[16])
{
	struct rt_nhop *rn;
	uint32_t key[4];

	rt_key6(key, dst);
	if ((rn = rt_match(route_vnet(vn), fib, NET_AF_INET6, key, NULL)) == NULL)
		return (NULL);
	rn->rn_nh.nh_use++;
	return (&rn->rn_nh);
}

/* *fib: the table it stands in, where that is another than the packet's own. */
static const struct nhop *
rt_resolve(struct route_vnet *rv, const struct rt_flow *rf, uint32_t *fib)
{
	uint32_t key[FIB_MAXWORDS];
	const struct nhop *nh;
	struct rt_nhop *rn;

	if (rf->rf_dst.na_af == NET_AF_INET && rv->rv_nrules == 0) {
		rn = rt_match4(rv, rf->rf_fib, rf->rf_dst.na_in, rf);
	} else {
		rt_key(key, &rf->rf_dst);
		rn = rt_match(rv, rf->rf_fib, rf->rf_dst.na_af, key, rf);
	}
	if (rv->rv_nrules > 0 && (rn == NULL || (rn->rn_nh.nh_flags & RTF_LOCAL) == 0) &&
	    (nh = rt_rules_lookup(rv, key, rf, fib)) != NULL)
		return (nh);
	if (rn == NULL) {
		rt_event_miss(rv, rf);
		return (NULL);
	}
	rn->rn_nh.nh_use++;
	return (&rn->rn_nh);
}

const struct nhop *
rt_lookup(struct vnet *vn, const struct rt_flow *rf)
{
	uint32_t fib;

	return (rt_resolve(route_vnet(vn), rf, &fib));
}

uint32_t
rt_flow_fib(struct vnet *vn, const struct rt_flow *rf)
{
	uint32_t fib = rf->rf_fib;

	(void)rt_resolve(route_vnet(vn), rf, &fib);
	return (fib);
}

bool
rt_isfixed(const struct vnet *vn)
{
	return (route_vnet(vn)->rv_nrules == 0);
}

int
nhop_error(const struct nhop *nh)
{
	if (nh == NULL)
		return (ENETUNREACH);
	if ((nh->nh_flags & RTF_NOWHERE) == 0)
		return (0);
	if ((nh->nh_flags & RTF_PROHIBIT) != 0)
		return (EACCES);
	return ((nh->nh_flags & RTF_REJECT) != 0 ? EHOSTUNREACH : EINVAL);
}

/* Interfaces come and go */

struct rt_gone {
	struct route_vnet *rg_rv;
	const struct ifnet *rg_ifp;
	const struct ifaddr *rg_ifa;
	uint32_t	 rg_fib;
	unsigned	 rg_af;
	const uint32_t	*rg_key;
};

static bool
rt_gone_hop(void *arg, const struct nhop *nh)
{
	const struct rt_gone *rg = arg;

	if (nh->nh_flags & RTF_PINNED)			/* the address family's business */
		return (false);
	if (nh->nh_ifp != rg->rg_ifp && (rg->rg_ifa == NULL || nh->nh_ifa != rg->rg_ifa))
		return (false);
	rt_event_route(rg->rg_rv, VI_RTEV_ROUTE_DEL, rg->rg_fib, rg->rg_af, rg->rg_key, nh);
	return (true);
}

static void *
rt_gone(void *arg, const uint32_t *key, void *value)
{
	struct rt_gone *rg = arg;

	rg->rg_key = key;
	return (rt_value_without(rg->rg_rv, value, rt_gone_hop, rg));
}

static void
rt_purge(struct route_vnet *rv, const struct ifnet *ifp, const struct ifaddr *ifa)
{
	struct rt_gone rg = { .rg_rv = rv, .rg_ifp = ifp, .rg_ifa = ifa };

	rt_dyn_flush(rv);
	rv->rv_generation++;
	if ((ifp != NULL ? ifp : ifa->ifa_ifp)->if_nroutes == 0)
		return;
	for (rg.rg_fib = 0; rg.rg_fib < rv->rv_nfibs; rg.rg_fib++)
		for (rg.rg_af = 0; rg.rg_af < NET_AF_MAX; rg.rg_af++)
			fib_purge(rt_fib(rv, rg.rg_fib, rg.rg_af), rt_acct(rv), rt_gone, &rg);
}

static void
route_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct route_vnet *rv = route_vnet(vn);

	rt_event_vnet(rv, ev, obj);
	switch (ev) {
	case VNET_EV_IFDETACH:
		rt_nexthops_gone(rv, obj);
		rt_purge(rv, obj, NULL);
		break;
	case VNET_EV_IFADDR_DEL:
		rt_purge(rv, NULL, obj);
		break;
	case VNET_EV_IFDOWN:
		rt_nexthops_gone(rv, obj);
		/* FALLTHROUGH */
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

static void
rt_table_init(struct rt_table *rt)
{
	for (unsigned af = 0; af < NET_AF_MAX; af++)
		fib_init(&rt->rt_af[af], rt_bits(af));
}

static int
route_attach(struct vnet *vn)
{
	struct route_vnet *rv = route_vnet(vn);

	rv->rv_vnet = vn;
	rt_table_init(&rv->rv_first);
	rv->rv_tables = &rv->rv_first;
	LIST_INIT(&rv->rv_few);
	rv->rv_nhops = &rv->rv_few;
	rv->rv_nhopsize = 1;
	rt_rules_init(rv);
	rt_dyn_init(rv);
	rt_timed_init(rv);
	return (0);
}

static void
route_stop(struct vnet *vn)
{
	rt_dyn_flush(route_vnet(vn));
	route_vnet(vn)->rv_maxdyns = 0;		/* no more of them */
}

static void
rt_tables_free(struct route_vnet *rv)
{
	if (rv->rv_tables != &rv->rv_first)
		kfree(rt_acct(rv), ACCT_HASH, rv->rv_tables,
		    rv->rv_nfibs * sizeof(*rv->rv_tables));
}

static void
route_detach(struct vnet *vn)
{
	struct route_vnet *rv = route_vnet(vn);

	/* Every route was by an interface, and these are gone. */
	for (uint32_t fib = 0; fib < rv->rv_nfibs; fib++)
		for (unsigned af = 0; af < NET_AF_MAX; af++)
			VI_ASSERT(rt_fib(rv, fib, af)->f_root == NULL);
	rt_nexthops_fini(rv);
	rt_rules_fini(rv);
	rt_events_fini(rv);
	rt_tables_free(rv);
	nhops_fini(rv);
}

/* The number of tables can grow, not shrink: sockets and interfaces may use them. */
static int
rt_tables_grow(struct route_vnet *rv, uint32_t n)
{
	struct rt_table *new;

	if (n == rv->rv_nfibs)
		return (0);
	if (n < rv->rv_nfibs)
		return (EINVAL);
	if ((new = kmalloc(rt_acct(rv), ACCT_HASH, n * sizeof(*new))) == NULL)
		return (ENOBUFS);
	memcpy(new, rv->rv_tables, rv->rv_nfibs * sizeof(*new));
	for (uint32_t fib = rv->rv_nfibs; fib < n; fib++)
		rt_table_init(&new[fib]);
	rt_tables_free(rv);
	rv->rv_tables = new;
	rv->rv_nfibs = n;
	return (0);
}

uint32_t
rt_table_number(const struct vnet *vn, uint32_t fib)
{
	const struct route_vnet *rv = route_vnet(vn);

	return (fib < rv->rv_nfibs && rv->rv_tables[fib].rt_number != 0 ? rv->rv_tables[fib].rt_number : fib);
}

int
rt_table_find(const struct vnet *vn, uint32_t number, uint32_t *fib)
{
	const struct route_vnet *rv = route_vnet(vn);

	for (*fib = RT_MAXFIBS; *fib < rv->rv_nfibs; ++*fib)
		if (rv->rv_tables[*fib].rt_number == number)
			return (0);
	return (ENOENT);
}

int
rt_table_make(struct vnet *vn, uint32_t number, uint32_t *fib)
{
	struct route_vnet *rv = route_vnet(vn);
	int error;

	if (rt_table_find(vn, number, fib) == 0)
		return (0);
	*fib = u32max(rv->rv_nfibs, RT_MAXFIBS);
	if (*fib >= RT_MAXFIBS + RT_MAXNAMED)
		return (ENOSPC);
	if ((error = rt_tables_grow(rv, *fib + 1)) == 0)
		rv->rv_tables[*fib].rt_number = number;
	return (error);
}

static int
route_ctl_fibs(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf,
    size_t len)
{
	struct route_vnet *rv = route_vnet(vn);
	uint32_t old = rv->rv_nfibs, new;
	int error;

	if (value == NULL)
		return (sysctl_desc_get(sd, rv, buf, len));
	if ((error = sysctl_desc_set(sd, rv, value)) != 0)
		return (error);
	new = rv->rv_nfibs;
	rv->rv_nfibs = old;
	return (rt_tables_grow(rv, new));
}

/* Linux's, which writes any number there: "ip route flush" does. */
static int
route_ctl_flush(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	int any = 0;

	if (value == NULL)
		return (sysctl_desc_get(sd, &any, buf, len));
	if (sysctl_desc_set(sd, &any, value) != 0)
		return (EINVAL);
	rt_dyn_flush(route_vnet(vn));
	return (0);
}

static const struct route_vnet route_defaults = {
	.rv_nfibs = RT_DEFFIBS,
	.rv_generation = 1,
	.rv_multipath = 1,
	.rv_passsilent = 1,
	.rv_maxrules = RT_MAXRULES,
	.rv_maxnexthops = RT_MAXNEXTHOPS,
	.rv_maxevents = RT_EVENTS,
	.rv_missrate = RT_MISSRATE,
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
	CTL_PROC("net.ipv4.route.flush", VI_CTL_INT, CTL_RW, route_ctl_flush, "Written: forgets redirects and path MTUs"),
	CTL_PROC("net.ipv6.route.flush", VI_CTL_INT, CTL_RW, route_ctl_flush, "Written: forgets redirects and path MTUs"),
	CTL_UINT("net.route.multipath", CTL_RW, struct route_vnet, rv_multipath, 0, 1,
	    "A prefix may get several next hops"),
	CTL_UINT("net.route.pass_silent", CTL_RW, struct route_vnet, rv_passsilent, 0, 1,
	    "Of several next hops, pass over those whose router does not answer ARP"),
	CTL_UINT("net.route.rules_max", CTL_RW, struct route_vnet, rv_maxrules, 0, 1 << 20,
	    "Policy rules at most"),
	CTL_UINT("net.route.rules", CTL_RD, struct route_vnet, rv_nrules, 0, UINT32_MAX,
	    "Policy rules"),
	CTL_UINT("net.route.nexthops_max", CTL_RW, struct route_vnet, rv_maxnexthops, 0, 1 << 20,
	    "Nexthops with a number at most"),
	CTL_UINT("net.route.nexthops", CTL_RD, struct route_vnet, rv_nnexthops, 0, UINT32_MAX,
	    "Nexthops with a number"),
	CTL_UINT("net.route.events", CTL_RW, struct route_vnet, rv_maxevents, 0, 65536,
	    "Events kept once somebody asked for them; fixed by then"),
	CTL_UINT("net.route.miss_rate", CTL_RW, struct route_vnet, rv_missrate, 0, 1 << 20,
	    "Packets without a route told to routing sockets a second"),
	CTL_UINT("net.route.nhops", CTL_RD, struct route_vnet, rv_nnhops, 0, UINT32_MAX,
	    "Different next hops"),
	CTL_END
};

static const struct stat_desc route_stats[] = {
	/* FreeBSD's words for its four; it has a fifth, and counts nothing there. */
	{ "route", "bad-redirects", offsetof(struct route_vnet, rv_badredirect), "bad routing redirect%s" },
	{ "route", "dynamically-created", offsetof(struct route_vnet, rv_dynamic), "dynamically created route%s" },
	{ "route", "new-gateways", offsetof(struct route_vnet, rv_newgateway), "new gateway%s due to redirects" },
	{ "route", "unreachable-destination", offsetof(struct route_vnet, rv_unreach), "destination%s found unreachable" },
	STAT("route", struct route_vnet, rv_pmtus, "path MTU%s learned"),
	STAT("route", struct route_vnet, rv_dynexpired, "learned route%s expired"),
	STAT("route", struct route_vnet, rv_timedout, "route%s gone at the end of their time"),
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
