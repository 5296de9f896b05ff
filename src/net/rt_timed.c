/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops that the administrator gave a time to live (route -expire).
 *
 * Such a next hop is made for one prefix and shared with no other, so that its timer knows where it stands.  It lives as long as somebody refers to it,
 * as all do; whoever takes it out of the table, or changes it, thereby ends the timer.
 */
#include <string.h>

#include "base/assert.h"
#include "net/route_int.h"

struct rt_timed {
	struct rt_nhop	te_nhop;	/* first */
	struct route_vnet *te_rv;
	struct callout	te_timer;
	uint32_t	 te_fib;
	uint8_t		 te_af, te_len;
	uint32_t	 te_key[FIB_MAXWORDS];
};

static bool
rt_timed_is(void *arg, const struct nhop *nh)
{
	const struct rt_timed *te = arg;

	if (nh != &te->te_nhop.rn_nh)
		return (false);
	rt_event_route(te->te_rv, VI_RTEV_ROUTE_DEL, te->te_fib, te->te_af, te->te_key, nh);
	return (true);
}

/* It is gone when this returns. */
static void
rt_timed_expire(void *arg)
{
	struct rt_timed *te = arg;
	struct route_vnet *rv = te->te_rv;
	struct fib *f = rt_fib(rv, te->te_fib, te->te_af);
	uint32_t key[FIB_MAXWORDS];
	const unsigned len = te->te_len;
	struct rt_nhop *value;

	memcpy(key, te->te_key, sizeof(key));
	rt_dyn_flush(rv);
	value = fib_find(f, key, len);
	VI_ASSERT(value != NULL);
	if ((value = rt_value_without(rv, value, rt_timed_is, te)) != NULL)
		(void)fib_replace(f, rt_acct(rv), key, len, value);
	else
		(void)fib_remove(f, rt_acct(rv), key, len);
	rv->rv_generation++;
	rv->rv_timedout++;
}

struct rt_nhop *
rt_hop_get(struct route_vnet *rv, const struct rt_prefix *rp, const struct nhop *nh)
{
	struct rt_timed *te;

	if (nh->nh_expire == 0)
		return (nhop_get(rv, nh));
	if ((te = kmalloc(rt_acct(rv), ACCT_ROUTE, sizeof(*te))) == NULL)
		return (NULL);
	nhop_insert(rv, &te->te_nhop, nh);
	te->te_nhop.rn_timed = te;
	te->te_rv = rv;
	te->te_fib = rp->rp_fibnum;
	te->te_af = rp->rp_af;
	te->te_len = (uint8_t)rp->rp_len;
	memcpy(te->te_key, rp->rp_key, sizeof(te->te_key));
	callout_init(&te->te_timer, &rv->rv_vnet->vn_lane, rt_timed_expire, te);
	callout_reset_at(&te->te_timer, nh->nh_expire);
	return (&te->te_nhop);
}

void
rt_timed_free(struct route_vnet *rv, struct rt_timed *te)
{
	callout_stop(&te->te_timer);
	kfree(rt_acct(rv), ACCT_ROUTE, te, sizeof(*te));
}
