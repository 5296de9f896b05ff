/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What congestion control makes of a path of 100 Mb/s and 40 ms with a buffer of one BDP: two
 * stacks on the test wire (tests/tcp/wire.h), virtual time, numbers for gnuplot on standard output.
 *
 *	ccplot cwnd ALGORITHM SECONDS	one flow: time, window, reference (segments), Mb/s, round trip
 *					(ms), in flight (segments), state of BBR or 1 in recovery
 *	ccplot fair ALGORITHM SECONDS FLOWS
 *					flows begin one after the other in the first quarter of the
 *					time: time, Mb/s of each, Jain's index of the last second
 *	ccplot loss ALGORITHM SECONDS	random loss: probability, Mb/s, Mb/s of the reference
 *	ccplot check			fails when windows leave their references
 *
 * References: newreno, RFC 5681 3.1 (one segment a round trip, half at a loss) and the response
 * function of RFC 3649 5, 1.2 / sqrt(p); cubic, RFC 9438 figures 1 and 2 with C 0.4 and beta 0.7,
 * figure 6 for losses; bbr, the gain of its state (draft-ietf-ccwg-bbr-06 5.6.1) times the true BDP,
 * and the rate less what is lost.  They know the path and when a loss was seen, nothing else of the
 * stack.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <vimage/vimage.h>

#include "kern/kernel.h"
#include "netinet/tcp/cc/bbr.h"
#include "netinet/tcp/cc/cc.h"
#include "tests/tcp/wire.h"

#define RATE	12500000.0	/* bytes a second */
#define RTT	0.040
#define BDP	(RATE * RTT)
#define MSS	1448.0
#define STEP	(2 * MSEC)
#define FLOWS	4

struct flow {
	struct socket	*fl_so[2];
	struct tcpcb	*fl_tp;
	uint64_t	 fl_got, fl_last;
};

/* The window the documents want, in segments. */
struct reference {
	double		 rf_wmax, rf_start, rf_begin;	/* begin: s */
	double		 rf_wnd, rf_before;
	bool		 rf_recovering, rf_known;
};

/* One look at a flow. */
struct look {
	double		 lk_now, lk_cwnd, lk_ref, lk_rtt, lk_flight;
	int		 lk_state;
	bool		 lk_valid;	/* the reference holds: no recovery, no change of state */
};

static uint8_t data[65536];

static double
now(const struct wire *w)
{
	return ((double)(vi_sim_now(w->w_host) - 1000 * SEC) / 1e9);
}

static void
flow_begin(struct wire *w, struct flow *fl, uint16_t port)
{
	struct socket *ls = wire_listen(w, 1, port, 1);

	memset(fl, 0, sizeof(*fl));
	fl->fl_so[0] = wire_socket(w, 0);
	if (wire_connect(w, fl->fl_so[0], 1, port) != 0 ||
	    (fl->fl_so[1] = wire_accept(w, ls)) == NULL)
		abort();
	soclose(ls);
	fl->fl_tp = sototcpcb(fl->fl_so[0]);
}

/* The path and what is on it. */
static void
path_end(struct wire *w, struct flow *fl, unsigned flows)
{
	for (unsigned i = 0; i < flows; i++) {
		soclose(fl[i].fl_so[0]);
		soclose(fl[i].fl_so[1]);
	}
	wire_fini(w);
}

static void
flow_step(struct wire *w, struct flow *fl)
{
	size_t n;
	int error;

	while (wire_send(w, fl->fl_so[0], data, sizeof(data), 0) == sizeof(data))
		;
	while ((n = wire_recv(w, fl->fl_so[1], data, sizeof(data), &error)) > 0)
		fl->fl_got += n;
}

/* Mb/s since the last call. */
static double
flow_rate(struct flow *fl, double seconds)
{
	double rate = (double)(fl->fl_got - fl->fl_last) * 8 / seconds / 1e6;

	fl->fl_last = fl->fl_got;
	return (rate);
}

static void
path_init(struct wire *w, const char *cc)
{
	struct tcp_vnet *tv;

	wire_init(w, 1);
	w->w_delay = (uint64_t)(RTT / 2 * 1e9);
	w->w_cut = true;
	w->w_rate = (uint64_t)RATE;
	w->w_qlimit = (uint32_t)BDP;
	tv = wire_tcp(w, 0);
	if ((tv->tv_cc = cc_byname(cc)) == NULL) {
		fprintf(stderr, "ccplot: no algorithm %s\n", cc);
		exit(64);
	}
}

/* Seconds a packet takes that is sent now, and its acknowledgment. */
static double
path_rtt(const struct wire *w)
{
	const double wait = (double)w->w_busy - (double)vi_sim_now(w->w_host);

	return (RTT + (wait > 0 ? wait / 1e9 : 0));
}

static void
reference_reduced(struct reference *rf, const struct tcpcb *tp, bool cubic)
{
	const double beta = cubic ? 0.7 : 0.5;
	double before = rf->rf_before;

	/* Out of slow start, what was in flight is not what the window said. */
	if (!rf->rf_known)
		before = tp->snd_ssthresh / MSS / beta;
	/* RFC 9438 4.7: fast convergence. */
	rf->rf_wmax = rf->rf_known && before < rf->rf_wmax ? before * (1 + beta) / 2 : before;
	rf->rf_start = before * beta;
	rf->rf_known = true;
}

static double
reference_window(struct reference *rf, const struct wire *w, bool cubic)
{
	double k, t = now(w) - rf->rf_begin;

	if (!cubic)
		return (rf->rf_wnd += (double)STEP / 1e9 / path_rtt(w));
	k = cbrt((rf->rf_wmax - rf->rf_start) / 0.4);
	return (0.4 * (t - k) * (t - k) * (t - k) + rf->rf_wmax);
}

/* Loss-based: true when there is a reference for this moment. */
static bool
reference_step(struct reference *rf, const struct wire *w, const struct tcpcb *tp, double *ref)
{
	const bool rec = (tp->t_flags & TF_FASTRECOVERY) != 0, cubic = tp->t_cc == &cc_cubic;

	if (rec && !rf->rf_recovering)
		reference_reduced(rf, tp, cubic);
	if (!rec && rf->rf_recovering) {
		rf->rf_begin = now(w);
		rf->rf_wnd = rf->rf_start;
	}
	rf->rf_recovering = rec;
	if (!rec)
		rf->rf_before = tp->snd_cwnd / MSS;
	*ref = rf->rf_known ? rf->rf_start : tp->snd_cwnd / MSS;
	if (!rf->rf_known || rec)
		return (false);
	*ref = reference_window(rf, w, cubic);
	return (now(w) - rf->rf_begin > RTT);
}

/* draft-ietf-ccwg-bbr-06 5.6.1, without a long-term bound.  The path carries headers too. */
static double
bbr_reference(struct tcpcb *tp)
{
	const double bdp = BDP / 1500;

	switch (tptobbr(tp)->b_state) {
	case BBR_UP:
		return (2.25 * bdp);
	case BBR_PROBERTT:
		return (0.5 * bdp);
	default:
		return (2 * bdp);
	}
}

static void
flow_look(struct reference *rf, const struct wire *w, struct flow *fl, struct look *lk)
{
	struct tcpcb *tp = fl->fl_tp;
	const int before = lk->lk_state;

	lk->lk_now = now(w);
	lk->lk_cwnd = tp->snd_cwnd / MSS;
	lk->lk_flight = tcp_snd_inflight(tp) / MSS;
	lk->lk_rtt = path_rtt(w);
	if (tp->t_cc == &cc_bbr) {
		lk->lk_state = tptobbr(tp)->b_state;
		lk->lk_ref = bbr_reference(tp);
		lk->lk_valid = lk->lk_state == before && lk->lk_now > 1;
		return;
	}
	lk->lk_valid = reference_step(rf, w, tp, &lk->lk_ref);
	lk->lk_state = (tp->t_flags & TF_FASTRECOVERY) != 0;
}

static void
plot_cwnd(const char *cc, double seconds)
{
	struct reference rf = { .rf_known = false };
	struct look lk = { .lk_state = -1 };
	struct flow fl;
	struct wire w;

	path_init(&w, cc);
	flow_begin(&w, &fl, 80);
	for (unsigned i = 1; now(&w) < seconds; i++) {
		flow_step(&w, &fl);
		wire_run(&w, STEP);
		flow_look(&rf, &w, &fl, &lk);
		if (i % 25 == 0)
			printf("%.3f %.1f %.1f %.2f %.2f %.1f %d\n", lk.lk_now, lk.lk_cwnd, lk.lk_ref,
			    flow_rate(&fl, 25 * (double)STEP / 1e9), lk.lk_rtt * 1e3,
			    lk.lk_flight, lk.lk_state);
	}
	path_end(&w, &fl, 1);
}

/* Jain's index of n rates. */
static double
jain(const double *rate, unsigned n)
{
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += rate[i];
		squares += rate[i] * rate[i];
	}
	return (squares == 0 ? 1 : sum * sum / (n * squares));
}

static void
plot_fair(const char *cc, double seconds, unsigned flows)
{
	double rate[FLOWS] = { 0 };
	struct flow fl[FLOWS];
	struct wire w;
	unsigned n = 0;

	path_init(&w, cc);
	for (unsigned i = 1; now(&w) < seconds; i++) {
		if (n < flows && now(&w) >= n * seconds / 4 / (flows - 1)) {
			flow_begin(&w, &fl[n], (uint16_t)(80 + n));
			n++;
		}
		for (unsigned j = 0; j < n; j++)
			flow_step(&w, &fl[j]);
		wire_run(&w, STEP);
		if (i % 500 != 0)
			continue;
		printf("%.3f", now(&w));
		for (unsigned j = 0; j < flows; j++) {
			rate[j] = j < n ? flow_rate(&fl[j], 500 * (double)STEP / 1e9) : 0;
			printf(" %.2f", rate[j]);
		}
		printf(" %.3f\n", jain(rate, n));
	}
	path_end(&w, fl, n);
}

/* Segments a round trip that the documents promise at loss probability p. */
static double
response(const char *cc, double p)
{
	double reno = 1.2 / sqrt(p), cubic;

	if (strcmp(cc, "bbr") == 0)
		return (BDP / MSS * (1 - p));
	if (strcmp(cc, "newreno") == 0)
		return (reno);
	cubic = pow(0.4 * 3.7 / (4 * 0.3), 0.25) * pow(RTT, 0.75) / pow(p, 0.75);
	return (cubic > reno ? cubic : reno);
}

static void
plot_loss(const char *cc, double seconds)
{
	static const double loss[] = { 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2 };
	struct flow fl;
	struct wire w;

	for (unsigned i = 0; i < NITEMS(loss); i++) {
		path_init(&w, cc);
		flow_begin(&w, &fl, 80);
		w.w_loss = (uint32_t)(loss[i] * 1e6);
		while (now(&w) < seconds / 4)
			flow_step(&w, &fl), wire_run(&w, STEP);
		(void)flow_rate(&fl, 1);
		while (now(&w) < seconds)
			flow_step(&w, &fl), wire_run(&w, STEP);
		printf("%g %.3f %.3f\n", loss[i], flow_rate(&fl, seconds * 3 / 4),
		    fmin(response(cc, loss[i]) * MSS / RTT, RATE * MSS / 1500) * 8 / 1e6);
		fflush(stdout);
		path_end(&w, &fl, 1);
	}
}

/* How far windows are from their references while these hold: mean and most, in per cent. */
static bool
check_window(const char *cc, double mean, double most)
{
	struct reference rf = { .rf_known = false };
	struct look lk = { .lk_state = -1 };
	double sum = 0, worst = 0, err;
	unsigned n = 0, got;
	struct flow fl;
	struct wire w;

	path_init(&w, cc);
	flow_begin(&w, &fl, 80);
	while (now(&w) < 30) {
		flow_step(&w, &fl);
		wire_run(&w, STEP);
		flow_look(&rf, &w, &fl, &lk);
		if (!lk.lk_valid)
			continue;
		err = 100 * fabs(lk.lk_cwnd - lk.lk_ref) / lk.lk_ref;
		sum += err;
		worst = fmax(worst, err);
		n++;
	}
	got = (unsigned)(100 * (double)fl.fl_got / (RATE * 30));
	path_end(&w, &fl, 1);
	printf("%s: %u looks, mean error %.2f %% (%.1f), worst %.2f %% (%.1f), %u %% of the link\n", cc,
	    n, sum / n, mean, worst, most, got);
	return (n > 10000 && sum / n <= mean && worst <= most && got >= 90);
}

/* A flow that came later gets its share: the index of the last ten of 40 s. */
static bool
check_fair(const char *cc, double least)
{
	double rate[2];
	struct flow fl[2];
	struct wire w;

	path_init(&w, cc);
	for (unsigned n = 1; n <= 2; n++) {
		flow_begin(&w, &fl[n - 1], (uint16_t)(80 + n));
		while (now(&w) < (n == 1 ? 5 : 30))
			for (unsigned j = 0; j < n; j++)
				flow_step(&w, &fl[j]), wire_run(&w, STEP);
	}
	for (unsigned j = 0; j < 2; j++)
		(void)flow_rate(&fl[j], 1);
	while (now(&w) < 40)
		for (unsigned j = 0; j < 2; j++)
			flow_step(&w, &fl[j]), wire_run(&w, STEP);
	for (unsigned j = 0; j < 2; j++)
		rate[j] = flow_rate(&fl[j], 10);
	path_end(&w, fl, 2);
	printf("%s: Jain's index of two flows %.3f (%.2f)\n", cc, jain(rate, 2), least);
	return (jain(rate, 2) >= least);
}

static int
check(void)
{
	bool ok = check_window("newreno", 1, 3);

	ok &= check_window("cubic", 1, 3);
	ok &= check_window("bbr", 1, 20);
	ok &= check_fair("newreno", 0.8);
	ok &= check_fair("cubic", 0.8);
	ok &= check_fair("bbr", 0.8);
	return (ok ? 0 : 1);
}

int
main(int argc, char **argv)
{
	double seconds = argc >= 4 ? atof(argv[3]) : 0;
	unsigned flows = argc == 5 ? (unsigned)atoi(argv[4]) : 0;

	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return (check());
	if (argc == 5 && strcmp(argv[1], "fair") == 0 && seconds > 0 && flows >= 2 && flows <= FLOWS)
		plot_fair(argv[2], seconds, flows);
	else if (argc == 4 && strcmp(argv[1], "cwnd") == 0 && seconds > 0)
		plot_cwnd(argv[2], seconds);
	else if (argc == 4 && strcmp(argv[1], "loss") == 0 && seconds > 0)
		plot_loss(argv[2], seconds);
	else {
		fprintf(stderr, "usage: ccplot cwnd | loss ALGORITHM SECONDS\n"
				"       ccplot fair ALGORITHM SECONDS FLOWS (2 to 4)\n"
				"       ccplot check\n");
		return (64);
	}
	return (0);
}
