/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/if_tuntap.h"

#include "base/checksum.h"
#include "mbuf/mbuf.h"
#include "net/net_test.h"
#include "wire/ether.h"
#include "wire/ip.h"

#define L3	ETHER_HDR_LEN

/* A frame of TCP or UDP over IPv4 or IPv6, with tags. */
static size_t
frame(uint8_t *b, unsigned tags, unsigned version, uint8_t proto, size_t payload)
{
	size_t at = 12, l4;

	memset(b, 0, 2000);
	for (unsigned i = 0; i < tags; i++, at += 4)
		b[at] = 0x81;
	b[at] = version == 4 ? 0x08 : 0x86;
	b[at + 1] = version == 4 ? 0x00 : 0xdd;
	at += 2;
	b[at] = version == 4 ? 0x45 : 0x60;
	b[at + (version == 4 ? 9 : 6)] = proto;
	l4 = at + (version == 4 ? 20 : 40);
	if (proto == IPPROTO_TCP)
		b[l4 + 12] = 0x80;		/* 12 bytes of options */
	return (l4 + (proto == IPPROTO_TCP ? 32 : 8) + payload);
}

static struct mbuf *
make(struct nt *nt, const uint8_t *b, size_t len)
{
	struct mbuf *m = m_frombuf(vnet_acct(nt->nt_v0), b, len, 0);

	assert_non_null(m);
	return (m);
}

/* What goes out comes in as it was. */
static void
there_and_back(void **state)
{
	uint8_t b[2000];
	struct vi_tap_rest tr;
	struct mbuf *m, *in;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	for (unsigned i = 0; i < 24; i++) {
		const uint8_t proto = (i & 1) != 0 ? IPPROTO_TCP : IPPROTO_UDP;
		const unsigned version = (i & 2) != 0 ? 6 : 4, tags = i / 4 % 3;
		const size_t len = frame(b, tags, version, proto, 1000);
		const unsigned l4 = L3 + 4 * tags + (version == 4 ? 20 : 40);

		m = make(&nt, b, len);
		m->m_pkt.csum_flags = proto == IPPROTO_TCP ? CSUM_TCP : CSUM_UDP;
		if (i >= 12 && proto == IPPROTO_TCP) {
			m->m_pkt.segsz = 100;
			m->m_pkt.csum_flags |= CSUM_TSO;
		}
		assert_true(taprest_out(m, true, &tr));
		assert_int_equal(tr.tr_csumstart, l4);
		assert_int_equal(tr.tr_csumat, l4 + (proto == IPPROTO_TCP ? 16 : 6));
		assert_int_equal(tr.tr_hdrlen, l4 + (proto == IPPROTO_TCP ? 32 : 8));
		assert_int_equal(tr.tr_segsz, m->m_pkt.segsz);
		in = make(&nt, b, len);
		assert_int_equal(taprest_in(in, true, &tr), 0);
		assert_int_equal(in->m_pkt.csum_flags, m->m_pkt.csum_flags);
		assert_int_equal(in->m_pkt.segsz, m->m_pkt.segsz);
		if (tags == 0) {		/* the same without its link header */
			m_adj(m, L3);
			assert_true(taprest_out(m, false, &tr));
			assert_int_equal(tr.tr_csumstart, l4 - L3);
			m_adj(in, L3);
			in->m_pkt.csum_flags = in->m_pkt.segsz = 0;
			assert_int_equal(taprest_in(in, false, &tr), 0);
			assert_int_equal(in->m_pkt.csum_flags, m->m_pkt.csum_flags);
			assert_int_equal(in->m_pkt.segsz, m->m_pkt.segsz);
		}
		m_freem(m);
		m_freem(in);
	}
	nt_end(&nt);
}

/* Fragments, other protocols, headers that are not there: not left to others. */
static void
not_left(void **state)
{
	uint8_t b[2000];
	struct vi_tap_rest tr;
	struct mbuf *m;
	struct nt nt;
	size_t len;

	(void)state;
	nt_begin(&nt);
	for (unsigned i = 0; i < 6; i++) {
		len = frame(b, i == 5 ? 3 : 0, 4, IPPROTO_TCP, 100);
		if (i == 0)
			b[L3 + 6] = 0x20;	/* a fragment */
		else if (i == 1)
			b[L3] = 0x44;
		else if (i == 2)
			b[L3 + 9] = IPPROTO_UDP;
		else if (i == 3)
			b[L3 + 20 + 12] = 0x40;
		else if (i == 4)
			len = L3 + 20 + 12;
		m = make(&nt, b, len);
		m->m_pkt.csum_flags = CSUM_TCP;
		assert_false(taprest_out(m, true, &tr));
		m_freem(m);
	}
	m = make(&nt, b, 60);
	assert_true(taprest_out(m, true, &tr));	/* nothing to be done */
	assert_int_equal(tr.tr_csumstart, 0);
	m->m_pkt.segsz = 10;
	assert_false(taprest_out(m, true, &tr));
	m_freem(m);
	nt_end(&nt);
}

/* A checksum of something else is made at once; what makes no sense is refused. */
static void
in(void **state)
{
	static const struct vi_tap_rest bad[] = {
		{ .tr_segsz = 10 }, { .tr_csumstart = 34, .tr_csumat = 33 }, { .tr_csumstart = 34, .tr_csumat = 165 }, { .tr_csumstart = 65535, .tr_csumat = 65535 },
		{ .tr_csumstart = 30, .tr_csumat = 40, .tr_segsz = 10 }, { .tr_csumstart = 34, .tr_csumat = 51, .tr_segsz = 10 },
	};
	struct vi_tap_rest tr = { .tr_csumstart = 40, .tr_csumat = 44 };
	uint8_t b[2000], got[2000];
	struct mbuf *m;
	struct nt nt;
	size_t len;

	(void)state;
	nt_begin(&nt);
	len = frame(b, 0, 4, IPPROTO_TCP, 100);
	assert_int_equal(len, 166);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = make(&nt, b, len);
		assert_int_equal(taprest_in(m, true, &bad[i]), EINVAL);
		m_freem(m);
	}
	for (size_t i = 40; i < len; i++)
		b[i] = (uint8_t)(i * 7);
	m = make(&nt, b, len);
	assert_int_equal(taprest_in(m, true, &tr), 0);
	assert_int_equal(m->m_pkt.csum_flags, 0);
	assert_int_equal(m_copydata(m, 0, len, got), 0);
	assert_memory_equal(got, b, 44);
	b[44] = got[44];
	b[45] = got[45];
	assert_memory_equal(got, b, len);
	/* With the checksum in the place of the sum that was there: */
	b[44] = (uint8_t)(44 * 7);
	b[45] = (uint8_t)(45 * 7);
	assert_int_equal(cksum_fold(cksum_add(b + 40, len - 40, 0)), got[44] | got[45] << 8);
	m_freem(m);
	tr = (struct vi_tap_rest){ .tr_good = true };
	m = make(&nt, b, len);
	assert_int_equal(taprest_in(m, true, &tr), 0);
	assert_int_equal(m->m_pkt.csum_flags, CSUM_DATA_VALID);
	m_freem(m);
	nt_end(&nt);
}

/* To be cut, with a checksum that is finished: looked at, and begun anew.  A wrong one is refused, unless others vouch for it. */
static void
cut(void **state)
{
	struct vi_tap_rest tr = { .tr_segsz = 100 };
	uint8_t b[2000], got[2000];
	struct mbuf *m;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	for (unsigned version = 4; version <= 6; version += 2) {
		const size_t len = frame(b, 0, version, IPPROTO_TCP, 701), l4 = L3 + (version == 4 ? 20 : 40), seglen = len - l4;
		const uint8_t pseudo[4] = { 0, IPPROTO_TCP, (uint8_t)(seglen >> 8), (uint8_t)seglen };
		const unsigned at = L3 + (version == 4 ? 12 : 8), told = (unsigned)(version == 4 ? len - L3 : seglen);
		uint16_t sum;

		b[L3 + (version == 4 ? 2 : 4)] = (uint8_t)(told >> 8);
		b[L3 + (version == 4 ? 3 : 5)] = (uint8_t)told;
		for (size_t i = at; i < l4; i++)
			b[i] = (uint8_t)(i * 5);
		for (size_t i = l4 + 32; i < len; i++)
			b[i] = (uint8_t)(i * 7);
		sum = cksum_fold(cksum_add(b + l4, seglen, cksum_add(pseudo, 4, cksum_add(b + at, l4 - at, 0))));
		memcpy(b + l4 + 16, &sum, sizeof(sum));
		m = make(&nt, b, len + 3);			/* with padding */
		assert_int_equal(taprest_in(m, true, &tr), 0);
		assert_int_equal(m->m_pkt.csum_flags, CSUM_TCP | CSUM_TSO);
		assert_int_equal(m->m_pkt.segsz, 100);
		assert_int_equal(m_copydata(m, 0, len, got), 0);
		sum = cksum_reduce(cksum_add(pseudo, 4, cksum_add(b + at, l4 - at, 0)));
		assert_memory_equal(got + l4 + 16, &sum, sizeof(sum));
		m_freem(m);
		b[len - 1] ^= 4;
		m = make(&nt, b, len);
		assert_int_equal(taprest_in(m, true, &tr), EINVAL);
		assert_int_equal(taprest_in(m, true, &(struct vi_tap_rest){ .tr_segsz = 100, .tr_good = true }), 0);
		m_freem(m);
		m = make(&nt, b, len - 1);			/* shorter than it says */
		assert_int_equal(taprest_in(m, true, &(struct vi_tap_rest){ .tr_segsz = 100, .tr_good = true }), EINVAL);
		m_freem(m);
	}
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(not_left),
		cmocka_unit_test(in),
		cmocka_unit_test(cut),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
