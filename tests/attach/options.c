/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and ioctls: values that do not depend on the host, and every refusal. */
#include "show.h"

#include <net/if.h>
#include <sys/utsname.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>

static void
get(const char *what, int fd, int level, int name, socklen_t size)
{
	unsigned char v[64];
	socklen_t len = size, i;

	memset(v, 0xee, sizeof(v));
	if (getsockopt(fd, level, name, v, &len) != 0) {
		show(what, -1);
		return;
	}
	printf("%s: [%u]", what, len);
	for (i = 0; i < len; i++)
		printf(" %x", v[i]);
	printf("\n");
}

static void
set(const char *what, int fd, int level, int name, int value, socklen_t len)
{
	show(what, setsockopt(fd, level, name, &value, len));
}

#define GET(fd, level, name, len)	get("get " #name " " #len, fd, level, name, len)
#define SET(fd, level, name, value)                                                                \
	set("set " #name " " #value, fd, level, name, value, sizeof(int))
#define BOTH(fd, level, name, value)	SET(fd, level, name, value); GET(fd, level, name, 4)

/* What is of AF_UNIX alone since Linux 6.16. */
static void
unix_level(int s, int u)
{
	struct utsname un;
	int major = 0, minor = 0;

	if (uname(&un) != 0 || sscanf(un.release, "%d.%d", &major, &minor) != 2 || major * 100 + minor < 616)
		return;
	BOTH(u, SOL_SOCKET, SO_PASSCRED, 1);
	BOTH(s, SOL_SOCKET, SO_PASSSEC, 1);
	BOTH(u, SOL_SOCKET, 76 /* SO_PASSPIDFD */, 1);
	BOTH(s, SOL_SOCKET, 83 /* SO_PASSRIGHTS */, 1);
	GET(u, SOL_SOCKET, SO_PEERGROUPS, 4);
	GET(s, SOL_SOCKET, 77 /* SO_PEERPIDFD */, 4);
}

static void
socket_level(int s, int u)
{
	struct linger l = { 1, 5 };

	GET(s, SOL_SOCKET, SO_TYPE, 4);
	GET(u, SOL_SOCKET, SO_TYPE, 4);
	GET(s, SOL_SOCKET, SO_DOMAIN, 4);
	GET(s, SOL_SOCKET, SO_PROTOCOL, 4);
	GET(u, SOL_SOCKET, SO_PROTOCOL, 4);
	GET(s, SOL_SOCKET, SO_ACCEPTCONN, 4);
	GET(s, SOL_SOCKET, SO_ERROR, 4);
	GET(s, SOL_SOCKET, SO_ERROR, 2);
	GET(s, SOL_SOCKET, SO_PEERCRED, 12);
	BOTH(s, SOL_SOCKET, SO_REUSEADDR, 1);
	BOTH(s, SOL_SOCKET, SO_REUSEPORT, 1);
	BOTH(s, SOL_SOCKET, SO_KEEPALIVE, 1);
	BOTH(u, SOL_SOCKET, SO_BROADCAST, 1);
	BOTH(s, SOL_SOCKET, SO_OOBINLINE, 1);
	BOTH(s, SOL_SOCKET, SO_PRIORITY, 3);
	BOTH(s, SOL_SOCKET, SO_SNDBUF, 65536);
	BOTH(s, SOL_SOCKET, SO_RCVBUF, 65536);
	BOTH(u, SOL_SOCKET, SO_TIMESTAMP, 1);
	GET(s, SOL_SOCKET, SO_LINGER, 8);
	show("set SO_LINGER", setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	GET(s, SOL_SOCKET, SO_LINGER, 8);
	show("short SO_LINGER", setsockopt(s, SOL_SOCKET, SO_LINGER, &l, 4));
	show("short int", setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &l, 3));
	show("no value", setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4));
	show("bad address", setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, (void *)16, 4));
	GET(s, SOL_SOCKET, SO_BINDTODEVICE, 16);
	set("set of a read-only one", s, SOL_SOCKET, SO_TYPE, 1, 4);
	set("set of an unknown one", s, SOL_SOCKET, 250, 1, 4);
	GET(s, SOL_SOCKET, 250, 4);
	set("a short one of a read-only one", s, SOL_SOCKET, SO_TYPE, 1, 3);
	set("a short one of an unknown one", s, SOL_SOCKET, 250, 1, 3);
	set("of TCP", s, IPPROTO_TCP, 250, 1, 3);
	set("of TCP for UDP", u, IPPROTO_TCP, 250, 1, 3);
	BOTH(s, SOL_SOCKET, SO_DEBUG, 0);
	set("a short SO_DEBUG", s, SOL_SOCKET, SO_DEBUG, 1, 3);
	BOTH(u, SOL_SOCKET, SO_BSDCOMPAT, 1);
	GET(s, SOL_SOCKET, SO_PEERNAME, 4);
	BOTH(u, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE);
	GET(u, SOL_SOCKET, SO_TIMESTAMPING, 64);
	SET(u, SOL_SOCKET, SO_TIMESTAMPING, 0);
	GET(s, SOL_SOCKET, SO_TIMESTAMPING, 12);
	BOTH(s, SOL_SOCKET, SO_RCVLOWAT, 0);
	timeout_of(s, SO_RCVTIMEO, 1500);
	GET(s, SOL_SOCKET, SO_RCVTIMEO, 16);
}

static void
ip_level(int s, int u)
{
	unsigned char byte = 5;
	struct in_addr in;

	BOTH(u, IPPROTO_IP, IP_TTL, 33);
	GET(u, IPPROTO_IP, IP_TTL, 1);
	show("IP_TTL in a byte", setsockopt(u, IPPROTO_IP, IP_TTL, &byte, 1));
	GET(u, IPPROTO_IP, IP_TTL, 4);
	SET(u, IPPROTO_IP, IP_TTL, 256);
	SET(u, IPPROTO_IP, IP_TTL, 0);
	BOTH(s, IPPROTO_IP, IP_TOS, 16);
	BOTH(u, IPPROTO_IP, IP_RECVERR, 1);
	BOTH(u, IPPROTO_IP, IP_PKTINFO, 1);
	BOTH(u, IPPROTO_IP, IP_RECVTTL, 1);
	BOTH(u, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	BOTH(u, IPPROTO_IP, IP_MULTICAST_TTL, 3);
	BOTH(u, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	GET(u, IPPROTO_IP, IP_OPTIONS, 40);
	GET(s, IPPROTO_IP, IP_OPTIONS, 40);
	GET(s, IPPROTO_IP, 80, 16);
	GET(u, IPPROTO_IP, IP_MTU, 4);
	show("IP_TTL without a value", setsockopt(u, IPPROTO_IP, IP_TTL, &byte, 0));
	set("unknown", u, IPPROTO_IP, 63, 1, 4);
	in.s_addr = htonl(INADDR_LOOPBACK);
	show("IP_MULTICAST_IF", setsockopt(u, IPPROTO_IP, IP_MULTICAST_IF, &in, sizeof(in)));
	GET(u, IPPROTO_IP, IP_MULTICAST_IF, 4);
	set("an IPv6 option", u, IPPROTO_IPV6, 26, 1, 4);
}

static void
ip6_level(void)
{
	static const int wish[] = { 1, 2, 3, 0x100, 1, 0, 4, 0x400, 0x404, 0x101, 8, 0x800, 0x808, 0x1002, -1, 1, 4, 1, 8 };
	int s = socket(AF_INET6, SOCK_DGRAM, 0);
	size_t i;

	GET(s, IPPROTO_IPV6, 72 /* IPV6_ADDR_PREFERENCES */, 4);
	for (i = 0; i < sizeof(wish) / sizeof(wish[0]); i++) {
		SET(s, IPPROTO_IPV6, 72, wish[i]);
		GET(s, IPPROTO_IPV6, 72, 4);
	}
	BOTH(s, IPPROTO_IPV6, 73 /* IPV6_MINHOPCOUNT */, 255);
	SET(s, IPPROTO_IPV6, 73, 256);
	SET(s, IPPROTO_IPV6, 73, -1);
	close(s);
}

static void
tcp_level(int s, int u)
{
	char name[16] = "";
	socklen_t len = sizeof(name);

	BOTH(s, IPPROTO_TCP, TCP_NODELAY, 1);
	BOTH(s, IPPROTO_TCP, TCP_CORK, 1);
	BOTH(s, IPPROTO_TCP, TCP_KEEPIDLE, 45);
	BOTH(s, IPPROTO_TCP, TCP_KEEPINTVL, 5);
	BOTH(s, IPPROTO_TCP, TCP_KEEPCNT, 3);
	BOTH(s, IPPROTO_TCP, TCP_USER_TIMEOUT, 2000);
	SET(s, IPPROTO_TCP, TCP_KEEPIDLE, 0);
	SET(s, IPPROTO_TCP, TCP_KEEPCNT, 1000);
	set("short TCP_NODELAY", s, IPPROTO_TCP, TCP_NODELAY, 1, 2);
	SET(u, IPPROTO_TCP, TCP_NODELAY, 1);
	set("unknown", s, IPPROTO_TCP, 250, 1, 4);
	/* Which one is the default, and which others everybody may have, is the host's configuration. */
	show("get TCP_CONGESTION", getsockopt(s, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	printf("%u\n", len);
	show("TCP_CONGESTION", setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)));
	show("no such one", setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "nosuch", 6));
	set("level", s, 12345, 1, 1, 4);
}

static void
ioctls(int s, int u)
{
	int n = 77, x = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct ethtool_ts_info ti = { .cmd = ETHTOOL_GET_TS_INFO };
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, "nosuch");
	show("SIOCGIFINDEX", ioctl(u, SIOCGIFINDEX, &ifr));
	show("SIOCGIFADDR", ioctl(u, SIOCGIFADDR, &ifr));
	ifr.ifr_ifindex = 4711;
	show("SIOCGIFNAME", ioctl(s, SIOCGIFNAME, &ifr));
	show("SIOCGIFINDEX on AF_UNIX", ioctl(x, SIOCGIFINDEX, &ifr));
	show("wireless", ioctl(u, 0x8b01, &ifr));
	ifr = (struct ifreq){ .ifr_name = "lo", .ifr_data = (void *)&ti };
	show("ETHTOOL_GET_TS_INFO", ioctl(u, SIOCETHTOOL, &ifr));
	printf("received %#x clock %d\n", ti.so_timestamping & ~(unsigned)SOF_TIMESTAMPING_TX_SOFTWARE, ti.phc_index);
	show("SIOCGSTAMP without one", ioctl(u, 0x8906, &ifr));
	show("FIONREAD", ioctl(u, FIONREAD, &n));
	printf("%d\n", n);
	show("SIOCOUTQ", ioctl(u, SIOCOUTQ, &n));
	printf("%d\n", n);
	show("FIONREAD at no address", ioctl(u, FIONREAD, NULL));
	show("FIONBIO", ioctl(u, FIONBIO, &n));
	show("FIOASYNC on a pipe", ioctl(0, 0x8905, &n) < 0 ? -1 : 0);
	close(x);
}

static void
made(const char *what, int domain, int type, int proto)
{
	int fd = ok(what, socket(domain, type, proto));

	if (fd >= 0)
		close(fd);
}

static void
families(void)
{
	made("TCP", AF_INET, SOCK_STREAM, IPPROTO_TCP);
	made("UDP", AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	made("TCP in a datagram socket", AF_INET, SOCK_DGRAM, IPPROTO_TCP);
	made("UDP in a stream", AF_INET, SOCK_STREAM, IPPROTO_UDP);
	made("unknown protocol", AF_INET, SOCK_STREAM, 200);
	made("large protocol", AF_INET, SOCK_STREAM, 300);
	made("negative protocol", AF_INET, SOCK_STREAM, -1);
	made("RDM", AF_INET, SOCK_RDM, 0);
	made("SEQPACKET", AF_INET, SOCK_SEQPACKET, 0);
	made("type 11", AF_INET, 11, 0);
	made("type 0", AF_INET, 0, 0);
	made("flags", AF_INET, SOCK_STREAM | 0x100000, 0);
	made("raw without a protocol", AF_INET, SOCK_RAW, 0);
	made("AF_APPLETALK", AF_APPLETALK, SOCK_DGRAM, 0);
	made("AF_UNIX", AF_UNIX, SOCK_STREAM, 0);
	made("family 99", 99, SOCK_STREAM, 0);
}

int
main(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	unix_level(s, u);
	socket_level(s, u);
	ip_level(s, u);
	ip6_level();
	tcp_level(s, u);
	ioctls(s, u);
	families();
	return (0);
}
