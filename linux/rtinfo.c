/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/rtinfo.h"

#include <errno.h>
#include <string.h>
#include <linux/icmpv6.h>
#include <linux/rtnetlink.h>

#define METRIC_KERNEL	256

#define METRIC_LOWPREF	3	/* of what a router told of: 1 to 3, the best preference first */

bool
rtinfo_told(const struct vi_route *rt)
{
	return (rt->rt_dst.sa_family == VI_AF_INET6 && rt->rt_proto == RTINFO_LEARNED && (rt->rt_flags & VI_RTF_GATEWAY) != 0 && rt->rt_metric > 0 &&
	    rt->rt_metric <= METRIC_LOWPREF);
}

uint8_t
rtinfo_pref(const struct vi_route *rt)
{
	static const uint8_t prefs[METRIC_LOWPREF] = { ICMPV6_ROUTER_PREF_HIGH, ICMPV6_ROUTER_PREF_MEDIUM, ICMPV6_ROUTER_PREF_LOW };

	return (rtinfo_told(rt) ? prefs[rt->rt_metric - 1] : ICMPV6_ROUTER_PREF_MEDIUM);
}

uint32_t
rtinfo_metric(const struct vi_route *rt)
{
	if (rtinfo_told(rt))
		return (RTINFO_METRIC6);
	if (rt->rt_dst.sa_family != VI_AF_INET6 || rt->rt_metric != 0)
		return (rt->rt_metric);
	return ((rt->rt_flags & VI_RTF_PINNED) == 0 ? RTINFO_METRIC6 : (rt->rt_flags & VI_RTF_LOCAL) != 0 ? 0 : METRIC_KERNEL);
}

void
rtinfo_setmetric(struct vi_route *rt, uint32_t metric)
{
	const bool usual = rt->rt_dst.sa_family == VI_AF_INET6 && metric == (rt->rt_proto == RTPROT_KERNEL ? METRIC_KERNEL : RTINFO_METRIC6);

	rt->rt_metric = usual ? 0 : metric;
}

bool
rtinfo_joins(const struct vi_route *a, const struct vi_route *b)
{
	return (a->rt_prefixlen == b->rt_prefixlen && a->rt_metric == b->rt_metric && a->rt_fib == b->rt_fib &&
	    a->rt_dst.sa_family == b->rt_dst.sa_family && memcmp(a->rt_dst.sa_bytes, b->rt_dst.sa_bytes, sizeof(a->rt_dst.sa_bytes)) == 0 &&
	    a->rt_dst.sa_scope == b->rt_dst.sa_scope && ((a->rt_flags | b->rt_flags) & (RTINFO_NOWHERE | VI_RTF_PINNED)) == 0);
}

int
rtinfo_error(const struct vi_route *rt, int error)
{
	if (error == ENXIO)
		return (ENODEV);
	return (error == ENETUNREACH && rt->rt_dst.sa_family == VI_AF_INET6 ? EHOSTUNREACH : error);
}
