/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for the path's MTU (RFC 4821): two stacks whose interfaces take 9000 bytes, and a path between them that loses what
 * is longer than it carries without a word.
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
#define CHUNK	200000u

struct path {
	struct wire	 w;
	struct socket	*so[2];
	struct tcpcb	*tp;		/* of the sender, side 0 */
	uint32_t	 limit;		/* IP packets to side 1 */
	uint32_t	 losenext;	/* as many behind a probe are lost too */
	uint32_t	 longest;	/* seen */
	unsigned	 lost;
};

static uint8_t data[CHUNK];

static enum wire_verdict
path_filter(struct wire *w, struct wpkt *wp)
{
	struct path *p = w->w_arg;
	uint32_t len = wp->wp_len + 20;

	if (wp->wp_to != 1)
		return (WIRE_PASS);
	if (wp_dlen(wp) > 0 && len > p->longest)
		p->longest = len;
	if (len > p->limit) {
		p->lost++;
		return (WIRE_LOSE);
	}
	if (p->lost > 0 && p->losenext > 0) {
		p->losenext--;
		return (WIRE_LOSE);
	}
	return (WIRE_PASS);
}

/* Side 0 calls (active) or is called. */
static void
path_init(struct path *p, const char *probing, uint32_t limit, bool active)
{
	struct socket *so;

	memset(p, 0, sizeof(*p));
	p->limit = limit;
	wire_init(&p->w, 1);
	p->w.w_delay = RTT / 2;
	p->w.w_cut = true;
	p->w.w_mtu = 9000;
	p->w.w_filter = path_filter;
	p->w.w_arg = p;
	wire_sysctl(&p->w, 0, "net.inet.tcp.hostcache.enable", "0");
	wire_sysctl(&p->w, 0, "net.inet.tcp.pmtud_probing", probing);
	wire_pair(&p->w, p->so);
	if (!active) {
		soclose(p->so[0]);
		soclose(p->so[1]);
		so = wire_listen(&p->w, 0, 99, 1);
		p->so[1] = wire_socket(&p->w, 1);
		assert_int_equal(wire_connect(&p->w, p->so[1], 0, 99), 0);
		p->so[0] = wire_accept(&p->w, so);
		soclose(so);
	}
	p->tp = sototcpcb(p->so[0]);
}

static void
path_fini(struct path *p)
{
	soclose(p->so[0]);
	soclose(p->so[1]);
	wire_idle(&p->w);
	wire_fini(&p->w);
}

/* n chunks go over, with pauses; fails unless each arrives within a minute. */
static void
path_carry(struct path *p, unsigned n)
{
	int error;

	for (unsigned i = 0; i < n; i++) {
		size_t sent = 0, got = 0;

		for (unsigned t = 0; got < CHUNK && t < 3000; t++) {
			sent += wire_send(&p->w, p->so[0], data, CHUNK - sent, 0);
			wire_run(&p->w, RTT);
			got += wire_recv(&p->w, p->so[1], data, sizeof(data), &error);
		}
		assert_int_equal(got, CHUNK);
		wire_run(&p->w, 10 * SEC);	/* longer than a probe that failed keeps the next one back */
	}
}

static const struct tcpstat *
stat(struct path *p)
{
	return (&wire_tcp(&p->w, 0)->tv_stat);
}

static uint32_t
packet(const struct path *p)
{
	return (p->tp->t_maxseg + tcp_options_len(p->tp) + 40);
}

/* RFC 4821 7.2, 7.3: from the base size to what the path carries, in halves of what is left. */
static void
search(void **state)
{
	static const uint32_t limits[] = { 1300, 1500, 4000, 8999, 9000 };
	struct path p;

	(void)state;
	for (size_t i = 0; i < NITEMS(limits); i++) {
		path_init(&p, "2", limits[i], true);
		assert_int_equal(packet(&p), 1240);
		path_carry(&p, 20);
		assert_in_range(packet(&p), limits[i] - 8, limits[i]);
		assert_int_equal(stat(&p)->tcps_mtup_failed, p.lost);
		assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
		assert_in_range(stat(&p)->tcps_mtup_probes, 5, 20);
		assert_int_equal(stat(&p)->tcps_mtup_probes,
		    stat(&p)->tcps_mtup_succeeded + stat(&p)->tcps_mtup_failed);
		/* The last step is to what the peer says it takes, to the byte. */
		if (limits[i] == 9000)
			assert_int_equal(packet(&p), 9000);
		path_fini(&p);
	}
}

/* RFC 4821 7.6.2: the loss of a probe reduces no window, whatever finds it. */
static void
no_congestion(void **state)
{
	static const char *const ccs[] = { "cubic", "newreno", "bbr" };
	struct path p;
	uint32_t ssthresh;

	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		for (size_t i = 0; i < NITEMS(ccs); i++) {
			path_init(&p, "2", 1240, true);
			assert_int_equal(sosetopt(p.so[0], VI_TCP_CONGESTION, ccs[i], strlen(ccs[i])), 0);
			if (way == 1)
				wire_tcp(&p.w, 0)->tv_rack = 0;
			if (way == 2)
				p.tp->t_flags &= ~(uint32_t)TF_SACK_PERMIT;
			ssthresh = p.tp->snd_ssthresh;
			path_carry(&p, 6);
			assert_true(p.lost >= 3);
			assert_int_equal(stat(&p)->tcps_mtup_failed, p.lost);
			assert_int_equal(stat(&p)->tcps_rexmttimeo, 0);
			assert_int_equal(packet(&p), 1240);
			assert_int_equal(p.tp->t_flags & (TF_FASTRECOVERY | TF_RTO), 0);
			if (way == 0) {
				assert_int_equal(stat(&p)->tcps_fastrexmit, 0);
				if (i < 2)
					assert_int_equal(p.tp->snd_ssthresh, ssthresh);
			}
			/* Nothing was ever lost: the window is beyond its first. */
			assert_true(p.tp->snd_cwnd > 15 * p.tp->t_maxseg);
			path_fini(&p);
		}
	}
}

/* Missing among others, a probe says nothing of sizes, and it is congestion. */
static void
inconclusive(void **state)
{
	struct path p;
	uint32_t high;

	(void)state;
	path_init(&p, "2", 1240, true);
	high = p.tp->t_mtup.mp_high;
	p.losenext = 1;
	while (p.lost == 0) {
		wire_send(&p.w, p.so[0], data, CHUNK, 0);
		wire_run(&p.w, RTT / 4);
	}
	wire_run(&p.w, 2 * RTT);
	assert_int_equal(p.losenext, 0);
	assert_true(stat(&p)->tcps_mtup_failed == 0 || p.lost > 1);
	assert_int_equal(stat(&p)->tcps_fastrexmit, 1);
	if (p.lost == 1)
		assert_int_equal(p.tp->t_mtup.mp_high, high);
	path_fini(&p);
}

/* RFC 4821 7.3: after a while the path may have become wider. */
static void
raised(void **state)
{
	struct path p;

	(void)state;
	path_init(&p, "2", 2000, true);
	wire_sysctl(&p.w, 0, "net.inet.tcp.pmtud_probe_interval", "1000");
	path_carry(&p, 20);
	assert_in_range(packet(&p), 1992, 2000);
	p.limit = 9000;
	path_carry(&p, 2);
	assert_in_range(packet(&p), 1992, 2000);
	wire_run(&p.w, 1000 * SEC);
	path_carry(&p, 20);
	assert_int_equal(packet(&p), 9000);
	path_fini(&p);
}

/* With 1 nothing is probed until timeouts tell of a black hole; then smaller, and up again. */
static void
after_black_hole(void **state)
{
	struct path p;

	(void)state;
	path_init(&p, "1", 9000, true);
	path_carry(&p, 2);
	assert_int_equal(packet(&p), 9000);
	assert_int_equal(stat(&p)->tcps_mtup_probes, 0);
	p.limit = 1400;
	path_carry(&p, 20);
	assert_in_range(packet(&p), 1392, 1400);
	assert_int_equal(stat(&p)->tcps_pmtud_blackhole_activated, 1);
	/* Narrower than the base: halves of it. */
	p.limit = 700;
	path_carry(&p, 20);
	assert_in_range(packet(&p), 692, 700);
	assert_int_equal(stat(&p)->tcps_pmtud_blackhole_activated, 3);
	path_fini(&p);

	/* As narrow as we go: net.inet.tcp.minmss and pmtud_probe_floor. */
	path_init(&p, "1", 200, true);
	wire_sysctl(&p.w, 0, "net.inet.tcp.pmtud_probe_floor", "300");
	wire_send(&p.w, p.so[0], data, 20000, 0);
	wire_run(&p.w, 300 * SEC);
	assert_int_equal(packet(&p), 340);
	path_fini(&p);
}

/* A connection that the peer began uses what the path is said to carry, and finds out from there. */
static void
passive(void **state)
{
	struct path p;

	(void)state;
	path_init(&p, "2", 9000, false);
	assert_int_equal(packet(&p), 9000);
	path_carry(&p, 3);
	assert_int_equal(packet(&p), 9000);
	assert_int_equal(stat(&p)->tcps_mtup_probes, 0);
	path_fini(&p);
	path_init(&p, "2", 3000, false);
	path_carry(&p, 20);
	assert_in_range(packet(&p), 2992, 3000);
	path_fini(&p);
}

/* Nothing longer than the interface takes, or than the user wants. */
static void
bounded(void **state)
{
	struct path p;

	(void)state;
	path_init(&p, "2", 9000, true);
	p.w.w_mtu = 5000;
	path_carry(&p, 20);
	assert_int_equal(packet(&p), 5000);
	assert_true(p.longest <= 5000);
	path_fini(&p);
	path_init(&p, "0", 9000, true);
	path_carry(&p, 1);
	assert_int_equal(packet(&p), 9000);
	assert_int_equal(p.tp->t_flags & TF_MTUP, 0);
	path_fini(&p);
}

/* A window too small for a probe and what must follow it is left alone. */
static void
small_window(void **state)
{
	struct path p;

	(void)state;
	path_init(&p, "2", 9000, true);
	soclose(p.so[0]);
	soclose(p.so[1]);
	wire_idle(&p.w);
	wire_sysctl(&p.w, 1, "net.inet.tcp.recvbuf_auto", "0");
	wire_sysctl(&p.w, 1, "net.inet.tcp.recvspace", "8000");
	wire_pair(&p.w, p.so);
	p.tp = sototcpcb(p.so[0]);
	path_carry(&p, 1);
	assert_int_equal(stat(&p)->tcps_mtup_probes, 0);
	assert_int_equal(packet(&p), 1240);
	path_fini(&p);
}

/* RFC 4821 7.6.2: after a failure the next probe waits as many round trips as the window has segments. */
static void
rare(void **state)
{
	struct path p;
	unsigned lost;
	uint64_t then;
	int error;

	(void)state;
	path_init(&p, "2", 1240, true);
	while (p.lost == 0) {
		wire_send(&p.w, p.so[0], data, CHUNK, 0);
		wire_run(&p.w, RTT / 4);
		wire_recv(&p.w, p.so[1], data, sizeof(data), &error);
	}
	then = vi_sim_now(p.w.w_host);
	lost = p.lost;
	while (stat(&p)->tcps_mtup_failed == 0 || p.lost == lost) {
		wire_send(&p.w, p.so[0], data, CHUNK, 0);
		wire_run(&p.w, RTT / 4);
		wire_recv(&p.w, p.so[1], data, sizeof(data), &error);
		assert_true(vi_sim_now(p.w.w_host) - then < 1000 * SEC);
	}
	assert_true(vi_sim_now(p.w.w_host) - then >= 10 * RTT);
	path_fini(&p);
}

/* RFC 4821 7.6.2: a router says what it carries: nothing longer is tried. */
static void
told(void **state)
{
	struct path p;

	(void)state;
	path_init(&p, "2", 9000, true);
	assert_int_equal(wire_send(&p.w, p.so[0], data, 1000, 0), 1000);
	wire_ctl(&p.w, 0, p.so[0]->so_pcb, INET_CTL_MSGSIZE, 3000, p.tp->snd_una);
	assert_int_equal(p.tp->t_mtup.mp_high, 3000);
	wire_run(&p.w, RTT);
	wire_recv(&p.w, p.so[1], data, sizeof(data), &(int){ 0 });
	path_carry(&p, 20);
	assert_in_range(p.longest, 2900, 3000);
	assert_int_equal(stat(&p)->tcps_mtup_failed, 0);
	path_fini(&p);
}

/* RFC 4821 7.6.3: the timer finds a loss while a probe is out: that says nothing of the size, and the next one waits five times as long as after a failed one. */
static void
timeout_with_probe(void **state)
{
	uint64_t rounds, wait;
	uint32_t high;
	struct path p;

	(void)state;
	path_init(&p, "2", 9000, true);
	wire_send(&p.w, p.so[0], data, CHUNK, 0);
	for (unsigned i = 0; i < 1000 && (p.tp->t_flags & TF_MTUPROBE) == 0; i++)
		wire_run(&p.w, MSEC);
	assert_true(p.tp->t_flags & TF_MTUPROBE);
	high = p.tp->t_mtup.mp_high;
	p.limit = 0;		/* and nothing gets through */
	/* What is on its way arrives, and is not acknowledged. */
	p.w.w_loss = 1000000;
	rounds = 0;
	while (stat(&p)->tcps_rexmttimeo == 0) {
		rounds = p.tp->snd_cwnd / p.tp->t_maxseg;
		wire_run(&p.w, MSEC);
	}
	if (p.tp->t_flags & TF_MTUPROBE)
		fail_msg("the probe is still out");
	wait = p.tp->t_mtup.mp_wait - vi_sim_now(p.w.w_host);
	assert_in_range(wait, (5 * rounds - 1) * (p.tp->t_srtt >> 3) * USEC, 5 * rounds * (p.tp->t_srtt >> 3) * USEC);
	assert_int_equal(p.tp->t_mtup.mp_high, high);
	p.limit = 9000;
	p.w.w_loss = 0;
	path_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search),
		cmocka_unit_test(no_congestion),
		cmocka_unit_test(inconclusive),
		cmocka_unit_test(raised),
		cmocka_unit_test(rare),
		cmocka_unit_test(after_black_hole),
		cmocka_unit_test(passive),
		cmocka_unit_test(bounded),
		cmocka_unit_test(small_window),
		cmocka_unit_test(told),
		cmocka_unit_test(timeout_with_probe),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
