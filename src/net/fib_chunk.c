/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A part of the trie, below one slot of the index, as a tree with 64 branches per node: nodes that
 * are children of one node stand side by side, so do its leaves, and two bitmaps say which is which
 * (a "poptrie").  It is written once and thrown away when the routes in it change; so it may point to
 * nodes of the trie that have a value.
 */
#include <string.h>

#include "net/fib_index.h"

static inline unsigned
fib_count(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return ((unsigned)(x * 0x0101010101010101u >> 56));
}

/* The arrays grow while it is made, then are copied to one piece of memory. */
struct fib_array {
	void		*fa_mem;
	size_t		 fa_size;	/* of an element */
	uint32_t	 fa_n, fa_max;
};

struct fib_build {
	const struct fib *fb_fib;
	struct acctset	*fb_acct;
	struct fib_array fb_nodes, fb_leaves, fb_tails;
	bool		 fb_failed;
};

/* One of the 64 ways. */
struct fib_way {
	void		*fw_value;
	const struct fib_node *fw_below;
};

/* n more elements; the index of the first. */
static uint32_t
fib_array_add(struct fib_build *fb, struct fib_array *fa, uint32_t n)
{
	uint32_t max = fa->fa_max == 0 ? 16 : fa->fa_max, first = fa->fa_n;
	void *mem;

	while (max < fa->fa_n + n)
		max *= 2;
	if (max != fa->fa_max) {
		if ((mem = kmalloc(fb->fb_acct, ACCT_HASH, max * fa->fa_size)) == NULL) {
			fb->fb_failed = true;
			return (0);
		}
		if (fa->fa_n > 0)
			memcpy(mem, fa->fa_mem, fa->fa_n * fa->fa_size);
		kfree(fb->fb_acct, ACCT_HASH, fa->fa_mem, fa->fa_max * fa->fa_size);
		fa->fa_mem = mem;
		fa->fa_max = max;
	}
	fa->fa_n += n;
	return (first);
}

static void
fib_array_free(struct fib_build *fb, struct fib_array *fa)
{
	kfree(fb->fb_acct, ACCT_HASH, fa->fa_mem, fa->fa_max * fa->fa_size);
}

/* The prefixes from fn on, as far as FIB_STRIDE bits behind pos tell them apart; at most 7 deep. */
static void
fib_paint(const struct fib *f, const struct fib_node *fn, unsigned pos, struct fib_way way[64])
{
	unsigned i, n;

	if (fn == NULL)
		return;
	i = fib_slice(fn->fn_key, f->f_words, pos);
	if (fn->fn_len > pos + FIB_STRIDE ||
	    (fn->fn_len == pos + FIB_STRIDE &&
		(fn->fn_child[0] != NULL || fn->fn_child[1] != NULL))) {
		way[i].fw_below = fn;
		return;
	}
	if (fn->fn_value != NULL)
		for (n = 1u << (pos + FIB_STRIDE - fn->fn_len); n > 0; n--)
			way[i++].fw_value = fn->fn_value;
	fib_paint(f, fn->fn_child[0], pos, way);
	fib_paint(f, fn->fn_child[1], pos, way);
}

static bool
fib_way_inner(const struct fib_way *fw)
{
	return (fw->fw_below != NULL &&
	    (fw->fw_below->fn_child[0] != NULL || fw->fw_below->fn_child[1] != NULL));
}

/* The bits of two words from `from` up to, not including, `to`. */
static uint64_t
fib_two_mask(unsigned from, unsigned to)
{
	return (to >= 64 ? UINT64_MAX >> from : (UINT64_MAX >> from) & ~(UINT64_MAX >> to));
}

static void
fib_build_tail(struct fib_build *fb, const struct fib_way *fw, unsigned pos)
{
	const struct fib_node *fn = fw->fw_below;
	const unsigned first = pos & ~31u;
	const uint32_t at = fib_array_add(fb, &fb->fb_tails, 1);
	struct fib_tail *ft;

	if (fb->fb_failed)
		return;
	ft = &((struct fib_tail *)fb->fb_tails.fa_mem)[at];
	ft->ft_mask = fib_two_mask(pos - first, fn->fn_len - first);
	ft->ft_key = fib_two(fn->fn_key, fb->fb_fib->f_words, pos) & ft->ft_mask;
	ft->ft_in = fn->fn_len - first <= 64 ? (uintptr_t)fn->fn_value : (uintptr_t)fn | 1;
	ft->ft_out = fw->fw_value;
}

static void
fib_build_leaf(struct fib_build *fb, void *value)
{
	const uint32_t at = fib_array_add(fb, &fb->fb_leaves, 1);

	if (!fb->fb_failed)
		((void **)fb->fb_leaves.fa_mem)[at] = value;
}

/* Leaves, tails and bitmaps of one node. */
static struct fib_mnode
fib_build_node(struct fib_build *fb, const struct fib_way way[64], unsigned pos)
{
	struct fib_mnode mn = { .mn_leaf = fb->fb_leaves.fa_n, .mn_tail = fb->fb_tails.fa_n };
	const void *last = NULL;
	bool any = false;

	for (unsigned i = 0; i < 64 && !fb->fb_failed; i++) {
		if (way[i].fw_below != NULL) {
			mn.mn_inner |= 1ull << i;
			if (fib_way_inner(&way[i]))
				continue;
			mn.mn_runs |= 1ull << i;
			fib_build_tail(fb, &way[i], pos);
		} else if (!any || way[i].fw_value != last) {
			mn.mn_runs |= 1ull << i;
			fib_build_leaf(fb, way[i].fw_value);
			last = way[i].fw_value;
			any = true;
		}
	}
	return (mn);
}

/* Node number `at`, for what is below fn; value: what holds where nothing longer does. */
static void
fib_build(struct fib_build *fb, uint32_t at, unsigned pos, const struct fib_node *fn, void *value)
{
	struct fib_way way[64];
	struct fib_mnode mn;
	uint32_t child;

	for (unsigned i = 0; i < 64; i++)
		way[i] = (struct fib_way){ .fw_value = value };
	fib_paint(fb->fb_fib, fn, pos, way);
	mn = fib_build_node(fb, way, pos);
	child = mn.mn_child = fib_array_add(fb, &fb->fb_nodes, fib_count(mn.mn_inner & ~mn.mn_runs));
	if (fb->fb_failed)
		return;
	((struct fib_mnode *)fb->fb_nodes.fa_mem)[at] = mn;
	for (unsigned i = 0; i < 64 && !fb->fb_failed; i++)
		if ((mn.mn_inner & ~mn.mn_runs) >> i & 1)
			fib_build(fb, child++, pos + FIB_STRIDE, way[i].fw_below, way[i].fw_value);
}

static size_t
fib_chunk_size(uint32_t nnodes, uint32_t nleaves, uint32_t ntails)
{
	return (sizeof(struct fib_chunk) + nnodes * sizeof(struct fib_mnode) +
	    ntails * sizeof(struct fib_tail) + nleaves * sizeof(void *));
}

static struct fib_chunk *
fib_chunk_pack(const struct fib_build *fb)
{
	const uint32_t nn = fb->fb_nodes.fa_n, nl = fb->fb_leaves.fa_n, nt = fb->fb_tails.fa_n;
	struct fib_chunk *fc = kmalloc(fb->fb_acct, ACCT_HASH, fib_chunk_size(nn, nl, nt));

	if (fc == NULL)
		return (NULL);
	fc->fc_nnodes = nn;
	fc->fc_nleaves = nl;
	fc->fc_ntails = nt;
	fc->fc_tail = (struct fib_tail *)(fc->fc_node + nn);
	fc->fc_leaf = (void **)(fc->fc_tail + nt);
	memcpy(fc->fc_node, fb->fb_nodes.fa_mem, nn * sizeof(*fc->fc_node));
	if (nt > 0)
		memcpy(fc->fc_tail, fb->fb_tails.fa_mem, nt * sizeof(*fc->fc_tail));
	if (nl > 0)
		memcpy(fc->fc_leaf, fb->fb_leaves.fa_mem, nl * sizeof(*fc->fc_leaf));
	return (fc);
}

struct fib_chunk *
fib_chunk_new(const struct fib *f, struct acctset *as, unsigned pos, const struct fib_node *fn,
    void *value)
{
	struct fib_build fb = {
		.fb_fib = f,
		.fb_acct = as,
		.fb_nodes = { .fa_size = sizeof(struct fib_mnode) },
		.fb_leaves = { .fa_size = sizeof(void *) },
		.fb_tails = { .fa_size = sizeof(struct fib_tail) },
	};
	struct fib_chunk *fc = NULL;

	(void)fib_array_add(&fb, &fb.fb_nodes, 1);
	if (!fb.fb_failed)
		fib_build(&fb, 0, pos, fn, value);
	if (!fb.fb_failed)
		fc = fib_chunk_pack(&fb);
	fib_array_free(&fb, &fb.fb_nodes);
	fib_array_free(&fb, &fb.fb_leaves);
	fib_array_free(&fb, &fb.fb_tails);
	return (fc);
}

void
fib_chunk_free(struct acctset *as, struct fib_chunk *fc)
{
	kfree(as, ACCT_HASH, fc, fib_chunk_size(fc->fc_nnodes, fc->fc_nleaves, fc->fc_ntails));
}

/* Asking */

static void *
fib_tail_match(const struct fib_tail *ft, const uint32_t *key, unsigned words, unsigned pos)
{
	const struct fib_node *fn;

	if (((fib_two(key, words, pos) ^ ft->ft_key) & ft->ft_mask) != 0)
		return (ft->ft_out);
	if ((ft->ft_in & 1) == 0)
		return ((void *)ft->ft_in);
	fn = (const struct fib_node *)(ft->ft_in - 1);
	return (fib_same(key, fn->fn_key, fn->fn_len) ? fn->fn_value : ft->ft_out);
}

typedef unsigned fib_count_fn(uint64_t);

/* words and count are known where this is used, so that each use becomes a function of its own. */
static inline __attribute__((always_inline)) void *
fib_chunk_match(const struct fib_chunk *fc, const uint32_t *key, unsigned pos, unsigned words, fib_count_fn *count)
{
	const struct fib_mnode *mn = fc->fc_node;
	uint64_t bit;

	while (((bit = 1ull << fib_slice(key, words, pos)) & mn->mn_inner & ~mn->mn_runs) != 0) {
		mn = &fc->fc_node[mn->mn_child + count(mn->mn_inner & ~mn->mn_runs & (bit - 1))];
		pos += FIB_STRIDE;
	}
	if ((mn->mn_inner & bit) != 0)
		return (fib_tail_match(&fc->fc_tail[mn->mn_tail + count(mn->mn_inner & mn->mn_runs & (bit - 1))], key, words, pos));
	return (fc->fc_leaf[mn->mn_leaf + count(mn->mn_runs & ~mn->mn_inner & (2 * bit - 1)) - 1]);
}

static void *
fib_chunk_match4(const struct fib_chunk *fc, const uint32_t *key, unsigned pos)
{
	return (fib_chunk_match(fc, key, pos, 1, fib_count));
}

static void *
fib_chunk_match6(const struct fib_chunk *fc, const uint32_t *key, unsigned pos)
{
	return (fib_chunk_match(fc, key, pos, 4, fib_count));
}

#if defined(__x86_64__)
/* The baseline has no instruction for it, nearly every processor has. */
#define FIB_POPCNT	__attribute__((target("popcnt")))

static inline FIB_POPCNT unsigned
fib_popcnt(uint64_t x)
{
	return ((unsigned)__builtin_popcountll(x));
}

static FIB_POPCNT void *
fib_chunk_popcnt4(const struct fib_chunk *fc, const uint32_t *key, unsigned pos)
{
	return (fib_chunk_match(fc, key, pos, 1, fib_popcnt));
}

static FIB_POPCNT void *
fib_chunk_popcnt6(const struct fib_chunk *fc, const uint32_t *key, unsigned pos)
{
	return (fib_chunk_match(fc, key, pos, 4, fib_popcnt));
}
#endif

fib_chunk_fn *
fib_chunk_matcher(unsigned words, bool plain)
{
#if defined(__x86_64__)
	if (!plain && __builtin_cpu_supports("popcnt"))
		return (words == 1 ? fib_chunk_popcnt4 : fib_chunk_popcnt6);
#endif
	(void)plain;
	return (words == 1 ? fib_chunk_match4 : fib_chunk_match6);
}
