/* SPDX-License-Identifier: BSD-2-Clause */
/* recvmmsg(2): for how many messages it waits, and for how long. */
#include "show.h"

#include <time.h>

#define MOST	8

static struct mmsghdr mm[MOST];
static struct iovec iov[MOST];
static char buf[MOST][16];

static void
fresh(void)
{
	memset(mm, 0, sizeof(mm));
	memset(buf, 0, sizeof(buf));
	for (int i = 0; i < MOST; i++) {
		iov[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		mm[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
}

static int
bound(struct sockaddr_in *sin)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*sin = loopback(0);
	(void)try_bind(fd, sin);
	*sin = name_of(fd);
	return (fd);
}

static void
post(int fd, const struct sockaddr_in *to, int n)
{
	for (int i = 0; i < n; i++)
		(void)!sendto(fd, &"0123456789"[i], 1, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* With nothing in stdout's buffer, which _exit(2) writes a second time under the thread sanitizer. */
static pid_t
fork_clean(void)
{
	fflush(stdout);
	return (fork());
}

/* A process that sends n, each after gap milliseconds. */
static pid_t
later(const struct sockaddr_in *to, int n, int gap)
{
	pid_t pid;
	int fd;

	if ((pid = fork_clean()) != 0)
		return (pid);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < n; i++) {
		(void)polled(-1, gap, 0);
		post(fd, to, 1);
	}
	_exit(0);
}

static void
got(const char *what, int n)
{
	show(what, n);
	for (int i = 0; i < n; i++)
		printf("  %u: %.*s\n", mm[i].msg_len, (int)mm[i].msg_len, buf[i]);
	fresh();
}

static void
empty(int fd)
{
	while (recv(fd, buf[0], sizeof(buf[0]), MSG_DONTWAIT) >= 0)
		;
	fresh();
}

static void
waits(void)
{
	struct timespec ts = { 60, 0 };
	struct sockaddr_in a;
	int fa = bound(&a);
	pid_t pid;

	pid = later(&a, 3, 30);
	got("waits for all", recvmmsg(fa, mm, 3, 0, NULL));
	waitpid(pid, NULL, 0);
	pid = later(&a, 3, 30);
	got("or for one", recvmmsg(fa, mm, 3, MSG_WAITFORONE, NULL));
	waitpid(pid, NULL, 0);
	empty(fa);
	post(fa, &a, 3);
	got("all there", recvmmsg(fa, mm, 3, 0, &ts));
	printf("time left: %d\n", ts.tv_sec >= 50 && ts.tv_sec < 60);
	post(fa, &a, 3);
	got("not all, without waiting", recvmmsg(fa, mm, 5, MSG_DONTWAIT, NULL));
	pid = later(&a, 1, 30);
	post(fa, &a, 2);
	got("some there", recvmmsg(fa, mm, 3, 0, NULL));
	waitpid(pid, NULL, 0);
	got("none asked for", recvmmsg(fa, mm, 0, 0, NULL));
	close(fa);
}

static void
times(void)
{
	struct timespec ts = { 0, 50000000 };
	struct sockaddr_in a;
	int fa = bound(&a);
	pid_t pid;

	pid = later(&a, 3, 100);
	got("the time is over before the first", recvmmsg(fa, mm, 3, 0, &ts));
	printf("left: %ld.%ld\n", (long)ts.tv_sec, (long)ts.tv_nsec);
	waitpid(pid, NULL, 0);
	empty(fa);
	ts = (struct timespec){ 0, 150000000 };
	post(fa, &a, 1);
	pid = later(&a, 4, 100);
	got("in the midst", recvmmsg(fa, mm, 5, 0, &ts));
	waitpid(pid, NULL, 0);
	empty(fa);
	ts = (struct timespec){ 0, 0 };
	post(fa, &a, 3);
	got("no time", recvmmsg(fa, mm, 3, 0, &ts));
	empty(fa);
	timeout_of(fa, SO_RCVTIMEO, 100);
	post(fa, &a, 2);
	got("time of the socket", recvmmsg(fa, mm, 4, 0, NULL));
	got("and none", recvmmsg(fa, mm, 4, 0, NULL));
	pid = later(&a, 4, 60);
	got("time of each", recvmmsg(fa, mm, 4, 0, NULL));
	waitpid(pid, NULL, 0);
	close(fa);
}

static void
signals(void)
{
	struct sockaddr_in a;
	int fa = bound(&a);
	pid_t pid;

	alarm_in(50, 0);
	got("a signal", recvmmsg(fa, mm, 2, 0, NULL));
	post(fa, &a, 1);
	alarm_in(50, SA_RESTART);
	got("a signal after one", recvmmsg(fa, mm, 2, 0, NULL));
	(void)so_error(fa);			/* Linux keeps the signal as one */
	pid = later(&a, 2, 100);
	alarms = 0;
	alarm_in(50, SA_RESTART);
	got("a signal before any", recvmmsg(fa, mm, 2, 0, NULL));
	printf("alarms %d\n", (int)alarms);
	waitpid(pid, NULL, 0);
	close(fa);
}

static void
looks(void)
{
	struct sockaddr_in a;
	int fa = bound(&a);

	post(fa, &a, 2);
	got("looked at", recvmmsg(fa, mm, 3, MSG_PEEK, NULL));
	got("and taken", recvmmsg(fa, mm, 2, 0, NULL));
	close(fa);
}

static void
errors(void)
{
	struct sockaddr_in a, none = nobody(SOCK_DGRAM);
	int fa = bound(&a);
	pid_t pid;

	post(fa, &a, 1);
	(void)try_connect(fa, &none);
	pid = fork_clean();
	if (pid == 0) {
		(void)polled(-1, 50, 0);
		(void)!send(fa, "x", 1, 0);
		_exit(0);
	}
	got("an error after one", recvmmsg(fa, mm, 3, 0, NULL));
	waitpid(pid, NULL, 0);
	got("then it", recvmmsg(fa, mm, 3, MSG_DONTWAIT, NULL));
	got("then nothing", recvmmsg(fa, mm, 3, MSG_DONTWAIT, NULL));
	mm[0].msg_hdr.msg_iov = (void *)8;
	got("no vector", recvmmsg(fa, mm, 1, 0, NULL));
	iov[0].iov_base = (void *)8;
	close(fa);
	fa = bound(&a);
	pid = later(&a, 1, 30);
	got("nowhere to put it", recvmmsg(fa, mm, 1, 0, NULL));
	waitpid(pid, NULL, 0);
	close(fa);
}

int
main(void)
{
	fresh();
	waits();
	times();
	signals();
	looks();
	errors();
	return (0);
}
