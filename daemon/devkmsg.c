/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Everybody who opens Linux's /dev/kmsg begins with the first message and gets one record with each read.  To be told of opens the
 * jail's init mounts a FUSE file system, whose root is the one file, over /dev/kmsg; vimaged has the other end.
 *
 * A thread of its own takes the requests from the host, because workers look into programs of jails: what they touch there may be
 * this file (memory that maps it, its attributes), and that must be answered while they wait.  The thread answers all that needs
 * no message at once, and refuses pages.  What programs do by read(), write() and the like goes to worker 0, which nobody who
 * waits for it can hold up.  Programs' reads are told from pages by the owner of locks that they carry.
 *
 * Seeking: the host's kernel moves the file's position and we see the next read's.  It goes up by what was read and written; where
 * it is elsewhere somebody has moved it, to the beginning or, from END_OF_FILE on, to the end.  SEEK_DATA, which means what came
 * after the last "dmesg -C", is told to us; that is all there is.
 *
 * Life: a reference of the jproc, one of the thread, one of each request on its way to worker 0.
 */
#include "daemon/devkmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/fuse.h>

#include <vimage/jail.h>

#include "daemon/daemon.h"
#include "daemon/jproc.h"
#include "daemon/kmsg.h"

#define END_OF_FILE	(UINT64_C(1) << 40)
#define REQUEST_MAX	(FUSE_MIN_READ_BUFFER + 4096)
#define WRITE_MAX	4096	/* the least that FUSE may be told */
#define RECORD_MAX	1024	/* that may be written at once, as on Linux */
#define TEXT_MAX	(4 * 256 + 64)
#define MAXOPEN		64
#define MAXWAIT		64	/* reads that wait, of a jail */

struct kmsg_wait {
	TAILQ_ENTRY(kmsg_wait) kw_link;
	uint64_t	 kw_unique;	/* of the request */
	uint32_t	 kw_size;
};

struct kmsg_open {
	LIST_ENTRY(kmsg_open) ko_link;
	uint64_t	 ko_fh;
	uint64_t	 ko_seq;	/* messages up to here were read, or passed over */
	uint64_t	 ko_pos;	/* where the host believes that we are */
	bool		 ko_notify;	/* somebody polls */
	uint64_t	 ko_kh;
	TAILQ_HEAD(, kmsg_wait) ko_waits;
};

struct devkmsg {
	struct jproc	*dk_jproc;	/* NULL: freed */
	struct kmsg_server *dk_server;
	int		 dk_fd;		/* (c) */
	unsigned	 dk_refs;	/* atomic */
	uint64_t	 dk_lastfh;
	unsigned	 dk_nopen, dk_nwait;
	LIST_HEAD(, kmsg_open) dk_opens;
	STAILQ_ENTRY(devkmsg) dk_dead;
};

struct kmsg_server {
	struct daemon	*ks_daemon;
	pthread_t	 ks_thread;
	int		 ks_epoll, ks_bell;
	pthread_mutex_t	 ks_lock;	/* ks_dead, ks_stop */
	STAILQ_HEAD(, devkmsg) ks_dead;	/* the thread lets go of these */
	bool		 ks_stop;
};

struct kmsg_request {
	struct devkmsg	*rq_dk;
	union {
		struct fuse_in_header rq_in;
		char	 rq_bytes[REQUEST_MAX];
	};
};

/*
 * In the init.
 */
int
devkmsg_open(void)
{
	return open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

int
devkmsg_mount(int fd)
{
	char options[128];

	if (fd < 0)
		return ENODEV;
	snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other,default_permissions", fd, S_IFREG | 0600);
	return mount("kmsg", "/dev/kmsg", "fuse", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, options) != 0 ? errno : 0;
}

/*
 * Answers.
 */
static void
answer(const struct devkmsg *dk, uint64_t unique, int error, const void *data, size_t len)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + len), .error = -error, .unique = unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)(uintptr_t)data, len } };

	/* ENOENT: nobody waits for it any more. */
	(void)!writev(dk->dk_fd, iov, len > 0 ? 2 : 1);
}

static void
answer_init(const struct devkmsg *dk, const struct fuse_in_header *in)
{
	const struct fuse_init_in *fi = (const void *)(in + 1);
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_readahead = fi->max_readahead,
		.max_write = WRITE_MAX, .time_gran = 1 };

	answer(dk, in->unique, 0, &out, sizeof(out));
}

/* It never changes. */
static void
answer_attr(const struct devkmsg *dk, const struct fuse_in_header *in)
{
	struct fuse_attr_out out = { .attr_valid = 1u << 30,
		.attr = { .ino = 1, .size = END_OF_FILE, .mode = S_IFREG | 0600, .nlink = 1, .blksize = 4096 } };

	answer(dk, in->unique, 0, &out, sizeof(out));
}

/* What needs no message.  False: the rest. */
static bool
answer_here(const struct devkmsg *dk, const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_INIT:
		answer_init(dk, in);
		return true;
	case FUSE_GETATTR:
		answer_attr(dk, in);
		return true;
	case FUSE_SETATTR:		/* O_TRUNC */
		if ((((const struct fuse_setattr_in *)(const void *)(in + 1))->valid & ~(uint32_t)(FATTR_SIZE | FATTR_FH | FATTR_LOCKOWNER)) == 0)
			answer_attr(dk, in);
		else
			answer(dk, in->unique, EPERM, NULL, 0);
		return true;
	case FUSE_READ:
		if ((((const struct fuse_read_in *)(const void *)(in + 1))->read_flags & FUSE_READ_LOCKOWNER) != 0)
			return false;
		answer(dk, in->unique, EIO, NULL, 0);
		return true;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		return true;
	case FUSE_OPEN:
	case FUSE_WRITE:
	case FUSE_LSEEK:
	case FUSE_POLL:
	case FUSE_RELEASE:
	case FUSE_INTERRUPT:
		return false;
	default:
		answer(dk, in->unique, ENOSYS, NULL, 0);
		return true;
	}
}

/*
 * Reading.
 */
struct record {
	uint64_t	 re_seq;	/* 0: none */
	size_t		 re_len;
	char		 re_text[TEXT_MAX];
};

/* "5,339,5140900,-;text\n", what is not plain text as \xNN. */
static void
take_first(void *arg, const struct vi_logmsg *lm)
{
	struct record *re = arg;
	char *p = re->re_text, *end = re->re_text + sizeof(re->re_text) - 6;

	if (re->re_seq != 0)
		return;
	re->re_seq = lm->lm_seq;
	p += sprintf(p, "%u,%llu,%llu,-;", lm->lm_facility * 8u + lm->lm_level, (unsigned long long)lm->lm_seq, (unsigned long long)(lm->lm_uptime / 1000));
	for (const unsigned char *s = (const unsigned char *)lm->lm_text; *s != '\0' && p < end; s++)
		p += *s < ' ' || *s >= 127 || *s == '\\' ? sprintf(p, "\\x%02x", *s) : sprintf(p, "%c", *s);
	*p++ = '\n';
	re->re_len = (size_t)(p - re->re_text);
}

/* EAGAIN: there is none yet.  EPIPE, once: messages were lost before the next one. */
static int
next_record(const struct devkmsg *dk, struct kmsg_open *ko, uint32_t size, struct record *re)
{
	const struct jproc *jp = dk->dk_jproc;

	re->re_seq = 0;
	(void)vi_jail_log_read(jp->jp_daemon->d_kernel, jproc_logjid(jp), ko->ko_seq, take_first, re);
	if (re->re_seq == 0)
		return EAGAIN;
	if (ko->ko_seq != 0 && re->re_seq != ko->ko_seq + 1) {
		ko->ko_seq = re->re_seq - 1;
		return EPIPE;
	}
	if (re->re_len > size)
		return EINVAL;
	ko->ko_seq = re->re_seq;
	ko->ko_pos += re->re_len;
	return 0;
}

/* False: it must wait. */
static bool
answer_read(const struct devkmsg *dk, struct kmsg_open *ko, uint64_t unique, uint32_t size)
{
	struct record re;
	int error = next_record(dk, ko, size, &re);

	if (error != EAGAIN)
		answer(dk, unique, error, re.re_text, error == 0 ? re.re_len : 0);
	return error != EAGAIN;
}

static uint64_t
last_seq(const struct devkmsg *dk)
{
	struct record re = { .re_seq = 1 };	/* takes none */

	return vi_jail_log_read(dk->dk_jproc->jp_daemon->d_kernel, jproc_logjid(dk->dk_jproc), UINT64_MAX, take_first, &re);
}

static void
do_read(struct devkmsg *dk, struct kmsg_open *ko, const struct fuse_in_header *in)
{
	const struct fuse_read_in *ri = (const void *)(in + 1);
	struct kmsg_wait *kw;

	if (ri->offset != ko->ko_pos) {
		ko->ko_seq = ri->offset >= END_OF_FILE ? last_seq(dk) : 0;
		ko->ko_pos = ri->offset;
	}
	if (answer_read(dk, ko, in->unique, ri->size))
		return;
	if ((ri->flags & O_NONBLOCK) != 0 || dk->dk_nwait >= MAXWAIT || (kw = calloc(1, sizeof(*kw))) == NULL) {
		answer(dk, in->unique, (ri->flags & O_NONBLOCK) != 0 ? EAGAIN : ENOMEM, NULL, 0);
		return;
	}
	kw->kw_unique = in->unique;
	kw->kw_size = ri->size;
	dk->dk_nwait++;
	TAILQ_INSERT_TAIL(&ko->ko_waits, kw, kw_link);
}

static void
wait_end(struct devkmsg *dk, struct kmsg_open *ko, struct kmsg_wait *kw)
{
	TAILQ_REMOVE(&ko->ko_waits, kw, kw_link);
	dk->dk_nwait--;
	free(kw);
}

/* A signal: the read that waits ends.  One that does not wait has its answer. */
static void
do_interrupt(struct devkmsg *dk, const struct fuse_in_header *in)
{
	const uint64_t unique = ((const struct fuse_interrupt_in *)(const void *)(in + 1))->unique;
	struct kmsg_open *ko;
	struct kmsg_wait *kw;

	LIST_FOREACH(ko, &dk->dk_opens, ko_link)
		TAILQ_FOREACH(kw, &ko->ko_waits, kw_link)
			if (kw->kw_unique == unique) {
				answer(dk, unique, EINTR, NULL, 0);
				wait_end(dk, ko, kw);
				return;
			}
}

static void
do_poll(struct devkmsg *dk, struct kmsg_open *ko, const struct fuse_in_header *in)
{
	const struct fuse_poll_in *pi = (const void *)(in + 1);
	struct fuse_poll_out out = { .revents = POLLOUT | POLLWRNORM };

	if (last_seq(dk) > ko->ko_seq)
		out.revents |= POLLIN | POLLRDNORM;
	if ((pi->flags & FUSE_POLL_SCHEDULE_NOTIFY) != 0) {
		ko->ko_notify = true;
		ko->ko_kh = pi->kh;
	}
	answer(dk, in->unique, 0, &out, sizeof(out));
}

static void
tell_pollers(const struct devkmsg *dk, struct kmsg_open *ko)
{
	struct { struct fuse_out_header out; struct fuse_notify_poll_wakeup_out wakeup; } note = {
		.out = { .len = sizeof(note), .error = FUSE_NOTIFY_POLL }, .wakeup = { .kh = ko->ko_kh } };

	if (!ko->ko_notify || last_seq(dk) <= ko->ko_seq)
		return;
	ko->ko_notify = false;
	(void)!write(dk->dk_fd, &note, sizeof(note));
}

void
devkmsg_feed(struct devkmsg *dk)
{
	struct kmsg_open *ko;
	struct kmsg_wait *kw;

	LIST_FOREACH(ko, &dk->dk_opens, ko_link) {
		while ((kw = TAILQ_FIRST(&ko->ko_waits)) != NULL && answer_read(dk, ko, kw->kw_unique, kw->kw_size))
			wait_end(dk, ko, kw);
		tell_pollers(dk, ko);
	}
}

/*
 * Opening, writing, closing.
 */

/* As syslog(2): its own log, or the one it shares if it may. */
static int
may_read(const struct devkmsg *dk, const struct vi_cred *cred)
{
	struct vi_kernel *k = dk->dk_jproc->jp_daemon->d_kernel;
	const int jid = jproc_logjid(dk->dk_jproc);
	int error = vi_jail_priv(k, jid, cred, VI_PRIV_LOG_READ);

	if (error == 0 && vi_jail_owner(k, jid, "vlog") != jid)
		error = vi_jail_priv(k, jid, cred, VI_PRIV_LOG_SHARED);
	return error;
}

static void
do_open(struct devkmsg *dk, const struct fuse_in_header *in)
{
	const struct vi_cred cred = { .cr_uid = in->uid, .cr_gid = in->gid, .cr_priv = in->uid == 0 };
	const uint32_t flags = ((const struct fuse_open_in *)(const void *)(in + 1))->flags;
	struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH };
	struct kmsg_open *ko;
	int error = 0;

	if ((flags & O_ACCMODE) != O_WRONLY)
		error = may_read(dk, &cred);
	if (error == 0 && (flags & O_ACCMODE) != O_RDONLY)
		error = vi_jail_priv(dk->dk_jproc->jp_daemon->d_kernel, jproc_logjid(dk->dk_jproc), &cred, VI_PRIV_LOG_WRITE);
	if (error == 0 && (dk->dk_nopen >= MAXOPEN || (ko = calloc(1, sizeof(*ko))) == NULL))
		error = ENFILE;
	if (error != 0) {
		answer(dk, in->unique, error, NULL, 0);
		return;
	}
	TAILQ_INIT(&ko->ko_waits);
	ko->ko_fh = out.fh = ++dk->dk_lastfh;
	dk->dk_nopen++;
	LIST_INSERT_HEAD(&dk->dk_opens, ko, ko_link);
	answer(dk, in->unique, 0, &out, sizeof(out));
}

static void
open_end(struct devkmsg *dk, struct kmsg_open *ko)
{
	struct kmsg_wait *kw;

	while ((kw = TAILQ_FIRST(&ko->ko_waits)) != NULL)
		wait_end(dk, ko, kw);
	LIST_REMOVE(ko, ko_link);
	dk->dk_nopen--;
	free(ko);
}

static void
do_write(struct devkmsg *dk, struct kmsg_open *ko, const struct fuse_in_header *in)
{
	const struct fuse_write_in *wi = (const void *)(in + 1);
	struct fuse_write_out out = { .size = wi->size };
	char text[RECORD_MAX + 1];

	if (wi->size > RECORD_MAX || in->len < sizeof(*in) + sizeof(*wi) + wi->size) {
		answer(dk, in->unique, EINVAL, NULL, 0);
		return;
	}
	memcpy(text, wi + 1, wi->size);
	kmsg_take(dk->dk_jproc, text, wi->size);
	ko->ko_pos = wi->offset + wi->size;
	answer(dk, in->unique, 0, &out, sizeof(out));
}

static void
do_seek(const struct devkmsg *dk, struct kmsg_open *ko, const struct fuse_in_header *in)
{
	const struct fuse_lseek_in *li = (const void *)(in + 1);
	struct fuse_lseek_out out = { .offset = 0 };

	if (li->whence != SEEK_DATA || li->offset != 0) {
		answer(dk, in->unique, EINVAL, NULL, 0);
		return;
	}
	ko->ko_seq = ko->ko_pos = 0;
	answer(dk, in->unique, 0, &out, sizeof(out));
}

/* Each of these begins with the handle. */
static void
do_opened(struct devkmsg *dk, const struct fuse_in_header *in)
{
	const uint64_t fh = *(const uint64_t *)(const void *)(in + 1);
	struct kmsg_open *ko;

	LIST_FOREACH(ko, &dk->dk_opens, ko_link)
		if (ko->ko_fh == fh)
			break;
	if (ko == NULL) {
		answer(dk, in->unique, EBADF, NULL, 0);
		return;
	}
	switch (in->opcode) {
	case FUSE_READ: do_read(dk, ko, in); break;
	case FUSE_WRITE: do_write(dk, ko, in); break;
	case FUSE_LSEEK: do_seek(dk, ko, in); break;
	case FUSE_POLL: do_poll(dk, ko, in); break;
	default:
		open_end(dk, ko);
		answer(dk, in->unique, 0, NULL, 0);
		break;
	}
}

static void
devkmsg_unref(struct devkmsg *dk)
{
	if (__atomic_sub_fetch(&dk->dk_refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	close(dk->dk_fd);
	free(dk);
}

/* In worker 0. */
static void
serve(void *arg)
{
	struct kmsg_request *rq = arg;
	struct devkmsg *dk = rq->rq_dk;

	if (dk->dk_jproc != NULL && jproc_logjid(dk->dk_jproc) >= 0) {
		struct daemon *d = dk->dk_jproc->jp_daemon;

		daemon_manage(d);
		if (rq->rq_in.opcode == FUSE_OPEN)
			do_open(dk, &rq->rq_in);
		else if (rq->rq_in.opcode == FUSE_INTERRUPT)
			do_interrupt(dk, &rq->rq_in);
		else
			do_opened(dk, &rq->rq_in);
		daemon_managed(d);
	}
	devkmsg_unref(dk);
	free(rq);
}

/*
 * The thread.
 */

/* What is left of the buffer is of no use to who gets it. */
static void
hand_over(struct kmsg_server *ks, struct devkmsg *dk, const struct kmsg_request *got, size_t len)
{
	struct kmsg_request *rq = malloc(offsetof(struct kmsg_request, rq_bytes) + len);

	if (rq == NULL) {
		answer(dk, got->rq_in.unique, ENOMEM, NULL, 0);
		return;
	}
	memcpy(rq->rq_bytes, got->rq_bytes, len);
	rq->rq_dk = dk;
	__atomic_add_fetch(&dk->dk_refs, 1, __ATOMIC_RELAXED);
	if (worker_post(ks->ks_daemon, 0, serve, rq) == 0)
		return;
	answer(dk, got->rq_in.unique, ENOMEM, NULL, 0);
	devkmsg_unref(dk);
	free(rq);
}

static void
take_requests(struct kmsg_server *ks, struct devkmsg *dk, struct kmsg_request *rq)
{
	ssize_t n;

	while ((n = read(dk->dk_fd, rq->rq_bytes, sizeof(rq->rq_bytes))) >= (ssize_t)sizeof(rq->rq_in) || (n < 0 && errno == ENOENT))
		if (n > 0 && !answer_here(dk, &rq->rq_in))
			hand_over(ks, dk, rq, (size_t)n);
	/* ENODEV: the mount is gone with the jail's processes. */
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		(void)epoll_ctl(ks->ks_epoll, EPOLL_CTL_DEL, dk->dk_fd, NULL);
}

/* Those of which no event is at hand any more.  False: the end. */
static bool
let_go(struct kmsg_server *ks)
{
	struct devkmsg *dk;
	bool stop;

	pthread_mutex_lock(&ks->ks_lock);
	while ((dk = STAILQ_FIRST(&ks->ks_dead)) != NULL) {
		STAILQ_REMOVE_HEAD(&ks->ks_dead, dk_dead);
		devkmsg_unref(dk);
	}
	stop = ks->ks_stop;
	pthread_mutex_unlock(&ks->ks_lock);
	return !stop;
}

static void *
kmsg_thread(void *arg)
{
	struct kmsg_server *ks = arg;
	struct epoll_event ev[16];
	struct kmsg_request *rq = malloc(sizeof(*rq));
	uint64_t rung;
	int n;

	while (rq != NULL && let_go(ks)) {
		n = epoll_wait(ks->ks_epoll, ev, sizeof(ev) / sizeof(ev[0]), -1);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr != NULL)
				take_requests(ks, ev[i].data.ptr, rq);
			else
				(void)!read(ks->ks_bell, &rung, sizeof(rung));
		}
	}
	free(rq);
	return NULL;
}

static void
ring(const struct kmsg_server *ks)
{
	(void)!write(ks->ks_bell, &(const uint64_t){ 1 }, sizeof(uint64_t));
}

static struct kmsg_server *
server_start(struct daemon *d)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct kmsg_server *ks = calloc(1, sizeof(*ks));

	if (ks == NULL)
		return NULL;
	ks->ks_daemon = d;
	STAILQ_INIT(&ks->ks_dead);
	pthread_mutex_init(&ks->ks_lock, NULL);
	ks->ks_epoll = epoll_create1(EPOLL_CLOEXEC);
	ks->ks_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ks->ks_epoll >= 0 && ks->ks_bell >= 0 && epoll_ctl(ks->ks_epoll, EPOLL_CTL_ADD, ks->ks_bell, &ev) == 0 &&
	    pthread_create(&ks->ks_thread, NULL, kmsg_thread, ks) == 0)
		return ks;
	if (ks->ks_epoll >= 0)
		close(ks->ks_epoll);
	if (ks->ks_bell >= 0)
		close(ks->ks_bell);
	pthread_mutex_destroy(&ks->ks_lock);
	free(ks);
	return NULL;
}

struct devkmsg *
devkmsg_new(struct jproc *jp, int fd)
{
	struct daemon *d = jp->jp_daemon;
	struct epoll_event ev = { .events = EPOLLIN };
	struct devkmsg *dk;

	if ((d->d_kmsgserver == NULL && (d->d_kmsgserver = server_start(d)) == NULL) || (dk = calloc(1, sizeof(*dk))) == NULL) {
		close(fd);
		return NULL;
	}
	dk->dk_jproc = jp;
	dk->dk_server = d->d_kmsgserver;
	dk->dk_fd = fd;
	dk->dk_refs = 2;
	LIST_INIT(&dk->dk_opens);
	ev.data.ptr = dk;
	if (epoll_ctl(dk->dk_server->ks_epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return dk;
	close(fd);
	free(dk);
	return NULL;
}

void
devkmsg_free(struct devkmsg *dk)
{
	struct kmsg_server *ks = dk->dk_server;
	struct kmsg_open *ko;

	while ((ko = LIST_FIRST(&dk->dk_opens)) != NULL)
		open_end(dk, ko);
	dk->dk_jproc = NULL;
	(void)epoll_ctl(ks->ks_epoll, EPOLL_CTL_DEL, dk->dk_fd, NULL);
	pthread_mutex_lock(&ks->ks_lock);
	STAILQ_INSERT_TAIL(&ks->ks_dead, dk, dk_dead);
	pthread_mutex_unlock(&ks->ks_lock);
	ring(ks);
	devkmsg_unref(dk);
}

void
devkmsg_fini(struct daemon *d)
{
	struct kmsg_server *ks = d->d_kmsgserver;

	if (ks == NULL)
		return;
	pthread_mutex_lock(&ks->ks_lock);
	ks->ks_stop = true;
	pthread_mutex_unlock(&ks->ks_lock);
	ring(ks);
	pthread_join(ks->ks_thread, NULL);
	close(ks->ks_epoll);
	close(ks->ks_bell);
	pthread_mutex_destroy(&ks->ks_lock);
	free(ks);
	d->d_kmsgserver = NULL;
}
