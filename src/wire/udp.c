/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/udp.h"

#include "base/endian.h"

/* What both have: all but the length. */
static enum wire_error
udp_ports(const struct udphdr *uh, size_t clen, size_t plen, struct udp_info *out)
{
	*out = (struct udp_info){ .ui_need = UDP_HDRLEN };
	if (plen < UDP_HDRLEN)
		return (WIRE_SHORT);
	if (clen < UDP_HDRLEN)
		return (WIRE_PULLUP);
	out->ui_sport = uh->uh_sport;
	out->ui_dport = uh->uh_dport;
	out->ui_hassum = uh->uh_sum != 0;
	return (WIRE_OK);
}

enum wire_error
udp_check(const void *p, size_t clen, size_t plen, struct udp_info *out)
{
	const struct udphdr *uh = p;
	const enum wire_error we = udp_ports(uh, clen, plen, out);

	if (we != WIRE_OK)
		return (we);
	out->ui_len = NTOHS(uh->uh_ulen);
	/* Zero, RFC 2675's mark of a jumbogram, has no meaning over IPv4 and fails here too. */
	if (out->ui_len < UDP_HDRLEN || out->ui_len > plen)
		return (WIRE_BADLEN);
	out->ui_dlen = (uint16_t)(out->ui_len - UDP_HDRLEN);
	out->ui_cov = out->ui_len;
	return (WIRE_OK);
}

enum wire_error
udplite_check(const void *p, size_t clen, size_t plen, struct udp_info *out)
{
	const struct udphdr *uh = p;
	const enum wire_error we = udp_ports(uh, clen, plen, out);

	if (we != WIRE_OK)
		return (we);
	out->ui_len = (uint16_t)plen;
	out->ui_cov = NTOHS(uh->uh_ulen);
	if (out->ui_cov == 0)
		out->ui_cov = out->ui_len;
	if (plen > UINT16_MAX || out->ui_cov < UDP_HDRLEN || out->ui_cov > out->ui_len)
		return (WIRE_BADLEN);
	out->ui_dlen = (uint16_t)(out->ui_len - UDP_HDRLEN);
	return (WIRE_OK);
}
