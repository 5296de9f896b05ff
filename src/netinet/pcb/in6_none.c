/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network layer of IPv6 in a build that has none: AF_INET6 sockets carry IPv4 (RFC 3493 3.7), and every IPv6 address is unreachable.
 * Weak: the real one takes its place.
 */
#include <errno.h>
#include <string.h>

#include "mbuf/mbuf.h"
#include "netinet/pcb/in_pcb_int.h"

static int
in6_none_output(struct inpcb *inp, struct mbuf *m, unsigned flags)
{
	(void)inp, (void)flags;
	m_freem(m);
	return (ENETUNREACH);
}

static int
in6_none_send(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m)
{
	(void)vn, (void)fl, (void)proto;
	m_freem(m);
	return (ENETUNREACH);
}

static int
in6_none_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	(void)inp, (void)faddr, (void)laddr;
	return (ENETUNREACH);
}

static bool
in6_none_is(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn, (void)a;
	return (false);
}

static void
in6_none_sockaddr(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	*sa = (struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_port = port };
	memcpy(sa->sa_in6, a->in6, sizeof(sa->sa_in6));
}

__attribute__((weak)) const struct inet_ops in6_ops = {
	.io_family = VI_AF_INET6,
	.io_hdrlen = 40,
	.io_output = in6_none_output,
	.io_send = in6_none_send,
	.io_source = in6_none_source,
	.io_islocal = in6_none_is,
	.io_isbcast = in6_none_is,
	.io_sockaddr = in6_none_sockaddr,
};
