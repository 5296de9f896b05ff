/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cutting packets: super-packets into segments, datagrams into fragments; and finishing checksums.
 */
#ifndef NETINET_IP_IP_SEGMENT_H
#define NETINET_IP_IP_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

struct mbuf;

/*
 * Cuts a super-packet of TCP or UDP (m_data at the IP header, m_pkt.segsz set) into packets of at most segsz bytes of data, linked by m_nextpkt.  The segments' checksums are
 * left to be finished (CSUM_TCP, CSUM_UDP).  Consumes m; NULL: no memory, or not such a packet with its header in one piece.  *n: how many.
 */
struct mbuf *ip_segment(struct mbuf *, unsigned *n);
/* Fragments (RFC 791 3.2).  The checksum must be finished.  mtu >= 68.  Consumes m; NULL: no memory.  *n: how many. */
struct mbuf *ip_fragment(struct mbuf *, uint32_t mtu, unsigned *n);
/* Finishes a checksum that was left (CSUM_TCP, CSUM_UDP).  Returns m or a replacement; NULL: no memory, m is gone. */
struct mbuf *in_delayed_cksum(struct mbuf *);
/* For both families: the same with headers of hlen bytes in front of the transport's. */
struct mbuf *inet_delayed_cksum(struct mbuf *, unsigned hlen);
/* And a new packet that begins with room for hlen bytes of header, followed by [off, off + len) of m by reference; NULL: no memory. */
struct mbuf *ip_seg_make(struct mbuf *m, unsigned hlen, uint32_t off, uint32_t len);
/* What a wire would carry of m: segments of a super-packet, linked by m_nextpkt; with sums also finished checksums.  Consumes m; NULL: no memory. */
struct mbuf *in_wire(struct mbuf *, bool sums);
/* Bytes of IP and transport header of a super-packet; 0: not known. */
unsigned ip_segment_hdrlen(const struct mbuf *);

#endif
