/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: connecting, and the relay between the pair and the vnet's socket.
 *
 * Theory of operation.  Each direction is driven by its own edge and moves as much as both
 * sides allow:
 *   tx  the program wrote: the pair is readable, or the vnet's socket has room again
 *       (VI_POLLOUT while ls_txblocked).  Bytes are read straight into buffers of the vnet's
 *       socket.
 *   rx  the vnet's socket has data (VI_POLLIN), or the pair has room again (EPOLLOUT while
 *       ls_rxblocked).
 * Back pressure is the buffers' own: what one side does not take stays in the other.
 *
 * Half close: end of file on the pair is shutdown(SHUT_WR) of the vnet's socket; end of file
 * of the vnet's socket is shutdown(SHUT_WR) of the stack's end.  The program closing: a
 * hang-up; what it had written is sent first.  If it left data unread the pair says
 * ECONNRESET, or refused some, and the connection is reset (RFC 1122 4.2.2.13); what others of
 * the same stack had sent before counts, as on Linux, though it is still queued.  The peer's
 * reset: what came before is delivered, then the pair is broken so that the program sees
 * ECONNRESET (lx_sock_reset).
 *
 * Connecting.  While a non-blocking connect is under way poll() must not say that the
 * descriptor is writable, so its send buffer is filled; when the connection is there we take
 * the filling away, which makes the one edge that epoll wants.  When it fails the stack's end
 * is closed with the filling unread, and poll() shows what TCP shows.  A blocking connect just waits in the notification.
 */
#include "linux/lx.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/sockios.h>

#define STREAM_FILL	16384	/* one piece for the host; it splits above 32 KB */
#define STREAM_BEGIN	(STREAM_FILL * 2 - 1024)	/* SO_SNDBUF to begin with: stream_empty() */
#define STREAM_LEAST	8192	/* of TCP_NOTSENT_LOWAT: less would be a turn of ours for each few packets */

/* Spans of the library are given to the host's calls as they are. */
_Static_assert(sizeof(struct vi_iovec) == sizeof(struct iovec) &&
		   offsetof(struct vi_iovec, iov_len) == offsetof(struct iovec, iov_len),
    "struct vi_iovec is not struct iovec");

static ssize_t
pair_recv(struct lx_sock *ls, struct vi_iovec *iov, unsigned n)
{
	struct msghdr mh = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };

	return (recvmsg(ls->ls_fd, &mh, MSG_DONTWAIT));
}

static ssize_t
pair_send(struct lx_sock *ls, struct vi_iovec *iov, unsigned n)
{
	struct msghdr mh = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };

	return (sendmsg(ls->ls_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static void
pair_drain(struct lx_sock *ls, int fd)
{
	while (recv(fd, ls->ls_lx->lx_buf, LX_BUFSIZE, MSG_DONTWAIT) > 0)
		;
}

static size_t
spans_len(const struct vi_iovec *iov, unsigned n)
{
	size_t len = 0;

	while (n-- > 0)
		len += iov[n].iov_len;
	return (len);
}

/* SO_SNDBUF of the program's end, which the host doubles.  What lies in the pair is not sent, and of that there is to be no more than TCP_NOTSENT_LOWAT. */
static int
stream_room(const struct lx_sock *ls)
{
	const int size = ls->ls_sndbuf != 0 ? ls->ls_sndbuf : LX_STREAMBUF, half = (int)(ls->ls_lowat / 2);
	const int most = half > STREAM_LEAST ? half : STREAM_LEAST;

	return (ls->ls_lowat != 0 && most < size ? most : size);
}

void
stream_resize(struct lx_sock *ls, int app)
{
	const int room = stream_room(ls);

	if (ls->ls_lowbuf && (ls->ls_fill != 0 || room >= STREAM_BEGIN))
		return;			/* it comes when the filling has gone, or with the first large data */
	ls->ls_lowbuf = ls->ls_tiny = false;
	(void)lx_sock_buffer(app, room);
}

/*
 * One piece of STREAM_FILL bytes is put into the pair, then the buffer made smaller than that: a
 * write says EAGAIN, poll() says nothing.
 */
int
stream_fill(struct lx_sock *ls, int app)
{
	static const char fill[STREAM_FILL];
	int size = 1;			/* the host takes its minimum */

	if (stream_room(ls) < LX_STREAMBUF)
		(void)lx_sock_buffer(app, LX_STREAMBUF);	/* or it would be several pieces */
	if (send(app, fill, sizeof(fill), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(fill) ||
	    setsockopt(app, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) != 0)
		return (errno);
	ls->ls_lowbuf = true;
	ls->ls_fill = sizeof(fill);
	return (0);
}

/*
 * A descriptor is writable when four times what is queued is not more than the buffer.  So the
 * buffer can be made nearly four times STREAM_FILL without an edge, and then taking the piece
 * away makes exactly one.  That is enough to begin with; the full size comes with the first
 * large data (stream_enlarge).  app: a copy of the program's end, or -1: we look for it.
 */
void
stream_empty(struct lx_sock *ls, int app)
{
	int copy = -1, size = STREAM_BEGIN;
	ssize_t n;

	if (ls->ls_fill == 0)
		return;
	if (app < 0)
		app = copy = lx_sock_locate(ls);
	if (app >= 0)
		(void)setsockopt(app, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ls->ls_tiny = app < 0;
	do {
		n = recv(ls->ls_fd, ls->ls_lx->lx_buf, ls->ls_fill, MSG_DONTWAIT);
		if (n > 0)
			ls->ls_fill -= (uint32_t)n;
	} while (n > 0 && ls->ls_fill > 0);
	ls->ls_fill = 0;
	if (app >= 0)
		stream_resize(ls, app);
	if (copy >= 0)
		close(copy);
}

/* The buffer as the program wants it, or as it was. */
static void
stream_enlarge(struct lx_sock *ls)
{
	int app = lx_sock_locate(ls);

	ls->ls_lowbuf = ls->ls_tiny = app < 0 && ls->ls_tiny;	/* tiny: look again the next time */
	if (app < 0)
		return;
	(void)lx_sock_buffer(app, stream_room(ls));
	close(app);
}

/*
 * The program closed its last descriptor and all it wrote is on its way; or it left data
 * unread.
 */
static void
stream_gone(struct lx_sock *ls, bool unread)
{
	if (unread && ls->ls_so != NULL)
		(void)vi_tcp_abort(ls->ls_so);
	lx_sock_free(ls);
}

/*
 * Nothing is left to read and the writer is done: closed or shut down?  False: the socket is
 * gone.
 */
static bool
stream_end(struct lx_sock *ls)
{
	char byte;
	ssize_t n;
	size_t done;

	n = recv(ls->ls_fd, &byte, 1, MSG_DONTWAIT);
	if (n > 0) {			/* written between the two looks */
		(void)vi_send(ls->ls_so, &byte, 1, 0, &done);
		return (true);
	}
	if (n < 0 && errno == EAGAIN)
		return (true);
	if (n < 0 || (ls->ls_hup && lx_sock_closed(ls))) {
		stream_gone(ls, n < 0 || ls->ls_swallow);
		return (false);
	}
	if (!ls->ls_txeof) {
		ls->ls_txeof = true;
		(void)vi_shutdown(ls->ls_so, VI_SHUT_WR);
	}
	return (true);
}

/*
 * Urgent data of the program: the read stops at the mark, the byte behind it is sent as
 * such.  True: one was there.
 */
static bool
stream_urgent(struct lx_sock *ls)
{
	size_t done;
	int at, on = 1;
	char byte;

	(void)setsockopt(ls->ls_fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	if (ioctl(ls->ls_fd, SIOCATMARK, &at) != 0 || at == 0 ||
	    recv(ls->ls_fd, &byte, 1, MSG_DONTWAIT) != 1)
		return (false);
	(void)vi_send(ls->ls_so, &byte, 1, VI_MSG_OOB, &done);
	return (true);
}

/* As vi_send_commit(); the message may have said itself what is stamped. */
static int
stream_commit(struct lx_sock *ls, size_t len)
{
	const int stamp = runs_stamp(ls), flags = runs_taken(ls, len);
	const int once = stamp | (ls->ls_stamping & ~(int)VI_SOF_TX);
	int error;

	if (stamp < 0)
		return (vi_send_commit(ls->ls_so, len, flags));
	(void)vi_setsockopt(ls->ls_so, VI_SO_TIMESTAMPING, &once, sizeof(once));
	error = vi_send_commit(ls->ls_so, len, flags);
	(void)vi_setsockopt(ls->ls_so, VI_SO_TIMESTAMPING, &ls->ls_stamping, sizeof(ls->ls_stamping));
	return (error);
}

/*
 * One portion.  0: more may be there; EAGAIN: no room in the vnet's socket; other: it takes
 * nothing any more.
 */
static int
stream_tx_chunk(struct lx_sock *ls, size_t want)
{
	struct vi_iovec iov[LX_NSPANS];
	unsigned n = LX_NSPANS;
	ssize_t len;
	int error;

	want = runs_limit(ls, want < LX_CHUNK ? want : LX_CHUNK);
	error = vi_send_prepare(ls->ls_so, want, iov, &n);
	if (error != 0)
		return (error);
	len = pair_recv(ls, iov, n);
	if (len <= 0) {
		(void)vi_send_commit(ls->ls_so, 0, 0);
		return (0);
	}
	ls->ls_lx->lx_stats.ls_bytes_out += (uint64_t)len;
	ls->ls_deferred = false;
	return (stream_commit(ls, (size_t)len));
}

/* May free ls. */
void
stream_tx(struct lx_sock *ls)
{
	int avail = 0, error;

	ls->ls_txblocked = false;
	while (ls->ls_fd >= 0 && ioctl(ls->ls_fd, FIONREAD, &avail) == 0 && avail > 0) {
		if (ls->ls_txeof)
			return;
		if (ls->ls_lowbuf && (avail >= STREAM_FILL || ls->ls_tiny))
			stream_enlarge(ls);
		error = stream_tx_chunk(ls, (size_t)avail);
		if (error == EAGAIN) {
			ls->ls_txblocked = true;
			return;
		}
		if (error != 0) { /* the connection is over: so is what was not sent */
			if (ls->ls_hup && lx_sock_closed(ls))
				stream_gone(ls, false);
			return;
		}
	}
	if (ls->ls_fd >= 0 && ls->ls_rdhup)
		(void)stream_end(ls);
}

/*
 * What was written before this call goes out before the call has its effect.  The caller
 * holds a descriptor: ls is not freed.
 */
void
stream_flush(struct lx_sock *ls)
{
	bool rdhup = ls->ls_rdhup;

	if (ls->ls_state != LXS_CONNECTED || ls->ls_fd < 0 || ls->ls_so == NULL || ls->ls_hup)
		return;
	ls->ls_rdhup = false;
	stream_tx(ls);
	ls->ls_rdhup = rdhup;
}

static void
stream_eof(struct lx_sock *ls)
{
	if (ls->ls_rxeof)
		return;
	ls->ls_rxeof = true;
	(void)shutdown(ls->ls_fd, SHUT_WR);
}

/* False: no room in the pair. */
static bool
stream_rx_chunk(struct lx_sock *ls, struct vi_iovec *iov, unsigned n)
{
	ssize_t len = (ssize_t)spans_len(iov, n);

	if (!ls->ls_swallow) {
		len = pair_send(ls, iov, n);
		if (len < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
			return (false);
		if (len < 0) {			/* it reads no more: TCP goes on acknowledging, until it closes */
			ls->ls_swallow = true;
			len = (ssize_t)spans_len(iov, n);
		}
	}
	ls->ls_lx->lx_stats.ls_bytes_in += (uint64_t)len;
	(void)vi_recv_consume(ls->ls_so, (size_t)len);
	return (true);
}

/* Urgent data of the peer, between what came before it and what comes behind. */
static void
stream_rx_urgent(struct lx_sock *ls)
{
	char byte;
	size_t n;

	if (vi_recv(ls->ls_so, &byte, 1, VI_MSG_OOB, &n) == 0 && n == 1)
		(void)send(ls->ls_fd, &byte, 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
stream_rx(struct lx_sock *ls)
{
	struct vi_iovec iov[LX_NSPANS];
	unsigned n;
	int error;

	for (;;) {
		if (vi_recv_atmark(ls->ls_so))
			stream_rx_urgent(ls);
		n = LX_NSPANS;
		error = vi_recv_peek(ls->ls_so, LX_CHUNK, iov, &n);
		if (error != 0)
			break;
		if (n == 0) {
			if (!ls->ls_broken)	/* behind a reset there is no end that a reader might take for one */
				stream_eof(ls);
			break;
		}
		if (!stream_rx_chunk(ls, iov, n)) {
			ls->ls_rxblocked = true;
			lx_sock_watch(ls, true);
			if (!TAILQ_EMPTY(&ls->ls_calls))
				discard_more(ls);
			return;
		}
	}
	ls->ls_rxblocked = false;
	lx_sock_watch(ls, false);
	if (!TAILQ_EMPTY(&ls->ls_calls))
		discard_more(ls);
	if (error != 0 && error != EAGAIN && error != ENOTCONN && !ls->ls_broken) {
		ls->ls_broken = true;
		ls->ls_error = error;
	}
}

/*
 * What goes wrong after the peer's end came (EPIPE, if that was not told yet) is seen by who writes, as a broken pipe; who reads goes on reading that end, as on
 * Linux.  So nothing is left unread in our end when it is closed.
 */
static void
stream_broken(struct lx_sock *ls)
{
	lx_calls_answer(ls, ls->ls_rxeof || ls->ls_error == EPIPE ? 0 : -ls->ls_error);
	if ((!ls->ls_rxeof && ls->ls_error != EPIPE) || ls->ls_hup) {
		lx_sock_reset(ls, ls->ls_error);
		return;
	}
	pair_drain(ls, ls->ls_fd);
	ls->ls_state = LXS_IDLE;
	lx_sock_zombie(ls);
}

/* Both directions after something changed.  May free ls. */
static void
stream_relay(struct lx_sock *ls, bool rx, bool tx)
{
	if (rx)
		stream_rx(ls);
	if (ls->ls_broken && !ls->ls_rxblocked) {
		stream_broken(ls);
		return;
	}
	if (tx)
		stream_tx(ls);
}

static void
connect_done(struct lx_sock *ls)
{
	struct lx_call *c;

	ls->ls_state = LXS_CONNECTED;
	while ((c = TAILQ_FIRST(&ls->ls_calls)) != NULL) {
		if (lx_answer(c, fastopen_finish(c)) == 0)
			ls->ls_told = true;
		lx_call_free(c);
	}
	stream_empty(ls, -1);
	stream_relay(ls, true, true);
}

static void
connect_failed(struct lx_sock *ls, int error)
{
	struct lx_call *c;
	bool told = false;

	ls->ls_state = LXS_IDLE;
	while ((c = TAILQ_FIRST(&ls->ls_calls)) != NULL) {
		if (lx_answer(c, -error) == 0)
			told = true;
		lx_call_free(c);
	}
	ls->ls_failed = !told;
	if (!told)
		lx_sock_reset(ls, error);
}

static void
connect_upcall(struct lx_sock *ls, unsigned events)
{
	int error;

	if ((events & (VI_POLLERR | VI_POLLHUP)) != 0) {
		error = lx_sock_error(ls);
		connect_failed(ls, error != 0 ? error : ECONNABORTED);
	} else if ((events & VI_POLLOUT) != 0)
		connect_done(ls);
}

void
stream_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct lx_sock *ls = arg;
	int error;

	if (vi_socket_dead(so)) {
		lx_sock_dead(ls);
		return;
	}
	if (ls->ls_fd < 0)
		return;
	if (ls->ls_settling) {
		stream_rx(ls);
		return;
	}
	switch (ls->ls_state) {
	case LXS_LISTEN:
		listen_upcall(ls, events);
		break;
	case LXS_CONNECTING:
		connect_upcall(ls, events);
		break;
	case LXS_CONNECTED:
		if ((events & VI_POLLERR) != 0 && !ls->ls_broken &&
		    (error = lx_sock_error(ls)) != 0) {
			ls->ls_broken = true;
			ls->ls_error = error;
		}
		stream_relay(ls, !ls->ls_rxblocked, ls->ls_txblocked);
		break;
	case LXS_IDLE:
		break;
	}
}

/* What was sent to the program before it closed, and its stack still has queued, it has not read. */
static void
stream_settle(struct lx_sock *ls)
{
	ls->ls_settling = true;
	lx_run(ls->ls_lx, ls->ls_vnet);
	ls->ls_settling = false;
}

/* A packet that was written to a tun interface before this event comes before it, as on Linux.  False: it was the end of ls, or of its pair. */
static bool
stream_turn(struct lx_sock *ls)
{
	struct lx *lx = ls->ls_lx;
	const ino_t ino = ls->ls_ino;

	if (TAILQ_EMPTY(&lx->lx_tuns) || ls->ls_vnet == NULL || !lx_tuns_fresh(lx, ls->ls_vnet))
		return (true);
	lx_run(lx, ls->ls_vnet);
	return (lx_sock_find(lx, ino) == ls && ls->ls_fd >= 0);
}

void
stream_event(struct lx_event *le, uint32_t events)
{
	struct lx_sock *ls = LX_CONTAINER(le, struct lx_sock, ls_event);

	if (!stream_turn(ls))
		return;
	if ((events & EPOLLHUP) != 0 && !ls->ls_hup) {
		ls->ls_hup = ls->ls_rdhup = true;
		if (ls->ls_state == LXS_CONNECTED && ls->ls_so != NULL)
			stream_settle(ls);
	}
	if ((events & EPOLLRDHUP) != 0)
		ls->ls_rdhup = true;
	if (ls->ls_state == LXS_LISTEN)
		listen_event(ls, events);
	else if (ls->ls_state == LXS_CONNECTED) {
		if ((events & EPOLLPRI) != 0) {
			while (!stream_urgent(ls) &&
			       recv(ls->ls_fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
				if (stream_tx_chunk(ls, LX_CHUNK) != 0)
					break;
		}
		stream_relay(ls, ls->ls_rxblocked && (events & EPOLLOUT) != 0, true);
	} else if (ls->ls_hup && lx_sock_closed(ls))
		stream_gone(ls, false);
}

/*
 * The vnet's socket as if it had never tried: a connection is reset, an error forgotten; options
 * and a local address the program chose stay.
 */
static int
connect_undo(struct lx_sock *ls)
{
	const struct vi_sockaddr none = { .sa_family = VI_AF_UNSPEC };

	ls->ls_used = false;
	return (vi_connect(ls->ls_so, &none));
}

/* The SYN is out, or waits for data: bytes may be written when told. */
int64_t
stream_begun(struct lx_call *c, bool told)
{
	struct lx_sock *ls = c->c_sock;

	ls->ls_state = told ? LXS_CONNECTED : LXS_CONNECTING;
	ls->ls_used = true;
	ls->ls_told = told;
	ls->ls_failed = false;
	ls->ls_error = 0;
	if (told)
		return (0);
	if (!lx_call_nonblock(c, c->c_nr == SYS_connect ? 0 : (int)c->c_arg[c->c_nr == SYS_sendto ? 3 : 2], SO_SNDTIMEO))
		return (lx_call_wait(c, lx_call_timeout(c, SO_SNDTIMEO), EINPROGRESS));
	(void)stream_fill(ls, c->c_fd);
	return (-EINPROGRESS);
}

/* Why no connection was begun.  Linux has no other word for addresses and ports that have one. */
int64_t
stream_refused(int error)
{
	return (error == EADDRINUSE ? -EADDRNOTAVAIL : -error);
}

static int64_t
connect_begin(struct lx_call *c, struct lx_sock *ls, const struct vi_sockaddr *sa)
{
	int error;

	error = vi_connect(ls->ls_so, sa);
	if (error == EADDRINUSE) {
		lx_reap(c->c_lx, ls->ls_vnet, 0);
		error = vi_connect(ls->ls_so, sa);
	}
	if (error != 0 && error != EINPROGRESS)
		return (stream_refused(error));
	ls->ls_deferred = error == 0;	/* Fast Open: the SYN goes with the first data */
	return (stream_begun(c, ls->ls_deferred));
}

/*
 * The pair was broken to show that an earlier connect failed, or one of its directions is shut.  A
 * new pair takes its place under the same number; other copies of the descriptor, and the epoll
 * sets it was in, keep the old one.
 */
static int
stream_renew(struct lx_call *c)
{
	struct lx_sock *old = c->c_sock, *ls;
	struct vi_socket *so = old->ls_so;
	int app, error;

	old->ls_so = NULL;
	error = lx_sock_new(c->c_lx, old->ls_vnet, LXK_STREAM, so, &app, &ls);
	if (error != 0)
		return (error);
	if ((error = lx_replace_fd(c, app)) != 0) {
		close(app);
		lx_sock_free(ls);
		return (error);
	}
	lx_sock_like(ls, old);
	ls->ls_sndbuf = old->ls_sndbuf;
	stream_resize(ls, app);
	ls->ls_used = old->ls_used;
	ls->ls_pid = old->ls_pid;
	ls->ls_pidfdno = old->ls_pidfdno;
	close(c->c_fd);
	c->c_fd = app;
	c->c_sock = ls;
	return (0);
}

/* A pair to begin a connection with, and a socket of the vnet that knows of none. */
int
stream_ready(struct lx_call *c)
{
	int error = 0;

	if (c->c_sock->ls_fd < 0)
		error = stream_renew(c);
	if (error == 0 && c->c_sock->ls_used)
		error = connect_undo(c->c_sock);
	return (error);
}

/* connect(2) with AF_UNSPEC: what lies in the pair goes with the connection. */
static int64_t
stream_disconnect(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	const int said = ls->ls_state != LXS_IDLE ? ECONNRESET : ls->ls_error;	/* as Linux says of it */
	int error;

	if (ls->ls_so == NULL)
		return (-ECONNABORTED);
	if ((error = connect_undo(ls)) != 0)
		return (-error);
	lx_calls_answer(ls, -ECONNRESET);
	ls->ls_state = LXS_IDLE;
	if (ls->ls_fd < 0 || ls->ls_rxeof || ls->ls_rdhup) {
		if ((error = stream_renew(c)) != 0)
			return (-error);
		ls = c->c_sock;
	} else {
		stream_empty(ls, c->c_fd);
		pair_drain(ls, ls->ls_fd);
		pair_drain(ls, c->c_fd);
		runs_free(ls);
	}
	ls->ls_told = ls->ls_failed = ls->ls_broken = ls->ls_swallow = false;
	ls->ls_txblocked = ls->ls_rxblocked = false;
	ls->ls_error = said;
	lx_sock_watch(ls, false);
	return (0);
}

static int64_t
stream_connect_idle(struct lx_call *c, const struct vi_sockaddr *sa)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	if (ls->ls_failed) {		/* the failure of the last one, told once */
		ls->ls_failed = false;
		error = lx_sock_error(ls);
		return (-(error != 0 ? error : ECONNABORTED));
	}
	if (sa->sa_family == VI_AF_UNSPEC)
		return (ls->ls_told ? stream_disconnect(c) : ls->ls_so == NULL ? 0 : -connect_undo(ls));
	if (ls->ls_told)		/* as Linux: what was a connection is none to begin with */
		return (-EISCONN);
	if ((error = stream_ready(c)) != 0)
		return (-error);
	return (connect_begin(c, c->c_sock, sa));
}

int64_t
stream_connect(struct lx_call *c, const struct vi_sockaddr *sa)
{
	struct lx_sock *ls = c->c_sock;

	switch (ls->ls_state) {
	case LXS_IDLE:
		return (stream_connect_idle(c, sa));
	case LXS_CONNECTING:
		if (sa->sa_family == VI_AF_UNSPEC)
			return (stream_disconnect(c));
		if (lx_call_nonblock(c, 0, SO_SNDTIMEO))
			return (-EALREADY);
		return (lx_call_wait(c, lx_call_timeout(c, SO_SNDTIMEO), EINPROGRESS));
	case LXS_CONNECTED:
		if (sa->sa_family == VI_AF_UNSPEC)
			return (stream_disconnect(c));
		if (!ls->ls_told) {
			ls->ls_told = true;
			return (0);
		}
		return (-EISCONN);
	default:
		return (sa->sa_family == VI_AF_UNSPEC ? listen_end(c) : -EISCONN);
	}
}

/* For Linux a connection in TIME_WAIT is closed, too. */
static bool
stream_over(const struct lx_sock *ls)
{
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);

	return (ls->ls_so != NULL && vi_getsockopt(ls->ls_so, VI_TCP_INFO, &ti, &len) == 0 &&
	    (ti.ti_state == VI_TCPS_CLOSED || ti.ti_state == VI_TCPS_TIME_WAIT));
}

/* Whatever is shut of a connection that is being made, Linux gives it up: it may be begun again. */
static int64_t
connect_giveup(struct lx_sock *ls)
{
	int error = connect_undo(ls);

	if (error != 0)
		return (-error);
	connect_failed(ls, ECONNRESET);
	ls->ls_failed = false;	/* SO_ERROR tells of it, connect() does not */
	return (0);
}

int64_t
stream_shutdown(struct lx_call *c, int how)
{
	struct lx_sock *ls = c->c_sock;

	if (ls->ls_state == LXS_LISTEN)
		return (how == SHUT_WR ? 0 : listen_end(c));
	if (ls->ls_state == LXS_CONNECTING && ls->ls_so != NULL)
		return (connect_giveup(ls));
	if (ls->ls_fd < 0 || ls->ls_state == LXS_IDLE || stream_over(ls))
		return (-ENOTCONN);
	if (how != SHUT_WR)
		recv_shut(ls);
	return (LX_CONTINUE);
}
