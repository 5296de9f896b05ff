/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments in every order, with overlaps, beyond every limit and too late. */
#include <errno.h>

#include "netinet/icmp/icmp_var.h"
#include "netinet/ip/ip_var.h"
#include "netinet/netinet_test.h"

#define SRC	HTONL(0x7f000002)
#define PROTO	253
#define MAXFRAG	8

/* What reached the transport; one test at a time. */
struct got {
	unsigned	n;
	uint32_t	len;
	uint8_t		tos;
	bool		frag;
	uint8_t		data[65536];
};
static struct got got;

static void
t_input(struct mbuf *m, const struct inet_pkt *pk)
{
	got.n++;
	got.len = m->m_pkt.len;
	got.tos = pk->ip_tos;
	got.frag = pk->ip_frag;
	assert_int_equal(pk->ip_plen, m->m_pkt.len);
	assert_int_equal(m_length(m), m->m_pkt.len);
	assert_int_equal(m_copydata(m, 0, m->m_pkt.len, got.data), 0);
	/* The header in front is whole. */
	assert_int_equal(ip_sum_check(m->m_data - pk->ip_hlen, pk->ip_hlen), WIRE_OK);
	m_freem(m);
}

static int
setup(void **state)
{
	static struct nt nt;
	const struct inet_proto pr = { .ip_proto = PROTO, .ip_input = t_input };

	nt_begin(&nt);
	assert_int_equal(inet_proto_register(nt.nt_vn, &pr), 0);
	memset(&got, 0, sizeof(got));
	*state = &nt;
	return (0);
}

static int
teardown(void **state)
{
	nt_end(*state);
	return (0);
}

static void
input(struct nt *nt, const uint8_t *data, uint16_t id, uint32_t off, uint32_t len, bool mf, uint8_t tos)
{
	uint8_t buf[IP_MINHLEN + 65536];
	struct ip *ip = (struct ip *)(void *)buf;

	nt_iphdr(buf, SRC, NT_LOCAL, PROTO, id, 0, len, (uint16_t)((mf ? IP_MF : 0) | off >> 3));
	ip->ip_tos = tos;
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, IP_MINHLEN);
	memcpy(buf + IP_MINHLEN, data + off, len);
	ip_input(nt->nt_lo, nt_chain(nt, buf, IP_MINHLEN + len, IP_MINHLEN + nt_random(nt, 40)));
}

static const struct ipstat *
stat(struct nt *nt)
{
	return (&ip_vnet(nt->nt_vn)->iv_stat);
}

static void
empty(struct nt *nt)
{
	assert_int_equal(ip_vnet(nt->nt_vn)->iv_reass.rs_nqueues, 0);
	assert_int_equal(ip_vnet(nt->nt_vn)->iv_reass.rs_nfrags, 0);
	assert_false(callout_pending(&ip_vnet(nt->nt_vn)->iv_reass.rs_timer));
}

/* Cuts len bytes at random multiples of 8; returns how many pieces. */
static unsigned
cut(struct nt *nt, uint32_t len, unsigned want, uint32_t end[MAXFRAG])
{
	unsigned n = 0;
	uint32_t at = 0;

	while (n + 1 < want && at + 16 < len) {
		at += 8 * (1 + nt_random(nt, (len - at) / 8 / (want - n)));
		if (at >= len)
			break;
		end[n++] = at;
	}
	end[n++] = len;
	return (n);
}

static void
feed(struct nt *nt, const uint8_t *data, uint16_t id, const uint32_t *end, unsigned n, unsigned i)
{
	uint32_t off = i == 0 ? 0 : end[i - 1];

	input(nt, data, id, off, end[i] - off, i + 1 < n, 0);
}

static void
fill(struct nt *nt, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)nt_random(nt, 256);
}

/* The next permutation in lexical order; false after the last. */
static bool
permute(unsigned *p, unsigned n)
{
	unsigned i = n - 1, j = n - 1, t;

	while (i > 0 && p[i - 1] >= p[i])
		i--;
	if (i == 0)
		return (false);
	while (p[j] <= p[i - 1])
		j--;
	t = p[i - 1], p[i - 1] = p[j], p[j] = t;
	for (j = n - 1; i < j; i++, j--)
		t = p[i], p[i] = p[j], p[j] = t;
	return (true);
}

static void
all_orders(void **state)
{
	struct nt *nt = *state;
	uint8_t data[3000];
	uint32_t end[MAXFRAG];
	unsigned n, order[MAXFRAG], want = 0;
	uint16_t id = 0;

	for (unsigned k = 2; k <= 6; k++) {
		fill(nt, data, sizeof(data));
		n = cut(nt, 1000 + nt_random(nt, 2000), k, end);
		for (unsigned i = 0; i < n; i++)
			order[i] = i;
		do {
			memset(&got.data, 0, sizeof(data));
			id++;
			for (unsigned i = 0; i < n; i++) {
				assert_int_equal(got.n, want);
				feed(nt, data, id, end, n, order[i]);
			}
			want++;
			assert_int_equal(got.n, want);
			assert_int_equal(got.len, end[n - 1]);
			assert_true(got.frag);
			assert_memory_equal(got.data, data, got.len);
			empty(nt);
		} while (permute(order, n));
	}
}

/* Many datagrams at once, pieces shuffled over all of them, some twice. */
static void
interleaved(void **state)
{
	enum { NDG = 40 };
	struct nt *nt = *state;
	static uint8_t data[NDG][5000];
	uint32_t end[NDG][MAXFRAG];
	unsigned n[NDG], total = 0, left, pick;
	bool sent[NDG][MAXFRAG] = { { false } };

	for (unsigned d = 0; d < NDG; d++) {
		fill(nt, data[d], sizeof(data[d]));
		total += n[d] = cut(nt, 64 + nt_random(nt, 4900), 2 + nt_random(nt, MAXFRAG - 2), end[d]);
	}
	for (left = total; left > 0; ) {
		unsigned d = nt_random(nt, NDG);

		pick = nt_random(nt, n[d]);
		if (sent[d][pick])
			continue;
		sent[d][pick] = true;
		left--;
		feed(nt, data[d], (uint16_t)d, end[d], n[d], pick);
		if (nt_random(nt, 4) == 0 && got.len != end[d][n[d] - 1])
			feed(nt, data[d], (uint16_t)d, end[d], n[d], pick);	/* again: nothing comes of it */
	}
	assert_int_equal(got.n, NDG);
	assert_int_equal(stat(nt)->ips_reassembled, NDG);
	nt_pass(nt, UINT64_C(31000000000));	/* duplicates of what was complete wait in vain */
	empty(nt);
}

/* Any overlap that is not a duplicate costs the datagram (RFC 5722 3). */
static void
overlaps(void **state)
{
	static const struct { uint32_t off, len; bool mf; } second[] = {
		{ 8, 16, true }, { 0, 24, true }, { 0, 8, true }, { 8, 8, true }, { 8, 40, true }, { 0, 64, true },
		{ 8, 20, false }, { 8, 8, false },
	};
	struct nt *nt = *state;
	uint8_t data[256] = { 0 };
	uint64_t before;

	for (unsigned i = 0; i < NITEMS(second); i++) {
		before = stat(nt)->ips_fragoverlap;
		input(nt, data, (uint16_t)i, 0, 16, true, 0);
		input(nt, data, (uint16_t)i, second[i].off, second[i].len, second[i].mf, 0);
		assert_int_equal(stat(nt)->ips_fragoverlap, before + 2);
		empty(nt);
	}
	/* Beyond the end, a second end, an end that cuts off what is there. */
	input(nt, data, 100, 32, 8, false, 0);
	input(nt, data, 100, 40, 8, true, 0);
	empty(nt);
	input(nt, data, 101, 32, 8, false, 0);
	input(nt, data, 101, 16, 8, false, 0);
	empty(nt);
	input(nt, data, 102, 32, 8, true, 0);
	input(nt, data, 102, 16, 8, false, 0);
	empty(nt);
	/* An exact duplicate does no harm. */
	input(nt, data, 103, 0, 16, true, 0);
	input(nt, data, 103, 0, 16, true, 0);
	input(nt, data, 103, 16, 5, false, 0);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.len, 21);
	empty(nt);
}

static void
too_long(void **state)
{
	struct nt *nt = *state;
	static uint8_t data[65536];

	input(nt, data, 1, 0, 40000, true, 0);
	input(nt, data, 1, 40000, 25512, false, 0);		/* 65512 + 20: fits */
	assert_int_equal(got.n, 1);
	assert_int_equal(got.len, 65512);
	input(nt, data, 2, 65528, 8, false, 0);			/* the ping of death */
	assert_int_equal(stat(nt)->ips_badfrag, 1);
	empty(nt);
}

static void
limits(void **state)
{
	struct nt *nt = *state;
	struct ip_vnet *iv = ip_vnet(nt->nt_vn);
	uint8_t data[4096] = { 0 };

	iv->iv_reass.rs_maxqueues = 3;
	for (uint16_t id = 1; id <= 5; id++)
		input(nt, data, id, 0, 8, true, 0);
	assert_int_equal(iv->iv_reass.rs_nqueues, 3);
	input(nt, data, 1, 8, 8, false, 0);	/* its first part is gone; evicts 3 */
	assert_int_equal(got.n, 0);
	input(nt, data, 5, 8, 8, false, 0);
	assert_int_equal(got.n, 1);
	reass_drain(&iv->iv_reass);
	empty(nt);

	iv->iv_reass.rs_maxqueues = 100;
	iv->iv_reass.rs_maxfrags = 10;
	for (uint16_t id = 1; id <= 20; id++)
		input(nt, data, id, 0, 8, true, 0);
	assert_int_equal(iv->iv_reass.rs_nfrags, 10);
	assert_int_equal(iv->iv_reass.rs_nqueues, 10);
	reass_drain(&iv->iv_reass);

	/* Of many so many in one go: those whose time is over, or whose memory is needed. */
	iv->iv_reass.rs_maxqueues = iv->iv_reass.rs_maxfrags = -1;
	for (uint16_t id = 1; id <= 3 * REASS_BATCH; id++)
		input(nt, data, id, 0, 8, true, 0);
	assert_int_equal(iv->iv_reass.rs_nqueues, 3 * REASS_BATCH);
	reass_short(&iv->iv_reass);
	assert_int_equal(iv->iv_reass.rs_nqueues, 2 * REASS_BATCH);
	nt_pass(nt, UINT64_C(100000000000));
	empty(nt);

	iv->iv_reass.rs_maxqueues = 100;
	iv->iv_reass.rs_maxperqueue = 4;
	for (unsigned i = 0; i < 5; i++)
		input(nt, data, 1, 16 * i, 8, true, 0);
	empty(nt);

	iv->iv_reass.rs_maxqueues = 0;
	input(nt, data, 1, 0, 8, true, 0);
	empty(nt);
}

/* 30 seconds; the sender is told when the first fragment is there (RFC 1122 3.3.2). */
static void
timeout(void **state)
{
	struct nt *nt = *state;
	struct ip_vnet *iv = ip_vnet(nt->nt_vn);
	const struct icmpstat *ics = &icmp_vnet(nt->nt_vn)->icv_stat;
	uint8_t data[64] = { 0 };

	input(nt, data, 1, 0, 16, true, 0);
	nt_pass(nt, UINT64_C(10000000000));
	input(nt, data, 2, 16, 16, true, 0);
	nt_pass(nt, UINT64_C(19000000000));
	assert_int_equal(iv->iv_reass.rs_nqueues, 2);
	nt_pass(nt, UINT64_C(2000000000));
	assert_int_equal(iv->iv_reass.rs_nqueues, 1);
	assert_int_equal(ics->icps_outhist[ICMP_TIMXCEED], 1);
	nt_pass(nt, UINT64_C(10000000000));
	empty(nt);
	assert_int_equal(ics->icps_outhist[ICMP_TIMXCEED], 1);
	assert_int_equal(iv->iv_stat.ips_fragtimeout, 2);
}

/* RFC 3168 5.3. */
static void
congestion_marks(void **state)
{
	struct nt *nt = *state;
	uint8_t data[64] = { 0 };

	input(nt, data, 1, 0, 16, true, IPTOS_ECN_ECT0);
	input(nt, data, 1, 16, 16, false, IPTOS_ECN_CE);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.tos, IPTOS_ECN_CE);
	input(nt, data, 2, 0, 16, true, IPTOS_ECN_NOTECT);
	input(nt, data, 2, 16, 16, false, IPTOS_ECN_CE);
	assert_int_equal(got.n, 1);
	assert_int_equal(stat(nt)->ips_fragecn, 1);
	empty(nt);
}

/* The stack goes while fragments wait: teardown() finds nothing left. */
static void
left_at_the_end(void **state)
{
	struct nt *nt = *state;
	uint8_t data[64] = { 0 };

	for (uint16_t id = 1; id <= 20; id++)
		input(nt, data, id, 8u * (id % 3), 8, true, 0);
	assert_int_equal(ip_vnet(nt->nt_vn)->iv_reass.rs_nqueues, 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_orders, setup, teardown),
		cmocka_unit_test_setup_teardown(interleaved, setup, teardown),
		cmocka_unit_test_setup_teardown(overlaps, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
		cmocka_unit_test_setup_teardown(timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(congestion_marks, setup, teardown),
		cmocka_unit_test_setup_teardown(left_at_the_end, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
