/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes: what can be added, changed, deleted, and what becomes of them when interfaces and
 * addresses come and go.
 */
#include "net/route.h"

#include "net/net_test.h"

static struct vi_route
route(uint32_t dst, uint8_t len, uint32_t gw)
{
	struct vi_route rt = { .rt_dst = nt_sa(dst), .rt_prefixlen = len };

	if (gw != 0) {
		rt.rt_gateway = nt_sa(gw);
		rt.rt_flags = RTF_GATEWAY;
	}
	return (rt);
}

static int
add(struct nt_cables *g, uint32_t dst, uint8_t len, uint32_t gw)
{
	struct vi_route rt = route(dst, len, gw);

	return (rt_add(g->vn, &rt));
}

static const struct nhop *
lookup(struct nt_cables *g, uint32_t dst)
{
	return (fib4_lookup(g->vn, 0, HTONL(dst)));
}

static void
count(void *arg, const struct vi_route *rt)
{
	(void)rt;
	++*(unsigned *)arg;
}

static unsigned
nroutes(struct nt_cables *g)
{
	unsigned n = 0;

	rt_list(g->vn, 0, VI_AF_INET, count, &n);
	return (n);
}

/* What the routes of a small stack cost: with many stacks that is most of what routing costs. */
static void
three_routes_are_small(void **state)
{
	const struct acct *ac;
	uint64_t before, bytes;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	ac = &vnet_acct(g.vn)->as_acct[ACCT_ROUTE];
	before = ac->ac_bytes;
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(add(&g, IP4(192, 0, 2, 7), 32, IP4(10, 0, 1, 254)), 0);
	bytes = ac->ac_bytes - before;
	print_message("3 routes: %u bytes, beside 4 of addresses: %u\n", (unsigned)bytes, (unsigned)before);
	assert_in_range(bytes, 1, 640);
	assert_in_range(before, 1, 1024);
	nt_cables_end(&g);
}

static void
add_change_delete(void **state)
{
	struct vi_route rt;
	struct nt_cables g;
	uint64_t gen;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(nroutes(&g), 4);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), EEXIST);
	/* bits beyond the mask do not matter */
	assert_int_equal(add(&g, IP4(10, 9, 9, 9), 16, IP4(10, 0, 1, 254)), 0);
	assert_int_equal(add(&g, IP4(10, 9, 0, 0), 16, IP4(10, 0, 1, 254)), EEXIST);
	/* by a gateway beyond a gateway */
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, IP4(203, 0, 113, 1)), ENETUNREACH);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 33, IP4(10, 0, 0, 254)), EINVAL);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, IP4(224, 0, 0, 1)), EINVAL);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, 0), EINVAL);		/* by what? */
	assert_ptr_equal(lookup(&g, IP4(8, 8, 8, 8))->nh_ifp, g.a);
	assert_ptr_equal(lookup(&g, IP4(8, 8, 8, 8))->nh_ifa, &g.ia);
	assert_int_equal(nhop_addr4(lookup(&g, IP4(8, 8, 8, 8)), HTONL(IP4(8, 8, 8, 8))).na_in,
	    HTONL(IP4(10, 0, 0, 254)));
	assert_ptr_equal(lookup(&g, IP4(10, 9, 1, 1))->nh_ifp, g.b);

	rt = route(0, 0, IP4(10, 0, 1, 7));
	gen = rt_generation(g.vn);
	assert_int_equal(rt_change(g.vn, &rt), 0);
	assert_true(rt_generation(g.vn) > gen);
	assert_ptr_equal(lookup(&g, IP4(8, 8, 8, 8))->nh_ifp, g.b);
	rt = route(0, 0, 0);
	rt.rt_mtu = 1400;
	assert_int_equal(rt_change(g.vn, &rt), 0);
	assert_int_equal(nhop_mtu(lookup(&g, IP4(8, 8, 8, 8))), 1400);
	rt.rt_mtulock = true;		/* nobody's message makes it smaller */
	assert_int_equal(rt_change(g.vn, &rt), 0);
	assert_int_equal(rt_pmtu4(g.vn, 0, HTONL(IP4(8, 8, 8, 8)), 1000), 0);
	assert_int_equal(nhop_mtu(lookup(&g, IP4(8, 8, 8, 8))), 1400);
	assert_int_equal(lookup(&g, IP4(8, 8, 8, 8))->nh_gw.na_in, HTONL(IP4(10, 0, 1, 7)));
	rt = route(IP4(192, 168, 0, 0), 16, IP4(10, 0, 1, 7));
	assert_int_equal(rt_change(g.vn, &rt), ESRCH);
	assert_int_equal(rt_delete(g.vn, &rt), ESRCH);

	rt = route(0, 0, IP4(10, 0, 1, 8));
	assert_int_equal(rt_delete(g.vn, &rt), ESRCH);	/* not by that one */
	rt = route(0, 0, 0);
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	assert_null(lookup(&g, IP4(8, 8, 8, 8)));
	rt = route(IP4(10, 0, 0, 0), 24, 0);
	assert_int_equal(rt_delete(g.vn, &rt), EPERM);
	rt = route(IP4(10, 0, 0, 0), 24, IP4(10, 0, 1, 7));
	assert_int_equal(rt_change(g.vn, &rt), EPERM);
	nt_cables_end(&g);
}

static void
nowhere(void **state)
{
	struct vi_route rt = route(IP4(192, 0, 2, 0), 24, 0);
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	rt.rt_flags = RTF_REJECT;
	assert_int_equal(rt_add(g.vn, &rt), 0);
	rt = route(IP4(198, 51, 100, 0), 24, IP4(127, 0, 0, 1));
	rt.rt_flags |= RTF_BLACKHOLE;
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_true((lookup(&g, IP4(192, 0, 2, 9))->nh_flags &
			(RTF_REJECT | RTF_STATIC | RTF_GATEWAY)) == (RTF_REJECT | RTF_STATIC));
	assert_true((lookup(&g, IP4(198, 51, 100, 9))->nh_flags & RTF_BLACKHOLE) != 0);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, IP4(192, 0, 2, 1)), ENETUNREACH);
	nt_cables_end(&g);
}

static void
by_interface(void **state)
{
	struct vi_route rt = route(IP4(192, 0, 2, 0), 24, 0), got;
	struct vi_sockaddr sa = nt_sa(IP4(192, 0, 2, 77));
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	memcpy(rt.rt_ifname, "nothing", 8);
	assert_int_equal(rt_add(g.vn, &rt), ENXIO);
	memcpy(rt.rt_ifname, "epair1a", 8);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(rt_get(g.vn, 0, &sa, &got), 0);
	assert_string_equal(got.rt_ifname, "epair1a");
	assert_int_equal(got.rt_dst.sa_in, HTONL(IP4(192, 0, 2, 0)));
	assert_int_equal(got.rt_prefixlen, 24);
	assert_int_equal(got.rt_gateway.sa_family, 0);
	assert_int_equal(got.rt_ifa.sa_in, HTONL(IP4(10, 0, 1, 1)));
	assert_int_equal(got.rt_ifindex, g.b->if_index);
	/*
	 * On an interface that is named a gateway need not be on its net; the source can be said.
	 */
	rt = route(IP4(172, 16, 0, 0), 12, IP4(203, 0, 113, 1));
	memcpy(rt.rt_ifname, "epair1a", 8);
	rt.rt_ifa = nt_sa(IP4(10, 0, 0, 9));
	assert_int_equal(rt_add(g.vn, &rt), EADDRNOTAVAIL);
	rt.rt_ifa = nt_sa(IP4(10, 0, 0, 1));
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_ptr_equal(lookup(&g, IP4(172, 16, 1, 1))->nh_ifa, &g.ia);
	sa.sa_family = 99;
	assert_int_equal(rt_get(g.vn, 0, &sa, &got), EAFNOSUPPORT);
	sa = nt_sa(IP4(203, 0, 113, 5));
	assert_int_equal(rt_get(g.vn, 0, &sa, &got), ESRCH);
	assert_int_equal(rt_get(g.vn, 1, &sa, &got), EINVAL);
	nt_cables_end(&g);
}

/* As Linux wants it: by a net of the interface that is named, be it not the longest prefix, and also when that stands in the first table. */
static void
by_a_near_router(void **state)
{
	struct vi_route rt = route(IP4(172, 16, 0, 0), 12, IP4(10, 0, 1, 9));
	const struct sysctl_desc *sd;
	struct nt_cables g;
	void *base;

	(void)state;
	nt_cables_begin(&g);
	rt.rt_flags |= VI_RTF_NEAR;
	memcpy(rt.rt_ifname, "epair0a", 8);
	assert_int_equal(rt_add(g.vn, &rt), ENETUNREACH);
	memcpy(rt.rt_ifname, "epair1a", 8);
	assert_int_equal(add(&g, IP4(10, 0, 1, 8), 30, IP4(10, 0, 0, 9)), 0);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_ptr_equal(lookup(&g, IP4(172, 16, 1, 1))->nh_ifp, g.b);
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	rt.rt_ifname[0] = '\0';
	rt.rt_gateway = nt_sa(IP4(172, 16, 1, 1));	/* behind a router itself */
	assert_int_equal(rt_add(g.vn, &rt), ENETUNREACH);
	rt.rt_gateway = nt_sa(IP4(10, 0, 1, 9));
	assert_non_null(sd = vnet_sysctl_find(g.vn, "net.fibs", &base));
	assert_int_equal(sd->sd_fn(g.vn, sd, "2", NULL, 0), 0);
	rt.rt_fib = 1;
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_ptr_equal(fib4_lookup(g.vn, 1, HTONL(IP4(172, 16, 1, 1)))->nh_ifp, g.b);
	assert_int_equal(if_setflags(g.b, 0, IFF_UP), 0);
	rt.rt_metric = 7;
	assert_int_equal(rt_add(g.vn, &rt), ENETUNREACH);
	rt.rt_gateway = (struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_bytes = { 0xfe, 0x80, [15] = 9 } };
	assert_int_equal(rt_add(g.vn, &rt), EINVAL);	/* on which link? */
	nt_cables_end(&g);
}

/* Down: not used, but there; a shorter prefix serves meanwhile. */
static void
down_is_passed_over(void **state)
{
	struct vi_sockaddr sa = nt_sa(IP4(172, 16, 0, 1));
	struct vi_route got;
	struct nt_cables g;
	unsigned n;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, IP4(10, 0, 1, 254)), 0);
	n = nroutes(&g);
	assert_int_equal(if_setflags(g.b, 0, IFF_UP), 0);
	assert_ptr_equal(lookup(&g, IP4(172, 16, 0, 1))->nh_ifp, g.a);
	assert_int_equal(nroutes(&g), n);
	/* Our own address is reached whatever is down. */
	assert_true((lookup(&g, IP4(10, 0, 1, 1))->nh_flags & RTF_LOCAL) != 0);
	assert_int_equal(if_setflags(g.a, 0, IFF_UP), 0);
	assert_int_equal(rt_get(g.vn, 0, &sa, &got), ESRCH);
	assert_int_equal(if_setflags(g.b, IFF_UP, 0), 0);
	assert_ptr_equal(lookup(&g, IP4(172, 16, 0, 1))->nh_ifp, g.b);
	nt_cables_end(&g);
}

#if !VIMAGE_SINGLE
static void
routes_go_with_what_they_use(void **state)
{
	struct vi_route rt = route(IP4(192, 0, 2, 0), 24, 0);
	struct vnet *other;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, IP4(10, 0, 1, 254)), 0);
	memcpy(rt.rt_ifname, "epair1b", 8);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(g.a->if_nroutes, 1);
	assert_int_equal(nt_if(g.vn, "epair1b")->if_nroutes, 1);
	/* An address. */
	nt_noifaddr(&g.ia);
	assert_null(lookup(&g, IP4(8, 8, 8, 8)));
	assert_null(lookup(&g, IP4(10, 0, 0, 9)));
	assert_int_equal(g.a->if_nroutes, 0);
	assert_ptr_equal(lookup(&g, IP4(172, 16, 0, 1))->nh_ifp, g.b);
	/* An interface. */
	other = nt_vnet(&g.r, "other");
	assert_int_equal(if_setflags(nt_if(g.vn, "epair1b"), IFF_UP, 0), 0);
	assert_non_null(lookup(&g, IP4(192, 0, 2, 1)));
	assert_int_equal(if_vmove(nt_if(g.vn, "epair1b"), other), 0);
	assert_null(lookup(&g, IP4(192, 0, 2, 1)));
	nt_ifaddr(&g.ia, g.a, IP4(10, 0, 0, 1), 24);
	nt_cables_end(&g);
}
#endif

static void
flush_takes_gateways(void **state)
{
	struct vi_route rt = route(IP4(192, 0, 2, 0), 24, 0);
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	memcpy(rt.rt_ifname, "epair1a", 8);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(add(&g, IP4(100, i >> 8, i & 255, 0), 24, IP4(10, 0, i & 1, 2)),
		    0);
	/* All of them by two next hops, beside those of addresses and the interface's. */
	assert_int_equal(route_vnet(g.vn)->rv_nnhops, 4 + 1 + 2);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_INET), 1000);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_INET), 0);
	assert_int_equal(nroutes(&g), 5);
	nt_cables_end(&g);
}

static void
several_tables(void **state)
{
	const struct sysctl_desc *sd;
	struct vi_route rt = route(0, 0, IP4(10, 0, 0, 254));
	struct ifaddr ifa;
	struct nt_cables g;
	void *base;

	(void)state;
	nt_cables_begin(&g);
	rt.rt_fib = 1;
	assert_int_equal(rt_add(g.vn, &rt), EINVAL);
	assert_non_null(sd = vnet_sysctl_find(g.vn, "net.fibs", &base));
	assert_int_equal(sd->sd_fn(g.vn, sd, "3", NULL, 0), 0);
	assert_int_equal(sd->sd_fn(g.vn, sd, "2", NULL, 0), EINVAL);
	assert_int_equal(sd->sd_fn(g.vn, sd, "254", NULL, 0), EINVAL);
	assert_int_equal(rt_nfibs(g.vn), 3);
	/* the net is known to table 0 only */
	assert_int_equal(rt_add(g.vn, &rt), ENETUNREACH);
	route_vnet(g.vn)->rv_allfibs = 1;
	nt_ifaddr(&ifa, g.b, IP4(10, 0, 2, 1), 24);
	rt.rt_gateway = nt_sa(IP4(10, 0, 2, 9));
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_null(fib4_lookup(g.vn, 0, HTONL(IP4(8, 8, 8, 8))));
	assert_non_null(fib4_lookup(g.vn, 1, HTONL(IP4(8, 8, 8, 8))));
	assert_non_null(fib4_lookup(g.vn, 2, HTONL(IP4(10, 0, 2, 8))));
	assert_null(fib4_lookup(g.vn, 3, HTONL(IP4(10, 0, 2, 8))));
	nt_noifaddr(&ifa);
	assert_null(fib4_lookup(g.vn, 1, HTONL(IP4(8, 8, 8, 8))));
	assert_null(fib4_lookup(g.vn, 2, HTONL(IP4(10, 0, 2, 8))));
	nt_cables_end(&g);
}

/* Path MTUs and redirects. */

static void
path_mtu_expires(void **state)
{
	const uint32_t far = HTONL(IP4(8, 8, 8, 8));
	struct nt_cables g;
	uint64_t t0;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(rt_pmtu4(g.vn, 0, far, 1400), ESRCH);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(rt_pmtu4(g.vn, 0, far, 67), EINVAL);
	assert_int_equal(rt_pmtu4(g.vn, 0, far, 1500), 0);
	assert_int_equal(route_vnet(g.vn)->rv_ndyns, 0);
	/* no timer while there is nothing to forget */
	assert_int_equal(kernel_poll(g.r.nt_k), VI_FOREVER);
	t0 = lane_clock(&g.vn->vn_lane);
	assert_int_equal(rt_pmtu4(g.vn, 0, far, 1400), 0);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, far)), 1400);
	assert_int_equal(fib4_lookup(g.vn, 0, far)->nh_gw.na_in, HTONL(IP4(10, 0, 0, 254)));
	assert_int_equal(nhop_mtu(lookup(&g, IP4(8, 8, 8, 9))), 1500);
	assert_int_equal(rt_pmtu4(g.vn, 0, far, 1450), 0);	/* never up */
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, far)), 1400);
	vi_sim_advance(g.r.nt_host, 300 * 1000000000ull);
	(void)lane_clock(&g.vn->vn_lane);
	assert_int_equal(rt_pmtu4(g.vn, 0, far, 1300), 0);	/* and its time begins again */
	(void)kernel_run(g.r.nt_k, t0 + 899 * 1000000000ull, NULL);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, far)), 1300);
	(void)kernel_run(g.r.nt_k, t0 + 901 * 1000000000ull, NULL);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, far)), 1500);
	assert_int_equal(route_vnet(g.vn)->rv_ndyns, 0);
	nt_cables_end(&g);
}

static void
learned_routes_hide_and_give_way(void **state)
{
	const uint32_t host = HTONL(IP4(8, 8, 8, 8));
	struct vi_route rt;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	assert_int_equal(add(&g, IP4(8, 8, 8, 8), 32, IP4(10, 0, 1, 254)), 0);
	/* Of a host route that somebody made only the MTU is hidden. */
	assert_int_equal(rt_redirect4(g.vn, 0, host, HTONL(IP4(10, 0, 0, 253)), g.a), EEXIST);
	assert_int_equal(rt_pmtu4(g.vn, 0, host, 1200), 0);
	assert_int_equal(rt_redirect4(g.vn, 0, host, HTONL(IP4(10, 0, 0, 253)), g.a), EEXIST);
	assert_ptr_equal(fib4_lookup(g.vn, 0, host)->nh_ifp, g.b);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, host)), 1200);
	/* Any change of the table takes what was learned, and the route that it hid is found. */
	rt = route(IP4(8, 8, 8, 8), 32, IP4(10, 0, 1, 253));
	assert_int_equal(rt_change(g.vn, &rt), 0);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, host)), 1500);
	assert_int_equal(fib4_lookup(g.vn, 0, host)->nh_gw.na_in, HTONL(IP4(10, 0, 1, 253)));
	rt = route(IP4(8, 8, 8, 8), 32, 0);
	assert_int_equal(rt_delete(g.vn, &rt), 0);

	/* not on the net it came by */
	assert_int_equal(rt_redirect4(g.vn, 0, host, HTONL(IP4(10, 0, 1, 253)), g.a), ENETUNREACH);
	assert_int_equal(rt_redirect4(g.vn, 0, host, HTONL(IP4(10, 0, 0, 253)), g.a), 0);
	assert_int_equal(fib4_lookup(g.vn, 0, host)->nh_gw.na_in, HTONL(IP4(10, 0, 0, 253)));
	assert_int_equal(rt_redirect4(g.vn, 0, host, HTONL(IP4(10, 0, 0, 252)), g.a), 0);
	assert_int_equal(route_vnet(g.vn)->rv_ndyns, 1);
	assert_int_equal(if_setflags(g.a, 0, IFF_UP), 0);
	assert_null(fib4_lookup(g.vn, 0, host));
	assert_int_equal(route_vnet(g.vn)->rv_ndyns, 0);
	nt_cables_end(&g);
}

static void
learned_routes_are_bounded(void **state)
{
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	for (uint32_t i = 0; i < 3 * RT_MAXDYN; i++)
		assert_int_equal(rt_pmtu4(g.vn, 0, HTONL(IP4(20, 0, 0, 0) + i), 1000), 0);
	assert_int_equal(route_vnet(g.vn)->rv_ndyns, RT_MAXDYN);
	assert_int_equal(nhop_mtu(lookup(&g, IP4(20, 0, 0, 0))), 1500);
	assert_int_equal(nhop_mtu(lookup(&g, IP4(20, 0, 0, 0) + 3 * RT_MAXDYN - 1)), 1000);
	nt_cables_end(&g);
}

/* An address's route takes the place of one that somebody made. */
static void
addresses_win(void **state)
{
	struct ifaddr ifa;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, IP4(10, 0, 5, 0), 24, IP4(10, 0, 0, 254)), 0);
	nt_ifaddr(&ifa, g.b, IP4(10, 0, 5, 1), 24);
	assert_ptr_equal(lookup(&g, IP4(10, 0, 5, 9))->nh_ifp, g.b);
	assert_int_equal(g.a->if_nroutes, 0);
	nt_noifaddr(&ifa);
	assert_null(lookup(&g, IP4(10, 0, 5, 9)));
	assert_int_equal(rt_ifa_add(g.vn, HTONL(IP4(10, 0, 0, 0)), 24, 0, g.b, &g.ib), EEXIST);
	nt_cables_end(&g);
}

/* Whichever allocation fails, the table is as it was. */
static void
without_memory(void **state)
{
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, 0, 0, IP4(10, 0, 0, 254)), 0);
	for (uint64_t nth = 1; nth <= 3; nth++) {
		kernel_fail_alloc(g.r.nt_k, nth);
		/* a next hop, a node, a fork */
		assert_int_equal(add(&g, IP4(12, 0, 0, 0), 8, IP4(10, 0, 0, 253)), ENOBUFS);
		kernel_fail_alloc(g.r.nt_k, 0);
		assert_int_equal(nroutes(&g), 5);
		assert_int_equal(g.a->if_nroutes, 1);
	}
	kernel_fail_alloc(g.r.nt_k, 1);
	assert_int_equal(rt_pmtu4(g.vn, 0, HTONL(IP4(8, 8, 8, 8)), 1000), ENOBUFS);
	kernel_fail_alloc(g.r.nt_k, 0);
	nt_cables_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_routes_are_small),
		cmocka_unit_test(add_change_delete),
		cmocka_unit_test(nowhere),
		cmocka_unit_test(by_interface),
		cmocka_unit_test(by_a_near_router),
		cmocka_unit_test(down_is_passed_over),
#if !VIMAGE_SINGLE
		cmocka_unit_test(routes_go_with_what_they_use),
#endif
		cmocka_unit_test(flush_takes_gateways),
		cmocka_unit_test(several_tables),
		cmocka_unit_test(path_mtu_expires),
		cmocka_unit_test(learned_routes_hide_and_give_way),
		cmocka_unit_test(learned_routes_are_bounded),
		cmocka_unit_test(addresses_win),
		cmocka_unit_test(without_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
