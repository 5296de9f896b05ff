/* SPDX-License-Identifier: BSD-2-Clause */
/* What sockets want interfaces to let in.  Every frame that comes is seen in any case; the interface's flags tell who asked. */
#include <errno.h>
#include <string.h>

#include "packet/packet_var.h"

static int
mreq_parse(const struct pktpcb *pp, const void *val, size_t len, struct vi_pkt_mreq *pm, struct ifnet **ifpp)
{
	if (len < sizeof(*pm))
		return (EINVAL);
	memcpy(pm, val, sizeof(*pm));
	if ((*ifpp = ifnet_byindex(pp->pp_socket->so_vnet, pm->pm_ifindex)) == NULL)
		return (ENODEV);
	if (pm->pm_alen > (*ifpp)->if_addrlen || pm->pm_alen > sizeof(pm->pm_addr))
		return (EINVAL);
	switch (pm->pm_type) {
	case VI_PKTMR_MULTICAST:
	case VI_PKTMR_UNICAST:
		return (pm->pm_alen != (*ifpp)->if_addrlen ? EINVAL : 0);
	case VI_PKTMR_PROMISC:
	case VI_PKTMR_ALLMULTI:
		return (0);
	default:
		return (EINVAL);
	}
}

static struct pktmreq *
mreq_find(const struct pktpcb *pp, const struct vi_pkt_mreq *pm)
{
	struct pktmreq *mr;

	LIST_FOREACH(mr, &pp->pp_mreqs, pm_link)
		if (mr->pm_req.pm_ifindex == pm->pm_ifindex && mr->pm_req.pm_type == pm->pm_type && mr->pm_req.pm_alen == pm->pm_alen &&
		    memcmp(mr->pm_req.pm_addr, pm->pm_addr, pm->pm_alen) == 0)
			return (mr);
	return (NULL);
}

static int
mreq_apply(struct ifnet *ifp, const struct vi_pkt_mreq *pm, int delta)
{
	if (pm->pm_type != VI_PKTMR_PROMISC && pm->pm_type != VI_PKTMR_ALLMULTI)
		return (0);
	return (if_promisc(ifp, pm->pm_type == VI_PKTMR_PROMISC ? delta : 0, pm->pm_type == VI_PKTMR_ALLMULTI ? delta : 0));
}

int
pkt_mreq_add(struct pktpcb *pp, const void *val, size_t len)
{
	struct acctset *as = vnet_acct(pp->pp_socket->so_vnet);
	struct vi_pkt_mreq pm;
	struct pktmreq *mr;
	struct ifnet *ifp;
	int error;

	if ((error = mreq_parse(pp, val, len, &pm, &ifp)) != 0)
		return (error);
	if ((mr = mreq_find(pp, &pm)) != NULL) {
		mr->pm_count++;
		return (0);
	}
	if ((mr = kmalloc(as, ACCT_PCB, sizeof(*mr))) == NULL)
		return (ENOBUFS);
	if ((error = mreq_apply(ifp, &pm, 1)) != 0) {
		kfree(as, ACCT_PCB, mr, sizeof(*mr));
		return (error);
	}
	mr->pm_req = pm;
	mr->pm_count = 1;
	LIST_INSERT_HEAD(&pp->pp_mreqs, mr, pm_link);
	return (0);
}

static void
mreq_free(struct pktpcb *pp, struct pktmreq *mr)
{
	struct ifnet *ifp = ifnet_byindex(pp->pp_socket->so_vnet, mr->pm_req.pm_ifindex);

	LIST_REMOVE(mr, pm_link);
	if (ifp != NULL)
		(void)mreq_apply(ifp, &mr->pm_req, -1);
	kfree(vnet_acct(pp->pp_socket->so_vnet), ACCT_PCB, mr, sizeof(*mr));
}

/* As Linux: one that is not there is no error. */
int
pkt_mreq_drop(struct pktpcb *pp, const void *val, size_t len)
{
	struct vi_pkt_mreq pm;
	struct pktmreq *mr;

	if (len < sizeof(pm))
		return (EINVAL);
	memcpy(&pm, val, sizeof(pm));
	if (pm.pm_alen > sizeof(pm.pm_addr))
		return (EINVAL);
	if ((mr = mreq_find(pp, &pm)) != NULL && --mr->pm_count == 0)
		mreq_free(pp, mr);
	return (0);
}

void
pkt_mreq_leave(struct pktpcb *pp, uint32_t ifindex)
{
	struct pktmreq *mr, *next;

	LIST_FOREACH_SAFE(mr, &pp->pp_mreqs, pm_link, next)
		if (ifindex == 0 || mr->pm_req.pm_ifindex == ifindex)
			mreq_free(pp, mr);
}
