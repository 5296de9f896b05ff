/* SPDX-License-Identifier: BSD-2-Clause */
/* Ping sockets of IPv6 (datagram sockets of protocol ICMPv6), as those of ping.c. */
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip6/ip6_exts.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/raw/raw_var.h"

static int
ping6_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct ip6_path path;
	struct ip6_exts ie;
	struct ip6_out io;
	uint16_t fport;
	int error;

	if ((error = dgram6_out(inp, msg, &io, &path, &fport, &ie)) != 0 || (inp->inp_lport == 0 && (error = dgram_bindport(inp)) != 0))
		return (rip_fail(rv, m, error));
	m = ping_echo(m, inp, ICMP6_ECHO_REQUEST, &error);
	if (error != 0)
		return (rip_fail(rv, m, error));
	icmp6_cksum(m, &io.i6o_src, &io.i6o_dst);
	if ((error = ip6_output(so->so_vnet, m, &io)) != 0)
		return (rip_fail(rv, NULL, error));
	rv->rv_stat.rips_opackets++;
	return (0);
}

static int
ping6_attach(struct socket *so, int proto)
{
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct inpcb *inp;

	(void)proto;
	so->so_rcv.sb_hiwat = rv->rv_recvspace;
	return (in_pcballoc(&rv->rv_ping6, so, &in6_ops, &inp));
}

static void
ping6_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	dgram_pcblist(&rip_vnet(vn)->rv_ping6, ps);
}

const struct protosw ping6_protosw = {
	.pr_family = VI_AF_INET6,
	.pr_type = VI_SOCK_DGRAM,
	.pr_protocol = VI_IPPROTO_ICMPV6,
	.pr_flags = PR_ATOMIC | PR_ADDR,
	.pr_sndspace = 208 * 1024,
	.pr_rcvspace = 208 * 1024,
	.pr_attach = ping6_attach,
	.pr_close = dgram_detach,
	.pr_abort = dgram_detach,
	.pr_bind = dgram_bind,
	.pr_connect = ping_connect,
	.pr_disconnect = dgram_disconnect,
	.pr_send = ping6_send,
	.pr_sockaddr = dgram_sockaddr,
	.pr_peeraddr = dgram_peeraddr,
	.pr_setopt = dgram_setopt,
	.pr_getopt = dgram_getopt,
	.pr_pcblist = ping6_pcblist,
};
