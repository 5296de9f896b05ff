/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/pcb/in_pcbextra.h"

#include <errno.h>
#include <string.h>

#include "vimage/priv.h"

static struct acctset *
extra_acct(const struct inpcb *inp)
{
	return (vnet_acct(inp->inp_vnet));
}

struct in_pcbextra *
in_pcbextra(struct inpcb *inp)
{
	if (inp->inp_extra == NULL)
		inp->inp_extra = kmalloc(extra_acct(inp), ACCT_PCB, sizeof(*inp->inp_extra));
	in_pcblong6(inp);
	return (inp->inp_extra);
}

static void
extra_drop(struct inpcb *inp, unsigned kind)
{
	struct ip6_exts *ie = &inp->inp_extra->ex_exts;

	kfree(extra_acct(inp), ACCT_PCB, (void *)(uintptr_t)ie->ie_hdr[kind], ie->ie_len[kind]);
	ie->ie_hdr[kind] = NULL;
	ie->ie_len[kind] = 0;
}

void
in_pcbextra_free(struct inpcb *inp)
{
	if (inp->inp_extra == NULL)
		return;
	in6_pcbacast_free(inp);
	for (unsigned i = 0; i < VI_EXT_N; i++)
		extra_drop(inp, i);
	kfree(extra_acct(inp), ACCT_PCB, inp->inp_extra, sizeof(*inp->inp_extra));
	inp->inp_extra = NULL;
}

static int
extra_put(struct inpcb *inp, unsigned kind, const uint8_t *hdr, size_t len)
{
	struct in_pcbextra *ex = in_pcbextra(inp);
	uint8_t *p;

	if (ex == NULL || (p = kmalloc(extra_acct(inp), ACCT_PCB, len)) == NULL)
		return (ENOBUFS);
	memcpy(p, hdr, len);
	extra_drop(inp, kind);
	ex->ex_exts.ie_hdr[kind] = p;
	ex->ex_exts.ie_len[kind] = (uint16_t)len;
	return (0);
}

/* RFC 3542 4: headers that stay with the socket. */
int
in6_pcbsetext(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	const unsigned kind = (unsigned)opt - VI_IPV6_HOPOPTS;
	size_t hlen;

	if (opt != VI_IPV6_RTHDR && vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_RAW) != 0)
		return (EPERM);
	inp->inp_nh = NULL;
	if (len == 0) {
		if (inp->inp_extra != NULL)
			extra_drop(inp, kind);
		return (0);
	}
	if (len > IP6_EXT_MAXLEN || len % 8 != 0)
		return (EINVAL);
	/* As Linux: there may be something behind options, but not behind a routing header. */
	hlen = ((size_t)((const uint8_t *)val)[1] + 1) * 8;
	if (hlen > len || (opt == VI_IPV6_RTHDR && hlen != len) || ip6_ext_check(kind, val, hlen) != 0)
		return (EINVAL);
	return (extra_put(inp, kind, val, hlen));
}

int
in6_pcbgetext(const struct inpcb *inp, enum vi_sockopt opt, void *buf, size_t *len)
{
	const unsigned kind = (unsigned)opt - VI_IPV6_HOPOPTS;
	const struct ip6_exts *ie = in_pcbexts(inp);

	if (ie == NULL || ie->ie_hdr[kind] == NULL) {
		*len = 0;
		return (0);
	}
	return (sooptput(buf, len, ie->ie_hdr[kind], ie->ie_len[kind]));
}

uint32_t
in_pcbexthdrs(const struct inpcb *inp)
{
	const struct ip6_exts *ie = in_pcbexts(inp);

	if (inp->inp_ops->io_family == VI_AF_INET)
		return (inp->inp_optlen);
	return (ie == NULL ? 0 : ip6_exts_len(ie));
}

int
in_pcbinherit(struct inpcb *inp, const struct inpcb *listener)
{
	const struct in_pcbextra *ex = listener->inp_extra;
	struct in_pcbextra *mine;
	int error = 0;

	in_pcblong6(inp);
	if (ex == NULL)
		return (0);
	if ((mine = in_pcbextra(inp)) == NULL)
		return (ENOBUFS);
	*mine = (struct in_pcbextra){ .ex_pktif6 = ex->ex_pktif6, .ex_ucastif = ex->ex_ucastif, .ex_ucastif6 = ex->ex_ucastif6, .ex_mtu6 = ex->ex_mtu6 };
	for (unsigned i = 0; i < VI_EXT_N && error == 0; i++)
		if (ex->ex_exts.ie_hdr[i] != NULL)
			error = extra_put(inp, i, ex->ex_exts.ie_hdr[i], ex->ex_exts.ie_len[i]);
	return (error);
}
