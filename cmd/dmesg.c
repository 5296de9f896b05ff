/* SPDX-License-Identifier: BSD-2-Clause */
/* dmesg(8): the messages of a jail's stack. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define LOG_DEBUG_LEVEL	7

/* stamp: as kern.msgbuf_show_timestamp has it, 0 to 2. */
static void
show_line(const json_t *line, json_int_t stamp)
{
	const long long us = cmd_int(line, "uptime") / 1000;

	if (stamp == 1)
		printf("[%lld] ", us / 1000000);
	else if (stamp > 1)
		printf("[%lld.%06lld] ", us / 1000000, us % 1000000);
	printf("%s\n", cmd_str(line, "text"));
}

static int
show(struct cmd_ctx *cx, bool all, bool clear)
{
	json_t *r, *line;
	size_t i;

	if (cmd_call(cx, json_pack("{s:s,s:b}", "op", "log.read", "clear", clear), &r) != 0)
		return 1;
	json_array_foreach(json_object_get(r, "lines"), i, line)
		if (all || cmd_int(line, "level") < LOG_DEBUG_LEVEL)
			show_line(line, cmd_int(r, "stamp"));
	json_decref(r);
	return 0;
}

int
cmd_dmesg(struct cmd_ctx *cx, int argc, char **argv)
{
	bool all = false, clear = false;
	int ch;

	while ((ch = getopt(argc, argv, "+:acj:M:N:")) != -1) {
		switch (ch) {
		case 'a': all = true; break;
		case 'c': clear = true; break;
		case 'j': cx->cx_jail = optarg; break;
		case 'M': case 'N':
			cmd_warnx(cx, "-%c: a stack leaves no core behind; its messages are read while it lives", ch);
			return 1;
		default: return cmd_usage(cx, ch, 1);
		}
	}
	return optind != argc ? cmd_usage(cx, 0, 1) : show(cx, all, clear);
}
