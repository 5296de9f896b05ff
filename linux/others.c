/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that reach for other processes, for other users and groups, for more memory to lock than there may be, and for files that nobody may change or
 * that shall be another's.
 *
 * Theory of operation.  The host's kernel decides all of them, and nothing here changes what it says: a process of another jail has no number in the
 * caller's pid namespace, an id that is not the jail's none in its user namespace.  But the host's kernel tells nobody.  So these calls come to us,
 * we find out by the same rules what the answer is going to be, write a line into the jail's log if it is a refusal, and let the call go on.  What is
 * looked at may change before the host's kernel looks at it; then a line is missing, or there is one too many.
 *
 * Whether a number names a process is asked of the caller's pid namespace itself (Linux 6.11); before that nothing is known of it, and a missing
 * process is not logged.  Who sends a signal to a process that has just ended looks like one who guesses numbers.
 */
#include "linux/lx.h"
#include "linux/sysnum.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/fs.h>

/* Newer than the headers of the oldest system we build on. */
#define LX_NS_GET_PID_FROM_PIDNS	_IOR(0xb7, 0x6, int)

#define MAXGROUPS	256	/* of setgroups(2)'s list are looked at */
#define MAXWALK		128	/* processes of a jail among which those of a group are looked for: some ms, for which neighbours wait */
#define MAXRANGES	340	/* lines of a map of ids */

enum rule {
	RULE_NONE,		/* it is enough that there is such a process */
	RULE_SIGNAL,
	RULE_SCHED,
	RULE_REAL,		/* its real one is one of the caller's two */
	RULE_ALL,		/* all its ids are the caller's real ones */
	RULE_DEBUG,		/* likewise, and it is not the jail's init */
};

static const struct reach {
	int		 rc_nr;
	unsigned	 rc_arg;	/* which argument is the process */
	enum vi_priv	 rc_priv;
	enum rule	 rc_rule;
	unsigned	 rc_cap;	/* who has it may, whatever the ids */
} reaches[] = {
	{ SYS_kill,			0, VI_PRIV_PROC_SIGNAL,	RULE_SIGNAL,	CAP_KILL },
	{ SYS_tgkill,			0, VI_PRIV_PROC_SIGNAL,	RULE_SIGNAL,	CAP_KILL },
	{ SYS_tkill,			0, VI_PRIV_PROC_SIGNAL,	RULE_SIGNAL,	CAP_KILL },
	{ SYS_rt_sigqueueinfo,		0, VI_PRIV_PROC_SIGNAL,	RULE_SIGNAL,	CAP_KILL },
	{ SYS_rt_tgsigqueueinfo,	0, VI_PRIV_PROC_SIGNAL,	RULE_SIGNAL,	CAP_KILL },
	{ SYS_pidfd_open,		0, VI_PRIV_PROC_SIGNAL,	RULE_NONE,	0 },
	{ SYS_ptrace,			1, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
	{ SYS_process_vm_readv,		0, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
	{ SYS_process_vm_writev,	0, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
	{ SYS_prlimit64,		0, VI_PRIV_PROC_LIMIT,	RULE_ALL,	CAP_SYS_RESOURCE },
	{ SYS_sched_setaffinity,	0, VI_PRIV_PROC_SCHED,	RULE_SCHED,	CAP_SYS_NICE },
	{ SYS_sched_setattr,		0, VI_PRIV_PROC_SCHED,	RULE_SCHED,	CAP_SYS_NICE },
	{ SYS_sched_setparam,		0, VI_PRIV_PROC_SCHED,	RULE_SCHED,	CAP_SYS_NICE },
	{ SYS_sched_setscheduler,	0, VI_PRIV_PROC_SCHED,	RULE_SCHED,	CAP_SYS_NICE },
	{ SYS_setpriority,		1, VI_PRIV_PROC_SCHED,	RULE_SCHED,	CAP_SYS_NICE },
	{ SYS_ioprio_set,		1, VI_PRIV_PROC_SCHED,	RULE_REAL,	CAP_SYS_NICE },
	{ SYS_move_pages,		0, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
	{ SYS_migrate_pages,		0, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
	{ SYS_get_robust_list,		0, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
	{ SYS_perf_event_open,		1, VI_PRIV_PROC_DEBUG,	RULE_DEBUG,	CAP_SYS_PTRACE },
};

void
lx_log_refusal(const struct lx_call *c, enum vi_priv priv, const char *what, unsigned number)
{
	struct vi_cred cr;
	char text[256];

	if (lx_call_cred(c, &cr) != 0)
		return;
	snprintf(text, sizeof(text), number == UINT32_MAX ? "%s" : "%s %u", what, number);
	lx_manage(c->c_lx);
	vi_jail_refused(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[vi_priv_class(priv)], &cr, priv, text);
	lx_managed(c->c_lx);
}

/* What we call the process that has this number for the caller: 0: nobody has it, -1: not known. */
static pid_t
process_of(const struct lx_call *c, pid_t number)
{
	char path[40];
	int fd, pid;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)c->c_tid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return (-1);
	if ((pid = ioctl(fd, LX_NS_GET_PID_FROM_PIDNS, number)) < 0)
		pid = errno == ESRCH ? 0 : -1;
	close(fd);
	return (pid);
}

static bool
same_all(const unsigned of[3], unsigned id)
{
	return (of[0] == id && of[1] == id && of[2] == id);
}

/* By ids alone; ptrace(2), kill(2), sched_setaffinity(2), prlimit(2). */
static bool
ids_allow(enum rule rule, const struct lx_ids *me, const struct lx_ids *it)
{
	enum { R, E, S };

	switch (rule) {
	case RULE_SIGNAL:
		return (me->id_uid[E] == it->id_uid[S] || me->id_uid[E] == it->id_uid[R] || me->id_uid[R] == it->id_uid[S] ||
			me->id_uid[R] == it->id_uid[R]);
	case RULE_SCHED:
		return (me->id_uid[E] == it->id_uid[E] || me->id_uid[E] == it->id_uid[R]);
	case RULE_REAL:
		return (me->id_uid[E] == it->id_uid[R] || me->id_uid[R] == it->id_uid[R]);
	case RULE_ALL:
	case RULE_DEBUG:
		return (same_all(it->id_uid, me->id_uid[R]) && same_all(it->id_gid, me->id_gid[R]));
	case RULE_NONE:
		break;
	}
	return (true);
}

static bool
is_continue(int nr, const struct lx_call *c)
{
	return ((nr == SYS_kill || nr == SYS_tkill ? c->c_arg[1] : nr == SYS_tgkill ? c->c_arg[2] : 0) == SIGCONT);
}

static bool
reach_allowed(const struct lx_call *c, const struct reach *rc, pid_t pid)
{
	struct lx_ids me, it;

	if (rc->rc_rule == RULE_NONE || lx_process_ids(c->c_tid, &me) != 0 || lx_process_ids(pid, &it) != 0)
		return (true);
	if (rc->rc_rule == RULE_DEBUG && lx_process_unfiltered(pid))
		return (false);
	/* Everybody may continue what is of his session. */
	if (is_continue(rc->rc_nr, c))
		return (true);
	return (ids_allow(rc->rc_rule, &me, &it) || !lx_call_lacks(c, rc->rc_cap));
}

static bool
is_in_group(pid_t tid, unsigned group)
{
	unsigned number, its;

	return (lx_process_group(tid, &number, &its) == 0 && its == group);
}

struct walk {
	pid_t	 w_pid[MAXWALK];
	unsigned w_n;
	bool	 w_more;	/* than there is room for */
};

static void
walk_children(struct walk *w, pid_t pid, const char *thread)
{
	char path[64];
	int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/children", (int)pid, thread);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (fscanf(f, "%d", &child) == 1) {
		if (w->w_n == MAXWALK) {
			w->w_more = true;
			break;
		}
		w->w_pid[w->w_n++] = child;
	}
	fclose(f);
}

/* A child is known to the thread that made it. */
static void
walk_threads(struct walk *w, pid_t pid)
{
	const struct dirent *de;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	if ((dir = opendir(path)) == NULL)
		return;
	while (!w->w_more && (de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.')
			walk_children(w, pid, de->d_name);
	closedir(dir);
}

/*
 * Of the processes below the first one of the caller's pid namespace, which are all there are for him, and no others of the host: false if one of
 * the group may be reached, or not all were looked at.  kill(2) fails only if none may.
 */
static bool
group_refused(const struct lx_call *c, const struct reach *rc, unsigned group)
{
	const pid_t first = process_of(c, 1);
	struct walk w = { .w_n = 0 };

	if (first <= 0)
		return (false);
	w.w_pid[w.w_n++] = first;
	for (unsigned i = 0; i < w.w_n && !w.w_more; i++) {
		if (is_in_group(w.w_pid[i], group) && reach_allowed(c, rc, w.w_pid[i]))
			return (false);
		walk_threads(&w, w.w_pid[i]);
	}
	return (!w.w_more);
}

/* kill(2) of a group: the caller's own, and one whose first process may be reached, need no search. */
static void
look_at_group(const struct lx_call *c, unsigned group)
{
	const struct reach *rc = reaches;	/* of kill(2) */
	const pid_t first = process_of(c, (pid_t)group);

	if (first < 0 || is_in_group(c->c_tid, group) || (first > 0 && is_in_group(first, group) && reach_allowed(c, rc, first)))
		return;
	if (group_refused(c, rc, group))
		lx_log_refusal(c, rc->rc_priv, "process group", group);
}

pid_t
lx_pidfd_process(const struct lx_call *c)
{
	char path[40], line[64];
	int pid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", c->c_fd);
	if (c->c_fd < 0 || (f = fopen(path, "re")) == NULL)
		return (-1);
	while (fgets(line, sizeof(line), f) != NULL && sscanf(line, "Pid:%d", &pid) != 1)
		;
	fclose(f);
	return (pid > 0 ? pid : -1);
}

int64_t
lx_sys_pidfd(struct lx_call *c)
{
	static const struct reach signal = { SYS_pidfd_send_signal, 0, VI_PRIV_PROC_SIGNAL, RULE_SIGNAL, CAP_KILL },
		debug = { SYS_pidfd_getfd, 0, VI_PRIV_PROC_DEBUG, RULE_DEBUG, CAP_SYS_PTRACE };
	const struct reach *rc = c->c_nr == SYS_pidfd_send_signal ? &signal : &debug;
	pid_t pid;

	if (lx_on_host(c) || lx_call_fd(c, (int)c->c_arg[0]) != ENOTSOCK)
		return (LX_CONTINUE);
	if ((pid = lx_pidfd_process(c)) > 0 && !reach_allowed(c, rc, pid))
		lx_log_refusal(c, rc->rc_priv, "descriptor of a process", UINT32_MAX);
	return (LX_CONTINUE);
}

int64_t
lx_sys_others(struct lx_call *c)
{
	const struct reach *rc = reaches;
	pid_t number, pid;

	while (rc < reaches + LX_NITEMS(reaches) - 1 && rc->rc_nr != c->c_nr)
		rc++;
	number = (pid_t)c->c_arg[rc->rc_arg];
	if (lx_on_host(c))
		return (LX_CONTINUE);
	if (c->c_nr == SYS_kill && number < -1)
		look_at_group(c, -(unsigned)number);
	if (number < 0 || (pid = number == 0 ? c->c_tid : process_of(c, number)) < 0)
		return (LX_CONTINUE);
	if (pid == 0 || (number != 0 && !reach_allowed(c, rc, pid)))
		lx_log_refusal(c, rc->rc_priv, "process", (unsigned)number);
	else
		lx_look_at_raise(c, pid);
	return (LX_CONTINUE);
}

/*
 * Processors.  This call we make ourselves, so that nothing in the program's memory can change after it was looked at; the rules are the same.
 */
static uint64_t
pid_namespace(pid_t pid)
{
	struct stat st = { .st_ino = 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return (stat(path, &st) == 0 ? st.st_ino : 0);
}

/* Before Linux 6.11: a thread of the caller's pid namespace with this number, in a directory of /proc; -1. */
static pid_t
search_thread(const struct lx_call *c, const char *path, unsigned number)
{
	const uint64_t ns = pid_namespace(c->c_tid);
	const struct dirent *de;
	pid_t tid, found = -1;
	DIR *dir;

	if (ns == 0 || (dir = opendir(path)) == NULL)
		return (-1);
	while (found < 0 && (de = readdir(dir)) != NULL)
		if (de->d_name[0] >= '1' && de->d_name[0] <= '9' && (tid = atoi(de->d_name)) > 0 && lx_thread_number(tid) == number && pid_namespace(tid) == ns)
			found = tid;
	closedir(dir);
	return (found);
}

static pid_t
thread_of(const struct lx_call *c, pid_t number)
{
	char path[40];
	pid_t tid;

	if (number <= 0)
		return (number == 0 ? c->c_tid : 0);
	if ((tid = process_of(c, number)) >= 0)
		return (tid);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)c->c_tid);
	if ((tid = search_thread(c, path, (unsigned)number)) < 0)
		tid = search_thread(c, "/proc", (unsigned)number);
	return (tid < 0 ? 0 : tid);
}

/* A capability counts that is had over the jail's processes, not one in a user namespace of the caller's own. */
static bool
may_schedule(const struct lx_call *c, pid_t tid)
{
	struct lx_ids me, it;

	if (tid == c->c_tid)
		return (true);
	if (lx_process_ids(c->c_tid, &me) != 0 || lx_process_ids(tid, &it) != 0)
		return (false);
	return (ids_allow(RULE_SCHED, &me, &it) || lx_call_hasany(c, LX_CAP(CAP_SYS_NICE)));
}

/* Does anybody want to know that it is refused (program_filter)? */
static void
log_setaffinity(const struct lx_call *c, pid_t number)
{
	const int proc = c->c_pr->pr_use.us_jid[VI_CLASS_VPROC];
	struct vi_kernel *k = c->c_lx->lx_kernel;
	char text[8] = "";

	lx_manage(c->c_lx);
	if ((vi_jail_privs(k, proc) >> VI_PRIV_PROC_SCHED & 1) != 0)
		(void)vi_jail_get(k, 0, proc, "vlog.refusals", text, sizeof(text));
	lx_managed(c->c_lx);
	if (text[0] != 'f' && !lx_on_host(c))
		lx_log_refusal(c, VI_PRIV_PROC_SCHED, "process", (unsigned)number);
}

int64_t
lx_sys_setaffinity(struct lx_call *c)
{
	const pid_t number = (pid_t)c->c_arg[0];
	const size_t size = (unsigned)c->c_arg[1] < sizeof(struct vi_cpus) ? (unsigned)c->c_arg[1] : sizeof(struct vi_cpus);
	struct vi_cpus wanted = { { 0 } };
	pid_t tid;
	int error;

	if ((lx_on_host(c) && c->c_pr->pr_use.us_jid[VI_CLASS_VCPU] == 0) || c->c_lx->lx_ops.lo_setaffinity == NULL)
		return (c->c_nr == SYS_sched_setaffinity ? lx_sys_others(c) : LX_CONTINUE);
	if (lx_copyin(c, c->c_arg[2], &wanted, size) != 0)
		return (-EFAULT);
	tid = thread_of(c, number);
	if (tid <= 0 || !may_schedule(c, tid)) {
		if (number >= 0)
			log_setaffinity(c, number);
		return (tid <= 0 ? -ESRCH : -EPERM);
	}
	lx_manage(c->c_lx);
	error = lx_call_valid(c) ? c->c_lx->lx_ops.lo_setaffinity(c->c_lx->lx_arg, tid, &wanted) : ENOENT;
	lx_managed(c->c_lx);
	return (-error);
}

/*
 * Ids.
 */
struct idmap {
	unsigned	im_n;
	bool		im_known;
	struct { uint32_t in, out, count; } im_range[MAXRANGES];
};

static void
idmap_read(const struct lx_call *c, const char *name, struct idmap *im)
{
	char path[40];
	FILE *f;

	im->im_n = 0;
	im->im_known = false;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)c->c_tid, name);
	if ((f = fopen(path, "re")) == NULL)
		return;
	while (im->im_n < MAXRANGES && fscanf(f, "%u %u %u", &im->im_range[im->im_n].in, &im->im_range[im->im_n].out, &im->im_range[im->im_n].count) == 3)
		im->im_n++;
	im->im_known = im->im_n > 0;
	fclose(f);
}

/* What it is outside; false: it is not mapped. */
static bool
idmap_out(const struct idmap *im, uint32_t id, uint32_t *out)
{
	for (unsigned i = 0; i < im->im_n; i++)
		if (id >= im->im_range[i].in && id - im->im_range[i].in < im->im_range[i].count) {
			*out = im->im_range[i].out + (id - im->im_range[i].in);
			return (true);
		}
	return (false);
}

/* setuid(2) does not take the effective one for one of the caller's, the others do. */
static bool
is_own(const unsigned ids[3], uint32_t id, bool effective)
{
	return (ids[0] == id || ids[2] == id || (effective && ids[1] == id));
}

/* The first of the ids that is refused; UINT32_MAX: none. */
static uint32_t
id_refused(const struct lx_call *c, bool group, const uint32_t *id, unsigned n)
{
	const bool effective = c->c_nr != SYS_setuid && c->c_nr != SYS_setgid;
	struct lx_ids me;
	struct idmap im;
	uint32_t out;
	bool lacks;

	idmap_read(c, group ? "gid_map" : "uid_map", &im);
	if (!im.im_known || lx_process_ids(c->c_tid, &me) != 0)
		return (UINT32_MAX);
	lacks = lx_call_lacks(c, group ? CAP_SETGID : CAP_SETUID);
	for (unsigned i = 0; i < n; i++)
		if (id[i] != UINT32_MAX &&
		    (!idmap_out(&im, id[i], &out) || (lacks && !is_own(group ? me.id_gid : me.id_uid, out, effective))))
			return (id[i]);
	return (UINT32_MAX);
}

/* One to three ids; -1 leaves what there is. */
int64_t
lx_sys_setid(struct lx_call *c)
{
	const bool group = c->c_nr == SYS_setgid || c->c_nr == SYS_setregid || c->c_nr == SYS_setresgid;
	const unsigned n = c->c_nr == SYS_setuid || c->c_nr == SYS_setgid ? 1 : c->c_nr == SYS_setreuid || c->c_nr == SYS_setregid ? 2 : 3;
	const uint32_t ids[3] = { (uint32_t)c->c_arg[0], (uint32_t)c->c_arg[1], (uint32_t)c->c_arg[2] };
	uint32_t bad;

	if (!lx_on_host(c) && (bad = id_refused(c, group, ids, n)) != UINT32_MAX)
		lx_log_refusal(c, VI_PRIV_PROC_SETID, group ? "gid" : "uid", bad);
	return (LX_CONTINUE);
}

/* chown(2): who may not give files away has them for himself and for groups that he is in.  Whether there is such a file is not looked at. */
static bool
owner_refused(const struct lx_call *c, bool group, uint32_t id)
{
	struct lx_ids me;
	struct idmap im;
	uint32_t out;

	idmap_read(c, group ? "gid_map" : "uid_map", &im);
	if (id == UINT32_MAX || !im.im_known || lx_process_ids(c->c_tid, &me) != 0)
		return (false);
	if (!idmap_out(&im, id, &out))
		return (true);
	return ((group ? me.id_gid[1] != out && !lx_process_member(c->c_tid, out) : me.id_uid[1] != out) && lx_call_lacks(c, CAP_CHOWN));
}

int64_t
lx_sys_chown(struct lx_call *c)
{
	const uint64_t *ids = c->c_arg + (c->c_nr == SYS_fchownat ? 2 : 1);

	if (lx_on_host(c))
		return (LX_CONTINUE);
	if (owner_refused(c, false, (uint32_t)ids[0]))
		lx_log_refusal(c, VI_PRIV_VFS_CHOWN, "uid", (unsigned)ids[0]);
	else if (owner_refused(c, true, (uint32_t)ids[1]))
		lx_log_refusal(c, VI_PRIV_VFS_CHOWN, "gid", (unsigned)ids[1]);
	return (LX_CONTINUE);
}

/* prctl(2): the bounding set, and what becomes of the capabilities of root. */
int64_t
lx_sys_prctl(struct lx_call *c)
{
	if (!lx_on_host(c) && lx_call_lacks(c, CAP_SETPCAP))
		lx_log_refusal(c, VI_PRIV_PROC_SETID, "capabilities", UINT32_MAX);
	return (LX_CONTINUE);
}

/* Where who made the user namespace could not give up groups either, nobody in it may (user_namespaces(7)). */
static bool
groups_denied(const struct lx_call *c)
{
	char path[40], first = '\0';
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)c->c_tid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		(void)!read(fd, &first, 1);
		close(fd);
	}
	return (first == 'd' || lx_call_lacks(c, CAP_SETGID));
}

int64_t
lx_sys_setgroups(struct lx_call *c)
{
	uint32_t gids[MAXGROUPS], bad;
	const unsigned n = c->c_arg[0] > MAXGROUPS ? MAXGROUPS : (unsigned)c->c_arg[0];

	if (lx_on_host(c))
		return (LX_CONTINUE);
	if (groups_denied(c))
		lx_log_refusal(c, VI_PRIV_PROC_SETID, "groups", UINT32_MAX);
	else if (lx_copyin(c, c->c_arg[1], gids, n * sizeof(gids[0])) == 0 && (bad = id_refused(c, true, gids, n)) != UINT32_MAX)
		lx_log_refusal(c, VI_PRIV_PROC_SETID, "gid", bad);
	return (LX_CONTINUE);
}

/*
 * IPC.
 */
/* Of a kind that the jail does without there is nothing. */
static int64_t
no_ipc(struct lx_call *c, const char *name)
{
	struct vi_cred cr;
	char text[80];

	if (lx_call_cred(c, &cr) != 0)
		return (-ENOSYS);
	snprintf(text, sizeof(text), "%s refused to uid %u: the jail has none", name, cr.cr_uid);
	lx_manage(c->c_lx);
	vi_jail_log_write(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[VI_CLASS_VIPC], LOG_NOTICE, text);
	lx_managed(c->c_lx);
	return (-ENOSYS);
}

int64_t
lx_sys_ipc(struct lx_call *c)
{
	static const struct { int first, last; unsigned kind; const char *name; } kinds[] = {
		{ SYS_shmget, SYS_shmctl, VI_IPC_SYSVSHM, "sysvshm" }, { SYS_shmdt, SYS_shmdt, VI_IPC_SYSVSHM, "sysvshm" },
		{ SYS_semget, SYS_semctl, VI_IPC_SYSVSEM, "sysvsem" }, { SYS_semtimedop, SYS_semtimedop, VI_IPC_SYSVSEM, "sysvsem" },
		{ SYS_msgget, SYS_msgctl, VI_IPC_SYSVMSG, "sysvmsg" }, { SYS_mq_open, SYS_mq_getsetattr, VI_IPC_MQUEUE, "mqueue" },
	};
	size_t i = 0;

	while (i < LX_NITEMS(kinds) - 1 && (c->c_nr < kinds[i].first || c->c_nr > kinds[i].last))
		i++;
	return ((c->c_pr->pr_ipcoff & kinds[i].kind) != 0 ? no_ipc(c, kinds[i].name) : lx_look_at_object(c, kinds[i].kind));
}

/*
 * Memory and files.
 */
/* mlock(2): what is locked already counts again here, and not there. */
int64_t
lx_sys_mlock(struct lx_call *c)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = c->c_arg[0] % page;
	struct rlimit rl;
	uint64_t bytes;

	if (lx_on_host(c) || prlimit(c->c_tid, RLIMIT_MEMLOCK, NULL, &rl) != 0 || rl.rlim_cur == RLIM_INFINITY)
		return (LX_CONTINUE);
	if (c->c_nr != SYS_mlockall)
		bytes = lx_process_memory(c->c_tid, "VmLck") + (c->c_arg[1] + first + page - 1) / page * page;
	else if ((c->c_arg[0] & MCL_CURRENT) != 0)
		bytes = lx_process_memory(c->c_tid, "VmSize");
	else
		bytes = rl.rlim_cur == 0;
	if (bytes > rl.rlim_cur && lx_host_lacks(c, CAP_IPC_LOCK))
		lx_log_refusal(c, VI_PRIV_VM_MLOCK, "memory", UINT32_MAX);
	return (LX_CONTINUE);
}

bool
lx_chflags_iscmd(unsigned cmd)
{
	return (cmd == FS_IOC_SETFLAGS || cmd == FS_IOC_FSSETXATTR);
}

/* ioctl_iflags(2), xfsctl(3): of the two flags none may change; the other flags are the owner's. */
int64_t
lx_sys_chflags(struct lx_call *c)
{
	const bool flags = (unsigned)c->c_arg[1] == FS_IOC_SETFLAGS;
	const uint32_t fixed = flags ? FS_IMMUTABLE_FL : FS_XFLAG_IMMUTABLE, append = flags ? FS_APPEND_FL : FS_XFLAG_APPEND;
	struct statx st;
	uint32_t to;	/* both begin with it */

	if (lx_on_host(c) || lx_copyin(c, c->c_arg[2], &to, sizeof(to)) != 0 || statx(c->c_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) != 0)
		return (LX_CONTINUE);
	if ((((to & fixed) != 0) != ((st.stx_attributes & STATX_ATTR_IMMUTABLE) != 0) || ((to & append) != 0) != ((st.stx_attributes & STATX_ATTR_APPEND) != 0)) &&
	    lx_host_lacks(c, CAP_LINUX_IMMUTABLE))
		lx_log_refusal(c, VI_PRIV_VFS_CHFLAGS, "file", UINT32_MAX);
	return (LX_CONTINUE);
}
