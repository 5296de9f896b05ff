/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Duplicate address detection (RFC 4862 5.4): an address is tentative until nv_dadcount solicitations for it went unanswered.  A nonce tells our own solicitation, come
 * back over a loop, from another's (RFC 7527): then the link is not what it should be, and nobody's silence means anything; it is asked again until
 * nothing comes back.
 */
#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "mbuf/mbuf.h"
#include "netinet/nd6/nd6_int.h"

static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };

static void
dad_free(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	struct nd6_dad *da = ia->ia_nd;

	if (da == NULL)
		return;
	callout_stop(&da->da_timer);
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, da, sizeof(*da));
	ia->ia_nd = NULL;
}

/* It is ours.  The neighbours hear of it (RFC 9131), and with a link-local address routers can be asked. */
static void
dad_done(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;

	dad_free(nv, ia);
	ia->ia_flags &= ~(uint32_t)VI_IN6_IFF_TENTATIVE;
	nd6_addr_verified(nv, ia);
	if (nv->nv_stopping || !if_up(ifp))
		return;
	vnet_event(nv->nv_vnet, VNET_EV_IFADDR_READY, &ia->ia_ifa);
	(void)nd6_na_send(nv, ifp, ia6_addr(ia), ia6_addr(ia), all_nodes, 0);
	if (in6_linklocal(ia6_addr(ia))) {
		in6_mcast_linklocal(ifp);
		nd6_rs_start(nv, ifp);
	}
}

/* RFC 4861 7.2.6: the neighbours' entries are overridden; of an anycast address each has one of many. */
static void
announce(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;

	dad_free(nv, ia);
	if (!nv->nv_stopping && if_up(ifp) && !nd6_disabled(ifp))
		(void)nd6_na_send(nv, ifp, ia6_addr(ia), ia6_addr(ia), all_nodes, (ia->ia_flags & VI_IN6_IFF_ANYCAST) != 0 ? 0 : ND_NA_FLAG_OVERRIDE);
}

static void
dad_timer(void *arg)
{
	struct nd6_dad *da = arg;
	struct in6_ifaddr *ia = da->da_ia;
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	struct nd6_vnet *nv = nd6_vnet(ifp->if_vnet);

	if (da->da_announce) {
		announce(nv, ia);
		return;
	}
	if (da->da_left == 0) {
		dad_done(nv, ia);
		return;
	}
	da->da_left--;
	memcpy(da->da_nonce[1], da->da_nonce[0], sizeof(da->da_nonce[1]));
	kernel_random(nv->nv_vnet->vn_kernel, da->da_nonce[0], sizeof(da->da_nonce[0]));
	(void)nd6_ns_send(nv, ifp, NULL, ia6_addr(ia), NULL, da->da_nonce[0]);
	callout_reset(&da->da_timer, nd6_if(ifp)->ni_retrans);
}

bool
nd6_dad_looped(struct nd6_vnet *nv, struct in6_ifaddr *ia, const uint8_t nonce[6])
{
	struct nd6_dad *da = ia->ia_nd;
	char name[40];

	if (da == NULL || (memcmp(nonce, da->da_nonce[0], 6) != 0 && memcmp(nonce, da->da_nonce[1], 6) != 0))
		return (false);
	nv->nv_stat.ns_looped++;
	if (!da->da_looped)
		vnet_log(nv->nv_vnet, LOG_WARNING, "%s: my solicitation for %s came back: a loop", ia->ia_ifa.ifa_ifp->if_xname,
		    nd6_addrname(ia6_addr(ia), name));
	da->da_looped = true;
	da->da_left = nv->nv_mmaxtries;	/* RFC 7527 4.2: MAX_MULTICAST_SOLICIT more */
	return (true);
}

/* NULL: no memory. */
static struct nd6_dad *
dad_get(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	struct nd6_dad *da = ia->ia_nd;

	if (da != NULL || (da = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*da))) == NULL)
		return (da);
	*da = (struct nd6_dad){ .da_ia = ia };
	callout_init(&da->da_timer, &nv->nv_vnet->vn_lane, dad_timer, da);
	ia->ia_nd = da;
	return (da);
}

/* Begins, at once: a delay (RFC 4862 5.4.2) is for many hosts that start together. */
static void
dad_start(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	struct nd6_dad *da = dad_get(nv, ia);

	if (da == NULL)
		return;		/* it stays tentative */
	da->da_announce = false;
	da->da_left = nd6_own(nv, ia->ia_ifa.ifa_ifp, ND6_DADCOUNT);
	callout_reset(&da->da_timer, 0);
}

static bool
dad_due(const struct nd6_vnet *nv, const struct in6_ifaddr *ia)
{
	const struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	const struct nd6_if *ni = nd6_if(ifp);

	return (ni != NULL && nd6_own(nv, ifp, ND6_DADCOUNT) > 0 && ifp->if_type == VI_IFT_ETHER && (ni->ni_head.ih_flags & VI_ND6_IFF_NO_DAD) == 0 &&
	    (ia->ia_flags & (VI_IN6_IFF_NODAD | VI_IN6_IFF_ANYCAST | VI_IN6_IFF_DUPLICATED)) == 0);
}

void
nd6_dad_disable(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
		if (ifa->ifa_addr.na_af != NET_AF_INET6 || !dad_due(nv, ifatoia6(ifa)))
			continue;
		dad_free(nv, ifatoia6(ifa));
		ifatoia6(ifa)->ia_flags |= VI_IN6_IFF_TENTATIVE;
	}
}

void
nd6_addr_changed(struct in6_ifaddr *ia)
{
	if (ia->ia_ifa.ifa_vexpire != 0)
		nd6_slow_start(nd6_vnet(ia->ia_ifa.ifa_ifp->if_vnet));
}

void
nd6_addr_added(struct in6_ifaddr *ia)
{
	struct nd6_vnet *nv = nd6_vnet(ia->ia_ifa.ifa_ifp->if_vnet);

	nd6_addr_changed(ia);
	if (!dad_due(nv, ia))
		return;
	ia->ia_flags |= VI_IN6_IFF_TENTATIVE;
	if (if_up(ia->ia_ifa.ifa_ifp) && !nd6_disabled(ia->ia_ifa.ifa_ifp))
		dad_start(nv, ia);
}

void
nd6_addr_removed(struct in6_ifaddr *ia)
{
	struct nd6_vnet *nv = nd6_vnet(ia->ia_ifa.ifa_ifp->if_vnet);

	dad_free(nv, ia);
	nd6_addr_gone(nv, ia);
}

/* One address after the other (RFC 4861 7.2.6).  Those that are being verified are told of when they are. */
void
nd6_announce(struct nd6_vnet *nv, struct ifnet *ifp)
{
	uint64_t delay = 0;
	struct nd6_dad *da;
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
		struct in6_ifaddr *ia = ifatoia6(ifa);

		if (ifa->ifa_addr.na_af != NET_AF_INET6 || (ia->ia_flags & (VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED)) != 0 ||
		    (da = dad_get(nv, ia)) == NULL)
			continue;
		da->da_announce = true;
		callout_reset(&da->da_timer, delay);
		delay += nd6_if(ifp)->ni_retrans;
	}
}

/* The link may be another one now: all addresses are checked again. */
void
nd6_dad_ifup(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
		struct in6_ifaddr *ia = ifatoia6(ifa);

		if (ifa->ifa_addr.na_af != NET_AF_INET6)
			continue;
		ia->ia_flags &= ~(uint32_t)VI_IN6_IFF_DUPLICATED;
		if (!dad_due(nv, ia))
			continue;
		ia->ia_flags |= VI_IN6_IFF_TENTATIVE;
		if (!nd6_disabled(ifp))
			dad_start(nv, ia);
	}
}

char *
nd6_addrname(const uint8_t *a, char buf[40])
{
	static const char hex[] = "0123456789abcdef";
	char *p = buf;

	for (unsigned i = 0; i < 16; i += 2) {
		const unsigned w = (unsigned)(a[i] << 8 | a[i + 1]);

		for (int s = 12; s >= 0; s -= 4)
			if (s == 0 || (w >> s) != 0)
				*p++ = hex[w >> s & 0xf];
		*p++ = i == 14 ? '\0' : ':';
	}
	return (buf);
}

/* RFC 4862 5.4.5: the address is not used; if it was made of our hardware address, the interface speaks no IPv6. */
void
nd6_dad_duplicate(struct nd6_vnet *nv, struct in6_ifaddr *ia, const uint8_t *lladdr)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	uint8_t ifid[8], a[16];
	char name[40], mac[ETHER_STRLEN] = "";

	memcpy(a, ia6_addr(ia), sizeof(a));
	in6_setzone(a, 0);
	if ((ia->ia_flags & VI_IN6_IFF_TENTATIVE) == 0) {
		/* Somebody takes an address that is in use: his mistake; it is said, no more (RFC 4862 5.4.4). */
		vnet_log(nv->nv_vnet, LOG_ERR, "nd6: %s is using my address %s on %s!",
		    lladdr == NULL ? "somebody" : ether_addr_ntop(mac, sizeof(mac), lladdr), nd6_addrname(a, name), ifp->if_xname);
		return;
	}
	dad_free(nv, ia);
	nv->nv_stat.ns_duplicates++;
	ia->ia_flags = (ia->ia_flags & ~(uint32_t)VI_IN6_IFF_TENTATIVE) | VI_IN6_IFF_DUPLICATED;
	vnet_log(nv->nv_vnet, LOG_ERR, "%s: DAD detected duplicate IPv6 address %s", ifp->if_xname, nd6_addrname(a, name));
	if (nd6_addr_conflict(nv, ia))
		return;
	nd6_ifid(ifp, ifid);
	if (in6_linklocal(a) && memcmp(a + 8, ifid, sizeof(ifid)) == 0) {
		nd6_if(ifp)->ni_head.ih_flags |= VI_ND6_IFF_IFDISABLED;
		nd6_dad_disable(nv, ifp);
		vnet_log(nv->nv_vnet, LOG_ERR, "%s: possible hardware address duplication detected, disable IPv6", ifp->if_xname);
	}
}
