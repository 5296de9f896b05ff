/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "udp" and its protosw. */
#include <errno.h>

#include "base/util.h"
#include "netinet/pcb/dgram.h"
#include "netinet/udp/udp_var.h"
#include "wire/ip.h"

VNET_STATE_DEFINE(udp);

static const struct udp_vnet udp_defaults = {
	.uv_recvspace = 208 * 1024,
	.uv_maxdgram = 65527,
	.uv_cksum = 1,
};

static const struct sysctl_desc udp_sysctls[] = {
	CTL_UINT("net.inet.udp.recvspace", CTL_RW, struct udp_vnet, uv_recvspace, 1024, SB_MAX, "Receive buffer of new sockets, bytes"),
	CTL_UINT("net.inet.udp.maxdgram", CTL_RW, struct udp_vnet, uv_maxdgram, 512, 65527, "Longest datagram sent"),
	CTL_INT("net.inet.udp.checksum", CTL_RW, struct udp_vnet, uv_cksum, 0, 1, "Compute checksums"),
	CTL_INT("net.inet.udp.blackhole", CTL_RW, struct udp_vnet, uv_blackhole, 0, 1, "Do not answer datagrams to closed ports"),
	CTL_INT("net.inet.udp.blackhole_local", CTL_RW, struct udp_vnet, uv_blackholelocal, 0, 1,
	    "net.inet.udp.blackhole holds for datagrams of this host too"),
	CTL_INT("net.inet.udp.log_in_vain", CTL_RW, struct udp_vnet, uv_vain, 0, 1, "Log datagrams to closed ports"),
	CTL_INT("net.inet6.udp6.rfc6935_port", CTL_RW, struct udp_vnet, uv_nosum6port, 0, 65535,
	    "Port that takes datagrams without checksum over IPv6; 0 = none"),
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
	const struct inet_ops *ops = so->so_proto->pr_family == VI_AF_INET ? &in_ops : &in6_ops;
	struct inpcb *inp;

	(void)proto;
	so->so_rcv.sb_hiwat = uv->uv_recvspace;
	return (in_pcballoc(udp_pcbinfo(uv, so->so_proto->pr_protocol), so, ops, &inp));
}

int
udp_set_tunnel(struct socket *so, udp_tunnel_fn *fn, udp_tunnel_ctl_fn *ctl, void *arg)
{
	struct udpcb *u;

	if (so->so_type != VI_SOCK_DGRAM || so->so_proto->pr_protocol != VI_IPPROTO_UDP || so->so_pcb == NULL)
		return (EINVAL);
	u = intoudpcb((struct inpcb *)so->so_pcb);
	if (fn != NULL && u->u_tunnel != NULL)
		return (EBUSY);
	u->u_tunnel = fn;
	u->u_tunnelctl = fn == NULL ? NULL : ctl;
	u->u_tunnelarg = fn == NULL ? NULL : arg;
	return (0);
}

static void
udp_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	dgram_pcblist(&udp_vnet(vn)->uv_pcbs, ps);
}

static void
udplite_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	dgram_pcblist(&udp_vnet(vn)->uv_lite, ps);
}

/* Both families and both protocols alike; pr_pcblist lists both families. */
#define UDP_PROTOSW(family, proto) \
	.pr_family = (family), \
	.pr_type = VI_SOCK_DGRAM, \
	.pr_protocol = (proto), \
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
	.pr_setopt = udp_setopt, \
	.pr_getopt = udp_getopt

const struct protosw udp_protosw = { UDP_PROTOSW(VI_AF_INET, VI_IPPROTO_UDP), .pr_pcblist = udp_pcblist };
const struct protosw udp6_protosw = { UDP_PROTOSW(VI_AF_INET6, VI_IPPROTO_UDP) };
const struct protosw udplite_protosw = { UDP_PROTOSW(VI_AF_INET, VI_IPPROTO_UDPLITE), .pr_pcblist = udplite_pcblist };
const struct protosw udplite6_protosw = { UDP_PROTOSW(VI_AF_INET6, VI_IPPROTO_UDPLITE) };

static int
udp_register(struct vnet *vn)
{
	static const struct protosw *const sw[] = { &udp_protosw, &udp6_protosw, &udplite_protosw, &udplite6_protosw };
	static const uint8_t protos[] = { VI_IPPROTO_UDP, VI_IPPROTO_UDPLITE };
	struct inet_proto pr = { .ip_input = udp_input };
	int error;

	for (unsigned i = 0; i < NITEMS(protos); i++) {
		pr.ip_proto = protos[i];
		pr.ip_ctlinput = protos[i] == VI_IPPROTO_UDP ? udp_ctlinput : udplite_ctlinput;
		if ((error = inet_proto_register(vn, &pr)) != 0)
			return (error);
	}
	for (unsigned i = 0; i < NITEMS(sw); i++)
		if ((error = proto_register(vn, sw[i])) != 0)
			return (error);
	return (0);
}

static int
udp_attach(struct vnet *vn)
{
	struct udp_vnet *uv = udp_vnet(vn);
	int error;

	if ((error = in_pcbinfo_init(&uv->uv_pcbs, vn, VI_IPPROTO_UDP, ACCT_PCB, sizeof(struct udpcb))) != 0)
		return (error);
	if ((error = in_pcbinfo_init(&uv->uv_lite, vn, VI_IPPROTO_UDPLITE, ACCT_PCB, sizeof(struct udpcb))) != 0)
		goto bad;
	if ((error = udp_register(vn)) == 0)
		return (0);
	in_pcbinfo_fini(&uv->uv_lite);
bad:
	in_pcbinfo_fini(&uv->uv_pcbs);
	return (error);
}

static void
udp_stop(struct vnet *vn)
{
	dgram_stop(&udp_vnet(vn)->uv_pcbs);
	dgram_stop(&udp_vnet(vn)->uv_lite);
}

static void
udp_detach(struct vnet *vn)
{
	in_pcbinfo_fini(&udp_vnet(vn)->uv_pcbs);
	in_pcbinfo_fini(&udp_vnet(vn)->uv_lite);
}

VNET_MODULE(udp,
	.vm_size = sizeof(struct udp_vnet),
	.vm_defaults = &udp_defaults,
	.vm_after = "ip icmp socket inpcb igmp mld",
	.vm_attach = udp_attach,
	.vm_stop = udp_stop,
	.vm_detach = udp_detach,
	.vm_sysctls = udp_sysctls,
	.vm_stats = udp_stats);
