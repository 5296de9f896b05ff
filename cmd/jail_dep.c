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
	struct job_wait *jw = jc_alloc(sizeof(*jw));

	jw->jw_job = jb;
	jb->jb_left++;
	STAILQ_INSERT_TAIL(&first->jb_waiters, jw, jw_link);
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

/*
 * Who, among the configured, depends on whom.
 */
struct need {
	char		*n_needed;
	const char	*n_name;	/* by whom */
};

struct needs {
	struct need	*ns_list;
	size_t		 ns_n;
};

static void
needs_add(struct needs *ns, const char *needed, const char *name)
{
	struct need *more = realloc(ns->ns_list, (ns->ns_n + 1) * sizeof(*more));

	if (more == NULL)
		abort();
	more[ns->ns_n++] = (struct need){ jc_strndup(needed, strlen(needed)), name };
	ns->ns_list = more;
}

static void
needs_read(void *arg, const char *name, const struct jc_params *list)
{
	const struct jc_param *pm = jc_param(list, "depend");

	for (unsigned i = 0; pm != NULL && i < pm->pm_n; i++)
		needs_add(arg, pm->pm_values[i], name);
}

static int
compare_needs(const void *a, const void *b)
{
	return strcmp(((const struct need *)a)->n_needed, ((const struct need *)b)->n_needed);
}

static bool
stop_needy(struct jail *j, const struct needs *ns, const char *name)
{
	const struct need key = { .n_needed = (char *)(uintptr_t)name }, *n;

	n = bsearch(&key, ns->ns_list, ns->ns_n, sizeof(key), compare_needs);
	while (n != NULL && n > ns->ns_list && compare_needs(n - 1, &key) == 0)
		n--;
	for (; n != NULL && n < ns->ns_list + ns->ns_n && compare_needs(n, &key) == 0; n++)
		if (job_find(j, n->n_name) == NULL && job_new(j, n->n_name, false) == NULL)
			return false;
	return true;
}

/* What depends on a jail that is to be stopped, and what depends on that. */
static bool
stop_dependents(struct jail *j)
{
	struct needs ns = { 0 };
	struct job *jb;
	bool ok;

	if (!jc_mentions(&j->j_conf, "depend"))
		return true;
	if ((ok = jail_configured(j, needs_read, &ns)) && ns.ns_n > 0) {
		qsort(ns.ns_list, ns.ns_n, sizeof(*ns.ns_list), compare_needs);
		/* The list grows at its end meanwhile. */
		TAILQ_FOREACH(jb, &j->j_jobs, jb_link)
			if (!(ok = stop_needy(j, &ns, jb->jb_name)))
				break;
	}
	while (ns.ns_n > 0)
		free(ns.ns_list[--ns.ns_n].n_needed);
	free(ns.ns_list);
	return ok;
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
	struct job_wait *jw;
	size_t len;

	jb->jb_mark = 1;
	STAILQ_FOREACH(jw, &jb->jb_waiters, jw_link) {
		struct job *other = jw->jw_job;

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
	if (j->j_remove && !j->j_create && !j->j_modify) {
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
