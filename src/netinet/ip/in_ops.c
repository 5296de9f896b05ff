/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 as the transports see it. */
#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/in_pcb.h"

static int
in_output(struct inpcb *inp, struct mbuf *m, unsigned flags)
{
	struct ip_out io;

	ip_out_init(&io, inp, flags);
	if (!in_multicast(io.io_dst))
		io.io_nh = in_pcbroute(inp);
	return (ip_output(inp->inp_vnet, m, &io));
}

static int
in_send(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m)
{
	const struct ip_out io = {
		.io_src = fl->if_laddr.in4,
		.io_dst = fl->if_faddr.in4,
		.io_fib = fl->if_fib,
		.io_flowid = fl->if_flowid,
		.io_proto = proto,
		.io_tos = fl->if_tos,
		.io_ttl = fl->if_ttl,
		.io_mcast_ttl = 1,
		.io_mtudisc = fl->if_df ? IP_PMTUDISC_WANT : IP_PMTUDISC_DONT,
	};

	return (ip_output(vn, m, &io));
}

static uint16_t
in_ops_pseudo(const struct in_addr_any *src, const struct in_addr_any *dst, uint8_t proto, uint32_t len)
{
	return (cksum_reduce(in_pseudo(src->in4, dst->in4, proto, (uint16_t)len)));
}

static int
in_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	struct ip_path path;
	struct ip_out io;
	int error;

	ip_out_init(&io, inp, 0);
	io.io_dst = faddr->in4;
	if ((error = ip_route(inp->inp_vnet, &io, &path)) != 0)
		return (error);
	if (path.ip_bcast && (io.io_flags & INET_BROADCAST) == 0)
		return (EACCES);
	if (inp->inp_laddr.in4 != 0) {
		*laddr = inp->inp_laddr;
		return (0);
	}
	if (path.ip_ifa == NULL)
		return (EADDRNOTAVAIL);
	/* A connection to one of our own addresses comes from that address. */
	*laddr = in4_any(path.ip_local && in_localaddr(ip_vnet(inp->inp_vnet), io.io_dst) ? io.io_dst : path.ip_ifa->ifa_addr.na_in);
	return (0);
}

static uint32_t
in_pathmtu(struct vnet *vn, uint32_t fib, const struct in_addr_any *faddr)
{
	const struct nhop *nh = fib4_lookup(vn, fib, faddr->in4);

	return (nh == NULL ? IP_MSS : nhop_mtu(nh));
}

static bool
in_islocal(struct vnet *vn, const struct in_addr_any *a)
{
	return (in_localaddr(ip_vnet(vn), a->in4));
}

static bool
in_isbcast(struct vnet *vn, const struct in_addr_any *a)
{
	const struct nhop *nh;
	struct ip_path path;

	if (in_multicast(a->in4) || in_broadcast(a->in4))
		return (true);
	if ((nh = fib4_lookup(vn, 0, a->in4)) == NULL)
		return (false);
	ip_path_nhop(nh, a->in4, &path);
	return (path.ip_bcast);
}

static void
in_ops_sockaddr(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa_family = VI_AF_INET;
	sa->sa_port = port;
	sa->sa_in = a->in4;
}

const struct inet_ops in_ops = {
	.io_family = VI_AF_INET,
	.io_hdrlen = IP_MINHLEN,
	.io_output = in_output,
	.io_send = in_send,
	.io_pseudo = in_ops_pseudo,
	.io_source = in_source,
	.io_pathmtu = in_pathmtu,
	.io_islocal = in_islocal,
	.io_isbcast = in_isbcast,
	.io_sockaddr = in_ops_sockaddr,
};
