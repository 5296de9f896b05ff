/* SPDX-License-Identifier: BSD-2-Clause */
/* kldstat(8), kldload(8), kldunload(8), with which scripts ask whether a part of the kernel is there: all there is is built in. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

static const char *const modules[] = { "kernel", "ether", "vnet" };

/* Is there a kind of interface of this name? */
static bool
is_cloner(struct cmd_ctx *cx, const char *module)
{
	const char *name = strncmp(module, "if_", 3) == 0 ? module + 3 : module;
	bool found = false;
	json_t *r, *cloner;
	size_t i;

	if (cmd_call(cx, json_pack("{s:s}", "op", "if.cloners"), &r) != 0)
		return false;
	json_array_foreach(json_object_get(r, "cloners"), i, cloner)
		found |= strcmp(json_string_value(cloner), name) == 0 || (strcmp(name, "tuntap") == 0 && strcmp(json_string_value(cloner), "tun") == 0);
	json_decref(r);
	return found;
}

static bool
has_module(struct cmd_ctx *cx, const char *module)
{
	const char *dot = strrchr(module, '.');
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(dot != NULL && strcmp(dot, ".ko") == 0 ? dot - module : (long)strlen(module)), module);
	if (strncmp(name, "if_", 3) == 0 || strcmp(name, "bridgestp") == 0)
		return is_cloner(cx, strcmp(name, "bridgestp") == 0 ? "bridge" : name);
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(modules[i], name) == 0)
			return true;
	return false;
}

int
cmd_kldstat(struct cmd_ctx *cx, int argc, char **argv)
{
	const char *module = NULL;
	bool quiet = false;
	int ch;

	while ((ch = getopt(argc, argv, "+:hi:m:n:qv")) != -1) {
		switch (ch) {
		case 'h': case 'v': break;
		case 'i': module = strcmp(optarg, "1") == 0 ? "kernel" : optarg; break;
		case 'm': case 'n': module = optarg; break;
		case 'q': quiet = true; break;
		default: return cmd_usage(cx, ch, 1);
		}
	}
	if (optind != argc)
		return cmd_usage(cx, 0, 1);
	if (module != NULL && !has_module(cx, module)) {
		if (!quiet)
			cmd_warnx(cx, "can't find module %s: No such file or directory", module);
		return 1;
	}
	if (!quiet)
		printf("Id Refs Name\n 1    1 %s\n", module != NULL ? module : "kernel");
	return 0;
}

/* kldload, kldunload: all there is is built in. */
int
cmd_kldload(struct cmd_ctx *cx, int argc, char **argv)
{
	bool unload = strcmp(cx->cx_prog, "kldunload") == 0, quiet = false, ifneeded = false;
	int ch, status = 0;

	while ((ch = getopt(argc, argv, unload ? "+:fv" : "+:nqv")) != -1) {
		switch (ch) {
		case 'f': case 'v': break;
		case 'n': ifneeded = true; break;
		case 'q': quiet = true; break;
		default: return cmd_usage(cx, ch, 1);
		}
	}
	if (optind == argc)
		return cmd_usage(cx, 0, 1);
	for (int i = optind; i < argc; i++) {
		if (!unload && ifneeded && has_module(cx, argv[i]))
			continue;
		if (!quiet || unload)
			cmd_warnx(cx, "can't %s %s: %s", unload ? "unload" : "load", argv[i],
			    has_module(cx, argv[i]) ? unload ? "it is built in" : "module already loaded or in kernel" : "No such file or directory");
		status = 1;
	}
	return status;
}
