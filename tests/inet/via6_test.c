/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 by routers of IPv6 (RFC 8950): links that have no IPv4 address at all, and addresses on lo0. */
#include "tests/inet/inet.h"

#define CLIENT	"10.0.1.1"
#define ROUTER	"10.0.9.9"
#define SERVER	"10.0.2.1"

struct rig {
	struct tl	 t;
	struct vi_vnet	*c, *r, *s;
	struct tl_cable	 left, right;
};

static void
via(struct vi_vnet *vn, const char *dst, uint8_t len, const char *gw, const char *ifname)
{
	struct vi_route rt = { .rt_dst = tl_addr(dst, 0), .rt_prefixlen = len, .rt_gateway = tl_addr(gw, 0), .rt_flags = VI_RTF_GATEWAY };

	memcpy(rt.rt_ifname, ifname, strlen(ifname));
	tl_ok(vi_route_add(vn, &rt));
}

static void
rig_begin(struct rig *g)
{
	tl_begin(&g->t, 8);
	g->c = tl_vnet(&g->t, "c");
	g->r = tl_vnet(&g->t, "r");
	g->s = tl_vnet(&g->t, "s");
	tl_cable(g->c, g->r, &g->left);
	tl_cable(g->r, g->s, &g->right);
	tl_ifaddr(g->c, g->left.a, "fe80::c", 64);
	tl_ifaddr(g->r, g->left.b, "fe80::1", 64);
	tl_ifaddr(g->r, g->right.a, "fe80::1", 64);
	tl_ifaddr(g->s, g->right.b, "fe80::5", 64);
	tl_ifaddr(g->c, "lo0", CLIENT, 32);
	tl_ifaddr(g->r, "lo0", ROUTER, 32);
	tl_ifaddr(g->s, "lo0", SERVER, 32);
	tl_ok(vi_sysctl_set(g->r, "net.inet.ip.forwarding", "1", &tl_root));
	tl_run(&g->t, 5 * TL_SEC);
	via(g->c, "0.0.0.0", 0, "fe80::1", g->left.a);
	via(g->r, CLIENT, 32, "fe80::c", g->left.b);
	via(g->r, SERVER, 32, "fe80::5", g->right.a);
	via(g->s, "0.0.0.0", 0, "fe80::1", g->right.b);
}

static void
rig_end(struct rig *g)
{
	tl_destroy(g->c);
	tl_destroy(g->r);
	tl_destroy(g->s);
	tl_end(&g->t);
}

static void
there_and_back(void **state)
{
	const struct vi_sockaddr want = tl_addr(CLIENT, 0), gw = tl_addr("fe80::1", 0), dst = tl_addr(SERVER, 0);
	struct vi_socket *listener;
	struct vi_sockaddr name;
	struct vi_route rt;
	struct tl_conn conn;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(vi_route_get(g.c, 0, &dst, &rt));
	assert_memory_equal(rt.rt_gateway.sa_in6, gw.sa_in6, 16);
	assert_int_equal(rt.rt_gateway.sa_scope, rt.rt_ifindex);
	listener = tl_listen(g.s, SERVER, 80, 5);
	tl_connect(&g.t, g.c, listener, &conn);
	tl_ok(vi_sockname(conn.c, &name));
	assert_int_equal(name.sa_in, want.sa_in);
	tl_send(&g.t, conn.c, conn.s, 500000);
	tl_send(&g.t, conn.s, conn.c, 500000);
	tl_hangup(&g.t, &conn);
	assert_int_equal(tl_stat(g.c, "as_txrequests"), 0);	/* nobody asked by ARP */
	assert_int_equal(tl_stat(g.r, "as_txrequests"), 0);
	assert_true(tl_stat(g.r, "ips_forward") > 20);
	assert_int_equal(tl_stat(g.r, "ips_redirectsent"), 0);
	vi_close(listener);
	rig_end(&g);
}

/* The router behind the router is gone: its packets are IPv4, so is what their sender hears. */
static void
gone(void **state)
{
	struct vi_sockerr se;
	struct vi_socket *so;
	struct rig g;

	(void)state;
	rig_begin(&g);
	via(g.r, "10.0.3.0", 24, "fe80::77", g.right.a);
	so = tl_udp(g.c, CLIENT, 1000);
	inet_setint(so, VI_IP_RECVERR, 1);
	tl_ok(inet_sendto(so, "x", 1, "10.0.3.1", 2000));
	inet_expecterr(&g.t, so, &se, EHOSTUNREACH, ROUTER);
	vi_close(so);
	rig_end(&g);
}

static void
refused(void **state)
{
	struct vi_route rt = { .rt_dst = tl_addr("2001:db8::", 0), .rt_prefixlen = 32, .rt_gateway = tl_addr(ROUTER, 0), .rt_flags = VI_RTF_GATEWAY };
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_fails(vi_route_add(g.c, &rt), EAFNOSUPPORT);		/* not the other way */
	rt.rt_dst = tl_addr("10.5.0.0", 0);
	rt.rt_prefixlen = 16;
	rt.rt_gateway = tl_addr("ff02::1", 0);
	tl_fails(vi_route_add(g.c, &rt), EINVAL);
	rt.rt_gateway = tl_addr("2001:db8::9", 0);
	tl_fails(vi_route_add(g.c, &rt), ENETUNREACH);
	/* The address that packets get goes, and the routes with it. */
	rt.rt_dst = tl_addr(CLIENT, 0);
	tl_ok(vi_if_addr_del(g.c, "lo0", &rt.rt_dst));
	rt.rt_dst = tl_addr(SERVER, 0);
	tl_fails(vi_route_get(g.c, 0, &rt.rt_dst, &rt), ESRCH);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(gone),
		cmocka_unit_test(refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
