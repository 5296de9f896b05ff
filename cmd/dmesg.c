/* SPDX-License-Identifier: BSD-2-Clause */
/* dmesg(8): the messages of a jail's stack. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define LOG_DEBUG_LEVEL	7

int
cmd_dmesg(struct cmd_ctx *cx, int argc, char **argv)
{
	bool all = false, clear = false;
	json_t *r, *line;
	size_t i;
	int ch;

	while ((ch = getopt(argc, argv, "+:acj:")) != -1) {
		switch (ch) {
		case 'a': all = true; break;
		case 'c': clear = true; break;
		case 'j': cx->cx_jail = optarg; break;
		default: return cmd_usage(cx, ch, 1);
		}
	}
	if (optind != argc)
		return cmd_usage(cx, 0, 1);
	if (cmd_call(cx, json_pack("{s:s,s:b}", "op", "log.read", "clear", clear), &r) != 0)
		return 1;
	json_array_foreach(json_object_get(r, "lines"), i, line) {
		json_int_t us = cmd_int(line, "uptime") / 1000;

		if (all || cmd_int(line, "level") < LOG_DEBUG_LEVEL)
			printf("[%5lld.%06lld] %s\n", (long long)(us / 1000000),
			    (long long)(us % 1000000), cmd_str(line, "text"));
	}
	json_decref(r);
	return 0;
}
