/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What changed, told to the sockets that have joined a group.
 *
 * The vnet keeps its last events and wakes each socket that watches; the messages are made when the
 * socket's turn comes, outside of the lane.  Who was too slow finds ENOBUFS, as on Linux.
 */
#include "linux/nl.h"
#include "linux/rtinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct notify {
	struct nl_out	 nt_out;
	struct vi_vnet	*nt_vnet;
	uint64_t	 nt_groups;
	char		 nt_was[VI_IFNAMSIZ];	/* the name of an interface that is getting another */
	/* next hops of one route, of events that say the same of them: not told yet */
	bool		 nt_gone, nt_replaced;
	unsigned	 nt_n;
	struct vi_route	 nt_hop[VI_RT_MAXPATHS];
	unsigned	 nt_nnow;	/* what it has now */
	struct vi_route	 nt_now[VI_RT_MAXPATHS];
};

/* Is the socket in the group?  Then what follows is for that. */
static bool
notify_group(struct notify *nt, unsigned group)
{
	if ((nt->nt_groups >> (group - 1) & 1) == 0)
		return (false);
	nt->nt_out.no_group = group;
	return (true);
}

static bool
notify_family(struct notify *nt, const struct vi_sockaddr *sa, unsigned group4, unsigned group6)
{
	return (notify_group(nt, sa->sa_family == VI_AF_INET6 ? group6 : group4));
}

static void
now_each(void *arg, const struct vi_route *rt)
{
	struct notify *nt = arg;

	if (nt->nt_nnow < VI_RT_MAXPATHS && rtinfo_joins(&nt->nt_hop[0], rt))
		nt->nt_now[nt->nt_nnow++] = *rt;
}

/* A route that is still there, or is there again, is told whole, as it is now: for Linux it was replaced when it was not made of just these. */
static void
notify_hops(struct notify *nt)
{
	nt->nt_nnow = 0;
	if (nt->nt_n > 0)
		(void)notify_family(nt, &nt->nt_hop[0].rt_dst, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE);
	if (nt->nt_n > 0)
		(void)vi_route_paths(nt->nt_vnet, &nt->nt_hop[0], now_each, nt);
	if (nt->nt_nnow > 0) {
		nt->nt_out.no_flags = nt->nt_gone || nt->nt_replaced || nt->nt_nnow != nt->nt_n ? NLM_F_REPLACE : 0;
		nl_put_routes(&nt->nt_out, RTM_NEWROUTE, nt->nt_now, nt->nt_nnow);
		nt->nt_out.no_flags = 0;
	} else if (nt->nt_n > 0)
		nl_put_routes(&nt->nt_out, nt->nt_gone ? RTM_DELROUTE : RTM_NEWROUTE, nt->nt_hop, nt->nt_n);
	nt->nt_n = 0;
	nl_out_flush(&nt->nt_out);
}

/* The stack tells of next hops; one after the other they are a route's. */
static void
notify_route(struct notify *nt, const struct vi_rtevent *ev)
{
	const bool gone = ev->ev_kind == VI_RTEV_ROUTE_DEL;
	bool joins, replaced;

	if (!notify_family(nt, &ev->ev_route.rt_dst, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE))
		return;
	joins = nt->nt_n > 0 && nt->nt_n < VI_RT_MAXPATHS && rtinfo_joins(&nt->nt_hop[0], &ev->ev_route);
	replaced = joins && nt->nt_gone && !gone;
	if (replaced)
		nt->nt_n = 0;
	else if (!joins || nt->nt_gone != gone)
		notify_hops(nt);
	if (nt->nt_n == 0)
		nt->nt_replaced = replaced || ev->ev_kind == VI_RTEV_ROUTE_CHANGE;
	nt->nt_gone = gone;
	nt->nt_hop[nt->nt_n++] = ev->ev_route;
}

struct notify_if { struct notify *ni_notify; const struct vi_rtevent *ni_event; bool ni_done; };

/* The interface of the event, whatever its name is meanwhile. */
static void
event_if(const struct notify *nt, const struct vi_rtevent *ev, vi_if_fn *fn, void *arg)
{
	char name[VI_IFNAMSIZ];

	if (vi_if_name(nt->nt_vnet, ev->ev_route.rt_ifindex, name) == 0)
		(void)vi_if_get(nt->nt_vnet, name, fn, arg);
}

/* As it was then: a later event says what it is now. */
static void
link_found(void *arg, const struct vi_ifinfo *info)
{
	struct notify_if *ni = arg;
	struct vi_ifinfo then = *info;

	memcpy(then.if_name, ni->ni_event->ev_route.rt_ifname, sizeof(then.if_name));
	then.if_mtu = ni->ni_event->ev_route.rt_mtu;
	then.if_flags = (info->if_flags & ~(uint32_t)VI_IFF_UP) | (ni->ni_event->ev_ifflags & VI_IFF_UP);
	nl_put_link(&ni->ni_notify->nt_out, RTM_NEWLINK, &then);
}

/* An interface that goes is described by what the event says of it. */
static void
notify_link(struct notify *nt, const struct vi_rtevent *ev)
{
	struct notify_if ni = { nt, ev, false };
	struct vi_ifinfo gone = { .if_index = ev->ev_route.rt_ifindex, .if_flags = ev->ev_ifflags, .if_mtu = ev->ev_route.rt_mtu };

	if (!notify_group(nt, RTNLGRP_LINK) || ev->ev_kind == VI_RTEV_IF_RENAME)
		return;
	if (ev->ev_kind != VI_RTEV_IF_DEPART) {
		event_if(nt, ev, link_found, &ni);
		return;
	}
	memcpy(gone.if_name, ev->ev_route.rt_ifname, sizeof(gone.if_name));
	nl_put_link(&nt->nt_out, RTM_DELLINK, &gone);
}

/* The address as it is now; one that is gone already: nothing, the next event says so. */
static void
addr_found(void *arg, const struct vi_ifinfo *info)
{
	struct notify_if *ni = arg;
	const struct vi_sockaddr *sa = &ni->ni_event->ev_route.rt_ifa;

	for (uint32_t i = 0; i < info->if_naddrs; i++)
		if (info->if_addrs[i].ia_addr.sa_family == sa->sa_family &&
		    memcmp(info->if_addrs[i].ia_addr.sa_bytes, sa->sa_bytes, sizeof(sa->sa_bytes)) == 0)
			nl_put_addr(&ni->ni_notify->nt_out, RTM_NEWADDR, info, &info->if_addrs[i]);
}

static void
addr_gone(void *arg, const struct vi_ifinfo *info)
{
	struct notify_if *ni = arg;
	const struct vi_ifaddr ia = { .ia_addr = ni->ni_event->ev_route.rt_ifa, .ia_prefixlen = ni->ni_event->ev_route.rt_prefixlen };

	nl_put_addr(&ni->ni_notify->nt_out, RTM_DELADDR, info, &ia);
	ni->ni_done = true;
}

static void
notify_addr(struct notify *nt, const struct vi_rtevent *ev)
{
	struct notify_if ni = { nt, ev, false };
	struct vi_ifinfo info = { .if_index = ev->ev_route.rt_ifindex };

	if (!notify_family(nt, &ev->ev_route.rt_ifa, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR))
		return;
	if (ev->ev_kind == VI_RTEV_ADDR_ADD) {
		event_if(nt, ev, addr_found, &ni);
		return;
	}
	event_if(nt, ev, addr_gone, &ni);
	if (ni.ni_done)
		return;
	memcpy(info.if_name, ev->ev_route.rt_ifname, sizeof(info.if_name));
	addr_gone(&ni, &info);		/* with its interface */
}

static void
notify_rule(struct notify *nt, const struct vi_rtevent *ev)
{
	const uint16_t type = ev->ev_kind == VI_RTEV_RULE_ADD ? RTM_NEWRULE : RTM_DELRULE;

	if (ev->ev_rule.ru_family != VI_AF_INET6 && notify_group(nt, RTNLGRP_IPV4_RULE))
		nl_put_rule(&nt->nt_out, type, &ev->ev_rule, AF_INET);
	nl_out_flush(&nt->nt_out);
	if (ev->ev_rule.ru_family != VI_AF_INET && notify_group(nt, RTNLGRP_IPV6_RULE))
		nl_put_rule(&nt->nt_out, type, &ev->ev_rule, AF_INET6);
}

static void
notify_neigh(struct notify *nt, const struct vi_rtevent *ev)
{
	if (notify_group(nt, RTNLGRP_NEIGH))
		nl_put_neigh(&nt->nt_out, ev->ev_kind == VI_RTEV_NEIGH_ADD ? RTM_NEWNEIGH : RTM_DELNEIGH, ev->ev_route.rt_ifindex, &ev->ev_neigh);
}

static void
nexthop_found(void *arg, const struct vi_nexthop *nx)
{
	nl_put_nexthop(&((struct notify *)arg)->nt_out, RTM_NEWNEXTHOP, nx);
}

/* One that is gone is only its number. */
static void
notify_nexthop(struct notify *nt, const struct vi_rtevent *ev)
{
	const struct vi_nexthop gone = { .nx_id = ev->ev_route.rt_nhid };

	if (!notify_group(nt, RTNLGRP_NEXTHOP))
		return;
	if (ev->ev_kind == VI_RTEV_NEXTHOP_ADD)
		(void)vi_nexthop_get(nt->nt_vnet, gone.nx_id, nexthop_found, nt);
	else
		nl_put_nexthop(&nt->nt_out, RTM_DELNEXTHOP, &gone);
}

#define UEVENT_GROUP	1		/* of NETLINK_KOBJECT_UEVENT: what the kernel says */

static void
notify_device(void *arg, const struct vi_rtevent *ev)
{
	struct notify *nt = arg;

	if (!notify_group(nt, UEVENT_GROUP))
		return;
	switch (ev->ev_kind) {
	case VI_RTEV_IF_ARRIVE:
		nl_put_uevent(&nt->nt_out, "add", NULL, ev);
		break;
	case VI_RTEV_IF_DEPART:
		nl_put_uevent(&nt->nt_out, "remove", NULL, ev);
		break;
	case VI_RTEV_IF_RENAME:		/* the new one is told next */
		memcpy(nt->nt_was, ev->ev_route.rt_ifname, sizeof(nt->nt_was));
		break;
	case VI_RTEV_IF_RENAMED:
		nl_put_uevent(&nt->nt_out, "move", nt->nt_was, ev);
		break;
	default:
		break;
	}
}

static void
notify_one(void *arg, const struct vi_rtevent *ev)
{
	struct notify *nt = arg;

	if (ev->ev_kind == VI_RTEV_ROUTE_ADD || ev->ev_kind == VI_RTEV_ROUTE_CHANGE || ev->ev_kind == VI_RTEV_ROUTE_DEL) {
		notify_route(nt, ev);
		return;
	}
	notify_hops(nt);
	switch (ev->ev_kind) {
	case VI_RTEV_ADDR_ADD:
	case VI_RTEV_ADDR_DEL:
		notify_addr(nt, ev);
		break;
	case VI_RTEV_RULE_ADD:
	case VI_RTEV_RULE_DEL:
		notify_rule(nt, ev);
		break;
	case VI_RTEV_NEXTHOP_ADD:
	case VI_RTEV_NEXTHOP_DEL:
		notify_nexthop(nt, ev);
		break;
	case VI_RTEV_NEIGH_ADD:
	case VI_RTEV_NEIGH_DEL:
		notify_neigh(nt, ev);
		break;
	default:
		notify_link(nt, ev);
		break;
	}
	nl_out_flush(&nt->nt_out);	/* one message a datagram, as programs expect of events */
}

void
nl_events(struct lx_sock *ls)
{
	const struct nl_req none = { .rq_family = AF_UNSPEC };
	struct nl_sock *ns = ls->ls_nl;
	struct notify *nt;
	int error;

	if (!ns->nl_watching || ls->ls_vnet == NULL)
		return;
	if ((nt = malloc(sizeof(*nt))) == NULL)
		return;			/* they are still there when the next one comes */
	nl_out_init(&nt->nt_out, ls, &none, 0);
	nt->nt_out.no_pid = 0;
	nt->nt_vnet = ls->ls_vnet;
	nt->nt_groups = ns->nl_groups;
	nt->nt_n = 0;
	nt->nt_was[0] = '\0';
	lx_manage(ls->ls_lx);
	error = vi_route_events(ls->ls_vnet, &ns->nl_seq, ls->ls_proto == NETLINK_KOBJECT_UEVENT ? notify_device : notify_one, nt);
	notify_hops(nt);
	lx_managed(ls->ls_lx);
	if (error == EOVERFLOW)
		ls->ls_error = ENOBUFS;
	free(nt);
}

/* In the vnet's lane, or while all workers stand still. */
static void
nl_wake(void *arg)
{
	struct lx_sock *ls = arg;

	lx_loop_again(ls->ls_lx->lx_loop, &ls->ls_event);
}

int
nl_subscribe(struct lx_sock *ls, uint64_t groups)
{
	struct nl_sock *ns = ls->ls_nl;
	int error = 0;

	if (groups != 0 && ls->ls_proto != NETLINK_ROUTE && ls->ls_proto != NETLINK_KOBJECT_UEVENT)
		return (EOPNOTSUPP);	/* of sockets that go, and of families that come, nobody is told */
	if (groups != 0 && !ns->nl_watching && ls->ls_vnet != NULL) {
		ns->nl_seq = UINT64_MAX;
		lx_manage(ls->ls_lx);
		if ((error = vi_route_watch(ls->ls_vnet, nl_wake, ls)) == 0)
			(void)vi_route_events(ls->ls_vnet, &ns->nl_seq, NULL, NULL);
		lx_managed(ls->ls_lx);
		if (error != 0)
			return (error == ENOBUFS ? ENOMEM : error);
		ns->nl_watching = true;
	}
	ns->nl_groups = groups;
	return (0);
}

void
nl_unsubscribe(struct lx_sock *ls)
{
	if (ls->ls_nl == NULL || !ls->ls_nl->nl_watching || ls->ls_vnet == NULL)
		return;
	lx_manage(ls->ls_lx);
	(void)vi_route_unwatch(ls->ls_vnet, nl_wake, ls);
	lx_managed(ls->ls_lx);
	ls->ls_nl->nl_watching = false;
}
