/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTM_GETROUTE and RTM_GETNEIGH.  The first routing table is Linux's main one; local
 * addresses are shown in its local table.
 */
#include "linux/nl.h"

#include <errno.h>
#include <string.h>
#include <linux/neighbour.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

struct route_walk {
	struct nl_out	*w_out;
	const struct nl_req *w_req;
	struct vi_vnet	*w_vnet;
};

static uint8_t
route_type(const struct vi_route *rt)
{
	if ((rt->rt_flags & VI_RTF_BLACKHOLE) != 0)
		return (RTN_BLACKHOLE);
	if ((rt->rt_flags & VI_RTF_REJECT) != 0)
		return (RTN_UNREACHABLE);
	if ((rt->rt_flags & VI_RTF_LOCAL) != 0)
		return (RTN_LOCAL);
	if ((rt->rt_flags & VI_RTF_BROADCAST) != 0)
		return (RTN_BROADCAST);
	return (RTN_UNICAST);
}

static uint8_t
route_scope(const struct vi_route *rt)
{
	if ((rt->rt_flags & VI_RTF_LOCAL) != 0 && rt->rt_dst.sa_family != VI_AF_INET6)
		return (RT_SCOPE_HOST);
	if (rt->rt_dst.sa_family == VI_AF_INET6)	/* there Linux knows no scopes of routes */
		return (RT_SCOPE_UNIVERSE);
	return ((rt->rt_flags & VI_RTF_GATEWAY) != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
}

static uint8_t
route_table(const struct vi_route *rt)
{
	if ((rt->rt_flags & (VI_RTF_LOCAL | VI_RTF_BROADCAST)) != 0)
		return (RT_TABLE_LOCAL);
	return (rt->rt_fib == 0 ? RT_TABLE_MAIN : (uint8_t)rt->rt_fib);
}

static void
route_put(
    struct nl_out *no, const struct vi_route *rt, uint8_t dstlen, const struct vi_sockaddr *dst, uint32_t flags)
{
	struct rtmsg rtm = {.rtm_family = nl_family(dst),
	    .rtm_dst_len = dstlen,
	    .rtm_table = route_table(rt),
	    .rtm_protocol = (rt->rt_flags & VI_RTF_PINNED) != 0	   ? RTPROT_KERNEL
			    : (rt->rt_flags & VI_RTF_DYNAMIC) != 0 ? RTPROT_REDIRECT
								   : RTPROT_STATIC,
	    .rtm_scope = route_scope(rt),
	    .rtm_type = route_type(rt),
	    .rtm_flags = flags};

	nl_out_begin(no, RTM_NEWROUTE, &rtm, sizeof(rtm));
	nl_out_u32(no, RTA_TABLE, rtm.rtm_table);
	if (dstlen > 0)
		nl_out_addr(no, RTA_DST, dst);
	if ((rt->rt_flags & VI_RTF_GATEWAY) != 0 && rt->rt_gateway.sa_family == dst->sa_family)
		nl_out_addr(no, RTA_GATEWAY, &rt->rt_gateway);
	if (rt->rt_ifindex != 0)
		nl_out_u32(no, RTA_OIF, rt->rt_ifindex);
	if (rt->rt_ifa.sa_family == dst->sa_family && dst->sa_family == VI_AF_INET)
		nl_out_addr(no, RTA_PREFSRC, &rt->rt_ifa);
	if (rt->rt_metric != 0)
		nl_out_u32(no, RTA_PRIORITY, rt->rt_metric);
	nl_out_end(no);
}

static void
route_each(void *arg, const struct vi_route *rt)
{
	struct route_walk *w = arg;
	uint8_t table = route_table(rt);

	if (w->w_req->rq_table == RT_TABLE_UNSPEC || w->w_req->rq_table == table)
		route_put(w->w_out, rt, rt->rt_prefixlen, &rt->rt_dst, 0);
}

/* A dump, or the route that a packet to one address takes. */
int
nl_getroute(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct route_walk w = { no, rq, vn };
	struct vi_route rt;

	if ((rq->rq_hdr.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		if (nl_wants(rq, AF_INET))
			vi_route_list(vn, 0, VI_AF_INET, route_each, &w);
		if (nl_wants(rq, AF_INET6))
			vi_route_list(vn, 0, VI_AF_INET6, route_each, &w);
		return (0);
	}
	if (rq->rq_family != AF_INET && rq->rq_family != AF_INET6)
		return (EOPNOTSUPP);
	if (!rq->rq_hasdst)
		return (EINVAL);
	if (vi_route_get(vn, 0, &rq->rq_dst, &rt) != 0)
		return (ENETUNREACH);
	if ((rt.rt_flags & VI_RTF_REJECT) != 0)
		return (EHOSTUNREACH);
	if ((rt.rt_flags & VI_RTF_BLACKHOLE) != 0)
		return (EINVAL);
	route_put(no, &rt, rq->rq_family == AF_INET6 ? 128 : 32, &rq->rq_dst, RTM_F_CLONED);
	return (0);
}

static void
index_found(void *arg, const struct vi_ifinfo *info)
{
	*(uint32_t *)arg = info->if_index;
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

static void
neigh_each(void *arg, const struct vi_neigh *ne)
{
	struct route_walk *w = arg;
	struct ndmsg nd = { .ndm_family = nl_family(&ne->ne_addr), .ndm_type = RTN_UNICAST };
	uint32_t index = 0;

	if (!nl_wants(w->w_req, nd.ndm_family))
		return;
	if (vi_if_get(w->w_vnet, ne->ne_ifname, index_found, &index) != 0)
		return;
	if (w->w_req->rq_index != 0 && w->w_req->rq_index != index)
		return;
	nd.ndm_ifindex = (int)index;
	nd.ndm_state = neigh_state(ne);
	if (ne->ne_router)
		nd.ndm_flags |= NTF_ROUTER;
	nl_out_begin(w->w_out, RTM_NEWNEIGH, &nd, sizeof(nd));
	nl_out_addr(w->w_out, NDA_DST, &ne->ne_addr);
	if (ne->ne_complete)
		nl_out_attr(w->w_out, NDA_LLADDR, ne->ne_lladdr, sizeof(ne->ne_lladdr));
	nl_out_end(w->w_out);
}

int
nl_getneigh(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct route_walk w = { no, rq, vn };

	if ((rq->rq_hdr.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return (EOPNOTSUPP);
	vi_neigh_list(vn, neigh_each, &w);
	return (0);
}
