/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of received packets (RFC 791 3.1, RFC 1122 3.2.1.8, RFC 1812 5.3.13).
 *
 * Record route and timestamp are filled in, by routers and by the destination.  Source routes are obeyed only when net.inet.ip.sourceroute (on the way) or
 * net.inet.ip.accept_sourceroute (at the end) say so; both are off, as RFC 6274 advises.
 */
#include <stddef.h>
#include <string.h>

#include <vimage/host.h>

#include "base/endian.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/ip/ip_var.h"

struct optwalk {
	struct vnet	*ow_vnet;
	struct ip_info	*ow_ii;
	const struct mbuf *ow_pkt;
	uint8_t		*ow_hdr;
	bool		 ow_changed, ow_hasroute, ow_srcrouted;
	/* the answer when an option cannot be obeyed; type 0: none */
	uint8_t		 ow_type, ow_code;
	uint32_t	 ow_arg;
};

static enum ip_optverdict
opt_refuse(struct optwalk *ow, uint8_t type, uint8_t code, uint32_t arg)
{
	ow->ow_type = type;
	ow->ow_code = code;
	ow->ow_arg = arg;
	return (IPOPT_DROPPED);
}

/* The way on, as it will be found when the packet goes there. */
static const struct nhop *
opt_lookup(const struct optwalk *ow, uint32_t dst)
{
	const struct ip *ip = (const struct ip *)(const void *)ow->ow_hdr;
	const struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET, .na_in = dst },
		.rf_src = { .na_af = NET_AF_INET, .na_in = ow->ow_ii->ii_src },
		.rf_fib = ow->ow_pkt->m_pkt.fib,
		.rf_mark = ow->ow_pkt->m_pkt.mark,
		.rf_iif = ow->ow_pkt->m_pkt.rcvif,
		.rf_proto = ip->ip_p,
		.rf_tos = ip->ip_tos,
	};

	return (rt_lookup(ow->ow_vnet, &rf));
}

/* Our address as the option should tell it: the one it came to, or that of the interface it will leave by.  0: no way. */
static uint32_t
opt_ouraddr(struct optwalk *ow, uint32_t dst)
{
	const struct nhop *nh;

	if (in_ifaddr_find(ip_vnet(ow->ow_vnet), dst) != NULL)
		return (dst);
	nh = opt_lookup(ow, dst);
	return (nhop_error(nh) != 0 || nh->nh_ifa == NULL ? 0 : nh->nh_ifa->ifa_addr.na_in);
}

static enum ip_optverdict
opt_record(struct optwalk *ow, uint8_t *o)
{
	uint32_t addr;

	if (o[IPOPT_OFFSET] + 3u > o[IPOPT_OLEN] || (addr = opt_ouraddr(ow, ow->ow_ii->ii_dst)) == 0)
		return (IPOPT_PASS);	/* full: goes on as it is */
	u32store(o + o[IPOPT_OFFSET] - 1, addr);
	o[IPOPT_OFFSET] = (uint8_t)(o[IPOPT_OFFSET] + 4);
	ow->ow_changed = true;
	return (IPOPT_PASS);
}

/* Milliseconds since midnight UT. */
static uint32_t
opt_time(const struct vnet *vn)
{
	struct vi_host *h = kernel_host(vn->vn_kernel);

	return ((uint32_t)(h->h_ops->realtime(h) / 1000000 % 86400000));
}

static enum ip_optverdict
opt_timestamp(struct optwalk *ow, uint8_t *o, uint8_t off)
{
	uint8_t flags = o[3] & 0x0f, slot = flags == IPOPT_TS_TSONLY ? 4 : 8;
	uint8_t *p = o + o[IPOPT_OFFSET] - 1;
	uint32_t addr;

	ow->ow_changed = true;
	if (o[IPOPT_OFFSET] - 1u + slot > o[IPOPT_OLEN]) {
		if ((o[3] & 0xf0) == 0xf0)	/* the overflow count overflows */
			return (opt_refuse(ow, ICMP_PARAMPROB, 0, off + 3u));
		o[3] = (uint8_t)(o[3] + 0x10);
		return (IPOPT_PASS);
	}
	if (flags == IPOPT_TS_TSANDADDR) {
		if ((addr = opt_ouraddr(ow, ow->ow_ii->ii_dst)) == 0)
			return (IPOPT_PASS);
		u32store(p, addr);
	} else if (flags == IPOPT_TS_PRESPEC && in_ifaddr_find(ip_vnet(ow->ow_vnet), u32load(p)) == NULL) {
		return (IPOPT_PASS);
	}
	be32enc(p + slot - 4, opt_time(ow->ow_vnet));
	o[IPOPT_OFFSET] = (uint8_t)(o[IPOPT_OFFSET] + slot);
	return (IPOPT_PASS);
}

/* One step along a source route: where the packet goes changes places with our address. */
static enum ip_optverdict
opt_srcroute_next(struct optwalk *ow, uint8_t *o)
{
	uint8_t *p = o + o[IPOPT_OFFSET] - 1;
	uint32_t next = u32load(p), addr;
	const struct nhop *nh = opt_lookup(ow, next);

	if (nhop_error(nh) != 0 || (o[IPOPT_OPTVAL] == IPOPT_SSRR && (nh->nh_flags & RTF_GATEWAY) != 0) || (addr = opt_ouraddr(ow, next)) == 0)
		return (opt_refuse(ow, ICMP_UNREACH, ICMP_UNREACH_SRCFAIL, 0));
	u32store(p, addr);
	o[IPOPT_OFFSET] = (uint8_t)(o[IPOPT_OFFSET] + 4);
	ow->ow_ii->ii_dst = next;
	((struct ip *)(void *)ow->ow_hdr)->ip_dst = next;
	ow->ow_changed = true;
	return (IPOPT_PASS);
}

/* Does the interface by which it came forward? */
static bool
opt_forwards(const struct optwalk *ow)
{
	const struct ifnet *ifp = ow->ow_pkt->m_pkt.rcvif;

	return (ifp != NULL && ifp->if_forwards[NET_AF_INET]);
}

/* On the way to the next hop that it names. */
static enum ip_optverdict
opt_srcroute_transit(struct optwalk *ow, const uint8_t *o)
{
	const struct ip_vnet *iv = ip_vnet(ow->ow_vnet);

	if (!opt_forwards(ow))		/* RFC 1122 3.2.1.3: what is not for us is dropped silently */
		return (opt_refuse(ow, 0, 0, 0));
	/* A strict route allows no others: the router before this one is wrong (RFC 1812 5.2.2). */
	if (o[IPOPT_OPTVAL] == IPOPT_SSRR)
		return (opt_refuse(ow, ICMP_PARAMPROB, ICMP_PARAMPROB_ERRATPTR, offsetof(struct ip, ip_dst)));
	if (!iv->iv_sourceroute)
		return (opt_refuse(ow, ICMP_UNREACH, ICMP_UNREACH_SRCFAIL, 0));
	ow->ow_srcrouted = true;
	return (IPOPT_PASS);
}

static enum ip_optverdict
opt_srcroute(struct optwalk *ow, uint8_t *o)
{
	const struct ip_vnet *iv = ip_vnet(ow->ow_vnet);

	if (in_ifaddr_find(iv, ow->ow_ii->ii_dst) == NULL)
		return (opt_srcroute_transit(ow, o));
	/* RFC 1812 5.2.3: hops that are ours as well are gone through at once. */
	while (o[IPOPT_OFFSET] + 3u <= o[IPOPT_OLEN]) {
		if (!iv->iv_sourceroute || !opt_forwards(ow))
			return (opt_refuse(ow, ICMP_UNREACH, ICMP_UNREACH_SRCFAIL, 0));
		if (opt_srcroute_next(ow, o) != IPOPT_PASS)
			return (IPOPT_DROPPED);
		if (in_ifaddr_find(iv, ow->ow_ii->ii_dst) == NULL) {
			ow->ow_srcrouted = true;
			return (IPOPT_PASS);
		}
	}
	return (iv->iv_acceptsourceroute ? IPOPT_PASS : opt_refuse(ow, 0, 0, 0));	/* the end of the route */
}

static enum ip_optverdict
opt_one(struct optwalk *ow, const struct ip_opt *opt)
{
	uint8_t *o = ow->ow_hdr + opt->io_off;

	switch (opt->io_type) {
	case IPOPT_RR:
		return (opt_record(ow, o));
	case IPOPT_TS:
		return (opt_timestamp(ow, o, opt->io_off));
	case IPOPT_LSRR:
	case IPOPT_SSRR:
		if (ow->ow_hasroute)	/* RFC 1812 5.2.4.1: one is enough */
			return (opt_refuse(ow, ICMP_PARAMPROB, ICMP_PARAMPROB_ERRATPTR, opt->io_off));
		ow->ow_hasroute = true;
		return (opt_srcroute(ow, o));
	default:
		return (IPOPT_PASS);	/* RFC 1122 3.2.1.8: unknown ones are ignored */
	}
}

static enum ip_optverdict
opt_walk(struct optwalk *ow, unsigned hlen)
{
	struct ip_opt_iter it;
	struct ip_opt opt;
	enum wire_error we;

	ip_opt_init(&it, ow->ow_hdr, hlen);
	while ((we = ip_opt_next(&it, &opt)) == WIRE_OK)
		if (opt_one(ow, &opt) != IPOPT_PASS)
			return (IPOPT_DROPPED);
	if (we != WIRE_BADOPT)
		return (IPOPT_PASS);
	return (opt_refuse(ow, ICMP_PARAMPROB, ICMP_PARAMPROB_ERRATPTR, it.it_bad));
}

/* The error quotes the packet, whose header may have been changed half way: its sum is made right. */
static enum ip_optverdict
opt_answer(struct vnet *vn, struct mbuf *m, const struct optwalk *ow)
{
	struct ip_vnet *iv = ip_vnet(vn);

	if (ow->ow_type == ICMP_PARAMPROB)
		iv->iv_stat.ips_badoptions++;
	else
		iv->iv_stat.ips_optdropped++;
	if (ow->ow_type == 0)
		m_freem(m);
	else
		icmp_error(vn, m, ow->ow_type, ow->ow_code, ow->ow_arg);
	return (IPOPT_DROPPED);
}

enum ip_optverdict
ip_dooptions(struct vnet *vn, struct mbuf **mp, struct ip_info *ii, bool *srcrouted)
{
	struct ip_vnet *iv = ip_vnet(vn);
	struct optwalk ow = { .ow_vnet = vn, .ow_ii = ii };
	enum ip_optverdict v;
	struct ip *ip;

	*srcrouted = false;
	if (iv->iv_processoptions == 0)
		return (IPOPT_PASS);
	if (iv->iv_processoptions == 2) {
		(void)opt_refuse(&ow, ICMP_UNREACH, ICMP_UNREACH_FILTER_PROHIB, 0);
		return (opt_answer(vn, *mp, &ow));
	}
	if (!m_writable(*mp) && (*mp = m_pullup(*mp, ii->ii_hlen)) == NULL) {
		iv->iv_stat.ips_nomem++;
		return (IPOPT_DROPPED);
	}
	ip = mtod(*mp, struct ip *);
	ow.ow_pkt = *mp;
	ow.ow_hdr = (*mp)->m_data;
	v = opt_walk(&ow, ii->ii_hlen);
	if (ow.ow_changed) {
		ip->ip_sum = 0;
		ip->ip_sum = ip_sum_make(ip, ii->ii_hlen);
	}
	*srcrouted = ow.ow_srcrouted;
	return (v == IPOPT_PASS ? v : opt_answer(vn, *mp, &ow));
}

void
ip_optsend(struct vnet *vn, struct ip *ip, unsigned hlen)
{
	struct ip_info ii = { .ii_src = ip->ip_src, .ii_dst = ip->ip_src };	/* what is told of us is this address */
	struct optwalk ow = { .ow_vnet = vn, .ow_ii = &ii, .ow_hdr = (uint8_t *)ip };
	struct ip_opt_iter it;
	struct ip_opt opt;

	if (in_ifaddr_find(ip_vnet(vn), ip->ip_src) == NULL)
		return;
	ip_opt_init(&it, ow.ow_hdr, hlen);
	while (ip_opt_next(&it, &opt) == WIRE_OK)
		if (opt.io_type == IPOPT_TS)
			(void)opt_timestamp(&ow, ow.ow_hdr + opt.io_off, opt.io_off);
}

/* Options for which keep() holds, one after the other, padded to words. */
static uint8_t
opt_select(const uint8_t *hdr, unsigned hlen, uint8_t out[MAX_IPOPTLEN], bool (*keep)(uint8_t))
{
	struct ip_opt_iter it;
	struct ip_opt opt;
	unsigned n = 0;

	memset(out, IPOPT_EOL, MAX_IPOPTLEN);
	ip_opt_init(&it, hdr, hlen);
	while (ip_opt_next(&it, &opt) == WIRE_OK) {
		if (keep(opt.io_type)) {
			memcpy(out + n, opt.io_p, opt.io_len);
			n += opt.io_len;
		}
	}
	return ((uint8_t)ROUNDUP2(n, 4u));
}

static bool
opt_iscopied(uint8_t type)
{
	return (IPOPT_COPIED(type) != 0);
}

static bool
opt_isechoed(uint8_t type)
{
	return (type == IPOPT_RR || type == IPOPT_TS);
}

uint8_t
ip_optcopy(const uint8_t *hdr, unsigned hlen, uint8_t out[MAX_IPOPTLEN])
{
	return (opt_select(hdr, hlen, out, opt_iscopied));
}

uint8_t
ip_optecho(const uint8_t *hdr, unsigned hlen, uint8_t out[MAX_IPOPTLEN])
{
	return (opt_select(hdr, hlen, out, opt_isechoed));
}
