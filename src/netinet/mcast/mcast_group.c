/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups of an interface and the sources that its memberships count up to (RFC 3376 3.2): the interface excludes when any membership does, and
 * then exactly what all those that exclude agree on and nobody includes; else it includes what anybody includes.
 */
#include <errno.h>
#include <string.h>

#include "netinet/mcast/mcast.h"

static int
mcast_addrcmp(const struct in_addr_any *a, const struct in_addr_any *b)
{
	return (memcmp(a->in6, b->in6, sizeof(a->in6)));
}

static int
mcast_groupcmp(const struct mcast_group *a, const struct mcast_group *b)
{
	return (mcast_addrcmp(&a->mg_addr, &b->mg_addr));
}

static int
mcast_srccmp(const struct mcast_src *a, const struct mcast_src *b)
{
	return (mcast_addrcmp(&a->ms_addr, &b->ms_addr));
}

RB_GENERATE(mcast_groups, mcast_group, mg_link, mcast_groupcmp)
RB_GENERATE(mcast_srcs, mcast_src, ms_link, mcast_srccmp)

static struct acctset *
mcast_acct(const struct mcast_group *mg)
{
	return (vnet_acct(mg->mg_if->mi_vnet));
}

/* Interfaces */

struct mcast_if *
mcast_if_get(struct ifnet *ifp, enum net_af af, const struct mcast_proto **proto)
{
	struct mcast_if *mi = ifp->if_mcast[af];

	if (mi != NULL)
		return (mi);
	if ((mi = kmalloc(vnet_acct(ifp->if_vnet), ACCT_IFADDR, sizeof(*mi))) == NULL)
		return (NULL);
	*mi = (struct mcast_if){ .mi_ifp = ifp, .mi_vnet = ifp->if_vnet, .mi_proto = proto, .mi_qi = MCAST_QI };
	RB_INIT(&mi->mi_groups);
	callout_init(&mi->mi_timer, &mi->mi_vnet->vn_lane, mcast_timer, mi);
	ifp->if_mcast[af] = mi;
	return (mi);
}

static void
mcast_src_free(struct mcast_group *mg, struct mcast_src *ms)
{
	RB_REMOVE(mcast_srcs, &mg->mg_srcs, ms);
	mg->mg_nsrcs--;
	kfree(mcast_acct(mg), ACCT_IFADDR, ms, sizeof(*ms));
}

void
mcast_forget_asked(struct mcast_group *mg)
{
	kfree(mcast_acct(mg), ACCT_IFADDR, mg->mg_asked, MCAST_MAXASKED * sizeof(*mg->mg_asked));
	mg->mg_asked = NULL;
	mg->mg_nasked = 0;
}

static void
mcast_group_free(struct mcast_group *mg)
{
	struct mcast_member *mm;
	struct mcast_src *ms;

	while ((mm = LIST_FIRST(&mg->mg_members)) != NULL) {
		LIST_REMOVE(mm, mm_link);
		mm->mm_group = NULL;
	}
	while ((ms = RB_MIN(mcast_srcs, &mg->mg_srcs)) != NULL)
		mcast_src_free(mg, ms);
	mcast_forget_asked(mg);
	RB_REMOVE(mcast_groups, &mg->mg_if->mi_groups, mg);
	mg->mg_if->mi_ngroups--;
	kfree(mcast_acct(mg), ACCT_IFADDR, mg, sizeof(*mg));
}

void
mcast_if_free(struct ifnet *ifp, enum net_af af)
{
	struct mcast_if *mi = ifp->if_mcast[af];
	struct mcast_group *mg;

	if (mi == NULL)
		return;
	callout_stop(&mi->mi_timer);
	while ((mg = RB_MIN(mcast_groups, &mi->mi_groups)) != NULL)
		mcast_group_free(mg);
	ifp->if_mcast[af] = NULL;
	kfree(vnet_acct(mi->mi_vnet), ACCT_IFADDR, mi, sizeof(*mi));
}

/* Groups */

struct mcast_group *
mcast_group_find(struct mcast_if *mi, const struct in_addr_any *addr)
{
	const struct mcast_group key = { .mg_addr = *addr };

	return (RB_FIND(mcast_groups, &mi->mi_groups, (struct mcast_group *)(uintptr_t)&key));
}

struct mcast_group *
mcast_find(const struct ifnet *ifp, enum net_af af, const struct in_addr_any *group)
{
	return (ifp->if_mcast[af] == NULL ? NULL : mcast_group_find(ifp->if_mcast[af], group));
}

struct mcast_group *
mcast_group_get(struct mcast_if *mi, const struct in_addr_any *addr)
{
	struct mcast_group *mg = mcast_group_find(mi, addr);

	if (mg != NULL)
		return (mg);
	if ((mg = kmalloc(vnet_acct(mi->mi_vnet), ACCT_IFADDR, sizeof(*mg))) == NULL)
		return (NULL);
	*mg = (struct mcast_group){ .mg_if = mi, .mg_addr = *addr };
	LIST_INIT(&mg->mg_members);
	RB_INIT(&mg->mg_srcs);
	RB_INSERT(mcast_groups, &mi->mi_groups, mg);
	mi->mi_ngroups++;
	return (mg);
}

bool
mcast_reap(struct mcast_group *mg)
{
	struct mcast_src *ms, *next;

	for (ms = RB_MIN(mcast_srcs, &mg->mg_srcs); ms != NULL; ms = next) {
		next = RB_NEXT(mcast_srcs, &mg->mg_srcs, ms);
		if (ms->ms_inc == 0 && ms->ms_exc == 0 && ms->ms_rexmit == 0)
			mcast_src_free(mg, ms);
	}
	if (mg->mg_busy || mcast_hasstate(mg) || !LIST_EMPTY(&mg->mg_members) || mg->mg_modechg > 0 || mg->mg_nsrcs > 0)
		return (false);
	mcast_group_free(mg);
	return (true);
}

int
mcast_ref(struct mcast_if *mi, const struct in_addr_any *group)
{
	struct mcast_group *mg = mcast_group_get(mi, group);

	if (mg == NULL)
		return (ENOBUFS);
	mcast_change_begin(mg);
	mg->mg_nexc++;
	mcast_change_end(mg);
	return (0);
}

void
mcast_unref(struct mcast_group *mg)
{
	if (mg->mg_nexc == 0)
		return;
	mcast_change_begin(mg);
	mg->mg_nexc--;
	mcast_change_end(mg);
}

/* Changes */

void
mcast_change_begin(struct mcast_group *mg)
{
	struct mcast_src *ms;

	mg->mg_busy = true;
	if (*mg->mg_if->mi_proto != NULL)
		(void)mcast_age(mg->mg_if);
	mg->mg_wasexc = mcast_excludes(mg);
	mg->mg_wasinc = !mg->mg_wasexc && mcast_hasstate(mg);
	RB_FOREACH(ms, mcast_srcs, &mg->mg_srcs)
		ms->ms_was = mcast_listed(mg, ms);
}

void
mcast_change_end(struct mcast_group *mg)
{
	mcast_changed(mg);
	mg->mg_busy = false;
	(void)mcast_reap(mg);
}

/* Sources */

bool
mcast_listed(const struct mcast_group *mg, const struct mcast_src *ms)
{
	if (mcast_excludes(mg))
		return (ms->ms_inc == 0 && ms->ms_exc == mg->mg_nexc);
	return (ms->ms_inc > 0);
}

struct mcast_src *
mcast_src_find(const struct mcast_group *mg, const struct in_addr_any *addr)
{
	const struct mcast_src key = { .ms_addr = *addr };

	return (RB_FIND(mcast_srcs, (struct mcast_srcs *)(uintptr_t)&mg->mg_srcs, (struct mcast_src *)(uintptr_t)&key));
}

int
mcast_src_count(struct mcast_group *mg, const struct in_addr_any *addr, bool include, int by)
{
	struct mcast_src *ms = mcast_src_find(mg, addr);

	if (ms == NULL) {
		if ((ms = kmalloc(mcast_acct(mg), ACCT_IFADDR, sizeof(*ms))) == NULL)
			return (ENOBUFS);
		*ms = (struct mcast_src){ .ms_addr = *addr };
		RB_INSERT(mcast_srcs, &mg->mg_srcs, ms);
		mg->mg_nsrcs++;
	}
	if (include)
		ms->ms_inc += (uint32_t)by;
	else
		ms->ms_exc += (uint32_t)by;
	return (0);
}

bool
mcast_wants(const struct mcast_group *mg, const struct in_addr_any *src)
{
	const struct mcast_src *ms;

	if (!mcast_hasstate(mg))
		return (false);
	if (mg->mg_nsrcs == 0 || (ms = mcast_src_find(mg, src)) == NULL)
		return (mcast_excludes(mg));
	return (ms->ms_inc > 0 || ms->ms_exc < mg->mg_nexc);
}
