/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP of one vnet. */
#ifndef NETINET_ICMP_ICMP_VAR_H
#define NETINET_ICMP_ICMP_VAR_H

#include <stdint.h>

#include "netinet/icmp/icmp.h"
#include "netinet/inet_ops.h"
#include "vimage/vnet.h"

#define ICMP_NHIST	(ICMP_TSTAMPREPLY + 5)	/* types 0 to 18 are counted one by one */

/* X(name, words of netstat -s). */
#define ICMP_STATS(X) \
	X(icps_error, "call%s to icmp_error") \
	X(icps_oldicmp, "error%s not generated in response to an icmp message") \
	X(icps_noerror, "error%s not generated about broadcasts, fragments and odd senders") \
	X(icps_ratelimited, "error%s withheld by the rate limit") \
	X(icps_nomem, "message%s not sent for lack of memory") \
	X(icps_badcode, "message%s with bad code fields") \
	X(icps_tooshort, "message%s less than the minimum length") \
	X(icps_checksum, "message%s with bad checksum") \
	X(icps_badlen, "message%s with bad length") \
	X(icps_bmcastecho, "multicast echo requests ignored") \
	X(icps_ignoredecho, "echo request%s ignored") \
	X(icps_bmcasttstamp, "multicast timestamp requests ignored") \
	X(icps_badredirect, "redirect%s ignored") \
	X(icps_reflect, "message response%s generated") \
	X(icps_badaddr, "invalid return address%s") \
	X(icps_noroute, "no return route%s")

struct icmpstat {
#define ICMP_STAT_MEMBER(name, text)	uint64_t name;
	ICMP_STATS(ICMP_STAT_MEMBER)
#undef ICMP_STAT_MEMBER
	uint64_t	icps_outhist[ICMP_NHIST];
	uint64_t	icps_inhist[ICMP_NHIST];
};

/* What has its own budget of messages per second. */
enum icmp_limit { ICMP_LIMIT_UNREACH, ICMP_LIMIT_PORT, ICMP_LIMIT_TIMXCEED, ICMP_LIMIT_PARAMPROB, ICMP_LIMIT_REDIRECT, ICMP_LIMIT_TSTAMP,
    ICMP_NLIMITS };
struct icmp_budget {
	uint64_t	ib_second;	/* host seconds */
	uint32_t	ib_count;	/* wanted in that second */
};

struct icmp_vnet {
	struct icmpstat	 icv_stat;
	int		 icv_bmcastecho, icv_dropredirect, icv_logredirect, icv_icmplim, icv_icmplimoutput, icv_quotelen;
	int		 icv_tstamprepl, icv_ignoreecho, icv_errorkeeptos;
	struct icmp_budget icv_budget[ICMP_NLIMITS];
};
VNET_STATE_DECLARE(icmp);

/* icmp_input.c */
void	icmp_input(struct mbuf *, const struct inet_pkt *);
/* icmp_limit.c: may another be sent in this second? */
bool	icmp_limit(struct vnet *, enum icmp_limit);
/* Counts a message by its type. */
static inline void
icmp_count(uint64_t *hist, uint8_t type)
{
	if (type < ICMP_NHIST)
		hist[type]++;
}

#endif
