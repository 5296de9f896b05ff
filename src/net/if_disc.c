/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disc and edsc: interfaces that discard whatever they are given, without and with link addresses.  What they have taken is counted.
 */
#include <errno.h>

#include "mbuf/mbuf.h"
#include "net/if_over.h"
#include "wire/ether.h"

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
disc_attach_if(struct ifnet *ifp)
{
	int error;

	if (ifp == NULL)
		return (ENOBUFS);
	ifp->if_flags |= IFF_RUNNING;
	ifp->if_linkup = true;
	if ((error = if_attach(ifp)) != 0)
		if_free(ifp);
	return (error);
}

static int
disc_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error;

	if ((error = if_clone_name(vn, disc_cloner.ifc_name, unit, name)) != 0)
		return (error);
	if ((ifp = if_alloc(vn, name, VI_IFT_OTHER)) != NULL) {
		ifp->if_flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
		ifp->if_ops = &disc_ops;
		ifp->if_cloner = &disc_cloner;
	}
	return (disc_attach_if(ifp));
}

static int
edsc_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	int error;

	if ((error = if_clone_name(vn, edsc_cloner.ifc_name, unit, name)) != 0)
		return (error);
	return (disc_attach_if(if_ether_alloc(vn, name, &edsc_cloner, &edsc_ops, NULL)));
}

static void
disc_destroy(struct ifnet *ifp)
{
	if_detach(ifp);
	if_free(ifp);
}

const struct if_clone disc_cloner = {
	.ifc_name = "disc",
	.ifc_create = disc_create,
	.ifc_destroy = disc_destroy,
};

const struct if_clone edsc_cloner = {
	.ifc_name = "edsc",
	.ifc_create = edsc_create,
	.ifc_destroy = disc_destroy,
};
