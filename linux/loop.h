/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop of one worker: epoll, a wake-up, and who comes first.  One thread; only lx_loop_wake may be called from others.
 *
 * An event may have an owner, whose programs or wires it is about.  What owners use is added up.  Events of those who use much wait in a queue, and so does
 * what asked for another turn (lx_loop_again); lx_loop_late serves it, behind what the others want.  While there are such others the loop is
 * shared: a callback that has much to do ends when lx_loop_over says so, and comes again.
 *
 * Events that only bring work from outside (le_home) stand back for programs that use little, however little they use themselves: a program that was
 * answered needs some time to ask again, and lx_loop_back serves them then, a little at a time.
 */
#ifndef LINUX_LOOP_H
#define LINUX_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

struct lx_loop;
struct lx_queue;

#define LX_AGAIN	(1u << 26)	/* among EPOLL*: it asked for another turn */

/* Embedded in what owns the descriptor.  Deleting an event (even from inside a callback) discards what is pending for it. */
struct lx_event {
	void	(*le_fn)(struct lx_event *, uint32_t events);	/* EPOLL* */
	int	 le_fd;
	uint32_t le_events;
	uint32_t le_late;	/* what it waits with in a queue of the loop */
	struct lx_queue *le_queue;	/* NULL: it is in none */
	const void *le_owner;	/* a name, never looked into; NULL: nobody's, and always at once */
	const void *le_home;	/* it stands back for the programs of all owners but this one; NULL: for nobody's */
	TAILQ_ENTRY(lx_event) le_link;
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
/* What waits gets one turn each, or one for all if the loop is shared.  True: something still waits. */
bool	lx_loop_late(struct lx_loop *);
/*
 * What stands back gets a turn for all.  busy: there is something else to do just now, so only if it has waited too long.  False: it was not its time,
 * or nothing was there.
 */
bool	lx_loop_back(struct lx_loop *, bool busy);
uint64_t lx_loop_turn(const struct lx_loop *);	/* another after each sleep, from 1 */
bool	lx_loop_waiting(const struct lx_loop *);	/* is there something for lx_loop_late? */
bool	lx_loop_standing(const struct lx_loop *);	/* ... for lx_loop_back? */
void	lx_loop_again(struct lx_loop *, struct lx_event *);	/* a callback with LX_AGAIN */
/* One that has no descriptor: its callbacks are those that it asked for. */
void	lx_loop_job(struct lx_event *, void (*fn)(struct lx_event *, uint32_t));
bool	lx_loop_shared(const struct lx_loop *);	/* somebody who uses little has been here just now */
bool	lx_loop_over(const struct lx_loop *);	/* for callbacks: time for others */
uint64_t lx_now(void);	/* the clock of all this, ns */
void	lx_loop_wake(struct lx_loop *);

#endif
