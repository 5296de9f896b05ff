/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/in6addr.h"

static void
six(void **state)
{
	/* and what comes back */
	static const char *const good[][2] = { { "::", "::" }, { "::1", "::1" }, { "1::", "1::" }, { "2001:DB8::1", "2001:db8::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" }, { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" }, { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" }, { "::ffff:192.0.2.1", "::ffff:c000:201" }, { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201" }, { "fe80:0000:0000::00ff", "fe80::ff" } };
	static const char *const bad[] = { "", ":", ":1", "1:", "1::2::3", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::",
		"g::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "::1 ", "fe80::1%em0", "1:::2", "00001::" };
	char text[IN6ADDR_STRLEN];
	uint8_t a[16];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(in6addr_pton(good[i][0], a), 0);
		assert_string_equal(in6addr_ntop(text, a), good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (in6addr_pton(bad[i], a) == 0)
			fail_msg("%s", bad[i]);
	memset(a, 0xff, sizeof(a));
	assert_int_equal(strlen(in6addr_ntop(text, a)) + 1, IN6ADDR_STRLEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(six),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
