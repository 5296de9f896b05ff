/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces above others. */
#include "net/if_over.h"

#include <errno.h>

#include "base/assert.h"
#include "mbuf/mbuf.h"

/* Levels of all interfaces anew.  False: there is a circle, or too many. */
static bool
over_levels(struct vnet *vn)
{
	struct net_vnet *nv = net_vnet(vn);
	const struct if_over *ov;
	struct ifnet *ifp;
	bool changed = true;

	TAILQ_FOREACH(ifp, &nv->nv_ifs, if_link)
		ifp->if_level = 0;
	while (changed) {
		changed = false;
		TAILQ_FOREACH(ifp, &nv->nv_ifs, if_link) {
			if (ifp->if_extra == NULL)
				continue;
			LIST_FOREACH(ov, &ifp->if_extra->ix_overs, ov_link)
				if (ov->ov_upper->if_level <= ifp->if_level) {
					if (ifp->if_level >= IF_MAXLEVEL)
						return (false);
					ov->ov_upper->if_level = (uint8_t)(ifp->if_level + 1);
					changed = true;
				}
		}
	}
	return (true);
}

/* Nearly always nothing is above the upper one yet; then there can be no circle. */
static bool
over_level_ok(const struct if_over *ov)
{
	struct ifnet *up = ov->ov_upper;
	const unsigned level = ov->ov_lower->if_level + 1u;

	if (up == ov->ov_lower)
		return (false);
	if (level <= up->if_level)
		return (true);
	if ((up->if_extra == NULL || LIST_EMPTY(&up->if_extra->ix_overs)) && level <= IF_MAXLEVEL) {
		up->if_level = (uint8_t)level;
		return (true);
	}
	return (over_levels(up->if_vnet));
}

int
if_over_add(struct if_over *ov)
{
	struct ifnet *ifp = ov->ov_lower;
	int error;

	VI_ASSERT(ov->ov_upper->if_vnet == ifp->if_vnet);
	if (ifp->if_dying || ov->ov_upper->if_dying)
		return (EBUSY);
	if (ov->ov_ops->ovo_port && ifp->if_extra != NULL && ifp->if_extra->ix_port != NULL)
		return (EBUSY);
	if ((error = if_extra_make(ifp, ifp->if_acct)) != 0)
		return (error);
	LIST_INSERT_HEAD(&ifp->if_extra->ix_overs, ov, ov_link);
	if (!over_level_ok(ov)) {
		LIST_REMOVE(ov, ov_link);
		(void)over_levels(ifp->if_vnet);
		if_extra_trim(ifp);
		return (ELOOP);
	}
	if (ov->ov_ops->ovo_port)
		ifp->if_extra->ix_port = ov;
	return (0);
}

/* The upper one's level stays as high as it was, which is harmless, until levels are made anew. */
void
if_over_remove(struct if_over *ov)
{
	struct ifnet *ifp = ov->ov_lower;

	LIST_REMOVE(ov, ov_link);
	if (ifp->if_extra->ix_port == ov)
		ifp->if_extra->ix_port = NULL;
	if_extra_trim(ifp);
}

bool
if_merged(const struct ifnet *ifp)
{
	return (ifp->if_extra != NULL && ifp->if_extra->ix_port != NULL && ifp->if_extra->ix_port->ov_ops->ovo_merged);
}

int
if_over_mtu(struct ifnet *upper, struct ifnet *lower, bool first)
{
	if (!first)
		return (if_setmtu(lower, upper->if_mtu));
	if (upper->if_mtu != lower->if_mtu) {
		upper->if_mtu = lower->if_mtu;
		vnet_event(upper->if_vnet, VNET_EV_MTU, upper);
		if_over_changed(upper);
	}
	return (0);
}

void
if_over_changed(struct ifnet *ifp)
{
	struct if_over *ov, *next;

	if (ifp->if_extra == NULL)
		return;
	LIST_FOREACH_SAFE(ov, &ifp->if_extra->ix_overs, ov_link, next)
		ov->ov_ops->ovo_changed(ov);
}

void
if_over_leave(struct ifnet *ifp)
{
	struct if_over *ov;

	while (ifp->if_extra != NULL && (ov = LIST_FIRST(&ifp->if_extra->ix_overs)) != NULL)
		ov->ov_ops->ovo_leave(ov);
}
