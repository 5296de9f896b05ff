/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/fib.h"

#include <errno.h>

#include "base/assert.h"

static struct fib_node *
fib_node_new(struct acctset *as, uint32_t key, unsigned len, void *value)
{
	struct fib_node *fn = kmalloc(as, ACCT_ROUTE, sizeof(*fn));

	if (fn != NULL) {
		fn->fn_key = key & fib_mask(len);
		fn->fn_len = (uint8_t)len;
		fn->fn_value = value;
	}
	return (fn);
}

static unsigned
fib_side(uint32_t key, unsigned len)
{
	return (key >> (31 - len) & 1);
}

static bool
fib_covers(const struct fib_node *fn, uint32_t key, unsigned len)
{
	return (fn->fn_len <= len && ((key ^ fn->fn_key) & fib_mask(fn->fn_len)) == 0);
}

/* How many bits the two have in common, at most max. */
static unsigned
fib_common(uint32_t a, uint32_t b, unsigned max)
{
	unsigned n = a == b ? 32 : (unsigned)__builtin_clz(a ^ b);

	return (n < max ? n : max);
}

unsigned
fib_path(const struct fib *f, uint32_t key, const struct fib_node **path)
{
	const struct fib_node *fn = f->f_root;
	unsigned n = 0;

	while (fn != NULL && fib_covers(fn, key, 32)) {
		if (fn->fn_value != NULL)
			path[n++] = fn;
		if (fn->fn_len == 32)
			break;
		fn = fn->fn_child[fib_side(key, fn->fn_len)];
	}
	return (n);
}

struct fib_node *
fib_find(const struct fib *f, uint32_t key, unsigned len)
{
	struct fib_node *fn = f->f_root;

	while (fn != NULL && fn->fn_len < len && fib_covers(fn, key, len))
		fn = fn->fn_child[fib_side(key, fn->fn_len)];
	if (fn == NULL || fn->fn_len != len || !fib_covers(fn, key, len) || fn->fn_value == NULL)
		return (NULL);
	return (fn);
}

/* A prefix that is neither below *link nor above it: a fork where they part. */
static int
fib_fork(struct acctset *as, struct fib_node **link, struct fib_node *new)
{
	struct fib_node *old = *link, *fork;
	unsigned len = fib_common(old->fn_key, new->fn_key,
	    old->fn_len < new->fn_len ? old->fn_len : new->fn_len);

	if ((fork = fib_node_new(as, new->fn_key, len, NULL)) == NULL)
		return (ENOBUFS);
	fork->fn_child[fib_side(new->fn_key, len)] = new;
	fork->fn_child[fib_side(old->fn_key, len)] = old;
	*link = fork;
	return (0);
}

int
fib_insert(struct fib *f, struct acctset *as, uint32_t key, unsigned len, void *value)
{
	struct fib_node **link = &f->f_root, *fn, *new;
	int error = 0;

	VI_ASSERT(len <= 32 && value != NULL);
	key &= fib_mask(len);
	while ((fn = *link) != NULL && fn->fn_len < len && fib_covers(fn, key, len))
		link = &fn->fn_child[fib_side(key, fn->fn_len)];
	if (fn != NULL && fn->fn_len == len && fn->fn_key == key) {
		VI_ASSERT(fn->fn_value == NULL);
		fn->fn_value = value;
	} else if ((new = fib_node_new(as, key, len, value)) == NULL) {
		return (ENOBUFS);
	} else if (fn == NULL) {
		*link = new;
	} else if (fib_covers(new, fn->fn_key, fn->fn_len)) {
		new->fn_child[fib_side(fn->fn_key, len)] = fn;
		*link = new;
	} else if ((error = fib_fork(as, link, new)) != 0) {
		kfree(as, ACCT_ROUTE, new, sizeof(*new));
		return (error);
	}
	f->f_n++;
	return (0);
}

/* A node without a value that is no fork goes away; its only child, if any, takes its place. */
static void
fib_prune(struct acctset *as, struct fib_node **link)
{
	struct fib_node *fn = *link;

	if (fn == NULL || fn->fn_value != NULL ||
	    (fn->fn_child[0] != NULL && fn->fn_child[1] != NULL))
		return;
	*link = fn->fn_child[fn->fn_child[0] == NULL];
	kfree(as, ACCT_ROUTE, fn, sizeof(*fn));
}

void *
fib_remove(struct fib *f, struct acctset *as, uint32_t key, unsigned len)
{
	struct fib_node **link = &f->f_root, **above = NULL, *fn;
	void *value;

	while ((fn = *link) != NULL && fn->fn_len < len && fib_covers(fn, key, len)) {
		above = link;
		link = &fn->fn_child[fib_side(key, fn->fn_len)];
	}
	if (fn == NULL || fn->fn_len != len || !fib_covers(fn, key, len) ||
	    (value = fn->fn_value) == NULL)
		return (NULL);
	fn->fn_value = NULL;
	fib_prune(as, link);
	if (above != NULL)
		fib_prune(as, above);	/* a fork may have lost its reason */
	f->f_n--;
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

void
fib_walk(const struct fib *f, void (*fn)(void *, uint32_t, unsigned, void *), void *arg)
{
	const struct fib_node *stack[34], *node;	/* one sibling waits per level */
	unsigned depth = 0;

	if (f->f_root != NULL)
		stack[depth++] = f->f_root;
	while ((node = fib_next(stack, &depth)) != NULL)
		if (node->fn_value != NULL)
			fn(arg, node->fn_key, node->fn_len, node->fn_value);
}

struct fib_purge {
	struct fib	*fp_fib;
	struct acctset	*fp_acct;
	bool		(*fp_gone)(void *, void *);
	void		*fp_arg;
};

/* Children first, so that one pass leaves no fork without a reason; at most 33 deep. */
static void
fib_purge_below(const struct fib_purge *fp, struct fib_node **link)
{
	struct fib_node *fn = *link;

	if (fn == NULL)
		return;
	fib_purge_below(fp, &fn->fn_child[0]);
	fib_purge_below(fp, &fn->fn_child[1]);
	if (fn->fn_value != NULL && fp->fp_gone(fp->fp_arg, fn->fn_value)) {
		fn->fn_value = NULL;
		fp->fp_fib->f_n--;
	}
	fib_prune(fp->fp_acct, link);
}

void
fib_purge(struct fib *f, struct acctset *as, bool (*gone)(void *, void *), void *arg)
{
	const struct fib_purge fp = { f, as, gone, arg };

	fib_purge_below(&fp, &f->f_root);
}
