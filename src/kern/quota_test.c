/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS	UINT64_C(1000000)
#define SECOND	(1000 * MS)

static void
periods(void **state)
{
	struct quota q = { .q_up = NULL };
	uint64_t t = 5 * SECOND;

	(void)state;
	assert_int_equal(quota_wait(NULL, t), 0);
	quota_set(&q, 10, t);
	quota_charge(&q, t, 9 * MS);
	assert_int_equal(quota_wait(&q, t + 9 * MS), 0);
	quota_charge(&q, t + 10 * MS, 1 * MS);
	assert_int_equal(quota_wait(&q, t + 10 * MS), t + 100 * MS);
	assert_int_equal(quota_wait(&q, t + 100 * MS), 0);
	/* What was too much is paid for: 35 of 10 are three periods more. */
	quota_charge(&q, t + 135 * MS, 35 * MS);
	assert_int_equal(quota_wait(&q, t + 135 * MS), t + 400 * MS);
	assert_int_equal(quota_wait(&q, t + 300 * MS), t + 400 * MS);
	assert_int_equal(quota_wait(&q, t + 400 * MS), 0);
	/* But not for ever. */
	quota_charge(&q, t + 400 * MS, 100 * SECOND);
	assert_int_equal(quota_wait(&q, t + 400 * MS), t + 1400 * MS);
	assert_int_equal(quota_wait(&q, t + 1400 * MS), 0);
}

static void
nested(void **state)
{
	struct quota up = { .q_up = NULL }, a = { .q_up = &up }, b = { .q_up = &up };
	uint64_t t = 5 * SECOND;

	(void)state;
	quota_set(&up, 30, t);
	quota_set(&a, 20, t);
	quota_set(&b, 100, t);
	quota_charge(&a, t, 20 * MS);
	assert_int_equal(quota_wait(&a, t), t + 100 * MS);
	assert_int_equal(quota_wait(&b, t), 0);
	/* What is left of the upper one's. */
	quota_charge(&b, t, 10 * MS);
	assert_int_equal(quota_wait(&b, t), t + 100 * MS);
	assert_int_equal(quota_wait(&b, t + 100 * MS), 0);
	/* Lifted. */
	quota_charge(&b, t + 100 * MS, 200 * MS);
	quota_set(&b, 0, t + 100 * MS);
	quota_set(&up, 0, t + 100 * MS);
	assert_int_equal(quota_wait(&b, t + 100 * MS), 0);
}

/* A second in which both want as much as they can get; programs make their lanes work ratio/16 of what they work themselves. */
static uint64_t
second(struct quota *q, uint64_t *t, uint64_t lanes, unsigned ratio)
{
	uint64_t limit = atomic_load(&q->q_limit) * 10, programs = q->q_programs * SECOND / 100;

	lanes += programs * ratio / 16;
	lanes = lanes < limit ? lanes : limit;
	quota_charge(q, *t, lanes);
	quota_programs(q, programs);
	*t += SECOND;
	(void)quota_split(q, *t);
	return (lanes + programs);
}

static void
split(void **state)
{
	static const struct { uint64_t lanes; unsigned ratio; } wants[] = { { 0, 0 }, { SECOND, 0 }, { 0, 4 }, { 0, 16 }, { 0, 48 }, { SECOND / 10, 8 } };

	(void)state;
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct quota q = { .q_up = NULL };
		uint64_t t = 5 * SECOND, used = 0;

		quota_set(&q, 40, t);
		for (unsigned n = 0; n < 10; n++)
			(void)second(&q, &t, wants[i].lanes, wants[i].ratio);
		for (unsigned n = 0; n < 10; n++)
			used += second(&q, &t, wants[i].lanes, wants[i].ratio);
		assert_in_range(used / (SECOND / 10), 32, 42);
	}
	/* Nobody takes all, and what nobody uses the other gets. */
	struct quota q = { .q_up = NULL };
	uint64_t t = 5 * SECOND;

	quota_set(&q, 40, t);
	quota_charge(&q, t, SECOND);
	quota_programs(&q, SECOND);
	t += SECOND;
	assert_int_equal(quota_split(&q, t), 25);
	assert_int_equal(atomic_load(&q.q_limit), 10 * MS);
	assert_int_equal(quota_split(&q, t + 1), 25);	/* too soon */
	for (unsigned n = 0; n < 10; n++)
		(void)quota_split(&q, t += SECOND);
	assert_in_range(q.q_programs, 39, 40);
	assert_int_equal(atomic_load(&q.q_limit), 40 * MS);
	/* Programs that nobody tells of any more have none of it. */
	quota_programs(&q, SECOND);
	(void)quota_split(&q, t += SECOND);
	assert_int_equal(atomic_load(&q.q_limit), 10 * MS);
	quota_charge(&q, t + SECOND, 1);
	assert_int_equal(atomic_load(&q.q_limit), 10 * MS);
	quota_charge(&q, t + QUOTA_STALE + SECOND, 1);
	assert_int_equal(atomic_load(&q.q_limit), 40 * MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(periods), cmocka_unit_test(nested), cmocka_unit_test(split) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
