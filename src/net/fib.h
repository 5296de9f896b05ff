/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One table of IPv4 prefixes: a binary trie with compressed paths.
 *
 * A node stands for a prefix and has at most two longer ones below, split at the bit behind it.  It
 * carries a value or is a fork; a fork has two children, so n prefixes need less than 2n nodes of
 * 32 bytes and an empty table none.  Keys are in host order.
 */
#ifndef NET_FIB_H
#define NET_FIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/acct.h"

struct fib_node {
	uint32_t	 fn_key;	/* bits behind fn_len are zero */
	uint8_t		 fn_len;
	struct fib_node	*fn_child[2];
	void		*fn_value;	/* NULL: a fork */
};

struct fib {
	struct fib_node	*f_root;
	uint32_t	 f_n;		/* values */
};

static inline uint32_t
fib_mask(unsigned len)
{
	return ((uint32_t)(0xffffffff00000000ull >> len));
}

/* The longest prefix of key that has a value; NULL. */
static inline const struct fib_node *
fib_match(const struct fib *f, uint32_t key)
{
	const struct fib_node *fn = f->f_root, *best = NULL;

	while (fn != NULL && ((key ^ fn->fn_key) & fib_mask(fn->fn_len)) == 0) {
		if (fn->fn_value != NULL)
			best = fn;
		if (fn->fn_len == 32)
			break;
		fn = fn->fn_child[key >> (31 - fn->fn_len) & 1];
	}
	return (best);
}

/*
 * All prefixes of key that have a value, shortest first, into path (room for 33); returns how many.
 */
unsigned fib_path(const struct fib *, uint32_t key, const struct fib_node **path);
/* Exactly this prefix, with a value; NULL. */
struct fib_node *fib_find(const struct fib *, uint32_t key, unsigned len);
/* The prefix must not be there.  ENOBUFS. */
int	 fib_insert(struct fib *, struct acctset *, uint32_t key, unsigned len, void *value);
/* Takes the prefix out and returns its value; NULL: it was not there. */
void	*fib_remove(struct fib *, struct acctset *, uint32_t key, unsigned len);
/* Values in the order of prefixes, the shorter first.  fn may not change the table. */
void fib_walk(const struct fib *, void (*fn)(void *arg, uint32_t key, unsigned len, void *value),
    void *arg);
/* Takes out every value for which gone is true; gone has then disposed of it. */
void	 fib_purge(struct fib *, struct acctset *, bool (*gone)(void *arg, void *value), void *arg);

#endif
