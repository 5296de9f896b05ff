/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: unat, an Ethernet that ends in a stack of its own (vimage/unat.h).
 *
 * Two interfaces joined back to back, as an epair; one end is made in the stack of whoever asked, the other, "gate0", in a vnet made for it.  That
 * vnet belongs to no prison, and nobody can name it; if_anydst makes every packet that arrives there its own.  What is done with them is the embedder's
 * business: he has sockets there.  Here only the first segments of connections are looked for among what arrives.
 *
 * Whichever end goes takes the other with it.  The far vnet is destroyed with them, but when its own end is what destroys them.
 *
 * What the far stack has is paid by the jail that has the interface (vnet_annex), and what the embedder keeps for it as well.
 */
#include "net/if_unat.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbuf.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"
#include "net/if_int.h"
#include "wire/ether.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#define UNAT_MAXSYN	(IP6_HLEN + ETHERMTU)	/* bytes of a first segment that are kept */
#define UNAT_PEEK	(ETHER_HDR_LEN + IP6_HLEN + TCP_MINHLEN)

struct unat {
	struct ifnet	*un_near, *un_gate;
	struct vnet	*un_far;
	const struct vi_unat_ops *un_ops;	/* NULL: the embedder was not told of it, or was told that it goes */
	void		*un_user;
	uint64_t	 un_ncharged;	/* the embedder's: how often, and all together */
	size_t		 un_charged;
	uint64_t	 un_nstates;
};

struct unat_vnet {
	uint64_t	uv_down, uv_toobig, uv_held, uv_nosyn;
};
VNET_STATE_DECLARE(unat);
VNET_STATE_DEFINE(unat);

/* Frames */

static int
unat_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *why, int error)
{
	(*why)++;
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

static struct ifnet *
unat_peer(const struct ifnet *ifp)
{
	const struct unat *un = ifp->if_softc;

	return (ifp == un->un_near ? un->un_gate : un->un_near);
}

static int
unat_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct unat_vnet *uv = unat_vnet(ifp->if_vnet);
	struct ifnet *peer = unat_peer(ifp);

	if (!if_up(ifp))
		return (unat_drop(ifp, m, &uv->uv_down, ENETDOWN));
	if (m->m_pkt.len > ifp->if_mtu + ETHER_HDR_LEN && ether_toolong(ifp, m))
		return (unat_drop(ifp, m, &uv->uv_toobig, EMSGSIZE));
	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += m->m_pkt.len;
	m->m_flags &= (uint16_t)~M_LOOP;
	if (!if_up(peer)) {
		atomic_fetch_add_explicit(&peer->if_inq.ifq_drops, 1, memory_order_relaxed);
		m_freem(m);
		return (0);
	}
	if_deliver(peer, m);
	return (0);
}

/* Where TCP's header would begin in a frame for the gateway whose first len bytes these are; 0: there is none. */
static size_t
unat_tcpoff(const struct ifnet *gate, const uint8_t *frame, size_t len)
{
	const struct ether_header *eh = (const void *)frame;
	const struct ip6_hdr *ip6 = (const void *)(frame + ETHER_HDR_LEN);
	const struct ip *ip = (const void *)(frame + ETHER_HDR_LEN);

	/* A bridge floods what is for others on the link, too. */
	if (len < ETHER_HDR_LEN + IP_MINHLEN + TCP_MINHLEN || memcmp(eh->ether_dhost, gate->if_lladdr, ETHER_ADDR_LEN) != 0)
		return (0);
	if (eh->ether_type == HTONS(ETHERTYPE_IPV6))
		return (len >= UNAT_PEEK && ip6->ip6_nxt == IPPROTO_TCP ? ETHER_HDR_LEN + IP6_HLEN : 0);
	if (eh->ether_type != HTONS(ETHERTYPE_IP) || ip->ip_p != IPPROTO_TCP || (ip->ip_off & HTONS(IP_MF | IP_OFFMASK)) != 0 ||
	    ip_hlen(ip) < IP_MINHLEN)
		return (0);
	return (ETHER_HDR_LEN + ip_hlen(ip));
}

/* Does it ask for a connection? */
static bool
unat_issyn(const struct ifnet *gate, const struct mbuf *m)
{
	uint8_t frame[UNAT_PEEK];
	uint16_t offflags;
	size_t len = m->m_pkt.len < sizeof(frame) ? m->m_pkt.len : sizeof(frame), off;

	if (m_copydata(m, 0, len, frame) != 0 || (off = unat_tcpoff(gate, frame, len)) == 0)
		return (false);
	if (m_copydata(m, off + offsetof(struct tcphdr, th_offflags), sizeof(offflags), &offflags) != 0)
		return (false);
	return ((NTOHS(offflags) & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN);
}

/* Shows one to the embedder.  What is left for the far stack. */
static struct mbuf *
unat_show_syn(struct ifnet *ifp, struct mbuf *m)
{
	const struct unat *un = ifp->if_softc;
	struct unat_vnet *uv = unat_vnet(ifp->if_vnet);
	uint8_t packet[UNAT_MAXSYN];
	size_t len;

	if ((m = if_wire(ifp, m, true)) == NULL)
		return (NULL);
	len = m->m_pkt.len - ETHER_HDR_LEN;
	/* RFC 7413 3: the peer sends it again, without the data that made it so long. */
	if (len > sizeof(packet) || m_copydata(m, ETHER_HDR_LEN, len, packet) != 0) {
		uv->uv_nosyn++;
		m_freem(m);
		return (NULL);
	}
	if (un->un_ops == NULL || !un->un_ops->uo_syn(un->un_user, packet, len))
		return (m);
	uv->uv_held++;
	m_freem(m);
	return (NULL);
}

static void
unat_gate_input(struct ifnet *ifp, struct mbuf *m)
{
	if (unat_issyn(ifp, m) && (m = unat_show_syn(ifp, m)) == NULL)
		return;
	ether_input(ifp, m);
}

int
unat_input(struct unat *un, const void *packet, size_t len)
{
	struct ether_header eh;
	struct mbuf *m;

	if (len < IP_MINHLEN || len > UNAT_MAXSYN)
		return (EINVAL);
	if (!if_up(un->un_gate))
		return (EIO);
	memcpy(eh.ether_dhost, un->un_gate->if_lladdr, ETHER_ADDR_LEN);
	memcpy(eh.ether_shost, un->un_near->if_lladdr, ETHER_ADDR_LEN);
	eh.ether_type = *(const uint8_t *)packet >> 4 == IPVERSION ? HTONS(ETHERTYPE_IP) : HTONS(ETHERTYPE_IPV6);
	(void)lane_clock(&un->un_far->vn_lane);
	if ((m = m_frombuf(vnet_acct(un->un_far), packet, len, ETHER_HDR_LEN)) == NULL || (m = m_prepend(m, ETHER_HDR_LEN)) == NULL)
		return (ENOBUFS);
	memcpy(m->m_data, &eh, sizeof(eh));
	if_deliver(un->un_gate, m);
	return (0);
}

/* Life */

static const struct ifnet_ops unat_near_ops = {
	.ifo_output = ether_output,
	.ifo_linkhdr = ether_linkhdr,
	.ifo_transmit = unat_transmit,
	.ifo_input = ether_input,
};

static const struct ifnet_ops unat_gate_ops = {
	.ifo_output = ether_output,
	.ifo_linkhdr = ether_linkhdr,
	.ifo_transmit = unat_transmit,
	.ifo_input = unat_gate_input,
};

static void
unat_close(struct unat *un)
{
	const struct vi_unat_ops *ops = un->un_ops;

	un->un_ops = NULL;
	if (ops != NULL)
		ops->uo_close(un->un_user);
	acct_unchargeall(vnet_acct(un->un_far), ACCT_MISC, un->un_ncharged, un->un_charged);
	acct_delstates(vnet_acct(un->un_far), un->un_nstates);
	un->un_ncharged = un->un_charged = un->un_nstates = 0;
}

int
unat_charge(struct unat *un, size_t bytes)
{
	int error = acct_charge(vnet_acct(un->un_far), ACCT_MISC, bytes);

	if (error == 0) {
		un->un_ncharged++;
		un->un_charged += bytes;
	}
	return (error);
}

void
unat_uncharge(struct unat *un, size_t bytes)
{
	acct_uncharge(vnet_acct(un->un_far), ACCT_MISC, bytes);
	un->un_ncharged--;
	un->un_charged -= bytes;
}

bool
unat_addstate(struct unat *un)
{
	const bool added = acct_addstate(vnet_acct(un->un_far));

	un->un_nstates += added;
	return (added);
}

void
unat_delstate(struct unat *un)
{
	acct_delstates(vnet_acct(un->un_far), 1);
	un->un_nstates--;
}

/* What there is of it. */
static void
unat_free(struct unat *un)
{
	struct ifnet *const ends[] = { un->un_near, un->un_gate };
	struct vnet *far = un->un_far;

	unat_close(un);
	for (int i = 0; i < 2; i++)
		if (ends[i] != NULL && ends[i]->if_attached)
			if_detach(ends[i]);
	for (int i = 0; i < 2; i++)
		if (ends[i] != NULL)
			if_free(ends[i]);
	kfree(&far->vn_kernel->k_acct, ACCT_IFNET, un, sizeof(*un));
	vnet_annex(far, NULL);
	if (vnet_running(far)) {
		const unsigned leaks = vnet_destroy(far, NULL, NULL);

		VI_DASSERT(leaks == 0);
		(void)leaks;
	}
}

static int
unat_makeend(struct vnet *vn, struct unat *un, const char *name, const struct ifnet_ops *ops, struct ifnet **ifpp)
{
	struct ifnet *ifp = if_new(vn, &unat_cloner, name);

	if ((*ifpp = ifp) == NULL)
		return (ENOBUFS);
	ifp->if_ops = ops;
	ifp->if_softc = un;
	ifp->if_flags |= IFF_RUNNING;
	ifp->if_linkup = true;
	return (if_attach(ifp));
}

static int
unat_open(struct kernel *k, struct unat *un)
{
	const struct vi_unat_ops *ops = k->k_net->nk_unatops;
	int error = ops->uo_open(k->k_net->nk_unatarg, (struct vi_unat *)un, (struct vi_vnet *)un->un_far, &un->un_user);

	if (error == 0)
		un->un_ops = ops;
	return (error);
}

static int
unat_make(struct vnet *vn, const char *name)
{
	struct kernel *k = vn->vn_kernel;
	struct unat *un;
	char farname[32];
	struct sbuf sb;
	int error;

	if ((un = kmalloc(&k->k_acct, ACCT_IFNET, sizeof(*un))) == NULL)
		return (ENOBUFS);
	sbuf_init(&sb, farname, sizeof(farname));
	sbuf_printf(&sb, "%s@%u", name, vn->vn_id);
	if ((error = vnet_create(k, farname, NULL, &un->un_far)) != 0) {
		kfree(&k->k_acct, ACCT_IFNET, un, sizeof(*un));
		return (error);
	}
	if ((error = unat_makeend(un->un_far, un, "gate0", &unat_gate_ops, &un->un_gate)) == 0) {
		un->un_gate->if_anydst = true;
		error = unat_makeend(vn, un, name, &unat_near_ops, &un->un_near);
	}
	if (error == 0)
		error = unat_open(k, un);
	if (error != 0)
		unat_free(un);
	return (error);
}

static int
unat_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	const struct net_kern *nk = vn->vn_kernel->k_net;
	int error;

	if (nk == NULL || nk->nk_unatops == NULL)
		return (EOPNOTSUPP);
	if ((error = if_clone_name(vn, unat_cloner.ifc_name, unit, name)) != 0)
		return (error);
	return (unat_make(vn, name));
}

static void
unat_destroy(struct ifnet *ifp)
{
	unat_free(ifp->if_softc);
}

/* Options */

static int
unat_option(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const struct unat *un = ifp->if_softc;

	return (un->un_ops == NULL ? ENXIO : un->un_ops->uo_option(un->un_user, io->io_name, argv, argc, err));
}

static void
unat_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct unat *un = ifp->if_softc;

	if (un->un_ops != NULL && ifp == un->un_near)
		un->un_ops->uo_show(un->un_user, is->is_fn, is->is_arg);
}

/* They say what of the host can be reached, and from where: not the business of whoever has the interface. */
#define UNAT_OPTION(name, min, max) \
	{ .io_name = (name), .io_min = (min), .io_max = (max), .io_set = unat_option }
static const struct if_option unat_options[] = {
	UNAT_OPTION("forward", 3, 3),
	UNAT_OPTION("-forward", 2, 2),
	UNAT_OPTION("gateway", 1, 1),
	UNAT_OPTION("hostloopback", 0, 0),
	UNAT_OPTION("-hostloopback", 0, 0),
	{ .io_name = NULL },
};

const struct if_clone unat_cloner = {
	.ifc_name = "unat",
	.ifc_ops = &unat_near_ops,
	.ifc_type = VI_IFT_ETHER,
	.ifc_priv = VI_PRIV_NET_HOSTLINK,
	.ifc_create = unat_create,
	.ifc_destroy = unat_destroy,
	.ifc_peer = unat_peer,
	.ifc_options = unat_options,
	.ifc_show = unat_show,
};

int
unat_handler(struct kernel *k, const struct vi_unat_ops *ops, void *arg)
{
	struct net_kern *nk = net_kern(k);

	if (nk == NULL)
		return (ENOBUFS);
	nk->nk_unatops = ops;
	nk->nk_unatarg = arg;
	return (0);
}

/* Module */

/* Both ends have the same wire, and who has the one pays for the other. */
static void
unat_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct ifnet *ifp = obj;
	const struct unat *un;

	if ((ev != VNET_EV_MTU && ev != VNET_EV_IFATTACH) || ifp->if_ops != &unat_near_ops)
		return;
	un = ifp->if_softc;
	if (ev == VNET_EV_IFATTACH)
		vnet_annex(un->un_far, vn);
	else if (un->un_gate->if_mtu != ifp->if_mtu)
		(void)if_setmtu(un->un_gate, ifp->if_mtu);
}

static const struct stat_desc unat_stats[] = {
	STAT("unat", struct unat_vnet, uv_down, "frame%s not sent on an interface that is down"),
	STAT("unat", struct unat_vnet, uv_toobig, "frame%s longer than the MTU not sent"),
	STAT("unat", struct unat_vnet, uv_held, "connection request%s held until the host has answered"),
	STAT("unat", struct unat_vnet, uv_nosyn, "connection request%s with too much data"),
	STAT_END
};

VNET_MODULE(unat,
	.vm_size = sizeof(struct unat_vnet),
	.vm_after = "net ether",
	.vm_event = unat_event,
	.vm_stats = unat_stats);
