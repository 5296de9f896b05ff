/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "wire/ip.h"

static void
every_length(void **state)
{
	struct udphdr uh = { HTONS(53), HTONS(4000), 0, 0 };
	struct udp_info ui;
	size_t clen, plen;
	unsigned int ulen;
	enum wire_error want;

	(void)state;
	for (ulen = 0; ulen <= 24; ulen++) {
		uh.uh_ulen = HTONS(ulen);
		for (plen = 0; plen <= 24; plen++) {
			for (clen = 0; clen <= (plen < 8 ? plen : 8); clen++) {
				want = plen < 8 ? WIRE_SHORT : clen < 8 ? WIRE_PULLUP :
				    ulen < 8 || ulen > plen ? WIRE_BADLEN : WIRE_OK;
				assert_int_equal(udp_check(&uh, clen, plen, &ui), want);
				if (want == WIRE_OK) {
					assert_int_equal(ui.ui_len, ulen);
					assert_int_equal(ui.ui_dlen, ulen - 8);
				} else if (want == WIRE_PULLUP) {
					assert_int_equal(ui.ui_need, 8);
				}
			}
		}
	}
	uh.uh_ulen = 0xffff;
	assert_int_equal(udp_check(&uh, 8, 65535, &ui), WIRE_OK);
	assert_int_equal(ui.ui_sport, HTONS(53));
	assert_int_equal(ui.ui_dport, HTONS(4000));
	assert_false(ui.ui_hassum);
	uh.uh_sum = 1;
	assert_int_equal(udp_check(&uh, 8, 65535, &ui), WIRE_OK);
	assert_true(ui.ui_hassum);
}

/* RFC 3828 3.1: the coverage, 0 meaning all, holds the header and ends in the datagram. */
static void
lite_coverage(void **state)
{
	struct udphdr uh = { HTONS(53), HTONS(4000), 0, 1 };
	struct udp_info ui;
	enum wire_error want;

	(void)state;
	for (unsigned cov = 0; cov <= 24; cov++) {
		uh.uh_ulen = HTONS(cov);
		for (size_t plen = 0; plen <= 24; plen++) {
			want = plen < 8 ? WIRE_SHORT : (cov != 0 && cov < 8) || cov > plen ? WIRE_BADLEN : WIRE_OK;
			assert_int_equal(udplite_check(&uh, plen < 8 ? plen : 8, plen, &ui), want);
			if (want != WIRE_OK)
				continue;
			assert_int_equal(ui.ui_len, plen);
			assert_int_equal(ui.ui_dlen, plen - 8);
			assert_int_equal(ui.ui_cov, cov == 0 ? plen : cov);
		}
	}
	assert_int_equal(udplite_check(&uh, 7, 20, &ui), WIRE_PULLUP);
	assert_int_equal(ui.ui_need, 8);
}

/* RFC 768: a sum that comes out as zero is sent as all ones, and verifies. */
static void
zero_checksum(void **state)
{
	uint32_t src = HTONL(0xc0000201), dst = HTONL(0xc0000202), sum;
	uint8_t b[10] = { 0, 1, 0, 2, 0, 10, 0, 0, 0, 0 };
	uint16_t folded;

	(void)state;
	assert_int_equal(udp_sum_field(0), 0xffff);
	assert_int_equal(udp_sum_field(0x1234), 0x1234);
	sum = cksum_add(b, sizeof(b), in_pseudo(src, dst, IPPROTO_UDP, sizeof(b)));
	u16store(b + 8, cksum_fold(sum));	/* data that makes the sum all ones */
	folded = cksum_fold(cksum_add(b, sizeof(b), in_pseudo(src, dst, IPPROTO_UDP, sizeof(b))));
	assert_int_equal(folded, 0);
	u16store(b + 6, udp_sum_field(folded));
	assert_int_equal(wire_sum_check(cksum_add(b, sizeof(b),
	    in_pseudo(src, dst, IPPROTO_UDP, sizeof(b)))), WIRE_OK);
	b[9] ^= 1;
	assert_int_equal(wire_sum_check(cksum_add(b, sizeof(b),
	    in_pseudo(src, dst, IPPROTO_UDP, sizeof(b)))), WIRE_BADSUM);
}

static void
names(void **state)
{
	int e, other;

	(void)state;
	for (e = 0; e < WIRE_NERRORS; e++)
		for (other = 0; other < e; other++)
			assert_string_not_equal(wire_error_name((enum wire_error)e),
			    wire_error_name((enum wire_error)other));
	assert_string_equal(wire_error_name(WIRE_BADSUM), "bad checksum");
	assert_string_equal(wire_error_name(WIRE_NERRORS), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length), cmocka_unit_test(lite_coverage),
		cmocka_unit_test(zero_checksum),
		cmocka_unit_test(names),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
