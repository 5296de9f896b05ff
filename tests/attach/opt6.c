/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every option that linux/in.h and linux/in6.h name, on every kind of socket: what it says at first, what may be set, and what the length, the
 * value and the caller's rights make of it.
 */
#include <net/if.h>

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
	1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 29, 30, 33, 36, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,
	60, 61, 62, 63, 66, 67, 70, 72, 73, 74, 75, 76, 77, 78, 79,
};
static const int names4[] = {
	1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 19, 20, 21, 22, 24, 25, 27, 32, 33, 34, 49, 50, 51, 52, 53,
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

static void
names(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	printf(" domain");
	get(fd, SOL_SOCKET, SO_DOMAIN, 4);
	printf(" name %s", getsockname(fd, (struct sockaddr *)&ss, &len) != 0 ? strerrorname_np(errno) : ss.ss_family == AF_INET ? "IPv4" : "IPv6");
	len = sizeof(ss);
	printf(" peer %s\n", getpeername(fd, (struct sockaddr *)&ss, &len) != 0 ? strerrorname_np(errno) : ss.ss_family == AF_INET ? "IPv4" : "IPv6");
}

/* A socket of IPv6 that talks to one of IPv4 becomes one. */
static void
formed(int type)
{
	struct sockaddr_in sin = loopback(0);
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = { { { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 } } } };
	int l = socket(AF_INET, type, 0), c = socket(AF_INET6, type, 0), s = l;
	socklen_t len = sizeof(sin);
	char buf[8];

	printf("form of %d:", type);
	if (bind(l, (struct sockaddr *)&sin, sizeof(sin)) != 0 || getsockname(l, (struct sockaddr *)&sin, &len) != 0 || (type == SOCK_STREAM && listen(l, 1) != 0))
		exit(1);
	to.sin6_port = sin.sin_port;
	printf(" connect %d", connect(c, (struct sockaddr *)&to, sizeof(to)));
	if (type == SOCK_STREAM)
		s = accept(l, NULL, NULL);
	get(c, IPPROTO_IPV6, IPV6_ADDRFORM, 4);
	set(c, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET6, 4);
	names(c);
	set(c, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET, 4);
	names(c);
	set(c, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET, 4);
	get(c, IPPROTO_IPV6, IPV6_V6ONLY, 4);
	set(c, IPPROTO_IP, IP_TTL, 7, 4);
	printf(" sent %zd", send(c, "abc", 3, 0));
	printf(" received %zd\n", recv(s, buf, sizeof(buf), 0));
	close(c);
	if (s != l)
		close(s);
	close(l);
	l = socket(AF_INET6, type, 0);
	c = socket(AF_INET6, type, 0);
	to = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	len = sizeof(to);
	if (bind(l, (struct sockaddr *)&to, sizeof(to)) != 0 || getsockname(l, (struct sockaddr *)&to, &len) != 0 || (type == SOCK_STREAM && listen(l, 1) != 0))
		exit(1);
	printf("IPv6: connect %d", connect(c, (struct sockaddr *)&to, sizeof(to)));
	set(c, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET, 4);
	names(c);
	close(c);
	close(l);
}

/* Anycast addresses, in a network of our own. */
static void
join(const char *what, int s, int opt, const char *addr, unsigned index)
{
	struct ipv6_mreq mr = { .ipv6mr_interface = index };

	inet_pton(AF_INET6, addr, &mr.ipv6mr_multiaddr);
	show(what, setsockopt(s, IPPROTO_IPV6, opt, &mr, sizeof(mr)));
}

/* Does a datagram to the address come, to a socket that is bound to none? */
static void
comes(int s)
{
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(4004),
		.sin6_addr = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 0, 5, [15] = 0x77 } } };
	char buf[8];
	int from = socket(AF_INET6, SOCK_DGRAM, 0);

	(void)sendto(from, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to));
	show("received", recv(s, buf, sizeof(buf), 0));
	close(from);
}

static void
anycast(void)
{
	struct { struct in6_addr addr; uint32_t len; int index; } in6 = { .len = 64, .index = 1 };
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(4004) };
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s = socket(AF_INET6, SOCK_DGRAM, 0), t = socket(AF_INET6, SOCK_STREAM, 0), four = socket(AF_INET, SOCK_DGRAM, 0);

	if (unshare(CLONE_NEWNET) != 0)
		return;
	close(s);
	close(t);
	close(four);
	s = socket(AF_INET6, SOCK_DGRAM, 0);
	t = socket(AF_INET6, SOCK_STREAM, 0);
	four = socket(AF_INET, SOCK_DGRAM, 0);
	(void)ioctl(four, SIOCSIFFLAGS, &ifr);
	inet_pton(AF_INET6, "2001:db8:5::1", &in6.addr);
	show("address", ioctl(s, SIOCSIFADDR, &in6));
	show("bind", bind(s, (struct sockaddr *)&any, sizeof(any)));
	timeout_of(s, SO_RCVTIMEO, 200);
	comes(s);
	join("a group", s, IPV6_JOIN_ANYCAST, "ff02::1", 1);
	join("an address of ours", s, IPV6_JOIN_ANYCAST, "2001:db8:5::1", 1);
	join("another prefix", s, IPV6_JOIN_ANYCAST, "2001:db8:6::1", 1);
	join("no interface", s, IPV6_JOIN_ANYCAST, "2001:db8:5::77", 99);
	join("no route", s, IPV6_JOIN_ANYCAST, "2001:db8:6::1", 0);
	show("short", setsockopt(s, IPPROTO_IPV6, IPV6_JOIN_ANYCAST, &in6, 19));
	join("join", s, IPV6_JOIN_ANYCAST, "2001:db8:5::77", 1);
	comes(s);
	join("by the route", s, IPV6_JOIN_ANYCAST, "2001:db8:5::77", 0);
	join("a stream", t, IPV6_JOIN_ANYCAST, "2001:db8:5::77", 0);
	any.sin6_port = 0;
	inet_pton(AF_INET6, "2001:db8:5::77", &any.sin6_addr);
	show("bind to it", bind(t, (struct sockaddr *)&any, sizeof(any)));
	join("leave", s, IPV6_LEAVE_ANYCAST, "2001:db8:5::77", 0);
	join("leave", s, IPV6_LEAVE_ANYCAST, "2001:db8:5::77", 1);
	join("leave once more", s, IPV6_LEAVE_ANYCAST, "2001:db8:5::77", 1);
	comes(s);
	close(t);
	comes(s);
	close(s);
	close(four);
}

int
main(void)
{
	pid_t pid;

	formed(SOCK_DGRAM);
	formed(SOCK_STREAM);

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
		anycast();
	}
	return (0);
}
