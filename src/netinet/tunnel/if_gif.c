/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gif: IPv4 and IPv6 in IPv4 (RFC 2003, RFC 4213) and in IPv6 (RFC 2473, without the encapsulation limit); and, as a member of a bridge,
 * Ethernet in both (EtherIP, RFC 3378).
 */
#include <errno.h>
#include <string.h>

#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/tunnel/tunnel.h"
#include "wire/ip.h"

#define GIF_MTU	1280	/* RFC 4213 3.2.1 */

/* RFC 3378 3: version 3 in four bits, and twelve that are zero. */
#define ETHERIP_HLEN	2u
static const uint8_t etherip_header[ETHERIP_HLEN] = { 0x30, 0 };

static uint8_t
gif_proto(const struct tunnel_inner *ti)
{
	return (ti->ti_ops == NULL ? IPPROTO_ETHERIP : ti->ti_ops == &in_ops ? IPPROTO_IPV4 : IPPROTO_IPV6);
}

static int
gif_encap(struct ifnet *ifp, struct mbuf *m, const struct tunnel_inner *ti)
{
	const struct tunnel *tn = ifp->if_softc;
	const struct tunnel_vnet *tv = tunnel_vnet(ifp->if_vnet);
	const struct tunnel_out to = {
		.to_ops = tn->tn_ops,
		.to_src = tn->tn_src,
		.to_dst = tn->tn_dst,
		.to_fib = tn->tn_fib,
		.to_proto = gif_proto(ti),
		.to_ttl = (uint8_t)(tn->tn_ops == &in_ops ? tv->tv_ttl[TUNNEL_GIF] : tv->tv_hlim[TUNNEL_GIF]),
	};
	bool df;

	if ((m = tunnel_fit(ifp, m, ti, &to, &df)) == NULL)
		return (EMSGSIZE);
	if (ti->ti_ops == NULL) {
		if ((m = m_prepend(m, ETHERIP_HLEN)) == NULL)
			return (tunnel_nomem(ifp));
		memcpy(m->m_data, etherip_header, ETHERIP_HLEN);
	}
	return (tunnel_send(ifp, m, ti, &to, df));
}

static int
gif_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (tunnel_transmit(ifp, m, tunnel_vnet(ifp->if_vnet)->tv_nesting[TUNNEL_GIF], gif_encap));
}

static const struct ifnet_ops gif_ops = {
	.ifo_output = if_output_ip,
	.ifo_transmit = gif_transmit,
	.ifo_input = tunnel_ifinput,
};

static struct tunnel *
gif_find(struct vnet *vn, const struct inet_ops *ops, const struct in_addr_any *local, const struct in_addr_any *remote)
{
	return (tunnel_lookup(tunnel_vnet(vn), TUNNEL_GIF, ops, local, remote, 0));
}

void
gif_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct tunnel *tn = gif_find(pk->ip_vnet, pk->ip_ops, &pk->ip_dst, &pk->ip_src);

	if (tn != NULL)
		tunnel_receive(tn->tn_if, m, pk->ip_proto == IPPROTO_IPV4 ? &in_ops : &in6_ops, pk->ip_tos);
	else if (!stf_input(m, pk))
		tunnel_unreach(m, pk);
}

/* RFC 3378 4: frames of another version, or with reserved bits, are no frames. */
void
etherip_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct tunnel_vnet *tv = tunnel_vnet(pk->ip_vnet);
	struct tunnel *tn = gif_find(pk->ip_vnet, pk->ip_ops, &pk->ip_dst, &pk->ip_src);
	uint8_t hdr[ETHERIP_HLEN];

	if (m->m_pkt.len > pk->ip_plen)		/* link padding */
		m_adj(m, (ptrdiff_t)pk->ip_plen - (ptrdiff_t)m->m_pkt.len);
	if (tn == NULL) {
		tunnel_unreach(m, pk);
	} else if (m_copydata(m, 0, sizeof(hdr), hdr) != 0 || memcmp(hdr, etherip_header, sizeof(hdr)) != 0) {
		tn->tn_if->if_stats.ifs_ierrors++;
		tv->tv_stat.tns_badheader++;
		m_freem(m);
	} else {
		m_adj(m, ETHERIP_HLEN);
		tunnel_receive_ether(tn->tn_if, m);
	}
}

void
gif_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	if (gif_find(vn, ic->ic_ops, &ic->ic_src, &ic->ic_dst) != NULL && ic->ic_len > 0)
		tunnel_relay(vn, ic, ic->ic_data[0] >> 4 == IPVERSION ? &in_ops : &in6_ops, 0);
}

static int
gif_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (tunnel_create(vn, TUNNEL_GIF, &gif_cloner, GIF_MTU, unit, name));
}

static const struct if_option gif_options[] = {
	{ "tunnel", 2, 2, tunnel_opt_ends, 0, 0, 0 },
	{ "deletetunnel", 0, 0, tunnel_opt_noends, 0, 0, 0 },
	{ "-tunnel", 0, 0, tunnel_opt_noends, 0, 0, 0 },
	{ "tunnelfib", 1, 1, tunnel_opt_fib, 0, 0, RT_MAXFIBS },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

const struct if_clone gif_cloner = {
	.ifc_name = "gif",
	.ifc_carries = true,
	.ifc_ops = &gif_ops,
	.ifc_softsize = sizeof(struct tunnel),
	.ifc_type = VI_IFT_TUNNEL,
	.ifc_priv = VI_PRIV_NET_TUNNEL,
	.ifc_create = gif_create,
	.ifc_destroy = if_new_destroy,	/* its ends go with IFDETACH */
	.ifc_options = gif_options,
	.ifc_show = tunnel_show,
};
