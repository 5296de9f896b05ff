/* SPDX-License-Identifier: BSD-2-Clause */
/* arp(8): the Ethernet addresses of neighbours. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inet.h"
#include "cmd/xo.h"

struct arp {
	struct cmd_ctx	*a_cx;
	struct xo	*a_xo;
	bool		 a_all, a_numeric, a_noresolver;
	char		 a_verb;	/* 'd', 's', 'S', 'f', or 0: show */
	const char	*a_interface;
};

static int
lookup(const struct arp *a, const char *host, struct in_addr *in)
{
	if (inet_host(host, in))
		return 0;
	cmd_warnx(a->a_cx, "%s: Unknown host", host);
	return 1;
}

static int
list(const struct arp *a, json_t **r)
{
	return cmd_call(
	    a->a_cx, json_pack("{s:s,s:s,s:s*}", "op", "neigh.list", "family", "inet", "interface",
	    a->a_interface), r);
}

/*
 * Showing.
 */

/* "?" when it has no name.  One resolver that does not answer is enough to ask no more. */
static void
host_name(struct arp *a, const char *addr, char *buf, size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int error = EAI_NONAME;

	if (!a->a_numeric && !a->a_noresolver && inet_number(addr, &sin.sin_addr))
		error = getnameinfo((struct sockaddr *)&sin, sizeof(sin), buf, (socklen_t)len, NULL,
		    0, NI_NAMEREQD);
	if (error == EAI_AGAIN)
		a->a_noresolver = true;
	if (error != 0)
		snprintf(buf, len, "?");
}

static void
emit_expiry(struct xo *xo, const json_t *ne)
{
	if (cmd_bool(ne, "permanent"))
		xo_emit(xo, " permanent{en:permanent/true}");
	else if (cmd_bool(ne, "complete"))
		xo_emit(xo, " expires in {:expires/%jd} seconds", cmd_int(ne, "expire"));
	else
		xo_emit(xo, " expired");
	if (cmd_bool(ne, "published"))
		xo_emit(xo, " published{en:published/true}");
	if (cmd_str(ne, "refuse")[0] != '\0')		/* which FreeBSD sets, but does not show */
		xo_emit(xo, " {:refuse/%s}", cmd_str(ne, "refuse"));
}

static void
emit_entry(struct arp *a, const json_t *ne)
{
	const char *mac = cmd_str(ne, "lladdr");
	char name[NI_MAXHOST];

	host_name(a, cmd_str(ne, "address"), name, sizeof(name));
	xo_open_instance(a->a_xo);
	xo_emit(a->a_xo, "{:hostname/%s} ({:ip-address/%s}) at ", name, cmd_str(ne, "address"));
	if (mac[0] != '\0')
		xo_emit(a->a_xo, "{:mac-address/%s}", mac);
	else
		xo_emit(a->a_xo, "(incomplete){en:incomplete/true}");
	xo_emit(a->a_xo, " on {:interface/%s}", cmd_str(ne, "interface"));
	emit_expiry(a->a_xo, ne);
	xo_emit(a->a_xo, " [{:type/%s}]\n", "ethernet");
	xo_close(a->a_xo);
}

/* addr NULL: all; returns how many were shown, -1 after an error. */
static int
show(struct arp *a, const char *addr)
{
	json_t *r, *ne;
	size_t i;
	int n = 0;

	if (list(a, &r) != 0)
		return -1;
	xo_open_container(a->a_xo, "arp");
	xo_open_list(a->a_xo, "arp-cache");
	json_array_foreach(json_object_get(r, "neighbours"), i, ne) {
		if (addr != NULL && strcmp(addr, cmd_str(ne, "address")) != 0)
			continue;
		emit_entry(a, ne);
		n++;
	}
	xo_close(a->a_xo);
	xo_close(a->a_xo);
	json_decref(r);
	return n;
}

static int
show_host(struct arp *a, const char *host)
{
	char addr[INET_ADDRSTRLEN];
	struct in_addr in;
	int n;

	if (lookup(a, host, &in) != 0)
		return 1;
	inet_ntop(AF_INET, &in, addr, sizeof(addr));
	n = show(a, addr);
	if (n == 0)
		xo_emit(a->a_xo, "{d:host/%s} ({d:addr/%s}) -- no entry{P:/%s}{P:/%s}\n", host,
		    addr, a->a_interface != NULL ? " on " : "",
		    a->a_interface != NULL ? a->a_interface : "");
	return n > 0 ? 0 : 1;
}

/*
 * Changing.
 */
/* The interface on whose network the address is; NULL: none.  A reference into *r, which is the caller's. */
static const json_t *
interface_of(const struct arp *a, struct in_addr in, json_t **r)
{
	const json_t *ifp, *addr;
	struct cmd_error ce;
	struct in_addr own;
	size_t i, k;

	if (cmd_try(a->a_cx, json_pack("{s:s}", "op", "if.list"), r, &ce) != 0) {
		*r = NULL;
		return NULL;
	}
	json_array_foreach(json_object_get(*r, "interfaces"), i, ifp)
		json_array_foreach(json_object_get(ifp, "addresses"), k, addr)
			if (cmd_str(ifp, "lladdr")[0] != '\0' && inet_number(cmd_str(addr, "address"), &own) &&
			    ((own.s_addr ^ in.s_addr) & htonl(inet_mask((int)cmd_int(addr, "prefixlen")))) == 0)
				return ifp;
	return NULL;
}

static bool
is_near(const struct arp *a, struct in_addr in)
{
	json_t *r;
	bool near = interface_of(a, in, &r) != NULL;

	json_decref(r);
	return near;
}

static int
delete_host(const struct arp *a, const char *host, bool must)
{
	struct cmd_error ce;
	struct in_addr in;
	json_t *req;

	if (lookup(a, host, &in) != 0)
		return 1;
	req = json_pack("{s:s,s:s,s:s*}", "op", "neigh.delete", "address", inet_ntoa(in),
	    "interface", a->a_interface);
	if (cmd_try(a->a_cx, req, NULL, &ce) == 0) {
		printf("%s (%s) deleted\n", host, inet_ntoa(in));
		return 0;
	}
	if (ce.ce_errno == ESRCH && !must)
		return 0;
	if (ce.ce_errno == ESRCH)
		cmd_warnx(a->a_cx, is_near(a, in) ? "delete %s: %s" : "delete: cannot locate %s", host, strerror(ENOENT));
	else
		cmd_warnx(a->a_cx, "%s", ce.ce_text);
	return 1;
}

static int
delete_all(const struct arp *a)
{
	json_t *r, *ne;
	size_t i;
	int status = 0;

	if (list(a, &r) != 0)
		return 1;
	/* The interfaces' own addresses stay. */
	json_array_foreach(json_object_get(r, "neighbours"), i, ne)
		if (!cmd_bool(ne, "own") && delete_host(a, cmd_str(ne, "address"), true) != 0)
			status = 1;
	json_decref(r);
	return status;
}

/* "auto": of the interface on whose net the host is.  0, or what set() returns after a message. */
static int
own_mac(const struct arp *a, const char *host, struct in_addr in, char mac[MAC_STRLEN])
{
	const json_t *ifp;
	json_t *r;

	if ((ifp = interface_of(a, in, &r)) != NULL)
		snprintf(mac, MAC_STRLEN, "%s", cmd_str(ifp, "lladdr"));
	else
		cmd_warnx(a->a_cx, "no interface found for %s", host);
	json_decref(r);
	return ifp != NULL ? 0 : 1;
}

struct words {
	bool		 w_temp, w_pub, w_only;
	const char	*w_refuse;	/* NULL: neither reject nor blackhole */
};

static int
take_words(const struct arp *a, struct words *w, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "temp") == 0)
			w->w_temp = true;
		else if (strcmp(argv[i], "pub") == 0)
			w->w_pub = true;
		else if (strcmp(argv[i], "only") == 0 && w->w_pub)
			w->w_only = true;
		else if (strcmp(argv[i], "blackhole") != 0 && strcmp(argv[i], "reject") != 0) {
			cmd_warnx(a->a_cx, "Invalid parameter '%s'", argv[i]);
			return 1;
		} else if (w->w_refuse != NULL && strcmp(w->w_refuse, argv[i]) != 0) {
			cmd_warnx(a->a_cx, "Choose one of blackhole or reject, not both.");
			return 1;
		} else
			w->w_refuse = argv[i];
	}
	return 0;
}

/* HOST MAC [temp] [blackhole | reject] [pub [only]] */
static int
set(const void *arg, int argc, char **argv)
{
	const struct arp *a = arg;
	struct words w = { .w_refuse = NULL };
	char mac[MAC_STRLEN];
	struct in_addr in;
	uint8_t bytes[6];

	if (lookup(a, argv[0], &in) != 0)
		return 1;
	if (take_words(a, &w, argc - 2, argv + 2) != 0)
		return 1;
	if (w.w_pub && strcmp(argv[1], "auto") == 0) {
		if (own_mac(a, argv[0], in, mac) != 0)
			return 1;
	} else if (mac_parse(argv[1], bytes)) {
		mac_format(bytes, mac);
	} else {
		cmd_warnx(a->a_cx, "invalid Ethernet address '%s'", argv[1]);
		return 1;
	}
	if (a->a_verb == 'S' && delete_host(a, argv[0], false) != 0)
		return 1;
	return cmd_call(a->a_cx,
		   json_pack("{s:s,s:s,s:s,s:b,s:b,s:b,s:s*}", "op", "neigh.add", "address",
		       inet_ntoa(in), "lladdr", mac, "permanent", !w.w_temp, "published", w.w_pub, "proxy",
		       w.w_only, "refuse", w.w_refuse),
		   NULL) != 0;
}

/* -i is for what is shown, and for -d -a. */
static bool
narrows(const struct arp *a)
{
	return a->a_verb == 0 || (a->a_verb == 'd' && a->a_all);
}

static int
run(struct arp *a, int argc, char **argv)
{
	if (a->a_interface != NULL && !narrows(a)) {
		cmd_warnx(a->a_cx, "-i not applicable to this operation");
		return 1;
	}
	if (a->a_verb == 'f')
		return argc == 1 && !a->a_all ? cmd_lines(a->a_cx, argv[0], set, a) : cmd_usage(a->a_cx, 0, 1);
	if (a->a_verb == 's' || a->a_verb == 'S')
		return argc >= 2 && !a->a_all ? set(a, argc, argv) : cmd_usage(a->a_cx, 0, 1);
	if (a->a_verb == 'd' && a->a_all)
		return argc == 0 ? delete_all(a) : cmd_usage(a->a_cx, 0, 1);
	if (a->a_verb == 'd')
		return argc == 1 ? delete_host(a, argv[0], true) : cmd_usage(a->a_cx, 0, 1);
	if (a->a_all)
		return argc == 0 ? show(a, NULL) < 0 : cmd_usage(a->a_cx, 0, 1);
	return argc == 1 ? show_host(a, argv[0]) : cmd_usage(a->a_cx, 0, 1);
}

int
cmd_arp(struct cmd_ctx *cx, int argc, char **argv)
{
	struct arp a = { .a_cx = cx };
	int ch;
	bool twice = false;

	if ((a.a_xo = cmd_xo(cx, &argc, argv)) == NULL)
		return 1;
	while ((ch = getopt(argc, argv, "+:adfi:j:nsS")) != -1) {
		switch (ch) {
		case 'a': a.a_all = true; break;
		case 'd': case 'f': case 's': case 'S':
			twice = twice || a.a_verb != 0;
			a.a_verb = (char)ch;
			break;
		case 'i': a.a_interface = optarg; break;
		case 'j': cx->cx_jail = optarg; break;
		case 'n': a.a_numeric = true; break;
		default:
			xo_finish(a.a_xo, 1);
			return cmd_usage(cx, ch, 1);
		}
	}
	return xo_finish(a.a_xo, twice ? cmd_usage(cx, 0, 1) : run(&a, argc - optind, argv + optind));
}
