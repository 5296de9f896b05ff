/* SPDX-License-Identifier: BSD-2-Clause */
/* ifconfig(8): options and the choice between listing and setting. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/ifconfig_int.h"

struct options {
	struct if_list	 o_list;
	bool		 o_all, o_cloners;
	char		*o_format;
};

static int
parse(struct cmd_ctx *cx, struct options *o, int argc, char **argv)
{
	struct if_list *il = &o->o_list;
	int ch;

	while ((ch = getopt(argc, argv, "+:aCDdf:G:g:j:kLlmnuv")) != -1) {
		switch (ch) {
		case 'a': o->o_all = true; break;
		case 'C': o->o_cloners = true; break;
		case 'D': il->il_driver = true; break;
		case 'd': il->il_down = true; break;
		case 'f': o->o_format = optarg; break;
		case 'G': il->il_nogroup = optarg; break;
		case 'g': il->il_group = optarg; break;
		case 'j': cx->cx_jail = optarg; break;
		case 'l': il->il_names = true; break;
		/* There are no keys and no modules to load; lifetimes are shown anyway. */
		case 'k': case 'L': case 'n': break;
		case 'm': il->il_media = true; break;
		case 'v': il->il_verbose = true; break;
		case 'u': il->il_up = true; break;
		default: return ch;
		}
	}
	return 0;
}

static bool
is_family(const char *word)
{
	return strcmp(word, "inet") == 0 || strcmp(word, "inet6") == 0 ||
	    strcmp(word, "ether") == 0 || strcmp(word, "link") == 0 ||
	    strcmp(word, "lladdr") == 0;
}

static int
run(struct cmd_ctx *cx, struct options *o, int argc, char **argv)
{
	bool many = o->o_all || o->o_list.il_names || o->o_list.il_group != NULL ||
	    o->o_list.il_nogroup != NULL || argc == 0;

	if (o->o_cloners)
		return argc == 0 && !o->o_all && !o->o_list.il_names ? ifconfig_cloners(cx)
								     : cmd_usage(cx, 0, 1);
	if ((many && argc > 1) || (o->o_list.il_names && (o->o_all || o->o_list.il_media)) || (o->o_list.il_up && o->o_list.il_down))
		return cmd_usage(cx, 0, 1);
	if (!many) {
		o->o_list.il_name = *argv++;
		argc--;
	}
	if (argc == 0)
		return ifconfig_list(cx, &o->o_list);
	if (argc == 1 && is_family(argv[0])) {
		o->o_list.il_family = argv[0];
		return ifconfig_list(cx, &o->o_list);
	}
	if (!many)
		return ifconfig_set(cx, o->o_list.il_name, argc, argv);
	cmd_warnx(cx, "%s: unknown address family", argv[0]);
	return 1;
}

int
cmd_ifconfig(struct cmd_ctx *cx, int argc, char **argv)
{
	struct options o = { .o_all = false };
	int ch;

	if ((ch = parse(cx, &o, argc, argv)) != 0)
		return cmd_usage(cx, ch, 1);
	if (o.o_format != NULL && !ifconfig_format(&o.o_list, o.o_format)) {
		cmd_warnx(cx, "%s: unknown format", o.o_format);
		return 1;
	}
	return run(cx, &o, argc - optind, argv + optind);
}
