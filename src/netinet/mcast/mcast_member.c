/* SPDX-License-Identifier: BSD-2-Clause */
/* What one socket wants of one group on one interface (RFC 3376 3.1). */
#include <errno.h>
#include <string.h>

#include "netinet/mcast/mcast.h"

int
mcast_member_new(struct mcast_if *mi, const struct in_addr_any *group, bool include, struct mcast_member **mmp)
{
	struct acctset *as = vnet_acct(mi->mi_vnet);
	struct mcast_member *mm = kmalloc(as, ACCT_PCB, sizeof(*mm));
	struct mcast_group *mg = mm == NULL ? NULL : mcast_group_get(mi, group);

	if (mg == NULL) {
		kfree(as, ACCT_PCB, mm, sizeof(*mm));
		return (ENOBUFS);
	}
	*mm = (struct mcast_member){ .mm_acct = as, .mm_group = mg, .mm_ifindex = mi->mi_ifp->if_index, .mm_addr = *group,
		.mm_include = include };
	LIST_INSERT_HEAD(&mg->mg_members, mm, mm_link);
	mcast_change_begin(mg);
	mg->mg_nexc += !include;
	mcast_change_end(mg);
	*mmp = mm;
	return (0);
}

static void
member_free_srcs(struct mcast_member *mm)
{
	kfree(mm->mm_acct, ACCT_PCB, mm->mm_srcs, mm->mm_space * sizeof(*mm->mm_srcs));
	mm->mm_srcs = NULL;
	mm->mm_nsrcs = mm->mm_space = 0;
}

/* Takes what it counts for off the group. */
static void
member_uncount(struct mcast_member *mm)
{
	struct mcast_group *mg = mm->mm_group;

	for (unsigned i = 0; i < mm->mm_nsrcs; i++)
		(void)mcast_src_count(mg, &mm->mm_srcs[i], mm->mm_include, -1);
	mg->mg_nexc -= !mm->mm_include;
	mg->mg_ninc -= mm->mm_include && mm->mm_nsrcs > 0;
}

void
mcast_member_free(struct mcast_member *mm)
{
	struct mcast_group *mg = mm->mm_group;

	if (mg != NULL) {
		mcast_change_begin(mg);
		member_uncount(mm);
		LIST_REMOVE(mm, mm_link);
		mcast_change_end(mg);
	}
	member_free_srcs(mm);
	kfree(mm->mm_acct, ACCT_PCB, mm, sizeof(*mm));
}

static int
member_cmp(const struct in_addr_any *a, const struct in_addr_any *b)
{
	return (memcmp(a->in6, b->in6, sizeof(a->in6)));
}

/* In order, each once; returns how many. */
static unsigned
member_sort(struct in_addr_any *srcs, const struct in_addr_any *from, unsigned n)
{
	unsigned at, k, have = 0;

	for (unsigned i = 0; i < n; i++) {
		for (at = have; at > 0 && member_cmp(&srcs[at - 1], &from[i]) >= 0; at--)
			;
		if (at < have && member_cmp(&srcs[at], &from[i]) == 0)
			continue;
		for (k = have++; k > at; k--)
			srcs[k] = srcs[k - 1];
		srcs[at] = from[i];
	}
	return (have);
}

/* New sources are counted before old ones go: only this can fail, and it can be undone. */
static int
member_count(struct mcast_group *mg, bool include, const struct in_addr_any *srcs, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (mcast_src_count(mg, &srcs[i], include, 1) != 0)
			break;
	if (i == n) {
		mg->mg_nexc += !include;
		mg->mg_ninc += include && n > 0;
		return (0);
	}
	while (i-- > 0)
		(void)mcast_src_count(mg, &srcs[i], include, -1);
	return (ENOBUFS);
}

int
mcast_member_set(struct mcast_member *mm, bool include, const struct in_addr_any *from, unsigned space)
{
	struct mcast_group *mg = mm->mm_group;
	unsigned n = 0;
	struct in_addr_any *srcs = NULL;
	int error = 0;

	if (space > 0 && (srcs = kmalloc(mm->mm_acct, ACCT_PCB, space * sizeof(*srcs))) == NULL)
		return (ENOBUFS);
	if (space > 0)
		n = member_sort(srcs, from, space);
	if (mg != NULL) {
		mcast_change_begin(mg);
		if ((error = member_count(mg, include, srcs, n)) == 0)
			member_uncount(mm);
		mcast_change_end(mg);
	}
	if (error != 0) {
		kfree(mm->mm_acct, ACCT_PCB, srcs, space * sizeof(*srcs));
		return (error);
	}
	member_free_srcs(mm);
	mm->mm_include = include;
	mm->mm_srcs = srcs;
	mm->mm_nsrcs = (uint16_t)n;
	mm->mm_space = (uint16_t)space;
	return (0);
}

bool
mcast_member_has(const struct mcast_member *mm, const struct in_addr_any *src)
{
	unsigned lo = 0, hi = mm->mm_nsrcs;

	while (lo < hi) {
		const unsigned mid = (lo + hi) / 2;
		const int c = member_cmp(&mm->mm_srcs[mid], src);

		if (c == 0)
			return (true);
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (false);
}
