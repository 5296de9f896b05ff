/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The identifiers of autoconfigured addresses, and the addresses themselves.
 *
 * An identifier is made of the hardware address (RFC 2464 4), or, where VI_ND6_IFF_STABLEADDR is set, of a secret of this vnet, the prefix and the
 * interface's name (RFC 7217): the same as long as the host stays on a network, another on the next.  The secret is random unless
 * net.inet6.ip6.stable_secret set it, which is what keeps addresses over a restart.
 *
 * With net.inet6.ip6.use_tempaddr every prefix has a temporary address besides (RFC 8981): random, preferred for a day less a random part of it, and
 * followed by another shortly before that is over.  How far a router may prolong it is in ia_vmax and ia_pmax.
 *
 * When an address turns out to be somebody else's another is tried, three times (IDGEN_RETRIES); one made of the hardware address has no other.
 */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define IDGEN_RETRIES	3	/* RFC 7217 6, RFC 8981 3.8 */
#define MAXTEMP		16	/* of a prefix */

void
nd6_ifid(const struct ifnet *ifp, uint8_t out[8])
{
	const uint8_t *ll = ifp->if_lladdr;
	const uint8_t id[8] = { ll[0] ^ 0x02, ll[1], ll[2], 0xff, 0xfe, ll[3], ll[4], ll[5] };

	memcpy(out, id, sizeof(id));
}

/* RFC 5453 3 and what was registered since: not for hosts. */
bool
nd6_ifid_reserved(const uint8_t id[8])
{
	static const uint8_t zero[8], ether[5] = { 0x02, 0x00, 0x5e, 0xff, 0xfe }, anycast[7] = { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return (memcmp(id, zero, 8) == 0 || memcmp(id, ether, 5) == 0 || (memcmp(id, anycast, 7) == 0 && id[7] >= 0x80));
}

/* RFC 7217 5: F(prefix, interface, DAD counter, secret); a network has no name here. */
static void
ifid_stable(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t prefix[8], uint8_t counter, uint8_t out[8])
{
	uint8_t in[8 + VI_IFNAMSIZ + 2] = { 0 };
	uint64_t id;

	memcpy(in, prefix, 8);
	memcpy(in + 8, ifp->if_xname, strnlen(ifp->if_xname, VI_IFNAMSIZ));
	in[8 + VI_IFNAMSIZ] = counter;
	do {
		id = siphash24(&nv->nv_secret, in, sizeof(in));
		memcpy(out, &id, sizeof(id));
	} while (nd6_ifid_reserved(out) && ++in[8 + VI_IFNAMSIZ + 1] != 0);
}

static void
ifid_make(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t prefix[8], uint8_t counter, uint8_t out[8])
{
	if ((nd6_if(ifp)->ni_head.ih_flags & VI_ND6_IFF_STABLEADDR) != 0)
		ifid_stable(nv, ifp, prefix, counter, out);
	else
		nd6_ifid(ifp, out);
}

void
nd6_linklocal_add(struct nd6_vnet *nv, struct ifnet *ifp)
{
	const struct nd6_if *ni = nd6_if(ifp);
	uint8_t a[16] = { 0xfe, 0x80 };
	const struct ifaddr *ifa;

	if (ni == NULL || ifp->if_type != VI_IFT_ETHER || (ni->ni_head.ih_flags & (VI_ND6_IFF_AUTO_LINKLOCAL | VI_ND6_IFF_IFDISABLED)) !=
	    VI_ND6_IFF_AUTO_LINKLOCAL || ifp->if_index > UINT16_MAX || if_merged(ifp))
		return;
	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && in6_linklocal(ifa->ifa_addr.na_in6))
			return;
	ifid_make(nv, ifp, a, ni->ni_lldad, a + 8);
	in6_setzone(a, ifp->if_index);
	(void)in6_ifaddr_add(ifp, a, 64, 0, VI_IFA_INFINITE, VI_IFA_INFINITE, NULL);
}

void
nd6_prefix_address(struct nd6_vnet *nv, struct nd6_prefix *np, uint32_t valid, uint32_t preferred)
{
	uint8_t a[16];

	memcpy(a, np->np_prefix, 8);
	ifid_make(nv, np->np_ifp, a, np->np_dad, a + 8);
	if (in6_ifaddr_add(np->np_ifp, a, 64, VI_IN6_IFF_AUTOCONF, valid, preferred, &np->np_addr) != 0)
		np->np_addr = NULL;
}

/* Temporary addresses */

static uint64_t
temp_left(uint64_t now, uint64_t then)
{
	return (then == 0 ? UINT64_MAX : then <= now ? 0 : then - now);
}

/* RFC 8981 3.8: so long before the end of an address the next is made. */
static uint64_t
temp_advance(const struct nd6_vnet *nv, const struct ifnet *ifp)
{
	return (2 * ND6_SEC + (uint64_t)(IDGEN_RETRIES * nd6_own(nv, ifp, ND6_DADCOUNT)) * nd6_if(ifp)->ni_retrans);
}

static void
temp_ifid(const struct nd6_vnet *nv, uint8_t id[8])
{
	do
		kernel_random(nv->nv_vnet->vn_kernel, id, 8);
	while (nd6_ifid_reserved(id));
}

/* RFC 8981 3.4. */
static void
temp_make(struct nd6_vnet *nv, struct nd6_prefix *np, uint64_t now)
{
	const uint64_t desync = kernel_random_below(nv->nv_vnet->vn_kernel, (uint32_t)nv->nv_temppltime * 2 / 5 + 1) * ND6_SEC;
	const uint64_t pmax = (uint64_t)nv->nv_temppltime * ND6_SEC - desync, vmax = (uint64_t)nv->nv_tempvltime * ND6_SEC;
	const uint64_t valid = MIN(vmax, temp_left(now, np->np_expire)), preferred = MIN(MIN(pmax, valid), temp_left(now, np->np_pexpire));
	struct in6_ifaddr *ia;
	uint8_t a[16];

	if (preferred <= temp_advance(nv, np->np_ifp))
		return;
	memcpy(a, np->np_prefix, 8);
	temp_ifid(nv, a + 8);
	if (in6_ifaddr_add(np->np_ifp, a, 64, VI_IN6_IFF_AUTOCONF | VI_IN6_IFF_TEMPORARY, (uint32_t)(valid / ND6_SEC),
	    (uint32_t)(preferred / ND6_SEC), &ia) != 0)
		return;
	ia->ia_vmax = now + vmax;
	ia->ia_pmax = now + pmax;
}

void
nd6_temp_check(struct nd6_vnet *nv, struct nd6_prefix *np)
{
	const uint64_t now = vnet_now(nv->nv_vnet);
	const struct in6_ifaddr *ia;
	const struct ifaddr *ifa;
	unsigned n = 0;

	if (nv->nv_usetempaddr == 0 || (np->np_flags & ND_PI_AUTO) == 0 || np->np_len != 64 || np->np_tempdad > IDGEN_RETRIES || np->np_doubt ||
	    (nd6_if(np->np_ifp)->ni_head.ih_flags & VI_ND6_IFF_IFDISABLED) != 0)
		return;
	TAILQ_FOREACH(ifa, &np->np_ifp->if_addrs, ifa_link) {
		ia = ifatoia6(ifa);
		if (ifa->ifa_addr.na_af != NET_AF_INET6 || (ia->ia_flags & VI_IN6_IFF_TEMPORARY) == 0 ||
		    !in6_sameprefix(np->np_prefix, ifa->ifa_addr.na_in6, 64))
			continue;
		if (temp_left(now, ia->ia_ifa.ifa_pexpire) > temp_advance(nv, np->np_ifp))
			return;
		n++;
	}
	if (n < MAXTEMP)
		temp_make(nv, np, now);
}

/* Conflicts */

void
nd6_addr_verified(struct nd6_vnet *nv, const struct in6_ifaddr *ia)
{
	struct nd6_prefix *np;

	if ((ia->ia_flags & VI_IN6_IFF_TEMPORARY) != 0 && (np = nd6_prefix_of(nv, ia)) != NULL)
		np->np_tempdad = 0;
}

static bool
conflict_linklocal(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	struct ifnet *ifp = ia->ia_ifa.ifa_ifp;
	static const uint8_t prefix[8] = { 0xfe, 0x80 };
	struct nd6_if *ni = nd6_if(ifp);
	uint8_t id[8];

	ifid_stable(nv, ifp, prefix, ni->ni_lldad, id);
	if (memcmp(ia6_addr(ia) + 8, id, sizeof(id)) != 0 || ni->ni_lldad >= IDGEN_RETRIES)
		return (false);
	ni->ni_lldad++;
	in6_ifaddr_remove(ia);
	nd6_linklocal_add(nv, ifp);
	return (true);
}

/* RFC 7217 6, RFC 8981 3.4: tries another address in the place of ia.  True: ia is gone. */
bool
nd6_addr_conflict(struct nd6_vnet *nv, struct in6_ifaddr *ia)
{
	const bool stable = (nd6_if(ia->ia_ifa.ifa_ifp)->ni_head.ih_flags & VI_ND6_IFF_STABLEADDR) != 0;
	const uint64_t now = vnet_now(nv->nv_vnet);
	struct nd6_prefix *np = nd6_prefix_of(nv, ia);
	uint64_t valid, preferred;

	if (stable && in6_linklocal(ia6_addr(ia)))
		return (conflict_linklocal(nv, ia));
	if (np == NULL)
		return (false);
	if ((ia->ia_flags & VI_IN6_IFF_TEMPORARY) != 0) {
		if (ia->ia_pmax == 0 || ++np->np_tempdad > IDGEN_RETRIES)
			return (false);
		in6_ifaddr_remove(ia);
		nd6_temp_check(nv, np);
		return (true);
	}
	if (!stable || np->np_addr != ia || np->np_dad >= IDGEN_RETRIES)
		return (false);
	valid = MIN(temp_left(now, ia->ia_ifa.ifa_vexpire) / ND6_SEC, (uint64_t)VI_IFA_INFINITE);
	preferred = MIN(temp_left(now, ia->ia_ifa.ifa_pexpire) / ND6_SEC, (uint64_t)VI_IFA_INFINITE);
	np->np_dad++;
	in6_ifaddr_remove(ia);
	nd6_prefix_address(nv, np, (uint32_t)valid, (uint32_t)preferred);
	return (true);
}

/* Knobs */

/* net.inet6.ip6.stable_secret: 32 hexadecimal digits, or nothing for a new random one; it is not told. */
int
nd6_secret_sysctl(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	uint8_t key[16] = { 0 };
	size_t i;

	(void)sd;
	if (value == NULL) {
		if (len > 0)
			buf[0] = '\0';
		return (0);
	}
	if (value[0] == '\0') {
		kernel_random(vn->vn_kernel, &nd6_vnet(vn)->nv_secret, sizeof(nd6_vnet(vn)->nv_secret));
		return (0);
	}
	for (i = 0; i < 32; i++) {
		const int d = hexdigit(value[i]);

		if (d < 0)
			return (EINVAL);
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | d);
	}
	if (value[i] != '\0')
		return (EINVAL);
	siphash_key_init(&nd6_vnet(vn)->nv_secret, key);
	return (0);
}
