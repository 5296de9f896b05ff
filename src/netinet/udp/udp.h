/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP for the rest of the stack: tunnels. */
#ifndef NETINET_UDP_UDP_H
#define NETINET_UDP_UDP_H

#include <stdbool.h>

struct inet_ctlmsg;
struct inet_pkt;
struct inpcb;
struct mbuf;
struct socket;
struct udp_info;

/*
 * A tunnel takes the datagrams of a socket before they are queued.  m: m_data at the payload, never a super-packet.  True: it took m; false: m is
 * delivered as usual.
 */
typedef bool udp_tunnel_fn(struct inpcb *, struct mbuf *, const struct inet_pkt *, const struct udp_info *, void *arg);
/* An ICMP error about a datagram of the socket; it goes to the socket as well. */
typedef void udp_tunnel_ctl_fn(struct inpcb *, const struct inet_ctlmsg *, void *arg);

/* One to a socket; fn NULL takes it away.  ctl may be NULL.  EINVAL: not a UDP socket; EBUSY: another is there. */
int	udp_set_tunnel(struct socket *, udp_tunnel_fn *fn, udp_tunnel_ctl_fn *ctl, void *arg);

#endif
