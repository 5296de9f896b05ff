/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vimaged: one kernel, its workers, the processes in its jails, and the control server.
 *
 * All of it but the workers' stacks belongs to the main thread, which is worker 0: clients,
 * jails' processes, timers and removals have no locks.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include <vimage/vimage.h>

#include "linux/linux.h"
#include "linux/loop.h"

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))
#define CONTAINER(ptr, type, member)	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

struct ctl_server;
struct jproc;
struct nat;
struct removal;
struct spawner;
struct daemon;

/* Work for the thread of another worker. */
struct post {
	STAILQ_ENTRY(post) po_link;
	void		(*po_fn)(void *);
	void		*po_arg;
	bool		*po_done;	/* set and signalled when it has run; may be NULL */
	bool		 po_heap;	/* freed when it has run; else it is part of something, which fn may free */
};
STAILQ_HEAD(postq, post);

struct worker {
	struct daemon	*w_daemon;
	unsigned	 w_index;
	pthread_t	 w_thread;	/* not of worker 0 */
	bool		 w_started;
	struct vi_worker *w_worker;
	struct lx_loop	*w_loop;
	struct lx	*w_lx;
	unsigned	 w_passed;	/* turns since who waits was served */
	uint64_t	 w_owed;	/* ns that were spent on programs, and not on stacks yet */
	pthread_mutex_t	 w_lock;	/* w_posts, po_done */
	pthread_cond_t	 w_done;
	struct postq	 w_posts;
	bool		 w_stop;
};

/* Calls fn once, at or after a time. */
struct dtimer {
	TAILQ_ENTRY(dtimer) dt_link;
	uint64_t	 dt_at;		/* ns; 0: not set */
	void		(*dt_fn)(struct dtimer *);
};
TAILQ_HEAD(dtimers, dtimer);

struct daemon {
	const char	*d_instance;
	char d_sockpath[PATH_MAX], d_pidpath[PATH_MAX], d_lockpath[PATH_MAX], d_logpath[PATH_MAX];
	char		 d_cmddir[PATH_MAX];	/* of the commands: first on the PATH of jails */
	int		 d_commands;	/* them all, linked statically, in memory: for jails with another root; -1 */
	int		 d_pidfd;	/* locked while we live; -1 */
	bool		 d_debug;
	bool		 d_stopping, d_quit;
	bool		 d_alone;	/* the other threads have ended: nobody to be kept out */
	uint64_t	 d_started;	/* ns */
	struct vi_host	*d_host;
	struct vi_kernel *d_kernel;
	unsigned	 d_nworkers;
	struct worker	*d_workers;
	struct lx_event	 d_sigevent;
	struct lx_event	 d_timerevent;
	struct dtimer	 d_stoptimer;
	struct dtimer	 d_logtimer;	/* messages came: who waits for them looks */
	bool		 d_logbell;	/* atomic: that is on its way */
	struct dtimers	 d_timers;
	struct fuse_server *d_fuse;	/* fuse.c; NULL: not needed yet */
	struct spawner	*d_spawner;
	struct ctl_server *d_ctl;
	LIST_HEAD(, jproc) d_jprocs;
	RB_HEAD(jprocids, jproc) d_jprocids;
	RB_HEAD(jprocjids, jproc) d_jprocjids;
	LIST_HEAD(, jproc) d_mixed;
	LIST_HEAD(, removal) d_removals;
	LIST_HEAD(, nat) d_nats;
	int		*d_passed;	/* while an option is set: the descriptor that came with it, -1 once it is somebody's; NULL: none */
};

static inline struct lx_loop *
daemon_loop(const struct daemon *d)
{
	return d->d_workers[0].w_loop;
}

/* vimaged.c */
/* One line to the log of the instance. */
void	dlog(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
uint64_t daemon_now(const struct daemon *);
/* Ends everything: processes, then files, then the loop.  Under daemon_manage. */
void	daemon_stop(struct daemon *);
void	daemon_stopped(struct daemon *);	/* no process is left */

/* worker.c */
int	workers_new(struct daemon *, unsigned n);
int	workers_start(struct daemon *);		/* the threads of all but worker 0 */
void	workers_stop(struct daemon *);
void	workers_close(struct daemon *);		/* the sockets of programs */
void	workers_free(struct daemon *);		/* after the kernel */
void	worker_loop(struct worker *);
void	worker_posts(struct worker *);		/* what was posted is done; inside enter/leave */
/*
 * Runs fn in a worker's thread, inside enter/leave, and waits for it.  The caller is in a
 * callback of worker 0's loop.
 */
void	worker_call(struct daemon *, unsigned worker, void (*fn)(void *), void *arg);
/* The same for a caller that manages (daemon_manage); the lock is given back meanwhile. */
void	worker_call_managed(struct daemon *, unsigned worker, void (*fn)(void *), void *arg);
/* The same without waiting.  ENOMEM. */
int	worker_post(struct daemon *, unsigned worker, void (*fn)(void *), void *arg);
/* The same with a post of the caller's own, zeroed at first, which is his again when fn is called; it cannot fail. */
void	worker_post_own(struct worker *, struct post *, void (*fn)(void *), void *arg);
/* At once where only one thread runs, else worker_post_own. */
void	worker_post_last(struct worker *, struct post *, void (*fn)(void *), void *arg);
void	worker_wake(void *daemon, unsigned worker);	/* pp_wake */
/* Management from a callback of a worker's loop; daemon_: of worker 0's. */
void	worker_manage(struct worker *);
void	worker_managed(struct worker *);
void	daemon_manage(struct daemon *);
void	daemon_managed(struct daemon *);

/* logbell.c: any thread; who reads jails' messages is told a moment later */
void	logbell_ring(struct daemon *);

/* unat.c: links to the host's network can be made from now on */
int	nats_init(struct daemon *);
void	nats_fini(struct daemon *);	/* the workers have ended */

/* timer.c */
int	timers_init(struct daemon *);
void	timers_fini(struct daemon *);
void	dtimer_set(struct daemon *, struct dtimer *, uint64_t after_ns,
	    void (*fn)(struct dtimer *));
void	dtimer_clear(struct daemon *, struct dtimer *);

#endif
