/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing by more than the destination: rules, tables of sockets and interfaces, several next hops, routes that lead nowhere. */
#include "tests/inet/inet.h"

/* c -- r -- s as struct chain, with 2001:db8:1::/64 and 2001:db8:2::/64 beside the IPv4 networks, and three tables in r and c. */
static void
begin(struct chain *ch)
{
	chain_begin(ch);
	tl_ifaddr(ch->c, ch->left.a, "2001:db8:1::1", 64);
	tl_ifaddr(ch->r, ch->left.b, "2001:db8:1::2", 64);
	tl_ifaddr(ch->r, ch->right.a, "2001:db8:2::2", 64);
	tl_ifaddr(ch->s, ch->right.b, "2001:db8:2::1", 64);
	inet_route(ch->c, "::", 0, "2001:db8:1::2");
	inet_route(ch->s, "::", 0, "2001:db8:2::2");
	tl_ok(vi_sysctl_set(ch->r, "net.inet6.ip6.forwarding", "1", &tl_root));
	tl_ok(vi_sysctl_set(ch->r, "net.fibs", "3", &tl_root));
	tl_ok(vi_sysctl_set(ch->c, "net.fibs", "3", &tl_root));
	tl_run(&ch->t, 3 * TL_SEC);	/* detection of duplicates */
}

static struct vi_socket *
sender(struct vi_vnet *vn, int family)
{
	struct vi_socket *so = tl_socketof(vn, family, VI_SOCK_DGRAM);

	inet_setint(so, family == VI_AF_INET ? VI_IP_RECVERR : VI_IPV6_RECVERR, 1);
	return (so);
}

/* What the sender of a datagram is told: the error, and ICMP's type and code of it. */
static void
answer(struct chain *ch, struct vi_socket *so, const char *to, int error, unsigned type, unsigned code)
{
	struct vi_sockerr se;
	uint8_t buf[600];

	tl_ok(inet_sendto(so, "x", 1, to, 2000));
	tl_wait(&ch->t, (vi_poll(so) & VI_POLLERR) != 0);
	tl_ok(vi_recverr(so, &se, buf, sizeof(buf)));
	assert_int_equal(se.se_errno, error);
	assert_int_equal(se.se_type, type);
	assert_int_equal(se.se_code, code);
	(void)tl_sockerr(so);
	tl_run(&ch->t, TL_SEC);		/* ICMP's limit */
}

static void
add_nowhere(struct vi_vnet *vn, uint32_t fib, const char *dst, unsigned len, uint32_t flags)
{
	const struct vi_route rt = { .rt_dst = tl_addr(dst, 0), .rt_prefixlen = (uint8_t)len, .rt_flags = flags, .rt_fib = fib };

	tl_ok(vi_route_add(vn, &rt));
}

static void
table_route(struct vi_vnet *vn, uint32_t fib, const char *dst, unsigned len, const char *gw, const char *ifname, uint32_t weight)
{
	struct vi_route rt = { .rt_dst = tl_addr(dst, 0), .rt_prefixlen = (uint8_t)len, .rt_gateway = tl_addr(gw, 0), .rt_fib = fib,
		.rt_flags = VI_RTF_GATEWAY, .rt_weight = weight };

	snprintf(rt.rt_ifname, sizeof(rt.rt_ifname), "%s", ifname);
	tl_ok(vi_route_add(vn, &rt));
}

/* RFC 1812 5.2.7.1 and RFC 4443 3.1: each kind of route that leads nowhere has its answer, or none. */
static void
routes_to_nowhere(void **state)
{
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	begin(&ch);
	a = sender(ch.c, VI_AF_INET);
	b = sender(ch.c, VI_AF_INET6);
	add_nowhere(ch.r, 0, "10.9.0.0", 16, VI_RTF_REJECT);
	add_nowhere(ch.r, 0, "10.8.0.0", 16, VI_RTF_REJECT | VI_RTF_PROHIBIT);
	add_nowhere(ch.r, 0, "10.7.0.0", 16, VI_RTF_BLACKHOLE);
	add_nowhere(ch.r, 0, "10.6.0.0", 16, VI_RTF_THROW);
	add_nowhere(ch.r, 0, "2001:db8:9::", 48, VI_RTF_REJECT);
	add_nowhere(ch.r, 0, "2001:db8:8::", 48, VI_RTF_REJECT | VI_RTF_PROHIBIT);
	add_nowhere(ch.r, 0, "2001:db8:7::", 48, VI_RTF_BLACKHOLE);
	answer(&ch, a, "10.5.0.1", ENETUNREACH, 3, 0);
	answer(&ch, a, "10.6.0.1", ENETUNREACH, 3, 0);
	answer(&ch, a, "10.9.0.1", EHOSTUNREACH, 3, 1);
	answer(&ch, a, "10.8.0.1", EHOSTUNREACH, 3, 13);
	answer(&ch, b, "2001:db8:5::1", ENETUNREACH, 1, 0);
	answer(&ch, b, "2001:db8:9::1", EACCES, 1, 6);
	answer(&ch, b, "2001:db8:8::1", EACCES, 1, 1);
	tl_ok(inet_sendto(a, "x", 1, "10.7.0.1", 2000));
	tl_ok(inet_sendto(b, "x", 1, "2001:db8:7::1", 2000));
	tl_run(&ch.t, 10 * TL_SEC);
	assert_int_equal(vi_poll(a) & VI_POLLERR, 0);
	assert_int_equal(vi_poll(b) & VI_POLLERR, 0);
	assert_int_equal(tl_stat(ch.r, "ips_cantforward"), 1);
	assert_int_equal(tl_stat(ch.r, "i6s_cantforward"), 1);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* The same by rules of the router, for what comes from one of its networks. */
static void
rules_to_nowhere(void **state)
{
	static const struct { uint8_t action; int error4, error6; unsigned code4, code6; } t[] = {
		{ VI_RULE_UNREACHABLE, EHOSTUNREACH, EACCES, 1, 6 }, { VI_RULE_PROHIBIT, EHOSTUNREACH, EACCES, 13, 1 },
	};
	struct vi_socket *a, *b, *d;
	struct chain ch;

	(void)state;
	begin(&ch);
	a = sender(ch.c, VI_AF_INET);
	b = sender(ch.c, VI_AF_INET6);
	d = tl_udp(ch.s, "0.0.0.0", 2000);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct vi_rule ru = { .ru_priority = 10, .ru_action = t[i].action };

		memcpy(ru.ru_iif, ch.left.b, sizeof(ru.ru_iif));
		tl_ok(vi_rule_add(ch.r, &ru));
		answer(&ch, a, "10.0.2.1", t[i].error4, 3, t[i].code4);
		answer(&ch, b, "2001:db8:2::1", t[i].error6, 1, t[i].code6);
		tl_ok(vi_rule_del(ch.r, &ru));
	}
	tl_ok(inet_sendto(a, "x", 1, "10.0.2.1", 2000));
	tl_wait(&ch.t, (vi_poll(d) & VI_POLLIN) != 0);
	vi_close(a);
	vi_close(b);
	vi_close(d);
	chain_end(&ch);
}

/* A rule of the router sends one network's packets by a table of their own, in either family. */
static void
router_by_source(void **state)
{
	static const char *const nets[] = { "10.0.1.0", "2001:db8:1::" }, *const far[] = { "172.16.0.1", "2001:db8:99::1" };
	static const char *const gws[] = { "10.0.2.1", "2001:db8:2::1" };
	static const int families[] = { VI_AF_INET, VI_AF_INET6 };
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	begin(&ch);
	tl_ifaddr(ch.s, "lo0", "172.16.0.1", 32);
	tl_ifaddr(ch.s, "lo0", "2001:db8:99::1", 128);
	tl_run(&ch.t, 3 * TL_SEC);
	for (int i = 0; i < 2; i++) {
		const struct vi_rule ru = { .ru_priority = 5, .ru_fib = 2, .ru_src = tl_addr(nets[i], 0), .ru_srclen = i == 0 ? 24 : 64 };

		a = sender(ch.c, families[i]);
		b = tl_udp(ch.s, far[i], 2000);
		answer(&ch, a, far[i], ENETUNREACH, i == 0 ? 3 : 1, 0);
		table_route(ch.r, 2, far[i], i == 0 ? 32 : 128, gws[i], ch.right.a, 1);
		answer(&ch, a, far[i], ENETUNREACH, i == 0 ? 3 : 1, 0);
		tl_ok(vi_rule_add(ch.r, &ru));
		tl_ok(inet_sendto(a, "x", 1, far[i], 2000));
		tl_wait(&ch.t, (vi_poll(b) & VI_POLLIN) != 0);
		vi_close(a);
		vi_close(b);
	}
	chain_end(&ch);
}

/* The socket's table, and its mark by a rule. */
static void
table_of_a_socket(void **state)
{
	struct vi_rule ru = { .ru_priority = 1, .ru_fib = 2, .ru_mark = 7, .ru_markmask = 0xff };
	struct vi_socket *a, *b;
	struct chain ch;
	int v = 3;

	(void)state;
	begin(&ch);
	tl_ok(vi_route_del(ch.c, &(struct vi_route){ .rt_dst = tl_addr("0.0.0.0", 0) }));
	table_route(ch.c, 1, "0.0.0.0", 0, "10.0.1.2", ch.left.a, 1);
	add_nowhere(ch.c, 2, "0.0.0.0", 0, VI_RTF_REJECT | VI_RTF_PROHIBIT);
	a = tl_udp(ch.c, "0.0.0.0", 0);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	tl_fails(inet_sendto(a, "x", 1, "10.0.2.1", 2000), ENETUNREACH);
	tl_fails(vi_setsockopt(a, VI_SO_FIB, &v, sizeof(v)), EINVAL);
	inet_setint(a, VI_SO_FIB, 1);
	assert_int_equal(tl_optint(a, VI_SO_FIB), 1);
	tl_ok(inet_sendto(a, "x", 1, "10.0.2.1", 2000));
	tl_wait(&ch.t, (vi_poll(b) & VI_POLLIN) != 0);
	tl_ok(vi_rule_add(ch.c, &ru));
	tl_ok(inet_sendto(a, "x", 1, "10.0.2.1", 2000));
	v = 0x107;
	vi_close(a);
	tl_ok(vi_socket(ch.c, VI_AF_INET, VI_SOCK_DGRAM, 0, &tl_root, &a));
	tl_ok(vi_setsockopt(a, VI_SO_MARK, &v, sizeof(v)));
	tl_fails(inet_sendto(a, "x", 1, "10.0.2.1", 2000), EACCES);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* The interface's table: what comes in by it is routed there, its own network stands there. */
static void
table_of_an_interface(void **state)
{
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	begin(&ch);
	a = sender(ch.c, VI_AF_INET);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	/* Addresses bring their routes when they are added. */
	tl_ok(vi_if_set_fib(ch.r, ch.left.b, 1));
	tl_ok(vi_if_addr_del(ch.r, ch.left.b, &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = tl_addr("10.0.1.2", 0).sa_in }));
	tl_ifaddr(ch.r, ch.left.b, "10.0.1.2", 24);
	answer(&ch, a, "10.0.2.1", ENETUNREACH, 3, 0);
	table_route(ch.r, 1, "10.0.2.0", 24, "10.0.2.1", ch.right.a, 1);
	tl_ok(inet_sendto(a, "x", 1, "10.0.2.1", 2000));
	tl_wait(&ch.t, (vi_poll(b) & VI_POLLIN) != 0);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* What a narrow link tells belongs to the table that the packet went by (RFC 1191), not to the first. */
static void
path_mtu_of_a_table(void **state)
{
	const struct vi_rule ru = { .ru_priority = 1, .ru_fib = 1, .ru_dst = tl_addr("10.0.2.0", 0), .ru_dstlen = 24 };
	static uint8_t big[1400];
	struct vi_socket *a;
	struct chain ch;

	(void)state;
	begin(&ch);
	tl_ok(vi_route_del(ch.c, &(struct vi_route){ .rt_dst = tl_addr("0.0.0.0", 0) }));
	table_route(ch.c, 1, "0.0.0.0", 0, "10.0.1.2", ch.left.a, 1);
	tl_ok(vi_rule_add(ch.c, &ru));
	inet_setmtu(ch.r, ch.right.a, 1000);
	a = sender(ch.c, VI_AF_INET);
	inet_connect(a, "10.0.2.1", 2000);
	assert_int_equal(tl_optint(a, VI_IP_MTU), 1500);
	inet_setint(a, VI_IP_MTU_DISCOVER, 2);
	tl_ok(inet_sendto(a, big, sizeof(big), NULL, 0));
	inet_expecterr(&ch.t, a, NULL, EMSGSIZE, "10.0.1.2");
	assert_int_equal(tl_optint(a, VI_IP_MTU), 1000);
	vi_close(a);
	chain_end(&ch);
}

static uint32_t
way(struct vi_vnet *vn, const char *dst)
{
	const struct vi_sockaddr to = tl_addr(dst, 0);
	struct vi_route rt;

	tl_ok(vi_route_get(vn, 0, &to, &rt));
	return (rt.rt_gateway.sa_in);
}

/* RFC 1122 3.3.1.4, 3.3.1.5: a router that does not answer ARP gives way to another, and has its flows again when it does. */
static void
dead_router(void **state)
{
	const uint32_t dead = tl_addr("10.0.1.9", 0).sa_in, alive = tl_addr("10.0.1.2", 0).sa_in;
	struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0), .rt_gateway = tl_addr("10.0.1.9", 0), .rt_metric = 5 };
	struct vi_socket *a, *b;
	struct vi_msg msg;
	uint8_t buf[8];
	uint64_t asked;
	struct chain ch;
	size_t n;

	(void)state;
	begin(&ch);
	tl_ok(vi_route_del(ch.c, &(struct vi_route){ .rt_dst = tl_addr("0.0.0.0", 0) }));
	tl_ok(vi_route_add(ch.c, &rt));
	rt.rt_gateway = tl_addr("10.0.1.2", 0);
	rt.rt_metric = 10;
	tl_ok(vi_route_add(ch.c, &rt));
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_connect(a, "10.0.2.1", 2000);
	assert_int_equal(way(ch.c, "10.0.2.1"), dead);
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_run(&ch.t, 6 * TL_SEC);		/* five requests */
	tl_fails(inet_recv(b, &msg, buf, sizeof(buf), &n), EAGAIN);
	assert_int_equal(way(ch.c, "10.0.2.1"), alive);
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_run(&ch.t, TL_SEC);
	tl_ok(inet_recv(b, &msg, buf, sizeof(buf), &n));
	/* It is asked again, seldom; when it is there it is taken. */
	asked = tl_stat(ch.c, "as_txrequests");
	tl_run(&ch.t, 300 * TL_SEC);
	assert_in_range(tl_stat(ch.c, "as_txrequests") - asked, 13, 17);
	assert_int_equal(way(ch.c, "10.0.2.1"), alive);
	tl_ifaddr(ch.r, ch.left.b, "10.0.1.9", 24);
	tl_run(&ch.t, 21 * TL_SEC);
	assert_int_equal(way(ch.c, "10.0.2.1"), dead);
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_run(&ch.t, TL_SEC);
	tl_ok(inet_recv(b, &msg, buf, sizeof(buf), &n));
	/* Nobody asks for a router that no route has a choice of. */
	tl_ok(vi_if_addr_del(ch.r, ch.left.b, &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = dead }));
	tl_ok(vi_sysctl_set(ch.c, "net.link.ether.inet.max_age", "2", &tl_root));
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_run(&ch.t, 1300 * TL_SEC);
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_run(&ch.t, 10 * TL_SEC);
	assert_int_equal(way(ch.c, "10.0.2.1"), alive);
	rt.rt_gateway = tl_addr("10.0.1.2", 0);
	tl_ok(vi_route_del(ch.c, &rt));
	tl_run(&ch.t, 25 * TL_SEC);
	asked = tl_stat(ch.c, "as_txrequests");
	tl_run(&ch.t, 300 * TL_SEC);
	assert_int_equal(tl_stat(ch.c, "as_txrequests"), asked);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* Flows spread by the weights, each staying on its way. */
#define FLOWS	600
static void
spread(struct chain *ch, int family, const char *far, uint64_t count[2], struct vi_socket *sinks[2])
{
	struct vi_socket *so[FLOWS];
	uint8_t first[FLOWS];
	struct vi_msg msg;
	uint8_t buf[8];
	size_t n;

	for (unsigned i = 0; i < FLOWS; i++) {
		so[i] = tl_socketof(ch->c, family, VI_SOCK_DGRAM);
		tl_ok(vi_bind(so[i], &(struct vi_sockaddr){ .sa_family = (uint8_t)family }));
	}
	count[0] = count[1] = 0;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < FLOWS; i++) {
			int which = -1;

			tl_ok(inet_sendto(so[i], "x", 1, far, 2000));
			tl_settle(&ch->t);
			for (int k = 0; k < 2; k++)
				if (inet_recv(sinks[k], &msg, buf, sizeof(buf), &n) == 0)
					which = k;
			assert_true(which >= 0);
			if (round == 0)
				first[i] = (uint8_t)which;
			else
				assert_int_equal(which, first[i]);
			count[which]++;
		}
	}
	for (unsigned i = 0; i < FLOWS; i++)
		vi_close(so[i]);
}

static void
even_spread(void **state)
{
	static const char *const far[] = { "172.16.0.1", "2001:db8:99::1" };
	static const char *const gws[2][2] = { { "10.0.2.1", "10.0.3.1" }, { "2001:db8:2::1", "2001:db8:3::1" } };
	static const int families[] = { VI_AF_INET, VI_AF_INET6 };
	struct vi_socket *sinks[2];
	struct tl_cable third;
	struct vi_vnet *s2;
	uint64_t count[2];
	struct chain ch;

	(void)state;
	begin(&ch);
	s2 = tl_vnet(&ch.t, "second");
	tl_join(ch.r, "10.0.3.2", s2, "10.0.3.1", &third);
	tl_ifaddr(ch.r, third.a, "2001:db8:3::2", 64);
	tl_ifaddr(s2, third.b, "2001:db8:3::1", 64);
	for (int i = 0; i < 2; i++) {
		tl_ifaddr(ch.s, "lo0", far[i], i == 0 ? 32 : 128);
		tl_ifaddr(s2, "lo0", far[i], i == 0 ? 32 : 128);
	}
	tl_run(&ch.t, 3 * TL_SEC);
	for (int i = 0; i < 2; i++) {
		struct vi_route all = { .rt_dst = tl_addr(far[i], 0), .rt_prefixlen = i == 0 ? 32 : 128 };

		sinks[0] = tl_udp(ch.s, far[i], 2000);
		sinks[1] = tl_udp(s2, far[i], 2000);
		table_route(ch.r, 0, far[i], all.rt_prefixlen, gws[i][0], "", 1);
		table_route(ch.r, 0, far[i], all.rt_prefixlen, gws[i][1], "", 1);
		spread(&ch, families[i], far[i], count, sinks);
		assert_in_range(count[0], 3 * FLOWS * 40 / 100, 3 * FLOWS * 60 / 100);
		tl_ok(vi_route_del(ch.r, &all));
		table_route(ch.r, 0, far[i], all.rt_prefixlen, gws[i][0], "", 3);
		table_route(ch.r, 0, far[i], all.rt_prefixlen, gws[i][1], "", 1);
		spread(&ch, families[i], far[i], count, sinks);
		assert_in_range(count[0], 3 * FLOWS * 68 / 100, 3 * FLOWS * 82 / 100);
		/* Without the heavier one all go by the other. */
		tl_ok(vi_if_set_flags(ch.r, ch.right.a, 0, VI_IFF_UP));
		spread(&ch, families[i], far[i], count, sinks);
		assert_int_equal(count[0], 0);
		tl_ok(vi_if_set_flags(ch.r, ch.right.a, VI_IFF_UP, 0));
		tl_run(&ch.t, 3 * TL_SEC);	/* duplicates again */
		vi_close(sinks[0]);
		vi_close(sinks[1]);
	}
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_to_nowhere), cmocka_unit_test(rules_to_nowhere), cmocka_unit_test(router_by_source),
		cmocka_unit_test(table_of_a_socket), cmocka_unit_test(table_of_an_interface), cmocka_unit_test(path_mtu_of_a_table),
		cmocka_unit_test(even_spread), cmocka_unit_test(dead_router),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
