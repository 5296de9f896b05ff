/* SPDX-License-Identifier: BSD-2-Clause */
/* "route monitor": what changes, in the words of the messages of a routing socket. */
#include "cmd/route.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cmd/cmd.h"
#include <vimage/ifnet.h>

static void
print_time(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[64];

	if (localtime_r(&now, &tm) != NULL && strftime(text, sizeof(text), "%c", &tm) > 0)
		printf("\ngot message on %s\n", text);
}

static void
print_route(const json_t *ev, const char *what)
{
	const json_t *rt = json_object_get(ev, "route");
	const char *gateway = cmd_str(rt, "gateway");

	printf("%s: ", what);
	printf("fib: %d, if# %d, ", (int)cmd_int(rt, "fib"), (int)cmd_int(rt, "index"));
	printf("flags:");
	route_print_flags((unsigned)cmd_int(rt, "flags"));
	printf("\nsockaddrs: <DST,GATEWAY,NETMASK>\n %s", cmd_int(rt, "prefixlen") == 0
		? "default"
		: cmd_str(rt, "destination"));
	if (gateway[0] != '\0')
		printf(" %s", gateway);
	else
		printf(" link#%d", (int)cmd_int(rt, "index"));
	printf(" /%d\n", (int)cmd_int(rt, "prefixlen"));
}

static void
print_address(const json_t *ev, const char *what)
{
	const json_t *rt = json_object_get(ev, "route");

	printf("%s: if# %d\nsockaddrs: <NETMASK,IFP,IFA>\n /%d %s %s\n", what,
	    (int)cmd_int(rt, "index"), (int)cmd_int(rt, "prefixlen"), cmd_str(rt, "interface"),
	    cmd_str(rt, "source"));
}

static void
print_announce(const json_t *ev, const char *what)
{
	const json_t *rt = json_object_get(ev, "route");

	printf("RTM_IFANNOUNCE: interface arrival/departure: if# %d, if name: %s, what: %s\n",
	    (int)cmd_int(rt, "index"), cmd_str(rt, "interface"), what);
}

static void
print_ifinfo(const json_t *ev, const char *what)
{
	const json_t *rt = json_object_get(ev, "route");
	const json_int_t flags = cmd_int(ev, "ifflags");

	printf("%s: if# %d, if name: %s, mtu: %d, flags:<%s%s>\n", what, (int)cmd_int(rt, "index"),
	    cmd_str(rt, "interface"), (int)cmd_int(rt, "mtu"), flags & VI_IFF_UP ? "UP" : "",
	    (flags & (VI_IFF_UP | VI_IFF_RUNNING)) == (VI_IFF_UP | VI_IFF_RUNNING) ? ",RUNNING"
										   : "");
}

/* BSD's tables have neighbours as routes with link data. */
static void
print_neighbour(const json_t *ev, const char *what)
{
	const json_t *ne = json_object_get(ev, "neighbour");
	const char *mac = cmd_str(ne, "lladdr");

	printf("%s: if# %d, flags:<UP,HOST,LLDATA%s>\nsockaddrs: <DST,GATEWAY>\n %s %s\n", what,
	    (int)cmd_int(json_object_get(ev, "route"), "index"),
	    cmd_bool(ne, "permanent") ? ",STATIC" : "", cmd_str(ne, "address"),
	    mac[0] != '\0' ? mac : "(incomplete)");
}

static const struct kind {
	const char	*k_name;	/* in the protocol */
	void		(*k_print)(const json_t *, const char *);
	const char	*k_what;
} kinds[] = {
	{ "route-add", print_route, "RTM_ADD: Add Route" },
	{ "route-change", print_route, "RTM_CHANGE: Change Metrics, Flags or Gateway" },
	{ "route-delete", print_route, "RTM_DELETE: Delete Route" },
	{ "neighbour-change", print_neighbour, "RTM_ADD: Add Route" },
	{ "neighbour-delete", print_neighbour, "RTM_DELETE: Delete Route" },
	{ "address-add", print_address, "RTM_NEWADDR: address being added to iface" },
	{ "address-delete", print_address, "RTM_DELADDR: address being removed from iface" },
	{ "interface-arrive", print_announce, "arrival" },
	{ "interface-depart", print_announce, "departure" },
	{ "interface-change", print_ifinfo, "RTM_IFINFO: iface status change" },
};

static bool
event_wanted(const json_t *ev, int family)
{
	const json_t *rt = json_object_get(ev, "route");
	const char *addr = cmd_str(rt, "destination");

	if (addr[0] == '\0')
		addr = cmd_str(rt, "source");
	if (addr[0] == '\0')
		addr = cmd_str(json_object_get(ev, "neighbour"), "address");
	if (family == AF_UNSPEC || addr[0] == '\0')
		return true;
	return (family == AF_INET6) == (strchr(addr, ':') != NULL);
}

static void
print_event(const json_t *ev, int family)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].k_name, cmd_str(ev, "kind")) != 0 || !event_wanted(ev, family))
			continue;
		print_time();
		kinds[i].k_print(ev, kinds[i].k_what);
	}
}

int
route_monitor(struct cmd_ctx *cx, int family)
{
	json_int_t last = -1;
	json_t *req, *reply, *ev;
	size_t i;

	for (;;) {
		req = json_pack("{s:s}", "op", "route.events");
		if (last >= 0)
			json_object_update_new(req, json_pack("{s:I,s:b}", "after", last, "wait", 1));
		if (cmd_call(cx, req, &reply) != 0)
			return 1;
		if (cmd_bool(reply, "lost"))
			cmd_warnx(cx, "some messages were lost");
		json_array_foreach(json_object_get(reply, "events"), i, ev)
			print_event(ev, family);
		fflush(stdout);
		if (ferror(stdout))
			return 1;
		last = cmd_int(reply, "last");
		json_decref(reply);
	}
}
