/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program sends on a stream by calls that we see: with an address, with flags that the pair cannot carry, or by sendmsg(2). */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/capability.h>

int
stream_send_parse(struct lx_call *c, struct stream_send *ss)
{
	struct msghdr mh;
	int error;

	if (c->c_nr == SYS_sendto) {
		*ss = (struct stream_send){ .ss_name = c->c_arg[4], .ss_namelen = c->c_arg[5], .ss_niov = 1,
		    .ss_len = c->c_arg[2] };
		c->c_lx->lx_iov[0].iov_base = (void *)(uintptr_t)c->c_arg[1];
		c->c_lx->lx_iov[0].iov_len = ss->ss_len;
		return (0);
	}
	if ((error = lx_copyin(c, c->c_arg[1], &mh, sizeof(mh))) != 0)
		return (error);
	*ss = (struct stream_send){ .ss_name = (uintptr_t)mh.msg_name,
	    .ss_namelen = mh.msg_name != NULL ? mh.msg_namelen : 0,
	    .ss_niov = (unsigned)mh.msg_iovlen };
	return (lx_copyin_vec(c, (uintptr_t)mh.msg_iov, mh.msg_iovlen, &ss->ss_len));
}

int
stream_send_data(struct lx_call *c, struct stream_send *ss)
{
	if (ss->ss_len > LX_CHUNK)
		ss->ss_len = LX_CHUNK;
	return (lx_copyin_iov(c, c->c_lx->lx_iov, ss->ss_niov, c->c_lx->lx_buf, ss->ss_len));
}

static int
run_flags(int flags)
{
	return (((flags & MSG_MORE) != 0 ? VI_MSG_MORE : 0) | ((flags & MSG_EOR) != 0 ? VI_MSG_EOR : 0));
}

/* The bytes come by the pair; what the flags mean is for the relay. */
static void
send_flagged(struct lx_call *c, int flags)
{
	struct lx_sock *ls = c->c_sock;
	struct stream_send ss;

	if (ls->ls_state != LXS_CONNECTED || ls->ls_fd < 0 || stream_send_parse(c, &ss) != 0)
		return;
	stream_flush(ls);
	runs_add(ls, ss.ss_len, run_flags(flags));
}

int64_t
stream_sendpair(struct lx_call *c, int flags)
{
	struct stream_send ss;
	ssize_t n;
	int error;

	if ((error = stream_send_parse(c, &ss)) != 0 || (error = stream_send_data(c, &ss)) != 0)
		return (-error);
	n = send(c->c_fd, c->c_lx->lx_buf, ss.ss_len, (flags & MSG_OOB) | MSG_DONTWAIT | MSG_NOSIGNAL);
	return (n < 0 ? -errno : n);
}

/* One piece of ancillary data of SOL_SOCKET, as Linux has it for TCP.  EINVAL. */
static int
control_one(struct lx_call *c, const struct cmsghdr *ch, const uint8_t *data, int *stamp)
{
	const size_t len = ch->cmsg_len - sizeof(*ch);
	int value = 0;

	if (ch->cmsg_type == SCM_RIGHTS || ch->cmsg_type == SCM_CREDENTIALS)
		return (0);
	if (len != sizeof(value))
		return (EINVAL);
	memcpy(&value, data, sizeof(value));
	switch (ch->cmsg_type) {
	case SO_TIMESTAMPING_OLD:
		*stamp = value & (int)VI_SOF_TX;
		return ((value & ~(int)(VI_SOF_TX | VI_SOF_TX_HARDWARE)) != 0 ? EINVAL : 0);
	case SO_MARK:			/* segments carry none */
		return (lx_call_hasany(c, LX_CAP(CAP_NET_RAW) | LX_CAP(CAP_NET_ADMIN)) ? 0 : EINVAL);
	case SO_PRIORITY:		/* nor this */
		return ((value >= 0 && value <= 6) || lx_call_hasany(c, LX_CAP(CAP_NET_RAW) | LX_CAP(CAP_NET_ADMIN)) ? 0 : EINVAL);
	default:
		return (EINVAL);
	}
}

/* TCP heeds what is of SOL_SOCKET, the pair would take it for its own.  True: some is there, and *error says whether it may be sent. */
static bool
send_controls(struct lx_call *c, const struct msghdr *mh, int *stamp, int *error)
{
	const size_t len = mh->msg_control != NULL ? mh->msg_controllen : 0;
	uint8_t buf[LX_MAXCONTROL];
	struct cmsghdr ch;
	bool some = false;
	size_t at;

	*stamp = -1;
	*error = 0;
	if (len == 0)
		return (false);
	*error = len > sizeof(buf) ? ENOBUFS : lx_copyin(c, (uintptr_t)mh->msg_control, buf, len);
	for (at = 0; *error == 0 && at < len && len - at >= sizeof(ch); at += CMSG_ALIGN(ch.cmsg_len)) {
		memcpy(&ch, buf + at, sizeof(ch));
		if (ch.cmsg_len < sizeof(ch) || ch.cmsg_len > len - at)
			*error = EINVAL;
		else if (ch.cmsg_level == SOL_SOCKET) {
			some = true;
			*error = control_one(c, &ch, buf + at + sizeof(ch), stamp);
		}
	}
	return (some || *error != 0);
}

static int64_t
send_stamped(struct lx_call *c, int flags, int stamp)
{
	struct lx_sock *ls = c->c_sock;
	int64_t n;

	stream_flush(ls);
	n = stream_sendpair(c, flags);
	if (n > 0 && ls->ls_fd >= 0)
		runs_added(ls, (size_t)n, run_flags(flags), stamp);
	return (n);
}

/* TCP ignores an address on a connection; AF_UNIX would not.  mh: what sendmsg(2) says besides, or nothing. */
static bool
send_addressed(struct lx_call *c, struct msghdr *mh)
{
	*mh = (struct msghdr){ 0 };
	if (c->c_nr == SYS_sendto)
		return (c->c_arg[4] != 0);
	return (lx_copyin(c, c->c_arg[1], mh, sizeof(*mh)) == 0 && mh->msg_name != NULL && mh->msg_namelen > 0);
}

/* Told once, by the first call that finds it, and more exactly than a bare read() or write() has it from the pair. */
int64_t
stream_failed(struct lx_call *c, int none, bool data)
{
	const struct lx_sock *ls = c->c_sock;
	int avail = 0, error;

	if (ls->ls_state == LXS_LISTEN)
		return (-none);
	if ((ls->ls_fd >= 0 && ls->ls_state != LXS_IDLE) || (data && ioctl(c->c_fd, FIONREAD, &avail) == 0 && avail > 0))
		return (0);
	error = lx_sock_failure(c);
	c->c_effect |= error != 0;
	return (error == 0 && ls->ls_fd >= 0 ? -none : -error);
}

int64_t
stream_send(struct lx_call *c)
{
	const int flags = (int)c->c_arg[c->c_nr == SYS_sendto ? 3 : 2];
	struct msghdr mh;
	const bool addressed = send_addressed(c, &mh);
	bool controls;
	int error, stamp;
	int64_t failed;

	if ((flags & MSG_FASTOPEN) != 0 || (addressed && c->c_sock->ls_deferred))
		return (fastopen(c, flags));
	if ((failed = stream_failed(c, EPIPE, false)) != 0)
		return (failed);
	controls = send_controls(c, &mh, &stamp, &error);
	if (error != 0)
		return (-error);
	if (((flags & (MSG_MORE | MSG_EOR)) != 0 || ((unsigned)c->c_sock->ls_stamping & VI_SOF_TX) != 0) && stamp < 0 && (flags & MSG_OOB) == 0)
		send_flagged(c, flags);		/* what has a stamp of its own is given on by itself */
	if (!addressed && !controls)
		return (LX_CONTINUE);
	if (c->c_sock->ls_state != LXS_CONNECTED)
		return (c->c_sock->ls_state == LXS_CONNECTING ? -EAGAIN : -EPIPE);
	return (stamp < 0 ? stream_sendpair(c, flags) : send_stamped(c, flags, stamp));
}
