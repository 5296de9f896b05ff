/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which job waits for which.
 *
 * A jail is started after those it depends on, and after the jail it is a child of; it is stopped
 * before them.  What a start depends on is started too; what depends on a jail that is stopped is
 * stopped too.
 */
#include "cmd/jail_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
wait_for(struct job *jb, struct job *first)
{
	struct job_dep *jd = jc_alloc(sizeof(*jd));

	jd->jd_job = first;
	STAILQ_INSERT_TAIL(&jb->jb_deps, jd, jd_link);
}

/* The job that starts a jail we need; made when it is configured, NULL when it is not. */
static struct job *
needed(struct job *jb, const char *name)
{
	struct jail *j = jb->jb_jail;
	struct job *other = job_find(j, name);

	if (other == NULL && jc_find(&j->j_conf, name) == NULL) {
		job_warnx(jb, "depends on \"%s\", which is not configured", name);
		return NULL;
	}
	if (other == NULL && (other = job_new(j, name, true)) != NULL) {
		other->jb_create = true;
		other->jb_needed = true;
	}
	return other;
}

static bool
need_all(struct job *jb)
{
	const struct jc_param *pm = jc_param(&jb->jb_params, "depend");
	struct job *other;

	for (unsigned i = 0; pm != NULL && i < pm->pm_n; i++) {
		if ((other = needed(jb, pm->pm_values[i])) == NULL)
			return false;
		wait_for(jb, other);
	}
	return true;
}

/* Those among the configured that depend on a jail which is to be stopped. */
static bool
stop_dependents(struct jail *j)
{
	const struct jc_param *pm;
	const struct jc_block *bl;
	struct jc_params list;
	struct job *other;

	STAILQ_FOREACH(bl, &j->j_conf.jc_blocks, jb_link) {
		if (bl->jb_name == NULL || bl->jb_wild || job_find(j, bl->jb_name) != NULL)
			continue;
		if (jc_params(&j->j_conf, bl->jb_name, NULL, &list) != 0) {
			cmd_warnx(j->j_cx, "%s", j->j_conf.jc_err);
			return false;
		}
		other = NULL;
		pm = jc_param(&list, "depend");
		for (unsigned i = 0; pm != NULL && i < pm->pm_n && other == NULL; i++)
			if (job_find(j, pm->pm_values[i]) != NULL &&
			    (other = job_new(j, bl->jb_name, false)) == NULL)
				break;
		jc_params_free(&list);
		if (other != NULL)	/* and those that depend on that */
			return stop_dependents(j);
	}
	return true;
}

static void
order_stops(struct jail *j)
{
	const struct jc_param *pm;
	struct job *jb, *other;

	TAILQ_FOREACH(jb, &j->j_jobs, jb_link) {
		pm = jc_param(&jb->jb_params, "depend");
		for (unsigned i = 0; pm != NULL && i < pm->pm_n; i++)
			if ((other = job_find(j, pm->pm_values[i])) != NULL)
				wait_for(other, jb);
	}
}

/* "a.b" after "a" when both are started, before it when both are stopped. */
static void
order_children(struct jail *j)
{
	char parent[256], *dot;
	struct job *jb, *other;

	TAILQ_FOREACH(jb, &j->j_jobs, jb_link) {
		if (jb->jb_name == NULL)
			continue;
		snprintf(parent, sizeof(parent), "%s", jb->jb_name);
		if ((dot = strrchr(parent, '.')) == NULL)
			continue;
		*dot = '\0';
		if ((other = job_find(j, parent)) != NULL)
			wait_for(jb->jb_start ? jb : other, jb->jb_start ? other : jb);
	}
}

/* Writes "a -> b -> a" when jb waits, at last, for itself.  jb_mark: 1 being looked at, 2 fine. */
static bool
circle(struct job *jb, char *text, size_t size)
{
	struct job_dep *jd;
	size_t len;

	jb->jb_mark = 1;
	STAILQ_FOREACH(jd, &jb->jb_deps, jd_link) {
		struct job *other = jd->jd_job;

		if (other->jb_mark == 2)
			continue;
		if (other->jb_mark == 1)
			snprintf(text, size, "%s", other->jb_name);
		if (other->jb_mark == 1 || circle(other, text, size)) {
			len = strlen(text);
			snprintf(text + len, size - len, " -> %s", jb->jb_name);
			return true;
		}
	}
	jb->jb_mark = 2;
	return false;
}

bool
depend_order(struct jail *j)
{
	char text[400] = "";
	struct job *jb;

	/* The list grows at its end meanwhile. */
	if (j->j_create)
		TAILQ_FOREACH(jb, &j->j_jobs, jb_link)
			if (!need_all(jb))
				return false;
	if (j->j_remove && !j->j_create) {
		if (!stop_dependents(j))
			return false;
		order_stops(j);
	}
	order_children(j);
	TAILQ_FOREACH(jb, &j->j_jobs, jb_link)
		if (jb->jb_mark == 0 && circle(jb, text, sizeof(text))) {
			cmd_warnx(j->j_cx, "jails depend on each other in a circle: %s", text);
			return false;
		}
	return true;
}
