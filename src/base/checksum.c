/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/checksum.h"

#include <stdbool.h>
#include <string.h>

/*
 * One's complement addition does not care how wide the words are, so memory is summed 64 bits at a time
 * (RFC 1071 2 C).  Instead of catching carries, two sums run side by side: all (the words, modulo 2**64)
 * and high (their upper halves, exact).  The sum of the lower halves is then all - (high << 32), exact
 * while fewer than 2**32 words were added: three independent additions and shifts per word, nothing
 * that waits for a carry flag, and the same in every vector lane.
 */
struct csum {
	uint64_t	c_all;
	uint64_t	c_high;
};

/* Below this a vector unit does not repay its prologue. */
#define	CKSUM_VECTOR_MIN	128

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

/* The last 0 to 7 bytes as a word whose missing bytes are zero, whichever way the host stores words. */
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
	uint64_t low = c->c_all - (c->c_high << 32), total;

	total = (low & 0xffffffff) + (low >> 32) + (c->c_high & 0xffffffff) + (c->c_high >> 32) + sum;
	total = (total & 0xffffffff) + (total >> 32);
	total = (total & 0xffff) + (total >> 16 & 0xffff) + (total >> 32);
	total = (total & 0xffff) + (total >> 16);
	return ((uint32_t)((total & 0xffff) + (total >> 16)));
}

#if defined(__x86_64__)
typedef uint64_t v4u64 __attribute__((vector_size(32)));

/*
 * The same with four lanes.  A build for any x86-64 carries it and asks the processor; the answer lies
 * in the compiler's own run-time support, so nothing is cached here.
 */
static inline bool
have_avx2(void)
{
	return (__builtin_cpu_supports("avx2"));
}

#define	CSUM_AVX2_STEP(off) do {					\
	v4u64 v_;							\
	memcpy(&v_, p + (off), sizeof(v_));				\
	if (dst != NULL)						\
		memcpy(dst + (off), &v_, sizeof(v_));			\
	all##off += v_;							\
	high##off += v_ >> 32;						\
} while (0)

/* Sums the largest multiple of 128 bytes in len and says how many those were; copies if dst is given. */
static inline __attribute__((always_inline, target("avx2"))) size_t
csum_avx2(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	v4u64 all0 = { 0 }, all32 = { 0 }, all64 = { 0 }, all96 = { 0 };
	v4u64 high0 = { 0 }, high32 = { 0 }, high64 = { 0 }, high96 = { 0 };
	size_t done;

	for (done = 0; len - done >= 128; done += 128) {
		CSUM_AVX2_STEP(0);
		CSUM_AVX2_STEP(32);
		CSUM_AVX2_STEP(64);
		CSUM_AVX2_STEP(96);
		p += 128;
		if (dst != NULL)
			dst += 128;
	}
	all0 += all32 + all64 + all96;
	high0 += high32 + high64 + high96;
	c->c_all += all0[0] + all0[1] + all0[2] + all0[3];
	c->c_high += high0[0] + high0[1] + high0[2] + high0[3];
	return (done);
}

static __attribute__((noinline, target("avx2"))) size_t
csum_avx2_add(struct csum *c, const uint8_t *p, size_t len)
{
	return (csum_avx2(c, NULL, p, len));
}

static __attribute__((noinline, target("avx2"))) size_t
csum_avx2_copy(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	return (csum_avx2(c, dst, p, len));
}
#else
static inline bool
have_avx2(void)
{
	return (false);
}

static size_t
csum_avx2_add(struct csum *c, const uint8_t *p, size_t len)
{
	(void)c, (void)p, (void)len;
	return (0);
}

static size_t
csum_avx2_copy(struct csum *c, uint8_t *restrict dst, const uint8_t *restrict p, size_t len)
{
	(void)c, (void)dst, (void)p, (void)len;
	return (0);
}
#endif

/* Two pairs of sums, so that neither chain of additions is the limit. */
static uint32_t
csum_add(const uint8_t *p, size_t len, uint32_t sum, bool vector)
{
	struct csum a = { 0, 0 }, b = { 0, 0 };
	size_t done;

	if (vector && len >= CKSUM_VECTOR_MIN) {
		done = csum_avx2_add(&a, p, len);
		p += done;
		len -= done;
	}
	for (; len >= 32; p += 32, len -= 32) {
		csum_word(&a, load64(p));
		csum_word(&b, load64(p + 8));
		csum_word(&a, load64(p + 16));
		csum_word(&b, load64(p + 24));
	}
	for (; len >= 8; p += 8, len -= 8)
		csum_word(&a, load64(p));
	csum_word(&a, load_tail(p, len));
	a.c_all += b.c_all;
	a.c_high += b.c_high;
	return (csum_fold(&a, sum));
}

uint32_t
cksum_add(const void *p, size_t len, uint32_t sum)
{
	return (csum_add(p, len, sum, have_avx2()));
}

uint32_t
cksum_add_scalar(const void *p, size_t len, uint32_t sum)
{
	return (csum_add(p, len, sum, false));
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

	if (len >= CKSUM_VECTOR_MIN && have_avx2()) {
		done = csum_avx2_copy(&c, q, p, len);
		p += done;
		q += done;
		len -= done;
	}
	for (; len >= 8; p += 8, q += 8, len -= 8) {
		v = load64(p);
		memcpy(q, &v, sizeof(v));
		csum_word(&c, v);
	}
	csum_word(&c, load_tail(p, len));
	for (; len > 0; len--)
		*q++ = *p++;
	return (csum_fold(&c, sum));
}
