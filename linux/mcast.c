/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's many forms of group membership and source filters (ip(7), RFC 3678), told to the vnet in
 * the one form it has.  Where Linux's families disagree on an errno, so do we.
 */
#include "linux/lx.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MSF_HDRLEN	offsetof(struct ip_msfilter, imsf_slist)
#define GF_HDRLEN	offsetof(struct group_filter, gf_slist)

/* Not of the family of the level. */
static bool
mcast_family(int level, const struct sockaddr_storage *ss)
{
	return (ss->ss_family == (level == IPPROTO_IPV6 ? AF_INET6 : AF_INET));
}

static struct vi_sockaddr
mcast_addr(const void *p)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_UNSPEC };
	struct sockaddr_storage ss;

	memcpy(&ss, p, sizeof(ss));
	if (ss.ss_family == AF_INET) {
		sa.sa_family = VI_AF_INET;
		sa.sa_in = ((const struct sockaddr_in *)&ss)->sin_addr.s_addr;
	} else if (ss.ss_family == AF_INET6) {
		sa.sa_family = VI_AF_INET6;
		memcpy(sa.sa_in6, &((const struct sockaddr_in6 *)&ss)->sin6_addr, sizeof(sa.sa_in6));
	}
	return (sa);
}

static struct vi_sockaddr
mcast_addr4(uint32_t a)
{
	return ((struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = a });
}

/* struct ip_mreq, ip_mreqn, or group_req. */
int
mcast_set_group(struct lx_sock *ls, int level, int name, int vi, const uint8_t *buf, size_t len)
{
	struct ip_mreqn mr = { .imr_ifindex = 0 };
	struct vi_group_req vgr;
	struct group_req gr;

	if (name != MCAST_JOIN_GROUP && name != MCAST_LEAVE_GROUP) {
		if (ls->ls_kind == LXK_STREAM)
			return (EPROTO);
		if (len < sizeof(struct ip_mreq))
			return (EINVAL);
		memcpy(&mr, buf, len < sizeof(mr) ? sizeof(struct ip_mreq) : sizeof(mr));
		vgr = (struct vi_group_req){ (uint32_t)mr.imr_ifindex, mr.imr_address.s_addr,
			mcast_addr4(mr.imr_multiaddr.s_addr) };
	} else {
		if (len < sizeof(gr))
			return (EINVAL);
		memcpy(&gr, buf, sizeof(gr));
		if (!mcast_family(level, &gr.gr_group))
			return (level == IPPROTO_IPV6 ? EADDRNOTAVAIL : EINVAL);
		vgr = (struct vi_group_req){ gr.gr_interface, 0, mcast_addr(&gr.gr_group) };
	}
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)vi, &vgr, sizeof(vgr)));
}

/* struct ip_mreq_source or group_source_req. */
int
mcast_set_source(struct lx_sock *ls, int level, int name, int vi, const uint8_t *buf, size_t len)
{
	struct vi_group_source_req vgsr = { .gsr_ifindex = 0 };
	struct group_source_req gsr;
	struct ip_mreq_source ms;

	if (level == IPPROTO_IP && name <= IP_DROP_SOURCE_MEMBERSHIP) {
		if (len != sizeof(ms))
			return (EINVAL);
		memcpy(&ms, buf, sizeof(ms));
		vgsr.gsr_ifaddr = ms.imr_interface.s_addr;
		vgsr.gsr_group = mcast_addr4(ms.imr_multiaddr.s_addr);
		vgsr.gsr_source = mcast_addr4(ms.imr_sourceaddr.s_addr);
	} else {
		if (len < sizeof(gsr))
			return (EINVAL);
		memcpy(&gsr, buf, sizeof(gsr));
		if (!mcast_family(level, &gsr.gsr_group) || !mcast_family(level, &gsr.gsr_source))
			return (EADDRNOTAVAIL);
		vgsr.gsr_ifindex = gsr.gsr_interface;
		vgsr.gsr_group = mcast_addr(&gsr.gsr_group);
		vgsr.gsr_source = mcast_addr(&gsr.gsr_source);
	}
	return (vi_setsockopt(ls->ls_so, (enum vi_sockopt)vi, &vgsr, sizeof(vgsr)));
}

/* A filter as the vnet has it, with room for n sources; NULL without memory. */
static struct vi_group_filter *
mcast_filter(size_t n, size_t *size)
{
	*size = sizeof(struct vi_group_filter) + n * sizeof(struct vi_sockaddr);
	return (calloc(1, *size));
}

/* How many of the sources that a program speaks of fit what it passed. */
static uint32_t
mcast_fit(size_t len, size_t hdrlen, size_t each, uint32_t n)
{
	const size_t fit = (len - hdrlen) / each;

	return (n < fit ? n : (uint32_t)fit);
}

/* The head of struct ip_msfilter or group_filter: all but the sources, of which there are n. */
static struct vi_group_filter *
mcast_filter_head(int name, const uint8_t *buf, size_t len, uint32_t *n, size_t *size)
{
	struct vi_group_filter *vgf;
	struct group_filter gf;
	struct ip_msfilter mf;

	memcpy(&mf, buf, MSF_HDRLEN);
	if (name == IP_MSFILTER) {
		*n = mcast_fit(len, MSF_HDRLEN, sizeof(mf.imsf_slist[0]), mf.imsf_numsrc);
		if ((vgf = mcast_filter(*n, size)) == NULL)
			return (NULL);
		vgf->gf_ifaddr = mf.imsf_interface.s_addr;
		vgf->gf_group = mcast_addr4(mf.imsf_multiaddr.s_addr);
		vgf->gf_fmode = mf.imsf_fmode;
		vgf->gf_numsrc = mf.imsf_numsrc;
		return (vgf);
	}
	memcpy(&gf, buf, GF_HDRLEN);
	*n = mcast_fit(len, GF_HDRLEN, sizeof(gf.gf_slist[0]), gf.gf_numsrc);
	if ((vgf = mcast_filter(*n, size)) == NULL)
		return (NULL);
	vgf->gf_ifindex = gf.gf_interface;
	vgf->gf_group = mcast_addr(&gf.gf_group);
	vgf->gf_fmode = gf.gf_fmode;
	vgf->gf_numsrc = gf.gf_numsrc;
	return (vgf);
}

/* What does not hold the sources it speaks of is refused by the vnet, as is what holds too many. */
int
mcast_set_filter(struct lx_sock *ls, int level, int name, const uint8_t *buf, size_t len)
{
	struct vi_group_filter *vgf;
	uint32_t a, i, n;
	size_t size;
	int error;

	if (len < (name == IP_MSFILTER ? MSF_HDRLEN : GF_HDRLEN))
		return (EINVAL);
	if ((vgf = mcast_filter_head(name, buf, len, &n, &size)) == NULL)
		return (ENOBUFS);
	for (i = 0; i < n && name == IP_MSFILTER; i++) {
		memcpy(&a, buf + MSF_HDRLEN + i * sizeof(a), sizeof(a));
		vgf->gf_slist[i] = mcast_addr4(a);
	}
	for (i = 0; i < n && name != IP_MSFILTER; i++)
		vgf->gf_slist[i] = mcast_addr(buf + GF_HDRLEN + i * sizeof(struct sockaddr_storage));
	if (vgf->gf_group.sa_family != (level == IPPROTO_IPV6 ? VI_AF_INET6 : VI_AF_INET))
		error = level == IPPROTO_IPV6 ? EINVAL : EADDRNOTAVAIL;
	else
		error = vi_setsockopt(ls->ls_so, VI_MCAST_MSFILTER, vgf, size);
	free(vgf);
	return (error);
}

static void
mcast_put_source(uint8_t *p, int name, const struct vi_sockaddr *sa)
{
	struct sockaddr_storage ss = { .ss_family = 0 };

	if (name == IP_MSFILTER) {
		memcpy(p, &sa->sa_in, sizeof(sa->sa_in));
		return;
	}
	if (sa->sa_family == VI_AF_INET) {
		ss.ss_family = AF_INET;
		((struct sockaddr_in *)&ss)->sin_addr.s_addr = sa->sa_in;
	} else {
		ss.ss_family = AF_INET6;
		memcpy(&((struct sockaddr_in6 *)&ss)->sin6_addr, sa->sa_in6, sizeof(sa->sa_in6));
	}
	memcpy(p, &ss, sizeof(ss));
}

/* buf holds what the program passed, *len bytes of it. */
int
mcast_get_filter(struct lx_sock *ls, int level, int name, uint8_t *buf, size_t *len)
{
	const size_t hdrlen = name == IP_MSFILTER ? MSF_HDRLEN : GF_HDRLEN;
	const size_t each = name == IP_MSFILTER ? sizeof(struct in_addr) : sizeof(struct sockaddr_storage);
	struct vi_group_filter *vgf;
	struct group_filter gf;
	struct ip_msfilter mf;
	size_t size;
	uint32_t n;
	int error;

	if (*len < hdrlen)
		return (EINVAL);
	if ((vgf = mcast_filter_head(name, buf, *len, &n, &size)) == NULL)
		return (ENOBUFS);
	if (vgf->gf_group.sa_family != (level == IPPROTO_IPV6 ? VI_AF_INET6 : VI_AF_INET))
		error = level == IPPROTO_IPV6 ? EADDRNOTAVAIL : EINVAL;
	else
		error = vi_getsockopt(ls->ls_so, VI_MCAST_MSFILTER, vgf, &size);
	if (error != 0) {
		free(vgf);
		return (error);
	}
	n = vgf->gf_numsrc < n ? vgf->gf_numsrc : n;
	for (uint32_t i = 0; i < n; i++)
		mcast_put_source(buf + hdrlen + i * each, name, &vgf->gf_slist[i]);
	if (name == IP_MSFILTER) {
		memcpy(&mf, buf, MSF_HDRLEN);
		mf.imsf_fmode = vgf->gf_fmode;
		mf.imsf_numsrc = vgf->gf_numsrc;
		memcpy(buf, &mf, MSF_HDRLEN);
	} else {
		memcpy(&gf, buf, GF_HDRLEN);
		gf.gf_fmode = vgf->gf_fmode;
		gf.gf_numsrc = vgf->gf_numsrc;
		memcpy(buf, &gf, GF_HDRLEN);
	}
	*len = hdrlen + n * each;
	free(vgf);
	return (0);
}
