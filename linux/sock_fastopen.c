/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSG_FASTOPEN: a stream that is not connected sends, and connects with it (RFC 7413 4.2.1).
 *
 * With a cookie data goes with the SYN.  Without one the SYN asks
 * for a cookie.  A call that may block waits for the connection and sends the rest then, any other says how much went with the
 * SYN, or EINPROGRESS when that was nothing.
 */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

static int
fastopen_address(struct lx_call *c, const struct stream_send *ss, struct vi_msg *msg)
{
	int error;

	if (ss->ss_name == 0 || ss->ss_namelen == 0)
		return (EINVAL);
	if ((error = sockaddr_copyin(c, ss->ss_name, ss->ss_namelen, &msg->msg_name)) != 0)
		return (error);
	if (msg->msg_name.sa_family == VI_AF_UNSPEC)
		return (EOPNOTSUPP);
	msg->msg_hasname = true;
	return (sockaddr_suits(&msg->msg_name, c->c_sock->ls_family, (size_t)ss->ss_namelen));
}

/* The SYN goes, with what it takes of the data. */
static int64_t
fastopen_begin(struct lx_call *c, const struct vi_msg *msg)
{
	struct lx_sock *ls = c->c_sock;
	size_t done = 0;
	int64_t result;
	int error;

	error = vi_sendmsg(ls->ls_so, msg, &done);
	if (error != 0 && error != EINPROGRESS)
		return (stream_refused(error));
	c->c_lx->lx_stats.ls_bytes_out += done;
	ls->ls_deferred = false;
	ls->ls_fastsent = (uint32_t)done;
	result = stream_begun(c, false);
	if (result != -EINPROGRESS || done == 0)
		return (result);
	ls->ls_fastsent = 0;
	return ((int64_t)done);
}

int64_t
fastopen(struct lx_call *c, int flags)
{
	struct lx_sock *ls = c->c_sock;
	struct vi_iovec iov = { c->c_lx->lx_buf, 0 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_flags = VI_MSG_FASTOPEN };
	struct stream_send ss;
	int error;

	if (ls->ls_so == NULL)
		return (-ECONNABORTED);
	if (ls->ls_state == LXS_CONNECTING) {
		/* A call that a signal interrupted; this is what it had done. */
		const int64_t sent = lx_call_nonblock(c, flags, SO_SNDTIMEO) ? 0 : ls->ls_fastsent;

		ls->ls_fastsent -= (uint32_t)sent;
		return (sent > 0 ? sent : -EALREADY);
	}
	stream_flush(ls);
	if (ls->ls_state == LXS_CONNECTED && !ls->ls_deferred) {
		if (ls->ls_told)
			return (-EISCONN);
		ls->ls_told = true;
		return (stream_sendpair(c, flags));
	}
	if ((error = stream_send_parse(c, &ss)) != 0 || (error = fastopen_address(c, &ss, &msg)) != 0 ||
	    (error = stream_send_data(c, &ss)) != 0 ||
	    (ls->ls_state == LXS_IDLE && (error = stream_ready(c)) != 0))
		return (-error);
	iov.iov_len = ss.ss_len;
	return (fastopen_begin(c, &msg));
}

int64_t
fastopen_finish(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	const uint32_t sent = ls->ls_fastsent;
	struct stream_send ss;
	size_t done = 0;
	int error;

	if (c->c_nr == SYS_connect)
		return (0);
	ls->ls_fastsent = 0;
	if ((error = stream_send_parse(c, &ss)) != 0 || (error = stream_send_data(c, &ss)) != 0)
		return (sent > 0 ? (int64_t)sent : -error);
	if (ss.ss_len > sent)
		error = vi_send(ls->ls_so, c->c_lx->lx_buf + sent, ss.ss_len - sent, 0, &done);
	c->c_lx->lx_stats.ls_bytes_out += done;
	return (error != 0 && sent == 0 ? -error : (int64_t)(sent + done));
}
