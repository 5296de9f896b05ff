/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairs whose poll() can say POLLERR.
 *
 * Theory of operation.  A program that asks for IP_RECVERR waits for POLLERR and then reads the error queue; traceroute(8) looks at nothing else.  The
 * host raises an error at one end of a SOCK_DGRAM pair when the other end takes another peer while something of the first is unread in it.  So we put an
 * empty datagram into our own end through a copy of the program's, disconnect and connect again: the program's end has ECONNRESET, which poll() and epoll
 * show until SO_ERROR or a bare read() or write() takes it off.  What waits there to be read is not touched; our own end must be empty before, and is.
 *
 * A bare write() that takes the error off fails, with an errno that is not the network's.  A program that waits looks at what it was woken for before it
 * writes; so the error is raised while the program waits, and only after some time while it does not.
 *
 * A SOCK_DGRAM pair says nothing when the other end is closed, therefore only sockets that asked for IP_RECVERR have one, and are looked at: connect() to
 * a name that is gone fails.  The first time that is soon after they were made, for most programs ask one question, then ever more seldom.
 *
 * The pair takes the place of the first one under the same number, with the datagrams that are in that, so it comes too late when an epoll set may have
 * the socket already, or the program has it under another number.  Those sockets keep the pair they have, and poll() says POLLIN for an error.
 *
 * After shutdown(SHUT_RD) such a pair is what Linux's sockets are: who would wait to receive gets nothing, who would not EAGAIN.  Of SOCK_SEQPACKET both
 * get nothing.
 */
#include "linux/lx.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define ERRPAIR_MAXFDS	256		/* of a program, searched for epoll sets */
#define ERRPAIR_TURN	500		/* looked at in one go */
#define ERRPAIR_MIN_NS	10000000ULL
#define ERRPAIR_MAX_NS	2000000000ULL
#define ERRPAIR_DUE_NS	200000ULL	/* from one look whether the program waits to the next */
#define ERRPAIR_LOOKS	64		/* that often, then the error is raised anyhow */
#define ERRPAIR_THREADS	4		/* of a program, looked at */
#define ERRPAIR_PROGRAMS	16	/* looked at in one go; the errors of others are raised at once */
#define ERRPAIR_PAUSE	8		/* times as long as it took, at least, to the next look */

/*
 * May the socket be in an epoll set of the caller's process, or does it have another number?  What is in a set, the host tells at a cost that the program
 * chooses; so any set will do, and more descriptors than can be looked at quickly.
 */
static bool
call_epolls(const struct lx_call *c)
{
	char path[40], link[64], own[64];
	struct dirent *de;
	bool may = false;
	unsigned n, owns = 0;
	ssize_t len;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)c->c_tid);
	snprintf(own, sizeof(own), "socket:[%llu]", (unsigned long long)c->c_sock->ls_ino);
	d = opendir(path);
	if (d == NULL)
		return (true);
	for (n = 0; !may && (de = readdir(d)) != NULL; n++) {
		len = readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1);
		link[len < 0 ? 0 : len] = '\0';
		owns += strcmp(link, own) == 0;
		may = n >= ERRPAIR_MAXFDS || owns > 1 || strcmp(link, "anon_inode:[eventpoll]") == 0;
	}
	closedir(d);
	return (may);
}

/* Both ends know each other; the program's has a name, by which ours comes back to it. */
static int
errpair_new(int fd[2], ino_t *ino)
{
	const struct sockaddr un = { .sa_family = AF_UNIX };
	struct stat st;
	unsigned i;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fd) != 0)
		return (errno);
	if (bind(fd[1], &un, sizeof(un.sa_family)) == 0 && fstat(fd[1], &st) == 0) {
		for (i = 0; i < 2; i++)
			(void)lx_sock_buffer(fd[i], LX_DGRAMBUF);
		*ino = st.st_ino;
		return (0);
	}
	close(fd[0]);
	close(fd[1]);
	return (EIO);
}

/* A datagram on its way from one pair to another. */
struct moved {
	STAILQ_ENTRY(moved) mv_link;
	struct lx_dgram	 mv_dg;
	char		 mv_data[];
};
STAILQ_HEAD(moveds, moved);

/* What waits in the program's end.  The pair bounds it; what there is no memory for is lost, as datagrams may be. */
static void
dgrams_take(struct lx_call *c, struct moveds *mvs)
{
	char *buf = c->c_lx->lx_buf;
	struct lx_dgram dg;
	struct moved *mv;
	int error;

	for (unsigned left = c->c_sock->ls_fifo.f_count + 1; left > 0; left--) {	/* and an error, perhaps */
		if ((error = dgram_take(c, buf, LX_MAXDGRAM, false, &dg)) == EAGAIN || error == ECONNABORTED)
			break;
		if (error != 0) {	/* the marker was for it */
			c->c_sock->ls_error = error;
			continue;
		}
		if ((mv = malloc(sizeof(*mv) + dg.dg_len)) == NULL) {
			dgram_drop(c->c_sock, &dg);
			continue;
		}
		mv->mv_dg = dg;
		memcpy(mv->mv_data, buf, dg.dg_len);
		STAILQ_INSERT_TAIL(mvs, mv, mv_link);
	}
}

static void
dgrams_give(struct lx_sock *ls, struct moveds *mvs)
{
	struct moved *mv;

	while ((mv = STAILQ_FIRST(mvs)) != NULL) {
		STAILQ_REMOVE_HEAD(mvs, mv_link);
		if (dgram_push(ls, mv->mv_data, &mv->mv_dg) != 0)
			dgram_drop(ls, &mv->mv_dg);
		free(mv);
	}
}

/* fd is the pair that the socket has from now on. */
static void
errpair_take(struct lx_call *c, const int fd[2], ino_t ino)
{
	struct lx_sock *ls = c->c_sock;
	const int oldfd = ls->ls_fd;

	ls->ls_fd = fd[0];
	lx_sock_rehash(ls, ino);
	dgram_forget(ls);
	ls->ls_fifo.f_cost = 0;
	ls->ls_marked = false;
	ls->ls_errpair = true;
	TAILQ_INSERT_HEAD(&c->c_lx->lx_errpairs, ls, ls_errlink);
	c->c_lx->lx_errgap = ERRPAIR_MIN_NS;
	c->c_lx->lx_errat = lx_now() + ERRPAIR_MIN_NS;
	lx_timer_at(c->c_lx, c->c_lx->lx_errat);
	(void)shutdown(c->c_fd, SHUT_RD);	/* who waits there is woken before it hears of a hang-up */
	close(oldfd);
	close(c->c_fd);
	c->c_fd = fd[1];
}

void
errpair_make(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	struct moveds mvs = STAILQ_HEAD_INITIALIZER(mvs);
	const uint64_t stamp = ls->ls_fifo.f_stamp;
	int fd[2], oldfd = ls->ls_fd;
	ino_t ino = 0;

	if (ls->ls_errpair || ls->ls_kind != LXK_DGRAM || ls->ls_family == AF_PACKET || oldfd < 0 || ls->ls_held != NULL ||
	    call_epolls(c) || errpair_new(fd, &ino) != 0)
		return;
	dgrams_take(c, &mvs);
	if (lx_loop_add(c->c_lx->lx_loop, &ls->ls_event, fd[0], ls->ls_event.le_events, ls->ls_event.le_fn) != 0 || lx_replace_fd(c, fd[1]) != 0) {
		ls->ls_event.le_fd = oldfd;	/* what is closed leaves the loop */
		close(fd[0]);
		close(fd[1]);
	} else
		errpair_take(c, fd, ino);
	dgrams_give(ls, &mvs);
	ls->ls_fifo.f_stamp = stamp;	/* the program has read none */
	if (ls->ls_error != 0)
		dgram_show(ls);
}

static void
errpair_undue(struct lx_sock *ls)
{
	if (!ls->ls_errdue)
		return;
	ls->ls_errdue = false;
	TAILQ_REMOVE(&ls->ls_lx->lx_errdue, ls, ls_duelink);
}

void
errpair_free(struct lx_sock *ls)
{
	if (!ls->ls_errpair)
		return;
	errpair_undue(ls);
	TAILQ_REMOVE(&ls->ls_lx->lx_errpairs, ls, ls_errlink);
	ls->ls_errpair = false;
}

void
errpair_end(struct lx_sock *ls)
{
	int app;

	if (!ls->ls_errpair || (app = lx_sock_locate(ls)) < 0)
		return;
	(void)shutdown(app, SHUT_RDWR);
	close(app);
}

/* Does the thread wait for events, or to receive? */
static bool
thread_waits(pid_t pid, const char *tid)
{
	static const int waits[] = { SYS_ppoll, SYS_pselect6, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_recvfrom, SYS_recvmsg, SYS_read,
#ifdef SYS_poll
		SYS_poll, SYS_select, SYS_epoll_wait,
#endif
	};
	char path[64];
	int nr = -1;
	bool known;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.12s/syscall", (int)pid, tid);
	f = fopen(path, "re");
	known = f != NULL && fscanf(f, "%d", &nr) == 1;	/* "running" is none */
	if (f != NULL)
		fclose(f);
	for (unsigned i = 0; known && i < LX_NITEMS(waits); i++)
		if (nr == waits[i])
			return (true);
	return (false);
}

static bool
program_waits(pid_t pid)
{
	char path[40];
	struct dirent *de;
	bool waits = false;
	unsigned n;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return (true);
	for (n = 0; !waits && n < ERRPAIR_THREADS && (de = readdir(d)) != NULL; )
		if (de->d_name[0] != '.') {
			n++;
			waits = thread_waits(pid, de->d_name);
		}
	closedir(d);
	return (waits);
}

static int
errpair_name(const struct lx_sock *ls, struct sockaddr_un *un, socklen_t *len)
{
	*len = sizeof(*un);
	return (getpeername(ls->ls_fd, (struct sockaddr *)un, len) == 0 ? 0 : errno);
}

bool
errpair_closed(const struct lx_sock *ls)
{
	struct sockaddr_un un;
	socklen_t len;

	if (errpair_name(ls, &un, &len) != 0)
		return (true);
	return (connect(ls->ls_fd, (struct sockaddr *)&un, len) != 0 && errno == ECONNREFUSED);
}

/* Is there an error to be shown? */
static bool
errpair_wanted(const struct lx_sock *ls)
{
	return (ls->ls_error != 0 || (ls->ls_so != NULL && (vi_poll(ls->ls_so) & VI_POLLERR) != 0));
}

/* False: not now. */
static bool
errpair_raise(struct lx_sock *ls, bool waits)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_un un;
	socklen_t len;
	int app, unread;

	if (!errpair_wanted(ls))
		return (true);
	if ((ioctl(ls->ls_fd, FIONREAD, &unread) == 0 && unread > 0) || (!waits && ls->ls_errlooks++ < ERRPAIR_LOOKS))
		return (false);
	if (errpair_name(ls, &un, &len) != 0 || (app = lx_sock_locate(ls)) < 0) {
		dgram_mark(ls);		/* it is not where it was seen last */
		return (true);
	}
	ls->ls_errshown = send(app, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) == 0 && connect(ls->ls_fd, &none, sizeof(none)) == 0;
	(void)connect(ls->ls_fd, (struct sockaddr *)&un, len);
	close(app);
	return (true);
}

void
errpair_show(struct lx_sock *ls)
{
	struct lx *lx = ls->ls_lx;

	if (ls->ls_errdue || !errpair_wanted(ls))
		return;
	ls->ls_errdue = true;
	ls->ls_errlooks = 0;
	TAILQ_INSERT_TAIL(&lx->lx_errdue, ls, ls_duelink);
	if (lx->lx_dueat == LX_FOREVER)
		lx_timer_at(lx, lx->lx_dueat = lx_now());
}

/* All of a program at once: the first that is raised wakes it. */
static void
errpairs_raise(struct lx *lx, uint64_t now)
{
	struct lx_sock *ls, *tmp;
	bool waits = false;
	unsigned looks = 0;
	uint64_t took;
	pid_t pid = 0;

	TAILQ_FOREACH_SAFE(ls, &lx->lx_errdue, ls_duelink, tmp) {
		if (ls->ls_pid != pid)
			waits = looks++ >= ERRPAIR_PROGRAMS || program_waits(ls->ls_pid);
		pid = ls->ls_pid;
		if (errpair_raise(ls, waits))
			errpair_undue(ls);
	}
	took = ERRPAIR_PAUSE * (lx_now() - now);
	lx->lx_dueat = TAILQ_EMPTY(&lx->lx_errdue) ? LX_FOREVER : now + (took > ERRPAIR_DUE_NS ? took : ERRPAIR_DUE_NS);
}

bool
errpair_lower(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	socklen_t size = sizeof(int);
	int native = 0;

	if (!ls->ls_errshown)
		return (true);
	ls->ls_errshown = false;
	return (getsockopt(c->c_fd, SOL_SOCKET, SO_ERROR, &native, &size) != 0 || native != 0);
}

static void
errpairs_sweep(struct lx *lx, uint64_t now)
{
	struct lx_sock *ls, *kept = NULL;
	unsigned n;

	/* The newest stand first: they are closed soonest. */
	for (n = 0; n < ERRPAIR_TURN && (ls = TAILQ_FIRST(&lx->lx_errpairs)) != NULL && ls != kept; n++) {
		TAILQ_REMOVE(&lx->lx_errpairs, ls, ls_errlink);
		TAILQ_INSERT_TAIL(&lx->lx_errpairs, ls, ls_errlink);
		if (errpair_closed(ls))
			ls->ls_event.le_fn(&ls->ls_event, EPOLLHUP);
		else if (kept == NULL)
			kept = ls;
	}
	lx->lx_errgap = lx->lx_errgap * 2 < ERRPAIR_MAX_NS ? lx->lx_errgap * 2 : ERRPAIR_MAX_NS;
	lx->lx_errat = TAILQ_EMPTY(&lx->lx_errpairs) ? LX_FOREVER : now + lx->lx_errgap;
}

uint64_t
errpairs_timer(struct lx *lx, uint64_t now)
{
	if (lx->lx_dueat <= now)
		errpairs_raise(lx, now);
	if (lx->lx_errat <= now)
		errpairs_sweep(lx, now);
	return (lx->lx_dueat < lx->lx_errat ? lx->lx_dueat : lx->lx_errat);
}
