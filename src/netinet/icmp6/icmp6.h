/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6: what the rest of the stack asks of it. */
#ifndef NETINET_ICMP6_ICMP6_H
#define NETINET_ICMP6_ICMP6_H

#include <stdint.h>

#include "netinet/inet_ops.h"
#include "wire/icmp6.h"

struct mbuf;
struct vnet;

/*
 * An error about the packet m (m_data at its IPv6 header as received; m_pkt.rcvif says by which interface), to its sender, when RFC 4443 2.4 allows
 * one and the rate limit does.  arg: the MTU or the pointer.  Consumes m.
 */
void	icmp6_error(struct vnet *, struct mbuf *m, uint8_t type, uint8_t code, uint32_t arg);
/* A next hop does not answer: the packets that waited for it (a list by m_nextpkt) are told.  Consumes m. */
void	icmp6_hostunreach(struct vnet *, struct mbuf *m);
/* Sum of a message of our own: m_data at the ICMPv6 header, addresses as in the packet. */
void	icmp6_cksum(struct mbuf *m, const struct in_addr_any *src, const struct in_addr_any *dst);

#endif
