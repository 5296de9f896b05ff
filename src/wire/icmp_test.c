/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/icmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "base/util.h"
#include "wire/ip.h"

/*
 * Bytes the message of this type must have at least; 0 for errors, which have rules of their own.
 */
static size_t
least(unsigned int type)
{
	switch (type) {
	case 3: case 4: case 5: case 11: case 12:
		return (0);
	case 13: case 14:
		return (20);
	case 17: case 18:
		return (12);
	default:
		return (8);
	}
}

static void
queries_by_type_and_length(void **state)
{
	uint8_t b[64] = { 0 };
	struct icmp_info ic;
	unsigned int type;
	size_t clen, need, plen;
	enum wire_error want;

	(void)state;
	for (type = 0; type <= 0xff; type++) {
		if ((need = least(type)) == 0)
			continue;
		b[0] = (uint8_t)type;
		b[1] = 7;
		for (plen = 0; plen <= 32; plen++) {
			for (clen = 0; clen <= plen; clen++) {
				want = plen < 8 || (clen >= 8 && plen < need) ? WIRE_SHORT :
				    clen < need ? WIRE_PULLUP : WIRE_OK;
				assert_int_equal(icmp_check(b, clen, plen, &ic), want);
				if (want == WIRE_PULLUP)
					assert_true(ic.ic_need > clen && ic.ic_need <= plen);
			}
		}
		assert_int_equal(ic.ic_type, type);
		assert_int_equal(ic.ic_code, 7);
		assert_false(ic.ic_error);
	}
}

static size_t
unreach(uint8_t *b, unsigned int hlen, unsigned int len)
{
	struct ip *ip = (struct ip *)(b + 8);

	memset(b, 0, 128);
	b[0] = ICMP_UNREACH;
	b[1] = ICMP_UNREACH_NEEDFRAG;
	ip_set_vhl(ip, hlen);
	ip->ip_len = HTONS(len);
	ip->ip_off = HTONS(IP_DF | 2);
	ip->ip_p = IPPROTO_TCP;
	ip->ip_src = HTONL(0xc0000201);
	ip->ip_dst = HTONL(0xc0000202);
	return (8u + hlen + 8u);
}

static void
errors_and_their_quotation(void **state)
{
	uint8_t b[128];
	struct icmp_info ic;
	unsigned int hlen, vhl;
	size_t clen, full, plen;
	enum wire_error e;

	(void)state;
	for (hlen = 20; hlen <= 60; hlen += 4) {
		full = unreach(b, hlen, 1500);
		for (plen = 0; plen <= full; plen++) {
			for (clen = 0; clen <= plen; clen++) {
				e = icmp_check(b, clen, plen, &ic);
				if (clen == full)
					assert_int_equal(e, WIRE_OK);
				else if (e == WIRE_PULLUP)
					assert_true(ic.ic_need > clen && ic.ic_need <= plen);
				else
					assert_int_equal(e, WIRE_SHORT);
				if (plen == full && clen < full)
					assert_int_equal(e, WIRE_PULLUP);
			}
		}
		assert_true(ic.ic_error);
		assert_int_equal(ic.ic_p, IPPROTO_TCP);
		assert_int_equal(ic.ic_ihlen, hlen);
		assert_int_equal(ic.ic_ilen, 1500);
		assert_int_equal(ic.ic_ioff, 16);
		assert_int_equal(ic.ic_toff, 8 + hlen);
		assert_int_equal(ic.ic_src, HTONL(0xc0000201));
		assert_int_equal(ic.ic_dst, HTONL(0xc0000202));
	}
	for (vhl = 0; vhl <= 0xff; vhl++) {
		unreach(b, 20, 1500);
		b[8] = (uint8_t)vhl;
		assert_int_equal(icmp_check(b, 128, 128, &ic), vhl >> 4 != 4 ? WIRE_BADVERS :
		    (vhl & 15) < 5 ? WIRE_BADHLEN : WIRE_OK);
	}
	unreach(b, 24, 23);
	assert_int_equal(icmp_check(b, 128, 128, &ic), WIRE_BADLEN);
	unreach(b, 24, 24);
	assert_int_equal(icmp_check(b, 128, 128, &ic), WIRE_OK);
}

static void
types(void **state)
{
	unsigned int errors = 0, type;

	(void)state;
	for (type = 0; type <= 0xff; type++) {
		assert_false(icmp_type_iserror((uint8_t)type) && icmp_type_isquery((uint8_t)type));
		errors += icmp_type_iserror((uint8_t)type);
	}
	assert_int_equal(errors, 5);
	assert_true(icmp_type_isquery(ICMP_ECHO) && icmp_type_isquery(ICMP_MASKREPLY));
	assert_false(icmp_type_isquery(ICMP_EXTECHO));
}

static void
message_checksum(void **state)
{
	uint8_t b[65];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(i * 11);
	b[0] = ICMP_ECHO;
	u16store(b + 2, 0);
	u16store(b + 2, cksum_fold(cksum_add(b, sizeof(b), 0)));
	assert_int_equal(icmp_sum_check(b, sizeof(b)), WIRE_OK);
	for (i = 0; i < sizeof(b); i++) {
		b[i] ^= 0x10;
		assert_int_equal(icmp_sum_check(b, sizeof(b)), WIRE_BADSUM);
		b[i] ^= 0x10;
	}
	/* An echo reply is the request with another type: RFC 1624 does for the checksum. */
	u16store(b + 2, cksum_update16(u16load(b + 2), HTONS(ICMP_ECHO << 8 | b[1]),
	    HTONS(ICMP_ECHOREPLY << 8 | b[1])));
	b[0] = ICMP_ECHOREPLY;
	assert_int_equal(icmp_sum_check(b, sizeof(b)), WIRE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_by_type_and_length),
		cmocka_unit_test(errors_and_their_quotation),
		cmocka_unit_test(types),
		cmocka_unit_test(message_checksum),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
