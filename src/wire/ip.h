/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_IP_H
#define WIRE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "wire/wire.h"

/* IPv4, RFC 791.  Fields of struct ip are in network order. */
#define	IPVERSION	4
#define	IP_MINHLEN	20
#define	IP_MAXHLEN	60
#define	MAX_IPOPTLEN	40
#define	IP_MAXPACKET	65535
#define	IP_MSS		576		/* what every host must take (RFC 1122 3.3.2) */
#define	IP_MINMTU	68		/* what every link must carry (RFC 791 3.2) */
#define	MAXTTL		255
#define	IPDEFTTL	64		/* RFC 1700 */
#define	IPTTLDEC	1

/* Protocol numbers (IANA). */
#define	IPPROTO_IP		0
#define	IPPROTO_HOPOPTS		0	/* RFC 8200 */
#define	IPPROTO_ICMP		1	/* RFC 792 */
#define	IPPROTO_IGMP		2	/* RFC 3376 */
#define	IPPROTO_IPV4		4	/* RFC 2003 */
#define	IPPROTO_IPIP		IPPROTO_IPV4
#define	IPPROTO_TCP		6	/* RFC 9293 */
#define	IPPROTO_EGP		8
#define	IPPROTO_PUP		12
#define	IPPROTO_UDP		17	/* RFC 768 */
#define	IPPROTO_DCCP		33	/* RFC 4340 */
#define	IPPROTO_IPV6		41	/* RFC 2473 */
#define	IPPROTO_ROUTING		43	/* RFC 8200 */
#define	IPPROTO_FRAGMENT	44	/* RFC 8200 */
#define	IPPROTO_RSVP		46	/* RFC 2205 */
#define	IPPROTO_GRE		47	/* RFC 2784 */
#define	IPPROTO_ESP		50	/* RFC 4303 */
#define	IPPROTO_AH		51	/* RFC 4302 */
#define	IPPROTO_MOBILE		55	/* RFC 2004 */
#define	IPPROTO_ICMPV6		58	/* RFC 4443 */
#define	IPPROTO_NONE		59	/* RFC 8200 */
#define	IPPROTO_DSTOPTS		60	/* RFC 8200 */
#define	IPPROTO_OSPFIGP		89	/* RFC 2328 */
#define	IPPROTO_ETHERIP		97	/* RFC 3378 */
#define	IPPROTO_PIM		103	/* RFC 7761 */
#define	IPPROTO_IPCOMP		108	/* RFC 3173 */
#define	IPPROTO_CARP		112
#define	IPPROTO_L2TP		115	/* RFC 3931 */
#define	IPPROTO_SCTP		132	/* RFC 9260 */
#define	IPPROTO_MH		135	/* RFC 6275 */
#define	IPPROTO_UDPLITE		136	/* RFC 3828 */
#define	IPPROTO_RAW		255
#define	IPPROTO_MAX		256

struct ip {
	uint8_t		ip_vhl;		/* version and header length in words: ip_v(), ip_hl() */
	uint8_t		ip_tos;
	uint16_t	ip_len;
	uint16_t	ip_id;
	uint16_t	ip_off;		/* IP_RF, IP_DF, IP_MF and the offset in 8-byte units */
	uint8_t		ip_ttl;
	uint8_t		ip_p;
	uint16_t	ip_sum;
	uint32_t	ip_src;
	uint32_t	ip_dst;
} WIRE_STRUCT;

WIRE_ASSERT_SIZE(struct ip, 20);
WIRE_ASSERT_OFFSET(struct ip, ip_off, 6);
WIRE_ASSERT_OFFSET(struct ip, ip_sum, 10);
WIRE_ASSERT_OFFSET(struct ip, ip_dst, 16);

/* ip_off, in host order. */
#define	IP_RF		0x8000		/* reserved, must be zero */
#define	IP_DF		0x4000
#define	IP_MF		0x2000
#define	IP_OFFMASK	0x1fff

/* ip_tos: the old precedence and service bits (RFC 1349) ... */
#define	IPTOS_LOWDELAY			0x10
#define	IPTOS_THROUGHPUT		0x08
#define	IPTOS_RELIABILITY		0x04
#define	IPTOS_MINCOST			0x02
#define	IPTOS_PREC_NETCONTROL		0xe0
#define	IPTOS_PREC_INTERNETCONTROL	0xc0
#define	IPTOS_PREC_CRITIC_ECP		0xa0
#define	IPTOS_PREC_FLASHOVERRIDE	0x80
#define	IPTOS_PREC_FLASH		0x60
#define	IPTOS_PREC_IMMEDIATE		0x40
#define	IPTOS_PREC_PRIORITY		0x20
#define	IPTOS_PREC_ROUTINE		0x00
/* ... the code points as whole octets (RFC 2474, 2597, 3246, 5865, 8622) ... */
#define	IPTOS_DSCP_OFFSET	2
#define	IPTOS_DSCP_MASK		0xfc
#define	IPTOS_DSCP_CS0		0x00
#define	IPTOS_DSCP_LE		0x04
#define	IPTOS_DSCP_CS1		0x20
#define	IPTOS_DSCP_AF11		0x28
#define	IPTOS_DSCP_AF12		0x30
#define	IPTOS_DSCP_AF13		0x38
#define	IPTOS_DSCP_CS2		0x40
#define	IPTOS_DSCP_AF21		0x48
#define	IPTOS_DSCP_AF22		0x50
#define	IPTOS_DSCP_AF23		0x58
#define	IPTOS_DSCP_CS3		0x60
#define	IPTOS_DSCP_AF31		0x68
#define	IPTOS_DSCP_AF32		0x70
#define	IPTOS_DSCP_AF33		0x78
#define	IPTOS_DSCP_CS4		0x80
#define	IPTOS_DSCP_AF41		0x88
#define	IPTOS_DSCP_AF42		0x90
#define	IPTOS_DSCP_AF43		0x98
#define	IPTOS_DSCP_CS5		0xa0
#define	IPTOS_DSCP_VA		0xb0
#define	IPTOS_DSCP_EF		0xb8
#define	IPTOS_DSCP_CS6		0xc0
#define	IPTOS_DSCP_CS7		0xe0
/* ... and the two congestion bits (RFC 3168). */
#define	IPTOS_ECN_NOTECT	0x00
#define	IPTOS_ECN_ECT1		0x01
#define	IPTOS_ECN_ECT0		0x02
#define	IPTOS_ECN_CE		0x03
#define	IPTOS_ECN_MASK		0x03

/* Options: copied flag, class, number (RFC 791 3.1). */
#define	IPOPT_COPIED(o)		((o) & 0x80)
#define	IPOPT_CLASS(o)		((o) & 0x60)
#define	IPOPT_NUMBER(o)		((o) & 0x1f)
#define	IPOPT_EOL		0
#define	IPOPT_NOP		1
#define	IPOPT_RR		7
#define	IPOPT_TS		68
#define	IPOPT_SECURITY		130	/* RFC 1108 */
#define	IPOPT_LSRR		131
#define	IPOPT_ESO		133	/* RFC 1108 */
#define	IPOPT_CIPSO		134
#define	IPOPT_SATID		136	/* stream identifier, obsolete (RFC 6814) */
#define	IPOPT_SSRR		137
#define	IPOPT_RA		148	/* router alert, RFC 2113 */

#define	IPOPT_OPTVAL		0	/* offsets in an option */
#define	IPOPT_OLEN		1
#define	IPOPT_OFFSET		2
#define	IPOPT_MINOFF		4	/* smallest pointer of a route option */

#define	IPOPT_TS_MINOFF		5	/* smallest pointer of the timestamp option */
#define	IPOPT_TS_TSONLY		0
#define	IPOPT_TS_TSANDADDR	1
#define	IPOPT_TS_PRESPEC	3

static inline unsigned int
ip_v(const struct ip *ip)
{
	return (ip->ip_vhl >> 4);
}

/* Header length in 32-bit words. */
static inline unsigned int
ip_hl(const struct ip *ip)
{
	return (ip->ip_vhl & 0x0f);
}

/* Header length in bytes. */
static inline unsigned int
ip_hlen(const struct ip *ip)
{
	return ((ip->ip_vhl & 0x0fu) << 2);
}

/* Version 4 and a header length in bytes, a multiple of 4 from 20 to 60. */
static inline void
ip_set_vhl(struct ip *ip, unsigned int hlen)
{
	ip->ip_vhl = (uint8_t)(IPVERSION << 4 | (hlen >> 2));
}

/* Everything a receiver wants to know at once, in host order except addresses. */
struct ip_info {
	uint16_t	ii_hlen;	/* bytes of header with options */
	uint16_t	ii_optlen;	/* bytes of options, from IP_MINHLEN on */
	uint16_t	ii_len;		/* total length; the rest of plen is link padding */
	uint16_t	ii_plen;	/* ii_len - ii_hlen */
	uint16_t	ii_id;
	uint16_t	ii_off;		/* fragment offset in bytes */
	bool		ii_df;
	bool		ii_mf;
	bool		ii_rf;		/* the reserved bit was set */
	bool		ii_frag;	/* any part of a larger datagram: ii_mf or ii_off */
	uint8_t		ii_tos;
	uint8_t		ii_ttl;
	uint8_t		ii_p;
	uint32_t	ii_src;		/* network order */
	uint32_t	ii_dst;
	size_t		ii_need;	/* with WIRE_PULLUP */
};

/*
 * Checks the form of a datagram: version, header length, total length against plen (a longer plen
 * is link padding), fragment fields (a middle piece is a multiple of 8 bytes, no piece ends past
 * 65535). Does not verify the checksum (ip_sum_check()), the options (ip_opt_next()) or the
 * addresses.
 */
enum wire_error ip_check(const void *p, size_t clen, size_t plen, struct ip_info *out);

/* Verifies the header checksum over hlen contiguous bytes. */
enum wire_error ip_sum_check(const void *p, size_t hlen);

/* The checksum of a header whose ip_sum is zero; store it as it is. */
uint16_t ip_sum_make(const void *p, size_t hlen);

/* Lowers the time to live by one and corrects ip_sum without summing anew (RFC 1624). */
void ip_ttl_decrement(struct ip *ip);

/* One option as it lies in the header. */
struct ip_opt {
	uint8_t		io_type;	/* IPOPT_*, never EOL or NOP */
	uint8_t		io_len;		/* with type and length bytes */
	uint8_t		io_off;		/* from the start of the IP header */
	const uint8_t	*io_p;		/* io_len bytes, the first is the type */
};

/*
 * Iterates over options.  After WIRE_BADOPT, it_bad is the header offset for ICMP's pointer (RFC
 * 792).
 */
struct ip_opt_iter {
	const uint8_t	*it_hdr;
	uint8_t		it_off;
	uint8_t		it_end;
	uint8_t		it_bad;
};

/* hlen bytes of header, 20 to 60, are contiguous at p. */
void ip_opt_init(struct ip_opt_iter *it, const void *p, size_t hlen);

/*
 * The next option other than NOP: WIRE_OK and *out, WIRE_END at the end or at EOL, or
 * WIRE_BADOPT. Known options are checked inside (lengths, pointers, timestamp flags); unknown
 * ones only for extent.
 */
enum wire_error ip_opt_next(struct ip_opt_iter *it, struct ip_opt *out);

/* Is there one of this type in hlen bytes of header, before any that is malformed? */
bool ip_opt_has(const void *p, size_t hlen, uint8_t type);

/*
 * The partial sum of TCP's and UDP's pseudo header (RFC 9293 3.1): addresses in network order,
 * proto and len (the transport header and its data) in host order.
 */
static inline uint32_t
in_pseudo(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len)
{
	return ((src & 0xffff) + (src >> 16) + (dst & 0xffff) + (dst >> 16) +
	    HTONS(proto) + (uint32_t)HTONS(len));
}

#endif /* WIRE_IP_H */
