/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour unreachability detection (RFC 4861 7.3).
 *
 * INCOMPLETE: asked, up to nv_maxhold packets wait.  REACHABLE: confirmed within ni_reachable.  STALE: not confirmed since; used as it is, and the first use begins
 * DELAY, which leaves upper layers five seconds to confirm it; then PROBE asks the neighbour itself, three times.  Who does not answer goes, and if it was a
 * router another one is chosen.
 *
 * Transports confirm too (nd6_heard()): what the other end acknowledges went by this neighbour (RFC 4861 7.3.1).  As they would do so with every packet,
 * i6v_ndoubt counts the entries that are waiting for it, and they look there first.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/nd6/nd6_int.h"
#include "wire/ether.h"
#include "wire/icmp.h"

/* How long a state lasts, or until the next solicitation. */
static uint64_t
nud_time(const struct nd6_vnet *nv, const struct nd6_if *ni, enum vi_nud state)
{
	switch (state) {
	case VI_NUD_REACHABLE:
		return (ni->ni_reachable);
	case VI_NUD_STALE:
		return ((uint64_t)nv->nv_gctimer * ND6_SEC);
	case VI_NUD_DELAY:
		return ((uint64_t)nv->nv_delay * ND6_SEC);
	default:
		return (ni->ni_retrans);
	}
}

void
nd6_doubt(struct nd6_entry *ne, bool doubt)
{
	struct ip6_vnet *i6v = ip6_vnet(ne->ne_ifp->if_vnet);

	if (ne->ne_doubt == doubt)
		return;
	ne->ne_doubt = doubt;
	if (doubt)
		i6v->i6v_ndoubt++;
	else
		i6v->i6v_ndoubt--;
}

void
nd6_heard(struct ifnet *ifp, const uint8_t addr[16])
{
	struct nd6_vnet *nv = nd6_vnet(ifp->if_vnet);
	struct nd6_entry *ne = nd6_lookup(nv, ifp, addr);

	if (ne == NULL || !ne->ne_doubt)
		return;
	nv->nv_stat.ns_heard++;
	nd6_setstate(nv, ne, VI_NUD_REACHABLE);
}

void
nd6_setstate(struct nd6_vnet *nv, struct nd6_entry *ne, enum vi_nud state)
{
	struct nd6_if *ni = nd6_if(ne->ne_ifp);

	ne->ne_state = (uint8_t)state;
	ne->ne_asked = 0;
	nd6_doubt(ne, !ne->ne_permanent && (state == VI_NUD_DELAY || state == VI_NUD_PROBE));
	callout_stop(&ne->ne_timer);
	/* Only what needs nothing done when it is used may be taken without a look. */
	if (ni->ni_last == ne && state != VI_NUD_REACHABLE)
		ni->ni_last = NULL;
	nd6_tell(ne, false);
	if (ne->ne_permanent)
		return;
	nd6_requeue(nv, ne);
	if (state == VI_NUD_NONE)
		return;
	ne->ne_expire = vnet_now(nv->nv_vnet) + nud_time(nv, ni, state);
	callout_reset_at(&ne->ne_timer, ne->ne_expire);
	if (state == VI_NUD_REACHABLE)
		nd6_touch(nv, ne);
}

/* IPv4 goes to routers of IPv6 too (RFC 8950). */
static bool
nud_isinet(const struct mbuf *m)
{
	uint8_t vhl = 0;

	return (m_copydata(m, 0, sizeof(vhl), &vhl) == 0 && vhl >> 4 == 4);
}

/* The address a solicitation comes from: that of the packet which made us ask, if it is ours, else one of the interface's (RFC 4861 7.2.2). */
static const uint8_t *
nud_source(const struct nd6_entry *ne)
{
	const uint32_t bad = VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED | VI_IN6_IFF_ANYCAST;
	const struct in6_ifaddr *ia;
	struct ip6_hdr ip6;
	struct ifaddr *ifa;

	if (ne->ne_hold != NULL && !nud_isinet(ne->ne_hold) && m_copydata(ne->ne_hold, 0, sizeof(ip6), &ip6) == 0) {
		in6_setzone(ip6.ip6_src, ne->ne_ifp->if_index);
		ia = in6_ifaddr_find(ip6_vnet(ne->ne_ifp->if_vnet), ip6.ip6_src);
		if (ia != NULL && ia->ia_ifa.ifa_ifp == ne->ne_ifp && (ia->ia_flags & bad) == 0)
			return (ia6_addr(ia));
	}
	if (in6_linklocal(ne->ne_addr) || in6_ifaddr_linklocal(ne->ne_ifp) != NULL)
		return ((ia = in6_ifaddr_linklocal(ne->ne_ifp)) == NULL ? NULL : ia6_addr(ia));
	TAILQ_FOREACH(ifa, &ne->ne_ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && (ifatoia6(ifa)->ia_flags & bad) == 0)
			return (ifa->ifa_addr.na_in6);
	return (NULL);
}

static void
nud_ask(struct nd6_vnet *nv, struct nd6_entry *ne)
{
	const uint8_t *src = nud_source(ne);

	ne->ne_asked++;
	if (src != NULL)	/* without an address only detection of duplicates may ask */
		(void)nd6_ns_send(nv, ne->ne_ifp, src, ne->ne_addr, ne->ne_state == VI_NUD_PROBE ? ne->ne_addr : NULL, NULL);
}

/* Takes all that wait off the entry. */
static struct mbuf *
nud_unhold(struct nd6_entry *ne)
{
	struct mbuf *m = ne->ne_hold;

	ne->ne_hold = NULL;
	ne->ne_holdtail = &ne->ne_hold;
	ne->ne_nhold = 0;
	return (m);
}

void
nd6_release_held(struct nd6_entry *ne)
{
	uint8_t dst[ETHER_ADDR_LEN];
	struct ifnet *ifp = ne->ne_ifp;
	struct mbuf *m, *next;

	memcpy(dst, ne->ne_lladdr, sizeof(dst));
	for (m = nud_unhold(ne); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		(void)ether_frame(ifp, m, nud_isinet(m) ? ETHERTYPE_IP : ETHERTYPE_IPV6, dst);
	}
}

static void
nud_hold(struct nd6_vnet *nv, struct nd6_entry *ne, struct mbuf *m)
{
	struct mbuf *oldest;

	while (ne->ne_nhold >= (uint32_t)nv->nv_maxhold && (oldest = ne->ne_hold) != NULL) {
		if ((ne->ne_hold = oldest->m_nextpkt) == NULL)
			ne->ne_holdtail = &ne->ne_hold;
		oldest->m_nextpkt = NULL;
		ne->ne_nhold--;
		nv->nv_stat.ns_heldover++;
		m_freem(oldest);
	}
	m->m_nextpkt = NULL;
	*ne->ne_holdtail = m;
	ne->ne_holdtail = &m->m_nextpkt;
	ne->ne_nhold++;
}

/* RFC 4861 7.2.2: who sent what waited is told; our own sockets find out by themselves. */
static void
nud_unreachable(struct nd6_vnet *nv, struct nd6_entry *ne)
{
	struct mbuf *m = nud_unhold(ne), *next;

	nv->nv_stat.ns_timeouts++;
	ne->ne_state = VI_NUD_NONE;	/* not reachable, for whoever chooses among routers */
	nd6_router_gone(nv, ne, false);
	nd6_free(nv, ne);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		nv->nv_stat.ns_dropped++;
		if (m->m_pkt.rcvif == NULL || nv->nv_stopping)
			m_freem(m);
		else if (nud_isinet(m))
			icmp_error(nv->nv_vnet, m, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
		else
			icmp6_hostunreach(nv->nv_vnet, m);
	}
}

void
nd6_timer(void *arg)
{
	struct nd6_entry *ne = arg;
	struct nd6_vnet *nv = nd6_vnet(ne->ne_ifp->if_vnet);

	switch ((enum vi_nud)ne->ne_state) {
	case VI_NUD_INCOMPLETE:
	case VI_NUD_PROBE:
		if (ne->ne_asked >= (ne->ne_state == VI_NUD_PROBE ? nv->nv_umaxtries : nv->nv_mmaxtries)) {
			nud_unreachable(nv, ne);
			break;
		}
		nud_ask(nv, ne);
		ne->ne_expire = vnet_now(nv->nv_vnet) + nd6_if(ne->ne_ifp)->ni_retrans;
		callout_reset_at(&ne->ne_timer, ne->ne_expire);
		break;
	case VI_NUD_REACHABLE:
		nd6_setstate(nv, ne, VI_NUD_STALE);
		break;
	case VI_NUD_DELAY:
		nd6_setstate(nv, ne, VI_NUD_PROBE);
		nud_ask(nv, ne);
		break;
	case VI_NUD_STALE:		/* not used for so long */
		nd6_free(nv, ne);
		break;
	case VI_NUD_NONE:
		break;
	}
}

void
nd6_confirm(struct nd6_vnet *nv, struct nd6_entry *ne, const uint8_t *lladdr)
{
	if (lladdr != NULL)
		memcpy(ne->ne_lladdr, lladdr, ETHER_ADDR_LEN);
	nd6_setstate(nv, ne, VI_NUD_REACHABLE);
	nd6_release_held(ne);
}

void
nd6_learn(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t addr[16], const uint8_t *lladdr, bool router)
{
	struct nd6_entry *ne;

	/* Somebody who says that he is we, or a frame of ours that came back: no neighbour. */
	if (in6_ifaddr_find(ip6_vnet(nv->nv_vnet), addr) != NULL)
		return;
	if ((ne = nd6_lookup(nv, ifp, addr)) == NULL && (ne = nd6_new(nv, ifp, addr)) == NULL)
		return;
	if (router)
		ne->ne_router = true;
	if (ne->ne_permanent)
		return;
	if (ne->ne_state >= VI_NUD_REACHABLE && memcmp(ne->ne_lladdr, lladdr, ETHER_ADDR_LEN) == 0)
		return;
	memcpy(ne->ne_lladdr, lladdr, ETHER_ADDR_LEN);
	nd6_setstate(nv, ne, VI_NUD_STALE);
	nd6_touch(nv, ne);
	if (ne->ne_hold != NULL) {
		nd6_setstate(nv, ne, VI_NUD_DELAY);
		nd6_release_held(ne);
	}
}

/* A neighbour with a link address is used. */
static void
nud_use(struct nd6_vnet *nv, struct nd6_entry *ne, uint8_t *lladdr)
{
	if (ne->ne_state == VI_NUD_STALE)
		nd6_setstate(nv, ne, VI_NUD_DELAY);
	else if (ne->ne_state == VI_NUD_REACHABLE)
		nd6_if(ne->ne_ifp)->ni_last = ne;
	memcpy(lladdr, ne->ne_lladdr, ETHER_ADDR_LEN);
}

static int
nud_refuse(struct nd6_vnet *nv, struct mbuf *m, int error)
{
	nv->nv_stat.ns_dropped++;
	m_freem(m);
	return (error);
}

int
nd6_resolve(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh, uint8_t *lladdr)
{
	struct nd6_vnet *nv = nd6_vnet(ifp->if_vnet);
	struct nd6_if *ni = nd6_if(ifp);
	struct nd6_entry *ne;

	if (ni == NULL || nv->nv_stopping || (ni->ni_head.ih_flags & VI_ND6_IFF_IFDISABLED) != 0)
		return (nud_refuse(nv, m, ENETDOWN));
	if (ni->ni_last != NULL && in6_equal(ni->ni_last->ne_addr, nh->na_in6)) {
		memcpy(lladdr, ni->ni_last->ne_lladdr, ETHER_ADDR_LEN);
		return (0);
	}
	ne = nd6_lookup(nv, ifp, nh->na_in6);
	if (ne != NULL && ne->ne_state >= VI_NUD_REACHABLE && !ne->ne_proxy) {
		nud_use(nv, ne, lladdr);
		return (0);
	}
	if (ne != NULL && ne->ne_proxy)		/* we speak for it here; it is elsewhere */
		return (nud_refuse(nv, m, EHOSTUNREACH));
	if (ne == NULL && (ne = nd6_new(nv, ifp, nh->na_in6)) == NULL)
		return (nud_refuse(nv, m, ENOBUFS));
	nud_hold(nv, ne, m);
	if (ne->ne_state == VI_NUD_NONE) {
		nd6_setstate(nv, ne, VI_NUD_INCOMPLETE);
		nud_ask(nv, ne);
	}
	return (EWOULDBLOCK);
}
