/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "wire/ip.h"
#include "wire/wire.h"

/* IPv6, RFC 8200.  Fields are in network order. */
#define	IPV6_VERSION	6
#define	IP6_HLEN	40
#define	IPV6_MMTU	1280		/* what every link carries (RFC 8200 5) */
#define	IPV6_DEFHLIM	64
#define	IPV6_MAXPACKET	65535		/* of payload; jumbograms are not taken */

struct ip6_hdr {
	uint32_t	ip6_flow;	/* version, traffic class, flow label */
	uint16_t	ip6_plen;	/* what follows this header */
	uint8_t		ip6_nxt;
	uint8_t		ip6_hlim;
	uint8_t		ip6_src[16];
	uint8_t		ip6_dst[16];
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct ip6_hdr, 40);

struct ip6_ext {		/* the start of hop-by-hop, routing and destination options */
	uint8_t		ip6e_nxt;
	uint8_t		ip6e_len;	/* units of 8 bytes beyond the first 8 */
} WIRE_STRUCT;

struct ip6_rthdr {		/* RFC 8200 4.4 */
	uint8_t		ip6r_nxt, ip6r_len;
	uint8_t		ip6r_type;
	uint8_t		ip6r_segleft;
} WIRE_STRUCT;

struct ip6_frag {		/* RFC 8200 4.5 */
	uint8_t		ip6f_nxt;
	uint8_t		ip6f_reserved;
	uint16_t	ip6f_offlg;	/* offset in units of 8, shifted by 3; IP6F_MORE */
	uint32_t	ip6f_ident;
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct ip6_frag, 8);
#define	IP6F_OFFMASK	0xfff8
#define	IP6F_MORE	0x0001

/* Options (RFC 8200 4.2): the two high bits say what to do with an unknown one. */
#define	IP6OPT_PAD1	0x00
#define	IP6OPT_PADN	0x01
#define	IP6OPT_RTALERT	0x05	/* RFC 2711 */
#define	IP6OPT_JUMBO	0xc2	/* RFC 2675 */
#define	IP6OPT_ACTION(t)	((t) & 0xc0)
#define	  IP6OPT_SKIP		0x00
#define	  IP6OPT_DISCARD	0x40
#define	  IP6OPT_ICMP		0x80	/* parameter problem, groups too */
#define	  IP6OPT_ICMPUNI	0xc0	/* ... unless the destination is a group */

struct ip6_info {
	uint16_t	i6_plen;
	uint8_t		i6_nxt, i6_hlim, i6_tclass;
	uint32_t	i6_flow;	/* label, host order */
	size_t		i6_need;	/* with WIRE_PULLUP */
};

/* Form of the fixed header; plen beyond 40 + ip6_plen is link padding. */
enum wire_error ip6_check(const void *p, size_t clen, size_t plen, struct ip6_info *out);

static inline void
ip6_set_flow(struct ip6_hdr *ip6, uint8_t tclass, uint32_t label)
{
	ip6->ip6_flow = HTONL((uint32_t)IPV6_VERSION << 28 | (uint32_t)tclass << 20 | (label & 0xfffff));
}
#define	IPV6_FLOWINFO_MASK	0xfffffff	/* traffic class and label */
#define	IPV6_FLOWLABEL_MASK	0xfffff
static inline uint8_t ip6_tclass(const struct ip6_hdr *ip6) { return ((uint8_t)(NTOHL(ip6->ip6_flow) >> 20)); }

/* Partial sum of the pseudo header (RFC 8200 8.1).  Zones must not be in the addresses. */
static inline uint32_t
in6_pseudo(const uint8_t *src, const uint8_t *dst, uint8_t proto, uint32_t len)
{
	return (cksum_add(dst, 16, cksum_add(src, 16, 0)) + HTONS(len >> 16) + HTONS(len & 0xffff) + HTONS(proto));
}

/* One option of an options header. */
struct ip6_opt {
	uint8_t		io6_type, io6_len;	/* length of the data */
	const uint8_t	*io6_p;			/* the data */
	uint16_t	io6_off;		/* of the type byte, from the header's start */
};
/* The next at *off (start with 2) in a header of hlen bytes; WIRE_END, WIRE_BADOPT (*off says where).  Padding is skipped. */
enum wire_error ip6_opt_next(const void *hdr, size_t hlen, size_t *off, struct ip6_opt *out);

#endif
