/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP sockets: data both ways, endings, looking ahead, the calls without a copy, and death with the vnet. */
#include "tests/lib/tl.h"

static void
moves_data(void **state)
{
	static const size_t sizes[] = { 1, 2, 143, 144, 145, 1447, 1448, 1449, 2048, 65535, 65536, 300000, 5000000 };
	struct vi_sockaddr sa, peer;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		tl_conn(&t, &p, &tc);
		tl_ok(vi_sockname(tc.c, &sa));
		tl_ok(vi_peername(tc.s, &peer));
		assert_true(tl_sameaddr(&sa, &peer));
		tl_send(&t, tc.c, tc.s, sizes[i]);
		tl_send(&t, tc.s, tc.c, sizes[i]);
		tl_hangup(&t, &tc);
	}
	assert_int_equal(tl_account(p.a, "tcpcb"), 0);
	assert_int_equal(tl_account(p.a, "socket"), 0);
	assert_int_equal(tl_account(p.a, "inpcb"), 0);
	tl_unpair(&p);
	tl_end(&t);
}

/* FIN after the last byte: the reader gets all of it, then end of file. */
static void
close_delivers(void **state)
{
	static uint8_t buf[60000];
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	size_t n, got = 0;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_pattern(buf, sizeof(buf), 0);
	tl_ok(vi_send(tc.c, buf, sizeof(buf), 0, &n));
	assert_int_equal(n, sizeof(buf));
	vi_close(tc.c);
	for (;;) {
		tl_wait(&t, vi_poll(tc.s) & VI_POLLIN);
		tl_ok(vi_recv(tc.s, buf, sizeof(buf), 0, &n));
		if (n == 0)
			break;
		assert_true(tl_ispattern(buf, n, got));
		got += n;
	}
	assert_int_equal(got, sizeof(buf));
	vi_close(tc.s);
	tl_run(&t, TL_MSL2);
	assert_int_equal(tl_account(p.b, "timewait"), 0);
	tl_unpair(&p);
	tl_end(&t);
}

static void
half_close(void **state)
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
	tl_ok(vi_shutdown(tc.c, VI_SHUT_WR));
	tl_ok(vi_shutdown(tc.c, VI_SHUT_WR));	/* again is fine */
	tl_fails(vi_send(tc.c, "x", 1, 0, &n), EPIPE);
	tl_wait(&t, vi_recv(tc.s, buf, sizeof(buf), 0, &n) == 0);
	assert_int_equal(n, 0);
	tl_send(&t, tc.s, tc.c, 200000);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

/* RFC 1122 4.2.2.13: closing with data unread, and SO_LINGER {1, 0}, reset. */
static void
close_that_resets(void **state)
{
	const struct vi_linger zero = { .l_onoff = 1, .l_linger = 0 };
	struct tl_pair p;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	for (int how = 0; how < 3; how++) {
		struct tl_conn tc;

		tl_conn(&t, &p, &tc);
		if (how == 0)
			tl_ok(vi_setsockopt(tc.s, VI_SO_LINGER, &zero, sizeof(zero)));
		if (how == 1) {
			tl_ok(vi_send(tc.c, "unread", 6, 0, &n));
			tl_wait(&t, vi_poll(tc.s) & VI_POLLIN);
		}
		if (how == 2)
			tl_ok(vi_tcp_abort(tc.s));
		vi_close(tc.s);
		tl_wait(&t, vi_poll(tc.c) & VI_POLLERR);
		assert_int_equal(tl_sockerr(tc.c), ECONNRESET);
		assert_int_equal(tl_sockerr(tc.c), 0);
		vi_close(tc.c);
		tl_run(&t, TL_SEC);
		assert_int_equal(tl_account(p.a, "tcpcb"), 0);	/* no TIME_WAIT after RST */
		assert_int_equal(tl_account(p.a, "timewait"), 0);
	}
	tl_unpair(&p);
	tl_end(&t);
}

/* A connection that ends before it is accepted. */
static void
gone_before_accept(void **state)
{
	struct vi_socket *l, *s;
	struct vi_sockaddr sa;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	char c;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	l = tl_listen(p.a, p.addra, 80, 3);
	sa = tl_addr(p.addra, 80);
	tc.c = tl_socket(p.b, VI_SOCK_STREAM);
	(void)vi_connect(tc.c, &sa);
	tl_wait(&t, vi_poll(l) & VI_POLLIN);
	tl_ok(vi_tcp_abort(tc.c));
	vi_close(tc.c);
	tl_run(&t, TL_SEC);
	if (vi_accept(l, &s, NULL) == 0) {	/* as Linux: it is handed out, and broken */
		tl_fails(vi_recv(s, &c, 1, 0, &n), ECONNRESET);
		vi_close(s);
	}

	/* And a listener that goes away with connections in its queue resets them. */
	tc.c = tl_socket(p.b, VI_SOCK_STREAM);
	(void)vi_connect(tc.c, &sa);
	tl_wait(&t, vi_poll(l) & VI_POLLIN);
	vi_close(l);
	tl_wait(&t, vi_poll(tc.c) & VI_POLLERR);
	assert_int_equal(tl_sockerr(tc.c), ECONNRESET);
	vi_close(tc.c);
	tl_run(&t, TL_SEC);
	assert_int_equal(tl_account(p.a, "socket"), 0);
	tl_unpair(&p);
	tl_end(&t);
}

static void
backlog_is_kept(void **state)
{
	struct vi_socket *l, *c[8], *s[8];
	struct vi_sockaddr sa;
	struct tl_pair p;
	struct tl t;
	unsigned n = 0;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	l = tl_listen(p.a, p.addra, 80, 2);	/* takes three */
	sa = tl_addr(p.addra, 80);
	for (int i = 0; i < 8; i++) {
		c[i] = tl_socket(p.b, VI_SOCK_STREAM);
		(void)vi_connect(c[i], &sa);
	}
	tl_run(&t, 100 * TL_MS);
	while (n < 8 && vi_accept(l, &s[n], NULL) == 0)
		n++;
	assert_int_equal(n, 3);
	/* The others try again and get in. */
	while (n < 8) {
		tl_wait(&t, vi_accept(l, &s[n], NULL) == 0);
		n++;
	}
	for (int i = 0; i < 8; i++) {
		tl_wait(&t, vi_poll(c[i]) & VI_POLLOUT);
		tl_ok(tl_sockerr(c[i]));
		vi_close(c[i]);
		vi_close(s[i]);
	}
	vi_close(l);
	tl_run(&t, TL_MSL2);
	tl_unpair(&p);
	tl_end(&t);
}

static void
peek_takes_nothing(void **state)
{
	uint8_t buf[4000], whole[4000];
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_pattern(whole, sizeof(whole), 0);
	tl_ok(vi_send(tc.c, whole, sizeof(whole), 0, &n));
	tl_wait(&t, tl_optint(tc.s, VI_SO_NREAD) == (int)sizeof(whole));
	for (int i = 0; i < 3; i++) {
		tl_ok(vi_recv(tc.s, buf, sizeof(buf), VI_MSG_PEEK, &n));
		assert_int_equal(n, sizeof(whole));
		assert_memory_equal(buf, whole, sizeof(whole));
	}
	tl_ok(vi_recv(tc.s, buf, 10, VI_MSG_PEEK, &n));
	assert_int_equal(n, 10);
	tl_ok(vi_recv(tc.s, buf, 10, 0, &n));
	assert_memory_equal(buf, whole, 10);
	tl_ok(vi_recv(tc.s, buf, sizeof(buf), VI_MSG_PEEK, &n));
	assert_int_equal(n, sizeof(whole) - 10);
	assert_true(tl_ispattern(buf, n, 10));
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

static void
vectors_scatter_and_gather(void **state)
{
	uint8_t a[7], b[1], c[500], d[4], whole[508];
	struct vi_iovec in[] = { { a, sizeof(a) }, { NULL, 0 }, { b, sizeof(b) }, { c, sizeof(c) } };
	struct vi_iovec out[] = { { c, 100 }, { d, sizeof(d) }, { whole, sizeof(whole) } };
	struct vi_msg msg = { .msg_iov = in, .msg_iovcnt = 4 };
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_pattern(a, sizeof(a), 0);
	tl_pattern(b, sizeof(b), 7);
	tl_pattern(c, sizeof(c), 8);
	tl_ok(vi_sendmsg(tc.c, &msg, &n));
	assert_int_equal(n, 508);
	tl_wait(&t, tl_optint(tc.s, VI_SO_NREAD) == 508);
	msg = (struct vi_msg){ .msg_iov = out, .msg_iovcnt = 3 };
	tl_ok(vi_recvmsg(tc.s, &msg, &n));
	assert_int_equal(n, 508);
	assert_true(tl_ispattern(c, 100, 0) && tl_ispattern(d, 4, 100) && tl_ispattern(whole, 404, 104));
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

/* The calls without a copy move the same bytes as send and recv, in random pieces and mixed with them. */

static uint32_t
rnd(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return ((uint32_t)(*seed >> 33));
}

static size_t
put(struct vi_socket *so, uint64_t *seed, size_t off, size_t left)
{
	uint8_t buf[3000];
	struct vi_iovec iov[4];
	size_t want = rnd(seed) % 100000 + 1, n = 0, room = 0;
	unsigned niov = rnd(seed) % 4 + 1;
	int error;

	want = want < left ? want : left;
	if (rnd(seed) % 3 == 0) {
		want = want < sizeof(buf) ? want : sizeof(buf);
		tl_pattern(buf, want, off);
		error = vi_send(so, buf, want, 0, &n);
		assert_true(error == 0 || error == EAGAIN);
		return (n);
	}
	if ((error = vi_send_prepare(so, want, iov, &niov)) == EAGAIN)
		return (0);
	tl_ok(error);
	for (unsigned i = 0; i < niov; i++) {
		tl_pattern(iov[i].iov_base, iov[i].iov_len, off + room);
		room += iov[i].iov_len;
	}
	assert_true(room > 0 && room <= want);
	n = rnd(seed) % 4 == 0 ? rnd(seed) % (room + 1) : room;	/* sometimes less, sometimes none */
	tl_ok(vi_send_commit(so, n, 0));
	return (n);
}

static size_t
take(struct vi_socket *so, uint64_t *seed, size_t off)
{
	static uint8_t buf[50000];
	struct vi_iovec iov[5];
	size_t want = rnd(seed) % sizeof(buf) + 1, n = 0;
	unsigned niov = rnd(seed) % 5 + 1;
	int error;

	if (rnd(seed) % 3 == 0) {
		error = vi_recv(so, buf, want, 0, &n);
		assert_true((error == 0 && n > 0) || error == EAGAIN);
		assert_true(tl_ispattern(buf, n, off));
		return (n);
	}
	if ((error = vi_recv_peek(so, want, iov, &niov)) == EAGAIN)
		return (0);
	tl_ok(error);
	for (unsigned i = 0; i < niov; i++) {
		assert_true(tl_ispattern(iov[i].iov_base, iov[i].iov_len, off + n));
		n += iov[i].iov_len;
	}
	assert_true(n > 0 && n <= want);
	n = rnd(seed) % 4 == 0 ? rnd(seed) % (n + 1) : n;
	tl_ok(vi_recv_consume(so, n));
	return (n);
}

static void
without_a_copy(void **state)
{
	enum { TOTAL = 3000000 };
	struct vi_iovec iov[2];
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	unsigned niov = 2;
	size_t n;

	(void)state;
	for (uint64_t seed = 1; seed < 6; seed++) {
		uint64_t r = seed;
		size_t sent = 0, got = 0;

		tl_begin(&t, seed);
		tl_pair(&t, &p);
		tl_conn(&t, &p, &tc);
		while (got < TOTAL) {
			if (sent < TOTAL)
				sent += put(tc.c, &r, sent, TOTAL - sent);
			if (rnd(&r) % 2 || sent == TOTAL)
				got += take(tc.s, &r, got);
			(void)tl_step(&t, tl_now(&t) + TL_SEC);
		}
		assert_int_equal(got, TOTAL);
		/* Beyond what is there; and prepared buffers that are forgotten. */
		tl_fails(vi_recv_consume(tc.s, 1), EINVAL);
		niov = 2;
		tl_ok(vi_send_prepare(tc.c, 1000, iov, &niov));
		tl_fails(vi_send_commit(tc.c, 5000, 0), EINVAL);
		niov = 2;
		tl_ok(vi_send_prepare(tc.c, 100000, iov, &niov));
		if (seed == 2)
			tl_ok(vi_send(tc.c, "instead", 7, 0, &n));
		vi_close(tc.c);
		niov = 2;
		tl_wait(&t, vi_poll(tc.s) & VI_POLLRDHUP);
		tl_ok(vi_recv_peek(tc.s, 10, iov, &niov));
		assert_int_equal(niov, seed == 2);	/* otherwise end of file */
		vi_close(tc.s);
		tl_run(&t, TL_MSL2);
		tl_unpair(&p);
		tl_end(&t);
	}
}

/* Both windows closed, both sides probing: a few segments a minute, not a storm; and nothing is lost when reading begins. */
static void
both_windows_closed(void **state)
{
	static uint8_t buf[65536];
	const int small = 20000;
	size_t n, sent[2] = { 0 }, got[2] = { 0 };
	struct vi_socket *so[2];
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	uint64_t before;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	so[0] = tc.c;
	so[1] = tc.s;
	for (int i = 0; i < 2; i++) {
		tl_ok(vi_setsockopt(so[i], VI_SO_SNDBUF, &small, sizeof(small)));
		tl_ok(vi_setsockopt(so[i], VI_SO_RCVBUF, &small, sizeof(small)));
	}
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 2; i++) {
			tl_pattern(buf, 5000, sent[i]);
			(void)vi_send(so[i], buf, 5000, 0, &n);
			sent[i] += n;
		}
		tl_run(&t, 20 * TL_MS);
	}
	before = tl_stat(p.a, "tcps_sndtotal") + tl_stat(p.b, "tcps_sndtotal");
	tl_run(&t, 600 * TL_SEC);
	assert_true(tl_stat(p.a, "tcps_sndtotal") + tl_stat(p.b, "tcps_sndtotal") - before < 500);
	for (int i = 0; i < 2; i++) {
		while (got[i] < sent[i]) {
			tl_wait(&t, vi_poll(so[1 - i]) & VI_POLLIN);
			tl_ok(vi_recv(so[1 - i], buf, sizeof(buf), 0, &n));
			assert_true(n > 0 && tl_ispattern(buf, n, got[i]));
			got[i] += n;
		}
	}
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

static void
info_tells(void **state)
{
	struct vi_tcp_info ti;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;
	size_t len = sizeof(ti);

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_conn(&t, &p, &tc);
	tl_send(&t, tc.c, tc.s, 100000);
	tl_run(&t, TL_SEC);
	tl_ok(vi_getsockopt(tc.c, VI_TCP_INFO, &ti, &len));
	assert_int_equal(len, sizeof(ti));
	assert_int_equal(ti.ti_state, VI_TCPS_ESTABLISHED);
	assert_int_equal(ti.ti_bytes_acked, 100001);		/* and its SYN */
	assert_int_equal(ti.ti_total_retrans, 0);
	assert_int_equal(ti.ti_unacked, 0);
	assert_true(ti.ti_snd_mss > 500 && ti.ti_snd_cwnd > ti.ti_snd_mss);
	tl_ok(vi_getsockopt(tc.s, VI_TCP_INFO, &ti, &len));
	assert_int_equal(ti.ti_bytes_acked, 0);			/* Linux counts no SYN that answered */
	tl_ok(vi_shutdown(tc.c, VI_SHUT_WR));
	tl_run(&t, TL_SEC);
	tl_ok(vi_getsockopt(tc.c, VI_TCP_INFO, &ti, &len));
	assert_int_equal(ti.ti_state, VI_TCPS_FIN_WAIT_2);
	assert_int_equal(ti.ti_bytes_acked, 100002);
	tl_hangup(&t, &tc);
	tl_unpair(&p);
	tl_end(&t);
}

struct seen { unsigned established, listen; };

static void
see_pcb(void *arg, const struct vi_pcbinfo *pi)
{
	struct seen *s = arg;

	if (pi->pi_proto != VI_IPPROTO_TCP)
		return;
	s->established += pi->pi_state == VI_TCPS_ESTABLISHED;
	s->listen += pi->pi_state == VI_TCPS_LISTEN;
}

static void
pcbs_are_listed(void **state)
{
	struct seen s = { 0 };
	struct vi_socket *l;
	struct tl_conn tc;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	l = tl_listen(p.a, p.addra, 80, 3);
	tl_connect(&t, p.b, l, &tc);
	vi_pcbs(p.a, see_pcb, &s);
	assert_int_equal(s.listen, 1);
	assert_int_equal(s.established, p.a == p.b ? 2 : 1);
	vi_close(l);
	tl_hangup(&t, &tc);
	s = (struct seen){ 0 };
	vi_pcbs(p.a, see_pcb, &s);
	assert_int_equal(s.listen + s.established, 0);
	tl_unpair(&p);
	tl_end(&t);
}

/* VI_TCP_SAVE_SYN: IP's and TCP's header, once; what nobody read goes with the connection, and with the stack. */
static void
syn_is_saved(void **state)
{
	struct tl_conn tc, unread;
	struct vi_socket *l;
	struct tl_pair p;
	uint8_t b[120];
	struct tl t;
	size_t len;
	int on = 1;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	l = tl_listen(p.a, p.addra, 80, 3);
	tl_ok(vi_setsockopt(l, VI_TCP_SAVE_SYN, &on, sizeof(on)));
	on = 2;
	tl_fails(vi_setsockopt(l, VI_TCP_SAVE_SYN, &on, sizeof(on)), EOPNOTSUPP);
	tl_connect(&t, p.b, l, &tc);
	tl_connect(&t, p.b, l, &unread);
	len = 20;
	tl_fails(vi_getsockopt(tc.s, VI_TCP_SAVED_SYN, b, &len), EINVAL);
	assert_true(len > 40 && len <= sizeof(b));
	len = sizeof(b);
	tl_ok(vi_getsockopt(tc.s, VI_TCP_SAVED_SYN, b, &len));
	assert_int_equal(len, (b[0] & 15) * 4 + (b[20 + 12] >> 4) * 4);
	assert_int_equal(b[0], 0x45);
	assert_int_equal(b[9], 6);
	assert_int_equal(b[20 + 3], 80);
	assert_int_equal(b[20 + 13] & 0x17, 0x02);
	tl_ok(vi_getsockopt(tc.s, VI_TCP_SAVED_SYN, b, &len));
	assert_int_equal(len, 0);
	tl_hangup(&t, &tc);
	tl_hangup(&t, &unread);
	tl_run(&t, TL_MSL2);
	assert_int_equal(tl_account(p.a, "syncache"), 0);
	tl_connect(&t, p.b, l, &unread);
	vi_close(l);
	vi_close(unread.s);
	vi_close(unread.c);
	tl_unpair(&p);
	tl_end(&t);
}

#if !VIMAGE_SINGLE
/* Death: the vnet goes, the handles stay. */

struct obituary { unsigned n, events; bool close; };

static void
last_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct obituary *o = arg;

	o->n++;
	o->events = events;
	if (o->close)
		vi_close(so);
}

static void
expect_dead(struct vi_socket *so)
{
	struct vi_sockaddr sa = tl_addr("192.0.2.1", 80);
	struct vi_socket *new;
	struct vi_iovec iov;
	struct vi_sockerr se;
	unsigned niov = 1;
	size_t n, len = sizeof(int);
	int v = 1;
	char c;

	assert_true(vi_socket_dead(so));
	assert_null(vi_socket_vnet(so));
	assert_int_equal(vi_poll(so) & (VI_POLLERR | VI_POLLHUP), VI_POLLERR | VI_POLLHUP);
	for (int round = 0; round < 2; round++) {
		tl_fails(vi_send(so, "x", 1, 0, &n), ECONNABORTED);
		tl_fails(vi_recv(so, &c, 1, 0, &n), ECONNABORTED);
		tl_fails(vi_bind(so, &sa), ECONNABORTED);
		tl_fails(vi_listen(so, 1), ECONNABORTED);
		tl_fails(vi_connect(so, &sa), ECONNABORTED);
		tl_fails(vi_accept(so, &new, NULL), ECONNABORTED);
		tl_fails(vi_shutdown(so, VI_SHUT_RDWR), ECONNABORTED);
		tl_fails(vi_sockname(so, &sa), ECONNABORTED);
		tl_fails(vi_peername(so, &sa), ECONNABORTED);
		tl_fails(vi_send_prepare(so, 1, &iov, &niov), ECONNABORTED);
		tl_fails(vi_send_commit(so, 0, 0), ECONNABORTED);
		tl_fails(vi_recv_peek(so, 1, &iov, &niov), ECONNABORTED);
		tl_fails(vi_recv_consume(so, 0), ECONNABORTED);
		tl_fails(vi_setsockopt(so, VI_SO_KEEPALIVE, &v, sizeof(v)), ECONNABORTED);
		tl_fails(vi_getsockopt(so, VI_SO_TYPE, &v, &len), ECONNABORTED);
		assert_int_not_equal(vi_recverr(so, &se, &c, 1), 0);
		(void)vi_sendspace(so);
		vi_socket_upcall(so, last_upcall, &(struct obituary){ 0 });
		vi_socket_upcall(so, NULL, NULL);
		assert_int_equal(tl_sockerr(so), round == 0 ? ECONNABORTED : 0);
	}
	assert_int_not_equal(vi_tcp_abort(so), 0);
	vi_close(so);
}

static void
sockets_die_with_their_vnet(void **state)
{
	struct obituary o[6] = { { 0 } };
	struct vi_socket *l, *fresh, *syn, *u, *raw;
	struct vi_sockaddr nobody = tl_addr("192.0.2.99", 80);
	struct vi_iovec iov;
	unsigned niov = 1;
	struct tl_conn tc, tc2;
	struct tl_pair p;
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	l = tl_listen(p.b, p.addrb, 80, 5);
	tl_connect(&t, p.a, l, &tc);
	tl_connect(&t, p.a, l, &tc2);
	vi_close(tc2.s);
	tl_ok(vi_send(tc.c, "unread", 6, 0, &n));
	tl_ok(vi_send(tc.s, "unread", 6, 0, &n));
	fresh = tl_socket(p.b, VI_SOCK_STREAM);
	syn = tl_socket(p.b, VI_SOCK_STREAM);
	tl_fails(vi_connect(syn, &nobody), EINPROGRESS);
	u = tl_udp(p.b, p.addrb, 9);
	tl_ok(vi_socket(p.b, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &raw));
	/* A connection nobody accepted. */
	vi_close(tc2.c);
	tc2.c = tl_socket(p.a, VI_SOCK_STREAM);
	tl_ok(vi_sockname(l, &nobody));
	(void)vi_connect(tc2.c, &nobody);
	tl_wait(&t, vi_poll(l) & VI_POLLIN);
	tl_ok(vi_send_prepare(tc.s, 5000, &iov, &niov));
	vi_socket_upcall(tc.s, last_upcall, &o[0]);
	vi_socket_upcall(l, last_upcall, &o[1]);
	vi_socket_upcall(u, last_upcall, &o[2]);
	vi_socket_upcall(syn, last_upcall, &o[3]);
	tl_settle(&t);
	memset(o, 0, sizeof(o));
	o[2].close = true;

	tl_destroy(p.b);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(o[i].n, 1);
		assert_int_equal(o[i].events & (VI_POLLERR | VI_POLLHUP), VI_POLLERR | VI_POLLHUP);
	}
	expect_dead(tc.s);
	expect_dead(l);
	expect_dead(fresh);
	expect_dead(syn);
	expect_dead(raw);
	/* The other side is told by RST. */
	tl_wait(&t, vi_poll(tc.c) & VI_POLLERR);
	assert_int_equal(tl_sockerr(tc.c), ECONNRESET);
	tl_wait(&t, vi_poll(tc2.c) & VI_POLLERR);
	vi_close(tc.c);
	vi_close(tc2.c);
	tl_destroy(p.a);
	tl_end(&t);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_data),
		cmocka_unit_test(close_delivers),
		cmocka_unit_test(half_close),
		cmocka_unit_test(close_that_resets),
		cmocka_unit_test(gone_before_accept),
		cmocka_unit_test(backlog_is_kept),
		cmocka_unit_test(peek_takes_nothing),
		cmocka_unit_test(vectors_scatter_and_gather),
		cmocka_unit_test(without_a_copy),
		cmocka_unit_test(both_windows_closed),
		cmocka_unit_test(info_tells),
		cmocka_unit_test(pcbs_are_listed),
		cmocka_unit_test(syn_is_saved),
#if !VIMAGE_SINGLE
		cmocka_unit_test(sockets_die_with_their_vnet),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
