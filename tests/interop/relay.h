/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cable between a vnet's interface and a tap: carries frames both ways and does to them what bad cables do.  Super-packets are cut and checksums finished, as in front
 * of any real medium.
 */
#ifndef TESTS_INTEROP_RELAY_H
#define TESTS_INTEROP_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct vi_vnet;

/* What may happen to a frame, in 1/1000, and how long it takes (us). */
struct ills {
	const char	*il_name;
	unsigned	 il_loss, il_dup, il_corrupt;
	unsigned	 il_reorder;	/* so many are held back by up to il_hold */
	unsigned	 il_delay, il_hold;
};

struct relay_frame;
struct relay {
	int		 r_tap;
	struct ifnet	*r_if;		/* the vnet's */
	struct vnet	*r_vn;
	struct ills	 r_ills;
	uint64_t	 r_rng;
	struct relay_frame *r_head, *r_tail;	/* on their way, by time */
	uint64_t	 r_count, r_lost, r_doubled, r_corrupted, r_late;
	uint64_t	 r_full;	/* refused by the tap */
	unsigned	 r_waiting;
	bool		 r_dry;		/* the tap had nothing left */
};

#define RELAY_MAX	20000		/* frames on their way; more are lost */

/* Takes hold of the other end of a new epair in vn; ifname gets the name of the near one. */
void	 relay_init(struct relay *, struct vi_vnet *vn, int tap, char *ifname);
void	 relay_fini(struct relay *);
void	 relay_ills(struct relay *, const struct ills *, uint64_t seed);
/* Reads the tap and delivers what is due, both ways, a turn's worth at most. */
void	 relay_run(struct relay *);
uint64_t relay_due(const struct relay *);	/* ns until there is something for it to do */
uint64_t relay_clock(void);	/* ns */

#endif
