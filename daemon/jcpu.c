/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/jcpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <vimage/jail.h>

#include "daemon/cpusched.h"
#include "daemon/jproc.h"
#include "daemon/proctree.h"
#include "daemon/seqpacket.h"

#define SAMPLE	(1000 * UINT64_C(1000000))	/* ns between two looks while something runs */
#define MAXPAUSE	6			/* doublings of it while little does */
#define MAXLIMITED	2			/* where somebody has a limit */

static bool
owns(struct daemon *d, int jid)
{
	return vi_jail_owner(d->d_kernel, jid, "vcpu") == jid;
}

void
jcpu_path(struct daemon *d, int jid, char *buf, size_t len)
{
	char part[16];
	size_t n, had;

	buf[0] = '\0';
	for (; jid > 0; jid = vi_jail_parent(d->d_kernel, jid)) {
		if (!owns(d, jid))
			continue;
		n = (size_t)snprintf(part, sizeof(part), "%d%s", jid, buf[0] != '\0' ? "/" : "");
		had = strlen(buf);
		if (had + n >= len)
			had = len - 1 - n;	/* nested so deep that the innermost share a group */
		memmove(buf + n, buf, had);
		memcpy(buf, part, n);
		buf[n + had] = '\0';
	}
}

static uint64_t
param(struct daemon *d, int jid, const char *name)
{
	char text[32];

	return vi_jail_get(d->d_kernel, 0, jid, name, text, sizeof(text)) == 0 ? strtoull(text, NULL, 10) : 0;
}

static void
tell(struct daemon *d, int jid, bool known)
{
	struct seqmsg sm = { .sm_type = SPAWN_CPU, .sm_id = known };

	jcpu_path(d, jid, sm.sm_text, CPU_PATH);
	sm.sm_arg = (int32_t)param(d, jid, "vcpu.share");
	sm.sm_flags = vi_jail_proc_cpulimit(d->d_kernel, jid);
	sm.sm_ino[0] = param(d, jid, "limit.processes");
	(void)spawner_send(d, &sm, NULL, 0);
}

/* Outermost first. */
void
jcpu_prepare(struct daemon *d, int jid)
{
	if (jid <= 0)
		return;
	jcpu_prepare(d, vi_jail_parent(d->d_kernel, jid));
	if (owns(d, jid))
		tell(d, jid, false);
}

void
jcpu_changed(struct daemon *d, int jid)
{
	if (jid > 0 && owns(d, jid))
		tell(d, jid, true);
}

void
jcpu_gone(struct daemon *d, int jid)
{
	struct seqmsg sm = { .sm_type = SPAWN_CPUGONE };

	if (!owns(d, jid))
		return;
	jcpu_path(d, jid, sm.sm_text, CPU_PATH);
	(void)spawner_send(d, &sm, NULL, 0);
}

/*
 * Counting.
 */
/* Whose account it is; -1: it is given up. */
static int
cpu_jid(const struct jproc *jp)
{
	return jp->jp_jid < 0 ? -1 : jp->jp_use.us_jid[VI_CLASS_VCPU];
}

/* All processes on a jail's processors. */
static void
count(struct daemon *d, int jid)
{
	const struct jproc *jp = jproc_find(d, jid);
	unsigned all = jp != NULL ? jp->jp_nprocs : 0;

	LIST_FOREACH(jp, &d->d_mixed, jp_mixlink)
		if (cpu_jid(jp) == jid)
			all += jp->jp_nprocs;
	vi_jail_proc_count(d->d_kernel, jid, all);
}

static uint64_t
sample_all(struct daemon *d, const pid_t *pids, struct jproc **jps, size_t n)
{
	struct proctree_sum *sums = calloc(n + 1, sizeof(*sums));
	struct proctree pt;
	uint64_t all = 0;

	if (sums == NULL || proctree_read(&pt, pids, n) != 0) {
		free(sums);
		return 0;
	}
	proctree_sums(&pt, pids, sums, n);
	proctree_free(&pt);
	for (size_t i = 0; i < n; i++) {
		/* Less than before: a process whose parent did not wait for it took its time along. */
		uint64_t ns = sums[i].ps_ns > jps[i]->jp_cputime ? sums[i].ps_ns - jps[i]->jp_cputime : 0;

		jps[i]->jp_cputime = sums[i].ps_ns;
		jps[i]->jp_nprocs = sums[i].ps_n;
		all += ns;
		vi_jail_proc_cputime(d->d_kernel, cpu_jid(jps[i]), ns);
	}
	for (size_t i = 0; i < n; i++)
		count(d, cpu_jid(jps[i]));
	free(sums);
	return all;
}

/* What vcpu.limit leaves a jail's programs follows what its stack uses, and the other way round. */
static bool
follow_limits(struct daemon *d, struct jproc **jps, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		for (int jid = cpu_jid(jps[i]); jid > 0; jid = vi_jail_parent(d->d_kernel, jid)) {
			if (!owns(d, jid) || vi_jail_proc_cpulimit(d->d_kernel, jid) == 0)
				continue;
			tell(d, jid, true);
			any = true;
		}
	return any;
}

static uint64_t
sample(struct daemon *d)
{
	struct jproc *jp, **jps;
	uint64_t all = 0;
	size_t n = 0;
	pid_t *pids;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link)
		n++;
	pids = calloc(n + 1, sizeof(*pids));
	jps = calloc(n + 1, sizeof(struct jproc *));
	n = 0;
	if (pids != NULL && jps != NULL)
		LIST_FOREACH(jp, &d->d_jprocs, jp_link)
			if (jp->jp_init != 0 && cpu_jid(jp) > 0) {
				pids[n] = jp->jp_init;
				jps[n++] = jp;
			}
	if (n > 0)
		all = sample_all(d, pids, jps, n);
	d->d_spawner->sp_limited = follow_limits(d, jps, n);
	free(pids);
	free(jps);
	return all;
}

void
jcpu_last(struct jproc *jp)
{
	struct proc p;

	if (cpu_jid(jp) <= 0 || !proc_read(jp->jp_init, &p) || p.p_ns <= jp->jp_cputime)
		return;
	vi_jail_proc_cputime(jp->jp_daemon->d_kernel, cpu_jid(jp), p.p_ns - jp->jp_cputime);
	jp->jp_cputime = p.p_ns;
}

void
jcpu_sample(struct daemon *d)
{
	(void)sample(d);
}

static bool
anybody(const struct daemon *d)
{
	const struct jproc *jp;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link)
		if (cpu_jid(jp) > 0 && (!TAILQ_EMPTY(&jp->jp_execs) || jp->jp_linger))
			return true;
	return false;
}

/* Stacks pay for what their programs use, so somebody must look; seldom where little is used, never where nothing runs. */
static void
periodic(struct dtimer *dt)
{
	struct spawner *sp = (struct spawner *)((char *)dt - offsetof(struct spawner, sp_sampletimer));
	struct daemon *d = sp->sp_daemon;
	unsigned most;
	uint64_t used;

	if (d->d_stopping || !anybody(d))
		return;
	daemon_manage(d);
	used = sample(d);
	daemon_managed(d);
	most = sp->sp_limited ? MAXLIMITED : MAXPAUSE;
	sp->sp_pause = used > SAMPLE / 20 ? 0 : sp->sp_pause < most ? sp->sp_pause + 1 : most;
	dtimer_set(d, dt, SAMPLE << sp->sp_pause, periodic);
}

void
jcpu_start(struct daemon *d)
{
	struct spawner *sp = d->d_spawner;

	if (sp->sp_sampletimer.dt_at != 0 && sp->sp_pause == 0)
		return;
	sp->sp_pause = 0;
	dtimer_set(d, &sp->sp_sampletimer, SAMPLE, periodic);
}
