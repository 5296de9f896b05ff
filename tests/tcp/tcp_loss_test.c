/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Losses and what looks like them, on the wire of wire.h, packet by packet: RACK-TLP (RFC 8985),
 * PRR (RFC 9937), the scoreboard without RACK (RFC 6675), Eifel, DSACK and F-RTO undo.  Virtual
 * time; super-packets are cut, so that a packet is a segment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "kern/kernel.h"
#include "netinet/tcp/cc/cc.h"
#include "wire.h"

#define RTT	(20 * MSEC)

/* What happens to data packets to side 1, by the order of their sending (from 1) or the segment. */
struct plan {
	unsigned	 pl_data;	/* seen */
	uint8_t		 pl_drop[128];	/* how often the n-th segment (from 1) is lost */
	unsigned	 pl_holdfrom, pl_holdto;	/* these are late */
	uint64_t	 pl_hold;
	uint64_t	 pl_release;	/* the path stands still until then */
	bool		 pl_blackout;
	uint32_t	 pl_seq[256];	/* relative to pl_base */
	uint32_t	 pl_base, pl_mss;
	uint64_t	 pl_when[256];
};

struct pair {
	struct wire	 w;
	struct plan	 plan;
	struct socket	*so[2];
	struct tcpcb	*tp[2];
};

#define MSS	(p.plan.pl_mss)

static uint8_t data[1 << 20];

static enum wire_verdict
plan_filter(struct wire *w, struct wpkt *wp)
{
	struct plan *pl = w->w_arg;
	uint32_t seg;

	if (wp->wp_to != 1 || wp_dlen(wp) == 0)
		return (WIRE_PASS);
	pl->pl_data++;
	if (pl->pl_data < 256) {
		pl->pl_seq[pl->pl_data] = NTOHL(wp_th(wp)->th_seq) - pl->pl_base;
		pl->pl_when[pl->pl_data] = vi_sim_now(w->w_host);
	}
	if (pl->pl_data >= pl->pl_holdfrom && pl->pl_data <= pl->pl_holdto)
		wp->wp_hold = pl->pl_hold;
	if (pl->pl_release > vi_sim_now(w->w_host))
		wp->wp_hold = pl->pl_release - vi_sim_now(w->w_host);
	seg = (NTOHL(wp_th(wp)->th_seq) - pl->pl_base) / pl->pl_mss + 1;
	if (pl->pl_blackout)
		return (WIRE_LOSE);
	if (seg >= NITEMS(pl->pl_drop) || pl->pl_drop[seg] == 0)
		return (WIRE_PASS);
	pl->pl_drop[seg]--;
	return (WIRE_LOSE);
}

/* A connection with a measured round trip of 20 ms and a window of cwnd segments. */
static void
pair_init(struct pair *p, uint64_t seed, bool stamps, uint32_t cwnd)
{
	uint32_t mss;
	int error;

	memset(&p->plan, 0, sizeof(p->plan));
	wire_init(&p->w, seed);
	p->w.w_delay = RTT / 2;
	p->w.w_cut = true;
	wire_tcp(&p->w, 0)->tv_rfc1323 = stamps;
	wire_pair(&p->w, p->so);
	for (int i = 0; i < 2; i++)
		p->tp[i] = sototcpcb(p->so[i]);
	p->plan.pl_mss = mss = p->tp[0]->t_maxseg;
	for (int i = 0; i < 20; i++) {
		wire_send(&p->w, p->so[0], data, 2 * mss, 0);
		wire_run(&p->w, 2 * RTT);
		wire_recv(&p->w, p->so[1], data, sizeof(data), &error);
	}
	assert_in_range(p->tp[0]->t_srtt >> 3, 20000, 21000);
	p->tp[0]->snd_cwnd = cwnd * mss;
	p->plan.pl_base = p->tp[0]->snd_nxt;
	p->w.w_filter = plan_filter;
	p->w.w_arg = &p->plan;
}

static void
pair_fini(struct pair *p)
{
	soclose(p->so[0]);
	soclose(p->so[1]);
	wire_idle(&p->w);
	wire_fini(&p->w);
}

static void
sends(struct pair *p, uint32_t segs)
{
	assert_int_equal(wire_send(&p->w, p->so[0], data, segs * p->plan.pl_mss, 0),
	    segs * p->plan.pl_mss);
}

static void
arrived(struct pair *p, uint32_t segs)
{
	assert_int_equal(p->so[1]->so_rcv.sb_cc, segs * p->plan.pl_mss);
}

static const struct tcpstat *
stat(struct pair *p)
{
	return (&wire_tcp(&p->w, 0)->tv_stat);
}

/* RFC 8985 3.1: a lost retransmission is found by what was sent after it, without the timer. */
static void
lost_retransmission(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 1, true, 20);
	p.plan.pl_drop[3] = 2;
	sends(&p, 40);
	wire_run(&p.w, 15 * RTT);
	arrived(&p, 40);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	assert_int_equal(stat(&p)->tcps_fastrexmit, 1);
	assert_int_equal(stat(&p)->tcps_sndrexmitbyte, 2 * MSS);
	assert_int_equal(p.tp[0]->t_flags & (TF_FASTRECOVERY | TF_RTO), 0);
	pair_fini(&p);
}

/*
 * RFC 8985 6.2.1: the first reordering may cost a retransmission; afterwards what is late by less
 * than the reordering window (min_RTT / 4) costs none.
 */
static void
reordering(void **state)
{
	struct pair p;
	uint64_t rexmt;
	int error;

	(void)state;
	pair_init(&p, 2, true, 20);
	p.plan.pl_holdfrom = p.plan.pl_holdto = 3;
	p.plan.pl_hold = RTT / 5;
	sends(&p, 4);				/* overtaken by one only: RACK waits */
	wire_run(&p.w, 10 * RTT);
	arrived(&p, 4);
	assert_int_equal(stat(&p)->tcps_sndrexmitpack, 0);
	assert_true(p.tp[0]->t_lr.lr_rack.rk_reoseen);
	wire_recv(&p.w, p.so[1], data, sizeof(data), &error);
	p.tp[0]->snd_cwnd = 20 * MSS;
	p.plan.pl_holdfrom = p.plan.pl_holdto = p.plan.pl_data + 3;
	sends(&p, 16);				/* overtaken by 13 */
	wire_run(&p.w, 10 * RTT);
	arrived(&p, 16);
	rexmt = stat(&p)->tcps_sndrexmitpack;
	assert_int_equal(rexmt, 0);
	assert_int_equal(stat(&p)->tcps_fastrexmit, 0);
	pair_fini(&p);
}

/* RFC 8985 7: a lost end is found by a probe, long before the timeout; the window is halved. */
static void
tail_loss(void **state)
{
	struct pair p;

	(void)state;
	for (unsigned lost = 1; lost <= 3; lost++) {
		pair_init(&p, 3, true, 20);
		for (unsigned i = 0; i < lost; i++)
			p.plan.pl_drop[16 - i] = 1;
		sends(&p, 16);
		/* The last one alone might be waiting for a delayed ACK; so did the 13th. */
		wire_run(&p.w, lost == 1 ? 16 * RTT : 9 * RTT);
		arrived(&p, 16);
		assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
		assert_int_equal(stat(&p)->tcps_tlp_probes, 1);
		assert_int_equal(stat(&p)->tcps_sndrexmitbyte, lost * MSS);
		/* The probe is the last segment, two round trips after the last ACK. */
		assert_int_equal(p.plan.pl_seq[17], 15 * MSS);
		assert_in_range(p.plan.pl_when[17] - p.plan.pl_when[16], 2 * RTT,
		    lost == 1 ? 15 * RTT : 5 * RTT);
		sends(&p, 1);
		wire_run(&p.w, 20 * RTT);
		arrived(&p, 17);
		assert_true(p.tp[0]->snd_ssthresh < 16 * MSS);
		assert_int_equal(stat(&p)->tcps_tlp_recovered, lost == 1);
		pair_fini(&p);
	}
}

/* RFC 8985 7.4: a probe that was not needed costs no window. */
static void
needless_probe(void **state)
{
	struct pair p;
	uint32_t ssthresh;

	(void)state;
	pair_init(&p, 4, false, 20);
	ssthresh = p.tp[0]->snd_ssthresh;
	p.plan.pl_holdfrom = 1;
	p.plan.pl_holdto = 16;
	p.plan.pl_hold = 3 * RTT;
	sends(&p, 16);
	wire_run(&p.w, 30 * RTT);
	arrived(&p, 16);
	assert_int_equal(stat(&p)->tcps_tlp_probes, 1);
	sends(&p, 1);
	wire_run(&p.w, 30 * RTT);
	assert_int_equal(stat(&p)->tcps_tlp_recovered, 0);
	assert_int_equal(p.tp[0]->snd_ssthresh, ssthresh);
	pair_fini(&p);
}

/*
 * RFC 9937: while in recovery each ACK lets out beta of what it delivers, so that new data goes on
 * during the recovery's round trip; at its end the window is ssthresh.
 */
static void
proportional(void **state)
{
	struct pair p;
	unsigned sent;

	(void)state;
	pair_init(&p, 5, true, 40);
	p.tp[0]->t_cc->cc_init(p.tp[0]);
	p.plan.pl_drop[1] = 1;
	sends(&p, 80);
	wire_run(&p.w, RTT / 2);
	assert_int_equal(p.plan.pl_data, 40);
	wire_run(&p.w, RTT - RTT / 4);		/* all the ACKs of the first window */
	assert_true(p.tp[0]->t_flags & TF_FASTRECOVERY);
	assert_in_range(p.tp[0]->snd_ssthresh, 27 * MSS, 28 * MSS);	/* CUBIC: 0.7 */
	sent = p.plan.pl_data - 40;
	assert_in_range(sent, 26, 29);
	assert_true(p.plan.pl_seq[43] == 0 || p.plan.pl_seq[42] == 0 || p.plan.pl_seq[44] == 0);
	wire_run(&p.w, RTT);
	assert_false(p.tp[0]->t_flags & TF_FASTRECOVERY);
	wire_run(&p.w, 20 * RTT);
	arrived(&p, 80);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	assert_int_equal(stat(&p)->tcps_sndrexmitpack, 1);
	pair_fini(&p);
}

/* Without PRR (net.inet.tcp.do_prr=0) nothing new goes out until the window is reached. */
static void
no_reduction(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 5, true, 40);
	wire_tcp(&p.w, 0)->tv_prr = 0;
	p.plan.pl_drop[1] = 1;
	sends(&p, 80);
	wire_run(&p.w, RTT + RTT / 4);
	assert_true(p.tp[0]->t_flags & TF_FASTRECOVERY);
	assert_in_range(p.tp[0]->snd_cwnd, 27 * MSS, 28 * MSS);
	assert_in_range(tcp_pipe(p.tp[0]), 26 * MSS, 28 * MSS);
	wire_run(&p.w, 20 * RTT);
	arrived(&p, 80);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	pair_fini(&p);
}

/* net.inet.tcp.rack=0: RFC 6675 repairs the same. */
static void
scoreboard(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 6, true, 20);
	wire_tcp(&p.w, 0)->tv_rack = 0;
	p.plan.pl_drop[2] = p.plan.pl_drop[5] = p.plan.pl_drop[6] = p.plan.pl_drop[9] = 1;
	sends(&p, 20);
	wire_run(&p.w, 10 * RTT);
	arrived(&p, 20);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	assert_int_equal(stat(&p)->tcps_sndrexmitbyte, 4 * MSS);
	assert_int_equal(stat(&p)->tcps_tlp_probes, 0);
	pair_fini(&p);
}

/* The third of 20 segments comes late: seen as lost, and the reduction taken back. */
static void
overtaken(struct pair *p, uint32_t segs)
{
	p->plan.pl_holdfrom = p->plan.pl_holdto = 2;
	p->plan.pl_hold = RTT / 2;
	sends(p, segs);
	wire_run(&p->w, 10 * RTT);
	arrived(p, segs);
	assert_int_equal(stat(p)->tcps_fastrexmit, 1);
	assert_true(p->tp[0]->snd_cwnd >= 20 * p->plan.pl_mss);
	assert_true(p->tp[0]->snd_ssthresh > 1000 * p->plan.pl_mss);
}

/* Seen as lost, but only late: Eifel takes the reduction back at the first ACK. */
static void
eifel(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 7, true, 20);
	overtaken(&p, 40);
	assert_int_equal(stat(&p)->tcps_undo_eifel, 1);
	pair_fini(&p);
}

/* The same without timestamps: the duplicate is reported by a DSACK. */
static void
dsack(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 8, false, 20);
	overtaken(&p, 20);
	assert_int_equal(stat(&p)->tcps_sack_dsack_rcv, 1);
	assert_int_equal(stat(&p)->tcps_undo_dsack, 1);
	assert_int_equal(p.tp[0]->t_lr.lr_rack.rk_reomult, 2);
	pair_fini(&p);
}

/* A duplicate the network made, long after a real loss, is no reason to take its reduction back. */
static void
network_duplicate(void **state)
{
	struct pair p;
	uint32_t ssthresh;
	int error;

	(void)state;
	pair_init(&p, 8, false, 20);
	p.plan.pl_drop[2] = 1;
	sends(&p, 20);
	wire_run(&p.w, 10 * RTT);
	arrived(&p, 20);
	ssthresh = p.tp[0]->snd_ssthresh;
	assert_true(ssthresh < 15 * MSS);
	for (int i = 0; i < 4; i++) {
		wire_recv(&p.w, p.so[1], data, sizeof(data), &error);
		p.w.w_dup = i == 3 ? 1000000 : 0;
		sends(&p, 1);
		p.w.w_dup = 0;
		wire_run(&p.w, 10 * RTT);
	}
	assert_int_equal(stat(&p)->tcps_sack_dsack_rcv, 1);
	assert_int_equal(stat(&p)->tcps_undo_dsack, 0);
	assert_int_equal(p.tp[0]->snd_ssthresh, ssthresh);
	pair_fini(&p);
}

/* RFC 5682: everything is late by more than the timeout; one needless segment, no window lost. */
static void
frto(void **state)
{
	struct pair p;

	(void)state;
	for (int stamps = 0; stamps < 2; stamps++) {
		pair_init(&p, 9, stamps, 20);
		p.plan.pl_release = vi_sim_now(p.w.w_host) + 330 * MSEC;
		sends(&p, 80);
		wire_run(&p.w, 100 * RTT);
		arrived(&p, 80);
		assert_int_equal(stat(&p)->tcps_rexmttimeo, 1);
		assert_int_equal(stat(&p)->tcps_undo_eifel, stamps);
		assert_int_equal(stat(&p)->tcps_undo_frto, !stamps);
		assert_in_range(stat(&p)->tcps_sndrexmitpack, 1, 2);
		assert_true(p.tp[0]->snd_cwnd >= 20 * MSS);
		assert_true(p.tp[0]->snd_ssthresh > 1000 * MSS);
		pair_fini(&p);
	}
}

/* A real timeout is none that F-RTO takes back. */
static void
real_timeout(void **state)
{
	struct pair p;

	(void)state;
	for (int stamps = 0; stamps < 2; stamps++) {
		pair_init(&p, 10, stamps, 20);
		p.plan.pl_blackout = true;
		sends(&p, 40);
		wire_run(&p.w, 240 * MSEC);
		p.plan.pl_blackout = false;
		wire_run(&p.w, 100 * RTT);
		arrived(&p, 40);
		assert_in_range(stat(&p)->tcps_rexmttimeo, 1, 2);
		assert_int_equal(stat(&p)->tcps_undo_frto + stat(&p)->tcps_undo_eifel +
		    stat(&p)->tcps_undo_dsack, 0);
		assert_true(p.tp[0]->snd_ssthresh <= 14 * MSS);
		pair_fini(&p);
	}
}

/* RFC 2018 8: a receiver drops what it had SACKed; the timer brings it again. */
static void
reneging(void **state)
{
	struct pair p;

	(void)state;
	for (int rack = 0; rack < 2; rack++) {
		pair_init(&p, 12, true, 20);
		wire_tcp(&p.w, 0)->tv_rack = rack;
		p.plan.pl_drop[1] = 2;
		sends(&p, 10);
		wire_run(&p.w, RTT + RTT / 4);
		assert_int_equal(p.tp[0]->snd_sacked, 9 * MSS);
		kernel_lock(p.w.w_k);
		tcp_reass_flush(p.tp[1]);
		p.tp[1]->t_nrsack = 0;
		kernel_unlock(p.w.w_k);
		wire_run(&p.w, 100 * RTT);
		arrived(&p, 10);
		assert_in_range(stat(&p)->tcps_rexmttimeo, 1, 2);
		assert_int_equal(p.tp[0]->snd_una, p.tp[0]->snd_max);
		assert_int_equal(p.tp[0]->t_lr.lr_recs.rs_count, 0);
		pair_fini(&p);
	}
}

/* Records are cut by SACKs and without memory become coarse; nothing is lost by that. */
static void
records_without_memory(void **state)
{
	struct acctset *as;
	struct pair p;

	(void)state;
	pair_init(&p, 11, true, 60);
	for (unsigned i = 2; i < 60; i += 4)
		p.plan.pl_drop[i] = 1;
	sends(&p, 60);
	as = vnet_acct(p.w.w_vn[0]);
	acct_setlimit(as, ACCT_TCPCB, as->as_acct[ACCT_TCPCB].ac_bytes + 300);
	wire_run(&p.w, 500 * RTT);
	arrived(&p, 60);
	acct_setlimit(as, ACCT_TCPCB, 0);
	assert_true(stat(&p)->tcps_rec_coarse > 0);
	pair_fini(&p);
}

/* Without SACK, after nearly 2 GB without a loss: the next one is repaired by three duplicates all the same. */
static void
first_loss_after_long(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 12, true, 60);
	for (int i = 0; i < 2; i++)
		p.tp[i]->t_flags &= ~(uint32_t)TF_SACK_PERMIT;
	p.tp[0]->snd_recover = p.tp[0]->snd_una - (INT32_MAX - 10 * MSS);
	sends(&p, 20);
	wire_run(&p.w, 2 * RTT);
	arrived(&p, 20);
	p.plan.pl_drop[21] = 1;
	sends(&p, 10);
	wire_run(&p.w, 3 * RTT);
	arrived(&p, 30);
	assert_int_equal(stat(&p)->tcps_fastrexmit, 1);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	pair_fini(&p);
}

/* RFC 8985 6.2 step 4: however often the window was widened, it is not beyond a smoothed round trip. */
static void
bounded_window(void **state)
{
	struct pair p;
	unsigned n;

	(void)state;
	pair_init(&p, 13, true, 20);
	p.tp[0]->t_lr.lr_rack.rk_reoseen = true;
	p.tp[0]->t_lr.lr_rack.rk_reomult = 100;
	p.plan.pl_drop[3] = 1;
	sends(&p, 10);
	wire_run(&p.w, 10 * RTT);
	arrived(&p, 10);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	for (n = 11; n <= p.plan.pl_data && p.plan.pl_seq[n] != 2 * MSS; n++)
		;
	assert_in_range(p.plan.pl_when[n] - p.plan.pl_when[3], 2 * RTT - RTT / 10, 2 * RTT + RTT / 4);
	pair_fini(&p);
}

/* RFC 6675 4, NextSeg 4: the lost end goes again once, before the timer is needed. */
static void
rescue(void **state)
{
	struct pair p;
	unsigned n = 0;

	(void)state;
	pair_init(&p, 14, true, 20);
	wire_tcp(&p.w, 0)->tv_rack = 0;
	p.plan.pl_drop[3] = p.plan.pl_drop[6] = p.plan.pl_drop[12] = 1;
	sends(&p, 12);
	wire_run(&p.w, 6 * RTT);
	arrived(&p, 12);
	assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
	for (unsigned i = 13; i <= p.plan.pl_data; i++)
		n += p.plan.pl_seq[i] == 11 * MSS;
	assert_int_equal(n, 1);
	pair_fini(&p);
}

/* RFC 5682 2.1, 3.1: a timeout while losses are being repaired is not looked at. */
static void
timeout_in_recovery(void **state)
{
	struct pair p;

	(void)state;
	for (int recovering = 0; recovering < 2; recovering++) {
		pair_init(&p, 15, true, 20);
		wire_tcp(&p.w, 0)->tv_rack = 0;
		if (recovering)
			p.plan.pl_drop[1] = 3;		/* and what repairs it */
		else
			p.plan.pl_blackout = true;
		sends(&p, 20);
		while (stat(&p)->tcps_rexmttimeo == 0)
			wire_run(&p.w, MSEC);
		assert_int_equal(stat(&p)->tcps_fastrexmit, recovering);
		assert_int_equal(p.tp[0]->t_lr.lr_undo.un_frto, !recovering);
		p.plan.pl_blackout = false;
		wire_run(&p.w, 100 * RTT);
		arrived(&p, 20);
		pair_fini(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_retransmission),
		cmocka_unit_test(reordering),
		cmocka_unit_test(tail_loss),
		cmocka_unit_test(needless_probe),
		cmocka_unit_test(proportional),
		cmocka_unit_test(no_reduction),
		cmocka_unit_test(scoreboard),
		cmocka_unit_test(eifel),
		cmocka_unit_test(dsack),
		cmocka_unit_test(network_duplicate),
		cmocka_unit_test(frto),
		cmocka_unit_test(real_timeout),
		cmocka_unit_test(reneging),
		cmocka_unit_test(records_without_memory),
		cmocka_unit_test(first_loss_after_long),
		cmocka_unit_test(bounded_window),
		cmocka_unit_test(rescue),
		cmocka_unit_test(timeout_in_recovery),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
