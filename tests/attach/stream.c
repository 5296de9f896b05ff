/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams: what a program sees in every state of a connection. */
#include "show.h"

#include <pthread.h>

static char buf[70000];

static void
states(void)
{
	struct sockaddr_in sin, peer;
	socklen_t len = sizeof(peer);
	int fd[2], s, l;

	s = socket(AF_INET, SOCK_STREAM, 0);
	show("unconnected getpeername", getpeername(s, (struct sockaddr *)&peer, &len));
	show("unconnected shutdown", shutdown(s, SHUT_RDWR));
	show("unconnected accept", accept(s, NULL, NULL));
	sin = name_of(s);
	printf("unconnected name %s:%d\n", inet_ntoa(sin.sin_addr), ntohs(sin.sin_port));
	close(s);
	l = listener(&sin);
	show_poll("listener idle", l, 0);
	show("connect of a listener", try_connect(l, &sin));
	nonblock(l, true);
	show("accept of none", accept(l, NULL, NULL));
	show("bind again", try_bind(l, &sin));
	close(l);

	connected(fd);
	show_poll("connected", fd[0], 0);
	show("connect again", try_connect(fd[0], &sin));
	show("listen on a connection", listen(fd[0], 1));
	len = sizeof(peer);
	show("getpeername", getpeername(fd[0], (struct sockaddr *)&peer, &len));
	sin = name_of(fd[1]);
	printf("peer is the other's name: %d, length %u\n",
	    memcmp(&sin, &peer, sizeof(sin)) == 0, len);
	show("getpeername into nothing", getpeername(fd[0], NULL, &len));
	len = 3;
	memset(&peer, 0xee, sizeof(peer));
	show("getpeername cut", getpeername(fd[0], (struct sockaddr *)&peer, &len));
	printf(
	    "length %u, byte 2 %x, byte 3 %x\n", len, ((uint8_t *)&peer)[1], ((uint8_t *)&peer)[3]);
	close(fd[0]);
	close(fd[1]);
}

static void
half_close(void)
{
	int fd[2];

	connected(fd);
	shutdown(fd[1], SHUT_WR);
	show_poll("peer half closed", fd[0], POLLRDHUP);
	show("read at end", read(fd[0], buf, 9));
	show("write the other way", write(fd[0], "abc", 3));
	(void)polled(fd[1], 5000, POLLIN);
	show("peer reads", read(fd[1], buf, 9));
	shutdown(fd[0], SHUT_WR);
	show_poll("both closed", fd[0], POLLHUP);
	show_poll("both closed, peer", fd[1], POLLHUP);
	show("write after shutdown", send(fd[0], "x", 1, MSG_NOSIGNAL));
	show("shutdown of what is over", shutdown(fd[1], SHUT_RDWR));
	show("there, too", shutdown(fd[0], SHUT_RDWR));
	close(fd[0]);
	close(fd[1]);

	connected(fd);
	show("write then close", write(fd[1], "last", 4));
	close(fd[1]);
	show_poll("peer closed", fd[0], POLLRDHUP);
	show("read", read(fd[0], buf, 9));
	show("read", read(fd[0], buf, 9));
	close(fd[0]);
}

static void
resets(void)
{
	int fd[2], ends = 0;
	ssize_t n;

	connected(fd);
	reset_close(fd[1]);
	show_poll("reset while idle", fd[0], POLLERR);
	show_error("reset while idle", fd[0]);
	close(fd[0]);

	connected(fd);
	(void)!write(fd[1], "data", 4);
	(void)polled(fd[0], 5000, POLLIN);
	reset_close(fd[1]);
	show_poll("reset after data", fd[0], POLLERR);
	close(fd[0]);

	connected(fd);
	(void)!write(fd[0], "unread", 6);
	(void)polled(fd[1], 5000, POLLIN);
	close(fd[1]);
	show_poll("peer closed with unread data", fd[0], POLLERR);
	show("read", read(fd[0], buf, 9));
	show("read again", read(fd[0], buf, 9));
	show("write", send(fd[0], "x", 1, MSG_NOSIGNAL));
	close(fd[0]);

	connected(fd);
	reset_close(fd[1]);
	(void)polled(fd[0], 5000, POLLERR);
	show("read after reset", read(fd[0], buf, 9));
	show_error("after read", fd[0]);
	close(fd[0]);

	/* The peer had closed, and we write to it: its end is still what is read. */
	connected(fd);
	close(fd[1]);
	show_poll("peer closed", fd[0], POLLIN);
	show("write", send(fd[0], "x", 1, MSG_NOSIGNAL));
	printf("and reset: %s\n", (polled(fd[0], 5000, 0) & POLLHUP) != 0 ? "HUP" : "?");
	show("write again", send(fd[0], "x", 1, MSG_NOSIGNAL));
	show("read", read(fd[0], buf, 9));
	show("read again", read(fd[0], buf, 9));
	close(fd[0]);

	/* Who waits in read() meanwhile is not told that it was all. */
	for (int i = 0; i < 20; i++) {
		connected(fd);
		(void)!write(fd[1], "data", 4);
		(void)polled(fd[0], 5000, POLLIN);
		reset_close(fd[1]);
		while ((n = read(fd[0], buf, 9)) > 0)
			;
		ends += n == 0;
		close(fd[0]);
	}
	show("ends of file in place of resets", ends);
}

/*
 * What nobody will read draws a reset, be it just written or read by nobody for long (RFC 1122 4.2.2.13).  Nearly always: who closes in the same moment may
 * be seen to do so first.
 */
static void
abandoned(const char *what, int how, int wait)
{
	int fd[2], resets = 0;

	for (int i = 0; i < 50; i++) {
		connected(fd);
		if (how >= 0)
			shutdown(fd[1], how);
		(void)!write(fd[0], "unread", 6);
		if (wait > 0)
			usleep((unsigned)wait);
		close(fd[1]);
		(void)polled(fd[0], 5000, POLLRDHUP);
		resets += read(fd[0], buf, 9) < 0 && errno == ECONNRESET;
		close(fd[0]);
	}
	printf("%s: %s\n", what, resets > 44 ? "resets" : resets > 0 ? "some resets" : "ends");
}

static void
connecting(void)
{
	struct sockaddr_in sin, none = nobody(SOCK_STREAM);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	int a, ep, l, s;

	l = listener(&sin);
	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	show("non-blocking connect", try_connect(s, &sin));
	show_poll("connected", s, POLLOUT);
	show_error("connected", s);
	show("connect", try_connect(s, &sin));
	show("connect", try_connect(s, &sin));
	a = accept(l, NULL, NULL);
	show("write", write(s, "hello", 5));
	show("peer reads", read(a, buf, 5));
	show("big write", write(s, buf, 60000));
	close(a);
	close(s);

	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	show("connect to nobody", try_connect(s, &none));
	(void)polled(s, 5000, POLLOUT);
	printf("refused: %s\n", (polled(s, 0, ALL) & (POLLOUT | POLLERR | POLLHUP)) ==
	    (POLLOUT | POLLERR | POLLHUP) ? "OUT ERR HUP" : "?");
	show_error("refused", s);
	show_error("refused, again", s);
	close(s);

	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	show("connect to nobody", try_connect(s, &none));
	(void)polled(s, 5000, POLLERR);
	show("connect asks", try_connect(s, &none));
	nonblock(s, false);
	show("connect elsewhere", try_connect(s, &sin));
	a = accept(l, NULL, NULL);
	show("write", write(s, "hello", 5));
	show("peer reads", read(a, buf, 5));
	close(a);
	close(s);

	s = socket(AF_INET, SOCK_STREAM, 0);
	show("blocking connect to nobody", try_connect(s, &none));
	show("blocking connect", try_connect(s, &sin));
	close(accept(l, NULL, NULL));
	close(s);

	ep = epoll_create1(0);
	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	(void)try_connect(s, &sin);
	epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev);
	show_edge("edge of the connection", ep, 5000);
	show_edge("no second edge", ep, 0);
	close(accept(l, NULL, NULL));
	show_edge("edge of the end", ep, 5000);
	close(s);
	close(l);
	s = socket(AF_INET, SOCK_STREAM, 0);
	sin.sin_family = AF_APPLETALK;
	show("connect of another family", try_connect(s, &sin));
	show("short address", connect(s, (struct sockaddr *)&sin, 4));
	close(s);
	close(ep);
}

/* Who closes before it is written to ends first, and the reset comes behind that. */
static void
left(void)
{
	int fd[2], ends = 0;

	for (int i = 0; i < 50; i++) {
		connected(fd);
		(void)polled(-1, 1, 0);		/* a moment after accept() */
		close(fd[1]);
		(void)!write(fd[0], "unread", 6);
		(void)polled(fd[0], 5000, 0);
		ends += read(fd[0], buf, 9) == 0;
		close(fd[0]);
	}
	printf("closed and written to: %s\n", ends > 44 ? "ends" : ends > 0 ? "some ends" : "resets");
}

struct giving { int g_fd, g_how, g_result; };

static void *
giver(void *arg)
{
	struct giving *g = arg;

	(void)polled(-1, 50, 0);
	g->g_result = shutdown(g->g_fd, g->g_how);
	return (NULL);
}

/* A connection that is being made, for the listener has enough, is given up by shutdown(2), and may be begun again. */
static void
given_up(void)
{
	struct sockaddr_in sin = loopback(0);
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s;
	struct giving g;
	pthread_t thread;

	(void)try_bind(l, &sin);
	(void)listen(l, 0);
	sin = name_of(l);
	show("connect", try_connect(c, &sin));
	for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
		s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		show("another", try_connect(s, &sin));
		show("shutdown", shutdown(s, how));
		printf("polled: %s\n", (polled(s, 0, 0) & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP) ? "ERR HUP" : "?");
		show_error("given up", s);
		show_error("given up", s);
		show("once more", shutdown(s, how));
		show("connect again", try_connect(s, &sin));
		close(s);
		g = (struct giving){ socket(AF_INET, SOCK_STREAM, 0), how, -1 };
		(void)pthread_create(&thread, NULL, giver, &g);
		show("waiting connect", try_connect(g.g_fd, &sin));
		(void)pthread_join(thread, NULL);
		printf("shutdown: %d\n", g.g_result);
		close(g.g_fd);
	}
	close(c);
	close(l);
}

/* Who waits to write goes on when there is a larger buffer. */
static void
larger(void)
{
	int before, fd[2], out = POLLOUT;

	connected(fd);
	nonblock(fd[0], true);
	(void)set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 262144);
	before = get_int(fd[0], SOL_SOCKET, SO_SNDBUF);
	do
		while (send(fd[0], buf, sizeof(buf), 0) > 0)
			;
	while ((polled(fd[0], 50, POLLOUT) & POLLOUT) != 0);
	(void)set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 2097152);
	if (get_int(fd[0], SOL_SOCKET, SO_SNDBUF) > 2 * before)	/* the host allows it */
		out = (int)polled(fd[0], 2000, POLLOUT);
	printf("with a larger buffer: %s\n", out == POLLOUT ? "OUT" : "?");
	close(fd[0]);
	close(fd[1]);
}

/* How much is taken from a writer whom a reader keeps waiting, who wants little to wait unsent; the sizes of buffers are each system's. */
static void
take_little(const char *what, int w, int r, int small)
{
	long taken = 0;
	ssize_t n;

	(void)set_int(w, SOL_SOCKET, SO_SNDBUF, 4194304);
	(void)set_int(r, SOL_SOCKET, SO_RCVBUF, 8192);
	nonblock(w, true);
	nonblock(r, true);
	do
		while ((n = send(w, buf, 1000, 0)) > 0)
			taken += n;
	while ((polled(w, 100, POLLOUT) & POLLOUT) != 0);
	printf("%s: %s\n", what, taken < small ? "little" : "much");
	for (n = 0; n < 100 && (polled(w, 0, POLLOUT) & POLLOUT) == 0; n += polled(r, 50, POLLIN) == 0)
		while (recv(r, buf, sizeof(buf), 0) > 0)
			;
	show_poll("room again", w, POLLOUT);
	close(w);
	close(r);
}

/* TCP_NOTSENT_LOWAT before and after the connection is made, and of a listener. */
static void
unsent(void)
{
	for (int how = 0; how < 3; how++) {
		struct sockaddr_in sin;
		int l = listener(&sin), c = socket(AF_INET, SOCK_STREAM, 0), a;

		if (how != 1)
			show("TCP_NOTSENT_LOWAT", set_int(how == 0 ? c : l, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384));
		nonblock(c, true);
		show("connect", try_connect(c, &sin));
		show_poll("connected", c, POLLOUT);
		a = accept(l, NULL, NULL);
		if (how == 1)
			show("TCP_NOTSENT_LOWAT", set_int(c, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384));
		show("it is", get_int(how == 2 ? a : c, IPPROTO_TCP, TCP_NOTSENT_LOWAT));
		if (how == 2)
			take_little("of a listener", a, c, 220000);
		else
			take_little(how == 0 ? "before" : "after", c, a, 220000);
		close(l);
	}
}

static void
listening(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct sockaddr_in sin, peer;
	socklen_t len = sizeof(peer);
	int a, c1, c2, ep, fl, l;

	l = listener(&sin);
	ep = epoll_create1(0);
	epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
	show_edge("nobody", ep, 0);
	c1 = socket(AF_INET, SOCK_STREAM, 0);
	show("connect", try_connect(c1, &sin));
	show_edge("one", ep, 5000);
	show_poll("one", l, POLLIN);
	c2 = socket(AF_INET, SOCK_STREAM, 0);
	show("connect", try_connect(c2, &sin));
	show_edge("two", ep, 5000);
	a = accept4(l, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	fl = fcntl(a, F_GETFL);
	printf("flags: nonblock %d cloexec %d\n", (fl & O_NONBLOCK) != 0,
	    fcntl(a, F_GETFD) == FD_CLOEXEC);
	printf("peer %s\n", peer.sin_port == name_of(c1).sin_port ? "first" : "?");
	show_poll("one left", l, 0);
	close(a);
	a = accept(l, NULL, NULL);
	fl = fcntl(a, F_GETFL);
	printf("flags: nonblock %d cloexec %d\n", (fl & O_NONBLOCK) != 0,
	    fcntl(a, F_GETFD) == FD_CLOEXEC);
	show_poll("none left", l, 0);
	show("bad flags", accept4(l, NULL, NULL, 0x4000000));
	close(a);
	close(c1);
	close(c2);

	timeout_of(l, SO_RCVTIMEO, 50);
	show("accept with a timeout", accept(l, NULL, NULL));
	timeout_of(l, SO_RCVTIMEO, -1000);
	show("accept with a negative one", accept(l, NULL, NULL));
	timeout_of(l, SO_RCVTIMEO, 0);
	alarm_in(50, 0);
	show("accept interrupted", accept(l, NULL, NULL));
	show("shutdown of a listener", shutdown(l, SHUT_RD));
	show("accept after it", accept(l, NULL, NULL));
	close(l);
	close(ep);
}

static void
show_timeout(const char *what, int fd, int opt)
{
	struct timeval tv = { -1, -1 };
	socklen_t len = sizeof(tv);

	show(what, getsockopt(fd, SOL_SOCKET, opt, &tv, &len));
	printf("%ld.%06ld\n", (long)tv.tv_sec, (long)tv.tv_usec);
}

/* How long, and for how much, connections wait is what their listener was told; and connect() need not wait. */
static void
inherited(void)
{
	struct sockaddr_in sin;
	int l = listener(&sin), c = socket(AF_INET, SOCK_STREAM, 0), s;
	char b[9];

	timeout_of(l, SO_RCVTIMEO, 1500);
	timeout_of(l, SO_SNDTIMEO, 2500);
	(void)set_int(l, SOL_SOCKET, SO_RCVLOWAT, 3);
	timeout_of(c, SO_SNDTIMEO, -1000);
	show("connect", try_connect(c, &sin));
	(void)polled(c, 5000, POLLOUT);
	s = accept(l, NULL, NULL);
	show("connected", try_connect(c, &sin));
	show_timeout("SO_RCVTIMEO", s, SO_RCVTIMEO);
	show_timeout("SO_SNDTIMEO", s, SO_SNDTIMEO);
	show("SO_RCVLOWAT", get_int(s, SOL_SOCKET, SO_RCVLOWAT));
	timeout_of(s, SO_RCVTIMEO, 300);
	show("send", send(c, "ab", 2, 0));
	show("less than that", recv(s, b, sizeof(b), 0));
	show("send", send(c, "abc", 3, 0));
	show("enough", recv(s, b, sizeof(b), 0));
	show("nothing", recv(s, b, sizeof(b), 0));
	(void)set_int(s, SOL_SOCKET, SO_RCVLOWAT, 0);
	show("SO_RCVLOWAT", get_int(s, SOL_SOCKET, SO_RCVLOWAT));
	close(s);
	timeout_of(l, SO_RCVTIMEO, -1000);
	close(c);
	c = socket(AF_INET, SOCK_STREAM, 0);
	show("connect", try_connect(c, &sin));
	(void)polled(l, 5000, POLLIN);
	s = accept(l, NULL, NULL);
	show_timeout("SO_RCVTIMEO", s, SO_RCVTIMEO);
	show("not at all", recv(s, b, sizeof(b), 0));
	close(s);
	close(c);
	close(l);
}

/* A connection that comes while accept is being restarted is not lost. */
static void
restarted(void)
{
	struct sockaddr_in sin;
	int l = listener(&sin), status, s;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(l);
		(void)polled(-1, 150, 0);
		s = socket(AF_INET, SOCK_STREAM, 0);
		_exit(try_connect(s, &sin) != 0 || write(s, "k", 1) != 1);
	}
	alarms = 0;
	alarm_in(50, SA_RESTART);
	s = accept(l, NULL, NULL);
	printf("alarms %d\n", (int)alarms);
	ok("accept restarted", s);
	show("read", read(s, buf, 9));
	waitpid(pid, &status, 0);
	printf("child %d\n", status);
	close(s);
	close(l);
}

static void
data(void)
{
	int fd[2], n, total = 0;

	connected(fd);
	(void)!write(fd[1], "0123456789", 10);
	(void)polled(fd[0], 5000, POLLIN);
	show("peek", recv(fd[0], buf, 4, MSG_PEEK));
	ioctl(fd[0], FIONREAD, &n);
	printf("FIONREAD %d\n", n);
	show("recv", recv(fd[0], buf, 100, 0));
	show("recv of none", recv(fd[0], buf, 9, MSG_DONTWAIT));
	timeout_of(fd[0], SO_RCVTIMEO, 50);
	show("recv with a timeout", recv(fd[0], buf, 9, 0));
	alarm_in(30, 0);
	timeout_of(fd[0], SO_RCVTIMEO, 0);
	show("recv interrupted", recv(fd[0], buf, 9, 0));
	nonblock(fd[0], true);
	do
		n = (int)write(fd[0], buf, sizeof(buf));
	while (n > 0);
	show("writes until", n);
	show_poll("full", fd[0], 0);
	nonblock(fd[1], true);
	do {
		(void)polled(fd[1], 200, POLLIN);
		n = (int)read(fd[1], buf, sizeof(buf));
		total += n > 0 ? n : 0;
	} while (n > 0);
	printf("took it all: %d\n", total > 400000);
	show_poll("empty again", fd[0], POLLOUT);
	(void)signal(SIGPIPE, SIG_IGN);
	shutdown(fd[1], SHUT_RD);
	show_poll("own reading ended", fd[1], POLLRDHUP);
	show("read", read(fd[1], buf, 9));
	close(fd[0]);
	close(fd[1]);
}

static void
addressed(void)
{
	struct sockaddr_in sin, from;
	struct iovec iov = { buf, 100 };
	struct msghdr mh = {
	    .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	socklen_t len = sizeof(from);
	int fd[2];

	connected(fd);
	sin = name_of(fd[1]);
	show("sendto on a connection",
	    sendto(fd[0], "abc", 3, 0, (struct sockaddr *)&sin, sizeof(sin)));
	(void)polled(fd[1], 5000, POLLIN);
	show("recvfrom", recvfrom(fd[1], buf, 9, 0, (struct sockaddr *)&from, &len));
	printf("address length %u\n", len);
	show("send", send(fd[0], "abcd", 4, 0));
	(void)polled(fd[1], 5000, POLLIN);
	show("recvmsg", recvmsg(fd[1], &mh, 0));
	printf("name length %u flags %x\n", mh.msg_namelen, mh.msg_flags);
	mh.msg_namelen = 0;
	mh.msg_name = NULL;
	iov.iov_len = 5;
	show("sendmsg", sendmsg(fd[1], &mh, 0));
	show("error queue", recvmsg(fd[1], &mh, MSG_ERRQUEUE));
	close(fd[0]);
	close(fd[1]);
}

static void
again(void)
{
	struct sockaddr_in sin;
	int i, l, s, bad = 0;

	l = listener(&sin);
	for (i = 0; i < 50; i++) {
		close(l);
		l = socket(AF_INET, SOCK_STREAM, 0);
		(void)setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &(int){ i % 2 }, sizeof(int));
		if (try_bind(l, &sin) != 0 || listen(l, 1) != 0)
			bad++;
	}
	printf("close, bind and listen again: %d failures\n", bad);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("bind of a port in use", try_bind(s, &sin));
	sin.sin_addr.s_addr = htonl(0xc6336401);
	show("bind of a foreign address", try_bind(s, &sin));
	close(s);
	close(l);
}

static unsigned
segments_sent(int fd)
{
	uint32_t ti[40];		/* the last is tcpi_data_segs_out */
	socklen_t len = sizeof(ti);

	return (getsockopt(fd, IPPROTO_TCP, TCP_INFO, ti, &len) != 0 || len < sizeof(ti) ? 0 : ti[39]);
}

/* MSG_MORE waits for what comes next; nothing goes with what MSG_EOR ended. */
struct later { int l_fd; char l_what; };

/* Something happens to a connection. */
static void *
later(void *arg)
{
	const struct later *l = arg;
	struct linger none = { 1, 0 };

	(void)polled(-1, 50, 0);
	if (l->l_what == 'w')
		(void)!write(l->l_fd, "some bytes", 10);
	else if (l->l_what == 's')
		(void)shutdown(l->l_fd, SHUT_RD);
	else {
		if (l->l_what == 'r')
			(void)setsockopt(l->l_fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		close(l->l_fd);
	}
	return (NULL);
}

static void
show_untouched(const char *what, long result)
{
	show(what, result);
	printf("buffer: %s\n", buf[0] == 'u' && buf[1] == 'u' ? "as it was" : "written to");
	memset(buf, 'u', sizeof(buf));
}

/* MSG_TRUNC, tcp(7): nobody reads it. */
static void
thrown_away(void)
{
	static const char what[] = "wsrc";
	struct iovec iov[2] = { { buf, 2 }, { buf + 10, 30 } };
	struct sockaddr_in from;
	struct msghdr mh = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = iov, .msg_iovlen = 2 };
	socklen_t len = sizeof(from);
	pthread_t thread;
	struct later l;
	long sum = 0;
	int fd[2];
	ssize_t n;

	memset(buf, 'u', sizeof(buf));
	connected(fd);
	show("send", send(fd[0], "0123456789abcdefghij0123456789abcdefghij", 40, 0));
	(void)polled(fd[1], 5000, POLLIN);
	show_untouched("peek", recv(fd[1], buf, 4, MSG_TRUNC | MSG_PEEK));
	show_untouched("recv", recv(fd[1], buf, 4, MSG_TRUNC));
	show_untouched("recv into nothing", recv(fd[1], NULL, 6, MSG_TRUNC));
	show_untouched("recv of nothing", recv(fd[1], buf, 0, MSG_TRUNC));
	show("recv", recv(fd[1], buf, 2, 0));
	printf("  %.2s\n", buf);
	memset(buf, 'u', sizeof(buf));
	show_untouched("recvfrom", recvfrom(fd[1], buf, 2, MSG_TRUNC, (struct sockaddr *)&from, &len));
	printf("address length %u\n", len);
	show_untouched("recvmsg", recvmsg(fd[1], &mh, MSG_TRUNC));
	printf("name length %u flags %x\n", mh.msg_namelen, (unsigned)mh.msg_flags);
	show_untouched("recv of none", recv(fd[1], buf, 9, MSG_TRUNC | MSG_DONTWAIT));
	timeout_of(fd[1], SO_RCVTIMEO, 50);
	show_untouched("recv with a timeout", recv(fd[1], buf, 9, MSG_TRUNC));
	timeout_of(fd[1], SO_RCVTIMEO, 0);
	alarm_in(50, 0);
	show_untouched("recv interrupted", recv(fd[1], buf, 9, MSG_TRUNC));
	for (int i = 0; i < 20; i++)
		(void)!write(fd[0], buf, 10000);
	shutdown(fd[0], SHUT_WR);
	while ((n = recv(fd[1], NULL, 70000, MSG_TRUNC)) > 0)
		sum += n;
	printf("and much: %ld\n", sum);
	close(fd[0]);
	close(fd[1]);
	for (const char *w = what; *w != '\0'; w++) {
		connected(fd);
		l = (struct later){ fd[*w == 's'], *w };
		(void)pthread_create(&thread, NULL, later, &l);
		printf("%c: ", *w);
		show_untouched("recv that waits", recv(fd[1], buf, 100, MSG_TRUNC));
		(void)pthread_join(thread, NULL);
		if (*w == 'w' || *w == 's')
			close(fd[0]);
		close(fd[1]);
	}
	alarms = 0;
	connected(fd);
	l = (struct later){ fd[0], 'w' };
	alarm_in(20, SA_RESTART);
	(void)pthread_create(&thread, NULL, later, &l);
	show_untouched("recv restarted", recv(fd[1], buf, 4, MSG_TRUNC));
	show("the rest", recv(fd[1], buf, 9, 0));
	(void)pthread_join(thread, NULL);
	close(fd[0]);
	close(fd[1]);
}

static void
flagged(void)
{
	struct iovec iov[2] = { { buf, 3 }, { buf, 4 } };
	const struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };
	unsigned before;
	int fd[2];

	connected(fd);
	show("send MSG_MORE", send(fd[0], "abc", 3, MSG_MORE));
	printf("held: %d\n", polled(fd[1], 20, POLLIN) == 0);
	show("sendmsg MSG_MORE", sendmsg(fd[0], &mh, MSG_MORE));
	printf("held: %d\n", polled(fd[1], 20, POLLIN) == 0);
	show("send", send(fd[0], "de", 2, 0));
	(void)polled(fd[1], 5000, POLLIN);
	show("all of it", recv(fd[1], buf, sizeof(buf), 0));

	before = segments_sent(fd[0]);
	(void)set_int(fd[0], IPPROTO_TCP, TCP_CORK, 1);
	show("send MSG_EOR", send(fd[0], "abc", 3, MSG_EOR));
	show("sendmsg MSG_EOR", sendmsg(fd[0], &mh, MSG_EOR));
	show("send", send(fd[0], "de", 2, 0));
	(void)set_int(fd[0], IPPROTO_TCP, TCP_CORK, 0);
	show("all of it", recv(fd[1], buf, 12, MSG_WAITALL));
	printf("packets: %u\n", segments_sent(fd[0]) - before);
	close(fd[0]);
	close(fd[1]);
}

/* MSG_FASTOPEN where nobody knows of it: it connects, waits and sends all; once. */
static void
fast_open(void)
{
	struct iovec iov[2] = { { buf, 3 }, { buf, 4 } };
	struct sockaddr_in sin;
	const struct msghdr mh = { .msg_name = &sin, .msg_namelen = sizeof(sin), .msg_iov = iov, .msg_iovlen = 2 };
	int l = listener(&sin), s = socket(AF_INET, SOCK_STREAM, 0), a;

	show("sendto MSG_FASTOPEN", sendto(s, buf, 2000, MSG_FASTOPEN, (struct sockaddr *)&sin, sizeof(sin)));
	a = ok("accept", accept(l, NULL, NULL));
	show("sendto MSG_FASTOPEN again", sendto(s, buf, 10, MSG_FASTOPEN, (struct sockaddr *)&sin, sizeof(sin)));
	show("connect", try_connect(s, &sin));
	show("sendmsg with an address", sendmsg(s, &mh, 0));
	show("sendmsg MSG_MORE with an address", sendmsg(s, &mh, MSG_MORE));
	show("sendmsg MSG_FASTOPEN with an address", sendmsg(s, &mh, MSG_FASTOPEN));
	show("all of it", recv(a, buf, 2014, MSG_WAITALL));
	close(s);
	close(a);
	close(l);
}

/* Reads stop before the urgent byte, wherever it is to be found; who listens hands the wish on. */
static void
urgent(void)
{
	struct sockaddr_in sin;
	int how, i, c, s, l;
	char b[16];

	for (how = 0; how < 3; how++) {
		l = listener(&sin);
		if (how == 2)
			show("SO_OOBINLINE of a listener", set_int(l, SOL_SOCKET, SO_OOBINLINE, 1));
		c = socket(AF_INET, SOCK_STREAM, 0);
		show("connect", try_connect(c, &sin));
		s = accept(l, NULL, NULL);
		if (how == 1)
			show("SO_OOBINLINE", set_int(s, SOL_SOCKET, SO_OOBINLINE, 1));
		show("get", get_int(s, SOL_SOCKET, SO_OOBINLINE));
		show("send", send(c, "ab", 2, 0));
		show("send urgent", send(c, "X", 1, MSG_OOB));
		show("send", send(c, "cd", 2, 0));
		show_poll("poll", s, POLLPRI);
		usleep(50000);
		for (i = 0; i < 3; i++) {
			ssize_t n = recv(s, b, sizeof(b), MSG_DONTWAIT);

			show("recv", n);
			if (n > 0)
				printf("  %.*s\n", (int)n, b);
		}
		show("recv urgent", recv(s, b, 1, MSG_OOB | MSG_DONTWAIT));
		close(c);
		close(s);
		close(l);
	}
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	states();
	half_close();
	resets();
	abandoned("written and closed", -1, 0);
	abandoned("not read and closed", -1, 1000);
	abandoned("shut and closed", SHUT_RD, 1000);
	left();
	connecting();
	given_up();
	larger();
	unsent();
	listening();
	inherited();
	restarted();
	data();
	addressed();
	thrown_away();
	flagged();
	fast_open();
	again();
	urgent();
	return (0);
}
