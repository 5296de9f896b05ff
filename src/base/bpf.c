/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic packet filter machine.
 *
 * Theory of operation.  A program is accepted if it ends whatever the packet is: jumps go forward only and stay inside, the last instruction
 * returns, constants do not divide by zero or shift by more than a register has, and every path writes a word of the scratch memory before it reads it.  So
 * running it needs no checks but those of the packet's length; a load beyond it makes the result 0, the packet is not wanted.
 *
 * Three regions of negative offsets are not part of the packet: facts about it, and its bytes counted from the network or link header.  An absolute
 * load there is checked to be of a fact that exists; an indexed one that comes out negative may reach headers, but not facts, as on Linux.
 */
#include "base/bpf.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Checking */

/* The instructions there are, one bit for each code; nothing above 0xff is one. */
static bool
bpf_known(uint16_t code)
{
	static const uint8_t known[] = {
		BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_SUB | BPF_X,
		BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_MUL | BPF_X, BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_MOD | BPF_K, BPF_ALU | BPF_MOD | BPF_X, BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_AND | BPF_X,
		BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_OR | BPF_X, BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_XOR | BPF_X,
		BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_LSH | BPF_X, BPF_ALU | BPF_RSH | BPF_K, BPF_ALU | BPF_RSH | BPF_X,
		BPF_ALU | BPF_NEG,
		BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
		BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
		BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LD | BPF_MEM,
		BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_B | BPF_MSH, BPF_LDX | BPF_IMM, BPF_LDX | BPF_MEM,
		BPF_ST, BPF_STX, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_RET | BPF_K, BPF_RET | BPF_A,
		BPF_JMP | BPF_JA, BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JGE | BPF_X,
		BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGT | BPF_X, BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JSET | BPF_X,
	};

	return (code <= 0xff && memchr(known, code, sizeof(known)) != NULL);
}

/* Is the fact there, or the region one of bytes?  Those are from before the facts on. */
static bool
bpf_abs_ok(uint32_t k)
{
	return (k < BPF_OFF_ANC || (k - BPF_OFF_ANC < BPF_ANC_MAX && (k - BPF_OFF_ANC) % 4 == 0));
}

/* n: of instructions from this one on. */
static bool
bpf_insn_ok(const struct vi_bpf_insn *in, unsigned n)
{
	if (!bpf_known(in->bi_code))
		return (false);
	switch (in->bi_code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return (in->bi_k != 0);
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return (in->bi_k < 32);
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return (in->bi_k < BPF_MEMWORDS);
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return (bpf_abs_ok(in->bi_k));
	case BPF_JMP | BPF_JA:
		return (in->bi_k < n - 1);
	default:
		return ((in->bi_code & 7) != BPF_JMP || (in->bi_jt + 1u < n && in->bi_jf + 1u < n));
	}
}

/*
 * Scratch words written on every path to here, one set of bits for each instruction; jumps go forward, so one pass over the program knows them.  A
 * conditional jump reaches no further than 256 instructions; one of the other kind may, and then what it brings is remembered as if it went to all
 * in between, which is never more than is true.
 */
struct bpf_written {
	uint16_t	at[512];	/* of the instructions to come, a ring */
	uint16_t	far;		/* brought by far jumps, to any instruction to come */
};

static void
written_meet(struct bpf_written *bw, unsigned pc, unsigned to, uint16_t set)
{
	if (to - pc < 512)
		bw->at[to % 512] &= set;
	else
		bw->far &= set;
}

static bool
bpf_memory_ok(const struct vi_bpf_insn *in, unsigned n)
{
	struct bpf_written bw;
	uint16_t now = 0;

	memset(&bw, 0xff, sizeof(bw));
	for (unsigned pc = 0; pc < n; pc++, in++) {
		now &= bw.at[pc % 512] & bw.far;
		bw.at[pc % 512] = UINT16_MAX;
		switch (in->bi_code) {
		case BPF_ST:
		case BPF_STX:
			now |= (uint16_t)(1u << in->bi_k);
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if ((now & 1u << in->bi_k) == 0)
				return (false);
			break;
		case BPF_JMP | BPF_JA:
			written_meet(&bw, pc, pc + 1 + in->bi_k, now);
			now = UINT16_MAX;	/* nobody comes to the next from here */
			break;
		default:
			if ((in->bi_code & 7) != BPF_JMP)
				break;
			written_meet(&bw, pc, pc + 1 + in->bi_jt, now);
			written_meet(&bw, pc, pc + 1 + in->bi_jf, now);
			now = UINT16_MAX;
			break;
		}
	}
	return (true);
}

int
bpf_check(const struct vi_bpf_insn *in, unsigned n)
{
	if (n == 0 || n > VI_BPF_MAXINSNS)
		return (EINVAL);
	for (unsigned pc = 0; pc < n; pc++)
		if (!bpf_insn_ok(&in[pc], n - pc))
			return (EINVAL);
	if ((in[n - 1].bi_code & 7) != BPF_RET)
		return (EINVAL);
	return (bpf_memory_ok(in, n) ? 0 : EINVAL);
}

/* Running */

struct bpf_regs {
	uint32_t	a, x;
	uint32_t	mem[BPF_MEMWORDS];
};

/* Where a load is from, counted from bp_data; false: nowhere. */
static bool
bpf_offset(const struct bpf_packet *bp, uint32_t k, uint32_t len, uint32_t *off)
{
	uint64_t at;

	if (k < (uint32_t)INT32_MAX + 1)
		at = (uint64_t)bp->bp_start + k;
	else if (k >= BPF_OFF_NET)
		at = (uint64_t)bp->bp_net + (k - BPF_OFF_NET);
	else if (k >= BPF_OFF_LL)
		at = k - BPF_OFF_LL;
	else
		return (false);
	*off = (uint32_t)at;
	return (at + len <= bp->bp_len);
}

static bool
bpf_bytes(const struct bpf_packet *bp, uint32_t k, unsigned len, uint32_t *out)
{
	uint8_t far[4];
	const uint8_t *p = far;
	uint32_t off, v = 0;

	if (!bpf_offset(bp, k, len, &off))
		return (false);
	if (off + len <= bp->bp_contig)
		p = bp->bp_data + off;
	else if (bp->bp_copy != NULL)
		bp->bp_copy(bp, off, len, far);
	else
		return (false);
	for (unsigned i = 0; i < len; i++)
		v = v << 8 | p[i];
	*out = v;
	return (true);
}

static unsigned
bpf_width(uint16_t code)
{
	return ((code & 0x18) == BPF_W ? 4 : (code & 0x18) == BPF_H ? 2 : 1);
}

/* Loads; false: beyond the packet. */
static bool
bpf_load(struct bpf_regs *r, const struct vi_bpf_insn *in, const struct bpf_packet *bp)
{
	uint32_t v;

	switch (in->bi_code & ~0x18) {
	case BPF_LD | BPF_ABS:
		if (in->bi_k < BPF_OFF_ANC)
			return (bpf_bytes(bp, in->bi_k, bpf_width(in->bi_code), &r->a));
		if (in->bi_k == BPF_OFF_ANC + BPF_ANC_ALU_XOR_X)
			r->a ^= r->x;
		else
			r->a = bp->bp_fact(bp, (enum bpf_anc)(in->bi_k - BPF_OFF_ANC));
		return (true);
	case BPF_LD | BPF_IND:
		v = in->bi_k + r->x;
		return (bpf_bytes(bp, v, bpf_width(in->bi_code), &r->a));
	case BPF_LD | BPF_LEN:
		r->a = bp->bp_len - bp->bp_start;
		return (true);
	case BPF_LD | BPF_IMM:
		r->a = in->bi_k;
		return (true);
	case BPF_LD | BPF_MEM:
		r->a = r->mem[in->bi_k];
		return (true);
	case BPF_LDX | BPF_LEN:
		r->x = bp->bp_len - bp->bp_start;
		return (true);
	case BPF_LDX | BPF_MSH:
		if (!bpf_bytes(bp, in->bi_k, 1, &v))
			return (false);
		r->x = (v & 0xf) << 2;
		return (true);
	case BPF_LDX | BPF_IMM:
		r->x = in->bi_k;
		return (true);
	default:	/* BPF_LDX | BPF_MEM */
		r->x = r->mem[in->bi_k];
		return (true);
	}
}

/* False: a division by the zero that X is. */
static bool
bpf_alu(struct bpf_regs *r, uint16_t code, uint32_t v)
{
	switch (code & 0xf0) {
	case BPF_ADD:
		r->a += v;
		break;
	case BPF_SUB:
		r->a -= v;
		break;
	case BPF_MUL:
		r->a *= v;
		break;
	case BPF_DIV:
	case BPF_MOD:
		if (v == 0)
			return (false);
		r->a = (code & 0xf0) == BPF_DIV ? r->a / v : r->a % v;
		break;
	case BPF_OR:
		r->a |= v;
		break;
	case BPF_AND:
		r->a &= v;
		break;
	case BPF_XOR:
		r->a ^= v;
		break;
	case BPF_LSH:
		r->a <<= v & 31;
		break;
	case BPF_RSH:
		r->a >>= v & 31;
		break;
	default:	/* BPF_NEG */
		r->a = -r->a;
		break;
	}
	return (true);
}

/* How many instructions are passed over. */
static uint32_t
bpf_jump(const struct bpf_regs *r, const struct vi_bpf_insn *in)
{
	const uint32_t v = in->bi_code & BPF_X ? r->x : in->bi_k;
	bool yes;

	switch (in->bi_code & 0xf0) {
	case BPF_JA:
		return (in->bi_k);
	case BPF_JEQ:
		yes = r->a == v;
		break;
	case BPF_JGT:
		yes = r->a > v;
		break;
	case BPF_JGE:
		yes = r->a >= v;
		break;
	default:	/* BPF_JSET */
		yes = (r->a & v) != 0;
		break;
	}
	return (yes ? in->bi_jt : in->bi_jf);
}

uint32_t
bpf_run(const struct vi_bpf_insn *in, const struct bpf_packet *bp)
{
	struct bpf_regs r;

	r.a = r.x = 0;
	for (;; in++) {
		switch (in->bi_code & 7) {
		case BPF_LD:
		case BPF_LDX:
			if (!bpf_load(&r, in, bp))
				return (0);
			break;
		case BPF_ST:
			r.mem[in->bi_k] = r.a;
			break;
		case BPF_STX:
			r.mem[in->bi_k] = r.x;
			break;
		case BPF_ALU:
			if (!bpf_alu(&r, in->bi_code, in->bi_code & BPF_X ? r.x : in->bi_k))
				return (0);
			break;
		case BPF_JMP:
			in += bpf_jump(&r, in);
			break;
		case BPF_RET:
			return ((in->bi_code & 0x18) == BPF_A ? r.a : in->bi_k);
		default:
			if (in->bi_code == (BPF_MISC | BPF_TAX))
				r.x = r.a;
			else
				r.a = r.x;
			break;
		}
	}
}
