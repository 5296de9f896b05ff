/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Internet protocol control blocks: who listens and talks where.
 *
 * One inpcbinfo per protocol and vnet.  Connected pcbs live in a hash of the 4-tuple, bound ones in a hash of the local port; both
 * start tiny (8 buckets) and double as they fill.  All keys are secret (SipHash with the kernel's key).
 */
#ifndef NETINET_PCB_IN_PCB_H
#define NETINET_PCB_IN_PCB_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "base/in6addr.h"
#include "base/siphash.h"
#include "net/route.h"
#include "netinet/inet_ops.h"
#include "socket/socket.h"

struct in_pcbextra;
struct inpcb;
struct mcast_member;
LIST_HEAD(inpcbhead, inpcb);

enum inp_flags {
	INP_HDRINCL = 0x001,	/* raw: the user supplies the header */
	INP_RECVTTL = 0x002, INP_RECVTOS = 0x004, INP_PKTINFO = 0x008, INP_RECVERR = 0x010, INP_RECVOPTS = 0x020,
	INP_BINDANY = 0x040,	/* FREEBIND: any address may be bound */
	INP_ANONPORT = 0x080,	/* the port was chosen by us */
	INP_NOPORT = 0x100,	/* IP_BIND_ADDRESS_NO_PORT: choose at connect */
	INP_ONHASH = 0x200, INP_ONPORT = 0x400,
	INP_MCASTLOOP = 0x800,
	INP_DROPPED = 0x1000,	/* protocol is done with it */
	INP_ANONADDR = 0x2000,	/* the local address was chosen by connect */
	INP_ACCEPTED = 0x4000,	/* its address and port are a listener's */
	INP_GROUPADDR = 0x8000,	/* bound to a group or a broadcast address, from which nothing is sent */
	/*
	 * Families whose packets it takes.  An AF_INET6 socket that is unbound, or bound to :: without IPV6_V6ONLY, has both; bound or connected to
	 * ::ffff:a.b.c.d it has INP_IPV4 alone and inp_ops is in_ops, but its sockaddrs are still IPv6 (INP_SOCK6).
	 */
	INP_IPV4 = 0x10000, INP_IPV6 = 0x20000, INP_SOCK6 = 0x40000, INP_V6ONLY = 0x80000,
	/* VI_IPV6_*: what is asked of IPv6 packets */
	INP_RECVHOPLIMIT = 0x100000, INP_RECVTCLASS = 0x200000, INP_RECVPKTINFO = 0x400000, INP_RECVERR6 = 0x800000,
	INP_RETOPTS = 0x8000000,
	INP_TRANSPARENT = 0x10000000,	/* as INP_BINDANY, for the administrator */
	INP_ANYADDR = INP_BINDANY | INP_TRANSPARENT,
	INP_NOMCASTALL = 0x20000000, INP_NOMCASTALL6 = 0x40000000,	/* VI_IP_MULTICAST_ALL is off */
	INP_MCASTLOOP6 = 0x1000000, INP_DONTFRAG = 0x2000000, INP_AUTOFLOWLABEL = 0x4000000,
};

/*
 * The headers of a packet of a connection, from the link's on, as the last one had them.  Good while ir_gen is rt_generation() and
 * ir_linkgen the interface's; whoever changes what the user may set forgets them (in_pcbunready()).
 */
#define INP_READYLEN	34	/* Ethernet and IPv4 */
struct inp_ready {
	uint64_t	 ir_gen;	/* 0 = there are none */
	struct ifnet	*ir_ifp;
	uint32_t	 ir_linkgen;
	uint32_t	 ir_sum;	/* of the network header without length, id and type of service */
	uint8_t		 ir_hdr[INP_READYLEN];
};

/* The hashes of an inpcbinfo. */
enum inp_tab {
	INP_BYFLOW,	/* 4-tuple: INP_ONHASH */
	INP_BYPORT,	/* local port: INP_ONPORT */
	INP_NTABS
};

struct inpcb {
	LIST_ENTRY(inpcb) inp_chain[INP_NTABS];
	struct inpcbhead inp_alike;	/* on the chain of its port: connected ones that say the same to who binds (INP_BYPORT of each) */
	TAILQ_ENTRY(inpcb) inp_list;	/* all of the protocol */
	struct inpcbinfo *inp_info;	/* (c) */
	struct socket	*inp_socket;	/* NULL: the user and the socket are gone (TIME_WAIT) */
	struct vnet	*inp_vnet;	/* (c) */
	const struct inet_ops *inp_ops;	/* (c) but for INP_SOCK6, where it follows the addresses */
	struct in_addr_any inp_laddr, inp_faddr;	/* all zero: unbound, unconnected */
	uint16_t	 inp_lport, inp_fport;	/* network order */
	uint32_t	 inp_flags;	/* enum inp_flags */
	uint32_t	 inp_fib;
	uint32_t	 inp_flowid;	/* in_pcbhashval() of its flow, said with each packet */
	uint32_t	 inp_boundif;	/* SO_BINDTODEVICE: ifindex, 0 = none */
	uint8_t		 inp_proto;	/* raw: protocol number */
	uint8_t		 inp_ttl, inp_tos, inp_minttl;	/* ttl 0: the vnet's default */
	uint8_t		 inp_mtudisc;	/* VI_IP_MTU_DISCOVER */
	uint8_t		 inp_optlen;	/* IP options to send */
	uint8_t		 inp_mcast_ttl;
	uint32_t	 inp_bound;	/* INP_IPV4 | INP_IPV6 as socket() and bind left them; connect narrows inp_flags */
	uint8_t		*inp_opts;
	uint32_t	 inp_mcast_if, inp_mcast_addr;
	struct mcast_member *inp_mships;	/* memberships of both families, bounded list */
	/* the same for IPv6 packets */
	uint32_t	 inp_mcast_if6;	/* ifindex, 0 = by route */
	int16_t		 inp_hops;	/* VI_IPV6_UNICAST_HOPS; -1: the vnet's default */
	uint8_t		 inp_mcast_hops, inp_tclass;
	uint8_t		 inp_mtudisc6;	/* VI_IPV6_MTU_DISCOVER */
	uint8_t		 inp_minhops;
	uint8_t		 inp_srcpref;	/* VI_PREFER_SRC_TMP, _PUBLIC, _COA */
	uint8_t		 inp_rcvtos;	/* of the packet that made a listener's connection; inp_mcast_if and inp_mcast_ttl are its interface and TTL, as on Linux */
	bool		 inp_long6;	/* its packets of IPv6 take the long way: in_pcblong6() */
	uint16_t	 inp_ipid;	/* next IP id of this flow */
	struct in_pcbextra *inp_extra;	/* in_pcbextra.h; NULL: nothing of all that */
	/* cached route: valid while inp_rtgen == rt_generation() and the destination is inp_rtdst */
	const struct nhop *inp_nh;
	uint64_t	 inp_rtgen;
	struct in_addr_any inp_rtdst;
	struct inp_ready inp_ready;
	uint64_t	 inp_id;	/* unique in the vnet's life */
	struct vi_cred	 inp_cred;
};
TAILQ_HEAD(inpcblist, inpcb);

struct inpcbtab {
	struct inpcbhead *it_head;
	uint32_t	 it_size;	/* a power of two */
};

#define INP_PORTTAB	16
struct inpcbinfo {
	struct vnet	*ipi_vnet;
	uint8_t		 ipi_proto;
	enum acct_type	 ipi_acct;	/* (c) who pays for a pcb */
	size_t		 ipi_size;	/* (c) of a pcb: the protocol's, which begins with the struct inpcb */
	const struct inet_ops *ipi_ops4, *ipi_ops6;	/* what an AF_INET6 pcb may use */
	struct inpcblist ipi_list;
	uint32_t	 ipi_count;
	struct inpcbtab	 ipi_tab[INP_NTABS];
	uint32_t	 ipi_nconn;	/* in the hash of 4-tuples */
	struct inpcb	*ipi_last;	/* found last in that, or NULL */
	struct inpcb	*ipi_told;	/* that in_pcbscan() gave last, or NULL */
	/* What in_pcbhashval() said last: a handshake asks for the same hash again and again. */
	struct { struct in_addr_any hm_laddr, hm_faddr; uint16_t hm_lport, hm_fport; uint32_t hm_hash; bool hm_valid; } ipi_memo;
	uint16_t	 ipi_porttab[INP_PORTTAB];	/* counters of RFC 6056 3.3.4 */
	/* Whereto the last connection without a port went, and the secret that chose it. */
	struct { struct in_addr_any pm_laddr, pm_faddr; uint16_t pm_fport; bool pm_valid; uint64_t pm_secret; } ipi_portmemo;
	struct siphash_key ipi_key;
	uint64_t	 ipi_mix;	/* odd, secret, the vnet's: in_pcbhashmix() */
	/* Is there something without pcb at the port yet with which the pcb may not share it, at the address (NULL: at any)?  NULL: never. */
	bool		 (*ipi_lingers)(const struct inpcb *, const struct in_addr_any *laddr, uint16_t lport);
};

/* The flag of the family: INP_IPV4 or INP_IPV6. */
static inline uint32_t
in_pcbfam(const struct inet_ops *ops)
{
	return (ops->io_family == VI_AF_INET ? INP_IPV4 : INP_IPV6);
}

/* RFC 5082: has it come from farther away than the socket takes? */
static inline bool
in_pcbfar(const struct inpcb *inp, const struct inet_pkt *pk)
{
	return (pk->ip_ttl < (pk->ip_ops->io_family == VI_AF_INET ? inp->inp_minttl : inp->inp_minhops));
}

/* The secret hash of a pair of addresses and ports, for every table of them in all vnets of the kernel; the same from both ends. */
uint32_t in_pcbhashval(struct inpcbinfo *, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport);
/*
 * What a table of these goes by.  The hash itself is no secret from those whose flow it is (flow labels, socket filters, sockstat), and all vnets have the
 * same; nobody knows which of them share a chain.
 */
static inline uint32_t in_pcbhashmix(uint64_t mix, uint32_t hash) { return ((uint32_t)(hash * mix >> 32)); }
/* What of a pair others may see but not foresee: initial sequence numbers, ports. */
uint64_t in_pcbflowsecret(const struct siphash_key *, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport);
/* Its pcbs are size bytes long and begin with the struct inpcb, as tcpcb and udpcb do; the rest is 0 at first. */
int	 in_pcbinfo_init(struct inpcbinfo *, struct vnet *, uint8_t proto, enum acct_type, size_t size);
void	 in_pcbinfo_fini(struct inpcbinfo *);		/* asserts that it is empty */

/* so may be NULL (a pcb without socket).  The pcb is charged to the vnet. */
int	 in_pcballoc(struct inpcbinfo *, struct socket *, const struct inet_ops *, struct inpcb **);
void	 in_pcbfree(struct inpcb *);			/* off every list, and gone */
/* May it begin to listen?  Not when another listens on its port: two that share one by SO_REUSEADDR cannot both. */
bool	 in_pcblistenok(struct inpcb *);
/* EADDRINUSE, EADDRNOTAVAIL, EACCES (reserved port), EINVAL (bound already), EAFNOSUPPORT.  Port 0: an ephemeral one (RFC 6056). */
int	 in_pcbbind(struct inpcb *, const struct vi_sockaddr *);
/* Fixes the foreign address, chooses source and port where missing, hashes.  EADDRINUSE (4-tuple taken), EISCONN is the caller's check, ENETUNREACH, EACCES... */
int	 in_pcbconnect(struct inpcb *, const struct vi_sockaddr *);
void	 in_pcbdisconnect(struct inpcb *);
/* For a connection made by the network (SYN cache): all four given; EADDRINUSE. */
int	 in_pcbinsconn(struct inpcb *, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport);
/* A connection made by the network gets its user. */
void	 in_pcbsetsocket(struct inpcb *, struct socket *);
/* What bind asks others for has changed: how the port may be shared, the interface. */
void	 in_pcbshared(struct inpcb *);
/*
 * The interface that a packet came by for programs; 0: none.  As on Linux what this host sends to an address of its own comes by the interface
 * that has it, not by lo0.
 */
uint32_t in_pcbrcvif(struct vnet *, const struct inet_ops *, const struct ifnet *rcvif, const struct in_addr_any *laddr);
/*
 * Lookup for a packet of the family of ops: exact match first, then (wild) bound pcbs, the most specific local address winning; among SO_REUSEPORT
 * groups by flow hash.  A pcb bound to an interface matches only that of in_pcbrcvif().
 */
struct inpcb *in_pcblookup(struct inpcbinfo *, const struct inet_ops *, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport,
	    bool wild, const struct ifnet *rcvif);
static inline bool
in_pcbisflow(const struct inpcb *inp, uint32_t fam, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr,
    uint16_t fport)
{
	return (inp->inp_fport == fport && inp->inp_lport == lport && in_addr_eq(&inp->inp_faddr, faddr) &&
	    in_addr_eq(&inp->inp_laddr, laddr) && (inp->inp_flags & fam) != 0);
}
/*
 * in_pcblookup() of a packet of the flow that was found last, or whose sender, in this kernel, said the hash of the flow with it.  The flowid may be
 * anything: who is found is the right one.  NULL: ask that.
 */
static inline struct inpcb *
in_pcbhinted(struct inpcbinfo *ipi, uint32_t flowid, const struct inet_pkt *pkt, uint16_t lport, uint16_t fport)
{
	const struct inpcbtab *it = &ipi->ipi_tab[INP_BYFLOW];
	const uint32_t fam = in_pcbfam(pkt->ip_ops);
	struct inpcb *inp = ipi->ipi_last;

	if (inp == NULL || !in_pcbisflow(inp, fam, &pkt->ip_dst, lport, &pkt->ip_src, fport)) {
		LIST_FOREACH(inp, &it->it_head[in_pcbhashmix(ipi->ipi_mix, flowid) & (it->it_size - 1)], inp_chain[INP_BYFLOW])
			if (in_pcbisflow(inp, fam, &pkt->ip_dst, lport, &pkt->ip_src, fport))
				break;
	}
	return (inp != NULL && inp->inp_boundif == 0 ? ipi->ipi_last = inp : NULL);
}
/* Every pcb that should get a copy of a broadcast or multicast datagram: iterate with last (NULL first). */
struct inpcb *in_pcbnext_bcast(struct inpcbinfo *, struct inpcb *last, const struct inet_pkt *, uint16_t lport, uint16_t fport);
/* An IPv4 address becomes ::ffff:a.b.c.d (RFC 4291 2.5.5.2); others stay. */
void	 in_pcbmap(struct vi_sockaddr *);
/* An address as the pcb's user sees it: mapped on an AF_INET6 socket. */
void	 in_pcbname(const struct inpcb *, const struct inet_ops *, const struct in_addr_any *, uint16_t port, struct vi_sockaddr *);
int	 in_pcbsockaddr(struct inpcb *, struct vi_sockaddr *);
int	 in_pcbpeeraddr(struct inpcb *, struct vi_sockaddr *);	/* ENOTCONN */
/* in_pcbjail.c: is the address one that its jail may use (always, for most)? */
bool	 in_pcbjail_may(const struct inpcb *, uint32_t fam, const struct in_addr_any *);
/* in_pcbmcast.c: does the pcb want a packet to a group it may have joined? */
bool	 in_pcbmcast_wants(const struct inpcb *, const struct inet_pkt *);
/* IP-level and common socket options of a pcb (VI_IP_*, VI_SO_BINDTODEVICE, VI_SO_FIB).  ENOPROTOOPT for others. */
int	 in_pcbsetopt(struct inpcb *, enum vi_sockopt, const void *, size_t);
int	 in_pcbgetopt(struct inpcb *, enum vi_sockopt, void *, size_t *);
void	 in_pcbinfo_fill(const struct inpcb *, struct vi_pcbinfo *);
/* The next one to be told of; NULL: there is none, or for now.  last: what was given before, NULL at first. */
struct inpcb *in_pcbscan(struct inpcbinfo *, struct pcbscan *, struct inpcb *last);
/* The cached route to the foreign address, looked up again when stale; NULL = none. */
const struct nhop *in_pcbroute(struct inpcb *);
/* Ephemeral range (network order results); sysctl net.inet.ip.portrange.{first,last}, in the inpcb module. */
struct inpcb_vnet {
	int		iv_first, iv_last;	/* 10000, 65535 */
	int		iv_reservedhigh;	/* 1023 */
	int		iv_v6only;	/* VI_IPV6_V6ONLY of new sockets */
	int		iv_maxships;	/* memberships of a socket */
	int		iv_maxmsf, iv_maxmsf6;	/* sources of a membership */
	uint64_t	iv_nextid;
};
VNET_STATE_DECLARE(inpcb);

/* The address that what it sends comes from; any: chosen by the way it goes. */
static inline struct in_addr_any
in_pcbsource(const struct inpcb *inp)
{
	return ((inp->inp_flags & INP_GROUPADDR) != 0 ? (struct in_addr_any){ 0 } : inp->inp_laddr);
}

/* Has it what only ip6_output() knows to do?  Asked when options are set, so that packets need not. */
static inline void in_pcblong6(struct inpcb *inp) { inp->inp_long6 = inp->inp_mtudisc6 > 2 || inp->inp_extra != NULL; }
/* Bytes that headers of its own take in each packet between addresses of its family: IPv4 options, extension headers. */
uint32_t in_pcbexthdrs(const struct inpcb *);
/* A listener's connection has them, too; ENOBUFS. */
int	 in_pcbinherit(struct inpcb *, const struct inpcb *listener);
/* The addresses of a packet as text, without zones. */
struct in_vain { char iv_src[IN6ADDR_STRLEN], iv_dst[IN6ADDR_STRLEN]; };
void	in_pcbvain(const struct inet_pkt *, struct in_vain *);

/* What was prepared for the next packet may not be right any more. */
static inline void in_pcbunready(struct inpcb *inp) { inp->inp_ready.ir_gen = 0; }
/* For packets of the family of ops: type of service and TTL (0: default), or traffic class and hop limit. */
static inline uint8_t
in_pcbtos(const struct inpcb *inp, const struct inet_ops *ops)
{
	return (ops->io_family == VI_AF_INET ? inp->inp_tos : inp->inp_tclass);
}
static inline uint8_t
in_pcbttl(const struct inpcb *inp, const struct inet_ops *ops)
{
	return (ops->io_family == VI_AF_INET ? inp->inp_ttl : (uint8_t)(inp->inp_hops < 0 ? 0 : inp->inp_hops));
}

#endif
