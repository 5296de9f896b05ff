/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/ip6/in6_ifstat.h"

#include <string.h>

#include "wire/icmp6.h"

static const struct { const char *is_name, *is_text; } in6_rows[IN6S_MAX] = {
#define IN6_IFSTAT_ROW(tag, name, text) [IN6S_##tag] = { name, text },
	IN6_IFSTATS(IN6_IFSTAT_ROW)
#undef IN6_IFSTAT_ROW
};

/* The first two of each way are sums, and FreeBSD says so. */
static const struct { const char *is_inname, *is_intext, *is_outname, *is_outtext; } icmp6_rows[ICMP6S_MAX] = {
#define ICMP6_IFSTAT_ROW(tag, name, text) \
	[ICMP6S_##tag] = { "received-" name, ICMP6S_##tag <= ICMP6S_ERROR ? "total input " text : "input " text, \
	    "sent-" name, ICMP6S_##tag <= ICMP6S_ERROR ? "total output " text : "output " text },
	ICMP6_IFSTATS(ICMP6_IFSTAT_ROW)
#undef ICMP6_IFSTAT_ROW
};

/* ICMP6S_MAX: one that has no counter of its own. */
static enum icmp6_ifstat
icmp6_kind(uint8_t type)
{
	static const struct { uint8_t type; enum icmp6_ifstat st; } kinds[] = {
		{ ICMP6_DST_UNREACH, ICMP6S_DSTUNREACH }, { ICMP6_PACKET_TOO_BIG, ICMP6S_PKTTOOBIG }, { ICMP6_TIME_EXCEEDED, ICMP6S_TIMEEXCEED },
		{ ICMP6_PARAM_PROB, ICMP6S_PARAMPROB }, { ICMP6_ECHO_REQUEST, ICMP6S_ECHO }, { ICMP6_ECHO_REPLY, ICMP6S_ECHOREPLY },
		{ MLD_LISTENER_QUERY, ICMP6S_MLDQUERY }, { MLD_LISTENER_REPORT, ICMP6S_MLDREPORT }, { MLD_LISTENER_DONE, ICMP6S_MLDDONE },
		{ ND_ROUTER_SOLICIT, ICMP6S_ROUTERSOLICIT }, { ND_ROUTER_ADVERT, ICMP6S_ROUTERADVERT }, { ND_NEIGHBOR_SOLICIT, ICMP6S_NEIGHBORSOLICIT },
		{ ND_NEIGHBOR_ADVERT, ICMP6S_NEIGHBORADVERT }, { ND_REDIRECT, ICMP6S_REDIRECT }, { MLDV2_LISTENER_REPORT, ICMP6S_MLDREPORT },
	};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return (kinds[i].st);
	return (ICMP6S_MAX);
}

void
icmp6_ifcount(const struct ifnet *ifp, bool out, uint8_t type, uint8_t code)
{
	struct in6_ifhead *ih = ifp == NULL ? NULL : ifp->if_afdata[NET_AF_INET6];
	const enum icmp6_ifstat st = icmp6_kind(type);
	uint64_t *n;

	if (ih == NULL)
		return;
	n = out ? ih->ih_icmpout : ih->ih_icmpin;
	n[ICMP6S_MSG]++;
	/* Received, an error is a message that is in error; sent, one that tells of one (RFC 2466). */
	n[ICMP6S_ERROR] += out && (type & ICMP6_INFOMSG_MASK) == 0;
	if (st != ICMP6S_MAX)
		n[st]++;
	n[ICMP6S_ADMINPROHIB] += st == ICMP6S_DSTUNREACH && code == ICMP6_DST_UNREACH_ADMIN;
}

void
icmp6_ifbad(const struct ifnet *ifp)
{
	struct in6_ifhead *ih = ifp == NULL ? NULL : ifp->if_afdata[NET_AF_INET6];

	if (ih == NULL)
		return;
	ih->ih_icmpin[ICMP6S_MSG]++;
	ih->ih_icmpin[ICMP6S_ERROR]++;
}

static void
icmp6_ifstats(const struct in6_ifhead *ih, vi_stat_fn *fn, void *arg)
{
	for (unsigned i = 0; i < ICMP6S_MAX; i++)
		fn(arg, &(struct vi_stat){ .st_proto = "icmp6", .st_name = icmp6_rows[i].is_inname, .st_text = icmp6_rows[i].is_intext,
		    .st_value = ih->ih_icmpin[i] });
	for (unsigned i = 0; i < ICMP6S_MAX; i++)
		fn(arg, &(struct vi_stat){ .st_proto = "icmp6", .st_name = icmp6_rows[i].is_outname, .st_text = icmp6_rows[i].is_outtext,
		    .st_value = ih->ih_icmpout[i] });
}

void
in6_ifstats(const struct ifnet *ifp, const char *proto, vi_stat_fn *fn, void *arg)
{
	const struct in6_ifhead *ih = ifp->if_afdata[NET_AF_INET6];

	if (ih == NULL)
		return;
	for (unsigned i = 0; i < IN6S_MAX && (proto == NULL || strcmp(proto, "ip6") == 0); i++)
		fn(arg, &(struct vi_stat){ .st_proto = "ip6", .st_name = in6_rows[i].is_name, .st_text = in6_rows[i].is_text,
		    .st_value = ih->ih_stat[i] });
	if (proto == NULL || strcmp(proto, "icmp6") == 0)
		icmp6_ifstats(ih, fn, arg);
}
