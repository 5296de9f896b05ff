/* SPDX-License-Identifier: BSD-2-Clause */
#include <vimage/host.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"

static void
time_moves_by_hand(void **state)
{
	struct vi_host *h;

	(void)state;
	assert_int_equal(vi_host_sim_new(1, &h), 0);
	assert_true(host_is_sim(h));
	assert_int_equal(host_now(h), 0);
	assert_int_equal(host_now(h), 0);
	vi_sim_advance(h, 1500);
	vi_sim_advance(h, 1);
	assert_int_equal(host_now(h), 1501);
	assert_int_equal(vi_sim_now(h), 1501);
	assert_int_equal(host_realtime(h) % 1000000000u, 1501);
	vi_host_sim_free(h);
}

static void
same_seed_same_bytes(void **state)
{
	struct vi_host *h[3];
	uint8_t buf[3][100];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(vi_host_sim_new(i == 2 ? 8 : 7, &h[i]), 0);
		host_random(h[i], buf[i], 3);
		host_random(h[i], buf[i] + 3, 97);
		vi_host_sim_free(h[i]);
	}
	assert_memory_equal(buf[0], buf[1], 100);
	assert_memory_not_equal(buf[0], buf[2], 100);
}

/* Each bit takes both values about equally often. */
static void
bits_are_balanced(void **state)
{
	unsigned ones[64] = { 0 };
	struct vi_host *h;
	uint64_t word;

	(void)state;
	assert_int_equal(vi_host_sim_new(0, &h), 0);
	for (unsigned i = 0; i < 4096; i++) {
		host_random(h, &word, sizeof(word));
		for (unsigned b = 0; b < 64; b++)
			ones[b] += (unsigned)(word >> b & 1);
	}
	for (unsigned b = 0; b < 64; b++)
		assert_in_range(ones[b], 2048 - 200, 2048 + 200);
	vi_host_sim_free(h);
}

static void
nth_allocation_fails(void **state)
{
	struct vi_host *h;
	void *a, *b;

	(void)state;
	assert_int_equal(vi_host_sim_new(1, &h), 0);
	vi_sim_fail_alloc(h, 2);
	a = host_page_alloc(h, HOST_PAGE, HOST_PAGE);
	assert_non_null(a);
	assert_int_equal(vi_sim_memory(h), HOST_PAGE);
	assert_null(host_page_alloc(h, HOST_PAGE, HOST_PAGE));
	assert_int_equal(vi_sim_memory(h), HOST_PAGE);
	b = host_page_alloc(h, 3 * HOST_PAGE, 1u << 20);
	assert_non_null(b);
	assert_int_equal((uintptr_t)b & ((1u << 20) - 1), 0);
	assert_int_equal(vi_sim_memory(h), 4 * HOST_PAGE);
	assert_int_equal(vi_sim_allocs(h), 3);
	host_page_free(h, b, 3 * HOST_PAGE);
	host_page_free(h, a, HOST_PAGE);
	assert_int_equal(vi_sim_memory(h), 0);
	vi_sim_fail_alloc(h, 1);
	vi_sim_fail_alloc(h, 0);	/* called off */
	a = host_page_alloc(h, HOST_PAGE, HOST_PAGE);
	assert_non_null(a);
	host_page_free(h, a, HOST_PAGE);
	vi_host_sim_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_moves_by_hand),
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(bits_are_balanced),
		cmocka_unit_test(nth_allocation_fails),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
