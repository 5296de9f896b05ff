/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files at the other end of an interface: what it sends is written ("record"), or what is in a capture comes out of it, with its timing ("replay").
 *
 * The command opens the file, with its caller's rights.  A recording is a pcap file with nanoseconds; a frame that the disk has no room for is cut off
 * again, so that the file stays whole.  A replay begins when the interface is up, and stands still while it is down; frames not older than
 * the one before come at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/medium.h"
#include "daemon/pcapread.h"

#define REPLAY_BUF	(2 * PCAPREAD_MAX)
#define REPLAY_RECORDS	256		/* without a frame in them, read in one go */
#define REPLAY_DOWN	UINT64_C(250000000)	/* ns: how often to look whether it is up */

struct record {
	struct medium	 rc_medium;
	int		 rc_fd;
	off_t		 rc_size;	/* of what is whole */
	uint64_t	 rc_frames;
};

struct replay {
	struct medium	 rp_medium;
	int		 rp_fd;
	struct pcapread	 rp_reader;
	struct pcapread_frame rp_frame;	/* the next; pf_data NULL: to be read */
	uint64_t	 rp_start;	/* the time of the file that is 0 of the clock, modulo 2^64 */
	uint64_t	 rp_last;	/* of the file: the latest so far */
	uint64_t	 rp_frames;
	bool		 rp_begun, rp_ended;
	int		 rp_error;
	size_t		 rp_head, rp_tail;	/* of rp_buf: what is not read yet */
	size_t		 rp_used;	/* of it: rp_frame's record */
	uint8_t		 rp_buf[REPLAY_BUF];
};

/* The one descriptor: a file, which is what "record" and "replay" are for. */
static int
file_take(struct ctl_request *rq, int access, int *fdp)
{
	struct stat st;
	int error, flags;

	if ((error = medium_take_fd(rq, fdp)) != 0)
		return error;
	if (fstat(*fdp, &st) != 0 || !S_ISREG(st.st_mode))
		return ctl_fail(rq, EINVAL, "%.127s: not a file", medium_arg(rq, "address"));
	flags = fcntl(*fdp, F_GETFL);
	if (flags < 0 || ((flags & O_ACCMODE) != access && (flags & O_ACCMODE) != O_RDWR) || (flags & O_APPEND) != 0)
		return ctl_fail(rq, EINVAL, "%.127s: opened in the wrong way", medium_arg(rq, "address"));
	return 0;
}

/* Recording */

static int
record_output(struct medium *m, const struct vi_tap_frame *tf)
{
	struct record *rc = CONTAINER(m, struct record, rc_medium);
	struct iovec iov[1 + VI_TAP_MAXIOV];
	struct timespec ts;
	uint32_t hdr[4];
	ssize_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	hdr[0] = (uint32_t)ts.tv_sec;
	hdr[1] = (uint32_t)ts.tv_nsec;
	hdr[2] = hdr[3] = tf->tf_len;
	iov[0] = (struct iovec){ hdr, sizeof(hdr) };
	n = writev(rc->rc_fd, iov, (int)(1 + medium_iov(tf, iov + 1)));
	if (n == (ssize_t)(sizeof(hdr) + tf->tf_len)) {
		rc->rc_size += n;
		rc->rc_frames++;
		return 0;
	}
	if (n > 0 && ftruncate(rc->rc_fd, rc->rc_size) == 0)
		(void)lseek(rc->rc_fd, rc->rc_size, SEEK_SET);
	return medium_drop(m, MEDIUM_FAILED, n < 0 ? errno : ENOSPC);
}

static void
record_state(const struct medium *m, char *text, size_t len)
{
	const struct record *rc = (const void *)((const char *)m - offsetof(struct record, rc_medium));

	snprintf(text, len, "%llu frames, %lld bytes", (unsigned long long)rc->rc_frames, (long long)rc->rc_size);
}

static void
record_free(struct medium *m)
{
	struct record *rc = CONTAINER(m, struct record, rc_medium);

	close(rc->rc_fd);
	medium_fini(m);
	free(rc);
}

static const struct medium_ops record_ops = {
	.mo_name = "record",
	.mo_kind = "wire",
	.mo_output = record_output,
	.mo_state = record_state,
	.mo_free = record_free,
};

int
medium_record_open(struct ctl_request *rq, struct medium **mp)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, sigfigs, snaplen, linktype;
	} hdr = { PCAP_NSEC, 2, 4, 0, 0, PCAPREAD_MAX, PCAP_ETHERNET };
	struct record *rc;
	int error, fd;

	if ((error = file_take(rq, O_WRONLY, &fd)) != 0)
		return error;
	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || write(fd, &hdr, sizeof(hdr)) != (ssize_t)sizeof(hdr))
		return ctl_fail(rq, EIO, "%.127s: could not be written", medium_arg(rq, "address"));
	if ((rc = calloc(1, sizeof(*rc))) == NULL)
		return ENOMEM;
	medium_init(&rc->rc_medium, &record_ops, rq);
	rc->rc_fd = fd;
	rc->rc_size = sizeof(hdr);
	rq->rq_fds[0] = -1;
	*mp = &rc->rc_medium;
	return 0;
}

/* Replaying */

/* More of the file behind what is there; 0, EIO, or ENODATA at its end. */
static int
replay_fill(struct replay *rp)
{
	ssize_t n;

	memmove(rp->rp_buf, rp->rp_buf + rp->rp_head, rp->rp_tail - rp->rp_head);
	rp->rp_tail -= rp->rp_head;
	rp->rp_head = 0;
	n = read(rp->rp_fd, rp->rp_buf + rp->rp_tail, REPLAY_BUF - rp->rp_tail);
	if (n <= 0)
		return n < 0 ? errno : ENODATA;
	rp->rp_tail += (size_t)n;
	return 0;
}

/* The next record; it may hold no frame.  ENODATA: there is none. */
static int
replay_record(struct replay *rp)
{
	int error;

	while ((error = pcapread_next(&rp->rp_reader, rp->rp_buf + rp->rp_head, rp->rp_tail - rp->rp_head, &rp->rp_frame, &rp->rp_used)) == EAGAIN)
		if ((error = replay_fill(rp)) != 0)
			return error == ENODATA && rp->rp_tail > 0 ? EINVAL : error;
	return error;
}

/* A frame that can be sent is in rp_frame, or all is over, or it was enough for one turn. */
static void
replay_next(struct replay *rp)
{
	struct pcapread_frame *pf = &rp->rp_frame;

	for (int i = 0; i < REPLAY_RECORDS && pf->pf_data == NULL && !rp->rp_ended; i++) {
		rp->rp_error = replay_record(rp);
		rp->rp_ended = rp->rp_error != 0;
		if (rp->rp_ended)
			break;
		if (pf->pf_data != NULL && (pf->pf_cut || pf->pf_len == 0 || pf->pf_len > MEDIUM_FRAME)) {
			medium_drop(&rp->rp_medium, pf->pf_len > MEDIUM_FRAME ? MEDIUM_TOOLONG : MEDIUM_GARBAGE, 0);
			pf->pf_data = NULL;
		}
		if (pf->pf_data == NULL)
			rp->rp_head += rp->rp_used;
	}
	if (pf->pf_data != NULL && pf->pf_time > rp->rp_last)
		rp->rp_last = pf->pf_time;
}

/* One frame, if it is its time; else ns until then. */
static uint64_t
replay_frame(struct replay *rp)
{
	const uint64_t now = daemon_now(rp->rp_medium.m_worker->w_daemon);

	if (!vi_tap_up(rp->rp_medium.m_tap)) {
		rp->rp_start = rp->rp_last - (now + REPLAY_DOWN);
		return REPLAY_DOWN;
	}
	if (!rp->rp_begun) {
		rp->rp_begun = true;
		rp->rp_start = rp->rp_last - now;
	}
	if ((int64_t)(rp->rp_last - rp->rp_start - now) > 0)
		return rp->rp_last - rp->rp_start - now;
	medium_input(&rp->rp_medium, rp->rp_frame.pf_data, rp->rp_frame.pf_len);
	rp->rp_frames++;
	rp->rp_frame.pf_data = NULL;
	rp->rp_head += rp->rp_used;
	return 0;
}

static void
replay_run(struct medium *m)
{
	struct replay *rp = CONTAINER(m, struct replay, rp_medium);
	uint64_t wait = 0;

	if (m->m_tap == NULL)
		return;
	for (int i = 0; i < MEDIUM_TURN && wait == 0; i++) {
		replay_next(rp);
		if (rp->rp_ended) {
			(void)medium_carrier(m, false);
			return;
		}
		wait = rp->rp_frame.pf_data == NULL ? 1 : replay_frame(rp);
	}
	medium_done(m);
	(void)medium_timer(m, wait > 0 ? wait : 1);
}

static void
replay_start(struct medium *m)
{
	(void)medium_timer(m, 1);
}

static int
replay_output(struct medium *m, const struct vi_tap_frame *tf)
{
	(void)tf;
	return medium_drop(m, MEDIUM_REFUSED, EPERM);
}

static void
replay_state(const struct medium *m, char *text, size_t len)
{
	const struct replay *rp = (const void *)((const char *)m - offsetof(struct replay, rp_medium));
	size_t used;

	used = (size_t)snprintf(text, len, "%s, %llu frames", !rp->rp_ended ? "running" : rp->rp_error == ENODATA ? "ended" : "broken off",
	    (unsigned long long)rp->rp_frames);
	if (rp->rp_ended && rp->rp_error != ENODATA)
		snprintf(text + used, len - used, " (%s)", rp->rp_error == EINVAL ? "damaged" : strerrordesc_np(rp->rp_error));
}

static void
replay_free(struct medium *m)
{
	struct replay *rp = CONTAINER(m, struct replay, rp_medium);

	close(rp->rp_fd);
	medium_fini(m);
	free(rp);
}

static const struct medium_ops replay_ops = {
	.mo_name = "replay",
	.mo_kind = "wire",
	.mo_output = replay_output,
	.mo_start = replay_start,
	.mo_timer = replay_run,
	.mo_state = replay_state,
	.mo_free = replay_free,
};

/* The beginning tells what it is; errors there are the command's. */
static int
replay_look(struct ctl_request *rq, struct replay *rp)
{
	const char *name = medium_arg(rq, "address");

	replay_next(rp);
	switch (rp->rp_ended ? rp->rp_error : 0) {
	case 0:
	case ENODATA:
		return rp->rp_reader.pr_format == PCAPREAD_NEW ? ctl_fail(rq, EINVAL, "%.127s: empty", name) : 0;
	case EINVAL:
		return ctl_fail(rq, EINVAL, "%.127s: not a capture that can be read", name);
	case EPROTONOSUPPORT:
		return ctl_fail(rq, EPROTONOSUPPORT, "%.127s: no Ethernet frames", name);
	default:
		return rp->rp_error;
	}
}

int
medium_replay_open(struct ctl_request *rq, struct medium **mp)
{
	struct replay *rp;
	int error, fd;

	if ((error = file_take(rq, O_RDONLY, &fd)) != 0)
		return error;
	if ((rp = calloc(1, sizeof(*rp))) == NULL)
		return ENOMEM;
	rp->rp_fd = fd;
	medium_init(&rp->rp_medium, &replay_ops, rq);
	if ((error = replay_look(rq, rp)) != 0) {
		medium_fini(&rp->rp_medium);
		free(rp);
		return error;
	}
	rq->rq_fds[0] = -1;
	*mp = &rp->rp_medium;
	return 0;
}
