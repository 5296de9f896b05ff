/* SPDX-License-Identifier: BSD-2-Clause */
/* Knobs that each interface has, by Linux's names: net.ipv4.conf.*, net.ipv6.conf.*; and what they do. */
#include "tests/inet/inet.h"

#include <stdlib.h>

static int
put(struct vi_vnet *vn, const char *family, const char *inst, const char *key, int v)
{
	char name[96], text[16];

	snprintf(name, sizeof(name), "net.%s.conf.%s.%s", family, inst, key);
	snprintf(text, sizeof(text), "%d", v);
	return (vi_sysctl_set(vn, name, text, &tl_root));
}

static int
get(struct vi_vnet *vn, const char *family, const char *inst, const char *key)
{
	char name[96], text[16];

	snprintf(name, sizeof(name), "net.%s.conf.%s.%s", family, inst, key);
	tl_ok(vi_sysctl_get(vn, name, text, sizeof(text)));
	return (atoi(text));
}

/* As "all", "default" and the router's two interfaces have it, a digit each. */
static int
four(const struct chain *ch, const char *family, const char *key)
{
	return (get(ch->r, family, "all", key) * 1000 + get(ch->r, family, "default", key) * 100 + get(ch->r, family, ch->left.b, key) * 10 +
	    get(ch->r, family, ch->right.a, key));
}

/* Does a datagram arrive? */
static bool
arrives(struct chain *ch, struct vi_vnet *from, const char *src, struct vi_vnet *to, const char *dst)
{
	struct vi_socket *a = tl_udp(from, src, 1000), *b = tl_udp(to, dst, 2000);
	struct vi_msg msg;
	char buf[8];
	bool yes;
	size_t n;

	tl_ok(inet_sendto(a, "x", 1, dst, 2000));
	tl_run(&ch->t, TL_SEC / 10);
	yes = inet_recv(b, &msg, buf, sizeof(buf), &n) == 0;
	vi_close(a);
	vi_close(b);
	return (yes);
}

static bool
there(struct chain *ch)
{
	return (arrives(ch, ch->c, "10.0.1.1", ch->s, "10.0.2.1"));
}

static bool
back(struct chain *ch)
{
	return (arrives(ch, ch->s, "10.0.2.1", ch->c, "10.0.1.1"));
}

/* An interface forwards what comes by it; "all" sets all, and "default" new ones. */
static void
forwarding(void **state)
{
	static const char *const all[] = { "net.ipv4.ip_forward", "net.inet.ip.forwarding", "net.ipv4.conf.all.forwarding" };
	char name[VI_IFNAMSIZ], text[8];
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	assert_int_equal(four(&ch, "ipv4", "forwarding"), 1111);
	assert_true(there(&ch) && back(&ch));
	tl_ok(put(ch.r, "ipv4", ch.left.b, "forwarding", 0));
	assert_int_equal(four(&ch, "ipv4", "forwarding"), 1101);
	assert_false(there(&ch));
	assert_true(back(&ch));
	assert_int_equal(tl_stat(ch.r, "ips_cantforward"), 1);
	tl_ok(put(ch.r, "ipv4", "default", "forwarding", 0));
	assert_int_equal(four(&ch, "ipv4", "forwarding"), 1001);
	tl_ok(vi_if_create(ch.r, "epair", name));
	assert_int_equal(get(ch.r, "ipv4", name, "forwarding"), 0);
	assert_true(back(&ch));
	for (unsigned i = 0; i < 3; i++) {
		tl_ok(vi_sysctl_set(ch.r, all[i], "1", &tl_root));
		assert_int_equal(four(&ch, "ipv4", "forwarding"), 1111);
		tl_ok(vi_sysctl_set(ch.r, all[i], "0", &tl_root));
		assert_int_equal(four(&ch, "ipv4", "forwarding"), 0);
		assert_false(there(&ch) || back(&ch));
		for (unsigned k = 0; k < 3; k++) {
			tl_ok(vi_sysctl_get(ch.r, all[k], text, sizeof(text)));
			assert_string_equal(text, "0");
		}
	}
	/* One alone, though "all" says no. */
	tl_ok(put(ch.r, "ipv4", ch.left.b, "forwarding", 1));
	assert_int_equal(four(&ch, "ipv4", "forwarding"), 10);
	assert_true(there(&ch));
	assert_false(back(&ch));
	tl_fails(put(ch.r, "ipv4", ch.left.b, "forwarding", 2), EINVAL);
	tl_fails(put(ch.r, "ipv4", "eth9", "forwarding", 1), ENOENT);
	tl_fails(put(ch.r, "ipv4", "all", "nothing", 1), ENOENT);
	/* Where it comes to, an interface is a new one. */
	tl_ok(put(ch.s, "ipv4", "default", "forwarding", 1));
	tl_ok(vi_if_move(ch.r, name, ch.s));
	assert_int_equal(get(ch.s, "ipv4", name, "forwarding"), 1);
	chain_end(&ch);
}

/* RFC 1122 3.2.2.2: who forwards what comes by it believes no redirect that does. */
static void
redirects(void **state)
{
	uint8_t m[36] = { 5, 1, [8] = 0x45, [10] = 0, 28, [16] = 64, 17 };
	struct vi_socket *raw;
	struct chain ch;
	uint16_t sum;

	(void)state;
	chain_begin(&ch);
	tl_ok(vi_socket(ch.r, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &raw));
	memcpy(m + 4, &(uint32_t){ tl_addr("10.0.1.77", 0).sa_in }, 4);
	memcpy(m + 20, &(uint32_t){ tl_addr("10.0.1.1", 0).sa_in }, 4);
	memcpy(m + 24, &(uint32_t){ tl_addr("10.0.2.1", 0).sa_in }, 4);
	sum = inet_cksum(m + 8, 20);
	memcpy(m + 18, &sum, 2);
	sum = inet_cksum(m, sizeof(m));
	memcpy(m + 2, &sum, 2);
	for (int on = 1; on >= 0; on--) {
		struct vi_sockaddr to = tl_addr("10.0.2.1", 0);
		struct vi_route rt;

		tl_ok(put(ch.c, "ipv4", ch.left.a, "forwarding", on));
		tl_ok(inet_sendto(raw, m, sizeof(m), "10.0.1.1", 0));
		tl_run(&ch.t, TL_SEC / 10);
		tl_ok(vi_route_get(ch.c, 0, &to, &rt));
		assert_int_equal(rt.rt_gateway.sa_in == tl_addr("10.0.1.77", 0).sa_in, !on);
	}
	vi_close(raw);
	chain_end(&ch);
}

/* The larger of the interface's and that of all (RFC 3704 2.2, 2.4). */
static void
reverse_path(void **state)
{
	/* of all, of the interface on the left; what passes from an address that is reached on the right, and one that is not reached */
	static const struct { int all, one; bool right, nowhere; } rows[] = {
		{ 0, 0, true, true }, { 0, 1, false, false }, { 0, 2, true, false }, { 1, 0, false, false }, { 1, 2, true, false },
		{ 2, 1, true, false }, { 2, 0, true, false },
	};
	struct vi_route away = { .rt_dst = tl_addr("192.0.2.0", 0), .rt_prefixlen = 24, .rt_flags = VI_RTF_REJECT,
		.rt_gateway = tl_addr("127.0.0.1", 0) };
	char name[VI_IFNAMSIZ], vlan[VI_IFNAMSIZ + 8], slash[VI_IFNAMSIZ + 8];
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	inet_route(ch.r, "198.51.100.0", 24, "10.0.2.1");
	tl_ok(vi_route_add(ch.r, &away));
	tl_ifaddr(ch.c, "lo0", "198.51.100.1", 32);
	tl_ifaddr(ch.c, "lo0", "192.0.2.1", 32);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tl_ok(put(ch.r, "ipv4", "all", "rp_filter", rows[i].all));
		tl_ok(put(ch.r, "ipv4", ch.left.b, "rp_filter", rows[i].one));
		assert_int_equal(four(&ch, "ipv4", "rp_filter"), rows[i].all * 1000 + rows[i].one * 10);
		assert_int_equal(arrives(&ch, ch.c, "198.51.100.1", ch.s, "10.0.2.1"), rows[i].right);
		assert_int_equal(arrives(&ch, ch.c, "192.0.2.1", ch.s, "10.0.2.1"), rows[i].nowhere);
		assert_true(there(&ch));
	}
	/* What was right for one interface is not for another: the short way of packets that are known. */
	tl_ok(put(ch.r, "ipv4", "all", "rp_filter", 0));
	tl_ok(put(ch.r, "ipv4", ch.left.b, "rp_filter", 0));
	for (int strict = 0; strict < 2; strict++) {
		tl_ok(put(ch.r, "ipv4", ch.left.b, "rp_filter", strict));
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(arrives(&ch, ch.c, "198.51.100.1", ch.r, "10.0.1.2"), !strict);
	}
	tl_ok(put(ch.r, "ipv4", "default", "rp_filter", 2));
	tl_ok(vi_if_create(ch.r, "epair", name));
	assert_int_equal(get(ch.r, "ipv4", name, "rp_filter"), 2);
	tl_fails(put(ch.r, "ipv4", name, "rp_filter", 3), EINVAL);
	/* A name with a dot, and as Linux's sysctl(8) writes it. */
	snprintf(vlan, sizeof(vlan), "%s.5", name);
	snprintf(slash, sizeof(slash), "%s/5", name);
	tl_ok(vi_if_create(ch.r, vlan, vlan));
	tl_ok(put(ch.r, "ipv4", vlan, "rp_filter", 1));
	assert_int_equal(get(ch.r, "ipv4", slash, "rp_filter"), 1);
	chain_end(&ch);
}

/* Packets whose addresses cannot be: from one of this host's, and from 127.0.0.0/8. */
static void
martians(void **state)
{
	struct vi_socket *so;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	tl_ifaddr(ch.c, "lo0", "198.51.100.1", 32);
	tl_ifaddr(ch.r, "lo0", "198.51.100.1", 32);
	tl_ifaddr(ch.c, "lo0", "127.0.0.3", 8);
	assert_int_equal(four(&ch, "ipv4", "accept_local") + four(&ch, "ipv4", "route_localnet"), 0);
	assert_false(arrives(&ch, ch.c, "198.51.100.1", ch.r, "10.0.1.2"));
	tl_ok(put(ch.r, "ipv4", ch.right.a, "accept_local", 1));
	assert_false(arrives(&ch, ch.c, "198.51.100.1", ch.r, "10.0.1.2"));
	tl_ok(put(ch.r, "ipv4", ch.left.b, "accept_local", 1));
	assert_int_equal(four(&ch, "ipv4", "accept_local"), 11);
	for (int twice = 0; twice < 2; twice++)
		assert_true(arrives(&ch, ch.c, "198.51.100.1", ch.r, "10.0.1.2"));
	tl_ok(put(ch.r, "ipv4", ch.left.b, "accept_local", 0));
	assert_false(arrives(&ch, ch.c, "198.51.100.1", ch.r, "10.0.1.2"));
	tl_ok(put(ch.r, "ipv4", "all", "accept_local", 1));
	assert_true(arrives(&ch, ch.c, "198.51.100.1", ch.r, "10.0.1.2"));
	assert_true(there(&ch) && back(&ch));
	tl_fails(put(ch.r, "ipv4", "all", "accept_local", 2), EINVAL);

	so = tl_udp(ch.c, "127.0.0.3", 1000);
	tl_fails(inet_sendto(so, "x", 1, "10.0.1.2", 2000), EINVAL);
	vi_close(so);
	tl_ok(put(ch.c, "ipv4", ch.left.a, "route_localnet", 1));
	assert_false(arrives(&ch, ch.c, "127.0.0.3", ch.r, "10.0.1.2"));
	tl_ok(put(ch.r, "ipv4", ch.left.b, "route_localnet", 1));
	assert_true(arrives(&ch, ch.c, "127.0.0.3", ch.r, "10.0.1.2"));
	assert_false(arrives(&ch, ch.c, "127.0.0.3", ch.s, "10.0.2.1"));	/* no router forwards it */
	chain_end(&ch);
}

/* IPv6: "all" says whether packets are forwarded. */
static void
forwarding6(void **state)
{
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	tl_ifaddr(ch.c, ch.left.a, "2001:db8:1::1", 64);
	tl_ifaddr(ch.r, ch.left.b, "2001:db8:1::2", 64);
	tl_ifaddr(ch.r, ch.right.a, "2001:db8:2::2", 64);
	tl_ifaddr(ch.s, ch.right.b, "2001:db8:2::1", 64);
	inet_route(ch.c, "::", 0, "2001:db8:1::2");
	inet_route(ch.s, "::", 0, "2001:db8:2::2");
	tl_run(&ch.t, 5 * TL_SEC);
	assert_int_equal(four(&ch, "ipv6", "forwarding"), 0);
	tl_ok(put(ch.r, "ipv6", ch.left.b, "forwarding", 1));
	assert_int_equal(four(&ch, "ipv6", "forwarding"), 10);
	assert_false(arrives(&ch, ch.c, "2001:db8:1::1", ch.s, "2001:db8:2::1"));
	tl_ok(put(ch.r, "ipv6", "all", "forwarding", 1));
	assert_int_equal(four(&ch, "ipv6", "forwarding"), 1111);
	tl_ok(put(ch.r, "ipv6", ch.left.b, "forwarding", 0));
	tl_ok(put(ch.r, "ipv6", "default", "forwarding", 0));
	assert_int_equal(four(&ch, "ipv6", "forwarding"), 1001);
	assert_true(arrives(&ch, ch.c, "2001:db8:1::1", ch.s, "2001:db8:2::1"));
	tl_ok(vi_sysctl_set(ch.r, "net.inet6.ip6.forwarding", "0", &tl_root));
	assert_int_equal(four(&ch, "ipv6", "forwarding"), 0);
	tl_fails(put(ch.r, "ipv6", "all", "forwarding", 2), EINVAL);
	chain_end(&ch);
}

static void
count(void *arg, const struct vi_ifinfo *ii)
{
	for (uint32_t i = 0; i < ii->if_naddrs; i++)
		*(unsigned *)arg += (ii->if_addrs[i].ia_flags & VI_IN6_IFF_TENTATIVE) != 0 && ii->if_addrs[i].ia_addr.sa_in6[0] == 0x20;
}

static unsigned
ntentative(struct vi_vnet *vn, const char *ifname)
{
	unsigned n = 0;

	tl_ok(vi_if_get(vn, ifname, count, &n));
	return (n);
}

/* What an interface may have of its own, and is the stack's until then. */
static void
own(void **state)
{
	static const struct { const char *key; int stack, one, max; } rows[] = {
		{ "accept_redirects", 1, 0, 1 }, { "dad_transmits", 1, 4, 100 }, { "router_solicitations", 3, 1, 100 } };
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int s = rows[i].stack, o = rows[i].one;

		assert_int_equal(four(&ch, "ipv6", rows[i].key), s * 1111);
		tl_ok(put(ch.r, "ipv6", ch.left.b, rows[i].key, o));
		assert_int_equal(four(&ch, "ipv6", rows[i].key), s * 1101 + o * 10);
		tl_ok(put(ch.r, "ipv6", "default", rows[i].key, 1 - o < 0 ? 2 : 1 - o));
		assert_int_equal(get(ch.r, "ipv6", ch.left.b, rows[i].key), o);
		tl_ok(put(ch.r, "ipv6", "all", rows[i].key, 1));
		assert_int_equal(four(&ch, "ipv6", rows[i].key), 1111);
		tl_fails(put(ch.r, "ipv6", ch.left.b, rows[i].key, rows[i].max + 1), EINVAL);
		tl_fails(put(ch.r, "ipv6", ch.left.b, rows[i].key, -1), EINVAL);
	}
	/* Solicitations for an address, a second each. */
	tl_ok(put(ch.r, "ipv6", ch.left.b, "dad_transmits", 4));
	tl_ok(put(ch.r, "ipv6", ch.right.a, "dad_transmits", 0));
	tl_ifaddr(ch.r, ch.left.b, "2001:db8:1::9", 64);
	tl_ifaddr(ch.r, ch.right.a, "2001:db8:2::9", 64);
	tl_run(&ch.t, 3500 * TL_MS);
	assert_int_equal(ntentative(ch.r, ch.left.b), 1);
	assert_int_equal(ntentative(ch.r, ch.right.a), 0);
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(ntentative(ch.r, ch.left.b), 0);
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwarding), cmocka_unit_test(redirects), cmocka_unit_test(reverse_path), cmocka_unit_test(martians), cmocka_unit_test(forwarding6),
		cmocka_unit_test(own),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
