/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ether.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/util.h"

static const uint8_t frame[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x08, 0x06,
};

static void
lengths(void **state)
{
	struct ether_info ei;
	size_t clen, plen;
	enum wire_error want;

	(void)state;
	for (plen = 0; plen <= sizeof(frame); plen++) {
		for (clen = 0; clen <= plen; clen++) {
			want = plen < 14 ? WIRE_SHORT : clen < 14 ? WIRE_PULLUP : WIRE_OK;
			assert_int_equal(ether_check(frame, clen, plen, &ei), want);
			assert_int_equal(ei.ei_need, 14);
		}
	}
	assert_int_equal(ei.ei_type, ETHERTYPE_ARP);
	assert_int_equal(ei.ei_hlen, 14);
	assert_true(ei.ei_bcast && ei.ei_mcast);
}

static void
every_type_value(void **state)
{
	uint8_t b[sizeof(frame)];
	struct ether_info ei;
	unsigned int type;
	enum wire_error want;

	(void)state;
	memcpy(b, frame, sizeof(b));
	for (type = 0; type <= 0xffff; type++) {
		be16enc(b + 12, (uint16_t)type);
		want = type >= 0x600 ? WIRE_OK : type > 1500 ? WIRE_BADTYPE :
		    type > 100 ? WIRE_BADLEN : WIRE_OK;
		assert_int_equal(ether_check(b, sizeof(b), 14 + 100, &ei), want);
		if (type <= 1500) {
			assert_int_equal(ei.ei_type, 0);
			assert_int_equal(ei.ei_len8023, type);
		} else if (type >= 0x600) {
			assert_int_equal(ei.ei_type, type);
			assert_int_equal(ei.ei_len8023, 0);
		}
	}
}

static void
addresses(void **state)
{
	uint8_t b[sizeof(frame)], a[6];
	struct ether_info ei;

	(void)state;
	memcpy(b, frame, sizeof(b));
	b[6] |= 1;
	assert_int_equal(ether_check(b, sizeof(b), sizeof(b), &ei), WIRE_BADADDR);
	memcpy(b, frame, sizeof(b));
	b[5] = 0xfe;
	assert_int_equal(ether_check(b, sizeof(b), sizeof(b), &ei), WIRE_OK);
	assert_true(ei.ei_mcast && !ei.ei_bcast);
	b[0] = 0x02;
	assert_int_equal(ether_check(b, sizeof(b), sizeof(b), &ei), WIRE_OK);
	assert_false(ei.ei_mcast || ei.ei_bcast);
	assert_true(ether_zero((const uint8_t[6]){ 0 }));
	assert_false(ether_zero((const uint8_t[6]){ 0, 0, 0, 0, 0, 1 }));
	assert_true(ether_equal(frame, frame));
	assert_false(ether_equal(frame, frame + 6));
	/* RFC 1112 6.4: the low 23 bits; 239.129.2.3 and 224.1.2.3 share one. */
	ether_map_ip_multicast(HTONL(0xef810203), a);
	assert_memory_equal(a, "\x01\x00\x5e\x01\x02\x03", 6);
}

static void
vlan_tag(void **state)
{
	uint8_t b[18];
	uint16_t tag, type;
	size_t clen;

	(void)state;
	memcpy(b, frame, 14);
	memcpy(b + 12, "\x81\x00\xa0\x64\x08\x00", 6);
	for (clen = 0; clen < 18; clen++) {
		assert_int_equal(ether_vlan_check(b, clen, 18, &tag, &type), WIRE_PULLUP);
		assert_int_equal(ether_vlan_check(b, clen, clen, &tag, &type), WIRE_SHORT);
	}
	assert_int_equal(ether_vlan_check(b, 18, 18, &tag, &type), WIRE_OK);
	assert_int_equal(EVL_VLANOFTAG(tag), 100);
	assert_int_equal(EVL_PRIOFTAG(tag), 5);
	assert_int_equal(type, ETHERTYPE_IP);
	be16enc(b + 14, 0x0fff);
	assert_int_equal(ether_vlan_check(b, 18, 18, &tag, &type), WIRE_BADTYPE);
}

static void
text_both_ways(void **state)
{
	static const char *const bad[] = { "", "02", "02:00:00:00:00", "02:00:00:00:00:0a:00",
	    "02:00:00:00:00:", ":02:00:00:00:00:0a", "002:00:00:00:00:0a", "02-00-00-00-00-0a",
	    "02:00:00:00:00:0g", "02::00:00:00:0a", " 02:00:00:00:00:0a", "02:00:00:00:00:0a " };
	char buf[ETHER_STRLEN];
	uint8_t a[6] = { 1, 2, 3, 4, 5, 6 };
	size_t i;

	(void)state;
	assert_int_equal(ether_addr_pton("2:0:Ab:cD:0:0a", a), 0);
	assert_memory_equal(a, "\x02\x00\xab\xcd\x00\x0a", 6);
	assert_null(ether_addr_ntop(buf, sizeof(buf) - 1, a));
	assert_string_equal(ether_addr_ntop(buf, sizeof(buf), a), "02:00:ab:cd:00:0a");
	for (i = 0; i < NITEMS(bad); i++)
		assert_int_equal(ether_addr_pton(bad[i], a), EINVAL);
	assert_memory_equal(a, "\x02\x00\xab\xcd\x00\x0a", 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(every_type_value),
		cmocka_unit_test(addresses),
		cmocka_unit_test(vlan_tag),
		cmocka_unit_test(text_both_ways),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
