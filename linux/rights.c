/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls by which a process wants more for itself than it has: namespaces, priorities, limits, attributes of files that are the administrator's, sight
 * of the kernel.  As in others.c the host's kernel decides, and a line in the jail's log says what it is going to refuse.
 *
 * Some of these rights the host's kernel gives in its own user namespace only, whatever capabilities the jail's root has in his (lx_host_lacks).
 */
#include "linux/lx.h"
#include "linux/sysnum.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/nsfs.h>
#include <linux/quota.h>

/* Newer than the headers of the oldest system we build on. */
#ifndef CAP_PERFMON
#define CAP_PERFMON	38
#endif

#define MAXNESTED	33	/* user namespaces in each other: the host's kernel allows 32 */
#define RESET_ON_FORK	0x40000000u	/* of sched_setscheduler(2) */
#define PERF_FLAGS	40	/* where they are in what perf_event_open(2) is given */
#define PERF_NOKERNEL	0x20u
#define IOPRIO_REALTIME	1u

static void
refused(const struct lx_call *c, enum vi_priv priv, const char *what)
{
	lx_log_refusal(c, priv, what, UINT32_MAX);
}

/*
 * Priorities and limits, of the caller or a process that it may reach.
 */
/* nice(2)'s value of a process. */
static bool
process_nice(pid_t pid, int *nice)
{
	char path[40], line[512], *p;
	bool known;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return (false);
	known = fgets(line, sizeof(line), f) != NULL && (p = strrchr(line, ')')) != NULL &&
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %d", nice) == 1;
	fclose(f);
	return (known);
}

static bool
beyond_limit(pid_t pid, int resource, uint64_t value)
{
	struct rlimit rl;

	return (prlimit(pid, (enum __rlimit_resource)resource, NULL, &rl) == 0 && rl.rlim_cur != RLIM_INFINITY && value > rl.rlim_cur);
}

/* getrlimit(2) has nice values turned round: the most urgent is 40. */
static bool
raises_nice(pid_t pid, int to)
{
	int nice;

	to = to < -20 ? -20 : to > 19 ? 19 : to;
	return (process_nice(pid, &nice) && to < nice && beyond_limit(pid, RLIMIT_NICE, (uint64_t)(20 - to)));
}

static bool
raises_policy(pid_t pid, unsigned policy, uint32_t priority)
{
	policy &= ~RESET_ON_FORK;
	return (policy == 6 /* SCHED_DEADLINE */ || ((policy == SCHED_FIFO || policy == SCHED_RR) && beyond_limit(pid, RLIMIT_RTPRIO, priority)));
}

static bool
raises_attr(const struct lx_call *c, pid_t pid)
{
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; } sa;

	if (lx_copyin(c, c->c_arg[1], &sa, sizeof(sa)) != 0)
		return (false);
	return (raises_policy(pid, sa.policy, sa.priority) || ((sa.policy == SCHED_OTHER || sa.policy == SCHED_BATCH) && raises_nice(pid, sa.nice)));
}

static bool
raises_priority(const struct lx_call *c, pid_t pid)
{
	uint32_t priority;

	switch (c->c_nr) {
	case SYS_setpriority:
		return (raises_nice(pid, (int)c->c_arg[2]));
	case SYS_sched_setscheduler:
		return (lx_copyin(c, c->c_arg[2], &priority, sizeof(priority)) == 0 && raises_policy(pid, (unsigned)c->c_arg[1], priority));
	case SYS_sched_setattr:
		return (raises_attr(c, pid));
	case SYS_ioprio_set:
		return ((uint32_t)c->c_arg[2] >> 13 == IOPRIO_REALTIME && lx_host_lacks(c, CAP_SYS_ADMIN));
	default:
		return (false);
	}
}

static void
look_at_limit(const struct lx_call *c, pid_t pid, unsigned resource, uint64_t addr)
{
	struct rlimit rl;
	uint64_t to[2];	/* soft and hard */

	if (addr == 0 || lx_copyin(c, addr, to, sizeof(to)) != 0 || prlimit(pid, (enum __rlimit_resource)resource, NULL, &rl) != 0)
		return;
	if (to[0] <= to[1] && to[1] > rl.rlim_max && lx_host_lacks(c, CAP_SYS_RESOURCE))
		refused(c, VI_PRIV_PROC_LIMIT, "hard limit");
}

void
lx_look_at_raise(const struct lx_call *c, pid_t pid)
{
	if (c->c_nr == SYS_prlimit64)
		look_at_limit(c, pid, (unsigned)c->c_arg[1], c->c_arg[2]);
	else if (raises_priority(c, pid) && lx_host_lacks(c, CAP_SYS_NICE))
		refused(c, VI_PRIV_PROC_SCHED, "priority");
}

int64_t
lx_sys_setrlimit(struct lx_call *c)
{
	if (!lx_on_host(c))
		look_at_limit(c, c->c_tid, (unsigned)c->c_arg[0], c->c_arg[1]);
	return (LX_CONTINUE);
}

/*
 * Namespaces.  Where jails have no user namespaces the capability for them comes with the privilege to mount.
 */
int64_t
lx_sys_unshare(struct lx_call *c)
{
	if (!lx_on_host(c) && lx_call_lacks(c, CAP_SYS_ADMIN))
		refused(c, VI_PRIV_VFS_MOUNT, "namespaces");
	return (LX_CONTINUE);
}

/*
 * CLONE_NEW*; -1: it is no namespace.  Its name in /proc tells ("mnt:[4026531841]"): an ioctl(2) of a file of a jail's own file system could keep us
 * waiting.
 */
static int
namespace_type(int fd)
{
	char path[40], name[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	if (n <= 0)
		return (-1);
	name[n] = '\0';
	return (name[0] >= 'a' && name[0] <= 'z' && strstr(name, ":[") != NULL ? ioctl(fd, NS_GET_NSTYPE) : -1);
}

/* The user namespace that decides about it, which may be itself; -1: there is none that we may know. */
static int
deciding_namespace(const struct lx_call *c, int type, bool *user)
{
	char path[40];
	pid_t pid;

	*user = (type < 0 ? (int)c->c_arg[1] : type) & CLONE_NEWUSER;
	if (type >= 0)
		return (type == CLONE_NEWUSER ? fcntl(c->c_fd, F_DUPFD_CLOEXEC, 0) : ioctl(c->c_fd, NS_GET_USERNS));
	if ((pid = lx_pidfd_process(c)) <= 0)
		return (-1);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return (open(path, O_RDONLY | O_CLOEXEC));
}

static uint64_t
inode_of(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 ? st.st_ino : 0);
}

/*
 * Whoever has the capability in a user namespace has it in those below, and so has who made one, in it and below it (user_namespaces(7)).
 * Closes ns.
 */
static bool
reigns_over(const struct lx_call *c, int ns)
{
	const uint64_t own = lx_userns(c->c_tid);
	bool reigns = false;
	struct lx_ids me;
	uid_t owner;
	int above;

	if (lx_process_ids(c->c_tid, &me) != 0)
		return (false);
	for (unsigned i = 0; i < MAXNESTED && ns >= 0 && !reigns; i++) {
		if (inode_of(ns) == own) {
			reigns = !lx_call_lacks(c, CAP_SYS_ADMIN);
			break;
		}
		above = ioctl(ns, NS_GET_PARENT);
		reigns = above >= 0 && inode_of(above) == own && ioctl(ns, NS_GET_OWNER_UID, &owner) == 0 && owner == me.id_uid[1];
		close(ns);
		ns = above;
	}
	if (ns >= 0)
		close(ns);
	return (reigns);
}

int64_t
lx_sys_setns(struct lx_call *c)
{
	int ns, type;
	bool user;

	if (lx_on_host(c) || lx_call_fd(c, (int)c->c_arg[0]) != ENOTSOCK)
		return (LX_CONTINUE);
	type = namespace_type(c->c_fd);
	if (type < 0 && lx_pidfd_process(c) <= 0)
		return (LX_CONTINUE);	/* neither a namespace nor a process: EINVAL */
	ns = deciding_namespace(c, type, &user);
	if (!reigns_over(c, ns) || (!user && lx_call_lacks(c, CAP_SYS_ADMIN)))
		refused(c, VI_PRIV_VFS_MOUNT, "namespace of others");
	else if (type == CLONE_NEWNS && lx_call_lacks(c, CAP_SYS_CHROOT))	/* whose root directory it gets */
		refused(c, VI_PRIV_PROC_CHROOT, "namespace");
	return (LX_CONTINUE);
}

/*
 * Files.
 */
/* Capabilities of files are for who has the right in his own user namespace; trusted.* is the host's alone. */
int64_t
lx_sys_xattr(struct lx_call *c)
{
	const bool at = c->c_nr == LX_SYS_SETXATTRAT || c->c_nr == LX_SYS_REMOVEXATTRAT;
	char name[XATTR_NAME_MAX + 1];

	if (lx_on_host(c) || lx_copyin_string(c, c->c_arg[at ? 3 : 1], name, sizeof(name)) != 0)
		return (LX_CONTINUE);
	if (strcmp(name, "security.capability") == 0) {
		if (lx_call_lacks(c, CAP_SETFCAP))
			refused(c, VI_PRIV_VFS_SETCAP, "file");
	} else if ((strncmp(name, "trusted.", 8) == 0 && lx_host_lacks(c, CAP_SYS_ADMIN)) ||
	    (strncmp(name, "security.", 9) == 0 && lx_call_lacks(c, CAP_SYS_ADMIN)))
		refused(c, VI_PRIV_VFS_ADMIN, "attribute");
	return (LX_CONTINUE);
}

/* Everybody may ask for what he has himself. */
static bool
quota_asks(unsigned cmd)
{
	return (cmd == Q_SYNC || cmd == Q_GETFMT || cmd == Q_GETINFO || cmd == Q_GETQUOTA ||
		(cmd >> 8 == 'X' && ((cmd & 0xff) == 3 || (cmd & 0xff) == 5 || (cmd & 0xff) >= 7)));
}

int64_t
lx_sys_quota(struct lx_call *c)
{
	const unsigned cmd = (unsigned)c->c_arg[c->c_nr == SYS_quotactl ? 0 : 1] >> SUBCMDSHIFT;

	if (!lx_on_host(c) && !quota_asks(cmd) && lx_host_lacks(c, CAP_SYS_ADMIN))
		refused(c, VI_PRIV_VFS_MOUNT, "quotas");
	return (LX_CONTINUE);
}

/*
 * The machine.
 */
int64_t
lx_sys_machine(struct lx_call *c)
{
	const bool tty = c->c_nr == SYS_vhangup;

	if (!lx_on_host(c) && lx_host_lacks(c, tty ? CAP_SYS_TTY_CONFIG : CAP_WAKE_ALARM))
		refused(c, VI_PRIV_HOST_RAWIO, tty ? "terminals" : "clocks that wake");
	return (LX_CONTINUE);
}

static int
paranoid_level(void)
{
	char text[16] = "";
	int fd;

	if ((fd = open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC)) >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	return (atoi(text));
}

/* From 2 on the host shows nobody the kernel, from 3 on (Debian) nothing. */
static bool
measures_kernel(const struct lx_call *c)
{
	const int level = paranoid_level();
	uint32_t flags;

	return (level > 1 && lx_copyin(c, c->c_arg[0] + PERF_FLAGS, &flags, sizeof(flags)) == 0 && (level > 2 || (flags & PERF_NOKERNEL) == 0));
}

int64_t
lx_sys_perf(struct lx_call *c)
{
	if (lx_on_host(c))
		return (LX_CONTINUE);
	if ((int32_t)c->c_arg[1] == -1)
		return (lx_call_may(c, VI_PRIV_HOST_TRACE) ? LX_CONTINUE : -EACCES);
	if (measures_kernel(c) && lx_host_lacks(c, CAP_PERFMON) && lx_host_lacks(c, CAP_SYS_ADMIN))
		refused(c, VI_PRIV_HOST_TRACE, "kernel");
	return (lx_sys_others(c));
}
