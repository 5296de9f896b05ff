/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_INADDR_H
#define BASE_INADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endian.h"

/*
 * IPv4 addresses are uint32_t in network order everywhere in the stack; these take and give that
 * form.  The INADDR_* constants alone are in host order, as they have always been: wrap them in
 * HTONL().
 */
#define	INADDR_ANY		((uint32_t)0x00000000)
#define	INADDR_BROADCAST	((uint32_t)0xffffffff)
#define	INADDR_LOOPBACK		((uint32_t)0x7f000001)
#define	INADDR_UNSPEC_GROUP	((uint32_t)0xe0000000)	/* 224.0.0.0 */
#define	INADDR_ALLHOSTS_GROUP	((uint32_t)0xe0000001)	/* 224.0.0.1, RFC 1112 */
#define	INADDR_ALLRTRS_GROUP	((uint32_t)0xe0000002)	/* 224.0.0.2, RFC 1112 */
#define	INADDR_ALLRPTS_GROUP	((uint32_t)0xe0000016)	/* 224.0.0.22, RFC 3376 */
#define	INADDR_MAX_LOCAL_GROUP	((uint32_t)0xe00000ff)	/* 224.0.0.255 */
#define	IN_LOOPBACKNET		127
#define	INADDR_STRLEN		16			/* "255.255.255.255" and its zero byte */

static inline bool
in_anyaddr(uint32_t a)
{
	return (a == 0);
}

/* The limited broadcast address (RFC 919 7). */
static inline bool
in_broadcast(uint32_t a)
{
	return (a == 0xffffffff);
}

/* 127.0.0.0/8 (RFC 1122 3.2.1.3 g). */
static inline bool
in_loopback(uint32_t a)
{
	return ((a & HTONL(0xff000000)) == HTONL(0x7f000000));
}

/* 224.0.0.0/4 (RFC 5771). */
static inline bool
in_multicast(uint32_t a)
{
	return ((a & HTONL(0xf0000000)) == HTONL(0xe0000000));
}

/* 224.0.0.0/24, never forwarded (RFC 5771 4). */
static inline bool
in_local_group(uint32_t a)
{
	return ((a & HTONL(0xffffff00)) == HTONL(0xe0000000));
}

/* 240.0.0.0/4 with the broadcast address (RFC 1112 4). */
static inline bool
in_badclass(uint32_t a)
{
	return ((a & HTONL(0xf0000000)) == HTONL(0xf0000000));
}

/* 0.0.0.0/8, "this network" (RFC 1122 3.2.1.3 a, b). */
static inline bool
in_zeronet(uint32_t a)
{
	return ((a & HTONL(0xff000000)) == 0);
}

/* 169.254.0.0/16 (RFC 3927). */
static inline bool
in_linklocal(uint32_t a)
{
	return ((a & HTONL(0xffff0000)) == HTONL(0xa9fe0000));
}

/* RFC 1918 3. */
static inline bool
in_private(uint32_t a)
{
	return ((a & HTONL(0xff000000)) == HTONL(0x0a000000) ||
	    (a & HTONL(0xfff00000)) == HTONL(0xac100000) ||
	    (a & HTONL(0xffff0000)) == HTONL(0xc0a80000));
}

/* May a router pass on a unicast packet to or from this address (RFC 1812 5.3.7, RFC 3927 2.7)? */
static inline bool
in_canforward(uint32_t a)
{
	return (!in_zeronet(a) && !in_loopback(a) && !in_multicast(a) && !in_badclass(a) &&
	    !in_linklocal(a));
}

/* The mask of a prefix length from 0 to 32. */
static inline uint32_t
in_len2mask(unsigned int len)
{
	return (len == 0 ? 0 : HTONL(0xffffffffU << (32 - len)));
}

/* The prefix length of a mask, or -1 if its ones are not contiguous. */
static inline int
in_mask2len(uint32_t mask)
{
	uint32_t rest = ~NTOHL(mask);

	if ((rest & (rest + 1)) != 0)
		return (-1);
	return (rest == 0 ? 32 : __builtin_clz(rest));
}

/*
 * The mask an address has by its historic class, for ifconfig without one; 0 for classes D and E.
 */
static inline uint32_t
in_classmask(uint32_t a)
{
	uint32_t h = NTOHL(a);

	if ((h & 0x80000000) == 0)
		return (HTONL(0xff000000));
	if ((h & 0xc0000000) == 0x80000000)
		return (HTONL(0xffff0000));
	if ((h & 0xe0000000) == 0xc0000000)
		return (HTONL(0xffffff00));
	return (0);
}

static inline bool
in_samenet(uint32_t a, uint32_t b, uint32_t mask)
{
	return (((a ^ b) & mask) == 0);
}

/* Directed broadcast of the address's network. */
static inline uint32_t
in_netbroadcast(uint32_t a, uint32_t mask)
{
	return (a | ~mask);
}

/* Writes the dotted quad.  Returns buf, or NULL (and buf unchanged) if size is too small. */
char *inaddr_ntop(char *buf, size_t size, uint32_t a);

/*
 * Reads a strict dotted quad: four decimal octets without leading zeros and nothing else.
 * Returns 0 or EINVAL; *ap is set only on success.
 */
int inaddr_pton(const char *str, uint32_t *ap);

#endif /* BASE_INADDR_H */
