/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/lx.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <linux/if_packet.h>

/* Without the zone: what RFC 2133 had, and Linux still takes. */
#define LX_FLOWINFO_MASK	0xfffffff
#define SIN6_OLDLEN	offsetof(struct sockaddr_in6, sin6_scope_id)

static int
parse_in6(const void *buf, size_t len, struct vi_sockaddr *sa)
{
	struct sockaddr_in6 sin6 = { 0 };

	if (len < SIN6_OLDLEN)
		return (EINVAL);
	memcpy(&sin6, buf, len < sizeof(sin6) ? SIN6_OLDLEN : sizeof(sin6));
	sa->sa_family = VI_AF_INET6;
	sa->sa_port = sin6.sin6_port;
	sa->sa_scope = sin6.sin6_scope_id;
	memcpy(sa->sa_in6, &sin6.sin6_addr, sizeof(sa->sa_in6));
	return (0);
}

static int
parse_ll(const void *buf, size_t len, struct vi_sockaddr *sa)
{
	struct sockaddr_ll sll;

	if (len < sizeof(sll))
		return (EINVAL);
	memcpy(&sll, buf, sizeof(sll));
	sa->sa_family = VI_AF_PACKET;
	sa->sa_port = sll.sll_protocol;
	sa->sa_scope = (uint32_t)sll.sll_ifindex;
	sa->sa_station.st_len = sll.sll_halen;
	memcpy(sa->sa_station.st_addr, sll.sll_addr, sizeof(sa->sa_station.st_addr));
	return (0);
}

/* With as much of an address as the link has. */
static socklen_t
build_ll(const struct vi_sockaddr *sa, struct sockaddr_ll *sll)
{
	const struct vi_station *st = &sa->sa_station;

	sll->sll_family = AF_PACKET;
	sll->sll_protocol = sa->sa_port;
	sll->sll_ifindex = (int)sa->sa_scope;
	sll->sll_hatype = st->st_hatype;
	sll->sll_pkttype = st->st_pkttype;
	sll->sll_halen = st->st_len;
	memcpy(sll->sll_addr, st->st_addr, sizeof(sll->sll_addr));
	return ((socklen_t)(offsetof(struct sockaddr_ll, sll_addr) + st->st_len));
}

int
sockaddr_parse(const void *buf, size_t len, struct vi_sockaddr *sa)
{
	struct sockaddr_in sin;
	sa_family_t family;

	memset(sa, 0, sizeof(*sa));
	if (len < sizeof(family))
		return (EINVAL);
	memcpy(&family, buf, sizeof(family));
	switch (family) {
	case AF_UNSPEC:
		if (len >=
		    sizeof(sin)) { /* old programs: "any address" for bind, see lx_sys_bind */
			memcpy(&sin, buf, sizeof(sin));
			sa->sa_port = sin.sin_port;
			sa->sa_in = sin.sin_addr.s_addr;
		}
		sa->sa_family = VI_AF_UNSPEC;
		return (0);
	case AF_INET:
		if (len < sizeof(sin))
			return (EINVAL);
		memcpy(&sin, buf, sizeof(sin));
		sa->sa_family = VI_AF_INET;
		sa->sa_port = sin.sin_port;
		sa->sa_in = sin.sin_addr.s_addr;
		return (0);
	case AF_INET6:
		return (parse_in6(buf, len, sa));
	case AF_PACKET:
		return (parse_ll(buf, len, sa));
	default:
		return (len < sizeof(sin) ? EINVAL : EAFNOSUPPORT);
	}
}

uint8_t
sockaddr_family(int family)
{
	return (family == AF_INET6 ? VI_AF_INET6 : VI_AF_INET);
}

void
sockaddr_map(struct vi_sockaddr *sa)
{
	const uint32_t in = sa->sa_in;

	sa->sa_family = VI_AF_INET6;
	memset(sa->sa_in6, 0, 10);
	memset(sa->sa_in6 + 10, 0xff, 2);
	memcpy(sa->sa_in6 + 12, &in, sizeof(in));
}

int
sockaddr_suits(const struct vi_sockaddr *sa, int family, size_t len)
{
	if (len < (family == AF_INET6 ? SIN6_OLDLEN : sizeof(struct sockaddr_in)))
		return (EINVAL);
	return (sa->sa_family == sockaddr_family(family) ? 0 : EAFNOSUPPORT);
}

int
sockaddr_copyin(const struct lx_call *c, uint64_t addr, uint64_t len, struct vi_sockaddr *sa)
{
	struct sockaddr_storage ss;
	int error;

	if ((int)len < 0 || (int)len > (int)sizeof(ss))
		return (EINVAL);
	error = lx_copyin(c, addr, &ss, (size_t)(int)len);
	if (error != 0)
		return (error);
	error = sockaddr_parse(&ss, (size_t)(int)len, sa);
	/* A socket of IPv4 asks for as many bytes as its own addresses have, and then for the family. */
	if (error == EINVAL && c->c_sock->ls_family == AF_INET && len >= sizeof(struct sockaddr_in) && ss.ss_family == AF_INET6)
		return (EAFNOSUPPORT);
	return (error);
}

int
sockaddr_flow(const struct lx_call *c, uint64_t addr, uint64_t len, uint32_t *flow)
{
	struct sockaddr_in6 sin6;
	int error;

	*flow = 0;
	if (len < SIN6_OLDLEN)
		return (0);
	error = lx_copyin(c, addr, &sin6, SIN6_OLDLEN);
	if (error == 0 && sin6.sin6_family == AF_INET6)
		*flow = ntohl(sin6.sin6_flowinfo) & LX_FLOWINFO_MASK;
	return (error);
}

socklen_t
sockaddr_build(const struct vi_sockaddr *sa, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (sa->sa_family == VI_AF_PACKET)
		return (build_ll(sa, (struct sockaddr_ll *)ss));
	if (sa->sa_family == VI_AF_INET6) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = sa->sa_port;
		sin6->sin6_scope_id = sa->sa_scope;
		memcpy(&sin6->sin6_addr, sa->sa_in6, sizeof(sin6->sin6_addr));
		return (sizeof(*sin6));
	}
	sin->sin_family = AF_INET;
	sin->sin_port = sa->sa_port;
	sin->sin_addr.s_addr = sa->sa_in;
	return (sizeof(*sin));
}

int
sockaddr_copyout(
    const struct lx_call *c, const void *ss, socklen_t len, uint64_t addr, uint64_t lenp)
{
	int error, space;

	error = lx_copyin(c, lenp, &space, sizeof(space));
	if (error != 0)
		return (error);
	if (space < 0)
		return (EINVAL);
	error = lx_copyout(c, addr, ss, (socklen_t)space < len ? (size_t)space : len);
	if (error != 0)
		return (error);
	return (lx_copyout(c, lenp, &len, sizeof(len)));
}
