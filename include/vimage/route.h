/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes and neighbours.  All calls are *management* (vimage.h).
 */
#ifndef VIMAGE_ROUTE_H
#define VIMAGE_ROUTE_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {			/* rt_flags: BSD's values and letters */
	VI_RTF_UP = 0x1,	/* U */
	VI_RTF_GATEWAY = 0x2,	/* G */
	VI_RTF_HOST = 0x4,	/* H */
	VI_RTF_REJECT = 0x8,	/* R: answer unreachable */
	VI_RTF_DYNAMIC = 0x10,	/* D: made by a redirect */
	VI_RTF_MODIFIED = 0x20,	/* M */
	VI_RTF_DONE = 0x40,	/* of a message: done as it says */
	VI_RTF_STATIC = 0x800,	/* S */
	VI_RTF_BLACKHOLE = 0x1000,	/* B: drop silently */
	VI_RTF_PINNED = 0x100000,	/* of an interface address */
	VI_RTF_LOCAL = 0x200000,	/* l: this host */
	VI_RTF_BROADCAST = 0x400000,	/* b */
	VI_RTF_PROHIBIT = 0x1000000,	/* with REJECT: answer administratively prohibited */
	VI_RTF_THROW = 0x2000000,	/* as if the table had no route: the next rule decides */
	VI_RTF_EXCL = 0x4000000,	/* add: not beside a route of the same metric */
	VI_RTF_ONLINK = 0x10000000,	/* the router was said to be on the link, whatever nets are there: kept to be shown */
	VI_RTF_NEAR = 0x8000000,	/* add: by a router that a net of the named interface, or of any, leads to; one of a link needs its interface */
};
#define VI_RT_MAXPATHS	64	/* next hops of a prefix */

struct vi_route {
	struct vi_sockaddr rt_dst;
	uint8_t		 rt_prefixlen;
	uint32_t	 rt_flags;
	struct vi_sockaddr rt_gateway;	/* sa_family 0: none (link); of a route of IPv4 perhaps a router of IPv6 (RFC 8950) */
	char		 rt_ifname[VI_IFNAMSIZ];	/* "" on add: found from the gateway */
	uint32_t	 rt_ifindex;
	struct vi_sockaddr rt_ifa;	/* source address used; of IPv6 in vi_route_lookup() alone */
	uint32_t	 rt_mtu;	/* 0: the interface's */
	/* Of the path, as Linux's administrators may say it; 0: nothing was said, and on change: as it was. */
	uint16_t	 rt_advmss;	/* the MSS that TCP asks for, bytes */
	uint16_t	 rt_initcwnd, rt_initrwnd;	/* TCP's first windows, to send and to offer, segments */
	bool		 rt_mtulock;	/* with rt_mtu: it holds whatever routers say, and packets of IPv4 may be fragmented */
	uint32_t	 rt_weight, rt_metric;
	uint32_t	 rt_nhid;	/* it leads where this nexthop says, 0: none; on add it is told by vi_nexthop_hops() */
	uint8_t		 rt_proto;	/* who made it, in the words of whoever asks: kept, no more; 9: learned from a router of IPv6 */
	uint32_t	 rt_fib;
	uint64_t	 rt_use;	/* packets */
	uint64_t	 rt_expire;	/* ns from now, when it goes by itself; 0: never, on change: as it was, VI_RT_NEVER: never */
};
#define VI_RT_NEVER	UINT64_MAX
#define VI_RT_MAXEXPIRE	(UINT64_C(1) << 62)	/* ns; later ends are this one */
typedef void vi_route_fn(void *arg, const struct vi_route *);

/*
 * A prefix may have several next hops, told apart by gateway, interface and metric: those of the lowest metric that can be used share the
 * flows by their weights.  add: one more of them, unless net.route.multipath is 0 or VI_RTF_EXCL is set.  change: the metrics of the
 * one named, or when it is not there, it in the place of all.  del: those named by gateway, interface or metric; without a
 * metric only those of the lowest; that of an interface address only with VI_RTF_PINNED, and LOCAL or BROADCAST where it has them (EPERM, ESRCH): it comes
 * back with the address.
 * list: each by itself, those of a prefix one after the other.
 */
VI_API int	vi_route_add(struct vi_vnet *, const struct vi_route *);	/* EEXIST, ENETUNREACH (gateway), EINVAL, ENOBUFS, E2BIG */
VI_API int	vi_route_change(struct vi_vnet *, const struct vi_route *);	/* ESRCH */
VI_API int	vi_route_del(struct vi_vnet *, const struct vi_route *);	/* ESRCH, EPERM (pinned) */
/*
 * The next hops of one prefix and metric, in the place of those it has of this metric: all or, on an error, none.  VI_RTF_EXCL in the
 * first: only when there are none.  As vi_route_add, and EINVAL when they differ in prefix, metric or table.
 */
VI_API int	vi_route_replace(struct vi_vnet *, const struct vi_route *, unsigned n);
/* The next hops of exactly this prefix in this table (rt_dst, rt_prefixlen, rt_fib).  ESRCH. */
VI_API int	vi_route_paths(struct vi_vnet *, const struct vi_route *, vi_route_fn *, void *arg);
/*
 * The route a packet to dst would take (longest prefix); when there is none, the one that it would take if interfaces that are up had a carrier
 * (without VI_RTF_UP).  ESRCH.
 */
VI_API int	vi_route_get(struct vi_vnet *, uint32_t fib, const struct vi_sockaddr *dst, struct vi_route *);
/*
 * The way of a packet, as it is found when one is sent or forwarded: by policy rules, and one of several next hops.  Zero is what is not
 * known.  ENETUNREACH, EHOSTUNREACH, EACCES (prohibited), EINVAL (black hole), ENXIO (no such interface).
 */
struct vi_flow {
	struct vi_sockaddr fl_dst, fl_src;	/* with ports */
	uint32_t	 fl_fib, fl_mark, fl_uid;
	char		 fl_iif[VI_IFNAMSIZ];	/* came in by; "": sent by this host */
	char		 fl_oif[VI_IFNAMSIZ];	/* the socket is bound to it */
	uint8_t		 fl_proto, fl_tos;
};
VI_API int	vi_route_lookup(struct vi_vnet *, const struct vi_flow *, struct vi_route *);
VI_API void	vi_route_list(struct vi_vnet *, uint32_t fib, int family, vi_route_fn *, void *arg);	/* sorted by prefix */
/*
 * A list in pieces, for tables that are too long for one: begins with a cursor that is all zero and goes on where that was left, with max
 * routes; those of one prefix are not parted.  false: that was the end.  What changes meanwhile is told as it is when its turn comes.
 */
struct vi_route_cursor {
	uint32_t	 rc_key[4];	/* the prefix that was told last; the stack's own */
	uint8_t		 rc_af, rc_len;
	bool		 rc_within;
};
VI_API bool	vi_route_list_next(struct vi_vnet *, uint32_t fib, int family, struct vi_route_cursor *, unsigned max, vi_route_fn *, void *arg);
VI_API unsigned	vi_route_flush(struct vi_vnet *, uint32_t fib, int family);	/* gateway routes; returns how many */
VI_API unsigned	vi_route_nfibs(struct vi_vnet *);
/*
 * Tables with a number above those of tables, as Linux has them: they are behind the others, and named by the number.  What a table is called: its own number
 * but for those.  vi_route_table_make: it is there, or is made; ENOSPC, ENOBUFS.  vi_route_table_find: ENOENT.
 */
VI_API uint32_t	vi_route_table(struct vi_vnet *, uint32_t fib);
VI_API int	vi_route_table_find(struct vi_vnet *, uint32_t number, uint32_t *fib);
VI_API int	vi_route_table_make(struct vi_vnet *, uint32_t number, uint32_t *fib);

/*
 * Next hops with a number, as Linux's administrators and routing daemons keep them beside routes: one way, or a group of ways by their numbers.  Routes made of
 * one (vi_nexthop_hops()) change with it and go with it, and it goes with its interface, when that is down too; out of a group it is taken then.
 */
struct vi_nexthop_part { uint32_t np_id, np_weight; };
struct vi_nexthop {
	uint32_t	 nx_id;
	uint8_t		 nx_family;	/* enum vi_family of the routes it is for; of a group VI_AF_UNSPEC */
	uint8_t		 nx_proto;	/* as rt_proto */
	uint32_t	 nx_flags;	/* VI_RTF_GATEWAY, VI_RTF_BLACKHOLE; on set: VI_RTF_NEAR */
	struct vi_sockaddr nx_gateway;
	char		 nx_ifname[VI_IFNAMSIZ];
	uint32_t	 nx_ifindex;	/* in a listing */
	unsigned	 nx_n;		/* of a group */
	const struct vi_nexthop_part *nx_part;	/* valid in the call */
};
typedef void vi_nexthop_fn(void *arg, const struct vi_nexthop *);
/* EEXIST: it is there, and not to be replaced; EINVAL (a group of groups, of what is not there, in the place of what is none), ENETUNREACH, ENXIO, ENOBUFS. */
VI_API int	vi_nexthop_set(struct vi_vnet *, const struct vi_nexthop *, bool replace);
VI_API int	vi_nexthop_del(struct vi_vnet *, uint32_t id);	/* ENOENT */
VI_API void	vi_nexthop_list(struct vi_vnet *, vi_nexthop_fn *, void *arg);	/* by number */
VI_API int	vi_nexthop_get(struct vi_vnet *, uint32_t id, vi_nexthop_fn *, void *arg);	/* ENOENT */
/* The next hops of a route by it: the first says what is common, and they are told for vi_route_replace().  ENOENT; EAFNOSUPPORT: it is for the other family. */
VI_API int	vi_nexthop_hops(struct vi_vnet *, uint32_t id, struct vi_route hops[VI_RT_MAXPATHS], unsigned *n);

/*
 * Policy rules: the table (FIB) that packets are routed by.  Asked in the order of priorities; where the table of one has no route the next
 * is asked, and behind the last is the packet's own (of its socket, or the interface it came in by).  Addresses of this host come first.
 */
enum vi_rule_action { VI_RULE_TABLE, VI_RULE_BLACKHOLE, VI_RULE_UNREACHABLE, VI_RULE_PROHIBIT, VI_RULE_GOTO };
struct vi_ports { uint16_t po_first, po_last; };	/* host byte order; 0, 0: any */
struct vi_rule {		/* zero: any */
	uint32_t	 ru_priority;
	uint8_t		 ru_family;	/* enum vi_family */
	uint8_t		 ru_action;	/* enum vi_rule_action */
	bool		 ru_not;	/* packets that do not match */
	uint32_t	 ru_fib;	/* of VI_RULE_TABLE */
	uint8_t		 ru_minlen;	/* of VI_RULE_TABLE: routes of shorter prefixes do not count, the next rule is asked */
	uint32_t	 ru_goto;	/* of VI_RULE_GOTO: on with the first rule of this priority, or behind; it must be higher than its own */
	bool		 ru_uids;	/* what programs of these users send, and no other packets */
	uint32_t	 ru_uidfirst, ru_uidlast;
	struct vi_sockaddr ru_src, ru_dst;
	uint8_t		 ru_srclen, ru_dstlen;
	char		 ru_iif[VI_IFNAMSIZ];	/* "lo0": sent by this host */
	char		 ru_oif[VI_IFNAMSIZ];	/* what a socket is bound to */
	uint32_t	 ru_mark, ru_markmask;
	uint8_t		 ru_tos;	/* without the ECN bits */
	uint8_t		 ru_proto;
	struct vi_ports	 ru_sport, ru_dport;
	uint64_t	 ru_hits;	/* of a listing */
};
typedef void vi_rule_fn(void *arg, const struct vi_rule *);
VI_API int	vi_rule_add(struct vi_vnet *, const struct vi_rule *);	/* EEXIST, EINVAL, EAFNOSUPPORT, ENOBUFS */
VI_API int	vi_rule_del(struct vi_vnet *, const struct vi_rule *);	/* one that says the same; ESRCH */
VI_API void	vi_rule_list(struct vi_vnet *, vi_rule_fn *, void *arg);	/* in the order they are asked */

struct vi_neigh {		/* ARP or ND cache entry */
	struct vi_sockaddr ne_addr;
	uint8_t		 ne_lladdr[6];
	bool		 ne_complete, ne_permanent, ne_published, ne_proxy;
	uint8_t		 ne_state;	/* enum vi_nud; IPv4: by ne_complete */
	bool		 ne_router;	/* IPv6: it is a router */
	bool		 ne_own;	/* in a listing: an address of this host */
	uint8_t		 ne_refuse;	/* enum vi_neigh_refuse; IPv4 */
	uint64_t	 ne_expire;	/* ns from now; 0 = permanent */
	char		 ne_ifname[VI_IFNAMSIZ];
};
/* What is sent there is dropped: the sender is told EHOSTUNREACH (whose packet was forwarded: by ICMP), or nobody is. */
enum vi_neigh_refuse { VI_NEIGH_TAKE, VI_NEIGH_REJECT, VI_NEIGH_BLACKHOLE };
enum vi_nud { VI_NUD_NONE, VI_NUD_INCOMPLETE, VI_NUD_REACHABLE, VI_NUD_STALE, VI_NUD_DELAY, VI_NUD_PROBE };	/* RFC 4861 7.3.2 */

/*
 * What changed.  The last events of a vnet (net.route.events of them) are kept from the first call on.
 * vi_route_events: those behind *seq, which then is the last one's number; UINT64_MAX: none, from now on.  EOVERFLOW: some were lost before
 * the first one shown.  A watcher is called in the vnet's lane, or under the kernel lock, after each event, and may only note that there is one; it
 * is forgotten when the vnet goes.
 */
enum vi_rtevent_kind { VI_RTEV_ROUTE_ADD = 1, VI_RTEV_ROUTE_CHANGE, VI_RTEV_ROUTE_DEL, VI_RTEV_ADDR_ADD, VI_RTEV_ADDR_DEL,
    VI_RTEV_IF_ARRIVE, VI_RTEV_IF_DEPART, VI_RTEV_IF_CHANGE, VI_RTEV_RULE_ADD, VI_RTEV_RULE_DEL, VI_RTEV_NEIGH_ADD, VI_RTEV_NEIGH_DEL,
    VI_RTEV_NEXTHOP_ADD, VI_RTEV_NEXTHOP_DEL, VI_RTEV_IF_RENAME /* the old name, */, VI_RTEV_IF_RENAMED /* and the new one */ };
struct vi_rtevent {
	uint64_t	 ev_seq;
	uint8_t		 ev_kind;	/* enum vi_rtevent_kind */
	uint32_t	 ev_ifflags;	/* IF_*: VI_IFF_* */
	struct vi_rule	 ev_rule;	/* RULE_* */
	struct vi_neigh	 ev_neigh;	/* NEIGH_*: learned, entered, or in another state; gone */
	struct vi_route	 ev_route;	/* others have rt_ifname, rt_ifindex and rt_mtu; ADDR_*: rt_ifa and rt_prefixlen; NEXTHOP_*: rt_nhid */
};
typedef void vi_rtevent_fn(void *arg, const struct vi_rtevent *);
typedef void vi_route_wake_fn(void *arg);
VI_API int	vi_route_events(struct vi_vnet *, uint64_t *seq, vi_rtevent_fn *, void *arg);	/* EOVERFLOW, ENOBUFS */
VI_API int	vi_route_watch(struct vi_vnet *, vi_route_wake_fn *, void *arg);	/* ENOSPC, ENOBUFS */
VI_API int	vi_route_unwatch(struct vi_vnet *, vi_route_wake_fn *, void *arg);	/* ESRCH */

/*
 * Routing sockets: vi_socket(vn, VI_AF_ROUTE, VI_SOCK_RAW, family, ...), everybody's.  Each datagram is one message: a header, behind it the addresses that its
 * mask VI_RTA_* names, in the order of the bits, each a struct vi_sockaddr.  All begin alike; who does not know a version or a type skips the message.
 *
 * Read: what changed (not: rules, neighbours).  family 0: of all.  ENOBUFS, once: messages were lost, so look at everything again.
 * Written: ADD, DELETE, CHANGE (the administrator's: EPERM), GET, as struct vi_rt_msghdr with DST.  Without NETMASK it is a host's; GET without: the
 * route that a packet there would take, with: exactly this prefix, its first next hop.  GATEWAY: a router, with VI_RTF_GATEWAY, or as VI_AF_LINK the interface, which
 * IFP names as well.  IFA: the source address.  Other words are as in struct vi_route, 0: not said.  The answer has VI_RTF_DONE, or rtm_errno, which the
 * write returns too, and the rtm_seq and rtm_pid that were written.  A change that was made is told to all, everything else to the asker.
 * EINVAL without an answer: not a message.
 */
#define VI_RTM_VERSION	1
enum vi_rtm_type {		/* BSD's values */
	VI_RTM_ADD = 0x1, VI_RTM_DELETE = 0x2, VI_RTM_CHANGE = 0x3, VI_RTM_GET = 0x4,
	VI_RTM_REDIRECT = 0x6,	/* ICMP told of a better router */
	VI_RTM_MISS = 0x7,	/* a packet found no route; net.route.miss_rate */
	VI_RTM_NEWADDR = 0xc, VI_RTM_DELADDR = 0xd,	/* struct vi_ifa_msghdr */
	VI_RTM_IFINFO = 0xe,	/* struct vi_if_msghdr */
	VI_RTM_IFANNOUNCE = 0x11,	/* struct vi_if_announcemsghdr */
};
enum {			/* rtm_addrs */
	VI_RTA_DST = 0x1, VI_RTA_GATEWAY = 0x2, VI_RTA_NETMASK = 0x4, VI_RTA_IFP = 0x10, VI_RTA_IFA = 0x20, VI_RTA_BRD = 0x80,
};
/* VI_AF_LINK in a struct vi_sockaddr: sa_scope is the index of an interface, sa_bytes its name; a name is enough, or an index. */
struct vi_rt_msghdr {
	uint16_t	 rtm_msglen;	/* with the addresses */
	uint8_t		 rtm_version;
	uint8_t		 rtm_type;
	uint32_t	 rtm_index;	/* of the interface */
	uint32_t	 rtm_flags;	/* VI_RTF_* */
	uint32_t	 rtm_addrs;	/* VI_RTA_* */
	uint32_t	 rtm_pid, rtm_seq;	/* the asker's; 0: nobody asked */
	uint32_t	 rtm_errno;
	uint32_t	 rtm_fib;
	uint32_t	 rtm_mtu, rtm_weight, rtm_metric;
	uint32_t	 rtm_proto;
	uint64_t	 rtm_use;
	uint64_t	 rtm_expire;
};
struct vi_ifa_msghdr {		/* IFA, NETMASK, IFP; BRD */
	uint16_t	 ifam_msglen;
	uint8_t		 ifam_version, ifam_type;
	uint32_t	 ifam_index;
	uint32_t	 ifam_addrs;
	uint32_t	 ifam_pad;
};
struct vi_if_msghdr {		/* IFP */
	uint16_t	 ifm_msglen;
	uint8_t		 ifm_version, ifm_type;
	uint32_t	 ifm_index;
	uint32_t	 ifm_addrs;
	uint32_t	 ifm_flags;	/* VI_IFF_* */
	uint32_t	 ifm_mtu;
	bool		 ifm_linkup;
	uint8_t		 ifm_iftype;	/* VI_IFT_* */
	uint8_t		 ifm_addrlen;
	uint8_t		 ifm_pad;
	uint8_t		 ifm_lladdr[8];
};
enum { VI_IFAN_ARRIVAL, VI_IFAN_DEPARTURE };
struct vi_if_announcemsghdr {	/* no addresses */
	uint16_t	 ifan_msglen;
	uint8_t		 ifan_version, ifan_type;
	uint32_t	 ifan_index;
	char		 ifan_name[VI_IFNAMSIZ];
	uint32_t	 ifan_what;	/* VI_IFAN_* */
	uint32_t	 ifan_pad;
};
#define VI_RTM_MAXMSG	256	/* no message is longer */

typedef void vi_neigh_fn(void *arg, const struct vi_neigh *);
VI_API int	vi_neigh_add(struct vi_vnet *, const struct vi_neigh *);	/* interface found from the address when ""; EOPNOTSUPP: ne_refuse of IPv6 */
VI_API int	vi_neigh_del(struct vi_vnet *, const struct vi_sockaddr *, const char *ifname);	/* ESRCH */
VI_API int	vi_neigh_get(struct vi_vnet *, const struct vi_sockaddr *, const char *ifname, struct vi_neigh *);	/* not the stack's own; ESRCH, ENXIO */
VI_API void	vi_neigh_list(struct vi_vnet *, vi_neigh_fn *, void *arg);

/* What routers advertised (RFC 4861 6.3). */
struct vi_nd_router {
	struct vi_sockaddr rd_addr;
	char		 rd_ifname[VI_IFNAMSIZ];
	uint8_t		 rd_flags;	/* of its advertisement: 0x80 M, 0x40 O */
	int8_t		 rd_pref;	/* RFC 4191: 1, 0, -1 */
	bool		 rd_installed;	/* it is the default route */
	uint64_t	 rd_expire;	/* ns from now; 0 = never */
};
struct vi_nd_prefix {
	struct vi_sockaddr np_prefix;
	struct vi_sockaddr np_router;	/* who told of it last; sa_family 0: it is that of an address given by hand */
	uint8_t		 np_prefixlen;
	bool		 np_onlink, np_auto;
	char		 np_ifname[VI_IFNAMSIZ];
	uint32_t	 np_vltime, np_pltime;	/* s, as they were given; VI_IFA_INFINITE */
	uint32_t	 np_expire;	/* s left; VI_IFA_INFINITE */
	uint32_t	 np_naddrs;	/* addresses made of it */
};
struct vi_nd_dns {		/* RFC 8106 */
	struct vi_sockaddr dn_server;	/* sa_family 0: a domain to search */
	const char	*dn_domain;	/* valid in the call; "": a server */
	struct vi_sockaddr dn_router;
	char		 dn_ifname[VI_IFNAMSIZ];
	uint64_t	 dn_expire;	/* ns from now; 0 = never */
};
enum vi_nd_flush { VI_ND_ROUTERS, VI_ND_PREFIXES, VI_ND_SYNC };	/* SYNC: the default route as the list says */
typedef void vi_nd_router_fn(void *arg, const struct vi_nd_router *);
typedef void vi_nd_prefix_fn(void *arg, const struct vi_nd_prefix *);
VI_API void	vi_nd_routers(struct vi_vnet *, vi_nd_router_fn *, void *arg);
typedef void vi_nd_dns_fn(void *arg, const struct vi_nd_dns *);
VI_API void	vi_nd_dns(struct vi_vnet *, vi_nd_dns_fn *, void *arg);
VI_API void	vi_nd_prefixes(struct vi_vnet *, vi_nd_prefix_fn *, void *arg);
/* Forgets routers with their routes, or prefixes with their addresses.  EAFNOSUPPORT: no IPv6; EINVAL. */
VI_API int	vi_nd_flush(struct vi_vnet *, enum vi_nd_flush);

/* A group that an interface listens to, whoever of the stack joined it, as its memberships add up (RFC 3376 3.2). */
struct vi_group {
	char		 vg_ifname[VI_IFNAMSIZ];
	struct vi_sockaddr vg_group;
	uint8_t		 vg_version;	/* of IGMP or MLD that is spoken there; 0: none */
	uint8_t		 vg_robustness;
	uint32_t	 vg_interval;	/* s between queries */
	bool		 vg_include;	/* the sources in the list, else all but them */
	uint32_t	 vg_members;
	uint32_t	 vg_numsrc;
	const struct vi_sockaddr *vg_slist;	/* valid in the call; at most VI_GROUP_MAXSRC */
};
#define VI_GROUP_MAXSRC	128
typedef void vi_group_fn(void *arg, const struct vi_group *);
VI_API void	vi_group_list(struct vi_vnet *, vi_group_fn *, void *arg);

#ifdef __cplusplus
}
#endif
#endif
