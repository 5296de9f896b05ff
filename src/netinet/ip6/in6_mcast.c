/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 groups that this host listens to, per interface.  The memberships are netinet/mcast's. */
#include <errno.h>
#include <string.h>

#include "netinet/ip6/ip6_var.h"
#include "netinet/mcast/mcast.h"

static struct in_addr_any
in6_mcast_key(const uint8_t group[16])
{
	struct in_addr_any a;

	memcpy(a.in6, group, sizeof(a.in6));
	return (a);
}

static struct mcast_group *
in6_mcast_find(const struct ifnet *ifp, const uint8_t group[16])
{
	const struct in_addr_any a = in6_mcast_key(group);

	return (mcast_find(ifp, NET_AF_INET6, &a));
}

struct mcast_if *
in6_mcast_ifget(struct ifnet *ifp)
{
	return (mcast_if_get(ifp, NET_AF_INET6, &ip6_vnet(ifp->if_vnet)->i6v_mcproto));
}

int
in6_mcast_join(struct vnet *vn, struct ifnet *ifp, const uint8_t group[16])
{
	const struct in_addr_any a = in6_mcast_key(group);
	struct mcast_if *mi = in6_mcast_ifget(ifp);

	(void)vn;
	return (mi == NULL ? ENOBUFS : mcast_ref(mi, &a));
}

void
in6_mcast_leave(struct vnet *vn, struct ifnet *ifp, const uint8_t group[16])
{
	struct mcast_group *mg = in6_mcast_find(ifp, group);

	(void)vn;
	if (mg != NULL)
		mcast_unref(mg);
}

void
in6_mcast_linklocal(struct ifnet *ifp)
{
	struct mcast_if *mi = ifp->if_mcast[NET_AF_INET6];

	if (mi != NULL && mi->mi_unspec)
		mcast_ifup(mi);
}

static void
in6_group_addr(const struct in_addr_any *a, struct vi_sockaddr *sa)
{
	in6_recover(a, 0, sa);
}

void
in6_group_list(struct vnet *vn, void (*fn)(void *, const struct vi_group *), void *arg)
{
	mcast_list(vn, NET_AF_INET6, in6_group_addr, fn, arg);
}

/* RFC 4291 2.8: all nodes, on the interface and on the link; routers also those of all routers. */
bool
in6_mcast_ismember(const struct ifnet *ifp, const uint8_t group[16])
{
	const struct mcast_group *mg;
	uint8_t g[16];

	memcpy(g, group, sizeof(g));
	in6_setzone(g, 0);
	if (g[0] == 0xff && (g[1] == 0x01 || g[1] == 0x02 || g[1] == 0x05)) {
		const uint8_t last = g[15];

		g[1] = g[15] = 0;
		g[0] = 0;
		if (in6_unspecified(g) && ((last == 1 && group[1] != 0x05) || (last == 2 && ifp->if_forwards[NET_AF_INET6])))
			return (true);
	}
	return ((mg = in6_mcast_find(ifp, group)) != NULL && mcast_hasstate(mg));
}

bool
in6_mcast_accept(const struct ifnet *ifp, const struct in_addr_any *group, const struct in_addr_any *src, uint8_t proto)
{
	const struct mcast_group *mg = mcast_find(ifp, NET_AF_INET6, group);

	if (mg == NULL || !mcast_hasstate(mg) || proto == IPPROTO_ICMPV6)
		return (in6_mcast_ismember(ifp, (const uint8_t *)group->in6));
	return (mcast_wants(mg, src));
}

int
in6_mcast_if(struct vnet *vn, uint32_t fib, const struct vi_mreq6 *mr, uint32_t *ifindex)
{
	struct ip6_out io = { .i6o_fib = fib };
	struct ip6_path path;

	if (!in6_multicast(mr->mr6_group))
		return (EINVAL);
	if (mr->mr6_ifindex != 0) {
		*ifindex = mr->mr6_ifindex;
		return (ifnet_byindex(vn, mr->mr6_ifindex) == NULL ? ENODEV : 0);
	}
	memcpy(io.i6o_dst.in6, mr->mr6_group, sizeof(io.i6o_dst.in6));
	if (ip6_route(vn, &io, &path) != 0)
		return (ENODEV);
	*ifindex = path.i6p_ifp->if_index;
	return (0);
}
