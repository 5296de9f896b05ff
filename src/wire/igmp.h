/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_IGMP_H
#define WIRE_IGMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* IGMP of all versions: RFC 1112, RFC 2236, RFC 9776. */
#define	IGMP_MINLEN		8
#define	IGMP_V3_QUERYLEN	12	/* without sources */

#define	IGMP_HOST_MEMBERSHIP_QUERY	0x11
#define	IGMP_V1_HOST_MEMBERSHIP_REPORT	0x12
#define	IGMP_V2_HOST_MEMBERSHIP_REPORT	0x16
#define	IGMP_HOST_LEAVE_MESSAGE		0x17
#define	IGMP_V3_HOST_MEMBERSHIP_REPORT	0x22

struct igmp {
	uint8_t		igmp_type;
	uint8_t		igmp_code;	/* queries: maximum response time, 1/10 s */
	uint16_t	igmp_cksum;
	uint32_t	igmp_group;	/* of a version 3 report: the number of records, in the second half */
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct igmp, IGMP_MINLEN);

struct igmp_v3_query {
	struct igmp	igmp_hdr;
	uint8_t		igmp_misc;	/* S and the querier's robustness */
	uint8_t		igmp_qqi;	/* coded seconds */
	uint16_t	igmp_numsrc;
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct igmp_v3_query, IGMP_V3_QUERYLEN);
#define	IGMP_QRV(misc)	((misc) & 0x07)

struct igmp_info {
	uint8_t		ig_type, ig_code;
	uint32_t	ig_group;	/* network order */
	uint32_t	ig_need;	/* with WIRE_PULLUP */
	/* of queries */
	uint8_t		ig_version;
	uint8_t		ig_qrv, ig_qqic;	/* version 3 */
	uint16_t	ig_nsrcs;
	const uint8_t	*ig_srcs;
};

/* SHORT; BADLEN: a query of no known version, or with fewer sources than it says.  PULLUP asks for all of a version 3 query. */
enum wire_error igmp_check(const void *p, size_t clen, size_t plen, struct igmp_info *out);

#endif
