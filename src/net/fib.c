/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/fib.h"

#include <errno.h>

#include "base/assert.h"
#include "net/fib_index.h"

void
fib_init(struct fib *f, unsigned bits)
{
	VI_ASSERT(bits % 32 == 0 && bits <= FIB_MAXBITS);
	*f = (struct fib){ .f_words = bits / 32 };
}

static size_t
fib_node_size(const struct fib *f)
{
	return (offsetof(struct fib_node, fn_key) + f->f_words * sizeof(uint32_t));
}

/* The first len bits of from. */
static void
fib_cut(const struct fib *f, uint32_t *to, const uint32_t *from, unsigned len)
{
	for (unsigned i = 0; i < f->f_words; i++, len -= len < 32 ? len : 32)
		to[i] = from[i] & fib_mask(len < 32 ? len : 32);
}

static struct fib_node *
fib_node_new(const struct fib *f, struct acctset *as, const uint32_t *key, unsigned len,
    void *value)
{
	struct fib_node *fn = kmalloc(as, ACCT_ROUTE, fib_node_size(f));

	if (fn != NULL) {
		fib_cut(f, fn->fn_key, key, len);
		fn->fn_len = (uint8_t)len;
		fn->fn_value = value;
	}
	return (fn);
}

static bool
fib_covers(const struct fib_node *fn, const uint32_t *key, unsigned len)
{
	return (fn->fn_len <= len && fib_same(key, fn->fn_key, fn->fn_len));
}

/* How many bits the two have in common, at most max. */
static unsigned
fib_common(const uint32_t *a, const uint32_t *b, unsigned max)
{
	unsigned n = 0;

	while (n < max && *a == *b)
		a++, b++, n += 32;
	if (n < max)
		n += (unsigned)__builtin_clz(*a ^ *b);
	return (n < max ? n : max);
}

void *
fib_match(const struct fib *f, const uint32_t *key)
{
	const struct fib_node *fn = f->f_root;
	const unsigned bits = fib_bits(f);
	void *best = NULL;

	while (fn != NULL && fib_same(key, fn->fn_key, fn->fn_len)) {
		if (fn->fn_value != NULL)
			best = fn->fn_value;
		if (fn->fn_len == bits)
			break;
		fn = fn->fn_child[fib_bit(key, fn->fn_len)];
	}
	return (best);
}

unsigned
fib_path(const struct fib *f, const uint32_t *key, const struct fib_node **path)
{
	const struct fib_node *fn = f->f_root;
	unsigned n = 0;

	while (fn != NULL && fib_same(key, fn->fn_key, fn->fn_len)) {
		if (fn->fn_value != NULL)
			path[n++] = fn;
		if (fn->fn_len == fib_bits(f))
			break;
		fn = fn->fn_child[fib_bit(key, fn->fn_len)];
	}
	return (n);
}

static struct fib_node *
fib_node_find(const struct fib *f, const uint32_t *key, unsigned len)
{
	struct fib_node *fn = f->f_root;

	while (fn != NULL && fn->fn_len < len && fib_covers(fn, key, len))
		fn = fn->fn_child[fib_bit(key, fn->fn_len)];
	return (fn != NULL && fn->fn_len == len && fib_covers(fn, key, len) ? fn : NULL);
}

void *
fib_find(const struct fib *f, const uint32_t *key, unsigned len)
{
	const struct fib_node *fn = fib_node_find(f, key, len);

	return (fn == NULL ? NULL : fn->fn_value);
}

/* A prefix that is neither below *link nor above it: a fork where they part. */
static int
fib_fork(const struct fib *f, struct acctset *as, struct fib_node **link, struct fib_node *new)
{
	struct fib_node *old = *link, *fork;
	unsigned len = fib_common(old->fn_key, new->fn_key,
	    old->fn_len < new->fn_len ? old->fn_len : new->fn_len);

	if ((fork = fib_node_new(f, as, new->fn_key, len, NULL)) == NULL)
		return (ENOBUFS);
	fork->fn_child[fib_bit(new->fn_key, len)] = new;
	fork->fn_child[fib_bit(old->fn_key, len)] = old;
	*link = fork;
	return (0);
}

int
fib_insert(struct fib *f, struct acctset *as, const uint32_t *key, unsigned len, void *value)
{
	struct fib_node **link = &f->f_root, *fn, *new;
	int error = 0;

	VI_ASSERT(len <= fib_bits(f) && value != NULL);
	if (!acct_count(as, LIMIT_ROUTES, 1))
		return (ENOBUFS);
	while ((fn = *link) != NULL && fn->fn_len < len && fib_covers(fn, key, len))
		link = &fn->fn_child[fib_bit(key, fn->fn_len)];
	if (fn != NULL && fn->fn_len == len && fib_covers(fn, key, len)) {
		VI_ASSERT(fn->fn_value == NULL);
		fn->fn_value = value;
	} else if ((new = fib_node_new(f, as, key, len, value)) == NULL) {
		acct_uncount(as, LIMIT_ROUTES, 1);
		return (ENOBUFS);
	} else if (fn == NULL) {
		*link = new;
	} else if (fib_covers(new, fn->fn_key, fn->fn_len)) {
		new->fn_child[fib_bit(fn->fn_key, len)] = fn;
		*link = new;
	} else if ((error = fib_fork(f, as, link, new)) != 0) {
		kfree(as, ACCT_ROUTE, new, fib_node_size(f));
		acct_uncount(as, LIMIT_ROUTES, 1);
		return (error);
	}
	f->f_n++;
	fib_index_change(f, as, key, len);
	fib_index_resize(f, as);
	return (0);
}

void *
fib_replace(struct fib *f, struct acctset *as, const uint32_t *key, unsigned len, void *value)
{
	struct fib_node *fn = fib_node_find(f, key, len);
	void *old;

	VI_ASSERT(fn != NULL && fn->fn_value != NULL && value != NULL);
	old = fn->fn_value;
	fn->fn_value = value;
	fib_index_change(f, as, key, len);
	return (old);
}

/* A node without a value that is no fork goes away; its only child, if any, takes its place. */
static void
fib_prune(const struct fib *f, struct acctset *as, struct fib_node **link)
{
	struct fib_node *fn = *link;

	if (fn == NULL || fn->fn_value != NULL ||
	    (fn->fn_child[0] != NULL && fn->fn_child[1] != NULL))
		return;
	*link = fn->fn_child[fn->fn_child[0] == NULL];
	kfree(as, ACCT_ROUTE, fn, fib_node_size(f));
}

void *
fib_remove(struct fib *f, struct acctset *as, const uint32_t *key, unsigned len)
{
	struct fib_node **link = &f->f_root, **above = NULL, *fn;
	void *value;

	while ((fn = *link) != NULL && fn->fn_len < len && fib_covers(fn, key, len)) {
		above = link;
		link = &fn->fn_child[fib_bit(key, fn->fn_len)];
	}
	if (fn == NULL || fn->fn_len != len || !fib_covers(fn, key, len) ||
	    (value = fn->fn_value) == NULL)
		return (NULL);
	fn->fn_value = NULL;
	fib_prune(f, as, link);
	if (above != NULL)
		fib_prune(f, as, above);	/* a fork may have lost its reason */
	f->f_n--;
	acct_uncount(as, LIMIT_ROUTES, 1);
	fib_index_change(f, as, key, len);
	fib_index_resize(f, as);
	return (value);
}

/* The node after fn in order: prefixes that contain others first. */
static const struct fib_node *
fib_next(const struct fib_node **stack, unsigned *depth)
{
	const struct fib_node *fn;

	if (*depth == 0)
		return (NULL);
	fn = stack[--*depth];
	for (int side = 1; side >= 0; side--)
		if (fn->fn_child[side] != NULL)
			stack[(*depth)++] = fn->fn_child[side];
	return (fn);
}

/* The stack of fib_next() as it is when everything up to this prefix was told. */
static unsigned
fib_seek(const struct fib *f, const uint32_t *key, unsigned len, const struct fib_node **stack)
{
	const struct fib_node *fn = f->f_root;
	unsigned depth = 0, common;

	while (fn != NULL && fn->fn_len < len && fib_covers(fn, key, len)) {
		const unsigned side = fib_bit(key, fn->fn_len);

		if (side == 0 && fn->fn_child[1] != NULL)
			stack[depth++] = fn->fn_child[1];
		fn = fn->fn_child[side];
	}
	if (fn == NULL)
		return (depth);
	common = fib_common(fn->fn_key, key, fn->fn_len < len ? fn->fn_len : len);
	if (common < len && common < fn->fn_len ? fib_bit(key, common) == 0 : fn->fn_len > len)
		stack[depth++] = fn;
	else if (common == len && fn->fn_len == len)
		for (int side = 1; side >= 0; side--)
			if (fn->fn_child[side] != NULL)
				stack[depth++] = fn->fn_child[side];
	return (depth);
}

void
fib_walk(const struct fib *f, const uint32_t *after, unsigned len, fib_walk_fn *fn, void *arg)
{
	const struct fib_node *stack[FIB_MAXPATH + 1], *node;	/* one sibling waits per level */
	unsigned depth = 0;

	if (after != NULL)
		depth = fib_seek(f, after, len, stack);
	else if (f->f_root != NULL)
		stack[depth++] = f->f_root;
	while ((node = fib_next(stack, &depth)) != NULL)
		if (node->fn_value != NULL && !fn(arg, node->fn_key, node->fn_len, node->fn_value))
			break;
}

struct fib_purge {
	struct fib	*fp_fib;
	struct acctset	*fp_acct;
	fib_purge_fn	*fp_fn;
	void		*fp_arg;
};

static void
fib_purge_one(const struct fib_purge *fp, struct fib_node *fn)
{
	void *value = fp->fp_fn(fp->fp_arg, fn->fn_key, fn->fn_value);

	if (value == fn->fn_value)
		return;
	fn->fn_value = value;
	if (value == NULL) {
		fp->fp_fib->f_n--;
		acct_uncount(fp->fp_acct, LIMIT_ROUTES, 1);
	}
	fib_index_change(fp->fp_fib, fp->fp_acct, fn->fn_key, fn->fn_len);
}

/* Children first, so that one pass leaves no fork without a reason; at most FIB_MAXPATH deep. */
static void
fib_purge_below(const struct fib_purge *fp, struct fib_node **link)
{
	struct fib_node *fn = *link;

	if (fn == NULL)
		return;
	fib_purge_below(fp, &fn->fn_child[0]);
	fib_purge_below(fp, &fn->fn_child[1]);
	if (fn->fn_value != NULL)
		fib_purge_one(fp, fn);
	fib_prune(fp->fp_fib, fp->fp_acct, link);
}

void
fib_purge(struct fib *f, struct acctset *as, fib_purge_fn *fn, void *arg)
{
	const struct fib_purge fp = { f, as, fn, arg };

	fib_purge_below(&fp, &f->f_root);
	fib_index_resize(f, as);
}
