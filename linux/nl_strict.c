/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NETLINK_GET_STRICT_CHK: dumps of whom it was asked for are narrowed by what stands in their requests, and a
 * request that asks for anything else is refused.  Without it what stands there is looked at as old programs filled it: hardly.
 */
#include "linux/nl.h"

#include <errno.h>
#include <string.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>

/* What a dump may say: bytes of the header, and attributes. */
struct strict {
	uint16_t	 st_type;
	uint8_t		 st_size;
	uint8_t		 st_bytes[8];	/* offsets, 0 ends them; the family's is always allowed */
	uint8_t		 st_attr[5];	/* 0 ends them */
};

#define OFF(type, field)	offsetof(struct type, field)
static const struct strict stricts[] = {
	{ RTM_GETLINK, sizeof(struct ifinfomsg), { 0 }, { IFLA_TARGET_NETNSID, IFLA_EXT_MASK, IFLA_MASTER, IFLA_LINKINFO } },
	{ RTM_GETADDR, sizeof(struct ifaddrmsg), { OFF(ifaddrmsg, ifa_index), OFF(ifaddrmsg, ifa_index) + 1, OFF(ifaddrmsg, ifa_index) + 2,
	    OFF(ifaddrmsg, ifa_index) + 3 }, { IFA_TARGET_NETNSID } },
	{ RTM_GETROUTE, sizeof(struct rtmsg), { OFF(rtmsg, rtm_table), OFF(rtmsg, rtm_protocol), OFF(rtmsg, rtm_type), OFF(rtmsg, rtm_flags) + 1 },
	    { RTA_TABLE, RTA_OIF } },
	{ RTM_GETNEIGH, sizeof(struct ndmsg), { OFF(ndmsg, ndm_flags) }, { NDA_IFINDEX, NDA_MASTER } },
	{ RTM_GETRULE, sizeof(struct fib_rule_hdr), { 0 }, { 0 } },
};

static bool
among(const uint8_t *list, size_t max, unsigned what)
{
	for (size_t i = 0; i < max && list[i] != 0; i++)
		if (list[i] == what)
			return (true);
	return (false);
}

static int
strict_check(const struct nl_req *rq, const struct strict *st)
{
	if (rq->rq_fixed == NULL)
		return (EINVAL);
	for (unsigned i = 1; i < st->st_size; i++)
		if (rq->rq_fixed[i] != 0 && !among(st->st_bytes, sizeof(st->st_bytes), i))
			return (EINVAL);
	for (unsigned i = 1; i < NL_NATTR; i++)
		if (nl_has(rq, i) && !among(st->st_attr, sizeof(st->st_attr), i))
			return (EINVAL);
	return (0);
}

static int
strict_routes(struct nl_req *rq)
{
	struct rtmsg rtm;

	memcpy(&rtm, rq->rq_fixed, sizeof(rtm));
	if ((rtm.rtm_flags & ~(unsigned)RTM_F_CLONED) != 0)
		return (EINVAL);
	rq->rq_only.on_index = nl_u32(rq, RTA_OIF, 0);
	rq->rq_only.on_proto = rtm.rtm_protocol;
	rq->rq_only.on_type = rtm.rtm_type;
	rq->rq_only.on_table = rq->rq_family != AF_UNSPEC && (rtm.rtm_table != RT_TABLE_UNSPEC || nl_has(rq, RTA_TABLE));
	if (nl_has(rq, RTA_TABLE))
		rq->rq_table = RT_TABLE_COMPAT;		/* and the attribute says which */
	return (0);
}

int
nl_strict(struct nl_req *rq)
{
	struct ifaddrmsg ifa;
	int error;

	for (size_t i = 0; i < LX_NITEMS(stricts); i++)
		if (stricts[i].st_type == rq->rq_hdr.nlmsg_type && (error = strict_check(rq, &stricts[i])) != 0)
			return (error);
	if (rq->rq_hdr.nlmsg_type == RTM_GETADDR) {
		memcpy(&ifa, rq->rq_fixed, sizeof(ifa));
		rq->rq_only.on_index = ifa.ifa_index;
	}
	return (rq->rq_hdr.nlmsg_type == RTM_GETROUTE ? strict_routes(rq) : 0);
}
