/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending datagrams over IPv6 (RFC 8200 8.1). */
#include <errno.h>

#include "mbuf/mbuf.h"
#include "netinet/ip6/ip6_exts.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/udp/udp_var.h"

int
udp6_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct udp_vnet *uv = udp_vnet(so->so_vnet);
	struct ip6_path path;
	struct ip6_exts ie;
	struct ip6_out io;
	uint16_t dport;
	int error;

	if ((error = dgram6_out(inp, msg, &io, &path, &dport, &ie)) != 0)
		return (udp_fail(uv, m, error));
	/* Linux: port 0 is no destination that can be named. */
	if (dport == 0 && msg != NULL && msg->msg_hasname)
		return (udp_fail(uv, m, EINVAL));
	if (udp_toolong(uv, m, IPV6_MAXPACKET)) {
		dgram_toobig(inp, &in6_ops, &io.i6o_dst, dport, path.i6p_mtu);
		return (udp_fail(uv, m, EMSGSIZE));
	}
	if ((error = udp_train(inp, &in6_ops, m, msg, IP6_HLEN + (io.i6o_exts == NULL ? 0 : ip6_exts_len(io.i6o_exts)), path.i6p_mtu)) != 0 ||
	    (inp->inp_lport == 0 && (error = dgram_bindport(inp)) != 0))
		return (udp_fail(uv, m, error));
	if ((m = udp_header(m, inp, &in6_ops, &io.i6o_src, &io.i6o_dst, dport)) == NULL)
		return (udp_fail(uv, NULL, ENOBUFS));
	if ((error = ip6_output(so->so_vnet, m, &io)) != 0) {
		if (error == EMSGSIZE)
			dgram_toobig(inp, &in6_ops, &io.i6o_dst, dport, path.i6p_mtu);
		return (udp_fail(uv, NULL, error));
	}
	uv->uv_stat.udps_opackets++;
	return (0);
}
