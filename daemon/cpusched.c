/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Where the host lets us make control groups, it does the work: a group for each jail with a vcpu of its own, nested as the jails
 * are.  Where not, and only when somebody has set a share or a limit, we do:
 *
 *	shares	Each tick the time that the processes of a jail have used since the last is divided by its share and added to the
 *		jail's virtual time.  Of the jails with the same parent, those that are ahead of the one that is most behind are held
 *		back: their sessions get the least weight that the host's scheduler has (autogroup, sched(7)), so that they run
 *		only when nobody else wants to.  No processor stays idle for it, and programs do not see it.
 *	limits	A jail has a budget that grows with the time.  When it is overdrawn, the jail's processes are stopped
 *		(SIGSTOP, parents first) until it is positive again.  A parent that asks for it (WUNTRACED) can see that.
 *
 * A jail that wanted nothing comes back at the virtual time of the one most behind: sleeping earns no credit, but waiting for a
 * processor that others of the host have is not sleeping; and nobody is ever ahead by more than MAXLEAD.  Ticks become rare while nobody works, and there are none without shares or limits.
 */
#include "daemon/cpusched.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/proctree.h"

#define MS		UINT64_C(1000000)
#define TICK		(50 * MS)
#define MAXIDLE		5		/* doublings of it; */
#define MAXIDLE_LIMIT	2		/* with a limit, which is not to be overdrawn by much before anybody looks */
#define SLACK		(10 * MS)	/* one clock tick of the host's accounting */
#define MAXLEAD		(300 * MS)
#define MAXBUDGET	(100 * MS)
#define SHARE		100		/* ordinary */

struct cpugroup {
	LIST_ENTRY(cpugroup) cg_link;
	struct cpugroup	*cg_parent;	/* NULL: outermost */
	char		cg_path[CPU_PATH];
	unsigned	cg_share, cg_percent;
	uint64_t	cg_processes;
	uint64_t	cg_now, cg_total;	/* ns used by all below: now and at the last tick */
	uint64_t	cg_spent;	/* since the last tick */
	uint64_t	cg_vtime;
	int64_t		cg_budget;
	bool		cg_gone;	/* its jail; it stays as long as an init is in there */
	bool		cg_seen;	/* cg_total means something */
	bool		cg_active;	/* it has used something since the last tick, or would like to */
	bool		cg_ahead;	/* of others of the same parent */
	bool		cg_held;	/* some session of its own has the least weight */
	bool		cg_settled;	/* all cg_nsessions have what they shall */
	size_t		cg_nsessions;
	pid_t		*cg_stopped;	/* whom we stopped; NULL: it runs */
	size_t		cg_nstopped;
};

struct cpumember {
	LIST_ENTRY(cpumember) cm_link;
	struct cpugroup	*cm_group;
	pid_t		cm_pid;
};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/*
 * Groups.
 */
static struct cpugroup *
group_find(const struct cpusched *cs, const char *path)
{
	struct cpugroup *cg;

	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		if (strcmp(cg->cg_path, path) == 0)
			break;
	return cg;
}

static struct cpugroup *
group_parent(const struct cpusched *cs, const char *path)
{
	char up[CPU_PATH];
	char *slash;

	snprintf(up, sizeof(up), "%s", path);
	if ((slash = strrchr(up, '/')) == NULL)
		return NULL;
	*slash = '\0';
	return group_find(cs, up);
}

/* Is there anything that the host does not do, or that is to be taken back? */
static bool
is_needed(const struct cpusched *cs)
{
	const struct cpugroup *cg;

	if (cs->cs_host.ch_kind != CGROUP_NONE)
		return false;
	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		if (!cg->cg_gone && (cg->cg_share != SHARE || cg->cg_percent != 0 || cg->cg_held || cg->cg_stopped != NULL))
			return true;
	return false;
}

static void
look_needed(struct cpusched *cs)
{
	bool before = cs->cs_needed;
	struct cpugroup *cg;

	cs->cs_needed = is_needed(cs);
	if (cs->cs_needed && !before) {
		LIST_FOREACH(cg, &cs->cs_groups, cg_link)
			cg->cg_seen = false;	/* what they used meanwhile is nobody's business */
		cs->cs_last = now_ns();
		cs->cs_next = cs->cs_last + TICK;
	}
	cs->cs_idle = 0;
}

void
cpusched_init(struct cpusched *cs)
{
	memset(cs, 0, sizeof(*cs));
	LIST_INIT(&cs->cs_groups);
	LIST_INIT(&cs->cs_members);
	cs->cs_ordinary = geteuid() != 0;
	cgroup_find(&cs->cs_host);
}

static bool
within(const struct cpugroup *cg, const struct cpugroup *up)
{
	while (cg != NULL && cg != up)
		cg = cg->cg_parent;
	return cg != NULL;
}

/* The host counts inits as well, one of which there will be, and more where programs have their containers from several jails. */
static uint64_t
group_processes(const struct cpusched *cs, const struct cpugroup *cg)
{
	const struct cpumember *cm;
	uint64_t inits = 0;

	LIST_FOREACH(cm, &cs->cs_members, cm_link)
		inits += within(cm->cm_group, cg);
	return cg->cg_processes == 0 ? 0 : cg->cg_processes + (inits > 0 ? inits : 1);
}

static void
group_tell(const struct cpusched *cs, const struct cpugroup *cg)
{
	cgroup_set(&cs->cs_host, cg->cg_path, cg->cg_share, cg->cg_percent, group_processes(cs, cg));
}

static void
inits_changed(const struct cpusched *cs, const struct cpugroup *cg)
{
	for (; cg != NULL; cg = cg->cg_parent)
		if (cg->cg_processes != 0)
			group_tell(cs, cg);
}

void
cpusched_set(struct cpusched *cs, const char *path, unsigned share, unsigned percent, uint64_t processes)
{
	struct cpugroup *cg = group_find(cs, path);

	if (cg == NULL) {
		if ((cg = calloc(1, sizeof(*cg))) == NULL)
			return;
		snprintf(cg->cg_path, sizeof(cg->cg_path), "%s", path);
		cg->cg_parent = group_parent(cs, path);
		LIST_INSERT_HEAD(&cs->cs_groups, cg, cg_link);
		cgroup_make(&cs->cs_host, path);
	} else if (!cg->cg_gone && cg->cg_share == share && cg->cg_percent == percent && cg->cg_processes == processes) {
		return;
	}
	cg->cg_gone = false;	/* a number can be a new jail's at once */
	cg->cg_share = share > 0 ? share : SHARE;
	cg->cg_percent = percent;
	cg->cg_processes = processes;
	group_tell(cs, cg);
	look_needed(cs);
}

bool
cpusched_known(const struct cpusched *cs, const char *path)
{
	return group_find(cs, path) != NULL;
}

static bool
group_empty(const struct cpusched *cs, const struct cpugroup *cg)
{
	const struct cpugroup *other;
	const struct cpumember *cm;

	LIST_FOREACH(other, &cs->cs_groups, cg_link)
		if (other->cg_parent == cg)
			return false;
	LIST_FOREACH(cm, &cs->cs_members, cm_link)
		if (cm->cm_group == cg)
			return false;
	return true;
}

/* Removes it, and those above it that only waited for that. */
static void
group_reap(struct cpusched *cs, struct cpugroup *cg)
{
	struct cpugroup *up;

	for (; cg != NULL && cg->cg_gone && group_empty(cs, cg); cg = up) {
		up = cg->cg_parent;
		cgroup_remove(&cs->cs_host, cg->cg_path);
		LIST_REMOVE(cg, cg_link);
		free(cg);
	}
}

static void group_continue(struct cpugroup *);

void
cpusched_gone(struct cpusched *cs, const char *path)
{
	struct cpugroup *cg = group_find(cs, path);

	if (cg == NULL)
		return;
	group_continue(cg);
	cg->cg_percent = 0;	/* who is to end is not stopped once more */
	cg->cg_gone = true;
	group_reap(cs, cg);
	look_needed(cs);
}

void
cpusched_enter(struct cpusched *cs, const char *path, pid_t init)
{
	struct cpumember *cm;

	if (path[0] == '\0' || (cm = calloc(1, sizeof(*cm))) == NULL)
		return;
	cm->cm_pid = init;
	cm->cm_group = group_find(cs, path);
	LIST_INSERT_HEAD(&cs->cs_members, cm, cm_link);
	inits_changed(cs, cm->cm_group);
	cgroup_enter(&cs->cs_host, path, init);
	cs->cs_idle = 0;
}

void
cpusched_died(struct cpusched *cs, pid_t init)
{
	struct cpumember *cm;

	LIST_FOREACH(cm, &cs->cs_members, cm_link)
		if (cm->cm_pid == init)
			break;
	if (cm == NULL)
		return;
	LIST_REMOVE(cm, cm_link);
	inits_changed(cs, cm->cm_group);
	group_reap(cs, cm->cm_group);
	free(cm);
}

/*
 * Processes of a group.
 */
struct view {
	struct proctree	v_tree;
	pid_t		*v_pids;	/* inits, as in cs_members */
	struct cpugroup	**v_groups;
	size_t		v_n;
};

static int
view_read(const struct cpusched *cs, struct view *v)
{
	struct cpumember *cm;
	size_t n = 0;
	int error;

	LIST_FOREACH(cm, &cs->cs_members, cm_link)
		n++;
	v->v_n = 0;
	v->v_pids = calloc(n + 1, sizeof(*v->v_pids));
	v->v_groups = calloc(n + 1, sizeof(struct cpugroup *));
	error = v->v_pids == NULL || v->v_groups == NULL ? ENOMEM : 0;
	if (error == 0)
		LIST_FOREACH(cm, &cs->cs_members, cm_link) {
			v->v_pids[v->v_n] = cm->cm_pid;
			v->v_groups[v->v_n++] = cm->cm_group;
		}
	if (error == 0 && (error = proctree_read(&v->v_tree, v->v_pids, v->v_n)) == 0)
		return 0;
	free(v->v_pids);
	free(v->v_groups);
	return error;
}

static void
view_free(struct view *v)
{
	proctree_free(&v->v_tree);
	free(v->v_pids);
	free(v->v_groups);
}

/* A process of the jail or of one in it; its init is none of them. */
static bool
belongs(const struct view *v, const struct proc *p, const struct cpugroup *cg)
{
	return p->p_root >= 0 && v->v_pids[p->p_root] != p->p_pid && within(v->v_groups[p->p_root], cg);
}

/*
 * Limits.
 */
/* Again at each tick: who was forked meanwhile, or continued by somebody, is stopped then. */
static void
group_stop(const struct view *v, struct cpugroup *cg)
{
	size_t room = cg->cg_nstopped;
	pid_t *more;

	for (size_t i = 0; i < v->v_tree.pt_n; i++)
		room += belongs(v, &v->v_tree.pt_procs[i], cg);
	if ((more = realloc(cg->cg_stopped, (room + 1) * sizeof(*more))) == NULL)
		return;
	cg->cg_stopped = more;
	/* Whom somebody else stopped stays so afterwards. */
	for (size_t i = 0; i < v->v_tree.pt_n; i++) {
		const struct proc *p = &v->v_tree.pt_procs[i];

		if (belongs(v, p, cg) && p->p_state != 'T' && p->p_state != 't' && p->p_state != 'Z' && kill(p->p_pid, SIGSTOP) == 0)
			cg->cg_stopped[cg->cg_nstopped++] = p->p_pid;
	}
}

/* Children first: a shell that wakes up finds nothing stopped. */
static void
group_continue(struct cpugroup *cg)
{
	while (cg->cg_nstopped > 0)
		(void)kill(cg->cg_stopped[--cg->cg_nstopped], SIGCONT);
	free(cg->cg_stopped);
	cg->cg_stopped = NULL;
}

static void
tick_limit(const struct view *v, struct cpugroup *cg, uint64_t elapsed)
{
	int64_t most = (int64_t)(MAXBUDGET * cg->cg_percent / 100);

	if (cg->cg_percent == 0) {
		group_continue(cg);
		cg->cg_budget = 0;
		return;
	}
	cg->cg_budget += (int64_t)(elapsed * cg->cg_percent / 100) - (int64_t)cg->cg_spent;
	if (cg->cg_budget > most)
		cg->cg_budget = most;
	if (cg->cg_budget < -(int64_t)MAXLEAD)
		cg->cg_budget = -(int64_t)MAXLEAD;
	if (cg->cg_budget < 0)
		group_stop(v, cg);
	else
		group_continue(cg);
}

/*
 * Shares.
 */
static bool
set_autogroup(pid_t pid, int nice)
{
	char path[40], text[8];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/autogroup", pid);
	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
		return false;
	snprintf(text, sizeof(text), "%d", nice);
	ok = write(fd, text, strlen(text)) > 0;
	close(fd);
	return ok;
}

/* A process of the jail itself. */
static bool
is_own(const struct view *v, const struct proc *p, const struct cpugroup *cg)
{
	return p->p_root >= 0 && v->v_pids[p->p_root] != p->p_pid && v->v_groups[p->p_root] == cg;
}

/*
 * One process speaks for its session.  An ordinary user may speak ten times a second, for all sessions together: what failed is tried
 * again, and what was said is not repeated unless there are other sessions.
 */
static void
group_hold(const struct cpusched *cs, const struct view *v, struct cpugroup *cg, bool hold)
{
	size_t n = 0;
	bool ok = true;

	if (!hold && !cg->cg_held)
		return;
	for (size_t i = 0; i < v->v_tree.pt_n; i++)
		n += is_own(v, &v->v_tree.pt_procs[i], cg) && v->v_tree.pt_procs[i].p_sid == v->v_tree.pt_procs[i].p_pid;
	if (hold == cg->cg_held && cg->cg_settled && n == cg->cg_nsessions)
		return;
	for (size_t i = 0; i < v->v_tree.pt_n; i++) {
		const struct proc *p = &v->v_tree.pt_procs[i];

		if (is_own(v, p, cg) && (!cs->cs_ordinary || p->p_sid == p->p_pid))
			ok = set_autogroup(p->p_pid, hold ? 19 : 0) && ok;
	}
	cg->cg_held = hold || !ok;
	cg->cg_settled = ok;
	cg->cg_nsessions = n;
}

static uint64_t
least_vtime(const struct cpusched *cs, const struct cpugroup *parent)
{
	const struct cpugroup *cg;
	uint64_t least = UINT64_MAX;

	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		if (cg->cg_parent == parent && cg->cg_active && cg->cg_vtime < least)
			least = cg->cg_vtime;
	return least;
}

static bool
has_shares(const struct cpusched *cs)
{
	const struct cpugroup *cg;

	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		if (cg->cg_share != SHARE)
			return true;
	return false;
}

static bool
has_limits(const struct cpusched *cs)
{
	const struct cpugroup *cg;

	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		if (cg->cg_percent != 0)
			return true;
	return false;
}

/* By its own lead or that of a jail it is in. */
static bool
is_held(const struct cpugroup *cg)
{
	while (cg != NULL && !cg->cg_ahead)
		cg = cg->cg_parent;
	return cg != NULL;
}

static void
tick_lead(const struct cpusched *cs, struct cpugroup *cg, bool shares)
{
	uint64_t least = least_vtime(cs, cg->cg_parent);

	cg->cg_ahead = false;
	if (!shares || least == UINT64_MAX)
		return;
	if (cg->cg_vtime < least)
		cg->cg_vtime = least;
	if (cg->cg_vtime > least + MAXLEAD)
		cg->cg_vtime = least + MAXLEAD;
	cg->cg_ahead = cg->cg_vtime > least + SLACK;
}

static void
tick_share(struct cpusched *cs, const struct view *v)
{
	const bool shares = has_shares(cs);
	struct cpugroup *cg;

	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		tick_lead(cs, cg, shares);
	LIST_FOREACH(cg, &cs->cs_groups, cg_link)
		group_hold(cs, v, cg, is_held(cg));
}

static void
tick_usage(struct cpusched *cs, const struct view *v)
{
	struct cpugroup *cg, *up;

	LIST_FOREACH(cg, &cs->cs_groups, cg_link) {
		cg->cg_now = 0;
		cg->cg_active = false;
	}
	for (size_t i = 0; i < v->v_tree.pt_n; i++) {
		const struct proc *p = &v->v_tree.pt_procs[i];

		for (up = p->p_root < 0 ? NULL : v->v_groups[p->p_root]; up != NULL; up = up->cg_parent) {
			up->cg_now += p->p_ns;
			up->cg_active = up->cg_active || p->p_state == 'R';
		}
	}
	LIST_FOREACH(cg, &cs->cs_groups, cg_link) {
		cg->cg_spent = cg->cg_seen && cg->cg_now > cg->cg_total ? cg->cg_now - cg->cg_total : 0;
		cg->cg_total = cg->cg_now;
		cg->cg_seen = true;
		cg->cg_active = cg->cg_active || cg->cg_spent > 0;
		cg->cg_vtime += cg->cg_spent * SHARE / cg->cg_share;
	}
}

void
cpusched_tick(struct cpusched *cs)
{
	uint64_t now = now_ns(), elapsed = now - cs->cs_last;
	const unsigned maxidle = has_limits(cs) ? MAXIDLE_LIMIT : MAXIDLE;
	bool busy = false;
	struct cpugroup *cg;
	struct view v;

	if (!cs->cs_needed || now < cs->cs_next)
		return;
	if (view_read(cs, &v) == 0) {
		tick_usage(cs, &v);
		tick_share(cs, &v);
		LIST_FOREACH(cg, &cs->cs_groups, cg_link) {
			busy = busy || cg->cg_spent > 0 || cg->cg_held || cg->cg_stopped != NULL;
			tick_limit(&v, cg, elapsed);
		}
		view_free(&v);
	}
	cs->cs_needed = is_needed(cs);
	cs->cs_idle = busy ? 0 : cs->cs_idle < maxidle ? cs->cs_idle + 1 : maxidle;
	cs->cs_last = now;
	cs->cs_next = now + (TICK << cs->cs_idle);
}

int
cpusched_timeout(const struct cpusched *cs)
{
	uint64_t now = now_ns();

	if (!cs->cs_needed || LIST_EMPTY(&cs->cs_members))
		return -1;
	return cs->cs_next <= now ? 0 : (int)((cs->cs_next - now) / MS) + 1;
}
