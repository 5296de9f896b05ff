/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "packet": packet sockets, as vimage/packet.h describes them. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "packet/packet_var.h"
#include "vimage/priv.h"

VNET_STATE_DEFINE(packet);

static const struct packet_vnet packet_defaults = { .pv_recvspace = 208 * 1024 };

static const struct sysctl_desc packet_sysctls[] = {
	CTL_UINT("net.link.packet.recvspace", CTL_RW, struct packet_vnet, pv_recvspace, 1024, SB_MAX, "Receive buffer of new packet sockets, bytes"),
	CTL_END
};

static const struct stat_desc packet_stats[] = {
#define PKT_STAT_DESC(name, text)	STAT_IN("packet", struct packet_vnet, pv_stat, name, text),
	PKT_STATS(PKT_STAT_DESC)
#undef PKT_STAT_DESC
	STAT_END
};

/* Sockets */

static int
pkt_so_attach(struct socket *so, int proto)
{
	struct vnet *vn = so->so_vnet;
	struct packet_vnet *pv = packet_vnet(vn);
	struct pktpcb *pp;
	int error;

	/* Who shares another's stack may send what he likes, but not see what others do. */
	if ((error = vnet_priv_check(vn, &so->so_cred, VI_PRIV_NET_RAW)) != 0 ||
	    (error = vnet_priv_check(vn, &so->so_cred, VI_PRIV_NET_CAPTURE)) != 0)
		return (error);
	if ((pp = kmalloc(vnet_acct(vn), ACCT_PCB, sizeof(*pp))) == NULL)
		return (ENOBUFS);
	pp->pp_socket = so;
	pp->pp_type = (uint16_t)proto;
	LIST_INIT(&pp->pp_mreqs);
	so->so_pcb = pp;
	so->so_rcv.sb_hiwat = pv->pv_recvspace;
	if ((error = pkt_hook(pp)) != 0) {
		so->so_pcb = NULL;
		kfree(vnet_acct(vn), ACCT_PCB, pp, sizeof(*pp));
		return (error);
	}
	LIST_INSERT_HEAD(&pv->pv_pcbs, pp, pp_link);
	return (0);
}

/* Memory that is not ours, but the stack's to pay for. */
static int
pkt_setring(struct pktpcb *pp, uint32_t size)
{
	struct acctset *as = vnet_acct(pp->pp_socket->so_vnet);

	if (size != 0 && acct_charge(as, ACCT_SOCKET, size) != 0)
		return (ENOBUFS);
	if (pp->pp_ring != 0)
		acct_uncharge(as, ACCT_SOCKET, pp->pp_ring);
	pp->pp_ring = size;
	return (0);
}

static void
pkt_so_detach(struct socket *so)
{
	struct pktpcb *pp = so->so_pcb;

	pkt_unhook(pp);
	pkt_fanout_leave(pp);
	pkt_mreq_leave(pp, 0);
	(void)pkt_setring(pp, 0);
	LIST_REMOVE(pp, pp_link);
	kfree(vnet_acct(so->so_vnet), ACCT_PCB, pp, sizeof(*pp));
	sodetached(so);
}

static int
pkt_so_bind(struct socket *so, const struct vi_sockaddr *sa)
{
	struct pktpcb *pp = so->so_pcb;

	if (sa->sa_family != VI_AF_PACKET || pp->pp_fanout != NULL)
		return (EINVAL);
	if (sa->sa_scope != 0 && ifnet_byindex(so->so_vnet, sa->sa_scope) == NULL)
		return (ENODEV);
	pkt_unhook(pp);
	pp->pp_ifindex = sa->sa_scope;
	pp->pp_gone = false;
	if (sa->sa_port != 0)
		pp->pp_type = NTOHS(sa->sa_port);
	return (pkt_hook(pp));
}

static int
pkt_so_sockaddr(struct socket *so, struct vi_sockaddr *sa)
{
	const struct pktpcb *pp = so->so_pcb;
	const struct ifnet *ifp = pp->pp_gone ? NULL : ifnet_byindex(so->so_vnet, pp->pp_ifindex);

	*sa = (struct vi_sockaddr){ .sa_family = VI_AF_PACKET, .sa_port = HTONS(pp->pp_type),
	    .sa_scope = pp->pp_gone ? UINT32_MAX : pp->pp_ifindex };
	if (ifp == NULL)
		return (0);
	sa->sa_station.st_hatype = pkt_hatype(ifp);
	/* The loopback interface has an address here, of nothing. */
	sa->sa_station.st_len = ifp->if_type == VI_IFT_LOOP ? ETHER_ADDR_LEN : ifp->if_addrlen;
	memcpy(sa->sa_station.st_addr, ifp->if_lladdr, sizeof(sa->sa_station.st_addr));
	return (0);
}

/* The options that are on or off; NULL: none of them. */
static bool *
pkt_optflag(struct pktpcb *pp, enum vi_sockopt opt)
{
	switch (opt) {
	case VI_PKT_ORIGDEV:
		return (&pp->pp_origdev);
	case VI_PKT_IGNORE_OUTGOING:
		return (&pp->pp_ignoreout);
	case VI_PKT_VNET_HDR:
		return (&pp->pp_vnethdr);
	default:
		return (NULL);
	}
}

static int
pkt_so_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	struct pktpcb *pp = so->so_pcb;
	bool *flag = pkt_optflag(pp, opt);
	int v, error;

	if (flag != NULL) {
		if ((error = sooptint(val, len, &v)) != 0)
			return (error);
		/* Frames without their header are nothing to a virtio-net. */
		if (opt == VI_PKT_VNET_HDR && !pkt_israw(pp))
			return (EINVAL);
		*flag = v != 0;
		return (0);
	}
	switch (opt) {
	case VI_PKT_ADD_MEMBERSHIP:
		return (pkt_mreq_add(pp, val, len));
	case VI_PKT_DROP_MEMBERSHIP:
		return (pkt_mreq_drop(pp, val, len));
	case VI_PKT_FANOUT:
		return (pkt_fanout_join(pp, val, len));
	case VI_PKT_FANOUT_DATA:
		return (pkt_fanout_data(pp, val, len));
	case VI_PKT_RING:
		if ((error = sooptint(val, len, &v)) != 0)
			return (error);
		return (v < 0 ? EINVAL : pkt_setring(pp, (uint32_t)v));
	default:
		return (ENOPROTOOPT);
	}
}

static int
pkt_so_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	struct pktpcb *pp = so->so_pcb;
	const bool *flag = pkt_optflag(pp, opt);
	const struct pktfanout *pf = pp->pp_fanout;
	struct vi_pkt_stats st;

	if (flag != NULL)
		return (sooptputint(buf, len, *flag));
	switch (opt) {
	case VI_PKT_STATISTICS:
		st = pp->pp_stats;
		pp->pp_stats = (struct vi_pkt_stats){ 0, 0 };
		return (sooptput(buf, len, &st, sizeof(st)));
	case VI_PKT_FANOUT:
		return (sooptputint(buf, len, pf == NULL ? 0 : (int)(pf->pf_id | (uint32_t)(pf->pf_how | pf->pf_flags) << 16)));
	default:
		return (ENOPROTOOPT);
	}
}

#define PACKET_PROTOSW(type) { \
	.pr_family = VI_AF_PACKET, \
	.pr_type = (type), \
	.pr_flags = PR_ATOMIC | PR_ADDR | PR_ANYPROTO, \
	.pr_sndspace = 208 * 1024, \
	.pr_rcvspace = 208 * 1024, \
	.pr_attach = pkt_so_attach, \
	.pr_close = pkt_so_detach, \
	.pr_abort = pkt_so_detach, \
	.pr_bind = pkt_so_bind, \
	.pr_send = pkt_send, \
	.pr_sockaddr = pkt_so_sockaddr, \
	.pr_setopt = pkt_so_setopt, \
	.pr_getopt = pkt_so_getopt, \
	.pr_packets = (type) == VI_SOCK_RAW ? pkt_list : NULL, \
}

static const struct protosw packet_protosw[] = { PACKET_PROTOSW(VI_SOCK_RAW), PACKET_PROTOSW(VI_SOCK_DGRAM) };

/* Module */

static int
packet_attach(struct vnet *vn)
{
	struct packet_vnet *pv = packet_vnet(vn);
	int error = 0;

	pv->pv_vnet = vn;
	LIST_INIT(&pv->pv_pcbs);
	LIST_INIT(&pv->pv_any);
	LIST_INIT(&pv->pv_ifs);
	LIST_INIT(&pv->pv_fanouts);
	for (size_t i = 0; i < NITEMS(packet_protosw) && error == 0; i++)
		error = proto_register(vn, &packet_protosw[i]);
	return (error);
}

static void
packet_stop(struct vnet *vn)
{
	struct pktpcb *pp;

	while ((pp = LIST_FIRST(&packet_vnet(vn)->pv_pcbs)) != NULL)
		pkt_so_detach(pp->pp_socket);
}

VNET_MODULE(packet,
	.vm_size = sizeof(struct packet_vnet),
	.vm_defaults = &packet_defaults,
	.vm_after = "net ether socket",
	.vm_attach = packet_attach,
	.vm_stop = packet_stop,
	.vm_event = pkt_event,
	.vm_sysctls = packet_sysctls,
	.vm_stats = packet_stats);
