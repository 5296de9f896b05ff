/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls under a hail of signals whose handlers restart them: nothing is lost, nothing is done twice. */
#include <time.h>

#include "show.h"

static char buf[1000];

static void
hail(int us)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval it = { { 0, us }, { 0, us } };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* Within so many ms, signals or not. */
static bool
readable(int s, int64_t ms)
{
	struct pollfd p = { .fd = s, .events = POLLIN };
	struct timespec ts;
	int64_t end;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	for (end = ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + ms; ms >= 0;
	    ms = end - (ts.tv_sec * 1000 + ts.tv_nsec / 1000000)) {
		if (poll(&p, 1, (int)ms) > 0)
			return (true);
		clock_gettime(CLOCK_MONOTONIC, &ts);
	}
	return (false);
}

/* A receive with a time limit is interrupted by handlers that restart others (signal(7)). */
static void
timed(void)
{
	struct timeval second = { 1, 0 };
	struct sockaddr_in a = nobody(SOCK_DGRAM);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	(void)try_bind(s, &a);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	hail(5000);
	show("a receive with a time limit", recv(s, buf, sizeof(buf), 0));
	show("once more", recvfrom(s, buf, sizeof(buf), 0, NULL, NULL));
	hail(0);
	close(s);
}

/*
 * Each datagram has a number; a second process sends, so both sides are interrupted.
 *
 * The host may overtake an answer with a signal after it has told us that the answer arrived: then the call is made again and a datagram is sent
 * twice, or one that was received is gone, as on any network.  Three to fifty of 3000 were seen, a moment without the processor makes a run of them; with one
 * lost or doubled for each of the 400 signals we made the mistake.
 */
#define MANY	250
static void
datagrams(void)
{
	struct sockaddr_in a = nobody(SOCK_DGRAM), from;
	int n = -1, next = 0, odd = 0, s = socket(AF_INET, SOCK_DGRAM, 0), status;
	socklen_t len;
	pid_t pid;

	(void)try_bind(s, &a);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int i, u = socket(AF_INET, SOCK_DGRAM, 0);

		hail(1500);
		for (i = 0; i < 3005; i++) {	/* the last one, which ends it, may be what is lost */
			n = i < 3000 ? i : 2999;
			if (sendto(u, &n, sizeof(n), 0, (struct sockaddr *)&a, sizeof(a)) != sizeof(n))
				_exit(1);
			if (i % 50 == 49 && readable(u, 100))
				(void)recv(u, &n, sizeof(n), 0);	/* its turn */
		}
		_exit(0);
	}
	hail(1700);
	while (n != 2999) {
		len = sizeof(from);
		if (recvfrom(s, &n, sizeof(n), 0, (struct sockaddr *)&from, &len) != sizeof(n))
			break;
		odd += n != next;
		next = n + 1;
		if (n % 50 == 49 && sendto(s, &n, sizeof(n), 0, (struct sockaddr *)&from, len) != sizeof(n)) {
			printf("the answer to %d: %s\n", n, strerrorname_np(errno));
			odd += 1000;
		}
	}
	hail(0);
	waitpid(pid, &status, 0);
	if (odd >= MANY)
		printf("%d of %d\n", odd, next);
	printf("datagrams: sender %d, lost, doubled or out of order: %s\n", status, odd < MANY ? "few" : "many");
	close(s);
}

/* Why the client failed; the listener need not wait for more. */
static void
give_up(const char *call, int i)
{
	printf("%s of connection %d: %s\n", call, i, strerrorname_np(errno));
	kill(getppid(), SIGTERM);
	_exit(1);
}

static void
connections(void)
{
	struct sockaddr_in sin, peer;
	int a, bad = 0, i, l = listener(&sin), s, status;
	socklen_t len;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(l);
		hail(2300);
		for (i = 0; i < 300; i++) {
			s = socket(AF_INET, SOCK_STREAM, 0);
			if (s < 0)
				give_up("socket", i);
			if (try_connect(s, &sin) != 0)
				give_up("connect", i);
			if (write(s, &i, sizeof(i)) != sizeof(i))
				give_up("write", i);
			if (read(s, buf, 1) != 1)
				give_up("read", i);
			close(s);
		}
		_exit(0);
	}
	hail(2100);
	for (i = 0; i < 300; i++) {
		len = sizeof(peer);
		a = accept(l, (struct sockaddr *)&peer, &len);
		s = -1;
		if (a < 0 || read(a, &s, sizeof(s)) != sizeof(s) || s != i || write(a, "", 1) != 1 ||
		    len != sizeof(peer)) {
			bad++;
			printf("connection %d: descriptor %d, said %d, length %d\n", i, a, s, (int)len);
		}
		close(a);
	}
	hail(0);
	waitpid(pid, &status, 0);
	printf("connections: client %d, bad %d\n", status, bad);
	close(l);
}

static void
settings(void)
{
	struct sockaddr_in a;
	int bad = 0, i, s;

	hail(1300);
	for (i = 0; i < 1000; i++) {
		s = socket(AF_INET, i % 2 ? SOCK_STREAM : SOCK_DGRAM, 0);
		a = loopback(0);
		bad += s < 0 || s > 10;
		bad += setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &i, sizeof(i)) != 0;
		bad += try_bind(s, &a) != 0;
		a = name_of(s);
		bad += a.sin_port == 0;
		if (i % 2)
			bad += listen(s, 5) != 0;
		close(s);
	}
	hail(0);
	printf("settings: bad: %s\n", bad < 10 ? "few" : "many");	/* as above: bind once too often */
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	timed();
	datagrams();
	connections();
	settings();
	printf("signals: %s\n", alarms > 0 ? "some" : "none");
	return (0);
}
