/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes beside a datagram: errors, addresses, times; and looking at it bit by bit. */
#include "show.h"

#include <time.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

/* Is it a time of this minute? */
static const char *
now(const struct timespec *ts)
{
	if (ts->tv_sec == 0 && ts->tv_nsec == 0)
		return ("none");
	return (labs(ts->tv_sec - time(NULL)) < 60 ? "now" : "wrong");
}

static void
show_cmsg(const struct cmsghdr *cm)
{
	struct sock_extended_err see;
	struct sockaddr_in sin;
	struct in_pktinfo pi;
	struct timespec ts[3];
	struct timeval tv;
	int value;

	printf("  level %d type %d length %zu", cm->cmsg_level, cm->cmsg_type, cm->cmsg_len - CMSG_LEN(0));
	if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_RECVERR) {
		memcpy(&see, CMSG_DATA(cm), sizeof(see));
		memcpy(&sin, CMSG_DATA(cm) + sizeof(see), sizeof(sin));
		printf(" %s origin %u type %u code %u info %u data %u offender %d %s", strerrorname_np((int)see.ee_errno), see.ee_origin, see.ee_type,
		    see.ee_code, see.ee_info, see.ee_data, sin.sin_family, inet_ntoa(sin.sin_addr));
	} else if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_PKTINFO) {
		memcpy(&pi, CMSG_DATA(cm), sizeof(pi));
		printf(" index %d %s", pi.ipi_ifindex, inet_ntoa(pi.ipi_spec_dst));
		printf(" %s", inet_ntoa(pi.ipi_addr));
	} else if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SO_TIMESTAMPING) {
		memcpy(ts, CMSG_DATA(cm), sizeof(ts));
		printf(" software %s hardware %s", now(&ts[0]), now(&ts[2]));
	} else if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SO_TIMESTAMPNS) {
		memcpy(ts, CMSG_DATA(cm), sizeof(ts[0]));
		printf(" %s", now(&ts[0]));
	} else if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SO_TIMESTAMP) {
		memcpy(&tv, CMSG_DATA(cm), sizeof(tv));
		ts[0] = (struct timespec){ tv.tv_sec, tv.tv_usec * 1000 };
		printf(" %s", now(&ts[0]));
	} else if (cm->cmsg_len - CMSG_LEN(0) >= sizeof(value)) {
		memcpy(&value, CMSG_DATA(cm), sizeof(value));
		printf(" value %d", value);
	} else
		printf(" value %d", *CMSG_DATA(cm));
	printf("\n");
}

static void
receive(const char *what, int fd, int flags)
{
	union { char buf[512]; struct cmsghdr align; } control;
	struct sockaddr_in from = { 0 };
	char data[100] = "";
	struct iovec iov = { data, sizeof(data) - 1 };
	struct msghdr mh = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n;

	n = recvmsg(fd, &mh, flags);
	show(what, n);
	if (n < 0)
		return;
	printf("  \"%s\" from family %d %s flags %#x\n", data, mh.msg_namelen > 0 ? from.sin_family : -1, inet_ntoa(from.sin_addr), (unsigned)mh.msg_flags);
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
		show_cmsg(cm);
}

static void
pair(int *tx, int *rx, struct sockaddr_in *sin)
{
	*tx = socket(AF_INET, SOCK_DGRAM, 0);
	*rx = socket(AF_INET, SOCK_DGRAM, 0);
	*sin = loopback(0);
	(void)try_bind(*rx, sin);
	*sin = name_of(*rx);
	(void)try_connect(*tx, sin);
	timeout_of(*rx, SO_RCVTIMEO, 2000);
}

static void
addresses(void)
{
	struct sockaddr_in sin;
	int tx, rx;

	pair(&tx, &rx, &sin);
	show("IP_PKTINFO", set_int(rx, IPPROTO_IP, IP_PKTINFO, 1));
	show("IP_RECVTTL", set_int(rx, IPPROTO_IP, IP_RECVTTL, 1));
	show("IP_RECVTOS", set_int(rx, IPPROTO_IP, IP_RECVTOS, 1));
	show("IP_TOS", set_int(tx, IPPROTO_IP, IP_TOS, 0xb8));
	show("IP_TTL", set_int(tx, IPPROTO_IP, IP_TTL, 17));
	show("send", send(tx, "hello", 5, 0));
	receive("all of it", rx, 0);
	show("IP_PKTINFO off", set_int(rx, IPPROTO_IP, IP_PKTINFO, 0));
	show("send", send(tx, "again", 5, 0));
	receive("less", rx, 0);
	close(tx);
	close(rx);
}

/* Where to answer from who sends to a group. */
static void
answers(void)
{
	const char *from[] = { "127.0.0.1", "127.0.0.9" };
	struct sockaddr_in sin;
	struct ip_mreqn mr = { .imr_address = { htonl(INADDR_LOOPBACK) } };
	int tx, rx;

	inet_pton(AF_INET, "239.77.1.9", &mr.imr_multiaddr);
	for (int i = 0; i < 2; i++) {
		rx = socket(AF_INET, SOCK_DGRAM, 0);
		tx = socket(AF_INET, SOCK_DGRAM, 0);
		sin = (struct sockaddr_in){ .sin_family = AF_INET };
		show("bind", try_bind(rx, &sin));
		sin = name_of(rx);
		show("join", setsockopt(rx, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
		show("IP_PKTINFO", set_int(rx, IPPROTO_IP, IP_PKTINFO, 1));
		sin.sin_addr = mr.imr_multiaddr;
		show("interface", setsockopt(tx, IPPROTO_IP, IP_MULTICAST_IF, &mr, sizeof(mr)));
		struct sockaddr_in src = { .sin_family = AF_INET };
		inet_pton(AF_INET, from[i], &src.sin_addr);
		show("bind sender", try_bind(tx, &src));
		show("send", sendto(tx, "group", 5, 0, (struct sockaddr *)&sin, sizeof(sin)));
		receive("of a group", rx, 0);
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		show("send", sendto(tx, "host", 4, 0, (struct sockaddr *)&sin, sizeof(sin)));
		receive("of its own", rx, 0);
		close(tx);
		close(rx);
	}
}

static void
stamp_of(const char *what, int fd)
{
	struct timeval tv = { 0, 0 };

	printf("%s: ", what);
	if (ioctl(fd, 0x8906 /* SIOCGSTAMP */, &tv) != 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%s\n", labs(tv.tv_sec - time(NULL)) < 60 ? "now" : "wrong");
}

/* SIOCGSTAMP, which nothing else needs to be asked for. */
static void
stamps(void)
{
	struct timeval tv[2];
	struct sockaddr_in sin;
	int tx, rx, t = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	pair(&tx, &rx, &sin);
	stamp_of("stream", t);
	stamp_of("nothing came", rx);
	show("send", send(tx, "1", 1, 0));
	show("recv", recvfrom(rx, &c, 1, 0, (struct sockaddr *)&sin, &(socklen_t){ sizeof(sin) }));
	stamp_of("stamped", rx);
	ioctl(rx, 0x8906, &tv[0]);
	usleep(20000);
	ioctl(rx, 0x8906, &tv[1]);
	printf("the same: %d\n", memcmp(&tv[0], &tv[1], sizeof(tv[0])) == 0);
	close(tx);
	close(rx);
	pair(&tx, &rx, &sin);
	show("send", send(tx, "1", 1, 0));
	show("recv", recvfrom(rx, &c, 1, 0, (struct sockaddr *)&sin, &(socklen_t){ sizeof(sin) }));
	stamp_of("asked late", rx);
	close(tx);
	close(rx);
	pair(&tx, &rx, &sin);
	show("SO_TIMESTAMP", set_int(rx, SOL_SOCKET, SO_TIMESTAMP, 1));
	show("send", send(tx, "1", 1, 0));
	show("recv", recvfrom(rx, &c, 1, 0, (struct sockaddr *)&sin, &(socklen_t){ sizeof(sin) }));
	stamp_of("told otherwise", rx);
	show("SO_TIMESTAMP off", set_int(rx, SOL_SOCKET, SO_TIMESTAMP, 0));
	show("send", send(tx, "1", 1, 0));
	show("recv", recvfrom(rx, &c, 1, 0, (struct sockaddr *)&sin, &(socklen_t){ sizeof(sin) }));
	stamp_of("told no more", rx);
	close(tx);
	close(rx);
	close(t);
}

static void
errors(void)
{
	struct sockaddr_in sin = nobody(SOCK_DGRAM);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	show("IP_RECVERR", set_int(s, IPPROTO_IP, IP_RECVERR, 1));
	receive("nothing", s, MSG_ERRQUEUE | MSG_DONTWAIT);
	show("connect", try_connect(s, &sin));
	show("send", send(s, "lost", 4, 0));
	(void)polled(s, 2000, POLLIN);
	receive("the error", s, MSG_ERRQUEUE);
	receive("one only", s, MSG_ERRQUEUE | MSG_DONTWAIT);
	show_error("pending", s);
	show("send", send(s, "x", 1, 0));
	(void)polled(s, 2000, POLLIN);
	show_error("pending", s);
	receive("still in the queue", s, MSG_ERRQUEUE | MSG_DONTWAIT);
	show("IP_RECVERR off", set_int(s, IPPROTO_IP, IP_RECVERR, 0));
	close(s);

	s = socket(AF_INET, SOCK_DGRAM, 0);
	(void)set_int(s, IPPROTO_IP, IP_RECVERR, 1);
	show("not connected", sendto(s, "lost", 4, 0, (struct sockaddr *)&sin, sizeof(sin)));
	(void)polled(s, 2000, POLLIN);
	receive("told all the same", s, MSG_ERRQUEUE);
	close(s);
}

static void
times(void)
{
	struct sockaddr_in sin;
	int tx, rx;

	pair(&tx, &rx, &sin);
	show("SO_TIMESTAMPING", get_int(rx, SOL_SOCKET, SO_TIMESTAMPING));
	show("receive, software", set_int(rx, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE));
	usleep(100000);			/* Linux begins to note times a little later */
	show("get", get_int(rx, SOL_SOCKET, SO_TIMESTAMPING));
	show("no such bit", set_int(rx, SOL_SOCKET, SO_TIMESTAMPING, 1 << 30));
	show("send", send(tx, "a", 1, 0));
	receive("stamped", rx, 0);
	show("with SO_TIMESTAMPNS", set_int(rx, SOL_SOCKET, SO_TIMESTAMPNS, 1));
	show("send", send(tx, "b", 1, 0));
	receive("both", rx, 0);
	show("SO_TIMESTAMP instead", set_int(rx, SOL_SOCKET, SO_TIMESTAMP, 1));
	show("SO_TIMESTAMPNS", get_int(rx, SOL_SOCKET, SO_TIMESTAMPNS));
	show("send", send(tx, "c", 1, 0));
	receive("both", rx, 0);
	show("hardware alone", set_int(rx, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE));
	show("SO_TIMESTAMP off", set_int(rx, SOL_SOCKET, SO_TIMESTAMP, 0));
	show("send", send(tx, "d", 1, 0));
	receive("no hardware", rx, 0);
	show("off", set_int(rx, SOL_SOCKET, SO_TIMESTAMPING, 0));
	show("get", get_int(rx, SOL_SOCKET, SO_TIMESTAMPING));
	close(tx);
	close(rx);
}

static void
peeking(void)
{
	struct sockaddr_in sin;
	char buf[16];
	int tx, rx;

	pair(&tx, &rx, &sin);
	show("send", send(tx, "abcdef", 6, 0));
	show("peek", recv(rx, buf, 2, MSG_PEEK));
	show("peek, its length", recv(rx, buf, 2, MSG_PEEK | MSG_TRUNC));
	show("truncated", recv(rx, buf, 2, MSG_TRUNC));
	show("none left", recv(rx, buf, 2, MSG_DONTWAIT));
	close(tx);
	close(rx);
}

/* SO_PEEK_OFF: where the next look begins. */
static void
places(void)
{
	char buf[16] = "";
	int fd[2];

	connected(fd);
	show("none", get_int(fd[0], SOL_SOCKET, SO_PEEK_OFF) == -1);
	show("from the start", set_int(fd[0], SOL_SOCKET, SO_PEEK_OFF, 0));
	show("write", write(fd[1], "abcdefgh", 8));
	(void)polled(fd[0], 2000, POLLIN);
	show("look", recv(fd[0], buf, 3, MSG_PEEK));
	show("place", get_int(fd[0], SOL_SOCKET, SO_PEEK_OFF));
	show("look on", recv(fd[0], buf, 3, MSG_PEEK));
	printf("%.3s\n", buf);
	show("take", recv(fd[0], buf, 4, 0));
	printf("%.4s\n", buf);
	show("place", get_int(fd[0], SOL_SOCKET, SO_PEEK_OFF));
	show("look", recv(fd[0], buf, 16, MSG_PEEK));
	printf("%.2s\n", buf);
	show("off", set_int(fd[0], SOL_SOCKET, SO_PEEK_OFF, -1));
	show("look", recv(fd[0], buf, 16, MSG_PEEK));
	close(fd[0]);
	close(fd[1]);
}

/* A mark that is sent with one datagram, or the socket's, is told; the next one's is none. */
static void
marks(void)
{
	int tx = socket(AF_INET, SOCK_DGRAM, 0), rx = socket(AF_INET, SOCK_DGRAM, 0), on = 1, mark = 7;
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	union { char buf[CMSG_SPACE(4)]; struct cmsghdr align; } u, in;
	struct iovec iov = { "x", 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf) };
	socklen_t len = sizeof(sin);
	char c;

	show("bind", bind(rx, (struct sockaddr *)&sin, sizeof(sin)));
	(void)getsockname(rx, (struct sockaddr *)&sin, &len);
	show("connect", connect(tx, (struct sockaddr *)&sin, sizeof(sin)));
	show("SO_RCVMARK", setsockopt(rx, SOL_SOCKET, 75, &on, sizeof(on)));
	memset(&u, 0, sizeof(u));
	u.align.cmsg_level = SOL_SOCKET;
	u.align.cmsg_type = SO_MARK;
	u.align.cmsg_len = CMSG_LEN(2);
	show("short mark", sendmsg(tx, &mh, 0));
	u.align.cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(&u.align), &mark, sizeof(mark));
	show("marked", sendmsg(tx, &mh, 0));
	show("unmarked", send(tx, "y", 1, 0));
	mark = 9;
	show("SO_MARK", setsockopt(tx, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)));
	show("socket's", send(tx, "z", 1, 0));
	for (int i = 0; i < 3; i++) {
		struct iovec get = { &c, 1 };
		struct msghdr m = { .msg_iov = &get, .msg_iovlen = 1, .msg_control = in.buf, .msg_controllen = sizeof(in.buf) };

		show("received", recvmsg(rx, &m, 0));
		mark = -1;
		if (CMSG_FIRSTHDR(&m) != NULL && CMSG_FIRSTHDR(&m)->cmsg_type == SO_MARK)
			memcpy(&mark, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(mark));
		printf("%c: mark %d\n", c, mark);
	}
	close(tx);
	close(rx);
}

static void
show_pktoptions(const char *what, int fd, socklen_t len)
{
	union { char buf[512]; struct cmsghdr align; } control;
	struct msghdr mh = { .msg_control = &control };

	printf("%s\n", what);
	if (getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, &control, &len) != 0) {
		show("IP_PKTOPTIONS", -1);
		return;
	}
	mh.msg_controllen = len;
	printf("  %u bytes\n", len);
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
		show_cmsg(cm);
}

/* Of a stream: what is known of the packet that made it. */
static void
stream_options(void)
{
	static const int names[] = { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS };
	struct sockaddr_in sin;
	int l = listener(&sin), c = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0), ttl = 33, tos = 0x48, a;

	show_pktoptions("none wanted", l, 100);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		show("option", setsockopt(l, IPPROTO_IP, names[i], &(int){ 1 }, sizeof(int)));
		show("option", setsockopt(c, IPPROTO_IP, names[i], &(int){ 1 }, sizeof(int)));
	}
	show("IP_TTL", setsockopt(c, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)));
	show("IP_TOS", setsockopt(c, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)));
	show_pktoptions("idle", c, 100);
	show("connect", try_connect(c, &sin));
	a = accept(l, NULL, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		socklen_t len = sizeof(int);
		int value = -1;

		show("inherited", getsockopt(a, IPPROTO_IP, names[i], &value, &len));
		printf("  %d\n", value);
	}
	show_pktoptions("listener", l, 100);
	show_pktoptions("connected", c, 100);
	show_pktoptions("accepted", a, 100);
	show_pktoptions("little room", a, 40);
	show_pktoptions("less", a, 20);
	show_pktoptions("none", a, 0);
	show_pktoptions("datagrams", u, 100);
	show("set", setsockopt(a, IPPROTO_IP, IP_PKTOPTIONS, &ttl, sizeof(ttl)));
	close(l);
	close(c);
	close(a);
	close(u);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	addresses();
	answers();
	stamps();
	errors();
	times();
	peeking();
	places();
	marks();
	stream_options();
	return (0);
}
