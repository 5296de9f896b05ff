/* SPDX-License-Identifier: BSD-2-Clause */
/* The error queue of datagram sockets: what poll() and epoll say of it, before and after it is read, and that nothing else is lost by it. */
#include "show.h"

#include <linux/errqueue.h>

static int
asking(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	show("IP_RECVERR", set_int(s, IPPROTO_IP, IP_RECVERR, 1));
	return (s);
}

/* After a while in which more could have come. */
static void
now(const char *what, int s)
{
	usleep(50000);
	show_poll(what, s, 0);
}

static void
queued(const char *what, int s)
{
	char data[64];
	struct iovec iov = { data, sizeof(data) };
	union { struct cmsghdr h; char b[256]; } c;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	struct sock_extended_err ee;

	show(what, recvmsg(s, &mh, MSG_ERRQUEUE));
	if (mh.msg_controllen < CMSG_LEN(sizeof(ee)) || (c.h.cmsg_type != IP_RECVERR && c.h.cmsg_type != IPV6_RECVERR))
		return;
	memcpy(&ee, CMSG_DATA(&c.h), sizeof(ee));
	printf("  %s, type %d code %d\n", strerrorname_np((int)ee.ee_errno), ee.ee_type, ee.ee_code);
}

static void
of_connected(void)
{
	struct sockaddr_in sin = nobody(SOCK_DGRAM);
	char buf[16];
	int s = asking();

	show("connect", try_connect(s, &sin));
	now("poll before", s);
	show("send", send(s, "hello", 5, 0));
	show_poll("poll", s, POLLERR);
	queued("error queue", s);
	now("poll after", s);
	queued("error queue, empty", s);
	show("recv", recv(s, buf, sizeof(buf), 0));
	close(s);
}

/* What the socket was told before it asked for errors stays; with SO_SELECT_ERR_QUEUE they are urgent. */
static void
told_before(void)
{
	struct sockaddr_in sin = nobody(SOCK_DGRAM);
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	fd_set set;
	char buf[16];

	timeout_of(s, SO_RCVTIMEO, 100);
	show("SO_SELECT_ERR_QUEUE", get_int(s, SOL_SOCKET, SO_SELECT_ERR_QUEUE));
	show("SO_SELECT_ERR_QUEUE", set_int(s, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1));
	show("F_SETOWN", fcntl(s, F_SETOWN, getpid()));
	show("IP_RECVERR", set_int(s, IPPROTO_IP, IP_RECVERR, 1));
	show("SO_SELECT_ERR_QUEUE", get_int(s, SOL_SOCKET, SO_SELECT_ERR_QUEUE));
	show("F_GETOWN", fcntl(s, F_GETOWN) == getpid());
	show("recv, until the time is over", recv(s, buf, sizeof(buf), 0));
	show("connect", try_connect(s, &sin));
	show("send", send(s, "hello", 5, 0));
	show_poll("poll", s, POLLPRI);
	FD_ZERO(&set);
	FD_SET(s, &set);
	show("select", select(s + 1, NULL, NULL, &set, &(struct timeval){ 5, 0 }));
	queued("error queue", s);
	now("poll after", s);
	close(s);
}

static void
twice(void)
{
	struct sockaddr_in sin = nobody(SOCK_DGRAM);
	int i, s = asking();

	for (i = 0; i < 2; i++) {
		show("sendto", sendto(s, "hello", 5, 0, (struct sockaddr *)&sin, sizeof(sin)));
		show_poll("poll", s, POLLERR);
		show_error("socket", s);
	}
	show_poll("poll, two in the queue", s, POLLERR);
	queued("first", s);
	show_poll("poll, one in the queue", s, POLLERR);
	queued("second", s);
	show_error("socket", s);
	now("poll, none", s);
	close(s);
}

/* Datagrams and errors at once: each is there, with its address. */
static void
mixed(void)
{
	struct sockaddr_in to = nobody(SOCK_DGRAM), sin = loopback(0), from;
	socklen_t len = sizeof(sin);
	int i, b[3], s = asking();
	char buf[16];

	(void)try_bind(s, &sin);
	sin = name_of(s);
	for (i = 0; i < 3; i++) {
		b[i] = socket(AF_INET, SOCK_DGRAM, 0);
		(void)sendto(b[i], "hello", 5, 0, (struct sockaddr *)&sin, len);
	}
	show_poll("poll, datagrams", s, POLLIN);
	(void)sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
	show_poll("poll, and an error", s, POLLERR);
	show_error("socket", s);
	show("recv, first", recv(s, buf, sizeof(buf), 0));
	for (i = 1; i < 3; i++) {
		len = sizeof(from);
		show("recvfrom", recvfrom(s, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len));
		printf("  from %s\n", from.sin_port == name_of(b[i]).sin_port ? "the one that sent it" : "another");
	}
	show_poll("poll, the error", s, POLLERR);
	queued("error queue", s);
	now("poll, nothing", s);
	for (i = 0; i < 3; i++)
		close(b[i]);
	close(s);
}

static void
epolled(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct sockaddr_in sin = nobody(SOCK_DGRAM);
	int s = asking(), ep = epoll_create1(0);

	show("epoll_ctl", epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev));
	show_edge("epoll_wait", ep, 0);
	(void)sendto(s, "x", 1, 0, (struct sockaddr *)&sin, sizeof(sin));
	show_edge("epoll_wait", ep, 5000);
	queued("error queue", s);
	show_edge("epoll_wait", ep, 20);
	close(s);
	close(ep);
}

/* What is closed is gone at once; what a child closes is not. */
static void
closed(void)
{
	struct sockaddr_in sin = nobody(SOCK_DGRAM), to = nobody(SOCK_DGRAM);
	int i, s, good = 0;

	for (i = 0; i < 20; i++) {
		s = socket(AF_INET, SOCK_DGRAM, 0);
		(void)set_int(s, IPPROTO_IP, IP_RECVERR, 1);
		good += try_bind(s, &sin) == 0;
		close(s);
	}
	show("ports bound again", good);
	s = asking();
	if (fork() == 0)
		_exit(0);
	(void)wait(NULL);
	usleep(50000);
	show("sendto", sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	show_poll("poll", s, POLLERR);
	close(s);
}

/* What no packet holds is refused like what does not fit into one: tracepath(8) begins with 128000 bytes. */
static void
longer(void)
{
	static char data[128000];
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const size_t size[] = { 65535, 65536, 65600, 65601, sizeof(data) };
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	size_t i;

	show("IPV6_RECVERR", set_int(s, IPPROTO_IPV6, IPV6_RECVERR, 1));
	for (i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		show("sendto", sendto(s, data, size[i], 0, (struct sockaddr *)&sin6, sizeof(sin6)));
		queued("error queue", s);
	}
	close(s);
}

int
main(void)
{
	longer();
	of_connected();
	told_before();
	twice();
	mixed();
	epolled();
	closed();
	return (0);
}
