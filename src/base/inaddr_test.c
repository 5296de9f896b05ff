/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/inaddr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static uint32_t
addr(const char *str)
{
	uint32_t a = 0;

	assert_int_equal(inaddr_pton(str, &a), 0);
	return (a);
}

static void
text_both_ways(void **state)
{
	static const char *const good[] = { "0.0.0.0", "1.2.3.4", "10.20.30.40", "192.0.2.1",
	    "127.0.0.1", "255.255.255.255", "100.9.99.109" };
	char buf[INADDR_STRLEN];
	size_t i, size;

	(void)state;
	assert_int_equal(addr("192.0.2.1"), HTONL(0xc0000201));
	for (i = 0; i < NITEMS(good); i++) {
		assert_ptr_equal(inaddr_ntop(buf, sizeof(buf), addr(good[i])), buf);
		assert_string_equal(buf, good[i]);
		for (size = 0; size <= sizeof(buf); size++) {
			memset(buf, '#', sizeof(buf));
			if (size <= strlen(good[i])) {
				assert_null(inaddr_ntop(buf, size, addr(good[i])));
				assert_int_equal(buf[0], '#');
			} else {
				assert_non_null(inaddr_ntop(buf, size, addr(good[i])));
			}
		}
	}
}

static void
refuses_anything_else(void **state)
{
	static const char *const bad[] = { "", ".", "1", "1.2", "1.2.3", "1.2.3.", "1.2.3.4.",
	    "1.2.3.4.5", ".1.2.3.4", "1..2.3", "1.2.3.256", "256.1.1.1", "1.2.3.0004", "01.2.3.4",
	    "00.0.0.0", "1.2.3.00", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.-4", "+1.2.3.4",
	    "1.2.3.0x4", "a.b.c.d", "1.2.3.99999999999999999999", "1,2,3,4", "1.2.3.4/24" };
	uint32_t a;
	size_t i;

	(void)state;
	for (i = 0; i < NITEMS(bad); i++) {
		a = 42;
		assert_int_equal(inaddr_pton(bad[i], &a), EINVAL);
		assert_int_equal(a, 42);
	}
}

/* First and last address of each block, and the neighbours outside. */
static void
classes(void **state)
{
	static const struct {
		bool		(*fn)(uint32_t);
		const char	*before, *first, *last, *after;
	} rows[] = {
		{ in_anyaddr,	"255.255.255.255", "0.0.0.0", "0.0.0.0", "0.0.0.1" },
		{ in_broadcast,	"255.255.255.254", "255.255.255.255", "255.255.255.255",
		    "0.0.0.0" },
		{ in_loopback,	"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0" },
		{ in_multicast,	"223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0" },
		{ in_local_group, "223.255.255.255", "224.0.0.0", "224.0.0.255", "224.0.1.0" },
		{ in_badclass,	"239.255.255.255", "240.0.0.0", "255.255.255.255", "0.0.0.0" },
		{ in_zeronet,	"255.255.255.255", "0.0.0.0", "0.255.255.255", "1.0.0.0" },
		{ in_linklocal,	"169.253.255.255", "169.254.0.0", "169.254.255.255",
		    "169.255.0.0" },
		{ in_private,	"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0" },
		{ in_private,	"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0" },
		{ in_private,	"192.167.255.255", "192.168.0.0", "192.168.255.255",
		    "192.169.0.0" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NITEMS(rows); i++) {
		assert_true(rows[i].fn(addr(rows[i].first)));
		assert_true(rows[i].fn(addr(rows[i].last)));
		assert_false(rows[i].fn(addr(rows[i].before)));
		assert_false(rows[i].fn(addr(rows[i].after)));
	}
	assert_true(in_canforward(addr("192.0.2.1")));
	assert_false(in_canforward(addr("127.0.0.1")));
	assert_false(in_canforward(addr("0.1.2.3")));
	assert_false(in_canforward(addr("169.254.1.1")));
	assert_false(in_canforward(addr("224.0.0.5")));
	assert_false(in_canforward(addr("240.0.0.1")));
}

static void
masks(void **state)
{
	unsigned int len;

	(void)state;
	for (len = 0; len <= 32; len++)
		assert_int_equal(in_mask2len(in_len2mask(len)), len);
	assert_int_equal(in_len2mask(0), 0);
	assert_int_equal(in_len2mask(24), addr("255.255.255.0"));
	assert_int_equal(in_len2mask(31), addr("255.255.255.254"));
	assert_int_equal(in_mask2len(addr("255.0.255.0")), -1);
	assert_int_equal(in_mask2len(addr("0.255.255.255")), -1);
	assert_int_equal(in_mask2len(addr("255.255.255.253")), -1);
	assert_int_equal(in_classmask(addr("127.0.0.1")), in_len2mask(8));
	assert_int_equal(in_classmask(addr("128.0.0.1")), in_len2mask(16));
	assert_int_equal(in_classmask(addr("192.0.2.1")), in_len2mask(24));
	assert_int_equal(in_classmask(addr("224.0.0.1")), 0);
	assert_true(in_samenet(addr("10.0.0.1"), addr("10.0.0.254"), in_len2mask(24)));
	assert_false(in_samenet(addr("10.0.0.1"), addr("10.0.1.1"), in_len2mask(24)));
	assert_int_equal(in_netbroadcast(addr("10.0.0.1"), in_len2mask(24)), addr("10.0.0.255"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_both_ways),
		cmocka_unit_test(refuses_anything_else),
		cmocka_unit_test(classes),
		cmocka_unit_test(masks),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
