/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in a table for a prefix: next hops put in the place of others, or taken out. */
#include <errno.h>

#include "net/route_int.h"

void
rt_tell(struct route_vnet *rv, enum vi_rtevent_kind kind, const struct rt_prefix *rp,
    const struct nhop *nh)
{
	rt_event_route(rv, kind, rp->rp_fibnum, rp->rp_af, rp->rp_key, nh);
}

/* n next hops, whose references are consumed, in the place of what is there; none: nothing. */
int
rt_put(struct route_vnet *rv, const struct rt_prefix *rp, struct rt_nhop **hops, unsigned n)
{
	struct rt_nhop *old = fib_find(rp->rp_fib, rp->rp_key, rp->rp_len), *value = NULL;
	int error;

	if (n > 0 && (value = rt_value_get(rv, hops, n)) == NULL)
		return (ENOBUFS);
	if (n > 0 && old == NULL &&
	    (error = fib_insert(rp->rp_fib, rt_acct(rv), rp->rp_key, rp->rp_len, value)) != 0) {
		rt_value_rele(rv, value);
		return (error);
	}
	if (n > 0 && old != NULL)
		(void)fib_replace(rp->rp_fib, rt_acct(rv), rp->rp_key, rp->rp_len, value);
	else if (n == 0)
		(void)fib_remove(rp->rp_fib, rt_acct(rv), rp->rp_key, rp->rp_len);
	if (old != NULL)
		rt_value_rele(rv, old);
	rv->rv_generation++;
	return (0);
}

static bool
rt_value_has(struct rt_nhop *value, const struct rt_nhop *rn)
{
	for (unsigned i = 0; value != NULL && i < rt_value_n(value); i++)
		if (rt_value_hop(value, i) == rn)
			return (true);
	return (false);
}

/* What is in one of two sets of next hops and not in the other. */
static void
rt_tell_replaced(struct route_vnet *rv, const struct rt_prefix *rp, struct rt_nhop *old,
    struct rt_nhop *new)
{
	for (unsigned i = 0; old != NULL && i < rt_value_n(old); i++)
		if (!rt_value_has(new, rt_value_hop(old, i)))
			rt_tell(rv, VI_RTEV_ROUTE_DEL, rp, &rt_value_hop(old, i)->rn_nh);
	for (unsigned i = 0; i < rt_value_n(new); i++)
		if (!rt_value_has(old, rt_value_hop(new, i)))
			rt_tell(rv, VI_RTEV_ROUTE_ADD, rp, &rt_value_hop(new, i)->rn_nh);
}

/* As rt_put, told to those who follow. */
int
rt_exchange(struct route_vnet *rv, const struct rt_prefix *rp, struct rt_nhop **hops, unsigned n)
{
	struct rt_nhop *old = fib_find(rp->rp_fib, rp->rp_key, rp->rp_len);
	int error;

	if (old != NULL)		/* until it was compared */
		old->rn_refs++;
	if ((error = rt_put(rv, rp, hops, n)) == 0)
		rt_tell_replaced(rv, rp, old, fib_find(rp->rp_fib, rp->rp_key, rp->rp_len));
	if (old != NULL)
		rt_value_rele(rv, old);
	return (error);
}

/* Without memory for a smaller group one of it has to do. */
static struct rt_nhop *
rt_value_shrink(struct route_vnet *rv, struct rt_nhop **hops, unsigned n)
{
	struct rt_nhop *first = hops[0], *value;

	(void)nhop_ref(first);
	if ((value = rt_value_get(rv, hops, n)) == NULL)
		return (first);
	nhop_rele(rv, first);
	return (value);
}

struct rt_nhop *
rt_value_without(struct route_vnet *rv, struct rt_nhop *old, rt_hop_fn *gone, void *arg)
{
	struct rt_nhop *new = NULL, *hops[VI_RT_MAXPATHS];
	unsigned n = 0;

	for (unsigned i = 0; i < rt_value_n(old); i++)
		if (!gone(arg, &rt_value_hop(old, i)->rn_nh))
			hops[n++] = nhop_ref(rt_value_hop(old, i));
	if (n == rt_value_n(old)) {
		while (n > 0)
			nhop_rele(rv, hops[--n]);
		return (old);
	}
	if (n > 0)
		new = rt_value_shrink(rv, hops, n);
	rt_value_rele(rv, old);
	return (new);
}
