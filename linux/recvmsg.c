/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams that a program receives with their address or ancillary data.
 *
 * The datagram is taken, written to the program, and then the call is answered.  If a signal
 * was faster the datagram goes back to the end of the queue.
 */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>

#define MANY_MOST	64	/* messages of one recvmmsg */

/* Where a datagram goes. */
struct recv {
	uint64_t	 r_hdr;		/* the program's struct msghdr, 0: recvfrom */
	uint64_t	 r_name;
	socklen_t	 r_namelen;
	unsigned	 r_niov;	/* in lx_iov */
	size_t		 r_space;
	uint64_t	 r_control;
	size_t		 r_controllen;
	int		 r_flags;	/* MSG_* of the call */
	int		 r_out;		/* MSG_* of the result */
};

static int
recv_parse_hdr(struct lx_call *c, uint64_t addr, int flags, struct recv *r)
{
	struct msghdr mh;
	int error;

	error = lx_copyin(c, addr, &mh, sizeof(mh));
	if (error != 0)
		return (error);
	memset(r, 0, sizeof(*r));
	r->r_hdr = addr;
	r->r_name = (uintptr_t)mh.msg_name;
	r->r_namelen = mh.msg_name != NULL ? mh.msg_namelen : 0;
	if ((int)r->r_namelen < 0)
		return (EINVAL);
	r->r_control = (uintptr_t)mh.msg_control;
	r->r_controllen = mh.msg_control != NULL ? mh.msg_controllen : 0;
	r->r_flags = flags;
	r->r_niov = (unsigned)mh.msg_iovlen;
	return (lx_copyin_vec(c, (uintptr_t)mh.msg_iov, mh.msg_iovlen, &r->r_space));
}

/* The first (or only) message of the call. */
static int
recv_parse(struct lx_call *c, struct recv *r)
{
	switch (c->c_nr) {
	case SYS_recvmsg:
		return (recv_parse_hdr(c, c->c_arg[1], (int)c->c_arg[2], r));
	default:
		*r = (struct recv){ .r_name = c->c_arg[4], .r_niov = 1, .r_space = c->c_arg[2],
			.r_flags = (int)c->c_arg[3] };
		c->c_lx->lx_iov[0].iov_base = (void *)(uintptr_t)c->c_arg[1];
		c->c_lx->lx_iov[0].iov_len = r->r_space;
		return (0);
	}
}

static socklen_t
recv_name(const struct lx_call *c, const struct lx_dgram *dg, struct sockaddr_storage *ss)
{
	struct sockaddr_nl *nl = (struct sockaddr_nl *)ss;

	if (c->c_sock->ls_family == AF_PACKET) {
		(void)sockaddr_build(&dg->dg_from, ss);
		return (sizeof(struct sockaddr_ll));
	}
	if (c->c_sock->ls_kind != LXK_NETLINK)
		return (dg->dg_from.sa_family == VI_AF_UNSPEC ? 0 : sockaddr_build(&dg->dg_from, ss));
	memset(ss, 0, sizeof(*ss));
	nl->nl_family = AF_NETLINK;	/* nl_pid 0: from the kernel */
	nl->nl_groups = dg->dg_group >= 1 && dg->dg_group <= 32 ? 1u << (dg->dg_group - 1) : 0;
	return (sizeof(*nl));
}

static int
recv_write_name(const struct lx_call *c, const struct recv *r, const struct lx_dgram *dg)
{
	struct sockaddr_storage ss;
	socklen_t len, n;
	int error;

	if (r->r_name == 0)
		return (0);
	len = recv_name(c, dg, &ss);
	if (r->r_hdr == 0)
		return (c->c_arg[5] == 0 ? EFAULT
					 : sockaddr_copyout(c, &ss, len, r->r_name, c->c_arg[5]));
	n = len < r->r_namelen ? len : r->r_namelen;
	error = lx_copyout(c, r->r_name, &ss, n);
	if (error != 0)
		return (error);
	return (lx_copyout(c, r->r_hdr + offsetof(struct msghdr, msg_namelen), &len, sizeof(len)));
}

/* Ancillary data, its length, and the flags, which stand together at the end of a msghdr. */
static int
recv_write_control(const struct lx_call *c, const struct recv *r, const struct lx_control *co)
{
	struct { uint64_t len; int flags; } tail;
	int error = 0;

	_Static_assert(
	    offsetof(struct msghdr, msg_flags) == offsetof(struct msghdr, msg_controllen) + 8,
	    "struct msghdr is not what it was");
	if (r->r_hdr == 0)
		return (0);
	if (co->co_len > 0)
		error = lx_copyout(c, r->r_control, co->co_buf, co->co_len);
	if (error != 0)
		return (error);
	tail.len = co->co_len;
	tail.flags = r->r_out | (co->co_trunc ? MSG_CTRUNC : 0);
	return (lx_copyout(c, r->r_hdr + offsetof(struct msghdr, msg_controllen), &tail, 12));
}

/* Everything of one datagram; the call's result or -errno. */
static int64_t
recv_write(struct lx_call *c, struct recv *r, const void *buf, const struct lx_dgram *dg,
    struct lx_control *co)
{
	size_t n = dg->dg_len < r->r_space ? dg->dg_len : r->r_space;
	int error;

	if (n < dg->dg_len)
		r->r_out |= MSG_TRUNC;
	error = lx_copyout_iov(c, c->c_lx->lx_iov, r->r_niov, buf, n);
	if (error == 0)
		error = recv_write_name(c, r, dg);
	if (error == 0)
		error = recv_write_control(c, r, co);
	if (error != 0)
		return (-error);
	return ((r->r_flags & MSG_TRUNC) != 0 ? (int64_t)dg->dg_len : (int64_t)n);
}

static int64_t
recv_write_dgram(struct lx_call *c, struct recv *r, const void *buf, const struct lx_dgram *dg)
{
	struct lx_control co;

	control_init(&co, r->r_controllen);
	if (c->c_sock->ls_kind == LXK_DGRAM)
		control_dgram(&co, c->c_sock->ls_cmsg, dg);
	else
		nl_control(c->c_sock, dg, &co);
	return (recv_write(c, r, buf, dg, &co));
}

/* recvmmsg has the length beside each message. */
static int64_t
recv_write_len(const struct lx_call *c, const struct recv *r, int64_t result)
{
	unsigned len = (unsigned)result;
	int error;

	if (result < 0)
		return (result);
	error = lx_copyout(c, r->r_hdr + offsetof(struct mmsghdr, msg_len), &len, sizeof(len));
	return (error != 0 ? -error : 0);
}

int
recv_deliver(struct lx_call *c, const void *buf, const struct lx_dgram *dg, bool *peeked)
{
	struct recv r;
	int64_t result;
	int error;

	*peeked = true;
	error = recv_parse(c, &r);
	if (error != 0)
		return (lx_answer(c, -error));
	result = recv_write_dgram(c, &r, buf, dg);
	*peeked = (r.r_flags & MSG_PEEK) != 0;
	dgram_read(c->c_sock, dg);
	return (lx_answer(c, result));
}

/* IP_RECVERR: the queue of ICMP errors.  Never waits. */
static int64_t
recv_errqueue(struct lx_call *c, struct recv *r)
{
	struct lx_control co;
	struct vi_sockerr se;
	struct lx_dgram dg;
	int error;

	control_init(&co, r->r_controllen);
	if (c->c_sock->ls_kind == LXK_NETLINK || c->c_sock->ls_so == NULL)
		return (-EAGAIN);
	error = vi_recverr(c->c_sock->ls_so, &se, c->c_lx->lx_buf, LX_MAXDGRAM);
	if (error != 0)
		return (-error);
	if (c->c_sock->ls_kind == LXK_DGRAM) {
		c->c_sock->ls_error = 0;	/* it stood for this */
		if (c->c_sock->ls_errshown || (vi_poll(c->c_sock->ls_so) & VI_POLLERR) == 0)
			(void)dgram_pending(c);
	}
	dg = (struct lx_dgram){ .dg_len = (uint32_t)se.se_len, .dg_from = se.se_dst };
	r->r_out = control_errflags(c->c_sock->ls_so, &se);
	control_error(&co, c->c_sock->ls_cmsg, &se);
	return (recv_write(c, r, c->c_lx->lx_buf, &dg, &co));
}

/* What is there now: 0 and a datagram in buf, or an errno. */
static int
recv_take(struct lx_call *c, char *buf, bool peek, struct lx_dgram *dg)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	if ((ls->ls_error != 0 || ls->ls_errshown) && (error = dgram_pending(c)) != 0)
		return (error);
	error = dgram_take(c, buf, LX_MAXDGRAM, peek, dg);
	if (error == EAGAIN && ls->ls_kind == LXK_DGRAM && ls->ls_so == NULL)
		return (ENETDOWN);
	return (error);
}

/* After shutdown(2) who would wait gets nothing, from nobody. */
static int64_t
recv_nothing(struct lx_call *c, struct recv *r)
{
	const struct lx_dgram none = { .dg_len = 0 };
	struct lx_control co;

	control_init(&co, r->r_controllen);
	return (recv_write(c, r, "", &none, &co));
}

int64_t
recv_space(struct lx_call *c, size_t *len)
{
	struct recv r;
	int error = recv_parse(c, &r);

	*len = error == 0 ? r.r_space : 0;
	return (-error);
}

int64_t
recv_empty(struct lx_call *c)
{
	struct recv r;
	int error = recv_parse(c, &r);

	return (error != 0 ? -error : recv_nothing(c, &r));
}

static int64_t
recv_one(struct lx_call *c)
{
	char *buf = c->c_lx->lx_buf;
	struct lx_dgram dg;
	int64_t result;
	struct recv r;
	int error;

	error = recv_parse(c, &r);
	if (error != 0)
		return (-error);
	if ((r.r_flags & MSG_ERRQUEUE) != 0)
		return (recv_errqueue(c, &r));
	error = recv_take(c, buf, (r.r_flags & MSG_PEEK) != 0, &dg);
	if (error == EAGAIN && !lx_call_nonblock(c, r.r_flags, SO_RCVTIMEO))
		return (c->c_sock->ls_rdshut ? recv_nothing(c, &r) : lx_call_wait(c, lx_call_timeout(c, SO_RCVTIMEO), EAGAIN));
	if (error != 0)
		return (-error);
	result = recv_write_dgram(c, &r, buf, &dg);
	if ((r.r_flags & MSG_PEEK) != 0)
		(void)lx_answer(c, result);
	else if (lx_answer(c, result) == 0 || dgram_push(c->c_sock, buf, &dg) != 0)
		dgram_drop(c->c_sock, &dg);
	return (LX_DONE);
}

/* Of a stream; what is urgent has errors of its own. */
static int64_t
recv_failed(struct lx_call *c, int flags)
{
	return ((flags & MSG_OOB) != 0 ? 0 : stream_failed(c, ENOTCONN, c->c_nr != SYS_recvmmsg));
}

int64_t
lx_sys_recvfrom(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	int64_t failed;

	if (ls->ls_kind != LXK_STREAM)
		return (c->c_arg[4] == 0 && ((int)c->c_arg[3] & MSG_ERRQUEUE) == 0 ? LX_CONTINUE
										   : recv_one(c));
	if (((int)c->c_arg[3] & MSG_ERRQUEUE) != 0)
		return (recv_one(c));
	if ((failed = recv_failed(c, (int)c->c_arg[3])) != 0)
		return (failed);
	return (ls->ls_state == LXS_CONNECTED && ((int)c->c_arg[3] & MSG_TRUNC) != 0 ? discard(c) : LX_CONTINUE);
}

int64_t
lx_sys_recvmsg(struct lx_call *c)
{
	const int flags = (int)c->c_arg[2];
	int64_t failed;

	if (c->c_sock->ls_kind != LXK_STREAM || (flags & MSG_ERRQUEUE) != 0)
		return (recv_one(c));
	if ((failed = recv_failed(c, flags)) != 0)
		return (failed);
	return (c->c_sock->ls_state == LXS_CONNECTED && (flags & MSG_TRUNC) != 0 ? discard(c) : LX_CONTINUE);
}

/* One message of recvmmsg: 0, or an errno; the datagram stays in buf. */
static int
recv_each(struct lx_call *c, uint64_t hdr, int flags, char *buf, struct lx_dgram *dg)
{
	struct recv r;
	int64_t result;
	int error;

	error = recv_parse_hdr(c, hdr, flags, &r);
	if (error != 0)
		return (error);
	if ((flags & MSG_ERRQUEUE) != 0) {
		*dg = (struct lx_dgram){ 0 };
		result = recv_errqueue(c, &r);
	} else {
		error = recv_take(c, buf, (flags & MSG_PEEK) != 0, dg);
		if (error != 0)
			return (error);
		result = recv_write_dgram(c, &r, buf, dg);
	}
	result = recv_write_len(c, &r, result);
	if (result < 0 && (flags & (MSG_ERRQUEUE | MSG_PEEK)) == 0 && (result != -ENOENT || dgram_push(c->c_sock, buf, dg) != 0))
		dgram_drop(c->c_sock, dg);
	return (result < 0 ? (int)-result : 0);
}

/* What is left of the time that the program allowed; it is told as on Linux, when there is a message. */
static void
many_left(const struct lx_call *c)
{
	const uint64_t gone = lx_now() - c->c_began, left = c->c_limit > gone ? c->c_limit - gone : 0;
	const struct timespec ts = { .tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000) };

	if (c->c_limit != LX_FOREVER && c->c_arg[4] != 0)
		(void)lx_copyout(c, c->c_arg[4], &ts, sizeof(ts));
}

/*
 * As many as are there, are wanted and the scratch buffer holds; they stay in it until the answer has arrived, so that they can go back.
 * LX_DONE: answered; -errno: there is none.
 */
static int64_t
many_take(struct lx_call *c)
{
	const int flags = (int)c->c_arg[3];
	const bool look = (flags & (MSG_PEEK | MSG_ERRQUEUE)) != 0;
	struct lx_dgram dg[MANY_MOST];
	char *buf = c->c_lx->lx_buf, *at = buf;
	unsigned i, n;
	int error = 0;

	for (n = 0; n < c->c_want && at + LX_MAXDGRAM <= buf + LX_BUFSIZE; n++) {
		error = recv_each(c, c->c_arg[1] + n * sizeof(struct mmsghdr), flags, at, &dg[n]);
		if (error != 0)
			break;
		at += look ? 0 : dg[n].dg_len;
	}
	if (n == 0)
		return (-error);
	many_left(c);
	error = lx_answer(c, (int64_t)n);
	if (look)
		return (LX_DONE);
	for (i = 0, at = buf; i < n; at += dg[i++].dg_len)
		if (error == 0 || dgram_push(c->c_sock, at, &dg[i]) != 0)
			dgram_drop(c->c_sock, &dg[i]);
	return (LX_DONE);
}

/*
 * Whether the call has what it waits for.  Linux looks at the time that the program allowed after each message only, so that the first one is
 * waited for however long it takes.  What does not fit the queue or our buffer would never come: what is there will do.
 */
static bool
many_ready(struct lx_call *c)
{
	const int flags = (int)c->c_arg[3];
	const struct lx_sock *ls = c->c_sock;
	size_t bytes;
	unsigned n;

	if ((flags & MSG_ERRQUEUE) != 0 || ls->ls_error != 0 || ls->ls_errshown || (ls->ls_kind == LXK_DGRAM && ls->ls_so == NULL))
		return (true);
	n = dgram_count(c, &bytes);
	return (n >= c->c_want ||
		(n != 0 && ((flags & (MSG_PEEK | MSG_WAITFORONE)) != 0 || c->c_again || ls->ls_held != NULL || bytes + LX_MAXDGRAM > LX_BUFSIZE ||
			       lx_now() - c->c_began >= c->c_limit)));
}

/* The time may be left out, but has to be one. */
static int
many_begin(struct lx_call *c)
{
	struct timespec ts;
	int error;

	c->c_began = lx_now();
	c->c_limit = LX_FOREVER;
	c->c_want = (unsigned)c->c_arg[2] < MANY_MOST ? (unsigned)c->c_arg[2] : MANY_MOST;
	if (c->c_arg[4] == 0)
		return (0);
	error = lx_copyin(c, c->c_arg[4], &ts, sizeof(ts));
	if (error != 0)
		return (error);
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= 1000000000)
		return (EINVAL);
	if (ts.tv_sec < 1000000000)
		c->c_limit = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	if (c->c_limit == 0 && c->c_want > 1)
		c->c_want = 1;			/* it is over after the first */
	return (0);
}

/*
 * Waits for all messages, unless MSG_WAITFORONE is set, and leaves them in the queue meanwhile: what a signal finds there it leaves there, or,
 * where the call is restarted, ends it with that.
 */
int64_t
lx_sys_recvmmsg(struct lx_call *c)
{
	const int flags = (int)c->c_arg[3];
	int64_t result = -EAGAIN;
	struct recv r;
	bool wait;
	int error;

	if (c->c_sock->ls_kind == LXK_STREAM)
		return ((result = recv_failed(c, 0)) != 0 ? result : LX_CONTINUE);
	if ((error = many_begin(c)) != 0)
		return (-error);
	if (c->c_want == 0)
		return (0);
	wait = (flags & MSG_ERRQUEUE) == 0 && !lx_call_nonblock(c, flags, SO_RCVTIMEO);
	if (!wait || many_ready(c))
		result = many_take(c);
	if (result != -EAGAIN || !wait)
		return (result);
	if (c->c_sock->ls_rdshut)
		return (0);
	if ((error = recv_parse_hdr(c, c->c_arg[1], flags, &r)) != 0)
		return (-error);
	if (c->c_again && lx_call_timeout(c, SO_RCVTIMEO) != LX_FOREVER)
		return (-EINTR);
	c->c_again = false;
	return (lx_call_wait(c, lx_call_timeout(c, SO_RCVTIMEO), EAGAIN));
}

/* A waiting call gets what is there, if that will do, or if it must.  True: it is answered. */
static bool
many_end(struct lx_call *c, bool must)
{
	struct lx_sock *ls = c->c_sock;
	int64_t result = -EAGAIN;
	bool done;

	if (lx_call_fd(c, (int)c->c_arg[0]) == 0 && c->c_sock == ls && (must || many_ready(c)))
		result = many_take(c);
	c->c_sock = ls;
	done = result != -EAGAIN;
	if (done && result != LX_DONE)
		(void)lx_answer(c, result);
	if (!done && c->c_fd >= 0 && c->c_deadline != LX_FOREVER)
		c->c_deadline = lx_now() + lx_call_timeout(c, SO_RCVTIMEO);	/* of each message */
	if (c->c_fd >= 0)
		close(c->c_fd);
	c->c_fd = -1;
	return (done);
}

bool
recv_late(struct lx_call *c)
{
	return (c->c_nr == SYS_recvmmsg && many_end(c, true));
}

void
recv_shut(struct lx_sock *ls)
{
	struct lx_call *c;

	while ((c = TAILQ_FIRST(&ls->ls_calls)) != NULL) {
		if (c->c_nr != SYS_recvmmsg)
			(void)lx_answer(c, recv_empty(c));
		else if (!many_end(c, true))
			(void)lx_answer(c, 0);
		lx_call_free(c);
	}
}

void
recv_queued(struct lx_sock *ls, bool must)
{
	struct lx_call *c, *tmp;

	TAILQ_FOREACH_SAFE(c, &ls->ls_calls, c_link, tmp)
		if (c->c_nr == SYS_recvmmsg && many_end(c, must))
			lx_call_free(c);
}
