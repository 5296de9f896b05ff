/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSG_FASTOPEN: a stream that is not connected sends, and connects with it (RFC 7413 4.2.1).
 *
 * With a cookie the data goes with the SYN and the call is over at once.  Without one the SYN asks
 * for a cookie: a call that may block waits for the connection and sends then, any other fails with
 * EINPROGRESS, having sent nothing.
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

int64_t
fastopen(struct lx_call *c)
{
	struct vi_iovec iov = { c->c_lx->lx_buf, 0 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_flags = VI_MSG_FASTOPEN };
	struct stream_send ss;
	size_t done = 0;
	int error;

	if (c->c_sock->ls_state != LXS_IDLE)
		return (c->c_sock->ls_state == LXS_CONNECTING ? -EALREADY : -EISCONN);
	if (c->c_sock->ls_so == NULL)
		return (-ECONNABORTED);
	if ((error = stream_send_parse(c, &ss)) != 0 || (error = fastopen_address(c, &ss, &msg)) != 0 ||
	    (error = stream_send_data(c, &ss)) != 0 || (error = stream_ready(c)) != 0)
		return (-error);
	iov.iov_len = ss.ss_len;
	error = vi_sendmsg(c->c_sock->ls_so, &msg, &done);
	if (error == EINPROGRESS)
		return (stream_begun(c, false));
	if (error != 0)
		return (-error);
	(void)stream_begun(c, true);
	c->c_lx->lx_stats.ls_bytes_out += done;
	return ((int64_t)done);
}

int64_t
fastopen_finish(struct lx_call *c)
{
	struct stream_send ss;
	size_t done = 0;
	int error;

	if (c->c_nr == SYS_connect)
		return (0);
	if ((error = stream_send_parse(c, &ss)) != 0 || (error = stream_send_data(c, &ss)) != 0)
		return (-error);
	error = vi_send(c->c_sock->ls_so, c->c_lx->lx_buf, ss.ss_len, 0, &done);
	c->c_lx->lx_stats.ls_bytes_out += done;
	return (error != 0 ? -error : (int64_t)done);
}
