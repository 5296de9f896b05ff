/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening streams.
 *
 * The descriptor of a listener is filled so that it is never writable.  It is readable while
 * one byte or more is in it: we write one when the vnet tells of a new connection, so that
 * each makes an edge, and take all of them off when accept has found the queue empty.
 *
 * accept takes the connection, makes the pair and gives the descriptor with the answer.  If a
 * signal was faster the connection is kept in ls_made for the next accept.
 */
#include "linux/lx.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#define LISTEN_MAXBYTES	64

static void
listen_mark(struct lx_sock *ls)
{
	if (ls->ls_bytes < LISTEN_MAXBYTES &&
	    send(ls->ls_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
		ls->ls_bytes++;
}

static bool
listen_pending(struct lx_sock *ls)
{
	return (!TAILQ_EMPTY(&ls->ls_made) || (vi_poll(ls->ls_so) & VI_POLLIN) != 0);
}

/* Through a copy of the program's end. */
static void
listen_unmark(struct lx_sock *ls, int app)
{
	char buf[LISTEN_MAXBYTES];

	if (ls->ls_bytes == 0 || listen_pending(ls))
		return;
	(void)recv(app, buf, sizeof(buf), MSG_DONTWAIT);
	ls->ls_bytes = 0;
}

/* The next connection with its pair.  EAGAIN: none. */
static int
listen_take(struct lx_sock *ls, struct lx_sock **newp, struct vi_sockaddr *peer)
{
	struct vi_socket *so;
	struct lx_sock *new;
	int app, error;

	new = TAILQ_FIRST(&ls->ls_made);
	if (new != NULL) {
		TAILQ_REMOVE(&ls->ls_made, new, ls_madelink);
		*newp = new;
		if (new->ls_so == NULL || vi_peername(new->ls_so, peer) != 0)
			*peer = (struct vi_sockaddr){.sa_family = sockaddr_family(ls->ls_family)}; /* reset meanwhile */
		return (0);
	}
	error = vi_accept(ls->ls_so, &so, peer);
	if (error == 0)
		error = lx_sock_new(ls->ls_lx, ls->ls_vnet, LXK_STREAM, so, &app, &new);
	if (error != 0)
		return (error);
	new->ls_appfd = app;
	new->ls_state = LXS_CONNECTED;
	new->ls_told = true;
	lx_sock_like(new, ls);
	lx_sock_native(new, app);
	if (new->ls_lowat != 0)
		stream_resize(new, app);
	*newp = new;
	return (0);
}

/* 0: done (also: an error was answered); ENOENT: the call is over; EAGAIN: nothing there. */
static int
accept_one(struct lx_call *c, struct lx_sock *ls)
{
	int error, flags = c->c_nr == SYS_accept4 ? (int)c->c_arg[3] : 0;
	struct sockaddr_storage ss;
	struct vi_sockaddr peer;
	struct lx_sock *new;
	socklen_t len;

	error = listen_take(ls, &new, &peer);
	if (error == EAGAIN)
		return (error);
	if (error != 0)
		return (lx_answer(c, -error));
	if (c->c_fd >= 0)
		listen_unmark(ls, c->c_fd);	/* before the program can look again */
	if (c->c_arg[1] != 0) {
		len = sockaddr_build(&peer, &ss);
		error = sockaddr_copyout(c, &ss, len, c->c_arg[1], c->c_arg[2]);
		if (error != 0 && error != ENOENT) {	/* as accept(2): the connection is lost */
			lx_sock_free(new);
			return (lx_answer(c, -error));
		}
	}
	if (error == 0)
		error = lx_sock_hand(c, new, new->ls_appfd, flags);
	if (error == ENOENT) {
		TAILQ_INSERT_HEAD(&ls->ls_made, new, ls_madelink);
		listen_mark(ls);
		return (error);
	}
	new->ls_appfd = -1;
	if (error != 0) {
		lx_sock_free(new);
		return (lx_answer(c, -error));
	}
	return (0);
}

void
listen_upcall(struct lx_sock *ls, unsigned events)
{
	struct lx_call *c;

	while ((c = TAILQ_FIRST(&ls->ls_calls)) != NULL && listen_pending(ls)) {
		if (accept_one(c, ls) == EAGAIN)
			break;
		lx_call_free(c);
	}
	if ((events & VI_POLLIN) != 0 && listen_pending(ls))
		listen_mark(ls);
}

void
listen_event(struct lx_sock *ls, uint32_t events)
{
	if ((events & EPOLLHUP) != 0)
		lx_sock_free(ls);
}

void
listen_free(struct lx_sock *ls)
{
	struct lx_sock *new;

	while ((new = TAILQ_FIRST(&ls->ls_made)) != NULL) {
		TAILQ_REMOVE(&ls->ls_made, new, ls_madelink);
		if (new->ls_so != NULL)
			(void)vi_tcp_abort(new->ls_so);
		lx_sock_free(new);
	}
}

int64_t
lx_sys_listen(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	int backlog = (int)c->c_arg[1], error;

	if (ls->ls_kind != LXK_STREAM)
		return (-EOPNOTSUPP);
	if (ls->ls_so == NULL || ls->ls_fd < 0 ||
	    (ls->ls_state != LXS_IDLE && ls->ls_state != LXS_LISTEN))
		return (-EINVAL);
	/* Linux compares without a sign and cuts at somaxconn; so does the vnet. */
	error = vi_listen(ls->ls_so, backlog < 0 ? INT32_MAX : backlog);
	if (error == EADDRINUSE) {
		lx_reap(c->c_lx, ls->ls_vnet, 0);
		error = vi_listen(ls->ls_so, backlog < 0 ? INT32_MAX : backlog);
	}
	if (error != 0)
		return (-error);
	if (ls->ls_state == LXS_IDLE)
		(void)stream_fill(ls, c->c_fd);
	ls->ls_state = LXS_LISTEN;
	return (0);
}

int64_t
lx_sys_accept(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	if (c->c_nr == SYS_accept4 && ((int)c->c_arg[3] & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0)
		return (-EINVAL);
	if (ls->ls_kind != LXK_STREAM)
		return (-EOPNOTSUPP);
	if (ls->ls_so == NULL)
		return (-ECONNABORTED);
	if (ls->ls_state != LXS_LISTEN)
		return (-EINVAL);
	error = accept_one(c, ls);
	if (error != EAGAIN)
		return (LX_DONE);
	listen_unmark(ls, c->c_fd);
	if (lx_call_nonblock(c, 0, SO_RCVTIMEO))
		return (-EAGAIN);
	return (lx_call_wait(c, lx_call_timeout(c, SO_RCVTIMEO), EAGAIN));
}

/*
 * Linux: shutdown for reading, or connect() with AF_UNSPEC, ends the listening; what is in the queue
 * is reset, accept says EINVAL.  Options and name stay.  The descriptor is left as it is (but not as
 * readable).
 */
int64_t
listen_end(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	if (ls->ls_so == NULL)
		return (-ENOTCONN);
	listen_free(ls);
	if ((error = vi_shutdown(ls->ls_so, VI_SHUT_RD)) != 0)
		return (-error);
	listen_unmark(ls, c->c_fd);
	ls->ls_state = LXS_IDLE;
	stream_empty(ls, c->c_fd);
	lx_calls_answer(ls, -EINVAL);
	return (0);
}
