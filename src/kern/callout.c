/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: a hierarchical wheel (Varghese, Lauck: "Hashed and hierarchical timing wheels", 1987)
 * with ticks of one nanosecond.
 *
 * Which level and slot a timer hangs in follows from its time and wh_cur alone, so of two timers of
 * one time the one set first comes first, however they got there. When wh_cur moves into the range
 * of a slot, that slot's timers are spread over the levels below.
 *
 * wh_min is a bound, not the truth: it does not rise when the earliest timer of a slot is stopped.
 * A worker may for that reason wake up once for nothing; it then finds the slot's range reached,
 * spreads it, and knows better.
 */
#include "kern/lane.h"

#include "base/assert.h"
#include "kern/worker_int.h"

void
wheel_init(struct wheel *wh, uint64_t now)
{
	wh->wh_cur = now;
	wh->wh_floor = now;
	for (unsigned i = 0; i < WHEEL_LEVELS * WHEEL_SLOTS; i++)
		TAILQ_INIT(&wh->wh_slot[i]);
}

static void
wheel_insert(struct wheel *wh, struct callout *c)
{
	uint64_t diff = c->c_time ^ wh->wh_cur;
	unsigned level, digit, slot;

	level = diff == 0 ? 0 : (63 - (unsigned)__builtin_clzll(diff)) / WHEEL_BITS;
	digit = (unsigned)(c->c_time >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
	slot = level * WHEEL_SLOTS + digit;
	if (TAILQ_EMPTY(&wh->wh_slot[slot])) {
		wh->wh_bits[level] |= (uint64_t)1 << digit;
		wh->wh_levels |= 1u << level;
		wh->wh_min[slot] = c->c_time;
	} else if (c->c_time < wh->wh_min[slot])
		wh->wh_min[slot] = c->c_time;
	TAILQ_INSERT_TAIL(&wh->wh_slot[slot], c, c_link);
	c->c_slot = (uint16_t)slot;
}

static void
wheel_clear(struct wheel *wh, unsigned slot)
{
	unsigned level = slot / WHEEL_SLOTS;

	wh->wh_bits[level] &= ~((uint64_t)1 << (slot % WHEEL_SLOTS));
	if (wh->wh_bits[level] == 0)
		wh->wh_levels &= ~(1u << level);
}

static void
wheel_remove(struct wheel *wh, struct callout *c)
{
	unsigned slot = c->c_slot;

	TAILQ_REMOVE(&wh->wh_slot[slot], c, c_link);
	if (TAILQ_EMPTY(&wh->wh_slot[slot]))
		wheel_clear(wh, slot);
}

/* The first slot in use, or -1. */
static int
wheel_first(const struct wheel *wh)
{
	int level;

	if (wh->wh_levels == 0)
		return (-1);
	level = __builtin_ctz(wh->wh_levels);
	return (level * WHEEL_SLOTS + __builtin_ctzll(wh->wh_bits[level]));
}

/* Moves wh_cur into the range of a slot and spreads the slot. */
static void
wheel_cascade(struct wheel *wh, int slot, uint64_t cur)
{
	struct callout_tailq list;
	struct callout *c;

	TAILQ_INIT(&list);
	TAILQ_CONCAT(&list, &wh->wh_slot[slot], c_link);
	wheel_clear(wh, (unsigned)slot);
	wh->wh_cur = cur;
	while ((c = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, c, c_link);
		wheel_insert(wh, c);
	}
}

uint64_t
wheel_next(const struct wheel *wh)
{
	int slot = wheel_first(wh);

	return (slot < 0 ? VI_FOREVER : wh->wh_min[slot]);
}

struct callout *
wheel_pop(struct wheel *wh, uint64_t now)
{
	struct callout *c;
	int slot;

	while ((slot = wheel_first(wh)) >= 0 && wh->wh_min[slot] <= now) {
		if (slot >= WHEEL_SLOTS) {
			wheel_cascade(wh, slot, wh->wh_min[slot]);
			continue;
		}
		c = TAILQ_FIRST(&wh->wh_slot[slot]);
		wh->wh_cur = c->c_time;
		wheel_remove(wh, c);
		LIST_REMOVE(c, c_lanelink);
		c->c_slot = CALLOUT_IDLE;
		return (c);
	}
	return (NULL);
}

/*
 * Keeps wh_cur near the present, so that timers set from now on hang low.  A few microseconds behind
 * is near enough, and spares most calls.
 */
void
wheel_advance(struct wheel *wh, uint64_t now)
{
	int slot, shift;

	if (now <= wh->wh_cur || now - wh->wh_cur < WHEEL_BEHIND)
		return;
	slot = wheel_first(wh);
	shift = slot < 0 ? 0 : slot / WHEEL_SLOTS * WHEEL_BITS;
	if (slot >= 0 && now >> shift == wh->wh_min[slot] >> shift && shift > 0)
		wheel_cascade(wh, slot, now);
	else
		wh->wh_cur = now;
}

void
callout_init(struct callout *c, struct lane *ln, void (*fn)(void *), void *arg)
{
	*c = (struct callout){ .c_lane = ln, .c_fn = fn, .c_arg = arg, .c_slot = CALLOUT_IDLE };
}

/*
 * A timer set for now by a timer's function is not served in the same round: one that sets itself
 * again and again for "now" must not stop the clock.
 */
void
callout_reset_at(struct callout *c, uint64_t when)
{
	struct lane *ln = c->c_lane;
	struct worker *w = ln->ln_worker;
	struct wheel *wh = &w->w_wheel;

	LANE_ASSERT(ln);
	if (callout_pending(c))
		wheel_remove(wh, c);
	else
		LIST_INSERT_HEAD(&ln->ln_callouts, c, c_lanelink);
	c->c_time = when > wh->wh_floor ? when : wh->wh_floor;
	wheel_insert(wh, c);
	if (c->c_time < w->w_sleepuntil) {
		w->w_sleepuntil = c->c_time;
		worker_kick(w);
	}
}

void
callout_reset(struct callout *c, uint64_t ns)
{
	uint64_t now = lane_now(c->c_lane);

	callout_reset_at(c, ns < VI_FOREVER - now ? now + ns : VI_FOREVER - 1);
}

void
callout_stop(struct callout *c)
{
	if (!callout_pending(c))
		return;
	LANE_ASSERT(c->c_lane);
	wheel_remove(&c->c_lane->ln_worker->w_wheel, c);
	LIST_REMOVE(c, c_lanelink);
	c->c_slot = CALLOUT_IDLE;
}
