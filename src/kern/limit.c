/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/limit.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"

#define SECOND		UINT64_C(1000000000)
#define PPS_BURST	(SECOND / 50)	/* so much traffic may come at once, */
#define PPS_FEW		32u		/* or so many packets: a question and its answer, a window, where a second's are few */

#define X_NAME(tag, name) [LIMIT_##tag] = name,
static const char *const limit_names[LIMIT_MAX] = { LIMIT_TYPES(X_NAME) };

const char *
limit_name(enum limit_type type)
{
	return ((unsigned)type < LIMIT_MAX ? limit_names[type] : "?");
}

void
limitset_init(struct limitset *ls, struct limitset *parent)
{
	memset(ls, 0, sizeof(*ls));
	ls->ls_parent = parent;
}

static void
limit_peak(struct limit *li, uint64_t cur)
{
	uint64_t peak = atomic_load_explicit(&li->li_peak, memory_order_relaxed);

	while (cur > peak && !atomic_compare_exchange_weak_explicit(&li->li_peak, &peak, cur, memory_order_relaxed,
	    memory_order_relaxed))
		;
}

static void
limit_addone(struct limit *li, uint64_t n)
{
	limit_peak(li, atomic_fetch_add_explicit(&li->li_cur, n, memory_order_relaxed) + n);
}

static void
limit_subone(struct limit *li, uint64_t n)
{
	uint64_t had = atomic_fetch_sub_explicit(&li->li_cur, n, memory_order_relaxed);

	VI_ASSERT(had >= n);
	(void)had;
}

/* Never beyond the limit, not even for a moment: a neighbour would be refused for nothing. */
static bool
limit_takeone(struct limit *li, uint64_t n)
{
	uint64_t cur = atomic_load_explicit(&li->li_cur, memory_order_relaxed);

	do {
		if (li->li_max != 0 && (cur >= li->li_max || n > li->li_max - cur)) {
			atomic_fetch_add_explicit(&li->li_hits, 1, memory_order_relaxed);
			return (false);
		}
	} while (!atomic_compare_exchange_weak_explicit(&li->li_cur, &cur, cur + n, memory_order_relaxed, memory_order_relaxed));
	limit_peak(li, cur + n);
	return (true);
}

bool
limit_take(struct limitset *ls, enum limit_type type, uint64_t n)
{
	struct limitset *up, *back;

	for (up = ls; up != NULL; up = up->ls_parent) {
		if (limit_takeone(&up->ls_limit[type], n))
			continue;
		for (back = ls; back != up; back = back->ls_parent)
			limit_subone(&back->ls_limit[type], n);
		return (false);
	}
	return (true);
}

void
limit_force(struct limitset *ls, enum limit_type type, uint64_t n)
{
	for (; ls != NULL; ls = ls->ls_parent)
		limit_addone(&ls->ls_limit[type], n);
}

void
limit_give(struct limitset *ls, enum limit_type type, uint64_t n)
{
	for (; ls != NULL; ls = ls->ls_parent)
		limit_subone(&ls->ls_limit[type], n);
}

bool
limit_isset(const struct limitset *ls, enum limit_type type)
{
	for (; ls != NULL; ls = ls->ls_parent)
		if (ls->ls_limit[type].li_max != 0)
			return (true);
	return (false);
}

/* What the last whole second had becomes the rate that is shown. */
static void
limit_countpacket(struct limitset *ls, uint64_t now)
{
	struct limit *li = &ls->ls_limit[LIMIT_PPS];
	uint64_t second = atomic_load_explicit(&ls->ls_second, memory_order_relaxed), n;

	if (now / SECOND != second &&
	    atomic_compare_exchange_strong_explicit(&ls->ls_second, &second, now / SECOND, memory_order_relaxed, memory_order_relaxed)) {
		n = atomic_exchange_explicit(&ls->ls_packets, 0, memory_order_relaxed);
		atomic_store_explicit(&li->li_cur, now / SECOND == second + 1 ? n : 0, memory_order_relaxed);
		limit_peak(li, n);
	}
	atomic_fetch_add_explicit(&ls->ls_packets, 1, memory_order_relaxed);
}

/* Each packet takes its share of a second; who is ahead of the clock by more than the burst has had too many. */
static bool
limit_packetone(struct limitset *ls, uint64_t now)
{
	struct limit *li = &ls->ls_limit[LIMIT_PPS];
	uint64_t due = atomic_load_explicit(&ls->ls_due, memory_order_relaxed), step, burst, next;

	if (li->li_max != 0) {
		step = SECOND / li->li_max;
		burst = step * PPS_FEW < PPS_BURST ? PPS_BURST : step * PPS_FEW < SECOND ? step * PPS_FEW : SECOND;
		do {
			next = (due > now ? due : now) + step;
			if (next > now + burst && next > now + step) {
				atomic_fetch_add_explicit(&li->li_hits, 1, memory_order_relaxed);
				return (false);
			}
		} while (!atomic_compare_exchange_weak_explicit(&ls->ls_due, &due, next, memory_order_relaxed, memory_order_relaxed));
	}
	limit_countpacket(ls, now);
	return (true);
}

bool
limit_packet(struct limitset *ls, uint64_t now)
{
	for (; ls != NULL; ls = ls->ls_parent)
		if (!limit_packetone(ls, now))
			return (false);
	return (true);
}
