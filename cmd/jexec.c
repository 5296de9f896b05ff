/* SPDX-License-Identifier: BSD-2-Clause */
/* jexec(8): runs a program in a jail. */
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/exec_client.h"

int
cmd_jexec(struct cmd_ctx *cx, int argc, char **argv)
{
	struct exec_request er = { 0 };
	int ch;

	while ((ch = getopt(argc, argv, "+:d:lu:U:x:")) != -1) {
		switch (ch) {
		case 'd': er.er_dir = optarg; break;
		case 'l': er.er_login = true; break;
		case 'u': er.er_user = optarg; break;
		case 'U': er.er_hostuser = optarg; break;
		case 'x':
			if (strncmp(optarg, "vnet=", 5) != 0 || optarg[5] == '\0') {
				cmd_warnx(cx, "-x: \"%s\" is not vnet=jail", optarg);
				return 1;
			}
			er.er_vnet = optarg + 5;
			break;
		default: return cmd_usage(cx, ch, 1);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return cmd_usage(cx, 0, 1);
	if (er.er_user != NULL && er.er_hostuser != NULL) {
		cmd_warnx(cx, "-u and -U exclude each other");
		return 1;
	}
	er.er_jail = argv[0];
	if (argc > 1)
		er.er_argv = argv + 1;
	return exec_client_run(cx, &er);
}
