/* SPDX-License-Identifier: BSD-2-Clause */
/* Where datagrams of IPv6 go: the sibling of dgram_out() in dgram.c. */
#include <errno.h>
#include <string.h>

#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/pcb/in_pcb_int.h"
#include "netinet/pcb/in_pcbextra.h"
#include "vimage/priv.h"

static const uint8_t *
in6_bytes(const struct in_addr_any *a)
{
	return ((const uint8_t *)a->in6);
}

static int
dgram6_dest(struct inpcb *inp, const struct vi_msg *msg, struct ip6_out *io, uint16_t *fport)
{
	const struct inet_ops *ops;
	int error;

	*fport = inp->inp_fport;
	if ((error = dgram_name(inp, msg, &ops, &io->i6o_dst)) != 0)
		return (error);
	if (ops->io_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if (msg == NULL || !msg->msg_hasname) {
		if (!in6_multicast(in6_bytes(&io->i6o_dst)))
			io->i6o_nh = in_pcbroute(inp);
		return (0);
	}
	*fport = msg->msg_name.sa_port;
	/* As on Linux: nowhere is here. */
	if (in_addr_any_isany(&io->i6o_dst))
		io->i6o_dst.in6[3] = HTONL(1);
	/* Connected to the other family, or bound to hear a group: no address to send from. */
	if (inp->inp_ops->io_family != VI_AF_INET6 || in6_multicast(in6_bytes(&io->i6o_src)))
		io->i6o_src = in4_any(0);
	return (0);
}

/* RFC 3542 6.2: the source a message asks for; Linux calls one that is not ours EINVAL. */
static int
dgram6_override_src(struct inpcb *inp, const struct vi_msg *msg, struct ip6_out *io)
{
	struct vi_sockaddr sa = msg->msg_dst;
	const struct inet_ops *ops;
	struct in_addr_any src;
	int error;

	if (sa.sa_scope == 0 && (msg->msg_set & VI_MSGSET_IFINDEX) != 0)
		sa.sa_scope = msg->msg_ifindex;
	if ((error = in_pcbaddr(inp, &sa, &ops, &src)) != 0)
		return (error);
	if (ops->io_family != VI_AF_INET6)
		return (EINVAL);
	if (in_addr_any_isany(&src))
		return (0);
	if ((inp->inp_flags & INP_ANYADDR) == 0 && !in6_assigned(ip6_vnet(inp->inp_vnet), in6_bytes(&src), 0))
		return (EINVAL);
	if (!in_pcbjail_may(inp, INP_IPV6, &src))
		return (EADDRNOTAVAIL);
	io->i6o_src = src;
	return (0);
}

/* RFC 3542 6 to 9: headers in place of all that the socket has.  Options are for who may open raw sockets, as on Linux. */
static int
dgram6_override_exts(const struct inpcb *inp, const struct vi_exthdrs *eh, struct ip6_out *io, struct ip6_exts *ie)
{
	const struct vi_iovec *v;

	*ie = (struct ip6_exts){ 0 };
	for (unsigned i = 0; i < VI_EXT_N; i++) {
		v = &eh->ex_hdr[i];
		if (v->iov_len == 0)
			continue;
		if (ip6_ext_check(i, v->iov_base, v->iov_len) != 0)
			return (EINVAL);
		if (i != VI_EXT_RTHDR && vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_RAW) != 0)
			return (EPERM);
		ie->ie_hdr[i] = v->iov_base;
		ie->ie_len[i] = (uint16_t)v->iov_len;
	}
	io->i6o_nh = NULL;
	io->i6o_exts = ip6_exts_len(ie) != 0 ? ie : NULL;
	return (0);
}

static void
dgram6_override_frag(const struct vi_msg *msg, struct ip6_out *io)
{
	if ((msg->msg_set & VI_MSGSET_DONTFRAG) != 0 && io->i6o_mtudisc < 2)
		io->i6o_mtudisc = 2;
	if ((msg->msg_set & VI_MSGSET_MAYFRAG) != 0 && io->i6o_inp->inp_mtudisc6 < 2)
		io->i6o_mtudisc = io->i6o_inp->inp_mtudisc6;
}

/* RFC 3542 6: hop limit, traffic class, interface and source of one message; -1 is the default. */
static int
dgram6_override(struct inpcb *inp, const struct vi_msg *msg, struct ip6_out *io, struct ip6_exts *ie)
{
	int error;

	if ((msg->msg_flags & VI_MSG_DONTROUTE) != 0)
		io->i6o_flags |= INET_DONTROUTE;
	if ((msg->msg_set & VI_MSGSET_TTL) != 0) {
		if (msg->msg_ttl < -1 || msg->msg_ttl > 255)
			return (EINVAL);
		io->i6o_hlim = io->i6o_mcast_hlim = (int16_t)msg->msg_ttl;
	}
	if ((msg->msg_set & VI_MSGSET_TOS) != 0) {
		if (msg->msg_tos < -1 || msg->msg_tos > 255)
			return (EINVAL);
		io->i6o_tclass = (uint8_t)(msg->msg_tos == -1 ? 0 : msg->msg_tos);
	}
	if ((msg->msg_set & VI_MSGSET_IFINDEX) != 0 && msg->msg_ifindex != 0) {
		if (inp->inp_boundif != 0 && inp->inp_boundif != msg->msg_ifindex)
			return (EINVAL);
		/* Also where the way does not ask for it, to our own addresses. */
		if (ifnet_byindex(inp->inp_vnet, msg->msg_ifindex) == NULL)
			return (ENODEV);
		io->i6o_ifindex = msg->msg_ifindex;
		io->i6o_nh = NULL;
	}
	if ((msg->msg_set & VI_MSGSET_MARK) != 0) {
		if (vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_SOCKOPT) != 0)
			return (EPERM);
		io->i6o_marked = true;
		io->i6o_mark = msg->msg_mark;
		io->i6o_nh = NULL;
	}
	if ((msg->msg_set & VI_MSGSET_FLOW) != 0)
		io->i6o_flow = msg->msg_flow & IPV6_FLOWINFO_MASK;
	if ((msg->msg_set & (VI_MSGSET_DONTFRAG | VI_MSGSET_MAYFRAG)) != 0)
		dgram6_override_frag(msg, io);
	if ((msg->msg_set & VI_MSGSET_EXT) != 0 && (error = dgram6_override_exts(inp, msg->msg_exthdrs, io, ie)) != 0)
		return (error);
	return ((msg->msg_set & VI_MSGSET_ADDR) != 0 ? dgram6_override_src(inp, msg, io) : 0);
}

static int
dgram6_source(struct inpcb *inp, struct ip6_out *io, const struct ip6_path *path)
{
	struct vnet *vn = inp->inp_vnet;
	const struct in6_ifaddr *ia;

	if (!in_addr_any_isany(&io->i6o_src))
		return (0);
	/* What goes to one of our own addresses comes from that address. */
	if (path->i6p_local && in6_localaddr(ip6_vnet(vn), in6_bytes(&io->i6o_dst))) {
		io->i6o_src = io->i6o_dst;
		return (in_pcbjail_source(inp, inp->inp_info->ipi_ops6, &io->i6o_dst, &io->i6o_src));
	}
	if ((ia = in6_selectsrc(vn, path, &io->i6o_dst, in6_prefertemp(vn, inp))) == NULL)
		return (EADDRNOTAVAIL);
	memcpy(io->i6o_src.in6, ia6_addr(ia), sizeof(io->i6o_src.in6));
	return (in_pcbjail_source(inp, inp->inp_info->ipi_ops6, &io->i6o_dst, &io->i6o_src));
}

/* VI_IPV6_UNICAST_IF: the way of what has no other, and goes to no group. */
static void
dgram6_ucastif(const struct inpcb *inp, struct ip6_out *io)
{
	if (io->i6o_ifindex == 0 && !in6_multicast(in6_bytes(&io->i6o_dst)) && in6_zone(in6_bytes(&io->i6o_dst)) == 0)
		io->i6o_ifindex = inp->inp_extra->ex_ucastif6;
}

int
dgram6_out(struct inpcb *inp, const struct vi_msg *msg, struct ip6_out *io, struct ip6_path *path, uint16_t *fport, struct ip6_exts *ie)
{
	int error;

	ip6_out_init(io, inp, 0);
	if ((error = dgram6_dest(inp, msg, io, fport)) != 0 || (msg != NULL && (error = dgram6_override(inp, msg, io, ie)) != 0))
		return (error);
	if (inp->inp_extra != NULL)
		dgram6_ucastif(inp, io);
	if ((error = ip6_route(inp->inp_vnet, io, path)) != 0)
		return (error);
	return (dgram6_source(inp, io, path));
}
