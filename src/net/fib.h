/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One table of prefixes, of IPv4 or IPv6: a binary trie with compressed paths.
 *
 * A node stands for a prefix and has at most two longer ones below, split at the bit behind it.  It
 * carries a value or is a fork; a fork has two children, so n prefixes need less than 2n nodes (of
 * 32 bytes for IPv4, 48 for IPv6) and an empty table none.  Keys are words in host order, the
 * first bits of the address in the first.  Lookups are faster by fib_index.h.
 */
#ifndef NET_FIB_H
#define NET_FIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/acct.h"

#define FIB_MAXWORDS	4
#define FIB_MAXBITS	128
#define FIB_MAXPATH	(FIB_MAXBITS + 1)	/* prefixes of one key */

struct fib_node {
	struct fib_node	*fn_child[2];
	void		*fn_value;	/* NULL: a fork */
	uint8_t		 fn_len;
	uint32_t	 fn_key[];	/* f_words of them; bits behind fn_len are zero */
};

struct fib {
	struct fib_node	*f_root;
	uint32_t	 f_n;		/* values */
	uint32_t	 f_words;	/* (c) of a key: 1 or 4 */
	struct fib_index *f_index;	/* fib_index.c; NULL: a small table */
};

static inline uint32_t
fib_mask(unsigned len)
{
	return ((uint32_t)(0xffffffff00000000ull >> len));
}

/* Are the first len bits the same? */
static inline bool
fib_same(const uint32_t *a, const uint32_t *b, unsigned len)
{
	for (; len > 32; len -= 32)
		if (*a++ != *b++)
			return (false);
	return (((*a ^ *b) & fib_mask(len)) == 0);
}

static inline unsigned
fib_bit(const uint32_t *key, unsigned pos)
{
	return (key[pos / 32] >> (31 - pos % 32) & 1);
}

static inline unsigned
fib_bits(const struct fib *f)
{
	return (32 * f->f_words);
}

void	 fib_init(struct fib *, unsigned bits);
/* The value of the longest prefix of key that has one; NULL. */
void	*fib_match(const struct fib *, const uint32_t *key);
/*
 * All prefixes of key that have a value, shortest first, into path (room for FIB_MAXPATH); returns
 * how many.
 */
unsigned fib_path(const struct fib *, const uint32_t *key, const struct fib_node **path);
/* The value of exactly this prefix; NULL. */
void	*fib_find(const struct fib *, const uint32_t *key, unsigned len);
/* The prefix must not be there.  ENOBUFS. */
int	 fib_insert(struct fib *, struct acctset *, const uint32_t *key, unsigned len, void *value);
/* The prefix must be there; returns its old value. */
void	*fib_replace(struct fib *, struct acctset *, const uint32_t *key, unsigned len, void *value);
/* Takes the prefix out and returns its value; NULL: it was not there. */
void	*fib_remove(struct fib *, struct acctset *, const uint32_t *key, unsigned len);
/*
 * Values in the order of prefixes, the shorter first, until fn says false; those behind the prefix after/len, which need not be there, or
 * with NULL all.  fn may not change the table.
 */
typedef bool fib_walk_fn(void *arg, const uint32_t *key, unsigned len, void *value);
void	 fib_walk(const struct fib *, const uint32_t *after, unsigned len, fib_walk_fn *, void *arg);
/*
 * Takes out every value for which fn gives NULL, having disposed of it, and puts what else it gives
 * in the place of the others.
 */
typedef void *fib_purge_fn(void *arg, const uint32_t *key, void *value);
void	 fib_purge(struct fib *, struct acctset *, fib_purge_fn *, void *arg);

#endif
