/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs write for us to read: the first byte chooses the parser, the rest is its input.
 *	0 netlink messages, 1 ancillary data, 2 addresses, 3 options (socket, level, name in four bytes; of the socket: bits 0-1 kind, 2 privileged, 3 IPv6)
 */
#include <stdlib.h>
#include <string.h>

#include <vimage/socket.h>
#include <vimage/vimage.h>

#include "linux/loop.h"
#include "linux/lx.h"
#include "linux/nl.h"
#include "tests/fuzz/target.h"

static void
fuzz_netlink(const uint8_t *p, size_t len)
{
	struct nl_req rq;
	size_t step;

	while (len >= sizeof(struct nlmsghdr)) {
		(void)nl_req_parse(p, len, NETLINK_ROUTE, &rq);
		if (rq.rq_hdr.nlmsg_len < sizeof(rq.rq_hdr) || rq.rq_hdr.nlmsg_len > len)
			return;
		if (memchr(rq.rq_name, '\0', sizeof(rq.rq_name)) == NULL)
			abort();
		step = NLMSG_ALIGN(rq.rq_hdr.nlmsg_len);
		if (step >= len)
			return;
		p += step;
		len -= step;
	}
}

static void
fuzz_control(const uint8_t *p, size_t len)
{
	struct vi_exthdrs eh;
	struct vi_msg msg;

	memset(&msg, 0, sizeof(msg));
	if (control_parse(p, len, &msg, &eh) != 0)
		return;
	/* Extension headers are multiples of eight bytes inside. */
	for (unsigned i = 0; i < VI_EXT_N; i++)
		if (eh.ex_hdr[i].iov_len != 0 && ((eh.ex_hdr[i].iov_len & 7) != 0 || (const uint8_t *)eh.ex_hdr[i].iov_base < p ||
		    (const uint8_t *)eh.ex_hdr[i].iov_base + eh.ex_hdr[i].iov_len > p + len))
			abort();
	/* A hop limit of IPv6 may be 0; IPv4 refuses it later. */
	if ((msg.msg_set & VI_MSGSET_TTL) != 0 && (msg.msg_ttl < 0 || msg.msg_ttl > 255))
		abort();
	if ((msg.msg_set & VI_MSGSET_TOS) != 0 && (msg.msg_tos < 0 || msg.msg_tos > 255))
		abort();
}

static void
fuzz_address(const uint8_t *p, size_t len)
{
	struct vi_sockaddr sa;

	if (sockaddr_parse(p, len, &sa) == 0 && sa.sa_family == VI_AF_INET && len < sizeof(struct sockaddr_in))
		abort();
}

static struct vi_kernel_params kp;
static struct vi_kernel *k;
static struct lx_loop *loop;
static struct lx *lx;
static struct vi_socket *so[2][4];	/* IPv4, IPv6 */

/* The kernel's memory is the host's pages, which a leak checker does not look into. */
static void
fuzz_end(void)
{
	for (unsigned i = 0; i < 8; i++)
		vi_close(so[i / 4][i % 4]);
	lx_free(lx);
	lx_loop_free(loop);
	target_kernel_free(k, &kp);
}

/* A kernel of the simulated host with one socket of each kind; made once. */
static struct vi_socket *
fuzz_socket(unsigned kind, bool six)
{
	static const int types[4] = { VI_SOCK_STREAM, VI_SOCK_DGRAM, VI_SOCK_DGRAM, VI_SOCK_RAW };
	static const struct lx_ops ops = { NULL, NULL, NULL };
	struct vi_cred cr = { .cr_priv = true };
	unsigned i;

	if (k == NULL) {
		k = target_kernel(&kp);
		REQUIRE(lx_loop_new(&loop) == 0);
		REQUIRE(lx_new(vi_kernel_worker(k, 0), loop, &ops, NULL, &lx) == 0);
		lx->lx_kernel = k;		/* attaching a program does that */
		for (i = 0; i < 8; i++)
			if (vi_socket(vi_vnet0(k), i < 4 ? VI_AF_INET : VI_AF_INET6, types[i % 4],
			    i % 4 < 2 ? 0 : i < 4 ? VI_IPPROTO_ICMP : VI_IPPROTO_ICMPV6, &cr, &so[i / 4][i % 4]) != 0)
				abort();
		atexit(fuzz_end);
	}
	return (so[six][kind]);
}

static void
fuzz_option(const uint8_t *p, size_t len)
{
	struct lx_sock ls = { .ls_fd = -1 };
	unsigned kind;
	bool six;

	if (len < 4)
		return;
	kind = p[0] & 3;
	six = (p[0] & 8) != 0;
	ls.ls_so = fuzz_socket(kind, six);
	ls.ls_lx = lx;
	ls.ls_vnet = vi_vnet0(k);
	ls.ls_family = six ? AF_INET6 : AF_INET;
	ls.ls_kind = kind == 0 ? LXK_STREAM : LXK_DGRAM;
	ls.ls_type = kind == 0 ? SOCK_STREAM : kind == 3 ? SOCK_RAW : SOCK_DGRAM;
	ls.ls_proto = kind < 2 ? 0 : six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	ls.ls_cred.cr_priv = (p[0] & 4) != 0;
	(void)opt_set(&ls, p[1], p[2] | p[3] << 8, p + 4, len - 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const fn[])(const uint8_t *, size_t) = {
		fuzz_netlink, fuzz_control, fuzz_address, fuzz_option };

	if (size > 0)
		fn[data[0] & 3](data + 1, size - 1);
	return (0);
}
