/* SPDX-License-Identifier: BSD-2-Clause */
/* TIME_WAIT: who waits at which port, with whom a port is shared meanwhile, and how many may wait. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern/kernel.h"
#include "wire.h"

/* A connection of ours from that port, which we close first. */
static void
wait_with(struct wire *w, uint16_t options, struct socket *ls, uint16_t port)
{
	struct vi_sockaddr sa;
	struct socket *so[2];

	so[0] = wire_socket(w, 0);
	so[0]->so_options |= options;
	wire_addr(0, port, &sa);
	assert_int_equal(sobind(so[0], &sa), 0);
	assert_int_equal(wire_connect(w, so[0], 1, 80), 0);
	so[1] = wire_accept(w, ls);
	soclose(so[0]);
	soclose(so[1]);
	wire_run(w, 5 * MSEC);
}

static void
wait_at(struct wire *w, struct socket *ls, uint16_t port)
{
	wait_with(w, 0, ls, port);
}

static bool
keeps_off(struct wire *w, uint16_t options, uint32_t fam, const struct in_addr_any *laddr, uint16_t port)
{
	struct socket so = { .so_options = options };
	const struct inpcb inp = { .inp_info = &wire_tcp(w, 0)->tv_pcbs, .inp_socket = &so, .inp_flags = fam };

	return (tcp_timewait_lingers(&inp, laddr, HTONS(port)));
}

static bool
waits_at(struct wire *w, uint32_t fam, const struct in_addr_any *laddr, uint16_t port)
{
	return (keeps_off(w, 0, fam, laddr, port));
}

/* Who waits is counted by port, whatever way he goes; an address is looked for among the latest only. */
static void
timewait_ports(void **state)
{
	struct in_addr_any ours, other;
	struct vi_sockaddr sa;
	struct tcp_vnet *tv;
	struct socket *ls;
	struct wire w;

	(void)state;
	wire_init(&w, 34);
	tv = wire_tcp(&w, 0);
	wire_addr(0, 0, &sa);
	ours = in4_any(sa.sa_in);
	wire_addr(1, 0, &sa);
	other = in4_any(sa.sa_in);
	ls = wire_listen(&w, 1, 80, 16);
	assert_null(tv->tv_timewait.tw_ports);
	for (uint16_t port = 4000; port < 4003; port++)
		wait_at(&w, ls, port);
	assert_int_equal(tv->tv_timewait.tw_ring.tr_count, 3);
	assert_int_equal(tv->tv_timewait.tw_ports[4001 / TCPTW_PORTS]->tp_n[4001 % TCPTW_PORTS][0], 1);
	assert_true(waits_at(&w, INP_IPV4, NULL, 4001));
	assert_true(waits_at(&w, INP_IPV4 | INP_IPV6, NULL, 4001));
	assert_true(waits_at(&w, INP_IPV4, &ours, 4001));
	assert_false(waits_at(&w, INP_IPV6, NULL, 4001));
	assert_false(waits_at(&w, INP_IPV4, &other, 4001));
	assert_false(waits_at(&w, INP_IPV4, NULL, 5001));
	/* The oldest makes room. */
	tv->tv_maxtw = 3;
	wait_at(&w, ls, 4003);
	assert_false(waits_at(&w, INP_IPV4, NULL, 4000));
	assert_true(waits_at(&w, INP_IPV4, NULL, 4003));
	/* A thousand others later it is not looked for. */
	tv->tv_maxtw = 2000;
	for (uint16_t port = 6000; port < 6000 + 1023; port++)
		wait_at(&w, ls, port);
	assert_true(waits_at(&w, INP_IPV4, &ours, 4003));
	wait_at(&w, ls, 7500);
	assert_false(waits_at(&w, INP_IPV4, &ours, 4003));
	assert_true(waits_at(&w, INP_IPV4, NULL, 4003));
	soclose(ls);
	wire_run(&w, 70 * SEC);
	assert_null(tv->tv_timewait.tw_ports);
	wire_fini(&w);
}

/* As with a socket that is there, both must want to share the port, by the same option (socket(7)). */
static void
timewait_share(void **state)
{
	static const uint16_t kind[] = { 0, SO_REUSEADDR, SO_REUSEPORT, SO_REUSEADDR | SO_REUSEPORT };
	struct in_addr_any ours;
	struct vi_sockaddr sa;
	struct socket *ls;
	struct wire w;

	(void)state;
	wire_init(&w, 36);
	wire_addr(0, 0, &sa);
	ours = in4_any(sa.sa_in);
	ls = wire_listen(&w, 1, 80, 16);
	for (unsigned i = 0; i < 4; i++)
		wait_with(&w, kind[i], ls, (uint16_t)(4000 + i));
	for (unsigned i = 0; i < 16; i++) {
		const uint16_t theirs = kind[i / 4], mine = kind[i % 4], port = (uint16_t)(4000 + i / 4);

		assert_int_equal(keeps_off(&w, mine, INP_IPV4, NULL, port), (mine & theirs) == 0);
		assert_int_equal(keeps_off(&w, mine, INP_IPV4, &ours, port), (mine & theirs) == 0);
		assert_false(keeps_off(&w, mine, INP_IPV6, NULL, port));
	}
	soclose(ls);
	wire_run(&w, 70 * SEC);
	wire_fini(&w);
}

/* Half of the ports wait, one after the other, and may not be taken over: others are found behind them. */
static void
timewait_passed(void **state)
{
	struct socket *ls, *so[2];
	struct inpcb *inp;
	struct wire w;

	(void)state;
	wire_init(&w, 37);
	wire_sysctl(&w, 0, "net.inet.ip.portrange.first", "20000");
	wire_sysctl(&w, 0, "net.inet.ip.portrange.last", "20199");
	wire_sysctl(&w, 0, "net.inet.tcp.tw_reuse", "0");
	ls = wire_listen(&w, 1, 80, 16);
	for (int i = 0; i < 300; i++) {
		so[0] = wire_socket(&w, 0);
		assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
		inp = so[0]->so_pcb;
		assert_in_range(NTOHS(inp->inp_lport), 20000, 20199);
		so[1] = wire_accept(&w, ls);
		soclose(so[i % 200 < 100 ? 0 : 1]);	/* who closes first waits */
		wire_idle(&w);
		soclose(so[i % 200 < 100 ? 1 : 0]);
		wire_idle(&w);
	}
	assert_int_equal(wire_tcp(&w, 0)->tv_timewait.tw_ring.tr_count, 200);
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), EADDRNOTAVAIL);
	soclose(so[0]);
	soclose(ls);
	wire_fini(&w);
}

/* TIME_WAIT is bounded. */
static void
timewait_limit(void **state)
{
	struct socket *ls, *so[2];
	struct wire w;

	(void)state;
	wire_init(&w, 35);
	wire_tcp(&w, 0)->tv_maxtw = 10;
	ls = wire_listen(&w, 1, 80, 16);
	for (int i = 0; i < 50; i++) {
		so[0] = wire_socket(&w, 0);
		assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
		so[1] = wire_accept(&w, ls);
		soclose(so[0]);
		wire_idle(&w);
		soclose(so[1]);
		wire_idle(&w);
	}
	assert_int_equal(wire_tcp(&w, 0)->tv_timewait.tw_ring.tr_count, 10);
	assert_int_equal(wire_tcp(&w, 0)->tv_stat.tcps_tw_recycles, 40);
	soclose(ls);
	wire_fini(&w);
}

/* The peer's FIN again: that one waits anew, and who came after him goes in time. */
static void
timewait_anew(void **state)
{
	const struct tcptw *tw;
	struct tcp_vnet *tv;
	struct socket *ls;
	struct wire w;

	(void)state;
	wire_init(&w, 38);
	tv = wire_tcp(&w, 0);
	ls = wire_listen(&w, 1, 80, 16);
	for (uint16_t port = 4000; port < 4003; port++)
		wait_at(&w, ls, port);
	wire_run(&w, 30 * SEC);
	tw = tcp_twring_first(&tv->tv_timewait.tw_ring);
	assert_int_equal(NTOHS(tw->tw_flow.tf_lport), 4000);
	wire_inject(&w, 0, HTONS(80), HTONS(4000), tw->tw_rcv_nxt - 1, tw->tw_snd_nxt, TH_FIN | TH_ACK, 100, NULL, 0);
	assert_int_equal(tcp_twring_span(&tv->tv_timewait.tw_ring), 3);
	wire_run(&w, 40 * SEC);
	assert_int_equal(tv->tv_timewait.tw_ring.tr_count, 1);
	assert_true(waits_at(&w, INP_IPV4, NULL, 4000));
	wire_run(&w, 15 * SEC);
	assert_int_equal(tv->tv_timewait.tw_ring.tr_count, 1);
	wire_run(&w, 10 * SEC);
	assert_int_equal(tv->tv_timewait.tw_ring.tr_count, 0);
	assert_int_equal(tv->tv_timewait.tw_ring.tr_size, 0);
	soclose(ls);
	wire_fini(&w);
}

/* Memory grows with those that wait, and goes with them. */
static void
timewait_memory(void **state)
{
	struct tcp_twring *tr;
	struct socket *ls;
	struct wire w;

	(void)state;
	wire_init(&w, 39);
	tr = &wire_tcp(&w, 0)->tv_timewait.tw_ring;
	ls = wire_listen(&w, 1, 80, 16);
	assert_int_equal(tr->tr_size, 0);
	for (uint16_t port = 4000; port < 4100; port++)
		wait_at(&w, ls, port);
	assert_int_equal(tr->tr_size, 128);
	wire_run(&w, 30 * SEC);
	for (uint16_t port = 4100; port < 4105; port++)
		wait_at(&w, ls, port);
	wire_run(&w, 32 * SEC);
	assert_int_equal(tr->tr_count, 5);
	assert_int_equal(tr->tr_size, 32);
	for (uint16_t port = 4100; port < 4105; port++)
		assert_true(waits_at(&w, INP_IPV4, NULL, port));
	/* No memory for more: the oldest makes room. */
	acct_setlimit(vnet_acct(w.w_vn[0]), ACCT_TIMEWAIT, 32 * sizeof(struct tcptw));
	for (uint16_t port = 4200; port < 4240; port++)
		wait_at(&w, ls, port);
	assert_int_equal(tr->tr_count, 32);
	assert_false(waits_at(&w, INP_IPV4, NULL, 4207));
	assert_true(waits_at(&w, INP_IPV4, NULL, 4208));
	acct_setlimit(vnet_acct(w.w_vn[0]), ACCT_TIMEWAIT, 0);
	soclose(ls);
	wire_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timewait_ports),
		cmocka_unit_test(timewait_share),
		cmocka_unit_test(timewait_passed),
		cmocka_unit_test(timewait_limit),
		cmocka_unit_test(timewait_anew),
		cmocka_unit_test(timewait_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
