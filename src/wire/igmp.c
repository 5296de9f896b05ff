/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/igmp.h"

#include "base/endian.h"

/* RFC 9776 7.1: versions are told apart by length and code. */
static enum wire_error
igmp_check_query(const void *p, size_t clen, size_t plen, struct igmp_info *out)
{
	const struct igmp_v3_query *q = p;

	if (plen < IGMP_V3_QUERYLEN) {
		out->ig_version = out->ig_code == 0 ? 1 : 2;
		return (plen == IGMP_MINLEN ? WIRE_OK : WIRE_BADLEN);
	}
	out->ig_version = 3;
	out->ig_need = IGMP_V3_QUERYLEN;
	if (clen < out->ig_need)
		return (WIRE_PULLUP);
	out->ig_qrv = IGMP_QRV(q->igmp_misc);
	out->ig_qqic = q->igmp_qqi;
	out->ig_nsrcs = NTOHS(q->igmp_numsrc);
	out->ig_need += (uint32_t)out->ig_nsrcs * 4;
	if (plen < out->ig_need)
		return (WIRE_BADLEN);
	out->ig_srcs = (const uint8_t *)p + IGMP_V3_QUERYLEN;
	return (clen < out->ig_need ? WIRE_PULLUP : WIRE_OK);
}

enum wire_error
igmp_check(const void *p, size_t clen, size_t plen, struct igmp_info *out)
{
	const struct igmp *ig = p;

	if (plen < IGMP_MINLEN)
		return (WIRE_SHORT);
	*out = (struct igmp_info){ .ig_need = IGMP_MINLEN };
	if (clen < IGMP_MINLEN)
		return (WIRE_PULLUP);
	out->ig_type = ig->igmp_type;
	out->ig_code = ig->igmp_code;
	out->ig_group = ig->igmp_group;
	return (out->ig_type == IGMP_HOST_MEMBERSHIP_QUERY ? igmp_check_query(p, clen, plen, out) : WIRE_OK);
}
