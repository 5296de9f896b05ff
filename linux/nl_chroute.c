/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTM_NEWROUTE and RTM_DELROUTE.
 *
 * What Linux calls a route is a prefix with a metric, and has one or several next hops; here these
 * are next hops of the prefix.  Tables are made when a route for them comes.
 */
#include "linux/nl.h"
#include "linux/ifinfo.h"
#include "linux/rtinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/icmpv6.h>

#include <vimage/sysctl.h>

#define OWN	(VI_RTF_LOCAL | VI_RTF_BROADCAST)

struct change {
	struct vi_vnet	*ch_vnet;
	const struct nl_req *ch_req;
	struct rtmsg	 ch_rtm;
	unsigned	 ch_n;
	struct vi_route	 ch_hop[VI_RT_MAXPATHS];	/* the first also holds what is common */
};

int
nl_fib_make(struct vi_vnet *vn, const struct vi_cred *cr, uint32_t table, uint32_t *fib)
{
	char text[16];
	int error;

	if (table > RT_TABLE_LOCAL)
		return (vi_route_table_make(vn, table, fib));
	if ((error = nl_fib(vn, table, fib)) != 0 || *fib < vi_route_nfibs(vn))
		return (error);
	snprintf(text, sizeof(text), "%u", *fib + 1);
	return (vi_sysctl_set(vn, "net.fibs", text, cr));
}

/* What we cannot keep would be a promise to route otherwise than we do. */
static int
change_refused(const struct nl_req *rq, const struct rtmsg *rtm)
{
	static const uint8_t not[] = { RTA_ENCAP, RTA_NEWDST, RTA_FLOW };

	for (size_t i = 0; i < LX_NITEMS(not); i++)
		if (nl_has(rq, not[i]))
			return (EOPNOTSUPP);
	if (nl_u8(rq, RTA_PREF, ICMPV6_ROUTER_PREF_MEDIUM) != ICMPV6_ROUTER_PREF_MEDIUM)
		return (EOPNOTSUPP);	/* it would choose among routes of one metric */
	if (rtm->rtm_tos != 0 || rtm->rtm_src_len != 0)
		return (EOPNOTSUPP);
	return (rq->rq_family == AF_INET || rq->rq_family == AF_INET6 ? 0 : EAFNOSUPPORT);
}

static int
change_type(uint8_t type, struct vi_route *rt)
{
	switch (type) {
	case RTN_UNSPEC:
	case RTN_UNICAST:
		return (0);
	case RTN_BLACKHOLE:
		rt->rt_flags |= VI_RTF_BLACKHOLE;
		return (0);
	case RTN_UNREACHABLE:
		rt->rt_flags |= VI_RTF_REJECT;
		return (0);
	case RTN_PROHIBIT:
		rt->rt_flags |= VI_RTF_REJECT | VI_RTF_PROHIBIT;
		return (0);
	case RTN_THROW:
		rt->rt_flags |= VI_RTF_THROW;
		return (0);
	case RTN_LOCAL:
		rt->rt_flags |= VI_RTF_LOCAL;
		return (0);
	case RTN_BROADCAST:
		rt->rt_flags |= VI_RTF_BROADCAST;
		return (0);
	default:
		return (EOPNOTSUPP);
	}
}

struct metrics { struct vi_route *me_rt; uint32_t me_lock; bool me_others; };

/* Linux, too, takes more than fits for as much as fits. */
static uint16_t
metric_u16(uint32_t v)
{
	return (v < UINT16_MAX ? (uint16_t)v : UINT16_MAX);
}

static void
metric_each(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct metrics *me = arg;
	uint32_t v = 0;

	if (len >= sizeof(v))
		memcpy(&v, data, sizeof(v));
	switch (type) {
	case RTAX_LOCK:
		me->me_lock = v;
		break;
	case RTAX_MTU:
		me->me_rt->rt_mtu = v;
		break;
	case RTAX_ADVMSS:
		me->me_rt->rt_advmss = metric_u16(v);
		break;
	case RTAX_INITCWND:
		me->me_rt->rt_initcwnd = metric_u16(v);
		break;
	case RTAX_INITRWND:
		me->me_rt->rt_initrwnd = metric_u16(v);
		break;
	default:
		me->me_others = true;
		break;
	}
}

/* What the stack has no use for is refused, and so is a lock on what nobody else would change (iproute2 sets it with the number). */
static int
change_metrics(const struct nl_attr *na, struct vi_route *rt)
{
	struct metrics me = { .me_rt = rt };
	int error;

	if ((error = nl_attrs(na->na_data, na->na_len, metric_each, &me)) != 0)
		return (error);
	rt->rt_mtulock = rt->rt_mtu != 0 && (me.me_lock & 1u << RTAX_MTU) != 0;
	return (me.me_others || (me.me_lock & ~(1u << RTAX_MTU)) != 0 ? EOPNOTSUPP : 0);
}

/* Everything but where it leads. */
static int
change_common(struct change *ch, struct vi_route *rt)
{
	const struct nl_req *rq = ch->ch_req;
	int error;

	*rt = (struct vi_route){ .rt_prefixlen = ch->ch_rtm.rtm_dst_len, .rt_proto = ch->ch_rtm.rtm_protocol };
	rt->rt_dst.sa_family = sockaddr_family(rq->rq_family);
	rtinfo_setmetric(rt, nl_u32(rq, RTA_PRIORITY, 0));
	if (rt->rt_prefixlen > (rq->rq_family == AF_INET6 ? 128 : 32) || (rt->rt_prefixlen > 0 && !nl_has(rq, RTA_DST)))
		return (EINVAL);
	if ((error = change_type(ch->ch_rtm.rtm_type, rt)) != 0 || (error = nl_addr(rq, RTA_DST, rq->rq_family, &rt->rt_dst)) != 0)
		return (error);
	if (rq->rq_family == AF_INET6)		/* of IPv4 Linux does not look at it */
		rt->rt_expire = nl_u32(rq, RTA_EXPIRES, 0) * UINT64_C(1000000000);
	if (nl_has(rq, RTA_PREFSRC) && rq->rq_family != AF_INET)
		return (EOPNOTSUPP);		/* RFC 6724 chooses */
	if ((error = nl_addr(rq, RTA_PREFSRC, AF_INET, &rt->rt_ifa)) != 0)
		return (error);
	return (nl_has(rq, RTA_METRICS) ? change_metrics(&rq->rq_attr[RTA_METRICS], rt) : 0);
}

/* A router of another family: IPv6 for IPv4 (RFC 8950). */
static int
change_via(struct change *ch, const struct nl_attr *na, struct vi_sockaddr *gw)
{
	struct rtvia via;

	if (na->na_len < sizeof(via))
		return (EINVAL);
	memcpy(&via, na->na_data, sizeof(via));
	if (via.rtvia_family != AF_INET6 || ch->ch_req->rq_family != AF_INET)
		return (via.rtvia_family == ch->ch_req->rq_family ? EINVAL : EOPNOTSUPP);
	return (nl_addr_parse(na->na_data + sizeof(via), na->na_len - sizeof(via), AF_INET6, gw));
}

/* What is said of one next hop. */
struct hop { struct nl_attr ho_gateway, ho_via; };

static int
change_hop(struct change *ch, struct vi_route *rt, uint32_t index, uint32_t flags, const struct hop *ho)
{
	int error;

	if (index != 0 && (error = ifinfo_name(ch->ch_vnet, index, rt->rt_ifname)) != 0)
		return (error);
	if (ho->ho_gateway.na_data == NULL && ho->ho_via.na_data == NULL)
		return (0);
	if (ho->ho_gateway.na_data != NULL && ho->ho_via.na_data != NULL)
		return (EINVAL);
	rt->rt_flags |= VI_RTF_GATEWAY | ((flags & RTNH_F_ONLINK) != 0 ? VI_RTF_ONLINK : VI_RTF_NEAR);
	if (ho->ho_via.na_data != NULL)
		return (change_via(ch, &ho->ho_via, &rt->rt_gateway));
	return (nl_addr_parse(ho->ho_gateway.na_data, ho->ho_gateway.na_len, ch->ch_req->rq_family, &rt->rt_gateway));
}

static void
hop_each(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct hop *ho = arg;

	if (type == RTA_GATEWAY)
		ho->ho_gateway = (struct nl_attr){ data, len };
	else if (type == RTA_VIA)
		ho->ho_via = (struct nl_attr){ data, len };
}

static int
change_multipath(struct change *ch, const struct nl_attr *na)
{
	const struct vi_route common = ch->ch_hop[0];
	const uint8_t *p = na->na_data;
	size_t left = na->na_len;
	struct rtnexthop nh;
	int error;

	for (ch->ch_n = 0; left >= sizeof(nh); ch->ch_n++) {
		struct hop ho = { 0 };

		memcpy(&nh, p, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > left)
			return (EINVAL);
		if (ch->ch_n == VI_RT_MAXPATHS)
			return (E2BIG);
		ch->ch_hop[ch->ch_n] = common;
		ch->ch_hop[ch->ch_n].rt_weight = nh.rtnh_hops + 1u;
		if ((error = nl_attrs(p + sizeof(nh), nh.rtnh_len - sizeof(nh), hop_each, &ho)) != 0 ||
		    (error = change_hop(ch, &ch->ch_hop[ch->ch_n], (uint32_t)nh.rtnh_ifindex, nh.rtnh_flags, &ho)) != 0)
			return (error);
		p += RTNH_ALIGN(nh.rtnh_len);
		left -= (size_t)RTNH_ALIGN(nh.rtnh_len) < left ? (size_t)RTNH_ALIGN(nh.rtnh_len) : left;
	}
	return (ch->ch_n == 0 ? EINVAL : 0);
}

static int
change_parse(struct change *ch, struct vi_vnet *vn, const struct nl_req *rq)
{
	int error;

	ch->ch_vnet = vn;
	ch->ch_req = rq;
	ch->ch_n = 1;
	if (rq->rq_fixed == NULL)
		return (EINVAL);
	memcpy(&ch->ch_rtm, rq->rq_fixed, sizeof(ch->ch_rtm));
	if ((error = change_refused(rq, &ch->ch_rtm)) != 0 || (error = change_common(ch, &ch->ch_hop[0])) != 0)
		return (error);
	if ((ch->ch_hop[0].rt_nhid = nl_u32(rq, RTA_NH_ID, 0)) != 0)
		return (nl_has(rq, RTA_MULTIPATH) || nl_has(rq, RTA_OIF) || nl_has(rq, RTA_GATEWAY) || nl_has(rq, RTA_VIA) ? EINVAL : 0);
	if (nl_has(rq, RTA_MULTIPATH))
		return (change_multipath(ch, &rq->rq_attr[RTA_MULTIPATH]));
	return (change_hop(ch, &ch->ch_hop[0], nl_u32(rq, RTA_OIF, 0), ch->ch_rtm.rtm_flags, &(struct hop){ rq->rq_attr[RTA_GATEWAY], rq->rq_attr[RTA_VIA] }));
}

static uint32_t
change_table(const struct change *ch)
{
	const uint32_t table = nl_u32(ch->ch_req, RTA_TABLE, ch->ch_rtm.rtm_table);

	return (table == RT_TABLE_UNSPEC ? RT_TABLE_MAIN : table);
}

static void
change_setfib(struct change *ch, uint32_t fib)
{
	for (unsigned i = 0; i < ch->ch_n; i++)
		ch->ch_hop[i].rt_fib = fib;
}

/* Counts next hops of a metric, and those that for Linux have the usual one, though ours is another. */
struct tally { uint32_t ta_metric; unsigned ta_n, ta_told; };

static void
tally_each(void *arg, const struct vi_route *rt)
{
	struct tally *ta = arg;

	ta->ta_n += rt->rt_metric == ta->ta_metric;
	ta->ta_told += rtinfo_told(rt);
}

/*
 * For IPv6 our metric 0 is Linux's usual one for an administrator's route, and that of an address's own, where Linux has two.  Beside an address's route
 * the administrator's is kept with its true metric.
 */
struct sight { bool si_own, si_true; };

static void
sight_each(void *arg, const struct vi_route *rt)
{
	struct sight *si = arg;

	si->si_own |= rt->rt_metric == 0 && (rt->rt_flags & VI_RTF_PINNED) != 0;
	si->si_true |= rt->rt_metric == RTINFO_METRIC6;
}

static void
change_metric6(struct change *ch, bool add)
{
	struct sight si = { false, false };

	if (ch->ch_hop[0].rt_metric != 0 || ch->ch_req->rq_family != AF_INET6 || ch->ch_hop[0].rt_proto == RTPROT_KERNEL ||
	    (!add && nl_u32(ch->ch_req, RTA_PRIORITY, 0) != RTINFO_METRIC6))
		return;
	(void)vi_route_paths(ch->ch_vnet, &ch->ch_hop[0], sight_each, &si);
	if (add ? si.si_own : si.si_true)
		for (unsigned i = 0; i < ch->ch_n; i++)
			ch->ch_hop[i].rt_metric = RTINFO_METRIC6;
}

static int
change_add(struct change *ch)
{
	const uint16_t flags = ch->ch_req->rq_hdr.nlmsg_flags;
	struct tally ta = { .ta_n = 0 };
	int error;

	change_metric6(ch, true);
	ta.ta_metric = ch->ch_hop[0].rt_metric;
	(void)vi_route_paths(ch->ch_vnet, &ch->ch_hop[0], tally_each, &ta);
	if (ta.ta_told > 0 && ta.ta_metric == 0 && (flags & (NLM_F_EXCL | NLM_F_REPLACE)) == NLM_F_EXCL)
		return (EEXIST);
	if (ta.ta_n == 0 && (flags & NLM_F_CREATE) == 0)
		return (ENOENT);
	if (ta.ta_n == 0 || (flags & NLM_F_REPLACE) != 0 || (flags & NLM_F_EXCL) != 0) {
		if ((flags & NLM_F_REPLACE) == 0)
			ch->ch_hop[0].rt_flags |= VI_RTF_EXCL;
		return (vi_route_replace(ch->ch_vnet, ch->ch_hop, ch->ch_n));
	}
	for (unsigned i = 0; i < ch->ch_n; i++)
		if ((error = vi_route_add(ch->ch_vnet, &ch->ch_hop[i])) != 0)
			return (error);
	return (0);
}

/* The next hops of the nexthop that is named. */
static int
change_nexthop(struct change *ch)
{
	const int error = ch->ch_hop[0].rt_nhid == 0 ? 0 : vi_nexthop_hops(ch->ch_vnet, ch->ch_hop[0].rt_nhid, ch->ch_hop, &ch->ch_n);

	return (error == ENOENT || error == EAFNOSUPPORT ? EINVAL : error);
}

int
nl_newroute(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	struct change *ch = malloc(sizeof(*ch));
	uint32_t fib;
	int error;

	if (ch == NULL)
		return (ENOMEM);
	if ((error = change_parse(ch, vn, rq)) == 0 && (ch->ch_hop[0].rt_flags & OWN) != 0)
		error = EOPNOTSUPP;	/* these come with addresses */
	if (error == 0 && (error = nl_fib_make(vn, cr, change_table(ch), &fib)) == 0) {
		change_setfib(ch, fib);
		error = change_nexthop(ch);
		error = rtinfo_error(&ch->ch_hop[0], error != 0 ? error : change_add(ch));
	}
	free(ch);
	return (error);
}

static int
change_delete(struct change *ch)
{
	int error;

	change_metric6(ch, false);
	/* The type does not choose one, but must not make one either. */
	for (unsigned i = 0; i < ch->ch_n; i++) {
		ch->ch_hop[i].rt_flags = (ch->ch_hop[i].rt_flags & (VI_RTF_GATEWAY | OWN)) | VI_RTF_PINNED;
		if ((error = vi_route_del(ch->ch_vnet, &ch->ch_hop[i])) != 0)
			return (error);
	}
	return (0);
}

/*
 * One of Linux's local table: here it stands in the tables of its interface and leads to the loopback interface, whatever was said of it.  What it is named by is the address, and that of a
 * link by the link's index.
 */
static int
change_delete_local(struct change *ch, uint32_t kind)
{
	struct vi_route *rt = &ch->ch_hop[0];
	const unsigned nfibs = vi_route_nfibs(ch->ch_vnet);
	bool found = false;

	if (rt->rt_dst.sa_family == VI_AF_INET6 && rt->rt_dst.sa_in6[0] == 0xfe && (rt->rt_dst.sa_in6[1] & 0xc0) == 0x80)
		rt->rt_dst.sa_scope = nl_u32(ch->ch_req, RTA_OIF, 0);
	rt->rt_ifname[0] = '\0';
	rt->rt_flags = kind | VI_RTF_PINNED;
	for (rt->rt_fib = 0; rt->rt_fib < nfibs; rt->rt_fib++)
		found |= vi_route_del(ch->ch_vnet, rt) == 0;
	return (found ? 0 : ESRCH);
}

static int
change_delete_table(struct change *ch)
{
	const uint32_t kind = ch->ch_hop[0].rt_flags & OWN;
	uint32_t fib;
	int error;

	if (change_table(ch) == RT_TABLE_LOCAL) {
		if (kind != 0)
			return (change_delete_local(ch, kind));
		error = change_delete_local(ch, VI_RTF_LOCAL);
		return (error == 0 ? 0 : change_delete_local(ch, VI_RTF_BROADCAST));
	}
	if ((error = nl_fib(ch->ch_vnet, change_table(ch), &fib)) != 0)
		return (error == ENOENT ? ESRCH : error);
	if (kind != 0)
		return (ESRCH);
	change_setfib(ch, fib);
	return (fib < vi_route_nfibs(ch->ch_vnet) ? change_delete(ch) : ESRCH);
}

int
nl_delroute(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	struct change *ch = malloc(sizeof(*ch));
	int error;

	(void)cr;
	if (ch == NULL)
		return (ENOMEM);
	if ((error = change_parse(ch, vn, rq)) == 0)
		error = change_delete_table(ch);
	free(ch);
	return (error);
}
