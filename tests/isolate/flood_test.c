/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood_test [rounds]: what a flooded stack costs its neighbours.
 *
 * Theory of operation.  One kernel on the real clock.  Four stacks: a flooder and its victim, joined by a cable, and beside them a caller and an echo, joined by another, with a
 * TCP connection between them.  The flooder sends as fast as its share of its worker lets it, so that flooder and victim together would use all of its time.
 *
 * A round trip begins when the caller's program has written a byte: at some moment, mostly while the worker runs something else.  The worker finds it when vi_worker_poll
 * returns, as vimaged does, hands it to the stack, and the trip ends when the byte is back.  Trips during which the host ran something else on this processor are left out,
 * so that the figures are the kernel's own on a busy machine too.  Of several rounds, each without the flood, then with it, the median counts.
 *
 *	- With a worker of their own the neighbours' p99 becomes longer by less than a quarter (or 2 us, which is what the clock and the caches are good for).
 *	- On the flood's own worker a byte waits until whoever runs has used up his quantum: the p99 becomes longer by that: 1 to 9 us on a quiet machine, at most
 *	  ADDED us on a busy one. A round trip inside the kernel alone takes 1 us, one between programs some 40 us (tests/isolate/programs).
 *	- The victim's memory never goes beyond its limit.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kern/lane.h"
#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "tests/isolate/frames.h"
#include "tests/lib/tl.h"

#define LIMIT		(8u << 20)	/* of the victim's memory */
#define BURST		16		/* frames before others have their turn */
#define TRIPS		1500		/* of one measurement */
#define ADDED		15.0		/* us */
#define MAXROUNDS	101

struct rig {
	struct tl	 t;
	struct vi_vnet	*flooder, *victim, *caller, *echo;
	struct ifnet	*fif;		/* the flooder's */
	struct frames	 frames;
	struct vi_socket *lso, *eso, *cso, *vso;
	struct vi_worker *worker;	/* the neighbours' */
	pthread_t	 thread;	/* the flood's worker, if it is another */
	bool		 two;
	atomic_bool	 stop;
	_Atomic(const struct flood *) flood;
	struct work	 work;
	atomic_ullong	 count;
	uint64_t	 back;		/* when the byte was; 0: not yet */
};

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * TL_SEC + (uint64_t)ts.tv_nsec);
}

/* In the flooder's lane: a burst, then it queues behind whoever waits. */
static void
flood_work(struct work *wk)
{
	struct rig *r = (struct rig *)(void *)((uint8_t *)wk - offsetof(struct rig, work));
	const struct flood *f = atomic_load_explicit(&r->flood, memory_order_relaxed);
	uint8_t frame[FRAMES_MAX];
	struct mbuf *m;

	if (f == NULL)
		return;
	for (int i = 0; i < BURST; i++) {
		size_t len = frames_make(&r->frames, f, frame);

		if ((m = m_frombuf(vnet_acct((struct vnet *)r->flooder), frame, len, 0)) == NULL)
			break;
		(void)if_transmit(r->fif, m);
		atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
	}
	lane_post(&((struct vnet *)r->flooder)->vn_lane, wk);
}

/* The caller's and the echo's sockets. */

static void
come_back(struct vi_socket *so, unsigned events, void *arg)
{
	struct rig *r = arg;
	char buf[64];
	size_t n;

	(void)events;
	while (!vi_socket_dead(so) && vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0)
		r->back = now();
}

static void
echo_back(struct vi_socket *so, unsigned events, void *arg)
{
	char buf[64];
	size_t n, done;

	(void)events, (void)arg;
	while (!vi_socket_dead(so) && vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0)
		(void)vi_send(so, buf, n, 0, &done);
}

static void
accept_one(struct vi_socket *so, unsigned events, void *arg)
{
	struct rig *r = arg;
	const int on = 1;

	(void)events;
	if (vi_socket_dead(so) || r->eso != NULL || vi_accept(so, &r->eso, NULL) != 0)
		return;
	tl_ok(vi_setsockopt(r->eso, VI_TCP_NODELAY, &on, sizeof(on)));
	vi_socket_upcall(r->eso, echo_back, NULL);
}

/* The stacks. */

static void
two_families(struct vi_vnet *vn, const char *ifname, const char *four, const char *six, uint8_t in6[16])
{
	struct vi_ifaddr ia = { .ia_addr = tl_addr(six, 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_NODAD };

	memcpy(in6, ia.ia_addr.sa_in6, 16);
	tl_ifaddr(vn, ifname, four, 24);
	tl_ok(vi_if_addr_add(vn, ifname, &ia, true));
}

static void
make_victim(struct rig *r)
{
	struct vi_route rt = { .rt_dst = tl_addr("11.0.0.0", 0), .rt_prefixlen = 8, .rt_gateway = tl_addr("10.66.0.2", 0) };
	struct tl_cable tc;

	r->flooder = tl_vnet(&r->t, "flooder");
	r->victim = tl_vnet(&r->t, "victim");
	tl_cable(r->flooder, r->victim, &tc);
	two_families(r->victim, tc.b, "10.66.0.1", "fd66::1", r->frames.fr_to6);
	two_families(r->flooder, tc.a, "10.66.0.2", "fd66::2", r->frames.fr_from6);
	tl_ok(vi_route_add(r->victim, &rt));
	r->fif = ifnet_byname((struct vnet *)r->flooder, tc.a);
	memcpy(r->frames.fr_from, r->fif->if_lladdr, 6);
	memcpy(r->frames.fr_to, tl_ifinfo(r->victim, tc.b).if_lladdr, 6);
	r->vso = tl_listen(r->victim, "10.66.0.1", 80, 128);
	tl_ok(vi_vnet_set_limit(r->victim, "memory", LIMIT));
}

static void
make_neighbours(struct rig *r)
{
	struct vi_sockaddr sa = tl_addr("10.77.0.2", 7);
	struct tl_cable tc;
	const int on = 1;

	r->caller = tl_vnet(&r->t, "caller");
	r->echo = tl_vnet(&r->t, "echo");
	tl_join(r->caller, "10.77.0.1", r->echo, "10.77.0.2", &tc);
	r->lso = tl_listen(r->echo, "10.77.0.2", 7, 1);
	r->cso = tl_socket(r->caller, VI_SOCK_STREAM);
	tl_ok(vi_setsockopt(r->cso, VI_TCP_NODELAY, &on, sizeof(on)));
	tl_fails(vi_connect(r->cso, &sa), EINPROGRESS);
	vi_socket_upcall(r->cso, come_back, r);
	vi_socket_upcall(r->lso, accept_one, r);
}

/* Once through the neighbours' worker, with a byte from the program or without. */
static void
go(struct rig *r, bool byte)
{
	size_t n;

	vi_worker_enter(r->worker);
	if (byte)
		tl_ok(vi_send(r->cso, "x", 1, 0, &n));
	(void)vi_worker_poll(r->worker);
	vi_worker_leave(r->worker);
}

static void *
flood_worker(void *arg)
{
	struct rig *r = arg;
	struct vi_worker *w = vi_kernel_worker(r->t.k, 1);

	while (!atomic_load(&r->stop)) {
		vi_worker_enter(w);
		(void)vi_worker_poll(w);
		vi_worker_leave(w);
	}
	return (NULL);
}

static void
rig_begin(struct rig *r, bool two)
{
	const struct vi_posix_params pp = { 0 };

	memset(r, 0, sizeof(*r));
	r->frames.fr_rng = 88172645463325252u;
	r->two = two;
	work_init(&r->work, flood_work);
	tl_ok(vi_host_posix_new(&pp, &r->t.host));
	tl_ok(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = r->t.host, .kp_workers = two ? 2 : 1 }, &r->t.k));
	vi_kernel_lock(r->t.k);
	make_victim(r);
	make_neighbours(r);
	tl_ok(vi_vnet_set_worker(r->caller, 0));
	tl_ok(vi_vnet_set_worker(r->echo, 0));
	tl_ok(vi_vnet_set_worker(r->flooder, two));
	tl_ok(vi_vnet_set_worker(r->victim, two));
	vi_kernel_unlock(r->t.k);
	r->worker = vi_kernel_worker(r->t.k, 0);
	if (two)
		assert_int_equal(pthread_create(&r->thread, NULL, flood_worker, r), 0);
	while (r->eso == NULL)
		go(r, false);
}

static void
rig_end(struct rig *r)
{
	atomic_store(&r->stop, true);
	if (r->two)
		assert_int_equal(pthread_join(r->thread, NULL), 0);
	vi_kernel_lock(r->t.k);
	tl_destroy(r->flooder);
	tl_destroy(r->victim);
	tl_destroy(r->caller);
	tl_destroy(r->echo);
	vi_kernel_unlock(r->t.k);
	vi_close(r->lso);
	vi_close(r->eso);
	vi_close(r->cso);
	vi_close(r->vso);
	assert_int_equal(vi_kernel_free(r->t.k, NULL, NULL), 0);
	vi_host_posix_free(r->t.host);
}

/* Round trips. */

struct figures { double p50, p99; };

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

static struct figures
figures(double *us, size_t n)
{
	qsort(us, n, sizeof(us[0]), compare);
	return ((struct figures){ us[n / 2], us[n * 99 / 100] });
}

/* How often the host took the processor from this thread. */
static long
preempted(void)
{
	struct rusage ru;

	getrusage(RUSAGE_THREAD, &ru);
	return (ru.ru_nivcsw);
}

static double
trip(struct rig *r)
{
	uint64_t begin = now() + 20000 + frames_chance(&r->frames) % 100000;
	r->back = 0;
	while (now() < begin)
		go(r, false);
	go(r, true);
	while (r->back == 0)
		go(r, false);
	return ((double)(r->back - begin) / 1e3);
}

static struct figures
measure(struct rig *r)
{
	static double us[TRIPS];

	for (unsigned n = 0, tries = 0; n < TRIPS; tries++) {
		long before = preempted();

		us[n] = trip(r);
		if (preempted() == before || tries > 10 * TRIPS)
			n++;
	}
	return (figures(us, TRIPS));
}

static void
set_flood(struct rig *r, const struct flood *f)
{
	uint64_t until = now() + 20 * TL_MS;	/* its tables have reached their limits; or are empty again */

	atomic_store(&r->flood, f);
	if (f != NULL)
		lane_post(&((struct vnet *)r->flooder)->vn_lane, &r->work);
	while (now() < until)
		go(r, false);
}

static void
find_peak(void *arg, const struct vi_account *va)
{
	if (strcmp(va->va_name, "memory") == 0)
		*(struct vi_account *)arg = *va;
}

static unsigned rounds = 5;

/* The two medians, each of its own rounds. */
static void
flood_rounds(struct rig *r, const struct flood *f, struct figures *calm, struct figures *flooded)
{
	double us[4][MAXROUNDS];

	for (unsigned i = 0; i < rounds; i++) {
		*calm = measure(r);
		set_flood(r, f);
		*flooded = measure(r);
		set_flood(r, NULL);
		us[0][i] = calm->p50;
		us[1][i] = calm->p99;
		us[2][i] = flooded->p50;
		us[3][i] = flooded->p99;
	}
	for (int k = 0; k < 4; k++)
		qsort(us[k], rounds, sizeof(us[k][0]), compare);
	*calm = (struct figures){ us[0][rounds / 2], us[1][rounds / 2] };
	*flooded = (struct figures){ us[2][rounds / 2], us[3][rounds / 2] };
}

/* How much longer the p99 became, us. */
static double
flood_measure(struct rig *r, const struct flood *f, double *allowed)
{
	struct figures calm, flooded;
	uint64_t t = now(), frames = atomic_load(&r->count);

	flood_rounds(r, f, &calm, &flooded);
	frames = atomic_load(&r->count) - frames;
	print_message("%-16s p50 %4.1f -> %4.1f us, p99 %4.1f -> %4.1f us; %4.1f M frames in %4.1f s\n", f->f_name, calm.p50, flooded.p50, calm.p99,
	    flooded.p99, (double)frames / 1e6, (double)(now() - t) / 1e9);
	assert_true(frames > 10000);		/* it was one */
	*allowed = !r->two ? ADDED : calm.p99 > 8.0 ? calm.p99 / 4 : 2.0;
	return (flooded.p99 - calm.p99);
}

/* The host's other programs can spoil a measurement, but hardly three in a row. */
static void
flood_one(struct rig *r, const struct flood *f)
{
	struct vi_account va = { 0 };
	double allowed;
	int spoilt = 0;

	while (flood_measure(r, f, &allowed) > allowed)
		assert_true(++spoilt < 3);
	vi_kernel_lock(r->t.k);
	vi_vnet_accounts(r->victim, find_peak, &va);
	vi_kernel_unlock(r->t.k);
	print_message("                 the victim's memory: at most %llu of %u\n", (unsigned long long)va.va_peak, LIMIT);
	assert_true(va.va_peak > 0 && va.va_peak <= LIMIT);
}

static void
neighbours_feel_no_flood(bool two)
{
	static struct rig r;

	rig_begin(&r, two);
	(void)measure(&r);			/* warm */
	for (unsigned i = 0; i < NFLOODS; i++)
		flood_one(&r, &floods[i]);
	rig_end(&r);
}

static void
on_the_same_worker(void **state)
{
	(void)state;
	neighbours_feel_no_flood(false);
}

static void
with_a_worker_of_their_own(void **state)
{
	(void)state;
	neighbours_feel_no_flood(true);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(on_the_same_worker), cmocka_unit_test(with_a_worker_of_their_own) };

	if (argc == 2)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	if (rounds == 0 || rounds > MAXROUNDS)
		return (64);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
