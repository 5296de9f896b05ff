/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams in pieces: UDP_CORK and MSG_MORE.  What is sent while either holds becomes one datagram,
 * with the address and the ancillary data of the first piece; it goes when a piece comes without
 * MSG_MORE and no cork, or the cork is taken out.  One too long is lost, as on Linux.
 */
#include "linux/lx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lx_cork {
	struct vi_msg	 co_msg;	/* of the first piece, without its data */
	struct vi_exthdrs co_ext;	/* its extension headers, */
	uint8_t		 co_hdr[VI_EXT_N][2048];	/* kept here */
	size_t		 co_len;
	char		 co_data[LX_MAXDGRAM];
};

void
cork_free(struct lx_sock *ls)
{
	free(ls->ls_cork);
	ls->ls_cork = NULL;
}

/* All there is goes now. */
int
cork_push(struct lx_sock *ls)
{
	struct lx_cork *co = ls->ls_cork;
	struct vi_iovec iov;
	size_t done;
	int error;

	if (co == NULL)
		return (0);
	iov = (struct vi_iovec){ co->co_data, co->co_len };
	co->co_msg.msg_iov = &iov;
	co->co_msg.msg_iovcnt = 1;
	error = vi_sendmsg(ls->ls_so, &co->co_msg, &done);
	cork_free(ls);
	return (error);
}

/* The first piece's ancillary data is not there any more when the last comes. */
static void
cork_keep(struct lx_cork *co, const struct vi_msg *msg)
{
	struct vi_iovec *v;

	co->co_msg = *msg;
	co->co_len = 0;
	if ((msg->msg_set & VI_MSGSET_EXT) == 0)
		return;
	co->co_ext = *msg->msg_exthdrs;
	co->co_msg.msg_exthdrs = &co->co_ext;
	for (unsigned i = 0; i < VI_EXT_N; i++) {
		v = &co->co_ext.ex_hdr[i];
		if (v->iov_len == 0)
			continue;
		memcpy(co->co_hdr[i], v->iov_base, v->iov_len);	/* none is longer */
		v->iov_base = co->co_hdr[i];
	}
}

/* A message that is complete in itself, or a piece of one; more says that others follow. */
int
cork_send(struct lx_sock *ls, const struct vi_msg *msg, bool more)
{
	const struct vi_iovec *iov = msg->msg_iov;
	struct vi_sockaddr peer;
	struct lx_cork *co = ls->ls_cork;
	size_t done;

	if (co == NULL && !more && !ls->ls_corked)
		return (vi_sendmsg(ls->ls_so, msg, &done));
	if (co == NULL) {
		if (!msg->msg_hasname && vi_peername(ls->ls_so, &peer) != 0)
			return (EDESTADDRREQ);
		if ((co = ls->ls_cork = malloc(sizeof(*co))) == NULL)
			return (ENOBUFS);
		cork_keep(co, msg);
	}
	if (iov->iov_len > sizeof(co->co_data) - co->co_len) {
		cork_free(ls);
		return (EMSGSIZE);
	}
	memcpy(co->co_data + co->co_len, iov->iov_base, iov->iov_len);
	co->co_len += iov->iov_len;
	return (more || ls->ls_corked ? 0 : cork_push(ls));
}

void
cork_set(struct lx_sock *ls, bool on)
{
	ls->ls_corked = on;
	if (!on)
		(void)cork_push(ls);
}
