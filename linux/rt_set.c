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
#include <linux/sockios.h>

#include <vimage/ifnet.h>
#include <vimage/priv.h>
#include <vimage/route.h>

#include "linux/ifinfo.h"

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

static int
may(struct lx_call *c, struct vi_vnet *vn, enum vi_priv priv)
{
	struct vi_cred cr;

	return (lx_call_netcred(c, vn, priv, &cr));
}

/* ARP.  What lasts for ever is what is marked so; a router that answers for others is none of these entries' business. */

static void
no_interest(void *arg, const struct vi_ifinfo *info)
{
	(void)arg;
	(void)info;
}

struct neigh_want { struct vi_neigh nw_neigh; bool nw_found; };

static void
neigh_each(void *arg, const struct vi_neigh *ne)
{
	struct neigh_want *nw = arg;

	if (ne->ne_addr.sa_family != VI_AF_INET || ne->ne_own || ne->ne_addr.sa_in != nw->nw_neigh.ne_addr.sa_in ||
	    strcmp(ne->ne_ifname, nw->nw_neigh.ne_ifname) != 0)
		return;
	nw->nw_neigh = *ne;
	nw->nw_found = true;
}

static int
arp_get(struct vi_vnet *vn, struct arpreq *ar, const struct vi_neigh *ne)
{
	struct neigh_want nw = { .nw_neigh = *ne };

	if (vi_if_get(vn, ne->ne_ifname, no_interest, NULL) != 0)
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
	ne->ne_published = (ar->arp_flags & ATF_PUBL) != 0;
	memcpy(ne->ne_lladdr, ar->arp_ha.sa_data, sizeof(ne->ne_lladdr));
	return (vi_neigh_add(vn, ne));
}

static int
arp_request(struct lx_call *c, struct vi_vnet *vn, unsigned cmd, struct arpreq *ar)
{
	struct vi_neigh ne = { .ne_complete = false };
	int error;

	if (cmd != SIOCGARP && (error = may(c, vn, VI_PRIV_NET_NEIGHBOR)) != 0)
		return (error);
	if (!get_inet(&ar->arp_pa, &ne.ne_addr))
		return (EPFNOSUPPORT);
	/* Nets of addresses to answer for: routes and `proxyall` do that. */
	if ((ar->arp_flags & (ATF_NETMASK | ATF_DONTPUB)) != 0)
		return ((ar->arp_flags & ATF_PUBL) != 0 ? EOPNOTSUPP : EINVAL);
	memcpy(ne.ne_ifname, ar->arp_dev, sizeof(ar->arp_dev));
	ne.ne_ifname[sizeof(ne.ne_ifname) - 1] = '\0';
	switch (cmd) {
	case SIOCGARP:
		return (arp_get(vn, ar, &ne));
	case SIOCSARP:
		return (arp_set(vn, ar, &ne));
	default:
		error = vi_neigh_del(vn, &ne.ne_addr, ne.ne_ifname);
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
	return (-error);
}

/* Routes */

static int
rt_mask(const struct sockaddr *sa, uint8_t *len)
{
	struct vi_sockaddr mask;
	unsigned n;

	/* Programs leave the family out. */
	(void)get_inet(sa, &mask);
	for (n = 0; n <= 32 && ifinfo_mask((uint8_t)n) != mask.sa_in; n++)
		;
	*len = (uint8_t)n;
	return (n <= 32 ? 0 : EINVAL);
}

static int
rt_parse(struct lx_call *c, struct vi_route *rt)
{
	struct rtentry re;
	int error;

	if ((error = lx_copyin(c, c->c_arg[2], &re, sizeof(re))) != 0)
		return (error);
	if (!get_inet(&re.rt_dst, &rt->rt_dst))
		return (EAFNOSUPPORT);
	rt->rt_prefixlen = 32;
	if ((re.rt_flags & RTF_HOST) == 0 && (error = rt_mask(&re.rt_genmask, &rt->rt_prefixlen)) != 0)
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
	if (re.rt_dev == NULL)
		return (0);
	/* A string somewhere in the program, at most so long. */
	for (unsigned i = 0; i < sizeof(rt->rt_ifname) - 1; i++)
		if ((error = lx_copyin(c, (uintptr_t)re.rt_dev + i, &rt->rt_ifname[i], 1)) != 0 || rt->rt_ifname[i] == '\0')
			break;
	return (error);
}

/* Is the router on the link that is named? */
static bool
rt_near(struct vi_vnet *vn, const struct vi_route *rt)
{
	struct vi_route to;

	return (rt->rt_gateway.sa_family == 0 || rt->rt_ifname[0] == '\0' ||
	    (vi_route_get(vn, 0, &rt->rt_gateway, &to) == 0 && (to.rt_flags & VI_RTF_GATEWAY) == 0 && strcmp(to.rt_ifname, rt->rt_ifname) == 0));
}

static int
rt_parse6(struct vi_vnet *vn, const struct lx_in6_rtmsg *rm, struct vi_route *rt)
{
	if (rm->dst_len > 128 || rm->src_len != 0)
		return (EINVAL);
	rt->rt_dst.sa_family = VI_AF_INET6;
	rt->rt_prefixlen = (uint8_t)rm->dst_len;
	memcpy(rt->rt_dst.sa_in6, rm->dst, sizeof(rm->dst));
	rt->rt_metric = rm->metric;
	if (rm->ifindex != 0 && ifinfo_name(vn, (uint32_t)rm->ifindex, rt->rt_ifname) != 0)
		return (ENODEV);
	if ((rm->flags & RTF_REJECT) != 0)
		rt->rt_flags |= VI_RTF_REJECT;
	if ((rm->flags & RTF_GATEWAY) == 0)
		return (0);
	rt->rt_gateway.sa_family = VI_AF_INET6;
	memcpy(rt->rt_gateway.sa_in6, rm->gateway, sizeof(rm->gateway));
	rt->rt_gateway.sa_scope = (uint32_t)rm->ifindex;
	return (0);
}

static int64_t
rt_ioctl(struct lx_call *c, struct vi_vnet *vn, unsigned cmd)
{
	const bool six = c->c_sock != NULL && c->c_sock->ls_family == AF_INET6;
	struct vi_route rt = { .rt_flags = VI_RTF_UP | VI_RTF_STATIC };
	struct lx_in6_rtmsg rm;
	int error, parse = six ? lx_copyin(c, c->c_arg[2], &rm, sizeof(rm)) : rt_parse(c, &rt);

	lx_manage(c->c_lx);
	error = may(c, vn, VI_PRIV_NET_ROUTE);
	if (error == 0 && (error = parse) == 0 && six)
		error = rt_parse6(vn, &rm, &rt);
	else if (error == 0 && cmd == SIOCADDRT && !rt_near(vn, &rt))
		error = ENETUNREACH;
	if (error == 0 && rt.rt_gateway.sa_family != 0)
		rt.rt_flags |= VI_RTF_GATEWAY;
	if (error == 0)
		error = cmd == SIOCADDRT ? vi_route_add(vn, &rt) : vi_route_del(vn, &rt);
	lx_managed(c->c_lx);
	return (error == ENXIO ? -ENODEV : -error);
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
