/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo: raw sockets and ping sockets, of every length, over one hop and two. */
#include "tests/inet/inet.h"

#define ECHO_REQUEST	8
#define ECHO_REPLY	0

static uint8_t out[65536], in[65536];

/* Sends an echo request by a ping socket and waits for its reply. */
static void
ping(struct tl *t, struct vi_socket *so, const char *to, size_t len, uint16_t seq)
{
	struct vi_msg msg;
	size_t n;

	tl_ok(inet_sendto(so, out, inet_echo(out, 0x1111, seq, len), to, 0));
	inet_wait(t, so, &msg, in, sizeof(in), &n);
	assert_int_equal(n, len + 8);
	assert_int_equal(in[0], ECHO_REPLY);
	assert_int_equal(in[6] << 8 | in[7], seq);
	assert_int_equal(inet_cksum(in, n), 0);
	assert_true(tl_ispattern(in + 8, len, 0));
	assert_int_equal(msg.msg_name.sa_in, tl_addr(to, 0).sa_in);
}

static void
ping_lengths(void **state)
{
	static const size_t lens[] = { 0, 1, 56, 1471, 1472, 1473, 4000, 20001, 65000, 65507 };
	struct vi_sockaddr sa;
	struct vi_socket *so;
	struct chain ch;
	uint16_t seq = 0;

	(void)state;
	chain_begin(&ch);
	so = inet_socket(ch.c, VI_SOCK_DGRAM, VI_IPPROTO_ICMP, &tl_user);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		ping(&ch.t, so, "10.0.1.1", lens[i], seq++);	/* ourselves: lo0 must be up */
		ping(&ch.t, so, "10.0.1.2", lens[i], seq++);	/* the router */
		ping(&ch.t, so, "10.0.2.1", lens[i], seq++);	/* beyond it */
	}
	/* The identifier was ours, and stayed one. */
	tl_ok(vi_sockname(so, &sa));
	assert_int_not_equal(sa.sa_port, 0);
	assert_memory_equal(in + 4, &sa.sa_port, 2);
	tl_fails(inet_sendto(so, out, 65508 + 8, "10.0.1.2", 0), EMSGSIZE);
	vi_close(so);
	chain_end(&ch);
}

static void
ping_rules(void **state)
{
	struct vi_socket *so, *other;
	struct chain ch;
	struct vi_msg msg;
	size_t n;

	(void)state;
	chain_begin(&ch);
	so = inet_socket(ch.c, VI_SOCK_DGRAM, VI_IPPROTO_ICMP, &tl_user);
	other = inet_socket(ch.c, VI_SOCK_DGRAM, VI_IPPROTO_ICMP, &tl_user);
	n = inet_echo(out, 1, 1, 8);
	tl_fails(inet_sendto(so, out, 7, "10.0.1.2", 0), EINVAL);
	out[0] = ECHO_REPLY;
	tl_fails(inet_sendto(so, out, n, "10.0.1.2", 0), EINVAL);
	out[0] = 13;
	tl_fails(inet_sendto(so, out, n, "10.0.1.2", 0), EINVAL);
	tl_fails(inet_sendto(so, out, n, NULL, 0), EDESTADDRREQ);
	/* Nobody hears another's replies. */
	ping(&ch.t, other, "10.0.1.2", 10, 1);
	ping(&ch.t, so, "10.0.1.2", 10, 2);
	tl_fails(inet_recv(other, &msg, in, sizeof(in), &n), EAGAIN);
	/* Connected. */
	inet_connect(so, "10.0.2.1", 7);
	ping(&ch.t, so, "10.0.2.1", 10, 3);
	vi_close(so);
	vi_close(other);
	chain_end(&ch);
}

static void
raw_echo(void **state)
{
	const uint32_t onlyreplies = ~1u;
	struct vi_socket *so, *filtered;
	struct chain ch;
	struct vi_msg msg;
	size_t n;

	(void)state;
	chain_begin(&ch);
	tl_fails(vi_socket(ch.c, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_user, &so), EPERM);
	tl_fails(vi_socket(ch.c, VI_AF_INET, VI_SOCK_RAW, 0, &tl_root, &so), EPROTONOSUPPORT);
	so = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	filtered = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	tl_ok(vi_setsockopt(filtered, VI_ICMP_FILTER, &onlyreplies, sizeof(onlyreplies)));
	tl_ok(inet_sendto(so, out, inet_echo(out, 0x4242, 9, 100), "10.0.2.1", 0));
	inet_wait(&ch.t, so, &msg, in, sizeof(in), &n);
	/* The whole packet, header first. */
	assert_int_equal(n, 128);
	assert_int_equal(in[0], 0x45);
	assert_int_equal(inet_cksum(in, 20), 0);
	assert_int_equal(in[20], ECHO_REPLY);
	assert_int_equal(in[24] << 8 | in[25], 0x4242);
	assert_true(tl_ispattern(in + 28, 100, 0));
	assert_int_equal(msg.msg_ttl, 63);
	tl_ok(inet_recv(filtered, &msg, in, sizeof(in), &n));
	/* A request that comes in is seen by the one that takes all types. */
	{
		struct vi_socket *srv = inet_socket(ch.s, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);

		tl_ok(inet_sendto(srv, out, inet_echo(out, 7, 7, 0), "10.0.1.1", 0));
		inet_wait(&ch.t, so, &msg, in, sizeof(in), &n);
		assert_int_equal(in[20], ECHO_REQUEST);
		tl_fails(inet_recv(filtered, &msg, in, sizeof(in), &n), EAGAIN);
		vi_close(srv);
	}
	vi_close(so);
	vi_close(filtered);
	chain_end(&ch);
}

/*
 * RFC 1122 3.2.2.6 and 3.2.2.8: the recorded route comes back with echo and time stamp replies, also where a raw socket of the host
 * that answers has the request, too.
 */
static void
options_return(void **state)
{
	static const uint8_t rr[24] = { 7, 23, 4 };
	struct vi_socket *so, *watch;
	struct chain ch;
	struct vi_msg msg;
	size_t n;

	(void)state;
	chain_begin(&ch);
	so = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	watch = inet_socket(ch.s, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	tl_ok(vi_setsockopt(so, VI_IP_OPTIONS, rr, sizeof(rr)));
	for (unsigned i = 0; i < 2; i++) {
		n = inet_echo(out, 0x4242, 9, i == 0 ? 1200 : 12);
		if (i == 1) {
			uint16_t sum;

			out[0] = 13;
			out[2] = out[3] = 0;
			sum = inet_cksum(out, n);
			memcpy(out + 2, &sum, 2);
		}
		tl_ok(inet_sendto(so, out, n, "10.0.2.1", 0));
		inet_wait(&ch.t, so, &msg, in, sizeof(in), &n);
		assert_int_equal(in[0], 0x4b);
		assert_int_equal(in[44], i == 0 ? ECHO_REPLY : 14);
		assert_int_equal(in[20], 7);
		/* The router's, the server's for the request, the router's and our own again. */
		assert_int_equal(in[22], 20);
		assert_int_equal(memcmp(in + 23, &(uint32_t){ tl_addr("10.0.2.2", 0).sa_in }, 4), 0);
		assert_int_equal(memcmp(in + 27, &(uint32_t){ tl_addr("10.0.2.1", 0).sa_in }, 4), 0);
		assert_int_equal(memcmp(in + 31, &(uint32_t){ tl_addr("10.0.1.2", 0).sa_in }, 4), 0);
		tl_ok(inet_recv(watch, &msg, in, sizeof(in), &n));
	}
	vi_close(so);
	vi_close(watch);
	chain_end(&ch);
}

/* raw(7): length, checksum, and source and id when zero, are ours. */
static void
raw_hdrincl(void **state)
{
	uint8_t pkt[28] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 5, 253 };
	struct vi_sockaddr dst = tl_addr("10.0.2.1", 0);
	struct vi_socket *so, *srv;
	struct chain ch;
	struct vi_msg msg;
	size_t n;

	(void)state;
	chain_begin(&ch);
	so = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_RAW, &tl_root);
	srv = inet_socket(ch.s, VI_SOCK_RAW, 253, &tl_root);
	memcpy(pkt + 16, &dst.sa_in, 4);
	tl_pattern(pkt + 20, 8, 0);
	tl_ok(inet_sendto(so, pkt, sizeof(pkt), "10.0.2.1", 0));
	inet_wait(&ch.t, srv, &msg, in, sizeof(in), &n);
	assert_int_equal(n, 28);
	assert_int_equal(in[2] << 8 | in[3], 28);
	assert_int_not_equal(in[4] << 8 | in[5], 0);
	assert_int_equal(in[8], 4);
	assert_int_equal(inet_cksum(in, 20), 0);
	assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.1.1", 0).sa_in);
	assert_true(tl_ispattern(in + 20, 8, 0));
	tl_fails(inet_sendto(so, pkt, 19, "10.0.2.1", 0), EINVAL);
	pkt[0] = 0x4f;		/* longer than it is */
	tl_fails(inet_sendto(so, pkt, sizeof(pkt), "10.0.2.1", 0), EINVAL);
	pkt[0] = 0x65;
	tl_fails(inet_sendto(so, pkt, sizeof(pkt), "10.0.2.1", 0), EINVAL);
	vi_close(so);
	vi_close(srv);
	chain_end(&ch);
}

static void
to_broadcast(void **state)
{
	struct vi_socket *so;
	struct chain ch;
	struct vi_msg msg;
	size_t n;

	(void)state;
	chain_begin(&ch);
	so = inet_socket(ch.c, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root);
	n = inet_echo(out, 1, 1, 8);
	tl_fails(inet_sendto(so, out, n, "10.0.1.255", 0), EACCES);
	inet_setint(so, VI_SO_BROADCAST, 1);
	tl_ok(inet_sendto(so, out, n, "10.0.1.255", 0));
	tl_run(&ch.t, TL_SEC);
	assert_int_equal(tl_stat(ch.r, "icps_bmcastecho"), 1);
	tl_ok(vi_sysctl_set(ch.r, "net.inet.icmp.bmcastecho", "1", &tl_root));
	tl_ok(inet_sendto(so, out, inet_echo(out, 1, 2, 8), "10.0.1.255", 0));
	/* Our own copies come as well. */
	do
		inet_wait(&ch.t, so, &msg, in, sizeof(in), &n);
	while (in[20] != ECHO_REPLY);
	assert_int_equal(msg.msg_name.sa_in, tl_addr("10.0.1.2", 0).sa_in);
	vi_close(so);
	chain_end(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping_lengths), cmocka_unit_test(ping_rules), cmocka_unit_test(raw_echo), cmocka_unit_test(options_return), cmocka_unit_test(raw_hdrincl),
		cmocka_unit_test(to_broadcast),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
