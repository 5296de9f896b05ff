/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module "net": the interfaces of a vnet, and the table of protocols above them.
 *
 * When a vnet stops, all its interfaces leave it, so that every other module has heard IFDETACH for
 * each before it is detached: what it borrowed goes home, what it owns is destroyed wherever it is.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

VNET_STATE_DEFINE(net);

int
net_proto_register(struct vnet *vn, uint16_t ethertype, net_input_fn *input)
{
	struct net_vnet *nv = net_vnet(vn);

	for (unsigned i = 0; i < nv->nv_nproto; i++)
		if (nv->nv_proto[i].np_ethertype == ethertype)
			return (EEXIST);
	if (nv->nv_nproto == NET_MAXPROTO)
		return (ENOSPC);
	nv->nv_proto[nv->nv_nproto++] = (struct net_proto){ ethertype, input };
	/* IPv4 has nearly all the packets: it stays last, where net_input() begins. */
	for (unsigned i = nv->nv_nproto - 1; i > 0 && nv->nv_proto[i - 1].np_ethertype == ETHERTYPE_IP; i--) {
		nv->nv_proto[i] = nv->nv_proto[i - 1];
		nv->nv_proto[i - 1] = (struct net_proto){ ethertype, input };
	}
	return (0);
}

void
net_input(struct ifnet *ifp, uint16_t ethertype, struct mbuf *m)
{
	const struct net_vnet *nv = net_vnet(ifp->if_vnet);

	for (unsigned i = nv->nv_nproto; i-- > 0;) {
		if (nv->nv_proto[i].np_ethertype == ethertype) {
			nv->nv_proto[i].np_input(ifp, m);
			return;
		}
	}
	ifp->if_stats.ifs_noproto++;
	m_freem(m);
}

int
if_output_ip(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh)
{
	(void)nh;
	if ((m->m_flags & (M_BCAST | M_MCAST)) != 0)
		ifp->if_stats.ifs_omcasts++;
	return (if_transmit(ifp, m));
}

int
if_outputq(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh)
{
	struct mbuf *next;
	int error = 0;

	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if ((error = if_output(ifp, m, nh)) != 0) {
			m_freeq(next);
			break;
		}
	}
	return (error);
}

void
if_input_ip(struct ifnet *ifp, struct mbuf *m)
{
	uint8_t vhl;

	if (!if_up(ifp)) {
		ifp->if_stats.ifs_iqdrops++;
		m_freem(m);
		return;
	}
	if (m_copydata(m, 0, 1, &vhl) == 0 && (vhl >> 4 == 4 || vhl >> 4 == 6)) {
		net_input(ifp, vhl >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6, m);
		return;
	}
	ifp->if_stats.ifs_ierrors++;
	m_freem(m);
}

/* Link addresses */

/*
 * A permutation of the 32-bit numbers that belongs to this kernel: four Feistel rounds keyed with
 * its secret.  What goes in different comes out different, so addresses made of unit numbers never
 * collide, and those of two kernels hardly ever do.
 */
static uint32_t
lladdr_permute(const struct kernel *k, uint32_t v)
{
	const struct siphash_key key = { k->k_hostkey[0], k->k_hostkey[1] };
	uint16_t left = (uint16_t)(v >> 16), right = (uint16_t)v, t;
	struct { uint32_t round; uint16_t half, pad; } in = { 0, 0, 0x6c6c };

	for (in.round = 0; in.round < 4; in.round++) {
		in.half = right;
		t = (uint16_t)(left ^ siphash13(&key, &in, sizeof(in)));
		left = right;
		right = t;
	}
	return ((uint32_t)left << 16 | right);
}

void
if_lladdr_make(struct kernel *k, uint32_t unit, uint8_t last, uint8_t lladdr[6])
{
	lladdr[0] = 0x02;			/* locally administered, one station */
	be32enc(lladdr + 1, lladdr_permute(k, unit));
	lladdr[5] = last;
}

struct net_kern *
net_kern(struct kernel *k)
{
	if (k->k_net == NULL)
		k->k_net = kmalloc(&k->k_acct, ACCT_MISC, sizeof(*k->k_net));
	return (k->k_net);
}

void
net_kernel_fini(struct kernel *k)
{
	struct net_kern *nk = k->k_net;

	if (nk == NULL)
		return;
	kfree(&k->k_acct, ACCT_MISC, nk->nk_epairs, nk->nk_nepairs / 8);
	kfree(&k->k_acct, ACCT_MISC, nk, sizeof(*nk));
	k->k_net = NULL;
}

/* Life */

static int
net_attach(struct vnet *vn)
{
	TAILQ_INIT(&net_vnet(vn)->nv_ifs);
	LIST_INIT(&net_vnet(vn)->nv_home);
	return (0);
}

/* One that is at home with us and away; NULL: none. */
static struct ifnet *
net_lent(struct vnet *vn)
{
	struct ifnet *ifp;

	LIST_FOREACH(ifp, &net_vnet(vn)->nv_home, if_homelink)
		if (ifp->if_vnet != vn)
			return (ifp);
	return (NULL);
}

static struct ifnet *
net_notlo0(struct vnet *vn)
{
	struct ifnet *ifp = TAILQ_FIRST(&net_vnet(vn)->nv_ifs);

	return (ifp != NULL && ifp == net_vnet(vn)->nv_lo0 ? TAILQ_NEXT(ifp, if_link) : ifp);
}

/* lo0 goes last: others have routes by it. */
static void
net_stop(struct vnet *vn)
{
	struct net_vnet *nv = net_vnet(vn);
	struct ifnet *ifp;

	while ((ifp = net_notlo0(vn)) != NULL) {
		if (ifp->if_home != vn)
			if_return(ifp);
		else
			if_clone_destroy(ifp);
	}
	while ((ifp = net_lent(vn)) != NULL)
		if_clone_destroy(ifp);
	if ((ifp = nv->nv_lo0) != NULL)
		if_clone_destroy(ifp);
}

static void
net_detach(struct vnet *vn)
{
	struct net_vnet *nv = net_vnet(vn);

	VI_ASSERT(nv->nv_nifs == 0 && LIST_EMPTY(&nv->nv_home));
	kfree(vnet_acct(vn), ACCT_IFNET, nv->nv_byindex,
	    nv->nv_indexsize * sizeof(*nv->nv_byindex));
	kfree(vnet_acct(vn), ACCT_HASH, nv->nv_names, nv->nv_namesize * sizeof(*nv->nv_names));
}

/* ifconfig(8): an interface goes up when it gets its first address. */
static void
net_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct ifaddr *ifa = obj;

	(void)vn;
	if (ev == VNET_EV_IFADDR_ADD && TAILQ_FIRST(&ifa->ifa_ifp->if_addrs) == ifa &&
	    TAILQ_NEXT(ifa, ifa_link) == NULL)
		(void)if_setflags(ifa->ifa_ifp, IFF_UP, 0);
}

static const struct sysctl_desc net_sysctls[] = {
	CTL_UINT("net.link.generic.system.ifcount", CTL_RD, struct net_vnet, nv_nifs, 0, UINT32_MAX,
	    "Number of interfaces"),
	CTL_END
};

VNET_MODULE(net,
	.vm_size = sizeof(struct net_vnet),
	.vm_attach = net_attach,
	.vm_stop = net_stop,
	.vm_detach = net_detach,
	.vm_event = net_event,
	.vm_sysctls = net_sysctls);
