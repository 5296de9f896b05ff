/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 of one vnet: what its parts and the transports share.
 */
#ifndef NETINET_IP_IP_VAR_H
#define NETINET_IP_IP_VAR_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "netinet/arp/arp.h"
#include "net/ifaddrtab.h"
#include "net/ifnet.h"
#include "net/pfil.h"
#include "net/route.h"
#include "netinet/inet_ops.h"
#include "netinet/ip/reass.h"
#include "netinet/pcb/in_pcb.h"
#include "vimage/vnet.h"
#include "wire/ip.h"

struct inpcb;
struct mcast_proto;

/* Counters: X(name, words of netstat -s).  Every packet that is dropped is counted under exactly one reason. */
#define IP_STATS(X) \
	X(ips_total, "total packet%s received") \
	X(ips_badsum, "bad header checksum%s") \
	X(ips_toosmall, "with size smaller than minimum") \
	X(ips_tooshort, "with data size < data length") \
	X(ips_badhlen, "with header length < data size") \
	X(ips_badlen, "with data length < header length") \
	X(ips_badoptions, "with bad options") \
	X(ips_badvers, "with incorrect version number") \
	X(ips_badaddr, "datagram%s with bad address in header") \
	X(ips_badfrag, "fragment%s with bad length or offset") \
	X(ips_wrongway, "packet%s that did not come by the way to their source") \
	X(ips_nomem, "packet%s dropped for lack of memory on input") \
	X(ips_stopped, "packet%s for a stack that is stopping") \
	X(ips_fragments, "fragment%s received") \
	X(ips_fragdropped, "fragment%s dropped (dup or out of space)") \
	X(ips_fragoverlap, "fragment%s dropped because they overlap") \
	X(ips_fragecn, "datagram%s dropped for contradicting congestion marks of fragments") \
	X(ips_fragtimeout, "fragment%s dropped after timeout") \
	X(ips_reassembled, "packet%s reassembled ok") \
	X(ips_delivered, "packet%s for this host") \
	X(ips_noproto, "packet%s for unknown/unsupported protocol") \
	X(ips_pfilin, "packet%s refused by the filter on input") \
	X(ips_optdropped, "packet%s refused for their options") \
	X(ips_forward, "packet%s forwarded") \
	X(ips_fastforward, "(packet%s fast forwarded)")	/* no options had to be looked at */ \
	X(ips_cantforward, "packet%s not forwardable") \
	X(ips_ttlexceeded, "packet%s whose time to live ran out here") \
	X(ips_fwdnoroute, "packet%s not forwarded due to no route") \
	X(ips_notmember, "packet%s received for unknown multicast group") \
	X(ips_redirectsent, "redirect%s sent") \
	X(ips_localout, "packet%s sent from this host") \
	X(ips_rawout, "packet%s sent with fabricated ip header") \
	X(ips_odropped, "output packet%s dropped due to no bufs, etc.") \
	X(ips_noroute, "output packet%s discarded due to no route") \
	X(ips_pfilout, "output packet%s refused by the filter") \
	X(ips_toobig, "output packet%s too big for the path") \
	X(ips_fragmented, "output datagram%s fragmented") \
	X(ips_ofragments, "fragment%s created") \
	X(ips_cantfrag, "datagram%s that can't be fragmented") \
	X(ips_segmented, "super-packet%s cut into segments") \
	X(ips_osegments, "segment%s cut")

struct ipstat {
#define IP_STAT_MEMBER(name, text)	uint64_t name;
	IP_STATS(IP_STAT_MEMBER)
#undef IP_STAT_MEMBER
};

#define IP_MAXPROTO	16	/* transports that may register */
#define IP_NIDS		64
#define IP_NKNOWN	8	/* a power of two */

/* A packet from ik_src to ik_dst was for us, and nothing was wrong with its addresses (ip_input.c). */
struct ip_known {
	uint32_t	ik_src, ik_dst;	/* ik_dst 0: none */
};

/* What packets to a host have in common that nothing but the destination decides (ip_host.c). */
#define IP_NHOSTS	8	/* a power of two */
struct ip_host {
	uint64_t	 ih_gen;	/* rt_generation() then; 0: nothing */
	uint32_t	 ih_dst, ih_fib;
	uint32_t	 ih_src;	/* the source of those that are bound to none */
	const struct nhop *ih_nh;	/* NULL: it is not as simple */
	struct inp_ready ih_ready;	/* headers from ih_src; ir_gen 0: not known */
};

/* Packets that interfaces take though their addresses say that they cannot be, as on Linux: from an address of this host; to and from 127.0.0.0/8. */
enum ip_martians { IP_ACCEPT_LOCAL = 1, IP_ROUTE_LOCALNET = 2 };

struct ip_vnet {
	struct ipstat	 iv_stat;
	struct vnet	*iv_vnet;	/* (c) */
	bool		 iv_stopped;	/* nothing comes in or goes out any more; until then transports may reset their connections */
	/* knobs */
	int		 iv_forwarding, iv_newforwarding;	/* of all interfaces, as it was said last, and what new ones have; what counts is if_forwards */
	int		 iv_redirect, iv_ttl, iv_sourceroute, iv_acceptsourceroute, iv_checkinterface, iv_processoptions;
	int		 iv_randomid;
	uint8_t		 iv_martians, iv_newmartians;	/* enum ip_martians: what all interfaces take, and what new ones have */
	int		 iv_rpfilter, iv_newrpfilter;	/* the least that each interface has, and what new ones have */
	/* transports: by protocol number, 1 + index; 0 none */
	uint8_t		 iv_protoidx[256];
	struct inet_proto iv_protos[IP_MAXPROTO];
	unsigned	 iv_nprotos;
	const struct inet_proto *iv_raw;	/* the one registered with number 0 */
	/* Raw's, of both families: a packet on its way through (m_data at its IP header) asks for attention: taken, and m consumed?  NULL: no. */
	bool		 (*iv_alert)(struct mbuf *, const struct inet_pkt *, int value);
	uint32_t	 iv_rawprotos[8];	/* bitmap: protocols that raw sockets want; raw sets it */
	struct pfil_head iv_pfil[3];	/* by enum pfil_dir */
	struct ifaddrtab iv_addrs;	/* of this host */
	uint32_t	 iv_nnewaddrs;	/* of interfaces, not in use */
	uint32_t	 iv_nloopnet;	/* of them in 127/8 */
	struct ip_known	 iv_known[IP_NKNOWN];	/* by source; forgotten when an address of ours comes or goes */
	struct ip_host	 iv_hosts[IP_NHOSTS];
	uint32_t	 iv_nwaiting;	/* of them with ifa_waits */
	struct callout	 iv_lifetimer;	/* pending while there are some that will not stay */
	const struct mcast_proto *iv_mcproto;	/* IGMP; NULL: none */
	/* reassembly */
	struct reass	 iv_reass;
	/* RFC 6864 */
	uint16_t	 iv_ids[IP_NIDS];
	struct { uint32_t im_src, im_dst; uint8_t im_proto; bool im_valid; uint64_t im_hash; } iv_idmemo;	/* whose id was made last */
};
VNET_STATE_DECLARE(ip);

static inline bool
ip_israwproto(const struct ip_vnet *iv, uint8_t proto)
{
	return ((iv->iv_rawprotos[proto >> 5] & 1u << (proto & 31)) != 0);
}

/* ip_conf.c: all interfaces, those to come as well. */
void	ip_forwarding_set(struct vnet *, bool);
void	ip_conf_ifattach(struct ifnet *);
int	ip_forwarding_sysctl(struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);
int	ip_conf_sysctl(struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);
/* net.ipv4.conf.INSTANCE.KEY and its like: an interface, "all", or "default".  ENOENT: there is no such interface. */
struct inet_conf {
	struct ifnet	*cn_ifp;	/* NULL: all or default */
	bool		 cn_all;
	const char	*cn_key;	/* in the name */
};
int	inet_conf_parse(struct vnet *, const char *prefix, const char *name, struct inet_conf *);
int	inet_conf_instances(struct vnet *, bool (*has)(const struct ifnet *), char *buf, size_t len);	/* what may stand for the '*' */

/* Where a packet goes from here. */
struct ip_path {
	struct ifnet	*ip_ifp;
	struct ifaddr	*ip_ifa;	/* source address; may be NULL */
	struct net_addr	 ip_next;
	uint32_t	 ip_mtu;
	const struct nhop *ip_nh;	/* NULL: straight out of an interface */
	bool		 ip_bcast, ip_mcast;
	bool		 ip_local;
};
/* One packet to send: the header's contents and the way to take.  Zero means the default. */
struct ip_out {
	struct inpcb	*io_inp;	/* whose it is, or NULL */
	const struct nhop *io_nh;	/* route to io_dst that is known already, or NULL */
	const struct ip_path *io_path;	/* path that is known already, or NULL */
	uint32_t	 io_src, io_dst;	/* network order; src 0: the route's */
	uint32_t	 io_fib;
	uint32_t	 io_ifindex;	/* leave by this interface */
	uint32_t	 io_flowid;
	uint8_t		 io_proto, io_tos;
	uint8_t		 io_ttl;	/* 0: net.inet.ip.ttl */
	uint8_t		 io_mcast_ttl;
	uint8_t		 io_mtudisc;	/* as inp_mtudisc; enum ip_mtudisc */
	bool		 io_mcast_loop;
	unsigned	 io_flags;	/* enum inet_outflags */
	const uint8_t	*io_opts;
	uint8_t		 io_optlen;	/* a multiple of 4 */
	bool		 io_marked;	/* with io_mark in place of the socket's */
	uint32_t	 io_mark;
	uint16_t	*io_ipid;	/* counter for packets that cannot be fragmented, or NULL */
};
/* Linux's values of IP_MTU_DISCOVER. */
enum ip_mtudisc { IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE, IP_PMTUDISC_INTERFACE, IP_PMTUDISC_OMIT };

/* ip_input.c: in net's table of protocols.  Consumes m. */
void	ip_input(struct ifnet *, struct mbuf *);

/* ip_output.c.  All consume m. */
/* Puts the header in front and sends. */
int	ip_output(struct vnet *, struct mbuf *, const struct ip_out *);
/* The header is there (raw sockets): only ip_sum, and ip_id and ip_src where zero, are filled in. */
int	ip_output_raw(struct vnet *, struct mbuf *, const struct ip_out *);
/* The pcb's own settings. */
void	ip_out_init(struct ip_out *, struct inpcb *, unsigned flags);

/* ENETUNREACH, EHOSTUNREACH (reject), ENODEV (no such interface), EINVAL (black hole). */
int	ip_route(struct vnet *, const struct ip_out *, struct ip_path *);
/* Of ours the address to answer from, network order, who has sent to a group or a broadcast that came by ifp (NULL: by none); 0: none. */
uint32_t ip_answer_from(struct vnet *, uint32_t fib, const struct ifnet *, uint32_t sender);
void	ip_path_nhop(const struct nhop *, uint32_t dst, struct ip_path *);
/*
 * Last steps of a packet with a complete header of hlen bytes: cut or fragment as the path needs, then to the interface.  EMSGSIZE is found by
 * ip_fits() before.
 */
int	ip_transmit(struct vnet *, struct mbuf *, unsigned hlen, const struct ip_path *);
/* Does it fit the MTU, as it is or, being a super-packet, in segments? */
bool	ip_fits(const struct mbuf *, unsigned hlen, uint32_t mtu);
/* An IP id for a packet that may be fragmented (RFC 6864 4.2). */
uint16_t ip_newid(struct vnet *, uint32_t src, uint32_t dst, uint8_t proto);

/* ip_host.c */
struct ip_host *ip_host_learn(struct vnet *, struct ip_host *, uint32_t fib, uint32_t dst);
/*
 * What is known of packets to dst; NULL: routes, flags and addresses are to be asked one by one.  What it gives is the next
 * call's as well.
 */
static inline struct ip_host *
ip_host_find(struct vnet *vn, uint32_t fib, uint32_t dst)
{
	struct ip_host *ih = &ip_vnet(vn)->iv_hosts[(NTOHL(dst) + fib) & (IP_NHOSTS - 1)];

	if (__builtin_expect(ih->ih_gen != rt_generation(vn) || ih->ih_dst != dst || ih->ih_fib != fib, 0))
		return (ip_host_learn(vn, ih, fib, dst));
	return (ih->ih_nh != NULL && if_up(ih->ih_nh->nh_ifp) ? ih : NULL);
}
bool	ip_isbcast(struct vnet *, uint32_t dst);	/* broadcast (in any table) or multicast */

/* ip_forward.c.  m: complete packet, not for this host.  Consumes m. */
void	ip_forward(struct vnet *, struct ifnet *rcvif, struct mbuf *, const struct ip_info *, bool srcrouted);

/* ip_opts.c */
enum ip_optverdict { IPOPT_PASS, IPOPT_DROPPED };
/*
 * Options of a received packet; *mp may be replaced, its header and ii->ii_dst may change.  DROPPED: *mp is gone, counted and answered.
 * *srcrouted: it goes on by a source route.
 */
enum ip_optverdict ip_dooptions(struct vnet *, struct mbuf **mp, struct ip_info *, bool *srcrouted);
/* RFC 1122 3.2.1.8 (e): who sends a timestamp option is the first to fill it in.  The header's sum is made after it. */
void	ip_optsend(struct vnet *, struct ip *, unsigned hlen);
/* Copies the options that every fragment must carry (RFC 791 3.1), padded; returns their length. */
uint8_t	ip_optcopy(const uint8_t *hdr, unsigned hlen, uint8_t out[MAX_IPOPTLEN]);
/* Those that an echo reply gives back (RFC 1122 3.2.2.6): record route and timestamp. */
uint8_t	ip_optecho(const uint8_t *hdr, unsigned hlen, uint8_t out[MAX_IPOPTLEN]);

/* ip_reass.c */
/* A fragment with its header; NULL: kept or dropped.  Otherwise the whole datagram with its header, ii corrected. */
struct mbuf *ip_reass(struct vnet *, struct mbuf *, struct ip_info *, uint16_t *fragmax);	/* fragmax: inet_pkt's */
void	ip_reass_init(struct ip_vnet *, struct vnet *);

/* in.c: addresses */
struct ifaddr *in_ifaddr_find(const struct ip_vnet *, uint32_t addr);
struct ifaddr *in_ifaddr_first(const struct ifnet *);
/* The interface's address in the network of addr, else its first. */
struct ifaddr *in_ifaddr_best(const struct ifnet *, uint32_t addr);
bool	in_localaddr(const struct ip_vnet *, uint32_t addr);	/* ours, with all of 127/8 if any of it */
bool	in_ifbroadcast(const struct ifnet *, uint32_t addr);	/* limited, or directed broadcast of that interface */
void	in_ifa_verdict(struct ifaddr *, enum arp_verdict);	/* arp's, RFC 5227 */
void	in_lifetimer(void *);	/* iv_lifetimer */

#endif
