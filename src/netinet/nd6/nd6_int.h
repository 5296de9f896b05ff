/* SPDX-License-Identifier: BSD-2-Clause */
/* Neighbour discovery, as the files of this directory see it. */
#ifndef NETINET_ND6_ND6_INT_H
#define NETINET_ND6_ND6_INT_H

#include "base/siphash.h"
#include "kern/sysctl.h"
#include "netinet/ip6/ip6_var.h"
#include "wire/ether.h"
#include "wire/nd6.h"

#define ND6_SEC		1000000000ull
#define ND6_MSEC	1000000ull

/* X(name, words of netstat -s). */
#define ND6_STATS(X) \
	X(ns_solout, "neighbor solicitation%s sent") \
	X(ns_advout, "neighbor advertisement%s sent") \
	X(ns_rsout, "router solicitation%s sent") \
	X(ns_redirout, "redirect%s sent") \
	X(ns_badhlim, "message%s with a hop limit other than 255") \
	X(ns_badform, "message%s with bad form, code or option") \
	X(ns_badsource, "message%s from a source that may not send it") \
	X(ns_fragment, "message%s that came in fragments") \
	X(ns_disabled, "message%s on disabled interfaces") \
	X(ns_notours, "solicitation%s for others") \
	X(ns_ignored, "advertisement%s nobody waited for") \
	X(ns_badredirect, "redirect%s ignored") \
	X(ns_duplicates, "duplicate address%s found") \
	X(ns_looped, "solicitation%s of our own that came back") \
	X(ns_dropped, "packet%s dropped because the neighbor does not answer") \
	X(ns_heldover, "packet%s dropped because too many waited for one neighbor") \
	X(ns_evicted, "neighbor%s evicted for new ones") \
	X(ns_nomem, "message or neighbor%s refused for lack of memory") \
	X(ns_heard, "neighbor%s confirmed by a transport") \
	X(ns_timeouts, "neighbor%s that did not answer") \
	X(ns_routersfull, "router%s or prefixes beyond the limit")

struct nd6stat {
#define ND6_STAT_MEMBER(name, text) uint64_t name;
	ND6_STATS(ND6_STAT_MEMBER)
#undef ND6_STAT_MEMBER
};

/* A neighbour (RFC 4861 5.1, 7.3.2). */
struct nd6_entry {
	LIST_ENTRY(nd6_entry) ne_hash;
	TAILQ_ENTRY(nd6_entry) ne_iflink;
	TAILQ_ENTRY(nd6_entry) ne_age;		/* nv_asking or nv_entries: heard of longest ago first; not the permanent ones */
	struct ifnet	*ne_ifp;
	uint8_t		 ne_addr[16];
	uint8_t		 ne_lladdr[ETHER_ADDR_LEN];
	uint8_t		 ne_state;	/* enum vi_nud */
	uint8_t		 ne_asked;
	bool		 ne_router, ne_permanent, ne_proxy;
	bool		 ne_asking;	/* on nv_asking */
	bool		 ne_doubt;	/* DELAY or PROBE: counted in i6v_ndoubt */
	uint64_t	 ne_expire;	/* host ns: of the state */
	struct callout	 ne_timer;
	struct mbuf	*ne_hold, **ne_holdtail;
	uint32_t	 ne_nhold;
};
LIST_HEAD(nd6_bucket, nd6_entry);
TAILQ_HEAD(nd6_queue, nd6_entry);

/* Duplicate address detection of one address. */
struct nd6_dad {
	struct in6_ifaddr *da_ia;
	struct callout	 da_timer;
	bool		 da_announce;	/* it is ours, and its link address another one: that is to be told, nothing asked */
	int		 da_left;	/* solicitations still to be sent */
	uint8_t		 da_nonce[2][6];	/* of the last solicitation, and the one before */
	bool		 da_looped;
};

struct nd6_router {
	TAILQ_ENTRY(nd6_router) nr_link;
	struct ifnet	*nr_ifp;
	uint8_t		 nr_addr[16];
	int8_t		 nr_pref;
	uint8_t		 nr_flags;
	uint64_t	 nr_expire;	/* UINT64_MAX: never */
	bool		 nr_installed;	/* it is the default route */
	bool		 nr_doubt;	/* not heard of since the link came up */
	bool		 nr_silent;	/* did not answer, and was not heard of since */
	uint32_t	 nr_fib;	/* there, */
	uint32_t	 nr_metric;	/* with this */
};
TAILQ_HEAD(nd6_routers, nd6_router);

struct nd6_prefix {
	TAILQ_ENTRY(nd6_prefix) np_link;
	struct ifnet	*np_ifp;
	uint8_t		 np_prefix[16];
	uint8_t		 np_len;
	uint8_t		 np_flags;	/* ND_PI_*: the route is there; addresses are made of it */
	uint8_t		 np_dad, np_tempdad;	/* addresses that were somebody else's; temporary ones in a row */
	uint8_t		 np_router[16];	/* who told of it last */
	uint32_t	 np_valid, np_preferred;	/* s, as advertised */
	uint64_t	 np_expire;	/* 0: never */
	uint64_t	 np_pexpire;
	struct in6_ifaddr *np_addr;	/* made from it; NULL */
	bool		 np_doubt;	/* not heard of since the link came up */
	bool		 np_detached;	/* and not of this link, it seems */
};
TAILQ_HEAD(nd6_prefixes, nd6_prefix);

/* A route by a router (RFC 4191). */
struct nd6_rio {
	TAILQ_ENTRY(nd6_rio) ro_link;
	struct ifnet	*ro_ifp;
	uint8_t		 ro_router[16], ro_prefix[16];
	uint8_t		 ro_len;
	int8_t		 ro_pref;
	bool		 ro_installed;
	uint32_t	 ro_fib;
	uint64_t	 ro_expire;	/* UINT64_MAX: never */
};
TAILQ_HEAD(nd6_rios, nd6_rio);

/* A name server, or a domain to search (RFC 8106). */
#define ND6_DOMAINLEN	254
struct nd6_dns {
	TAILQ_ENTRY(nd6_dns) nd_link;
	struct ifnet	*nd_ifp;
	uint8_t		 nd_router[16], nd_addr[16];
	uint64_t	 nd_expire;	/* UINT64_MAX: never */
	char		 nd_domain[ND6_DOMAINLEN];	/* "": a server */
};
TAILQ_HEAD(nd6_dnss, nd6_dns);

#define ND6_RTPROTO	9	/* rtnetlink's number of routes learned from advertisements */
#define ND6_PREF_LOW	(-1)	/* RFC 4191 2.1 as a number: low, medium 0, high 1 */
#define ND6_MAXROUTERS	16
#define ND6_MAXRIOS	32
#define ND6_MAXPREFIXES	32
#define ND6_MAXDNS	32
#define ND6_RS_COUNT	3u		/* RFC 4861 10 */
#define ND6_RS_INTERVAL	(4 * ND6_SEC)

/* Of a route that a router told of: the better its preference the lower, and never as low as that of one which somebody configured. */
static inline uint32_t nd6_metric(int pref) { return ((uint32_t)(2 - pref)); }

/* What an interface may have of its own, and else is the stack's. */
enum nd6_knob { ND6_REDIRECTS, ND6_DADCOUNT, ND6_RSCOUNT, ND6_NKNOBS };

/* Of an interface: if_afdata[NET_AF_INET6]. */
struct nd6_if {
	struct in6_ifhead ni_head;	/* first */
	struct ifnet	*ni_ifp;
	uint8_t		 ni_lldad;	/* link-local addresses that were somebody else's */
	uint32_t	 ni_linkmtu;	/* learned; 0 */
	uint8_t		 ni_hlim;	/* learned; 0 */
	uint64_t	 ni_reachable;	/* ns, randomized */
	uint64_t	 ni_retrans;	/* ns */
	struct nd6_queue ni_entries;
	struct nd6_entry *ni_last;	/* used last, with a link address */
	struct callout	 ni_rstimer;
	int		 ni_rsleft;
	bool		 ni_rafwd;	/* listens to routers even while this host forwards */
	uint64_t	 ni_settle;	/* nd6_link.c: when what is still in doubt goes; 0: nothing is */
	bool		 ni_answered;	/* a router, since the link came up */
	int16_t		 ni_own[ND6_NKNOBS];	/* -1: the stack's */
	uint64_t	 ni_redirected;	/* when the last redirect left; RFC 4861 8.2 wants a limit */
};

struct nd6_vnet {
	struct vnet	*nv_vnet;
	struct nd6stat	 nv_stat;
	bool		 nv_stopping;
	struct nd6_bucket *nv_hash;
	uint32_t	 nv_hashsize, nv_n;
	struct nd6_queue nv_asking, nv_entries;	/* INCOMPLETE, and all others */
	struct nd6_routers nv_routers;
	struct nd6_prefixes nv_prefixes;
	struct nd6_rios	 nv_rios;
	struct nd6_dnss	 nv_dns;
	uint32_t	 nv_nrouters, nv_nprefixes, nv_nrios, nv_ndns;
	struct ifnet	*nv_chosenif;	/* has VI_ND6_IFF_DEFAULTIF */
	struct ifnet	*nv_defif;	/* the default route is by it, for want of a router */
	uint32_t	 nv_deffib;
	struct siphash_key nv_secret;	/* RFC 7217 5 */
	struct callout	 nv_slow;	/* lifetimes; while there are any */
	/* knobs */
	int		 nv_dadcount, nv_mmaxtries, nv_umaxtries, nv_delay, nv_gctimer, nv_maxhold, nv_maxentries;
	uint32_t	 nv_newflags;	/* VI_ND6_IFF_* that new interfaces have besides */
	int		 nv_rediraccept, nv_rscount;
	int		 nv_usetempaddr, nv_temppltime, nv_tempvltime, nv_usestableaddr;
};
VNET_STATE_DECLARE(nd6);

static inline struct nd6_if *nd6_if(const struct ifnet *ifp) { return (ifp->if_afdata[NET_AF_INET6]); }

/* nd6_table.c */
struct nd6_entry *nd6_lookup(const struct nd6_vnet *, const struct ifnet *, const uint8_t addr[16]);
struct nd6_entry *nd6_new(struct nd6_vnet *, struct ifnet *, const uint8_t addr[16]);	/* NONE; NULL without memory */
void	 nd6_free(struct nd6_vnet *, struct nd6_entry *);
void	 nd6_tell(const struct nd6_entry *, bool gone);	/* those who follow */
void	 nd6_touch(struct nd6_vnet *, struct nd6_entry *);	/* heard of now */
void	 nd6_requeue(struct nd6_vnet *, struct nd6_entry *);	/* its state changed */
void	 nd6_table_fini(struct nd6_vnet *);
void	 nd6_forget_rcvif(struct nd6_vnet *, const struct ifnet *);
int	 nd6_neigh_add(struct vnet *, const struct vi_neigh *);
int	 nd6_neigh_del(struct vnet *, const struct vi_sockaddr *, const char *ifname);
int	 nd6_neigh_get(struct vnet *, const struct vi_sockaddr *, const char *ifname, struct vi_neigh *);
void	 nd6_neigh_list(struct vnet *, void (*)(void *, const struct vi_neigh *), void *);

/* nd6_nud.c: states and their timer */
int	 nd6_resolve(struct ifnet *, struct mbuf *, const struct net_addr *, uint8_t *lladdr);
void	 nd6_timer(void *);
void	 nd6_setstate(struct nd6_vnet *, struct nd6_entry *, enum vi_nud);
/* The link address became known, or is said again: STALE when it is new, and what waits is sent. */
void	 nd6_learn(struct nd6_vnet *, struct ifnet *, const uint8_t addr[16], const uint8_t *lladdr, bool router);
void	 nd6_confirm(struct nd6_vnet *, struct nd6_entry *, const uint8_t *lladdr);
void	 nd6_release_held(struct nd6_entry *);
void	 nd6_doubt(struct nd6_entry *, bool);
void	 nd6_heard(struct ifnet *, const uint8_t addr[16]);	/* no_heard */

/* nd6_msg.c: messages out; src NULL: :: */
int	 nd6_ns_send(struct nd6_vnet *, struct ifnet *, const uint8_t *src, const uint8_t target[16], const uint8_t *dst, const uint8_t *nonce);
int	 nd6_na_send(struct nd6_vnet *, struct ifnet *, const uint8_t src[16], const uint8_t target[16], const uint8_t dst[16], uint32_t flags);
int	 nd6_rs_send(struct nd6_vnet *, struct ifnet *);
bool	 nd6_redirect_send(struct ifnet *, struct mbuf *, const struct net_addr *gw);

/* nd6_input.c */
void	 nd6_input(struct mbuf *, const struct inet_pkt *);

/* nd6_dad.c */
void	 nd6_addr_added(struct in6_ifaddr *);
void	 nd6_addr_changed(struct in6_ifaddr *);
void	 nd6_addr_removed(struct in6_ifaddr *);
void	 nd6_announce(struct nd6_vnet *, struct ifnet *);	/* its link address has changed */
void	 nd6_dad_ifup(struct nd6_vnet *, struct ifnet *);
void	 nd6_dad_disable(struct nd6_vnet *, struct ifnet *);	/* none of its addresses is verified any more */
void	 nd6_dad_duplicate(struct nd6_vnet *, struct in6_ifaddr *, const uint8_t *lladdr);	/* ia may be gone after */
/* The nonce is one of ours: it came back over a loop (RFC 7527 4.2). */
bool	 nd6_dad_looped(struct nd6_vnet *, struct in6_ifaddr *, const uint8_t nonce[6]);
char	*nd6_addrname(const uint8_t *, char buf[40]);
static inline const struct nd6_dad *nd6_dad(const struct in6_ifaddr *ia) { return (ia->ia_nd); }

/* nd6_rtr.c */
void	 nd6_ra_input(struct nd6_vnet *, struct ifnet *, const uint8_t src[16], const uint8_t *msg, size_t len);
void	 nd6_rs_start(struct nd6_vnet *, struct ifnet *);
void	 nd6_rs_timer(void *);
void	 nd6_rtr_ifdetach(struct nd6_vnet *, const struct ifnet *);
void	 nd6_rtr_fini(struct nd6_vnet *);
/* It does not answer, or (host) is no router any more. */
void	 nd6_router_gone(struct nd6_vnet *, const struct nd6_entry *, bool host);
void	 nd6_slow_start(struct nd6_vnet *);	/* there is a lifetime to be looked at */
void	 nd6_slow(void *);
void	 nd6_addr_gone(struct nd6_vnet *, const struct in6_ifaddr *);

void	 nd6_router_select(struct nd6_vnet *);
void	 nd6_router_update(struct nd6_vnet *, struct ifnet *, const uint8_t src[16], uint32_t life, int pref);
void	 nd6_router_flush(struct nd6_vnet *, const struct ifnet *);	/* NULL: all */
void	 nd6_router_forwards(struct nd6_vnet *);	/* an interface has become a router's: default routers are no more believed */
void	 nd6_router_list(struct vnet *, vi_nd_router_fn *, void *);
void	 nd6_sockaddr(const uint8_t *, struct vi_sockaddr *);

void	 nd6_router_free(struct nd6_vnet *, struct nd6_router *);

/* nd6_link.c */
void	 nd6_link_up(struct nd6_vnet *, struct ifnet *);
void	 nd6_prefix_heard(struct nd6_prefix *);
bool	 nd6_link_slow(struct nd6_vnet *, uint64_t now);

/* nd6_conf.c, nd6.c */
int	 nd6_own(const struct nd6_vnet *, const struct ifnet *, enum nd6_knob);
int	 nd6_conf_sysctl(struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);
int	 nd6_setflags(struct ifnet *, uint32_t set, uint32_t clear);

/* nd6_dns.c */
void	 nd6_rdnss_input(struct nd6_vnet *, struct ifnet *, const uint8_t router[16], const struct nd_opt *);
void	 nd6_dnssl_input(struct nd6_vnet *, struct ifnet *, const uint8_t router[16], const struct nd_opt *);
void	 nd6_dns_slow(struct nd6_vnet *, uint64_t now);
void	 nd6_dns_flush(struct nd6_vnet *, const struct ifnet *);	/* NULL: all */
void	 nd6_dns_list(struct vnet *, vi_nd_dns_fn *, void *);
int	 nd6_resolv_sysctl(struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);

/* nd6_rio.c */
void	 nd6_rio_input(struct nd6_vnet *, struct ifnet *, const uint8_t router[16], const struct nd_opt *);
void	 nd6_rio_flush(struct nd6_vnet *, const struct ifnet *, const uint8_t *router);	/* NULL: all */
void	 nd6_rio_silent(struct nd6_vnet *, const struct ifnet *, const uint8_t *router);	/* it does not answer */
void	 nd6_rio_slow(struct nd6_vnet *, uint64_t now);

/* nd6_pfx.c */
struct nd6_prefix *nd6_prefix_of(const struct nd6_vnet *, const struct in6_ifaddr *);
void	 nd6_prefix_mask(const uint8_t *addr, uint8_t len, uint8_t out[16]);
void	 nd6_prefix_update(struct nd6_vnet *, struct ifnet *, const uint8_t router[16], const struct nd_opt_prefix *);
void	 nd6_prefix_slow(struct nd6_vnet *, uint64_t now);
void	 nd6_prefix_offlink(struct nd6_vnet *, struct nd6_prefix *);	/* its route goes */
void	 nd6_prefix_free(struct nd6_vnet *, struct nd6_prefix *);
void	 nd6_prefix_flush(struct nd6_vnet *, const struct ifnet *, bool addresses);	/* NULL: all */
void	 nd6_prefix_list(struct vnet *, vi_nd_prefix_fn *, void *);

/* nd6_slaac.c: identifiers and addresses */
void	 nd6_linklocal_add(struct nd6_vnet *, struct ifnet *);
void	 nd6_ifid(const struct ifnet *, uint8_t out[8]);	/* RFC 2464 4: the modified EUI-64 */
bool	 nd6_ifid_reserved(const uint8_t id[8]);	/* RFC 5453: not for hosts */
void	 nd6_prefix_address(struct nd6_vnet *, struct nd6_prefix *, uint32_t valid, uint32_t preferred);
void	 nd6_temp_check(struct nd6_vnet *, struct nd6_prefix *);	/* is there one that lasts? */
void	 nd6_addr_verified(struct nd6_vnet *, const struct in6_ifaddr *);
bool	 nd6_addr_conflict(struct nd6_vnet *, struct in6_ifaddr *);
int	 nd6_secret_sysctl(struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);

#endif
