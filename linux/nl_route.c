/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTM_GETROUTE and RTM_GETNEIGH.  The first routing table is Linux's main one, the others have
 * their numbers; local addresses are shown in Linux's local table.
 */
#include "linux/nl.h"
#include "linux/ifinfo.h"
#include "linux/rtinfo.h"

#include <errno.h>
#include <string.h>
#include <linux/neighbour.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

struct route_walk {
	struct nl_out	*w_out;
	const struct nl_req *w_req;
	struct vi_vnet	*w_vnet;
	unsigned	 w_n;		/* next hops of one route, collected */
	struct vi_route	 w_hop[VI_RT_MAXPATHS];
};

static uint8_t
route_type(const struct vi_route *rt)
{
	static const struct { uint32_t flag; uint8_t type; } types[] = {
		{ VI_RTF_BLACKHOLE, RTN_BLACKHOLE }, { VI_RTF_PROHIBIT, RTN_PROHIBIT }, { VI_RTF_REJECT, RTN_UNREACHABLE },
		{ VI_RTF_THROW, RTN_THROW }, { VI_RTF_LOCAL, RTN_LOCAL }, { VI_RTF_BROADCAST, RTN_BROADCAST },
	};

	for (size_t i = 0; i < LX_NITEMS(types); i++)
		if ((rt->rt_flags & types[i].flag) != 0)
			return (types[i].type);
	return (RTN_UNICAST);
}

static uint8_t
route_scope(const struct vi_route *rt)
{
	if ((rt->rt_flags & VI_RTF_LOCAL) != 0 && rt->rt_dst.sa_family != VI_AF_INET6)
		return (RT_SCOPE_HOST);
	/* For IPv6 Linux knows no scopes of routes. */
	if (rt->rt_dst.sa_family == VI_AF_INET6 || (rt->rt_flags & RTINFO_NOWHERE) != 0)
		return (RT_SCOPE_UNIVERSE);
	return ((rt->rt_flags & VI_RTF_GATEWAY) != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
}

uint32_t
nl_table(struct vi_vnet *vn, uint32_t fib)
{
	return (fib == 0 ? RT_TABLE_MAIN : vi_route_table(vn, fib));
}

int
nl_fib(struct vi_vnet *vn, uint32_t table, uint32_t *fib)
{
	if (table == RT_TABLE_DEFAULT || table == RT_TABLE_LOCAL)
		return (EINVAL);
	if (table > RT_TABLE_LOCAL)
		return (vi_route_table_find(vn, table, fib));
	*fib = table == RT_TABLE_MAIN ? 0 : table;
	return (0);
}

static uint32_t
route_table(struct vi_vnet *vn, const struct vi_route *rt)
{
	if ((rt->rt_flags & (VI_RTF_LOCAL | VI_RTF_BROADCAST)) != 0)
		return (RT_TABLE_LOCAL);
	return (nl_table(vn, rt->rt_fib));
}

static uint8_t
route_proto(const struct vi_route *rt)
{
	if (rt->rt_proto != 0)
		return (rt->rt_proto);
	if ((rt->rt_flags & VI_RTF_PINNED) != 0)
		return (RTPROT_KERNEL);
	return ((rt->rt_flags & VI_RTF_DYNAMIC) != 0 ? RTPROT_REDIRECT : RTPROT_STATIC);
}

static bool
route_hasgw(const struct vi_route *rt)
{
	return ((rt->rt_flags & (VI_RTF_GATEWAY | RTINFO_NOWHERE)) == VI_RTF_GATEWAY && rt->rt_gateway.sa_family != VI_AF_UNSPEC);
}

/* The gateway as an attribute: RTA_GATEWAY, or of another family RTA_VIA.  Returns its length. */
static size_t
gateway_attr(uint8_t *p, const struct vi_route *rt)
{
	const bool via = rt->rt_gateway.sa_family != rt->rt_dst.sa_family;
	const size_t alen = rt->rt_gateway.sa_family == VI_AF_INET6 ? 16 : 4, vlen = via ? sizeof(struct rtvia) : 0;
	const struct rtattr ra = { .rta_len = (uint16_t)RTA_LENGTH(vlen + alen), .rta_type = via ? RTA_VIA : RTA_GATEWAY };
	const uint16_t family = nl_family(&rt->rt_gateway);

	memset(p, 0, RTA_ALIGN(ra.rta_len));
	memcpy(p, &ra, sizeof(ra));
	if (via)
		memcpy(p + RTA_LENGTH(0), &family, sizeof(family));
	memcpy(p + RTA_LENGTH(vlen), rt->rt_gateway.sa_bytes, alen);
	return (RTA_ALIGN(ra.rta_len));
}
#define GATEWAY_MAX	RTA_SPACE(sizeof(struct rtvia) + 16)

static void
put_gateway(struct nl_out *no, const struct vi_route *rt)
{
	uint8_t buf[GATEWAY_MAX];
	struct rtattr ra;

	(void)gateway_attr(buf, rt);
	memcpy(&ra, buf, sizeof(ra));
	nl_out_attr(no, ra.rta_type, buf + RTA_LENGTH(0), RTA_PAYLOAD(&ra));
}

/* Of several next hops each says so itself. */
static unsigned
route_onlink(const struct vi_route *rt, unsigned n)
{
	return (n == 1 && (rt->rt_flags & VI_RTF_ONLINK) != 0 ? RTNH_F_ONLINK : 0);
}

/* One next hop after the other, each with its gateway. */
static void
put_multipath(struct nl_out *no, const struct vi_route *rt, unsigned n)
{
	uint8_t buf[VI_RT_MAXPATHS * (sizeof(struct rtnexthop) + GATEWAY_MAX)], *p = buf;

	for (; n > 0; n--, rt++) {
		const size_t glen = route_hasgw(rt) ? gateway_attr(p + sizeof(struct rtnexthop), rt) : 0;
		struct rtnexthop nh = { .rtnh_len = (uint16_t)(sizeof(nh) + glen),
			.rtnh_hops = (uint8_t)(rt->rt_weight == 0 ? 0 : rt->rt_weight > 256 ? 255 : rt->rt_weight - 1),
			.rtnh_ifindex = (int)rt->rt_ifindex,
			.rtnh_flags = (uint8_t)(route_onlink(rt, 1) | ((rt->rt_flags & VI_RTF_UP) != 0 ? 0 : RTNH_F_LINKDOWN)) };

		memcpy(p, &nh, sizeof(nh));
		p += nh.rtnh_len;
	}
	nl_out_attr(no, RTA_MULTIPATH, buf, (size_t)(p - buf));
}

/* What was said of the path: numbers in attributes of their own. */
static void
put_metrics(struct nl_out *no, const struct vi_route *rt)
{
	const struct { uint16_t type; uint32_t value; } all[] = {
		{ RTAX_LOCK, rt->rt_mtulock ? 1u << RTAX_MTU : 0 },
		{ RTAX_MTU, rt->rt_mtu },
		{ RTAX_ADVMSS, rt->rt_advmss },
		{ RTAX_INITCWND, rt->rt_initcwnd },
		{ RTAX_INITRWND, rt->rt_initrwnd },
	};
	struct { struct rtattr ra; uint32_t value; } nested[LX_NITEMS(all)];
	size_t n = 0;

	for (size_t i = 0; i < LX_NITEMS(all); i++)
		if (all[i].value != 0) {
			nested[n].ra = (struct rtattr){ sizeof(nested[n]), all[i].type };
			nested[n++].value = all[i].value;
		}
	if (n > 0)
		nl_out_attr(no, RTA_METRICS, nested, n * sizeof(nested[0]));
}

/* When it goes by itself; 0: never. */
static void
put_cacheinfo(struct nl_out *no, uint64_t ns)
{
	const struct rta_cacheinfo ci = { .rta_expires = (int32_t)(ns / 10000000 < INT32_MAX ? ns / 10000000 : INT32_MAX) };	/* USER_HZ */

	nl_out_attr(no, RTA_CACHEINFO, &ci, sizeof(ci));
}

static void
put_pref(struct nl_out *no, const struct vi_route *rt)
{
	const uint8_t pref = rtinfo_pref(rt);

	nl_out_attr(no, RTA_PREF, &pref, sizeof(pref));
}

/* An address of a link is at home there, though its packets go by the loopback interface. */
static uint32_t
route_oif(const struct vi_route *rt)
{
	return ((rt->rt_flags & VI_RTF_LOCAL) != 0 && rt->rt_dst.sa_scope != 0 ? rt->rt_dst.sa_scope : rt->rt_ifindex);
}

/* packet: whose way it is; NULL: the route as it stands in its table. */
static void
put_route(struct nl_out *no, uint16_t type, const struct vi_route *rt, unsigned n, const struct vi_flow *packet)
{
	const uint32_t table = route_table(no->no_ls->ls_vnet, rt);
	const struct vi_sockaddr *dst = packet != NULL ? &packet->fl_dst : &rt->rt_dst;
	const uint8_t bits = dst->sa_family == VI_AF_INET6 ? 128 : 32, dstlen = packet != NULL ? bits : rt->rt_prefixlen;
	const bool packet4 = packet != NULL && dst->sa_family == VI_AF_INET;
	const bool from = packet != NULL && (!packet4 || packet->fl_src.sa_family == VI_AF_INET);	/* for IPv6 Linux says the unspecified one, too */
	struct rtmsg rtm = {.rtm_family = nl_family(dst),
	    .rtm_dst_len = dstlen,
	    .rtm_src_len = from ? bits : 0,
	    .rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_COMPAT,
	    .rtm_protocol = packet4 ? RTPROT_UNSPEC : route_proto(rt),
	    .rtm_scope = packet4 ? RT_SCOPE_UNIVERSE : route_scope(rt),
	    .rtm_type = route_type(rt),
	    .rtm_flags = (packet4 || (packet != NULL && (rt->rt_flags & VI_RTF_DYNAMIC) != 0) ? RTM_F_CLONED : 0) | route_onlink(rt, n) | ((rt->rt_flags & VI_RTF_UP) != 0 || n > 1 ? 0 : RTNH_F_LINKDOWN)};

	nl_out_begin(no, type, &rtm, sizeof(rtm));
	nl_out_u32(no, RTA_TABLE, table);
	if (dstlen > 0)
		nl_out_addr(no, RTA_DST, dst);
	if (from)
		nl_out_addr(no, RTA_SRC, packet->fl_src.sa_family == dst->sa_family ? &packet->fl_src : &(struct vi_sockaddr){ .sa_family = dst->sa_family });
	if (n > 1)
		put_multipath(no, rt, n);
	else if (route_hasgw(rt))
		put_gateway(no, rt);
	if (n == 1 && rt->rt_ifindex != 0 && ((rt->rt_flags & RTINFO_NOWHERE) == 0 || dst->sa_family == VI_AF_INET6))
		nl_out_u32(no, RTA_OIF, route_oif(rt));
	/* The source is said of the routes of IPv4's own addresses, and for one packet; not for one of IPv4 that was asked for with it. */
	if (rt->rt_ifa.sa_family == dst->sa_family && (rt->rt_flags & RTINFO_NOWHERE) == 0 && n == 1 &&
	    (packet == NULL ? dst->sa_family == VI_AF_INET && (rt->rt_flags & VI_RTF_PINNED) != 0 : !(packet4 && from)))
		nl_out_addr(no, RTA_PREFSRC, &rt->rt_ifa);
	if (packet4)
		nl_out_u32(no, RTA_UID, no->no_ls->ls_nl->nl_cred.cr_uid);
	if (rtinfo_metric(rt) != 0)
		nl_out_u32(no, RTA_PRIORITY, rtinfo_metric(rt));
	if (rt->rt_nhid != 0)
		nl_out_u32(no, RTA_NH_ID, rt->rt_nhid);
	put_metrics(no, rt);
	if (packet4 || dst->sa_family == VI_AF_INET6 || rt->rt_expire != 0)
		put_cacheinfo(no, rt->rt_expire);
	if (dst->sa_family == VI_AF_INET6)
		put_pref(no, rt);
	nl_out_end(no);
}

void
nl_put_routes(struct nl_out *no, uint16_t type, const struct vi_route *rt, unsigned n)
{
	put_route(no, type, rt, n, NULL);
}

/* Is it of those that were asked for?  One next hop by the interface will do. */
static bool
walk_wants(const struct route_walk *w)
{
	const uint32_t index = w->w_req->rq_only.on_index;
	bool yes = index == 0;

	for (unsigned i = 0; i < w->w_n && !yes; i++)
		yes = route_oif(&w->w_hop[i]) == index;
	return (yes && (w->w_req->rq_only.on_proto == 0 || w->w_req->rq_only.on_proto == route_proto(&w->w_hop[0])) &&
	    (w->w_req->rq_only.on_type == 0 || w->w_req->rq_only.on_type == route_type(&w->w_hop[0])));
}

static void
walk_flush(struct route_walk *w)
{
	if (w->w_n > 0 && walk_wants(w))
		nl_put_routes(w->w_out, RTM_NEWROUTE, w->w_hop, w->w_n);
	w->w_n = 0;
}

static void
route_each(void *arg, const struct vi_route *rt)
{
	struct route_walk *w = arg;

	if (w->w_req->rq_table != RT_TABLE_UNSPEC && nl_u32(w->w_req, RTA_TABLE, w->w_req->rq_table) != route_table(w->w_vnet, rt))
		return;
	if (w->w_n == VI_RT_MAXPATHS || (w->w_n > 0 && !rtinfo_joins(&w->w_hop[0], rt)))
		walk_flush(w);
	w->w_hop[w->w_n++] = *rt;
}

static void
count_each(void *arg, const struct vi_route *rt)
{
	(void)rt;
	++*(unsigned *)arg;
}

/* Linux has its own tables from the first address on, others from their first route on. */
static bool
table_there(const struct route_walk *w)
{
	const uint32_t table = nl_u32(w->w_req, RTA_TABLE, w->w_req->rq_table);
	unsigned n = 0;
	uint32_t fib;

	if (table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL)
		return (true);
	if (nl_fib(w->w_vnet, table, &fib) != 0 || fib >= vi_route_nfibs(w->w_vnet))
		return (false);
	if (table > RT_TABLE_LOCAL)		/* it was made for a route */
		return (true);
	vi_route_list(w->w_vnet, fib, w->w_req->rq_family == AF_INET ? VI_AF_INET : VI_AF_INET6, count_each, &n);
	return (n != 0);
}

static void
dump_routes(struct route_walk *w)
{
	const unsigned n = vi_route_nfibs(w->w_vnet);

	for (uint32_t fib = 0; fib < n; fib++) {
		if (nl_wants(w->w_req, AF_INET))
			vi_route_list(w->w_vnet, fib, VI_AF_INET, route_each, w);
		walk_flush(w);
		if (nl_wants(w->w_req, AF_INET6))
			vi_route_list(w->w_vnet, fib, VI_AF_INET6, route_each, w);
		walk_flush(w);
	}
}

static int
flow_parse(struct vi_vnet *vn, const struct nl_req *rq, uint32_t uid, struct vi_flow *fl)
{
	struct rtmsg rtm;
	uint32_t index;
	int error;

	memcpy(&rtm, rq->rq_fixed, sizeof(rtm));
	*fl = (struct vi_flow){ .fl_dst = rq->rq_dst, .fl_mark = nl_u32(rq, RTA_MARK, 0), .fl_uid = nl_u32(rq, RTA_UID, uid), .fl_proto = nl_u8(rq, RTA_IP_PROTO, 0), .fl_tos = rtm.rtm_tos };
	if ((error = nl_addr(rq, RTA_SRC, rq->rq_family, &fl->fl_src)) != 0)
		return (error);
	fl->fl_src.sa_port = nl_u16(rq, RTA_SPORT, 0);
	fl->fl_dst.sa_port = nl_u16(rq, RTA_DPORT, 0);
	if ((index = nl_u32(rq, RTA_IIF, 0)) != 0 && (error = ifinfo_name(vn, index, fl->fl_iif)) != 0)
		return (error);
	if ((index = nl_u32(rq, RTA_OIF, 0)) != 0 && (error = ifinfo_name(vn, index, fl->fl_oif)) != 0)
		return (error);
	if (fl->fl_dst.sa_family != VI_AF_INET6 || fl->fl_dst.sa_in6[0] != 0xfe || (fl->fl_dst.sa_in6[1] & 0xc0) != 0x80)
		return (0);
	/* Linux answers for a link of its choice where none is named; by that no packet would go. */
	fl->fl_dst.sa_scope = index;
	return (index == 0 ? ENETUNREACH : 0);
}

/* The way of one packet; with FIB_MATCH the route that was found instead of what became of it. */
static int
get_route(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct vi_route rt;
	struct vi_flow fl;
	struct rtmsg rtm;
	int error;

	if ((error = flow_parse(vn, rq, no->no_ls->ls_nl->nl_cred.cr_uid, &fl)) != 0 || (error = vi_route_lookup(vn, &fl, &rt)) != 0)
		return (error);
	memcpy(&rtm, rq->rq_fixed, sizeof(rtm));
	put_route(no, RTM_NEWROUTE, &rt, 1, (rtm.rtm_flags & RTM_F_FIB_MATCH) != 0 ? NULL : &fl);
	return (0);
}

int
nl_getroute(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct route_walk w = { .w_out = no, .w_req = rq, .w_vnet = vn };

	if (nl_dump(rq)) {
		if (rq->rq_only.on_table && !table_there(&w))
			return (ENOENT);
		dump_routes(&w);
		return (0);
	}
	if (rq->rq_family != AF_INET && rq->rq_family != AF_INET6)
		return (EOPNOTSUPP);
	if (!rq->rq_hasdst || rq->rq_fixed == NULL)
		return (EINVAL);
	return (get_route(no, vn, rq));
}

static uint16_t
neigh_state(const struct vi_neigh *ne)
{
	static const uint16_t nud[] = { [VI_NUD_NONE] = NUD_NONE, [VI_NUD_INCOMPLETE] = NUD_INCOMPLETE, [VI_NUD_REACHABLE] = NUD_REACHABLE,
		[VI_NUD_STALE] = NUD_STALE, [VI_NUD_DELAY] = NUD_DELAY, [VI_NUD_PROBE] = NUD_PROBE };

	if (ne->ne_permanent)
		return (NUD_PERMANENT);
	if (ne->ne_addr.sa_family == VI_AF_INET6 && ne->ne_state < LX_NITEMS(nud))
		return (nud[ne->ne_state]);
	return (ne->ne_complete ? NUD_REACHABLE : NUD_INCOMPLETE);
}

void
nl_put_neigh(struct nl_out *no, uint16_t type, uint32_t ifindex, const struct vi_neigh *ne)
{
	struct ndmsg nd = { .ndm_family = nl_family(&ne->ne_addr), .ndm_type = RTN_UNICAST, .ndm_ifindex = (int)ifindex,
		.ndm_state = ne->ne_proxy ? NUD_NONE : neigh_state(ne),
		.ndm_flags = (uint8_t)((ne->ne_router ? NTF_ROUTER : 0) | (ne->ne_proxy ? NTF_PROXY : 0)) };

	nl_out_begin(no, type, &nd, sizeof(nd));
	nl_out_addr(no, NDA_DST, &ne->ne_addr);
	if (ne->ne_complete && !ne->ne_proxy)
		nl_out_attr(no, NDA_LLADDR, ne->ne_lladdr, sizeof(ne->ne_lladdr));
	nl_out_end(no);
}

/* Asked for those we answer for, and no others. */
static bool
neigh_proxies(const struct nl_req *rq)
{
	struct ndmsg nd;

	if (rq->rq_fixed == NULL)
		return (false);
	memcpy(&nd, rq->rq_fixed, sizeof(nd));
	return ((nd.ndm_flags & NTF_PROXY) != 0);
}

static void
neigh_each(void *arg, const struct vi_neigh *ne)
{
	struct route_walk *w = arg;
	uint32_t index;

	if (ne->ne_own || !nl_wants(w->w_req, nl_family(&ne->ne_addr)))	/* Linux has its own addresses elsewhere */
		return;
	index = ifinfo_index(w->w_vnet, ne->ne_ifname);
	if (w->w_req->rq_index != 0 && w->w_req->rq_index != index)
		return;
	if (neigh_proxies(w->w_req) ? !ne->ne_published && !ne->ne_proxy : ne->ne_proxy)
		return;
	nl_put_neigh(w->w_out, RTM_NEWNEIGH, index, ne);
}

int
nl_getneigh(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct route_walk w = { .w_out = no, .w_req = rq, .w_vnet = vn };

	if (!nl_dump(rq))
		return (EOPNOTSUPP);
	vi_neigh_list(vn, neigh_each, &w);
	return (0);
}
