/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scoreboard against a model: one flag for each byte of a small sequence space.  Random blocks,
 * advances and retransmissions; after each the ranges, their sums, IsLost, Pipe and NextSeg must be
 * what RFC 6675's definitions say byte by byte.
 */
#include "netinet/tcp/tcp_test.h"

#include <string.h>

#define SPACE	4096u

struct model {
	bool		m_sacked[SPACE];
	uint32_t	m_base;		/* sequence number of index 0 */
};

static bool
model_sacked(const struct model *m, uint32_t seq)
{
	return (m->m_sacked[seq - m->m_base]);
}

/* RFC 6675 4, IsLost, as it stands there. */
static bool
model_islost(const struct model *m, const struct tcpcb *tp, uint32_t seq)
{
	uint32_t bytes = 0, runs = 0;
	bool in = false;

	for (uint32_t s = seq; s != tp->snd_max; s++) {
		if (model_sacked(m, s)) {
			bytes++;
			runs += !in;
		}
		in = model_sacked(m, s);
	}
	return (runs >= 3 || bytes > 2 * tp->t_maxseg);
}

static uint32_t
model_pipe(const struct model *m, const struct tcpcb *tp)
{
	uint32_t pipe = 0;

	for (uint32_t s = tp->snd_una; s != tp->snd_max; s++) {
		if (model_sacked(m, s))
			continue;
		pipe += !model_islost(m, tp, s);
		pipe += SEQ_LT(s, tp->snd_highrxt);
	}
	return (pipe);
}

static void
model_check_next(const struct model *m, struct tcpcb *tp)
{
	const struct sackrange *last = TAILQ_LAST(&tp->snd_sackq, sackq);
	uint32_t want = SEQ_MAX(tp->snd_highrxt, tp->snd_una), seq, len;

	while (want != tp->snd_max && model_sacked(m, want))
		want++;
	if (last == NULL || SEQ_GEQ(want, last->sr_start)) {
		assert_false(tcp_sack_next(tp, &seq, &len, false));
		return;
	}
	assert_true(tcp_sack_next(tp, &seq, &len, false));
	assert_int_equal(seq, want);
	for (uint32_t s = seq; s != seq + len; s++)
		assert_false(model_sacked(m, s));
	assert_int_equal(tcp_sack_next(tp, &seq, &len, true), model_islost(m, tp, want));
}

static void
model_check(const struct model *m, struct tcpcb *tp)
{
	const struct sackrange *sr;
	uint32_t n = 0, bytes = 0, prev = tp->snd_una;

	TAILQ_FOREACH(sr, &tp->snd_sackq, sr_link) {
		assert_true(n == 0 ? SEQ_GEQ(sr->sr_start, prev) : SEQ_GT(sr->sr_start, prev));
		assert_true(SEQ_LT(sr->sr_start, sr->sr_end));
		prev = sr->sr_end;
		n++;
	}
	assert_int_equal(n, tp->snd_nsack);
	sr = TAILQ_FIRST(&tp->snd_sackq);
	for (uint32_t s = tp->snd_una; s != tp->snd_max; s++) {
		while (sr != NULL && SEQ_GEQ(s, sr->sr_end))
			sr = TAILQ_NEXT(sr, sr_link);
		assert_int_equal(sr != NULL && SEQ_GEQ(s, sr->sr_start), model_sacked(m, s));
		bytes += model_sacked(m, s);
	}
	assert_int_equal(bytes, tp->snd_sacked);
	assert_int_equal(tcp_sack_pipe(tp), model_pipe(m, tp));
	model_check_next(m, tp);
}

static void
model_step(struct model *m, struct tcpcb *tp, uint64_t *rng)
{
	struct tcp_opts to = {
	    .to_flags = TOF_SACK, .to_nsack = (uint8_t)(1 + tcp_test_random(rng) % 3)};
	uint32_t ack = tp->snd_una, room = tp->snd_max - tp->snd_una, a, b;
	bool news = false;

	if (tcp_test_random(rng) % 4 == 0)
		ack += tcp_test_random(rng) % (room + 1);
	for (unsigned i = 0; i < to.to_nsack; i++) {
		a = tcp_test_random(rng) % (room + 1);
		b = a + tcp_test_random(rng) % 200;
		to.to_sack[i] = (struct tcp_sackblk){ tp->snd_una + a, tp->snd_una + b };
		if (a >= b || b > room || SEQ_LEQ(tp->snd_una + b, ack))
			continue;
		for (uint32_t s = SEQ_MAX(tp->snd_una + a, ack); s != tp->snd_una + b; s++) {
			news |= !m->m_sacked[s - m->m_base];
			m->m_sacked[s - m->m_base] = true;
		}
	}
	assert_int_equal(tcp_sack_update(tp, &to, ack), news);
	tp->snd_una = ack;
	tcp_sack_advance(tp, ack);
	if (tcp_test_random(rng) % 3 == 0)
		tp->snd_highrxt += tcp_test_random(rng) % (tp->snd_max - tp->snd_highrxt + 1);
}

static void
scoreboard(void **state)
{
	struct tcp_fixture tf;
	static struct model m;
	uint64_t rng = 7;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->max_sndwnd = SPACE;
	tp->t_maxseg = 100;
	for (int round = 0; round < 60; round++) {
		memset(&m, 0, sizeof(m));
		m.m_base = round % 2 ? 0xfffff800u : 5000;	/* across zero, too */
		tp->snd_una = tp->snd_highrxt = m.m_base;
		tp->snd_max = m.m_base + 1500;
		for (int i = 0; i < 30 && tp->snd_una != tp->snd_max; i++) {
			model_step(&m, tp, &rng);
			model_check(&m, tp);
		}
		tcp_sack_free(tp);
		assert_int_equal(tp->snd_sacked + tp->snd_nsack, 0);
	}
	tcp_fixture_fini(&tf);
}

/*
 * RFC 6675 5.1 and common sense: nothing outside what was sent, and not more ranges than the limit.
 */
static void
impossible_blocks(void **state)
{
	struct tcp_opts to = { .to_flags = TOF_SACK, .to_nsack = 1 };
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->max_sndwnd = 65535;
	tp->snd_una = tp->snd_highrxt = 1000;
	tp->snd_max = 11000;
	to.to_sack[0] = (struct tcp_sackblk){ 10000, 11001 };
	assert_false(tcp_sack_update(tp, &to, 1000));
	to.to_sack[0] = (struct tcp_sackblk){ 3000, 2000 };
	assert_false(tcp_sack_update(tp, &to, 1000));
	to.to_sack[0] = (struct tcp_sackblk){ 2000, 2000 };
	assert_false(tcp_sack_update(tp, &to, 1000));
	to.to_sack[0] = (struct tcp_sackblk){ 500, 900 };		/* a DSACK */
	assert_false(tcp_sack_update(tp, &to, 1000));
	assert_int_equal(tp->snd_nsack, 0);
	assert_int_equal(tp->t_tv->tv_stat.tcps_sack_ignored, 3);
	for (uint32_t i = 0; i < 1000; i++) {
		to.to_sack[0] = (struct tcp_sackblk){ 1001 + 3 * i, 1002 + 3 * i };
		assert_int_equal(tcp_sack_update(tp, &to, 1000), i < TCP_MAX_SACKRANGES);
	}
	assert_int_equal(tp->snd_nsack, TCP_MAX_SACKRANGES);
	assert_int_equal(tp->t_tv->tv_stat.tcps_sack_sboverflow, 1000 - TCP_MAX_SACKRANGES);
	to.to_sack[0] = (struct tcp_sackblk){ 1000, 11000 };
	assert_true(tcp_sack_update(tp, &to, 1000));
	assert_int_equal(tp->snd_nsack, 1);
	assert_int_equal(tp->snd_sacked, 10000);
	tcp_fixture_fini(&tf);
}

/* RFC 2018 4: the block that changed last comes first; a block swallows what it covers. */
static void
reported_blocks(void **state)
{
	struct tcp_sackblk b[TCP_MAX_SACK];
	struct tcp_fixture tf;
	struct tcpcb *tp;

	(void)state;
	tp = tcp_fixture_init(&tf);
	tp->t_flags |= TF_SACK_PERMIT;
	tp->rcv_nxt = 100;
	for (uint32_t i = 1; i <= 8; i++)
		tcp_rsack_note(tp, 1000 * i, 1000 * i + 100);
	assert_int_equal(tcp_rsack_fill(tp, b, 3), 3);
	assert_int_equal(b[0].sb_start, 8000);
	assert_int_equal(b[2].sb_start, 6000);
	tcp_rsack_note(tp, 6000, 7100);
	assert_int_equal(tcp_rsack_fill(tp, b, 4), 4);
	assert_int_equal(b[0].sb_start, 6000);
	assert_int_equal(b[1].sb_start, 8000);
	assert_int_equal(b[2].sb_start, 5000);
	tcp_rsack_dup(tp, 50, 60);
	assert_int_equal(tcp_rsack_fill(tp, b, 3), 3);
	assert_int_equal(b[0].sb_start, 50);
	assert_int_equal(b[1].sb_start, 6000);
	assert_int_equal(tcp_rsack_fill(tp, b, 1), 1);
	assert_int_equal(b[0].sb_start, 6000);
	tp->rcv_nxt = 7100;
	tcp_rsack_prune(tp);
	assert_int_equal(tcp_rsack_fill(tp, b, 4), 1);
	assert_int_equal(b[0].sb_start, 8000);
	tcp_fixture_fini(&tf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scoreboard),
		cmocka_unit_test(impossible_blocks),
		cmocka_unit_test(reported_blocks),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
