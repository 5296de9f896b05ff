/* SPDX-License-Identifier: BSD-2-Clause */
/* Extensions of ICMP's errors (RFC 4884) in the error queue: where they begin, and whether they are what they say. */
#include <stddef.h>
#include <net/if.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#include "show.h"

#define RECVERR_EXTS	26	/* IP_RECVERR_RFC4884 */
#define RECVERR_EXTS6	31

static uint16_t
sum(const uint8_t *p, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		n += (uint32_t)p[i] << 8 | p[i + 1];
	while (n > 0xffff)
		n = (n & 0xffff) + (n >> 16);
	return (htons((uint16_t)~n));
}

/* What an error is made of. */
struct err {
	const char *what;
	unsigned told;		/* bytes that it says it quotes */
	unsigned quoted;	/* ... and does */
	uint8_t version;
	int check;		/* of the extensions: 0 none, 1 right, 2 wrong */
	uint16_t object;	/* how long the first object says it is */
	uint8_t objects;
};

static const struct err errs[] = {
	{ "right", 128, 128, 0x20, 1, 8, 1 },
	{ "two objects", 128, 128, 0x20, 1, 8, 2 },
	{ "no checksum", 128, 128, 0x20, 0, 8, 1 },
	{ "wrong checksum", 128, 128, 0x20, 2, 8, 1 },
	{ "long object", 128, 128, 0x20, 0, 12, 1 },
	{ "empty object", 128, 128, 0x20, 0, 0, 1 },
	{ "another version", 128, 128, 0x10, 2, 12, 1 },
	{ "no object", 128, 128, 0x20, 1, 0, 0 },
	{ "more is quoted", 160, 160, 0x20, 1, 8, 1 },
	{ "too little", 120, 120, 0x20, 1, 8, 1 },
	{ "not told", 0, 128, 0x20, 1, 8, 1 },
	{ "beyond the end", 160, 128, 0x20, 1, 8, 1 },
	{ "at the end", 136, 128, 0x20, 1, 8, 1 },
};

/* The extensions; how many bytes. */
static size_t
extend(uint8_t *p, const struct err *e)
{
	size_t len = 4;
	uint16_t check;

	memset(p, 0, 4);
	p[0] = e->version;
	for (int i = 0; i < e->objects; i++, len += 8) {
		memcpy(p + len, (const uint8_t[8]){ 0, 8, 2, 1, 0, 1, 2, 3 }, 8);
		if (i == 0)
			p[len + 1] = (uint8_t)e->object;
	}
	if (e->check != 0) {
		check = e->check == 1 ? sum(p, len) : 0x1234;
		memcpy(p + 2, &check, sizeof(check));
	}
	return (len);
}

static size_t
quote4(uint8_t *p, uint8_t proto, const struct sockaddr_in *from, const struct sockaddr_in *to)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .tot_len = htons(300), .ttl = 1, .protocol = proto, .saddr = from->sin_addr.s_addr, .daddr = to->sin_addr.s_addr };
	struct udphdr udp = { .uh_sport = from->sin_port, .uh_dport = to->sin_port, .uh_ulen = htons(280) };

	memcpy(p, &ip, sizeof(ip));
	memcpy(p + sizeof(ip), &udp, sizeof(udp));
	return (sizeof(ip) + sizeof(udp));
}

static size_t
quote6(uint8_t *p, uint8_t proto, const struct sockaddr_in6 *from, const struct sockaddr_in6 *to)
{
	struct ip6_hdr ip = { .ip6_plen = htons(280), .ip6_nxt = proto, .ip6_hops = 1, .ip6_src = from->sin6_addr, .ip6_dst = to->sin6_addr };
	struct udphdr udp = { .uh_sport = from->sin6_port, .uh_dport = to->sin6_port, .uh_ulen = htons(280) };

	ip.ip6_vfc = 0x60;
	memcpy(p, &ip, sizeof(ip));
	memcpy(p + sizeof(ip), &udp, sizeof(udp));
	return (sizeof(ip) + sizeof(udp));
}

/* The error arrives at who sends it. */
static void
tell4(int icmp, uint8_t type, uint8_t proto, const struct sockaddr_in *from, const struct sockaddr_in *to, const struct err *e)
{
	uint8_t buf[512] = { 0 };
	struct icmphdr h = { .type = type };
	size_t len;

	memset(buf + sizeof(h), 'x', sizeof(buf) - sizeof(h));
	(void)quote4(buf + sizeof(h), proto, from, to);
	h.un.gateway = htonl(e->told / 4 << 16);
	memcpy(buf, &h, sizeof(h));
	len = sizeof(h) + e->quoted;
	len += extend(buf + len, e);
	h.checksum = sum(buf, len);
	memcpy(buf, &h, sizeof(h));
	if (sendto(icmp, buf, len, 0, (const struct sockaddr *)from, sizeof(*from)) != (ssize_t)len)
		show("send", -1);
}

static void
tell6(int icmp, uint8_t type, uint8_t proto, const struct sockaddr_in6 *from, const struct sockaddr_in6 *to, const struct err *e)
{
	struct sockaddr_in6 dst = { .sin6_family = AF_INET6, .sin6_addr = from->sin6_addr };
	struct icmp6_hdr h = { .icmp6_type = type };
	uint8_t buf[512];
	size_t len;

	memset(buf, 'x', sizeof(buf));
	(void)quote6(buf + sizeof(h), proto, from, to);
	h.icmp6_data8[0] = (uint8_t)(e->told / 8);
	memcpy(buf, &h, sizeof(h));
	len = sizeof(h) + e->quoted;
	len += extend(buf + len, e);
	if (sendto(icmp, buf, len, 0, (const struct sockaddr *)&dst, sizeof(dst)) != (ssize_t)len)
		show("send", -1);
}

static void
queued(const char *what, int s)
{
	uint8_t data[512];
	struct iovec iov = { data, sizeof(data) };
	union { struct cmsghdr h; char b[256]; } c;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };
	struct { uint16_t len; uint8_t flags, reserved; } ext;
	struct sock_extended_err ee;
	struct pollfd pfd = { .fd = s };
	ssize_t n;

	(void)poll(&pfd, 1, 2000);
	n = recvmsg(s, &mh, MSG_ERRQUEUE | MSG_DONTWAIT);
	show(what, n);
	if (n < 0 || mh.msg_controllen < CMSG_LEN(sizeof(ee)))
		return;
	memcpy(&ee, CMSG_DATA(&c.h), sizeof(ee));
	memcpy(&ext, &ee.ee_data, sizeof(ext));
	printf("  %s, type %d code %d info %#x, extensions at %d, flags %d", strerrorname_np((int)ee.ee_errno), ee.ee_type, ee.ee_code, ee.ee_info, ext.len, ext.flags);
	if (ext.len != 0)
		printf(": %02x %02x", data[ext.len], data[ext.len + 4]);
	printf("\n");
	(void)get_int(s, SOL_SOCKET, SO_ERROR);
}

static void
option(int s, int level, int name)
{
	show("option", get_int(s, level, name));
	show("2", set_int(s, level, name, 2));
	show("-1", set_int(s, level, name, -1));
	show("short", setsockopt(s, level, name, "\1", 1));
	show("is", get_int(s, level, name));
	show("0", set_int(s, level, name, 0));
}

/* With proto 0 a socket of UDP, else a raw one. */
static void
family4(uint8_t proto, uint8_t type, int hdrincl)
{
	struct sockaddr_in from = loopback(4001), to = loopback(4002);
	int icmp = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	int s = socket(AF_INET, proto == 0 ? SOCK_DGRAM : SOCK_RAW, proto);

	printf("IPv4, protocol %d, type %d\n", proto, type);
	if (proto != 0)
		show("IP_HDRINCL", set_int(s, IPPROTO_IP, IP_HDRINCL, hdrincl));
	show("bind", bind(s, (struct sockaddr *)&from, sizeof(from)));
	show("connect", connect(s, (struct sockaddr *)&to, sizeof(to)));
	show("IP_RECVERR", set_int(s, IPPROTO_IP, IP_RECVERR, 1));
	option(s, IPPROTO_IP, RECVERR_EXTS);
	tell4(icmp, type, proto == 0 ? IPPROTO_UDP : proto, &from, &to, &errs[0]);
	queued("without", s);
	show("1", set_int(s, IPPROTO_IP, RECVERR_EXTS, 1));
	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		tell4(icmp, type, proto == 0 ? IPPROTO_UDP : proto, &from, &to, &errs[i]);
		queued(errs[i].what, s);
	}
	close(icmp);
	close(s);
}

static void
family6(uint8_t proto, uint8_t type)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_port = htons(4001), .sin6_addr = IN6ADDR_LOOPBACK_INIT }, to = from;
	int icmp = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	int s = socket(AF_INET6, proto == 0 ? SOCK_DGRAM : SOCK_RAW, proto);

	printf("IPv6, protocol %d, type %d\n", proto, type);
	to.sin6_port = htons(4002);
	if (proto != 0)
		from.sin6_port = to.sin6_port = 0;
	show("bind", bind(s, (struct sockaddr *)&from, sizeof(from)));
	show("connect", connect(s, (struct sockaddr *)&to, sizeof(to)));
	show("IPV6_RECVERR", set_int(s, IPPROTO_IPV6, IPV6_RECVERR, 1));
	option(s, IPPROTO_IPV6, RECVERR_EXTS6);
	tell6(icmp, type, proto == 0 ? IPPROTO_UDP : proto, &from, &to, &errs[0]);
	queued("without", s);
	show("1", set_int(s, IPPROTO_IPV6, RECVERR_EXTS6, 1));
	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		tell6(icmp, type, proto == 0 ? IPPROTO_UDP : proto, &from, &to, &errs[i]);
		queued(errs[i].what, s);
	}
	close(icmp);
	close(s);
}

static void
up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	(void)ioctl(s, SIOCSIFFLAGS, &ifr);
	close(s);
}

int
main(void)
{
	own_network();
	up();
	family4(0, ICMP_TIME_EXCEEDED, 0);
	family4(0, ICMP_DEST_UNREACH, 0);
	family4(0, ICMP_PARAMETERPROB, 0);
	family4(253, ICMP_TIME_EXCEEDED, 0);
	family4(253, ICMP_TIME_EXCEEDED, 1);
	family6(0, ICMP6_TIME_EXCEEDED);
	family6(0, ICMP6_DST_UNREACH);
	family6(0, ICMP6_PARAM_PROB);
	family6(253, ICMP6_TIME_EXCEEDED);
	return (0);
}
