/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Netlink requests of a program that owns its stack, carried out.
 *
 * The first byte: what the socket is (B_*).  Then records: one byte of kind (the type of request, K_DUMP, K_ACK), two of length, and the body of a message, whose header is
 * made here.  Every reply must be whole messages with whole attributes, every request must draw one that ends it, and nothing may be left when the kernel goes.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/inet_diag.h>
#include <linux/nexthop.h>
#include <linux/sock_diag.h>

#include <vimage/ifnet.h>
#include <vimage/vimage.h>

#include "linux/loop.h"
#include "linux/lx.h"
#include "linux/nl.h"
#include "tests/fuzz/target.h"

enum { B_GROUPS = 1, B_CAPACK = 2, B_RAW = 4, B_DIAG = 8 };	/* B_RAW: the rest is one datagram as it is */
enum { K_DUMP = 64, K_ACK = 128 };
#define MAXRECORDS	32

static const uint16_t types[] = {
	RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR, RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE,
	RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE,
	RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP,
};

static const uint16_t diag_types[] = { SOCK_DIAG_BY_FAMILY, SOCK_DESTROY, TCPDIAG_GETSOCK, NLMSG_MIN_TYPE };

struct world {
	struct vi_kernel_params	 kp;
	struct vi_kernel	*k;
	struct vi_worker	*w;
	struct lx_loop		*loop;
	struct lx		*lx;
	struct vi_socket	*so[3];		/* for NETLINK_SOCK_DIAG */
};

static void
world_socket(struct world *wd, unsigned i, int family, int type, uint16_t port)
{
	const struct vi_cred root = { .cr_priv = true };
	const struct vi_sockaddr sa = { .sa_family = (uint8_t)family, .sa_port = htons(port) };

	REQUIRE(vi_socket(vi_vnet0(wd->k), family, type, type == SOCK_RAW ? IPPROTO_ICMP : 0, &root, &wd->so[i]) == 0);
	REQUIRE(vi_bind(wd->so[i], &sa) == 0);
}

static void
world_begin(struct world *wd)
{
	static const struct lx_ops ops = { NULL, NULL, NULL };
	char name[VI_IFNAMSIZ];

	wd->k = target_kernel(&wd->kp);
	REQUIRE(vi_if_create(vi_vnet0(wd->k), "epair", name) == 0);
	REQUIRE(vi_if_set_flags(vi_vnet0(wd->k), "epair0a", VI_IFF_UP, 0) == 0);
	REQUIRE(vi_if_set_flags(vi_vnet0(wd->k), "epair0b", VI_IFF_UP, 0) == 0);
	wd->w = vi_kernel_worker(wd->k, 0);
	REQUIRE(lx_loop_new(&wd->loop) == 0);
	REQUIRE(lx_new(wd->w, wd->loop, &ops, NULL, &wd->lx) == 0);
	wd->lx->lx_kernel = wd->k;		/* attaching a program does that */
	vi_worker_enter(wd->w);
	world_socket(wd, 0, VI_AF_INET, SOCK_DGRAM, 53);
	world_socket(wd, 1, VI_AF_INET6, SOCK_STREAM, 80);
	world_socket(wd, 2, VI_AF_INET, SOCK_RAW, 0);
	REQUIRE(vi_listen(wd->so[1], 5) == 0);
	vi_worker_leave(wd->w);
}

static void
world_end(struct world *wd)
{
	vi_worker_enter(wd->w);
	for (unsigned i = 0; i < LX_NITEMS(wd->so); i++)
		vi_close(wd->so[i]);
	vi_worker_leave(wd->w);
	lx_free(wd->lx);
	lx_loop_free(wd->loop);
	target_kernel_free(wd->k, &wd->kp);
}

static void
reply_attrs(const uint8_t *p, size_t len)
{
	struct rtattr rta;

	while (len >= sizeof(rta)) {
		memcpy(&rta, p, sizeof(rta));
		REQUIRE(rta.rta_len >= sizeof(rta) && rta.rta_len <= len);
		if (RTA_ALIGN(rta.rta_len) >= len)
			return;
		p += RTA_ALIGN(rta.rta_len);
		len -= RTA_ALIGN(rta.rta_len);
	}
	REQUIRE(len == 0);
}

/* What stands before the attributes. */
static size_t
reply_fixed(uint16_t type, bool diag)
{
	if (diag)
		return (sizeof(struct inet_diag_msg));
	switch (type) {
	case RTM_NEWLINK: case RTM_DELLINK: return (sizeof(struct ifinfomsg));
	case RTM_NEWADDR: case RTM_DELADDR: return (sizeof(struct ifaddrmsg));
	case RTM_NEWNEIGH: case RTM_DELNEIGH: return (sizeof(struct ndmsg));
	case RTM_NEWNEXTHOP: case RTM_DELNEXTHOP: return (sizeof(struct nhmsg));
	default: return (sizeof(struct rtmsg));
	}
}

/* How many messages in it end an answer. */
static unsigned
reply_check(const uint8_t *p, size_t len, bool diag)
{
	struct nlmsghdr nh;
	unsigned ends = 0;
	size_t fixed;

	for (; len > 0; p += NLMSG_ALIGN(nh.nlmsg_len), len -= NLMSG_ALIGN(nh.nlmsg_len)) {
		REQUIRE(len >= sizeof(nh));
		memcpy(&nh, p, sizeof(nh));
		REQUIRE(nh.nlmsg_len >= sizeof(nh) && NLMSG_ALIGN(nh.nlmsg_len) <= len);
		if (nh.nlmsg_type == NLMSG_ERROR || nh.nlmsg_type == NLMSG_DONE) {
			ends++;
			continue;
		}
		fixed = sizeof(nh) + reply_fixed(nh.nlmsg_type, diag);
		REQUIRE(nh.nlmsg_len >= fixed);
		reply_attrs(p + fixed, nh.nlmsg_len - fixed);
	}
	return (ends);
}

static unsigned
replies(int fd, bool diag)
{
	static uint8_t buf[LX_MAXDGRAM];
	unsigned ends = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		ends += reply_check(buf, (size_t)n, diag);
	return (ends);
}

static void
record(struct lx_sock *ls, int fd, uint8_t kind, const uint8_t *body, size_t len)
{
	uint8_t *msg = calloc(1, sizeof(struct nlmsghdr) + NLMSG_ALIGN(len));
	struct nlmsghdr nh = { .nlmsg_len = (uint32_t)(sizeof(nh) + len), .nlmsg_type = types[(kind & 31) % LX_NITEMS(types)], .nlmsg_seq = 7 };
	const bool diag = ls->ls_proto == NETLINK_SOCK_DIAG;
	unsigned ends;

	REQUIRE(msg != NULL);
	if (diag)
		nh.nlmsg_type = diag_types[kind & 3];
	nh.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (kind & K_ACK ? NLM_F_ACK : 0) | (kind & K_DUMP ? NLM_F_DUMP : NLM_F_CREATE));
	if ((kind & 32) != 0)
		nh.nlmsg_flags |= kind & K_DUMP ? NLM_F_APPEND : NLM_F_EXCL;
	memcpy(msg, &nh, sizeof(nh));
	if (len > 0)
		memcpy(msg + sizeof(nh), body, len);
	nl_input(ls, msg, nh.nlmsg_len);
	free(msg);
	ends = replies(fd, diag);
	/* One end at most; one is certain when it was asked for. */
	REQUIRE(ends <= 1);
	REQUIRE(ends == 1 || (kind & K_ACK) == 0);
}

static void
program(struct world *wd, const uint8_t *p, size_t len)
{
	const uint8_t how = len > 0 ? p[0] : 0;
	struct lx_sock *ls;
	int fd;

	REQUIRE(lx_sock_new(wd->lx, vi_vnet0(wd->k), LXK_NETLINK, NULL, &fd, &ls) == 0);
	REQUIRE(nl_attach(ls) == 0);
	ls->ls_type = SOCK_RAW;
	ls->ls_nl->nl_cred.cr_priv = true;
	ls->ls_nl->nl_pid = 99;
	ls->ls_nl->nl_capack = (how & B_CAPACK) != 0;
	if ((how & B_DIAG) != 0)
		ls->ls_proto = NETLINK_SOCK_DIAG;
	else if (how & B_GROUPS)
		REQUIRE(nl_subscribe(ls, UINT32_MAX) == 0);
	if ((how & B_RAW) != 0 && len > 0)
		nl_input(ls, p + 1, len - 1);
	for (unsigned i = 0, at = 1; i < MAXRECORDS && (how & B_RAW) == 0 && at + 3 <= len; i++) {
		size_t n = p[at + 1] | (size_t)p[at + 2] << 8;

		n = n > len - at - 3 ? len - at - 3 : n;
		record(ls, fd, p[at], p + at + 3, n);
		at += 3 + (unsigned)n;
	}
	nl_events(ls);
	(void)replies(fd, (how & B_DIAG) != 0);
	lx_sock_free(ls);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;
	static struct world wd;

	if (reuse_first(&reuse))
		world_begin(&wd);
	vi_worker_enter(wd.w);
	program(&wd, data, size);
	(void)vi_worker_poll(wd.w);
	vi_worker_leave(wd.w);
	vi_sim_advance(wd.kp.kp_host, 1000000000);
	if (reuse_last(&reuse))
		world_end(&wd);
	return (0);
}
