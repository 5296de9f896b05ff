/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ns per operation of what everything else is made of: memory, mbufs, timers, lanes. One line each;
 * micro_kern [ROUNDS].
 */
#include <stdio.h>
#include <stdlib.h>

#include <vimage/host.h>

#include "base/util.h"
#include "host/host.h"
#include "kern/kernel.h"
#include "kern/kmem.h"
#include "mbuf/mbuf.h"

struct bench {
	struct vi_host	*h;
	struct kernel	*k;
	struct acctset	 as;
	struct lane	 ln, ln2;
	struct work	 wk;
	struct lane	*turn[2];
	uint64_t	 left;
	uint64_t	 rounds;
};

static void
report(const struct bench *b, const char *what, uint64_t t0, uint64_t n)
{
	printf("%-34s %8.1f ns\n", what, (double)(host_now(b->h) - t0) / (double)n);
}

static void
bench_kmalloc(struct bench *b, size_t size)
{
	uint64_t t0 = host_now(b->h);
	char what[64];

	for (uint64_t i = 0; i < b->rounds; i++) {
		void *p = kmalloc(&b->as, ACCT_MISC, size);

		kfree(&b->as, ACCT_MISC, p, size);
	}
	snprintf(what, sizeof(what), "kmalloc+kfree %zu", size);
	report(b, what, t0, b->rounds);
}

/* Many alive at once: goes through the shared slabs. */
static void
bench_kmalloc_many(struct bench *b, size_t size, unsigned n)
{
	void **p = calloc(n, sizeof(*p));
	uint64_t t0 = host_now(b->h), rounds = b->rounds / n + 1;
	char what[64];

	for (uint64_t r = 0; r < rounds; r++) {
		for (unsigned i = 0; i < n; i++)
			p[i] = kmalloc(&b->as, ACCT_MISC, size);
		for (unsigned i = 0; i < n; i++)
			kfree(&b->as, ACCT_MISC, p[i], size);
	}
	snprintf(what, sizeof(what), "kmalloc+kfree %zu, %u alive", size, n);
	report(b, what, t0, rounds * n);
	free(p);
}

static void
bench_mbuf(struct bench *b, size_t cluster, const char *what)
{
	uint64_t t0 = host_now(b->h);

	for (uint64_t i = 0; i < b->rounds; i++)
		m_freem(cluster != 0 ? m_getcl(&b->as, cluster, true) : m_gethdr(&b->as));
	report(b, what, t0, b->rounds);
}

static void
bench_copym(struct bench *b)
{
	struct mbuf *m = m_getcl(&b->as, MJUMBYTES, true);
	uint64_t t0 = host_now(b->h);

	m->m_len = m->m_pkt.len = 60000;
	for (uint64_t i = 0; i < b->rounds; i++)
		m_freem(m_copym(m, 0, SIZE_MAX, &b->as));
	report(b, "m_copym by reference + free", t0, b->rounds);
	t0 = host_now(b->h);
	for (uint64_t i = 0; i < b->rounds; i++) {
		m_disown(m);
		(void)m_own(m, &b->as);
	}
	report(b, "m_disown + m_own", t0, b->rounds);
	m_freem(m);
}

static void
no_fire(void *arg)
{
	(void)arg;
}

#define NTIMERS	10000

static void
bench_callout(struct bench *b)
{
	struct callout *c = calloc(NTIMERS, sizeof(*c));
	uint64_t t0, rounds = b->rounds / NTIMERS + 1;

	for (unsigned i = 0; i < NTIMERS; i++)
		callout_init(&c[i], &b->ln, no_fire, NULL);
	t0 = host_now(b->h);
	for (uint64_t r = 0; r < rounds; r++) {
		(void)lane_clock(&b->ln);
		for (unsigned i = 0; i < NTIMERS; i++)
			callout_reset(&c[i], 200000000 + i * 1000);
	}
	report(b, "callout_reset, pending", t0, rounds * NTIMERS);
	t0 = host_now(b->h);
	for (uint64_t r = 0; r < rounds; r++) {
		for (unsigned i = 0; i < NTIMERS; i++)
			callout_stop(&c[i]);
		for (unsigned i = 0; i < NTIMERS; i++)
			callout_reset(&c[i], 1);
		(void)kernel_poll(b->k);
		while (worker_next(kernel_worker(b->k, 0)) != VI_FOREVER)
			(void)kernel_poll(b->k);
	}
	report(b, "callout stop + reset + fire", t0, rounds * NTIMERS);
	free(c);
}

static void
work_self(struct work *wk)
{
	struct bench *b = CONTAINER_OF(wk, struct bench, wk);

	if (--b->left > 0)
		(void)lane_post(b->turn[b->left & 1], wk);
}

static void
bench_lanes(struct bench *b, struct lane *other, const char *what)
{
	uint64_t t0;

	work_init(&b->wk, work_self);
	b->turn[0] = &b->ln;
	b->turn[1] = other;
	b->left = b->rounds;
	(void)lane_post(&b->ln, &b->wk);
	t0 = host_now(b->h);
	while (b->left > 0)
		(void)kernel_poll(b->k);
	report(b, what, t0, b->rounds);
}

static void
bench_poll(struct bench *b)
{
	uint64_t t0 = host_now(b->h);

	for (uint64_t i = 0; i < b->rounds; i++)
		(void)kernel_poll(b->k);
	report(b, "kernel_poll with nothing to do", t0, b->rounds);
}

static void
bench_locks(uint64_t rounds)
{
	struct bench b = { .rounds = rounds };
	struct vi_kernel_params kp = { .kp_workers = 2 };
	struct worker *w;
	uint64_t t0;

	if (vi_host_posix_new(NULL, &b.h) != 0 || (kp.kp_host = b.h, kernel_init(&kp, &b.k)) != 0)
		exit(1);
	w = kernel_worker(b.k, 0);
	t0 = host_now(b.h);
	for (uint64_t i = 0; i < rounds; i++) {
		worker_enter(w);
		worker_leave(w);
	}
	report(&b, "worker_enter + leave, 2 workers", t0, rounds);
	t0 = host_now(b.h);
	for (uint64_t i = 0; i < rounds; i++) {
		kernel_lock(b.k);
		kernel_unlock(b.k);
	}
	report(&b, "kernel_lock + unlock, 2 workers", t0, rounds);
	kernel_fini(b.k);
	vi_host_posix_free(b.h);
}

int
main(int argc, char **argv)
{
	struct bench b = { .rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000 };
	struct vi_kernel_params kp = { 0 };
	struct worker *w;

	if (b.rounds == 0 || vi_host_posix_new(NULL, &b.h) != 0 ||
	    (kp.kp_host = b.h, kernel_init(&kp, &b.k)) != 0)
		return (1);
	w = kernel_worker(b.k, 0);
	acctset_init(&b.as, b.k, worker_cache(w));
	if (lane_init(&b.ln, b.k, w, &b.as) != 0 || lane_init(&b.ln2, b.k, w, &b.as) != 0)
		return (1);
	bench_kmalloc(&b, 64);
	bench_kmalloc(&b, 500);
	bench_kmalloc(&b, 4000);
	bench_kmalloc_many(&b, 64, 1000);
	bench_kmalloc_many(&b, 500, 1000);
	bench_mbuf(&b, 0, "m_gethdr + m_free");
	bench_mbuf(&b, MCLBYTES, "m_getcl 2K + m_free");
	bench_mbuf(&b, MJUMBYTES, "m_getcl 64K + m_free");
	bench_copym(&b);
	bench_callout(&b);
	bench_lanes(&b, &b.ln, "post to the same lane + run");
	bench_lanes(&b, &b.ln2, "post to another lane + run");
	bench_poll(&b);
	bench_locks(b.rounds);
	lane_fini(&b.ln);
	lane_fini(&b.ln2);
	kernel_fini(b.k);
	vi_host_posix_free(b.h);
	return (0);
}
