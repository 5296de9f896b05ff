/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing tables, as the files of this directory see them. */
#ifndef NET_ROUTE_INT_H
#define NET_ROUTE_INT_H

#include "base/endian.h"
#include "net/fib.h"
#include "net/route.h"

#define RT_DYNEXPIRE	600	/* s; RFC 1191 6.3 for path MTUs, as good for redirects */
#define RT_MAXDYN	1024
#define RT_MAXRULES	1024
#define RT_MAXNEXTHOPS	65536
#define RT_EVENTS	512
#define RT_MAXWATCHES	64
#define RT_MISSRATE	100
#define RT_CHOICES	256	/* chains of rv_choices */
#define RT_MINMTU6	1280	/* RFC 8200 5 */

/*
 * A next hop in a table: shared by all routes that say the same; one of a dynamic route is its own.
 */
struct rt_nhop {
	struct nhop	rn_nh;		/* first */
	LIST_ENTRY(rt_nhop) rn_link;
	uint32_t	rn_refs;
	struct rt_dyn	*rn_dyn;	/* NULL: it stays, */
	struct rt_timed	*rn_timed;	/* but for this */
	struct rt_group	*rn_group;	/* this is not one, but stands for several */
	uint32_t	rn_ngroups;	/* that it is of */
	bool		rn_silent;	/* its router does not answer */
	bool		rn_chosen;	/* it is in rv_choices: has a router, and is of a group, or silent */
	LIST_ENTRY(rt_nhop) rn_choice;
	LIST_HEAD(, rt_group) rn_groups;	/* those that it is the first of */
};
LIST_HEAD(rt_nhophead, rt_nhop);

/* Several next hops of a prefix, shared like them; never changed. */
struct rt_group {
	struct rt_nhop	 rg_value;	/* what stands in tables; only rn_refs and rn_group mean something */
	LIST_ENTRY(rt_group) rg_link;
	uint32_t	 rg_n;
	struct rt_nhop	*rg_hop[];	/* lowest metric first */
};

/* A host route that goes away by itself.  What it hides comes back. */
struct rt_dyn {
	TAILQ_ENTRY(rt_dyn) rd_link;	/* soonest to expire first */
	struct rt_nhop	rd_nhop;
	struct rt_nhop	*rd_under;	/* the route to the same host, hidden meanwhile; NULL */
	uint32_t	rd_fib;
	uint8_t		 rd_af;
	uint32_t	 rd_key[FIB_MAXWORDS];
};

/* A table: one trie per family. */
struct rt_table {
	struct fib	 rt_af[NET_AF_MAX];
	uint32_t	 rt_number;	/* it is named by; 0: its own */
};

struct route_vnet {
	struct vnet	*rv_vnet;	/* (c) */
	struct rt_table	 rv_first;
	struct rt_table	*rv_tables;	/* rv_nfibs of them, or &rv_first */
	uint32_t	 rv_nfibs;
	uint32_t	 rv_allfibs;	/* addresses bring routes in all of them */
	uint64_t	 rv_generation;
	/* Packets have the destination of the one before: the IPv4 route found last, if it was the only one for whoever asked. */
	struct { uint64_t rl_gen; uint32_t rl_fib, rl_dst; struct rt_nhop *rl_rn; } rv_last;
	struct rt_nhophead rv_few;	/* while there is no hash */
	struct rt_nhophead *rv_nhops;	/* hash by content, or &rv_few */
	uint32_t	 rv_nhopsize;	/* a power of two */
	uint32_t	 rv_nnhops;
	uint32_t	 rv_nsaid;	/* of them such as say something of their path */
	struct rt_nhophead *rv_choices;	/* hash by router; NULL: there has been no group yet */
	TAILQ_HEAD(rt_dynhead, rt_dyn) rv_dyns;
	uint32_t	 rv_ndyns, rv_maxdyns;
	uint32_t	 rv_dynexpire;	/* s */
	struct callout	 rv_dyntimer;	/* pending while there are any */
	RB_HEAD(rt_timeds, rt_timed) rv_timeds;	/* next hops with an end */
	uint64_t	 rv_timedseq;
	struct callout	 rv_timedtimer;	/* pending while there are any */
	RB_HEAD(rt_nexthops, rt_nexthop) rv_nexthops;
	uint32_t	 rv_nnexthops, rv_maxnexthops;
	TAILQ_HEAD(, rt_rule) rv_rules;	/* lowest priority first */
	uint32_t	 rv_nrules, rv_maxrules;
	struct vi_rtevent *rv_ring;	/* the last events; NULL: nobody asked yet */
	uint64_t	 rv_seq;	/* of the last one */
	uint32_t	 rv_ringsize, rv_maxevents;
	LIST_HEAD(, rt_watch) rv_watches;
	rt_miss_fn	*rv_missfn;	/* NULL: nobody wants to know */
	void		*rv_missarg;
	uint64_t	 rv_misstime;	/* when the second began that rv_nmisses were told in */
	uint32_t	 rv_nmisses, rv_missrate;
	uint32_t	 rv_multipath;	/* several next hops may be added to a prefix */
	uint32_t	 rv_ngroups;
	uint32_t	 rv_passsilent;	/* one whose router is silent is passed over */
	uint64_t	 rv_badredirect, rv_dynamic, rv_newgateway, rv_unreach;	/* FreeBSD's struct rtstat */
	uint64_t	 rv_pmtus, rv_dynexpired, rv_dynevicted, rv_timedout;
};
VNET_STATE_DECLARE(route);

static inline struct acctset *
rt_acct(const struct route_vnet *rv)
{
	return (vnet_acct(rv->rv_vnet));
}

/*
 * A route by an interface that is down exists but is not used; those that lead nowhere or home do
 * not depend on one.
 */
static inline bool
nhop_usable(const struct nhop *nh)
{
	return (
	    (nh->nh_flags & (RTF_LOCAL | RTF_NOWHERE)) != 0 || if_up(nh->nh_ifp));
}

/* It is of no group any more, or goes. */
static inline void
nhop_unchoose(struct rt_nhop *rn)
{
	if (rn->rn_chosen)
		LIST_REMOVE(rn, rn_choice);
	rn->rn_chosen = false;
}

static inline struct fib *
rt_fib(const struct route_vnet *rv, uint32_t fib, unsigned af)
{
	return (&rv->rv_tables[fib].rt_af[af]);
}

/* Addresses as keys of a trie, and back. */
static inline void
rt_key6(uint32_t key[4], const uint8_t addr[16])
{
	for (unsigned i = 0; i < 4; i++)
		key[i] = be32dec(addr + 4 * i);
}

static inline void
rt_key(uint32_t key[FIB_MAXWORDS], const struct net_addr *na)
{
	if (na->na_af == NET_AF_INET)
		key[0] = NTOHL(na->na_in);
	else
		rt_key6(key, na->na_in6);
}

/* Neither a group nor the unspecified address (RFC 4291 2.5.2, 2.7). */
static inline bool
rt_in6_unicast(const uint8_t a[16])
{
	return (a[0] != 0xff && (be32dec(a) | be32dec(a + 4) | be32dec(a + 8) | be32dec(a + 12)) != 0);
}

/* Does the address say something on one link or host only, so that bytes 2 and 3 are its zone? */
static inline bool
rt_in6_zoned(const uint8_t a[16])
{
	return ((a[0] == 0xfe && (a[1] & 0xc0) == 0x80) ||
	    (a[0] == 0xff && ((a[1] & 0xf) == 1 || (a[1] & 0xf) == 2)));
}

static inline unsigned
rt_bits(unsigned af)
{
	return (af == NET_AF_INET ? 32 : 128);
}

/* route.c: the route to be used, which may be a shorter one when the longest cannot; NULL. */
struct rt_nhop *rt_match_long(const struct route_vnet *, uint32_t fib, unsigned af, const uint32_t *key,
    const struct rt_flow *, uint8_t minlen);	/* a prefix shorter than minlen is none */
struct rt_nhop *rt_match(const struct route_vnet *, uint32_t fib, unsigned af, const uint32_t *key,
    const struct rt_flow *);
const struct nhop *rt_match_addr(const struct route_vnet *, uint32_t fib, const struct net_addr *);

/* nhop.c */
bool	 net_addr_same(const struct net_addr *, const struct net_addr *);
/* A new one with one reference, among those that can be found. */
void	 nhop_insert(struct route_vnet *, struct rt_nhop *, const struct nhop *);
/* One that stays, with a reference; NULL without memory. */
struct rt_nhop *nhop_get(struct route_vnet *, const struct nhop *);
void	 nhop_rele(struct route_vnet *, struct rt_nhop *);
static inline struct rt_nhop *
nhop_ref(struct rt_nhop *rn)
{
	rn->rn_refs++;
	return (rn);
}
void	 nhop_use(const struct nhop *, int delta);	/* if_nroutes of what it refers to */
void	 nhops_fini(struct route_vnet *);

/*
 * rt_group.c: what stands in tables is a next hop or a group.
 *
 * rt_value_get makes one of n hops, in any order, and consumes their references; NULL without memory.
 */
struct rt_nhop *rt_value_get(struct route_vnet *, struct rt_nhop **hops, unsigned n);
void	 rt_value_rele(struct route_vnet *, struct rt_nhop *value);
static inline unsigned
rt_value_n(const struct rt_nhop *value)
{
	return (value->rn_group == NULL ? 1 : value->rn_group->rg_n);
}
static inline struct rt_nhop *
rt_value_hop(struct rt_nhop *value, unsigned i)
{
	return (value->rn_group == NULL ? value : value->rn_group->rg_hop[i]);
}
/* One for the flow that can be used; NULL: none can. */
struct rt_nhop *rt_value_select(const struct route_vnet *, struct rt_nhop *value, const struct rt_flow *);

/*
 * rt_table.c: what stands in a table for a prefix.
 *
 * rt_put: n next hops, whose references are consumed, in the place of what is there; none: nothing.  rt_exchange: and all is told.
 * rt_value_without: a value without those that fn chooses; consumes it.  NULL: nothing is left.
 */
struct rt_prefix {
	struct fib	*rp_fib;
	uint32_t	 rp_fibnum;
	uint8_t		 rp_af;
	/* bits beyond the length do not matter (route(8)) */
	uint32_t	 rp_key[FIB_MAXWORDS];
	unsigned	 rp_len;
};
typedef bool rt_hop_fn(void *arg, const struct nhop *);
int	 rt_put(struct route_vnet *, const struct rt_prefix *, struct rt_nhop **hops, unsigned n);
int	 rt_exchange(struct route_vnet *, const struct rt_prefix *, struct rt_nhop **hops, unsigned n);
void	 rt_tell(struct route_vnet *, enum vi_rtevent_kind, const struct rt_prefix *, const struct nhop *);
struct rt_nhop *rt_value_without(struct route_vnet *, struct rt_nhop *value, rt_hop_fn *, void *arg);

/* rt_timed.c: a next hop for this prefix, with a reference, that goes by itself if it has an end; NULL without memory */
struct rt_nhop *rt_hop_get(struct route_vnet *, const struct rt_prefix *, const struct nhop *);
void	 rt_timed_free(struct route_vnet *, struct rt_timed *);
void	 rt_timed_init(struct route_vnet *);

/* rt_event.c */
void	 rt_event_route(struct route_vnet *, enum vi_rtevent_kind, uint32_t fib, unsigned af, const uint32_t *key, const struct nhop *);
void	 rt_event_value(struct route_vnet *, enum vi_rtevent_kind, uint32_t fib, unsigned af, const uint32_t *key, struct rt_nhop *value);
void	 rt_event_rule(struct route_vnet *, enum vi_rtevent_kind, const struct vi_rule *);
void	 rt_event_vnet(struct route_vnet *, enum vnet_event, void *obj);
void	 rt_event_miss(struct route_vnet *, const struct rt_flow *);
void	 rt_events_fini(struct route_vnet *);

/* rt_rule.c: what the rules say of a packet to key, and the table they found it in; NULL: nothing */
const struct nhop *rt_rules_lookup(struct route_vnet *, const uint32_t *key, const struct rt_flow *, uint32_t *fib);
void	 rt_rules_init(struct route_vnet *);
void	 rt_rules_fini(struct route_vnet *);

void	 rt_event_nexthop(struct route_vnet *, enum vi_rtevent_kind, uint32_t id);

/* rt_nexthop.c: those of an interface go, and what is left at the end */
void	 rt_nexthops_gone(struct route_vnet *, const struct ifnet *);
void	 rt_nexthops_fini(struct route_vnet *);

/* rt_api.c: what a route that is asked for would be */
int	 rt_resolve_hop(struct vnet *, const struct vi_route *, struct nhop *);
void	 rt_info(const struct vnet *, uint32_t fib, unsigned af, const uint32_t *key, const struct nhop *, struct vi_route *);
/* inwards, with the zone that stands there or the interface's; EAFNOSUPPORT */
int	 rt_addr(const struct vi_sockaddr *, const struct ifnet *, struct net_addr *);
/* and outwards: the zone goes where it stands outside of the stack */
void	 rt_sockaddr(const struct net_addr *, struct vi_sockaddr *);

/* rt_dyn.c */
void	 rt_dyn_init(struct route_vnet *);
void	 rt_dyn_flush(struct route_vnet *);		/* before anything else changes a table */
/* What was learned of the ways by a router that is silent now. */
void	 rt_dyn_forget(struct route_vnet *, const struct ifnet *, const struct net_addr *gw);

#endif
