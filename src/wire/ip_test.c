/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: where a rule depends on a few small numbers (version, header length, total
 * length, option kind, length, pointer), all their values are tried, and the expected verdict
 * comes from the rule written down a second time in the test, not from a list of examples.
 */
#include "wire/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/*
 * A header as a Linux ping sends it: 192.0.2.1 > 192.0.2.2, ICMP, 84 bytes, with its right
 * checksum.
 */
static const uint8_t ping[20] = {
	0x45, 0x00, 0x00, 0x54, 0x30, 0x39, 0x40, 0x00, 0x40, 0x01, 0x86, 0x6c,
	0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00, 0x02, 0x02,
};

static void
header(struct ip *ip, unsigned int hlen, unsigned int len, unsigned int off)
{
	memset(ip, 0, IP_MAXHLEN);
	ip_set_vhl(ip, hlen);
	ip->ip_len = HTONS(len);
	ip->ip_off = HTONS(off);
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_UDP;
	ip->ip_src = HTONL(0xc0000201);
	ip->ip_dst = HTONL(0xc0000202);
}

static void
decodes(void **state)
{
	struct ip_info ii;

	(void)state;
	assert_int_equal(ip_check(ping, 20, 100, &ii), WIRE_OK);
	assert_int_equal(ii.ii_hlen, 20);
	assert_int_equal(ii.ii_optlen, 0);
	assert_int_equal(ii.ii_len, 84);
	assert_int_equal(ii.ii_plen, 64);
	assert_int_equal(ii.ii_id, 0x3039);
	assert_int_equal(ii.ii_off, 0);
	assert_true(ii.ii_df);
	assert_false(ii.ii_mf || ii.ii_rf || ii.ii_frag);
	assert_int_equal(ii.ii_ttl, 64);
	assert_int_equal(ii.ii_p, IPPROTO_ICMP);
	assert_int_equal(ii.ii_src, HTONL(0xc0000201));
	assert_int_equal(ii.ii_dst, HTONL(0xc0000202));
}

/* Every version and header length against every contiguous length. */
static void
versions_and_header_lengths(void **state)
{
	uint8_t b[IP_MAXHLEN];
	struct ip_info ii;
	unsigned int clen, vhl;
	enum wire_error want;

	(void)state;
	header((struct ip *)b, 20, 60, 0);
	for (vhl = 0; vhl <= 0xff; vhl++) {
		b[0] = (uint8_t)vhl;
		for (clen = 0; clen <= 60; clen++) {
			want = clen < 20 ? WIRE_PULLUP : vhl >> 4 != 4 ? WIRE_BADVERS :
			    (vhl & 15) < 5 ? WIRE_BADHLEN :
			    clen < (vhl & 15) * 4 ? WIRE_PULLUP : WIRE_OK;
			assert_int_equal(ip_check(b, clen, 60, &ii), want);
			if (want == WIRE_PULLUP)
				assert_int_equal(ii.ii_need, clen < 20 ? 20 : (vhl & 15) * 4);
		}
	}
}

static void
total_lengths(void **state)
{
	uint8_t b[IP_MAXHLEN];
	struct ip_info ii;
	unsigned int hlen, len, plen;

	(void)state;
	for (hlen = 20; hlen <= 60; hlen += 20) {
		for (len = 0; len <= 64; len++) {
			header((struct ip *)b, hlen, len, 0);
			for (plen = 0; plen < 20; plen++)
				assert_int_equal(ip_check(b, plen, plen, &ii), WIRE_SHORT);
			for (plen = hlen; plen <= 64; plen++) {
				assert_int_equal(ip_check(b, MIN(plen, 60), plen, &ii),
				    len < hlen || len > plen ? WIRE_BADLEN : WIRE_OK);
			}
		}
	}
	header((struct ip *)b, 20, 65535, 0);
	assert_int_equal(ip_check(b, 20, 65534, &ii), WIRE_BADLEN);
	assert_int_equal(ip_check(b, 20, 65535, &ii), WIRE_OK);
	assert_int_equal(ii.ii_plen, 65515);
}

static void
fragments(void **state)
{
	uint8_t b[IP_MAXHLEN];
	struct ip_info ii;

	(void)state;
	header((struct ip *)b, 20, 20 + 8, IP_MF | 1);
	assert_int_equal(ip_check(b, 20, 28, &ii), WIRE_OK);
	assert_true(ii.ii_frag && ii.ii_mf);
	assert_int_equal(ii.ii_off, 8);
	header((struct ip *)b, 20, 20 + 9, IP_MF);
	assert_int_equal(ip_check(b, 20, 29, &ii), WIRE_BADFRAG);
	header((struct ip *)b, 20, 20, IP_MF);
	assert_int_equal(ip_check(b, 20, 20, &ii), WIRE_BADFRAG);
	header((struct ip *)b, 20, 20 + 9, 1);
	assert_int_equal(ip_check(b, 20, 29, &ii), WIRE_OK);
	/* The last piece ends exactly at 65535, and one byte later. */
	header((struct ip *)b, 20, 20 + 3, 65512 / 8 + 1);
	assert_int_equal(ip_check(b, 20, 23, &ii), WIRE_BADFRAG);
	header((struct ip *)b, 20, 20 + 3, 65512 / 8);
	assert_int_equal(ip_check(b, 20, 23, &ii), WIRE_OK);
	header((struct ip *)b, 20, 20 + 4, 65512 / 8);
	assert_int_equal(ip_check(b, 20, 24, &ii), WIRE_BADFRAG);
	header((struct ip *)b, 20, 20, IP_RF | IP_DF);
	assert_int_equal(ip_check(b, 20, 20, &ii), WIRE_OK);
	assert_true(ii.ii_rf && ii.ii_df && !ii.ii_frag);
}

static void
header_checksum(void **state)
{
	union {
		struct ip ip;
		uint8_t b[IP_MAXHLEN];
	} u;
	unsigned int bit, hlen;

	(void)state;
	assert_int_equal(ip_sum_check(ping, 20), WIRE_OK);
	memcpy(u.b, ping, 20);
	u.ip.ip_sum = 0;
	assert_int_equal(ip_sum_make(u.b, 20), u16load(ping + 10));
	for (hlen = 20; hlen <= 60; hlen += 4) {
		header(&u.ip, hlen, 100, 0);
		memset(u.b + 20, 0xe7, hlen - 20);
		u.ip.ip_sum = ip_sum_make(u.b, hlen);
		assert_int_equal(ip_sum_check(u.b, hlen), WIRE_OK);
		for (bit = 0; bit < hlen * 8; bit++) {
			u.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(ip_sum_check(u.b, hlen), WIRE_BADSUM);
			u.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* For every identification, all the way down: the corrected sum is always right. */
static void
time_to_live(void **state)
{
	struct ip ip;
	unsigned int id;

	(void)state;
	for (id = 0; id <= 0xffff; id++) {
		memcpy(&ip, ping, 20);
		ip.ip_id = HTONS(id);
		ip.ip_ttl = (uint8_t)(id | 1);
		ip.ip_sum = 0;
		ip.ip_sum = ip_sum_make(&ip, 20);
		ip_ttl_decrement(&ip);
		assert_int_equal(ip.ip_ttl, (uint8_t)(id | 1) - 1);
		assert_int_equal(ip_sum_check(&ip, 20), WIRE_OK);
	}
}

static void
pseudo_header(void **state)
{
	uint8_t b[12];
	uint32_t i, src, dst;

	(void)state;
	for (i = 0; i < 5000; i++) {
		src = i * 2654435761u;
		dst = ~src * 40503u;
		u32store(b, src);
		u32store(b + 4, dst);
		b[8] = 0;
		b[9] = (uint8_t)i;
		be16enc(b + 10, (uint16_t)(i * 13));
		assert_int_equal(
		    cksum_reduce(in_pseudo(src, dst, (uint8_t)i, (uint16_t)(i * 13))) % 0xffff,
		    cksum_add(b, 12, 0) % 0xffff);
	}
}

/* Puts options into a header padded by fill and starts an iterator; hlen follows from len. */
static void
options(struct ip_opt_iter *it, uint8_t *b, const void *opts, size_t len, uint8_t fill)
{
	memset(b, fill, IP_MAXHLEN);
	memcpy(b + IP_MINHLEN, opts, len);
	ip_opt_init(it, b, IP_MINHLEN + ROUNDUP2(len, 4ul));
}

static void
walks_options(void **state)
{
	static const uint8_t opts[] = {
		IPOPT_NOP, IPOPT_RA, 4, 0, 0, IPOPT_NOP, IPOPT_NOP,
		IPOPT_RR, 7, 4, 1, 2, 3, 4, 222, 3, 9, IPOPT_EOL, 131, 3,
	};
	uint8_t b[IP_MAXHLEN];
	struct ip_opt_iter it;
	struct ip_opt o;

	(void)state;
	options(&it, b, opts, sizeof(opts), 0);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_OK);
	assert_int_equal(o.io_type, IPOPT_RA);
	assert_int_equal(o.io_len, 4);
	assert_int_equal(o.io_off, 21);
	assert_ptr_equal(o.io_p, b + 21);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_OK);
	assert_int_equal(o.io_type, IPOPT_RR);
	assert_int_equal(o.io_off, 27);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_OK);
	assert_int_equal(o.io_type, 222);
	assert_int_equal(o.io_len, 3);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_END);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_END);
	options(&it, b, opts, 0, 0);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_END);
	options(&it, b, "\1\1\1\1", 4, 0);
	assert_int_equal(ip_opt_next(&it, &o), WIRE_END);
}

/*
 * What RFC 791 3.1 asks of an option of this kind, length and pointer (third byte) and fourth
 * byte.
 */
static uint8_t
wrong_at(unsigned int kind, unsigned int len, unsigned int ptr, unsigned int flags)
{
	unsigned int slot;

	switch (kind) {
	case IPOPT_RR:
	case IPOPT_LSRR:
	case IPOPT_SSRR:
		if (len < 3)
			return (1);
		return (ptr < 4 || (ptr <= len && ptr + 3 > len) ? 2 : 0);
	case IPOPT_TS:
		if (len < 4)
			return (1);
		if (flags != 0 && flags != 1 && flags != 3)
			return (3);
		slot = flags == 0 ? 4 : 8;
		return (ptr < 5 || (ptr <= len && ptr + slot - 1 > len) ? 2 : 0);
	case IPOPT_RA:
		return (len != 4 ? 1 : 0);
	default:
		return (0);
	}
}

/* Every kind with every length in every room, and every pointer for those that have one. */
static void
malformed_options(void **state)
{
	static const uint8_t kinds[] = { IPOPT_RR, IPOPT_LSRR, IPOPT_SSRR, IPOPT_TS };
	uint8_t b[IP_MAXHLEN];
	struct ip_opt_iter it;
	struct ip_opt o;
	unsigned int flags, kind, len, ptr, room;
	uint8_t bad;

	(void)state;
	for (kind = 2; kind <= 0xff; kind++) {
		for (room = 4; room <= 40; room += 4) {
			for (len = 0; len <= 64; len++) {
				memset(b, 0, sizeof(b));
				b[20] = (uint8_t)kind;
				b[21] = (uint8_t)len;
				b[22] = 4;
				ip_opt_init(&it, b, 20 + room);
				bad = len < 2 || len > room ? 1 : wrong_at(kind, len, 4, 0);
				assert_int_equal(ip_opt_next(&it, &o),
				    bad != 0 ? WIRE_BADOPT : WIRE_OK);
				if (bad != 0) {
					assert_int_equal(it.it_bad, 20 + bad);
					assert_int_equal(ip_opt_next(&it, &o), WIRE_END);
				}
			}
		}
	}
	for (len = 4; len <= 40; len++) {
		for (ptr = 0; ptr <= 0xff; ptr++) {
			for (flags = 0; flags < 16; flags++) {
				for (size_t i = 0; i < NITEMS(kinds); i++) {
					b[20] = kinds[i];
					b[21] = (uint8_t)len;
					b[22] = (uint8_t)ptr;
					b[23] = (uint8_t)(0xf0 | flags);
					ip_opt_init(&it, b, 60);
					bad = wrong_at(kinds[i], len, ptr, flags);
					assert_int_equal(ip_opt_next(&it, &o),
					    bad != 0 ? WIRE_BADOPT : WIRE_OK);
					assert_int_equal(it.it_bad, bad != 0 ? 20 + bad : 0);
				}
			}
		}
	}
}

/* A kind in the last byte of the header has no length. */
static void
option_without_length(void **state)
{
	uint8_t b[IP_MAXHLEN];
	struct ip_opt_iter it;
	struct ip_opt o;
	unsigned int hlen;

	(void)state;
	for (hlen = 24; hlen <= 60; hlen += 4) {
		memset(b, IPOPT_NOP, sizeof(b));
		b[hlen - 1] = IPOPT_RR;
		ip_opt_init(&it, b, hlen);
		assert_int_equal(ip_opt_next(&it, &o), WIRE_BADOPT);
		assert_int_equal(it.it_bad, hlen - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(versions_and_header_lengths),
		cmocka_unit_test(total_lengths),
		cmocka_unit_test(fragments),
		cmocka_unit_test(header_checksum),
		cmocka_unit_test(time_to_live),
		cmocka_unit_test(pseudo_header),
		cmocka_unit_test(walks_options),
		cmocka_unit_test(malformed_options),
		cmocka_unit_test(option_without_length),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
