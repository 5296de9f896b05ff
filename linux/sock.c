/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of every kind: their life, and the calls that are alike for all.
 *
 * Theory of operation.  A socket of a program is one end of an AF_UNIX pair; the other, the
 * stack's end, is ls_fd, and behind it is the vnet's socket ls_so.  We keep no descriptor of
 * the program's end, so that the stack's end hangs up when the last program closes it.  Where
 * we need the program's end (to fill it, to reset it) we take a copy for a moment: in a call
 * from the descriptor in its arguments, otherwise from where it was seen last.
 *
 * Life: lx_sock_new -> events and upcalls -> hang-up: what was written is still sent, then
 * lx_sock_free.  When the vnet's side ends first and with an error, the only way to show the
 * program a reset is to close the stack's end with something unread in it.  Then nothing tells
 * us any more when the program closes; such records ("zombies") are kept because the program
 * may ask for SO_ERROR or its name, and every two seconds those whose descriptor is gone are
 * dropped.
 *
 * A hang-up is also seen when both directions were shut down while the program still holds its
 * descriptor.  lx_sock_closed tells the cases apart by looking for the descriptor where it was
 * last; a copy that travelled elsewhere unseen counts as closed, which by then costs the
 * program only getpeername and the like.
 */
#include "linux/lx.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <vimage/jail.h>
#include <vimage/route.h>

#define LOOP_RUNS	4	/* of a stack, for what was sent to it by itself */
#define WATCH_IN	(EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET)
#define SWEEP_NS	2000000000ULL
#define SWEEP_MAX	500

/* Above the host's limit only with privilege; below it the plain option does the same. */
int
lx_sock_buffer(int fd, int size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) == 0)
		return (0);
	return (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0 ? 0 : errno);
}

void
lx_sock_inline(const struct lx_sock *ls, int app)
{
	const int on = ls->ls_oobinline;

	if (ls->ls_kind == LXK_STREAM)
		(void)setsockopt(app, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

/* What the host keeps with the program's end of a pair. */
void
lx_sock_native(const struct lx_sock *ls, int app)
{
	static const int timeo[] = { SO_RCVTIMEO, SO_SNDTIMEO };

	if (ls->ls_oobinline)
		lx_sock_inline(ls, app);
	if (ls->ls_rcvlowat != 0)
		(void)setsockopt(app, SOL_SOCKET, SO_RCVLOWAT, &ls->ls_rcvlowat, sizeof(ls->ls_rcvlowat));
	for (unsigned i = 0; i < LX_NITEMS(timeo); i++)
		if (timerisset(&ls->ls_timeo[i]))
			(void)setsockopt(app, SOL_SOCKET, timeo[i], &ls->ls_timeo[i], sizeof(ls->ls_timeo[i]));
}

void
lx_sock_like(struct lx_sock *ls, const struct lx_sock *other)
{
	ls->ls_family = other->ls_family;
	ls->ls_type = other->ls_type;
	ls->ls_proto = other->ls_proto;
	ls->ls_cred = other->ls_cred;
	ls->ls_cmsg = other->ls_cmsg;
	ls->ls_oobinline = other->ls_oobinline;
	ls->ls_debug = other->ls_debug;
	ls->ls_rcvlowat = other->ls_rcvlowat;
	ls->ls_lowat = other->ls_lowat;
	memcpy(ls->ls_timeo, other->ls_timeo, sizeof(ls->ls_timeo));
}

static int
pair_new(enum lx_kind kind, int fd[2], ino_t *ino)
{
	int type = kind == LXK_STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
	int size = kind == LXK_STREAM ? LX_STREAMBUF : LX_DGRAMBUF;
	struct stat st;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) != 0)
		return (errno);
	(void)lx_sock_buffer(fd[0], size);
	(void)lx_sock_buffer(fd[1], size);
	if (fstat(fd[1], &st) == 0) {
		*ino = st.st_ino;
		return (0);
	}
	close(fd[0]);
	close(fd[1]);
	return (EIO);
}

static struct lx_sock *
sock_alloc(struct lx *lx, struct vi_vnet *vn, enum lx_kind kind)
{
	struct lx_sock *ls;

	ls = calloc(1, sizeof(*ls));
	if (ls == NULL)
		return (NULL);
	ls->ls_lx = lx;
	ls->ls_vnet = vn;
	ls->ls_kind = kind;
	ls->ls_fd = ls->ls_appfd = -1;
	ls->ls_fifo.f_stamp = LX_FOREVER;
	TAILQ_INIT(&ls->ls_calls);
	TAILQ_INIT(&ls->ls_made);
	return (ls);
}

void
lx_run(struct lx *lx, struct vi_vnet *vn)
{
	for (unsigned n = 0; n < LOOP_RUNS && vi_vnet_busy(vn); n++)
		lx->lx_ran += vi_vnet_run(vn);
}

/* Its vnet pays for what is done at once. */
static void
sock_event(struct lx_event *le, uint32_t events)
{
	static void (*const event[])(struct lx_event *, uint32_t) = {
	    stream_event, dgram_event, nl_event};
	const struct lx_sock *ls = LX_CONTAINER(le, struct lx_sock, ls_event);
	struct lx *lx = ls->ls_lx;
	struct vi_vnet *vn = ls->ls_vnet;
	uint64_t began = lx_now(), ran = lx->lx_ran;

	event[ls->ls_kind](le, events);
	if (vn != NULL)
		vi_vnet_spent(vn, lx_now() - began - (lx->lx_ran - ran));
}

int
lx_sock_new(struct lx *lx, struct vi_vnet *vn, enum lx_kind kind, struct vi_socket *so, int *appfd,
    struct lx_sock **lsp)
{
	static vi_upcall_fn *const upcall[] = { stream_upcall, dgram_upcall, NULL };
	struct lx_sock *ls;
	int error = ENOMEM, fd[2];

	ls = sock_alloc(lx, vn, kind);
	if (ls == NULL)
		goto fail;
	error = pair_new(kind, fd, &ls->ls_ino);
	if (error != 0)
		goto fail;
	ls->ls_event.le_owner = vn;
	error = lx_loop_add(lx->lx_loop, &ls->ls_event, fd[0], WATCH_IN, sock_event);
	if (error != 0) {
		close(fd[0]);
		close(fd[1]);
		goto fail;
	}
	ls->ls_fd = fd[0];
	ls->ls_so = so;
	lx_sock_hash(ls);
	TAILQ_INSERT_TAIL(&lx->lx_socks, ls, ls_link);
	lx->lx_stats.ls_sockets++;
	if (so != NULL)
		vi_socket_upcall(so, upcall[kind], ls);
	*appfd = fd[1];
	*lsp = ls;
	return (0);
fail:
	free(ls);
	if (so != NULL)
		vi_close(so);
	return (error);
}

int
lx_sock_hand(struct lx_call *c, struct lx_sock *ls, int appfd, int flags)
{
	struct lx_task *t = &c->c_lx->lx_tasks[(unsigned)c->c_tid & (LX_NTASKS - 1)];
	int error, newfd;

	if ((flags & SOCK_NONBLOCK) != 0)
		(void)fcntl(appfd, F_SETFL, O_RDWR | O_NONBLOCK);
	error = lx_answer_fd(c, appfd, (flags & SOCK_CLOEXEC) != 0, &newfd);
	if (error == ENOENT)
		return (error);
	close(appfd);
	if (error == 0) {
		ls->ls_pid = t->t_tid == c->c_tid ? t->t_tgid : c->c_tid;
		ls->ls_pidfdno = newfd;
	}
	return (error);
}

/* Only when the pair was found full: each read of the program would wake us otherwise. */
void
lx_sock_watch(struct lx_sock *ls, bool out)
{
	uint32_t events = out ? WATCH_IN | EPOLLOUT : WATCH_IN;

	if (ls->ls_event.le_events != events)
		(void)lx_loop_mod(ls->ls_lx->lx_loop, &ls->ls_event, events);
}

static void
sock_close_end(struct lx_sock *ls)
{
	if (ls->ls_fd < 0)
		return;
	lx_loop_del(ls->ls_lx->lx_loop, &ls->ls_event);
	close(ls->ls_fd);
	ls->ls_fd = -1;
}

/* A thread that waits in a call on a descriptor which another thread closed wakes with EBADF. */
void
lx_sock_free(struct lx_sock *ls)
{
	struct lx *lx = ls->ls_lx;

	lx_calls_answer(ls, -EBADF);
	TAILQ_REMOVE(ls->ls_fd >= 0 ? &lx->lx_socks : &lx->lx_zombies, ls, ls_link);
	sock_close_end(ls);
	if (ls->ls_appfd >= 0)
		close(ls->ls_appfd);
	listen_free(ls);
	errpair_free(ls);
	dgram_free(ls);
	packet_free(ls);
	nl_free(ls);
	runs_free(ls);
	label_free(ls);
	if (ls->ls_so != NULL) {
		vi_socket_upcall(ls->ls_so, NULL, NULL);
		vi_close(ls->ls_so);
	}
	LIST_REMOVE(ls, ls_hash);
	lx->lx_nsocks--;
	free(ls);
}

void
lx_sock_zombie(struct lx_sock *ls)
{
	struct lx *lx = ls->ls_lx;

	if (ls->ls_fd < 0)
		return;
	errpair_end(ls);
	errpair_free(ls);
	sock_close_end(ls);
	TAILQ_REMOVE(&lx->lx_socks, ls, ls_link);
	TAILQ_INSERT_TAIL(&lx->lx_zombies, ls, ls_link);
	if (lx->lx_sweepat == LX_FOREVER) {
		lx->lx_sweepat = lx_now() + SWEEP_NS;
		lx_timer_at(lx, lx->lx_sweepat);
	}
}

/*
 * Something of the program's must be unread in the stack's end when it is closed: then the
 * host shows ECONNRESET, as TCP does.  One byte sent through a copy of the program's own end
 * makes sure of it.  Frees ls when the program has closed already.
 */
void
lx_sock_reset(struct lx_sock *ls, int error)
{
	int app;

	ls->ls_error = error;
	ls->ls_state = LXS_IDLE;
	if (ls->ls_fd < 0)
		return;
	if (ls->ls_hup && lx_sock_closed(ls)) {
		lx_sock_free(ls);
		return;
	}
	app = ls->ls_fill != 0 || ls->ls_kind != LXK_STREAM ? -1 : lx_sock_locate(ls);
	if (app >= 0) {
		(void)send(app, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(app);
	}
	ls->ls_fill = 0;
	lx_sock_zombie(ls);
}

/* Of the vnet's socket only vi_close is allowed now. */
void
lx_sock_dead(struct lx_sock *ls)
{
	lx_calls_answer(ls, -ECONNABORTED);
	if (ls->ls_so != NULL)
		vi_close(ls->ls_so);
	ls->ls_so = NULL;
	ls->ls_vnet = NULL;
	lx_sock_reset(ls, ECONNABORTED);
}

int
lx_sock_error(struct lx_sock *ls)
{
	size_t len = sizeof(int);
	int error = ls->ls_error;

	ls->ls_error = 0;
	if (error == 0 && ls->ls_so != NULL &&
	    vi_getsockopt(ls->ls_so, VI_SO_ERROR, &error, &len) != 0)
		error = 0;
	return (error);
}

/*
 * The pair of a broken stream holds an error of its own, ECONNRESET, which a read or a write
 * of the program takes off; then ours is told too.
 */
int
lx_sock_failure(struct lx_call *c)
{
	int native = 0, error = lx_sock_error(c->c_sock);
	socklen_t size = sizeof(native);

	if (c->c_sock->ls_fd < 0 && getsockopt(c->c_fd, SOL_SOCKET, SO_ERROR, &native, &size) == 0 && native == 0)
		return (0);
	return (error);
}

bool
lx_sock_closed(struct lx_sock *ls)
{
	int fd;

	if (ls->ls_errpair)
		return (errpair_closed(ls));
	fd = lx_sock_locate(ls);
	if (fd < 0)
		return (true);
	close(fd);
	return (false);
}

/* Local port of a socket, network order; 0: none. */
static uint16_t
sock_port(struct lx_sock *ls)
{
	struct vi_sockaddr sa;

	return (ls->ls_so != NULL && vi_sockname(ls->ls_so, &sa) == 0 ? sa.sa_port : 0);
}

static struct lx_sock *
reap_next(struct lx *lx, struct vi_vnet *vn, uint16_t port)
{
	struct pollfd pf = { .events = POLLRDHUP };
	struct lx_sock *ls;

	TAILQ_FOREACH(ls, &lx->lx_socks, ls_link) {
		if (ls->ls_vnet != vn || ls->ls_reapgen == lx->lx_reapgen)
			continue;
		ls->ls_reapgen = lx->lx_reapgen;
		if (port != 0 && sock_port(ls) != port)
			continue;
		pf.fd = ls->ls_fd;
		if (ls->ls_errpair ? errpair_closed(ls) : poll(&pf, 1, 0) > 0 && (pf.revents & POLLHUP) != 0)
			return (ls);
	}
	return (NULL);
}

/*
 * Programs have closed sockets of this vnet whose hang-up we have not come to yet; an address is
 * only free when we have.  An event may free other sockets too, so the search starts anew after
 * each.
 */
void
lx_reap(struct lx *lx, struct vi_vnet *vn, uint16_t port)
{
	struct lx_sock *ls;

	lx->lx_reapgen++;
	while ((ls = reap_next(lx, vn, port)) != NULL)
		ls->ls_event.le_fn(&ls->ls_event, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
}

/* A bounded number of them in turn; what is still held goes to the end. */
void
lx_sweep(struct lx *lx)
{
	struct lx_sock *kept = NULL, *ls;
	unsigned n;

	for (n = 0; n < SWEEP_MAX; n++) {
		ls = TAILQ_FIRST(&lx->lx_zombies);
		if (ls == NULL || ls == kept)
			break;
		if (lx_sock_closed(ls)) {
			lx_sock_free(ls);
			continue;
		}
		TAILQ_REMOVE(&lx->lx_zombies, ls, ls_link);
		TAILQ_INSERT_TAIL(&lx->lx_zombies, ls, ls_link);
		if (kept == NULL)
			kept = ls;
	}
}

static int64_t
socket_ctl(struct lx_call *c, int flags)
{
	struct lx *lx = c->c_lx;
	int error, fd, newfd;

	if (lx->lx_ops.lo_ctl_socket == NULL)
		return (-EAFNOSUPPORT);
	fd = lx->lx_ops.lo_ctl_socket(
	    lx->lx_arg, &c->c_pr->pr_use, c->c_tid, lx_thread_caps(c->c_pr->pr_userns, c->c_pr->pr_rootuid, c->c_tid));
	if (fd < 0)
		return (fd);
	error = lx_answer_fd(c, fd, (flags & SOCK_CLOEXEC) != 0, &newfd);
	close(fd);
	return (error == 0 || error == ENOENT ? LX_DONE : -error);
}

/*
 * The order of Linux: a type beyond the largest EINVAL, one that AF_INET has not
 * ESOCKTNOSUPPORT.
 */
static int
socket_type(int type, int proto)
{
	if (type > 10)
		return (EINVAL);
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_RAW)
		return (ESOCKTNOSUPPORT);
	if (proto < 0 || proto > 262)		/* MPTCP */
		return (EINVAL);
	return (proto > 255 || (type == SOCK_RAW && proto == 0) ? EPROTONOSUPPORT : 0);
}

/* The routing table the process runs with. */
static int
socket_setfib(struct lx_call *c, struct vi_socket *so)
{
	const uint32_t nfibs = vi_route_nfibs(c->c_pr->pr_vnet);
	int fib = nfibs > 1 ? (int)lx_process_fib(c->c_tid, nfibs) : 0;
	int error;

	if (fib == 0)
		return (0);
	if ((error = vi_setsockopt(so, VI_SO_FIB, &fib, sizeof(fib))) != 0)
		vi_close(so);
	return (error);
}

int
lx_sock_make(struct lx_call *c, int family, int type, int proto, bool raw, struct vi_cred *cr, struct vi_socket **sop)
{
	struct vi_cred maker;
	int error;

	if ((error = lx_call_cred(c, cr)) != 0)
		return (error);
	cr->cr_priv = false;			/* lx_sock_raise() asks for each call */
	maker = *cr;
	maker.cr_priv = raw && lx_call_has(c, CAP_NET_RAW);
	error = vi_socket(c->c_pr->pr_vnet, family, type, proto, &maker, sop);
	if (error == 0 && maker.cr_priv)
		vi_socket_cred(*sop, cr);
	return (error);
}

int64_t
lx_sock_give(struct lx_call *c, struct vi_socket *so, const struct lx_sockdesc *sd, int flags)
{
	struct lx_sock *ls;
	int appfd, error;

	error = lx_sock_new(c->c_lx, c->c_pr->pr_vnet, sd->sd_kind, so, &appfd, &ls);
	if (error != 0)
		return (-error);
	ls->ls_family = (uint8_t)sd->sd_family;
	ls->ls_type = (uint8_t)sd->sd_type;
	ls->ls_proto = (uint8_t)sd->sd_proto;
	ls->ls_cred = sd->sd_cred;
	if (sd->sd_family == AF_PACKET && (error = packet_init(ls)) != 0) {
		close(appfd);
		lx_sock_free(ls);
		return (-error);
	}
	error = lx_sock_hand(c, ls, appfd, flags);
	if (error == 0)
		return (LX_DONE);
	if (error == ENOENT)
		close(appfd);
	lx_sock_free(ls);
	return (error == ENOENT ? LX_DONE : -error);
}

static int64_t
socket_inet(struct lx_call *c, int family, int type, int proto, int flags)
{
	struct lx_sockdesc sd = { .sd_family = family, .sd_type = type, .sd_proto = proto,
		.sd_kind = type == SOCK_STREAM ? LXK_STREAM : LXK_DGRAM };
	struct vi_socket *so;
	int error;

	if (proto == 0)
		sd.sd_proto = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	error = socket_type(type, proto);
	if (error == 0)
		error = lx_sock_make(c, sockaddr_family(family), type, proto, type == SOCK_RAW, &sd.sd_cred, &so);
	if (error == 0)
		error = socket_setfib(c, so);
	return (error != 0 ? -error : lx_sock_give(c, so, &sd, flags));
}

/* The jail may not make sockets of the family, though the stack knows it: allow.socket_af. */
static int64_t
note_family(const struct lx_call *c, int64_t result)
{
	const struct lx_program *pr = c->c_pr;
	char text[80];

	if (result != -EAFNOSUPPORT || !pr->pr_shared)
		return (result);
	snprintf(text, sizeof(text), "allow.socket_af: a socket of address family %d refused", (int)c->c_arg[0]);
	lx_manage(c->c_lx);
	vi_jail_log_write(c->c_lx->lx_kernel, pr->pr_use.us_jid[VI_CLASS_VNET], LOG_NOTICE, text);
	lx_managed(c->c_lx);
	return (result);
}

int64_t
lx_sys_socket(struct lx_call *c)
{
	int family = (int)c->c_arg[0], type = (int)c->c_arg[1] & 0xf, proto = (int)c->c_arg[2];
	int flags = (int)c->c_arg[1] & ~0xf;

	if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0)
		return (-EINVAL);
	if (family == LX_AF_CTL)
		return (socket_ctl(c, flags));
	if (family != AF_INET && family != AF_INET6 && family != AF_NETLINK && family != AF_PACKET)
		return (-EAFNOSUPPORT);
	if (c->c_pr->pr_vnet == NULL)
		return (-ENETDOWN);
	if (family == AF_NETLINK)
		return (nl_new(c, type, proto, flags));
	if (family == AF_PACKET)
		return (note_family(c, packet_socket(c, type, proto, flags)));
	return (socket_inet(c, family, type, proto, flags));
}

/*
 * Sockets have no privilege of their own.  What takes one the caller has by a capability, which Linux
 * looks at in each call.  True: for the moment the socket has it too; lx_sock_lower() after it.
 */
bool
lx_sock_raise(const struct lx_call *c, uint64_t caps)
{
	struct vi_cred cr = c->c_sock->ls_cred;

	if (c->c_sock->ls_raised || !lx_call_hasany(c, caps))
		return (false);
	cr.cr_priv = c->c_sock->ls_raised = true;
	vi_socket_cred(c->c_sock->ls_so, &cr);
	return (true);
}

void
lx_sock_lower(struct lx_sock *ls)
{
	if (ls->ls_raised)
		vi_socket_cred(ls->ls_so, &ls->ls_cred);
	ls->ls_raised = false;
}

static int
sock_bind(struct lx_call *c, const struct vi_sockaddr *sa)
{
	struct lx_sock *ls = c->c_sock;
	int error;

	/* Whom a port below 1024 would be refused is asked first, so that the jail's log has no refusals that are none. */
	if (sa->sa_port != 0 && ntohs(sa->sa_port) < IPPORT_RESERVED && ls->ls_type != SOCK_RAW)
		(void)lx_sock_raise(c, LX_CAP(CAP_NET_BIND_SERVICE));
	error = vi_bind(ls->ls_so, sa);
	if (error == EACCES && ntohs(sa->sa_port) >= IPPORT_RESERVED && lx_sock_raise(c, LX_CAP(CAP_NET_BIND_SERVICE)))
		error = vi_bind(ls->ls_so, sa);
	lx_sock_lower(ls);
	return (error);
}

int64_t
lx_sys_bind(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	struct vi_sockaddr sa;
	int error;

	if (ls->ls_kind == LXK_NETLINK)
		return (nl_bind(c));
	if (ls->ls_so == NULL)
		return (-EINVAL);
	if (ls->ls_family == AF_PACKET)
		return (packet_bind(c));
	error = sockaddr_copyin(c, c->c_arg[1], c->c_arg[2], &sa);
	if (error != 0)
		return (-error);
	/* Allowed for the wildcard only, as Linux does. */
	if (sa.sa_family == VI_AF_UNSPEC && ls->ls_family == AF_INET && sa.sa_in == INADDR_ANY)
		sa.sa_family = VI_AF_INET;
	error = sockaddr_suits(&sa, ls->ls_family, (size_t)(int)c->c_arg[2]);
	if (error != 0)
		return (-error);
	error = sock_bind(c, &sa);
	if (error == EADDRINUSE) {
		lx_reap(c->c_lx, ls->ls_vnet, sa.sa_port);
		error = sock_bind(c, &sa);
	}
	return (-error);
}

/* A datagram socket of IPv6 may be given an IPv4 address as it is: it is mapped (RFC 3493 3.7). */
static int
connect_suits(const struct lx_sock *ls, struct vi_sockaddr *sa, size_t len)
{
	if (ls->ls_kind == LXK_DGRAM && ls->ls_family == AF_INET6 && sa->sa_family == VI_AF_INET) {
		if (ls->ls_type == SOCK_RAW || ls->ls_proto == IPPROTO_ICMPV6)
			return (EAFNOSUPPORT);
		sockaddr_map(sa);
	}
	return (sa->sa_family == VI_AF_INET6 && ls->ls_family == AF_INET6 ? 0 : sockaddr_suits(sa, ls->ls_family, len));
}

/* sin6_flowinfo of what is connected to, where IPV6_FLOWINFO_SEND gives it a meaning; nothing, from then on, where not.  Linux sends but the label. */
static int
connect_flow(struct lx_call *c, const struct vi_sockaddr *sa)
{
	struct lx_sock *ls = c->c_sock;
	uint32_t flow = 0, label;
	int error = 0;

	if (ls->ls_sndflow && sa->sa_family == VI_AF_INET6)
		error = sockaddr_flow(c, c->c_arg[1], c->c_arg[2], &flow);
	label = flow & LX_FLOWLABEL;
	if (error != 0 || (error = label_check(ls, flow)) != 0 || (error = vi_setsockopt(ls->ls_so, VI_IPV6_FLOW, &label, sizeof(label))) != 0)
		return (error);
	ls->ls_flow = flow;
	return (0);
}

int64_t
lx_sys_connect(struct lx_call *c)
{
	struct vi_sockaddr sa;
	int64_t result;
	int error;

	if (c->c_sock->ls_kind == LXK_NETLINK)
		return (nl_connect(c));
	if (c->c_sock->ls_so == NULL)
		return (-ECONNABORTED);
	if (c->c_sock->ls_family == AF_PACKET)
		return (-EOPNOTSUPP);
	error = sockaddr_copyin(c, c->c_arg[1], c->c_arg[2], &sa);
	if (error == 0 && sa.sa_family != VI_AF_UNSPEC)
		error = connect_suits(c->c_sock, &sa, (size_t)(int)c->c_arg[2]);
	if (error == 0 && (c->c_sock->ls_sndflow || c->c_sock->ls_flow != 0))
		error = connect_flow(c, &sa);
	if (error != 0)
		return (-error);
	if (c->c_sock->ls_kind == LXK_STREAM)
		return (stream_connect(c, &sa));
	result = dgram_connect(c, &sa);
	if (result == 0)
		c->c_sock->ls_rawport = sa.sa_port;
	return (result);
}

static int64_t
sock_name(struct lx_call *c, int (*fn)(struct vi_socket *, struct vi_sockaddr *))
{
	struct sockaddr_storage ss;
	struct vi_sockaddr sa;
	socklen_t len;
	int error;

	if (c->c_sock->ls_so == NULL)
		return (-ENOTCONN);
	error = fn(c->c_sock->ls_so, &sa);
	if (error != 0)
		return (-error);
	if (fn == vi_peername && c->c_sock->ls_type == SOCK_RAW)
		sa.sa_port = c->c_sock->ls_rawport;
	/* inet(7): without a port the peer is none, and a raw socket's own is its protocol. */
	if (fn == vi_peername && c->c_sock->ls_kind == LXK_DGRAM && sa.sa_port == 0 && c->c_sock->ls_family != AF_PACKET &&
	    (c->c_sock->ls_type == SOCK_RAW || c->c_sock->ls_proto == IPPROTO_UDP))
		return (-ENOTCONN);
	if (fn == vi_sockname && c->c_sock->ls_type == SOCK_RAW && c->c_sock->ls_family != AF_PACKET)
		sa.sa_port = htons((uint16_t)c->c_sock->ls_proto);
	len = sockaddr_build(&sa, &ss);
	if (fn == vi_peername && c->c_sock->ls_sndflow && ss.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&ss)->sin6_flowinfo = htonl(c->c_sock->ls_flow);
	return (-sockaddr_copyout(c, &ss, len, c->c_arg[1], c->c_arg[2]));
}

int64_t
lx_sys_getsockname(struct lx_call *c)
{
	if (c->c_sock->ls_kind == LXK_NETLINK)
		return (nl_name(c, false));
	return (sock_name(c, vi_sockname));
}

int64_t
lx_sys_getpeername(struct lx_call *c)
{
	if (c->c_sock->ls_kind == LXK_NETLINK)
		return (nl_name(c, true));
	return (sock_name(c, vi_peername));
}

/* On a connected stream the host's own shutdown does everything; the stack's end sees it. */
int64_t
lx_sys_shutdown(struct lx_call *c)
{
	struct vi_sockaddr sa;
	int how = (int)c->c_arg[1];

	if (how < SHUT_RD || how > SHUT_RDWR)
		return (-EINVAL);
	switch (c->c_sock->ls_kind) {
	case LXK_STREAM:
		return (stream_shutdown(c, how));
	case LXK_DGRAM:
		if (c->c_sock->ls_family == AF_PACKET)
			return (-EOPNOTSUPP);
		if (c->c_sock->ls_so == NULL)
			return (-ENOTCONN);
		if (c->c_sock->ls_type != SOCK_RAW)	/* Linux's go on all the same */
			dgram_shutdown(c, how);
		return (vi_peername(c->c_sock->ls_so, &sa) != 0 ? -ENOTCONN : 0);
	default:
		return (-EOPNOTSUPP);
	}
}
