/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation.  What jail(8) is asked to do is a list of jobs, one for each jail to be
 * started or stopped.  A job goes through steps in a fixed order; one that runs commands, or asks
 * the daemon for something that takes time, waits for its end in one poll(2) with all others, so
 * many jails start at once.  A job begins when those it depends on have ended well.
 *
 * A start that fails is undone: a jail that it made is removed, with the commands that belong to
 * the ones that ran, and the mounts.  The first SIGINT or SIGTERM makes every job fail.
 */
#include "cmd/jail_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define MAXCONNS	64	/* removals that wait at once */

/*
 * The list.
 */
static void
job_free(struct job *jb)
{
	struct job_wait *jw;

	while ((jw = STAILQ_FIRST(&jb->jb_waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&jb->jb_waiters, jw_link);
		free(jw);
	}
	jc_params_free(&jb->jb_params);
	free(jb->jb_name);
	free(jb);
}

static int
compare_names(const struct job *a, const struct job *b)
{
	return strcmp(a->jb_name, b->jb_name);
}

static int
compare_order(const struct job *a, const struct job *b)
{
	return a->jb_order < b->jb_order ? -1 : a->jb_order > b->jb_order;
}

RB_PROTOTYPE(job_names, job, jb_byname, compare_names)
RB_PROTOTYPE(job_ready, job, jb_ready, compare_order)
RB_GENERATE(job_names, job, jb_byname, compare_names)
RB_GENERATE(job_ready, job, jb_ready, compare_order)

struct job *
job_new(struct jail *j, const char *name, bool start)
{
	struct job *jb = jc_alloc(sizeof(*jb));

	jb->jb_jail = j;
	jb->jb_start = start;
	jb->jb_step = start ? STEP_LOOK : STEP_FIND;
	STAILQ_INIT(&jb->jb_waiters);
	STAILQ_INIT(&jb->jb_params);
	if (name != NULL)
		jb->jb_name = jc_strndup(name, strlen(name));
	jb->jb_conf = name != NULL && jc_find(&j->j_conf, name) != NULL;
	if (jc_params(&j->j_conf, name != NULL ? name : "", j->j_line,
	    &jb->jb_params) != 0) {
		cmd_warnx(j->j_cx, "%s", j->j_conf.jc_err);
		job_free(jb);
		return NULL;
	}
	snprintf(jb->jb_id, sizeof(jb->jb_id), "%s",
	    jc_param_str(&jb->jb_params, "name", name != NULL ? name : ""));
	if (name != NULL)
		(void)RB_INSERT(job_names, &j->j_names, jb);
	jb->jb_order = j->j_njobs++;
	TAILQ_INSERT_TAIL(&j->j_jobs, jb, jb_link);
	return jb;
}

struct job *
job_find(struct jail *j, const char *name)
{
	struct job key = { .jb_name = (char *)(uintptr_t)name };

	return RB_FIND(job_names, &j->j_names, &key);
}

void
jobs_free(struct jail *j)
{
	struct job *jb;

	while ((jb = TAILQ_FIRST(&j->j_jobs)) != NULL) {
		TAILQ_REMOVE(&j->j_jobs, jb, jb_link);
		job_free(jb);
	}
}

bool
job_stays(const struct job *jb)
{
	return jb->jb_command != NULL || jc_param_bool(&jb->jb_params, "persist", false) ||
	    jc_param(&jb->jb_params, "command") != NULL ||
	    jc_param(&jb->jb_params, "exec.start") != NULL;
}

void
job_warnx(const struct job *jb, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if ((jb->jb_conf || !jb->jb_start) && jb->jb_name != NULL)
		cmd_warnx(jb->jb_jail->j_cx, "%s: %s", jb->jb_name, text);
	else
		cmd_warnx(jb->jb_jail->j_cx, "%s", text);
}

/*
 * Steps.
 */
static void
job_end(struct job *jb, bool ok)
{
	struct jail *j = jb->jb_jail;
	struct job_wait *jw;

	jb->jb_runs = false;
	TAILQ_REMOVE(&j->j_active, jb, jb_active);
	j->j_running--;
	if (!ok && jb->jb_status == 0)
		jb->jb_status = 1;
	if (jb->jb_status != 0)
		j->j_status = jb->jb_status;
	STAILQ_FOREACH(jw, &jb->jb_waiters, jw_link) {
		struct job *next = jw->jw_job;

		if (!ok)
			next->jb_lacks = jb;
		if (--next->jb_left == 0)
			(void)RB_INSERT(job_ready, &j->j_ready, next);
	}
}

/*
 * A start is undone from where it has come to.  A jail that was there before is left alone, and
 * one that has ended by itself has no failure left to undo.
 */
void
job_fail(struct job *jb)
{
	if (jb->jb_status == 0)
		jb->jb_status = 1;
	if (!jb->jb_start || jb->jb_failing) {
		job_end(jb, false);
		return;
	}
	jb->jb_failing = true;
	jb->jb_hook = 0;
	jb->jb_step = jb->jb_made ? STEP_REMOVE : STEP_POSTSTOP;
}

static bool
next_step(struct job *jb)
{
	jb->jb_hook = 0;
	jb->jb_step++;
	return true;
}

/* A step that is commands: true when all have run, or none could be started. */
static bool
step_hooks(struct job *jb, const char *param, bool injail)
{
	enum step step = jb->jb_step;

	if (hook_next(jb, param, injail))
		return false;
	return jb->jb_step != step ? true : next_step(jb);
}

static bool
step_op(struct job *jb, bool ok)
{
	if (ok)
		return next_step(jb);
	job_fail(jb);
	return jb->jb_runs;
}

/*
 * "command" of a file is another exec.start; that of the command line has our terminal, and when
 * it fails, a jail that was not asked to stay goes by itself.
 */
static bool
step_command(struct job *jb)
{
	if (jb->jb_command == NULL)
		return step_hooks(jb, "command", true);
	if (hook_foreground(jb))
		return next_step(jb);
	(void)op_release(jb);
	jb->jb_made = jb->jb_made && jc_param_bool(&jb->jb_params, "persist", false);
	return step_op(jb, false);
}

static bool
step_create(struct job *jb)
{
	bool ok = op_create(jb);

	if (ok && !jb->jb_made) {	/* it was there: no commands */
		job_end(jb, true);
		return false;
	}
	if (!jb->jb_anew)
		return step_op(jb, ok);
	jb->jb_anew = false;
	jb->jb_start = false;
	jb->jb_step = STEP_FIND;
	return true;
}

/* -mr: what cannot be changed in place.  -rc: what was removed. */
static bool
step_stopped(struct job *jb)
{
	if (!jb->jb_again) {
		job_end(jb, true);
		return false;
	}
	jb->jb_again = false;
	jb->jb_start = jb->jb_create = true;
	jb->jb_update = false;
	jb->jb_jid[0] = '\0';	/* it had that */
	jb->jb_hook = 0;
	jb->jb_step = STEP_LOOK;
	return true;
}

static bool
step_find(struct job *jb)
{
	if (!op_find(jb))
		return step_op(jb, false);
	if (jb->jb_clean)
		jb->jb_step = jb->jb_missing ? STEP_POSTSTOP : STEP_STOPPED;
	else
		jb->jb_step = jb->jb_missing ? STEP_STOPPED : STEP_PRESTOP;
	return true;
}

/* Nothing follows the removal of what was not there. */
static bool
after_remove(struct job *jb, bool ok)
{
	if (ok && jb->jb_missing && !jb->jb_failing) {
		jb->jb_step = STEP_STOPPED;
		return true;
	}
	return ok || jb->jb_failing ? next_step(jb) : step_op(jb, false);
}

static bool
step_remove(struct job *jb)
{
	bool ok = op_remove(jb);

	return jb->jb_conn != NULL ? false : after_remove(jb, ok);
}

/* What has to be undone after a failure depends on what was done. */
static bool
step_undo(struct job *jb)
{
	switch (jb->jb_step) {
	case STEP_POSTSTOP:
		return jb->jb_failing && !jb->jb_prestarted ? next_step(jb) :
		    step_hooks(jb, "exec.poststop", false);
	case STEP_UNMOUNT:
		unmount_all(jb);
		return next_step(jb);
	case STEP_UNADDRESS:
		addr_remove_all(jb);
		return next_step(jb);
	case STEP_EXEC_RELEASE:
		return jb->jb_failing && !jb->jb_prepared ? next_step(jb) :
		    step_hooks(jb, "exec.release", false);
	default:
		if (!jb->jb_failing)
			return step_stopped(jb);
		job_end(jb, false);
		return false;
	}
}

bool
job_advance(struct job *jb)
{
	switch (jb->jb_step) {
	case STEP_LOOK:
		if (!op_look(jb))
			return step_op(jb, false);
		if (jb->jb_needed && jb->jb_was) {
			job_end(jb, true);
			return false;
		}
		jb->jb_step = jb->jb_was ? STEP_CREATE : STEP_PREPARE;
		return true;
	case STEP_PREPARE:
		jb->jb_prepared = true;
		return step_hooks(jb, "exec.prepare", false);
	case STEP_ADDRESS:	return step_op(jb, addr_add_all(jb));
	case STEP_MOUNT:	return step_op(jb, mount_all(jb));
	case STEP_PRESTART:
		jb->jb_prestarted = true;
		return step_hooks(jb, "exec.prestart", false);
	case STEP_CREATE:	return step_create(jb);
	case STEP_CREATED:	return step_hooks(jb, "exec.created", false);
	case STEP_START:	return step_hooks(jb, "exec.start", true);
	case STEP_COMMAND:	return step_command(jb);
	case STEP_POSTSTART:	return step_hooks(jb, "exec.poststart", false);
	case STEP_RELEASE:	return step_op(jb, op_release(jb));
	case STEP_STARTED:
		job_end(jb, true);
		return false;
	case STEP_FIND:		return step_find(jb);
	case STEP_PRESTOP:	return step_hooks(jb, "exec.prestop", false);
	case STEP_STOP:		return step_hooks(jb, "exec.stop", true);
	case STEP_REMOVE:	return step_remove(jb);
	default:		return step_undo(jb);
	}
}

/*
 * Running.
 */
static void
job_go(struct job *jb)
{
	while (jb->jb_runs && jb->jb_pid == 0 && jb->jb_conn == NULL &&
	    job_advance(jb))
		;
}

static void
job_begin(struct job *jb)
{
	struct jail *j = jb->jb_jail;

	jb->jb_runs = true;
	TAILQ_INSERT_TAIL(&j->j_active, jb, jb_active);
	j->j_running++;
	if (j->j_interrupted) {
		job_end(jb, false);
	} else if (jb->jb_start && jb->jb_lacks != NULL) {
		job_warnx(jb, "skipped, because \"%s\" was not started", jb->jb_lacks->jb_name);
		job_end(jb, false);
	} else {
		job_go(jb);
	}
}

static void
begin_some(struct jail *j)
{
	struct job *jb;

	while (j->j_running < j->j_limit && (jb = RB_MIN(job_ready, &j->j_ready)) != NULL) {
		(void)RB_REMOVE(job_ready, &j->j_ready, jb);
		job_begin(jb);
	}
}

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ms until the first deadline; -1: none. */
static int
wait_time(const struct jail *j)
{
	uint64_t first = UINT64_MAX, now = now_ns();
	const struct job *jb;

	TAILQ_FOREACH(jb, &j->j_active, jb_active)
		if (jb->jb_pid != 0 && jb->jb_deadline != 0 && jb->jb_deadline < first)
			first = jb->jb_deadline;
	if (first == UINT64_MAX)
		return -1;
	return first <= now ? 0 : (int)((first - now) / 1000000) + 1;
}

static void
interrupt(struct jail *j, int sigfd)
{
	struct signalfd_siginfo si;
	struct job *jb;

	while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		j->j_interrupted = true;
	if (j->j_interrupted)
		TAILQ_FOREACH(jb, &j->j_active, jb_active)
			if (jb->jb_pid != 0 && !jb->jb_failing)
				hook_kill(jb);
}

static void
job_event(struct job *jb)
{
	bool ok;

	if (jb->jb_pid != 0) {
		ok = hook_ended(jb);
		/* What fails while something is undone does not stop that. */
		if (!ok && !jb->jb_failing)
			job_fail(jb);
	} else {
		(void)after_remove(jb, op_removed(jb));
	}
	job_go(jb);
}

static void
kill_late(struct jail *j)
{
	uint64_t now = now_ns();
	struct job *jb;

	TAILQ_FOREACH(jb, &j->j_active, jb_active)
		if (jb->jb_pid != 0 && jb->jb_deadline != 0 && jb->jb_deadline <= now)
			hook_kill(jb);
}

/* Waits until something has happened to one of those that run. */
static void
wait_some(struct jail *j, int sigfd)
{
	struct pollfd *pfd = jc_alloc((j->j_running + 1) * sizeof(*pfd));
	struct job **who = jc_alloc((j->j_running + 1) * sizeof(struct job *)), *jb;
	nfds_t n = 1;

	pfd[0] = (struct pollfd){ sigfd, POLLIN, 0 };
	TAILQ_FOREACH(jb, &j->j_active, jb_active) {
		if (jb->jb_pid != 0 && jb->jb_fd < 0) {		/* without a descriptor: now */
			job_event(jb);
			n = 0;
			break;
		}
		who[n] = jb;
		pfd[n++] = (struct pollfd){ jb->jb_pid != 0 ? jb->jb_fd :
		    ctl_conn_fd(jb->jb_conn), POLLIN, 0 };
	}
	if (n > 0 && poll(pfd, n, wait_time(j)) >= 0) {
		for (nfds_t i = 1; i < n; i++)
			if (pfd[i].revents != 0)
				job_event(who[i]);
		if (pfd[0].revents != 0)
			interrupt(j, sigfd);
		kill_late(j);
	}
	free(pfd);
	free(who);
}

/* With commands to be undone a signal must not end us in the middle. */
static int
catch_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
jobs_run(struct jail *j)
{
	struct job *jb;
	sigset_t old;
	int sigfd;

	if (j->j_jidfile != NULL && (j->j_jids = fopen(j->j_jidfile, "we")) == NULL) {
		cmd_warnx(j->j_cx, "open %s: %s", j->j_jidfile, strerror(errno));
		return 1;
	}
	if (j->j_limit == 0 || j->j_limit > MAXCONNS)
		j->j_limit = MAXCONNS;
	TAILQ_FOREACH(jb, &j->j_jobs, jb_link)
		if (jb->jb_left == 0)
			(void)RB_INSERT(job_ready, &j->j_ready, jb);
	sigfd = catch_signals(&old);
	for (;;) {
		begin_some(j);
		if (j->j_running == 0)
			break;
		wait_some(j, sigfd);
	}
	if (sigfd >= 0)
		close(sigfd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (j->j_jids != NULL)
		fclose(j->j_jids);
	j->j_jids = NULL;
	return j->j_status;
}
