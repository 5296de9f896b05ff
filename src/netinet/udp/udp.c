/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "udp" and its protosw. */
#include <errno.h>

#include "netinet/pcb/dgram.h"
#include "netinet/udp/udp_var.h"
#include "wire/ip.h"

VNET_STATE_DEFINE(udp);

static const struct udp_vnet udp_defaults = {
	.uv_recvspace = 208 * 1024,
	.uv_maxdgram = 65507,
	.uv_cksum = 1,
};

static const struct sysctl_desc udp_sysctls[] = {
	CTL_UINT("net.inet.udp.recvspace", CTL_RW, struct udp_vnet, uv_recvspace, 1024, SB_MAX, "Receive buffer of new sockets, bytes"),
	CTL_UINT("net.inet.udp.maxdgram", CTL_RW, struct udp_vnet, uv_maxdgram, 512, 65507, "Longest datagram sent"),
	CTL_INT("net.inet.udp.checksum", CTL_RW, struct udp_vnet, uv_cksum, 0, 1, "Compute checksums"),
	CTL_INT("net.inet.udp.blackhole", CTL_RW, struct udp_vnet, uv_blackhole, 0, 1, "Do not answer datagrams to closed ports"),
	CTL_END
};

static const struct stat_desc udp_stats[] = {
#define UDP_STAT_DESC(name, text)	STAT_IN("udp", struct udp_vnet, uv_stat, name, text),
	UDP_STATS(UDP_STAT_DESC)
#undef UDP_STAT_DESC
	STAT_END
};

static int
udp_so_attach(struct socket *so, int proto)
{
	struct udp_vnet *uv = udp_vnet(so->so_vnet);
	struct inpcb *inp;

	(void)proto;
	so->so_rcv.sb_hiwat = uv->uv_recvspace;
	return (in_pcballoc(&uv->uv_pcbs, so, so->so_proto->pr_family == VI_AF_INET ? &in_ops : &in6_ops, &inp));
}

static void
udp_pcblist(struct vnet *vn, vi_pcb_fn *fn, void *arg)
{
	dgram_pcblist(&udp_vnet(vn)->uv_pcbs, fn, arg);
}

/* Both families alike; pr_pcblist lists both. */
#define UDP_PROTOSW(family) \
	.pr_family = (family), \
	.pr_type = VI_SOCK_DGRAM, \
	.pr_protocol = VI_IPPROTO_UDP, \
	.pr_flags = PR_ATOMIC | PR_ADDR, \
	.pr_sndspace = 208 * 1024, \
	.pr_rcvspace = 208 * 1024, \
	.pr_attach = udp_so_attach, \
	.pr_close = dgram_detach, \
	.pr_abort = dgram_detach, \
	.pr_bind = dgram_bind, \
	.pr_connect = dgram_soconnect, \
	.pr_disconnect = dgram_disconnect, \
	.pr_send = udp_send, \
	.pr_sockaddr = dgram_sockaddr, \
	.pr_peeraddr = dgram_peeraddr, \
	.pr_setopt = dgram_setopt, \
	.pr_getopt = dgram_getopt

const struct protosw udp_protosw = { UDP_PROTOSW(VI_AF_INET), .pr_pcblist = udp_pcblist };
const struct protosw udp6_protosw = { UDP_PROTOSW(VI_AF_INET6) };

static int
udp_attach(struct vnet *vn)
{
	const struct inet_proto pr = { .ip_proto = IPPROTO_UDP, .ip_input = udp_input, .ip_ctlinput = udp_ctlinput };
	struct udp_vnet *uv = udp_vnet(vn);
	int error;

	if ((error = in_pcbinfo_init(&uv->uv_pcbs, vn, VI_IPPROTO_UDP)) != 0)
		return (error);
	if ((error = inet_proto_register(vn, &pr)) == 0 && (error = proto_register(vn, &udp_protosw)) == 0 &&
	    (error = proto_register(vn, &udp6_protosw)) == 0)
		return (0);
	in_pcbinfo_fini(&uv->uv_pcbs);
	return (error);
}

static void
udp_stop(struct vnet *vn)
{
	dgram_stop(&udp_vnet(vn)->uv_pcbs);
}

static void
udp_detach(struct vnet *vn)
{
	in_pcbinfo_fini(&udp_vnet(vn)->uv_pcbs);
}

VNET_MODULE(udp,
	.vm_size = sizeof(struct udp_vnet),
	.vm_defaults = &udp_defaults,
	.vm_after = "ip icmp socket inpcb",
	.vm_attach = udp_attach,
	.vm_stop = udp_stop,
	.vm_detach = udp_detach,
	.vm_sysctls = udp_sysctls,
	.vm_stats = udp_stats);
