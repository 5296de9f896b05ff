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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
