/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/lx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <linux/seccomp.h>

/* Newer than the headers of the oldest system we build on: Linux 6.6. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

static void
timer_event(struct lx_event *le, uint32_t events)
{
	struct lx *lx = LX_CONTAINER(le, struct lx, lx_timer);
	uint64_t count;

	(void)events;
	(void)!read(lx->lx_timerfd, &count, sizeof(count));
	lx_timers(lx);
}

int
lx_new(struct vi_worker *worker, struct lx_loop *loop, const struct lx_ops *ops, void *arg,
    struct lx **lxp)
{
	struct lx *lx;
	int error;

	lx = calloc(1, sizeof(*lx));
	if (lx == NULL)
		return (ENOMEM);
	lx->lx_worker = worker;
	lx->lx_loop = loop;
	if (ops != NULL)
		lx->lx_ops = *ops;
	lx->lx_arg = arg;
	lx->lx_timerat = lx->lx_sweepat = lx->lx_errat = lx->lx_dueat = LX_FOREVER;
	TAILQ_INIT(&lx->lx_programs);
	TAILQ_INIT(&lx->lx_socks);
	TAILQ_INIT(&lx->lx_zombies);
	TAILQ_INIT(&lx->lx_errpairs);
	TAILQ_INIT(&lx->lx_errdue);
	TAILQ_INIT(&lx->lx_timed);
	TAILQ_INIT(&lx->lx_rings);
	TAILQ_INIT(&lx->lx_tuns);
	LIST_INIT(&lx->lx_netlinks);
	TAILQ_INIT(&lx->lx_logcalls);
	TAILQ_INIT(&lx->lx_asked);
	for (unsigned i = 0; i < LX_NITEMS(lx->lx_labels); i++)
		LIST_INIT(&lx->lx_labels[i]);
	lx->lx_buf = malloc(LX_BUFSIZE);
	error = lx_hash_init(lx);
	lx->lx_timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (lx->lx_timerfd < 0)
		error = errno;
	else if (error == 0)
		error = lx_loop_add(loop, &lx->lx_timer, lx->lx_timerfd, EPOLLIN, timer_event);
	if (error != 0 || lx->lx_buf == NULL) {
		lx_free(lx);
		return (error != 0 ? error : ENOMEM);
	}
	*lxp = lx;
	return (0);
}

static void
socks_free(struct lx_sockq *q)
{
	struct lx_sock *ls;

	while ((ls = TAILQ_FIRST(q)) != NULL)
		lx_sock_free(ls);
}

void
lx_free(struct lx *lx)
{
	struct lx_program *pr;

	while ((pr = TAILQ_FIRST(&lx->lx_programs)) != NULL)
		lx_detach(pr);
	lx_tuns_free(lx);
	socks_free(&lx->lx_socks);
	socks_free(&lx->lx_zombies);
	labels_free(lx, NULL);
	lx_tasks_free(lx);
	lx_loop_del(lx->lx_loop, &lx->lx_timer);
	if (lx->lx_timerfd >= 0)
		close(lx->lx_timerfd);
	free(lx->lx_hash);
	free(lx->lx_buf);
	free(lx);
}

static int
program_watch(struct lx_program *pr, int witness)
{
	int error;

	(void)ioctl(pr->pr_fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	if ((error = lx_witness_attach(pr, witness)) != 0)
		return (error);
	pr->pr_event.le_owner = pr->pr_vnet;
	error = lx_loop_add(pr->pr_lx->lx_loop, &pr->pr_event, pr->pr_fd, EPOLLIN, lx_program_event);
	if (error != 0)
		lx_witness_gone(pr);
	return (error);
}

int
lx_attach(struct lx *lx, const struct lx_program_params *params, struct lx_program **prp)
{
	struct lx_program *pr;
	int error;

	pr = calloc(1, sizeof(*pr));
	if (pr == NULL) {
		close(params->pr_listener);
		if (params->pr_witness >= 0)
			close(params->pr_witness);
		return (ENOMEM);
	}
	pr->pr_lx = lx;
	pr->pr_fd = params->pr_listener;
	pr->pr_use = params->pr_use;
	pr->pr_vnet = params->pr_vnet;
	pr->pr_cookie = params->pr_cookie;
	pr->pr_rootuid = params->pr_rootuid;
	pr->pr_rootgid = params->pr_rootgid;
	pr->pr_userns = params->pr_userns;
	pr->pr_denied = params->pr_denied;
	pr->pr_shared = params->pr_shared;
	pr->pr_ipcoff = params->pr_ipcoff;
	TAILQ_INIT(&pr->pr_calls);
	lx->lx_kernel = vi_vnet_kernel(params->pr_vnet);
	if ((error = program_watch(pr, params->pr_witness)) != 0) {
		close(pr->pr_fd);
		free(pr);
		return (error);
	}
	TAILQ_INSERT_TAIL(&lx->lx_programs, pr, pr_link);
	*prp = pr;
	return (0);
}

/*
 * With the last copy of the listener goes every call that waits (ENOSYS).  The sockets stay
 * until their descriptors are closed.
 */
void
lx_detach(struct lx_program *pr)
{
	struct lx_call *c;

	while ((c = TAILQ_FIRST(&pr->pr_calls)) != NULL)
		lx_call_free(c);
	lx_witness_gone(pr);
	TAILQ_REMOVE(&pr->pr_lx->lx_programs, pr, pr_link);
	lx_loop_del(pr->pr_lx->lx_loop, &pr->pr_event);
	close(pr->pr_fd);
	free(pr);
}

void
lx_jail_denied(struct lx *lx, int jid, uint64_t denied)
{
	struct lx_program *pr;

	TAILQ_FOREACH(pr, &lx->lx_programs, pr_link)
		if (pr->pr_use.us_jid[VI_CLASS_VNET] == jid)
			pr->pr_denied = denied;
}

void
lx_use_gone(struct lx *lx, const struct lx_use *us)
{
	struct lx_program *pr;

	TAILQ_FOREACH(pr, &lx->lx_programs, pr_link) {
		if (memcmp(&pr->pr_use, us, sizeof(*us)) != 0)
			continue;
		pr->pr_vnet = NULL;
		for (unsigned i = 0; i < VI_CLASS_MAX; i++)
			pr->pr_use.us_jid[i] = -1;
	}
}

static void
socks_gone(struct lx_sockq *q, struct vi_vnet *vn)
{
	struct lx_sock *ls, *tmp;

	TAILQ_FOREACH_SAFE(ls, q, ls_link, tmp)
		if (ls->ls_vnet == vn)
			lx_sock_dead(ls);
}

void
lx_vnet_gone(struct lx *lx, struct vi_vnet *vn)
{
	struct lx_program *pr;

	socks_gone(&lx->lx_zombies, vn);
	socks_gone(&lx->lx_socks, vn);
	labels_free(lx, vn);
	TAILQ_FOREACH(pr, &lx->lx_programs, pr_link)
		if (pr->pr_vnet == vn)
			pr->pr_vnet = NULL;
}

void
lx_stats_get(const struct lx *lx, struct lx_stats *st)
{
	*st = lx->lx_stats;
}

/*
 * Interfaces, routes and vnets are read under the kernel's lock, which no worker may take
 * inside its own enter/leave.  A kernel of one worker needs neither.
 */
void
lx_manage(struct lx *lx)
{
	if (vi_kernel_nworkers(lx->lx_kernel) > 1) {
		vi_worker_leave(lx->lx_worker);
		vi_kernel_lock(lx->lx_kernel);
	}
}

void
lx_managed(struct lx *lx)
{
	if (vi_kernel_nworkers(lx->lx_kernel) > 1) {
		vi_kernel_unlock(lx->lx_kernel);
		vi_worker_enter(lx->lx_worker);
	}
}
