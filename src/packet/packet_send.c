/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that a program made. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "packet/packet_var.h"

static struct ifnet *
send_ifp(const struct pktpcb *pp, const struct vi_msg *msg)
{
	const uint32_t index = msg->msg_hasname ? msg->msg_name.sa_scope : pp->pp_gone ? 0 : pp->pp_ifindex;

	return (ifnet_byindex(pp->pp_socket->so_vnet, index));
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
	if ((*mp)->m_pkt.segsz == 0 && (ether ? ether_toolong(ifp, *mp) : (*mp)->m_pkt.len > ifp->if_mtu))
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
		error = pkt_vnethdr_take(ifp, m);
	if (error == 0)
		error = send_frame(pp, ifp, &m, msg);
	if (error != 0) {
		pv->pv_stat.pkts_oerrors++;
		m_freem(m);
		return (error);
	}
	m->m_pkt.csum_flags |= CSUM_WRITTEN;
	pv->pv_sender = pp;
	error = if_transmit(ifp, m);
	pv->pv_sender = NULL;
	if (error != 0)
		pv->pv_stat.pkts_oerrors++;
	else
		pv->pv_stat.pkts_oframes++;
	return (error);
}
