/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/wire.h"

/* ICMP for IPv4, RFC 792; types and codes from the IANA registry. */
#define	ICMP_MINLEN	8
#define	ICMP_TSLEN	20		/* timestamp messages */
#define	ICMP_MASKLEN	12		/* address mask messages */
#define	ICMP_EXTMIN	128		/* of what is quoted in front of extensions (RFC 4884 4) */
#define	ICMP_EXTHDRLEN	4		/* ... whose own header this is, and that of each object */
#define	ICMP_EXTVERSION	2
#define	ICMP_ADVLENMIN	36		/* an error with its smallest quotation: 8 + 20 + 8 */

#define	ICMP_ECHOREPLY			0
#define	ICMP_UNREACH			3
#define	  ICMP_UNREACH_NET		0
#define	  ICMP_UNREACH_HOST		1
#define	  ICMP_UNREACH_PROTOCOL		2
#define	  ICMP_UNREACH_PORT		3
#define	  ICMP_UNREACH_NEEDFRAG		4	/* RFC 1191 */
#define	  ICMP_UNREACH_SRCFAIL		5
#define	  ICMP_UNREACH_NET_UNKNOWN	6	/* 6 to 12: RFC 1122 3.2.2.1 */
#define	  ICMP_UNREACH_HOST_UNKNOWN	7
#define	  ICMP_UNREACH_ISOLATED		8
#define	  ICMP_UNREACH_NET_PROHIB	9
#define	  ICMP_UNREACH_HOST_PROHIB	10
#define	  ICMP_UNREACH_TOSNET		11
#define	  ICMP_UNREACH_TOSHOST		12
#define	  ICMP_UNREACH_FILTER_PROHIB	13	/* 13 to 15: RFC 1812 5.2.7.1 */
#define	  ICMP_UNREACH_HOST_PRECEDENCE	14
#define	  ICMP_UNREACH_PRECEDENCE_CUTOFF 15
#define	ICMP_SOURCEQUENCH		4	/* deprecated, RFC 6633 */
#define	ICMP_REDIRECT			5
#define	  ICMP_REDIRECT_NET		0
#define	  ICMP_REDIRECT_HOST		1
#define	  ICMP_REDIRECT_TOSNET		2
#define	  ICMP_REDIRECT_TOSHOST		3
#define	ICMP_ALTHOSTADDR		6	/* deprecated, RFC 6918 */
#define	ICMP_ECHO			8
#define	ICMP_ROUTERADVERT		9	/* RFC 1256 */
#define	  ICMP_ROUTERADVERT_NORMAL	0
#define	  ICMP_ROUTERADVERT_NOROUTE_COMMON 16	/* RFC 5944 */
#define	ICMP_ROUTERSOLICIT		10	/* RFC 1256 */
#define	ICMP_TIMXCEED			11
#define	  ICMP_TIMXCEED_INTRANS		0
#define	  ICMP_TIMXCEED_REASS		1
#define	ICMP_PARAMPROB			12
#define	  ICMP_PARAMPROB_ERRATPTR	0
#define	  ICMP_PARAMPROB_OPTABSENT	1	/* RFC 1108 */
#define	  ICMP_PARAMPROB_LENGTH		2
#define	ICMP_TSTAMP			13
#define	ICMP_TSTAMPREPLY		14
#define	ICMP_IREQ			15	/* 15 to 18: deprecated, RFC 6918 */
#define	ICMP_IREQREPLY			16
#define	ICMP_MASKREQ			17	/* RFC 950 */
#define	ICMP_MASKREPLY			18
#define	ICMP_TRACEROUTE			30	/* deprecated, RFC 6918 */
#define	ICMP_DATACONVERR		31
#define	ICMP_MOBILE_REDIRECT		32
#define	ICMP_IPV6_WHEREAREYOU		33
#define	ICMP_IPV6_IAMHERE		34
#define	ICMP_MOBILE_REGREQUEST		35
#define	ICMP_MOBILE_REGREPLY		36
#define	ICMP_DOMAINREQ			37
#define	ICMP_DOMAINREPLY		38
#define	ICMP_SKIP			39
#define	ICMP_PHOTURIS			40	/* RFC 2521 */
#define	  ICMP_PHOTURIS_UNKNOWN_INDEX	0
#define	  ICMP_PHOTURIS_AUTH_FAILED	1
#define	  ICMP_PHOTURIS_DECOMP_FAILED	2
#define	  ICMP_PHOTURIS_DECRYPT_FAILED	3
#define	  ICMP_PHOTURIS_NEED_AUTHENT	4
#define	  ICMP_PHOTURIS_NEED_AUTHORIZ	5
#define	ICMP_EXPERIMENTAL_MOBILITY	41	/* RFC 4065 */
#define	ICMP_EXTECHO			42	/* RFC 8335 */
#define	ICMP_EXTECHOREPLY		43
#define	  ICMP_EXTECHO_OK		0
#define	  ICMP_EXTECHO_BADQUERY		1
#define	  ICMP_EXTECHO_NOIF		2
#define	  ICMP_EXTECHO_NOTABLE		3
#define	  ICMP_EXTECHO_MULTIPLE		4
#define	ICMP_EXP1			253	/* RFC 4727 */
#define	ICMP_EXP2			254
#define	ICMP_MAXTYPE			43

/* The eight bytes every message starts with; icmp_data is the rest. */
struct icmp {
	uint8_t		icmp_type;
	uint8_t		icmp_code;
	uint16_t	icmp_cksum;
	union {
		uint32_t	icmp_void;
		uint8_t		icmp_pptr;	/* parameter problem: offset of the bad octet */
		uint32_t	icmp_gwaddr;	/* redirect: the better router */
		struct {			/* echo, timestamp, mask */
			uint16_t	icmp_id;
			uint16_t	icmp_seq;
		} WIRE_STRUCT;
		struct {			/* fragmentation needed, RFC 1191 4 */
			uint16_t	icmp_pmvoid;
			uint16_t	icmp_nextmtu;
		} WIRE_STRUCT;
		struct {			/* errors with extensions, RFC 4884 4.1 */
			uint8_t		icmp_extvoid;
			uint8_t		icmp_extlen;
			uint16_t	icmp_extvoid2;
		} WIRE_STRUCT;
		struct {			/* router advertisement, RFC 1256 3 */
			uint8_t		icmp_num_addrs;
			uint8_t		icmp_wpa;
			uint16_t	icmp_lifetime;
		} WIRE_STRUCT;
	} WIRE_STRUCT;
	uint8_t		icmp_data[];
} WIRE_STRUCT;

/* What follows the header in timestamp messages: milliseconds since midnight UT. */
struct icmp_ts {
	uint32_t	its_otime;
	uint32_t	its_rtime;
	uint32_t	its_ttime;
} WIRE_STRUCT;

WIRE_ASSERT_SIZE(struct icmp, 8);
WIRE_ASSERT_OFFSET(struct icmp, icmp_id, 4);
WIRE_ASSERT_OFFSET(struct icmp, icmp_seq, 6);
WIRE_ASSERT_OFFSET(struct icmp, icmp_nextmtu, 6);
WIRE_ASSERT_OFFSET(struct icmp, icmp_extlen, 5);
WIRE_ASSERT_OFFSET(struct icmp, icmp_lifetime, 6);
WIRE_ASSERT_OFFSET(struct icmp, icmp_data, 8);
WIRE_ASSERT_SIZE(struct icmp_ts, 12);

/* Errors quote a datagram and are never answered by errors (RFC 1122 3.2.2). */
static inline bool
icmp_type_iserror(uint8_t type)
{
	return (type == ICMP_UNREACH || type == ICMP_SOURCEQUENCH || type == ICMP_REDIRECT ||
	    type == ICMP_TIMXCEED || type == ICMP_PARAMPROB);
}

/* Queries and their replies, which a raw or ping socket may want. */
static inline bool
icmp_type_isquery(uint8_t type)
{
	return (type == ICMP_ECHO || type == ICMP_ECHOREPLY || type == ICMP_ROUTERADVERT ||
	    type == ICMP_ROUTERSOLICIT || (type >= ICMP_TSTAMP && type <= ICMP_MASKREPLY));
}

/* What icmp_check() found, in host order except addresses. */
struct icmp_info {
	uint8_t		ic_type;
	uint8_t		ic_code;
	bool		ic_error;	/* an error: the members below are set */
	uint8_t		ic_p;		/* protocol of the datagram quoted */
	uint16_t	ic_ihlen;	/* its header length */
	uint16_t	ic_ilen;	/* its total length as it was sent */
	uint16_t	ic_ioff;	/* its fragment offset in bytes; ports only if 0 */
	uint16_t	ic_toff;	/* where its transport header is; 8 bytes at least */
	uint32_t	ic_src;		/* its addresses, network order */
	uint32_t	ic_dst;
	size_t		ic_need;	/* with WIRE_PULLUP */
};

/*
 * Checks a message of plen bytes: the least length of its type, and for errors the datagram
 * quoted, of which the header and 8 bytes must be there (RFC 792, RFC 1122 3.2.2).  Unknown types
 * pass with 8 bytes: answering or dropping them is policy.  The checksum is apart.
 */
enum wire_error icmp_check(const void *p, size_t clen, size_t plen, struct icmp_info *out);

/* Verifies the checksum of a message that is contiguous; for a chain: wire_sum_check(). */
enum wire_error icmp_sum_check(const void *p, size_t len);

#endif /* WIRE_ICMP_H */
