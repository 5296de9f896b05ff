/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of IPv6 that are no plain number, and interfaces by their index. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>

/* The interface alone means something, as on Linux. */
int
opt6_set_pktinfo(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	struct in6_pktinfo pi;
	int index;

	if (len < sizeof(pi))
		return (EINVAL);
	memcpy(&pi, buf, sizeof(pi));
	index = (int)pi.ipi6_ifindex;
	return (vi_setsockopt(ls->ls_so, VI_IPV6_PKTINFO, &index, sizeof(index)));
}

/* In network order, and nothing but an int will do. */
int
opt6_set_index(struct lx_sock *ls, enum vi_sockopt vi, const uint8_t *buf, size_t len)
{
	uint32_t index;

	if (len != sizeof(index))
		return (EINVAL);
	memcpy(&index, buf, sizeof(index));
	index = ntohl(index);
	return (vi_setsockopt(ls->ls_so, vi, &index, sizeof(index)));
}

int
opt6_get_index(struct lx_sock *ls, enum vi_sockopt vi, uint8_t *buf, size_t *len)
{
	uint32_t index;
	size_t size = sizeof(index);
	int error;

	if ((error = vi_getsockopt(ls->ls_so, vi, &index, &size)) != 0)
		return (error);
	index = htonl(index);
	if (vi == VI_IP_UNICAST_IF && *len > 0 && *len < sizeof(index) && index <= 255)
		*len = 1;			/* one byte, as old programs want it */
	return (opt_put(buf, len, &index, sizeof(index)));
}

int
opt6_get_pathmtu(struct lx_sock *ls, uint8_t *buf, size_t *len)
{
	struct ip6_mtuinfo mi = { .ip6m_mtu = 0 };
	size_t size = sizeof(mi.ip6m_mtu);
	int error;

	if (*len < sizeof(mi))
		return (EINVAL);
	if ((error = vi_getsockopt(ls->ls_so, VI_IPV6_MTU, &mi.ip6m_mtu, &size)) != 0)
		return (error);
	return (opt_put(buf, len, &mi, sizeof(mi)));
}
