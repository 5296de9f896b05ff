/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_ICMP6_H
#define WIRE_ICMP6_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/wire.h"

/* ICMPv6, RFC 4443; neighbour discovery's own formats are in wire/nd6.h. */
#define	ICMP6_MINLEN	8

#define	ICMP6_DST_UNREACH		1
#define	  ICMP6_DST_UNREACH_NOROUTE	0
#define	  ICMP6_DST_UNREACH_ADMIN	1
#define	  ICMP6_DST_UNREACH_BEYONDSCOPE	2
#define	  ICMP6_DST_UNREACH_ADDR	3
#define	  ICMP6_DST_UNREACH_NOPORT	4
#define	  ICMP6_DST_UNREACH_POLICY	5
#define	  ICMP6_DST_UNREACH_REJECT	6
#define	ICMP6_PACKET_TOO_BIG		2
#define	ICMP6_TIME_EXCEEDED		3
#define	  ICMP6_TIME_EXCEED_TRANSIT	0
#define	  ICMP6_TIME_EXCEED_REASSEMBLY	1
#define	ICMP6_PARAM_PROB		4
#define	  ICMP6_PARAMPROB_HEADER	0
#define	  ICMP6_PARAMPROB_NEXTHEADER	1
#define	  ICMP6_PARAMPROB_OPTION	2
#define	  ICMP6_PARAMPROB_FIRSTFRAG	3	/* RFC 7112 5: without all of the headers */
#define	ICMP6_INFOMSG_MASK		0x80	/* the others are errors */
#define	ICMP6_ECHO_REQUEST		128
#define	ICMP6_ECHO_REPLY		129
#define	MLD_LISTENER_QUERY		130	/* RFC 2710, RFC 9777 */
#define	MLD_LISTENER_REPORT		131
#define	MLD_LISTENER_DONE		132
#define	ND_ROUTER_SOLICIT		133	/* RFC 4861 */
#define	ND_ROUTER_ADVERT		134
#define	ND_NEIGHBOR_SOLICIT		135
#define	ND_NEIGHBOR_ADVERT		136
#define	ND_REDIRECT			137
#define	MLDV2_LISTENER_REPORT		143	/* RFC 9777 */

struct icmp6_hdr {
	uint8_t		icmp6_type;
	uint8_t		icmp6_code;
	uint16_t	icmp6_cksum;
	uint32_t	icmp6_data32;	/* MTU, pointer, or id and sequence */
} WIRE_STRUCT;
WIRE_ASSERT_SIZE(struct icmp6_hdr, 8);

#endif
