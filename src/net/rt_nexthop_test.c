/* SPDX-License-Identifier: BSD-2-Clause */
/* Nexthops with a number, and what becomes of routes when they change. */
#include "net/route.h"

#include "net/net_test.h"

static int
way(struct nt_cables *g, uint32_t id, uint32_t gw, bool replace)
{
	struct vi_nexthop nx = { .nx_id = id, .nx_family = VI_AF_INET, .nx_flags = RTF_GATEWAY | VI_RTF_NEAR, .nx_gateway = nt_sa(gw) };

	return (rt_nexthop_set(g->vn, &nx, replace));
}

static int
group(struct nt_cables *g, uint32_t id, const struct vi_nexthop_part *part, unsigned n, bool replace)
{
	const struct vi_nexthop nx = { .nx_id = id, .nx_n = n, .nx_part = part };

	return (rt_nexthop_set(g->vn, &nx, replace));
}

static int
add(struct nt_cables *g, uint32_t dst, uint8_t len, uint32_t metric, uint32_t id)
{
	struct vi_route hops[VI_RT_MAXPATHS] = { { .rt_dst = nt_sa(dst), .rt_prefixlen = len, .rt_metric = metric } };
	unsigned n;
	int error = rt_nexthop_hops(g->vn, id, hops, &n);

	return (error != 0 ? error : rt_replace(g->vn, hops, n));
}

struct tally { unsigned n; uint32_t weight, lastgw, nhid; };

static void
tally_each(void *arg, const struct vi_route *rt)
{
	struct tally *ta = arg;

	ta->n++;
	ta->weight += rt->rt_weight;
	ta->lastgw = NTOHL(rt->rt_gateway.sa_in);
	ta->nhid = rt->rt_nhid;
}

static struct tally
tally(struct nt_cables *g, uint32_t dst, uint8_t len)
{
	const struct vi_route like = { .rt_dst = nt_sa(dst), .rt_prefixlen = len };
	struct tally ta = { 0 };

	(void)rt_paths(g->vn, &like, tally_each, &ta);
	return (ta);
}

static void
routes_follow(void **state)
{
	const struct vi_nexthop_part three[] = { { 1, 3 }, { 2, 1 }, { 3, 1 } }, two[] = { { 2, 5 }, { 3, 1 } };
	const uint32_t far = IP4(172, 16, 0, 0);
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(way(&g, 1, IP4(10, 0, 0, 8), false), 0);
	assert_int_equal(way(&g, 1, IP4(10, 0, 0, 8), false), EEXIST);
	assert_int_equal(way(&g, 2, IP4(10, 0, 0, 9), false), 0);
	assert_int_equal(way(&g, 3, IP4(10, 0, 1, 9), false), 0);
	assert_int_equal(way(&g, 4, IP4(203, 0, 113, 1), false), ENETUNREACH);
	assert_int_equal(group(&g, 10, three, 3, false), 0);
	assert_int_equal(add(&g, far, 16, 0, 4), ENOENT);
	assert_int_equal(add(&g, far, 16, 0, 10), 0);
	assert_int_equal(add(&g, far, 16, 5, 1), 0);		/* behind it */
	assert_int_equal(add(&g, far, 12, 0, 1), 0);
	assert_int_equal(tally(&g, far, 16).n, 4);
	assert_int_equal(tally(&g, far, 16).weight, 6);
	assert_int_equal(group(&g, 10, two, 2, true), 0);
	assert_int_equal(tally(&g, far, 16).n, 3);
	assert_int_equal(tally(&g, far, 16).weight, 7);
	assert_int_equal(way(&g, 1, IP4(10, 0, 1, 77), true), 0);
	assert_int_equal(tally(&g, far, 12).lastgw, IP4(10, 0, 1, 77));
	assert_int_equal(tally(&g, far, 12).nhid, 1);
	assert_int_equal(fib4_lookup(g.vn, 0, HTONL(IP4(172, 17, 0, 1)))->nh_ifp, g.b);
	/* Two of a group that become the same way count as one. */
	assert_int_equal(way(&g, 3, IP4(10, 0, 0, 9), true), 0);
	assert_int_equal(tally(&g, far, 16).n, 2);
	assert_int_equal(rt_nexthop_delete(g.vn, 1), 0);
	assert_int_equal(rt_nexthop_delete(g.vn, 1), ENOENT);
	assert_int_equal(tally(&g, far, 12).n, 0);
	assert_int_equal(tally(&g, far, 16).n, 1);
	assert_int_equal(rt_nexthop_delete(g.vn, 2), 0);
	assert_int_equal(tally(&g, far, 16).weight, 1);
	assert_int_equal(rt_nexthop_delete(g.vn, 3), 0);	/* and the group with its last */
	assert_int_equal(tally(&g, far, 16).n, 0);
	assert_int_equal(rt_nexthop_delete(g.vn, 10), ENOENT);
	nt_cables_end(&g);
}

static void
wrong(void **state)
{
	const struct vi_nexthop_part one[] = { { 1, 1 } }, twice[] = { { 1, 1 }, { 1, 2 } }, nested[] = { { 10, 1 } }, none[] = { { 7, 1 } },
	    idle[] = { { 1, 0 } }, holed[] = { { 1, 1 }, { 5, 1 } };
	const struct vi_nexthop hole = { .nx_id = 5, .nx_family = VI_AF_INET, .nx_flags = RTF_BLACKHOLE };
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(way(&g, 0, IP4(10, 0, 0, 8), false), EINVAL);
	assert_int_equal(way(&g, 1, IP4(10, 0, 0, 8), false), 0);
	assert_int_equal(rt_nexthop_set(g.vn, &hole, false), 0);
	assert_int_equal(group(&g, 10, one, 1, false), 0);
	assert_int_equal(group(&g, 11, twice, 2, false), EINVAL);
	assert_int_equal(group(&g, 11, nested, 1, false), EINVAL);
	assert_int_equal(group(&g, 11, none, 1, false), EINVAL);
	assert_int_equal(group(&g, 11, idle, 1, false), EINVAL);
	assert_int_equal(group(&g, 11, holed, 2, false), EINVAL);
	assert_int_equal(group(&g, 1, one, 1, true), EINVAL);
	assert_int_equal(way(&g, 10, IP4(10, 0, 0, 8), true), EINVAL);
	route_vnet(g.vn)->rv_maxnexthops = 3;
	assert_int_equal(way(&g, 2, IP4(10, 0, 0, 8), false), ENOBUFS);
	assert_int_equal(way(&g, 1, IP4(10, 0, 0, 9), true), 0);
	nt_cables_end(&g);
}

/* With their interface, also when it is down. */
static void
interface_goes(void **state)
{
	const struct vi_nexthop_part both[] = { { 1, 1 }, { 2, 1 } };
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(way(&g, 1, IP4(10, 0, 0, 8), false), 0);
	assert_int_equal(way(&g, 2, IP4(10, 0, 1, 8), false), 0);
	assert_int_equal(group(&g, 3, both, 2, false), 0);
	assert_int_equal(add(&g, 0, 0, 0, 3), 0);
	assert_int_equal(if_setflags(g.b, 0, IFF_UP), 0);
	assert_int_equal(tally(&g, 0, 0).n, 1);
	assert_int_equal(tally(&g, 0, 0).lastgw, IP4(10, 0, 0, 8));
	assert_int_equal(route_vnet(g.vn)->rv_nnexthops, 2);
	assert_int_equal(if_setflags(g.a, 0, IFF_UP), 0);
	assert_int_equal(tally(&g, 0, 0).n, 0);
	assert_int_equal(route_vnet(g.vn)->rv_nnexthops, 0);
	nt_cables_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_follow),
		cmocka_unit_test(wrong),
		cmocka_unit_test(interface_goes),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
