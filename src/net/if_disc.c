/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disc and edsc: interfaces that discard whatever they are given, without and with link addresses.  What they have taken is counted.
 */
#include <errno.h>

#include "mbuf/mbuf.h"
#include "net/if_int.h"

static int
disc_transmit(struct ifnet *ifp, struct mbuf *m)
{
	if (!if_up(ifp)) {
		ifp->if_stats.ifs_oerrors++;
		m_freem(m);
		return (ENETDOWN);
	}
	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += m->m_pkt.len;
	m_freem(m);
	return (0);
}

static int
disc_output(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh)
{
	(void)nh;
	return (if_transmit(ifp, m));
}

/* Nothing comes from there. */
static void
disc_input(struct ifnet *ifp, struct mbuf *m)
{
	ifp->if_stats.ifs_noproto++;
	m_freem(m);
}

static const struct ifnet_ops disc_ops = {
	.ifo_output = disc_output,
	.ifo_transmit = disc_transmit,
	.ifo_input = disc_input,
};

/* The frame goes the way of all others, neighbours included; nobody ever answers. */
static const struct ifnet_ops edsc_ops = {
	.ifo_output = ether_output,
	.ifo_linkhdr = ether_linkhdr,
	.ifo_transmit = disc_transmit,
	.ifo_input = ether_input,
};

static int
disc_new(struct vnet *vn, const struct if_clone *ifc, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error;

	if ((error = if_new_unit(vn, ifc, unit, name, &ifp)) != 0)
		return (error);
	ifp->if_flags |= IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST | IFF_RUNNING;
	ifp->if_linkup = true;
	return (if_new_attach(ifp));
}

static int
disc_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (disc_new(vn, &disc_cloner, unit, name));
}

static int
edsc_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (disc_new(vn, &edsc_cloner, unit, name));
}

const struct if_clone disc_cloner = {
	.ifc_name = "disc",
	.ifc_ops = &disc_ops,
	.ifc_type = VI_IFT_OTHER,
	.ifc_create = disc_create,
	.ifc_destroy = if_new_destroy,
};

const struct if_clone edsc_cloner = {
	.ifc_name = "edsc",
	.ifc_ops = &edsc_ops,
	.ifc_type = VI_IFT_ETHER,
	.ifc_create = edsc_create,
	.ifc_destroy = if_new_destroy,
};
