/* SPDX-License-Identifier: BSD-2-Clause */
/* The headers of src/base that have no file of their own: util, endian, seq, bitstr, splitmix, assert. */
#include "base/util.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/bitstr.h"
#include "base/endian.h"
#include "base/seq.h"
#include "base/splitmix.h"

struct outer {
	int	o_first;
	char	o_member[3];
};

static void
container_and_rounding(void **state)
{
	struct outer o;

	(void)state;
	assert_ptr_equal(CONTAINER_OF(&o.o_member, struct outer, o_member), &o);
	assert_int_equal(NITEMS(o.o_member), 3);
	assert_int_equal(ROUNDUP2(0u, 8u), 0);
	assert_int_equal(ROUNDUP2(1u, 8u), 8);
	assert_int_equal(ROUNDUP2(8u, 8u), 8);
	assert_int_equal(ROUNDDOWN2(15u, 8u), 8);
	assert_int_equal(HOWMANY(9, 4), 3);
	assert_true(powerof2(1) && powerof2(1ULL << 63));
	assert_false(powerof2(0) || powerof2(6));
	assert_int_equal(imin(-1, 1), -1);
	assert_int_equal(imax(-1, 1), 1);
	assert_int_equal(u32min(1, 0xffffffff), 1);
	assert_int_equal(u32max(1, 0xffffffff), 0xffffffff);
	assert_int_equal(szmin(1, SIZE_MAX), 1);
	assert_true(szmax(1, SIZE_MAX) == SIZE_MAX);
	assert_int_equal(u64min(2, 1), 1);
	assert_int_equal(u64max(2, 1), 2);
}

static void
digits(void **state)
{
	static const char digits16[] = "0123456789abcdef";

	(void)state;
	for (int c = CHAR_MIN; c <= CHAR_MAX; c++) {
		const char *at = c != 0 ? strchr(digits16, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

		assert_int_equal(hexdigit((char)c), at != NULL ? at - digits16 : -1);
	}
}

/* The first numbers from the state 1234567, as the authors' own program prints them. */
static void
generator(void **state)
{
	uint64_t s = 1234567;

	(void)state;
	assert_true(splitmix64(&s) == 6457827717110365317u);
	assert_true(splitmix64(&s) == 3203168211198807973u);
	assert_true(splitmix64(&s) == 9817491932198370423u);
}

static void
byte_order(void **state)
{
	static const uint16_t constant = HTONS(0x1234);	/* usable in initialisers */
	uint8_t b[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)state;
	assert_memory_equal(&constant, "\x12\x34", 2);
	assert_int_equal(NTOHL(HTONL(0x01020304)), 0x01020304);
	assert_int_equal(be16dec(b + 1), 0x0102);
	assert_int_equal(be32dec(b + 1), 0x01020304);
	assert_true(be64dec(b + 1) == 0x0102030405060708ULL);
	assert_true(le64dec(b + 1) == 0x0807060504030201ULL);
	be16enc(b + 1, 0xa1a2);
	assert_memory_equal(b, "\x00\xa1\xa2\x03", 4);
	be32enc(b + 3, 0xb1b2b3b4);
	assert_memory_equal(b, "\x00\xa1\xa2\xb1\xb2\xb3\xb4\x07", 8);
	be64enc(b + 1, 0x1112131415161718ULL);
	assert_memory_equal(b, "\x00\x11\x12\x13\x14\x15\x16\x17\x18\x00", 10);
	u16store(b, HTONS(0x0102));
	u32store(b + 2, HTONL(0x03040506));
	assert_memory_equal(b, "\x01\x02\x03\x04\x05\x06", 6);
	assert_int_equal(u16load(b), HTONS(0x0102));
	assert_int_equal(u32load(b + 2), HTONL(0x03040506));
}

/* RFC 9293 3.4: order holds across the wrap. */
static void
sequence_order(void **state)
{
	static const uint32_t starts[] = { 0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
	static const uint32_t steps[] = { 1, 2, 0xffff, 0x3fffffff, 0x7fffffff };
	uint32_t a, b;
	size_t i, j;

	(void)state;
	for (i = 0; i < NITEMS(starts); i++) {
		a = starts[i];
		assert_true(SEQ_LEQ(a, a) && SEQ_GEQ(a, a));
		assert_false(SEQ_LT(a, a) || SEQ_GT(a, a) || TSTMP_LT(a, a));
		for (j = 0; j < NITEMS(steps); j++) {
			b = a + steps[j];
			assert_true(SEQ_LT(a, b) && SEQ_LEQ(a, b) && SEQ_GT(b, a) && SEQ_GEQ(b, a));
			assert_false(SEQ_LT(b, a) || SEQ_LEQ(b, a));
			assert_true(TSTMP_LT(a, b) && TSTMP_GT(b, a) && TSTMP_GEQ(b, a));
			assert_int_equal(SEQ_MIN(a, b), a);
			assert_int_equal(SEQ_MAX(a, b), b);
			assert_int_equal(seq_diff(b, a), (int32_t)steps[j]);
		}
	}
	assert_true(SEQ_IN(0xffffffff, 0xffffffff, 1) && SEQ_IN(1, 0xffffffff, 3));
	assert_false(SEQ_IN(2, 0xffffffff, 3) || SEQ_IN(5, 5, 0) || SEQ_IN(4, 5, 10));
}

static void
bit_strings(void **state)
{
	BITSTR_DECL(bs, 131);
	size_t i;

	(void)state;
	assert_int_equal(NITEMS(bs), 3);
	memset(bs, 0, sizeof(bs));
	assert_int_equal(bitstr_ffs(bs, 131), -1);
	assert_int_equal(bitstr_ffc(bs, 131), 0);
	bs[2] = ~(uint64_t)0 << 3;		/* only bits that are not ours */
	assert_int_equal(bitstr_ffs(bs, 131), -1);
	assert_int_equal(bitstr_count(bs, 131), 0);
	for (i = 0; i < 131; i++) {
		bitstr_set(bs, i);
		assert_true(bitstr_test(bs, i));
		assert_int_equal(bitstr_count(bs, 131), i + 1);
		assert_int_equal(bitstr_ffc(bs, 131), i == 130 ? -1 : (ptrdiff_t)i + 1);
	}
	for (i = 0; i < 130; i++) {
		bitstr_clear(bs, i);
		assert_false(bitstr_test(bs, i));
		assert_int_equal(bitstr_ffs(bs, 131), (ptrdiff_t)i + 1);
		assert_int_equal(bitstr_find(bs, 131, i + 1, false), -1);
	}
	assert_int_equal(bitstr_find(bs, 131, 131, true), -1);
	assert_int_equal(bitstr_count(bs, 128), 0);
}

/* A failed assertion ends the process by a signal, at once, whatever handler is installed. */
static void
failed_assertion_traps(void **state)
{
	struct rlimit none = { 0, 0 };
	int status;
	pid_t pid;

	(void)state;
	VI_ASSERT(1 + 1 == 2);
	VI_DASSERT(1 + 1 == 2);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		VI_ASSERT(pid != 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(container_and_rounding),
		cmocka_unit_test(digits),
		cmocka_unit_test(generator),
		cmocka_unit_test(byte_order),
		cmocka_unit_test(sequence_order),
		cmocka_unit_test(bit_strings),
		cmocka_unit_test(failed_assertion_traps),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
