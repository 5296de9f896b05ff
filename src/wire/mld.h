/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_MLD_H
#define WIRE_MLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/icmp6.h"
#include "wire/wire.h"

/* MLD of both versions (RFC 2710, RFC 9777): messages of ICMPv6, types in wire/icmp6.h. */
#define	MLD_MINLEN		24
#define	MLD_V2_QUERYLEN		28	/* without sources */

struct mld_hdr {
	uint8_t		mld_type;
	uint8_t		mld_code;
	uint16_t	mld_cksum;
	uint16_t	mld_maxdelay;	/* queries: ms, coded in version 2 */
	uint16_t	mld_reserved;
	uint8_t		mld_addr[16];
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct mld_hdr, MLD_MINLEN);

struct mld_v2_query {
	struct mld_hdr	mld_v2_hdr;
	uint8_t		mld_misc;	/* S and the querier's robustness */
	uint8_t		mld_qqi;	/* coded seconds */
	uint16_t	mld_numsrc;
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct mld_v2_query, MLD_V2_QUERYLEN);
#define	MLD_QRV(misc)	((misc) & 0x07)

struct mld_info {
	uint8_t		ml_version;
	uint16_t	ml_maxdelay;	/* as it stands there, host order */
	uint8_t		ml_qrv, ml_qqic;
	uint8_t		ml_group[16];
	uint32_t	ml_need;	/* with WIRE_PULLUP */
	uint16_t	ml_nsrcs;
	const uint8_t	*ml_srcs;
};

/* A query.  SHORT; BADLEN: of no known version, or with fewer sources than it says. */
enum wire_error mld_query_check(const void *p, size_t clen, size_t plen, struct mld_info *out);

#endif
