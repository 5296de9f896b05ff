/* SPDX-License-Identifier: BSD-2-Clause */
/* What sockets of datagrams have in common, whatever the protocol: udp, ping and raw. */
#ifndef NETINET_PCB_DGRAM_H
#define NETINET_PCB_DGRAM_H

#include <stdint.h>

#include "netinet/pcb/in_pcb.h"

struct ip6_exts;
struct ip6_out;
struct ip6_path;
struct ip_out;
struct ip_path;

enum dgram_result { DGRAM_OK, DGRAM_FULL, DGRAM_MINTTL, DGRAM_SHUT };

/* Does the socket's filter (VI_SO_FILTER) want it?  hdr: what was in front of m's data.  It may shorten m. */
bool	dgram_filter(const struct inpcb *, struct mbuf *, const struct inet_pkt *, const void *hdr, uint32_t hlen);
/* Queues m for the pcb's socket.  Consumes m. */
enum dgram_result dgram_append(struct inpcb *, struct mbuf *, const struct inet_pkt *, uint16_t fport);
/*
 * An ICMP error about something that the pcb sent: pending on connected sockets if it is final, queued where the error queue was asked for (VI_IP_RECVERR).
 * fport: where it had gone; hdrlen: bytes of ic_data before the payload.
 */
void	dgram_ctl(struct inpcb *, const struct inet_ctlmsg *, uint16_t fport, unsigned hdrlen);
/* What was not sent for being longer than mtu: queued where the error queue was asked for. */
void	dgram_toobig(struct inpcb *, const struct inet_ops *, const struct in_addr_any *dst, uint16_t dport, uint32_t mtu);
/* Where a datagram goes: the family by ops, the address.  EDESTADDRREQ and those of in_pcbaddr(). */
int	dgram_name(struct inpcb *, const struct vi_msg *, const struct inet_ops **, struct in_addr_any *faddr);
/*
 * Destination, source, path and what msg overrides.  EDESTADDRREQ, EAFNOSUPPORT, EADDRNOTAVAIL, those of ip_route().
 * io->io_src is set when it returns 0 (if there is any address to use); path is where io_path may point to.
 * Only for what goes out as IPv4.
 */
int	dgram_out(struct inpcb *, const struct vi_msg *, struct ip_out *io, struct ip_path *path, uint16_t *fport);
/*
 * dgram6.c: the same for IPv6.  Also EADDRNOTAVAIL: there is no address to use; EPERM: extension headers need a right.  The last argument is where those of msg are
 * noted, for io to point to.
 */
int	dgram6_out(struct inpcb *, const struct vi_msg *, struct ip6_out *io, struct ip6_path *path, uint16_t *fport, struct ip6_exts *);
/* An ephemeral port for a socket that sends without having been bound. */
int	dgram_bindport(struct inpcb *);

/* For protosw. */
void	dgram_detach(struct socket *);		/* close and abort */
int	dgram_bind(struct socket *, const struct vi_sockaddr *);
int	dgram_soconnect(struct socket *, const struct vi_sockaddr *);
int	dgram_disconnect(struct socket *);
int	dgram_sockaddr(struct socket *, struct vi_sockaddr *);
int	dgram_peeraddr(struct socket *, struct vi_sockaddr *);
int	dgram_setopt(struct socket *, enum vi_sockopt, const void *, size_t);
int	dgram_getopt(struct socket *, enum vi_sockopt, void *, size_t *);
/* For modules: every pcb of the protocol. */
void	dgram_pcblist(struct inpcbinfo *, struct pcbscan *);
void	dgram_stop(struct inpcbinfo *);		/* frees them all */

#endif
