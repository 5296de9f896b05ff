/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What routing tables cost: ns per insert, per lookup by the trie and by its index, bytes per
 * route.  micro_route [ROUTES [4|6]]; prefixes at random, or with the lengths and the density of a full
 * Internet table (two thirds /24 and most of the rest /16 to /23; IPv6: /32 to /48).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vimage/host.h>

#include "base/splitmix.h"
#include "host/host.h"
#include "kern/kernel.h"
#include "kern/kmem.h"
#include "net/fib_index.h"

#define LOOKUPS 4000000u

struct bench {
	struct vi_host	*h;
	struct kernel	*k;
	struct acctset	 as;
	struct fib	 f;
	uint64_t	 seed;
	uint32_t	*keys;		/* of the routes */
	uint8_t		*lens;
	uint32_t	 n, used;
	int		 values[64];
};

static uint32_t
rnd(struct bench *b)
{
	return ((uint32_t)(splitmix64(&b->seed) >> 32));
}

static unsigned
length4(struct bench *b)
{
	uint32_t r = rnd(b) % 100;

	if (r < 60)
		return (24);
	if (r < 97)
		return (16 + rnd(b) % 8);
	return (r < 99 ? 8 + rnd(b) % 8 : 25 + rnd(b) % 8);
}

static void
prefix_internet(struct bench *b, uint32_t key[4], unsigned *len)
{
	for (unsigned i = 0; i < 4; i++)
		key[i] = rnd(b);
	if (b->f.f_words == 1) {
		*len = length4(b);
		key[0] = (1 + key[0] % 223) << 24 | (rnd(b) & 0xffffff);
	} else {		/* some thousand networks, with their parts */
		*len = rnd(b) % 2 ? 48 : 29 + rnd(b) % 20;
		key[0] = (0x2a000000u | (key[0] % 16) << 20 | rnd(b) % 1024 << 2);
	}
}

static void
prefix_random(struct bench *b, uint32_t key[4], unsigned *len)
{
	for (unsigned i = 0; i < 4; i++)
		key[i] = rnd(b);
	*len = 8 + rnd(b) % (32 * b->f.f_words - 7);
	if (*len < 24)		/* there are not that many */
		*len += 8;
}

/* The processor's time, not the wall's: others may run beside us. */
static uint64_t
cputime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

static double
since(uint64_t t0, uint64_t n)
{
	return ((double)(cputime() - t0) / (double)n);
}

static void
fill(struct bench *b, void (*prefix)(struct bench *, uint32_t *, unsigned *))
{
	uint64_t t0 = cputime();
	uint32_t key[4];
	unsigned len;

	for (b->used = 0; b->used < b->n;) {
		prefix(b, key, &len);
		if (fib_find(&b->f, key, len) != NULL)
			continue;
		if (fib_insert(&b->f, &b->as, key, len, &b->values[rnd(b) % 64]) != 0)
			exit(1);
		memcpy(b->keys + 4 * b->used, key, sizeof(key));
		b->lens[b->used++] = (uint8_t)len;
	}
	printf("  insert %.0f ns;", since(t0, b->n));
}

/* Destinations inside of routes, as traffic is, or anywhere. */
static void
lookups(struct bench *b, const char *what, bool anywhere, bool trie)
{
	uint32_t *keys = malloc(LOOKUPS / 4 * 16);
	uintptr_t sum = 0;
	uint64_t t0;

	for (uint32_t i = 0; i < LOOKUPS / 4; i++) {
		memcpy(keys + 4 * i, b->keys + 4 * (size_t)(rnd(b) % b->n), 16);
		keys[4 * i + b->f.f_words - 1] ^= rnd(b) & 0xff;
		if (anywhere)
			keys[4 * i] = rnd(b);
	}
	if (!trie)
		for (uint32_t i = 0; i < LOOKUPS / 4; i++)
			sum += (uintptr_t)fib_lookup(&b->f, &b->as, keys + 4 * i);
	t0 = cputime();
	for (uint32_t r = 0; r < 4; r++)
		for (uint32_t i = 0; i < LOOKUPS / 4; i++)
			sum += (uintptr_t)(trie ? fib_match(&b->f, keys + 4 * i)
						: fib_lookup(&b->f, &b->as, keys + 4 * i));
	printf(" %s %.1f ns%s", what, since(t0, LOOKUPS), sum == 1 ? "!" : ";");
	free(keys);
}

static void
run(struct bench *b, const char *what, unsigned bits, uint32_t n,
    void (*prefix)(struct bench *, uint32_t *, unsigned *))
{
	fib_init(&b->f, bits);
	b->n = n;
	b->keys = malloc((size_t)n * 16);
	b->lens = malloc(n);
	printf("IPv%d, %s, %u routes:\n", bits == 32 ? 4 : 6, what, n);
	fill(b, prefix);
	lookups(b, "trie", false, true);
	lookups(b, "lookup", false, false);
	if (bits == 32)
		lookups(b, "anywhere", true, false);
	printf(" %.0f + %.0f bytes a route", (double)b->as.as_acct[ACCT_ROUTE].ac_bytes / n,
	    (double)b->as.as_acct[ACCT_HASH].ac_bytes / n);
	uint64_t t0 = cputime();
	for (uint32_t i = 0; i < n; i++)
		(void)fib_remove(&b->f, &b->as, b->keys + 4 * (size_t)i, b->lens[i]);
	printf("; remove %.0f ns\n", since(t0, n));
	fflush(stdout);
	free(b->keys);
	free(b->lens);
}

int
main(int argc, char **argv)
{
	struct vi_kernel_params kp = { 0 };
	static struct bench b;
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;

	if (n == 0 || vi_host_posix_new(NULL, &b.h) != 0)
		return (1);
	kp.kp_host = b.h;
	if (kernel_init(&kp, &b.k) != 0)
		return (1);
	acctset_init(&b.as, b.k, worker_cache(kernel_worker(b.k, 0)));
	if (argc < 3 || argv[2][0] == '4') {
		run(&b, "Internet", 32, n, prefix_internet);
		run(&b, "random", 32, n, prefix_random);
	}
	if (argc < 3 || argv[2][0] == '6') {
		run(&b, "Internet", 128, n / 5 + 1, prefix_internet);
		run(&b, "random", 128, n / 5 + 1, prefix_random);
	}
	kernel_fini(b.k);
	vi_host_posix_free(b.h);
	return (0);
}
