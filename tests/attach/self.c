/* SPDX-License-Identifier: BSD-2-Clause */
/* self: what a program sends to its own stack has arrived when the call returns. */
#include "show.h"

#define ROUNDS	200
#define BATCH	16
#define ERRORS	50	/* a stack sends 200 a second */

static int a, b;
static struct sockaddr_in to;

/* How many of ROUNDS datagrams are there at once. */
static void
one_by_one(void)
{
	int n = 0;
	char buf[9];

	for (int i = 0; i < ROUNDS; i++) {
		(void)sendto(a, "datagram", 9, 0, (struct sockaddr *)&to, sizeof(to));
		n += recv(b, buf, 9, MSG_DONTWAIT) == 9;
	}
	show("sendto, recv that does not wait", n);
}

static void
seen_by_poll(void)
{
	int n = 0;
	char buf[9];

	for (int i = 0; i < ROUNDS; i++) {
		(void)sendto(a, "datagram", 9, 0, (struct sockaddr *)&to, sizeof(to));
		n += polled(b, 0, POLLIN) == POLLIN;
		(void)recv(b, buf, 9, 0);
	}
	show("sendto, poll that does not wait", n);
}

static void
many_at_once(void)
{
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	char buf[BATCH];

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ &buf[i], 1 };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	show("sendmmsg", sendmmsg(a, m, BATCH, 0));
	for (int i = 0; i < BATCH; i++)
		m[i].msg_hdr.msg_name = NULL;
	show("recvmmsg", recvmmsg(b, m, BATCH, MSG_DONTWAIT, NULL));
}

static void
to_a_group(void)
{
	struct ip_mreq mr = { .imr_multiaddr = { htonl(0xefff0101) }, .imr_interface = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in group = { .sin_family = AF_INET, .sin_port = to.sin_port, .sin_addr = mr.imr_multiaddr };
	int any = socket(AF_INET, SOCK_DGRAM, 0), n = 0;
	struct sockaddr_in sin = { .sin_family = AF_INET };
	char buf[9];

	(void)try_bind(any, &sin);
	group.sin_port = name_of(any).sin_port;
	show("join", setsockopt(any, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	show("from", setsockopt(a, IPPROTO_IP, IP_MULTICAST_IF, &mr.imr_interface, sizeof(mr.imr_interface)));
	for (int i = 0; i < ROUNDS; i++) {
		(void)sendto(a, "datagram", 9, 0, (struct sockaddr *)&group, sizeof(group));
		n += recv(any, buf, 9, MSG_DONTWAIT) == 9;
	}
	show("to a group", n);
	close(any);
}

/* Nobody is there, and that is known at once. */
static void
refused(void)
{
	struct sockaddr_in sin = nobody(SOCK_DGRAM);
	struct iovec iov = { (void *)(uintptr_t)"x", 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int c = socket(AF_INET, SOCK_DGRAM, 0), n = 0;

	(void)try_connect(c, &sin);
	for (int i = 0; i < ERRORS; i++) {
		(void)sendmsg(c, &mh, 0);
		n += so_error(c) == ECONNREFUSED;
	}
	show("refused", n);
	close(c);
}

int
main(void)
{
	a = socket(AF_INET, SOCK_DGRAM, 0);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	to = loopback(0);
	(void)try_bind(b, &to);
	to = name_of(b);
	one_by_one();
	seen_by_poll();
	many_at_once();
	to_a_group();
	refused();
	return (0);
}
