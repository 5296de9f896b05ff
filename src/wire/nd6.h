/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_ND6_H
#define WIRE_ND6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/icmp6.h"

/* Neighbour discovery, RFC 4861 4.  Network order. */
struct nd_neighbor {		/* solicitation and advertisement */
	struct icmp6_hdr nd_hdr;	/* advertisement: flags in icmp6_data32 */
	uint8_t		nd_target[16];
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct nd_neighbor, 24);
#define	ND_NA_FLAG_ROUTER	0x80000000u
#define	ND_NA_FLAG_SOLICITED	0x40000000u
#define	ND_NA_FLAG_OVERRIDE	0x20000000u

struct nd_router_advert {
	uint8_t		nra_type, nra_code;
	uint16_t	nra_cksum;
	uint8_t		nra_hlim;
	uint8_t		nra_flags;
	uint16_t	nra_lifetime;	/* s */
	uint32_t	nra_reachable;	/* ms */
	uint32_t	nra_retransmit;	/* ms */
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct nd_router_advert, 16);
#define	ND_RA_FLAG_MANAGED	0x80
#define	ND_RA_FLAG_OTHER	0x40
#define	ND_RA_PREF(flags)	((int)(int8_t)(((flags) >> 3 & 3) == 1) - (int)(((flags) >> 3 & 3) == 3))	/* RFC 4191 2.1: 1, 0, -1 */

struct nd_redirect {
	struct icmp6_hdr nr_hdr;
	uint8_t		nr_target[16];
	uint8_t		nr_dst[16];
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct nd_redirect, 40);

struct nd_opt_prefix {		/* the option whole */
	uint8_t		pi_type, pi_len;
	uint8_t		pi_prefixlen;
	uint8_t		pi_flags;
	uint32_t	pi_valid, pi_preferred;	/* s */
	uint32_t	pi_reserved;
	uint8_t		pi_prefix[16];
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct nd_opt_prefix, 32);
#define	ND_PI_ONLINK	0x80
#define	ND_PI_AUTO	0x40

#define	ND_OPT_SOURCE_LINKADDR	1
#define	ND_OPT_TARGET_LINKADDR	2
#define	ND_OPT_PREFIX		3
#define	ND_OPT_REDIRECTED	4
#define	ND_OPT_MTU		5
#define	ND_OPT_ROUTE		24	/* RFC 4191 2.3 */
#define	ND_OPT_RDNSS		25	/* RFC 8106 5.1 */
#define	ND_OPT_DNSSL		31	/* RFC 8106 5.2 */
#define	ND_OPT_NONCE		14	/* RFC 3971 5.3.2, RFC 7527 */

/* One option: len bytes at p, type and length bytes included. */
struct nd_opt {
	uint8_t		 no_type;
	uint16_t	 no_len;
	const uint8_t	*no_p;
};
/* The next at *off of a message of len bytes: WIRE_OK, WIRE_END, WIRE_BADOPT (no length, or beyond the end: RFC 4861 4.6). */
enum wire_error nd_opt_next(const void *msg, size_t len, size_t *off, struct nd_opt *out);

#endif
