/* SPDX-License-Identifier: BSD-2-Clause */
/* The real host: the processor's clock, getrandom, mmap and pthread mutexes. */
#include <vimage/host.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "base/util.h"
#include "host/host.h"
#include "host/posix/pages.h"
#include "host/posix/tscclock.h"

#define RANDBUF		1024	/* bytes of entropy fetched at once */

struct posix_host {
	struct vi_host	 ph_host;
	struct vi_posix_params ph_params;
	struct tscclock	 ph_clock;
	pthread_mutex_t	 ph_randlock;
	size_t		 ph_randleft;	/* unused bytes, at the end of ph_randbuf */
	uint8_t		 ph_randbuf[RANDBUF];
};

static struct posix_host *
posix_host(struct vi_host *h)
{
	return (CONTAINER_OF(h, struct posix_host, ph_host));
}

static uint64_t
posix_now(struct vi_host *h)
{
	return (tscclock_now(&posix_host(h)->ph_clock));
}

static uint64_t
posix_realtime(struct vi_host *h)
{
	struct timespec ts;

	(void)h;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

/* A kernel without entropy must not go on: its sequence numbers would be guessed. */
static void
posix_entropy(uint8_t *buf, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = getrandom(buf, MIN(len, (size_t)256), 0);
		VI_ASSERT(n > 0 || errno == EINTR);
		if (n > 0) {
			buf += n;
			len -= (size_t)n;
		}
	}
}

/* Small requests share one system call; what was given out is erased. */
static void
posix_random(struct vi_host *h, void *buf, size_t len)
{
	struct posix_host *ph = posix_host(h);
	uint8_t *p;

	if (len > RANDBUF / 4) {
		posix_entropy(buf, len);
		return;
	}
	(void)pthread_mutex_lock(&ph->ph_randlock);
	if (ph->ph_randleft < len) {
		posix_entropy(ph->ph_randbuf, RANDBUF);
		ph->ph_randleft = RANDBUF;
	}
	p = ph->ph_randbuf + RANDBUF - ph->ph_randleft;
	memcpy(buf, p, len);
	explicit_bzero(p, len);
	ph->ph_randleft -= len;
	(void)pthread_mutex_unlock(&ph->ph_randlock);
}

static void *
posix_page_alloc(struct vi_host *h, size_t size, size_t align)
{
	(void)h;
	return (pages_alloc(size, align));
}

static void
posix_page_free(struct vi_host *h, void *p, size_t size)
{
	(void)h;
	pages_free(p, size);
}

static void
posix_wake(struct vi_host *h, unsigned worker)
{
	struct posix_host *ph = posix_host(h);

	if (ph->ph_params.pp_wake != NULL)
		ph->ph_params.pp_wake(ph->ph_params.pp_arg, worker);
}

static void
posix_log(struct vi_host *h, const struct vi_logmsg *lm)
{
	struct posix_host *ph = posix_host(h);

	if (ph->ph_params.pp_log != NULL)
		ph->ph_params.pp_log(ph->ph_params.pp_arg, lm);
}

static const struct vi_host_ops posix_ops = {
	.now = posix_now,
	.realtime = posix_realtime,
	.random = posix_random,
	.page_alloc = posix_page_alloc,
	.page_free = posix_page_free,
	.wake = posix_wake,
	.log = posix_log,
	.mutex_new = pmutex_new,
	.mutex_free = pmutex_free,
	.mutex_lock = pmutex_lock,
	.mutex_unlock = pmutex_unlock,
};

int
vi_host_posix_new(const struct vi_posix_params *pp, struct vi_host **hp)
{
	struct posix_host *ph;
	int error;

	*hp = NULL;
	if ((ph = calloc(1, sizeof(*ph))) == NULL)
		return (ENOMEM);
	if ((error = pthread_mutex_init(&ph->ph_randlock, NULL)) != 0)
		goto fail;
	if ((error = tscclock_init(&ph->ph_clock)) != 0)
		goto unlock;
	ph->ph_host.h_ops = &posix_ops;
	if (pp != NULL)
		ph->ph_params = *pp;
	*hp = &ph->ph_host;
	return (0);
unlock:
	(void)pthread_mutex_destroy(&ph->ph_randlock);
fail:
	free(ph);
	return (error);
}

void
vi_host_posix_free(struct vi_host *h)
{
	struct posix_host *ph;

	if (h == NULL)
		return;
	ph = posix_host(h);
	tscclock_fini(&ph->ph_clock);
	(void)pthread_mutex_destroy(&ph->ph_randlock);
	explicit_bzero(ph, sizeof(*ph));
	free(ph);
}
