/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes and neighbours.  Linux's order is that of its trees: of IPv4 by address, and of one address the longest prefix first; of IPv6 what is within a
 * prefix comes before it.  The stack tells of shorter ones first, so routes wait until what comes before them has been told.
 */
#include "linux/procnet_int.h"
#include "linux/ifinfo.h"
#include "linux/rtinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if_arp.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>

#include <vimage/ifnet.h>

/* An address of IPv6 and the interface it stands on. */
struct owner { uint8_t ow_addr[16]; char ow_ifname[VI_IFNAMSIZ]; };
struct owners { struct procnet *os_pn; struct owner *os_owner; size_t os_n, os_room; };

struct rt_walk {
	struct procnet	*rw_pn;
	const struct owners *rw_owners;	/* NULL: not wanted */
	struct vi_route	*rw_wait;	/* each within those before it */
	size_t		 rw_n, rw_room;
	bool		 rw_local;	/* those of the table of this host's addresses, else the others */
};

static bool
same_route(const struct vi_route *a, const struct vi_route *b)
{
	return (a->rt_prefixlen == b->rt_prefixlen && memcmp(a->rt_dst.sa_bytes, b->rt_dst.sa_bytes, sizeof(a->rt_dst.sa_bytes)) == 0);
}

/* Has b to be told before a? */
static bool
route_first(const struct vi_route *a, const struct vi_route *b)
{
	const unsigned bits = a->rt_dst.sa_family == VI_AF_INET6 ? a->rt_prefixlen : 32, whole = bits / 8, rest = bits % 8;
	const uint8_t *p = a->rt_dst.sa_bytes, *q = b->rt_dst.sa_bytes;

	return (memcmp(p, q, whole) == 0 && (rest == 0 || (p[whole] ^ q[whole]) >> (8 - rest) == 0));
}

static void
route4_put(struct procnet *pn, const struct vi_route *rt)
{
	const bool nowhere = (rt->rt_flags & RTINFO_NOWHERE) != 0;
	const bool gateway = !nowhere && (rt->rt_flags & VI_RTF_GATEWAY) != 0 && rt->rt_gateway.sa_family != VI_AF_UNSPEC;
	unsigned flags = RTF_UP;

	if ((rt->rt_flags & (VI_RTF_REJECT | VI_RTF_PROHIBIT)) != 0)
		flags |= RTF_REJECT;
	if (gateway)
		flags |= RTF_GATEWAY;
	if (rt->rt_prefixlen == 32)
		flags |= RTF_HOST;
	pn_begin(pn);
	pn_printf(pn, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%d\t%u\t%u", nowhere ? "*" : rt->rt_ifname, rt->rt_dst.sa_in,
	    gateway && rt->rt_gateway.sa_family == VI_AF_INET ? rt->rt_gateway.sa_in : 0, flags, 0, 0, rt->rt_metric, ifinfo_mask(rt->rt_prefixlen), 0, 0, 0);
	pn_end(pn, 127);
}

static unsigned
route6_flags(const struct vi_route *rt)
{
	static const struct { uint32_t vi, lx; } map[] = {
		{ VI_RTF_GATEWAY, RTF_GATEWAY }, { VI_RTF_LOCAL, RTF_LOCAL | RTF_NONEXTHOP }, { VI_RTF_DYNAMIC, RTF_DYNAMIC }, { VI_RTF_MODIFIED, RTF_MODIFIED },
	};
	const unsigned learned = rt->rt_proto != RTINFO_LEARNED ? 0 : (rt->rt_flags & VI_RTF_GATEWAY) == 0 ? RTF_ADDRCONF | RTF_PREFIX_RT :
	    rt->rt_prefixlen == 0 ? RTF_ADDRCONF | RTF_DEFAULT : RTF_ADDRCONF | RTF_ROUTEINFO;
	unsigned flags = learned | RTF_PREF((unsigned)rtinfo_pref(rt)) | (rt->rt_expire != 0 ? RTF_EXPIRES : 0);

	if ((rt->rt_flags & RTINFO_NOWHERE) != 0)
		return (flags | RTF_REJECT | RTF_NONEXTHOP);
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if ((rt->rt_flags & map[i].vi) != 0)
			flags |= map[i].lx;
	return (flags | RTF_UP);
}

static int
owner_cmp(const void *a, const void *b)
{
	return (memcmp(((const struct owner *)a)->ow_addr, ((const struct owner *)b)->ow_addr, 16));
}

static void
owners_each(void *arg, const struct vi_ifinfo *info)
{
	struct owners *os = arg;
	struct owner *more;

	for (uint32_t i = 0; i < info->if_naddrs && os->os_pn->pn_error == 0; i++) {
		if (info->if_addrs[i].ia_addr.sa_family != VI_AF_INET6)
			continue;
		if (os->os_n == os->os_room) {
			const size_t room = os->os_room == 0 ? 32 : os->os_room * 2;

			if ((more = realloc(os->os_owner, room * sizeof(*more))) == NULL) {
				os->os_pn->pn_error = ENOMEM;
				return;
			}
			os->os_owner = more;
			os->os_room = room;
		}
		memcpy(os->os_owner[os->os_n].ow_addr, info->if_addrs[i].ia_addr.sa_in6, 16);
		memcpy(os->os_owner[os->os_n++].ow_ifname, info->if_name, VI_IFNAMSIZ);
	}
}

static void
owners_take(struct owners *os, struct procnet *pn)
{
	*os = (struct owners){ .os_pn = pn };
	vi_if_list(pn->pn_vnet, owners_each, os);
	if (os->os_n > 0)
		qsort(os->os_owner, os->os_n, sizeof(os->os_owner[0]), owner_cmp);
}

/* An address of this host is at home where it stands, though its packets go by the loopback interface. */
static void
route6_home(struct procnet *pn, const struct owners *os, const struct vi_route *rt, char ifname[VI_IFNAMSIZ])
{
	const struct owner *found = NULL;
	struct owner key;

	memcpy(ifname, rt->rt_ifname, VI_IFNAMSIZ);
	if ((rt->rt_flags & VI_RTF_LOCAL) == 0)
		return;
	if (rt->rt_dst.sa_scope != 0) {		/* the same address may stand on many links */
		(void)ifinfo_name(pn->pn_vnet, rt->rt_dst.sa_scope, ifname);
		return;
	}
	memcpy(key.ow_addr, rt->rt_dst.sa_in6, 16);
	if (os != NULL && os->os_n > 0)
		found = bsearch(&key, os->os_owner, os->os_n, sizeof(key), owner_cmp);
	if (found != NULL)
		memcpy(ifname, found->ow_ifname, VI_IFNAMSIZ);
}

static void
route6_put(struct procnet *pn, const struct owners *os, const struct vi_route *rt)
{
	static const uint8_t none[16];
	const unsigned flags = route6_flags(rt);
	char ifname[VI_IFNAMSIZ];

	route6_home(pn, os, rt, ifname);
	pn_hex(pn, rt->rt_dst.sa_in6, 16);
	pn_printf(pn, " %02x ", rt->rt_prefixlen);
	pn_hex(pn, none, 16);
	pn_printf(pn, " 00 ");
	pn_hex(pn, (flags & RTF_GATEWAY) != 0 ? rt->rt_gateway.sa_in6 : none, 16);
	pn_printf(pn, " %08x %08x %08x %08x %8s\n", rtinfo_metric(rt), 1, 0, flags, ifname);
}

/* The last ones that wait, and whose prefix is the same, in the order in which they came. */
static void
walk_tell(struct rt_walk *rw)
{
	size_t first = rw->rw_n - 1;

	while (first > 0 && same_route(&rw->rw_wait[first - 1], &rw->rw_wait[first]))
		first--;
	for (size_t i = first; i < rw->rw_n; i++) {
		if (rw->rw_wait[i].rt_dst.sa_family == VI_AF_INET6)
			route6_put(rw->rw_pn, rw->rw_owners, &rw->rw_wait[i]);
		else if (i == first || !rtinfo_joins(&rw->rw_wait[i - 1], &rw->rw_wait[i]))	/* of several next hops the first */
			route4_put(rw->rw_pn, &rw->rw_wait[i]);
	}
	rw->rw_n = first;
}

static void
walk_each(void *arg, const struct vi_route *rt)
{
	struct rt_walk *rw = arg;
	struct vi_route *more;

	if (rw->rw_pn->pn_error != 0 || rw->rw_local != ((rt->rt_flags & (VI_RTF_LOCAL | VI_RTF_BROADCAST)) != 0))
		return;
	while (rw->rw_n > 0 && !route_first(&rw->rw_wait[rw->rw_n - 1], rt))
		walk_tell(rw);
	if (rw->rw_n == rw->rw_room) {
		const size_t room = rw->rw_room == 0 ? 32 : rw->rw_room * 2;

		if ((more = realloc(rw->rw_wait, room * sizeof(*more))) == NULL) {
			rw->rw_pn->pn_error = ENOMEM;
			return;
		}
		rw->rw_wait = more;
		rw->rw_room = room;
	}
	rw->rw_wait[rw->rw_n++] = *rt;
}

static void
walk_table(struct procnet *pn, uint32_t fib, int family, const struct owners *local)
{
	struct rt_walk rw = { .rw_pn = pn, .rw_owners = local, .rw_local = local != NULL };

	vi_route_list(pn->pn_vnet, fib, family, walk_each, &rw);
	while (rw.rw_n > 0)
		walk_tell(&rw);
	free(rw.rw_wait);
}

/* Of Linux's main table, without what is in its local one. */
void
procnet_route(struct procnet *pn)
{
	pn_begin(pn);
	pn_printf(pn, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	pn_end(pn, 127);
	walk_table(pn, 0, VI_AF_INET, NULL);
}

/* Of all tables; the last line is the answer when there is none. */
void
procnet_ipv6_route(struct procnet *pn)
{
	const unsigned n = vi_route_nfibs(pn->pn_vnet);
	struct vi_route none = { .rt_dst = { .sa_family = VI_AF_INET6 }, .rt_flags = VI_RTF_REJECT, .rt_metric = UINT32_MAX, .rt_ifname = "lo0" };
	struct owners os;

	owners_take(&os, pn);
	for (uint32_t fib = 1; fib < n; fib++)
		walk_table(pn, fib, VI_AF_INET6, NULL);
	walk_table(pn, 0, VI_AF_INET6, NULL);
	for (uint32_t fib = 0; fib < n; fib++)
		walk_table(pn, fib, VI_AF_INET6, &os);
	route6_put(pn, NULL, &none);
	free(os.os_owner);
}

/* Linux has had no such cache since 3.6, but the file. */
void
procnet_rt_cache(struct procnet *pn)
{
	pn_begin(pn);
	pn_printf(pn, "Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod\tSpecDst");
	pn_end(pn, 127);
}

static void
arp_each(void *arg, const struct vi_neigh *ne)
{
	const uint8_t *ip = ne->ne_addr.sa_bytes, *ha = ne->ne_lladdr;
	static const uint8_t none[6];
	char text[16 * 4];
	unsigned flags = 0;

	if (ne->ne_addr.sa_family != VI_AF_INET || ne->ne_own)
		return;
	if (ne->ne_complete && !ne->ne_proxy)
		flags |= ATF_COM;
	else
		ha = none;
	if (ne->ne_permanent || ne->ne_proxy)
		flags |= ATF_PERM;
	if (ne->ne_published || ne->ne_proxy)
		flags |= ATF_PUBL;
	snprintf(text, sizeof(text), "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	pn_printf(arg, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n", text, ARPHRD_ETHER, flags, ha[0], ha[1], ha[2], ha[3], ha[4],
	    ha[5], ne->ne_ifname);
}

void
procnet_arp(struct procnet *pn)
{
	pn_printf(pn, "IP address       HW type     Flags       HW address            Mask     Device\n");
	vi_neigh_list(pn->pn_vnet, arp_each, pn);
}
