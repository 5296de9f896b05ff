/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: bridge, a switch of the Ethernet interfaces that are its members (IEEE 802.1D).
 *
 * Members are in the bridge's stack; one that leaves it, for another or for good, leaves the bridge, and a bridge that leaves lets its members go. They
 * are told to take all frames (PROMISC) while they are members, and have the bridge's MTU: the first one gives it to the bridge, others get
 * it from there.  A bridge has a link address of its own that does not change with its members, and a stack above it like any other interface.
 * A span is an interface that gets a copy of all frames and gives none.
 *
 * Files: if_bridge_fwd.c (frames), if_bridge_rt.c (addresses), if_bridge_opt.c (words of ifconfig(8)), bridgestp.c (spanning tree).
 * Changes are made under the kernel lock; frames, learning and timers belong to the stack's lane.
 */
#include "net/if_bridge.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"

VNET_STATE_DEFINE(bridge);

struct bridge_port *
bridge_member(const struct bridge *sc, const char *name)
{
	struct bridge_port *bp;

	TAILQ_FOREACH(bp, &sc->sc_members, bp_link)
		if (strcmp(bp->bp_ifp->if_xname, name) == 0)
			return (bp);
	return (NULL);
}

/* A bridge is connected when a member is. */
static void
bridge_linkstate(struct bridge *sc)
{
	const struct bridge_port *bp;
	bool up = false;

	TAILQ_FOREACH(bp, &sc->sc_members, bp_link)
		up |= if_up(bp->bp_ifp) && bp->bp_ifp->if_linkup;
	if_setcarrier(sc->sc_ifp, up);
}

/* Members */

static void
bridge_port_changed(struct if_over *ov)
{
	struct bridge_port *bp = CONTAINER_OF(ov, struct bridge_port, bp_over);
	struct bridge *sc = bp->bp_sc;

	if ((bp->bp_flags & IFBIF_SPAN) != 0)
		return;
	bridge_rt_unlocal(sc, bp);
	(void)bridge_rt_local(sc, bp);
	if (!if_up(bp->bp_ifp))
		bridge_rt_flushport(bp, false);
	bridge_linkstate(sc);
	if (bp->bp_stp.bp_active)
		bstp_update(&sc->sc_stp);
}

static void
bridge_port_leave(struct if_over *ov)
{
	bridge_remove(CONTAINER_OF(ov, struct bridge_port, bp_over));
}

static const struct if_over_ops bridge_over_ops = {
	.ovo_port = true,
	.ovo_input = bridge_input,
	.ovo_output = bridge_member_output,
	.ovo_changed = bridge_port_changed,
	.ovo_leave = bridge_port_leave,
};

static void
bridge_port_free(struct bridge_port *bp)
{
	struct acctset *as = vnet_acct(bp->bp_sc->sc_ifp->if_vnet);

	kfree(as, ACCT_IFNET, bp->bp_tagged, BRIDGE_VLANS / 8);
	kfree(as, ACCT_IFNET, bp, sizeof(*bp));
}

/* Above the interface, but in no list of the bridge yet. */
static int
bridge_port_make(struct bridge *sc, struct ifnet *ifp, uint32_t flags, struct bridge_port **bpp, char *err)
{
	struct bridge_port *bp;
	int error;

	if (ifp == sc->sc_ifp || (ifp->if_type != VI_IFT_ETHER && !ifp->if_cloner->ifc_carries) || ifp->if_cloner == &bridge_cloner)
		return (ifopt_fail(err, EINVAL, "%s cannot be a member of a bridge", ifp->if_xname));
	if ((bp = kmalloc(vnet_acct(sc->sc_ifp->if_vnet), ACCT_IFNET, sizeof(*bp))) == NULL)
		return (ENOBUFS);
	bp->bp_sc = sc;
	bp->bp_ifp = ifp;
	bp->bp_flags = flags;
	bstp_port_init(&sc->sc_stp, &bp->bp_stp, ifp);
	bp->bp_over = (struct if_over){ .ov_ops = &bridge_over_ops, .ov_upper = sc->sc_ifp, .ov_lower = ifp };
	if ((error = if_over_add(&bp->bp_over)) == 0) {
		*bpp = bp;
		return (0);
	}
	bridge_port_free(bp);
	if (error == EBUSY)
		return (ifopt_fail(err, error, "%s is a member already, of this or another interface", ifp->if_xname));
	return (error == ELOOP ? ifopt_fail(err, error, "%s is above %s, or too many lie below", sc->sc_ifp->if_xname, ifp->if_xname) : error);
}

static int
bridge_port_mtu(struct bridge *sc, struct ifnet *ifp, char *err)
{
	if (if_over_mtu(sc->sc_ifp, ifp, TAILQ_EMPTY(&sc->sc_members)) == 0)
		return (0);
	return (ifopt_fail(err, EINVAL, "%s cannot have the MTU of %s, %u", ifp->if_xname, sc->sc_ifp->if_xname, sc->sc_ifp->if_mtu));
}

static void
bridge_port_unmake(struct bridge_port *bp)
{
	if_over_remove(&bp->bp_over);
	bridge_port_free(bp);
}

int
bridge_addmember(struct bridge *sc, struct ifnet *ifp, char *err)
{
	struct bridge_port *bp = NULL;
	int error;

	if (ifp->if_vnet == sc->sc_ifp->if_vnet && bridge_member(sc, ifp->if_xname) != NULL)
		return (ifopt_fail(err, EEXIST, "%s is a member of %s already", ifp->if_xname, sc->sc_ifp->if_xname));
	if ((error = bridge_port_make(sc, ifp, IFBIF_LEARNING | IFBIF_DISCOVER, &bp, err)) != 0)
		return (error);
	if ((error = bridge_port_mtu(sc, ifp, err)) != 0 || (error = bridge_rt_begin(sc)) != 0 ||
	    (error = bridge_rt_local(sc, bp)) != 0) {
		bridge_rt_unlocal(sc, bp);
		bridge_port_unmake(bp);
		return (error);
	}
	bp->bp_waspromisc = (ifp->if_flags & IFF_PROMISC) != 0;
	TAILQ_INSERT_TAIL(&sc->sc_members, bp, bp_link);
	(void)if_setflags(ifp, IFF_PROMISC, 0);
	if (bridge_vnet(ifp->if_vnet)->bv_inherit_mac && TAILQ_FIRST(&sc->sc_members) == bp) {
		memcpy(sc->sc_lladdr, sc->sc_ifp->if_lladdr, ETHER_ADDR_LEN);
		(void)if_setlladdr(sc->sc_ifp, ifp->if_lladdr, ETHER_ADDR_LEN);
	}
	bridge_linkstate(sc);
	return (0);
}

int
bridge_addspan(struct bridge *sc, struct ifnet *ifp, char *err)
{
	struct bridge_port *bp;
	int error;

	if ((error = bridge_port_make(sc, ifp, IFBIF_SPAN, &bp, err)) == 0)
		TAILQ_INSERT_TAIL(&sc->sc_spans, bp, bp_link);
	return (error);
}

/* A member whose address the bridge has takes it along. */
static void
bridge_disinherit(struct bridge *sc, const struct ifnet *gone)
{
	const struct bridge_port *first = TAILQ_FIRST(&sc->sc_members);
	struct ifnet *ifp = sc->sc_ifp;

	if (!ifp->if_dying && bridge_vnet(ifp->if_vnet)->bv_inherit_mac && ether_equal(ifp->if_lladdr, gone->if_lladdr))
		(void)if_setlladdr(ifp, first != NULL ? first->bp_ifp->if_lladdr : sc->sc_lladdr, ETHER_ADDR_LEN);
}

void
bridge_remove(struct bridge_port *bp)
{
	struct bridge *sc = bp->bp_sc;

	if ((bp->bp_flags & IFBIF_SPAN) != 0) {
		TAILQ_REMOVE(&sc->sc_spans, bp, bp_link);
		bridge_port_unmake(bp);
		return;
	}
	bstp_disable(&bp->bp_stp);
	TAILQ_REMOVE(&sc->sc_members, bp, bp_link);
	bridge_rt_flushport(bp, true);
	bridge_rt_unlocal(sc, bp);
	if_over_remove(&bp->bp_over);
	if (!bp->bp_waspromisc)
		(void)if_setflags(bp->bp_ifp, 0, IFF_PROMISC);
	bridge_disinherit(sc, bp->bp_ifp);
	bridge_port_free(bp);
	bridge_linkstate(sc);
}

/* The interface */

/* The members get it too, or none does. */
static int
bridge_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	struct bridge *sc = ifp->if_softc;
	struct bridge_port *bp, *done;

	TAILQ_FOREACH(bp, &sc->sc_members, bp_link)
		if (if_setmtu(bp->bp_ifp, mtu) != 0)
			break;
	if (bp == NULL)
		return (0);
	for (done = TAILQ_FIRST(&sc->sc_members); done != bp; done = TAILQ_NEXT(done, bp_link))
		(void)if_setmtu(done->bp_ifp, ifp->if_mtu);
	return (EINVAL);
}

static void
bridge_setflags(struct ifnet *ifp, uint32_t old)
{
	struct bridge *sc = ifp->if_softc;

	if (((ifp->if_flags ^ old) & IFF_UP) == 0)
		return;
	if ((ifp->if_flags & IFF_UP) != 0) {
		ifp->if_flags |= IFF_RUNNING;
		bstp_update(&sc->sc_stp);
		return;
	}
	ifp->if_flags &= ~(uint32_t)IFF_RUNNING;
	bstp_update(&sc->sc_stp);
	bridge_rt_flush(sc, false);
}

static const struct ifnet_ops bridge_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = bridge_transmit,
	.ifo_input = ether_input,
	.ifo_setmtu = bridge_setmtu,
	.ifo_setflags = bridge_setflags,
};

static void
bridge_stp_flush(struct bstp_port *sp)
{
	bridge_rt_flushport(CONTAINER_OF(sp, struct bridge_port, bp_stp), false);
}

static int
bridge_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct bridge *sc;
	struct ifnet *ifp;
	int error;

	if ((error = if_new_unit(vn, &bridge_cloner, unit, name, &ifp)) != 0)
		return (error);
	sc = ifp->if_softc;
	sc->sc_ifp = ifp;
	TAILQ_INIT(&sc->sc_members);
	TAILQ_INIT(&sc->sc_spans);
	LIST_INIT(&sc->sc_local);
	sc->sc_maxaddr = BRIDGE_MAXADDR;
	sc->sc_timeout = BRIDGE_TIMEOUT;
	bstp_init(&sc->sc_stp, ifp, bridge_stp_flush);
	return (if_new_attach(ifp));
}

static void
bridge_leave(struct ifnet *ifp)
{
	struct bridge *sc = ifp->if_softc;
	struct bridge_port *bp;

	while ((bp = TAILQ_FIRST(&sc->sc_members)) != NULL || (bp = TAILQ_FIRST(&sc->sc_spans)) != NULL)
		bridge_remove(bp);
	bridge_rt_end(sc);
}

const struct if_clone bridge_cloner = {
	.ifc_name = "bridge",
	.ifc_ops = &bridge_ops,
	.ifc_softsize = sizeof(struct bridge),
	.ifc_type = VI_IFT_ETHER,
	.ifc_asked6 = true,
	.ifc_priv = VI_PRIV_NET_BRIDGE,
	.ifc_create = bridge_create,
	.ifc_destroy = if_new_destroy,
	.ifc_leave = bridge_leave,
	.ifc_options = bridge_options,
	.ifc_show = bridge_show,
	.ifc_show_list = bridge_show_list,
};

/* The bridge's own address changed. */
static void
bridge_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct ifnet *ifp = obj;
	struct bridge *sc;

	(void)vn;
	if (ev != VNET_EV_LLADDR || ifp->if_cloner != &bridge_cloner)
		return;
	sc = ifp->if_softc;
	bstp_update(&sc->sc_stp);
	if (sc->sc_rts == NULL)
		return;
	bridge_rt_unlocal(sc, NULL);
	(void)bridge_rt_local(sc, NULL);
}

static const struct sysctl_desc bridge_sysctls[] = {
	CTL_UINT("net.link.bridge.inherit_mac", CTL_RW, struct bridge_vnet, bv_inherit_mac, 0, 1,
	    "A bridge takes the link address of its first member"),
	CTL_END
};

static const struct stat_desc bridge_stats[] = {
	STAT("bridge", struct bridge_vnet, bv_forwarded, "frame%s forwarded"),
	STAT("bridge", struct bridge_vnet, bv_flooded, "frame%s sent to all members"),
	STAT("bridge", struct bridge_vnet, bv_local, "frame%s for the bridge's own stack"),
	STAT("bridge", struct bridge_vnet, bv_moved, "station%s moved from one member to another"),
	STAT("bridge", struct bridge_vnet, bv_same, "frame%s whose destination is where they came from"),
	STAT("bridge", struct bridge_vnet, bv_blocked, "frame%s dropped by the spanning tree"),
	STAT("bridge", struct bridge_vnet, bv_looped, "own frame%s that came back"),
	STAT("bridge", struct bridge_vnet, bv_again, "flooded frame%s that came again by another member"),
	STAT("bridge", struct bridge_vnet, bv_toofar, "frame%s that went through too many bridges"),
	STAT("bridge", struct bridge_vnet, bv_private, "frame%s between private members"),
	STAT("bridge", struct bridge_vnet, bv_filtered, "frame%s of VLANs that may not pass"),
	STAT("bridge", struct bridge_vnet, bv_limit, "frame%s from more addresses than a member may have"),
	STAT("bridge", struct bridge_vnet, bv_full, "address%s not learned, there are too many"),
	STAT("bridge", struct bridge_vnet, bv_toobig, "frame%s longer than a member's MTU"),
	STAT("bridge", struct bridge_vnet, bv_down, "frame%s for a member that is down"),
	STAT("bridge", struct bridge_vnet, bv_nomem, "frame%s dropped for lack of memory"),
	STAT_END
};

VNET_MODULE(bridge,
	.vm_size = sizeof(struct bridge_vnet),
	.vm_after = "net ether",
	.vm_event = bridge_event,
	.vm_sysctls = bridge_sysctls,
	.vm_stats = bridge_stats);
