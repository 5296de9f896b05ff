/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: every option kind meets every length in every room, and every combination of
 * options is built and parsed; the expected verdict is the rule written down a second time.
 * Layouts that other stacks depend on are compared byte for byte.
 */
#include "wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void
header_lengths(void **state)
{
	uint8_t b[64] = { 0 };
	struct tcphdr *th = (struct tcphdr *)b;
	struct tcp_hdr_info hi;
	unsigned int off;
	size_t clen, hlen, plen;
	enum wire_error want;

	(void)state;
	for (off = 0; off < 16; off++) {
		hlen = off * 4;
		th->th_offflags = HTONS(off << 12 | TH_ACK);
		for (plen = 0; plen <= 64; plen++) {
			for (clen = 0; clen <= plen; clen++) {
				want = plen < 20 ? WIRE_SHORT : clen < 20 ? WIRE_PULLUP :
				    hlen < 20 || hlen > plen ? WIRE_BADHLEN :
				    clen < hlen ? WIRE_PULLUP : WIRE_OK;
				assert_int_equal(tcp_check(b, clen, plen, &hi), want);
				if (want == WIRE_PULLUP)
					assert_int_equal(hi.hi_need, clen < 20 ? 20 : hlen);
				if (want != WIRE_OK)
					continue;
				assert_int_equal(hi.hi_hlen, hlen);
				assert_int_equal(hi.hi_optlen, hlen - 20);
				assert_int_equal(hi.hi_dlen, plen - hlen);
			}
		}
	}
	th_set_offflags(th, 20, TH_ACK);
	assert_int_equal(tcp_check(b, 20, 65535, &hi), WIRE_OK);
	assert_int_equal(tcp_check(b, 20, 65536, &hi), WIRE_BADLEN);
}

static void
fields_and_flags(void **state)
{
	static const uint8_t b[20] = { 0x00, 0x50, 0x9c, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 0x5f, 0x12,
	    0x12, 0x34, 0, 0, 0x56, 0x78 };
	struct tcp_hdr_info hi;
	struct tcphdr th;
	unsigned int flags;

	(void)state;
	assert_int_equal(tcp_check(b, 20, 21, &hi), WIRE_OK);
	assert_int_equal(hi.hi_sport, HTONS(80));
	assert_int_equal(hi.hi_dport, HTONS(40000));
	assert_int_equal(hi.hi_seq, 0x01020304);
	assert_int_equal(hi.hi_ack, 0x05060708);
	/* Reserved bits are ignored (RFC 9293 3.1). */
	assert_int_equal(hi.hi_flags, TH_AE | TH_ACK | TH_SYN);
	assert_int_equal(hi.hi_win, 0x1234);
	assert_int_equal(hi.hi_urp, 0x5678);
	assert_int_equal(hi.hi_dlen, 1);
	for (flags = 0; flags <= 0xffff; flags++) {
		th_set_offflags(&th, 32, (uint16_t)flags);
		assert_int_equal(th_flags(&th), flags & 0x1ff);
		assert_int_equal(th_hlen(&th), 32);
		assert_int_equal(th_off(&th), 8);
		th_set_flags(&th, TH_SYN);
		assert_int_equal(NTOHS(th.th_offflags), 0x8002);
	}
}

/*
 * Is this length right for the kind, where the kind counts at all?  RFC 9293, 2018, 2385, 5482,
 * 5925, 7323, 7413.
 */
static bool
length_fits(unsigned int kind, unsigned int len, bool syn)
{
	switch (kind) {
	case 2:
		return (!syn || len == 4);
	case 3:
		return (!syn || len == 3);
	case 4:
		return (!syn || len == 2);
	case 5:
		return (syn || len == 10 || len == 18 || len == 26 || len == 34);
	case 8:
		return (len == 10);
	case 19:
		return (len == 18);
	case 28:
		return (len == 4);
	case 29:
		return (len >= 4);
	case 34:
		return (!syn || len == 2 || (len >= 6 && len <= 18 && len % 2 == 0));
	default:
		return (true);
	}
}

/*
 * Every kind with every length in every room, followed by options that are well formed: a wrong
 * length that stays inside is skipped, one that does not ends the decoding, and nothing else is
 * disturbed.
 */
static void
every_length_of_every_kind(void **state)
{
	uint8_t b[40];
	struct tcp_opts to;
	unsigned int kind, len, room;
	enum wire_error e;
	int syn;

	(void)state;
	for (kind = 2; kind <= 0xff; kind++) {
		for (room = 0; room <= 40; room++) {
			for (len = 0; len <= 0xff; len += len < 44 ? 1 : 211) {
				memset(b, TCPOPT_NOP, sizeof(b));
				b[0] = (uint8_t)kind;
				b[1] = (uint8_t)len;
				if (len >= 2 && len + 4 <= room)
					memcpy(b + len, "\x02\x04\x05\xb4", 4);
				for (syn = 0; syn < 2; syn++) {
					e = tcp_opts_parse(b, room, syn, &to);
					if (room == 0) {
						assert_int_equal(e, WIRE_OK);
						assert_int_equal(to.to_flags, 0);
					} else if (room < 2 || len < 2 || len > room) {
						assert_int_equal(e, WIRE_BADOPT);
						assert_int_equal(to.to_flags, 0);
					} else {
						assert_int_equal(e, length_fits(kind, len, syn) ?
						    WIRE_OK : WIRE_BADOPT);
						if (syn && len + 4 <= room) {
							assert_true(to.to_flags & TOF_MSS);
							assert_int_equal(to.to_mss, 1460);
						}
					}
				}
			}
		}
	}
}

static void
typical_syn(void **state)
{
	/* As Linux sends it: MSS 1460, SACK permitted, timestamps, NOP, window scale 7. */
	static const uint8_t b[20] = { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0xde, 0xad, 0xbe, 0xef,
	    0, 0, 0, 0, 1, 3, 3, 7 };
	struct tcp_opts to;

	(void)state;
	assert_int_equal(tcp_opts_parse(b, sizeof(b), true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_MSS | TOF_SACKPERM | TOF_TS | TOF_SCALE);
	assert_int_equal(to.to_mss, 1460);
	assert_int_equal(to.to_wscale, 7);
	assert_int_equal(to.to_tsval, 0xdeadbeef);
	assert_int_equal(to.to_tsecr, 0);
	/* Without SYN only the timestamp counts. */
	assert_int_equal(tcp_opts_parse(b, sizeof(b), false, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_TS);
}

static void
rules_of_single_options(void **state)
{
	uint8_t b[40];
	struct tcp_opts to;
	unsigned int shift;

	(void)state;
	for (shift = 0; shift <= 0xff; shift++) {	/* RFC 7323 2.3 */
		memcpy(b, "\x03\x03\x00\x01", 4);
		b[2] = (uint8_t)shift;
		assert_int_equal(tcp_opts_parse(b, 4, true, &to), WIRE_OK);
		assert_int_equal(to.to_wscale, MIN(shift, 14));
	}
	/* Nothing after EOL counts, whatever it is. */
	memcpy(b, "\x01\x00\x02\x04", 4);
	assert_int_equal(tcp_opts_parse(b, 4, true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, 0);
	/* SACK only without SYN, Fast Open only with it. */
	memcpy(b, "\x05\x0a\x00\x00\x00\x01\x00\x00\x00\x09\x01\x01", 12);
	assert_int_equal(tcp_opts_parse(b, 12, true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, 0);
	assert_int_equal(tcp_opts_parse(b, 12, false, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_SACK);
	assert_int_equal(to.to_nsack, 1);
	assert_int_equal(to.to_sack[0].sb_start, 1);
	assert_int_equal(to.to_sack[0].sb_end, 9);
	memcpy(b, "\x22\x02\x02\x04\x05\xb4\x01\x01", 8);
	assert_int_equal(tcp_opts_parse(b, 8, true, &to), WIRE_OK);
	assert_int_equal(to.to_flags, TOF_FASTOPEN | TOF_MSS);
	assert_int_equal(to.to_tfolen, 0);
	assert_int_equal(tcp_opts_parse(b, 8, false, &to), WIRE_OK);
	assert_int_equal(to.to_flags, 0);
	/* The last of two counts; an unknown one is remembered. */
	memcpy(b, "\x02\x04\x01\x00\x02\x04\x02\x00\xfe\x04\xf9\x88", 12);
	assert_int_equal(tcp_opts_parse(b, 12, true, &to), WIRE_OK);
	assert_int_equal(to.to_mss, 0x200);
	assert_int_equal(to.to_flags, TOF_MSS | TOF_UNKNOWN);
	/* A bad one in front does not hide a good one behind it. */
	memcpy(b, "\x03\x04\x00\x00\x02\x04\x02\x00", 8);
	assert_int_equal(tcp_opts_parse(b, 8, true, &to), WIRE_BADOPT);
	assert_int_equal(to.to_flags, TOF_MSS);
}

/* The layouts that other stacks expect to see, byte for byte. */
static void
usual_layouts(void **state)
{
	struct tcp_opts to = { .to_flags = TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_TS,
	    .to_mss = 1460, .to_wscale = 6, .to_tsval = 0x01020304, .to_tsecr = 0x05060708 };
	uint8_t b[40];
	uint32_t ecr = 0, val = 0;

	(void)state;
	assert_int_equal(tcp_opts_build(&to, b, 40), 20);
	assert_memory_equal(b, "\x02\x04\x05\xb4\x01\x03\x03\x06\x04\x02\x08\x0a\x01\x02\x03\x04"
	    "\x05\x06\x07\x08", 20);
	to.to_flags |= TOF_SCALELAST;
	assert_int_equal(tcp_opts_build(&to, b, 40), 20);
	assert_memory_equal(b, "\x02\x04\x05\xb4\x04\x02\x08\x0a\x01\x02\x03\x04\x05\x06\x07\x08"
	    "\x01\x03\x03\x06", 20);
	to.to_flags = TOF_TS;
	assert_int_equal(tcp_opts_build(&to, b, 40), 12);
	assert_memory_equal(b, "\x01\x01\x08\x0a\x01\x02\x03\x04\x05\x06\x07\x08", 12);
	assert_true(tcp_opts_fast_ts(b, 12, &val, &ecr));
	assert_int_equal(val, 0x01020304);
	assert_int_equal(ecr, 0x05060708);
	tcp_opts_put_ts(b + 20, val, ecr);
	assert_memory_equal(b, b + 20, 12);
	assert_false(tcp_opts_fast_ts(b, 16, &val, &ecr));
	assert_false(tcp_opts_fast_ts(b, 8, &val, &ecr));
	b[1] = 0;
	assert_false(tcp_opts_fast_ts(b, 12, &val, &ecr));
	to.to_flags = TOF_SACKPERM;
	assert_int_equal(tcp_opts_build(&to, b, 40), 4);
	assert_memory_equal(b, "\x01\x01\x04\x02", 4);
	to.to_flags = 0;
	assert_int_equal(tcp_opts_build(&to, b, 40), 0);
	assert_int_equal(tcp_opts_need(&to), 0);
}

/* Options behind a word of NOPs are taken one by one; those of a SYN alone are taken at once, and mean the same, whatever is wrong with them. */
static void
syn_at_once(void **state)
{
	struct tcp_opts to = { .to_mss = 1460, .to_wscale = 200, .to_tsval = 0x01020304, .to_tsecr = 0x05060708 }, one, other;
	uint8_t b[24] = { TCPOPT_NOP, TCPOPT_NOP, TCPOPT_NOP, TCPOPT_NOP }, less[20];
	enum wire_error e;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		to.to_flags = TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_TS | (i != 0 ? TOF_SCALELAST : 0);
		for (unsigned bit = 0; bit <= 160; bit++) {
			assert_int_equal(tcp_opts_build(&to, b + 4, 20), 20);
			if (bit < 160)
				b[4 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			memset(&one, '#', sizeof(one));
			e = tcp_opts_parse(b + 4, 20, true, &one);
			assert_int_equal(tcp_opts_parse(b, 24, true, &other), e);
			assert_int_equal(one.to_flags, other.to_flags);
			assert_int_equal(one.to_mss, other.to_mss);
			assert_int_equal(one.to_wscale, other.to_wscale);
			assert_int_equal(one.to_tsval, other.to_tsval);
			assert_int_equal(one.to_tsecr, other.to_tsecr);
			assert_int_equal(one.to_nsack + one.to_tfolen + one.to_aolen + one.to_uto,
			    other.to_nsack + other.to_tfolen + other.to_aolen + other.to_uto);
		}
		/* Without room for all of it some is left out, as ever. */
		assert_true(tcp_opts_build(&to, less, 19) <= 16);
	}
	assert_int_equal(tcp_opts_parse(b + 4, 20, false, &one), WIRE_OK);
	assert_int_equal(one.to_flags, TOF_TS);		/* the others count with SYN only */
}

/*
 * With timestamps three blocks fit, without four (RFC 2018 3); with less room fewer, never too
 * much.
 */
static void
blocks_that_fit(void **state)
{
	struct tcp_opts got, to = { .to_flags = TOF_SACK, .to_nsack = 4,
	    .to_sack = { { 10, 20 }, { 30, 40 }, { 50, 60 }, { 70, 80 } } };
	uint8_t b[48];
	size_t len, room, want;
	int ts;

	(void)state;
	for (ts = 0; ts < 2; ts++) {
		to.to_flags = ts ? TOF_SACK | TOF_TS : TOF_SACK;
		for (room = 0; room <= 44; room++) {
			memset(b, '#', sizeof(b));
			len = tcp_opts_build(&to, b, room);
			assert_true(len <= room && len <= 40 && len % 4 == 0);
			assert_int_equal(b[len], '#');
			assert_int_equal(tcp_opts_parse(b, len, false, &got), WIRE_OK);
			want = MIN(room, 40) & ~3ul;
			if (ts && want >= 12)
				want -= 12;
			want = want < 12 ? 0 : (want - 4) / 8;
			assert_int_equal(got.to_nsack, want);
			assert_memory_equal(got.to_sack, to.to_sack, want * sizeof(got.to_sack[0]));
		}
	}
	assert_int_equal(got.to_nsack, 3);
	assert_int_equal(tcp_opts_need(&to), 48);
	to.to_nsack = 0;
	to.to_flags = TOF_SACK;
	assert_int_equal(tcp_opts_build(&to, b, 40), 0);
}

static void
assert_same(const struct tcp_opts *a, const struct tcp_opts *b)
{
	assert_int_equal(a->to_flags, b->to_flags);
	if (a->to_flags & TOF_MSS)
		assert_int_equal(a->to_mss, b->to_mss);
	if (a->to_flags & TOF_SCALE)
		assert_int_equal(a->to_wscale, b->to_wscale);
	if (a->to_flags & TOF_TS) {
		assert_int_equal(a->to_tsval, b->to_tsval);
		assert_int_equal(a->to_tsecr, b->to_tsecr);
	}
	if (a->to_flags & TOF_SACK) {
		assert_int_equal(a->to_nsack, b->to_nsack);
		assert_memory_equal(a->to_sack, b->to_sack, a->to_nsack * sizeof(a->to_sack[0]));
	}
	if (a->to_flags & TOF_FASTOPEN) {
		assert_int_equal(a->to_tfolen, b->to_tfolen);
		assert_memory_equal(a->to_tfo, b->to_tfo, a->to_tfolen);
	}
	if (a->to_flags & TOF_SIGNATURE)
		assert_memory_equal(a->to_md5, b->to_md5, 16);
	if (a->to_flags & TOF_AO) {
		assert_int_equal(a->to_aolen, b->to_aolen);
		assert_memory_equal(a->to_ao, b->to_ao, a->to_aolen);
	}
}

/*
 * Every combination of options that fits comes back as it went; what does not fit is less, never
 * wrong.
 */
static void
build_and_parse(void **state)
{
	static const uint8_t bytes[] = "0123456789abcdefghij";
	static const uint32_t onlysyn = TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_FASTOPEN;
	struct tcp_opts got, to;
	uint8_t b[48];
	unsigned int flags, n;
	size_t len, need;
	bool syn;

	(void)state;
	for (flags = 0; flags < 0x100; flags++) {
		for (n = 0; n < 16; n++) {
			syn = (flags & TOF_SACK) == 0;
			if (!syn && (flags & onlysyn) != 0)
				continue;
			to = (struct tcp_opts){ .to_flags = flags, .to_mss = (uint16_t)(n * 4369),
			    .to_wscale = (uint8_t)(n % 15), .to_nsack = (uint8_t)(n % 4 + 1),
			    .to_tsval = n * 0x11111111, .to_tsecr = ~n, .to_tfo = bytes,
			    .to_tfolen = (uint8_t)(n % 8 == 0 ? 0 : n % 8 * 2 + 2), .to_md5 = bytes,
			    .to_ao = bytes, .to_aolen = (uint8_t)(n + 2),
			    .to_sack = { { n, n + 5 }, { 1, 2 }, { 3, 4 }, { ~0u, 0 } } };
			memset(b, '#', sizeof(b));
			need = tcp_opts_need(&to);
			len = tcp_opts_build(&to, b, 40);
			assert_true(len <= 40 && len % 4 == 0);
			assert_int_equal(b[len], '#');
			assert_int_equal(tcp_opts_parse(b, len, syn, &got), WIRE_OK);
			if (need <= 40) {
				assert_int_equal(len, need);
				assert_same(&to, &got);
			} else {
				assert_int_equal(got.to_flags & ~flags, 0);
			}
		}
	}
}

static void
signature_filled_in_later(void **state)
{
	struct tcp_opts to = { .to_flags = TOF_SIGNATURE | TOF_MSS, .to_mss = 500 };
	uint8_t b[40];
	size_t len;

	(void)state;
	memset(b, '#', sizeof(b));
	len = tcp_opts_build(&to, b, 40);
	assert_int_equal(len, 24);
	assert_int_equal(tcp_opt_find(b, len, TCPOPT_SIGNATURE), 6);
	assert_memory_equal(b + 8, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(tcp_opt_find(b, len, TCPOPT_MAXSEG), 0);
	assert_int_equal(tcp_opt_find(b, len, TCPOPT_TIMESTAMP), -1);
	/* Not found if its extent is not all there. */
	assert_int_equal(tcp_opt_find(b, 23, TCPOPT_SIGNATURE), -1);
	assert_int_equal(tcp_opt_find(b, 7, TCPOPT_SIGNATURE), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_lengths),
		cmocka_unit_test(fields_and_flags),
		cmocka_unit_test(every_length_of_every_kind),
		cmocka_unit_test(typical_syn),
		cmocka_unit_test(rules_of_single_options),
		cmocka_unit_test(usual_layouts),
		cmocka_unit_test(syn_at_once),
		cmocka_unit_test(blocks_that_fit),
		cmocka_unit_test(build_and_parse),
		cmocka_unit_test(signature_filled_in_later),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
