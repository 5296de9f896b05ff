/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epair: two Ethernet interfaces joined back to back.
 *
 * A unit, "epairN", is unique in the whole kernel, whichever vnets its ends are in and whatever
 * they are called now; so nobody's parallel create takes it, and the link addresses, made of it,
 * never collide.  A frame goes whole to the other end's queue, up to 64 KB if it is a super-packet
 * whose segments fit the MTU. Both ends live and die together.
 */
#include <errno.h>
#include <string.h>

#include "base/bitstr.h"
#include "base/sbuf.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

#define EPAIR_UNITS	512	/* bits of the first map of units */

struct epair {
	struct ifnet	*ep_if[2];	/* a, b */
	uint32_t	 ep_unit;
};

struct epair_vnet {
	uint64_t	ev_toobig, ev_down;
};
VNET_STATE_DECLARE(epair);
VNET_STATE_DEFINE(epair);

/* Units */

static bool
epair_unit_used(const struct net_kern *nk, uint32_t unit)
{
	return (unit < nk->nk_nepairs && bitstr_test(nk->nk_epairs, unit));
}

/* The first free unit from here on; units beyond the map are free. */
static uint32_t
epair_unit_next(const struct net_kern *nk, uint32_t from)
{
	ptrdiff_t bit = bitstr_find(nk->nk_epairs, nk->nk_nepairs, from, false);

	return (bit >= 0 ? (uint32_t)bit : MAX(from, nk->nk_nepairs));
}

static int
epair_unit_take(struct kernel *k, uint32_t unit)
{
	struct net_kern *nk = k->k_net;
	uint32_t size = nk->nk_nepairs;
	uint64_t *new;

	if (unit >= size) {
		for (size = size == 0 ? EPAIR_UNITS : size; size <= unit; size *= 2)
			;
		if ((new = kmalloc(&k->k_acct, ACCT_MISC, size / 8)) == NULL)
			return (ENOBUFS);
		if (nk->nk_nepairs > 0)
			memcpy(new, nk->nk_epairs, nk->nk_nepairs / 8);
		kfree(&k->k_acct, ACCT_MISC, nk->nk_epairs, nk->nk_nepairs / 8);
		nk->nk_epairs = new;
		nk->nk_nepairs = size;
	}
	bitstr_set(nk->nk_epairs, unit);
	if (unit == nk->nk_epairhint)
		nk->nk_epairhint = unit + 1;
	return (0);
}

static void
epair_unit_free(struct kernel *k, uint32_t unit)
{
	bitstr_clear(k->k_net->nk_epairs, unit);
	k->k_net->nk_epairhint = MIN(k->k_net->nk_epairhint, unit);
}

static void
epair_name(char name[IFNAMSIZ], uint32_t unit, int end)
{
	struct sbuf sb;

	sbuf_init(&sb, name, IFNAMSIZ);
	sbuf_printf(&sb, "epair%u%c", unit, 'a' + end);
}

/* Are both names free here?  Somebody may have renamed another interface to one. */
static bool
epair_names_free(struct vnet *vn, uint32_t unit)
{
	char name[IFNAMSIZ];

	for (int end = 0; end < 2; end++) {
		epair_name(name, unit, end);
		if (ifnet_byname(vn, name) != NULL)
			return (false);
	}
	return (true);
}

static int
epair_unit_alloc(struct vnet *vn, int wanted, uint32_t *unit)
{
	struct kernel *k = vn->vn_kernel;
	struct net_kern *nk = net_kern(k);

	if (nk == NULL)
		return (ENOBUFS);
	*unit = (uint32_t)wanted;
	if (wanted >= 0 && (epair_unit_used(nk, *unit) || !epair_names_free(vn, *unit)))
		return (EEXIST);
	if (wanted < 0) {
		*unit = nk->nk_epairhint = epair_unit_next(nk, nk->nk_epairhint);
		while (*unit <= IF_MAXUNIT && !epair_names_free(vn, *unit))
			*unit = epair_unit_next(nk, *unit + 1);
	}
	if (*unit > IF_MAXUNIT)
		return (ENOSPC);
	return (epair_unit_take(k, *unit));
}

/* Frames */

static struct ifnet *
epair_peer(const struct ifnet *ifp)
{
	const struct epair *ep = ifp->if_softc;

	return (ep->ep_if[ep->ep_if[0] == ifp]);
}

static __attribute__((noinline)) int
epair_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *counter, int error)
{
	++*counter;
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

static inline int
epair_carry(struct ifnet *ifp, struct mbuf *m)
{
	struct ifnet *peer = epair_peer(ifp);

	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += m->m_pkt.len;
	m->m_flags &= (uint16_t)~M_LOOP;
	if (if_listens(peer))
		return (if_deliver(peer, m));
	/* The cable carried it, nobody listens. */
	return (ifq_drop(peer, m));
}

/* Longer than the MTU, as super-packets are. */
static __attribute__((noinline)) int
epair_transmit_long(struct ifnet *ifp, struct mbuf *m)
{
	if (ether_toolong(ifp, m))
		return (epair_drop(ifp, m, &epair_vnet(ifp->if_vnet)->ev_toobig, EMSGSIZE));
	return (epair_carry(ifp, m));
}

static int
epair_transmit(struct ifnet *ifp, struct mbuf *m)
{
	if (!if_up(ifp))
		return (epair_drop(ifp, m, &epair_vnet(ifp->if_vnet)->ev_down, ENETDOWN));
	return (m->m_pkt.len > ifp->if_mtu + ETHER_HDR_LEN ? epair_transmit_long(ifp, m) : epair_carry(ifp, m));
}

static const struct ifnet_ops epair_ops = {
	.ifo_output = ether_output,
	.ifo_linkhdr = ether_linkhdr,
	.ifo_transmit = epair_transmit,
	.ifo_input = ether_input,
};

/* Life */

static struct ifnet *
epair_makeend(struct vnet *vn, struct epair *ep, int end)
{
	uint8_t lladdr[ETHER_ADDR_LEN];
	char name[IFNAMSIZ];
	struct ifnet *ifp;

	epair_name(name, ep->ep_unit, end);
	if ((ifp = if_alloc(vn, name, VI_IFT_ETHER)) == NULL)
		return (NULL);
	if_lladdr_make(vn->vn_kernel, ep->ep_unit, (uint8_t)(0x0a + end), lladdr);
	ether_ifinit(ifp, lladdr);
	ifp->if_flags |= IFF_RUNNING;
	ifp->if_linkup = true;
	ifp->if_ops = &epair_ops;
	ifp->if_cloner = &epair_cloner;
	ifp->if_softc = ep;
	return (ifp);
}

/* What there is of it. */
static void
epair_free(struct vnet *home, struct epair *ep)
{
	for (int end = 0; end < 2; end++)
		if (ep->ep_if[end] != NULL && ep->ep_if[end]->if_attached)
			if_detach(ep->ep_if[end]);
	for (int end = 0; end < 2; end++)
		if (ep->ep_if[end] != NULL)
			if_free(ep->ep_if[end]);
	epair_unit_free(home->vn_kernel, ep->ep_unit);
	kfree(vnet_acct(home), ACCT_IFNET, ep, sizeof(*ep));
}

static int
epair_make(struct vnet *vn, uint32_t unit)
{
	struct epair *ep = kmalloc(vnet_acct(vn), ACCT_IFNET, sizeof(*ep));
	int error = 0;

	if (ep == NULL) {
		epair_unit_free(vn->vn_kernel, unit);
		return (ENOBUFS);
	}
	ep->ep_unit = unit;
	for (int end = 0; end < 2 && error == 0; end++)
		if ((ep->ep_if[end] = epair_makeend(vn, ep, end)) == NULL)
			error = ENOBUFS;
	for (int end = 0; end < 2 && error == 0; end++)
		error = if_attach(ep->ep_if[end]);
	if (error != 0)
		epair_free(vn, ep);
	return (error);
}

static int
epair_create(struct vnet *vn, int wanted, char name[IFNAMSIZ])
{
	uint32_t unit;
	int error;

	if ((error = epair_unit_alloc(vn, wanted, &unit)) != 0)
		return (error);
	epair_name(name, unit, 0);
	return (epair_make(vn, unit));
}

static void
epair_destroy(struct ifnet *ifp)
{
	epair_free(ifp->if_home, ifp->if_softc);
}

const struct if_clone epair_cloner = {
	.ifc_name = "epair",
	.ifc_create = epair_create,
	.ifc_destroy = epair_destroy,
	.ifc_peer = epair_peer,
};

static const struct stat_desc epair_stats[] = {
	STAT("epair", struct epair_vnet, ev_toobig, "frame%s longer than the MTU not sent"),
	STAT("epair", struct epair_vnet, ev_down, "frame%s not sent on an interface that is down"),
	STAT_END
};

VNET_MODULE(epair,
	.vm_size = sizeof(struct epair_vnet),
	.vm_after = "net ether",
	.vm_stats = epair_stats);
