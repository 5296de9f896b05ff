/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams that ended with an error: what the calls that carry a message say of it, how often, and what is still read. */
#include "show.h"

static volatile sig_atomic_t pipes;

static void
on_pipe(int sig)
{
	(void)sig;
	pipes++;
}

static ssize_t
message(int fd, int flags)
{
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	return (sendmsg(fd, &mh, flags));
}

static ssize_t
addressed(int fd, int flags)
{
	struct sockaddr_in sin = loopback(9);

	return (sendto(fd, "x", 1, flags | MSG_NOSIGNAL, (struct sockaddr *)&sin, sizeof(sin)));	/* CAVEATS.md */
}

static ssize_t
several(int fd, int flags)
{
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct mmsghdr mm = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return (sendmmsg(fd, &mm, 1, flags));
}

static ssize_t
take(int fd, int flags)
{
	char buf[9];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	return (recvmsg(fd, &mh, flags));
}

static ssize_t
take_from(int fd, int flags)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char buf[9];

	return (recvfrom(fd, buf, sizeof(buf), flags, (struct sockaddr *)&sin, &len));
}

static ssize_t
take_several(int fd, int flags)
{
	char buf[9];
	struct iovec iov = { buf, sizeof(buf) };
	struct mmsghdr mm = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	return (recvmmsg(fd, &mm, 1, flags, NULL));
}

static ssize_t (*const calls[])(int, int) = { message, addressed, several, take, take_from, take_several };
static const char *const names[] = { "sendmsg", "sendto", "sendmmsg", "recvmsg", "recvfrom", "recvmmsg" };

static void
say(const char *what, unsigned i, int fd, int flags)
{
	printf("%s, ", what);
	pipes = 0;
	show(names[i], calls[i](fd, flags));
	if (pipes != 0)
		printf("  and a signal\n");
}

/* The error is told once, by the call whose number is first; then SO_ERROR has none. */
static void
refused(unsigned first)
{
	struct sockaddr_in sin = nobody(SOCK_STREAM);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	nonblock(s, true);
	show("connect to nobody", try_connect(s, &sin));
	(void)polled(s, 5000, POLLERR);
	say("refused", first, s, 0);
	show_error("then", s);
	for (unsigned i = 0; i < 6; i++)
		say("again", i, s, 0);
	close(s);
}

static void
reset(unsigned first, bool unread)
{
	int fd[2];

	connected(fd);
	if (unread) {
		(void)!write(fd[1], "data", 4);
		(void)polled(fd[0], 5000, POLLIN);
	}
	reset_close(fd[1]);
	(void)polled(fd[0], 5000, POLLERR);
	say(unread ? "reset behind data" : "reset", first, fd[0], 0);
	show_error("then", fd[0]);
	for (unsigned i = 0; i < 6; i++)
		say("again", i, fd[0], 0);
	close(fd[0]);
}

/* The end had come before. */
static void
broken(unsigned first)
{
	int fd[2];

	connected(fd);
	close(fd[1]);
	(void)polled(fd[0], 5000, POLLRDHUP);
	show("write after the end", send(fd[0], "x", 1, 0));
	(void)polled(fd[0], 5000, POLLHUP);
	say("broken", first, fd[0], 0);
	for (unsigned i = 0; i < 6; i++)
		say("again", i, fd[0], MSG_NOSIGNAL);
	close(fd[0]);
}

/* Where there is no connection: yet, any more, or ever. */
static void
unconnected(const char *what, int fd)
{
	for (unsigned i = 0; i < 6; i++)
		say(what, i, fd, MSG_NOSIGNAL);
	show_error(what, fd);
	close(fd);
}

static void
disconnected(unsigned first)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd[2];

	connected(fd);
	show("AF_UNSPEC", connect(fd[0], &none, sizeof(none)));
	say("disconnected", first, fd[0], MSG_NOSIGNAL);
	unconnected("no more", fd[0]);
	close(fd[1]);
}

int
main(void)
{
	struct sockaddr_in sin;
	int s;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, on_pipe);
	for (unsigned i = 0; i < 6; i++) {
		refused(i);
		reset(i, false);
		reset(i, true);
		if (calls[i] != take_several)	/* which looks at what is of interest to writers */
			broken(i);
		disconnected(i);
	}
	unconnected("new", socket(AF_INET, SOCK_STREAM, 0));
	unconnected("listener", listener(&sin));
	sin = nobody(SOCK_STREAM);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("connect to nobody", try_connect(s, &sin));
	unconnected("told", s);
	return (0);
}
