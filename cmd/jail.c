/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail(8): creates, modifies and removes jails from the command line.
 *
 * Theory of operation.  The parameters go to the daemon as they are, in one request that happens
 * wholly or not at all; what they mean is known there.  Only what concerns this command is looked
 * at here: "command" takes the rest of the line, "persist" tells whether the new jail must be held
 * until the command runs in it, "name" and "jid" say which jail is meant.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/exec_client.h"

struct jail {
	struct cmd_ctx	*j_cx;
	bool		 j_create, j_modify, j_remove, j_kill;
	bool		 j_jidonly, j_quiet, j_verbose;
	bool		 j_persist;
	const char	*j_name;	/* NULL: not given */
	json_t		*j_params;
	char		**j_command;	/* NULL: none */
};

/*
 * Parameters.
 */
static bool
is_no(const char *value)
{
	return strcmp(value, "false") == 0 || strcmp(value, "0") == 0 || strcmp(value, "no") == 0;
}

static void
note_param(struct jail *j, const char *name, const char *value)
{
	if (strcmp(name, "persist") == 0)
		j->j_persist = value == NULL || !is_no(value);
	else if (strcmp(name, "nopersist") == 0)
		j->j_persist = false;
	else if (value != NULL &&
	    (strcmp(name, "name") == 0 || (strcmp(name, "jid") == 0 && j->j_name == NULL)))
		j->j_name = value;
}

static void
add_param(struct jail *j, const char *name, const char *value)
{
	note_param(j, name, value);
	json_array_append_new(j->j_params, json_pack("[s,s?]", name, value));
}

/* Splits "name=value" in place; false when there is no name or the text is not UTF-8. */
static bool
split_param(char *word, char **value)
{
	json_t *probe = json_string(word);

	json_decref(probe);
	if ((*value = strchr(word, '=')) != NULL) {
		*(*value)++ = '\0';
		if (*value - 2 >= word && (*value)[-2] == '+')
			return false;
	}
	return probe != NULL && word[0] != '\0';
}

static int
parse_params(struct jail *j, int argc, char **argv)
{
	char *value;

	for (int i = 0; i < argc; i++) {
		if (!split_param(argv[i], &value)) {
			cmd_warnx(j->j_cx, "bad parameter: %s", argv[i]);
			return EINVAL;
		}
		if (strcmp(argv[i], "command") != 0) {
			add_param(j, argv[i], value);
			continue;
		}
		if (value == NULL || value[0] == '\0') {
			cmd_warnx(j->j_cx, "command needs a value");
			return EINVAL;
		}
		argv[i] = value;
		j->j_command = argv + i;
		break;
	}
	return 0;
}

/*
 * Creating and modifying.
 */
static int
run_command(struct jail *j, const char *jid)
{
	struct exec_request er = { .er_jail = jid, .er_argv = j->j_command };

	return exec_client_run(j->j_cx, &er);
}

static void
report(const struct jail *j, const json_t *r)
{
	if (j->j_jidonly)
		printf("%lld\n", (long long)cmd_int(r, "jid"));
	else if (cmd_bool(r, "created") && !j->j_quiet && (j->j_name != NULL || j->j_verbose))
		printf("%s: created\n", cmd_str(r, "name"));
	else if (j->j_verbose)
		printf("%s: modified\n", cmd_str(r, "name"));
	fflush(stdout);
}

static json_t *
set_request(const struct jail *j, bool create, bool update)
{
	bool hold = j->j_command != NULL && !j->j_persist;

	return json_pack("{s:s,s:O,s:b,s:b,s:b}", "op", "jail.set", "params", j->j_params,
	    "create", create, "update", update, "hold", hold);
}

static int
set(struct jail *j, bool create, bool update)
{
	char jid[32];
	json_t *r;
	int status = 0;

	if (cmd_call(j->j_cx, set_request(j, create, update), &r) != 0)
		return 1;
	report(j, r);
	snprintf(jid, sizeof(jid), "%lld", (long long)cmd_int(r, "jid"));
	json_decref(r);
	if (j->j_command != NULL)
		status = run_command(j, jid);
	return status;
}

/*
 * Removing.
 */
static void
report_removed(const struct jail *j, const json_t *r)
{
	json_t *ifp;
	size_t i;

	if (!j->j_quiet)
		printf("%s: removed\n", cmd_str(r, "name"));
	if (!j->j_verbose)
		return;
	json_array_foreach(json_object_get(r, "interfaces"), i, ifp)
		printf("%s: %s returned to %s\n", cmd_str(r, "name"), cmd_str(ifp, "name"),
		    cmd_str(ifp, "home"));
}

static int
remove_one(struct jail *j, const char *name, bool must)
{
	struct cmd_error ce;
	json_t *r, *req;

	req = json_pack("{s:s,s:s,s:b}", "op", "jail.remove", "jail", name, "force", j->j_kill);
	if (cmd_try(j->j_cx, req, &r, &ce) == 0) {
		report_removed(j, r);
		json_decref(r);
		return 0;
	}
	if (ce.ce_errno == ENOENT && !must)
		return 0;
	if (ce.ce_errno == ENOENT)
		cmd_warnx(j->j_cx, "\"%s\" not found", name);
	else
		cmd_warnx(j->j_cx, "%s: %s", name, ce.ce_text);
	return 1;
}

/* The caller's own children; theirs go with them. */
static int
remove_all(struct jail *j)
{
	json_t *r, *jail;
	size_t i;
	int status = 0;

	if (cmd_call(j->j_cx, json_pack("{s:s,s:[s]}", "op", "jail.list", "params", "name"), &r) !=
	    0)
		return 1;
	json_array_foreach(json_object_get(r, "jails"), i, jail)
		if (strchr(cmd_str(jail, "name"), '.') == NULL &&
		    remove_one(j, cmd_str(jail, "name"), false) != 0)
			status = 1;
	json_decref(r);
	return status;
}

static int
remove_named(struct jail *j, int argc, char **argv)
{
	int status = 0;

	if (argc == 0)
		return cmd_usage(j->j_cx, 0, 1);
	for (int i = 0; i < argc; i++) {
		if (strchr(argv[i], '=') != NULL) {
			cmd_warnx(j->j_cx, "-r takes names of jails, not parameters: %s", argv[i]);
			return 1;
		}
	}
	for (int i = 0; i < argc; i++)
		if ((strcmp(argv[i], "*") == 0 ? remove_all(j) : remove_one(j, argv[i], true)) != 0)
			status = 1;
	return status;
}

/*
 * The command line.
 */

/* What a jail gets at its creation only. */
static bool
needs_restart(const struct cmd_error *ce)
{
	return ce->ce_errno == EPERM &&
	    strstr(ce->ce_text, "cannot be changed after creation") != NULL;
}

/* -m with -r: what cannot be changed in place is changed by removing and making anew. */
static int
modify_or_restart(struct jail *j)
{
	struct cmd_error ce;
	json_t *r;
	int error;

	error = cmd_try(j->j_cx, set_request(j, j->j_create, true), &r, &ce);
	if (error != 0 && needs_restart(&ce)) {
		if (remove_one(j, j->j_name, true) != 0)
			return 1;
		return set(j, true, false);
	}
	if (error != 0) {
		cmd_warnx(j->j_cx, "%s", ce.ce_text);
		return 1;
	}
	report(j, r);
	json_decref(r);
	return j->j_command == NULL ? 0 : run_command(j, j->j_name);
}

static int
apply(struct jail *j)
{
	if (j->j_name == NULL && (j->j_remove || !j->j_create)) {
		cmd_warnx(j->j_cx, "no jail specified");
		return 1;
	}
	if (j->j_create && !j->j_modify && !j->j_persist && j->j_command == NULL) {
		cmd_warnx(j->j_cx,
		    "%s%sneither persist nor command is set, the jail would vanish at once",
		    j->j_name != NULL ? j->j_name : "", j->j_name != NULL ? ": " : "");
		return 1;
	}
	if (j->j_remove && j->j_modify)
		return modify_or_restart(j);
	if (j->j_remove && remove_one(j, j->j_name, false) != 0)
		return 1;
	return set(j, j->j_create, j->j_modify);
}

static int
parse_options(struct jail *j, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:cf:imn:qrRv")) != -1) {
		switch (ch) {
		case 'c': j->j_create = true; break;
		case 'i': j->j_jidonly = j->j_quiet = true; break;
		case 'm': j->j_modify = true; break;
		case 'n': add_param(j, "name", optarg); break;
		case 'q': j->j_quiet = true; break;
		case 'r': j->j_remove = true; break;
		case 'R': j->j_remove = j->j_kill = true; break;
		case 'v': j->j_verbose = true; break;
		case 'f':
			cmd_warnx(j->j_cx,
			    "%s: configuration files are not supported, give the parameters on the "
			    "command line",
			    optarg);
			return -1;
		default: return ch;
		}
	}
	return 0;
}

static int
run(struct jail *j, int argc, char **argv)
{
	int ch;

	if ((ch = parse_options(j, argc, argv)) != 0)
		return ch < 0 ? 1 : cmd_usage(j->j_cx, ch, 1);
	argc -= optind;
	argv += optind;
	if (j->j_kill && (j->j_create || j->j_modify))
		return cmd_usage(j->j_cx, 0, 1);
	if (j->j_remove && !j->j_create && !j->j_modify)
		return remove_named(j, argc, argv);
	if (!j->j_create && !j->j_modify)
		return cmd_usage(j->j_cx, 0, 1);
	if (argc == 1 && strchr(argv[0], '=') == NULL && j->j_name == NULL) {
		cmd_warnx(j->j_cx,
		    "%s: no configuration file is read; give parameters as name=value", argv[0]);
		return 1;
	}
	return parse_params(j, argc, argv) != 0 ? 1 : apply(j);
}

int
cmd_jail(struct cmd_ctx *cx, int argc, char **argv)
{
	struct jail j = { .j_cx = cx, .j_params = json_array() };
	int status;

	status = run(&j, argc, argv);
	json_decref(j.j_params);
	return status;
}
