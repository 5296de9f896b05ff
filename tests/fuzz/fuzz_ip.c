/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of any kind for a small router: two networks, forwarding and source routes on, sockets of every kind open.  A fresh kernel for each input, which is a sequence of
 *
 *	flags (1), length (2, little endian), bytes
 *
 * and must leave nothing behind when the kernel goes.  With FIX the header is made to pass the first checks (length, checksum), so that what lies
 * behind them is reached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/host.h>
#include <vimage/jail.h>
#include <vimage/sysctl.h>

#include "base/endian.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"
#include "net/ifnet.h"
#include "net/route.h"
#include "netinet/ip/ip_var.h"
#include "socket/socket.h"
#include "tests/fuzz/packet.h"
#include "vimage/vimage.h"
#include "wire/ip.h"

enum { FIX = 0x01, BCAST = 0x02, VALID = 0x04, SPLIT = 0x08, LOOP = 0x10, SUPER = 0x20, TIME = 0x40, SHARED = 0x80 };

struct fuzz {
	struct vi_kernel_params f_kp;
	struct vi_kernel *f_vk;
	struct vnet	*f_vn;
	struct ifnet	*f_if, *f_lo;
	struct socket	*f_so[6];
};

static void
address(struct vnet *vn, const char *ifname, uint32_t addr, uint8_t prefixlen)
{
	const struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET, .sa_in = HTONL(addr) }, .ia_prefixlen = prefixlen };
	struct ifnet *ifp = ifnet_byname(vn, ifname);

	REQUIRE(ifp != NULL && if_setflags(ifp, IFF_UP, 0) == 0);
	REQUIRE(net_vnet(vn)->nv_afops[NET_AF_INET]->nao_addr_add(ifp, &ia, true) == 0);
}

static struct socket *
open_socket(struct vnet *vn, int type, int proto, unsigned port)
{
	const struct vi_cred cr = { .cr_priv = true };
	const struct vi_sockaddr sa = { .sa_family = VI_AF_INET, .sa_port = HTONS(port) };
	const int on = 1;
	struct socket *so;

	REQUIRE(socreate(vn, VI_AF_INET, type, proto, &cr, &so) == 0);
	if (type != VI_SOCK_STREAM)
		REQUIRE(sosetopt(so, VI_IP_RECVERR, &on, sizeof(on)) == 0);
	REQUIRE(sobind(so, &sa) == 0);
	return (so);
}

static void
option(struct vnet *vn, const char *ifname, const char *word, const char *a, const char *b)
{
	const char *argv[] = { a, b };
	char err[VI_ERRLEN];

	REQUIRE(ifopt_set(ifnet_byname(vn, ifname), word, argv, a == NULL ? 0 : b == NULL ? 1 : 2, err) == 0);
}

/* Tunnels of every kind to 10.0.0.2. */
static void
tunnels(struct vnet *vn)
{
	static const char *const types[] = { "gif0", "gre0", "gre1", "vxlan0" };

	for (unsigned i = 0; i < NITEMS(types); i++)
		REQUIRE(if_create(vn, types[i], (char[IFNAMSIZ]){ 0 }) == 0);
	option(vn, "gre1", "grekey", "7", NULL);
	option(vn, "gre1", "enable_seq", NULL, NULL);
	for (unsigned i = 0; i < 3; i++)
		option(vn, types[i], "tunnel", "10.0.0.1", "10.0.0.2");
	option(vn, "vxlan0", "vxlanid", "42", NULL);
	option(vn, "vxlan0", "vxlanremote", "10.0.0.2", NULL);
	for (unsigned i = 0; i < NITEMS(types); i++)
		address(vn, types[i], 0x0a010001 + 0x100 * i, 24);
	/* gif and gre carry the frames of a bridge, too. */
	REQUIRE(if_create(vn, "bridge0", (char[IFNAMSIZ]){ 0 }) == 0);
	REQUIRE(if_setflags(ifnet_byname(vn, "bridge0"), IFF_UP, 0) == 0);
	option(vn, "bridge0", "addm", "gif0", NULL);
	option(vn, "bridge0", "addm", "gre0", NULL);
	option(vn, "bridge0", "stp", "gre0", NULL);
	option(vn, "vxlan0", "vxlanstatic", "02:00:00:00:00:09", "10.0.0.2");
}

static void
begin(struct fuzz *f)
{
	const struct vi_mreq mr = { .mr_group = HTONL(0xe0000105), .mr_addr = HTONL(0x0a000001) };
	const struct vi_sockaddr to = { .sa_family = VI_AF_INET, .sa_port = HTONS(7), .sa_in = HTONL(0x0a000002) };
	struct vi_group_source_req gsr = { .gsr_ifaddr = HTONL(0x0a000001), .gsr_group = { .sa_family = VI_AF_INET, .sa_in = HTONL(0xe0000105) },
		.gsr_source = { .sa_family = VI_AF_INET, .sa_in = HTONL(0x0a000002) } };
	struct vnet *vn;

	f->f_vk = target_kernel(&f->f_kp);
	f->f_vn = vn = vnet_first((struct kernel *)f->f_vk);
	REQUIRE(if_create(vn, "epair1", (char[IFNAMSIZ]){ 0 }) == 0 && if_create(vn, "epair2", (char[IFNAMSIZ]){ 0 }) == 0);
	address(vn, "lo0", 0x7f000001, 8);
	address(vn, "epair1a", 0x0a000001, 24);
	address(vn, "epair2a", 0x0a000101, 24);
	tunnels(vn);
	f->f_if = ifnet_byname(vn, "epair1a");
	f->f_lo = net_vnet(vn)->nv_lo0;
	REQUIRE(if_setmtu(ifnet_byname(vn, "epair2a"), 576) == 0);
	ip_forwarding_set(vn, true);
	ip_vnet(vn)->iv_sourceroute = ip_vnet(vn)->iv_acceptsourceroute = 1;
	REQUIRE(vi_sysctl_set(vi_vnet0(f->f_vk), "net.inet.tcp.udp_tunneling_port", "9899", &(struct vi_cred){ .cr_priv = true }) == 0);
	f->f_so[0] = open_socket(vn, VI_SOCK_DGRAM, VI_IPPROTO_UDP, 53);
	f->f_so[1] = open_socket(vn, VI_SOCK_RAW, VI_IPPROTO_ICMP, 0);
	f->f_so[2] = open_socket(vn, VI_SOCK_RAW, VI_IPPROTO_UDP, 0);
	f->f_so[3] = open_socket(vn, VI_SOCK_DGRAM, VI_IPPROTO_ICMP, 0x1234);
	f->f_so[4] = open_socket(vn, VI_SOCK_STREAM, VI_IPPROTO_TCP, 80);
	f->f_so[5] = open_socket(vn, VI_SOCK_DGRAM, VI_IPPROTO_UDP, 54);
	REQUIRE(solisten(f->f_so[4], 5) == 0);
	REQUIRE(soconnect(f->f_so[5], &to) == 0);
	REQUIRE(sosetopt(f->f_so[0], VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)) == 0);
	REQUIRE(sosetopt(f->f_so[0], VI_MCAST_BLOCK_SOURCE, &gsr, sizeof(gsr)) == 0);
	gsr.gsr_group.sa_in = HTONL(0xe0000106);
	REQUIRE(sosetopt(f->f_so[2], VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)) == 0);
}

static void
end(struct fuzz *f)
{
	for (unsigned i = 0; i < NITEMS(f->f_so); i++)
		soclose(f->f_so[i]);
	target_kernel_free(f->f_vk, &f->f_kp);
}

/* A header that passes: version, lengths, sum. */
static void
fix(uint8_t *p, size_t len)
{
	struct ip *ip = (struct ip *)(void *)p;
	unsigned hlen;

	if (len < IP_MINHLEN)
		return;
	hlen = ip_hlen(ip);
	if (hlen < IP_MINHLEN || hlen > len)
		hlen = IP_MINHLEN;
	ip_set_vhl(ip, hlen);
	ip->ip_len = HTONS(len);
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, hlen);
}

static void
one(struct fuzz *f, uint8_t flags, const uint8_t *p, size_t len)
{
	struct acctset *as = vnet_acct(f->f_vn);
	struct ifnet *ifp = flags & LOOP ? f->f_lo : f->f_if;
	struct mbuf *m, *keep = NULL;
	uint8_t *copy = malloc(len + 1);

	REQUIRE(copy != NULL);
	memcpy(copy, p, len);
	if (flags & FIX)
		fix(copy, len);
	m = packet_make(as, copy, len, (flags & SPLIT) != 0);
	free(copy);
	if (flags & BCAST)
		m->m_flags |= M_BCAST;
	if (flags & VALID)
		m->m_pkt.csum_flags = CSUM_IP_VALID | CSUM_DATA_VALID;
	if (flags & SUPER) {
		m->m_pkt.segsz = (uint16_t)(1 + len / 4);
		m->m_pkt.csum_flags |= CSUM_TCP;
	}
	if (flags & LOOP)
		m->m_flags |= M_LOOP;
	if (flags & SHARED)
		REQUIRE((keep = m_copym(m, 0, SIZE_MAX, as)) != NULL);
	ip_input(ifp, m);
	m_freem(keep);
	while (vi_kernel_poll(f->f_vk) == 0)
		;
	if (flags & TIME) {
		vi_sim_advance(f->f_kp.kp_host, UINT64_C(31000000000));
		while (vi_kernel_poll(f->f_vk) == 0)
			;
	}
}

/* All but the listener's. */
static void
read_all(struct fuzz *f)
{
	for (unsigned i = 0; i < NITEMS(f->f_so); i++)
		if (i != 4)
			packet_read(f->f_so[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;
	static struct fuzz f;
	size_t len;

	if (reuse_first(&reuse))
		begin(&f);
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
