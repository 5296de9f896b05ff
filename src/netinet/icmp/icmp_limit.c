/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many messages of a kind may leave in a second (RFC 1812 4.3.2.8).  Echo replies are not limited: they are answers to
 * whom asked, never larger than the question.
 */
#include "kern/msglog.h"
#include "netinet/icmp/icmp_var.h"

static const char *
icmp_limit_name(enum icmp_limit kind)
{
	switch (kind) {
	case ICMP_LIMIT_PORT:
		return ("closed port unreachable");
	case ICMP_LIMIT_TIMXCEED:
		return ("icmp time exceeded");
	case ICMP_LIMIT_PARAMPROB:
		return ("icmp parameter problem");
	case ICMP_LIMIT_REDIRECT:
		return ("icmp redirect");
	case ICMP_LIMIT_TSTAMP:
		return ("icmp tstamp");
	default:
		return ("icmp unreach");
	}
}

bool
icmp_limit(struct vnet *vn, enum icmp_limit kind)
{
	struct icmp_vnet *icv = icmp_vnet(vn);
	struct icmp_budget *ib = &icv->icv_budget[kind];
	uint64_t second = vnet_now(vn) / 1000000000;

	if (icv->icv_icmplim == 0)
		return (true);
	if (second != ib->ib_second) {
		if (ib->ib_count > (uint32_t)icv->icv_icmplim && icv->icv_icmplimoutput)
			vnet_log(vn, LOG_NOTICE, "Limiting %s response from %u to %d packets/sec", icmp_limit_name(kind), ib->ib_count,
			    icv->icv_icmplim);
		ib->ib_second = second;
		ib->ib_count = 0;
	}
	return (++ib->ib_count <= (uint32_t)icv->icv_icmplim);
}
