/* SPDX-License-Identifier: BSD-2-Clause */
/* netstat(1): options and sockets. */
#include "cmd/netstat.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/xo.h"
#include <vimage/socket.h>

/*
 * Sockets.
 */
static const char *
proto_name(json_int_t proto)
{
	switch (proto) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_ICMP: case IPPROTO_ICMPV6: return "icmp";
	default: return "ip";
	}
}

/* Listening sockets and those without an address are left out unless asked for. */
static bool
shown(const struct netstat *ns, const json_t *pcb)
{
	bool tcp = cmd_int(pcb, "proto") == IPPROTO_TCP;
	bool listening = tcp && cmd_int(pcb, "state") == VI_TCPS_LISTEN;

	if (ns->ns_proto != NULL && strcmp(ns->ns_proto, proto_name(cmd_int(pcb, "proto"))) != 0)
		return false;
	if (ns->ns_family != NULL && cmd_pcb_inet6(pcb) != (strcmp(ns->ns_family, "inet6") == 0))
		return false;
	if (ns->ns_listen)
		return listening;
	return ns->ns_all || !(listening || cmd_addr_any(cmd_str(pcb, "local")));
}

static void
port_name(const struct netstat *ns, const json_t *pcb, json_int_t port, char *buf, size_t len)
{
	struct servent *se = NULL;

	if (!ns->ns_numeric && port != 0)
		se = getservbyport(htons((uint16_t)port), proto_name(cmd_int(pcb, "proto")));
	if (port == 0)
		snprintf(buf, len, "*");
	else if (se != NULL)
		snprintf(buf, len, "%s", se->s_name);
	else
		snprintf(buf, len, "%d", (int)port);
}

#define END_WIDTH(ns)	((ns)->ns_wide ? 45 : (ns)->ns_pcb ? 18 : 22)	/* -W: no address is cut short */

#define STATE_WIDTH(ns)	((ns)->ns_cc || (ns)->ns_logid ? 11 : 0)	/* something follows */

/* "192.0.2.1.80", one column in text, address and port in JSON. */
static void
emit_end(struct netstat *ns, const json_t *pcb, const char *name, const char *addrkey,
    const char *portkey)
{
	const char *addr = cmd_str(pcb, addrkey);
	char port[64], both[128];

	if (cmd_addr_any(addr))
		addr = "*";
	port_name(ns, pcb, cmd_int(pcb, portkey), port, sizeof(port));
	snprintf(both, sizeof(both), "%s.%s", addr, port);
	xo_open_container(ns->ns_xo, name);
	xo_emit(ns->ns_xo, "{d:both/%-*.*s} {e:address/%s}{e:port/%s}", END_WIDTH(ns), END_WIDTH(ns),
	    both, addr, port);
	xo_close(ns->ns_xo);
}

/* What waits, or with -T what was sent again and what came out of order. */
static void
emit_queues(struct netstat *ns, const json_t *pcb)
{
	const json_t *tcp = json_object_get(pcb, "tcp");
	bool listening = cmd_int(pcb, "proto") == IPPROTO_TCP && cmd_int(pcb, "state") == VI_TCPS_LISTEN;

	if (!ns->ns_rexmit)
		xo_emit(ns->ns_xo, "{:receive-bytes-waiting/%6jd} {:send-bytes-waiting/%6jd} ",
		    listening ? 0 : cmd_int(pcb, "recvq"), listening ? 0 : cmd_int(pcb, "sendq"));
	else if (tcp != NULL)	/* windows of nothing are not counted */
		xo_emit(ns->ns_xo, "{:sent-retransmit-packets/%6jd} {:received-out-of-order-packets/%6jd} {P:/%6s} ",
		    cmd_int(tcp, "rexmits"), cmd_int(tcp, "ooo"), "-");
	else
		xo_emit(ns->ns_xo, "{P:/%21s}", "");
}

static void
emit_state(struct netstat *ns, const json_t *pcb)
{
	const json_t *tcp = json_object_get(pcb, "tcp");
	const json_int_t state = cmd_int(pcb, "state");
	const char *ecn = state < VI_TCPS_ESTABLISHED ? "n/a" : cmd_bool(tcp, "ecn") ? "ecn" : "off";

	if (!ns->ns_rexmit)
		xo_emit(ns->ns_xo, "{:tcp-state/%-*s}", STATE_WIDTH(ns), cmd_tcp_state(state));
	if (ns->ns_cc && tcp != NULL)
		xo_emit(ns->ns_xo, " {:cc/%-16s} {:snd-cwnd/%10jd} {:snd-ssthresh/%10jd} {:t-maxseg/%5jd} {:ecn/%s}", cmd_str(tcp, "cc"),
		    cmd_int(tcp, "cwnd"), cmd_int(tcp, "ssthresh"), cmd_int(tcp, "mss"), ecn);
	if (ns->ns_logid)	/* there is no black box log, and none of it has a name */
		xo_emit(ns->ns_xo, " {:tcp-log-id/%s}", "-");
}

/* Nobody holds the sockets of connections that only wait for their end. */
static void
emit_buffers(struct netstat *ns, const json_t *pcb)
{
	const json_t *bufs = json_object_get(pcb, "buffers");

	if (bufs != NULL)
		xo_emit(ns->ns_xo, "{:receive-high-water/%7jd} {:send-high-water/%7jd} {:receive-low-water/%6jd} {:send-low-water/%6jd}",
		    cmd_int(bufs, "rcvhiwat"), cmd_int(bufs, "sndhiwat"), cmd_int(bufs, "rcvlowat"), cmd_int(bufs, "sndlowat"));
}

#define HASHTYPE_OPAQUE	191		/* FreeBSD's M_HASHTYPE_OPAQUE_HASH: of all four, by no card's rule */

static void
emit_flow(struct netstat *ns, const json_t *pcb)
{
	const json_int_t id = cmd_int(pcb, "flowid");

	xo_emit(ns->ns_xo, "{q:flow-id/%08jx} {:flow-type/%5jd}", (intmax_t)id, id != 0 ? (json_int_t)HASHTYPE_OPAQUE : 0);
}

static void
emit_socket(struct netstat *ns, const json_t *pcb)
{
	char proto[16], queue[48];

	xo_open_instance(ns->ns_xo);
	if (ns->ns_pcb)		/* a number that is nobody's pointer */
		xo_emit(ns->ns_xo, "{qt:address/%16jx} ", (intmax_t)cmd_int(pcb, "id"));
	snprintf(proto, sizeof(proto), "%.4s%c", proto_name(cmd_int(pcb, "proto")),
	    cmd_pcb_inet6(pcb) ? '6' : '4');
	xo_emit(ns->ns_xo, "{t:protocol/%-5.5s} ", proto);
	if (ns->ns_listen) {
		/* qlen/incqlen/maxqlen: connections on their way are kept apart from the listener's
		 * queue. */
		snprintf(queue, sizeof(queue), "%d/0/%d", (int)cmd_int(pcb, "recvq"),
		    (int)cmd_int(pcb, "sendq"));
		xo_emit(ns->ns_xo, "{t:listen-queue-sizes/%-32.32s} ", queue);
		emit_end(ns, pcb, "local", "local", "lport");
	} else {
		emit_queues(ns, pcb);
		emit_end(ns, pcb, "local", "local", "lport");
		emit_end(ns, pcb, "remote", "foreign", "fport");
		if (ns->ns_buffers)
			emit_buffers(ns, pcb);
		else if (ns->ns_flow)
			emit_flow(ns, pcb);
		else if (cmd_int(pcb, "proto") == IPPROTO_TCP)
			emit_state(ns, pcb);
	}
	xo_emit(ns->ns_xo, "\n");
	xo_close(ns->ns_xo);
}

static void
emit_titles(struct netstat *ns)
{
	if (ns->ns_listen)
		xo_emit(ns->ns_xo, "Current listen queue sizes (qlen/incqlen/maxqlen)\n");
	else
		xo_emit(ns->ns_xo, "Active Internet connections{P:/%s}\n", ns->ns_all ? " (including servers)" : "");
	if (ns->ns_pcb)
		xo_emit(ns->ns_xo, "{T:/%-16s} ", "Tcpcb");
	if (ns->ns_listen)
		xo_emit(ns->ns_xo, "{T:/%-5.5s} {T:/%-32.32s} {T:/%-*.*s}\n", "Proto", "Listen", END_WIDTH(ns), END_WIDTH(ns), "Local Address");
	else {
		xo_emit(ns->ns_xo, "{T:/%-5.5s} {T:/%-6.6s} {T:/%-6.6s} ",
		    "Proto", ns->ns_rexmit ? "Rexmit" : "Recv-Q", ns->ns_rexmit ? "OOORcv" : "Send-Q");
		if (ns->ns_rexmit)
			xo_emit(ns->ns_xo, "{T:/%-6.6s} ", "0-win");
		xo_emit(ns->ns_xo, "{T:/%-*.*s} {T:/%-*.*s}", END_WIDTH(ns), END_WIDTH(ns), "Local Address",
		    END_WIDTH(ns), END_WIDTH(ns), "Foreign Address");
		if (ns->ns_buffers)
			xo_emit(ns->ns_xo, " {T:/%7s} {T:/%7s} {T:/%6s} {T:/%6s}", "R-HIWA", "S-HIWA", "R-LOWA", "S-LOWA");
		else if (ns->ns_flow)
			xo_emit(ns->ns_xo, " {T:/%8.8s} {T:/%5.5s}", "flowid", "ftype");
		else if (!ns->ns_rexmit)
			xo_emit(ns->ns_xo, " {T:/%-*s}", STATE_WIDTH(ns), "(state)");
		if (ns->ns_cc)
			xo_emit(ns->ns_xo, " {T:/%-16s} {T:/%10s} {T:/%10s} {T:/%5s} {T:/%s}", "CC", "cwin", "ssthresh", "MSS", "ECN");
		if (ns->ns_logid)
			xo_emit(ns->ns_xo, " {T:/%s}", "Log ID");
		xo_emit(ns->ns_xo, "\n");
	}
}

int
netstat_sockets(struct netstat *ns)
{
	json_t *r, *pcb, *req;
	bool first = true;
	size_t i;

	if (!netstat_proto_known(ns))
		return 1;
	req = json_pack("{s:s}", "op", "pcb.list");
	if (ns->ns_rexmit || ns->ns_cc)
		json_object_set_new(req, "tcp", json_true());
	if (ns->ns_buffers)
		json_object_set_new(req, "buffers", json_true());
	if (cmd_call(ns->ns_cx, req, &r) != 0)
		return 1;
	xo_open_container(ns->ns_xo, "statistics");
	xo_open_list(ns->ns_xo, "socket");
	json_array_foreach(json_object_get(r, "pcbs"), i, pcb) {
		if (!shown(ns, pcb))
			continue;
		if (first)
			emit_titles(ns);
		first = false;
		emit_socket(ns, pcb);
	}
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	json_decref(r);
	return 0;
}

/*
 * Options.
 */
struct choice {
	struct netstat	 c_ns;
	bool		 c_routes, c_interfaces, c_stats, c_memory, c_groups;
	bool		 c_nexthops, c_nexthopgroups, c_packets;
	const char	*c_family;
};

/* FreeBSD's, and refused: what they show is not there. */
static const struct { char letter; const char *why; } senseless[] = {
	{ 'M', "there is no core of a stack to read" },
	{ 'N', "there is no core of a stack to read" },
	{ 'Q', "there are no netisr queues: what waits, waits in the queues of interfaces (-id) and sockets" },
	{ 'u', "sockets of AF_UNIX are no stack's: sockstat(1) shows them" },
};

static bool
refused(const struct choice *c, int ch)
{
	for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++) {
		if (senseless[i].letter != ch)
			continue;
		cmd_warnx(c->c_ns.ns_cx, "-%c: %s", ch, senseless[i].why);
		return true;
	}
	return false;
}

static int
set_number(const struct choice *c, const char *what, const char *arg, long long min, long long max, long long *n)
{
	if (cmd_number(arg, min, max, n))
		return 0;
	cmd_warnx(c->c_ns.ns_cx, "invalid %s: %s", what, arg);
	return -1;
}

static int
set_fib(struct choice *c, const char *arg)
{
	long long n;

	if (set_number(c, "fib number", arg, 0, 65535, &n) != 0)
		return -1;
	c->c_ns.ns_fib = (int)n;
	return 0;
}

/* An option without an argument; false: there is none. */
static bool
take_flag(struct choice *c, int ch)
{
	struct netstat *ns = &c->c_ns;

	switch (ch) {
	case '4': c->c_family = "inet"; break;
	case '6': c->c_family = "inet6"; break;
	case 'A': ns->ns_pcb = true; break;
	case 'a': ns->ns_all = true; break;
	case 'B': c->c_packets = true; break;
	case 'b': ns->ns_bytes = true; break;
	case 'C': ns->ns_cc = true; break;
	case 'd': ns->ns_drops = true; break;
	case 'g': c->c_groups = true; break;
	case 'h': ns->ns_human = true; break;
	case 'i': c->c_interfaces = true; break;
	case 'L': ns->ns_listen = true; break;
	case 'm': c->c_memory = true; break;
	case 'n': ns->ns_numeric = true; break;
	case 'O': c->c_nexthopgroups = true; break;
	case 'o': c->c_nexthops = true; break;
	case 'P': ns->ns_logid = true; break;
	case 'R': ns->ns_flow = true; break;
	case 'r': c->c_routes = true; break;
	case 'S': break;	/* addresses as numbers, ports by name: that is how they are shown */
	case 's':
		ns->ns_brief = c->c_stats;	/* twice */
		c->c_stats = true;
		break;
	case 'T': ns->ns_rexmit = true; break;
	case 'l': case 'W': ns->ns_wide = true; break;
	case 'x': ns->ns_buffers = true; break;
	case 'z': ns->ns_clear = true; break;
	default: return false;
	}
	return true;
}

static int
parse(struct choice *c, int argc, char **argv)
{
	struct netstat *ns = &c->c_ns;
	int ch, error = 0;

	while (error == 0 && (ch = getopt(argc, argv, "+:46AaBbCdF:f:ghI:ij:LM:mN:nOoPp:Qq:RrSslTuWw:xz")) != -1) {
		switch (ch) {
		case 'F': error = set_fib(c, optarg); break;
		case 'f': c->c_family = optarg; break;
		case 'I': ns->ns_interface = optarg; break;
		case 'j': ns->ns_cx->cx_jail = optarg; break;
		case 'p': ns->ns_proto = optarg; break;
		case 'q': error = set_number(c, "count", optarg, 1, INT32_MAX, &ns->ns_count); break;
		case 'w': error = set_number(c, "interval", optarg, 1, 86400, &ns->ns_wait); break;
		default:
			if (!take_flag(c, ch))
				error = refused(c, ch) ? -1 : ch;
			break;
		}
	}
	if (ns->ns_interface != NULL && !c->c_packets)
		c->c_interfaces = true;
	return error;
}

static bool
contradicts(const struct choice *c)
{
	const struct netstat *ns = &c->c_ns;
	/* -s shows counters of what one of these three names */
	const bool counters = c->c_stats && ns->ns_wait == 0 && c->c_routes + c->c_interfaces + c->c_groups == 1;
	const int tables = c->c_routes + (c->c_interfaces && ns->ns_wait == 0) + c->c_stats + c->c_memory + c->c_groups + c->c_nexthops +
	    c->c_nexthopgroups + c->c_packets + (ns->ns_wait != 0);
	const bool columns = ns->ns_rexmit || ns->ns_cc || ns->ns_logid || ns->ns_buffers || ns->ns_flow;
	const char *why = NULL;

	if (tables > 1 + counters)
		why = "only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at a time";
	else if (ns->ns_buffers && (ns->ns_rexmit || ns->ns_cc || ns->ns_logid))
		why = "-x: not with -C, -P or -T";
	else if (ns->ns_flow && (ns->ns_rexmit || ns->ns_cc || ns->ns_logid || ns->ns_buffers))
		why = "-R: not with -C, -P, -T or -x";
	else if (columns && (ns->ns_listen || tables > 0))
		why = "-C, -P, -R, -T and -x: only with connections";
	else if (ns->ns_pcb && tables > 0)
		why = "-A: only with sockets";
	else if (ns->ns_clear && (!c->c_stats || c->c_interfaces || c->c_groups))
		why = "-z: only with -s, of protocols or routing";
	else if (ns->ns_human && ((!c->c_interfaces && ns->ns_wait == 0) || c->c_stats))
		why = "-h: only with -i or -w";
	else if (ns->ns_count != 0 && ns->ns_wait == 0)
		why = "-q: only with -w";
	if (why != NULL)
		cmd_warnx(ns->ns_cx, "%s", why);
	return why != NULL;
}

static int
run(struct choice *c)
{
	struct netstat *ns = &c->c_ns;

	if (c->c_family != NULL && strcmp(c->c_family, "inet") != 0 &&
	    strcmp(c->c_family, "inet6") != 0 && (strcmp(c->c_family, "link") != 0 || !c->c_interfaces)) {
		cmd_warnx(ns->ns_cx, "%s: unknown address family", c->c_family);
		return 1;
	}
	if (contradicts(c))
		return 1;
	ns->ns_family = c->c_family;
	if (c->c_packets)
		return netstat_packets(ns);
	if (c->c_memory)
		return netstat_memory(ns);
	if (c->c_groups)
		return netstat_groups(ns);
	if (c->c_nexthops || c->c_nexthopgroups)
		return netstat_nexthops(ns, c->c_nexthopgroups);
	if (ns->ns_wait != 0)
		return netstat_running(ns);
	if (c->c_routes)
		return c->c_stats ? netstat_rtstats(ns) : netstat_routes(ns);
	if (c->c_interfaces)
		return c->c_stats ? netstat_ifstats(ns) : netstat_interfaces(ns);
	return c->c_stats ? netstat_statistics(ns) : netstat_sockets(ns);
}

int
cmd_netstat(struct cmd_ctx *cx, int argc, char **argv)
{
	struct choice c = { .c_ns = { .ns_cx = cx, .ns_fib = cmd_fib() } };
	int ch;

	if ((c.c_ns.ns_xo = cmd_xo(cx, &argc, argv)) == NULL)
		return 1;
	if ((ch = parse(&c, argc, argv)) != 0 || optind != argc) {
		xo_finish(c.c_ns.ns_xo, 1);
		return ch < 0 ? 1 : cmd_usage(cx, ch, 1);
	}
	return xo_finish(c.c_ns.ns_xo, run(&c));
}
