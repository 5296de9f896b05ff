/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_LACP_H
#define WIRE_LACP_H

#include <stddef.h>
#include <stdint.h>

#include "wire/ether.h"
#include "wire/wire.h"

/* Link aggregation control, IEEE 802.1AX-2008 5.4.2, behind an Ethernet header of type ETHERTYPE_SLOW. */
#define LACP_LEN	110
#define LACP_SUBTYPE	1

/* The marker protocol, 6.5.3 (2008: 5.5.3), another slow protocol of the same length: subtype, version, and a TLV whose type is one of these. */
#define MARKER_SUBTYPE	2
#define MARKER_VERSION	1
#define MARKER_TLVLEN	16
enum { MARKER_INFORMATION = 1, MARKER_RESPONSE = 2 };

enum {			/* state */
	LACP_ACTIVITY = 0x01, LACP_TIMEOUT = 0x02, LACP_AGGREGATION = 0x04, LACP_SYNC = 0x08, LACP_COLLECTING = 0x10,
	LACP_DISTRIBUTING = 0x20, LACP_DEFAULTED = 0x40, LACP_EXPIRED = 0x80,
};

struct lacp_end {		/* what is said of an actor or partner */
	uint16_t	 le_sysprio;
	uint8_t		 le_sys[ETHER_ADDR_LEN];
	uint16_t	 le_key, le_portprio, le_port;
	uint8_t		 le_state;
};

struct lacpdu {
	struct lacp_end	 lp_actor, lp_partner;
	size_t		 lp_need;	/* with WIRE_PULLUP */
};

/* What is behind the Ethernet header; WIRE_BADPROTO: another slow protocol. */
enum wire_error lacp_check(const void *p, size_t clen, size_t plen, struct lacpdu *);
void	lacp_build(uint8_t buf[LACP_LEN], const struct lacpdu *);

#endif
