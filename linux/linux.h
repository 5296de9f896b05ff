/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux personality: answers the socket calls of unmodified programs from a vnet.
 *
 * One struct lx per worker, used only in that worker's thread, between vi_worker_enter and vi_worker_leave.
 * A program is attached by the seccomp listener of its filter; all its descendants share the listener.
 */
#ifndef LINUX_LINUX_H
#define LINUX_LINUX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vimage/jail.h>
#include <vimage/vimage.h>

struct lx;
struct lx_loop;
struct lx_program;	/* one listener */

/* A socket of this family and any type is a connection to the control server with the jail's own identity (commands run inside a jail use it). */
#define LX_AF_CTL	0x5649

/* The jail of each class whose container a program uses, and whose privileges it has about that; mostly one and the same. */
struct lx_use { int us_jid[VI_CLASS_MAX]; };
static inline bool
lx_use_mixed(const struct lx_use *us)
{
	for (unsigned i = 1; i < VI_CLASS_MAX; i++)
		if (us->us_jid[i] != us->us_jid[0])
			return (true);
	return (false);
}

struct lx_ops {
	/* A program asks for a control connection, with these CAP_* in its jail: returns the descriptor to inject (consumed) or -errno. */
	int	(*lo_ctl_socket)(void *arg, const struct lx_use *, pid_t pid, uint64_t caps);
	/* Puts a thread on these processors, as far as its jail has them, with nothing asked but that; lx_manage().  An errno. */
	int	(*lo_setaffinity)(void *arg, pid_t tid, const struct vi_cpus *);
	/* The last process behind a listener is gone; the program is freed by the caller of this (struct lx) afterwards. */
	void	(*lo_program_gone)(void *arg, struct lx_program *, void *cookie);
};

struct lx_program_params {
	int		 pr_listener;	/* seccomp listener; consumed, even on failure */
	struct lx_use	 pr_use;
	struct vi_vnet	*pr_vnet;
	void		*pr_cookie;
	/* Credentials: the uid and gid the jail calls 0, as the host sees them (identity when there is no user namespace). */
	uid_t		 pr_rootuid;
	gid_t		 pr_rootgid;
	uint64_t	 pr_userns;	/* the jail's user namespace: the inode of /proc/PID/ns/user; 0: not known */
	bool		 pr_shared;	/* the stack is not the jail's own */
	uint64_t	 pr_denied;	/* vi_jail_denied() */
	unsigned	 pr_ipcoff;	/* vi_jail_ipcoff() */
	int		 pr_witness;	/* to one (witness.h), or -1; consumed, even on failure */
};

uint64_t lx_userns(pid_t);		/* of a process; 0: it may not be looked at */
/* The effective CAP_* that a thread has in that user namespace (0: in the one in which rootuid is 0). */
uint64_t lx_thread_caps(uint64_t userns, uid_t rootuid, pid_t tid);

int	lx_new(struct vi_worker *, struct lx_loop *, const struct lx_ops *, void *arg, struct lx **);
void	lx_free(struct lx *);		/* detaches every program: pending calls get ENOSYS */
int	lx_attach(struct lx *, const struct lx_program_params *, struct lx_program **);
void	lx_detach(struct lx_program *);
/* The privileges of the jail have changed, whose stack programs use; sockets keep the credentials they were made with. */
void	lx_jail_denied(struct lx *, int jid, uint64_t denied);
/* This combination has ended: who still has it, because its init was killed, uses nothing of these jails, or of others that get their numbers. */
void	lx_use_gone(struct lx *, const struct lx_use *);
/* Before a vnet is destroyed or moved to another worker: closes the stack's ends of its sockets and answers what is pending. */
void	lx_vnet_gone(struct lx *, struct vi_vnet *);

/* The sockets of a stack that programs hold: its own identity, and the inode of the program's end as /proc/PID/fd shows it.  With the kernel lock. */
struct vi_socket;
typedef void lx_owner_fn(void *arg, const struct vi_socket *, uint64_t inode);
void	lx_owners(struct lx *, const struct vi_vnet *, lx_owner_fn *, void *arg);
/* Jails' messages may have come: calls that wait for them look again. */
void	lx_log_event(struct lx *);
size_t	lx_log_format(const struct vi_logmsg *, char *buf, size_t size);	/* one line, as /proc/kmsg has it */

struct lx_stats { uint64_t ls_notifications, ls_sockets, ls_continued, ls_lost, ls_bytes_in, ls_bytes_out; };
void	lx_stats_get(const struct lx *, struct lx_stats *);

/*
 * In the process to be attached (single-threaded, before exec): installs the filter and returns the listener's descriptor (close-on-exec), or -1 with errno;
 * EBUSY when a listener exists already.  Sets no_new_privs only when the caller lacks CAP_SYS_ADMIN in its user namespace.  Async-signal-safe.
 */
enum {
	LX_FILTER_NAMES = 0x1,		/* the jail has names of the system of its own, and uname(2) comes to us */
	/* These come as well, so that what the host refuses is logged. */
	LX_FILTER_SIGNALS = 0x2,	/* kill(2) and its like */
	LX_FILTER_IDS = 0x4,		/* setuid(2), setgroups(2), ... */
	LX_FILTER_SCHED = 0x8,		/* setpriority(2), sched_setaffinity(2), ... */
	LX_FILTER_LIMITS = 0x10,	/* prlimit(2) */
	LX_FILTER_LOCKS = 0x20,		/* mlock(2), mlockall(2) */
	LX_FILTER_FLAGS = 0x40,		/* ioctl(2) that makes files immutable */
	LX_FILTER_OWNERS = 0x80,	/* chown(2) */
	LX_FILTER_XATTRS = 0x1000,	/* setxattr(2) */
	LX_FILTER_FILES = 0x2000,	/* open(2) and others with paths */
	LX_FILTER_OBJECTS = 0x4000,	/* IPC */
	/* Kinds of IPC that it does without, in the order of VI_IPC_*: the calls are not there, and that is logged. */
	LX_FILTER_NOMSG = 0x100,
	LX_FILTER_NOSEM = 0x200,
	LX_FILTER_NOSHM = 0x400,
	LX_FILTER_NOMQUEUE = 0x800,
	LX_FILTER_CPUS = 0x8000,	/* sched_setaffinity(2): jails have processors of their own */
	LX_FILTER_REFUSALS =		/* all that are logged */
	    LX_FILTER_SIGNALS | LX_FILTER_IDS | LX_FILTER_SCHED | LX_FILTER_LIMITS | LX_FILTER_LOCKS | LX_FILTER_FLAGS | LX_FILTER_OWNERS |
	    LX_FILTER_XATTRS | LX_FILTER_FILES | LX_FILTER_OBJECTS,
};
int	lx_filter_install(unsigned flags);
#define LX_FILTER_NOIPC(off)	((unsigned)(off) * LX_FILTER_NOMSG)	/* of VI_IPC_* */
int	lx_filter_i386ipc(void);	/* with any of these: an i386 program has none; 0, or -1 with errno */

#endif
