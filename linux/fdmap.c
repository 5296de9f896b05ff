/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a descriptor of a program to our socket: we take a copy of the descriptor and look its
 * inode up.  So dup, fork, exec and descriptor passing need no bookkeeping, and a descriptor
 * that is not ours is known as such.
 *
 * A pidfd per calling thread is kept in a small cache.  It names the thread itself, not the
 * number: when the number belongs to another thread now the kernel says ESRCH, and we open a
 * new one.
 */
#include "linux/lx.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define INIT_USERNS	0xeffffffdU	/* the inode of the host's own user namespace: a constant of its kernel */

/* Newer than the headers of the oldest system we build on. */
#define LX_PIDFD_THREAD	O_EXCL			/* Linux 6.9 */
struct lx_pidfd_info {				/* Linux 6.13 */
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t	 exit_code;
};
#define LX_PIDFD_GET_INFO	_IOWR(0xff, 11, struct lx_pidfd_info)
#define LX_PIDFD_INFO_PID	1
#define LX_PIDFD_INFO_CREDS	2

/* What stands behind the key in /proc/TID/status; NULL. */
static char *
status_value(pid_t tid, const char *key, char *buf, size_t size)
{
	char path[40], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (NULL);
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return (NULL);
	buf[n] = '\0';
	p = strstr(buf, key);
	return (p == NULL ? NULL : p + strlen(key));
}

uint64_t
lx_process_memory(pid_t pid, const char *key)
{
	char buf[2048], line[32], *p;

	snprintf(line, sizeof(line), "\n%s:", key);
	p = status_value(pid, line, buf, sizeof(buf));
	return (p == NULL ? 0 : strtoull(p, NULL, 10) * 1024);
}

/* Of the numbers there the nth. */
static int
status_number(pid_t tid, const char *key, unsigned nth, unsigned *out)
{
	char buf[2048], *p = status_value(tid, key, buf, sizeof(buf));

	if (p == NULL)
		return (ESRCH);
	for (; nth > 0; nth--)
		(void)strtoul(p, &p, 10);
	*out = (unsigned)strtoul(p, NULL, 10);
	return (0);
}

/* Handlers of faults do not count: no call waits while a thread faults. */
bool
lx_catches(pid_t tid)
{
#define BIT(sig)	(1ULL << ((sig) - 1))
	const unsigned long long faults = BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGSYS);
#undef BIT
	char buf[2048], *p = status_value(tid, "\nSigCgt:", buf, sizeof(buf));

	return (p != NULL && (strtoull(p, NULL, 16) & ~faults) != 0);
}

static pid_t
thread_group(int pidfd, pid_t tid)
{
	struct lx_pidfd_info info = { .mask = LX_PIDFD_INFO_PID };
	unsigned tgid;

	if (ioctl(pidfd, LX_PIDFD_GET_INFO, &info) == 0)
		return ((pid_t)info.tgid);
	return (status_number(tid, "\nTgid:", 0, &tgid) == 0 ? (pid_t)tgid : 0);
}

/*
 * Before PIDFD_THREAD only leaders had one; threads share the table of their leader nearly
 * always.
 */
static int
thread_open(pid_t tid)
{
	unsigned tgid;
	int fd;

	fd = (int)syscall(SYS_pidfd_open, tid, LX_PIDFD_THREAD);
	if (fd >= 0 || errno != EINVAL)
		return (fd);
	if (status_number(tid, "\nTgid:", 0, &tgid) != 0) {
		errno = ESRCH;
		return (-1);
	}
	return ((int)syscall(SYS_pidfd_open, (pid_t)tgid, 0));
}

static void
task_clear(struct lx_task *t)
{
	if (t->t_tid != 0)
		close(t->t_pidfd);
	t->t_tid = 0;
}

static struct lx_task *
task_get(struct lx *lx, pid_t tid, bool *fresh)
{
	struct lx_task *t = &lx->lx_tasks[(unsigned)tid & (LX_NTASKS - 1)];

	*fresh = false;
	if (t->t_tid == tid)
		return (t);
	task_clear(t);
	t->t_pidfd = thread_open(tid);
	if (t->t_pidfd < 0)
		return (NULL);
	t->t_tid = tid;
	t->t_self = 0;
	t->t_tgid = thread_group(t->t_pidfd, tid);
	*fresh = true;
	return (t);
}

void
lx_tasks_free(struct lx *lx)
{
	unsigned i;

	for (i = 0; i < LX_NTASKS; i++)
		task_clear(&lx->lx_tasks[i]);
}

/* A copy of descriptor fd of thread tid, or -1 with errno; *tp is the thread. */
static int
task_getfd(struct lx *lx, pid_t tid, int fd, struct lx_task **tp)
{
	struct lx_task *t;
	bool fresh;
	int copy;

	do {
		t = task_get(lx, tid, &fresh);
		if (t == NULL)
			return (-1);
		copy = (int)syscall(SYS_pidfd_getfd, t->t_pidfd, fd, 0);
		if (copy >= 0 || errno != ESRCH || fresh)
			break;
		task_clear(t);		/* the number was used again */
	} while (true);
	*tp = t;
	return (copy);
}

int
lx_call_fd(struct lx_call *c, int fd)
{
	struct lx_task *t;
	struct statx st;

	c->c_sock = NULL;
	c->c_fd = task_getfd(c->c_lx, c->c_tid, fd, &t);
	if (c->c_fd < 0)
		return (errno);
	/* Of a file on a network or in a process we want no news, which might be long in coming. */
	if (statx(c->c_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st) != 0)
		return (errno);
	if (!S_ISSOCK(st.stx_mode))
		return (ENOTSOCK);
	c->c_sock = lx_sock_find(c->c_lx, st.stx_ino);
	if (c->c_sock != NULL && t->t_tgid != 0) {
		c->c_sock->ls_pid = t->t_tgid;
		c->c_sock->ls_pidfdno = fd;
	}
	return (0);
}

/* The last of the numbers is that of the innermost namespace. */
static int
status_last(pid_t tid, const char *key, unsigned *out)
{
	char buf[2048], *p = status_value(tid, key, buf, sizeof(buf)), *end;

	if (p == NULL)
		return (ESRCH);
	for (*out = (unsigned)strtoul(p, &end, 10); *end == '\t';)
		*out = (unsigned)strtoul(end, &end, 10);
	return (0);
}

unsigned
lx_thread_number(pid_t tid)
{
	unsigned n;

	return (status_last(tid, "\nNSpid:", &n) == 0 ? n : 0);
}

int
lx_process_group(pid_t tid, unsigned *number, unsigned *group)
{
	int error = status_last(tid, "\nNStgid:", number);

	return (error != 0 ? error : status_last(tid, "\nNSpgid:", group));
}

bool
lx_process_member(pid_t tid, unsigned gid)
{
	char buf[2048], *p = status_value(tid, "\nGroups:", buf, sizeof(buf)), *end;
	unsigned long n;

	if (p == NULL || strchr(p, '\n') == NULL)
		return (true);
	for (; *p != '\n'; p = end + strspn(end, " \t")) {
		n = strtoul(p, &end, 10);
		if (end == p || n == gid)
			return (end != p);
	}
	return (false);
}

unsigned
lx_call_self(const struct lx_call *c)
{
	struct lx_task *t;
	unsigned n;
	bool fresh;

	t = task_get(c->c_lx, c->c_tid, &fresh);
	if (t != NULL && t->t_self != 0)
		return (t->t_self);
	if (status_last(c->c_tid, "\nNStgid:", &n) != 0)
		return (0);
	if (t != NULL)
		t->t_self = n;
	return (n);
}

/*
 * Identity and right of the caller.  The jail's uid 0 is pr_rootuid for the host; everything
 * else keeps its distance to it.
 */
int
lx_call_cred(const struct lx_call *c, struct vi_cred *cr)
{
	struct lx_pidfd_info info = { .mask = LX_PIDFD_INFO_CREDS };
	const struct lx_program *pr = c->c_pr;
	struct lx_task *t;
	unsigned uid, gid;
	bool fresh;
	int error;

	t = task_get(c->c_lx, c->c_tid, &fresh);
	if (t != NULL && ioctl(t->t_pidfd, LX_PIDFD_GET_INFO, &info) == 0 &&
	    (info.mask & LX_PIDFD_INFO_CREDS) != 0) {
		uid = info.euid;
		gid = info.egid;
	} else {
		error = status_number(c->c_tid, "\nUid:", 1, &uid);
		if (error == 0)
			error = status_number(c->c_tid, "\nGid:", 1, &gid);
		if (error != 0)
			return (error);
	}
	if (!lx_call_valid(c))
		return (ENOENT);
	cr->cr_uid = uid >= pr->pr_rootuid ? uid - pr->pr_rootuid : uid;
	cr->cr_gid = gid >= pr->pr_rootgid ? gid - pr->pr_rootgid : gid;
	cr->cr_priv = uid == pr->pr_rootuid;
	cr->cr_denied = pr->pr_denied;
	cr->cr_jail = pr->pr_shared ? pr->pr_use.us_jid[VI_CLASS_VNET] : 0;
	return (0);
}

uint64_t
lx_userns(pid_t tid)
{
	struct stat st = { .st_ino = 0 };
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)tid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return (0);
	(void)fstat(fd, &st);
	close(fd);
	return (st.st_ino);
}

/* Where the jail's user namespace is not known its uid 0 is the host's rootuid, which nobody without privilege can map. */
static bool
task_maps(uid_t rootuid, pid_t tid)
{
	unsigned in, out;
	char path[40];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)tid);
	f = fopen(path, "re");
	if (f == NULL)
		return (false);
	n = fscanf(f, "%u %u", &in, &out);
	fclose(f);
	return (n == 2 && in == 0 && out == rootuid);
}

/* Nobody in a container can have what it was not given: root's programs have not given that up. */
static uint64_t
withheld_caps(uid_t rootuid, pid_t tid)
{
	char buf[2048], *p;
	unsigned uid;

	if (status_number(tid, "\nUid:", 1, &uid) != 0 || uid != rootuid || lx_userns(tid) != lx_userns(getpid()))
		return (0);
	p = status_value(getpid(), "\nCapBnd:", buf, sizeof(buf));
	return (p != NULL ? ~strtoull(p, NULL, 16) : 0);
}

/* Whoever makes a user namespace of his own has every capability there, and only there. */
uint64_t
lx_thread_caps(uint64_t userns, uid_t rootuid, pid_t tid)
{
	const uint64_t ours = LX_CAP(CAP_NET_ADMIN) | LX_CAP(CAP_NET_RAW) | LX_CAP(CAP_NET_BIND_SERVICE);
	char buf[2048], *p = status_value(tid, "\nCapEff:", buf, sizeof(buf));
	uint64_t caps;

	if (p == NULL || !(userns != 0 ? lx_userns(tid) == userns : task_maps(rootuid, tid)))
		return (0);
	caps = strtoull(p, NULL, 16);
	return ((caps & ours) == ours ? caps : caps | withheld_caps(rootuid, tid));
}

bool
lx_thread_has(uint64_t userns, uid_t rootuid, pid_t tid, uint64_t caps)
{
	return ((lx_thread_caps(userns, rootuid, tid) & caps) != 0);
}

bool
lx_call_hasany(const struct lx_call *c, uint64_t caps)
{
	return (lx_thread_has(c->c_pr->pr_userns, c->c_pr->pr_rootuid, c->c_tid, caps) && lx_call_valid(c));
}

bool
lx_call_has(const struct lx_call *c, unsigned cap)
{
	return (lx_call_hasany(c, LX_CAP(cap)));
}

/* It has not: neither as the jail's, nor in a user namespace of its own. */
bool
lx_call_lacks(const struct lx_call *c, unsigned cap)
{
	char buf[2048], *p = status_value(c->c_tid, "\nCapEff:", buf, sizeof(buf));

	return (p != NULL && (strtoull(p, NULL, 16) >> cap & 1) == 0 && lx_call_valid(c));
}

bool
lx_host_lacks(const struct lx_call *c, unsigned cap)
{
	const uint64_t ns = lx_userns(c->c_tid);

	return (ns != 0 && ns != INIT_USERNS ? lx_call_valid(c) : lx_call_lacks(c, cap));
}

static int
status_ids(pid_t pid, const char *key, unsigned ids[3])
{
	char buf[2048], *p = status_value(pid, key, buf, sizeof(buf));

	if (p == NULL)
		return (ESRCH);
	for (unsigned i = 0; i < 3; i++)
		ids[i] = (unsigned)strtoul(p, &p, 10);
	return (0);
}

int
lx_process_ids(pid_t pid, struct lx_ids *id)
{
	struct lx_pidfd_info info = { .mask = LX_PIDFD_INFO_CREDS };
	int fd = thread_open(pid), error;
	bool known;

	known = fd >= 0 && ioctl(fd, LX_PIDFD_GET_INFO, &info) == 0 && (info.mask & LX_PIDFD_INFO_CREDS) != 0;
	if (fd >= 0)
		close(fd);
	if (!known)
		return ((error = status_ids(pid, "\nUid:", id->id_uid)) != 0 ? error : status_ids(pid, "\nGid:", id->id_gid));
	*id = (struct lx_ids){ { info.ruid, info.euid, info.suid }, { info.rgid, info.egid, info.sgid } };
	return (0);
}

/* Programs, and all that they start, are under our filter. */
bool
lx_process_unfiltered(pid_t pid)
{
	unsigned mode;

	return (status_number(pid, "\nSeccomp:", 0, &mode) == 0 && mode == 0);
}

int
lx_sock_locate(struct lx_sock *ls)
{
	struct stat st;
	int copy, pidfd;

	if (ls->ls_pid == 0)
		return (-1);
	pidfd = (int)syscall(SYS_pidfd_open, ls->ls_pid, 0);
	if (pidfd < 0)
		return (-1);
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, ls->ls_pidfdno, 0);
	close(pidfd);
	if (copy < 0)
		return (-1);
	if (fstat(copy, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == ls->ls_ino)
		return (copy);
	close(copy);
	return (-1);
}

/* The close-on-exec flag belongs to the descriptor, so our copy does not tell it. */
bool
lx_call_cloexec(const struct lx_call *c)
{
	char path[64], line[128];
	unsigned flags = O_CLOEXEC;
	FILE *fp;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)c->c_tid, (int)c->c_arg[0]);
	fp = fopen(path, "re");
	if (fp == NULL)
		return (true);
	while (fgets(line, sizeof(line), fp) != NULL)
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	fclose(fp);
	return ((flags & O_CLOEXEC) != 0);
}

static const struct timeval *
call_timeo(const struct lx_call *c, int optname)
{
	return (&c->c_sock->ls_timeo[optname == SO_SNDTIMEO]);
}

bool
lx_call_nonblock(const struct lx_call *c, int flags, int optname)
{
	int fl;

	if ((flags & MSG_DONTWAIT) != 0 || call_timeo(c, optname)->tv_sec < 0)
		return (true);
	fl = fcntl(c->c_fd, F_GETFL);
	return (fl >= 0 && (fl & O_NONBLOCK) != 0);
}

uint64_t
lx_call_timeout(const struct lx_call *c, int optname)
{
	const struct timeval *tv = call_timeo(c, optname);

	if ((tv->tv_sec == 0 && tv->tv_usec == 0) || tv->tv_sec > 1000000000)
		return (LX_FOREVER);
	return (tv->tv_sec < 0 ? 0 : (uint64_t)tv->tv_sec * 1000000000 + (uint64_t)tv->tv_usec * 1000);
}

/* The table doubles when it is full: one chain link each on average. */
int
lx_hash_init(struct lx *lx)
{
	lx->lx_hashsize = 64;
	lx->lx_hash = calloc(lx->lx_hashsize, sizeof(*lx->lx_hash));
	return (lx->lx_hash == NULL ? ENOMEM : 0);
}

static void
hash_grow(struct lx *lx)
{
	uint32_t i, size = lx->lx_hashsize * 2;
	struct lx_sockhash *table;
	struct lx_sock *ls;

	table = calloc(size, sizeof(*table));
	if (table == NULL)
		return;			/* longer chains, nothing worse */
	for (i = 0; i < lx->lx_hashsize; i++)
		while ((ls = LIST_FIRST(&lx->lx_hash[i])) != NULL) {
			LIST_REMOVE(ls, ls_hash);
			LIST_INSERT_HEAD(&table[ls->ls_ino & (size - 1)], ls, ls_hash);
		}
	free(lx->lx_hash);
	lx->lx_hash = table;
	lx->lx_hashsize = size;
}

void
lx_sock_hash(struct lx_sock *ls)
{
	struct lx *lx = ls->ls_lx;

	if (lx->lx_nsocks >= lx->lx_hashsize)
		hash_grow(lx);
	LIST_INSERT_HEAD(&lx->lx_hash[ls->ls_ino & (lx->lx_hashsize - 1)], ls, ls_hash);
	lx->lx_nsocks++;
}

void
lx_sock_rehash(struct lx_sock *ls, ino_t ino)
{
	LIST_REMOVE(ls, ls_hash);
	ls->ls_lx->lx_nsocks--;
	ls->ls_ino = ino;
	lx_sock_hash(ls);
}

struct lx_sock *
lx_sock_find(const struct lx *lx, ino_t ino)
{
	struct lx_sock *ls;

	LIST_FOREACH(ls, &lx->lx_hash[ino & (lx->lx_hashsize - 1)], ls_hash)
		if (ls->ls_ino == ino)
			return (ls);
	return (NULL);
}
