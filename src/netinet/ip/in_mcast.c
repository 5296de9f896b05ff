/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/ip/in_mcast.h"

#include <errno.h>

#include "base/inaddr.h"
#include "netinet/ip/ip_var.h"

struct in_mcast {
	LIST_ENTRY(in_mcast) in_link;
	struct ifnet	*in_ifp;
	uint32_t	 in_group;
	uint32_t	 in_members;	/* pcbs */
};

static struct in_mcast *
in_mcast_find(const struct vnet *vn, const struct ifnet *ifp, uint32_t group)
{
	struct in_mcast *inm;

	LIST_FOREACH(inm, &ip_vnet(vn)->iv_mcasts, in_link)
		if (inm->in_group == group && (ifp == NULL || inm->in_ifp == ifp))
			return (inm);
	return (NULL);
}

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

int
in_mcast_join(struct vnet *vn, uint32_t ifindex, uint32_t group)
{
	struct ifnet *ifp = ifnet_byindex(vn, ifindex);
	struct in_mcast *inm;

	if (ifp == NULL)
		return (EADDRNOTAVAIL);
	if ((inm = in_mcast_find(vn, ifp, group)) == NULL) {
		if ((inm = kmalloc(vnet_acct(vn), ACCT_IFADDR, sizeof(*inm))) == NULL)
			return (ENOBUFS);
		inm->in_ifp = ifp;
		inm->in_group = group;
		LIST_INSERT_HEAD(&ip_vnet(vn)->iv_mcasts, inm, in_link);
	}
	inm->in_members++;
	return (0);
}

static void
in_mcast_free(struct vnet *vn, struct in_mcast *inm)
{
	LIST_REMOVE(inm, in_link);
	kfree(vnet_acct(vn), ACCT_IFADDR, inm, sizeof(*inm));
}

void
in_mcast_leave(struct vnet *vn, uint32_t ifindex, uint32_t group)
{
	struct ifnet *ifp = ifnet_byindex(vn, ifindex);
	struct in_mcast *inm;

	if (ifp != NULL && (inm = in_mcast_find(vn, ifp, group)) != NULL && --inm->in_members == 0)
		in_mcast_free(vn, inm);
}

/* RFC 1112 7.2: every host that can hear groups is a member of "all hosts". */
bool
in_mcast_ismember(const struct ifnet *ifp, uint32_t group)
{
	return (group == HTONL(INADDR_ALLHOSTS_GROUP) || in_mcast_find(ifp->if_vnet, ifp, group) != NULL);
}

bool
in_mcast_anymember(const struct vnet *vn, uint32_t group)
{
	return (group == HTONL(INADDR_ALLHOSTS_GROUP) || in_mcast_find(vn, NULL, group) != NULL);
}

void
in_mcast_purge(struct ifnet *ifp)
{
	struct in_mcast *inm, *next;

	for (inm = LIST_FIRST(&ip_vnet(ifp->if_vnet)->iv_mcasts); inm != NULL; inm = next) {
		next = LIST_NEXT(inm, in_link);
		if (inm->in_ifp == ifp)
			in_mcast_free(ifp->if_vnet, inm);
	}
}
