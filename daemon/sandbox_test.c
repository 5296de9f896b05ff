/* SPDX-License-Identifier: BSD-2-Clause */
/* Each in a process of its own, which is confined for good. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/sandbox.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Runs fn confined; its exit status, 255 when it was not to be confined, 1000 + signal. */
static int
confined(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(sandbox_enter() != 0 ? 255 : fn());
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * Calls that an attacker would like, with arguments that are refused for another reason where
 * the call itself is not.
 */
struct call {
	const char	*c_name;
	long		 c_number;
	long		 c_arg[3];
};
static const struct call calls[] = {
	{ "execve", SYS_execve, { 0 } },
	{ "execveat", SYS_execveat, { -1 } },
	{ "fork", SYS_fork, { 0 } },
	{ "clone of a process", SYS_clone, { SIGCHLD } },
	{ "clone of a namespace", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
	{ "ptrace", SYS_ptrace, { -1 } },
	{ "unshare", SYS_unshare, { CLONE_NEWNET } },
	{ "setns", SYS_setns, { -1 } },
	{ "chroot", SYS_chroot, { 0 } },
	{ "mount", SYS_mount, { 0 } },
	{ "umount2", SYS_umount2, { 0 } },
	{ "open_tree", SYS_open_tree, { -1 } },
	{ "bpf", SYS_bpf, { -1 } },
	{ "perf_event_open", SYS_perf_event_open, { 0 } },
	{ "userfaultfd", SYS_userfaultfd, { -1 } },
	{ "keyctl", SYS_keyctl, { -1 } },
	{ "io_uring_setup", SYS_io_uring_setup, { 0 } },
	{ "setuid", SYS_setuid, { 0 } },
	{ "setgroups", SYS_setgroups, { -1 } },
	{ "prctl", SYS_prctl, { PR_GET_DUMPABLE } },
	{ "seccomp", SYS_seccomp, { -1 } },
	{ "chmod", SYS_chmod, { 0 } },
	{ "chown", SYS_chown, { 0 } },
	{ "link", SYS_link, { 0 } },
	{ "symlink", SYS_symlink, { 0 } },
	{ "rename", SYS_rename, { 0 } },
	{ "mkdir", SYS_mkdir, { 0 } },
	{ "rmdir", SYS_rmdir, { 0 } },
	{ "kill", SYS_kill, { 0x7fffffff, SIGKILL } },
	{ "personality", SYS_personality, { 0xffffffff } },
	{ "shmget", SYS_shmget, { -1 } },
	{ "sethostname", SYS_sethostname, { 0, -1 } },
	{ "netlink socket", SYS_socket, { AF_NETLINK, SOCK_RAW } },
	{ "packet socket", SYS_socket, { AF_PACKET, SOCK_RAW } },
	{ "AF_ALG socket", SYS_socket, { AF_ALG, SOCK_SEQPACKET } },
	{ "code in new memory", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC } },
	{ "code in old memory", SYS_mprotect, { 0, 4096, PROT_READ | PROT_EXEC } },
	{ "raise a limit", SYS_prlimit64, { 0, RLIMIT_CORE, 4096 } },
};

static int
try_calls(void)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		const struct call *c = &calls[i];

		if (syscall(c->c_number, c->c_arg[0], c->c_arg[1], c->c_arg[2], 0, 0, 0) == -1 && errno == EPERM)
			continue;
		fprintf(stderr, "%s: %s\n", c->c_name, strerror(errno));
		return 1;
	}
	return 0;
}

static void
refuses(void **state)
{
	(void)state;
	assert_int_equal(confined(try_calls), 0);
}

static void *
thread(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

/* What every worker does. */
static int
work(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct rlimit rl;
	pthread_t t;
	int ran = 0, pair[2], ep = epoll_create1(EPOLL_CLOEXEC);
	char *block;
	char c;

	if (ep < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || epoll_ctl(ep, EPOLL_CTL_ADD, pair[0], &ev) != 0)
		return 1;
	if (write(pair[1], "x", 1) != 1 || epoll_wait(ep, &ev, 1, 1000) != 1 || read(pair[0], &c, 1) != 1)
		return 2;
	if (pthread_create(&t, NULL, thread, &ran) != 0 || pthread_join(t, NULL) != 0 || ran != 1)
		return 3;
	if ((block = malloc(64u << 20)) == NULL)
		return 4;
	memset(block, 1, 64u << 20);
	free(block);
	if (open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0 || memfd_create("x", MFD_CLOEXEC) < 0)
		return 5;
	return getrlimit(RLIMIT_NOFILE, &rl) != 0 ? 6 : 0;
}

static void
works(void **state)
{
	(void)state;
	assert_int_equal(confined(work), 0);
}

/* An assertion that fails must be able to say so. */
static int report[2];

static int
fail_loudly(void)
{
	(void)!write(report[1], "assertion", 9);
	abort();
}

static void
aborts(void **state)
{
	char text[16] = "";

	(void)state;
	assert_int_equal(pipe(report), 0);
	assert_int_equal(confined(fail_loudly), 1000 + SIGABRT);
	assert_int_equal(read(report[0], text, sizeof(text)), 9);
	assert_string_equal(text, "assertion");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(works),
		cmocka_unit_test(aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
