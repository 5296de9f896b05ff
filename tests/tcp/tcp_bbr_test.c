/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BBR (draft-ietf-ccwg-bbr-06) on a path of 100 Mb/s and 40 ms, in virtual time: what it makes of
 * it alone, with random loss, in a deep buffer, beside CUBIC, after a pause; and that its states
 * are those of the draft.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "netinet/tcp/cc/bbr.h"
#include "wire.h"
#include "wire/ip.h"

#define RATE	12500000u
#define BDP	500000u
#define FLOWS	2
#define NSTATES	(BBR_PROBERTT + 1)

struct flow {
	struct socket	*so[2];
	struct tcpcb	*tp;
	uint64_t	 got;
};

struct path {
	struct wire	 w;
	struct flow	 f[FLOWS];
	unsigned	 nflows;
	/* Of the first flow, seen each step of 2 ms: */
	unsigned	 steps[NSTATES], entered[NSTATES];
	int		 last;
	uint64_t	 entertime[NSTATES];	/* the last time */
	uint64_t	 probegap;		/* least time between two entries of UP */
	uint64_t	 rttgap;		/* most time between two entries of ProbeRTT */
	uint32_t	 rttflight;		/* least in flight in ProbeRTT */
	uint64_t	 queue;			/* sum of what waits in front of the bottleneck */
	unsigned	 n;
	unsigned	 cautious;		/* looks at which the last probe had ended early */
};

static uint8_t data[65536];

static void
path_init(struct path *pt, uint32_t qlimit)
{
	memset(pt, 0, sizeof(*pt));
	wire_init(&pt->w, 7);
	pt->w.w_delay = 20 * MSEC;
	pt->w.w_cut = true;
	pt->w.w_rate = RATE;
	pt->w.w_qlimit = qlimit;
	pt->last = -1;
	pt->probegap = UINT64_MAX;
	pt->rttflight = UINT32_MAX;
}

static struct flow *
path_flow(struct path *pt, const char *cc)
{
	struct flow *f = &pt->f[pt->nflows];
	struct socket *ls = wire_listen(&pt->w, 1, (uint16_t)(80 + pt->nflows), 1);

	f->so[0] = wire_socket(&pt->w, 0);
	assert_int_equal(sosetopt(f->so[0], VI_TCP_CONGESTION, cc, strlen(cc)), 0);
	assert_int_equal(wire_connect(&pt->w, f->so[0], 1, (uint16_t)(80 + pt->nflows)), 0);
	f->so[1] = wire_accept(&pt->w, ls);
	assert_non_null(f->so[1]);
	f->tp = sototcpcb(f->so[0]);
	soclose(ls);
	pt->nflows++;
	return (f);
}

static void
path_fini(struct path *pt)
{
	pt->w.w_rate = 0;
	for (unsigned i = 0; i < pt->nflows; i++) {
		soclose(pt->f[i].so[0]);
		soclose(pt->f[i].so[1]);
	}
	wire_idle(&pt->w);
	wire_fini(&pt->w);
}

static void
path_look(struct path *pt)
{
	const struct bbr *b = tptobbr(pt->f[0].tp);
	const uint64_t now = vi_sim_now(pt->w.w_host);
	const int s = b->b_state;

	pt->n++;
	if (pt->w.w_busy > now)
		pt->queue += (pt->w.w_busy - now) * RATE / SEC;
	assert_in_range(s, 0, NSTATES - 1);
	pt->steps[s]++;
	pt->cautious += b->b_precaution;
	if (s == BBR_PROBERTT)
		pt->rttflight = u32min(pt->rttflight, tcp_snd_inflight(pt->f[0].tp));
	if (s == pt->last)
		return;
	pt->last = s;
	if (pt->entered[s]++ > 0) {
		if (s == BBR_UP)
			pt->probegap = u64min(pt->probegap, now - pt->entertime[s]);
		if (s == BBR_PROBERTT)
			pt->rttgap = u64max(pt->rttgap, now - pt->entertime[s]);
	}
	pt->entertime[s] = now;
}

/* All send as much as goes, for so long; counts what arrives. */
static void
path_run(struct path *pt, uint64_t ns)
{
	const uint64_t end = vi_sim_now(pt->w.w_host) + ns;
	struct flow *f;
	size_t n;
	int error;

	while (vi_sim_now(pt->w.w_host) < end) {
		for (f = pt->f; f < &pt->f[pt->nflows]; f++)
			while (wire_send(&pt->w, f->so[0], data, sizeof(data), 0) == sizeof(data))
				;
		wire_run(&pt->w, 2 * MSEC);
		for (f = pt->f; f < &pt->f[pt->nflows]; f++)
			while ((n = wire_recv(&pt->w, f->so[1], data, sizeof(data), &error)) > 0)
				f->got += n;
		path_look(pt);
	}
}

/* Per mille of the link's rate in that time. */
static unsigned
share(struct path *pt, struct flow *f, uint64_t ns)
{
	const uint64_t before = f->got;

	path_run(pt, ns);
	return ((unsigned)((f->got - before) * 1000 / (RATE * (ns / SEC))));
}

/* 5.3: the states in their order, the times and volumes of each. */
static void
states(void **state)
{
	struct path pt;
	struct bbr *b;
	unsigned got;

	(void)state;
	path_init(&pt, 2 * BDP);
	path_flow(&pt, "bbr");
	b = tptobbr(pt.f[0].tp);
	assert_int_equal(b->b_state, BBR_STARTUP);
	path_run(&pt, 2 * SEC);
	/* Five doublings from 10 segments to the BDP, three rounds of no growth; some to drain. */
	assert_in_range(pt.steps[BBR_STARTUP] * 2, 320, 800);
	assert_in_range(pt.steps[BBR_DRAIN] * 2, 10, 120);
	assert_in_range(bbr_maxbw(b), RATE / 100 * 95, RATE);
	assert_in_range(b->b_minrtt, 40 * MSEC, 41 * MSEC);
	got = share(&pt, &pt.f[0], 30 * SEC);
	print_message("alone: %u per mille, queue %u bytes, %u drops\n", got,
	    (unsigned)(pt.queue / pt.n), (unsigned)pt.w.w_qdrops);
	assert_in_range(got, 915, 966);
	assert_int_equal(pt.w.w_qdrops, 0);
	assert_in_range(pt.queue / pt.n, 0, BDP / 4);
	assert_int_equal(pt.entered[BBR_STARTUP], 1);
	/*
	 * Each probe has been refilled for, 2 to 3 s after the last (63 round trips: 2.5 s) or
	 * after ProbeRTT, which comes every 5 s.
	 */
	assert_in_range(pt.entered[BBR_UP], 5, 12);
	assert_in_range(pt.entered[BBR_REFILL], pt.entered[BBR_UP], pt.entered[BBR_UP] + 1);
	assert_in_range(pt.probegap, 1900 * MSEC, 5600 * MSEC);
	assert_in_range(pt.entered[BBR_PROBERTT], 5, 6);
	assert_in_range(pt.rttgap, 5 * SEC, 5500 * MSEC);
	assert_in_range(pt.steps[BBR_PROBERTT] * 2 / pt.entered[BBR_PROBERTT], 200, 320);
	assert_in_range(pt.rttflight, BDP / 3, BDP / 2 + 20000);
	/* Most of the time it neither pushes nor yields. */
	assert_true(pt.steps[BBR_CRUISE] > pt.n / 2);
	assert_int_equal(b->b_inflong, BBR_NOLIMIT);
	path_fini(&pt);
}

/* 1 % of random loss costs little; 10 %, beyond the 2 % it takes for too much, does. */
static void
random_loss(void **state)
{
	static const struct { uint32_t ppm; unsigned min, max; } row[] = {
	    {1000, 890, 966}, {10000, 869, 966}, {100000, 1, 500}};
	struct path pt;
	unsigned got;

	(void)state;
	for (unsigned i = 0; i < NITEMS(row); i++) {
		path_init(&pt, BDP);
		path_flow(&pt, "bbr");
		path_run(&pt, 2 * SEC);
		pt.w.w_loss = row[i].ppm;
		got = share(&pt, &pt.f[0], 30 * SEC);
		print_message("loss of %u ppm: %u per mille\n", row[i].ppm, got);
		assert_in_range(got, row[i].min, row[i].max);
		path_fini(&pt);
	}
}

/* A buffer of a tenth of the BDP: the long-term bound is learnt, and few packets are lost. */
static void
shallow_buffer(void **state)
{
	const struct tcpstat *st;
	struct path pt;
	unsigned got;

	(void)state;
	path_init(&pt, BDP / 10);
	path_flow(&pt, "bbr");
	path_run(&pt, 3 * SEC);
	st = &wire_tcp(&pt.w, 0)->tv_stat;
	pt.w.w_qdrops = 0;
	got = share(&pt, &pt.f[0], 30 * SEC);
	print_message("buffer of BDP / 10: %u per mille, %u drops, %u timeouts\n", got,
	    (unsigned)pt.w.w_qdrops, (unsigned)st->tcps_rexmttimeo);
	assert_in_range(tptobbr(pt.f[0].tp)->b_inflong, BDP / 2, BDP * 3 / 2);
	assert_in_range(got, 850, 966);
	/* 2 % of 250,000 packets would be 5,000. */
	assert_in_range(pt.w.w_qdrops, 1, 2500);
	assert_int_equal(st->tcps_rexmttimeo, 0);
	path_fini(&pt);
}

/*
 * 5.3.3.6: after a probe that lost too much the next one ends where the bound is reached, and as nothing was lost then another follows at once.  A
 * flow that has the path for itself and a buffer of half a BDP.
 */
static void
precaution(void **state)
{
	struct path pt;

	(void)state;
	path_init(&pt, BDP / 2);
	path_flow(&pt, "bbr");
	path_run(&pt, 3 * SEC);
	tptobbr(pt.f[0].tp)->b_inflong = BDP;
	tptobbr(pt.f[0].tp)->b_toohigh = true;
	pt.probegap = UINT64_MAX;
	path_run(&pt, 4 * SEC);
	assert_true(pt.cautious > 0);
	/* DOWN for a round trip, REFILL for another. */
	assert_in_range(pt.probegap, 80 * MSEC, 500 * MSEC);
	path_fini(&pt);
}

/* Beside CUBIC, which came first or second: neither starves. */
static void
beside_cubic(void **state)
{
	static const struct { uint32_t buffer; bool second; } row[] = {
	    {BDP, false}, {BDP, true}, {4 * BDP, false}};
	unsigned bbr, cubic;
	uint64_t before;
	struct path pt;

	(void)state;
	for (unsigned i = 0; i < NITEMS(row); i++) {
		path_init(&pt, row[i].buffer);
		path_flow(&pt, "bbr");
		if (!row[i].second)
			path_run(&pt, 5 * SEC);
		path_flow(&pt, "cubic");
		path_run(&pt, 10 * SEC);
		before = pt.f[1].got;
		bbr = share(&pt, &pt.f[0], 30 * SEC);
		cubic = (unsigned)((pt.f[1].got - before) * 1000 / (RATE * 30ull));
		print_message("buffer of %u BDP, %s: bbr %u, cubic %u per mille\n",
		    row[i].buffer / BDP, row[i].second ? "together" : "bbr first", bbr, cubic);
		assert_true(bbr >= 100 && cubic >= 100);
		assert_true(bbr + cubic >= 900);
		path_fini(&pt);
	}
}

/* 5.4.1: after a pause it goes on at the rate it knows, without a burst and without ProbeRTT. */
static void
after_idle(void **state)
{
	struct path pt;
	unsigned got;
	uint32_t cwnd;
	int error;

	(void)state;
	path_init(&pt, BDP);
	path_flow(&pt, "bbr");
	path_run(&pt, 3 * SEC);
	while (pt.f[0].tp->snd_una != pt.f[0].tp->snd_max) {
		wire_run(&pt.w, MSEC);
		while (wire_recv(&pt.w, pt.f[0].so[1], data, sizeof(data), &error) > 0)
			;
	}
	cwnd = pt.f[0].tp->snd_cwnd;
	wire_run(&pt.w, 20 * SEC);
	pt.w.w_qdrops = 0;
	memset(pt.entered, 0, sizeof(pt.entered));
	got = share(&pt, &pt.f[0], 1 * SEC);
	/* A round trip passes before anything arrives. */
	assert_in_range(got, 850, 966);
	assert_int_equal(pt.w.w_qdrops, 0);
	assert_int_equal(pt.entered[BBR_PROBERTT], 0);
	assert_int_equal(pt.entered[BBR_STARTUP], 0);
	assert_in_range(pt.f[0].tp->snd_cwnd, cwnd / 2, cwnd * 3 / 2);
	path_fini(&pt);
}

/* The path becomes four times slower, and as fast again: both are found out. */
static void
changing_rate(void **state)
{
	struct path pt;
	unsigned got;

	(void)state;
	path_init(&pt, 4 * BDP);
	path_flow(&pt, "bbr");
	path_run(&pt, 5 * SEC);
	pt.w.w_rate = RATE / 4;
	path_run(&pt, 12 * SEC);
	got = share(&pt, &pt.f[0], 10 * SEC);
	assert_in_range(got, 215, 245);
	assert_in_range(bbr_maxbw(tptobbr(pt.f[0].tp)), RATE / 5, RATE / 3);
	pt.w.w_rate = RATE;
	path_run(&pt, 12 * SEC);
	got = share(&pt, &pt.f[0], 10 * SEC);
	assert_in_range(got, 860, 966);
	path_fini(&pt);
}

/* Marks count as losses (RFC 3168 5): the queue stays near the mark, nothing is dropped. */
static void
marks(void **state)
{
	struct path pt;
	unsigned got;

	(void)state;
	path_init(&pt, 4 * BDP);
	wire_tcp(&pt.w, 0)->tv_ecn = 1;
	path_flow(&pt, "bbr");
	assert_true(pt.f[0].tp->t_ecn & TE_PERMIT);
	pt.w.w_qmark = BDP / 10;
	path_run(&pt, 3 * SEC);
	got = share(&pt, &pt.f[0], 20 * SEC);
	assert_in_range(got, 800, 966);
	assert_int_equal(pt.w.w_qdrops, 0);
	assert_true(wire_tcp(&pt.w, 0)->tv_stat.tcps_ecn_rcwnd > 0);
	assert_true(tptobbr(pt.f[0].tp)->b_inflong != BBR_NOLIMIT);
	path_fini(&pt);
}

/* Without SACK each loss that is seen ends a probe; it still works. */
static void
without_sack(void **state)
{
	struct path pt;
	unsigned got;

	(void)state;
	path_init(&pt, BDP);
	wire_tcp(&pt.w, 0)->tv_sack = 0;
	path_flow(&pt, "bbr");
	path_run(&pt, 3 * SEC);
	pt.w.w_loss = 100;
	got = share(&pt, &pt.f[0], 20 * SEC);
	assert_in_range(got, 500, 966);
	path_fini(&pt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(random_loss),
		cmocka_unit_test(shallow_buffer),
		cmocka_unit_test(precaution),
		cmocka_unit_test(beside_cubic),
		cmocka_unit_test(after_idle),
		cmocka_unit_test(changing_rate),
		cmocka_unit_test(marks),
		cmocka_unit_test(without_sack),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
