/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw and ping sockets: what ip and icmp tell them. */
#ifndef NETINET_RAW_RAW_H
#define NETINET_RAW_RAW_H

#include <stdint.h>

struct inet_ctlmsg;
struct inet_pkt;
struct mbuf;
struct vnet;

/* An echo reply of either family, m_data at the ICMP header.  Consumes m. */
void	ping_input(struct mbuf *, const struct inet_pkt *);
/* An ICMP error about an ICMP message of ours. */
void	ping_ctlinput(struct vnet *, const struct inet_ctlmsg *);
/* An error about a packet of this protocol, of the family that ic_ops tells. */
void	rip_ctlinput(struct vnet *, uint8_t proto, const struct inet_ctlmsg *);

#endif
