/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows: connections that have no inpcb, because they are not there yet (SYN cache) or not any more (TIME_WAIT, tcp_twring.h).
 *
 * And a hash table of them, for the SYN cache.  Empty it takes no memory; it starts with 16 chains and doubles when
 * there are as many entries.  To look at an entry costs more than at its chain's head, it is seldom in a
 * cache: so heads have a byte of the hashes of up to seven that are in their chains.
 */
#ifndef NETINET_TCP_TCP_FLOW_H
#define NETINET_TCP_TCP_FLOW_H

#include <stdint.h>
#include <bsd/sys/queue.h>

#include "netinet/inet_ops.h"
#include "netinet/pcb/in_pcb.h"

struct acctset;
struct vi_pcbinfo;

struct tcp_flow {
	uint32_t	 tf_hash;	/* in_pcbhashval() of what follows */
	uint16_t	 tf_lport, tf_fport;	/* network order */
	struct in_addr_any tf_laddr, tf_faddr;
	const struct inet_ops *tf_ops;	/* the addresses' family */
	bool		 tf_sock6;	/* the user's socket is of AF_INET6 */
};

/* Does a segment of that family, from faddr to laddr, belong to it? */
static inline bool
tcp_flow_is(const struct tcp_flow *f, uint32_t hash, const struct inet_ops *ops, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport)
{
	return (f->tf_hash == hash && f->tf_lport == lport && f->tf_fport == fport && in_addr_eq(&f->tf_laddr, laddr) &&
	    in_addr_eq(&f->tf_faddr, faddr) && f->tf_ops->io_family == ops->io_family);
}

/* First member of whatever is in the table. */
struct tcp_flowent {
	LIST_ENTRY(tcp_flowent) fe_link;
	struct tcp_flow	 fe_flow;
};

#define TCP_FLOWTAGS	7

struct tcp_flowchain {
	LIST_HEAD(, tcp_flowent) fc_flows;	/* latest first */
	uint8_t		 fc_tag[TCP_FLOWTAGS]; /* one for each flow, in no order; 0 = free */
	uint8_t		 fc_more;	/* some have none; until the chain is empty */
};

struct tcp_flowtab {
	struct tcp_flowchain *ft_chain;	/* NULL while nothing was ever inserted */
	uint32_t	 ft_size;	/* chains, a power of two */
	uint32_t	 ft_maxsize;	/* it does not grow beyond; 0 = no limit */
	uint32_t	 ft_count;
	struct inpcbinfo *ft_pcbs;	/* whose hash it is, and whose mix */
	struct acctset	*ft_acct;
};

void	tcp_flowtab_init(struct tcp_flowtab *, struct acctset *, struct inpcbinfo *);
void	tcp_flowtab_fini(struct tcp_flowtab *);	/* asserts that it is empty */
struct tcp_flowent *tcp_flow_look(const struct tcp_flowtab *, const struct inet_ops *,
    const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport);
static inline struct tcp_flowent *
tcp_flow_find(const struct tcp_flowtab *ft, const struct inet_ops *ops, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport)
{
	return (ft->ft_count != 0 ? tcp_flow_look(ft, ops, laddr, lport, faddr, fport) : NULL);
}
/* The flow and its hash are set; ENOBUFS when there is no memory for the first chains. */
int	tcp_flow_insert(struct tcp_flowtab *, struct tcp_flowent *);
/*
 * How many share the chain where f would be inserted, counted to at most limit; *oldest: the last of
 * these, NULL = there are none.  Nobody is counted where the whole table has less than limit.
 */
uint32_t tcp_flow_crowd(
    const struct tcp_flowtab *, const struct tcp_flow *f, uint32_t limit, struct tcp_flowent **oldest);
/* At most so many chains from now on, a power of two.  ENOBUFS: no memory to move what is there. */
int	tcp_flowtab_limit(struct tcp_flowtab *, uint32_t maxsize);
void	tcp_flow_remove(struct tcp_flowtab *, struct tcp_flowent *);
/* Where a flow of this hash is, if anywhere; not while ft_chain is NULL. */
static inline struct tcp_flowchain *
tcp_flow_chain(const struct tcp_flowtab *ft, uint32_t hash)
{
	return (&ft->ft_chain[in_pcbhashmix(ft->ft_pcbs->ipi_mix, hash) & (ft->ft_size - 1)]);
}
/* Both ends as the user sees them. */
void	tcp_flow_names(const struct tcp_flow *, struct vi_pcbinfo *);

#endif
