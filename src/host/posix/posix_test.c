/* SPDX-License-Identifier: BSD-2-Clause */
#include <vimage/host.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "host/host.h"

static void
new_host(struct vi_host **hp)
{
	assert_int_equal(vi_host_posix_new(NULL, hp), 0);
}

static void
clocks_go_forward(void **state)
{
	struct vi_host *h;
	uint64_t t0, t1;

	(void)state;
	new_host(&h);
	for (t0 = host_now(h); (t1 = host_now(h)) == t0;)
		;
	assert_true(t1 > t0);
	assert_true(host_realtime(h) > 1577836800000000000u);
	assert_false(host_is_sim(h));
	vi_host_posix_free(h);
}

static uint64_t
monotonic(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

/*
 * Reads for a tenth of a second; returns how often the clock went back, or was not
 * between two readings of the host's but for 20 us.
 */
static void *
clock_reader(void *arg)
{
	struct vi_host *h = arg;
	const uint64_t end = monotonic() + 100000000;
	uint64_t before, after, t, last = 0;
	uintptr_t wrong = 0;

	do {
		before = monotonic();
		t = host_now(h);
		after = monotonic();
		wrong += t < last || t + 20000 < before || t > after + 20000;
		last = t;
	} while (after < end);
	return ((void *)wrong);
}

static void
clock_is_the_hosts(void **state)
{
	pthread_t thread[4];
	struct vi_host *h;
	void *wrong;

	(void)state;
	new_host(&h);
	for (unsigned i = 0; i < NITEMS(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, clock_reader, h), 0);
	for (unsigned i = 0; i < NITEMS(thread); i++) {
		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	/* Also after a pause, in which nobody looked. */
	(void)usleep(20000);
	assert_null(clock_reader(h));
	vi_host_posix_free(h);
}

/* No byte of any request stays zero over many tries, and no two requests are alike. */
static void
random_fills(void **state)
{
	uint8_t a[300], b[300], seen[300];
	static const size_t sizes[] = { 1, 4, 8, 16, 255, 256, 257, 300 };
	struct vi_host *h;

	(void)state;
	new_host(&h);
	for (size_t i = 0; i < NITEMS(sizes); i++) {
		memset(seen, 0, sizeof(seen));
		for (int n = 0; n < 64; n++) {
			memset(a, 0, sizeof(a));
			host_random(h, a, sizes[i]);
			for (size_t j = 0; j < sizeof(a); j++)
				seen[j] |= a[j];
		}
		for (size_t j = 0; j < sizeof(a); j++)
			assert_int_equal(seen[j] != 0, j < sizes[i]);
		host_random(h, b, sizes[i]);
		if (sizes[i] >= 16)
			assert_memory_not_equal(a, b, sizes[i]);
	}
	vi_host_posix_free(h);
}

static void
pages_are_aligned_and_zero(void **state)
{
	struct vi_host *h;
	uint8_t *p;

	(void)state;
	new_host(&h);
	for (size_t align = HOST_PAGE; align <= 1u << 21; align *= 2) {
		p = host_page_alloc(h, 5 * HOST_PAGE, align);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p & (align - 1), 0);
		for (size_t i = 0; i < 5 * HOST_PAGE; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, 5 * HOST_PAGE);
		host_page_free(h, p, 5 * HOST_PAGE);
	}
	assert_null(host_page_alloc(h, SIZE_MAX & ~(size_t)(HOST_PAGE - 1), 2 * HOST_PAGE));
	vi_host_posix_free(h);
}

static void
count_wake(void *arg, unsigned worker)
{
	((unsigned *)arg)[worker]++;
}

static void
hooks_are_called(void **state)
{
	unsigned woken[4] = { 0 };
	struct vi_posix_params pp = { .pp_wake = count_wake, .pp_arg = woken };
	struct vi_logmsg lm = { .lm_text = "nobody listens" };
	struct vi_host *h;
	void *mtx;

	(void)state;
	assert_int_equal(vi_host_posix_new(&pp, &h), 0);
	host_wake(h, 2);
	host_wake(h, 2);
	assert_int_equal(woken[2], 2);
	assert_int_equal(woken[0] + woken[1] + woken[3], 0);
	host_log(h, &lm);
	mtx = host_mutex_new(h);
	assert_non_null(mtx);
	host_mutex_lock(h, mtx);
	host_mutex_unlock(h, mtx);
	host_mutex_free(h, mtx);
	vi_host_posix_free(h);
	new_host(&h);
	host_wake(h, 0);	/* without a hook: nothing happens */
	vi_host_posix_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_go_forward),
		cmocka_unit_test(clock_is_the_hosts),
		cmocka_unit_test(random_fills),
		cmocka_unit_test(pages_are_aligned_and_zero),
		cmocka_unit_test(hooks_are_called),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
