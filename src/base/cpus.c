/* SPDX-License-Identifier: BSD-2-Clause */
#include <vimage/cpus.h>

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"

/* A decimal number; what follows it, or NULL. */
static const char *
number(const char *p, unsigned *n)
{
	if (*p < '0' || *p > '9')
		return (NULL);
	for (*n = 0; *p >= '0' && *p <= '9'; p++)
		*n = *n >= VI_MAXCPUS ? VI_MAXCPUS : *n * 10 + (unsigned)(*p - '0');
	return (p);
}

int
vi_cpus_parse(const char *list, struct vi_cpus *cp)
{
	struct vi_cpus set = { { 0 } };
	unsigned first, last;

	for (const char *p = list;; p++) {
		if ((p = number(p, &first)) == NULL)
			return (EINVAL);
		last = first;
		if (*p == '-' && (p = number(p + 1, &last)) == NULL)
			return (EINVAL);
		if (first >= VI_MAXCPUS || last >= VI_MAXCPUS)
			return (ERANGE);
		if (first > last || (*p != ',' && *p != '\0'))
			return (EINVAL);
		for (unsigned n = first; n <= last; n++)
			set.cp_bits[n / 64] |= UINT64_C(1) << n % 64;
		if (*p == '\0')
			break;
	}
	*cp = set;
	return (0);
}

void
vi_cpus_format(const struct vi_cpus *cp, char *buf, size_t len)
{
	const char *comma = "";
	struct sbuf sb;
	unsigned last;

	sbuf_init(&sb, buf, len);
	for (unsigned n = 0; n < VI_MAXCPUS; n = last + 1) {
		last = n;
		if (!vi_cpus_has(cp, n))
			continue;
		while (vi_cpus_has(cp, last + 1))
			last++;
		if (last > n)
			sbuf_printf(&sb, "%s%u-%u", comma, n, last);
		else
			sbuf_printf(&sb, "%s%u", comma, n);
		comma = ",";
	}
}
