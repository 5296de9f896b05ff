/* SPDX-License-Identifier: BSD-2-Clause */
/* Determinism: twice the same seed gives twice the same packets at the same times. */
#include "tests/lib/tl.h"

enum { ROUNDS = 400 };

struct history {
	uint64_t time[ROUNDS], in[ROUNDS], out[ROUNDS], bytes[ROUNDS];
	struct vi_sockaddr port;
	uint8_t	random[16];
};

static void
live(uint64_t seed, struct history *h)
{
	struct vi_vnet *a, *r, *b;
	struct tl_cable left, right;
	struct vi_socket *l, *u;
	struct vi_sockaddr sa;
	struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0) };
	struct tl_conn tc;
	static uint8_t buf[20000];
	struct tl t;
	size_t n;

	tl_begin(&t, seed);
	a = tl_vnet(&t, "a");
	r = tl_vnet(&t, "r");
	b = tl_vnet(&t, "b");
	tl_join(a, "10.0.0.1", r, "10.0.0.2", &left);
	tl_join(r, "10.0.1.2", b, "10.0.1.1", &right);
	tl_ok(vi_sysctl_set(r, "net.inet.ip.forwarding", "1", &tl_root));
	rt.rt_gateway = tl_addr("10.0.0.2", 0);
	tl_ok(vi_route_add(a, &rt));
	rt.rt_gateway = tl_addr("10.0.1.2", 0);
	tl_ok(vi_route_add(b, &rt));
	l = tl_listen(b, "10.0.1.1", 80, 1);
	tl_connect(&t, a, l, &tc);
	tl_ok(vi_sockname(tc.c, &h->port));
	u = tl_socket(a, VI_SOCK_DGRAM);
	sa = tl_addr("10.0.1.1", 99);
	tl_ok(vi_connect(u, &sa));
	for (int i = 0; i < ROUNDS; i++) {
		(void)vi_send(tc.c, buf, sizeof(buf) / (1 + (size_t)i % 7), 0, &n);
		(void)vi_send(u, buf, 100 + (size_t)i, 0, &n);
		(void)tl_step(&t, tl_now(&t) + 30 * TL_MS);
		(void)vi_recv(tc.s, buf, sizeof(buf) / (1 + (size_t)i % 3), 0, &n);
		h->time[i] = tl_now(&t);
		h->in[i] = tl_ifinfo(r, left.b).if_ipackets;
		h->out[i] = tl_ifinfo(r, left.b).if_opackets;
		h->bytes[i] = tl_ifinfo(r, right.a).if_obytes;
	}
	assert_true(h->out[ROUNDS - 1] > 20 && h->bytes[ROUNDS - 1] > 100000);
	vi_close(u);
	vi_close(tc.c);
	vi_close(tc.s);
	vi_close(l);
	t.host->h_ops->random(t.host, h->random, sizeof(h->random));
	tl_end(&t);
}

static void
same_seed_same_packets(void **state)
{
	static struct history one, two, other;

	(void)state;
	for (uint64_t seed = 1; seed < 5; seed++) {
		memset(&one, 0, sizeof(one));
		memset(&two, 0, sizeof(two));
		live(seed, &one);
		live(seed, &two);
		assert_memory_equal(&one, &two, sizeof(one));
	}
	memset(&other, 0, sizeof(other));
	live(77, &other);
	assert_memory_not_equal(other.random, one.random, sizeof(one.random));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_packets),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
