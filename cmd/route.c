/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route(8): changes and shows the routing tables.
 *
 * Theory of operation.  The words behind the command are a destination, a gateway and a netmask, in
 * this order, with modifiers (-net, -fib N, ...) between them.  They are collected in struct route,
 * checked as a whole, and become one operation.  What is printed repeats the words as they were
 * given, as route(8) does.
 */
#include "cmd/route.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inet.h"
#include "cmd/netstat.h"
#include "cmd/route_addr.h"
#include "cmd/xo.h"
#include <vimage/route.h>

struct route {
	struct cmd_ctx	*r_cx;
	const char	*r_cmd;		/* as given: "del" stays "del" */
	bool		 r_quiet, r_verbose;
	bool		 r_dry;		/* -d, -t: change nothing */
	bool		 r_net, r_host, r_iface, r_fibgiven;
	const char	*r_destword, *r_gateword;
	const char	*r_ifp;		/* -ifp; NULL */
	int		 r_family;	/* AF_UNSPEC: as the addresses say */
	struct route_addr r_dst, r_gate;
	int		 r_len;		/* -1: not said */
	int		 r_fib;
	json_t		*r_flags;
	json_t		*r_metrics;	/* mtu, weight, metric, expire */
};

struct modifier {
	const char	*m_name;
	bool		 m_arg;
	int		(*m_fn)(struct route *, const struct modifier *, const char *arg);
	const char	*m_key;
	long long	 m_max;
};

/*
 * The words.  A function returns an exit status, 0 when all is well.
 */
static int
bad_address(struct route *r, const char *word)
{
	cmd_warnx(r->r_cx, "bad address: %s", word);
	return EX_NOHOST;
}

static int
take_destination(struct route *r, const char *word)
{
	r->r_destword = word;
	if (route_addr_prefix(word, r->r_family, &r->r_dst, &r->r_len) &&
	    !(r->r_host && strpbrk(word, ".:") == NULL))
		return 0;
	r->r_len = -1;
	if (!route_addr_host(word, r->r_family, &r->r_dst))
		return bad_address(r, word);
	r->r_host = r->r_host || !r->r_net;
	return 0;
}

static int
take_gateway(struct route *r, const char *word)
{
	r->r_gateword = word;
	if (r->r_iface || route_addr_host(word, r->r_family, &r->r_gate))
		return 0;
	return bad_address(r, word);
}

static int
take_netmask(struct route *r, const char *word)
{
	if (inet_mask_number(word, &r->r_len))
		return 0;
	cmd_warnx(r->r_cx, "bad netmask: %s", word);
	return EX_USAGE;
}

static int
take_word(struct route *r, const char *word)
{
	if (r->r_destword == NULL)
		return take_destination(r, word);
	if (r->r_gateword == NULL)
		return take_gateway(r, word);
	return take_netmask(r, word);
}

static int
m_kind(struct route *r, const struct modifier *m, const char *arg)
{
	(void)arg;
	r->r_net = strcmp(m->m_name, "net") == 0;
	r->r_host = !r->r_net;
	return 0;
}

static int
m_iface(struct route *r, const struct modifier *m, const char *arg)
{
	(void)m, (void)arg;
	r->r_iface = true;
	return 0;
}

/* The words before it were read already, so that it has to come first, as route(8) says. */
static int
m_family(struct route *r, const struct modifier *m, const char *arg)
{
	(void)arg;
	r->r_family = m->m_name[strlen(m->m_name) - 1] == '6' ? AF_INET6 : AF_INET;
	return 0;
}

static int
m_prefsrc(struct route *r, const struct modifier *m, const char *arg)
{
	char text[ROUTE_ADDRSTRLEN];
	struct route_addr ra;

	if (!route_addr_host(arg, r->r_family, &ra))
		return bad_address(r, arg);
	route_addr_text(&ra, text);
	json_object_set_new(r->r_metrics, m->m_key, json_string(text));
	return 0;
}

static int
m_ifp(struct route *r, const struct modifier *m, const char *arg)
{
	(void)m;
	r->r_ifp = arg;
	return 0;
}

/* FreeBSD's, of which nothing would come. */
static int
m_refuse(struct route *r, const struct modifier *m, const char *arg)
{
	(void)arg;
	cmd_warnx(r->r_cx, "-%s: routes have no such thing here", m->m_name);
	return EX_USAGE;
}

static int
m_nothing(struct route *r, const struct modifier *m, const char *arg)
{
	(void)r, (void)m, (void)arg;	/* says what is so anyway */
	return 0;
}

static int
m_flag(struct route *r, const struct modifier *m, const char *arg)
{
	(void)arg;
	json_array_append_new(r->r_flags, json_string(m->m_name));
	return 0;
}

static int
m_number(struct route *r, const struct modifier *m, const char *arg)
{
	long long n;

	if (!cmd_number(arg, 0, m->m_max, &n)) {
		cmd_warnx(r->r_cx, "bad value for -%s: %s", m->m_name, arg);
		return EX_USAGE;
	}
	json_object_set_new(r->r_metrics, m->m_key, json_integer(n));
	return 0;
}

/* Seconds since the epoch, with a sign from now; 0: never. */
static int
m_expire(struct route *r, const struct modifier *m, const char *arg)
{
	const bool relative = arg[0] == '+' || arg[0] == '-';
	long long n, left;

	if (!cmd_number(arg + relative, 0, m->m_max, &n)) {
		cmd_warnx(r->r_cx, "bad value for -expire: %s", arg);
		return EX_USAGE;
	}
	left = !relative ? n - (long long)time(NULL) : arg[0] == '-' ? -n : n;
	if (relative || n != 0) {
		if (left <= 0) {
			cmd_warnx(r->r_cx, "-expire: %s is not in the future", arg);
			return EX_USAGE;
		}
		n = left;
	}
	json_object_set_new(r->r_metrics, m->m_key, json_integer(n));
	return 0;
}

/* What route(8) takes and no route keeps: FreeBSD's kernel has no use for it either. */
static int
m_unkept(struct route *r, const struct modifier *m, const char *arg)
{
	long long n;

	if (m->m_arg && !cmd_number(arg, 0, m->m_max, &n)) {
		cmd_warnx(r->r_cx, "bad value for -%s: %s", m->m_name, arg);
		return EX_USAGE;
	}
	if (!r->r_quiet)
		cmd_warnx(r->r_cx, "-%s: ignored, routes have no such thing", m->m_name);
	return 0;
}

static int
m_fib(struct route *r, const struct modifier *m, const char *arg)
{
	long long n;

	if (!cmd_number(arg, 0, m->m_max, &n)) {
		cmd_warnx(r->r_cx, "invalid fib number: %s", arg);
		return EX_USAGE;
	}
	r->r_fib = (int)n;
	r->r_fibgiven = true;
	return 0;
}

static int
m_word(struct route *r, const struct modifier *m, const char *arg)
{
	if (strcmp(m->m_name, "dst") == 0)
		return take_destination(r, arg);
	if (strcmp(m->m_name, "gateway") == 0)
		return take_gateway(r, arg);
	return take_netmask(r, arg);
}

static const struct modifier modifiers[] = {
	{ "4", false, m_family, NULL, 0 },
	{ "inet", false, m_family, NULL, 0 },
	{ "6", false, m_family, NULL, 0 },
	{ "inet6", false, m_family, NULL, 0 },
	{ "static", false, m_nothing, NULL, 0 },
	{ "net", false, m_kind, NULL, 0 },
	{ "host", false, m_kind, NULL, 0 },
	{ "iface", false, m_iface, NULL, 0 },
	{ "interface", false, m_iface, NULL, 0 },
	{ "dst", true, m_word, NULL, 0 },
	{ "gateway", true, m_word, NULL, 0 },
	{ "netmask", true, m_word, NULL, 0 },
	{ "prefixlen", true, m_number, "prefixlen", 128 },
	{ "blackhole", false, m_flag, NULL, 0 },
	{ "reject", false, m_flag, NULL, 0 },
	{ "prohibit", false, m_flag, NULL, 0 },
	{ "throw", false, m_flag, NULL, 0 },
	{ "fib", true, m_fib, NULL, 65535 },
	{ "mtu", true, m_number, "mtu", 65535 },
	{ "weight", true, m_number, "weight", 0xffffff },
	{ "metric", true, m_number, "metric", INT32_MAX },
	{ "prefsrc", true, m_prefsrc, "source", 0 },
	{ "ifa", true, m_prefsrc, "source", 0 },
	{ "ifp", true, m_ifp, NULL, 0 },
	{ "cloning", false, m_refuse, NULL, 0 },
	{ "expire", true, m_expire, "expire", 4611686018 },
	{ "genmask", false, m_refuse, NULL, 0 },
	{ "hopcount", true, m_unkept, NULL, UINT32_MAX },
	{ "link", false, m_refuse, NULL, 0 },
	{ "lock", false, m_unkept, NULL, 0 },
	{ "lockrest", false, m_unkept, NULL, 0 },
	{ "nostatic", false, m_refuse, NULL, 0 },
	{ "proto1", false, m_refuse, NULL, 0 },
	{ "proto2", false, m_refuse, NULL, 0 },
	{ "recvpipe", true, m_unkept, NULL, UINT32_MAX },
	{ "rtt", true, m_unkept, NULL, UINT32_MAX },
	{ "rttvar", true, m_unkept, NULL, UINT32_MAX },
	{ "sendpipe", true, m_unkept, NULL, UINT32_MAX },
	{ "ssthresh", true, m_unkept, NULL, UINT32_MAX },
	{ "sticky", false, m_refuse, NULL, 0 },
	{ "xresolve", false, m_refuse, NULL, 0 },
};

static int
take_modifier(struct route *r, char **argv, int *used)
{
	const char *word = argv[0] + 1;

	for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
		const struct modifier *m = &modifiers[i];

		if (strcmp(m->m_name, word) != 0)
			continue;
		if (m->m_arg && argv[1] == NULL) {
			cmd_warnx(r->r_cx, "-%s requires an argument", word);
			return EX_USAGE;
		}
		*used = m->m_arg ? 2 : 1;
		return m->m_fn(r, m, argv[1]);
	}
	cmd_warnx(r->r_cx, "bad keyword: %s", word);
	return EX_USAGE;
}

/*
 * What the destination is, once all words are known: "default" is of the family of its gateway, and
 * a gateway must be of the destination's.
 */
static int
settle(struct route *r)
{
	const bool gate = r->r_gateword != NULL && !r->r_iface;

	if (r->r_destword == NULL)
		return 0;
	if (gate && r->r_family == AF_UNSPEC && strcmp(r->r_destword, "default") == 0)
		r->r_dst.ra_family = r->r_gate.ra_family;
	if (gate && r->r_gate.ra_family != r->r_dst.ra_family)
		return bad_address(r, r->r_gateword);
	if (r->r_len < 0)
		r->r_len = route_addr_length(&r->r_dst, r->r_net, r->r_host);
	if (r->r_host)
		r->r_len = route_addr_bits(&r->r_dst);
	if (r->r_len > route_addr_bits(&r->r_dst)) {
		cmd_warnx(r->r_cx, "bad value for -prefixlen: %d", r->r_len);
		return EX_USAGE;
	}
	route_addr_mask(&r->r_dst, r->r_len);
	return 0;
}

static int
parse_words(struct route *r, char **argv)
{
	const json_t *len;
	int status, used;

	for (; *argv != NULL; argv += used) {
		used = 1;
		status = argv[0][0] == '-' ? take_modifier(r, argv, &used) : take_word(r, argv[0]);
		if (status != 0)
			return status;
	}
	if ((len = json_object_get(r->r_metrics, "prefixlen")) != NULL)
		r->r_len = (int)json_integer_value(len);
	json_object_del(r->r_metrics, "prefixlen");
	return settle(r);
}

/*
 * Showing.
 */
static const struct {
	unsigned	 bit;
	const char	*name;
} flag_names[] = {
	{ VI_RTF_UP, "UP" },
	{ VI_RTF_GATEWAY, "GATEWAY" },
	{ VI_RTF_HOST, "HOST" },
	{ VI_RTF_REJECT, "REJECT" },
	{ VI_RTF_DYNAMIC, "DYNAMIC" },
	{ VI_RTF_MODIFIED, "MODIFIED" },
	{ 0, "DONE" },
	{ VI_RTF_STATIC, "STATIC" },
	{ VI_RTF_BLACKHOLE, "BLACKHOLE" },
	{ VI_RTF_PINNED, "PINNED" },
	{ VI_RTF_LOCAL, "LOCAL" },
	{ VI_RTF_BROADCAST, "BROADCAST" },
	{ VI_RTF_PROHIBIT, "PROHIBIT" },
	{ VI_RTF_THROW, "THROW" },
};

void
route_print_flags(unsigned flags)
{
	const char *sep = "";

	printf("<");
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		/* DONE belongs to the answer, not to the route. */
		if (flag_names[i].bit != 0 && (flags & flag_names[i].bit) == 0)
			continue;
		printf("%s%s", sep, flag_names[i].name);
		sep = ",";
	}
	printf(">");
}

static void
print_route(const struct route *r, const json_t *rt)
{
	int len = (int)cmd_int(rt, "prefixlen");
	char mask[ROUTE_ADDRSTRLEN];

	route_addr_ones(&r->r_dst, len, mask);
	printf("   route to: %s\n", r->r_destword);
	printf("destination: %s\n", len == 0 ? "default" : cmd_str(rt, "destination"));
	if (len < route_addr_bits(&r->r_dst))
		printf("       mask: %s\n", len == 0 ? "default" : mask);
	if (cmd_str(rt, "gateway")[0] != '\0')
		printf("    gateway: %s\n", cmd_str(rt, "gateway"));
	printf("        fib: %d\n  interface: %s\n", (int)cmd_int(rt, "fib"),
	    cmd_str(rt, "interface"));
	printf("      flags: ");
	route_print_flags((unsigned)cmd_int(rt, "flags"));
	printf("\n recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire\n");
	printf("%8d  %8d  %8d  %8d  %8d  %8d  %8d\n", 0, 0, 0, 0, (int)cmd_int(rt, "mtu"),
	    (int)cmd_int(rt, "weight"), (int)cmd_int(rt, "expire"));
}

/* The route that a packet to the destination takes. */
static int
look_up(struct route *r)
{
	char text[ROUTE_ADDRSTRLEN];
	struct cmd_error ce;
	json_t *reply;
	int error;

	route_addr_text(&r->r_dst, text);
	error = cmd_try(r->r_cx,
	    json_pack("{s:s,s:s,s:i}", "op", "route.get", "destination", text, "fib", r->r_fib),
	    &reply, &ce);
	if (error != 0) {
		cmd_warnx(r->r_cx, "%s", error == ESRCH ? "route has not been found" : ce.ce_text);
		return 1;
	}
	print_route(r, json_object_get(reply, "route"));
	json_decref(reply);
	return 0;
}

static int
get(struct route *r)
{
	if (r->r_destword == NULL || r->r_gateword != NULL)
		return cmd_usage(r->r_cx, 0, EX_USAGE);
	return look_up(r);
}

static int
show(struct route *r)
{
	struct netstat ns = { .ns_cx = r->r_cx, .ns_fib = r->r_fib,
		.ns_family = r->r_family == AF_INET ? "inet" : r->r_family == AF_INET6 ? "inet6" : NULL };
	char *noargs[] = { NULL };
	int none = 0, status;

	if (r->r_destword != NULL)
		return get(r);
	if ((ns.ns_xo = cmd_xo(r->r_cx, &none, noargs)) == NULL)
		return 1;
	status = netstat_routes(&ns);
	return xo_finish(ns.ns_xo, status);
}

/*
 * Changing.
 */
static json_t *
request(const struct route *r, const char *op)
{
	char text[ROUTE_ADDRSTRLEN];
	json_t *req;

	route_addr_text(&r->r_dst, text);
	req = json_pack("{s:s,s:s,s:i,s:i}", "op", op, "destination", text, "prefixlen", r->r_len,
	    "fib", r->r_fib);
	if (r->r_ifp != NULL)
		json_object_set_new(req, "interface", json_string(r->r_ifp));
	if (r->r_gateword == NULL)
		return req;
	route_addr_text(&r->r_gate, text);
	json_object_set_new(req, r->r_iface ? "interface" : "gateway",
	    json_string(r->r_iface ? r->r_gateword : text));
	return req;
}

static const char *
reason(int error, const char *text)
{
	switch (error) {
	case ESRCH:
		return "not in table";
	case EBUSY:
		return "entry in use";
	case ENOBUFS:
		return "routing table overflow";
	case EEXIST:
		return "route already in table";
	default:
		return text;
	}
}

/* "add net 192.0.2.0: gateway 198.51.100.1", and what went wrong. */
static void
report(const struct route *r, int error, const char *text)
{
	printf("%s %s %.*s", r->r_cmd, r->r_len == route_addr_bits(&r->r_dst) ? "host" : "net",
	    (int)strcspn(r->r_destword, "/"), r->r_destword);
	if (r->r_gateword != NULL)
		printf(": gateway %s", r->r_gateword);
	if (r->r_fibgiven || error != 0)
		printf(" fib %d", r->r_fib);
	if (error != 0)
		printf(": %s", reason(error, text));
	printf("\n");
}

/* Nothing was tried, so there is nothing to report of the route. */
static bool
no_jail(const struct route *r, int error, const char *text)
{
	return error == ENOENT && r->r_cx->cx_jail != NULL && strncmp(text, "jail \"", 6) == 0;
}

static int
change(struct route *r, const char *op)
{
	struct cmd_error ce;
	json_t *req;
	int error;

	if (r->r_destword == NULL)
		return cmd_usage(r->r_cx, 0, EX_USAGE);
	req = request(r, op);
	if (strcmp(op, "route.delete") != 0) {
		json_array_append_new(r->r_flags, json_string("static"));
		if (r->r_len == route_addr_bits(&r->r_dst))
			json_array_append_new(r->r_flags, json_string("host"));
		json_object_set(req, "flags", r->r_flags);
		json_object_update(req, r->r_metrics);
	}
	if (r->r_dry) {
		json_decref(req);
		error = 0;
	} else
		error = cmd_try(r->r_cx, req, NULL, &ce);
	if (no_jail(r, error, ce.ce_text)) {
		cmd_warnx(r->r_cx, "%s", ce.ce_text);
		return 1;
	}
	if (error == ESRCH)
		cmd_warnx(r->r_cx, "route has not been found");
	else if (error != 0)
		cmd_warnx(r->r_cx, "writing to routing socket: %s", strerror(error));
	if (!r->r_quiet)
		report(r, error, ce.ce_text);
	if (error == 0 && r->r_verbose && !r->r_dry && strcmp(op, "route.delete") != 0)
		return look_up(r);
	return error != 0;
}

static int
add(struct route *r)
{
	bool dead = json_array_size(r->r_flags) > 0;

	if (r->r_gateword == NULL && !dead)
		return cmd_usage(r->r_cx, 0, EX_USAGE);
	return change(r, "route.add");
}

static int
delete(struct route *r)
{
	return change(r, "route.delete");
}

static int
modify(struct route *r)
{
	return change(r, "route.change");
}

static int
flush(struct route *r)
{
	json_t *reply, *rt;
	size_t i;

	if (r->r_destword != NULL)
		return cmd_usage(r->r_cx, 0, EX_USAGE);
	if (r->r_dry)
		return 0;
	if (cmd_call(r->r_cx,
		json_pack("{s:s,s:i,s:s*}", "op", "route.flush", "fib", r->r_fib, "family",
		    r->r_family == AF_INET ? "inet" : r->r_family == AF_INET6 ? "inet6" : NULL),
		&reply) != 0)
		return 1;
	json_array_foreach(json_object_get(reply, "routes"), i, rt)
		if (!r->r_quiet)
			printf("%-20.20s %-20.20s done\n",
			    cmd_int(rt, "prefixlen") == 0 ? "default" : cmd_str(rt, "destination"),
			    cmd_str(rt, "gateway"));
	json_decref(reply);
	return 0;
}

static const struct {
	const char	*name;
	int		(*fn)(struct route *);
} verbs[] = {
	{ "add", add },
	{ "delete", delete },
	{ "del", delete },
	{ "change", modify },
	{ "get", get },
	{ "show", show },
	{ "flush", flush },
};

static int
run(struct route *r, char **argv)
{
	int status;

	if (strcmp(argv[0], "rule") == 0)
		return route_rule(r->r_cx, r->r_family, argv + 1);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, argv[0]) != 0)
			continue;
		r->r_cmd = argv[0];
		if ((status = parse_words(r, argv + 1)) != 0)
			return status;
		return verbs[i].fn(r);
	}
	if (strcmp(argv[0], "monitor") == 0)
		return argv[1] == NULL ? route_monitor(r->r_cx, r->r_family)
				       : cmd_usage(r->r_cx, 0, EX_USAGE);
	cmd_warnx(r->r_cx, "bad keyword: %s", argv[0]);
	return EX_USAGE;
}

/* -n is how addresses are always shown. */
static int
parse_options(struct route *r, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:46dj:nqtv")) != -1) {
		switch (ch) {
		case '4': r->r_family = AF_INET; break;
		case '6': r->r_family = AF_INET6; break;
		case 'j': r->r_cx->cx_jail = optarg; break;
		case 'd': case 't': r->r_dry = true; break;
		case 'n': break;
		case 'v': r->r_verbose = true; break;
		case 'q': r->r_quiet = true; break;
		default: return cmd_usage(r->r_cx, ch, EX_USAGE);
		}
	}
	return optind < argc ? 0 : cmd_usage(r->r_cx, 0, EX_USAGE);
}

int
cmd_route(struct cmd_ctx *cx, int argc, char **argv)
{
	struct route r = { .r_cx = cx, .r_len = -1, .r_fib = cmd_fib() };
	int status;

	if ((status = parse_options(&r, argc, argv)) != 0)
		return status;
	r.r_flags = json_array();
	r.r_metrics = json_object();
	status = run(&r, argv + optind);
	json_decref(r.r_flags);
	json_decref(r.r_metrics);
	return status;
}
