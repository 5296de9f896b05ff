/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP for the rest of the stack: tunnels. */
#ifndef NETINET_UDP_UDP_H
#define NETINET_UDP_UDP_H

#include <stdbool.h>
#include <stdint.h>

struct in_addr_any;
struct inet_ctlmsg;
struct inet_ops;
struct inet_pkt;
struct inpcb;
struct mbuf;
struct socket;
struct udp_info;
struct vnet;

/*
 * A tunnel takes the datagrams of a socket before they are queued.  m: m_data at the payload, never a super-packet.  True: it took m; false: m is
 * delivered as usual.
 */
typedef bool udp_tunnel_fn(struct inpcb *, struct mbuf *, const struct inet_pkt *, const struct udp_info *, void *arg);
/* An ICMP error about a datagram of the socket; it goes to the socket as well. */
typedef void udp_tunnel_ctl_fn(struct inpcb *, const struct inet_ctlmsg *, void *arg);

/* One to a socket; fn NULL takes it away.  ctl may be NULL.  EINVAL: not a UDP socket; EBUSY: another is there. */
int	udp_set_tunnel(struct socket *, udp_tunnel_fn *fn, udp_tunnel_ctl_fn *ctl, void *arg);
/* udp_tunnel.c: the same with a new socket of one family that is bound to the port (host order) of any address.  EADDRINUSE, ENOBUFS. */
int	udp_tunnel_open(struct vnet *, const struct inet_ops *, uint16_t port, udp_tunnel_fn *fn, udp_tunnel_ctl_fn *ctl, void *arg, struct socket **);
void	udp_tunnel_close(struct socket **);	/* *sop NULL is fine */
/* m with a header in front, its checksum left to who sends it (CSUM_UDP); ports in network order.  NULL: no memory, m is gone. */
struct mbuf *udp_tunnel_header(struct mbuf *m, const struct inet_ops *, const struct in_addr_any *src, const struct in_addr_any *dst,
	    uint16_t sport, uint16_t dport);

#endif
