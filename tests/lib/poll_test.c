/* SPDX-License-Identifier: BSD-2-Clause */
/* Readiness in every state, in the words of Linux's poll(2); upcalls. */
#include "tests/lib/tl.h"

#define IN	VI_POLLIN
#define OUT	VI_POLLOUT
#define HUP	VI_POLLHUP
#define ERR	VI_POLLERR
#define RDHUP	VI_POLLRDHUP
#define PRI	VI_POLLPRI

static void
expect(struct vi_socket *so, unsigned want, int line)
{
	unsigned have = vi_poll(so);

	if (have == want)
		return;
	print_error("line %d: poll says %#x instead of %#x\n", line, have, want);
	fail();
}
#define polls(so, want) expect((so), (want), __LINE__)

static void
stream_life(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *l, *c, *s;
	struct tl_pair p;
	struct tl t;
	char buf[16];
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	l = tl_socket(p.a, VI_SOCK_STREAM);
	polls(l, OUT | HUP);			/* neither listening nor connected */
	sa = tl_addr(p.addra, 80);
	tl_ok(vi_bind(l, &sa));
	polls(l, OUT | HUP);
	tl_ok(vi_listen(l, 1));
	polls(l, 0);

	c = tl_socket(p.b, VI_SOCK_STREAM);
	tl_fails(vi_connect(c, &sa), EINPROGRESS);
	polls(c, 0);				/* SYN_SENT */
	tl_wait(&t, vi_poll(c) != 0);
	polls(c, OUT);
	tl_wait(&t, vi_poll(l) != 0);
	polls(l, IN);
	tl_ok(vi_accept(l, &s, NULL));
	polls(l, 0);
	polls(s, OUT);

	tl_ok(vi_send(c, "data", 4, 0, &n));
	tl_wait(&t, vi_poll(s) != OUT);
	polls(s, IN | OUT);
	tl_ok(vi_recv(s, buf, 2, 0, &n));
	polls(s, IN | OUT);
	tl_ok(vi_recv(s, buf, sizeof(buf), 0, &n));
	polls(s, OUT);

	/* Half closed by the client: it still reads. */
	tl_ok(vi_shutdown(c, VI_SHUT_WR));
	polls(c, OUT);				/* a write would not block: it fails */
	tl_wait(&t, vi_poll(s) != OUT);
	polls(s, IN | OUT | RDHUP);
	tl_ok(vi_recv(s, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, 0);
	polls(s, IN | OUT | RDHUP);		/* end of file stays readable */
	tl_ok(vi_send(s, "still", 5, 0, &n));
	tl_wait(&t, vi_poll(c) & IN);
	polls(c, IN | OUT);
	tl_ok(vi_recv(c, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, 5);

	/* Both. */
	tl_ok(vi_shutdown(s, VI_SHUT_WR));
	polls(s, IN | OUT | RDHUP | HUP);
	tl_wait(&t, vi_poll(c) & HUP);
	polls(c, IN | OUT | RDHUP | HUP);
	vi_close(s);
	vi_close(c);
	vi_close(l);
	tl_run(&t, TL_MSL2);
	tl_unpair(&p);
	tl_end(&t);
}

static void
shut_for_reading(void **state)
{
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	char buf[8];
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_ok(vi_shutdown(tc.s, VI_SHUT_RD));
	polls(tc.s, IN | OUT | RDHUP);
	tl_ok(vi_recv(tc.s, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, 0);
	tl_ok(vi_send(tc.s, "out", 3, 0, &n));	/* the other way is open */
	tl_wait(&t, vi_recv(tc.c, buf, sizeof(buf), 0, &n) == 0);
	assert_int_equal(n, 3);
	tl_ok(vi_shutdown(tc.s, VI_SHUT_RDWR));
	polls(tc.s, IN | OUT | RDHUP | HUP);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

static void
refused_connection(void **state)
{
	struct vi_sockaddr sa;
	struct vi_socket *c;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	c = tl_socket(p.b, VI_SOCK_STREAM);
	sa = tl_addr(p.addra, 80);
	tl_fails(vi_connect(c, &sa), EINPROGRESS);
	tl_wait(&t, vi_poll(c) != 0);
	polls(c, IN | OUT | RDHUP | HUP | ERR);
	assert_int_equal(tl_sockerr(c), ECONNREFUSED);
	polls(c, IN | OUT | RDHUP | HUP);
	vi_close(c);
	tl_unpair(&p);
	tl_end(&t);
}

static void
reset_connection(void **state)
{
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	char buf[8];
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_ok(vi_send(tc.s, "last", 4, 0, &n));
	tl_wait(&t, vi_poll(tc.c) & IN);
	tl_ok(vi_tcp_abort(tc.s));
	tl_wait(&t, vi_poll(tc.c) & ERR);
	polls(tc.c, IN | OUT | RDHUP | HUP | ERR);
	/* What came before the reset can still be read; then the error, once; then end of file. */
	tl_ok(vi_recv(tc.c, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, 4);
	tl_fails(vi_recv(tc.c, buf, sizeof(buf), 0, &n), ECONNRESET);
	polls(tc.c, IN | OUT | RDHUP | HUP);
	tl_ok(vi_recv(tc.c, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, 0);
	tl_fails(vi_send(tc.c, "x", 1, 0, &n), EPIPE);
	tl_fails(vi_shutdown(tc.c, VI_SHUT_WR), ENOTCONN);
	vi_close(tc.c);
	vi_close(tc.s);
	tl_unpair(&p);
	tl_end(&t);
}

static void
full_buffer(void **state)
{
	static uint8_t chunk[65536];
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	size_t n, sent = 0, room;
	int small = 65536;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_ok(vi_setsockopt(tc.c, VI_SO_SNDBUF, &small, sizeof(small)));
	tl_ok(vi_setsockopt(tc.s, VI_SO_RCVBUF, &small, sizeof(small)));
	for (int idle = 0; idle < 3;) {
		if (vi_send(tc.c, chunk, sizeof(chunk), 0, &n) == 0) {
			sent += n;
			idle = 0;
		} else {
			idle++;
		}
		tl_run(&t, 10 * TL_MS);
		assert_true(sent < (32u << 20));
	}
	polls(tc.c, 0);
	assert_int_equal(vi_sendspace(tc.c), 0);
	tl_fails(vi_send(tc.c, chunk, 1, 0, &n), EAGAIN);
	assert_int_equal(tl_optint(tc.c, VI_SO_NWRITE), small);
	/* A few bytes of room wake nobody; a third does. */
	while ((vi_poll(tc.c) & OUT) == 0) {
		room = vi_sendspace(tc.c);
		assert_true(room < (size_t)small / 3);
		tl_ok(vi_recv(tc.s, chunk, 4096, 0, &n));
		tl_run(&t, 10 * TL_MS);
	}
	assert_true(vi_sendspace(tc.c) >= (size_t)small / 3);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

static void
low_water(void **state)
{
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	int ten = 10;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_ok(vi_setsockopt(tc.s, VI_SO_RCVLOWAT, &ten, sizeof(ten)));
	tl_ok(vi_send(tc.c, "123456789", 9, 0, &n));
	tl_run(&t, TL_SEC);
	polls(tc.s, OUT);
	assert_int_equal(tl_optint(tc.s, VI_SO_NREAD), 9);
	tl_ok(vi_send(tc.c, "0", 1, 0, &n));
	tl_run(&t, TL_SEC);
	polls(tc.s, IN | OUT);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

static void
urgent_data(void **state)
{
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	char buf[8];
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_fails(vi_recv(tc.s, buf, 1, VI_MSG_OOB, &n), EINVAL);
	tl_ok(vi_send(tc.c, "ab", 2, 0, &n));
	tl_ok(vi_send(tc.c, "!", 1, VI_MSG_OOB, &n));
	tl_wait(&t, vi_poll(tc.s) & PRI);
	polls(tc.s, IN | OUT | PRI);
	tl_ok(vi_recv(tc.s, buf, 1, VI_MSG_OOB, &n));
	assert_int_equal(n, 1);
	assert_int_equal(buf[0], '!');
	tl_run(&t, TL_SEC);
	tl_ok(vi_recv(tc.s, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(buf, "ab", 2);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

static void
datagrams(void **state)
{
	struct vi_socket *a, *b;
	struct vi_sockaddr sa;
	struct tl_pair p;
	struct tl t;
	char buf[8];
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	a = tl_udp(p.a, p.addra, 9);
	b = tl_socket(p.b, VI_SOCK_DGRAM);
	polls(b, OUT);
	sa = tl_addr(p.addra, 9);
	tl_fails(vi_shutdown(b, VI_SHUT_WR), ENOTCONN);
	tl_ok(vi_connect(b, &sa));
	tl_ok(vi_send(b, "x", 1, 0, &n));
	tl_wait(&t, vi_poll(a) != OUT);
	polls(a, IN | OUT);
	tl_ok(vi_recv(a, buf, sizeof(buf), 0, &n));
	polls(a, OUT);
	/* A port without a socket answers. */
	vi_close(a);
	tl_ok(vi_send(b, "x", 1, 0, &n));
	tl_wait(&t, vi_poll(b) != OUT);
	polls(b, OUT | ERR);
	tl_fails(vi_recv(b, buf, sizeof(buf), 0, &n), ECONNREFUSED);
	polls(b, OUT);
	tl_ok(vi_shutdown(b, VI_SHUT_RD));
	polls(b, OUT | IN | RDHUP);
	tl_ok(vi_shutdown(b, VI_SHUT_WR));
	polls(b, OUT | IN | RDHUP | HUP);
	tl_fails(vi_send(b, "x", 1, 0, &n), EPIPE);
	vi_close(b);
	tl_unpair(&p);
	tl_end(&t);
}

/* Upcalls. */

struct calls {
	unsigned n, events;
	bool inside;		/* a call of the test's is going on */
	bool close;
};

static void
upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct calls *c = arg;

	assert_false(c->inside);
	assert_int_equal(events, vi_poll(so));
	c->n++;
	c->events = events;
	if (c->close)
		vi_close(so);
}

#define TURN	8	/* packets a stack takes in one turn */

static void
upcalls_are_coalesced(void **state)
{
	struct calls rx = { 0 }, tx = { 0 };
	struct vi_socket *a, *b;
	struct vi_sockaddr sa;
	struct tl_pair p;
	struct tl t;
	char buf[8];
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	a = tl_udp(p.a, p.addra, 9);
	b = tl_udp(p.b, p.addrb, 9);
	vi_socket_upcall(a, upcall, &rx);
	assert_int_equal(rx.n, 0);		/* not from inside the call */
	tl_settle(&t);
	assert_int_equal(rx.n, 1);		/* it can be written: a first call */
	assert_int_equal(rx.events, OUT);
	sa = tl_addr(p.addra, 9);
	tl_ok(vi_connect(b, &sa));
	tl_ok(vi_send(b, "0", 1, 0, &n));	/* address resolution */
	tl_settle(&t);
	while (vi_recv(a, buf, sizeof(buf), 0, &n) == 0)
		;
	rx.n = 0;
	for (int i = 0; i < TURN; i++)
		tl_ok(vi_send(b, "x", 1, 0, &n));
	tl_settle(&t);
	assert_int_equal(rx.n, 1);
	assert_int_equal(rx.events, IN | OUT);
	tl_settle(&t);
	assert_int_equal(rx.n, 1);		/* unread data does not call again */
	for (int i = 0; i < TURN; i++)
		tl_ok(vi_recv(a, buf, sizeof(buf), 0, &n));
	tl_fails(vi_recv(a, buf, sizeof(buf), 0, &n), EAGAIN);
	vi_socket_upcall(a, NULL, NULL);
	tl_ok(vi_send(b, "x", 1, 0, &n));
	tl_settle(&t);
	assert_int_equal(rx.n, 1);
	vi_socket_upcall(b, upcall, &tx);
	vi_close(b);				/* queued and gone: no call */
	tl_settle(&t);
	assert_int_equal(tx.n, 0);
	vi_close(a);
	tl_unpair(&p);
	tl_end(&t);
}

static void
upcall_may_close(void **state)
{
	struct calls dg = { .close = true }, st = { 0 };
	struct vi_socket *a, *b;
	struct vi_sockaddr sa;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	a = tl_udp(p.a, p.addra, 9);
	b = tl_udp(p.b, p.addrb, 9);
	sa = tl_addr(p.addra, 9);
	vi_socket_upcall(a, upcall, &dg);
	tl_ok(vi_connect(b, &sa));
	for (int i = 0; i < 5; i++)
		tl_ok(vi_send(b, "x", 1, 0, &n));
	tl_settle(&t);
	assert_int_equal(dg.n, 1);
	vi_close(b);

	tl_conn(&t, &p, &tc);
	vi_socket_upcall(tc.s, upcall, &st);
	tl_settle(&t);
	st.close = true;
	st.n = 0;
	tl_ok(vi_send(tc.c, "x", 1, 0, &n));
	tl_run(&t, TL_SEC);
	assert_int_equal(st.n, 1);
	assert_int_equal(st.events, IN | OUT);
	polls(tc.c, IN | OUT | RDHUP | HUP | ERR);	/* closed with data unread: reset */
	vi_close(tc.c);
	tl_run(&t, TL_MSL2);
	assert_int_equal(tl_account(p.a, "tcpcb"), 0);
	tl_unpair(&p);
	tl_end(&t);
}

/* One closes the other, whose upcall is queued. */
struct two { struct vi_socket *other; unsigned n; };

static void
close_other(struct vi_socket *so, unsigned events, void *arg)
{
	struct two *tw = arg;

	(void)so, (void)events;
	tw->n++;
	if (tw->other != NULL)
		vi_close(tw->other);
	tw->other = NULL;
}

static void
upcall_may_close_another(void **state)
{
	struct two tw = { 0 }, never = { 0 };
	struct vi_socket *a, *b;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	a = tl_udp(vi_vnet0(t.k), "0.0.0.0", 1);
	b = tl_udp(vi_vnet0(t.k), "0.0.0.0", 2);
	tw.other = b;
	vi_socket_upcall(a, close_other, &tw);
	vi_socket_upcall(b, close_other, &never);
	tl_settle(&t);
	assert_int_equal(tw.n, 1);
	assert_int_equal(never.n, 0);
	vi_close(a);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_life),
		cmocka_unit_test(shut_for_reading),
		cmocka_unit_test(refused_connection),
		cmocka_unit_test(reset_connection),
		cmocka_unit_test(full_buffer),
		cmocka_unit_test(low_water),
		cmocka_unit_test(urgent_data),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(upcalls_are_coalesced),
		cmocka_unit_test(upcall_may_close),
		cmocka_unit_test(upcall_may_close_another),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
