/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is refused: by the host, at the n-th piece for every n (once, or from there on), and by an account's limit at every
 * level. Each time the same scenario runs as far as it gets. Calls give an errno, what works works, nothing crashes, and at the end nothing is left.
 */
#include "tests/lib/tl.h"

#include <stdlib.h>

enum { TOTAL = 1 << 20 };

/* A host that is the simulated one, but has no memory from the n-th page_alloc on. */
struct poor {
	struct vi_host	 h;
	struct vi_host_ops ops;
	struct vi_host	*sim;
	uint64_t	 allocs, after;		/* 0 = never */
};

static struct poor *poor(struct vi_host *h) { return ((struct poor *)(void *)h); }
static uint64_t poor_now(struct vi_host *h) { return (poor(h)->sim->h_ops->now(poor(h)->sim)); }
static uint64_t poor_realtime(struct vi_host *h) { return (poor(h)->sim->h_ops->realtime(poor(h)->sim)); }
static void poor_random(struct vi_host *h, void *buf, size_t len) { poor(h)->sim->h_ops->random(poor(h)->sim, buf, len); }
static void poor_free(struct vi_host *h, void *p, size_t size) { poor(h)->sim->h_ops->page_free(poor(h)->sim, p, size); }
static void poor_wake(struct vi_host *h, unsigned w) { poor(h)->sim->h_ops->wake(poor(h)->sim, w); }
static void *poor_mutex_new(struct vi_host *h) { return (poor(h)->sim->h_ops->mutex_new(poor(h)->sim)); }
static void poor_mutex_free(struct vi_host *h, void *m) { poor(h)->sim->h_ops->mutex_free(poor(h)->sim, m); }
static void poor_mutex_lock(struct vi_host *h, void *m) { poor(h)->sim->h_ops->mutex_lock(poor(h)->sim, m); }
static void poor_mutex_unlock(struct vi_host *h, void *m) { poor(h)->sim->h_ops->mutex_unlock(poor(h)->sim, m); }

static void *
poor_alloc(struct vi_host *h, size_t size, size_t align)
{
	struct poor *p = poor(h);

	if (++p->allocs >= p->after && p->after != 0)
		return (NULL);
	return (p->sim->h_ops->page_alloc(p->sim, size, align));
}

static const struct vi_host_ops poor_ops = {
	.now = poor_now, .realtime = poor_realtime, .random = poor_random, .page_alloc = poor_alloc, .page_free = poor_free, .wake = poor_wake,
	.mutex_new = poor_mutex_new, .mutex_free = poor_mutex_free, .mutex_lock = poor_mutex_lock, .mutex_unlock = poor_mutex_unlock,
};

/* The scenario: two stacks, a cable, a connection, a megabyte.  Returns the bytes that arrived. */

struct scene {
	struct tl	 t;
	struct vi_vnet	*a, *b;
	struct vi_socket *l, *c, *s, *u;
	uint64_t	 limit;			/* of b; 0 = none */
};

static int
scene_address(struct vi_vnet *vn, const char *ifname, const char *addr)
{
	struct vi_ifaddr ia = { .ia_addr = tl_addr(addr, 0), .ia_prefixlen = 24 };
	int error;

	if ((error = vi_if_addr_add(vn, ifname, &ia, true)) != 0)
		return (error);
	return (vi_if_set_flags(vn, ifname, VI_IFF_UP, 0));
}

/* A datagram socket of both families: a group, and a train of datagrams to nobody. */
static int
scene_datagrams(struct scene *sc)
{
	static uint8_t buf[3000];
	struct vi_mreq6 mr = { .mr6_group = { 0xff, 0x12, [15] = 9 }, .mr6_ifindex = 0 };
	struct vi_iovec iov = { buf, sizeof(buf) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("::ffff:10.0.0.1", 9),
		.msg_set = VI_MSGSET_SEGSZ, .msg_segsz = 1000 };
	size_t n;
	int error;

	mr.mr6_ifindex = tl_ifinfo(sc->b, "epair0b").if_index;
	if ((error = vi_socket(sc->b, VI_AF_INET6, VI_SOCK_DGRAM, 0, &tl_root, &sc->u)) != 0)
		return (error);
	if ((error = vi_setsockopt(sc->u, VI_IPV6_JOIN_GROUP, &mr, sizeof(mr))) != 0)
		return (error);
	return (vi_sendmsg(sc->u, &msg, &n));
}

static int
scene_build(struct scene *sc)
{
	struct vi_sockaddr sa = tl_addr("10.0.0.1", 80);
	char name[VI_IFNAMSIZ];
	int error;

	if ((error = vi_vnet_create(sc->t.k, "a", &sc->a)) != 0 || (error = vi_vnet_create(sc->t.k, "b", &sc->b)) != 0)
		return (error);
	/* As in the measured stack of every_limit(): nothing but what is put there. */
	if ((error = vi_sysctl_set(sc->a, "net.inet6.ip6.auto_linklocal", "0", &tl_root)) != 0 ||
	    (error = vi_sysctl_set(sc->b, "net.inet6.ip6.auto_linklocal", "0", &tl_root)) != 0)
		return (error);
	if ((error = vi_if_create(sc->a, "epair0", name)) != 0 || (error = vi_if_move(sc->a, "epair0b", sc->b)) != 0)
		return (error);
	if (sc->limit != 0)
		tl_ok(vi_vnet_set_limit(sc->b, "memory", sc->limit));
	if ((error = scene_address(sc->a, "epair0a", "10.0.0.1")) != 0 || (error = scene_address(sc->b, "epair0b", "10.0.0.2")) != 0)
		return (error);
	if ((error = vi_socket(sc->a, VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &sc->l)) != 0 || (error = vi_bind(sc->l, &sa)) != 0 ||
	    (error = vi_listen(sc->l, 1)) != 0)
		return (error);
	if (sc->limit == 0 && (error = scene_datagrams(sc)) != 0)
		return (error);
	if ((error = vi_socket(sc->b, VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &sc->c)) != 0)
		return (error);
	error = vi_connect(sc->c, &sa);
	return (error == EINPROGRESS ? 0 : error);
}

static bool
scene_over(const struct scene *sc)
{
	return ((vi_poll(sc->c) & (VI_POLLERR | VI_POLLHUP)) || (sc->s != NULL && (vi_poll(sc->s) & VI_POLLERR)));
}

static size_t
scene_transfer(struct scene *sc)
{
	static uint8_t buf[65536];
	const uint64_t end = tl_now(&sc->t) + 600 * TL_SEC;
	size_t sent = 0, got = 0, n, want;
	bool more = true;

	while (got < TOTAL && more && !scene_over(sc)) {
		more = tl_step(&sc->t, end);
		if (sc->s == NULL && vi_accept(sc->l, &sc->s, NULL) != 0)
			continue;
		want = TOTAL - sent < sizeof(buf) ? TOTAL - sent : sizeof(buf);
		tl_pattern(buf, want, sent);
		if (want > 0 && vi_send(sc->c, buf, want, 0, &n) == 0) {
			sent += n;
			more = true;
		}
		while (vi_recv(sc->s, buf, sizeof(buf), 0, &n) == 0 && n > 0) {
			assert_true(tl_ispattern(buf, n, got));
			got += n;
			more = true;
		}
	}
	return (got);
}

static size_t
scene_run(struct scene *sc, int *errorp)
{
	size_t got = 0;

	if ((*errorp = scene_build(sc)) == 0)
		got = scene_transfer(sc);
	if (sc->s != NULL)
		vi_close(sc->s);
	if (sc->c != NULL)
		vi_close(sc->c);
	if (sc->u != NULL)
		vi_close(sc->u);
	if (sc->l != NULL)
		vi_close(sc->l);
	tl_run(&sc->t, 10 * TL_MS);
	if (sc->b != NULL)
		tl_destroy(sc->b);
	if (sc->a != NULL)
		tl_destroy(sc->a);
	return (got);
}

static bool
is_shortage(int error)
{
	return (error == ENOMEM || error == ENOBUFS);
}

/* Runs the scene on a host without memory after `after` pieces; true if it was never short. */
static bool
run_poor(uint64_t after, bool *whole)
{
	struct poor p = { .ops = poor_ops, .after = after };
	struct scene sc = { 0 };
	size_t got = 0;
	int error;

	tl_ok(vi_host_sim_new(1, &p.sim));
	p.h.h_ops = &p.ops;
	sc.t.host = p.sim;
	if ((error = vi_kernel_new(&(struct vi_kernel_params){ .kp_host = &p.h }, &sc.t.k)) == 0) {
		got = scene_run(&sc, &error);
		assert_int_equal(vi_kernel_free(sc.t.k, NULL, NULL), 0);
	}
	if (error != 0)
		assert_true(is_shortage(error));
	assert_int_equal(vi_sim_memory(p.sim), 0);
	vi_host_sim_free(p.sim);
	*whole = got == TOTAL;
	return (after == 0 || p.allocs < after);
}

static void
no_memory_from_the_nth_on(void **state)
{
	uint64_t n;
	bool whole;

	(void)state;
	(void)run_poor(0, &whole);
	assert_true(whole);
	for (n = 1; !run_poor(n, &whole); n++)
		assert_true(n < 10000);
	print_message("%llu pieces of memory\n", (unsigned long long)n - 1);
	assert_true(whole && n > 3);
}

/* The n-th alone fails: a passing shortage. */
static void
the_nth_fails(void **state)
{
	(void)state;
	for (uint64_t n = 1;; n++) {
		struct scene sc = { 0 };
		uint64_t allocs;
		size_t got = 0;
		int error;

		tl_ok(vi_host_sim_new(1, &sc.t.host));
		vi_sim_fail_alloc(sc.t.host, n);
		if ((error = vi_kernel_new(&(struct vi_kernel_params){ .kp_host = sc.t.host }, &sc.t.k)) == 0) {
			got = scene_run(&sc, &error);
			assert_int_equal(vi_kernel_free(sc.t.k, NULL, NULL), 0);
		}
		assert_true(error == 0 || is_shortage(error));
		/* Once set up, a shortage that passes costs time, not data. */
		if (error == 0)
			assert_int_equal(got, TOTAL);
		allocs = vi_sim_allocs(sc.t.host);
		assert_int_equal(vi_sim_memory(sc.t.host), 0);
		vi_host_sim_free(sc.t.host);
		if (allocs < n)
			break;
	}
}

/* Limits of the whole stack, from less than it has to enough. */

static unsigned long limit_step = 4093;

static void
every_limit(void **state)
{
	unsigned refused = 0, slow = 0, whole = 0;
	uint64_t base;

	(void)state;
	{
		struct tl t;
		struct tl_pair p;

		tl_begin(&t, 1);
		tl_pair(&t, &p);
		base = tl_account(p.b, "memory");
		tl_end(&t);
	}
	for (uint64_t limit = base > 10000 ? base - 8192 : base / 2; limit < base + 700000; limit += limit < base + 30000 ? limit_step / 16 + 1 : limit_step) {
		struct scene sc = { .limit = limit };
		size_t got;
		int error;

		tl_begin(&sc.t, 1);
		got = scene_run(&sc, &error);
		assert_true(error == 0 || is_shortage(error));
		/* Little is enough: a stack at its limit is slow, not stuck. */
		if (limit > base + 144 * 1024)
			assert_int_equal(got, TOTAL);
		refused += error != 0;
		slow += error == 0 && got < TOTAL;
		whole += got == TOTAL;
		tl_end(&sc.t);
	}
	print_message("%u set-ups refused, %u transfers broken, %u complete\n", refused, slow, whole);
	assert_true(refused > 0 && whole > 0);
}

/* A stack at its limit says so to its own programs, counts it, and nobody else notices. */
static void
shortage_stays_at_home(void **state)
{
	static uint8_t buf[65536];
	struct vi_socket *so;
	struct tl_pair p, q;
	struct tl_conn tc;
	struct tl t;
	unsigned made = 0;
	int error;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_pair(&t, &q);
	tl_conn(&t, &q, &tc);
	tl_ok(vi_vnet_set_limit(p.a, "memory", tl_account(p.a, "memory") + 20000));
	while ((error = vi_socket(p.a, VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &so)) == 0) {
		vi_close(so);
		tl_ok(vi_vnet_set_limit(p.a, "memory", tl_account(p.a, "memory") + 20000 - 1000 * ++made));
		assert_true(made < 20);
	}
	assert_true(is_shortage(error));
	tl_send(&t, tc.c, tc.s, 3000000);
	assert_int_equal(tl_stat(q.a, "tcps_sndrexmitpack") + tl_stat(q.b, "tcps_sndrexmitpack"), 0);

	/* Datagrams that cannot be paid for are dropped by their receiver, and counted. */
	tl_ok(vi_vnet_set_limit(p.a, "memory", 0));
	so = tl_udp(p.a, p.addra, 9);
	{
		struct vi_socket *tx = tl_udp(p.b, p.addrb, 9);
		struct vi_sockaddr sa = tl_addr(p.addra, 9);
		size_t n;

		tl_ok(vi_connect(tx, &sa));
		tl_ok(vi_send(tx, buf, 1000, 0, &n));
		tl_settle(&t);
		tl_ok(vi_recv(so, buf, sizeof(buf), 0, &n));
		tl_ok(vi_vnet_set_limit(p.a, "mbuf", 1));
		for (int i = 0; i < 10; i++)
			tl_ok(vi_send(tx, buf, 1000, 0, &n));
		tl_settle(&t);
		tl_fails(vi_recv(so, buf, sizeof(buf), 0, &n), EAGAIN);
		tl_fails(vi_sendmsg(so, &(struct vi_msg){ .msg_iov = &(struct vi_iovec){ buf, 10 }, .msg_iovcnt = 1, .msg_hasname = true,
		    .msg_name = tl_addr(p.addrb, 9) }, &n), ENOBUFS);
		assert_int_equal(tl_ifinfo(p.a, p.cable.a).if_iqdrops, 10);
		tl_ok(vi_vnet_set_limit(p.a, "mbuf", 0));
		tl_ok(vi_send(tx, buf, 1000, 0, &n));
		tl_settle(&t);
		tl_ok(vi_recv(so, buf, sizeof(buf), 0, &n));
		vi_close(tx);
	}
	vi_close(so);
	tl_hangup(&t, &tc);
	tl_end(&t);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_from_the_nth_on),
		cmocka_unit_test(the_nth_fails),
		cmocka_unit_test(every_limit),
		cmocka_unit_test(shortage_stays_at_home),
	};

	if (argc > 1)
		limit_step = strtoul(argv[1], NULL, 10);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
