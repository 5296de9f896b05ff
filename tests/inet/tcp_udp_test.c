/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP in UDP: net.inet.tcp.udp_tunneling_port and _overhead, VI_TCP_REMOTE_UDP_ENCAPS_PORT. */
#include "tests/inet/inet.h"

#define PORT	9899
#define SIZE	300000

struct seen {
	unsigned	udp, tcp, icmp, badform, sums;
	size_t		longest;
};

/* IPv4 in Ethernet: UDP between the tunnel's ports, with a sum, around TCP without one. */
static void
look(void *arg, const struct vi_frame *f)
{
	const uint8_t *ip = (const uint8_t *)f->fr_data + 14, *udp = ip + 20, *tcp = udp + 8;
	struct seen *s = arg;

	if (f->fr_len < 14 + 20 || ip[-2] != 8 || ip[-1] != 0)
		return;
	s->tcp += ip[9] == 6;
	s->icmp += ip[9] == 1;
	if (ip[9] != 17)
		return;
	s->udp++;
	s->longest = s->longest > f->fr_len ? s->longest : f->fr_len;
	s->sums += tcp[16] != 0 || tcp[17] != 0 || (udp[6] == 0 && udp[7] == 0);
	s->badform += udp[0] << 8 != (PORT & 0xff00) || udp[1] != (PORT & 255) ||
		      memcmp(udp, udp + 2, 2) != 0 || tcp[12] >> 4 < 5;
}

static void
tunnel(struct vi_vnet *vn, const char *port)
{
	tl_ok(vi_sysctl_set(vn, "net.inet.tcp.udp_tunneling_port", port, &tl_root));
}

/* Connects to the address in UDP; the error, or 0 and the two ends. */
static int
join(struct tl *t, struct vi_vnet *from, struct vi_socket *l, int family, const struct vi_sockaddr *sa,
    struct tl_conn *tc)
{
	int error;

	tc->c = tl_socketof(from, family, VI_SOCK_STREAM);
	tc->s = NULL;
	inet_setint(tc->c, VI_TCP_REMOTE_UDP_ENCAPS_PORT, PORT);
	assert_int_equal(tl_optint(tc->c, VI_TCP_REMOTE_UDP_ENCAPS_PORT), PORT);
	error = vi_connect(tc->c, sa);
	assert_true(error == 0 || error == EINPROGRESS);
	tl_wait(t, (l != NULL && vi_accept(l, &tc->s, NULL) == 0) || (vi_poll(tc->c) & VI_POLLERR) != 0);
	if (tc->s == NULL)
		return (tl_sockerr(tc->c));
	tl_wait(t, (vi_poll(tc->c) & VI_POLLOUT) != 0);
	return (0);
}

static unsigned
sndmss(struct vi_socket *so)
{
	struct vi_tcp_info ti;
	size_t len = sizeof(ti);

	tl_ok(vi_getsockopt(so, VI_TCP_INFO, &ti, &len));
	return (ti.ti_snd_mss);
}

/* From the SYN to the last ACK all is in UDP; also when the handshake is a cookie. */
static void
both_ways(void **state)
{
	static const char *const cookies[] = {"0", "1"};
	struct vi_sockaddr sa;
	struct vi_socket *l;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct seen seen = { 0 };

		tl_begin(&t, 1);
		tl_pair(&t, &p);
		tunnel(p.a, "9899");
		tunnel(p.b, "9899");
		tl_ok(vi_sysctl_set(p.a, "net.inet.tcp.syncookies_only", cookies[i & 1], &tl_root));
		if (i & 2)
			tl_ok(vi_sysctl_set(p.b, "net.inet.tcp.udp_tunneling_overhead", "100", &tl_root));
		tl_ok(vi_if_capture(p.a, p.cable.a, look, &seen));
		l = tl_listen(p.a, p.addra, 7, 1);
		sa = tl_addr(p.addra, 7);
		assert_int_equal(join(&t, p.b, l, VI_AF_INET, &sa, &tc), 0);
		vi_close(l);
		/* Timestamps take 12 bytes; cookies know few sizes. */
		if ((i & 1) == 0)
			assert_int_equal(sndmss(tc.c), 1460 - 12 - (i & 2 ? 100 : 8));
		tl_send(&t, tc.c, tc.s, SIZE);
		tl_send(&t, tc.s, tc.c, SIZE);
		tl_hangup(&t, &tc);
		tl_ok(vi_if_uncapture(p.a, p.cable.a, look, &seen));
		assert_true(seen.udp > 2 * SIZE / 1448);
		assert_int_equal(seen.tcp, 0);
		assert_int_equal(seen.badform, 0);
		assert_int_equal(seen.sums, 0);
		assert_true(seen.longest <= 1514);
		assert_int_equal(tl_stat(p.a, "tcps_tunneled_errs"), 0);
		assert_int_equal(tl_stat(p.a, "tcps_tunneled_pkts") + tl_stat(p.b, "tcps_tunneled_pkts"), seen.udp);
		assert_int_equal(tl_stat(p.b, "tcps_accepts") + tl_stat(p.a, "tcps_rcvbadsum"), 0);
		tl_unpair(&p);
		tl_end(&t);
	}
}

static void
ipv6(void **state)
{
	struct vi_sockaddr sa = tl_addr("fd00::1", 7);
	struct vi_socket *l;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_ifaddr(p.a, p.cable.a, "fd00::1", 64);
	tl_ifaddr(p.b, p.cable.b, "fd00::2", 64);
	tl_run(&t, 5 * TL_SEC);
	tunnel(p.a, "9899");
	tunnel(p.b, "9899");
	l = tl_socketof(p.a, VI_AF_INET6, VI_SOCK_STREAM);
	tl_ok(vi_bind(l, &sa));
	tl_ok(vi_listen(l, 1));
	assert_int_equal(join(&t, p.b, l, VI_AF_INET6, &sa, &tc), 0);
	vi_close(l);
	assert_int_equal(sndmss(tc.c), 1440 - 12 - 8);
	tl_send(&t, tc.c, tc.s, SIZE);
	tl_send(&t, tc.s, tc.c, SIZE);
	tl_hangup(&t, &tc);
	assert_int_equal(tl_stat(p.a, "tcps_tunneled_errs"), 0);
	tl_unpair(&p);
	tl_end(&t);
}

/* Nobody listens: an RST, in UDP.  No tunnel there: ICMP's "port unreachable" is about UDP. */
static void
refused(void **state)
{
	struct vi_sockaddr sa;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	for (int there = 0; there < 2; there++) {
		struct seen seen = { 0 };

		tl_begin(&t, 1);
		tl_pair(&t, &p);
		tunnel(p.b, "9899");
		if (there)
			tunnel(p.a, "9899");
		tl_ok(vi_if_capture(p.a, p.cable.a, look, &seen));
		sa = tl_addr(p.addra, 7);
		assert_int_equal(join(&t, p.b, NULL, VI_AF_INET, &sa, &tc), ECONNREFUSED);
		vi_close(tc.c);
		tl_ok(vi_if_uncapture(p.a, p.cable.a, look, &seen));
		assert_int_equal(seen.udp, 1 + there);
		assert_int_equal(seen.icmp, 1 - there);
		assert_int_equal(seen.tcp, 0);
		tl_unpair(&p);
		tl_end(&t);
	}
}

/* A link that takes less: what the router quotes of UDP and TCP is enough. */
static void
narrow(void **state)
{
	struct vi_sockaddr sa = tl_addr("10.0.2.1", 7);
	struct tl_conn tc;
	struct vi_socket *l;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	inet_setmtu(ch.r, ch.right.a, 1000);
	tunnel(ch.c, "9899");
	tunnel(ch.s, "9899");
	l = tl_listen(ch.s, "10.0.2.1", 7, 1);
	assert_int_equal(join(&ch.t, ch.c, l, VI_AF_INET, &sa, &tc), 0);
	vi_close(l);
	tl_send(&ch.t, tc.c, tc.s, SIZE);
	assert_int_equal(sndmss(tc.c), 1000 - 20 - 8 - 20 - 12);
	tl_hangup(&ch.t, &tc);
	chain_end(&ch);
}

static void
knobs(void **state)
{
	struct vi_socket *so, *udp;
	struct tl_pair p;
	struct tl t;
	int v = PORT;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	so = tl_socket(p.a, VI_SOCK_STREAM);
	tl_fails(vi_setsockopt(so, VI_TCP_REMOTE_UDP_ENCAPS_PORT, &v, sizeof(v)), EINVAL);
	tunnel(p.a, "9899");
	v = 65536;
	tl_fails(vi_setsockopt(so, VI_TCP_REMOTE_UDP_ENCAPS_PORT, &v, sizeof(v)), EINVAL);
	v = PORT;
	tl_ok(vi_setsockopt(so, VI_TCP_REMOTE_UDP_ENCAPS_PORT, &v, sizeof(v)));
	vi_close(so);
	udp = tl_udp(p.a, "0.0.0.0", 5000);
	tl_fails(vi_sysctl_set(p.a, "net.inet.tcp.udp_tunneling_port", "5000", &tl_root), EADDRINUSE);
	vi_close(udp);
	tl_fails(vi_sysctl_set(p.a, "net.inet.tcp.udp_tunneling_port", "65536", &tl_root), EINVAL);
	tunnel(p.a, "5000");
	tunnel(p.a, "5001");
	/* The port is given back. */
	udp = tl_udp(p.a, "0.0.0.0", 5000);
	vi_close(udp);
	tunnel(p.a, "0");
	udp = tl_udp(p.a, "0.0.0.0", 5001);
	vi_close(udp);
	tl_fails(vi_sysctl_set(p.a, "net.inet.tcp.udp_tunneling_overhead", "7", &tl_root), EINVAL);
	/* A stack goes with its tunnel open. */
	tunnel(p.b, "9899");
	tl_unpair(&p);
	tl_end(&t);
}

/* A datagram that is no segment; and one to a connection that is not in UDP. */
static void
strangers(void **state)
{
	static const uint8_t junk[40] = { 0x12, 0x34, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0 };
	struct vi_socket *udp, *l;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tunnel(p.a, "9899");
	udp = tl_udp(p.b, "0.0.0.0", 4000);
	tl_ok(inet_sendto(udp, junk, 10, p.addra, PORT));
	tl_settle(&t);
	assert_int_equal(tl_stat(p.a, "tcps_rcvshort"), 1);
	l = tl_listen(p.a, p.addra, 7, 1);
	tc.c = tl_socket(p.b, VI_SOCK_STREAM);
	{
		struct vi_sockaddr sa = tl_addr(p.addra, 7), me = tl_addr(p.addrb, 0x1234);

		tl_ok(vi_bind(tc.c, &me));
		assert_int_equal(vi_connect(tc.c, &sa), EINPROGRESS);
	}
	tl_wait(&t, vi_accept(l, &tc.s, NULL) == 0);
	tl_ok(inet_sendto(udp, junk, sizeof(junk), p.addra, PORT));
	tl_run(&t, TL_SEC);
	assert_int_equal(tl_stat(p.a, "tcps_tunneled_pkts"), 2);
	assert_int_equal(tl_stat(p.a, "tcps_tunneled_errs"), 1);
	tl_send(&t, tc.c, tc.s, SIZE);
	vi_close(udp);
	vi_close(l);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(refused),
		cmocka_unit_test(narrow),
		cmocka_unit_test(knobs),
		cmocka_unit_test(strangers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
