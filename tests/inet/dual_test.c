/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of AF_INET6 that talk IPv4 (RFC 3493 3.7): addresses are mapped, options of both families hold. */
#include "tests/inet/inet.h"

static uint8_t out[4096];

static void
name_is(int error, const struct vi_sockaddr *got, const char *want, uint16_t port)
{
	struct vi_sockaddr sa = tl_addr(want, port);

	tl_ok(error);
	assert_int_equal(got->sa_family, sa.sa_family);
	assert_memory_equal(got->sa_in6, sa.sa_in6, 16);
	if (port != 0)
		assert_int_equal(got->sa_port, sa.sa_port);
}

struct count { unsigned six, mapped; };

static void
count_pcb(void *arg, const struct vi_pcbinfo *pi)
{
	struct count *c = arg;

	if (pi->pi_proto != VI_IPPROTO_TCP || pi->pi_state != VI_TCPS_TIME_WAIT)
		return;
	assert_int_equal(pi->pi_local.sa_family, pi->pi_foreign.sa_family);
	c->six += pi->pi_local.sa_family == VI_AF_INET6;
	c->mapped += pi->pi_local.sa_in6[10] == 0xff && pi->pi_foreign.sa_in6[11] == 0xff;
}

static void
streams(void **state)
{
	struct vi_socket *l, *c, *s;
	struct vi_sockaddr sa;
	struct count count = { 0 };
	struct tl_conn tc;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	l = tl_listen(ch.s, "::", 80, 4);
	assert_int_equal(tl_optint(l, VI_SO_DOMAIN), VI_AF_INET6);
	name_is(vi_sockname(l, &sa), &sa, "::", 80);
	/* From an IPv4 socket. */
	c = tl_socket(ch.c, VI_SOCK_STREAM);
	sa = tl_addr("10.0.2.1", 80);
	tl_fails(vi_connect(c, &sa), EINPROGRESS);
	tl_wait(&ch.t, (vi_poll(l) & VI_POLLIN) != 0);
	tl_ok(vi_accept(l, &s, &sa));
	name_is(0, &sa, "::ffff:10.0.1.1", 0);
	name_is(vi_sockname(s, &sa), &sa, "::ffff:10.0.2.1", 80);
	name_is(vi_peername(s, &sa), &sa, "::ffff:10.0.1.1", 0);
	assert_int_equal(tl_optint(s, VI_SO_DOMAIN), VI_AF_INET6);
	tc = (struct tl_conn){ c, s };
	tl_send(&ch.t, c, s, 100000);
	tl_send(&ch.t, s, c, 100000);
	tl_hangup(&ch.t, &tc);
	/* From a mapped one. */
	c = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_STREAM);
	sa = tl_addr("10.0.2.1", 80);
	tl_fails(vi_connect(c, &sa), EAFNOSUPPORT);
	sa = tl_addr("::ffff:10.0.2.1", 80);
	tl_fails(vi_connect(c, &sa), EINPROGRESS);
	tl_wait(&ch.t, (vi_poll(c) & VI_POLLOUT) != 0);
	tl_ok(tl_sockerr(c));
	name_is(vi_sockname(c, &sa), &sa, "::ffff:10.0.1.1", 0);
	name_is(vi_peername(c, &sa), &sa, "::ffff:10.0.2.1", 80);
	tl_ok(vi_accept(l, &s, NULL));
	tc = (struct tl_conn){ c, s };
	tl_send(&ch.t, c, s, 5000);
	/* Who waits in TIME_WAIT is listed as his socket was. */
	vi_close(c);
	tl_run(&ch.t, TL_SEC);
	vi_close(s);
	tl_run(&ch.t, TL_SEC);
	vi_pcbs(ch.c, count_pcb, &count);
	assert_int_equal(count.six, 1);
	assert_int_equal(count.mapped, 1);
	tl_run(&ch.t, TL_MSL2);
	vi_close(l);
	chain_end(&ch);
}

static void
v6only(void **state)
{
	struct vi_socket *six, *four, *c;
	struct vi_sockaddr sa;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	six = tl_socketof(ch.s, VI_AF_INET6, VI_SOCK_STREAM);
	assert_int_equal(tl_optint(six, VI_IPV6_V6ONLY), 0);
	inet_setint(six, VI_IPV6_V6ONLY, 1);
	sa = tl_addr("::ffff:10.0.2.1", 80);
	tl_fails(vi_bind(six, &sa), EINVAL);
	tl_fails(vi_connect(six, &sa), ENETUNREACH);
	sa = tl_addr("::", 80);
	tl_ok(vi_bind(six, &sa));
	tl_fails(vi_setsockopt(six, VI_IPV6_V6ONLY, &(int){ 0 }, sizeof(int)), EINVAL);
	tl_ok(vi_listen(six, 1));
	four = tl_listen(ch.s, "0.0.0.0", 80, 1);
	c = tl_socket(ch.c, VI_SOCK_STREAM);
	sa = tl_addr("10.0.2.1", 80);
	tl_fails(vi_connect(c, &sa), EINPROGRESS);
	tl_wait(&ch.t, (vi_poll(four) & VI_POLLIN) != 0);
	assert_int_equal(vi_poll(six) & VI_POLLIN, 0);
	vi_close(four);
	vi_close(six);
	vi_close(c);
	/* Without it the port is one. */
	six = tl_listen(ch.s, "::", 81, 1);
	four = tl_socket(ch.s, VI_SOCK_STREAM);
	sa = tl_addr("0.0.0.0", 81);
	tl_fails(vi_bind(four, &sa), EADDRINUSE);
	sa = tl_addr("10.0.2.1", 81);
	tl_fails(vi_bind(four, &sa), EADDRINUSE);
	vi_close(four);
	vi_close(six);
	/* The default is the vnet's. */
	tl_ok(vi_sysctl_set(ch.s, "net.inet6.ip6.v6only", "1", &tl_root));
	six = tl_socketof(ch.s, VI_AF_INET6, VI_SOCK_DGRAM);
	assert_int_equal(tl_optint(six, VI_IPV6_V6ONLY), 1);
	vi_close(six);
	chain_end(&ch);
}

static int
sendto6(struct vi_socket *so, size_t len, const char *addr, uint16_t port, const char *from)
{
	struct vi_iovec iov = { out, len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr(addr, port) };
	size_t n;

	tl_pattern(out, len, 0);
	if (from != NULL) {
		msg.msg_set = VI_MSGSET_ADDR;
		msg.msg_dst = tl_addr(from, 0);
	}
	return (vi_sendmsg(so, &msg, &n));
}

static void
datagrams(void **state)
{
	struct vi_socket *a, *b, *four;
	struct vi_sockerr se;
	struct vi_sockaddr sa;
	struct vi_msg msg;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	tl_ifaddr(ch.c, ch.left.a, "10.0.1.77", 24);
	a = tl_udp(ch.c, "::", 1000);
	b = tl_udp(ch.s, "::", 2000);
	tl_ok(sendto6(a, 100, "::ffff:10.0.2.1", 2000, NULL));
	inet_expect(&ch.t, b, 100, &msg);
	name_is(0, &msg.msg_name, "::ffff:10.0.1.1", 1000);
	name_is(0, &msg.msg_dst, "::ffff:10.0.2.1", 0);
	tl_ok(sendto6(a, 100, "10.0.2.1", 2000, NULL));		/* a plain address will do */
	inet_expect(&ch.t, b, 100, &msg);
	tl_ok(sendto6(a, 100, "::ffff:10.0.2.1", 2000, "::ffff:10.0.1.77"));
	inet_expect(&ch.t, b, 100, &msg);
	name_is(0, &msg.msg_name, "::ffff:10.0.1.77", 1000);
	tl_fails(sendto6(a, 1, "::ffff:10.0.2.1", 2000, "::ffff:10.9.9.9"), EADDRNOTAVAIL);
	inet_setint(a, VI_IP_TTL, 9);
	inet_setint(a, VI_IP_TOS, 0x20);
	tl_ok(sendto6(a, 100, "::ffff:10.0.2.1", 2000, NULL));
	inet_expect(&ch.t, b, 100, &msg);
	assert_int_equal(msg.msg_ttl, 8);
	assert_int_equal(msg.msg_tos, 0x20);
	/* A socket of IPv4 on the same port hears what is IPv4. */
	inet_setint(b, VI_SO_REUSEADDR, 1);
	four = tl_socket(ch.s, VI_SOCK_DGRAM);
	inet_setint(four, VI_SO_REUSEADDR, 1);
	sa = tl_addr("0.0.0.0", 2000);
	tl_ok(vi_bind(four, &sa));
	tl_ok(sendto6(a, 50, "::ffff:10.0.2.1", 2000, NULL));
	inet_expect(&ch.t, four, 50, &msg);
	name_is(0, &msg.msg_name, "10.0.1.1", 1000);
	vi_close(four);
	/* Connected, and refused. */
	sa = tl_addr("::ffff:10.0.2.1", 9);
	tl_ok(vi_connect(a, &sa));
	name_is(vi_sockname(a, &sa), &sa, "::ffff:10.0.1.1", 1000);
	inet_setint(a, VI_IP_RECVERR, 1);
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_wait(&ch.t, (vi_poll(a) & VI_POLLERR) != 0);
	tl_ok(vi_recverr(a, &se, out, sizeof(out)));
	assert_int_equal(se.se_errno, ECONNREFUSED);
	name_is(0, &se.se_offender, "::ffff:10.0.2.1", 0);
	name_is(0, &se.se_dst, "::ffff:10.0.2.1", 9);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* Linux's errors of VI_IPV6_*. */
static void
options(void **state)
{
	static const struct { enum vi_sockopt opt; int v, error, get; } t[] = {
		{ VI_IPV6_UNICAST_HOPS, 0, 0, 0 }, { VI_IPV6_UNICAST_HOPS, 255, 0, 255 }, { VI_IPV6_UNICAST_HOPS, -1, 0, 64 },
		{ VI_IPV6_UNICAST_HOPS, 256, EINVAL, 64 }, { VI_IPV6_UNICAST_HOPS, -2, EINVAL, 64 },
		{ VI_IPV6_MULTICAST_HOPS, 7, 0, 7 }, { VI_IPV6_MULTICAST_HOPS, -1, 0, 1 }, { VI_IPV6_MULTICAST_HOPS, 256, EINVAL, 1 },
		{ VI_IPV6_MULTICAST_LOOP, 0, 0, 0 }, { VI_IPV6_MULTICAST_LOOP, 2, EINVAL, 0 },
		{ VI_IPV6_MULTICAST_IF, 99, ENODEV, 0 }, { VI_IPV6_TCLASS, 255, 0, 255 }, { VI_IPV6_TCLASS, -1, 0, 0 },
		{ VI_IPV6_TCLASS, 256, EINVAL, 0 }, { VI_IPV6_RECVTCLASS, 5, 0, 1 }, { VI_IPV6_RECVHOPLIMIT, 1, 0, 1 },
		{ VI_IPV6_RECVPKTINFO, 1, 0, 1 }, { VI_IPV6_RECVERR, 1, 0, 1 }, { VI_IPV6_MTU_DISCOVER, 2, 0, 2 },
		{ VI_IPV6_MTU_DISCOVER, 9, EINVAL, 2 }, { VI_IPV6_DONTFRAG, 1, 0, 1 }, { VI_IPV6_FREEBIND, 1, 0, 1 },
		{ VI_IPV6_AUTOFLOWLABEL, 0, 0, 0 },
	};
	struct vi_socket *six, *four, *tcp;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	six = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_DGRAM);
	four = tl_socket(ch.c, VI_SOCK_DGRAM);
	tcp = tl_socketof(ch.c, VI_AF_INET6, VI_SOCK_STREAM);
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (vi_setsockopt(six, t[i].opt, &t[i].v, sizeof(int)) != t[i].error)
			fail_msg("case %u", i);
		assert_int_equal(tl_optint(six, t[i].opt), t[i].get);
		tl_fails(vi_setsockopt(six, t[i].opt, &t[i].v, 3), EINVAL);
		tl_fails(vi_setsockopt(four, t[i].opt, &t[i].v, sizeof(int)), ENOPROTOOPT);
	}
	tl_fails(vi_setsockopt(tcp, VI_IPV6_MULTICAST_HOPS, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	inet_setint(tcp, VI_IPV6_TCLASS, 0x2b);
	assert_int_equal(tl_optint(tcp, VI_IPV6_TCLASS), 0x28);
	tl_fails(vi_getsockopt(six, VI_IPV6_MTU, &(int){ 0 }, &(size_t){ sizeof(int) }), ENOTCONN);
	vi_close(tcp);
	vi_close(four);
	vi_close(six);
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams), cmocka_unit_test(v6only), cmocka_unit_test(datagrams), cmocka_unit_test(options),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
