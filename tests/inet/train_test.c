/* SPDX-License-Identifier: BSD-2-Clause */
/* Trains of datagrams (VI_UDP_SEGMENT, VI_UDP_GRO), UDP-Lite, and what else UDP has of its own. */
#include "tests/inet/inet.h"

static uint8_t out[65536], in[65536];

static int
send_train(struct vi_socket *so, size_t len, uint32_t segsz)
{
	struct vi_iovec iov = { out, len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("10.0.2.1", 2000) };
	size_t n;

	tl_pattern(out, len, 0);
	if (segsz != 0) {
		msg.msg_set = VI_MSGSET_SEGSZ;
		msg.msg_segsz = segsz;
	}
	return (vi_sendmsg(so, &msg, &n));
}

/* The datagrams of a train, one by one. */
static void
expect_cut(struct tl *t, struct vi_socket *so, size_t len, size_t segsz)
{
	size_t off, want, n;
	struct vi_msg msg;

	for (off = 0; off < len; off += want) {
		want = len - off < segsz ? len - off : segsz;
		inet_wait(t, so, &msg, in, sizeof(in), &n);
		assert_int_equal(n, want);
		assert_int_equal(msg.msg_segsz, 0);
		assert_true(tl_ispattern(in, n, off));
	}
	tl_settle(t);
	tl_fails(inet_recv(so, &msg, in, sizeof(in), &n), EAGAIN);
}

static void
expect_whole(struct tl *t, struct vi_socket *so, size_t len, size_t segsz)
{
	struct vi_msg msg;

	inet_expect(t, so, len, &msg);
	assert_int_equal(msg.msg_segsz, segsz);
}

static void
trains(void **state)
{
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	tl_ok(send_train(a, 5000, 1000));
	expect_cut(&ch.t, b, 5000, 1000);
	tl_ok(send_train(a, 60001, 1472));
	expect_cut(&ch.t, b, 60001, 1472);
	tl_ok(send_train(a, 700, 1000));
	expect_cut(&ch.t, b, 700, 1000);
	inet_setint(b, VI_UDP_GRO, 1);
	tl_ok(send_train(a, 5500, 1000));
	expect_whole(&ch.t, b, 5500, 1000);
	tl_ok(send_train(a, 1000, 1000));
	expect_whole(&ch.t, b, 1000, 0);
	/* The socket's own setting, which a message may override. */
	inet_setint(a, VI_UDP_SEGMENT, 100);
	tl_ok(send_train(a, 1050, 0));
	expect_whole(&ch.t, b, 1050, 100);
	tl_ok(send_train(a, 1050, 500));
	expect_whole(&ch.t, b, 1050, 500);
	assert_int_equal(tl_optint(a, VI_UDP_SEGMENT), 100);
	assert_int_equal(tl_optint(b, VI_UDP_GRO), 1);
	/* Too big, too many, no size at all. */
	tl_fails(send_train(a, 5000, 1473), EINVAL);
	tl_ok(send_train(a, 1280, 10));
	expect_whole(&ch.t, b, 1280, 10);
	tl_fails(send_train(a, 1281, 10), EINVAL);
	tl_fails(send_train(a, 5000, 70000), EINVAL);
	tl_fails(vi_setsockopt(a, VI_UDP_SEGMENT, &(int){ -1 }, sizeof(int)), EINVAL);
	tl_fails(vi_setsockopt(a, VI_UDP_SEGMENT, &(int){ 65536 }, sizeof(int)), EINVAL);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

/* A link that cannot carry the datagrams: the router cuts the train and, without DF, each of them. */
static void
narrow(void **state)
{
	struct vi_socket *a, *b;
	struct chain ch;

	(void)state;
	chain_begin(&ch);
	inet_setmtu(ch.r, ch.right.a, 576);
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	inet_setint(b, VI_UDP_GRO, 1);
	inet_setint(a, VI_IP_MTU_DISCOVER, 0);
	tl_ok(send_train(a, 5000, 1000));
	expect_cut(&ch.t, b, 5000, 1000);
	assert_int_equal(tl_stat(ch.r, "ips_segmented"), 1);
	assert_int_equal(tl_stat(ch.s, "ips_reassembled"), 5);
	/* With DF it is told, and then knows. */
	inet_setint(a, VI_IP_MTU_DISCOVER, 2);
	tl_ok(send_train(a, 5000, 1000));
	tl_run(&ch.t, TL_SEC);
	tl_fails(send_train(a, 5000, 1000), EINVAL);
	tl_ok(send_train(a, 5000, 548));
	expect_whole(&ch.t, b, 5000, 548);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

static struct vi_socket *
lite(struct vi_vnet *vn, uint16_t port)
{
	struct vi_socket *so = inet_socket(vn, VI_SOCK_DGRAM, VI_IPPROTO_UDPLITE, &tl_root);
	struct vi_sockaddr sa = tl_addr("0.0.0.0", port);

	tl_ok(vi_bind(so, &sa));
	return (so);
}

/* RFC 3828 */
static void
udplite(void **state)
{
	struct vi_socket *a, *b, *udp;
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = lite(ch.c, 1000);
	b = lite(ch.s, 2000);
	udp = tl_udp(ch.s, "0.0.0.0", 2000);		/* another protocol's port */
	assert_int_equal(tl_optint(a, VI_SO_PROTOCOL), VI_IPPROTO_UDPLITE);
	tl_ok(send_train(a, 100, 0));
	inet_expect(&ch.t, b, 100, NULL);
	inet_setint(a, VI_UDPLITE_SEND_CSCOV, 20);
	tl_ok(send_train(a, 100, 0));
	inet_expect(&ch.t, b, 100, NULL);
	inet_setint(b, VI_UDPLITE_RECV_CSCOV, 20);
	tl_ok(send_train(a, 100, 0));
	inet_expect(&ch.t, b, 100, NULL);
	inet_setint(b, VI_UDPLITE_RECV_CSCOV, 21);
	tl_ok(send_train(a, 100, 0));
	tl_run(&ch.t, TL_SEC);
	tl_fails(inet_recv(b, &msg, in, sizeof(in), &n), EAGAIN);
	assert_int_equal(tl_stat(ch.s, "udps_coverage"), 1);
	/* A datagram that is shorter than that is covered whole. */
	tl_ok(send_train(a, 12, 0));
	inet_expect(&ch.t, b, 12, NULL);
	inet_setint(a, VI_UDPLITE_SEND_CSCOV, 3);
	assert_int_equal(tl_optint(a, VI_UDPLITE_SEND_CSCOV), 8);
	tl_fails(vi_setsockopt(udp, VI_UDPLITE_SEND_CSCOV, &(int){ 8 }, sizeof(int)), ENOPROTOOPT);
	tl_fails(vi_setsockopt(a, VI_UDP_SEGMENT, &(int){ 8 }, sizeof(int)), ENOPROTOOPT);
	tl_fails(inet_recv(udp, &msg, in, sizeof(in), &n), EAGAIN);
	vi_close(a);
	vi_close(b);
	vi_close(udp);
	chain_end(&ch);
}

/* Two sockets of one address and port, both connected to the same place (SO_REUSEADDR): the later hears. */
static void
alike(void **state)
{
	struct vi_sockaddr own = tl_addr("10.0.2.1", 2000), far = tl_addr("10.0.1.1", 1000);
	struct vi_socket *a, *so[2];
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	a = tl_udp(ch.c, "10.0.1.1", 1000);
	for (unsigned i = 0; i < 2; i++) {
		so[i] = tl_socket(ch.s, VI_SOCK_DGRAM);
		inet_setint(so[i], VI_SO_REUSEADDR, 1);
		tl_ok(vi_bind(so[i], &own));
		tl_ok(vi_connect(so[i], &far));
	}
	tl_ok(send_train(a, 10, 0));
	inet_expect(&ch.t, so[1], 10, NULL);
	tl_fails(inet_recv(so[0], &msg, in, sizeof(in), &n), EAGAIN);
	vi_close(so[1]);
	tl_ok(send_train(a, 10, 0));
	inet_expect(&ch.t, so[0], 10, NULL);
	vi_close(so[0]);
	vi_close(a);
	chain_end(&ch);
}

/* A group of listeners and one of datagram sockets: flows are spread, and stay where they are. */
static void
reuseport(void **state)
{
	struct vi_socket *l[4], *u[4], *c[64], *s, *d;
	struct vi_sockaddr sa = tl_addr("10.0.2.1", 80);
	unsigned hits[4] = { 0 }, got[4] = { 0 }, from;
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	for (unsigned i = 0; i < 4; i++) {
		l[i] = tl_socket(ch.s, VI_SOCK_STREAM);
		u[i] = tl_socket(ch.s, VI_SOCK_DGRAM);
		inet_setint(l[i], VI_SO_REUSEPORT, 1);
		inet_setint(u[i], VI_SO_REUSEPORT, 1);
		tl_ok(vi_bind(l[i], &sa));
		tl_ok(vi_bind(u[i], &(struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = tl_addr("0.0.0.0", 2000).sa_port }));
		tl_ok(vi_listen(l[i], 100));
	}
	for (unsigned i = 0; i < 64; i++) {
		c[i] = tl_socket(ch.c, VI_SOCK_STREAM);
		tl_fails(vi_connect(c[i], &sa), EINPROGRESS);
	}
	tl_run(&ch.t, TL_SEC);
	for (unsigned i = 0; i < 4; i++)
		for (; vi_accept(l[i], &s, NULL) == 0; hits[i]++)
			vi_close(s);
	for (unsigned i = 0; i < 64; i++) {
		vi_close(c[i]);
		d = tl_socket(ch.c, VI_SOCK_DGRAM);
		tl_ok(send_train(d, 10, 0));
		tl_ok(send_train(d, 10, 0));
		tl_settle(&ch.t);
		tl_run(&ch.t, TL_MS);
		for (from = 0; from < 4 && inet_recv(u[from], &msg, in, sizeof(in), &n) != 0; from++)
			;
		assert_int_not_equal(from, 4);
		tl_ok(inet_recv(u[from], &msg, in, sizeof(in), &n));
		got[from]++;
		vi_close(d);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_in_range(hits[i], 6, 30);
		assert_in_range(got[i], 6, 30);
		vi_close(l[i]);
		vi_close(u[i]);
	}
	assert_int_equal(hits[0] + hits[1] + hits[2] + hits[3], 64);
	tl_run(&ch.t, TL_MSL2);
	chain_end(&ch);
}

/* net.inet.udp.* */
static void
knobs(void **state)
{
	struct vi_socket *a, *b;
	struct vi_msg msg;
	struct chain ch;
	size_t n;

	(void)state;
	chain_begin(&ch);
	tl_ok(vi_sysctl_set(ch.c, "net.inet.udp.maxdgram", "1000", &tl_root));
	tl_ok(vi_sysctl_set(ch.c, "net.inet.udp.checksum", "0", &tl_root));
	tl_ok(vi_sysctl_set(ch.s, "net.inet.udp.recvspace", "5000", &tl_root));
	a = tl_socket(ch.c, VI_SOCK_DGRAM);
	b = tl_udp(ch.s, "0.0.0.0", 2000);
	assert_int_equal(tl_optint(b, VI_SO_RCVBUF), 5000);
	tl_ok(send_train(a, 1000, 0));
	inet_expect(&ch.t, b, 1000, NULL);
	assert_int_equal(tl_stat(ch.s, "udps_nosum"), 1);
	tl_fails(send_train(a, 1001, 0), EMSGSIZE);
	/* One socket of many; where each datagram of a train would need one Linux does not send it. */
	tl_ok(vi_sysctl_set(ch.c, "net.inet.udp.checksum", "1", &tl_root));
	tl_ok(send_train(a, 900, 0));
	inet_expect(&ch.t, b, 900, NULL);
	assert_int_equal(tl_stat(ch.s, "udps_nosum"), 1);
	inet_setint(a, VI_UDP_NO_CHECK, 1);
	assert_int_equal(tl_optint(a, VI_UDP_NO_CHECK), 1);
	tl_ok(send_train(a, 900, 0));
	inet_expect(&ch.t, b, 900, NULL);
	assert_int_equal(tl_stat(ch.s, "udps_nosum"), 2);
	tl_fails(send_train(a, 900, 100), EINVAL);
	/* Our own are answered unless that is forbidden too. */
	tl_ok(vi_sysctl_set(ch.c, "net.inet.udp.blackhole", "1", &tl_root));
	inet_connect(a, "127.0.0.1", 9);
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_wait(&ch.t, (vi_poll(a) & VI_POLLERR) != 0);
	tl_fails(inet_recv(a, &msg, in, sizeof(in), &n), ECONNREFUSED);
	tl_ok(vi_sysctl_set(ch.c, "net.inet.udp.blackhole_local", "1", &tl_root));
	tl_ok(inet_sendto(a, "x", 1, NULL, 0));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(vi_poll(a) & VI_POLLERR, 0);
	assert_int_equal(tl_stat(ch.c, "udps_blackholed"), 1);
	vi_close(a);
	vi_close(b);
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trains), cmocka_unit_test(narrow), cmocka_unit_test(udplite), cmocka_unit_test(alike),
		cmocka_unit_test(reuseport), cmocka_unit_test(knobs),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
