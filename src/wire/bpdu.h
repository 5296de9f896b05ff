/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_BPDU_H
#define WIRE_BPDU_H

#include <stddef.h>
#include <stdint.h>

#include "base/endian.h"
#include "wire/wire.h"

/* Bridge protocol data units, IEEE 802.1D-2004 9.3, behind an Ethernet header with a length, and LLC 42 42 03. */
#define BPDU_LLCLEN	3
#define BPDU_CONFIGLEN	35
#define BPDU_RSTLEN	36
#define BPDU_TCNLEN	4

enum { BPDU_CONFIG = 0x00, BPDU_RST = 0x02, BPDU_TCN = 0x80 };			/* types */
enum {			/* flags; the role is bits 2 and 3 */
	BPDU_TC = 0x01, BPDU_PROPOSAL = 0x02, BPDU_LEARNING = 0x10, BPDU_FORWARDING = 0x20, BPDU_AGREEMENT = 0x40, BPDU_TCACK = 0x80,
};
#define BPDU_ROLE(flags)	((flags) >> 2 & 3)
enum { BPDU_ROLE_UNKNOWN, BPDU_ROLE_ALTERNATE, BPDU_ROLE_ROOT, BPDU_ROLE_DESIGNATED };

struct bpdu {		/* times in 1/256 s, as on the wire */
	uint8_t		 bd_version, bd_type, bd_flags;
	uint64_t	 bd_root, bd_bridge;	/* priority and address */
	uint32_t	 bd_cost;
	uint16_t	 bd_port;
	uint16_t	 bd_age, bd_maxage, bd_hello, bd_fwddelay;
	size_t		 bd_need;	/* with WIRE_PULLUP */
};

/* What is behind the Ethernet header. */
enum wire_error bpdu_check(const void *p, size_t clen, size_t plen, struct bpdu *);
/* LLC and BPDU; the length, at most BPDU_LLCLEN + BPDU_RSTLEN. */
size_t	bpdu_build(uint8_t *, const struct bpdu *);

#endif
