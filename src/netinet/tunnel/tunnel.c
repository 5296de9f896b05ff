/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tunnels: who has which ends, and the module of all kinds.
 *
 * A tunnel is found by the two addresses of the packets outside, and GRE's also by its key.  It belongs to the vnet its interface is in: one that
 * moves loses its ends.
 */
#include "netinet/tunnel/tunnel.h"

#include <errno.h>

#include "base/in6addr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "wire/icmp.h"
#include "wire/ip.h"

VNET_STATE_DEFINE(tunnel);

static unsigned
tunnel_hash(const struct in_addr_any *src, const struct in_addr_any *dst)
{
	uint32_t h = 0;

	/* Ends are the administrator's own choice: no secret needed. */
	for (int i = 0; i < 4; i++)
		h = (h ^ src->in6[i] ^ dst->in6[i]) * 0x9e3779b1u;
	return ((h >> 16 ^ h) % TUNNEL_NHASH);
}

struct tunnel *
tunnel_lookup(const struct tunnel_vnet *tv, enum tunnel_kind kind, const struct inet_ops *ops, const struct in_addr_any *src,
    const struct in_addr_any *dst, uint32_t key)
{
	struct tunnel *tn;

	LIST_FOREACH(tn, &tv->tv_hash[tunnel_hash(src, dst)], tn_link)
		if (tn->tn_kind == kind && tn->tn_ops == ops && tn->tn_key == key && in_addr_eq(&tn->tn_src, src) &&
		    in_addr_eq(&tn->tn_dst, dst))
			return (tn);
	return (NULL);
}

int
tunnel_setends(struct tunnel *tn, const struct inet_ops *ops, const struct in_addr_any *src, const struct in_addr_any *dst)
{
	struct tunnel_vnet *tv = tunnel_vnet(tn->tn_if->if_vnet);
	struct tunnel *other;
	int error;

	if (ops != NULL && (other = tunnel_lookup(tv, tn->tn_kind, ops, src, dst, tn->tn_key)) != NULL)
		return (other == tn ? 0 : EADDRNOTAVAIL);
	if (ops != NULL && tn->tn_kind == TUNNEL_GREUDP && (error = gre_udp_open(tn->tn_if->if_vnet, ops)) != 0)
		return (error);
	if (tn->tn_ops != NULL)
		LIST_REMOVE(tn, tn_link);
	tn->tn_ops = ops;
	tn->tn_oseq = 0;
	tn->tn_iseqvalid = false;
	if (ops != NULL) {
		tn->tn_src = *src;
		tn->tn_dst = *dst;
		LIST_INSERT_HEAD(&tv->tv_hash[tunnel_hash(src, dst)], tn, tn_link);
	}
	gre_udp_close(tn->tn_if->if_vnet);
	if_setrunning(tn->tn_if, ops != NULL);
	return (0);
}

/*
 * A raw socket that wants the protocol was given its copy.  What this host sent to itself is not answered: the answer may go into
 * the tunnel that sent it, and so on, and no time passes meanwhile.
 */
void
tunnel_unreach(struct mbuf *m, const struct inet_pkt *pk)
{
	tunnel_vnet(pk->ip_vnet)->tv_stat.tns_nobody++;
	if (pk->ip_bcast || pk->ip_rcvif == NULL || (pk->ip_rcvif->if_flags & IFF_LOOPBACK) != 0 || (pk->ip_ops == &in_ops && ip_israwproto(ip_vnet(pk->ip_vnet), pk->ip_proto)))
		m_freem(m);
	else
		inet_unreach(m, pk, ICMP_UNREACH_PROTOCOL);
}

static int
tunnel_attach(struct vnet *vn)
{
	static const struct inet_proto protos[] = {
		{ IPPROTO_IPV4, gif_input, gif_ctlinput },
		{ IPPROTO_IPV6, gif_input, gif_ctlinput },
		{ IPPROTO_GRE, gre_input, gre_ctlinput },
		{ IPPROTO_ETHERIP, etherip_input, NULL },
	};
	struct tunnel_vnet *tv = tunnel_vnet(vn);
	int error = 0;

	for (unsigned i = 0; i < TUNNEL_NHASH; i++)
		LIST_INIT(&tv->tv_hash[i]);
	for (unsigned i = 0; i < NITEMS(protos) && error == 0; i++)
		error = inet_proto_register(vn, &protos[i]);
	return (error);
}

/* The zone of those whose ends are link-local. */
static void
tunnel_zonegone(struct tunnel_vnet *tv, uint32_t zone)
{
	struct tunnel *tn, *next;

	for (unsigned i = 0; i < TUNNEL_NHASH; i++)
		for (tn = LIST_FIRST(&tv->tv_hash[i]); tn != NULL; tn = next) {
			next = LIST_NEXT(tn, tn_link);
			if (tn->tn_ops == &in6_ops && in6_zone((const uint8_t *)tn->tn_src.in6) == zone)
				(void)tunnel_setends(tn, NULL, NULL, NULL);
		}
}

static void
tunnel_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct ifnet *ifp = obj;

	if (ev != VNET_EV_IFDETACH)
		return;
	tunnel_zonegone(tunnel_vnet(vn), ifp->if_index);
	if (ifp->if_cloner == &gif_cloner || ifp->if_cloner == &gre_cloner)
		(void)tunnel_setends(ifp->if_softc, NULL, NULL, NULL);
	else if (tunnel_vnet(vn)->tv_stf == ifp)
		tunnel_vnet(vn)->tv_stf = NULL;
}

static const struct tunnel_vnet tunnel_defaults = {
	.tv_nesting = { [TUNNEL_GIF] = 1, [TUNNEL_GRE] = 1 },
	.tv_ttl = { [TUNNEL_GIF] = 30, [TUNNEL_GRE] = 30 },
	.tv_hlim = { [TUNNEL_GIF] = 30, [TUNNEL_GRE] = 30 },
};

static const struct sysctl_desc tunnel_sysctls[] = {
	CTL_INT("net.link.gif.max_nesting", CTL_RW, struct tunnel_vnet, tv_nesting[TUNNEL_GIF], 1, 8, "Tunnels around a packet, at most"),
	CTL_INT("net.link.gre.max_nesting", CTL_RW, struct tunnel_vnet, tv_nesting[TUNNEL_GRE], 1, 8, "Tunnels around a packet, at most"),
	CTL_INT("net.link.stf.permit_rfc1918", CTL_RW, struct tunnel_vnet, tv_stfprivate, 0, 1, "6to4 with private addresses of IPv4"),
	CTL_INT("net.inet.ip.gifttl", CTL_RW, struct tunnel_vnet, tv_ttl[TUNNEL_GIF], 1, 255, "Time to live of gif's packets over IPv4"),
	CTL_INT("net.inet.ip.grettl", CTL_RW, struct tunnel_vnet, tv_ttl[TUNNEL_GRE], 1, 255, "Time to live of gre's packets over IPv4"),
	CTL_INT("net.inet6.ip6.gifhlim", CTL_RW, struct tunnel_vnet, tv_hlim[TUNNEL_GIF], 1, 255, "Hop limit of gif's packets over IPv6"),
	CTL_INT("net.inet6.ip6.grehlim", CTL_RW, struct tunnel_vnet, tv_hlim[TUNNEL_GRE], 1, 255, "Hop limit of gre's packets over IPv6"),
	CTL_END
};

static const struct stat_desc tunnel_stats[] = {
#define TUNNEL_STAT_DESC(name, text)	STAT_IN("tunnel", struct tunnel_vnet, tv_stat, name, text),
	TUNNEL_STATS(TUNNEL_STAT_DESC)
#undef TUNNEL_STAT_DESC
	STAT_END
};

VNET_MODULE(tunnel,
	.vm_size = sizeof(struct tunnel_vnet),
	.vm_defaults = &tunnel_defaults,
	.vm_after = "net ip ip6 icmp icmp6 udp socket",
	.vm_attach = tunnel_attach,
	.vm_stop = gre_udp_stop,
	.vm_event = tunnel_event,
	.vm_sysctls = tunnel_sysctls,
	.vm_stats = tunnel_stats);
