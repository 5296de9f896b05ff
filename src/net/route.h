/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routing tables: longest prefix match, several tables (FIBs) per vnet.
 *
 * A lookup gives a nhop, which stays valid until the table changes: keep it with rt_generation()
 * and look up again when that has moved.
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/route.h>

#include "net/ifnet.h"
#include "vimage/vnet.h"

enum {
	RTF_UP = VI_RTF_UP, RTF_GATEWAY = VI_RTF_GATEWAY, RTF_HOST = VI_RTF_HOST, RTF_REJECT = VI_RTF_REJECT, RTF_DYNAMIC = VI_RTF_DYNAMIC,
	RTF_STATIC = VI_RTF_STATIC, RTF_BLACKHOLE = VI_RTF_BLACKHOLE, RTF_PINNED = VI_RTF_PINNED,
	RTF_LOCAL = VI_RTF_LOCAL, RTF_BROADCAST = VI_RTF_BROADCAST, RTF_PROHIBIT = VI_RTF_PROHIBIT, RTF_THROW = VI_RTF_THROW,
	RTF_NOWHERE = VI_RTF_REJECT | VI_RTF_BLACKHOLE | VI_RTF_PROHIBIT | VI_RTF_THROW,
};
#define RT_MAXFIBS	253	/* the numbers that Linux leaves to its administrators */
#define RT_MAXNAMED	256	/* tables behind these, that have numbers of their own */
#define RT_DEFFIBS	1	/* net.fibs: may be raised per vnet up to RT_MAXFIBS */

struct nhop {
	/*
	 * where packets leave; for RTF_LOCAL the loopback of the vnet (nh_ifa tells whose address)
	 */
	struct ifnet	*nh_ifp;
	struct ifaddr	*nh_ifa;	/* source address; NULL = none */
	struct net_addr	 nh_gw;		/* with RTF_GATEWAY */
	uint32_t	 nh_flags;	/* RTF_* */
	uint32_t	 nh_mtu;	/* 0 = interface's */
	uint16_t	 nh_advmss, nh_initcwnd, nh_initrwnd;	/* as in struct vi_route; 0 = nothing was said */
	bool		 nh_mtulock;	/* nh_mtu holds whatever routers say */
	uint32_t	 nh_weight, nh_metric;
	uint64_t	 nh_use;
	uint64_t	 nh_expire;	/* host ns; 0 = never */
	uint8_t		 nh_prefixlen;
	uint8_t		 nh_proto;	/* kept for whoever made it */
	uint32_t	 nh_nhid;	/* the nexthop it is of; 0: none */
};

struct route_vnet;
/*
 * Longest prefix; NULL = no route.  REJECT and BLACKHOLE routes are returned: the caller obeys
 * nh_flags.
 */
const struct nhop *fib4_lookup(struct vnet *, uint32_t fib, uint32_t dst);
/* May packets to dst leave by this interface (NULL: any), by one of its next hops? */
bool	 rt_leads4(struct vnet *, uint32_t fib, uint32_t dst, const struct ifnet *);
/* dst with its zone embedded (netinet/inet_ops.h). */
const struct nhop *fib6_lookup(struct vnet *, uint32_t fib, const uint8_t dst[16]);
/*
 * All that may decide where a packet goes.  Zero is what is not known; rf_src with the family of rf_dst.
 */
struct rt_flow {
	struct net_addr	 rf_dst, rf_src;
	uint32_t	 rf_fib;
	uint32_t	 rf_flowid;	/* the same for all packets of a flow; 0: made of the rest */
	uint32_t	 rf_mark;
	uint32_t	 rf_uid;	/* of our own: who sends */
	const struct ifnet *rf_iif;	/* came in by; NULL: our own */
	uint32_t	 rf_oif;	/* index of the interface the socket is bound to */
	uint16_t	 rf_sport, rf_dport;	/* network order */
	uint8_t		 rf_proto, rf_tos;
};
/*
 * The route of a packet: policy rules choose the table, the flow one of several next hops.  As above but that nh_ifp is NULL where a rule
 * rejects: look at nh_flags first.
 */
const struct nhop *rt_lookup(struct vnet *, const struct rt_flow *);
/*
 * The route of whatever goes from here to dst, if it is the only one: NULL also where policy rules or several next hops choose, by more than the
 * destination.  Good until the generation moves, while its interface is up.
 */
const struct nhop *rt_lookup_dest4(struct vnet *, uint32_t fib, uint32_t dst);
/* The table that rt_lookup() finds it in: what is learned of its path belongs there. */
uint32_t rt_flow_fib(struct vnet *, const struct rt_flow *);
/* Can what rt_lookup() said be kept until the generation moves?  Policy rules may tell packets of a socket apart. */
bool	 rt_isfixed(const struct vnet *);
/* What becomes of packets: 0, ENETUNREACH (NULL), EHOSTUNREACH, EACCES (prohibited), EINVAL (black hole, as Linux says it). */
int	 nhop_error(const struct nhop *);
static inline uint32_t nhop_mtu(const struct nhop *nh) { return (nh->nh_mtu != 0 && nh->nh_mtu < nh->nh_ifp->if_mtu ? nh->nh_mtu : nh->nh_ifp->if_mtu); }
/* What nh says of its path is what from says. */
static inline void
nhop_copypath(struct nhop *nh, const struct nhop *from)
{
	nh->nh_mtu = from->nh_mtu;
	nh->nh_mtulock = from->nh_mtulock;
	nh->nh_advmss = from->nh_advmss;
	nh->nh_initcwnd = from->nh_initcwnd;
	nh->nh_initrwnd = from->nh_initrwnd;
}
/* Is there a route that says anything of its path but the MTU?  Nearly never. */
bool	 rt_saysofpaths(const struct vnet *);
/* Moves with every change of any table or interface address of the vnet. */
uint64_t rt_generation(const struct vnet *);
/* Next hop address for dst: the gateway or dst itself. */
static inline struct net_addr
nhop_addr4(const struct nhop *nh, uint32_t dst)
{
	if (nh->nh_flags & RTF_GATEWAY)
		return (nh->nh_gw);
	return ((struct net_addr){ .na_af = NET_AF_INET, .na_in = dst });
}

/*
 * For address families: routes of interface addresses (RTF_PINNED), in all FIBs or in if_fib per
 * net.add_addr_allfibs.
 */
int	 rt_ifa_add(struct vnet *, uint32_t dst, uint8_t prefixlen, uint32_t flags, struct ifnet *, struct ifaddr *);
void	 rt_ifa_del(struct vnet *, uint32_t dst, uint8_t prefixlen, struct ifaddr *);
/* ICMP redirect: a host route (RTF_DYNAMIC) that expires. */
int	 rt_ifa_add6(struct vnet *, const uint8_t dst[16], uint8_t prefixlen, uint32_t flags, struct ifnet *, struct ifaddr *);
void	 rt_ifa_del6(struct vnet *, const uint8_t dst[16], uint8_t prefixlen, struct ifaddr *);
int	 rt_redirect6(struct vnet *, uint32_t fib, const uint8_t dst[16], const uint8_t gw[16], struct ifnet *);
int	 rt_pmtu6(struct vnet *, uint32_t fib, const uint8_t dst[16], uint32_t mtu);
int	 rt_redirect4(struct vnet *, uint32_t fib, uint32_t dst, uint32_t gw, struct ifnet *);
/* Path MTU learned for dst (RFC 1191): a host entry that expires after 10 minutes. */
int	 rt_pmtu4(struct vnet *, uint32_t fib, uint32_t dst, uint32_t mtu);

/*
 * ARP's word of a router: those next hops by it that are one of several are passed over, or no more; in the lane.  False: no next hop
 * by it is one of several.
 */
bool	 rt_router_silent(struct vnet *, const struct ifnet *, const struct net_addr *gw, bool silent);

/* A neighbour changed, for whoever follows; worth making a description of it when there is anybody. */
bool	 rt_followed(const struct vnet *);
void	 rt_event_neigh(struct vnet *, enum vi_rtevent_kind, uint32_t ifindex, const struct vi_neigh *);

/* Packets that found no route, up to net.route.miss_rate a second; in the lane.  NULL: nobody wants to know. */
typedef void rt_miss_fn(void *arg, uint32_t fib, const struct vi_sockaddr *dst);
void	 rt_setmiss(struct vnet *, rt_miss_fn *, void *arg);

/* Management; api/ exports them. */
int	 rt_add(struct vnet *, const struct vi_route *);
int	 rt_change(struct vnet *, const struct vi_route *);
int	 rt_delete(struct vnet *, const struct vi_route *);
int	 rt_replace(struct vnet *, const struct vi_route *, unsigned n);
int	 rt_paths(struct vnet *, const struct vi_route *, vi_route_fn *, void *arg);
int	 rt_way(struct vnet *, const struct vi_flow *, struct vi_route *);
int	 rt_get(struct vnet *, uint32_t fib, const struct vi_sockaddr *, struct vi_route *);
void	 rt_list(struct vnet *, uint32_t fib, int family, vi_route_fn *, void *arg);
bool	 rt_list_next(struct vnet *, uint32_t fib, int family, struct vi_route_cursor *, unsigned max, vi_route_fn *, void *arg);
unsigned rt_flush(struct vnet *, uint32_t fib, int family);
unsigned rt_nfibs(struct vnet *);
uint32_t rt_table_number(const struct vnet *, uint32_t fib);
int	 rt_table_find(const struct vnet *, uint32_t number, uint32_t *fib);
int	 rt_table_make(struct vnet *, uint32_t number, uint32_t *fib);
int	 rt_rule_add(struct vnet *, const struct vi_rule *);
int	 rt_rule_delete(struct vnet *, const struct vi_rule *);
int	 rt_nexthop_set(struct vnet *, const struct vi_nexthop *, bool replace);
int	 rt_nexthop_delete(struct vnet *, uint32_t id);
void	 rt_nexthop_list(struct vnet *, vi_nexthop_fn *, void *arg);
int	 rt_nexthop_get(struct vnet *, uint32_t id, vi_nexthop_fn *, void *arg);
int	 rt_nexthop_hops(struct vnet *, uint32_t id, struct vi_route *hops, unsigned *n);
int	 rt_events(struct vnet *, uint64_t *seq, vi_rtevent_fn *, void *arg);
int	 rt_watch(struct vnet *, vi_route_wake_fn *, void *arg);
int	 rt_unwatch(struct vnet *, vi_route_wake_fn *, void *arg);
void	 rt_rule_list(struct vnet *, vi_rule_fn *, void *arg);

#endif
