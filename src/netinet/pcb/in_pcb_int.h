/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of this directory. */
#ifndef NETINET_PCB_IN_PCB_INT_H
#define NETINET_PCB_IN_PCB_INT_H

#include "base/in6addr.h"
#include "netinet/pcb/in_pcb.h"

#define INPCB_MINHASH	8	/* buckets of a new table */
#define INPCB_KEEPHASH	64	/* a table of no more does not shrink */
#define INPCB_MAXHASH	(1u << 20)
#define INP_ALIKELOOK	8	/* kinds of connections looked at for one that is the same to bind */

/* A raw protocol has no ports: its pcbs are on ipi_list only. */
static inline bool
in_pcbinfo_raw(const struct inpcbinfo *ipi)
{
	return (ipi->ipi_proto == VI_IPPROTO_IP);
}

static inline uint16_t
in_pcb_options(const struct inpcb *inp)
{
	return (inp->inp_socket == NULL ? 0 : inp->inp_socket->so_options);
}

/* The bucket of a port.  Unconnected pcbs come before connected ones in it; of TCP's connected ones there is one of each kind (inp_alike). */
struct inpcbhead *in_pcbporthead(struct inpcbinfo *, uint16_t lport);
struct inpcb *in_pcblookup_exact(struct inpcbinfo *, uint32_t fam, const struct in_addr_any *laddr, uint16_t lport,
	    const struct in_addr_any *faddr, uint16_t fport);
void	 in_pcbport_insert(struct inpcb *);
/*
 * What a user's address means to the pcb: the family by ops, the address with its zone.  EAFNOSUPPORT, EINVAL (a link-local address without a zone,
 * as Linux), ENODEV (a zone that is none), ENETUNREACH (mapped, and the socket takes only IPv6).
 */
int	 in_pcbaddr(const struct inpcb *, const struct vi_sockaddr *, const struct inet_ops **, struct in_addr_any *);
/* Lets a pcb take packets of these families; inp_ops follows. */
void	 in_pcb_setfam(struct inpcb *, uint32_t fam);
/* Ephemeral ports: for bind (nobody else on the port) and for connect (the 4-tuple is new, nobody unconnected on the port). */
int	 in_pcbport_any(struct inpcb *, const struct in_addr_any *laddr, uint16_t *lport);
int	 in_pcbport_conn(struct inpcb *, const struct in_addr_any *laddr, const struct in_addr_any *faddr, uint16_t fport, uint16_t *lport);
void	 in_pcbopt_free(struct inpcb *);
/* in_pcbjail.c: what it may use of a stack that its jail shares. */
bool	 in_pcbjail_takes(const struct inpcb *, uint32_t fam, const struct in_addr_any *, bool *restricted);	/* in_pcbjail_may; is there a choice at all? */
bool	 in_pcbjail_same(const struct inpcb *, const struct inpcb *);	/* the same addresses for both */
int	 in_pcbjail_family(const struct inpcb *);	/* EAFNOSUPPORT: none of its family */
int	 in_pcbjail_bind(const struct inpcb *, uint32_t fam, struct in_addr_any *laddr);	/* EADDRNOTAVAIL; may be replaced */
void	 in_pcbjail_remote(const struct inpcb *, const struct inet_ops *, struct in_addr_any *faddr);	/* of any and of loopback addresses */
/* *laddr: what the stack would take.  EADDRNOTAVAIL. */
int	 in_pcbjail_source(const struct inpcb *, const struct inet_ops *, const struct in_addr_any *faddr, struct in_addr_any *laddr);
/* in_pcbopt6.c */
int	 in6_pcbsetopt(struct inpcb *, enum vi_sockopt, const void *, size_t);
int	 in6_pcbgetopt(struct inpcb *, enum vi_sockopt, void *, size_t *);
/* in_pcbmcast.c */
int	 in_pcbmcast_set(struct inpcb *, enum vi_sockopt, const void *, size_t);
int	 in_pcbmcast_get(struct inpcb *, void *, size_t *);	/* VI_MCAST_MSFILTER */
void	 in_pcbmcast_free(struct inpcb *);

/* Both families: the protocols whose AF_INET6 sockets carry IPv4 as well (RFC 3493 3.7). */
static inline bool
in_pcbinfo_dual(const struct inpcbinfo *ipi)
{
	return (ipi->ipi_proto == VI_IPPROTO_TCP || ipi->ipi_proto == VI_IPPROTO_UDP || ipi->ipi_proto == VI_IPPROTO_UDPLITE);
}

#endif
