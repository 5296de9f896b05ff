/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams of a jail that has hardly any memory: slow, but they arrive; and who waits for memory is told when there is some. */
#include "tests/inet/inet.h"

#include <stdlib.h>

struct rig {
	struct tl	 t;
	int		 jid[2];
	struct vi_vnet	*vn[2];
	struct tl_conn	 tc;	/* from [0] to [1] */
};

static void
rig_begin(struct rig *g)
{
	static const char *const name[] = { "name=a", "name=b" };
	struct vi_socket *l;

	tl_begin(&g->t, 1);
	for (int i = 0; i < 2; i++) {
		tl_ok(tl_jail(&g->t, 0, VI_JAIL_CREATE, &g->jid[i], NULL, name[i], "persist", "vnet", NULL));
		g->vn[i] = vi_jail_vnet(g->t.k, g->jid[i]);
	}
	tl_join(g->vn[0], "10.0.1.1", g->vn[1], "10.0.1.2", NULL);
	l = tl_listen(g->vn[1], "10.0.1.2", 7, 1);
	tl_connect(&g->t, g->vn[0], l, &g->tc);
	vi_close(l);
}

static void
rig_end(struct rig *g)
{
	tl_hangup(&g->t, &g->tc);
	tl_end(&g->t);
}

/* So much more than there is in use. */
static void
limit(struct rig *g, int side, unsigned above)
{
	char text[64];

	tl_ok(vi_jail_get(g->t.k, 0, g->jid[side], "limit.memory.cur", text, sizeof(text)));
	snprintf(text, sizeof(text), "limit.memory=%llu", strtoull(text, NULL, 10) + above);
	tl_ok(tl_jail(&g->t, 0, VI_JAIL_UPDATE, NULL, NULL, side == 0 ? "name=a" : "name=b", text, NULL));
}

/* All that came, behind the first got bytes; returns how many there are then. */
static size_t
take(struct vi_socket *to, size_t got)
{
	static uint8_t in[65536];
	size_t n;

	while (vi_recv(to, in, sizeof(in), 0, &n) == 0 && n > 0) {
		assert_true(tl_ispattern(in, n, got));
		got += n;
	}
	return (got);
}

/* As programs do that are slower than the network: all that the buffer takes, and later all that came. */
static void
carry(struct rig *g, struct vi_socket *from, struct vi_socket *to, size_t len)
{
	static uint8_t out[65536];
	const uint64_t end = tl_now(&g->t) + 60 * TL_SEC;
	size_t sent = 0, got = 0, n;

	while (got < len && tl_now(&g->t) < end) {
		do {
			n = len - sent < sizeof(out) ? len - sent : sizeof(out);
			tl_pattern(out, n, sent);
		} while (n > 0 && vi_send(from, out, n, 0, &n) == 0 && (sent += n) < len);
		tl_run(&g->t, 10 * TL_MS);
		got = take(to, got);
	}
	assert_int_equal(got, len);
}

/* Buffers to be filled, as vimaged asks for them, are no larger than there is memory for. */
static void
prepared(void **state)
{
	struct vi_iovec iov[8];
	unsigned n = 8;
	size_t len = 0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	limit(&g, 0, 40000);
	tl_ok(vi_send_prepare(g.tc.c, 1 << 17, iov, &n));
	for (unsigned i = 0; i < n; i++) {
		tl_pattern(iov[i].iov_base, iov[i].iov_len, len);
		len += iov[i].iov_len;
	}
	assert_in_range(len, 2048, 40000);
	tl_ok(vi_send_commit(g.tc.c, len, 0));
	tl_run(&g.t, TL_SEC);
	assert_int_equal(take(g.tc.s, 0), len);
	rig_end(&g);
}

/* The less there is the slower; with 13000 bytes the receiver's are full of what came too early as soon as a piece is missing. */
static void
slow_but_sure(void **state)
{
	static const unsigned above[] = { 13000, 16 << 10, 40 << 10, 64 << 10, 100 << 10, 144 << 10, 200 << 10 };
	struct rig g;

	(void)state;
	for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++) {
		for (int who = 1; who < 4; who++) {
			rig_begin(&g);
			for (int side = 0; side < 2; side++)
				if (who & 1 << side)
					limit(&g, side, above[i]);
			carry(&g, g.tc.c, g.tc.s, 500000);
			carry(&g, g.tc.s, g.tc.c, 50000);
			rig_end(&g);
		}
	}
}

static void
count(struct vi_socket *so, unsigned events, void *arg)
{
	(void)so;
	*(unsigned *)arg += (events & VI_POLLOUT) != 0;
}

/* Others have it: the stream has nothing out whose ACK could wake it. */
static void
woken(void **state)
{
	uint8_t buf[2000] = { 0 };
	struct vi_iovec iov;
	struct vi_socket *udp;
	unsigned outs = 0, niov = 1;
	struct rig g;
	size_t n;
	int error;

	(void)state;
	rig_begin(&g);
	tl_ifaddr(g.vn[0], "lo0", "127.0.0.1", 8);
	udp = tl_udp(g.vn[0], "127.0.0.1", 9);
	inet_setint(udp, VI_SO_RCVBUF, 1000000);
	limit(&g, 0, 100000);
	while ((error = inet_sendto(udp, buf, sizeof(buf), "127.0.0.1", 9)) == 0)
		tl_settle(&g.t);
	assert_int_equal(error, ENOBUFS);
	assert_true((vi_poll(g.tc.c) & VI_POLLOUT) != 0);
	tl_fails(vi_send(g.tc.c, buf, sizeof(buf), 0, &n), EAGAIN);
	assert_int_equal(vi_poll(g.tc.c) & VI_POLLOUT, 0);
	vi_socket_upcall(g.tc.c, count, &outs);
	tl_run(&g.t, 50 * TL_MS);
	assert_int_equal(outs, 1);		/* to try again, which is as vain */
	tl_fails(vi_send_prepare(g.tc.c, sizeof(buf), &iov, &niov), EAGAIN);
	assert_int_equal(vi_poll(g.tc.c) & VI_POLLOUT, 0);
	vi_close(udp);
	tl_run(&g.t, 50 * TL_MS);
	assert_int_equal(outs, 2);
	assert_true((vi_poll(g.tc.c) & VI_POLLOUT) != 0);
	tl_ok(vi_send(g.tc.c, buf, sizeof(buf), 0, &n));
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(prepared), cmocka_unit_test(slow_but_sure), cmocka_unit_test(woken) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
