/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plumbing of FUSE; what the files are is others' (devkmsg.c, procnet.c).
 *
 * Life: a reference of the jail's, one of the thread, one of each request on its way to worker 0.
 */
#include "daemon/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/jproc.h"

#define REQUEST_MAX	(FUSE_MIN_READ_BUFFER + FUSE_WRITE_MAX)
#define FUSE_DEVICE	makedev(10, 229)

struct fuse_end {
	struct jproc	*fe_jproc;	/* NULL: freed */
	struct fuse_server *fe_server;
	int		 fe_fd;		/* (c) */
	const struct fuse_ops *fe_ops;	/* (c) */
	void		*fe_arg;
	unsigned	 fe_refs;	/* atomic */
	STAILQ_ENTRY(fuse_end) fe_dead;
};

struct fuse_server {
	struct daemon	*fs_daemon;
	pthread_t	 fs_thread;
	int		 fs_epoll, fs_bell;
	pthread_mutex_t	 fs_lock;	/* fs_dead, fs_stop */
	STAILQ_HEAD(, fuse_end) fs_dead;	/* the thread lets go of these */
	bool		 fs_stop;
};

struct fuse_request {
	struct fuse_end	*rq_end;
	union {
		struct fuse_in_header rq_in;
		char	 rq_bytes[REQUEST_MAX];
	};
};

/*
 * In the init.
 */
int
fuse_open(void)
{
	return open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

int
fuse_mount(int fd, const char *what, const char *where, mode_t mode)
{
	char options[128];

	if (fd < 0)
		return ENODEV;
	snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other,default_permissions", fd, mode);
	return mount(what, where, "fuse", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, options) != 0 ? errno : 0;
}

/*
 * Answers.
 */
void
fuse_answer(const struct fuse_end *fe, uint64_t unique, int error, const void *data, size_t len)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + len), .error = -error, .unique = unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)(uintptr_t)data, len } };

	/* ENOENT: nobody waits for it any more. */
	(void)!writev(fe->fe_fd, iov, len > 0 ? 2 : 1);
}

void
fuse_wakeup(const struct fuse_end *fe, uint64_t kh)
{
	struct { struct fuse_out_header out; struct fuse_notify_poll_wakeup_out wakeup; } note = {
		.out = { .len = sizeof(note), .error = FUSE_NOTIFY_POLL }, .wakeup = { .kh = kh } };

	(void)!write(fe->fe_fd, &note, sizeof(note));
}

static void
answer_init(const struct fuse_end *fe, const struct fuse_in_header *in)
{
	const struct fuse_init_in *fi = (const void *)(in + 1);
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_readahead = fi->max_readahead,
		.max_write = FUSE_WRITE_MAX, .time_gran = 1 };

	fuse_answer(fe, in->unique, 0, &out, sizeof(out));
}

/*
 * Ends.
 */
struct jproc *
fuse_end_jproc(const struct fuse_end *fe)
{
	return fe->fe_jproc;
}

static void
end_unref(struct fuse_end *fe)
{
	if (__atomic_sub_fetch(&fe->fe_refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	close(fe->fe_fd);
	free(fe);
}

/* In worker 0. */
static void
serve(void *arg)
{
	struct fuse_request *rq = arg;
	struct fuse_end *fe = rq->rq_end;

	if (fe->fe_jproc != NULL && fe->fe_jproc->jp_jid >= 0) {
		struct daemon *d = fe->fe_jproc->jp_daemon;

		daemon_manage(d);
		fe->fe_ops->fo_serve(fe, fe->fe_arg, &rq->rq_in);
		daemon_managed(d);
	}
	end_unref(fe);
	free(rq);
}

/*
 * The thread.
 */

/* What is left of the buffer is of no use to who gets it. */
static void
hand_over(struct fuse_server *fs, struct fuse_end *fe, const struct fuse_request *got, size_t len)
{
	struct fuse_request *rq = malloc(offsetof(struct fuse_request, rq_bytes) + len);

	if (rq == NULL) {
		fuse_answer(fe, got->rq_in.unique, ENOMEM, NULL, 0);
		return;
	}
	memcpy(rq->rq_bytes, got->rq_bytes, len);
	rq->rq_end = fe;
	__atomic_add_fetch(&fe->fe_refs, 1, __ATOMIC_RELAXED);
	if (worker_post(fs->fs_daemon, 0, serve, rq) == 0)
		return;
	fuse_answer(fe, got->rq_in.unique, ENOMEM, NULL, 0);
	end_unref(fe);
	free(rq);
}

static void
take_request(struct fuse_server *fs, struct fuse_end *fe, const struct fuse_request *rq, size_t len)
{
	if (rq->rq_in.opcode == FUSE_INIT)
		answer_init(fe, &rq->rq_in);
	else if (!fe->fe_ops->fo_here(fe, &rq->rq_in))
		hand_over(fs, fe, rq, len);
}

static void
take_requests(struct fuse_server *fs, struct fuse_end *fe, struct fuse_request *rq)
{
	ssize_t n;

	while ((n = read(fe->fe_fd, rq->rq_bytes, sizeof(rq->rq_bytes))) >= (ssize_t)sizeof(rq->rq_in) || (n < 0 && errno == ENOENT))
		if (n > 0)
			take_request(fs, fe, rq, (size_t)n);
	/* ENODEV: the mount is gone with the jail's processes. */
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		(void)epoll_ctl(fs->fs_epoll, EPOLL_CTL_DEL, fe->fe_fd, NULL);
}

/* Those of which no event is at hand any more.  False: the end. */
static bool
let_go(struct fuse_server *fs)
{
	struct fuse_end *fe;
	bool stop;

	pthread_mutex_lock(&fs->fs_lock);
	while ((fe = STAILQ_FIRST(&fs->fs_dead)) != NULL) {
		STAILQ_REMOVE_HEAD(&fs->fs_dead, fe_dead);
		end_unref(fe);
	}
	stop = fs->fs_stop;
	pthread_mutex_unlock(&fs->fs_lock);
	return !stop;
}

static void *
fuse_thread(void *arg)
{
	struct fuse_server *fs = arg;
	struct epoll_event ev[16];
	struct fuse_request *rq = malloc(sizeof(*rq));
	uint64_t rung;
	int n;

	while (rq != NULL && let_go(fs)) {
		n = epoll_wait(fs->fs_epoll, ev, sizeof(ev) / sizeof(ev[0]), -1);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr != NULL)
				take_requests(fs, ev[i].data.ptr, rq);
			else
				(void)!read(fs->fs_bell, &rung, sizeof(rung));
		}
	}
	free(rq);
	return NULL;
}

static void
ring(const struct fuse_server *fs)
{
	(void)!write(fs->fs_bell, &(const uint64_t){ 1 }, sizeof(uint64_t));
}

static struct fuse_server *
server_start(struct daemon *d)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct fuse_server *fs = calloc(1, sizeof(*fs));

	if (fs == NULL)
		return NULL;
	fs->fs_daemon = d;
	STAILQ_INIT(&fs->fs_dead);
	pthread_mutex_init(&fs->fs_lock, NULL);
	fs->fs_epoll = epoll_create1(EPOLL_CLOEXEC);
	fs->fs_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fs->fs_epoll >= 0 && fs->fs_bell >= 0 && epoll_ctl(fs->fs_epoll, EPOLL_CTL_ADD, fs->fs_bell, &ev) == 0 &&
	    pthread_create(&fs->fs_thread, NULL, fuse_thread, fs) == 0)
		return fs;
	if (fs->fs_epoll >= 0)
		close(fs->fs_epoll);
	if (fs->fs_bell >= 0)
		close(fs->fs_bell);
	pthread_mutex_destroy(&fs->fs_lock);
	free(fs);
	return NULL;
}

/*
 * An init may have sent anything.  What comes by the device is made by the host; what comes by something else need not be a request, and might be waited
 * for.  Where the device may be opened here what is read is an opening of our own, because O_NONBLOCK belongs to an opening, and who has the init's could
 * take it off again.
 */
static bool
own_device(int *fd)
{
	struct stat st;
	int own, was = *fd;

	if (fstat(was, &st) != 0 || !S_ISCHR(st.st_mode) || st.st_rdev != FUSE_DEVICE)
		return false;
	if ((own = fuse_open()) < 0 || ioctl(own, FUSE_DEV_IOC_CLONE, &was) != 0) {
		if (own >= 0)
			close(own);
		return fcntl(was, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
	}
	close(was);
	*fd = own;
	return true;
}

struct fuse_end *
fuse_end_new(struct jproc *jp, int fd, const struct fuse_ops *ops, void *arg)
{
	struct daemon *d = jp->jp_daemon;
	struct epoll_event ev = { .events = EPOLLIN };
	struct fuse_end *fe;

	if (!own_device(&fd) || (d->d_fuse == NULL && (d->d_fuse = server_start(d)) == NULL) || (fe = calloc(1, sizeof(*fe))) == NULL) {
		close(fd);
		return NULL;
	}
	fe->fe_jproc = jp;
	fe->fe_server = d->d_fuse;
	fe->fe_fd = fd;
	fe->fe_ops = ops;
	fe->fe_arg = arg;
	fe->fe_refs = 2;
	ev.data.ptr = fe;
	if (epoll_ctl(fe->fe_server->fs_epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return fe;
	close(fd);
	free(fe);
	return NULL;
}

void
fuse_end_free(struct fuse_end *fe)
{
	struct fuse_server *fs = fe->fe_server;

	fe->fe_jproc = NULL;
	(void)epoll_ctl(fs->fs_epoll, EPOLL_CTL_DEL, fe->fe_fd, NULL);
	pthread_mutex_lock(&fs->fs_lock);
	STAILQ_INSERT_TAIL(&fs->fs_dead, fe, fe_dead);
	pthread_mutex_unlock(&fs->fs_lock);
	ring(fs);
	end_unref(fe);
}

void
fuse_fini(struct daemon *d)
{
	struct fuse_server *fs = d->d_fuse;

	if (fs == NULL)
		return;
	pthread_mutex_lock(&fs->fs_lock);
	fs->fs_stop = true;
	pthread_mutex_unlock(&fs->fs_lock);
	ring(fs);
	pthread_join(fs->fs_thread, NULL);
	close(fs->fs_epoll);
	close(fs->fs_bell);
	pthread_mutex_destroy(&fs->fs_lock);
	free(fs);
	d->d_fuse = NULL;
}
