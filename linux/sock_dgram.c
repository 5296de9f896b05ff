/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagram sockets: UDP, echo ("ping") and raw.
 *
 * Theory of operation.  The pair is SOCK_SEQPACKET, which keeps boundaries and reports
 * hang-ups.  Payloads from the vnet are queued in it, so that poll() and recv() of the program
 * work without us.  What a payload does not say (source, interface, TTL...) is in a ring
 * beside it, one entry for each datagram queued.  A call that wants addresses comes to us; we
 * take the datagram through a copy of the program's end.  The number of bytes in the queue
 * tells how many entries the program has consumed natively meanwhile; datagrams of no length
 * are told from others by the length of what was taken.
 *
 * A receive that waits in a call is served directly, past the pair.  If the answer is
 * overtaken by a signal the datagram goes to the end of the pair's queue: datagrams may be
 * reordered, not lost.
 *
 * Pending errors (ECONNREFUSED after an ICMP message) go to a waiting call, or are kept in
 * ls_error; the next call that comes to us returns the error.  poll() says POLLERR where the
 * program asked for an error queue (sock_errpair.c); otherwise an empty marker datagram in the
 * queue wakes it.
 *
 * What the program sends without an address (connected sockets) arrives in the pair and is
 * sent from there.
 */
#include "linux/lx.h"
#include "linux/packet_ring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define DGRAM_TURN	64	/* datagrams taken from a socket of the vnet in one go */
#define DGRAM_TXTURN	16	/* ... and from a program: so that floods leave time for calls */
#define DGRAM_TXBYTES	65536	/* and when it was so much */
#define DGRAM_MINCOST	512	/* memory the host accounts for the smallest datagram, at least */

static struct lx_dgram *
fifo_head(struct lx_fifo *f)
{
	return (f->f_count == 0 ? NULL : &f->f_ring[f->f_head & (f->f_size - 1)]);
}

void
dgram_drop(struct lx_sock *ls, struct lx_dgram *dg)
{
	if (dg->dg_ext == NULL)
		return;
	ls->ls_held_ext -= dg->dg_extlen;
	free(dg->dg_ext);
	dg->dg_ext = NULL;
}

/* Who is told the time with the datagram is not told again, as on Linux. */
void
dgram_read(struct lx_sock *ls, const struct lx_dgram *dg)
{
	if ((ls->ls_cmsg & LXC_STAMPS) == 0 && (ls->ls_stamped || ls->ls_fifo.f_stamp == LX_FOREVER))
		ls->ls_fifo.f_stamp = ls->ls_stamped ? dg->dg_stamp : 0;
}

static void
fifo_pop(struct lx_sock *ls)
{
	struct lx_fifo *f = &ls->ls_fifo;

	dgram_drop(ls, fifo_head(f));
	f->f_cost -= fifo_head(f)->dg_cost;
	if (!fifo_head(f)->dg_marker)
		dgram_read(ls, fifo_head(f));
	f->f_head++;
	f->f_count--;
}

static int
fifo_grow(struct lx_fifo *f)
{
	uint32_t i, size = f->f_size == 0 ? 8 : f->f_size * 2;
	struct lx_dgram *ring;

	ring = malloc(size * sizeof(*ring));
	if (ring == NULL)
		return (ENOMEM);
	for (i = 0; i < f->f_count; i++)
		ring[i] = f->f_ring[(f->f_head + i) & (f->f_size - 1)];
	free(f->f_ring);
	f->f_ring = ring;
	f->f_size = size;
	f->f_head = 0;
	return (0);
}

/*
 * What the program has not taken yet, as the host counts it: the bytes at the program's end appfd, which of a SOCK_DGRAM pair are only those of the first
 * datagram; there it is the memory at ours.
 */
static int
dgram_queued(const struct lx_sock *ls, int appfd, int *queued)
{
	if (ls->ls_errpair)
		return (ioctl(ls->ls_fd, TIOCOUTQ, queued));
	return (ioctl(appfd, FIONREAD, queued));
}

/* Forgets what the program has taken without us: all beyond what is still queued. */
static void
fifo_sync(struct lx_sock *ls, int queued)
{
	while (ls->ls_fifo.f_count > 0 && ls->ls_fifo.f_cost > (uint64_t)queued)
		fifo_pop(ls);
}

void
dgram_forget(struct lx_sock *ls)
{
	while (ls->ls_fifo.f_count > 0)
		fifo_pop(ls);
}

/* The entry for a datagram of len bytes that was just taken (or looked at). */
static void
fifo_match(struct lx_sock *ls, size_t len, bool keep, struct lx_dgram *dg)
{
	struct lx_fifo *f = &ls->ls_fifo;
	struct lx_dgram *head;

	while ((head = fifo_head(f)) != NULL && head->dg_len == 0 && len > 0)
		fifo_pop(ls);
	if (head == NULL || head->dg_len != len) {
		memset(dg, 0, sizeof(*dg));
		dg->dg_from.sa_family = VI_AF_INET;
		dg->dg_len = (uint32_t)len;
		return;
	}
	*dg = *head;
	if (keep)
		return;
	head->dg_ext = NULL;	/* it is the taker's */
	fifo_pop(ls);
}

/*
 * A program that reads natively never makes us forget entries, so before the ring grows we ask
 * how much memory the queue holds.  Each datagram in it costs the host more than MINCOST
 * bytes, which bounds their number, and the ring's.
 */
static int
fifo_room(struct lx_sock *ls)
{
	struct lx_fifo *f = &ls->ls_fifo;
	int held;

	if (f->f_count < f->f_size)
		return (0);
	if (ioctl(ls->ls_fd, TIOCOUTQ, &held) == 0)
		while (f->f_count > (uint32_t)held / DGRAM_MINCOST)
			fifo_pop(ls);
	return (f->f_count < f->f_size ? 0 : fifo_grow(f));
}

int
dgram_push(struct lx_sock *ls, const void *buf, const struct lx_dgram *dg)
{
	struct lx_fifo *f = &ls->ls_fifo;
	uint32_t cost = dg->dg_len;
	int after, before = 0;
	struct lx_dgram *e;

	if (ls->ls_fd < 0)
		return (EPIPE);
	if (fifo_room(ls) != 0)
		return (ENOMEM);
	if (ls->ls_errpair)
		(void)ioctl(ls->ls_fd, TIOCOUTQ, &before);
	if (send(ls->ls_fd, buf, dg->dg_len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return (errno == EAGAIN || errno == ENOBUFS ? EAGAIN : errno);
	if (ls->ls_errpair && ioctl(ls->ls_fd, TIOCOUTQ, &after) == 0)
		cost = after > before ? (uint32_t)(after - before) : 0;
	e = &f->f_ring[(f->f_head + f->f_count++) & (f->f_size - 1)];
	*e = *dg;
	e->dg_cost = cost;
	f->f_cost += cost;
	return (0);
}

int
dgram_take(struct lx_call *c, void *buf, size_t size, bool peek, struct lx_dgram *dg)
{
	struct lx_fifo *f = &c->c_sock->ls_fifo;
	int queued = 0;
	ssize_t n;

	for (;;) {
		if (dgram_queued(c->c_sock, c->c_fd, &queued) != 0)
			return (errno);
		fifo_sync(c->c_sock, queued);
		n = recv(c->c_fd, buf, size, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
		if (n < 0 && errno == ECONNRESET && c->c_sock->ls_errpair)
			continue;	/* it was raised for the program and is taken off now */
		if (n < 0)
			return (errno);
		if (n == 0 && fifo_head(f) == NULL && c->c_sock->ls_fd < 0)
			return (ECONNABORTED);	/* end of file: the vnet is gone */
		if (n == 0 && fifo_head(f) == NULL && c->c_sock->ls_rdshut)
			return (EAGAIN);
		fifo_match(c->c_sock, (size_t)n, peek, dg);
		if (!dg->dg_marker)
			return (0);
		c->c_sock->ls_marked = false;
		if (c->c_sock->ls_error != 0)
			return (lx_sock_error(c->c_sock));
		if (peek) {		/* it has done its work */
			(void)recv(c->c_fd, buf, size, MSG_DONTWAIT);
			fifo_pop(c->c_sock);
		}
	}
}

static void
dgram_unmark(struct lx_call *c)
{
	struct lx_fifo *f = &c->c_sock->ls_fifo;
	const struct lx_dgram *head;
	int queued;
	char byte;

	if (!c->c_sock->ls_marked || dgram_queued(c->c_sock, c->c_fd, &queued) != 0)
		return;
	fifo_sync(c->c_sock, queued);
	head = fifo_head(f);
	if (head == NULL || !head->dg_marker)
		return;			/* datagrams before it wake poll() anyway */
	(void)recv(c->c_fd, &byte, sizeof(byte), MSG_DONTWAIT);
	fifo_pop(c->c_sock);
	c->c_sock->ls_marked = false;
}

unsigned
dgram_count(struct lx_call *c, size_t *bytes)
{
	struct lx_fifo *f = &c->c_sock->ls_fifo;
	const struct lx_dgram *dg;
	unsigned n = 0;
	int queued;

	*bytes = 0;
	if (dgram_queued(c->c_sock, c->c_fd, &queued) != 0)
		return (0);
	fifo_sync(c->c_sock, queued);
	for (uint32_t i = 0; i < f->f_count; i++) {
		dg = &f->f_ring[(f->f_head + i) & (f->f_size - 1)];
		n += !dg->dg_marker;
		*bytes += dg->dg_len;
	}
	return (n == 0 && queued > 0 && f->f_count == 0 ? 1 : n);	/* of that one nothing is known */
}

int
dgram_next(struct lx_call *c)
{
	struct lx_fifo *f = &c->c_sock->ls_fifo;
	const struct lx_dgram *dg;
	int queued;
	uint32_t i;

	if (dgram_queued(c->c_sock, c->c_fd, &queued) != 0 || queued == 0)
		return (0);
	fifo_sync(c->c_sock, queued);
	for (i = 0; i < f->f_count; i++) {
		dg = &f->f_ring[(f->f_head + i) & (f->f_size - 1)];
		if (!dg->dg_marker)
			return ((int)dg->dg_len);
	}
	return (0);
}

void
dgram_markergone(struct lx_sock *ls)
{
	const struct lx_dgram *dg;

	ls->ls_marked = false;
	while ((dg = fifo_head(&ls->ls_fifo)) != NULL && dg->dg_marker)
		fifo_pop(ls);
}

uint64_t
dgram_stamp(struct lx_call *c)
{
	struct lx_fifo *f = &c->c_sock->ls_fifo;
	int queued;

	if (dgram_queued(c->c_sock, c->c_fd, &queued) == 0)
		fifo_sync(c->c_sock, queued);
	return (f->f_stamp);
}

/* Has the program taken the marker without us, with all that was before it? */
static bool
dgram_unmarked(struct lx_sock *ls)
{
	int held;

	if (ls->ls_marked && ioctl(ls->ls_fd, TIOCOUTQ, &held) == 0 && held == 0) {
		ls->ls_marked = false;
		dgram_forget(ls);
	}
	return (!ls->ls_marked);
}

void
dgram_mark(struct lx_sock *ls)
{
	const struct lx_dgram marker = { .dg_marker = true };

	if (dgram_unmarked(ls))
		ls->ls_marked = dgram_push(ls, "", &marker) == 0;
}

void
dgram_show(struct lx_sock *ls)
{
	if (ls->ls_errpair)
		errpair_show(ls);
	else
		dgram_mark(ls);
}

/* The error is the waiting receiver's, or it waits for the next one. */
static void
dgram_error(struct lx_sock *ls, int error)
{
	struct lx_call *c;

	recv_queued(ls, true);
	while ((c = TAILQ_FIRST(&ls->ls_calls)) != NULL && error != 0) {
		if (lx_answer(c, -error) == 0)
			error = 0;
		lx_call_free(c);
	}
	if (error != 0)
		ls->ls_error = error;
	if (error != 0 || (ls->ls_cmsg & LXC_ERRORS) != 0)
		dgram_show(ls);
}

int
dgram_pending(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	if (!errpair_lower(c))
		ls->ls_error = 0;
	error = lx_sock_error(ls);
	dgram_unmark(c);
	if (ls->ls_errpair)
		errpair_show(ls);	/* there may be more */
	return (error);
}

/* To a call that waits for it, past the pair.  False: nobody took it.  Who waits for many is served from the pair. */
static bool
dgram_direct(struct lx_sock *ls, const void *buf, const struct lx_dgram *dg)
{
	struct lx_call *c, *tmp;
	bool peeked;
	int error;

	TAILQ_FOREACH_SAFE(c, &ls->ls_calls, c_link, tmp) {
		if (c->c_nr == SYS_recvmmsg)
			continue;
		error = recv_deliver(c, buf, dg, &peeked);
		lx_call_free(c);
		if (error == 0 && !peeked)
			return (true);
	}
	return (false);
}

int
dgram_offer(struct lx_sock *ls, const void *buf, struct lx_dgram *dg)
{
	int error;

	if (!dgram_direct(ls, buf, dg)) {
		error = dgram_push(ls, buf, dg);
		if (error == 0 && ls->ls_kind == LXK_DGRAM && !TAILQ_EMPTY(&ls->ls_calls))
			recv_queued(ls, false);
		return (error);
	}
	dgram_drop(ls, dg);
	return (0);
}

static void
dgram_hold(struct lx_sock *ls, const void *buf, struct lx_dgram *dg)
{
	ls->ls_held = malloc(dg->dg_len + 1);
	if (ls->ls_held == NULL) {	/* lost, as datagrams may be */
		dgram_drop(ls, dg);
		return;
	}
	memcpy(ls->ls_held, buf, dg->dg_len);
	ls->ls_helddg = *dg;
	ls->ls_rxblocked = true;
	lx_sock_watch(ls, true);
	recv_queued(ls, true);
}

/* False: the one that found no room still does not. */
static bool
dgram_unhold(struct lx_sock *ls)
{
	if (ls->ls_held == NULL)
		return (true);
	switch (dgram_offer(ls, ls->ls_held, &ls->ls_helddg)) {
	case 0:
		break;
	case EAGAIN:
		return (false);
	default:
		dgram_drop(ls, &ls->ls_helddg);
	}
	free(ls->ls_held);
	ls->ls_held = NULL;
	ls->ls_rxblocked = false;
	lx_sock_watch(ls, false);
	return (true);
}

/* What has come for the program is nothing to it any more. */
void
dgram_discard(struct lx_sock *ls)
{
	int app = lx_sock_locate(ls);
	char byte;

	while (app >= 0 && recv(app, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		;
	if (app >= 0)
		close(app);
	dgram_forget(ls);
	ls->ls_marked = false;
	if (!ls->ls_rxblocked)
		return;
	dgram_drop(ls, &ls->ls_helddg);
	free(ls->ls_held);
	ls->ls_held = NULL;
	ls->ls_rxblocked = false;
	lx_sock_watch(ls, false);
}

/* The extension headers that are in lx_ext now.  What there is no room for the program is told to be missing. */
static void
dgram_keepext(struct lx_sock *ls, const struct vi_msg *msg, struct lx_dgram *dg)
{
	dg->dg_extlost = true;
	if (msg->msg_extlen > LX_MAXEXT || ls->ls_held_ext + msg->msg_extlen > LX_HELDEXT || (dg->dg_ext = malloc(msg->msg_extlen)) == NULL)
		return;
	memcpy(dg->dg_ext, ls->ls_lx->lx_ext, msg->msg_extlen);
	dg->dg_extlen = (uint16_t)msg->msg_extlen;
	dg->dg_extnxt = msg->msg_extnxt;
	dg->dg_extlost = false;
	ls->ls_held_ext += dg->dg_extlen;
}

/* RFC 1071's sum of what was received, words as they lie in memory, as Linux has it. */
static uint32_t
dgram_sum(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint16_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len != 0) {
		word = 0;
		memcpy(&word, p, len);
		sum += word;
	}
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return ((uint32_t)sum);
}

int
dgram_recv(struct lx_sock *ls, void *buf, size_t size, struct lx_dgram *dg)
{
	struct vi_iovec iov = { buf, size };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_ext = ls->ls_lx->lx_ext, .msg_extlen = LX_MAXEXT };
	struct vi_sockaddr local;
	size_t done;
	int error;

	error = vi_recvmsg(ls->ls_so, &msg, &done);
	if (error != 0)
		return (error);
	*dg = (struct lx_dgram){.dg_len = (uint32_t)done,
	    .dg_ttl = (uint8_t)msg.msg_ttl,
	    .dg_tos = (uint8_t)msg.msg_tos,
	    .dg_ifindex = msg.msg_ifindex,
	    .dg_dst = msg.msg_dst,
	    .dg_local = ls->ls_proto == IPPROTO_ICMP && ls->ls_type == SOCK_DGRAM ? 0 : msg.msg_local,	/* of ping sockets Linux does not tell */
	    .dg_from = msg.msg_name,
	    .dg_optlen = msg.msg_optlen,
	    .dg_segsz = (uint16_t)msg.msg_segsz,
	    .dg_stamp = msg.msg_stamp,
	    .dg_mark = msg.msg_mark,
	    .dg_drops = msg.msg_drops,
	    .dg_flow = msg.msg_flow,
	    .dg_pathmtu = msg.msg_pathmtu,
	    .dg_fragmax = msg.msg_fragmax,
	    .dg_summed = msg.msg_summed && (ls->ls_cmsg & LXC_CHECKSUM) != 0,
	    .dg_frame = msg.msg_frame};
	memcpy(dg->dg_opts, msg.msg_opts, sizeof(dg->dg_opts));
	if (dg->dg_summed)
		dg->dg_sum = dgram_sum(buf, done);
	if (msg.msg_extlen != 0)
		dgram_keepext(ls, &msg, dg);
	if ((ls->ls_cmsg & (LXC_ORIGDST | LXC_ORIGDST6)) != 0 && vi_sockname(ls->ls_so, &local) == 0)
		dg->dg_dst.sa_port = local.sa_port;
	return (0);
}

/* From the vnet's socket into the pair. */
void
dgram_rx(struct lx_sock *ls)
{
	char *buf = ls->ls_lx->lx_buf;
	struct lx_dgram dg;
	int error, n;

	if (packet_ring(ls) != NULL) {
		ring_rx(packet_ring(ls));
		return;
	}
	if (!dgram_unhold(ls))
		return;
	for (n = 0; n == 0 || (n < DGRAM_TURN && !lx_loop_over(ls->ls_lx->lx_loop)); n++) {
		error = dgram_recv(ls, buf, LX_MAXDGRAM, &dg);
		if (error == EAGAIN)
			return;
		if (error != 0) {
			dgram_error(ls, error);
			return;
		}
		ls->ls_lx->lx_stats.ls_bytes_in += dg.dg_len;
		if ((error = dgram_offer(ls, buf, &dg)) == EAGAIN) {
			dgram_hold(ls, buf, &dg);
			return;
		}
		if (error != 0)
			dgram_drop(ls, &dg);
	}
	lx_loop_again(ls->ls_lx->lx_loop, &ls->ls_event);
}

/*
 * One that the program sent without an address.  An error of an earlier one is noted, and
 * this one still sent.
 */
static void
dgram_send(struct lx_sock *ls, const char *buf, size_t len)
{
	struct vi_iovec iov = { (void *)(uintptr_t)buf, len };
	const struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1 };
	size_t done;
	int error;

	ls->ls_lx->lx_stats.ls_bytes_out += len;
	error = cork_send(ls, &msg, false);
	if (error == 0 || error == EAGAIN || error == ENOBUFS || error == EMSGSIZE ||
	    error == EDESTADDRREQ)
		return;
	(void)vi_send(ls->ls_so, buf, len, 0, &done);
	dgram_error(ls, error);			/* which may use buf for another */
}

static bool
drain_goeson(const struct lx_sock *ls, int n, ssize_t bytes, bool call)
{
	return (n == 0 || (n < DGRAM_TXTURN && bytes < DGRAM_TXBYTES && (call || !lx_loop_over(ls->ls_lx->lx_loop))));
}

/* Nothing read is the end or an empty datagram.  The program may have closed after the event that brought us here. */
static bool
dgram_ended(struct lx_sock *ls)
{
	struct pollfd pfd = { .fd = ls->ls_fd, .events = POLLRDHUP };

	if (!ls->ls_rdhup && poll(&pfd, 1, 0) == 1 && (pfd.revents & (POLLRDHUP | POLLHUP)) != 0)
		ls->ls_rdhup = true;
	return (ls->ls_rdhup);
}

/* What the program sent without an address.  False: it closed, and ls is gone. */
static bool
dgram_drain(struct lx_sock *ls, bool call)
{
	char *buf = ls->ls_lx->lx_buf;
	ssize_t len, bytes = 0;
	int avail, n;

	for (n = 0; drain_goeson(ls, n, bytes, call); n++) {
		len = recv(ls->ls_fd, buf, LX_MAXDGRAM, MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN && !(ls->ls_errpair && ls->ls_hup))
			return (true);
		if (len <= 0 && dgram_ended(ls) && ioctl(ls->ls_fd, FIONREAD, &avail) == 0 && avail == 0) {
			if (!ls->ls_hup || !lx_sock_closed(ls))
				return (true);
			lx_sock_free(ls);
			return (false);
		}
		if (len < 0)
			continue;
		dgram_send(ls, buf, (size_t)len);
		bytes += len;
	}
	lx_loop_again(ls->ls_lx->lx_loop, &ls->ls_event);
	return (true);
}

/* For a call on ls, which holds a descriptor: it is not closed whatever the pair says. */
void
dgram_tx(struct lx_sock *ls)
{
	bool hup = ls->ls_hup;

	if (ls->ls_fd < 0 || ls->ls_so == NULL)
		return;
	ls->ls_hup = false;
	(void)dgram_drain(ls, true);
	ls->ls_hup = hup;
}

void
dgram_event(struct lx_event *le, uint32_t events)
{
	struct lx_sock *ls = LX_CONTAINER(le, struct lx_sock, ls_event);

	if ((events & EPOLLHUP) != 0)
		ls->ls_hup = ls->ls_rdhup = true;
	if ((events & EPOLLRDHUP) != 0)
		ls->ls_rdhup = true;
	if (ls->ls_so == NULL || !dgram_drain(ls, false))
		return;
	if ((events & (EPOLLOUT | LX_AGAIN)) != 0)
		dgram_rx(ls);
}

void
dgram_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct lx_sock *ls = arg;
	int error;

	if (vi_socket_dead(so)) {
		lx_sock_dead(ls);
		return;
	}
	if (ls->ls_fd < 0)
		return;
	if ((events & VI_POLLERR) != 0) {
		error = lx_sock_error(ls);
		if (error != 0 || (ls->ls_cmsg & LXC_ERRORS) != 0)
			dgram_error(ls, error);
	}
	if (!ls->ls_rxblocked)
		dgram_rx(ls);
}

void
dgram_free(struct lx_sock *ls)
{
	cork_free(ls);
	if (ls->ls_held != NULL)
		dgram_drop(ls, &ls->ls_helddg);
	free(ls->ls_held);
	dgram_forget(ls);
	free(ls->ls_fifo.f_ring);
}

/* Who is not connected is told so, and yet it has its effect: so programs on Linux wake those who wait to receive. */
void
dgram_shutdown(struct lx_call *c, int how)
{
	struct lx_sock *ls = c->c_sock;

	dgram_tx(ls);
	if (how != SHUT_WR)
		errpair_make(c);
	(void)shutdown(c->c_fd, how);
	ls->ls_wrshut |= how != SHUT_RD;
	ls->ls_rdshut |= how != SHUT_WR;
	if (how != SHUT_WR)
		recv_shut(ls);
}

int64_t
dgram_connect(struct lx_call *c, const struct vi_sockaddr *sa)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	dgram_tx(ls);
	error = vi_connect(ls->ls_so, sa);
	if (error == EADDRINUSE) {
		lx_reap(c->c_lx, ls->ls_vnet, 0);
		error = vi_connect(ls->ls_so, sa);
	}
	return (error == EINPROGRESS ? 0 : -error);
}
