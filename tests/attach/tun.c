/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that is the wire of a tun and of a tap interface: /dev/net/tun. */
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/uio.h>

#include "show.h"

static int ctl;

static int
tun_file(int flags)
{
	int fd = open("/dev/net/tun", O_RDWR | flags);

	if (fd < 0) {
		perror("/dev/net/tun");
		exit(77);
	}
	return (fd);
}

static int
attach(int fd, const char *name, int flags)
{
	struct ifreq ifr = { .ifr_flags = (short)flags };

	strcpy(ifr.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &ifr) != 0) {
		printf("TUNSETIFF %s %#x: %s\n", name, (unsigned)flags, strerrorname_np(errno));
		return (-1);
	}
	printf("TUNSETIFF %s %#x: %s\n", name, (unsigned)flags, ifr.ifr_name);
	return (0);
}

static void
address(const char *ifname, unsigned long cmd, const char *addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, ifname);
	inet_pton(AF_INET, addr, &sin.sin_addr);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	show(addr, ioctl(ctl, cmd, &ifr));
}

static void
up(const char *ifname)
{
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, ifname);
	show("SIOCGIFFLAGS", ioctl(ctl, SIOCGIFFLAGS, &ifr));
	ifr.ifr_flags |= IFF_UP;
	show("SIOCSIFFLAGS", ioctl(ctl, SIOCSIFFLAGS, &ifr));
	show("SIOCGIFFLAGS", ioctl(ctl, SIOCGIFFLAGS, &ifr));
	printf("flags up %d running %d\n", (ifr.ifr_flags & IFF_UP) != 0, (ifr.ifr_flags & IFF_RUNNING) != 0);
	ifr.ifr_mtu = 1400;
	show("SIOCSIFMTU", ioctl(ctl, SIOCSIFMTU, &ifr));
	show("SIOCGIFMTU", ioctl(ctl, SIOCGIFMTU, &ifr));
	printf("mtu %d\n", ifr.ifr_mtu);
}

static uint16_t
cksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (htons((uint16_t)~sum));
}

/* An echo request of 28 bytes from 192.0.2.9 to 192.0.2.8. */
static size_t
echo(uint8_t p[28], uint8_t type)
{
	static const uint8_t hdr[20] = { 0x45, 0, 0, 28, 0, 7, 0x40, 0, 64, 1, 0, 0, 192, 0, 2, 9, 192, 0, 2, 8 };
	uint16_t sum;

	memset(p, 0, 28);
	memcpy(p, hdr, sizeof(hdr));
	sum = cksum(p, 20);
	memcpy(p + 10, &sum, 2);
	p[20] = type;
	p[25] = 1;
	p[27] = 1;
	sum = cksum(p + 20, 8);
	memcpy(p + 22, &sum, 2);
	return (28);
}

/* The next IPv4 packet: the kernel of the host sends IPv6 when it likes. */
static ssize_t
next_within(int fd, uint8_t *buf, size_t size, size_t at, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (poll(&pfd, 1, ms) == 1 && (n = read(fd, buf, size)) >= 0)
		if ((size_t)n <= at || buf[at] >> 4 == 4)
			return (n);
	return (-1);
}

static ssize_t
next(int fd, uint8_t *buf, size_t size, size_t at)
{
	return (next_within(fd, buf, size, at, 5000));
}

static void
about(const uint8_t *p, ssize_t n)
{
	printf("%zd bytes", n);
	if (n >= 20)
		printf(" version %d proto %d from %d.%d.%d.%d to %d.%d.%d.%d", p[0] >> 4, p[9], p[12], p[13], p[14], p[15], p[16],
		    p[17], p[18], p[19]);
	printf("\n");
}

/* The stack answers, and a socket's datagram comes out; and one goes in. */
static void
traffic(int fd, bool pi)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7777) };
	uint8_t p[28], buf[2000];
	struct tun_pi head = { .proto = htons(0x0800) };
	struct iovec iov[2] = { { &head, sizeof(head) }, { p, 28 } };
	const size_t at = pi ? sizeof(head) : 0;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t n;

	echo(p, 8);
	show("write", (int)(pi ? writev(fd, iov, 2) : write(fd, p, 28)));
	n = next(fd, buf, sizeof(buf), at);
	if (pi)
		printf("flags %d proto %#x ", buf[0] << 8 | buf[1], (unsigned)buf[2] << 8 | buf[3]);
	about(buf + at, n - (ssize_t)at);
	printf("type %d\n", buf[at + 20]);
	inet_pton(AF_INET, "192.0.2.9", &to.sin_addr);
	show("sendto", (int)sendto(s, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)));
	n = next(fd, buf, sizeof(buf), at);
	about(buf + at, n - (ssize_t)at);
	close(s);
}

static void
tun(int flags)
{
	const bool pi = (flags & IFF_NO_PI) == 0;
	int fd = tun_file(O_CLOEXEC | (pi ? O_NONBLOCK : 0));
	struct ifreq ifr = { 0 };
	uint8_t buf[64];

	show("unattached TUNGETIFF", ioctl(fd, TUNGETIFF, &ifr));
	show("unattached TUNSETPERSIST", ioctl(fd, TUNSETPERSIST, 0));
	if (attach(fd, "vpn%d", flags) != 0)
		return;
	show("again", ioctl(fd, TUNSETIFF, &ifr));
	show("TUNGETIFF", ioctl(fd, TUNGETIFF, &ifr));
	printf("%s %#x\n", ifr.ifr_name, (unsigned)(ifr.ifr_flags & (IFF_TUN | IFF_TAP | IFF_NO_PI | 0x800)));
	printf("index %s, close on exec %d, nonblocking %d\n", if_nametoindex(ifr.ifr_name) != 0 ? "there" : "none",
	    fcntl(fd, F_GETFD) == FD_CLOEXEC, (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	if (pi)
		printf("empty read: %s\n", read(fd, buf, sizeof(buf)) < 0 ? strerrorname_np(errno) : "data");
	address(ifr.ifr_name, SIOCSIFADDR, "192.0.2.8");
	address(ifr.ifr_name, SIOCSIFDSTADDR, "192.0.2.9");
	address(ifr.ifr_name, SIOCSIFNETMASK, "255.255.255.255");
	up(ifr.ifr_name);
	traffic(fd, pi);
	close(fd);
	printf("after close: %s\n", if_nametoindex(ifr.ifr_name) != 0 ? "there" : "none");
}

/* It stays, with its address; who opens it again goes on. */
/* From 203.0.113.9, port 80, to 203.0.113.8; a SYN has the flag 2. */
struct segment { uint32_t seq, ack; uint16_t port, window; uint8_t flags; };

static void
segment(int fd, const struct segment *se)
{
	static const uint8_t hdr[20] = { 0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0, 203, 0, 113, 9, 203, 0, 113, 8 };
	uint32_t seq = htonl(se->seq), ack = htonl(se->ack);
	uint8_t p[40] = { 0 }, sum[32] = { 203, 0, 113, 9, 203, 0, 113, 8, 0, 6, 0, 20 };
	uint16_t port = htons(se->port), window = htons(se->window), check;

	memcpy(p, hdr, sizeof(hdr));
	check = cksum(p, 20);
	memcpy(p + 10, &check, 2);
	p[21] = 80;
	memcpy(p + 22, &port, 2);
	memcpy(p + 24, &seq, 4);
	memcpy(p + 28, &ack, 4);
	p[32] = 0x50;
	p[33] = se->flags;
	memcpy(p + 34, &window, 2);
	memcpy(sum + 12, p + 20, 20);
	check = cksum(sum, sizeof(sum));
	memcpy(p + 36, &check, 2);
	(void)!write(fd, p, sizeof(p));
}

/* What comes out; se is told where it ends.  The length of its data, or -1. */
static ssize_t
answer(int fd, struct segment *se)
{
	uint8_t p[2000];
	ssize_t n = next(fd, p, sizeof(p), 0);
	uint32_t seq;

	if (n < 40 || p[9] != 6)
		return (-1);
	memcpy(&seq, p + 24, 4);
	n -= 20 + (p[32] >> 4) * 4;
	se->port = (uint16_t)(p[20] << 8 | p[21]);
	se->ack = ntohl(seq) + (uint32_t)n + (p[33] & 2) / 2;
	return (n);
}

/* A packet has been received when the write of it is over: what is written to a socket next heeds the window that it brought. */
static void
window(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct segment se = { .seq = 1000, .window = 10000, .flags = 0x12 };
	int fd = tun_file(0), s = socket(AF_INET, SOCK_STREAM, 0), early = 0, whole = 0;
	uint8_t p[2000];

	attach(fd, "w0", IFF_TUN | IFF_NO_PI);
	address("w0", SIOCSIFADDR, "203.0.113.8");
	address("w0", SIOCSIFNETMASK, "255.255.255.0");
	up("w0");
	inet_pton(AF_INET, "203.0.113.9", &to.sin_addr);
	nonblock(s, true);
	show("TCP_NODELAY", set_int(s, IPPROTO_TCP, TCP_NODELAY, 1));
	show("connect", try_connect(s, &to));
	show("SYN", answer(fd, &se));
	segment(fd, &se);
	show("ACK", answer(fd, &se));
	se.seq++;
	se.flags = 0x10;
	show_poll("connected", s, POLLOUT);
	show("write", write(s, "0123456789", 10));
	show("data", answer(fd, &se));
	for (int i = 0; i < 10; i++) {
		se.window = 0;
		usleep(20000);
		(void)kill(getppid(), SIGSTOP);	/* the harness, which finds both when it goes on */
		segment(fd, &se);
		(void)!write(s, "0123456789", 10);
		(void)kill(getppid(), SIGCONT);
		early += next_within(fd, p, sizeof(p), 0, 30) >= 0;
		se.window = 10000;
		segment(fd, &se);
		whole += answer(fd, &se) == 10;
	}
	printf("sent into a closed window %d, then whole %d\n", early, whole);
	close(s);
	close(fd);
}

static void
persist(void)
{
	int fd = tun_file(0), fd2;

	attach(fd, "keep0", IFF_TUN | IFF_NO_PI);
	show("TUNSETPERSIST", ioctl(fd, TUNSETPERSIST, 1));
	show("TUNSETOWNER", ioctl(fd, TUNSETOWNER, 0));
	fd2 = tun_file(0);
	attach(fd2, "keep0", IFF_TUN | IFF_NO_PI);
	close(fd);
	printf("kept: %s\n", if_nametoindex("keep0") != 0 ? "there" : "none");
	attach(fd2, "keep0", IFF_TAP | IFF_NO_PI);
	attach(fd2, "keep0", IFF_TUN | IFF_NO_PI);
	show("TUNSETPERSIST", ioctl(fd2, TUNSETPERSIST, 0));
	close(fd2);
	printf("gone: %s\n", if_nametoindex("keep0") != 0 ? "there" : "none");
}

/* An ARP request for the tap's address, and the reply. */
static void
tap(void)
{
	static const uint8_t ask[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9,
		192, 0, 2, 9, 0, 0, 0, 0, 0, 0, 192, 0, 2, 8 };
	struct ifreq ifr = { 0 };
	struct pollfd pfd = { .events = POLLIN };
	uint8_t buf[2000];
	ssize_t n;
	int fd = tun_file(0);

	attach(fd, "", IFF_TAP | IFF_NO_PI);
	show("TUNGETIFF", ioctl(fd, TUNGETIFF, &ifr));
	address(ifr.ifr_name, SIOCSIFADDR, "192.0.2.8");
	address(ifr.ifr_name, SIOCSIFNETMASK, "255.255.255.0");
	up(ifr.ifr_name);
	show("write", (int)write(fd, ask, sizeof(ask)));
	pfd.fd = fd;
	while (poll(&pfd, 1, 5000) == 1) {
		n = read(fd, buf, sizeof(buf));
		if (n < 42 || buf[12] != 8 || buf[13] != 6 || buf[21] != 2)
			continue;
		printf("ARP reply of %zd bytes to %02x:%02x, %d.%d.%d.%d\n", n, buf[0], buf[5], buf[28], buf[29], buf[30], buf[31]);
		break;
	}
	close(fd);
}

static void
wrong(void)
{
	struct ifreq ifr = { 0 };
	int fd = tun_file(0), null = open("/dev/null", O_RDWR);

	show("another file", ioctl(null, TUNSETIFF, &ifr));
	attach(fd, "x", 0);
	attach(fd, "a/b", IFF_TUN);
	attach(fd, "%s", IFF_TUN);
	attach(fd, "lo", IFF_TUN);
	attach(fd, "lo", IFF_TAP);
	show("bad address", ioctl(fd, TUNSETIFF, (void *)8));
	attach(fd, "ok0", IFF_TUN | IFF_NO_PI);
	show("TUNSETOFFLOAD 0", ioctl(fd, TUNSETOFFLOAD, 0));
	show("TUNSETOFFLOAD", ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6));
	show("TUNSETOFFLOAD rubbish", ioctl(fd, TUNSETOFFLOAD, 0x8000));
	show("unknown", ioctl(fd, _IOW('T', 0xe3, int), 0) < 0 ? -1 : 0);
	close(fd);
	close(null);
}

int
main(void)
{
	own_network();
	ctl = socket(AF_INET, SOCK_DGRAM, 0);
	signal(SIGPIPE, SIG_DFL);
	tun(IFF_TUN | IFF_NO_PI);
	tun(IFF_TUN);
	persist();
	window();
	tap();
	wrong();
	return (0);
}
