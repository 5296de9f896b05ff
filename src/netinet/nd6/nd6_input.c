/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages received (RFC 4861 6.1, 7.1, 7.2, 8.1): checked whole before any of it is believed.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/nd6/nd6_int.h"

#define ND6_MAXMSG	2048	/* bytes of a message that are looked at: a router's with a hundred prefixes has less */

/* A message on its way through the checks. */
struct nd_in {
	struct nd6_vnet	*in_nv;
	struct ifnet	*in_ifp;
	const uint8_t	*in_src, *in_dst;	/* with zones */
	const uint8_t	*in_msg;
	size_t		 in_len;
	const uint8_t	*in_slla, *in_tlla, *in_nonce;	/* 6 bytes; NULL: not there */
};

/* Options: what has not the size it must have here does not count; what runs out of the message spoils it. */
static bool
in_options(struct nd_in *in, size_t off)
{
	enum wire_error we;
	struct nd_opt no;

	while ((we = nd_opt_next(in->in_msg, in->in_len, &off, &no)) == WIRE_OK) {
		if (no.no_len != 8)
			continue;
		if (no.no_type == ND_OPT_SOURCE_LINKADDR && in->in_slla == NULL)
			in->in_slla = no.no_p + 2;
		else if (no.no_type == ND_OPT_TARGET_LINKADDR && in->in_tlla == NULL)
			in->in_tlla = no.no_p + 2;
		else if (no.no_type == ND_OPT_NONCE)
			in->in_nonce = no.no_p + 2;
	}
	return (we == WIRE_END);
}

static void
in_target(const struct nd_in *in, const uint8_t *p, uint8_t out[16])
{
	memcpy(out, p, 16);
	in6_setzone(out, in->in_ifp->if_index);
}

/* Some messages say what their sender is, whether or not they have its link address (RFC 4861 6.2.6, 6.3.4, 8.3). */
static void
in_isrouter(const struct nd_in *in, const uint8_t *addr, bool router)
{
	struct nd6_entry *ne = nd6_lookup(in->in_nv, in->in_ifp, addr);

	if (ne != NULL)
		ne->ne_router = router;
}

/* RFC 4861 7.1.1: a solicited-node group, whoever's. */
static bool
in_solnode(const struct nd_in *in)
{
	uint8_t sol[16];

	in6_solicited(in->in_dst, in->in_ifp->if_index, sol);
	return (in6_equal(sol, in->in_dst));
}

/* Do we answer for somebody else (RFC 4861 7.2.8)? */
static bool
in_proxied(const struct nd_in *in, const uint8_t *target)
{
	const struct nd6_entry *ne = nd6_lookup(in->in_nv, in->in_ifp, target);

	return (ne != NULL && ne->ne_proxy);
}

/* RFC 4862 5.4.3: somebody else checks the address that we check, or that we have. */
static void
ns_dad(struct nd_in *in, struct in6_ifaddr *ia)
{
	if ((ia->ia_flags & VI_IN6_IFF_TENTATIVE) != 0) {
		if (in->in_nonce == NULL || !nd6_dad_looped(in->in_nv, ia, in->in_nonce))
			nd6_dad_duplicate(in->in_nv, ia, NULL);
		return;
	}
	(void)nd6_na_send(in->in_nv, in->in_ifp, ia6_addr(ia), ia6_addr(ia), in->in_src, (ia->ia_flags & VI_IN6_IFF_ANYCAST) != 0 ? 0 : ND_NA_FLAG_OVERRIDE);
}

/* RFC 4861 7.1.1 and 7.2.3. */
static uint64_t *
ns_input(struct nd_in *in)
{
	struct nd6stat *st = &in->in_nv->nv_stat;
	const bool dad = in6_unspecified(in->in_src);
	const struct in6_ifaddr *src;
	struct in6_ifaddr *ia;
	uint8_t target[16];

	if (in->in_len < sizeof(struct nd_neighbor))
		return (&st->ns_badform);
	in_target(in, ((const struct nd_neighbor *)(const void *)in->in_msg)->nd_target, target);
	if (in6_multicast(target) || !in_options(in, sizeof(struct nd_neighbor)) || (dad && (in->in_slla != NULL || !in_solnode(in))))
		return (&st->ns_badform);
	ia = in6_ifaddr_find(ip6_vnet(in->in_nv->nv_vnet), target);
	if (ia != NULL && ia->ia_ifa.ifa_ifp != in->in_ifp)
		ia = NULL;
	if ((ia == NULL && !in_proxied(in, target)) || (ia != NULL && (ia->ia_flags & VI_IN6_IFF_DUPLICATED) != 0))
		return (&st->ns_notours);
	if (dad && ia != NULL) {
		ns_dad(in, ia);
		return (NULL);
	}
	if (ia != NULL && (ia->ia_flags & VI_IN6_IFF_TENTATIVE) != 0)
		return (NULL);		/* RFC 4862 5.4.3: in silence */
	if (in->in_slla != NULL)
		nd6_learn(in->in_nv, in->in_ifp, in->in_src, in->in_slla, false);
	src = ia != NULL ? ia : in6_ifaddr_linklocal(in->in_ifp);
	if (src != NULL)
		(void)nd6_na_send(in->in_nv, in->in_ifp, ia6_addr(src), target, in->in_src, (dad ? 0 : ND_NA_FLAG_SOLICITED) |
		    (ia != NULL && (ia->ia_flags & VI_IN6_IFF_ANYCAST) == 0 ? ND_NA_FLAG_OVERRIDE : 0));
	return (NULL);
}

/* RFC 4861 7.2.5 for an entry with a link address; lladdr is new or NULL.  False: another address that may not override: nothing else counts then. */
static bool
na_update(struct nd6_vnet *nv, struct nd6_entry *ne, const uint8_t *lladdr, uint32_t flags)
{
	const bool other = lladdr != NULL && memcmp(lladdr, ne->ne_lladdr, ETHER_ADDR_LEN) != 0;

	if (other && (flags & ND_NA_FLAG_OVERRIDE) == 0) {
		if (ne->ne_state == VI_NUD_REACHABLE)
			nd6_setstate(nv, ne, VI_NUD_STALE);
		return (false);
	}
	if (other)
		memcpy(ne->ne_lladdr, lladdr, ETHER_ADDR_LEN);
	if ((flags & ND_NA_FLAG_SOLICITED) != 0)
		nd6_confirm(nv, ne, NULL);
	else if (other)
		nd6_setstate(nv, ne, VI_NUD_STALE);
	return (true);
}

/* RFC 4861 7.1.2 and 7.2.5. */
static uint64_t *
na_input(struct nd_in *in)
{
	struct nd6_vnet *nv = in->in_nv;
	const struct nd_neighbor *nd = (const struct nd_neighbor *)(const void *)in->in_msg;
	uint32_t flags;
	struct in6_ifaddr *ia;
	struct nd6_entry *ne;
	uint8_t target[16];

	if (in->in_len < sizeof(*nd) || in6_multicast(nd->nd_target) || !in_options(in, sizeof(*nd)))
		return (&nv->nv_stat.ns_badform);
	flags = NTOHL(nd->nd_hdr.icmp6_data32);
	if (in6_multicast(in->in_dst) && (flags & ND_NA_FLAG_SOLICITED) != 0)
		return (&nv->nv_stat.ns_badform);
	in_target(in, nd->nd_target, target);
	ia = in6_ifaddr_find(ip6_vnet(nv->nv_vnet), target);
	if (ia != NULL && ia->ia_ifa.ifa_ifp == in->in_ifp) {
		nd6_dad_duplicate(nv, ia, in->in_tlla);
		return (NULL);
	}
	ne = nd6_lookup(nv, in->in_ifp, target);
	if (ne == NULL || ne->ne_permanent || ne->ne_state == VI_NUD_NONE)
		return (&nv->nv_stat.ns_ignored);
	if (ne->ne_state == VI_NUD_INCOMPLETE) {
		if (in->in_tlla == NULL)
			return (&nv->nv_stat.ns_ignored);
		ne->ne_router = (flags & ND_NA_FLAG_ROUTER) != 0;
		memcpy(ne->ne_lladdr, in->in_tlla, ETHER_ADDR_LEN);
		/* What waited is sent: that is a use of a stale entry (7.3.3). */
		nd6_setstate(nv, ne, (flags & ND_NA_FLAG_SOLICITED) != 0 ? VI_NUD_REACHABLE : ne->ne_hold != NULL ? VI_NUD_DELAY : VI_NUD_STALE);
		nd6_release_held(ne);
		return (NULL);
	}
	if (!na_update(nv, ne, in->in_tlla, flags))
		return (NULL);
	if (ne->ne_router && (flags & ND_NA_FLAG_ROUTER) == 0)
		nd6_router_gone(nv, ne, true);
	ne->ne_router = (flags & ND_NA_FLAG_ROUTER) != 0;
	return (NULL);
}

/* The table by which packets of ours go there. */
static uint32_t
redirect_fib(const struct nd_in *in, const uint8_t dst[16])
{
	struct rt_flow rf = { .rf_dst = { .na_af = NET_AF_INET6 }, .rf_fib = in->in_ifp->if_fib };

	memcpy(rf.rf_dst.na_in6, dst, sizeof(rf.rf_dst.na_in6));
	return (rt_flow_fib(in->in_nv->nv_vnet, &rf));
}

/* RFC 4861 8.1 and 8.3. */
static uint64_t *
redirect_input(struct nd_in *in)
{
	struct nd6_vnet *nv = in->in_nv;
	const struct nd_redirect *nr = (const struct nd_redirect *)(const void *)in->in_msg;
	uint8_t target[16], dst[16];
	const struct nhop *nh;
	uint32_t fib;

	if (in->in_len < sizeof(*nr) || !in_options(in, sizeof(*nr)) || in6_multicast(nr->nr_dst) ||
	    (!in6_linklocal(nr->nr_target) && !in6_equal(nr->nr_target, nr->nr_dst)))
		return (&nv->nv_stat.ns_badform);
	if (!in6_linklocal(in->in_src))
		return (&nv->nv_stat.ns_badsource);
	in_target(in, nr->nr_target, target);
	in_target(in, nr->nr_dst, dst);
	fib = redirect_fib(in, dst);
	nh = fib6_lookup(nv->nv_vnet, fib, dst);
	/* Only the router that we use for it may say so; a router obeys none. */
	if (in->in_ifp->if_forwards[NET_AF_INET6] || nd6_own(nv, in->in_ifp, ND6_REDIRECTS) == 0 || nh == NULL || nh->nh_ifp != in->in_ifp || (nh->nh_flags & RTF_GATEWAY) == 0 ||
	    !in6_equal(nh->nh_gw.na_in6, in->in_src) || in6_linklocal(dst))
		return (&nv->nv_stat.ns_badredirect);
	if (in->in_tlla != NULL)
		nd6_learn(nv, in->in_ifp, target, in->in_tlla, !in6_equal(target, dst));
	else if (!in6_equal(target, dst))
		in_isrouter(in, target, true);
	return (rt_redirect6(nv->nv_vnet, fib, dst, target, in->in_ifp) == 0 ? NULL : &nv->nv_stat.ns_badredirect);
}

/* RFC 4861 6.1.1, 6.2.6: routers learn who asks; the advertisement is a daemon's business. */
static uint64_t *
rs_input(struct nd_in *in)
{
	if (!in_options(in, ICMP6_MINLEN) || (in6_unspecified(in->in_src) && in->in_slla != NULL))
		return (&in->in_nv->nv_stat.ns_badform);
	if (!in->in_ifp->if_forwards[NET_AF_INET6])
		return (NULL);
	if (in->in_slla != NULL)
		nd6_learn(in->in_nv, in->in_ifp, in->in_src, in->in_slla, false);
	in_isrouter(in, in->in_src, false);
	return (NULL);
}

/* RFC 4861 6.1.2. */
static uint64_t *
ra_input(struct nd_in *in)
{
	if (in->in_len < sizeof(struct nd_router_advert) || !in_options(in, sizeof(struct nd_router_advert)))
		return (&in->in_nv->nv_stat.ns_badform);
	if (!in6_linklocal(in->in_src))
		return (&in->in_nv->nv_stat.ns_badsource);
	if (in->in_slla != NULL)
		nd6_learn(in->in_nv, in->in_ifp, in->in_src, in->in_slla, true);
	else
		in_isrouter(in, in->in_src, true);
	nd6_ra_input(in->in_nv, in->in_ifp, in->in_src, in->in_msg, in->in_len);
	return (NULL);
}

static uint64_t *
nd_dispatch(struct nd_in *in)
{
	switch (in->in_msg[0]) {
	case ND_ROUTER_SOLICIT:
		return (rs_input(in));
	case ND_ROUTER_ADVERT:
		return (ra_input(in));
	case ND_NEIGHBOR_SOLICIT:
		return (ns_input(in));
	case ND_NEIGHBOR_ADVERT:
		return (na_input(in));
	default:
		return (redirect_input(in));
	}
}

/* What is common to all (RFC 4861 6.1, 7.1, 8.1; RFC 6980).  NULL: go on. */
static uint64_t *
nd_check(struct nd6_vnet *nv, const struct mbuf *m, const struct inet_pkt *pk)
{
	const struct nd6_if *ni = pk->ip_rcvif == NULL ? NULL : nd6_if(pk->ip_rcvif);

	if (nv->nv_stopping || ni == NULL || (ni->ni_head.ih_flags & VI_ND6_IFF_IFDISABLED) != 0)
		return (&nv->nv_stat.ns_disabled);
	if (pk->ip_ttl != 255)
		return (&nv->nv_stat.ns_badhlim);
	if (pk->ip_frag)
		return (&nv->nv_stat.ns_fragment);
	if (mtod(m, const struct icmp6_hdr *)->icmp6_code != 0 || m->m_pkt.len > ND6_MAXMSG)
		return (&nv->nv_stat.ns_badform);
	return (NULL);
}

void
nd6_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct nd6_vnet *nv = nd6_vnet(pk->ip_vnet);
	uint8_t msg[ND6_MAXMSG];
	struct nd_in in = { .in_nv = nv, .in_ifp = pk->ip_rcvif, .in_src = (const uint8_t *)pk->ip_src.in6,
		.in_dst = (const uint8_t *)pk->ip_dst.in6, .in_msg = msg, .in_len = m->m_pkt.len };
	uint64_t *bad = nd_check(nv, m, pk);

	if (bad == NULL && m_copydata(m, 0, in.in_len, msg) == 0)
		bad = nd_dispatch(&in);
	if (bad != NULL)
		++*bad;
	m_freem(m);
}
