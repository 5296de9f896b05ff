/* SPDX-License-Identifier: BSD-2-Clause */
/* One kernel: made of memory, then the lock, then the workers; unmade in reverse. */
#include "kern/kernel.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/siphash.h"
#include "host/host.h"
#include "kern/worker_int.h"

static int
worker_new(struct kernel *k, unsigned i)
{
	struct worker *w;

	if ((w = kmem_pages(k->k_mem, sizeof(*w))) == NULL)
		return (ENOMEM);
	k->k_workers[i] = w;
	w->w_kernel = k;
	w->w_index = i;
	w->w_sleepuntil = VI_FOREVER;
	memcache_init(&w->w_cache, k->k_mem);
	acctset_init(&w->w_acct, k, &w->w_cache);
	wheel_init(&w->w_wheel, k->k_boottime);
	if (k->k_nworkers > 1 && (w->w_mutex = host_mutex_new(k->k_host)) == NULL)
		return (ENOMEM);
	return (0);
}

static int
kernel_build(struct kernel *k)
{
	int error;

	if ((k->k_lock = kmem_pages(k->k_mem, sizeof(*k->k_lock))) == NULL)
		return (ENOMEM);
	if (k->k_nworkers > 1 && (k->k_lock->kl_mutex = host_mutex_new(k->k_host)) == NULL)
		return (ENOMEM);
	if ((k->k_workers = kmem_pages(k->k_mem, k->k_nworkers * sizeof(k->k_workers[0]))) == NULL)
		return (ENOMEM);
	for (unsigned i = 0; i < k->k_nworkers; i++)
		if ((error = worker_new(k, i)) != 0)
			return (error);
	acctset_init(&k->k_acct, k, &k->k_workers[0]->w_cache);
	return (0);
}

/* Of a kernel that may be half built; the memory goes with kmem. */
static void
kernel_unbuild(struct kernel *k)
{
	struct kmem *km = k->k_mem;

	for (unsigned i = 0; k->k_workers != NULL && i < k->k_nworkers; i++)
		if (k->k_workers[i] != NULL && k->k_workers[i]->w_mutex != NULL)
			host_mutex_free(k->k_host, k->k_workers[i]->w_mutex);
	if (k->k_lock != NULL && k->k_lock->kl_mutex != NULL)
		host_mutex_free(k->k_host, k->k_lock->kl_mutex);
	kmem_fini(km);
}

static void
identify(struct kernel *k, const char *identity)
{
	struct siphash_key key = { 0, 0 };

	memcpy(k->k_hostkey, k->k_hashkey, sizeof(k->k_hostkey));
	for (unsigned i = 0; identity != NULL && i < 2; i++) {
		key.sk_k1 = i;
		k->k_hostkey[i] = siphash24(&key, identity, strlen(identity));
	}
}

int
kernel_init(const struct vi_kernel_params *kp, struct kernel **kp_out)
{
	struct vi_host *h = kp->kp_host;
	struct kernel *k;
	struct kmem *km;
	int error;

	*kp_out = NULL;
	if (h == NULL || kp->kp_workers > 1024)
		return (EINVAL);
	if ((error = kmem_init(h, kp->kp_maxmem, &km)) != 0)
		return (error);
	if ((k = kmem_pages(km, sizeof(*k))) == NULL) {
		kmem_fini(km);
		return (ENOMEM);
	}
	k->k_host = h;
	k->k_mem = km;
	k->k_nworkers = kp->kp_workers != 0 ? kp->kp_workers : 1;
	k->k_boottime = host_now(h);
	host_random(h, k->k_hashkey, sizeof(k->k_hashkey));
	identify(k, kp->kp_identity);
	if ((error = kernel_build(k)) != 0) {
		kernel_unbuild(k);
		return (error);
	}
	*kp_out = k;
	return (0);
}

void
kernel_fini(struct kernel *k)
{
	if (k == NULL)
		return;
	VI_ASSERT(!k->k_lock->kl_held);
	kernel_noevents(k);
	kernel_unbuild(k);
}

uint64_t
kernel_now(struct kernel *k)
{
	return (host_now(k->k_host));
}

void
kernel_random(struct kernel *k, void *buf, size_t len)
{
	host_random(k->k_host, buf, len);
}

uint32_t
kernel_random32(struct kernel *k)
{
	uint32_t v;

	host_random(k->k_host, &v, sizeof(v));
	return (v);
}

/*
 * The high word of a product is uniform but for the products whose low word is below 2^32 mod limit
 * (Lemire, "Fast random integer generation in an interval", 2019).
 */
uint32_t
kernel_random_below(struct kernel *k, uint32_t limit)
{
	uint64_t prod;

	if (limit < 2)
		return (0);
	do
		prod = (uint64_t)kernel_random32(k) * limit;
	while ((uint32_t)prod < -limit % limit);
	return ((uint32_t)(prod >> 32));
}

void
kernel_fail_alloc(struct kernel *k, uint64_t nth)
{
	for (unsigned i = 0; i < k->k_nworkers; i++)
		k->k_workers[i]->w_cache.mc_fail = nth;
}
