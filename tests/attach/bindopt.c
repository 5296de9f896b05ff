/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may bind what: groups that share a port, addresses of nobody, devices; and options that a processor or a poller is named by. */
#include "show.h"

#include <net/if.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#define IP_PROTOCOL	52
#endif

static int
member(int type, struct sockaddr_in *sin, const char *what)
{
	int fd = socket(AF_INET, type, 0);

	(void)set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	show(what, try_bind(fd, sin));
	*sin = name_of(fd);
	if (type == SOCK_STREAM)
		show("listen", listen(fd, 64));
	return (fd);
}

/* Which of them has something. */
static int
ready(const int *fd, int n)
{
	struct pollfd p[8];

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	(void)poll(p, (nfds_t)n, 5000);
	for (int i = 0; i < n; i++)
		if ((p[i].revents & POLLIN) != 0)
			return (i);
	printf("nothing came\n");
	exit(1);
}

/* Every connection, and every datagram of one source, comes to one of the group; all of them are used in the end. */
static void
group(int type)
{
	struct sockaddr_in sin = loopback(0);
	int fd[4], got[4] = { 0 }, c, k, stranger, total = 0, used = 0;

	for (int i = 0; i < 4; i++)
		fd[i] = member(type, &sin, "member");
	stranger = socket(AF_INET, type, 0);
	show("one without the option", try_bind(stranger, &sin));
	for (int i = 0; i < 64; i++) {
		c = socket(AF_INET, type, 0);
		(void)try_connect(c, &sin);
		if (type == SOCK_DGRAM)
			(void)send(c, "x", 1, 0);
		k = ready(fd, 4);
		got[k]++;
		if (type == SOCK_STREAM) {
			close(accept(fd[k], NULL, NULL));	/* first, so that it is who waits */
			(void)recv(c, (char[2]){ 0 }, 2, 0);
		} else
			(void)recv(fd[k], (char[2]){ 0 }, 2, 0);
		close(c);
	}
	for (int i = 0; i < 4; i++) {
		total += got[i];
		used += got[i] > 0;
		close(fd[i]);
	}
	show("arrived", total);
	show("members used", used);
	show("when they are gone", try_bind(stranger, &sin));
	close(stranger);
}

static void
mixed(void)
{
	struct sockaddr_in sin = loopback(0);
	int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0);

	show("without", try_bind(a, &sin));
	sin = name_of(a);
	(void)set_int(b, SOL_SOCKET, SO_REUSEPORT, 1);
	show("with, beside it", try_bind(b, &sin));
	(void)set_int(a, SOL_SOCKET, SO_REUSEPORT, 1);
	show("set later", try_bind(b, &sin));
	close(a);
	close(b);
}

static int
sharer(unsigned options)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)set_int(fd, SOL_SOCKET, SO_REUSEADDR, options & 1);
	(void)set_int(fd, SOL_SOCKET, SO_REUSEPORT, (options & 2) != 0);
	return (fd);
}

/* A second connection between the same addresses and ports. */
static void
twice(void)
{
	struct sockaddr_in to = loopback(0), from;
	int l = socket(AF_INET, SOCK_STREAM, 0), c = sharer(1), d = sharer(1);

	(void)try_bind(l, &to);
	(void)listen(l, 8);
	to = name_of(l);
	show("connect", try_connect(c, &to));
	from = name_of(c);
	show("bind", try_bind(d, &from));
	show("connect", try_connect(d, &to));
	show("sendto", sendto(d, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)));
	close(c);
	close(d);
	close(l);
}

/* The port of a connection that its client has closed first, and waits in TIME_WAIT. */
static void
lingering(void)
{
	static const char *const name[] = { "nothing", "SO_REUSEADDR", "SO_REUSEPORT", "both" };
	struct sockaddr_in to = loopback(0), from;
	int l = socket(AF_INET, SOCK_STREAM, 0), c, s;

	(void)try_bind(l, &to);
	(void)listen(l, 8);
	to = name_of(l);
	for (unsigned i = 0; i < 32; i++) {
		printf("%s, then %s%s: ", name[i / 8], name[i % 4], (i & 4) != 0 ? ", any address" : "");
		c = sharer(i / 8);
		(void)try_connect(c, &to);
		from = name_of(c);
		s = accept(l, NULL, NULL);
		close(c);
		(void)recv(s, (char[2]){ 0 }, 2, 0);
		close(s);
		s = sharer(i % 4);
		if ((i & 4) != 0)
			from.sin_addr.s_addr = INADDR_ANY;
		show("bind", try_bind(s, &from));
		close(s);
	}
	close(l);
}

static void
nobodys(int name, const char *what)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(0xcb007107) } }, to = loopback(9), got;	/* 203.0.113.7 */
	int u = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_STREAM, 0);

	printf("%s\n", what);
	show("bind without", try_bind(u, &sin));
	show("set", set_int(u, IPPROTO_IP, name, 1));
	show("get", get_int(u, IPPROTO_IP, name));
	show("bind", try_bind(u, &sin));
	got = name_of(u);
	printf("name %s\n", inet_ntoa(got.sin_addr));
	show("send to loopback", sendto(u, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	show("connect", try_connect(u, &to));
	show("set", set_int(s, IPPROTO_IP, name, 1));
	show("bind", try_bind(s, &sin));
	show("listen", listen(s, 1));
	show("off", set_int(s, IPPROTO_IP, name, 0));
	show("get", get_int(s, IPPROTO_IP, name));
	close(u);
	close(s);
}

#define FIRST	52340
#define LAST	52343

/* Is the port of the socket one of those? */
static void
chosen(const char *what, int fd)
{
	const int port = ntohs(name_of(fd).sin_port);

	printf("%s: %s\n", what, port >= FIRST && port <= LAST ? "one of them" : port == 0 ? "none" : "another");
}

/* Ports of a socket's own to choose from. */
static void
ports(int type)
{
	static const uint32_t values[] = { 0, FIRST, (uint32_t)LAST << 16, LAST | (uint32_t)FIRST << 16, 1, 65535u << 16, FIRST | (uint32_t)LAST << 16 };
	const uint64_t wide = values[6];
	struct sockaddr_in sin = loopback(0), to = loopback(9);
	int s = socket(AF_INET, type, 0), fd[6];
	uint32_t back;
	socklen_t len;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		show("range", setsockopt(s, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &values[i], sizeof(values[i])));
		len = sizeof(back);
		show("get", getsockopt(s, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &back, &len));
		printf("%u.%u, %u bytes\n", back & 0xffff, back >> 16, len);
	}
	show("short", setsockopt(s, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &values[6], 2));
	show("long", setsockopt(s, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &wide, sizeof(wide)));
	show("bind", try_bind(s, &sin));
	chosen("bound", s);
	close(s);
	for (int i = 0; i < 6; i++) {
		fd[i] = socket(AF_INET, type, 0);
		(void)setsockopt(fd[i], IPPROTO_IP, IP_LOCAL_PORT_RANGE, &values[6], sizeof(values[6]));
		show("bind", try_bind(fd[i], &sin));
		chosen("bound", fd[i]);
	}
	for (int i = 0; i < 6; i++)
		close(fd[i]);
	s = socket(AF_INET6, type, 0);
	show("of IPv6", setsockopt(s, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &values[6], sizeof(values[6])));
	close(s);
	if (type == SOCK_DGRAM) {
		s = socket(AF_INET, type, 0);
		(void)setsockopt(s, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &values[6], sizeof(values[6]));
		show("connect", try_connect(s, &to));
		chosen("connected", s);
		close(s);
	}
}

/* What raw sockets are asked for, and others. */
static void
rawly(void)
{
	int u = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_STREAM, 0);

	show("IP_PROTOCOL", get_int(u, IPPROTO_IP, IP_PROTOCOL));
	show("set", set_int(u, IPPROTO_IP, IP_PROTOCOL, 1));
	show("IP_NODEFRAG", set_int(u, IPPROTO_IP, IP_NODEFRAG, 1));
	show("of a stream", set_int(s, IPPROTO_IP, IP_NODEFRAG, 1));
	show("get", get_int(u, IPPROTO_IP, IP_NODEFRAG));
	close(u);
	close(s);
	if ((u = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)) < 0)
		return;
	show("IP_PROTOCOL", get_int(u, IPPROTO_IP, IP_PROTOCOL));
	show("IP_NODEFRAG", set_int(u, IPPROTO_IP, IP_NODEFRAG, 1));
	show("get", get_int(u, IPPROTO_IP, IP_NODEFRAG));
	close(u);
}

static void
device(void)
{
	struct sockaddr_in sin = loopback(0);
	int u = socket(AF_INET, SOCK_DGRAM, 0), v = socket(AF_INET, SOCK_DGRAM, 0), s;
	char name[IFNAMSIZ] = "", lo[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);

	(void)if_indextoname(1, lo);	/* lo or lo0 */
	show("none", getsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	show("length", len);
	show("nosuch", setsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, "nosuch0", 8));
	show("device", setsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, lo, (socklen_t)strlen(lo) + 1));
	len = sizeof(name);
	show("get", getsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	printf("the same: %s, length right: %s\n", strcmp(name, lo) == 0 ? "yes" : "no", len == strlen(lo) + 1 ? "yes" : "no");
	len = 4;
	show("no room", getsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	show("bind", try_bind(u, &sin));
	sin = name_of(u);
	show("send", sendto(v, "abc", 3, 0, (struct sockaddr *)&sin, sizeof(sin)));
	show("receive", recv(u, name, sizeof(name), 0));
	show("unbound", setsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
	len = sizeof(name);
	show("get", getsockopt(u, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	show("length", len);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("without the end", setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, lo, (socklen_t)strlen(lo)));
	show("by index", set_int(s, SOL_SOCKET, SO_BINDTOIFINDEX, 1));
	show("get", get_int(s, SOL_SOCKET, SO_BINDTOIFINDEX));
	show("negative", set_int(s, SOL_SOCKET, SO_BINDTOIFINDEX, -1));
	show("none", set_int(s, SOL_SOCKET, SO_BINDTOIFINDEX, 0));
	show("get", get_int(s, SOL_SOCKET, SO_BINDTOIFINDEX));
	close(u);
	close(v);
	close(s);
}

static void
processors(void)
{
	int u = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_STREAM, 0);

	show("set SO_INCOMING_CPU", set_int(u, SOL_SOCKET, SO_INCOMING_CPU, 0));
	show("get", get_int(u, SOL_SOCKET, SO_INCOMING_CPU));
	show("SO_INCOMING_NAPI_ID", get_int(s, SOL_SOCKET, SO_INCOMING_NAPI_ID));
	show("set it", set_int(s, SOL_SOCKET, SO_INCOMING_NAPI_ID, 1));
	show("SO_BUSY_POLL", get_int(s, SOL_SOCKET, SO_BUSY_POLL));
	show("negative", set_int(s, SOL_SOCKET, SO_BUSY_POLL, -1));
	show("off", set_int(s, SOL_SOCKET, SO_BUSY_POLL, 0));
	show("SO_PREFER_BUSY_POLL off", set_int(s, SOL_SOCKET, SO_PREFER_BUSY_POLL, 0));
	show("SO_MARK", get_int(s, SOL_SOCKET, SO_MARK));
	close(u);
	close(s);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	group(SOCK_STREAM);
	group(SOCK_DGRAM);
	mixed();
	lingering();
	twice();
	nobodys(IP_FREEBIND, "IP_FREEBIND");
	nobodys(IP_TRANSPARENT, "IP_TRANSPARENT");
	ports(SOCK_DGRAM);
	ports(SOCK_STREAM);
	rawly();
	device();
	processors();
	return (0);
}
