/* SPDX-License-Identifier: BSD-2-Clause */
#include <vimage/cpus.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void
lists(void **state)
{
	static const struct { const char *list, *text; } good[] = {
		{ "0", "0" }, { "1,0", "0-1" }, { "0-1,3", "0-1,3" }, { "3,1-2,2", "1-3" }, { "5-5", "5" }, { "62-65,130", "62-65,130" },
		{ "007", "7" }, { "0-1023", "0-1023" }, { "1023", "1023" },
	};
	struct vi_cpus cp;
	char buf[64];

	(void)state;
	for (size_t i = 0; i < NITEMS(good); i++) {
		assert_int_equal(vi_cpus_parse(good[i].list, &cp), 0);
		vi_cpus_format(&cp, buf, sizeof(buf));
		assert_string_equal(buf, good[i].text);
	}
	memset(&cp, 0, sizeof(cp));
	vi_cpus_format(&cp, buf, sizeof(buf));
	assert_string_equal(buf, "");
	/* It never writes beyond its end. */
	assert_int_equal(vi_cpus_parse("0,2,4", &cp), 0);
	memset(buf, '#', sizeof(buf));
	vi_cpus_format(&cp, buf, 4);
	assert_int_equal(strlen(buf), 3);
	assert_int_equal(buf[4], '#');
}

static void
wrong_lists(void **state)
{
	static const struct { const char *list; int error; } bad[] = {
		{ "", EINVAL }, { ",", EINVAL }, { "0,", EINVAL }, { ",0", EINVAL }, { "1-0", EINVAL }, { "-1", EINVAL }, { "1-", EINVAL },
		{ "0-1-2", EINVAL }, { "a", EINVAL }, { "0x1", EINVAL }, { "0 1", EINVAL }, { " 0", EINVAL }, { "+1", EINVAL },
		{ "1024", ERANGE }, { "0-1024", ERANGE }, { "4294967296", ERANGE }, { "18446744073709551616", ERANGE },
	};
	struct vi_cpus cp;

	(void)state;
	memset(&cp, 0x5a, sizeof(cp));
	for (size_t i = 0; i < NITEMS(bad); i++) {
		assert_int_equal(vi_cpus_parse(bad[i].list, &cp), bad[i].error);
		assert_int_equal(cp.cp_bits[0], UINT64_C(0x5a5a5a5a5a5a5a5a));
	}
}

static struct vi_cpus
set(const char *list)
{
	struct vi_cpus cp;

	assert_int_equal(vi_cpus_parse(list, &cp), 0);
	return (cp);
}

static void
relations(void **state)
{
	const struct vi_cpus a = set("0-3,100"), b = set("2-5"), c = set("2-3"), far = set("64");
	struct vi_cpus both = vi_cpus_both(&a, &b);

	(void)state;
	assert_true(vi_cpus_equal(&both, &c));
	assert_false(vi_cpus_equal(&a, &b));
	assert_true(vi_cpus_within(&c, &a));
	assert_false(vi_cpus_within(&a, &c));
	both = vi_cpus_both(&b, &far);
	assert_true(vi_cpus_none(&both));
	assert_false(vi_cpus_none(&far));
	assert_true(vi_cpus_has(&a, 100));
	assert_false(vi_cpus_has(&a, 4));
	assert_false(vi_cpus_has(&a, VI_MAXCPUS));
	assert_false(vi_cpus_has(&a, UINT32_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists), cmocka_unit_test(wrong_lists), cmocka_unit_test(relations),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
