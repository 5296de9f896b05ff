/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/seqpacket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
carries_descriptors(void **state)
{
	struct seqmsg out = { .sm_type = INIT_EXEC, .sm_id = 7, .sm_text = "text" }, in;
	int pair[2], files[2], got[SEQ_MAXFDS];
	char buf[8] = "";
	unsigned n;

	(void)state;
	assert_int_equal(seq_pair(pair), 0);
	assert_int_equal(memfile("one", 3, &files[0]), 0);
	assert_int_equal(memfile("two", 3, &files[1]), 0);
	assert_int_equal(seq_send(pair[0], &out, files, 2, 0), 0);
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), 0);
	assert_int_equal(n, 2);
	assert_int_equal(in.sm_id, 7);
	assert_string_equal(in.sm_text, "text");
	assert_int_equal(pread(got[1], buf, sizeof(buf), 0), 3);
	assert_string_equal(buf, "two");
	for (int i = 0; i < 2; i++) {
		close(got[i]);
		close(files[i]);
		close(pair[i]);
	}
}

static void
tells_the_end(void **state)
{
	int pair[2], got[SEQ_MAXFDS];
	struct seqmsg in;
	unsigned n;

	(void)state;
	assert_int_equal(seq_pair(pair), 0);
	assert_int_equal(seq_recv(pair[1], &in, got, &n, MSG_DONTWAIT), EAGAIN);
	close(pair[0]);
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), ECONNRESET);
	assert_int_equal(seq_send(pair[1], &in, NULL, 0, 0), EPIPE);
	close(pair[1]);
}

/* An init in the hands of the jail's root may send anything. */
static void
refuses_other_sizes(void **state)
{
	int pair[2], got[SEQ_MAXFDS];
	struct seqmsg in;
	char big[sizeof(in) + 1];
	unsigned n;

	(void)state;
	assert_int_equal(seq_pair(pair), 0);
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), EPROTO);
	memset(big, 'x', sizeof(big));
	assert_int_equal(send(pair[0], big, sizeof(in), 0), sizeof(in));
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), 0);
	assert_int_equal(strlen(in.sm_text), sizeof(in.sm_text) - 1);
	assert_int_equal(send(pair[0], big, sizeof(big), 0), sizeof(big));
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), EPROTO);
	close(pair[0]);
	close(pair[1]);
}

/* As many descriptors as somebody likes to send: none that there is no room for is taken, and those that came are closed. */
static void
refuses_too_many(void **state)
{
	enum { MANY = SEQ_MAXFDS + 3, MARK = 0x5eed };
	union { char buf[CMSG_SPACE(sizeof(int) * MANY)]; struct cmsghdr align; } control;
	struct { int fds[SEQ_MAXFDS], beyond[MANY]; } got;
	struct seqmsg out = { .sm_type = INIT_READY }, in;
	struct iovec iov = { &out, sizeof(out) };
	int pair[2], fds[MANY], next;
	unsigned n;

	(void)state;
	assert_int_equal(seq_pair(pair), 0);
	for (unsigned i = 0; i < MANY; i++)
		fds[i] = pair[0];
	next = dup(pair[0]);
	close(next);
	for (unsigned many = SEQ_MAXFDS; many <= MANY; many++) {
		struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = CMSG_SPACE(sizeof(int) * many) };

		*CMSG_FIRSTHDR(&mh) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * many), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, sizeof(int) * many);
		assert_int_equal(sendmsg(pair[0], &mh, 0), sizeof(out));
		got.beyond[0] = MARK;
		assert_int_equal(seq_recv(pair[1], &in, got.fds, &n, MSG_DONTWAIT), many > SEQ_MAXFDS ? EPROTO : 0);
		assert_int_equal(got.beyond[0], MARK);
		assert_int_equal(n, many > SEQ_MAXFDS ? 0 : SEQ_MAXFDS);
		while (n > 0)
			close(got.fds[--n]);
		assert_int_equal(dup(pair[0]), next);
		close(next);
	}
	close(pair[0]);
	close(pair[1]);
}

/* An init that fails has said why, and did not read what it was told meanwhile. */
static void
last_words(void **state)
{
	struct seqmsg out = { .sm_type = INIT_BROKEN, .sm_arg = 2 }, in;
	int pair[2], got[SEQ_MAXFDS];
	unsigned n;

	(void)state;
	assert_int_equal(seq_pair(pair), 0);
	assert_int_equal(seq_send(pair[0], &out, NULL, 0, 0), 0);
	assert_int_equal(seq_send(pair[1], &out, NULL, 0, 0), 0);
	close(pair[0]);
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), 0);
	assert_int_equal(in.sm_type, INIT_BROKEN);
	assert_int_equal(seq_recv(pair[1], &in, got, &n, 0), ECONNRESET);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_descriptors),
		cmocka_unit_test(tells_the_end),
		cmocka_unit_test(last_words),
		cmocka_unit_test(refuses_other_sizes),
		cmocka_unit_test(refuses_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
