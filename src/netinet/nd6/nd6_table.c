/* SPDX-License-Identifier: BSD-2-Clause */
/* The neighbours of a vnet: found by interface and address, kept within bounds. */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "mbuf/mbuf.h"
#include "netinet/nd6/nd6_int.h"

#define ND6_MINHASH	8

/* The addresses come from outside: a secret keeps the chains short. */
static struct nd6_bucket *
nd6_head(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t *addr)
{
	const struct kernel *k = nv->nv_vnet->vn_kernel;
	const struct siphash_key key = { k->k_hashkey[0], k->k_hashkey[1] };
	uint8_t in[20];

	memcpy(in, addr, 16);
	memcpy(in + 16, &ifp->if_index, 4);
	return (&nv->nv_hash[siphash13(&key, in, sizeof(in)) & (nv->nv_hashsize - 1)]);
}

struct nd6_entry *
nd6_lookup(const struct nd6_vnet *nv, const struct ifnet *ifp, const uint8_t addr[16])
{
	struct nd6_entry *ne;

	if (nv->nv_hash == NULL)
		return (NULL);
	LIST_FOREACH(ne, nd6_head(nv, ifp, addr), ne_hash)
		if (ne->ne_ifp == ifp && in6_equal(ne->ne_addr, addr))
			return (ne);
	return (NULL);
}

static bool
nd6_grow(struct nd6_vnet *nv)
{
	struct nd6_bucket *old = nv->nv_hash, *new;
	uint32_t osize = nv->nv_hashsize, size = old == NULL ? ND6_MINHASH : 2 * osize;
	struct nd6_entry *ne;

	if (old != NULL && nv->nv_n < osize)
		return (true);
	if ((new = kmalloc(vnet_acct(nv->nv_vnet), ACCT_HASH, size * sizeof(*new))) == NULL)
		return (old != NULL);
	for (uint32_t i = 0; i < size; i++)
		LIST_INIT(&new[i]);
	nv->nv_hash = new;
	nv->nv_hashsize = size;
	for (uint32_t i = 0; old != NULL && i < osize; i++) {
		while ((ne = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(ne, ne_hash);
			LIST_INSERT_HEAD(nd6_head(nv, ne->ne_ifp, ne->ne_addr), ne, ne_hash);
		}
	}
	kfree(vnet_acct(nv->nv_vnet), ACCT_HASH, old, osize * sizeof(*old));
	return (true);
}

/* Where it waits for its eviction. */
static struct nd6_queue *
nd6_queue(struct nd6_vnet *nv, const struct nd6_entry *ne)
{
	return (ne->ne_asking ? &nv->nv_asking : &nv->nv_entries);
}

/* Who does not answer makes room first (RFC 6583 7.1), then who was heard of longest ago. */
static bool
nd6_evict(struct nd6_vnet *nv)
{
	struct nd6_entry *ne = TAILQ_FIRST(&nv->nv_asking);

	if (ne == NULL && (ne = TAILQ_FIRST(&nv->nv_entries)) == NULL)
		return (false);
	nv->nv_stat.ns_evicted++;
	nd6_free(nv, ne);
	return (true);
}

struct nd6_entry *
nd6_new(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t addr[16])
{
	struct nd6_entry *ne = NULL;

	if (nv->nv_n >= (uint32_t)nv->nv_maxentries && vnet_logdue(nv->nv_vnet, VNET_LOG_NEIGHBORS))
		vnet_log(nv->nv_vnet, LOG_WARNING, "nd6: the table is full: %u neighbors, the last on %s", nv->nv_n, ifp->if_xname);
	if ((nv->nv_n < (uint32_t)nv->nv_maxentries || nd6_evict(nv)) && nd6_grow(nv))
		ne = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*ne));
	if (ne == NULL) {
		nv->nv_stat.ns_nomem++;
		return (NULL);
	}
	*ne = (struct nd6_entry){ .ne_ifp = ifp, .ne_state = VI_NUD_NONE };
	memcpy(ne->ne_addr, addr, sizeof(ne->ne_addr));
	ne->ne_holdtail = &ne->ne_hold;
	callout_init(&ne->ne_timer, &nv->nv_vnet->vn_lane, nd6_timer, ne);
	LIST_INSERT_HEAD(nd6_head(nv, ifp, addr), ne, ne_hash);
	TAILQ_INSERT_TAIL(&nd6_if(ifp)->ni_entries, ne, ne_iflink);
	TAILQ_INSERT_TAIL(&nv->nv_entries, ne, ne_age);
	nv->nv_n++;
	return (ne);
}

void
nd6_touch(struct nd6_vnet *nv, struct nd6_entry *ne)
{
	if (ne->ne_permanent)
		return;
	TAILQ_REMOVE(nd6_queue(nv, ne), ne, ne_age);
	TAILQ_INSERT_TAIL(nd6_queue(nv, ne), ne, ne_age);
}

void
nd6_requeue(struct nd6_vnet *nv, struct nd6_entry *ne)
{
	const bool asking = ne->ne_state == VI_NUD_INCOMPLETE;

	if (ne->ne_asking == asking)
		return;
	TAILQ_REMOVE(nd6_queue(nv, ne), ne, ne_age);
	ne->ne_asking = asking;
	TAILQ_INSERT_TAIL(nd6_queue(nv, ne), ne, ne_age);
}

void
nd6_free(struct nd6_vnet *nv, struct nd6_entry *ne)
{
	struct nd6_if *ni = nd6_if(ne->ne_ifp);
	uint8_t sol[16];

	if (ne->ne_proxy) {
		in6_solicited(ne->ne_addr, ne->ne_ifp->if_index, sol);
		in6_mcast_leave(nv->nv_vnet, ne->ne_ifp, sol);
	}
	nd6_tell(ne, true);
	callout_stop(&ne->ne_timer);
	nd6_doubt(ne, false);
	if (ni->ni_last == ne)
		ni->ni_last = NULL;
	LIST_REMOVE(ne, ne_hash);
	TAILQ_REMOVE(&ni->ni_entries, ne, ne_iflink);
	if (!ne->ne_permanent)
		TAILQ_REMOVE(nd6_queue(nv, ne), ne, ne_age);
	nv->nv_n--;
	nv->nv_stat.ns_dropped += ne->ne_nhold;
	m_freeq(ne->ne_hold);
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, ne, sizeof(*ne));
}

static void
nd6_forget_held(struct nd6_vnet *nv, struct nd6_entry *ne, const struct ifnet *ifp)
{
	struct mbuf **mp = &ne->ne_hold, *m;

	while ((m = *mp) != NULL) {
		if (m->m_pkt.rcvif != ifp) {
			mp = &m->m_nextpkt;
			continue;
		}
		*mp = m->m_nextpkt;
		m->m_nextpkt = NULL;
		ne->ne_nhold--;
		nv->nv_stat.ns_dropped++;
		m_freem(m);
	}
	ne->ne_holdtail = mp;
}

/* Packets that wait and came by this interface must not outlive its stay. */
void
nd6_forget_rcvif(struct nd6_vnet *nv, const struct ifnet *ifp)
{
	struct nd6_entry *ne;

	TAILQ_FOREACH(ne, &nv->nv_asking, ne_age)
		nd6_forget_held(nv, ne, ifp);
	TAILQ_FOREACH(ne, &nv->nv_entries, ne_age)
		nd6_forget_held(nv, ne, ifp);
}

void
nd6_table_fini(struct nd6_vnet *nv)
{
	kfree(vnet_acct(nv->nv_vnet), ACCT_HASH, nv->nv_hash, nv->nv_hashsize * sizeof(*nv->nv_hash));
	nv->nv_hash = NULL;
}

/* Management */

/* The interface that is meant: the named one, or that of the address's link. */
static int
neigh_if(struct vnet *vn, const struct vi_sockaddr *sa, const char *name, struct ifnet **ifpp, struct in_addr_any *a)
{
	struct ifnet *ifp = name[0] != '\0' ? ifnet_byname(vn, name) : sa->sa_scope != 0 ? ifnet_byindex(vn, sa->sa_scope) : NULL;
	const struct nhop *nh;
	int error;

	if (sa->sa_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if (name[0] != '\0' && ifp == NULL)
		return (ENXIO);
	if ((error = in6_embed(vn, sa, ifp == NULL ? 0 : ifp->if_index, a)) != 0)
		return (error);
	if (ifp == NULL && (nh = fib6_lookup(vn, 0, (const uint8_t *)a->in6)) != NULL && (nh->nh_flags & (RTF_GATEWAY | RTF_LOCAL)) == 0)
		ifp = nh->nh_ifp;
	if (ifp == NULL)
		return (ENETUNREACH);
	*ifpp = ifp;
	return (ifp->if_type == VI_IFT_ETHER && nd6_if(ifp) != NULL ? 0 : EINVAL);
}

/* Whom we speak for is asked for in his solicited-node group (RFC 4861 7.2.8). */
static int
neigh_proxy(struct nd6_vnet *nv, struct nd6_entry *ne, bool proxy)
{
	uint8_t sol[16];
	int error = 0;

	in6_solicited(ne->ne_addr, ne->ne_ifp->if_index, sol);
	if (proxy && !ne->ne_proxy)
		error = in6_mcast_join(nv->nv_vnet, ne->ne_ifp, sol);
	else if (!proxy && ne->ne_proxy)
		in6_mcast_leave(nv->nv_vnet, ne->ne_ifp, sol);
	if (error == 0)
		ne->ne_proxy = proxy;
	return (error);
}

int
nd6_neigh_add(struct vnet *vn, const struct vi_neigh *vne)
{
	struct nd6_vnet *nv = nd6_vnet(vn);
	struct nd6_entry *ne;
	struct in_addr_any a;
	struct ifnet *ifp;
	int error;

	if (vne->ne_refuse != VI_NEIGH_TAKE)		/* ndp(8) has no such entries */
		return (EOPNOTSUPP);
	if ((error = neigh_if(vn, &vne->ne_addr, vne->ne_ifname, &ifp, &a)) != 0)
		return (error);
	if (in6_multicast((const uint8_t *)a.in6) || in6_unspecified((const uint8_t *)a.in6))
		return (EINVAL);
	ne = nd6_lookup(nv, ifp, (const uint8_t *)a.in6);
	if (ne == NULL && (ne = nd6_new(nv, ifp, (const uint8_t *)a.in6)) == NULL)
		return (ENOBUFS);
	if ((error = neigh_proxy(nv, ne, vne->ne_published || vne->ne_proxy)) != 0)
		return (error);
	if (vne->ne_permanent && !ne->ne_permanent)
		TAILQ_REMOVE(nd6_queue(nv, ne), ne, ne_age);
	else if (!vne->ne_permanent && ne->ne_permanent)
		TAILQ_INSERT_TAIL(nd6_queue(nv, ne), ne, ne_age);
	ne->ne_permanent = vne->ne_permanent;
	ne->ne_router = vne->ne_router;
	memcpy(ne->ne_lladdr, vne->ne_lladdr, ETHER_ADDR_LEN);
	nd6_setstate(nv, ne, vne->ne_permanent ? VI_NUD_REACHABLE : VI_NUD_STALE);
	nd6_release_held(ne);
	return (0);
}

int
nd6_neigh_del(struct vnet *vn, const struct vi_sockaddr *sa, const char *ifname)
{
	struct nd6_vnet *nv = nd6_vnet(vn);
	struct nd6_entry *ne;
	struct in_addr_any a;
	struct ifnet *ifp;
	int error;

	if ((error = neigh_if(vn, sa, ifname, &ifp, &a)) != 0)
		return (error == ENETUNREACH ? ESRCH : error);
	if ((ne = nd6_lookup(nv, ifp, (const uint8_t *)a.in6)) == NULL)
		return (ESRCH);
	nd6_free(nv, ne);
	return (0);
}

static void
neigh_info(const struct nd6_vnet *nv, const struct nd6_entry *ne, struct vi_neigh *vne)
{
	const uint64_t now = vnet_now(nv->nv_vnet);
	struct in_addr_any a;

	memcpy(a.in6, ne->ne_addr, sizeof(a.in6));
	*vne = (struct vi_neigh){ .ne_state = ne->ne_state, .ne_complete = ne->ne_state >= VI_NUD_REACHABLE, .ne_permanent = ne->ne_permanent,
		.ne_router = ne->ne_router, .ne_published = ne->ne_proxy, .ne_proxy = ne->ne_proxy };
	in6_recover(&a, 0, &vne->ne_addr);
	memcpy(vne->ne_lladdr, ne->ne_lladdr, ETHER_ADDR_LEN);
	if (!ne->ne_permanent)
		vne->ne_expire = ne->ne_expire > now ? ne->ne_expire - now : 1;
	memcpy(vne->ne_ifname, ne->ne_ifp->if_xname, sizeof(vne->ne_ifname));
}

int
nd6_neigh_get(struct vnet *vn, const struct vi_sockaddr *sa, const char *ifname, struct vi_neigh *vne)
{
	const struct nd6_entry *ne;
	struct in_addr_any a;
	struct ifnet *ifp;
	int error;

	if ((error = neigh_if(vn, sa, ifname, &ifp, &a)) != 0)
		return (error);
	if ((ne = nd6_lookup(nd6_vnet(vn), ifp, (const uint8_t *)a.in6)) == NULL)
		return (ESRCH);
	neigh_info(nd6_vnet(vn), ne, vne);
	return (0);
}

void
nd6_tell(const struct nd6_entry *ne, bool gone)
{
	struct vnet *vn = ne->ne_ifp->if_vnet;
	struct vi_neigh vne;

	if (!rt_followed(vn) || (!gone && ne->ne_state == VI_NUD_NONE))
		return;
	neigh_info(nd6_vnet(vn), ne, &vne);
	rt_event_neigh(vn, gone ? VI_RTEV_NEIGH_DEL : VI_RTEV_NEIGH_ADD, ne->ne_ifp->if_index, &vne);
}

/* Our own addresses first: BSD's list has them as permanent. */
static void
neigh_own(const struct ifaddr *ifa, struct vi_neigh *vne)
{
	struct in_addr_any a;

	memcpy(a.in6, ifa->ifa_addr.na_in6, sizeof(a.in6));
	*vne = (struct vi_neigh){ .ne_state = VI_NUD_REACHABLE, .ne_complete = true, .ne_permanent = true, .ne_own = true };
	in6_recover(&a, 0, &vne->ne_addr);
	memcpy(vne->ne_lladdr, ifa->ifa_ifp->if_lladdr, ETHER_ADDR_LEN);
	memcpy(vne->ne_ifname, ifa->ifa_ifp->if_xname, sizeof(vne->ne_ifname));
}

void
nd6_neigh_list(struct vnet *vn, void (*fn)(void *, const struct vi_neigh *), void *arg)
{
	const struct nd6_entry *ne;
	const struct ifaddr *ifa;
	const struct ifnet *ifp;
	struct vi_neigh vne;

	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link) {
		if (ifp->if_type != VI_IFT_ETHER || nd6_if(ifp) == NULL)
			continue;
		TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
			if (ifa->ifa_addr.na_af != NET_AF_INET6)
				continue;
			neigh_own(ifa, &vne);
			fn(arg, &vne);
		}
		TAILQ_FOREACH(ne, &nd6_if(ifp)->ni_entries, ne_iflink) {
			neigh_info(nd6_vnet(vn), ne, &vne);
			fn(arg, &vne);
		}
	}
}
