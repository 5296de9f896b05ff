/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of transmissions against a model: one state for each byte of a small sequence space.
 * Random sending, SACKs, losses, retransmissions and ACKs, with memory and without; after each the
 * records must be in order, on the right lists, and their sums those of the model.
 */
#include "netinet/tcp/tcp_test.h"

#include <string.h>

#define SPACE	20000u

enum { UNSENT, FLYING, SACKED, LOST };

struct model {
	uint8_t	 m_state[SPACE];
	uint32_t m_base;
};

static void
check(const struct model *m, struct tcpcb *tp, bool exact)
{
	const struct tcp_recs *rs = &tp->t_lr.lr_recs;
	uint32_t sacked = 0, lost = 0, n = 0, ontime = 0, at = tp->snd_una, last = 0;
	const struct tcp_rec *rc;

	TAILQ_FOREACH(rc, &rs->rs_seq, rc_link) {
		assert_true(SEQ_LT(rc->rc_start, rc->rc_end));
		assert_true(SEQ_GEQ(rc->rc_start, at));
		at = rc->rc_end;
		n++;
		if (rc->rc_flags & REC_SACKED)
			sacked += rc->rc_end - rc->rc_start;
		else if (rc->rc_flags & REC_LOST)
			lost += rc->rc_end - rc->rc_start;
		else
			ontime++;
		for (uint32_t s = rc->rc_start; exact && s != rc->rc_end; s++)
			assert_int_equal(m->m_state[s - m->m_base], rc->rc_flags & REC_SACKED ? SACKED
			    : rc->rc_flags & REC_LOST ? LOST : FLYING);
	}
	assert_true(SEQ_LEQ(at, tp->snd_max));
	if (exact)
		assert_int_equal(at, tp->snd_max);
	assert_int_equal(n, rs->rs_count);
	assert_int_equal(sacked, rs->rs_sacked);
	assert_int_equal(lost, rs->rs_lost);
	TAILQ_FOREACH(rc, &rs->rs_time, rc_tlink) {
		assert_int_equal(rc->rc_flags & (REC_SACKED | REC_LOST), 0);
		if (exact)
			assert_true((int32_t)(rc->rc_xmitno - last) >= 0);
		last = rc->rc_xmitno;
		ontime--;
	}
	assert_int_equal(ontime, 0);
}

static void
set(struct model *m, uint32_t start, uint32_t end, uint8_t from, uint8_t to)
{
	for (uint32_t s = start; s != end; s++)
		if (m->m_state[s - m->m_base] == from)
			m->m_state[s - m->m_base] = to;
}

static void
step(struct model *m, struct tcpcb *tp, uint64_t *rnd, uint64_t now)
{
	uint32_t out = tcp_outstanding(tp), len = 1 + tcp_test_random(rnd) % 300, start, seq;
	struct tcp_rec *rc;

	start = tp->snd_una + (out != 0 ? tcp_test_random(rnd) % out : 0);
	len = u32min(len, tp->snd_max - start);
	switch (tcp_test_random(rnd) % 8) {
	case 0: case 1: case 2:
		len = 1 + tcp_test_random(rnd) % 300;
		if (tp->snd_max - m->m_base + len > SPACE)
			break;
		tcp_rec_sent(tp, tp->snd_max, tp->snd_max + len, now);
		set(m, tp->snd_max, tp->snd_max + len, UNSENT, FLYING);
		tp->snd_max += len;
		break;
	case 3: case 4:
		tcp_rec_sacked(tp, start, start + len, now);
		set(m, start, start + len, FLYING, SACKED);
		set(m, start, start + len, LOST, SACKED);
		break;
	case 5:
		if ((rc = TAILQ_FIRST(&tp->t_lr.lr_recs.rs_time)) == NULL)
			break;
		tcp_rec_lose(tp, rc);
		set(m, rc->rc_start, rc->rc_end, FLYING, LOST);
		break;
	case 6:
		if (!tcp_rec_firstlost(tp, &seq, &len))
			break;
		len = 1 + tcp_test_random(rnd) % len;
		tcp_rec_sent(tp, seq, seq + len, now);
		set(m, seq, seq + len, LOST, FLYING);
		break;
	case 7:
		start = tp->snd_una + len / 2;
		tcp_rec_acked(tp, start, now);
		tp->snd_una = start;
		break;
	}
}

static void
model(void **state)
{
	static struct model m;
	struct tcp_fixture tf;
	struct acctset *as;
	struct tcpcb *tp;
	uint64_t rnd;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		tp = tcp_fixture_init(&tf);
		as = vnet_acct(tcp_vn(tp));
		rnd = round;
		memset(&m, 0, sizeof(m));
		m.m_base = tp->snd_una = tp->snd_max = tp->snd_nxt = round * 0x10000000u - 500;
		tcp_rack_init(tp);
		if (round % 3 == 2)
			acct_setlimit(as, ACCT_TCPCB, as->as_acct[ACCT_TCPCB].ac_bytes + 800);
		for (unsigned i = 0; i < 400; i++) {
			step(&m, tp, &rnd, 1000 + i / 4);
			check(&m, tp, round % 3 != 2);
			if (i % 100 == 99) {
				tcp_rec_cover(tp);
				check(&m, tp, round % 3 != 2);
			}
		}
		tcp_rec_unlose(tp);
		set(&m, tp->snd_una, tp->snd_max, LOST, FLYING);
		check(&m, tp, round % 3 != 2);
		tcp_rec_unsack(tp);
		set(&m, tp->snd_una, tp->snd_max, SACKED, LOST);
		check(&m, tp, round % 3 != 2);
		tp->snd_una = tp->snd_max;
		tcp_rec_acked(tp, tp->snd_max, 2000);
		check(&m, tp, round % 3 != 2);
		assert_int_equal(tp->t_lr.lr_recs.rs_count, 0);
		acct_setlimit(as, ACCT_TCPCB, 0);
		tcp_fixture_fini(&tf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
