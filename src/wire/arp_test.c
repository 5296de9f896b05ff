/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/arp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/util.h"

static const uint8_t mac_a[] = { 0x02, 0, 0, 0, 0, 0x0a };
static const uint8_t mac_b[] = { 0x02, 0, 0, 0, 0, 0x0b };
#define	IP_A	HTONL(0xc0000201)
#define	IP_B	HTONL(0xc0000202)

static void
built_message_passes(void **state)
{
	static const uint8_t want[] = {
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x0a, 0xc0, 0, 2, 1, 0, 0, 0, 0, 0, 0,
		0xc0, 0, 2, 2,
	};
	static const uint8_t zero[6];
	struct ether_arp ea;
	struct arp_info ai;

	(void)state;
	arp_build(&ea, ARPOP_REQUEST, mac_a, IP_A, zero, IP_B);
	assert_memory_equal(&ea, want, sizeof(want));
	assert_int_equal(arp_check(&ea, sizeof(ea), sizeof(ea), &ai), WIRE_OK);
	assert_int_equal(ai.ai_op, ARPOP_REQUEST);
	assert_int_equal(ai.ai_spa, IP_A);
	assert_int_equal(ai.ai_tpa, IP_B);
	assert_memory_equal(ai.ai_sha, mac_a, 6);
	assert_memory_equal(ai.ai_tha, zero, 6);
	assert_false(ai.ai_probe || ai.ai_gratuitous);
	/* RFC 5227 1.1 and 2.3: a probe, an announcement. */
	arp_build(&ea, ARPOP_REQUEST, mac_a, 0, zero, IP_B);
	assert_int_equal(arp_check(&ea, sizeof(ea), 46, &ai), WIRE_OK);
	assert_true(ai.ai_probe && !ai.ai_gratuitous);
	arp_build(&ea, ARPOP_REPLY, mac_a, IP_A, mac_b, IP_A);
	assert_int_equal(arp_check(&ea, sizeof(ea), 46, &ai), WIRE_OK);
	assert_true(ai.ai_gratuitous && !ai.ai_probe);
}

static void
lengths(void **state)
{
	struct ether_arp ea;
	struct arp_info ai;
	size_t clen, plen;
	enum wire_error want;

	(void)state;
	arp_build(&ea, ARPOP_REPLY, mac_a, IP_A, mac_b, IP_B);
	for (plen = 0; plen <= 28; plen++) {
		for (clen = 0; clen <= plen; clen++) {
			want = plen < 8 ? WIRE_SHORT : clen < 8 ? WIRE_PULLUP :
			    plen < 28 ? WIRE_SHORT : clen < 28 ? WIRE_PULLUP : WIRE_OK;
			assert_int_equal(arp_check(&ea, clen, plen, &ai), want);
			assert_int_equal(ai.ai_need, plen);
		}
	}
}

/* Each fixed field, each wrong value. */
static void
fixed_fields(void **state)
{
	struct ether_arp good, ea;
	struct arp_info ai;
	unsigned int v;

	(void)state;
	arp_build(&good, ARPOP_REPLY, mac_a, IP_A, mac_b, IP_B);
	for (v = 0; v <= 0xffff; v++) {
		ea = good;
		ea.arp_hrd = HTONS(v);
		assert_int_equal(arp_check(&ea, 28, 28, &ai),
		    v == 1 || v == 6 ? WIRE_OK : WIRE_BADTYPE);
		ea = good;
		ea.arp_pro = HTONS(v);
		assert_int_equal(arp_check(&ea, 28, 28, &ai), v == 0x800 ? WIRE_OK : WIRE_BADPROTO);
		ea = good;
		ea.arp_op = HTONS(v);
		assert_int_equal(arp_check(&ea, 28, 28, &ai),
		    v == 1 || v == 2 ? WIRE_OK : WIRE_BADOP);
		if (v > 0xff)
			continue;
		ea = good;
		ea.arp_hln = (uint8_t)v;
		assert_int_equal(arp_check(&ea, 28, 28, &ai), v == 6 ? WIRE_OK : WIRE_BADLEN);
		ea = good;
		ea.arp_pln = (uint8_t)v;
		assert_int_equal(arp_check(&ea, 28, 28, &ai), v == 4 ? WIRE_OK : WIRE_BADLEN);
	}
	/* Another network's shorter message is named as such, not as a cut one. */
	ea = good;
	ea.arp_hrd = HTONS(ARPHRD_ARCNET);
	assert_int_equal(arp_check(&ea, 18, 18, &ai), WIRE_BADTYPE);
}

static void
impossible_senders(void **state)
{
	static const uint8_t bcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ether_arp ea;
	struct arp_info ai;

	(void)state;
	arp_build(&ea, ARPOP_REPLY, bcast, IP_A, mac_b, IP_B);
	assert_int_equal(arp_check(&ea, 28, 28, &ai), WIRE_BADADDR);
	arp_build(&ea, ARPOP_REPLY, mac_a, HTONL(0xe0000001), mac_b, IP_B);
	assert_int_equal(arp_check(&ea, 28, 28, &ai), WIRE_BADADDR);
	arp_build(&ea, ARPOP_REPLY, mac_a, 0xffffffff, mac_b, IP_B);
	assert_int_equal(arp_check(&ea, 28, 28, &ai), WIRE_BADADDR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_message_passes),
		cmocka_unit_test(lengths),
		cmocka_unit_test(fixed_fields),
		cmocka_unit_test(impossible_senders),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
