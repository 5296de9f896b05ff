/* SPDX-License-Identifier: BSD-2-Clause */
/* jls(8): the jails and their parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/xo.h"

struct jls {
	struct cmd_ctx	*jl_cx;
	const char	*jl_jail;
	bool		 jl_dying, jl_header, jl_byname, jl_nameval, jl_quoted, jl_skip;
	bool		 jl_verbose, jl_exists, jl_all;
	json_t		*jl_named;	/* what is shown, by name and in order, or NULL; "all" stands for those that are not named */
};

/*
 * One parameter as text.
 */

/* "persist" and "nopersist", "allow.mount" and "allow.nomount". */
static void
emit_bool(struct xo *xo, const char *name, bool set)
{
	const char *dot = strrchr(name, '.'), *last = dot != NULL ? dot + 1 : name;
	char fmt[512];

	snprintf(fmt, sizeof(fmt), "{d:%.*s/%.*s%s%s}{en:%s/%s}", (int)(last - name), name,
	    (int)(last - name), name, set ? "" : "no", last, name, set ? "true" : "false");
	xo_emit(xo, fmt);
}

static bool
is_addresses(const char *name)
{
	return strcmp(name, "ip4.addr") == 0 || strcmp(name, "ip6.addr") == 0;
}

/* Separated by commas: each on a line, and a list of that name. */
static void
emit_addresses(struct xo *xo, const char *list, const char *addrs, bool lines)
{
	char fmt[64], copy[12288], *rest = copy, *addr;

	snprintf(fmt, sizeof(fmt), "%s{l%s:%s}%s", lines ? "{P:        }" : "", lines ? "" : "e", list, lines ? "{P:\n}" : "");
	snprintf(copy, sizeof(copy), "%s", addrs);
	xo_open_list(xo, list);		/* also where it stays empty */
	xo_close(xo);
	while (addrs[0] != '\0' && (addr = strsep(&rest, ",")) != NULL)
		xo_emit(xo, fmt, addr);
}

/* As jail(8) reads it again: in quotes where it would end or be changed otherwise. */
static char *
quoted(const char *value)
{
	char quote = strchr(value, '\'') != NULL ? '"' : strchr(value, '"') != NULL ? '\'' : '"';
	char *out = malloc(2 * strlen(value) + 3), *p = out;
	bool needed = value[0] == '\0' || strpbrk(value, " \t\n\r\v\f'\"\\") != NULL;

	if (out == NULL)
		abort();
	if (needed)
		*p++ = quote;
	for (; *value != '\0'; value++) {
		if (needed && (*value == quote || *value == '\\'))
			*p++ = '\\';
		*p++ = *value;
	}
	if (needed)
		*p++ = quote;
	*p = '\0';
	return out;
}

/* Between others an empty column could not be seen. */
static const char *
empty(const struct jls *jl, const char *name)
{
	if (!is_addresses(name))
		return "\"\"";
	return jl->jl_nameval ? "" : "-";
}

static void
emit_value(struct xo *xo, const struct jls *jl, const char *name, const char *value)
{
	char fmt[600], *shown = NULL;

	if (jl->jl_quoted)
		shown = quoted(value);
	snprintf(fmt, sizeof(fmt), "{d:%s/%%s}", name);
	xo_emit(xo, fmt, shown != NULL ? shown : value[0] == '\0' ? empty(jl, name) : value);
	free(shown);
	if (is_addresses(name)) {
		emit_addresses(xo, name, value, false);
		return;
	}
	snprintf(fmt, sizeof(fmt), "{e%s:%s/%%s}", strcmp(name, "jid") == 0 ? "n" : "", name);
	xo_emit(xo, fmt, value);
}

/* Any text may be "true". */
static bool
is_bool(const char *name)
{
	const char *dot = strrchr(name, '.');

	return strncmp(name, "allow.", 6) == 0 || strcmp(name, "persist") == 0 || strcmp(name, "dying") == 0 ||
	    (dot != NULL && strcmp(dot, ".saddrsel") == 0);
}

/* value NULL: a key of meta or env that is not there. */
static void
emit_param(struct xo *xo, const struct jls *jl, const char *name, const char *value)
{
	if (value == NULL) {
		if (jl->jl_nameval)
			xo_emit(xo, "{P:/%s}", name);
		return;
	}
	if (jl->jl_nameval && is_bool(name)) {
		emit_bool(xo, name, strcmp(value, "true") == 0);
		return;
	}
	if (jl->jl_nameval)
		xo_emit(xo, "{P:/%s}=", name);
	emit_value(xo, jl, name, value);
}

/* "meta.KEY", "env.KEY" */
static bool
is_key(const char *name)
{
	return strncmp(name, "meta.", 5) == 0 || strncmp(name, "env.", 4) == 0;
}

/*
 * The four layouts.
 */
static void
show_params(struct xo *xo, const struct jls *jl, const json_t *jail)
{
	const json_t *name;
	bool space = false;
	size_t i;

	json_array_foreach(jl->jl_named, i, name) {
		const char *param = json_string_value(name);

		if (jl->jl_skip && json_object_get(jail, param) == NULL && !is_key(param))
			continue;	/* it cannot be set */
		xo_emit(xo, space ? " " : "");
		space = true;
		emit_param(xo, jl, param, json_string_value(json_object_get(jail, param)));
	}
	xo_emit(xo, "\n");
}

static void
show_verbose(struct xo *xo, const json_t *jail)
{
	xo_emit(xo, "{n:jid/%6s}{P:  }{:hostname/%-29.29s} {:path/%.74s}\n", cmd_str(jail, "jid"),
	    cmd_str(jail, "host.hostname"), cmd_str(jail, "path"));
	xo_emit(xo, "{P:        }{:name/%-29.29s} {:state/%.74s}\n", cmd_str(jail, "name"),
	    strcmp(cmd_str(jail, "dying"), "true") == 0 ? "DYING" : "ACTIVE");
	xo_emit(xo, "{P:        }{n:cpusetid/%s}\n", cmd_str(jail, "cpuset.id"));
	emit_addresses(xo, "ipv4_addrs", cmd_str(jail, "ip4.addr"), true);
	emit_addresses(xo, "ipv6_addrs", cmd_str(jail, "ip6.addr"), true);
	if (cmd_str(jail, "priv.have")[0] != '\0')
		xo_emit(xo, "{P:        }{:privileges/%s}\n", cmd_str(jail, "priv.have"));
	if (cmd_str(jail, "limit.use")[0] != '\0')
		xo_emit(xo, "{P:        }{:limits/%s}\n", cmd_str(jail, "limit.use"));
}

/* The first of its addresses on a stack that it shares.  A jail with its own stack has addresses of
 * its own and none from here: the column stays empty, as in FreeBSD. */
static void
show_default(struct xo *xo, const struct jls *jl, const json_t *jail)
{
	const char *addrs = cmd_str(jail, "ip4.addr");
	char first[16];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(addrs, ","), addrs);
	if (jl->jl_byname)
		xo_emit(xo, " {:name/%-15s} ", cmd_str(jail, "name"));
	else
		xo_emit(xo, "{n:jid/%6s}  ", cmd_str(jail, "jid"));
	xo_emit(xo, "{t:ipv4/%-15.15s} {t:hostname/%-29.29s} {t:path/%.74s}\n", first,
	    cmd_str(jail, "host.hostname"), cmd_str(jail, "path"));
}

static bool
is_default(const struct jls *jl)
{
	return jl->jl_named == NULL && !jl->jl_verbose;
}

static void
show_titles(struct xo *xo, const struct jls *jl)
{
	json_t *value;
	size_t i;

	if (jl->jl_verbose)
		xo_emit(xo, "{T:/%6s}{P:  }{T:/%-29s} {T:Path}\n{P:        }{T:/%-29s} {T:State}\n{P:        }{T:CPUSetID}\n{P:        }{T:IP Address(es)}\n",
		    "JID", "Hostname", "Name");
	else if (jl->jl_header)
		json_array_foreach(jl->jl_named, i, value)
			xo_emit(xo, "{P:/%s}{T:/%s}", i > 0 ? " " : "", json_string_value(value));
	else if (is_default(jl))
		xo_emit(xo, jl->jl_byname ? "{P: }{T:/%-15s} {T:/%-15s} {T:/%-29s} {T:Path}\n" :
		    "{T:/%6s}  {T:/%-15s} {T:/%-29s} {T:Path}\n", "JID", "IP Address", "Hostname");
	if (jl->jl_header)
		xo_emit(xo, "\n");
}

static void
show(struct xo *xo, const struct jls *jl, const json_t *jails)
{
	json_t *jail;
	size_t i;

	show_titles(xo, jl);
	xo_open_container(xo, "jail-information");
	xo_open_list(xo, "jail");
	json_array_foreach(jails, i, jail) {
		xo_open_instance(xo);
		if (jl->jl_verbose)
			show_verbose(xo, jail);
		else if (is_default(jl))
			show_default(xo, jl, jail);
		else
			show_params(xo, jl, jail);
		xo_close(xo);
	}
	xo_close(xo);
	xo_close(xo);
}

/*
 * The question.
 */

static bool
is_named(const struct jls *jl, const char *name)
{
	json_t *s;
	size_t i;

	json_array_foreach(jl->jl_named, i, s)
		if (strcmp(json_string_value(s), name) == 0)
			return true;
	return false;
}

/* Each once, in the order in which they were first named. */
static void
name_params(struct jls *jl, int argc, char **argv)
{
	const bool all = argc == 0 && (jl->jl_nameval || jl->jl_header);

	if (argc > 0 || all)
		jl->jl_named = json_array();
	for (int i = 0; i < argc; i++)
		if (!is_named(jl, argv[i]))
			json_array_append_new(jl->jl_named, json_string(argv[i]));
	if (all)
		json_array_append_new(jl->jl_named, json_string("all"));
	jl->jl_all = is_named(jl, "all");
	if (argc > 0)
		jl->jl_verbose = false;
}

/* In FreeBSD's order: those of one word first, each kind by its letters. */
static int
name_cmp(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	const bool dots = strchr(x, '.') != NULL, doty = strchr(y, '.') != NULL;

	return dots != doty ? dots - doty : strcmp(x, y);
}

/* All names that jails have, as an array.  Only what can be set differs between them. */
static json_t *
known_params(const struct jls *jl, const json_t *jails)
{
	json_t *set = json_object(), *names = json_array(), *value;
	size_t n = 0, njails = json_array_size(jails);
	const char **list, *name;

	for (size_t i = 0; i < njails && (i == 0 || jl->jl_skip); i++)
		json_object_update(set, json_array_get(jails, i));
	if ((list = calloc(json_object_size(set) + 1, sizeof(*list))) == NULL)
		abort();
	json_object_foreach(set, name, value)
		list[n++] = name;
	qsort(list, n, sizeof(*list), name_cmp);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(names, json_string(list[i]));
	free(list);
	json_decref(set);
	return names;
}

/* The known ones in the place of "all".  Consumes known. */
static void
expand_all(struct jls *jl, json_t *known)
{
	json_t *named = jl->jl_named, *name, *other;
	size_t i, k;

	jl->jl_named = json_array();
	json_array_foreach(named, i, name) {
		if (strcmp(json_string_value(name), "all") != 0) {
			if (!is_named(jl, json_string_value(name)))
				json_array_append(jl->jl_named, name);
			continue;
		}
		json_array_foreach(known, k, other)
			if (!is_named(jl, json_string_value(other)))
				json_array_append(jl->jl_named, other);
	}
	json_decref(named);
	json_decref(known);
}

/* Consumes params. */
static int
ask(const struct jls *jl, json_t *params, json_t **r)
{
	json_t *req = json_pack("{s:s}", "op", "jail.list");
	struct cmd_error ce;
	int error;

	if (params != NULL)
		json_object_set_new(req, "params", params);
	if (jl->jl_jail != NULL)
		json_object_set_new(req, "jail", json_string(jl->jl_jail));
	if (jl->jl_dying)
		json_object_set_new(req, "dying", json_true());
	if (jl->jl_skip)
		json_object_set_new(req, "settable", json_true());
	if ((error = cmd_try(jl->jl_cx, req, r, &ce)) != 0 && !jl->jl_exists)
		cmd_warnx(jl->jl_cx, "%s", ce.ce_text);
	return error;
}

/* What is printed and no more; NULL: all. */
static json_t *
wanted_params(const struct jls *jl)
{
	if (jl->jl_all)
		return NULL;
	if (jl->jl_named != NULL)
		return json_incref(jl->jl_named);
	if (jl->jl_verbose)
		return json_pack("[s,s,s,s,s,s,s,s,s,s]", "jid", "name", "dying", "host.hostname", "path", "cpuset.id", "ip4.addr", "ip6.addr",
		    "priv.have", "limit.use");
	return json_pack("[s,s,s,s]", jl->jl_byname ? "name" : "jid", "ip4.addr", "host.hostname", "path");
}

static int
list(struct jls *jl, struct xo *xo)
{
	bool more = false;
	json_t *r;

	if (ask(jl, wanted_params(jl), &r) != 0)
		return 1;
	if (jl->jl_all) {
		more = json_array_size(jl->jl_named) > 1;
		expand_all(jl, known_params(jl, json_object_get(r, "jails")));
		jl->jl_all = false;
	}
	/* A name beside "all" may be a key of meta, or none. */
	if (more) {
		json_decref(r);
		if (ask(jl, wanted_params(jl), &r) != 0)
			return 1;
	}
	if (!jl->jl_exists)
		show(xo, jl, json_object_get(r, "jails"));
	json_decref(r);
	return 0;
}

static int
parse(struct jls *jl, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:acdhj:Nnqsv")) != -1) {
		switch (ch) {
		case 'a': case 'd': jl->jl_dying = true; break;
		case 'c': jl->jl_exists = true; break;
		case 'h': jl->jl_header = true; jl->jl_verbose = jl->jl_skip = false; break;
		case 'j': jl->jl_jail = optarg; break;
		case 'N': jl->jl_byname = true; break;
		case 'n': jl->jl_nameval = true; jl->jl_verbose = false; break;
		case 'q': jl->jl_quoted = true; break;
		case 's':
			jl->jl_nameval = jl->jl_quoted = jl->jl_skip = true;
			jl->jl_header = jl->jl_verbose = false;
			break;
		case 'v':
			jl->jl_verbose = true;
			jl->jl_header = jl->jl_nameval = jl->jl_skip = false;
			break;
		default: return ch;
		}
	}
	return 0;
}

/* -c shows nothing: it is for one jail, and not for how something is shown. */
static bool
contradicts(const struct jls *jl, int nparams)
{
	return jl->jl_exists && (jl->jl_jail == NULL || nparams > 0 || jl->jl_header || jl->jl_byname || jl->jl_nameval || jl->jl_quoted ||
	    jl->jl_verbose);
}

int
cmd_jls(struct cmd_ctx *cx, int argc, char **argv)
{
	struct jls jl = { .jl_cx = cx };
	struct xo *xo;
	int ch, status;

	if ((xo = cmd_xo(cx, &argc, argv)) == NULL)
		return 1;
	xo_set_version(xo, "2");
	if ((ch = parse(&jl, argc, argv)) != 0 || contradicts(&jl, argc - optind)) {
		xo_finish(xo, 1);
		return cmd_usage(cx, ch, 1);
	}
	name_params(&jl, argc - optind, argv + optind);
	status = list(&jl, xo);
	json_decref(jl.jl_named);
	return xo_finish(xo, status);
}
