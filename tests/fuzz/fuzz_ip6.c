/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 packets for a stack with a link: neighbour discovery and advertisements on, sockets open, as a host or as a router.  A fresh kernel for each input, which is
 * a byte (bit 0: forward) and a sequence of
 *
 *	flags (1), length (2, little endian), bytes
 *
 * and must leave nothing behind when the kernel goes.  With FIX version, length and destination are made to pass; with ND the hop limit too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/host.h>
#include <vimage/sysctl.h>

#include "base/endian.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "net/route.h"
#include "netinet/ip6/ip6_var.h"
#include "socket/socket.h"
#include "tests/fuzz/packet.h"
#include "vimage/vimage.h"
#include "wire/ip6.h"

enum { FIX = 0x01, ND = 0x02, VALID = 0x04, SPLIT = 0x08, LOOP = 0x10, TOWARDS = 0x20, TIME = 0x40, SHARED = 0x80 };

struct fuzz {
	struct vi_kernel_params f_kp;
	struct vi_kernel *f_vk;
	struct vnet	*f_vn;
	struct ifnet	*f_if, *f_lo;
	struct socket	*f_so[5];	/* the last one listens */
};

static const uint8_t ours[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, group[16] = { 0xff, 0x02, [15] = 1 };

static struct socket *
open_socket(struct vnet *vn, int type, int proto, unsigned port)
{
	const struct vi_cred cr = { .cr_priv = true };
	const struct vi_sockaddr sa = { .sa_family = VI_AF_INET6, .sa_port = HTONS(port) };
	struct socket *so;

	REQUIRE(socreate(vn, VI_AF_INET6, type, proto, &cr, &so) == 0);
	REQUIRE(sobind(so, &sa) == 0);
	return (so);
}

static void
run(struct fuzz *f, uint64_t ns)
{
	vi_sim_advance(f->f_kp.kp_host, ns);
	while (vi_kernel_poll(f->f_vk) == 0)
		;
}

static void
begin(struct fuzz *f)
{
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET6 }, .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_NODAD };
	struct vi_group_source_req gsr = { .gsr_group = { .sa_family = VI_AF_INET6, .sa_in6 = { 0xff, 0x0e, [15] = 7 } },
		.gsr_source = { .sa_family = VI_AF_INET6, .sa_in6 = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } } };
	struct vnet *vn;

	f->f_vk = target_kernel(&f->f_kp);
	f->f_vn = vn = vnet_first((struct kernel *)f->f_vk);
	REQUIRE(if_create(vn, "epair1", (char[IFNAMSIZ]){ 0 }) == 0);
	f->f_if = ifnet_byname(vn, "epair1a");
	f->f_lo = net_vnet(vn)->nv_lo0;
	REQUIRE(if_setflags(f->f_lo, IFF_UP, 0) == 0 && if_setflags(f->f_if, IFF_UP, 0) == 0);
	REQUIRE(if_setnd6(f->f_if, VI_ND6_IFF_ACCEPT_RTADV, 0) == 0);
	memcpy(ia.ia_addr.sa_in6, ours, sizeof(ours));
	REQUIRE(net_vnet(vn)->nv_afops[NET_AF_INET6]->nao_addr_add(f->f_if, &ia, true) == 0);
	run(f, UINT64_C(3000000000));
	REQUIRE(vi_sysctl_set(vi_vnet0(f->f_vk), "net.inet.tcp.udp_tunneling_port", "9899", &(struct vi_cred){ .cr_priv = true }) == 0);
	f->f_so[0] = open_socket(vn, VI_SOCK_DGRAM, VI_IPPROTO_UDP, 53);
	f->f_so[1] = open_socket(vn, VI_SOCK_RAW, VI_IPPROTO_ICMPV6, 0);
	f->f_so[2] = open_socket(vn, VI_SOCK_DGRAM, VI_IPPROTO_ICMPV6, 0x1234);
	f->f_so[3] = open_socket(vn, VI_SOCK_RAW, VI_IPPROTO_RAW, 0);
	f->f_so[4] = open_socket(vn, VI_SOCK_STREAM, VI_IPPROTO_TCP, 80);
	REQUIRE(solisten(f->f_so[4], 5) == 0);
	/* What routers are alerted to, and extension headers as they came. */
	REQUIRE(sosetopt(f->f_so[3], VI_IPV6_ROUTER_ALERT, &(int){ 0 }, sizeof(int)) == 0);
	for (unsigned i = 0; i < 3; i++)
		REQUIRE(sosetopt(f->f_so[i], VI_IPV6_RECVEXT, &(int){ 1 }, sizeof(int)) == 0);
	gsr.gsr_ifindex = f->f_if->if_index;
	REQUIRE(sosetopt(f->f_so[0], VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)) == 0);
}

static void
end(struct fuzz *f)
{
	for (unsigned i = 0; i < NITEMS(f->f_so); i++)
		soclose(f->f_so[i]);
	target_kernel_free(f->f_vk, &f->f_kp);
}

static void
fix(uint8_t *p, size_t len, uint8_t flags)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)(void *)p;

	if (len < IP6_HLEN)
		return;
	ip6_set_flow(ip6, ip6_tclass(ip6), NTOHL(ip6->ip6_flow));
	ip6->ip6_plen = HTONS(len - IP6_HLEN);
	if (flags & ND)
		ip6->ip6_hlim = 255;
	if (flags & TOWARDS)
		memcpy(ip6->ip6_dst, ip6->ip6_dst[15] & 1 ? ours : group, sizeof(ours));
}

static void
one(struct fuzz *f, uint8_t flags, const uint8_t *p, size_t len)
{
	struct acctset *as = vnet_acct(f->f_vn);
	struct mbuf *m, *keep = NULL;
	uint8_t *copy = malloc(len + 1);

	REQUIRE(copy != NULL);
	memcpy(copy, p, len);
	if (flags & FIX)
		fix(copy, len, flags);
	m = packet_make(as, copy, len, (flags & SPLIT) != 0);
	free(copy);
	if (flags & VALID)
		m->m_pkt.csum_flags = CSUM_DATA_VALID;
	if (flags & LOOP)
		m->m_flags |= M_LOOP;
	if (flags & SHARED)
		REQUIRE((keep = m_copym(m, 0, SIZE_MAX, as)) != NULL);
	ip6_input(flags & LOOP ? f->f_lo : f->f_if, m);
	m_freem(keep);
	run(f, flags & TIME ? UINT64_C(61000000000) : 0);
}

/* All but the listener's. */
static void
read_all(struct fuzz *f)
{
	for (unsigned i = 0; i + 1 < NITEMS(f->f_so); i++)
		packet_read(f->f_so[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;
	static struct fuzz f;
	size_t len;

	if (size == 0)
		return (0);
	if (reuse_first(&reuse))
		begin(&f);
	ip6_forwarding_set(f.f_vn, data[0] & 1);
	data++;
	size--;
	for (unsigned n = 0; size >= 3 && n < 64; n++) {
		len = szmin(data[1] | (size_t)data[2] << 8, size - 3);
		one(&f, data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	read_all(&f);
	if (reuse_last(&reuse))
		end(&f);
	return (0);
}
