/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extension headers that users put into what they send (RFC 3542 6 to 9).  Each comes as it is to be on the wire, but for the number of the header
 * behind it, which its first byte has room for.
 */
#ifndef NETINET_IP6_IP6_EXTS_H
#define NETINET_IP6_IP6_EXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vimage/socket.h>

struct mbuf;

#define IP6_EXT_MAXLEN	2040	/* of one that stays with a socket, as Linux limits it */

/* By VI_EXT_*, which is their order (RFC 8200 4.1).  Borrowed. */
struct ip6_exts {
	const uint8_t	*ie_hdr[VI_EXT_N];	/* NULL: none */
	uint16_t	 ie_len[VI_EXT_N];	/* a multiple of 8 */
};

/*
 * Is it one that may be sent?  EINVAL: its length is not the one that it says, or it is a routing header other than of Mobile IPv6 (RFC 6275 6.4) and
 * segment routing (RFC 8754 2): the older kinds must not be used (RFC 5095).
 */
int	 ip6_ext_check(unsigned kind, const uint8_t *, size_t len);
/* Bytes they take: options before a routing header count only where there is one, as on Linux. */
uint32_t ip6_exts_len(const struct ip6_exts *);
/* The address that a packet with them leaves for, 16 bytes; NULL: its destination. */
const uint8_t *ip6_exts_hop(const struct ip6_exts *);
/* Puts them in front of m, which is a header of proto; final: the destination.  *nxt: the first.  Consumes m; NULL: no memory. */
struct mbuf *ip6_exts_prepend(struct mbuf *m, const struct ip6_exts *, const uint8_t final[16], uint8_t proto, uint8_t *nxt);

#endif
