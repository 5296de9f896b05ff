/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running on the simulated host: virtual time jumps from one timer or event to the next.
 *
 * Events are what the user wants done at a time.  They run between polls, outside of every lane, so they may
 * do what any caller may; timers of the same time come first.  The list is short and sorted, latest first.
 */
#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "host/host.h"
#include "kern/worker_int.h"

#define EVENTS_MIN	16u

struct event {
	uint64_t	 ev_time;
	vi_event_fn	*ev_fn;
	void		*ev_arg;
};

struct kevents {
	struct event	*ke_list;
	uint32_t	 ke_n, ke_size;
};

static struct kevents *
events_get(struct kernel *k)
{
	if (k->k_events == NULL)
		k->k_events = kmalloc(&k->k_acct, ACCT_MISC, sizeof(*k->k_events));
	return (k->k_events);
}

static int
events_grow(struct kernel *k, struct kevents *ke)
{
	uint32_t size = MAX(2 * ke->ke_size, EVENTS_MIN);
	struct event *new;

	if (ke->ke_n < ke->ke_size)
		return (0);
	if ((new = kmalloc(&k->k_acct, ACCT_MISC, size * sizeof(*new))) == NULL)
		return (ENOBUFS);
	if (ke->ke_n > 0)
		memcpy(new, ke->ke_list, ke->ke_n * sizeof(*new));
	kfree(&k->k_acct, ACCT_MISC, ke->ke_list, ke->ke_size * sizeof(*new));
	ke->ke_list = new;
	ke->ke_size = size;
	return (0);
}

int
kernel_at(struct kernel *k, uint64_t when, vi_event_fn *fn, void *arg)
{
	struct kevents *ke;
	uint32_t i;

	if (!host_is_sim(kernel_host(k)))
		return (EOPNOTSUPP);
	if ((ke = events_get(k)) == NULL || events_grow(k, ke) != 0)
		return (ENOBUFS);
	for (i = ke->ke_n; i > 0 && ke->ke_list[i - 1].ev_time <= when; i--)
		;
	memmove(&ke->ke_list[i + 1], &ke->ke_list[i], (ke->ke_n - i) * sizeof(ke->ke_list[0]));
	ke->ke_list[i] = (struct event){ when, fn, arg };
	ke->ke_n++;
	return (0);
}

void
kernel_noevents(struct kernel *k)
{
	struct kevents *ke = k->k_events;

	if (ke == NULL)
		return;
	k->k_events = NULL;
	kfree(&k->k_acct, ACCT_MISC, ke->ke_list, ke->ke_size * sizeof(ke->ke_list[0]));
	kfree(&k->k_acct, ACCT_MISC, ke, sizeof(*ke));
}

static uint64_t
events_next(const struct kernel *k)
{
	const struct kevents *ke = k->k_events;

	return (ke != NULL && ke->ke_n > 0 ? ke->ke_list[ke->ke_n - 1].ev_time : VI_FOREVER);
}

static void
events_run(struct kernel *k)
{
	struct kevents *ke = k->k_events;
	const struct event ev = ke->ke_list[--ke->ke_n];

	ev.ev_fn(ev.ev_arg);
}

static void
kernel_setstop(struct kernel *k, const bool *stop)
{
	for (unsigned i = 0; i < k->k_nworkers; i++)
		k->k_workers[i]->w_stop = stop;
}

uint64_t
kernel_run(struct kernel *k, uint64_t until, const bool *stop)
{
	struct vi_host *h = kernel_host(k);
	uint64_t wait, now, next;

	VI_ASSERT(host_is_sim(h));
	kernel_setstop(k, stop);
	while (stop == NULL || !*stop) {
		if ((wait = kernel_poll(k)) == 0)
			continue;
		now = host_now(h);
		next = events_next(k);
		if (next <= now) {
			events_run(k);
			continue;
		}
		if (wait != VI_FOREVER)
			next = MIN(next, now + wait);
		if (next == VI_FOREVER || now >= until)
			break;
		vi_sim_advance(h, MIN(next, until) - now);
		if (next > until)
			break;
	}
	kernel_setstop(k, NULL);
	return (host_now(h));
}
