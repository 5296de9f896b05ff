/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ip6.h"

enum wire_error
ip6_check(const void *p, size_t clen, size_t plen, struct ip6_info *out)
{
	const struct ip6_hdr *ip6 = p;
	uint32_t flow;

	if (plen < IP6_HLEN)
		return (WIRE_SHORT);
	out->i6_need = IP6_HLEN;
	if (clen < IP6_HLEN)
		return (WIRE_PULLUP);
	flow = NTOHL(ip6->ip6_flow);
	if (flow >> 28 != IPV6_VERSION)
		return (WIRE_BADVERS);
	out->i6_plen = NTOHS(ip6->ip6_plen);
	if (out->i6_plen > plen - IP6_HLEN)
		return (WIRE_BADLEN);
	out->i6_nxt = ip6->ip6_nxt;
	out->i6_hlim = ip6->ip6_hlim;
	out->i6_tclass = (uint8_t)(flow >> 20);
	out->i6_flow = flow & 0xfffff;
	return (WIRE_OK);
}

enum wire_error
ip6_opt_next(const void *hdr, size_t hlen, size_t *off, struct ip6_opt *out)
{
	const uint8_t *p = hdr;

	for (;;) {
		if (*off >= hlen)
			return (WIRE_END);
		if (p[*off] == IP6OPT_PAD1) {
			++*off;
			continue;
		}
		if (hlen - *off < 2 || hlen - *off - 2 < p[*off + 1])
			return (WIRE_BADOPT);
		out->io6_type = p[*off];
		out->io6_len = p[*off + 1];
		out->io6_p = p + *off + 2;
		out->io6_off = (uint16_t)*off;
		*off += 2u + out->io6_len;
		if (out->io6_type != IP6OPT_PADN)
			return (WIRE_OK);
	}
}
