/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw and ping sockets of one vnet. */
#ifndef NETINET_RAW_RAW_VAR_H
#define NETINET_RAW_RAW_VAR_H

#include <stdint.h>

#include "netinet/inet_ops.h"
#include "netinet/pcb/in_pcb.h"
#include "netinet/raw/raw.h"
#include "vimage/vnet.h"

/* X(name, words of netstat -s). */
#define RIP_STATS(X) \
	X(rips_ipackets, "packet%s for raw sockets") \
	X(rips_nosock, "packet%s that no raw socket wanted") \
	X(rips_fullsock, "dropped due to full socket buffers") \
	X(rips_refused, "dropped by minimum TTL or closed for reading") \
	X(rips_filtered, "not wanted by a socket's filter") \
	X(rips_nomem, "dropped for lack of memory") \
	X(rips_delivered, "delivered") \
	X(rips_opackets, "raw packet%s sent") \
	X(rips_oerrors, "raw packet%s not sent because of an error") \
	X(rips_alerts, "packet%s that asked for a router's attention taken off the path") \
	X(rips_pingin, "echo replies for ping sockets") \
	X(rips_pingnosock, "echo replies nobody asked for")

struct ripstat {
#define RIP_STAT_MEMBER(name, text)	uint64_t name;
	RIP_STATS(RIP_STAT_MEMBER)
#undef RIP_STAT_MEMBER
};

struct rip_vnet {
	struct inpcbinfo rv_raw, rv_ping, rv_raw6, rv_ping6;
	struct ripstat	 rv_stat;
	uint32_t	 rv_recvspace;
};
VNET_STATE_DECLARE(rip);

extern const struct protosw rip_protosw, ping_protosw, rip6_protosw, ping6_protosw;

struct ripcb {
	struct inpcb	 rp_inpcb;	/* first: intoripcb() */
	int		 rp_cksum;	/* of IPv6: offset of the checksum, -1: none */
	uint32_t	 rp_filter[8];	/* bit set: the type of ICMPv6, or of ICMP if below 32, is not passed */
};
static inline struct ripcb *intoripcb(const struct inpcb *inp) { return ((struct ripcb *)(uintptr_t)inp); }
static inline uint32_t rip_filter(const struct inpcb *inp) { return (intoripcb(inp)->rp_filter[0]); }

void	rip_input(struct mbuf *, const struct inet_pkt *);	/* of either family */
void	rip6_input(struct mbuf *, const struct inet_pkt *);
void	rip6_ctlinput(struct vnet *, uint8_t proto, const struct inet_ctlmsg *);
/* rip_alert.c */
bool	rip_alert(struct mbuf *, const struct inet_pkt *, int value);	/* iv_alert */
int	rip_setalert(struct inpcb *, const void *, size_t);
int	rip6_setalert(struct inpcb *, const void *, size_t);
int	rip_fail(struct rip_vnet *, struct mbuf *, int error);	/* counts, frees m, returns error */
/*
 * What a program wrote: its first eight bytes are in one piece and can be changed, its identifier is the socket's.  The checksum is not right.  *error EINVAL: it is no echo request,
 * which has this type; ENOBUFS: m is gone, NULL.
 */
struct mbuf *ping_echo(struct mbuf *, const struct inpcb *, uint8_t type, int *error);
int	ping_connect(struct socket *, const struct vi_sockaddr *);	/* there are no ports on the other side */
/* Would it have the packet, going by its interface, groups and jail?  Of either family. */
bool	rip_reaches(const struct inpcb *, const struct inet_pkt *);
/* To inp and those that next() finds behind it, what being next()'s.  Consumes m. */
void	rip_deliver(struct inpcb *, struct mbuf *, const struct inet_pkt *, struct inpcb *(*next)(struct inpcb *, const struct inet_pkt *, int what), int what);
/* Counts what became of a packet. */
void	rip_append(struct inpcb *, struct mbuf *, const struct inet_pkt *);

#endif
