/* SPDX-License-Identifier: BSD-2-Clause */
/* What management sees of groups. */
#include <string.h>

#include <vimage/route.h>

#include "netinet/mcast/mcast.h"

typedef void mcast_addr_fn(const struct in_addr_any *, struct vi_sockaddr *);

static uint32_t
list_sources(const struct mcast_group *mg, mcast_addr_fn *addr, struct vi_sockaddr *srcs)
{
	struct mcast_src *ms;
	uint32_t n = 0;

	RB_FOREACH(ms, mcast_srcs, (struct mcast_srcs *)(uintptr_t)&mg->mg_srcs) {
		if (!mcast_listed(mg, ms))
			continue;
		if (n < VI_GROUP_MAXSRC)
			addr(&ms->ms_addr, &srcs[n]);
		n++;
	}
	return (n);
}

static void
list_if(struct mcast_if *mi, mcast_addr_fn *addr, void (*fn)(void *, const struct vi_group *), void *arg)
{
	struct vi_sockaddr srcs[VI_GROUP_MAXSRC];
	struct vi_group vg = { .vg_interval = mi->mi_qi, .vg_slist = srcs };
	const struct mcast_proto *mp = *mi->mi_proto;
	struct mcast_group *mg;

	memcpy(vg.vg_ifname, mi->mi_ifp->if_xname, sizeof(vg.vg_ifname));
	if (mp != NULL) {
		vg.vg_version = (uint8_t)(mp->mp_versions - mcast_age_now(mi));
		vg.vg_robustness = (uint8_t)mcast_robustness(mi);
	}
	RB_FOREACH(mg, mcast_groups, &mi->mi_groups) {
		if (!mcast_hasstate(mg))
			continue;
		addr(&mg->mg_addr, &vg.vg_group);
		vg.vg_include = !mcast_excludes(mg);
		vg.vg_members = mg->mg_ninc + mg->mg_nexc;
		vg.vg_numsrc = list_sources(mg, addr, srcs);
		fn(arg, &vg);
	}
}

void
mcast_list(struct vnet *vn, enum net_af af, mcast_addr_fn *addr, void (*fn)(void *, const struct vi_group *), void *arg)
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (ifp->if_mcast[af] != NULL)
			list_if(ifp->if_mcast[af], addr, fn, arg);
}
