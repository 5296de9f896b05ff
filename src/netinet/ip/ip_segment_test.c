/* SPDX-License-Identifier: BSD-2-Clause */
/* What is cut is put together again here and compared, byte by byte and field by field. */
#include "netinet/ip/ip_segment.h"

#include <stdlib.h>

#include "netinet/ip/ip_var.h"
#include "netinet/netinet_test.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define SRC	HTONL(0x0a000001)
#define DST	HTONL(0x0a000002)

static void
fill(struct nt *nt, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)nt_random(nt, 256);
}

/* A TCP packet with optlen bytes of TCP options and dlen of data; the checksum left to be finished. */
static size_t
tcp_packet(struct nt *nt, uint8_t *buf, unsigned optlen, uint32_t dlen)
{
	uint8_t *th = buf + IP_MINHLEN;

	nt_iphdr(buf, SRC, DST, IPPROTO_TCP, 65530, 0, 20 + optlen + dlen, IP_DF);
	fill(nt, th, 20 + optlen + dlen);
	th[12] = (uint8_t)((20 + optlen) << 2);
	th[13] = TH_FIN | TH_PUSH | TH_ACK | TH_CWR;
	be32enc(th + 4, 0xfffffff0);		/* wraps */
	u16store(th + 16, cksum_reduce(in_pseudo(SRC, DST, IPPROTO_TCP, (uint16_t)(20 + optlen + dlen))));
	return (IP_MINHLEN + 20 + optlen + dlen);
}

static void
check_segment(const struct mbuf *m, const uint8_t *orig, unsigned optlen, uint32_t dlen, uint32_t segsz, unsigned i)
{
	unsigned hdr = IP_MINHLEN + 20 + optlen;
	uint32_t off = i * segsz, len = u32min(segsz, dlen - off);
	bool last = off + len == dlen;
	uint8_t buf[65536];
	struct ip_info ii;

	assert_int_equal(m->m_pkt.len, hdr + len);
	assert_int_equal(m_length(m), hdr + len);
	assert_int_equal(m_copydata(m, 0, m->m_pkt.len, buf), 0);
	assert_int_equal(ip_check(buf, m->m_pkt.len, m->m_pkt.len, &ii), WIRE_OK);
	assert_int_equal(ip_sum_check(buf, IP_MINHLEN), WIRE_OK);
	assert_int_equal(ii.ii_id, (uint16_t)(65530 + i));
	assert_true(ii.ii_df);
	assert_int_equal(be32dec(buf + 24), 0xfffffff0 + off);
	assert_int_equal(buf[33], (TH_FIN | TH_PUSH | TH_ACK | TH_CWR) & ~(last ? 0 : TH_FIN | TH_PUSH) & ~(off == 0 ? 0 : TH_CWR));
	assert_memory_equal(buf + IP_MINHLEN + 20, orig + IP_MINHLEN + 20, optlen);
	assert_memory_equal(buf + hdr, orig + hdr + off, len);
	/* The finished sum is right. */
	assert_int_equal(cksum_fold(cksum_add(buf + IP_MINHLEN, m->m_pkt.len - IP_MINHLEN,
	    in_pseudo(SRC, DST, IPPROTO_TCP, (uint16_t)(m->m_pkt.len - IP_MINHLEN)))), 0);
}

static void
segments(void **state)
{
	struct nt *nt = *state;
	static uint8_t buf[65536];
	struct mbuf *m, *next;
	unsigned n, i;

	for (unsigned round = 0; round < 300; round++) {
		unsigned optlen = 4 * nt_random(nt, 11);
		uint32_t dlen = nt_random(nt, round % 2 ? 5000 : 65400), segsz = 1 + nt_random(nt, 9000);
		size_t len = tcp_packet(nt, buf, optlen, dlen);

		if (segsz < 48 && dlen > 5000)
			segsz = 48;
		m = nt_chain(nt, buf, len, IP_MINHLEN + 20 + optlen + nt_random(nt, 200));
		m->m_pkt.segsz = (uint16_t)segsz;
		m->m_pkt.csum_flags = CSUM_TCP;
		assert_int_equal(ip_segment_hdrlen(m), IP_MINHLEN + 20 + optlen);
		m = ip_segment(m, &n);
		assert_int_equal(n, dlen == 0 ? 1 : HOWMANY(dlen, segsz));
		for (i = 0; m != NULL; m = next, i++) {
			next = m->m_nextpkt;
			m->m_nextpkt = NULL;
			assert_int_equal(m->m_pkt.csum_flags & CSUM_DELAY_DATA, CSUM_TCP);
			assert_non_null(m = in_delayed_cksum(m));
			check_segment(m, buf, optlen, dlen, segsz, i);
			m_freem(m);
		}
		assert_int_equal(i, n);
	}
}

/* A train of datagrams: each with its own length and sum, or without one. */
static void
udp_train(void **state)
{
	struct nt *nt = *state;
	static uint8_t buf[65536], out[65536];

	for (unsigned round = 0; round < 100; round++) {
		uint32_t dlen = 1 + nt_random(nt, 65000), segsz = 1 + nt_random(nt, 9000) + dlen / 100, off = 0, len;
		bool sum = round % 2 == 0;
		struct mbuf *m, *next;
		unsigned n, i = 0;

		nt_iphdr(buf, SRC, DST, IPPROTO_UDP, 7, 0, UDP_HDRLEN + dlen, IP_DF);
		fill(nt, buf + IP_MINHLEN, UDP_HDRLEN + dlen);
		u16store(buf + IP_MINHLEN + 4, HTONS(UDP_HDRLEN + dlen));
		u16store(buf + IP_MINHLEN + 6, sum ? cksum_reduce(in_pseudo(SRC, DST, IPPROTO_UDP, (uint16_t)(UDP_HDRLEN + dlen))) : 0);
		m = nt_chain(nt, buf, IP_MINHLEN + UDP_HDRLEN + dlen, IP_MINHLEN + UDP_HDRLEN + nt_random(nt, 200));
		m->m_pkt.segsz = (uint16_t)segsz;
		m->m_pkt.csum_flags = sum ? CSUM_UDP : 0;
		m = ip_segment(m, &n);
		assert_int_equal(n, HOWMANY(dlen, segsz));
		for (; m != NULL; m = next, i++, off += len) {
			struct udp_info ui;

			next = m->m_nextpkt;
			m->m_nextpkt = NULL;
			len = u32min(segsz, dlen - off);
			assert_non_null(m = in_delayed_cksum(m));
			assert_int_equal(m->m_pkt.len, IP_MINHLEN + UDP_HDRLEN + len);
			assert_int_equal(m_copydata(m, 0, m->m_pkt.len, out), 0);
			assert_int_equal(ip_sum_check(out, IP_MINHLEN), WIRE_OK);
			assert_int_equal(NTOHS(u16load(out + 4)), 7 + i);
			assert_int_equal(udp_check(out + IP_MINHLEN, UDP_HDRLEN + len, UDP_HDRLEN + len, &ui), WIRE_OK);
			assert_int_equal(ui.ui_dlen, len);
			assert_int_equal(ui.ui_hassum, sum);
			if (sum)
				assert_int_equal(cksum_fold(cksum_add(out + IP_MINHLEN, UDP_HDRLEN + len,
				    in_pseudo(SRC, DST, IPPROTO_UDP, (uint16_t)(UDP_HDRLEN + len)))), 0);
			assert_memory_equal(out + IP_MINHLEN + UDP_HDRLEN, buf + IP_MINHLEN + UDP_HDRLEN + off, len);
			m_freem(m);
		}
		assert_int_equal(i, n);
	}
}

/* What is no super-packet of TCP or UDP is refused, not misread. */
static void
segment_refuses(void **state)
{
	struct nt *nt = *state;
	uint8_t buf[400];
	struct mbuf *m;
	unsigned n;
	size_t len;

	len = tcp_packet(nt, buf, 0, 300);
	assert_null(ip_segment(nt_chain(nt, buf, len, len), &n));	/* no segsz */
	m = nt_chain(nt, buf, len, len);
	m->m_pkt.segsz = 100;
	m->m_data[9] = IPPROTO_ICMP;
	assert_null(ip_segment(m, &n));
	m = nt_chain(nt, buf, len, len);
	m->m_pkt.segsz = 100;
	m->m_data[IP_MINHLEN + 12] = 4 << 4;	/* a header of 16 bytes */
	assert_int_equal(ip_segment_hdrlen(m), 0);
	assert_null(ip_segment(m, &n));
}

static void
fragments(void **state)
{
	/* Record route (not copied), router alert (copied), padding. */
	static const uint8_t opts[12] = { IPOPT_RR, 7, 4, 0, 0, 0, 0, IPOPT_RA, 4, 0, 0, IPOPT_EOL };
	struct nt *nt = *state;
	static uint8_t buf[65536], out[65536], f[65536];
	struct mbuf *m, *next;
	struct ip_info ii;
	unsigned n, i;

	for (unsigned round = 0; round < 300; round++) {
		uint32_t dlen = 1 + nt_random(nt, 65000), mtu = (round % 3 ? 576 : IP_MINMTU) + nt_random(nt, 1500), end = 0;
		bool mf = nt_random(nt, 2) != 0;
		unsigned off0 = mf ? 8 * nt_random(nt, 10) : 0;

		if (mf)
			dlen = u32max(8, dlen & ~7u);
		nt_iphdr(buf, SRC, DST, 99, 77, sizeof(opts), dlen, (uint16_t)((mf ? IP_MF : 0) | (round & 1 ? IP_RF : 0) | off0 >> 3));
		memcpy(buf + IP_MINHLEN, opts, sizeof(opts));
		fill(nt, buf + 32, dlen);
		m = ip_fragment(nt_chain(nt, buf, 32 + dlen, 32 + nt_random(nt, 100)), mtu, &n);
		for (i = 0; m != NULL; m = next, i++) {
			next = m->m_nextpkt;
			assert_true(m->m_pkt.len <= mtu);
			assert_int_equal(m_copydata(m, 0, m->m_pkt.len, f), 0);
			assert_int_equal(ip_check(f, m->m_pkt.len, m->m_pkt.len, &ii), WIRE_OK);
			assert_int_equal(ip_sum_check(f, ii.ii_hlen), WIRE_OK);
			assert_int_equal(ii.ii_id, 77);
			assert_int_equal(f[6] & 0x80, round & 1 ? 0x80 : 0);	/* RFC 1812 5.2.5 */
			assert_int_equal(ii.ii_off, off0 + end);
			assert_int_equal(ii.ii_mf, mf || next != NULL);
			assert_int_equal(ii.ii_optlen, i == 0 ? 12 : 4);
			assert_memory_equal(f + IP_MINHLEN, i == 0 ? opts : opts + 7, ii.ii_optlen);
			memcpy(out + end, f + ii.ii_hlen, ii.ii_plen);
			end += ii.ii_plen;
			m->m_nextpkt = NULL;
			m_freem(m);
		}
		assert_int_equal(i, n);
		assert_int_equal(end, dlen);
		assert_memory_equal(out, buf + 32, dlen);
	}
}

/* UDP: a sum of zero is sent as ones; a shared buffer is not written to. */
static void
delayed_udp(void **state)
{
	struct nt *nt = *state;
	uint8_t buf[28] = { 0 };
	struct mbuf *m, *n;
	uint16_t sum;

	nt_iphdr(buf, 0, 0, IPPROTO_UDP, 1, 0, 8, 0);
	u16store(buf + 26, cksum_reduce(in_pseudo(0, 0, IPPROTO_UDP, 8)));
	/* Ports that make the sum all ones. */
	u16store(buf + 20, (uint16_t)~u16load(buf + 26));
	m = nt_chain(nt, buf, sizeof(buf), sizeof(buf));
	m->m_pkt.csum_flags = CSUM_UDP;
	assert_non_null(n = m_copym(m, 0, SIZE_MAX, m->m_as));
	assert_non_null(m = in_delayed_cksum(m));
	assert_int_equal(m_copydata(m, 26, 2, &sum), 0);
	assert_int_equal(sum, 0xffff);
	assert_int_equal(m->m_pkt.csum_flags & CSUM_DELAY_DATA, 0);
	assert_int_equal(m_copydata(n, 26, 2, &sum), 0);
	assert_int_equal(sum, u16load(buf + 26));
	m_freem(m);
	m_freem(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(segments, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(segment_refuses, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(fragments, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(delayed_udp, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(udp_train, nt_setup, nt_teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
