/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * churn_test STEPS [SEED]: random operations on a kernel, in any order and with any arguments: stacks and jails come and go, cables are made, moved,
 * renamed and cut, bridges, trunks and tunnels made of them, somebody becomes the medium of wires and devices, links to the host get their far stacks, addresses of both families and routes
 * change, links get properties, sockets do everything sockets do, limits are drawn tight, time passes in leaps. Most calls fail for good reasons;
 * which error they give is the business of other tests. Here nothing may crash, every destroyed stack must have returned all it had, and at the end
 * nothing is left. The seed is printed, and the same seed does the same again.
 */
#include "tests/lib/tl.h"

#include <stdlib.h>

#include <arpa/inet.h>
#include <vimage/jail.h>
#include <vimage/packet.h>
#include <vimage/tap.h>
#include <vimage/unat.h>

enum { VNETS = 6, SOCKS = 64, MEDIA = 12, JAILS = 4 };

struct slot {
	struct vi_socket *so;
};

/* Somebody at the other end of a tun, tap, wire or host. */
struct medium {
	struct world	*md_world;
	struct vi_tap	*md_tap;	/* NULL: nobody */
	bool		 md_ether;
};

struct world {
	struct tl	 t;
	struct vi_vnet	*vn[VNETS];
	struct slot	 sock[SOCKS];
	struct medium	 medium[MEDIA];
	uint64_t	 rnd;
	unsigned long	 destroyed, made, upcalls, accepted, kinds, options, frames, unats, jails, packets;
	unsigned long long bytes;
};

static uint32_t
rnd(struct world *w, uint32_t limit)
{
	w->rnd = w->rnd * 6364136223846793005ull + 1442695040888963407ull;
	return ((uint32_t)((w->rnd >> 33) % limit));
}

static struct vi_sockaddr
rnd_addr(struct world *w)
{
	static const char *const odd[] = { "0.0.0.0", "127.0.0.1", "255.255.255.255", "10.0.0.255", "224.0.0.1", "192.0.2.9" };
	static const char *const odd6[] = { "::", "::1", "ff02::1", "fe80::1%2", "::ffff:10.0.0.1", "2001:db8:9::9" };
	const bool six = rnd(w, 4) == 0;
	char text[32];

	if (rnd(w, 8) == 0)
		return (tl_addr((six ? odd6 : odd)[rnd(w, 6)], (uint16_t)rnd(w, 4)));
	snprintf(text, sizeof(text), six ? "2001:db8:%u::%u" : "10.0.%u.%u", rnd(w, 3), 1 + rnd(w, 5));
	return (tl_addr(text, (uint16_t)rnd(w, 6)));
}

/* Choice of an interface. */

struct choice { struct world *w; unsigned n; char name[VI_IFNAMSIZ]; };

static void
choose(void *arg, const struct vi_ifinfo *info)
{
	struct choice *c = arg;

	if (strcmp(info->if_driver, "lo") == 0)
		return;
	if (rnd(c->w, ++c->n) == 0)
		memcpy(c->name, info->if_name, sizeof(c->name));
}

static const char *
rnd_if(struct world *w, struct vi_vnet *vn)
{
	static char name[VI_IFNAMSIZ];
	struct choice c = { .w = w };

	snprintf(c.name, sizeof(c.name), "%s", rnd(w, 3) ? "lo0" : "nothing");
	vi_if_list(vn, choose, &c);
	memcpy(name, c.name, sizeof(name));
	return (name);
}

/* The stack of one of the jails, if it is there. */
static struct vi_vnet *
rnd_jail(struct world *w)
{
	char name[8];
	int jid;

	snprintf(name, sizeof(name), "j%u", rnd(w, JAILS));
	return (vi_jail_find(w->t.k, 0, name, &jid) == 0 ? vi_jail_vnet(w->t.k, jid) : NULL);
}

static struct vi_vnet *
rnd_vnet(struct world *w)
{
	struct vi_vnet *vn = rnd(w, 6) == 0 ? rnd_jail(w) : w->vn[rnd(w, VNETS)];

	return (vn != NULL ? vn : vi_vnet0(w->t.k));
}

/* Stacks. */

static void
op_vnet_create(struct world *w)
{
	unsigned i = rnd(w, VNETS);

	if (w->vn[i] == NULL && vi_vnet_create(w->t.k, "v", &w->vn[i]) == 0) {
		w->made++;
		tl_ok(vi_sysctl_set(w->vn[i], "net.inet.ip.forwarding", "1", &tl_root));
		if (rnd(w, 2))
			tl_ifaddr(w->vn[i], "lo0", "127.0.0.1", 8);
	}
}

static void
op_vnet_destroy(struct world *w)
{
	unsigned i = rnd(w, VNETS);

	if (w->vn[i] == NULL || rnd(w, 20) != 0)
		return;
	tl_destroy(w->vn[i]);
	w->vn[i] = NULL;
	w->destroyed++;
}

static void
op_jail(struct world *w)
{
	char name[8], ifname[VI_IFNAMSIZ], err[VI_ERRLEN];
	const struct vi_param params[] = { { "name", name }, { "vnet", rnd(w, 8) ? "new" : "inherit" }, { "persist", NULL },
		{ rnd(w, 2) ? "vnet.interface" : "host.hostname", ifname }, { "limit.memory", "8m" } };
	int jid;

	snprintf(name, sizeof(name), "j%u", rnd(w, JAILS));
	snprintf(ifname, sizeof(ifname), "%s", rnd_if(w, vi_vnet0(w->t.k)));
	if (rnd(w, 8) == 0 && vi_jail_find(w->t.k, 0, name, &jid) == 0)
		tl_ok(vi_jail_remove(w->t.k, 0, jid));
	else if (vi_jail_set(w->t.k, 0, params, 3 + rnd(w, 3), VI_JAIL_CREATE | VI_JAIL_UPDATE, &jid, err) == 0)
		w->jails++;
}

static void
op_limit(struct world *w)
{
	static const char *const kinds[] = { "memory", "mbuf", "socket", "tcpcb", "inpcb", "syncache", "route", "neighbour", "ifnet" };
	struct vi_vnet *vn = rnd_vnet(w);

	if (vn == vi_vnet0(w->t.k))
		return;
	if (rnd(w, 2))
		for (unsigned i = 0; i < 9; i++)
			tl_ok(vi_vnet_set_limit(vn, kinds[i], 0));
	else
		tl_ok(vi_vnet_set_limit(vn, kinds[rnd(w, 9)], rnd(w, 5) ? 0 : 1000 + rnd(w, 200000)));
}

static void
op_knob(struct world *w)
{
	static const char *const knobs[] = { "net.inet.ip.forwarding", "net.inet.ip.redirect", "net.inet.tcp.syncookies", "net.inet.tcp.sack.enable",
		"net.inet.tcp.rfc1323", "net.inet.tcp.blackhole", "net.inet.udp.blackhole", "net.inet.icmp.icmplim", "kern.ipc.somaxconn", "net.inet.ip.ttl" };

	(void)vi_sysctl_set(rnd_vnet(w), knobs[rnd(w, 10)], rnd(w, 2) ? "1" : "0", &tl_root);
}

/* Interfaces, addresses, routes. */

static void
give_address(struct world *w, struct vi_vnet *vn, const char *name, unsigned subnet)
{
	struct vi_ifaddr ia = { .ia_prefixlen = 24 };
	char text[32];

	snprintf(text, sizeof(text), "10.0.%u.%u", subnet, 1 + rnd(w, 5));
	ia.ia_addr = tl_addr(text, 0);
	(void)vi_if_addr_add(vn, name, &ia, true);
	if (rnd(w, 2)) {
		snprintf(text, sizeof(text), "2001:db8:%u::%u", subnet, 1 + rnd(w, 5));
		ia = (struct vi_ifaddr){ .ia_addr = tl_addr(text, 0), .ia_prefixlen = 64 };
		(void)vi_if_addr_add(vn, name, &ia, true);
	}
	(void)vi_if_set_flags(vn, name, VI_IFF_UP, 0);
}

static void
op_epair(struct world *w)
{
	struct vi_vnet *from = rnd_vnet(w), *to = rnd_vnet(w);
	char a[VI_IFNAMSIZ], b[VI_IFNAMSIZ];
	unsigned subnet = rnd(w, 3);

	if (vi_if_create(from, rnd(w, 8) ? "epair" : "lo", a) != 0 || a[0] != 'e')
		return;
	memcpy(b, a, sizeof(b));
	b[strlen(b) - 1] = 'b';
	if (from != to && vi_if_move(from, b, to) != 0)
		to = from;
	give_address(w, from, a, subnet);
	give_address(w, to, b, rnd(w, 8) ? subnet : rnd(w, 3));
}

static void
op_if(struct world *w)
{
	static const char *const names[] = { "eth0", "eth1", "wan", "epair0a", "epair1b" };
	struct vi_vnet *vn = rnd_vnet(w), *to = rnd_vnet(w);
	const char *name = rnd_if(w, vn);

	switch (rnd(w, 9)) {
	case 0: (void)(rnd(w, 2) ? vi_if_destroy(vn, name) : 0); break;
	case 1: (void)vi_if_move(vn, name, to); break;
	case 3: (void)vi_if_reclaim(vn, name, to); break;
	case 4: (void)vi_if_rename(vn, name, names[rnd(w, 5)]); break;
	case 5: (void)vi_if_set_mtu(vn, name, 60 + rnd(w, 3000)); break;
	case 6: (void)(rnd(w, 3) ? 0 : vi_if_set_flags(vn, name, 0, VI_IFF_UP)); break;
	default: (void)vi_if_set_flags(vn, name, VI_IFF_UP, 0); break;
	}
}

/* Interfaces above others, and what only they can do. */

static void
option(struct world *w, struct vi_vnet *vn, const char *name, const char *word, const char *a, const char *b)
{
	const char *const argv[] = { a, b };
	char err[VI_ERRLEN];

	if (vi_if_option(vn, name, word, argv, a == NULL ? 0 : b == NULL ? 1 : 2, err) == 0)
		w->options++;
}

/* A bridge without spanning tree, or a span that leads back, would make storms that nothing ends while no time passes. */
static void
op_member(struct world *w)
{
	struct vi_vnet *vn = rnd_vnet(w);
	char name[VI_IFNAMSIZ], member[VI_IFNAMSIZ];

	snprintf(name, sizeof(name), "%s", rnd_if(w, vn));
	snprintf(member, sizeof(member), "%s", rnd_if(w, vn));
	option(w, vn, name, "addm", member, NULL);
	option(w, vn, name, "stp", member, NULL);
}

static void
op_option(struct world *w)
{
	static const struct { const char *word, *a, *b; } words[] = {
		{ "vlandev", "", NULL }, { "vlan", "7", NULL }, { "vlan", "8", NULL }, { "-vlandev", NULL, NULL }, { "vlanproto", "802.1ad", NULL }, { "vlanpcp", "3", NULL },
		{ "deletem", "", NULL }, { "static", "", "02:00:00:00:00:09" }, { "flush", NULL, NULL }, { "flushall", NULL, NULL }, { "private", "", NULL },
		{ "maxaddr", "3", NULL }, { "timeout", "1", NULL }, { "vlanfilter", NULL, NULL }, { "laggport", "", NULL }, { "-laggport", "", NULL },
		{ "laggproto", "lacp", NULL }, { "laggproto", "roundrobin", NULL }, { "laggproto", "failover", NULL }, { "tunnel", "10.0.0.1", "10.0.0.2" },
		{ "tunnel", "10.0.1.2", "10.0.1.1" }, { "deletetunnel", NULL, NULL }, { "grekey", "5", NULL }, { "enable_csum", NULL, NULL }, { "enable_seq", NULL, NULL },
		{ "vxlanid", "9", NULL }, { "vxlanlocal", "10.0.0.1", NULL }, { "vxlanremote", "10.0.0.2", NULL }, { "vxlangroup", "239.0.0.9", NULL }, { "vxlandev", "", NULL },
		{ "vlan", "99999", NULL }, { "tunnel", "x", "y" }, { "sticky", "", NULL }, { "priority", "4096", NULL },
	};
	struct vi_vnet *vn = rnd_vnet(w);
	char name[VI_IFNAMSIZ], other[VI_IFNAMSIZ];
	unsigned i;

	snprintf(name, sizeof(name), "%s", rnd_if(w, vn));
	snprintf(other, sizeof(other), "%s", rnd_if(w, vn));
	for (unsigned n = 0; n < 8; n++) {	/* most are another kind's */
		i = rnd(w, sizeof(words) / sizeof(words[0]));
		option(w, vn, name, words[i].word, words[i].a != NULL && words[i].a[0] == '\0' ? other : words[i].a, words[i].b);
	}
}

static void
op_link(struct world *w)
{
	struct vi_linkprops lp = { .lp_delay = rnd(w, 2) ? rnd(w, 50) * TL_MS : 0, .lp_rate = rnd(w, 2) ? 100000 + rnd(w, 100000000) : 0, .lp_queue = rnd(w, 20),
		.lp_loss = rnd(w, 4) ? 0 : 0.1, .lp_dup = rnd(w, 4) ? 0 : 0.1, .lp_reorder = rnd(w, 4) ? 0 : 0.1, .lp_corrupt = rnd(w, 4) ? 0 : 0.05 };
	struct vi_vnet *vn = rnd_vnet(w);

	(void)vi_if_set_link(vn, rnd_if(w, vn), rnd(w, 3) ? &lp : NULL);
}

/* What is outside. */

static int
medium_output(void *arg, const struct vi_tap_frame *tf)
{
	struct medium *md = arg;

	assert_true(tf->tf_len > 0 && tf->tf_iovcnt <= VI_TAP_MAXIOV);
	md->md_world->frames++;
	return (rnd(md->md_world, 8) ? 0 : ENOBUFS);
}

static void
medium_gone(void *arg)
{
	struct medium *md = arg;

	md->md_tap = NULL;
}

/* kind: as in tp_kind; a tap, or a tun if it is "". */
static void
medium_open(struct world *w, struct medium *md, struct vi_vnet *vn, const char *ifname, const char *kind)
{
	const bool tun = kind != NULL && kind[0] == '\0';
	const struct vi_tap_params tp = { .tp_tap = !tun, .tp_kind = tun ? NULL : kind, .tp_existing = rnd(w, 8) == 0, .tp_nocarrier = rnd(w, 8) == 0,
		.tp_output = medium_output, .tp_gone = medium_gone, .tp_arg = md };
	char name[VI_IFNAMSIZ];

	if (md->md_tap != NULL)
		return;
	*md = (struct medium){ .md_world = w, .md_ether = !tun };
	if (vi_tap_open(vn, ifname, &tp, &md->md_tap) != 0) {
		md->md_tap = NULL;
		return;
	}
	vi_tap_name(md->md_tap, name);
	give_address(w, vi_tap_vnet(md->md_tap), name, rnd(w, 3));
	vi_tap_offload(md->md_tap, rnd(w, 8));
}

/* An ARP request, something of IP, or anything at all. */
static void
medium_input(struct world *w, const struct medium *md)
{
	const struct vi_tap_rest tr = { .tr_csumstart = (uint16_t)(rnd(w, 2) * 34), .tr_csumat = (uint16_t)(34 + rnd(w, 20)), .tr_segsz = (uint16_t)(rnd(w, 2) * 100),
		.tr_hdrlen = 54, .tr_good = rnd(w, 2) };
	static const uint8_t arp[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 9, 0, 0, 0, 0, 0, 0, 10, 0 };
	static const uint8_t types[][2] = { { 8, 0 }, { 0x86, 0xdd }, { 0x81, 0 }, { 0x88, 9 } };
	uint8_t buf[600];
	const size_t len = 42 + rnd(w, sizeof(buf) - 42), at = md->md_ether ? 14 : 0;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)rnd(w, 256);
	memcpy(buf, arp, rnd(w, 2) ? sizeof(arp) : 12);
	buf[40] = (uint8_t)rnd(w, 3);
	buf[41] = (uint8_t)(1 + rnd(w, 5));
	if (buf[12] != 8 || buf[13] != 6)
		memcpy(buf + 12, types[rnd(w, 4)], 2);
	if (rnd(w, 2) && (buf[12] != 8 || buf[13] != 6 || at == 0))
		buf[at] = rnd(w, 2) ? 0x45 : 0x60;
	if (rnd(w, 4) == 0)
		(void)vi_tap_input_rest(md->md_tap, buf, len, &tr);
	else
		(void)vi_tap_input(md->md_tap, buf, len);
}

static void
op_medium(struct world *w)
{
	static const char *const kinds[] = { NULL, "", "wire", "host" };
	struct medium *md = &w->medium[rnd(w, MEDIA)];
	struct vi_vnet *vn = rnd_vnet(w);

	if (md->md_tap == NULL) {
		medium_open(w, md, vn, rnd(w, 2) ? rnd_if(w, vn) : NULL, kinds[rnd(w, 4)]);
		return;
	}
	switch (rnd(w, 12)) {
	case 0:
		vi_tap_close(md->md_tap);
		md->md_tap = NULL;
		break;
	case 1: vi_tap_carrier(md->md_tap, rnd(w, 3)); break;
	case 2: vi_tap_persist(md->md_tap, rnd(w, 2)); break;
	case 3: vi_tap_offload(md->md_tap, rnd(w, 8)); break;
	case 4: (void)vi_tap_release(vi_tap_vnet(md->md_tap), rnd_if(w, vi_tap_vnet(md->md_tap))); break;
	default: medium_input(w, md); break;
	}
}

static void
op_kind(struct world *w)
{
	static const char *const kinds[] = { "bridge", "vlan", "lagg", "gif", "gre", "stf", "vxlan", "tap", "tun", "disc", "edsc", "vlan7", "bridge0", "nothing",
		"wire", "host", "unat" };
	struct vi_vnet *vn = rnd_vnet(w);
	char name[VI_IFNAMSIZ];

	const char *kind = kinds[rnd(w, sizeof(kinds) / sizeof(kinds[0]))];

	if (vi_if_create(vn, kind, name) != 0)
		return;
	w->kinds++;
	give_address(w, vn, name, rnd(w, 3));
	if (strcmp(kind, "wire") == 0 || strcmp(kind, "host") == 0)
		medium_open(w, &w->medium[rnd(w, MEDIA)], vn, name, kind);
}

/* The far stack of a link to the host: an address, somebody who listens, and memory for the link. */
static int
unat_open(void *arg, struct vi_unat *un, struct vi_vnet *far, void **user)
{
	struct world *w = arg;
	const struct vi_ifaddr ia = { .ia_addr = tl_addr("10.0.0.9", 0), .ia_prefixlen = 24 };
	unsigned i = rnd(w, SOCKS);

	*user = w;
	w->unats++;
	(void)vi_if_addr_add(far, "gate0", &ia, true);
	(void)vi_if_set_flags(far, "gate0", VI_IFF_UP, 0);
	(void)vi_unat_charge(un, rnd(w, 5000));
	if (w->sock[i].so == NULL && vi_socket(far, VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &w->sock[i].so) == 0)
		(void)vi_listen(w->sock[i].so, 3);
	return (rnd(w, 8) ? 0 : ENOBUFS);
}

static void
unat_close(void *user)
{
	(void)user;
}

static bool
unat_syn(void *user, const void *packet, size_t len)
{
	assert_true(packet != NULL && len >= 40);
	return (rnd(user, 4) == 0);
}

static int
unat_option(void *user, const char *option_, const char *const *argv, unsigned argc, char *err)
{
	(void)user, (void)option_, (void)argv, (void)argc, (void)err;
	return (ENOENT);
}

static void
unat_show(void *user, vi_if_option_fn *fn, void *arg)
{
	(void)user, (void)fn, (void)arg;
}

static const struct vi_unat_ops unat_ops = { unat_open, unat_close, unat_syn, unat_option, unat_show };

static void
op_address(struct world *w)
{
	struct vi_vnet *vn = rnd_vnet(w);
	struct vi_ifaddr ia = { .ia_addr = rnd_addr(w), .ia_prefixlen = (uint8_t)(rnd(w, 4) ? 24 : rnd(w, 40)) };
	const char *name = rnd_if(w, vn);

	if (rnd(w, 4) == 0) {
		(void)vi_if_addr_del(vn, name, &ia.ia_addr);
	} else {
		(void)vi_if_addr_add(vn, name, &ia, rnd(w, 2));
		(void)vi_if_set_flags(vn, name, VI_IFF_UP, 0);
	}
}

static void
op_route(struct world *w)
{
	struct vi_route rt = { .rt_dst = rnd_addr(w), .rt_gateway = rnd_addr(w), .rt_prefixlen = (uint8_t)rnd(w, rnd(w, 2) ? 34 : 130),
		.rt_flags = rnd(w, 5) ? 0 : rnd(w, 2) ? VI_RTF_REJECT : VI_RTF_BLACKHOLE };
	struct vi_vnet *vn = rnd_vnet(w);

	if (rnd(w, 3) == 0)
		rt.rt_prefixlen = 0, rt.rt_dst = tl_addr("0.0.0.0", 0);
	switch (rnd(w, 8)) {
	case 0: (void)vi_route_del(vn, &rt); break;
	case 1: (void)vi_route_change(vn, &rt); break;
	case 2: (void)vi_route_flush(vn, 0, rnd(w, 2) ? VI_AF_INET : VI_AF_INET6); break;
	case 3: (void)vi_route_get(vn, 0, &rt.rt_dst, &rt); break;
	default: (void)vi_route_add(vn, &rt); break;
	}
}

/* Sockets. */

static void io(struct world *, struct vi_socket *);

static void
churn_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct world *w = arg;

	(void)events;
	w->upcalls++;
	if (vi_socket_dead(so))
		return;
	if (rnd(w, 40) == 0) {
		for (unsigned i = 0; i < SOCKS; i++)
			if (w->sock[i].so == so)
				w->sock[i].so = NULL;
		vi_close(so);
		return;
	}
	io(w, so);
}

static void
op_socket(struct world *w)
{
	unsigned i = rnd(w, SOCKS);
	static const struct { int family, type, proto; } kinds[] = { { VI_AF_INET, VI_SOCK_STREAM, 0 }, { VI_AF_INET, VI_SOCK_STREAM, 0 },
		{ VI_AF_INET, VI_SOCK_STREAM, 0 }, { VI_AF_INET, VI_SOCK_DGRAM, 0 }, { VI_AF_INET, VI_SOCK_DGRAM, VI_IPPROTO_ICMP },
		{ VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP }, { VI_AF_INET6, VI_SOCK_STREAM, 0 }, { VI_AF_INET6, VI_SOCK_DGRAM, 0 },
		{ VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6 }, { VI_AF_ROUTE, VI_SOCK_RAW, 0 }, { VI_AF_PACKET, VI_SOCK_RAW, VI_PKT_ALL },
		{ VI_AF_PACKET, VI_SOCK_DGRAM, VI_PKT_ALL } };
	unsigned kind = rnd(w, sizeof(kinds) / sizeof(kinds[0]));

	if (w->sock[i].so != NULL) {
		if (rnd(w, 3))
			return;
		vi_close(w->sock[i].so);
		w->sock[i].so = NULL;
	}
	if (vi_socket(rnd_vnet(w), kinds[kind].family, kinds[kind].type, kinds[kind].proto, &tl_root, &w->sock[i].so) == 0 && rnd(w, 2))
		vi_socket_upcall(w->sock[i].so, churn_upcall, w);
}

/* A packet socket of some interface, alone or of a group, and a frame from it. */
static void
op_packet(struct world *w)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = htons(rnd(w, 2) ? VI_PKT_ALL : 0x800) };
	struct vi_pkt_mreq mr = { .pm_type = (uint16_t)rnd(w, 4), .pm_alen = 6, .pm_addr = { 1, 0, 0x5e, 0, 0, (uint8_t)rnd(w, 9) } };
	const int fanout = (int)(rnd(w, 2) | (rnd(w, 7) | rnd(w, 2) * VI_FANOUT_F_ROLLOVER) << 16), on = 1;
	struct vi_vnet *vn = rnd_vnet(w);
	uint8_t frame[100] = { 2, [12] = 8, [14] = 0x45 };
	unsigned i = rnd(w, SOCKS);
	size_t n;

	if (w->sock[i].so != NULL)
		vi_close(w->sock[i].so);
	w->sock[i].so = NULL;
	if (vi_socket(vn, VI_AF_PACKET, rnd(w, 4) ? VI_SOCK_RAW : VI_SOCK_DGRAM, VI_PKT_ALL, &tl_root, &w->sock[i].so) != 0)
		return;
	sa.sa_scope = mr.pm_ifindex = rnd(w, 12);
	(void)vi_bind(w->sock[i].so, &sa);
	if (rnd(w, 2))
		(void)vi_setsockopt(w->sock[i].so, VI_PKT_FANOUT, &fanout, sizeof(fanout));
	(void)vi_setsockopt(w->sock[i].so, VI_PKT_ADD_MEMBERSHIP, &mr, sizeof(mr));
	if (rnd(w, 4) == 0)
		(void)vi_setsockopt(w->sock[i].so, VI_PKT_VNET_HDR, &on, sizeof(on));
	if (vi_send(w->sock[i].so, frame, 14 + rnd(w, sizeof(frame) - 14), 0, &n) == 0)
		w->packets++;
	if (rnd(w, 2))
		vi_socket_upcall(w->sock[i].so, churn_upcall, w);
}

static void
io_option(struct world *w, struct vi_socket *so)
{
	static const enum vi_sockopt opts[] = { VI_SO_REUSEADDR, VI_SO_REUSEPORT, VI_SO_KEEPALIVE, VI_SO_SNDBUF, VI_SO_RCVBUF, VI_TCP_NODELAY, VI_TCP_CORK,
		VI_TCP_KEEPIDLE, VI_TCP_KEEPINTVL, VI_TCP_USER_TIMEOUT, VI_TCP_MAXSEG, VI_IP_TTL, VI_IP_RECVERR, VI_SO_BROADCAST, VI_TCP_DEFER_ACCEPT,
		VI_SO_RCVLOWAT, VI_TCP_INFO, VI_SO_ERROR };
	struct vi_linger l = { .l_onoff = (int)rnd(w, 2), .l_linger = (int)rnd(w, 2) };
	uint8_t buf[512];
	size_t len = sizeof(buf);
	int v = (int)rnd(w, rnd(w, 2) ? 3 : 70000);

	(void)vi_setsockopt(so, opts[rnd(w, 18)], &v, sizeof(v));
	(void)vi_getsockopt(so, opts[rnd(w, 18)], buf, &len);
	if (rnd(w, 6) == 0)
		(void)vi_setsockopt(so, VI_SO_LINGER, &l, sizeof(l));
}

static void
io_copyless(struct world *w, struct vi_socket *so)
{
	struct vi_iovec iov[3];
	unsigned niov = 1 + rnd(w, 3);
	size_t room = 0;

	if (rnd(w, 2)) {
		if (vi_send_prepare(so, 1 + rnd(w, 100000), iov, &niov) != 0)
			return;
		for (unsigned i = 0; i < niov; i++) {
			memset(iov[i].iov_base, (int)i, iov[i].iov_len);
			room += iov[i].iov_len;
		}
		if (rnd(w, 8))
			(void)vi_send_commit(so, rnd(w, (uint32_t)room + 1), 0);
	} else if (vi_recv_peek(so, rnd(w, 100000), iov, &niov) == 0) {
		for (unsigned i = 0; i < niov; i++)
			room += iov[i].iov_len;
		(void)vi_recv_consume(so, rnd(w, (uint32_t)room + 2));
	}
}

static void
io(struct world *w, struct vi_socket *so)
{
	static uint8_t buf[70000];
	struct vi_sockaddr sa = rnd_addr(w);
	struct vi_iovec iov = { buf, rnd(w, 4) ? rnd(w, 3000) : rnd(w, sizeof(buf)) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = rnd(w, 2), .msg_name = sa };
	struct vi_sockerr se;
	size_t n;

	switch (rnd(w, 10)) {
	case 0: case 1: case 2:
		(void)vi_send(so, buf, iov.iov_len, rnd(w, 20) ? 0 : VI_MSG_OOB, &n);
		break;
	case 3: case 4: case 5:
		if (vi_recv(so, buf, iov.iov_len, rnd(w, 5) ? 0 : VI_MSG_PEEK, &n) == 0)
			w->bytes += n;
		break;
	case 6:
		buf[0] = 8;	/* for ICMP sockets: an echo request */
		buf[1] = 0;
		(void)vi_sendmsg(so, &msg, &n);
		break;
	case 7:
		(void)vi_recvmsg(so, &msg, &n);
		(void)vi_recverr(so, &se, buf, sizeof(buf));
		break;
	case 8:
		io_copyless(w, so);
		break;
	default:
		io_option(w, so);
		break;
	}
}

static void
op_call(struct world *w)
{
	struct vi_socket *so = w->sock[rnd(w, SOCKS)].so;
	struct vi_sockaddr sa = rnd_addr(w);

	if (so == NULL)
		return;
	(void)vi_poll(so);
	switch (rnd(w, 12)) {
	case 0: (void)vi_bind(so, &sa); break;
	case 1: (void)vi_listen(so, (int)rnd(w, 4)); break;
	case 2: case 3:
		sa.sa_port = (uint16_t)(rnd(w, 6) << 8);
		(void)vi_connect(so, &sa);
		break;
	case 6: (void)vi_shutdown(so, (int)rnd(w, 3)); break;
	case 7: (void)(rnd(w, 3) ? 0 : vi_tcp_abort(so)); break;
	default: io(w, so); break;
	}
}

/* A listener, and somebody at the other end of its cable: otherwise chance seldom brings two together. */

struct place { struct world *w; unsigned n; struct vi_sockaddr addr; uint32_t peer; };

static void
choose_place(void *arg, const struct vi_ifinfo *info)
{
	struct place *pl = arg;

	if (info->if_naddrs == 0 || info->if_peer_vnet == 0 || rnd(pl->w, ++pl->n) != 0)
		return;
	pl->addr = info->if_addrs[rnd(pl->w, info->if_naddrs)].ia_addr;
	pl->peer = info->if_peer_vnet;
}

static struct vi_vnet *
vnet_of(struct world *w, uint32_t id)
{
	for (unsigned i = 0; i < VNETS; i++)
		if (w->vn[i] != NULL && vi_vnet_id(w->vn[i]) == id)
			return (w->vn[i]);
	return (vi_vnet0(w->t.k));
}

static void
op_meet(struct world *w)
{
	unsigned i = rnd(w, SOCKS), j = rnd(w, SOCKS);
	struct vi_vnet *vn = rnd_vnet(w);
	struct place pl = { .w = w };
	const int on = 1;

	vi_if_list(vn, choose_place, &pl);
	if (i == j || pl.n == 0)
		return;
	for (unsigned k = i, n = 0; n < 2; n++, k = j) {
		if (w->sock[k].so != NULL)
			vi_close(w->sock[k].so);
		w->sock[k].so = NULL;
	}
	pl.addr.sa_port = (uint16_t)(rnd(w, 6) << 8);
	if (vi_socket(vn, VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &w->sock[i].so) != 0)
		return;
	(void)vi_setsockopt(w->sock[i].so, VI_SO_REUSEADDR, &on, sizeof(on));
	if (vi_bind(w->sock[i].so, &pl.addr) != 0 || vi_listen(w->sock[i].so, 2) != 0)
		return;
	if (vi_socket(vnet_of(w, pl.peer), VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &w->sock[j].so) != 0)
		return;
	if (rnd(w, 2))
		vi_socket_upcall(w->sock[j].so, churn_upcall, w);
	(void)vi_sockname(w->sock[i].so, &pl.addr);
	(void)vi_connect(w->sock[j].so, &pl.addr);
}

static void
op_accept(struct world *w)
{
	unsigned i, j = rnd(w, SOCKS);
	struct vi_socket *so = NULL;

	for (i = 0; i < SOCKS && so == NULL; i++)
		if (w->sock[i].so != NULL)
			(void)vi_accept(w->sock[i].so, &so, NULL);
	if (so == NULL)
		return;
	if (w->sock[j].so != NULL)
		vi_close(w->sock[j].so);
	w->sock[j].so = so;
	w->accepted++;
	if (rnd(w, 2))
		vi_socket_upcall(w->sock[j].so, churn_upcall, w);
}

static void
op_io(struct world *w)
{
	for (unsigned i = rnd(w, SOCKS), n = 0; n < SOCKS; n++, i = (i + 1) % SOCKS)
		if (w->sock[i].so != NULL && rnd(w, 4) == 0)
			io(w, w->sock[i].so);
}

static void
op_time(struct world *w)
{
	static const uint64_t leaps[] = { 0, TL_US, TL_MS, 50 * TL_MS, 300 * TL_MS, 2 * TL_SEC, 90 * TL_SEC };
	uint64_t leap = leaps[rnd(w, rnd(w, 10) ? 5 : 7)];

	tl_run(&w->t, leap);
}

static void
step(struct world *w)
{
	static void (*const ops[])(struct world *) = { op_vnet_create, op_vnet_destroy, op_epair, op_if, op_kind, op_member, op_option, op_option, op_link, op_medium, op_medium,
		op_medium, op_jail, op_packet, op_address, op_address, op_route, op_socket, op_socket,
		op_call, op_call, op_call, op_meet, op_meet, op_meet, op_accept, op_accept, op_accept, op_io, op_io, op_io, op_time, op_time, op_time, op_limit, op_knob };

	ops[rnd(w, sizeof(ops) / sizeof(ops[0]))](w);
}

static unsigned long steps = 3000, first_seed = 1;

static void
churn(void **state)
{
	struct world w;

	(void)state;
	for (unsigned long seed = first_seed; seed < first_seed + 4; seed++) {
		memset(&w, 0, sizeof(w));
		w.rnd = seed * 7919;
		tl_begin(&w.t, seed);
		tl_ok(vi_unat_handler(w.t.k, &unat_ops, &w));
		print_message("seed %lu, %lu steps\n", seed, steps);
		for (unsigned long i = 0; i < steps; i++)
			step(&w);
		for (unsigned i = 0; i < SOCKS; i++)
			if (w.sock[i].so != NULL)
				vi_close(w.sock[i].so);
		print_message("%lu stacks, %lu destroyed, %lu upcalls, %lu accepted, %llu bytes received, %lu interfaces, %lu options\n", w.made, w.destroyed,
		    w.upcalls, w.accepted, w.bytes, w.kinds, w.options);
		print_message("%lu frames outwards, %lu links to the host, %lu jails, %lu packets\n", w.frames, w.unats, w.jails, w.packets);
		/* Otherwise it was much ado about nothing. */
		if (steps >= 30000) {
			assert_true(w.destroyed > 10 && w.accepted > 100 && w.upcalls > 1000 && w.bytes > 1000000 && w.kinds > 100 && w.options > 200);
			assert_true(w.frames > 100 && w.unats > 10 && w.jails > 10 && w.packets > 10);
		}
		tl_end(&w.t);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(churn),
	};

	if (argc > 1)
		steps = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoul(argv[2], NULL, 10);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
