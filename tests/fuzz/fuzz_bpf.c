/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the filter machine: the first byte says how many instructions follow, the second how much of the packet behind them is contiguous.  Program and
 * contiguous bytes are handed over in blocks of exactly their size.  With MEND in the first byte most programs pass: codes are taken from those there are, jumps
 * stay inside, the last instruction returns; and it is eight times as long as its instructions, which come again and again, so that jumps may be far.
 *
 * Besides not crashing, a program that was accepted ends, reads the packet only where there is one, asks for facts that exist, and says the same again however
 * the packet is cut and whatever its scratch memory was before.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bpf.h"
#include "base/util.h"
#include "tests/fuzz/target.h"

enum { MEND = 0x80 };

static uint32_t
fact(const struct bpf_packet *bp, enum bpf_anc which)
{
	if ((unsigned)which >= BPF_ANC_MAX || which % 4 != 0 || which == BPF_ANC_ALU_XOR_X)
		abort();
	return (bp->bp_len * 2654435761u + (uint32_t)which);
}

static void
copy(const struct bpf_packet *bp, uint32_t off, uint32_t len, uint8_t *dst)
{
	if (len == 0 || len > 4 || off > bp->bp_len || len > bp->bp_len - off)
		abort();
	memcpy(dst, (const uint8_t *)bp->bp_arg + off, len);
}

static uint32_t
run(const struct vi_bpf_insn *in, const uint8_t *packet, uint32_t len, uint32_t contig)
{
	uint8_t *head = malloc(contig > 0 ? contig : 1);
	struct bpf_packet bp = { .bp_data = head, .bp_contig = contig, .bp_len = len, .bp_start = len > 20 ? 14 : 0, .bp_net = len > 20 ? 14 : 0,
		.bp_copy = copy, .bp_fact = fact, .bp_arg = packet };
	uint32_t result;

	if (head == NULL)
		return (0);
	memcpy(head, packet, contig);
	result = bpf_run(in, &bp);
	free(head);
	return (result);
}

/* Other bytes where the scratch memory of the next run will be. */
static __attribute__((noinline)) void
soil(uint8_t with)
{
	volatile uint8_t stack[1024];

	for (size_t i = 0; i < sizeof(stack); i++)
		stack[i] = with;
}

static void
mend(struct vi_bpf_insn *in, unsigned left)
{
	static const uint8_t codes[] = { 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x00, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c, 0x24,
		0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d,
		0x07, 0x87, 0x06, 0x16 };

	in->bi_code = left == 1 ? BPF_RET | BPF_A : codes[in->bi_code % NITEMS(codes)];
	if ((in->bi_code & 7) != BPF_JMP)
		return;
	in->bi_jt = (uint8_t)(in->bi_jt % (left - 1));
	in->bi_jf = (uint8_t)(in->bi_jf % (left - 1));
	if (in->bi_code == (BPF_JMP | BPF_JA))
		in->bi_k %= left - 1;
}

/* The program of an input; what it is made of is passed over. */
static struct vi_bpf_insn *
program(const uint8_t **p, size_t *size, unsigned *n)
{
	const bool mended = ((*p)[0] & MEND) != 0;
	const unsigned given = (unsigned)szmin((*p)[0] & ~MEND, (*size - 2) / sizeof(struct vi_bpf_insn));
	struct vi_bpf_insn *in;

	*n = mended ? given * 8 : given;
	if (given == 0 || (in = malloc(*n * sizeof(*in))) == NULL)
		return (NULL);
	for (unsigned i = 0; i < *n; i++) {
		memcpy(&in[i], *p + 2 + i % given * sizeof(*in), sizeof(*in));
		if (mended)
			mend(&in[i], *n - i);
	}
	*p += 2 + given * sizeof(*in);
	*size -= 2 + given * sizeof(*in);
	return (in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t cut = size >= 2 ? data[1] : 0;
	struct vi_bpf_insn *in;
	uint32_t whole, pieces, len;
	unsigned n;

	if (size < 2 || (in = program(&data, &size, &n)) == NULL)
		return (0);
	len = (uint32_t)size;
	if (bpf_check(in, n) == 0) {
		soil(0x11);
		whole = run(in, data, len, len);
		soil(0xee);
		pieces = run(in, data, len, cut < len ? cut : len);
		REQUIRE(whole == pieces);
	}
	free(in);
	return (0);
}
