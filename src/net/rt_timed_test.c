/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes that go by themselves. */
#include "net/route.h"

#include "net/net_test.h"
#include "net/route_int.h"

#define SEC	UINT64_C(1000000000)
#define GW_A	IP4(10, 0, 0, 254)
#define GW_A2	IP4(10, 0, 0, 253)
#define GW_B	IP4(10, 0, 1, 254)

static struct vi_route
route(uint32_t dst, uint8_t len, uint32_t gw, uint64_t expire)
{
	struct vi_route rt = { .rt_dst = nt_sa(dst), .rt_prefixlen = len, .rt_expire = expire };

	if (gw != 0) {
		rt.rt_gateway = nt_sa(gw);
		rt.rt_flags = RTF_GATEWAY;
	}
	return (rt);
}

static int
add(struct nt_cables *g, uint32_t dst, uint8_t len, uint32_t gw, uint64_t expire)
{
	struct vi_route rt = route(dst, len, gw, expire);

	return (rt_add(g->vn, &rt));
}

static int
change(struct nt_cables *g, uint32_t dst, uint8_t len, uint32_t gw, uint64_t expire)
{
	struct vi_route rt = route(dst, len, gw, expire);

	return (rt_change(g->vn, &rt));
}

/* The gateway of a packet there; 0: none. */
static uint32_t
gateway(struct nt_cables *g, uint32_t dst)
{
	const struct nhop *nh = fib4_lookup(g->vn, 0, HTONL(dst));

	return (nh == NULL ? 0 : NTOHL(nh->nh_gw.na_in));
}

/* Until a time, whether there is anything to do until then or not. */
static void
until(struct nt_cables *g, uint64_t when)
{
	if (kernel_run(g->r.nt_k, when, NULL) < when)
		vi_sim_advance(g->r.nt_host, when - vi_sim_now(g->r.nt_host));
	while (kernel_poll(g->r.nt_k) == 0)
		;
}

static void
take_expire(void *arg, const struct vi_route *rt)
{
	*(uint64_t *)arg = rt->rt_expire;
}

static uint64_t
left(struct nt_cables *g, uint32_t dst, uint8_t len)
{
	const struct vi_route rt = route(dst, len, 0, 0);
	uint64_t ns = UINT64_MAX;

	assert_int_equal(rt_paths(g->vn, &rt, take_expire, &ns), 0);
	return (ns);
}

static void
goes_at_its_time(void **state)
{
	struct nt_cables g;
	uint64_t t0, nhops;

	(void)state;
	nt_cables_begin(&g);
	t0 = vi_sim_now(g.r.nt_host);
	nhops = route_vnet(g.vn)->rv_nnhops;
	assert_int_equal(add(&g, 0, 0, GW_A, 0), 0);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, GW_B, 10 * SEC), 0);
	assert_int_equal(add(&g, IP4(172, 16, 0, 0), 12, GW_B, 10 * SEC), EEXIST);
	assert_int_equal(add(&g, IP4(172, 17, 0, 1), 32, GW_B, 20 * SEC), 0);
	assert_int_equal(left(&g, 0, 0), 0);
	assert_int_equal(left(&g, IP4(172, 16, 0, 0), 12), 10 * SEC);
	until(&g, t0 + 10 * SEC - 1);
	assert_int_equal(gateway(&g, IP4(172, 16, 1, 1)), GW_B);
	assert_int_equal(left(&g, IP4(172, 16, 0, 0), 12), 1);
	until(&g, t0 + 10 * SEC);
	assert_int_equal(gateway(&g, IP4(172, 16, 1, 1)), GW_A);
	assert_int_equal(route_vnet(g.vn)->rv_timedout, 1);
	/* One that was learned over it does not outlive it. */
	assert_int_equal(rt_pmtu4(g.vn, 0, HTONL(IP4(172, 17, 0, 1)), 1000), 0);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, HTONL(IP4(172, 17, 0, 1)))), 1000);
	until(&g, t0 + 20 * SEC);
	assert_int_equal(gateway(&g, IP4(172, 17, 0, 1)), GW_A);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, HTONL(IP4(172, 17, 0, 1)))), 1500);
	assert_int_equal(route_vnet(g.vn)->rv_nnhops, nhops + 1);
	assert_int_equal(route_vnet(g.vn)->rv_timedout, 2);
	nt_cables_end(&g);
}

/* One of several next hops goes, the others stay. */
static void
one_of_several(void **state)
{
	struct nt_cables g;
	uint64_t t0;

	(void)state;
	nt_cables_begin(&g);
	t0 = vi_sim_now(g.r.nt_host);
	assert_int_equal(add(&g, 0, 0, GW_A, 5 * SEC), 0);
	assert_int_equal(add(&g, 0, 0, GW_B, 7 * SEC), 0);
	assert_int_equal(add(&g, 0, 0, GW_A2, 6 * SEC), 0);
	/* They are found by their router as others are. */
	assert_true(rt_router_silent(g.vn, g.a, &(struct net_addr){ .na_af = NET_AF_INET, .na_in = HTONL(GW_A) }, true));
	assert_true(rt_router_silent(g.vn, g.b, &(struct net_addr){ .na_af = NET_AF_INET, .na_in = HTONL(GW_B) }, true));
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_A2);
	until(&g, t0 + 6 * SEC);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_B);
	until(&g, t0 + 7 * SEC);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), 0);
	nt_cables_end(&g);
}

static void
some_at_a_time(void **state)
{
	const struct route_vnet *rv;
	struct nt_cables g;
	uint64_t t0;

	(void)state;
	nt_cables_begin(&g);
	rv = route_vnet(g.vn);
	t0 = vi_sim_now(g.r.nt_host);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(add(&g, IP4(172, 16, 0, 0) + i, 32, GW_A, 5 * SEC), 0);
	assert_int_equal(add(&g, IP4(172, 17, 0, 0), 32, GW_A, 4 * SEC), 0);
	assert_int_equal(add(&g, IP4(172, 17, 0, 1), 32, GW_A, 6 * SEC), 0);
	until(&g, t0 + 5 * SEC);
	assert_in_range(rv->rv_timedout, 2, 101);
	/* Time need not pass for the rest, the clock of the wheel only. */
	until(&g, t0 + 5 * SEC + 100);
	assert_int_equal(rv->rv_timedout, 1001);
	assert_int_equal(gateway(&g, IP4(172, 17, 0, 1)), GW_A);
	until(&g, t0 + 6 * SEC);
	assert_int_equal(rv->rv_timedout, 1002);
	nt_cables_end(&g);
}

static void
changed_and_deleted(void **state)
{
	struct vi_route rt;
	struct nt_cables g;
	uint64_t t0;

	(void)state;
	nt_cables_begin(&g);
	t0 = vi_sim_now(g.r.nt_host);
	assert_int_equal(add(&g, 0, 0, GW_A, 5 * SEC), 0);
	/* What is not said stays; a later time, another gateway. */
	rt = route(0, 0, 0, 0);
	rt.rt_mtu = 1400;
	assert_int_equal(rt_change(g.vn, &rt), 0);
	assert_int_equal(left(&g, 0, 0), 5 * SEC);
	assert_int_equal(change(&g, 0, 0, 0, 50 * SEC), 0);
	until(&g, t0 + 6 * SEC);
	assert_int_equal(change(&g, 0, 0, GW_B, 0), 0);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_B);
	assert_int_equal(left(&g, 0, 0), 44 * SEC);
	assert_int_equal(change(&g, 0, 0, 0, VI_RT_NEVER), 0);
	until(&g, t0 + 60 * SEC);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_B);
	assert_int_equal(nhop_mtu(fib4_lookup(g.vn, 0, HTONL(IP4(8, 8, 8, 8)))), 1400);
	assert_int_equal(change(&g, 0, 0, 0, 5 * SEC), 0);
	rt = route(0, 0, 0, 0);
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	/* Another in its place is not taken for it. */
	assert_int_equal(add(&g, 0, 0, GW_A, 0), 0);
	until(&g, t0 + 70 * SEC);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_A);
	assert_int_equal(route_vnet(g.vn)->rv_timedout, 0);
	nt_cables_end(&g);
}

static void
refused(void **state)
{
	struct vi_nexthop nx = { .nx_id = 7, .nx_family = VI_AF_INET, .nx_gateway = nt_sa(GW_A), .nx_flags = VI_RTF_GATEWAY };
	struct vi_route hops[VI_RT_MAXPATHS] = { route(0, 0, 0, 0) };
	struct nt_cables g;
	unsigned n;

	(void)state;
	nt_cables_begin(&g);
	/* That of an address, and one of a nexthop with a number. */
	assert_int_equal(change(&g, IP4(10, 0, 0, 0), 24, 0, SEC), EPERM);
	assert_int_equal(rt_nexthop_set(g.vn, &nx, false), 0);
	assert_int_equal(rt_nexthop_hops(g.vn, 7, hops, &n), 0);
	hops[0].rt_expire = SEC;
	assert_int_equal(rt_replace(g.vn, hops, n), EINVAL);
	/* The longest there is does not overflow. */
	assert_int_equal(add(&g, 0, 0, GW_A, UINT64_MAX - 1), 0);
	assert_int_equal(left(&g, 0, 0), VI_RT_MAXEXPIRE);
	nt_cables_end(&g);
}

/* Interfaces and stacks go with routes that would have gone by themselves: the accounts are empty afterwards. */
static void
interfaces_leave(void **state)
{
	struct nt_cables g;
	uint64_t t0;

	(void)state;
	nt_cables_begin(&g);
	t0 = vi_sim_now(g.r.nt_host);
	assert_int_equal(add(&g, 0, 0, GW_A, 5 * SEC), 0);
	assert_int_equal(add(&g, 0, 0, GW_B, 6 * SEC), 0);
	nt_noifaddr(&g.ia);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_B);
	until(&g, t0 + 5 * SEC);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), GW_B);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_INET), 1);
	assert_int_equal(gateway(&g, IP4(8, 8, 8, 8)), 0);
	nt_ifaddr(&g.ia, g.a, IP4(10, 0, 0, 1), 24);
	assert_int_equal(add(&g, 0, 0, GW_A, 5 * SEC), 0);
	nt_cables_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_at_its_time),
		cmocka_unit_test(one_of_several),
		cmocka_unit_test(some_at_a_time),
		cmocka_unit_test(changed_and_deleted),
		cmocka_unit_test(refused),
		cmocka_unit_test(interfaces_leave),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
