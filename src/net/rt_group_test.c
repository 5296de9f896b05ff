/* SPDX-License-Identifier: BSD-2-Clause */
/* Several next hops of a prefix, and routes that lead nowhere. */
#include "net/route.h"

#include "net/net_test.h"

static struct vi_route
route(uint32_t gw, uint32_t weight, uint32_t metric)
{
	struct vi_route rt = { .rt_dst = nt_sa(0), .rt_weight = weight, .rt_metric = metric };

	if (gw != 0) {
		rt.rt_gateway = nt_sa(gw);
		rt.rt_flags = RTF_GATEWAY;
	}
	return (rt);
}

static int
add(struct nt_cables *g, uint32_t gw, uint32_t weight, uint32_t metric)
{
	struct vi_route rt = route(gw, weight, metric);

	return (rt_add(g->vn, &rt));
}

static int
del(struct nt_cables *g, uint32_t gw)
{
	struct vi_route rt = route(gw, 0, 0);

	return (rt_delete(g->vn, &rt));
}

static const struct nhop *
flow(struct nt_cables *g, uint32_t id)
{
	const struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET, .na_in = HTONL(IP4(8, 8, 8, 8)) },
		.rf_src = { .na_af = NET_AF_INET, .na_in = HTONL(id) },
	};

	return (rt_lookup(g->vn, &rf));
}

/* Of n flows, how many go by this gateway? */
static unsigned
share(struct nt_cables *g, uint32_t gw, unsigned n)
{
	unsigned hits = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct nhop *nh = flow(g, i * 7919);

		hits += nh != NULL && nh->nh_gw.na_in == HTONL(gw);
		assert_ptr_equal(nh, flow(g, i * 7919));	/* a flow stays */
	}
	return (hits);
}

#define GW_A IP4(10, 0, 0, 254)
#define GW_A2 IP4(10, 0, 0, 253)
#define GW_B IP4(10, 0, 1, 254)

static void
by_weight(void **state)
{
	struct vi_route rt;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, GW_A, 1, 0), 0);
	assert_int_equal(add(&g, GW_A, 1, 0), EEXIST);
	assert_int_equal(add(&g, GW_B, 3, 0), 0);
	assert_in_range(share(&g, GW_A, 4000), 850, 1150);
	assert_in_range(share(&g, GW_B, 4000), 2850, 3150);
	/* a third, and the weight of the second changes; then the second goes */
	assert_int_equal(add(&g, GW_A2, 2, 0), 0);
	rt = route(GW_B, 1, 0);
	assert_int_equal(rt_change(g.vn, &rt), 0);
	assert_in_range(share(&g, GW_A2, 4000), 1850, 2150);
	assert_in_range(share(&g, GW_B, 4000), 850, 1150);
	assert_int_equal(del(&g, GW_B), 0);
	assert_int_equal(del(&g, GW_B), ESRCH);
	assert_int_equal(share(&g, GW_B, 100), 0);
	assert_int_equal(share(&g, GW_A, 4000) + share(&g, GW_A2, 4000), 4000);
	/* without a name, all */
	assert_int_equal(del(&g, 0), 0);
	assert_null(flow(&g, 1));
	nt_cables_end(&g);
}

static void
lowest_metric(void **state)
{
	struct vi_route rt;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, GW_A, 0, 20), 0);
	assert_int_equal(add(&g, GW_B, 0, 10), 0);
	assert_int_equal(add(&g, GW_B, 0, 30), 0);	/* another route by the same */
	rt = route(GW_A2, 0, 10);
	rt.rt_flags |= VI_RTF_EXCL;
	assert_int_equal(rt_add(g.vn, &rt), EEXIST);
	assert_int_equal(share(&g, GW_B, 100), 100);
	assert_int_equal(if_setflags(g.b, 0, IFF_UP), 0);
	assert_int_equal(share(&g, GW_A, 100), 100);
	assert_int_equal(if_setflags(g.b, IFF_UP, 0), 0);
	assert_int_equal(share(&g, GW_B, 100), 100);
	rt = route(GW_B, 0, 10);
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	assert_int_equal(share(&g, GW_A, 100), 100);
	nt_cables_end(&g);
}

/* RFC 1122 3.3.1.4, 3.3.1.5: a router that ARP finds silent is passed over where there is another. */
static void
silent_router(void **state)
{
	const struct net_addr a = { .na_af = NET_AF_INET, .na_in = HTONL(GW_A) }, b = { .na_af = NET_AF_INET, .na_in = HTONL(GW_B) };
	struct nt_cables g;
	uint64_t gen;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, GW_A, 0, 10), 0);
	assert_false(rt_router_silent(g.vn, g.a, &a, true));	/* alone: no choice, nothing is noted */
	assert_int_equal(add(&g, GW_A2, 0, 10), 0);
	assert_int_equal(add(&g, GW_B, 0, 20), 0);
	assert_in_range(share(&g, GW_A, 100), 20, 80);
	gen = rt_generation(g.vn);
	assert_false(rt_router_silent(g.vn, g.b, &a, true));	/* on another link */
	assert_true(rt_router_silent(g.vn, g.a, &a, true));
	assert_true(rt_generation(g.vn) > gen);
	assert_int_equal(share(&g, GW_A2, 100), 100);
	assert_int_equal(if_setflags(g.a, 0, IFF_UP), 0);
	assert_int_equal(share(&g, GW_B, 100), 100);
	assert_int_equal(if_setflags(g.a, IFF_UP, 0), 0);
	/* All are: better one of them than none. */
	assert_true(rt_router_silent(g.vn, g.b, &b, true));
	assert_true(rt_router_silent(g.vn, g.a, &(struct net_addr){ .na_af = NET_AF_INET, .na_in = HTONL(GW_A2) }, true));
	assert_in_range(share(&g, GW_A, 100), 20, 80);
	assert_int_equal(share(&g, GW_B, 100), 0);
	assert_true(rt_router_silent(g.vn, g.b, &b, false));
	assert_int_equal(share(&g, GW_B, 100), 100);
	route_vnet(g.vn)->rv_passsilent = 0;
	assert_int_equal(share(&g, GW_B, 100), 0);
	route_vnet(g.vn)->rv_passsilent = 1;
	assert_true(rt_router_silent(g.vn, g.a, &a, false));
	assert_int_equal(share(&g, GW_A, 100), 100);
	nt_cables_end(&g);
}

static unsigned
choices(const struct route_vnet *rv)
{
	const struct rt_nhop *rn;
	unsigned n = 0;

	for (unsigned i = 0; rv->rv_choices != NULL && i < RT_CHOICES; i++)
		LIST_FOREACH(rn, &rv->rv_choices[i], rn_choice)
			n++;
	return (n);
}

static void
forget(struct nt_cables *g, uint32_t gw, uint32_t metric)
{
	struct vi_route rt = route(gw, 0, metric);

	assert_int_equal(rt_delete(g->vn, &rt), 0);
}

/* What ARP says of a neighbour concerns only next hops that there is a choice of; others are not even looked at. */
static void
choices_only(void **state)
{
	const struct net_addr b = { .na_af = NET_AF_INET, .na_in = HTONL(GW_B) };
	struct route_vnet *rv;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	rv = route_vnet(g.vn);
	assert_int_equal(add(&g, GW_A, 0, 10), 0);
	assert_false(rt_router_silent(g.vn, g.b, &b, true));
	assert_null(rv->rv_choices);
	assert_int_equal(add(&g, GW_B, 0, 10), 0);
	assert_int_equal(choices(rv), 2);
	assert_int_equal(add(&g, GW_A2, 0, 10), 0);
	assert_int_equal(choices(rv), 3);
	/* One that is left alone has no choice any more, unless something is noted of it. */
	assert_true(rt_router_silent(g.vn, g.b, &b, true));
	forget(&g, GW_A2, 10);
	assert_int_equal(choices(rv), 2);
	forget(&g, GW_A, 10);
	assert_int_equal(choices(rv), 1);
	assert_true(rt_router_silent(g.vn, g.b, &b, false));
	assert_int_equal(choices(rv), 0);
	/* Or goes. */
	assert_int_equal(add(&g, GW_A, 0, 10), 0);
	assert_true(rt_router_silent(g.vn, g.b, &b, true));
	forget(&g, GW_A, 10);
	assert_int_equal(choices(rv), 1);
	forget(&g, GW_B, 10);
	assert_int_equal(choices(rv), 0);
	nt_cables_end(&g);
}

static void
count(void *arg, const struct vi_route *rt)
{
	*(unsigned *)arg += rt->rt_prefixlen == 0;
}

/* The next hops by an interface go with it, even without memory. */
static void
interface_goes(void **state)
{
	struct nt_cables g;
	unsigned n;

	(void)state;
	for (uint64_t nth = 0; nth < 3; nth++) {
		nt_cables_begin(&g);
		assert_int_equal(add(&g, GW_A, 0, 0), 0);
		assert_int_equal(add(&g, GW_A2, 0, 0), 0);
		assert_int_equal(add(&g, GW_B, 0, 0), 0);
		n = 0;
		rt_list(g.vn, 0, VI_AF_INET, count, &n);
		assert_int_equal(n, 3);
		assert_true(share(&g, GW_B, 100) > 0);
		nt_noifaddr(&g.ib);
		kernel_fail_alloc(g.r.nt_k, nth);
		assert_int_equal(if_destroy(g.vn, "epair1a"), 0);
		kernel_fail_alloc(g.r.nt_k, 0);
		assert_int_equal(share(&g, GW_B, 100), 0);
		assert_non_null(flow(&g, 1));
		n = 0;
		rt_list(g.vn, 0, VI_AF_INET, count, &n);
		assert_in_range(n, nth == 0 ? 2 : 1, 2);
		nt_noifaddr(&g.ia);
		nt_end(&g.r);
	}
}

/* Many prefixes by the same group share it; a failed addition changes nothing. */
static void
shared(void **state)
{
	struct vi_route rt;
	struct nt_cables g;
	uint64_t objects;

	(void)state;
	nt_cables_begin(&g);
	for (uint32_t i = 0; i < 50; i++) {
		rt = route(GW_A, 0, 0);
		rt.rt_dst = nt_sa(IP4(172, 16, i, 0));
		rt.rt_prefixlen = 24;
		assert_int_equal(rt_add(g.vn, &rt), 0);
	}
	objects = vnet_acct(g.vn)->as_acct[ACCT_ROUTE].ac_count;
	for (uint32_t i = 0; i < 50; i++) {
		rt = route(GW_B, 0, 0);
		rt.rt_dst = nt_sa(IP4(172, 16, i, 0));
		rt.rt_prefixlen = 24;
		assert_int_equal(rt_add(g.vn, &rt), 0);
	}
	assert_int_equal(vnet_acct(g.vn)->as_acct[ACCT_ROUTE].ac_count, objects + 2);
	rt = route(GW_A2, 0, 0);
	rt.rt_dst = nt_sa(IP4(172, 16, 0, 0));
	rt.rt_prefixlen = 24;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		kernel_fail_alloc(g.r.nt_k, nth);
		assert_int_equal(rt_add(g.vn, &rt), ENOBUFS);
	}
	kernel_fail_alloc(g.r.nt_k, 0);
	assert_int_equal(vnet_acct(g.vn)->as_acct[ACCT_ROUTE].ac_count, objects + 2);
	assert_int_equal(vnet_sysctl_set(g.vn, "net.route.multipath", "0", true), 0);
	assert_int_equal(rt_add(g.vn, &rt), EEXIST);
	nt_cables_end(&g);
}

static void
kinds(void **state)
{
	static const struct { uint32_t flags; int error; } kind[] = {
		{ RTF_REJECT, EHOSTUNREACH }, { RTF_BLACKHOLE, EINVAL }, { RTF_PROHIBIT, EACCES },
		{ RTF_THROW, ENETUNREACH },
	};
	struct vi_route rt;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(add(&g, GW_A, 0, 0), 0);
	for (unsigned i = 0; i < NITEMS(kind); i++) {
		rt = route(0, 0, 0);
		rt.rt_dst = nt_sa(IP4(8, 0, 0, 0));
		rt.rt_prefixlen = 8;
		rt.rt_flags = kind[i].flags;
		assert_int_equal(rt_add(g.vn, &rt), 0);
assert_int_equal(nhop_error(flow(&g, 1)), kind[i].error);
		assert_int_equal(rt_delete(g.vn, &rt), 0);
		assert_int_equal(nhop_error(flow(&g, 1)), 0);
	}
	nt_cables_end(&g);
}

static struct vi_route
on_link(uint32_t gw, uint32_t metric)
{
	struct vi_route rt = route(gw, 0, metric);

	rt.rt_dst = nt_sa(IP4(10, 0, 0, 0));
	rt.rt_prefixlen = 24;
	return (rt);
}

static void
count_path(void *arg, const struct vi_route *rt)
{
	(void)rt;
	++*(unsigned *)arg;
}

static unsigned
npaths(struct nt_cables *g, const struct vi_route *rt)
{
	unsigned n = 0;

	(void)rt_paths(g->vn, rt, count_path, &n);
	return (n);
}

/* Routes to the network of an address stand behind its own, and outlive it when they do not depend on it. */
static void
beside_address(void **state)
{
	const uint32_t dst = HTONL(IP4(10, 0, 0, 9));
	struct vi_route same = on_link(IP4(10, 0, 1, 254), 0), behind = on_link(IP4(10, 0, 1, 254), 5), own = on_link(0, 0);
	struct ifaddr again;
	struct nt_cables g;

	(void)state;
	nt_cables_begin(&g);
	assert_int_equal(rt_add(g.vn, &same), EEXIST);
	assert_int_equal(rt_replace(g.vn, &same, 1), EEXIST);
	assert_int_equal(rt_delete(g.vn, &own), EPERM);
	assert_int_equal(rt_add(g.vn, &behind), 0);
	assert_int_equal(rt_add(g.vn, &behind), EEXIST);
	assert_int_equal(npaths(&g, &own), 2);
	assert_ptr_equal(fib4_lookup(g.vn, 0, dst)->nh_ifp, g.a);
	/* A change that names a way is not about the address's. */
	behind.rt_metric = 0;
	behind.rt_mtu = 1000;
	assert_int_equal(rt_change(g.vn, &behind), 0);
	assert_int_equal(npaths(&g, &own), 2);
	assert_int_equal(fib4_lookup(g.vn, 0, dst)->nh_mtu, 0);
	/* Its interface is down: the next. */
	assert_int_equal(if_setflags(g.a, 0, IFF_UP), 0);
	assert_int_equal(fib4_lookup(g.vn, 0, dst)->nh_mtu, 1000);
	assert_int_equal(if_setflags(g.a, IFF_UP, 0), 0);
	/* The administrator may take the address's route away; another address brings it back. */
	own.rt_flags = RTF_PINNED | RTF_LOCAL;
	assert_int_equal(rt_delete(g.vn, &own), ESRCH);
	own.rt_flags = RTF_PINNED;
	assert_int_equal(rt_delete(g.vn, &own), 0);
	assert_int_equal(rt_delete(g.vn, &own), 0);		/* now the other one */
	assert_int_equal(rt_delete(g.vn, &own), ESRCH);
	assert_null(fib4_lookup(g.vn, 0, dst));
	behind.rt_metric = 5;
	assert_int_equal(rt_add(g.vn, &behind), 0);
	assert_int_equal(rt_add(g.vn, &same), 0);
	nt_noifaddr(&g.ia);					/* without its route */
	assert_int_equal(npaths(&g, &own), 2);
	nt_ifaddr(&again, g.a, IP4(10, 0, 0, 2), 24);		/* of its metric it takes the place */
	assert_int_equal(npaths(&g, &own), 2);
	assert_ptr_equal(fib4_lookup(g.vn, 0, dst)->nh_ifp, g.a);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_INET), 1);
	assert_int_equal(npaths(&g, &own), 1);
	assert_int_equal(rt_add(g.vn, &behind), 0);
	nt_noifaddr(&again);
	assert_ptr_equal(fib4_lookup(g.vn, 0, dst)->nh_ifp, g.b);
	nt_ifaddr(&g.ia, g.a, IP4(10, 0, 0, 1), 24);
	nt_cables_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_weight),
		cmocka_unit_test(lowest_metric),
		cmocka_unit_test(silent_router),
		cmocka_unit_test(choices_only),
		cmocka_unit_test(interface_goes),
		cmocka_unit_test(shared),
		cmocka_unit_test(kinds),
		cmocka_unit_test(beside_address),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
