/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls under a hail of signals whose handlers restart them: nothing is lost, nothing is done twice. */
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

/* Each datagram has a number; a second process sends, so both sides are interrupted. */
static void
datagrams(void)
{
	struct sockaddr_in a = nobody(SOCK_DGRAM), from;
	int i, n, next = 0, odd = 0, s = socket(AF_INET, SOCK_DGRAM, 0), status;
	socklen_t len;
	pid_t pid;

	(void)try_bind(s, &a);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int u = socket(AF_INET, SOCK_DGRAM, 0);

		hail(1500);
		for (i = 0; i < 3000; i++) {
			if (sendto(u, &i, sizeof(i), 0, (struct sockaddr *)&a, sizeof(a)) != sizeof(i))
				_exit(1);
			if (i % 50 == 49 && recv(u, &n, sizeof(n), 0) != sizeof(n))	/* its turn */
				_exit(2);
		}
		_exit(0);
	}
	hail(1700);
	for (i = 0; i < 3000; i++) {
		len = sizeof(from);
		if (recvfrom(s, &n, sizeof(n), 0, (struct sockaddr *)&from, &len) != sizeof(n))
			odd++;
		odd += n != i;
		next += n;
		if (i % 50 == 49 &&
		    sendto(s, &n, sizeof(n), 0, (struct sockaddr *)&from, len) != sizeof(n))
			odd++;
	}
	hail(0);
	waitpid(pid, &status, 0);
	printf("datagrams: sender %d, sum %d, out of order %s\n", status, next, odd < 100 ? "few" : "many");
	show("nothing more", recv(s, buf, sizeof(buf), MSG_DONTWAIT));
	close(s);
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
			if (s < 0 || try_connect(s, &sin) != 0 || write(s, &i, sizeof(i)) != sizeof(i) ||
			    read(s, buf, 1) != 1)
				_exit(1);
			close(s);
		}
		_exit(0);
	}
	hail(2100);
	for (i = 0; i < 300; i++) {
		len = sizeof(peer);
		a = accept(l, (struct sockaddr *)&peer, &len);
		bad += a < 0 || read(a, &s, sizeof(s)) != sizeof(s) || s != i || write(a, "", 1) != 1 ||
		    len != sizeof(peer);
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
	printf("settings: bad %d\n", bad);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	datagrams();
	connections();
	settings();
	printf("signals: %s\n", alarms > 0 ? "some" : "none");
	return (0);
}
