/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours as the administrator sees them: arp(8).  Everything here runs under the kernel lock.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "net/route.h"
#include "netinet/arp/arp_int.h"

/* The interface that is named, or the one whose net the address is in. */
static int
arp_neigh_if(struct vnet *vn, uint32_t addr, const char *ifname, struct ifnet **ifpp)
{
	const struct nhop *nh;

	if (ifname != NULL && ifname[0] != '\0') {
		if ((*ifpp = ifnet_byname(vn, ifname)) == NULL)
			return (ENXIO);
	} else {
		if ((nh = fib4_lookup(vn, 0, addr)) == NULL)
			return (ENETUNREACH);
		if (nh->nh_flags & RTF_LOCAL)		/* published for ourselves */
			*ifpp = nh->nh_ifa->ifa_ifp;
		else if (nh->nh_flags & (RTF_GATEWAY | RTF_NOWHERE))
			return (ENETUNREACH);
		else
			*ifpp = nh->nh_ifp;
	}
	return ((*ifpp)->if_type == VI_IFT_ETHER ? 0 : EINVAL);
}

int
arp_neigh_add(struct vnet *vn, const struct vi_neigh *ne)
{
	struct arp_vnet *av = arp_vnet(vn);
	const uint32_t addr = ne->ne_addr.sa_in;
	struct arp_entry *ae;
	struct ifnet *ifp;
	int error;

	if (ne->ne_addr.sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (addr == 0 || in_multicast(addr) || in_broadcast(addr) ||
	    ether_multicast(ne->ne_lladdr) || ne->ne_refuse > VI_NEIGH_BLACKHOLE)
		return (EINVAL);
	if ((error = arp_neigh_if(vn, addr, ne->ne_ifname, &ifp)) != 0)
		return (error);
	if ((ae = arp_lookup(av, ifp, addr)) == NULL && (ae = arp_new(av, ifp, addr)) == NULL)
		return (ENOBUFS);
	(void)lane_clock(&vn->vn_lane);		/* its last run may be long ago */
	ae->ae_published = ne->ne_published || ne->ne_proxy;
	ae->ae_proxy = ne->ne_proxy;
	ae->ae_refuse = ne->ne_refuse;
	if ((ae->ae_proxy || ae->ae_refuse != VI_NEIGH_TAKE) && ifp->if_arplast == ae)
		ifp->if_arplast = NULL;
	if (ae->ae_refuse != VI_NEIGH_TAKE)
		arp_drop_held(av, ae);
	arp_confirm(av, ae, ne->ne_lladdr);
	if (ne->ne_permanent) {
		callout_stop(&ae->ae_timer);
		ae->ae_expire = 0;
		arp_setstate(av, ae, ARP_PERMANENT);
	}
	return (0);
}

/* Without an interface's name: wherever it is known. */
int
arp_neigh_del(struct vnet *vn, const struct vi_sockaddr *sa, const char *ifname)
{
	struct arp_vnet *av = arp_vnet(vn);
	struct arp_entry *ae;
	bool found = false;
	struct ifnet *ifp;

	if (sa->sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (ifname != NULL && ifname[0] == '\0')
		ifname = NULL;
	if (ifname != NULL && ifnet_byname(vn, ifname) == NULL)
		return (ENXIO);
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link) {
		if ((ifname != NULL && strcmp(ifp->if_xname, ifname) != 0) ||
		    (ae = arp_lookup(av, ifp, sa->sa_in)) == NULL)
			continue;
		arp_free(av, ae);
		found = true;
	}
	return (found ? 0 : ESRCH);
}

static void
arp_neigh_own(const struct ifaddr *ifa, struct vi_neigh *ne)
{
	*ne =
	    (struct vi_neigh){ .ne_addr = { .sa_family = VI_AF_INET, .sa_in = ifa->ifa_addr.na_in },
		    .ne_complete = true,
		    .ne_permanent = true,
		    .ne_own = true };
	memcpy(ne->ne_lladdr, ifa->ifa_ifp->if_lladdr, ETHER_ADDR_LEN);
	memcpy(ne->ne_ifname, ifa->ifa_ifp->if_xname, sizeof(ne->ne_ifname));
}

static void
arp_neigh_info(const struct arp_vnet *av, const struct arp_entry *ae, struct vi_neigh *ne)
{
	const uint64_t now = vnet_now(av->av_vnet);

	*ne = (struct vi_neigh){ .ne_addr = { .sa_family = VI_AF_INET, .sa_in = ae->ae_addr },
		.ne_complete = ae->ae_state >= ARP_VALID,
		.ne_permanent = ae->ae_state == ARP_PERMANENT,
		.ne_published = ae->ae_published,
		.ne_proxy = ae->ae_proxy,
		.ne_refuse = ae->ae_refuse };
	if (ne->ne_complete)
		memcpy(ne->ne_lladdr, ae->ae_lladdr, ETHER_ADDR_LEN);
	if (ne->ne_complete && !ne->ne_permanent)
		ne->ne_expire = ae->ae_expire > now ? ae->ae_expire - now : 1;
	memcpy(ne->ne_ifname, ae->ae_ifp->if_xname, sizeof(ne->ne_ifname));
}

int
arp_neigh_get(struct vnet *vn, const struct vi_sockaddr *sa, const char *ifname, struct vi_neigh *ne)
{
	const struct arp_vnet *av = arp_vnet(vn);
	const struct arp_entry *ae;
	struct ifnet *ifp;

	if (sa->sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if ((ifp = ifnet_byname(vn, ifname)) == NULL)
		return (ENXIO);
	if ((ae = arp_lookup(av, ifp, sa->sa_in)) == NULL)
		return (ESRCH);
	(void)lane_clock(&vn->vn_lane);
	arp_neigh_info(av, ae, ne);
	return (0);
}

void
arp_tell(const struct arp_entry *ae, bool gone)
{
	struct vnet *vn = ae->ae_ifp->if_vnet;
	struct vi_neigh ne;

	if (!rt_followed(vn))
		return;
	arp_neigh_info(arp_vnet(vn), ae, &ne);
	rt_event_neigh(
	    vn, gone ? VI_RTEV_NEIGH_DEL : VI_RTEV_NEIGH_ADD, ae->ae_ifp->if_index, &ne);
}

void
arp_neigh_list(struct vnet *vn, void (*fn)(void *, const struct vi_neigh *), void *arg)
{
	const struct arp_vnet *av = arp_vnet(vn);
	const struct arp_entry *ae;
	const struct ifaddr *ifa;
	const struct ifnet *ifp;
	struct vi_neigh ne;

	(void)lane_clock(&vn->vn_lane);
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link) {
		if (ifp->if_type != VI_IFT_ETHER)
			continue;
		TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
			if (ifa->ifa_addr.na_af != NET_AF_INET)
				continue;
			arp_neigh_own(ifa, &ne);
			fn(arg, &ne);
		}
		TAILQ_FOREACH(ae, &ifp->if_arps, ae_iflink) {
			arp_neigh_info(av, ae, &ne);
			fn(arg, &ne);
		}
	}
}
