/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams in pieces: UDP_CORK and MSG_MORE.  SO_MAX_PACING_RATE of datagrams is kept. */
#include "show.h"

#include <netinet/udp.h>

static char data[66000];
static struct sockaddr_in to, other;
static int r, o;

static ssize_t
send_to(int s, const char *what, size_t len, int flags, const struct sockaddr_in *sin)
{
	return (sendto(s, what, len, flags, (const struct sockaddr *)sin, sin == NULL ? 0 : sizeof(*sin)));
}

static void
arrives(const char *what, int fd)
{
	char buf[66000];
	ssize_t n;

	if (!(polled(fd, 100, POLLIN) & POLLIN)) {
		printf("%s: nothing\n", what);
		return;
	}
	n = recv(fd, buf, sizeof(buf), 0);
	printf("%s: %zd %.*s\n", what, n, n > 40 ? 4 : (int)n, buf);
}

static void
cork(int s, int on)
{
	int v = -1;
	socklen_t len = sizeof(v);

	show("cork", setsockopt(s, IPPROTO_UDP, UDP_CORK, &on, sizeof(on)));
	show("is", getsockopt(s, IPPROTO_UDP, UDP_CORK, &v, &len));
	printf("%d\n", v);
}

static void
unconnected(void)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	show("more", send_to(s, "one", 3, MSG_MORE, &to));
	arrives("not yet", r);
	show("elsewhere", send_to(s, "two", 3, 0, &other));
	arrives("both, to the first", r);
	arrives("none", o);
	cork(s, 1);
	show("corked", send_to(s, "a", 1, 0, &to));
	show("corked", send_to(s, "b", 1, 0, &to));
	show("and more", send_to(s, "c", 1, MSG_MORE, &to));
	show("nothing", send_to(s, "", 0, 0, &to));
	arrives("not yet", r);
	cork(s, 0);
	arrives("all", r);
	show("again", send_to(s, "alone", 5, 0, &to));
	arrives("alone", r);
	/* One too long is lost, and the next is itself again. */
	show("long", send_to(s, data, 60000, MSG_MORE, &to));
	show("too long", send_to(s, data, 6000, 0, &to));
	show("next", send_to(s, "next", 4, 0, &to));
	arrives("next", r);
	arrives("none", r);
	/* What lies behind a cork goes with the socket. */
	show("more", send_to(s, "lost", 4, MSG_MORE, &to));
	close(s);
	arrives("none", r);
}

static void
to_peer(void)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct iovec iov[2] = { { "x", 1 }, { "yz", 2 } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

	show("connect", try_connect(s, &to));
	cork(s, 1);
	show("write", write(s, "one", 3));
	show("send", send(s, "two", 3, 0));
	show("message", sendmsg(s, &mh, 0));
	arrives("not yet", r);
	cork(s, 0);
	arrives("all", r);
	show("message", sendmsg(s, &mh, MSG_MORE));
	show("write", write(s, "end", 3));
	arrives("all", r);
	close(s);
}

static void
pacing(void)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned rate = 1000000;
	unsigned long long r64 = 0;
	socklen_t len = sizeof(r64);

	show("pacing", getsockopt(s, SOL_SOCKET, SO_MAX_PACING_RATE, &r64, &len));
	printf("%llx\n", r64);
	show("pacing", setsockopt(s, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)));
	rate = 0;
	len = sizeof(rate);
	show("pacing", getsockopt(s, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len));
	printf("%u\n", rate);
	close(s);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = socket(AF_INET, SOCK_DGRAM, 0);
	o = socket(AF_INET, SOCK_DGRAM, 0);
	to = loopback(0);
	(void)try_bind(r, &to);
	(void)try_bind(o, &to);
	to = name_of(r);
	other = name_of(o);
	unconnected();
	to_peer();
	pacing();
	return (0);
}
