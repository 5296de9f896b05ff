/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/procnet.h"
#include "linux/lx.h"
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

bool
pn_over(struct procnet *pn)
{
	const bool begun = pn->pn_begun;

	pn->pn_begun = true;
	if (pn->pn_error == 0 && (!begun || pn->pn_until == LX_FOREVER || lx_now() < pn->pn_until))
		return (false);
	pn->pn_again = pn->pn_error == 0;
	return (true);
}

/*
 * Life of a text: made in pieces, each by the same function, which finds in pn_socks how far it came; then it is taken.
 */
struct lx_text {
	struct procnet	 tx_pn;
	procnet_fn	*tx_fn;
};

int
lx_text_new(const char *name, struct vi_kernel *k, int jid, struct lx_text **txp)
{
	struct lx_text *tx;
	size_t i;

	for (i = 0; i < NFILES && strcmp(files[i].name, name) != 0; i++)
		;
	if (i == NFILES)
		return (ENOENT);
	if ((tx = calloc(1, sizeof(*tx))) == NULL)
		return (ENOMEM);
	tx->tx_fn = files[i].fn;
	tx->tx_pn.pn_viewer = lx_viewer(k, jid);
	*txp = tx;
	return (0);
}

int
lx_text_more(struct lx_text *tx, struct lx *lx, struct vi_vnet *vn, uint64_t until)
{
	struct procnet *pn = &tx->tx_pn;

	pn->pn_lx = lx;
	pn->pn_vnet = vn;
	pn->pn_until = until;
	pn->pn_begun = pn->pn_again = false;
	pn_printf(pn, "%s", "");	/* an empty file is one, too */
	tx->tx_fn(pn);
	return (pn->pn_error != 0 ? pn->pn_error : pn->pn_again ? EAGAIN : 0);
}

char *
lx_text_take(struct lx_text *tx, size_t *len)
{
	char *text = tx->tx_pn.pn_text;

	*len = tx->tx_pn.pn_len;
	tx->tx_pn.pn_text = NULL;
	lx_text_free(tx);
	return (text);
}

void
lx_text_free(struct lx_text *tx)
{
	if (tx == NULL)
		return;
	pn_socks_free(&tx->tx_pn);
	free(tx->tx_pn.pn_text);
	free(tx);
}

int
lx_procnet_text(struct lx *lx, struct vi_vnet *vn, const char *name, char **text, size_t *len)
{
	struct lx_text *tx;
	int error = lx_text_new(name, NULL, 0, &tx);

	if (error != 0)
		return (error);
	if ((error = lx_text_more(tx, lx, vn, LX_FOREVER)) != 0)
		lx_text_free(tx);
	else
		*text = lx_text_take(tx, len);
	return (error);
}
