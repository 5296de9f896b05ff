/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP as programs use it: names, lengths, errors, broadcasts and groups, options and what comes with a datagram. */
#include "tests/inet/inet.h"

static uint8_t out[65536], in[65536];

static int
send_pattern(struct vi_socket *so, size_t len, const char *addr, uint16_t port)
{
	tl_pattern(out, len, 0);
	return (inet_sendto(so, out, len, addr, port));
}

static void
lengths(void **state)
{
	static const size_t lens[] = { 0, 1, 1471, 1472, 1473, 9000, 65507 };
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		tl_ok(send_pattern(a, lens[i], "10.0.2.1", 2000));
		inet_expect(&ch.t, b, lens[i], &msg);
		assert_true(tl_sameaddr(&msg.msg_name, &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = tl_addr("0.0.0.0", 1000).sa_port,
		    .sa_in = tl_addr("10.0.1.1", 0).sa_in }));
		assert_int_equal(msg.msg_dst.sa_in, tl_addr("10.0.2.1", 0).sa_in);
		assert_int_equal(msg.msg_ttl, 63);
		tl_ok(send_pattern(b, lens[i], "10.0.1.1", 1000));
		inet_expect(&ch.t, a, lens[i], NULL);
	}
	tl_fails(send_pattern(a, 65508, "10.0.2.1", 2000), EMSGSIZE);
	tl_fails(send_pattern(a, 1, "10.0.2.1", 0), EINVAL);
	tl_fails(send_pattern(a, 1, NULL, 0), EDESTADDRREQ);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* To ourselves, to 127.0.0.2 and to nowhere, which is here. */
static void
local(void **state)
{
	struct vi_socket *a, *b;
	struct vi_sockaddr sa;
	struct vi_msg msg;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	b = tl_socket(ch.c, VI_SOCK_DGRAM);
	tl_ok(send_pattern(b, 20, "127.0.0.1", 1000));
	inet_expect(&ch.t, a, 20, NULL);
	tl_ok(send_pattern(b, 20, "127.0.0.2", 1000));
	inet_expect(&ch.t, a, 20, &msg);
	assert_int_equal(msg.msg_name.sa_in, tl_addr("127.0.0.1", 0).sa_in);
	tl_ok(send_pattern(b, 20, "0.0.0.0", 1000));
	inet_expect(&ch.t, a, 20, NULL);
	tl_ok(send_pattern(b, 20, "10.0.1.1", 1000));
	inet_expect(&ch.t, a, 20, &msg);
	assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.1.1", 0).sa_in);
	inet_connect(b, "10.0.1.1", 1000);
	tl_ok(vi_sockname(b, &sa));
	assert_int_equal(sa.sa_in, tl_addr("10.0.1.1", 0).sa_in);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* RFC 1122 4.1.3.3: a connected socket is told, any other only if it asked. */
static void
refused(void **state)
{
	struct vi_sockaddr any = { .sa_family = VI_AF_UNSPEC };
	struct vi_socket *a;
	struct vi_sockerr se;
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	tl_ok(send_pattern(a, 8, "10.0.2.1", 9));
	tl_run(&ch.t, TL_SEC);
	tl_ok(tl_sockerr(a));
	assert_int_equal(tl_stat(ch.s, "udps_noport"), 1);
	inet_connect(a, "10.0.2.1", 9);
	tl_ok(send_pattern(a, 8, NULL, 0));
	tl_wait(&ch.t, (vi_poll(a) & VI_POLLERR) != 0);
	tl_fails(inet_recv(a, &msg, in, sizeof(in), &n), ECONNREFUSED);
	tl_fails(inet_recv(a, &msg, in, sizeof(in), &n), EAGAIN);
	tl_ok(send_pattern(a, 8, NULL, 0));
	tl_run(&ch.t, TL_SEC);
	tl_fails(send_pattern(a, 8, NULL, 0), ECONNREFUSED);
	tl_ok(vi_connect(a, &any));
	tl_run(&ch.t, TL_SEC);
	inet_setint(a, VI_IP_RECVERR, 1);
	tl_ok(send_pattern(a, 30, "10.0.2.1", 9));
	inet_expecterr(&ch.t, a, &se, ECONNREFUSED, "10.0.2.1");
	assert_int_equal(se.se_type, 3);
	assert_int_equal(se.se_code, 3);
	assert_int_equal(se.se_len, 30);
	assert_int_equal(se.se_dst.sa_port, tl_addr("0.0.0.0", 9).sa_port);
	tl_ok(vi_sysctl_set(ch.s, "net.inet.udp.blackhole", "1", &tl_root));
	tl_ok(send_pattern(a, 30, "10.0.2.1", 9));
	tl_run(&ch.t, TL_SEC);
	tl_ok(tl_sockerr(a));
	vi_close(a);
	chain_end(&ch);
}

/* 200 a second, then silence and a line in the log. */
static void
limited(void **state)
{
	struct vi_socket *a;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	for (int i = 0; i < 250; i++) {
		tl_ok(send_pattern(a, 8, "10.0.2.1", 9));
		tl_settle(&ch.t);
	}
	assert_int_equal(tl_stat(ch.s, "udps_noport"), 250);
	assert_int_equal(tl_stat(ch.s, "icps_outhist_3"), 200);
	assert_int_equal(tl_stat(ch.s, "icps_ratelimited"), 50);
	tl_run(&ch.t, TL_SEC);
	tl_ok(send_pattern(a, 8, "10.0.2.1", 9));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.s, "icps_outhist_3"), 201);
	vi_close(a);
	chain_end(&ch);
}

static void
broadcast(void **state)
{
	struct vi_socket *a, *b[3], *own, *bound;
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	own = tl_udp(ch.c, "0.0.0.0", 2000);
	for (int i = 0; i < 3; i++) {
		struct vi_sockaddr sa = tl_addr(i == 2 ? "10.0.1.2" : "0.0.0.0", 2000);

		b[i] = tl_socket(ch.r, VI_SOCK_DGRAM);
		inet_setint(b[i], VI_SO_REUSEADDR, 1);
		tl_ok(vi_bind(b[i], &sa));
	}
	tl_fails(send_pattern(a, 100, "10.0.1.255", 2000), EACCES);
	tl_fails(send_pattern(a, 100, "255.255.255.255", 2000), EACCES);
	inet_setint(a, VI_SO_BROADCAST, 1);
	for (int i = 0; i < 2; i++) {
		tl_ok(send_pattern(a, 100, i == 0 ? "10.0.1.255" : "255.255.255.255", 2000));
		inet_expect(&ch.t, b[0], 100, &msg);
		assert_int_equal(msg.msg_dst.sa_in, tl_addr(i == 0 ? "10.0.1.255" : "255.255.255.255", 0).sa_in);
		inet_expect(&ch.t, b[1], 100, NULL);
		inet_expect(&ch.t, own, 100, NULL);
	}
	/* Nor does the default route of the interface that a socket is bound to, or that its address is on, make the limited one a packet for the router. */
	for (int i = 0; i < 2; i++) {
		struct vi_sockaddr sa = tl_addr(i == 0 ? "0.0.0.0" : "10.0.1.1", 0);

		bound = tl_socket(ch.c, VI_SOCK_DGRAM);
		tl_ok(vi_bind(bound, &sa));
		if (i == 0)
			tl_ok(vi_setsockopt(bound, VI_SO_BINDTODEVICE, ch.left.a, strlen(ch.left.a)));
		tl_fails(send_pattern(bound, 100, "255.255.255.255", 2000), EACCES);
		inet_setint(bound, VI_SO_BROADCAST, 1);
		tl_ok(send_pattern(bound, 100, "255.255.255.255", 2000));
		inet_expect(&ch.t, b[0], 100, NULL);
		inet_expect(&ch.t, b[1], 100, NULL);
		inet_expect(&ch.t, own, 100, NULL);
		vi_close(bound);
	}
	/* Bound to one address: not for it. */
	tl_fails(inet_recv(b[2], &msg, in, sizeof(in), &n), EAGAIN);
	/* Nobody answers a broadcast to a closed port. */
	tl_ok(send_pattern(a, 100, "10.0.1.255", 7));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.r, "icps_outhist_3"), 0);
	assert_int_equal(tl_stat(ch.r, "udps_noportbcast"), 1);
	for (int i = 0; i < 3; i++)
		vi_close(b[i]);
	vi_close(a);
	vi_close(own);
	chain_end(&ch);
}

static void
groups(void **state)
{
	struct vi_mreq mr = { .mr_group = tl_addr("239.1.2.3", 0).sa_in, .mr_addr = tl_addr("10.0.1.2", 0).sa_in };
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "0.0.0.0", 1000);
	b = tl_udp(ch.r, "0.0.0.0", 2000);
	tl_ok(send_pattern(a, 50, "239.1.2.3", 2000));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.r, "ips_notmember"), 1);
	tl_ok(vi_setsockopt(b, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	tl_fails(vi_setsockopt(b, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)), EADDRINUSE);
	tl_ok(send_pattern(a, 50, "239.1.2.3", 2000));
	inet_expect(&ch.t, b, 50, &msg);
	assert_int_equal(msg.msg_ttl, 1);
	inet_setint(a, VI_IP_MULTICAST_TTL, 9);
	tl_ok(send_pattern(a, 50, "239.1.2.3", 2000));
	inet_expect(&ch.t, b, 50, &msg);
	assert_int_equal(msg.msg_ttl, 9);
	/* Our own copy, unless it is not wanted. */
	mr.mr_addr = tl_addr("10.0.1.1", 0).sa_in;
	tl_ok(vi_setsockopt(a, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	tl_ok(send_pattern(a, 50, "239.1.2.3", 1000));
	inet_expect(&ch.t, a, 50, NULL);
	inet_setint(a, VI_IP_MULTICAST_LOOP, 0);
	tl_ok(send_pattern(a, 50, "239.1.2.3", 1000));
	tl_run(&ch.t, TL_SEC);
	tl_fails(inet_recv(a, &msg, in, sizeof(in), &n), EAGAIN);
	/* RFC 1122 3.2.1.3: bound to a group or a broadcast address one hears it, and sends from one's own. */
	for (int i = 0; i < 2; i++) {
		struct vi_socket *g = tl_udp(ch.c, i == 0 ? "239.1.2.3" : "10.0.1.255", 1001);

		tl_ok(send_pattern(g, 50, "10.0.1.2", 2000));
		inet_expect(&ch.t, b, 50, &msg);
		assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.1.1", 0).sa_in);
		inet_setint(b, VI_SO_BROADCAST, 1);
		tl_ok(send_pattern(b, 50, i == 0 ? "239.1.2.3" : "10.0.1.255", 1001));
		inet_expect(&ch.t, g, 50, NULL);
		inet_connect(g, "10.0.1.2", 2000);
		tl_ok(send_pattern(g, 50, NULL, 0));
		inet_expect(&ch.t, b, 50, &msg);
		assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.1.1", 0).sa_in);
		vi_close(g);
	}
	mr.mr_addr = tl_addr("10.0.1.2", 0).sa_in;
	tl_ok(vi_setsockopt(b, VI_IP_DROP_MEMBERSHIP, &mr, sizeof(mr)));
	tl_fails(vi_setsockopt(b, VI_IP_DROP_MEMBERSHIP, &mr, sizeof(mr)), EADDRNOTAVAIL);
	mr.mr_group = tl_addr("10.0.1.2", 0).sa_in;
	tl_fails(vi_setsockopt(b, VI_IP_ADD_MEMBERSHIP, &mr, sizeof(mr)), EINVAL);
	vi_close(a);		/* a is a member still */
	vi_close(b);
	chain_end(&ch);
}

/* What one message overrides, and what is told of it. */
static void
ancillary(void **state)
{
	struct vi_iovec iov = { out, 10 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("10.0.2.1", 2000),
		.msg_set = VI_MSGSET_TTL | VI_MSGSET_TOS | VI_MSGSET_ADDR, .msg_ttl = 7, .msg_tos = 0x28, .msg_dst = tl_addr("10.0.9.9", 0) };
	struct vi_socket *a, *b;
	struct vi_msg got;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	tl_ifaddr(ch.c, ch.left.a, "10.0.1.77", 24);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	tl_pattern(out, 10, 0);
	tl_fails(vi_sendmsg(a, &msg, &n), EADDRNOTAVAIL);
	msg.msg_dst = tl_addr("10.0.1.77", 0);
	tl_ok(vi_sendmsg(a, &msg, &n));
	inet_expect(&ch.t, b, 10, &got);
	assert_int_equal(got.msg_ttl, 6);
	assert_int_equal(got.msg_tos, 0x28);
	assert_int_equal(got.msg_name.sa_in, msg.msg_dst.sa_in);
	assert_int_equal(got.msg_ifindex, tl_ifinfo(ch.s, ch.right.b).if_index);
	msg.msg_set = VI_MSGSET_IFINDEX;
	msg.msg_ifindex = 99;
	tl_fails(vi_sendmsg(a, &msg, &n), ENODEV);
	/* The socket's own settings. */
	inet_setint(a, VI_IP_TTL, 33);
	inet_setint(a, VI_IP_TOS, 0x10);
	tl_ok(send_pattern(a, 10, "10.0.2.1", 2000));
	inet_expect(&ch.t, b, 10, &got);
	assert_int_equal(got.msg_ttl, 32);
	assert_int_equal(got.msg_tos, 0x10);
	inet_setint(b, VI_IP_MINTTL, 40);
	tl_ok(send_pattern(a, 10, "10.0.2.1", 2000));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.s, "udps_minttl"), 1);
	/* MSG_DONTROUTE: neighbours only. */
	msg.msg_set = 0;
	msg.msg_flags = VI_MSG_DONTROUTE;
	tl_fails(vi_sendmsg(a, &msg, &n), ENETUNREACH);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* What a host sends to an address of its own comes, for programs, by the interface that has the address, as on Linux. */
static void
own_interface(void **state)
{
	struct vi_socket *a, *any, *raw, *listener, *c;
	struct vi_sockaddr sa = tl_addr("10.0.1.1", 2000);
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	any = tl_udp(ch.c, "0.0.0.0", 2001);
	tl_ok(vi_setsockopt(a, VI_SO_BINDTODEVICE, ch.left.a, strlen(ch.left.a)));
	tl_ok(vi_bind(a, &sa));
	raw = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_UDP, &tl_root);
	tl_ok(vi_setsockopt(raw, VI_SO_BINDTODEVICE, "lo0", 3));
	tl_ok(send_pattern(any, 10, "10.0.1.1", 2000));
	inet_expect(&ch.t, a, 10, &msg);
	assert_int_equal(msg.msg_ifindex, tl_ifinfo(ch.c, ch.left.a).if_index);
	tl_ok(send_pattern(any, 10, "127.0.0.1", 2001));
	inet_expect(&ch.t, any, 10, &msg);
	assert_int_equal(msg.msg_ifindex, tl_ifinfo(ch.c, "lo0").if_index);
	/* By lo0 came the second alone. */
	inet_wait(&ch.t, raw, &msg, in, sizeof(in), &n);
	assert_int_equal(msg.msg_dst.sa_in, tl_addr("127.0.0.1", 0).sa_in);
	tl_fails(inet_recv(raw, &msg, in, sizeof(in), &n), EAGAIN);
	listener = tl_socket(ch.c, VI_SOCK_STREAM);
	tl_ok(vi_setsockopt(listener, VI_SO_BINDTODEVICE, ch.left.a, strlen(ch.left.a)));
	tl_ok(vi_bind(listener, &sa));
	tl_ok(vi_listen(listener, 1));
	c = tl_socket(ch.c, VI_SOCK_STREAM);
	(void)vi_connect(c, &sa);
	tl_run(&ch.t, TL_SEC);
	tl_ok(vi_peername(c, &sa));
	vi_close(a);
	vi_close(any);
	vi_close(raw);
	vi_close(listener);
	vi_close(c);
	chain_end(&ch);
}

static void
options(void **state)
{
	static const uint8_t rr[39] = { 7, 39, 4 }, bad[4] = { 7, 40, 4, 0 }, sr[7] = { 131, 7, 4, 10, 0, 1, 2 };
	struct vi_socket *a, *b, *c;
	struct vi_msg msg;
	struct chain ch;
	uint8_t buf[60];
	size_t len, n;

	(void)state;
	chain_begin(&ch);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	b = inet_socket(ch.s, VI_SOCK_RAW, VI_IPPROTO_UDP, &tl_root);
	c = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_setint(c, VI_IP_RECVOPTS, 1);
	tl_fails(vi_setsockopt(a, VI_IP_OPTIONS, bad, sizeof(bad)), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IP_OPTIONS, sr, sizeof(sr)), EOPNOTSUPP);
	tl_fails(vi_setsockopt(a, VI_IP_OPTIONS, in, 41), EINVAL);
	tl_ok(vi_setsockopt(a, VI_IP_OPTIONS, rr, sizeof(rr)));
	len = sizeof(buf);
	tl_ok(vi_getsockopt(a, VI_IP_OPTIONS, buf, &len));
	assert_int_equal(len, 40);
	tl_ok(send_pattern(a, 10, "10.0.2.1", 2000));
	inet_wait(&ch.t, b, &msg, in, sizeof(in), &n);
	/* The router and the server wrote themselves down. */
	assert_int_equal(n, 60 + 8 + 10);
	assert_int_equal(msg.msg_optlen, 0);
	inet_expect(&ch.t, c, 10, &msg);
	assert_int_equal(msg.msg_optlen, 40);
	assert_memory_equal(msg.msg_opts, in + 20, 40);
	assert_int_equal(in[0], 0x4f);
	assert_int_equal(in[22], 12);
	assert_memory_equal(in + 23, &(uint32_t){ tl_addr("10.0.2.2", 0).sa_in }, 4);
	assert_memory_equal(in + 27, &(uint32_t){ tl_addr("10.0.2.1", 0).sa_in }, 4);
	assert_int_equal(inet_cksum(in, 60), 0);
	/* What came with a checksum left open was finished for the raw socket. */
	assert_int_not_equal(in[66] << 8 | in[67], 0);
	tl_fails(vi_setsockopt(a, VI_IP_TTL, &(int){ 0 }, sizeof(int)), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IP_TTL, &(int){ 256 }, sizeof(int)), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IP_TTL, &(int){ 5 }, 1), EINVAL);
	tl_fails(vi_setsockopt(a, VI_IP_HDRINCL, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	tl_fails(vi_setsockopt(a, VI_TCP_NODELAY, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	tl_fails(vi_setsockopt(a, VI_SO_BINDTODEVICE, "nosuch0", 8), ENODEV);
	vi_close(a);
	vi_close(b);
	vi_close(c);
	chain_end(&ch);
}

/* Addresses that are nobody's here: for the administrator, who may also send from them. */
static void
transparent(void **state)
{
	struct vi_sockaddr alien = tl_addr("203.0.113.9", 1000);
	struct vi_socket *a, *b, *plain;
	struct vi_msg msg;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	plain = inet_socket(ch.c, VI_SOCK_DGRAM, 0, &tl_user);
	tl_fails(vi_setsockopt(plain, VI_IP_TRANSPARENT, &(int){ 1 }, sizeof(int)), EPERM);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	tl_fails(vi_bind(a, &alien), EADDRNOTAVAIL);
	inet_setint(a, VI_IP_TRANSPARENT, 1);
	assert_int_equal(tl_optint(a, VI_IP_TRANSPARENT), 1);
	assert_int_equal(tl_optint(a, VI_IP_FREEBIND), 0);
	tl_ok(vi_bind(a, &alien));
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	tl_ok(send_pattern(a, 10, "10.0.2.1", 2000));
	inet_expect(&ch.t, b, 10, &msg);
	assert_true(tl_sameaddr(&msg.msg_name, &alien));
	vi_close(plain);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

static void
full_buffer(void **state)
{
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct chain ch;
	size_t n, got = 0;

	(void)state;
	chain_begin(&ch);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_setint(b, VI_SO_RCVBUF, 10000);
	for (int i = 0; i < 30; i++) {
		tl_ok(send_pattern(a, 1000, "10.0.2.1", 2000));
		tl_settle(&ch.t);
	}
	while (inet_recv(b, &msg, in, sizeof(in), &n) == 0)
		got++;
	assert_in_range(got, 5, 10);
	assert_int_equal(tl_stat(ch.s, "udps_fullsock"), 30 - got);
	assert_int_equal(tl_stat(ch.s, "udps_delivered"), got);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths), cmocka_unit_test(local), cmocka_unit_test(refused), cmocka_unit_test(limited),
		cmocka_unit_test(broadcast), cmocka_unit_test(groups), cmocka_unit_test(ancillary), cmocka_unit_test(own_interface), cmocka_unit_test(options),
		cmocka_unit_test(full_buffer), cmocka_unit_test(transparent),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
