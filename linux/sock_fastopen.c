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

struct fastopen {
	uint64_t	 fo_name, fo_namelen;
	unsigned	 fo_niov;	/* in lx_iov */
	size_t		 fo_len;
};

/* What the call wants to send, and where to.  sendto's vector is of one. */
static int
fastopen_parse(struct lx_call *c, struct fastopen *fo)
{
	struct msghdr mh;
	int error;

	if (c->c_nr == SYS_sendto) {
		*fo = (struct fastopen){ .fo_name = c->c_arg[4], .fo_namelen = c->c_arg[5], .fo_niov = 1,
		    .fo_len = c->c_arg[2] };
		c->c_lx->lx_iov[0].iov_base = (void *)(uintptr_t)c->c_arg[1];
		c->c_lx->lx_iov[0].iov_len = fo->fo_len;
		return (0);
	}
	if ((error = lx_copyin(c, c->c_arg[1], &mh, sizeof(mh))) != 0)
		return (error);
	*fo = (struct fastopen){ .fo_name = (uintptr_t)mh.msg_name,
	    .fo_namelen = mh.msg_name != NULL ? mh.msg_namelen : 0,
	    .fo_niov = (unsigned)mh.msg_iovlen };
	return (lx_copyin_vec(c, (uintptr_t)mh.msg_iov, mh.msg_iovlen, &fo->fo_len));
}

/* As much of the data as one call of ours takes, in lx_buf. */
static int
fastopen_data(struct lx_call *c, struct fastopen *fo)
{
	if (fo->fo_len > LX_CHUNK)
		fo->fo_len = LX_CHUNK;
	return (lx_copyin_iov(c, c->c_lx->lx_iov, fo->fo_niov, c->c_lx->lx_buf, fo->fo_len));
}

static int
fastopen_address(struct lx_call *c, const struct fastopen *fo, struct vi_msg *msg)
{
	int error;

	if (fo->fo_name == 0 || fo->fo_namelen == 0)
		return (EINVAL);
	if ((error = sockaddr_copyin(c, fo->fo_name, fo->fo_namelen, &msg->msg_name)) != 0)
		return (error);
	if (msg->msg_name.sa_family == VI_AF_UNSPEC)
		return (EOPNOTSUPP);
	msg->msg_hasname = true;
	return (sockaddr_suits(&msg->msg_name, c->c_sock->ls_family, (size_t)fo->fo_namelen));
}

static int64_t
fastopen(struct lx_call *c)
{
	struct vi_iovec iov = { c->c_lx->lx_buf, 0 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_flags = VI_MSG_FASTOPEN };
	struct fastopen fo;
	size_t done = 0;
	int error;

	if (c->c_sock->ls_state != LXS_IDLE)
		return (c->c_sock->ls_state == LXS_CONNECTING ? -EALREADY : -EISCONN);
	if (c->c_sock->ls_so == NULL)
		return (-ECONNABORTED);
	if ((error = fastopen_parse(c, &fo)) != 0 || (error = fastopen_address(c, &fo, &msg)) != 0 ||
	    (error = fastopen_data(c, &fo)) != 0 || (error = stream_ready(c)) != 0)
		return (-error);
	iov.iov_len = fo.fo_len;
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
	struct fastopen fo;
	size_t done = 0;
	int error;

	if (c->c_nr == SYS_connect)
		return (0);
	if ((error = fastopen_parse(c, &fo)) != 0 || (error = fastopen_data(c, &fo)) != 0)
		return (-error);
	error = vi_send(c->c_sock->ls_so, c->c_lx->lx_buf, fo.fo_len, 0, &done);
	c->c_lx->lx_stats.ls_bytes_out += done;
	return (error != 0 ? -error : (int64_t)done);
}

int64_t
fastopen_sendto(struct lx_call *c)
{
	return (((int)c->c_arg[3] & MSG_FASTOPEN) != 0 ? fastopen(c) : stream_sendto(c));
}

/* Without it the host does the call. */
int64_t
fastopen_sendmsg(struct lx_call *c)
{
	return (((int)c->c_arg[2] & MSG_FASTOPEN) != 0 ? fastopen(c) : LX_CONTINUE);
}
