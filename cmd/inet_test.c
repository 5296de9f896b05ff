/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/inet.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_numbers(void **state)
{
	static const char *const bad[] = { "", "a", "1.2.3.4 ", "1.2.3.256", "1.2.3.4.5",
	    "192.0.2.1/24", "epair0a" };
	struct in_addr in;

	(void)state;
	assert_true(inet_number("192.0.2.1", &in));
	assert_int_equal(ntohl(in.s_addr), 0xc0000201);
	assert_true(inet_number("10.1", &in));
	assert_int_equal(ntohl(in.s_addr), 0x0a000001);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(inet_number(bad[i], &in));
}

static void
test_masks(void **state)
{
	int len;

	(void)state;
	assert_true(inet_mask_number("255.255.255.0", &len));
	assert_int_equal(len, 24);
	assert_true(inet_mask_number("0xfffffffc", &len));
	assert_int_equal(len, 30);
	assert_true(inet_mask_number("0.0.0.0", &len));
	assert_int_equal(len, 0);
	assert_false(inet_mask_number("255.0.255.0", &len));
	assert_false(inet_mask_number("0xff00ff00", &len));
	assert_int_equal(inet_mask(0), 0);
	assert_int_equal(inet_mask(1), 0x80000000);
	assert_int_equal(inet_mask(32), 0xffffffff);
}

static void
test_prefixes(void **state)
{
	struct in_addr in;
	int len;

	(void)state;
	assert_true(inet_prefix("192.0.2.1/24", &in, &len));
	assert_int_equal(len, 24);
	assert_true(inet_prefix("192.0.2.1", &in, &len));
	assert_int_equal(len, -1);
	assert_false(inet_prefix("192.0.2.1/33", &in, &len));
	assert_false(inet_prefix("192.0.2.1/", &in, &len));
	assert_false(inet_prefix("192.0.2.1/-1", &in, &len));
	assert_false(inet_prefix("192.0.2.1/24x", &in, &len));
}

static void
test_networks(void **state)
{
	static const struct { const char *text; uint32_t addr; int len; } good[] = {
		{ "default", 0, 0 }, { "10", 0x0a000000, -1 }, { "10/8", 0x0a000000, 8 },
		    { "192.0.2", 0xc0000200, -1 },
		{ "192.0.2.0/24", 0xc0000200, 24 }, { "172.16/12", 0xac100000, 12 }, { "192.0.2.7",
		    0xc0000207, -1 },
	};
	struct in_addr in;
	int len;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(inet_network_prefix(good[i].text, &in, &len));
		assert_int_equal(ntohl(in.s_addr), good[i].addr);
		assert_int_equal(len, good[i].len);
	}
	assert_false(inet_network_prefix("1.2.3.4.5/8", &in, &len));
	assert_false(inet_network_prefix("", &in, &len));
	assert_false(inet_network_prefix("host", &in, &len));
	assert_false(inet_network_prefix("10./8", &in, &len));
	assert_false(inet_network_prefix("300/8", &in, &len));
}

static void
test_macs(void **state)
{
	uint8_t mac[6];
	char text[MAC_STRLEN];

	(void)state;
	assert_true(mac_parse("02:0:5e-FF:10:1", mac));
	mac_format(mac, text);
	assert_string_equal(text, "02:00:5e:ff:10:01");
	assert_false(mac_parse("02:00:5e:ff:10", mac));
	assert_false(mac_parse("02:00:5e:ff:10:01:02", mac));
	assert_false(mac_parse("02:00:5e:ff:10:0g", mac));
	assert_false(mac_parse("02:00:5e:ff:10:011", mac));
	assert_false(mac_parse("", mac));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_masks),
		    cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_networks), cmocka_unit_test(test_macs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
