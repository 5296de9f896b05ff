/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a large table.
 *
 * The first bits of a key choose a slot; it holds the answer itself or a chunk (fib_chunk.c) to go
 * on with.  The trie stays the truth.  A change marks the slots it touches as old and no more, so
 * that changing is as cheap as without an index.  A lookup that meets an old slot asks the trie,
 * and pays something towards a new chunk: it is made when the lookups since have cost about as much
 * as making it will.  So neither many changes nor many lookups, in any order, cost more than twice
 * what they must.  Small tables have no index.
 */
#include <string.h>

#include "net/fib_index.h"

#define FIB_PAY		16	/* elements of a chunk made in the time of a lookup in the trie */
#define FIB_NOMEM	4096	/* lookups until the next attempt */

/* Bits by number of routes. */
static const struct { uint32_t n, bits; } fib_index_sizes[] = {
	{ 131072, 18 }, { 4096, 12 }, { 64, 6 }, { 0, 0 }
};

static uint32_t
fib_index_bits(uint32_t n)
{
	unsigned i = 0;

	while (n < fib_index_sizes[i].n)
		i++;
	return (fib_index_sizes[i].bits);
}

static size_t
fib_index_size(uint32_t bits)
{
	return (sizeof(struct fib_index) + sizeof(uintptr_t) * ((size_t)1 << bits));
}

/* What is in the slot goes; what made it is the price of the next. */
static void
fib_slot_old(struct acctset *as, uintptr_t *slot)
{
	struct fib_chunk *fc;
	uintptr_t debt = 0;

	if (*slot & FIB_SLOT_OLD)
		return;
	if ((*slot & FIB_SLOT_VALUE) == 0) {
		fc = (struct fib_chunk *)*slot;
		debt = (fc->fc_nnodes + fc->fc_nleaves + fc->fc_ntails) / FIB_PAY;
		fib_chunk_free(as, fc);
	}
	*slot = debt << 1 | FIB_SLOT_OLD;
}

void
fib_index_change(struct fib *f, struct acctset *as, const uint32_t *key, unsigned len)
{
	struct fib_index *fi = f->f_index;
	uint32_t first, n = 1;

	if (fi == NULL)
		return;
	first = key[0] >> (32 - fi->fi_bits);
	if (len < fi->fi_bits) {
		n = 1u << (fi->fi_bits - len);
		first &= ~(n - 1);
	}
	for (uint32_t i = first; i < first + n; i++)
		fib_slot_old(as, &fi->fi_slot[i]);
}

static void
fib_index_free(struct acctset *as, struct fib_index *fi)
{
	if (fi == NULL)
		return;
	for (uint32_t i = 0; i < 1u << fi->fi_bits; i++)
		fib_slot_old(as, &fi->fi_slot[i]);
	kfree(as, ACCT_HASH, fi, fib_index_size(fi->fi_bits));
}

/* It grows at once and shrinks late, so that it does not do both by turns. */
void
fib_index_resize(struct fib *f, struct acctset *as)
{
	const uint32_t now = f->f_index == NULL ? 0 : f->f_index->fi_bits;
	const uint32_t low = fib_index_bits(f->f_n), high = fib_index_bits(2 * f->f_n);
	const uint32_t bits = now < low ? low : now > high ? high : now;
	struct fib_index *new = NULL;

	if (bits == now)
		return;
	if (bits > 0 &&
	    (new = kmalloc(as, ACCT_HASH, fib_index_size(bits))) == NULL)
		return;
	fib_index_free(as, f->f_index);
	f->f_index = new;
	if (new == NULL)
		return;
	new->fi_bits = bits;
	new->fi_match = fib_chunk_matcher(f->f_words, false);
	for (uint32_t i = 0; i < 1u << bits; i++)
		new->fi_slot[i] = FIB_SLOT_OLD;
}

/* The highest node within the slot of key, and the value that holds around it. */
static const struct fib_node *
fib_index_below(const struct fib *f, const uint32_t *key, unsigned bits, void **value)
{
	const struct fib_node *fn = f->f_root;

	*value = NULL;
	while (fn != NULL && fn->fn_len < bits && fib_same(key, fn->fn_key, fn->fn_len)) {
		if (fn->fn_value != NULL)
			*value = fn->fn_value;
		fn = fn->fn_child[fib_bit(key, fn->fn_len)];
	}
	return (fn != NULL && fn->fn_len >= bits && fib_same(key, fn->fn_key, bits) ? fn : NULL);
}

void *
fib_index_miss(struct fib *f, struct acctset *as, const uint32_t *key)
{
	struct fib_index *fi = f->f_index;
	uintptr_t *slot = &fi->fi_slot[key[0] >> (32 - fi->fi_bits)];
	const struct fib_node *fn;
	struct fib_chunk *fc;
	void *value;

	if (*slot >> 1 > 0) {
		*slot -= 1 << 1;
		return (fib_match(f, key));
	}
	fn = fib_index_below(f, key, fi->fi_bits, &value);
	if (fn == NULL)
		*slot = (uintptr_t)value | FIB_SLOT_VALUE;
	else if ((fc = fib_chunk_new(f, as, fi->fi_bits, fn, value)) != NULL)
		*slot = (uintptr_t)fc;
	else
		*slot = (uintptr_t)FIB_NOMEM << 1 | FIB_SLOT_OLD;
	return (fib_match(f, key));
}
