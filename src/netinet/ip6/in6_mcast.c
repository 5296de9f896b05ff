/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups that this host listens to, per interface, counted.  What routers are told of them is MLD's business. */
#include <errno.h>
#include <string.h>

#include "netinet/ip6/ip6_var.h"

static struct in6_mcast *
in6_mcast_find(const struct ifnet *ifp, const uint8_t *group)
{
	struct in6_mcast *im;

	LIST_FOREACH(im, &ifp->if_mcasts6, im_link)
		if (in6_equal(im->im_group, group))
			return (im);
	return (NULL);
}

int
in6_mcast_join(struct vnet *vn, struct ifnet *ifp, const uint8_t group[16])
{
	struct in6_mcast *im = in6_mcast_find(ifp, group);

	if (im == NULL) {
		if ((im = kmalloc(vnet_acct(vn), ACCT_IFADDR, sizeof(*im))) == NULL)
			return (ENOBUFS);
		*im = (struct in6_mcast){ .im_ifp = ifp };
		memcpy(im->im_group, group, sizeof(im->im_group));
		LIST_INSERT_HEAD(&ifp->if_mcasts6, im, im_link);
	}
	im->im_refs++;
	return (0);
}

static void
in6_mcast_free(struct vnet *vn, struct in6_mcast *im)
{
	LIST_REMOVE(im, im_link);
	kfree(vnet_acct(vn), ACCT_IFADDR, im, sizeof(*im));
}

void
in6_mcast_leave(struct vnet *vn, struct ifnet *ifp, const uint8_t group[16])
{
	struct in6_mcast *im = in6_mcast_find(ifp, group);

	if (im != NULL && --im->im_refs == 0)
		in6_mcast_free(vn, im);
}

/* RFC 4291 2.8: all nodes, on the interface and on the link; routers also those of all routers. */
bool
in6_mcast_ismember(const struct ifnet *ifp, const uint8_t group[16])
{
	uint8_t g[16];

	memcpy(g, group, sizeof(g));
	in6_setzone(g, 0);
	if (g[0] == 0xff && (g[1] == 0x01 || g[1] == 0x02 || g[1] == 0x05)) {
		const uint8_t last = g[15];

		g[1] = g[15] = 0;
		g[0] = 0;
		if (in6_unspecified(g) && ((last == 1 && group[1] != 0x05) || (last == 2 && ip6_vnet(ifp->if_vnet)->i6v_forwarding != 0)))
			return (true);
	}
	return (in6_mcast_find(ifp, group) != NULL);
}

void
in6_mcast_purge(struct ifnet *ifp)
{
	struct in6_mcast *im;

	while ((im = LIST_FIRST(&ifp->if_mcasts6)) != NULL)
		in6_mcast_free(ifp->if_vnet, im);
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
