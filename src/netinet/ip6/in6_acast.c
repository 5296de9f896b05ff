/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anycast addresses that sockets join, by Linux's rules: a host takes what is in a prefix of the interface, a router anything.  The address is on the
 * interface while somebody has joined it, unless the administrator put it there.
 */
#include <errno.h>
#include <string.h>

#include "netinet/ip6/ip6_var.h"

static bool
acast_onprefix(const struct ifnet *ifp, const uint8_t a[16])
{
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
		const uint8_t *b = ifa->ifa_addr.na_in6;
		const unsigned len = ifa->ifa_prefixlen;

		if (ifa->ifa_addr.na_af == NET_AF_INET6 && len < 128 && memcmp(a, b, len / 8) == 0 &&
		    (len % 8 == 0 || ((a[len / 8] ^ b[len / 8]) >> (8 - len % 8)) == 0))
			return (true);
	}
	return (false);
}

/* By the route there; where there is none a router takes the first that will do. */
static int
acast_if(struct vnet *vn, uint32_t fib, const uint8_t a[16], struct ifnet **ifpp)
{
	const struct nhop *nh = fib6_lookup(vn, fib, a);
	struct ifnet *ifp;

	if (nh != NULL && (nh->nh_flags & RTF_NOWHERE) == 0) {
		*ifpp = nh->nh_ifa != NULL ? nh->nh_ifa->ifa_ifp : nh->nh_ifp;
		return (0);
	}
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (ifp->if_forwards[NET_AF_INET6] && (ifp->if_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP) {
			*ifpp = ifp;
			return (0);
		}
	return (EADDRNOTAVAIL);
}

int
in6_acast_join(struct vnet *vn, uint32_t fib, const struct vi_mreq6 *mr, uint32_t *ifindex, uint8_t a[16])
{
	struct ifnet *ifp = ifnet_byindex(vn, mr->mr6_ifindex);
	struct in6_ifaddr *ia;
	int error;

	memcpy(a, mr->mr6_group, 16);
	if (in6_multicast(a))
		return (EINVAL);
	if (mr->mr6_ifindex != 0 && ifp == NULL)
		return (ENODEV);
	if (in6_zoned(a) && ifp != NULL)
		in6_setzone(a, ifp->if_index);
	ia = in6_ifaddr_find(ip6_vnet(vn), a);
	if (ia != NULL && (ia->ia_flags & VI_IN6_IFF_ANYCAST) == 0)
		return (ifp == NULL || ia->ia_ifa.ifa_ifp == ifp ? EINVAL : EADDRNOTAVAIL);
	if (in6_unspecified(a) || in6_v4mapped(a) || in6_loopback(a))
		return (EADDRNOTAVAIL);
	if (ifp == NULL && (error = in6_zoned(a) ? EADDRNOTAVAIL : acast_if(vn, fib, a, &ifp)) != 0)
		return (error);
	if ((ia != NULL && ia->ia_ifa.ifa_ifp != ifp) || (!ifp->if_forwards[NET_AF_INET6] && !acast_onprefix(ifp, a)))
		return (EADDRNOTAVAIL);
	if (ia == NULL) {
		if ((error = in6_ifaddr_add(ifp, a, 128, VI_IN6_IFF_ANYCAST, VI_IFA_INFINITE, VI_IFA_INFINITE, &ia)) != 0)
			return (error);
		ia->ia_byjoin = true;
	}
	ia->ia_joined++;
	*ifindex = ifp->if_index;
	return (0);
}

void
in6_acast_leave(struct vnet *vn, uint32_t ifindex, const uint8_t a[16])
{
	struct in6_ifaddr *ia = in6_ifaddr_find(ip6_vnet(vn), a);

	/* It may have gone with its interface, or been taken away. */
	if (ia == NULL || ia->ia_joined == 0 || ia->ia_ifa.ifa_ifp->if_index != ifindex)
		return;
	if (--ia->ia_joined == 0 && ia->ia_byjoin)
		in6_ifaddr_remove(ia);
}
