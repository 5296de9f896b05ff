/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/net/dev_snmp6: what IPv6 and ICMPv6 count of each interface.  Octets, types of messages without a name and what else is not counted are left out. */
#include "linux/files_snmp6.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/vimage.h>

#define MAXSTATS	80

/* Linux's name, and the stack's. */
static const struct name { const char *linux, *stack; } ip6_names[] = {
	{ "InReceives", "received-packets" },
	{ "InHdrErrors", "dropped-invalid-header" },
	{ "InTooBigErrors", "dropped-mtu-exceeded" },
	{ "InNoRoutes", "dropped-no-route" },
	{ "InAddrErrors", "dropped-invalid-destination" },
	{ "InUnknownProtos", "dropped-unknown-protocol" },
	{ "InTruncatedPkts", "dropped-truncated" },
	{ "InDiscards", "dropped-discarded" },
	{ "InDelivers", "received-valid-packets" },
	{ "OutForwDatagrams", "sent-forwarded" },
	{ "OutRequests", "sent-packets" },
	{ "OutDiscards", "discard-packets" },
	{ "ReasmReqds", "reassembly-required" },
	{ "ReasmOKs", "reassembled-packets" },
	{ "ReasmFails", "reassembly-failed" },
	{ "FragOKs", "discard-fragments" },	/* FreeBSD's name for those that were cut */
	{ "FragFails", "fragments-failed" },
	{ "FragCreates", "fragments-created" },
	{ "InMcastPkts", "received-multicast" },
	{ "OutMcastPkts", "sent-multicast" },
	{ NULL, NULL },
}, icmp6_names[] = {
	{ "Msgs", "packets" },
	{ "Errors", "errors" },
	{ "DestUnreachs", "destination-unreachable" },
	{ "PktTooBigs", "packet-too-big" },
	{ "TimeExcds", "time-exceeded" },
	{ "ParmProblems", "bad-parameter" },
	{ "Echos", "echo-requests" },
	{ "EchoReplies", "echo-replies" },
	{ "GroupMembQueries", "mld-queries" },
	{ "GroupMembResponses", "mld-reports" },
	{ "GroupMembReductions", "mld-done" },
	{ "RouterSolicits", "router-solicitation" },
	{ "RouterAdvertisements", "router-advertisement" },
	{ "NeighborSolicits", "neighbor-solicitation" },
	{ "NeighborAdvertisements", "neighbor-advertisement" },
	{ "Redirects", "redirects" },
	{ NULL, NULL },
};

struct taken {
	struct vi_stat	 ta_stat[MAXSTATS];
	unsigned	 ta_n;
};

static void
take_stat(void *arg, const struct vi_stat *st)
{
	struct taken *ta = arg;

	if (ta->ta_n < MAXSTATS)
		ta->ta_stat[ta->ta_n++] = *st;
}

static void
put_line(FILE *out, const struct taken *ta, const char *prefix, const char *linux, const char *way, const char *stack)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", way, stack);
	for (unsigned i = 0; i < ta->ta_n; i++)
		if (strcmp(ta->ta_stat[i].st_name, name) == 0) {
			snprintf(name, sizeof(name), "%s%s", prefix, linux);
			fprintf(out, "%-32s\t%" PRIu64 "\n", name, ta->ta_stat[i].st_value);
			return;
		}
}

static void
take_index(void *arg, const struct vi_ifinfo *info)
{
	*(uint32_t *)arg = info->if_index;
}

int
lx_devsnmp6(struct vi_vnet *vn, const char *ifname, char **text, size_t *len)
{
	struct taken ip6 = { .ta_n = 0 }, icmp6 = { .ta_n = 0 };
	uint32_t index = 0;
	FILE *out;

	if (vi_if_get(vn, ifname, take_index, &index) != 0 || vi_if_stats(vn, ifname, "ip6", take_stat, &ip6) != 0 ||
	    vi_if_stats(vn, ifname, "icmp6", take_stat, &icmp6) != 0)
		return (ENOENT);
	if ((out = open_memstream(text, len)) == NULL)
		return (ENOMEM);
	fprintf(out, "%-32s\t%" PRIu32 "\n", "ifIndex", index);
	for (const struct name *na = ip6_names; na->linux != NULL; na++)
		put_line(out, &ip6, "Ip6", na->linux, "", na->stack);
	for (const struct name *na = icmp6_names; na->linux != NULL; na++)
		put_line(out, &icmp6, "Icmp6In", na->linux, "received-", na->stack);
	for (const struct name *na = icmp6_names; na->linux != NULL; na++)
		put_line(out, &icmp6, "Icmp6Out", na->linux, "sent-", na->stack);
	return (fclose(out) == 0 ? 0 : ENOMEM);
}
