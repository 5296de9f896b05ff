/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packetdrill's driver for this stack: a shared object that its --so_filename loads.
 *
 * Theory of operation.  packetdrill calls a table of functions in place of the system calls, the network device and the
 * clock (struct pd_interface: the order of its members is the whole of the contract).  Behind it are one vnet in virtual
 * time (stack.c), the Linux personality's translation of socket options, and the sysctls of the network namespace (knobs.c).
 *
 * Two threads call: packetdrill's own, and one in which it lets calls block.  While calls do, time belongs to the first.  Whenever that
 * has done something, it lets a blocked call look again (pd_progress), and if the call returns it waits until the other thread has
 * read the clock, which is the time that the script compares.  Then packetdrill itself has to see that the call is over, for which
 * there is no sign; the next sleep gives it a moment of real time.
 *
 * The clock of a reader that spins must move: each look is a microsecond.  (The second thread spins too, before its call, while
 * the first waits for it.)
 *
 * It is loaded with LD_PRELOAD as well: some calls do not go through the table.
 *
 *	flags (--so_flags): comma separated local4=ADDR/LEN, local6=ADDR/LEN, mtu=N, sysctl NAME=VALUE,
 *	cut=N: what arrives is of segments of N bytes that were put together
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <linux/sockios.h>

#include <vimage/host.h>
#include <vimage/sysctl.h>

#include "linux/lx.h"
#include "tests/packet/adapter.h"
#include "tests/packet/stack.h"

#define PD_NFDS		64
#define PD_EPOCH	1000000000ull	/* seconds; what the clock says at the beginning */
#define PD_PATIENCE	(300 * PD_SEC)	/* for a packet, or for a call of the first thread */

struct pd_interface {
	void	*userdata;
	void	(*free)(void *);
	int	(*socket)(void *, int, int, int);
	int	(*bind)(void *, int, const struct sockaddr *, socklen_t);
	int	(*listen)(void *, int, int);
	int	(*accept)(void *, int, struct sockaddr *, socklen_t *);
	int	(*connect)(void *, int, const struct sockaddr *, socklen_t);
	ssize_t	(*read)(void *, int, void *, size_t);
	ssize_t	(*readv)(void *, int, const struct iovec *, int);
	ssize_t	(*recv)(void *, int, void *, size_t, int);
	ssize_t	(*recvfrom)(void *, int, void *, size_t, int, struct sockaddr *, socklen_t *);
	ssize_t	(*recvmsg)(void *, int, struct msghdr *, int);
	ssize_t	(*write)(void *, int, const void *, size_t);
	ssize_t	(*writev)(void *, int, const struct iovec *, int);
	ssize_t	(*send)(void *, int, const void *, size_t, int);
	ssize_t	(*sendto)(void *, int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	ssize_t	(*sendmsg)(void *, int, const struct msghdr *, int);
	int	(*fcntl)(void *, int, int, ...);
	int	(*ioctl)(void *, int, unsigned long, ...);
	int	(*close)(void *, int);
	int	(*shutdown)(void *, int, int);
	int	(*getsockopt)(void *, int, int, int, void *, socklen_t *);
	int	(*setsockopt)(void *, int, int, int, const void *, socklen_t);
	int	(*poll)(void *, struct pollfd *, nfds_t, int);
	int	(*netdev_send)(void *, const void *, size_t);
	int	(*netdev_receive)(void *, void *, size_t *, long long *);
	int	(*usleep)(void *, useconds_t);
	int	(*gettimeofday)(void *, struct timeval *, struct timezone *);
	int	(*epoll_create)(void *, int);
	int	(*epoll_ctl)(void *, int, int, int, struct epoll_event *);
	int	(*epoll_wait)(void *, int, struct epoll_event *, int, int);
	int	(*pipe)(void *, int [2]);
	int	(*splice)(void *, int, loff_t *, int, loff_t *, size_t, unsigned);
};
void	packetdrill_interface_init(const char *flags, struct pd_interface *);

struct pd_watch {
	int		 pw_fd;		/* -1: unused */
	struct epoll_event pw_event;
	bool		 pw_off;	/* one shot, and it was fired */
	uint32_t	 pw_told;	/* edge triggered: what was said */
	uint64_t	 pw_seen;	/* f_changes when it was said */
};

struct pd_file {
	bool		 f_used, f_isepoll;
	bool		 f_inq;		/* TCP_INQ */
	int		 f_flags;	/* O_NONBLOCK */
	uint64_t	 f_changes;	/* upcalls so far */
	struct lx_sock	 f_ls;		/* the part that sockopt.c looks at */
	struct pd_watch	 f_watch[PD_NFDS];
};

struct pd {
	struct pd_stack	 p_stack;
	struct pd_file	 p_file[PD_NFDS];
	pthread_mutex_t	 p_mtx;
	pthread_cond_t	 p_again;	/* blocked calls: look */
	pthread_cond_t	 p_looked;	/* the first thread: they did */
	pthread_t	 p_first;
	unsigned	 p_blocked;	/* calls that wait */
	unsigned	 p_looking;	/* of them, have not looked yet */
	uint64_t	 p_round;
	bool		 p_stamping;	/* a call is over, its thread has not read the clock */
	bool		 p_settling;	/* ... has; packetdrill does not know yet */
};

static struct pd pd;

/* A call that may have to wait: -errno, or its result.  -EAGAIN: not yet. */
typedef int64_t pd_attempt(struct pd_file *, void *arg);

static int64_t
pd_return(int64_t result)
{
	if (result >= 0)
		return (result);
	errno = (int)-result;
	return (-1);
}

static struct pd_file *
pd_filep(int fd)
{
	struct pd_file *f;

	if (fd < PD_FIRSTFD || fd >= PD_FIRSTFD + PD_NFDS)
		return (NULL);
	f = &pd.p_file[fd - PD_FIRSTFD];
	return (f->f_used ? f : NULL);
}

static struct pd_file *
pd_socketp(int fd)
{
	struct pd_file *f = pd_filep(fd);

	return (f != NULL && !f->f_isepoll ? f : NULL);
}

static int
pd_newfile(struct pd_file **fp)
{
	for (int i = 0; i < PD_NFDS; i++)
		if (!pd.p_file[i].f_used) {
			*fp = &pd.p_file[i];
			memset(*fp, 0, sizeof(**fp));
			(*fp)->f_used = true;
			for (int j = 0; j < PD_NFDS; j++)
				(*fp)->f_watch[j].pw_fd = -1;
			return (PD_FIRSTFD + i);
		}
	return (-EMFILE);
}

/* The two threads. */

static bool
pd_isfirst(void)
{
	return (pthread_equal(pthread_self(), pd.p_first) != 0);
}

/* The stack has moved. */
static void
pd_progress(void)
{
	pd_settle(&pd.p_stack);
	if (!pd_isfirst())
		return;
	if (pd.p_blocked > 0) {
		pd.p_looking = pd.p_blocked;
		pd.p_round++;
		pthread_cond_broadcast(&pd.p_again);
	}
	while (pd.p_looking > 0 || pd.p_stamping)
		pthread_cond_wait(&pd.p_looked, &pd.p_mtx);
}

/* In the second thread. */
static int64_t
pd_block(struct pd_file *f, uint64_t until, pd_attempt *fn, void *arg)
{
	int64_t result = -EAGAIN;
	bool over = false;
	uint64_t round;

	pd.p_blocked++;
	while (!over) {
		round = pd.p_round;
		while (round == pd.p_round)
			pthread_cond_wait(&pd.p_again, &pd.p_mtx);
		result = fn(f, arg);
		over = result != -EAGAIN || pd_now(&pd.p_stack) >= until;
		if (over) {
			pd.p_blocked--;
			pd.p_stamping = true;
		}
		pd.p_looking--;
		pthread_cond_signal(&pd.p_looked);
	}
	return (result);
}

/* wait: at most so long, ns. */
static int64_t
pd_calltimed(struct pd_file *f, uint64_t wait, pd_attempt *fn, void *arg)
{
	const uint64_t until = pd_now(&pd.p_stack) + wait;
	int64_t result = fn(f, arg);

	if (result == -EAGAIN && wait != 0) {
		if (!pd_isfirst())
			result = pd_block(f, until, fn, arg);
		else
			while (result == -EAGAIN && pd_step(&pd.p_stack, until))
				result = fn(f, arg);
	}
	pd_progress();
	return (result);
}

static int64_t
pd_call(struct pd_file *f, bool nonblock, pd_attempt *fn, void *arg)
{
	return (pd_calltimed(f, nonblock ? 0 : PD_PATIENCE, fn, arg));
}

static uint64_t
pd_timeout(int ms)
{
	return (ms < 0 ? PD_PATIENCE : (uint64_t)ms * 1000 * PD_US);
}

static void
pd_lock(void)
{
	pthread_mutex_lock(&pd.p_mtx);
}

static int64_t
pd_unlock(int64_t result)
{
	pthread_mutex_unlock(&pd.p_mtx);
	return (pd_return(result));
}

/* Sockets. */

static void
pd_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct pd_file *f = arg;

	(void)so;
	(void)events;
	f->f_changes++;
}

static int
pd_newsocket(struct vi_socket *so, int family, int type, int proto)
{
	struct pd_file *f;
	int fd = pd_newfile(&f);

	if (fd < 0) {
		vi_close(so);
		return (fd);
	}
	f->f_ls = (struct lx_sock){ .ls_so = so, .ls_family = (uint8_t)family, .ls_type = (uint8_t)type, .ls_fd = -1,
		.ls_proto = (uint8_t)(proto != 0 ? proto : type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP),
		.ls_kind = type == SOCK_STREAM ? LXK_STREAM : LXK_DGRAM, .ls_cred = pd_cred };
	vi_socket_upcall(so, pd_upcall, f);
	return (fd);
}

static int
pd_socket(void *u, int domain, int type, int proto)
{
	struct vi_socket *so;
	int fd, flags = type & ~0xf;

	(void)u;
	pd_lock();
	pd_knobs_carry(&pd.p_stack);
	if (domain != AF_INET && domain != AF_INET6)
		return ((int)pd_unlock(-EAFNOSUPPORT));
	fd = -vi_socket(pd.p_stack.ps_vn, sockaddr_family(domain), type & 0xf, proto, &pd_cred, &so);
	if (fd == 0)
		fd = pd_newsocket(so, domain, type & 0xf, proto);
	if (fd > 0 && (flags & SOCK_NONBLOCK) != 0)
		pd_filep(fd)->f_flags = O_NONBLOCK;
	return ((int)pd_unlock(fd));
}

static int
pd_sockaddr(const struct pd_file *f, const struct sockaddr *addr, socklen_t len, struct vi_sockaddr *sa)
{
	int error;

	if (f == NULL)
		return (EBADF);
	error = sockaddr_parse(addr, len, sa);
	if (error == 0 && sa->sa_family != VI_AF_UNSPEC)
		error = sockaddr_suits(sa, f->f_ls.ls_family, len);
	return (error);
}

static int
pd_bind(void *u, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct vi_sockaddr sa;
	struct pd_file *f;
	int error;

	(void)u;
	pd_lock();
	f = pd_socketp(fd);
	if ((error = pd_sockaddr(f, addr, len, &sa)) == 0)
		error = vi_bind(f->f_ls.ls_so, &sa);
	return ((int)pd_unlock(-error));
}

static int
pd_listen(void *u, int fd, int backlog)
{
	struct pd_file *f;
	int error;

	(void)u;
	pd_lock();
	pd_knobs_carry(&pd.p_stack);
	if ((f = pd_socketp(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	error = vi_listen(f->f_ls.ls_so, backlog);
	if (error == 0)
		f->f_ls.ls_state = LXS_LISTEN;
	pd_progress();
	return ((int)pd_unlock(-error));
}

struct pd_accepted { struct vi_socket *so; struct vi_sockaddr peer; };

static int64_t
pd_tryaccept(struct pd_file *f, void *arg)
{
	struct pd_accepted *pa = arg;

	return (-vi_accept(f->f_ls.ls_so, &pa->so, &pa->peer));
}

static int
pd_accept(void *u, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_storage ss;
	struct pd_accepted pa;
	struct pd_file *f;
	int64_t result;
	socklen_t n;

	(void)u;
	pd_lock();
	if ((f = pd_socketp(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	result = pd_call(f, (f->f_flags & O_NONBLOCK) != 0, pd_tryaccept, &pa);
	if (result != 0)
		return ((int)pd_unlock(result));
	if (addr != NULL) {
		n = sockaddr_build(&pa.peer, &ss);
		memcpy(addr, &ss, n < *len ? n : *len);
		*len = n;
	}
	return ((int)pd_unlock(pd_newsocket(pa.so, f->f_ls.ls_family, f->f_ls.ls_type, f->f_ls.ls_proto)));
}

static int64_t
pd_tryconnect(struct pd_file *f, void *arg)
{
	unsigned events = vi_poll(f->f_ls.ls_so);
	int error = 0;
	size_t len = sizeof(error);

	(void)arg;
	if ((events & (VI_POLLOUT | VI_POLLERR | VI_POLLHUP)) == 0)
		return (-EAGAIN);
	if (vi_getsockopt(f->f_ls.ls_so, VI_SO_ERROR, &error, &len) != 0)
		error = 0;
	return (-error);
}

static int
pd_connect(void *u, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct vi_sockaddr sa;
	struct pd_file *f;
	int error;

	(void)u;
	pd_lock();
	pd_knobs_carry(&pd.p_stack);
	f = pd_socketp(fd);
	if ((error = pd_sockaddr(f, addr, len, &sa)) != 0)
		return ((int)pd_unlock(-error));
	error = vi_connect(f->f_ls.ls_so, &sa);
	pd_progress();
	if (error != EINPROGRESS || (f->f_flags & O_NONBLOCK) != 0)
		return ((int)pd_unlock(-error));
	return ((int)pd_unlock(pd_call(f, false, pd_tryconnect, NULL)));
}

/* Data. */

struct pd_data {
	struct vi_msg	 msg;
	struct vi_iovec	 iov[64];
	size_t		 done, total;
	bool		 waited;	/* there was no room */
	bool		 connecting;	/* Fast Open: the first of it is on its way with the SYN */
};

static int
pd_data(struct pd_data *d, const struct iovec *iov, size_t n, int flags)
{
	memset(d, 0, sizeof(*d));
	if (n > 64)
		return (EMSGSIZE);
	for (size_t i = 0; i < n; i++) {
		if (!pd_mapped(iov[i].iov_base, iov[i].iov_len))
			return (EFAULT);
		d->iov[i] = (struct vi_iovec){ .iov_base = iov[i].iov_base, .iov_len = iov[i].iov_len };
		d->total += iov[i].iov_len;
	}
	d->msg.msg_iov = d->iov;
	d->msg.msg_iovcnt = (unsigned)n;
	d->msg.msg_flags = (unsigned)flags & (VI_MSG_OOB | VI_MSG_PEEK | VI_MSG_DONTROUTE | VI_MSG_FASTOPEN | VI_MSG_MORE | VI_MSG_EOR |
	    VI_MSG_ZEROCOPY);
	return (0);
}

static void
pd_advance(struct pd_data *d, size_t n)
{
	size_t k;

	d->done += n;
	for (; n > 0; n -= k) {
		k = n < d->msg.msg_iov->iov_len ? n : d->msg.msg_iov->iov_len;
		d->msg.msg_iov->iov_base = (uint8_t *)d->msg.msg_iov->iov_base + k;
		d->msg.msg_iov->iov_len -= k;
		if (d->msg.msg_iov->iov_len == 0 && d->msg.msg_iovcnt > 1) {
			d->msg.msg_iov++;
			d->msg.msg_iovcnt--;
		}
	}
}

static bool
pd_synsent(const struct pd_file *f)
{
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);

	return (f->f_ls.ls_type == SOCK_STREAM && vi_getsockopt(f->f_ls.ls_so, VI_TCP_INFO, &ti, &len) == 0 &&
	    ti.ti_state == VI_TCPS_SYN_SENT);
}

/* All of it, if it is to block (as sendmsg(2) does). */
static int64_t
pd_trysend(struct pd_file *f, void *arg)
{
	struct pd_data *d = arg;
	int64_t result;
	size_t n = 0;
	int error;

	for (;;) {
		if (d->connecting) {
			if ((result = pd_tryconnect(f, NULL)) != 0)
				return (result);
			d->connecting = false;
			if (d->done >= d->total)
				return ((int64_t)d->done);
		}
		/* As Linux: who waits is woken when a third is free, not sooner. */
		if (d->waited && (vi_poll(f->f_ls.ls_so) & (VI_POLLOUT | VI_POLLERR | VI_POLLHUP)) == 0)
			return (-EAGAIN);
		error = vi_sendmsg(f->f_ls.ls_so, &d->msg, &n);
		d->waited = error == EAGAIN;
		d->connecting = (error == 0 || error == EINPROGRESS) && pd_synsent(f);
		if (error != 0 && !d->connecting)
			return (error == EAGAIN || d->done == 0 ? -error : (int64_t)d->done);
		d->msg.msg_flags &= ~(unsigned)VI_MSG_FASTOPEN;
		d->msg.msg_hasname = false;
		pd_settle(&pd.p_stack);
		pd_advance(d, n);
		if (d->connecting)
			return (-EAGAIN);
		if (d->done >= d->total || n == 0)
			return ((int64_t)d->done);
	}
}

static int64_t
pd_tryrecv(struct pd_file *f, void *arg)
{
	struct pd_data *d = arg;
	int error = vi_recvmsg(f->f_ls.ls_so, &d->msg, &d->done);

	return (error != 0 ? -error : (int64_t)d->done);
}

static int64_t
pd_output(int fd, struct pd_data *d, const struct sockaddr *to, socklen_t tolen, int flags)
{
	struct pd_file *f = pd_socketp(fd);
	const bool nonblock = f != NULL && ((f->f_flags & O_NONBLOCK) != 0 || (flags & MSG_DONTWAIT) != 0);
	int64_t result;
	int error;

	if (f == NULL)
		return (-EBADF);
	if (to != NULL) {
		/* Linux looks at the family of a stream's address no sooner. */
		if ((flags & MSG_FASTOPEN) != 0 && to->sa_family == AF_UNSPEC)
			return (-EOPNOTSUPP);
		if ((error = pd_sockaddr(f, to, tolen, &d->msg.msg_name)) != 0)
			return (-error);
		d->msg.msg_hasname = true;
	}
	result = pd_call(f, nonblock, pd_trysend, d);
	if (result == -EAGAIN && d->done > 0)
		return ((int64_t)d->done);
	return (result == -EAGAIN && d->connecting ? -EINPROGRESS : result);
}

static ssize_t
pd_sendmsg(void *u, int fd, const struct msghdr *mh, int flags)
{
	struct vi_exthdrs eh;
	struct pd_data d;
	int error;

	(void)u;
	pd_lock();
	pd_knobs_carry(&pd.p_stack);
	error = pd_data(&d, mh->msg_iov, mh->msg_iovlen, flags);
	if (error == 0 && mh->msg_controllen > 0)
		error = control_parse(mh->msg_control, mh->msg_controllen, &d.msg, &eh);
	if (error != 0)
		return (pd_unlock(-error));
	return (pd_unlock(pd_output(fd, &d, mh->msg_name, mh->msg_namelen, flags)));
}

static ssize_t
pd_sendto(void *u, int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	const struct msghdr mh = { .msg_name = (void *)(uintptr_t)to, .msg_namelen = tolen, .msg_iov = &iov, .msg_iovlen = 1 };

	return (pd_sendmsg(u, fd, &mh, flags));
}

ssize_t
pd_send(void *u, int fd, const void *buf, size_t len, int flags)
{
	return (pd_sendto(u, fd, buf, len, flags, NULL, 0));
}

static ssize_t
pd_write(void *u, int fd, const void *buf, size_t len)
{
	return (pd_sendto(u, fd, buf, len, 0, NULL, 0));
}

static ssize_t
pd_writev(void *u, int fd, const struct iovec *iov, int n)
{
	const struct msghdr mh = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };

	return (pd_sendmsg(u, fd, &mh, 0));
}

static int64_t
pd_errqueue(struct pd_file *f, struct msghdr *mh)
{
	struct vi_sockerr se;
	struct lx_control co = { .co_space = mh->msg_controllen };
	struct vi_host *host = pd.p_stack.ps_host;
	uint8_t buf[2048];
	int error = vi_recverr(f->f_ls.ls_so, &se, buf, sizeof(buf));

	if (error != 0)
		return (-error);
	/* The vnet's clock began elsewhere. */
	if (se.se_stamp != 0)
		se.se_stamp = PD_EPOCH * PD_SEC + pd_now(&pd.p_stack) - (host->h_ops->realtime(host) - se.se_stamp);
	control_error(&co, f->f_ls.ls_family == AF_INET6 ? LXC_RECVERR6 : LXC_RECVERR, &se);
	memcpy(mh->msg_control, co.co_buf, co.co_len);
	mh->msg_controllen = co.co_len;
	mh->msg_flags = control_errflags(f->f_ls.ls_so, &se);
	return (0);
}

/* TCP_CM_INQ: what is left, and one for the end of it. */
static size_t
pd_putinq(struct pd_file *f, struct msghdr *mh, size_t space)
{
	struct cmsghdr ch = { .cmsg_level = IPPROTO_TCP, .cmsg_type = TCP_CM_INQ, .cmsg_len = CMSG_LEN(sizeof(int)) };
	size_t len = sizeof(int);
	int left;

	if (!f->f_inq || space < CMSG_SPACE(sizeof(int)) || vi_getsockopt(f->f_ls.ls_so, VI_SO_NREAD, &left, &len) != 0)
		return (0);
	if (left == 0 && (vi_poll(f->f_ls.ls_so) & VI_POLLRDHUP) != 0)
		left = 1;
	memcpy(mh->msg_control, &ch, sizeof(ch));
	memcpy((uint8_t *)mh->msg_control + CMSG_LEN(0), &left, sizeof(left));
	return (CMSG_SPACE(sizeof(int)));
}

static ssize_t
pd_recvmsg(void *u, int fd, struct msghdr *mh, int flags)
{
	struct sockaddr_storage ss;
	struct pd_file *f;
	struct pd_data d;
	int64_t result;
	bool nonblock;
	socklen_t n;
	int error;

	(void)u;
	pd_lock();
	if ((f = pd_socketp(fd)) == NULL)
		return (pd_unlock(-EBADF));
	if (flags & MSG_ERRQUEUE)
		return (pd_unlock(pd_errqueue(f, mh)));
	if ((error = pd_data(&d, mh->msg_iov, mh->msg_iovlen, flags)) != 0)
		return (pd_unlock(-error));
	nonblock = (f->f_flags & O_NONBLOCK) != 0 || (flags & MSG_DONTWAIT) != 0;
	result = pd_call(f, nonblock, pd_tryrecv, &d);
	if (result >= 0 && mh->msg_name != NULL && d.msg.msg_hasname) {
		n = sockaddr_build(&d.msg.msg_name, &ss);
		memcpy(mh->msg_name, &ss, n < mh->msg_namelen ? n : mh->msg_namelen);
		mh->msg_namelen = n;
	}
	mh->msg_controllen = result >= 0 && mh->msg_control != NULL ? pd_putinq(f, mh, mh->msg_controllen) : 0;
	mh->msg_flags = 0;
	return (pd_unlock(result));
}

static ssize_t
pd_recvfrom(void *u, int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *fromlen)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = { .msg_name = from, .msg_namelen = fromlen != NULL ? *fromlen : 0, .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = pd_recvmsg(u, fd, &mh, flags);

	if (n >= 0 && fromlen != NULL)
		*fromlen = mh.msg_namelen;
	return (n);
}

ssize_t
pd_recv(void *u, int fd, void *buf, size_t len, int flags)
{
	return (pd_recvfrom(u, fd, buf, len, flags, NULL, NULL));
}

static ssize_t
pd_read(void *u, int fd, void *buf, size_t len)
{
	return (pd_recvfrom(u, fd, buf, len, 0, NULL, NULL));
}

static ssize_t
pd_readv(void *u, int fd, const struct iovec *iov, int n)
{
	struct msghdr mh = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };

	return (pd_recvmsg(u, fd, &mh, 0));
}

bool
pd_hasurgent(int fd)
{
	const struct pd_file *f = pd_socketp(fd);

	return (f != NULL && (vi_poll(f->f_ls.ls_so) & (VI_POLLIN | VI_POLLPRI)) == VI_POLLPRI);
}

/* Descriptors. */

static int
pd_fcntl(void *u, int fd, int cmd, ...)
{
	struct pd_file *f;
	int arg, result = 0;
	va_list ap;

	(void)u;
	va_start(ap, cmd);
	arg = va_arg(ap, int);
	va_end(ap);
	pd_lock();
	if ((f = pd_filep(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	if (cmd == F_GETFL)
		result = O_RDWR | f->f_flags;
	else if (cmd == F_SETFL)
		f->f_flags = arg & O_NONBLOCK;
	else
		result = -EINVAL;
	return ((int)pd_unlock(result));
}

static int
pd_count(struct vi_socket *so, unsigned long request, int *n)
{
	struct vi_iovec iov[64];
	unsigned niov = 64;
	size_t len = sizeof(*n);

	*n = 0;
	switch (request) {
	case FIONREAD:
		if (vi_recv_peek(so, SIZE_MAX, iov, &niov) == 0)
			for (unsigned i = 0; i < niov; i++)
				*n += (int)iov[i].iov_len;
		return (0);
	case SIOCOUTQ:
		return (vi_getsockopt(so, VI_SO_NWRITE, n, &len));
	case SIOCOUTQNSD:
		return (vi_getsockopt(so, VI_SO_NUNSENT, n, &len));
	default:
		return (ENOTTY);
	}
}

static int
pd_ioctl(void *u, int fd, unsigned long request, ...)
{
	struct pd_file *f;
	int *value, error = 0;
	va_list ap;

	(void)u;
	va_start(ap, request);
	value = va_arg(ap, int *);
	va_end(ap);
	pd_lock();
	if ((f = pd_socketp(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	if (request == FIONBIO)
		f->f_flags = *value != 0 ? O_NONBLOCK : 0;
	else if (f->f_ls.ls_state == LXS_LISTEN)
		error = EINVAL;
	else
		error = pd_count(f->f_ls.ls_so, request, value);
	return ((int)pd_unlock(-error));
}

static void
pd_closefile(struct pd_file *f)
{
	if (!f->f_isepoll) {
		vi_socket_upcall(f->f_ls.ls_so, NULL, NULL);
		vi_close(f->f_ls.ls_so);
	}
	f->f_used = false;
}

static int
pd_close(void *u, int fd)
{
	struct pd_file *f;

	(void)u;
	if (fd < PD_FIRSTFD)
		return (close(fd));
	pd_lock();
	if ((f = pd_filep(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	pd_closefile(f);
	for (int i = 0; i < PD_NFDS; i++)
		for (int j = 0; j < PD_NFDS; j++)
			if (pd.p_file[i].f_watch[j].pw_fd == fd)
				pd.p_file[i].f_watch[j].pw_fd = -1;
	pd_progress();
	return ((int)pd_unlock(0));
}

static int
pd_shutdown(void *u, int fd, int how)
{
	struct pd_file *f;
	int error;

	(void)u;
	pd_lock();
	if ((f = pd_socketp(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	error = vi_shutdown(f->f_ls.ls_so, how);
	pd_progress();
	return ((int)pd_unlock(-error));
}

static int
pd_getsockopt(void *u, int fd, int level, int name, void *value, socklen_t *len)
{
	struct pd_file *f;
	size_t size = *len;
	int error;

	(void)u;
	pd_lock();
	if ((f = pd_socketp(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	if (level == SOL_SOCKET && name == SO_ERROR) {
		size = sizeof(int);
		error = vi_getsockopt(f->f_ls.ls_so, VI_SO_ERROR, value, &size);
	} else {
		error = opt_get(&f->f_ls, level, name, value, &size);
	}
	if (error == 0)
		*len = (socklen_t)size;
	return ((int)pd_unlock(-error));
}

/* What a program of a jail cannot have, for its bytes go through a pair of the host's, and the stack can. */
static bool
pd_isour(int level, int name)
{
	return (level == SOL_SOCKET ? name == SO_ZEROCOPY || name == SO_TIMESTAMPING : level == IPPROTO_TCP && name == TCP_INQ);
}

static int
pd_setour(struct pd_file *f, int name, const void *value, size_t len)
{
	int v;

	if (len < sizeof(v))
		return (EINVAL);
	memcpy(&v, value, sizeof(v));
	if (name != TCP_INQ)
		return (vi_setsockopt(f->f_ls.ls_so, name == SO_ZEROCOPY ? VI_SO_ZEROCOPY : VI_SO_TIMESTAMPING, &v, sizeof(v)));
	if (v != 0 && v != 1)
		return (EINVAL);
	f->f_inq = v != 0;
	return (0);
}

static int
pd_setsockopt(void *u, int fd, int level, int name, const void *value, socklen_t len)
{
	struct pd_file *f;
	int error;

	(void)u;
	pd_lock();
	if ((f = pd_socketp(fd)) == NULL)
		return ((int)pd_unlock(-EBADF));
	pd_knobs_carry(&pd.p_stack);
	if (pd_isour(level, name))
		error = pd_setour(f, name, value, len);
	else
		error = opt_set(&f->f_ls, level, name, value, len);
	pd_progress();
	return ((int)pd_unlock(-error));
}

/* Readiness. */

static short
pd_events(int fd)
{
	struct pd_file *f = pd_socketp(fd);
	unsigned e;

	if (f == NULL)
		return (POLLNVAL);
	e = vi_poll(f->f_ls.ls_so);
	if (e & VI_POLLIN)
		e |= POLLRDNORM;
	if (e & VI_POLLOUT)
		e |= POLLWRNORM;
	return ((short)e);
}

struct pd_polled { struct pollfd *fds; nfds_t n; };

static int64_t
pd_trypoll(struct pd_file *f, void *arg)
{
	struct pd_polled *pp = arg;
	int64_t ready = 0;

	(void)f;
	for (nfds_t i = 0; i < pp->n; i++) {
		pp->fds[i].revents = pd_events(pp->fds[i].fd) & (pp->fds[i].events | POLLERR | POLLHUP | POLLNVAL);
		ready += pp->fds[i].revents != 0;
	}
	return (ready != 0 ? ready : -EAGAIN);
}

static int
pd_poll(void *u, struct pollfd *fds, nfds_t n, int timeout)
{
	struct pd_polled pp = { fds, n };
	int64_t result;

	(void)u;
	pd_lock();
	result = pd_calltimed(NULL, pd_timeout(timeout), pd_trypoll, &pp);
	return ((int)pd_unlock(result == -EAGAIN ? 0 : result));
}

static int
pd_epoll_create(void *u, int size)
{
	struct pd_file *f;
	int fd;

	(void)u;
	(void)size;
	pd_lock();
	if ((fd = pd_newfile(&f)) > 0)
		f->f_isepoll = true;
	return ((int)pd_unlock(fd));
}

static int
pd_epoll_ctl(void *u, int epfd, int op, int fd, struct epoll_event *event)
{
	struct pd_file *ep;
	struct pd_watch *pw;

	(void)u;
	pd_lock();
	ep = pd_filep(epfd);
	if (ep == NULL || pd_socketp(fd) == NULL)
		return ((int)pd_unlock(-EBADF));
	if (!ep->f_isepoll)
		return ((int)pd_unlock(-EINVAL));
	pw = &ep->f_watch[fd - PD_FIRSTFD];
	if ((op == EPOLL_CTL_ADD) != (pw->pw_fd < 0))
		return ((int)pd_unlock(op == EPOLL_CTL_ADD ? -EEXIST : -ENOENT));
	if (op == EPOLL_CTL_DEL)
		pw->pw_fd = -1;
	else
		*pw = (struct pd_watch){ .pw_fd = fd, .pw_event = *event };
	return ((int)pd_unlock(0));
}

struct pd_waited { struct epoll_event *events; int max; };

/* Edge triggered: what was not said yet, or was said before something happened to the socket. */
static uint32_t
pd_watched(struct pd_watch *pw)
{
	const uint32_t mask = pw->pw_event.events | EPOLLERR | EPOLLHUP;
	uint32_t now = (uint32_t)(uint16_t)pd_events(pw->pw_fd) & mask;
	const uint64_t changes = pd_filep(pw->pw_fd)->f_changes;

	if (pw->pw_off)
		return (0);
	if ((pw->pw_event.events & EPOLLET) != 0 && (now & ~pw->pw_told) == 0 && pw->pw_seen == changes)
		return (0);
	pw->pw_told = now;
	pw->pw_seen = changes;
	return (now);
}

static int64_t
pd_trywait(struct pd_file *ep, void *arg)
{
	struct pd_waited *pw = arg;
	uint32_t events;
	int n = 0;

	for (int i = 0; i < PD_NFDS && n < pw->max; i++) {
		if (ep->f_watch[i].pw_fd < 0 || (events = pd_watched(&ep->f_watch[i])) == 0)
			continue;
		pw->events[n].events = events;
		pw->events[n++].data = ep->f_watch[i].pw_event.data;
		if (ep->f_watch[i].pw_event.events & EPOLLONESHOT)
			ep->f_watch[i].pw_off = true;
	}
	return (n != 0 ? n : -EAGAIN);
}

static int
pd_epoll_wait(void *u, int epfd, struct epoll_event *events, int max, int timeout)
{
	struct pd_waited pw = { events, max };
	struct pd_file *ep;
	int64_t result;

	(void)u;
	pd_lock();
	ep = pd_filep(epfd);
	if (ep == NULL || !ep->f_isepoll)
		return ((int)pd_unlock(ep == NULL ? -EBADF : -EINVAL));
	result = pd_calltimed(ep, pd_timeout(timeout), pd_trywait, &pw);
	return ((int)pd_unlock(result == -EAGAIN ? 0 : result));
}

/* The device and the clock. */

static int
pd_netdev_send(void *u, const void *buf, size_t count)
{
	int error;

	(void)u;
	pd_lock();
	pd_knobs_carry(&pd.p_stack);
	error = pd_inject(&pd.p_stack, buf, count);
	pd_progress();
	pthread_mutex_unlock(&pd.p_mtx);
	return (error);
}

/* packetdrill would ask again for ever: when nothing comes, the test is over. */
static int
pd_netdev_receive(void *u, void *buf, size_t *count, long long *usec)
{
	struct pd_packet *pp;
	uint64_t until;

	(void)u;
	pd_lock();
	until = pd_now(&pd.p_stack) + PD_PATIENCE;
	while ((pp = pd_take(&pd.p_stack)) == NULL && pd_step(&pd.p_stack, until))
		pd_progress();
	if (pp == NULL) {
		fprintf(stderr, "vimage: the script waits for a packet, and none was sent\n");
		_exit(1);
	}
	*usec = (long long)(PD_EPOCH * 1000000 + pp->pp_time / PD_US);
	if (*count > pp->pp_len)
		*count = pp->pp_len;
	memcpy(buf, pp->pp_data, *count);
	free(pp);
	pthread_mutex_unlock(&pd.p_mtx);
	return (0);
}

static int
pd_usleep(void *u, useconds_t usec)
{
	const struct timespec moment = { .tv_nsec = 3000000 };
	uint64_t until;

	(void)u;
	if (pd.p_settling) {
		nanosleep(&moment, NULL);
		pd.p_settling = false;
	}
	pd_lock();
	until = pd_now(&pd.p_stack) + usec * PD_US;
	do
		pd_progress();
	while (pd_step(&pd.p_stack, until));
	pd_progress();
	pthread_mutex_unlock(&pd.p_mtx);
	return (0);
}

static int
pd_gettimeofday(void *u, struct timeval *tv, struct timezone *tz)
{
	uint64_t now;

	(void)u;
	(void)tz;
	pd_lock();
	now = pd_now(&pd.p_stack) / PD_US;
	*tv = (struct timeval){ .tv_sec = (time_t)(PD_EPOCH + now / 1000000), .tv_usec = (suseconds_t)(now % 1000000) };
	if (!pd_isfirst() && pd.p_stamping) {
		pd.p_stamping = false;
		pd.p_settling = true;
		pthread_cond_signal(&pd.p_looked);
	} else {
		(void)pd_step(&pd.p_stack, (now + 1) * PD_US);
		pd_progress();
	}
	pthread_mutex_unlock(&pd.p_mtx);
	return (0);
}

/*
 * In place of the host's: what the code sections of scripts ask, who always ask for everything, and packetdrill's last clean-up.
 * Of SO_MEMINFO, which the stack has not, all is zero.
 */
PD_EXPORT int
getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	int (*host)(int, int, int, void *, socklen_t *) = (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
	const socklen_t space = *len;
	int error;

	if (fd < PD_FIRSTFD)
		return (host(fd, level, name, value, len));
	error = pd_getsockopt(NULL, fd, level, name, value, len);
	/* Members the stack does not know yet are zero, not missing. */
	if (error == 0 && level == IPPROTO_TCP && name == TCP_INFO && *len < space) {
		memset((uint8_t *)value + *len, 0, space - *len);
		*len = space;
	}
	if (error == 0 || errno != ENOPROTOOPT)
		return (error);
	if (level != SOL_SOCKET || name != SO_MEMINFO)
		return (error);
	memset(value, 0, *len);
	return (0);
}

/* A script's command, by the shell it was written for. */
PD_EXPORT int
system(const char *command)
{
	const bool ready = pd.p_stack.ps_vn != NULL;
	int status = -1;
	pid_t pid;

	pd_lock();
	if (ready)
		pd_host_show(&pd.p_stack);
	if ((pid = fork()) == 0) {
		unsetenv("LD_PRELOAD");
		execlp("bash", "bash", "-c", command, NULL);
		execlp("sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pid > 0 && waitpid(pid, &status, 0) != pid)
		status = -1;
	if (ready)
		pd_knobs_carry(&pd.p_stack);
	pthread_mutex_unlock(&pd.p_mtx);
	return (status);
}

PD_EXPORT int
close(int fd)
{
	int (*host)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");

	return (fd >= PD_FIRSTFD ? pd_close(NULL, fd) : host(fd));
}

static void
pd_free(void *u)
{
	(void)u;
	for (int i = 0; i < PD_NFDS; i++)
		if (pd.p_file[i].f_used)
			pd_closefile(&pd.p_file[i]);
	pd_knobs_fini(&pd.p_stack);
	pd_stack_fini(&pd.p_stack);
}

static void
pd_sysctl(char *setting)
{
	char *value = strchr(setting, '=');
	int error;

	if (value == NULL)
		return;
	*value++ = '\0';
	error = vi_sysctl_set(pd.p_stack.ps_vn, setting, value, &pd_cred);
	if (error != 0) {
		fprintf(stderr, "vimage: %s=%s: %s\n", setting, value, strerror(error));
		exit(1);
	}
}

/* ADDRESS/LENGTH */
static void
pd_local(struct vi_ifaddr *ia, int family, char *text)
{
	char *slash = strchr(text, '/');

	*ia = (struct vi_ifaddr){ .ia_flags = family == AF_INET6 ? VI_IN6_IFF_NODAD : 0 };
	ia->ia_prefixlen = (uint8_t)(slash != NULL ? atoi(slash + 1) : family == AF_INET ? 32 : 128);
	ia->ia_addr.sa_family = sockaddr_family(family);
	if (slash != NULL)
		*slash = '\0';
	if (inet_pton(family, text, family == AF_INET ? (void *)&ia->ia_addr.sa_in : (void *)ia->ia_addr.sa_in6) == 1)
		return;
	fprintf(stderr, "vimage: %s: no address\n", text);
	exit(1);
}

static void
pd_start(const char *flags)
{
	char *text = strdup(flags != NULL ? flags : ""), *rest = text, *word, *sysctls[32];
	unsigned mtu = 1500, n = 0, nlocal = 0;
	struct vi_ifaddr local[2];
	uint16_t cut = 0;

	while ((word = strsep(&rest, ",")) != NULL) {
		if (strncmp(word, "local4=", 7) == 0 && nlocal < 2)
			pd_local(&local[nlocal++], AF_INET, word + 7);
		else if (strncmp(word, "local6=", 7) == 0 && nlocal < 2)
			pd_local(&local[nlocal++], AF_INET6, word + 7);
		else if (strncmp(word, "mtu=", 4) == 0)
			mtu = (unsigned)strtoul(word + 4, NULL, 10);
		else if (strncmp(word, "cut=", 4) == 0)
			cut = (uint16_t)strtoul(word + 4, NULL, 10);
		else if (*word != '\0' && n < 32)
			sysctls[n++] = word;
	}
	pd_stack_init(&pd.p_stack, local, nlocal, mtu);
	pd.p_stack.ps_cut = cut;
	for (unsigned i = 0; i < n; i++)
		pd_sysctl(sysctls[i]);
	pd_knobs_init(&pd.p_stack);
	free(text);
}

PD_EXPORT void
packetdrill_interface_init(const char *flags, struct pd_interface *ifc)
{
	pthread_mutex_init(&pd.p_mtx, NULL);
	pthread_cond_init(&pd.p_again, NULL);
	pthread_cond_init(&pd.p_looked, NULL);
	pd.p_first = pthread_self();
	pd_start(flags);
	*ifc = (struct pd_interface){ .free = pd_free, .socket = pd_socket, .bind = pd_bind, .listen = pd_listen,
		.accept = pd_accept, .connect = pd_connect, .read = pd_read, .readv = pd_readv, .recv = pd_recv,
		.recvfrom = pd_recvfrom, .recvmsg = pd_recvmsg, .write = pd_write, .writev = pd_writev, .send = pd_send,
		.sendto = pd_sendto, .sendmsg = pd_sendmsg, .fcntl = pd_fcntl, .ioctl = pd_ioctl, .close = pd_close,
		.shutdown = pd_shutdown, .getsockopt = pd_getsockopt, .setsockopt = pd_setsockopt, .poll = pd_poll,
		.netdev_send = pd_netdev_send, .netdev_receive = pd_netdev_receive, .usleep = pd_usleep,
		.gettimeofday = pd_gettimeofday, .epoll_create = pd_epoll_create, .epoll_ctl = pd_epoll_ctl,
		.epoll_wait = pd_epoll_wait, .pipe = pd_pipe, .splice = pd_splice };
}
