/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>

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
	default:
		return (len < sizeof(sin) ? EINVAL : EAFNOSUPPORT);
	}
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
	return (sockaddr_parse(&ss, (size_t)(int)len, sa));
}

socklen_t
sockaddr_build(const struct vi_sockaddr *sa, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
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
