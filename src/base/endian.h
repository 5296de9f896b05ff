/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ENDIAN_H
#define BASE_ENDIAN_H

#include <stdint.h>
#include <string.h>

/*
 * Byte order conversions that are constant expressions for constant arguments (case labels,
 * tables).
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define	HTONS(x)	((uint16_t)__builtin_bswap16((uint16_t)(x)))
#define	HTONL(x)	((uint32_t)__builtin_bswap32((uint32_t)(x)))
#define	HTONLL(x)	((uint64_t)__builtin_bswap64((uint64_t)(x)))
#define	HTOLE64(x)	((uint64_t)(x))
#define	LE32TOH(x)	((uint32_t)(x))
#define	LE16TOH(x)	((uint16_t)(x))
#else
#define	HTONS(x)	((uint16_t)(x))
#define	HTONL(x)	((uint32_t)(x))
#define	HTONLL(x)	((uint64_t)(x))
#define	HTOLE64(x)	((uint64_t)__builtin_bswap64((uint64_t)(x)))
#define	LE32TOH(x)	((uint32_t)__builtin_bswap32((uint32_t)(x)))
#define	LE16TOH(x)	((uint16_t)__builtin_bswap16((uint16_t)(x)))
#endif
#define	NTOHS(x)	HTONS(x)
#define	NTOHL(x)	HTONL(x)
#define	NTOHLL(x)	HTONLL(x)
#define	LE64TOH(x)	HTOLE64(x)

/* Loads and stores at any alignment; memcpy of a fixed size is one instruction. */
static inline uint16_t
be16dec(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return (NTOHS(v));
}

static inline uint32_t
be32dec(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (NTOHL(v));
}

static inline uint64_t
be64dec(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (NTOHLL(v));
}

static inline void
be16enc(void *p, uint16_t v)
{
	v = HTONS(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be32enc(void *p, uint32_t v)
{
	v = HTONL(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be64enc(void *p, uint64_t v)
{
	v = HTONLL(v);
	memcpy(p, &v, sizeof(v));
}

/* The same without conversion: a field already in network order that stays so. */
static inline uint16_t
u16load(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

static inline uint32_t
u32load(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (v);
}

static inline void
u16store(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void
u32store(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline uint64_t
le64dec(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (LE64TOH(v));
}

#endif /* BASE_ENDIAN_H */
