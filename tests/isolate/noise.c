/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests/isolate/programs runs in jails, and beside them.
 *
 *	noise echo PORT				answers one connection after the other
 *	noise trips ADDR PORT N			N 1-byte round trips over TCP; prints p50 and p99, us
 *	noise flood KIND MAC IFNAME		frames through a packet socket, until killed
 *	noise flood KIND MAC PORT:PORT		... as UDP of the host, from one port to the other
 *
 * A flood leaves the processors to the others: what it takes of the processors themselves is not what is measured.
 */
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/isolate/frames.h"

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3);
}

static int
stream(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (s < 0)
		die("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return (s);
}

static _Noreturn void
echo(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int s = stream(), on = 1, t;
	char b;

	if (bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(s, 1) != 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	while ((t = accept(s, NULL, NULL)) >= 0) {
		setsockopt(t, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		while (read(t, &b, 1) == 1 && write(t, &b, 1) == 1)
			;
		close(t);
	}
	die("accept");
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

static int
trips(const char *addr, uint16_t port, size_t n)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	double *us = calloc(n, sizeof(*us)), began;
	int s = stream();
	char b = 0;

	if (us == NULL || inet_pton(AF_INET, addr, &a.sin_addr) != 1 || connect(s, (struct sockaddr *)&a, sizeof(a)) != 0)
		die(addr);
	for (size_t i = 0; i < n; i++) {
		began = now_us();
		if (write(s, &b, 1) != 1 || read(s, &b, 1) != 1)
			die("round trip");
		us[i] = now_us() - began;
	}
	qsort(us, n, sizeof(*us), compare);
	printf("%.1f %.1f\n", us[n / 2], us[n * 99 / 100]);
	free(us);
	return (0);
}

static int
packet_socket(const char *ifname)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(ifname) };
	int s = socket(AF_PACKET, SOCK_RAW, 0);

	if (s < 0 || ll.sll_ifindex == 0 || bind(s, (struct sockaddr *)&ll, sizeof(ll)) != 0)
		die(ifname);
	return (s);
}

/* One of the two ports of a wire; vimaged has the other. */
static int
wire_socket(const char *ports)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	unsigned from, to;

	if (s < 0 || sscanf(ports, "%u:%u", &from, &to) != 2)
		die(ports);
	(void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one));	/* nobody reads the answers */
	a.sin_port = htons((uint16_t)from);
	if (bind(s, (struct sockaddr *)&a, sizeof(a)) != 0)
		die(ports);
	a.sin_port = htons((uint16_t)to);
	if (connect(s, (struct sockaddr *)&a, sizeof(a)) != 0)
		die(ports);
	return (s);
}

static void
step_back(void)
{
	const struct sched_param least = { .sched_priority = 1 };

	if (sched_getscheduler(0) == SCHED_OTHER || sched_setscheduler(0, SCHED_FIFO, &least) != 0)
		(void)setpriority(PRIO_PROCESS, 0, 19);
}

static int
flood(const char *kind, const char *mac, const char *where)
{
	struct frames fr = { .fr_rng = 88172645463325252u, .fr_from = { 2, 0, 0, 0, 0x66, 2 } };
	const struct flood *f = floods;
	uint8_t frame[FRAMES_MAX];
	int s;

	while (f < floods + NFLOODS && strcmp(f->f_word, kind) != 0)
		f++;
	if (f == floods + NFLOODS || ether_aton_r(mac, (struct ether_addr *)fr.fr_to) == NULL ||
	    inet_pton(AF_INET6, "fd66::1", fr.fr_to6) != 1 || inet_pton(AF_INET6, "fd66::2", fr.fr_from6) != 1)
		return (64);
	s = strchr(where, ':') != NULL ? wire_socket(where) : packet_socket(where);
	step_back();
	for (;;)
		if (send(s, frame, frames_make(&fr, f, frame), 0) < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			die("send");
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "echo") == 0)
		echo((uint16_t)atoi(argv[2]));
	if (argc == 5 && strcmp(argv[1], "trips") == 0 && atoi(argv[4]) > 0)
		return (trips(argv[2], (uint16_t)atoi(argv[3]), (size_t)atoi(argv[4])));
	if (argc == 5 && strcmp(argv[1], "flood") == 0)
		return (flood(argv[2], argv[3], argv[4]));
	fprintf(stderr, "usage: noise echo PORT | trips ADDR PORT N | flood KIND MAC {IFNAME | PORT:PORT}\n");
	return (64);
}
