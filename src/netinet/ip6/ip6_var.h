/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 of one vnet: what its parts and the transports share.  Addresses here have their zone embedded (netinet/inet_ops.h) unless they lie in a packet.
 */
#ifndef NETINET_IP6_IP6_VAR_H
#define NETINET_IP6_IP6_VAR_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/socket.h>

#include "base/in6addr.h"
#include "net/ifaddrtab.h"
#include "net/ifnet.h"
#include "net/pfil.h"
#include "net/route.h"
#include "netinet/inet_ops.h"
#include "netinet/ip/reass.h"
#include "netinet/nd6/nd6.h"
#include "vimage/vnet.h"
#include "wire/ip6.h"

struct inpcb;
struct ip6_exts;
struct ip6q;
struct mcast_if;
struct mcast_proto;

/* Counters: X(name, words of netstat -s). */
#define IP6_STATS(X) \
	X(i6s_total, "total packet%s received") \
	X(i6s_toosmall, "with size smaller than minimum") \
	X(i6s_tooshort, "with data size < data length") \
	X(i6s_badvers, "with incorrect version number") \
	X(i6s_badaddr, "packet%s that violated scope rules or with bad address") \
	X(i6s_badoptions, "with bad options") \
	X(i6s_exthdrtoolong, "packet%s with too many extension headers or too long ones") \
	X(i6s_badroute, "packet%s with a routing header that is not taken") \
	X(i6s_nomem, "packet%s dropped for lack of memory on input") \
	X(i6s_stopped, "packet%s for a stack that is stopping") \
	X(i6s_fragments, "fragment%s received") \
	X(i6s_fragdropped, "fragment%s dropped (dup or out of space)") \
	X(i6s_fragoverlap, "fragment%s dropped because they overlap") \
	X(i6s_fragtimeout, "fragment%s dropped after timeout") \
	X(i6s_fragbad, "fragment%s with bad length or offset") \
	X(i6s_atomicfrags, "atomic fragment%s received") \
	X(i6s_reassembled, "packet%s reassembled ok") \
	X(i6s_delivered, "packet%s for this host") \
	X(i6s_ifdisabled, "packet%s on interfaces where IPv6 is disabled") \
	X(i6s_tentative, "packet%s for an address not yet verified") \
	X(i6s_noproto, "packet%s for unknown/unsupported protocol") \
	X(i6s_pfilin, "packet%s refused by the filter on input") \
	X(i6s_forward, "packet%s forwarded") \
	X(i6s_cantforward, "packet%s not forwardable") \
	X(i6s_hlimexceeded, "packet%s whose hop limit ran out here") \
	X(i6s_fwdnoroute, "packet%s not forwarded due to no route") \
	X(i6s_notmember, "multicast packet%s which we don't join") \
	X(i6s_redirectsent, "redirect%s sent") \
	X(i6s_localout, "packet%s sent from this host") \
	X(i6s_odropped, "output packet%s dropped due to no bufs, etc.") \
	X(i6s_noroute, "output packet%s discarded due to no route") \
	X(i6s_pfilout, "output packet%s refused by the filter") \
	X(i6s_toobig, "output packet%s too big for the path") \
	X(i6s_fragmented, "output datagram%s fragmented") \
	X(i6s_ofragments, "fragment%s created") \
	X(i6s_segmented, "super-packet%s cut into segments") \
	X(i6s_osegments, "segment%s cut") \
	X(i6s_nosource, "failure%s of source address selection")

struct ip6stat {
#define IP6_STAT_MEMBER(name, text)	uint64_t name;
	IP6_STATS(IP6_STAT_MEMBER)
#undef IP6_STAT_MEMBER
};

/* An address of an interface.  Times are host ns, 0 = never. */
struct in6_ifaddr {
	struct ifaddr	 ia_ifa;	/* first */
	uint32_t	 ia_flags;	/* VI_IN6_IFF_* */
	uint64_t	 ia_vmax, ia_pmax;	/* no router prolongs it beyond (RFC 8981) */
	uint64_t	 ia_created;
	uint32_t	 ia_vltime, ia_pltime;	/* s, as they were given */
	void		*ia_nd;		/* nd6's */
	uint32_t	 ia_joined;	/* anycast: by so many sockets; */
	bool		 ia_byjoin;	/* it goes with the last of them */
};
static inline struct in6_ifaddr *ifatoia6(const struct ifaddr *ifa) { return ((struct in6_ifaddr *)(uintptr_t)ifa); }
static inline const uint8_t *ia6_addr(const struct in6_ifaddr *ia) { return (ia->ia_ifa.ifa_addr.na_in6); }

#define IP6_NIDS	64
#define IP6_MAXEXT	8	/* extension headers looked through in one packet */

struct ip6_vnet {
	struct ip6stat	 i6v_stat;
	struct vnet	*i6v_vnet;	/* (c) */
	bool		 i6v_stopped;
	const struct nd6_ops *i6v_nd;	/* NULL: none */
	uint32_t	 i6v_ndoubt;	/* neighbours that wait to be confirmed; nd6 counts */
	const struct mcast_proto *i6v_mcproto;	/* MLD; NULL: none */
	/* knobs */
	int		 i6v_forwarding, i6v_newforwarding;	/* packets are forwarded; what new interfaces have as if_forwards */
	int		 i6v_redirect, i6v_hlim, i6v_mcasthlim, i6v_autolinklocal, i6v_acceptrtadv, i6v_prefertempaddr;
	int		 i6v_autoflowlabel;
	struct inet_proto i6v_icmp;	/* the one transport that is IPv6's alone */
	uint32_t	 i6v_rawprotos[8];	/* bitmap: protocols that raw sockets want */
	struct pfil_head i6v_pfil[3];
	struct ifaddrtab i6v_addrs;	/* of this host */
	/* reassembly: frag6.c */
	struct reass	 i6v_reass;
	uint32_t	 i6v_ids[IP6_NIDS];	/* RFC 7739 */
};
VNET_STATE_DECLARE(ip6);

void	ip6_forwarding_set(struct vnet *, bool);	/* as ip_forwarding_set() */

/* Where a packet goes from here. */
struct ip6_path {
	struct ifnet	*i6p_ifp;
	const struct nhop *i6p_nh;	/* NULL: straight out of the interface */
	struct net_addr	 i6p_next;
	uint32_t	 i6p_mtu;
	bool		 i6p_mcast, i6p_local;
};
/* One packet to send.  Zero means the default. */
struct ip6_out {
	struct inpcb	*i6o_inp;
	const struct nhop *i6o_nh;	/* route to i6o_dst that is known already, or NULL */
	struct in_addr_any i6o_src, i6o_dst;
	uint32_t	 i6o_fib, i6o_ifindex, i6o_flowid;
	uint32_t	 i6o_flow;	/* traffic class, besides i6o_tclass, and label */
	uint8_t		 i6o_proto, i6o_tclass;
	int16_t		 i6o_hlim;	/* -1, 0: the default */
	int16_t		 i6o_mcast_hlim;	/* -1: net.inet6.ip6.mcast_hlim */
	uint8_t		 i6o_mtudisc;	/* as inp_mtudisc */
	bool		 i6o_mcast_loop, i6o_unspecsrc;	/* unspecsrc: :: is meant */
	uint16_t	 i6o_mtu;	/* no packet is longer; 0: as the path has it */
	bool		 i6o_rtalert;	/* with a hop-by-hop router alert for MLD (RFC 2711) */
	unsigned	 i6o_flags;	/* enum inet_outflags */
	const struct ip6_exts *i6o_exts;	/* extension headers, or NULL */
	bool		 i6o_marked;	/* with i6o_mark in place of the socket's */
	uint32_t	 i6o_mark;
};

/* A received packet after its fixed header was checked. */
struct ip6_in {
	struct ip6_info	 ii6;
	struct in_addr_any ii_src, ii_dst;	/* zones embedded */
	uint16_t	 ii_off;	/* of the header being looked at, from the IPv6 header */
	uint16_t	 ii_nxtoff;	/* of the byte that named it */
	uint8_t		 ii_nxt;	/* its number */
	const struct ifnet *ii_ifp;	/* it came by */
	bool		 ii_frag;	/* was put together */
	uint16_t	 ii_fragmax;	/* the largest fragment then, with its headers */
	bool		 ii_rtalert;	/* RFC 2711 */
	uint16_t	 ii_alert;	/* its value */
};

/* ip6_input.c.  All consume m. */
void	ip6_input(struct ifnet *, struct mbuf *);
/* ip6_ext.c: walks the extension headers of a packet for us.  NULL: gone.  After it ii_nxt is a transport (or unknown) at ii_off. */
struct mbuf *ip6_exthdrs(struct ip6_vnet *, struct mbuf *, struct ip6_in *);
/*
 * Over the extension headers of a packet that is only looked at: *proto and *off, of the first of them, become those of what is behind.  A
 * fragment header is stepped over, too, if fragments says so.
 */
enum ip6_skip { IP6_SKIPPED, IP6_SKIP_SHORT, IP6_SKIP_LATER, IP6_SKIP_MANY };	/* cut short; a fragment but the first; too many */
enum ip6_skip ip6_skip_exthdrs(const struct mbuf *, uint8_t *proto, uint32_t *off, bool fragments);
/* Hop-by-hop options, which every node looks at (RFC 8200 4.3). */
struct mbuf *ip6_hopopts(struct ip6_vnet *, struct mbuf *, struct ip6_in *);

/* ip6_ext.c: counts it, also for the interface, and frees it: NULL. */
struct mbuf *ip6_in_drop(struct mbuf *, const struct ip6_in *, enum in6_ifstat, uint64_t *counter);
/*
 * frag6.c: m_data at the IPv6 header, the fragment header at ii->ii_off.  NULL: kept or dropped.  Otherwise the whole datagram, fragment header
 * taken out; ii_nxt and ii_off are those of what followed it, i6_plen is right.
 */
struct mbuf *frag6_input(struct ip6_vnet *, struct mbuf *, struct ip6_in *);
void	frag6_init(struct ip6_vnet *);

/* ip6_output.c.  All consume m (m_data at the transport header). */
int	ip6_output(struct vnet *, struct mbuf *, const struct ip6_out *);
/* The same of a packet with its header, 40 bytes at least, that the user wrote (m_data at it).  EMSGSIZE: longer than the link takes. */
int	ip6_output_raw(struct vnet *, struct mbuf *, const struct ip6_out *);
void	ip6_out_init(struct ip6_out *, struct inpcb *, unsigned flags);
/* Path to i6o_dst.  ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL (link-local without zone; black hole), ENODEV. */
int	ip6_route(struct vnet *, const struct ip6_out *, struct ip6_path *);
/* Last steps of a packet with a complete header: cut or (when frag) fragment as the path needs.  EMSGSIZE. */
int	ip6_transmit(struct vnet *, struct mbuf *, const struct ip6_path *, bool frag);
bool	ip6_fits(const struct mbuf *, uint32_t mtu);

/* RFC 6437 3: of a flow, by a hash. */
static inline uint32_t ip6_autolabel(uint32_t flowid) { return ((flowid * 0x9e3779b1u) >> 12); }

/* ip6_segment.c: lists by m_nextpkt; NULL without memory.  Both consume m. */
struct mbuf *ip6_segment(struct mbuf *, unsigned *n);
struct mbuf *ip6_fragment(struct vnet *, struct mbuf *, uint32_t mtu, unsigned *n);	/* of what ip6_canfragment() */
bool	ip6_canfragment(const struct mbuf *, uint32_t mtu);	/* there is room for data behind the headers that each fragment has */
struct mbuf *in6_delayed_cksum(struct mbuf *);
unsigned ip6_segment_hdrlen(const struct mbuf *);
struct mbuf *in6_wire(struct mbuf *, bool sums);	/* nao_wire */

/* ip6_forward.c */
void	ip6_forward(struct vnet *, struct ifnet *rcvif, struct mbuf *, struct ip6_in *);

/* in6.c: addresses */
struct in6_ifaddr *in6_ifaddr_find(const struct ip6_vnet *, const uint8_t addr[16]);
struct in6_ifaddr *in6_ifaddr_linklocal(const struct ifnet *);	/* the interface's, not tentative; NULL */
bool	in6_assigned(const struct ip6_vnet *, const uint8_t addr[16], uint32_t bad);	/* ours, neither tentative nor duplicated, and with none of these flags */
bool	in6_localaddr(const struct ip6_vnet *, const uint8_t addr[16]);
/* For autoconfiguration: flags VI_IN6_IFF_*; lifetimes in s.  EEXIST, EINVAL, ENOBUFS. */
int	in6_ifaddr_add(struct ifnet *, const uint8_t addr[16], uint8_t prefixlen, uint32_t flags, uint32_t vltime, uint32_t pltime,
	    struct in6_ifaddr **);
void	in6_ifaddr_remove(struct in6_ifaddr *);
/*
 * in6_acast.c: an anycast address for a socket; its interface, and the address with its zone.  EINVAL (a group, an address of this host), ENODEV, EADDRNOTAVAIL
 * (not on a link of a host), ENOBUFS.  Leave it as often as it was joined.
 */
int	in6_acast_join(struct vnet *, uint32_t fib, const struct vi_mreq6 *, uint32_t *ifindex, uint8_t addr[16]);
void	in6_acast_leave(struct vnet *, uint32_t ifindex, const uint8_t addr[16]);
void	in6_ifaddr_lifetimes(struct in6_ifaddr *, uint32_t vltime, uint32_t pltime);
bool	in6_deprecated(const struct ip6_vnet *, const struct in6_ifaddr *);
void	in6_ifdetach(struct ifnet *);
void	in6_ifmerge(struct ifnet *);		/* it becomes part of another's link: its addresses go if one is of the link */
extern const struct net_afops in6_afops;

/* A user's address with its zone put in.  EINVAL: link-local and no zone (pass the interface's index as deflt to allow it), or a zone that is none. */
int	in6_embed(struct vnet *, const struct vi_sockaddr *, uint32_t deflt, struct in_addr_any *);
void	in6_recover(const struct in_addr_any *, uint16_t port, struct vi_sockaddr *);

/* in6_mcast.c: memberships of the stack itself, counted.  EADDRNOTAVAIL, ENOBUFS. */
struct mcast_if *in6_mcast_ifget(struct ifnet *);	/* NULL without memory */
int	in6_mcast_join(struct vnet *, struct ifnet *, const uint8_t group[16]);
void	in6_mcast_leave(struct vnet *, struct ifnet *, const uint8_t group[16]);
bool	in6_mcast_ismember(const struct ifnet *, const uint8_t group[16]);
/* A packet of src to the group: is it for this host? */
bool	in6_mcast_accept(const struct ifnet *, const struct in_addr_any *group, const struct in_addr_any *src, uint8_t proto);
/* The interface has a link-local address: reports need not come from :: any more (RFC 3590). */
void	in6_mcast_linklocal(struct ifnet *);
/* nao_group_list. */
void	in6_group_list(struct vnet *, void (*fn)(void *, const struct vi_group *), void *arg);
/* The interface a membership means: by index, else by route.  EINVAL, ENODEV. */
int	in6_mcast_if(struct vnet *, uint32_t fib, const struct vi_mreq6 *, uint32_t *ifindex);

/* in6_src.c: RFC 6724 5.  NULL: none fits. */
struct in6_ifaddr *in6_selectsrc(struct vnet *, const struct ip6_path *, const struct in_addr_any *dst, bool prefertemp);
/* The pcb's wish (RFC 5014), else the vnet's; NULL: no pcb. */
bool	in6_prefertemp(const struct vnet *, const struct inpcb *);

#endif
