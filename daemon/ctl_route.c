/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on routes, neighbours and groups: route.*, neigh.*, group.*. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_serve.h"

#define NS_PER_S	1000000000u

/*
 * Routes as JSON and back.
 */

/* A route without an MTU of its own has its interface's; the last one looked up is remembered. */
struct ifmtu {
	struct vi_vnet	*im_vnet;
	char		 im_ifname[VI_IFNAMSIZ];
	uint32_t	 im_mtu;
};

static void
take_mtu(void *arg, const struct vi_ifinfo *ii)
{
	struct ifmtu *im = arg;

	im->im_mtu = ii->if_mtu;
}

static uint32_t
route_mtu(struct ifmtu *im, const struct vi_route *rt)
{
	if (rt->rt_mtu != 0)
		return rt->rt_mtu;
	if (strcmp(im->im_ifname, rt->rt_ifname) != 0) {
		strcpy(im->im_ifname, rt->rt_ifname);
		im->im_mtu = 0;
		(void)vi_if_get(im->im_vnet, rt->rt_ifname, take_mtu, im);
	}
	return im->im_mtu;
}

static json_t *
route_object(struct ifmtu *im, const struct vi_route *rt)
{
	json_t *o = json_object();

	ctl_put_zoned(o, "destination", &rt->rt_dst, rt->rt_ifname);
	ctl_put_int(o, "prefixlen", rt->rt_prefixlen);
	ctl_put_int(o, "flags", rt->rt_flags);
	ctl_put_zoned(o, "gateway", &rt->rt_gateway, rt->rt_ifname);
	ctl_put_text(o, "interface", rt->rt_ifname);
	ctl_put_int(o, "index", rt->rt_ifindex);
	ctl_put_zoned(o, "source", &rt->rt_ifa, rt->rt_ifname);
	ctl_put_int(o, "mtu", route_mtu(im, rt));
	ctl_put_int(o, "weight", rt->rt_weight);
	ctl_put_int(o, "metric", rt->rt_metric);
	ctl_put_int(o, "fib", rt->rt_fib);
	ctl_put_int(o, "use", rt->rt_use);
	if (rt->rt_expire > 0)
		ctl_put_int(o, "expire", (rt->rt_expire + NS_PER_S - 1) / NS_PER_S);
	return o;
}

struct route_list {
	struct ctl_list	 rl_list;
	struct ifmtu	 rl_mtu;
	struct vi_route	*rl_taken;	/* to be deleted when the walk is over */
	unsigned	 rl_ntaken;
};

static void
add_route(void *arg, const struct vi_route *rt)
{
	struct route_list *rl = arg;

	ctl_list_add(&rl->rl_list, route_object(&rl->rl_mtu, rt));
}

static int
get_flags(struct ctl_request *rq, const json_t *names, uint32_t *flags)
{
	static const struct {
		const char	*name;
		uint32_t	 bit;
	} table[] = {
		{ "static", VI_RTF_STATIC },
		{ "reject", VI_RTF_REJECT },
		{ "blackhole", VI_RTF_BLACKHOLE },
		{ "host", VI_RTF_HOST },
		{ "prohibit", VI_RTF_PROHIBIT },
		{ "throw", VI_RTF_THROW },
		{ "exclusive", VI_RTF_EXCL },
	};
	const char *name;
	size_t i, k;
	json_t *o;

	json_array_foreach(names, i, o) {
		name = json_string_value(o);
		for (k = 0; k < sizeof(table) / sizeof(table[0]); k++)
			if (name != NULL && strcmp(name, table[k].name) == 0)
				break;
		if (k == sizeof(table) / sizeof(table[0]))
			return ctl_fail(rq, EINVAL, "unknown flag");
		*flags |= table[k].bit;
	}
	return 0;
}

struct numbers {
	json_int_t	nu_prefixlen, nu_fib, nu_mtu, nu_weight, nu_metric;
	json_int_t	nu_expire;	/* -1: not said */
};

static int
check_numbers(struct ctl_request *rq, const struct numbers *nu)
{
	int error;

	if ((error = ctl_range(rq, "prefixlen", nu->nu_prefixlen, 0, 128)) != 0 ||
	    (error = ctl_range(
		 rq, "fib", nu->nu_fib, 0, (json_int_t)vi_route_nfibs(rq->rq_vnet) - 1)) != 0 ||
	    (error = ctl_range(rq, "mtu", nu->nu_mtu, 0, 65535)) != 0 ||
	    (error = ctl_range(rq, "expire", nu->nu_expire, -1, (json_int_t)(VI_RT_MAXEXPIRE / NS_PER_S))) != 0 ||
	    (error = ctl_range(rq, "weight", nu->nu_weight, 0, 0xffffff)) != 0)
		return error;
	return ctl_range(rq, "metric", nu->nu_metric, 0, UINT32_MAX);
}

static int
get_route(struct ctl_request *rq, struct vi_route *rt)
{
	struct numbers nu = { .nu_expire = -1 };
	const char *dst, *gateway = NULL, *ifname = NULL, *source = NULL;
	json_t *flags = NULL;
	int error;

	memset(rt, 0, sizeof(*rt));
	if ((error = ctl_args(rq, "{s:s,s:I,s?s,s?s,s?s,s?I,s?I,s?I,s?I,s?I,s?o}", "destination", &dst,
		 "prefixlen", &nu.nu_prefixlen, "gateway", &gateway, "interface", &ifname,
		 "source", &source, "fib",
		 &nu.nu_fib, "mtu", &nu.nu_mtu, "weight", &nu.nu_weight, "metric", &nu.nu_metric, "expire", &nu.nu_expire,
		 "flags", &flags)) != 0 ||
	    (error = check_numbers(rq, &nu)) != 0 ||
	    (error = ctl_get_addr(rq, "destination", dst, &rt->rt_dst)) != 0 ||
	    (error = ctl_get_addr(rq, "gateway", gateway, &rt->rt_gateway)) != 0 ||
	    (error = ctl_get_addr(rq, "source", source, &rt->rt_ifa)) != 0 ||
	    (error = get_flags(rq, flags, &rt->rt_flags)) != 0)
		return error;
	if (ifname != NULL && strlen(ifname) >= sizeof(rt->rt_ifname))
		return ctl_fail(rq, ENXIO, "interface %.40s does not exist", ifname);
	if (rt->rt_dst.sa_family == VI_AF_INET && nu.nu_prefixlen > 32)
		return ctl_fail(rq, EINVAL, "prefixlen: out of range");
	if (ifname != NULL)
		strcpy(rt->rt_ifname, ifname);
	if (gateway != NULL)
		rt->rt_flags |= VI_RTF_GATEWAY;
	rt->rt_prefixlen = (uint8_t)nu.nu_prefixlen;
	rt->rt_fib = (uint32_t)nu.nu_fib;
	rt->rt_mtu = (uint32_t)nu.nu_mtu;
	rt->rt_weight = (uint32_t)nu.nu_weight;
	rt->rt_metric = (uint32_t)nu.nu_metric;
	if (nu.nu_expire >= 0)
		rt->rt_expire = nu.nu_expire == 0 ? VI_RT_NEVER : (uint64_t)nu.nu_expire * NS_PER_S;
	return 0;
}

/*
 * Operations.
 */
static int
change(struct ctl_request *rq, int (*fn)(struct vi_vnet *, const struct vi_route *))
{
	struct vi_route rt;
	int error;

	if ((error = get_route(rq, &rt)) != 0 || (error = ctl_may(rq, VI_PRIV_NET_ROUTE)) != 0)
		return error;
	error = fn(rq->rq_vnet, &rt);
	switch (error) {
	case EADDRNOTAVAIL:
		return ctl_fail(rq, error, "source is not an address of this host");
	case ENETUNREACH:
		return ctl_fail(rq, error, "gateway is not on a network of this host");
	case ENXIO:
		return ctl_fail(rq, error, "interface %.15s does not exist", rt.rt_ifname);
	default:
		return error;
	}
}

static int
op_add(struct ctl_request *rq)
{
	return change(rq, vi_route_add);
}

static int
op_change(struct ctl_request *rq)
{
	return change(rq, vi_route_change);
}

static int
op_delete(struct ctl_request *rq)
{
	return change(rq, vi_route_del);
}

static int
get_fib(struct ctl_request *rq, json_int_t fib)
{
	return ctl_range(rq, "fib", fib, 0, (json_int_t)vi_route_nfibs(rq->rq_vnet) - 1);
}

static int
op_get(struct ctl_request *rq)
{
	struct ifmtu im = { .im_vnet = rq->rq_vnet };
	struct vi_sockaddr sa;
	struct vi_route rt;
	json_int_t fib = 0;
	const char *dst;
	int error;

	if ((error = ctl_args(rq, "{s:s,s?I}", "destination", &dst, "fib", &fib)) != 0 ||
	    (error = get_fib(rq, fib)) != 0 ||
	    (error = ctl_get_addr(rq, "destination", dst, &sa)) != 0 ||
	    (error = vi_route_get(rq->rq_vnet, (uint32_t)fib, &sa, &rt)) != 0)
		return error;
	json_object_set_new(rq->rq_reply, "route", route_object(&im, &rt));
	return 0;
}

/* name NULL: all. */
static int
get_family(struct ctl_request *rq, const char *name, int *family)
{
	*family = VI_AF_UNSPEC;
	if (name == NULL)
		return 0;
	if (strcmp(name, "inet") == 0)
		*family = VI_AF_INET;
	else if (strcmp(name, "inet6") == 0)
		*family = VI_AF_INET6;
	else
		return ctl_fail(rq, EAFNOSUPPORT, "%.20s: unknown address family", name);
	return 0;
}

/* Which tables: "fib", 0 without; "family", all without. */
static int
get_tables(struct ctl_request *rq, json_int_t *fib, int *family)
{
	const char *name = NULL;
	int error;

	*fib = 0;
	if ((error = ctl_args(rq, "{s?I,s?s}", "fib", fib, "family", &name)) != 0 ||
	    (error = get_fib(rq, *fib)) != 0)
		return error;
	return get_family(rq, name, family);
}

#define PIECE	128	/* routes: some 1 ms */

/* A table may have a million routes: between the pieces of an answer others have their turn. */
static int
next_piece(struct ctl_request *rq, struct route_list *rl, vi_route_fn *fn, void (*then)(struct route_list *))
{
	json_int_t fib;
	int error, family;
	bool more;

	rl->rl_mtu.im_vnet = rq->rq_vnet;
	ctl_list_begin(rq, "routes", &rl->rl_list);
	if ((error = get_tables(rq, &fib, &family)) != 0)
		return error;
	if (rq->rq_state == NULL && (rq->rq_state = calloc(1, sizeof(struct vi_route_cursor))) == NULL)
		return ENOMEM;
	ctl_put_int(rq->rq_reply, "nfibs", vi_route_nfibs(rq->rq_vnet));
	more = vi_route_list_next(rq->rq_vnet, (uint32_t)fib, family, rq->rq_state, PIECE, fn, rl);
	if (then != NULL)
		then(rl);
	if (!more)
		return 0;
	error = ctl_more(rq);
	return error != 0 ? error : CTL_AGAIN;
}

static int
op_list(struct ctl_request *rq)
{
	struct route_list rl = { 0 };

	return next_piece(rq, &rl, add_route, NULL);
}

/* What a flush takes: the routes through a gateway. */
static void
collect(void *arg, const struct vi_route *rt)
{
	struct route_list *rl = arg;

	if ((rt->rt_flags & (VI_RTF_GATEWAY | VI_RTF_PINNED)) == VI_RTF_GATEWAY)
		rl->rl_taken[rl->rl_ntaken++] = *rt;
}

static void
take(struct route_list *rl)
{
	for (unsigned i = 0; i < rl->rl_ntaken; i++)
		if (vi_route_del(rl->rl_mtu.im_vnet, &rl->rl_taken[i]) == 0)
			add_route(rl, &rl->rl_taken[i]);
}

static int
op_flush(struct ctl_request *rq)
{
	struct vi_route taken[PIECE + VI_RT_MAXPATHS];
	struct route_list rl = { .rl_taken = taken };
	int error = ctl_may(rq, VI_PRIV_NET_ROUTE);

	return error != 0 ? error : next_piece(rq, &rl, collect, take);
}

/*
 * Neighbours.
 */
static const char *const refusals[] = { [VI_NEIGH_REJECT] = "reject", [VI_NEIGH_BLACKHOLE] = "blackhole" };

static json_t *
neighbour_object(const struct vi_neigh *ne)
{
	json_t *o = json_object();

	ctl_put_zoned(o, "address", &ne->ne_addr, ne->ne_ifname);
	if (ne->ne_complete)
		ctl_put_mac(o, "lladdr", ne->ne_lladdr);
	json_object_set_new(o, "complete", json_boolean(ne->ne_complete));
	json_object_set_new(o, "permanent", json_boolean(ne->ne_permanent));
	json_object_set_new(o, "published", json_boolean(ne->ne_published));
	json_object_set_new(o, "proxy", json_boolean(ne->ne_proxy));
	json_object_set_new(o, "own", json_boolean(ne->ne_own));
	if (ne->ne_refuse != VI_NEIGH_TAKE)
		ctl_put_text(o, "refuse", refusals[ne->ne_refuse]);
	if (ne->ne_addr.sa_family == VI_AF_INET6) {
		ctl_put_int(o, "state", ne->ne_state);
		json_object_set_new(o, "router", json_boolean(ne->ne_router));
	}
	ctl_put_int(o, "expire", (ne->ne_expire + NS_PER_S - 1) / NS_PER_S);
	ctl_put_text(o, "interface", ne->ne_ifname);
	return o;
}

/*
 * Events.
 */
struct event_list {
	struct ctl_list	 el_list;
	struct ifmtu	 el_mtu;
};

static void
add_event(void *arg, const struct vi_rtevent *ev)
{
	static const char *const kinds[] = {
		[VI_RTEV_ROUTE_ADD] = "route-add", [VI_RTEV_ROUTE_CHANGE] = "route-change",
		[VI_RTEV_ROUTE_DEL] = "route-delete", [VI_RTEV_ADDR_ADD] = "address-add",
		[VI_RTEV_ADDR_DEL] = "address-delete", [VI_RTEV_IF_ARRIVE] = "interface-arrive",
		[VI_RTEV_IF_DEPART] = "interface-depart", [VI_RTEV_IF_CHANGE] = "interface-change",
		[VI_RTEV_RULE_ADD] = "rule-add", [VI_RTEV_RULE_DEL] = "rule-delete",
		[VI_RTEV_NEIGH_ADD] = "neighbour-change", [VI_RTEV_NEIGH_DEL] = "neighbour-delete",
	};
	struct event_list *el = arg;
	json_t *o = json_object();

	ctl_put_int(o, "seq", ev->ev_seq);
	ctl_put_text(o, "kind", kinds[ev->ev_kind]);
	ctl_put_int(o, "ifflags", ev->ev_ifflags);
	if (ev->ev_kind == VI_RTEV_NEIGH_ADD || ev->ev_kind == VI_RTEV_NEIGH_DEL)
		json_object_set_new(o, "neighbour", neighbour_object(&ev->ev_neigh));
	json_object_set_new(o, "route", route_object(&el->el_mtu, &ev->ev_route));
	ctl_list_add(&el->el_list, o);
}

int
ctl_route_events(struct ctl_request *rq, uint64_t *seq)
{
	struct event_list el = { .el_mtu = { .im_vnet = rq->rq_vnet } };
	int error;

	ctl_list_begin(rq, "events", &el.el_list);
	error = vi_route_events(rq->rq_vnet, seq, add_event, &el);
	if (error != 0 && error != EOVERFLOW)
		return error;
	ctl_put_int(rq->rq_reply, "last", *seq);
	json_object_set_new(rq->rq_reply, "lost", json_boolean(error != 0));
	return el.el_list.l_error;
}

/* Without "after": none, from now on. */
static int
op_events(struct ctl_request *rq)
{
	json_int_t after = -1;
	uint64_t seq;
	int error, wait = 0;

	if ((error = ctl_args(rq, "{s?I,s?b}", "after", &after, "wait", &wait)) != 0)
		return error;
	seq = after < 0 ? UINT64_MAX : (uint64_t)after;
	error = ctl_route_events(rq, &seq);
	if (error == 0 && wait && after >= 0 && seq == (uint64_t)after)
		return ctl_monitor_begin(rq, seq);
	return error;
}

struct neigh_list {
	struct ctl_list	 nl_list;
	const char	*nl_ifname;	/* NULL: all */
	int		 nl_family;	/* VI_AF_UNSPEC: both */
};

static void
add_neigh(void *arg, const struct vi_neigh *ne)
{
	struct neigh_list *nl = arg;

	if ((nl->nl_ifname != NULL && strcmp(nl->nl_ifname, ne->ne_ifname) != 0) ||
	    (nl->nl_family != VI_AF_UNSPEC && nl->nl_family != ne->ne_addr.sa_family))
		return;
	ctl_list_add(&nl->nl_list, neighbour_object(ne));
}

/*
 * Groups.
 */
static void
take_type(void *arg, const struct vi_ifinfo *ii)
{
	*(uint8_t *)arg = ii->if_type;
}

/* Which Ethernet address a group has (RFC 1112 6.4, RFC 2464 7), where it has one. */
static void
put_group_mac(json_t *o, struct vi_vnet *vn, const struct vi_group *vg)
{
	const bool six = vg->vg_group.sa_family == VI_AF_INET6;
	uint8_t mac[6] = { 0x33, 0x33 }, type = 0, four[4];

	if (vi_if_get(vn, vg->vg_ifname, take_type, &type) != 0 || type != VI_IFT_ETHER)
		return;
	memcpy(four, six ? vg->vg_group.sa_in6 + 12 : (const uint8_t *)&vg->vg_group.sa_in, sizeof(four));
	memcpy(mac + 2, four, sizeof(four));
	if (!six)
		memcpy(mac, (const uint8_t[]){ 0x01, 0x00, 0x5e, four[1] & 0x7f }, 4);
	ctl_put_mac(o, "lladdr", mac);
}

static void
add_group(void *arg, const struct vi_group *vg)
{
	struct neigh_list *nl = arg;
	char text[INET6_ADDRSTRLEN];
	json_t *o, *sources;

	if ((nl->nl_ifname != NULL && strcmp(nl->nl_ifname, vg->vg_ifname) != 0) ||
	    (nl->nl_family != VI_AF_UNSPEC && nl->nl_family != vg->vg_group.sa_family))
		return;
	o = json_object();
	ctl_put_text(o, "interface", vg->vg_ifname);
	ctl_put_zoned(o, "group", &vg->vg_group, vg->vg_ifname);
	put_group_mac(o, nl->nl_list.l_rq->rq_vnet, vg);
	ctl_put_int(o, "version", vg->vg_version);
	ctl_put_int(o, "robustness", vg->vg_robustness);
	ctl_put_int(o, "interval", vg->vg_interval);
	ctl_put_text(o, "mode", vg->vg_include ? "include" : "exclude");
	ctl_put_int(o, "members", vg->vg_members);
	ctl_put_int(o, "numsrc", vg->vg_numsrc);
	sources = json_array();
	for (uint32_t i = 0; i < vg->vg_numsrc && i < VI_GROUP_MAXSRC; i++) {
		const struct vi_sockaddr *sa = &vg->vg_slist[i];

		if (sa->sa_family == VI_AF_INET)
			(void)inet_ntop(AF_INET, &sa->sa_in, text, sizeof(text));
		else
			(void)inet_ntop(AF_INET6, sa->sa_in6, text, sizeof(text));
		json_array_append_new(sources, json_string(text));
	}
	json_object_set_new(o, "sources", sources);
	ctl_list_add(&nl->nl_list, o);
}

static void
no_ifinfo(void *arg, const struct vi_ifinfo *ii)
{
	(void)arg, (void)ii;
}

/* What is listed of an interface, a family, or of all. */
static int
narrow(struct ctl_request *rq, const char *key, struct neigh_list *nl)
{
	const char *family = NULL;
	int error;

	*nl = (struct neigh_list){ .nl_ifname = NULL };
	ctl_list_begin(rq, key, &nl->nl_list);
	if ((error = ctl_args(rq, "{s?s,s?s}", "interface", &nl->nl_ifname, "family", &family)) != 0 ||
	    (error = get_family(rq, family, &nl->nl_family)) != 0)
		return error;
	if (nl->nl_ifname != NULL && vi_if_get(rq->rq_vnet, nl->nl_ifname, no_ifinfo, NULL) != 0)
		return ctl_fail(rq, ENXIO, "interface %.40s does not exist", nl->nl_ifname);
	return 0;
}

static int
op_group_list(struct ctl_request *rq)
{
	struct neigh_list nl;
	int error;

	if ((error = narrow(rq, "groups", &nl)) != 0)
		return error;
	vi_group_list(rq->rq_vnet, add_group, &nl);
	return nl.nl_list.l_error;
}

static int
op_neigh_list(struct ctl_request *rq)
{
	struct neigh_list nl;
	int error;

	if ((error = narrow(rq, "neighbours", &nl)) != 0)
		return error;
	vi_neigh_list(rq->rq_vnet, add_neigh, &nl);
	return nl.nl_list.l_error;
}

static int
get_refusal(struct ctl_request *rq, const char *word, uint8_t *refuse)
{
	for (uint8_t i = VI_NEIGH_REJECT; word != NULL; i++) {
		if (i > VI_NEIGH_BLACKHOLE)
			return ctl_fail(rq, EINVAL, "refuse: neither reject nor blackhole");
		if (strcmp(word, refusals[i]) == 0) {
			*refuse = i;
			break;
		}
	}
	return 0;
}

static int
op_neigh_add(struct ctl_request *rq)
{
	struct vi_neigh ne = { .ne_complete = true };
	int permanent = 0, published = 0, proxy = 0, error;
	const char *addr, *mac, *refuse = NULL;

	if ((error = ctl_args(rq, "{s:s,s:s,s?b,s?b,s?b,s?s}", "address", &addr, "lladdr", &mac,
		 "permanent", &permanent, "published", &published, "proxy", &proxy, "refuse", &refuse)) != 0 ||
	    (error = get_refusal(rq, refuse, &ne.ne_refuse)) != 0 ||
	    (error = ctl_get_addr(rq, "address", addr, &ne.ne_addr)) != 0 ||
	    (error = ctl_get_mac(rq, mac, ne.ne_lladdr)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_NEIGHBOR)) != 0)
		return error;
	ne.ne_permanent = permanent != 0;
	ne.ne_published = published != 0;
	ne.ne_proxy = proxy != 0;
	error = vi_neigh_add(rq->rq_vnet, &ne);
	if (error == ENETUNREACH || error == ENXIO || error == ESRCH)
		return ctl_fail(rq, error, "%s is not on a network of this host", addr);
	return error;
}

static int
op_neigh_delete(struct ctl_request *rq)
{
	const char *addr, *ifname = "";
	struct vi_sockaddr sa;
	int error;

	if ((error = ctl_args(rq, "{s:s,s?s}", "address", &addr, "interface", &ifname)) != 0 ||
	    (error = ctl_get_addr(rq, "address", addr, &sa)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_NEIGHBOR)) != 0)
		return error;
	return vi_neigh_del(rq->rq_vnet, &sa, ifname);
}

/*
 * Next hops with a number.
 */
static void
add_nexthop(void *arg, const struct vi_nexthop *nx)
{
	json_t *o = json_object(), *group = nx->nx_n > 0 ? json_array() : NULL;

	ctl_put_int(o, "id", nx->nx_id);
	if (nx->nx_family != VI_AF_UNSPEC)
		ctl_put_text(o, "family", nx->nx_family == VI_AF_INET6 ? "inet6" : "inet");
	ctl_put_int(o, "flags", nx->nx_flags);
	ctl_put_zoned(o, "gateway", &nx->nx_gateway, nx->nx_ifname);
	ctl_put_text(o, "interface", nx->nx_ifname);
	for (unsigned i = 0; i < nx->nx_n; i++)
		json_array_append_new(group, json_pack("{s:I,s:I}", "id", (json_int_t)nx->nx_part[i].np_id, "weight",
		    (json_int_t)nx->nx_part[i].np_weight));
	if (group != NULL)
		json_object_set_new(o, "group", group);
	ctl_list_add(arg, o);
}

static int
op_nexthop_list(struct ctl_request *rq)
{
	struct ctl_list l;
	int error;

	ctl_list_begin(rq, "nexthops", &l);
	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	vi_nexthop_list(rq->rq_vnet, add_nexthop, &l);
	return l.l_error;
}

const struct ctl_op ctl_route_ops[] = {
	{ "route.add", op_add },
	{ "route.change", op_change },
	{ "route.delete", op_delete },
	{ "route.get", op_get },
	{ "route.list", op_list },
	{ "route.flush", op_flush },
	{ "route.events", op_events },
	{ "nexthop.list", op_nexthop_list },
	{ "group.list", op_group_list },
	{ "neigh.list", op_neigh_list },
	{ "neigh.add", op_neigh_add },
	{ "neigh.delete", op_neigh_delete },
	{ NULL, NULL },
};
