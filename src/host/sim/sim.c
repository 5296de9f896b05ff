/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated host: a clock that moves when told, randomness from a seed, memory that is counted
 * and fails on demand.
 *
 * The generator is xoshiro256** of Blackman and Vigna ("Scrambled linear pseudorandom number
 * generators", 2021), its state filled by splitmix64 as they advise. It is meant to be repeatable,
 * not to be unpredictable.
 *
 * One thread at a time is what makes a simulation repeatable. Several are nevertheless safe: tests
 * run workers in threads over this host.
 */
#include <vimage/host.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/splitmix.h"
#include "base/util.h"
#include "host/host.h"
#include "host/posix/pages.h"

#define SIM_EPOCH	1577836800000000000u	/* virtual time 0: 2020-01-01 UTC */

struct sim_host {
	struct vi_host	 sh_host;
	_Atomic uint64_t sh_now;
	pthread_mutex_t	 sh_lock;	/* of all below */
	uint64_t	 sh_rand[4];
	uint64_t	 sh_fail;	/* so many allocations from now, one fails */
	uint64_t	 sh_allocs;
	size_t		 sh_memory;
};

static struct sim_host *
sim_host(struct vi_host *h)
{
	VI_ASSERT(host_is_sim(h));
	return (CONTAINER_OF(h, struct sim_host, sh_host));
}

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return (x << n | x >> (64 - n));
}

static uint64_t
xoshiro256ss(uint64_t s[4])
{
	uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return (result);
}

static uint64_t
sim_clock(struct vi_host *h)
{
	return (atomic_load_explicit(&sim_host(h)->sh_now, memory_order_relaxed));
}

static uint64_t
sim_realtime(struct vi_host *h)
{
	return (SIM_EPOCH + sim_clock(h));
}

static void
sim_random(struct vi_host *h, void *buf, size_t len)
{
	struct sim_host *sh = sim_host(h);
	uint8_t *p = buf;
	uint64_t word;
	size_t n;

	(void)pthread_mutex_lock(&sh->sh_lock);
	for (; len > 0; p += n, len -= n) {
		word = xoshiro256ss(sh->sh_rand);
		n = MIN(len, sizeof(word));
		memcpy(p, &word, n);
	}
	(void)pthread_mutex_unlock(&sh->sh_lock);
}

static void *
sim_page_alloc(struct vi_host *h, size_t size, size_t align)
{
	struct sim_host *sh = sim_host(h);
	void *p = NULL;

	(void)pthread_mutex_lock(&sh->sh_lock);
	sh->sh_allocs++;
	if ((sh->sh_fail == 0 || --sh->sh_fail > 0) && (p = pages_alloc(size, align)) != NULL)
		sh->sh_memory += size;
	(void)pthread_mutex_unlock(&sh->sh_lock);
	return (p);
}

static void
sim_page_free(struct vi_host *h, void *p, size_t size)
{
	struct sim_host *sh = sim_host(h);

	(void)pthread_mutex_lock(&sh->sh_lock);
	VI_ASSERT(size <= sh->sh_memory);
	sh->sh_memory -= size;
	(void)pthread_mutex_unlock(&sh->sh_lock);
	pages_free(p, size);
}

/* Nobody sleeps in virtual time. */
static void
sim_wake(struct vi_host *h, unsigned worker)
{
	(void)h;
	(void)worker;
}

static const struct vi_host_ops sim_ops = {
	.now = sim_clock,
	.realtime = sim_realtime,
	.random = sim_random,
	.page_alloc = sim_page_alloc,
	.page_free = sim_page_free,
	.wake = sim_wake,
	.mutex_new = pmutex_new,
	.mutex_free = pmutex_free,
	.mutex_lock = pmutex_lock,
	.mutex_unlock = pmutex_unlock,
};

bool
host_is_sim(const struct vi_host *h)
{
	return (h->h_ops == &sim_ops);
}

int
vi_host_sim_new(uint64_t seed, struct vi_host **hp)
{
	struct sim_host *sh;
	int error;

	*hp = NULL;
	if ((sh = calloc(1, sizeof(*sh))) == NULL)
		return (ENOMEM);
	if ((error = pthread_mutex_init(&sh->sh_lock, NULL)) != 0) {
		free(sh);
		return (error);
	}
	sh->sh_host.h_ops = &sim_ops;
	for (unsigned i = 0; i < NITEMS(sh->sh_rand); i++)
		sh->sh_rand[i] = splitmix64(&seed);
	*hp = &sh->sh_host;
	return (0);
}

void
vi_host_sim_free(struct vi_host *h)
{
	struct sim_host *sh;

	if (h == NULL)
		return;
	sh = sim_host(h);
	(void)pthread_mutex_destroy(&sh->sh_lock);
	free(sh);
}

uint64_t
vi_sim_now(struct vi_host *h)
{
	return (sim_clock(h));
}

void
vi_sim_advance(struct vi_host *h, uint64_t ns)
{
	struct sim_host *sh = sim_host(h);

	VI_ASSERT(ns <= UINT64_MAX - sim_clock(h));
	atomic_fetch_add_explicit(&sh->sh_now, ns, memory_order_relaxed);
}

void
vi_sim_fail_alloc(struct vi_host *h, uint64_t nth)
{
	struct sim_host *sh = sim_host(h);

	(void)pthread_mutex_lock(&sh->sh_lock);
	sh->sh_fail = nth;
	(void)pthread_mutex_unlock(&sh->sh_lock);
}

uint64_t
vi_sim_allocs(struct vi_host *h)
{
	struct sim_host *sh = sim_host(h);
	uint64_t n;

	(void)pthread_mutex_lock(&sh->sh_lock);
	n = sh->sh_allocs;
	(void)pthread_mutex_unlock(&sh->sh_lock);
	return (n);
}

size_t
vi_sim_memory(struct vi_host *h)
{
	struct sim_host *sh = sim_host(h);
	size_t n;

	(void)pthread_mutex_lock(&sh->sh_lock);
	n = sh->sh_memory;
	(void)pthread_mutex_unlock(&sh->sh_lock);
	return (n);
}
