/* SPDX-License-Identifier: BSD-2-Clause */
/* SO_RXQ_OVFL: how many datagrams found no room in the socket's buffer. */
#include "show.h"

#define SENT	6000
#define SIZE	1000

static unsigned told;
static bool seen;

static ssize_t
take(int fd, int flags)
{
	char buf[2 * SIZE], control[256];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &mh, flags);

	seen = false;
	for (struct cmsghdr *cm = n < 0 ? NULL : CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
		if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&told, CMSG_DATA(cm), sizeof(told));
			seen = true;
		}
	return (n);
}

static void
one_more(int to, int fd)
{
	char c = 'x';

	(void)send(to, &c, 1, 0);
	(void)polled(fd, 5000, POLLIN);
	show("one more", take(fd, 0));
}

/* A buffer that is empty takes what it has not room for. */
static void
larger(void)
{
	int to = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = loopback(0);
	char buf[5000] = "";

	(void)try_bind(fd, &sin);
	sin = name_of(fd);
	show("smallest", set_int(fd, SOL_SOCKET, SO_RCVBUF, 0));
	show("is", get_int(fd, SOL_SOCKET, SO_RCVBUF));
	timeout_of(fd, SO_RCVTIMEO, 300);
	for (int i = 0; i < 2; i++) {
		show("sent", sendto(to, buf, sizeof(buf), 0, (struct sockaddr *)&sin, sizeof(sin)));
		show("received", recvfrom(fd, buf, sizeof(buf), 0, NULL, NULL));
	}
	if (getuid() == 0) {		/* beyond what others may have */
		show("forced", set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, 30000000));
		show("is", get_int(fd, SOL_SOCKET, SO_RCVBUF));
		show("forced", set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 30000000));
		show("is", get_int(fd, SOL_SOCKET, SO_SNDBUF));
	}
	close(to);
	close(fd);
}

int
main(void)
{
	int to = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0), s;
	struct sockaddr_in sin = loopback(0);
	char buf[SIZE] = "";
	unsigned taken = 0;

	(void)try_bind(fd, &sin);
	sin = name_of(fd);
	(void)try_connect(to, &sin);
	show("on", set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1));
	show("is", get_int(fd, SOL_SOCKET, SO_RXQ_OVFL));
	show("buffer", set_int(fd, SOL_SOCKET, SO_RCVBUF, 20000));
	one_more(to, fd);
	printf("none lost, told: %d\n", seen);
	for (unsigned i = 0; i < SENT; i++)
		(void)sendto(to, buf, sizeof(buf), 0, (struct sockaddr *)&sin, sizeof(sin));
	for (; polled(fd, 300, POLLIN) != 0 && take(fd, MSG_DONTWAIT) > 0;)
		taken++;
	one_more(to, fd);
	printf("some lost: %d, told: %d, all counted: %d\n", taken < SENT, seen, taken + told == SENT);
	show("off", set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 0));
	one_more(to, fd);
	printf("told: %d\n", seen);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("stream", set_int(s, SOL_SOCKET, SO_RXQ_OVFL, 1));
	show("short", setsockopt(s, SOL_SOCKET, SO_RXQ_OVFL, buf, 1));
	larger();
	return (0);
}
