/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/acct.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "kern/kernel.h"
#include "kern/kmem.h"
#include "host/host.h"

static struct kernel *
new_kernel(struct vi_host **hp, size_t maxmem)
{
	struct vi_kernel_params kp = { .kp_maxmem = maxmem };
	struct kernel *k;

	assert_int_equal(vi_host_sim_new(1, hp), 0);
	kp.kp_host = *hp;
	assert_int_equal(kernel_init(&kp, &k), 0);
	return (k);
}

static void
free_kernel(struct kernel *k, struct vi_host *h)
{
	kernel_fini(k);
	assert_int_equal(vi_sim_memory(h), 0);
	vi_host_sim_free(h);
}

static uint32_t
lcg(uint32_t *s)
{
	return ((*s = *s * 1664525u + 1013904223u) >> 8);
}

static void
classes_fit(void **state)
{
	(void)state;
	for (size_t size = 0; size <= KMEM_MAXSIZE; size++) {
		unsigned c = kmem_class(size);

		assert_true(c < KMEM_JUMBO && kmem_sizes[c] >= size);
		assert_true(c == 0 || kmem_sizes[c - 1] < size || (c - 1 == KMEM_CLUSTER && size > 2048));
		assert_true(size < 64 || kmem_sizes[c] % 64 == 0);
	}
	assert_int_equal(kmem_sizes[KMEM_256], 256);
	assert_int_equal(kmem_class(2048), KMEM_CLUSTER);
}

/* Zeroed, aligned, not overlapping; charged and given back. */
static void
kmalloc_of_all_sizes(void **state)
{
	static const size_t sizes[] = {1, 7, 16, 17, 48, 49, 63, 64, 65, 100, 128, 129, 255, 256,
	    257, 1000, 4096, 4097, 8192, 10000, 32768, 32769, 65536, 100000, 1 << 20, 3 << 20};
	uint8_t *p[NITEMS(sizes)];
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 0);
	struct acctset as;
	uint64_t sum = 0;

	(void)state;
	acctset_init(&as, k, worker_cache(kernel_worker(k, 0)));
	for (int round = 0; round < 3; round++) {
		sum = 0;
		for (size_t i = 0; i < NITEMS(sizes); i++) {
			assert_non_null(p[i] = kmalloc(&as, ACCT_MISC, sizes[i]));
			assert_int_equal((uintptr_t)p[i] % (sizes[i] >= 64 ? 64 : 16), 0);
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(p[i][j], 0);
			memset(p[i], (int)i + 1, sizes[i]);
			sum += sizes[i];
		}
		assert_int_equal(as.as_acct[ACCT_MISC].ac_bytes, sum);
		assert_int_equal(as.as_acct[ACCT_MISC].ac_count, NITEMS(sizes));
		for (size_t i = 0; i < NITEMS(sizes); i++) {
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(p[i][j], (int)i + 1);
			kfree(&as, ACCT_MISC, p[i], sizes[i]);
		}
	}
	kfree(&as, ACCT_MISC, NULL, 99);
	assert_int_equal(as.as_total.ac_bytes, 0);
	assert_int_equal(as.as_total.ac_peak, sum);
	assert_int_equal(as.as_acct[ACCT_MISC].ac_peak, sum);
	assert_int_equal(acctset_check(&as, NULL, NULL), 0);
	assert_null(kmalloc(&as, ACCT_MISC, SIZE_MAX));
	assert_null(kmalloc(&as, ACCT_MISC, (size_t)1 << 60));
	assert_int_equal(acctset_check(&as, NULL, NULL), 0);
	free_kernel(k, h);
}

/* Whatever limits do meanwhile, peaks, sums and refusals are what they are without marks. */
static void
marks_change_nothing(void **state)
{
	enum acct_type type[] = { ACCT_MBUF, ACCT_PCB, ACCT_MISC };
	uint64_t bytes[3] = { 0 }, count[3] = { 0 }, peak[3] = { 0 }, limit[3] = { 0 }, all = 0, allpeak = 0, alllimit = 0, n;
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 0);
	struct acctset as;
	uint32_t rng = 1;
	unsigned i;
	bool may;

	(void)state;
	acctset_init(&as, k, worker_cache(kernel_worker(k, 0)));
	for (unsigned step = 0; step < 20000; step++) {
		rng = rng * 1664525 + 1013904223;
		i = (rng >> 10) % 3;
		n = 1 + (rng >> 16) % 500;
		if (rng >> 28 == 0) {
			acct_setlimit(&as, type[i], limit[i] = (rng & 1) != 0 ? n * 40 : 0);
		} else if (rng >> 28 == 1) {
			acctset_setlimit(&as, alllimit = (rng & 1) != 0 ? n * 80 : 0);
		} else if ((rng >> 28) % 2 == 0 && bytes[i] != 0) {
			acct_unchargeall(&as, type[i], count[i], bytes[i]);
			all -= bytes[i];
			bytes[i] = count[i] = 0;
		} else {
			may = (limit[i] == 0 || bytes[i] + n <= limit[i]) && (alllimit == 0 || all + n <= alllimit);
			assert_int_equal(acct_charge(&as, type[i], n), may ? 0 : ENOBUFS);
			bytes[i] += may ? n : 0;
			count[i] += may;
			all += may ? n : 0;
		}
		peak[i] = MAX(peak[i], bytes[i]);
		allpeak = MAX(allpeak, all);
		assert_int_equal(as.as_acct[type[i]].ac_bytes, bytes[i]);
		assert_int_equal(as.as_acct[type[i]].ac_count, count[i]);
		assert_int_equal(as.as_acct[type[i]].ac_peak, peak[i]);
		assert_int_equal(as.as_total.ac_bytes, all);
		assert_int_equal(as.as_total.ac_peak, allpeak);
		assert_int_equal(acctset_count(&as), count[0] + count[1] + count[2]);
	}
	free_kernel(k, h);
}

static void
limits_hold(void **state)
{
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 0);
	struct acctset as;
	void *a, *b;

	(void)state;
	acctset_init(&as, k, worker_cache(kernel_worker(k, 0)));
	acct_setlimit(&as, ACCT_PCB, 100);
	assert_null(kmalloc(&as, ACCT_PCB, 101));
	assert_int_equal(as.as_acct[ACCT_PCB].ac_failures, 1);
	assert_int_equal(as.as_total.ac_failures, 1);
	assert_non_null(a = kmalloc(&as, ACCT_PCB, 100));
	assert_null(kmalloc(&as, ACCT_PCB, 1));
	assert_int_equal(acct_charge(&as, ACCT_PCB, 1), ENOBUFS);
	assert_int_equal(acct_charge(&as, ACCT_PCB, SIZE_MAX), ENOBUFS);
	acctset_setlimit(&as, 150);
	assert_null(kmalloc(&as, ACCT_ROUTE, 51));
	assert_int_equal(as.as_acct[ACCT_ROUTE].ac_failures, 1);
	assert_non_null(b = kmalloc(&as, ACCT_ROUTE, 50));
	acctset_setlimit(&as, 10); /* now beyond it: nothing more, but what there is stays */
	assert_null(kmalloc(&as, ACCT_MISC, 1));
	kfree(&as, ACCT_PCB, a, 100);
	kfree(&as, ACCT_ROUTE, b, 50);
	assert_int_equal(as.as_total.ac_bytes, 0);
	assert_int_equal(acct_charge(&as, ACCT_MBUF, 10), 0);
	acct_uncharge(&as, ACCT_MBUF, 10);
	assert_int_equal(acctset_check(&as, NULL, NULL), 0);
	free_kernel(k, h);
}

struct seen {
	unsigned	n;
	enum acct_type	type;
	uint64_t	count, bytes;
	int		line;
	size_t		size;
};

static void
leak_seen(void *arg, enum acct_type type, const struct acct *ac)
{
	struct seen *s = arg;

	s->n++;
	s->type = type;
	s->count = ac->ac_count;
	s->bytes = ac->ac_bytes;
}

#ifdef VIMAGE_LEAKCHECK
static void
place_seen(void *arg, enum acct_type type, const char *file, int line, size_t size)
{
	struct seen *s = arg;

	assert_non_null(strstr(file, "acct_test.c"));
	s->n++;
	s->type = type;
	s->line = line;
	s->size = size;
}
#endif

static void
leaks_are_told(void **state)
{
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 0);
	struct acctset as, other;
	struct seen s = { 0 };
	void *p;
	int line;

	(void)state;
	acctset_init(&as, k, worker_cache(kernel_worker(k, 0)));
	acctset_init(&other, k, worker_cache(kernel_worker(k, 0)));
	p = kmalloc(&as, ACCT_TCPCB, 700); line = __LINE__;
	assert_int_equal(acctset_check(&as, leak_seen, &s), 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.type, ACCT_TCPCB);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.bytes, 700);
	assert_string_equal(acct_name(s.type), "tcpcb");
	acctset_setlimit(&other, 1);
	acct_move(&as, &other, ACCT_TCPCB, p, 700);	/* never fails */
	assert_int_equal(acctset_check(&as, NULL, NULL), 0);
	assert_int_equal(other.as_total.ac_bytes, 700);
#ifdef VIMAGE_LEAKCHECK
	s = (struct seen){ 0 };
	acctset_where(&as, place_seen, &s, 10);
	assert_int_equal(s.n, 0);
	acctset_where(&other, place_seen, &s, 10);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.line, line);
	assert_int_equal(s.size, 700);
#else
	(void)line;
#endif
	kfree(&other, ACCT_TCPCB, p, 700);
	p = kstrdup(&as, ACCT_MISC, "forty-two");
	assert_string_equal(p, "forty-two");
	kfree(&as, ACCT_MISC, p, strlen(p) + 1);
	free_kernel(k, h);
}

#define NLIVE	2000

/* Random sizes and order; then the same memory serves other classes. */
static void
memory_is_reusable(void **state)
{
	static struct { uint8_t *p; size_t size; uint8_t fill; } live[NLIVE];
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 0);
	struct acctset as;
	uint32_t seed = 7;
	size_t high = 0;

	(void)state;
	acctset_init(&as, k, worker_cache(kernel_worker(k, 0)));
	for (unsigned n = 0; n < 200000; n++) {
		unsigned i = lcg(&seed) % NLIVE;

		if (live[i].p != NULL) {
			assert_int_equal(live[i].p[0], live[i].fill);
			assert_int_equal(live[i].p[live[i].size - 1], live[i].fill);
			kfree(&as, ACCT_MISC, live[i].p, live[i].size);
		}
		live[i].size = 1 + lcg(&seed) % (1u << (lcg(&seed) % 14));
		live[i].fill = (uint8_t)lcg(&seed);
		assert_non_null(live[i].p = kmalloc(&as, ACCT_MISC, live[i].size));
		live[i].p[0] = live[i].p[live[i].size - 1] = live[i].fill;
	}
	for (unsigned i = 0; i < NLIVE; i++)
		if (live[i].p != NULL)
			kfree(&as, ACCT_MISC, live[i].p, live[i].size);
	memset(live, 0, sizeof(live));
	assert_int_equal(as.as_total.ac_bytes, 0);
	/* 8 MB of one class after another need no more than about 8 MB and what caches hold. */
	for (size_t size = 64; size <= 32768; size *= 2) {
		void **list = NULL, *p;

		for (size_t n = 0; n < (8u << 20) / size; n++) {
			assert_non_null(p = kmalloc(&as, ACCT_MISC, size));
			*(void **)p = list;
			list = p;
		}
		while ((p = list) != NULL) {
			list = *(void **)p;
			kfree(&as, ACCT_MISC, p, size);
		}
		if (kmem_bytes(k->k_mem) > high)
			high = kmem_bytes(k->k_mem);
	}
	assert_true(high < (40u << 20));
	memcache_flush(worker_cache(kernel_worker(k, 0)));
	free_kernel(k, h);
}

/* What one worker makes and another frees goes round: the list that is one too many is the maker's next. */
static void
objects_flow_one_way(void **state)
{
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 0);
	struct memcache mc[2];
	void *p[3 * 64];
	size_t bytes = 0;

	(void)state;
	memcache_init(&mc[0], k->k_mem);
	memcache_init(&mc[1], k->k_mem);
	assert_int_equal(mc[0].mc_class[KMEM_256].kc_batch, 64);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 3 * 64; i++)
			assert_non_null(p[i] = memcache_get(&mc[0], KMEM_256, 256));
		/* The last list freed is kept there, and the one before; the first was put aside. */
		for (unsigned i = 0; i < 3 * 64; i++)
			memcache_put(&mc[1], KMEM_256, p[i]);
		if (round == 0)
			bytes = kmem_bytes(k->k_mem);
		assert_true(kmem_bytes(k->k_mem) == bytes);
	}
	assert_ptr_equal(memcache_get(&mc[0], KMEM_256, 256), p[63]);
	memcache_put(&mc[1], KMEM_256, p[63]);
	memcache_flush(&mc[0]);
	memcache_flush(&mc[1]);
	free_kernel(k, h);
}

static void
ceiling_holds(void **state)
{
	struct vi_host *h;
	struct kernel *k = new_kernel(&h, 4u << 20);
	struct acctset as;
	void **list = NULL, *p;
	unsigned n[2] = { 0 };

	(void)state;
	acctset_init(&as, k, worker_cache(kernel_worker(k, 0)));
	for (unsigned round = 0; round < 2; round++) {
		for (list = NULL; (p = kmalloc(&as, ACCT_MISC, 1000)) != NULL; n[round]++) {
			*(void **)p = list;
			list = p;
		}
		assert_true(vi_sim_memory(h) <= 4u << 20);
		assert_int_equal(as.as_acct[ACCT_MISC].ac_failures, round + 1 + round);
		while ((p = list) != NULL) {
			list = *(void **)p;
			kfree(&as, ACCT_MISC, p, 1000);
		}
		/* What the small ones left serves a large one, and comes back. */
		memcache_flush(worker_cache(kernel_worker(k, 0)));
		assert_non_null(p = kmalloc(&as, ACCT_MISC, 2u << 20));
		assert_null(kmalloc(&as, ACCT_MISC, 3u << 20));
		kfree(&as, ACCT_MISC, p, 2u << 20);
	}
	assert_int_equal(n[0], n[1]);
	assert_true(n[0] > 2000);
	free_kernel(k, h);
}

/*
 * A kernel whose nth request of pages fails is refused whole; the memory of a leaking one comes
 * back too.
 */
static void
failing_host(void **state)
{
	struct vi_kernel_params kp = { .kp_workers = 3 };
	struct vi_host *h;
	struct kernel *k;
	struct acctset as;
	unsigned nth;

	(void)state;
	assert_int_equal(vi_host_sim_new(1, &h), 0);
	kp.kp_host = h;
	for (nth = 1;; nth++) {
		vi_sim_fail_alloc(h, nth);
		if (kernel_init(&kp, &k) == 0)
			break;
		assert_null(k);
		assert_int_equal(vi_sim_memory(h), 0);
	}
	assert_true(nth > 4);
	acctset_init(&as, k, worker_cache(kernel_worker(k, 1)));
	vi_sim_fail_alloc(h, 1);
	assert_null(kmalloc(&as, ACCT_MISC, 10));
	assert_non_null(kmalloc(&as, ACCT_MISC, 10));
	assert_non_null(kmalloc(&as, ACCT_MISC, 100000));
	kernel_fail_alloc(k, 2);
	assert_non_null(kmalloc(&as, ACCT_MISC, 10));
	assert_null(kmalloc(&as, ACCT_MISC, 10));
	assert_non_null(kmalloc(&as, ACCT_MISC, 10));
	assert_int_equal(as.as_acct[ACCT_MISC].ac_count, 4);
	assert_int_equal(as.as_acct[ACCT_MISC].ac_failures, 2);
	kernel_fini(k);
	assert_int_equal(vi_sim_memory(h), 0);
	vi_host_sim_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_fit),
		cmocka_unit_test(kmalloc_of_all_sizes),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(marks_change_nothing),
		cmocka_unit_test(leaks_are_told),
		cmocka_unit_test(memory_is_reusable),
		cmocka_unit_test(objects_flow_one_way),
		cmocka_unit_test(ceiling_holds),
		cmocka_unit_test(failing_host),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
