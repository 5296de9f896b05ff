/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/inaddr.h"

#include <errno.h>
#include <string.h>

/* Writes v in decimal and returns the end. */
static char *
put_octet(char *p, unsigned int v)
{
	if (v >= 100)
		*p++ = (char)('0' + v / 100);
	if (v >= 10)
		*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return (p);
}

char *
inaddr_ntop(char *buf, size_t size, uint32_t a)
{
	char text[INADDR_STRLEN], *p = text;
	uint8_t octet[4];
	int i;

	memcpy(octet, &a, sizeof(octet));
	for (i = 0; i < 4; i++) {
		if (i > 0)
			*p++ = '.';
		p = put_octet(p, octet[i]);
	}
	*p++ = '\0';
	if ((size_t)(p - text) > size)
		return (NULL);
	memcpy(buf, text, (size_t)(p - text));
	return (buf);
}

/* Reads one octet of one to three digits, without leading zeros.  Returns its end, or NULL. */
static const char *
get_octet(const char *p, uint8_t *octet)
{
	unsigned int v = 0;
	const char *start = p;

	while (*p >= '0' && *p <= '9') {
		v = v * 10 + (unsigned int)(*p++ - '0');
		if (v > 255 || (p - start > 1 && *start == '0'))
			return (NULL);
	}
	if (p == start)
		return (NULL);
	*octet = (uint8_t)v;
	return (p);
}

int
inaddr_pton(const char *str, uint32_t *ap)
{
	uint8_t octet[4];
	int i;

	for (i = 0; i < 4; i++) {
		if (i > 0 && *str++ != '.')
			return (EINVAL);
		if ((str = get_octet(str, &octet[i])) == NULL)
			return (EINVAL);
	}
	if (*str != '\0')
		return (EINVAL);
	memcpy(ap, octet, sizeof(octet));
	return (0);
}
