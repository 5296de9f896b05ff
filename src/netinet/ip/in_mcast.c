/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/ip/in_mcast.h"

#include <errno.h>

#include "base/inaddr.h"
#include "netinet/ip/ip_var.h"
#include "netinet/mcast/mcast.h"

int
in_mcast_if(struct vnet *vn, uint32_t fib, const struct vi_mreq *mr, uint32_t *ifindex)
{
	const struct ip_out io = { .io_dst = mr->mr_group, .io_fib = fib };
	const struct ifaddr *ifa;
	struct ip_path path;

	if (!in_multicast(mr->mr_group))
		return (EINVAL);
	if (mr->mr_ifindex != 0) {
		*ifindex = mr->mr_ifindex;
		return (ifnet_byindex(vn, mr->mr_ifindex) == NULL ? ENODEV : 0);
	}
	if (mr->mr_addr != 0) {
		if ((ifa = in_ifaddr_find(ip_vnet(vn), mr->mr_addr)) == NULL)
			return (ENODEV);
		*ifindex = ifa->ifa_ifp->if_index;
		return (0);
	}
	if (ip_route(vn, &io, &path) != 0)
		return (ENODEV);
	*ifindex = path.ip_ifp->if_index;
	return (0);
}

struct mcast_if *
in_mcast_ifget(struct ifnet *ifp)
{
	return (mcast_if_get(ifp, NET_AF_INET, &ip_vnet(ifp->if_vnet)->iv_mcproto));
}

static void
in_group_addr(const struct in_addr_any *a, struct vi_sockaddr *sa)
{
	in_ops.io_sockaddr(a, 0, sa);
}

void
in_group_list(struct vnet *vn, void (*fn)(void *, const struct vi_group *), void *arg)
{
	mcast_list(vn, NET_AF_INET, in_group_addr, fn, arg);
}

/* RFC 1112 7.2: every host that can hear groups is a member of "all hosts". */
bool
in_mcast_ismember(const struct ifnet *ifp, uint32_t group)
{
	const struct in_addr_any any = in4_any(group);
	const struct mcast_group *mg;

	if (group == HTONL(INADDR_ALLHOSTS_GROUP))
		return (true);
	return ((mg = mcast_find(ifp, NET_AF_INET, &any)) != NULL && mcast_hasstate(mg));
}

/* What is said of a group by IGMP concerns it whoever says it. */
bool
in_mcast_accept(const struct ifnet *ifp, uint32_t group, uint32_t src, uint8_t proto)
{
	const struct in_addr_any any = in4_any(group), from = in4_any(src);
	const struct mcast_group *mg = mcast_find(ifp, NET_AF_INET, &any);

	if (group == HTONL(INADDR_ALLHOSTS_GROUP) && (mg == NULL || !mcast_hasstate(mg)))
		return (true);
	return (mg != NULL && (proto == IPPROTO_IGMP ? mcast_hasstate(mg) : mcast_wants(mg, &from)));
}
