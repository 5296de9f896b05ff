/* SPDX-License-Identifier: BSD-2-Clause */
/* What few sockets have: it is made when the first of it is set, and stays until the socket goes. */
#ifndef NETINET_PCB_IN_PCBEXTRA_H
#define NETINET_PCB_IN_PCBEXTRA_H

#include "netinet/ip6/ip6_exts.h"
#include "netinet/pcb/in_pcb.h"

struct in_pcbextra {
	struct ip6_exts	 ex_exts;	/* VI_IPV6_HOPOPTS and the others; ours to free */
	uint32_t	 ex_pktif6;	/* VI_IPV6_PKTINFO; indices, 0: none */
	uint32_t	 ex_ucastif, ex_ucastif6;
	uint32_t	 ex_ports;	/* VI_IP_PORTRANGE */
	uint32_t	 ex_flow;	/* VI_IPV6_FLOW */
	uint32_t	 ex_mtu6;	/* VI_IPV6_MTU: no packet is longer; 0: as the path has it */
	bool		 ex_recvext, ex_recvpathmtu;
	bool		 ex_errexts, ex_errexts6;	/* VI_IP_RECVERR_RFC4884, VI_IPV6_RECVERR_RFC4884 */
	bool		 ex_alerts, ex_alertget;	/* VI_IP_ROUTER_ALERT, VI_IPV6_ROUTER_ALERT: it is on; what it reads as */
	struct in6_acast *ex_acasts;	/* VI_IPV6_JOIN_ANYCAST */
	int		 ex_alert;	/* the value of the option that it is for */
};

struct in_pcbextra *in_pcbextra(struct inpcb *);	/* the pcb's, made if need be; NULL: no memory */
void	 in_pcbextra_free(struct inpcb *);
/* Extension headers of every packet, or NULL. */
static inline const struct ip6_exts *
in_pcbexts(const struct inpcb *inp)
{
	return (inp->inp_extra == NULL ? NULL : &inp->inp_extra->ex_exts);
}
int	 in6_pcbacast_set(struct inpcb *, enum vi_sockopt, const void *, size_t);	/* in6_pcbacast.c */
void	 in6_pcbacast_free(struct inpcb *);	/* leaves all; of one with inp_extra */
int	 in6_pcbsetext(struct inpcb *, enum vi_sockopt, const void *, size_t);
int	 in6_pcbgetext(const struct inpcb *, enum vi_sockopt, void *, size_t *);

#endif
