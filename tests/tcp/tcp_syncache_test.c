/* SPDX-License-Identifier: BSD-2-Clause */
/* The SYN cache when answers come late, and beside cookies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/vimage.h>

#include "wire.h"
#include "wire/tcp.h"

/*
 * The caller's segments are lost for longer than the SYN-ACK is repeated.  For the caller the connection stands, and it has sent: what
 * arrives in the end makes the connection, in place of an RST.  Nor does somebody else's SYN push it out while there is room.
 */
static enum wire_verdict
lose_later(struct wire *w, struct wpkt *wp)
{
	const bool *lose = w->w_arg;

	return (*lose && wp->wp_to == 1 && (th_flags(wp_th(wp)) & TH_SYN) == 0 ? WIRE_LOSE : WIRE_PASS);
}

static void
ack_late(void **state)
{
	struct socket *ls, *so[2];
	bool lose = true;
	struct wire w;

	(void)state;
	wire_init(&w, 33);
	w.w_filter = lose_later;
	w.w_arg = &lose;
	ls = wire_listen(&w, 1, 80, 16);
	so[0] = wire_socket(&w, 0);
	assert_int_equal(wire_connect(&w, so[0], 1, 80), 0);
	assert_int_equal(wire_send(&w, so[0], "hallo", 5, 0), 5);
	wire_run(&w, 60 * SEC);
	assert_int_equal(ls->so_qlen, 0);
	lose = false;
	wire_inject(&w, 1, HTONS(5), HTONS(80), 100, 0, TH_SYN, 1000, NULL, 0);
	wire_run(&w, 64 * SEC);
	assert_int_equal(so[0]->so_error, 0);
	so[1] = wire_accept(&w, ls);
	assert_non_null(so[1]);
	assert_int_equal(so[1]->so_rcv.sb_cc, 5);
	soclose(ls);
	soclose(so[0]);
	soclose(so[1]);
	wire_idle(&w);
	wire_run(&w, 200 * SEC);
	wire_fini(&w);
}

static enum wire_verdict
lose_answers(struct wire *w, struct wpkt *wp)
{
	(void)w;
	return (wp->wp_to == 0 ? WIRE_LOSE : WIRE_PASS);
}

/* Those that are not answered any more make room, before cookies are sent and whoever still may answer goes. */
static void
silent_go_first(void **state)
{
	struct tcp_vnet *tv;
	struct socket *ls;
	struct wire w;

	(void)state;
	wire_init(&w, 34);
	w.w_filter = lose_answers;
	tv = wire_tcp(&w, 1);
	tv->tv_sc_limit = 20;
	ls = wire_listen(&w, 1, 80, 16);
	for (unsigned i = 0; i < 20; i++)
		wire_inject(&w, 1, (uint16_t)(2000 + i), HTONS(80), i, 0, TH_SYN, 1000, NULL, 0);
	wire_run(&w, 20 * SEC);
	assert_int_equal(tv->tv_syncache.sc_tab.ft_count, 20);
	for (unsigned i = 0; i < 25; i++)
		wire_inject(&w, 1, (uint16_t)(3000 + i), HTONS(80), i, 0, TH_SYN, 1000, NULL, 0);
	assert_int_equal(tv->tv_syncache.sc_tab.ft_count, 20);
	assert_int_equal(tv->tv_stat.tcps_sc_stale, 20);
	assert_int_equal(tv->tv_stat.tcps_sc_sendcookie, 5);
	soclose(ls);
	wire_run(&w, 20 * SEC);
	assert_int_equal(tv->tv_syncache.sc_tab.ft_count, 0);
	wire_fini(&w);
}

/* The first SYN is answered by a cookie, its copy by an entry: the answer to the cookie is good. */
struct twice { struct wire *w; uint32_t iss; bool first; };

static enum wire_verdict
only_first(struct wire *w, struct wpkt *wp)
{
	struct twice *tw = w->w_arg;

	if (wp->wp_to != 0)
		return (WIRE_PASS);
	if (tw->first)
		tw->iss = NTOHL(wp_th(wp)->th_seq);
	tw->first = false;
	return (WIRE_LOSE);
}

static void
cookie_and_entry(void **state)
{
	struct twice tw = { .first = true };
	struct socket *ls, *so;
	struct tcp_vnet *tv;
	struct wire w;

	(void)state;
	wire_init(&w, 35);
	w.w_filter = only_first;
	w.w_arg = &tw;
	tv = wire_tcp(&w, 1);
	ls = wire_listen(&w, 1, 80, 16);
	tv->tv_sc_limit = 0;
	wire_inject(&w, 1, HTONS(5), HTONS(80), 100, 0, TH_SYN, 1000, NULL, 0);
	assert_int_equal(tv->tv_stat.tcps_sc_sendcookie, 1);
	tv->tv_sc_limit = 100;
	wire_inject(&w, 1, HTONS(5), HTONS(80), 100, 0, TH_SYN, 1000, NULL, 0);
	assert_int_equal(tv->tv_syncache.sc_tab.ft_count, 1);
	wire_inject(&w, 1, HTONS(5), HTONS(80), 101, tw.iss + 1, TH_ACK, 1000, "x", 1);
	assert_int_equal(tv->tv_stat.tcps_sndrst, 0);
	assert_int_equal(tv->tv_syncache.sc_tab.ft_count, 0);
	so = wire_accept(&w, ls);
	assert_non_null(so);
	assert_int_equal(so->so_rcv.sb_cc, 1);
	/* What answers neither is refused. */
	wire_inject(&w, 1, HTONS(6), HTONS(80), 100, 0, TH_SYN, 1000, NULL, 0);
	wire_inject(&w, 1, HTONS(6), HTONS(80), 101, 7, TH_ACK, 1000, NULL, 0);
	assert_int_equal(tv->tv_stat.tcps_sndrst, 1);
	soclose(ls);
	soclose(so);
	wire_run(&w, 1000 * SEC);
	wire_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ack_late),
		cmocka_unit_test(silent_go_first),
		cmocka_unit_test(cookie_and_entry),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL) != 0);
}
