/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every target has.
 *
 * One stack for many inputs: making and unmaking a stack costs more than most inputs; for long runs FUZZ_REUSE=n in the environment lets n inputs in a row have the same one.
 * Without it each has its own, so that an input that breaks something does so when it is given alone.
 */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <vimage/vimage.h>

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(expr) do {						\
	if (!(expr)) {							\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #expr);	\
		abort();						\
	}								\
} while (0)

struct reuse { unsigned long ru_limit, ru_served; };

/* Before an input: is a stack to be made for it? */
static inline bool
reuse_first(struct reuse *ru)
{
	const char *text;

	if (ru->ru_limit == 0) {
		text = getenv("FUZZ_REUSE");
		ru->ru_limit = text != NULL ? strtoul(text, NULL, 10) : 0;
		if (ru->ru_limit == 0)
			ru->ru_limit = 1;
	}
	return (ru->ru_served == 0);
}

/* After it: is the stack to go? */
static inline bool
reuse_last(struct reuse *ru)
{
	if (++ru->ru_served < ru->ru_limit)
		return (false);
	ru->ru_served = 0;
	return (true);
}

/* A kernel on a simulated host. */
static inline struct vi_kernel *
target_kernel_of(struct vi_kernel_params *kp, unsigned workers)
{
	struct vi_kernel *k;

	*kp = (struct vi_kernel_params){ .kp_workers = workers, .kp_maxmem = 64 << 20 };
	REQUIRE(vi_host_sim_new(1, &kp->kp_host) == 0);
	REQUIRE(vi_kernel_new(kp, &k) == 0);
	return (k);
}

static inline struct vi_kernel *
target_kernel(struct vi_kernel_params *kp)
{
	return (target_kernel_of(kp, 1));
}

static inline void
target_left(void *arg, const struct vi_leak *lk)
{
	(void)arg;
	fprintf(stderr, "left: %llu bytes in %llu objects of %s\n", (unsigned long long)lk->lk_bytes, (unsigned long long)lk->lk_count, lk->lk_zone);
}

/* Nothing may be left. */
static inline void
target_kernel_free(struct vi_kernel *k, struct vi_kernel_params *kp)
{
	REQUIRE(vi_kernel_free(k, target_left, NULL) == 0);
	REQUIRE(vi_sim_memory(kp->kp_host) == 0);
	vi_host_sim_free(kp->kp_host);
}

#endif
