/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 addresses from and to text. */
#include "base/in6addr.h"

#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"

/* RFC 4291 2.2: groups of up to four hexadecimal digits, one "::", the last 32 bits as IPv4 if so wished. */
int
in6addr_pton(const char *text, uint8_t addr[16])
{
	uint8_t a[16];
	int n = 0, gap = -1;
	uint32_t four;

	if (text[0] == ':' && text[1] != ':')
		return (EINVAL);
	if (text[0] == ':')
		text++;
	while (*text != '\0') {
		const char *start = text;
		unsigned v = 0;

		if (*text == ':') {
			if (gap >= 0)
				return (EINVAL);
			gap = n;
			text++;
			continue;
		}
		for (; hexdigit(*text) >= 0; text++)
			if ((v = v << 4 | (unsigned)hexdigit(*text)) > 0xffff || text - start > 3)
				return (EINVAL);
		if (*text == '.' && n <= 12 && inaddr_pton(start, &four) == 0) {
			memcpy(a + n, &four, sizeof(four));
			n += 4;
			break;
		}
		if (text == start || n > 14 || (*text != '\0' && *text != ':') || (*text == ':' && text[1] == '\0'))
			return (EINVAL);
		a[n++] = (uint8_t)(v >> 8);
		a[n++] = (uint8_t)v;
		if (*text == ':')
			text++;
	}
	if (gap < 0 ? n != 16 : n > 14)
		return (EINVAL);
	memset(addr, 0, 16);
	if (gap < 0)
		gap = n;
	memcpy(addr, a, (size_t)gap);
	memcpy(addr + 16 - (n - gap), a + gap, (size_t)(n - gap));
	return (0);
}

/* RFC 5952: the longest run of zero groups, of two at least and the first of equals, is "::"; no leading zeros, small letters. */
char *
in6addr_ntop(char buf[IN6ADDR_STRLEN], const uint8_t addr[16])
{
	static const char hex[] = "0123456789abcdef";
	int best = -1, bestlen = 1, len;
	uint16_t g[8];
	char *p = buf;

	for (int i = 0; i < 8; i++)
		g[i] = (uint16_t)(addr[2 * i] << 8 | addr[2 * i + 1]);
	for (int i = 0; i < 8; i += len + 1) {
		for (len = 0; i + len < 8 && g[i + len] == 0; len++)
			;
		if (len > bestlen) {
			best = i;
			bestlen = len;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			*p++ = ':';
			if (i + bestlen == 8)
				*p++ = ':';
			i += bestlen - 1;
			continue;
		}
		if (i > 0)
			*p++ = ':';
		for (int shift = 12; shift >= 0; shift -= 4)
			if (shift == 0 || g[i] >> shift != 0)
				*p++ = hex[g[i] >> shift & 0xf];
	}
	*p = '\0';
	return (buf);
}
