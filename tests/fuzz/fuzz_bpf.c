/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the filter machine: the first byte says how many instructions follow, the second how much of the packet behind them is contiguous.  Program and
 * contiguous bytes are handed over in blocks of exactly their size.  Besides not crashing, a program that was accepted ends, reads the packet only where there
 * is one, asks for facts that exist, and says the same again however the packet is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bpf.h"
#include "tests/fuzz/target.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vi_bpf_insn *in;
	uint32_t len, contig;
	unsigned n;

	if (size < 2 || (n = data[0]) == 0 || size - 2 < n * sizeof(*in))
		return (0);
	if ((in = malloc(n * sizeof(*in))) == NULL)
		return (0);
	memcpy(in, data + 2, n * sizeof(*in));
	if (bpf_check(in, n) == 0) {
		len = (uint32_t)(size - 2 - n * sizeof(*in));
		contig = data[1] < len ? data[1] : len;
		if (run(in, data + size - len, len, contig) != run(in, data + size - len, len, len))
			abort();
	}
	free(in);
	return (0);
}
