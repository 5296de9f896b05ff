/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What congestion control makes of a path of 100 Mb/s and 40 ms with a buffer of one BDP: two
 * stacks on the test wire (tests/tcp/wire.h), virtual time, numbers for gnuplot on standard output.
 *
 *	ccplot cwnd ALGORITHM SECONDS	one flow: time, window and ssthresh (segments), Mb/s,
 *					round trip (ms), window of the reference
 *	ccplot fair ALGORITHM SECONDS	a second flow begins after a quarter of the time: time, Mb/s
 *					of both, Jain's index of the last second
 *	ccplot loss ALGORITHM SECONDS	random loss: probability, Mb/s, Mb/s of the reference
 *
 * References: newreno, RFC 5681 3.1 (one segment a round trip) and the response function of RFC
 * 3649 5, 1.2 / sqrt(p); cubic, RFC 9438 figures 1, 2 and 6; bbr, its window of two BDP and the
 * rate less what is lost.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/vimage.h>

#include "kern/kernel.h"
#include "netinet/tcp/cc/cc.h"
#include "tests/tcp/wire.h"

#define RATE	12500000.0	/* bytes a second */
#define RTT	0.040
#define BDP	(RATE * RTT)
#define MSS	1448.0
#define STEP	(2 * MSEC)

struct flow {
	struct socket	*fl_so[2];
	struct tcpcb	*fl_tp;
	uint64_t	 fl_got, fl_last;
};

/* The window the documents want. */
struct reference {
	double		 rf_wmax, rf_start, rf_begin;	/* segments, s */
	double		 rf_wnd;
	uint32_t	 rf_ssthresh;
	bool		 rf_recovering, rf_known;
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
	fl->fl_tp = sototcpcb(fl->fl_so[0]);
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
	if (cc_byname(cc) == NULL) {
		fprintf(stderr, "ccplot: no algorithm %s\n", cc);
		exit(64);
	}
	memset(tv->tv_cc, 0, sizeof(tv->tv_cc));
	memcpy(tv->tv_cc, cc, strlen(cc));
}

static void
reference_reduced(struct reference *rf, const struct tcpcb *tp, const char *cc)
{
	double before = tp->snd_ssthresh / MSS / (strcmp(cc, "cubic") == 0 ? 0.7 : 0.5);

	/* RFC 9438 4.7: fast convergence. */
	rf->rf_wmax = rf->rf_known && before < rf->rf_wmax ? before * 0.85 : before;
	rf->rf_start = tp->snd_ssthresh / MSS;
	rf->rf_known = true;
}

static double
reference_step(struct reference *rf, const struct tcpcb *tp, const char *cc, double t)
{
	bool rec = (tp->t_flags & TF_FASTRECOVERY) != 0;
	double k;

	if (strcmp(cc, "bbr") == 0)
		return (2 * BDP / MSS);
	if (rec && !rf->rf_recovering)
		reference_reduced(rf, tp, cc);
	if (!rec && rf->rf_recovering) {
		rf->rf_begin = t;
		rf->rf_wnd = rf->rf_start;
	}
	rf->rf_recovering = rec;
	if (!rf->rf_known || rec)
		return (rf->rf_known ? rf->rf_start : tp->snd_cwnd / MSS);
	if (strcmp(cc, "cubic") == 0) {
		k = cbrt((rf->rf_wmax - rf->rf_start) / 0.4);
		return (0.4 * (t - rf->rf_begin - k) * (t - rf->rf_begin - k) *
			(t - rf->rf_begin - k) + rf->rf_wmax);
	}
	return (rf->rf_wnd += (double)STEP / 1e9 / ((tp->t_srtt >> 3) / 1e6));
}

static void
plot_cwnd(const char *cc, double seconds)
{
	struct reference rf = { .rf_known = false };
	struct flow fl;
	struct wire w;
	double ref;

	path_init(&w, cc);
	flow_begin(&w, &fl, 80);
	for (unsigned i = 1; now(&w) < seconds; i++) {
		flow_step(&w, &fl);
		wire_run(&w, STEP);
		ref = reference_step(&rf, fl.fl_tp, cc, now(&w));
		if (i % 25 == 0)
			printf("%.3f %.1f %.1f %.2f %.2f %.1f\n", now(&w), fl.fl_tp->snd_cwnd / MSS,
			    fl.fl_tp->snd_ssthresh / MSS, flow_rate(&fl, 25 * (double)STEP / 1e9),
			    (fl.fl_tp->t_srtt >> 3) / 1e3, ref);
	}
}

static void
plot_fair(const char *cc, double seconds)
{
	struct flow fl[2];
	struct wire w;
	unsigned n = 1;
	double a, b;

	path_init(&w, cc);
	flow_begin(&w, &fl[0], 80);
	for (unsigned i = 1; now(&w) < seconds; i++) {
		if (n == 1 && now(&w) >= seconds / 4) {
			flow_begin(&w, &fl[1], 81);
			n = 2;
		}
		for (unsigned j = 0; j < n; j++)
			flow_step(&w, &fl[j]);
		wire_run(&w, STEP);
		if (i % 500 != 0)
			continue;
		a = flow_rate(&fl[0], 500 * (double)STEP / 1e9);
		b = n == 2 ? flow_rate(&fl[1], 500 * (double)STEP / 1e9) : 0;
		printf("%.3f %.2f %.2f %.3f\n", now(&w), a, b,
		    n == 2 ? (a + b) * (a + b) / (2 * (a * a + b * b)) : 1);
	}
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
	}
}

int
main(int argc, char **argv)
{
	double seconds = argc == 4 ? atof(argv[3]) : 0;

	if (seconds <= 0) {
		fprintf(stderr, "usage: ccplot cwnd | fair | loss ALGORITHM SECONDS\n");
		return (64);
	}
	if (strcmp(argv[1], "cwnd") == 0)
		plot_cwnd(argv[2], seconds);
	else if (strcmp(argv[1], "fair") == 0)
		plot_fair(argv[2], seconds);
	else
		plot_loss(argv[2], seconds);
	return (0);
}
