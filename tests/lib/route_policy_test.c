/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which way packets take: by the FIB of a socket and of an interface, by rules, by several next
 * hops; what those hear whose packets lead nowhere.
 *
 *	        .1  10.0.1/24  .2
 *	  in ---+-- host ------+-- one	(both have 203.0.113.1 on lo0)
 *	            host ------+-- two
 *	        .1  10.0.2/24  .2
 */
#include "tests/lib/tl.h"

#define FAR "203.0.113.1"

struct rig {
	struct tl	 t;
	struct vi_vnet	*in, *host, *way[2];
	struct tl_cable	 front, cable[2];
	struct vi_socket *far[2];	/* who listens at FAR, port 7, by each way */
};

/* A route to everything by a way. */
static struct vi_route
by_way(const struct rig *g, int way)
{
	struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0), .rt_flags = VI_RTF_GATEWAY };

	rt.rt_gateway = tl_addr(way == 0 ? "10.0.1.2" : "10.0.2.2", 0);
	memcpy(rt.rt_ifname, g->cable[way].a, sizeof(rt.rt_ifname));
	return (rt);
}

static void
set(struct vi_vnet *vn, const char *name, const char *value)
{
	tl_ok(vi_sysctl_set(vn, name, value, &tl_root));
}

static void
rig_begin(struct rig *g)
{
	struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0) };

	memset(g, 0, sizeof(*g));
	tl_begin(&g->t, 3);
	g->in = tl_vnet(&g->t, "in");
	g->host = tl_vnet(&g->t, "host");
	g->way[0] = tl_vnet(&g->t, "one");
	g->way[1] = tl_vnet(&g->t, "two");
	set(g->host, "net.fibs", "2");
	set(g->host, "net.inet.ip.forwarding", "1");
	tl_join(g->in, "10.0.0.1", g->host, "10.0.0.2", &g->front);
	tl_join(g->host, "10.0.1.1", g->way[0], "10.0.1.2", &g->cable[0]);
	tl_join(g->host, "10.0.2.1", g->way[1], "10.0.2.2", &g->cable[1]);
	for (int i = 0; i < 2; i++) {
		tl_ifaddr(g->way[i], "lo0", FAR, 32);
		g->far[i] = tl_udp(g->way[i], FAR, 7);
	}
	rt.rt_gateway = tl_addr("10.0.0.2", 0);
	tl_ok(vi_route_add(g->in, &rt));
	rt = by_way(g, 0);
	tl_ok(vi_route_add(g->host, &rt));
	rt = by_way(g, 1);
	rt.rt_fib = 1;
	tl_ok(vi_route_add(g->host, &rt));
}

static void
rig_end(struct rig *g)
{
	for (int i = 0; i < 2; i++)
		vi_close(g->far[i]);
	tl_end(&g->t);
}

static bool
got(struct vi_socket *so)
{
	char buf[8];
	size_t n;
	int error = vi_recv(so, buf, sizeof(buf), 0, &n);

	assert_true(error == 0 || error == EAGAIN);
	return (error == 0);
}

/* By which way does a datagram of the socket go?  -1: by none. */
static int
way_of(struct rig *g, struct vi_socket *so)
{
	const struct vi_sockaddr to = tl_addr(FAR, 7);
	const struct vi_iovec iov = { (void *)(uintptr_t)"x", 1 };
	const struct vi_msg m = { .msg_iov = (struct vi_iovec *)(uintptr_t)&iov, .msg_iovcnt = 1,
		.msg_hasname = true,
		.msg_name = to };
	bool one, two;
	size_t n;

	if (vi_sendmsg(so, &m, &n) != 0)
		return (-1);
	tl_run(&g->t, TL_SEC);
	one = got(g->far[0]);
	two = got(g->far[1]);
	assert_false(one && two);
	return (one ? 0 : two ? 1 : -1);
}

static void
setint(struct vi_socket *so, enum vi_sockopt opt, int v)
{
	tl_ok(vi_setsockopt(so, opt, &v, sizeof(v)));
}

static void
fib_of_a_socket(void **state)
{
	struct vi_socket *so;
	struct rig g;

	(void)state;
	rig_begin(&g);
	so = tl_socket(g.host, VI_SOCK_DGRAM);
	assert_int_equal(way_of(&g, so), 0);
	setint(so, VI_SO_FIB, 1);
	assert_int_equal(way_of(&g, so), 1);
	tl_fails(vi_setsockopt(so, VI_SO_FIB, &(int){ 2 }, sizeof(int)), EINVAL);
	assert_int_equal(tl_optint(so, VI_SO_FIB), 1);
	setint(so, VI_SO_FIB, 0);
	assert_int_equal(way_of(&g, so), 0);
	vi_close(so);
	rig_end(&g);
}

/* Packets that come in are routed by the interface's. */
static void
fib_of_an_interface(void **state)
{
	struct vi_socket *so;
	struct rig g;

	(void)state;
	rig_begin(&g);
	so = tl_socket(g.in, VI_SOCK_DGRAM);
	assert_int_equal(way_of(&g, so), 0);
	tl_ok(vi_if_set_fib(g.host, g.front.b, 1));
	assert_int_equal(way_of(&g, so), 1);
	tl_fails(vi_if_set_fib(g.host, g.front.b, 2), EINVAL);
	tl_ok(vi_if_set_fib(g.host, g.front.b, 0));
	assert_int_equal(way_of(&g, so), 0);
	vi_close(so);
	rig_end(&g);
}

static void
number_of_fibs(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(vi_route_nfibs(g.host), 2);
	tl_fails(vi_sysctl_set(g.host, "net.fibs", "1", &tl_root), EINVAL);	/* some are in use */
	set(g.host, "net.fibs", "16");
	assert_int_equal(vi_route_nfibs(g.host), 16);
	assert_int_equal(vi_route_nfibs(g.in), 1);
	rig_end(&g);
}

/* Rules by mark for our own packets, by interface for those that are forwarded. */
static void
rules(void **state)
{
	struct vi_rule mark = { .ru_mark = 5, .ru_markmask = 0xff, .ru_fib = 1 };
	struct vi_rule in = { .ru_priority = 9, .ru_fib = 1 };
	struct vi_socket *own, *other;
	struct rig g;

	(void)state;
	rig_begin(&g);
	memcpy(in.ru_iif, g.front.b, sizeof(in.ru_iif));
	own = tl_socket(g.host, VI_SOCK_DGRAM);
	other = tl_socket(g.in, VI_SOCK_DGRAM);
	tl_ok(vi_rule_add(g.host, &mark));
	tl_ok(vi_rule_add(g.host, &in));
	assert_int_equal(way_of(&g, own), 0);
	setint(own, VI_SO_MARK, 5);
	assert_int_equal(way_of(&g, own), 1);
	setint(own, VI_SO_MARK, 6);
	assert_int_equal(way_of(&g, own), 0);
	assert_int_equal(way_of(&g, other), 1);
	tl_ok(vi_rule_del(g.host, &in));
	assert_int_equal(way_of(&g, other), 0);
	vi_close(own);
	vi_close(other);
	rig_end(&g);
}

/* A connected socket keeps its way, and a connected one asks again when a rule comes. */
static void
connected(void **state)
{
	const struct vi_rule to = { .ru_dst = tl_addr(FAR, 0), .ru_dstlen = 32, .ru_fib = 1 };
	const struct vi_sockaddr sa = tl_addr(FAR, 7);
	struct vi_socket *so;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	so = tl_socket(g.host, VI_SOCK_DGRAM);
	tl_ok(vi_connect(so, &sa));
	tl_ok(vi_send(so, "x", 1, 0, &n));
	tl_run(&g.t, TL_SEC);
	assert_true(got(g.far[0]) && !got(g.far[1]));
	tl_ok(vi_rule_add(g.host, &to));
	tl_ok(vi_send(so, "x", 1, 0, &n));
	tl_run(&g.t, TL_SEC);
	assert_true(!got(g.far[0]) && got(g.far[1]));
	vi_close(so);
	rig_end(&g);
}

/* Flows share two ways, forwarded ones and our own; each stays where it is. */
static void
several_ways(void **state)
{
	struct vi_vnet *from;
	unsigned share[2];
	struct vi_route rt;
	struct rig g;

	(void)state;
	rig_begin(&g);
	rt = by_way(&g, 1);
	tl_ok(vi_route_add(g.host, &rt));
	for (int own = 0; own < 2; own++) {
		from = own ? g.host : g.in;
		share[0] = share[1] = 0;
		for (int i = 0; i < 40; i++) {
			struct vi_socket *so =
			    tl_udp(from, own ? "0.0.0.0" : "10.0.0.1", (uint16_t)(5000 + i));
			int way = way_of(&g, so);

			assert_in_range(way, 0, 1);
			assert_int_equal(way_of(&g, so), way);
			share[way]++;
			vi_close(so);
		}
		assert_in_range(share[0], 8, 32);
	}
	/* One goes down: all by the other. */
	tl_ok(vi_if_set_flags(g.host, g.cable[1].a, 0, VI_IFF_UP));
	for (int i = 0; i < 10; i++) {
		struct vi_socket *so = tl_udp(g.in, "10.0.0.1", (uint16_t)(5000 + i));

		assert_int_equal(way_of(&g, so), 0);
		vi_close(so);
	}
	rig_end(&g);
}

/* What a sender hears: at once on the host itself, by ICMP behind it (RFC 1812 5.2.7.1). */
static void
nowhere(void **state)
{
	static const struct { uint32_t flags; int own, behind; } kinds[] = {
		{ VI_RTF_REJECT, EHOSTUNREACH, EHOSTUNREACH },
		{ VI_RTF_PROHIBIT, EACCES, EHOSTUNREACH },
		{ VI_RTF_BLACKHOLE, EINVAL, 0 },
	};
	const struct vi_sockaddr sa = tl_addr(FAR, 7);
	struct vi_socket *so;
	struct vi_route rt;
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		rt = (struct vi_route){ .rt_dst = tl_addr(FAR, 0), .rt_prefixlen = 32,
			.rt_flags = kinds[i].flags };
		tl_ok(vi_route_add(g.host, &rt));
		so = tl_socket(g.host, VI_SOCK_DGRAM);
		tl_fails(vi_connect(so, &sa), kinds[i].own);
		vi_close(so);
		so = tl_socket(g.in, VI_SOCK_DGRAM);
		setint(so, VI_IP_RECVERR, 1);		/* the softer ones too */
		tl_ok(vi_connect(so, &sa));
		tl_ok(vi_send(so, "x", 1, 0, &n));
		tl_run(&g.t, TL_SEC);
		assert_int_equal(tl_sockerr(so), kinds[i].behind);
		vi_close(so);
		tl_ok(vi_route_del(g.host, &rt));
	}
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fib_of_a_socket),
		cmocka_unit_test(fib_of_an_interface),
		cmocka_unit_test(number_of_fibs),
		cmocka_unit_test(rules),
		cmocka_unit_test(connected),
		cmocka_unit_test(several_ways),
		cmocka_unit_test(nowhere),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
