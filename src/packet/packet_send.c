/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that a program made. */
#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "packet/packet_var.h"

/* What virtio-net has in front of a frame (virtio 1.1, 5.1.6), in the machine's byte order. */
struct vnethdr {
	uint8_t		vh_flags, vh_gso;
	uint16_t	vh_hdrlen, vh_gsosize, vh_csumstart, vh_csumoff;
};
#define VNETHDR_NEEDS_CSUM	1
_Static_assert(sizeof(struct vnethdr) == VI_PKT_VNETHDRLEN, "virtio 5.1.6");

static struct ifnet *
send_ifp(const struct pktpcb *pp, const struct vi_msg *msg)
{
	const uint32_t index = msg->msg_hasname ? msg->msg_name.sa_scope : pp->pp_gone ? 0 : pp->pp_ifindex;

	return (ifnet_byindex(pp->pp_socket->so_vnet, index));
}

/* The checksum that is left to us, from vh_csumstart to the end.  Super-packets are not taken. */
static int
send_vnethdr(struct mbuf *m)
{
	struct vnethdr vh;
	uint16_t sum;

	if (m_copydata(m, 0, sizeof(vh), &vh) != 0)
		return (EINVAL);
	m_adj(m, sizeof(vh));
	if (vh.vh_gso != 0)
		return (EINVAL);
	if ((vh.vh_flags & VNETHDR_NEEDS_CSUM) == 0)
		return (0);
	if ((uint32_t)vh.vh_csumstart + vh.vh_csumoff + sizeof(sum) > m->m_pkt.len)
		return (EINVAL);
	sum = cksum_fold(m_cksum(m, vh.vh_csumstart, m->m_pkt.len - vh.vh_csumstart, 0));
	if (sum == 0)
		sum = UINT16_MAX;
	return (m_copyback(m, (size_t)vh.vh_csumstart + vh.vh_csumoff, sizeof(sum), &sum));
}

/* A link header in front.  Consumes m, which is NULL when there was no memory. */
static int
send_header(const struct pktpcb *pp, const struct ifnet *ifp, struct mbuf **mp, const struct vi_msg *msg)
{
	struct ether_header *eh;

	if (ifp->if_type != VI_IFT_ETHER)
		return (0);
	if (!msg->msg_hasname || msg->msg_name.sa_station.st_len < ETHER_ADDR_LEN)
		return (EINVAL);
	if ((*mp = m_prepend(*mp, ETHER_HDR_LEN)) == NULL)
		return (ENOBUFS);
	eh = mtod(*mp, struct ether_header *);
	memcpy(eh->ether_dhost, msg->msg_name.sa_station.st_addr, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = msg->msg_name.sa_port != 0 ? msg->msg_name.sa_port : HTONS(pp->pp_type);
	return (0);
}

/* What the driver wants: its own link header and no other, in one piece, and no more than it takes. */
static int
send_frame(const struct pktpcb *pp, struct ifnet *ifp, struct mbuf **mp, const struct vi_msg *msg)
{
	const bool ether = ifp->if_type == VI_IFT_ETHER, loop = ifp->if_type == VI_IFT_LOOP;
	int error;

	if (!pkt_israw(pp) && (error = send_header(pp, ifp, mp, msg)) != 0)
		return (error);
	if (pkt_israw(pp) && (ether || loop) && (*mp)->m_pkt.len < ETHER_HDR_LEN)
		return (EINVAL);
	if (pkt_israw(pp) && loop)
		m_adj(*mp, ETHER_HDR_LEN);
	if ((*mp)->m_pkt.len == 0)
		return (EINVAL);
	if (ether ? ether_toolong(ifp, *mp) : (*mp)->m_pkt.len > ifp->if_mtu)
		return (EMSGSIZE);
	if ((*mp = m_pullup(*mp, ether ? ETHER_HDR_LEN : 1)) == NULL)
		return (ENOBUFS);
	if (ether && ether_multicast(mtod(*mp, struct ether_header *)->ether_dhost))
		ifp->if_stats.ifs_omcasts++;
	(*mp)->m_pkt.l2hlen = ether ? ETHER_HDR_LEN : 0;
	(*mp)->m_pkt.mark = pp->pp_socket->so_mark;
	return (0);
}

/* Who is above the interface, a bridge, does not get it. */
int
pkt_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct pktpcb *pp = so->so_pcb;
	struct packet_vnet *pv = pkt_vnet(pp);
	struct ifnet *ifp = send_ifp(pp, msg);
	int error = 0;

	if (ifp == NULL)
		error = ENXIO;
	else if ((ifp->if_flags & IFF_UP) == 0)
		error = ENETDOWN;
	else if (pp->pp_vnethdr)
		error = send_vnethdr(m);
	if (error == 0)
		error = send_frame(pp, ifp, &m, msg);
	if (error != 0) {
		pv->pv_stat.pkts_oerrors++;
		m_freem(m);
		return (error);
	}
	pv->pv_sender = pp;
	error = if_transmit(ifp, m);
	pv->pv_sender = NULL;
	if (error != 0)
		pv->pv_stat.pkts_oerrors++;
	else
		pv->pv_stat.pkts_oframes++;
	return (error);
}
