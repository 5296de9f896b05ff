/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: interfaces.
 *
 * An ifnet is made by a driver in its home vnet, which pays for it, and is in the tables of the
 * vnet where it is: by index, by name (a hash once there are more than a few), and in the order of
 * indexes.  An index is not given again before the others had their turn, so that who remembers the
 * index of an interface that went away finds nothing rather than another one.
 *
 * Life: if_alloc, if_attach (IFATTACH is told), any number of moves (if_vmove.c: IFDOWN, IFDETACH
 * there, IFATTACH here), if_detach, if_free. After IFDETACH no module of that vnet knows the
 * interface, and its queue is empty.
 *
 * Everything here runs under the kernel lock, but for ifnet_byname and ifnet_byindex, which a lane
 * may call for its own vnet.
 */
#include "net/ifnet.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "net/if_int.h"
#include "net/if_over.h"
#include "wire/ether.h"

#define NSEC	UINT64_C(1000000000)

#define IF_MININDEX	8	/* slots of the first table by index */
#define IF_MAXINDEX	65536	/* and of the last: a zone inside an address has 16 bits (in6_setzone) */
#define IF_FEW		8	/* more than these get a hash by name */

/* Tables */

static struct ifnetlist *
if_namehead(const struct net_vnet *nv, const char *name)
{
	uint32_t h = 2166136261u;

	/* Names are the administrator's own: no secret needed. */
	while (*name != '\0')
		h = (h ^ (uint8_t)*name++) * 16777619u;
	return (&nv->nv_names[(h ^ h >> 15) & (nv->nv_namesize - 1)]);
}

struct ifnet *
ifnet_byname(struct vnet *vn, const char *name)
{
	const struct net_vnet *nv = net_vnet(vn);
	struct ifnet *ifp;

	if (nv->nv_names != NULL) {
		LIST_FOREACH(ifp, if_namehead(nv, name), if_hashlink)
			if (strcmp(ifp->if_xname, name) == 0)
				return (ifp);
		return (NULL);
	}
	TAILQ_FOREACH(ifp, &nv->nv_ifs, if_link)
		if (strcmp(ifp->if_xname, name) == 0)
			return (ifp);
	return (NULL);
}

struct ifnet *
ifnet_byindex(struct vnet *vn, uint32_t index)
{
	const struct net_vnet *nv = net_vnet(vn);

	return (index < nv->nv_indexsize ? nv->nv_byindex[index] : NULL);
}

/* Without memory for a larger hash the chains get longer, no more. */
static void
if_names_grow(struct vnet *vn)
{
	struct net_vnet *nv = net_vnet(vn);
	struct ifnetlist *old = nv->nv_names, *new;
	uint32_t osize = nv->nv_namesize, size = osize == 0 ? 4 * IF_FEW : 2 * osize;
	struct ifnet *ifp;

	if (nv->nv_nifs < IF_FEW || nv->nv_nifs < osize ||
	    (new = kmalloc(vnet_acct(vn), ACCT_HASH, size * sizeof(*new))) == NULL)
		return;
	for (uint32_t i = 0; i < size; i++)
		LIST_INIT(&new[i]);
	nv->nv_names = new;
	nv->nv_namesize = size;
	TAILQ_FOREACH(ifp, &nv->nv_ifs, if_link) {
		if (old != NULL)
			LIST_REMOVE(ifp, if_hashlink);
		LIST_INSERT_HEAD(if_namehead(nv, ifp->if_xname), ifp, if_hashlink);
	}
	kfree(vnet_acct(vn), ACCT_HASH, old, osize * sizeof(*old));
}

/*
 * At most half of the table by index is in use (slot 0 never): a free slot is near, and indexes
 * come round slowly.
 */
int
if_reserve(struct vnet *vn)
{
	struct net_vnet *nv = net_vnet(vn);
	uint32_t osize = nv->nv_indexsize, size = osize == 0 ? IF_MININDEX : 2 * osize;
	struct ifnet **new;

	if_names_grow(vn);
	if (2 * (nv->nv_nifs + 1) <= osize)
		return (0);
	if (size > IF_MAXINDEX)		/* as in FreeBSD no more; index 0 is nobody's */
		return (nv->nv_nifs + 1 < osize ? 0 : ENOBUFS);
	if ((new = kmalloc(vnet_acct(vn), ACCT_IFNET, size * sizeof(*new))) == NULL)
		return (ENOBUFS);
	if (osize > 0)
		memcpy(new, nv->nv_byindex, osize * sizeof(*new));
	kfree(vnet_acct(vn), ACCT_IFNET, nv->nv_byindex, osize * sizeof(*new));
	nv->nv_byindex = new;
	nv->nv_indexsize = size;
	return (0);
}

static uint32_t
if_newindex(struct net_vnet *nv)
{
	uint32_t i = nv->nv_nextindex;

	do {
		if (++i >= nv->nv_indexsize)
			i = 1;
	} while (nv->nv_byindex[i] != NULL);
	nv->nv_nextindex = i;
	return (i);
}

static void
if_insert(struct ifnet *ifp)
{
	struct net_vnet *nv = net_vnet(ifp->if_vnet);
	uint32_t i;

	ifp->if_index = if_newindex(nv);
	nv->nv_byindex[ifp->if_index] = ifp;
	for (i = ifp->if_index - 1; i > 0 && nv->nv_byindex[i] == NULL; i--)
		;
	if (i > 0)
		TAILQ_INSERT_AFTER(&nv->nv_ifs, nv->nv_byindex[i], ifp, if_link);
	else
		TAILQ_INSERT_HEAD(&nv->nv_ifs, ifp, if_link);
	nv->nv_nifs++;
	if (nv->nv_names != NULL)
		LIST_INSERT_HEAD(if_namehead(nv, ifp->if_xname), ifp, if_hashlink);
}

static void
if_remove(struct ifnet *ifp)
{
	struct net_vnet *nv = net_vnet(ifp->if_vnet);

	if (nv->nv_names != NULL)
		LIST_REMOVE(ifp, if_hashlink);
	TAILQ_REMOVE(&nv->nv_ifs, ifp, if_link);
	nv->nv_byindex[ifp->if_index] = NULL;
	nv->nv_nifs--;
	ifp->if_index = 0;
}

void
if_link(struct ifnet *ifp, struct vnet *to)
{
	ifp->if_vnet = to;
	if_insert(ifp);
	ifp->if_attached = true;
	ifp->if_dying = false;
	if_extra_arrive(ifp);
	vnet_event(to, VNET_EV_IFATTACH, ifp);
	if (ifp->if_cloner->ifc_arrive != NULL)
		ifp->if_cloner->ifc_arrive(ifp);
}

void
if_unlink(struct ifnet *ifp)
{
	ifp->if_dying = true;
	(void)if_setflags(ifp, 0, IFF_UP);
	if_over_leave(ifp);
	if (ifp->if_cloner->ifc_leave != NULL)
		ifp->if_cloner->ifc_leave(ifp);
	vnet_event(ifp->if_vnet, VNET_EV_IFDETACH, ifp);
	VI_ASSERT(TAILQ_EMPTY(&ifp->if_addrs) && TAILQ_EMPTY(&ifp->if_newaddrs) && ifp->if_nroutes == 0);
	ifp->if_attached = false;
	if_extra_leave(ifp);
	ifq_purge(ifp);
	if_remove(ifp);
	acct_uncount(vnet_acct(ifp->if_vnet), LIMIT_INTERFACES, 1);
}

/* For drivers */

/* Any printable name, as long as nothing that reads lists of names is led astray. */
bool
if_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return (false);
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || strchr("/,:", name[i]) != NULL)
			return (false);
	return (name[0] != '-');
}

struct ifnet *
if_alloc(struct vnet *home, const char *name, uint8_t type)
{
	struct ifnet *ifp;

	VI_ASSERT(if_name_ok(name));
	if ((ifp = kmalloc(vnet_acct(home), ACCT_IFNET, sizeof(*ifp))) == NULL)
		return (NULL);
	ifp->if_acct = vnet_acct(home);
	ifp->if_vnet = ifp->if_home = home;
	memcpy(ifp->if_xname, name, strlen(name) + 1);
	memcpy(ifp->if_origname, name, strlen(name) + 1);
	memcpy(ifp->if_homename, name, strlen(name) + 1);
	ifp->if_type = type;
	ifp->if_mtu = ETHERMTU;
	ifp->if_txqlen = VI_IF_TXQLEN;
	TAILQ_INIT(&ifp->if_addrs);
	TAILQ_INIT(&ifp->if_newaddrs);
	TAILQ_INIT(&ifp->if_arps);
	ifq_init(&ifp->if_inq);
	LIST_INSERT_HEAD(&net_vnet(home)->nv_home, ifp, if_homelink);
	return (ifp);
}

int
if_attach(struct ifnet *ifp)
{
	int error;

	if (ifnet_byname(ifp->if_home, ifp->if_xname) != NULL)
		return (EEXIST);
	if ((error = if_reserve(ifp->if_home)) != 0)
		return (error);
	if (!acct_count(vnet_acct(ifp->if_home), LIMIT_INTERFACES, 1))
		return (ENOSPC);
	if_link(ifp, ifp->if_home);
	return (0);
}

void
if_detach(struct ifnet *ifp)
{
	if_unlink(ifp);
}

void
if_free(struct ifnet *ifp)
{
	VI_ASSERT(!ifp->if_attached && TAILQ_EMPTY(&ifp->if_arps));
	LIST_REMOVE(ifp, if_homelink);
	(void)if_setlink(ifp, NULL);
	(void)if_setcaps(ifp, VI_IFCAP_ALL, 0);
	if_group_reset(ifp);
	kfree(ifp->if_acct, ACCT_IFNET, ifp, sizeof(*ifp));
}

/* Management */

int
if_rename(struct ifnet *ifp, const char *newname)
{
	struct net_vnet *nv = net_vnet(ifp->if_vnet);

	if (!if_name_ok(newname))
		return (EINVAL);
	if (strcmp(ifp->if_xname, newname) == 0)
		return (0);
	if (ifnet_byname(ifp->if_vnet, newname) != NULL)
		return (EEXIST);
	vnet_event(ifp->if_vnet, VNET_EV_IFRENAME, ifp);
	if (nv->nv_names != NULL)
		LIST_REMOVE(ifp, if_hashlink);
	memcpy(ifp->if_xname, newname, strlen(newname) + 1);
	if (nv->nv_names != NULL)
		LIST_INSERT_HEAD(if_namehead(nv, newname), ifp, if_hashlink);
	vnet_event(ifp->if_vnet, VNET_EV_IFRENAMED, ifp);
	return (0);
}

int
if_setflags(struct ifnet *ifp, uint32_t set, uint32_t clear)
{
	const uint32_t settable = IFF_UP | IFF_DEBUG | IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI | IFF_MONITOR | IFF_STATICARP;
	uint32_t old = ifp->if_flags;

	if (((set | clear) & ~settable) != 0)
		return (EINVAL);
	ifp->if_flags = (old | set) & ~clear;
	if (ifp->if_flags == old)
		return (0);
	if (ifp->if_ops->ifo_setflags != NULL)
		ifp->if_ops->ifo_setflags(ifp, old);
	if (((ifp->if_flags ^ old) & IFF_UP) != 0)
		vnet_event(ifp->if_vnet, ifp->if_flags & IFF_UP ? VNET_EV_IFUP : VNET_EV_IFDOWN,
		    ifp);
	if_over_changed(ifp);
	return (0);
}

void
if_setrunning(struct ifnet *ifp, bool on)
{
	const bool was = ifp->if_linkup;

	ifp->if_linkup = on;
	if (on)
		ifp->if_flags |= IFF_RUNNING;
	else
		ifp->if_flags &= ~(uint32_t)IFF_RUNNING;
	if (was == on || !ifp->if_attached || ifp->if_dying)
		return;
	/* Who waits for the interface can begin; those below it look at if_up() for every packet. */
	if ((ifp->if_flags & IFF_UP) != 0)
		vnet_event(ifp->if_vnet, on ? VNET_EV_IFUP : VNET_EV_IFDOWN, ifp);
	if_over_changed(ifp);
}

void
if_setcarrier(struct ifnet *ifp, bool on)
{
	if (ifp->if_linkup == on)
		return;
	ifp->if_linkup = on;
	if_over_changed(ifp);
}

int
if_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	int error;

	if (mtu < IF_MINMTU || mtu > IF_MAXMTU)
		return (EINVAL);
	if (ifp->if_ops->ifo_setmtu != NULL && (error = ifp->if_ops->ifo_setmtu(ifp, mtu)) != 0)
		return (error);
	if (ifp->if_mtu == mtu)
		return (0);
	ifp->if_mtu = mtu;
	vnet_event(ifp->if_vnet, VNET_EV_MTU, ifp);
	if_over_changed(ifp);
	return (0);
}

/* What it sends waits at the other end, or comes back; nobody pays for that, so more than there always was may not wait. */
void
if_settxqlen(struct ifnet *ifp, uint32_t n)
{
	struct ifnet *to = ifp->if_cloner->ifc_peer != NULL ? ifp->if_cloner->ifc_peer(ifp) : NULL;

	ifp->if_txqlen = n;
	if ((ifp->if_flags & IFF_LOOPBACK) != 0)
		to = ifp;
	if (to != NULL)
		to->if_inq.ifq_limit = u32max(u32min(n, IFQ_MAXLEN), 1);
}

int
if_setlladdr(struct ifnet *ifp, const uint8_t *lladdr, size_t len)
{
	if (ifp->if_type != VI_IFT_ETHER || len != ifp->if_addrlen || ether_multicast(lladdr) ||
	    ether_zero(lladdr))
		return (EINVAL);
	if (memcmp(ifp->if_lladdr, lladdr, len) == 0)
		return (0);
	memcpy(ifp->if_lladdr, lladdr, len);
	ifp->if_linkgen++;
	vnet_event(ifp->if_vnet, VNET_EV_LLADDR, ifp);
	if_over_changed(ifp);
	return (0);
}

void
if_addr_link(struct ifaddr *ifa)
{
	TAILQ_INSERT_TAIL(&ifa->ifa_ifp->if_addrs, ifa, ifa_link);
}

void
if_addr_unlink(struct ifaddr *ifa)
{
	TAILQ_REMOVE(&ifa->ifa_ifp->if_addrs, ifa, ifa_link);
}

static uint64_t
ifa_expire(uint64_t now, uint32_t s)
{
	return (s == VI_IFA_INFINITE ? 0 : MAX(now + s * NSEC, UINT64_C(1)));
}

void
ifa_setlifetimes(struct ifaddr *ifa, uint32_t vltime, uint32_t pltime)
{
	const uint64_t now = lane_clock(&ifa->ifa_ifp->if_vnet->vn_lane);	/* its last run may be long ago */

	ifa->ifa_vexpire = ifa_expire(now, vltime);
	ifa->ifa_pexpire = ifa_expire(now, pltime);
}

/* Information */

static uint32_t
ifa_left(uint64_t now, uint64_t expire)
{
	return (expire == 0 ? VI_IFA_INFINITE : expire <= now ? 0 : (uint32_t)((expire - now + NSEC - 1) / NSEC));
}

static uint32_t
if_af6flags(const struct ifnet *ifp)
{
	const struct net_afops *ops = net_vnet(ifp->if_vnet)->nv_afops[NET_AF_INET6];

	return (ops == NULL || ops->nao_getflags == NULL ? 0 : ops->nao_getflags(ifp));
}

static uint32_t
if_linkmtu6(const struct ifnet *ifp)
{
	const struct net_afops *ops = net_vnet(ifp->if_vnet)->nv_afops[NET_AF_INET6];
	uint32_t mtu = ops == NULL || ops->nao_linkmtu == NULL ? 0 : ops->nao_linkmtu(ifp);

	return (mtu == 0 || mtu > ifp->if_mtu ? ifp->if_mtu : mtu);
}

int
if_setnd6(struct ifnet *ifp, uint32_t set, uint32_t clear)
{
	const struct net_afops *ops = net_vnet(ifp->if_vnet)->nv_afops[NET_AF_INET6];

	return (ops == NULL || ops->nao_setflags == NULL ? EAFNOSUPPORT : ops->nao_setflags(ifp, set, clear));
}

static void
ifa_info(const struct ifaddr *ifa, struct vi_ifaddr *ia)
{
	const struct net_afops *ops = net_vnet(ifa->ifa_ifp->if_vnet)->nv_afops[ifa->ifa_addr.na_af];
	const bool p2p = (ifa->ifa_ifp->if_flags & IFF_POINTOPOINT) != 0;
	const uint64_t now = vnet_now(ifa->ifa_ifp->if_vnet);

	*ia = (struct vi_ifaddr){ .ia_prefixlen = ifa->ifa_prefixlen, .ia_flags = ifa->ifa_flags,
		.ia_vltime = ifa_left(now, ifa->ifa_vexpire), .ia_pltime = ifa_left(now, ifa->ifa_pexpire) };
	memcpy(ia->ia_label, ifa->ifa_label, sizeof(ia->ia_label));
	if (ops != NULL && ops->nao_addr_info != NULL) {
		ops->nao_addr_info(ifa, ia);
		return;
	}
	ia->ia_addr.sa_family = VI_AF_INET;
	ia->ia_addr.sa_in = ifa->ifa_addr.na_in;
	if (ifa->ifa_broadcast != 0) {
		ia->ia_broadcast.sa_family = VI_AF_INET;
		ia->ia_broadcast.sa_in = ifa->ifa_broadcast;
	}
	if (p2p && ifa->ifa_dst.na_in != 0) {
		ia->ia_dst.sa_family = VI_AF_INET;
		ia->ia_dst.sa_in = ifa->ifa_dst.na_in;
	}
}

/* What users of packet sockets want. */
static uint32_t
if_wantedflags(const struct ifnet *ifp)
{
	const struct if_extra *ix = ifp->if_extra;

	if (ix == NULL)
		return (0);
	return ((ix->ix_promisc != 0 ? (uint32_t)IFF_PROMISC : 0) | (ix->ix_allmulti != 0 ? (uint32_t)IFF_ALLMULTI : 0));
}

static void
if_info_fill(const struct ifnet *ifp, struct vi_ifinfo *ii)
{
	const struct ifstats *st = &ifp->if_stats;
	const struct ifnet *peer =
	    ifp->if_cloner->ifc_peer != NULL ? ifp->if_cloner->ifc_peer(ifp) : NULL;
	const struct ifnet *master = ifp->if_extra != NULL && ifp->if_extra->ix_port != NULL ? ifp->if_extra->ix_port->ov_upper : NULL;

	*ii = (struct vi_ifinfo){
		.if_index = ifp->if_index,
		.if_flags = ifp->if_flags | if_wantedflags(ifp),
		.if_mtu = ifp->if_mtu,
		.if_metric = ifp->if_metric,
		.if_fib = ifp->if_fib,
		.if_caps = VI_IFCAP_ALL & ~(ifp->if_extra != NULL ? ifp->if_extra->ix_capsoff : 0),
		.if_txqlen = ifp->if_txqlen,
		.if_type = ifp->if_type,
		.if_addrlen = ifp->if_addrlen,
		.if_linkup = ifp->if_linkup,
		.if_peer_vnet = peer != NULL ? peer->if_vnet->vn_id : 0,
		.if_home_vnet = ifp->if_home->vn_id,
		.if_master = master != NULL ? master->if_index : 0,
		.if_masterdriver = master != NULL ? master->if_cloner->ifc_name : NULL,
		.if_driver = ifp->if_cloner->ifc_name,
		.if_groups = if_groups(ifp),
		.if_ipackets = st->ifs_ipackets,
		.if_ibytes = st->ifs_ibytes,
		.if_ierrors = st->ifs_ierrors,
		.if_iqdrops = st->ifs_iqdrops +
		    atomic_load_explicit(&ifp->if_inq.ifq_drops, memory_order_relaxed),
		.if_opackets = st->ifs_opackets,
		.if_obytes = st->ifs_obytes,
		.if_oerrors = st->ifs_oerrors,
		.if_oqdrops = st->ifs_oqdrops,
		.if_collisions = st->ifs_collisions,
		.if_imcasts = st->ifs_imcasts,
		.if_omcasts = st->ifs_omcasts,
	};
	memcpy(ii->if_name, ifp->if_xname, sizeof(ii->if_name));
	memcpy(ii->if_origname, ifp->if_origname, sizeof(ii->if_origname));
	memcpy(ii->if_descr, ifp->if_descr, sizeof(ii->if_descr));
	memcpy(ii->if_lladdr, ifp->if_lladdr, sizeof(ii->if_lladdr));
}

/* Without memory for all of many addresses, those that fit are told. */
void
if_info(struct ifnet *ifp, vi_if_fn *fn, void *arg)
{
	struct acctset *as = &ifp->if_vnet->vn_kernel->k_acct;
	struct vi_ifaddr few[8], *many = NULL, *addrs = few;
	uint32_t n = 0, max = NITEMS(few), total = 0;
	const struct ifaddr *ifa;
	struct vi_ifinfo ii;

	(void)lane_clock(&ifp->if_vnet->vn_lane);
	if_info_fill(ifp, &ii);
	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		total++;
	TAILQ_FOREACH(ifa, &ifp->if_newaddrs, ifa_link)
		total++;
	if (total > max && (many = kmalloc(as, ACCT_MISC, total * sizeof(*many))) != NULL) {
		addrs = many;
		max = total;
	}
	for (unsigned af = 0; af < NET_AF_MAX; af++)	/* family by family, each in order of addition */
		TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
			if (ifa->ifa_addr.na_af == af && n < max)
				ifa_info(ifa, &addrs[n++]);
	TAILQ_FOREACH(ifa, &ifp->if_newaddrs, ifa_link)
		if (n < max)
			ifa_info(ifa, &addrs[n++]);
	ii.if_naddrs = n;
	ii.if_nd6flags = if_af6flags(ifp);
	ii.if_linkmtu6 = if_linkmtu6(ifp);
	ii.if_addrs = addrs;
	fn(arg, &ii);
	kfree(as, ACCT_MISC, many, total * sizeof(*many));
}
