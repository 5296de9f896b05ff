/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stack for many inputs.  Making and unmaking a stack costs more than most inputs; for long runs FUZZ_REUSE=n in the environment lets n inputs in a row have the same one.
 * Without it each has its own, so that an input that breaks something does so when it is given alone.
 */
#ifndef TESTS_FUZZ_REUSE_H
#define TESTS_FUZZ_REUSE_H

#include <stdbool.h>
#include <stdlib.h>

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

#endif
