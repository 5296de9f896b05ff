/* SPDX-License-Identifier: BSD-2-Clause */
/* The descriptors for the files of a jail come from its init, which may be in the hands of the jail's root. */
#include "daemon/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/daemon.h"
#include "daemon/devkmsg.h"
#include "daemon/jproc.h"
#include "daemon/kmsg.h"

#define MAXFD	64

/* What it is made with, and not asked for here. */

void
daemon_manage(struct daemon *d)
{
	(void)d;
}

void
daemon_managed(struct daemon *d)
{
	(void)d;
}

int
worker_post(struct daemon *d, unsigned i, void (*fn)(void *), void *arg)
{
	(void)d, (void)i, (void)fn, (void)arg;
	return ENOMEM;
}

struct devkmsg *
devkmsg_new(struct jproc *jp, int fd)
{
	(void)jp;
	close(fd);
	return NULL;
}

void
devkmsg_free(struct devkmsg *dk)
{
	(void)dk;
}

void
devkmsg_feed(struct devkmsg *dk)
{
	(void)dk;
}

static bool
here(const struct fuse_end *fe, const struct fuse_in_header *in)
{
	(void)fe, (void)in;
	return true;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
takes_the_device_only(void **state)
{
	static const struct fuse_ops ops = { .fo_here = here };
	struct daemon d = { .d_nworkers = 1 };
	struct jproc jp = { .jp_daemon = &d };
	struct fuse_end *fe;
	int pair[2], fd;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_null(fuse_end_new(&jp, pair[0], &ops, NULL));
	assert_false(is_open(pair[0]));
	close(pair[1]);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_null(fuse_end_new(&jp, fd, &ops, NULL));
	assert_false(is_open(fd));
	/* Without O_NONBLOCK: one jail would keep the thread of all waiting. */
	if ((fd = open("/dev/fuse", O_RDWR | O_CLOEXEC)) < 0)
		return;
	assert_non_null(fe = fuse_end_new(&jp, fd, &ops, NULL));
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	fuse_end_free(fe);
	fuse_fini(&d);
}

/* How often the same file is open below MAXFD; nowhere without O_NONBLOCK. */
static unsigned
openings(int of)
{
	struct stat file, st;
	unsigned n = 0;

	assert_int_equal(fstat(of, &file), 0);
	for (int fd = 0; fd < MAXFD; fd++)
		if (fstat(fd, &st) == 0 && st.st_ino == file.st_ino && st.st_dev == file.st_dev) {
			assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
			n++;
		}
	return n;
}

static void
takes_fifos_only(void **state)
{
	struct worker w = { .w_index = 0 };
	struct daemon d = { .d_nworkers = 1, .d_workers = &w };
	struct jproc jp = { .jp_daemon = &d, .jp_jid = -1 };
	int pair[2], dev[2], fds[KMSG_N], theirs[2];

	(void)state;
	assert_int_equal(lx_loop_new(&w.w_loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	kmsg_attach(&jp, pair);
	assert_null(jp.jp_kmsg);
	assert_false(is_open(pair[0]) || is_open(pair[1]));
	/* Whoever has the same opening may say what he likes about it. */
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_int_equal(pipe2(dev, O_CLOEXEC), 0);
	assert_int_not_equal(theirs[0] = fcntl(pair[1], F_DUPFD_CLOEXEC, MAXFD), -1);
	assert_int_not_equal(theirs[1] = fcntl(dev[0], F_DUPFD_CLOEXEC, MAXFD), -1);
	fds[KMSG_PROC] = pair[1];
	fds[KMSG_DEV] = dev[0];
	close(pair[0]);
	close(dev[1]);
	kmsg_attach(&jp, fds);
	assert_non_null(jp.jp_kmsg);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fcntl(theirs[i], F_SETFL, 0), 0);
		assert_int_equal(openings(theirs[i]), 1);
	}
	kmsg_free(jp.jp_kmsg);
	assert_null(jp.jp_kmsg);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(openings(theirs[i]), 0);
		close(theirs[i]);
	}
	lx_loop_free(w.w_loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_device_only),
		cmocka_unit_test(takes_fifos_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
