/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes lookups in large tables fast; fib.c keeps it, everybody asks fib_lookup(). */
#ifndef NET_FIB_INDEX_H
#define NET_FIB_INDEX_H

#include "net/fib.h"

struct fib_node;

/* A slot: (debt << 1 | FIB_SLOT_OLD), (value | FIB_SLOT_VALUE), or a chunk. */
#define FIB_SLOT_OLD	1u
#define FIB_SLOT_VALUE	2u
#define FIB_STRIDE	6

/* 64 ways on: to another node or to a leaf. */
struct fib_mnode {
	uint64_t	 mn_inner;	/* bit: leads to a node */
	uint64_t	 mn_runs;	/* bit: here the leaf is another than before */
	uint32_t	 mn_child;	/* index of the first node */
	uint32_t	 mn_leaf;	/* of the first leaf */
};

/* One prefix alone below a leaf: the rest of the key decides.  It stands here, as its node would be one more line of memory. */
struct fib_tail {
	void		*ft_in, *ft_out;	/* the value inside of it and around it */
	uint32_t	 ft_len;
	uint32_t	 ft_key[];
};

struct fib_chunk {
	uint32_t	 fc_nnodes, fc_nleaves, fc_ntails;
	uintptr_t	*fc_leaf;	/* a value, or (index of a tail << 1 | 1) */
	uint8_t		*fc_tail;	/* fib_tail_size() each */
	struct fib_mnode fc_node[];	/* and leaves and tails behind them */
};

struct fib_index {
	uint32_t	 fi_bits;	/* of the key, that choose the slot */
	uintptr_t	 fi_slot[];
};

/* The set of routes changed within this prefix. */
void	 fib_index_change(struct fib *, struct acctset *, const uint32_t *key, unsigned len);
/* The number of routes did: makes, resizes or removes the index.  Without memory all stays. */
void	 fib_index_resize(struct fib *, struct acctset *);
/* A slot that is old: by the trie, or made anew if that has become worth it. */
void	*fib_index_miss(struct fib *, struct acctset *, const uint32_t *key);

/* fib_chunk.c: NULL without memory */
struct fib_chunk *fib_chunk_new(const struct fib *, struct acctset *, unsigned pos,
    const struct fib_node *, void *value);
void	 fib_chunk_free(struct acctset *, struct fib_chunk *, unsigned words);

static inline unsigned
fib_popcount(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return ((unsigned)(x * 0x0101010101010101u >> 56));
}

/* The FIB_STRIDE bits at pos; zeros follow the key. */
static inline unsigned
fib_slice(const uint32_t *key, unsigned words, unsigned pos)
{
	const unsigned w = pos / 32;
	const uint64_t two = (uint64_t)key[w] << 32 | (w + 1 < words ? key[w + 1] : 0);

	return (two >> (64 - FIB_STRIDE - pos % 32) & 63);
}

static inline size_t
fib_tail_size(unsigned words)
{
	return ((offsetof(struct fib_tail, ft_key) + words * sizeof(uint32_t) + 7) & ~(size_t)7);
}

static inline struct fib_tail *
fib_tail_at(uint8_t *tails, uintptr_t i, unsigned words)
{
	return ((struct fib_tail *)(void *)(tails + i * fib_tail_size(words)));
}

static inline void *
fib_chunk_match(const struct fib_chunk *fc, const uint32_t *key, unsigned words, unsigned pos)
{
	const struct fib_mnode *mn = fc->fc_node;
	const struct fib_tail *ft;
	uint64_t bit;
	uintptr_t leaf;

	while (((bit = 1ull << fib_slice(key, words, pos)) & mn->mn_inner) != 0) {
		mn = &fc->fc_node[mn->mn_child + fib_popcount(mn->mn_inner & (bit - 1))];
		pos += FIB_STRIDE;
	}
	leaf = fc->fc_leaf[mn->mn_leaf + fib_popcount(mn->mn_runs & (2 * bit - 1)) - 1];
	if ((leaf & 1) == 0)
		return ((void *)leaf);
	ft = fib_tail_at(fc->fc_tail, leaf >> 1, words);
	return (fib_same(key, ft->ft_key, ft->ft_len) ? ft->ft_in : ft->ft_out);
}

/* As fib_match(), but what was learned by it is remembered. */
static inline void *
fib_lookup(struct fib *f, struct acctset *as, const uint32_t *key)
{
	const struct fib_index *fi = f->f_index;
	uintptr_t slot;

	if (fi == NULL)
		return (fib_match(f, key));
	slot = fi->fi_slot[key[0] >> (32 - fi->fi_bits)];
	if (slot & FIB_SLOT_OLD)
		return (fib_index_miss(f, as, key));
	if (slot & FIB_SLOT_VALUE)
		return ((void *)(slot - FIB_SLOT_VALUE));
	return (fib_chunk_match((const struct fib_chunk *)slot, key, f->f_words, fi->fi_bits));
}

#endif
