/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may bind what: groups that share a port, addresses of nobody, devices; and options that a processor or a poller is named by. */
#include "show.h"

#include <net/if.h>

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
	nobodys(IP_FREEBIND, "IP_FREEBIND");
	nobodys(IP_TRANSPARENT, "IP_TRANSPARENT");
	device();
	processors();
	return (0);
}
