/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/checksum.h"

#include <stdbool.h>
#include <string.h>

/*
 * One's complement addition does not care how wide the words are, so memory is summed 64 bits at
 * a time (RFC 1071 2 C).  Instead of catching carries, two sums run side by side: all (the words,
 * modulo 2**64) and high (their upper halves, exact).  The sum of the lower halves is then all -
 * (high << 32), exact while fewer than 2**32 words were added: three independent additions and
 * shifts per word, nothing that waits for a carry flag, and the same in every vector lane.
 */
struct csum {
	uint64_t	c_all;
	uint64_t	c_high;
};

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

/*
 * The last 0 to 7 bytes as a word whose missing bytes are zero, whichever way the host stores
 * words.
 */
static inline uint64_t
load_tail(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	uint32_t w;
	uint16_t h;

	if ((len & 4) != 0) {
		memcpy(&w, p, sizeof(w));
		v += w;
		p += 4;
	}
	if ((len & 2) != 0) {
		memcpy(&h, p, sizeof(h));
		v += h;
		p += 2;
	}
	if ((len & 1) != 0) {
		h = 0;
		memcpy(&h, p, 1);
		v += h;
	}
	return (v);
}

static inline void
csum_word(struct csum *c, uint64_t v)
{
	c->c_all += v;
	c->c_high += v >> 32;
}

/* Folds both sums, and what came in, to 16 bits. */
static inline uint32_t
csum_fold(const struct csum *c, uint32_t sum)
{
	uint64_t high = c->c_high, low = c->c_all - (high << 32), total;

	total = (low & 0xffffffff) + (low >> 32) + (high & 0xffffffff) + (high >> 32) + sum;
	total = (total & 0xffffffff) + (total >> 32);
	total = (total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32);
	total = (total & 0xffff) + (total >> 16);
	return ((uint32_t)((total & 0xffff) + (total >> 16)));
}

/*
 * Lanes for the long middle of a buffer.  Two fit a register of every processor we know and are
 * what a plain build runs; four are for AVX2, which an x86-64 build carries along and uses after
 * asking the processor.  The answer lies in the compiler's own run-time support, so nothing is
 * cached here.
 */
typedef uint64_t v2u64 __attribute__((vector_size(16)));
typedef uint64_t v4u64 __attribute__((vector_size(32)));

#define	LANES_STEP(type, n) do {					\
	type v_;							\
	memcpy(&v_, p + (n) * sizeof(v_), sizeof(v_));			\
	if (dst != NULL)						\
		memcpy(dst + (n) * sizeof(v_), &v_, sizeof(v_));	\
	all[(n) % 4] += v_;						\
	high[(n) % 4] += v_ >> 32;					\
} while (0)

/*
 * Sums, and copies if dst is given, whole strides of four vectors; says how many bytes those
 * were.
 */
static inline __attribute__((always_inline)) size_t
csum_lanes2(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	v2u64 all[4] = { { 0 } }, high[4] = { { 0 } };
	const size_t stride = 4 * sizeof(v2u64);
	size_t left;

	for (left = len; left >= stride; left -= stride) {
		LANES_STEP(v2u64, 0);
		LANES_STEP(v2u64, 1);
		LANES_STEP(v2u64, 2);
		LANES_STEP(v2u64, 3);
		p += stride;
		if (dst != NULL)
			dst += stride;
	}
	all[0] += all[1] + all[2] + all[3];
	high[0] += high[1] + high[2] + high[3];
	c->c_all += all[0][0] + all[0][1];
	c->c_high += high[0][0] + high[0][1];
	return (len - left);
}

#if defined(__x86_64__)
#define	CKSUM_AVX2_MIN	256	/* below this the wider registers do not pay */

static inline bool
have_avx2(void)
{
	return (__builtin_cpu_supports("avx2"));
}

static inline __attribute__((always_inline, target("avx2"))) size_t
csum_lanes4(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	v4u64 all[4] = { { 0 } }, high[4] = { { 0 } };
	const size_t stride = 4 * sizeof(v4u64);
	size_t left;

	for (left = len; left >= stride; left -= stride) {
		LANES_STEP(v4u64, 0);
		LANES_STEP(v4u64, 1);
		LANES_STEP(v4u64, 2);
		LANES_STEP(v4u64, 3);
		p += stride;
		if (dst != NULL)
			dst += stride;
	}
	all[0] += all[1] + all[2] + all[3];
	high[0] += high[1] + high[2] + high[3];
	c->c_all += all[0][0] + all[0][1] + all[0][2] + all[0][3];
	c->c_high += high[0][0] + high[0][1] + high[0][2] + high[0][3];
	return (len - left);
}

static __attribute__((noinline, target("avx2"))) size_t
csum_avx2_add(struct csum *c, const uint8_t *p, size_t len)
{
	return (csum_lanes4(c, NULL, p, len));
}

static __attribute__((noinline, target("avx2"))) size_t
csum_avx2_copy(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	return (csum_lanes4(c, dst, p, len));
}

/* The AVX2 part of a buffer: its length, or 0. */
static inline size_t
csum_wide_add(struct csum *c, const uint8_t *p, size_t len)
{
	return (len >= CKSUM_AVX2_MIN && have_avx2() ? csum_avx2_add(c, p, len) : 0);
}

static inline size_t
csum_wide_copy(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	return (len >= CKSUM_AVX2_MIN && have_avx2() ? csum_avx2_copy(c, dst, p, len) : 0);
}
#else
static inline size_t
csum_wide_add(struct csum *c, const uint8_t *p, size_t len)
{
	(void)c, (void)p, (void)len;
	return (0);
}

static inline size_t
csum_wide_copy(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	(void)c, (void)dst, (void)p, (void)len;
	return (0);
}
#endif

/* Everything the wide lanes left. */
static inline __attribute__((always_inline)) uint32_t
csum_rest(struct csum *c, const uint8_t *p, size_t len, uint32_t sum)
{
	size_t done;

	if (len >= 64) {
		done = csum_lanes2(c, NULL, p, len);
		p += done;
		len -= done;
	}
	for (; len >= 8; p += 8, len -= 8)
		csum_word(c, load64(p));
	csum_word(c, load_tail(p, len));
	return (csum_fold(c, sum));
}

uint32_t
cksum_add(const void *p, size_t len, uint32_t sum)
{
	struct csum c = { 0, 0 };
	const uint8_t *q = p;
	size_t done;

	done = csum_wide_add(&c, q, len);
	if (done > 0)		/* p may be NULL when len is 0 */
		q += done;
	return (csum_rest(&c, q, len - done, sum));
}

uint32_t
cksum_add_plain(const void *p, size_t len, uint32_t sum)
{
	struct csum c = { 0, 0 };

	return (csum_rest(&c, p, len, sum));
}

uint32_t
cksum_add_odd(const void *p, size_t len, uint32_t sum)
{
	return (cksum_reduce(cksum_swap(cksum_add(p, len, 0)) + cksum_reduce(sum)));
}

uint32_t
cksum_copy(void *restrict dst, const void *restrict src, size_t len, uint32_t sum)
{
	struct csum c = { 0, 0 };
	const uint8_t *p = src;
	uint8_t *q = dst;
	uint64_t v;
	size_t done;

	done = csum_wide_copy(&c, q, p, len);
	if (len - done >= 64)
		done += csum_lanes2(&c, q + done, p + done, len - done);
	if (done > 0) {
		p += done;
		q += done;
	}
	for (len -= done; len >= 8; p += 8, q += 8, len -= 8) {
		v = load64(p);
		memcpy(q, &v, sizeof(v));
		csum_word(&c, v);
	}
	csum_word(&c, load_tail(p, len));
	for (; len > 0; len--)
		*q++ = *p++;
	return (csum_fold(&c, sum));
}
