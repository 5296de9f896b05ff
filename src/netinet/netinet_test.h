/* SPDX-License-Identifier: BSD-2-Clause */
/* For unit tests of netinet: a kernel on the simulated host with one stack, its lo0 up and having an address. */
#ifndef NETINET_NETINET_TEST_H
#define NETINET_NETINET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/util.h"
#include "host/host.h"
#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "netinet/inet_ops.h"
#include "vimage/vimage.h"
#include "wire/ip.h"

#define NT_LOCAL	HTONL(0x7f000001)

struct nt {
	struct vi_host	*nt_host;
	struct kernel	*nt_k;
	struct vnet	*nt_vn;
	struct ifnet	*nt_lo;
	uint32_t	 nt_rand;
};

static inline void
nt_begin(struct nt *nt)
{
	static const struct vnet_module *const mods[] = { &net_vnet_module, &lo_vnet_module, &iflink_vnet_module, &ether_vnet_module, &epair_vnet_module,
	    &route_vnet_module, &socket_vnet_module, &inpcb_vnet_module, &arp_vnet_module, &ip_vnet_module, &icmp_vnet_module,
	    &ip6_vnet_module, &icmp6_vnet_module, &nd6_vnet_module, &igmp_vnet_module, &mld_vnet_module,
	    &rip_vnet_module, &udp_vnet_module, &tunnel_vnet_module, &vxlan_vnet_module };
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET, .sa_in = NT_LOCAL }, .ia_prefixlen = 8 };
	struct vi_kernel_params kp = { 0 };

	assert_int_equal(vi_host_sim_new(11, &nt->nt_host), 0);
	kp.kp_host = nt->nt_host;
	assert_int_equal(kernel_init(&kp, &nt->nt_k), 0);
	assert_int_equal(vimage_init(nt->nt_k, mods, NITEMS(mods)), 0);
	nt->nt_vn = vnet_first(nt->nt_k);
	nt->nt_lo = net_vnet(nt->nt_vn)->nv_lo0;
	assert_int_equal(if_setflags(nt->nt_lo, IFF_UP, 0), 0);
	assert_int_equal(net_vnet(nt->nt_vn)->nv_afops[NET_AF_INET]->nao_addr_add(nt->nt_lo, &ia, true), 0);
	nt->nt_rand = 1;
}

/* Nothing may be left. */
static inline void
nt_end(struct nt *nt)
{
	assert_int_equal(vimage_fini(nt->nt_k, NULL, NULL), 0);
	net_kernel_fini(nt->nt_k);
	kernel_fini(nt->nt_k);
	assert_int_equal(vi_sim_memory(nt->nt_host), 0);
	vi_host_sim_free(nt->nt_host);
}

/* The same around each test, *state being the struct nt. */
static inline int
nt_setup(void **state)
{
	struct nt *nt = malloc(sizeof(*nt));

	assert_non_null(nt);
	nt_begin(nt);
	*state = nt;
	return (0);
}

static inline int
nt_teardown(void **state)
{
	nt_end(*state);
	free(*state);
	return (0);
}

static inline uint32_t
nt_random(struct nt *nt, uint32_t n)
{
	nt->nt_rand = nt->nt_rand * 1664525u + 1013904223u;
	return ((nt->nt_rand >> 8) % n);
}

/* A packet of len bytes in mbufs of random sizes. */
static inline struct mbuf *
nt_chain(struct nt *nt, const void *p, size_t len, size_t first)
{
	struct acctset *as = vnet_acct(nt->nt_vn);
	struct mbuf *m = m_frombuf(as, p, szmin(len, first), 32), *n;
	size_t off = szmin(len, first), k;

	assert_non_null(m);
	for (; off < len; off += k) {
		k = szmin(len - off, 1 + nt_random(nt, 3000));
		assert_non_null(n = m_frombuf(as, (const uint8_t *)p + off, k, 0));
		n->m_flags &= (uint16_t)~M_PKTHDR;
		m_cat(m, n);
	}
	m->m_pkt.len = (uint32_t)len;
	return (m);
}

/* A header of 20 bytes plus options, sum included. */
static inline void
nt_iphdr(uint8_t *p, uint32_t src, uint32_t dst, uint8_t proto, uint16_t id, unsigned optlen, uint32_t plen, uint16_t off)
{
	struct ip *ip = (struct ip *)(void *)p;

	ip_set_vhl(ip, IP_MINHLEN + optlen);
	ip->ip_tos = 0;
	ip->ip_len = HTONS(IP_MINHLEN + optlen + plen);
	ip->ip_id = HTONS(id);
	ip->ip_off = HTONS(off);
	ip->ip_ttl = 64;
	ip->ip_p = proto;
	ip->ip_src = src;
	ip->ip_dst = dst;
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, IP_MINHLEN + optlen);
}

/* Time passes, timers run. */
static inline void
nt_pass(struct nt *nt, uint64_t ns)
{
	uint64_t end = vi_sim_now(nt->nt_host) + ns;

	(void)kernel_run(nt->nt_k, end, NULL);
	if (vi_sim_now(nt->nt_host) < end)
		vi_sim_advance(nt->nt_host, end - vi_sim_now(nt->nt_host));
	(void)lane_clock(&nt->nt_vn->vn_lane);
}

#endif
