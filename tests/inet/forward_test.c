/* SPDX-License-Identifier: BSD-2-Clause */
/* A router between two networks: what passes, what is cut, what is answered. */
#include "tests/inet/inet.h"

static uint8_t out[65536];

static struct vi_socket *
sender(struct chain *ch)
{
	struct vi_socket *so = tl_udp(ch->c, "0.0.0.0", 1000);

	inet_setint(so, VI_IP_RECVERR, 1);
	return (so);
}

static int
send_pattern(struct vi_socket *so, size_t len, const char *addr)
{
	tl_pattern(out, len, 0);
	return (inet_sendto(so, out, len, addr, 2000));
}

static void
off_and_on(void **state)
{
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = sender(&ch);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	tl_ok(vi_sysctl_set(ch.r, "net.inet.ip.forwarding", "0", &tl_root));
	tl_ok(send_pattern(a, 10, "10.0.2.1"));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.s, "ips_total"), 0);
	assert_int_equal(tl_stat(ch.r, "ips_cantforward"), 1);
	tl_ok(vi_sysctl_set(ch.r, "net.inet.ip.forwarding", "1", &tl_root));
	tl_ok(send_pattern(a, 10, "10.0.2.1"));
	inet_expect(&ch.t, b, 10, NULL);
	assert_int_equal(tl_stat(ch.r, "ips_forward"), 1);
	assert_int_equal(tl_stat(ch.r, "ips_fastforward"), 1);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

static void
time_to_live(void **state)
{
	struct vi_socket *a, *b;
	struct vi_sockerr se;
	struct vi_msg msg;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = sender(&ch);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_setint(a, VI_IP_TTL, 1);
	tl_ok(send_pattern(a, 24, "10.0.2.1"));
	inet_expecterr(&ch.t, a, &se, EHOSTUNREACH, "10.0.1.2");
	assert_int_equal(se.se_type, 11);
	assert_int_equal(se.se_code, 0);
	assert_int_equal(se.se_len, 24);
	inet_setint(a, VI_IP_TTL, 2);
	tl_ok(send_pattern(a, 24, "10.0.2.1"));
	inet_expect(&ch.t, b, 24, &msg);
	assert_int_equal(msg.msg_ttl, 1);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* What did not leave for being too long is told by the queue of errors, too. */
static void
expect_local(struct vi_socket *so, uint32_t mtu)
{
	struct vi_sockerr se;
	uint8_t buf[8];

	tl_ok(vi_recverr(so, &se, buf, sizeof(buf)));
	assert_int_equal(se.se_origin, VI_SE_LOCAL);
	assert_int_equal(se.se_errno, EMSGSIZE);
	assert_int_equal(se.se_info, mtu);
	assert_int_equal(se.se_len, 0);
	(void)tl_sockerr(so);
}

/* RFC 1191: the narrow link is told of, remembered for the path and obeyed. */
static void
path_mtu(void **state)
{
	struct vi_socket *a, *b;
	struct vi_sockerr se;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	inet_setmtu(ch.r, ch.right.a, 1000);
	inet_setmtu(ch.s, ch.right.b, 1000);
	a = sender(&ch);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_connect(a, "10.0.2.1", 2000);
	assert_int_equal(tl_optint(a, VI_IP_MTU), 1500);
	inet_setint(a, VI_IP_MTU_DISCOVER, 2);
	tl_ok(send_pattern(a, 1400, NULL));
	inet_expecterr(&ch.t, a, &se, EMSGSIZE, "10.0.1.2");
	assert_int_equal(se.se_info, 1000);
	assert_int_equal(tl_optint(a, VI_IP_MTU), 1000);
	tl_fails(send_pattern(a, 973, NULL), EMSGSIZE);
	expect_local(a, 1000);
	tl_ok(send_pattern(a, 972, NULL));
	inet_expect(&ch.t, b, 972, NULL);
	/* Whatever the path, the interface has the last word. */
	inet_setint(a, VI_IP_MTU_DISCOVER, 3);
	tl_fails(send_pattern(a, 1473, NULL), EMSGSIZE);
	expect_local(a, 1500);
	tl_ok(send_pattern(a, 1472, NULL));
	inet_expecterr(&ch.t, a, &se, EMSGSIZE, "10.0.1.2");
	/* "Want": cut at the source when it must be. */
	inet_setint(a, VI_IP_MTU_DISCOVER, 1);
	tl_ok(send_pattern(a, 1400, NULL));
	inet_expect(&ch.t, b, 1400, NULL);
	assert_int_equal(tl_stat(ch.c, "ips_fragmented"), 1);
	assert_int_equal(tl_stat(ch.r, "ips_fragmented"), 0);
	/* It is forgotten after ten minutes (RFC 1191 6.3). */
	tl_run(&ch.t, 11 * 60 * TL_SEC);
	assert_int_equal(tl_optint(a, VI_IP_MTU), 1500);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

static void
router_cuts(void **state)
{
	static const size_t lens[] = { 973, 1472, 4000, 30000, 65507 };
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	inet_setmtu(ch.r, ch.right.a, 1000);
	a = sender(&ch);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_setint(a, VI_IP_MTU_DISCOVER, 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		tl_ok(send_pattern(a, lens[i], "10.0.2.1"));
		inet_expect(&ch.t, b, lens[i], NULL);
		assert_true(tl_stat(ch.r, "ips_fragmented") > i);
	}
	assert_int_equal(tl_stat(ch.s, "udps_badsum"), 0);
	assert_int_equal(tl_stat(ch.s, "ips_reassembled"), sizeof(lens) / sizeof(lens[0]));
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* TCP finds the path's MTU by itself, and its super-packets pass where a segment fits. */
static void
tcp_over_narrow(void **state)
{
	struct vi_socket *l;
	struct tl_conn tc;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	inet_setmtu(ch.r, ch.right.a, 1000);
	l = tl_listen(ch.s, "0.0.0.0", 80, 1);
	tc.c = inet_socket(ch.c, VI_SOCK_STREAM, 0, &tl_user);
	(void)vi_connect(tc.c, &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = tl_addr("10.0.2.1", 80).sa_port,
	    .sa_in = tl_addr("10.0.2.1", 80).sa_in });
	tl_wait(&ch.t, (vi_poll(l) & VI_POLLIN) != 0 && (vi_poll(tc.c) & VI_POLLOUT) != 0);
	tl_ok(vi_accept(l, &tc.s, NULL));
	tl_send(&ch.t, tc.c, tc.s, 300000);
	tl_send(&ch.t, tc.s, tc.c, 300000);
	vi_close(tc.c);
	vi_close(tc.s);
	vi_close(l);
	tl_run(&ch.t, TL_MSL2);
	chain_end(&ch);
}

static void
no_way(void **state)
{
	struct vi_route rt = { .rt_dst = tl_addr("10.9.0.0", 0), .rt_prefixlen = 16, .rt_flags = VI_RTF_REJECT,
		.rt_gateway = tl_addr("127.0.0.1", 0) };
	struct vi_socket *a;
	struct vi_sockerr se;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = sender(&ch);
	tl_ok(send_pattern(a, 10, "172.16.0.1"));	/* the router has no default */
	inet_expecterr(&ch.t, a, &se, ENETUNREACH, "10.0.1.2");
	assert_int_equal(se.se_code, 0);
	tl_ok(send_pattern(a, 10, "10.0.2.99"));	/* nobody there: ARP gives up */
	inet_expecterr(&ch.t, a, &se, EHOSTUNREACH, "10.0.1.2");
	assert_int_equal(se.se_code, 1);
	tl_ok(vi_route_add(ch.r, &rt));
	tl_ok(send_pattern(a, 10, "10.9.9.9"));
	inet_expecterr(&ch.t, a, &se, EHOSTUNREACH, "10.0.1.2");
	tl_ok(vi_if_set_flags(ch.r, ch.right.a, 0, VI_IFF_UP));
	tl_ok(send_pattern(a, 10, "10.0.2.1"));
	tl_wait(&ch.t, (vi_poll(a) & VI_POLLERR) != 0);
	/* Without any route the sender knows at once. */
	tl_ok(vi_route_del(ch.c, &(struct vi_route){ .rt_dst = tl_addr("0.0.0.0", 0) }));
	(void)tl_sockerr(a);
	tl_fails(send_pattern(a, 10, "172.16.0.1"), ENETUNREACH);
	vi_close(a);
	chain_end(&ch);
}

/* What must not pass: directed broadcasts (RFC 2644), groups, addresses without a meaning elsewhere. */
static void
not_forwarded(void **state)
{
	struct vi_socket *a;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = sender(&ch);
	inet_setint(a, VI_SO_BROADCAST, 1);
	inet_setint(a, VI_IP_MULTICAST_TTL, 9);
	tl_ok(send_pattern(a, 10, "10.0.2.255"));
	tl_ok(send_pattern(a, 10, "239.9.9.9"));
	tl_ok(send_pattern(a, 10, "169.254.3.4"));
	tl_ok(send_pattern(a, 10, "240.0.0.1"));
	tl_run(&ch.t, 10 * TL_SEC);
	assert_int_equal(tl_stat(ch.s, "ips_total"), 0);
	assert_int_equal(tl_stat(ch.r, "ips_forward"), 0);
	assert_int_equal(tl_stat(ch.r, "icps_error"), 0);
	vi_close(a);
	chain_end(&ch);
}

static void
has_gateway(void *arg, const struct vi_route *rt)
{
	if (rt->rt_dst.sa_in == tl_addr("172.16.0.1", 0).sa_in && (rt->rt_flags & VI_RTF_DYNAMIC) != 0)
		*(uint32_t *)arg = rt->rt_gateway.sa_in;
}

/* RFC 1812 5.2.7.2 and RFC 1122 3.2.2.2: the router knows a better one on our own network, says so, and is believed. */
static void
redirect(void **state)
{
	struct vi_socket *a;
	struct chain ch;
	uint32_t gw = 0;
	size_t n;

	(void)state;
	chain_begin(&ch);
	inet_route(ch.r, "172.16.0.0", 16, "10.0.1.3");
	/* RFC 1812 4.3.2.7: not about an error, but about a request. */
	a = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	n = inet_echo(out, 1, 1, 40);
	out[0] = 3;
	tl_ok(inet_sendto(a, out, n, "172.16.0.1", 0));
	tl_run(&ch.t, 100 * TL_MS);
	assert_int_equal(tl_stat(ch.r, "icps_outhist_5"), 0);
	assert_int_equal(tl_stat(ch.r, "icps_oldicmp"), 1);
	vi_close(a);
	tl_ok(vi_sysctl_set(ch.r, "net.inet.ip.redirect", "0", &tl_root));
	a = sender(&ch);
	tl_ok(send_pattern(a, 10, "172.16.0.1"));
	tl_run(&ch.t, 100 * TL_MS);
	assert_int_equal(tl_stat(ch.r, "icps_outhist_5"), 0);
	tl_ok(vi_sysctl_set(ch.r, "net.inet.ip.redirect", "1", &tl_root));
	tl_ok(vi_sysctl_set(ch.c, "net.inet.icmp.drop_redirect", "1", &tl_root));
	tl_ok(send_pattern(a, 10, "172.16.0.1"));
	tl_run(&ch.t, 100 * TL_MS);
	assert_int_equal(tl_stat(ch.r, "icps_outhist_5"), 1);
	assert_int_equal(tl_stat(ch.c, "icps_badredirect"), 1);
	tl_ok(vi_sysctl_set(ch.c, "net.inet.icmp.drop_redirect", "0", &tl_root));
	tl_ok(send_pattern(a, 10, "172.16.0.1"));
	tl_run(&ch.t, 100 * TL_MS);
	vi_route_list(ch.c, 0, VI_AF_INET, has_gateway, &gw);
	assert_int_equal(gw, tl_addr("10.0.1.3", 0).sa_in);
	assert_int_equal(tl_stat(ch.c, "dynamically-created"), 1);
	assert_int_equal(tl_stat(ch.c, "new-gateways"), 0);
	/* Who forwards heeds none. */
	tl_ok(vi_sysctl_set(ch.c, "net.inet.ip.forwarding", "1", &tl_root));
	tl_ok(send_pattern(a, 10, "172.16.0.2"));
	tl_run(&ch.t, 100 * TL_MS);
	assert_int_equal(tl_stat(ch.r, "icps_outhist_5"), 3);
	assert_int_equal(tl_stat(ch.c, "icps_badredirect"), 2);
	vi_close(a);
	chain_end(&ch);
}

/* A packet of the client that claims to come from src goes to dst. */
static void
send_from(struct vi_socket *raw, const char *src, const char *dst, uint8_t ttl)
{
	uint8_t pkt[28] = { 0x45, 0, 0, 0, 0, 1, 0, 0, ttl, 253 };
	const uint32_t s = tl_addr(src, 0).sa_in, d = tl_addr(dst, 0).sa_in;

	memcpy(pkt + 12, &s, 4);
	memcpy(pkt + 16, &d, 4);
	tl_ok(inet_sendto(raw, pkt, sizeof(pkt), dst, 0));
}

/* RFC 1812 4.3.2.4: an error comes from the interface that it leaves by, not from that which the packet came by. */
static void
answers_from(void **state)
{
	struct vi_socket *a, *icmp;
	struct vi_msg msg;
	struct chain ch;
	uint8_t in[128];
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root);
	icmp = inet_socket(ch.s, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	send_from(a, "10.0.2.1", "172.16.0.1", 9);
	inet_wait(&ch.t, icmp, &msg, in, sizeof(in), &n);
	assert_int_equal(in[20], 3);
	assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.2.2", 0).sa_in);
	/* What was for the router itself is answered by the address it was for. */
	send_from(a, "10.0.2.1", "10.0.1.2", 9);
	inet_wait(&ch.t, icmp, &msg, in, sizeof(in), &n);
	assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.1.2", 0).sa_in);
	vi_close(a);
	vi_close(icmp);
	chain_end(&ch);
}

/* RFC 1122 3.2.1.3 (g): loopback addresses do not leave the host, even where a default route would take them. */
static void
loopback_stays(void **state)
{
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.s, "0.0.0.0", 1000);		/* whose lo0 has no address */
	tl_fails(inet_sendto(a, out, 10, "127.0.0.1", 2000), ENETUNREACH);
	vi_close(a);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	tl_ok(send_pattern(a, 10, "127.0.0.1"));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.c, "udps_noport"), 1);
	b = tl_udp(ch.c, "127.0.0.1", 1001);
	tl_fails(inet_sendto(b, out, 10, "10.0.2.1", 2000), EINVAL);
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.r, "ips_total"), 0);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* RFC 1122 3.3.6, RFC 1812 5.3.4: what the link brought to all, but IP to one host, is neither taken nor passed on. */
static void
link_broadcast(void **state)
{
	static const char *const to[] = { "10.0.1.2", "10.0.2.1" };
	const uint32_t src = tl_addr("10.0.1.1", 0).sa_in;
	struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = tl_addr("0.0.0.0", 0x0800).sa_port };
	struct vi_socket *so;
	struct chain ch;
	uint16_t sum;

	(void)state;
	chain_begin(&ch);
	sa.sa_scope = tl_ifinfo(ch.c, ch.left.a).if_index;
	sa.sa_station.st_len = 6;
	memset(sa.sa_station.st_addr, 0xff, 6);
	tl_ok(vi_socket(ch.c, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &so));
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		uint8_t pkt[28] = { 0x45, [3] = 28, [5] = 1, [8] = 64, [9] = 253 };
		struct vi_iovec iov = { pkt, sizeof(pkt) };
		struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = sa };
		const uint32_t dst = tl_addr(to[i], 0).sa_in;
		size_t n;

		memcpy(pkt + 12, &src, 4);
		memcpy(pkt + 16, &dst, 4);
		sum = inet_cksum(pkt, 20);
		memcpy(pkt + 10, &sum, 2);
		tl_ok(vi_sendmsg(so, &msg, &n));
		tl_run(&ch.t, 100 * TL_MS);
		assert_int_equal(tl_stat(ch.r, "ips_badaddr"), i + 1);
	}
	assert_int_equal(tl_stat(ch.r, "ips_forward"), 0);
	assert_int_equal(tl_stat(ch.r, "icps_error"), 0);
	vi_close(so);
	chain_end(&ch);
}

/* A packet that claims to come from the router itself, or from nowhere, by a raw socket. */
static void
martians(void **state)
{
	static const char *const src[] = { "10.0.1.2", "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.1.2.3", "10.0.1.255" };
	struct vi_socket *a;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root);
	for (size_t i = 0; i < sizeof(src) / sizeof(src[0]); i++) {
		send_from(a, src[i], "10.0.1.2", 64);
		tl_run(&ch.t, 100 * TL_MS);
		assert_int_equal(tl_stat(ch.r, "ips_badaddr"), i + 1);
	}
	assert_int_equal(tl_stat(ch.r, "icps_error"), 0);
	vi_close(a);
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_and_on), cmocka_unit_test(time_to_live), cmocka_unit_test(path_mtu), cmocka_unit_test(router_cuts),
		cmocka_unit_test(tcp_over_narrow), cmocka_unit_test(no_way), cmocka_unit_test(not_forwarded), cmocka_unit_test(redirect),
		cmocka_unit_test(martians), cmocka_unit_test(answers_from), cmocka_unit_test(link_broadcast), cmocka_unit_test(loopback_stays),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
