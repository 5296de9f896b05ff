/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP's options: trains of datagrams (UDP_SEGMENT, UDP_GRO), UDP-Lite, the original destination. */
#include "show.h"

#include <linux/udp.h>

#define LX_UDPLITE_SEND_CSCOV	10
#define LX_UDPLITE_RECV_CSCOV	11

static char data[65000];

static void
get(const char *what, int fd, int level, int name)
{
	int v = -77;
	socklen_t len = sizeof(v);

	if (getsockopt(fd, level, name, &v, &len) != 0)
		show(what, -1);
	else
		printf("%s: %d (%u)\n", what, v, len);
}

static void
set(const char *what, int fd, int level, int name, int v)
{
	show(what, setsockopt(fd, level, name, &v, sizeof(v)));
	get(what, fd, level, name);
}

/* One received message, and the ancillary data that came. */
static void
receive(const char *what, int fd)
{
	struct iovec iov = { data, sizeof(data) };
	union { struct cmsghdr h; char b[256]; } c;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	struct cmsghdr *ch;
	ssize_t n;
	int v;

	n = recvmsg(fd, &mh, 0);
	show(what, n);
	if (n < 0)
		return;
	for (ch = CMSG_FIRSTHDR(&mh); ch != NULL; ch = CMSG_NXTHDR(&mh, ch)) {
		v = 0;
		memcpy(&v, CMSG_DATA(ch), ch->cmsg_len - CMSG_LEN(0) < sizeof(v) ? 1 : sizeof(v));
		printf("  level %d type %d length %zu", ch->cmsg_level, ch->cmsg_type, (size_t)ch->cmsg_len);
		if (ch->cmsg_type == UDP_GRO)
			printf(" value %d", v);
		if (ch->cmsg_type == IP_ORIGDSTADDR) {
			struct sockaddr_in sin, me = name_of(fd);

			memcpy(&sin, CMSG_DATA(ch), sizeof(sin));
			printf(" %s %s", inet_ntoa(sin.sin_addr), sin.sin_port == me.sin_port ? "port" : "other");
		}
		printf("\n");
	}
}

static ssize_t
send_segmented(int fd, const struct sockaddr_in *to, size_t len, uint16_t size, size_t cmsglen)
{
	struct iovec iov = { data, len };
	union { struct cmsghdr h; char b[CMSG_SPACE(4)]; } c;
	struct msghdr mh = { .msg_name = (void *)(uintptr_t)to, .msg_namelen = sizeof(*to), .msg_iov = &iov,
		.msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_SPACE(cmsglen) };

	memset(&c, 0, sizeof(c));
	c.h.cmsg_level = IPPROTO_UDP;
	c.h.cmsg_type = UDP_SEGMENT;
	c.h.cmsg_len = CMSG_LEN(cmsglen);
	memcpy(CMSG_DATA(&c.h), &size, sizeof(size));
	return (sendmsg(fd, &mh, 0));
}

static void
bound(int type, int proto, int *tx, int *rx, struct sockaddr_in *sin)
{
	*tx = ok("sender", socket(AF_INET, type, proto));
	*rx = ok("receiver", socket(AF_INET, type, proto));
	*sin = loopback(0);
	show("bind", try_bind(*rx, sin));
	*sin = name_of(*rx);
	timeout_of(*rx, SO_RCVTIMEO, 2000);
}

static void
trains(void)
{
	struct sockaddr_in sin;
	int tx, rx;

	bound(SOCK_DGRAM, 0, &tx, &rx, &sin);
	get("segment", tx, IPPROTO_UDP, UDP_SEGMENT);
	set("segment negative", tx, IPPROTO_UDP, UDP_SEGMENT, -1);
	set("segment large", tx, IPPROTO_UDP, UDP_SEGMENT, 65536);
	set("segment", tx, IPPROTO_UDP, UDP_SEGMENT, 1000);
	show("train", sendto(tx, data, 3500, 0, (struct sockaddr *)&sin, sizeof(sin)));
	receive("first", rx);
	receive("second", rx);
	receive("third", rx);
	receive("rest", rx);
	set("gro", rx, IPPROTO_UDP, UDP_GRO, 1);
	show("train", sendto(tx, data, 3500, 0, (struct sockaddr *)&sin, sizeof(sin)));
	receive("whole", rx);
	set("segment off", tx, IPPROTO_UDP, UDP_SEGMENT, 0);
	show("segmented", send_segmented(tx, &sin, 2500, 500, sizeof(uint16_t)));
	receive("whole", rx);
	show("one", send_segmented(tx, &sin, 300, 500, sizeof(uint16_t)));
	receive("one", rx);
	show("long message", send_segmented(tx, &sin, 2500, 500, sizeof(int)));
	show("too many", send_segmented(tx, &sin, 2500, 1, sizeof(uint16_t)));
	set("no checksums", tx, SOL_SOCKET, SO_NO_CHECK, 7);
	get("that is", tx, SOL_SOCKET, SO_NO_CHECK);
	show("segmented without", send_segmented(tx, &sin, 2500, 500, sizeof(uint16_t)));
	show("without", sendto(tx, data, 10, 0, (struct sockaddr *)&sin, sizeof(sin)));
	receive("without", rx);
	set("checksums", tx, SOL_SOCKET, SO_NO_CHECK, 0);
	set("destination", rx, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
	show("plain", sendto(tx, data, 10, 0, (struct sockaddr *)&sin, sizeof(sin)));
	receive("with destination", rx);
	close(tx);
	close(rx);
}

/* The host need not have UDP-Lite: its answers are written down beside this program. */
static void
lite(void)
{
	struct sockaddr_in sin;
	int tx, rx;

	bound(SOCK_DGRAM, IPPROTO_UDPLITE, &tx, &rx, &sin);
	get("protocol", tx, SOL_SOCKET, SO_PROTOCOL);
	set("coverage", tx, IPPROTO_UDPLITE, LX_UDPLITE_SEND_CSCOV, 20);
	set("coverage of less than a header", tx, IPPROTO_UDPLITE, LX_UDPLITE_SEND_CSCOV, 3);
	set("coverage", tx, IPPROTO_UDPLITE, LX_UDPLITE_SEND_CSCOV, 20);
	show("partly covered", sendto(tx, data, 100, 0, (struct sockaddr *)&sin, sizeof(sin)));
	receive("is taken", rx);
	set("least coverage", rx, IPPROTO_UDPLITE, LX_UDPLITE_RECV_CSCOV, 50);
	show("partly covered", sendto(tx, data, 100, 0, (struct sockaddr *)&sin, sizeof(sin)));
	timeout_of(rx, SO_RCVTIMEO, 100);
	receive("is not taken", rx);
	set("all", tx, IPPROTO_UDPLITE, LX_UDPLITE_SEND_CSCOV, 0);
	show("covered", sendto(tx, data, 100, 0, (struct sockaddr *)&sin, sizeof(sin)));
	receive("is taken", rx);
	close(tx);
	close(rx);
}

/* inet(7): who has no port is no peer, and a raw socket's port is its protocol. */
static void
names(void)
{
	struct sockaddr_in none = loopback(0), sin;
	int u = socket(AF_INET, SOCK_DGRAM, 0), r = socket(AF_INET, SOCK_RAW, 253);
	socklen_t len = sizeof(sin);

	show("connect to port 0", try_connect(u, &none));
	show("its peer", getpeername(u, (struct sockaddr *)&sin, &len));
	show("raw connect", try_connect(r, &none));
	show("its peer", getpeername(r, (struct sockaddr *)&sin, &len));
	show("its port", ntohs(name_of(r).sin_port));
	show("raw shutdown", shutdown(r, SHUT_RDWR));
	show("raw write", write(r, "x", 1));
	close(u);
	close(r);
}

/* As much as there may be, however much more is asked for. */
static void
most(void)
{
	int u = socket(AF_INET, SOCK_DGRAM, 0), size;

	show("all there is", set_int(u, SOL_SOCKET, SO_RCVBUF, -1));
	size = get_int(u, SOL_SOCKET, SO_RCVBUF);
	show("one more", set_int(u, SOL_SOCKET, SO_RCVBUF, size + 1));
	show("is not more", get_int(u, SOL_SOCKET, SO_RCVBUF) == size && size > 65536);
	close(u);
}

/* What IPv4 has to say to a socket of IPv6. */
static void
mapped(void)
{
	char control[256], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	int s = socket(AF_INET6, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = loopback(0);
	socklen_t len = sizeof(any);

	(void)set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	show("bind", bind(s, (struct sockaddr *)&any, sizeof(any)));
	(void)getsockname(s, (struct sockaddr *)&any, &len);
	set("ttl", s, IPPROTO_IP, IP_RECVTTL, 1);
	set("tos", s, IPPROTO_IP, IP_RECVTOS, 1);
	set("hops", s, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	set("class", s, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	set("pktinfo", s, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	sin.sin_port = any.sin6_port;
	(void)sendto(c, "x", 1, 0, (struct sockaddr *)&sin, sizeof(sin));
	show("received", recvmsg(s, &mh, 0));
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
		printf("%d %d %zu\n", cm->cmsg_level, cm->cmsg_type, (size_t)cm->cmsg_len);
	close(s);
	close(c);
}

int
main(int argc, char **argv)
{
	const size_t len = strlen(argv[0]);

	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (len > 4 && strcmp(argv[0] + len - 4, "lite") == 0) {
		lite();
		return (0);
	}
	trains();
	int t = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);

	set("on a stream", t, IPPROTO_UDP, UDP_SEGMENT, 100);
	set("no checksums of a stream", t, SOL_SOCKET, SO_NO_CHECK, 1);
	get("kept", t, SOL_SOCKET, SO_NO_CHECK);
	set("of UDP-Lite on UDP", u, IPPROTO_UDPLITE, LX_UDPLITE_SEND_CSCOV, 20);
	set("options", u, IPPROTO_IP, IP_RECVOPTS, 1);
	names();
	most();
	mapped();
	set("options to send", u, IPPROTO_IP, IP_RETOPTS, 1);
	return (0);
}
