/* SPDX-License-Identifier: BSD-2-Clause */
/* ifmcstat(8): the groups that interfaces listen to, with their sources. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

static bool
is_inet6(const json_t *group)
{
	return strchr(cmd_str(group, "group"), ':') != NULL;
}

static bool
same_interface(const json_t *a, const json_t *b)
{
	return strcmp(cmd_str(a, "interface"), cmd_str(b, "interface")) == 0;
}

static void
print_protocol(const json_t *group)
{
	if (cmd_int(group, "version") != 0)
		printf("\t%sv%d rv %d qi %d\n", is_inet6(group) ? "mld" : "igmp",
		    (int)cmd_int(group, "version"), (int)cmd_int(group, "robustness"),
		    (int)cmd_int(group, "interval"));
}

static void
print_group(const json_t *group)
{
	const json_t *sources = json_object_get(group, "sources"), *source;
	size_t i;

	printf("\t\tgroup %s mode %s refs %d\n", cmd_str(group, "group"), cmd_str(group, "mode"),
	    (int)cmd_int(group, "members"));
	if (cmd_str(group, "lladdr")[0] != '\0')
		printf("\t\t\tmcast-macaddr %s\n", cmd_str(group, "lladdr"));
	json_array_foreach(sources, i, source)
		printf("\t\t\tsource %s\n", json_string_value(source));
	if ((size_t)cmd_int(group, "numsrc") > json_array_size(sources))
		printf("\t\t\tand %d more\n",
		    (int)((size_t)cmd_int(group, "numsrc") - json_array_size(sources)));
}

/* All groups of the interface that this one is the first of; they come family by family. */
static void
print_interface(const json_t *groups, size_t first)
{
	const json_t *group, *before = NULL;

	printf("%s:\n", cmd_str(json_array_get(groups, first), "interface"));
	for (size_t i = first; i < json_array_size(groups); i++) {
		group = json_array_get(groups, i);
		if (!same_interface(group, json_array_get(groups, first)))
			continue;
		if (before == NULL || is_inet6(before) != is_inet6(group))
			print_protocol(group);
		print_group(group);
		before = group;
	}
}

static bool
is_first(const json_t *groups, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_interface(json_array_get(groups, i), json_array_get(groups, at)))
			return false;
	return true;
}

int
cmd_ifmcstat(struct cmd_ctx *cx, int argc, char **argv)
{
	const json_t *groups;
	json_t *r, *rq = json_pack("{s:s}", "op", "group.list");
	int ch;

	while ((ch = getopt(argc, argv, "+:f:i:j:")) != -1) {
		switch (ch) {
		case 'f': json_object_set_new(rq, "family", json_string(optarg)); break;
		case 'i': json_object_set_new(rq, "interface", json_string(optarg)); break;
		case 'j': cx->cx_jail = optarg; break;
		default:
			json_decref(rq);
			return cmd_usage(cx, ch, 1);
		}
	}
	if (optind != argc) {
		json_decref(rq);
		return cmd_usage(cx, 0, 1);
	}
	if (cmd_call(cx, rq, &r) != 0)
		return 1;
	groups = json_object_get(r, "groups");
	for (size_t i = 0; i < json_array_size(groups); i++)
		if (is_first(groups, i))
			print_interface(groups, i);
	json_decref(r);
	return 0;
}
