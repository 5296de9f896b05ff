/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: frames over a stream socket, unix or TCP, each with its length in front (framing.h): another vimaged, or QEMU's
 * "-netdev stream".
 *
 * One side listens, the other connects; each may come and go.  The interface has a carrier while somebody is there.  Who connects tries again after
 * a time that doubles from STREAM_RETRY to STREAM_RETRYMAX.  Who listens takes one at a time; others are closed at once.  A stream whose lengths
 * make no sense is closed as if the other side had done it.
 *
 * The command makes the sockets of TCP and those that listen, with its caller's rights and in his network namespace; a socket of TCP that was
 * connected can be used again.  One of the unix family cannot, so vimaged makes those that connect, with its own rights.
 *
 * What was read at once may be a thousand frames: while others wait they are taken a few at a time, and less is read.
 *
 * What cannot be sent at once waits in a buffer of STREAM_OUT bytes; a frame for which it has no room is dropped.  Only whole frames are.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/framing.h"
#include "daemon/medium.h"

#define STREAM_OUT	(256u << 10)
#define STREAM_RETRY	UINT64_C(100000000)
#define STREAM_RETRYMAX	UINT64_C(5000000000)
#define STREAM_TURN	4		/* reads in one go, of up to FRAMING_SIZE */
#define STREAM_SHARED	(8u << 10)	/* read at once while the loop is shared */

struct stream {
	struct medium	 st_medium;
	struct lx_event	 st_event;	/* of the connection */
	int		 st_fd;		/* the connection; -1 */
	bool		 st_up;
	struct lx_event	 st_listen;
	int		 st_listenfd;	/* -1: we connect */
	struct medium_file st_file;	/* it listens at */
	struct sockaddr_storage st_remote;	/* if we connect */
	socklen_t	 st_remotelen;
	uint64_t	 st_retry;	/* ns: how long to wait the next time */
	unsigned	 st_count;	/* connections so far */
	int		 st_error;	/* why there is none */
	struct framing	 st_in;
	uint8_t		*st_out;
	size_t		 st_outhead, st_outtail;
};

static void	stream_event(struct lx_event *, uint32_t);

static struct lx_loop *
stream_loop(const struct stream *st)
{
	return st->st_medium.m_worker->w_loop;
}

static bool
stream_listens(const struct stream *st)
{
	return st->st_listenfd >= 0;
}

/* Connections */

static void
stream_close(struct stream *st)
{
	if (st->st_fd < 0)
		return;
	lx_loop_del(stream_loop(st), &st->st_event);
	close(st->st_fd);
	st->st_fd = -1;
}

static void
stream_wait(struct stream *st)
{
	(void)medium_timer(&st->st_medium, st->st_retry);
	if ((st->st_retry *= 2) > STREAM_RETRYMAX)
		st->st_retry = STREAM_RETRYMAX;
}

/* There is no connection any more, or not yet. */
static void
stream_lost(struct stream *st, int error)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	const bool was = st->st_up;

	st->st_up = false;
	st->st_error = error;
	if (stream_listens(st) || st->st_remote.ss_family == AF_UNIX) {
		stream_close(st);
	} else {
		lx_loop_del(stream_loop(st), &st->st_event);
		(void)connect(st->st_fd, &none, sizeof(none));
	}
	if (was && !medium_carrier(&st->st_medium, false))
		return;
	if (!stream_listens(st))
		stream_wait(st);
}

static void
stream_up(struct stream *st)
{
	st->st_up = true;
	st->st_error = 0;
	st->st_count++;
	st->st_retry = STREAM_RETRY;
	framing_clear(&st->st_in);
	st->st_outhead = st->st_outtail = 0;
	(void)medium_carrier(&st->st_medium, true);
}

/* The state of a connection that was begun is asked of the socket: a second event may have been collected before the first was seen. */
static void
stream_connected(struct stream *st)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(st->st_fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0 && lx_loop_mod(stream_loop(st), &st->st_event, EPOLLIN) == 0)
		stream_up(st);
	else
		stream_lost(st, error != 0 ? error : ENOMEM);
}

static void
stream_connect(struct stream *st)
{
	const struct sockaddr *sa = (const struct sockaddr *)(const void *)&st->st_remote;
	int error;

	if (st->st_fd < 0 && (st->st_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0) {
		st->st_error = errno;
		stream_wait(st);
		return;
	}
	error = connect(st->st_fd, sa, st->st_remotelen) == 0 ? 0 : errno;
	if (error == EINPROGRESS)
		error = 0;
	if (error == 0)
		error = lx_loop_add(stream_loop(st), &st->st_event, st->st_fd, EPOLLOUT, stream_event);
	if (error != 0)
		stream_lost(st, error);
}

static void
stream_retry(struct medium *m)
{
	struct stream *st = CONTAINER(m, struct stream, st_medium);

	if (!stream_listens(st) && !st->st_up)
		stream_connect(st);
}

static void
stream_accept(struct lx_event *le, uint32_t events)
{
	struct stream *st = CONTAINER(le, struct stream, st_listen);
	int fd;

	(void)events;
	if (medium_idle(&st->st_medium) || (fd = accept4(st->st_listenfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) < 0)
		return;
	if (st->st_fd >= 0 || lx_loop_add(stream_loop(st), &st->st_event, fd, EPOLLIN, stream_event) != 0) {
		medium_drop(&st->st_medium, MEDIUM_REFUSED, 0);
		close(fd);
		return;
	}
	st->st_fd = fd;
	stream_up(st);
}

/* Frames in */

/* False: it is not to go on, because there is garbage, or because others wait for their turn. */
static bool
stream_frames(struct stream *st)
{
	const uint8_t *frame;
	size_t len;
	int n;

	while ((n = framing_next(&st->st_in, &frame, &len)) > 0) {
		medium_input(&st->st_medium, frame, len);
		if (lx_loop_over(stream_loop(st))) {
			medium_again(&st->st_medium, &st->st_event);
			return false;
		}
	}
	if (n == 0)
		return true;
	medium_drop(&st->st_medium, MEDIUM_GARBAGE, 0);
	stream_lost(st, EPROTO);
	return false;
}

static size_t
stream_most(const struct stream *st, size_t room)
{
	return lx_loop_shared(stream_loop(st)) && room > STREAM_SHARED ? STREAM_SHARED : room;
}

static void
stream_read(struct stream *st)
{
	uint8_t *room;
	size_t len;
	ssize_t n;

	/* Those of the last time. */
	if (!stream_frames(st))
		return;
	for (int i = 0; i < STREAM_TURN; i++) {
		room = framing_room(&st->st_in, &len);
		len = stream_most(st, len);
		n = recv(st->st_fd, room, len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			stream_lost(st, n == 0 ? 0 : errno);
			return;
		}
		framing_got(&st->st_in, (size_t)n);
		if (!stream_frames(st) || (size_t)n < len)
			return;
	}
}

/* Frames out */

/* Errors come by the event as well. */
static void
stream_flush(struct stream *st)
{
	ssize_t n;

	while (st->st_outhead < st->st_outtail) {
		n = send(st->st_fd, st->st_out + st->st_outhead, st->st_outtail - st->st_outhead, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		st->st_outhead += (size_t)n;
	}
	st->st_outhead = st->st_outtail = 0;
	(void)lx_loop_mod(stream_loop(st), &st->st_event, EPOLLIN);
}

/* What was not sent of a frame, from a place in it on; there is room. */
static void
stream_keep(struct stream *st, const struct iovec *iov, unsigned n, size_t skip)
{
	const bool first = st->st_outhead == st->st_outtail;
	size_t part;

	for (unsigned i = 0; i < n; i++) {
		part = iov[i].iov_len;
		if (skip >= part) {
			skip -= part;
			continue;
		}
		memcpy(st->st_out + st->st_outtail, (const uint8_t *)iov[i].iov_base + skip, part - skip);
		st->st_outtail += part - skip;
		skip = 0;
	}
	if (first)
		(void)lx_loop_mod(stream_loop(st), &st->st_event, EPOLLIN | EPOLLOUT);
}

static bool
stream_room(struct stream *st, size_t len)
{
	if (st->st_outtail - st->st_outhead + len > STREAM_OUT)
		return false;
	if (st->st_outtail + len > STREAM_OUT) {
		memmove(st->st_out, st->st_out + st->st_outhead, st->st_outtail - st->st_outhead);
		st->st_outtail -= st->st_outhead;
		st->st_outhead = 0;
	}
	return true;
}

static int
stream_output(struct medium *m, const struct vi_tap_frame *tf)
{
	struct stream *st = CONTAINER(m, struct stream, st_medium);
	struct iovec iov[1 + VI_TAP_MAXIOV];
	struct msghdr mh = { .msg_iov = iov };
	uint32_t len = htonl(tf->tf_len);
	ssize_t sent = 0;

	if (!st->st_up)
		return medium_drop(m, MEDIUM_FAILED, ENOTCONN);
	if (tf->tf_len > FRAMING_MAX)
		return medium_drop(m, MEDIUM_TOOLONG, EMSGSIZE);
	if (!stream_room(st, FRAMING_HDR + tf->tf_len))
		return medium_drop(m, MEDIUM_FULL, ENOBUFS);
	iov[0] = (struct iovec){ &len, sizeof(len) };
	mh.msg_iovlen = 1 + medium_iov(tf, iov + 1);
	if (st->st_outhead == st->st_outtail)
		sent = sendmsg(st->st_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return medium_drop(m, MEDIUM_FAILED, errno);
	if ((size_t)(sent < 0 ? 0 : sent) < FRAMING_HDR + tf->tf_len)
		stream_keep(st, iov, (unsigned)mh.msg_iovlen, (size_t)(sent < 0 ? 0 : sent));
	return 0;
}

/* Events */

static void
stream_event(struct lx_event *le, uint32_t events)
{
	struct stream *st = CONTAINER(le, struct stream, st_event);

	if (!medium_begin(&st->st_medium))
		return;
	if (!st->st_up) {
		stream_connected(st);
		return;
	}
	if ((events & EPOLLOUT) != 0)
		stream_flush(st);
	if ((events & ~(uint32_t)EPOLLOUT) != 0)
		stream_read(st);
	medium_done(&st->st_medium);
}

static void
stream_start(struct medium *m)
{
	struct stream *st = CONTAINER(m, struct stream, st_medium);

	if (!stream_listens(st))
		(void)medium_timer(m, 1);
}

static void
stream_state(const struct medium *m, char *text, size_t len)
{
	const struct stream *st = (const void *)((const char *)m - offsetof(struct stream, st_medium));
	size_t used;

	used = (size_t)snprintf(text, len, "%s", st->st_up ? "connected" : "waiting");
	if (st->st_error != 0)
		used += (size_t)snprintf(text + used, len - used, " (%s)", strerrordesc_np(st->st_error));
	if (st->st_count > (st->st_up ? 1u : 0u))
		snprintf(text + used, len - used, ", connections so far: %u", st->st_count);
}

static void
stream_free(struct medium *m)
{
	struct stream *st = CONTAINER(m, struct stream, st_medium);

	stream_close(st);
	if (stream_listens(st)) {
		lx_loop_del(stream_loop(st), &st->st_listen);
		close(st->st_listenfd);
		medium_file_remove(&st->st_file);
	}
	framing_free(&st->st_in);
	free(st->st_out);
	medium_fini(m);
	free(st);
}

#define STREAM_OPS(name) {			\
	.mo_name = (name),			\
	.mo_kind = "wire",			\
	.mo_nocarrier = true,			\
	.mo_output = stream_output,		\
	.mo_start = stream_start,		\
	.mo_timer = stream_retry,		\
	.mo_state = stream_state,		\
	.mo_free = stream_free,			\
}

static const struct medium_ops connect_ops = STREAM_OPS("connect"), listen_ops = STREAM_OPS("listen");

/* Opening */

static int
stream_new(struct ctl_request *rq, const struct medium_ops *mo, struct stream **stp)
{
	struct stream *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return ENOMEM;
	st->st_fd = st->st_listenfd = -1;
	st->st_retry = STREAM_RETRY;
	medium_init(&st->st_medium, mo, rq);
	if ((st->st_out = malloc(STREAM_OUT)) != NULL && framing_init(&st->st_in) == 0) {
		st->st_medium.m_events[0] = &st->st_event;
		st->st_medium.m_events[1] = &st->st_listen;
		*stp = st;
		return 0;
	}
	stream_free(&st->st_medium);
	return ENOMEM;
}

/* A stream socket of that family that listens, or does not. */
static int
stream_check(struct ctl_request *rq, int fd, int family, bool listens)
{
	int accepts;
	socklen_t len = sizeof(int);

	if (!medium_socket(fd, family, SOCK_STREAM) || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) != 0 || (accepts != 0) != listens)
		return ctl_fail(rq, EINVAL, "no stream socket of that kind was passed");
	return 0;
}

int
medium_connect_open(struct ctl_request *rq, struct medium **mp)
{
	struct sockaddr_storage ss;
	struct stream *st;
	socklen_t len;
	int error, fd = -1;

	if ((error = hostaddr_parse(medium_arg(rq, "address"), &ss, &len)) != 0)
		return ctl_fail(rq, error, "%.127s: bad address", medium_arg(rq, "address"));
	if (ss.ss_family != AF_UNIX && ((error = medium_take_fd(rq, &fd)) != 0 || (error = stream_check(rq, fd, ss.ss_family, false)) != 0))
		return error;
	if ((error = stream_new(rq, &connect_ops, &st)) != 0)
		return error;
	st->st_remote = ss;
	st->st_remotelen = len;
	st->st_fd = fd;
	if (fd >= 0)
		rq->rq_fds[0] = -1;
	*mp = &st->st_medium;
	return 0;
}

int
medium_listen_open(struct ctl_request *rq, struct medium **mp)
{
	struct sockaddr_storage ss;
	struct stream *st;
	socklen_t len;
	int error, fd;

	if ((error = hostaddr_parse(medium_arg(rq, "address"), &ss, &len)) != 0)
		return ctl_fail(rq, error, "%.127s: bad address", medium_arg(rq, "address"));
	if ((error = medium_take_fd(rq, &fd)) != 0 || (error = stream_check(rq, fd, ss.ss_family, true)) != 0 ||
	    (error = stream_new(rq, &listen_ops, &st)) != 0)
		return error;
	if ((error = lx_loop_add(stream_loop(st), &st->st_listen, fd, EPOLLIN, stream_accept)) != 0) {
		stream_free(&st->st_medium);
		return error;
	}
	st->st_listenfd = fd;
	medium_file_note(rq->rq_daemon, &st->st_file, medium_arg(rq, "address"));
	rq->rq_fds[0] = -1;
	*mp = &st->st_medium;
	return 0;
}
