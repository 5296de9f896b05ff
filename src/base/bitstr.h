/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_BITSTR_H
#define BASE_BITSTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bit strings over a caller's array of 64-bit words; bits past nbits in the last word are never
 * read.
 */
#define	BITSTR_WORDS(nbits)	(((size_t)(nbits) + 63) / 64)
#define	BITSTR_DECL(name, nbits) uint64_t name[BITSTR_WORDS(nbits)]

static inline void
bitstr_set(uint64_t *bs, size_t bit)
{
	bs[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static inline void
bitstr_clear(uint64_t *bs, size_t bit)
{
	bs[bit / 64] &= ~((uint64_t)1 << (bit % 64));
}

static inline bool
bitstr_test(const uint64_t *bs, size_t bit)
{
	return ((bs[bit / 64] >> (bit % 64) & 1) != 0);
}

/* The first bit at or after start that has the value, or -1. */
static inline ptrdiff_t
bitstr_find(const uint64_t *bs, size_t nbits, size_t start, bool value)
{
	uint64_t flip = value ? 0 : ~(uint64_t)0, word;
	size_t bit;

	while (start < nbits) {
		word = (bs[start / 64] ^ flip) >> (start % 64);
		if (word != 0) {
			bit = start + (size_t)__builtin_ctzll(word);
			return (bit < nbits ? (ptrdiff_t)bit : -1);
		}
		start = (start / 64 + 1) * 64;
	}
	return (-1);
}

/* First set and first clear bit, or -1. */
static inline ptrdiff_t
bitstr_ffs(const uint64_t *bs, size_t nbits)
{
	return (bitstr_find(bs, nbits, 0, true));
}

static inline ptrdiff_t
bitstr_ffc(const uint64_t *bs, size_t nbits)
{
	return (bitstr_find(bs, nbits, 0, false));
}

/* The number of bits set. */
static inline size_t
bitstr_count(const uint64_t *bs, size_t nbits)
{
	size_t n = 0, w;

	for (w = 0; w < nbits / 64; w++)
		n += (size_t)__builtin_popcountll(bs[w]);
	if (nbits % 64 != 0)
		n += (size_t)__builtin_popcountll(bs[w] & (((uint64_t)1 << (nbits % 64)) - 1));
	return (n);
}

#endif /* BASE_BITSTR_H */
