/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail(8): creates, modifies and removes jails.
 *
 * Theory of operation.  Jails are named on the command line by their parameters, or by names that
 * stand in jail.conf(5).  Either way each becomes a job (jail_job.c) with a list of parameters, the
 * command line being one more block of the configuration.  What a parameter means is known to the
 * daemon, but for those that are about commands, mounts and order (jail_param.c); a request to the
 * daemon happens wholly or not at all.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/jail_int.h"

#define CONFDIR	"/etc"

/*
 * Configuration.
 */
static int
read_conf(struct jail *j, const char *path, bool must)
{
	int error;

	if (!must && access(path, F_OK) != 0)
		return 0;
	if ((error = jc_read(&j->j_conf, path)) != 0)
		cmd_warnx(j->j_cx, "%s", j->j_conf.jc_err);
	return error;
}

/* What these files say outside of blocks is for their own jails only. */
static int
read_apart(struct jail *j, const char *pattern)
{
	int error = 0;
	glob_t gl;

	if (glob(pattern, 0, NULL, &gl) != 0)
		return 0;
	for (size_t i = 0; i < gl.gl_pathc && error == 0; i++) {
		j->j_conf.jc_scope++;
		error = read_conf(j, gl.gl_pathv[i], true);
	}
	globfree(&gl);
	return error;
}

static int
read_all(struct jail *j)
{
	const char *dir = getenv("VIMAGE_CONFDIR");
	char path[PATH_MAX];
	int error;

	if (j->j_file != NULL)
		return read_conf(j, j->j_file, true);
	if (dir == NULL || dir[0] == '\0')
		dir = CONFDIR;
	snprintf(path, sizeof(path), "%s/jail.conf", dir);
	if ((error = read_conf(j, path, false)) != 0)
		return error;
	snprintf(path, sizeof(path), "%s/jail.conf.d/*.conf", dir);
	if ((error = read_apart(j, path)) != 0)
		return error;
	snprintf(path, sizeof(path), "%s/jail.*.conf", dir);
	return read_apart(j, path);
}

/*
 * Jobs to start.
 */
static bool
add_start(struct jail *j, const char *name)
{
	struct job *jb;

	if (name != NULL && job_find(j, name) != NULL)
		return true;
	if ((jb = job_new(j, name, !j->j_remove || j->j_modify)) == NULL)
		return false;
	jb->jb_create = j->j_create;
	jb->jb_update = j->j_modify;
	jb->jb_again = j->j_remove;
	jb->jb_command = j->j_command;
	if (j->j_create && !j->j_modify && !job_stays(jb)) {
		job_warnx(jb, "%s%sneither persist nor command is set, the jail would vanish at "
		    "once", !jb->jb_conf && jb->jb_id[0] != '\0' ? jb->jb_id : "",
		    !jb->jb_conf && jb->jb_id[0] != '\0' ? ": " : "");
		return false;
	}
	return param_check(jb) && addr_settle(jb);
}

static bool
add_configured(struct jail *j, const char *pattern)
{
	const struct jc_block *bk;
	bool any = false;

	STAILQ_FOREACH(bk, &j->j_conf.jc_blocks, bk_link) {
		if (bk->bk_name == NULL || bk->bk_wild || !jc_match(pattern, bk->bk_name))
			continue;
		any = true;
		if (!add_start(j, bk->bk_name))
			return false;
	}
	if (!any)
		cmd_warnx(j->j_cx, "\"%s\" is not in %s", pattern,
		    j->j_file != NULL ? j->j_file : "jail.conf");
	return any;
}

/* By names of the configuration; none: all of them. */
static int
start_configured(struct jail *j, int argc, char **argv)
{
	if (argc == 0 && !add_configured(j, "*"))
		return 1;
	for (int i = 0; i < argc; i++)
		if (!add_configured(j, argv[i]))
			return 1;
	return depend_order(j) ? jobs_run(j) : 1;
}

/*
 * By parameters: one jail.
 */
static bool
read_params(struct jail *j, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "command=", 8) != 0 && strcmp(argv[i], "command") != 0) {
			if (!line_add(j, argv[i]))
				return false;
			continue;
		}
		if (strlen(argv[i]) <= 8) {
			cmd_warnx(j->j_cx, "command needs a value");
			return false;
		}
		argv[i] += 8;
		j->j_command = argv + i;
		break;
	}
	return true;
}

static const char *
line_value(const struct jail *j, const char *name)
{
	const struct jc_setting *js;
	const char *value = NULL;

	STAILQ_FOREACH(js, &j->j_line->bk_settings, js_link) {
		const struct jc_value *jv = STAILQ_FIRST(&js->js_values);

		if (strcmp(js->js_name, name) == 0 && jv != NULL &&
		    !STAILQ_EMPTY(&jv->jv_pieces))
			value = STAILQ_FIRST(&jv->jv_pieces)->jp_text;
	}
	return value;
}

static int
start_line(struct jail *j, int argc, char **argv)
{
	const char *name;

	if (!read_params(j, argc, argv))
		return 1;
	if ((name = line_value(j, "name")) == NULL)
		name = line_value(j, "jid");
	if (name == NULL && (j->j_remove || !j->j_create)) {
		cmd_warnx(j->j_cx, "no jail specified");
		return 1;
	}
	return add_start(j, name) && depend_order(j) ? jobs_run(j) : 1;
}

/* path hostname [ip[,..]] command ... */
static int
start_old(struct jail *j, char **argv)
{
	char *value;

	j->j_create = true;
	j->j_quiet = true;
	line_put(j, "path", argv[0]);
	line_put(j, "host.hostname", argv[1]);
	while ((value = strsep(&argv[2], ",")) != NULL)
		if (value[0] != '\0') {
			char *word = NULL;

			if (asprintf(&word, "%s=%s", strchr(value, ':') != NULL ? "ip6.addr" :
			    "ip4.addr", value) < 0 || !line_add(j, word))
				return 1;
			free(word);
		}
	j->j_command = argv + 3;
	return add_start(j, NULL) ? jobs_run(j) : 1;
}

/*
 * Jobs to stop.
 */
static bool
add_stop(struct jail *j, const char *name, bool must)
{
	struct job *jb;

	if (job_find(j, name) != NULL)
		return true;
	if ((jb = job_new(j, name, false)) == NULL)
		return false;
	jb->jb_conf = false;
	jb->jb_must = must;
	jb->jb_clean = j->j_clean;
	return true;
}

/*
 * The caller's own children, and of theirs those that have commands to run; the others go with
 * them.
 */
static bool
add_running(struct jail *j, const char *pattern)
{
	json_t *r, *jail;
	bool ok = true;
	size_t i;

	if (cmd_call(j->j_cx, json_pack("{s:s,s:[s]}", "op", "jail.list", "params", "name"), &r) !=
	    0)
		return false;
	json_array_foreach(json_object_get(r, "jails"), i, jail) {
		const char *name = cmd_str(jail, "name");

		if (!jc_match(pattern, name))
			continue;
		if (strcmp(pattern, "*") == 0 && strchr(name, '.') != NULL &&
		    jc_find(&j->j_conf, name) == NULL)
			continue;
		ok = ok && add_stop(j, name, false);
	}
	json_decref(r);
	return ok;
}

static bool
add_clean(struct jail *j, const char *pattern)
{
	const struct jc_block *bk;

	STAILQ_FOREACH(bk, &j->j_conf.jc_blocks, bk_link)
		if (bk->bk_name != NULL && !bk->bk_wild && jc_match(pattern, bk->bk_name) &&
		    !add_stop(j, bk->bk_name, false))
			return false;
	return true;
}

/* A configured jail may be meant by its number. */
static bool
add_named(struct jail *j, const char *id)
{
	struct cmd_error ce;
	char name[256];
	json_t *r;

	snprintf(name, sizeof(name), "%s", id);
	if (id[strspn(id, "0123456789")] == '\0' && !STAILQ_EMPTY(&j->j_conf.jc_blocks) && jc_find(&j->j_conf, id) == NULL &&
	    cmd_try(j->j_cx, json_pack("{s:s,s:s}", "op", "jail.find", "jail", id), &r, &ce) == 0) {
		snprintf(name, sizeof(name), "%s", cmd_str(r, "name"));
		json_decref(r);
	}
	return add_stop(j, name, !j->j_clean);
}

static int
stop_named(struct jail *j, int argc, char **argv)
{
	if (argc == 0)
		return cmd_usage(j->j_cx, 0, 1);
	for (int i = 0; i < argc; i++) {
		if (strchr(argv[i], '=') != NULL) {
			cmd_warnx(j->j_cx, "-r takes names of jails, not parameters: %s", argv[i]);
			return 1;
		}
	}
	if (!j->j_kill && read_all(j) != 0)
		return 1;
	for (int i = 0; i < argc; i++)
		if (!(!jc_iswild(argv[i]) ? add_named(j, argv[i]) :
		    j->j_clean ? add_clean(j, argv[i]) : add_running(j, argv[i])))
			return 1;
	return depend_order(j) ? jobs_run(j) : 1;
}

/*
 * The command line.
 */
static int
set_limit(struct jail *j)
{
	long long n;

	if (!cmd_number(optarg, 0, 10000, &n)) {
		cmd_warnx(j->j_cx, "-p: \"%s\" is no number of jails", optarg);
		return -1;
	}
	j->j_limit = (unsigned)n;
	return 0;
}

static void
set_user(struct jail *j, bool host)
{
	line_put(j, "exec.jail_user", optarg);
	if (host)
		line_put(j, "exec.system_jail_user", NULL);
}

static int
parse_options(struct jail *j, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:cCde:f:hiJ:lmn:p:qrRs:u:U:v")) != -1) {
		switch (ch) {
		case 'c': j->j_create = true; break;
		case 'C': j->j_clean = true; break;
		case 'd': break;	/* a name is free at once: there are no dying jails */
		case 'e': j->j_show = optarg; break;
		case 'f': j->j_file = optarg; break;
		case 'h': line_put(j, "ip_hostname", NULL); break;
		case 'i': j->j_jidonly = j->j_quiet = true; break;
		case 'J': j->j_jidfile = optarg; break;
		case 'l': line_put(j, "exec.clean", NULL); break;
		case 'm': j->j_modify = true; break;
		case 'n': line_put(j, "name", optarg); break;
		case 'p':
			if (set_limit(j) != 0)
				return -1;
			break;
		case 'q': j->j_quiet = true; break;
		case 'r': j->j_remove = true; break;
		case 'R': j->j_remove = j->j_kill = true; break;
		case 's': line_put(j, "securelevel", optarg); break;
		case 'u': set_user(j, true); break;
		case 'U': set_user(j, false); break;
		case 'v': j->j_verbose = true; break;
		default: return ch;
		}
	}
	return 0;
}

/*
 * Names of configured jails, or parameters?  One word without "=" is a name, several may be
 * booleans: then they are names if all of them are configured.
 */
static bool
has_params(const struct jail *j, int argc, char **argv)
{
	if (!STAILQ_EMPTY(&j->j_line->bk_settings))
		return true;
	for (int i = 0; i < argc; i++)
		if (strchr(argv[i], '=') != NULL)
			return true;
	for (int i = 0; i < argc && argc > 1; i++)
		if (!jc_iswild(argv[i]) && jc_find(&j->j_conf, argv[i]) == NULL)
			return true;
	return false;
}

static int
run_start(struct jail *j, int argc, char **argv)
{
	bool assigned = false;

	/* Parameters need no configuration, whatever may be wrong with it. */
	for (int i = 0; i < argc; i++)
		assigned = assigned || strchr(argv[i], '=') != NULL;
	if ((!assigned || j->j_file != NULL) && STAILQ_EMPTY(&j->j_line->bk_settings) &&
	    read_all(j) != 0)
		return 1;
	return has_params(j, argc, argv) ? start_line(j, argc, argv) :
	    start_configured(j, argc, argv);
}

/* Options that exclude each other. */
static bool
contradicts(const struct jail *j)
{
	bool sets = j->j_create || j->j_modify;

	return (j->j_kill && sets) || (j->j_clean && (sets || j->j_remove)) ||
	    (j->j_show != NULL && (sets || j->j_remove || j->j_clean));
}

static int
run(struct jail *j, int argc, char **argv)
{
	int ch;

	if ((ch = parse_options(j, argc, argv)) != 0)
		return ch < 0 ? 1 : cmd_usage(j->j_cx, ch, 1);
	argc -= optind;
	argv += optind;
	if (contradicts(j))
		return cmd_usage(j->j_cx, 0, 1);
	if (j->j_show != NULL)
		return argc > 0 ? cmd_usage(j->j_cx, 0, 1) :
		    read_all(j) != 0 ? 1 : show_configured(j);
	if (j->j_clean || (j->j_remove && !j->j_create && !j->j_modify))
		return stop_named(j, argc, argv);
	if (!j->j_create && !j->j_modify) {
		if (argc >= 4 && argv[0][0] == '/')
			return start_old(j, argv);
		return cmd_usage(j->j_cx, 0, 1);
	}
	return run_start(j, argc, argv);
}

int
cmd_jail(struct cmd_ctx *cx, int argc, char **argv)
{
	struct jail j = { .j_cx = cx, .j_line = jc_line_new() };
	int status;

	jc_init(&j.j_conf);
	TAILQ_INIT(&j.j_jobs);
	TAILQ_INIT(&j.j_active);
	RB_INIT(&j.j_ready);
	RB_INIT(&j.j_names);
	status = run(&j, argc, argv);
	jobs_free(&j);
	jc_line_free(j.j_line);
	jc_clear(&j.j_conf);
	return status;
}
