/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing tables, as the files of this directory see them. */
#ifndef NET_ROUTE_INT_H
#define NET_ROUTE_INT_H

#include "net/fib.h"
#include "net/route.h"

#define RT_DYNEXPIRE	600	/* s; RFC 1191 6.3 for path MTUs, as good for redirects */
#define RT_MAXDYN	1024

/*
 * A next hop in a table: shared by all routes that say the same; one of a dynamic route is its own.
 */
struct rt_nhop {
	struct nhop	rn_nh;		/* first */
	LIST_ENTRY(rt_nhop) rn_link;
	uint32_t	rn_refs;
	struct rt_dyn	*rn_dyn;	/* NULL: it stays */
};
LIST_HEAD(rt_nhophead, rt_nhop);

/* A host route that goes away by itself.  What it hides comes back. */
struct rt_dyn {
	TAILQ_ENTRY(rt_dyn) rd_link;	/* soonest to expire first */
	struct rt_nhop	rd_nhop;
	struct rt_nhop	*rd_under;	/* the route to the same host, hidden meanwhile; NULL */
	uint32_t	rd_fib;
	uint32_t	rd_key;		/* host order */
};

struct route_vnet {
	struct vnet	*rv_vnet;	/* (c) */
	struct fib	 rv_fib[RT_MAXFIBS];
	uint32_t	 rv_nfibs;
	uint32_t	 rv_allfibs;	/* addresses bring routes in all of them */
	uint64_t	 rv_generation;
	struct rt_nhophead rv_few;	/* while there is no hash */
	struct rt_nhophead *rv_nhops;	/* hash by content, or &rv_few */
	uint32_t	 rv_nhopsize;	/* a power of two */
	uint32_t	 rv_nnhops;
	TAILQ_HEAD(rt_dynhead, rt_dyn) rv_dyns;
	uint32_t	 rv_ndyns, rv_maxdyns;
	uint32_t	 rv_dynexpire;	/* s */
	struct callout	 rv_dyntimer;	/* pending while there are any */
	uint64_t	 rv_redirects, rv_pmtus, rv_dynexpired, rv_dynevicted;
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
	    (nh->nh_flags & (RTF_LOCAL | RTF_REJECT | RTF_BLACKHOLE)) != 0 || if_up(nh->nh_ifp));
}

/* nhop.c: with a reference; NULL without memory. */
struct rt_nhop *nhop_get(struct route_vnet *, const struct nhop *);
void	 nhop_rele(struct route_vnet *, struct rt_nhop *);
void	 nhop_use(const struct nhop *, int delta);	/* if_nroutes of what it refers to */
void	 nhops_fini(struct route_vnet *);

/* rt_dyn.c */
void	 rt_dyn_init(struct route_vnet *);
void	 rt_dyn_flush(struct route_vnet *);		/* before anything else changes a table */

#endif
