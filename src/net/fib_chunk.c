/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A part of the trie, below one slot of the index, as a tree with 64 branches per node: nodes that
 * are children of one node stand side by side, so do its leaves, and two bitmaps say which is which
 * (a "poptrie").  It is written once and thrown away when the routes in it change.
 */
#include <string.h>

#include "net/fib_index.h"

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

static uintptr_t
fib_way_leaf(struct fib_build *fb, const struct fib_way *fw)
{
	const unsigned words = fb->fb_fib->f_words;
	struct fib_tail *ft;
	uint32_t i;

	if (fw->fw_below == NULL)
		return ((uintptr_t)fw->fw_value);
	i = fib_array_add(fb, &fb->fb_tails, 1);
	if (!fb->fb_failed) {
		ft = fib_tail_at(fb->fb_tails.fa_mem, i, words);
		ft->ft_in = fw->fw_below->fn_value;
		ft->ft_out = fw->fw_value;
		ft->ft_len = fw->fw_below->fn_len;
		memcpy(ft->ft_key, fw->fw_below->fn_key, words * sizeof(uint32_t));
	}
	return ((uintptr_t)i << 1 | 1);
}

/* Leaves and bitmaps of one node. */
static struct fib_mnode
fib_build_node(struct fib_build *fb, const struct fib_way way[64])
{
	struct fib_mnode mn = { .mn_leaf = fb->fb_leaves.fa_n };
	uintptr_t leaf, last = 0;
	uint32_t at;

	for (unsigned i = 0; i < 64 && !fb->fb_failed; i++) {
		if (fib_way_inner(&way[i])) {
			mn.mn_inner |= 1ull << i;
			continue;
		}
		leaf = fib_way_leaf(fb, &way[i]);
		if (mn.mn_runs != 0 && leaf == last)
			continue;
		mn.mn_runs |= 1ull << i;
		at = fib_array_add(fb, &fb->fb_leaves, 1);
		if (!fb->fb_failed)
			((uintptr_t *)fb->fb_leaves.fa_mem)[at] = leaf;
		last = leaf;
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
	mn = fib_build_node(fb, way);
	child = mn.mn_child = fib_array_add(fb, &fb->fb_nodes, fib_popcount(mn.mn_inner));
	if (fb->fb_failed)
		return;
	((struct fib_mnode *)fb->fb_nodes.fa_mem)[at] = mn;
	for (unsigned i = 0; i < 64 && !fb->fb_failed; i++)
		if (mn.mn_inner >> i & 1)
			fib_build(fb, child++, pos + FIB_STRIDE, way[i].fw_below, way[i].fw_value);
}

static size_t
fib_chunk_size(uint32_t nnodes, uint32_t nleaves, uint32_t ntails, unsigned words)
{
	return (sizeof(struct fib_chunk) + nnodes * sizeof(struct fib_mnode) +
	    nleaves * sizeof(uintptr_t) + ntails * fib_tail_size(words));
}

static struct fib_chunk *
fib_chunk_pack(const struct fib_build *fb)
{
	const uint32_t nn = fb->fb_nodes.fa_n, nl = fb->fb_leaves.fa_n, nt = fb->fb_tails.fa_n;
	struct fib_chunk *fc = kmalloc(fb->fb_acct, ACCT_HASH, fib_chunk_size(nn, nl, nt, fb->fb_fib->f_words));

	if (fc == NULL)
		return (NULL);
	fc->fc_nnodes = nn;
	fc->fc_nleaves = nl;
	fc->fc_ntails = nt;
	fc->fc_leaf = (uintptr_t *)(fc->fc_node + nn);
	fc->fc_tail = (uint8_t *)(fc->fc_leaf + nl);
	memcpy(fc->fc_node, fb->fb_nodes.fa_mem, nn * sizeof(*fc->fc_node));
	memcpy(fc->fc_leaf, fb->fb_leaves.fa_mem, nl * sizeof(*fc->fc_leaf));
	if (nt > 0)
		memcpy(fc->fc_tail, fb->fb_tails.fa_mem, nt * fib_tail_size(fb->fb_fib->f_words));
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
		.fb_leaves = { .fa_size = sizeof(uintptr_t) },
		.fb_tails = { .fa_size = fib_tail_size(f->f_words) },
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
fib_chunk_free(struct acctset *as, struct fib_chunk *fc, unsigned words)
{
	kfree(as, ACCT_HASH, fc, fib_chunk_size(fc->fc_nnodes, fc->fc_nleaves, fc->fc_ntails, words));
}
