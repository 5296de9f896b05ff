/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Memory comes from the host in arenas of 1 MB. An arena is cut into 16 spans of 64 KB; a slab
 * takes 1, 4 or all 16 of them, aligned to its size, and holds objects of one class behind a header
 * of 64 bytes. So the slab of an object and the arena of a slab are found by masking the address,
 * and nothing is looked up. The header of an arena's first span also carries what is known of the
 * arena.
 *
 *	arena 1 MB   | hdr objects... | hdr objects... | hdr objects (4 spans) ...   | free | ...
 *
 * Workers do not touch slabs: each has its own free lists (struct memcache), which exchange objects
 * with the slabs in batches, under a mutex of the host. Objects freed by another worker than the
 * one that made them thus find their way back; those that keep flowing one way do so a list at a
 * time, without a look at each of them. A slab without objects in use dissolves into spans,
 * which any class may take; arenas without slabs are kept up to KMEM_SPARE and then given back.
 *
 * An object never used before is not on any list: sl_fresh counts them off. So the pages of a fresh
 * slab are touched only as far as it is used.
 *
 * Above KMEM_MAXSIZE an allocation has pages of its own, with a header of 64 bytes in front.
 *
 * Threads: a memcache belongs to its worker, or to the holder of the kernel lock; all else is under
 * km_lock.
 */
#include "kern/kmem.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "host/host.h"
#include "kern/kmem_int.h"

#define SPAN		65536u
#define ARENA		(1u << 20)
#define ARENA_SPANS	(ARENA / SPAN)
#define ARENA_FREE	0xffffu
#define HEADER		64u
#define KMEM_SPARE	32u		/* empty arenas kept */
#define KMEM_BIG	(32u << 20)	/* from here on arenas come in pairs, which the host can give one large page */
#define BATCH_BYTES	16384u
#define BATCH_MIN	8u
#define BATCH_MAX	64u

const uint32_t kmem_sizes[KMEM_NCLASSES] = {
	16, 32, 48, 64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
	1280, 1536, 1792, HEADER + 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192,
	10240, 12288, 14336, 16384, 20480, 24576, 28672, 32768, HEADER + 65536,
};

struct slab {
	LIST_ENTRY(slab) sl_link;	/* of its class, while it has objects to give */
	struct kmobj	*sl_free;
	uint16_t	 sl_used;
	uint16_t	 sl_fresh;	/* objects from this one on were never used */
	uint16_t	 sl_total;
	uint8_t		 sl_class;
	uint8_t		 sl_pad;
	/* In the first header of an arena: the arena. */
	LIST_ENTRY(slab) sl_arlink;	/* km_empty, km_some or km_full */
	uint32_t	 sl_arfree;	/* bit set: span is free */
};
_Static_assert(sizeof(struct slab) <= HEADER, "slab header");
LIST_HEAD(slab_list, slab);

struct pages {
	LIST_ENTRY(pages) pg_link;
	size_t		 pg_size;
};
_Static_assert(sizeof(struct pages) <= HEADER, "page header");

struct kmem {
	struct vi_host	*km_host;
	void		*km_lock;
	size_t		 km_max;
	size_t		 km_bytes;
	unsigned	 km_nempty;
	struct slab_list km_empty, km_some, km_full;	/* arenas by their free spans */
	struct slab_list km_class[KMEM_NCLASSES];	/* slabs that have objects to give */
	struct kmlist	 km_aside[KMEM_NCLASSES];	/* what a worker had too much of, for another to take as it is */
	LIST_HEAD(, pages) km_pages;
};

/* The class of a size in sixteenths, up to 1024. */
static const uint8_t kmem_classes[65] = {
	0, 0, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8,
	9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11,
	12, 12, 12, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 13, 13, 13,
	14, 14, 14, 14, 14, 14, 14, 14,
};

unsigned
kmem_class(size_t size)
{
	unsigned shift;

	if (size <= 1024)
		return (kmem_classes[(size + 15) / 16]);
	/* 1025..2048 in steps of 256, 2049..4096 in steps of 512, ... */
	shift = 63 - (unsigned)__builtin_clzll(size - 1);
	return (7 + (shift - 8) * 4 + (unsigned)((size - 1) >> (shift - 2) & 3));
}

static unsigned
class_spans(unsigned class)
{
	if (class == KMEM_JUMBO)
		return (ARENA_SPANS);
	return (kmem_sizes[class] <= 4096 ? 1 : 4);
}

static struct slab *
arena_of(struct slab *sl)
{
	return ((struct slab *)((uintptr_t)sl & ~(uintptr_t)(ARENA - 1)));
}

static struct slab *
slab_of(void *p, unsigned class)
{
	return ((struct slab *)((uintptr_t)p & ~((uintptr_t)class_spans(class) * SPAN - 1)));
}

static void
km_lock(struct kmem *km)
{
	host_mutex_lock(km->km_host, km->km_lock);
}

static void
km_unlock(struct kmem *km)
{
	host_mutex_unlock(km->km_host, km->km_lock);
}

/* From and to the host. */

static void
host_return(struct kmem *km, void *p, size_t size)
{
	UNPOISON(p, size);
	km->km_bytes -= size;
	host_page_free(km->km_host, p, size);
}

static void
arena_return(struct kmem *km, struct slab *ar)
{
	LIST_REMOVE(ar, sl_arlink);
	km->km_nempty--;
	host_return(km, ar, ARENA);
}

static void *
host_take(struct kmem *km, size_t size, size_t align)
{
	void *p;

	if (km->km_max != 0) {
		while (size > km->km_max - km->km_bytes && !LIST_EMPTY(&km->km_empty))
			arena_return(km, LIST_FIRST(&km->km_empty));
		if (size > km->km_max - km->km_bytes)
			return (NULL);
	}
	if ((p = host_page_alloc(km->km_host, size, align)) != NULL)
		km->km_bytes += size;
	return (p);
}

/* Spans. */

/*
 * The place of n free spans, n a power of two and the place a multiple of it; -1 if there is none.
 */
static int
spans_find(uint32_t mask, unsigned n)
{
	uint32_t want = (1u << n) - 1;

	for (unsigned i = 0; i < ARENA_SPANS; i += n)
		if ((mask >> i & want) == want)
			return ((int)i);
	return (-1);
}

static void
arena_refile(struct kmem *km, struct slab *ar, uint32_t mask)
{
	struct slab_list *list = &km->km_some;

	if (mask == 0)
		list = &km->km_full;
	else if (mask == ARENA_FREE)
		list = &km->km_empty;
	km->km_nempty -= ar->sl_arfree == ARENA_FREE;
	km->km_nempty += mask == ARENA_FREE;
	ar->sl_arfree = mask;
	LIST_REMOVE(ar, sl_arlink);
	LIST_INSERT_HEAD(list, ar, sl_arlink);
}

static void
arena_init(struct kmem *km, struct slab *ar)
{
	ar->sl_arfree = ARENA_FREE;
	LIST_INSERT_HEAD(&km->km_empty, ar, sl_arlink);
	km->km_nempty++;
	POISON((uint8_t *)ar + HEADER, ARENA - HEADER);
}

static struct slab *
arena_new(struct kmem *km)
{
	uint8_t *p;

	if (km->km_bytes >= KMEM_BIG && (p = host_take(km, 2 * ARENA, 2 * ARENA)) != NULL)
		arena_init(km, (struct slab *)(void *)(p + ARENA));
	else if ((p = host_take(km, ARENA, ARENA)) == NULL)
		return (NULL);
	arena_init(km, (struct slab *)(void *)p);
	return ((struct slab *)(void *)p);
}

static struct slab *
spans_take(struct kmem *km, unsigned n)
{
	struct slab *ar;
	int i = -1;

	LIST_FOREACH(ar, &km->km_some, sl_arlink)
		if ((i = spans_find(ar->sl_arfree, n)) >= 0)
			break;
	if (ar == NULL) {
		i = 0;
		if ((ar = LIST_FIRST(&km->km_empty)) == NULL && (ar = arena_new(km)) == NULL)
			return (NULL);
	}
	arena_refile(km, ar, ar->sl_arfree & ~(((1u << n) - 1) << i));
	return ((struct slab *)((uintptr_t)ar + (uintptr_t)i * SPAN));
}

static void
spans_give(struct kmem *km, struct slab *sl, unsigned n)
{
	struct slab *ar = arena_of(sl);
	unsigned i = (unsigned)(((uintptr_t)sl - (uintptr_t)ar) / SPAN);

	if (i != 0)
		POISON(sl, HEADER);
	arena_refile(km, ar, ar->sl_arfree | ((1u << n) - 1) << i);
	if (km->km_nempty > KMEM_SPARE)
		arena_return(km, LIST_FIRST(&km->km_empty));
}

/* Slabs. */

static struct slab *
slab_new(struct kmem *km, unsigned class)
{
	unsigned n = class_spans(class);
	struct slab *sl;

	if ((sl = spans_take(km, n)) == NULL)
		return (NULL);
	UNPOISON(sl, HEADER);
	sl->sl_free = NULL;
	sl->sl_used = sl->sl_fresh = 0;
	sl->sl_total = (uint16_t)((n * SPAN - HEADER) / kmem_sizes[class]);
	sl->sl_class = (uint8_t)class;
	LIST_INSERT_HEAD(&km->km_class[class], sl, sl_link);
	return (sl);
}

static struct kmobj *
slab_pop(struct slab *sl)
{
	struct kmobj *ko = sl->sl_free;

	if (ko != NULL) {
		UNPOISON(ko, sizeof(*ko));
		sl->sl_free = ko->ko_next;
	} else {
		ko = (struct kmobj *)((uintptr_t)sl + HEADER +
				      (uintptr_t)sl->sl_fresh++ * kmem_sizes[sl->sl_class]);
		UNPOISON(ko, sizeof(*ko));
	}
	if (++sl->sl_used == sl->sl_total)
		LIST_REMOVE(sl, sl_link);
	return (ko);
}

/* One object for the caller's list; NULL without memory. */
static struct kmobj *
slab_get(struct kmem *km, unsigned class)
{
	struct slab *sl;

	if ((sl = LIST_FIRST(&km->km_class[class])) == NULL && (sl = slab_new(km, class)) == NULL)
		return (NULL);
	return (slab_pop(sl));
}

static void
slab_put(struct kmem *km, unsigned class, struct kmobj *ko)
{
	struct slab *sl = slab_of(ko, class);

	VI_ASSERT(sl->sl_class == class && sl->sl_used > 0);
	ko->ko_next = sl->sl_free;
	POISON(ko, sizeof(*ko));
	sl->sl_free = ko;
	if (sl->sl_used-- == sl->sl_total)
		LIST_INSERT_HEAD(&km->km_class[class], sl, sl_link);
	if (sl->sl_used == 0) {
		LIST_REMOVE(sl, sl_link);
		spans_give(km, sl, class_spans(class));
	}
}

/* A worker's lists. */

void
memcache_init(struct memcache *mc, struct kmem *km)
{
	memset(mc, 0, sizeof(*mc));
	mc->mc_kmem = km;
	for (unsigned i = 0; i < KMEM_NCLASSES; i++)
		mc->mc_class[i].kc_batch =
		    MAX(BATCH_MIN, MIN(BATCH_MAX, BATCH_BYTES / kmem_sizes[i]));
}

/* Tests: counts down to the allocation that is to fail. */
bool
memcache_faulted(struct memcache *mc)
{
	return (--mc->mc_fail == 0);
}

/* Gives all of it to one that has nothing; false: there is nothing. */
static bool
kmlist_move(struct kmlist *to, struct kmlist *from)
{
	*to = *from;
	*from = (struct kmlist){ 0 };
	return (to->kl_head != NULL);
}

/*
 * The caller's list is empty: fill it, from the spare one, from what another worker put aside or
 * from the slabs. Returns its new head, still on the list.
 */
void *
memcache_refill(struct memcache *mc, unsigned class)
{
	struct kmcache *kc = &mc->mc_class[class];
	struct kmem *km = mc->mc_kmem;
	struct kmobj *ko;

	if (kmlist_move(&kc->kc_now, &kc->kc_spare))
		return (kc->kc_now.kl_head);
	km_lock(km);
	(void)kmlist_move(&kc->kc_now, &km->km_aside[class]);
	/* Half a batch, so that a free that follows at once has room. */
	while (kc->kc_now.kl_count < HOWMANY(kc->kc_batch, 2) && (ko = slab_get(km, class)) != NULL) {
		ko->ko_next = kc->kc_now.kl_head;
		POISON(ko, sizeof(*ko));
		kc->kc_now.kl_head = ko;
		kc->kc_now.kl_count++;
	}
	km_unlock(km);
	return (kc->kc_now.kl_head);
}

/* Back to the slabs. */
static void
kmlist_drain(struct kmlist *kl, struct kmem *km, unsigned class)
{
	struct kmobj *next;

	for (struct kmobj *ko = kl->kl_head; ko != NULL; ko = next) {
		UNPOISON(ko, sizeof(*ko));
		next = ko->ko_next;
		slab_put(km, class, ko);
	}
	*kl = (struct kmlist){ 0 };
}

/* The list is full: it becomes the spare one; what that was, longest unused, is for another worker. */
void
memcache_overflow(struct memcache *mc, unsigned class)
{
	struct kmcache *kc = &mc->mc_class[class];
	struct kmem *km = mc->mc_kmem;

	if (kc->kc_spare.kl_head != NULL) {
		km_lock(km);
		kmlist_drain(&km->km_aside[class], km, class);
		(void)kmlist_move(&km->km_aside[class], &kc->kc_spare);
		km_unlock(km);
	}
	(void)kmlist_move(&kc->kc_spare, &kc->kc_now);
}

void
memcache_flush(struct memcache *mc)
{
	struct kmem *km = mc->mc_kmem;

	km_lock(km);
	for (unsigned i = 0; i < KMEM_NCLASSES; i++) {
		kmlist_drain(&mc->mc_class[i].kc_now, km, i);
		kmlist_drain(&mc->mc_class[i].kc_spare, km, i);
		kmlist_drain(&km->km_aside[i], km, i);
	}
	km_unlock(km);
}

/* Pages. */

void *
kmem_pages(struct kmem *km, size_t size)
{
	size_t room = ROUNDUP2(size + HEADER, (size_t)HOST_PAGE);
	struct pages *pg;

	if (room < size)
		return (NULL);
	km_lock(km);
	if ((pg = host_take(km, room, HOST_PAGE)) != NULL) {
		pg->pg_size = room;
		LIST_INSERT_HEAD(&km->km_pages, pg, pg_link);
		POISON((uint8_t *)pg + HEADER + size, room - HEADER - size);
	}
	km_unlock(km);
	return (pg != NULL ? (uint8_t *)pg + HEADER : NULL);
}

void
kmem_pages_free(struct kmem *km, void *p)
{
	struct pages *pg = (struct pages *)((uintptr_t)p - HEADER);

	km_lock(km);
	LIST_REMOVE(pg, pg_link);
	host_return(km, pg, pg->pg_size);
	km_unlock(km);
}

void *
kmem_alloc(struct memcache *mc, size_t size, bool *zeroed)
{
	*zeroed = size > KMEM_MAXSIZE;
	if (!*zeroed)
		return (memcache_get(mc, kmem_class(size), size));
	if (mc->mc_fail != 0 && memcache_faulted(mc))
		return (NULL);
	return (kmem_pages(mc->mc_kmem, size));
}

void
kmem_free(struct memcache *mc, void *p, size_t size)
{
	if (size > KMEM_MAXSIZE)
		kmem_pages_free(mc->mc_kmem, p);
	else
		memcache_put(mc, kmem_class(size), p);
}

size_t
kmem_bytes(struct kmem *km)
{
	size_t n;

	km_lock(km);
	n = km->km_bytes;
	km_unlock(km);
	return (n);
}

int
kmem_init(struct vi_host *h, size_t maxmem, struct kmem **kmp)
{
	size_t size = ROUNDUP2(sizeof(struct kmem), (size_t)HOST_PAGE);
	struct kmem *km;

	*kmp = NULL;
	if (maxmem != 0 && maxmem < size)
		return (ENOMEM);
	if ((km = host_page_alloc(h, size, HOST_PAGE)) == NULL)
		return (ENOMEM);
	if ((km->km_lock = host_mutex_new(h)) == NULL) {
		host_page_free(h, km, size);
		return (ENOMEM);
	}
	km->km_host = h;
	km->km_max = maxmem;
	km->km_bytes = size;
	*kmp = km;
	return (0);
}

static void
arenas_return(struct kmem *km, struct slab_list *list)
{
	struct slab *ar;

	while ((ar = LIST_FIRST(list)) != NULL) {
		LIST_REMOVE(ar, sl_arlink);
		host_return(km, ar, ARENA);
	}
}

void
kmem_fini(struct kmem *km)
{
	size_t size = ROUNDUP2(sizeof(struct kmem), (size_t)HOST_PAGE);
	struct vi_host *h = km->km_host;
	struct pages *pg;

	arenas_return(km, &km->km_empty);
	arenas_return(km, &km->km_some);
	arenas_return(km, &km->km_full);
	while ((pg = LIST_FIRST(&km->km_pages)) != NULL) {
		LIST_REMOVE(pg, pg_link);
		host_return(km, pg, pg->pg_size);
	}
	VI_ASSERT(km->km_bytes == size);
	host_mutex_free(h, km->km_lock);
	host_page_free(h, km, size);
}
