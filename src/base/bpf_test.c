/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bpf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define S(code, k)		{ (code), 0, 0, (uint32_t)(k) }
#define J(code, k, jt, jf)	{ BPF_JMP | (code), (jt), (jf), (uint32_t)(k) }
#define PROG(...)		(const struct vi_bpf_insn[]){ __VA_ARGS__ }, NITEMS(((const struct vi_bpf_insn[]){ __VA_ARGS__ }))

static const uint8_t data[] = { 0x10, 0x21, 0x32, 0x43, 0x54, 0x65, 0x76, 0x87, 0x98, 0xa9, 0xba, 0xcb };

static uint32_t
fact(const struct bpf_packet *bp, enum bpf_anc which)
{
	(void)bp;
	return (1000u + (uint32_t)which);
}

/* The packet's second half is not contiguous. */
static void
copy(const struct bpf_packet *bp, uint32_t off, uint32_t len, uint8_t *dst)
{
	assert_true(off + len <= bp->bp_len && off + len > bp->bp_contig);
	memcpy(dst, data + off, len);
}

static uint32_t
run(const struct vi_bpf_insn *in, size_t n)
{
	const struct bpf_packet bp = { .bp_data = data, .bp_contig = 6, .bp_len = sizeof(data), .bp_start = 2, .bp_net = 4, .bp_copy = copy,
		.bp_fact = fact };

	assert_int_equal(bpf_check(in, (unsigned)n), 0);
	return (bpf_run(in, &bp));
}

static void
loads(void **state)
{
	(void)state;
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, 0), S(BPF_RET | BPF_A, 0))), 0x32);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_H | BPF_ABS, 3), S(BPF_RET | BPF_A, 0))), 0x6576);	/* across the pieces */
	assert_int_equal(run(PROG(S(BPF_LD | BPF_W | BPF_ABS, 6), S(BPF_RET | BPF_A, 0))), 0x98a9bacb);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_W | BPF_ABS, 7), S(BPF_RET | BPF_K, 9))), 0);		/* one byte beyond */
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, 0x7fffffff), S(BPF_RET | BPF_K, 9))), 0);
	assert_int_equal(run(PROG(S(BPF_LDX | BPF_IMM, 2), S(BPF_LD | BPF_B | BPF_IND, 1), S(BPF_RET | BPF_A, 0))), 0x65);
	assert_int_equal(run(PROG(S(BPF_LDX | BPF_IMM, 0xffffffff), S(BPF_LD | BPF_B | BPF_IND, 2), S(BPF_RET | BPF_A, 0))), 0x43);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_LEN, 0), S(BPF_RET | BPF_A, 0))), 10);
	assert_int_equal(run(PROG(S(BPF_LDX | BPF_LEN, 0), S(BPF_MISC | BPF_TXA, 0), S(BPF_RET | BPF_A, 0))), 10);
	assert_int_equal(run(PROG(S(BPF_LDX | BPF_B | BPF_MSH, 3), S(BPF_MISC | BPF_TXA, 0), S(BPF_RET | BPF_A, 0))), 5 << 2);
}

static void
other_regions(void **state)
{
	(void)state;
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, BPF_OFF_NET), S(BPF_RET | BPF_A, 0))), 0x54);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, BPF_OFF_LL), S(BPF_RET | BPF_A, 0))), 0x10);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, BPF_OFF_NET + 8), S(BPF_RET | BPF_K, 9))), 0);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, 0x80000000), S(BPF_RET | BPF_K, 9))), 0);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_B | BPF_ABS, BPF_OFF_ANC + BPF_ANC_VLAN_TAG), S(BPF_RET | BPF_A, 0))), 1044);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, 6), S(BPF_LDX | BPF_IMM, 3), S(BPF_LD | BPF_W | BPF_ABS, BPF_OFF_ANC + BPF_ANC_ALU_XOR_X),
	    S(BPF_RET | BPF_A, 0))), 5);
	/* Facts cannot be come by with an index. */
	assert_int_equal(run(PROG(S(BPF_LDX | BPF_IMM, BPF_OFF_ANC), S(BPF_LD | BPF_W | BPF_IND, 0), S(BPF_RET | BPF_K, 9))), 0);
}

static void
arithmetic(void **state)
{
	static const struct { uint16_t op; uint32_t a, v, want; } t[] = {
		{ BPF_ADD, 0xffffffff, 3, 2 }, { BPF_SUB, 1, 2, 0xffffffff }, { BPF_MUL, 0x10001, 0x10000, 0x10000 }, { BPF_DIV, 7, 2, 3 },
		{ BPF_MOD, 7, 4, 3 }, { BPF_OR, 0xf0, 0x0f, 0xff }, { BPF_AND, 0xfc, 0x3f, 0x3c }, { BPF_XOR, 0xff, 0x0f, 0xf0 },
		{ BPF_LSH, 1, 31, 0x80000000 }, { BPF_RSH, 0x80000000, 31, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NITEMS(t); i++) {
		assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, t[i].a), S(BPF_ALU | t[i].op | BPF_K, t[i].v), S(BPF_RET | BPF_A, 0))), t[i].want);
		assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, t[i].a), S(BPF_LDX | BPF_IMM, t[i].v), S(BPF_ALU | t[i].op | BPF_X, 0),
		    S(BPF_RET | BPF_A, 0))), t[i].want);
	}
	assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, 5), S(BPF_ALU | BPF_NEG, 0), S(BPF_RET | BPF_A, 0))), 0xfffffffb);
	assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, 5), S(BPF_ALU | BPF_DIV | BPF_X, 0), S(BPF_RET | BPF_K, 9))), 0);	/* X is 0 */
	assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, 7), S(BPF_ST, 15), S(BPF_LDX | BPF_MEM, 15), S(BPF_STX, 0), S(BPF_LD | BPF_MEM, 0),
	    S(BPF_MISC | BPF_TAX, 0), S(BPF_MISC | BPF_TXA, 0), S(BPF_RET | BPF_A, 0))), 7);
}

static void
jumps(void **state)
{
	static const struct { uint16_t op; uint32_t a, v; bool want; } t[] = {
		{ BPF_JEQ, 5, 5, true }, { BPF_JEQ, 5, 6, false }, { BPF_JGT, 6, 5, true }, { BPF_JGT, 5, 5, false }, { BPF_JGE, 5, 5, true },
		{ BPF_JGE, 4, 5, false }, { BPF_JSET, 6, 2, true }, { BPF_JSET, 6, 1, false }, { BPF_JGT, 0xffffffff, 1, true },
	};

	(void)state;
	for (size_t i = 0; i < NITEMS(t); i++) {
		assert_int_equal(run(PROG(S(BPF_LD | BPF_IMM, t[i].a), J(t[i].op | BPF_K, t[i].v, 0, 1), S(BPF_RET | BPF_K, 1),
		    S(BPF_RET | BPF_K, 2))), t[i].want ? 1 : 2);
		assert_int_equal(run(PROG(S(BPF_LDX | BPF_IMM, t[i].v), S(BPF_LD | BPF_IMM, t[i].a), J(t[i].op | BPF_X, 0, 1, 0),
		    S(BPF_RET | BPF_K, 2), S(BPF_RET | BPF_K, 1))), t[i].want ? 1 : 2);
	}
	assert_int_equal(run(PROG(J(BPF_JA, 1, 0, 0), S(BPF_RET | BPF_K, 1), S(BPF_RET | BPF_K, 2))), 2);
}

static int
check(const struct vi_bpf_insn *in, size_t n)
{
	return (bpf_check(in, (unsigned)n));
}

static void
refused(void **state)
{
	(void)state;
	assert_int_equal(bpf_check(NULL, 0), EINVAL);
	assert_int_equal(check(PROG(S(BPF_LD | BPF_IMM, 1))), EINVAL);					/* it does not end */
	assert_int_equal(check(PROG(S(0x1000 | BPF_RET, 1))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_LD | BPF_LEN | BPF_H, 0), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_LDX | BPF_ABS, 0), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_RET | BPF_X, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_ALU | BPF_DIV | BPF_K, 0), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_ALU | BPF_MOD | BPF_K, 0), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_ALU | BPF_LSH | BPF_K, 32), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_ST, 16), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_LD | BPF_MEM, 0), S(BPF_RET | BPF_K, 0))), EINVAL);		/* never written */
	assert_int_equal(check(PROG(J(BPF_JA, 1, 0, 0), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(J(BPF_JA, 0xffffffff, 0, 0), S(BPF_RET | BPF_K, 0))), EINVAL);	/* backwards */
	assert_int_equal(check(PROG(J(BPF_JEQ, 0, 1, 0), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(J(BPF_JEQ, 0, 0, 1), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_LD | BPF_W | BPF_ABS, BPF_OFF_ANC + BPF_ANC_MAX), S(BPF_RET | BPF_K, 0))), EINVAL);
	assert_int_equal(check(PROG(S(BPF_LD | BPF_W | BPF_ABS, BPF_OFF_ANC + 1), S(BPF_RET | BPF_K, 0))), EINVAL);
	/* Written on one of two ways only. */
	assert_int_equal(check(PROG(J(BPF_JEQ, 0, 0, 1), S(BPF_ST, 3), S(BPF_LD | BPF_MEM, 3), S(BPF_RET | BPF_A, 0))), EINVAL);
	assert_int_equal(check(PROG(J(BPF_JEQ, 0, 0, 2), S(BPF_ST, 3), J(BPF_JA, 1, 0, 0), S(BPF_ST, 3), S(BPF_LD | BPF_MEM, 3),
	    S(BPF_RET | BPF_A, 0))), 0);
}

/* The longest program, with a jump over most of it. */
static void
longest(void **state)
{
	static struct vi_bpf_insn in[VI_BPF_MAXINSNS + 1];

	(void)state;
	for (size_t i = 0; i < NITEMS(in); i++)
		in[i] = (struct vi_bpf_insn){ BPF_RET | BPF_K, 0, 0, (uint32_t)i };
	in[0] = (struct vi_bpf_insn){ BPF_ST, 0, 0, 1 };
	in[1] = (struct vi_bpf_insn){ BPF_JMP | BPF_JA, 0, 0, VI_BPF_MAXINSNS - 4 };
	in[VI_BPF_MAXINSNS - 2] = (struct vi_bpf_insn){ BPF_LD | BPF_MEM, 0, 0, 1 };
	assert_int_equal(run(in, VI_BPF_MAXINSNS), VI_BPF_MAXINSNS - 1);
	in[VI_BPF_MAXINSNS - 2].bi_k = 2;
	assert_int_equal(bpf_check(in, VI_BPF_MAXINSNS), EINVAL);
	in[VI_BPF_MAXINSNS - 2].bi_k = 1;
	assert_int_equal(bpf_check(in, VI_BPF_MAXINSNS + 1), EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads),
		cmocka_unit_test(other_regions),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(jumps),
		cmocka_unit_test(refused),
		cmocka_unit_test(longest),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
