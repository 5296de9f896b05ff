/* SPDX-License-Identifier: BSD-2-Clause */
/* Limitsets in a row, grants to accounts, packets a second. */
#include "kern/limit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "host/host.h"
#include "kern/acct.h"
#include "kern/kernel.h"
#include "kern/kmem.h"

#define SECOND	UINT64_C(1000000000)

static uint64_t
cur(struct limitset *ls, enum limit_type type)
{
	return (atomic_load(&ls->ls_limit[type].li_cur));
}

static void
children_count_for_parents(void **state)
{
	struct limitset top, a, b;

	(void)state;
	limitset_init(&top, NULL);
	limitset_init(&a, &top);
	limitset_init(&b, &top);
	top.ls_limit[LIMIT_SOCKETS].li_max = 10;
	a.ls_limit[LIMIT_SOCKETS].li_max = 7;
	assert_true(limit_take(&a, LIMIT_SOCKETS, 7));
	assert_false(limit_take(&a, LIMIT_SOCKETS, 1));		/* its own */
	assert_true(limit_take(&b, LIMIT_SOCKETS, 3));
	assert_false(limit_take(&b, LIMIT_SOCKETS, 1));		/* its parent's: nothing stays taken */
	assert_int_equal(cur(&b, LIMIT_SOCKETS), 3);
	assert_int_equal(cur(&top, LIMIT_SOCKETS), 10);
	assert_int_equal(atomic_load(&top.ls_limit[LIMIT_SOCKETS].li_hits), 1);
	assert_int_equal(atomic_load(&b.ls_limit[LIMIT_SOCKETS].li_hits), 0);
	limit_force(&b, LIMIT_SOCKETS, 2);
	assert_int_equal(cur(&top, LIMIT_SOCKETS), 12);
	limit_give(&a, LIMIT_SOCKETS, 7);
	limit_give(&b, LIMIT_SOCKETS, 5);
	assert_int_equal(cur(&top, LIMIT_SOCKETS), 0);
	assert_int_equal(atomic_load(&top.ls_limit[LIMIT_SOCKETS].li_peak), 12);
	assert_true(limit_take(NULL, LIMIT_SOCKETS, 1));
}

struct rig {
	struct vi_host	*h;
	struct kernel	*k;
	struct limitset	 top, sub;
	struct acctset	 one, two;
};

static void
rig_begin(struct rig *r)
{
	struct vi_kernel_params kp = { .kp_workers = 1 };

	assert_int_equal(vi_host_sim_new(1, &r->h), 0);
	kp.kp_host = r->h;
	assert_int_equal(kernel_init(&kp, &r->k), 0);
	limitset_init(&r->top, NULL);
	limitset_init(&r->sub, &r->top);
	acctset_init(&r->one, r->k, worker_cache(kernel_worker(r->k, 0)));
	acctset_init(&r->two, r->k, worker_cache(kernel_worker(r->k, 0)));
}

static void
rig_end(struct rig *r)
{
	acctset_ungrant(&r->one);
	acctset_ungrant(&r->two);
	for (unsigned i = 0; i < LIMIT_MAX; i++) {
		assert_int_equal(cur(&r->top, (enum limit_type)i), 0);
		assert_int_equal(cur(&r->sub, (enum limit_type)i), 0);
	}
	kernel_fini(r->k);
	vi_host_sim_free(r->h);
}

/* Two stacks below one limit have, together, never more; and all of it, to the last byte. */
static void
memory_is_granted(void **state)
{
	struct rig r;

	(void)state;
	rig_begin(&r);
	assert_int_equal(acct_charge(&r.one, ACCT_MISC, 5000), 0);
	acctset_setlimits(&r.one, &r.sub, NULL);
	acctset_setlimits(&r.two, &r.top, NULL);
	assert_int_equal(cur(&r.top, LIMIT_MEMORY), 0);		/* nobody asks */
	r.top.ls_limit[LIMIT_MEMORY].li_max = 300000;
	acctset_relimit(&r.one);
	acctset_relimit(&r.two);
	assert_int_equal(cur(&r.top, LIMIT_MEMORY), 5000);
	assert_int_equal(cur(&r.sub, LIMIT_MEMORY), 5000);
	assert_int_equal(acct_charge(&r.one, ACCT_MISC, 195000), 0);
	assert_int_equal(acct_charge(&r.two, ACCT_MISC, 100001), ENOBUFS);
	assert_int_equal(r.two.as_total.ac_failures, 1);
	assert_true(cur(&r.top, LIMIT_MEMORY) >= 200000 && cur(&r.top, LIMIT_MEMORY) <= 300000);
	assert_int_equal(acct_charge(&r.two, ACCT_MISC, 300000 - cur(&r.top, LIMIT_MEMORY)), 0);
	assert_int_equal(acct_charge(&r.two, ACCT_MISC, 1), ENOBUFS);
	/* What one gives back the other can have. */
	acct_uncharge(&r.one, ACCT_MISC, 195000);
	assert_int_equal(acct_charge(&r.two, ACCT_MISC, 100000), 0);
	/* Lifted while in use, and set again below what is used. */
	r.top.ls_limit[LIMIT_MEMORY].li_max = 0;
	acctset_relimit(&r.one);
	acctset_relimit(&r.two);
	assert_int_equal(cur(&r.top, LIMIT_MEMORY), 0);
	assert_int_equal(acct_charge(&r.two, ACCT_MISC, 1000000), 0);
	r.top.ls_limit[LIMIT_MEMORY].li_max = 1000;
	acctset_relimit(&r.one);
	acctset_relimit(&r.two);
	assert_int_equal(cur(&r.top, LIMIT_MEMORY), r.one.as_total.ac_bytes + r.two.as_total.ac_bytes);
	assert_int_equal(acct_charge(&r.one, ACCT_MISC, 1), ENOBUFS);
	acct_uncharge(&r.two, ACCT_MISC, 1000000);
	rig_end(&r);
}

static void
mbufs_are_counted(void **state)
{
	struct rig r;
	unsigned n = 0;

	(void)state;
	rig_begin(&r);
	acctset_setlimits(&r.one, &r.sub, NULL);
	r.sub.ls_limit[LIMIT_MBUFS].li_max = 1000;
	acctset_relimit(&r.one);
	while (n < 5000 && acct_take(&r.one, ACCT_MBUF, 1, 256))
		n++;
	assert_int_equal(n, 1000);
	assert_true(acct_take(&r.one, ACCT_MISC, 1, 256));	/* of mbufs only */
	for (; n > 0; n--)
		acct_give(&r.one, ACCT_MBUF, 1, 256);
	assert_true(cur(&r.sub, LIMIT_MBUFS) <= 200);		/* they did not stay granted */
	rig_end(&r);
}

/* An object that changes who pays may bring the new one beyond its limit; the limit knows. */
static void
moves_cannot_be_refused(void **state)
{
	struct rig r;
	void *p;

	(void)state;
	rig_begin(&r);
	r.sub.ls_limit[LIMIT_MEMORY].li_max = 100;
	acctset_setlimits(&r.one, &r.sub, NULL);
	assert_non_null(p = kmalloc(&r.two, ACCT_MISC, 4096));
	acct_move(&r.two, &r.one, ACCT_MISC, p, 4096);
	assert_int_equal(acct_charge(&r.one, ACCT_MISC, 1), ENOBUFS);
	kfree(&r.one, ACCT_MISC, p, 4096);
	assert_int_equal(acct_charge(&r.one, ACCT_MISC, 1), 0);
	rig_end(&r);
}

static unsigned
packets(struct limitset *ls, uint64_t from, uint64_t to, uint64_t step)
{
	unsigned n = 0;

	for (; from < to; from += step)
		n += limit_packet(ls, from);
	return (n);
}

static void
packets_a_second(void **state)
{
	struct limitset top, sub;
	unsigned n;

	(void)state;
	limitset_init(&top, NULL);
	limitset_init(&sub, &top);
	assert_int_equal(packets(&sub, SECOND, 2 * SECOND, 10000), 100000);
	sub.ls_limit[LIMIT_PPS].li_max = 1000;
	n = packets(&sub, 2 * SECOND, 4 * SECOND, 10000);
	assert_in_range(n, 2000, 2000 + 33);		/* and one burst */
	/* Slower than the limit nothing is lost; a single packet a second is a limit too. */
	assert_int_equal(packets(&sub, 10 * SECOND, 12 * SECOND, 1100000), 1819);
	assert_int_equal(cur(&sub, LIMIT_PPS), 910);		/* 1 s / 1.1 ms */
	/* Few at once are no more than few: with less than 32 a second a second's. */
	sub.ls_limit[LIMIT_PPS].li_max = 50;
	assert_in_range(packets(&sub, 14 * SECOND, 14 * SECOND + 1000, 10), 32, 33);
	assert_in_range(packets(&sub, 14 * SECOND + 1000, 15 * SECOND, 1000), 49, 50);
	sub.ls_limit[LIMIT_PPS].li_max = 5;
	assert_in_range(packets(&sub, 17 * SECOND, 17 * SECOND + 1000, 10), 5, 6);
	sub.ls_limit[LIMIT_PPS].li_max = 1000;
	top.ls_limit[LIMIT_PPS].li_max = 1;
	assert_int_equal(packets(&sub, 20 * SECOND, 25 * SECOND, 1000000), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_count_for_parents),
		cmocka_unit_test(memory_is_granted),
		cmocka_unit_test(mbufs_are_counted),
		cmocka_unit_test(moves_cannot_be_refused),
		cmocka_unit_test(packets_a_second),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
