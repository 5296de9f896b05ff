/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop of one worker: epoll, a wake-up, nothing else.  One thread; only lx_loop_wake may be called from others.
 */
#ifndef LINUX_LOOP_H
#define LINUX_LOOP_H

#include <stdint.h>

struct lx_loop;

/* Embedded in what owns the descriptor.  Deleting an event (even from inside a callback) discards what is pending for it. */
struct lx_event {
	void	(*le_fn)(struct lx_event *, uint32_t events);	/* EPOLL* */
	int	 le_fd;
	uint32_t le_events;
};

int	lx_loop_new(struct lx_loop **);
void	lx_loop_free(struct lx_loop *);
int	lx_loop_add(struct lx_loop *, struct lx_event *, int fd, uint32_t events, void (*fn)(struct lx_event *, uint32_t));
int	lx_loop_mod(struct lx_loop *, struct lx_event *, uint32_t events);
void	lx_loop_del(struct lx_loop *, struct lx_event *);	/* does not close the descriptor; harmless when not added */
/* Waits at most timeout_ns (UINT64_MAX = for ever, 0 = only look) and makes the callbacks.  Returns how many. */
int	lx_loop_wait(struct lx_loop *, uint64_t timeout_ns);
/*
 * The two halves of lx_loop_wait: sleep only waits and collects, dispatch makes the callbacks of what was collected.  A worker of several
 * sleeps outside vi_worker_enter/leave and dispatches inside.
 */
int	lx_loop_sleep(struct lx_loop *, uint64_t timeout_ns);
int	lx_loop_dispatch(struct lx_loop *);
void	lx_loop_wake(struct lx_loop *);

#endif
