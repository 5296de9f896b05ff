/* SPDX-License-Identifier: BSD-2-Clause */
/* A few timers of the daemon itself, on one descriptor of worker 0's loop. */
#include "daemon/daemon.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void
timers_arm(struct daemon *d)
{
	struct dtimer *dt = TAILQ_FIRST(&d->d_timers);
	struct itimerspec its = { 0 };

	if (dt != NULL) {
		its.it_value.tv_sec = (time_t)(dt->dt_at / 1000000000);
		its.it_value.tv_nsec = (long)(dt->dt_at % 1000000000);
	}
	timerfd_settime(d->d_timerevent.le_fd, TFD_TIMER_ABSTIME, &its, NULL);
}

static void
timers_event(struct lx_event *le, uint32_t events)
{
	struct daemon *d = CONTAINER(le, struct daemon, d_timerevent);
	uint64_t count, now = daemon_now(d);
	struct dtimer *dt;

	(void)events;
	(void)!read(le->le_fd, &count, sizeof(count));
	while ((dt = TAILQ_FIRST(&d->d_timers)) != NULL && dt->dt_at <= now) {
		TAILQ_REMOVE(&d->d_timers, dt, dt_link);
		dt->dt_at = 0;
		dt->dt_fn(dt);
	}
	timers_arm(d);
}

int
timers_init(struct daemon *d)
{
	int fd;

	TAILQ_INIT(&d->d_timers);
	d->d_timerevent.le_fd = -1;
	if ((fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) < 0)
		return errno;
	d->d_timerevent.le_fd = fd;
	return lx_loop_add(daemon_loop(d), &d->d_timerevent, fd, EPOLLIN, timers_event);
}

void
timers_fini(struct daemon *d)
{
	if (d->d_timerevent.le_fd < 0)
		return;
	lx_loop_del(daemon_loop(d), &d->d_timerevent);
	close(d->d_timerevent.le_fd);
}

void
dtimer_clear(struct daemon *d, struct dtimer *dt)
{
	if (dt->dt_at == 0)
		return;
	TAILQ_REMOVE(&d->d_timers, dt, dt_link);
	dt->dt_at = 0;
	timers_arm(d);
}

void
dtimer_set(struct daemon *d, struct dtimer *dt, uint64_t after, void (*fn)(struct dtimer *))
{
	struct dtimer *other;

	dtimer_clear(d, dt);
	dt->dt_fn = fn;
	dt->dt_at = daemon_now(d) + after;
	TAILQ_FOREACH(other, &d->d_timers, dt_link)
		if (other->dt_at > dt->dt_at)
			break;
	if (other != NULL)
		TAILQ_INSERT_BEFORE(other, dt, dt_link);
	else
		TAILQ_INSERT_TAIL(&d->d_timers, dt, dt_link);
	timers_arm(d);
}
