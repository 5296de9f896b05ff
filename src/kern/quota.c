/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/quota.h"

#include "base/util.h"

#define MAXDEBT		10		/* periods that are paid for at most */
#define SPLIT_TIME	500000000	/* ns: what is used in less says little */
#define LEAST		4		/* each has at least this part of the limit */

static uint64_t
percent_ns(uint64_t percent)
{
	return (percent * (QUOTA_PERIOD / 100));
}

void
quota_set(struct quota *q, uint32_t percent, uint64_t now)
{
	if (percent == q->q_percent)
		return;
	q->q_percent = q->q_programs = percent;
	atomic_store_explicit(&q->q_limit, percent_ns(percent), memory_order_relaxed);
	atomic_store_explicit(&q->q_used, 0, memory_order_relaxed);
	atomic_store_explicit(&q->q_period, now / QUOTA_PERIOD, memory_order_relaxed);
	atomic_store_explicit(&q->q_split, now, memory_order_relaxed);
	q->q_lanethen = atomic_load_explicit(&q->q_lanetime, memory_order_relaxed);
	q->q_programthen = q->q_programtime;
}

/* A new period: whoever sees it first gives what was used in earlier ones. */
static void
quota_roll(struct quota *q, uint64_t now)
{
	uint64_t period = atomic_load_explicit(&q->q_period, memory_order_relaxed), used, left, limit;

	if (now / QUOTA_PERIOD <= period ||
	    !atomic_compare_exchange_strong_explicit(&q->q_period, &period, now / QUOTA_PERIOD, memory_order_relaxed, memory_order_relaxed))
		return;
	if (now > atomic_load_explicit(&q->q_split, memory_order_relaxed) + QUOTA_STALE)
		atomic_store_explicit(&q->q_limit, percent_ns(q->q_percent), memory_order_relaxed);
	limit = atomic_load_explicit(&q->q_limit, memory_order_relaxed);
	used = atomic_load_explicit(&q->q_used, memory_order_relaxed);
	left = now / QUOTA_PERIOD - period >= MAXDEBT || used <= limit * (now / QUOTA_PERIOD - period) ? 0 :
	    MIN(used - limit * (now / QUOTA_PERIOD - period), MAXDEBT * limit);
	atomic_fetch_sub_explicit(&q->q_used, used - left, memory_order_relaxed);
}

void
quota_charge(struct quota *q, uint64_t now, uint64_t ns)
{
	for (; q != NULL; q = q->q_up) {
		quota_roll(q, now);
		atomic_fetch_add_explicit(&q->q_used, ns, memory_order_relaxed);
		atomic_fetch_add_explicit(&q->q_lanetime, ns, memory_order_relaxed);
	}
}

uint64_t
quota_wait(struct quota *q, uint64_t now)
{
	uint64_t until = 0, used, limit;

	for (; q != NULL; q = q->q_up) {
		quota_roll(q, now);
		used = atomic_load_explicit(&q->q_used, memory_order_relaxed);
		limit = atomic_load_explicit(&q->q_limit, memory_order_relaxed);
		if (used >= limit && limit > 0)
			until = MAX(until, (now / QUOTA_PERIOD + MIN(used / limit, (uint64_t)MAXDEBT)) * QUOTA_PERIOD);
	}
	return (until);
}

void
quota_programs(struct quota *q, uint64_t ns)
{
	for (; q != NULL; q = q->q_up)
		q->q_programtime += ns;
}

/* What one may have when the other has used so much. */
static uint64_t
rest(uint64_t all, uint64_t used)
{
	return (MAX(used < all ? all - used : 0, all / LEAST));
}

/*
 * Each gets what the other left.  Programs go half of the way at once: what they make their stack do follows what they get, and would
 * swing with it.
 */
uint32_t
quota_split(struct quota *q, uint64_t now)
{
	uint64_t elapsed = now - atomic_load_explicit(&q->q_split, memory_order_relaxed), lanetime = atomic_load_explicit(&q->q_lanetime, memory_order_relaxed), lanes, programs;

	if (elapsed < SPLIT_TIME || q->q_percent == 0)
		return (q->q_programs);
	/* In thousandths of a percent of a processor. */
	lanes = (lanetime - q->q_lanethen) * 100 / (elapsed / 1000 + 1);
	programs = (q->q_programtime - q->q_programthen) * 100 / (elapsed / 1000 + 1);
	atomic_store_explicit(&q->q_split, now, memory_order_relaxed);
	q->q_lanethen = lanetime;
	q->q_programthen = q->q_programtime;
	atomic_store_explicit(&q->q_limit, percent_ns(rest(q->q_percent * UINT64_C(1000), programs)) / 1000, memory_order_relaxed);
	q->q_programs = MAX((uint32_t)((q->q_programs * UINT64_C(1000) + rest(q->q_percent * UINT64_C(1000), lanes)) / 2000), 1u);
	return (q->q_programs);
}
