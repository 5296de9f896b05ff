/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stack remembers of the hosts it talks with (ip_host.c) is forgotten when it is not so any more: each connection to the same
 * host goes as one to a host that was never heard of.
 */
#include "tests/inet/inet.h"

#define HOST	"203.0.113.11"

struct rig {
	struct tl	 t;
	struct vi_vnet	*a, *b;
	struct tl_cable	 one, two;
	struct vi_socket *listener;
};

static void
route(struct rig *g, const char *gateway, unsigned len, uint32_t mtu)
{
	const struct vi_route rt = { .rt_dst = tl_addr(len == 32 ? HOST : "203.0.113.0", 0), .rt_prefixlen = (uint8_t)len,
		.rt_flags = VI_RTF_GATEWAY, .rt_gateway = tl_addr(gateway, 0), .rt_mtu = mtu };

	tl_ok(vi_route_add(g->a, &rt));
}

static void
unroute(struct rig *g, unsigned len)
{
	const struct vi_route rt = { .rt_dst = tl_addr(len == 32 ? HOST : "203.0.113.0", 0), .rt_prefixlen = (uint8_t)len };

	tl_ok(vi_route_del(g->a, &rt));
}

/* a has two cables to b, which is HOST besides. */
static void
begin(struct rig *g)
{
	tl_begin(&g->t, 3);
	g->a = tl_vnet(&g->t, "a");
	g->b = tl_vnet(&g->t, "b");
	tl_join(g->a, "192.0.2.1", g->b, "192.0.2.2", &g->one);
	tl_join(g->a, "198.51.100.1", g->b, "198.51.100.2", &g->two);
	tl_ifaddr(g->b, g->one.b, HOST, 32);
	g->listener = tl_listen(g->b, "0.0.0.0", 80, 64);
}

static void
end(struct rig *g)
{
	vi_close(g->listener);
	tl_run(&g->t, TL_MSL2);
	tl_destroy(g->a);
	tl_destroy(g->b);
	tl_end(&g->t);
}

/* A connection: its local address and segment size, and how long it took. */
struct made {
	struct vi_sockaddr from;
	int		 mss, backmss;
	uint64_t	 took;
};

static struct made
make(struct rig *g)
{
	struct vi_socket *so = tl_socket(g->a, VI_SOCK_STREAM), *peer;
	const struct vi_sockaddr sa = tl_addr(HOST, 80);
	const uint64_t start = tl_now(&g->t);
	struct made m;

	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	tl_settle(&g->t);
	tl_wait(&g->t, vi_accept(g->listener, &peer, NULL) == 0);
	m.took = tl_now(&g->t) - start;
	tl_ok(vi_sockname(so, &m.from));
	m.mss = tl_optint(so, VI_TCP_MAXSEG);
	m.backmss = tl_optint(peer, VI_TCP_MAXSEG);
	vi_close(so);
	vi_close(peer);
	tl_run(&g->t, TL_SEC);
	return (m);
}

static void
makes(struct rig *g, const char *from)
{
	for (int i = 0; i < 3; i++) {
		const struct made m = make(g);
		struct vi_sockaddr want = tl_addr(from, m.from.sa_port);

		want.sa_port = m.from.sa_port;
		assert_true(tl_sameaddr(&m.from, &want));
		assert_int_equal(m.took, 0);
	}
}

static void
fails(struct rig *g, int error)
{
	struct vi_socket *so = tl_socket(g->a, VI_SOCK_STREAM);
	const struct vi_sockaddr sa = tl_addr(HOST, 80);

	tl_fails(vi_connect(so, &sa), error);
	vi_close(so);
}

static void
routes_change(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	route(&g, "192.0.2.2", 24, 0);
	makes(&g, "192.0.2.1");
	route(&g, "198.51.100.2", 32, 0);
	makes(&g, "198.51.100.1");
	unroute(&g, 32);
	makes(&g, "192.0.2.1");
	unroute(&g, 24);
	fails(&g, ENETUNREACH);
	route(&g, "192.0.2.2", 24, 0);
	makes(&g, "192.0.2.1");
	end(&g);
}

static void
interfaces_go_down(void **state)
{
	struct rig g;

	(void)state;
	begin(&g);
	route(&g, "192.0.2.2", 24, 0);
	route(&g, "198.51.100.2", 32, 0);
	makes(&g, "198.51.100.1");
	tl_ok(vi_if_set_flags(g.a, g.two.a, 0, VI_IFF_UP));
	makes(&g, "192.0.2.1");
	tl_ok(vi_if_set_flags(g.a, g.two.a, VI_IFF_UP, 0));
	makes(&g, "198.51.100.1");
	end(&g);
}

/* Several next hops share the flows, whatever was known of the host before. */
static void
ways_are_shared(void **state)
{
	uint64_t before[2], sent[2];
	struct rig g;

	(void)state;
	begin(&g);
	route(&g, "192.0.2.2", 32, 0);
	makes(&g, "192.0.2.1");
	route(&g, "198.51.100.2", 32, 0);
	before[0] = tl_ifinfo(g.a, g.one.a).if_opackets;
	before[1] = tl_ifinfo(g.a, g.two.a).if_opackets;
	for (int i = 0; i < 40; i++)
		(void)make(&g);
	sent[0] = tl_ifinfo(g.a, g.one.a).if_opackets - before[0];
	sent[1] = tl_ifinfo(g.a, g.two.a).if_opackets - before[1];
	assert_true(sent[0] > 20 && sent[1] > 20);	/* of some 160 */
	end(&g);
}

static void
rules_choose(void **state)
{
	struct vi_rule ru = { .ru_priority = 100, .ru_family = VI_AF_INET, .ru_action = VI_RULE_TABLE, .ru_fib = 1,
		.ru_dport = { .po_first = 80, .po_last = 80 } };
	struct vi_route rt = { .rt_dst = tl_addr(HOST, 0), .rt_prefixlen = 32, .rt_flags = VI_RTF_GATEWAY,
		.rt_gateway = tl_addr("198.51.100.2", 0), .rt_fib = 1 };
	uint64_t before;
	struct rig g;

	(void)state;
	begin(&g);
	tl_ok(vi_sysctl_set(g.a, "net.fibs", "2", &tl_root));
	snprintf(rt.rt_ifname, sizeof(rt.rt_ifname), "%s", g.two.a);
	tl_ok(vi_route_add(g.a, &rt));
	route(&g, "192.0.2.2", 32, 0);
	makes(&g, "192.0.2.1");
	tl_ok(vi_rule_add(g.a, &ru));
	/* The source is chosen before there is a port; the packets go where the rule says. */
	before = tl_ifinfo(g.a, g.two.a).if_opackets;
	(void)make(&g);
	assert_true(tl_ifinfo(g.a, g.two.a).if_opackets >= before + 4);
	tl_ok(vi_rule_del(g.a, &ru));
	makes(&g, "192.0.2.1");
	end(&g);
}

static void
paths_narrow(void **state)
{
	struct made m;
	struct rig g;

	(void)state;
	begin(&g);
	route(&g, "192.0.2.2", 32, 0);
	m = make(&g);
	assert_int_equal(m.mss, 1448);
	assert_int_equal(m.backmss, 1448);
	unroute(&g, 32);
	route(&g, "192.0.2.2", 32, 1000);
	m = make(&g);
	assert_int_equal(m.mss, 948);
	assert_int_equal(m.backmss, 948);
	unroute(&g, 32);
	route(&g, "192.0.2.2", 32, 0);
	tl_ok(vi_if_set_mtu(g.b, g.one.b, 1200));
	m = make(&g);
	assert_int_equal(m.mss, 1148);
	assert_int_equal(m.backmss, 1148);
	end(&g);
}

/* Link addresses: the host's, which answers with headers that it kept, and ours.  Who is not told finds out by ARP. */
static void
neighbours_move(void **state)
{
	const uint8_t lladdr[2][6] = { { 2, 0, 0, 0, 1, 1 }, { 2, 0, 0, 0, 1, 2 } };
	struct rig g;

	(void)state;
	begin(&g);
	route(&g, "192.0.2.2", 32, 0);
	makes(&g, "192.0.2.1");
	tl_ok(vi_if_set_lladdr(g.a, g.one.a, lladdr[0], 6));
	makes(&g, "192.0.2.1");
	tl_ok(vi_if_set_lladdr(g.b, g.one.b, lladdr[1], 6));
	(void)make(&g);
	makes(&g, "192.0.2.1");
	end(&g);
}

/* RFC 9293 MUST-46: never to a broadcast address, also when it becomes one; and a source that goes is none. */
static void
addresses_change(void **state)
{
	const struct vi_sockaddr net = tl_addr("203.0.113.9", 0), first = tl_addr("192.0.2.1", 0);
	struct rig g;

	(void)state;
	begin(&g);
	route(&g, "192.0.2.2", 24, 0);
	makes(&g, "192.0.2.1");
	tl_ifaddr(g.a, g.two.a, "203.0.113.9", 30);
	fails(&g, ENETUNREACH);
	tl_ok(vi_if_addr_del(g.a, g.two.a, &net));
	makes(&g, "192.0.2.1");
	tl_ifaddr(g.a, g.one.a, "192.0.2.77", 24);
	tl_ok(vi_if_addr_del(g.a, g.one.a, &first));
	fails(&g, ENETUNREACH);		/* the route went with it */
	route(&g, "192.0.2.2", 24, 0);
	makes(&g, "192.0.2.77");
	end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_change),
		cmocka_unit_test(interfaces_go_down),
		cmocka_unit_test(ways_are_shared),
		cmocka_unit_test(rules_choose),
		cmocka_unit_test(paths_narrow),
		cmocka_unit_test(neighbours_move),
		cmocka_unit_test(addresses_change),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
