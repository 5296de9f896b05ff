/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic packet filter machine: programs of struct vi_bpf_insn, checked once and then run on packets.
 *
 * S. McCanne, V. Jacobson, "The BSD Packet Filter", USENIX Winter 1993; with the loads from negative offsets that Linux added, because compilers
 * of filters emit them.
 */
#ifndef BASE_BPF_H
#define BASE_BPF_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/socket.h>

#define BPF_MEMWORDS	16

enum {	/* parts of bi_code */
	BPF_LD = 0x00, BPF_LDX = 0x01, BPF_ST = 0x02, BPF_STX = 0x03, BPF_ALU = 0x04, BPF_JMP = 0x05, BPF_RET = 0x06, BPF_MISC = 0x07,
	BPF_W = 0x00, BPF_H = 0x08, BPF_B = 0x10,
	BPF_IMM = 0x00, BPF_ABS = 0x20, BPF_IND = 0x40, BPF_MEM = 0x60, BPF_LEN = 0x80, BPF_MSH = 0xa0,
	BPF_ADD = 0x00, BPF_SUB = 0x10, BPF_MUL = 0x20, BPF_DIV = 0x30, BPF_OR = 0x40, BPF_AND = 0x50, BPF_LSH = 0x60, BPF_RSH = 0x70,
	BPF_NEG = 0x80, BPF_MOD = 0x90, BPF_XOR = 0xa0,
	BPF_JA = 0x00, BPF_JEQ = 0x10, BPF_JGT = 0x20, BPF_JGE = 0x30, BPF_JSET = 0x40,
	BPF_K = 0x00, BPF_X = 0x08, BPF_A = 0x10,
	BPF_TAX = 0x00, BPF_TXA = 0x80,
};

/* Loads from here on are not of the packet's bytes as they follow each other. */
#define BPF_OFF_ANC	0xfffff000u	/* facts about the packet: enum bpf_anc */
#define BPF_OFF_NET	0xfff00000u	/* bytes from the network header on */
#define BPF_OFF_LL	0xffe00000u	/* bytes from the link header on */

enum bpf_anc {
	BPF_ANC_PROTOCOL = 0, BPF_ANC_PKTTYPE = 4, BPF_ANC_IFINDEX = 8, BPF_ANC_NLATTR = 12, BPF_ANC_NLATTR_NEST = 16,
	BPF_ANC_MARK = 20, BPF_ANC_QUEUE = 24, BPF_ANC_HATYPE = 28, BPF_ANC_RXHASH = 32, BPF_ANC_CPU = 36, BPF_ANC_ALU_XOR_X = 40,
	BPF_ANC_VLAN_TAG = 44, BPF_ANC_VLAN_TAG_PRESENT = 48, BPF_ANC_PAY_OFFSET = 52, BPF_ANC_RANDOM = 56, BPF_ANC_VLAN_TPID = 60,
	BPF_ANC_MAX = 64,
};

struct bpf_packet {
	const uint8_t	*bp_data;	/* the first bp_contig bytes, link header included if there is one */
	uint32_t	 bp_contig;
	uint32_t	 bp_len;	/* of all */
	uint32_t	 bp_start;	/* what the filter calls 0 */
	uint32_t	 bp_net;	/* where the network header is */
	/* Bytes that are not in bp_data; within bp_len.  NULL: there are none. */
	void		(*bp_copy)(const struct bpf_packet *, uint32_t off, uint32_t len, uint8_t *);
	/* One fact of enum bpf_anc. */
	uint32_t	(*bp_fact)(const struct bpf_packet *, enum bpf_anc);
	const void	*bp_arg;
};

/* EINVAL: it would read what was never written, jump out of itself, divide by 0, never return, or is too long (VI_BPF_MAXINSNS) or unknown. */
int	 bpf_check(const struct vi_bpf_insn *, unsigned n);
/* Of a program that was checked: how many bytes are wanted, 0: none. */
uint32_t bpf_run(const struct vi_bpf_insn *, const struct bpf_packet *);

#endif
