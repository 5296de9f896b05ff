/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The Internet checksum (RFC 1071).  A partial sum is a one's complement sum of 16-bit words as
 * they lie in memory, so that neither side converts byte order and cksum_fold()'s result is
 * stored as it is.  Every function that returns a partial sum returns at most 0xffff: tens of
 * thousands of them, and of 16-bit fields in network order, may be added with a plain + before
 * the next call or the fold.
 *
 *	sum = in_pseudo(...);			start, or 0
 *	sum = cksum_add(p, len, sum);		the whole, or the first piece
 *	sum = cksum_add_at(q, qlen, sum, len);	a piece that starts len bytes into the message
 *	field = cksum_fold(sum);		to send; on receipt it is zero when all is well
 */

/*
 * Adds len bytes at p that start at an even offset of the message; an odd last byte is padded by
 * zero.
 */
uint32_t cksum_add(const void *p, size_t len, uint32_t sum);

/* The same as on a processor without AVX2; callable so that it stays tested. */
uint32_t cksum_add_plain(const void *p, size_t len, uint32_t sum);

/* cksum_add() for bytes that start at an odd offset. */
uint32_t cksum_add_odd(const void *p, size_t len, uint32_t sum);

/* Copies len bytes (the areas do not overlap) and returns what cksum_add(src, len, sum) would. */
uint32_t cksum_copy(void *restrict dst, const void *restrict src, size_t len, uint32_t sum);

/* Adds a piece that starts off bytes into the message. */
static inline uint32_t
cksum_add_at(const void *p, size_t len, uint32_t sum, size_t off)
{
	return ((off & 1) != 0 ? cksum_add_odd(p, len, sum) : cksum_add(p, len, sum));
}

/*
 * Brings a partial sum into 16 bits, not complemented: what a "sum still to be finished" field
 * holds.
 */
static inline uint16_t
cksum_reduce(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return ((uint16_t)sum);
}

/*
 * Ends a sum: the value for the checksum field; over a message that includes its checksum, 0 if
 * right.
 */
static inline uint16_t
cksum_fold(uint32_t sum)
{
	return ((uint16_t)~cksum_reduce(sum));
}

/*
 * A sum computed as if at an even offset, moved to an odd one, and back (RFC 1071 2 B: byte
 * swapping).
 */
static inline uint32_t
cksum_swap(uint32_t sum)
{
	return (__builtin_bswap16(cksum_reduce(sum)));
}

/*
 * The checksum field after one 16-bit field of the message went from old to new, all in network
 * order: HC' = ~(~HC + ~m + m'), RFC 1624 equation 3, which unlike RFC 1141's has no trouble with
 * zero.
 */
static inline uint16_t
cksum_update16(uint16_t cksum, uint16_t old, uint16_t new)
{
	return (cksum_fold((uint32_t)(uint16_t)~cksum + (uint16_t)~old + new));
}

static inline uint16_t
cksum_update32(uint16_t cksum, uint32_t old, uint32_t new)
{
	return (cksum_fold((uint32_t)(uint16_t)~cksum +
	    (uint16_t)~(old & 0xffff) + (uint16_t)~(old >> 16) +
	    (new & 0xffff) + (new >> 16)));
}

#endif /* BASE_CHECKSUM_H */
