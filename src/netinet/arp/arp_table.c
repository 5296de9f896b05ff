/* SPDX-License-Identifier: BSD-2-Clause */
/* The neighbours of a vnet: found by interface and address, kept within bounds. */
#include <string.h>

#include "base/siphash.h"
#include "mbuf/mbuf.h"
#include "netinet/arp/arp_int.h"

#define ARP_MINHASH	8

/* The addresses come from outside: a secret keeps the chains short. */
static struct arp_hashhead *
arp_head(const struct arp_vnet *av, const struct ifnet *ifp, uint32_t addr)
{
	const struct kernel *k = av->av_vnet->vn_kernel;
	const struct siphash_key key = { k->k_hashkey[0], k->k_hashkey[1] };
	const uint32_t in[2] = { ifp->if_index, addr };

	return (&av->av_hash[siphash13(&key, in, sizeof(in)) & (av->av_hashsize - 1)]);
}

struct arp_entry *
arp_lookup(const struct arp_vnet *av, const struct ifnet *ifp, uint32_t addr)
{
	struct arp_entry *ae;

	if (av->av_hash == NULL)
		return (NULL);
	LIST_FOREACH(ae, arp_head(av, ifp, addr), ae_hashlink)
		if (ae->ae_addr == addr && ae->ae_ifp == ifp)
			return (ae);
	return (NULL);
}

/* False: there is no table at all.  A larger one that cannot be had is done without. */
static bool
arp_grow(struct arp_vnet *av)
{
	struct arp_hashhead *old = av->av_hash, *new;
	uint32_t osize = av->av_hashsize, size = old == NULL ? ARP_MINHASH : 2 * osize;
	struct arp_entry *ae;

	if (old != NULL && av->av_n < osize)
		return (true);
	if ((new = kmalloc(vnet_acct(av->av_vnet), ACCT_HASH, size * sizeof(*new))) == NULL)
		return (old != NULL);
	for (uint32_t i = 0; i < size; i++)
		LIST_INIT(&new[i]);
	av->av_hash = new;
	av->av_hashsize = size;
	for (uint32_t i = 0; old != NULL && i < osize; i++) {
		while ((ae = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(ae, ae_hashlink);
			LIST_INSERT_HEAD(arp_head(av, ae->ae_ifp, ae->ae_addr), ae, ae_hashlink);
		}
	}
	kfree(vnet_acct(av->av_vnet), ACCT_HASH, old, osize * sizeof(*old));
	return (true);
}

static struct arp_queue *
arp_list(struct arp_vnet *av, uint8_t state)
{
	return (state < ARP_VALID	 ? &av->av_incomplete
		: state == ARP_PERMANENT ? &av->av_permanent
					 : &av->av_complete);
}

void
arp_setstate(struct arp_vnet *av, struct arp_entry *ae, enum arp_state state)
{
	TAILQ_REMOVE(arp_list(av, ae->ae_state), ae, ae_link);
	ae->ae_state = (uint8_t)state;
	ae->ae_asked = 0;
	TAILQ_INSERT_TAIL(arp_list(av, ae->ae_state), ae, ae_link);
	if (state < ARP_VALID && ae->ae_ifp->if_arplast == ae)
		ae->ae_ifp->if_arplast = NULL;
	ae->ae_ifp->if_linkgen++;
	arp_tell(ae, false);
}

/*
 * Who has not answered for longest makes room, then who was heard of longest ago; what the
 * administrator entered stays.
 */
static bool
arp_evict(struct arp_vnet *av)
{
	struct arp_entry *ae = TAILQ_FIRST(&av->av_incomplete);

	if (ae == NULL && (ae = TAILQ_FIRST(&av->av_complete)) == NULL)
		return (false);
	av->av_stat.as_evicted++;
	arp_free(av, ae);
	return (true);
}

struct arp_entry *
arp_new(struct arp_vnet *av, struct ifnet *ifp, uint32_t addr)
{
	struct arp_entry *ae = NULL;

	if (av->av_n >= av->av_maxentries && vnet_logdue(av->av_vnet, VNET_LOG_NEIGHBORS))
		vnet_log(av->av_vnet, LOG_WARNING, "arp: the table is full: %u neighbors, the last on %s", av->av_n, ifp->if_xname);
	if ((av->av_n < av->av_maxentries || arp_evict(av)) && arp_grow(av))
		ae = kmalloc(vnet_acct(av->av_vnet), ACCT_NEIGH, sizeof(*ae));
	if (ae == NULL) {
		av->av_stat.as_nomem++;
		return (NULL);
	}
	ae->ae_ifp = ifp;
	ae->ae_addr = addr;
	ae->ae_state = ARP_INCOMPLETE;
	ae->ae_holdtail = &ae->ae_hold;
	callout_init(&ae->ae_timer, &av->av_vnet->vn_lane, arp_timer, ae);
	LIST_INSERT_HEAD(arp_head(av, ifp, addr), ae, ae_hashlink);
	TAILQ_INSERT_TAIL(&ifp->if_arps, ae, ae_iflink);
	TAILQ_INSERT_TAIL(&av->av_incomplete, ae, ae_link);
	av->av_n++;
	return (ae);
}

void
arp_free(struct arp_vnet *av, struct arp_entry *ae)
{
	arp_tell(ae, true);
	arp_router_forget(ae);
	callout_stop(&ae->ae_timer);
	ae->ae_ifp->if_linkgen++;
	if (ae->ae_ifp->if_arplast == ae)
		ae->ae_ifp->if_arplast = NULL;
	LIST_REMOVE(ae, ae_hashlink);
	TAILQ_REMOVE(&ae->ae_ifp->if_arps, ae, ae_iflink);
	TAILQ_REMOVE(arp_list(av, ae->ae_state), ae, ae_link);
	av->av_n--;
	av->av_stat.as_dropped += ae->ae_nhold;
	m_freeq(ae->ae_hold);
	kfree(vnet_acct(av->av_vnet), ACCT_NEIGH, ae, sizeof(*ae));
}

/* Only those not answered yet hold packets. */
void
arp_forget_rcvif(struct arp_vnet *av, const struct ifnet *ifp)
{
	struct arp_entry *ae;
	struct mbuf **mp, *m;

	TAILQ_FOREACH(ae, &av->av_incomplete, ae_link) {
		for (mp = &ae->ae_hold; (m = *mp) != NULL;) {
			if (m->m_pkt.rcvif != ifp) {
				mp = &m->m_nextpkt;
				continue;
			}
			*mp = m->m_nextpkt;
			m->m_nextpkt = NULL;
			ae->ae_nhold--;
			av->av_stat.as_dropped++;
			m_freem(m);
		}
		ae->ae_holdtail = mp;
	}
}

void
arp_table_fini(struct arp_vnet *av)
{
	kfree(vnet_acct(av->av_vnet), ACCT_HASH, av->av_hash,
	    av->av_hashsize * sizeof(*av->av_hash));
	av->av_hash = NULL;
}
