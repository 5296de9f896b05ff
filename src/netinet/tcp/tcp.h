/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP, as the rest of netinet sees it: segments and ICMP errors come in here. The socket layer
 * reaches it through tcp_protosw, everything else through the control block of a socket.
 */
#ifndef NETINET_TCP_TCP_H
#define NETINET_TCP_TCP_H

struct inet_ctlmsg;
struct inet_pkt;
struct mbuf;
struct protosw;
struct vnet;

extern const struct protosw tcp_protosw, tcp6_protosw;

/* A segment whose network header is gone.  Consumes m. */
void	tcp_input(struct mbuf *m, const struct inet_pkt *);
void	tcp_ctlinput(struct vnet *, const struct inet_ctlmsg *);

#endif
