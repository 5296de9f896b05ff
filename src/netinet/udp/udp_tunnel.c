/* SPDX-License-Identifier: BSD-2-Clause */
/* What tunnels in UDP have in common: a socket of the stack's own on their port, and the header. */
#include "netinet/udp/udp.h"

#include <errno.h>

#include "mbuf/mbuf.h"
#include "netinet/inet_ops.h"
#include "socket/socket.h"
#include "wire/ip.h"
#include "wire/udp.h"

int
udp_tunnel_open(struct vnet *vn, const struct inet_ops *io, uint16_t port, udp_tunnel_fn *fn, udp_tunnel_ctl_fn *ctl, void *arg, struct socket **sop)
{
	const struct vi_cred cred = { .cr_priv = true };
	const struct vi_sockaddr sa = { .sa_family = io->io_family, .sa_port = HTONS(port) };
	const int on = 1;
	struct socket *so;
	int error;

	if ((error = socreate(vn, sa.sa_family, VI_SOCK_DGRAM, 0, &cred, &so)) != 0)
		return (error);
	if ((sa.sa_family == VI_AF_INET6 && (error = sosetopt(so, VI_IPV6_V6ONLY, &on, sizeof(on))) != 0) || (error = sobind(so, &sa)) != 0 ||
	    (error = udp_set_tunnel(so, fn, ctl, arg)) != 0)
		soclose(so);
	else
		*sop = so;
	return (error);
}

void
udp_tunnel_close(struct socket **sop)
{
	struct socket *so = *sop;

	if (so == NULL)
		return;
	*sop = NULL;
	(void)udp_set_tunnel(so, NULL, NULL, NULL);
	soclose(so);
}

struct mbuf *
udp_tunnel_header(struct mbuf *m, const struct inet_ops *io, const struct in_addr_any *src, const struct in_addr_any *dst, uint16_t sport,
    uint16_t dport)
{
	struct udphdr *uh;

	if ((m = m_prepend(m, UDP_HDRLEN)) == NULL)
		return (NULL);
	uh = mtod(m, struct udphdr *);
	uh->uh_sport = sport;
	uh->uh_dport = dport;
	uh->uh_ulen = HTONS((uint16_t)m->m_pkt.len);
	uh->uh_sum = io->io_pseudo(src, dst, VI_IPPROTO_UDP, m->m_pkt.len);
	m->m_pkt.csum_flags = CSUM_UDP;
	m->m_pkt.segsz = 0;
	return (m);
}
