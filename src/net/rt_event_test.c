/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed is told, in order, to who asks; who is late learns that too. */
#include "net/route.h"

#include "net/net_test.h"

struct rig {
	struct nt	 r;
	struct vnet	*vn;
	struct ifnet	*a;
	struct ifaddr	 ia;
	uint64_t	 seq;
	uint8_t		 kinds[64];
	struct vi_rtevent last;
	unsigned	 n, woken;
};

static void
rig_begin(struct rig *g)
{
	char name[IFNAMSIZ];

	memset(g, 0, sizeof(*g));
	nt_begin(&g->r);
	g->vn = g->r.nt_v0;
	assert_int_equal(if_create(g->vn, "epair", name), 0);
	g->a = nt_if(g->vn, "epair0a");
	g->seq = UINT64_MAX;
}

static void
take(void *arg, const struct vi_rtevent *ev)
{
	struct rig *g = arg;

	assert_true(g->n == 0 || ev->ev_seq == g->last.ev_seq + 1);
	if (g->n < NITEMS(g->kinds))
		g->kinds[g->n] = ev->ev_kind;
	g->n++;
	g->last = *ev;
}

static int
events(struct rig *g)
{
	g->n = 0;
	return (rt_events(g->vn, &g->seq, take, g));
}

static void
wake(void *arg)
{
	((struct rig *)arg)->woken++;
}

static struct vi_route
default_by(uint32_t gw)
{
	return ((struct vi_route){
	    .rt_dst = nt_sa(0), .rt_gateway = nt_sa(gw), .rt_flags = RTF_GATEWAY });
}

static void
neighbours(void **state)
{
	struct vi_neigh ne = { .ne_addr = nt_sa(IP4(10, 0, 0, 9)), .ne_complete = true, .ne_ifname = "epair0a" };
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_false(rt_followed(g.vn));
	rt_event_neigh(g.vn, VI_RTEV_NEIGH_ADD, g.a->if_index, &ne);	/* nobody wants to know */
	assert_int_equal(events(&g), 0);
	assert_true(rt_followed(g.vn));
	rt_event_neigh(g.vn, VI_RTEV_NEIGH_DEL, g.a->if_index, &ne);
	assert_int_equal(events(&g), 0);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.kinds[0], VI_RTEV_NEIGH_DEL);
	assert_int_equal(g.last.ev_route.rt_ifindex, g.a->if_index);
	assert_memory_equal(&g.last.ev_neigh, &ne, sizeof(ne));
	nt_end(&g.r);
}

static void
told(void **state)
{
	struct vi_route rt = default_by(IP4(10, 0, 0, 254));
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(events(&g), 0);
	assert_int_equal(g.n, 0);
	assert_int_equal(rt_watch(g.vn, wake, &g), 0);
	nt_ifaddr(&g.ia, g.a, IP4(10, 0, 0, 1), 24);
	assert_int_equal(events(&g), 0);
	assert_true(g.n >= 3 && g.woken == g.n);
	assert_int_equal(g.kinds[0], VI_RTEV_ROUTE_ADD);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(events(&g), 0);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.last.ev_kind, VI_RTEV_ROUTE_ADD);
	assert_int_equal(g.last.ev_route.rt_gateway.sa_in, HTONL(IP4(10, 0, 0, 254)));
	assert_string_equal(g.last.ev_route.rt_ifname, "epair0a");
	assert_int_equal(rt_add(g.vn, &rt), EEXIST);
	assert_int_equal(events(&g), 0);
	assert_int_equal(g.n, 0);
	rt.rt_mtu = 1400;
	assert_int_equal(rt_change(g.vn, &rt), 0);
	rt = default_by(IP4(10, 0, 0, 253));
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(rt_pmtu4(g.vn, 0, HTONL(IP4(8, 8, 8, 8)), 1000), 0);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_UNSPEC), 2);
	assert_int_equal(events(&g), 0);
	assert_int_equal(g.n, 6);
	assert_memory_equal(g.kinds, ((uint8_t[]){ VI_RTEV_ROUTE_CHANGE, VI_RTEV_ROUTE_ADD,
	    VI_RTEV_ROUTE_ADD, VI_RTEV_ROUTE_DEL, VI_RTEV_ROUTE_DEL, VI_RTEV_ROUTE_DEL }), 6);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(if_setflags(g.a, 0, IFF_UP), 0);
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	nt_noifaddr(&g.ia);
	assert_int_equal(if_destroy(g.vn, "epair0a"), 0);
	assert_int_equal(events(&g), 0);
	assert_memory_equal(g.kinds, ((uint8_t[]){ VI_RTEV_ROUTE_ADD, VI_RTEV_IF_CHANGE,
	    VI_RTEV_ROUTE_DEL, VI_RTEV_ADDR_DEL, VI_RTEV_ROUTE_DEL, VI_RTEV_ROUTE_DEL }), 6);
	assert_int_equal(rt_unwatch(g.vn, wake, &g), 0);
	assert_int_equal(rt_unwatch(g.vn, wake, &g), ESRCH);
	assert_int_equal(rt_watch(g.vn, wake, &g), 0);		/* goes with the vnet */
	nt_end(&g.r);
}

static void
late(void **state)
{
	struct vi_route rt = default_by(IP4(10, 0, 0, 254));
	struct rig g;

	(void)state;
	rig_begin(&g);
	nt_ifaddr(&g.ia, g.a, IP4(10, 0, 0, 1), 24);
	assert_int_equal(events(&g), 0);
	for (unsigned i = 0; i < RT_EVENTS; i++) {
		assert_int_equal(rt_add(g.vn, &rt), 0);
		assert_int_equal(rt_delete(g.vn, &rt), 0);
	}
	assert_int_equal(events(&g), EOVERFLOW);
	assert_int_equal(g.n, RT_EVENTS);
	assert_int_equal(g.last.ev_seq, 2 * RT_EVENTS);
	assert_int_equal(events(&g), 0);
	assert_int_equal(g.n, 0);
	nt_noifaddr(&g.ia);
	nt_end(&g.r);
}

static void
without_memory(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	for (uint64_t nth = 1; nth <= 2; nth++) {
		kernel_fail_alloc(g.r.nt_k, nth);
		assert_int_equal(rt_watch(g.vn, wake, &g), ENOBUFS);
	}
	kernel_fail_alloc(g.r.nt_k, 0);
	nt_ifaddr(&g.ia, g.a, IP4(10, 0, 0, 1), 24);
	assert_int_equal(g.woken, 0);
	nt_noifaddr(&g.ia);
	nt_end(&g.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(late),
		cmocka_unit_test(without_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
