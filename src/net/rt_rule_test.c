/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy rules: each thing a rule can ask for, their order, and what comes behind them. */
#include "net/route.h"

#include "net/net_test.h"

/* a: 10.0.0.1/24, and three tables with default routes by .100, .101 and none. */
struct rig {
	struct nt	 r;
	struct vnet	*vn;
	struct ifnet	*a;
	struct ifaddr	 ia;
};

#define GW0 IP4(10, 0, 0, 100)
#define GW1 IP4(10, 0, 0, 101)
#define FAR IP4(8, 8, 8, 8)

static void
default_route(struct rig *g, uint32_t fib, uint32_t gw)
{
	const struct vi_route rt = { .rt_dst = nt_sa(0), .rt_gateway = nt_sa(gw), .rt_fib = fib,
		.rt_flags = RTF_GATEWAY, .rt_ifname = "epair0a" };

	assert_int_equal(rt_add(g->vn, &rt), 0);
}

static void
rig_begin(struct rig *g)
{
	char name[IFNAMSIZ];

	nt_begin(&g->r);
	g->vn = g->r.nt_v0;
	assert_int_equal(if_create(g->vn, "epair", name), 0);
	g->a = nt_if(g->vn, "epair0a");
	assert_int_equal(vnet_sysctl_set(g->vn, "net.fibs", "3", true), 0);
	nt_ifaddr(&g->ia, g->a, IP4(10, 0, 0, 1), 24);
	default_route(g, 0, GW0);
	default_route(g, 1, GW1);
}

static void
rig_end(struct rig *g)
{
	nt_noifaddr(&g->ia);
	nt_end(&g->r);
}

static struct rt_flow
flow(uint32_t src, uint32_t dst)
{
	return ((struct rt_flow){ .rf_dst = { .na_af = NET_AF_INET, .na_in = HTONL(dst) },
	    .rf_src = { .na_af = NET_AF_INET, .na_in = HTONL(src) } });
}

static uint32_t
gateway(struct rig *g, const struct rt_flow *rf)
{
	const struct nhop *nh = rt_lookup(g->vn, rf);

	return (nh == NULL || nhop_error(nh) != 0 ? 0 : NTOHL(nh->nh_gw.na_in));
}

/* The rule by itself catches yes and not no; inverted it is the other way round. */
static void
one(struct rig *g, struct vi_rule ru, const struct rt_flow *yes, const struct rt_flow *no)
{
	ru.ru_fib = 1;
	assert_int_equal(rt_rule_add(g->vn, &ru), 0);
	assert_int_equal(rt_rule_add(g->vn, &ru), EEXIST);
	assert_int_equal(gateway(g, yes), GW1);
	assert_int_equal(gateway(g, no), GW0);
	assert_false(rt_isfixed(g->vn));
	assert_int_equal(rt_rule_delete(g->vn, &ru), 0);
	assert_int_equal(rt_rule_delete(g->vn, &ru), ESRCH);
	assert_int_equal(gateway(g, yes), GW0);
	ru.ru_not = true;
	assert_int_equal(rt_rule_add(g->vn, &ru), 0);
	assert_int_equal(gateway(g, yes), GW0);
	assert_int_equal(gateway(g, no), GW1);
	assert_int_equal(rt_rule_delete(g->vn, &ru), 0);
	assert_true(rt_isfixed(g->vn));
}

static void
selectors(void **state)
{
	const struct rt_flow no = flow(IP4(10, 0, 0, 1), FAR);
	struct rt_flow yes = flow(IP4(192, 0, 2, 77), FAR), no_uid;
	struct rig g;

	(void)state;
	rig_begin(&g);
	one(&g, (struct vi_rule){ .ru_src = nt_sa(IP4(192, 0, 2, 0)), .ru_srclen = 24 }, &yes, &no);
	yes = flow(0, IP4(192, 0, 2, 77));
	one(&g, (struct vi_rule){ .ru_dst = nt_sa(IP4(192, 0, 2, 0)), .ru_dstlen = 24 }, &yes, &no);
	yes = no;
	yes.rf_iif = g.a;
	one(&g, (struct vi_rule){ .ru_iif = "epair0a" }, &yes, &no);
	one(&g, (struct vi_rule){ .ru_iif = "lo0" }, &no, &yes);
	yes = no;
	yes.rf_oif = g.a->if_index;
	one(&g, (struct vi_rule){ .ru_oif = "epair0a" }, &yes, &no);
	yes = no;
	yes.rf_mark = 0x1203;
	one(&g, (struct vi_rule){ .ru_mark = 0x1200, .ru_markmask = 0xff00 }, &yes, &no);
	yes = no;
	yes.rf_tos = 0x11;
	one(&g, (struct vi_rule){ .ru_tos = 0x10 }, &yes, &no);
	yes = no;
	yes.rf_proto = 17;
	one(&g, (struct vi_rule){ .ru_proto = 17 }, &yes, &no);
	yes.rf_dport = HTONS(53);
	one(&g, (struct vi_rule){ .ru_dport = { 50, 60 } }, &yes, &no);
	yes = no;
	yes.rf_sport = HTONS(1000);
	one(&g, (struct vi_rule){ .ru_sport = { 1000, 1000 } }, &yes, &no);
	yes = no;
	yes.rf_uid = 1000;
	one(&g, (struct vi_rule){ .ru_uids = true, .ru_uidfirst = 1000, .ru_uidlast = 1001 }, &yes, &no);
	no_uid = yes;
	no_uid.rf_iif = g.a;		/* forwarded: nobody's */
	one(&g, (struct vi_rule){ .ru_uids = true, .ru_uidfirst = 0, .ru_uidlast = 1001 }, &yes, &no_uid);
	rig_end(&g);
}

static void
take_priority(void *arg, const struct vi_rule *ru)
{
	uint32_t *last = arg;

	assert_true(ru->ru_priority >= *last);
	*last = ru->ru_priority;
}

/* Lowest priority first; a table without a route passes on; answers; our own addresses. */
static void
order(void **state)
{
	const struct rt_flow rf = flow(0, FAR), self = flow(0, IP4(10, 0, 0, 1));
	struct vi_rule nowhere = { .ru_priority = 30, .ru_action = VI_RULE_PROHIBIT };
	struct vi_rule to1 = { .ru_priority = 20, .ru_fib = 1 };
	struct vi_rule to2 = { .ru_priority = 10, .ru_fib = 2 };
	const struct vi_route throw = { .rt_dst = nt_sa(IP4(8, 0, 0, 0)), .rt_prefixlen = 8,
		.rt_flags = RTF_THROW, .rt_fib = 1 };
	uint32_t last = 0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_rule_add(g.vn, &nowhere), 0);
	assert_int_equal(nhop_error(rt_lookup(g.vn, &rf)), EACCES);
	assert_int_equal(nhop_error(rt_lookup(g.vn, &self)), 0);
	assert_int_equal(rt_rule_add(g.vn, &to1), 0);
	assert_int_equal(gateway(&g, &rf), GW1);
	assert_int_equal(rt_rule_add(g.vn, &to2), 0);
	assert_int_equal(gateway(&g, &rf), GW1);	/* table 2 has none */
	rt_rule_list(g.vn, take_priority, &last);
	assert_int_equal(last, 30);
	assert_int_equal(rt_add(g.vn, &throw), 0);
	assert_int_equal(nhop_error(rt_lookup(g.vn, &rf)), EACCES);
	assert_int_equal(rt_rule_delete(g.vn, &nowhere), 0);
	assert_int_equal(gateway(&g, &rf), GW0);	/* its own table */
	nowhere.ru_action = VI_RULE_BLACKHOLE;
	assert_int_equal(rt_rule_add(g.vn, &nowhere), 0);
	assert_int_equal(nhop_error(rt_lookup(g.vn, &rf)), EINVAL);
	nowhere.ru_action = VI_RULE_UNREACHABLE;
	nowhere.ru_priority = 5;
	assert_int_equal(rt_rule_add(g.vn, &nowhere), 0);
	assert_int_equal(nhop_error(rt_lookup(g.vn, &rf)), EHOSTUNREACH);
	rig_end(&g);			/* and they go with the vnet */
}

/* A table's default route does not count, its longer prefixes do: what tunnels for all else are made with. */
static void
suppressed(void **state)
{
	const struct rt_flow far = flow(0, FAR), near = flow(0, IP4(10, 9, 0, 1));
	const struct vi_route longer = { .rt_dst = nt_sa(IP4(10, 9, 0, 0)), .rt_prefixlen = 16, .rt_flags = RTF_GATEWAY,
		.rt_gateway = nt_sa(GW0), .rt_ifname = "epair0a" };
	struct vi_rule main = { .ru_priority = 1, .ru_minlen = 1 }, all = { .ru_priority = 2, .ru_fib = 1 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_add(g.vn, &longer), 0);
	assert_int_equal(rt_rule_add(g.vn, &all), 0);
	assert_int_equal(gateway(&g, &near), GW1);
	assert_int_equal(rt_rule_add(g.vn, &main), 0);
	assert_int_equal(gateway(&g, &near), GW0);
	assert_int_equal(gateway(&g, &far), GW1);
	assert_int_equal(rt_rule_delete(g.vn, &main), 0);
	main.ru_minlen = 17;
	assert_int_equal(rt_rule_add(g.vn, &main), 0);
	assert_int_equal(gateway(&g, &near), GW1);
	rig_end(&g);
}

static void
jumps(void **state)
{
	const struct rt_flow rf = flow(0, FAR);
	struct vi_rule skip = { .ru_priority = 1, .ru_action = VI_RULE_GOTO, .ru_goto = 4 };
	struct vi_rule no = { .ru_priority = 3, .ru_action = VI_RULE_PROHIBIT }, to1 = { .ru_priority = 4, .ru_fib = 1 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_rule_add(g.vn, &no), 0);
	assert_int_equal(rt_rule_add(g.vn, &to1), 0);
	assert_int_equal(nhop_error(rt_lookup(g.vn, &rf)), EACCES);
	assert_int_equal(rt_rule_add(g.vn, &skip), 0);
	assert_int_equal(gateway(&g, &rf), GW1);
	assert_int_equal(rt_rule_delete(g.vn, &skip), 0);
	skip.ru_goto = 5;		/* behind all */
	assert_int_equal(rt_rule_add(g.vn, &skip), 0);
	assert_int_equal(gateway(&g, &rf), GW0);
	skip.ru_goto = 1;
	assert_int_equal(rt_rule_add(g.vn, &skip), EINVAL);
	rig_end(&g);
}

/* Tables with numbers of their own are behind all others. */
static void
named(void **state)
{
	struct vi_rule ru = { .ru_priority = 1 };
	const struct rt_flow rf = flow(0, FAR);
	uint32_t fib, again;
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_table_find(g.vn, 51820, &fib), ENOENT);
	assert_int_equal(rt_table_make(g.vn, 51820, &fib), 0);
	assert_int_equal(fib, RT_MAXFIBS);
	assert_int_equal(rt_table_make(g.vn, 51820, &again), 0);
	assert_int_equal(again, fib);
	assert_int_equal(rt_table_number(g.vn, fib), 51820);
	assert_int_equal(rt_table_number(g.vn, 1), 1);
	default_route(&g, fib, GW1);
	ru.ru_fib = fib;
	assert_int_equal(rt_rule_add(g.vn, &ru), 0);
	assert_int_equal(gateway(&g, &rf), GW1);
	assert_int_equal(vnet_sysctl_set(g.vn, "net.fibs", "100", true), EINVAL);
	for (uint32_t n = 1; n < RT_MAXNAMED; n++)
		assert_int_equal(rt_table_make(g.vn, 1000 + n, &again), 0);
	assert_int_equal(rt_table_make(g.vn, 999, &again), ENOSPC);
	assert_int_equal(rt_table_find(g.vn, 1001, &again), 0);
	assert_int_equal(again, fib + 1);
	rig_end(&g);
}

static void
refused(void **state)
{
	struct vi_rule ru = { .ru_fib = 3 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_mark = 1 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_src = nt_sa(0), .ru_srclen = 33 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_srclen = 8 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_uidlast = 1 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_uids = true, .ru_uidfirst = 2, .ru_uidlast = 1 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_action = VI_RULE_PROHIBIT, .ru_minlen = 1 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_goto = 7 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EINVAL);
	ru = (struct vi_rule){ .ru_family = 99 };
	assert_int_equal(rt_rule_add(g.vn, &ru), EAFNOSUPPORT);
	assert_int_equal(vnet_sysctl_set(g.vn, "net.route.rules_max", "2", true), 0);
	for (ru = (struct vi_rule){ 0 }; ru.ru_priority < 2; ru.ru_priority++)
		assert_int_equal(rt_rule_add(g.vn, &ru), 0);
	assert_int_equal(rt_rule_add(g.vn, &ru), ENOBUFS);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors),
		cmocka_unit_test(order),
		cmocka_unit_test(suppressed),
		cmocka_unit_test(jumps),
		cmocka_unit_test(named),
		cmocka_unit_test(refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
