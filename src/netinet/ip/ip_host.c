/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts that were talked to last, and what every packet to them has in common: the route, the source address, the headers.
 *
 * A connection asks for the route to the same host half a dozen times before its first packet is out, and a server is asked by
 * hosts that it has just answered.  Remembered is only what hangs on the destination and its table alone: where policy rules or several next
 * hops choose, for ourselves, for groups and broadcasts there is nothing to be found here.  All of it is good until the generation of the routes
 * moves; whether the interface is up is asked each time.
 */
#include "base/inaddr.h"
#include "netinet/ip/ip_var.h"

bool
ip_isbcast(struct vnet *vn, uint32_t dst)
{
	const unsigned nfibs = rt_nfibs(vn);
	const struct nhop *nh;
	struct ip_path path;

	if (in_multicast(dst) || in_broadcast(dst))
		return (true);
	/* The route of an interface's network stands in its own table. */
	for (uint32_t fib = 0; fib < nfibs; fib++) {
		if ((nh = fib4_lookup(vn, fib, dst)) == NULL)
			continue;
		ip_path_nhop(nh, dst, &path);
		if (path.ip_bcast)
			return (true);
	}
	return (false);
}

/* The route to a host beyond a link, if it is as simple as that. */
static const struct nhop *
ip_host_route(struct vnet *vn, uint32_t fib, uint32_t dst)
{
	const struct nhop *nh;

	if (in_zeronet(dst) || in_loopback(dst) || ip_isbcast(vn, dst) ||
	    (nh = rt_lookup_dest4(vn, fib, dst)) == NULL || nh->nh_ifa == NULL || nh->nh_ifa->ifa_broadcast == dst ||
	    (nh->nh_flags & (RTF_NOWHERE | RTF_BROADCAST | RTF_LOCAL)) != 0 || (nh->nh_ifp->if_flags & IFF_LOOPBACK) != 0)
		return (NULL);
	return (nh);
}

struct ip_host *
ip_host_learn(struct vnet *vn, struct ip_host *ih, uint32_t fib, uint32_t dst)
{
	ih->ih_nh = ip_host_route(vn, fib, dst);
	ih->ih_gen = rt_generation(vn);		/* an expired route that was found goes, and moves it */
	ih->ih_dst = dst;
	ih->ih_fib = fib;
	ih->ih_src = ih->ih_nh != NULL ? ih->ih_nh->nh_ifa->ifa_addr.na_in : 0;
	ih->ih_ready.ir_gen = 0;
	return (ih->ih_nh != NULL ? ih : NULL);
}
