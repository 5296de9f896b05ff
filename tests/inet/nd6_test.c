/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery, message by message (RFC 4861, 4862, 4191, 7217, 8981).  A host h hears what a raw socket of the router r says; r's stack itself
 * forwards nothing and advertises nothing.
 */
#include "tests/inet/inet.h"

#include <stdio.h>
#include <stdlib.h>

#define FOREVER	0xffffffffu

struct rig {
	struct tl	 t;
	struct vi_vnet	*h, *r;
	struct tl_cable	 cable;		/* h is a, r is b */
	struct vi_socket *raw, *raw2;	/* of r: from its first link-local address, and from fe80::2 */
	struct vi_sockaddr first;	/* that one */
	uint32_t	 hif, rif;
};

struct picked { const char *prefix; uint32_t set, clear; struct vi_ifaddr ia; unsigned n; };

/* Addresses of 64 bits that begin like this, with these flags and without those; the last of them. */
static void
pick(void *arg, const struct vi_ifinfo *ii)
{
	struct picked *p = arg;
	const struct vi_sockaddr want = tl_addr(p->prefix, 0);

	for (uint32_t i = 0; i < ii->if_naddrs; i++) {
		const struct vi_ifaddr *ia = &ii->if_addrs[i];

		if (ia->ia_addr.sa_family != VI_AF_INET6 || memcmp(ia->ia_addr.sa_in6, want.sa_in6, 8) != 0 ||
		    (ia->ia_flags & p->set) != p->set || (ia->ia_flags & p->clear) != 0)
			continue;
		p->ia = *ia;
		p->n++;
	}
}

static struct picked
address(struct vi_vnet *vn, const char *ifname, const char *prefix, uint32_t set, uint32_t clear)
{
	struct picked p = { .prefix = prefix, .set = set, .clear = clear };

	tl_ok(vi_if_get(vn, ifname, pick, &p));
	return (p);
}

static struct vi_socket *
raw_from(struct rig *g, const struct vi_sockaddr *src)
{
	struct vi_socket *so;

	tl_ok(vi_socket(g->r, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, &tl_root, &so));
	tl_ok(vi_bind(so, src));
	return (so);
}

static void
rig_begin_with(struct rig *g, uint64_t seed, uint32_t nd6flags, const char *secret)
{
	struct vi_sockaddr two;
	char second[32];

	tl_begin(&g->t, seed);
	g->h = tl_vnet(&g->t, "h");
	g->r = tl_vnet(&g->t, "r");
	tl_ok(vi_sysctl_set(g->h, "net.inet6.ip6.auto_linklocal", "1", &tl_root));
	tl_ok(vi_sysctl_set(g->r, "net.inet6.ip6.auto_linklocal", "1", &tl_root));
	if (secret != NULL)
		tl_ok(vi_sysctl_set(g->h, "net.inet6.ip6.stable_secret", secret, &tl_root));
	tl_cable(g->h, g->r, &g->cable);
	g->hif = tl_ifinfo(g->h, g->cable.a).if_index;
	g->rif = tl_ifinfo(g->r, g->cable.b).if_index;
	tl_ok(vi_if_set_nd6(g->h, g->cable.a, VI_ND6_IFF_ACCEPT_RTADV | nd6flags, 0));
	tl_ok(vi_if_set_flags(g->r, g->cable.b, VI_IFF_UP, 0));
	snprintf(second, sizeof(second), "fe80::2%%%u", g->rif);
	tl_ifaddr(g->r, g->cable.b, second, 64);
	tl_ok(vi_if_set_flags(g->h, g->cable.a, VI_IFF_UP, 0));
	tl_run(&g->t, 3 * TL_SEC);
	two = tl_addr(second, 0);
	g->raw2 = raw_from(g, &two);
}

static void
first_of(void *arg, const struct vi_ifinfo *ii)
{
	for (uint32_t i = ii->if_naddrs; i-- > 0;)
		if (ii->if_addrs[i].ia_addr.sa_family == VI_AF_INET6)
			*(struct vi_sockaddr *)arg = ii->if_addrs[i].ia_addr;
}

static void
rig_begin(struct rig *g, uint64_t seed)
{
	rig_begin_with(g, seed, 0, NULL);
	tl_ok(vi_if_get(g->r, g->cable.b, first_of, &g->first));
	g->raw = raw_from(g, &g->first);
}

static void
rig_end(struct rig *g)
{
	if (g->raw != NULL)
		vi_close(g->raw);
	vi_close(g->raw2);
	tl_destroy(g->h);
	tl_destroy(g->r);
	tl_end(&g->t);
}

/* ... with addresses that are verified. */
static void
rig_addressed(struct rig *g)
{
	rig_begin(g, 1);
	tl_ifaddr(g->h, g->cable.a, "2001:db8:1::1", 64);
	tl_ifaddr(g->r, g->cable.b, "2001:db8:1::2", 64);
	tl_run(&g->t, 3 * TL_SEC);
}

/* The message to that address, with hop limit 255; then a little time. */
static void
say(struct rig *g, struct vi_socket *raw, const char *to, const void *msg, size_t len)
{
	struct vi_iovec iov = { (void *)(uintptr_t)msg, len };
	struct vi_msg m = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr(to, 0), .msg_set = VI_MSGSET_TTL,
		.msg_ttl = 255 };
	size_t n;

	if (m.msg_name.sa_in6[0] >= 0xfe)
		m.msg_name.sa_scope = g->rif;
	tl_ok(vi_sendmsg(raw, &m, &n));
	tl_run(&g->t, TL_SEC / 100);
}

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

enum { RA_HIGH = 0x08, RA_MEDIUM = 0, RA_LOW = 0x18, RA_RESERVED = 0x10 };

/* A router advertisement: life as router with flags, and (valid != 0 or flagged) the prefix with L and A. */
static void
advertise(struct rig *g, struct vi_socket *raw, uint16_t life, uint8_t flags, const char *prefix, uint32_t valid, uint32_t preferred)
{
	uint8_t ra[48] = { 134, [4] = 64, [5] = flags, [6] = (uint8_t)(life >> 8), [7] = (uint8_t)life, [16] = 3, [17] = 4, [18] = 64, [19] = 0xc0 };

	if (prefix == NULL) {
		say(g, raw, "ff02::1", ra, 16);
		return;
	}
	put32(ra + 20, valid);
	put32(ra + 24, preferred);
	memcpy(ra + 32, tl_addr(prefix, 0).sa_in6, 16);
	say(g, raw, "ff02::1", ra, sizeof(ra));
}

/* One with a route information option (RFC 4191 2.3). */
static void
tell_route(struct rig *g, struct vi_socket *raw, uint16_t life, const char *prefix, uint8_t plen, uint8_t pref, uint32_t rlife)
{
	uint8_t ra[40] = { 134, [4] = 64, [6] = (uint8_t)(life >> 8), [7] = (uint8_t)life, [16] = 24, [17] = 3, [18] = plen, [19] = pref };

	put32(ra + 20, rlife);
	memcpy(ra + 24, tl_addr(prefix, 0).sa_in6, 16);
	say(g, raw, "ff02::1", ra, sizeof(ra));
}

/* The router by which packets to dst leave: 0 none, 1 the first, 2 fe80::2, 3 by the link. */
static int
router(struct rig *g, const char *dst)
{
	const struct vi_sockaddr to = tl_addr(dst, 0);
	struct vi_route rt;

	if (vi_route_get(g->h, 0, &to, &rt) != 0)
		return (0);
	if (rt.rt_gateway.sa_family == 0)
		return (3);
	return (rt.rt_gateway.sa_in6[15] == 2 && rt.rt_gateway.sa_in6[8] == 0 ? 2 : 1);
}

/* RFC 4861 7.2.5 and the table of its appendix C */

struct seen { struct vi_sockaddr want; struct vi_neigh ne; bool yes; };

static void
see(void *arg, const struct vi_neigh *ne)
{
	struct seen *s = arg;

	if (!tl_sameaddr(&s->want, &ne->ne_addr))
		return;
	s->ne = *ne;
	s->yes = true;
}

static struct vi_neigh
neighbour(struct rig *g, const char *addr)
{
	struct seen s = { .want = tl_addr(addr, 0) };

	vi_neigh_list(g->h, see, &s);
	assert_true(s.yes);
	return (s.ne);
}

#define S	0x40u
#define O	0x20u
#define R	0x80u

/* The link address 02:..:mac; 0: none is told. */
static void
advertise_neighbour(struct rig *g, const char *target, uint8_t flags, uint8_t mac)
{
	uint8_t na[32] = { 136, [4] = flags, [24] = 2, [25] = 1, [26] = 2, [31] = mac };

	memcpy(na + 8, tl_addr(target, 0).sa_in6, 16);
	say(g, g->raw, "2001:db8:1::1", na, mac != 0 ? 32 : 24);
}

static void
override_rules(void **state)
{
	static const struct row { enum vi_nud before; uint8_t flags, mac; enum vi_nud after; uint8_t has; } rows[] = {
		{ VI_NUD_INCOMPLETE, S, 0, VI_NUD_INCOMPLETE, 0 },
		{ VI_NUD_INCOMPLETE, 0, 7, VI_NUD_DELAY, 7 },	/* stale, and what waited is sent */
		{ VI_NUD_INCOMPLETE, O, 7, VI_NUD_DELAY, 7 },
		{ VI_NUD_INCOMPLETE, S, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_INCOMPLETE, S | O, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_REACHABLE, 0, 0, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_REACHABLE, S, 0, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_REACHABLE, 0, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_REACHABLE, S, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_REACHABLE, O, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_REACHABLE, 0, 8, VI_NUD_STALE, 7 },
		{ VI_NUD_REACHABLE, S, 8, VI_NUD_STALE, 7 },
		{ VI_NUD_REACHABLE, O, 8, VI_NUD_STALE, 8 },
		{ VI_NUD_REACHABLE, S | O, 8, VI_NUD_REACHABLE, 8 },
		{ VI_NUD_STALE, 0, 0, VI_NUD_STALE, 7 },
		{ VI_NUD_STALE, S, 0, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_STALE, 0, 7, VI_NUD_STALE, 7 },
		{ VI_NUD_STALE, O, 7, VI_NUD_STALE, 7 },
		{ VI_NUD_STALE, S, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_STALE, S | O, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_STALE, 0, 8, VI_NUD_STALE, 7 },
		{ VI_NUD_STALE, S, 8, VI_NUD_STALE, 7 },
		{ VI_NUD_STALE, O, 8, VI_NUD_STALE, 8 },
		{ VI_NUD_STALE, S | O, 8, VI_NUD_REACHABLE, 8 },
		{ VI_NUD_DELAY, S, 8, VI_NUD_DELAY, 7 },
		{ VI_NUD_DELAY, O, 8, VI_NUD_STALE, 8 },
		{ VI_NUD_DELAY, S, 7, VI_NUD_REACHABLE, 7 },
		{ VI_NUD_PROBE, S, 8, VI_NUD_PROBE, 7 },
		{ VI_NUD_PROBE, O, 7, VI_NUD_PROBE, 7 },
		{ VI_NUD_PROBE, O, 8, VI_NUD_STALE, 8 },
		{ VI_NUD_PROBE, S | O, 8, VI_NUD_REACHABLE, 8 },
	};
	struct vi_socket *so;
	struct vi_neigh ne;
	struct rig g;
	char who[32];

	(void)state;
	rig_addressed(&g);
	so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *w = &rows[i];

		snprintf(who, sizeof(who), "2001:db8:1::1:%zu", i + 1);
		tl_ok(inet_sendto(so, "x", 1, who, 9));
		tl_run(&g.t, TL_SEC / 10);
		if (w->before != VI_NUD_INCOMPLETE)
			advertise_neighbour(&g, who, S | O, 7);
		if (w->before >= VI_NUD_STALE)
			advertise_neighbour(&g, who, 0, 9);	/* rejected, but doubt stays */
		if (w->before >= VI_NUD_DELAY)
			tl_ok(inet_sendto(so, "x", 1, who, 9));
		tl_run(&g.t, w->before == VI_NUD_PROBE ? 5 * TL_SEC + TL_SEC / 2 : TL_SEC / 100);
		assert_int_equal(neighbour(&g, who).ne_state, w->before);
		advertise_neighbour(&g, who, w->flags, w->mac);
		ne = neighbour(&g, who);
		if (ne.ne_state != w->after || (ne.ne_complete ? ne.ne_lladdr[5] : 0) != w->has)
			fail_msg("row %zu: state %d, mac %d", i, ne.ne_state, ne.ne_lladdr[5]);
		tl_run(&g.t, 5 * TL_SEC);
	}
	vi_close(so);
	rig_end(&g);
}

/*
 * What a neighbour is, messages say without his link address as well: an advertisement of routers that he is one (RFC 4861 6.3.4), a solicitation of routers that he
 * is none (6.2.6), and nobody becomes a neighbour by them.
 */
static void
kind_of_neighbour(void **state)
{
	static const uint8_t rs[8] = { 133 };
	struct seen unknown = { .yes = false };
	struct vi_socket *so;
	struct rig g;
	char two[16];

	(void)state;
	rig_addressed(&g);
	snprintf(two, sizeof(two), "fe80::2%%%u", g.hif);
	advertise(&g, g.raw2, 600, 0, NULL, 0, 0);
	unknown.want = tl_addr(two, 0);
	vi_neigh_list(g.h, see, &unknown);
	assert_false(unknown.yes);
	so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(inet_sendto(so, "x", 1, two, 9));
	tl_run(&g.t, TL_SEC / 10);
	assert_false(neighbour(&g, two).ne_router);
	advertise(&g, g.raw2, 600, 0, NULL, 0, 0);
	assert_true(neighbour(&g, two).ne_router);
	say(&g, g.raw2, "2001:db8:1::1", rs, sizeof(rs));	/* a host does not listen */
	assert_true(neighbour(&g, two).ne_router);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.forwarding", "1", &tl_root));
	say(&g, g.raw2, "2001:db8:1::1", rs, sizeof(rs));
	assert_false(neighbour(&g, two).ne_router);
	vi_close(so);
	rig_end(&g);
}

/* RFC 4443 2.4 a: an error of a kind that nobody knows is told to whom it is about. */
static void
unknown_errors(void **state)
{
	static const uint8_t kinds[][2] = { { 5, 0 }, { 1, 9 }, { 4, 7 } };
	struct vi_sockaddr to, me;
	uint8_t msg[56] = { 0 };
	struct vi_socket *so;
	struct rig g;

	(void)state;
	rig_addressed(&g);
	so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	to = tl_addr("2001:db8:1::2", 9);
	me = tl_addr("2001:db8:1::1", 7777);
	tl_ok(vi_bind(so, &me));
	tl_ok(vi_connect(so, &to));
	msg[8] = 0x60;
	msg[13] = 8;
	msg[14] = 17;
	memcpy(msg + 16, me.sa_in6, 16);
	memcpy(msg + 32, to.sa_in6, 16);
	msg[48] = 7777 >> 8;
	msg[49] = 7777 & 0xff;
	msg[51] = 9;
	msg[53] = 8;
	for (unsigned i = 0; i < 3; i++) {
		msg[0] = kinds[i][0];
		msg[1] = kinds[i][1];
		say(&g, g.raw, "2001:db8:1::1", msg, sizeof(msg));
		assert_int_equal(tl_stat(g.h, "ic6s_badcode"), i + 1);
		assert_int_equal(tl_optint(so, VI_SO_ERROR), EPROTO);
	}
	vi_close(so);
	rig_end(&g);
}

/* A router that says it is none is one no more (RFC 4861 7.2.5). */
static void
router_flag(void **state)
{
	uint8_t ra[24] = { 134, [4] = 64, [6] = 2, [16] = 1, [17] = 1, [18] = 2, [23] = 7 };	/* with its link address */
	uint8_t na[32] = { 136, [4] = O, [24] = 2, [25] = 1, [26] = 2, [31] = 7 };
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	say(&g, g.raw2, "ff02::1", ra, sizeof(ra));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	memcpy(na + 8, tl_addr("fe80::2", 0).sa_in6, 16);
	na[4] = O | R;
	say(&g, g.raw2, "ff02::1", na, sizeof(na));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	na[4] = O;
	say(&g, g.raw2, "ff02::1", na, sizeof(na));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 0);
	rig_end(&g);
}

/* RFC 4191 3.2, RFC 4861 6.3.6 */
static void
router_preference(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	advertise(&g, g.raw, 600, RA_LOW, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	advertise(&g, g.raw2, 600, RA_MEDIUM, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	advertise(&g, g.raw, 600, RA_RESERVED, NULL, 0, 0);	/* means medium: the one in use stays */
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	advertise(&g, g.raw, 600, RA_HIGH, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	advertise(&g, g.raw, 0, RA_HIGH, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	tl_run(&g.t, 601 * TL_SEC);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 0);
	/* Without any, a chosen interface is everybody's link. */
	tl_ok(vi_if_set_nd6(g.h, g.cable.a, VI_ND6_IFF_DEFAULTIF, 0));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 3);
	advertise(&g, g.raw, 600, RA_LOW, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	tl_ok(vi_nd_flush(g.h, VI_ND_ROUTERS));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 3);
	tl_ok(vi_if_set_nd6(g.h, g.cable.a, 0, VI_ND6_IFF_DEFAULTIF));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 0);
	rig_end(&g);
}

static void
count_paths(void *arg, const struct vi_route *rt)
{
	(void)rt;
	++*(unsigned *)arg;
}

static unsigned
defaults(struct rig *g)
{
	const struct vi_route any = { .rt_dst = { .sa_family = VI_AF_INET6 } };
	unsigned n = 0;

	(void)vi_route_paths(g->h, &any, count_paths, &n);
	return (n);
}

/* The default router that somebody chose is used, whichever route was there first, and each goes without the other. */
static void
router_chosen(void **state)
{
	struct vi_route rt = { .rt_dst = { .sa_family = VI_AF_INET6 }, .rt_flags = VI_RTF_GATEWAY };
	uint64_t seq = UINT64_MAX, then;
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	rt.rt_gateway = tl_addr("fe80::2", 0);
	rt.rt_gateway.sa_scope = g.hif;
	memcpy(rt.rt_ifname, g.cable.a, sizeof(rt.rt_ifname));
	advertise(&g, g.raw, 1800, RA_HIGH, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	tl_ok(vi_route_add(g.h, &rt));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	/* It stays behind, and is not made again each time somebody looks. */
	(void)vi_route_events(g.h, &seq, NULL, NULL);
	then = seq;
	tl_run(&g.t, 5 * TL_SEC);
	(void)vi_route_events(g.h, &seq, NULL, NULL);
	assert_true(seq == then);
	assert_int_equal(defaults(&g), 2);
	advertise(&g, g.raw, 1800, RA_LOW, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	assert_int_equal(defaults(&g), 2);
	tl_ok(vi_route_del(g.h, &rt));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	advertise(&g, g.raw, 0, 0, NULL, 0, 0);
	assert_int_equal(defaults(&g), 0);
	/* The other way round, and by the very router that then says it is none any more. */
	tl_ok(vi_route_add(g.h, &rt));
	advertise(&g, g.raw2, 1800, RA_HIGH, NULL, 0, 0);
	advertise(&g, g.raw, 1800, RA_HIGH, NULL, 0, 0);
	assert_int_equal(defaults(&g), 2);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	advertise(&g, g.raw2, 0, 0, NULL, 0, 0);
	advertise(&g, g.raw, 0, 0, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	assert_int_equal(defaults(&g), 1);
	rig_end(&g);
}

/* RFC 4191 2.3 */
static void
route_information(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	tell_route(&g, g.raw, 600, "2001:db8:aa::", 48, RA_LOW, 100);
	tell_route(&g, g.raw2, 0, "2001:db8:aa::", 48, RA_MEDIUM, 50);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 2);
	tell_route(&g, g.raw, 600, "2001:db8:aa::", 48, RA_HIGH, 100);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 1);
	tell_route(&g, g.raw, 600, "2001:db8:aa::", 48, RA_RESERVED, 0);	/* says nothing */
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 1);
	tell_route(&g, g.raw, 600, "2001:db8:aa::", 48, RA_HIGH, 0);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 2);
	tl_run(&g.t, 60 * TL_SEC);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 1);			/* the default */
	/* ::/0 speaks of the default router. */
	tell_route(&g, g.raw2, 0, "::", 0, RA_HIGH, 100);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	tell_route(&g, g.raw2, 0, "::", 129, RA_HIGH, 100);
	tell_route(&g, g.raw2, 0, "fe80::", 64, RA_HIGH, 100);
	tell_route(&g, g.raw2, 0, "2001:db8:bb::", 128, RA_HIGH, FOREVER);
	assert_int_equal(router(&g, "2001:db8:bb::"), 2);
	tl_ok(vi_if_destroy(g.h, g.cable.a));
	assert_int_equal(router(&g, "2001:db8:bb::"), 0);
	vi_close(g.raw);
	vi_close(g.raw2);
	tl_destroy(g.h);
	tl_destroy(g.r);
	tl_end(&g.t);
}

/* Like say(), with another hop limit. */
static void
say_from_afar(struct rig *g, const char *to, const void *msg, size_t len)
{
	struct vi_iovec iov = { (void *)(uintptr_t)msg, len };
	struct vi_msg m = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr(to, 0), .msg_set = VI_MSGSET_TTL,
		.msg_ttl = 254 };
	size_t n;

	if (m.msg_name.sa_in6[0] >= 0xfe)
		m.msg_name.sa_scope = g->rif;
	tl_ok(vi_sendmsg(g->raw, &m, &n));
	tl_run(&g->t, TL_SEC / 100);
}

/* RFC 4861 6.1.1, 6.1.2, 7.1.1, 7.1.2, 8.1, 4.6: which messages are none. */
static void
bad_messages(void **state)
{
	const struct vi_sockaddr global = tl_addr("2001:db8:1::2", 0);
	uint8_t ra[24] = { 134, [4] = 64, [6] = 2, [16] = 77, [17] = 1 }, ns[32] = { 135, [24] = 1, [25] = 1, [26] = 2, [31] = 9 };
	uint8_t na[32] = { 136, [4] = S | O, [24] = 2, [25] = 1, [26] = 2, [31] = 9 }, rs[8] = { 133 }, rd[40] = { 137 };
	struct vi_socket *from_global;
	struct rig g;

	(void)state;
	rig_addressed(&g);
	memcpy(ns + 8, tl_addr("2001:db8:1::1", 0).sa_in6, 16);
	memcpy(na + 8, tl_addr("2001:db8:1::2", 0).sa_in6, 16);
	memcpy(rd + 8, tl_addr("fe80::2", 0).sa_in6, 16);
	memcpy(rd + 24, tl_addr("2001:db8:ffff::1", 0).sa_in6, 16);
	from_global = raw_from(&g, &global);
	tl_ok(vi_sysctl_set(g.r, "net.inet6.ip6.forwarding", "1", &tl_root));
	/* From beyond the link. */
	say_from_afar(&g, "ff02::1", ra, sizeof(ra));
	say_from_afar(&g, "2001:db8:1::1", ns, sizeof(ns));
	say_from_afar(&g, "2001:db8:1::1", na, sizeof(na));
	say_from_afar(&g, "2001:db8:1::1", rd, sizeof(rd));
	assert_int_equal(tl_stat(g.h, "ns_badhlim"), 4);
	/* A router tells its link-local address. */
	say(&g, from_global, "ff02::1", ra, sizeof(ra));
	assert_int_equal(tl_stat(g.h, "ns_badsource"), 1);
	/* Another code; an option without length; a solicited advertisement to all; a target that is a group; too short. */
	ra[1] = 1;
	say(&g, g.raw, "ff02::1", ra, sizeof(ra));
	ra[1] = 0;
	ra[17] = 0;
	say(&g, g.raw, "ff02::1", ra, sizeof(ra));
	say(&g, g.raw, "ff02::1", na, sizeof(na));
	memcpy(ns + 8, tl_addr("ff02::1", 0).sa_in6, 16);
	say(&g, g.raw, "2001:db8:1::1", ns, sizeof(ns));
	say(&g, g.raw, "2001:db8:1::1", ns, 20);
	assert_int_equal(tl_stat(g.h, "ns_badform"), 5);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 0);
	/* RFC 4861 4.2: an option that nobody knows is passed over. */
	ra[17] = 1;
	say(&g, g.raw, "ff02::1", ra, sizeof(ra));
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	/* To a router. */
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.forwarding", "1", &tl_root));
	say_from_afar(&g, "ff02::2", rs, sizeof(rs));
	assert_int_equal(tl_stat(g.h, "ns_badhlim"), 5);
	vi_close(from_global);
	rig_end(&g);
}

/* RFC 4861 6.3.4, 6.3.7, RFC 4862 5.5.3: what an advertisement changes, and what it does not. */
static void
router_values(void **state)
{
	uint8_t ra[24] = { 134, [4] = 33, [16] = 5, [17] = 1, [22] = 1400 >> 8, 1400 & 0xff };
	uint8_t prefix[48] = { 134, [16] = 3, [17] = 4, [18] = 64, [19] = 0xc0 };
	struct vi_socket *a, *b;
	struct vi_msg msg;
	uint64_t asked;
	struct rig g;
	uint8_t buf[8];
	size_t n;

	(void)state;
	rig_begin(&g, 1);
	tl_run(&g.t, 30 * TL_SEC);
	assert_int_equal(tl_stat(g.h, "ic6s_outhist_133"), 3);	/* nobody answers */
	rig_end(&g);
	rig_addressed(&g);
	a = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_udp(g.r, "2001:db8:1::2", 9);
	inet_connect(a, "2001:db8:1::2", 9);
	for (int i = 0; i < 2; i++) {
		say(&g, g.raw, "ff02::1", ra, i == 0 ? 24 : 16);	/* then with zeros: nothing is said of these */
		tl_ok(inet_sendto(a, "x", 1, NULL, 0));
		inet_wait(&g.t, b, &msg, buf, sizeof(buf), &n);
		assert_int_equal(msg.msg_ttl, 33);
		assert_int_equal(tl_optint(a, VI_IPV6_MTU), 1400);
		ra[4] = 0;
	}
	/* A router: no more questions. */
	asked = tl_stat(g.h, "ic6s_outhist_133");
	assert_in_range(asked, 1, 2);
	advertise(&g, g.raw, 600, 0, "2001:db8:9::", 1000, 500);
	tl_run(&g.t, 30 * TL_SEC);
	assert_int_equal(tl_stat(g.h, "ic6s_outhist_133"), asked);
	/* A prefix of which it is not said that it is on the link stays there if it was. */
	assert_int_equal(router(&g, "2001:db8:9::5"), 3);
	put32(prefix + 20, 1000);
	put32(prefix + 24, 500);
	memcpy(prefix + 32, tl_addr("2001:db8:9::", 0).sa_in6, 16);
	prefix[19] = 0x40;
	say(&g, g.raw, "ff02::1", prefix, sizeof(prefix));
	assert_int_equal(router(&g, "2001:db8:9::5"), 3);
	/* One of another length than an identifier leaves makes no address. */
	prefix[18] = 48;
	prefix[37] = 0xa;
	prefix[19] = 0xc0;
	say(&g, g.raw, "ff02::1", prefix, sizeof(prefix));
	tl_run(&g.t, TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:a::", 0, 0).n, 0);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", 0, 0).n, 1);
	vi_close(a);
	vi_close(b);
	rig_end(&g);
}

/* RFC 4191 3.2: where a router does not answer, the next best one; where there is none, it all the same. */
static void
silent_router(void **state)
{
	struct vi_sockaddr two;
	struct vi_socket *so;
	char second[32];
	struct rig g;

	(void)state;
	rig_addressed(&g);
	tell_route(&g, g.raw, 0, "2001:db8:aa::", 48, RA_LOW, 600);
	tell_route(&g, g.raw2, 0, "2001:db8:aa::", 48, RA_HIGH, 600);
	tell_route(&g, g.raw2, 0, "2001:db8:bb::", 48, RA_HIGH, 600);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 2);
	assert_int_equal(router(&g, "2001:db8:bb:5::1"), 2);
	snprintf(second, sizeof(second), "fe80::2%%%u", g.rif);
	two = tl_addr(second, 0);
	tl_ok(vi_if_addr_del(g.r, g.cable.b, &two));
	so = tl_udp(g.h, "2001:db8:1::1", 9);
	tl_ok(inet_sendto(so, "x", 1, "2001:db8:aa:5::1", 9));
	tl_run(&g.t, 10 * TL_SEC);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 1);
	assert_int_equal(router(&g, "2001:db8:bb:5::1"), 2);
	/* It is back. */
	tl_ifaddr(g.r, g.cable.b, second, 64);
	tl_run(&g.t, 3 * TL_SEC);
	tell_route(&g, g.raw2, 0, "2001:db8:aa::", 48, RA_HIGH, 600);
	assert_int_equal(router(&g, "2001:db8:aa:5::1"), 2);
	vi_close(so);
	rig_end(&g);
}

/* RFC 4862 5.5.3 */
static void
two_hours(void **state)
{
	static const struct { uint32_t valid, want; } rows[] = {
		{ 10000, 10000 }, { 20000, 20000 }, { 8000, 8000 }, { 100, 7200 }, { 50, 7200 }, { 7300, 7300 }, { 7200, 7200 }, { 7201, 7201 },
		{ FOREVER, FOREVER }, { 0, 7200 },
	};
	struct picked p;
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	advertise(&g, g.raw, 0, 0, "fe80::", 1000, 1000);		/* a: not the link-local prefix */
	advertise(&g, g.raw, 0, 0, "2001:db8:9::", 10, 11);		/* c */
	advertise(&g, g.raw, 0, 0, "2001:db8:9::", 0, 0);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", 0, 0).n, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		advertise(&g, g.raw, 0, 0, "2001:db8:9::", rows[i].valid, 0);
		p = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF, 0);
		if (p.n != 1 || p.ia.ia_vltime > rows[i].want || p.ia.ia_vltime < rows[i].want - 2)
			fail_msg("row %zu: %u addresses, %u s", i, p.n, p.ia.ia_vltime);
		assert_true((p.ia.ia_flags & VI_IN6_IFF_DEPRECATED) != 0);
	}
	/* The route is not spared: what the router said last was no prefix of the link. */
	assert_int_equal(router(&g, "2001:db8:9::77"), 0);
	tl_run(&g.t, 7300 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", 0, 0).n, 0);
	rig_end(&g);
}

/* RFC 8981 */
static void
temporary(void **state)
{
	struct picked old, new;
	struct rig g;

	(void)state;
	rig_begin(&g, 7);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.use_tempaddr", "1", &tl_root));
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.temppltime", "1000", &tl_root));
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.tempvltime", "2000", &tl_root));
	advertise(&g, g.raw, 600, 0, "2001:db8:9::", FOREVER, FOREVER);
	tl_run(&g.t, 3 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_TEMPORARY).n, 1);
	old = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, VI_IN6_IFF_TENTATIVE);
	assert_int_equal(old.n, 1);
	assert_true(old.ia.ia_pltime <= 1000 && old.ia.ia_pltime >= 590 && old.ia.ia_vltime <= 2000);
	/* What a router says later does not make it last longer. */
	tl_run(&g.t, 100 * TL_SEC);
	advertise(&g, g.raw, 600, 0, "2001:db8:9::", FOREVER, FOREVER);
	new = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0);
	assert_int_equal(new.n, 1);
	assert_true(new.ia.ia_pltime < old.ia.ia_pltime - 98 && new.ia.ia_vltime < old.ia.ia_vltime - 98);
	/* Shortly before its time is over the next is there. */
	tl_run(&g.t, (new.ia.ia_pltime - 2) * TL_SEC);
	new = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DEPRECATED);
	assert_int_equal(new.n, 2);
	assert_false(tl_sameaddr(&new.ia.ia_addr, &old.ia.ia_addr));
	tl_run(&g.t, 10 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY | VI_IN6_IFF_DEPRECATED, 0).n, 1);
	tl_run(&g.t, 20000 * TL_SEC);
	new = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0);
	assert_in_range(new.n, 2, 4);
	/* A short preference of the prefix: no new ones; then they end by themselves. */
	advertise(&g, g.raw, 600, 0, "2001:db8:9::", 8000, 3);
	tl_run(&g.t, 2500 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0).n, 0);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF, 0).n, 1);
	rig_end(&g);
}

/* RFC 6724 5 rule 7: which one packets come from. */
static void
temporary_source(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *so;
	struct picked p;
	struct rig g;

	(void)state;
	rig_begin(&g, 7);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.use_tempaddr", "1", &tl_root));
	advertise(&g, g.raw, 600, 0, "2001:db8:9::", FOREVER, FOREVER);
	tl_run(&g.t, 3 * TL_SEC);
	p = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0);
	for (int prefer = 0; prefer < 2; prefer++) {
		tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.prefer_tempaddr", prefer ? "1" : "0", &tl_root));
		so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
		inet_connect(so, "2001:db8:ffff::1", 7);
		tl_ok(vi_sockname(so, &sa));
		assert_int_equal(memcmp(sa.sa_in6, p.ia.ia_addr.sa_in6, 16) == 0, prefer);
		vi_close(so);
		/* RFC 5014: the program's wish comes first. */
		so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
		inet_setint(so, VI_IPV6_ADDR_PREFERENCES, prefer ? VI_PREFER_SRC_PUBLIC : VI_PREFER_SRC_TMP);
		inet_connect(so, "2001:db8:ffff::1", 7);
		tl_ok(vi_sockname(so, &sa));
		assert_int_equal(memcmp(sa.sa_in6, p.ia.ia_addr.sa_in6, 16) != 0, prefer);
		vi_close(so);
	}
	rig_end(&g);
}

#define SECRET	"000102030405060708090a0b0c0d0e0f"

/* RFC 7217: the same place, the same address; another prefix or secret, another identifier. */
static void
stable(void **state)
{
	static const char *const secrets[] = { SECRET, SECRET, "100102030405060708090a0b0c0d0e0f" };
	struct vi_sockaddr was[3][3];
	struct rig g;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		g = (struct rig){ 0 };
		rig_begin_with(&g, i, VI_ND6_IFF_STABLEADDR, secrets[i]);
		advertise(&g, g.raw2, 600, 0, "2001:db8:1::", FOREVER, FOREVER);
		advertise(&g, g.raw2, 600, 0, "2001:db8:2::", FOREVER, FOREVER);
		tl_run(&g.t, 3 * TL_SEC);
		was[i][0] = address(g.h, g.cable.a, "2001:db8:1::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_TENTATIVE).ia.ia_addr;
		was[i][1] = address(g.h, g.cable.a, "2001:db8:2::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_TENTATIVE).ia.ia_addr;
		was[i][2] = address(g.h, g.cable.a, "fe80::", 0, VI_IN6_IFF_TENTATIVE).ia.ia_addr;
		assert_int_equal(was[i][2].sa_family, VI_AF_INET6);
		assert_true(was[i][2].sa_in6[11] != 0xff || was[i][2].sa_in6[12] != 0xfe);
		rig_end(&g);
	}
	for (unsigned k = 0; k < 3; k++) {
		assert_memory_equal(was[0][k].sa_in6, was[1][k].sa_in6, 16);
		assert_memory_not_equal(was[0][k].sa_in6 + 8, was[2][k].sa_in6 + 8, 8);
	}
	assert_memory_not_equal(was[0][0].sa_in6 + 8, was[0][1].sa_in6 + 8, 8);
	/* RFC 7217 6: somebody has them already. */
	g = (struct rig){ 0 };
	rig_begin_with(&g, 9, VI_ND6_IFF_STABLEADDR, SECRET);
	for (unsigned k = 0; k < 2; k++) {
		struct vi_ifaddr ia = { .ia_addr = was[0][k], .ia_prefixlen = 64 };

		tl_ok(vi_if_addr_add(g.r, g.cable.b, &ia, true));
	}
	tl_run(&g.t, 3 * TL_SEC);
	advertise(&g, g.raw2, 600, 0, "2001:db8:1::", FOREVER, FOREVER);
	tl_run(&g.t, 5 * TL_SEC);
	assert_int_equal(tl_stat(g.h, "ns_duplicates"), 1);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:1::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED).n, 1);
	assert_memory_not_equal(address(g.h, g.cable.a, "2001:db8:1::", 0, 0).ia.ia_addr.sa_in6, was[0][0].sa_in6, 16);
	tl_fails(vi_sysctl_set(g.h, "net.inet6.ip6.stable_secret", "12", &tl_root), EINVAL);
	rig_end(&g);
}

/* What is set on an interface where IPv6 is disabled is not used, and nothing is heard there. */
static void
disabled(void **state)
{
	struct vi_socket *so;
	struct rig g;
	uint64_t in;

	(void)state;
	rig_begin(&g, 1);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:1::1", 64);
	tl_ifaddr(g.r, g.cable.b, "2001:db8:1::2", 64);
	tl_run(&g.t, TL_SEC / 2);	/* amid detection of duplicates */
	tl_ok(vi_if_set_nd6(g.h, g.cable.a, VI_ND6_IFF_IFDISABLED, 0));
	tl_run(&g.t, 5 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:1::", VI_IN6_IFF_TENTATIVE, 0).n, 1);
	in = tl_stat(g.h, "i6s_ifdisabled");
	advertise(&g, g.raw, 600, 0, "2001:db8:9::", FOREVER, FOREVER);
	assert_true(tl_stat(g.h, "i6s_ifdisabled") > in);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 0);
	so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	assert_int_not_equal(inet_sendto(so, "x", 1, "2001:db8:1::2", 9), 0);
	tl_ok(vi_if_set_nd6(g.h, g.cable.a, 0, VI_ND6_IFF_IFDISABLED));
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:1::", VI_IN6_IFF_TENTATIVE, 0).n, 1);
	tl_run(&g.t, 3 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:1::", 0, VI_IN6_IFF_TENTATIVE).n, 1);
	tl_ok(inet_sendto(so, "x", 1, "2001:db8:1::2", 9));
	tl_run(&g.t, TL_SEC);
	assert_int_equal(neighbour(&g, "2001:db8:1::2").ne_state, VI_NUD_REACHABLE);
	vi_close(so);
	rig_end(&g);
}

/* RFC 4861 8.1, 8.3 */

static void
redirect(struct rig *g, struct vi_socket *raw, const char *target, const char *dst)
{
	uint8_t rd[40] = { 137 };

	memcpy(rd + 8, tl_addr(target, 0).sa_in6, 16);
	memcpy(rd + 24, tl_addr(dst, 0).sa_in6, 16);
	say(g, raw, "ff02::1", rd, sizeof(rd));
}

static void
redirects(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	advertise(&g, g.raw, 600, RA_HIGH, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	redirect(&g, g.raw2, "fe80::2", "2001:db8:ffff::1");		/* not our router for it */
	redirect(&g, g.raw, "2001:db8:1::2", "2001:db8:ffff::1");	/* not a link-local target */
	redirect(&g, g.raw, "fe80::2", "ff02::5");			/* a group */
	redirect(&g, g.raw, "fe80::2", "fe80::5");			/* on the link anyway */
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);
	assert_int_equal(tl_stat(g.h, "ns_badredirect"), 2);
	redirect(&g, g.raw, "fe80::2", "2001:db8:ffff::1");
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	assert_int_equal(router(&g, "2001:db8:ffff::2"), 1);
	redirect(&g, g.raw, "fe80::9", "2001:db8:ffff::1");		/* it is not his any more */
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 2);
	redirect(&g, g.raw, "2001:db8:ffff::3", "2001:db8:ffff::3");	/* a neighbour */
	assert_int_equal(router(&g, "2001:db8:ffff::3"), 3);
	/* A router obeys none. */
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.forwarding", "1", &tl_root));
	redirect(&g, g.raw, "fe80::2", "2001:db8:ffff::4");
	assert_int_equal(router(&g, "2001:db8:ffff::4"), 1);
	rig_end(&g);
}

static unsigned nlisted;

static void
list_router(void *arg, const struct vi_nd_router *rd)
{
	struct vi_nd_router *last = arg;

	*last = *rd;
	nlisted++;
}

static void
list_prefix(void *arg, const struct vi_nd_prefix *np)
{
	struct vi_nd_prefix *last = arg;

	if (np->np_router.sa_family == 0)
		return;
	*last = *np;
	nlisted++;
}

static void
listed(void **state)
{
	struct vi_nd_prefix np;
	struct vi_nd_router rd;
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	advertise(&g, g.raw2, 600, 0x80 | RA_HIGH, "2001:db8:9::", 1000, 500);
	nlisted = 0;
	vi_nd_routers(g.h, list_router, &rd);
	assert_int_equal(nlisted, 1);
	assert_true(rd.rd_flags == (0x80 | RA_HIGH) && rd.rd_pref == 1 && rd.rd_installed);
	assert_true(rd.rd_expire > 599 * TL_SEC && rd.rd_expire <= 600 * TL_SEC && rd.rd_addr.sa_scope == g.hif);
	vi_nd_prefixes(g.h, list_prefix, &np);
	assert_int_equal(nlisted, 2);
	assert_true(np.np_onlink && np.np_auto && np.np_prefixlen == 64 && np.np_naddrs == 1);
	assert_true(np.np_vltime == 1000 && np.np_pltime == 500 && np.np_expire >= 999 && np.np_expire <= 1000);
	assert_int_equal(np.np_router.sa_in6[15], 2);
	tl_ok(vi_nd_flush(g.h, VI_ND_PREFIXES));
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", 0, 0).n, 0);
	assert_int_equal(router(&g, "2001:db8:9::1"), 2);
	tl_ok(vi_nd_flush(g.h, VI_ND_ROUTERS));
	assert_int_equal(router(&g, "2001:db8:9::1"), 0);
	nlisted = 0;
	vi_nd_routers(g.h, list_router, &rd);
	vi_nd_prefixes(g.h, list_prefix, &np);
	assert_int_equal(nlisted, 0);
	tl_fails(vi_nd_flush(g.h, (enum vi_nd_flush)9), EINVAL);
	rig_end(&g);
}

struct byhand {
	uint8_t		 bh_net;	/* the sixth byte of the prefix looked for */
	unsigned	 bh_n;
	struct vi_nd_prefix bh_np;
};

static void
list_byhand(void *arg, const struct vi_nd_prefix *np)
{
	struct byhand *bh = arg;

	if (np->np_router.sa_family == 0 && np->np_prefix.sa_in6[5] == bh->bh_net) {
		bh->bh_np = *np;
		bh->bh_n++;
	}
}

/* Two addresses of one prefix, one of another, one of a host: two prefixes. */
static void
listed_byhand(void **state)
{
	struct byhand seven = { .bh_net = 7 }, eight = { .bh_net = 8 }, nine = { .bh_net = 9 };
	struct vi_ifaddr ia = { .ia_addr = tl_addr("2001:db8:8::1", 0), .ia_prefixlen = 48, .ia_vltime = 20, .ia_pltime = 10 };
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:7::1", 64);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:7::2", 64);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:9::1", 128);
	tl_ok(vi_if_addr_add(g.h, g.cable.a, &ia, true));
	tl_run(&g.t, 5 * TL_SEC);
	vi_nd_prefixes(g.h, list_byhand, &seven);
	vi_nd_prefixes(g.h, list_byhand, &eight);
	vi_nd_prefixes(g.h, list_byhand, &nine);
	assert_true(seven.bh_n == 1 && seven.bh_np.np_prefixlen == 64 && seven.bh_np.np_naddrs == 2 && seven.bh_np.np_onlink && !seven.bh_np.np_auto);
	assert_true(seven.bh_np.np_vltime == VI_IFA_INFINITE && seven.bh_np.np_expire == VI_IFA_INFINITE && seven.bh_np.np_prefix.sa_in6[15] == 0);
	assert_true(eight.bh_n == 1 && eight.bh_np.np_prefixlen == 48 && eight.bh_np.np_naddrs == 1);
	assert_true(eight.bh_np.np_vltime == 20 && eight.bh_np.np_pltime == 10 && eight.bh_np.np_expire >= 14 && eight.bh_np.np_expire <= 15);
	assert_int_equal(nine.bh_n, 0);
	rig_end(&g);
}

/* RFC 8106 */

struct dns { unsigned n; uint64_t expire; char text[64]; };

static void
see_dns(void *arg, const struct vi_nd_dns *dn)
{
	struct dns *d = arg;

	d->n++;
	d->expire = dn->dn_expire;
	snprintf(d->text, sizeof(d->text), "%s %s", dn->dn_ifname, dn->dn_domain);
}

static struct dns
dns(struct rig *g)
{
	struct dns d = { 0 };

	vi_nd_dns(g->h, see_dns, &d);
	return (d);
}

static void
tell_dns(struct rig *g, uint32_t life, const char *server)
{
	uint8_t ra[16 + 24] = { 134, [4] = 64, [16] = 25, [17] = 3 };

	put32(ra + 20, life);
	memcpy(ra + 24, tl_addr(server, 0).sa_in6, 16);
	say(g, g->raw, "ff02::1", ra, sizeof(ra));
}

static void
tell_domains(struct rig *g, uint32_t life, const char *names, size_t len)
{
	uint8_t ra[16 + 48] = { 134, [4] = 64, [16] = 31, [17] = 6 };

	put32(ra + 20, life);
	memcpy(ra + 24, names, len);
	say(g, g->raw, "ff02::1", ra, sizeof(ra));
}

static void
name_servers(void **state)
{
	char text[512], want[512], who[32];
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	tell_dns(&g, 100, "2001:db8::53");
	tell_dns(&g, FOREVER, "fe80::53");
	tell_domains(&g, 50, "\3lab\7example\0\3two\0", 17);
	assert_int_equal(dns(&g).n, 4);
	tl_ok(vi_sysctl_get(g.h, "net.inet6.icmp6.nd6_resolv", text, sizeof(text)));
	snprintf(want, sizeof(want), "search lab.example two\nnameserver 2001:db8:0:0:0:0:0:53\nnameserver fe80:0:0:0:0:0:0:53%%%s\n", g.cable.a);
	assert_string_equal(text, want);
	/* Bad ones: nothing that a resolv.conf must not have, nothing that runs out of the option, no group. */
	tell_domains(&g, 50, "\3a\nb\0", 5);
	tell_domains(&g, 50, "\77aaaa", 5);
	tell_domains(&g, 50, "\300\14", 2);
	tell_dns(&g, 100, "ff02::1");
	assert_int_equal(dns(&g).n, 4);
	/* A lifetime ends, and one of 0 ends at once. */
	tl_run(&g.t, 52 * TL_SEC);
	assert_int_equal(dns(&g).n, 2);
	tell_dns(&g, 0, "2001:db8::53");
	assert_int_equal(dns(&g).n, 1);
	assert_int_equal(dns(&g).expire, 0);
	tl_run(&g.t, 100000 * TL_SEC);
	assert_int_equal(dns(&g).n, 1);
	/* Bounded: what ends first makes room. */
	for (unsigned i = 0; i < 40; i++) {
		snprintf(who, sizeof(who), "2001:db8::%u", i + 1);
		tell_dns(&g, 1000 + i, who);
	}
	assert_int_equal(dns(&g).n, 32);
	assert_true(dns(&g).expire > 1038 * TL_SEC);
	tl_ok(vi_if_destroy(g.h, g.cable.a));
	assert_int_equal(dns(&g).n, 0);
	vi_close(g.raw);
	vi_close(g.raw2);
	tl_destroy(g.h);
	tl_destroy(g.r);
	tl_end(&g.t);
}

/* The interface comes up again on a link where other routers say other things. */
static void
another_link(void **state)
{
	struct picked was, now;
	struct rig g;

	(void)state;
	rig_begin(&g, 7);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.use_tempaddr", "1", &tl_root));
	advertise(&g, g.raw, 60000, 0, "2001:db8:9::", FOREVER, FOREVER);
	tl_run(&g.t, 3 * TL_SEC);
	was = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0);
	assert_int_equal(was.n, 1);
	/* Nobody answers: all stays but the temporary address, which waits for word of the prefix. */
	tl_ok(vi_if_set_flags(g.h, g.cable.a, 0, VI_IFF_UP));
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0).n, 0);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_DETACHED).n, 1);
	assert_int_equal(router(&g, "2001:db8:9::77"), 3);
	advertise(&g, g.raw, 60000, 0, "2001:db8:9::", FOREVER, FOREVER);
	now = address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_TEMPORARY, 0);
	assert_int_equal(now.n, 1);
	assert_false(tl_sameaddr(&now.ia.ia_addr, &was.ia.ia_addr));
	/* Another router answers. */
	tl_ok(vi_if_set_flags(g.h, g.cable.a, 0, VI_IFF_UP));
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 2 * TL_SEC);
	advertise(&g, g.raw2, 60000, 0, "2001:db8:a::", FOREVER, FOREVER);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_DETACHED).n, 1);
	tl_run(&g.t, 15 * TL_SEC);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF | VI_IN6_IFF_DETACHED, 0).n, 1);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:a::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_DETACHED).n, 2);
	assert_int_equal(router(&g, "2001:db8:9::77"), 2);
	/* It was only slow. */
	advertise(&g, g.raw, 60000, RA_HIGH, "2001:db8:9::", FOREVER, FOREVER);
	assert_int_equal(address(g.h, g.cable.a, "2001:db8:9::", VI_IN6_IFF_AUTOCONF, VI_IN6_IFF_DETACHED).n, 2);
	assert_int_equal(router(&g, "2001:db8:9::77"), 3);
	rig_end(&g);
}

/* Linux's names reach the same knobs. */

static int
conf(struct vi_vnet *vn, const char *inst, const char *key)
{
	char name[96], text[32];

	snprintf(name, sizeof(name), "net.ipv6.conf.%s.%s", inst, key);
	tl_ok(vi_sysctl_get(vn, name, text, sizeof(text)));
	return (atoi(text));
}

static int
setconf(struct vi_vnet *vn, const char *inst, const char *key, int v)
{
	char name[96], text[16];

	snprintf(name, sizeof(name), "net.ipv6.conf.%s.%s", inst, key);
	snprintf(text, sizeof(text), "%d", v);
	return (vi_sysctl_set(vn, name, text, &tl_root));
}

static void
count_knob(void *arg, const struct vi_sysctl *sy)
{
	assert_null(strchr(sy->sy_name, '*'));
	++*(unsigned *)arg;
}

static void
linux_names(void **state)
{
	char text[32], name[VI_IFNAMSIZ];
	unsigned n = 0;
	struct rig g;

	(void)state;
	rig_begin(&g, 1);
	/* An interface's own. */
	assert_int_equal(conf(g.h, g.cable.a, "accept_ra"), 1);
	tl_ok(setconf(g.h, g.cable.a, "accept_ra", 0));
	assert_int_equal(tl_ifinfo(g.h, g.cable.a).if_nd6flags & VI_ND6_IFF_ACCEPT_RTADV, 0);
	tl_ok(setconf(g.h, g.cable.a, "accept_ra", 2));
	tl_ok(setconf(g.h, "all", "forwarding", 1));
	tl_ok(vi_sysctl_get(g.h, "net.inet6.ip6.forwarding", text, sizeof(text)));
	assert_string_equal(text, "1");
	advertise(&g, g.raw, 600, 0, NULL, 0, 0);
	assert_int_equal(router(&g, "2001:db8:ffff::1"), 1);	/* 2: although it forwards */
	tl_ok(setconf(g.h, "all", "disable_ipv6", 1));
	assert_true((tl_ifinfo(g.h, g.cable.a).if_nd6flags & VI_ND6_IFF_IFDISABLED) != 0);
	tl_ok(vi_if_create(g.h, "epair", name));
	assert_int_equal(conf(g.h, name, "disable_ipv6"), 1);
	tl_ok(setconf(g.h, g.cable.a, "addr_gen_mode", 2));
	assert_int_equal(conf(g.h, g.cable.a, "addr_gen_mode"), 2);
	assert_int_equal(conf(g.h, name, "addr_gen_mode"), 0);
	tl_ok(setconf(g.h, g.cable.a, "mtu", 1400));
	assert_int_equal(conf(g.h, g.cable.a, "mtu"), 1400);
	assert_int_equal(tl_ifinfo(g.h, g.cable.a).if_linkmtu6, 1400);
	tl_fails(setconf(g.h, g.cable.a, "mtu", 1279), EINVAL);
	tl_ok(setconf(g.h, g.cable.a, "hop_limit", 9));
	assert_int_equal(conf(g.h, g.cable.a, "hop_limit"), 9);
	assert_int_equal(conf(g.h, "all", "hop_limit"), 64);
	/* The stack's. */
	tl_ok(setconf(g.h, "default", "use_tempaddr", 2));
	tl_ok(vi_sysctl_get(g.h, "net.inet6.ip6.prefer_tempaddr", text, sizeof(text)));
	assert_string_equal(text, "1");
	tl_ok(setconf(g.h, "all", "dad_transmits", 3));
	assert_int_equal(conf(g.h, g.cable.a, "dad_transmits"), 3);
	tl_fails(setconf(g.h, g.cable.a, "use_tempaddr", 1), EOPNOTSUPP);	/* the stack has 2 */
	tl_fails(setconf(g.h, "all", "dad_transmits", -1), EINVAL);
	/* None of those. */
	tl_fails(setconf(g.h, "eth99", "accept_ra", 1), ENOENT);
	tl_fails(setconf(g.h, "all", "mtu", 1300), ENOENT);
	tl_fails(setconf(g.h, "all", "seg6_enabled", 1), ENOENT);
	tl_fails(vi_sysctl_set(g.h, "net.ipv6.conf.*.accept_ra", "1", &tl_root), ENOENT);
	tl_ok(vi_sysctl_list(g.h, "net.ipv6.conf.default", count_knob, &n));
	assert_int_equal(n, 13);
	n = 0;
	tl_ok(vi_sysctl_list(g.h, "net.ipv6", count_knob, &n));
	assert_true(n > 13 * 4);
	rig_end(&g);
}

/* RFC 4861 7.3.1: a connection that gets answers needs no probes. */
static void
transport_confirms(void **state)
{
	struct vi_socket *l;
	struct tl_conn c;
	struct rig g;
	uint64_t sent;

	(void)state;
	rig_addressed(&g);
	l = tl_listen(g.r, "2001:db8:1::2", 80, 1);
	tl_connect(&g.t, g.h, l, &c);
	tl_send(&g.t, c.c, c.s, 10);
	tl_run(&g.t, 5 * TL_SEC);
	sent = tl_stat(g.h, "ns_solout");
	for (unsigned i = 0; i < 300; i++) {
		tl_send(&g.t, c.c, c.s, 10);
		tl_run(&g.t, TL_SEC);
	}
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent);
	assert_in_range(tl_stat(g.h, "ns_heard"), 4, 25);
	tl_hangup(&g.t, &c);
	vi_close(l);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(override_rules),
		cmocka_unit_test(router_flag),
		cmocka_unit_test(router_preference), cmocka_unit_test(router_chosen),
		cmocka_unit_test(route_information), cmocka_unit_test(silent_router),
		cmocka_unit_test(router_values),
		cmocka_unit_test(bad_messages),
		cmocka_unit_test(two_hours),
		cmocka_unit_test(temporary),
		cmocka_unit_test(temporary_source),
		cmocka_unit_test(stable),
		cmocka_unit_test(disabled),
		cmocka_unit_test(redirects),
		cmocka_unit_test(listed),
		cmocka_unit_test(listed_byhand),
		cmocka_unit_test(name_servers),
		cmocka_unit_test(another_link),
		cmocka_unit_test(linux_names),
		cmocka_unit_test(transport_confirms),
		cmocka_unit_test(kind_of_neighbour),
		cmocka_unit_test(unknown_errors),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
