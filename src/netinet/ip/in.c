/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of interfaces.
 *
 * An address is on its interface's list and in the vnet's hash of own addresses.  It brings two routes: its network by its interface (or, point to point,
 * the other side), and itself by the loopback interface.  Of several addresses in one network the first carries the network's route; when it goes,
 * the next takes over.
 *
 * One that was given for a time goes by itself (Linux's lifetimes; a DHCP client that is gone cannot remove it).
 *
 * Where addresses are probed for (RFC 5227), a new one is on if_newaddrs alone until arp says that nobody has it; and one that turned out to be another's
 * goes back there.
 */
#include "netinet/ip/in.h"

#include <errno.h>

#include "base/assert.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "netinet/arp/arp.h"
#include "netinet/ip/ip_var.h"

struct ifaddr *
in_ifaddr_find(const struct ip_vnet *iv, uint32_t addr)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, ifaddrtab_head4(&iv->iv_addrs, addr), ifa_vlink)
		if (ifa->ifa_addr.na_in == addr)
			return (ifa);
	return (NULL);
}

bool
in_localaddr(const struct ip_vnet *iv, uint32_t addr)
{
	return (in_ifaddr_find(iv, addr) != NULL || (iv->iv_nloopnet > 0 && in_loopback(addr)));
}

struct ifaddr *
in_ifaddr_first(const struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET)
			return (ifa);
	return (NULL);
}

struct ifaddr *
in_ifaddr_best(const struct ifnet *ifp, uint32_t addr)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET && in_samenet(ifa->ifa_addr.na_in, addr, ifa->ifa_mask))
			return (ifa);
	return (in_ifaddr_first(ifp));
}

bool
in_ifbroadcast(const struct ifnet *ifp, uint32_t addr)
{
	const struct ifaddr *ifa;

	if (in_broadcast(addr))
		return (true);
	if ((ifp->if_flags & IFF_BROADCAST) == 0)
		return (false);
	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET && ifa->ifa_broadcast == addr && addr != 0)
			return (true);
	return (false);
}

/* The address of an interface, in use or not. */
static struct ifaddr *
in_ifaddr_any(const struct ip_vnet *iv, uint32_t addr)
{
	struct ifaddr *ifa = in_ifaddr_find(iv, addr);
	struct ifnet *ifp;

	if (ifa != NULL || iv->iv_nnewaddrs == 0)
		return (ifa);
	TAILQ_FOREACH(ifp, &net_vnet(iv->iv_vnet)->nv_ifs, if_link)
		TAILQ_FOREACH(ifa, &ifp->if_newaddrs, ifa_link)
			if (ifa->ifa_addr.na_in == addr)
				return (ifa);
	return (NULL);
}

/* Routes of an address */

/* The network's route: none for a host mask, the other side where there is one. */
static bool
in_ifa_prefix(const struct ifaddr *ifa, uint32_t *dst, uint8_t *len, uint32_t *flags)
{
	*flags = 0;
	if ((ifa->ifa_ifp->if_flags & IFF_POINTOPOINT) != 0 && ifa->ifa_dst.na_in != 0) {
		*dst = ifa->ifa_dst.na_in;
		*len = 32;
		*flags = RTF_HOST;
		return (*dst != ifa->ifa_addr.na_in);
	}
	*dst = ifa->ifa_addr.na_in & ifa->ifa_mask;
	*len = ifa->ifa_prefixlen;
	return (*len < 32);
}

/* An address that waits would carry its network's route if another did not.  Few do, so that nobody looks for them in vain. */
static void
in_ifa_setwaits(struct ifaddr *ifa, bool waits)
{
	ip_vnet(ifa->ifa_ifp->if_vnet)->iv_nwaiting += (uint32_t)waits - (uint32_t)ifa->ifa_waits;
	ifa->ifa_waits = waits;
}

static int
in_ifa_addprefix(struct ifaddr *ifa)
{
	uint32_t dst, flags;
	uint8_t len;
	int error;

	if (!in_ifa_prefix(ifa, &dst, &len, &flags))
		return (0);
	error = rt_ifa_add(ifa->ifa_ifp->if_vnet, dst, len, flags, ifa->ifa_ifp, ifa);
	if (error != 0 && error != EEXIST)
		return (error);
	in_ifa_setwaits(ifa, error == EEXIST);	/* another address carries it */
	return (0);
}

/* Another address of the same network takes the route over. */
static void
in_ifa_delprefix(struct ifaddr *ifa)
{
	uint32_t dst, flags, dst2, flags2;
	uint8_t len, len2;
	struct ip_vnet *iv = ip_vnet(ifa->ifa_ifp->if_vnet);
	struct ifaddr *ifa2;

	if (!in_ifa_prefix(ifa, &dst, &len, &flags))
		return;
	rt_ifa_del(iv->iv_vnet, dst, len, ifa);
	in_ifa_setwaits(ifa, false);
	for (uint32_t i = 0; i < iv->iv_addrs.it_size && iv->iv_nwaiting > 0; i++) {
		TAILQ_FOREACH(ifa2, &iv->iv_addrs.it_heads[i], ifa_vlink) {
			if (ifa2->ifa_waits && ifa2 != ifa && !ifa2->ifa_ifp->if_dying && in_ifa_prefix(ifa2, &dst2, &len2, &flags2) && dst2 == dst &&
			    len2 == len && in_ifa_addprefix(ifa2) == 0 && !ifa2->ifa_waits)
				return;
		}
	}
}

static int
in_ifa_addlocal(struct ifaddr *ifa)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;
	struct ifnet *lo = net_vnet(vn)->nv_lo0;

	if (lo == NULL)
		return (ENXIO);
	return (rt_ifa_add(vn, ifa->ifa_addr.na_in, 32, RTF_HOST | RTF_LOCAL, lo, ifa));
}

static void
in_ifa_link(struct ip_vnet *iv, struct ifaddr *ifa)
{
	ifaddrtab_add(&iv->iv_addrs, ifa);
	memset(iv->iv_known, 0, sizeof(iv->iv_known));
	iv->iv_nloopnet += in_loopback(ifa->ifa_addr.na_in);
	if_addr_link(ifa);
}

/* Out of the tables, but still there. */
static void
in_ifa_unlink(struct ip_vnet *iv, struct ifaddr *ifa)
{
	ifaddrtab_remove(&iv->iv_addrs, ifa);
	memset(iv->iv_known, 0, sizeof(iv->iv_known));
	iv->iv_nloopnet -= in_loopback(ifa->ifa_addr.na_in);
	in_ifa_setwaits(ifa, false);
	if_addr_unlink(ifa);
}

/* In use from now on; on error as before, and on no list. */
static int
in_ifa_use(struct ifaddr *ifa)
{
	struct ip_vnet *iv = ip_vnet(ifa->ifa_ifp->if_vnet);
	int error;

	ifa->ifa_flags = 0;
	in_ifa_link(iv, ifa);
	if ((error = in_ifa_addlocal(ifa)) == 0 && (error = in_ifa_addprefix(ifa)) != 0)
		rt_ifa_del(iv->iv_vnet, ifa->ifa_addr.na_in, 32, ifa);
	if (error != 0) {
		in_ifa_unlink(iv, ifa);
		return (error);
	}
	vnet_event(iv->iv_vnet, VNET_EV_IFADDR_ADD, ifa);
	return (0);
}

static void
in_ifa_unuse(struct ifaddr *ifa)
{
	struct ip_vnet *iv = ip_vnet(ifa->ifa_ifp->if_vnet);

	vnet_event(iv->iv_vnet, VNET_EV_IFADDR_DEL, ifa);
	in_ifa_delprefix(ifa);
	rt_ifa_del(iv->iv_vnet, ifa->ifa_addr.na_in, 32, ifa);
	in_ifa_unlink(iv, ifa);
}

static void
in_ifa_newlink(struct ifaddr *ifa, uint8_t flags)
{
	ifa->ifa_flags = flags;
	TAILQ_INSERT_TAIL(&ifa->ifa_ifp->if_newaddrs, ifa, ifa_link);
	ip_vnet(ifa->ifa_ifp->if_vnet)->iv_nnewaddrs++;
}

static void
in_ifa_newunlink(struct ifaddr *ifa)
{
	TAILQ_REMOVE(&ifa->ifa_ifp->if_newaddrs, ifa, ifa_link);
	ip_vnet(ifa->ifa_ifp->if_vnet)->iv_nnewaddrs--;
}

static void
in_ifa_remove(struct ifaddr *ifa)
{
	if (ifa->ifa_flags != 0)
		in_ifa_newunlink(ifa);
	else
		in_ifa_unuse(ifa);
	arp_probe_stop(ifa);
	kfree(vnet_acct(ifa->ifa_ifp->if_vnet), ACCT_IFADDR, ifa, sizeof(*ifa));
}

/* What arp found out (RFC 5227). */
void
in_ifa_verdict(struct ifaddr *ifa, enum arp_verdict verdict)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;

	if (verdict != ARP_FREE) {
		if (verdict == ARP_TAKEN)
			vnet_event(vn, VNET_EV_IFADDR_TAKEN, ifa);
		arp_probe_stop(ifa);
		in_ifa_unuse(ifa);
		in_ifa_newlink(ifa, verdict == ARP_TAKEN ? VI_IN6_IFF_DUPLICATED : VI_IN6_IFF_TENTATIVE);
		return;
	}
	in_ifa_newunlink(ifa);
	ifa->ifa_announced = false;
	if (in_ifa_use(ifa) == 0)
		return;
	vnet_log(vn, LOG_ERR, "%s: no memory for an address", ifa->ifa_ifp->if_xname);
	arp_probe_stop(ifa);
	kfree(vnet_acct(vn), ACCT_IFADDR, ifa, sizeof(*ifa));
}

/* Those whose time is over go; the timer is set for the next. */
static void
in_ifa_reap(struct ip_vnet *iv, struct ifaddrhead *head, uint64_t *next)
{
	struct ifaddr *ifa, *tmp;

	TAILQ_FOREACH_SAFE(ifa, head, ifa_link, tmp) {
		if (ifa->ifa_addr.na_af != NET_AF_INET || ifa->ifa_vexpire == 0)
			continue;
		if (ifa->ifa_vexpire <= vnet_now(iv->iv_vnet))
			in_ifa_remove(ifa);
		else
			*next = MIN(*next, ifa->ifa_vexpire);
	}
}

void
in_lifetimer(void *arg)
{
	struct ip_vnet *iv = arg;
	uint64_t next = UINT64_MAX;
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(iv->iv_vnet)->nv_ifs, if_link) {
		in_ifa_reap(iv, &ifp->if_addrs, &next);
		in_ifa_reap(iv, &ifp->if_newaddrs, &next);
	}
	if (next != UINT64_MAX)
		callout_reset_at(&iv->iv_lifetimer, next);
}

static void
in_lifetimer_at(struct ip_vnet *iv, uint64_t expire)
{
	if (expire != 0 && !iv->iv_stopped && (!callout_pending(&iv->iv_lifetimer) || expire < iv->iv_lifetimer.c_time))
		callout_reset_at(&iv->iv_lifetimer, expire);
}

static int
in_ifa_insert(struct ifnet *ifp, const struct ifaddr *new)
{
	struct ip_vnet *iv = ip_vnet(ifp->if_vnet);
	struct ifaddr *ifa = kmalloc(vnet_acct(iv->iv_vnet), ACCT_IFADDR, sizeof(*ifa));
	int error;

	if (ifa == NULL)
		return (ENOBUFS);
	*ifa = *new;
	ifa->ifa_probe = NULL;
	ifa->ifa_flags = 0;
	if (!arp_probe_due(ifp)) {
		error = in_ifa_use(ifa);
	} else if ((error = arp_probe_start(ifa)) == 0) {
		in_ifa_newlink(ifa, VI_IN6_IFF_TENTATIVE);
		if (TAILQ_EMPTY(&ifp->if_addrs))	/* as with the first that is used */
			(void)if_setflags(ifp, IFF_UP, 0);
	}
	if (error != 0)
		kfree(vnet_acct(iv->iv_vnet), ACCT_IFADDR, ifa, sizeof(*ifa));
	else
		in_lifetimer_at(iv, ifa->ifa_vexpire);
	return (error);
}

/* What the user asked for, completed: mask by class, broadcast address by mask. */
static int
in_ifa_fill(struct ifnet *ifp, const struct vi_ifaddr *ia, struct ifaddr *ifa)
{
	const uint32_t vl = ia->ia_vltime == 0 ? VI_IFA_INFINITE : ia->ia_vltime, pl = ia->ia_pltime == 0 ? vl : ia->ia_pltime;
	uint32_t addr = ia->ia_addr.sa_in;
	int len = ia->ia_prefixlen;

	if (ia->ia_addr.sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (in_zeronet(addr) || in_multicast(addr) || in_broadcast(addr))
		return (EINVAL);
	if (len == 0xff)
		len = in_mask2len(in_classmask(addr));
	if (len <= 0 || len > 32 || pl > vl)
		return (EINVAL);
	*ifa = (struct ifaddr){ .ifa_ifp = ifp, .ifa_prefixlen = (uint8_t)len, .ifa_mask = in_len2mask((unsigned)len) };
	ifa->ifa_addr.na_af = ifa->ifa_dst.na_af = NET_AF_INET;
	ifa->ifa_addr.na_in = addr;
	ifa_setlifetimes(ifa, vl, (ia->ia_flags & VI_IN6_IFF_DEPRECATED) != 0 ? 0 : pl);
	memcpy(ifa->ifa_label, ia->ia_label, sizeof(ifa->ifa_label) - 1);
	if ((ifp->if_flags & IFF_POINTOPOINT) != 0 && ia->ia_dst.sa_family == VI_AF_INET)
		ifa->ifa_dst.na_in = ia->ia_dst.sa_in;
	if ((ifp->if_flags & IFF_BROADCAST) == 0)
		return (0);
	if (ia->ia_broadcast.sa_family == VI_AF_INET)
		ifa->ifa_broadcast = ia->ia_broadcast.sa_in;
	else if (len < 31)		/* RFC 3021: a /31 has none */
		ifa->ifa_broadcast = in_netbroadcast(addr, ifa->ifa_mask);
	return (0);
}

/* The first, in use or not. */
static struct ifaddr *
in_ifaddr_oldest(const struct ifnet *ifp)
{
	struct ifaddr *ifa = in_ifaddr_first(ifp);

	return (ifa != NULL ? ifa : TAILQ_FIRST(&ifp->if_newaddrs));
}

static bool
in_ifa_same(const struct ifaddr *a, const struct ifaddr *b)
{
	return (a->ifa_addr.na_in == b->ifa_addr.na_in && a->ifa_prefixlen == b->ifa_prefixlen &&
	    a->ifa_broadcast == b->ifa_broadcast && a->ifa_dst.na_in == b->ifa_dst.na_in);
}

static bool
in_ifa_lasting(const struct ifaddr *ifa)
{
	return ((ifa->ifa_vexpire | ifa->ifa_pexpire) == 0);
}

/* Only how long it stays is another. */
static void
in_ifa_prolong(struct ip_vnet *iv, struct ifaddr *ifa, const struct ifaddr *new)
{
	ifa->ifa_vexpire = new->ifa_vexpire;
	ifa->ifa_pexpire = new->ifa_pexpire;
	in_lifetimer_at(iv, ifa->ifa_vexpire);
	vnet_event(iv->iv_vnet, VNET_EV_IFADDR_READY, ifa);
}

/*
 * BSD's semantics: without alias the first address is replaced.  An address that the interface has already is changed in place; with nothing to change an alias
 * is EEXIST, as is an address that another interface has.
 */
int
in_addr_add(struct ifnet *ifp, const struct vi_ifaddr *ia, bool alias)
{
	struct ip_vnet *iv = ip_vnet(ifp->if_vnet);
	struct ifaddr new, save, *old, *have;
	int error;

	if ((error = in_ifa_fill(ifp, ia, &new)) != 0)
		return (error);
	if ((have = in_ifaddr_any(iv, new.ifa_addr.na_in)) != NULL && have->ifa_ifp != ifp)
		return (EEXIST);
	old = have != NULL ? have : alias ? NULL : in_ifaddr_oldest(ifp);
	if (old == NULL)
		return (in_ifa_insert(ifp, &new));
	if (in_ifa_same(old, &new) && in_ifa_lasting(old) && in_ifa_lasting(&new))
		return (alias ? EEXIST : 0);
	if (in_ifa_same(old, &new)) {
		in_ifa_prolong(iv, old, &new);
		return (0);
	}
	save = *old;
	in_ifa_remove(old);
	if ((error = in_ifa_insert(ifp, &new)) != 0)
		(void)in_ifa_insert(ifp, &save);
	return (error);
}

int
in_addr_del(struct ifnet *ifp, const struct vi_sockaddr *sa)
{
	struct ifaddr *ifa;

	if (sa->sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if ((ifa = in_ifaddr_any(ip_vnet(ifp->if_vnet), sa->sa_in)) == NULL || ifa->ifa_ifp != ifp)
		return (EADDRNOTAVAIL);
	in_ifa_remove(ifa);
	return (0);
}

void
in_ifdetach(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	while ((ifa = in_ifaddr_oldest(ifp)) != NULL)
		in_ifa_remove(ifa);
}
