/* SPDX-License-Identifier: BSD-2-Clause */
/* jexec(8): runs a program in a jail. */
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/exec_client.h"

/* "vnet=a,vipc=b".  Which classes there are vimaged knows. */
static int
parse_containers(struct cmd_ctx *cx, char *arg, struct exec_request *er)
{
	char *class, *jail;

	if (er->er_containers == NULL)
		er->er_containers = json_object();
	while ((class = strsep(&arg, ",")) != NULL) {
		if ((jail = strchr(class, '=')) == NULL || jail == class || jail[1] == '\0') {
			cmd_warnx(cx, "-x: \"%s\" is not class=jail", class);
			return 1;
		}
		*jail++ = '\0';
		if (strcmp(class, "vprocg") == 0)	/* a group of processes, as it is called */
			class[strlen("vproc")] = '\0';
		if (json_object_get(er->er_containers, class) != NULL) {
			cmd_warnx(cx, "-x: %s is chosen twice", class);
			return 1;
		}
		if (json_object_set_new(er->er_containers, class, json_string(jail)) != 0) {
			cmd_warnx(cx, "-x: \"%s=%s\" is not UTF-8", class, jail);
			return 1;
		}
	}
	return 0;
}

static int
add_variable(struct cmd_ctx *cx, const char *arg, struct exec_request *er)
{
	if (arg[0] == '=' || strchr(arg, '=') == NULL) {
		cmd_warnx(cx, "-e: \"%s\" is not name=value", arg);
		return 1;
	}
	if (er->er_setenv == NULL)
		er->er_setenv = json_array();
	return json_array_append_new(er->er_setenv, json_string(arg)) == 0 ? 0 : 1;
}

/* -1: run it; else the exit status. */
static int
parse(struct cmd_ctx *cx, int argc, char **argv, struct exec_request *er)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:d:e:lu:U:x:")) != -1) {
		switch (ch) {
		case 'd': er->er_dir = optarg; break;
		case 'e':
			if (add_variable(cx, optarg, er) != 0)
				return 1;
			break;
		case 'l': er->er_login = true; break;
		case 'u': er->er_hostuser = optarg; break;
		case 'U': er->er_user = optarg; break;
		case 'x':
			if (parse_containers(cx, optarg, er) != 0)
				return 1;
			break;
		default: return cmd_usage(cx, ch, 1);
		}
	}
	if (argc - optind < 1)
		return cmd_usage(cx, 0, 1);
	if (er->er_user != NULL && er->er_hostuser != NULL) {
		cmd_warnx(cx, "-u and -U exclude each other");
		return 1;
	}
	er->er_jail = argv[optind];
	if (argc - optind > 1)
		er->er_argv = argv + optind + 1;
	return -1;
}

int
cmd_jexec(struct cmd_ctx *cx, int argc, char **argv)
{
	struct exec_request er = { 0 };
	int status;

	if ((status = parse(cx, argc, argv, &er)) < 0)
		status = exec_client_run(cx, &er);
	json_decref(er.er_containers);
	json_decref(er.er_setenv);
	return status;
}
