/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct ctl_conn	*a, *b;
};

static int
setup_kind(void **state, int kind)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	int fd[2];

	assert_non_null(fx);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | kind, 0, fd), 0);
	assert_int_equal(ctl_conn_new(fd[0], &fx->a), 0);
	assert_int_equal(ctl_conn_new(fd[1], &fx->b), 0);
	*state = fx;
	return 0;
}

static int
setup(void **state)
{
	return setup_kind(state, SOCK_NONBLOCK);
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	ctl_conn_free(fx->a);
	ctl_conn_free(fx->b);
	free(fx);
	return 0;
}

static void
raw(struct ctl_conn *cc, const void *buf, size_t len)
{
	assert_int_equal(write(ctl_conn_fd(cc), buf, len), (ssize_t)len);
}

static void
raw_message(struct ctl_conn *cc, const char *text)
{
	uint32_t head = htonl((uint32_t)strlen(text));

	raw(cc, &head, sizeof(head));
	raw(cc, text, strlen(text));
}

static void
test_round_trip(void **state)
{
	struct fixture *fx = *state;
	json_t *msg = json_pack("{s:s,s:i}", "op", "if.list", "n", 7), *got;

	assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), EAGAIN);
	assert_int_equal(ctl_send(fx->a, msg, NULL, 0), 0);
	assert_int_equal(ctl_send(fx->a, msg, NULL, 0), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), 0);
		assert_true(json_equal(msg, got));
		json_decref(got);
	}
	assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), EAGAIN);
	json_decref(msg);
}

static void
test_byte_by_byte(void **state)
{
	struct fixture *fx = *state;
	const char bytes[] = "\0\0\0\13{\"op\":\"xy\"}";
	json_t *got;

	for (size_t i = 0; i < 15; i++) {
		assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), EAGAIN);
		raw(fx->a, bytes + i, 1);
	}
	assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), 0);
	assert_string_equal(json_string_value(json_object_get(got, "op")), "xy");
	json_decref(got);
}

static void
test_descriptors_belong_to_their_message(void **state)
{
	struct fixture *fx = *state;
	json_t *msg = json_pack("{s:s}", "op", "x"), *got;
	struct stat sent, arrived;
	unsigned n;
	int fds[CTL_MAXFDS], null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(ctl_send(fx->a, msg, NULL, 0), 0);
	assert_int_equal(ctl_send(fx->a, msg, &null, 1), 0);
	assert_int_equal(ctl_send(fx->a, msg, NULL, 0), 0);
	for (unsigned i = 0; i < 3; i++) {
		n = CTL_MAXFDS;
		assert_int_equal(ctl_recv(fx->b, &got, fds, &n), 0);
		assert_int_equal(n, i == 1 ? 1 : 0);
		json_decref(got);
		if (n == 0)
			continue;
		fstat(null, &sent);
		assert_int_equal(fstat(fds[0], &arrived), 0);
		assert_int_equal(sent.st_rdev, arrived.st_rdev);
		assert_true((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0);
		close(fds[0]);
	}
	close(null);
	json_decref(msg);
}

static void
test_unwanted_descriptors_are_refused(void **state)
{
	struct fixture *fx = *state;
	json_t *msg = json_pack("{s:s}", "op", "x"), *got;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), next;

	assert_int_equal(ctl_send(fx->a, msg, &null, 1), 0);
	assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), EPROTO);
	assert_null(got);
	next = dup(null);
	assert_int_equal(next, null + 1);	/* nothing stayed open */
	close(next);
	close(null);
	json_decref(msg);
}

static void
test_many_descriptors(void **state)
{
	struct fixture *fx = *state;
	json_t *msg = json_pack("{s:s}", "op", "x"), *got;
	int fds[CTL_MAXFDS + 1] = { 0 }, got_fds[CTL_MAXFDS];
	unsigned n = CTL_MAXFDS;

	assert_int_equal(ctl_send(fx->a, msg, fds, CTL_MAXFDS + 1), EMSGSIZE);
	assert_int_equal(ctl_send(fx->a, msg, fds, CTL_MAXFDS), 0);
	assert_int_equal(ctl_recv(fx->b, &got, got_fds, &n), 0);
	assert_int_equal(n, CTL_MAXFDS);
	while (n > 0)
		close(got_fds[--n]);
	json_decref(got);
	json_decref(msg);
}

static void
test_bad_input(void **state)
{
	static const char *const texts[] = { "[]", "7", "\"op\"", "{\"op\":}", "{\"a\":1,\"a\":2}",
	    "{}x", "\xff\xff" };
	struct fixture *fx = *state;
	json_t *got;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		raw_message(fx->a, texts[i]);
		assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), EPROTO);
		assert_null(got);
		teardown(state);
		setup(state);
		fx = *state;
	}
}

static void
test_bad_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, CTL_MAXMSG + 1, UINT32_MAX };
	struct fixture *fx = *state;
	uint32_t head;
	json_t *got;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		head = htonl(lengths[i]);
		raw(fx->a, &head, sizeof(head));
		assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), EPROTO);
		teardown(state);
		setup(state);
		fx = *state;
	}
}

static void
test_end_of_stream(void **state)
{
	struct fixture *fx = *state;
	json_t *got;

	shutdown(ctl_conn_fd(fx->a), SHUT_WR);
	assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), ECONNRESET);
	raw(fx->b, "\0\0", 2);
	shutdown(ctl_conn_fd(fx->b), SHUT_WR);
	assert_int_equal(ctl_recv(fx->a, &got, NULL, NULL), EPROTO);
}

static void
test_peer_gone(void **state)
{
	struct fixture *fx = *state;
	json_t *msg = json_pack("{s:s}", "op", "x");

	shutdown(ctl_conn_fd(fx->b), SHUT_RD);
	assert_int_equal(ctl_send(fx->a, msg, NULL, 0), EPIPE);	/* and no signal */
	json_decref(msg);
}

/* A message larger than the socket's buffer stays queued, in order, until the reader reads. */
static void
test_queue(void **state)
{
	struct fixture *fx = *state;
	char *text = malloc(2000001);
	json_t *big, *small = json_pack("{s:s}", "op", "last"), *got;
	int error, flushed;

	memset(text, 'x', 2000000);
	text[2000000] = '\0';
	big = json_pack("{s:s}", "op", text);
	assert_int_equal(ctl_send(fx->a, big, NULL, 0), 0);
	assert_int_equal(ctl_send(fx->a, small, NULL, 0), 0);
	assert_true(ctl_want_write(fx->a));
	do {
		error = ctl_recv(fx->b, &got, NULL, NULL);
		flushed = ctl_flush(fx->a);
		assert_true(flushed == 0 || flushed == EAGAIN);
	} while (error == EAGAIN);
	assert_int_equal(error, 0);
	assert_true(json_equal(big, got));
	json_decref(got);
	assert_int_equal(ctl_recv(fx->b, &got, NULL, NULL), 0);
	assert_true(json_equal(small, got));
	json_decref(got);
	assert_false(ctl_want_write(fx->a));
	json_decref(big);
	json_decref(small);
	free(text);
}

static void
test_queue_is_bounded(void **state)
{
	struct fixture *fx = *state;
	char *text = malloc(8000001);
	json_t *big;
	int error = 0, sent = 0;

	memset(text, 'x', 8000000);
	text[8000000] = '\0';
	big = json_pack("{s:s}", "op", text);
	while (error == 0 && sent < 100) {
		error = ctl_send(fx->a, big, NULL, 0);
		sent++;
	}
	assert_int_equal(error, ENOBUFS);
	json_decref(big);
	free(text);
}

static void
test_instance_path(void **state)
{
	char dir[] = "/tmp/ctl_test.XXXXXX", sub[64], path[256];
	struct stat sb;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sub, sizeof(sub), "%s/run", dir);
	setenv("VIMAGE_DIR", sub, 1);
	assert_int_equal(ctl_instance_path("a", path, sizeof(path)), 0);
	assert_int_equal(strncmp(path, sub, strlen(sub)), 0);
	assert_string_equal(path + strlen(sub), "/a.sock");
	assert_int_equal(stat(sub, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0700);
	assert_int_equal(ctl_instance_path("../a", path, sizeof(path)), EINVAL);
	assert_int_equal(ctl_instance_path("", path, sizeof(path)), EINVAL);
	assert_int_equal(ctl_instance_path("a", path, 5), ENAMETOOLONG);
	chmod(sub, 0777);
	assert_int_equal(ctl_instance_path("a", path, sizeof(path)), EPERM);
	rmdir(sub);
	assert_int_equal(symlink("/tmp", sub), 0);
	assert_int_equal(ctl_instance_path("a", path, sizeof(path)), ENOTDIR);
	unlink(sub);
	rmdir(dir);
}

static void
test_connect_without_daemon(void **state)
{
	char dir[] = "/tmp/ctl_test.XXXXXX", err[256] = "";
	struct ctl_conn *cc = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("VIMAGE_DIR", dir, 1);
	assert_int_equal(ctl_connect("none", false, &cc, err), ENOENT);
	assert_null(cc);
	assert_string_equal(err, "instance none is not running");
	rmdir(dir);
}

/*
 * Starting.  This program is its own vimaged: called by that name it does what FAKE_DAEMON says.
 */
static int
listen_at(const char *instance)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (ctl_instance_path(instance, sun.sun_path, sizeof(sun.sun_path)) != 0 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 || listen(fd, 16) != 0)
		return -1;
	return fd;
}

static int
fake_daemon(char **argv)
{
	const char *what = getenv("FAKE_DAEMON"), *instance = argv[2];
	int ready = atoi(argv[4]), fd, clients = atoi(what);

	if (strcmp(argv[1], "-L") != 0 || strcmp(argv[3], "-R") != 0)
		return 1;
	if (clients == 0) {
		(void)!write(ready, what, strlen(what));
		return 1;
	}
	if ((fd = listen_at(instance)) < 0)
		return 1;
	(void)!write(ready, "", 1);	/* and keeps it open */
	while (clients-- > 0)
		(void)accept(fd, NULL, NULL);
	return 0;
}

struct start {
	char	st_dir[32], st_run[64];
};

static void
start_setup(struct start *st, const char *what)
{
	char self[256], link_name[64];
	ssize_t n;

	strcpy(st->st_dir, "/tmp/ctl_test.XXXXXX");
	assert_non_null(mkdtemp(st->st_dir));
	snprintf(st->st_run, sizeof(st->st_run), "%s/run", st->st_dir);
	snprintf(link_name, sizeof(link_name), "%s/vimaged", st->st_dir);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(n > 0);
	self[n] = '\0';
	assert_int_equal(symlink(self, link_name), 0);
	setenv("VIMAGE_DIR", st->st_run, 1);
	setenv("PATH", st->st_dir, 1);
	setenv("FAKE_DAEMON", what, 1);
}

static void
start_teardown(const struct start *st)
{
	static const char *const names[] = { "run/x.sock", "run/x.lock", "vimaged" };
	char path[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", st->st_dir, names[i]);
		unlink(path);
	}
	rmdir(st->st_run);
	assert_int_equal(rmdir(st->st_dir), 0);
}

static void
test_start(void **state)
{
	struct ctl_conn *cc = NULL;
	char err[256] = "";
	struct start st;

	(void)state;
	start_setup(&st, "1");
	assert_int_equal(ctl_connect("x", true, &cc, err), 0);
	ctl_conn_free(cc);
	start_teardown(&st);
}

/* Many commands at once start one daemon: a second could not bind, and its command would fail. */
static void
test_start_once(void **state)
{
	struct start st;
	int status;

	(void)state;
	start_setup(&st, "8");
	for (int i = 0; i < 8; i++) {
		if (fork() == 0) {
			struct ctl_conn *cc;
			char err[256];

			_exit(ctl_connect("x", true, &cc, err));
		}
	}
	for (int i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	start_teardown(&st);
}

static void
test_start_fails(void **state)
{
	struct ctl_conn *cc = NULL;
	char err[256] = "";
	struct start st;

	(void)state;
	start_setup(&st, "out of luck");
	assert_int_equal(ctl_connect("x", true, &cc, err), ECONNREFUSED);
	assert_string_equal(err, "out of luck");
	setenv("FAKE_DAEMON", "", 1);
	assert_int_equal(ctl_connect("x", true, &cc, err), ECONNREFUSED);
	assert_string_equal(err, "vimaged ended before it was ready");
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(ctl_connect("x", true, &cc, err), ECONNREFUSED);
	assert_string_equal(err, "vimaged: No such file or directory");
	assert_null(cc);
	start_teardown(&st);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_round_trip), T(test_byte_by_byte),
		    T(test_descriptors_belong_to_their_message),
		T(test_unwanted_descriptors_are_refused), T(test_many_descriptors),
		    T(test_bad_input),
		T(test_bad_lengths), T(test_end_of_stream), T(test_peer_gone), T(test_queue),
		T(test_queue_is_bounded),
		cmocka_unit_test(test_instance_path), cmocka_unit_test(test_connect_without_daemon),
		cmocka_unit_test(test_start), cmocka_unit_test(test_start_once),
		cmocka_unit_test(test_start_fails),
	};

	if (argc == 5 && strcmp(argv[0], "vimaged") == 0)
		return fake_daemon(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
