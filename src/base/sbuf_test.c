/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sbuf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
builds_into_a_buffer(void **state)
{
	char buf[32];
	struct sbuf sb;

	(void)state;
	sbuf_init(&sb, buf, sizeof(buf));
	assert_string_equal(sbuf_data(&sb), "");
	sbuf_cat(&sb, "lo");
	sbuf_putc(&sb, '0');
	sbuf_printf(&sb, ": mtu %d", 16384);
	sbuf_bcat(&sb, " up, down", 3);
	assert_int_equal(sbuf_finish(&sb), 0);
	assert_string_equal(sbuf_data(&sb), "lo0: mtu 16384 up");
	assert_int_equal(sbuf_len(&sb), 17);
	sbuf_clear(&sb);
	assert_string_equal(buf, "");
	assert_int_equal(sbuf_len(&sb), 0);
}

/* Cut at every size, by every way of adding; nothing is written past the end. */
static void
cuts_and_remembers(void **state)
{
	static const char text[] = "0123456789";
	char buf[16];
	struct sbuf sb;
	size_t size;
	int way;

	(void)state;
	for (size = 1; size <= sizeof(text) + 1; size++) {
		for (way = 0; way < 3; way++) {
			memset(buf, '#', sizeof(buf));
			sbuf_init(&sb, buf, size);
			if (way == 0)
				sbuf_cat(&sb, text);
			else if (way == 1)
				sbuf_printf(&sb, "%s%d", "01234", 56789);
			else
				for (const char *p = text; *p != '\0'; p++)
					sbuf_putc(&sb, *p);
			assert_int_equal(sbuf_finish(&sb), size < sizeof(text) ? ENOMEM : 0);
			assert_int_equal(sbuf_len(&sb), size < sizeof(text) ? size - 1 : 10);
			assert_int_equal(strncmp(buf, text, sbuf_len(&sb)), 0);
			assert_int_equal(buf[sbuf_len(&sb)], '\0');
			assert_int_equal(buf[size], '#');
		}
	}
}

static void
the_first_failure_sticks(void **state)
{
	char buf[4];
	struct sbuf sb;

	(void)state;
	sbuf_init(&sb, buf, sizeof(buf));
	sbuf_cat(&sb, "abcdef");
	sbuf_clear(&sb);
	sbuf_cat(&sb, "ab");
	sbuf_cat(&sb, "cde");
	sbuf_cat(&sb, "");
	sbuf_printf(&sb, "%d", 1);
	assert_int_equal(sbuf_finish(&sb), ENOMEM);
	assert_string_equal(buf, "abc");
}

struct limit {
	size_t	l_max;
	int	l_calls;
};

static int
grow(void *arg, char **bufp, size_t *sizep, size_t need)
{
	struct limit *l = arg;
	char *p;

	l->l_calls++;
	if (need > l->l_max || (p = realloc(*bufp, need)) == NULL)
		return (ENOBUFS);
	*bufp = p;
	*sizep = need;
	return (0);
}

static void
grows_up_to_the_owners_limit(void **state)
{
	struct limit l = { .l_max = 1001 };
	struct sbuf sb;
	int i;

	(void)state;
	sbuf_init_grow(&sb, grow, &l);
	assert_string_equal(sbuf_data(&sb), "");
	sbuf_printf(&sb, "%s", "");
	for (i = 0; i < 125; i++) {
		sbuf_printf(&sb, "%04d", i);
		sbuf_cat(&sb, "abc\n");
	}
	assert_int_equal(sbuf_finish(&sb), 0);
	assert_int_equal(sbuf_len(&sb), 1000);
	assert_memory_equal(sbuf_data(&sb) + 992, "0124abc\n", 9);
	sbuf_printf(&sb, "%c", 'x');
	assert_int_equal(sbuf_finish(&sb), ENOBUFS);
	assert_int_equal(sbuf_len(&sb), 1000);
	assert_int_equal(sbuf_data(&sb)[1000], '\0');
	i = l.l_calls;
	sbuf_cat(&sb, "more");
	assert_int_equal(l.l_calls, i);
	free(sb.s_buf);
}

static void
no_memory_at_all(void **state)
{
	struct limit l = { .l_max = 0 };
	struct sbuf sb;

	(void)state;
	sbuf_init_grow(&sb, grow, &l);
	sbuf_printf(&sb, "%d", 7);
	sbuf_cat(&sb, "x");
	assert_int_equal(sbuf_finish(&sb), ENOBUFS);
	assert_string_equal(sbuf_data(&sb), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_into_a_buffer),
		cmocka_unit_test(cuts_and_remembers),
		cmocka_unit_test(the_first_failure_sticks),
		cmocka_unit_test(grows_up_to_the_owners_limit),
		cmocka_unit_test(no_memory_at_all),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
