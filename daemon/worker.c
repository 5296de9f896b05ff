/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads.  Worker 0 is the main thread; its loop also carries the control server and
 * everything about processes.  What the main thread has to do with another worker's programs is
 * posted to that worker's thread, because its loop may only be used there.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "daemon/ctl_serve.h"
#include "daemon/jcpuset.h"

#define PASSES	8	/* turns in which who waits is passed over, one after the other */
#define POLLS	2	/* of the stacks, for what goes from one to another */

void
worker_posts(struct worker *w)
{
	struct post *po;
	bool heap, *done;

	pthread_mutex_lock(&w->w_lock);
	while ((po = STAILQ_FIRST(&w->w_posts)) != NULL) {
		STAILQ_REMOVE_HEAD(&w->w_posts, po_link);
		pthread_mutex_unlock(&w->w_lock);
		heap = po->po_heap;
		done = po->po_done;
		po->po_fn(po->po_arg);
		if (heap)
			free(po);
		pthread_mutex_lock(&w->w_lock);
		if (done != NULL) {
			*done = true;
			pthread_cond_broadcast(&w->w_done);
		}
	}
	pthread_mutex_unlock(&w->w_lock);
}

/*
 * A poll is short.  What programs write takes longer to fetch than that, and would overflow the queues that it is put into: the stacks get as much
 * time as was spent on programs since began.  While the loop is shared they get it piece by piece, some polls each turn, and who waits for another
 * turn gets it afterwards.
 */
static uint64_t
worker_stacks(struct worker *w, uint64_t began, int polls)
{
	uint64_t wait, then = lx_now(), now;

	w->w_owed += then - began;
	do {
		wait = vi_worker_poll(w->w_worker);
		now = lx_now();
		w->w_owed = wait != 0 || w->w_owed <= now - then ? 0 : w->w_owed - (now - then);
		then = now;
	} while (wait == 0 && (--polls > 0 || (w->w_owed > 0 && !lx_loop_shared(w->w_loop))));
	return wait;
}

/* What has just come from who uses little goes through the stacks before those who wait get their turn. */
static bool
worker_passes(struct worker *w, bool made)
{
	if (made && lx_loop_shared(w->w_loop) && w->w_passed++ < PASSES)
		return true;
	w->w_passed = 0;
	return w->w_owed > 0;
}

/* False: there was nobody to serve. */
static bool
worker_late(struct worker *w, bool made)
{
	if (worker_passes(w, made) || !lx_loop_waiting(w->w_loop))
		return false;
	(void)lx_loop_late(w->w_loop);
	return true;
}

void
worker_loop(struct worker *w)
{
	uint64_t wait = 0, began;
	bool made, late;

	while (!__atomic_load_n(&w->w_stop, __ATOMIC_ACQUIRE)) {
		lx_loop_sleep(w->w_loop, wait);
		vi_worker_enter(w->w_worker);
		began = lx_now();
		worker_posts(w);
		made = lx_loop_dispatch(w->w_loop) > 0;
		if (lx_loop_shared(w->w_loop))
			began = lx_now();	/* who uses little owes nothing */
		late = worker_late(w, made);
		wait = worker_stacks(w, began, made ? POLLS : 1);
		/* Behind what was done for programs, not before the stacks have seen it. */
		if (lx_loop_back(w->w_loop, made || late || wait == 0))
			wait = worker_stacks(w, lx_now(), 1);
		if (lx_loop_waiting(w->w_loop) || lx_loop_standing(w->w_loop))
			wait = 0;
		vi_worker_leave(w->w_worker);
	}
}

static void *
worker_main(void *arg)
{
	worker_loop(arg);
	return NULL;
}

void
worker_wake(void *arg, unsigned i)
{
	struct daemon *d = arg;

	/* The kernel is made before the loops. */
	if (d->d_workers != NULL && d->d_workers[i].w_loop != NULL)
		lx_loop_wake(d->d_workers[i].w_loop);
}

void
worker_post_own(struct worker *w, struct post *po, void (*fn)(void *), void *arg)
{
	po->po_fn = fn;
	po->po_arg = arg;
	pthread_mutex_lock(&w->w_lock);
	STAILQ_INSERT_TAIL(&w->w_posts, po, po_link);
	pthread_mutex_unlock(&w->w_lock);
	lx_loop_wake(w->w_loop);
}

int
worker_post(struct daemon *d, unsigned i, void (*fn)(void *), void *arg)
{
	struct post *po;

	if ((po = calloc(1, sizeof(*po))) == NULL)
		return ENOMEM;
	po->po_heap = true;
	worker_post_own(&d->d_workers[i], po, fn, arg);
	return 0;
}

void
worker_post_last(struct worker *w, struct post *po, void (*fn)(void *), void *arg)
{
	if (w->w_daemon->d_nworkers > 1 && !w->w_daemon->d_alone)
		worker_post_own(w, po, fn, arg);
	else
		fn(arg);
}

static void
post_and_wait(struct worker *w, void (*fn)(void *), void *arg)
{
	bool done = false;
	struct post po = { .po_done = &done };

	worker_post_own(w, &po, fn, arg);
	pthread_mutex_lock(&w->w_lock);
	while (!done)
		pthread_cond_wait(&w->w_done, &w->w_lock);
	pthread_mutex_unlock(&w->w_lock);
}

/* It must not keep the others from a safe point while it waits. */
void
worker_call(struct daemon *d, unsigned i, void (*fn)(void *), void *arg)
{
	struct worker *w = &d->d_workers[i];

	if (i == 0 || !w->w_started) {
		fn(arg);
		return;
	}
	vi_worker_leave(d->d_workers[0].w_worker);
	post_and_wait(w, fn, arg);
	vi_worker_enter(d->d_workers[0].w_worker);
}

void
worker_call_managed(struct daemon *d, unsigned i, void (*fn)(void *), void *arg)
{
	daemon_managed(d);
	worker_call(d, i, fn, arg);
	daemon_manage(d);
}

void
worker_manage(struct worker *w)
{
	if (w->w_daemon->d_nworkers > 1 && !w->w_daemon->d_alone) {
		vi_worker_leave(w->w_worker);
		vi_kernel_lock(w->w_daemon->d_kernel);
	}
}

void
worker_managed(struct worker *w)
{
	if (w->w_daemon->d_nworkers > 1 && !w->w_daemon->d_alone) {
		vi_kernel_unlock(w->w_daemon->d_kernel);
		vi_worker_enter(w->w_worker);
	}
}

void
daemon_manage(struct daemon *d)
{
	worker_manage(&d->d_workers[0]);
}

void
daemon_managed(struct daemon *d)
{
	worker_managed(&d->d_workers[0]);
}

static int
worker_init(struct daemon *d, unsigned i)
{
	static const struct lx_ops ops = { .lo_ctl_socket = ctl_serve_jail, .lo_setaffinity = jcpuset_set };
	struct worker *w = &d->d_workers[i];
	int error;

	w->w_daemon = d;
	w->w_index = i;
	pthread_mutex_init(&w->w_lock, NULL);
	pthread_cond_init(&w->w_done, NULL);
	STAILQ_INIT(&w->w_posts);
	w->w_worker = vi_kernel_worker(d->d_kernel, i);
	if ((error = lx_loop_new(&w->w_loop)) != 0)
		return error;
	return lx_new(w->w_worker, w->w_loop, &ops, d, &w->w_lx);
}

int
workers_new(struct daemon *d, unsigned n)
{
	int error;

	if ((d->d_workers = calloc(n, sizeof(*d->d_workers))) == NULL)
		return ENOMEM;
	d->d_nworkers = n;
	for (unsigned i = 0; i < n; i++)
		if ((error = worker_init(d, i)) != 0)
			return error;
	return 0;
}

int
workers_start(struct daemon *d)
{
	int error = 0;

	for (unsigned i = 1; i < d->d_nworkers && error == 0; i++) {
		struct worker *w = &d->d_workers[i];

		error = pthread_create(&w->w_thread, NULL, worker_main, w);
		w->w_started = error == 0;
	}
	return error;
}

void
workers_stop(struct daemon *d)
{
	for (unsigned i = 1; i < d->d_nworkers; i++) {
		struct worker *w = &d->d_workers[i];

		if (!w->w_started)
			continue;
		__atomic_store_n(&w->w_stop, true, __ATOMIC_RELEASE);
		lx_loop_wake(w->w_loop);
		pthread_join(w->w_thread, NULL);
		w->w_started = false;
		worker_posts(w);
	}
}

void
workers_close(struct daemon *d)
{
	for (unsigned i = 0; i < d->d_nworkers; i++)
		if (d->d_workers[i].w_lx != NULL)
			lx_free(d->d_workers[i].w_lx);
}

void
workers_free(struct daemon *d)
{
	for (unsigned i = 0; i < d->d_nworkers; i++) {
		struct worker *w = &d->d_workers[i];

		if (w->w_loop != NULL)
			lx_loop_free(w->w_loop);
		pthread_mutex_destroy(&w->w_lock);
		pthread_cond_destroy(&w->w_done);
	}
	free(d->d_workers);
	d->d_workers = NULL;
}
