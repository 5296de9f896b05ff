/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP alone over the wire of wire.h: handshakes, transfers over good and bad wires, closing in all
 * ways, windows, resets and challenge ACKs, SYN floods, TIME_WAIT, lack of memory.  Virtual time;
 * each test has vnets of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "kern/kernel.h"
#include "netinet/tcp/cc/cc.h"
#include "wire.h"

static uint8_t
pattern(uint64_t off)
{
	return ((uint8_t)(off * 131 + (off >> 8) * 7 + (off >> 16)));
}

/* One direction of a transfer. */
struct flow {
	struct socket	*f_from, *f_to;
	uint64_t	 f_total, f_sent, f_got;
	size_t		 f_chunk;	/* largest read */
	bool		 f_shut, f_eof, f_slow;
	int		 f_error;
};

static void
flow_send(struct wire *w, struct flow *f)
{
	static uint8_t buf[65536];
	size_t n, done;

	while (f->f_sent < f->f_total) {
		n = (size_t)u64min(f->f_total - f->f_sent, 1 + wire_random(w) % sizeof(buf));
		n = szmin(n, sbspace(&f->f_from->so_snd));
		if (n == 0)
			return;
		for (size_t i = 0; i < n; i++)
			buf[i] = pattern(f->f_sent + i);
		done = wire_send(w, f->f_from, buf, n, 0);
		f->f_sent += done;
		if (done < n)
			return;
	}
	if (!f->f_shut && soshutdown(f->f_from, VI_SHUT_WR) == 0)
		f->f_shut = true;
}

static void
flow_recv(struct wire *w, struct flow *f)
{
	static uint8_t buf[65536];
	size_t n;
	int error;

	for (;;) {
		n = wire_recv(w, f->f_to, buf, f->f_chunk != 0 ? f->f_chunk : sizeof(buf), &error);
		if (error == EAGAIN)
			return;
		if (error != 0) {
			f->f_error = error;
			return;
		}
		if (n == 0) {
			f->f_eof = true;
			return;
		}
		for (size_t i = 0; i < n; i++)
			assert_int_equal(buf[i], pattern(f->f_got + i));
		f->f_got += n;
		if (f->f_slow)
			return;
	}
}

static void
flow_run(struct wire *w, struct flow *f, unsigned nflows, uint64_t limit)
{
	uint64_t end = vi_sim_now(w->w_host) + limit;
	bool more;

	do {
		more = false;
		for (unsigned i = 0; i < nflows; i++) {
			flow_send(w, &f[i]);
			flow_recv(w, &f[i]);
			more |= !f[i].f_eof && f[i].f_error == 0;
		}
		wire_run(w, w->w_delay / 4 + 10 * USEC);
	} while (more && vi_sim_now(w->w_host) < end);
}

static void
transfer(struct wire *w, struct socket *so[2], uint64_t there, uint64_t back)
{
	struct flow f[2] = {{.f_from = so[0], .f_to = so[1], .f_total = there},
	    {.f_from = so[1], .f_to = so[0], .f_total = back}};

	flow_run(w, f, 2, 3600 * SEC);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(f[i].f_error, 0);
		assert_true(f[i].f_eof);
		assert_int_equal(f[i].f_got, f[i].f_total);
	}
}

static void
handshake(void **state)
{
	struct socket *so[2];
	struct tcpcb *a, *b;
	struct wire w;

	(void)state;
	wire_init(&w, 1);
	wire_pair(&w, so);
	a = sototcpcb(so[0]);
	b = sototcpcb(so[1]);
	wire_idle(&w);
	assert_int_equal(a->t_state, TCPS_ESTABLISHED);
	assert_int_equal(b->t_state, TCPS_ESTABLISHED);
	assert_int_equal(a->snd_nxt, b->rcv_nxt);
	assert_int_equal(b->snd_nxt, a->rcv_nxt);
	assert_int_equal(a->t_maxseg, 1448);
	assert_int_equal(b->t_maxseg, 1448);
	assert_int_equal(a->snd_scale, b->rcv_scale);
	assert_int_equal(b->snd_scale, a->rcv_scale);
	assert_true(a->t_flags & b->t_flags & TF_RCVD_SCALE);
	assert_true(a->t_flags & b->t_flags & TF_RCVD_TSTMP);
	assert_true(a->t_flags & b->t_flags & TF_SACK_PERMIT);
	assert_int_equal(a->snd_cwnd, 14480);
	soclose(so[0]);
	soclose(so[1]);
	wire_idle(&w);
	wire_fini(&w);
}

static void
refused(void **state)
{
	struct socket *so;
	struct wire w;

	(void)state;
	wire_init(&w, 2);
	so = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so, 1, 81), ECONNREFUSED);
	soclose(so);
	wire_fini(&w);
}

static void
transfer_clean(void **state)
{
	struct socket *so[2];
	struct wire w;

	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		wire_init(&w, 3);
		w.w_cut = cut != 0;
		wire_pair(&w, so);
		transfer(&w, so, 3000000, 1000000);
		assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_sndrexmitpack, 0);
		assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sndrexmitpack, 0);
		soclose(so[0]);
		soclose(so[1]);
		wire_idle(&w);
		wire_fini(&w);
	}
}


/*
 * Random loss, order, duplication and corruption, both directions at once, every combination of
 * options.
 */
static void
schedule(uint64_t seed)
{
	static const char cc[][8] = { "newreno", "cubic", "bbr" };
	uint64_t there, back;
	struct socket *so[2];
	struct wire w;

	wire_init(&w, seed);
	w.w_cut = wire_random(&w) % 4 != 0;
	w.w_delay = 10 * USEC + wire_random(&w) % (20 * MSEC);
	for (int i = 0; i < 2; i++) {
		struct tcp_vnet *tv = wire_tcp(&w, i);

		tv->tv_sack = wire_random(&w) % 4 != 0;
		tv->tv_rfc1323 = wire_random(&w) % 4 != 0;
		tv->tv_delayed_ack = wire_random(&w) % 4 != 0;
		tv->tv_cc = cc_byname(cc[wire_random(&w) % NITEMS(cc)]);
		tv->tv_rack = wire_random(&w) % 4 != 0;
		tv->tv_ecn = wire_random(&w) % 3;
		if (wire_random(&w) % 8 == 0)
			tv->tv_reass_max = 2;
		if (wire_random(&w) % 4 == 0)
			tv->tv_recvspace = 4096 + wire_random(&w) % 65536;
		if (wire_random(&w) % 4 == 0)
			tv->tv_recvbuf_auto = 0;
	}
	there = wire_random(&w) % 4 == 0 ? 0 : wire_random(&w) % 300000;
	back = wire_random(&w) % 4 == 0 ? 0 : wire_random(&w) % 300000;
	wire_pair(&w, so);
	w.w_loss = wire_random(&w) % 3 == 0 ? 0 : wire_random(&w) % 60000;
	w.w_dup = wire_random(&w) % 2 == 0 ? 0 : wire_random(&w) % 50000;
	w.w_corrupt = wire_random(&w) % 4 != 0 ? 0 : wire_random(&w) % 30000;
	if (wire_random(&w) % 4 == 0) {
		w.w_rate = 100000 + wire_random(&w) % 10000000;
		w.w_qlimit = 3000 + wire_random(&w) % 100000;
		w.w_qmark = wire_random(&w) % 2 == 0 ? 0 : w.w_qlimit / 2;
	}
	w.w_jitter = wire_random(&w) % 2 == 0 ? 0 : wire_random(&w) % (2 * w.w_delay) + 1;
	transfer(&w, so, there, back);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 400 * SEC);
	assert_int_equal(wire_tcp(&w, 0)->tv_pcbs.ipi_count, 0);
	assert_int_equal(wire_tcp(&w, 1)->tv_pcbs.ipi_count, 0);
	assert_int_equal(wire_tcp(&w, 0)->tv_timewait.tw_ring.tr_count, 0);
	wire_fini(&w);
}

static void
schedules(void **state)
{
	const char *only = getenv("SCHEDULE"), *from = getenv("SCHEDULES_FROM");
	uint64_t first = from != NULL ? strtoull(from, NULL, 10) : 1;

	(void)state;
	if (only != NULL) {
		schedule(strtoull(only, NULL, 10));
		return;
	}
	for (uint64_t seed = first; seed < first + 1000; seed++) {
		if (getenv("VERBOSE") != NULL)
			print_message("schedule %llu\n", (unsigned long long)seed);
		schedule(seed);
	}
}


/* A filter that counts, and remembers the last packet of each direction. */
struct tap {
	unsigned	 t_n[2], t_rst[2], t_syn[2], t_data[2], t_acks[2], t_fin[2];
	uint32_t	 t_bytes[2], t_maxlen[2];
	uint16_t	 t_lastflags[2];
	uint32_t	 t_lastack[2], t_lastseq[2];
	uint16_t	 t_win[2];
	bool		 t_lose[2];	/* everything in that direction is lost */
	unsigned	 t_losenth[2];	/* only the n-th data packet */
};

static enum wire_verdict
tap_filter(struct wire *w, struct wpkt *wp)
{
	const struct tcphdr *th = wp_th(wp);
	struct tap *t = w->w_arg;
	int to = wp->wp_to;
	uint16_t fl = th_flags(th);

	t->t_n[to]++;
	t->t_rst[to] += (fl & TH_RST) != 0;
	t->t_syn[to] += (fl & TH_SYN) != 0;
	t->t_fin[to] += (fl & TH_FIN) != 0;
	t->t_lastflags[to] = fl;
	t->t_lastack[to] = NTOHL(th->th_ack);
	t->t_lastseq[to] = NTOHL(th->th_seq);
	t->t_win[to] = NTOHS(th->th_win);
	if (wp_dlen(wp) > 0) {
		t->t_data[to]++;
		t->t_bytes[to] += wp_dlen(wp);
		t->t_maxlen[to] = u32max(t->t_maxlen[to], wp_dlen(wp));
		if (t->t_losenth[to] != 0 && t->t_data[to] == t->t_losenth[to])
			return (WIRE_LOSE);
	} else if (fl == TH_ACK) {
		t->t_acks[to]++;
	}
	return (t->t_lose[to] ? WIRE_LOSE : WIRE_PASS);
}

static void
tap_on(struct wire *w, struct tap *t)
{
	memset(t, 0, sizeof(*t));
	w->w_filter = tap_filter;
	w->w_arg = t;
}

struct pair {
	struct wire	 w;
	struct tap	 tap;
	struct socket	*so[2];
	struct tcpcb	*tp[2];
	struct inpcb	*inp[2];
};

static void
pair_init(struct pair *p, uint64_t seed)
{
	wire_init(&p->w, seed);
	wire_pair(&p->w, p->so);
	wire_idle(&p->w);
	for (int i = 0; i < 2; i++) {
		p->tp[i] = sototcpcb(p->so[i]);
		p->inp[i] = p->so[i]->so_pcb;
	}
	tap_on(&p->w, &p->tap);
}

static void
pair_fini(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		if (p->so[i] != NULL)
			soclose(p->so[i]);
	wire_idle(&p->w);
	wire_fini(&p->w);
}

/* A segment to side 1 as if from side 0. */
static void
forge(struct pair *p, uint32_t seq, uint32_t ack, uint16_t flags, const void *data, size_t len)
{
	wire_inject(
	    &p->w, 1, p->inp[0]->inp_lport, p->inp[0]->inp_fport, seq, ack, flags, 1000, data, len);
}

/* The same with a timestamp. */
static void
forge_ts(struct pair *p, uint32_t seq, uint32_t ack, uint16_t flags, uint32_t tsval)
{
	uint8_t opts[12];

	tcp_opts_put_ts(opts, tsval, 0);
	wire_inject_opts(&p->w, 1, p->inp[0]->inp_lport, p->inp[0]->inp_fport, seq, ack, flags, 1000,
	    opts, sizeof(opts));
}

/* RFC 5961 3.2: an RST is believed at RCV.NXT only. */
static void
rst_rules(void **state)
{
	struct pair p;
	int error;
	uint8_t b;

	(void)state;
	pair_init(&p, 11);
	wire_tcp(&p.w, 1)->tv_challenge_limit = 100;
	forge(&p, p.tp[1]->rcv_nxt - 1, 0, TH_RST, NULL, 0);
	forge(&p, p.tp[1]->rcv_nxt + p.tp[1]->rcv_wnd + 1000, 0, TH_RST, NULL, 0);
	assert_int_equal(p.tap.t_n[0], 0);
	assert_int_equal(p.tp[1]->t_state, TCPS_ESTABLISHED);
	forge(&p, p.tp[1]->rcv_nxt + 1, 0, TH_RST, NULL, 0);
	assert_int_equal(p.tap.t_n[0], 1);
	assert_int_equal(p.tap.t_lastflags[0], TH_ACK);
	assert_int_equal(p.tap.t_lastack[0], p.tp[1]->rcv_nxt);
	assert_int_equal(p.tp[1]->t_state, TCPS_ESTABLISHED);
	forge(&p, p.tp[1]->rcv_nxt, 0, TH_RST, NULL, 0);
	assert_int_equal(p.tp[1]->t_state, TCPS_CLOSED);
	assert_int_equal(wire_recv(&p.w, p.so[1], &b, 1, &error), 0);
	assert_int_equal(error, ECONNRESET);
	pair_fini(&p);
}

/*
 * RFC 5961 4.2 and 5.2: SYN in any state, and ACKs of what was never sent, draw challenge ACKs, at
 * a limited rate.
 */
static void
challenges(void **state)
{
	struct pair p;
	unsigned n;

	(void)state;
	pair_init(&p, 12);
	forge(&p, p.tp[1]->rcv_nxt + 5, 0, TH_SYN, NULL, 0);
	assert_int_equal(p.tap.t_n[0], 1);
	forge(&p, p.tp[1]->rcv_nxt - 100000000, 0, TH_SYN, NULL, 0);
	assert_int_equal(p.tap.t_n[0], 2);
	forge(&p, p.tp[1]->rcv_nxt, p.tp[1]->snd_max + 1, TH_ACK, "x", 1);
	assert_int_equal(p.tap.t_n[0], 3);
	assert_int_equal(p.so[1]->so_rcv.sb_cc, 0);
	forge(&p, p.tp[1]->rcv_nxt, p.tp[1]->snd_una - p.tp[1]->max_sndwnd - 1, TH_ACK, "x", 1);
	assert_int_equal(p.tap.t_n[0], 4);
	assert_int_equal(p.so[1]->so_rcv.sb_cc, 0);
	wire_tcp(&p.w, 1)->tv_challenge_limit = 10;
	wire_run(&p.w, 2 * SEC);
	n = p.tap.t_n[0];
	for (int i = 0; i < 100; i++)
		forge(&p, p.tp[1]->rcv_nxt + 5, 0, TH_SYN, NULL, 0);
	assert_in_range(p.tap.t_n[0] - n, 5, 15);
	assert_int_equal(p.tp[1]->t_state, TCPS_ESTABLISHED);
	pair_fini(&p);
}

/* RFC 7323 4.3: the timestamp of a segment whose ACK is refused is not taken, that of another is. */
static void
timestamp_of_bad_ack(void **state)
{
	struct pair p;
	struct tcpcb *tp;
	uint32_t ts;

	(void)state;
	pair_init(&p, 14);
	tp = p.tp[1];
	ts = tp->ts_recent;
	forge_ts(&p, tp->rcv_nxt, tp->snd_max + 9999, TH_FIN | TH_ACK, ts + 200000);
	assert_int_equal(tp->ts_recent, ts);
	forge_ts(&p, tp->rcv_nxt, tp->snd_una - tp->max_sndwnd - 1, TH_ACK, ts + 200000);
	assert_int_equal(tp->ts_recent, ts);
	forge_ts(&p, tp->rcv_nxt, tp->snd_una, TH_ACK, ts + 1);
	assert_int_equal(tp->ts_recent, ts + 1);
	pair_fini(&p);
}

/*
 * RFC 7323 5.5: after 24 days the remembered timestamp is too old to refuse anything by; before, it
 * is not.  3.2: without agreement nothing is looked at.
 */
static void
outdated_timestamp(void **state)
{
	static const struct { unsigned days; bool agreed, taken; } row[] = {
		{ 0, true, false }, { 23, true, false }, { 25, true, true }, { 0, false, true } };
	struct socket *so[2];
	struct tcpcb *tp;
	struct wire w;
	char c = 'x';
	int error;

	(void)state;
	for (size_t i = 0; i < NITEMS(row); i++) {
		wire_init(&w, 40);
		wire_pair(&w, so);
		tp = sototcpcb(so[1]);
		wire_send(&w, so[0], &c, 1, 0);
		wire_run(&w, SEC);
		assert_int_equal(wire_recv(&w, so[1], &c, 1, &error), 1);
		wire_run(&w, row[i].days * 86400 * SEC);
		/* The caller's clock is behind what it said last. */
		sototcpcb(so[0])->t_tsoff -= row[i].days * 86400u * 1000 + 100000;
		if (!row[i].agreed)
			tp->t_flags &= ~(uint32_t)TF_RCVD_TSTMP;
		wire_now(&w);
		wire_send(&w, so[0], &c, 1, 0);
		wire_run(&w, 100 * MSEC);
		assert_int_equal(wire_recv(&w, so[1], &c, 1, &error), row[i].taken);
		assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_pawsdrop > 0, !row[i].taken);
		soclose(so[0]);
		soclose(so[1]);
		wire_fini(&w);
	}
}

/* Two ends that find each other's bare ACKs unacceptable do not answer each other for ever. */
static void
ack_war(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 36);
	p.tp[0]->ts_recent += 1000;			/* PAWS refuses all that side 1 sends */
	p.tp[1]->rcv_nxt -= 1000000;			/* and side 0 is far out of the window */
	p.tp[1]->rcv_adv -= 1000000;
	tcp_snd_ack(p.tp[0]);
	wire_run(&p.w, 10 * SEC);
	assert_in_range(p.tap.t_n[0] + p.tap.t_n[1], 2, 50);
	assert_in_range(wire_tcp(&p.w, 0)->tv_stat.tcps_oow_limited +
	    wire_tcp(&p.w, 1)->tv_stat.tcps_oow_limited, 1, 50);
	pair_fini(&p);
}

static void
half_close(void **state)
{
	struct pair p;
	uint8_t b[8];
	int error;

	(void)state;
	pair_init(&p, 13);
	assert_int_equal(wire_send(&p.w, p.so[0], "abc", 3, 0), 3);
	assert_int_equal(soshutdown(p.so[0], VI_SHUT_WR), 0);
	wire_idle(&p.w);
	assert_int_equal(p.tp[0]->t_state, TCPS_FIN_WAIT_2);
	assert_int_equal(p.tp[1]->t_state, TCPS_CLOSE_WAIT);
	assert_int_equal(wire_recv(&p.w, p.so[1], b, 8, &error), 3);
	assert_int_equal(wire_recv(&p.w, p.so[1], b, 8, &error), 0);
	assert_int_equal(error, 0);
	/* The other way stays open, for long. */
	wire_run(&p.w, 7200 * SEC);
	assert_int_equal(wire_send(&p.w, p.so[1], "defg", 4, 0), 4);
	wire_idle(&p.w);
	assert_int_equal(wire_recv(&p.w, p.so[0], b, 8, &error), 4);
	assert_int_equal(wire_send(&p.w, p.so[0], "x", 1, 0), 0);
	soclose(p.so[1]);
	p.so[1] = NULL;
	wire_idle(&p.w);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_pcbs.ipi_count, 0);
	assert_int_equal(p.tp[0]->t_state, TCPS_CLOSED);
	assert_int_equal(wire_tcp(&p.w, 0)->tv_timewait.tw_ring.tr_count, 1);
	assert_int_equal(wire_recv(&p.w, p.so[0], b, 8, &error), 0);
	assert_int_equal(error, 0);
	assert_int_equal(p.tap.t_rst[0] + p.tap.t_rst[1], 0);
	pair_fini(&p);
}

static void
simultaneous_close(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 14);
	soclose(p.so[0]);
	soclose(p.so[1]);
	p.so[0] = p.so[1] = NULL;
	assert_int_equal(p.tp[0]->t_state, TCPS_FIN_WAIT_1);
	wire_idle(&p.w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(wire_tcp(&p.w, i)->tv_pcbs.ipi_count, 0);
		assert_int_equal(wire_tcp(&p.w, i)->tv_timewait.tw_ring.tr_count, 1);
	}
	wire_run(&p.w, 61 * SEC);
	assert_int_equal(wire_tcp(&p.w, 0)->tv_timewait.tw_ring.tr_count, 0);
	pair_fini(&p);
}

/* RFC 9293 3.5, figure 8. */
static void
simultaneous_open(void **state)
{
	struct vi_sockaddr sa;
	struct socket *so[2];
	struct wire w;

	(void)state;
	for (int lossy = 0; lossy < 2; lossy++) {
		wire_init(&w, 15 + (uint64_t)lossy);
		w.w_loss = lossy ? 300000 : 0;
		for (int i = 0; i < 2; i++) {
			so[i] = wire_socket(&w, i);
			wire_addr(i, (uint16_t)(1000 + i), &sa);
			assert_int_equal(sobind(so[i], &sa), 0);
		}
		for (int i = 0; i < 2; i++) {
			wire_addr(1 - i, (uint16_t)(1000 + 1 - i), &sa);
			assert_int_equal(soconnect(so[i], &sa), EINPROGRESS);
		}
		wire_run(&w, 120 * SEC);
		assert_true(so[0]->so_state & SS_ISCONNECTED);
		assert_true(so[1]->so_state & SS_ISCONNECTED);
		transfer(&w, so, 100000, 100000);
		soclose(so[0]);
		soclose(so[1]);
		wire_run(&w, 100 * SEC);
		wire_fini(&w);
	}
}

/* Close with unread data, and SO_LINGER of zero: RST (RFC 2525 2.17). */
static void
aborting_close(void **state)
{
	const struct vi_linger l = { 1, 0 };
	struct pair p;
	int error;
	uint8_t b;

	(void)state;
	for (int how = 0; how < 2; how++) {
		pair_init(&p, 16);
		if (how == 0) {
			assert_int_equal(wire_send(&p.w, p.so[0], "abc", 3, 0), 3);
			wire_run(&p.w, 100 * MSEC);
		} else {
			assert_int_equal(sosetopt(p.so[1], VI_SO_LINGER, &l, sizeof(l)), 0);
		}
		soclose(p.so[1]);
		p.so[1] = NULL;
		wire_idle(&p.w);
		assert_int_equal(p.tap.t_rst[0], 1);
		assert_int_equal(wire_tcp(&p.w, 1)->tv_pcbs.ipi_count, 0);
		wire_recv(&p.w, p.so[0], &b, 1, &error);
		assert_int_equal(error, ECONNRESET);
		pair_fini(&p);
	}
}

/* Data for a user who is gone draws an RST. */
static void
data_after_close(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 17);
	soclose(p.so[1]);
	p.so[1] = NULL;
	wire_idle(&p.w);
	assert_int_equal(p.tp[1]->t_state, TCPS_FIN_WAIT_2);
	assert_int_equal(wire_send(&p.w, p.so[0], "abc", 3, 0), 3);
	wire_idle(&p.w);
	assert_int_equal(p.tap.t_rst[0], 1);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_pcbs.ipi_count, 0);
	assert_int_equal(p.so[0]->so_error, EPIPE);
	pair_fini(&p);
}

static void
finwait2_times_out(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 18);
	soclose(p.so[1]);
	p.so[1] = NULL;
	wire_run(&p.w, 59 * SEC);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_pcbs.ipi_count, 1);
	wire_run(&p.w, 2 * SEC);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_pcbs.ipi_count, 0);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_stat.tcps_finwait2_drops, 1);
	pair_fini(&p);
}

/*
 * A reader that does not read closes the window; probes go on; reading opens it again (RFC 9293
 * 3.8.6.1).
 */
static void
zero_window(void **state)
{
	struct flow f[1];
	struct pair p;
	uint64_t got;

	(void)state;
	pair_init(&p, 19);
	memset(f, 0, sizeof(f));
	f[0] = (struct flow){ .f_from = p.so[0], .f_to = p.so[1], .f_total = 2000000 };
	for (int i = 0; i < 300; i++) {
		flow_send(&p.w, &f[0]);
		wire_run(&p.w, 5 * MSEC);
	}
	assert_int_equal(p.tp[0]->snd_wnd, 0);
	assert_true(tcp_timer_active(p.tp[0], TT_PERSIST));
	got = p.so[1]->so_rcv.sb_cc;
	wire_run(&p.w, 3600 * SEC);
	/* Less than a unit of the scale may be left of the window, and a probe may use it. */
	assert_in_range(p.so[1]->so_rcv.sb_cc, got, got + 127);
	assert_int_equal(p.tp[0]->t_state, TCPS_ESTABLISHED);
	assert_in_range(wire_tcp(&p.w, 0)->tv_stat.tcps_persisttimeo, 50, 100);
	flow_run(&p.w, f, 1, 3600 * SEC);
	assert_true(f[0].f_eof);
	assert_int_equal(f[0].f_got, 2000000);
	pair_fini(&p);
}

/* The same where each window update is lost: only probes can find out. */
static void
lost_window_update(void **state)
{
	struct flow f[1];
	struct pair p;

	(void)state;
	pair_init(&p, 20);
	f[0] = (struct flow){ .f_from = p.so[0], .f_to = p.so[1], .f_total = 1000000 };
	for (int i = 0; i < 300; i++) {
		flow_send(&p.w, &f[0]);
		wire_run(&p.w, 5 * MSEC);
	}
	assert_int_equal(p.tp[0]->snd_wnd, 0);
	p.tap.t_lose[0] = true;
	flow_recv(&p.w, &f[0]);
	wire_run(&p.w, 100 * MSEC);
	p.tap.t_lose[0] = false;
	assert_int_equal(p.tp[0]->snd_wnd, 0);
	flow_run(&p.w, f, 1, 3600 * SEC);
	assert_int_equal(f[0].f_got, 1000000);
	pair_fini(&p);
}

/* A peer that vanishes: a tail loss probe and twelve timeouts, then ETIMEDOUT. */
static void
gives_up(void **state)
{
	struct pair p;
	int error;
	uint8_t b;

	(void)state;
	pair_init(&p, 21);
	p.tap.t_lose[0] = p.tap.t_lose[1] = true;
	assert_int_equal(wire_send(&p.w, p.so[0], "abc", 3, 0), 3);
	wire_run(&p.w, 200 * SEC);
	assert_int_equal(p.tp[0]->t_state, TCPS_ESTABLISHED);
	wire_run(&p.w, 1000 * SEC);
	assert_int_equal(p.tp[0]->t_state, TCPS_CLOSED);
	assert_int_equal(p.tap.t_data[1], 14);
	wire_recv(&p.w, p.so[0], &b, 1, &error);
	assert_int_equal(error, ETIMEDOUT);
	p.tap.t_lose[0] = p.tap.t_lose[1] = false;
	pair_fini(&p);
}

static void
connect_times_out(void **state)
{
	struct socket *so;
	struct tap tap;
	struct wire w;

	(void)state;
	wire_init(&w, 22);
	tap_on(&w, &tap);
	tap.t_lose[1] = true;
	so = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so, 1, 80), ETIMEDOUT);
	assert_int_equal(tap.t_syn[1], 7);	/* at 0, 1, 3, 7, 15, 31, 63 s */
	soclose(so);
	wire_fini(&w);
}

static void
keepalive(void **state)
{
	const int on = 1, idle = 10, intvl = 2, cnt = 3;
	struct pair p;

	(void)state;
	pair_init(&p, 23);
	assert_int_equal(sosetopt(p.so[0], VI_SO_KEEPALIVE, &on, sizeof(on)), 0);
	assert_int_equal(sosetopt(p.so[0], VI_TCP_KEEPIDLE, &idle, sizeof(idle)), 0);
	assert_int_equal(sosetopt(p.so[0], VI_TCP_KEEPINTVL, &intvl, sizeof(intvl)), 0);
	assert_int_equal(sosetopt(p.so[0], VI_TCP_KEEPCNT, &cnt, sizeof(cnt)), 0);
	wire_run(&p.w, 105 * SEC);
	assert_in_range(wire_tcp(&p.w, 0)->tv_stat.tcps_keepprobe, 8, 11);
	assert_int_equal(p.tp[0]->t_state, TCPS_ESTABLISHED);
	p.tap.t_lose[1] = true;
	wire_run(&p.w, 30 * SEC);
	assert_int_equal(p.so[0]->so_error, ETIMEDOUT);
	pair_fini(&p);
}

static void
delayed_acks(void **state)
{
	uint8_t big[20000];
	struct pair p;
	int error;

	(void)state;
	memset(big, 7, sizeof(big));
	pair_init(&p, 24);
	/* One small segment: its ACK waits 40 ms. */
	assert_int_equal(wire_send(&p.w, p.so[0], "a", 1, 0), 1);
	wire_run(&p.w, 30 * MSEC);
	assert_int_equal(p.tap.t_n[0], 0);
	wire_run(&p.w, 30 * MSEC);
	assert_int_equal(p.tap.t_acks[0], 1);
	/* Two segments' worth: at once. */
	assert_int_equal(wire_send(&p.w, p.so[0], big, 2896, 0), 2896);
	wire_run(&p.w, 3 * MSEC);
	assert_int_equal(p.tap.t_acks[0], 2);
	/* An answer carries the ACK. */
	(void)wire_recv(&p.w, p.so[1], big, sizeof(big), &error);
	assert_int_equal(wire_send(&p.w, p.so[0], "b", 1, 0), 1);
	wire_run(&p.w, 3 * MSEC);
	assert_int_equal(wire_send(&p.w, p.so[1], "c", 1, 0), 1);
	wire_run(&p.w, 3 * MSEC);
	assert_int_equal(p.tap.t_acks[0], 2);
	assert_int_equal(p.tp[0]->snd_una, p.tp[0]->snd_max);
	pair_fini(&p);
}

/* Nagle, NODELAY, CORK, MSG_MORE. */
static void
nagle(void **state)
{
	const int on = 1, off = 0;
	struct pair p;

	(void)state;
	pair_init(&p, 25);
	for (int i = 0; i < 10; i++)
		wire_send(&p.w, p.so[0], "x", 1, 0);
	assert_int_equal(p.tap.t_data[1], 1);
	wire_run(&p.w, 200 * MSEC);
	assert_int_equal(p.tap.t_data[1], 2);
	assert_int_equal(p.tap.t_bytes[1], 10);
	assert_int_equal(sosetopt(p.so[0], VI_TCP_NODELAY, &on, sizeof(on)), 0);
	for (int i = 0; i < 10; i++)
		wire_send(&p.w, p.so[0], "x", 1, 0);
	assert_int_equal(p.tap.t_data[1], 12);
	wire_run(&p.w, 200 * MSEC);
	assert_int_equal(sosetopt(p.so[0], VI_TCP_CORK, &on, sizeof(on)), 0);
	for (int i = 0; i < 10; i++)
		wire_send(&p.w, p.so[0], "x", 1, 0);
	assert_int_equal(p.tap.t_data[1], 12);
	assert_int_equal(sosetopt(p.so[0], VI_TCP_CORK, &off, sizeof(off)), 0);
	assert_int_equal(p.tap.t_data[1], 13);
	wire_run(&p.w, 200 * MSEC);
	wire_send(&p.w, p.so[0], "x", 1, VI_MSG_MORE);
	assert_int_equal(p.tap.t_data[1], 13);
	wire_send(&p.w, p.so[0], "x", 1, 0);
	assert_int_equal(p.tap.t_data[1], 14);
	wire_run(&p.w, 200 * MSEC);
	/* A forgotten cork lasts 200 ms. */
	wire_send(&p.w, p.so[0], "x", 1, VI_MSG_MORE);
	wire_run(&p.w, 150 * MSEC);
	assert_int_equal(p.tap.t_data[1], 14);
	wire_run(&p.w, 100 * MSEC);
	assert_int_equal(p.tap.t_data[1], 15);
	pair_fini(&p);
}

/* One lost segment of many: three duplicates (or SACK) resend it without a timeout. */
static void
fast_retransmit(void **state)
{
	static uint8_t buf[14480];
	struct pair p;

	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		pair_init(&p, 26);
		if (!sack)
			p.tp[0]->t_flags &= ~(uint32_t)TF_SACK_PERMIT,
			    p.tp[1]->t_flags &= ~(uint32_t)TF_SACK_PERMIT;
		p.w.w_cut = true;
		p.tap.t_losenth[1] = 3;
		assert_int_equal(wire_send(&p.w, p.so[0], buf, sizeof(buf), 0), sizeof(buf));
		wire_run(&p.w, 20 * MSEC);
		assert_int_equal(p.so[1]->so_rcv.sb_cc, sizeof(buf));
		assert_int_equal(wire_tcp(&p.w, 0)->tv_stat.tcps_rexmttimeo, 0);
		assert_int_equal(wire_tcp(&p.w, 0)->tv_stat.tcps_fastrexmit, 1);
		assert_int_equal(wire_tcp(&p.w, 0)->tv_stat.tcps_sndrexmitpack, 1);
		assert_int_equal(p.tp[0]->t_flags & TF_FASTRECOVERY, 0);
		assert_true(p.tp[0]->snd_cwnd <= 14480);
		pair_fini(&p);
	}
}

static void
urgent(void **state)
{
	const int on = 1;
	struct pair p;
	uint8_t b[32];
	int error;

	(void)state;
	for (int inl = 0; inl < 2; inl++) {
		pair_init(&p, 27);
		if (inl)
			sosetopt(p.so[1], VI_SO_OOBINLINE, &on, sizeof(on));
		wire_send(&p.w, p.so[0], "abc", 3, 0);
		wire_send(&p.w, p.so[0], "U", 1, VI_MSG_OOB);
		wire_send(&p.w, p.so[0], "def", 3, 0);
		wire_run(&p.w, 300 * MSEC);
		assert_int_equal(p.so[1]->so_oobmark, 3);
		assert_int_equal(wire_recv(&p.w, p.so[1], b, sizeof(b), &error), 3);
		assert_memory_equal(b, "abc", 3);
		if (inl) {
			assert_int_equal(wire_recv(&p.w, p.so[1], b, sizeof(b), &error), 4);
			assert_memory_equal(b, "Udef", 4);
		} else {
			assert_true(p.so[1]->so_hasoob);
			assert_int_equal(p.so[1]->so_oobbyte, 'U');
			assert_int_equal(wire_recv(&p.w, p.so[1], b, sizeof(b), &error), 3);
			assert_memory_equal(b, "def", 3);
		}
		assert_int_equal(p.tp[0]->snd_una, p.tp[0]->snd_max);
		pair_fini(&p);
	}
}

/* What was urgent before nearly 2 GB of other data does not stand in the way of what is urgent now. */
static void
urgent_after_long(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 28);
	p.tp[1]->rcv_up = p.tp[1]->rcv_nxt - (INT32_MAX - (8 << 20));
	wire_carry(&p.w, p.so, 16 << 20);
	wire_send(&p.w, p.so[0], "U", 1, VI_MSG_OOB);
	wire_run(&p.w, 300 * MSEC);
	assert_true(p.so[1]->so_hasoob);
	assert_int_equal(p.so[1]->so_oobbyte, 'U');
	pair_fini(&p);
}

/*
 * The path becomes narrower: told by ICMP (with the right sequence number only), then by the
 * network layer.
 */
static void
path_mtu(void **state)
{
	static uint8_t buf[40000];
	struct pair p;

	(void)state;
	pair_init(&p, 28);
	p.tap.t_lose[1] = true;
	wire_send(&p.w, p.so[0], buf, sizeof(buf), 0);
	wire_ctl(&p.w, 0, p.inp[0], INET_CTL_MSGSIZE, 1000, p.tp[0]->snd_max);
	assert_int_equal(p.tp[0]->t_maxseg, 1448);	/* nothing of that number is outstanding */
	p.tap.t_lose[1] = false;
	p.w.w_mtu = 1000;
	wire_ctl(&p.w, 0, p.inp[0], INET_CTL_MSGSIZE, 1000, p.tp[0]->snd_una);
	assert_int_equal(p.tp[0]->t_maxseg, 948);
	wire_run(&p.w, 300 * MSEC);
	assert_int_equal(p.so[1]->so_rcv.sb_cc, sizeof(buf));
	p.w.w_mtu = 600;
	wire_send(&p.w, p.so[0], buf, sizeof(buf), 0);
	wire_run(&p.w, 300 * MSEC);
	assert_int_equal(p.tp[0]->t_maxseg, 548);
	assert_int_equal(p.so[1]->so_rcv.sb_cc, 2 * sizeof(buf));
	pair_fini(&p);
}

/* Hard errors end a connection only in SYN_SENT (RFC 5927 4.1, 5.2). */
static void
icmp_errors(void **state)
{
	struct vi_sockaddr sa;
	struct socket *so;
	struct pair p;

	(void)state;
	pair_init(&p, 29);
	p.tap.t_lose[1] = true;
	wire_send(&p.w, p.so[0], "x", 1, 0);
	wire_ctl(&p.w, 0, p.inp[0], INET_CTL_UNREACH_PORT, 0, p.tp[0]->snd_una);
	assert_int_equal(p.tp[0]->t_state, TCPS_ESTABLISHED);
	p.tap.t_lose[1] = false;

	so = wire_socket(&p.w, 0);
	wire_addr(1, 99, &sa);
	assert_int_equal(soconnect(so, &sa), EINPROGRESS);
	wire_ctl(&p.w, 0, so->so_pcb, INET_CTL_UNREACH_PORT, 0, sototcpcb(so)->iss + 1);
	assert_int_equal(sototcpcb(so)->t_state, TCPS_SYN_SENT);
	wire_ctl(&p.w, 0, so->so_pcb, INET_CTL_UNREACH_PORT, 0, sototcpcb(so)->iss);
	assert_int_equal(so->so_error, ECONNREFUSED);
	soclose(so);
	pair_fini(&p);
}

/*
 * Thousands of SYNs from nowhere: state stays bounded, and a true client gets through by a cookie.
 */
static void
syn_flood(void **state)
{
	static const uint8_t mss[4] = { 2, 4, 5, 0xb4 };
	struct socket *ls, *so[2];
	struct tap tap;
	struct wire w;

	(void)state;
	for (int ts = 0; ts < 2; ts++) {
		wire_init(&w, 30);
		tap_on(&w, &tap);
		wire_tcp(&w, 1)->tv_sc_limit = 100;
		wire_tcp(&w, 0)->tv_rfc1323 = ts;
		ls = wire_listen(&w, 1, 80, 16);
		tap.t_lose[0] = true;
		for (unsigned i = 0; i < 5000; i++)
			wire_inject(
			    &w, 1, (uint16_t)(20000 + i), HTONS(80), i, 0, TH_SYN, 1000, mss, 0);
		assert_int_equal(wire_tcp(&w, 1)->tv_syncache.sc_tab.ft_count, 100);
		assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sc_sendcookie, 4900);
		assert_int_equal(tap.t_syn[0], 5000);
		tap.t_lose[0] = false;
		so[0] = wire_socket(&w, 0);
		assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
		so[1] = wire_accept(&w, ls);
		assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sc_recvcookie, 1);
		assert_int_equal((sototcpcb(so[1])->t_flags & TF_SACK_PERMIT) != 0, ts);
		assert_int_equal((sototcpcb(so[1])->t_flags & TF_RCVD_SCALE) != 0, ts);
		assert_int_equal(sototcpcb(so[1])->t_peermss, 1460);
		transfer(&w, so, 200000, 200000);
		/* A guess is not believed. */
		wire_inject(&w, 1, HTONS(777), HTONS(80), 1, 2, TH_ACK, 1000, NULL, 0);
		assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sc_badcookie, 1);
		wire_run(&w, 300 * SEC);
		assert_int_equal(wire_tcp(&w, 1)->tv_syncache.sc_tab.ft_count, 0);
		soclose(ls);
		soclose(so[0]);
		soclose(so[1]);
		wire_idle(&w);
		wire_fini(&w);
	}
}

/* Segments that wait: they arrive so much later, in order, the last of a connection too; a listener's connections do the same. */
static void
tx_delay(void **state)
{
	struct socket *ls, *so[2];
	const int us = 200000;
	char buf[16];
	int error, v = 0;
	size_t len = sizeof(v);
	struct wire w;

	(void)state;
	wire_init(&w, 8);
	w.w_delay = SEC / 1000;
	ls = wire_listen(&w, 1, 80, 16);
	so[0] = wire_socket(&w, 0);
	assert_int_equal(sosetopt(so[0], VI_TCP_TX_DELAY, &(int){ -1 }, sizeof(v)), EINVAL);
	assert_int_equal(sosetopt(so[0], VI_TCP_TX_DELAY, &(int){ 1 << 28 }, sizeof(v)), EINVAL);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	so[1] = wire_accept(&w, ls);
	wire_run(&w, SEC);
	assert_int_equal(sosetopt(so[0], VI_TCP_TX_DELAY, &us, sizeof(us)), 0);
	assert_int_equal(sogetopt(so[0], VI_TCP_TX_DELAY, &v, &len), 0);
	assert_int_equal(v, us);
	assert_int_equal(wire_send(&w, so[0], "one", 3, 0), 3);
	wire_run(&w, SEC / 10);
	assert_int_equal(wire_send(&w, so[0], "two", 3, 0), 3);
	wire_run(&w, SEC / 10);
	assert_int_equal(so[1]->so_rcv.sb_cc, 0);
	wire_run(&w, SEC / 100);
	assert_int_equal(so[1]->so_rcv.sb_cc, 3);
	/* Taken back: what comes after stays behind what waits. */
	assert_int_equal(sosetopt(so[0], VI_TCP_TX_DELAY, &(int){ 0 }, sizeof(v)), 0);
	assert_int_equal(wire_send(&w, so[0], "three", 5, 0), 5);
	wire_run(&w, SEC / 100);
	assert_int_equal(so[1]->so_rcv.sb_cc, 3);
	wire_run(&w, SEC);
	assert_int_equal(wire_recv(&w, so[1], buf, sizeof(buf), &error), 11);
	assert_memory_equal(buf, "onetwothree", 11);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_sndrexmitpack, 0);
	assert_int_equal(sosetopt(so[0], VI_TCP_TX_DELAY, &us, sizeof(us)), 0);
	transfer(&w, (struct socket *[]){ so[0], so[1] }, 300000, 100000);
	/* What waits when it ends abruptly goes out, and nothing is left. */
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 10 * SEC);
	soclose(ls);
	ls = wire_listen(&w, 1, 81, 16);
	assert_int_equal(sosetopt(ls, VI_TCP_TX_DELAY, &us, sizeof(us)), 0);
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 81), 0);
	so[1] = wire_accept(&w, ls);
	len = sizeof(v);
	assert_int_equal(sogetopt(so[1], VI_TCP_TX_DELAY, &v, &len), 0);
	assert_int_equal(v, us);
	assert_int_equal(wire_send(&w, so[1], "late", 4, 0), 4);
	wire_run(&w, SEC / 10);
	assert_int_equal(so[0]->so_rcv.sb_cc, 0);
	soclose(so[1]);
	soclose(so[0]);
	soclose(ls);
	wire_run(&w, 10 * SEC);
	wire_fini(&w);
}

/*
 * The last ACK of a handshake is lost: the SYN-ACK is sent again; the entry ends three minutes after the last time.
 */
static void
synack_again(void **state)
{
	struct socket *ls, *so;
	struct tap tap;
	struct wire w;

	(void)state;
	wire_init(&w, 31);
	tap_on(&w, &tap);
	ls = wire_listen(&w, 1, 80, 16);
	tap.t_lose[0] = true;
	wire_inject(&w, 1, HTONS(5), HTONS(80), 100, 0, TH_SYN, 1000, NULL, 0);
	wire_run(&w, 100 * SEC);
	assert_int_equal(tap.t_syn[0], 4);
	assert_int_equal(wire_tcp(&w, 1)->tv_syncache.sc_tab.ft_count, 1);
	wire_run(&w, 100 * SEC);
	assert_int_equal(tap.t_syn[0], 4);
	assert_int_equal(wire_tcp(&w, 1)->tv_syncache.sc_tab.ft_count, 0);
	tap.t_lose[0] = false;
	so = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so, 1, 80), 0);
	assert_int_equal(ls->so_qlen, 0);		/* our ACK is still on its way */
	wire_run(&w, 5 * SEC);
	assert_int_equal(ls->so_qlen, 1);
	/* A listener that goes takes what waits with it. */
	soclose(ls);
	wire_run(&w, 5 * SEC);
	assert_int_equal(so->so_error, ECONNRESET);
	soclose(so);
	wire_fini(&w);
}

/* The accept queue is full: the SYN is not answered, later it is. */
static void
backlog(void **state)
{
	struct socket *ls, *so[4], *acc;
	struct vi_sockaddr sa;
	struct wire w;
	int connected;

	(void)state;
	wire_init(&w, 32);
	ls = wire_listen(&w, 1, 80, 1);			/* room for two */
	wire_addr(1, 80, &sa);
	for (int i = 0; i < 4; i++) {
		so[i] = wire_socket(&w, 0);
		assert_int_equal(soconnect(so[i], &sa), EINPROGRESS);
		wire_run(&w, 10 * MSEC);
	}
	connected = 0;
	for (int i = 0; i < 4; i++)
		connected += (so[i]->so_state & SS_ISCONNECTED) != 0;
	assert_int_equal(connected, 2);
	for (int i = 0; i < 4; i++) {
		acc = wire_accept(&w, ls);
		assert_non_null(acc);
		soclose(acc);
	}
	for (int i = 0; i < 4; i++)
		soclose(so[i]);
	soclose(ls);
	wire_idle(&w);
	wire_fini(&w);
}

/*
 * RFC 6191, RFC 9293 MAY-2: a pair in TIME_WAIT is taken over by a newer SYN, on both sides; an old
 * one is not.
 */
static void
timewait_reuse(void **state)
{
	struct vi_sockaddr sa;
	struct socket *ls, *so[2];
	struct tap tap;
	struct wire w;

	(void)state;
	for (int side = 0; side < 2; side++) {
		wire_init(&w, 33);
		tap_on(&w, &tap);
		ls = wire_listen(&w, 1, 80, 16);
		for (int round = 0; round < 5; round++) {
			so[0] = wire_socket(&w, 0);
			wire_addr(0, 4000, &sa);
			if (side == 0 && round > 0)
				assert_int_equal(sobind(so[0], &sa), EADDRINUSE);
			wire_setint(so[0], VI_SO_REUSEADDR, 1);
			assert_int_equal(sobind(so[0], &sa), 0);
			assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
			so[1] = wire_accept(&w, ls);
			transfer(&w, so, 1000, 1000);
			/* Who closes first waits. */
			soclose(so[side]);
			soclose(so[1 - side]);
			wire_run(&w, 5 * MSEC);
		}
		assert_in_range(wire_tcp(&w, 0)->tv_timewait.tw_ring.tr_count +
				    wire_tcp(&w, 1)->tv_timewait.tw_ring.tr_count,
		    1, 2);
		soclose(ls);
		wire_run(&w, 70 * SEC);
		assert_int_equal(wire_tcp(&w, 0)->tv_timewait.tw_ring.tr_count +
				     wire_tcp(&w, 1)->tv_timewait.tw_ring.tr_count,
		    0);
		wire_fini(&w);
	}
}

static void
timewait_segments(void **state)
{
	uint16_t lport, fport;
	uint32_t seq, ack;
	struct pair p;

	(void)state;
	pair_init(&p, 34);
	lport = p.inp[1]->inp_lport;
	fport = p.inp[1]->inp_fport;
	soclose(p.so[1]);
	wire_idle(&p.w);
	soclose(p.so[0]);
	p.so[0] = p.so[1] = NULL;
	seq = p.tp[0]->snd_max;
	ack = p.tp[0]->rcv_nxt;
	wire_idle(&p.w);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_timewait.tw_ring.tr_count, 1);
	memset(&p.tap, 0, sizeof(p.tap));
	/*
	 * RFC 1337: an RST does not end it; the FIN again is answered; a SYN that is old draws an
	 * ACK.
	 */
	wire_inject(&p.w, 1, fport, lport, seq, 0, TH_RST, 0, NULL, 0);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_timewait.tw_ring.tr_count, 1);
	assert_int_equal(p.tap.t_n[0], 0);
	wire_inject(&p.w, 1, fport, lport, seq - 1, ack, TH_FIN | TH_ACK, 100, NULL, 0);
	assert_int_equal(p.tap.t_n[0], 1);
	assert_int_equal(p.tap.t_lastflags[0], TH_ACK);
	wire_inject(&p.w, 1, fport, lport, seq - 5000, 0, TH_SYN, 100, NULL, 0);
	assert_int_equal(p.tap.t_n[0], 2);
	assert_int_equal(p.tap.t_lastflags[0], TH_ACK);
	assert_int_equal(wire_tcp(&p.w, 1)->tv_timewait.tw_ring.tr_count, 1);
	pair_fini(&p);
}

/*
 * Memory runs out at any point of a life: nothing crashes, nothing stays, and afterwards all goes
 * on.
 */
static void
memory_failure(void **state)
{
	struct flow f[2];
	struct socket *so[2], *ls;
	struct acctset *as;
	struct wire w;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		wire_init(&w, 1000 + seed);
		ls = wire_listen(&w, 1, 80, 16);
		so[0] = wire_socket(&w, 0);
		for (int i = 0; i < 2; i++) {
			as = vnet_acct(w.w_vn[i]);
			acctset_setlimit(as, as->as_total.ac_bytes + wire_random(&w) % 120000);
		}
		if (wire_connect(&w, so[0], 1, 80) == 0 && (so[1] = wire_accept(&w, ls)) != NULL) {
			f[0] = (struct flow){ .f_from = so[0], .f_to = so[1], .f_total = 500000 };
			f[1] = (struct flow){ .f_from = so[1], .f_to = so[0], .f_total = 100000 };
			flow_run(&w, f, 2, 500 * MSEC);
			for (int i = 0; i < 2; i++)
				acctset_setlimit(vnet_acct(w.w_vn[i]), 0);
			flow_run(&w, f, 2, 600 * SEC);
			assert_int_equal(f[0].f_got, 500000);
			assert_int_equal(f[1].f_got, 100000);
			soclose(so[1]);
		}
		soclose(so[0]);
		soclose(ls);
		wire_run(&w, 100 * SEC);
		wire_fini(&w);
	}
}

/*
 * A limit under which a super-packet's copy can never be charged, but a segment's can: the transfer
 * goes on, in small pieces.
 */
static void
memory_tight(void **state)
{
	static uint8_t buf[100000];
	struct acctset *as;
	struct pair p;

	(void)state;
	pair_init(&p, 31);
	assert_int_equal(wire_send(&p.w, p.so[0], buf, 5, 0), 5);
	wire_run(&p.w, SEC);
	as = vnet_acct(p.w.w_vn[0]);
	p.tp[0]->t_srtt = 200 << 3;		/* near: super-packets */
	p.w.w_delay = 100 * USEC;
	p.tp[0]->snd_cwnd = 0;			/* the buffer fills */
	assert_int_equal(wire_send(&p.w, p.so[0], buf, sizeof(buf), 0), sizeof(buf));
	acctset_setlimit(as, as->as_total.ac_bytes + 8000);
	p.tp[0]->snd_cwnd = 1000000;
	wire_now(&p.w);
	kernel_lock(p.w.w_k);
	(void)tcp_output(p.tp[0]);
	kernel_unlock(p.w.w_k);
	wire_run(&p.w, SEC);
	assert_int_equal(p.so[1]->so_rcv.sb_cc, sizeof(buf) + 5);
	assert_in_range(wire_tcp(&p.w, 0)->tv_stat.tcps_sndnomem, 1, 200);
	assert_in_range(wire_tcp(&p.w, 0)->tv_stat.tcps_rexmttimeo, 0, 0);
	acctset_setlimit(as, 0);
	pair_fini(&p);
}

/* A vnet is destroyed in the middle of everything. */
static void
torn_down(void **state)
{
	struct socket *ls, *so[64];
	struct vi_sockaddr sa;
	struct wire w;
	unsigned n;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		wire_init(&w, 2000 + seed);
		w.w_loss = 100000;
		ls = wire_listen(&w, 1, 80, 128);
		wire_addr(1, 80, &sa);
		for (n = 0; n < 40;) {
			so[n] = wire_socket(&w, 0);
			(void)soconnect(so[n++], &sa);
			wire_run(&w, wire_random(&w) % (3 * MSEC));
			(void)wire_send(&w, so[wire_random(&w) % n], "some data here", 14, 0);
			if (wire_random(&w) % 4 == 0) {
				unsigned k = wire_random(&w) % n;

				soclose(so[k]);
				so[k] = so[--n];
			}
		}
		wire_run(&w, wire_random(&w) % (20 * MSEC));
		assert_int_equal(
		    vi_vnet_destroy((struct vi_vnet *)(void *)w.w_vn[seed % 2], NULL, NULL), 0);
		if (seed % 2 == 0) {
			for (unsigned i = 0; i < n; i++)
				soclose(so[i]);
		} else {
			soclose(ls);
			for (unsigned i = 0; i < n; i++)
				soclose(so[i]);
		}
		if (seed % 2 == 0)
			soclose(ls);
		wire_fini(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake),
		cmocka_unit_test(refused),
		cmocka_unit_test(transfer_clean),
		cmocka_unit_test(schedules),
		cmocka_unit_test(rst_rules),
		cmocka_unit_test(challenges),
		cmocka_unit_test(timestamp_of_bad_ack),
		cmocka_unit_test(outdated_timestamp),
		cmocka_unit_test(ack_war),
		cmocka_unit_test(half_close),
		cmocka_unit_test(simultaneous_close),
		cmocka_unit_test(simultaneous_open),
		cmocka_unit_test(aborting_close),
		cmocka_unit_test(data_after_close),
		cmocka_unit_test(finwait2_times_out),
		cmocka_unit_test(zero_window),
		cmocka_unit_test(lost_window_update),
		cmocka_unit_test(gives_up),
		cmocka_unit_test(connect_times_out),
		cmocka_unit_test(keepalive),
		cmocka_unit_test(delayed_acks),
		cmocka_unit_test(nagle),
		cmocka_unit_test(fast_retransmit),
		cmocka_unit_test(urgent),
		cmocka_unit_test(urgent_after_long),
		cmocka_unit_test(path_mtu),
		cmocka_unit_test(icmp_errors),
		cmocka_unit_test(syn_flood),
		cmocka_unit_test(synack_again),
		cmocka_unit_test(tx_delay),
		cmocka_unit_test(backlog),
		cmocka_unit_test(timewait_reuse),
		cmocka_unit_test(timewait_segments),
		cmocka_unit_test(memory_failure),
		cmocka_unit_test(memory_tight),
		cmocka_unit_test(torn_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
