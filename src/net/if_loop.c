/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loopback interface: what is sent comes back, in the lane's next round and never inside the
 * sender's call.  Checksums count as verified, but of what a program wrote itself, and super-packets come back whole.  Every vnet has
 * lo0 from the beginning to the end; more can be made.
 */
#include <errno.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

#define LOMTU		16384

struct lo_vnet {
	uint64_t	lv_badversion;
};
VNET_STATE_DECLARE(lo);
VNET_STATE_DEFINE(lo);

/* An address of this host is reached when lo0 is down, too, as it always was with BSD. */
static int
lo_transmit(struct ifnet *ifp, struct mbuf *m)
{
	if (m->m_pkt.len > ifp->if_mtu && (m->m_pkt.segsz == 0 || m->m_pkt.segsz >= ifp->if_mtu)) {
		ifp->if_stats.ifs_oerrors++;
		m_freem(m);
		return (EMSGSIZE);
	}
	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += m->m_pkt.len;
	m->m_flags |= M_LOOP;
	m->m_pkt.csum_flags |= (m->m_pkt.csum_flags & CSUM_WRITTEN) != 0 ? CSUM_IP_VALID : CSUM_IP_VALID | CSUM_DATA_VALID;
	if_deliver(ifp, m);
	return (0);
}

static int
lo_output(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh)
{
	(void)nh;
	return (if_transmit(ifp, m));
}

static void
lo_input(struct ifnet *ifp, struct mbuf *m)
{
	uint8_t vhl;

	if (m_copydata(m, 0, 1, &vhl) == 0 && (vhl >> 4 == 4 || vhl >> 4 == 6)) {
		net_input(ifp, vhl >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6, m);
		return;
	}
	lo_vnet(ifp->if_vnet)->lv_badversion++;
	ifp->if_stats.ifs_ierrors++;
	m_freem(m);
}

static void
lo_setflags(struct ifnet *ifp, uint32_t old)
{
	(void)old;
	if (ifp->if_flags & IFF_UP)
		ifp->if_flags |= IFF_RUNNING;
	else
		ifp->if_flags &= ~(uint32_t)IFF_RUNNING;
}

static const struct ifnet_ops lo_ops = {
	.ifo_output = lo_output,
	.ifo_transmit = lo_transmit,
	.ifo_input = lo_input,
	.ifo_setflags = lo_setflags,
};

static int
lo_attach_if(struct ifnet *ifp)
{
	ifp->if_flags = IFF_LOOPBACK | IFF_MULTICAST;
	ifp->if_mtu = LOMTU;
	ifp->if_linkup = true;
	return (if_new_attach(ifp));
}

static int
lo_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error = if_new_unit(vn, &lo_cloner, unit, name, &ifp);

	return (error != 0 ? error : lo_attach_if(ifp));
}

static void
lo_destroy(struct ifnet *ifp)
{
	struct net_vnet *nv = net_vnet(ifp->if_vnet);

	const bool lo0 = nv->nv_lo0 == ifp;

	if_new_destroy(ifp);
	if (lo0)
		nv->nv_lo0 = NULL;
}

const struct if_clone lo_cloner = {
	.ifc_name = "lo",
	.ifc_ops = &lo_ops,
	.ifc_type = VI_IFT_LOOP,
	.ifc_create = lo_create,
	.ifc_destroy = lo_destroy,
};

static int
lo_attach(struct vnet *vn)
{
	struct ifnet *ifp = if_new(vn, &lo_cloner, "lo0");
	int error = ifp == NULL ? ENOBUFS : lo_attach_if(ifp);

	if (error == 0)
		net_vnet(vn)->nv_lo0 = ifp;
	return (error);
}

static const struct stat_desc lo_stats[] = {
	STAT("lo", struct lo_vnet, lv_badversion, "looped packet%s of no known family"),
	STAT_END
};

VNET_MODULE(lo,
	.vm_size = sizeof(struct lo_vnet),
	.vm_after = "net",
	.vm_attach = lo_attach,
	.vm_stats = lo_stats);
