/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery, frame by frame (RFC 4861, 4862, 7217, 8981): one host h, and on the other end of its cable nobody but the test, which reads what h says
 * and answers for whom it likes.
 */
#include "tests/inet/inet.h"

#include <stdlib.h>

enum { RS = 133, RA = 134, NS = 135, NA = 136, RD = 137 };
#define S	0x40u
#define O	0x20u
#define R	0x80u

#define OURS	"2001:db8:1::1"
#define LL	"fe80::1"

struct rig {
	struct tl	 t;
	struct vi_vnet	*h, *w;
	struct tl_cable	 cable;
	struct vi_socket *wire;
	uint32_t	 wif;
	uint8_t		 hmac[6];
};

/* A frame from h: the header of Ethernet, that of IPv6, a message of ICMPv6. */
struct frame {
	uint8_t	b[2048];
	size_t	len;
};
#define F_SRC	(14 + 8)
#define F_DST	(14 + 24)
#define F_ICMP	(14 + 40)

static void
rig_plain(struct rig *g, bool autoconf, uint32_t nd6flags)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x86dd).sa_port };

	tl_begin(&g->t, 17);
	g->h = tl_vnet(&g->t, "h");
	g->w = tl_vnet(&g->t, "w");
	tl_ok(vi_sysctl_set(g->h, "net.inet6.ip6.auto_linklocal", autoconf ? "1" : "0", &tl_root));
	tl_cable(g->h, g->w, &g->cable);
	memcpy(g->hmac, tl_ifinfo(g->h, g->cable.a).if_lladdr, 6);
	sa.sa_scope = g->wif = tl_ifinfo(g->w, g->cable.b).if_index;
	tl_ok(vi_if_set_nd6(g->h, g->cable.a, nd6flags, 0));
	tl_ok(vi_if_set_flags(g->w, g->cable.b, VI_IFF_UP, 0));
	tl_ok(vi_socket(g->w, VI_AF_PACKET, VI_SOCK_RAW, 0, &tl_root, &g->wire));
	tl_ok(vi_bind(g->wire, &sa));
}

static bool
frame(struct rig *g, struct frame *f)
{
	struct vi_iovec iov = { f->b, sizeof(f->b) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1 };

	return (vi_recvmsg(g->wire, &msg, &f->len) == 0);
}

static void
forget(struct rig *g)
{
	struct frame f;

	while (frame(g, &f))
		;
}

/* The next of this type; what comes before it is thrown away. */
static bool
message(struct rig *g, uint8_t type, struct frame *f)
{
	while (frame(g, f))
		if (f->b[14 + 6] == 58 && f->b[F_ICMP] == type)
			return (true);
	return (false);
}

static bool
is(const uint8_t *p, const char *addr)
{
	return (memcmp(p, tl_addr(addr, 0).sa_in6, 16) == 0);
}

static void
rig_begin(struct rig *g)
{
	char ll[32];

	rig_plain(g, false, VI_ND6_IFF_ACCEPT_RTADV);
	snprintf(ll, sizeof(ll), LL "%%%u", tl_ifinfo(g->h, g->cable.a).if_index);
	tl_ifaddr(g->h, g->cable.a, ll, 64);
	tl_ifaddr(g->h, g->cable.a, OURS, 64);
	tl_run(&g->t, 20 * TL_SEC);	/* verified, and no router answers */
	forget(g);
}

static void
rig_end(struct rig *g)
{
	vi_close(g->wire);
	tl_destroy(g->h);
	tl_destroy(g->w);
	tl_end(&g->t);
}

/* From a station 02:..:mac: a packet. */
static void
inject(struct rig *g, uint8_t mac, const char *src, const char *dst, uint8_t nxt, uint8_t hlim, const void *p, size_t len)
{
	uint8_t b[2048] = { [6] = 2, [11] = mac, [12] = 0x86, [13] = 0xdd, [14] = 0x60, [18] = (uint8_t)(len >> 8), [19] = (uint8_t)len, [20] = nxt, [21] = hlim };
	struct vi_iovec iov = { b, 54 + len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = { .sa_family = VI_AF_PACKET, .sa_scope = g->wif } };
	size_t n;

	memcpy(b + F_SRC, tl_addr(src, 0).sa_in6, 16);
	memcpy(b + F_DST, tl_addr(dst, 0).sa_in6, 16);
	if (b[F_DST] == 0xff) {
		b[0] = b[1] = 0x33;
		memcpy(b + 2, b + F_DST + 12, 4);
	} else {
		memcpy(b, g->hmac, 6);
	}
	memcpy(b + 54, p, len);
	tl_ok(vi_sendmsg(g->wire, &msg, &n));
	tl_settle(&g->t);
}

static void
say(struct rig *g, uint8_t mac, const char *src, const char *dst, uint8_t *m, size_t len)
{
	uint8_t pseudo[40 + 512] = { 0 };
	uint16_t sum;

	m[2] = m[3] = 0;
	memcpy(pseudo, tl_addr(src, 0).sa_in6, 16);
	memcpy(pseudo + 16, tl_addr(dst, 0).sa_in6, 16);
	pseudo[34] = (uint8_t)(len >> 8);
	pseudo[35] = (uint8_t)len;
	pseudo[39] = 58;
	memcpy(pseudo + 40, m, len);
	sum = inet_cksum(pseudo, 40 + len);
	memcpy(m + 2, &sum, 2);
	inject(g, mac, src, dst, 58, 255, m, len);
}

/* A solicitation of h by a station, with its link address if it tells it. */
static void
solicit(struct rig *g, uint8_t mac, const char *src, const char *dst, const char *target, bool told)
{
	uint8_t m[32] = { NS, [24] = 1, [25] = 1, [26] = 2, [31] = mac };

	memcpy(m + 8, tl_addr(target, 0).sa_in6, 16);
	say(g, mac, src, dst, m, told ? 32 : 24);
}

static void
answer(struct rig *g, uint8_t mac, const uint8_t target[16], const char *dst, uint8_t flags)
{
	uint8_t m[32] = { NA, [4] = flags, [24] = 2, [25] = 1, [26] = 2, [31] = mac };

	memcpy(m + 8, target, 16);
	say(g, mac, "fe80::a", dst, m, 32);
}

/* An advertisement of a router, with its link address. */
static void
advertise(struct rig *g, uint8_t mac, const char *src, uint16_t life, uint8_t flags)
{
	uint8_t m[24] = { RA, [5] = flags, [6] = (uint8_t)(life >> 8), [7] = (uint8_t)life, [16] = 1, [17] = 1, [18] = 2, [23] = mac };

	say(g, mac, src, "ff02::1", m, sizeof(m));
}

/* One of a prefix for addresses. */
static void
tell_prefix(struct rig *g, const char *prefix)
{
	uint8_t m[48] = { RA, [16] = 3, [17] = 4, [18] = 64, [19] = 0xc0, [20] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	memcpy(m + 32, tl_addr(prefix, 0).sa_in6, 16);
	say(g, 10, "fe80::a", "ff02::1", m, sizeof(m));
}

struct seen { const char *want; struct vi_neigh ne; unsigned n; bool yes; };

static void
see(void *arg, const struct vi_neigh *ne)
{
	struct seen *s = arg;

	if (ne->ne_own || ne->ne_addr.sa_family != VI_AF_INET6)
		return;
	s->n++;
	if (is(ne->ne_addr.sa_in6, s->want)) {
		s->ne = *ne;
		s->yes = true;
	}
}

static struct seen
neighbour(struct rig *g, const char *addr)
{
	struct seen s = { .want = addr };

	vi_neigh_list(g->h, see, &s);
	return (s);
}

/* RFC 4861 7.2.3, 6.2.6: solicitations make a neighbour known, as stale, and say nothing of what else he is; from :: they say nothing at all. */
static void
solicitations(void **state)
{
	uint8_t rs[16] = { RS, [8] = 1, [9] = 1, [10] = 2, [15] = 9 };
	struct rig g;
	unsigned n;

	(void)state;
	rig_begin(&g);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:1", OURS, true);
	assert_true(neighbour(&g, "2001:db8:1::9").yes);
	assert_int_equal(neighbour(&g, "2001:db8:1::9").ne.ne_state, VI_NUD_DELAY);	/* stale, and used: our answer */
	assert_int_equal(neighbour(&g, "2001:db8:1::9").ne.ne_lladdr[5], 9);
	assert_false(neighbour(&g, "2001:db8:1::9").ne.ne_router);
	advertise(&g, 10, "fe80::a", 600, 0);
	assert_true(neighbour(&g, "fe80::a").ne.ne_router);
	solicit(&g, 10, "fe80::a", "ff02::1:ff00:1", OURS, true);
	solicit(&g, 11, "fe80::a", "ff02::1:ff00:1", OURS, true);
	assert_int_equal(neighbour(&g, "fe80::a").ne.ne_lladdr[5], 11);
	assert_true(neighbour(&g, "fe80::a").ne.ne_router);
	/* Who says that he is we is no neighbour. */
	n = neighbour(&g, "::").n;
	solicit(&g, 13, OURS, "ff02::1:ff00:1", OURS, true);
	assert_int_equal(neighbour(&g, "::").n, n);
	assert_false(neighbour(&g, OURS).ne.ne_lladdr[5] == 13);
	/* A router that is solicited. */
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.forwarding", "1", &tl_root));
	n = neighbour(&g, "::").n;
	say(&g, 9, "::", "ff02::2", rs, 8);
	say(&g, 9, "::", "ff02::2", rs, 16);
	assert_int_equal(neighbour(&g, "::").n, n);
	assert_int_equal(tl_stat(g.h, "ns_badform"), 1);
	say(&g, 12, "fe80::c", "ff02::2", rs, 16);
	assert_int_equal(neighbour(&g, "fe80::c").n, n + 1);
	rig_end(&g);
}

/* Who is asked now for a way to dst, after so long of silence: the last byte of the next hop's address; 0: nobody. */
static int
nexthop(struct rig *g)
{
	const struct vi_sockaddr to = tl_addr("2001:db8:ffff::1", 0);
	struct vi_route rt;

	return (vi_route_get(g->h, 0, &to, &rt) != 0 ? 0 : rt.rt_gateway.sa_in6[15]);
}

/* RFC 4861 6.3.6, RFC 4191 3.2: routers that do not answer come last, and if none does each has its turn. */
static void
routers_in_turn(void **state)
{
	struct vi_socket *so;
	struct frame f;
	struct rig g;
	int was;

	(void)state;
	rig_begin(&g);
	advertise(&g, 10, "fe80::a", 60000, 0x08);	/* preferred */
	advertise(&g, 11, "fe80::b", 60000, 0);
	assert_int_equal(nexthop(&g), 10);
	so = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(inet_sendto(so, "x", 1, "2001:db8:ffff::1", 9));
	tl_run(&g.t, 10 * TL_SEC);
	assert_int_equal(nexthop(&g), 11);		/* reachable, for all we know */
	was = 11;
	for (unsigned i = 0; i < 6; i++) {
		tl_ok(inet_sendto(so, "x", 1, "2001:db8:ffff::1", 9));
		tl_run(&g.t, 10 * TL_SEC);
		assert_int_equal(nexthop(&g), 21 - was);
		was = 21 - was;
	}
	/* One is heard of: it is taken whatever it prefers. */
	advertise(&g, 11, "fe80::b", 60000, 0x18);
	assert_int_equal(nexthop(&g), 11);
	/* RFC 4191 3.3: so does what a socket remembers. */
	inet_connect(so, "2001:db8:ffff::1", 9);
	for (uint8_t mac = 11; mac >= 10; mac--) {
		advertise(&g, mac, mac == 11 ? "fe80::b" : "fe80::a", 60000, mac == 11 ? 0x18 : 0x08);
		forget(&g);
		tl_ok(inet_sendto(so, "x", 1, NULL, 0));
		tl_settle(&g.t);
		do
			assert_true(frame(&g, &f));
		while (f.b[14 + 6] != 17);
		assert_int_equal(f.b[5], mac);
	}
	vi_close(so);
	rig_end(&g);
}

/* RFC 4191 2.2: what the other bits say; 3.4: an administrator's route comes first. */
static void
router_bits(void **state)
{
	uint8_t m[16 + 24] = { RA, [5] = 0x08 | 0x07, [6] = 2, [16] = 24, [17] = 3, [18] = 64, [19] = 0x08 | 0xe7, [20] = 0, 0, 2, 0 };
	const struct vi_sockaddr to = tl_addr("2001:db8:aa::99", 0);
	struct vi_route rt;
	struct rig g;

	(void)state;
	rig_begin(&g);
	advertise(&g, 11, "fe80::b", 600, 0);
	advertise(&g, 10, "fe80::a", 600, 0x18);	/* known */
	assert_int_equal(nexthop(&g), 11);
	memcpy(m + 24, tl_addr("2001:db8:aa::77", 0).sa_in6, 16);	/* RFC 4191 2.3: what is behind the prefix means nothing */
	say(&g, 10, "fe80::a", "ff02::1", m, sizeof(m));
	assert_int_equal(nexthop(&g), 10);
	tl_ok(vi_route_get(g.h, 0, &to, &rt));
	assert_int_equal(rt.rt_gateway.sa_in6[15], 10);
	inet_route(g.h, "2001:db8:aa::", 64, "2001:db8:1::77");
	tl_ok(vi_route_get(g.h, 0, &to, &rt));
	assert_int_equal(rt.rt_gateway.sa_in6[15], 0x77);
	rig_end(&g);
}

/* RFC 4861 7.2.2, 4.3: whose address a solicitation comes from, what it tells, how often it is sent; what waits meanwhile, and its end. */
static void
asking(void **state)
{
	struct vi_sockaddr second = tl_addr("2001:db8:1::2", 0);
	struct vi_socket *a;
	uint64_t sent, held;
	struct frame f;
	unsigned n = 0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:1::2", 64);
	tl_run(&g.t, 5 * TL_SEC);
	forget(&g);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.icmp6.nd6_maxqueuelen", "2", &tl_root));
	a = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(vi_bind(a, &second));
	sent = tl_stat(g.h, "ns_solout");
	held = tl_stat(g.h, "ns_heldover");
	for (char c = '1'; c <= '4'; c++)
		tl_ok(inet_sendto(a, &c, 1, "2001:db8:1::9", 9));
	tl_settle(&g.t);
	assert_int_equal(tl_stat(g.h, "ns_heldover"), held + 2);
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent + 1);
	assert_true(message(&g, NS, &f));
	assert_true(is(f.b + F_SRC, "2001:db8:1::2"));
	assert_true(is(f.b + F_DST, "ff02::1:ff00:9"));
	assert_int_equal(f.len, F_ICMP + 32);
	assert_int_equal(f.b[F_ICMP + 24], 1);
	assert_memory_equal(f.b + F_ICMP + 26, g.hmac, 6);
	tl_run(&g.t, TL_SEC - 10 * TL_MS);
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent + 1);
	tl_run(&g.t, 20 * TL_MS);
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent + 2);
	forget(&g);
	/* The last two, in order. */
	answer(&g, 9, tl_addr("2001:db8:1::9", 0).sa_in6, "2001:db8:1::2", S | O);
	while (frame(&g, &f))
		if (f.b[14 + 6] == 17)
			assert_int_equal(f.b[F_ICMP + 8], '3' + (int)n++);
	assert_int_equal(n, 2);
	/* Nobody: three, and that was it. */
	sent = tl_stat(g.h, "ns_solout");
	tl_ok(inet_sendto(a, "x", 1, "2001:db8:1::8", 9));
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent + 3);
	assert_int_equal(tl_stat(g.h, "ns_dropped"), 1);
	vi_close(a);
	rig_end(&g);
}

/* RFC 4861 7.3.3: a stale one that is used is asked by itself after five seconds, three times in all; then it is not known any more. */
static void
probes(void **state)
{
	struct vi_socket *a;
	struct frame f;
	unsigned n = 0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:1", OURS, true);
	a = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(inet_sendto(a, "x", 1, "2001:db8:1::9", 9));
	tl_run(&g.t, 4900 * TL_MS);
	assert_int_equal(neighbour(&g, "2001:db8:1::9").ne.ne_state, VI_NUD_DELAY);
	assert_false(message(&g, NS, &f));
	tl_run(&g.t, 10 * TL_SEC);
	while (message(&g, NS, &f)) {
		assert_true(is(f.b + F_DST, "2001:db8:1::9"));
		assert_int_equal(f.b[5], 9);
		n++;
	}
	assert_int_equal(n, 3);
	assert_false(neighbour(&g, "2001:db8:1::9").yes);
	vi_close(a);
	rig_end(&g);
}

/* Hears one advertisement of this target: where it goes, and its flags. */
static void
expect_answer(struct rig *g, const char *target, const char *dst, uint8_t flags)
{
	struct frame f;

	assert_true(message(g, NA, &f));
	assert_true(is(f.b + F_ICMP + 8, target));
	assert_true(is(f.b + F_DST, dst));
	assert_int_equal(f.b[F_ICMP + 4], flags);
	assert_false(message(g, NA, &f));
}

/* RFC 4861 7.2.4, 7.2.8: answers, for addresses of one host, for those of many, for others'. */
static void
answers(void **state)
{
	struct vi_ifaddr ia = { .ia_addr = tl_addr("2001:db8:1::77", 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_ANYCAST,
		.ia_vltime = VI_IFA_INFINITE, .ia_pltime = VI_IFA_INFINITE };
	struct vi_neigh ne = { .ne_permanent = true, .ne_published = true, .ne_lladdr = { 2, 0, 0, 0, 0, 8 }, .ne_addr = tl_addr("2001:db8:1::88", 0) };
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_if_addr_add(g.h, g.cable.a, &ia, true));
	memcpy(ne.ne_ifname, g.cable.a, sizeof(g.cable.a));
	tl_ok(vi_neigh_add(g.h, &ne));
	tl_run(&g.t, 5 * TL_SEC);
	forget(&g);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:1", OURS, true);
	expect_answer(&g, OURS, "2001:db8:1::9", S | O);
	solicit(&g, 9, "::", "ff02::1:ff00:1", OURS, false);
	expect_answer(&g, OURS, "ff02::1", O);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:77", "2001:db8:1::77", true);
	expect_answer(&g, "2001:db8:1::77", "2001:db8:1::9", S);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:88", "2001:db8:1::88", true);
	expect_answer(&g, "2001:db8:1::88", "2001:db8:1::9", S);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.forwarding", "1", &tl_root));
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:1", OURS, true);
	expect_answer(&g, OURS, "2001:db8:1::9", S | O | R);
	rig_end(&g);
}

/* A datagram of len bytes that h is to forward, from a station. */
static void
forward(struct rig *g, uint8_t mac, const char *src, const char *dst, size_t len)
{
	static const uint8_t data[1452] = { 0, 9, 0, 9, 0, 8 };

	inject(g, mac, src, dst, 17, 64, data, len);
}

/* RFC 4861 8.2, 9: a router tells its neighbours of a better way, and only them; a hundred times a second, in 1280 bytes. */
static void
redirecting(void **state)
{
	const struct vi_route rt = { .rt_dst = tl_addr("2001:db8:ffff::", 0), .rt_prefixlen = 48, .rt_gateway = tl_addr("fe80::a", 0) };
	struct vi_route way = rt;
	struct frame f;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.forwarding", "1", &tl_root));
	way.rt_gateway.sa_scope = tl_ifinfo(g.h, g.cable.a).if_index;
	tl_ok(vi_route_add(g.h, &way));
	solicit(&g, 10, "fe80::a", "ff02::1:ff00:1", LL, true);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:1", OURS, true);
	forget(&g);
	forward(&g, 9, "2001:db8:1::9", "2001:db8:ffff::1", 1400);
	tl_run(&g.t, TL_MS);
	assert_true(message(&g, RD, &f));
	assert_true(is(f.b + F_SRC, LL) && is(f.b + F_DST, "2001:db8:1::9"));
	assert_int_equal(f.b[14 + 7], 255);
	assert_true(is(f.b + F_ICMP + 8, "fe80::a") && is(f.b + F_ICMP + 24, "2001:db8:ffff::1"));
	assert_int_equal(f.b[5], 9);
	assert_true(f.len > 14 + 1200 && f.len <= 14 + 1280);
	forward(&g, 9, "2001:db8:1::9", "2001:db8:ffff::1", 100);	/* at once: too soon */
	tl_run(&g.t, TL_MS);
	assert_false(message(&g, RD, &f));
	tl_run(&g.t, 20 * TL_MS);
	forward(&g, 9, "2001:db8:1::9", "2001:db8:ffff::1", 100);
	tl_run(&g.t, TL_MS);
	assert_true(message(&g, RD, &f));
	assert_int_equal(tl_stat(g.h, "ns_redirout"), 2);
	assert_int_equal(tl_stat(g.h, "i6s_redirectsent"), 2);
	/* Its sender is beyond another router, which knows what it does. */
	tl_run(&g.t, 20 * TL_MS);
	forward(&g, 9, "2001:db8:ffff::9", "2001:db8:ffff::1", 100);
	forward(&g, 9, "2001:db8:eeee::9", "2001:db8:ffff::1", 100);
	tl_run(&g.t, TL_MS);
	assert_int_equal(tl_stat(g.h, "i6s_forward"), 5);
	assert_false(message(&g, RD, &f));
	rig_end(&g);
}

static void
redirect(struct rig *g, const char *target, const char *dst, uint8_t mac)
{
	uint8_t m[48] = { RD, [40] = 2, [41] = 1, [42] = 2, [47] = mac };

	memcpy(m + 8, tl_addr(target, 0).sa_in6, 16);
	memcpy(m + 24, tl_addr(dst, 0).sa_in6, 16);
	say(g, 10, "fe80::a", LL, m, sizeof(m));
}

/* RFC 4861 8.3: what a redirect says of who is named in it. */
static void
redirected(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	advertise(&g, 10, "fe80::a", 600, 0);
	redirect(&g, "fe80::b", "2001:db8:ffff::1", 11);
	assert_int_equal(nexthop(&g), 11);
	assert_int_equal(neighbour(&g, "fe80::b").ne.ne_state, VI_NUD_STALE);
	assert_int_equal(neighbour(&g, "fe80::b").ne.ne_lladdr[5], 11);
	assert_true(neighbour(&g, "fe80::b").ne.ne_router);
	redirect(&g, "2001:db8:ffff::2", "2001:db8:ffff::2", 12);
	assert_int_equal(neighbour(&g, "2001:db8:ffff::2").ne.ne_state, VI_NUD_STALE);
	assert_int_equal(neighbour(&g, "2001:db8:ffff::2").ne.ne_lladdr[5], 12);
	assert_false(neighbour(&g, "2001:db8:ffff::2").ne.ne_router);
	rig_end(&g);
}

/* RFC 4861 6.3.4: the times that a router tells. */
static void
times(void **state)
{
	uint8_t m[16] = { RA, [10] = 600000 >> 8 & 0xff, [9] = 600000 >> 16, [11] = 600000 & 0xff, [14] = 3000 >> 8, [15] = 3000 & 0xff };
	struct vi_socket *a;
	uint64_t sent;
	struct rig g;

	(void)state;
	rig_begin(&g);
	say(&g, 10, "fe80::a", "ff02::1", m, sizeof(m));
	a = tl_socketof(g.h, VI_AF_INET6, VI_SOCK_DGRAM);
	sent = tl_stat(g.h, "ns_solout");
	tl_ok(inet_sendto(a, "x", 1, "2001:db8:1::9", 9));
	tl_run(&g.t, 2900 * TL_MS);
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent + 1);
	tl_run(&g.t, 200 * TL_MS);
	assert_int_equal(tl_stat(g.h, "ns_solout"), sent + 2);
	answer(&g, 9, tl_addr("2001:db8:1::9", 0).sa_in6, OURS, S | O);
	tl_run(&g.t, 299 * TL_SEC);		/* half of ten minutes, to one and a half */
	assert_int_equal(neighbour(&g, "2001:db8:1::9").ne.ne_state, VI_NUD_REACHABLE);
	tl_run(&g.t, 602 * TL_SEC);
	assert_int_equal(neighbour(&g, "2001:db8:1::9").ne.ne_state, VI_NUD_STALE);
	vi_close(a);
	rig_end(&g);
}

/* Everybody has each address that h would like, of this prefix, so many times.  The last of them. */
static unsigned
spoil(struct rig *g, const char *prefix, unsigned steps, uint8_t last[16])
{
	const struct vi_sockaddr want = tl_addr(prefix, 0);
	uint8_t target[16];
	unsigned n = 0;
	struct frame f;

	for (unsigned i = 0; i < steps; i++) {
		tl_run(&g->t, 50 * TL_MS);
		while (message(g, NS, &f)) {
			if (!is(f.b + F_SRC, "::") || memcmp(f.b + F_ICMP + 8, want.sa_in6, 8) != 0)
				continue;
			memcpy(target, f.b + F_ICMP + 8, 16);
			if (n == 0 || memcmp(target, last, 16) != 0)
				n++;
			memcpy(last, target, 16);
			answer(g, 9, target, "ff02::1", O);
		}
	}
	return (n);
}

struct count { const char *prefix; uint32_t set; unsigned n, dup, odd, eui; };

static void
count(void *arg, const struct vi_ifinfo *ii)
{
	struct count *c = arg;
	const struct vi_sockaddr want = tl_addr(c->prefix, 0);

	for (uint32_t i = 0; i < ii->if_naddrs; i++) {
		const struct vi_ifaddr *ia = &ii->if_addrs[i];

		if (ia->ia_addr.sa_family != VI_AF_INET6 || memcmp(ia->ia_addr.sa_in6, want.sa_in6, 8) != 0 || (ia->ia_flags & c->set) != c->set)
			continue;
		c->n++;
		c->dup += (ia->ia_flags & VI_IN6_IFF_DUPLICATED) != 0;
		c->odd += ia->ia_addr.sa_in6[8] == 0xfd || ia->ia_addr.sa_in6[10] == 0x5e || ia->ia_addr.sa_in6[15] == 0;
		c->eui += ia->ia_addr.sa_in6[11] == 0xff && ia->ia_addr.sa_in6[12] == 0xfe;
	}
}

static struct count
addresses(struct rig *g, const char *prefix, uint32_t set)
{
	struct count c = { .prefix = prefix, .set = set };

	tl_ok(vi_if_get(g->h, g->cable.a, count, &c));
	return (c);
}

/* RFC 4862 5.4.3: who asks for an address that we check: another that checks it, or somebody who must wait. */
static void
tentative(void **state)
{
	static const char *const addr = "2001:db8:2::5";
	struct frame f;
	struct rig g;

	(void)state;
	for (int nobody = 0; nobody < 2; nobody++) {
		rig_begin(&g);
		tl_ifaddr(g.h, g.cable.a, addr, 64);
		tl_run(&g.t, TL_SEC / 2);
		forget(&g);
		solicit(&g, 9, nobody ? "::" : "2001:db8:2::9", "ff02::1:ff00:5", addr, !nobody);
		assert_false(message(&g, NA, &f));
		assert_false(neighbour(&g, "2001:db8:2::9").yes);
		assert_int_equal(addresses(&g, "2001:db8:2::", 0).dup, nobody);
		tl_run(&g.t, 2 * TL_SEC);
		assert_int_equal(message(&g, NA, &f), !nobody);	/* it is ours: announced */
		rig_end(&g);
	}
}

/* RFC 4862 5.4.5: another host has the address that is made of our hardware address. */
static void
hardware_twice(void **state)
{
	uint8_t last[16];
	struct rig g;

	(void)state;
	rig_plain(&g, true, 0);
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	assert_int_equal(spoil(&g, "fe80::", 20, last), 1);
	assert_true((tl_ifinfo(g.h, g.cable.a).if_nd6flags & VI_ND6_IFF_IFDISABLED) != 0);
	tl_run(&g.t, 5 * TL_SEC);
	assert_int_equal(addresses(&g, "fe80::", 0).dup, 1);
	rig_end(&g);
	/* Another address is only not used. */
	rig_begin(&g);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:2::1", 64);
	assert_int_equal(spoil(&g, "2001:db8:2::", 20, last), 1);
	assert_int_equal(addresses(&g, "2001:db8:2::", 0).dup, 1);
	assert_int_equal(tl_ifinfo(g.h, g.cable.a).if_nd6flags & VI_ND6_IFF_IFDISABLED, 0);
	rig_end(&g);
}

/* RFC 7217 6: three others are tried; then there is none, and none of the hardware address either. */
static void
stable_conflicts(void **state)
{
	uint8_t last[16];
	struct rig g;

	(void)state;
	rig_plain(&g, true, VI_ND6_IFF_ACCEPT_RTADV | VI_ND6_IFF_STABLEADDR);
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 10 * TL_SEC);
	forget(&g);
	tell_prefix(&g, "2001:db8:9::");
	assert_int_equal(spoil(&g, "2001:db8:9::", 200, last), 4);
	tl_run(&g.t, 60 * TL_SEC);
	assert_int_equal(addresses(&g, "2001:db8:9::", 0).n, 1);
	assert_int_equal(addresses(&g, "2001:db8:9::", 0).dup, 1);
	assert_int_equal(addresses(&g, "2001:db8:9::", 0).eui, 0);
	rig_end(&g);
}

/* RFC 8981 3.4: likewise with temporary ones; 3.8: how long they last where nobody says otherwise. */
static void
temporary_conflicts(void **state)
{
	const uint32_t temp = VI_IN6_IFF_TEMPORARY;
	uint8_t last[16];
	struct rig g;

	(void)state;
	rig_plain(&g, true, VI_ND6_IFF_ACCEPT_RTADV);
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 10 * TL_SEC);
	tell_prefix(&g, "2001:db8:9::");
	tl_run(&g.t, 5 * TL_SEC);
	forget(&g);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.use_tempaddr", "1", &tl_root));
	tell_prefix(&g, "2001:db8:9::");
	assert_int_equal(spoil(&g, "2001:db8:9::", 200, last), 4);
	tell_prefix(&g, "2001:db8:9::");
	tl_run(&g.t, 60 * TL_SEC);
	assert_int_equal(addresses(&g, "2001:db8:9::", temp).n, addresses(&g, "2001:db8:9::", temp).dup);
	rig_end(&g);
}

static void
longest(void *arg, const struct vi_ifinfo *ii)
{
	uint32_t *life = arg;

	for (uint32_t i = 0; i < ii->if_naddrs; i++)
		if ((ii->if_addrs[i].ia_flags & VI_IN6_IFF_TEMPORARY) != 0 && ii->if_addrs[i].ia_addr.sa_family == VI_AF_INET6) {
			life[0] = ii->if_addrs[i].ia_vltime;
			life[1] = ii->if_addrs[i].ia_pltime;
		}
}

static void
temporary_lifetimes(void **state)
{
	uint32_t life[2] = { 0, 0 };
	char text[16];
	struct rig g;

	(void)state;
	rig_plain(&g, true, VI_ND6_IFF_ACCEPT_RTADV);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.use_tempaddr", "1", &tl_root));
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 5 * TL_SEC);
	tell_prefix(&g, "2001:db8:9::");
	tl_ok(vi_if_get(g.h, g.cable.a, longest, life));
	assert_in_range(life[0], 2 * 86400 - 1, 2 * 86400);
	assert_in_range(life[1], 86400 * 6 / 10 - 2, 86400);
	tl_ok(vi_sysctl_get(g.h, "net.inet6.ip6.temppltime", text, sizeof(text)));
	assert_string_equal(text, "86400");
	/* How often: once in an hour. */
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.temppltime", "3600", &tl_root));
	tl_ok(vi_if_set_flags(g.h, g.cable.a, 0, VI_IFF_UP));
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 5 * TL_SEC);
	tell_prefix(&g, "2001:db8:9::");
	tl_ok(vi_if_get(g.h, g.cable.a, longest, life));
	assert_in_range(life[1], 3600 * 6 / 10 - 2, 3600);
	rig_end(&g);
}

/* A host whose chance brings what is reserved (RFC 5453), as often as is said, where an identifier is made. */
struct chance {
	struct vi_host_ops ops;
	const struct vi_host_ops *real;
	unsigned	 times;
};
static struct chance chance;

static void
chosen(struct vi_host *h, void *buf, size_t len)
{
	static const uint8_t reserved[3][8] = { { 0 }, { 0x02, 0x00, 0x5e, 0xff, 0xfe, 1, 2, 3 }, { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80 } };

	h->h_ops = chance.real;
	if (len == 8 && chance.times > 0)
		memcpy(buf, reserved[--chance.times % 3], 8);
	else
		chance.real->random(h, buf, len);
	h->h_ops = &chance.ops;
}

static uint64_t
chosen_now(struct vi_host *h)
{
	uint64_t now;

	h->h_ops = chance.real;
	now = chance.real->now(h);
	h->h_ops = &chance.ops;
	return (now);
}

static uint64_t
chosen_realtime(struct vi_host *h)
{
	uint64_t now;

	h->h_ops = chance.real;
	now = chance.real->realtime(h);
	h->h_ops = &chance.ops;
	return (now);
}

static void *
chosen_page(struct vi_host *h, size_t size, size_t align)
{
	void *p;

	h->h_ops = chance.real;
	p = chance.real->page_alloc(h, size, align);
	h->h_ops = &chance.ops;
	return (p);
}

static void
reserved_identifiers(void **state)
{
	struct rig g;

	(void)state;
	rig_plain(&g, true, VI_ND6_IFF_ACCEPT_RTADV);
	tl_ok(vi_sysctl_set(g.h, "net.inet6.ip6.use_tempaddr", "1", &tl_root));
	tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
	tl_run(&g.t, 5 * TL_SEC);
	chance.real = g.t.host->h_ops;
	chance.ops = *chance.real;
	chance.ops.random = chosen;
	chance.ops.now = chosen_now;
	chance.ops.realtime = chosen_realtime;
	chance.ops.page_alloc = chosen_page;
	chance.times = 6;
	g.t.host->h_ops = &chance.ops;
	tell_prefix(&g, "2001:db8:9::");
	g.t.host->h_ops = chance.real;
	assert_int_equal(chance.times, 0);
	assert_int_equal(addresses(&g, "2001:db8:9::", VI_IN6_IFF_TEMPORARY).n, 1);
	assert_int_equal(addresses(&g, "2001:db8:9::", VI_IN6_IFF_TEMPORARY).odd, 0);
	rig_end(&g);
}

/* The last report of multicast listeners that names the group: the type of its record; 0: none. */
static int
reported(struct rig *g, const char *group)
{
	struct frame f;
	int type = 0;

	while (frame(g, &f)) {
		const uint8_t *m = f.b + F_ICMP + 8;	/* behind a header of hop-by-hop options */

		if (f.b[14 + 6] != 0 || m[0] != 143)
			continue;
		for (unsigned i = 0, n = (unsigned)m[7]; i < n; i++)
			if (is(m + 8 + 20 * i + 4, group))
				type = m[8 + 20 * i];
	}
	return (type);
}

/* RFC 4861 7.2.1, RFC 4862 5.4.2: the group of an address is joined before it is asked for, and left with the last address that needs it. */
static void
groups(void **state)
{
	const struct vi_sockaddr one = tl_addr("2001:db8:1::5:55", 0), two = tl_addr("2001:db8:2::5:55", 0);
	struct frame f;
	struct rig g;
	bool joined = false, asked = false;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:1::5:55", 64);
	tl_settle(&g.t);
	while (frame(&g, &f)) {
		joined |= f.b[14 + 6] == 0 && f.b[F_ICMP + 8] == 143 && is(f.b + F_ICMP + 8 + 12, "ff02::1:ff05:55");
		if (f.b[14 + 6] == 58 && f.b[F_ICMP] == NS) {
			assert_true(joined);
			asked = true;
		}
	}
	assert_true(asked);
	tl_ifaddr(g.h, g.cable.a, "2001:db8:2::5:55", 64);
	tl_run(&g.t, 20 * TL_SEC);
	forget(&g);
	tl_ok(vi_if_addr_del(g.h, g.cable.a, &one));
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(reported(&g, "ff02::1:ff05:55"), 0);
	tl_ok(vi_if_addr_del(g.h, g.cable.a, &two));
	tl_run(&g.t, 20 * TL_SEC);
	assert_int_equal(reported(&g, "ff02::1:ff05:55"), 3);	/* changed to: from nobody */
	rig_end(&g);
}

/* net.ipv6.conf.IF.forwarding: a router on this link alone, and what that makes of routers (Linux). */
static void
router_here(void **state)
{
	uint8_t rs[8] = { RS };
	char name[64];
	struct frame f;
	struct rig g;

	(void)state;
	rig_begin(&g);
	snprintf(name, sizeof(name), "net.ipv6.conf.%s.forwarding", g.cable.a);
	advertise(&g, 10, "fe80::a", 600, 0);
	assert_int_equal(nexthop(&g), 10);
	tl_ok(vi_sysctl_set(g.h, name, "1", &tl_root));
	assert_int_equal(nexthop(&g), 0);
	advertise(&g, 10, "fe80::a", 600, 0);
	assert_int_equal(nexthop(&g), 0);
	forget(&g);
	solicit(&g, 9, "2001:db8:1::9", "ff02::1:ff00:1", OURS, true);
	expect_answer(&g, OURS, "2001:db8:1::9", S | O | R);
	assert_true(neighbour(&g, "fe80::a").ne.ne_router);
	say(&g, 10, "fe80::a", "ff02::2", rs, sizeof(rs));	/* a router hears that he is none */
	assert_false(neighbour(&g, "fe80::a").ne.ne_router);
	/* A host again: routers are asked when the link comes up. */
	tl_ok(vi_sysctl_set(g.h, name, "0", &tl_root));
	advertise(&g, 10, "fe80::a", 600, 0);
	assert_int_equal(nexthop(&g), 10);
	for (int host = 0; host < 2; host++) {
		tl_ok(vi_sysctl_set(g.h, name, host ? "0" : "1", &tl_root));
		tl_ok(vi_if_set_flags(g.h, g.cable.a, 0, VI_IFF_UP));
		forget(&g);
		tl_ok(vi_if_set_flags(g.h, g.cable.a, VI_IFF_UP, 0));
		tl_run(&g.t, 5 * TL_SEC);
		assert_int_equal(message(&g, RS, &f), host);
	}
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(solicitations), cmocka_unit_test(routers_in_turn), cmocka_unit_test(router_bits), cmocka_unit_test(asking),
		cmocka_unit_test(probes), cmocka_unit_test(answers), cmocka_unit_test(redirecting), cmocka_unit_test(redirected),
		cmocka_unit_test(times), cmocka_unit_test(hardware_twice), cmocka_unit_test(stable_conflicts),
		cmocka_unit_test(temporary_conflicts), cmocka_unit_test(temporary_lifetimes), cmocka_unit_test(groups), cmocka_unit_test(reserved_identifiers), cmocka_unit_test(tentative),
		cmocka_unit_test(router_here),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
