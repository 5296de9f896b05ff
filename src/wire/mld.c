/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/mld.h"

#include <string.h>

#include "base/endian.h"

enum wire_error
mld_query_check(const void *p, size_t clen, size_t plen, struct mld_info *out)
{
	const struct mld_v2_query *q = p;

	if (plen < MLD_MINLEN)
		return (WIRE_SHORT);
	*out = (struct mld_info){ .ml_need = plen < MLD_V2_QUERYLEN ? MLD_MINLEN : MLD_V2_QUERYLEN, .ml_version = 1 };
	if (clen < out->ml_need)
		return (WIRE_PULLUP);
	out->ml_maxdelay = NTOHS(q->mld_v2_hdr.mld_maxdelay);
	memcpy(out->ml_group, q->mld_v2_hdr.mld_addr, sizeof(out->ml_group));
	/* RFC 9777 8.1: versions are told apart by length. */
	if (plen < MLD_V2_QUERYLEN)
		return (plen == MLD_MINLEN ? WIRE_OK : WIRE_BADLEN);
	out->ml_version = 2;
	out->ml_qrv = MLD_QRV(q->mld_misc);
	out->ml_qqic = q->mld_qqi;
	out->ml_nsrcs = NTOHS(q->mld_numsrc);
	out->ml_need += (uint32_t)out->ml_nsrcs * 16;
	if (plen < out->ml_need)
		return (WIRE_BADLEN);
	out->ml_srcs = (const uint8_t *)p + MLD_V2_QUERYLEN;
	return (clen < out->ml_need ? WIRE_PULLUP : WIRE_OK);
}
