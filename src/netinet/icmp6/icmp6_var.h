/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6 of one vnet. */
#ifndef NETINET_ICMP6_ICMP6_VAR_H
#define NETINET_ICMP6_ICMP6_VAR_H

#include <stdint.h>

#include "netinet/icmp6/icmp6.h"
#include "netinet/inet_ops.h"
#include "vimage/vnet.h"

/* X(name, words of netstat -s). */
#define ICMP6_STATS(X) \
	X(ic6s_error, "call%s to icmp6_error") \
	X(ic6s_canterror, "error%s not generated in response to an icmp6 message") \
	X(ic6s_noerror, "error%s not generated about groups, fragments and odd senders") \
	X(ic6s_toofreq, "error%s not generated because of rate limitation") \
	X(ic6s_nomem, "message%s not sent for lack of memory") \
	X(ic6s_badcode, "message%s with bad code fields") \
	X(ic6s_tooshort, "message%s < minimum length") \
	X(ic6s_checksum, "bad checksum%s") \
	X(ic6s_badquote, "error%s that quote what we did not send") \
	X(ic6s_nond, "neighbour discovery message%s without neighbour discovery") \
	X(ic6s_unknown, "informational message%s of unknown type") \
	X(ic6s_ignoredecho, "echo request%s ignored") \
	X(ic6s_mcastecho, "echo request%s to groups ignored") \
	X(ic6s_reflect, "message response%s generated") \
	X(ic6s_pmtuchg, "path MTU change%s")

#define ICMP6_NHIST	16

struct icmp6stat {
#define ICMP6_STAT_MEMBER(name, text)	uint64_t name;
	ICMP6_STATS(ICMP6_STAT_MEMBER)
#undef ICMP6_STAT_MEMBER
	uint64_t	ic6s_outhist[ICMP6_NHIST];
	uint64_t	ic6s_inhist[ICMP6_NHIST];
};

/* Types that are counted one by one; slot 0 has all others. */
static inline unsigned
icmp6_hist(uint8_t type)
{
	if (type <= ICMP6_PARAM_PROB)
		return (type);
	if (type >= ICMP6_ECHO_REQUEST && type <= ND_REDIRECT)
		return (type - ICMP6_ECHO_REQUEST + 5u);
	return (type == MLDV2_LISTENER_REPORT ? 15 : 0);
}

struct icmp6_vnet {
	struct icmp6stat ic6v_stat;
	int		 ic6v_errppslim, ic6v_mcastecho, ic6v_ignoreecho;
	uint64_t	 ic6v_second;	/* host seconds */
	int		 ic6v_count;	/* errors wanted in that second */
};
VNET_STATE_DECLARE(icmp6);

/* icmp6_input.c */
void	icmp6_input(struct mbuf *, const struct inet_pkt *);

#endif
