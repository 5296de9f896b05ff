/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet sockets as the administrator sees them: netstat -B. */
#include <string.h>

#include "packet/packet_var.h"

static bool
pkt_promisc(const struct pktpcb *pp)
{
	const struct pktmreq *mr;

	LIST_FOREACH(mr, &pp->pp_mreqs, pm_link)
		if (mr->pm_req.pm_type == VI_PKTMR_PROMISC)
			return (true);
	return (false);
}

static void
pkt_info(const struct pktpcb *pp, struct vi_packetinfo *pi)
{
	const struct socket *so = pp->pp_socket;
	const struct ifnet *ifp = pp->pp_gone ? NULL : ifnet_byindex(so->so_vnet, pp->pp_ifindex);

	*pi = (struct vi_packetinfo){
		.pi_ifindex = pp->pp_ifindex,
		.pi_ethertype = pp->pp_type,
		.pi_raw = pkt_israw(pp),
		.pi_promisc = pkt_promisc(pp),
		.pi_outgoing = pp->pp_type == VI_PKT_ALL && !pp->pp_ignoreout,
		.pi_uid = so->so_cred.cr_uid,
		.pi_frames = pp->pp_frames,
		.pi_matched = pp->pp_matched,
		.pi_drops = pp->pp_drops,
		.pi_waiting = so->so_rcv.sb_cc,
		.pi_socket = (so->so_state & SS_NOFDREF) == 0 ? (const struct vi_socket *)so : NULL,
	};
	if (ifp != NULL)
		memcpy(pi->pi_ifname, ifp->if_xname, sizeof(pi->pi_ifname));
}

void
pkt_list(struct vnet *vn, vi_packet_fn *fn, void *arg)
{
	const struct pktpcb *pp;
	struct vi_packetinfo pi;

	LIST_FOREACH(pp, &packet_vnet(vn)->pv_pcbs, pp_link) {
		pkt_info(pp, &pi);
		fn(arg, &pi);
	}
}
