/* SPDX-License-Identifier: BSD-2-Clause */
/* Rare arguments: addresses that are too short, values below the least, zones and protocols that are none. */
#include <stddef.h>
#include <net/if.h>
#include <netinet/icmp6.h>

#include "show.h"

#ifndef IP_PROTOCOL
#define IP_PROTOCOL	52
#endif
#define ICMP_FILTER	1

static void
up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s = socket(AF_INET, SOCK_DGRAM, 0), f = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);

	(void)ioctl(s, SIOCSIFFLAGS, &ifr);
	if (f >= 0 && write(f, "0 0", 3) < 0)	/* ping sockets, which a vnet has for everybody */
		printf("ping_group_range\n");
	close(f);
	close(s);
}

/* An address of IPv6, or a part of it, where one of IPv4 belongs. */
static void
short_addresses(int type)
{
	const struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(9) };
	int s = socket(AF_INET, type, 0), s6 = socket(AF_INET6, type, 0);

	for (socklen_t len = 8; len <= sizeof(sin6); len += 4) {
		printf("%u bytes\n", len);
		show("connect", connect(s, (const struct sockaddr *)&sin6, len));
		show("bind", bind(s, (const struct sockaddr *)&sin6, len));
		if (type == SOCK_DGRAM)
			show("sendto", sendto(s, "x", 1, 0, (const struct sockaddr *)&sin6, len));
		if (len < offsetof(struct sockaddr_in6, sin6_scope_id))
			show("connect of IPv6", connect(s6, (const struct sockaddr *)&sin6, len));
	}
	close(s);
	close(s6);
}

static void
pacing(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	for (int i = 1; i >= -1; i--) {
		show("SO_MAX_PACING_RATE", set_int(s, SOL_SOCKET, SO_MAX_PACING_RATE, i));
		printf("%d\n", get_int(s, SOL_SOCKET, SO_MAX_PACING_RATE));
	}
	close(s);
}

static void
clamps(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	for (int i = -2; i <= 2; i++) {
		show("TCP_WINDOW_CLAMP", set_int(s, IPPROTO_TCP, TCP_WINDOW_CLAMP, i));
		show("is", get_int(s, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	}
	close(s);
}

/* A listener that has room for nobody more keeps a connection in SYN_SENT. */
static void
maxseg(int wanted)
{
	struct sockaddr_in sin = loopback(0);
	int l = socket(AF_INET, SOCK_STREAM, 0), s[3];

	show("bind", try_bind(l, &sin));
	sin = name_of(l);
	show("listen", listen(l, 0));
	for (int i = 0; i < 3; i++) {
		s[i] = socket(AF_INET, SOCK_STREAM | (i == 0 ? 0 : SOCK_NONBLOCK), 0);
		if (wanted != 0)
			show("TCP_MAXSEG", set_int(s[i], IPPROTO_TCP, TCP_MAXSEG, wanted));
		show("before", get_int(s[i], IPPROTO_TCP, TCP_MAXSEG));
		(void)try_connect(s[i], &sin);
	}
	show("in SYN_SENT", get_int(s[2], IPPROTO_TCP, TCP_MAXSEG));
	for (int i = 0; i < 3; i++)
		close(s[i]);
	close(l);
}

static void
v6only(int type, int proto)
{
	const struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int s = socket(AF_INET6, type, proto);

	show("IPV6_V6ONLY", get_int(s, IPPROTO_IPV6, IPV6_V6ONLY));
	for (int i = 1; i >= 0; i--) {
		show("set", set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, i));
		show("is", get_int(s, IPPROTO_IPV6, IPV6_V6ONLY));
	}
	show("bind", bind(s, (const struct sockaddr *)&sin6, sizeof(sin6)));
	show("bound", set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	close(s);
}

/* The port of a raw socket's peer is part of his name alone. */
static void
raw_names(void)
{
	static const uint16_t port[] = { 7, 0, 9 };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT }, name6;
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct sockaddr_in sin, name;
	int s = socket(AF_INET, SOCK_RAW, 99), s6 = socket(AF_INET6, SOCK_RAW, 99);

	for (int i = 0; i < 3; i++) {
		socklen_t len = sizeof(name), len6 = sizeof(name6);

		sin = loopback(port[i]);
		sin6.sin6_port = htons(port[i]);
		memset(&name, 0, sizeof(name));
		memset(&name6, 0, sizeof(name6));
		show("connect", try_connect(s, &sin));
		show("is", getpeername(s, (struct sockaddr *)&name, &len));
		printf("%s port %d\n", inet_ntoa(name.sin_addr), ntohs(name.sin_port));
		show("connect of IPv6", connect(s6, (struct sockaddr *)&sin6, sizeof(sin6)));
		show("is", getpeername(s6, (struct sockaddr *)&name6, &len6));
		printf("port %d\n", ntohs(name6.sin6_port));
	}
	show("nobody", connect(s, &unspec, sizeof(unspec)));
	show("is", getpeername(s, (struct sockaddr *)&name, &(socklen_t){ sizeof(name) }));
	close(s);
	close(s6);
}

/* What is sent to such a port over IPv6 is of that protocol, or of none. */
static void
raw_ports(int proto)
{
	static const uint16_t port[] = { 0, 7, 99, 255, 256 };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	char packet[41] = { 0x60, 0, 0, 0, 0, 1, 59, 64 };
	int s = socket(AF_INET6, SOCK_RAW, proto);

	packet[23] = packet[39] = 1;	/* from and to ::1 */
	for (int i = 0; i < 5; i++) {
		sin6.sin6_port = htons(port[i]);
		show("to a port", sendto(s, packet, sizeof(packet), 0, (struct sockaddr *)&sin6, sizeof(sin6)));
	}
	close(s);
}

static void
zones(void)
{
	static const char *const dst[] = { "fe80::9", "ff02::1" };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_scope_id = 4242 };

	for (int i = 0; i < 2; i++) {
		int s = socket(AF_INET6, SOCK_DGRAM, 0), t = socket(AF_INET6, SOCK_STREAM, 0);

		inet_pton(AF_INET6, dst[i], &sin6.sin6_addr);
		show(dst[i], sendto(s, "x", 1, 0, (struct sockaddr *)&sin6, sizeof(sin6)));
		show("connect", connect(s, (struct sockaddr *)&sin6, sizeof(sin6)));
		show("a stream", connect(t, (struct sockaddr *)&sin6, sizeof(sin6)));
		close(s);
		close(t);
	}
}

static void
protocol(int value, size_t len)
{
	_Alignas(struct cmsghdr) char buf[CMSG_SPACE(sizeof(int))] = { 0 };
	struct sockaddr_in sin = loopback(9);
	struct iovec io = { (char[1]){ 'x' }, 1 };
	struct msghdr mh = { .msg_name = &sin, .msg_namelen = sizeof(sin), .msg_iov = &io, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = CMSG_SPACE(len) };
	struct cmsghdr *ch = CMSG_FIRSTHDR(&mh);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	*ch = (struct cmsghdr){ .cmsg_len = CMSG_LEN(len), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PROTOCOL };
	memcpy(CMSG_DATA(ch), &value, len);
	show("IP_PROTOCOL", sendmsg(s, &mh, 0));
	close(s);
}

static void
filters(void)
{
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), s6 = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	uint32_t all[8];

	for (socklen_t len = 0; len <= 5; len++) {
		memset(all, 0xff, sizeof(all));
		(void)set_int(s, SOL_RAW, ICMP_FILTER, 0x12345678);
		show("ICMP_FILTER", setsockopt(s, SOL_RAW, ICMP_FILTER, all, len));
		printf("%x\n", (unsigned)get_int(s, SOL_RAW, ICMP_FILTER));
	}
	for (socklen_t len = 0; len <= 32; len += 8) {
		socklen_t full = sizeof(all);

		memset(all, 0x55, sizeof(all));
		(void)setsockopt(s6, IPPROTO_ICMPV6, ICMP6_FILTER, all, sizeof(all));
		memset(all, 0xff, sizeof(all));
		show("ICMP6_FILTER", setsockopt(s6, IPPROTO_ICMPV6, ICMP6_FILTER, all, len));
		(void)getsockopt(s6, IPPROTO_ICMPV6, ICMP6_FILTER, all, &full);
		for (int i = 0; i < 8; i++)
			printf("%x\n", all[i]);
	}
	close(s);
	close(s6);
}

int
main(void)
{
	own_network();
	up();
	short_addresses(SOCK_STREAM);
	short_addresses(SOCK_DGRAM);
	pacing();
	clamps();
	maxseg(0);
	maxseg(1000);
	v6only(SOCK_RAW, IPPROTO_ICMPV6);
	v6only(SOCK_DGRAM, 0);
	v6only(SOCK_DGRAM, IPPROTO_ICMPV6);
	raw_names();
	raw_ports(99);
	raw_ports(IPPROTO_RAW);
	zones();
	protocol(17, sizeof(int));
	protocol(0, sizeof(int));
	protocol(256, sizeof(int));
	protocol(17, 1);
	filters();
	return (0);
}
