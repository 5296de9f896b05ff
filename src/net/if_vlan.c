/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: vlan, an interface for the frames of another that carry a tag (IEEE 802.1Q), or a service tag (802.1ad).
 *
 * A vlan has a tag, its protocol, a priority, and a parent, any Ethernet interface of the same stack, another vlan (Q-in-Q), a
 * lagg or a bridge among them; with both a parent and a tag it runs.  What it sends gets the tag, after the link addresses, and goes out by the parent,
 * super-packets too: whoever cuts those repeats the whole link header.  What the parent receives with a tag is looked up in its trunk,
 * a small hash of the vlans above it, and comes in again at the vlan, without the tag.  Frames of a tag that
 * nobody has are dropped; so tagged frames never reach the parent's own stack.
 *
 * A vlan has its parent's link address, and follows it, until it is given one of its own; its MTU is the parent's (the parent's frames may be 4 bytes
 * longer, IEEE 802.3 3.2.7), 4 less if that is a vlan itself, and follows when that one shrinks.
 *
 * The parent may leave at any moment, for another stack or for good: the vlan is then without a parent, and keeps its tag.  The vlan may be lent to
 * another stack while its parent stays; then what it sends goes, with its tag, through the queue of a relay in the parent's stack, an interface nobody
 * sees, and what comes goes through its own queue.  Only where it was made can its tag and parent be changed.
 *
 * Frames with tag 0 have a priority and no VLAN: the interface's own stack takes them.
 *
 * Standards: IEEE 802.1Q-2018 9.3 to 9.6 (tags, the reserved identifier 4095), 6.9 (priorities).
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"
#include "net/if_over.h"
#include "wire/ether.h"
#include <vimage/jail.h>

#define VLAN_SLOTS	64u
#define VLAN_NONE	0	/* no tag set */

struct vlan {
	struct if_over	 v_over;	/* ov_lower is the parent; NULL: none */
	struct ifnet	*v_ifp;		/* (c) */
	struct ifnet	*v_relay;	/* if the parent is in another stack: sends for us there */
	struct ifnet	*v_kept;	/* while we change stacks: the parent to have again */
	uint16_t	 v_proto;	/* ETHERTYPE_VLAN, _QINQ */
	uint16_t	 v_tag;
	uint8_t		 v_pcp;
	char		 v_wanted[IFNAMSIZ];	/* a parent named before there was a tag; "" = none */
	uint8_t		 v_lladdr[ETHER_ADDR_LEN];	/* the parent's as we last knew it */
	LIST_ENTRY(vlan) v_hash;	/* of the parent's trunk */
};

#define v_parent	v_over.ov_lower

struct vlan_trunk {
	LIST_HEAD(, vlan) tr_slot[VLAN_SLOTS];
	unsigned	 tr_n;
};

struct vlan_vnet {
	uint64_t	vv_notag, vv_badtag, vv_unknown, vv_toobig, vv_noparent, vv_down, vv_nomem;
};
VNET_STATE_DECLARE(vlan);
VNET_STATE_DEFINE(vlan);

/* Trunks */

static struct vlan *
trunk_find(const struct vlan_trunk *tr, uint16_t proto, uint16_t tag)
{
	struct vlan *v;

	LIST_FOREACH(v, &tr->tr_slot[tag % VLAN_SLOTS], v_hash)
		if (v->v_tag == tag && v->v_proto == proto)
			return (v);
	return (NULL);
}

/* The parent has an if_extra. */
static int
trunk_insert(struct vlan *v)
{
	struct if_extra *ix = v->v_parent->if_extra;

	if (ix->ix_trunk == NULL &&
	    (ix->ix_trunk = kmalloc(v->v_parent->if_acct, ACCT_IFNET, sizeof(*ix->ix_trunk))) == NULL)
		return (ENOBUFS);
	LIST_INSERT_HEAD(&ix->ix_trunk->tr_slot[v->v_tag % VLAN_SLOTS], v, v_hash);
	ix->ix_trunk->tr_n++;
	return (0);
}

static void
trunk_remove(struct vlan *v)
{
	struct if_extra *ix = v->v_parent->if_extra;

	LIST_REMOVE(v, v_hash);
	if (--ix->ix_trunk->tr_n > 0)
		return;
	kfree(v->v_parent->if_acct, ACCT_IFNET, ix->ix_trunk, sizeof(*ix->ix_trunk));
	ix->ix_trunk = NULL;
}

/* Frames */

static int
vlan_drop(struct ifnet *ifp, struct mbuf *m, uint64_t *counter, int error)
{
	(*counter)++;
	ifp->if_stats.ifs_oerrors++;
	m_freem(m);
	return (error);
}

struct mbuf *
vlan_tag(struct mbuf *m, uint16_t proto, uint16_t tci)
{
	struct ether_vlan_header *evl;

	if ((m = m_pullup(m, ETHER_HDR_LEN)) == NULL || (m = m_prepend(m, ETHER_VLAN_ENCAP_LEN)) == NULL ||
	    (m = m_pullup(m, sizeof(*evl))) == NULL)
		return (NULL);
	memmove(m->m_data, m->m_data + ETHER_VLAN_ENCAP_LEN, 2 * ETHER_ADDR_LEN);
	evl = mtod(m, struct ether_vlan_header *);
	evl->evl_encap_proto = HTONS(proto);
	evl->evl_tag = HTONS(tci);
	m->m_pkt.l2hlen = (uint8_t)(m->m_pkt.l2hlen + ETHER_VLAN_ENCAP_LEN);
	return (m);
}

void
vlan_untag(struct mbuf *m)
{
	memmove(m->m_data + ETHER_VLAN_ENCAP_LEN, m->m_data, 2 * ETHER_ADDR_LEN);
	m_adj(m, ETHER_VLAN_ENCAP_LEN);
}

static int
vlan_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct vlan_vnet *vv = vlan_vnet(ifp->if_vnet);
	struct vlan *v = ifp->if_softc;
	unsigned pcp;

	if (v->v_parent == NULL)
		return (vlan_drop(ifp, m, &vv->vv_noparent, ENETDOWN));
	if (!if_up(ifp) || !if_up(v->v_parent))
		return (vlan_drop(ifp, m, &vv->vv_down, ENETDOWN));
	if (ether_toolong(ifp, m))
		return (vlan_drop(ifp, m, &vv->vv_toobig, EMSGSIZE));
	ifp->if_stats.ifs_opackets++;
	ifp->if_stats.ifs_obytes += m->m_pkt.len;
	pcp = m->m_pkt.pcp != 0 ? m->m_pkt.pcp - 1u : v->v_pcp;
	if ((m = vlan_tag(m, v->v_proto, (uint16_t)(pcp << 13 | v->v_tag))) == NULL) {
		vv->vv_nomem++;
		ifp->if_stats.ifs_oerrors++;
		return (ENOBUFS);
	}
	if (v->v_relay == NULL)
		return (if_transmit(v->v_parent, m));
	m->m_flags &= (uint16_t)~M_LOOP;
	if_deliver(v->v_relay, m);
	return (0);
}

/* In the parent's stack. */
static void
relay_input(struct ifnet *relay, struct mbuf *m)
{
	const struct vlan *v = relay->if_softc;

	if (if_up(v->v_parent))
		(void)if_transmit(v->v_parent, m);
	else
		(void)vlan_drop(v->v_parent, m, &vlan_vnet(relay->if_vnet)->vv_down, ENETDOWN);
}

static const struct ifnet_ops relay_ops = { .ifo_input = relay_input };

static void
vlan_discard(struct ifnet *ifp, struct mbuf *m, uint64_t *counter)
{
	(*counter)++;
	ifp->if_stats.ifs_noproto++;
	m_freem(m);
}

static void
vlan_receive(struct ifnet *ifp, struct mbuf *m, const struct ether_vlan_header *evl)
{
	struct vlan_vnet *vv = vlan_vnet(ifp->if_vnet);
	uint16_t tag, type;
	struct vlan *v;

	if (ether_vlan_check(m->m_data, m->m_len, m->m_pkt.len, &tag, &type) != WIRE_OK) {
		vlan_discard(ifp, m, &vv->vv_badtag);
		return;
	}
	v = trunk_find(ifp->if_extra->ix_trunk, NTOHS(evl->evl_encap_proto), EVL_VLANOFTAG(tag));
	if (v == NULL || !if_listens(v->v_ifp)) {
		vlan_discard(ifp, m, &vv->vv_unknown);
		return;
	}
	vlan_untag(m);
	if (v->v_relay == NULL)
		if_receive(v->v_ifp, m);
	else
		if_deliver(v->v_ifp, m);
}

struct mbuf *
vlan_input(struct ifnet *ifp, struct mbuf *m, const struct ether_info *ei)
{
	struct vlan_vnet *vv = vlan_vnet(ifp->if_vnet);
	const struct ether_vlan_header *evl;

	if ((ei->ei_type != ETHERTYPE_VLAN && ei->ei_type != ETHERTYPE_QINQ) || ifp->if_extra->ix_trunk == NULL)
		return (m);
	if (m->m_pkt.len < sizeof(*evl)) {
		vlan_discard(ifp, m, &vv->vv_notag);
		return (NULL);
	}
	if ((m = m_pullup(m, sizeof(*evl))) == NULL) {
		vv->vv_nomem++;
		return (NULL);
	}
	evl = mtod(m, const struct ether_vlan_header *);
	if (EVL_VLANOFTAG(NTOHS(evl->evl_tag)) == 0 && ei->ei_type == ETHERTYPE_VLAN)
		return (m);
	vlan_receive(ifp, m, evl);
	return (NULL);
}

/* In net's table of protocols: tags that nobody above the interface takes.  m is behind the Ethernet header; a second tag is one too many. */
static void
vlan_input_priority(struct ifnet *ifp, struct mbuf *m)
{
	uint16_t tag[2];	/* and the type behind it */

	if (m_copydata(m, 0, sizeof(tag), tag) != 0) {
		vlan_discard(ifp, m, &vlan_vnet(ifp->if_vnet)->vv_notag);
	} else if (EVL_VLANOFTAG(NTOHS(tag[0])) != 0 || tag[1] == HTONS(ETHERTYPE_VLAN)) {
		vlan_discard(ifp, m, &vlan_vnet(ifp->if_vnet)->vv_unknown);
	} else {
		m_adj(m, ETHER_VLAN_ENCAP_LEN);
		net_input(ifp, NTOHS(tag[1]), m);
	}
}

/* The parent */

static uint32_t
vlan_maxmtu(const struct ifnet *parent)
{
	return (parent->if_mtu - (parent->if_cloner == &vlan_cloner ? ETHER_VLAN_ENCAP_LEN : 0));
}

/* The parent's stack pays for it, and for what waits in it. */
static int
relay_make(struct vlan *v, struct ifnet *parent)
{
	struct ifnet *relay;

	if (parent->if_vnet == v->v_ifp->if_vnet)
		return (0);
	if ((relay = if_alloc(parent->if_vnet, v->v_ifp->if_xname, VI_IFT_OTHER)) == NULL)
		return (ENOBUFS);
	relay->if_ops = &relay_ops;
	relay->if_cloner = &vlan_cloner;
	relay->if_softc = v;
	relay->if_attached = true;	/* its queue may be used */
	v->v_relay = relay;
	return (0);
}

static void
relay_free(struct vlan *v)
{
	struct ifnet *relay = v->v_relay;

	if (relay == NULL)
		return;
	v->v_relay = NULL;
	relay->if_attached = false;
	ifq_purge(relay);
	if_free(relay);
}

static void
vlan_detach(struct vlan *v)
{
	if (v->v_parent == NULL)
		return;
	trunk_remove(v);
	if_over_remove(&v->v_over);
	v->v_parent = NULL;
	relay_free(v);
	v->v_ifp->if_flags &= ~(uint32_t)IFF_RUNNING;
	v->v_ifp->if_linkup = false;
	if_over_changed(v->v_ifp);
}

static void
vlan_leave(struct if_over *ov)
{
	vlan_detach(CONTAINER_OF(ov, struct vlan, v_over));
}

/* One that was given an address of its own keeps it. */
static void
vlan_changed(struct if_over *ov)
{
	struct vlan *v = CONTAINER_OF(ov, struct vlan, v_over);
	struct ifnet *ifp = v->v_ifp, *parent = v->v_parent;
	const bool own = !ether_equal(ifp->if_lladdr, v->v_lladdr);

	memcpy(v->v_lladdr, parent->if_lladdr, ETHER_ADDR_LEN);
	if (!own)
		(void)if_setlladdr(ifp, parent->if_lladdr, ETHER_ADDR_LEN);
	if (ifp->if_mtu > vlan_maxmtu(parent))
		(void)if_setmtu(ifp, vlan_maxmtu(parent));
	ifp->if_linkup = parent->if_linkup && if_up(parent);
	if_over_changed(ifp);
}

static const struct if_over_ops vlan_over_ops = {
	.ovo_changed = vlan_changed,
	.ovo_leave = vlan_leave,
};

/* In the parent's trunk; it runs. */
static int
vlan_hook(struct vlan *v, struct ifnet *parent)
{
	struct ifnet *ifp = v->v_ifp;
	int error;

	if ((error = relay_make(v, parent)) != 0)
		return (error);
	v->v_over = (struct if_over){ .ov_ops = &vlan_over_ops, .ov_upper = v->v_relay != NULL ? v->v_relay : ifp, .ov_lower = parent };
	if ((error = if_over_add(&v->v_over)) == 0) {
		if ((error = trunk_insert(v)) == 0) {
			ifp->if_flags |= IFF_RUNNING;
			return (0);
		}
		if_over_remove(&v->v_over);
	}
	v->v_parent = NULL;
	relay_free(v);
	return (error);
}

static int
vlan_attach_to(struct vlan *v, struct ifnet *parent)
{
	struct ifnet *ifp = v->v_ifp;
	int error;

	if ((error = vlan_hook(v, parent)) != 0)
		return (error);
	memcpy(v->v_lladdr, parent->if_lladdr, ETHER_ADDR_LEN);
	(void)if_setlladdr(ifp, parent->if_lladdr, ETHER_ADDR_LEN);
	if (vlan_maxmtu(parent) >= IF_MINMTU)
		(void)if_setmtu(ifp, vlan_maxmtu(parent));
	ifp->if_linkup = parent->if_linkup && if_up(parent);
	if_over_changed(ifp);
	return (0);
}

/* Another parent, tag or protocol; what was remains when that is not possible. */
static int
vlan_configure(struct vlan *v, struct ifnet *parent, uint16_t proto, uint16_t tag, char *err)
{
	const struct vlan_trunk *tr = parent != NULL && parent->if_extra != NULL ? parent->if_extra->ix_trunk : NULL;
	struct ifnet *hadparent = v->v_parent;
	const uint16_t hadproto = v->v_proto, hadtag = v->v_tag;
	int error = 0;

	if (v->v_ifp->if_vnet != v->v_ifp->if_home)
		return (ifopt_fail(err, EPERM, "%s is lent: its tag and parent are changed where it was made", v->v_ifp->if_xname));
	if (parent != NULL && parent->if_type != VI_IFT_ETHER)
		return (ifopt_fail(err, EPROTONOSUPPORT, "%s carries no tags", parent->if_xname));
	if (parent != NULL && parent == v->v_parent && proto == v->v_proto && tag == v->v_tag)
		return (0);
	if (tr != NULL && tag != VLAN_NONE && trunk_find(tr, proto, tag) != NULL)
		return (ifopt_fail(err, EEXIST, "%s has the tag %u already", parent->if_xname, tag));
	vlan_detach(v);
	v->v_proto = proto;
	v->v_tag = tag;
	if (parent != NULL && tag != VLAN_NONE)
		error = vlan_attach_to(v, parent);
	if (error == 0)
		return (0);
	v->v_proto = hadproto;
	v->v_tag = hadtag;
	if (hadparent != NULL)
		(void)vlan_attach_to(v, hadparent);
	return (error == ELOOP ? ifopt_fail(err, error, "%s is above %s, or too many lie below", v->v_ifp->if_xname, parent->if_xname) : error);
}

/* Options */

/* A parent without a tag does nothing yet: its name waits. */
static int
vlan_setparent(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vlan *v = ifp->if_softc;
	struct ifnet *parent;
	int error;

	(void)io, (void)argc;
	if ((error = ifopt_interface(ifp, argv[0], &parent, err)) != 0)
		return (error);
	if (v->v_tag == VLAN_NONE) {
		memcpy(v->v_wanted, parent->if_xname, IFNAMSIZ);
		return (0);
	}
	return (vlan_configure(v, parent, v->v_proto, v->v_tag, err));
}

static int
vlan_noparent(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vlan *v = ifp->if_softc;
	int error;

	(void)io, (void)argv, (void)argc;
	if ((error = vlan_configure(v, NULL, v->v_proto, v->v_tag, err)) == 0)
		v->v_wanted[0] = '\0';
	return (error);
}

static int
vlan_settag(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vlan *v = ifp->if_softc;
	struct ifnet *parent = v->v_parent;
	long long tag;
	int error;

	(void)argc;
	if ((error = ifopt_number(io, argv[0], &tag, err)) != 0)
		return (error);
	if (parent == NULL && v->v_wanted[0] != '\0' &&
	    (error = ifopt_interface(ifp, v->v_wanted, &parent, err)) != 0)
		return (error);
	if ((error = vlan_configure(v, parent, v->v_proto, (uint16_t)tag, err)) == 0)
		v->v_wanted[0] = '\0';
	return (error);
}

static int
vlan_setproto(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vlan *v = ifp->if_softc;

	(void)argc;
	if (strcmp(argv[0], "802.1q") == 0 || strcmp(argv[0], "802.1Q") == 0)
		return (vlan_configure(v, v->v_parent, ETHERTYPE_VLAN, v->v_tag, err));
	if (strcmp(argv[0], "802.1ad") == 0)
		return (vlan_configure(v, v->v_parent, ETHERTYPE_QINQ, v->v_tag, err));
	return (ifopt_fail(err, EINVAL, "%s: invalid value for %s", argv[0], io->io_name));
}

static const struct if_option vlan_options[] = {
	{ "vlan", 1, 1, vlan_settag, 0, 1, 4094 },
	{ "vlandev", 1, 1, vlan_setparent, 0, 0, 0 },
	{ "-vlandev", 0, 1, vlan_noparent, 0, 0, 0 },
	{ "vlanproto", 1, 1, vlan_setproto, 0, 0, 0 },
	{ "pcp", 1, 1, ifopt_u8, offsetof(struct vlan, v_pcp), 0, 7 },
	{ "vlanpcp", 1, 1, ifopt_u8, offsetof(struct vlan, v_pcp), 0, 7 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

static void
vlan_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct vlan *v = ifp->if_softc;

	ifopt_put(is, NULL, NULL, "vlan", "%u", v->v_tag);
	ifopt_put(is, NULL, NULL, "vlanproto", "%s", v->v_proto == ETHERTYPE_QINQ ? "802.1ad" : "802.1q");
	ifopt_put(is, NULL, NULL, "vlanpcp", "%u", v->v_pcp);
	ifopt_put(is, NULL, NULL, "vlandev", "%s", v->v_parent != NULL ? v->v_parent->if_xname : "<none>");
}

static int
vlan_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	const struct vlan *v = ifp->if_softc;

	return (v->v_parent != NULL && mtu > vlan_maxmtu(v->v_parent) ? EINVAL : 0);
}

static const struct ifnet_ops vlan_ops = {
	.ifo_output = ether_output,
	.ifo_linkhdr = ether_linkhdr,
	.ifo_transmit = vlan_transmit,
	.ifo_input = ether_input,
	.ifo_setmtu = vlan_setmtu,
};

/* Life */

static int
vlan_attach_if(struct ifnet *ifp)
{
	struct vlan *v = ifp->if_softc;

	v->v_ifp = ifp;
	v->v_proto = ETHERTYPE_VLAN;
	return (if_new_attach(ifp));
}

static int
vlan_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error = if_new_unit(vn, &vlan_cloner, unit, name, &ifp);

	return (error != 0 ? error : vlan_attach_if(ifp));
}

/* The tag behind the last dot; 0: there is none. */
static unsigned
vlan_nametag(const char *name)
{
	const char *dot = strrchr(name, '.');
	unsigned tag = 0;

	if (dot == NULL || dot[1] == '0')
		return (0);
	for (const char *p = dot + 1; *p != '\0'; p++)
		if (*p < '0' || *p > '9' || (tag = tag * 10 + (unsigned)(*p - '0')) > 4094)
			return (0);
	return (tag);
}

/* "epair0a.42" */
static int
vlan_create_named(struct vnet *vn, const char *name)
{
	const unsigned tag = vlan_nametag(name);
	struct ifnet *parent, *ifp;
	char pname[IFNAMSIZ], err[VI_ERRLEN];
	int error;

	if (tag == 0)
		return (ENOENT);
	memcpy(pname, name, strlen(name) + 1);
	*strrchr(pname, '.') = '\0';
	if ((parent = ifnet_byname(vn, pname)) == NULL)
		return (ENXIO);
	if (ifnet_byname(vn, name) != NULL)
		return (EEXIST);
	if ((ifp = if_new(vn, &vlan_cloner, name)) == NULL)
		return (ENOBUFS);
	if ((error = vlan_attach_if(ifp)) != 0)
		return (error);
	if ((error = vlan_configure(ifp->if_softc, parent, ETHERTYPE_VLAN, (uint16_t)tag, err)) != 0)
		if_new_destroy(ifp);
	return (error);
}

/* When it arrives elsewhere nothing else has happened: both are one step under the kernel lock. */
static void
vlan_ifleave(struct ifnet *ifp)
{
	struct vlan *v = ifp->if_softc;

	v->v_kept = v->v_parent;
	vlan_detach(v);
}

static void
vlan_ifarrive(struct ifnet *ifp)
{
	struct vlan *v = ifp->if_softc;
	struct ifnet *parent = v->v_kept;

	v->v_kept = NULL;
	if (parent == NULL)
		return;
	if (vlan_hook(v, parent) == 0)
		vlan_changed(&v->v_over);
	else
		vnet_log(ifp->if_vnet, LOG_WARNING, "%s: no memory to keep its parent", ifp->if_xname);
}

const struct if_clone vlan_cloner = {
	.ifc_name = "vlan",
	.ifc_ops = &vlan_ops,
	.ifc_softsize = sizeof(struct vlan),
	.ifc_type = VI_IFT_ETHER,
	.ifc_priv = VI_PRIV_NET_VLAN,
	.ifc_create = vlan_create,
	.ifc_create_named = vlan_create_named,
	.ifc_destroy = if_new_destroy,
	.ifc_leave = vlan_ifleave,
	.ifc_arrive = vlan_ifarrive,
	.ifc_options = vlan_options,
	.ifc_show = vlan_show,
};

static const struct stat_desc vlan_stats[] = {
	STAT("vlan", struct vlan_vnet, vv_notag, "frame%s too short for their tag"),
	STAT("vlan", struct vlan_vnet, vv_badtag, "frame%s with the reserved tag"),
	STAT("vlan", struct vlan_vnet, vv_unknown, "frame%s of a tag nobody has"),
	STAT("vlan", struct vlan_vnet, vv_toobig, "frame%s longer than the MTU not sent"),
	STAT("vlan", struct vlan_vnet, vv_noparent, "frame%s not sent without a parent"),
	STAT("vlan", struct vlan_vnet, vv_down, "frame%s not sent on an interface that is down"),
	STAT("vlan", struct vlan_vnet, vv_nomem, "frame%s dropped for lack of memory"),
	STAT_END
};

static int
vlan_module_attach(struct vnet *vn)
{
	return (net_proto_register(vn, ETHERTYPE_VLAN, vlan_input_priority));
}

VNET_MODULE(vlan,
	.vm_size = sizeof(struct vlan_vnet),
	.vm_after = "net ether",
	.vm_attach = vlan_module_attach,
	.vm_stats = vlan_stats);
