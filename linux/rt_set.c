/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ioctls of routes and of ARP's table, as programs of the time before netlink use them: route(8) and arp(8) of net-tools and busybox, DHCP servers.  Who may change
 * something is asked as for netlink.
 */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include <vimage/ifnet.h>
#include <vimage/priv.h>
#include <vimage/route.h>

#include "linux/ifinfo.h"
#include "linux/rtinfo.h"

/* <linux/ipv6_route.h> does not go together with <net/route.h>. */
struct lx_in6_rtmsg {
	uint8_t		dst[16], src[16], gateway[16];
	uint32_t	type;
	uint16_t	dst_len, src_len;
	uint32_t	metric;
	unsigned long	info;
	uint32_t	flags;
	int		ifindex;
};

static bool
get_inet(const struct sockaddr *sa, struct vi_sockaddr *to)
{
	struct sockaddr_in sin;

	memcpy(&sin, sa, sizeof(sin));
	*to = (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = sin.sin_addr.s_addr };
	return (sin.sin_family == AF_INET);
}

/* ARP.  What lasts for ever is what is marked so; a router that answers for others is none of these entries' business. */

struct neigh_want { struct vi_neigh nw_neigh; bool nw_found; };

static void
neigh_each(void *arg, const struct vi_neigh *ne)
{
	struct neigh_want *nw = arg;

	if (ne->ne_addr.sa_family != VI_AF_INET || ne->ne_own || ne->ne_proxy || ne->ne_addr.sa_in != nw->nw_neigh.ne_addr.sa_in ||
	    strcmp(ne->ne_ifname, nw->nw_neigh.ne_ifname) != 0)
		return;
	nw->nw_neigh = *ne;
	nw->nw_found = true;
}

static int
arp_get(struct vi_vnet *vn, struct arpreq *ar, const struct vi_neigh *ne)
{
	struct neigh_want nw = { .nw_neigh = *ne };

	if (ifinfo_index(vn, ne->ne_ifname) == 0)
		return (ENODEV);
	vi_neigh_list(vn, neigh_each, &nw);
	if (!nw.nw_found)
		return (ENXIO);
	memset(&ar->arp_ha, 0, sizeof(ar->arp_ha));
	ar->arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(ar->arp_ha.sa_data, nw.nw_neigh.ne_lladdr, sizeof(nw.nw_neigh.ne_lladdr));
	ar->arp_flags = (nw.nw_neigh.ne_complete ? ATF_COM : 0) | (nw.nw_neigh.ne_permanent ? ATF_PERM : 0) | (nw.nw_neigh.ne_published ? ATF_PUBL : 0);
	return (0);
}

static int
arp_set(struct vi_vnet *vn, const struct arpreq *ar, struct vi_neigh *ne)
{
	if (ar->arp_ha.sa_family != 0 && ar->arp_ha.sa_family != ARPHRD_ETHER)
		return (EINVAL);
	ne->ne_complete = true;
	ne->ne_permanent = (ar->arp_flags & ATF_PERM) != 0;
	memcpy(ne->ne_lladdr, ar->arp_ha.sa_data, sizeof(ne->ne_lladdr));
	if ((ne->ne_proxy = (ar->arp_flags & ATF_PUBL) != 0)) {	/* not for ourselves: answered with our own address */
		ne->ne_permanent = true;
		ifinfo_lladdr(vn, ne->ne_ifname, ne->ne_lladdr);
	}
	return (vi_neigh_add(vn, ne));
}

/* One address, or all: that is what routes and `proxyall` do.  Linux has no other either. */
static int
arp_mask(const struct arpreq *ar)
{
	struct sockaddr_in sin;

	memcpy(&sin, &ar->arp_netmask, sizeof(sin));
	if ((ar->arp_flags & ATF_NETMASK) == 0 || sin.sin_addr.s_addr == UINT32_MAX)
		return (0);
	return (sin.sin_addr.s_addr == 0 ? EOPNOTSUPP : EINVAL);
}

static int
arp_request(struct lx_call *c, struct vi_vnet *vn, unsigned cmd, struct arpreq *ar)
{
	struct vi_neigh ne = { .ne_complete = false };
	struct vi_cred cr;
	int error;

	if (cmd != SIOCGARP && (error = lx_call_netcred(c, vn, VI_PRIV_NET_NEIGHBOR, &cr)) != 0)
		return (error);
	if (!get_inet(&ar->arp_pa, &ne.ne_addr))
		return (EPFNOSUPPORT);
	if ((ar->arp_flags & (ATF_NETMASK | ATF_DONTPUB)) != 0 && ((ar->arp_flags & ATF_PUBL) == 0 || (error = arp_mask(ar)) != 0))
		return ((ar->arp_flags & ATF_PUBL) == 0 ? EINVAL : error);
	memcpy(ne.ne_ifname, ar->arp_dev, sizeof(ar->arp_dev));
	ne.ne_ifname[sizeof(ne.ne_ifname) - 1] = '\0';
	switch (cmd) {
	case SIOCGARP:
		return (arp_get(vn, ar, &ne));
	case SIOCSARP:
		return (arp_set(vn, ar, &ne));
	default:
		error = vi_neigh_del(vn, &ne.ne_addr, ne.ne_ifname);
		if (error == ESRCH && (ar->arp_flags & ATF_PUBL) != 0)
			return (ESRCH);		/* for ENOENT, which says something else here */
		return (error == ESRCH ? ENXIO : error == ENXIO ? ENODEV : error);
	}
}

static int64_t
arp_ioctl(struct lx_call *c, struct vi_vnet *vn, unsigned cmd)
{
	struct arpreq ar;
	int error;

	if ((error = lx_copyin(c, c->c_arg[2], &ar, sizeof(ar))) != 0)
		return (-error);
	lx_manage(c->c_lx);
	error = arp_request(c, vn, cmd, &ar);
	lx_managed(c->c_lx);
	if (error == ENXIO && cmd == SIOCSARP)
		error = ENODEV;
	if (error == 0 && cmd == SIOCGARP)
		error = lx_copyout(c, c->c_arg[2], &ar, sizeof(ar));
	return (error == ENOENT ? LX_DONE : error == ESRCH ? -ENOENT : -error);
}

/* Routes */

static int
rt_parse4(struct lx_call *c, struct vi_route *rt)
{
	struct vi_sockaddr mask;
	struct rtentry re;
	int error;

	if ((error = lx_copyin(c, c->c_arg[2], &re, sizeof(re))) != 0)
		return (error);
	if (!get_inet(&re.rt_dst, &rt->rt_dst))
		return (EAFNOSUPPORT);
	(void)get_inet(&re.rt_genmask, &mask);	/* programs leave the family out */
	rt->rt_prefixlen = 32;
	if ((re.rt_flags & RTF_HOST) == 0 && (error = ifinfo_masklen(mask.sa_in, &rt->rt_prefixlen)) != 0)
		return (error);
	if ((rt->rt_dst.sa_in & ~ifinfo_mask(rt->rt_prefixlen)) != 0)
		return (EINVAL);
	if ((re.rt_flags & RTF_GATEWAY) != 0 && (!get_inet(&re.rt_gateway, &rt->rt_gateway) || rt->rt_gateway.sa_in == 0))
		return (EINVAL);
	if ((re.rt_flags & RTF_REJECT) != 0)
		rt->rt_flags |= VI_RTF_REJECT;
	if (re.rt_metric > 0)
		rt->rt_metric = (uint32_t)re.rt_metric - 1;
	if ((re.rt_flags & RTF_MTU) != 0)
		rt->rt_mtu = (uint32_t)re.rt_mtu;
	/* Linux reads as much, however short it is. */
	return (re.rt_dev == NULL ? 0 : lx_copyin(c, (uintptr_t)re.rt_dev, rt->rt_ifname, sizeof(rt->rt_ifname) - 1));
}

static int
rt_parse6(struct lx_call *c, struct vi_route *rt, uint32_t *index)
{
	struct lx_in6_rtmsg rm;
	int error;

	if ((error = lx_copyin(c, c->c_arg[2], &rm, sizeof(rm))) != 0)
		return (error);
	if (rm.dst_len > 128 || rm.src_len != 0)
		return (EINVAL);
	*index = (uint32_t)rm.ifindex;
	rt->rt_dst.sa_family = VI_AF_INET6;
	rt->rt_prefixlen = (uint8_t)rm.dst_len;
	memcpy(rt->rt_dst.sa_in6, rm.dst, sizeof(rm.dst));
	rtinfo_setmetric(rt, rm.metric);
	if ((rm.flags & RTF_REJECT) != 0)
		rt->rt_flags |= VI_RTF_REJECT;
	if ((rm.flags & RTF_GATEWAY) == 0)
		return (0);
	rt->rt_gateway = (struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_scope = *index };
	memcpy(rt->rt_gateway.sa_in6, rm.gateway, sizeof(rm.gateway));
	return (0);
}

/* Who may not hears that before what is wrong with it. */
static int64_t
rt_ioctl(struct lx_call *c, struct vi_vnet *vn, unsigned cmd)
{
	const bool six = c->c_sock != NULL && c->c_sock->ls_family == AF_INET6;
	struct vi_route rt = { .rt_flags = VI_RTF_UP | VI_RTF_STATIC, .rt_proto = RTPROT_BOOT };
	struct vi_cred cr;
	uint32_t index = 0;
	int error, parse = six ? rt_parse6(c, &rt, &index) : rt_parse4(c, &rt);

	if (rt.rt_gateway.sa_family != 0)
		rt.rt_flags |= VI_RTF_GATEWAY | VI_RTF_NEAR;
	lx_manage(c->c_lx);
	if ((error = lx_call_netcred(c, vn, VI_PRIV_NET_ROUTE, &cr)) == 0)
		error = parse;
	if (error == 0 && index != 0)
		error = ifinfo_name(vn, index, rt.rt_ifname);
	if (error == 0)
		error = cmd == SIOCADDRT ? vi_route_add(vn, &rt) : vi_route_del(vn, &rt);
	lx_managed(c->c_lx);
	return (error == ENOENT ? LX_DONE : -rtinfo_error(&rt, error));
}

bool
lx_rtset_iscmd(unsigned cmd)
{
	return (cmd == SIOCADDRT || cmd == SIOCDELRT || cmd == SIOCGARP || cmd == SIOCSARP || cmd == SIOCDARP);
}

int64_t
lx_rtset(struct lx_call *c, struct vi_vnet *vn, unsigned cmd)
{
	if (cmd == SIOCADDRT || cmd == SIOCDELRT)
		return (rt_ioctl(c, vn, cmd));
	return (arp_ioctl(c, vn, cmd));
}
