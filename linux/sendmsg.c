/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that a program sends with an address or with ancillary data. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <linux/capability.h>

struct send {
	uint64_t	 s_name;
	uint64_t	 s_namelen;
	unsigned	 s_niov;	/* in lx_iov */
	size_t		 s_len;
	uint64_t	 s_control;
	size_t		 s_controllen;
	int		 s_flags;
};

static int
send_parse_hdr(struct lx_call *c, uint64_t addr, struct send *s)
{
	struct msghdr mh;
	int error;

	error = lx_copyin(c, addr, &mh, sizeof(mh));
	if (error != 0)
		return (error);
	s->s_name = (uintptr_t)mh.msg_name;
	s->s_namelen = mh.msg_name != NULL ? mh.msg_namelen : 0;
	s->s_control = (uintptr_t)mh.msg_control;
	s->s_controllen = mh.msg_control != NULL ? mh.msg_controllen : 0;
	if (s->s_controllen > LX_MAXCONTROL)
		return (ENOBUFS);
	error = lx_copyin_vec(c, (uintptr_t)mh.msg_iov, mh.msg_iovlen, &s->s_len);
	s->s_niov = (unsigned)mh.msg_iovlen;
	return (error);
}

/* To Linux a raw socket of IPv6 is told the protocol in the place of a port. */
static bool
rawport_ok(const struct lx_sock *ls, uint16_t port)
{
	return (port == 0 || port == ls->ls_proto || (ls->ls_proto == IPPROTO_RAW && port <= 255));
}

static int
send_address(struct lx_call *c, const struct send *s, struct vi_msg *msg)
{
	int error;

	if (s->s_namelen == 0)
		return (0);
	if (c->c_sock->ls_family == AF_PACKET) {
		msg->msg_hasname = true;
		return (packet_address(c, s->s_name, s->s_namelen, &msg->msg_name));
	}
	error = sockaddr_copyin(c, s->s_name, s->s_namelen, &msg->msg_name);
	if (error == EAFNOSUPPORT && c->c_sock->ls_family == AF_INET6 && c->c_sock->ls_type == SOCK_DGRAM && c->c_sock->ls_proto != IPPROTO_ICMPV6)
		return (EINVAL);		/* UDP of IPv6 has no other word for it */
	if (error != 0)
		return (error);
	if (s->s_namelen < sizeof(struct sockaddr_in))
		return (EINVAL);
	if (c->c_sock->ls_family == AF_INET6) {
		if (msg->msg_name.sa_family == VI_AF_UNSPEC)	/* to the peer */
			return (0);
		if (c->c_sock->ls_type == SOCK_RAW && !rawport_ok(c->c_sock, ntohs(msg->msg_name.sa_port)))
			return (EINVAL);
		if (msg->msg_name.sa_family == VI_AF_INET)
			sockaddr_map(&msg->msg_name);
		msg->msg_hasname = true;
		return (0);
	}
	if (msg->msg_name.sa_family == VI_AF_INET6)
		return (EAFNOSUPPORT);
	msg->msg_name.sa_family = VI_AF_INET;	/* Linux takes AF_UNSPEC for it here */
	msg->msg_hasname = true;
	return (0);
}

/* Ancillary data, which stays in buf. */
static int
send_control(struct lx_call *c, const struct send *s, struct vi_msg *msg, uint8_t *buf, struct vi_exthdrs *eh)
{
	int error;

	if (s->s_controllen == 0)
		return (0);
	error = lx_copyin(c, s->s_control, buf, s->s_controllen);
	return (error != 0 ? error : control_parse(buf, s->s_controllen, msg, eh));
}

/* sin6_flowinfo, for who says that it means something; ancillary data is more. */
static int
send_flow(struct lx_call *c, const struct send *s, struct vi_msg *msg)
{
	uint32_t flow = 0;
	int error = 0;

	if (c->c_sock->ls_sndflow && s->s_namelen != 0 && (msg->msg_set & VI_MSGSET_FLOW) == 0 &&
	    (error = sockaddr_flow(c, s->s_name, s->s_namelen, &flow)) == 0) {
		msg->msg_flow = flow & LX_FLOWLABEL;
		msg->msg_set |= VI_MSGSET_FLOW;
	}
	return (error != 0 || (msg->msg_set & VI_MSGSET_FLOW) == 0 ? error : label_check(c->c_sock, msg->msg_flow));
}

/* What it takes a right for the caller has by a capability. */
static int
send_raised(struct lx_call *c, const struct vi_msg *msg, bool more)
{
	int error;

	if ((msg->msg_set & (VI_MSGSET_EXT | VI_MSGSET_MARK)) == 0)
		return (cork_send(c->c_sock, msg, more));
	(void)lx_sock_raise(c, LX_CAP(CAP_NET_RAW) | ((msg->msg_set & VI_MSGSET_EXT) == 0 ? LX_CAP(CAP_NET_ADMIN) : 0));
	error = cork_send(c->c_sock, msg, more);
	lx_sock_lower(c->c_sock);
	return (error);
}

/*
 * Who sends to its own stack finds it there when the call returns, as on Linux, and what it was answered, too; unless the stack has much to do otherwise.
 */
static void
send_arrives(struct lx_call *c, uint64_t looped)
{
	struct vi_vnet *vn = c->c_sock->ls_vnet;

	if (vi_vnet_looped(vn) != looped)
		lx_run(c->c_lx, vn);
}

static int64_t
send_inet(struct lx_call *c, const struct send *s)
{
	struct lx_sock *ls = c->c_sock;
	/* Of one that is too long so much that it is UDP who refuses, and can say how long it may be. */
	struct vi_iovec iov = { c->c_lx->lx_buf, s->s_len > UINT16_MAX ? UINT16_MAX : s->s_len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1,
		.msg_flags = (s->s_flags & MSG_DONTROUTE) != 0 ? VI_MSG_DONTROUTE : 0 };
	uint8_t control[LX_MAXCONTROL];
	struct vi_exthdrs eh;
	const bool more = (s->s_flags & MSG_MORE) != 0, udp = ls->ls_proto == IPPROTO_UDP || ls->ls_proto == IPPROTO_UDPLITE;
	uint64_t looped;
	int error;

	if (ls->ls_so == NULL)
		return (-ENETDOWN);
	looped = vi_vnet_looped(ls->ls_vnet);
	if ((s->s_flags & MSG_OOB) != 0 || (more && (!udp || ls->ls_type != SOCK_DGRAM)))
		return (-EOPNOTSUPP);
	if ((ls->ls_error != 0 || ls->ls_errshown) && (error = dgram_pending(c)) != 0)
		return (-error);
	if (s->s_len > UINT16_MAX && (ls->ls_cmsg & LXC_RECVERR6) == 0)
		return (-EMSGSIZE);
	error = send_address(c, s, &msg);
	if (error == 0)
		error = send_control(c, s, &msg, control, &eh);
	if (error == 0 && ls->ls_family == AF_INET6)
		error = send_flow(c, s, &msg);
	if (error == 0 && ls->ls_wrshut)
		error = EPIPE;
	if (error == 0) {
		dgram_tx(ls); /* what was sent natively before comes first; uses the buffer too */
		error = lx_copyin_iov(c, c->c_lx->lx_iov, s->s_niov, c->c_lx->lx_buf, iov.iov_len);
	}
	if (error == 0)
		error = send_raised(c, &msg, more);
	if (error != 0)
		return (-error);
	c->c_lx->lx_stats.ls_bytes_out += s->s_len;
	send_arrives(c, looped);
	return ((int64_t)s->s_len);
}

static int64_t
send_netlink(struct lx_call *c, const struct send *s)
{
	int error;

	if (s->s_len > LX_MAXDGRAM)
		return (-EMSGSIZE);
	if (s->s_namelen != 0 && (error = nl_destination(c, s->s_name, s->s_namelen)) != 0)
		return (-error);
	error = lx_copyin_iov(c, c->c_lx->lx_iov, s->s_niov, c->c_lx->lx_buf, s->s_len);
	if (error != 0)
		return (-error);
	nl_called(c);
	nl_input(c->c_sock, c->c_lx->lx_buf, s->s_len);
	return ((int64_t)s->s_len);
}

static int64_t
send_one(struct lx_call *c, const struct send *s)
{
	return (c->c_sock->ls_kind == LXK_NETLINK ? send_netlink(c, s) : send_inet(c, s));
}

int64_t
lx_sys_sendto(struct lx_call *c)
{
	struct send s = {.s_name = c->c_arg[4],
	    .s_namelen = c->c_arg[5],
	    .s_niov = 1,
	    .s_len = c->c_arg[2],
	    .s_flags = (int)c->c_arg[3]};

	if (c->c_sock->ls_kind == LXK_STREAM)
		return (stream_send(c));
	c->c_lx->lx_iov[0].iov_base = (void *)(uintptr_t)c->c_arg[1];
	c->c_lx->lx_iov[0].iov_len = s.s_len;
	return (send_one(c, &s));
}

int64_t
lx_sys_sendmsg(struct lx_call *c)
{
	struct send s = { .s_flags = (int)c->c_arg[2] };
	int error;

	if (c->c_sock->ls_kind == LXK_STREAM)
		return (stream_send(c));
	error = send_parse_hdr(c, c->c_arg[1], &s);
	return (error != 0 ? -error : send_one(c, &s));
}

/* The number sent; an error only when the first failed. */
int64_t
lx_sys_sendmmsg(struct lx_call *c)
{
	uint64_t addr = c->c_arg[1], i, n = (uint32_t)c->c_arg[2];
	unsigned len;
	int64_t result;
	int error;

	if (c->c_sock->ls_kind == LXK_STREAM)
		return ((result = stream_failed(c, EPIPE, false)) != 0 ? result : LX_CONTINUE);
	for (i = 0; i < n && i < LX_MAXIOV; i++, addr += sizeof(struct mmsghdr)) {
		struct send s = { .s_flags = (int)c->c_arg[3] };

		error = send_parse_hdr(c, addr, &s);
		result = error != 0 ? -error : send_one(c, &s);
		if (result < 0)
			return (i > 0 ? (int64_t)i : result);
		len = (unsigned)result;
		error = lx_copyout(c, addr + offsetof(struct mmsghdr, msg_len), &len, sizeof(len));
		if (error != 0)
			return (i > 0 ? (int64_t)i : -error);
	}
	return ((int64_t)i);
}
