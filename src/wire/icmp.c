/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/icmp.h"

#include "base/checksum.h"
#include "base/endian.h"
#include "wire/ip.h"

/* Bytes a message of this type has at least; errors are looked at more closely after that. */
static size_t
icmp_minlen(uint8_t type)
{
	if (icmp_type_iserror(type))
		return (ICMP_ADVLENMIN);
	switch (type) {
	case ICMP_TSTAMP:
	case ICMP_TSTAMPREPLY:
		return (ICMP_TSLEN);
	case ICMP_MASKREQ:
	case ICMP_MASKREPLY:
		return (ICMP_MASKLEN);
	default:
		return (ICMP_MINLEN);
	}
}

/*
 * The datagram an error quotes.  It is what some router saw, cut off somewhere, so only what a
 * demultiplexer needs is demanded: version, header and 8 bytes (RFC 792); its length field may
 * well exceed the quotation.
 */
static enum wire_error
icmp_check_quote(const struct icmp *icp, size_t clen, size_t plen, struct icmp_info *out)
{
	const struct ip *ip = (const void *)icp->icmp_data;

	if (ip_v(ip) != IPVERSION)
		return (WIRE_BADVERS);
	out->ic_ihlen = (uint16_t)ip_hlen(ip);
	if (out->ic_ihlen < IP_MINHLEN)
		return (WIRE_BADHLEN);
	out->ic_toff = (uint16_t)(ICMP_MINLEN + out->ic_ihlen);
	out->ic_need = out->ic_toff + 8u;
	if (plen < out->ic_need)
		return (WIRE_SHORT);
	if (clen < out->ic_need)
		return (WIRE_PULLUP);
	out->ic_ilen = NTOHS(ip->ip_len);
	if (out->ic_ilen < out->ic_ihlen)
		return (WIRE_BADLEN);
	out->ic_p = ip->ip_p;
	out->ic_ioff = (uint16_t)((NTOHS(ip->ip_off) & IP_OFFMASK) << 3);
	out->ic_src = ip->ip_src;
	out->ic_dst = ip->ip_dst;
	return (WIRE_OK);
}

enum wire_error
icmp_check(const void *p, size_t clen, size_t plen, struct icmp_info *out)
{
	const struct icmp *icp = p;

	*out = (struct icmp_info){ .ic_need = ICMP_MINLEN };
	if (plen < ICMP_MINLEN)
		return (WIRE_SHORT);
	if (clen < ICMP_MINLEN)
		return (WIRE_PULLUP);
	out->ic_type = icp->icmp_type;
	out->ic_code = icp->icmp_code;
	out->ic_error = icmp_type_iserror(icp->icmp_type);
	out->ic_need = icmp_minlen(icp->icmp_type);
	if (plen < out->ic_need)
		return (WIRE_SHORT);
	if (clen < out->ic_need)
		return (WIRE_PULLUP);
	return (out->ic_error ? icmp_check_quote(icp, clen, plen, out) : WIRE_OK);
}

enum wire_error
icmp_sum_check(const void *p, size_t len)
{
	return (wire_sum_check(cksum_add(p, len, 0)));
}
