/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages written to a routing socket, carried out.
 *
 * Records: one byte of type (K_RAW: what follows is sent as it is), one of the mask of addresses, one of length, and so many bytes of what follows the
 * mask in a message; what is missing is zero.  Each message must be answered as the write was, what is read must be whole, and nothing may be left.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>
#include <vimage/socket.h>
#include <vimage/sysctl.h>
#include <vimage/vimage.h>

#include "tests/fuzz/target.h"

enum { K_RAW = 128 };
#define MAXRECORDS	32

union msg {
	uint8_t	 buf[VI_RTM_MAXMSG];
	struct vi_rt_msghdr rtm;
	struct vi_ifa_msghdr ifam;
	struct vi_if_msghdr ifm;
};

struct world {
	struct vi_kernel_params	 kp;
	struct vi_kernel	*k;
	struct vi_vnet		*vn;
};

static void
world_addr(struct vi_vnet *vn, struct vi_sockaddr sa, uint8_t len)
{
	struct vi_ifaddr ia = { .ia_addr = sa, .ia_prefixlen = len };

	REQUIRE(vi_if_addr_add(vn, "epair0a", &ia, true) == 0);
}

static void
world_begin(struct world *wd)
{
	const struct vi_cred root = { .cr_priv = true };
	char name[VI_IFNAMSIZ];

	wd->k = target_kernel(&wd->kp);
	wd->vn = vi_vnet0(wd->k);
	REQUIRE(vi_sysctl_set(wd->vn, "net.fibs", "2", &root) == 0);
	REQUIRE(vi_if_create(wd->vn, "epair", name) == 0);
	REQUIRE(vi_if_set_flags(wd->vn, "epair0a", VI_IFF_UP, 0) == 0);
	REQUIRE(vi_if_set_flags(wd->vn, "epair0b", VI_IFF_UP, 0) == 0);
	world_addr(wd->vn, (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_bytes = { 192, 0, 2, 1 } }, 24);
	world_addr(wd->vn, (struct vi_sockaddr){ .sa_family = VI_AF_INET6, .sa_in6 = { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, 64);
}

static void
world_end(struct world *wd)
{
	target_kernel_free(wd->k, &wd->kp);
}

static size_t
message_size(const union msg *m)
{
	switch (m->rtm.rtm_type) {
	case VI_RTM_NEWADDR: case VI_RTM_DELADDR:
		return (sizeof(m->ifam) + (unsigned)__builtin_popcount(m->ifam.ifam_addrs) * sizeof(struct vi_sockaddr));
	case VI_RTM_IFINFO:
		return (sizeof(m->ifm) + (unsigned)__builtin_popcount(m->ifm.ifm_addrs) * sizeof(struct vi_sockaddr));
	case VI_RTM_IFANNOUNCE:
		return (sizeof(struct vi_if_announcemsghdr));
	default:
		return (sizeof(m->rtm) + (unsigned)__builtin_popcount(m->rtm.rtm_addrs) * sizeof(struct vi_sockaddr));
	}
}

/* Reads all; is there an answer that says so? */
static bool
answered(struct vi_socket *so, int error)
{
	bool found = false;
	union msg m;
	size_t n;
	int rv;

	while ((rv = vi_recv(so, m.buf, sizeof(m.buf), 0, &n)) == 0) {
		REQUIRE(n >= 8 && n == m.rtm.rtm_msglen && m.rtm.rtm_version == VI_RTM_VERSION && n == message_size(&m));
		if (m.rtm.rtm_type <= VI_RTM_GET && m.rtm.rtm_errno == (uint32_t)error && (error != 0 || (m.rtm.rtm_flags & VI_RTF_DONE) != 0))
			found = true;
	}
	REQUIRE(rv == EAGAIN);
	return (found);
}

static void
record(struct vi_socket *so, const uint8_t *p, size_t len)
{
	union msg m = { .rtm = { 0 } };
	size_t at = offsetof(struct vi_rt_msghdr, rtm_addrs) + sizeof(m.rtm.rtm_addrs), n, done;
	int error;

	m.rtm.rtm_version = VI_RTM_VERSION;
	m.rtm.rtm_type = (uint8_t)(VI_RTM_ADD + p[0] % 4);
	m.rtm.rtm_addrs = (uint32_t)(p[1] & 0x37) | VI_RTA_DST;
	m.rtm.rtm_msglen = (uint16_t)message_size(&m);
	n = len - 3 < m.rtm.rtm_msglen - at ? len - 3 : m.rtm.rtm_msglen - at;
	memcpy(m.buf + at, p + 3, n);
	memcpy(&m.rtm.rtm_flags, &m.rtm.rtm_pid, sizeof(m.rtm.rtm_flags));
	if ((p[0] & K_RAW) != 0)
		error = vi_send(so, p + 3, len - 3, 0, &done);
	else
		error = vi_send(so, m.buf, m.rtm.rtm_msglen, 0, &done);
	REQUIRE(answered(so, error) || (p[0] & K_RAW) != 0);
}

static void
program(struct world *wd, const uint8_t *p, size_t len)
{
	const struct vi_cred root = { .cr_priv = true };
	struct vi_socket *so, *deaf;
	size_t n;

	REQUIRE(vi_socket(wd->vn, VI_AF_ROUTE, VI_SOCK_RAW, 0, &root, &so) == 0);
	REQUIRE(vi_socket(wd->vn, VI_AF_ROUTE, VI_SOCK_RAW, VI_AF_INET6, &root, &deaf) == 0);
	for (unsigned i = 0; i < MAXRECORDS && len >= 3; i++) {
		n = 3 + ((size_t)p[2] < len - 3 ? (size_t)p[2] : len - 3);
		record(so, p, n);
		p += n;
		len -= n;
	}
	while (vi_kernel_poll(wd->k) == 0)
		;
	vi_close(so);
	vi_close(deaf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;
	static struct world wd;

	if (reuse_first(&reuse))
		world_begin(&wd);
	program(&wd, data, size);
	vi_sim_advance(wd.kp.kp_host, 1000000000);
	if (reuse_last(&reuse))
		world_end(&wd);
	return (0);
}
