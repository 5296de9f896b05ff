/* SPDX-License-Identifier: BSD-2-Clause */
/* Receiving: from so_rcv to the user. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "socket/so_int.h"

/* Scatters the chain from offset 0; returns bytes copied. */
static size_t
iov_copyout(const struct vi_msg *msg, const struct mbuf *m, size_t max)
{
	size_t moff = 0, n, total = 0, ioff = 0;
	unsigned i = 0;

	/* A message that lies in one piece and goes into one. */
	if (msg->msg_iovcnt == 1 && m != NULL && m->m_next == NULL) {
		n = MIN(MIN(m->m_len, msg->msg_iov[0].iov_len), max);
		if (n > 0)
			memcpy(msg->msg_iov[0].iov_base, m->m_data, n);
		return (n);
	}
	while (m != NULL && i < msg->msg_iovcnt && total < max) {
		n = MIN(MIN(m->m_len - moff, msg->msg_iov[i].iov_len - ioff), max - total);
		if (n > 0)	/* an empty piece may be at NULL */
			memcpy((uint8_t *)msg->msg_iov[i].iov_base + ioff, m->m_data + moff, n);
		total += n;
		moff += n;
		ioff += n;
		if (moff == m->m_len) {
			m = m->m_next;
			moff = 0;
		}
		if (ioff == msg->msg_iov[i].iov_len) {
			i++;
			ioff = 0;
		}
	}
	return (total);
}

/* What a reader gets when nothing is buffered: an error once, end of file, or wait. */
static int
so_nodata(struct socket *so, bool *eof)
{
	*eof = false;
	if (so->so_error != 0)
		return (so_takeerror(so));
	if (so->so_rcv.sb_flags & SBS_CANTRCVMORE) {
		if ((so->so_proto->pr_flags & PR_CONNREQUIRED) && (so->so_state & SS_WASCONNECTED) == 0)
			return (ENOTCONN);
		*eof = true;
		return (0);
	}
	if ((so->so_proto->pr_flags & PR_CONNREQUIRED) && (so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING)) == 0)
		return (ENOTCONN);
	return (EAGAIN);
}

static void
so_consumed(struct socket *so, size_t n)
{
	sbdrop(&so->so_rcv, (uint32_t)n);
	if (so->so_oobmark != SO_NOOOB) {
		if (so->so_oobmark <= n)
			so->so_oobmark = SO_NOOOB;
		else
			so->so_oobmark -= (uint32_t)n;
	}
	if (so_haspcb(so) && so->so_proto->pr_rcvd != NULL)
		so->so_proto->pr_rcvd(so);
}

static int
so_recvoob(struct socket *so, struct vi_msg *msg, size_t *done)
{
	if (!so->so_hasoob || (so->so_options & SO_OOBINLINE))
		return (EINVAL);	/* as Linux: there is none */
	if (msg->msg_iovcnt == 0 || msg->msg_iov[0].iov_len == 0)
		return (0);
	*(uint8_t *)msg->msg_iov[0].iov_base = so->so_oobbyte;
	if ((msg->msg_flags & VI_MSG_PEEK) == 0)
		so->so_hasoob = false;
	*done = 1;
	return (0);
}

static int
so_recvstream(struct socket *so, struct vi_msg *msg, size_t *done)
{
	size_t max;
	bool eof;

	if (msg->msg_flags & VI_MSG_OOB)
		return (so_recvoob(so, msg, done));
	if (so->so_rcv.sb_cc == 0)
		return (so_nodata(so, &eof));
	/* A read stops at the urgent mark (RFC 6093 3.1). */
	max = so->so_oobmark != SO_NOOOB && so->so_oobmark > 0 ? so->so_oobmark : SIZE_MAX;
	*done = iov_copyout(msg, so->so_rcv.sb_mb, max);
	if ((msg->msg_flags & VI_MSG_PEEK) == 0 && *done > 0)
		so_consumed(so, *done);
	return (0);
}

static int
so_recvdgram(struct socket *so, struct vi_msg *msg, size_t *done)
{
	const struct sockdgram *sd;
	bool eof;

	/* An error comes before data, as on Linux (RFC 1122 4.1.3.3). */
	if (so->so_error != 0)
		return (so_takeerror(so));
	if ((sd = sbdgram(&so->so_rcv)) == NULL)
		return (so_nodata(so, &eof));
	msg->msg_hasname = true;
	msg->msg_name = sd->sd_from;
	msg->msg_dst = sd->sd_dst;
	msg->msg_local = sd->sd_local;
	msg->msg_ifindex = sd->sd_ifindex;
	msg->msg_ttl = sd->sd_ttl;
	msg->msg_tos = sd->sd_tos;
	msg->msg_stamp = sd->sd_stamp;
	msg->msg_drops = sd->sd_drops;
	msg->msg_len = sd->sd_len;
	msg->msg_segsz = sd->sd_segsz;
	msg->msg_mark = sd->sd_mark;
	msg->msg_frame = sd->sd_frame;
	msg->msg_optlen = sd->sd_optlen;
	memcpy(msg->msg_opts, sd->sd_opts, sd->sd_optlen);
	msg->msg_fragmax = sd->sd_fragmax;
	msg->msg_summed = sd->sd_summed;
	if (sd->sd_is6) {
		msg->msg_flow = (uint32_t)sd->sd_tos << 20 | sd->sd_6.s6_flow;
		msg->msg_pathmtu = sd->sd_6.s6_pathmtu;
		msg->msg_extnxt = sd->sd_6.s6_extnxt;
	}
	*done = iov_copyout(msg, sbdgram_data(&so->so_rcv, msg->msg_ext, msg->msg_extlen), SIZE_MAX);
	msg->msg_extlen = sockdgram_extlen(sd);
	if (*done < sd->sd_len) {
		if (msg->msg_flags & VI_MSG_TRUNC)
			*done = sd->sd_len;
		msg->msg_flags |= VI_MSG_TRUNC;
	} else {
		msg->msg_flags &= ~(unsigned)VI_MSG_TRUNC;
	}
	if ((msg->msg_flags & VI_MSG_PEEK) == 0) {
		sbdropdgram(&so->so_rcv);
		if (so_haspcb(so) && so->so_proto->pr_rcvd != NULL)
			so->so_proto->pr_rcvd(so);
	}
	return (0);
}

int
soreceive(struct socket *so, struct vi_msg *msg, size_t *done)
{
	*done = 0;
	msg->msg_hasname = false;
	msg->msg_len = 0;
	msg->msg_segsz = 0;
	msg->msg_optlen = 0;
	msg->msg_pathmtu = 0;
	msg->msg_flow = 0;
	if (so_isdead(so))
		return (ECONNABORTED);
	if (so->so_options & SO_ACCEPTCONN)
		return (ENOTCONN);
	if (so->so_proto->pr_flags & PR_ATOMIC)
		return (so_recvdgram(so, msg, done));
	return (so_recvstream(so, msg, done));
}

int
soreceive_bytes(struct socket *so, void *buf, size_t len, int flags, size_t *done)
{
	struct vi_iovec iov = { .iov_base = buf, .iov_len = len };
	const struct mbuf *m = so->so_rcv.sb_mb;

	/* A read that the first buffer satisfies: nothing but bytes to copy. */
	if (so->so_type != VI_SOCK_STREAM || m == NULL || (m->m_len < len && m->m_next != NULL) || len == 0 || flags != 0 ||
	    so->so_oobmark != SO_NOOOB || (so->so_state & SS_DEAD) != 0) {
		struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_flags = (unsigned)flags };

		return (soreceive(so, &msg, done));
	}
	*done = MIN(len, (size_t)m->m_len);
	memcpy(buf, m->m_data, *done);
	so_consumed(so, *done);
	return (0);
}

int
soreceive_peek(struct socket *so, size_t want, struct vi_iovec *iov, unsigned *niov)
{
	unsigned n = 0, max = *niov;
	const struct mbuf *m;
	bool eof;

	*niov = 0;
	if (so_isdead(so))
		return (ECONNABORTED);
	if (so->so_proto->pr_flags & PR_ATOMIC)
		return (EOPNOTSUPP);
	if (so->so_rcv.sb_cc == 0)
		return (so_nodata(so, &eof));
	if (so->so_oobmark != SO_NOOOB && so->so_oobmark > 0)
		want = MIN(want, (size_t)so->so_oobmark);
	for (m = so->so_rcv.sb_mb; m != NULL && n < max && want > 0; m = m->m_next) {
		iov[n].iov_base = m->m_data;
		iov[n].iov_len = MIN(want, (size_t)m->m_len);
		want -= iov[n++].iov_len;
	}
	*niov = n;
	return (0);
}

int
soreceive_consume(struct socket *so, size_t len)
{
	if (so_isdead(so))
		return (ECONNABORTED);
	if (len > so->so_rcv.sb_cc)
		return (EINVAL);
	if (len > 0)
		so_consumed(so, len);
	return (0);
}
