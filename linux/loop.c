/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define LOOP_BATCH	128

struct lx_loop {
	int		 l_epoll;
	struct lx_event	 l_wake;
	int		 l_next, l_count;	/* of l_ready, while callbacks are made */
	struct epoll_event l_ready[LOOP_BATCH];
};

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

int
lx_loop_mod(struct lx_loop *l, struct lx_event *le, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = le } };

	if (epoll_ctl(l->l_epoll, EPOLL_CTL_MOD, le->le_fd, &ev) != 0)
		return (errno);
	le->le_events = events;
	return (0);
}

void
lx_loop_del(struct lx_loop *l, struct lx_event *le)
{
	int i;

	if (le->le_fn == NULL)
		return;
	(void)epoll_ctl(l->l_epoll, EPOLL_CTL_DEL, le->le_fd, NULL);
	le->le_fn = NULL;
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

	while (l->l_next < l->l_count) {
		ev = &l->l_ready[l->l_next++];
		le = ev->data.ptr;
		if (le == NULL)
			continue;
		le->le_fn(le, ev->events);
		made++;
	}
	l->l_count = l->l_next = 0;
	return (made);
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
