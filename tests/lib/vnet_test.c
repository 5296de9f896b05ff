/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernels and vnets through the public interface. */
#include "tests/lib/tl.h"

static void
kernel_needs_a_host(void **state)
{
	struct vi_kernel *k;

	(void)state;
	tl_fails(vi_kernel_new(&(struct vi_kernel_params){ 0 }, &k), EINVAL);
	assert_null(k);
}

static void
kernel_begins_with_vnet0(void **state)
{
	struct tl t;
	struct vi_ifinfo lo;

	(void)state;
	tl_begin(&t, 1);
	assert_ptr_equal(vi_kernel_host(t.k), t.host);
	assert_int_equal(vi_kernel_nworkers(t.k), 1);
	assert_non_null(vi_kernel_worker(t.k, 0));
	assert_null(vi_kernel_worker(t.k, 1));
	assert_ptr_equal(vi_vnet_kernel(vi_vnet0(t.k)), t.k);
	assert_int_equal(vi_vnet_jail(vi_vnet0(t.k)), 0);
	lo = tl_ifinfo(vi_vnet0(t.k), "lo0");
	assert_int_equal(lo.if_flags & VI_IFF_UP, 0);
	assert_int_equal(lo.if_naddrs, 0);
	assert_int_equal(lo.if_type, VI_IFT_LOOP);
	tl_end(&t);
}

/* A kernel that is idle schedules nothing. */
static void
kernel_idles(void **state)
{
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_settle(&t);
	assert_true(vi_kernel_poll(t.k) == VI_FOREVER);
	assert_int_equal(vi_kernel_run(t.k, tl_now(&t) + TL_SEC, NULL), tl_now(&t));
	tl_end(&t);
}

#if !VIMAGE_SINGLE
static void
vnet_has_name_and_id(void **state)
{
	struct tl t;
	struct vi_vnet *a, *b;
	uint32_t ida, idb;
	char name[65];

	(void)state;
	tl_begin(&t, 1);
	a = tl_vnet(&t, "same");
	b = tl_vnet(&t, "same");	/* names are for people; ids tell them apart */
	ida = vi_vnet_id(a);
	idb = vi_vnet_id(b);
	assert_string_equal(vi_vnet_name(a), "same");
	assert_int_not_equal(ida, idb);
	assert_int_not_equal(ida, vi_vnet_id(vi_vnet0(t.k)));
	assert_int_equal(vi_vnet_jail(a), -1);
	assert_int_equal(vi_vnet_worker(a), 0);
	tl_destroy(b);
	b = tl_vnet(&t, "again");
	assert_true(vi_vnet_id(b) > idb);	/* never reused */
	tl_destroy(b);
	memset(name, 'n', 64);
	name[64] = '\0';
	tl_fails(vi_vnet_create(t.k, name, &b), ENAMETOOLONG);
	assert_null(b);
	name[63] = '\0';
	tl_ok(vi_vnet_create(t.k, name, &b));
	assert_string_equal(vi_vnet_name(b), name);
	tl_end(&t);
}

static void
vnet_begins_with_lo0(void **state)
{
	struct tl t;
	struct vi_vnet *vn;
	struct vi_ifinfo lo;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	lo = tl_ifinfo(vn, "lo0");
	assert_int_equal(lo.if_naddrs, 0);
	assert_int_equal(lo.if_flags & VI_IFF_UP, 0);
	assert_int_equal(lo.if_home_vnet, vi_vnet_id(vn));
	tl_end(&t);
}

struct sum {
	uint64_t total, bytes, parts;
};

static void
sum_accounts(void *arg, const struct vi_account *va)
{
	struct sum *s = arg;

	if (strcmp(va->va_name, "memory") == 0) {
		s->total = va->va_bytes;
	} else {
		s->bytes += va->va_bytes;
		s->parts++;
	}
	assert_true(va->va_peak >= va->va_bytes);
	assert_true((va->va_count == 0) == (va->va_bytes == 0));
}

static void
vnet_accounts_add_up(void **state)
{
	struct tl t;
	struct tl_pair p;
	struct tl_conn tc;
	struct sum s = { 0 };
	uint64_t before;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	before = vi_vnet_memory(p.b);
	tl_conn(&t, &p, &tc);
	assert_true(vi_vnet_memory(p.b) > before);
	assert_true(tl_account(p.b, "socket") > 0);
	vi_vnet_accounts(p.b, sum_accounts, &s);
	assert_true(s.parts > 5);
	assert_int_equal(s.total, s.bytes);
	assert_true(vi_vnet_memory(p.b) >= s.total);
	vi_close(tc.c);
	vi_close(tc.s);
	tl_unpair(&p);
	tl_end(&t);
}

static void
vnet_limits_are_checked(void **state)
{
	struct tl t;
	struct vi_vnet *vn;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	tl_fails(vi_vnet_set_limit(vn, "no such account", 1), ENOENT);
	tl_ok(vi_vnet_set_limit(vn, "memory", 1 << 20));
	tl_ok(vi_vnet_set_limit(vn, "socket", 4096));
	tl_fails(vi_vnet_set_share(vn, 0), EINVAL);
	tl_fails(vi_vnet_set_share(vn, 10001), EINVAL);
	tl_ok(vi_vnet_set_share(vn, 10000));
	tl_fails(vi_vnet_set_worker(vn, 1), EINVAL);
	tl_ok(vi_vnet_set_worker(vn, 0));
	tl_end(&t);
}

/* Kernel end finds vnets, cables between them and open connections, and needs no help. */
static void
kernel_free_takes_all(void **state)
{
	struct tl t;
	struct tl_pair p;
	struct tl_conn tc;
	struct vi_vnet *c;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	c = tl_vnet(&t, "c");
	tl_join(p.b, "198.51.100.1", c, "198.51.100.2", NULL);
	tl_join(c, "203.0.113.1", vi_vnet0(t.k), "203.0.113.2", NULL);
	tl_conn(&t, &p, &tc);
	tl_send(&t, tc.c, tc.s, 100000);
	vi_close(tc.c);
	vi_close(tc.s);
	tl_end(&t);
}

static void
many_vnets_cost_what_they_cost(void **state)
{
	enum { N = 300 };
	static struct vi_vnet *vn[N];
	struct tl t;
	uint64_t one, allocs;

	(void)state;
	tl_begin(&t, 1);
	for (int i = 0; i < N; i++)
		vn[i] = tl_vnet(&t, "v");
	one = vi_vnet_memory(vn[0]);
	assert_true(one < 64 * 1024);
	for (int i = 1; i < N; i++)
		assert_int_equal(vi_vnet_memory(vn[i]), one);
	assert_true(vi_sim_memory(t.host) < 2 * N * one + (8u << 20));
	for (int i = 0; i < N; i += 2)
		tl_destroy(vn[i]);
	for (int i = 1; i < N; i += 2)
		tl_destroy(vn[i]);
	/* A second round lives in what the first one left. */
	allocs = vi_sim_allocs(t.host);
	for (int i = 0; i < N; i++)
		vn[i] = tl_vnet(&t, "v");
	for (int i = N; i-- > 0;)
		tl_destroy(vn[i]);
	assert_true(vi_sim_allocs(t.host) - allocs < N / 4);
	tl_end(&t);
}

static void
cputime_grows_with_work(void **state)
{
	struct tl t;
	struct tl_pair p;
	struct vi_vnet *idle;
	struct tl_conn tc;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	idle = tl_vnet(&t, "idle");
	tl_conn(&t, &p, &tc);
	tl_send(&t, tc.c, tc.s, 1 << 20);
	assert_int_equal(vi_vnet_cputime(idle), 0);
	tl_hangup(&t, &tc);
	tl_end(&t);
}
#else
static void
single_build_has_one_vnet(void **state)
{
	struct tl t;
	struct vi_vnet *vn;

	(void)state;
	tl_begin(&t, 1);
	tl_fails(vi_vnet_create(t.k, "second", &vn), EOPNOTSUPP);
	assert_null(vn);
	tl_end(&t);
}
#endif

#if !VIMAGE_SINGLE
/* Nothing is shared between kernels, not even counting. */
static void
kernels_are_strangers(void **state)
{
	struct tl t, u;
	struct tl_pair p, q;
	struct tl_conn tc, uc;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_begin(&u, 2);
	tl_pair(&t, &p);
	tl_pair(&u, &q);
	assert_int_equal(vi_vnet_id(p.a), vi_vnet_id(q.a));
	assert_string_equal(p.cable.a, q.cable.a);
	tl_conn(&t, &p, &tc);
	tl_conn(&u, &q, &uc);
	tl_send(&t, tc.c, tc.s, 50000);
	tl_ok(tl_jail(&t, 0, VI_JAIL_CREATE, &jid, NULL, "name=x", "persist", NULL));
	tl_fails(vi_jail_find(u.k, 0, "x", &jid), ENOENT);
	vi_close(tc.c);
	vi_close(tc.s);
	tl_end(&t);
	tl_send(&u, uc.s, uc.c, 50000);
	tl_hangup(&u, &uc);
	tl_end(&u);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_needs_a_host),
		cmocka_unit_test(kernel_begins_with_vnet0),
		cmocka_unit_test(kernel_idles),
#if VIMAGE_SINGLE
		cmocka_unit_test(single_build_has_one_vnet),
#else
		cmocka_unit_test(vnet_has_name_and_id),
		cmocka_unit_test(vnet_begins_with_lo0),
		cmocka_unit_test(vnet_accounts_add_up),
		cmocka_unit_test(vnet_limits_are_checked),
		cmocka_unit_test(kernel_free_takes_all),
		cmocka_unit_test(many_vnets_cost_what_they_cost),
		cmocka_unit_test(cputime_grows_with_work),
		cmocka_unit_test(kernels_are_strangers),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
