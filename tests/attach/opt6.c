/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every option that linux/in.h and linux/in6.h name, on every kind of socket: what it says at first, what may be set, and what the length, the
 * value and the caller's rights make of it.
 */
#include "show.h"

#include <sys/wait.h>

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

struct kind {
	const char	*name;
	int		 family, type, proto;
};
static const struct kind kinds[] = {
	{ "udp", AF_INET6, SOCK_DGRAM, 0 },
	{ "tcp", AF_INET6, SOCK_STREAM, 0 },
	{ "raw", AF_INET6, SOCK_RAW, 253 },
	{ "icmp", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
	{ "ipraw", AF_INET6, SOCK_RAW, IPPROTO_RAW },
	{ "udp4", AF_INET, SOCK_DGRAM, 0 },
	{ "tcp4", AF_INET, SOCK_STREAM, 0 },
	{ "raw4", AF_INET, SOCK_RAW, 253 },
	{ "ipraw4", AF_INET, SOCK_RAW, IPPROTO_RAW },
};

/* What a name is, and what of it the host's configuration decides or this stack has not. */
static const int names6[] = {
	2, 3, 4, 5, 7, 8, 9, 10, 11, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 29, 30, 33, 36, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,
	60, 61, 62, 63, 66, 67, 70, 72, 73, 74, 75, 76, 77, 78, 79,
};
static const int names4[] = {
	1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 19, 20, 21, 24, 25, 27, 32, 33, 34, 49, 50, 53,
};

static void
get(int fd, int level, int name, socklen_t size)
{
	unsigned char v[64];
	socklen_t len = size, i;

	memset(v, 0xee, sizeof(v));
	if (getsockopt(fd, level, name, v, &len) != 0) {
		printf(" get%u=%s", size, strerrorname_np(errno));
		return;
	}
	printf(" get%u=%u:", size, len);
	for (i = 0; i < len; i++)
		printf("%x.", v[i]);
}

static void
set(int fd, int level, int name, int value, socklen_t len)
{
	printf(" %d/%u=%s", value, len, setsockopt(fd, level, name, &value, len) == 0 ? "ok" : strerrorname_np(errno));
}

static void
ask(const struct kind *k, const char *who, int level, int name)
{
	static const int values[] = { 1, 0, 2, -1, 255, 256, 1280 };
	int fd = socket(k->family, k->type, k->proto);
	size_t i;

	if (fd < 0)
		return;
	printf("%s %s %d.%d:", who, k->name, level, name);
	get(fd, level, name, 4);
	get(fd, level, name, 1);
	get(fd, level, name, 0);
	for (i = 0; i < NITEMS(values); i++) {
		set(fd, level, name, values[i], 4);
		get(fd, level, name, 4);
	}
	set(fd, level, name, 1, 5);
	set(fd, level, name, 1, 3);
	set(fd, level, name, 1, 1);
	set(fd, level, name, 1, 0);
	get(fd, level, name, 4);
	printf("\n");
	close(fd);
}

static void
ask_all(const char *who)
{
	size_t i, k;

	for (k = 0; k < NITEMS(kinds); k++) {
		for (i = 0; kinds[k].family == AF_INET6 && i < NITEMS(names6); i++)
			ask(&kinds[k], who, IPPROTO_IPV6, names6[i]);
		for (i = 0; kinds[k].family == AF_INET && i < NITEMS(names4); i++)
			ask(&kinds[k], who, IPPROTO_IP, names4[i]);
	}
}

int
main(void)
{
	pid_t pid;

	ask_all("first");
	fflush(stdout);
	if (getuid() == 0 && (pid = fork()) >= 0) {
		if (pid == 0) {
			if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
				_exit(1);
			ask_all("nobody");
			fflush(stdout);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return (0);
}
