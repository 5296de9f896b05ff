/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes in Linux's words. */
#ifndef LINUX_RTINFO_H
#define LINUX_RTINFO_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/route.h>

#define RTINFO_NOWHERE	(VI_RTF_BLACKHOLE | VI_RTF_REJECT | VI_RTF_PROHIBIT | VI_RTF_THROW)

#define RTINFO_LEARNED	9	/* rt_proto: from a router of IPv6, as Linux numbers it */
#define RTINFO_METRIC6	1024	/* an administrator's route of IPv6 */

/* Linux has a metric for each route of IPv6; what we call none is its usual one. */
uint32_t rtinfo_metric(const struct vi_route *);
void	 rtinfo_setmetric(struct vi_route *, uint32_t);	/* the family and who made it are known */
/* Has a router of IPv6 told of it, with a preference (RFC 4191), which is its metric here?  For Linux that is the usual one. */
bool	 rtinfo_told(const struct vi_route *);
uint8_t	 rtinfo_pref(const struct vi_route *);	/* ICMPV6_ROUTER_PREF_*; of others MEDIUM */
/* Are both next hops of what for Linux is one route: a prefix with a metric? */
bool	 rtinfo_joins(const struct vi_route *, const struct vi_route *);
/* What the stack says of a change, as Linux does. */
int	 rtinfo_error(const struct vi_route *, int error);

#endif
