/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
put(struct framing *fm, const void *bytes, size_t len)
{
	size_t room;
	uint8_t *to = framing_room(fm, &room);

	assert_true(room >= len);
	memcpy(to, bytes, len);
	framing_got(fm, len);
}

static void
frames(void **state)
{
	static const uint8_t two[] = { 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd' };
	const uint8_t *frame;
	struct framing fm;
	size_t len;

	(void)state;
	assert_int_equal(framing_init(&fm), 0);
	put(&fm, two, sizeof(two));
	assert_int_equal(framing_next(&fm, &frame, &len), 1);
	assert_int_equal(len, 3);
	assert_memory_equal(frame, "abc", 3);
	assert_int_equal(framing_next(&fm, &frame, &len), 1);
	assert_int_equal(len, 1);
	assert_memory_equal(frame, "d", 1);
	assert_int_equal(framing_next(&fm, &frame, &len), 0);
	/* Byte by byte. */
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(framing_next(&fm, &frame, &len), 0);
		put(&fm, two + i, 1);
	}
	assert_int_equal(framing_next(&fm, &frame, &len), 1);
	framing_free(&fm);
}

/* The longest come whole wherever in the buffer they begin, and there always is room. */
static void
longest(void **state)
{
	static uint8_t bytes[FRAMING_HDR + FRAMING_MAX];
	const uint8_t *frame;
	size_t len, room, part, got = 0;
	struct framing fm;
	uint8_t *to;

	(void)state;
	bytes[1] = (uint8_t)(FRAMING_MAX >> 16);
	bytes[2] = (uint8_t)(FRAMING_MAX >> 8);
	bytes[3] = (uint8_t)FRAMING_MAX;
	assert_int_equal(framing_init(&fm), 0);
	for (size_t i = 0, at = 0; i < 200; i++) {
		to = framing_room(&fm, &room);
		assert_true(room > 0);
		part = sizeof(bytes) - at < 7919 ? sizeof(bytes) - at : 7919;
		part = part < room ? part : room;
		memcpy(to, bytes + at, part);
		framing_got(&fm, part);
		at = (at + part) % sizeof(bytes);
		while (framing_next(&fm, &frame, &len) == 1) {
			assert_int_equal(len, FRAMING_MAX);
			assert_memory_equal(frame, bytes + FRAMING_HDR, len);
			got++;
		}
	}
	assert_true(got > 20);
	framing_free(&fm);
}

static void
garbage(void **state)
{
	static const uint8_t none[] = { 0, 0, 0, 0 }, much[] = { 0, 1, 0, 18 }, all[] = { 0xff, 0xff, 0xff, 0xff };
	static const uint8_t *const bad[] = { none, much, all };
	const uint8_t *frame;
	struct framing fm;
	size_t len;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(framing_init(&fm), 0);
		put(&fm, bad[i], 3);
		assert_int_equal(framing_next(&fm, &frame, &len), 0);
		put(&fm, bad[i] + 3, 1);
		assert_int_equal(framing_next(&fm, &frame, &len), -1);
		framing_clear(&fm);
		assert_int_equal(framing_next(&fm, &frame, &len), 0);
		framing_free(&fm);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(longest),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
