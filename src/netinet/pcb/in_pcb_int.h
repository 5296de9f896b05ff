/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of this directory. */
#ifndef NETINET_PCB_IN_PCB_INT_H
#define NETINET_PCB_IN_PCB_INT_H

#include "netinet/pcb/in_pcb.h"

#define INPCB_MINHASH	8	/* buckets of a new table */
#define INPCB_MAXHASH	(1u << 20)

/* A raw protocol has no ports: its pcbs are on ipi_list only. */
static inline bool
in_pcbinfo_raw(const struct inpcbinfo *ipi)
{
	return (ipi->ipi_proto == VI_IPPROTO_IP);
}

static inline bool
in_addr_any_isany(const struct in_addr_any *a)
{
	return ((a->in6[0] | a->in6[1] | a->in6[2] | a->in6[3]) == 0);
}

/* The bucket of a port.  Unconnected pcbs come before connected ones in it. */
struct inpcbhead *in_pcbporthead(struct inpcbinfo *, uint16_t lport);
struct inpcb *in_pcblookup_exact(struct inpcbinfo *, const struct in_addr_any *laddr, uint16_t lport,
	    const struct in_addr_any *faddr, uint16_t fport);
void	 in_pcbport_insert(struct inpcb *);
/* EAFNOSUPPORT. */
int	 in_pcbaddr(const struct inpcb *, const struct vi_sockaddr *, struct in_addr_any *);
/* Ephemeral ports: for bind (nobody else on the port) and for connect (the 4-tuple is new, nobody unconnected on the port). */
int	 in_pcbport_any(struct inpcb *, const struct in_addr_any *laddr, uint16_t *lport);
int	 in_pcbport_conn(struct inpcb *, const struct in_addr_any *laddr, const struct in_addr_any *faddr, uint16_t fport, uint16_t *lport);
void	 in_pcbopt_free(struct inpcb *);

#endif
