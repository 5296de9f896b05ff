/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address resolution for IPv4 over Ethernet (RFC 826): what other parts of netinet call.  The first
 * five make the neighbour part of in_afops.
 */
#ifndef NETINET_ARP_ARP_H
#define NETINET_ARP_ARP_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/route.h>

#include "kern/lane.h"
#include "net/ifnet.h"
#include "vimage/vnet.h"

struct mbuf;
struct arp_entry;

/*
 * Counters: X(name, words of netstat -s).  A message that is dropped is counted under exactly one
 * reason.
 */
#define ARP_STATS(X) \
	X(as_txrequests, "ARP request%s sent") \
	X(as_txerrors, "ARP packet%s failed to be sent") \
	X(as_txreplies, "ARP replies sent") \
	X(as_rxrequests, "ARP request%s received") \
	X(as_rxreplies, "ARP replies received") \
	X(as_received, "ARP packet%s received") \
	X(as_announced, "announcement%s of own addresses sent") \
	X(as_dropped, "total packet%s dropped due to no ARP entry") \
	X(as_rejected, "packet%s refused by a reject entry") \
	X(as_blackholed, "packet%s dropped by a blackhole entry") \
	X(as_heldover, "packet%s dropped because too many waited for one address") \
	X(as_timeouts, "ARP entry%s timed out") \
	X(as_evicted, "ARP entry%s evicted for new ones") \
	X(as_nomem, "ARP entry%s refused for lack of memory") \
	X(as_dupips, "Duplicate IP%s seen") \
	X(as_probes, "probe%s for addresses before their use") \
	X(as_duplicates, "address%s found in use before theirs") \
	X(as_givenup, "address%s given up to others") \
	X(as_short, "ARP packet%s too short") \
	X(as_badhrd, "ARP packet%s for other hardware") \
	X(as_badpro, "ARP packet%s for other protocols") \
	X(as_badlen, "ARP packet%s with bad address lengths") \
	X(as_badop, "ARP packet%s with other operations") \
	X(as_badaddr, "ARP packet%s with a group as sender") \
	X(as_noarp, "ARP packet%s on interfaces without ARP") \
	X(as_ownmac, "ARP packet%s with our own hardware address as sender") \
	X(as_stopped, "ARP packet%s for a stack that is stopping")

struct arp_stat {
#define ARP_STAT_MEMBER(name, text) uint64_t name;
	ARP_STATS(ARP_STAT_MEMBER)
#undef ARP_STAT_MEMBER
};

/* RFC 5227 2.4: what is done when another uses our address. */
enum arp_defend { ARP_DEFEND_NOT, ARP_DEFEND_ONCE, ARP_DEFEND_ALWAYS };

LIST_HEAD(arp_hashhead, arp_entry);
TAILQ_HEAD(arp_queue, arp_entry);

/* What is to become of an address (RFC 5227). */
enum arp_verdict {
	ARP_FREE,	/* one of if_newaddrs may be used now */
	ARP_TAKEN,	/* one in use is another host's (2.4) */
	ARP_UNSURE,	/* one in use is to be asked for anew (2.1) */
};

struct arp_vnet {
	struct vnet	*av_vnet;
	struct arp_hashhead *av_hash;	/* by interface and address; NULL until the first entry */
	uint32_t	 av_hashsize;	/* a power of two */
	uint32_t	 av_n;
	struct arp_queue av_incomplete;	/* not answered, oldest first */
	/* answered, those confirmed longest ago first; not the permanent ones */
	struct arp_queue av_complete;
	struct arp_queue av_permanent;
	bool		 av_stopping;
	/* net.link.ether.inet. */
	uint32_t	 av_max_age;	/* s */
	uint32_t	 av_maxtries;
	uint32_t	 av_down;	/* s a neighbour that did not answer is left alone */
	uint32_t	 av_maxhold;	/* packets that wait for one address */
	uint32_t	 av_maxentries;
	uint32_t	 av_proxyall;
	uint32_t	 av_log_movements;
	uint32_t	 av_log_permanent;
	uint32_t	 av_probes;	/* before an address is used */
	uint32_t	 av_garp;	/* repetitions of the announcement of a new one */
	uint32_t	 av_defend;	/* enum arp_defend */
	/*
	 * Registered by upper modules at attach; may be NULL. av_findaddr: the vnet's own address,
	 * or NULL; without it the interface's list is searched. av_unreach: a *forwarded* packet
	 * (m_pkt.rcvif is set) that is given up because its next hop does not answer, at once or
	 * after it was held.  m_data is at the IP header.  Consumes m.  Without it such packets are
	 * dropped.
	 */
	struct ifaddr	*(*av_findaddr)(struct vnet *, uint32_t addr);
	void		(*av_unreach)(struct vnet *, struct mbuf *);
	void		(*av_verdict)(struct ifaddr *, enum arp_verdict);	/* may free it */
	struct arp_stat	 av_stat;
};
VNET_STATE_DECLARE(arp);

/*
 * nao_resolve.  0: lladdr is filled, m is untouched.  Everything else consumed m: EWOULDBLOCK, it
 * is held until the answer comes, or a black hole has it; EHOSTUNREACH, the neighbour did not answer
 * lately (what programs of this host expect; BSD says EHOSTDOWN) or is rejected; ENOBUFS; EAFNOSUPPORT.
 */
int	arp_resolve(struct ifnet *, struct mbuf *, const struct net_addr *, uint8_t *lladdr);
bool	arp_known(struct ifnet *, const struct net_addr *, uint8_t *lladdr);	/* nao_known */
/*
 * nao_neigh_add: EAFNOSUPPORT, EINVAL (no unicast address), ENXIO (no such interface), ENETUNREACH
 * (no interface has that network), ENOBUFS.
 */
int	arp_neigh_add(struct vnet *, const struct vi_neigh *);
int	arp_neigh_get(struct vnet *, const struct vi_sockaddr *, const char *ifname, struct vi_neigh *);	/* nao_neigh_get */
int	arp_neigh_del(struct vnet *, const struct vi_sockaddr *, const char *ifname);	/* ESRCH */
/* nao_neigh_list: the interfaces' own addresses too, as permanent ones. */
void	arp_neigh_list(struct vnet *, void (*fn)(void *, const struct vi_neigh *), void *arg);

/* arp_probe.c: must addresses of this interface be probed for?  The address is on if_newaddrs; ENOBUFS. */
bool	arp_probe_due(const struct ifnet *);
int	arp_probe_start(struct ifaddr *);
void	arp_probe_repeat(struct ifaddr *);	/* the announcement of an address in use */
void	arp_probe_stop(struct ifaddr *);	/* harmless when there is none */

/* In net's table of protocols.  Consumes m. */
void	arp_input(struct ifnet *, struct mbuf *);

#endif
