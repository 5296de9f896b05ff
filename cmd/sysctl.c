/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl(8): the knobs of a stack. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/cmd.h"

struct sysctl {
	struct cmd_ctx	*sc_cx;
	bool		 sc_all, sc_descr, sc_equal, sc_ignore, sc_nameonly, sc_noname;
	bool		 sc_quiet, sc_type, sc_writable, sc_tunable;
	bool		 sc_binary, sc_hex, sc_human, sc_length;
	const char	*sc_file;	/* -f; NULL */
	unsigned	 sc_line;	/* of it; 0: a word of the command line */
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

/* How many bytes it is as a value of its type. */
static size_t
length(const json_t *oid)
{
	const char *type = cmd_str(oid, "type");

	if (strcmp(type, "int") == 0 || strcmp(type, "uint") == 0)
		return sizeof(int);
	return strcmp(type, "u64") == 0 ? sizeof(uint64_t) : strlen(cmd_str(oid, "value")) + 1;
}

static void
print_value(const struct sysctl *sc, const json_t *oid)
{
	const char *value = cmd_str(oid, "value");
	bool text = strcmp(type_name(cmd_str(oid, "type")), "string") == 0;
	uint64_t n = value[0] == '-' ? (uint64_t)strtoll(value, NULL, 10) : strtoull(value, NULL, 10);
	uint32_t word = (uint32_t)n;

	if (sc->sc_length)
		printf("%zu\n", length(oid));
	else if (sc->sc_binary && length(oid) == sizeof(word) && !text)
		fwrite(&word, sizeof(word), 1, stdout);
	else if (sc->sc_binary)
		fwrite(text ? (const void *)value : &n, length(oid), 1, stdout);
	else if (sc->sc_hex && !text)
		printf("%#0*llx\n", 2 + 2 * (int)length(oid),
		    (unsigned long long)(length(oid) == sizeof(word) ? word : n));
	else if (sc->sc_human && !text)
		printf(value[0] == '-' ? "%'lld\n" : "%'llu\n", (unsigned long long)n);
	else
		printf("%s\n", value);
}

static void
print_one(const struct sysctl *sc, const json_t *oid)
{
	if (sc->sc_tunable || (sc->sc_writable && !cmd_bool(oid, "writable")))
		return;		/* nothing is set by a loader */
	if (sc->sc_nameonly) {
		printf("%s\n", cmd_str(oid, "name"));
		return;
	}
	if (!sc->sc_binary)
		print_name(sc, cmd_str(oid, "name"));
	if (sc->sc_type)
		printf("%s\n", type_name(cmd_str(oid, "type")));
	else if (sc->sc_descr)
		printf("%s\n", cmd_str(oid, "description"));
	else
		print_value(sc, oid);
}

static void
complain(const struct sysctl *sc, const char *text)
{
	if (sc->sc_line != 0)
		cmd_warnx(sc->sc_cx, "%s at line %u", text, sc->sc_line);
	else
		cmd_warnx(sc->sc_cx, "%s", text);
}

/* ENOENT: is it the name that is not there?  It may be the jail. */
static bool
name_unknown(const struct sysctl *sc, const struct cmd_error *ce)
{
	struct cmd_error jail;

	return ce->ce_errno == ENOENT && (sc->sc_cx->cx_jail == NULL ||
	    cmd_try(sc->sc_cx, json_pack("{s:s}", "op", "jail.find"), NULL, &jail) == 0);
}

static int
fail(const struct sysctl *sc, const struct cmd_error *ce)
{
	bool unknown = (sc->sc_ignore || sc->sc_quiet) && name_unknown(sc, ce);

	if (unknown && sc->sc_ignore)
		return 0;
	if (!unknown)
		complain(sc, ce->ce_text);
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

/* Only a text may be empty. */
static bool
is_number(const struct sysctl *sc, const char *name, size_t len)
{
	struct cmd_error ce;
	char leaf[256];
	json_t *r;
	bool number;

	snprintf(leaf, sizeof(leaf), "%.*s", (int)len, name);
	if (cmd_try(sc->sc_cx, json_pack("{s:s,s:s}", "op", "sysctl.list", "name", leaf), &r, &ce) != 0)
		return false;		/* that is said later */
	number = strcmp(cmd_str(json_array_get(json_object_get(r, "sysctls"), 0), "type"), "string") != 0;
	json_decref(r);
	return number;
}

static int
check_word(const struct sysctl *sc, const char *word)
{
	const char *equal = strchr(word, '='), *why = NULL;
	char text[512];

	if (word[0] == '\0' || equal == word)
		why = "a name is missing";
	else if (equal != NULL && (sc->sc_descr || sc->sc_type || sc->sc_nameonly || sc->sc_length))
		why = "cannot set with -d, -l, -N or -t";
	else if (equal != NULL && equal[1] == '\0' && is_number(sc, word, (size_t)(equal - word)))
		why = "empty numeric value";
	if (why == NULL)
		return 0;
	snprintf(text, sizeof(text), "%.400s: %s", word, why);
	complain(sc, text);
	return 1;
}

/* Every word is looked at before the first is done. */
static int
check(const struct sysctl *sc, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (check_word(sc, argv[i]) != 0)
			return 1;
	return 0;
}

static int
do_word(const struct sysctl *sc, char *word)
{
	return strchr(word, '=') != NULL ? set(sc, word) : show(sc, word);
}

/*
 * -f: a word for each line, "name = value" too; what stands behind a # is a comment.
 */

/* Without blanks at its ends and around "=". */
static char *
trim(char *line)
{
	char *equal, *value, *p = line + strspn(line, " \t");

	p[strcspn(p, "#\r\n")] = '\0';
	for (char *end = p + strlen(p); end > p && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	if ((equal = strchr(p, '=')) == NULL)
		return p;
	value = equal + 1 + strspn(equal + 1, " \t");
	while (equal > p && (equal[-1] == ' ' || equal[-1] == '\t'))
		equal--;
	*equal = '=';
	memmove(equal + 1, value, strlen(value) + 1);
	return p;
}

static int
do_file(struct sysctl *sc)
{
	FILE *f = strcmp(sc->sc_file, "-") == 0 ? stdin : fopen(sc->sc_file, "re");
	char *line = NULL, *word;
	size_t room = 0;
	int status = 0;

	if (f == NULL) {
		cmd_warnx(sc->sc_cx, "%s: %s", sc->sc_file, strerror(errno));
		return EX_NOINPUT;
	}
	while (getline(&line, &room, f) > 0) {
		sc->sc_line++;
		word = trim(line);
		if (word[0] != '\0' && (check_word(sc, word) != 0 || do_word(sc, word) != 0))
			status = 1;
	}
	sc->sc_line = 0;
	free(line);
	if (f != stdin)
		fclose(f);
	return status;
}

static int
parse(struct sysctl *sc, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:AaB:bdef:hij:lNnoqTtVWwXx")) != -1) {
		switch (ch) {
		case 'A': case 'X': case 'a': sc->sc_all = true; break;
		case 'B': case 'o': case 'V': case 'w': break;	/* no value is opaque, all are a stack's */
		case 'b': sc->sc_binary = true; break;
		case 'd': sc->sc_descr = true; break;
		case 'e': sc->sc_equal = true; break;
		case 'f': sc->sc_file = optarg; break;
		case 'h': sc->sc_human = true; break;
		case 'i': sc->sc_ignore = true; break;
		case 'j': sc->sc_cx->cx_jail = optarg; break;
		case 'l': sc->sc_length = true; break;
		case 'N': sc->sc_nameonly = true; break;
		case 'n': sc->sc_noname = true; break;
		case 'q': sc->sc_quiet = true; break;
		case 'T': sc->sc_tunable = true; break;
		case 't': sc->sc_type = true; break;
		case 'W': sc->sc_writable = true; break;
		case 'x': sc->sc_hex = true; break;
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
	if (ch != 0 || (sc.sc_nameonly && sc.sc_noname) || (sc.sc_file == NULL ? argc == 0 && !sc.sc_all : sc.sc_all))
		return cmd_usage(cx, ch, 1);
	if (sc.sc_human)
		(void)setlocale(LC_NUMERIC, "");
	if (argc == 0 && sc.sc_file == NULL)		/* with names -a says nothing */
		return show(&sc, NULL);
	if (check(&sc, argc, argv) != 0)
		return 1;
	if (sc.sc_file != NULL && (status = do_file(&sc)) == EX_NOINPUT)
		return status;
	for (int i = 0; i < argc; i++)
		if (do_word(&sc, argv[i]) != 0)
			status = 1;
	return status;
}
