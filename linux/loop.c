/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an owner has used is a bucket that leaks: it is empty again when he has done nothing for LEAK times as long as he was served.  The
 * buckets are few, and owners who share one share its fate.
 *
 * A program that waits for an answer wakes us as soon as it has one, which is BACK_HOLD or so after it was told; what stands back is served just before
 * that, and then not until it has come, or has not.  Since one piece of work from outside is as long as several steps of a round trip, it matters
 * less how many of them there are than when they are done.
 */
#include "linux/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define LOOP_BATCH	128
#define BUCKETS		256
#define LEAK		3		/* who uses more than this part of the time uses much */
#define BUCKET_MUCH	20000		/* ns */
#define BUCKET_MOST	200000
#define SHARED_TIME	1000000		/* ns: who uses little comes again within it, or is done */
#define SHARED_TURN	2000		/* ns at a time while the loop is shared */
#define BACK_HOLD	10000		/* ns between two turns of what stands back, if no program comes in between */
#define BACK_MOST	100000		/* ns that it waits, whatever else there is */

#define NEVER		UINT64_MAX

struct bucket {
	uint64_t	 b_level, b_at;	/* ns used, when it was looked at last */
};

struct lx_queue {
	TAILQ_HEAD(, lx_event) lq_events;
	unsigned	 lq_n;
};

/* Whose program came, and when. */
struct comer {
	const void	*c_owner;
	uint64_t	 c_at;
};

struct lx_loop {
	int		 l_epoll;
	struct lx_event	 l_wake;
	int		 l_next, l_count;	/* of l_ready, while callbacks are made */
	struct epoll_event l_ready[LOOP_BATCH];
	struct lx_queue	 l_late, l_back;
	uint64_t	 l_backsince;	/* since when something stands back */
	uint64_t	 l_hold;	/* until then nothing of that is served */
	uint64_t	 l_turn;	/* sleeps so far */
	uint64_t	 l_now;		/* when the last callback was over */
	uint64_t	 l_until;	/* this one's time; NEVER: there is no end to it; 0: there is none */
	uint64_t	 l_little;	/* when one who uses little was last served */
	struct comer	 l_comers[2];	/* the last such who have programs, of two owners, the later first */
	struct bucket	 l_buckets[BUCKETS];
};

uint64_t
lx_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec);
}

static struct bucket *
loop_bucket(struct lx_loop *l, const void *owner)
{
	return (&l->l_buckets[((uintptr_t)owner * UINT64_C(0x9e3779b97f4a7c15)) >> 56]);
}

static void
bucket_leak(struct bucket *b, uint64_t now)
{
	uint64_t gone = (now - b->b_at) / LEAK;

	b->b_level = b->b_level > gone ? b->b_level - gone : 0;
	b->b_at = now;
}

static bool
loop_usesmuch(struct lx_loop *l, const void *owner)
{
	struct bucket *b = loop_bucket(l, owner);

	bucket_leak(b, l->l_now);
	return (b->b_level > BUCKET_MUCH);
}

static void
loop_came(struct lx_loop *l, const struct lx_event *le)
{
	l->l_little = l->l_now;
	if (le->le_home != NULL)
		return;
	if (l->l_comers[0].c_owner != le->le_owner)
		l->l_comers[1] = l->l_comers[0];
	l->l_comers[0] = (struct comer){ le->le_owner, l->l_now };
}

static bool
loop_stands(const struct lx_loop *l, const struct lx_event *le)
{
	const struct comer *c = &l->l_comers[le->le_home == l->l_comers[0].c_owner];

	return (le->le_home != NULL && c->c_owner != NULL && l->l_now - c->c_at < SHARED_TIME);
}

/* The event may not be there any more afterwards. */
static void
loop_call(struct lx_loop *l, struct lx_event *le, uint32_t events)
{
	const void *owner = le->le_owner;
	uint64_t began = l->l_now;
	struct bucket *b;

	l->l_until = lx_loop_shared(l) ? began + SHARED_TURN : NEVER;
	if (owner != NULL && le->le_home == NULL)
		l->l_hold = 0;
	le->le_fn(le, events);
	l->l_until = 0;
	l->l_now = lx_now();
	if (owner == NULL)
		return;
	b = loop_bucket(l, owner);
	bucket_leak(b, began);
	b->b_level += l->l_now - began;
	b->b_at = l->l_now;
	if (b->b_level > BUCKET_MOST)
		b->b_level = BUCKET_MOST;
}

static void
loop_woken(struct lx_event *le, uint32_t events)
{
	uint64_t count;

	(void)events;
	(void)!read(le->le_fd, &count, sizeof(count));
}

int
lx_loop_new(struct lx_loop **lp)
{
	struct lx_loop *l;
	int error;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (ENOMEM);
	l->l_wake.le_fd = -1;
	TAILQ_INIT(&l->l_late.lq_events);
	TAILQ_INIT(&l->l_back.lq_events);
	l->l_epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->l_epoll < 0) {
		error = errno;
		goto fail;
	}
	l->l_wake.le_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->l_wake.le_fd < 0) {
		error = errno;
		goto fail;
	}
	error = lx_loop_add(l, &l->l_wake, l->l_wake.le_fd, EPOLLIN, loop_woken);
	if (error != 0)
		goto fail;
	*lp = l;
	return (0);
fail:
	lx_loop_free(l);
	return (error);
}

void
lx_loop_free(struct lx_loop *l)
{
	if (l->l_wake.le_fd >= 0)
		close(l->l_wake.le_fd);
	if (l->l_epoll >= 0)
		close(l->l_epoll);
	free(l);
}

int
lx_loop_add(struct lx_loop *l, struct lx_event *le, int fd, uint32_t events,
    void (*fn)(struct lx_event *, uint32_t))
{
	struct epoll_event ev = { .events = events, .data = { .ptr = le } };

	if (epoll_ctl(l->l_epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		return (errno);
	le->le_fn = fn;
	le->le_fd = fd;
	le->le_events = events;
	return (0);
}

void
lx_loop_job(struct lx_event *le, void (*fn)(struct lx_event *, uint32_t))
{
	le->le_fn = fn;
	le->le_fd = -1;
}

int
lx_loop_mod(struct lx_loop *l, struct lx_event *le, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = le } };

	if (epoll_ctl(l->l_epoll, EPOLL_CTL_MOD, le->le_fd, &ev) != 0)
		return (errno);
	le->le_events = events;
	return (0);
}

static void
loop_queue(struct lx_queue *lq, struct lx_event *le, uint32_t events)
{
	if (le->le_queue == NULL) {
		TAILQ_INSERT_TAIL(&lq->lq_events, le, le_link);
		lq->lq_n++;
		le->le_queue = lq;
	}
	le->le_late |= events;
}

static void
loop_unqueue(struct lx_event *le)
{
	struct lx_queue *lq = le->le_queue;

	TAILQ_REMOVE(&lq->lq_events, le, le_link);
	lq->lq_n--;
	le->le_queue = NULL;
	le->le_late = 0;
}

static void
loop_stand(struct lx_loop *l, struct lx_event *le, uint32_t events)
{
	if (l->l_back.lq_n == 0)
		l->l_backsince = l->l_now;
	loop_queue(&l->l_back, le, events);
}

/* Must it wait?  Then it does. */
static bool
loop_putoff(struct lx_loop *l, struct lx_event *le, uint32_t events)
{
	if (le->le_owner == NULL)
		return (false);
	if (loop_stands(l, le))
		loop_stand(l, le, events);
	else if (le->le_queue != NULL || loop_usesmuch(l, le->le_owner))
		loop_queue(&l->l_late, le, events);
	else
		return (false);
	return (true);
}

void
lx_loop_again(struct lx_loop *l, struct lx_event *le)
{
	if (le->le_fn == NULL)
		return;
	if (l->l_until == 0 && l->l_late.lq_n + l->l_back.lq_n == 0)
		lx_loop_wake(l);	/* the worker may be about to sleep */
	if (loop_stands(l, le))
		loop_stand(l, le, LX_AGAIN);
	else
		loop_queue(&l->l_late, le, LX_AGAIN);
}

void
lx_loop_del(struct lx_loop *l, struct lx_event *le)
{
	int i;

	if (le->le_fn == NULL)
		return;
	if (le->le_fd >= 0)
		(void)epoll_ctl(l->l_epoll, EPOLL_CTL_DEL, le->le_fd, NULL);
	le->le_fn = NULL;
	if (le->le_queue != NULL)
		loop_unqueue(le);
	for (i = l->l_next; i < l->l_count; i++)
		if (l->l_ready[i].data.ptr == le)
			l->l_ready[i].data.ptr = NULL;
}

/* The host's kernel before 5.11 knows milliseconds only; rounding up never wakes too early. */
static int
loop_epoll(struct lx_loop *l, uint64_t ns)
{
	struct timespec ts, *tsp = NULL;
	int n;

	if (ns != UINT64_MAX) {
		ts.tv_sec = (time_t)(ns / 1000000000);
		ts.tv_nsec = (long)(ns % 1000000000);
		tsp = &ts;
	}
	n = epoll_pwait2(l->l_epoll, l->l_ready, LOOP_BATCH, tsp, NULL);
	if (n < 0 && errno == ENOSYS) {
		ns = ns / 1000000 + (ns % 1000000 != 0);
		n = epoll_wait(l->l_epoll, l->l_ready, LOOP_BATCH,
		    tsp == NULL ? -1 : ns > 1000000 ? 1000000 : (int)ns);
	}
	return (n < 0 ? 0 : n);
}

int
lx_loop_sleep(struct lx_loop *l, uint64_t timeout_ns)
{
	l->l_turn++;
	l->l_next = 0;
	l->l_count = loop_epoll(l, timeout_ns);
	return (l->l_count);
}

int
lx_loop_dispatch(struct lx_loop *l)
{
	struct epoll_event *ev;
	struct lx_event *le;
	int made = 0;

	l->l_now = lx_now();
	while (l->l_next < l->l_count) {
		ev = &l->l_ready[l->l_next++];
		le = ev->data.ptr;
		if (le == NULL)
			continue;
		if (loop_putoff(l, le, ev->events))
			continue;
		if (le->le_owner != NULL && (ev->events & EPOLLIN) != 0)
			loop_came(l, le);
		loop_call(l, le, ev->events);
		made++;
	}
	l->l_count = l->l_next = 0;
	return (made);
}

bool
lx_loop_shared(const struct lx_loop *l)
{
	return (l->l_now - l->l_little < SHARED_TIME);
}

bool
lx_loop_over(const struct lx_loop *l)
{
	return (l->l_until != 0 && l->l_until != NEVER && lx_now() >= l->l_until);
}

uint64_t
lx_loop_turn(const struct lx_loop *l)
{
	return (l->l_turn);
}

bool
lx_loop_waiting(const struct lx_loop *l)
{
	return (l->l_late.lq_n > 0);
}

bool
lx_loop_standing(const struct lx_loop *l)
{
	return (l->l_back.lq_n > 0);
}

/* Only who waits now: who asks for another turn gets it the next time. */
static void
loop_serve(struct lx_loop *l, struct lx_queue *lq, uint64_t began)
{
	struct lx_event *le;
	uint32_t events;

	for (unsigned n = lq->lq_n; n > 0 && (le = TAILQ_FIRST(&lq->lq_events)) != NULL; n--) {
		events = le->le_late;
		loop_unqueue(le);
		loop_call(l, le, events);
		if (lx_loop_shared(l) && l->l_now - began >= SHARED_TURN)
			break;
	}
}

bool
lx_loop_late(struct lx_loop *l)
{
	l->l_now = lx_now();
	loop_serve(l, &l->l_late, l->l_now);
	return (lx_loop_waiting(l));
}

bool
lx_loop_back(struct lx_loop *l, bool busy)
{
	const uint64_t now = lx_now();

	if (l->l_back.lq_n == 0 || ((busy || now < l->l_hold) && now - l->l_backsince < BACK_MOST))
		return (false);
	l->l_now = l->l_backsince = now;
	loop_serve(l, &l->l_back, now);
	l->l_hold = l->l_now + BACK_HOLD;
	return (true);
}

int
lx_loop_wait(struct lx_loop *l, uint64_t timeout_ns)
{
	lx_loop_sleep(l, timeout_ns);
	return (lx_loop_dispatch(l));
}

void
lx_loop_wake(struct lx_loop *l)
{
	uint64_t one = 1;

	(void)!write(l->l_wake.le_fd, &one, sizeof(one));
}
