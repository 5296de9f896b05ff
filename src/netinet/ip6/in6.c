/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Addresses of interfaces.  An address is on its interface's list and in the vnet's hash of own addresses.  It brings its prefix's route by the
 * interface, a route to itself by the loopback interface, and the membership in its solicited-node group.  Then nd6 hears of it and may hold it
 * tentative until duplicate address detection is over (RFC 4862 5.4).
 *
 * Of several addresses in one prefix the first carries the prefix's route; when it goes the next takes over.  The link-local prefix and the
 * groups of an interface come with its first address.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "kern/acct.h"
#include "mbuf/mbuf.h"
#include "netinet/ip6/ip6_var.h"

struct in6_ifaddr *
in6_ifaddr_find(const struct ip6_vnet *i6v, const uint8_t a[16])
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, ifaddrtab_head6(&i6v->i6v_addrs, a), ifa_vlink)
		if (in6_equal(ifa->ifa_addr.na_in6, a))
			return (ifatoia6(ifa));
	return (NULL);
}

bool
in6_localaddr(const struct ip6_vnet *i6v, const uint8_t a[16])
{
	return (in6_ifaddr_find(i6v, a) != NULL);
}

bool
in6_assigned(const struct ip6_vnet *i6v, const uint8_t a[16], uint32_t bad)
{
	const struct in6_ifaddr *ia = in6_ifaddr_find(i6v, a);

	return (ia != NULL && (ia->ia_flags & (VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED | bad)) == 0);
}

struct in6_ifaddr *
in6_ifaddr_linklocal(const struct ifnet *ifp)
{
	const uint32_t bad = VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED | VI_IN6_IFF_ANYCAST;
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && in6_linklocal(ifa->ifa_addr.na_in6) && (ifatoia6(ifa)->ia_flags & bad) == 0)
			return (ifatoia6(ifa));
	return (NULL);
}

static struct in6_ifaddr *
in6_ifaddr_first(const struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6)
			return (ifatoia6(ifa));
	return (NULL);
}

bool
in6_deprecated(const struct ip6_vnet *i6v, const struct in6_ifaddr *ia)
{
	return ((ia->ia_flags & VI_IN6_IFF_DEPRECATED) != 0 || (ia->ia_ifa.ifa_pexpire != 0 && ia->ia_ifa.ifa_pexpire <= vnet_now(i6v->i6v_vnet)));
}

/* Routes of an address */

static void
in6_prefix(const struct ifaddr *ifa, uint8_t dst[16])
{
	const unsigned len = ifa->ifa_prefixlen;

	memset(dst, 0, IN6_ADDRLEN);
	memcpy(dst, ifa->ifa_addr.na_in6, len / 8);
	if (len % 8 != 0)
		dst[len / 8] = ifa->ifa_addr.na_in6[len / 8] & (uint8_t)(0xff << (8 - len % 8));
}

static int
in6_ifa_addprefix(struct ifaddr *ifa)
{
	uint8_t dst[16];
	int error;

	if (ifa->ifa_prefixlen == 128)
		return (0);
	in6_prefix(ifa, dst);
	error = rt_ifa_add6(ifa->ifa_ifp->if_vnet, dst, ifa->ifa_prefixlen, 0, ifa->ifa_ifp, ifa);
	return (error == EEXIST ? 0 : error);	/* another address carries it */
}

/* May ifa2 carry the prefix dst/len from now on?  True: it does. */
static bool
in6_ifa_takeover(struct ifaddr *ifa2, const struct ifaddr *gone, const uint8_t dst[16])
{
	uint8_t dst2[16];

	if (ifa2 == gone || ifa2->ifa_addr.na_af != NET_AF_INET6 || ifa2->ifa_ifp->if_dying || ifa2->ifa_prefixlen != gone->ifa_prefixlen)
		return (false);
	in6_prefix(ifa2, dst2);
	return (in6_equal(dst, dst2) && in6_ifa_addprefix(ifa2) == 0);
}

static void
in6_ifa_delprefix(struct ifaddr *ifa)
{
	struct ip6_vnet *i6v = ip6_vnet(ifa->ifa_ifp->if_vnet);
	struct ifaddr *ifa2;
	uint8_t dst[16];

	if (ifa->ifa_prefixlen == 128)
		return;
	in6_prefix(ifa, dst);
	rt_ifa_del6(i6v->i6v_vnet, dst, ifa->ifa_prefixlen, ifa);
	TAILQ_FOREACH(ifa2, &ifa->ifa_ifp->if_addrs, ifa_link)
		if (in6_ifa_takeover(ifa2, ifa, dst))
			return;
	/* A prefix with a zone is nobody else's; another may be on a second interface. */
	for (uint32_t i = 0; !in6_zoned(dst) && i < i6v->i6v_addrs.it_size; i++)
		TAILQ_FOREACH(ifa2, &i6v->i6v_addrs.it_heads[i], ifa_vlink)
			if (in6_ifa_takeover(ifa2, ifa, dst))
				return;
}

static int
in6_ifa_addroutes(struct ifaddr *ifa)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;
	struct ifnet *lo = net_vnet(vn)->nv_lo0;
	int error;

	if (lo == NULL)
		return (ENXIO);
	error = rt_ifa_add6(vn, ifa->ifa_addr.na_in6, 128, RTF_HOST | RTF_LOCAL, lo, ifa);
	if (error == 0 && (error = in6_ifa_addprefix(ifa)) != 0)
		rt_ifa_del6(vn, ifa->ifa_addr.na_in6, 128, ifa);
	return (error);
}

static void
in6_ifa_free(struct ip6_vnet *i6v, struct in6_ifaddr *ia)
{
	struct ifaddr *ifa = &ia->ia_ifa;

	ifaddrtab_remove(&i6v->i6v_addrs, ifa);
	if_addr_unlink(ifa);
	kfree(vnet_acct(i6v->i6v_vnet), ACCT_IFADDR, ia, sizeof(*ia));
}

void
in6_ifaddr_remove(struct in6_ifaddr *ia)
{
	struct ifaddr *ifa = &ia->ia_ifa;
	struct ifnet *ifp = ifa->ifa_ifp;
	struct ip6_vnet *i6v = ip6_vnet(ifp->if_vnet);
	uint8_t sol[16];

	if (i6v->i6v_nd != NULL)
		i6v->i6v_nd->no_addr_removed(ia);
	vnet_event(i6v->i6v_vnet, VNET_EV_IFADDR_DEL, ifa);
	in6_ifa_delprefix(ifa);
	rt_ifa_del6(i6v->i6v_vnet, ia6_addr(ia), 128, ifa);
	in6_solicited(ia6_addr(ia), ifp->if_index, sol);
	in6_mcast_leave(i6v->i6v_vnet, ifp, sol);
	in6_ifa_free(i6v, ia);
}

void
in6_ifaddr_lifetimes(struct in6_ifaddr *ia, uint32_t vltime, uint32_t pltime)
{
	ia->ia_vltime = vltime;
	ia->ia_pltime = pltime;
	ifa_setlifetimes(&ia->ia_ifa, vltime, pltime);
	if (pltime != 0)
		ia->ia_flags &= ~(uint32_t)VI_IN6_IFF_DEPRECATED;
}

/* In the tables, with its group; routes and events are the caller's. */
static int
in6_ifa_link(struct ifnet *ifp, struct in6_ifaddr *ia)
{
	struct ip6_vnet *i6v = ip6_vnet(ifp->if_vnet);
	uint8_t sol[16];
	int error;

	in6_solicited(ia6_addr(ia), ifp->if_index, sol);
	if ((error = in6_mcast_join(i6v->i6v_vnet, ifp, sol)) != 0)
		return (error);
	ifaddrtab_add(&i6v->i6v_addrs, &ia->ia_ifa);
	if_addr_link(&ia->ia_ifa);
	return (0);
}

int
in6_ifaddr_add(struct ifnet *ifp, const uint8_t a[16], uint8_t len, uint32_t flags, uint32_t vltime, uint32_t pltime, struct in6_ifaddr **iap)
{
	struct ip6_vnet *i6v = ip6_vnet(ifp->if_vnet);
	struct in6_ifaddr *ia;
	uint8_t sol[16];
	int error;

	if (in6_ifaddr_find(i6v, a) != NULL)
		return (EEXIST);
	if ((ia = kmalloc(vnet_acct(i6v->i6v_vnet), ACCT_IFADDR, sizeof(*ia))) == NULL)
		return (ENOBUFS);
	*ia = (struct in6_ifaddr){ .ia_flags = flags, .ia_created = vnet_now(i6v->i6v_vnet) };
	ia->ia_ifa.ifa_ifp = ifp;
	ia->ia_ifa.ifa_prefixlen = len;
	ia->ia_ifa.ifa_addr.na_af = ia->ia_ifa.ifa_dst.na_af = NET_AF_INET6;
	memcpy(ia->ia_ifa.ifa_addr.na_in6, a, IN6_ADDRLEN);
	in6_ifaddr_lifetimes(ia, vltime, pltime);
	ia->ia_flags = flags;	/* deprecated because the caller says so */
	if ((error = in6_ifa_link(ifp, ia)) != 0) {
		kfree(vnet_acct(i6v->i6v_vnet), ACCT_IFADDR, ia, sizeof(*ia));
		return (error);
	}
	if ((error = in6_ifa_addroutes(&ia->ia_ifa)) != 0) {
		in6_solicited(a, ifp->if_index, sol);
		in6_mcast_leave(i6v->i6v_vnet, ifp, sol);
		in6_ifa_free(i6v, ia);
		return (error);
	}
	vnet_event(i6v->i6v_vnet, VNET_EV_IFADDR_ADD, &ia->ia_ifa);
	if (i6v->i6v_nd != NULL)
		i6v->i6v_nd->no_addr_added(ia);
	if (iap != NULL)
		*iap = ia;
	return (0);
}

/* Management */

#define IN6_USERFLAGS	(VI_IN6_IFF_ANYCAST | VI_IN6_IFF_DEPRECATED | VI_IN6_IFF_NODAD | VI_IN6_IFF_AUTOCONF | VI_IN6_IFF_TEMPORARY | \
	VI_IN6_IFF_PREFER_SOURCE)

static int
in6_addr_check(struct ifnet *ifp, const struct vi_ifaddr *ia, struct in_addr_any *a)
{
	const uint8_t *p = ia->ia_addr.sa_in6;
	struct vi_sockaddr sa = ia->ia_addr;

	if (ia->ia_addr.sa_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if (in6_unspecified(p) || in6_multicast(p) || in6_v4mapped(p) || (in6_loopback(p) && (ifp->if_flags & IFF_LOOPBACK) == 0))
		return (EINVAL);
	if ((ia->ia_flags & ~(uint32_t)IN6_USERFLAGS) != 0 || (ia->ia_prefixlen > 128 && ia->ia_prefixlen != 0xff) || ia->ia_prefixlen == 0)
		return (EINVAL);
	if (ifp->if_index > UINT16_MAX)
		return (ENOBUFS);	/* no room for the zone */
	if (sa.sa_scope != 0 && sa.sa_scope != ifp->if_index)
		return (EINVAL);
	return (in6_embed(ifp->if_vnet, &sa, ifp->if_index, a));
}

/*
 * BSD's semantics: IPv6 addresses are all aliases; without alias one is added as well.  An address the interface has already is changed in place.
 */
static int
in6_addr_add(struct ifnet *ifp, const struct vi_ifaddr *va, bool alias)
{
	const uint32_t vl = va->ia_vltime == 0 ? VI_IFA_INFINITE : va->ia_vltime, pl = va->ia_pltime == 0 ? vl : va->ia_pltime;
	const uint8_t len = va->ia_prefixlen == 0xff ? 64 : va->ia_prefixlen;
	struct in6_ifaddr *ia;
	struct in_addr_any a;
	int error;

	(void)alias;
	if ((error = in6_addr_check(ifp, va, &a)) != 0)
		return (error);
	if (pl > vl)
		return (EINVAL);
	ia = in6_ifaddr_find(ip6_vnet(ifp->if_vnet), (const uint8_t *)a.in6);
	if (ia != NULL && (ia->ia_ifa.ifa_ifp != ifp || ia->ia_ifa.ifa_prefixlen != len))
		return (EEXIST);
	if (ia == NULL)
		return (in6_ifaddr_add(ifp, (const uint8_t *)a.in6, len, va->ia_flags, vl, pl, NULL));
	ia->ia_flags = (ia->ia_flags & ~(uint32_t)(VI_IN6_IFF_DEPRECATED | VI_IN6_IFF_PREFER_SOURCE)) |
	    (va->ia_flags & (VI_IN6_IFF_DEPRECATED | VI_IN6_IFF_PREFER_SOURCE));
	in6_ifaddr_lifetimes(ia, vl, pl);
	if ((va->ia_flags & VI_IN6_IFF_DEPRECATED) != 0)
		ia->ia_flags |= VI_IN6_IFF_DEPRECATED;
	if (ip6_vnet(ifp->if_vnet)->i6v_nd != NULL)
		ip6_vnet(ifp->if_vnet)->i6v_nd->no_addr_changed(ia);
	vnet_event(ifp->if_vnet, VNET_EV_IFADDR_READY, &ia->ia_ifa);
	return (0);
}

static int
in6_addr_del(struct ifnet *ifp, const struct vi_sockaddr *sa)
{
	struct in6_ifaddr *ia;
	struct in_addr_any a;

	if (sa->sa_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if (in6_embed(ifp->if_vnet, sa, ifp->if_index, &a) != 0)
		return (EADDRNOTAVAIL);
	ia = in6_ifaddr_find(ip6_vnet(ifp->if_vnet), (const uint8_t *)a.in6);
	if (ia == NULL || ia->ia_ifa.ifa_ifp != ifp)
		return (EADDRNOTAVAIL);
	in6_ifaddr_remove(ia);
	return (0);
}

static void
in6_addr_info(const struct ifaddr *ifa, struct vi_ifaddr *va)
{
	const struct in6_ifaddr *ia = ifatoia6(ifa);
	struct in_addr_any a;

	memcpy(a.in6, ifa->ifa_addr.na_in6, sizeof(a.in6));
	in6_recover(&a, 0, &va->ia_addr);
	va->ia_flags = ia->ia_flags | (in6_deprecated(ip6_vnet(ifa->ifa_ifp->if_vnet), ia) ? (uint32_t)VI_IN6_IFF_DEPRECATED : 0);
}

void
in6_ifdetach(struct ifnet *ifp)
{
	struct in6_ifaddr *ia;

	while ((ia = in6_ifaddr_first(ifp)) != NULL)
		in6_ifaddr_remove(ia);
}

/* RFC 4007 5: a zone of link-local scope is one link, and two cannot be merged.  As in FreeBSD all of its addresses go then. */
void
in6_ifmerge(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && in6_linklocal(ifa->ifa_addr.na_in6))
			break;
	if (ifa == NULL)
		return;
	in6_ifdetach(ifp);
	vnet_log(ifp->if_vnet, LOG_NOTICE, "%s: IPv6 addresses removed: its link is that of an aggregate now", ifp->if_xname);
}

/* Zones */

int
in6_embed(struct vnet *vn, const struct vi_sockaddr *sa, uint32_t deflt, struct in_addr_any *a)
{
	const uint32_t zone = sa->sa_scope != 0 ? sa->sa_scope : deflt;

	memcpy(a->in6, sa->sa_in6, sizeof(a->in6));
	if (!in6_zoned(sa->sa_in6))
		return (0);
	if (in6_zone(sa->sa_in6) != 0)
		return (0);		/* it is there already */
	if (zone == 0)
		return (EINVAL);
	if (zone > UINT16_MAX || ifnet_byindex(vn, zone) == NULL)
		return (ENXIO);
	in6_setzone((uint8_t *)a->in6, zone);
	return (0);
}

void
in6_recover(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa_family = VI_AF_INET6;
	sa->sa_port = port;
	memcpy(sa->sa_in6, a->in6, sizeof(sa->sa_in6));
	sa->sa_scope = in6_zone(sa->sa_in6);
	in6_setzone(sa->sa_in6, 0);
}

/* Net's table: what nd6 does is asked of it. */

static int
in6_resolve(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh, uint8_t *lladdr)
{
	const struct nd6_ops *nd = ip6_vnet(ifp->if_vnet)->i6v_nd;

	if (nd != NULL)
		return (nd->no_resolve(ifp, m, nh, lladdr));
	m_freem(m);
	return (EHOSTUNREACH);
}

static int
in6_neigh_add(struct vnet *vn, const struct vi_neigh *ne)
{
	const struct nd6_ops *nd = ip6_vnet(vn)->i6v_nd;

	return (nd == NULL ? EAFNOSUPPORT : nd->no_neigh_add(vn, ne));
}

static int
in6_neigh_del(struct vnet *vn, const struct vi_sockaddr *sa, const char *ifname)
{
	const struct nd6_ops *nd = ip6_vnet(vn)->i6v_nd;

	return (nd == NULL ? EAFNOSUPPORT : nd->no_neigh_del(vn, sa, ifname));
}

static int
in6_neigh_get(struct vnet *vn, const struct vi_sockaddr *sa, const char *ifname, struct vi_neigh *ne)
{
	const struct nd6_ops *nd = ip6_vnet(vn)->i6v_nd;

	return (nd == NULL ? EAFNOSUPPORT : nd->no_neigh_get(vn, sa, ifname, ne));
}

static void
in6_neigh_list(struct vnet *vn, void (*fn)(void *, const struct vi_neigh *), void *arg)
{
	const struct nd6_ops *nd = ip6_vnet(vn)->i6v_nd;

	if (nd != NULL)
		nd->no_neigh_list(vn, fn, arg);
}

static uint32_t
in6_linkmtu(const struct ifnet *ifp)
{
	const struct nd6_ops *nd = ip6_vnet(ifp->if_vnet)->i6v_nd;

	return (nd == NULL ? 0 : nd->no_linkmtu(ifp));
}

static uint32_t
in6_getflags(const struct ifnet *ifp)
{
	const struct nd6_ops *nd = ip6_vnet(ifp->if_vnet)->i6v_nd;

	return (nd == NULL ? 0 : nd->no_getflags(ifp));
}

static int
in6_setflags(struct ifnet *ifp, uint32_t set, uint32_t clear)
{
	const struct nd6_ops *nd = ip6_vnet(ifp->if_vnet)->i6v_nd;

	return (nd == NULL ? EAFNOSUPPORT : nd->no_setflags(ifp, set, clear));
}

/* A packet to one of our own addresses comes from that. */
static bool
in6_afsource(struct ifnet *ifp, const struct net_addr *dst, struct net_addr *src)
{
	const struct ip6_path path = { .i6p_ifp = ifp };
	const struct in6_ifaddr *ia;
	struct in_addr_any faddr;

	*src = *dst;
	memcpy(faddr.in6, dst->na_in6, sizeof(faddr.in6));
	if (in6_localaddr(ip6_vnet(ifp->if_vnet), dst->na_in6))
		return (true);
	if ((ia = in6_selectsrc(ifp->if_vnet, &path, &faddr, in6_prefertemp(ifp->if_vnet, NULL))) == NULL)
		return (false);
	memcpy(src->na_in6, ia6_addr(ia), sizeof(src->na_in6));
	return (true);
}

const struct net_afops in6_afops = {
	.nao_addr_add = in6_addr_add,
	.nao_addr_del = in6_addr_del,
	.nao_addr_info = in6_addr_info,
	.nao_resolve = in6_resolve,
	.nao_getflags = in6_getflags,
	.nao_ifstats = in6_ifstats,
	.nao_linkmtu = in6_linkmtu,
	.nao_setflags = in6_setflags,
	.nao_neigh_add = in6_neigh_add,
	.nao_neigh_get = in6_neigh_get,
	.nao_neigh_del = in6_neigh_del,
	.nao_neigh_list = in6_neigh_list,
	.nao_group_list = in6_group_list,
	.nao_source = in6_afsource,
	.nao_wire = in6_wire,
};
