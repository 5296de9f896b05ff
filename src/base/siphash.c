/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include "base/endian.h"

struct sipstate {
	uint64_t	v0, v1, v2, v3;
};

static inline uint64_t
rotl64(uint64_t x, unsigned int n)
{
	return (x << n | x >> (64 - n));
}

/* Section 2.2 of the paper, figure 2.1. */
static inline void
sip_round(struct sipstate *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotl64(s->v1, 13) ^ s->v0;
	s->v3 = rotl64(s->v3, 16) ^ s->v2;
	s->v0 = rotl64(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotl64(s->v1, 17) ^ s->v2;
	s->v3 = rotl64(s->v3, 21) ^ s->v0;
	s->v2 = rotl64(s->v2, 32);
}

static inline void
sip_init(struct sipstate *s, const struct siphash_key *sk)
{
	s->v0 = sk->sk_k0 ^ 0x736f6d6570736575ULL;
	s->v1 = sk->sk_k1 ^ 0x646f72616e646f6dULL;
	s->v2 = sk->sk_k0 ^ 0x6c7967656e657261ULL;
	s->v3 = sk->sk_k1 ^ 0x7465646279746573ULL;
}

static inline void
sip_word(struct sipstate *s, uint64_t m, int crounds)
{
	s->v3 ^= m;
	while (crounds-- > 0)
		sip_round(s);
	s->v0 ^= m;
}

static inline uint64_t
sip_final(struct sipstate *s, int drounds)
{
	s->v2 ^= 0xff;
	while (drounds-- > 0)
		sip_round(s);
	return (s->v0 ^ s->v1 ^ s->v2 ^ s->v3);
}

/* The last word: the bytes left over and, on top, the length modulo 256. */
static inline uint64_t
sip_tail(const uint8_t *p, size_t total)
{
	uint64_t m = (uint64_t)total << 56;
	size_t i;

	for (i = 0; i < total % 8; i++)
		m |= (uint64_t)p[i] << (8 * i);
	return (m);
}

static inline uint64_t
siphash(const struct siphash_key *sk, const uint8_t *p, size_t len, int crounds, int drounds)
{
	struct sipstate s;
	size_t n;

	sip_init(&s, sk);
	for (n = len / 8; n > 0; n--, p += 8)
		sip_word(&s, le64dec(p), crounds);
	sip_word(&s, sip_tail(p, len), crounds);
	return (sip_final(&s, drounds));
}

void
siphash_key_init(struct siphash_key *sk, const uint8_t bytes[16])
{
	sk->sk_k0 = le64dec(bytes);
	sk->sk_k1 = le64dec(bytes + 8);
}

uint64_t
siphash24(const struct siphash_key *sk, const void *p, size_t len)
{
	return (siphash(sk, p, len, 2, 4));
}

uint64_t
siphash13(const struct siphash_key *sk, const void *p, size_t len)
{
	return (siphash(sk, p, len, 1, 3));
}

/* The length byte is the last of the last word.  Through memory, a load of eight bytes would wait for the stores of its parts. */
static inline uint64_t
sip_flow4(const struct siphash_key *sk, uint32_t laddr, uint32_t faddr, uint16_t lport, uint16_t fport, int crounds, int drounds)
{
	struct sipstate s;

	sip_init(&s, sk);
	sip_word(&s, LE32TOH(laddr) | (uint64_t)LE32TOH(faddr) << 32, crounds);
	sip_word(&s, LE16TOH(lport) | (uint64_t)LE16TOH(fport) << 16 | (uint64_t)12 << 56, crounds);
	return (sip_final(&s, drounds));
}

uint64_t
siphash13_flow4(const struct siphash_key *sk, uint32_t laddr, uint32_t faddr, uint16_t lport, uint16_t fport)
{
	return (sip_flow4(sk, laddr, faddr, lport, fport, 1, 3));
}

uint64_t
siphash24_flow4(const struct siphash_key *sk, uint32_t laddr, uint32_t faddr, uint16_t lport, uint16_t fport)
{
	return (sip_flow4(sk, laddr, faddr, lport, fport, 2, 4));
}
