/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/ether.h"
#include "wire/wire.h"

/* Address resolution, RFC 826; numbers from the IANA ARP parameters registry (RFC 5494). */
#define	ARPHRD_ETHER		1
#define	ARPHRD_IEEE802		6
#define	ARPHRD_ARCNET		7
#define	ARPHRD_FRELAY		15
#define	ARPHRD_IEEE1394		24
#define	ARPHRD_INFINIBAND	32

#define	ARPOP_REQUEST		1		/* RFC 826 */
#define	ARPOP_REPLY		2
#define	ARPOP_REVREQUEST	3		/* RFC 903 */
#define	ARPOP_REVREPLY		4
#define	ARPOP_INVREQUEST	8		/* RFC 2390 */
#define	ARPOP_INVREPLY		9

struct arphdr {
	uint16_t	ar_hrd;			/* ARPHRD_* */
	uint16_t	ar_pro;			/* ETHERTYPE_* */
	uint8_t		ar_hln;
	uint8_t		ar_pln;
	uint16_t	ar_op;			/* ARPOP_* */
} WIRE_STRUCT;

struct ether_arp {
	union {
		struct arphdr	ea_hdr;
		struct {
			uint16_t	arp_hrd;
			uint16_t	arp_pro;
			uint8_t		arp_hln;
			uint8_t		arp_pln;
			uint16_t	arp_op;
		} WIRE_STRUCT;
	};
	uint8_t		arp_sha[ETHER_ADDR_LEN];
	uint8_t		arp_spa[4];
	uint8_t		arp_tha[ETHER_ADDR_LEN];
	uint8_t		arp_tpa[4];
} WIRE_STRUCT;

WIRE_ASSERT_SIZE(struct arphdr, 8);
WIRE_ASSERT_OFFSET(struct arphdr, ar_op, 6);
WIRE_ASSERT_SIZE(struct ether_arp, 28);
WIRE_ASSERT_OFFSET(struct ether_arp, arp_op, 6);
WIRE_ASSERT_OFFSET(struct ether_arp, arp_spa, 14);
WIRE_ASSERT_OFFSET(struct ether_arp, arp_tpa, 24);

/* What arp_check() found. */
struct arp_info {
	uint16_t	ai_op;			/* host order: ARPOP_REQUEST or ARPOP_REPLY */
	bool		ai_probe;		/* sender address 0.0.0.0 (RFC 5227 1.1) */
	bool		ai_gratuitous;		/* sender and target protocol address equal */
	uint32_t	ai_spa;			/* network order */
	uint32_t	ai_tpa;
	uint8_t		ai_sha[ETHER_ADDR_LEN];
	uint8_t		ai_tha[ETHER_ADDR_LEN];
	size_t		ai_need;		/* with WIRE_PULLUP */
};

/*
 * Checks a request or a reply for IPv4 over Ethernet (the payload of a frame of type ARP).  Other
 * hardware: WIRE_BADTYPE; other protocol: _BADPROTO; wrong address lengths: _BADLEN; other
 * operation: _BADOP; a sender hardware address that is a group, the sender protocol address a
 * group or broadcast: _BADADDR.
 */
enum wire_error arp_check(const void *p, size_t clen, size_t plen, struct arp_info *out);

/*
 * Writes an IPv4 over Ethernet message of 28 bytes; op in host order, addresses in network order.
 */
void arp_build(struct ether_arp *ea, uint16_t op, const uint8_t *sha, uint32_t spa,
    const uint8_t *tha, uint32_t tpa);

#endif /* WIRE_ARP_H */
