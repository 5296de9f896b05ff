/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of commands without a daemon: the answers are laid into the connection beforehand, the
 * command runs, and then its output and the requests that it sent are there to look at.
 */
#ifndef CMD_CMD_TEST_H
#define CMD_CMD_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/cmd.h"

struct fake {
	struct cmd_ctx	 fk_cx;
	struct ctl_conn	*fk_daemon;
	char		 fk_out[8192], fk_err[2048];	/* of the last run */
	int		 fk_status;
};

static inline void
fake_init(struct fake *fk, const char *prog)
{
	int fd[2];

	memset(fk, 0, sizeof(*fk));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	fk->fk_cx.cx_prog = prog;
	fk->fk_cx.cx_usage = "words";
	assert_int_equal(ctl_conn_new(fd[0], &fk->fk_cx.cx_conn), 0);
	assert_int_equal(ctl_conn_new(fd[1], &fk->fk_daemon), 0);
}

static inline void
fake_free(struct fake *fk)
{
	ctl_conn_free(fk->fk_cx.cx_conn);
	ctl_conn_free(fk->fk_daemon);
}

/* An answer to come; text in JSON without ok. */
static inline void
fake_ok(struct fake *fk, const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	assert_non_null(o);
	json_object_set_new(o, "ok", json_true());
	assert_int_equal(ctl_send(fk->fk_daemon, o, NULL, 0), 0);
	json_decref(o);
}

static inline void
fake_fail(struct fake *fk, int error, const char *text)
{
	json_t *o = json_pack("{s:b,s:i,s:s}", "ok", 0, "errno", error, "error", text);

	assert_int_equal(ctl_send(fk->fk_daemon, o, NULL, 0), 0);
	json_decref(o);
}

static inline void
fake_slurp(int fd, char *buf, size_t len)
{
	ssize_t n = pread(fd, buf, len - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* Runs "prog a b c", split at blanks, with both outputs caught. */
static inline void
fake_run(struct fake *fk, cmd_fn *fn, const char *line)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	int out0 = dup(1), err0 = dup(2), argc = 0;
	char copy[512], *rest = copy, *word, *argv[40];

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	argv[argc] = NULL;
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	optind = 0;
	opterr = 0;
	fk->fk_cx.cx_jail = NULL;
	fk->fk_status = fn(&fk->fk_cx, argc, argv);
	fflush(NULL);
	dup2(out0, 1);
	dup2(err0, 2);
	close(out0);
	close(err0);
	fake_slurp(out, fk->fk_out, sizeof(fk->fk_out));
	fake_slurp(err, fk->fk_err, sizeof(fk->fk_err));
}

/* The next request that was sent, as compact text; "" when there is none. */
static inline const char *
fake_request(struct fake *fk, char *buf, size_t len)
{
	json_t *o;
	char *text;

	buf[0] = '\0';
	if (ctl_recv(fk->fk_daemon, &o, NULL, NULL) == 0) {
		text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
		snprintf(buf, len, "%s", text);
		free(text);
		json_decref(o);
	}
	return buf;
}

#define assert_request(fk, text)						\
	do {									\
		char buf_[1024];						\
		assert_string_equal(fake_request(fk, buf_, sizeof(buf_)), text); \
	} while (0)

/* One line on stderr, or two with getopt(3)'s before the usage; nothing on stdout, nothing sent. */
static inline void
assert_refused(struct fake *fk, int status)
{
	const char *newline = strchr(fk->fk_err, '\n');

	if (newline != NULL && strncmp(newline, "\nusage: ", 8) == 0)
		newline = strchr(newline + 1, '\n');
	assert_int_equal(fk->fk_status, status);
	assert_string_equal(fk->fk_out, "");
	assert_true(newline != NULL && newline[1] == '\0');
	assert_request(fk, "");
}

#endif
