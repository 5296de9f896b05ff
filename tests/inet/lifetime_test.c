/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of IPv4 that are given for a time, as DHCP clients give them, and names of their own. */
#include "tests/inet/inet.h"

#define OURS	"10.0.1.1"

struct rig {
	struct tl	 t;
	struct vi_vnet	*a;
	char		 name[VI_IFNAMSIZ];
	uint64_t	 seq;
};

static void
rig_begin(struct rig *g)
{
	tl_begin(&g->t, 5);
	g->a = tl_vnet(&g->t, "a");
	tl_ok(vi_if_create(g->a, "epair", g->name));
	g->seq = UINT64_MAX;
	tl_ok(vi_route_events(g->a, &g->seq, NULL, NULL));
}

static void
rig_end(struct rig *g)
{
	tl_destroy(g->a);
	tl_end(&g->t);
}

static int
add(struct rig *g, const char *addr, uint32_t vltime, uint32_t pltime, const char *label)
{
	struct vi_ifaddr ia = { .ia_addr = tl_addr(addr, 0), .ia_prefixlen = 24, .ia_vltime = vltime, .ia_pltime = pltime };

	strcpy(ia.ia_label, label);
	return (vi_if_addr_add(g->a, g->name, &ia, true));
}

struct look { struct vi_sockaddr addr; struct vi_ifaddr ia; bool found; };

static void
look_each(void *arg, const struct vi_ifinfo *ii)
{
	struct look *l = arg;

	for (uint32_t i = 0; i < ii->if_naddrs; i++)
		if (tl_sameaddr(&ii->if_addrs[i].ia_addr, &l->addr)) {
			l->ia = ii->if_addrs[i];
			l->found = true;
		}
}

static struct look
look(struct rig *g, const char *addr)
{
	struct look l = { .addr = tl_addr(addr, 0) };

	tl_ok(vi_if_get(g->a, g->name, look_each, &l));
	return (l);
}

static void
event_each(void *arg, const struct vi_rtevent *ev)
{
	*(unsigned *)arg += ev->ev_kind == VI_RTEV_ADDR_ADD;
}

static unsigned
told(struct rig *g)
{
	unsigned n = 0;

	tl_ok(vi_route_events(g->a, &g->seq, event_each, &n));
	return (n);
}

static void
goes_by_itself(void **state)
{
	struct vi_route rt;
	const struct vi_sockaddr dst = tl_addr("10.0.1.9", 0);
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_fails(add(&g, OURS, 50, 60, ""), EINVAL);
	tl_ok(add(&g, OURS, 100, 50, ""));
	tl_ok(add(&g, "10.0.2.1", 200, 0, ""));
	tl_ok(add(&g, "10.0.3.1", 0, 0, ""));
	assert_int_equal(told(&g), 3);
	assert_int_equal(look(&g, OURS).ia.ia_vltime, 100);
	assert_int_equal(look(&g, OURS).ia.ia_pltime, 50);
	assert_int_equal(look(&g, "10.0.2.1").ia.ia_pltime, 200);
	assert_int_equal(look(&g, "10.0.3.1").ia.ia_vltime, VI_IFA_INFINITE);
	tl_run(&g.t, TL_SEC / 2);		/* a second begun counts */
	assert_int_equal(look(&g, OURS).ia.ia_vltime, 100);
	assert_int_equal(look(&g, OURS).ia.ia_pltime, 50);
	tl_run(&g.t, 60 * TL_SEC - TL_SEC / 2);
	assert_int_equal(look(&g, OURS).ia.ia_vltime, 40);
	assert_int_equal(look(&g, OURS).ia.ia_pltime, 0);
	tl_ok(vi_route_get(g.a, 0, &dst, &rt));
	tl_run(&g.t, 39 * TL_SEC);
	assert_true(look(&g, OURS).found);
	tl_run(&g.t, 2 * TL_SEC);
	assert_false(look(&g, OURS).found);
	tl_fails(vi_route_get(g.a, 0, &dst, &rt), ESRCH);
	assert_true(look(&g, "10.0.2.1").found);
	tl_run(&g.t, 100 * TL_SEC);
	assert_false(look(&g, "10.0.2.1").found);
	tl_run(&g.t, 100000 * TL_SEC);
	assert_true(look(&g, "10.0.3.1").found);
	rig_end(&g);
}

static void
is_prolonged(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(add(&g, OURS, 100, 0, ""));
	tl_run(&g.t, 90 * TL_SEC);
	assert_int_equal(told(&g), 1);
	tl_ok(add(&g, OURS, 100, 0, ""));
	assert_int_equal(told(&g), 1);
	tl_run(&g.t, 90 * TL_SEC);
	assert_int_equal(look(&g, OURS).ia.ia_vltime, 10);
	tl_ok(add(&g, OURS, 0, 0, ""));		/* for ever */
	tl_run(&g.t, 1000 * TL_SEC);
	assert_int_equal(look(&g, OURS).ia.ia_vltime, VI_IFA_INFINITE);
	tl_fails(add(&g, OURS, 0, 0, ""), EEXIST);
	tl_ok(add(&g, OURS, 5, 0, ""));		/* sooner than it was to go */
	tl_run(&g.t, 6 * TL_SEC);
	assert_false(look(&g, OURS).found);
	tl_ok(add(&g, OURS, 1000, 0, ""));	/* goes with its stack */
	rig_end(&g);
}

static void
has_a_name(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	tl_ok(add(&g, OURS, 0, 0, "left:1"));
	assert_string_equal(look(&g, OURS).ia.ia_label, "left:1");
	tl_fails(add(&g, OURS, 0, 0, "left:1"), EEXIST);
	tl_fails(add(&g, OURS, 0, 0, ""), EEXIST);
	tl_ok(add(&g, OURS, 10, 0, ""));
	assert_string_equal(look(&g, OURS).ia.ia_label, "left:1");
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_by_itself),
		cmocka_unit_test(is_prolonged),
		cmocka_unit_test(has_a_name),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
