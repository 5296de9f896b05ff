/* SPDX-License-Identifier: BSD-2-Clause */
#include "kern/sysctl.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

struct module {
	int		i, small;
	unsigned	u;
	uint64_t	q;
	char		s[8];
};

static const struct sysctl_desc descs[] = {
	CTL_INT("a.i", CTL_RW, struct module, i, INT32_MIN, INT32_MAX, "any int"),
	CTL_INT("a.small", CTL_RW, struct module, small, -5, 10, "a few"),
	CTL_UINT("a.u", CTL_RW, struct module, u, 3, UINT32_MAX, "at least 3"),
	CTL_U64("a.q", CTL_RW, struct module, q, "any"),
	{ "a.s", VI_CTL_STRING, CTL_RW, offsetof(struct module, s), 0, 8, NULL, "a word" },
	CTL_END
};

static const struct {
	unsigned	d;
	const char	*in;
	const char	*out;		/* NULL: EINVAL */
} cases[] = {
	{ 0, "0", "0" }, { 0, "-0", "0" }, { 0, "2147483647", "2147483647" },
	{ 0, "-2147483648", "-2147483648" }, { 0, "2147483648", NULL },
	{ 0, "-2147483649", NULL }, { 0, "0x10", "16" }, { 0, "-0xA", "-10" },
	{ 0, "0X7fffffff", "2147483647" }, { 0, "", NULL }, { 0, "-", NULL },
	{ 0, "+1", NULL }, { 0, " 1", NULL }, { 0, "1 ", NULL }, { 0, "1x", NULL },
	{ 0, "0x", NULL }, { 0, "0xg", NULL }, { 0, "010", NULL }, { 0, "--1", NULL },
	{ 0, "1.0", NULL }, { 0, "f", NULL }, { 0, "18446744073709551615", NULL },
	{ 0, "18446744073709551616", NULL }, { 0, "-18446744073709551616", NULL },
	{ 0, "99999999999999999999999", NULL },
	{ 1, "-5", "-5" }, { 1, "10", "10" }, { 1, "-6", NULL }, { 1, "11", NULL },
	{ 2, "3", "3" }, { 2, "2", NULL }, { 2, "-0", NULL }, { 2, "-3", NULL },
	{ 2, "4294967295", "4294967295" }, { 2, "4294967296", NULL },
	{ 3, "18446744073709551615", "18446744073709551615" },
	{ 3, "18446744073709551616", NULL }, { 3, "-1", NULL },
	{ 4, "", "" }, { 4, "1234567", "1234567" }, { 4, "12345678", NULL },
};

static void
set_and_get(void **state)
{
	struct module m = { 1, 2, 3, 4, "x" }, before;
	char buf[32];

	(void)state;
	for (size_t i = 0; i < NITEMS(cases); i++) {
		before = m;
		if (cases[i].out == NULL) {
			assert_int_equal(
			    sysctl_desc_set(&descs[cases[i].d], &m, cases[i].in), EINVAL);
			assert_memory_equal(&m, &before, sizeof(m));
			continue;
		}
		assert_int_equal(sysctl_desc_set(&descs[cases[i].d], &m, cases[i].in), 0);
		assert_int_equal(sysctl_desc_get(&descs[cases[i].d], &m, buf, sizeof(buf)), 0);
		assert_string_equal(buf, cases[i].out);
	}
}

static void
short_buffer(void **state)
{
	struct module m = { .i = -1234 };
	char buf[8] = "zzzzzzz";

	(void)state;
	assert_int_equal(sysctl_desc_get(&descs[0], &m, buf, 6), 0);
	assert_string_equal(buf, "-1234");
	assert_int_equal(sysctl_desc_get(&descs[0], &m, buf, 5), ENOMEM);
	assert_int_equal(sysctl_desc_get(&descs[0], &m, buf, 0), ENOMEM);
	assert_int_equal(buf[6], 'z');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_get),
		cmocka_unit_test(short_buffer),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
