/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation.  What a configuration says of one jail.
 *
 * Settings are taken in this order, later ones win: those outside of blocks, then those of the
 * blocks that match the name, as they stand in the files, then those of the command line.  Values
 * are replaced in a second pass, when it is known which setting is the last; so a variable may
 * be defined after its use, or by a more specific block.  What stands in a word beside a
 * variable of several values is put to each of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jailconf/jailconf_int.h"

#define MAXVALUES	4096

/* The settings of one name, the last "=" first. */
struct entry {
	STAILQ_ENTRY(entry) e_link;
	const char	*e_name;
	const struct jc_setting **e_settings;
	unsigned	 e_n;
	bool		 e_busy;	/* being replaced: finds circles */
};

struct gather {
	struct jc_conf	*g_conf;
	const char	*g_jail;
	STAILQ_HEAD(, entry) g_entries;
	unsigned	 g_scope;	/* the jail's */
	unsigned	 g_depth;
	int		 g_error;
};

/* Texts, while they multiply. */
struct texts {
	char		**t_v;
	unsigned	 t_n;
};

bool
jc_match(const char *pattern, const char *name)
{
	size_t plen, nlen;

	for (;;) {
		plen = strcspn(pattern, ".");
		nlen = strcspn(name, ".");
		if (nlen == 0 || plen == 0)
			return false;
		if (plen == 1 && pattern[0] == '*') {
			if (pattern[1] == '\0')
				return true;
		} else if (plen != nlen || memcmp(pattern, name, plen) != 0) {
			return false;
		}
		if (pattern[plen] == '\0' || name[nlen] == '\0')
			return pattern[plen] == name[nlen];
		pattern += plen + 1;
		name += nlen + 1;
	}
}

bool
jc_mentions(const struct jc_conf *jc, const char *param)
{
	const struct jc_setting *js;
	const struct jc_block *bk;

	STAILQ_FOREACH(bk, &jc->jc_blocks, bk_link)
		STAILQ_FOREACH(js, &bk->bk_settings, js_link)
			if (strcmp(js->js_name, param) == 0)
				return true;
	return false;
}

/*
 * Gathering.
 */
static struct entry *
entry_find(const struct gather *g, const char *name)
{
	struct entry *e;

	STAILQ_FOREACH(e, &g->g_entries, e_link)
		if (strcmp(e->e_name, name) == 0)
			break;
	return e;
}

static void
entry_push(struct entry *e, const struct jc_setting *js)
{
	const struct jc_setting **more;

	if ((more = realloc(e->e_settings, (e->e_n + 1) * sizeof(*more))) == NULL)
		abort();
	e->e_settings = more;
	e->e_settings[e->e_n++] = js;
}

/* A new "=" makes it the last of all, so that "p; nop; p" ends as p. */
static void
take(struct gather *g, const struct jc_setting *js)
{
	struct entry *e = entry_find(g, js->js_name);

	if (e == NULL) {
		e = jc_alloc(sizeof(*e));
		e->e_name = js->js_name;
		STAILQ_INSERT_TAIL(&g->g_entries, e, e_link);
	} else if (js->js_op != JC_ADD) {
		e->e_n = 0;
		STAILQ_REMOVE(&g->g_entries, e, entry, e_link);
		STAILQ_INSERT_TAIL(&g->g_entries, e, e_link);
	}
	entry_push(e, js);
}

static void
take_block(struct gather *g, const struct jc_block *bk)
{
	const struct jc_setting *js;

	STAILQ_FOREACH(js, &bk->bk_settings, js_link)
		take(g, js);
}

static bool
in_scope(const struct gather *g, const struct jc_block *bk)
{
	return bk->bk_scope == 0 || bk->bk_scope == g->g_scope;
}

static void
gather_all(struct gather *g, const struct jc_block *extra)
{
	const struct jc_block *own = jc_find(g->g_conf, g->g_jail), *bk;

	g->g_scope = own != NULL ? own->bk_scope : 0;
	STAILQ_FOREACH(bk, &g->g_conf->jc_shared, bk_shared)
		if (bk->bk_name == NULL && in_scope(g, bk))
			take_block(g, bk);
	if (own != NULL && own->bk_wild)	/* it matches itself */
		own = NULL;
	STAILQ_FOREACH(bk, &g->g_conf->jc_shared, bk_shared) {
		if (bk->bk_name == NULL || !jc_match(bk->bk_name, g->g_jail) || !in_scope(g, bk))
			continue;
		for (; own != NULL && own->bk_order < bk->bk_order; own = own->bk_same)
			take_block(g, own);
		take_block(g, bk);
	}
	for (; own != NULL; own = own->bk_same)
		take_block(g, own);
	if (extra != NULL)
		take_block(g, extra);
}

/*
 * Replacing.
 */
static void
texts_free(struct texts *t)
{
	for (unsigned i = 0; i < t->t_n; i++)
		free(t->t_v[i]);
	free(t->t_v);
	*t = (struct texts){ 0 };
}

static void
texts_add(struct texts *t, const char *a, const char *b)
{
	char **more, *s = jc_alloc(strlen(a) + strlen(b) + 1);

	strcpy(stpcpy(s, a), b);
	if ((more = realloc(t->t_v, (t->t_n + 1) * sizeof(*more))) == NULL)
		abort();
	t->t_v = more;
	t->t_v[t->t_n++] = s;
}

static void
gather_fail(struct gather *g, const struct jc_loc *loc, const char *fmt, const char *name)
{
	struct jc_loc line = { "command line", 1, 1 };
	struct jc_reader jr = { .jr_conf = g->g_conf };

	if (g->g_error != 0)
		return;
	g->g_error = EINVAL;
	if (loc->jl_file != NULL)
		line = *loc;
	jc_fail(&jr, &line, fmt, name);
}

static void	entry_texts(struct gather *, struct entry *, struct texts *);

/* Variables first, then parameters; the name of the jail is known without being set. */
static void
var_texts(struct gather *g, const struct jc_value *jv, const char *name, struct texts *out)
{
	char *dollar = jc_alloc(strlen(name) + 2);
	struct entry *e;

	dollar[0] = '$';
	strcpy(dollar + 1, name);
	if ((e = entry_find(g, dollar)) == NULL)
		e = entry_find(g, name);
	free(dollar);
	if (e == NULL && strcmp(name, "name") == 0) {
		texts_add(out, g->g_jail, "");
	} else if (e == NULL) {
		gather_fail(g, &jv->jv_loc, "variable \"%.100s\" is not set", name);
	} else if (e->e_busy || g->g_depth >= JC_MAXDEPTH) {
		gather_fail(g, &jv->jv_loc, "variable \"%.100s\" refers to itself", name);
	} else {
		g->g_depth++;
		entry_texts(g, e, out);
		g->g_depth--;
		if (out->t_n == 0)
			gather_fail(g, &jv->jv_loc, "variable \"%.100s\" has no value", name);
	}
}

/* Each text so far with each of the next piece. */
static void
multiply(struct gather *g, const struct jc_value *jv, struct texts *have, const struct texts *by)
{
	struct texts out = { 0 };

	if ((size_t)have->t_n * by->t_n > MAXVALUES) {
		gather_fail(g, &jv->jv_loc, "more than %s values", "4096");
		return;
	}
	for (unsigned i = 0; i < have->t_n; i++)
		for (unsigned k = 0; k < by->t_n; k++)
			texts_add(&out, have->t_v[i], by->t_v[k]);
	texts_free(have);
	*have = out;
}

static void
value_texts(struct gather *g, const struct jc_value *jv, struct texts *out)
{
	const struct jc_piece *jp;
	struct texts all = { 0 };

	texts_add(&all, "", "");
	STAILQ_FOREACH(jp, &jv->jv_pieces, jp_link) {
		struct texts one = { 0 };

		if (jp->jp_var)
			var_texts(g, jv, jp->jp_text, &one);
		else
			texts_add(&one, jp->jp_text, "");
		if (g->g_error == 0)
			multiply(g, jv, &all, &one);
		texts_free(&one);
		/* What doubles again and again grows long before it grows many. */
		if (g->g_error == 0 && strlen(all.t_v[0]) > 65536)
			gather_fail(g, &jv->jv_loc, "longer than %s characters", "65536");
		if (g->g_error != 0)
			break;
	}
	for (unsigned i = 0; i < all.t_n && g->g_error == 0; i++)
		texts_add(out, all.t_v[i], "");
	texts_free(&all);
	if (out->t_n > MAXVALUES)
		gather_fail(g, &jv->jv_loc, "more than %s values", "4096");
}

static void
entry_texts(struct gather *g, struct entry *e, struct texts *out)
{
	const struct jc_value *jv;

	e->e_busy = true;
	for (unsigned i = 0; i < e->e_n && g->g_error == 0; i++)
		STAILQ_FOREACH(jv, &e->e_settings[i]->js_values, jv_link)
			if (g->g_error == 0)
				value_texts(g, jv, out);
	e->e_busy = false;
}

static void
replace(struct gather *g, struct entry *e, struct jc_params *list)
{
	struct jc_param *pm = jc_alloc(sizeof(*pm));
	struct texts t = { 0 };

	entry_texts(g, e, &t);
	pm->pm_name = jc_strndup(e->e_name, strlen(e->e_name));
	pm->pm_loc = e->e_settings[0]->js_loc;
	pm->pm_n = t.t_n;
	pm->pm_values = t.t_v;
	STAILQ_INSERT_TAIL(list, pm, pm_link);
}

int
jc_params(struct jc_conf *jc, const char *name, const struct jc_block *extra,
    struct jc_params *list)
{
	struct gather g = { .g_conf = jc, .g_jail = name };
	struct entry *e;

	STAILQ_INIT(list);
	STAILQ_INIT(&g.g_entries);
	gather_all(&g, extra);
	STAILQ_FOREACH(e, &g.g_entries, e_link)
		if (e->e_name[0] != '$' && g.g_error == 0)
			replace(&g, e, list);
	while ((e = STAILQ_FIRST(&g.g_entries)) != NULL) {
		STAILQ_REMOVE_HEAD(&g.g_entries, e_link);
		free(e->e_settings);
		free(e);
	}
	if (g.g_error != 0)
		jc_params_free(list);
	return g.g_error;
}

/*
 * Asking.
 */
void
jc_params_free(struct jc_params *list)
{
	struct jc_param *pm;

	while ((pm = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, pm_link);
		texts_free(&(struct texts){ pm->pm_values, pm->pm_n });
		free(pm->pm_name);
		free(pm);
	}
}

const struct jc_param *
jc_param(const struct jc_params *list, const char *name)
{
	const struct jc_param *pm;

	STAILQ_FOREACH(pm, list, pm_link)
		if (strcmp(pm->pm_name, name) == 0)
			break;
	return pm;
}

void
jc_param_insert(struct jc_params *list, const char *name, unsigned at, const char *value)
{
	struct jc_param *pm = (struct jc_param *)(uintptr_t)jc_param(list, name);
	struct texts t = { 0 };

	if (pm == NULL) {
		pm = jc_alloc(sizeof(*pm));
		pm->pm_name = jc_strndup(name, strlen(name));
		STAILQ_INSERT_TAIL(list, pm, pm_link);
	}
	t = (struct texts){ pm->pm_values, pm->pm_n };
	texts_add(&t, value, "");
	for (unsigned i = t.t_n - 1; i > at; i--) {
		char *s = t.t_v[i];

		t.t_v[i] = t.t_v[i - 1];
		t.t_v[i - 1] = s;
	}
	pm->pm_values = t.t_v;
	pm->pm_n = t.t_n;
}

const char *
jc_param_str(const struct jc_params *list, const char *name, const char *def)
{
	const struct jc_param *pm = jc_param(list, name);

	return pm != NULL && pm->pm_n > 0 ? pm->pm_values[0] : def;
}

/* Is it the no-form of name? "nopersist", "allow.noraw_sockets" */
static bool
is_noform(const char *text, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot == NULL ? 0 : (size_t)(dot - name) + 1;

	return strncmp(text, name, len) == 0 && strncmp(text + len, "no", 2) == 0 &&
	    strcmp(text + len + 2, name + len) == 0;
}

bool
jc_param_bool(const struct jc_params *list, const char *name, bool def)
{
	const struct jc_param *pm;

	STAILQ_FOREACH(pm, list, pm_link) {
		if (strcmp(pm->pm_name, name) == 0)
			def = pm->pm_n == 0 || (strcmp(pm->pm_values[0], "false") != 0 &&
			    strcmp(pm->pm_values[0], "0") != 0);
		else if (is_noform(pm->pm_name, name))
			def = false;
	}
	return def;
}
