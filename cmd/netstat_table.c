/* SPDX-License-Identifier: BSD-2-Clause */
/* The routing table and the interfaces, as netstat(1) shows them. */
#include "cmd/netstat.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cmd/inet.h"
#include "cmd/inet6.h"
#include "cmd/xo.h"
#include <vimage/ifnet.h>
#include <vimage/route.h>

/*
 * Routes.
 */
static const struct {
	unsigned	 bit;
	char		 letter;
	const char	*name;
} flag_letters[] = {
	{ VI_RTF_UP, 'U', "up" },
	{ VI_RTF_GATEWAY, 'G', "gateway" },
	{ VI_RTF_HOST, 'H', "host" },
	{ VI_RTF_REJECT, 'R', "reject" },
	{ VI_RTF_DYNAMIC, 'D', "dynamic" },
	{ VI_RTF_MODIFIED, 'M', "modified" },
	{ VI_RTF_STATIC, 'S', "static" },
	{ VI_RTF_BLACKHOLE, 'B', "blackhole" },
	{ VI_RTF_BROADCAST, 'b', "broadcast" },
};

static void
emit_flags(struct xo *xo, unsigned flags)
{
	char letters[16];
	size_t n = 0;

	if ((flags & VI_RTF_LOCAL) != 0)
		flags |= VI_RTF_STATIC;	/* what BSD says of a route to an own address */
	for (size_t i = 0; i < sizeof(flag_letters) / sizeof(flag_letters[0]); i++)
		if ((flags & flag_letters[i].bit) != 0)
			letters[n++] = flag_letters[i].letter;
	letters[n] = '\0';
	xo_emit(xo, "{t:flags/%-6.6s} ", letters);
	for (size_t i = 0; i < sizeof(flag_letters) / sizeof(flag_letters[0]); i++)
		if ((flags & flag_letters[i].bit) != 0)
			xo_emit(xo, "{el:flags_pretty/%s}", flag_letters[i].name);
}

static bool
is_inet6(const json_t *rt)
{
	return strchr(cmd_str(rt, "destination"), ':') != NULL;
}

static void
destination(const json_t *rt, char *buf, size_t len)
{
	int plen = (int)cmd_int(rt, "prefixlen");

	if (plen == 0)
		snprintf(buf, len, "default");
	else if (plen == (is_inet6(rt) ? 128 : 32))
		snprintf(buf, len, "%s", cmd_str(rt, "destination"));
	else
		snprintf(buf, len, "%s/%d", cmd_str(rt, "destination"), plen);
}

static void
emit_route(const struct netstat *ns, const json_t *rt)
{
	const bool six = is_inet6(rt);
	char dst[80], gate[80];

	destination(rt, dst, sizeof(dst));
	if (cmd_str(rt, "gateway")[0] != '\0')
		snprintf(gate, sizeof(gate), "%s", cmd_str(rt, "gateway"));
	else
		snprintf(gate, sizeof(gate), "link#%d", (int)cmd_int(rt, "index"));
	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo,
	    six ? "{t:destination/%-33.33s} {t:gateway/%-29.29s} "
		: "{t:destination/%-18.18s} {t:gateway/%-18.18s} ",
	    dst, gate);
	emit_flags(ns->ns_xo, (unsigned)cmd_int(rt, "flags"));
	xo_emit(ns->ns_xo, "{e:weight/%jd}{e:metric/%jd}", cmd_int(rt, "weight"),
	    cmd_int(rt, "metric"));
	if (ns->ns_wide)
		xo_emit(
		    ns->ns_xo, "{:use/%8jd} {:mtu/%6jd} ", cmd_int(rt, "use"), cmd_int(rt, "mtu"));
	xo_emit(ns->ns_xo, "{t:interface-name/%8.8s}", cmd_str(rt, "interface"));
	if (cmd_int(rt, "expire") > 0)
		xo_emit(ns->ns_xo, " {:expire-time/%6jd}", cmd_int(rt, "expire"));
	xo_emit(ns->ns_xo, "\n");
	xo_close(ns->ns_xo);
}

static void
emit_route_titles(const struct netstat *ns, bool six)
{
	xo_emit(ns->ns_xo, six ? "\n{T:Internet6}:\n" : "\n{T:Internet}:\n");
	xo_emit(ns->ns_xo,
	    six ? "{T:/%-33.33s} {T:/%-29.29s} {T:/%-6.6s} "
		: "{T:/%-18.18s} {T:/%-18.18s} {T:/%-6.6s} ",
	    "Destination", "Gateway", "Flags");
	if (ns->ns_wide)
		xo_emit(ns->ns_xo, "{T:/%8.8s} {T:/%6.6s} ", "Use", "Mtu");
	xo_emit(ns->ns_xo, "{T:/%8.8s} {T:/%6.6s}\n", "Netif", "Expire");
}

/* A table as it comes: it may be longer than anybody has memory for. */
struct table {
	const struct netstat *t_ns;
	enum { TABLE_NONE, TABLE_BEGUN, TABLE_INET, TABLE_INET6 } t_at;
};

static void
table_begin(struct table *t)
{
	const struct netstat *ns = t->t_ns;

	xo_open_container(ns->ns_xo, "statistics");
	xo_open_container(ns->ns_xo, "route-information");
	xo_emit(ns->ns_xo, "Routing tables");
	if (ns->ns_fib != 0)
		xo_emit(ns->ns_xo, " (fib: {:fib/%d})", ns->ns_fib);
	xo_emit(ns->ns_xo, "\n");
	xo_open_container(ns->ns_xo, "route-table");
	xo_open_list(ns->ns_xo, "rt-family");
	t->t_at = TABLE_BEGUN;
}

static void
table_end_family(struct table *t)
{
	for (int i = 0; t->t_at >= TABLE_INET && i < 2; i++)
		xo_close(t->t_ns->ns_xo);
}

/* Routes of IPv4 come first; nothing is said of a family that has none. */
static void
table_family(struct table *t, bool six)
{
	const struct netstat *ns = t->t_ns;

	if (t->t_at == (six ? TABLE_INET6 : TABLE_INET))
		return;
	table_end_family(t);
	emit_route_titles(ns, six);
	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo, "{e:address-family/%s}", six ? "Internet6" : "Internet");
	xo_open_list(ns->ns_xo, "rt-entry");
	t->t_at = six ? TABLE_INET6 : TABLE_INET;
}

static void
table_part(void *arg, const json_t *part)
{
	struct table *t = arg;
	const json_t *rt;
	size_t i;

	if (t->t_at == TABLE_NONE)
		table_begin(t);
	json_array_foreach(json_object_get(part, "routes"), i, rt) {
		table_family(t, is_inet6(rt));
		emit_route(t->t_ns, rt);
	}
}

int
netstat_routes(struct netstat *ns)
{
	struct table t = { .t_ns = ns };
	int error = cmd_each(ns->ns_cx, json_pack("{s:s,s:i,s:s*}", "op", "route.list", "fib", ns->ns_fib, "family", ns->ns_family), table_part, &t);

	table_end_family(&t);
	for (int i = 0; t.t_at != TABLE_NONE && i < 4; i++)
		xo_close(ns->ns_xo);
	return error == 0 ? 0 : 1;
}

/*
 * Interfaces: a line for the link, and one for each address.
 */
struct line {
	const json_t	*l_if, *l_stats;
	int		 l_namelen;
	char		 l_network[INET6_TEXTLEN + 4], l_address[INET6_TEXTLEN];
	bool		 l_link;	/* the link's own: it has all the counters */
};

/* -W: no IPv6 address is cut short. */
#define NET_WIDTH(ns)	((ns)->ns_wide ? 43 : 13)
#define ADDR_WIDTH(ns)	((ns)->ns_wide ? 45 : 17)

#define BYTES_WIDTH	10
#define HUMAN_MAX	1000		/* in four columns, the last for the letter */

/* As humanize_number(3) writes it into five bytes: "999", "1.0k", "20M". */
static void
human_text(uint64_t value, unsigned unit, char *buf, size_t len)
{
	static const char letters[] = " kMGTPE";
	unsigned rest = 0, i = 0;

	/* What would be rounded up to too many digits is divided once more. */
	while (letters[i + 1] != '\0' && (value >= HUMAN_MAX || (value == HUMAN_MAX - 1 && rest >= unit / 2))) {
		rest = (unsigned)(value % unit);
		value /= unit;
		i++;
	}
	if (i == 0)
		snprintf(buf, len, "%u", (unsigned)value);
	else if (value < 9 || (value == 9 && rest < unit * 95 / 100)) {
		rest = (rest * 10 + unit / 2) / unit;
		snprintf(buf, len, "%u.%u%c", (unsigned)value + rest / 10, rest % 10, i == 1 && unit == 1024 ? 'K' : letters[i]);
	} else
		snprintf(buf, len, "%u%c", (unsigned)value + (rest + unit / 2) / unit, i == 1 && unit == 1024 ? 'K' : letters[i]);
}

void
netstat_emit_counter(const struct netstat *ns, const char *name, int width, json_int_t value, bool bytes)
{
	char fmt[96], text[24];

	snprintf(fmt, sizeof(fmt), ns->ns_human ? "{t:%s/%%*s}" : "{:%s/%%*jd}", name);
	if (!ns->ns_human) {
		xo_emit(ns->ns_xo, fmt, width, value);
		return;
	}
	human_text((uint64_t)value, bytes ? 1024 : 1000, text, sizeof(text));
	xo_emit(ns->ns_xo, fmt, width, text);
}

/* Counters that belong to the link are shown as "-" in the lines of addresses. */
static void
emit_counter(
    const struct netstat *ns, const struct line *l, const char *name, const char *key, int width)
{
	xo_emit(ns->ns_xo, " ");
	if (l->l_link)
		netstat_emit_counter(ns, name, width, cmd_int(l->l_stats, key), width == BYTES_WIDTH);
	else
		xo_emit(ns->ns_xo, "{P:/%*s}", width, "-");
}

static void
emit_line(const struct netstat *ns, const struct line *l)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%s", cmd_str(l->l_if, "name"),
	    (cmd_int(l->l_if, "flags") & VI_IFF_UP) == 0 ? "*" : "");
	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo, "{d:/%-*.*s}{e:name/%s}{eq:flags/0x%x}", l->l_namelen, l->l_namelen,
	    name, cmd_str(l->l_if, "name"), (unsigned)cmd_int(l->l_if, "flags"));
	xo_emit(ns->ns_xo, " {:mtu/%5jd} {t:network/%-*.*s} {t:address/%-*.*s}",
	    cmd_int(l->l_if, "mtu"), NET_WIDTH(ns), NET_WIDTH(ns), l->l_network, ADDR_WIDTH(ns),
	    ADDR_WIDTH(ns), l->l_address);
	emit_counter(ns, l, "received-packets", "ipackets", 8);
	emit_counter(ns, l, "received-errors", "ierrors", 5);
	emit_counter(ns, l, "dropped-packets", "iqdrops", 5);
	if (ns->ns_bytes)
		emit_counter(ns, l, "received-bytes", "ibytes", BYTES_WIDTH);
	emit_counter(ns, l, "sent-packets", "opackets", 8);
	emit_counter(ns, l, "send-errors", "oerrors", 5);
	if (ns->ns_bytes)
		emit_counter(ns, l, "sent-bytes", "obytes", BYTES_WIDTH);
	emit_counter(ns, l, "collisions", "collisions", 5);
	if (ns->ns_drops)
		emit_counter(ns, l, "dropped-packets-out", "oqdrops", 5);
	xo_emit(ns->ns_xo, "\n");
	xo_close(ns->ns_xo);
}

static bool
of_family(const struct netstat *ns, const json_t *addr)
{
	const char *family = cmd_str(addr, "family");

	return ns->ns_family == NULL ||		/* "link": of none */
	    strcmp(ns->ns_family, family[0] != '\0' ? family : "inet") == 0;
}

static void
network_text(const json_t *addr, char *buf, size_t room)
{
	const char *text = cmd_str(addr, "address");
	int len = (int)cmd_int(addr, "prefixlen");
	char network[INET6_TEXTLEN] = "?";
	struct inet6 i6;
	struct in_addr in;

	if (inet6_number(text, &i6)) {
		inet6_mask(&i6.i6_addr, len);
		inet6_text(&i6, network);
	} else if (inet_number(text, &in)) {
		in.s_addr &= htonl(inet_mask(len));
		(void)inet_ntop(AF_INET, &in, network, sizeof(network));
	}
	snprintf(buf, room, "%s/%d", network, len);
}

static void
emit_interface(const struct netstat *ns, const json_t *ifp, int namelen)
{
	struct line l = { .l_if = ifp,
		.l_stats = json_object_get(ifp, "stats"),
		.l_namelen = namelen,
		.l_link = true };
	const json_t *addr;
	size_t i;

	snprintf(l.l_network, sizeof(l.l_network), "<Link#%d>", (int)cmd_int(ifp, "index"));
	snprintf(l.l_address, sizeof(l.l_address), "%s",
	    cmd_str(ifp, "lladdr")[0] != '\0' ? cmd_str(ifp, "lladdr") : cmd_str(ifp, "name"));
	emit_line(ns, &l);
	l.l_link = false;
	json_array_foreach(json_object_get(ifp, "addresses"), i, addr) {
		if (!of_family(ns, addr))
			continue;
		network_text(addr, l.l_network, sizeof(l.l_network));
		snprintf(l.l_address, sizeof(l.l_address), "%s", cmd_str(addr, "address"));
		emit_line(ns, &l);
	}
}

static int
name_width(const json_t *ifs)
{
	const json_t *ifp;
	size_t i;
	int width = 5;

	json_array_foreach(ifs, i, ifp)
		if ((int)strlen(cmd_str(ifp, "name")) + 1 > width)
			width = (int)strlen(cmd_str(ifp, "name")) + 1;
	return width;
}

int
netstat_interfaces(struct netstat *ns)
{
	json_t *r, *ifp, *req = json_pack("{s:s,s:s*}", "op", "if.list", "name", ns->ns_interface);
	const json_t *ifs;
	size_t i;
	int width;

	if (cmd_call(ns->ns_cx, req, &r) != 0)
		return 1;
	ifs = json_object_get(r, "interfaces");
	width = name_width(ifs);
	xo_open_container(ns->ns_xo, "statistics");
	xo_open_list(ns->ns_xo, "interface");
	xo_emit(ns->ns_xo,
	    "{T:/%-*.*s} {T:/%5.5s} {T:/%-*.*s} {T:/%-*.*s} {T:/%8.8s} {T:/%5.5s} {T:/%5.5s}",
	    width, width, "Name", "Mtu", NET_WIDTH(ns), NET_WIDTH(ns), "Network", ADDR_WIDTH(ns),
	    ADDR_WIDTH(ns), "Address", "Ipkts", "Ierrs", "Idrop");
	if (ns->ns_bytes)
		xo_emit(ns->ns_xo, " {T:/%10.10s}", "Ibytes");
	xo_emit(ns->ns_xo, " {T:/%8.8s} {T:/%5.5s}", "Opkts", "Oerrs");
	if (ns->ns_bytes)
		xo_emit(ns->ns_xo, " {T:/%10.10s}", "Obytes");
	xo_emit(ns->ns_xo, " {T:/%5s}{P:/%s}\n", "Coll", ns->ns_drops ? "  Drop" : "");
	json_array_foreach(ifs, i, ifp)
		emit_interface(ns, ifp, width);
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	json_decref(r);
	return 0;
}

/*
 * Memory: mbufs in BSD's words, and every account of the stack.
 */
static void
emit_mbufs(struct xo *xo, const json_t *acct)
{
	xo_emit(xo, "{:mbuf-current/%jd} mbufs in use\n", cmd_int(acct, "count"));
	xo_emit(xo, "{:bytes-in-use/%jd}/{:bytes-peak/%jd} bytes of mbufs in use (current/peak)\n", cmd_int(acct, "bytes"),
	    cmd_int(acct, "peak"));
	xo_emit(xo, "{:mbuf-failures/%jd} requests for mbufs denied\n\n", cmd_int(acct, "failures"));
}

static void
emit_account(struct xo *xo, const json_t *acct)
{
	xo_open_instance(xo);
	xo_emit(xo, "{t:name/%-12s} {:used/%10jd} {:bytes/%12jd} {:peak/%12jd} {:limit/%12jd} {:failures/%8jd}\n", cmd_str(acct, "name"),
	    cmd_int(acct, "count"), cmd_int(acct, "bytes"), cmd_int(acct, "peak"), cmd_int(acct, "limit"), cmd_int(acct, "failures"));
	xo_close(xo);
}

int
netstat_memory(struct netstat *ns)
{
	const json_t *accounts;
	json_t *r, *acct;
	size_t i;

	if (cmd_call(ns->ns_cx, json_pack("{s:s}", "op", "stat.accounts"), &r) != 0)
		return 1;
	accounts = json_object_get(r, "accounts");
	xo_open_container(ns->ns_xo, "mbuf-statistics");
	json_array_foreach(accounts, i, acct)
		if (strcmp(cmd_str(acct, "name"), "mbuf") == 0)
			emit_mbufs(ns->ns_xo, acct);
	xo_emit(ns->ns_xo, "{T:/%-12s} {T:/%10s} {T:/%12s} {T:/%12s} {T:/%12s} {T:/%8s}\n", "Memory", "Used", "Bytes", "Peak", "Limit", "Denied");
	xo_open_list(ns->ns_xo, "account");
	json_array_foreach(accounts, i, acct)
		emit_account(ns->ns_xo, acct);
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	json_decref(r);
	return 0;
}
