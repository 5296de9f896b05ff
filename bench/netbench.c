/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plain sockets program for the benchmarks: it knows nothing of vimage and runs the same in a network namespace and in a jail.
 *
 *	netbench serve PORT			TCP echo and UDP echo/sink, until killed
 *	netbench rr ADDR PORT SECONDS		1-byte TCP round trips
 *	netbench crr ADDR PORT SECONDS		connect, 1 byte each way, close
 *	netbench udprr ADDR PORT SECONDS	1-byte UDP round trips
 *	netbench udp ADDR PORT SECONDS		64-byte datagrams one way; prints what arrived
 *
 * Prints one line: a number, per second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define UDP_SIZE 64

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int
newsocket(int type)
{
	int one = 1, s = socket(AF_INET, type, 0);

	if (s < 0)
		die("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return (s);
}

static void
nodelay(int s)
{
	int one = 1;

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void *
serve_tcp(void *arg)
{
	int s = (int)(intptr_t)arg;
	char b[16];
	ssize_t n;

	while ((n = read(s, b, sizeof(b))) > 0)
		if (write(s, b, (size_t)n) != n)
			break;
	close(s);
	return (NULL);
}

/* Datagrams of one byte are echoed; 64-byte ones are counted, and a 2-byte one asks for the count. */
static void *
serve_udp(void *arg)
{
	int s = (int)(intptr_t)arg;
	struct sockaddr_in from;
	uint64_t count = 0;
	socklen_t len;
	char b[2048];
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		if ((n = recvfrom(s, b, sizeof(b), 0, (struct sockaddr *)&from, &len)) < 0)
			continue;
		if (n == UDP_SIZE)
			count++;
		else if (n == 2)
			sendto(s, &count, sizeof(count), 0, (struct sockaddr *)&from, len);
		else
			sendto(s, b, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
	return (NULL);
}

static _Noreturn void
serve(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int l = newsocket(SOCK_STREAM), u = newsocket(SOCK_DGRAM), s;
	pthread_t t;

	if (bind(l, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(l, 1024) != 0 || bind(u, (struct sockaddr *)&a, sizeof(a)) != 0)
		die("bind");
	pthread_create(&t, NULL, serve_udp, (void *)(intptr_t)u);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if ((s = accept(l, NULL, NULL)) < 0)
			die("accept");
		nodelay(s);
		/* crr: most connections carry one byte; serve the first inline, so that no thread is made for it. */
		struct pollfd p = { .fd = s, .events = POLLIN };
		char b;
		if (poll(&p, 1, 100) == 1 && read(s, &b, 1) == 1 && write(s, &b, 1) == 1) {
			p.revents = 0;
			if (poll(&p, 1, 2) == 1 && recv(s, &b, 1, MSG_PEEK) == 0) {
				close(s);
				continue;
			}
			pthread_create(&t, NULL, serve_tcp, (void *)(intptr_t)s);
			pthread_detach(t);
		} else {
			close(s);
		}
	}
}

static int
connected(int type, const struct sockaddr_in *a)
{
	int s = newsocket(type);

	if (connect(s, (const struct sockaddr *)a, sizeof(*a)) != 0)
		die("connect");
	if (type == SOCK_STREAM)
		nodelay(s);
	return (s);
}

static double
rr(int type, const struct sockaddr_in *a, double seconds)
{
	int s = connected(type, a);
	double t0 = now(), t;
	uint64_t n = 0;
	char b = 'x';

	do {
		for (int i = 0; i < 100; i++, n++)
			if (send(s, &b, 1, 0) != 1 || recv(s, &b, 1, 0) != 1)
				die("round trip");
		t = now() - t0;
	} while (t < seconds);
	close(s);
	return ((double)n / t);
}

static double
crr(const struct sockaddr_in *a, double seconds)
{
	double t0 = now(), t;
	uint64_t n = 0;
	char b = 'x';
	int s;

	do {
		for (int i = 0; i < 20; i++, n++) {
			s = connected(SOCK_STREAM, a);
			if (send(s, &b, 1, 0) != 1 || recv(s, &b, 1, 0) != 1)
				die("connection");
			close(s);
		}
		t = now() - t0;
	} while (t < seconds);
	return ((double)n / t);
}

static uint64_t
udp_count(int s)
{
	uint64_t count = 0;
	struct pollfd p = { .fd = s, .events = POLLIN };

	for (int i = 0; i < 20; i++) {
		if (send(s, "??", 2, 0) == 2 && poll(&p, 1, 500) == 1 && recv(s, &count, sizeof(count), 0) == sizeof(count))
			return (count);
	}
	die("count");
	return (0);
}

static double
udp(const struct sockaddr_in *a, double seconds)
{
	int s = connected(SOCK_DGRAM, a);
	char b[UDP_SIZE] = { 0 };
	uint64_t before = udp_count(s);
	double t0 = now(), t;

	do {
		for (int i = 0; i < 100; i++)
			if (send(s, b, sizeof(b), 0) < 0 && errno != ENOBUFS)
				die("send");
		t = now() - t0;
	} while (t < seconds);
	return ((double)(udp_count(s) - before) / t);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	double result, seconds;

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve((uint16_t)atoi(argv[2]));
	if (argc != 5 || inet_pton(AF_INET, argv[2], &a.sin_addr) != 1) {
		fprintf(stderr, "usage: netbench serve PORT | {rr|crr|udprr|udp} ADDR PORT SECONDS\n");
		return (64);
	}
	a.sin_port = htons((uint16_t)atoi(argv[3]));
	seconds = atof(argv[4]);
	if (strcmp(argv[1], "rr") == 0)
		result = rr(SOCK_STREAM, &a, seconds);
	else if (strcmp(argv[1], "udprr") == 0)
		result = rr(SOCK_DGRAM, &a, seconds);
	else if (strcmp(argv[1], "crr") == 0)
		result = crr(&a, seconds);
	else if (strcmp(argv[1], "udp") == 0)
		result = udp(&a, seconds);
	else
		return (64);
	printf("%.1f\n", result);
	return (0);
}
