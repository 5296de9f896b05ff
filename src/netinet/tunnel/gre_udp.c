/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GRE in UDP (RFC 8086): gre with "udpencap".
 *
 * All datagrams go to port 4754, from a port that tells the flow inside, so that routers can tell flows apart, or from one that was set.  They have a
 * checksum, over IPv4 too (RFC 8086 6).  The tunnels of a family share a socket of the stack's own, which takes the port as any program's would; it
 * comes with the first that has ends and goes with the last.
 *
 * An ICMP error about such a datagram names the port it came from, which is nobody's: it is not passed on to who sent what was inside.
 */
#include <stddef.h>

#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/tunnel/tunnel.h"
#include "netinet/udp/udp.h"
#include "wire/ether.h"
#include "wire/gre.h"
#include "wire/ip.h"
#include "wire/ip6.h"
#include "wire/udp.h"

static struct socket **
gre_socket(struct vnet *vn, const struct inet_ops *ops)
{
	return (&tunnel_vnet(vn)->tv_greso[ops == &in6_ops]);
}

static bool
gre_udp_input(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui, void *arg)
{
	(void)inp, (void)ui, (void)arg;
	gre_receive(m, pk, TUNNEL_GREUDP);
	return (true);
}

int
gre_udp_open(struct vnet *vn, const struct inet_ops *ops)
{
	struct socket **sop = gre_socket(vn, ops);

	return (*sop != NULL ? 0 : udp_tunnel_open(vn, ops, GRE_UDPPORT, gre_udp_input, NULL, NULL, sop));
}

/* Does a tunnel need that family's? */
static bool
gre_udp_needed(const struct tunnel_vnet *tv, const struct inet_ops *ops)
{
	const struct tunnel *tn;

	for (unsigned i = 0; i < NITEMS(tv->tv_hash); i++)
		LIST_FOREACH(tn, &tv->tv_hash[i], tn_link)
			if (tn->tn_kind == TUNNEL_GREUDP && tn->tn_ops == ops)
				return (true);
	return (false);
}

void
gre_udp_close(struct vnet *vn)
{
	static const struct inet_ops *const families[] = { &in_ops, &in6_ops };

	for (unsigned i = 0; i < NITEMS(families); i++) {
		struct socket **sop = gre_socket(vn, families[i]);

		if (*sop != NULL && !gre_udp_needed(tunnel_vnet(vn), families[i]))
			udp_tunnel_close(sop);
	}
}

void
gre_udp_stop(struct vnet *vn)
{
	for (unsigned i = 0; i < NITEMS(tunnel_vnet(vn)->tv_greso); i++)
		udp_tunnel_close(&tunnel_vnet(vn)->tv_greso[i]);
}

/* What is the same in all packets of a flow, fragments too, and the sender's own idea of it. */
uint32_t
gre_udp_flow(const struct tunnel *tn, const struct mbuf *m)
{
	const struct kernel *k = tn->tn_if->if_vnet->vn_kernel;
	const struct siphash_key key = { k->k_hashkey[0], k->k_hashkey[1] };
	struct { uint8_t addrs[32], label[4]; uint32_t flowid; } in = { .flowid = m->m_pkt.flowid };
	uint8_t vhl = 0;

	(void)m_copydata(m, 0, 1, &vhl);
	if ((m->m_flags & M_ETHER) != 0) {
		(void)m_copydata(m, 0, ETHER_HDR_LEN, in.addrs);
	} else if (vhl >> 4 == IPVERSION) {
		(void)m_copydata(m, offsetof(struct ip, ip_src), 8, in.addrs);
	} else {
		(void)m_copydata(m, offsetof(struct ip6_hdr, ip6_src), 32, in.addrs);
		(void)m_copydata(m, 0, sizeof(in.label), in.label);
		in.label[0] = 0;
		in.label[1] &= 0x0f;		/* without the traffic class */
	}
	return ((uint32_t)siphash13(&key, &in, sizeof(in)));
}

struct mbuf *
gre_udp_header(const struct tunnel *tn, struct mbuf *m, uint32_t flow)
{
	const uint16_t port = tn->tn_udpport != 0 ? tn->tn_udpport : (uint16_t)(GRE_MINPORT | (flow & ~GRE_MINPORT & UINT16_MAX));

	return (udp_tunnel_header(m, tn->tn_ops, &tn->tn_src, &tn->tn_dst, HTONS(port), HTONS(GRE_UDPPORT)));
}
