/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reassembly queue against a model: segments of a known stream in any order, with overlaps,
 * until all is there.
 */
#include "netinet/tcp/tcp_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct mbuf *
stream(struct tcp_fixture *tf, const uint8_t *base, uint32_t off, uint32_t len)
{
	struct mbuf *m = m_frombuf(vnet_acct(tf->tf_vnet), base + off, len, 0);

	assert_non_null(m);
	return (m);
}

static void
queue_check(struct tcpcb *tp, const uint8_t *base, uint32_t irs)
{
	uint32_t n = 0, bytes = 0, prev = tp->rcv_nxt, len;
	const struct tseg *te;
	uint8_t *copy;

	TAILQ_FOREACH(te, &tp->t_segq, tqe_q) {
		assert_true(SEQ_GT(te->tqe_start, prev));	/* a hole before each */
		prev = te->tqe_end;
		len = te->tqe_end - te->tqe_start;
		assert_int_equal(m_length(te->tqe_m), len);
		copy = malloc(len);
		assert_int_equal(m_copydata(te->tqe_m, 0, len, copy), 0);
		assert_memory_equal(copy, base + (te->tqe_start - irs), len);
		free(copy);
		n++;
		bytes += len;
	}
	assert_int_equal(n, tp->t_segqlen);
	assert_int_equal(bytes, tp->t_segqbytes);
}

static void
any_order(void **state)
{
	uint8_t base[5000], copy[5000];
	struct tcp_fixture tf;
	uint32_t off, len, got;
	struct tcpcb *tp;
	uint64_t rng = 3;
	struct mbuf *m;

	(void)state;
	tp = tcp_fixture_init(&tf);
	for (size_t i = 0; i < sizeof(base); i++)
		base[i] = (uint8_t)tcp_test_random(&rng);
	for (int round = 0; round < 60; round++) {
		tp->rcv_nxt = tp->irs = 0xfffff000u;
		for (int i = 0; i < 5000 && tp->rcv_nxt - tp->irs < sizeof(base); i++) {
			off = 1 + tp->rcv_nxt - tp->irs;
			off += tcp_test_random(&rng) % ((uint32_t)sizeof(base) - off + 1);
			if (off >= sizeof(base))
				off = sizeof(base) - 1;
			len = 1 + tcp_test_random(&rng) % 300;
			len = u32min(len, (uint32_t)sizeof(base) - off);
			assert_int_equal(
			    tcp_reass_insert(tp, tp->irs + off, len, stream(&tf, base, off, len)),
			    0);
			queue_check(tp, base, tp->irs);
			if (tcp_test_random(&rng) % 8 != 0)
				continue;
			tp->rcv_nxt += 1 + tcp_test_random(&rng) % 100;		/* some in order */
			if ((m = tcp_reass_take(tp, &got)) != NULL) {
				assert_int_equal(m_length(m), got);
				assert_int_equal(m_copydata(m, 0, got, copy), 0);
				assert_memory_equal(copy, base + (tp->rcv_nxt - tp->irs), got);
				tp->rcv_nxt += got;
				m_freem(m);
			}
			queue_check(tp, base, tp->irs);
		}
		tcp_reass_flush(tp);
		assert_int_equal(tp->t_segqlen + tp->t_segqbytes, 0);
	}
	tcp_fixture_fini(&tf);
}

/* The number of runs is bounded; what joins a run is still taken. */
static void
bounded(void **state)
{
	uint8_t base[2000] = { 0 };
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_tv->tv_reass_max = 10;
	tp->rcv_nxt = 0;
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(tcp_reass_insert(tp, 10 + 20 * i, 10, stream(&tf, base, 0, 10)),
		    i < 10 ? 0 : ENOBUFS);
	assert_int_equal(tp->t_segqlen, 10);
	assert_int_equal(tcp_reass_insert(tp, 20, 10, stream(&tf, base, 0, 10)), 0);
	assert_int_equal(tp->t_segqlen, 9);
	tcp_reass_flush(tp);
	tcp_fixture_fini(&tf);
}

/* RFC 2883: what came a second time, entirely, is reported first. */
static void
duplicates(void **state)
{
	uint8_t base[100] = { 0 };
	struct tcp_sackblk b[4];
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_flags |= TF_SACK_PERMIT;
	assert_int_equal(tcp_reass_insert(tp, 100, 50, stream(&tf, base, 0, 50)), 0);
	assert_int_equal(tcp_rsack_fill(tp, b, 4), 1);
	assert_int_equal(tcp_reass_insert(tp, 110, 20, stream(&tf, base, 0, 20)), 0);
	assert_int_equal(tcp_rsack_fill(tp, b, 4), 2);
	assert_int_equal(b[0].sb_start, 110);
	assert_int_equal(b[0].sb_end, 130);
	assert_int_equal(b[1].sb_start, 100);
	tcp_reass_flush(tp);
	tcp_fixture_fini(&tf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),
		cmocka_unit_test(bounded),
		cmocka_unit_test(duplicates),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
