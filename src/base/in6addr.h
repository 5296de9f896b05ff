/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_IN6ADDR_H
#define BASE_IN6ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * IPv6 addresses as sixteen bytes in the order of the wire (RFC 4291).  Where a function says "zone" it means the form the stack uses inside:
 * bytes 2 and 3 of an address of less than global scope hold the zone's index (netinet/inet_ops.h).
 */
#define IN6_ADDRLEN	16

enum in6_scope {		/* RFC 4291 2.7, RFC 4007 */
	IN6_SCOPE_INTFACE = 0x1, IN6_SCOPE_LINK = 0x2, IN6_SCOPE_REALM = 0x3, IN6_SCOPE_ADMIN = 0x4, IN6_SCOPE_SITE = 0x5,
	IN6_SCOPE_ORG = 0x8, IN6_SCOPE_GLOBAL = 0xe,
};

static inline bool
in6_equal(const void *a, const void *b)
{
	return (memcmp(a, b, IN6_ADDRLEN) == 0);
}

/* The first len bits are the same. */
static inline bool
in6_sameprefix(const uint8_t *a, const uint8_t *b, unsigned len)
{
	const unsigned n = len / 8;

	return (memcmp(a, b, n) == 0 && (len % 8 == 0 || ((a[n] ^ b[n]) >> (8 - len % 8)) == 0));
}

/* Bits in common, 0 to 128. */
static inline unsigned
in6_common(const uint8_t *a, const uint8_t *b)
{
	unsigned n = 0;
	uint8_t d;

	while (n < IN6_ADDRLEN && a[n] == b[n])
		n++;
	if (n == IN6_ADDRLEN)
		return (128);
	for (d = a[n] ^ b[n], n *= 8; (d & 0x80) == 0; d = (uint8_t)(d << 1))
		n++;
	return (n);
}

static inline bool
in6_unspecified(const uint8_t *a)
{
	static const uint8_t any[IN6_ADDRLEN];

	return (in6_equal(a, any));
}

static inline bool
in6_loopback(const uint8_t *a)
{
	static const uint8_t lo[IN6_ADDRLEN] = { [15] = 1 };

	return (in6_equal(a, lo));
}

static inline bool
in6_multicast(const uint8_t *a)
{
	return (a[0] == 0xff);
}

static inline bool
in6_linklocal(const uint8_t *a)
{
	return (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

static inline bool
in6_sitelocal(const uint8_t *a)		/* RFC 3879: deprecated, but RFC 6724 knows them */
{
	return (a[0] == 0xfe && (a[1] & 0xc0) == 0xc0);
}

static inline bool
in6_v4mapped(const uint8_t *a)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	return (memcmp(a, head, sizeof(head)) == 0);
}

static inline enum in6_scope
in6_scope(const uint8_t *a)
{
	if (in6_multicast(a))
		return ((enum in6_scope)(a[1] & 0xf));
	if (in6_linklocal(a) || in6_loopback(a))	/* RFC 4007 4 */
		return (IN6_SCOPE_LINK);
	return (in6_sitelocal(a) ? IN6_SCOPE_SITE : IN6_SCOPE_GLOBAL);
}

/* Does an address like this carry a zone inside the stack? */
static inline bool
in6_zoned(const uint8_t *a)
{
	return (in6_linklocal(a) || (in6_multicast(a) && (a[1] & 0xf) <= IN6_SCOPE_LINK));
}

static inline uint32_t
in6_zone(const uint8_t *a)
{
	return (in6_zoned(a) ? (uint32_t)(a[2] << 8 | a[3]) : 0);
}

static inline void
in6_setzone(uint8_t *a, uint32_t zone)
{
	if (!in6_zoned(a))
		return;
	a[2] = (uint8_t)(zone >> 8);
	a[3] = (uint8_t)zone;
}

/* ff02::1:ffXX:XXXX of an address (RFC 4291 2.7.1), in its zone. */
static inline void
in6_solicited(const uint8_t *a, uint32_t zone, uint8_t out[IN6_ADDRLEN])
{
	static const uint8_t head[13] = { 0xff, 0x02, [11] = 0x01, [12] = 0xff };

	memcpy(out, head, sizeof(head));
	memcpy(out + 13, a + 13, 3);
	in6_setzone(out, zone);
}

#define IN6ADDR_STRLEN	40	/* of the longest text, with its NUL */
char	*in6addr_ntop(char [IN6ADDR_STRLEN], const uint8_t [16]);	/* RFC 5952 */
int	 in6addr_pton(const char *, uint8_t [16]);	/* nothing but the address, without zone.  EINVAL */

#endif
