/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * An init begins on its jail's processors, and what it starts has them from it.  When the set changes, each thread of each process below the init is moved:
 * who had all of the old set gets the new one, who had chosen some of it keeps those that are left.  What is forked meanwhile by somebody who was not moved yet
 * has the old set: the processes are looked at again until nobody is found that had to be moved.
 *
 * A program's own sched_setaffinity(2) comes to us (linux/others.c) and is made here, of those processors only that are in the set of the jail on whose
 * processors the process runs that it is about.  Nothing is left to the program that could change after we have looked at it.
 */
#include "daemon/jcpuset.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/jail.h>

#include "daemon/jproc.h"
#include "daemon/proctree.h"

#define MAXPASS		100
#define MAXDEPTH	4096

_Static_assert(sizeof(cpu_set_t) == sizeof(struct vi_cpus), "sched_setaffinity(2)");

static int
put(pid_t tid, const struct vi_cpus *cpus)
{
	cpu_set_t mask;

	memcpy(&mask, cpus, sizeof(mask));
	return sched_setaffinity(tid, sizeof(mask), &mask) == 0 ? 0 : errno;
}

static bool
get(pid_t tid, struct vi_cpus *cpus)
{
	cpu_set_t mask;
	bool ok = sched_getaffinity(tid, sizeof(mask), &mask) == 0;

	memset(cpus, 0, sizeof(*cpus));
	if (ok)
		memcpy(cpus, &mask, sizeof(*cpus));
	return ok;
}

void
jcpuset_init(struct daemon *d)
{
	struct vi_cpus ours;

	if (get(0, &ours))
		vi_kernel_setcpus(d->d_kernel, &ours);
}

/*
 * Moving.
 */
/* Had it to be moved, and was it? */
static bool
move_thread(pid_t tid, const struct vi_cpus *from, const struct vi_cpus *to)
{
	struct vi_cpus has, shall, now;

	if (!get(tid, &has))
		return false;
	shall = vi_cpus_both(&has, to);
	if (vi_cpus_equal(&has, from) || vi_cpus_none(&shall))
		shall = *to;
	return !vi_cpus_equal(&has, &shall) && put(tid, &shall) == 0 && get(tid, &now) && !vi_cpus_equal(&has, &now);
}

static unsigned
move_process(pid_t pid, const struct vi_cpus *from, const struct vi_cpus *to)
{
	const struct dirent *de;
	unsigned moved = 0;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.')
			moved += move_thread((pid_t)strtol(de->d_name, NULL, 10), from, to);
	closedir(dir);
	return moved;
}

/* Where a jproc's processes shall be; false: it is given up, or they are there. */
static bool
is_elsewhere(const struct jproc *jp, struct vi_cpus *shall)
{
	return jp->jp_jid >= 0 && jp->jp_init != 0 && vi_jail_cpus(jp->jp_daemon->d_kernel, jp->jp_use.us_jid[VI_CLASS_VCPU], shall) &&
	    !vi_cpus_equal(&jp->jp_cpus, shall);
}

/* All inits are roots, so that everybody below one is its own and no other's. */
static unsigned
pass(struct jproc **jps, const pid_t *inits, size_t n)
{
	struct vi_cpus shall;
	struct proctree pt;
	unsigned moved = 0;

	if (proctree_read(&pt, inits, n) != 0)
		return 0;
	for (size_t i = 0; i < pt.pt_n; i++) {
		const struct proc *p = &pt.pt_procs[i];

		if (p->p_root >= 0 && is_elsewhere(jps[p->p_root], &shall))
			moved += move_process(p->p_pid, &jps[p->p_root]->jp_cpus, &shall);
	}
	proctree_free(&pt);
	return moved;
}

static void
move_all(struct daemon *d, struct jproc **jps, pid_t *inits)
{
	struct jproc *jp;
	struct vi_cpus shall;
	unsigned passes = 0;
	size_t n = 0;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link)
		if (jp->jp_init != 0) {
			jps[n] = jp;
			inits[n++] = jp->jp_init;
		}
	while (pass(jps, inits, n) > 0)
		if (++passes == MAXPASS) {
			dlog("vcpu.cpus: processes are made faster than they can be moved");
			break;
		}
	for (size_t i = 0; i < n; i++)
		if (is_elsewhere(jps[i], &shall))
			jps[i]->jp_cpus = shall;
}

void
jcpuset_changed(struct daemon *d)
{
	struct vi_cpus shall;
	struct jproc *jp, **jps;
	bool any = false;
	pid_t *inits;
	size_t n = 0;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link) {
		n++;
		any = any || is_elsewhere(jp, &shall);
	}
	if (!any)
		return;
	inits = calloc(n, sizeof(*inits));
	jps = calloc(n, sizeof(struct jproc *));
	if (inits != NULL && jps != NULL)
		move_all(d, jps, inits);
	else
		dlog("vcpu.cpus: no memory to move processes");
	free(inits);
	free(jps);
}

/*
 * What programs ask for.
 */
/* The set of the jail on whose processors it runs, by the nearest init above it. */
static int
set_of(const struct daemon *d, pid_t pid, struct vi_cpus *cpus)
{
	const struct jproc *jp;
	struct proc p;

	for (unsigned depth = 0; pid > 1 && depth < MAXDEPTH; depth++) {
		LIST_FOREACH(jp, &d->d_jprocs, jp_link)
			if (jp->jp_init == pid)
				return jp->jp_jid >= 0 && vi_jail_cpus(d->d_kernel, jp->jp_use.us_jid[VI_CLASS_VCPU], cpus) ? 0 : EPERM;
		if (!proc_read(pid, &p))
			return ESRCH;
		pid = p.p_ppid;
	}
	return pid <= 1 && vi_jail_cpus(d->d_kernel, 0, cpus) ? 0 : EPERM;	/* the host's */
}

int
jcpuset_set(void *daemon, pid_t tid, const struct vi_cpus *wanted)
{
	struct vi_cpus cpus;
	int error;

	if ((error = set_of(daemon, tid, &cpus)) != 0)
		return error;
	cpus = vi_cpus_both(&cpus, wanted);
	return vi_cpus_none(&cpus) ? EINVAL : put(tid, &cpus);
}
