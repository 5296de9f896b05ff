/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all media have: beginning, end, time, and what ifconfig shows.
 *
 * A medium ends in its own worker's thread only, by a post when somebody else ends it, because only there it is certain that the loop does not
 * have an event of it in its hands.  The posts are part of the medium, so that neither ending nor moving can fail.
 *
 * It goes to another worker in two steps for the same reason: in the old one's thread its events are taken out of the loop, in the new one's they are
 * put into that.  In between frames are dropped, and what comes waits in the descriptors.  One post at a time is on its way, always to m_worker, so that
 * the last one comes behind it.
 */
#include "daemon/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/jproc.h"
#include "daemon/seqpacket.h"

void
medium_init(struct medium *m, const struct medium_ops *mo, struct ctl_request *rq)
{
	m->m_ops = mo;
	m->m_worker = &rq->rq_daemon->d_workers[vi_vnet_worker(rq->rq_vnet)];
	m->m_timer.le_fd = -1;
	m->m_ether = true;
	snprintf(m->m_name, sizeof(m->m_name), "%.*s", (int)sizeof(m->m_name) - 1, medium_arg(rq, "address"));
}

void
medium_fini(struct medium *m)
{
	if (m->m_timer.le_fd >= 0) {
		lx_loop_del(m->m_worker->w_loop, &m->m_timer);
		close(m->m_timer.le_fd);
	}
}

static void
medium_free(void *arg)
{
	struct medium *m = arg;

	m->m_ops->mo_free(m);
}

/* The interface went. */
static void
medium_gone(void *arg)
{
	struct medium *m = arg;

	m->m_tap = NULL;
	m->m_ending = true;
	worker_post_last(m->m_worker, &m->m_lastpost, medium_free, m);
}

bool
medium_begin(struct medium *m)
{
	if (medium_idle(m))
		return false;
	m->m_began = daemon_now(m->m_worker->w_daemon);
	m->m_more = NULL;
	return true;
}

void
medium_again(struct medium *m, struct lx_event *le)
{
	m->m_more = le;
	lx_loop_again(m->m_worker->w_loop, le);
}

void
medium_done(struct medium *m)
{
	if (m->m_began != 0 && m->m_tap != NULL && !medium_idle(m))
		vi_vnet_spent(vi_tap_vnet(m->m_tap), daemon_now(m->m_worker->w_daemon) - m->m_began);
	m->m_began = 0;
}

void
medium_end(struct medium *m)
{
	struct worker *w = m->m_worker;
	bool now;

	medium_done(m);
	worker_manage(w);
	if (m->m_tap != NULL)
		vi_tap_close(m->m_tap);
	m->m_tap = NULL;
	now = !medium_idle(m);
	if (!now && !m->m_ending)
		medium_gone(m);		/* behind the post that was to move it */
	worker_managed(w);
	if (now)
		medium_free(m);
}

bool
medium_carrier(struct medium *m, bool on)
{
	medium_done(m);
	worker_manage(m->m_worker);
	if (m->m_tap != NULL)
		vi_tap_carrier(m->m_tap, on);
	worker_managed(m->m_worker);
	return !m->m_ending;
}

/* Moving */

static void	medium_join(void *);

/* In m_worker's thread: its events are in no loop, and m_next is where it goes. */
static void
medium_leave(struct medium *m)
{
	m->m_worker = m->m_next;
	worker_post_own(m->m_worker, &m->m_movepost, medium_join, m);
}

static void
medium_depart(void *arg)
{
	struct medium *m = arg;
	struct lx_event *const events[] = { &m->m_timer, m->m_events[0], m->m_events[1] };

	if (m->m_ending)
		return;
	if (m->m_next == m->m_worker) {		/* it has come back */
		m->m_next = NULL;
		return;
	}
	for (size_t i = 0; i < NITEMS(events); i++) {
		m->m_fn[i] = events[i] != NULL ? events[i]->le_fn : NULL;
		if (m->m_fn[i] != NULL)
			lx_loop_del(m->m_worker->w_loop, events[i]);
	}
	medium_leave(m);
}

static void
medium_join(void *arg)
{
	struct medium *m = arg;
	struct lx_event *const events[] = { &m->m_timer, m->m_events[0], m->m_events[1] };
	int error = 0;

	if (m->m_ending)
		return;
	if (m->m_next != m->m_worker) {		/* further */
		medium_leave(m);
		return;
	}
	m->m_next = NULL;
	for (size_t i = 0; i < NITEMS(events); i++)
		if (m->m_fn[i] != NULL && error == 0)
			error = lx_loop_add(m->m_worker->w_loop, events[i], events[i]->le_fd, events[i]->le_events, m->m_fn[i]);
	if (error != 0)
		medium_end(m);
	else if (m->m_more != NULL)
		lx_loop_again(m->m_worker->w_loop, m->m_more);
}

/* What it brings stands back for programs of other stacks than its interface's. */
static void
medium_settle(struct medium *m)
{
	for (size_t i = 0; i < NITEMS(m->m_events); i++)
		if (m->m_events[i] != NULL)
			m->m_events[i]->le_home = vi_tap_vnet(m->m_tap);
}

static bool
medium_moved(void *arg)
{
	struct medium *m = arg;
	struct daemon *d = m->m_worker->w_daemon;

	medium_settle(m);
	if (m->m_next == NULL)
		worker_post_own(m->m_worker, &m->m_movepost, medium_depart, m);
	m->m_next = &d->d_workers[vi_vnet_worker(vi_tap_vnet(m->m_tap))];
	return true;
}

/* Time */

static void
medium_tick(struct lx_event *le, uint32_t events)
{
	struct medium *m = CONTAINER(le, struct medium, m_timer);
	uint64_t count;

	(void)events;
	if (medium_begin(m) && read(le->le_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		m->m_ops->mo_timer(m);		/* it may end it, and sets the timer when it is done */
}

int
medium_timer(struct medium *m, uint64_t ns)
{
	const struct itimerspec its = { .it_value = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) } };
	int fd, error;

	if (m->m_timer.le_fd < 0) {
		if ((fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) < 0)
			return errno;
		if ((error = lx_loop_add(m->m_worker->w_loop, &m->m_timer, fd, EPOLLIN, medium_tick)) != 0) {
			close(fd);
			m->m_timer.le_fd = -1;
			return error;
		}
	}
	return timerfd_settime(m->m_timer.le_fd, 0, &its, NULL) != 0 ? errno : 0;
}

/* Frames */

int
medium_drop(struct medium *m, enum medium_drop why, int error)
{
	m->m_drops[why]++;
	return error;
}

int
medium_unsent(struct medium *m, int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
		return medium_drop(m, MEDIUM_FULL, error);
	case EMSGSIZE:
		return medium_drop(m, MEDIUM_TOOLONG, error);
	case ECONNREFUSED:
	case ENOENT:
		return medium_drop(m, MEDIUM_REFUSED, error);
	default:
		return medium_drop(m, MEDIUM_FAILED, error);
	}
}

void
medium_input(struct medium *m, const void *frame, size_t len)
{
	if (m->m_tap != NULL)
		(void)vi_tap_input(m->m_tap, frame, len);	/* what is dropped is counted there */
}

static int
medium_output(void *arg, const struct vi_tap_frame *tf)
{
	struct medium *m = arg;

	return m->m_next != NULL ? medium_drop(m, MEDIUM_FAILED, EAGAIN) : m->m_ops->mo_output(m, tf);
}

unsigned
medium_iov(const struct vi_tap_frame *tf, void *arg)
{
	struct iovec *iov = arg;

	for (unsigned i = 0; i < tf->tf_iovcnt; i++)
		iov[i] = (struct iovec){ tf->tf_iov[i].iov_base, tf->tf_iov[i].iov_len };
	return tf->tf_iovcnt;
}

/* What ifconfig shows */

static void
medium_show(void *arg, vi_if_option_fn *fn, void *fnarg)
{
	static const char *const why[MEDIUM_NDROPS] = { "queue full", "too long", "refused", "garbage", "failed" };
	const struct medium *m = arg;
	char text[sizeof(m->m_name) + 16];
	size_t used = 0;

	snprintf(text, sizeof(text), "%s %s", m->m_ops->mo_name, m->m_name);
	fn(fnarg, NULL, NULL, "medium", text);
	if (m->m_ops->mo_state != NULL) {
		m->m_ops->mo_state(m, text, sizeof(text));
		fn(fnarg, NULL, NULL, "state", text);
	}
	for (unsigned i = 0; i < MEDIUM_NDROPS; i++)
		if (m->m_drops[i] > 0 && used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%llu %s", used > 0 ? ", " : "",
			    (unsigned long long)m->m_drops[i], why[i]);
	if (used > 0)
		fn(fnarg, NULL, NULL, "dropped", text);
}

/* Beginning */

int
medium_attach(struct medium *m, struct ctl_request *rq, const char *ifname)
{
	const struct vi_tap_params tp = { .tp_tap = m->m_ether, .tp_kind = m->m_ops->mo_kind, .tp_existing = true,
		.tp_nocarrier = m->m_ops->mo_nocarrier, .tp_output = medium_output, .tp_moved = medium_moved, .tp_gone = medium_gone, .tp_show = medium_show, .tp_arg = m };
	struct vi_tap *tap;
	int error;

	error = vi_tap_open(rq->rq_vnet, ifname, &tp, &tap);
	if (error != 0) {
		medium_gone(m);
		return error;
	}
	m->m_tap = tap;
	for (size_t i = 0; i < NITEMS(m->m_events); i++)
		if (m->m_events[i] != NULL)
			m->m_events[i]->le_owner = m;
	medium_settle(m);
	/* The interface may have been lent to a stack of another worker. */
	if (vi_vnet_worker(vi_tap_vnet(tap)) != m->m_worker->w_index)
		(void)medium_moved(m);
	if (m->m_ops->mo_start != NULL)
		m->m_ops->mo_start(m);
	return 0;
}

int
medium_take_fd(struct ctl_request *rq, int *fdp)
{
	if (rq->rq_nfds != 1 || rq->rq_fds[0] < 0)
		return ctl_fail(rq, EINVAL, "one descriptor is needed, not %u", rq->rq_nfds);
	*fdp = rq->rq_fds[0];
	return 0;
}

bool
medium_socket(int fd, int family, int type)
{
	int domain, is;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &is, &len) == 0 &&
	    domain == family && is == type && fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
}

const char *
medium_arg(struct ctl_request *rq, const char *key)
{
	const char *text = json_string_value(json_object_get(rq->rq_args, key));

	return text != NULL ? text : "";
}

void
medium_file_note(struct daemon *d, struct medium_file *mf, const char *address)
{
	struct seqmsg sm = { .sm_type = SPAWN_FILE };
	struct stat st;

	if (address[0] != '/' || lstat(address, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	snprintf(mf->mf_path, sizeof(mf->mf_path), "%s", address);
	mf->mf_dev = st.st_dev;
	mf->mf_ino = st.st_ino;
	snprintf(sm.sm_text, sizeof(sm.sm_text), "%s", address);
	sm.sm_ino[0] = st.st_dev;
	sm.sm_ino[1] = st.st_ino;
	(void)spawner_send(d, &sm, NULL, 0);	/* in case we are killed */
}

void
medium_file_remove(const struct medium_file *mf)
{
	struct stat st;

	if (mf->mf_path[0] != '\0' && lstat(mf->mf_path, &st) == 0 && st.st_dev == mf->mf_dev && st.st_ino == mf->mf_ino)
		(void)unlink(mf->mf_path);
}
