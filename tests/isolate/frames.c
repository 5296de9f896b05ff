/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/isolate/frames.h"

#include <string.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "include/vimage/socket.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

uint32_t
frames_chance(struct frames *fr)
{
	fr->fr_rng ^= fr->fr_rng << 13;
	fr->fr_rng ^= fr->fr_rng >> 7;
	fr->fr_rng ^= fr->fr_rng << 17;
	return ((uint32_t)(fr->fr_rng >> 20));
}

static void
put_ip(struct frames *fr, uint8_t *p, size_t len, uint8_t proto, uint16_t off)
{
	struct ip *ip = (struct ip *)(void *)p;

	memset(ip, 0, IP_MINHLEN);
	ip_set_vhl(ip, IP_MINHLEN);
	ip->ip_len = HTONS(len);
	ip->ip_id = (uint16_t)frames_chance(fr);
	ip->ip_off = HTONS(off);
	ip->ip_ttl = 64;
	ip->ip_p = proto;
	ip->ip_src = HTONL(0x0b000000u | (frames_chance(fr) & 0xffffff));	/* 11/8: it has a route back */
	ip->ip_dst = HTONL(FRAMES_VICTIM4);
	ip->ip_sum = ip_sum_make(ip, IP_MINHLEN);
}

static size_t
make_syn(struct frames *fr, uint8_t *p)
{
	struct tcphdr *th = (struct tcphdr *)(void *)(p + IP_MINHLEN);
	const struct ip *ip = (const struct ip *)(const void *)p;
	uint8_t ph[12] = { [9] = VI_IPPROTO_TCP, [11] = TCP_MINHLEN };

	put_ip(fr, p, IP_MINHLEN + TCP_MINHLEN, VI_IPPROTO_TCP, 0);
	memset(th, 0, TCP_MINHLEN);
	th->th_sport = (uint16_t)frames_chance(fr);
	th->th_dport = HTONS(80);
	th->th_seq = frames_chance(fr);
	th_set_offflags(th, TCP_MINHLEN, TH_SYN);
	th->th_win = HTONS(65535);
	memcpy(ph, &ip->ip_src, 8);
	th->th_sum = cksum_fold(cksum_add(th, TCP_MINHLEN, cksum_add(ph, sizeof(ph), 0)));
	return (IP_MINHLEN + TCP_MINHLEN);
}

static size_t
make_frag4(struct frames *fr, uint8_t *p)
{
	put_ip(fr, p, IP_MINHLEN + 1024, VI_IPPROTO_UDP, (uint16_t)(IP_MF | (frames_chance(fr) & 1 ? 0 : 512)));
	memset(p + IP_MINHLEN, 0, 1024);
	return (IP_MINHLEN + 1024);
}

static void
put_ip6(struct frames *fr, uint8_t *p, size_t plen, uint8_t proto, uint8_t hlim)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)(void *)p;

	ip6_set_flow(ip6, 0, 0);
	ip6->ip6_plen = HTONS(plen);
	ip6->ip6_nxt = proto;
	ip6->ip6_hlim = hlim;
	memcpy(ip6->ip6_src, fr->fr_from6, 8);		/* a neighbour that is new each time */
	for (int i = 8; i < 16; i++)
		ip6->ip6_src[i] = (uint8_t)frames_chance(fr);
	memcpy(ip6->ip6_dst, fr->fr_to6, 16);
}

static size_t
make_frag6(struct frames *fr, uint8_t *p)
{
	put_ip6(fr, p, 8 + 1024, 44, 64);
	memset(p + IP6_HLEN, 0, 8 + 1024);
	p[IP6_HLEN] = VI_IPPROTO_UDP;
	be16enc(p + IP6_HLEN + 2, frames_chance(fr) & 1 ? 1 : 1024 | 1);
	be32enc(p + IP6_HLEN + 4, frames_chance(fr));
	return (IP6_HLEN + 8 + 1024);
}

static void
sum_icmp6(uint8_t *p, size_t plen)
{
	uint8_t ph[40] = { 0 };
	uint16_t sum;

	memcpy(ph, p + 8, 32);
	be32enc(ph + 32, (uint32_t)plen);
	ph[39] = VI_IPPROTO_ICMPV6;
	sum = cksum_fold(cksum_add(p + IP6_HLEN, plen, cksum_add(ph, sizeof(ph), 0)));
	memcpy(p + IP6_HLEN + 2, &sum, 2);
}

/* Solicitations of the victim's address, each by another neighbour, to be answered and remembered. */
static size_t
make_nd(struct frames *fr, uint8_t *p)
{
	uint8_t *ns = p + IP6_HLEN;

	put_ip6(fr, p, 32, VI_IPPROTO_ICMPV6, 255);
	memset(ns, 0, 32);
	ns[0] = 135;
	memcpy(ns + 8, fr->fr_to6, 16);
	ns[24] = ns[25] = 1;
	memcpy(ns + 26, fr->fr_from, 6);
	sum_icmp6(p, 32);
	return (IP6_HLEN + 32);
}

static size_t
make_echo(struct frames *fr, uint8_t *p)
{
	uint8_t *icmp = p + IP_MINHLEN;
	uint16_t sum;

	put_ip(fr, p, IP_MINHLEN + 64, VI_IPPROTO_ICMP, 0);
	memset(icmp, 0, 64);
	icmp[0] = 8;
	sum = cksum_fold(cksum_add(icmp, 64, 0));
	memcpy(icmp + 2, &sum, 2);
	return (IP_MINHLEN + 64);
}

const struct flood floods[NFLOODS] = {
	{ "syn", "SYN", make_syn, ETHERTYPE_IP },
	{ "frag4", "fragments, IPv4", make_frag4, ETHERTYPE_IP },
	{ "frag6", "fragments, IPv6", make_frag6, ETHERTYPE_IPV6 },
	{ "nd", "neighbours", make_nd, ETHERTYPE_IPV6 },
	{ "icmp", "ICMP echo", make_echo, ETHERTYPE_IP },
};

size_t
frames_make(struct frames *fr, const struct flood *f, uint8_t *p)
{
	memcpy(p, fr->fr_to, 6);
	memcpy(p + 6, fr->fr_from, 6);
	be16enc(p + 12, f->f_type);
	return (ETHER_HDR_LEN + f->f_make(fr, p + ETHER_HDR_LEN));
}
