/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory below the accounts: size classes and the free lists of a worker. Users are acct.c and
 * mbuf/, everybody else calls kmalloc.
 */
#ifndef KERN_KMEM_H
#define KERN_KMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "kern/acct.h"
#include "kern/poison.h"

struct kmem;
struct vi_host;

/*
 * Classes: 16, 32, 48, then four to each doubling up to 32 KB, all of them multiples of 64; and one
 * for the large clusters of mbufs with their header of 64 bytes.  That of 2 KB has room for such a
 * header: small clusters take it, and tcpcbs do not lie at a distance at which they would push each
 * other out of a processor's cache.
 */
#define KMEM_MAXSIZE	32768
#define KMEM_CLUSTER	18	/* 64 + 2 KB */
#define KMEM_JUMBO	35	/* 64 + 64 KB */
#define KMEM_NCLASSES	36
#define KMEM_256	6

extern const uint32_t kmem_sizes[KMEM_NCLASSES];

/* An object on a free list. */
struct kmobj {
	struct kmobj	*ko_next;
};
struct kmlist {
	struct kmobj	*kl_head;
	uint32_t	 kl_count;
};

/*
 * Two stacks of one class, each at most kc_batch long: while one is emptied or filled the other
 * keeps us from going to the shared slabs at every step, and twice the batch is all that an idle
 * worker holds back.  Once more as much waits for whoever comes first.
 */
struct kmcache {
	struct kmlist	 kc_now, kc_spare;
	uint32_t	 kc_batch;
};

struct memcache {
	struct kmem	*mc_kmem;	/* (c) */
	uint64_t	 mc_fail;	/* tests: that many allocations from now, one fails */
	struct kmcache	 mc_class[KMEM_NCLASSES];
	/*
	 * Of mbuf.c: made less freed by this worker; only the sum over all workers means something.
	 */
	int64_t		 mc_mbufs, mc_clusters, mc_jumbos, mc_mbytes;
	uint64_t	 mc_mfails;
};

int	kmem_init(struct vi_host *, size_t maxmem, struct kmem **);
void	kmem_fini(struct kmem *);	/* gives back every page, whatever is still in use */
size_t	kmem_bytes(struct kmem *);		/* taken from the host now */
/* Pages of the caller's own, zeroed; what is not freed is freed by kmem_fini. */
void	*kmem_pages(struct kmem *, size_t);
void	 kmem_pages_free(struct kmem *, void *);

void	memcache_init(struct memcache *, struct kmem *);
/* Everything back to the slabs; in the worker's thread or under the kernel lock. */
void	memcache_flush(struct memcache *);
void	*memcache_refill(struct memcache *, unsigned class);
void	 memcache_overflow(struct memcache *, unsigned class);
bool	memcache_faulted(struct memcache *);

unsigned kmem_class(size_t size);

/*
 * An object of the class, not cleared, of which the caller means to use size bytes; NULL without
 * memory.
 */
static inline void *
memcache_get(struct memcache *mc, unsigned class, size_t size)
{
	struct kmcache *kc = &mc->mc_class[class];
	struct kmobj *ko;

	if (__builtin_expect(mc->mc_fail != 0, 0) && memcache_faulted(mc))
		return (NULL);
	if (__builtin_expect((ko = kc->kc_now.kl_head) == NULL, 0) &&
	    (ko = memcache_refill(mc, class)) == NULL)
		return (NULL);
	UNPOISON(ko, size > sizeof(*ko) ? size : sizeof(*ko));
	kc->kc_now.kl_head = ko->ko_next;
	kc->kc_now.kl_count--;
	return (ko);
}

static inline void
memcache_put(struct memcache *mc, unsigned class, void *p)
{
	struct kmcache *kc = &mc->mc_class[class];
	struct kmobj *ko = p;

	VI_ASSERT(!POISONED(p));	/* freed twice? */
	UNPOISON(ko, sizeof(*ko));
	if (__builtin_expect(kc->kc_now.kl_count >= kc->kc_batch, 0))
		memcache_overflow(mc, class);
	ko->ko_next = kc->kc_now.kl_head;
	kc->kc_now.kl_head = ko;
	kc->kc_now.kl_count++;
	POISON(ko, kmem_sizes[class]);
}

/* acct.c: beyond a mark.  What is a new peak, or within what limits allow after all, is taken; false beyond a limit (counted, and told). */
bool	acct_takemore(struct acctset *, enum acct_type, uint64_t n, size_t bytes);
void	acct_giveback(struct acctset *);

/* n objects of together `bytes`; false beyond a limit (counted).  A charge that just reaches the limit passes. */
static inline bool
acct_take(struct acctset *as, enum acct_type type, uint64_t n, size_t bytes)
{
	struct acct *ac = &as->as_acct[type];
	const uint64_t all = as->as_total.ac_bytes + bytes, mine = ac->ac_bytes + bytes;

	if (__builtin_expect(all > as->as_total.ac_mark || mine > ac->ac_mark, 0))
		return (acct_takemore(as, type, n, bytes));
	ac->ac_count += n;
	ac->ac_bytes = mine;
	as->as_total.ac_bytes = all;
	return (true);
}

static inline void
acct_give(struct acctset *as, enum acct_type type, uint64_t n, size_t bytes)
{
	struct acct *ac = &as->as_acct[type];

	ac->ac_count -= n;
	ac->ac_bytes -= bytes;
	as->as_total.ac_bytes -= bytes;
	if (__builtin_expect(as->as_granted && (as->as_grant - as->as_total.ac_bytes > as->as_slack ||
	    (type == ACCT_MBUF && as->as_mgrant - ac->ac_count > as->as_mslack)), 0))
		acct_giveback(as);
}

#endif
