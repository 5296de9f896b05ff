/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/vimage_old.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

/* Runs another command in our place: words, and behind them what is left of the line. */
static int
run_other(struct cmd_ctx *cx, const char *const *words, int argc, char **argv)
{
	const struct cmd *c = cmd_find(words[0]);
	char **all = calloc((size_t)argc + 8, sizeof(*all));
	int n = 0, status;

	if (c == NULL || all == NULL) {
		free(all);
		cmd_warnx(cx, "%s: no such command", words[0]);
		return 1;
	}
	for (; words[n] != NULL; n++)
		all[n] = (char *)(uintptr_t)words[n];
	memcpy(all + n, argv, (size_t)argc * sizeof(*argv));
	status = cmd_run(c, cx->cx_instance, n + argc, all);
	free(all);
	return status;
}

/* -c name [parameter ...], -m: a jail that is a stack and no more until something runs in it. */
static int
set(struct cmd_ctx *cx, bool create, int argc, char **argv)
{
	const char *making[] = { "jail", "-qc", NULL, "persist", "vnet", NULL };
	const char *changing[] = { "jail", "-qm", NULL, NULL };
	char *name = NULL;
	int status;

	if (argc < 1)
		return cmd_usage(cx, 0, 1);
	if (asprintf(&name, "name=%s", argv[0]) < 0)
		return 1;
	making[2] = changing[2] = name;
	status = run_other(cx, create ? making : changing, argc - 1, argv + 1);
	free(name);
	return status;
}

/* The member of a list in an answer that has a name; NULL. */
static const json_t *
named(const json_t *reply, const char *list, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(reply, list), i, o)
		if (strcmp(cmd_str(o, "name"), name) == 0)
			return o;
	return NULL;
}

/* -d name: only one that nobody uses; its interfaces go to the stack above. */
static int
destroy(struct cmd_ctx *cx, int argc, char **argv)
{
	const json_t *jail;
	bool busy;
	json_t *r;

	if (argc != 1)
		return cmd_usage(cx, 0, 1);
	if (cmd_call(cx, json_pack("{s:s}", "op", "daemon.status"), &r) != 0)
		return 1;
	jail = named(r, "jails", argv[0]);
	busy = cmd_int(jail, "processes") > 0 || cmd_int(jail, "sockets") > 0;
	json_decref(r);
	if (busy) {
		cmd_warnx(cx, "%s: processes or sockets are in there", argv[0]);
		return 1;
	}
	return cmd_call(cx, json_pack("{s:s,s:s}", "op", "jail.remove", "jail", argv[0]), NULL) != 0;
}

/* -l [-v] [name] */
static int
list(struct cmd_ctx *cx, int argc, char **argv)
{
	bool verbose = argc > 0 && strcmp(argv[0], "-v") == 0, any = false;
	const char *name;
	json_t *r, *jail;
	size_t i;

	argc -= verbose;
	argv += verbose;
	if (argc > 1 || (argc == 1 && argv[0][0] == '-'))
		return cmd_usage(cx, 0, 1);
	name = argc == 1 ? argv[0] : NULL;
	if (cmd_call(cx, json_pack("{s:s}", "op", "daemon.status"), &r) != 0)
		return 1;
	json_array_foreach(json_object_get(r, "jails"), i, jail) {
		if (strcmp(cmd_str(jail, "vnet"), "new") != 0 ||
		    (name != NULL && strcmp(cmd_str(jail, "name"), name) != 0))
			continue;
		any = true;
		printf("%s\n", cmd_str(jail, "name"));
		if (verbose)
			printf("    %lld processes, %lld sockets, %lld interfaces\n",
			    (long long)cmd_int(jail, "processes"),
			    (long long)cmd_int(jail, "sockets"),
			    (long long)cmd_int(jail, "interfaces"));
	}
	json_decref(r);
	if (!any && name != NULL)
		cmd_warnx(cx, "%s: no such stack", name);
	return !any && name != NULL;
}

/* The first ethN that is free in there. */
static int
free_name(struct cmd_ctx *cx, const char *jail, char *name, size_t size)
{
	json_t *r;
	int error;

	if ((error = cmd_call(cx, json_pack("{s:s,s:s}", "op", "if.list", "jail", jail), &r)) != 0)
		return error;
	for (int n = 0; n < 10000; n++) {
		snprintf(name, size, "eth%d", n);
		if (named(r, "interfaces", name) == NULL)
			break;
	}
	json_decref(r);
	return 0;
}

/* -i name ifname [newifname] */
static int
lend(struct cmd_ctx *cx, int argc, char **argv)
{
	char name[32];

	if (argc < 2 || argc > 3)
		return cmd_usage(cx, 0, 1);
	if (argc == 3)
		snprintf(name, sizeof(name), "%s", argv[2]);
	else if (free_name(cx, argv[0], name, sizeof(name)) != 0)
		return 1;
	if (cmd_call(cx, json_pack("{s:s,s:s,s:s}", "op", "if.move", "name", argv[1], "to",
	    argv[0]), NULL) != 0)
		return 1;
	if (strcmp(name, argv[1]) == 0 || cmd_call(cx, json_pack("{s:s,s:s,s:s,s:s}", "op",
	    "if.rename", "jail", argv[0], "name", argv[1], "newname", name), NULL) == 0) {
		if (argc == 2)
			printf("%s\n", name);
		return 0;
	}
	(void)cmd_call(cx, json_pack("{s:s,s:s,s:s}", "op", "if.reclaim", "name", argv[1], "from",
	    argv[0]), NULL);
	return 1;
}

int
vimage_old(struct cmd_ctx *cx, int option, int argc, char **argv)
{
	switch (option) {
	case 'c': return set(cx, true, argc, argv);
	case 'm': return set(cx, false, argc, argv);
	case 'd': return destroy(cx, argc, argv);
	case 'l': return list(cx, argc, argv);
	default: return lend(cx, argc, argv);
	}
}

/* name [command ...] */
int
vimage_exec(struct cmd_ctx *cx, int argc, char **argv)
{
	const char *words[] = { "jexec", argv[0], NULL };
	struct cmd_error ce;

	if (cmd_try(cx, json_pack("{s:s,s:s}", "op", "jail.find", "jail", argv[0]), NULL, &ce) != 0) {
		cmd_warnx(cx, "%s: neither a command nor a jail", argv[0]);
		return 1;
	}
	return run_other(cx, words, argc - 1, argv + 1);
}
