/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Congestion control against a bottleneck (wire.h's w_rate, w_qlimit, w_qmark): what each algorithm
 * makes of it in throughput, queue and loss; ECN (RFC 3168, 8511), HyStart++ (RFC 9406), restart
 * after idle (RFC 2861, 7661), pacing.  Virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "netinet/tcp/cc/cc.h"
#include "wire.h"
#include "wire/ip.h"

#define RATE	1250000u		/* 10 Mb/s */
#define RTT	(40 * MSEC)
#define BDP	50000u

struct path {
	struct wire	 w;
	struct socket	*so[2];
	struct tcpcb	*tp[2];
	uint64_t	 got;
	/* What the filter saw. */
	uint16_t	 flags[2];	/* all of data packets, or'ed */
	unsigned	 ect, ce, ece, cwr, ndata;
	uint64_t	 maxburst;	/* bytes sent at one instant */
	uint64_t	 burst, when;
};

static uint8_t data[1 << 20];

static enum wire_verdict
path_filter(struct wire *w, struct wpkt *wp)
{
	struct path *pt = w->w_arg;
	uint16_t fl = th_flags(wp_th(wp));

	if (wp->wp_to == 0) {
		pt->ece += (fl & TH_ECE) != 0 && (fl & TH_SYN) == 0;
		return (WIRE_PASS);
	}
	pt->ndata += wp_dlen(wp) > 0;
	pt->ect += (wp->wp_tos & IPTOS_ECN_MASK) == IPTOS_ECN_ECT0;
	pt->cwr += (fl & TH_CWR) != 0 && (fl & TH_SYN) == 0;
	if (pt->when != vi_sim_now(w->w_host))
		pt->burst = 0;
	pt->when = vi_sim_now(w->w_host);
	pt->burst += wp_dlen(wp);
	pt->maxburst = u64max(pt->maxburst, pt->burst);
	return (WIRE_PASS);
}

/* The receiver's window is never what limits. */
static void
path_init_seed(struct path *pt, unsigned seed, const char *cc, uint32_t queue, int ecn)
{
	memset(pt, 0, sizeof(*pt));
	wire_init(&pt->w, seed);
	pt->w.w_delay = RTT / 2;
	pt->w.w_cut = true;
	pt->w.w_rate = RATE;
	pt->w.w_qlimit = queue;
	wire_tcp(&pt->w, 0)->tv_cc = cc_byname(cc);
	wire_tcp(&pt->w, 0)->tv_ecn = ecn;
	wire_tcp(&pt->w, 1)->tv_recvspace = 2u << 20;
	pt->w.w_filter = path_filter;
	pt->w.w_arg = pt;
	wire_pair(&pt->w, pt->so);
	for (int i = 0; i < 2; i++)
		pt->tp[i] = sototcpcb(pt->so[i]);
	assert_string_equal(pt->tp[0]->t_cc->cc_name, cc);
}

static void
path_init(struct path *pt, const char *cc, uint32_t queue, int ecn)
{
	path_init_seed(pt, 1, cc, queue, ecn);
}

static void
path_fini(struct path *pt)
{
	pt->w.w_rate = 0;
	soclose(pt->so[0]);
	soclose(pt->so[1]);
	wire_idle(&pt->w);
	wire_fini(&pt->w);
}

/* Sends as much as goes, for so long. */
static void
path_run(struct path *pt, uint64_t ns)
{
	uint64_t end = vi_sim_now(pt->w.w_host) + ns;
	size_t n;
	int error;

	while (vi_sim_now(pt->w.w_host) < end) {
		wire_send(&pt->w, pt->so[0], data, 65536, 0);
		wire_run(&pt->w, 2 * MSEC);
		while ((n = wire_recv(&pt->w, pt->so[1], data, sizeof(data), &error)) > 0)
			pt->got += n;
	}
}

static const struct tcpstat *
stat(struct path *pt)
{
	return (&wire_tcp(&pt->w, 0)->tv_stat);
}

/* A buffer of one BDP: all fill the link; none needs the timer. */
static void
fills_the_link(void **state)
{
	static const char *const cc[] = { "newreno", "cubic", "bbr" };
	struct path pt;
	uint64_t got;

	(void)state;
	for (unsigned i = 0; i < NITEMS(cc); i++) {
		path_init(&pt, cc[i], BDP, 0);
		path_run(&pt, 5 * SEC);
		got = pt.got;
		path_run(&pt, 10 * SEC);
		got = (pt.got - got) / 10;
		print_message("%s: %u kB/s of %u, %u drops, %u timeouts\n", cc[i],
		    (unsigned)(got / 1000), RATE / 1000, (unsigned)pt.w.w_qdrops,
		    (unsigned)stat(&pt)->tcps_rexmttimeo);
		/* 96.5 % of the rate is data. */
		assert_in_range(got, RATE / 100 * 90, RATE);
		assert_int_equal(stat(&pt)->tcps_rexmttimeo, 0);
		path_fini(&pt);
	}
}

/*
 * BBR does not fill a deep buffer, a loss-based algorithm does; random loss does not stop BBR. One packet is a
 * thirtieth of what is under way, so that each loss may be more than it takes in a round: what it makes of one
 * per cent hangs on where they fall.
 */
static void
bbr_queue(void **state)
{
	enum { RUNS = 8 };
	uint64_t wait, before, got = 0;
	struct path pt;

	(void)state;
	for (unsigned seed = 1; seed <= RUNS; seed++) {
		path_init_seed(&pt, seed, "bbr", 20 * BDP, 0);
		path_run(&pt, 8 * SEC);
		assert_int_equal(pt.w.w_qdrops, 0);
		wait = (pt.w.w_busy - vi_sim_now(pt.w.w_host)) / MSEC;
		assert_in_range(wait, 0, 60);
		assert_in_range(pt.tp[0]->t_srtt >> 3, 40000, 100000);
		pt.w.w_loss = 10000;			/* 1 % */
		before = pt.got;
		path_run(&pt, 10 * SEC);
		got += (pt.got - before) / 10 / RUNS;
		path_fini(&pt);
	}
	print_message("bbr, 1 %% lost: %u kB/s of %u\n", (unsigned)(got / 1000), RATE / 1000);
	assert_in_range(got, RATE / 100 * 80, RATE);
}

/* Every ten seconds the window is small for 200 ms, and the round trip is measured anew. */
static void
bbr_probe_rtt(void **state)
{
	struct path pt;
	uint32_t least = UINT32_MAX;

	(void)state;
	path_init(&pt, "bbr", 4 * BDP, 0);
	path_run(&pt, 9 * SEC);
	for (int i = 0; i < 300; i++) {
		path_run(&pt, 10 * MSEC);
		least = u32min(least, tcp_snd_inflight(pt.tp[0]));
	}
	assert_in_range(least, 1, BDP * 3 / 4);
	path_fini(&pt);
}

/* Packets leave at the rate, not in bursts of a window; TCP_INFO tells the rates. */
static void
pacing(void **state)
{
	struct vi_tcp_info ti;
	struct path pt;

	(void)state;
	path_init(&pt, "bbr", 4 * BDP, 0);
	path_run(&pt, 5 * SEC);
	pt.maxburst = 0;
	path_run(&pt, 2 * SEC);
	assert_in_range(pt.maxburst, 1, 6 * 1448);
	tcp_info_fill(pt.tp[0], &ti);
	assert_in_range(ti.ti_pacing_rate, RATE / 2, RATE * 3 / 2);
	/* The last sample may be of the phase that drains the queue, at three quarters of the rate. */
	assert_in_range(ti.ti_delivery_rate, RATE * 7 / 10, RATE * 11 / 10);
	path_fini(&pt);
}

/* Another algorithm in the middle of a transfer. */
static void
change(void **state)
{
	struct path pt;

	(void)state;
	path_init(&pt, "cubic", 2 * BDP, 0);
	path_run(&pt, 2 * SEC);
	assert_int_equal(sosetopt(pt.so[0], VI_TCP_CONGESTION, "bbr", 3), 0);
	path_run(&pt, 2 * SEC);
	assert_true(pt.tp[0]->t_lr.lr_rates.rt_pacing != 0);
	assert_int_equal(sosetopt(pt.so[0], VI_TCP_CONGESTION, "newreno", 7), 0);
	assert_true(pt.tp[0]->t_lr.lr_rates.rt_pacing == 0);
	path_run(&pt, 4 * SEC);
	assert_in_range(pt.got, RATE * 6, RATE * 8);
	path_fini(&pt);
}

/* RFC 9406: slow start ends before a queue of twenty BDP overflows; without it, it does not. */
static void
hystart(void **state)
{
	uint64_t drops[2];
	struct path pt;

	(void)state;
	for (int on = 0; on < 2; on++) {
		path_init(&pt, "cubic", 20 * BDP, 0);
		soclose(pt.so[0]), soclose(pt.so[1]);
		wire_tcp(&pt.w, 0)->tv_hystart = on;
		wire_run(&pt.w, SEC);
		wire_pair(&pt.w, pt.so);
		pt.tp[0] = sototcpcb(pt.so[0]);
		path_run(&pt, 2 * SEC);
		drops[on] = pt.w.w_qdrops;
		assert_int_equal(stat(&pt)->tcps_hystart_css >= 1, on);
		path_fini(&pt);
	}
	assert_true(drops[0] > 20);
	assert_int_equal(drops[1], 0);
}

/* RFC 3168: who asks, who grants. */
static void
ecn_negotiation(void **state)
{
	struct path pt;

	(void)state;
	for (int client = 0; client < 3; client++)
		for (int server = 0; server < 3; server++) {
			bool want = client == 1 && server != 0;

			path_init(&pt, "cubic", 0, client);
			soclose(pt.so[0]), soclose(pt.so[1]);
			wire_run(&pt.w, SEC);
			wire_tcp(&pt.w, 1)->tv_ecn = server;
			wire_pair(&pt.w, pt.so);
			for (int i = 0; i < 2; i++)
				pt.tp[i] = sototcpcb(pt.so[i]);
			pt.ect = 0;
			path_run(&pt, SEC / 10);
			assert_int_equal((pt.tp[0]->t_ecn & TE_PERMIT) != 0, want);
			assert_int_equal((pt.tp[1]->t_ecn & TE_PERMIT) != 0, want);
			assert_int_equal(pt.ect > 0, want);
			path_fini(&pt);
		}
}

/* RFC 3168 6.1.1.1: what on the way drops SYNs that ask is given ones that do not. */
static enum wire_verdict
drop_ecn_syn(struct wire *w, struct wpkt *wp)
{
	struct path *pt = w->w_arg;

	if (wp->wp_to == 1 && (th_flags(wp_th(wp)) & (TH_SYN | TH_ECE)) == (TH_SYN | TH_ECE)) {
		pt->ece++;
		return (WIRE_LOSE);
	}
	return (WIRE_PASS);
}

static void
ecn_fallback(void **state)
{
	struct path pt;

	(void)state;
	for (int tries = 0; tries < 4; tries++) {
		path_init(&pt, "cubic", 0, 1);
		soclose(pt.so[0]), soclose(pt.so[1]);
		wire_run(&pt.w, SEC);
		wire_tcp(&pt.w, 0)->tv_ecnretries = tries;
		pt.w.w_filter = drop_ecn_syn;
		pt.ece = 0;
		wire_pair(&pt.w, pt.so);
		assert_int_equal(pt.ece, tries);
		assert_int_equal(sototcpcb(pt.so[0])->t_ecn, 0);
		path_fini(&pt);
	}
}

/* Marks instead of losses; the window is reduced at most once a round trip, and CWR tells. */
static void
ecn_marks(void **state)
{
	struct path pt;
	uint32_t ssthresh;

	(void)state;
	for (int abe = 0; abe < 2; abe++) {
		path_init(&pt, "newreno", 4 * BDP, 1);
		wire_tcp(&pt.w, 0)->tv_abe = abe;
		pt.w.w_qmark = BDP;
		path_run(&pt, 5 * SEC);
		assert_int_equal(pt.w.w_qdrops, 0);
		assert_int_equal(stat(&pt)->tcps_sndrexmitpack, 0);
		assert_true(wire_tcp(&pt.w, 1)->tv_stat.tcps_ecn_ce > 0);
		assert_in_range(stat(&pt)->tcps_ecn_rcwnd, 2, 60);
		assert_int_equal(pt.cwr, stat(&pt)->tcps_ecn_rcwnd);
		assert_true(pt.ece > pt.cwr);
		assert_int_equal(pt.ect, pt.ndata);
		assert_in_range(pt.got, RATE * 4, RATE * 5);
		pt.tp[0]->t_cc->cc_loss(pt.tp[0], CC_ECN);
		ssthresh = u32min(tcp_outstanding(pt.tp[0]), pt.tp[0]->snd_cwnd);
		ssthresh = pt.tp[0]->snd_ssthresh * 100 / ssthresh;
		assert_in_range(ssthresh, abe ? 79 : 49, abe ? 80 : 50);	/* RFC 8511 */
		path_fini(&pt);
	}
}

/* RFC 5681 4.1 and RFC 7661: a pause of 10 s; then of six minutes. */
static void
restart_after_idle(void **state)
{
	struct path pt;
	uint32_t cwnd;

	(void)state;
	for (int newcwv = 0; newcwv < 2; newcwv++) {
		path_init(&pt, "newreno", 2 * BDP, 0);
		wire_tcp(&pt.w, 0)->tv_newcwv = newcwv;
		path_run(&pt, 3 * SEC);
		wire_run(&pt.w, 10 * SEC);
		cwnd = pt.tp[0]->snd_cwnd;
		assert_true(cwnd > 20 * 1448);
		path_run(&pt, 2 * MSEC);
		assert_int_equal(pt.tp[0]->snd_cwnd, newcwv ? cwnd : 10 * 1448);
		wire_run(&pt.w, 400 * SEC);
		cwnd = pt.tp[0]->snd_cwnd;
		path_run(&pt, 2 * MSEC);
		if (newcwv)
			assert_int_equal(pt.tp[0]->snd_cwnd, u32max(cwnd / 2, 14480));
		path_fini(&pt);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_the_link),
		cmocka_unit_test(bbr_queue),
		cmocka_unit_test(bbr_probe_rtt),
		cmocka_unit_test(pacing),
		cmocka_unit_test(change),
		cmocka_unit_test(hystart),
		cmocka_unit_test(ecn_negotiation),
		cmocka_unit_test(ecn_fallback),
		cmocka_unit_test(ecn_marks),
		cmocka_unit_test(restart_after_idle),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
