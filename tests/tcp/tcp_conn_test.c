/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What connections can do beside moving data: deferred accepts, limits of what nobody looks after,
 * user timeouts.  On the wire of wire.h, in virtual time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "wire.h"

static void
defer_accept(void **state)
{
	struct socket *ls, *so[2];
	struct wire w;
	char buf[8];
	int error;

	(void)state;
	wire_init(&w, 1);
	ls = wire_listen(&w, 1, 80, 4);
	wire_setint(ls, VI_TCP_DEFER_ACCEPT, 5);
	assert_int_equal(wire_getint(ls, VI_TCP_DEFER_ACCEPT), 7);	/* 1 + 2 + 4 s */
	/* The caller is connected, the listener does not know of it until data comes. */
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	wire_run(&w, 3 * SEC);
	assert_int_equal(ls->so_qlen, 0);
	assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sc_deferred, 1);
	assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sc_retransmitted, 0);
	assert_int_equal(wire_send(&w, so[0], "hello", 5, 0), 5);
	so[1] = wire_accept(&w, ls);
	assert_non_null(so[1]);
	assert_int_equal(wire_recv(&w, so[1], buf, sizeof(buf), &error), 5);
	soclose(so[0]);
	soclose(so[1]);
	/* Without data it is accepted when the time is over. */
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	wire_run(&w, 6 * SEC);
	assert_int_equal(ls->so_qlen, 0);
	wire_run(&w, 4 * SEC);
	assert_int_equal(ls->so_qlen, 1);
	assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_sc_retransmitted, 1);
	soclose(so[0]);
	soclose(ls);
	wire_fini(&w);
}

static void
notsent_lowat(void **state)
{
	static uint8_t buf[400000];
	struct socket *so[2];
	struct wire w;
	size_t n;
	int error;

	(void)state;
	wire_init(&w, 2);
	wire_pair(&w, so);
	assert_int_equal(wire_getint(so[0], VI_TCP_NOTSENT_LOWAT), 0);	/* as Linux: the sysctl's */
	wire_setint(so[0], VI_SO_SNDBUF, 1 << 20);
	wire_setint(so[0], VI_TCP_NOTSENT_LOWAT, 10000);
	/* cwnd takes 14480; the rest of what is taken waits, and is not more than asked for. */
	n = wire_send(&w, so[0], buf, 10000, 0);
	assert_int_equal(n, 10000);
	assert_true(sopoll(so[0]) & VI_POLLOUT);
	n = wire_send(&w, so[0], buf, 100000, 0);
	assert_int_equal(n, 10000);
	assert_in_range(wire_getint(so[0], VI_SO_NUNSENT), 20000 - 14480, 20000 - 13000);
	assert_false(sopoll(so[0]) & VI_POLLOUT);
	wire_send(&w, so[0], buf, 100000, 0);
	assert_int_equal(wire_getint(so[0], VI_SO_NUNSENT), 10000);
	assert_int_equal(wire_send(&w, so[0], buf, 1, 0), 0);
	wire_idle(&w);
	assert_true(sopoll(so[0]) & VI_POLLOUT);
	/* The limit gone, the buffer decides. */
	wire_setint(so[0], VI_TCP_NOTSENT_LOWAT, -1);
	assert_int_equal(wire_send(&w, so[0], buf, 300000, 0), 300000);
	while (wire_recv(&w, so[1], buf, sizeof(buf), &error) > 0)
		wire_run(&w, 10 * MSEC);
	soclose(so[0]);
	soclose(so[1]);
	wire_fini(&w);
	/* the default of new sockets */
	wire_init(&w, 2);
	wire_sysctl(&w, 0, "net.inet.tcp.notsent_lowat", "5000");
	wire_pair(&w, so);
	assert_int_equal(wire_getint(so[0], VI_TCP_NOTSENT_LOWAT), 0);
	wire_setint(so[0], VI_SO_SNDBUF, 1 << 20);
	assert_in_range(wire_send(&w, so[0], buf, sizeof(buf), 0), 5000, 14480 + 5000);
	soclose(so[0]);
	soclose(so[1]);
	wire_fini(&w);
}

/* Persona linux: limits of the send buffer are looked at where a packet's worth begins, and what has been begun is filled. */
static void
linux_sendslack(void **state)
{
	static uint8_t buf[400000];
	struct socket *so[2];
	struct wire w;

	(void)state;
	wire_init(&w, 2);
	wire_sysctl(&w, 0, "net.inet.tcp.persona", "linux");
	wire_sysctl(&w, 1, "net.inet.tcp.recvspace", "32768");
	wire_pair(&w, so);
	/* Half the window is 11 segments: 10 go (cwnd), the other and ten more are the next buffer. */
	wire_setint(so[0], VI_TCP_NOTSENT_LOWAT, 1000);
	assert_int_equal(wire_send(&w, so[0], buf, sizeof(buf), 0), 11 * 1448);
	assert_int_equal(wire_send(&w, so[0], buf, sizeof(buf), 0), 10 * 1448);
	assert_int_equal(wire_send(&w, so[0], buf, 1, 0), 0);
	assert_int_equal(wire_getint(so[0], VI_SO_NUNSENT), 11 * 1448);
	assert_false(sopoll(so[0]) & VI_POLLOUT);
	wire_idle(&w);
	soclose(so[0]);
	soclose(so[1]);
	wire_fini(&w);
	wire_init(&w, 2);
	wire_sysctl(&w, 0, "net.inet.tcp.persona", "linux");
	wire_sysctl(&w, 1, "net.inet.tcp.recvspace", "32768");
	wire_pair(&w, so);
	wire_setint(so[0], VI_SO_SNDBUF, 11000);
	assert_int_equal(wire_send(&w, so[0], buf, sizeof(buf), 0), 11 * 1448);
	assert_int_equal(wire_send(&w, so[0], buf, sizeof(buf), 0), 10 * 1448);
	assert_int_equal(wire_send(&w, so[0], buf, 1, 0), 0);
	soclose(so[0]);
	soclose(so[1]);
	wire_fini(&w);
}

static enum wire_verdict
lose_to_1(struct wire *w, struct wpkt *wp)
{
	(void)w;
	return (wp->wp_to == 1 ? WIRE_LOSE : WIRE_PASS);
}

static void
orphan_limits(void **state)
{
	struct socket *ls, *so[3];
	struct wire w;

	(void)state;
	wire_init(&w, 3);
	wire_sysctl(&w, 0, "net.inet.tcp.max_orphans", "2");
	wire_sysctl(&w, 0, "net.inet.tcp.orphan_retries", "3");
	ls = wire_listen(&w, 1, 80, 4);
	for (int i = 0; i < 3; i++) {
		so[i] = wire_socket(&w, 0);
		assert_int_equal(wire_connect(&w, so[i], 1, 80), 0);
	}
	wire_idle(&w);
	w.w_filter = lose_to_1;
	for (int i = 0; i < 3; i++)
		soclose(so[i]);
	assert_int_equal(wire_tcp(&w, 0)->tv_orphans, 2);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_orphandrops, 1);
	/* 200 ms doubled: the fourth timeout, after 3 s, is the end. */
	wire_run(&w, 10 * SEC);
	assert_int_equal(wire_tcp(&w, 0)->tv_orphans, 0);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_timeoutdrop, 2);
	soclose(ls);
	wire_fini(&w);
}

struct utos {
	unsigned	u_syn, u_data;
	uint16_t	u_value;
};

static enum wire_verdict
count_utos(struct wire *w, struct wpkt *wp)
{
	struct utos *u = w->w_arg;
	struct tcp_opts to;

	if (wp->wp_to != 1)
		return (WIRE_PASS);
	wire_options(wp, &to);
	if (to.to_flags & TOF_UTO) {
		u->u_value = to.to_uto;
		if (th_flags(wp_th(wp)) & TH_SYN)
			u->u_syn++;
		else
			u->u_data++;
	}
	return (WIRE_PASS);
}

static void
user_timeout_option(void **state)
{
	struct utos u = { 0, 0, 0 };
	struct socket *ls, *so[2];
	struct wire w;

	(void)state;
	wire_init(&w, 4);
	w.w_filter = count_utos;
	w.w_arg = &u;
	wire_sysctl(&w, 0, "net.inet.tcp.uto.enable", "1");
	wire_sysctl(&w, 1, "net.inet.tcp.uto.enable", "1");
	wire_sysctl(&w, 1, "net.inet.tcp.uto.upper", "600");
	ls = wire_listen(&w, 1, 80, 4);
	so[0] = wire_socket(&w, 0);
	wire_setint(so[0], VI_TCP_USER_TIMEOUT, 300000);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	so[1] = wire_accept(&w, ls);
	assert_int_equal(u.u_syn, 1);
	assert_int_equal(u.u_value, 300);
	assert_int_equal(wire_getint(so[1], VI_TCP_USER_TIMEOUT), 300000);
	wire_idle(&w);
	u.u_data = 0;
	/* Later: with the next segments, in minutes if it must be, cut to what the peer allows. */
	wire_setint(so[0], VI_TCP_USER_TIMEOUT, 40000000);
	for (int i = 0; i < 6; i++) {
		wire_send(&w, so[0], "x", 1, 0);
		wire_run(&w, 100 * MSEC);
	}
	assert_int_equal(u.u_data, 3);
	assert_int_equal(u.u_value, 0x8000 | 667);
	assert_int_equal(wire_getint(so[1], VI_TCP_USER_TIMEOUT), 600000);
	/* Who asked for a timeout himself keeps it. */
	wire_setint(so[1], VI_TCP_USER_TIMEOUT, 1000);
	wire_setint(so[0], VI_TCP_USER_TIMEOUT, 200000);
	wire_send(&w, so[0], "x", 1, 0);
	wire_idle(&w);
	assert_int_equal(wire_getint(so[1], VI_TCP_USER_TIMEOUT), 1000);
	soclose(so[0]);
	soclose(so[1]);
	soclose(ls);
	wire_fini(&w);
	/* Off, the option is neither sent nor honoured. */
	wire_init(&w, 5);
	u = (struct utos){ 0, 0, 0 };
	w.w_filter = count_utos;
	w.w_arg = &u;
	so[0] = wire_socket(&w, 0);
	wire_setint(so[0], VI_TCP_USER_TIMEOUT, 300000);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), ECONNREFUSED);
	assert_int_equal(u.u_syn, 0);
	soclose(so[0]);
	wire_fini(&w);
}

static void
readctl(struct wire *w, int side, const char *name, char *buf, size_t len)
{
	assert_int_equal(
	    vi_sysctl_get((struct vi_vnet *)(void *)w->w_vn[side], name, buf, len), 0);
}

static void
host_cache(void **state)
{
	struct socket *so[2];
	struct tcpcb *tp;
	struct wire w;
	char text[1000];

	(void)state;
	wire_init(&w, 6);
	w.w_delay = 20 * MSEC;
	wire_pair(&w, so);
	/* A threshold that a loss would have left. */
	tp = sototcpcb(so[0]);
	wire_carry(&w, so, 100000);
	tp->snd_ssthresh = 30000;
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, SEC);
	assert_int_equal(wire_tcp(&w, 0)->tv_hc.hc_count, 1);
	readctl(&w, 0, "net.inet.tcp.hostcache.list", text, sizeof(text));
	assert_memory_equal(text, "1\n10.0.0.2 mtu 0 ssthresh 30000 rtt ", 36);
	readctl(&w, 0, "net.inet.tcp.hostcache.histo", text, sizeof(text));
	assert_string_equal(text, "Length  Chains\n     0     511\n     1       1");
	/* The caller has a round trip of its own, but takes the threshold. */
	wire_pair(&w, so);
	assert_int_equal(sototcpcb(so[0])->snd_ssthresh, 30000);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_usedssthresh, 1);
	/* Side 1 sent nothing and knows nothing. */
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 0);
	soclose(so[0]);
	soclose(so[1]);
	/* It is forgotten when it is old. */
	wire_run(&w, 3500 * SEC);
	assert_int_equal(wire_tcp(&w, 0)->tv_hc.hc_count, 1);
	wire_run(&w, 500 * SEC);
	assert_int_equal(wire_tcp(&w, 0)->tv_hc.hc_count, 0);
	wire_fini(&w);
}

static void
host_cache_server(void **state)
{
	struct socket *so[2];
	struct wire w;

	(void)state;
	/* Who is called has no sample of the SYN; it takes the round trip of the last connection. */
	wire_init(&w, 7);
	w.w_delay = 20 * MSEC;
	wire_pair(&w, so);
	wire_carry(&w, (struct socket *[]){ so[1], so[0] }, 50000);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 100 * SEC);
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 1);
	wire_pair(&w, so);
	assert_in_range(sototcpcb(so[1])->t_srtt >> 3, 39000, 60000);
	assert_int_equal(wire_tcp(&w, 1)->tv_stat.tcps_usedrtt, 1);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 100 * SEC);
	/* purgenow, and off: nothing is remembered. */
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.purgenow", "1");
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 0);
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.enable", "0");
	wire_pair(&w, so);
	wire_carry(&w, (struct socket *[]){ so[1], so[0] }, 50000);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 100 * SEC);
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 0);
	/* purge acts when the next look is due; limits hold. */
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.enable", "1");
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.hashsize", "2");
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.prune", "10");
	wire_pair(&w, so);
	wire_carry(&w, (struct socket *[]){ so[1], so[0] }, 50000);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, SEC);
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_nbuckets, 2);
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.purge", "1");
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 1);
	wire_run(&w, 10 * SEC);
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 0);
	wire_run(&w, 100 * SEC);
	wire_sysctl(&w, 1, "net.inet.tcp.hostcache.cachelimit", "0");
	wire_pair(&w, so);
	wire_carry(&w, (struct socket *[]){ so[1], so[0] }, 50000);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, SEC);
	assert_int_equal(wire_tcp(&w, 1)->tv_hc.hc_count, 0);
	wire_fini(&w);
}

/* However small the window is made, it opens: a small clamp, and a buffer smaller than a unit of the scaled field. */
static void
small_windows(void **state)
{
	struct socket *so[2];
	struct wire w;

	(void)state;
	for (int scale = 0; scale < 2; scale++) {
		wire_init(&w, 3);
		wire_pair(&w, so);
		if (scale == 0) {
			assert_int_equal(sosetopt(so[1], VI_TCP_WINDOW_CLAMP, &(int){ 0 }, sizeof(int)), EINVAL);
			wire_setint(so[1], VI_TCP_WINDOW_CLAMP, 11);
			assert_true(wire_getint(so[1], VI_TCP_WINDOW_CLAMP) >= 536);
		} else {
			wire_setint(so[1], VI_SO_RCVBUF, 2048);
			sototcpcb(so[1])->rcv_scale = sototcpcb(so[0])->snd_scale = 14;
		}
		wire_carry(&w, so, 50000);
		soclose(so[0]);
		soclose(so[1]);
		wire_run(&w, 100 * SEC);
		assert_true(TAILQ_EMPTY(&wire_tcp(&w, 0)->tv_pcbs.ipi_list));
		assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_rcvduppack, 0);
		wire_fini(&w);
	}
}

/* A path that loses what is longer than 1300 bytes and says nothing. */
static enum wire_verdict
lose_long(struct wire *w, struct wpkt *wp)
{
	(void)w;
	return (wp->wp_len + 20 > 1300 ? WIRE_LOSE : WIRE_PASS);
}

static void
black_hole(void **state)
{
	static uint8_t buf[20000];
	struct socket *so[2];
	struct tcpcb *tp;
	struct wire w;

	(void)state;
	wire_init(&w, 8);
	w.w_cut = true;
	wire_pair(&w, so);
	w.w_filter = lose_long;
	wire_send(&w, so[0], buf, sizeof(buf), 0);
	wire_run(&w, 20 * SEC);
	assert_int_equal(so[1]->so_rcv.sb_cc, 0);	/* off, nothing gets through */
	wire_fini(&w);

	wire_init(&w, 9);
	w.w_cut = true;
	wire_sysctl(&w, 0, "net.inet.tcp.pmtud_blackhole_detection", "1");
	wire_pair(&w, so);
	w.w_filter = lose_long;
	wire_send(&w, so[0], buf, sizeof(buf), 0);
	wire_run(&w, 5 * SEC);
	assert_int_equal(so[1]->so_rcv.sb_cc, sizeof(buf));
	tp = sototcpcb(so[0]);
	assert_int_equal(tp->t_maxseg, 1200 - 12);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_pmtud_blackhole_activated, 1);
	wire_recv(&w, so[1], buf, sizeof(buf), &(int){ 0 });
	soclose(so[0]);
	soclose(so[1]);
	wire_run(&w, 100 * SEC);
	/* The next connection knows. */
	wire_pair(&w, so);
	assert_int_equal(sototcpcb(so[0])->t_maxseg, 1200 - 12);
	soclose(so[0]);
	soclose(so[1]);
	wire_fini(&w);

	/* Everything lost: it is not the size, and long segments are tried again. */
	wire_init(&w, 10);
	wire_sysctl(&w, 0, "net.inet.tcp.pmtud_blackhole_detection", "2");
	wire_pair(&w, so);
	w.w_filter = lose_to_1;
	wire_send(&w, so[0], buf, sizeof(buf), 0);
	wire_run(&w, SEC);
	assert_int_equal(sototcpcb(so[0])->t_maxseg, 1200 - 12);
	wire_run(&w, 10 * SEC);
	assert_int_equal(sototcpcb(so[0])->t_maxseg, 1448);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_pmtud_blackhole_failed, 1);
	wire_fini(&w);
}

/* VI_AF_UNSPEC: the peer is reset, options stay, and both kinds of sockets begin anew. */
static void
undone(void **state)
{
	struct vi_sockaddr none = { .sa_family = VI_AF_UNSPEC }, sa;
	struct socket *so[2], *l;
	uint8_t buf[100];
	struct wire w;
	int error;

	(void)state;
	for (int side = 0; side < 2; side++) {
		wire_init(&w, 20);
		wire_pair(&w, so);
		wire_setint(so[side], VI_TCP_NODELAY, 1);
		wire_send(&w, so[side], "x", 1, 0);
		wire_idle(&w);
		wire_now(&w);
		assert_int_equal(soconnect(so[side], &none), 0);
		wire_idle(&w);
		(void)wire_recv(&w, so[!side], buf, sizeof(buf), &error);
		(void)wire_recv(&w, so[!side], buf, sizeof(buf), &error);
		assert_int_equal(error, ECONNRESET);
		assert_int_equal(soconnect(so[side], &none), 0);	/* again: nothing to undo */
		l = wire_listen(&w, !side, 81, 1);
		assert_int_equal(wire_connect(&w, so[side], !side, 81), 0);
		assert_int_equal(wire_getint(so[side], VI_TCP_NODELAY), 1);
		soclose(so[!side]);
		so[!side] = wire_accept(&w, l);
		assert_int_equal(wire_send(&w, so[side], "abc", 3, 0), 3);
		wire_idle(&w);
		assert_int_equal(wire_recv(&w, so[!side], buf, sizeof(buf), &error), 3);
		/* While a SYN is out, and where nobody answers it. */
		wire_now(&w);
		soclose(l);
		assert_int_equal(soconnect(so[side], &none), 0);
		wire_addr(!side, 81, &sa);
		assert_int_equal(soconnect(so[side], &sa), EINPROGRESS);
		assert_int_equal(soconnect(so[side], &none), 0);
		wire_idle(&w);
		assert_int_equal(so[side]->so_error, 0);
		soclose(so[0]);
		soclose(so[1]);
		wire_idle(&w);
		wire_fini(&w);
	}
}

/* What the user set is the accepted connection's too, and stays when a connection is tried again. */
static void
options_stay(void **state)
{
	const uint64_t rate = 100000;
	uint64_t got;
	size_t len = sizeof(got);
	struct socket *so[2], *ls;
	struct wire w;

	(void)state;
	wire_init(&w, 1);
	w.w_cut = true;
	ls = wire_listen(&w, 1, 80, 4);
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 81), ECONNREFUSED);
	assert_int_equal(sosetopt(ls, VI_TCP_MAX_PACING_RATE, &rate, sizeof(rate)), 0);
	wire_setint(ls, VI_TCP_SYNCNT, 3);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	so[1] = wire_accept(&w, ls);
	assert_int_equal(sogetopt(so[1], VI_TCP_MAX_PACING_RATE, &got, &len), 0);
	assert_int_equal(got, rate);
	assert_int_equal(wire_getint(so[1], VI_TCP_SYNCNT), 3);
	/* The rate is kept to. */
	assert_true(wire_send(&w, so[1], (const uint8_t[20000]){ 0 }, 20000, 0) == 20000);
	wire_run(&w, 100 * MSEC);
	assert_in_range(so[0]->so_rcv.sb_cc, 8000, 14000);
	soclose(so[0]);
	/* The same after an attempt that failed. */
	so[0] = wire_socket(&w, 0);
	assert_int_equal(sosetopt(so[0], VI_TCP_MAX_PACING_RATE, &rate, sizeof(rate)), 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 81), ECONNREFUSED);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	assert_int_equal(sototcpcb(so[0])->t_lr.lr_rates.rt_pacing, rate);
	soclose(so[0]);
	soclose(so[1]);
	soclose(ls);
	wire_idle(&w);
	wire_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defer_accept),
		cmocka_unit_test(options_stay),
		cmocka_unit_test(undone),
		cmocka_unit_test(notsent_lowat),
		cmocka_unit_test(linux_sendslack),
		cmocka_unit_test(orphan_limits),
		cmocka_unit_test(user_timeout_option),
		cmocka_unit_test(host_cache),
		cmocka_unit_test(host_cache_server),
		cmocka_unit_test(small_windows),
		cmocka_unit_test(black_hole),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
