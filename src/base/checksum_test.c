/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"

#define	BUFSIZE	9100

/* The definition of RFC 1071 section 1, one 16-bit word after the other, in host order. */
static uint32_t
slow_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += be16dec(p + i);
	if ((len & 1) != 0)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (sum);
}

/* 0 and 0xffff are the same number; everything else must agree exactly. */
static uint16_t
canon(uint32_t sum)
{
	return (cksum_reduce(sum) == 0xffff ? 0 : cksum_reduce(sum));
}

static void
fill(uint8_t *p, size_t len, uint64_t seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		p[i] = (uint8_t)(seed >> 56);
	}
}

static void
rfc1071_example(void **state)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	/* Section 3: the sum is 0xddf2. */
	assert_int_equal(cksum_add(bytes, sizeof(bytes), 0), HTONS(0xddf2));
	assert_int_equal(cksum_fold(cksum_add(bytes, sizeof(bytes), 0)), (uint16_t)~HTONS(0xddf2));
	/* Section 3, broken into two and one bytes: the odd one first is padded. */
	assert_int_equal(cksum_add(bytes, 3, 0), HTONS(0xf201));
}

static void
empty_and_extremes(void **state)
{
	uint8_t ones[BUFSIZE];
	size_t len;

	(void)state;
	assert_int_equal(cksum_add(NULL, 0, 0), 0);
	assert_int_equal(cksum_add(NULL, 0, 0x12345678), 0x12345678 % 0xffff);
	assert_int_equal(cksum_fold(0), 0xffff);
	assert_int_equal(cksum_fold(0xffffffff), 0);
	assert_int_equal(cksum_reduce(0x1ffff), 1);
	memset(ones, 0xff, sizeof(ones));
	for (len = 2; len < sizeof(ones); len += 2)
		assert_int_equal(cksum_add(ones, len, 0), 0xffff);
	assert_true(cksum_add(ones, sizeof(ones), 0xffffffff) <= 0xffff);
}

/* Every length over every kind of loop and tail, at every alignment. */
static void
agrees_with_definition(void **state)
{
	uint8_t *buf = malloc(BUFSIZE + 64), copy[BUFSIZE];
	size_t len, off;
	uint32_t want;

	(void)state;
	fill(buf, BUFSIZE + 64, 1);
	for (len = 0; len <= 1100; len++) {
		off = len * 7 % 33;
		want = canon(HTONS(slow_sum(buf + off, len)));
		assert_int_equal(canon(cksum_add(buf + off, len, 0)), want);
		assert_int_equal(canon(cksum_add_plain(buf + off, len, 0)), want);
		memset(copy, 0xa5, sizeof(copy));
		assert_int_equal(canon(cksum_copy(copy, buf + off, len, 0)), want);
		assert_memory_equal(copy, buf + off, len);
		assert_int_equal(copy[len], 0xa5);
	}
	for (off = 0; off < 64; off++) {
		want = canon(HTONS(slow_sum(buf + off, 9000)));
		assert_int_equal(canon(cksum_add(buf + off, 9000, 0)), want);
		assert_int_equal(canon(cksum_add_plain(buf + off, 9000, 0)), want);
		assert_int_equal(canon(cksum_copy(copy, buf + off, 9000, 0)), want);
	}
	free(buf);
}

/* A message in three pieces of any parity sums like the whole (RFC 1071 2 A and B). */
static void
pieces_of_any_parity(void **state)
{
	uint8_t buf[401];
	size_t a, b;
	uint32_t sum, whole;

	(void)state;
	fill(buf, sizeof(buf), 2);
	whole = canon(cksum_add(buf, sizeof(buf), 0xbeef));
	for (a = 0; a <= sizeof(buf); a += 1) {
		for (b = a; b <= sizeof(buf); b += 13) {
			sum = cksum_add_at(buf, a, 0xbeef, 0);
			sum = cksum_add_at(buf + a, b - a, sum, a);
			sum = cksum_add_at(buf + b, sizeof(buf) - b, sum, b);
			assert_true(sum <= 0xffff);
			assert_int_equal(canon(sum), whole);
		}
	}
}

/* RFC 1624 section 4's numeric example, where RFC 1141's method gives -0 instead. */
static void
rfc1624_example(void **state)
{
	(void)state;
	assert_int_equal(cksum_update16(HTONS(0xdd2f), HTONS(0x5555), HTONS(0x3285)), 0);
}

static void
update_equals_summing_again(void **state)
{
	uint8_t buf[40];
	uint16_t got, new16, old16;
	uint32_t new32, old32, seed;

	(void)state;
	for (seed = 0; seed < 5000; seed++) {
		fill(buf, sizeof(buf), seed);
		u16store(buf, 0);
		u16store(buf, cksum_fold(cksum_add(buf, sizeof(buf), 0)));
		old16 = u16load(buf + 10);
		old32 = u32load(buf + 20);
		new16 = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 0xffff : (uint16_t)~old16;
		new32 = seed % 2 == 0 ? 0xffffffff : old32 * 3;
		got = cksum_update16(u16load(buf), old16, new16);
		got = cksum_update32(got, old32, new32);
		u16store(buf, got);
		u16store(buf + 10, new16);
		u32store(buf + 20, new32);
		assert_int_equal(cksum_fold(cksum_add(buf, sizeof(buf), 0)), 0);
	}
}

static void
swap_is_its_own_inverse(void **state)
{
	uint32_t s;

	(void)state;
	for (s = 0; s <= 0xffff; s++)
		assert_int_equal(cksum_swap(cksum_swap(s)), s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc1071_example),
		cmocka_unit_test(empty_and_extremes),
		cmocka_unit_test(agrees_with_definition),
		cmocka_unit_test(pieces_of_any_parity),
		cmocka_unit_test(rfc1624_example),
		cmocka_unit_test(update_equals_summing_again),
		cmocka_unit_test(swap_is_its_own_inverse),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
