/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending: the user's bytes become mbufs.  Streams go into so_snd and the protocol is told; a datagram goes to the protocol whole. */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "socket/so_int.h"

/* A position in an iovec. */
struct iovpos {
	const struct vi_iovec *ip_iov;
	unsigned	ip_cnt;
	size_t		ip_off;
};

static size_t
iov_total(const struct vi_iovec *iov, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += iov[i].iov_len;
	return (len);
}

static void
iov_copyin(struct iovpos *ip, void *dst, size_t len)
{
	uint8_t *p = dst;
	size_t n;

	while (len > 0) {
		VI_ASSERT(ip->ip_cnt > 0);
		n = MIN(len, ip->ip_iov->iov_len - ip->ip_off);
		if (n > 0)	/* an empty piece may be at NULL */
			memcpy(p, (const uint8_t *)ip->ip_iov->iov_base + ip->ip_off, n);
		p += n;
		len -= n;
		ip->ip_off += n;
		if (ip->ip_off == ip->ip_iov->iov_len) {
			ip->ip_iov++;
			ip->ip_cnt--;
			ip->ip_off = 0;
		}
	}
}

/* The buffer that fits len bytes best: inline, small cluster, large cluster. */
static struct mbuf *
so_getbuf(struct acctset *as, size_t len)
{
	if (len <= MLEN)
		return (m_get(as));
	return (m_getcl(as, len <= 4 * MCLBYTES ? MIN(len, (size_t)MCLBYTES) : MIN(len, (size_t)MJUMBYTES), false));
}

static struct mbuf *
so_copyin(struct acctset *as, struct iovpos *ip, size_t len)
{
	struct mbuf *top = NULL, **mp = &top, *m;

	while (len > 0) {
		if ((m = so_getbuf(as, len)) == NULL) {
			m_freem(top);
			return (NULL);
		}
		m->m_len = (uint32_t)MIN(len, m_bufsize(m));
		iov_copyin(ip, m->m_data, m->m_len);
		len -= m->m_len;
		*mp = m;
		mp = &m->m_next;
	}
	return (top);
}

/*
 * The last eighth of a limit is not for the user's bytes: headers that carry them and the ACKs that free them need memory too, and a stack that is full of
 * unsent data could never empty itself.
 */
static bool
so_affordable(const struct acctset *as, size_t n)
{
	const struct acct *const ac[] = { &as->as_total, &as->as_acct[ACCT_MBUF] };

	for (unsigned i = 0; i < NITEMS(ac); i++)
		if (ac[i]->ac_limit != 0 && ac[i]->ac_bytes + n + ac[i]->ac_limit / 8 > ac[i]->ac_limit)
			return (false);
	return (true);
}

static int
so_sendcheck(struct socket *so)
{
	if (so_isdead(so))
		return (ECONNABORTED);
	if (so->so_error != 0 && (so->so_snd.sb_flags & SBS_CANTSENDMORE) == 0)
		return (so_takeerror(so));
	if (so->so_snd.sb_flags & SBS_CANTSENDMORE)
		return (so->so_error != 0 ? so_takeerror(so) : EPIPE);
	if (!so_haspcb(so))
		return (ENOTCONN);
	if ((so->so_proto->pr_flags & PR_CONNREQUIRED) &&
	    (so->so_state & (SS_ISCONNECTED | SS_FASTOPEN)) == 0)
		return (so->so_state & SS_ISCONNECTING ? EAGAIN : EPIPE);
	return (0);
}

size_t
so_sendroom(struct socket *so)
{
	uint32_t room = sbspace(&so->so_snd);

	if (so->so_proto->pr_sendroom != NULL && so_haspcb(so))
		room = u32min(room, so->so_proto->pr_sendroom(so, false));
	return (room);
}

/*
 * VI_SO_TIMESTAMPING, VI_MSG_ZEROCOPY: the protocol is to say what becomes of what was just appended.  Where it cannot, the
 * buffer at least is free: it was copied.
 */
static void
so_watch(struct socket *so, unsigned flags)
{
	const uint32_t wanted = so->so_stamping & VI_SOF_TX;
	const bool zc = (flags & VI_MSG_ZEROCOPY) && so->so_zerocopy;
	const uint32_t id = so->so_zcnext;

	if ((wanted == 0 && !zc) || so->so_proto->pr_mark == NULL)
		return;
	so->so_zcnext += zc;
	if (so->so_proto->pr_mark(so, wanted, zc ? &id : NULL) != 0 && zc)
		sozerocopied(so, id);
}

/* VI_MSG_EOR: nothing that follows what was just appended goes with it. */
static void
so_endrecord(struct socket *so)
{
	so->so_snd.sb_mbtail->m_flags |= M_RECORD;
	so->so_snd.sb_flags |= SBS_RECORDS;
}

static int
so_sendstream(struct socket *so, const struct vi_msg *msg, size_t len, size_t *done)
{
	struct iovpos ip;
	struct mbuf *m;
	size_t n;
	int error;

	if ((msg->msg_flags & VI_MSG_ZEROCOPY) && so->so_zerocopy && !so_affordable(so->so_acct, 2 * MSIZE))
		return (ENOBUFS);
	if (len == 0 && (so->so_state & SS_FASTOPEN)) {
		/* The SYN is all there is to send. */
		error = so->so_proto->pr_output(so, 0);
		return (error != 0 ? error : EINPROGRESS);
	}
	if (len == 0)
		return (0);
	n = so_sendroom(so);
	if (n < len && so->so_proto->pr_sendslack != NULL)
		n = MAX(n, so->so_proto->pr_sendslack(so));
	if ((n = MIN(len, n)) == 0)
		return (EAGAIN);
	/* Short of memory: as much as there is some for. */
	for (;; n /= 2) {
		ip = (struct iovpos){ msg->msg_iov, msg->msg_iovcnt, 0 };
		if (so_affordable(so->so_acct, n) && (m = so_copyin(so->so_acct, &ip, n)) != NULL)
			break;
		if (n <= MLEN)
			return (so_starve(so));
	}
	sbappendstream(&so->so_snd, m);
	*done = n;
	if ((msg->msg_flags & VI_MSG_EOR) && n == len)
		so_endrecord(so);
	so_watch(so, msg->msg_flags);
	error = so->so_proto->pr_output(so, (int)msg->msg_flags);
	/* The bytes are in the buffer; what hinders them now is the protocol's to repair (it retries). */
	return (error == ENOBUFS ? 0 : error);
}

static int
so_senddgram(struct socket *so, const struct vi_msg *msg, size_t len, size_t *done)
{
	struct iovpos ip = { msg->msg_iov, msg->msg_iovcnt, 0 };
	struct mbuf *m;
	int error;

	if (len > so->so_snd.sb_hiwat || len > MAX_SUPERPKT)
		return (EMSGSIZE);
	if ((m = m_gethdr(so->so_acct)) == NULL)
		return (ENOBUFS);
	if (len <= (size_t)m_trailingspace(m)) {
		iov_copyin(&ip, m->m_data, len);
		m->m_len = (uint32_t)len;
	} else if ((m->m_next = so_copyin(so->so_acct, &ip, len)) == NULL) {
		m_freem(m);
		return (ENOBUFS);
	}
	m->m_pkt.len = (uint32_t)len;
	m->m_pkt.pcp = so->so_pcp & 0xfu;
	m->m_pkt.mark = (msg->msg_set & VI_MSGSET_MARK) != 0 ? msg->msg_mark : so->so_mark;
	if ((error = so->so_proto->pr_send(so, m, msg)) == 0)
		*done = len;
	return (error);
}

/* VI_MSG_FASTOPEN: the connection begins with this call; errors as Linux. */
static int
so_fastopen(struct socket *so, const struct vi_msg *msg)
{
	int error, on = 1;

	if (so_isdead(so) || (so->so_proto->pr_flags & PR_CONNREQUIRED) == 0)
		return (so_isdead(so) ? ECONNABORTED : EOPNOTSUPP);
	if (so->so_state & SS_FASTOPEN)
		return (0);	/* connect() left it to us */
	if (so->so_state & SS_ISCONNECTED) {
		error = so->so_state & SS_FASTSENT ? 0 : EISCONN;
		so->so_state &= (uint16_t)~SS_FASTSENT;
		return (error);
	}
	if (so->so_state & SS_ISCONNECTING)
		return (EALREADY);
	if (!msg->msg_hasname)
		return (EINVAL);
	if (msg->msg_name.sa_family == VI_AF_UNSPEC)
		return (EOPNOTSUPP);
	if ((error = sosetopt(so, VI_TCP_FASTOPEN_CONNECT, &on, sizeof(on))) != 0)
		return (error == ENOPROTOOPT ? EOPNOTSUPP : error);
	so->so_state |= SS_FASTSENT;
	return (soconnect(so, &msg->msg_name));
}

int
sosend(struct socket *so, const struct vi_msg *msg, size_t *done)
{
	size_t len = iov_total(msg->msg_iov, msg->msg_iovcnt);
	int error;

	*done = 0;
	so_flushprepared(so);
	if ((msg->msg_flags & VI_MSG_FASTOPEN) && (error = so_fastopen(so, msg)) != 0)
		return (error);
	if ((error = so_sendcheck(so)) != 0)
		return (error);
	if (so->so_proto->pr_flags & PR_ATOMIC)
		return (so_senddgram(so, msg, len, done));
	return (so_sendstream(so, msg, len, done));
}

/* May the bytes skip what sosend() looks at?  A connection about which nothing is unusual, and bytes that one mbuf holds. */
static bool
so_isplain(const struct socket *so, size_t len, int flags)
{
	return ((so->so_state & (SS_DEAD | SS_PROTOREF | SS_ISCONNECTED | SS_FASTOPEN)) == (SS_PROTOREF | SS_ISCONNECTED) &&
	    so->so_type == VI_SOCK_STREAM && so->so_error == 0 && (so->so_snd.sb_flags & SBS_CANTSENDMORE) == 0 &&
	    (flags & ~VI_MSG_MORE) == 0 && so->so_prepared == NULL && (so->so_stamping & VI_SOF_TX) == 0 &&
	    len > 0 && len <= MLEN);
}

int
sosend_bytes(struct socket *so, const void *buf, size_t len, int flags, size_t *done)
{
	struct vi_iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct mbuf *m;
	int error;

	if (!so_isplain(so, len, flags) || so_sendroom(so) < len || !so_affordable(so->so_acct, len) ||
	    (m = m_get(so->so_acct)) == NULL) {
		const struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_flags = (unsigned)flags };

		return (sosend(so, &msg, done));
	}
	memcpy(m->m_data, buf, len);
	m->m_len = (uint32_t)len;
	sbappendstream(&so->so_snd, m);
	*done = len;
	error = so->so_proto->pr_output(so, flags);
	return (error == ENOBUFS ? 0 : error);
}

/* vi_send_prepare and vi_send_commit. */

/* A large cluster where much may come and memory is not short, else a small one: that nothing can be sent must not be for want of 64 KB. */
static struct mbuf *
so_preparebuf(struct acctset *as, size_t room)
{
	struct mbuf *m = NULL;

	if (room > MCLBYTES && so_affordable(as, MJUMBYTES))
		m = m_getcl(as, MJUMBYTES, false);
	if (m == NULL && so_affordable(as, MCLBYTES))
		m = m_getcl(as, MCLBYTES, false);
	return (m);
}

int
sosend_prepare(struct socket *so, size_t want, struct vi_iovec *iov, unsigned *niov)
{
	struct mbuf **mp = &so->so_prepared, *m;
	unsigned n = 0, max = *niov;
	size_t room;
	int error;

	*niov = 0;
	so_flushprepared(so);
	if (so_isdead(so))
		return (ECONNABORTED);
	if (so->so_proto->pr_flags & PR_ATOMIC)
		return (EOPNOTSUPP);
	if ((error = so_sendcheck(so)) != 0)
		return (error);
	if ((room = MIN(want, so_sendroom(so))) == 0)
		return (EAGAIN);
	while (!so_affordable(so->so_acct, room))
		if ((room /= 2) <= MLEN)
			return (so_starve(so));
	while (room > 0 && n < max) {
		if ((m = so_preparebuf(so->so_acct, room)) == NULL)
			break;
		m->m_len = (uint32_t)MIN(room, m_bufsize(m));
		iov[n].iov_base = m->m_data;
		iov[n++].iov_len = m->m_len;
		room -= m->m_len;
		*mp = m;
		mp = &m->m_next;
	}
	*niov = n;
	return (n > 0 ? 0 : so_starve(so));
}

/* A little data in a large cluster would keep all of it: move it. */
static struct mbuf *
so_shrink(struct mbuf *m)
{
	struct mbuf *n;

	if (m->m_len > MCLBYTES / 2 || m_bufsize(m) <= MLEN || (n = so_getbuf(m->m_as, m->m_len)) == NULL)
		return (m);
	memcpy(n->m_data, m->m_data, m->m_len);
	n->m_len = m->m_len;
	m_free(m);
	return (n);
}

int
sosend_commit(struct socket *so, size_t len, int flags)
{
	struct mbuf *m = so->so_prepared, **mp = &m;
	size_t left = len;
	int error;

	if (so_isdead(so))
		return (ECONNABORTED);
	so->so_prepared = NULL;
	for (; *mp != NULL && left > 0; mp = &(*mp)->m_next) {
		if ((*mp)->m_len > left) {
			(*mp)->m_len = (uint32_t)left;
			m_freem((*mp)->m_next);
			(*mp)->m_next = NULL;
			*mp = so_shrink(*mp);
		}
		left -= (*mp)->m_len;
	}
	m_freem(*mp);
	*mp = NULL;
	if (left > 0) {
		m_freem(m);
		return (EINVAL);
	}
	if (m == NULL)
		return (0);
	if ((error = so_sendcheck(so)) != 0) {
		m_freem(m);
		return (error);
	}
	sbappendstream(&so->so_snd, m);
	if (flags & VI_MSG_EOR)
		so_endrecord(so);
	so_watch(so, (unsigned)flags);
	error = so->so_proto->pr_output(so, flags);
	return (error == ENOBUFS ? 0 : error);
}
