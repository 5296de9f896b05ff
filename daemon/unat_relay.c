/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: the relay between a socket of the host and one of the far stack.
 *
 * Each direction is driven by edges (epoll's, and the upcall's) and moves until one side has no more, or the other no room; then the other side's edge
 * goes on.  Nothing is kept here: what is not taken stays in the sender's buffers, so that its window closes.  Bytes are read right into buffers of the
 * far stack and written right from them.
 *
 * Urgent data keeps its place: a side that is read up to its mark gives the byte there by itself, which is sent as urgent to the other (RFC 6093).
 *
 * An end of file goes through as such, each direction by itself; when both have, the flow is done and each side closes by itself what is still under
 * way.  An error or a reset of one side is a reset of the other.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>

#include "daemon/unat_tcp.h"

#define RELAY_CHUNK	(256 * 1024)
#define RELAY_SPANS	64

_Static_assert(sizeof(struct vi_iovec) == sizeof(struct iovec) && offsetof(struct vi_iovec, iov_len) == offsetof(struct iovec, iov_len),
    "struct vi_iovec is not struct iovec");

void
nat_tcp_reset(struct nat_tcp *nt)
{
	const struct linger li = { .l_onoff = 1 };

	if (nt->nt_flow.nf_fd >= 0)
		(void)setsockopt(nt->nt_flow.nf_fd, SOL_SOCKET, SO_LINGER, &li, sizeof(li));
	if (nt->nt_so != NULL && !vi_socket_dead(nt->nt_so))
		(void)vi_tcp_abort(nt->nt_so);
	nat_tcp_kind.nk_free(&nt->nt_flow);
}

/* The byte at the host's mark.  As relay_down_chunk. */
static int
relay_down_urgent(struct nat_tcp *nt)
{
	size_t done;
	uint8_t byte;
	int error;

	if (recv(nt->nt_flow.nf_fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1)
		return EAGAIN;
	if ((error = vi_send(nt->nt_so, &byte, 1, VI_MSG_OOB, &done)) != 0) {
		nt->nt_downblocked = error == EAGAIN;
		return error;
	}
	(void)!recv(nt->nt_flow.nf_fd, &byte, 1, MSG_DONTWAIT);
	return 0;
}

/* One portion from the host to the jail.  0: more may be there; EAGAIN: not now; others: an end. */
static int
relay_down_chunk(struct nat_tcp *nt)
{
	struct vi_iovec iov[RELAY_SPANS];
	unsigned n = RELAY_SPANS;
	ssize_t len;
	int error, at = 0;

	if (ioctl(nt->nt_flow.nf_fd, SIOCATMARK, &at) == 0 && at != 0)
		return relay_down_urgent(nt);
	if ((error = vi_send_prepare(nt->nt_so, RELAY_CHUNK, iov, &n)) != 0) {
		nt->nt_downblocked = error == EAGAIN;
		return error;
	}
	len = readv(nt->nt_flow.nf_fd, (const struct iovec *)iov, (int)n);
	error = len < 0 ? errno : 0;
	(void)vi_send_commit(nt->nt_so, len > 0 ? (size_t)len : 0, 0);
	if (len == 0) {
		nt->nt_downeof = true;
		(void)vi_shutdown(nt->nt_so, VI_SHUT_WR);
		return EAGAIN;
	}
	return error == EINTR ? 0 : error;
}

static int
relay_down(struct nat_tcp *nt)
{
	int error = 0;

	nt->nt_downblocked = false;
	while (error == 0 && !nt->nt_downeof)
		error = relay_down_chunk(nt);
	return error == EAGAIN ? 0 : error;
}

/* The byte at the jail's mark.  As relay_up_chunk. */
static int
relay_up_urgent(struct nat_tcp *nt)
{
	uint8_t byte;
	size_t n;
	int error;

	if ((error = vi_recv(nt->nt_so, &byte, 1, VI_MSG_OOB | VI_MSG_PEEK, &n)) != 0)
		return error;
	if (send(nt->nt_flow.nf_fd, &byte, 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		nt->nt_upblocked = errno == EAGAIN;
		return errno == EINTR ? 0 : errno;
	}
	return vi_recv(nt->nt_so, &byte, 1, VI_MSG_OOB, &n);
}

/* The same from the jail to the host. */
static int
relay_up_chunk(struct nat_tcp *nt)
{
	struct vi_iovec iov[RELAY_SPANS];
	struct msghdr mh = { .msg_iov = (struct iovec *)iov };
	unsigned n = RELAY_SPANS;
	ssize_t len;
	int error;

	if (vi_recv_atmark(nt->nt_so))
		return relay_up_urgent(nt);
	if ((error = vi_recv_peek(nt->nt_so, RELAY_CHUNK, iov, &n)) != 0)
		return error;
	if (n == 0) {
		nt->nt_upeof = true;
		return shutdown(nt->nt_flow.nf_fd, SHUT_WR) == 0 || errno == ENOTCONN ? EAGAIN : errno;
	}
	mh.msg_iovlen = n;
	if ((len = sendmsg(nt->nt_flow.nf_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0)
		return vi_recv_consume(nt->nt_so, (size_t)len);
	if (errno == EINTR)
		return 0;
	nt->nt_upblocked = errno == EAGAIN;
	return errno;
}

static int
relay_up(struct nat_tcp *nt)
{
	int error = 0;

	nt->nt_upblocked = false;
	while (error == 0 && !nt->nt_upeof)
		error = relay_up_chunk(nt);
	return error == EAGAIN ? 0 : error;
}

/* May free it. */
static void
relay(struct nat_tcp *nt, bool up, bool down)
{
	if ((up && relay_up(nt) != 0) || (down && relay_down(nt) != 0))
		nat_tcp_reset(nt);
	else if (nt->nt_upeof && nt->nt_downeof)
		nat_tcp_kind.nk_free(&nt->nt_flow);
}

static void
relay_event(struct lx_event *le, uint32_t events)
{
	struct nat_tcp *nt = CONTAINER(le, struct nat_tcp, nt_flow.nf_event);
	struct nat *na = nt->nt_flow.nf_nat;

	if (!nat_begin(na))
		return;
	/* A reset after the end of file: nothing is to be read that would tell. */
	if ((events & (EPOLLERR | EPOLLHUP)) != 0 && nt->nt_downeof)
		nat_tcp_reset(nt);
	else
		relay(nt, (events & EPOLLOUT) != 0 && nt->nt_upblocked,
		    (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0 && !nt->nt_downblocked);
	nat_done(na);
}

static void
relay_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct nat_tcp *nt = arg;

	if (vi_socket_dead(so)) {
		nt->nt_so = NULL;
		vi_close(so);
		return;
	}
	if ((events & VI_POLLERR) != 0)
		nat_tcp_reset(nt);
	else
		relay(nt, !nt->nt_upblocked, nt->nt_downblocked);
}

void
nat_relay_start(struct nat_tcp *nt)
{
	struct nat_flow *nf = &nt->nt_flow;
	struct lx_loop *loop = nf->nf_nat->na_worker->w_loop;

	nt->nt_state = NT_RELAYING;
	nf->nf_until = 0;
	/* RFC 5382 REQ-5: whoever is silent is asked whether he is still there. */
	(void)nat_setint(nt->nt_so, VI_SO_KEEPALIVE, 1);
	(void)setsockopt(nf->nf_fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
	/* The sender has put together what he wanted to. */
	(void)nat_setint(nt->nt_so, VI_TCP_NODELAY, 1);
	(void)setsockopt(nf->nf_fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	(void)setsockopt(nf->nf_fd, SOL_SOCKET, SO_OOBINLINE, &(int){ 1 }, sizeof(int));
	lx_loop_del(loop, &nf->nf_event);
	if (lx_loop_add(loop, &nf->nf_event, nf->nf_fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, relay_event) != 0) {
		nat_tcp_reset(nt);
		return;
	}
	vi_socket_upcall(nt->nt_so, relay_upcall, nt);
	relay(nt, true, true);
}
