/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* UDP, RFC 768.  Fields in network order. */
#define	UDP_HDRLEN	8

struct udphdr {
	uint16_t	uh_sport;
	uint16_t	uh_dport;
	uint16_t	uh_ulen;
	uint16_t	uh_sum;
} WIRE_STRUCT;

WIRE_ASSERT_SIZE(struct udphdr, 8);
WIRE_ASSERT_OFFSET(struct udphdr, uh_sum, 6);

/* What udp_check() found. */
struct udp_info {
	uint16_t	ui_sport;	/* network order */
	uint16_t	ui_dport;
	uint16_t	ui_len;		/* header and data: the pseudo header's length */
	uint16_t	ui_dlen;	/* data; both in host order */
	uint16_t	ui_cov;		/* bytes that the checksum covers: ui_len, with UDP-Lite maybe fewer */
	bool		ui_hassum;	/* the sender summed: verify over ui_len bytes */
	size_t		ui_need;	/* with WIRE_PULLUP */
};

/*
 * Checks a datagram that is the plen bytes of payload of an IP packet; more than ui_len is
 * padding.
 */
enum wire_error udp_check(const void *p, size_t clen, size_t plen, struct udp_info *out);

/*
 * UDP-Lite (RFC 3828 3.1): where UDP has its length there is the checksum's coverage, and the length is the packet's.  WIRE_BADLEN: a coverage that
 * leaves out the header or goes beyond the datagram.
 */
enum wire_error udplite_check(const void *p, size_t clen, size_t plen, struct udp_info *out);

/*
 * The value for uh_sum from a finished cksum_fold(): zero means "none", so it is sent as all
 * ones.
 */
static inline uint16_t
udp_sum_field(uint16_t folded)
{
	return (folded == 0 ? 0xffff : folded);
}

#endif /* WIRE_UDP_H */
