/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For programs whose output must be the same on the host's own stack and attached to a vnet:
 * one line for each step.
 */
#ifndef TESTS_ATTACH_SHOW_H
#define TESTS_ATTACH_SHOW_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#define ALL (POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

static inline void
show(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
	fflush(stdout);
}

/* For results that are descriptors or lengths we do not want to see. */
static inline int
ok(const char *what, int result)
{
	show(what, result < 0 ? -1 : 0);
	return (result);
}

static inline const char *
bits(unsigned e, char *buf)
{
	buf[0] = '\0';
	if (e & POLLIN) strcat(buf, " IN");
	if (e & POLLOUT) strcat(buf, " OUT");
	if (e & POLLPRI) strcat(buf, " PRI");
	if (e & POLLERR) strcat(buf, " ERR");
	if (e & POLLHUP) strcat(buf, " HUP");
	if (e & POLLRDHUP) strcat(buf, " RDHUP");
	return (buf);
}

static inline unsigned
polled(int fd, int timeout, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return (poll(&p, 1, timeout) > 0 ? (unsigned)p.revents : 0);
}

/* The bits once one of `want` is there. */
static inline void
show_poll(const char *what, int fd, short want)
{
	char buf[64];

	if (want != 0)
		(void)polled(fd, 5000, want);
	printf("%s:%s\n", what, bits(polled(fd, 0, ALL), buf));
	fflush(stdout);
}

static inline void
show_edge(const char *what, int ep, int timeout)
{
	struct epoll_event ev;
	char buf[64];

	printf(
	    "%s:%s\n", what, epoll_wait(ep, &ev, 1, timeout) > 0 ? bits(ev.events, buf) : " none");
	fflush(stdout);
}

static inline int
so_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = -1;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return (-1);
	return (error);
}

static inline void
show_error(const char *what, int fd)
{
	int e = so_error(fd);

	printf("%s: SO_ERROR %s\n", what, e == 0 ? "0" : e < 0 ? "?" : strerrorname_np(e));
	fflush(stdout);
}

static inline struct sockaddr_in
loopback(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	return (sin);
}

static inline struct sockaddr_in
name_of(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	memset(&sin, 0, sizeof(sin));
	(void)getsockname(fd, (struct sockaddr *)&sin, &len);
	return (sin);
}

static inline int
try_connect(int fd, const struct sockaddr_in *sin)
{
	return (connect(fd, (const struct sockaddr *)sin, sizeof(*sin)));
}

static inline int
try_bind(int fd, const struct sockaddr_in *sin)
{
	return (bind(fd, (const struct sockaddr *)sin, sizeof(*sin)));
}

static inline void
nonblock(int fd, bool on)
{
	int fl = fcntl(fd, F_GETFL);

	(void)fcntl(fd, F_SETFL, on ? fl | O_NONBLOCK : fl & ~O_NONBLOCK);
}

static inline int
listener(struct sockaddr_in *sin)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in any = loopback(0);

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (try_bind(fd, &any) != 0 || listen(fd, 8) != 0) {
		perror("listener");
		exit(1);
	}
	*sin = name_of(fd);
	return (fd);
}

static inline void
connected(int fd[2])
{
	struct sockaddr_in sin;
	int l = listener(&sin);

	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (try_connect(fd[0], &sin) != 0 || (fd[1] = accept(l, NULL, NULL)) < 0) {
		perror("connected");
		exit(1);
	}
	close(l);
}

static inline void
reset_close(int fd)
{
	struct linger l = { 1, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

static inline void
timeout_of(int fd, int opt, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	(void)setsockopt(fd, SOL_SOCKET, opt, &tv, sizeof(tv));
}

/* A port of the loopback address where nobody is. */
static inline struct sockaddr_in
nobody(int type)
{
	int fd = socket(AF_INET, type, 0);
	struct sockaddr_in sin = loopback(0);

	(void)try_bind(fd, &sin);
	sin = name_of(fd);
	close(fd);
	return (sin);
}

/* An alarm signal after ms, with or without SA_RESTART. */
static volatile sig_atomic_t alarms;

static inline void
on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static inline void
alarm_in(int ms, int flags)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = flags };
	struct itimerval it = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

static inline int
set_int(int fd, int level, int name, int value)
{
	return (setsockopt(fd, level, name, &value, sizeof(value)));
}

static inline int
get_int(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return (getsockopt(fd, level, name, &value, &len) != 0 ? -1 : value);
}

/* On the host the program is in a network of its own from here on. */
static inline void
own_network(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return;
	perror("unshare");
	exit(77);
}

#endif
