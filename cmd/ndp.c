/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ndp(8): IPv6 neighbours, and what neighbour discovery does on an interface.
 *
 * Theory of operation.  One letter chooses what is done; the operations neigh.* and if.nd6flags do it,
 * and what is shown is filtered and formatted here.  Routers and prefixes are ndp_router.c's.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inet.h"
#include "cmd/inet6.h"
#include "cmd/ndp.h"
#include "cmd/xo.h"
#include <vimage/ifnet.h>
#include <vimage/route.h>

static const struct {
	unsigned	 bit;
	const char	*name;		/* in if.nd6flags */
	const char	*bsd;		/* ndp(8)'s own; NULL: the same */
} nd6_flags[] = {
	{ VI_ND6_IFF_PERFORMNUD, "nud", NULL },
	{ VI_ND6_IFF_ACCEPT_RTADV, "accept_rtadv", NULL },
	{ VI_ND6_IFF_AUTO_LINKLOCAL, "auto_linklocal", NULL },
	{ VI_ND6_IFF_NO_PREFER_IFACE, "no_prefer_iface", NULL },
	{ VI_ND6_IFF_IFDISABLED, "ifdisabled", "disabled" },
	{ VI_ND6_IFF_NO_RADR, "no_radr", NULL },
	{ VI_ND6_IFF_NO_DAD, "no_dad", NULL },
	{ VI_ND6_IFF_DEFAULTIF, "defaultif", NULL },
	{ VI_ND6_IFF_STABLEADDR, "stableaddr", NULL },
};

static int
lookup(const struct ndp *n, const char *host, char addr[INET6_TEXTLEN])
{
	struct inet6 i6;

	if (!inet6_host(host, &i6)) {
		cmd_warnx(n->n_cx, "%s: unknown host", host);
		return 1;
	}
	inet6_text(&i6, addr);
	return 0;
}

static int
list(const struct ndp *n, json_t **r)
{
	return cmd_call(n->n_cx, json_pack("{s:s,s:s}", "op", "neigh.list", "family", "inet6"), r);
}

/*
 * Showing.
 */
void
ndp_name(const struct ndp *n, const char *addr, char *buf, size_t len)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct inet6 i6;

	if (n->n_numeric || !inet6_number(addr, &i6)) {
		snprintf(buf, len, "%s", addr);
		return;
	}
	sin6.sin6_addr = i6.i6_addr;
	if (i6.i6_zone[0] != '\0' || getnameinfo((struct sockaddr *)&sin6, sizeof(sin6), buf,
	    (socklen_t)len, NULL, 0, NI_NAMEREQD) != 0)
		snprintf(buf, len, "%s", addr);
}

/* "1d2h3m4s", from the first unit that is not zero. */
const char *
ndp_duration(json_int_t s, char *buf, size_t len)
{
	size_t n = 0;

	if (s >= 86400)
		n += (size_t)snprintf(buf + n, len - n, "%dd", (int)(s / 86400));
	if (s >= 3600)
		n += (size_t)snprintf(buf + n, len - n, "%dh", (int)(s / 3600 % 24));
	if (s >= 60)
		n += (size_t)snprintf(buf + n, len - n, "%dm", (int)(s / 60 % 60));
	snprintf(buf + n, len - n, "%ds", (int)(s % 60));
	return buf;
}

static char
state_letter(const json_t *ne)
{
	static const char letters[] = {
		[VI_NUD_NONE] = 'N', [VI_NUD_INCOMPLETE] = 'I', [VI_NUD_REACHABLE] = 'R',
		[VI_NUD_STALE] = 'S', [VI_NUD_DELAY] = 'D', [VI_NUD_PROBE] = 'P',
	};
	json_int_t state = cmd_int(ne, "state");

	return state >= 0 && state < (json_int_t)sizeof(letters) ? letters[state] : '?';
}

static void
emit_titles(struct ndp *n)
{
	xo_emit(n->n_xo, "{T:/%-36.36s} {T:/%-17.17s} {T:/%6.6s} {T:/%-9.9s} {T:/%1s} {T:/%5s}\n",
	    "Neighbor", "Linklayer Address", "Netif", "Expire", "S", "Flags");
}

static void
emit_expiry(struct ndp *n, const json_t *ne)
{
	char buf[48];

	if (cmd_bool(ne, "permanent"))
		xo_emit(n->n_xo, " {d:/%-9.9s}{en:permanent/true}", "permanent");
	else if (cmd_int(ne, "expire") > 0)
		xo_emit(n->n_xo, " {d:/%-9.9s}{e:expires_sec/%jd}",
		    ndp_duration(cmd_int(ne, "expire"), buf, sizeof(buf)), cmd_int(ne, "expire"));
	else
		xo_emit(n->n_xo, " {d:/%-9.9s}{e:expires_sec/%jd}", "expired", (json_int_t)0);
}

static void
emit_time(struct xo *xo)
{
	struct timespec ts;
	char text[40];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	snprintf(text, sizeof(text), "%02d:%02d:%02d.%06ld", tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000);
	xo_emit(xo, "{:tv/%s} ", text);
}

static void
emit_entry(struct ndp *n, const json_t *ne)
{
	const char *mac = cmd_str(ne, "lladdr");
	char name[NI_MAXHOST], flags[4] = "", *f = flags;

	ndp_name(n, cmd_str(ne, "address"), name, sizeof(name));
	if (cmd_bool(ne, "router"))
		*f++ = 'R';
	if (cmd_bool(ne, "published") || cmd_bool(ne, "proxy"))
		*f++ = 'p';
	*f = '\0';
	xo_open_instance(n->n_xo);
	if (n->n_stamps)
		emit_time(n->n_xo);
	xo_emit(n->n_xo, "{:address/%-36s} {:mac-address/%-17s} {:interface/%6s}", name,
	    mac[0] != '\0' ? mac : "(incomplete)", cmd_str(ne, "interface"));
	emit_expiry(n, ne);
	xo_emit(n->n_xo, " {:neighbor-state/%c}", state_letter(ne));
	if (flags[0] != '\0')
		xo_emit(n->n_xo, " {:nd-flags/%s}", flags);
	xo_emit(n->n_xo, "\n");
	xo_close(n->n_xo);
}

/* addr NULL: all; returns how many were shown, -1 after an error. */
static int
show(struct ndp *n, const char *addr)
{
	json_t *r, *ne;
	size_t i;
	int shown = 0;

	if (list(n, &r) != 0)
		return -1;
	xo_open_container(n->n_xo, "ndp");
	xo_open_list(n->n_xo, "neighbor-cache");
	if (addr == NULL && !n->n_stamps)
		emit_titles(n);
	json_array_foreach(json_object_get(r, "neighbours"), i, ne) {
		if (addr != NULL && strcmp(addr, cmd_str(ne, "address")) != 0)
			continue;
		if (addr != NULL && shown == 0 && !n->n_stamps)
			emit_titles(n);
		emit_entry(n, ne);
		shown++;
	}
	xo_close(n->n_xo);
	xo_close(n->n_xo);
	json_decref(r);
	return shown;
}

/* -A: until somebody ends it. */
static int
show_again(struct ndp *n)
{
	while (show(n, NULL) >= 0) {
		if (n->n_wait == 0)
			return 0;
		xo_emit(n->n_xo, "\n");
		if (fflush(stdout) != 0)
			break;
		sleep(n->n_wait);
	}
	return 1;
}

static int
show_host(struct ndp *n, const char *host)
{
	char addr[INET6_TEXTLEN];
	int shown;

	if (lookup(n, host, addr) != 0)
		return 1;
	shown = show(n, addr);
	if (shown == 0)
		xo_emit(n->n_xo, "{d:host/%s} ({d:addr/%s}) -- no entry\n", host, addr);
	return shown > 0 ? 0 : 1;
}

/*
 * Changing.
 */
static int
delete_host(const struct ndp *n, const char *host)
{
	char addr[INET6_TEXTLEN];
	struct cmd_error ce;

	if (lookup(n, host, addr) != 0)
		return 1;
	if (cmd_try(n->n_cx, json_pack("{s:s,s:s}", "op", "neigh.delete", "address", addr), NULL,
	    &ce) == 0) {
		printf("%s (%s) deleted\n", host, addr);
		return 0;
	}
	if (ce.ce_errno == ESRCH)
		cmd_warnx(n->n_cx, "delete: cannot locate %s", host);
	else
		cmd_warnx(n->n_cx, "%s", ce.ce_text);
	return 1;
}

static int
clear(const struct ndp *n)
{
	json_t *r, *ne;
	size_t i;
	int status = 0;

	if (list(n, &r) != 0)
		return 1;
	/* What was set by hand and the interfaces' own addresses stay. */
	json_array_foreach(json_object_get(r, "neighbours"), i, ne)
		if (!cmd_bool(ne, "permanent") && delete_host(n, cmd_str(ne, "address")) != 0)
			status = 1;
	json_decref(r);
	return status;
}

/* HOST MAC [temp] [proxy] */
static int
set(const void *arg, int argc, char **argv)
{
	const struct ndp *n = arg;
	char addr[INET6_TEXTLEN], mac[MAC_STRLEN];
	bool temp = false, proxy = false;
	uint8_t bytes[6];

	if (lookup(n, argv[0], addr) != 0)
		return 1;
	if (!mac_parse(argv[1], bytes)) {
		cmd_warnx(n->n_cx, "invalid link-level address '%s'", argv[1]);
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "temp") == 0)
			temp = true;
		else if (strcmp(argv[i], "proxy") == 0)
			proxy = true;
		else {
			cmd_warnx(n->n_cx, "%s: unknown word", argv[i]);
			return 1;
		}
	}
	mac_format(bytes, mac);
	return cmd_call(n->n_cx, json_pack("{s:s,s:s,s:s,s:b,s:b,s:b}", "op", "neigh.add", "address",
	    addr, "lladdr", mac, "permanent", !temp, "published", proxy, "proxy", proxy), NULL) != 0;
}

/*
 * An interface.
 */
static int
show_interface(const struct ndp *n, const char *name)
{
	json_t *r;
	const json_t *ifp;
	unsigned flags;

	if (cmd_call(n->n_cx, json_pack("{s:s,s:s}", "op", "if.list", "name", name), &r) != 0)
		return 1;
	ifp = json_array_get(json_object_get(r, "interfaces"), 0);
	flags = (unsigned)cmd_int(ifp, "nd6flags");
	printf("linkmtu=%d\n", (int)cmd_int(ifp, "linkmtu6"));
	if (flags != 0)
		printf("Flags:");
	for (size_t i = 0; i < sizeof(nd6_flags) / sizeof(nd6_flags[0]); i++)
		if ((flags & nd6_flags[i].bit) != 0)
			printf(" %s", nd6_flags[i].bsd != NULL ? nd6_flags[i].bsd : nd6_flags[i].name);
	if (flags != 0)
		printf("\n");
	json_decref(r);
	return 0;
}

static int
set_interface(const struct ndp *n, const char *name, int argc, char **argv)
{
	json_t *req = json_pack("{s:s,s:s,s:[],s:[]}", "op", "if.nd6flags", "name", name, "set",
	    "clear");
	const char *bare;
	size_t k;

	/* "--" keeps getopt(3) from -flags; ours has stopped at the interface. */
	for (int i = strcmp(argv[0], "--") == 0; i < argc; i++) {
		bare = argv[i] + (argv[i][0] == '-');
		for (k = 0; k < sizeof(nd6_flags) / sizeof(nd6_flags[0]); k++)
			if (strcmp(bare, nd6_flags[k].name) == 0 || (nd6_flags[k].bsd != NULL && strcmp(bare, nd6_flags[k].bsd) == 0))
				break;
		if (k == sizeof(nd6_flags) / sizeof(nd6_flags[0])) {
			cmd_warnx(n->n_cx, "%s: unknown flag", argv[i]);
			json_decref(req);
			return 1;
		}
		json_array_append_new(json_object_get(req, bare == argv[i] ? "set" : "clear"),
		    json_string(nd6_flags[k].name));
	}
	return cmd_call(n->n_cx, req, NULL) != 0;
}

static int
run(struct ndp *n, int argc, char **argv)
{
	switch (n->n_verb) {
	case 'a':
		return argc == 0 ? show_again(n) : cmd_usage(n->n_cx, 0, 1);
	case 'c':
		return argc == 0 ? clear(n) : cmd_usage(n->n_cx, 0, 1);
	case 'd':
		return argc == 1 ? delete_host(n, argv[0]) : cmd_usage(n->n_cx, 0, 1);
	case 'f':
		return argc == 1 ? cmd_lines(n->n_cx, argv[0], set, n) : cmd_usage(n->n_cx, 0, 1);
	case 'i':
		return argc == 0 ? cmd_usage(n->n_cx, 0, 1) :
		    argc == 1 ? show_interface(n, argv[0]) :
		    set_interface(n, argv[0], argc - 1, argv + 1);
	case 's':
		return argc >= 2 ? set(n, argc, argv) : cmd_usage(n->n_cx, 0, 1);
	case 'I':
		return argc <= 1 ? ndp_defaultif(n, argv[0]) : cmd_usage(n->n_cx, 0, 1);
	case 'D':
		return argc == 0 ? ndp_dns(n) : cmd_usage(n->n_cx, 0, 1);
	case 'p':
		return argc == 0 ? ndp_prefixes(n) : cmd_usage(n->n_cx, 0, 1);
	case 'r':
		return argc == 0 ? ndp_routers(n) : cmd_usage(n->n_cx, 0, 1);
	case 'H': case 'P': case 'R':
		return argc == 0 ? ndp_flush(n) : cmd_usage(n->n_cx, 0, 1);
	default:
		return argc == 1 ? show_host(n, argv[0]) : cmd_usage(n->n_cx, 0, 1);
	}
}

int
cmd_ndp(struct cmd_ctx *cx, int argc, char **argv)
{
	struct ndp n = { .n_cx = cx };
	long long wait;
	int ch;

	if ((n.n_xo = cmd_xo(cx, &argc, argv)) == NULL)
		return 1;
	while ((ch = getopt(argc, argv, "+:A:acDdfHIij:nPpRrst")) != -1) {
		switch (ch) {
		case 'a': case 'c': case 'D': case 'd': case 'f': case 'H': case 'I': case 'i': case 'P': case 'p': case 'R': case 'r': case 's':
			n.n_verb = (char)ch; break;
		case 'j': cx->cx_jail = optarg; break;
		case 'n': n.n_numeric = true; break;
		case 't': n.n_stamps = true; break;
		case 'A':
			n.n_verb = 'a';
			if (cmd_number(optarg, 0, 86400, &wait)) {
				n.n_wait = (unsigned)wait;
				break;
			}
			/* FALLTHROUGH */
		default:
			xo_finish(n.n_xo, 1);
			return cmd_usage(cx, ch, 1);
		}
	}
	return xo_finish(n.n_xo, run(&n, argc - optind, argv + optind));
}
