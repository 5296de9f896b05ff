/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: tun, tap, wire and host, interfaces whose medium is a program.
 *
 * A tap is an Ethernet, a tun a point-to-point link of bare IP packets.  A wire and a host are Ethernets as well, with names of
 * their own because they are made for other ends: another machine, or a card of the host's.  They are made by name
 * (ifconfig), and then wait for somebody who opens them, or by who opens them, and then go with
 * him unless they were made persistent.  One at a time may have an interface open: he is the wire.
 * Without him the interface is not IFF_RUNNING, and what is sent is dropped and counted.
 *
 * What the stack sends is given to the user's function at once, in the lane, after it was cut to
 * the MTU and summed (if_wire), but for super-packets that the user says he can take whole.  What he
 * puts in goes to the interface's queue, which is bounded, as if it came from another stack.
 *
 * An open interface may move to another vnet, and its user goes on; but to one that another worker
 * runs only if he says that he will call from that one's thread (tp_moved).
 */
#include "net/if_tuntap.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"
#include "net/if_int.h"
#include "wire/ether.h"

#define TUNTAP_MAXFRAME	(IF_MAXMTU + ETHER_HDR_LEN + ETHER_VLAN_ENCAP_LEN)

struct tuntap {
	struct ifnet	*tt_if;
	bool		 tt_temporary;	/* goes when it is closed */
	bool		 tt_open;
	bool		 tt_carrier;	/* the user says so */
	unsigned	 tt_offload;	/* VI_TAP_* that the user takes */
	uint32_t	 tt_uid, tt_gid;	/* who may open it besides the administrator; VI_TAP_NOID: nobody */
	struct vi_tap_params tt_user;	/* valid if tt_open */
	char		 tt_who[32];	/* ... as it is shown */
	struct worker	*tt_worker;	/* in whose thread the user calls */
};

struct tuntap_vnet {
	uint64_t	tv_down, tv_toobig, tv_full, tv_nomem;
	uint64_t	tv_inbad, tv_indown;
};
VNET_STATE_DECLARE(tuntap);
VNET_STATE_DEFINE(tuntap);

static bool
tuntap_ether(const struct tuntap *tt)
{
	return (tt->tt_if->if_type == VI_IFT_ETHER);
}

/* Frames to the user */

static int
tuntap_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *why, int error)
{
	(*why)++;
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

/* Of a frame; what is in a tun is told by its version. */
static uint16_t
tuntap_type(const struct tuntap *tt, const struct mbuf *m)
{
	uint16_t type;
	uint8_t vhl;

	if (tuntap_ether(tt))
		return (m_copydata(m, offsetof(struct ether_header, ether_type), sizeof(type), &type) != 0 ? 0 : NTOHS(type));
	if (m_copydata(m, 0, 1, &vhl) != 0)
		return (0);
	return (vhl >> 4 == 4 ? ETHERTYPE_IP : vhl >> 4 == 6 ? ETHERTYPE_IPV6 : 0);
}

/* The buffers of a frame; one that is in too many pieces is copied first.  NULL: no memory. */
static struct mbuf *
tuntap_iov(struct ifnet *ifp, struct mbuf *m, struct vi_iovec iov[VI_TAP_MAXIOV], unsigned *n)
{
	struct mbuf *copy;

	for (int again = 0; again < 2; again++) {
		*n = 0;
		for (struct mbuf *b = m; b != NULL && *n <= VI_TAP_MAXIOV; b = b->m_next) {
			if (b->m_len == 0)
				continue;
			if (*n < VI_TAP_MAXIOV)
				iov[*n] = (struct vi_iovec){ b->m_data, b->m_len };
			(*n)++;
		}
		if (*n <= VI_TAP_MAXIOV)
			return (m);
		copy = m_dup(m, vnet_acct(ifp->if_vnet));
		m_freem(m);
		if ((m = copy) == NULL)
			return (NULL);
	}
	m_freem(m);
	return (NULL);
}

static void
tuntap_give(struct ifnet *ifp, struct mbuf *m, const struct vi_tap_rest *tr)
{
	struct tuntap *tt = ifp->if_softc;
	struct tuntap_vnet *tv = tuntap_vnet(ifp->if_vnet);
	struct vi_iovec iov[VI_TAP_MAXIOV];
	struct vi_tap_frame tf = { .tf_iov = iov, .tf_len = m->m_pkt.len, .tf_type = tuntap_type(tt, m), .tf_rest = *tr };

	if ((m = tuntap_iov(ifp, m, iov, &tf.tf_iovcnt)) == NULL) {
		tv->tv_nomem++;
		ifp->if_stats.ifs_oerrors++;
		return;
	}
	if (tt->tt_user.tp_output(tt->tt_user.tp_arg, &tf) == 0) {
		ifp->if_stats.ifs_opackets++;
		ifp->if_stats.ifs_obytes += tf.tf_len;
	} else {
		tv->tv_full++;
		ifp->if_stats.ifs_oqdrops++;
	}
	m_freem(m);
}

/* Does the user take TCP's super-packets of this family? */
static bool
tuntap_takes(const struct tuntap *tt, const struct mbuf *m)
{
	const uint16_t type = tuntap_type(tt, m);

	return ((m->m_pkt.csum_flags & CSUM_TCP) != 0 &&
	    (tt->tt_offload & (type == ETHERTYPE_IP ? VI_TAP_TSO4 : type == ETHERTYPE_IPV6 ? VI_TAP_TSO6 : 0u)) != 0);
}

/* Is the frame given as it is, with something left to be done? */
static bool
tuntap_leaves(const struct tuntap *tt, const struct mbuf *m, struct vi_tap_rest *tr)
{
	return ((tt->tt_offload & VI_TAP_REST) != 0 && (m->m_pkt.segsz == 0 || tuntap_takes(tt, m)) && taprest_out(m, tuntap_ether(tt), tr));
}

static bool
tuntap_whole(const struct ifnet *ifp, const struct mbuf *m)
{
	const struct tuntap *tt = ifp->if_softc;
	struct vi_tap_rest tr;

	return (tuntap_leaves(tt, m, &tr) || (m->m_pkt.segsz != 0 && tuntap_takes(tt, m)));
}

/* One that the user takes whole is not cut, only summed. */
static void
tuntap_super(const struct tuntap *tt, struct mbuf *m)
{
	if (!tuntap_takes(tt, m))
		return;
	m->m_pkt.segsz = 0;
	m->m_pkt.csum_flags &= (uint16_t)~CSUM_TSO;
}

static int
tuntap_transmit(struct ifnet *ifp, struct mbuf *m)
{
	const struct tuntap *tt = ifp->if_softc;
	struct tuntap_vnet *tv = tuntap_vnet(ifp->if_vnet);
	struct vi_tap_rest tr = { 0 };
	struct mbuf *next;

	if (!if_up(ifp) || !tt->tt_open)
		return (tuntap_drop(ifp, m, &tv->tv_down, ENETDOWN));
	if (tuntap_ether(tt) ? ether_toolong(ifp, m) :
	    m->m_pkt.len > ifp->if_mtu && (m->m_pkt.segsz == 0 || m->m_pkt.segsz >= ifp->if_mtu))
		return (tuntap_drop(ifp, m, &tv->tv_toobig, EMSGSIZE));
	m->m_flags &= (uint16_t)~M_LOOP;
	if (tt->tt_offload != 0) {
		if (tuntap_leaves(tt, m, &tr)) {
			tuntap_give(ifp, m, &tr);
			return (0);
		}
		if (m->m_pkt.segsz != 0)
			tuntap_super(tt, m);
	}
	for (m = if_wire(ifp, m, true); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		tuntap_give(ifp, m, &tr);
	}
	return (0);
}

/* Frames from the user */

int
tuntap_input(struct tuntap *tt, const void *buf, size_t len, const struct vi_tap_rest *tr)
{
	struct ifnet *ifp = tt->tt_if;
	struct tuntap_vnet *tv = tuntap_vnet(ifp->if_vnet);
	struct mbuf *m;
	int error;

	if (len == 0 || len > (tuntap_ether(tt) ? TUNTAP_MAXFRAME : IF_MAXMTU)) {
		tv->tv_inbad++;
		ifp->if_stats.ifs_ierrors++;
		return (EINVAL);
	}
	if (!if_listens(ifp)) {
		tv->tv_indown++;
		return (EIO);
	}
	(void)lane_clock(&ifp->if_vnet->vn_lane);
	if ((m = m_frombuf(vnet_acct(ifp->if_vnet), buf, len, 0)) == NULL) {
		ifp->if_stats.ifs_iqdrops++;
		return (ENOBUFS);
	}
	if (tr != NULL && (error = taprest_in(m, tuntap_ether(tt), tr)) != 0) {
		tv->tv_inbad++;
		ifp->if_stats.ifs_ierrors++;
		m_freem(m);
		return (error);
	}
	if_deliver(ifp, m);
	return (0);
}

/* State */

static void
tuntap_setrunning(struct tuntap *tt)
{
	if_setrunning(tt->tt_if, tt->tt_open && tt->tt_carrier);
}

static const struct ifnet_ops tun_ops = {
	.ifo_output = if_output_ip,
	.ifo_transmit = tuntap_transmit,
	.ifo_whole = tuntap_whole,
	.ifo_input = if_input_ip,
};

static const struct ifnet_ops tap_ops = {
	.ifo_output = ether_output,
	.ifo_linkhdr = ether_linkhdr,
	.ifo_transmit = tuntap_transmit,
	.ifo_whole = tuntap_whole,
	.ifo_input = ether_input,
};

/* Life */

static int
tuntap_attach_if(struct ifnet *ifp)
{
	struct tuntap *tt = ifp->if_softc;

	tt->tt_if = ifp;
	tt->tt_uid = tt->tt_gid = VI_TAP_NOID;
	if (!tuntap_ether(tt))
		ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST | IFF_NOARP;
	return (if_new_attach(ifp));
}

static int
tuntap_create(struct vnet *vn, const struct if_clone *ifc, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error = if_new_unit(vn, ifc, unit, name, &ifp);

	return (error != 0 ? error : tuntap_attach_if(ifp));
}

static int
tun_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (tuntap_create(vn, &tun_cloner, unit, name));
}

static int
tap_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (tuntap_create(vn, &tap_cloner, unit, name));
}

static int
wire_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (tuntap_create(vn, &wire_cloner, unit, name));
}

static int
host_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (tuntap_create(vn, &host_cloner, unit, name));
}

/* Takes it from its user, who hears of it. */
static void
tuntap_revoke(struct tuntap *tt)
{
	const struct vi_tap_params user = tt->tt_user;

	if (!tt->tt_open)
		return;
	tt->tt_open = false;
	if (user.tp_gone != NULL)
		user.tp_gone(user.tp_arg);
}

static void
tuntap_destroy(struct ifnet *ifp)
{
	tuntap_revoke(ifp->if_softc);
	if_new_destroy(ifp);
}

static void
tuntap_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct tuntap *tt = ifp->if_softc;

	if (!tt->tt_open)
		return;
	if (tt->tt_who[0] != '\0')
		ifopt_put(is, NULL, NULL, "opened by", "%s", tt->tt_who);
	if (tt->tt_user.tp_show != NULL)
		tt->tt_user.tp_show(tt->tt_user.tp_arg, is->is_fn, is->is_arg);
}

const struct if_clone tun_cloner = {
	.ifc_name = "tun",
	.ifc_ops = &tun_ops,
	.ifc_softsize = sizeof(struct tuntap),
	.ifc_type = VI_IFT_TUNNEL,
	.ifc_create = tun_create,
	.ifc_destroy = tuntap_destroy,
	.ifc_show = tuntap_show,
};

const struct if_clone tap_cloner = {
	.ifc_name = "tap",
	.ifc_ops = &tap_ops,
	.ifc_softsize = sizeof(struct tuntap),
	.ifc_type = VI_IFT_ETHER,
	.ifc_create = tap_create,
	.ifc_destroy = tuntap_destroy,
	.ifc_show = tuntap_show,
};

const struct if_clone wire_cloner = {
	.ifc_name = "wire",
	.ifc_ops = &tap_ops,
	.ifc_softsize = sizeof(struct tuntap),
	.ifc_type = VI_IFT_ETHER,
	.ifc_create = wire_create,
	.ifc_destroy = tuntap_destroy,
	.ifc_show = tuntap_show,
};

const struct if_clone host_cloner = {
	.ifc_name = "host",
	.ifc_ops = &tap_ops,
	.ifc_softsize = sizeof(struct tuntap),
	.ifc_type = VI_IFT_ETHER,
	.ifc_create = host_create,
	.ifc_destroy = tuntap_destroy,
	.ifc_show = tuntap_show,
};

/* Users */

static bool
tuntap_is(const struct ifnet *ifp)
{
	return (ifp->if_ops == &tun_ops || ifp->if_ops == &tap_ops);
}

/* "vpn%d": the first that is free.  EINVAL: anything else after a percent sign. */
static int
tuntap_pattern(struct vnet *vn, const char *pattern, char name[IFNAMSIZ])
{
	const char *percent = strchr(pattern, '%');
	struct sbuf sb;

	if (percent[1] != 'd' || strchr(percent + 1, '%') != NULL)
		return (EINVAL);
	for (unsigned unit = 0; unit <= IF_CLONE_MAXAUTO; unit++) {
		sbuf_init(&sb, name, IFNAMSIZ);
		sbuf_bcat(&sb, pattern, (size_t)(percent - pattern));
		sbuf_printf(&sb, "%u%s", unit, percent + 2);
		if (sbuf_finish(&sb) != 0 || !if_name_ok(name))
			return (EINVAL);
		if (ifnet_byname(vn, name) == NULL)
			return (0);
	}
	return (ENOSPC);
}

/* Makes one for its user alone. */
static int
tuntap_new(struct vnet *vn, const char *wanted, const struct if_clone *ifc, struct tuntap **ttp)
{
	struct ifnet *ifp = NULL;
	char name[IFNAMSIZ];
	int error = 0;

	if (!vnet_running(vn))
		return (EBUSY);
	if (wanted == NULL || wanted[0] == '\0')
		wanted = ifc == &tap_cloner ? "tap%d" : "tun%d";
	if (strchr(wanted, '%') != NULL)
		error = tuntap_pattern(vn, wanted, name);
	else if (if_name_ok(wanted))
		memcpy(name, wanted, strlen(wanted) + 1);
	else
		error = EINVAL;
	if (error == 0 && (ifp = if_new(vn, ifc, name)) == NULL)
		error = ENOBUFS;
	if (error != 0 || (error = tuntap_attach_if(ifp)) != 0)
		return (error);
	*ttp = ifp->if_softc;
	(*ttp)->tt_temporary = true;
	return (0);
}

/* Linux lets everybody have one that belongs to nobody; here that is the administrator's. */
static bool
tuntap_may(const struct tuntap *tt, const struct vi_cred *cr)
{
	if (cr == NULL || cr->cr_priv)
		return (true);
	return (tt != NULL && ((tt->tt_uid != VI_TAP_NOID && tt->tt_uid == cr->cr_uid) ||
	    (tt->tt_gid != VI_TAP_NOID && tt->tt_gid == cr->cr_gid)));
}

/* The kind that the user can be the wire of; NULL: there is none of that name. */
static const struct if_clone *
tuntap_kind(const struct vi_tap_params *tp)
{
	static const struct if_clone *const kinds[] = { &tap_cloner, &tun_cloner, &wire_cloner, &host_cloner };

	if (tp->tp_kind == NULL)
		return (tp->tp_tap ? &tap_cloner : &tun_cloner);
	for (unsigned i = 0; i < NITEMS(kinds); i++)
		if (strcmp(kinds[i]->ifc_name, tp->tp_kind) == 0)
			return (kinds[i]);
	return (NULL);
}

int
tuntap_open(struct vnet *vn, const char *name, const struct vi_tap_params *tp, struct tuntap **ttp)
{
	struct ifnet *ifp = name == NULL || name[0] == '\0' ? NULL : ifnet_byname(vn, name);
	const struct if_clone *ifc = tuntap_kind(tp);
	struct tuntap *tt;
	int error;

	if (ifp == NULL) {
		if (tp->tp_existing)
			return (ENXIO);
		if (ifc != &tap_cloner && ifc != &tun_cloner)
			return (EINVAL);
		if (!tuntap_may(NULL, tp->tp_cred))
			return (EPERM);
		if ((error = tuntap_new(vn, name, ifc, &tt)) != 0)
			return (error);
	} else {
		tt = ifp->if_softc;
		if (!tuntap_is(ifp) || ifp->if_cloner != ifc)
			return (EINVAL);
		if (!tuntap_may(tt, tp->tp_cred))
			return (EPERM);
		if (tt->tt_open || ifp->if_dying)
			return (EBUSY);
	}
	tt->tt_user = *tp;
	tt->tt_user.tp_cred = NULL;
	tt->tt_user.tp_who = tt->tt_user.tp_kind = NULL;
	memset(tt->tt_who, 0, sizeof(tt->tt_who));
	if (tp->tp_who != NULL)
		strncpy(tt->tt_who, tp->tp_who, sizeof(tt->tt_who) - 1);
	tt->tt_worker = tt->tt_if->if_vnet->vn_lane.ln_worker;
	tt->tt_open = true;
	tt->tt_carrier = !tp->tp_nocarrier;
	tt->tt_offload = 0;
	tuntap_setrunning(tt);
	*ttp = tt;
	return (0);
}

void
tuntap_close(struct tuntap *tt)
{
	tt->tt_open = false;
	if (tt->tt_temporary)
		if_new_destroy(tt->tt_if);
	else
		tuntap_setrunning(tt);
}

int
tuntap_release(struct vnet *vn, const char *name)
{
	struct ifnet *ifp = ifnet_byname(vn, name);
	struct tuntap *tt;

	if (ifp == NULL)
		return (ENXIO);
	if (!tuntap_is(ifp))
		return (EINVAL);
	tt = ifp->if_softc;
	if (!tt->tt_open)
		return (ENOTCONN);
	tuntap_revoke(tt);
	tuntap_setrunning(tt);
	return (0);
}

struct ifnet *
tuntap_ifnet(const struct tuntap *tt)
{
	return (tt->tt_if);
}

void
tuntap_persist(struct tuntap *tt, bool on)
{
	tt->tt_temporary = !on;
}

bool
tuntap_persistent(const struct tuntap *tt)
{
	return (!tt->tt_temporary);
}

void
tuntap_owner(struct tuntap *tt, uint32_t uid, uint32_t gid)
{
	if (uid != VI_TAP_NOID)
		tt->tt_uid = uid;
	if (gid != VI_TAP_NOID)
		tt->tt_gid = gid;
}

void
tuntap_offload(struct tuntap *tt, unsigned what)
{
	tt->tt_offload = what;
}

void
tuntap_carrier(struct tuntap *tt, bool on)
{
	tt->tt_carrier = on;
	tuntap_setrunning(tt);
}

/* Module */

/* A vnet that another worker runs: the user calls from the wrong thread there, unless he changes it. */
static void
tuntap_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct ifnet *ifp = obj;
	struct tuntap *tt;

	if (ev != VNET_EV_IFATTACH || !tuntap_is(ifp))
		return;
	tt = ifp->if_softc;
	if (!tt->tt_open || vn->vn_lane.ln_worker == tt->tt_worker)
		return;
	if (tt->tt_user.tp_moved != NULL && tt->tt_user.tp_moved(tt->tt_user.tp_arg)) {
		tt->tt_worker = vn->vn_lane.ln_worker;
		return;
	}
	tuntap_revoke(tt);
	tuntap_setrunning(tt);
}

static const struct stat_desc tuntap_stats[] = {
	STAT("tuntap", struct tuntap_vnet, tv_down, "frame%s not sent on an interface that is down"),
	STAT("tuntap", struct tuntap_vnet, tv_toobig, "frame%s longer than the MTU not sent"),
	STAT("tuntap", struct tuntap_vnet, tv_full, "frame%s dropped because the program was too slow"),
	STAT("tuntap", struct tuntap_vnet, tv_nomem, "frame%s dropped for lack of memory"),
	STAT("tuntap", struct tuntap_vnet, tv_inbad, "frame%s from a program empty, too long or of no sense"),
	STAT("tuntap", struct tuntap_vnet, tv_indown, "frame%s from a program for an interface that is down"),
	STAT_END
};

VNET_MODULE(tuntap,
	.vm_size = sizeof(struct tuntap_vnet),
	.vm_after = "net ether",
	.vm_event = tuntap_event,
	.vm_stats = tuntap_stats);
