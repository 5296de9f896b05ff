/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/procnet.h"
#include "linux/procnet_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/sysctl.h>

static const struct { const char *name; procnet_fn *fn; } files[] = {
	{ "arp", procnet_arp },
	{ "dev", procnet_dev },
	{ "dev_mcast", procnet_dev_mcast },
	{ "icmp", procnet_icmp },
	{ "icmp6", procnet_icmp6 },
	{ "if_inet6", procnet_if_inet6 },
	{ "igmp", procnet_igmp },
	{ "igmp6", procnet_igmp6 },
	{ "ip6_flowlabel", procnet_ip6_flowlabel },
	{ "ipv6_route", procnet_ipv6_route },
	{ "mcfilter", procnet_mcfilter },
	{ "mcfilter6", procnet_mcfilter6 },
	{ "netlink", procnet_netlink },
	{ "netstat", procnet_netstat },
	{ "packet", procnet_packet },
	{ "raw", procnet_raw },
	{ "raw6", procnet_raw6 },
	{ "route", procnet_route },
	{ "rt_cache", procnet_rt_cache },
	{ "snmp", procnet_snmp },
	{ "snmp6", procnet_snmp6 },
	{ "sockstat", procnet_sockstat },
	{ "sockstat6", procnet_sockstat6 },
	{ "tcp", procnet_tcp },
	{ "tcp6", procnet_tcp6 },
	{ "udp", procnet_udp },
	{ "udp6", procnet_udp6 },
	{ "udplite", procnet_udplite },
	{ "udplite6", procnet_udplite6 },
};
#define NFILES	(sizeof(files) / sizeof(files[0]))

const char *
lx_procnet_name(unsigned i)
{
	return (i < NFILES ? files[i].name : NULL);
}

/* Room for n bytes more and a NUL. */
static bool
pn_reserve(struct procnet *pn, size_t n)
{
	size_t room = pn->pn_room;
	char *more;

	if (pn->pn_error != 0)
		return (false);
	if (n > LX_PROCNET_MAX - pn->pn_len) {
		pn->pn_error = EFBIG;
		return (false);
	}
	if (n < room - pn->pn_len)
		return (true);
	while (n >= room - pn->pn_len)
		room = room == 0 ? 4096 : room * 2;
	if ((more = realloc(pn->pn_text, room)) == NULL) {
		pn->pn_error = ENOMEM;
		return (false);
	}
	pn->pn_text = more;
	pn->pn_room = room;
	return (true);
}

void
pn_printf(struct procnet *pn, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!pn_reserve(pn, 255))
		return;
	va_start(ap, fmt);
	n = vsnprintf(pn->pn_text + pn->pn_len, pn->pn_room - pn->pn_len, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= pn->pn_room - pn->pn_len) {
		if (!pn_reserve(pn, (size_t)n))
			return;
		va_start(ap, fmt);
		n = vsnprintf(pn->pn_text + pn->pn_len, pn->pn_room - pn->pn_len, fmt, ap);
		va_end(ap);
	}
	pn->pn_len += n > 0 ? (size_t)n : 0;
}

void
pn_hex(struct procnet *pn, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	if (!pn_reserve(pn, n * 2))
		return;
	for (size_t i = 0; i < n; i++) {
		pn->pn_text[pn->pn_len++] = digits[p[i] >> 4];
		pn->pn_text[pn->pn_len++] = digits[p[i] & 15];
	}
	pn->pn_text[pn->pn_len] = '\0';
}

void
pn_begin(struct procnet *pn)
{
	pn->pn_line = pn->pn_len;
}

void
pn_end(struct procnet *pn, size_t width)
{
	const size_t len = pn->pn_len - pn->pn_line;

	pn_printf(pn, "%*s\n", len < width ? (int)(width - len) : 0, "");
}

unsigned
pn_knob(const struct procnet *pn, const char *name)
{
	char value[32];

	return (vi_sysctl_get(pn->pn_vnet, name, value, sizeof(value)) == 0 ? (unsigned)strtoul(value, NULL, 10) : 0);
}

int
lx_procnet_text(struct lx *lx, struct vi_vnet *vn, const char *name, char **text, size_t *len)
{
	struct procnet pn = { .pn_lx = lx, .pn_vnet = vn };
	size_t i;

	for (i = 0; i < NFILES && strcmp(files[i].name, name) != 0; i++)
		;
	if (i == NFILES)
		return (ENOENT);
	pn_printf(&pn, "%s", "");	/* an empty file is one, too */
	files[i].fn(&pn);
	if (pn.pn_error != 0) {
		free(pn.pn_text);
		return (pn.pn_error);
	}
	*text = pn.pn_text;
	*len = pn.pn_len;
	return (0);
}
