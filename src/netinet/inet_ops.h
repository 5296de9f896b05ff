/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam between transports (tcp, udp, raw) and network layers (ip; ip6 to come).
 *
 * Downwards: a pcb points at its struct inet_ops.  Upwards: a network layer hands segments to the transport registered for the protocol
 * number in its vnet, with a struct inet_pkt that says all there is to know of the packet.
 */
#ifndef NETINET_INET_OPS_H
#define NETINET_INET_OPS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "vimage/vnet.h"

struct mbuf;
struct ifnet;
struct inpcb;
struct nhop;
struct ip6_exts;

/*
 * An address of either family.  IPv4: in4, and the other words are zero, so that 16 bytes compare.  The family is never in the address:
 * whoever holds one also holds the inet_ops it belongs to.
 *
 * IPv6 addresses of less than global scope (link-local unicast, interface- and link-local groups) carry their zone in bytes 2 and 3 (the
 * interface's index, network order) everywhere inside the stack: in pcbs, routes, interface addresses, neighbours.  ip6 puts it there on input
 * and takes it out of headers on output; in6_embed() and in6_recover() of netinet/ip6 do so for sockaddrs, where it stands in sa_scope.
 */
struct in_addr_any {
	union {
		uint32_t	in4;		/* network order */
		uint32_t	in6[4];
	};
};
static inline struct in_addr_any in4_any(uint32_t a) { return ((struct in_addr_any){ .in6 = { a, 0, 0, 0 } }); }
static inline bool
in_addr_eq(const struct in_addr_any *a, const struct in_addr_any *b)
{
	uint64_t x[2], y[2];	/* two words are cheaper than four */

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return (((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0);
}

static inline bool
in_addr_any_isany(const struct in_addr_any *a)
{
	return ((a->in6[0] | a->in6[1] | a->in6[2] | a->in6[3]) == 0);
}

/* Are both of IPv4, or look like it?  Hashes of such a pair need but its eight bytes. */
static inline bool
in_addrs_short(const struct in_addr_any *a, const struct in_addr_any *b)
{
	return ((a->in6[1] | a->in6[2] | a->in6[3] | b->in6[1] | b->in6[2] | b->in6[3]) == 0);
}

/* A received packet, on the stack of the input path. */
struct inet_pkt {
	struct vnet	*ip_vnet;
	const struct inet_ops *ip_ops;
	struct ifnet	*ip_rcvif;	/* NULL: our own, looped inside ip */
	struct in_addr_any ip_src, ip_dst;
	uint16_t	 ip_hlen;	/* network header before the transport header (already stripped from the mbuf: m_data is the transport header) */
	uint32_t	 ip_plen;	/* transport header and data */
	uint8_t		 ip_proto;
	uint8_t		 ip_tos, ip_ttl;	/* tos: with the ECN bits; IPv6: traffic class and hop limit */
	uint32_t	 ip_flow;	/* IPv6 flow label, host order */
	bool		 ip_bcast;	/* destination is a broadcast or multicast address, at either layer */
	bool		 ip_frag;	/* was reassembled */
	uint16_t	 ip_udpport;	/* TCP in UDP: the sender's port, network order; 0 = no */
	bool		 ip_rtalert;	/* IPv6: with router alert (RFC 2711) */
	/* IPv4 options or IPv6 extension headers: what ip_hlen has more than their header, behind it; they stay until the transport gives m away; NULL: none */
	const uint8_t	*ip_opts;
	uint16_t	 ip_fragmax;	/* the largest of the fragments it came in, with its headers; 0: it did not */
};

/* Everything needed to send one packet that belongs to no pcb (RST, SYN-ACK of the cache, TIME_WAIT). */
struct inet_flow {
	struct in_addr_any if_laddr, if_faddr;
	uint32_t	 if_fib;
	uint8_t		 if_tos, if_ttl;	/* ttl 0: default */
	bool		 if_df;
	uint32_t	 if_flowid;
	const struct ip6_exts *if_exts;	/* IPv6: extension headers it goes with, borrowed; NULL: none */
};

enum inet_outflags {
	INET_DONTROUTE = 0x1,
	INET_BROADCAST = 0x2,	/* may go to a broadcast address */
};

struct inet_ops {
	uint8_t		io_family;	/* VI_AF_* */
	uint8_t		io_hdrlen;	/* without options */
	/*
	 * Sends m (packet header, m_data at the transport header, >= MAX_HDR room in front usually there) for a connected pcb: source, destination, ttl, tos, options, DF,
	 * fib and cached route come from inp.  m_pkt.csum_flags may hold CSUM_TCP/CSUM_UDP (the checksum field holds the pseudo header's sum) and segsz.
	 * Consumes m.  EMSGSIZE: too big and DF; ENOBUFS; EHOSTUNREACH, ENETUNREACH, EACCES, ENETDOWN.
	 */
	int		(*io_output)(struct inpcb *, struct mbuf *, unsigned flags);
	int		(*io_send)(struct vnet *, const struct inet_flow *, uint8_t proto, struct mbuf *);
	/* Partial sum of the pseudo header: folded, not complemented, to be stored in the checksum field. */
	uint16_t	(*io_pseudo)(const struct in_addr_any *src, const struct in_addr_any *dst, uint8_t proto, uint32_t len);
	/* Source address for faddr in the pcb's FIB: ENETUNREACH, EADDRNOTAVAIL, EACCES.  Also checks the destination. */
	int		(*io_source)(struct inpcb *, const struct in_addr_any *faddr, struct in_addr_any *laddr);
	/* Bytes a packet to faddr may have (path MTU known so far), headers included; of this pcb, or in that FIB where it is NULL. */
	uint32_t	(*io_pathmtu)(struct vnet *, struct inpcb *, uint32_t fib, const struct in_addr_any *faddr);
	/*
	 * The route of such packets, for what an administrator said of the path (nh_initcwnd...); NULL: there is none.  Good until the route
	 * generation moves.
	 */
	const struct nhop *(*io_pathroute)(struct vnet *, struct inpcb *, uint32_t fib, const struct in_addr_any *faddr);
	bool		(*io_islocal)(struct vnet *, const struct in_addr_any *);	/* an address of ours */
	const struct ifnet *(*io_localif)(struct vnet *, const struct in_addr_any *);	/* the interface that has it; NULL: none */
	/* ... that sockets may have: neither tentative nor somebody else's, nor, but for raw ones, anycast. */
	bool		(*io_isusable)(struct vnet *, const struct in_addr_any *, bool raw);
	bool		(*io_isbcast)(struct vnet *, const struct in_addr_any *);	/* broadcast or multicast */
	/* The other end has got what was sent, or sent more because it did: so the next hop is alive (RFC 4861 7.3.1).  NULL: nobody wants to know. */
	void		(*io_heard)(struct inpcb *);
	void		(*io_sockaddr)(const struct in_addr_any *, uint16_t port, struct vi_sockaddr *);
};
extern const struct inet_ops in_ops;	/* IPv4: netinet/ip/ */
extern const struct inet_ops in6_ops;	/* IPv6: netinet/ip6/ */

/* ICMP errors as transports see them. */
enum inet_ctl { INET_CTL_UNREACH_NET, INET_CTL_UNREACH_HOST, INET_CTL_UNREACH_PROTO, INET_CTL_UNREACH_PORT, INET_CTL_UNREACH_ADMIN,
    INET_CTL_MSGSIZE, INET_CTL_TIMXCEED, INET_CTL_PARAMPROB, INET_CTL_QUENCH, INET_CTL_REDIRECT };
struct inet_ctlmsg {
	enum inet_ctl	 ic_cmd;
	int		 ic_errno;	/* ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ... */
	uint8_t		 ic_type, ic_code;	/* ICMP's own */
	uint32_t	 ic_mtu;	/* with MSGSIZE; 0 = not told */
	struct in_addr_any ic_offender;	/* who sent the error */
	struct in_addr_any ic_src, ic_dst;	/* of the offending packet: ic_src is ours */
	const uint8_t	*ic_data;	/* what came back of its transport header, at least 8 bytes */
	uint32_t	 ic_len;
	const struct inet_ops *ic_ops;
	/* All of it, for error queues. */
	const struct mbuf *ic_m;	/* the message, from ICMP's header on; NULL: there is nothing but ic_data */
	uint32_t	 ic_off;	/* of the transport header in it */
	uint32_t	 ic_ext;	/* ... and of its extensions (RFC 4884 4), if it says that there are any; 0: none */
	uint32_t	 ic_info;	/* not of MSGSIZE: a bad octet's place, and with IPv6 whatever stands there */
};

struct inet_proto {
	uint8_t		ip_proto;	/* IANA number; 0 = raw, which sees everything no one else took and copies of some */
	void		(*ip_input)(struct mbuf *, const struct inet_pkt *);	/* consumes m */
	void		(*ip_ctlinput)(struct vnet *, const struct inet_ctlmsg *);	/* may be NULL */
};
/*
 * Registers with IPv4 and IPv6 alike; transports call it in attach ("after ip", "after ip6").  ip_ctlinput tells the family by ic_ops.  A protocol of
 * one family only uses in_proto_register() or in6_proto_register().  EEXIST, ENOSPC.
 */
int	inet_proto_register(struct vnet *, const struct inet_proto *);
/* UDP to a closed port, unknown protocol: answers with ICMP unreachable (code) about the packet.  m: m_data at the transport header, network header still in front.  Consumes m. */
void	inet_unreach(struct mbuf *, const struct inet_pkt *, uint8_t icmp_code);

#endif
