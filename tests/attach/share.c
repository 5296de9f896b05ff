/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that are copied, inherited, sent to another process, and their owners killed. */
#include "show.h"

static char buf[4096];

static void
copies(void)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int fd[2], d;

	connected(fd);
	d = dup(fd[0]);
	close(fd[0]);
	show("getpeername of a copy", getpeername(d, (struct sockaddr *)&peer, &len));
	d = dup2(d, 100);
	show("write", write(d, "abc", 3));
	(void)polled(fd[1], 5000, POLLIN);
	show("read", read(fd[1], buf, 9));
	show_poll("still there", fd[1], 0);
	closefrom(100);
	closefrom(3);
}

/* A server that forks for each connection and closes its own copy. */
static void
forks(void)
{
	struct sockaddr_in sin, peer;
	socklen_t len = sizeof(peer);
	int a, i, l = listener(&sin), s, status;

	for (i = 0; i < 3; i++) {
		s = socket(AF_INET, SOCK_STREAM, 0);
		(void)try_connect(s, &sin);
		a = accept(l, NULL, NULL);
		fflush(stdout);
		if (fork() == 0) {
			close(s);
			close(l);
			if (getpeername(a, (struct sockaddr *)&peer, &len) != 0)
				_exit(1);
			(void)polled(a, 5000, POLLIN);
			_exit(read(a, buf, 9) != 4 || write(a, "pong", 4) != 4);
		}
		close(a);
		show("write", write(s, "ping", 4));
		(void)polled(s, 5000, POLLIN);
		show("read", read(s, buf, 9));
		wait(&status);
		printf("child %d\n", status);
		show_poll("child gone", s, POLLRDHUP);
		show("read", read(s, buf, 9));
		close(s);
	}
	close(l);
}

static int
send_fd(int s, int fd)
{
	union { char c[CMSG_SPACE(sizeof(int))]; struct cmsghdr h; } u = { .c = { 0 } };
	struct iovec iov = { "x", 1 };
	struct msghdr mh = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)};
	struct cmsghdr *ch = CMSG_FIRSTHDR(&mh);

	ch->cmsg_level = SOL_SOCKET;
	ch->cmsg_type = SCM_RIGHTS;
	ch->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(ch), &fd, sizeof(fd));
	return ((int)sendmsg(s, &mh, 0));
}

static int
recv_fd(int s)
{
	union { char c[CMSG_SPACE(sizeof(int))]; struct cmsghdr h; } u;
	struct iovec iov = { buf, 1 };
	struct msghdr mh = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)};
	int fd;

	if (recvmsg(s, &mh, 0) != 1 || CMSG_FIRSTHDR(&mh) == NULL)
		return (-1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&mh)), sizeof(fd));
	return (fd);
}

static void
passed(void)
{
	struct sockaddr_in sin;
	int l, p[2], s, status;

	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	l = listener(&sin);
	fflush(stdout);
	if (fork() == 0) {
		int a, got;

		close(p[0]);
		close(l);
		got = recv_fd(p[1]);
		a = accept(got, NULL, NULL);
		_exit(a < 0 || write(a, "passed", 6) != 6);
	}
	show("send the listener", send_fd(p[0], l));
	close(l);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("connect", try_connect(s, &sin));
	(void)polled(s, 5000, POLLIN);
	show("read", read(s, buf, 9));
	wait(&status);
	printf("child %d\n", status);
	close(s);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("connect after the end of both", try_connect(s, &sin));
	closefrom(3);
}

static pid_t
victim(int (*fn)(const struct sockaddr_in *), const struct sockaddr_in *sin)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn(sin));
	return (pid);
}

static int
in_accept(const struct sockaddr_in *sin)
{
	struct sockaddr_in any;
	int l = listener(&any);

	(void)sin;
	return (accept(l, NULL, NULL));
}

static int
in_recvfrom(const struct sockaddr_in *sin)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	(void)try_bind(s, sin);
	return ((int)recvfrom(s, buf, 9, 0, (struct sockaddr *)&from, &len));
}

static int
in_write(const struct sockaddr_in *sin)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (try_connect(s, sin) != 0)
		return (1);
	for (;;)
		if (write(s, buf, sizeof(buf)) <= 0)
			return (0);
}

static _Noreturn int
in_loop(const struct sockaddr_in *sin)
{
	int s;

	for (;;) {
		s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)try_connect(s, sin);
		(void)so_error(s);
		close(s);
	}
}

static void
killed(void)
{
	struct sockaddr_in sin, usin = nobody(SOCK_DGRAM);
	pid_t pid[8];
	int a, i, l = listener(&sin), n, status;

	for (i = 0; i < 8; i++)
		pid[i] = victim(i % 4 == 0   ? in_accept
				: i % 4 == 1 ? in_recvfrom
				: i % 4 == 2 ? in_write
					     : in_loop,
		    i % 4 == 1 ? &usin : &sin);
	n = 0;
	for (i = 0; i < 30; i++) {
		a = accept(l, NULL, NULL);
		n += a >= 0;
		close(a);
	}
	printf("accepted %d\n", n);
	for (i = 0; i < 8; i++)
		kill(pid[i], SIGKILL);
	while (wait(&status) > 0)
		;
	a = socket(AF_INET, SOCK_DGRAM, 0);
	show("the address is free again", try_bind(a, &usin));
	close(a);
	close(l);
	l = socket(AF_INET, SOCK_STREAM, 0);
	n = 1;
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &n, sizeof(n));
	show("and that of the listener", try_bind(l, &sin));
	show("which listens", listen(l, 5));
	a = socket(AF_INET, SOCK_STREAM, 0);
	show("and accepts", try_connect(a, &sin));
	closefrom(3);
}

static void
executed(const char *self)
{
	char arg[16];
	int fd[2], status;

	connected(fd);
	snprintf(arg, sizeof(arg), "%d", fd[1]);
	fflush(stdout);
	if (fork() == 0) {
		execl(self, self, arg, NULL);
		_exit(127);
	}
	close(fd[1]);
	(void)polled(fd[0], 5000, POLLIN);
	show("read from what was executed", read(fd[0], buf, 99));
	wait(&status);
	printf("child %d\n", status);
	close(fd[0]);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	if (argc > 1)
		return (getpeername(atoi(argv[1]), (struct sockaddr *)&peer, &len) != 0 ||
		    write(atoi(argv[1]), "executed", 8) != 8);
	setvbuf(stdout, NULL, _IOLBF, 0);
	copies();
	forks();
	passed();
	executed(argv[0]);
	killed();
	return (0);
}
