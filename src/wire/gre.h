/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_GRE_H
#define WIRE_GRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* GRE, RFC 2784, with the key and the sequence number of RFC 2890.  Fields are in network order. */
struct gre_h {
	uint16_t	gre_flags;	/* GRE_*, version in the low bits */
	uint16_t	gre_proto;	/* an Ethernet type */
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct gre_h, 4);

#define	GRE_HLEN	4
#define	GRE_MAXHLEN	16
#define	GRE_CP		0x8000		/* checksum present, with two reserved bytes */
#define	GRE_RP		0x4000		/* RFC 1701's routing */
#define	GRE_KP		0x2000
#define	GRE_SP		0x1000
#define	GRE_MUSTZERO	0x4c00		/* bits 1, 4 and 5: RFC 2784 2.3 */
#define	GRE_VERMASK	0x0007

#define	GRE_UDPPORT	4754		/* RFC 8086 8.1 */
#define	GRE_MINPORT	49152		/* of its sources, RFC 8086 3.2.1 */

struct gre_info {
	uint16_t	gi_hlen;	/* with optional fields */
	uint16_t	gi_proto;	/* host order */
	bool		gi_hassum, gi_haskey, gi_hasseq;
	uint32_t	gi_key, gi_seq;	/* host order */
	size_t		gi_need;	/* with WIRE_PULLUP */
};

/* Form only; the checksum is over the header and all behind it. */
enum wire_error gre_check(const void *p, size_t clen, size_t plen, struct gre_info *out);

/* Writes a header; the checksum, if gi_hassum, is left 0.  Returns its length, which is gi_hlen after it. */
size_t	gre_build(void *p, struct gre_info *);

#endif /* WIRE_GRE_H */
