/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CLOCK_MONOTONIC by the processor's counter: a third of the time that clock_gettime(2) takes, which
 * is a tenth of what a small packet costs.  The host's clock is asked every other millisecond, and
 * in between what the counter has counted since is added.
 *
 * Some 100 ns behind the host's clock, a microsecond or two ahead at most where that is slewed; never
 * backwards.  Where the host's kernel does not itself trust the counter
 * (or there is none) each reading is clock_gettime(2).  Any thread may read; nothing is to be freed.
 */
#ifndef HOST_POSIX_TSCCLOCK_H
#define HOST_POSIX_TSCCLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * tc_seq is odd while the four behind it change; readers begin again then.  A time is
 * tc_ns + (counter - tc_base) * tc_mult / 2^32, as long as that difference is below tc_span, which
 * is 0 until the counter's rate is known.
 */
struct tscclock {
	_Atomic uint32_t tc_seq;
	_Atomic uint64_t tc_base;	/* counter */
	_Atomic uint64_t tc_ns;
	_Atomic uint64_t tc_mult;	/* ns of one count * 2^32 */
	_Atomic uint64_t tc_span;	/* counts */
	bool		 tc_usable;	/* these two do not change */
	uint64_t	 tc_born;	/* ns */
	pthread_mutex_t	 tc_lock;	/* for setting anew, and what follows */
	uint64_t	 tc_rate;	/* the first tc_mult, which others must resemble */
	uint64_t	 tc_lastcount, tc_lastns; /* both clocks, read at the same time */
};

int	 tscclock_init(struct tscclock *);
void	 tscclock_fini(struct tscclock *);
uint64_t tscclock_slow(struct tscclock *) __attribute__((cold, noinline));

#if defined(__x86_64__)
static inline uint64_t tscclock_count(void) { return (__builtin_ia32_rdtsc()); }
#else
static inline uint64_t tscclock_count(void) { return (0); }
#endif

/* False: the host's clock is to be asked. */
static inline bool
tscclock_fast(struct tscclock *tc, uint64_t *ns)
{
	const uint32_t seq = atomic_load_explicit(&tc->tc_seq, memory_order_acquire);
	const uint64_t base = atomic_load_explicit(&tc->tc_base, memory_order_relaxed);
	const uint64_t start = atomic_load_explicit(&tc->tc_ns, memory_order_relaxed);
	const uint64_t mult = atomic_load_explicit(&tc->tc_mult, memory_order_relaxed);
	const uint64_t span = atomic_load_explicit(&tc->tc_span, memory_order_relaxed);
	uint64_t passed;

	if (span == 0)			/* the counter may not be there to be read */
		return (false);
	passed = tscclock_count() - base;
	atomic_thread_fence(memory_order_acquire);
	if (passed >= span || (seq & 1) != 0 || atomic_load_explicit(&tc->tc_seq, memory_order_relaxed) != seq)
		return (false);
	*ns = start + (passed * mult >> 32);
	return (true);
}

/* ns */
static inline uint64_t
tscclock_now(struct tscclock *tc)
{
	uint64_t ns;

	return (tscclock_fast(tc, &ns) ? ns : tscclock_slow(tc));
}

#endif
