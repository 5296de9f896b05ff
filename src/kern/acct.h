/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and who pays for it.
 *
 * Every allocation is charged to an account of an acctset: one acctset per vnet (and one of the kernel itself), one account per
 * kind of object.  An account that is not zero when its vnet is gone is a leak and is reported.
 *
 * Threads: an acctset is used by the thread that runs its vnet's lane, or under the kernel lock.  Nothing here is atomic.
 */
#ifndef KERN_ACCT_H
#define KERN_ACCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/limit.h"

struct msglog;
struct kernel;
struct kmtag;
struct memcache;	/* a worker's free lists of memory and mbufs */

/* One row per kind: enum tag, name shown. */
#define ACCT_TYPES(X) \
	X(MBUF, "mbuf") X(MODULE, "module") X(SOCKET, "socket") X(PCB, "inpcb") X(TCPCB, "tcpcb") X(SYNCACHE, "syncache") \
	X(TIMEWAIT, "timewait") X(REASS, "reassembly") X(HASH, "hash") X(IFNET, "ifnet") X(IFADDR, "ifaddr") X(ROUTE, "route") \
	X(NEIGH, "neighbour") X(LOG, "msgbuf") X(PRISON, "prison") X(MISC, "misc")

#define ACCT_ENUM(tag, name) ACCT_##tag,
enum acct_type { ACCT_TYPES(ACCT_ENUM) ACCT_MAX };

struct acct {
	uint64_t	ac_count;	/* objects; of as_total it is not kept: acctset_count() */
	uint64_t	ac_bytes;
	uint64_t	ac_mark;	/* up to here bytes are taken without a question: least of peak, limit and what was granted */
	uint64_t	ac_peak;	/* bytes */
	uint64_t	ac_limit;	/* bytes; 0 = none; acct_setlimit() */
	uint64_t	ac_failures;
};

struct acctset {
	struct kernel	*as_kernel;	/* (c) */
	struct memcache	*as_cache;	/* of the worker that runs the lane; changes under the kernel lock only */
	struct acct	 as_total;	/* of all types; as_total.ac_limit is the vnet's memory limit */
	struct acct	 as_acct[ACCT_MAX];
	struct limitset	*as_limits;	/* of the jail; NULL: none */
	struct limitset	*as_payer;	/* those of memory, mbufs and states: the same, but of an annex (vnet_annex) another jail's */
	uint64_t	 as_states;	/* taken from as_payer: connections of others that are kept */
	struct msglog	*as_log;	/* who is told that one was reached; NULL */
	/*
	 * What the limitset has granted, and how much of it may lie idle.  Without a limit of memory or mbufs there is no end to either.
	 */
	uint64_t	 as_grant, as_slack;		/* bytes */
	uint64_t	 as_mgrant, as_mslack;		/* mbufs */
	bool		 as_pps;	/* packets are limited */
	bool		 as_granted;	/* as_grant or as_mgrant ends somewhere */
	bool		 as_telling;
	uint64_t	 as_refused[LIMIT_MAX];
	struct kmtag	*as_live;	/* builds that keep track: the allocations, for acctset_where */
};

void	acctset_init(struct acctset *, struct kernel *, struct memcache *);
const char *acct_name(enum acct_type);
/* The limits of a jail, and where to say that they are reached; once, before anything is charged. */
void	acctset_setlimits(struct acctset *, struct limitset *, struct msglog *);
/* Under the kernel lock: memory, mbufs and states, what there is included, are taken from these limits from now on. */
void	acctset_setpayer(struct acctset *, struct limitset *);
/* Under the kernel lock: limits were set or lifted, here or above. */
void	acctset_relimit(struct acctset *);
/* Everything granted goes back: the stack is gone. */
void	acctset_ungrant(struct acctset *);
/* Objects that only limits count (sockets, routes, interfaces).  False: refused, and said in the log. */
bool	acct_count(struct acctset *, enum limit_type, uint64_t n);
void	acct_uncount(struct acctset *, enum limit_type, uint64_t n);
/* The state of a connection that is not this stack's own (NAT, firewall) is kept, or no more.  False: refused, and said in the log. */
bool	acct_addstate(struct acctset *);
void	acct_delstates(struct acctset *, uint64_t n);
/* Bytes of one kind, or of all together; 0 = no limit. */
void	acct_setlimit(struct acctset *, enum acct_type, uint64_t bytes);
void	acctset_setlimit(struct acctset *, uint64_t bytes);
uint64_t acctset_count(const struct acctset *);	/* objects of all types */
/* A packet came in at this time: may it stay? */
bool	acct_packet(struct acctset *, uint64_t now);
/* Charge without memory (mbufs, queue bytes): ENOBUFS beyond a limit (counted). */
int	acct_charge(struct acctset *, enum acct_type, size_t bytes);
void	acct_uncharge(struct acctset *, enum acct_type, size_t bytes);
void	acct_unchargeall(struct acctset *, enum acct_type, uint64_t n, size_t bytes);	/* of n charges */
/* An object made by kmalloc changes who pays; never fails (the new one may exceed its limit by it). */
void	acct_move(struct acctset *from, struct acctset *to, enum acct_type, void *p, size_t size);
/* Calls fn for each account that is not zero; returns how many. */
unsigned acctset_check(const struct acctset *, void (*fn)(void *, enum acct_type, const struct acct *), void *arg);

/*
 * Zeroed memory of any size, aligned to 16 (64 when size >= 64); NULL beyond a limit or without memory.
 * kfree must be given the same type and size (the size is what accounts are made of; there is no hidden header).
 * Debug builds remember where each allocation was made, and acctset_check's report names the places.
 */
#define kmalloc(as, type, size) kmalloc_at((as), (type), (size), __FILE__, __LINE__)
void	*kmalloc_at(struct acctset *, enum acct_type, size_t size, const char *file, int line);
void	 kfree(struct acctset *, enum acct_type, void *, size_t size);	/* NULL is fine */
char	*kstrdup(struct acctset *, enum acct_type, const char *);	/* free with strlen + 1 */
/* Debug builds: reports where each live allocation came from (at most max); otherwise nothing. */
void	acctset_where(const struct acctset *, void (*fn)(void *, enum acct_type, const char *file, int line, size_t), void *arg, unsigned max);

#endif
