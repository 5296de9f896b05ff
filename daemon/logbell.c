/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages come one by one, from any thread, under any lock; who waits for them is told for many at once, a moment later, by
 * worker 0's loop.
 */
#include "daemon/daemon.h"
#include "daemon/kmsg.h"

#define LOGBELL_DELAY	(2 * UINT64_C(1000000))

static void
tell_worker(void *arg)
{
	lx_log_event(((struct worker *)arg)->w_lx);
}

static void
tell_all(struct dtimer *dt)
{
	struct daemon *d = CONTAINER(dt, struct daemon, d_logtimer);

	__atomic_store_n(&d->d_logbell, false, __ATOMIC_RELEASE);
	daemon_manage(d);
	kmsg_feed_all(d);
	daemon_managed(d);
	/* ENOMEM: the next message tells them. */
	for (unsigned w = 0; w < d->d_nworkers; w++)
		(void)worker_post(d, w, tell_worker, &d->d_workers[w]);
}

static void
set_timer(void *arg)
{
	struct daemon *d = arg;

	if (!d->d_stopping)
		dtimer_set(d, &d->d_logtimer, LOGBELL_DELAY, tell_all);
}

void
logbell_ring(struct daemon *d)
{
	/* The kernel is made before the loops. */
	if (d->d_workers == NULL || d->d_workers[0].w_loop == NULL || __atomic_load_n(&d->d_stopping, __ATOMIC_RELAXED) ||
	    __atomic_exchange_n(&d->d_logbell, true, __ATOMIC_ACQ_REL))
		return;
	if (worker_post(d, 0, set_timer, d) != 0)
		__atomic_store_n(&d->d_logbell, false, __ATOMIC_RELEASE);
}
