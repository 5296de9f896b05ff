/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setfib(1): starts a program whose sockets use another routing table.  It says so in the program's environment, which goes on to what that starts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* How many tables the stack has; 0 after a message. */
static long long
nfibs(struct cmd_ctx *cx)
{
	long long n = 0;
	json_t *r;

	if (cmd_call(cx, json_pack("{s:s,s:s}", "op", "sysctl.list", "name", "net.fibs"), &r) != 0)
		return 0;
	(void)cmd_number(cmd_str(json_array_get(json_object_get(r, "sysctls"), 0), "value"), 1, 65536, &n);
	json_decref(r);
	return n;
}

/* "1" and "-1" for "-F1", as the first word only. */
static const char *
leading_fib(int argc, char **argv)
{
	const char *p = argc > 1 ? argv[1] : "";

	if (p[0] == '-')
		p++;
	return p[0] >= '0' && p[0] <= '9' ? p : NULL;
}

int
cmd_setfib(struct cmd_ctx *cx, int argc, char **argv)
{
	const char *fibtext = leading_fib(argc, argv);
	long long fib = 0, n;
	char text[16];
	int ch;

	if (fibtext != NULL) {
		argc--;
		argv++;
	}
	while ((ch = getopt(argc, argv, "+:F:")) == 'F')
		fibtext = optarg;
	if (ch != -1 || optind >= argc)
		return cmd_usage(cx, ch == -1 ? 0 : ch, 1);
	if ((n = nfibs(cx)) == 0)
		return 1;
	if (fibtext != NULL && !cmd_number(fibtext, 0, n - 1, &fib)) {
		cmd_warnx(cx, "%s: invalid FIB (max %lld)", fibtext, n - 1);
		return 1;
	}
	snprintf(text, sizeof(text), "%lld", fib);
	if (setenv("VIMAGE_FIB", text, 1) != 0) {
		cmd_warnx(cx, "no memory");
		return 1;
	}
	ctl_conn_free(cx->cx_conn);
	cx->cx_conn = NULL;
	execvp(argv[optind], argv + optind);
	cmd_warnx(cx, "%s: %s", argv[optind], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
