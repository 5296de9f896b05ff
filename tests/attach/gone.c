/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gone: what programs see when their vnet is destroyed under them.  Not for the host's own
 * stack.
 */
#include "show.h"

#include <pthread.h>

static int fd[2], lst, udp;

static void *
in_accept(void *arg)
{
	*(int *)arg = accept(lst, NULL, NULL) < 0 ? errno : 0;
	return (NULL);
}

static void *
in_recvfrom(void *arg)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[9];

	*(int *)arg = recvfrom(udp, buf, 9, 0, (struct sockaddr *)&from, &len) < 0 ? errno : 0;
	return (NULL);
}

static void *
in_read(void *arg)
{
	char buf[9];
	ssize_t n = read(fd[0], buf, 9);

	*(int *)arg = n < 0 ? errno : (int)n;
	return (NULL);
}

int
main(void)
{
	static void *(*const fn[3])(void *) = { in_accept, in_recvfrom, in_read };
	static const char *const name[3] = { "accept", "recvfrom", "read" };
	struct sockaddr_in sin;
	pthread_t t[3];
	int error[3], i, s;

	setvbuf(stdout, NULL, _IOLBF, 0);
	connected(fd);
	lst = listener(&sin);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	sin = loopback(0);
	(void)try_bind(udp, &sin);
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, fn[i], &error[i]);
	for (i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		printf("%s: %s\n", name[i], strerrorname_np(error[i]));
	}
	show_poll("connection", fd[1], POLLHUP);
	show_error("connection", fd[1]);
	show("write", send(fd[1], "x", 1, MSG_NOSIGNAL));
	show("getpeername", getpeername(fd[1], (struct sockaddr *)&sin, &(socklen_t){sizeof(sin)}));
	show("accept", accept(lst, NULL, NULL));
	show("bind", try_bind(udp, &sin));
	show("sendto", sendto(udp, "x", 1, 0, (struct sockaddr *)&sin, sizeof(sin)));
	s = 1;
	show("setsockopt", setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &s, sizeof(s)));
	show("socket", socket(AF_INET, SOCK_STREAM, 0));
	show("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	return (0);
}
