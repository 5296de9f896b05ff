/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source address selection (RFC 6724 5): every address of the outgoing interface, and for larger scopes of the host, is compared with the best so
 * far, rule by rule; the first rule that makes a difference decides.
 */
#include <string.h>

#include "base/util.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/in_pcb.h"

/* RFC 6724 2.1: the default policy table, longest prefix first. */
static const struct policy {
	uint8_t		po_addr[16];
	uint8_t		po_len, po_precedence, po_label;
} policies[] = {
	{ { [15] = 1 }, 128, 50, 0 },
	{ { [10] = 0xff, [11] = 0xff }, 96, 35, 4 },
	{ { 0 }, 96, 1, 3 },
	{ { 0x20, 0x01 }, 32, 5, 5 },
	{ { 0x20, 0x02 }, 16, 30, 2 },
	{ { 0x3f, 0xfe }, 16, 1, 12 },
	{ { 0xfe, 0xc0 }, 10, 1, 11 },
	{ { 0xfc }, 7, 3, 13 },
	{ { 0 }, 0, 40, 1 },
};

static uint8_t
policy_label(const uint8_t *a)
{
	size_t i;

	for (i = 0; i < NITEMS(policies) - 1; i++)
		if (in6_sameprefix(a, policies[i].po_addr, policies[i].po_len))
			break;
	return (policies[i].po_label);
}

struct src_want {
	const struct ip6_vnet *sw_i6v;
	const struct ifnet *sw_ifp;
	const uint8_t	*sw_zdst;	/* as it is, with its zone */
	uint8_t		sw_dst[16];	/* without */
	enum in6_scope	sw_scope;
	uint8_t		sw_label;
	bool		sw_temp;
	bool		sw_anyif;	/* not the outgoing interface's before others: no_prefer_iface */
};

/* Rule 2: the smallest scope that still reaches, else the largest. */
static int
src_byscope(const struct src_want *sw, enum in6_scope a, enum in6_scope b)
{
	if (a == b)
		return (0);
	if (a < b)
		return (a < sw->sw_scope ? -1 : 1);
	return (b < sw->sw_scope ? 1 : -1);
}

static int
src_bool(bool a, bool b)
{
	return ((int)a - (int)b);
}

/* > 0: a is better than b. */
static int
src_compare(const struct src_want *sw, const struct in6_ifaddr *a, const struct in6_ifaddr *b)
{
	const uint8_t *pa = ia6_addr(a), *pb = ia6_addr(b);
	unsigned ca, cb;
	int r;

	if ((r = src_bool(in6_equal(pa, sw->sw_zdst), in6_equal(pb, sw->sw_zdst))) != 0)
		return (r);						/* 1 */
	if ((r = src_byscope(sw, in6_scope(pa), in6_scope(pb))) != 0)
		return (r);						/* 2 */
	if ((r = src_bool(!in6_deprecated(sw->sw_i6v, a), !in6_deprecated(sw->sw_i6v, b))) != 0)
		return (r);						/* 3 */
	if ((r = src_bool((a->ia_flags & VI_IN6_IFF_PREFER_SOURCE) != 0, (b->ia_flags & VI_IN6_IFF_PREFER_SOURCE) != 0)) != 0)
		return (r);						/* the administrator's wish */
	if (!sw->sw_anyif && (r = src_bool(a->ia_ifa.ifa_ifp == sw->sw_ifp, b->ia_ifa.ifa_ifp == sw->sw_ifp)) != 0)
		return (r);						/* 5 */
	if ((r = src_bool(policy_label(pa) == sw->sw_label, policy_label(pb) == sw->sw_label)) != 0)
		return (r);						/* 6 */
	r = src_bool((a->ia_flags & VI_IN6_IFF_TEMPORARY) != 0, (b->ia_flags & VI_IN6_IFF_TEMPORARY) != 0);
	if (r != 0)
		return (sw->sw_temp ? r : -r);				/* 7 */
	ca = MIN(in6_common(pa, sw->sw_dst), (unsigned)a->ia_ifa.ifa_prefixlen);
	cb = MIN(in6_common(pb, sw->sw_dst), (unsigned)b->ia_ifa.ifa_prefixlen);
	return ((int)ca - (int)cb);					/* 8 */
}

/* Does rule 5 hold for what goes out there? */
static bool
src_anyif(const struct ip6_vnet *i6v, const struct ifnet *ifp)
{
	return (i6v->i6v_nd != NULL && ifp != NULL && (i6v->i6v_nd->no_getflags(ifp) & VI_ND6_IFF_NO_PREFER_IFACE) != 0);
}

/* May it be a source at all? */
static bool
src_usable(const struct src_want *sw, const struct in6_ifaddr *ia)
{
	const uint8_t *a = ia6_addr(ia);

	if ((ia->ia_flags & (VI_IN6_IFF_TENTATIVE | VI_IN6_IFF_DUPLICATED | VI_IN6_IFF_ANYCAST | VI_IN6_IFF_DETACHED)) != 0)
		return (false);
	/* RFC 6724 4: what stays on a link comes from it. */
	if ((in6_multicast(sw->sw_dst) || in6_linklocal(sw->sw_dst)) && ia->ia_ifa.ifa_ifp != sw->sw_ifp && !in6_equal(a, sw->sw_zdst))
		return (false);
	/* RFC 4007: a link-local address is meant for its link, the loopback address for ourselves. */
	if (in6_linklocal(a))
		return (ia->ia_ifa.ifa_ifp == sw->sw_ifp || in6_equal(a, sw->sw_zdst));
	return (!in6_loopback(a) || in6_loopback(sw->sw_dst));
}

struct in6_ifaddr *
in6_selectsrc(struct vnet *vn, const struct ip6_path *path, const struct in_addr_any *dst, bool prefertemp)
{
	const struct ip6_vnet *i6v = ip6_vnet(vn);
	struct src_want sw = { .sw_i6v = i6v, .sw_ifp = path->i6p_ifp, .sw_zdst = (const uint8_t *)dst->in6, .sw_temp = prefertemp,
	    .sw_anyif = src_anyif(i6v, path->i6p_ifp) };
	struct in6_ifaddr *best = NULL, *ia;
	struct ifaddr *ifa;

	memcpy(sw.sw_dst, dst->in6, sizeof(sw.sw_dst));
	in6_setzone(sw.sw_dst, 0);
	sw.sw_scope = in6_scope(sw.sw_dst);
	sw.sw_label = policy_label(sw.sw_dst);
	for (uint32_t i = 0; i < i6v->i6v_addrs.it_size; i++) {
		TAILQ_FOREACH(ifa, &i6v->i6v_addrs.it_heads[i], ifa_vlink) {
			ia = ifatoia6(ifa);
			if (src_usable(&sw, ia) && (best == NULL || src_compare(&sw, ia, best) > 0))
				best = ia;
		}
	}
	return (best);
}

bool
in6_prefertemp(const struct vnet *vn, const struct inpcb *inp)
{
	uint8_t pref = inp != NULL ? inp->inp_srcpref : 0;

	if ((pref & (VI_PREFER_SRC_TMP | VI_PREFER_SRC_PUBLIC)) != 0)
		return ((pref & VI_PREFER_SRC_TMP) != 0);
	return (ip6_vnet(vn)->i6v_prefertempaddr != 0);
}
