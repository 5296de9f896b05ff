/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012), 64-bit output.  2-4
 * where the result leaves the machine or must not be guessed (SYN cookies, initial sequence
 * numbers, ports); 1-3 where it only spreads hash chains under attack (pcb, route and flow
 * tables).
 */
struct siphash_key {
	uint64_t	sk_k0;
	uint64_t	sk_k1;
};

/* Sets the key from 16 bytes, in the order of the paper. */
void siphash_key_init(struct siphash_key *sk, const uint8_t bytes[16]);

uint64_t siphash24(const struct siphash_key *sk, const void *p, size_t len);
uint64_t siphash13(const struct siphash_key *sk, const void *p, size_t len);

/*
 * Of the twelve bytes laddr, faddr, lport, fport as they lie in memory: the same values siphash13() and siphash24()
 * give for them, without a loop.
 */
uint64_t siphash13_flow4(const struct siphash_key *sk, uint32_t laddr, uint32_t faddr, uint16_t lport, uint16_t fport);
uint64_t siphash24_flow4(const struct siphash_key *sk, uint32_t laddr, uint32_t faddr, uint16_t lport, uint16_t fport);

#endif /* BASE_SIPHASH_H */
