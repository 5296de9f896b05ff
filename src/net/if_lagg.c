/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: lagg, several Ethernet interfaces used as one.
 *
 * Ports are in the lagg's stack; one that leaves it leaves the lagg.  They have the lagg's link address, which is the first one's own unless it was given
 * another, and come with its MTU; they get their own address back when they leave.  What a port receives comes in at the lagg: with failover only by the port in use, with LACP
 * only by those that collect.  What the lagg sends leaves by one port, or all (if_lagg_out.c).  A port's own stack neither sends nor receives.
 */
#include "net/if_lagg.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"

VNET_STATE_DEFINE(lagg);

static const char *const lagg_protos[] = { "none", "roundrobin", "failover", "loadbalance", "lacp", "broadcast" };

static struct lagg *
lagg_sc(const struct ifnet *ifp)
{
	return (ifp->if_softc);
}

static void
lagg_linkstate(struct lagg *sc)
{
	if (sc->sc_proto != LAGG_LACP)
		if_setcarrier(sc->sc_ifp, sc->sc_proto != LAGG_NONE && lagg_failover_port(sc) != NULL);
	lacp_update(sc);
}

/* Frames */

static struct mbuf *
lagg_input(struct if_over *ov, struct mbuf *m, const struct ether_info *ei)
{
	struct lagg_port *lp = CONTAINER_OF(ov, struct lagg_port, lp_over);
	struct lagg *sc = lp->lp_sc;
	bool mine = if_up(sc->sc_ifp) && sc->sc_proto != LAGG_NONE;

	if (ei->ei_type == ETHERTYPE_SLOW && sc->sc_proto == LAGG_LACP) {
		lacp_input(lp, m);
		return (NULL);
	}
	if (sc->sc_proto == LAGG_FAILOVER)
		mine &= lp == lagg_failover_port(sc);
	else if (sc->sc_proto == LAGG_LACP)
		mine &= lacp_collects(lp);
	if (mine) {
		if_receive(sc->sc_ifp, m);
	} else {
		lagg_vnet(sc->sc_ifp->if_vnet)->lv_notactive++;
		m_freem(m);
	}
	return (NULL);
}

static int
lagg_port_output(struct if_over *ov, struct mbuf *m)
{
	lagg_vnet(ov->ov_lower->if_vnet)->lv_ownout++;
	ov->ov_lower->if_stats.ifs_oerrors++;
	m_freem(m);
	return (ENETDOWN);
}

/* Ports */

static void
lagg_port_changed(struct if_over *ov)
{
	lagg_linkstate(CONTAINER_OF(ov, struct lagg_port, lp_over)->lp_sc);
}

/* The lagg's address is everybody's. */
static void
lagg_addresses(struct lagg *sc)
{
	struct lagg_port *lp;

	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		(void)if_setlladdr(lp->lp_ifp, sc->sc_ifp->if_lladdr, ETHER_ADDR_LEN);
}

/* That of the first port, which it has from now on. */
static void
lagg_inherit(struct lagg *sc)
{
	const struct lagg_port *first = TAILQ_FIRST(&sc->sc_ports);

	if (first != NULL)
		(void)if_setlladdr(sc->sc_ifp, first->lp_lladdr, ETHER_ADDR_LEN);
}

static void
lagg_port_free(struct lagg_port *lp)
{
	if_over_remove(&lp->lp_over);
	kfree(vnet_acct(lp->lp_sc->sc_ifp->if_vnet), ACCT_IFNET, lp, sizeof(*lp));
}

static void
lagg_remove(struct lagg_port *lp)
{
	struct lagg *sc = lp->lp_sc;
	struct ifnet *ifp = lp->lp_ifp;
	uint8_t own[ETHER_ADDR_LEN];

	TAILQ_REMOVE(&sc->sc_ports, lp, lp_link);
	sc->sc_nports--;
	if (sc->sc_rrport == lp)
		sc->sc_rrport = NULL;
	if (sc->sc_active == lp)
		sc->sc_active = NULL;
	memcpy(own, lp->lp_lladdr, sizeof(own));
	lagg_port_free(lp);
	(void)if_setlladdr(ifp, own, ETHER_ADDR_LEN);
	if (ether_equal(sc->sc_ifp->if_lladdr, own))
		lagg_inherit(sc);
	lagg_linkstate(sc);
}

static void
lagg_port_leave(struct if_over *ov)
{
	lagg_remove(CONTAINER_OF(ov, struct lagg_port, lp_over));
}

static const struct if_over_ops lagg_over_ops = {
	.ovo_merged = true,
	.ovo_port = true,
	.ovo_input = lagg_input,
	.ovo_output = lagg_port_output,
	.ovo_changed = lagg_port_changed,
	.ovo_leave = lagg_port_leave,
};

static struct lagg_port *
lagg_find(const struct lagg *sc, const char *name)
{
	struct lagg_port *lp;

	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		if (strcmp(lp->lp_ifp->if_xname, name) == 0)
			return (lp);
	return (NULL);
}

static int
lagg_fits(struct lagg *sc, struct ifnet *ifp, char *err)
{
	if (ifp->if_type != VI_IFT_ETHER || ifp == sc->sc_ifp || ifp->if_cloner == &bridge_cloner || ifp->if_cloner == &lagg_cloner)
		return (ifopt_fail(err, EPROTONOSUPPORT, "%s cannot be a port of a lagg", ifp->if_xname));
	if (sc->sc_nports >= LAGG_MAXPORTS)
		return (ifopt_fail(err, ENOSPC, "%s has %u ports already", sc->sc_ifp->if_xname, LAGG_MAXPORTS));
	return (0);
}

static int
lagg_mtu(struct lagg *sc, struct ifnet *ifp, char *err)
{
	if (if_over_mtu(sc->sc_ifp, ifp, sc->sc_nports == 0) == 0)
		return (0);
	return (ifopt_fail(err, EINVAL, "%s cannot have the MTU of %s", ifp->if_xname, sc->sc_ifp->if_xname));
}

static int
lagg_add(struct lagg *sc, struct ifnet *ifp, char *err)
{
	struct lagg_port *lp;
	int error;

	if ((error = lagg_fits(sc, ifp, err)) != 0)
		return (error);
	if ((lp = kmalloc(vnet_acct(ifp->if_vnet), ACCT_IFNET, sizeof(*lp))) == NULL)
		return (ENOBUFS);
	lp->lp_sc = sc;
	lp->lp_ifp = ifp;
	lp->lp_over = (struct if_over){ .ov_ops = &lagg_over_ops, .ov_upper = sc->sc_ifp, .ov_lower = ifp };
	if ((error = if_over_add(&lp->lp_over)) != 0) {
		kfree(vnet_acct(ifp->if_vnet), ACCT_IFNET, lp, sizeof(*lp));
		return (error == EBUSY ? ifopt_fail(err, EBUSY, "%s is a member already, of this or another interface", ifp->if_xname) : error);
	}
	if ((error = lagg_mtu(sc, ifp, err)) != 0) {
		lagg_port_free(lp);
		return (error);
	}
	memcpy(lp->lp_lladdr, ifp->if_lladdr, ETHER_ADDR_LEN);
	lacp_portinit(lp);
	TAILQ_INSERT_TAIL(&sc->sc_ports, lp, lp_link);
	if (sc->sc_nports++ == 0)
		lagg_inherit(sc);
	(void)if_setlladdr(ifp, sc->sc_ifp->if_lladdr, ETHER_ADDR_LEN);
	lagg_linkstate(sc);
	vnet_event(ifp->if_vnet, VNET_EV_IFPORT, ifp);
	return (0);
}

/* Options */

static int
opt_port(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct lagg_port *lp;
	struct ifnet *other;
	int error;

	(void)argc;
	if (io->io_name[0] != '-')
		return ((error = ifopt_interface(ifp, argv[0], &other, err)) != 0 ? error : lagg_add(lagg_sc(ifp), other, err));
	if ((lp = lagg_find(lagg_sc(ifp), argv[0])) == NULL)
		return (ifopt_fail(err, ENOENT, "%s is not a port of %s", argv[0], ifp->if_xname));
	lagg_remove(lp);
	return (0);
}

static int
opt_proto(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)argc;
	for (unsigned i = 0; i < NITEMS(lagg_protos); i++)
		if (strcmp(argv[0], lagg_protos[i]) == 0) {
			lagg_sc(ifp)->sc_proto = (enum lagg_proto)i;
			if_setcarrier(ifp, false);
			lagg_linkstate(lagg_sc(ifp));
			return (0);
		}
	return (ifopt_fail(err, EINVAL, "%s: invalid aggregation protocol: %s", io->io_name, argv[0]));
}

static int
opt_hash(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const char *p = argv[0];
	uint8_t hash = 0;

	(void)argc;
	for (;; p += 3) {
		if (p[0] != 'l' || p[1] < '2' || p[1] > '4' || (p[2] != ',' && p[2] != '\0'))
			return (ifopt_fail(err, EINVAL, "%s: \"%s\" is not a list of l2, l3, l4", io->io_name, argv[0]));
		hash |= (uint8_t)(1 << (p[1] - '2'));
		if (p[2] == '\0')
			break;
	}
	lagg_sc(ifp)->sc_hash = hash;
	return (0);
}

static int
opt_flag(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)ifopt_flag(ifp, io, argv, argc, err);
	lacp_update(lagg_sc(ifp));
	return (0);
}

static const struct if_option lagg_options[] = {
	{ "laggport", 1, 1, opt_port, 0, 0, 0 },
	{ "-laggport", 1, 1, opt_port, 0, 0, 0 },
	{ "laggproto", 1, 1, opt_proto, 0, 0, 0 },
	{ "lagghash", 1, 1, opt_hash, 0, 0, 0 },
	{ "rr_limit", 1, 1, ifopt_u32, offsetof(struct lagg, sc_rrlimit), 1, 1000000 },
	{ "use_flowid", 0, 0, opt_flag, offsetof(struct lagg, sc_useflowid), 0, 0 },
	{ "-use_flowid", 0, 0, opt_flag, offsetof(struct lagg, sc_useflowid), 0, 0 },
	{ "lacp_strict", 0, 0, opt_flag, offsetof(struct lagg, sc_strict), 0, 0 },
	{ "-lacp_strict", 0, 0, opt_flag, offsetof(struct lagg, sc_strict), 0, 0 },
	{ "lacp_fast_timeout", 0, 0, opt_flag, offsetof(struct lagg, sc_fast), 0, 0 },
	{ "-lacp_fast_timeout", 0, 0, opt_flag, offsetof(struct lagg, sc_fast), 0, 0 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

static unsigned
port_flags(const struct lagg *sc, const struct lagg_port *lp)
{
	if (sc->sc_proto == LAGG_NONE)
		return (0);
	if (sc->sc_proto == LAGG_FAILOVER)
		return ((lp == TAILQ_FIRST(&sc->sc_ports) ? (unsigned)LAGG_PORT_MASTER : 0) |
		    (lp == lagg_failover_port(sc) ? (unsigned)LAGG_PORT_ACTIVE : 0));
	if (sc->sc_proto == LAGG_LACP)
		return ((lacp_distributes(lp) ? (unsigned)LAGG_PORT_ACTIVE : 0) | (lacp_collects(lp) ? (unsigned)LAGG_PORT_COLLECTING : 0) |
		    (lp->lp_mux == LACP_MUXDISTRIBUTING ? (unsigned)LAGG_PORT_DISTRIBUTING : 0));
	return (lagg_port_up(lp) ? LAGG_PORT_ACTIVE : 0);
}

/* "(8000,02-00-...,0001,8000,0002)": system, key, port */
static void
show_end(const struct ifopt_show *is, const char *port, const char *key, const struct lacp_end *e)
{
	const uint8_t *s = e->le_sys;

	ifopt_put(is, "laggport", port, key, "(%04x,%02x-%02x-%02x-%02x-%02x-%02x,%04x,%04x,%04x)", e->le_sysprio, s[0], s[1], s[2], s[3], s[4], s[5],
	    e->le_key, e->le_portprio, e->le_port);
}

static void
show_port(const struct lagg *sc, const struct lagg_port *lp, const struct ifopt_show *is)
{
	const char *name = lp->lp_ifp->if_xname;

	ifopt_put(is, "laggport", name, "flags", "%u", port_flags(sc, lp));
	if (sc->sc_proto != LAGG_LACP)
		return;
	ifopt_put(is, "laggport", name, "state", "%u", lp->lp_actor.le_state);
	show_end(is, name, "actor", &lp->lp_actor);
	show_end(is, name, "partner", &lp->lp_partner);
}

/* ifconfig(8)'s bits of what is set. */
static unsigned
lagg_optbits(const struct lagg *sc)
{
	return ((sc->sc_useflowid ? 0x1u : 0) | (sc->sc_strict ? 0x10u : 0) | (sc->sc_fast ? 0x80u : 0));
}

static void
lagg_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct lagg *sc = lagg_sc(ifp);
	const struct lagg_port *lp;
	char hash[16];
	struct sbuf sb;

	sbuf_init(&sb, hash, sizeof(hash));
	for (unsigned i = 0; i < 3; i++)
		if ((sc->sc_hash >> i & 1) != 0)
			sbuf_printf(&sb, "%sl%u", sbuf_len(&sb) > 0 ? "," : "", i + 2);
	ifopt_put(is, NULL, NULL, "laggproto", "%s", lagg_protos[sc->sc_proto]);
	ifopt_put(is, NULL, NULL, "lagghash", "%s", hash);
	if (sc->sc_proto == LAGG_ROUNDROBIN)
		ifopt_put(is, NULL, NULL, "rr_limit", "%u", sc->sc_rrlimit);
	ifopt_put(is, NULL, NULL, "options", "%u", lagg_optbits(sc));
	TAILQ_FOREACH(lp, &sc->sc_ports, lp_link)
		show_port(sc, lp, is);
}

/* The interface */

static int
lagg_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	struct lagg_port *lp, *done;

	TAILQ_FOREACH(lp, &lagg_sc(ifp)->sc_ports, lp_link)
		if (if_setmtu(lp->lp_ifp, mtu) != 0)
			break;
	if (lp == NULL)
		return (0);
	for (done = TAILQ_FIRST(&lagg_sc(ifp)->sc_ports); done != lp; done = TAILQ_NEXT(done, lp_link))
		(void)if_setmtu(done->lp_ifp, ifp->if_mtu);
	return (EINVAL);
}

static void
lagg_setflags(struct ifnet *ifp, uint32_t old)
{
	if (((ifp->if_flags ^ old) & IFF_UP) == 0)
		return;
	if ((ifp->if_flags & IFF_UP) != 0)
		ifp->if_flags |= IFF_RUNNING;
	else
		ifp->if_flags &= ~(uint32_t)IFF_RUNNING;
	lagg_linkstate(lagg_sc(ifp));
}

static const struct ifnet_ops lagg_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = lagg_transmit,
	.ifo_input = ether_input,
	.ifo_setmtu = lagg_setmtu,
	.ifo_setflags = lagg_setflags,
};

static int
lagg_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	struct lagg *sc;
	int error;

	if ((error = if_new_unit(vn, &lagg_cloner, unit, name, &ifp)) != 0)
		return (error);
	sc = lagg_sc(ifp);
	sc->sc_ifp = ifp;
	TAILQ_INIT(&sc->sc_ports);
	sc->sc_proto = LAGG_FAILOVER;
	sc->sc_hash = LAGG_L2 | LAGG_L3 | LAGG_L4;
	sc->sc_rrlimit = 1;
	sc->sc_strict = true;
	return (if_new_attach(ifp));
}

static void
lagg_leave(struct ifnet *ifp)
{
	struct lagg_port *lp;

	while ((lp = TAILQ_FIRST(&lagg_sc(ifp)->sc_ports)) != NULL)
		lagg_remove(lp);
}

const struct if_clone lagg_cloner = {
	.ifc_name = "lagg",
	.ifc_ops = &lagg_ops,
	.ifc_softsize = sizeof(struct lagg),
	.ifc_type = VI_IFT_ETHER,
	.ifc_priv = VI_PRIV_NET_LAGG,
	.ifc_create = lagg_create,
	.ifc_destroy = if_new_destroy,
	.ifc_leave = lagg_leave,
	.ifc_options = lagg_options,
	.ifc_show = lagg_show,
};

static void
lagg_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	const struct ifnet *ifp = obj;

	(void)vn;
	if (ev == VNET_EV_LLADDR && ifp->if_cloner == &lagg_cloner)
		lagg_addresses(lagg_sc(ifp));
}

static const struct stat_desc lagg_stats[] = {
	STAT("lagg", struct lagg_vnet, lv_nocarrier, "frame%s not sent, no port is ready"),
	STAT("lagg", struct lagg_vnet, lv_notactive, "frame%s received by ports that are not in use"),
	STAT("lagg", struct lagg_vnet, lv_ownout, "frame%s of ports' own stacks not sent"),
	STAT("lagg", struct lagg_vnet, lv_toobig, "frame%s longer than the MTU not sent"),
	STAT("lagg", struct lagg_vnet, lv_lacpin, "LACP message%s received"),
	STAT("lagg", struct lagg_vnet, lv_lacpout, "LACP message%s sent"),
	STAT("lagg", struct lagg_vnet, lv_badlacp, "malformed LACP message%s"),
	STAT("lagg", struct lagg_vnet, lv_markers, "marker%s answered"),
	STAT("lagg", struct lagg_vnet, lv_markersmany, "marker%s not answered, too many in a second"),
	STAT("lagg", struct lagg_vnet, lv_nomem, "frame%s dropped for lack of memory"),
	STAT_END
};

VNET_MODULE(lagg,
	.vm_size = sizeof(struct lagg_vnet),
	.vm_after = "net ether",
	.vm_event = lagg_event,
	.vm_stats = lagg_stats);
