/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Memberships of a socket and their source filters (RFC 3678), with Linux's rules where that leaves room: a membership is of one interface and one
 * group; it excludes the sources in its list, or includes them alone; the mode of a list that is not empty does not change but by a whole filter; and
 * to include nobody is to leave.
 *
 * A packet to a group is delivered to a socket that joined the group on the interface it came by if the filter lets its source pass, and to one that
 * did not if VI_IP_MULTICAST_ALL is on, as it is by default.
 *
 * Bounds: inpcb_vnet()->iv_maxships memberships of a socket, iv_maxmsf and iv_maxmsf6 sources of each, all charged to the vnet.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/mcast/mcast.h"
#include "netinet/pcb/in_pcb_int.h"

/* What the user says of a group. */
struct mship {
	bool		 ms_v6;
	struct in_addr_any ms_group;	/* IPv6: with a zone once the interface is known */
	uint32_t	 ms_ifindex, ms_ifaddr;	/* 0: not said */
};

static unsigned
mship_maxsrcs(const struct inpcb *inp, const struct mship *ms)
{
	const struct inpcb_vnet *iv = inpcb_vnet(inp->inp_vnet);

	return ((unsigned)(ms->ms_v6 ? iv->iv_maxmsf6 : iv->iv_maxmsf));
}

static bool
mship_isgroup(const struct mship *ms)
{
	return (ms->ms_v6 ? in6_multicast((const uint8_t *)ms->ms_group.in6) : in_multicast(ms->ms_group.in4));
}

static void
mship_setzone(struct mship *ms, uint32_t zone)
{
	if (ms->ms_v6)
		in6_setzone((uint8_t *)ms->ms_group.in6, zone);
}

/* The interface it means; the group gets its zone.  EINVAL, ENODEV. */
static int
mship_if(const struct inpcb *inp, struct mship *ms, uint32_t *ifindex)
{
	const struct vi_mreq mr = { .mr_group = ms->ms_group.in4, .mr_addr = ms->ms_ifaddr, .mr_ifindex = ms->ms_ifindex };
	struct vi_mreq6 mr6 = { .mr6_ifindex = ms->ms_ifindex };
	int error;

	if (ms->ms_v6) {
		memcpy(mr6.mr6_group, ms->ms_group.in6, sizeof(mr6.mr6_group));
		error = in6_mcast_if(inp->inp_vnet, inp->inp_fib, &mr6, ifindex);
	} else {
		error = in_mcast_if(inp->inp_vnet, inp->inp_fib, &mr, ifindex);
	}
	if (error == 0)
		mship_setzone(ms, *ifindex);
	return (error);
}

static struct mcast_member *
mship_find(const struct inpcb *inp, const struct in_addr_any *group, uint32_t ifindex)
{
	struct mcast_member *mm;

	for (mm = inp->inp_mships; mm != NULL; mm = mm->mm_next)
		if (mm->mm_ifindex == ifindex && in_addr_eq(&mm->mm_addr, group))
			return (mm);
	return (NULL);
}

/* The same, where no interface need be named: any will do. */
static struct mcast_member *
mship_findany(const struct inpcb *inp, struct mship *ms)
{
	struct mcast_member *mm;

	for (mm = inp->inp_mships; mm != NULL; mm = mm->mm_next) {
		if (ms->ms_ifindex != 0 && mm->mm_ifindex != ms->ms_ifindex)
			continue;
		if (ms->ms_ifindex == 0 && ms->ms_ifaddr != 0 && mm->mm_ifaddr != ms->ms_ifaddr)
			continue;
		mship_setzone(ms, mm->mm_ifindex);
		if (in_addr_eq(&mm->mm_addr, &ms->ms_group))
			return (mm);
	}
	return (NULL);
}

static int
mship_add(struct inpcb *inp, const struct mship *ms, uint32_t ifindex, bool include, struct mcast_member **mmp)
{
	struct ifnet *ifp = ifnet_byindex(inp->inp_vnet, ifindex);
	struct mcast_member *mm;
	struct mcast_if *mi;
	int n = 0;

	for (mm = inp->inp_mships; mm != NULL; mm = mm->mm_next)
		n++;
	if (n >= inpcb_vnet(inp->inp_vnet)->iv_maxships)
		return (ENOBUFS);
	if (ifp == NULL)
		return (ENODEV);
	if ((mi = ms->ms_v6 ? in6_mcast_ifget(ifp) : in_mcast_ifget(ifp)) == NULL || mcast_member_new(mi, &ms->ms_group, include, &mm) != 0)
		return (ENOBUFS);
	mm->mm_ifaddr = ms->ms_ifaddr;
	mm->mm_next = inp->inp_mships;
	inp->inp_mships = mm;
	*mmp = mm;
	return (0);
}

static void
mship_drop(struct inpcb *inp, struct mcast_member *mm)
{
	struct mcast_member **mmp;

	for (mmp = &inp->inp_mships; *mmp != mm; mmp = &(*mmp)->mm_next)
		;
	*mmp = mm->mm_next;
	mcast_member_free(mm);
}

void
in_pcbmcast_free(struct inpcb *inp)
{
	while (inp->inp_mships != NULL)
		mship_drop(inp, inp->inp_mships);
}

/* EADDRINUSE, with *mmp set: it is there. */
static int
mship_join(struct inpcb *inp, struct mship *ms, bool include, struct mcast_member **mmp)
{
	uint32_t ifindex;
	int error;

	if (!mship_isgroup(ms))
		return (EINVAL);
	if (ms->ms_v6 && ms->ms_ifindex == 0 && (*mmp = mship_findany(inp, ms)) != NULL)
		return (EADDRINUSE);
	mship_setzone(ms, 0);
	if ((error = mship_if(inp, ms, &ifindex)) != 0)
		return (error);
	if ((*mmp = mship_find(inp, &ms->ms_group, ifindex)) != NULL)
		return (EADDRINUSE);
	return (mship_add(inp, ms, ifindex, include, mmp));
}

/* The membership may be of an interface that is no more; then it is found by what was said when it began. */
static int
mship_leave(struct inpcb *inp, struct mship *ms)
{
	struct mcast_member *mm;
	uint32_t ifindex;
	int error;

	if (!mship_isgroup(ms))
		return (ms->ms_v6 ? EINVAL : EADDRNOTAVAIL);
	error = ms->ms_v6 ? 0 : mship_if(inp, ms, &ifindex);
	if (error != 0 && ms->ms_ifindex == 0 && ms->ms_ifaddr == 0)
		return (ENODEV);
	mm = ms->ms_v6 || error != 0 ? mship_findany(inp, ms) : mship_find(inp, &ms->ms_group, ifindex);
	if (mm == NULL)
		return (EADDRNOTAVAIL);
	mship_drop(inp, mm);
	return (0);
}

/* The membership that a filter is for.  EINVAL: none. */
static int
mship_lookup(const struct inpcb *inp, struct mship *ms, struct mcast_member **mmp)
{
	uint32_t ifindex;
	int error;

	if (!mship_isgroup(ms))
		return (EINVAL);
	if (ms->ms_v6 && ms->ms_ifindex == 0) {
		*mmp = mship_findany(inp, ms);
	} else {
		if ((error = mship_if(inp, ms, &ifindex)) != 0)
			return (error);
		*mmp = mship_find(inp, &ms->ms_group, ifindex);
	}
	return (*mmp == NULL ? EINVAL : 0);
}

/* Sources */

static int
source_add(struct mcast_member *mm, bool include, const struct in_addr_any *src)
{
	const unsigned n = mm->mm_nsrcs;
	struct in_addr_any *list = kmalloc(mm->mm_acct, ACCT_PCB, (n + 1) * sizeof(*list));
	int error;

	if (list == NULL)
		return (ENOBUFS);
	if (n > 0)
		memcpy(list, mm->mm_srcs, n * sizeof(*list));
	list[n] = *src;
	error = mcast_member_set(mm, include, list, n + 1);
	kfree(mm->mm_acct, ACCT_PCB, list, (n + 1) * sizeof(*list));
	return (error);
}

static int
source_remove(struct mcast_member *mm, const struct in_addr_any *src)
{
	const unsigned n = mm->mm_nsrcs;
	struct in_addr_any *list = kmalloc(mm->mm_acct, ACCT_PCB, n * sizeof(*list));
	unsigned k = 0;
	int error;

	if (list == NULL)
		return (ENOBUFS);
	for (unsigned i = 0; i < n; i++)
		if (!in_addr_eq(&mm->mm_srcs[i], src))
			list[k++] = mm->mm_srcs[i];
	error = mcast_member_set(mm, mm->mm_include, list, k);
	kfree(mm->mm_acct, ACCT_PCB, list, n * sizeof(*list));
	return (error);
}

/* One source more, or less, in a list of that mode. */
static int
source_change(struct inpcb *inp, struct mship *ms, const struct in_addr_any *src, bool include, bool add)
{
	struct mcast_member *mm;
	int error;

	if ((error = mship_lookup(inp, ms, &mm)) != 0)
		return (error);
	if (mm->mm_nsrcs > 0 && mm->mm_include != include)
		return (EINVAL);
	if (add && mm->mm_nsrcs >= mship_maxsrcs(inp, ms))
		return (ENOBUFS);
	if (mcast_member_has(mm, src) == add)
		return (EADDRNOTAVAIL);
	if (add)
		return (source_add(mm, include, src));
	if (include && mm->mm_nsrcs == 1) {
		mship_drop(inp, mm);
		return (0);
	}
	return (source_remove(mm, src));
}

static int
source_join(struct inpcb *inp, struct mship *ms, const struct in_addr_any *src)
{
	struct mcast_member *mm;
	const int error = mship_join(inp, ms, true, &mm);
	int error2;

	if (error != 0 && error != EADDRINUSE)
		return (error);
	error2 = source_change(inp, ms, src, true, true);
	if (error2 != 0 && error == 0)
		mship_drop(inp, mm);
	return (error2);
}

/* What users pass */

static int
mship_sockaddr(const struct inpcb *inp, const struct vi_sockaddr *sa, bool *v6, struct in_addr_any *a)
{
	if (sa->sa_family == VI_AF_INET) {
		*a = in4_any(sa->sa_in);
		*v6 = false;
		return (0);
	}
	if (sa->sa_family != VI_AF_INET6 || (inp->inp_flags & INP_SOCK6) == 0)
		return (EADDRNOTAVAIL);
	memcpy(a->in6, sa->sa_in6, sizeof(a->in6));
	*v6 = true;
	return (0);
}

static int
mship_of(const struct inpcb *inp, const struct vi_sockaddr *group, uint32_t ifindex, uint32_t ifaddr, struct mship *ms)
{
	*ms = (struct mship){ .ms_ifindex = ifindex, .ms_ifaddr = ifaddr };
	return (mship_sockaddr(inp, group, &ms->ms_v6, &ms->ms_group));
}

/* A source of a group; one of a link-local address is of the group's interface. */
static int
mship_source(const struct inpcb *inp, const struct mship *ms, const struct vi_sockaddr *sa, struct in_addr_any *src)
{
	uint32_t zone = ms->ms_ifindex;
	bool v6;

	if (mship_sockaddr(inp, sa, &v6, src) != 0 || v6 != ms->ms_v6)
		return (EADDRNOTAVAIL);
	if (v6)
		in6_setzone((uint8_t *)src->in6, zone != 0 ? zone : sa->sa_scope);
	return (0);
}

static int
set_mreq(const struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len, struct mship *ms)
{
	struct vi_group_req gr;
	struct vi_mreq6 mr6;
	struct vi_mreq mr;

	switch (opt) {
	case VI_IP_ADD_MEMBERSHIP:
	case VI_IP_DROP_MEMBERSHIP:
		if (len < sizeof(mr))
			return (EINVAL);
		memcpy(&mr, val, sizeof(mr));
		*ms = (struct mship){ .ms_group = in4_any(mr.mr_group), .ms_ifaddr = mr.mr_addr, .ms_ifindex = mr.mr_ifindex };
		return (0);
	case VI_IPV6_JOIN_GROUP:
	case VI_IPV6_LEAVE_GROUP:
		if (len < sizeof(mr6))
			return (EINVAL);
		memcpy(&mr6, val, sizeof(mr6));
		*ms = (struct mship){ .ms_v6 = true, .ms_ifindex = mr6.mr6_ifindex };
		memcpy(ms->ms_group.in6, mr6.mr6_group, sizeof(mr6.mr6_group));
		return (0);
	default:
		if (len < sizeof(gr))
			return (EINVAL);
		memcpy(&gr, val, sizeof(gr));
		return (mship_of(inp, &gr.gr_group, gr.gr_ifindex, gr.gr_ifaddr, ms));
	}
}

static int
set_group(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	struct mcast_member *mm;
	struct mship ms;
	int error;

	if ((error = set_mreq(inp, opt, val, len, &ms)) != 0)
		return (error);
	if (opt == VI_IP_ADD_MEMBERSHIP || opt == VI_IPV6_JOIN_GROUP || opt == VI_MCAST_JOIN_GROUP)
		return (mship_join(inp, &ms, false, &mm));
	return (mship_leave(inp, &ms));
}

static int
set_source(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	struct vi_group_source_req gsr;
	struct in_addr_any src;
	struct mship ms;
	int error;

	if (len < sizeof(gsr))
		return (EINVAL);
	memcpy(&gsr, val, sizeof(gsr));
	if ((error = mship_of(inp, &gsr.gsr_group, gsr.gsr_ifindex, gsr.gsr_ifaddr, &ms)) != 0 ||
	    (error = mship_source(inp, &ms, &gsr.gsr_source, &src)) != 0)
		return (error);
	if (opt == VI_MCAST_JOIN_SOURCE_GROUP)
		return (source_join(inp, &ms, &src));
	return (source_change(inp, &ms, &src, opt == VI_MCAST_LEAVE_SOURCE_GROUP, opt == VI_MCAST_BLOCK_SOURCE));
}

static int
filter_set(struct inpcb *inp, struct mship *ms, bool include, const struct vi_sockaddr *list, unsigned n)
{
	struct in_addr_any *srcs = NULL;
	struct mcast_member *mm;
	int error;

	if (include && n == 0)
		return (mship_leave(inp, ms));
	if ((error = mship_lookup(inp, ms, &mm)) != 0)
		return (error);
	if (n > 0 && (srcs = kmalloc(mm->mm_acct, ACCT_PCB, n * sizeof(*srcs))) == NULL)
		return (ENOBUFS);
	for (unsigned i = 0; i < n && error == 0; i++)
		error = mship_source(inp, ms, &list[i], &srcs[i]);
	if (error == 0)
		error = mcast_member_set(mm, include, srcs, n);
	kfree(mm->mm_acct, ACCT_PCB, srcs, n * sizeof(*srcs));
	return (error);
}

static int
set_filter(struct inpcb *inp, const void *val, size_t len)
{
	const struct vi_group_filter *gf = val;
	struct mship ms;
	int error;

	if (len < sizeof(*gf))
		return (EINVAL);
	if ((error = mship_of(inp, &gf->gf_group, gf->gf_ifindex, gf->gf_ifaddr, &ms)) != 0)
		return (error);
	if (gf->gf_numsrc > mship_maxsrcs(inp, &ms))
		return (ENOBUFS);
	if (len < sizeof(*gf) + gf->gf_numsrc * sizeof(gf->gf_slist[0]) || gf->gf_fmode > VI_MCAST_INCLUDE || !mship_isgroup(&ms))
		return (EINVAL);
	return (filter_set(inp, &ms, gf->gf_fmode == VI_MCAST_INCLUDE, gf->gf_slist, gf->gf_numsrc));
}

int
in_pcbmcast_set(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	if (opt > VI_MCAST_MSFILTER)
		return (ENOPROTOOPT);
	/* As Linux: the newer options are streams' too, of whatever use. */
	if (inp->inp_info->ipi_proto == VI_IPPROTO_TCP && opt < VI_MCAST_JOIN_GROUP)
		return (EPROTO);
	switch (opt) {
	case VI_MCAST_BLOCK_SOURCE:
	case VI_MCAST_UNBLOCK_SOURCE:
	case VI_MCAST_JOIN_SOURCE_GROUP:
	case VI_MCAST_LEAVE_SOURCE_GROUP:
		return (set_source(inp, opt, val, len));
	case VI_MCAST_MSFILTER:
		return (set_filter(inp, val, len));
	default:
		return (set_group(inp, opt, val, len));
	}
}

static void
get_source(const struct mcast_member *mm, const struct mship *ms, unsigned i, struct vi_sockaddr *sa)
{
	if (ms->ms_v6)
		in6_recover(&mm->mm_srcs[i], 0, sa);
	else
		*sa = (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = mm->mm_srcs[i].in4 };
}

int
in_pcbmcast_get(struct inpcb *inp, void *buf, size_t *len)
{
	struct vi_group_filter *gf = buf;
	struct mcast_member *mm;
	struct mship ms;
	unsigned room;
	int error;

	if (*len < sizeof(*gf))
		return (EINVAL);
	room = (unsigned)((*len - sizeof(*gf)) / sizeof(gf->gf_slist[0]));
	room = MIN(room, gf->gf_numsrc);
	if ((error = mship_of(inp, &gf->gf_group, gf->gf_ifindex, gf->gf_ifaddr, &ms)) != 0)
		return (error);
	if (!mship_isgroup(&ms))
		return (EINVAL);
	if ((error = mship_lookup(inp, &ms, &mm)) != 0)
		return (error == EINVAL ? EADDRNOTAVAIL : error);
	room = MIN(room, mm->mm_nsrcs);
	for (unsigned i = 0; i < room; i++)
		get_source(mm, &ms, i, &gf->gf_slist[i]);
	gf->gf_fmode = mm->mm_include ? VI_MCAST_INCLUDE : VI_MCAST_EXCLUDE;
	gf->gf_numsrc = mm->mm_nsrcs;
	*len = sizeof(*gf) + room * sizeof(gf->gf_slist[0]);
	return (0);
}

/* Delivery */

bool
in_pcbmcast_wants(const struct inpcb *inp, const struct inet_pkt *pk)
{
	const bool v6 = pk->ip_ops->io_family == VI_AF_INET6;
	const struct mcast_member *mm;

	if (v6 ? !in6_multicast((const uint8_t *)pk->ip_dst.in6) : !in_multicast(pk->ip_dst.in4))
		return (true);
	if (inp->inp_mships != NULL && pk->ip_rcvif != NULL && (mm = mship_find(inp, &pk->ip_dst, pk->ip_rcvif->if_index)) != NULL)
		return (mcast_member_allows(mm, &pk->ip_src));
	return ((inp->inp_flags & (uint32_t)(v6 ? INP_NOMCASTALL6 : INP_NOMCASTALL)) == 0);
}
