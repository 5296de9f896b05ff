/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams: what a program sees of UDP. */
#include "show.h"

#include <pthread.h>

#include <sys/syscall.h>

static char buf[70000];

static int
bound(struct sockaddr_in *sin)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*sin = loopback(0);
	(void)try_bind(fd, sin);
	*sin = name_of(fd);
	return (fd);
}

static void
from_to(void)
{
	struct sockaddr_in a, b, from;
	socklen_t len = sizeof(from);
	int fa = bound(&a), fb = bound(&b), n;

	show_poll("idle", fa, 0);
	show("sendto", sendto(fa, "hello", 5, 0, (struct sockaddr *)&b, sizeof(b)));
	show_poll("one", fb, POLLIN);
	ioctl(fb, FIONREAD, &n);
	printf("FIONREAD %d\n", n);
	show("peek", recvfrom(fb, buf, 2, MSG_PEEK, (struct sockaddr *)&from, &len));
	show("peek, whole length",
	    recvfrom(fb, buf, 2, MSG_PEEK | MSG_TRUNC, (struct sockaddr *)&from, &len));
	printf("from a: %d, length %u\n", memcmp(&from, &a, sizeof(a)) == 0, len);
	show("recvfrom, cut", recvfrom(fb, buf, 3, 0, (struct sockaddr *)&from, &len));
	show("empty", recvfrom(fb, buf, 3, MSG_DONTWAIT, (struct sockaddr *)&from, &len));
	show("not connected", shutdown(fa, SHUT_RD));
	show("empty datagram", sendto(fa, "", 0, 0, (struct sockaddr *)&b, sizeof(b)));
	show("another", sendto(fa, "xyz", 3, 0, (struct sockaddr *)&b, sizeof(b)));
	(void)polled(fb, 5000, POLLIN);
	show("recvfrom", recvfrom(fb, buf, 9, 0, (struct sockaddr *)&from, &len));
	printf("from a: %d\n", memcmp(&from, &a, sizeof(a)) == 0);
	show("recvfrom", recvfrom(fb, buf, 9, 0, (struct sockaddr *)&from, &len));
	show("large", sendto(fa, buf, 60000, 0, (struct sockaddr *)&b, sizeof(b)));
	show("recv large", recvfrom(fb, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len));
	show("too large", sendto(fa, buf, 65508, 0, (struct sockaddr *)&b, sizeof(b)));
	show("huge", sendto(fa, buf, 69000, 0, (struct sockaddr *)&b, sizeof(b)));
	b.sin_port = 0;
	show("port 0", sendto(fa, "x", 1, 0, (struct sockaddr *)&b, sizeof(b)));
	show("short address", sendto(fa, "x", 1, 0, (struct sockaddr *)&b, 5));
	b.sin_family = AF_APPLETALK;
	show("family", sendto(fa, "x", 1, 0, (struct sockaddr *)&b, sizeof(b)));
	show("listen", listen(fa, 1));
	show("accept", accept(fa, NULL, NULL));
	close(fa);
	close(fb);
}

/* Who sends and closes at once has sent what he sent, and nothing behind it. */
static void
hurried(void)
{
	struct sockaddr_in a;
	int fa = bound(&a), empty = 0, full = 0;

	for (int i = 0; i < 1500; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		(void)try_connect(fd, &a);
		(void)!send(fd, "x", 1, 0);
		close(fd);
		while (i % 20 == 19 && polled(fa, 20, POLLIN) != 0)
			*(recv(fa, buf, sizeof(buf), MSG_DONTWAIT) == 1 ? &full : &empty) += 1;
	}
	printf("hurried: %d, %d empty\n", full, empty);
	close(fa);
}

/* A negative time is none at all; what is no time stays without effect. */
static void
impatient(void)
{
	struct timeval tv = { -1, 1000000 };
	struct sockaddr_in a, from;
	struct mmsghdr mm = { { 0 }, 0 };
	socklen_t len = sizeof(from);
	int fa = bound(&a);

	timeout_of(fa, SO_RCVTIMEO, 50);
	show("no time", setsockopt(fa, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	tv.tv_usec = 999999;
	show("short", setsockopt(fa, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv) - 1));
	show("as it was", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
	show("negative", setsockopt(fa, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	len = sizeof(tv);
	show("get", getsockopt(fa, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	printf("%ld.%ld\n", (long)tv.tv_sec, (long)tv.tv_usec);
	len = sizeof(from);
	for (int i = 0; i < 2; i++) {
		show("recv", recv(fa, buf, 9, 0));
		show("recvfrom", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
		show("recvmsg", recvmsg(fa, &mm.msg_hdr, 0));
		show("recvmmsg", recvmmsg(fa, &mm, 1, 0, NULL));
		show("IP_RECVERR", set_int(fa, IPPROTO_IP, IP_RECVERR, 1));
	}
	close(fa);
}

struct ending { int e_fd, e_how, e_errno; };

static void *
ender(void *arg)
{
	struct ending *e = arg;

	(void)polled(-1, 50, 0);
	e->e_errno = shutdown(e->e_fd, e->e_how) == 0 ? 0 : errno;
	return (NULL);
}

/* shutdown(2) wakes who waits, connected or not; nothing is sent any more. */
static void
ended(bool connected, int how)
{
	struct iovec iov = { buf, 9 };
	struct sockaddr_in a, from;
	struct ending e = { .e_how = how };
	struct msghdr mh;
	pthread_t thread;
	socklen_t len;
	int fa;

	for (int i = 0; i < 3; i++) {
		fa = e.e_fd = bound(&a);
		if (connected)
			show("connect", try_connect(fa, &a));
		timeout_of(fa, SO_RCVTIMEO, how == SHUT_WR ? 150 : 5000);
		(void)pthread_create(&thread, NULL, ender, &e);
		len = sizeof(from);
		mh = (struct msghdr){ .msg_name = &from, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1 };
		show("woken", i == 0 ? recv(fa, buf, 9, 0) : i == 1 ? recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len) : recvmsg(fa, &mh, 0));
		printf("length of a name: %u, %u\n", len, mh.msg_namelen);
		(void)pthread_join(thread, NULL);
		printf("shutdown: %s\n", e.e_errno == 0 ? "0" : strerrorname_np(e.e_errno));
		show("recvfrom", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
		show("recvfrom without waiting", recvfrom(fa, buf, 9, MSG_DONTWAIT, (struct sockaddr *)&from, &len));
		show("recv", recv(fa, buf, 9, 0));
		show("recv without waiting", recv(fa, buf, 9, MSG_DONTWAIT));
		show("sendto", sendto(fa, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)));
		show_poll("poll", fa, 0);
		close(fa);
	}
}

/* What had come before shutdown(2) is there to be read; the other direction goes on. */
static void
ended_before(bool recverr)
{
	struct sockaddr_in a, b, from;
	socklen_t len = sizeof(from);
	int fa = bound(&a), fb = bound(&b), n = 0;

	show("connect", try_connect(fa, &b));
	show("sendto", sendto(fb, "abc", 3, 0, (struct sockaddr *)&a, sizeof(a)));
	show("sendto", sendto(fb, "", 0, 0, (struct sockaddr *)&a, sizeof(a)));
	show("sendto", sendto(fb, "de", 2, 0, (struct sockaddr *)&a, sizeof(a)));
	if (recverr)
		show("IP_RECVERR", set_int(fa, IPPROTO_IP, IP_RECVERR, 1));
	show("shutdown", shutdown(fa, SHUT_RD));
	show_poll("poll", fa, POLLIN);
	show("FIONREAD", ioctl(fa, FIONREAD, &n));
	printf("%d\n", n);
	show("recvfrom", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
	printf("from the other: %d\n", from.sin_port == b.sin_port);
	show("recv", recv(fa, buf, 9, MSG_DONTWAIT));
	show("recv", recv(fa, buf, 9, MSG_DONTWAIT));
	show("recv", recv(fa, buf, 9, MSG_DONTWAIT));
	show("recv", recv(fa, buf, 9, 0));
	show("send", send(fa, "xyz", 3, 0));
	show_poll("other polls", fb, POLLIN);
	show("other receives", recv(fb, buf, 9, MSG_DONTWAIT));
	close(fa);
	close(fb);
	fa = socket(AF_INET, SOCK_DGRAM, 0);
	show("bind of what is closed", try_bind(fa, &a));
	close(fa);
}

static void
waiting(void)
{
	struct sockaddr_in a, from;
	socklen_t len = sizeof(from);
	int fa = bound(&a), status;
	pid_t pid;

	timeout_of(fa, SO_RCVTIMEO, 50);
	show("recvfrom with a timeout", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
	timeout_of(fa, SO_RCVTIMEO, 0);
	alarm_in(50, 0);
	show("recvfrom interrupted", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int s = socket(AF_INET, SOCK_DGRAM, 0);

		(void)polled(-1, 150, 0);
		_exit(sendto(s, "late", 4, 0, (struct sockaddr *)&a, sizeof(a)) != 4);
	}
	alarms = 0;
	alarm_in(50, SA_RESTART);
	show("recvfrom restarted", recvfrom(fa, buf, 9, 0, (struct sockaddr *)&from, &len));
	printf("alarms %d\n", (int)alarms);
	waitpid(pid, &status, 0);
	printf("child %d\n", status);
	close(fa);
}

static void
connections(void)
{
	struct sockaddr_in a, b, none = nobody(SOCK_DGRAM), from, zero = {.sin_family = AF_UNSPEC};
	socklen_t len = sizeof(from);
	int fa = bound(&a), fb = bound(&b), fc, s;
	struct sockaddr_in c;

	show("connect", try_connect(fa, &b));
	show("getpeername", getpeername(fa, (struct sockaddr *)&from, &len));
	show("send", send(fa, "native", 6, 0));
	(void)polled(fb, 5000, POLLIN);
	show("recvfrom", recvfrom(fb, buf, 99, 0, (struct sockaddr *)&from, &len));
	printf("from a: %d\n", memcmp(&from, &a, sizeof(a)) == 0);
	fc = bound(&c);
	show("a stranger sends", sendto(fc, "no", 2, 0, (struct sockaddr *)&a, sizeof(a)));
	show("the peer sends", sendto(fb, "yes", 3, 0, (struct sockaddr *)&a, sizeof(a)));
	(void)polled(fa, 5000, POLLIN);
	show("recv", recv(fa, buf, 99, 0));
	show("nothing else", recv(fa, buf, 99, MSG_DONTWAIT));
	show("disconnect", connect(fa, (struct sockaddr *)&zero, sizeof(zero)));
	show("getpeername", getpeername(fa, (struct sockaddr *)&from, &len));
	close(fa);
	close(fb);
	close(fc);

	s = socket(AF_INET, SOCK_DGRAM, 0);
	show("connect to nobody", try_connect(s, &none));
	from = name_of(s);
	printf("own address %s, port %d\n", inet_ntoa(from.sin_addr), from.sin_port != 0);
	show("send", send(s, "x", 1, 0));
	(void)polled(s, 5000, POLLIN | POLLERR);
	len = sizeof(from);
	show("recvfrom tells", recvfrom(s, buf, 9, MSG_DONTWAIT, (struct sockaddr *)&from, &len));
	show("and once only", recvfrom(s, buf, 9, MSG_DONTWAIT, (struct sockaddr *)&from, &len));
	show("send", send(s, "x", 1, 0));
	(void)polled(s, 5000, POLLIN | POLLERR);
	show_error("asked", s);
	show_error("asked again", s);
	show("recvfrom", recvfrom(s, buf, 9, MSG_DONTWAIT, (struct sockaddr *)&from, &len));
	show("send", send(s, "x", 1, 0));
	show("blocking recvfrom", recvfrom(s, buf, 9, 0, (struct sockaddr *)&from, &len));
	close(s);
}

static void
ancillary(void)
{
	struct sockaddr_in a, b, from;
	union { char c[256]; struct cmsghdr h; } control;
	struct iovec iov[2] = { { buf, 3 }, { buf + 10, 90 } };
	struct msghdr mh = {.msg_name = &from,
	    .msg_namelen = sizeof(from),
	    .msg_iov = iov,
	    .msg_iovlen = 2,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	int fa = bound(&a), fb = bound(&b), on = 1, ttl = 33, tos = 0x10;
	struct in_pktinfo pi;
	struct cmsghdr *ch;

	show("IP_PKTINFO", setsockopt(fb, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	show("IP_RECVTTL", setsockopt(fb, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)));
	show("IP_RECVTOS", setsockopt(fb, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)));
	show("SO_TIMESTAMP", setsockopt(fb, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)));
	show("IP_TTL", setsockopt(fa, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)));
	show("IP_TOS", setsockopt(fa, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)));
	show("sendto", sendto(fa, "abcdefgh", 8, 0, (struct sockaddr *)&b, sizeof(b)));
	show("recvmsg", recvmsg(fb, &mh, 0));
	printf("%.3s %.5s, name %u, flags %x\n", buf, buf + 10, mh.msg_namelen, mh.msg_flags);
	for (ch = CMSG_FIRSTHDR(&mh); ch != NULL; ch = CMSG_NXTHDR(&mh, ch)) {
		printf("control level %d type %d length %zu", ch->cmsg_level, ch->cmsg_type,
		    ch->cmsg_len);
		if (ch->cmsg_level == IPPROTO_IP && ch->cmsg_type == IP_TTL)
			printf(" ttl %d", *(int *)CMSG_DATA(ch));
		if (ch->cmsg_level == IPPROTO_IP && ch->cmsg_type == IP_TOS)
			printf(" tos %d", *CMSG_DATA(ch));
		if (ch->cmsg_level == IPPROTO_IP && ch->cmsg_type == IP_PKTINFO) {
			memcpy(&pi, CMSG_DATA(ch), sizeof(pi));
			printf(" to %s, interface %d", inet_ntoa(pi.ipi_addr), pi.ipi_ifindex != 0);
		}
		printf("\n");
	}
	show("sendto", sendto(fa, "abcdefgh", 8, 0, (struct sockaddr *)&b, sizeof(b)));
	mh.msg_controllen = sizeof(struct cmsghdr) + 4;
	iov[1].iov_len = 1;
	show("recvmsg, cut", recvmsg(fb, &mh, 0));
	printf("flags %x, control %zu\n", mh.msg_flags, mh.msg_controllen);

	memset(&control, 0, sizeof(control));
	mh = (struct msghdr){.msg_name = &b,
	    .msg_namelen = sizeof(b),
	    .msg_iov = iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(sizeof(int))};
	ch = CMSG_FIRSTHDR(&mh);
	ch->cmsg_level = IPPROTO_IP;
	ch->cmsg_type = IP_TTL;
	ch->cmsg_len = CMSG_LEN(sizeof(int));
	*(int *)CMSG_DATA(ch) = 7;
	show("sendmsg with a TTL", sendmsg(fa, &mh, 0));
	*(int *)CMSG_DATA(ch) = 0;
	show("sendmsg with a bad TTL", sendmsg(fa, &mh, 0));
	ch->cmsg_type = 9999;
	show("sendmsg with nonsense", sendmsg(fa, &mh, 0));
	mh = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	show("recvmsg", recvmsg(fb, &mh, 0));
	for (ch = CMSG_FIRSTHDR(&mh); ch != NULL; ch = CMSG_NXTHDR(&mh, ch))
		if (ch->cmsg_level == IPPROTO_IP && ch->cmsg_type == IP_TTL)
			printf("ttl %d\n", *(int *)CMSG_DATA(ch));
	show("error queue", recvmsg(fb, &mh, MSG_ERRQUEUE));
	close(fa);
	close(fb);
}

static void
many(void)
{
	struct sockaddr_in a, b, from[4];
	struct iovec iov[4];
	struct mmsghdr mm[4];
	int fa = bound(&a), fb = bound(&b), i, n;

	for (i = 0; i < 4; i++) {
		iov[i] = (struct iovec){ buf + 100 * i, i + 1 };
		mm[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &b, .msg_namelen = sizeof(b),
			.msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	show("sendmmsg", sendmmsg(fa, mm, 4, 0));
	printf("lengths %u %u %u %u\n", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len, mm[3].msg_len);
	for (i = 0; i < 4; i++) {
		iov[i].iov_len = 100;
		mm[i].msg_len = 0;
		mm[i].msg_hdr.msg_name = &from[i];
	}
	/* What was sent just now may still be on its way. */
	for (i = n = 0; n >= 0 && i < 4; i += n)
		n = recvmmsg(fb, mm + i, (unsigned)(4 - i), MSG_WAITFORONE, NULL);
	show("recvmmsg", i);
	printf("lengths %u %u %u %u\n", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len, mm[3].msg_len);
	printf("from a: %d %d\n", memcmp(&from[0], &a, sizeof(a)) == 0,
	    memcmp(&from[3], &a, sizeof(a)) == 0);
	show("recvmmsg of none", recvmmsg(fb, mm, 4, MSG_DONTWAIT, NULL));
	show("time below 0", recvmmsg(fb, mm, 4, MSG_DONTWAIT, &(struct timespec){ -1, 0 }));
	show("no time", recvmmsg(fb, mm, 4, MSG_DONTWAIT, &(struct timespec){ 1, 1000000000 }));
	show("time nowhere", syscall(SYS_recvmmsg, fb, mm, 4, MSG_DONTWAIT, 8));
	show("SIOCATMARK", ioctl(fb, SIOCATMARK, &(int){ 0 }));
	for (i = 0; i < 200; i++)
		(void)sendto(fa, buf, (size_t)(i % 7), 0, (struct sockaddr *)&b, sizeof(b));
	for (i = 0; i < 200; i++)
		if (i % 2 == 0 ? recv(fb, buf, 100, 0) != i % 7
			       : recvfrom(fb, buf, 100, 0, (struct sockaddr *)&from[0],
				     &(socklen_t){sizeof(from[0])}) != i % 7 ||
				     from[0].sin_port != a.sin_port)
			break;
	printf("native and addressed receives mixed: %d\n", i);
	close(fa);
	close(fb);
}

static void
again(void)
{
	struct sockaddr_in a;
	int bad = 0, fa = bound(&a), fb, i;

	for (i = 0; i < 50; i++) {
		close(fa);
		fa = socket(AF_INET, SOCK_DGRAM, 0);
		bad += try_bind(fa, &a) != 0;
	}
	printf("close and bind again: %d failures\n", bad);
	fb = socket(AF_INET, SOCK_DGRAM, 0);
	show("bind of a port in use", try_bind(fb, &a));
	close(fa);
	close(fb);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	from_to();
	waiting();
	impatient();
	for (int i = 0; i < 6; i++)
		ended(i >= 3, i % 3);
	ended_before(false);
	ended_before(true);
	connections();
	ancillary();
	many();
	again();
	hurried();
	return (0);
}
