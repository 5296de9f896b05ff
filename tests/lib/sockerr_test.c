/* SPDX-License-Identifier: BSD-2-Clause */
/* What sockets refuse, and with which errno: Linux's. */
#include "tests/lib/tl.h"

static void
creation_errors(void **state)
{
	static const struct { int family, type, proto, error; } table[] = {
		{ VI_AF_INET, VI_SOCK_STREAM, 0, 0 },
		{ VI_AF_INET, VI_SOCK_STREAM, VI_IPPROTO_TCP, 0 },
		{ VI_AF_INET, VI_SOCK_DGRAM, 0, 0 },
		{ VI_AF_INET, VI_SOCK_DGRAM, VI_IPPROTO_UDP, 0 },
		{ VI_AF_INET, VI_SOCK_DGRAM, VI_IPPROTO_ICMP, 0 },
		{ VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, 0 },
		{ VI_AF_INET, VI_SOCK_RAW, 99, 0 },
		{ VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_RAW, 0 },
		{ VI_AF_INET, VI_SOCK_RAW, 0, EPROTONOSUPPORT },
		{ VI_AF_INET, VI_SOCK_STREAM, VI_IPPROTO_UDP, EPROTONOSUPPORT },
		{ VI_AF_INET, VI_SOCK_DGRAM, VI_IPPROTO_TCP, EPROTONOSUPPORT },
		{ VI_AF_INET, VI_SOCK_STREAM, 256, EPROTONOSUPPORT },
		{ VI_AF_INET, VI_SOCK_STREAM, -1, EPROTONOSUPPORT },
		{ VI_AF_INET, 4, 0, ESOCKTNOSUPPORT },
		{ VI_AF_INET, 0, 0, ESOCKTNOSUPPORT },
		{ VI_AF_INET6, VI_SOCK_STREAM, VI_IPPROTO_UDP, EPROTONOSUPPORT },
		{ VI_AF_UNSPEC, VI_SOCK_STREAM, 0, EAFNOSUPPORT },
		{ 77, VI_SOCK_STREAM, 0, EAFNOSUPPORT },
	};
	struct vi_socket *so;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		tl_fails(vi_socket(vi_vnet0(t.k), table[i].family, table[i].type, table[i].proto, &tl_root, &so), table[i].error);
		assert_true((so != NULL) == (table[i].error == 0));
		if (so == NULL)
			continue;
		assert_int_equal(tl_optint(so, VI_SO_TYPE), table[i].type);
		assert_int_equal(tl_optint(so, VI_SO_DOMAIN), VI_AF_INET);
		if (table[i].proto != 0)
			assert_int_equal(tl_optint(so, VI_SO_PROTOCOL), table[i].proto);
		vi_close(so);
	}
	tl_fails(vi_socket(vi_vnet0(t.k), VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_user, &so), EPERM);
	tl_end(&t);
}

static void
bind_errors(void **state)
{
	struct vi_sockaddr sa = tl_addr("0.0.0.0", 4000), alien = tl_addr("203.0.113.1", 4000), six = { .sa_family = VI_AF_INET6 }, low;
	struct vi_socket *so, *other;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	for (int type = VI_SOCK_STREAM; type <= VI_SOCK_DGRAM; type++) {
		so = tl_socket(p.a, type);
		other = tl_socket(p.a, type);
		tl_fails(vi_bind(so, &alien), EADDRNOTAVAIL);
		tl_fails(vi_bind(so, &six), EAFNOSUPPORT);
		tl_ok(vi_bind(so, &sa));
		tl_fails(vi_bind(so, &sa), EINVAL);
		tl_fails(vi_bind(other, &sa), EADDRINUSE);
		low = tl_addr(p.addra, 4000);
		tl_fails(vi_bind(other, &low), EADDRINUSE);	/* the wildcard has it */
		vi_close(so);
		tl_ok(vi_bind(other, &low));
		vi_close(other);
		tl_ok(vi_socket(p.a, VI_AF_INET, type, 0, &tl_user, &so));
		low = tl_addr("0.0.0.0", 1023);
		tl_fails(vi_bind(so, &low), EACCES);
		low = tl_addr("0.0.0.0", 1024);
		tl_ok(vi_bind(so, &low));
		vi_close(so);
		so = tl_socket(p.a, type);
		low = tl_addr("0.0.0.0", 1023);
		tl_ok(vi_bind(so, &low));
		vi_close(so);
	}
	tl_unpair(&p);
	tl_end(&t);
}

static void
ephemeral_ports_differ(void **state)
{
	struct vi_sockaddr any = tl_addr("0.0.0.0", 0), x, y;
	struct vi_socket *one, *two;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	one = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	two = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	tl_ok(vi_sockname(one, &x));
	assert_int_equal(x.sa_family, VI_AF_INET);
	assert_int_equal(x.sa_port, 0);
	tl_ok(vi_bind(one, &any));
	tl_ok(vi_bind(two, &any));
	tl_ok(vi_sockname(one, &x));
	tl_ok(vi_sockname(two, &y));
	assert_int_not_equal(x.sa_port, 0);
	assert_int_not_equal(x.sa_port, y.sa_port);
	vi_close(one);
	vi_close(two);
	tl_end(&t);
}

/* REUSEADDR lets a server come back; it does not let two listen. */
static void
reuse_rules(void **state)
{
	struct vi_sockaddr sa = tl_addr("0.0.0.0", 80);
	struct vi_socket *l, *l2;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	int on = 1;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	sa = tl_addr(p.addra, 80);
	l = tl_listen(p.a, p.addra, 80, 5);
	tl_ok(vi_setsockopt(l, VI_SO_REUSEADDR, &on, sizeof(on)));
	tl_connect(&t, p.b, l, &tc);
	vi_close(tc.s);		/* the server closes first and keeps TIME_WAIT */
	vi_close(tc.c);
	vi_close(l);
	tl_run(&t, 100 * TL_MS);
	l = tl_socket(p.a, VI_SOCK_STREAM);
	tl_fails(vi_bind(l, &sa), EADDRINUSE);
	tl_ok(vi_setsockopt(l, VI_SO_REUSEADDR, &on, sizeof(on)));
	tl_ok(vi_bind(l, &sa));
	tl_ok(vi_listen(l, 5));
	l2 = tl_socket(p.a, VI_SOCK_STREAM);
	tl_ok(vi_setsockopt(l2, VI_SO_REUSEADDR, &on, sizeof(on)));
	tl_fails(vi_bind(l2, &sa), EADDRINUSE);
	vi_close(l2);
	vi_close(l);
	tl_run(&t, TL_MSL2);
	tl_unpair(&p);
	tl_end(&t);
}

/* A fresh TCP socket. */
static void
unconnected_errors(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *so, *new;
	struct vi_iovec iov;
	unsigned niov = 1;
	struct tl t;
	char c;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	so = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	tl_fails(vi_send(so, "x", 1, 0, &n), EPIPE);
	assert_int_equal(n, 0);
	tl_fails(vi_recv(so, &c, 1, 0, &n), ENOTCONN);
	tl_fails(vi_send_prepare(so, 1, &iov, &niov), EPIPE);
	niov = 1;
	tl_fails(vi_recv_peek(so, 1, &iov, &niov), ENOTCONN);
	tl_fails(vi_recv_consume(so, 1), EINVAL);
	tl_fails(vi_shutdown(so, VI_SHUT_WR), ENOTCONN);
	tl_fails(vi_shutdown(so, 9), EINVAL);
	tl_fails(vi_peername(so, &sa), ENOTCONN);
	tl_fails(vi_accept(so, &new, NULL), EINVAL);
	assert_null(new);
	tl_ok(tl_sockerr(so));
	vi_close(so);
	tl_end(&t);
}

static void
listener_errors(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *l, *new, *u;
	struct vi_sockaddr peer;
	struct tl t;
	char c;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	l = tl_listen(vi_vnet0(t.k), "0.0.0.0", 80, 1);
	assert_int_equal(tl_optint(l, VI_SO_ACCEPTCONN), 1);
	tl_fails(vi_accept(l, &new, &peer), EAGAIN);
	assert_null(new);
	tl_ok(vi_sockname(l, &sa));
	tl_fails(vi_connect(l, &sa), EISCONN);
	tl_fails(vi_recv(l, &c, 1, 0, &n), ENOTCONN);
	tl_fails(vi_send(l, "x", 1, 0, &n), EPIPE);
	tl_fails(vi_peername(l, &sa), ENOTCONN);
	tl_ok(vi_listen(l, 7));			/* only the backlog changes */
	tl_fails(vi_accept(l, &new, NULL), EAGAIN);
	u = tl_socket(vi_vnet0(t.k), VI_SOCK_DGRAM);
	tl_fails(vi_listen(u, 1), EOPNOTSUPP);
	tl_fails(vi_accept(u, &new, NULL), EINVAL);
	vi_close(u);
	vi_close(l);
	/* Without bind: some port. */
	l = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	tl_ok(vi_listen(l, 0));
	tl_ok(vi_sockname(l, &sa));
	assert_int_not_equal(sa.sa_port, 0);
	tl_ok(vi_shutdown(l, VI_SHUT_RD));
	assert_int_equal(tl_optint(l, VI_SO_ACCEPTCONN), 0);
	tl_fails(vi_accept(l, &new, NULL), EINVAL);
	vi_close(l);
	tl_end(&t);
}

static void
connected_errors(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *new;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_ok(vi_peername(tc.c, &sa));
	tl_fails(vi_connect(tc.c, &sa), EISCONN);
	tl_fails(vi_listen(tc.c, 1), EINVAL);
	tl_fails(vi_accept(tc.c, &new, NULL), EINVAL);
	tl_fails(vi_bind(tc.c, &sa), EINVAL);
	tl_fails(vi_recv(tc.c, &(char){ 0 }, 1, 0, &(size_t){ 0 }), EAGAIN);
	tl_fails(vi_recv_consume(tc.c, 1), EINVAL);
	tl_ok(vi_sockname(tc.s, &sa));
	assert_true(tl_sameaddr(&sa, &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = tl_addr("0.0.0.0", 7).sa_port,
	    .sa_in = tl_addr(p.addra, 0).sa_in }));
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

/* connect(2): in progress, already, done, and what went wrong once only. */
static void
connect_errors(void **state)
{
	struct vi_sockaddr sa, nowhere = tl_addr("203.0.113.1", 80), six = { .sa_family = VI_AF_INET6 };
	struct vi_socket *so, *listener;
	struct tl_conn conn;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	so = tl_socket(p.b, VI_SOCK_STREAM);
	tl_fails(vi_connect(so, &six), EAFNOSUPPORT);
	tl_fails(vi_connect(so, &nowhere), ENETUNREACH);
	sa = tl_addr(p.addra, 81);
	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	tl_fails(vi_connect(so, &sa), EALREADY);
	tl_fails(vi_send(so, "x", 1, 0, &(size_t){ 0 }), EAGAIN);
	tl_wait(&t, vi_poll(so) & VI_POLLERR);
	assert_int_equal(tl_sockerr(so), ECONNREFUSED);
	assert_int_equal(tl_sockerr(so), 0);
	vi_close(so);

	/* The other way to learn it. */
	so = tl_socket(p.b, VI_SOCK_STREAM);
	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	tl_wait(&t, vi_poll(so) & VI_POLLERR);
	tl_fails(vi_connect(so, &sa), ECONNREFUSED);
	/* Refused is not for ever. */
	listener = tl_listen(p.a, p.addra, 81, 1);
	tl_ok(vi_setsockopt(so, VI_TCP_NODELAY, &(int){ 1 }, sizeof(int)));
	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	tl_wait(&t, vi_poll(so) & VI_POLLOUT);
	assert_int_equal(tl_sockerr(so), 0);
	assert_int_equal(tl_optint(so, VI_TCP_NODELAY), 1);
	tl_ok(vi_accept(listener, &conn.s, NULL));
	conn.c = so;
	tl_send(&t, conn.c, conn.s, 10000);
	tl_send(&t, conn.s, conn.c, 10000);
	vi_close(listener);
	tl_hangup(&t, &conn);

	so = tl_socket(p.b, VI_SOCK_STREAM);
	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	tl_wait(&t, vi_poll(so) & VI_POLLERR);
	tl_fails(vi_recv(so, &(char){ 0 }, 1, 0, &(size_t){ 0 }), ECONNREFUSED);
	tl_fails(vi_send(so, "x", 1, 0, &(size_t){ 0 }), EPIPE);
	vi_close(so);
	tl_unpair(&p);
	tl_end(&t);
}

#if !VIMAGE_SINGLE
static void
connect_times_out(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *so;
	struct tl_pair p;
	uint64_t begin;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_ok(vi_if_set_flags(p.a, p.cable.a, 0, VI_IFF_UP));	/* nobody answers, not even ARP */
	so = tl_socket(p.b, VI_SOCK_STREAM);
	sa = tl_addr(p.addra, 80);
	begin = tl_now(&t);
	tl_fails(vi_connect(so, &sa), EINPROGRESS);
	tl_wait(&t, vi_poll(so) & VI_POLLERR);
	assert_true(tl_now(&t) - begin > TL_SEC && tl_now(&t) - begin < 300 * TL_SEC);
	tl_fails(tl_sockerr(so), EHOSTUNREACH);		/* nobody there; ETIMEDOUT is for one who does not answer */
	vi_close(so);
	tl_unpair(&p);
	tl_end(&t);
}
#endif

/* Options. */
static void
option_errors(void **state)
{
	struct vi_socket *so, *u;
	struct tl t;
	size_t len;
	int v = 1;

	(void)state;
	tl_begin(&t, 1);
	so = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	u = tl_socket(vi_vnet0(t.k), VI_SOCK_DGRAM);
	tl_fails(vi_setsockopt(so, (enum vi_sockopt)9999, &v, sizeof(v)), ENOPROTOOPT);
	len = sizeof(v);
	tl_fails(vi_getsockopt(so, (enum vi_sockopt)9999, &v, &len), ENOPROTOOPT);
	tl_fails(vi_setsockopt(u, VI_TCP_NODELAY, &v, sizeof(v)), ENOPROTOOPT);
	tl_fails(vi_setsockopt(so, VI_SO_KEEPALIVE, &v, 1), EINVAL);
	tl_fails(vi_setsockopt(so, VI_SO_LINGER, &v, sizeof(v)), EINVAL);
	tl_fails(vi_setsockopt(so, VI_SO_SNDBUF, &v, 2), EINVAL);
	v = -1;
	tl_fails(vi_setsockopt(so, VI_SO_SNDBUF, &v, sizeof(v)), EINVAL);
	tl_fails(vi_setsockopt(so, VI_SO_TYPE, &v, sizeof(v)), ENOPROTOOPT);
	tl_fails(vi_setsockopt(so, VI_SO_SNDLOWAT, &v, sizeof(v)), ENOPROTOOPT);
	len = 1;
	tl_fails(vi_getsockopt(so, VI_SO_TYPE, &v, &len), EINVAL);
	vi_close(so);
	vi_close(u);
	tl_ok(vi_socket(vi_vnet0(t.k), VI_AF_INET, VI_SOCK_STREAM, 0, &tl_user, &so));
	tl_fails(vi_setsockopt(so, VI_SO_MARK, &v, sizeof(v)), EPERM);
	vi_close(so);
	tl_end(&t);
}

static void
options_round_trip(void **state)
{
	static const struct { int type; enum vi_sockopt opt; int v, want; } table[] = {
		{ VI_SOCK_STREAM, VI_SO_REUSEADDR, 5, 1 }, { VI_SOCK_STREAM, VI_SO_REUSEPORT, 1, 1 }, { VI_SOCK_STREAM, VI_SO_KEEPALIVE, 1, 1 },
		{ VI_SOCK_DGRAM, VI_SO_BROADCAST, 1, 1 }, { VI_SOCK_STREAM, VI_SO_DONTROUTE, 1, 1 }, { VI_SOCK_STREAM, VI_SO_OOBINLINE, 1, 1 },
		{ VI_SOCK_DGRAM, VI_SO_TIMESTAMP, 1, 1 }, { VI_SOCK_STREAM, VI_SO_KEEPALIVE, 0, 0 },
		{ VI_SOCK_STREAM, VI_SO_SNDBUF, 100000, 100000 }, { VI_SOCK_STREAM, VI_SO_RCVBUF, 100000, 100000 },
		{ VI_SOCK_STREAM, VI_SO_SNDBUF, 1, 2048 }, { VI_SOCK_DGRAM, VI_SO_RCVBUF, 0x7fffffff, 16 << 20 },
		{ VI_SOCK_STREAM, VI_SO_RCVLOWAT, 10, 10 }, { VI_SOCK_STREAM, VI_SO_RCVLOWAT, 0, 1 },
		{ VI_SOCK_STREAM, VI_SO_PRIORITY, 6, 6 }, { VI_SOCK_DGRAM, VI_SO_MARK, 42, 42 },
		{ VI_SOCK_STREAM, VI_TCP_NODELAY, 1, 1 }, { VI_SOCK_STREAM, VI_TCP_KEEPIDLE, 30, 30 }, { VI_SOCK_STREAM, VI_TCP_KEEPINTVL, 3, 3 },
		{ VI_SOCK_STREAM, VI_TCP_KEEPCNT, 4, 4 }, { VI_SOCK_STREAM, VI_TCP_CORK, 1, 1 },
		{ VI_SOCK_STREAM, VI_IP_TOS, 0x10, 0x10 }, { VI_SOCK_DGRAM, VI_IP_TTL, 5, 5 }, { VI_SOCK_DGRAM, VI_IP_RECVERR, 1, 1 },
		{ VI_SOCK_DGRAM, VI_IP_RECVTTL, 1, 1 }, { VI_SOCK_DGRAM, VI_IP_PKTINFO, 1, 1 },
	};
	struct vi_linger l = { .l_onoff = 1, .l_linger = 7 };
	struct vi_socket *so;
	struct tl t;
	size_t len = sizeof(l);

	(void)state;
	tl_begin(&t, 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		so = tl_socket(vi_vnet0(t.k), table[i].type);
		tl_ok(vi_setsockopt(so, table[i].opt, &table[i].v, sizeof(int)));
		assert_int_equal(tl_optint(so, table[i].opt), table[i].want);
		vi_close(so);
	}
	so = tl_socket(vi_vnet0(t.k), VI_SOCK_STREAM);
	tl_ok(vi_setsockopt(so, VI_SO_LINGER, &l, sizeof(l)));
	memset(&l, 0, sizeof(l));
	tl_ok(vi_getsockopt(so, VI_SO_LINGER, &l, &len));
	assert_int_equal(l.l_onoff, 1);
	assert_int_equal(l.l_linger, 7);
	vi_close(so);
	tl_end(&t);
}

static void
sockets_are_limited(void **state)
{
	struct vi_socket *so[20], *more;
	unsigned n;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(vi_sysctl_set(vi_vnet0(t.k), "kern.ipc.maxsockets", "16", &tl_root));
	for (n = 0; n < 16; n++)
		so[n] = tl_socket(vi_vnet0(t.k), n % 2 ? VI_SOCK_STREAM : VI_SOCK_DGRAM);
	tl_fails(vi_socket(vi_vnet0(t.k), VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &more), ENOBUFS);
	vi_close(so[--n]);
	so[n++] = tl_socket(vi_vnet0(t.k), VI_SOCK_DGRAM);
	while (n > 0)
		vi_close(so[--n]);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_errors),
		cmocka_unit_test(bind_errors),
		cmocka_unit_test(ephemeral_ports_differ),
		cmocka_unit_test(reuse_rules),
		cmocka_unit_test(unconnected_errors),
		cmocka_unit_test(listener_errors),
		cmocka_unit_test(connected_errors),
		cmocka_unit_test(connect_errors),
#if !VIMAGE_SINGLE
		cmocka_unit_test(connect_times_out),
#endif
		cmocka_unit_test(option_errors),
		cmocka_unit_test(options_round_trip),
		cmocka_unit_test(sockets_are_limited),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
