/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments that wait for the rest of their datagram, of either family. */
#ifndef NETINET_IP_REASS_H
#define NETINET_IP_REASS_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "kern/lane.h"
#include "vimage/vnet.h"

struct ifnet;
struct mbuf;
struct reassq;

#define REASS_KEYWORDS	9	/* two addresses and an id */
#define REASS_NHASH	16

/* What differs between the families. */
struct reass_ops {
	uint64_t	 ro_ttl;	/* ns that a datagram waits */
	unsigned	 ro_keywords;	/* of those, used */
	bool		 ro_sticky;	/* what had an overlap takes no fragments any more, until its time is over */
	/* Time is over; m: the first fragment as it came, of a datagram that has it.  Consumes m. */
	void		(*ro_expired)(struct vnet *, struct mbuf *m);
	void		(*ro_lost)(const struct mbuf *);	/* told of each fragment that comes to nothing; NULL: nobody wants to know */
};

/* Counted in fragments, in the statistics of the family. */
struct reass_counters {
	uint64_t	*rc_dropped, *rc_overlap, *rc_timeout;
};

TAILQ_HEAD(reassqhead, reassq);
LIST_HEAD(reassbucket, reassq);
struct reass {
	struct vnet	*rs_vnet;	/* (c) */
	const struct reass_ops *rs_ops;	/* (c) */
	struct reass_counters rs_count;	/* (c) */
	struct reassbucket *rs_hash;	/* REASS_NHASH buckets; NULL until the first fragment */
	struct reassqhead rs_age;	/* oldest first */
	struct callout	 rs_timer;
	uint32_t	 rs_nqueues, rs_nfrags;
	int		 rs_maxqueues, rs_maxfrags;	/* -1: no limit */
	int		 rs_maxperqueue;
};

/* One fragment. */
struct reass_frag {
	uint32_t	 rf_key[REASS_KEYWORDS];
	unsigned	 rf_hlen;	/* bytes in front of its data */
	uint32_t	 rf_off, rf_len;	/* of the data; not 0 */
	bool		 rf_last;
	uint8_t		 rf_ecn;
	uint32_t	 rf_note;	/* of the first fragment: what the family wants to know again */
};

/* About a datagram that is complete. */
struct reass_whole {
	bool		 rw_ce;		/* to be marked: a fragment was (RFC 3168 5.3) */
	bool		 rw_badecn;	/* but another could not be: something is wrong */
	uint16_t	 rw_fragmax;	/* bytes of the largest packet that brought some of it, headers and all */
	uint32_t	 rw_note;
};

void	 reass_init(struct reass *, struct vnet *, const struct reass_ops *, const struct reass_counters *);
void	 reass_stop(struct reass *);
void	 reass_drain(struct reass *);		/* frees all */
#define REASS_BATCH	64			/* packets given up in one go */
void	 reass_short(struct reass *);		/* frees so many, the oldest */
void	 reass_ifdetach(struct reass *, const struct ifnet *);
/*
 * Consumes m, which begins rf_hlen bytes before its data.  The datagram with the headers of its first fragment, m_pkt.l3hlen bytes of them, when this
 * completed it; NULL: it waits, or was dropped and counted.
 */
struct mbuf *reass_add(struct reass *, struct mbuf *m, const struct reass_frag *, struct reass_whole *);

#endif
