/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl(8): the knobs of a stack. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

struct sysctl {
	struct cmd_ctx	*sc_cx;
	bool		 sc_all, sc_descr, sc_equal, sc_ignore, sc_nameonly, sc_noname;
	bool		 sc_quiet, sc_type, sc_writable;
};

static void
print_name(const struct sysctl *sc, const char *name)
{
	if (!sc->sc_noname)
		printf("%s%s", name, sc->sc_equal ? "=" : ": ");
}

static const char *
type_name(const char *type)
{
	if (strcmp(type, "int") == 0)
		return "integer";
	if (strcmp(type, "uint") == 0)
		return "unsigned integer";
	return strcmp(type, "u64") == 0 ? "uint64_t" : "string";
}

static void
print_one(const struct sysctl *sc, const json_t *oid)
{
	if (sc->sc_writable && !cmd_bool(oid, "writable"))
		return;
	if (sc->sc_nameonly) {
		printf("%s\n", cmd_str(oid, "name"));
		return;
	}
	print_name(sc, cmd_str(oid, "name"));
	if (sc->sc_type)
		printf("%s\n", type_name(cmd_str(oid, "type")));
	else
		printf("%s\n", cmd_str(oid, sc->sc_descr ? "description" : "value"));
}

static int
fail(const struct sysctl *sc, const struct cmd_error *ce)
{
	if (ce->ce_errno == ENOENT && sc->sc_ignore)
		return 0;
	if (ce->ce_errno != ENOENT || !sc->sc_quiet)
		cmd_warnx(sc->sc_cx, "%s", ce->ce_text);
	return 1;
}

static int
show(const struct sysctl *sc, const char *name)
{
	struct cmd_error ce;
	json_t *r, *oid;
	size_t i;

	if (cmd_try(sc->sc_cx, json_pack("{s:s,s:s*}", "op", "sysctl.list", "name", name), &r,
		&ce) != 0)
		return fail(sc, &ce);
	json_array_foreach(json_object_get(r, "sysctls"), i, oid)
		print_one(sc, oid);
	json_decref(r);
	return 0;
}

static int
set(const struct sysctl *sc, char *word)
{
	char *value = strchr(word, '=');
	struct cmd_error ce;
	json_t *r;

	*value++ = '\0';
	if (cmd_try(sc->sc_cx,
		json_pack("{s:s,s:s,s:s}", "op", "sysctl.set", "name", word, "value", value), &r,
		&ce) != 0)
		return fail(sc, &ce);
	if (!sc->sc_quiet) {
		print_name(sc, word);
		printf("%s -> %s\n", cmd_str(r, "old"), cmd_str(r, "new"));
	}
	json_decref(r);
	return 0;
}

/* Every word is looked at before the first is done. */
static int
check(const struct sysctl *sc, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *equal = strchr(argv[i], '=');

		if (argv[i][0] == '\0' || equal == argv[i]) {
			cmd_warnx(sc->sc_cx, "%s: a name is missing", argv[i]);
			return 1;
		}
		if (equal != NULL &&
		    (equal[1] == '\0' || sc->sc_descr || sc->sc_type || sc->sc_nameonly)) {
			cmd_warnx(sc->sc_cx,
			    equal[1] == '\0' ? "%s: a value is missing"
					     : "%s: cannot set with -d, -N or -t",
			    argv[i]);
			return 1;
		}
	}
	return 0;
}

static int
parse(struct sysctl *sc, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:adeij:NnqtW")) != -1) {
		switch (ch) {
		case 'a': sc->sc_all = true; break;
		case 'd': sc->sc_descr = true; break;
		case 'e': sc->sc_equal = true; break;
		case 'i': sc->sc_ignore = true; break;
		case 'j': sc->sc_cx->cx_jail = optarg; break;
		case 'N': sc->sc_nameonly = true; break;
		case 'n': sc->sc_noname = true; break;
		case 'q': sc->sc_quiet = true; break;
		case 't': sc->sc_type = true; break;
		case 'W': sc->sc_writable = true; break;
		default: return ch;
		}
	}
	return 0;
}

int
cmd_sysctl(struct cmd_ctx *cx, int argc, char **argv)
{
	struct sysctl sc = { .sc_cx = cx };
	int ch, status = 0;

	ch = parse(&sc, argc, argv);
	argc -= optind;
	argv += optind;
	if (ch != 0 || (sc.sc_nameonly && sc.sc_noname) || sc.sc_all != (argc == 0))
		return cmd_usage(cx, ch, 1);
	if (sc.sc_all)
		return show(&sc, NULL);
	if (check(&sc, argc, argv) != 0)
		return 1;
	for (int i = 0; i < argc; i++)
		if ((strchr(argv[i], '=') != NULL ? set(&sc, argv[i]) : show(&sc, argv[i])) != 0)
			status = 1;
	return status;
}
