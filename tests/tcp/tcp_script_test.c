/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sender and a peer made by hand: each test writes down which ACKs come when, and what has to leave
 * after each of them.  Virtual time; super-packets are cut, so that a packet is a segment.
 *
 * The peer is 10.0.0.2 port 4000, takes segments of 1000 bytes and offers 65535; its handshake takes
 * 100 ms.  Sequence numbers of data begin with 0 on both sides.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "netinet/tcp/cc/cc.h"
#include "wire.h"

#define PEER	4000
#define PORT	80
#define MSS	1000u
#define RTT	(100 * MSEC)

struct out {
	uint32_t	 o_seq, o_len, o_ack;
	uint16_t	 o_flags;
	uint64_t	 o_when;
};

struct script {
	struct wire	 w;
	struct socket	*so;
	struct tcpcb	*tp;
	struct out	 out[512];
	unsigned	 nout, seen;
	uint32_t	 iss;		/* ours, of the first byte */
	uint32_t	 peer;		/* bytes the peer sent */
	uint64_t	 start;
	uint16_t	 syn;		/* flags of the peer's SYN besides */
	uint8_t		 wscale;	/* the peer's: its windows are 65535 << wscale */
};

static uint8_t data[1 << 18];

static enum wire_verdict
keep(struct wire *w, struct wpkt *wp)
{
	struct script *sc = w->w_arg;
	const struct tcphdr *th = wp_th(wp);

	if (wp->wp_to != 1)
		return (WIRE_PASS);
	assert_true(sc->nout < NITEMS(sc->out));
	sc->out[sc->nout++] = (struct out){
	    .o_seq = NTOHL(th->th_seq) - sc->iss,
	    .o_len = wp_dlen(wp),
	    .o_ack = NTOHL(th->th_ack) - 1,
	    .o_flags = th_flags(th),
	    .o_when = vi_sim_now(w->w_host),
	};
	return (WIRE_LOSE);
}

static void
run(struct script *sc, uint64_t ns)
{
	wire_run(&sc->w, ns);
}

/* The connection; knobs are set with wire_sysctl() between prepare() and open(). */
static void
prepare(struct script *sc, bool linux)
{
	memset(sc, 0, sizeof(*sc));
	wire_init(&sc->w, 1);
	sc->w.w_cut = true;
	sc->w.w_filter = keep;
	sc->w.w_arg = sc;
	wire_sysctl(&sc->w, 0, "net.inet.tcp.sendspace", "262144");
	if (linux)
		wire_sysctl(&sc->w, 0, "net.inet.tcp.persona", "linux");
	wire_sysctl(&sc->w, 0, "net.inet.tcp.sendspace", "262144");
}

static void
open_after(struct script *sc, bool sack, uint16_t mss, uint64_t wait)
{
	uint8_t opts[12] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss, 1, 1, sack ? 4 : 1, sack ? 2 : 1,
	    1, 3, 3, sc->wscale};
	struct socket *ls = wire_listen(&sc->w, 0, PORT, 5);

	wire_inject_opts(&sc->w, 0, HTONS(PEER), HTONS(PORT), 0, 0, TH_SYN | sc->syn, 65535,
	    opts, sc->wscale != 0 ? 12 : 8);
	run(sc, wait);
	assert_true(sc->nout > 0);
	assert_int_equal(sc->out[0].o_flags & ~TH_ECE, TH_SYN | TH_ACK);
	sc->iss = sc->out[0].o_seq + 1;
	wire_inject(&sc->w, 0, HTONS(PEER), HTONS(PORT), 1, sc->iss, TH_ACK, 65535, NULL, 0);
	run(sc, MSEC);
	assert_non_null(sc->so = wire_accept(&sc->w, ls));
	sc->tp = sototcpcb(sc->so);
	soclose(ls);
	sc->seen = sc->nout;
	sc->start = vi_sim_now(sc->w.w_host);
}

static void
open_mss(struct script *sc, bool sack, uint16_t mss)
{
	open_after(sc, sack, mss, RTT);
}

static void
start(struct script *sc, bool sack, bool linux)
{
	prepare(sc, linux);
	open_mss(sc, sack, MSS);
}

static void
start_with(struct script *sc, bool sack, bool linux, const char *knob, const char *value)
{
	prepare(sc, linux);
	wire_sysctl(&sc->w, 0, knob, value);
	open_mss(sc, sack, MSS);
}

static void
stop(struct script *sc)
{
	if (sc->so != NULL) {
		wire_setint(sc->so, VI_SO_RCVBUF, 65536);
		wire_inject(&sc->w, 0, HTONS(PEER), HTONS(PORT), 1 + sc->peer, sc->tp->snd_una, TH_RST | TH_ACK, 0,
		    NULL, 0);
		soclose(sc->so);
	}
	wire_idle(&sc->w);
	wire_fini(&sc->w);
}

static void
sends(struct script *sc, uint32_t len)
{
	wire_now(&sc->w);
	assert_int_equal(wire_send(&sc->w, sc->so, data, len, 0), len);
	run(sc, 10 * USEC);
}

static void
window(struct script *sc, uint32_t upto, uint16_t win)
{
	wire_inject(&sc->w, 0, HTONS(PEER), HTONS(PORT), 1 + sc->peer, sc->iss + upto, TH_ACK, win, NULL, 0);
	run(sc, 10 * USEC);
}

static void
ack(struct script *sc, uint32_t upto)
{
	window(sc, upto, 65535);
}

static void
ack_marked(struct script *sc, uint32_t upto, const uint32_t *edge, unsigned n)
{
	uint8_t opts[40] = {1, 1, 5, (uint8_t)(2 + 8 * n)};

	for (unsigned i = 0; i < 2 * n; i++) {
		uint32_t v = HTONL(sc->iss + edge[i]);

		memcpy(opts + 4 + 4 * i, &v, 4);
	}
	wire_inject_opts(&sc->w, 0, HTONS(PEER), HTONS(PORT), 1 + sc->peer, sc->iss + upto, TH_ACK, 65535, opts,
	    4 + 8 * n);
	run(sc, 10 * USEC);
}

/* An ACK with these SACK blocks. */
#define SACK(sc, upto, ...)                                                                        \
	ack_marked(sc, upto, (const uint32_t[]){__VA_ARGS__},                                      \
	    sizeof((const uint32_t[]){__VA_ARGS__}) / 8)

static void
text(struct script *sc, uint32_t len)
{
	wire_inject(&sc->w, 0, HTONS(PEER), HTONS(PORT), 1 + sc->peer, sc->tp->snd_una, TH_ACK, 65535, data, len);
	sc->peer += len;
	run(sc, 10 * USEC);
}

/* The next segment with data. */
static const struct out *
next(struct script *sc)
{
	while (sc->seen < sc->nout && sc->out[sc->seen].o_len == 0)
		sc->seen++;
	return (sc->seen < sc->nout ? &sc->out[sc->seen++] : NULL);
}

static void
silent(struct script *sc)
{
	const struct out *o = next(sc);

	if (o != NULL)
		print_message("unexpected %u:%u\n", o->o_seq, o->o_seq + o->o_len);
	assert_null(o);
}

/* Segments that together are [from, to), and nothing else. */
static void
leaves(struct script *sc, uint32_t from, uint32_t to)
{
	const struct out *o;

	while (from < to) {
		if ((o = next(sc)) == NULL)
			print_message("nothing in place of %u\n", from);
		assert_non_null(o);
		if (o->o_seq != from)
			print_message("%u:%u in place of %u\n", o->o_seq, o->o_seq + o->o_len, from);
		assert_int_equal(o->o_seq, from);
		from += o->o_len;
	}
	assert_int_equal(from, to);
}

/* The initial window of so much leaves; a round trip later. */
static void
flies(struct script *sc, uint32_t len)
{
	sends(sc, len);
	leaves(sc, 0, 10 * MSS);
	run(sc, RTT);
}

/* The same, but nothing comes back: the first segment goes again. */
static void
times_out(struct script *sc, uint32_t len)
{
	flies(sc, len);
	run(sc, 310 * MSEC - RTT);
	leaves(sc, 0, MSS);
}

static uint32_t
cwnd(const struct script *sc)
{
	return (sc->tp->snd_cwnd / MSS);
}

static const struct tcpstat *
stat(struct script *sc)
{
	return (&wire_tcp(&sc->w, 0)->tv_stat);
}

/* RFC 6928 2: ten segments, 14600 bytes, two segments; one when the SYN-ACK was lost twice. */
static void
initial_window(void **state)
{
	static const uint16_t mss[] = {536, 1000, 1460, 2000, 8000};
	static const uint32_t win[] = {5360, 10000, 14600, 14600, 16000};
	struct script sc;

	(void)state;
	for (unsigned i = 0; i < NITEMS(mss); i++) {
		prepare(&sc, false);
		sc.w.w_mtu = 9000;
		open_mss(&sc, false, mss[i]);
		assert_int_equal(sc.tp->snd_cwnd, win[i]);
		sends(&sc, 40000);
		leaves(&sc, 0, win[i] - win[i] % mss[i]);
		silent(&sc);
		stop(&sc);
	}
	for (unsigned lost = 0; lost < 3; lost++) {
		prepare(&sc, false);
		open_after(&sc, false, MSS, ((1u << lost) - 1) * SEC + RTT);
		assert_int_equal(stat(&sc)->tcps_sc_retransmitted, lost);
		assert_int_equal(cwnd(&sc), lost < 2 ? 10 : 1);
		stop(&sc);
	}
}

/* RFC 3042 2: each of the first two duplicates lets a segment out, the third resends. */
static void
limited_transmit(void **state)
{
	struct script sc;

	(void)state;
	for (int on = 0; on < 2; on++) {
		start_with(&sc, false, false, "net.inet.tcp.rfc3042", on ? "1" : "0");
		flies(&sc, 20000);
		for (unsigned i = 0; i < 2; i++) {
			ack(&sc, 0);
			if (on)
				leaves(&sc, 10000 + i * MSS, 11000 + i * MSS);
			silent(&sc);
			/* The window itself stays. */
			assert_int_equal(cwnd(&sc), 10);
		}
		ack(&sc, 0);
		leaves(&sc, 0, 1000);
		silent(&sc);
		stop(&sc);
	}
}

/* With SACK what arrived is not in flight, which comes to the same. */
static void
limited_transmit_sack(void **state)
{
	struct script sc;

	(void)state;
	for (int rack = 0; rack < 2; rack++) {
		start_with(&sc, true, false, "net.inet.tcp.rack", rack ? "1" : "0");
		flies(&sc, 20000);
		SACK(&sc, 0, 1000, 2000);
		leaves(&sc, 10000, 11000);
		silent(&sc);
		SACK(&sc, 0, 1000, 3000);
		leaves(&sc, 11000, 12000);
		silent(&sc);
		SACK(&sc, 0, 1000, 4000);
		leaves(&sc, 0, 1000);
		stop(&sc);
	}
}

/* RFC 5681 3.2, RFC 6582 3.2: NewReno without SACK, step by step. */
static void
newreno_recovery(void **state)
{
	struct script sc;

	(void)state;
	start_with(&sc, false, false, "net.inet.tcp.cc.algorithm", "newreno");
	flies(&sc, 30000);
	ack(&sc, 0);
	ack(&sc, 0);
	leaves(&sc, 10000, 12000);
	/*
	 * Step 2: ssthresh is half the flight, without what limited transmit sent; step 3: three
	 * segments left the network.
	 */
	ack(&sc, 0);
	leaves(&sc, 0, 1000);
	assert_int_equal(sc.tp->snd_ssthresh, 5000);
	assert_int_equal(sc.tp->snd_cwnd, 8000);
	/* Step 4, 5: each further duplicate adds one, and lets out what fits. */
	for (unsigned i = 0; i < 4; i++)
		ack(&sc, 0);
	assert_int_equal(sc.tp->snd_cwnd, 12000);
	silent(&sc);
	ack(&sc, 0);
	leaves(&sc, 12000, 13000);
	/* A partial ACK resends the next one, and takes off what was acknowledged but for a segment. */
	ack(&sc, 5000);
	leaves(&sc, 5000, 6000);
	leaves(&sc, 13000, 14000);
	silent(&sc);
	assert_int_equal(sc.tp->snd_cwnd, 9000);
	assert_true(sc.tp->t_flags & TF_FASTRECOVERY);
	/* Recovery ends when all of what was outstanding is there. */
	ack(&sc, 12000);
	assert_false(sc.tp->t_flags & TF_FASTRECOVERY);
	assert_int_equal(sc.tp->snd_cwnd, 3000);	/* min(ssthresh, flight + a segment) */
	stop(&sc);
}

/* RFC 5681 3.1: after a timeout one segment, half of what was in flight is the threshold. */
static void
loss_window(void **state)
{
	struct script sc;

	(void)state;
	start_with(&sc, false, false, "net.inet.tcp.cc.algorithm", "newreno");
	times_out(&sc, 10000);
	silent(&sc);
	assert_int_equal(sc.tp->snd_ssthresh, 5000);
	assert_int_equal(sc.tp->snd_cwnd, 1000);
	/* A second one (RFC 6298 5.5: after twice the time) leaves the threshold. */
	run(&sc, 610 * MSEC);
	leaves(&sc, 0, 1000);
	assert_int_equal(sc.tp->snd_ssthresh, 5000);
	/* Slow start from there; without new data no F-RTO: the old goes again. */
	ack(&sc, 1000);
	leaves(&sc, 1000, 3000);
	silent(&sc);
	stop(&sc);
}

/* RFC 6582 3.2 step 2 and 4, RFC 6675 5.1: duplicates of what a timeout sent again mean nothing. */
static void
no_second_recovery(void **state)
{
	struct script sc;

	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		start_with(&sc, sack, false, "net.inet.tcp.rack", "0");
		times_out(&sc, 10000);
		ack(&sc, 1000);
		leaves(&sc, 1000, 3000);
		for (uint32_t i = 0; i < 5; i++)
			if (sack)
				SACK(&sc, 1000, 5000, 6000 + i * MSS);
			else
				ack(&sc, 1000);
		silent(&sc);
		assert_int_equal(stat(&sc)->tcps_fastrexmit, 0);
		stop(&sc);
	}
}

/* RFC 5682 2.1: two ACKs that advance after a timeout: what was sent before it arrives. */
static void
frto_basic(void **state)
{
	struct script sc;

	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		start_with(&sc, sack, false, "net.inet.tcp.rack", "0");
		times_out(&sc, 30000);
		ack(&sc, 1000);			/* 2b: new data */
		leaves(&sc, 10000, 12000);
		silent(&sc);
		ack(&sc, 3000);			/* 3b */
		assert_int_equal(stat(&sc)->tcps_undo_frto, 1);
		assert_true(sc.tp->snd_ssthresh > 1000 * MSS);
		assert_true(cwnd(&sc) >= 10);
		assert_int_equal(sc.tp->snd_nxt, sc.tp->snd_max);
		assert_false(sc.tp->t_flags & TF_RTO);
		assert_int_equal(stat(&sc)->tcps_sndrexmitpack, 1);
		stop(&sc);
	}
}

/* RFC 5682 2.1: it goes off again before an answer comes: from step 1, and the second may be as spurious. */
static void
frto_again(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, false, false);
	times_out(&sc, 30000);
	run(&sc, 610 * MSEC);
	leaves(&sc, 0, 1000);
	ack(&sc, 1000);
	leaves(&sc, 10000, 12000);
	ack(&sc, 3000);
	assert_int_equal(stat(&sc)->tcps_undo_frto, 1);
	assert_false(sc.tp->t_flags & TF_RTO);
	assert_int_equal(stat(&sc)->tcps_sndrexmitpack, 2);
	stop(&sc);

	/* After step 2 it is an earlier repair that goes on: everything again. */
	start(&sc, false, false);
	times_out(&sc, 30000);
	ack(&sc, 1000);
	leaves(&sc, 10000, 12000);
	run(&sc, 700 * MSEC);
	leaves(&sc, 1000, 2000);
	ack(&sc, 2000);
	leaves(&sc, 2000, 4000);
	ack(&sc, 3000);
	assert_int_equal(stat(&sc)->tcps_undo_frto, 0);
	stop(&sc);
}

/* RFC 4015 3.4: it was for nothing, but the ACK that shows it brings ECE: the windows stay reduced. */
static void
undo_congested(void **state)
{
	struct script sc;

	(void)state;
	for (int ece = 0; ece < 2; ece++) {
		prepare(&sc, false);
		wire_sysctl(&sc.w, 0, "net.inet.tcp.rack", "0");
		wire_sysctl(&sc.w, 0, "net.inet.tcp.ecn.enable", "1");
		sc.syn = TH_ECE | TH_CWR;
		open_mss(&sc, false, MSS);
		times_out(&sc, 30000);
		ack(&sc, 1000);
		leaves(&sc, 10000, 12000);
		wire_inject(&sc.w, 0, HTONS(PEER), HTONS(PORT), 1, sc.iss + 3000, TH_ACK | (ece ? TH_ECE : 0), 65535, NULL, 0);
		run(&sc, 10 * USEC);
		assert_int_equal(stat(&sc)->tcps_undo_frto, 1);
		assert_false(sc.tp->t_flags & TF_RTO);
		assert_int_equal(sc.tp->snd_ssthresh > 1000 * MSS, !ece);
		if (ece)
			assert_in_range(sc.tp->snd_ssthresh, 2 * MSS, 7 * MSS);
		assert_int_equal(stat(&sc)->tcps_sndrexmitpack, 1);
		stop(&sc);
	}
}

/* RFC 5682 2.1 steps 2a and 3a: duplicates, or an ACK of all: the usual repair. */
static void
frto_real(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, false, false);
	times_out(&sc, 30000);
	ack(&sc, 1000);
	leaves(&sc, 10000, 12000);
	ack(&sc, 1000);				/* 3a: at most three segments */
	leaves(&sc, 1000, 4000);
	silent(&sc);
	assert_int_equal(sc.tp->snd_cwnd, 3000);
	ack(&sc, 4000);
	assert_int_equal(next(&sc)->o_seq, 4000);
	assert_int_equal(stat(&sc)->tcps_undo_frto, 0);
	stop(&sc);

	start(&sc, false, false);
	times_out(&sc, 30000);
	ack(&sc, 0);				/* 2a */
	silent(&sc);
	ack(&sc, 1000);
	leaves(&sc, 1000, 3000);
	assert_int_equal(stat(&sc)->tcps_undo_frto, 0);
	stop(&sc);
}

/*
 * RFC 8985 6.2: an ACK that advances and tells of losses at once is no sign of reordering, and
 * three segments SACKed need no waiting.
 */
static void
advance_and_sack(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, false);
	flies(&sc, 10000);
	SACK(&sc, 1000, 5000, 9000);
	assert_false(sc.tp->t_lr.lr_rack.rk_reoseen);
	assert_true(sc.tp->t_flags & TF_FASTRECOVERY);
	leaves(&sc, 1000, 5000);
	stop(&sc);
}

/* RFC 8985 6.2 step 4: a segment overtaken by one waits a quarter of the round trip. */
static void
reordering_window(void **state)
{
	struct vi_tcp_info ti;
	struct script sc;

	(void)state;
	start(&sc, true, false);
	sends(&sc, 5000);
	leaves(&sc, 0, 5000);
	run(&sc, RTT);
	SACK(&sc, 0, 4000, 5000);
	silent(&sc);
	run(&sc, 24 * MSEC);
	silent(&sc);
	run(&sc, 2 * MSEC);
	leaves(&sc, 0, 1000);
	tcp_info_fill(sc.tp, &ti);
	assert_int_equal(ti.ti_lost, 4000);
	assert_int_equal(ti.ti_retrans, 1000);
	/* Now that it was overtaken by four: told as such. */
	SACK(&sc, 0, 1000, 2000, 4000, 5000);
	tcp_info_fill(sc.tp, &ti);
	assert_int_equal(ti.ti_reordering, 4);
	assert_int_equal(ti.ti_reord_seen, 1);
	stop(&sc);
}

/* RFC 2018 3: SACKs of an ACK that was overtaken are true all the same. */
static void
overtaken_sack(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, false);
	flies(&sc, 10000);
	ack(&sc, 2000);
	SACK(&sc, 1000, 3000, 5000);
	assert_int_equal(sc.tp->snd_sacked, 2000);
	assert_int_equal(stat(&sc)->tcps_sack_dsack_rcv, 0);
	/* Below what is acknowledged: a duplicate was reported (RFC 2883). */
	SACK(&sc, 1000, 0, 1000);
	assert_int_equal(stat(&sc)->tcps_sack_dsack_rcv, 1);
	stop(&sc);
}

/* RFC 8985 7.2: a lost FIN is probed for as well. */
static void
fin_probe(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, false);
	soclose(sc.so);
	sc.so = NULL;
	run(&sc, 3 * SEC);
	assert_true(sc.nout - sc.seen >= 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sc.out[sc.seen + i].o_flags & TH_FIN, TH_FIN);
	assert_int_equal(stat(&sc)->tcps_tlp_probes, 1);
	assert_int_equal(sc.tp->t_rxtshift, stat(&sc)->tcps_rexmttimeo);
	wire_inject(&sc.w, 0, HTONS(PEER), HTONS(PORT), 1, sc.iss, TH_RST | TH_ACK, 0, NULL, 0);
	stop(&sc);
}

/* RFC 8985 7.3: no probe where no round trip was measured since the last one. */
static void
measured_probe(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, false);
	sends(&sc, 1000);
	leaves(&sc, 0, 1000);
	run(&sc, 310 * MSEC);
	leaves(&sc, 0, 1000);
	assert_int_equal(stat(&sc)->tcps_tlp_probes, 1);
	ack(&sc, 1000);			/* of the first, or of the second? */
	sends(&sc, 1000);
	leaves(&sc, 1000, 2000);
	run(&sc, 310 * MSEC);
	leaves(&sc, 1000, 2000);
	assert_int_equal(stat(&sc)->tcps_tlp_probes, 1);
	assert_int_equal(stat(&sc)->tcps_rexmttimeo, 1);
	ack(&sc, 2000);
	sends(&sc, 1000);
	run(&sc, RTT);
	ack(&sc, 3000);			/* measured */
	sends(&sc, 1000);
	leaves(&sc, 2000, 4000);
	run(&sc, 310 * MSEC);
	leaves(&sc, 3000, 4000);
	assert_int_equal(stat(&sc)->tcps_tlp_probes, 2);
	stop(&sc);
}

/* RFC 9293 3.6.1 by way of RFC 1122 4.2.2.13: the RST is at the number the peer awaits. */
static void
reset_after_close(void **state)
{
	struct script sc;
	const struct out *o;

	(void)state;
	start(&sc, true, false);
	soclose(sc.so);
	run(&sc, MSEC);
	sc.so = NULL;
	text(&sc, 10);
	o = &sc.out[sc.nout - 1];
	assert_int_equal(o->o_flags, TH_RST);
	assert_int_equal(o->o_seq, 0);		/* the FIN was lost */
	stop(&sc);
}

/* Data of the peer's at the given byte, which does not move what it sent in order. */
static void
text_at(struct script *sc, uint32_t at, uint32_t len)
{
	wire_inject(&sc->w, 0, HTONS(PEER), HTONS(PORT), 1 + at, sc->tp->snd_una, TH_ACK, 65535, data, len);
	run(sc, 10 * USEC);
}

/*
 * RFC 5681 3.2, 4.2: out of order, and where a hole is filled, each segment has its ACK at once, and
 * one only.
 */
static void
gap_acks(void **state)
{
	static const uint32_t at[] = {2000, 4000, 3000, 1000, 0, 5000}, upto[] = {0, 0, 0, 0, 5000, 5000};
	struct script sc;
	unsigned n;

	(void)state;
	start(&sc, true, false);
	for (unsigned i = 0; i < NITEMS(at); i++) {
		n = sc.nout;
		text_at(&sc, at[i], 1000);
		if (i == 5) {		/* in order again: delayed */
			assert_int_equal(sc.nout, n);
			break;
		}
		assert_int_equal(sc.nout, n + 1);
		assert_int_equal(sc.out[n].o_ack, upto[i]);
	}
	sc.peer = 6000;
	stop(&sc);
}

/*
 * RFC 9406 4.2: eight round trips longer by the threshold: growth is a quarter; shorter ones again:
 * it was chance; and after five rounds it is slow start no more.
 */
static void
hystart_rounds(void **state)
{
	struct tcp_hystart *hs;
	struct script sc;
	uint32_t before, una = 0, end;

	(void)state;
	start(&sc, true, false);
	hs = &sc.tp->t_lr.lr_hystart;
	sends(&sc, 200000);
	run(&sc, RTT);
	for (; una < 10000; una += MSS)
		ack(&sc, una + MSS);
	assert_int_equal(cwnd(&sc), 20);
	run(&sc, RTT + 13 * MSEC);	/* the threshold is 12.5 ms */
	for (; una < 17000; una += MSS)
		ack(&sc, una + MSS);
	assert_int_equal(hs->hs_css, 0);
	assert_int_equal(cwnd(&sc), 27);
	for (; una < 21000; una += MSS)
		ack(&sc, una + MSS);
	assert_int_equal(hs->hs_css, 1);
	assert_int_equal(sc.tp->snd_cwnd, 28000);	/* 27 and 4 quarters */
	for (; una < 30000; una += MSS)
		ack(&sc, una + MSS);
	/* It falls again. */
	end = una + 10000;
	run(&sc, RTT - 5 * MSEC);
	for (; una < end; una += MSS)
		ack(&sc, una + MSS);
	assert_int_equal(hs->hs_css, 0);
	stop(&sc);

	prepare(&sc, false);
	sc.wscale = 2;			/* the window is not what limits */
	open_mss(&sc, true, MSS);
	hs = &sc.tp->t_lr.lr_hystart;
	sends(&sc, 260000);
	run(&sc, RTT);
	for (una = 0; una < 10000; una += MSS)
		ack(&sc, una + MSS);
	/* The round in which it was entered counts. */
	for (unsigned r = 0; r < 5; r++) {
		run(&sc, RTT + 20 * MSEC + r * MSEC);
		before = sc.tp->snd_max - sc.iss;
		for (; una < before; una += MSS)
			ack(&sc, una + MSS);
		assert_int_equal(hs->hs_done, r == 4);
	}
	assert_in_range(sc.tp->snd_ssthresh, sc.tp->snd_cwnd - MSS, sc.tp->snd_cwnd);
	stop(&sc);
}

/*
 * What the SYN-ACK's window could not say is not worth a segment before data comes; and what the
 * receiver does not take is no reason to grow (RFC 9438 5.8).
 */
static void
receivers_window(void **state)
{
	struct script sc;
	uint32_t una = 0, before;

	(void)state;
	prepare(&sc, false);
	sc.wscale = 2;
	open_mss(&sc, true, MSS);
	run(&sc, SEC);
	assert_int_equal(sc.nout, 1);
	stop(&sc);

	start(&sc, true, false);
	sends(&sc, 260000);
	for (unsigned r = 0; r < 8 && una < 200000; r++) {
		run(&sc, RTT);
		before = sc.tp->snd_max - sc.iss;
		for (; una < before; una += MSS)
			ack(&sc, una + MSS);
	}
	assert_in_range(sc.tp->snd_cwnd, 65535 - MSS, 65535 + MSS);
	stop(&sc);
}

/* RFC 5482 2: the user's timeout is kept to. */
static void
user_timeout(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, false);
	wire_setint(sc.so, VI_TCP_USER_TIMEOUT, 3000);
	sends(&sc, 100);
	run(&sc, 2990 * MSEC);
	assert_int_not_equal(sc.tp->t_state, TCPS_CLOSED);
	run(&sc, 20 * MSEC);
	assert_int_equal(sc.tp->t_state, TCPS_CLOSED);
	assert_int_equal(wire_getint(sc.so, VI_SO_ERROR), ETIMEDOUT);
	stop(&sc);
}

/* Linux's growth: only where the window was the limit; in slow start up to twice what was out. */
static void
linux_growth(void **state)
{
	static const uint32_t segs[] = {5, 6, 9, 10};
	static const uint32_t end[] = {10, 12, 18, 20};
	struct script sc;

	(void)state;
	for (unsigned i = 0; i < NITEMS(segs); i++) {
		start(&sc, true, true);
		sends(&sc, segs[i] * MSS);
		for (uint32_t n = 2; n < segs[i] + 2; n += 2) {
			run(&sc, RTT / 20);
			ack(&sc, u32min(n, segs[i]) * MSS);
		}
		assert_int_equal(cwnd(&sc), end[i]);
		stop(&sc);
	}
	/* What SACKs told is not told again by the ACK. */
	start(&sc, true, true);
	sends(&sc, 15000);
	run(&sc, RTT);
	SACK(&sc, 0, 1000, 2000);
	SACK(&sc, 0, 1000, 3000);
	ack(&sc, 3000);
	assert_int_equal(cwnd(&sc), 11);
	stop(&sc);
}

/* Marks (RFC 3168 6.1.2): down to the threshold at once; Linux comes down as after a loss. */
static void
linux_marks(void **state)
{
	struct script sc;

	(void)state;
	for (int linux = 0; linux < 2; linux++) {
		prepare(&sc, linux);
		sc.syn = TH_ECE | TH_CWR;
		open_mss(&sc, true, MSS);
		assert_int_equal(sc.out[0].o_flags, TH_SYN | TH_ACK | TH_ECE);
		sends(&sc, 4000);
		run(&sc, RTT);
		wire_inject(&sc.w, 0, HTONS(PEER), HTONS(PORT), 1, sc.iss + 1000, TH_ACK | TH_ECE, 65535, NULL, 0);
		/* Of what is in flight, or of the window; three in flight, one delivered. */
		assert_int_equal(sc.tp->snd_ssthresh, linux ? 7000 : 2800);
		assert_int_equal(sc.tp->snd_cwnd, linux ? 5000 : 2800);
		ack(&sc, 4000);
		assert_in_range(sc.tp->snd_cwnd, linux ? 7000 : 2800, linux ? 7000 : 3800);
		assert_int_equal(stat(&sc)->tcps_ecn_rcwnd, 1);
		stop(&sc);
	}
}

/* Linux: the timeout is the round trip and 200 ms at least; probes of a closed window bring nothing. */
static void
linux_timers(void **state)
{
	uint64_t when;
	struct script sc;

	(void)state;
	start(&sc, true, true);
	assert_in_range(sc.tp->t_rxtcur, 299000, 303000);
	for (uint32_t i = 1; i <= 30; i++) {
		sends(&sc, 1000);
		run(&sc, RTT);
		window(&sc, i * 1000, i == 30 ? 0 : 65535);
	}
	assert_in_range(sc.tp->t_rxtcur, 299000, 303000);
	sc.seen = sc.nout;
	sends(&sc, 1000);
	when = vi_sim_now(sc.w.w_host);
	run(&sc, SEC);
	assert_int_equal(sc.nout - sc.seen, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sc.out[sc.seen].o_len, 0);
		assert_int_equal(sc.out[sc.seen].o_seq, 29999);
		assert_in_range((sc.out[sc.seen].o_when - when) / MSEC, i == 0 ? 295 : 895,
		    i == 0 ? 305 : 910);
		sc.seen++;
	}
	stop(&sc);

	start(&sc, true, false);
	sends(&sc, 1);
	window(&sc, 1, 0);
	leaves(&sc, 0, 1);
	sends(&sc, 1000);
	run(&sc, SEC);
	leaves(&sc, 1, 2);
	stop(&sc);
}

/* Linux: the first ACKs leave at once, until answers follow data closely. */
static void
linux_pingpong(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, true);
	sends(&sc, 500);
	run(&sc, RTT);
	ack(&sc, 500);
	sc.seen = sc.nout;
	text(&sc, 100);
	assert_int_equal(sc.nout, sc.seen + 1);
	assert_int_equal(sc.out[sc.seen].o_ack, 100);
	sends(&sc, 500);		/* within 40 ms: they talk in turns */
	run(&sc, RTT);
	ack(&sc, 1000);
	sc.seen = sc.nout;
	text(&sc, 100);
	assert_int_equal(sc.nout, sc.seen);
	run(&sc, 45 * MSEC);
	assert_int_equal(sc.nout, sc.seen + 1);
	stop(&sc);
}

/* VI_MSG_MORE: Linux holds until the next ACK, we until the next call; after a while it goes. */
static void
more(void **state)
{
	struct script sc;

	(void)state;
	for (int linux = 0; linux < 2; linux++) {
		start(&sc, true, linux);
		wire_setint(sc.so, VI_TCP_NODELAY, 1);
		sends(&sc, 2000);
		leaves(&sc, 0, 2000);
		wire_now(&sc.w);
		assert_int_equal(wire_send(&sc.w, sc.so, data, 50, VI_MSG_MORE), 50);
		run(&sc, MSEC);
		silent(&sc);
		ack(&sc, 2000);
		if (linux)
			leaves(&sc, 2000, 2050);
		silent(&sc);
		ack(&sc, 2000 + 50 * (unsigned)linux);
		wire_now(&sc.w);
		assert_int_equal(wire_send(&sc.w, sc.so, data, 50, VI_MSG_MORE), 50);
		run(&sc, linux ? 290 * MSEC : 190 * MSEC);
		silent(&sc);
		run(&sc, 20 * MSEC);
		leaves(&sc, linux ? 2050 : 2000, 2100);
		assert_true(sc.out[sc.seen - 1].o_flags & TH_PUSH);
		stop(&sc);
	}
}

/* Linux's HyStart: nine round trips an eighth longer than the shortest end slow start. */
static void
linux_hystart(void **state)
{
	struct script sc;

	(void)state;
	start(&sc, true, true);
	sends(&sc, 60000);
	run(&sc, RTT);
	ack(&sc, 10000);
	assert_int_equal(cwnd(&sc), 20);
	run(&sc, RTT + RTT / 2);
	for (uint32_t i = 1; i <= 8; i++) {
		run(&sc, 3 * MSEC);
		ack(&sc, 10000 + i * 2000);
		assert_int_equal(cwnd(&sc), 20 + 2 * i);
		assert_true(sc.tp->snd_ssthresh > 1000 * MSS);
	}
	run(&sc, 3 * MSEC);
	ack(&sc, 28000);
	assert_int_equal(sc.tp->snd_ssthresh, 36 * MSS);
	assert_int_equal(cwnd(&sc), 36);
	stop(&sc);
	/* Closely packed ACKs for half a round trip: the path is full. */
	start(&sc, true, true);
	sends(&sc, 200000);
	run(&sc, RTT);
	ack(&sc, 10000);
	run(&sc, RTT);
	for (uint32_t i = 1; i <= 60 && sc.tp->snd_ssthresh > 1000 * MSS; i++) {
		ack(&sc, 10000 + i * 250);
		run(&sc, 1500 * USEC);
	}
	assert_in_range(sc.tp->snd_ssthresh, 20 * MSS, 40 * MSS);
	stop(&sc);
}

/* What VI_TCP_INFO says the sender waited for. */
static void
waits(void **state)
{
	struct vi_tcp_info ti;
	struct script sc;

	(void)state;
	start(&sc, true, false);
	tcp_info_fill(sc.tp, &ti);
	assert_int_equal(ti.ti_busy_time, 0);
	sends(&sc, 1);
	run(&sc, MSEC);
	window(&sc, 1, 500);
	sends(&sc, 1500);
	run(&sc, 50 * MSEC);
	tcp_info_fill(sc.tp, &ti);
	assert_in_range(ti.ti_rwnd_limited / MSEC, 49, 51);
	assert_in_range(ti.ti_busy_time / MSEC, 49, 53);
	window(&sc, 1, 5000);
	run(&sc, 50 * MSEC);
	ack(&sc, 1501);
	run(&sc, 50 * MSEC);
	tcp_info_fill(sc.tp, &ti);
	assert_in_range(ti.ti_rwnd_limited / MSEC, 49, 51);
	assert_in_range(ti.ti_busy_time / MSEC, 99, 104);
	/* More than the buffer takes, while the window would take it. */
	sc.so->so_snd.sb_flags &= ~(uint32_t)SB_AUTOSIZE;
	wire_setint(sc.so, VI_SO_SNDBUF, 4096);
	wire_now(&sc.w);
	wire_send(&sc.w, sc.so, data, 60000, 0);
	run(&sc, 50 * MSEC);
	tcp_info_fill(sc.tp, &ti);
	assert_in_range(ti.ti_sndbuf_limited / MSEC, 49, 51);
	assert_in_range(ti.ti_busy_time / MSEC, 149, 156);
	stop(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_window),
		cmocka_unit_test(limited_transmit),
		cmocka_unit_test(limited_transmit_sack),
		cmocka_unit_test(newreno_recovery),
		cmocka_unit_test(loss_window),
		cmocka_unit_test(no_second_recovery),
		cmocka_unit_test(frto_basic),
		cmocka_unit_test(frto_again),
		cmocka_unit_test(undo_congested),
		cmocka_unit_test(frto_real),
		cmocka_unit_test(advance_and_sack),
		cmocka_unit_test(reordering_window),
		cmocka_unit_test(overtaken_sack),
		cmocka_unit_test(fin_probe),
		cmocka_unit_test(measured_probe),
		cmocka_unit_test(reset_after_close),
		cmocka_unit_test(gap_acks),
		cmocka_unit_test(hystart_rounds),
		cmocka_unit_test(receivers_window),
		cmocka_unit_test(user_timeout),
		cmocka_unit_test(linux_growth),
		cmocka_unit_test(linux_marks),
		cmocka_unit_test(linux_timers),
		cmocka_unit_test(linux_pingpong),
		cmocka_unit_test(more),
		cmocka_unit_test(linux_hystart),
		cmocka_unit_test(waits),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
