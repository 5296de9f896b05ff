/* SPDX-License-Identifier: BSD-2-Clause */
/* One knob: text to value and back. */
#include "kern/sysctl.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"

/*
 * Decimal, or hexadecimal behind 0x, with an optional minus; nothing before or after. A leading
 * zero is refused: some readers take it for octal.
 */
static int
number_parse(const char *s, bool *negp, uint64_t *vp)
{
	unsigned base = 10, d;
	uint64_t v = 0;

	*negp = *s == '-';
	s += *negp;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && s[1] != '\0')
		return (EINVAL);
	if (*s == '\0')
		return (EINVAL);
	for (; *s != '\0'; s++) {
		if ((d = (unsigned)hexdigit(*s)) >= base || v > (UINT64_MAX - d) / base)
			return (EINVAL);
		v = v * base + d;
	}
	*vp = v;
	return (0);
}

/* Between sd_min and sd_max, which cannot say more than INT64_MAX: there it means no bound. */
static int
number_inrange(const struct sysctl_desc *sd, bool neg, uint64_t v)
{
	if (neg && v > (uint64_t)INT64_MAX + 1)
		return (EINVAL);
	if (neg && v != 0)
		return (-(int64_t)(v - 1) - 1 >= sd->sd_min ? 0 : EINVAL);
	if (sd->sd_min > 0 && v < (uint64_t)sd->sd_min)
		return (EINVAL);
	if (sd->sd_max < 0 || (sd->sd_max != INT64_MAX && v > (uint64_t)sd->sd_max))
		return (EINVAL);
	return (0);
}

static int
number_set(const struct sysctl_desc *sd, void *p, const char *value)
{
	uint64_t v;
	bool neg;
	int error;

	if ((error = number_parse(value, &neg, &v)) != 0 ||
	    (error = number_inrange(sd, neg, v)) != 0)
		return (error);
	switch (sd->sd_type) {
	case VI_CTL_INT:
		if (v > (uint64_t)INT32_MAX + neg)
			return (EINVAL);
		*(int *)p = (int)(neg ? -(int64_t)v : (int64_t)v);
		return (0);
	case VI_CTL_UINT:
		if ((neg && v != 0) || v > UINT32_MAX)
			return (EINVAL);
		*(unsigned *)p = (unsigned)v;
		return (0);
	default:
		if (neg && v != 0)
			return (EINVAL);
		*(uint64_t *)p = v;
		return (0);
	}
}

static int
string_set(const struct sysctl_desc *sd, char *p, const char *value)
{
	size_t len = strlen(value);

	if (sd->sd_max <= 0 || len >= (uint64_t)sd->sd_max)
		return (EINVAL);
	memcpy(p, value, len + 1);
	return (0);
}

int
sysctl_desc_set(const struct sysctl_desc *sd, void *base, const char *value)
{
	void *p = (uint8_t *)base + sd->sd_off;

	switch (sd->sd_type) {
	case VI_CTL_STRING:
		return (string_set(sd, p, value));
	case VI_CTL_INT:
	case VI_CTL_UINT:
	case VI_CTL_U64:
		return (number_set(sd, p, value));
	}
	return (EINVAL);
}

int
sysctl_desc_get(const struct sysctl_desc *sd, const void *base, char *buf, size_t len)
{
	const void *p = (const uint8_t *)base + sd->sd_off;
	struct sbuf sb;

	if (len == 0)
		return (ENOMEM);
	sbuf_init(&sb, buf, len);
	switch (sd->sd_type) {
	case VI_CTL_INT:
		sbuf_printf(&sb, "%d", *(const int *)p);
		break;
	case VI_CTL_UINT:
		sbuf_printf(&sb, "%u", *(const unsigned *)p);
		break;
	case VI_CTL_U64:
		sbuf_printf(&sb, "%llu", (unsigned long long)*(const uint64_t *)p);
		break;
	case VI_CTL_STRING:
		sbuf_cat(&sb, p);
		break;
	}
	return (sbuf_finish(&sb));
}

const char *
sysctl_field(const char *p, unsigned *v)
{
	uint64_t n = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p < '0' || *p > '9')
		return (NULL);
	for (; *p >= '0' && *p <= '9' && n <= UINT32_MAX; p++)
		n = n * 10 + (unsigned)(*p - '0');
	*v = (unsigned)u64min(n, UINT32_MAX);
	return (p);
}
