/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/gre.h"
#include "wire/vxlan.h"

/* In memory of exactly its size, so that a sanitizer sees what is read beyond. */
static enum wire_error
check(const uint8_t *p, size_t clen, size_t plen, struct gre_info *gi)
{
	uint8_t *exact = malloc(clen + (clen == 0));
	enum wire_error e;

	memcpy(exact, p, clen);
	e = gre_check(exact, clen, plen, gi);
	free(exact);
	return (e);
}

static void
forms(void **state)
{
	static const uint8_t plain[4] = { 0, 0, 8, 0 }, all[16] = { 0xb0, 0, 0x86, 0xdd, 0x12, 0x34, 0, 0, 1, 2, 3, 4, 0, 0, 0, 9 };
	struct gre_info gi;
	uint8_t buf[GRE_MAXHLEN];

	(void)state;
	assert_int_equal(check(plain, 4, 4, &gi), WIRE_OK);
	assert_int_equal(gi.gi_hlen, 4);
	assert_int_equal(gi.gi_proto, 0x800);
	assert_int_equal(check(all, 16, 60, &gi), WIRE_OK);
	assert_int_equal(gi.gi_hlen, 16);
	assert_int_equal(gi.gi_key, 0x01020304);
	assert_int_equal(gi.gi_seq, 9);
	assert_true(gi.gi_hassum);
	assert_int_equal(gre_build(buf, &gi), 16);
	buf[4] = 0x12;
	buf[5] = 0x34;
	assert_memory_equal(buf, all, 16);
	gi = (struct gre_info){ .gi_proto = 0x800, .gi_haskey = true, .gi_key = 10 };
	assert_int_equal(gre_build(buf, &gi), 8);
	assert_memory_equal(buf, "\x20\0\x08\0\0\0\0\x0a", 8);
}

static void
bounds(void **state)
{
	static const uint8_t all[16] = { 0xb0, 0, 0x86, 0xdd };
	struct gre_info gi;

	(void)state;
	for (size_t plen = 0; plen <= 16; plen++)
		for (size_t clen = 0; clen <= plen; clen++) {
			const enum wire_error e = check(all, clen, plen, &gi);

			if (plen < 16 && (plen < 4 || clen >= 4))
				assert_int_equal(e, WIRE_SHORT);
			else if (clen < 16)
				assert_int_equal(e, WIRE_PULLUP);
			else
				assert_int_equal(e, WIRE_OK);
			assert_true(e != WIRE_PULLUP || (gi.gi_need > clen && gi.gi_need <= plen));
		}
}

static void
bad(void **state)
{
	static const struct { uint8_t b[4]; enum wire_error e; } t[] = {
		{ { 0, 1, 8, 0 }, WIRE_BADVERS }, { { 0, 7, 8, 0 }, WIRE_BADVERS }, { { 0x40, 0, 8, 0 }, WIRE_BADOPT },
		{ { 0x08, 0, 8, 0 }, WIRE_BADOPT }, { { 0x04, 0, 8, 0 }, WIRE_BADOPT }, { { 0x03, 0xf8, 8, 0 }, WIRE_OK } };
	struct gre_info gi;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(check(t[i].b, 4, 4, &gi), t[i].e);
}

static void
vxlan(void **state)
{
	uint8_t h[VXLAN_HLEN], bad_[VXLAN_HLEN] = { 0, 0, 0, 0, 0, 0, 42, 0 };
	uint32_t vni = 0;

	(void)state;
	vxlan_build(h, 0xabcdef);
	assert_memory_equal(h, "\x08\0\0\0\xab\xcd\xef\0", 8);
	assert_int_equal(vxlan_check(h, 8, 8, &vni), WIRE_OK);
	assert_int_equal(vni, 0xabcdef);
	assert_int_equal(vxlan_check(h, 7, 7, &vni), WIRE_SHORT);
	assert_int_equal(vxlan_check(h, 7, 8, &vni), WIRE_PULLUP);
	assert_int_equal(vxlan_check(bad_, 8, 8, &vni), WIRE_BADOPT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(bounds),
		cmocka_unit_test(bad),
		cmocka_unit_test(vxlan),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
