/* SPDX-License-Identifier: BSD-2-Clause */
/* What jail(8) asks of the daemon. */
#include "cmd/jail_int.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * The daemon's sentences begin with the parameter they are about, or end with it: where that
 * stands in a file is said first.
 */
static const struct jc_loc *
blamed(const struct job *jb, const char *text)
{
	static const char unknown[] = "unknown parameter: ";
	const struct jc_param *pm;
	size_t len;

	if (strncmp(text, unknown, sizeof(unknown) - 1) == 0)
		text += sizeof(unknown) - 1;
	len = strcspn(text, ": ");
	STAILQ_FOREACH(pm, &jb->jb_params, pm_link)
		if (pm->pm_loc.jl_file != NULL && strlen(pm->pm_name) == len &&
		    strncmp(pm->pm_name, text, len) == 0)
			return &pm->pm_loc;
	return NULL;
}

static void
complain(const struct job *jb, const struct cmd_error *ce)
{
	const struct jc_loc *loc = blamed(jb, ce->ce_text);

	if (loc != NULL)
		job_warnx(jb, "%s:%d:%d: %s", loc->jl_file, loc->jl_line, loc->jl_column,
		    ce->ce_text);
	else
		job_warnx(jb, "%s", ce->ce_text);
}

static const char *
job_id(const struct job *jb)
{
	const char *id = jc_param_str(&jb->jb_params, "name", NULL);

	if (id == NULL)
		id = jb->jb_name != NULL ? jb->jb_name : jc_param_str(&jb->jb_params, "jid", NULL);
	return id;
}

/* Only who has something to do before needs to know before. */
static bool
has_before(const struct job *jb)
{
	return addr_has(jb) || jc_param(&jb->jb_params, "exec.prepare") != NULL ||
	    jc_param(&jb->jb_params, "exec.prestart") != NULL ||
	    jc_param(&jb->jb_params, "mount") != NULL ||
	    jc_param(&jb->jb_params, "mount.fstab") != NULL;
}

bool
op_look(struct job *jb)
{
	struct cmd_ctx *cx = jb->jb_jail->j_cx;
	const char *id = job_id(jb);
	struct cmd_error ce;
	int error;

	if ((!jb->jb_needed && !has_before(jb)) || id == NULL)
		return true;
	error = cmd_try(cx, json_pack("{s:s,s:s}", "op", "jail.find", "jail", id), NULL, &ce);
	jb->jb_was = error == 0;
	if (error != 0 && error != ENOENT) {
		complain(jb, &ce);
		return false;
	}
	if (jb->jb_was && !jb->jb_update && !jb->jb_needed) {
		job_warnx(jb, "jail \"%s\" already exists", id);
		return false;
	}
	return true;
}

/* Before a stop that has commands to run. */
bool
op_find(struct job *jb)
{
	struct cmd_error ce;
	json_t *r;
	int error;

	if (!jb->jb_clean && jc_param(&jb->jb_params, "exec.prestop") == NULL &&
	    jc_param(&jb->jb_params, "exec.stop") == NULL)
		return true;
	error = cmd_try(jb->jb_jail->j_cx,
	    json_pack("{s:s,s:s}", "op", "jail.find", "jail", jb->jb_id), &r, &ce);
	jb->jb_missing = error == ENOENT;
	if (error == 0) {
		snprintf(jb->jb_jid, sizeof(jb->jb_jid), "%lld", (long long)cmd_int(r, "jid"));
		json_decref(r);
	} else if (error != ENOENT) {
		complain(jb, &ce);
		return false;
	} else if (jb->jb_must) {
		cmd_warnx(jb->jb_jail->j_cx, "\"%s\" not found", jb->jb_name);
		return false;
	}
	return true;
}

/*
 * Creating and modifying.
 */
static void
write_jid(struct job *jb, const json_t *r)
{
	FILE *f = jb->jb_jail->j_jids;
	const struct jc_param *pm;

	fprintf(f, "jid=%s name=%s", jb->jb_jid, cmd_str(r, "name"));
	STAILQ_FOREACH(pm, &jb->jb_params, pm_link) {
		if (strcmp(pm->pm_name, "jid") == 0 || strcmp(pm->pm_name, "name") == 0)
			continue;
		putc(' ', f);
		param_write(f, pm);
	}
	fprintf(f, "\n");
	if (fflush(f) != 0)
		job_warnx(jb, "%s: %s", jb->jb_jail->j_jidfile, strerror(errno));
}

/* In messages a configured jail has the name of its block. */
static const char *
shown_name(const struct job *jb, const json_t *r)
{
	return jb->jb_name != NULL && jc_find(&jb->jb_jail->j_conf, jb->jb_name) != NULL ? jb->jb_name : cmd_str(r, "name");
}

/* A jail made from parameters of the command line is made without a word, as in FreeBSD. */
static void
report_set(struct job *jb, const json_t *r)
{
	const struct jail *j = jb->jb_jail;

	if (j->j_jidonly)
		printf("%s\n", jb->jb_jid);
	else if (jb->jb_made && !j->j_quiet && (jb->jb_conf || j->j_verbose))
		printf("%s: created\n", shown_name(jb, r));
	else if (j->j_verbose && !jb->jb_made)
		printf("%s: modified\n", shown_name(jb, r));
	fflush(stdout);
	if (!j->j_quiet)
		param_warn(jb);
	if (j->j_jids != NULL)
		write_jid(jb, r);
}

/* Held until its commands have run: it may have no process yet, or none between two of them. */
static bool
needs_hold(const struct job *jb)
{
	return !jc_param_bool(&jb->jb_params, "persist", false) &&
	    (jb->jb_command != NULL || jc_param(&jb->jb_params, "exec.start") != NULL ||
	    jc_param(&jb->jb_params, "command") != NULL ||
	    jc_param(&jb->jb_params, "exec.created") != NULL);
}

/* A jail whose root is not there could run nothing. */
static bool
path_check(const struct job *jb)
{
	const char *path = jc_param_str(&jb->jb_params, "path", NULL);
	struct cmd_error ce;
	struct stat sb;
	int error;

	if (!jb->jb_create || path == NULL || path[0] != '/')
		return true;
	error = stat(path, &sb) != 0 ? errno : S_ISDIR(sb.st_mode) ? 0 : ENOTDIR;
	if (error == 0)
		return true;
	snprintf(ce.ce_text, sizeof(ce.ce_text), "path: %.200s: %s", path, strerror(error));
	complain(jb, &ce);
	return false;
}

bool
op_create(struct job *jb)
{
	struct cmd_error ce;
	json_t *r, *req;

	if (!path_check(jb))
		return false;
	req = json_pack("{s:s,s:o,s:b,s:b,s:b}", "op", "jail.set", "params", param_list(jb),
	    "create", jb->jb_create, "update", jb->jb_update, "hold", needs_hold(jb));
	if (cmd_try(jb->jb_jail->j_cx, req, &r, &ce) != 0) {
		if (!jb->jb_again || strstr(ce.ce_text, "cannot be changed after creation") == NULL)
			complain(jb, &ce);
		else if (!job_stays(jb))
			job_warnx(jb, "%s, and a new jail would vanish at once: neither persist nor command is set", ce.ce_text);
		else
			jb->jb_anew = true;
		return false;
	}
	jb->jb_made = cmd_bool(r, "created");
	snprintf(jb->jb_jid, sizeof(jb->jb_jid), "%lld", (long long)cmd_int(r, "jid"));
	snprintf(jb->jb_id, sizeof(jb->jb_id), "%s", cmd_str(r, "name"));
	report_set(jb, r);
	json_decref(r);
	return true;
}

/* A foreground command that ran let go of it. */
bool
op_release(struct job *jb)
{
	struct cmd_error ce;

	if (!jb->jb_made || !needs_hold(jb) || (jb->jb_command != NULL && jb->jb_status == 0))
		return true;
	(void)cmd_try(jb->jb_jail->j_cx,
	    json_pack("{s:s,s:s}", "op", "jail.release", "jail", jb->jb_jid), NULL, &ce);
	return true;
}

/*
 * Removing.
 */
static void
report_removed(const struct job *jb, const json_t *r)
{
	const struct jail *j = jb->jb_jail;
	const char *name = shown_name(jb, r);
	json_int_t n;
	json_t *ifp;
	size_t i;

	if (j->j_quiet || (jb->jb_failing && !j->j_verbose))
		return;
	printf("%s: removed\n", name);
	json_array_foreach(json_object_get(r, "interfaces"), i, ifp)
		printf("%s: %s returned to %s\n", name, cmd_str(ifp, "name"), cmd_str(ifp, "home"));
	if ((n = cmd_int(r, "ended")) > 0)
		printf("%s: %lld program%s ended\n", name, (long long)n, n == 1 ? "" : "s");
	if ((n = cmd_int(r, "killed")) > 0)
		printf("%s: %lld program%s killed\n", name, (long long)n, n == 1 ? "" : "s");
	fflush(stdout);
}

static bool
removed(struct job *jb, int error, const json_t *r, const struct cmd_error *ce)
{
	if (error == 0) {
		/* For the commands that follow. */
		snprintf(jb->jb_jid, sizeof(jb->jb_jid), "%lld", (long long)cmd_int(r, "jid"));
		report_removed(jb, r);
		return true;
	}
	jb->jb_missing = error == ENOENT;
	if (error == ENOENT && !jb->jb_must)
		return true;
	if (error == ENOENT)
		cmd_warnx(jb->jb_jail->j_cx, "\"%s\" not found", jb->jb_name);
	else if (jb->jb_name != NULL)
		cmd_warnx(jb->jb_jail->j_cx, "%s: %s", jb->jb_name, ce->ce_text);
	else
		job_warnx(jb, "%s", ce->ce_text);
	return false;
}

bool
op_removed(struct job *jb)
{
	struct cmd_ctx *cx = jb->jb_jail->j_cx;
	struct cmd_error ce;
	json_t *r;
	bool ok;
	int error;

	error = cmd_receive(jb->jb_conn, &r, &ce);
	if (cx->cx_conn == NULL)
		cx->cx_conn = jb->jb_conn;
	else
		ctl_conn_free(jb->jb_conn);
	jb->jb_conn = NULL;
	ok = removed(jb, error, r, &ce);
	json_decref(r);
	return ok;
}

/*
 * Most jails are gone in no time.  One whose processes take theirs keeps the connection, and what
 * else is to be done uses another.
 */
bool
op_remove(struct job *jb)
{
	struct jail *j = jb->jb_jail;
	struct cmd_ctx *cx = j->j_cx;
	bool force = j->j_kill || jb->jb_start;
	struct pollfd pfd = { .events = POLLIN };
	json_t *req;
	int error;

	if (cmd_connect(cx) != 0)
		return false;
	req = json_pack("{s:s,s:s,s:b}", "op", "jail.remove", "jail",
	    jb->jb_start ? jb->jb_jid : jb->jb_id, "force", force);
	error = ctl_send(cx->cx_conn, req, NULL, 0);
	json_decref(req);
	if (error != 0 && error != EPIPE && error != ECONNRESET) {
		job_warnx(jb, "%s", strerror(error));
		return false;
	}
	jb->jb_conn = cx->cx_conn;
	cx->cx_conn = NULL;
	pfd.fd = ctl_conn_fd(jb->jb_conn);
	return poll(&pfd, 1, j->j_njobs == 1 ? -1 : 1) > 0 ? op_removed(jb) : true;
}
