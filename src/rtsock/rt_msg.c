/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of routing sockets: a header and the addresses that its mask names. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "net/ifnet.h"
#include "rtsock/rtsock_int.h"

#define RTM_FLAGS	(VI_RTF_GATEWAY | VI_RTF_HOST | VI_RTF_REJECT | VI_RTF_BLACKHOLE | VI_RTF_PROHIBIT | VI_RTF_THROW | VI_RTF_EXCL)
#define RTA_ALL		(VI_RTA_DST | VI_RTA_GATEWAY | VI_RTA_NETMASK | VI_RTA_IFP | VI_RTA_IFA | VI_RTA_BRD)

_Static_assert(sizeof(struct vi_rt_msghdr) % 8 == 0 && sizeof(struct vi_sockaddr) % 8 == 0, "addresses follow one another");
_Static_assert(sizeof(struct vi_rt_msghdr) + 6 * sizeof(struct vi_sockaddr) <= VI_RTM_MAXMSG, "all addresses fit");

/* Making them */

static void
rtmsg_begin(struct rtmsg *rm, enum vi_rtm_type type, size_t hdrlen)
{
	*rm = (struct rtmsg){ .rm_fib = -1 };
	rm->rm_rtm.rtm_msglen = (uint16_t)hdrlen;
	rm->rm_rtm.rtm_version = VI_RTM_VERSION;
	rm->rm_rtm.rtm_type = (uint8_t)type;
}

/* The callers add addresses in the order of their bits. */
static void
rtmsg_put(struct rtmsg *rm, uint32_t *addrs, uint32_t bit, const struct vi_sockaddr *sa)
{
	memcpy(rm->rm_buf + rm->rm_rtm.rtm_msglen, sa, sizeof(*sa));
	rm->rm_rtm.rtm_msglen = (uint16_t)(rm->rm_rtm.rtm_msglen + sizeof(*sa));
	*addrs |= bit;
}

static struct vi_sockaddr
rtmsg_link(uint32_t index, const char *name)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_LINK, .sa_scope = index };

	memcpy(sa.sa_bytes, name, VI_IFNAMSIZ);
	return (sa);
}

static struct vi_sockaddr
rtmsg_mask(uint8_t family, unsigned len)
{
	struct vi_sockaddr sa = { .sa_family = family };

	for (unsigned i = 0; i < sizeof(sa.sa_bytes) && len > 0; i++, len -= MIN(len, 8u))
		sa.sa_bytes[i] = (uint8_t)(0xff00 >> MIN(len, 8u));
	return (sa);
}

void
rtmsg_route(struct rtmsg *rm, enum vi_rtm_type type, const struct vi_route *rt)
{
	const struct vi_sockaddr ifp = rtmsg_link(rt->rt_ifindex, rt->rt_ifname), mask = rtmsg_mask(rt->rt_dst.sa_family, rt->rt_prefixlen);
	struct vi_rt_msghdr *rtm = &rm->rm_rtm;

	rtmsg_begin(rm, type, sizeof(*rtm));
	rm->rm_family = rt->rt_dst.sa_family;
	rm->rm_fib = (int)rt->rt_fib;
	rtm->rtm_index = rt->rt_ifindex;
	rtm->rtm_flags = rt->rt_flags;
	rtm->rtm_fib = rt->rt_fib;
	rtm->rtm_mtu = rt->rt_mtu;
	rtm->rtm_weight = rt->rt_weight;
	rtm->rtm_metric = rt->rt_metric;
	rtm->rtm_proto = rt->rt_proto;
	rtm->rtm_use = rt->rt_use;
	rtm->rtm_expire = rt->rt_expire;
	rtmsg_put(rm, &rtm->rtm_addrs, VI_RTA_DST, &rt->rt_dst);
	rtmsg_put(rm, &rtm->rtm_addrs, VI_RTA_GATEWAY, rt->rt_gateway.sa_family == VI_AF_UNSPEC ? &ifp : &rt->rt_gateway);
	if ((rt->rt_flags & VI_RTF_HOST) == 0)
		rtmsg_put(rm, &rtm->rtm_addrs, VI_RTA_NETMASK, &mask);
	rtmsg_put(rm, &rtm->rtm_addrs, VI_RTA_IFP, &ifp);
	if (rt->rt_ifa.sa_family != VI_AF_UNSPEC)
		rtmsg_put(rm, &rtm->rtm_addrs, VI_RTA_IFA, &rt->rt_ifa);
}

/* The address of all hosts of a network; there is none in two addresses or one (RFC 3021). */
static struct vi_sockaddr
rtmsg_broadcast(const struct vi_sockaddr *addr, unsigned len)
{
	const struct vi_sockaddr mask = rtmsg_mask(VI_AF_INET, len);
	struct vi_sockaddr sa = *addr;

	sa.sa_in |= ~mask.sa_in;
	return (sa);
}

void
rtmsg_addr(struct rtmsg *rm, enum vi_rtm_type type, const struct vi_rtevent *ev)
{
	const struct vi_route *rt = &ev->ev_route;
	const uint8_t family = rt->rt_ifa.sa_family;
	const struct vi_sockaddr ifp = rtmsg_link(rt->rt_ifindex, rt->rt_ifname), mask = rtmsg_mask(family, rt->rt_prefixlen);
	struct vi_ifa_msghdr *ifam = &rm->rm_ifam;
	struct vi_sockaddr brd;

	rtmsg_begin(rm, type, sizeof(*ifam));
	rm->rm_family = family;
	ifam->ifam_index = rt->rt_ifindex;
	rtmsg_put(rm, &ifam->ifam_addrs, VI_RTA_NETMASK, &mask);
	rtmsg_put(rm, &ifam->ifam_addrs, VI_RTA_IFP, &ifp);
	rtmsg_put(rm, &ifam->ifam_addrs, VI_RTA_IFA, &rt->rt_ifa);
	if (family == VI_AF_INET && rt->rt_prefixlen < 31 && (ev->ev_ifflags & VI_IFF_BROADCAST) != 0) {
		brd = rtmsg_broadcast(&rt->rt_ifa, rt->rt_prefixlen);
		rtmsg_put(rm, &ifam->ifam_addrs, VI_RTA_BRD, &brd);
	}
}

/* ifp: what is known of it now; NULL: it is gone. */
void
rtmsg_if(struct rtmsg *rm, const struct vi_rtevent *ev, const struct ifnet *ifp)
{
	const struct vi_sockaddr link = rtmsg_link(ev->ev_route.rt_ifindex, ev->ev_route.rt_ifname);
	struct vi_if_msghdr *ifm = &rm->rm_ifm;

	rtmsg_begin(rm, VI_RTM_IFINFO, sizeof(*ifm));
	ifm->ifm_index = ev->ev_route.rt_ifindex;
	ifm->ifm_flags = ev->ev_ifflags;
	ifm->ifm_mtu = ev->ev_route.rt_mtu;
	if (ifp != NULL) {
		ifm->ifm_linkup = ifp->if_linkup;
		ifm->ifm_iftype = ifp->if_type;
		ifm->ifm_addrlen = ifp->if_addrlen;
		memcpy(ifm->ifm_lladdr, ifp->if_lladdr, sizeof(ifm->ifm_lladdr));
	}
	rtmsg_put(rm, &ifm->ifm_addrs, VI_RTA_IFP, &link);
}

void
rtmsg_announce(struct rtmsg *rm, const struct vi_rtevent *ev, unsigned what)
{
	rtmsg_begin(rm, VI_RTM_IFANNOUNCE, sizeof(rm->rm_ifan));
	rm->rm_ifan.ifan_index = ev->ev_route.rt_ifindex;
	memcpy(rm->rm_ifan.ifan_name, ev->ev_route.rt_ifname, VI_IFNAMSIZ);
	rm->rm_ifan.ifan_what = what;
}

void
rtmsg_miss(struct rtmsg *rm, uint32_t fib, const struct vi_sockaddr *dst)
{
	rtmsg_begin(rm, VI_RTM_MISS, sizeof(rm->rm_rtm));
	rm->rm_family = dst->sa_family;
	rm->rm_fib = (int)fib;
	rm->rm_rtm.rtm_fib = fib;
	rtmsg_put(rm, &rm->rm_rtm.rtm_addrs, VI_RTA_DST, dst);
}

void
rtmsg_error(struct rtmsg *rm, const struct rtreq *rq, const void *msg, size_t len, int error)
{
	*rm = (struct rtmsg){ .rm_fib = -1, .rm_family = rq->rq_route.rt_dst.sa_family };
	memcpy(rm->rm_buf, msg, len);
	rm->rm_rtm.rtm_errno = (uint32_t)error;
}

/* Reading them */

/* EINVAL: has holes. */
static int
rtmsg_masklen(const struct vi_sockaddr *mask, uint8_t family, uint8_t *len)
{
	const unsigned bytes = family == VI_AF_INET ? 4 : 16;
	struct vi_sockaddr again;

	*len = 0;
	while (*len < bytes * 8 && (mask->sa_bytes[*len / 8] & 0x80 >> *len % 8) != 0)
		++*len;
	again = rtmsg_mask(family, *len);
	return (mask->sa_family == family && memcmp(again.sa_bytes, mask->sa_bytes, bytes) == 0 ? 0 : EINVAL);
}

/* An interface by its name, or its index. */
static int
rtmsg_ifname(struct vnet *vn, const struct vi_sockaddr *link, struct vi_route *rt)
{
	const struct ifnet *ifp;

	if (link->sa_family != VI_AF_LINK)
		return (EAFNOSUPPORT);
	memcpy(rt->rt_ifname, link->sa_bytes, VI_IFNAMSIZ);
	if (rt->rt_ifname[VI_IFNAMSIZ - 1] != '\0')
		return (EINVAL);
	if (rt->rt_ifname[0] != '\0')
		return (0);
	if ((ifp = ifnet_byindex(vn, link->sa_scope)) == NULL)
		return (ENXIO);
	memcpy(rt->rt_ifname, ifp->if_xname, VI_IFNAMSIZ);
	return (0);
}

static bool
rtmsg_isaddr(const struct vi_sockaddr *sa)
{
	return (sa->sa_family == VI_AF_INET || sa->sa_family == VI_AF_INET6);
}

static int
rtmsg_take(struct vnet *vn, uint32_t bit, const struct vi_sockaddr *sa, struct rtreq *rq)
{
	struct vi_route *rt = &rq->rq_route;

	switch (bit) {
	case VI_RTA_DST:
		rt->rt_dst = *sa;
		rt->rt_prefixlen = sa->sa_family == VI_AF_INET ? 32 : 128;
		return (rtmsg_isaddr(sa) ? 0 : EAFNOSUPPORT);
	case VI_RTA_GATEWAY:
		if (sa->sa_family == VI_AF_LINK)
			return (rtmsg_ifname(vn, sa, rt));
		rt->rt_gateway = *sa;
		return (rtmsg_isaddr(sa) ? 0 : EAFNOSUPPORT);
	case VI_RTA_NETMASK:
		rq->rq_exact = true;
		return (rtmsg_masklen(sa, rt->rt_dst.sa_family, &rt->rt_prefixlen));
	case VI_RTA_IFP:
		return (rtmsg_ifname(vn, sa, rt));
	case VI_RTA_IFA:
		rt->rt_ifa = *sa;
		return (rtmsg_isaddr(sa) ? 0 : EAFNOSUPPORT);
	default:		/* BRD says nothing about a route */
		return (0);
	}
}

int
rtmsg_parse(struct vnet *vn, const void *buf, size_t len, struct rtreq *rq, int *error)
{
	const uint8_t *p = (const uint8_t *)buf + sizeof(rq->rq_hdr);
	struct vi_rt_msghdr *rtm = &rq->rq_hdr;
	struct vi_sockaddr sa;

	*rq = (struct rtreq){ 0 };
	*error = 0;
	if (len < sizeof(*rtm) || len > VI_RTM_MAXMSG)
		return (EINVAL);
	memcpy(rtm, buf, sizeof(*rtm));
	if (rtm->rtm_msglen != len || rtm->rtm_version != VI_RTM_VERSION || rtm->rtm_type < VI_RTM_ADD || rtm->rtm_type > VI_RTM_GET ||
	    (rtm->rtm_addrs & ~(uint32_t)RTA_ALL) != 0 || (rtm->rtm_addrs & VI_RTA_DST) == 0 ||
	    len != sizeof(*rtm) + (unsigned)__builtin_popcount(rtm->rtm_addrs) * sizeof(sa))
		return (EINVAL);
	rq->rq_route = (struct vi_route){
		.rt_flags = rtm->rtm_flags & RTM_FLAGS, .rt_fib = rtm->rtm_fib, .rt_mtu = rtm->rtm_mtu,
		.rt_weight = rtm->rtm_weight, .rt_metric = rtm->rtm_metric, .rt_proto = (uint8_t)rtm->rtm_proto, .rt_expire = rtm->rtm_expire,
	};
	for (uint32_t left = rtm->rtm_addrs; left != 0 && *error == 0; left &= left - 1, p += sizeof(sa)) {
		memcpy(&sa, p, sizeof(sa));
		*error = rtmsg_take(vn, left & (~left + 1), &sa, rq);
	}
	return (0);
}
