/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops that the administrator gave a time to live (route -expire).
 *
 * Such a next hop is made for one prefix and shared with no other, so that it is known where it stands.  It lives as long as somebody refers to it, as all
 * do; whoever takes it out of the table, or changes it, thereby takes it off the list of those to end.  That has one timer for all, which ends some at a
 * time: many that end together must not keep the timers of other stacks waiting.
 */
#include <string.h>

#include "base/assert.h"
#include "net/route_int.h"

#define RT_TIMEDBATCH	64

struct rt_timed {
	struct rt_nhop	te_nhop;	/* first */
	RB_ENTRY(rt_timed) te_link;
	uint64_t	 te_seq;
	uint32_t	 te_fib;
	uint8_t		 te_af, te_len;
	uint32_t	 te_key[FIB_MAXWORDS];
};

/* The next to end first; of several those that are there for longest. */
static int
rt_timed_cmp(const struct rt_timed *a, const struct rt_timed *b)
{
	const uint64_t x = a->te_nhop.rn_nh.nh_expire, y = b->te_nhop.rn_nh.nh_expire;

	if (x != y)
		return (x < y ? -1 : 1);
	return ((a->te_seq > b->te_seq) - (a->te_seq < b->te_seq));
}

RB_PROTOTYPE(rt_timeds, rt_timed, te_link, rt_timed_cmp);
RB_GENERATE(rt_timeds, rt_timed, te_link, rt_timed_cmp)

static void
rt_timed_schedule(struct route_vnet *rv)
{
	const struct rt_timed *te = RB_MIN(rt_timeds, &rv->rv_timeds);

	if (te == NULL)
		callout_stop(&rv->rv_timedtimer);
	else
		callout_reset_at(&rv->rv_timedtimer, te->te_nhop.rn_nh.nh_expire);
}

struct rt_ending {
	struct route_vnet *re_rv;
	const struct rt_timed *re_te;
};

static bool
rt_timed_is(void *arg, const struct nhop *nh)
{
	const struct rt_ending *re = arg;
	const struct rt_timed *te = re->re_te;

	if (nh != &te->te_nhop.rn_nh)
		return (false);
	rt_event_route(re->re_rv, VI_RTEV_ROUTE_DEL, te->te_fib, te->te_af, te->te_key, nh);
	return (true);
}

/* te is gone when this returns. */
static void
rt_timed_end(struct route_vnet *rv, const struct rt_timed *te)
{
	struct rt_ending re = { rv, te };
	struct fib *f = rt_fib(rv, te->te_fib, te->te_af);
	uint32_t key[FIB_MAXWORDS];
	const unsigned len = te->te_len;
	struct rt_nhop *value;

	memcpy(key, te->te_key, sizeof(key));
	value = fib_find(f, key, len);
	VI_ASSERT(value != NULL);
	if ((value = rt_value_without(rv, value, rt_timed_is, &re)) != NULL)
		(void)fib_replace(f, rt_acct(rv), key, len, value);
	else
		(void)fib_remove(f, rt_acct(rv), key, len);
	rv->rv_timedout++;
}

static void
rt_timed_expire(void *arg)
{
	struct route_vnet *rv = arg;
	const uint64_t now = vnet_now(rv->rv_vnet);
	const struct rt_timed *te;

	rt_dyn_flush(rv);
	for (unsigned n = 0; n < RT_TIMEDBATCH && (te = RB_MIN(rt_timeds, &rv->rv_timeds)) != NULL && te->te_nhop.rn_nh.nh_expire <= now; n++)
		rt_timed_end(rv, te);
	rv->rv_generation++;
	rt_timed_schedule(rv);
}

void
rt_timed_init(struct route_vnet *rv)
{
	RB_INIT(&rv->rv_timeds);
	callout_init(&rv->rv_timedtimer, &rv->rv_vnet->vn_lane, rt_timed_expire, rv);
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
	te->te_seq = rv->rv_timedseq++;
	te->te_fib = rp->rp_fibnum;
	te->te_af = rp->rp_af;
	te->te_len = (uint8_t)rp->rp_len;
	memcpy(te->te_key, rp->rp_key, sizeof(te->te_key));
	(void)RB_INSERT(rt_timeds, &rv->rv_timeds, te);
	rt_timed_schedule(rv);
	return (&te->te_nhop);
}

/* A timer that is early finds nothing to do; without any there is none. */
void
rt_timed_free(struct route_vnet *rv, struct rt_timed *te)
{
	RB_REMOVE(rt_timeds, &rv->rv_timeds, te);
	if (RB_EMPTY(&rv->rv_timeds))
		callout_stop(&rv->rv_timedtimer);
	kfree(rt_acct(rv), ACCT_ROUTE, te, sizeof(*te));
}
