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

/* 64 ways on: to another node, to a leaf or to a tail.  Half a line of memory. */
struct fib_mnode {
	uint64_t	 mn_inner;	/* bit: leads to a node, or, with mn_runs, to a tail */
	uint64_t	 mn_runs;	/* bit: here the leaf is another than before */
	uint32_t	 mn_child;	/* index of the first node */
	uint32_t	 mn_leaf, mn_tail;	/* of the first leaf, the first tail */
	uint32_t	 mn_pad;
};

/*
 * One prefix alone below a node: the rest of the key decides, or, of a prefix that is longer than the two words of the key that begin with the
 * node's, its node in the trie.  It stands here, as that would be one more line of memory.
 */
struct fib_tail {
	uint64_t	 ft_key, ft_mask;
	uintptr_t	 ft_in;		/* the value inside of it, or (its node | 1) */
	void		*ft_out;	/* around it */
};

struct fib_chunk {
	uint32_t	 fc_nnodes, fc_nleaves, fc_ntails;
	void		**fc_leaf;	/* behind the nodes and tails */
	struct fib_tail	*fc_tail;	/* behind the nodes */
	struct fib_mnode fc_node[];
};

/* The value for key, of which the bits before pos chose the chunk. */
typedef void *fib_chunk_fn(const struct fib_chunk *, const uint32_t *key, unsigned pos);

struct fib_index {
	uint32_t	 fi_bits;	/* of the key, that choose the slot */
	fib_chunk_fn	*fi_match;	/* (c) by this processor, for this length of keys */
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
void	 fib_chunk_free(struct acctset *, struct fib_chunk *);

/* plain: one that every processor can run. */
fib_chunk_fn *fib_chunk_matcher(unsigned words, bool plain);

/* The two words of a key that begin with the one at pos; zeros follow it. */
static inline uint64_t
fib_two(const uint32_t *key, unsigned words, unsigned pos)
{
	const unsigned w = pos / 32;

	return ((uint64_t)key[w] << 32 | (w + 1 < words ? key[w + 1] : 0));
}

/* The FIB_STRIDE bits at pos. */
static inline unsigned
fib_slice(const uint32_t *key, unsigned words, unsigned pos)
{
	return (fib_two(key, words, pos) >> (64 - FIB_STRIDE - pos % 32) & 63);
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
	return (fi->fi_match((const struct fib_chunk *)slot, key, fi->fi_bits));
}

#endif
