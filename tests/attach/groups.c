/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups with source filters (RFC 3678), in all the forms that Linux has: every refusal, and who is heard. */
#include "show.h"

#include <net/if.h>

#define GROUP	"239.77.1.1"
#define GROUP6	"ff02::7:1"

static unsigned lo;	/* the loopback interface */
static in_port_t port;

static struct sockaddr_storage
addr(const char *text)
{
	struct sockaddr_storage ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;

	memset(&ss, 0, sizeof(ss));
	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
		ss.ss_family = AF_INET;
	} else {
		ss.ss_family = AF_INET6;
		inet_pton(AF_INET6, text, &sin6->sin6_addr);
	}
	return (ss);
}

static int
receiver(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0), one = 1;
	struct sockaddr_storage ss = addr(family == AF_INET ? "0.0.0.0" : "::");
	socklen_t len = sizeof(ss);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	((struct sockaddr_in *)&ss)->sin_port = port;
	ok("bind", bind(fd, (struct sockaddr *)&ss, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		port = ((struct sockaddr_in *)&ss)->sin_port;
	return (fd);
}

static void
send_one(const char *from, const char *to)
{
	struct sockaddr_storage src = addr(from), dst = addr(to);
	socklen_t len = sizeof(struct sockaddr_in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct in_addr in = { htonl(INADDR_LOOPBACK) };

	if (bind(fd, (struct sockaddr *)&src, len) != 0)
		show("sender's bind", -1);
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &in, sizeof(in));
	((struct sockaddr_in *)&dst)->sin_port = port;
	if (sendto(fd, &from[strlen(from) - 1], 1, 0, (struct sockaddr *)&dst, len) != 1)
		show("send", -1);
	close(fd);
}

static void
heard(const char *what, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	printf("%s hears", what);
	fflush(stdout);
	while (poll(&p, 1, 200) == 1) {
		if (recv(fd, &c, 1, 0) != 1)
			break;
		printf(" %c", c);
	}
	printf("\n");
}

static void
hear4(const char *what, int fd)
{
	send_one("127.0.0.1", GROUP);
	send_one("127.0.0.2", GROUP);
	heard(what, fd);
}

static int
mreq(int fd, int name, const char *group, const char *ifaddr, socklen_t len)
{
	struct ip_mreqn mr = { .imr_ifindex = 0 };

	inet_pton(AF_INET, group, &mr.imr_multiaddr);
	inet_pton(AF_INET, ifaddr, &mr.imr_address);
	return (setsockopt(fd, IPPROTO_IP, name, &mr, len));
}

static int
mreq_source(int fd, int name, const char *group, const char *source, socklen_t len)
{
	struct ip_mreq_source ms;

	inet_pton(AF_INET, group, &ms.imr_multiaddr);
	inet_pton(AF_INET, "127.0.0.1", &ms.imr_interface);
	inet_pton(AF_INET, source, &ms.imr_sourceaddr);
	return (setsockopt(fd, IPPROTO_IP, name, &ms, len));
}

static int
req(int fd, int level, int name, unsigned ifindex, const char *group)
{
	struct group_req gr;

	memset(&gr, 0, sizeof(gr));
	gr.gr_interface = ifindex;
	gr.gr_group = addr(group);
	return (setsockopt(fd, level, name, &gr, sizeof(gr)));
}

static int
req_source(int fd, int level, int name, unsigned ifindex, const char *group, const char *source)
{
	struct group_source_req gsr;

	memset(&gsr, 0, sizeof(gsr));
	gsr.gsr_interface = ifindex;
	gsr.gsr_group = addr(group);
	gsr.gsr_source = addr(source);
	return (setsockopt(fd, level, name, &gsr, sizeof(gsr)));
}

static void
memberships(void)
{
	int fd = receiver(AF_INET), tcp = socket(AF_INET, SOCK_STREAM, 0);

	show("join", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("again", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 12));
	show("short", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 7));
	show("no group", mreq(fd, IP_ADD_MEMBERSHIP, "10.1.2.3", "127.0.0.1", 8));
	show("no interface", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "198.51.100.99", 8));
	show("of a stream", mreq(tcp, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("a stream leaves", mreq(tcp, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("by request", req(fd, IPPROTO_IP, MCAST_JOIN_GROUP, lo, GROUP));
	show("of the wrong family", req(fd, IPPROTO_IP, MCAST_JOIN_GROUP, lo, GROUP6));
	show("no such index", req(fd, IPPROTO_IP, MCAST_JOIN_GROUP, 4711, "239.77.1.2"));
	show("another by request", req(fd, IPPROTO_IP, MCAST_JOIN_GROUP, lo, "239.77.1.2"));
	hear4("all", fd);
	show("leave", mreq(fd, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("leave again", mreq(fd, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("leave by request", req(fd, IPPROTO_IP, MCAST_LEAVE_GROUP, lo, "239.77.1.2"));
	show("leave what is no group", mreq(fd, IP_DROP_MEMBERSHIP, "10.1.2.3", "127.0.0.1", 8));
	hear4("none", fd);
	close(fd);
	close(tcp);
}

static void
sources(void)
{
	int fd = receiver(AF_INET);

	show("block before joining", mreq_source(fd, IP_BLOCK_SOURCE, GROUP, "127.0.0.2", 12));
	show("join a source", mreq_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, "127.0.0.2", 12));
	show("again", mreq_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, "127.0.0.2", 12));
	show("short", mreq_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, "127.0.0.1", 11));
	show("no group", mreq_source(fd, IP_ADD_SOURCE_MEMBERSHIP, "10.1.1.1", "127.0.0.1", 12));
	show("block with sources", mreq_source(fd, IP_BLOCK_SOURCE, GROUP, "127.0.0.1", 12));
	show("join it whole", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	hear4("source 2", fd);
	show("join another", req_source(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, lo, GROUP, "127.0.0.1"));
	hear4("both sources", fd);
	show("of the wrong family", req_source(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, lo, GROUP, "::1"));
	show("drop one", mreq_source(fd, IP_DROP_SOURCE_MEMBERSHIP, GROUP, "127.0.0.2", 12));
	show("drop it again", mreq_source(fd, IP_DROP_SOURCE_MEMBERSHIP, GROUP, "127.0.0.2", 12));
	hear4("source 1", fd);
	show("drop the last", req_source(fd, IPPROTO_IP, MCAST_LEAVE_SOURCE_GROUP, lo, GROUP, "127.0.0.1"));
	show("drop it again", mreq_source(fd, IP_DROP_SOURCE_MEMBERSHIP, GROUP, "127.0.0.1", 12));
	show("join", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("unblock what is not", mreq_source(fd, IP_UNBLOCK_SOURCE, GROUP, "127.0.0.1", 12));
	show("block", mreq_source(fd, IP_BLOCK_SOURCE, GROUP, "127.0.0.1", 12));
	show("block again", req_source(fd, IPPROTO_IP, MCAST_BLOCK_SOURCE, lo, GROUP, "127.0.0.1"));
	hear4("all but 1", fd);
	show("unblock", req_source(fd, IPPROTO_IP, MCAST_UNBLOCK_SOURCE, lo, GROUP, "127.0.0.1"));
	hear4("all", fd);
	close(fd);
}

static void
bounds(void)
{
	int fd = receiver(AF_INET), i;
	char text[32];

	for (i = 1; i < 13; i++) {
		snprintf(text, sizeof(text), "127.0.1.%d", i);
		show(text, mreq_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, text, 12));
	}
	for (i = 2; i < 23; i++) {
		snprintf(text, sizeof(text), "239.77.1.%d", i);
		show(text, mreq(fd, IP_ADD_MEMBERSHIP, text, "127.0.0.1", 8));
	}
	close(fd);
}

static void
show_filter(const char *what, int fd, unsigned n, socklen_t len)
{
	union { struct ip_msfilter mf; char room[256]; } u;
	char text[INET_ADDRSTRLEN];
	socklen_t room = len;

	memset(&u, 0, sizeof(u));
	inet_pton(AF_INET, GROUP, &u.mf.imsf_multiaddr);
	inet_pton(AF_INET, "127.0.0.1", &u.mf.imsf_interface);
	u.mf.imsf_numsrc = n;
	if (getsockopt(fd, IPPROTO_IP, IP_MSFILTER, &u.mf, &len) != 0) {
		show(what, -1);
		return;
	}
	printf("%s: %u bytes, mode %u, %u:", what, len, u.mf.imsf_fmode, u.mf.imsf_numsrc);
	for (unsigned i = 0; i < n && 16 + 4 * i < len && len <= room; i++)
		printf(" %s", inet_ntop(AF_INET, (char *)&u + 16 + 4 * i, text, sizeof(text)));
	printf("\n");
}

static int
set_filter(int fd, unsigned mode, unsigned n, const char *const *srcs, socklen_t len)
{
	union { struct ip_msfilter mf; char room[256]; } u;

	memset(&u, 0, sizeof(u));
	inet_pton(AF_INET, GROUP, &u.mf.imsf_multiaddr);
	inet_pton(AF_INET, "127.0.0.1", &u.mf.imsf_interface);
	u.mf.imsf_fmode = mode;
	u.mf.imsf_numsrc = n;
	for (unsigned i = 0; i < n && srcs != NULL; i++)
		inet_pton(AF_INET, srcs[i], (char *)&u + 16 + 4 * i);
	return (setsockopt(fd, IPPROTO_IP, IP_MSFILTER, &u.mf, len));
}

static void
filters(void)
{
	static const char *const srcs[] = { "127.0.0.1", "127.0.0.9" };
	int fd = receiver(AF_INET);

	show("filter before joining", set_filter(fd, MCAST_EXCLUDE, 1, srcs, 20));
	show_filter("nothing to get", fd, 5, 100);
	show("join", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show_filter("joined", fd, 5, 100);
	show("exclude two", set_filter(fd, MCAST_EXCLUDE, 2, srcs, 24));
	show_filter("two", fd, 5, 100);
	show_filter("room for one", fd, 1, 100);
	show_filter("no room at all", fd, 5, 15);
	hear4("all but 1", fd);
	show("include two", set_filter(fd, MCAST_INCLUDE, 2, srcs, 24));
	hear4("source 1", fd);
	show("fewer than it says", set_filter(fd, MCAST_INCLUDE, 2, srcs, 23));
	show("no header", set_filter(fd, MCAST_INCLUDE, 0, srcs, 15));
	show("too many", set_filter(fd, MCAST_INCLUDE, 11, NULL, 60));
	show("a billion", set_filter(fd, MCAST_INCLUDE, 1000000000, NULL, 60));
	show("another mode", set_filter(fd, 2, 1, srcs, 20));
	show_filter("as before", fd, 5, 100);
	show("include none", set_filter(fd, MCAST_INCLUDE, 0, srcs, 16));
	show_filter("left", fd, 5, 100);
	close(fd);
}

static void
multicast_all(void)
{
	int fd = receiver(AF_INET), other = receiver(AF_INET), v = 7;
	socklen_t len = sizeof(v);

	show("join", mreq(other, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("default", getsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &v, &len));
	printf("%d\n", v);
	hear4("a stranger", fd);
	v = 2;
	show("two", setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &v, sizeof(v)));
	v = 0;
	show("off", setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &v, sizeof(v)));
	hear4("a stranger", fd);
	close(fd);
	close(other);
}

static void
show_filter6(const char *what, int fd, unsigned n, socklen_t len)
{
	union { struct group_filter gf; char room[2048]; } u;
	const struct sockaddr_in6 *sin6;
	char text[INET6_ADDRSTRLEN];

	memset(&u, 0, sizeof(u));
	u.gf.gf_interface = lo;
	u.gf.gf_group = addr(GROUP6);
	u.gf.gf_numsrc = n;
	if (getsockopt(fd, IPPROTO_IPV6, MCAST_MSFILTER, &u.gf, &len) != 0) {
		show(what, -1);
		return;
	}
	printf("%s: %u bytes, mode %u, %u:", what, len, u.gf.gf_fmode, u.gf.gf_numsrc);
	for (unsigned i = 0; i < n && i < u.gf.gf_numsrc; i++) {
		sin6 = (const struct sockaddr_in6 *)&((struct sockaddr_storage *)((char *)&u + 144))[i];
		printf(" %s", inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof(text)));
	}
	printf("\n");
}

static int
set_filter6(int fd, unsigned mode, unsigned n, const char *const *srcs, socklen_t len)
{
	union { struct group_filter gf; char room[2048]; } u;

	memset(&u, 0, sizeof(u));
	u.gf.gf_interface = lo;
	u.gf.gf_group = addr(GROUP6);
	u.gf.gf_fmode = mode;
	u.gf.gf_numsrc = n;
	for (unsigned i = 0; i < n && srcs != NULL; i++)
		((struct sockaddr_storage *)((char *)&u + 144))[i] = addr(srcs[i]);
	return (setsockopt(fd, IPPROTO_IPV6, MCAST_MSFILTER, &u.gf, len));
}

/* Not every host has a route for groups by its loopback interface: nothing is sent. */
static void
inet6(void)
{
	static const char *const srcs[] = { "::1", "2001:db8::1" };
	struct ipv6_mreq mr = { .ipv6mr_interface = lo };
	int fd, v = 7;
	socklen_t len = sizeof(v);

	port = 0;
	fd = receiver(AF_INET6);
	inet_pton(AF_INET6, GROUP6, &mr.ipv6mr_multiaddr);
	show("block before joining", req_source(fd, IPPROTO_IPV6, MCAST_BLOCK_SOURCE, lo, GROUP6, "::1"));
	show("join", setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	show("again", req(fd, IPPROTO_IPV6, MCAST_JOIN_GROUP, lo, GROUP6));
	show("of the wrong family", req(fd, IPPROTO_IPV6, MCAST_JOIN_GROUP, lo, GROUP));
	show("no group", req(fd, IPPROTO_IPV6, MCAST_JOIN_GROUP, lo, "2001:db8::1"));
	show("no such index", req(fd, IPPROTO_IPV6, MCAST_JOIN_GROUP, 4711, GROUP6));
	show("block", req_source(fd, IPPROTO_IPV6, MCAST_BLOCK_SOURCE, lo, GROUP6, "::1"));
	show("block again", req_source(fd, IPPROTO_IPV6, MCAST_BLOCK_SOURCE, lo, GROUP6, "::1"));
	show_filter6("filter", fd, 4, 1000);
	show("unblock", req_source(fd, IPPROTO_IPV6, MCAST_UNBLOCK_SOURCE, lo, GROUP6, "::1"));
	show("include", set_filter6(fd, MCAST_INCLUDE, 2, srcs, 144 + 256));
	show_filter6("filter", fd, 4, 1000);
	show("fewer than it says", set_filter6(fd, MCAST_INCLUDE, 2, srcs, 144 + 255));
	show("too many", set_filter6(fd, MCAST_INCLUDE, 65, NULL, 1000));
	show("another mode", set_filter6(fd, 2, 1, srcs, 1000));
	show("drop a source", req_source(fd, IPPROTO_IPV6, MCAST_LEAVE_SOURCE_GROUP, lo, GROUP6, "::1"));
	show("drop a stranger", req_source(fd, IPPROTO_IPV6, MCAST_LEAVE_SOURCE_GROUP, lo, GROUP6, "::2"));
	show("drop the last", req_source(fd, IPPROTO_IPV6, MCAST_LEAVE_SOURCE_GROUP, lo, GROUP6, "2001:db8::1"));
	show("leave", req(fd, IPPROTO_IPV6, MCAST_LEAVE_GROUP, lo, GROUP6));
	show_filter6("left", fd, 4, 1000);
	show("leave by mreq", setsockopt(fd, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &mr, sizeof(mr)));
	show("IPv4 of it", mreq(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1", 8));
	show("default", getsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &v, &len));
	printf("%d\n", v);
	v = 0;
	show("off", setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &v, sizeof(v)));
	close(fd);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if ((lo = if_nametoindex("lo")) == 0)
		lo = if_nametoindex("lo0");
	memberships();
	sources();
	bounds();
	filters();
	multicast_all();
	inet6();
	return (0);
}
