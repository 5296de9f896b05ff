/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of jails: one struct jproc for each init, one struct exec for each program that
 * a client started and that has not ended.  Main thread only.
 *
 * A jail has one init, its main one.  Programs whose containers come from several jails (jexec -x) have others, one for each
 * combination.
 */
#ifndef DAEMON_JPROC_H
#define DAEMON_JPROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "daemon/daemon.h"
#include "daemon/isolation.h"
#include "daemon/netfs.h"

struct ctl_client;
struct exec;

/* What becomes of a program; told once started or failed, and once ended. */
struct exec_ops {
	void	(*eo_started)(void *arg, int pid);
	/* exec: of execve.  struct exec is freed after it. */
	void	(*eo_failed)(void *arg, int error, const char *text, bool exec);
	void	(*eo_ended)(void *arg, int status);			/* wait status; likewise */
};

struct exec {
	TAILQ_ENTRY(exec) ex_link;
	struct jproc	*ex_jproc;
	uint32_t	 ex_id;
	int		 ex_pid;	/* as the jail sees it; 0: not yet */
	bool		 ex_started;
	const struct exec_ops *ex_ops;	/* NULL: nobody listens any more */
	void		*ex_arg;
};

enum { ANCHOR_PROC, ANCHOR_IPC, ANCHOR_N };	/* whose processes, names and files; whose IPC */

struct jproc {
	LIST_ENTRY(jproc) jp_link;
	RB_ENTRY(jproc)	 jp_idlink;	/* by jp_id */
	RB_ENTRY(jproc)	 jp_jidlink;	/* main ones by jp_jid, while it has one */
	LIST_ENTRY(jproc) jp_mixlink;	/* the others, while they have one */
	struct daemon	*jp_daemon;
	uint32_t	 jp_id;
	int		 jp_jid;	/* whose processes it has; -1: given up, waits for its init's end */
	struct lx_use	 jp_use;	/* whose containers */
	bool		 jp_mixed;	/* of several jails */
	pid_t		 jp_init;	/* 0: not made yet */
	int		 jp_flags;	/* CLONE_NEW* */
	struct vi_cpus	 jp_cpus;	/* where its processes are (jcpuset.c) */
	uint64_t	 jp_ino[2];	/* of its user and pid namespaces */
	int		 jp_fd;		/* to the init; -1: closed */
	struct jproc	*jp_anchor[ANCHOR_N];	/* main ones, whose namespaces it shares; NULL: none */
	unsigned	 jp_nsharers;	/* whose anchor we are, twice for both */
	bool		 jp_ready;	/* its namespaces can be shared */
	int		 jp_initfd;	/* the init's end, until the anchors are ready; -1 */
	struct lx_event	 jp_event;
	TAILQ_HEAD(, exec) jp_execs;
	uint32_t	 jp_lastid;	/* of the execs sent */
	bool		 jp_linger;	/* attached for programs whose first process has ended */
	bool		 jp_stopping;	/* no new programs */
	uint64_t	 jp_used;	/* when the last program started */
	struct dtimer	 jp_timer;	/* TERM, then KILL */
	uint64_t	 jp_cputime;	/* ns of its processes, when they were looked at last, */
	unsigned	 jp_nprocs;	/* and how many they were */
	struct kmsg	*jp_kmsg;	/* its /proc/kmsg and /dev/kmsg; NULL: none */
	struct netfs	*jp_netfs[NETFS_N];	/* its /proc/net and so on; NULL: none */
};

struct spawner {
	struct daemon	*sp_daemon;
	int		 sp_sock;
	struct lx_event	 sp_event;
	STAILQ_HEAD(, spawnmsg) sp_queue;	/* what it could not take yet */
	unsigned	 sp_nqueued;
	bool		 sp_probed;
	bool		 sp_noticed;	/* somebody was told what the host lacks */
	enum iso_mode	 sp_mode;
	char		 sp_text[256];	/* what the host lacks */
	uint32_t	 sp_nextid;
	unsigned	 sp_nidle;
	struct dtimer	 sp_sampletimer;	/* jcpu.c */
	unsigned	 sp_pause;
	bool		 sp_limited;	/* of the jails with programs some have a vcpu.limit */
};

/* jproc.c */
int	jprocs_init(struct daemon *, int spawner_sock);
void	jprocs_fini(struct daemon *);
struct seqmsg;
/* fds stay the caller's.  ESRCH: it is gone; EAGAIN: too much is waiting. */
int	spawner_send(struct daemon *, const struct seqmsg *, const int *fds, unsigned nfds);
void	spawner_flush(struct spawner *);
void	spawner_forget(struct spawner *);	/* what was not sent */
const char *spawner_lacks(struct daemon *);	/* what the host lacks, or "" */
bool	spawner_userns(struct daemon *);	/* jails have user namespaces of their own */
const char *spawner_notice(struct daemon *);	/* that, the first time; then NULL */
struct jproc *jproc_find(const struct daemon *, int jid);	/* the main one; NULL: none */
bool	jproc_uses(const struct jproc *, int jid);	/* a container of it, and is not given up */
bool	jail_used(const struct daemon *, int jid);	/* by any */
bool	jproc_refusals(const struct daemon *, int jid);	/* what the host's kernel refuses its programs is logged */
/*
 * Starts a program: memory file with struct program, and its descriptors; all stay the
 * caller's.  execfd: what to execute, -1: what its arguments name.  ENOENT, EBUSY, ENOMEM...
 */
int	jproc_exec(struct daemon *, const struct lx_use *, int memfile, const int stdfds[3], int execfd,
	    const struct exec_ops *, void *arg, struct exec **);
void	exec_signal(struct exec *, int sig, bool group);
void	exec_forget(struct exec *);	/* its client is gone: the program gets SIGHUP */
/*
 * Ends all its processes: SIGTERM first, SIGKILL after a time.  jail_progress (removal.c) is called when it is done; the struct may be
 * gone at once.
 */
void	jproc_stop(struct jproc *, uint64_t timeout_ns);
void	jproc_hostname(struct daemon *, int jid, bool domain, const char *);	/* "": that of the host */
void	jproc_ipclimits(struct daemon *, int jid);	/* they may have changed */
unsigned jproc_programs(const struct jproc *);
unsigned jproc_count(const struct daemon *, int jid);	/* programs that are processes of the jail */
/* Whose messages its /dev/kmsg has; -1: it is given up. */
static inline int jproc_logjid(const struct jproc *jp) { return jp->jp_jid < 0 ? -1 : jp->jp_use.us_jid[VI_CLASS_VLOG]; }
/* Is this process in a jail?  0: *jid (0 = outside, or prison0); EPERM: not known for sure. */
int	jproc_whose(struct daemon *, pid_t, int *jid);

/* removal.c */
typedef void removal_fn(void *arg, int error, struct removal *);	/* arg NULL: nobody asked */
struct removal {
	LIST_ENTRY(removal) rm_link;
	struct daemon	*rm_daemon;
	int		 rm_caller, rm_jid;
	char		 rm_name[VI_NAMELEN];
	struct json_t	*rm_interfaces;	/* [{name, home}]: what went back */
	unsigned	 rm_programs;	/* that ran when it began */
	unsigned	 rm_killed;	/* of them, those that had to be */
	removal_fn	*rm_fn;
	void		*rm_arg;
};
int	removal_start(struct daemon *, int caller, int jid, bool force, removal_fn *, void *arg);
bool	removal_pending(struct daemon *, int jid);	/* of the jail or of one it is in */
void	removal_killed(struct daemon *, const struct jproc *);
void	removal_forget(struct daemon *, void *arg);	/* rm_arg is gone */
/* Something ended in a jail: go on with removals, remove what is expired. */
void	jail_progress(struct daemon *, int jid);
/* Remove it, and what that makes expire, if nothing keeps it. */
void	jail_expire(struct daemon *, int jid);
void	removals_fini(struct daemon *);

#endif
