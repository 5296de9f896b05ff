/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 between stacks: link-local addresses by themselves, detection of duplicates, neighbours, routers, path MTU, TCP and UDP. */
#include "tests/inet/inet.h"

#include <stdlib.h>

static uint8_t out[65536];

/* c 2001:db8:1::1 -- 2001:db8:1::2 r 2001:db8:2::2 -- 2001:db8:2::1 s, as struct chain but for the family. */
struct chain6 {
	struct tl	 t;
	struct vi_vnet	*c, *r, *s;
	struct tl_cable	 left, right;
};

static struct vi_vnet *
vnet6(struct tl *t, const char *name)
{
	struct vi_vnet *vn = tl_vnet(t, name);

	tl_ok(vi_sysctl_set(vn, "net.inet6.ip6.auto_linklocal", "1", &tl_root));
	return (vn);
}

static void
chain6_begin(struct chain6 *ch)
{
	tl_begin(&ch->t, 5);
	ch->c = vnet6(&ch->t, "c");
	ch->r = vnet6(&ch->t, "r");
	ch->s = vnet6(&ch->t, "s");
	tl_cable(ch->c, ch->r, &ch->left);
	tl_cable(ch->r, ch->s, &ch->right);
	tl_ifaddr(ch->c, ch->left.a, "2001:db8:1::1", 64);
	tl_ifaddr(ch->r, ch->left.b, "2001:db8:1::2", 64);
	tl_ifaddr(ch->r, ch->right.a, "2001:db8:2::2", 64);
	tl_ifaddr(ch->s, ch->right.b, "2001:db8:2::1", 64);
	tl_ok(vi_sysctl_set(ch->r, "net.inet6.ip6.forwarding", "1", &tl_root));
	inet_route(ch->c, "::", 0, "2001:db8:1::2");
	inet_route(ch->s, "::", 0, "2001:db8:2::2");
	tl_run(&ch->t, 3 * TL_SEC);	/* detection of duplicates */
}

static void
chain6_end(struct chain6 *ch)
{
	tl_destroy(ch->c);
	tl_destroy(ch->r);
	tl_destroy(ch->s);
	tl_end(&ch->t);
}

struct found { const char *name; struct vi_sockaddr sa; uint32_t flags; bool yes; };

/* The interface's address that begins like this. */
static void
find_addr(void *arg, const struct vi_ifinfo *ii)
{
	struct found *f = arg;
	struct vi_sockaddr want = tl_addr(f->name, 0);

	for (uint32_t i = 0; i < ii->if_naddrs; i++)
		if (ii->if_addrs[i].ia_addr.sa_family == VI_AF_INET6 && memcmp(ii->if_addrs[i].ia_addr.sa_in6, want.sa_in6, 8) == 0) {
			f->sa = ii->if_addrs[i].ia_addr;
			f->flags = ii->if_addrs[i].ia_flags;
			f->yes = true;
		}
}

static struct found
addr_of(struct vi_vnet *vn, const char *ifname, const char *prefix)
{
	struct found f = { .name = prefix };

	tl_ok(vi_if_get(vn, ifname, find_addr, &f));
	return (f);
}

static void
linklocal(void **state)
{
	struct chain6 ch;
	struct found f;

	(void)state;
	tl_begin(&ch.t, 1);
	ch.c = vnet6(&ch.t, "c");
	ch.r = vnet6(&ch.t, "r");
	tl_cable(ch.c, ch.r, &ch.left);
	tl_ok(vi_if_set_flags(ch.c, ch.left.a, VI_IFF_UP, 0));
	tl_ok(vi_if_set_flags(ch.r, ch.left.b, VI_IFF_UP, 0));
	f = addr_of(ch.c, ch.left.a, "fe80::");
	assert_true(f.yes && (f.flags & VI_IN6_IFF_TENTATIVE) != 0);
	assert_int_equal(f.sa.sa_scope, tl_ifinfo(ch.c, ch.left.a).if_index);
	tl_run(&ch.t, 2 * TL_SEC);
	f = addr_of(ch.c, ch.left.a, "fe80::");
	assert_int_equal(f.flags & VI_IN6_IFF_TENTATIVE, 0);
	assert_true(tl_stat(ch.c, "ns_solout") >= 1);
	tl_destroy(ch.c);
	tl_destroy(ch.r);
	tl_end(&ch.t);
}

static void
duplicate(void **state)
{
	struct chain6 ch;

	(void)state;
	tl_begin(&ch.t, 1);
	ch.c = vnet6(&ch.t, "c");
	ch.r = vnet6(&ch.t, "r");
	tl_cable(ch.c, ch.r, &ch.left);
	tl_ifaddr(ch.c, ch.left.a, "2001:db8::1", 64);
	tl_ok(vi_if_set_flags(ch.r, ch.left.b, VI_IFF_UP, 0));
	tl_run(&ch.t, 3 * TL_SEC);
	tl_ifaddr(ch.r, ch.left.b, "2001:db8::1", 64);
	tl_run(&ch.t, 3 * TL_SEC);
	assert_int_equal(addr_of(ch.c, ch.left.a, "2001:db8::").flags & VI_IN6_IFF_DUPLICATED, 0);
	assert_true((addr_of(ch.r, ch.left.b, "2001:db8::").flags & VI_IN6_IFF_DUPLICATED) != 0);
	assert_int_equal(tl_stat(ch.r, "ns_duplicates"), 1);
	tl_destroy(ch.c);
	tl_destroy(ch.r);
	tl_end(&ch.t);
}

/* bind() there with each kind of socket, and a datagram that asks to come from there. */
static void
used(struct vi_vnet *vn, const char *addr, const char *to, int bound, int raw, int sent)
{
	static const int types[] = { VI_SOCK_STREAM, VI_SOCK_DGRAM };
	const struct vi_sockaddr sa = tl_addr(addr, 0), dst = tl_addr(to, 9);
	struct vi_iovec v = { (void *)(uintptr_t)"x", 1 };
	struct vi_msg msg = { .msg_iov = &v, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = dst, .msg_set = VI_MSGSET_ADDR, .msg_dst = sa };
	struct vi_socket *so;
	size_t n;

	for (unsigned i = 0; i < 2; i++) {
		so = tl_socketof(vn, VI_AF_INET6, types[i]);
		tl_fails(vi_bind(so, &sa), bound);
		vi_close(so);
	}
	tl_ok(vi_socket(vn, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, &tl_root, &so));
	tl_fails(vi_bind(so, &sa), raw);
	vi_close(so);
	so = tl_socketof(vn, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_fails(vi_sendmsg(so, &msg, &n), sent);
	vi_close(so);
	so = tl_socketof(vn, VI_AF_INET6, VI_SOCK_DGRAM);
	inet_setint(so, VI_IPV6_FREEBIND, 1);
	tl_ok(vi_bind(so, &sa));
	vi_close(so);
}

/* RFC 4862 5.4: an address is nobody's before it is known to be unique; to an anycast address raw sockets bind only, as in FreeBSD. */
static void
unverified(void **state)
{
	struct vi_ifaddr any = { .ia_addr = tl_addr("2001:db8::a", 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_ANYCAST };
	struct chain6 ch;

	(void)state;
	tl_begin(&ch.t, 1);
	ch.c = vnet6(&ch.t, "c");
	ch.r = vnet6(&ch.t, "r");
	tl_cable(ch.c, ch.r, &ch.left);
	tl_ifaddr(ch.c, ch.left.a, "2001:db8::1", 64);
	tl_ifaddr(ch.r, ch.left.b, "2001:db8::2", 64);
	tl_run(&ch.t, 3 * TL_SEC);
	used(ch.c, "2001:db8::1", "2001:db8::2", 0, 0, 0);
	tl_ifaddr(ch.r, ch.left.b, "2001:db8::1", 64);
	tl_ifaddr(ch.r, ch.left.b, "2001:db8::3", 64);
	used(ch.r, "2001:db8::1", "2001:db8::2", EADDRNOTAVAIL, EADDRNOTAVAIL, EINVAL);
	used(ch.r, "2001:db8::3", "2001:db8::2", EADDRNOTAVAIL, EADDRNOTAVAIL, EINVAL);
	tl_run(&ch.t, 3 * TL_SEC);
	used(ch.r, "2001:db8::1", "2001:db8::2", EADDRNOTAVAIL, EADDRNOTAVAIL, EINVAL);
	used(ch.r, "2001:db8::3", "2001:db8::2", 0, 0, 0);
	tl_ok(vi_if_addr_add(ch.r, ch.left.b, &any, true));
	used(ch.r, "2001:db8::a", "2001:db8::2", EADDRNOTAVAIL, 0, 0);
	tl_destroy(ch.c);
	tl_destroy(ch.r);
	tl_end(&ch.t);
}

static struct vi_socket *
listen6(struct vi_vnet *vn, uint16_t port)
{
	struct vi_socket *l = tl_socketof(vn, VI_AF_INET6, VI_SOCK_STREAM);
	struct vi_sockaddr sa = tl_addr("::", port);

	tl_ok(vi_bind(l, &sa));
	tl_ok(vi_listen(l, 4));
	return (l);
}

/* A connection to addr from there, some data both ways. */
static void
stream_to(struct chain6 *ch, struct vi_socket *l, const struct vi_sockaddr *to, size_t len)
{
	struct tl_conn tc = { .c = tl_socketof(ch->c, VI_AF_INET6, VI_SOCK_STREAM) };

	tl_fails(vi_connect(tc.c, to), EINPROGRESS);
	tl_wait(&ch->t, (vi_poll(tc.c) & (VI_POLLOUT | VI_POLLERR)) != 0);
	tl_ok(tl_sockerr(tc.c));
	tl_wait(&ch->t, (vi_poll(l) & VI_POLLIN) != 0);
	tl_ok(vi_accept(l, &tc.s, NULL));
	tl_send(&ch->t, tc.c, tc.s, len);
	tl_send(&ch->t, tc.s, tc.c, len);
	tl_hangup(&ch->t, &tc);
}

static void
streams(void **state)
{
	struct vi_socket *l;
	struct vi_sockaddr sa;
	struct chain6 ch;

	(void)state;
	chain6_begin(&ch);
	l = listen6(ch.s, 80);
	sa = tl_addr("2001:db8:2::1", 80);
	stream_to(&ch, l, &sa, 300000);
	assert_true(tl_stat(ch.r, "i6s_forward") > 10);
	vi_close(l);
	/* To a link-local address; and to one's own. */
	l = listen6(ch.r, 81);
	sa = addr_of(ch.r, ch.left.b, "fe80::").sa;
	sa.sa_port = tl_addr("::", 81).sa_port;
	sa.sa_scope = tl_ifinfo(ch.c, ch.left.a).if_index;
	stream_to(&ch, l, &sa, 5000);
	vi_close(l);
	l = listen6(ch.c, 82);
	sa = tl_addr("::1", 82);
	tl_ok(vi_if_set_flags(ch.c, "lo0", VI_IFF_UP, 0));
	stream_to(&ch, l, &sa, 100000);
	sa = tl_addr("2001:db8:1::1", 82);
	stream_to(&ch, l, &sa, 5000);
	vi_close(l);
	chain6_end(&ch);
}

/* RFC 8201: the narrow link is behind the router. */
static void
pathmtu(void **state)
{
	struct vi_socket *l;
	struct vi_sockaddr sa = tl_addr("2001:db8:2::1", 80);
	struct chain6 ch;

	(void)state;
	chain6_begin(&ch);
	inet_setmtu(ch.r, ch.right.a, 1300);
	l = listen6(ch.s, 80);
	stream_to(&ch, l, &sa, 200000);
	assert_true(tl_stat(ch.c, "ic6s_pmtuchg") >= 1);
	vi_close(l);
	chain6_end(&ch);
}

static void
datagrams(void **state)
{
	static const size_t lens[] = { 0, 1, 1452, 1453, 9000, 60000 };
	struct vi_sockaddr any = tl_addr("::", 1000);
	struct vi_socket *a, *b;
	struct chain6 ch;

	(void)state;
	chain6_begin(&ch);
	a = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_socketof(ch.s, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(vi_bind(b, &any));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		tl_pattern(out, lens[i], 0);
		tl_ok(inet_sendto(a, out, lens[i], "2001:db8:2::1", 1000));
		inet_expect(&ch.t, b, lens[i], NULL);
	}
	assert_true(tl_stat(ch.s, "i6s_reassembled") >= 3);
	/* Nobody there: the router says so; a closed port: the host. */
	inet_connect(a, "2001:db8:2::1", 7);
	tl_ok(vi_send(a, out, 1, 0, &(size_t){ 0 }));
	tl_wait(&ch.t, (vi_poll(a) & VI_POLLERR) != 0);
	assert_int_equal(tl_sockerr(a), ECONNREFUSED);
	vi_close(a);
	vi_close(b);
	chain6_end(&ch);
}

struct ifcount { const char *name; uint64_t value; bool found; };

static void
find_ifcount(void *arg, const struct vi_stat *st)
{
	struct ifcount *ic = arg;

	if (strcmp(st->st_name, ic->name) == 0) {
		ic->value = st->st_value;
		ic->found = true;
	}
}

static uint64_t
ifcount(struct vi_vnet *vn, const char *ifname, const char *proto, const char *name)
{
	struct ifcount ic = { .name = name };

	tl_ok(vi_if_stats(vn, ifname, proto, find_ifcount, &ic));
	assert_true(ic.found);
	return (ic.value);
}

/* RFC 4293 5, RFC 2466: what each interface of the router has had of a datagram, of one that is too long, of fragments, of what cannot be. */
static void
counters_of_interfaces(void **state)
{
	struct vi_sockaddr any = tl_addr("::", 1000);
	struct vi_socket *a, *b;
	struct chain6 ch;
	struct ifcount ic = { .name = "received-packets" };
	uint64_t in, deliver, request;

	(void)state;
	chain6_begin(&ch);
	a = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	b = tl_socketof(ch.s, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(vi_bind(b, &any));
	tl_ok(inet_sendto(a, out, 10, "2001:db8:2::1", 1000));
	inet_expect(&ch.t, b, 10, NULL);
	/* Neighbours know each other now. */
	tl_run(&ch.t, TL_SEC);
	in = ifcount(ch.r, ch.left.b, "ip6", "received-packets");
	deliver = ifcount(ch.s, ch.right.b, "ip6", "received-valid-packets");
	request = ifcount(ch.c, ch.left.a, "ip6", "sent-packets");
	assert_int_equal(ifcount(ch.r, ch.right.a, "ip6", "sent-forwarded"), 1);
	assert_int_equal(ifcount(ch.r, ch.left.b, "ip6", "sent-forwarded"), 0);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:2::1", 1000));
	inet_expect(&ch.t, b, 10, NULL);
	assert_int_equal(ifcount(ch.c, ch.left.a, "ip6", "sent-packets") - request, 1);
	assert_int_equal(ifcount(ch.r, ch.left.b, "ip6", "received-packets") - in, 1);
	assert_int_equal(ifcount(ch.r, ch.right.a, "ip6", "sent-forwarded"), 2);
	assert_int_equal(ifcount(ch.s, ch.right.b, "ip6", "received-valid-packets") - deliver, 1);
	/* Fragments. */
	tl_ok(inet_sendto(a, out, 4000, "2001:db8:2::1", 1000));
	inet_expect(&ch.t, b, 4000, NULL);
	assert_int_equal(ifcount(ch.c, ch.left.a, "ip6", "discard-fragments"), 1);
	assert_int_equal(ifcount(ch.c, ch.left.a, "ip6", "fragments-created"), 3);
	assert_int_equal(ifcount(ch.s, ch.right.b, "ip6", "reassembly-required"), 3);
	assert_int_equal(ifcount(ch.s, ch.right.b, "ip6", "reassembled-packets"), 1);
	/* Too long for what is behind the router; no way from there; nobody listens. */
	inet_setmtu(ch.r, ch.right.a, 1300);
	tl_ok(inet_sendto(a, out, 1400, "2001:db8:2::1", 1000));
	tl_run(&ch.t, 100 * TL_MS);
	assert_int_equal(ifcount(ch.r, ch.left.b, "ip6", "dropped-mtu-exceeded"), 1);
	assert_int_equal(ifcount(ch.r, ch.left.b, "icmp6", "sent-packet-too-big"), 1);
	assert_int_equal(ifcount(ch.c, ch.left.a, "icmp6", "received-packet-too-big"), 1);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:3::1", 1000));
	tl_run(&ch.t, 100 * TL_MS);
	assert_int_equal(ifcount(ch.r, ch.left.b, "ip6", "dropped-no-route"), 1);
	assert_int_equal(ifcount(ch.r, ch.left.b, "icmp6", "sent-destination-unreachable"), 1);
	assert_int_equal(ifcount(ch.r, ch.left.b, "icmp6", "sent-errors"), 2);
	assert_int_equal(ifcount(ch.c, ch.left.a, "icmp6", "received-errors"), 0);
	assert_int_equal(tl_stat(ch.r, "unreachable-destination"), 1);
	assert_int_equal(vi_if_stats(ch.c, "nosuch0", NULL, find_ifcount, &ic), ENXIO);
	vi_close(a);
	vi_close(b);
	chain6_end(&ch);
}

static void
count_neigh(void *arg, const struct vi_neigh *ne)
{
	unsigned *n = arg;

	if (ne->ne_addr.sa_family == VI_AF_INET6)
		n[ne->ne_permanent ? 6 : ne->ne_state]++;
}

/* RFC 4861 7.3: from reachable to stale, asked again when used; one that is gone is noticed. */
static void
unreachability(void **state)
{
	struct vi_socket *a;
	unsigned n[7];
	struct chain6 ch;

	(void)state;
	chain6_begin(&ch);
	a = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:1::2", 9));
	tl_run(&ch.t, TL_SEC);
	memset(n, 0, sizeof(n));
	vi_neigh_list(ch.c, count_neigh, n);
	assert_int_equal(n[VI_NUD_REACHABLE], 1);
	tl_run(&ch.t, 60 * TL_SEC);
	memset(n, 0, sizeof(n));
	vi_neigh_list(ch.c, count_neigh, n);
	assert_int_equal(n[VI_NUD_REACHABLE], 0);
	assert_true(n[VI_NUD_STALE] >= 1);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:1::2", 9));
	tl_run(&ch.t, 7 * TL_SEC);
	memset(n, 0, sizeof(n));
	vi_neigh_list(ch.c, count_neigh, n);
	assert_int_equal(n[VI_NUD_REACHABLE], 1);
	/* Nobody has this one. */
	tl_ok(inet_sendto(a, out, 10, "2001:db8:1::77", 9));
	tl_run(&ch.t, 5 * TL_SEC);
	assert_int_equal(tl_stat(ch.c, "ns_timeouts"), 1);
	vi_close(a);
	chain6_end(&ch);
}

/* A router's word: prefix 2001:db8:77::/64 for so long, and itself as default router for so long. */
static void
advertise(struct chain6 *ch, struct vi_socket *raw, uint16_t router, uint32_t valid)
{
	uint8_t ra[48] = { 134, [4] = 64, [6] = (uint8_t)(router >> 8), [7] = (uint8_t)router,
		[16] = 3, [17] = 4, [18] = 64, [19] = 0xc0, [20] = (uint8_t)(valid >> 24), [21] = (uint8_t)(valid >> 16),
		[22] = (uint8_t)(valid >> 8), [23] = (uint8_t)valid, [32] = 0x20, [33] = 0x01, [34] = 0x0d, [35] = 0xb8, [37] = 0x77 };
	struct vi_iovec iov = { ra, sizeof(ra) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("ff02::1", 0),
		.msg_set = VI_MSGSET_TTL, .msg_ttl = 255 };
	size_t n;

	memcpy(ra + 24, ra + 20, 4);	/* preferred as long as valid */
	msg.msg_name.sa_scope = tl_ifinfo(ch->r, ch->left.b).if_index;
	tl_ok(vi_sendmsg(raw, &msg, &n));
	tl_run(&ch->t, 2 * TL_SEC);
}

static bool
default_route(struct vi_vnet *vn)
{
	const struct vi_sockaddr dst = tl_addr("2001:db8:ffff::1", 0);
	struct vi_route rt;

	return (vi_route_get(vn, 0, &dst, &rt) == 0);
}

/* RFC 4862 5.5, RFC 4861 6.3: an address and a router out of nothing, and their end. */
static void
autoconfiguration(void **state)
{
	struct vi_socket *raw;
	struct chain6 ch;
	struct found f;

	(void)state;
	tl_begin(&ch.t, 3);
	ch.c = vnet6(&ch.t, "c");
	ch.r = vnet6(&ch.t, "r");
	tl_cable(ch.c, ch.r, &ch.left);
	tl_ok(vi_if_set_nd6(ch.c, ch.left.a, VI_ND6_IFF_ACCEPT_RTADV, 0));
	tl_ok(vi_if_set_flags(ch.c, ch.left.a, VI_IFF_UP, 0));
	tl_ok(vi_if_set_flags(ch.r, ch.left.b, VI_IFF_UP, 0));
	tl_run(&ch.t, 3 * TL_SEC);
	assert_true(tl_stat(ch.c, "ns_rsout") > 0);
	tl_ok(vi_socket(ch.r, VI_AF_INET6, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, &tl_root, &raw));
	advertise(&ch, raw, 60, 10000);
	f = addr_of(ch.c, ch.left.a, "2001:db8:77::");
	assert_true(f.yes && (f.flags & VI_IN6_IFF_AUTOCONF) != 0 && (f.flags & VI_IN6_IFF_TENTATIVE) == 0);
	assert_true(default_route(ch.c));
	tl_run(&ch.t, 70 * TL_SEC);		/* the router's time is over */
	assert_false(default_route(ch.c));
	assert_true(addr_of(ch.c, ch.left.a, "2001:db8:77::").yes);
	advertise(&ch, raw, 0, 1);		/* less than two hours is not believed at once */
	tl_run(&ch.t, 3600 * TL_SEC);
	assert_true(addr_of(ch.c, ch.left.a, "2001:db8:77::").yes);
	tl_run(&ch.t, 3700 * TL_SEC);
	assert_false(addr_of(ch.c, ch.left.a, "2001:db8:77::").yes);
	/* Router and prefix are there again when the interface goes. */
	advertise(&ch, raw, 600, 10000);
	assert_true(default_route(ch.c));
	/* Somebody deletes the route: the next word brings it back. */
	assert_true(vi_route_flush(ch.c, 0, VI_AF_INET6) > 0);
	assert_false(default_route(ch.c));
	advertise(&ch, raw, 600, 10000);
	assert_true(default_route(ch.c));
	tl_ok(vi_if_destroy(ch.c, ch.left.a));
	assert_false(default_route(ch.c));
	vi_close(raw);
	tl_destroy(ch.c);
	tl_destroy(ch.r);
	tl_end(&ch.t);
}

/* An address with an end ends, without any router; who speaks for another is asked for him. */
static void
lifetimes_and_proxies(void **state)
{
	struct vi_ifaddr ia = { .ia_prefixlen = 64, .ia_vltime = 100, .ia_pltime = 50 };
	struct vi_neigh ne = { .ne_permanent = true, .ne_published = true, .ne_lladdr = { 2, 0, 0, 0, 0, 9 } };
	struct vi_socket *a;
	struct chain6 ch;
	uint64_t before;

	(void)state;
	chain6_begin(&ch);
	ia.ia_addr = tl_addr("2001:db8:1::5", 0);
	tl_ok(vi_if_addr_add(ch.c, ch.left.a, &ia, true));
	tl_run(&ch.t, 60 * TL_SEC);
	assert_true((addr_of(ch.c, ch.left.a, "2001:db8:1::").flags & VI_IN6_IFF_DEPRECATED) != 0);
	assert_int_equal(tl_naddrs(ch.c, ch.left.a), 3);
	tl_run(&ch.t, 60 * TL_SEC);
	assert_int_equal(tl_naddrs(ch.c, ch.left.a), 2);
	/* The router answers for ::9, and sends nothing there itself. */
	ne.ne_addr = tl_addr("2001:db8:1::9", 0);
	memcpy(ne.ne_ifname, ch.left.b, sizeof(ch.left.b));
	tl_ok(vi_neigh_add(ch.r, &ne));
	before = tl_stat(ch.r, "ns_advout");
	a = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(inet_sendto(a, out, 10, "2001:db8:1::9", 9));
	tl_run(&ch.t, 5 * TL_SEC);
	assert_true(tl_stat(ch.r, "ns_advout") > before);
	assert_int_equal(tl_stat(ch.c, "ns_timeouts"), 0);
	tl_ok(vi_neigh_del(ch.r, &ne.ne_addr, ch.left.b));
	vi_close(a);
	chain6_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linklocal),
		cmocka_unit_test(duplicate),
		cmocka_unit_test(unverified),
		cmocka_unit_test(streams),
		cmocka_unit_test(pathmtu),
		cmocka_unit_test(datagrams), cmocka_unit_test(counters_of_interfaces),
		cmocka_unit_test(unreachability),
		cmocka_unit_test(autoconfiguration),
		cmocka_unit_test(lifetimes_and_proxies),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
