/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits on what a set of stacks may have together.
 *
 * A limitset belongs to a jail and hangs from that of the jail above: what is taken from one is taken from all above it, so
 * children's use counts against their parents' limits.  Several lanes, on several workers, take from the same set: the counters
 * are atomic, the limits themselves change under the kernel lock only.
 *
 * Memory and mbufs are taken at every packet: an acctset asks in large pieces, and only while somebody has set such a limit
 * (acctset_limit).
 */
#ifndef KERN_LIMIT_H
#define KERN_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One row per kind: enum tag, name shown ("limit.NAME"). */
#define LIMIT_TYPES(X) \
	X(MEMORY, "memory") X(MBUFS, "mbufs") X(SOCKETS, "sockets") X(ROUTES, "routes") X(INTERFACES, "interfaces") \
	X(STATES, "states") X(PROCESSES, "processes") X(PPS, "pps")

#define LIMIT_ENUM(tag, name) LIMIT_##tag,
enum limit_type { LIMIT_TYPES(LIMIT_ENUM) LIMIT_MAX };

struct limit {
	uint64_t	li_max;		/* 0 = none */
	atomic_uint_fast64_t li_cur;
	atomic_uint_fast64_t li_peak;
	atomic_uint_fast64_t li_hits;	/* how often it was reached */
};

struct limitset {
	struct limitset	*ls_parent;	/* (c) */
	struct limit	 ls_limit[LIMIT_MAX];
	/* packets a second: when the next one would be on time, and the count of the second that runs */
	atomic_uint_fast64_t ls_due;
	atomic_uint_fast64_t ls_second;
	atomic_uint_fast64_t ls_packets;
};

const char *limit_name(enum limit_type);
void	limitset_init(struct limitset *, struct limitset *parent);
/* NULL sets have no limits.  False: one of the sets would be beyond its limit, and nothing was taken (counted there). */
bool	limit_take(struct limitset *, enum limit_type, uint64_t n);
void	limit_force(struct limitset *, enum limit_type, uint64_t n);	/* beyond the limit if it must be */
void	limit_give(struct limitset *, enum limit_type, uint64_t n);
bool	limit_isset(const struct limitset *, enum limit_type);		/* here or above */
/* A packet at this time (ns).  False: there were too many. */
bool	limit_packet(struct limitset *, uint64_t now);

#endif
