/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several workers on the real host: each in a thread of its own, as vimage.h says. Pairs of stacks on different workers exchange data while management
 * makes, moves and destroys others. Real time: what is waited for is an amount of work, with a generous limit; nothing sleeps for its own sake.
 */
#include "tests/lib/tl.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <vimage/pcap.h>

enum { MAXWORKERS = 4, PAIRS = 4 };

struct team;

struct member {
	struct team	*team;
	unsigned	 index;
	pthread_t	 thread;
	pthread_mutex_t	 lock;
	pthread_cond_t	 cond;
	bool		 woken;
};

struct team {
	struct vi_host	*host;
	struct vi_kernel *k;
	unsigned	 n;
	struct member	 m[MAXWORKERS];
	atomic_bool	 stop;
};

static void
team_wake(void *arg, unsigned worker)
{
	struct team *team = arg;
	struct member *m = &team->m[worker];

	pthread_mutex_lock(&m->lock);
	m->woken = true;
	pthread_cond_signal(&m->cond);
	pthread_mutex_unlock(&m->lock);
}

/* Sleeps until woken, at most `wait` ns. */
static void
member_sleep(struct member *m, uint64_t wait)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (wait > TL_SEC)
		wait = TL_SEC;
	ts.tv_nsec += (long)wait;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	pthread_mutex_lock(&m->lock);
	while (!m->woken && pthread_cond_timedwait(&m->cond, &m->lock, &ts) == 0)
		;
	m->woken = false;
	pthread_mutex_unlock(&m->lock);
}

static void *
member_run(void *arg)
{
	struct member *m = arg;
	struct vi_worker *w = vi_kernel_worker(m->team->k, m->index);
	uint64_t wait;

	while (!atomic_load(&m->team->stop)) {
		vi_worker_enter(w);
		wait = vi_worker_poll(w);
		vi_worker_leave(w);
		if (wait > 0)
			member_sleep(m, wait);
	}
	return (NULL);
}

static void
team_begin(struct team *team, unsigned n)
{
	struct vi_posix_params pp = { .pp_wake = team_wake, .pp_arg = team };
	pthread_condattr_t attr;

	memset(team, 0, sizeof(*team));
	team->n = n;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (unsigned i = 0; i < n; i++) {
		team->m[i] = (struct member){ .team = team, .index = i };
		pthread_mutex_init(&team->m[i].lock, NULL);
		pthread_cond_init(&team->m[i].cond, &attr);
	}
	pthread_condattr_destroy(&attr);
	tl_ok(vi_host_posix_new(&pp, &team->host));
	tl_ok(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = team->host, .kp_workers = n }, &team->k));
	assert_int_equal(vi_kernel_nworkers(team->k), n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&team->m[i].thread, NULL, member_run, &team->m[i]), 0);
}

/* The workers end first; then the kernel is one thread's. */
static void
team_stop(struct team *team)
{
	atomic_store(&team->stop, true);
	for (unsigned i = 0; i < team->n; i++)
		team_wake(team, i);
	for (unsigned i = 0; i < team->n; i++)
		assert_int_equal(pthread_join(team->m[i].thread, NULL), 0);
}

static void
team_end(struct team *team)
{
	assert_int_equal(vi_kernel_free(team->k, NULL, NULL), 0);
	vi_host_posix_free(team->host);
	for (unsigned i = 0; i < team->n; i++) {
		pthread_mutex_destroy(&team->m[i].lock);
		pthread_cond_destroy(&team->m[i].cond);
	}
	/* Until here the kernel may still wake workers: what is destroyed resets its connections. */
	for (unsigned i = 0; i < team->n; i++) {
		pthread_mutex_destroy(&team->m[i].lock);
		pthread_cond_destroy(&team->m[i].cond);
	}
}

/* A pair: the ends' sockets are touched in upcalls only, in their own worker's thread. */
struct pair {
	struct vi_vnet	*a, *b;
	struct tl_cable	 cable;
	struct vi_socket *l, *s, *c;
	atomic_size_t	 received, echoed;
	size_t		 sent;
	atomic_bool	 broken;
};

static void
sender(struct vi_socket *so, unsigned events, void *arg)
{
	uint8_t buf[4096];
	struct pair *p = arg;
	size_t n;

	if (events & (VI_POLLERR | VI_POLLHUP)) {
		atomic_store(&p->broken, true);
		return;
	}
	for (;;) {
		tl_pattern(buf, sizeof(buf), p->sent);
		if (vi_send(so, buf, sizeof(buf), 0, &n) != 0)
			break;
		p->sent += n;
	}
	while (vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0)
		atomic_fetch_add(&p->echoed, n);
}

static void
receiver(struct vi_socket *so, unsigned events, void *arg)
{
	uint8_t buf[16384];
	struct pair *p = arg;
	size_t n, got = atomic_load(&p->received);

	if (events & (VI_POLLERR | VI_POLLHUP)) {
		atomic_store(&p->broken, true);
		return;
	}
	while (vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0) {
		if (!tl_ispattern(buf, n, got))
			abort();
		got += n;
		(void)vi_send(so, buf, 1, 0, &n);	/* something the other way */
	}
	atomic_store(&p->received, got);
}

static void
acceptor(struct vi_socket *so, unsigned events, void *arg)
{
	struct pair *p = arg;

	if (!vi_socket_dead(so) && (events & VI_POLLIN) && p->s == NULL && vi_accept(so, &p->s, NULL) == 0)
		vi_socket_upcall(p->s, receiver, p);
}

/* Under the kernel lock. */
static void
pair_make(struct team *team, struct pair *p, unsigned wa, unsigned wb)
{
	struct vi_sockaddr sa = tl_addr("10.0.0.1", 80);

	memset(p, 0, sizeof(*p));
	tl_ok(vi_vnet_create(team->k, "a", &p->a));
	tl_ok(vi_vnet_create(team->k, "b", &p->b));
	tl_ok(vi_vnet_set_worker(p->a, wa));
	tl_ok(vi_vnet_set_worker(p->b, wb));
	assert_int_equal(vi_vnet_worker(p->a), wa);
	tl_join(p->a, "10.0.0.1", p->b, "10.0.0.2", &p->cable);
	p->l = tl_listen(p->a, "10.0.0.1", 80, 1);
	vi_socket_upcall(p->l, acceptor, p);
	p->c = tl_socket(p->b, VI_SOCK_STREAM);
	vi_socket_upcall(p->c, sender, p);
	tl_fails(vi_connect(p->c, &sa), EINPROGRESS);
}

static void
pair_destroy(struct pair *p, bool first)
{
	tl_destroy(first ? p->a : p->b);
	tl_destroy(first ? p->b : p->a);
	vi_close(p->c);
	vi_close(p->l);
	if (p->s != NULL)
		vi_close(p->s);
}

static void
pair_wait(const struct pair *p, size_t bytes)
{
	time_t limit = time(NULL) + 120;

	while (atomic_load(&p->received) < bytes && !atomic_load(&p->broken)) {
		assert_true(time(NULL) < limit);
		sched_yield();
	}
	assert_false(atomic_load(&p->broken));
}

/* Links change in full swing: properties and captures come and go. */
static int
count_bytes(void *arg, const void *data, size_t len)
{
	(void)data;
	*(size_t *)arg += len;
	return (0);
}

static void
pair_link(struct pair *p, unsigned round)
{
	const struct vi_linkprops lp = { .lp_delay = TL_MS, .lp_jitter = TL_MS / 2, .lp_dup = 0.01, .lp_reorder = 0.01,
		.lp_rate = round % 2 ? 1000000000 : 0, .lp_corrupt = 0.001 };

	tl_ok(vi_if_set_link(p->a, p->cable.a, round % 3 ? &lp : NULL));
	tl_ok(vi_if_set_link(p->b, p->cable.b, round % 3 != 1 ? &lp : NULL));
}

static void
exchange(unsigned workers)
{
	struct pair p[PAIRS];
	struct vi_pcap *pc;
	struct team team;
	size_t captured = 0;

	team_begin(&team, workers);
	vi_kernel_lock(team.k);
	for (unsigned i = 0; i < PAIRS; i++)
		pair_make(&team, &p[i], i % workers, (i + 1 + i / workers) % workers);
	tl_ok(vi_pcap_new(team.k, count_bytes, &captured, &pc));
	tl_ok(vi_pcap_add(pc, p[0].a, p[0].cable.a));
	tl_ok(vi_pcap_add(pc, p[1].b, p[1].cable.b));
	vi_kernel_unlock(team.k);
	for (unsigned i = 0; i < PAIRS; i++)
		pair_wait(&p[i], 1 << 20);

	/* Others come, talk, move and go beside them. */
	for (unsigned round = 0; round < 12; round++) {
		struct pair guest;

		vi_kernel_lock(team.k);
		pair_make(&team, &guest, round % workers, (round + 1) % workers);
		pair_link(&guest, round);
		pair_link(&p[1], round);
		vi_kernel_unlock(team.k);
		pair_wait(&guest, 20000);
		vi_kernel_lock(team.k);
		tl_ok(vi_vnet_set_worker(guest.a, (round + 1) % workers));	/* lanes move in full swing */
		tl_ok(vi_vnet_set_worker(p[round % PAIRS].b, round % workers));
		vi_kernel_unlock(team.k);
		pair_wait(&guest, atomic_load(&guest.received) + 100000);
		vi_kernel_lock(team.k);
		if (round % 3 == 0)
			tl_ok(vi_if_move(guest.a, guest.cable.a, p[0].a));
		pair_destroy(&guest, round % 2);
		vi_kernel_unlock(team.k);
	}
	for (unsigned i = 0; i < PAIRS; i++)
		pair_wait(&p[i], atomic_load(&p[i].received) + 100000);
	vi_kernel_lock(team.k);
	pair_destroy(&p[0], false);
	tl_ok(vi_pcap_free(pc));
	assert_true(captured > 1 << 20);
	for (unsigned i = 1; i + 1 < PAIRS; i++)
		pair_destroy(&p[i], i % 2);
	vi_kernel_unlock(team.k);
	pair_wait(&p[PAIRS - 1], atomic_load(&p[PAIRS - 1].received) + 100000);
	team_stop(&team);
	vi_kernel_lock(team.k);
	pair_destroy(&p[PAIRS - 1], true);
	vi_kernel_unlock(team.k);
	team_end(&team);
}

static void
two_workers(void **state)
{
	(void)state;
	exchange(2);
}

static void
four_workers(void **state)
{
	(void)state;
	exchange(4);
}

/* Management from several threads at once. */

struct manager { struct team *team; pthread_t thread; unsigned seed; };

static void *
manage(void *arg)
{
	struct manager *mg = arg;
	struct vi_kernel *k = mg->team->k;
	char name[VI_IFNAMSIZ];
	struct vi_vnet *a, *b;

	for (unsigned i = 0; i < 40; i++) {
		vi_kernel_lock(k);
		if (vi_vnet_create(k, "a", &a) != 0 || vi_vnet_create(k, "b", &b) != 0)
			abort();
		vi_kernel_unlock(k);
		vi_kernel_lock(k);
		if (vi_if_create(a, "epair", name) != 0 || vi_if_move(a, name, b) != 0)
			abort();
		vi_kernel_unlock(k);
		vi_kernel_lock(k);
		if (vi_vnet_set_worker(a, (i + mg->seed) % mg->team->n) != 0)
			abort();
		vi_log(a, 6, "round %u", i);
		if (vi_vnet_destroy(i % 2 ? a : b, NULL, NULL) != 0 || vi_vnet_destroy(i % 2 ? b : a, NULL, NULL) != 0)
			abort();
		vi_kernel_unlock(k);
	}
	return (NULL);
}

static void
several_managers(void **state)
{
	struct manager mg[3];
	struct team team;
	struct pair p;

	(void)state;
	team_begin(&team, 2);
	vi_kernel_lock(team.k);
	pair_make(&team, &p, 0, 1);
	vi_kernel_unlock(team.k);
	for (unsigned i = 0; i < 3; i++) {
		mg[i] = (struct manager){ .team = &team, .seed = i };
		assert_int_equal(pthread_create(&mg[i].thread, NULL, manage, &mg[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_join(mg[i].thread, NULL), 0);
	pair_wait(&p, atomic_load(&p.received) + 100000);
	team_stop(&team);
	vi_kernel_lock(team.k);
	pair_destroy(&p, false);
	vi_kernel_unlock(team.k);
	team_end(&team);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_workers),
		cmocka_unit_test(four_workers),
		cmocka_unit_test(several_managers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
