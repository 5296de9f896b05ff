/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw and packet sockets: what they refuse, checksums, the loopback interface. */
#include <stddef.h>
#include <net/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/udp.h>

#include "show.h"

static void
up(void)
{
	struct { struct in6_addr addr; uint32_t len; int index; } in6 = { .addr = IN6ADDR_LOOPBACK_INIT, .len = 128, .index = 1 };
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s = socket(AF_INET, SOCK_DGRAM, 0), s6 = socket(AF_INET6, SOCK_DGRAM, 0);

	(void)ioctl(s, SIOCSIFFLAGS, &ifr);
	(void)ioctl(s6, SIOCSIFADDR, &in6);	/* where it is not there yet */
	close(s);
	close(s6);
}

static void
refusals(void)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(9) }, mapped = six;
	struct sockaddr_in four = loopback(9);
	int raw = socket(AF_INET6, SOCK_RAW, IPPROTO_UDP), udp = socket(AF_INET6, SOCK_DGRAM, 0);
	char name[16];
	socklen_t len = sizeof(name);

	show("connect to IPv4", connect(raw, (struct sockaddr *)&four, sizeof(four)));
	show("IP_TTL", set_int(raw, IPPROTO_IP, IP_TTL, 4));
	show("IP_HDRINCL", set_int(raw, IPPROTO_IP, IP_HDRINCL, 1));
	show("IP_TTL", get_int(raw, IPPROTO_IP, IP_TTL));
	show("SO_BINDTODEVICE", setsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	show("is", getsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	printf("%.16s, %u\n", name, len);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	show("connect over IPv4", connect(udp, (struct sockaddr *)&mapped, sizeof(mapped)));
	show("send to IPv6", sendto(udp, "x", 1, 0, (struct sockaddr *)&six, sizeof(six)));
	six.sin6_family = AF_APPLETALK;
	show("send to nowhere", sendto(udp, "x", 1, 0, (struct sockaddr *)&six, sizeof(six)));
	close(raw);
	close(udp);
}

/* RFC 3542 3.1: the sum is made of what is sent, and what is received without it is not for who asked. */
static void
sums(void)
{
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct { struct udphdr udp; uint32_t value; } packet;
	int s[2], n;

	for (int i = 0; i < 2; i++) {
		s[i] = socket(AF_INET6, SOCK_RAW, IPPROTO_UDP);
		show("bind", bind(s[i], (const struct sockaddr *)&to, sizeof(to)));
		timeout_of(s[i], SO_RCVTIMEO, 200);
	}
	show("IPV6_CHECKSUM", set_int(s[1], IPPROTO_IPV6, IPV6_CHECKSUM, offsetof(struct udphdr, uh_sum)));
	for (int i = 0; i < 2; i++) {
		memset(&packet, 0, sizeof(packet));
		packet.value = (uint32_t)i + 1;
		show("send", sendto(s[i], &packet, sizeof(packet), 0, (const struct sockaddr *)&to, sizeof(to)));
	}
	for (int i = 0; i < 2; i++)
		while ((n = (int)recvfrom(s[i], &packet, sizeof(packet), 0, NULL, NULL)) > 0)
			printf("socket %d has %d bytes of %u, sum %s\n", i, n, packet.value, packet.udp.uh_sum == 0 ? "none" : "some");
	close(s[0]);
	close(s[1]);
}

/* What is sent through it is shown as it goes and as it comes. */
static void
loopback_frames(void)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = 1 };
	struct sockaddr_in to = loopback(9);
	int p = socket(AF_PACKET, SOCK_DGRAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(ll);
	char buf[2048];
	ssize_t n;

	show("bind", bind(p, (struct sockaddr *)&ll, sizeof(ll)));
	timeout_of(p, SO_RCVTIMEO, 200);
	for (int ignore = 0; ignore < 2; ignore++) {
		show("PACKET_IGNORE_OUTGOING", set_int(p, SOL_PACKET, PACKET_IGNORE_OUTGOING, ignore));
		show("send", sendto(u, "abc", 3, 0, (struct sockaddr *)&to, sizeof(to)));
		while ((n = recvfrom(p, buf, sizeof(buf), 0, (struct sockaddr *)&ll, &len)) > 0)
			printf("  %zd bytes, %s\n", n, ll.sll_pkttype == PACKET_OUTGOING ? "out" : ll.sll_pkttype == PACKET_HOST ? "in" : "other");
	}
	close(p);
	close(u);
}

static void
show_sum(int s)
{
	char data[100];
	struct iovec iov = { data, sizeof(data) };
	union { struct cmsghdr h; char b[256]; } c;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	const ssize_t n = recvmsg(s, &mh, 0);
	uint32_t sum;

	show("recvmsg", n);
	if (n < 0 || mh.msg_controllen < CMSG_LEN(sizeof(sum)) || c.h.cmsg_type != 23)
		return;
	memcpy(&sum, CMSG_DATA(&c.h), sizeof(sum));
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	printf("  level %d, length %zu, sum %#x\n", c.h.cmsg_level, c.h.cmsg_len, sum);
}

/* RFC 1071, over the pseudo header of 127.0.0.1 to itself. */
static uint16_t
udp_sum(const void *data, size_t len)
{
	uint32_t sum = 2 * (0x7f00 + 1) + IPPROTO_UDP + (uint32_t)len;
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (htons((uint16_t)~sum));
}

/* IP_CHECKSUM (23): the sum of what came, where it had to be made.  What has a wrong one does not come. */
static void
udp_sums(void)
{
	struct sockaddr_in to = loopback(4003);
	struct { struct udphdr udp; uint8_t data[13]; } packet = { .data = "abcdefghijkl" };
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP), s = socket(AF_INET, SOCK_DGRAM, 0);
	const size_t len = offsetof(__typeof__(packet), data) + sizeof(packet.data);

	timeout_of(s, SO_RCVTIMEO, 200);
	show("bind", bind(s, (struct sockaddr *)&to, sizeof(to)));
	packet.udp = (struct udphdr){ .uh_sport = to.sin_port, .uh_dport = to.sin_port, .uh_ulen = htons((uint16_t)len) };
	packet.udp.uh_sum = udp_sum(&packet, len);
	show("send", sendto(raw, &packet, len, 0, (const struct sockaddr *)&to, sizeof(to)));
	show_sum(s);
	show("IP_CHECKSUM", get_int(s, IPPROTO_IP, 23));
	show("IP_CHECKSUM", set_int(s, IPPROTO_IP, 23, 1));
	show("IP_CHECKSUM", get_int(s, IPPROTO_IP, 23));
	show("right", sendto(raw, &packet, len, 0, (const struct sockaddr *)&to, sizeof(to)));
	show_sum(s);
	packet.udp.uh_sum ^= 0x0101;
	show("wrong", sendto(raw, &packet, len, 0, (const struct sockaddr *)&to, sizeof(to)));
	show_sum(s);
	packet.udp.uh_sum = 0;
	show("none", sendto(raw, &packet, len, 0, (const struct sockaddr *)&to, sizeof(to)));
	show_sum(s);
	show("unfinished", sendto(s, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)));
	show_sum(s);
	show("IP_CHECKSUM", set_int(s, IPPROTO_IP, 23, 0));
	packet.udp.uh_sum = udp_sum(&packet, len);
	show("right", sendto(raw, &packet, len, 0, (const struct sockaddr *)&to, sizeof(to)));
	show_sum(s);
	close(raw);
	close(s);
}

/* Where nothing is routed: by the interface of the address that it is bound to. */
static void
bound_groups(void)
{
	static const char *const dst[] = { "224.0.2.1", "255.255.255.255" };
	struct ip_mreq mr = { .imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4005) };
	int r = socket(AF_INET, SOCK_DGRAM, 0);
	char buf[8];

	timeout_of(r, SO_RCVTIMEO, 200);
	inet_pton(AF_INET, dst[0], &mr.imr_multiaddr);
	show("bind", bind(r, (struct sockaddr *)&to, sizeof(to)));
	show("join", setsockopt(r, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in own = loopback(0);
		int s = socket(AF_INET, SOCK_DGRAM, 0);

		inet_pton(AF_INET, dst[i], &to.sin_addr);
		show("SO_BROADCAST", set_int(s, SOL_SOCKET, SO_BROADCAST, 1));
		show("bind", bind(s, (struct sockaddr *)&own, sizeof(own)));
		show(dst[i], sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
		show("received", recv(r, buf, sizeof(buf), 0));
		close(s);
	}
	close(r);
}

int
main(void)
{
	own_network();
	up();
	refusals();
	sums();
	udp_sums();
	loopback_frames();
	bound_groups();
	return (0);
}
