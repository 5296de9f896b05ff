/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP for IPv4: what the rest of the stack asks of it. */
#ifndef NETINET_ICMP_ICMP_H
#define NETINET_ICMP_ICMP_H

#include <stdint.h>

#include "wire/icmp.h"

struct ifnet;
struct mbuf;
struct vnet;

/*
 * An error about the packet m (m_data at its IP header, as it was received; m_pkt.rcvif says by which interface), to its sender: when RFC 1122 3.2.2 and
 * RFC 1812 4.3.2.7 allow one, and the rate limit does.  arg: the router of a redirect (network order), the next MTU, or the offset of a bad byte.  Consumes m.
 */
void	icmp_error(struct vnet *, struct mbuf *m, uint8_t type, uint8_t code, uint32_t arg);
/* A next hop does not answer (ARP): the packets that waited for it are told.  Packets of our own come back to our own sockets.  Consumes m (may be a list by m_nextpkt). */
void	icmp_hostunreach(struct vnet *, struct mbuf *m);

#endif
