/* SPDX-License-Identifier: BSD-2-Clause */
/* What netstat(1) -s shows: counters of protocols, of interfaces (-I), of routing (-r), of routing groups (-g). */
#include "cmd/netstat.h"

#include <stdio.h>
#include <string.h>

#include "cmd/xo.h"

bool
netstat_proto_known(const struct netstat *ns)
{
	static const char *const names[] = { "tcp", "udp", "icmp", "ip" };

	if (ns->ns_proto == NULL)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], ns->ns_proto) == 0)
			return true;
	return cmd_call(ns->ns_cx, json_pack("{s:s,s:s}", "op", "stat.list", "proto", ns->ns_proto), NULL) == 0;
}

/* How a word of len characters ends in the plural; *drop: so many of its own characters go. */
static const char *
plural(const char *word, int len, int *drop)
{
	char last = len > 0 ? word[len - 1] : '\0', before = len > 1 ? word[len - 2] : '\0';

	*drop = last == 'y' && strchr("aeiou", before) == NULL;
	return *drop != 0 ? "ies" : last == 's' || last == 'x' ? "es" : "s";
}

/* What stands in parentheses goes behind what it is a part of. */
static bool
parenthesis(const struct netstat *ns, const json_t *st)
{
	return st != NULL && cmd_str(st, "text")[0] == '(' && (cmd_int(st, "value") != 0 || !ns->ns_brief);
}

/* "%s" in a text is the ending of the plural; tabs and the parenthesis before it go before the number. */
static void
emit_stat(const struct netstat *ns, const json_t *st, const json_t *next)
{
	const char *text = cmd_str(st, "text"), *bare = text + strspn(text, "\t("), *end = parenthesis(ns, next) ? "" : "\n";
	struct xo *xo = ns->ns_xo;
	const char *percent = strstr(bare, "%s");
	json_int_t value = cmd_int(st, "value");
	const char *ending = "";
	int len, drop = 0;
	char fmt[128];

	snprintf(fmt, sizeof(fmt), "%s{P:/%%.*s}{:%s/%%jd} ", text[0] == '(' ? " " : "\t", cmd_str(st, "name"));
	xo_emit(xo, fmt, (int)(bare - text), text, value);
	if (percent == NULL) {
		xo_emit(xo, "{P:/%s}{P:/%s}", bare, end);
		return;
	}
	len = (int)(percent - bare);
	if (value != 1)
		ending = plural(bare, len, &drop);
	xo_emit(xo, "{P:/%.*s}{P:/%s}{P:/%s}{P:/%s}", len - drop, bare, ending, percent + 2, end);
}

/* ICMP's messages by type have a heading of their own, and only those that occurred are shown. */
static const char *
histogram(const json_t *st)
{
	if (strstr(cmd_str(st, "name"), "_inhist_") != NULL)
		return "Input histogram";
	return strstr(cmd_str(st, "name"), "_outhist_") != NULL ? "Output histogram" : NULL;
}

static void
emit_bar(struct xo *xo, const json_t *st, const char *heading, bool first)
{
	if (first)
		xo_emit(xo, "\t{T:/%s}:\n", heading);
	xo_open_list(xo, heading[0] == 'I' ? "input-histogram" : "output-histogram");
	xo_open_instance(xo);
	xo_emit(xo, "\t\t{:name/%s}: {:count/%jd}\n", cmd_str(st, "text"), cmd_int(st, "value"));
	xo_close(xo);
	xo_close(xo);
}

/* The lines of one protocol after the other. */
struct lines {
	const struct netstat *li_ns;
	const char	*li_proto;	/* whose container is open; "" none */
	const char	*li_heading;	/* of the histogram being shown, NULL */
};

/* What both families share is shown with either. */
static bool
of_family(const struct netstat *ns, const char *proto)
{
	static const char *const inet[] = { "ip", "icmp", "igmp", "arp" };
	static const char *const inet6[] = { "ip6", "icmp6", "nd6", "mld6" };
	const char *const *others = ns->ns_family != NULL && ns->ns_family[4] == '6' ? inet : inet6;

	for (size_t i = 0; ns->ns_family != NULL && i < 4; i++)
		if (strcmp(proto, others[i]) == 0)
			return false;
	return true;
}

static void
emit_line(struct lines *li, const json_t *st, const json_t *next)
{
	struct xo *xo = li->li_ns->ns_xo;
	const char *heading = histogram(st);

	if (!of_family(li->li_ns, cmd_str(st, "proto")))
		return;
	if (strcmp(li->li_proto, cmd_str(st, "proto")) != 0) {
		if (li->li_proto[0] != '\0')
			xo_close(xo);
		li->li_proto = cmd_str(st, "proto");
		li->li_heading = NULL;
		xo_open_container(xo, li->li_proto);
		xo_emit(xo, "{T:/%s}:\n", li->li_proto);
	}
	if (cmd_int(st, "value") == 0 && (heading != NULL || li->li_ns->ns_brief))
		return;
	if (heading == NULL)
		emit_stat(li->li_ns, st, next);
	else
		emit_bar(xo, st, heading, heading != li->li_heading);
	li->li_heading = heading;
}

/* The counters of a protocol, NULL: of all; with -z they begin again. */
static int
ask_counters(struct netstat *ns, const char *proto, json_t **rp)
{
	json_t *req = json_pack("{s:s,s:s*}", "op", "stat.list", "proto", proto);

	if (ns->ns_clear)
		json_object_set_new(req, "clear", json_true());
	return cmd_call(ns->ns_cx, req, rp);
}

int
netstat_statistics(struct netstat *ns)
{
	struct lines li = { .li_ns = ns, .li_proto = "" };
	json_t *r, *st;
	size_t i;

	if (ask_counters(ns, ns->ns_proto, &r) != 0)
		return 1;
	xo_open_container(ns->ns_xo, "statistics");
	json_array_foreach(json_object_get(r, "stats"), i, st)
		emit_line(&li, st, json_array_get(json_object_get(r, "stats"), i + 1));
	if (li.li_proto[0] != '\0')
		xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	json_decref(r);
	return 0;
}

/* The lines of an answer below a heading, which ends with them.  The answer is consumed. */
static int
emit_answer(const struct netstat *ns, json_t *r)
{
	json_t *st;
	size_t i;

	json_array_foreach(json_object_get(r, "stats"), i, st)
		if (cmd_int(st, "value") != 0 || !ns->ns_brief)
			emit_stat(ns, st, json_array_get(json_object_get(r, "stats"), i + 1));
	xo_close(ns->ns_xo);
	json_decref(r);
	return 0;
}

/*
 * Of interfaces: IPv6 and ICMPv6 alone keep such.
 */
static int
emit_ifstats(const struct netstat *ns, const char *proto, const char *ifname)
{
	char title[64];
	json_t *r;

	if (cmd_call(ns->ns_cx, json_pack("{s:s,s:s,s:s}", "op", "stat.list", "proto", proto, "interface", ifname), &r) != 0)
		return 1;
	snprintf(title, sizeof(title), "%s on %s", proto, ifname);
	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo, "{T:/%s}:\n{e:name/%s}", title, ifname);
	return emit_answer(ns, r);
}

static int
emit_proto_ifstats(const struct netstat *ns, const char *proto, const json_t *ifs)
{
	const json_t *ifp;
	char list[40];
	int status = 0;
	size_t i;

	if ((ns->ns_proto != NULL && strcmp(ns->ns_proto, proto) != 0) || !of_family(ns, proto))
		return 0;
	snprintf(list, sizeof(list), "%s-interface-statistics", proto);
	xo_open_list(ns->ns_xo, list);
	json_array_foreach(ifs, i, ifp)
		if (status == 0)
			status = emit_ifstats(ns, proto, cmd_str(ifp, "name"));
	xo_close(ns->ns_xo);
	return status;
}

int
netstat_ifstats(struct netstat *ns)
{
	const json_t *ifs;
	json_t *r;
	int status;

	if (!netstat_proto_known(ns))
		return 1;
	if (ns->ns_proto != NULL && strcmp(ns->ns_proto, "ip6") != 0 && strcmp(ns->ns_proto, "icmp6") != 0) {
		fprintf(stderr, "%s: no per-interface stats routine\n", ns->ns_proto);
		return 0;
	}
	if (cmd_call(ns->ns_cx, json_pack("{s:s,s:s*}", "op", "if.list", "name", ns->ns_interface), &r) != 0)
		return 1;
	ifs = json_object_get(r, "interfaces");
	xo_open_container(ns->ns_xo, "statistics");
	status = emit_proto_ifstats(ns, "ip6", ifs);
	if (status == 0)
		status = emit_proto_ifstats(ns, "icmp6", ifs);
	xo_close(ns->ns_xo);
	json_decref(r);
	return status;
}

int
netstat_rtstats(struct netstat *ns)
{
	json_t *r;

	if (ask_counters(ns, "route", &r) != 0)
		return 1;
	xo_open_container(ns->ns_xo, "statistics");
	xo_emit(ns->ns_xo, "{T:routing}:\n");
	return emit_answer(ns, r);
}

/* FreeBSD's sentence of a kernel that routes no groups. */
int
netstat_groups(struct netstat *ns)
{
	xo_open_container(ns->ns_xo, "statistics");
	xo_close(ns->ns_xo);
	for (int v = 4; v <= 6; v += 2)
		if (ns->ns_family == NULL || (ns->ns_family[4] == '6') == (v == 6))
			cmd_warnx(ns->ns_cx, "No IPv%d MROUTING kernel support.", v);
	return 0;
}
