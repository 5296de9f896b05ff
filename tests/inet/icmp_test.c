/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages that come from the network, made by hand: which are believed, which are answered, and what they change. */
#include "tests/inet/inet.h"

enum { UNREACH = 3, QUENCH = 4, REDIRECT = 5, TIMXCEED = 11, PARAMPROB = 12, INFOREQ = 15, MASKREQ = 17 };

struct rig {
	struct chain	 ch;
	struct vi_socket *raw;		/* the server's */
	struct vi_socket *so;		/* the client's, connected to the server's port 2000; errors go to its queue */
};

static void
rig_begin(struct rig *g)
{
	chain_begin(&g->ch);
	g->raw = inet_socket(g->ch.s, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	g->so = tl_udp(g->ch.c, "0.0.0.0", 1000);
	inet_setint(g->so, VI_IP_RECVERR, 1);
	inet_connect(g->so, "10.0.2.1", 2000);
}

static void
rig_end(struct rig *g)
{
	vi_close(g->raw);
	vi_close(g->so);
	chain_end(&g->ch);
}

/* To the client: a message of type and code with rest behind the checksum, about a packet of len bytes that it sent. */
static void
tell(struct rig *g, uint8_t type, uint8_t code, uint32_t rest, uint16_t len)
{
	uint8_t msg[36] = { type, code, 0, 0, (uint8_t)(rest >> 24), (uint8_t)(rest >> 16), (uint8_t)(rest >> 8), (uint8_t)rest,
		0x45, 0, (uint8_t)(len >> 8), (uint8_t)len, [16] = 63, 17, [28] = 1000 >> 8, 1000 & 0xff, 2000 >> 8, 2000 & 0xff,
		(uint8_t)((len - 20) >> 8), (uint8_t)(len - 20) };
	const uint32_t src = tl_addr("10.0.1.1", 0).sa_in, dst = tl_addr("10.0.2.1", 0).sa_in;
	uint16_t sum;

	memcpy(msg + 20, &src, 4);
	memcpy(msg + 24, &dst, 4);
	sum = inet_cksum(msg, sizeof(msg));
	memcpy(msg + 2, &sum, 2);
	tl_ok(inet_sendto(g->raw, msg, sizeof(msg), "10.0.1.1", 0));
	tl_run(&g->ch.t, 100 * TL_MS);
}

static bool
told(struct rig *g, int error, uint8_t type, uint8_t code)
{
	struct vi_sockerr se;
	uint8_t buf[64];

	if (vi_recverr(g->so, &se, buf, sizeof(buf)) != 0)
		return (false);
	(void)tl_sockerr(g->so);
	return (se.se_errno == error && se.se_type == type && se.se_code == code);
}

/* RFC 1122 3.2.2.1, 3.2.2.4, 3.2.2.5: programs hear of these. */
static void
programs_hear(void **state)
{
	static const struct { uint8_t type, code; int error; } rows[] = {
		{ UNREACH, 0, ENETUNREACH }, { UNREACH, 1, EHOSTUNREACH }, { UNREACH, 2, ENOPROTOOPT }, { UNREACH, 3, ECONNREFUSED },
		{ UNREACH, 5, EHOSTUNREACH }, { UNREACH, 6, ENETUNREACH }, { UNREACH, 9, ENETUNREACH }, { UNREACH, 10, EHOSTUNREACH },
		{ UNREACH, 11, ENETUNREACH }, { UNREACH, 12, EHOSTUNREACH }, { UNREACH, 13, EHOSTUNREACH }, { UNREACH, 15, EHOSTUNREACH },
		{ TIMXCEED, 0, EHOSTUNREACH }, { TIMXCEED, 1, EHOSTUNREACH }, { PARAMPROB, 0, EPROTO },
	};
	struct rig g;

	(void)state;
	rig_begin(&g);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tell(&g, rows[i].type, rows[i].code, 0, 100);
		assert_true(told(&g, rows[i].error, rows[i].type, rows[i].code));
	}
	/* Codes that nobody defined, and source quench (RFC 6633). */
	tell(&g, UNREACH, 16, 0, 100);
	tell(&g, TIMXCEED, 2, 0, 100);
	assert_int_equal(tl_stat(g.ch.c, "icps_badcode"), 2);
	tell(&g, QUENCH, 0, 0, 100);
	assert_false(told(&g, 0, QUENCH, 0));
	rig_end(&g);
}

/* RFC 1191: a router of old tells no MTU; none below 68 and none that what we sent would have passed is believed. */
static void
path_mtu(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(tl_optint(g.so, VI_IP_MTU), 1500);
	tell(&g, UNREACH, 4, 67, 1500);
	tell(&g, UNREACH, 4, 1500, 1500);
	tell(&g, UNREACH, 4, 1400, 1300);
	assert_int_equal(tl_optint(g.so, VI_IP_MTU), 1500);
	assert_false(told(&g, EMSGSIZE, UNREACH, 4));
	tell(&g, UNREACH, 4, 0, 1500);
	assert_int_equal(tl_optint(g.so, VI_IP_MTU), 1492);
	assert_true(told(&g, EMSGSIZE, UNREACH, 4));
	tell(&g, UNREACH, 4, 0, 1492);
	assert_int_equal(tl_optint(g.so, VI_IP_MTU), 1006);
	tell(&g, UNREACH, 4, 1400, 1500);	/* never up again */
	assert_int_equal(tl_optint(g.so, VI_IP_MTU), 1006);
	tell(&g, UNREACH, 4, 68, 1006);
	assert_int_equal(tl_optint(g.so, VI_IP_MTU), 68);
	rig_end(&g);
}

/* RFC 1122 3.2.2 and RFC 6918: types nobody knows and those of old are dropped silently. */
static void
silence(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	tell(&g, INFOREQ, 0, 0, 100);
	tell(&g, MASKREQ, 0, 0, 100);
	tell(&g, 200, 0, 0, 100);
	tell(&g, 8, 1, 0, 100);		/* an echo request with a code */
	assert_int_equal(tl_stat(g.ch.c, "icps_inhist_15"), 1);
	assert_int_equal(tl_stat(g.ch.c, "icps_error"), 0);
	assert_int_equal(tl_stat(g.ch.c, "icps_reflect"), 0);
	assert_int_equal(tl_stat(g.ch.c, "ips_localout"), 0);
	rig_end(&g);
}

/* RFC 1122 3.2.2.5, RFC 791 3.1: what is wrong with an option is told, and where. */
static void
wrong_option(void **state)
{
	uint8_t pkt[32] = { 0x48, 0, 0, 0, 0, 1, 0, 0, 64, 253, [20] = 1, 7, 11, 3 };	/* a pointer into the option's head */
	const uint32_t src = tl_addr("10.0.2.1", 0).sa_in, dst = tl_addr("10.0.1.1", 0).sa_in;
	struct vi_socket *raw;
	struct vi_msg msg;
	uint8_t in[128];
	struct rig g;
	size_t n;

	(void)state;
	rig_begin(&g);
	raw = inet_socket(g.ch.s, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root);
	memcpy(pkt + 12, &src, 4);
	memcpy(pkt + 16, &dst, 4);
	tl_ok(inet_sendto(raw, pkt, sizeof(pkt), "10.0.1.1", 0));
	inet_wait(&g.ch.t, g.raw, &msg, in, sizeof(in), &n);
	assert_int_equal(in[20], PARAMPROB);
	assert_int_equal(in[21], 0);
	assert_int_equal(in[24], 23);
	/* RFC 1122 3.2.1.8: one that nobody knows is passed over, and an end is the end. */
	pkt[21] = 0x5e;
	pkt[22] = 4;
	pkt[25] = 0;
	tl_ok(inet_sendto(raw, pkt, sizeof(pkt), "10.0.1.1", 0));
	inet_wait(&g.ch.t, g.raw, &msg, in, sizeof(in), &n);
	assert_int_equal(in[20], UNREACH);
	assert_int_equal(in[21], 2);
	vi_close(raw);
	rig_end(&g);
}

static void
by_redirect(void *arg, const struct vi_route *rt)
{
	if ((rt->rt_flags & VI_RTF_DYNAMIC) != 0) {
		assert_int_equal(rt->rt_prefixlen, 32);
		assert_int_equal(rt->rt_dst.sa_in, tl_addr("10.0.2.1", 0).sa_in);
		*(uint32_t *)arg = rt->rt_gateway.sa_in;
	}
}

/* RFC 1122 3.2.2.2, 3.3.1.2: from the present router, to another on the link, whether it says host or network. */
static void
redirects(void **state)
{
	const uint32_t other = 0x0a000103, third = 0x0a000104;	/* 10.0.1.3, 10.0.1.4 */
	struct vi_socket *router;
	uint32_t gw = 0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	tell(&g, REDIRECT, 1, other, 100);		/* who is no router of ours */
	assert_int_equal(tl_stat(g.ch.c, "icps_badredirect"), 1);
	router = g.raw;
	g.raw = inet_socket(g.ch.r, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	tell(&g, REDIRECT, 1, 0x0a090909, 100);		/* off the link */
	tell(&g, REDIRECT, 1, 0x0a000101, 100);		/* ourselves */
	assert_int_equal(tl_stat(g.ch.c, "icps_badredirect"), 3);
	vi_route_list(g.ch.c, 0, VI_AF_INET, by_redirect, &gw);
	assert_int_equal(gw, 0);
	tell(&g, REDIRECT, 0, other, 100);		/* "for the network" */
	vi_route_list(g.ch.c, 0, VI_AF_INET, by_redirect, &gw);
	assert_int_equal(gw, tl_addr("10.0.1.3", 0).sa_in);
	/* Now that one is the present. */
	tell(&g, REDIRECT, 1, third, 100);
	assert_int_equal(tl_stat(g.ch.c, "icps_badredirect"), 4);
	vi_close(router);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_hear), cmocka_unit_test(path_mtu), cmocka_unit_test(silence), cmocka_unit_test(wrong_option),
		cmocka_unit_test(redirects),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
