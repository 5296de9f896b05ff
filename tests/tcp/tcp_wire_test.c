/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP alone over the wire of wire.h: handshakes, transfers over good and bad wires, closing in all ways, windows, resets and
 * challenge ACKs, SYN floods, TIME_WAIT, lack of memory.  Virtual time; each test has vnets of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern/kernel.h"
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
	struct flow f[2] = { { .f_from = so[0], .f_to = so[1], .f_total = there }, { .f_from = so[1], .f_to = so[0], .f_total = back } };

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


/* Random loss, order, duplication and corruption, both directions at once, every combination of options. */
static void
schedule(uint64_t seed)
{
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
		if (wire_random(&w) % 2)
			memcpy(tv->tv_cc, "newreno", 8);
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
	w.w_jitter = wire_random(&w) % 2 == 0 ? 0 : wire_random(&w) % (2 * w.w_delay) + 1;
	transfer(&w, so, there, back);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 400 * SEC);
	assert_int_equal(wire_tcp(&w, 0)->tv_pcbs.ipi_count, 0);
	assert_int_equal(wire_tcp(&w, 1)->tv_pcbs.ipi_count, 0);
	assert_int_equal(wire_tcp(&w, 0)->tv_timewait.tw_tab.ft_count, 0);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake),
		cmocka_unit_test(refused),
		cmocka_unit_test(transfer_clean),
		cmocka_unit_test(schedules),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
