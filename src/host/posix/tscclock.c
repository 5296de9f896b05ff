/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/posix/tscclock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define TSC_SPAN	2000000u	/* ns between two looks at the host's clock */
#define TSC_CALIBRATE	10000000u	/* ns until the rate is known well enough to begin */
#define TSC_SHORTEST	1000000u	/* ns that tell the rate anew */
#define TSC_APART	4000u		/* counts that reading both clocks may take */
#define TSC_SLOWER	15		/* a share of 2^-15 of the rate: rather behind than ahead */

static uint64_t
monotonic(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

#if defined(__x86_64__)
/* Does the host's kernel keep time by the counter, and may this process read it? */
static bool
counter_trusted(void)
{
	char name[8] = "";
	int mode = 0, fd = open(CLOCKSOURCE, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return (false);
	n = read(fd, name, sizeof(name) - 1);
	(void)close(fd);
	return (n > 0 && strcmp(name, "tsc\n") == 0 && prctl(PR_GET_TSC, &mode) == 0 && mode == PR_TSC_ENABLE);
}
#else
static bool counter_trusted(void) { return (false); }
#endif

/* Reads both clocks; were they read at the same time? */
static bool
tscclock_both(uint64_t *count, uint64_t *ns)
{
	uint64_t before;

	for (int i = 0; i < 4; i++) {
		before = tscclock_count();
		*ns = monotonic();
		*count = tscclock_count();
		if (*count - before < TSC_APART)
			return (true);
	}
	return (false);
}

int
tscclock_init(struct tscclock *tc)
{
	memset(tc, 0, sizeof(*tc));
	tc->tc_usable = counter_trusted() && tscclock_both(&tc->tc_lastcount, &tc->tc_lastns);
	tc->tc_born = tc->tc_lastns;
	return (pthread_mutex_init(&tc->tc_lock, NULL));
}

void
tscclock_fini(struct tscclock *tc)
{
	(void)pthread_mutex_destroy(&tc->tc_lock);
}

/* The rate since the last time, or the one known if the time is short; 0: it is another all at once, and to be found out anew. */
static uint64_t
tscclock_rate(const struct tscclock *tc, uint64_t count, uint64_t ns)
{
	const uint64_t counts = count - tc->tc_lastcount, passed = ns - tc->tc_lastns;
	uint64_t rate;

	if (counts == 0 || passed < TSC_SHORTEST)
		return (tc->tc_mult);
	rate = (uint64_t)(((unsigned __int128)passed << 32) / counts);
	if (tc->tc_rate != 0 && rate - (tc->tc_rate - tc->tc_rate / 128) > tc->tc_rate / 64)
		return (0);
	return (rate - (rate >> TSC_SLOWER));
}

/* The latest time that may have been told. */
static uint64_t
tscclock_told(const struct tscclock *tc, uint64_t count)
{
	const uint64_t passed = count - tc->tc_base;

	return (tc->tc_ns + ((passed < tc->tc_span ? passed : tc->tc_span) * tc->tc_mult >> 32));
}

static uint64_t
tscclock_set(struct tscclock *tc)
{
	const uint32_t seq = atomic_fetch_add_explicit(&tc->tc_seq, 1, memory_order_acq_rel);
	uint64_t count, ns, mult = tc->tc_mult;

	if (tscclock_both(&count, &ns)) {
		mult = tscclock_rate(tc, count, ns);
		tc->tc_lastcount = count;
		tc->tc_lastns = ns;
	}
	if (tc->tc_rate == 0 || mult == 0)
		tc->tc_rate = mult;
	ns = MAX(ns, tscclock_told(tc, count));
	atomic_store_explicit(&tc->tc_base, count, memory_order_relaxed);
	atomic_store_explicit(&tc->tc_ns, ns, memory_order_relaxed);
	atomic_store_explicit(&tc->tc_mult, mult, memory_order_relaxed);
	atomic_store_explicit(&tc->tc_span, mult != 0 ? ((uint64_t)TSC_SPAN << 32) / mult : 0, memory_order_relaxed);
	atomic_store_explicit(&tc->tc_seq, seq + 2, memory_order_release);
	return (ns);
}

uint64_t
tscclock_slow(struct tscclock *tc)
{
	uint64_t ns = monotonic();

	if (!tc->tc_usable || (atomic_load_explicit(&tc->tc_span, memory_order_relaxed) == 0 && ns - tc->tc_born < TSC_CALIBRATE))
		return (ns);
	(void)pthread_mutex_lock(&tc->tc_lock);
	if (!tscclock_fast(tc, &ns))
		ns = tscclock_set(tc);
	(void)pthread_mutex_unlock(&tc->tc_lock);
	return (ns);
}
