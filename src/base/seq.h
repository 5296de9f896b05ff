/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sequence number arithmetic modulo 2**32 (RFC 9293 3.4): a is before b when the signed distance
 * from b to a is negative.  Numbers exactly 2**31 apart are before each other both ways and so
 * have no order; callers never compare further apart than a window.
 */
static inline int32_t
seq_diff(uint32_t a, uint32_t b)
{
	return ((int32_t)(a - b));
}

static inline bool
SEQ_LT(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) < 0);
}

static inline bool
SEQ_LEQ(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) <= 0);
}

static inline bool
SEQ_GT(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) > 0);
}

static inline bool
SEQ_GEQ(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) >= 0);
}

static inline uint32_t
SEQ_MIN(uint32_t a, uint32_t b)
{
	return (SEQ_LT(a, b) ? a : b);
}

static inline uint32_t
SEQ_MAX(uint32_t a, uint32_t b)
{
	return (SEQ_GT(a, b) ? a : b);
}

/* Is x in the closed-open interval [lo, lo + len)?  Exact for every len, unlike two comparisons. */
static inline bool
SEQ_IN(uint32_t x, uint32_t lo, uint32_t len)
{
	return (x - lo < len);
}

/* Timestamps live in the same circular space (RFC 7323 5.2). */
static inline bool
TSTMP_LT(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) < 0);
}

static inline bool
TSTMP_GT(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) > 0);
}

static inline bool
TSTMP_GEQ(uint32_t a, uint32_t b)
{
	return (seq_diff(a, b) >= 0);
}

#endif /* BASE_SEQ_H */
