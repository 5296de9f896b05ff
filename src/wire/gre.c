/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/gre.h"

#include <string.h>

#include "base/endian.h"

enum wire_error
gre_check(const void *p, size_t clen, size_t plen, struct gre_info *out)
{
	const struct gre_h *gh = p;
	const uint8_t *opt;
	uint16_t flags;

	*out = (struct gre_info){ .gi_need = GRE_HLEN };
	if (plen < GRE_HLEN)
		return (WIRE_SHORT);
	if (clen < GRE_HLEN)
		return (WIRE_PULLUP);
	flags = NTOHS(gh->gre_flags);
	if ((flags & GRE_VERMASK) != 0)
		return (WIRE_BADVERS);
	if ((flags & GRE_MUSTZERO) != 0)
		return (WIRE_BADOPT);
	out->gi_hassum = (flags & GRE_CP) != 0;
	out->gi_haskey = (flags & GRE_KP) != 0;
	out->gi_hasseq = (flags & GRE_SP) != 0;
	out->gi_proto = NTOHS(gh->gre_proto);
	out->gi_hlen = (uint16_t)(GRE_HLEN + 4 * (out->gi_hassum + out->gi_haskey + out->gi_hasseq));
	out->gi_need = out->gi_hlen;
	if (plen < out->gi_hlen)
		return (WIRE_SHORT);
	if (clen < out->gi_hlen)
		return (WIRE_PULLUP);
	opt = (const uint8_t *)p + GRE_HLEN + (out->gi_hassum ? 4 : 0);
	if (out->gi_haskey) {
		memcpy(&out->gi_key, opt, 4);
		out->gi_key = NTOHL(out->gi_key);
		opt += 4;
	}
	if (out->gi_hasseq) {
		memcpy(&out->gi_seq, opt, 4);
		out->gi_seq = NTOHL(out->gi_seq);
	}
	return (WIRE_OK);
}

size_t
gre_build(void *p, struct gre_info *gi)
{
	struct gre_h *gh = p;
	uint8_t *opt = (uint8_t *)p + GRE_HLEN;
	uint32_t v;

	gh->gre_flags = HTONS((gi->gi_hassum ? GRE_CP : 0) | (gi->gi_haskey ? GRE_KP : 0) | (gi->gi_hasseq ? GRE_SP : 0));
	gh->gre_proto = HTONS(gi->gi_proto);
	if (gi->gi_hassum) {
		memset(opt, 0, 4);
		opt += 4;
	}
	if (gi->gi_haskey) {
		v = HTONL(gi->gi_key);
		memcpy(opt, &v, 4);
		opt += 4;
	}
	if (gi->gi_hasseq) {
		v = HTONL(gi->gi_seq);
		memcpy(opt, &v, 4);
		opt += 4;
	}
	gi->gi_hlen = (uint16_t)(opt - (uint8_t *)p);
	return (gi->gi_hlen);
}
