/* SPDX-License-Identifier: BSD-2-Clause */
/* Next hops with a number and groups of them, as netstat(1) shows them. */
#include "cmd/netstat.h"

#include <stdio.h>
#include <string.h>

#include "cmd/xo.h"
#include <vimage/route.h>

/* "v4/gw", and what is not FreeBSD's: a way that drops. */
static const char *
hop_type(const json_t *nx, char *buf, size_t len)
{
	const unsigned flags = (unsigned)cmd_int(nx, "flags");

	snprintf(buf, len, "%s/%s", strcmp(cmd_str(nx, "family"), "inet6") == 0 ? "v6" : "v4",
	    (flags & VI_RTF_BLACKHOLE) != 0 ? "blackhole" : (flags & VI_RTF_GATEWAY) != 0 ? "gw" : "resolve");
	return buf;
}

/* That of a way on the link is its interface. */
static const char *
hop_gateway(const json_t *nx, char *buf, size_t len)
{
	const char *gateway = cmd_str(nx, "gateway"), *ifname = cmd_str(nx, "interface");

	if (gateway[0] != '\0')
		snprintf(buf, len, "%s", gateway);
	else if (ifname[0] != '\0')
		snprintf(buf, len, "%s/resolve", ifname);
	else
		buf[0] = '\0';
	return buf;
}

static void
emit_hop(struct netstat *ns, const json_t *nx)
{
	char type[16], gateway[80];

	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo, "{t:index/%-5jd} {t:type/%-12s} {t:gateway/%-29.29s} {t:interface-name/%s}\n", cmd_int(nx, "id"),
	    hop_type(nx, type, sizeof(type)), hop_gateway(nx, gateway, sizeof(gateway)), cmd_str(nx, "interface"));
	xo_close(ns->ns_xo);
}

static bool
of_family(const struct netstat *ns, const json_t *nx, const char *family)
{
	return strcmp(cmd_str(nx, "family"), family) == 0 && (ns->ns_family == NULL || strcmp(ns->ns_family, family) == 0);
}

static void
emit_hops(struct netstat *ns, const json_t *nexthops, const char *family, const char *title)
{
	const json_t *nx;
	bool first = true;
	size_t i;

	json_array_foreach(nexthops, i, nx) {
		if (!of_family(ns, nx, family))
			continue;
		if (first) {
			xo_open_instance(ns->ns_xo);
			xo_emit(ns->ns_xo, "\n{:address-family/%s}:\n{T:/%-5s} {T:/%-12s} {T:/%-29s} {T:Netif}\n", title, "Idx", "Type", "Gateway");
			xo_open_list(ns->ns_xo, "nh-entry");
		}
		first = false;
		emit_hop(ns, nx);
	}
	if (!first) {
		xo_close(ns->ns_xo);
		xo_close(ns->ns_xo);
	}
}

static const json_t *
find_hop(const json_t *nexthops, json_int_t id)
{
	const json_t *nx;
	size_t i;

	json_array_foreach(nexthops, i, nx)
		if (cmd_int(nx, "id") == id)
			return nx;
	return NULL;
}

static void
emit_group(struct netstat *ns, const json_t *nexthops, const json_t *group)
{
	const json_t *part, *nx;
	char gateway[80];
	size_t i;

	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo, "{t:index/%-7jd} {P:/%-7s} {P:/%-7s}\n", cmd_int(group, "id"), "-------", "-------");
	xo_open_list(ns->ns_xo, "nhop-refs");
	json_array_foreach(json_object_get(group, "group"), i, part) {
		nx = find_hop(nexthops, cmd_int(part, "id"));
		xo_open_instance(ns->ns_xo);
		xo_emit(ns->ns_xo, "{P:/%-7s} {t:nh-index/%-7jd} {t:weight/%7jd} {t:gateway/%29.29s} {t:interface-name/%8s}\n", "",
		    cmd_int(part, "id"), cmd_int(part, "weight"), hop_gateway(nx, gateway, sizeof(gateway)), cmd_str(nx, "interface"));
		xo_close(ns->ns_xo);
	}
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
}

static void
emit_groups(struct netstat *ns, const json_t *nexthops)
{
	const json_t *nx;
	size_t i;

	xo_emit(ns->ns_xo, "{T:Nexthop groups data}\n\n{T:/%-7s} {T:/%-7s} {T:/%7s} {T:/%29s} {T:/%8s}\n", "GrpIdx", "NhIdx", "Weight", "Gateway", "Netif");
	xo_open_list(ns->ns_xo, "nhgrp-entry");
	json_array_foreach(nexthops, i, nx)
		if (json_object_get(nx, "group") != NULL)
			emit_group(ns, nexthops, nx);
	xo_close(ns->ns_xo);
}

int
netstat_nexthops(struct netstat *ns, bool groups)
{
	const json_t *nexthops;
	json_t *r;

	if (cmd_call(ns->ns_cx, json_pack("{s:s}", "op", "nexthop.list"), &r) != 0)
		return 1;
	nexthops = json_object_get(r, "nexthops");
	xo_open_container(ns->ns_xo, "statistics");
	xo_open_container(ns->ns_xo, groups ? "route-nhop-group-information" : "route-nhop-information");
	if (groups) {
		emit_groups(ns, nexthops);
	} else {
		xo_emit(ns->ns_xo, "{T:Nexthop data}\n");
		xo_open_container(ns->ns_xo, "nhop-table");
		xo_open_list(ns->ns_xo, "rt-family");
		emit_hops(ns, nexthops, "inet", "Internet");
		emit_hops(ns, nexthops, "inet6", "Internet6");
		xo_close(ns->ns_xo);
		xo_close(ns->ns_xo);
	}
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	json_decref(r);
	return 0;
}
