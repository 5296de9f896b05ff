/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that begin with data (MSG_FASTOPEN, TCP_FASTOPEN_CONNECT), and sockets that begin anew (AF_UNSPEC). */
#include "show.h"

static const struct sockaddr none = { .sa_family = AF_UNSPEC };

static void
take(const char *what, int fd, size_t want)
{
	char buf[100000];

	show(what, recv(fd, buf, want, MSG_WAITALL));
}

/* A connection that works. */
static void
hello(int from, int to)
{
	show("write", write(from, "hello", 5));
	take("arrives", to, 5);
}

static int
stream(bool nonblocking)
{
	return (socket(AF_INET, nonblocking ? SOCK_STREAM | SOCK_NONBLOCK : SOCK_STREAM, 0));
}

static void
fastopen(void)
{
	struct sockaddr_in sin, unspec = { .sin_family = AF_UNSPEC }, free;
	int l = listener(&sin), s, t;
	const struct sockaddr *to = (const struct sockaddr *)&sin;
	struct iovec iov[2] = { { "abc", 3 }, { "defgh", 5 } };
	struct msghdr mh = { .msg_name = &sin, .msg_namelen = sizeof(sin), .msg_iov = iov, .msg_iovlen = 2 };
	char big[50000];
	ssize_t n;

	s = stream(false);
	show("send and connect", sendto(s, "hello", 5, MSG_FASTOPEN, to, sizeof(sin)));
	t = accept(l, NULL, NULL);
	take("arrives", t, 5);
	show("connected", sendto(s, "hello", 5, MSG_FASTOPEN, to, sizeof(sin)));
	show("connect", try_connect(s, &sin));
	show("more", write(s, "x", 1));
	take("arrives", t, 1);
	show("back", write(t, "yz", 2));
	take("arrives", s, 2);
	close(s);
	close(t);

	s = stream(false);
	show("a message of two", sendmsg(s, &mh, MSG_FASTOPEN));
	t = accept(l, NULL, NULL);
	take("arrives", t, 8);
	close(s);
	close(t);

	s = stream(false);
	memset(big, 'x', sizeof(big));
	show("much", sendto(s, big, sizeof(big), MSG_FASTOPEN, to, sizeof(sin)));
	t = accept(l, NULL, NULL);
	take("arrives", t, sizeof(big));
	close(s);
	close(t);

	s = stream(true);
	/* On the loopback it may be connected already when the first look is taken. */
	n = sendto(s, "hello", 5, MSG_FASTOPEN, to, sizeof(sin));
	show("not to wait", n == 5 || (n < 0 && errno == EINPROGRESS));
	show_poll("then", s, POLLOUT);
	show_error("then", s);
	if (n < 0)
		(void)write(s, "hello", 5);
	t = accept(l, NULL, NULL);
	take("arrives", t, 5);
	close(s);
	close(t);

	s = stream(false);
	show("no family", sendto(s, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&unspec, sizeof(unspec)));
	show("short", sendto(s, "x", 1, MSG_FASTOPEN, to, 8));
	free = nobody(SOCK_STREAM);
	show("nobody", sendto(s, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&free, sizeof(free)));
	show("but here", sendto(s, "hello", 5, MSG_FASTOPEN, to, sizeof(sin)));
	t = accept(l, NULL, NULL);
	take("arrives", t, 5);
	close(s);
	close(t);

	s = stream(false);
	show("option", setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int)));
	show("connect", try_connect(s, &sin));
	show("write", write(s, "hello", 5));
	t = accept(l, NULL, NULL);
	take("arrives", t, 5);
	close(s);
	close(t);
	close(l);
}

static void
unconnected(const char *what, int s)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int on = -1;

	printf("%s:\n", what);
	show("peer", getpeername(s, (struct sockaddr *)&sin, &len));
	len = sizeof(on);
	getsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, &len);
	show("nodelay", on);
}

static void
undo(void)
{
	struct sockaddr_in sin, away;
	int fd[2], l = listener(&sin), t, s, on = 1;
	char buf[10];

	/* The side that called, with data in both directions that nobody read. */
	connected(fd);
	setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	show("write", write(fd[1], "unread", 6));
	show_poll("there", fd[0], POLLIN);
	show("undo", connect(fd[0], &none, sizeof(none)));
	show_error("undone", fd[0]);
	unconnected("undone", fd[0]);
	show_poll("the other", fd[1], POLLHUP);
	show("reads", read(fd[1], buf, sizeof(buf)));
	close(fd[1]);
	show("connect", try_connect(fd[0], &sin));
	t = accept(l, NULL, NULL);
	hello(fd[0], t);
	show("write", write(t, "world", 5));
	take("arrives", fd[0], 5);
	/* And once more, after a direction was shut. */
	show("shutdown", shutdown(fd[0], SHUT_WR));
	show("end", read(t, buf, sizeof(buf)));
	show("undo", connect(fd[0], &none, sizeof(none)));
	close(t);
	show("connect", try_connect(fd[0], &sin));
	t = accept(l, NULL, NULL);
	hello(fd[0], t);
	unconnected("still", fd[0]);
	/* The side that was called. */
	show("undo", connect(t, &none, sizeof(none)));
	show_poll("the other", fd[0], POLLHUP);
	show("reads", read(fd[0], buf, sizeof(buf)));
	show("connect", try_connect(t, &sin));
	s = accept(l, NULL, NULL);
	hello(t, s);
	close(s);
	close(t);
	close(fd[0]);
	/* Twice, on a new one, and bound. */
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("new", connect(s, &none, sizeof(none)));
	away = nobody(SOCK_STREAM);
	show("bind", try_bind(s, &away));
	show("connect", try_connect(s, &sin));
	t = accept(l, NULL, NULL);
	show("undo", connect(s, &none, sizeof(none)));
	show("undo", connect(s, &none, sizeof(none)));
	printf("port stays: %d\n", name_of(s).sin_port == away.sin_port);
	close(s);
	close(t);
	close(l);
}

/* While a connection is being made, to where nobody answers. */
static void
undo_early(void)
{
	struct sockaddr_in sin;
	int l = listener(&sin), full[4], s;

	/* A listener whose queue is full does not answer. */
	close(l);
	l = socket(AF_INET, SOCK_STREAM, 0);
	sin = loopback(0);
	(void)try_bind(l, &sin);
	show("listen", listen(l, 0));
	sin = name_of(l);
	for (int i = 0; i < 4; i++) {
		full[i] = stream(true);
		(void)try_connect(full[i], &sin);
	}
	usleep(50000);
	s = full[3];
	show_poll("waits", s, 0);
	show("undo", connect(s, &none, sizeof(none)));
	close(l);
	l = listener(&sin);
	nonblock(s, false);
	show("connect", try_connect(s, &sin));
	show("write", write(s, "x", 1));
	take("arrives", accept(l, NULL, NULL), 1);
}

static void
on_fault(int sig)
{
	_exit(sig);
}

/* The same call at once, with the same registers: a handler of faults is no reason to take it for one that a signal interrupted. */
static void
twice(void)
{
	struct sockaddr_in sin;
	int l = listener(&sin), s = stream(false), first, second;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	first = try_connect(s, &sin);
	second = try_connect(s, &sin);
	show("connect twice", second);
	show("connect", first);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	close(s);
	close(l);
}

/* A socket that has no connection any more takes another name, listens, and is called. */
static void
serves(const char *what, int s)
{
	struct sockaddr_in sin = { .sin_family = AF_INET }, local = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int c, t;

	printf("%s:\n", what);
	show("a name", getsockname(s, (struct sockaddr *)&sin, &len) == 0 && sin.sin_addr.s_addr == 0);
	local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	show("bind", bind(s, (struct sockaddr *)&local, sizeof(local)));
	show("again", bind(s, (struct sockaddr *)&local, sizeof(local)));
	show("listen", listen(s, 1));
	len = sizeof(sin);
	show("name", getsockname(s, (struct sockaddr *)&sin, &len));
	c = stream(false);
	show("call", try_connect(c, &sin));
	t = accept(s, NULL, NULL);
	hello(c, t);
	close(c);
	close(t);
	close(s);
}

/* What was a connection and is reset is no new one to begin with, before AF_UNSPEC says so. */
static void
reset(bool told)
{
	const struct linger hard = { .l_onoff = 1 };
	struct sockaddr_in sin;
	int fd[2], l = listener(&sin), t;
	char ch;

	connected(fd);
	show("linger", setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(fd[1]);
	show_poll("gone", fd[0], POLLHUP);
	if (told)
		show("read", read(fd[0], &ch, 1));
	show("connect", try_connect(fd[0], &sin));
	show("connect", try_connect(fd[0], &sin));
	show_error("before", fd[0]);
	show("undo", connect(fd[0], &none, sizeof(none)));
	show_error("after", fd[0]);
	show("connect", try_connect(fd[0], &sin));
	t = accept(l, NULL, NULL);
	hello(fd[0], t);
	show("write", write(t, "world", 5));
	take("arrives", fd[0], 5);
	close(t);
	close(fd[0]);
	close(l);
}

static void
servers(void)
{
	struct sockaddr_in free = nobody(SOCK_STREAM);
	int fd[2];

	connected(fd);
	show("listen", listen(fd[0], 1));
	show("undo", connect(fd[0], &none, sizeof(none)));
	serves("called once", fd[0]);
	close(fd[1]);
	fd[0] = stream(false);
	show("refused", try_connect(fd[0], &free));
	show("undo", connect(fd[0], &none, sizeof(none)));
	serves("refused once", fd[0]);
	fd[0] = stream(false);
	show("refused", try_connect(fd[0], &free));
	show("listen", listen(fd[0], 1));
	close(fd[0]);
}

/* Who listens no more: in one way or the other the queue is reset, name and options stay. */
static void
deaf(int how)
{
	struct sockaddr_in sin, now;
	socklen_t len = sizeof(now);
	int l = listener(&sin), on = 1, c = stream(false);
	char ch;

	setsockopt(l, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	show("call", try_connect(c, &sin));
	show("end", how == SHUT_RDWR + 1 ? connect(l, &none, sizeof(none)) : shutdown(l, how));
	show("reset", read(c, &ch, 1));
	close(c);
	show("accept", accept(l, NULL, NULL));
	len = sizeof(now);
	show("name", getsockname(l, (struct sockaddr *)&now, &len) == 0 && now.sin_port == sin.sin_port && now.sin_addr.s_addr == sin.sin_addr.s_addr);
	len = sizeof(on);
	show("acceptconn", getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 ? on : -1);
	len = sizeof(on);
	show("nodelay", getsockopt(l, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 ? on : -1);
	c = stream(false);
	show("refused", try_connect(c, &sin));
	close(c);
	/* Perhaps at another port: Linux does not keep one that it chose. */
	show("listen", listen(l, 1));
	len = sizeof(now);
	show("name", getsockname(l, (struct sockaddr *)&now, &len));
	c = stream(false);
	show("call", try_connect(c, &now));
	close(c);
	close(l);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	twice();
	fastopen();
	undo();
	undo_early();
	reset(false);
	reset(true);
	servers();
	deaf(SHUT_RD);
	deaf(SHUT_RDWR);
	deaf(SHUT_RDWR + 1);
	return (0);
}
