/* SPDX-License-Identifier: BSD-2-Clause */
/* Address resolution, as the files of this directory see it. */
#ifndef NETINET_ARP_ARP_INT_H
#define NETINET_ARP_ARP_INT_H

#include "netinet/arp/arp.h"
#include "wire/ether.h"

/* From ARP_VALID on there is a link address to send to. */
enum arp_state {
	ARP_INCOMPLETE,		/* asked; packets wait */
	ARP_DOWN,		/* did not answer; left alone for a while */
	ARP_VALID,
	ARP_REACHABLE = ARP_VALID,
	ARP_STALE,		/* its time is nearly over; used again? */
	ARP_PROBE,		/* it was: asked again, to its own address (RFC 1122 2.3.2.1 (2)) */
	ARP_PERMANENT,
};

struct arp_entry {
	LIST_ENTRY(arp_entry) ae_hashlink;
	TAILQ_ENTRY(arp_entry) ae_iflink;	/* if_arps */
	TAILQ_ENTRY(arp_entry) ae_link;		/* av_incomplete, av_complete or av_permanent */
	struct ifnet	*ae_ifp;
	uint32_t	 ae_addr;	/* network order */
	uint8_t		 ae_lladdr[ETHER_ADDR_LEN];
	uint8_t		 ae_state;	/* enum arp_state */
	uint8_t		 ae_asked;	/* requests in this state */
	bool		 ae_used;	/* since it became stale */
	bool		 ae_published;	/* we answer for it */
	bool		 ae_router;	/* DOWN: next hops by it are passed over until it answers */
	bool		 ae_proxy;	/* and do nothing else with it */
	uint8_t		 ae_refuse;	/* enum vi_neigh_refuse: the administrator's word, messages change nothing */
	uint64_t	 ae_expire;	/* host ns; the end of what it knows */
	struct callout	 ae_timer;
	struct mbuf	*ae_hold, **ae_holdtail;
	uint32_t	 ae_nhold;
};

/* arp_table.c */
struct arp_entry *arp_lookup(const struct arp_vnet *, const struct ifnet *, uint32_t addr);
/* ARP_INCOMPLETE, not asked for yet; makes room when the table is full.  NULL without memory. */
struct arp_entry *arp_new(struct arp_vnet *, struct ifnet *, uint32_t addr);
void	 arp_free(struct arp_vnet *, struct arp_entry *);	/* with the packets it holds */
/* Moves it to the list of its new state. */
void	 arp_setstate(struct arp_vnet *, struct arp_entry *, enum arp_state);
void	 arp_table_fini(struct arp_vnet *);
/* Packets that wait and came by this interface must not outlive its stay. */
void	 arp_forget_rcvif(struct arp_vnet *, const struct ifnet *);

/* arp_neigh.c: those who follow the vnet. */
void	 arp_tell(const struct arp_entry *, bool gone);

/* arp.c */
void	 arp_hold(struct arp_vnet *, struct arp_entry *, struct mbuf *);
void	 arp_drop_held(struct arp_vnet *, struct arp_entry *);
/* an answer: send what waits */
void	 arp_confirm(struct arp_vnet *, struct arp_entry *, const uint8_t *lladdr);
void	 arp_timer(void *);
/* Our own address of that interface, or NULL. */
struct ifaddr *arp_ownaddr(const struct arp_vnet *, const struct ifnet *, uint32_t addr);

/* Routes hear of it: what was silent is so no more, or nobody asks. */
void	 arp_router_forget(struct arp_entry *);

/* arp_probe.c */
struct arp_info;
void	 arp_probe_ifup(struct ifnet *);
void	 arp_probe_ifdown(struct ifnet *);
/* A message that may be about an address not in use yet. */
void	 arp_probe_input(struct arp_vnet *, struct ifnet *, const struct arp_info *);

/* arp_output.c */
int arp_send(struct arp_vnet *, struct ifnet *, uint16_t op, const uint8_t *sha, uint32_t spa,
    const uint8_t *tha, uint32_t tpa, const uint8_t *dst);
/* dst NULL: everybody */
void	 arp_request(struct arp_vnet *, struct arp_entry *, const uint8_t *dst);
void	 arp_announce(struct arp_vnet *, struct ifaddr *);

#endif
