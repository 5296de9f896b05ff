/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds of interfaces in Linux's words: what `ip -d link` shows of one, and `ip link add ... type KIND`.
 *
 * What Linux calls a veth is an epair, a bond a lagg.  Interfaces are made and set by the options of ifconfig(8); a kind
 * whose options Linux would have us keep and ifconfig has not is refused, and so is every word about it that has no
 * meaning here.
 */
#include "linux/nl.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/if_vlan.h>
#include <linux/veth.h>

#include <vimage/jail.h>
#include <vimage/sysctl.h>

#define MAXDATA	24	/* types of attributes of a kind that are looked at */

/* Attributes within one. */
struct nest {
	uint8_t	 ne_buf[96];
	size_t	 ne_len;
};

static void
nest_put(struct nest *ne, uint16_t type, const void *data, size_t len)
{
	const struct rtattr ra = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type };

	if (RTA_SPACE(len) > sizeof(ne->ne_buf) - ne->ne_len)
		return;
	memset(ne->ne_buf + ne->ne_len, 0, RTA_SPACE(len));
	memcpy(ne->ne_buf + ne->ne_len, &ra, sizeof(ra));
	memcpy(ne->ne_buf + ne->ne_len + RTA_LENGTH(0), data, len);
	ne->ne_len += RTA_SPACE(len);
}

static void
nest_end(struct nest *out, uint16_t type, const struct nest *in)
{
	if (in->ne_len > 0)
		nest_put(out, type, in->ne_buf, in->ne_len);
}

/* What is said of a vlan. */
struct vlan {
	struct vi_vnet	*vl_vnet;
	uint16_t	 vl_id;
	uint16_t	 vl_proto;	/* host order */
	uint32_t	 vl_parent;	/* index */
};

static void
vlan_option(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	struct vlan *vl = arg;

	(void)item;
	if (list != NULL || key == NULL)
		return;
	if (strcmp(key, "vlan") == 0)
		vl->vl_id = (uint16_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "vlanproto") == 0)
		vl->vl_proto = strcmp(value, "802.1ad") == 0 ? ETH_P_8021AD : ETH_P_8021Q;
	else if (strcmp(key, "vlandev") == 0)
		vl->vl_parent = ifinfo_index(vl->vl_vnet, value);
}

static void
put_vlan(struct nl_out *no, const struct vi_ifinfo *info, struct nest *data)
{
	struct vlan vl = { .vl_vnet = no->no_ls->ls_vnet, .vl_proto = ETH_P_8021Q };
	const struct ifla_vlan_flags none = { .flags = VLAN_FLAG_REORDER_HDR, .mask = UINT32_MAX };
	uint16_t proto;

	if (vl.vl_vnet == NULL || vi_if_options(vl.vl_vnet, info->if_name, vlan_option, &vl) != 0)
		return;
	proto = htons(vl.vl_proto);
	nest_put(data, IFLA_VLAN_ID, &vl.vl_id, sizeof(vl.vl_id));
	nest_put(data, IFLA_VLAN_PROTOCOL, &proto, sizeof(proto));
	nest_put(data, IFLA_VLAN_FLAGS, &none, sizeof(none));
	if (vl.vl_parent != 0)
		nl_out_u32(no, IFLA_LINK, vl.vl_parent);
}

static void
put_tun(struct nl_out *no, const struct vi_ifinfo *info, struct nest *data)
{
	const uint8_t type = strcmp(info->if_driver, "tap") == 0 ? IFF_TAP : IFF_TUN, pi = 0;

	(void)no;
	nest_put(data, IFLA_TUN_TYPE, &type, sizeof(type));
	nest_put(data, IFLA_TUN_PI, &pi, sizeof(pi));
}

static const struct kind {
	const char	*ki_driver;
	const char	*ki_name;
	void		(*ki_put)(struct nl_out *, const struct vi_ifinfo *, struct nest *);
	const char	*ki_add, *ki_remove;	/* the option by which it takes a port, and lets go of it; NULL: it has none */
} kinds[] = {
	{ "epair", "veth", NULL, NULL, NULL },
	{ "vlan", "vlan", put_vlan, NULL, NULL },
	{ "bridge", "bridge", NULL, "addm", "deletem" },
	{ "lagg", "bond", NULL, "laggport", "-laggport" },
	{ "tun", "tun", put_tun, NULL, NULL },
	{ "tap", "tun", put_tun, NULL, NULL },
	{ "vxlan", "vxlan", NULL, NULL, NULL },
	{ "gre", "gre", NULL, NULL, NULL },
};

static const struct kind *
kind_of(const char *driver)
{
	for (size_t i = 0; driver != NULL && i < LX_NITEMS(kinds); i++)
		if (strcmp(kinds[i].ki_driver, driver) == 0)
			return (&kinds[i]);
	return (NULL);
}

struct found { char fo_name[VI_IFNAMSIZ]; const struct kind *fo_kind; uint32_t fo_master; bool fo_found; };

static void
found_each(void *arg, const struct vi_ifinfo *info)
{
	struct found *fo = arg;

	memcpy(fo->fo_name, info->if_name, sizeof(fo->fo_name));
	fo->fo_kind = kind_of(info->if_driver);
	fo->fo_master = info->if_master;
	fo->fo_found = true;
}

static struct found
find_index(struct vi_vnet *vn, uint32_t index)
{
	struct found fo = { .fo_found = false };

	if (ifinfo_name(vn, index, fo.fo_name) == 0)
		(void)vi_if_get(vn, fo.fo_name, found_each, &fo);
	return (fo);
}

/* What it is, and what it is a port of. */
void
nl_put_kind(struct nl_out *no, const struct vi_ifinfo *info)
{
	const struct kind *ki = kind_of(info->if_driver), *master = kind_of(info->if_masterdriver);
	struct nest all = { .ne_len = 0 }, data = { .ne_len = 0 };

	if (info->if_master != 0)
		nl_out_u32(no, IFLA_MASTER, info->if_master);
	if (ki != NULL) {
		nest_put(&all, IFLA_INFO_KIND, ki->ki_name, strlen(ki->ki_name) + 1);
		if (ki->ki_put != NULL)
			ki->ki_put(no, info, &data);
		nest_end(&all, IFLA_INFO_DATA, &data);
	}
	if (master != NULL)
		nest_put(&all, IFLA_INFO_SLAVE_KIND, master->ki_name, strlen(master->ki_name) + 1);
	if (all.ne_len > 0)
		nl_out_attr(no, IFLA_LINKINFO, all.ne_buf, all.ne_len);
}

/* Changes */

/* What its kind takes besides. */
static int
kind_may(struct vi_vnet *vn, const struct nl_req *rq, enum vi_priv priv)
{
	return (priv == VI_PRIV_MAX ? 0 : vi_vnet_priv(vn, rq->rq_caller, rq->rq_cred, priv));
}

static int
set_option(struct vi_vnet *vn, const char *name, const char *option, const char *word)
{
	char err[VI_ERRLEN];
	int error = vi_if_option(vn, name, option, &word, 1, err);

	return (error == ENOENT || error == ENXIO ? EOPNOTSUPP : error);
}

/* IFLA_MASTER: leaves the one it has, and joins another unless that is 0. */
int
nl_setmaster(struct vi_vnet *vn, const struct nl_req *rq, const char *name, uint32_t index)
{
	struct found port = { .fo_found = false }, old, new = find_index(vn, index);
	int error;

	(void)vi_if_get(vn, name, found_each, &port);
	if (!port.fo_found || (index != 0 && !new.fo_found))
		return (ENODEV);
	if (port.fo_master == index)
		return (0);
	if (index != 0 && (new.fo_kind == NULL || new.fo_kind->ki_add == NULL))
		return (EOPNOTSUPP);
	old = find_index(vn, port.fo_master);
	if ((old.fo_kind != NULL && (error = kind_may(vn, rq, vi_if_option_priv(vn, old.fo_name))) != 0) ||
	    (index != 0 && (error = kind_may(vn, rq, vi_if_option_priv(vn, new.fo_name))) != 0))
		return (error);
	if (old.fo_kind != NULL && (error = set_option(vn, old.fo_name, old.fo_kind->ki_remove, name)) != 0)
		return (error);
	return (index == 0 ? 0 : set_option(vn, new.fo_name, new.fo_kind->ki_add, name));
}

/* IFLA_LINKINFO of a request. */
struct linkinfo {
	char		 li_kind[16];
	struct nl_attr	 li_data[MAXDATA];
	bool		 li_unknown;	/* an attribute of its data that is beyond these */
	struct nl_attr	 li_raw;
};

static void
data_each(void *arg, uint16_t type, const uint8_t *p, size_t len)
{
	struct linkinfo *li = arg;

	if (type < MAXDATA)
		li->li_data[type] = (struct nl_attr){ p, len };
	else
		li->li_unknown = true;
}

static void
info_each(void *arg, uint16_t type, const uint8_t *p, size_t len)
{
	struct linkinfo *li = arg;

	if (type == IFLA_INFO_KIND && strnlen((const char *)p, len) < sizeof(li->li_kind))
		memcpy(li->li_kind, p, strnlen((const char *)p, len));
	else if (type == IFLA_INFO_DATA)
		li->li_raw = (struct nl_attr){ p, len };
}

/* Any attribute but those of the mask is one we would have to ignore. */
static int
data_only(struct linkinfo *li, uint32_t known)
{
	if (li->li_raw.na_data != NULL && nl_attrs(li->li_raw.na_data, li->li_raw.na_len, data_each, li) != 0)
		return (EINVAL);
	for (unsigned i = 0; i < MAXDATA; i++)
		if (li->li_data[i].na_data != NULL && (known >> i & 1) == 0)
			return (EOPNOTSUPP);
	return (li->li_unknown ? EOPNOTSUPP : 0);
}

static bool
data_u16(const struct linkinfo *li, unsigned type, uint16_t *v)
{
	if (li->li_data[type].na_data == NULL || li->li_data[type].na_len < sizeof(*v))
		return (false);
	memcpy(v, li->li_data[type].na_data, sizeof(*v));
	return (true);
}

static int
make_vlan(struct vi_vnet *vn, const struct nl_req *rq, struct linkinfo *li, const char *name)
{
	const struct found parent = find_index(vn, nl_u32(rq, IFLA_LINK, 0));
	uint16_t id, proto = htons(ETH_P_8021Q);
	char text[8];
	int error;

	if ((error = data_only(li, 1u << IFLA_VLAN_ID | 1u << IFLA_VLAN_PROTOCOL)) != 0)
		return (error);
	if (!data_u16(li, IFLA_VLAN_ID, &id))
		return (EINVAL);
	(void)data_u16(li, IFLA_VLAN_PROTOCOL, &proto);
	if (proto != htons(ETH_P_8021Q) && proto != htons(ETH_P_8021AD))
		return (EPROTONOSUPPORT);
	if (!parent.fo_found)
		return (nl_has(rq, IFLA_LINK) ? ENODEV : EINVAL);
	if (id >= 4095)
		return (ERANGE);
	snprintf(text, sizeof(text), "%u", id);
	if (proto == htons(ETH_P_8021AD) && (error = set_option(vn, name, "vlanproto", "802.1ad")) != 0)
		return (error);
	if ((error = set_option(vn, name, "vlan", text)) == 0)
		error = set_option(vn, name, "vlandev", parent.fo_name);
	return (error);
}

/* The other end's name, of a nested message as of a link. */
static void
peer_each(void *arg, uint16_t type, const uint8_t *p, size_t len)
{
	struct linkinfo *li = arg;

	if (type == IFLA_IFNAME || type == IFLA_ADDRESS || type == IFLA_MTU || type == IFLA_TXQLEN)
		li->li_data[type] = (struct nl_attr){ p, len };
	else if (type != IFLA_NUM_TX_QUEUES && type != IFLA_NUM_RX_QUEUES)
		li->li_unknown = true;		/* a name space of the host's */
}

static int
peer_number(struct vi_vnet *vn, const char *name, const struct nl_attr *na, int (*fn)(struct vi_vnet *, const char *, uint32_t))
{
	uint32_t n;

	if (na->na_data == NULL || na->na_len < sizeof(n))
		return (0);
	memcpy(&n, na->na_data, sizeof(n));
	return (fn(vn, name, n));
}

static int
make_veth(struct vi_vnet *vn, const struct nl_req *rq, struct linkinfo *li, const char *name)
{
	char peer[VI_IFNAMSIZ], text[VI_IFNAMSIZ] = "";
	struct linkinfo end = { .li_unknown = false };
	const struct nl_attr *info = &li->li_data[VETH_INFO_PEER], *na;
	int error;

	(void)rq;
	if ((error = data_only(li, 1u << VETH_INFO_PEER)) != 0 || info->na_data == NULL)
		return (error);
	if (info->na_len < sizeof(struct ifinfomsg) ||
	    nl_attrs(info->na_data + sizeof(struct ifinfomsg), info->na_len - sizeof(struct ifinfomsg), peer_each, &end) != 0)
		return (EINVAL);
	if (end.li_unknown)
		return (EOPNOTSUPP);
	memcpy(peer, name, sizeof(peer));
	peer[strlen(peer) - 1] = 'b';
	if ((error = peer_number(vn, peer, &end.li_data[IFLA_MTU], vi_if_set_mtu)) != 0 ||
	    (error = peer_number(vn, peer, &end.li_data[IFLA_TXQLEN], vi_if_set_txqlen)) != 0)
		return (error);
	if ((na = &end.li_data[IFLA_ADDRESS])->na_data != NULL && (error = vi_if_set_lladdr(vn, peer, na->na_data, na->na_len)) != 0)
		return (error);
	if ((na = &end.li_data[IFLA_IFNAME])->na_data == NULL)
		return (0);
	if (strnlen((const char *)na->na_data, na->na_len) >= sizeof(text))
		return (EINVAL);
	memcpy(text, na->na_data, strnlen((const char *)na->na_data, na->na_len));
	return (vi_if_rename(vn, peer, text));
}

static int
make_bond(struct vi_vnet *vn, const struct nl_req *rq, struct linkinfo *li, const char *name)
{
	/* BOND_MODE_*; the last two are Linux's own. */
	static const char *const modes[] = { "roundrobin", "failover", "loadbalance", "broadcast", "lacp" };
	const struct nl_attr *mode = &li->li_data[IFLA_BOND_MODE];
	int error;

	(void)rq;
	if ((error = data_only(li, 1u << IFLA_BOND_MODE)) != 0)
		return (error);
	if (mode->na_data != NULL && (mode->na_len < 1 || mode->na_data[0] >= LX_NITEMS(modes)))
		return (EOPNOTSUPP);
	return (set_option(vn, name, "laggproto", modes[mode->na_data != NULL ? mode->na_data[0] : 0]));
}

/* A bridge of Linux's is a host on its own link like any other interface; BSD's, which ifconfig(8) makes, has to be asked to be one. */
static int
make_bridge(struct vi_vnet *vn, const struct nl_req *rq, struct linkinfo *li, const char *name)
{
	static const struct { const char *sysctl; uint32_t flag; } all[] = {
		{ "net.inet6.ip6.auto_linklocal", VI_ND6_IFF_AUTO_LINKLOCAL }, { "net.inet6.ip6.accept_rtadv", VI_ND6_IFF_ACCEPT_RTADV },
	};
	char value[16];
	uint32_t flags = 0;
	int error;

	(void)rq;
	if ((error = data_only(li, 0)) != 0)
		return (error);
	for (size_t i = 0; i < LX_NITEMS(all); i++)
		if (vi_sysctl_get(vn, all[i].sysctl, value, sizeof(value)) == 0 && strcmp(value, "0") != 0)
			flags |= all[i].flag;
	return (vi_if_set_nd6(vn, name, flags, 0));
}

static const struct {
	const char *kind, *driver;
	int	(*make)(struct vi_vnet *, const struct nl_req *, struct linkinfo *, const char *);
} makers[] = {
	{ "veth", "epair", make_veth }, { "bridge", "bridge", make_bridge }, { "vlan", "vlan", make_vlan }, { "bond", "lagg", make_bond },
};

/* One that is not there yet.  name: what it is called when it is made, or "". */
int
nl_makelink(struct vi_vnet *vn, const struct nl_req *rq, char name[VI_IFNAMSIZ])
{
	struct linkinfo li = { .li_unknown = false };
	const struct nl_attr *info = &rq->rq_attr[IFLA_LINKINFO];
	char made[VI_IFNAMSIZ];
	size_t i;
	int error;

	if (info->na_data != NULL && nl_attrs(info->na_data, info->na_len, info_each, &li) != 0)
		return (EINVAL);
	for (i = 0; i < LX_NITEMS(makers) && strcmp(makers[i].kind, li.li_kind) != 0; i++)
		;
	if (i == LX_NITEMS(makers))
		return (EOPNOTSUPP);
	if ((error = kind_may(vn, rq, vi_if_create_priv(makers[i].driver))) != 0 || (error = vi_if_create(vn, makers[i].driver, made)) != 0)
		return (error);
	if ((error = makers[i].make(vn, rq, &li, made)) == 0 && name[0] != '\0' && strcmp(name, made) != 0)
		error = vi_if_rename(vn, made, name);
	if (error != 0)
		(void)vi_if_destroy(vn, made);
	else if (name[0] == '\0')
		memcpy(name, made, sizeof(made));
	return (error);
}
