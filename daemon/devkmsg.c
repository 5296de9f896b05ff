/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Everybody who opens Linux's /dev/kmsg begins with the first message and gets one record with each read.  To be told of opens the
 * jail's init mounts a FUSE file system, whose root is the one file, over /dev/kmsg; vimaged has the other end (fuse.h).
 *
 * The thread answers all that needs no message at once, and refuses pages.  What programs do by read(), write() and the like goes
 * to worker 0.
 *
 * Seeking: the host's kernel moves the file's position and we see the next read's.  It goes up by what was read and written; where
 * it is elsewhere somebody has moved it, to the beginning or, from END_OF_FILE on, to the end.  SEEK_DATA, which means what came
 * after the last "dmesg -C", is told to us; that is all there is.
 */
#include "daemon/devkmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vimage/jail.h>

#include "daemon/daemon.h"
#include "daemon/fuse.h"
#include "daemon/jproc.h"
#include "daemon/kmsg.h"

#define END_OF_FILE	(UINT64_C(1) << 40)
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
	struct jproc	*dk_jproc;
	struct fuse_end	*dk_end;
	uint64_t	 dk_lastfh;
	unsigned	 dk_nopen, dk_nwait;
	LIST_HEAD(, kmsg_open) dk_opens;
};

/* It never changes. */
static void
answer_attr(const struct fuse_end *fe, const struct fuse_in_header *in)
{
	fuse_answer_attr(fe, in->unique, 1, S_IFREG | 0600, END_OF_FILE);
}

/* What needs no message.  False: the rest. */
static bool
answer_here(const struct fuse_end *fe, const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_GETATTR:
		answer_attr(fe, in);
		return true;
	case FUSE_SETATTR:		/* O_TRUNC */
		if (fuse_truncates(in))
			answer_attr(fe, in);
		else
			fuse_answer(fe, in->unique, EPERM, NULL, 0);
		return true;
	case FUSE_READ:
		if (fuse_read_by_program(in))
			return false;
		fuse_answer(fe, in->unique, EIO, NULL, 0);
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
		fuse_answer(fe, in->unique, ENOSYS, NULL, 0);
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
		fuse_answer(dk->dk_end, unique, error, re.re_text, error == 0 ? re.re_len : 0);
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
		fuse_answer(dk->dk_end, in->unique, (ri->flags & O_NONBLOCK) != 0 ? EAGAIN : ENOMEM, NULL, 0);
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
				fuse_answer(dk->dk_end, unique, EINTR, NULL, 0);
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
	fuse_answer(dk->dk_end, in->unique, 0, &out, sizeof(out));
}

static void
tell_pollers(const struct devkmsg *dk, struct kmsg_open *ko)
{
	if (!ko->ko_notify || last_seq(dk) <= ko->ko_seq)
		return;
	ko->ko_notify = false;
	fuse_wakeup(dk->dk_end, ko->ko_kh);
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
		fuse_answer(dk->dk_end, in->unique, error, NULL, 0);
		return;
	}
	TAILQ_INIT(&ko->ko_waits);
	ko->ko_fh = out.fh = ++dk->dk_lastfh;
	dk->dk_nopen++;
	LIST_INSERT_HEAD(&dk->dk_opens, ko, ko_link);
	fuse_answer(dk->dk_end, in->unique, 0, &out, sizeof(out));
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
		fuse_answer(dk->dk_end, in->unique, EINVAL, NULL, 0);
		return;
	}
	memcpy(text, wi + 1, wi->size);
	kmsg_take(dk->dk_jproc, text, wi->size);
	ko->ko_pos = wi->offset + wi->size;
	fuse_answer(dk->dk_end, in->unique, 0, &out, sizeof(out));
}

static void
do_seek(const struct devkmsg *dk, struct kmsg_open *ko, const struct fuse_in_header *in)
{
	const struct fuse_lseek_in *li = (const void *)(in + 1);
	struct fuse_lseek_out out = { .offset = 0 };

	if (li->whence != SEEK_DATA || li->offset != 0) {
		fuse_answer(dk->dk_end, in->unique, EINVAL, NULL, 0);
		return;
	}
	ko->ko_seq = ko->ko_pos = 0;
	fuse_answer(dk->dk_end, in->unique, 0, &out, sizeof(out));
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
		fuse_answer(dk->dk_end, in->unique, EBADF, NULL, 0);
		return;
	}
	switch (in->opcode) {
	case FUSE_READ: do_read(dk, ko, in); break;
	case FUSE_WRITE: do_write(dk, ko, in); break;
	case FUSE_LSEEK: do_seek(dk, ko, in); break;
	case FUSE_POLL: do_poll(dk, ko, in); break;
	default:
		open_end(dk, ko);
		fuse_answer(dk->dk_end, in->unique, 0, NULL, 0);
		break;
	}
}

static void
serve(struct fuse_end *fe, void *arg, const struct fuse_in_header *in)
{
	struct devkmsg *dk = arg;

	(void)fe;
	if (in->opcode == FUSE_OPEN)
		do_open(dk, in);
	else if (in->opcode == FUSE_INTERRUPT)
		do_interrupt(dk, in);
	else
		do_opened(dk, in);
}

static const struct fuse_ops devkmsg_ops = { .fo_here = answer_here, .fo_serve = serve };

struct devkmsg *
devkmsg_new(struct jproc *jp, int fd)
{
	struct devkmsg *dk = calloc(1, sizeof(*dk));

	if (dk != NULL) {
		dk->dk_jproc = jp;
		LIST_INIT(&dk->dk_opens);
		if ((dk->dk_end = fuse_end_new(jp, fd, &devkmsg_ops, dk)) != NULL)
			return dk;
	} else {
		close(fd);
	}
	free(dk);
	return NULL;
}

void
devkmsg_free(struct devkmsg *dk)
{
	struct kmsg_open *ko;

	fuse_end_free(dk->dk_end);
	while ((ko = LIST_FIRST(&dk->dk_opens)) != NULL)
		open_end(dk, ko);
	free(dk);
}
