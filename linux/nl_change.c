/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of links, addresses and neighbours. */
#include "linux/nl.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>

/* Links */

/* Which one is meant: by its index, else by its name. */
static int
link_name(struct vi_vnet *vn, const struct nl_req *rq, struct ifinfomsg *ifi, char name[VI_IFNAMSIZ])
{
	if (rq->rq_fixed == NULL)
		return (EINVAL);
	memcpy(ifi, rq->rq_fixed, sizeof(*ifi));
	if (ifi->ifi_index > 0)
		return (ifinfo_name(vn, (uint32_t)ifi->ifi_index, name));
	/* ip(8) asks for none to find out whether there are such requests. */
	if (!nl_text(rq, IFLA_IFNAME, name, VI_IFNAMSIZ))
		return (ENODEV);
	ifinfo_realname(vn, name);
	return (ifinfo_index(vn, name) != 0 ? 0 : ENODEV);
}

static int
link_flags(struct vi_vnet *vn, const char *name, const struct ifinfomsg *ifi)
{
	/* Old programs leave ifi_change out and mean all. */
	const uint32_t change = ifi->ifi_change == 0 ? (ifi->ifi_flags != 0 ? UINT32_MAX : 0) : ifi->ifi_change;
	uint32_t set = 0, clear = 0;
	static const struct { uint32_t lx, vi; } map[] = { { IFF_UP, VI_IFF_UP }, { IFF_PROMISC, VI_IFF_PROMISC }, { IFF_NOARP, VI_IFF_NOARP }, { IFF_DEBUG, VI_IFF_DEBUG } };

	for (size_t i = 0; i < LX_NITEMS(map); i++) {
		if ((change & map[i].lx) == 0)
			continue;
		if ((ifi->ifi_flags & map[i].lx) != 0)
			set |= map[i].vi;
		else
			clear |= map[i].vi;
	}
	return ((set | clear) == 0 ? 0 : vi_if_set_flags(vn, name, set, clear));
}

/* What an attribute asks for and we cannot do is refused before anything is done. */
static int
link_refused(const struct nl_req *rq, const struct ifinfomsg *ifi)
{
	static const uint8_t not[] = { IFLA_NET_NS_PID, IFLA_NET_NS_FD, IFLA_QDISC, IFLA_VFINFO_LIST, IFLA_XDP };

	for (size_t i = 0; i < LX_NITEMS(not); i++)
		if (nl_has(rq, not[i]))
			return (EOPNOTSUPP);
	/* These have one value. */
	if (nl_u32(rq, IFLA_GROUP, 0) != 0 || nl_u8(rq, IFLA_LINKMODE, 0) != 0)
		return (EOPNOTSUPP);
	if (ifi->ifi_change != UINT32_MAX &&
	    (ifi->ifi_change & ((ifi->ifi_flags ^ IFF_MULTICAST) & (IFF_MULTICAST | IFF_ALLMULTI))) != 0)
		return (EOPNOTSUPP);
	return (0);
}

static int
link_describe(struct vi_vnet *vn, const struct nl_req *rq, const char *name)
{
	char descr[sizeof(((struct vi_ifinfo *)NULL)->if_descr)];

	if (!nl_has(rq, IFLA_IFALIAS))
		return (0);
	return (nl_text(rq, IFLA_IFALIAS, descr, sizeof(descr)) ? vi_if_set_descr(vn, name, descr) : EINVAL);
}

/* Everything but the name. */
static int
link_set(struct vi_vnet *vn, const struct nl_req *rq, const char *name, const struct ifinfomsg *ifi)
{
	int error;

	if (nl_has(rq, IFLA_ADDRESS) &&
	    (error = vi_if_set_lladdr(vn, name, rq->rq_attr[IFLA_ADDRESS].na_data, rq->rq_attr[IFLA_ADDRESS].na_len)) != 0)
		return (error);
	if (nl_has(rq, IFLA_TXQLEN) && (error = vi_if_set_txqlen(vn, name, nl_u32(rq, IFLA_TXQLEN, 0))) != 0)
		return (error);
	if (nl_has(rq, IFLA_MTU) && (error = vi_if_set_mtu(vn, name, nl_u32(rq, IFLA_MTU, 0))) != 0)
		return (error);
	if ((error = link_describe(vn, rq, name)) != 0)
		return (error);
	if (nl_has(rq, IFLA_MASTER) && (error = nl_setmaster(vn, rq, name, nl_u32(rq, IFLA_MASTER, 0))) != 0)
		return (error);
	return (link_flags(vn, name, ifi));
}

static int
link_make(struct vi_vnet *vn, const struct nl_req *rq, const struct ifinfomsg *ifi)
{
	char name[VI_IFNAMSIZ] = "";
	int error;

	if (nl_has(rq, IFLA_IFNAME) && !nl_text(rq, IFLA_IFNAME, name, sizeof(name)))
		return (EINVAL);
	if ((error = link_refused(rq, ifi)) != 0 || (error = nl_makelink(vn, rq, name)) != 0)
		return (error);
	if ((error = link_set(vn, rq, name, ifi)) != 0)
		(void)vi_if_destroy(vn, name);
	return (error);
}

int
nl_setlink(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	char name[VI_IFNAMSIZ], newname[VI_IFNAMSIZ];
	struct ifinfomsg ifi;
	int error;

	(void)cr;
	error = link_name(vn, rq, &ifi, name);
	if (error == ENODEV && (rq->rq_hdr.nlmsg_flags & NLM_F_CREATE) != 0)
		return (link_make(vn, rq, &ifi));
	if (error != 0)
		return (error);
	if ((rq->rq_hdr.nlmsg_flags & NLM_F_EXCL) != 0)
		return (EEXIST);
	if ((error = link_refused(rq, &ifi)) != 0)
		return (error);
	if (ifi.ifi_index > 0 && nl_text(rq, IFLA_IFNAME, newname, sizeof(newname)) && strcmp(name, newname) != 0) {
		if ((error = vi_if_rename(vn, name, newname)) != 0)
			return (error);
		memcpy(name, newname, sizeof(name));
	}
	return (link_set(vn, rq, name, &ifi));
}

int
nl_dellink(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	char name[VI_IFNAMSIZ];
	struct ifinfomsg ifi;
	int error;

	(void)cr;
	if ((error = link_name(vn, rq, &ifi, name)) != 0)
		return (error);
	error = vi_if_destroy(vn, name);
	return (error == EINVAL ? EOPNOTSUPP : error);	/* of a kind that nobody makes: lo */
}

/* Addresses */

struct owned {
	const struct vi_ifaddr *ow_like;
	bool		 ow_anylen, ow_anylabel;
	bool		 ow_found;
	uint32_t	 ow_ifflags;
};

static void
owned_each(void *arg, const struct vi_ifinfo *info)
{
	struct owned *ow = arg;
	const struct vi_ifaddr *like = ow->ow_like;

	ow->ow_ifflags = info->if_flags;
	for (uint32_t i = 0; i < info->if_naddrs; i++) {
		const struct vi_ifaddr *ia = &info->if_addrs[i];

		ow->ow_found |= ia->ia_addr.sa_family == like->ia_addr.sa_family &&
		    memcmp(ia->ia_addr.sa_bytes, like->ia_addr.sa_bytes, sizeof(ia->ia_addr.sa_bytes)) == 0 &&
		    (ow->ow_anylen || ia->ia_prefixlen == like->ia_prefixlen) && (ow->ow_anylabel || strcmp(ia->ia_label, like->ia_label) == 0);
	}
}

static uint32_t
addr_flags_in(const struct nl_req *rq, const struct ifaddrmsg *ifa)
{
	const uint32_t flags = nl_u32(rq, IFA_FLAGS, ifa->ifa_flags);

	return (((flags & IFA_F_NODAD) != 0 ? VI_IN6_IFF_NODAD : 0u) | ((flags & IFA_F_TEMPORARY) != 0 ? VI_IN6_IFF_TEMPORARY : 0u));
}

/* The interface's own name is none. */
static int
addr_label(const struct nl_req *rq, const char *name, struct vi_ifaddr *ia)
{
	if (nl_has(rq, IFA_LABEL) && !nl_text(rq, IFA_LABEL, ia->ia_label, sizeof(ia->ia_label)))
		return (EINVAL);
	if (strcmp(ia->ia_label, name) == 0)
		memset(ia->ia_label, 0, sizeof(ia->ia_label));
	return (0);
}

static int
addr_lifetimes(const struct nl_req *rq, struct vi_ifaddr *ia)
{
	struct ifa_cacheinfo ci;

	ia->ia_vltime = ia->ia_pltime = VI_IFA_INFINITE;
	if (!nl_has(rq, IFA_CACHEINFO) || rq->rq_attr[IFA_CACHEINFO].na_len < sizeof(ci))
		return (0);
	memcpy(&ci, rq->rq_attr[IFA_CACHEINFO].na_data, sizeof(ci));
	if (ci.ifa_valid == 0 || ci.ifa_prefered > ci.ifa_valid)
		return (EINVAL);
	ia->ia_vltime = ci.ifa_valid;
	if ((ia->ia_pltime = ci.ifa_prefered) == 0)
		ia->ia_flags |= VI_IN6_IFF_DEPRECATED;
	return (0);
}

static int
addr_parse(struct vi_vnet *vn, const struct nl_req *rq, struct vi_ifaddr *ia, char name[VI_IFNAMSIZ])
{
	struct vi_sockaddr peer = { 0 };
	struct ifaddrmsg ifa;
	int error;

	if (rq->rq_fixed == NULL)
		return (EINVAL);
	memcpy(&ifa, rq->rq_fixed, sizeof(ifa));
	*ia = (struct vi_ifaddr){ .ia_prefixlen = ifa.ifa_prefixlen };
	if ((error = ifinfo_name(vn, ifa.ifa_index, name)) != 0 || (error = nl_addr(rq, IFA_ADDRESS, rq->rq_family, &peer)) != 0 ||
	    (error = nl_addr(rq, IFA_LOCAL, rq->rq_family, &ia->ia_addr)) != 0)
		return (error);
	if (!nl_has(rq, IFA_LOCAL) && !nl_has(rq, IFA_ADDRESS))
		return (EINVAL);
	if (!nl_has(rq, IFA_LOCAL))
		ia->ia_addr = peer;
	else if (nl_has(rq, IFA_ADDRESS) && memcmp(peer.sa_bytes, ia->ia_addr.sa_bytes, sizeof(peer.sa_bytes)) != 0)
		ia->ia_dst = peer;
	if (rq->rq_family == AF_INET6)
		ia->ia_flags = addr_flags_in(rq, &ifa);
	else if ((error = nl_addr(rq, IFA_BROADCAST, AF_INET, &ia->ia_broadcast)) != 0 || (error = addr_label(rq, name, ia)) != 0)
		return (error);
	return (addr_lifetimes(rq, ia));
}

int
nl_newaddr(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	const bool replace = (rq->rq_hdr.nlmsg_flags & NLM_F_REPLACE) != 0;
	struct vi_ifaddr ia;
	struct owned ow = { .ow_like = &ia, .ow_anylabel = true };
	char name[VI_IFNAMSIZ];
	int error;

	(void)cr;
	if ((error = addr_parse(vn, rq, &ia, name)) != 0)
		return (error);
	(void)vi_if_get(vn, name, owned_each, &ow);
	if (ia.ia_dst.sa_family != 0 && (ow.ow_ifflags & VI_IFF_POINTOPOINT) == 0)
		return (EOPNOTSUPP);	/* others are reached by nets */
	if (!replace && ow.ow_found)
		return (EEXIST);
	error = vi_if_addr_add(vn, name, &ia, true);
	return (error == EEXIST && replace && ow.ow_found ? 0 : error);
}

/* As much of it as is said must agree. */
int
nl_deladdr(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	struct vi_ifaddr ia;
	struct owned ow = { .ow_like = &ia, .ow_anylen = rq->rq_family == AF_INET && !nl_has(rq, IFA_ADDRESS), .ow_anylabel = !nl_has(rq, IFA_LABEL) };
	char name[VI_IFNAMSIZ];
	int error;

	(void)cr;
	if ((error = addr_parse(vn, rq, &ia, name)) != 0)
		return (error);
	(void)vi_if_get(vn, name, owned_each, &ow);
	return (ow.ow_found ? vi_if_addr_del(vn, name, &ia.ia_addr) : EADDRNOTAVAIL);
}

/* Neighbours */

static int
neigh_parse(struct vi_vnet *vn, const struct nl_req *rq, struct ndmsg *nd, struct vi_neigh *ne)
{
	if (rq->rq_fixed == NULL || !nl_has(rq, NDA_DST))
		return (EINVAL);
	memcpy(nd, rq->rq_fixed, sizeof(*nd));
	*ne = (struct vi_neigh){ .ne_permanent = true };
	if (ifinfo_name(vn, (uint32_t)nd->ndm_ifindex, ne->ne_ifname) != 0)
		return (ENODEV);
	return (nl_addr(rq, NDA_DST, rq->rq_family, &ne->ne_addr));
}

/* What is said of it: it lasts, or it is believed for a while. */
static int
neigh_state(const struct nl_req *rq, const struct ndmsg *nd, struct vi_neigh *ne)
{
	ne->ne_permanent = (nd->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
	if (!ne->ne_permanent && (nd->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)) == 0)
		return (EOPNOTSUPP);	/* the rest is the protocol's own business */
	if (!nl_has(rq, NDA_LLADDR) || rq->rq_attr[NDA_LLADDR].na_len != sizeof(ne->ne_lladdr))
		return (EINVAL);
	memcpy(ne->ne_lladdr, rq->rq_attr[NDA_LLADDR].na_data, sizeof(ne->ne_lladdr));
	return (0);
}

int
nl_newneigh(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	const uint16_t flags = rq->rq_hdr.nlmsg_flags;
	struct vi_neigh ne, old;
	struct ndmsg nd;
	bool found;
	int error;

	(void)cr;
	if ((error = neigh_parse(vn, rq, &nd, &ne)) != 0)
		return (error);
	ne.ne_complete = true;
	ne.ne_proxy = (nd.ndm_flags & NTF_PROXY) != 0;
	if (ne.ne_proxy)		/* asked for it, we answer with our own */
		ifinfo_lladdr(vn, ne.ne_ifname, ne.ne_lladdr);
	else if ((error = neigh_state(rq, &nd, &ne)) != 0)
		return (error);
	found = vi_neigh_get(vn, &ne.ne_addr, ne.ne_ifname, &old) == 0 && !old.ne_proxy;
	if (!found && !ne.ne_proxy && (flags & NLM_F_CREATE) == 0)
		return (ENOENT);
	if (found && !ne.ne_proxy && (flags & NLM_F_EXCL) != 0)
		return (EEXIST);
	return (vi_neigh_add(vn, &ne));
}

int
nl_delneigh(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	struct vi_neigh ne;
	struct ndmsg nd;
	int error;

	(void)cr;
	if ((error = neigh_parse(vn, rq, &nd, &ne)) != 0)
		return (error);
	error = vi_neigh_del(vn, &ne.ne_addr, ne.ne_ifname);
	return (error == ESRCH ? ENOENT : error);
}
