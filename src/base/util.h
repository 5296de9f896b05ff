/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/*
 * The structure of the given type whose member is at ptr; a pointer to another member type is an
 * error.
 */
#define	CONTAINER_OF(ptr, type, member)					\
	((type *)(void *)((char *)(1 ? (ptr) : &((type *)0)->member) -	\
	    offsetof(type, member)))

#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* Spelled token for token as <sys/param.h> has them, so that a host file may see both. */
#ifndef MIN
#define	MIN(a,b) (((a)<(b))?(a):(b))
#define	MAX(a,b) (((a)>(b))?(a):(b))
#endif

/* Alignment must be a power of two; the argument keeps its type. */
#define	ROUNDUP2(x, a)		(((x) + ((a) - 1)) & ~((a) - 1))
#define	ROUNDDOWN2(x, a)	((x) & ~((a) - 1))
#define	HOWMANY(x, y)		(((x) + ((y) - 1)) / (y))

/*
 * Each evaluates its arguments once and has one type, where the macros above have neither virtue.
 */
static inline int
imin(int a, int b)
{
	return (a < b ? a : b);
}

static inline int
imax(int a, int b)
{
	return (a > b ? a : b);
}

static inline uint32_t
u32min(uint32_t a, uint32_t b)
{
	return (a < b ? a : b);
}

static inline uint32_t
u32max(uint32_t a, uint32_t b)
{
	return (a > b ? a : b);
}

static inline uint64_t
u64min(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}

static inline uint64_t
u64max(uint64_t a, uint64_t b)
{
	return (a > b ? a : b);
}

static inline size_t
szmin(size_t a, size_t b)
{
	return (a < b ? a : b);
}

static inline size_t
szmax(size_t a, size_t b)
{
	return (a > b ? a : b);
}

static inline bool
powerof2(uint64_t x)
{
	return (x != 0 && (x & (x - 1)) == 0);
}

/* The value of a hexadecimal digit; -1: it is none. */
static inline int
hexdigit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = (char)(c | 0x20);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

#endif /* BASE_UTIL_H */
