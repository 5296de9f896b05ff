/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: vxlan, an Ethernet over UDP (RFC 7348).
 *
 * An interface is in one network (vxlanid).  Frames to a station that was heard of go to the address it was heard from; all others, broadcasts and
 * groups go to the remote end, or to the group that the networks' hosts are in.  All interfaces of one port and family share a socket of the
 * stack's own, whose datagrams come here (udp_set_tunnel); the number tells the interface.
 *
 * Frames are finished before they are sent, as in any tunnel.  The source port is a hash of the frame's addresses, so that routers can tell flows
 * apart; over IPv4 there is no checksum (RFC 7348 5), over IPv6 there is.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/tunnel/vxlan_int.h"
#include "netinet/udp/udp.h"
#include "wire/udp.h"

#define VXLAN_MTU	1450	/* Ethernet's less the headers over IPv4 */
#define VXLAN_MAXNEST	4
#define VXLAN_MAXADDR	2000
#define VXLAN_TIMEOUT	1200	/* s */

VNET_STATE_DEFINE(vxlan);

/* Out */

static int
vxlan_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *why, int error)
{
	(*why)++;
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

static uint16_t
vxlan_sport(const struct vxlan *vx, const uint8_t *frame)
{
	const struct kernel *k = vx->vx_if->if_vnet->vn_kernel;
	const struct siphash_key key = { k->k_hashkey[0], k->k_hashkey[1] };

	return ((uint16_t)(vx->vx_minport + siphash13(&key, frame, ETHER_HDR_LEN) % (vx->vx_maxport - vx->vx_minport + 1u)));
}

static int
vxlan_output4(struct vxlan *vx, struct mbuf *m, const struct in_addr_any *to)
{
	const struct ip_out io = {
		.io_src = vx->vx_lops != NULL ? vx->vx_local.in4 : 0,
		.io_dst = to->in4,
		.io_proto = IPPROTO_UDP,
		.io_ttl = vx->vx_ttl,
		.io_mcast_ttl = vx->vx_ttl,
		.io_ifindex = in_multicast(to->in4) ? vx->vx_devindex : 0,
		.io_mtudisc = IP_PMTUDISC_DONT,
		.io_flowid = m->m_pkt.flowid,
	};

	return (ip_output(vx->vx_if->if_vnet, m, &io));
}

static int
vxlan_output6(struct vxlan *vx, struct mbuf *m, const struct in_addr_any *to)
{
	const struct ip6_out io = {
		.i6o_src = vx->vx_local,
		.i6o_dst = *to,
		.i6o_proto = IPPROTO_UDP,
		.i6o_hlim = vx->vx_ttl,
		.i6o_mcast_hlim = vx->vx_ttl,
		.i6o_ifindex = in6_multicast((const uint8_t *)to->in6) ? vx->vx_devindex : 0,
		.i6o_flowid = m->m_pkt.flowid,
	};

	mtod(m, struct udphdr *)->uh_sum = in6_ops.io_pseudo(&vx->vx_local, to, IPPROTO_UDP, m->m_pkt.len);
	m->m_pkt.csum_flags = CSUM_UDP;
	return (ip6_output(vx->vx_if->if_vnet, m, &io));
}

/* A complete frame. */
static int
vxlan_send(struct vxlan *vx, struct mbuf *m)
{
	struct vxlan_vnet *xv = vxlan_vnet(vx->vx_if->if_vnet);
	const struct in_addr_any *to = NULL;
	const uint32_t len = m->m_pkt.len;
	struct ether_header eh;
	struct udphdr *uh;
	int error;

	if (m_copydata(m, 0, sizeof(eh), &eh) != 0)
		return (vxlan_drop(vx->vx_if, m, &xv->xv_stat.vxs_short, EINVAL));
	if (!ether_multicast(eh.ether_dhost))
		to = vxlan_find(vx, eh.ether_dhost);
	if (to == NULL)
		to = &vx->vx_remote;
	if ((m = m_prepend(m, UDP_HDRLEN + VXLAN_HLEN)) == NULL) {
		xv->xv_stat.vxs_nomem++;
		vx->vx_if->if_stats.ifs_oerrors++;
		return (ENOBUFS);
	}
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST | M_LOOP | M_PROMISC | M_FRAG);
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	m->m_pkt.rcvif = NULL;
	uh = mtod(m, struct udphdr *);
	uh->uh_sport = HTONS(vxlan_sport(vx, (const uint8_t *)&eh));
	uh->uh_dport = HTONS(vx->vx_rport);
	uh->uh_ulen = HTONS(m->m_pkt.len);
	uh->uh_sum = 0;
	vxlan_build(m->m_data + UDP_HDRLEN, vx->vx_vni);
	if ((error = vx->vx_rops == &in_ops ? vxlan_output4(vx, m, to) : vxlan_output6(vx, m, to)) != 0) {
		vx->vx_if->if_stats.ifs_oerrors++;
		return (error);
	}
	xv->xv_stat.vxs_opackets++;
	vx->vx_if->if_stats.ifs_opackets++;
	vx->vx_if->if_stats.ifs_obytes += len;
	return (0);
}

static int
vxlan_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct vxlan_vnet *xv = vxlan_vnet(ifp->if_vnet);
	struct vxlan *vx = ifp->if_softc;
	struct mbuf *next;
	int error = 0, one;

	if (!if_up(ifp) || vx->vx_socket == NULL)
		return (vxlan_drop(ifp, m, &xv->xv_stat.vxs_down, ENETDOWN));
	if (m->m_pkt.nest >= VXLAN_MAXNEST)
		return (vxlan_drop(ifp, m, &xv->xv_stat.vxs_nested, EIO));
	if (ether_toolong(ifp, m))
		return (vxlan_drop(ifp, m, &xv->xv_stat.vxs_toobig, EMSGSIZE));
	for (m = if_wire(ifp, m, true); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m->m_pkt.nest++;
		if ((one = vxlan_send(vx, m)) != 0)
			error = one;
	}
	return (error);
}

static const struct ifnet_ops vxlan_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = vxlan_transmit,
	.ifo_input = ether_input,
};

/* In */

static void
vxlan_receive(struct vxlan *vx, struct mbuf *m, const struct inet_pkt *pk)
{
	struct vxlan_vnet *xv = vxlan_vnet(vx->vx_if->if_vnet);
	struct ether_header eh;

	if (m_copydata(m, 0, sizeof(eh), &eh) != 0) {
		xv->xv_stat.vxs_short++;
		vx->vx_if->if_stats.ifs_ierrors++;
		m_freem(m);
		return;
	}
	if (vx->vx_learn && !ether_multicast(eh.ether_shost) && !ether_zero(eh.ether_shost) &&
	    !ether_equal(eh.ether_shost, vx->vx_if->if_lladdr))
		vxlan_learn(vx, eh.ether_shost, &pk->ip_src);
	xv->xv_stat.vxs_ipackets++;
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	if_deliver(vx->vx_if, m);
}

static struct vxlan *
socket_vxlan(const struct vxlan_socket *vs, uint32_t vni)
{
	struct vxlan *vx;

	LIST_FOREACH(vx, &vs->vs_vnis[vni % VXLAN_NHASH], vx_vnilink)
		if (vx->vx_vni == vni)
			break;
	return (vx);
}

static bool
vxlan_input(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui, void *arg)
{
	const struct vxlan_socket *vs = arg;
	struct vxlan_vnet *xv = vxlan_vnet(vs->vs_vnet);
	uint8_t hdr[VXLAN_HLEN];
	struct vxlan *vx;
	uint32_t vni;

	(void)inp;
	(void)ui;
	if (m_copydata(m, 0, sizeof(hdr), hdr) != 0 || vxlan_check(hdr, sizeof(hdr), m->m_pkt.len, &vni) != WIRE_OK) {
		xv->xv_stat.vxs_badheader++;
		m_freem(m);
		return (true);
	}
	m_adj(m, VXLAN_HLEN);
	if ((vx = socket_vxlan(vs, vni)) != NULL) {
		vxlan_receive(vx, m, pk);
		return (true);
	}
	xv->xv_stat.vxs_nobody++;
	m_freem(m);
	return (true);
}

/* Sockets */

static struct vxlan_socket *
socket_find(struct vxlan_vnet *xv, const struct inet_ops *ops, uint16_t port)
{
	struct vxlan_socket *vs;

	LIST_FOREACH(vs, &xv->xv_sockets, vs_link)
		if (vs->vs_ops == ops && vs->vs_port == port)
			break;
	return (vs);
}

static void
socket_free(struct vxlan_socket *vs)
{
	udp_tunnel_close(&vs->vs_so);
	LIST_REMOVE(vs, vs_link);
	kfree(vnet_acct(vs->vs_vnet), ACCT_MISC, vs, sizeof(*vs));
}

static int
socket_get(struct vnet *vn, const struct inet_ops *ops, uint16_t port, struct vxlan_socket **vsp)
{
	struct vxlan_vnet *xv = vxlan_vnet(vn);
	struct vxlan_socket *vs = socket_find(xv, ops, port);
	int error = 0;

	if (vs == NULL) {
		if ((vs = kmalloc(vnet_acct(vn), ACCT_MISC, sizeof(*vs))) == NULL)
			return (ENOBUFS);
		*vs = (struct vxlan_socket){ .vs_vnet = vn, .vs_ops = ops, .vs_port = port };
		LIST_INSERT_HEAD(&xv->xv_sockets, vs, vs_link);
		if ((error = udp_tunnel_open(vn, ops, port, vxlan_input, NULL, vs, &vs->vs_so)) != 0) {
			socket_free(vs);
			return (error);
		}
	}
	*vsp = vs;
	return (0);
}

/* The group's membership; several networks may be in one, which is no error. */
static int
vxlan_join(struct vxlan *vx, struct vxlan_socket *vs, bool join)
{
	struct vi_group_req gr = { .gr_ifindex = vx->vx_devindex };
	int error;

	vx->vx_rops->io_sockaddr(&vx->vx_remote, 0, &gr.gr_group);
	error = sosetopt(vs->vs_so, join ? VI_MCAST_JOIN_GROUP : VI_MCAST_LEAVE_GROUP, &gr, sizeof(gr));
	return (error == EADDRINUSE ? 0 : error);
}

/* Does another network on this socket need the membership? */
static bool
vxlan_shared(const struct vxlan *vx)
{
	const struct vxlan *other;

	LIST_FOREACH(other, &vx->vx_socket->vs_vxlans, vx_link)
		if (other != vx && other->vx_group && other->vx_devindex == vx->vx_devindex && in_addr_eq(&other->vx_remote, &vx->vx_remote))
			return (true);
	return (false);
}

static bool
vxlan_complete(const struct vxlan *vx)
{
	if (vx->vx_vni == UINT32_MAX || vx->vx_rops == NULL || (vx->vx_lops != NULL && vx->vx_lops != vx->vx_rops))
		return (false);
	if (vx->vx_rops == &in6_ops && vx->vx_lops == NULL)	/* its checksum needs to know the source */
		return (false);
	return (!vx->vx_group || vx->vx_dev[0] != '\0');
}

int
vxlan_start(struct vxlan *vx)
{
	struct vnet *vn = vx->vx_if->if_vnet;
	struct vxlan_socket *vs;
	struct ifnet *dev = NULL;
	int error;

	if (!vnet_running(vn) || !vxlan_complete(vx))
		return (0);
	if (vx->vx_group && (dev = ifnet_byname(vn, vx->vx_dev)) == NULL)
		return (ENXIO);
	vx->vx_devindex = dev != NULL ? dev->if_index : 0;
	if ((error = socket_get(vn, vx->vx_rops, vx->vx_lport, &vs)) != 0)
		return (error);
	if (socket_vxlan(vs, vx->vx_vni) != NULL)
		return (EEXIST);
	if (vx->vx_group && (error = vxlan_join(vx, vs, true)) != 0) {
		if (LIST_EMPTY(&vs->vs_vxlans))
			socket_free(vs);
		return (error);
	}
	vx->vx_socket = vs;
	LIST_INSERT_HEAD(&vs->vs_vxlans, vx, vx_link);
	LIST_INSERT_HEAD(&vs->vs_vnis[vx->vx_vni % VXLAN_NHASH], vx, vx_vnilink);
	if_setrunning(vx->vx_if, true);
	return (0);
}

void
vxlan_stop(struct vxlan *vx)
{
	struct vxlan_socket *vs = vx->vx_socket;

	vxlan_flush(vx, false);
	if (vs == NULL)
		return;
	if (vx->vx_group && !vxlan_shared(vx))
		(void)vxlan_join(vx, vs, false);
	LIST_REMOVE(vx, vx_link);
	LIST_REMOVE(vx, vx_vnilink);
	vx->vx_socket = NULL;
	if (LIST_EMPTY(&vs->vs_vxlans))
		socket_free(vs);
	if_setrunning(vx->vx_if, false);
}

/* Life */

static int
vxlan_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error;

	if ((error = if_new_unit(vn, &vxlan_cloner, unit, name, &ifp)) != 0)
		return (error);
	*(struct vxlan *)ifp->if_softc = (struct vxlan){ .vx_if = ifp, .vx_vni = UINT32_MAX, .vx_lport = VXLAN_PORT, .vx_rport = VXLAN_PORT,
		.vx_minport = 49152, .vx_maxport = 65535, .vx_ttl = IPDEFTTL, .vx_learn = true, .vx_maxaddr = VXLAN_MAXADDR,
		.vx_timeout = VXLAN_TIMEOUT };
	ifp->if_mtu = VXLAN_MTU;
	return (if_new_attach(ifp));
}

const struct if_clone vxlan_cloner = {
	.ifc_name = "vxlan",
	.ifc_ops = &vxlan_ops,
	.ifc_softsize = sizeof(struct vxlan),
	.ifc_type = VI_IFT_ETHER,
	.ifc_priv = VI_PRIV_NET_TUNNEL,
	.ifc_create = vxlan_create,
	.ifc_destroy = if_new_destroy,	/* it stops with IFDETACH */
	.ifc_options = vxlan_options,
	.ifc_show = vxlan_show,
	.ifc_show_list = vxlan_show_list,
};

/* Those whose group was heard by an interface that leaves. */
static void
vxlan_devgone(struct vxlan_vnet *xv, const struct ifnet *dev)
{
	struct vxlan_socket *vs, *nextvs;
	struct vxlan *vx, *next;

	for (vs = LIST_FIRST(&xv->xv_sockets); vs != NULL; vs = nextvs) {
		nextvs = LIST_NEXT(vs, vs_link);
		for (vx = LIST_FIRST(&vs->vs_vxlans); vx != NULL; vx = next) {
			next = LIST_NEXT(vx, vx_link);
			if (dev == NULL || (vx->vx_group && vx->vx_devindex == dev->if_index))
				vxlan_stop(vx);		/* vs may go with the last */
		}
	}
}

static void
vxlan_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct ifnet *ifp = obj;

	if (ev != VNET_EV_IFDETACH)
		return;
	if (ifp->if_cloner == &vxlan_cloner) {
		vxlan_stop(ifp->if_softc);
		vxlan_table_end(ifp->if_softc);
	} else
		vxlan_devgone(vxlan_vnet(vn), ifp);
}

static int
vxlan_attach(struct vnet *vn)
{
	LIST_INIT(&vxlan_vnet(vn)->xv_sockets);
	return (0);
}

static void
vxlan_vnet_stop(struct vnet *vn)
{
	vxlan_devgone(vxlan_vnet(vn), NULL);
}

static const struct stat_desc vxlan_stats[] = {
#define VXLAN_STAT_DESC(name, text)	STAT_IN("vxlan", struct vxlan_vnet, xv_stat, name, text),
	VXLAN_STATS(VXLAN_STAT_DESC)
#undef VXLAN_STAT_DESC
	STAT_END
};

VNET_MODULE(vxlan,
	.vm_size = sizeof(struct vxlan_vnet),
	.vm_after = "net ether ip ip6 udp socket tunnel",
	.vm_attach = vxlan_attach,
	.vm_stop = vxlan_vnet_stop,
	.vm_event = vxlan_event,
	.vm_stats = vxlan_stats);
