/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation.  The tree that the grammar builds, and the files it is read from.
 *
 * A configuration owns blocks in the order in which they were read, and the names of all its
 * files, to which every place in the tree points.  A file is one reader: its settings outside of
 * blocks are a block without a name, made when the file begins, so that what an included file says
 * stands where it is included; one that is included inside a block goes on with that block.  Nothing is looked up here: names of variables stay in the values
 * until a jail's parameters are asked for (params.c).
 *
 * The first error ends the reading; it is kept as one line with its place.  Without memory the
 * program ends: it has nothing to clean up but itself.
 */
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jailconf/jailconf_int.h"

void *
jc_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		abort();
	return p;
}

char *
jc_strndup(const char *text, size_t len)
{
	char *s = jc_alloc(len + 1);

	memcpy(s, text, len);
	return s;
}

/* The first error is the one that is told. */
void
jc_fail(struct jc_reader *jr, const struct jc_loc *loc, const char *fmt, ...)
{
	char *err = jr->jr_conf->jc_err;
	va_list ap;
	int n;

	if (jr->jr_error != 0)
		return;
	jr->jr_error = EINVAL;
	n = snprintf(err, JC_ERRLEN, "%.300s:%d:%d: ", loc->jl_file, loc->jl_line, loc->jl_column);
	va_start(ap, fmt);
	vsnprintf(err + n, JC_ERRLEN - (size_t)n, fmt, ap);
	va_end(ap);
}

/*
 * Values.
 */
struct jc_value *
jc_value_new(const struct jc_loc *loc)
{
	struct jc_value *jv = jc_alloc(sizeof(*jv));

	STAILQ_INIT(&jv->jv_pieces);
	jv->jv_loc = *loc;
	return jv;
}

void
jc_value_free(struct jc_value *jv)
{
	struct jc_piece *jp;

	if (jv == NULL)
		return;
	while ((jp = STAILQ_FIRST(&jv->jv_pieces)) != NULL) {
		STAILQ_REMOVE_HEAD(&jv->jv_pieces, jp_link);
		free(jp->jp_text);
		free(jp);
	}
	free(jv);
}

void
jc_values_free(struct jc_values *list)
{
	struct jc_value *jv;

	while ((jv = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, jv_link);
		jc_value_free(jv);
	}
}

static void
piece_add(struct jc_value *jv, bool var, const char *text, size_t len)
{
	struct jc_piece *jp = jc_alloc(sizeof(*jp));

	jp->jp_var = var;
	jp->jp_text = jc_strndup(text, len);
	STAILQ_INSERT_TAIL(&jv->jv_pieces, jp, jp_link);
}

void
jc_value_text(struct jc_value *jv, const char *text, size_t len)
{
	struct jc_piece *jp = STAILQ_LAST(&jv->jv_pieces, jc_piece, jp_link);
	size_t have;
	char *more;

	if (jp == NULL || jp->jp_var) {
		piece_add(jv, false, text, len);
		return;
	}
	have = strlen(jp->jp_text);
	if ((more = realloc(jp->jp_text, have + len + 1)) == NULL)
		abort();
	memcpy(more + have, text, len);
	more[have + len] = '\0';
	jp->jp_text = more;
}

void
jc_value_var(struct jc_value *jv, const char *text, size_t len)
{
	piece_add(jv, true, text, len);
}

/* The text of a word without variables; NULL otherwise. */
static char *
value_plain(const struct jc_value *jv)
{
	const struct jc_piece *jp = STAILQ_FIRST(&jv->jv_pieces);

	if (jp == NULL || jp->jp_var || STAILQ_NEXT(jp, jp_link) != NULL)
		return NULL;
	return jc_strndup(jp->jp_text, strlen(jp->jp_text));
}

/*
 * Settings.
 */
void
jc_setting_free(struct jc_setting *js)
{
	jc_values_free(&js->js_values);
	free(js->js_name);
	free(js);
}

/* "$name" alone names a variable; "a$b" and "${a.b}" nothing. */
static char *
setting_name(struct jc_reader *jr, const struct jc_value *jv)
{
	const struct jc_piece *jp = STAILQ_FIRST(&jv->jv_pieces);
	char *name = value_plain(jv);

	if (name == NULL && jp != NULL && jp->jp_var && STAILQ_NEXT(jp, jp_link) == NULL &&
	    strchr(jp->jp_text, '.') == NULL) {
		name = jc_alloc(strlen(jp->jp_text) + 2);
		name[0] = '$';
		strcpy(name + 1, jp->jp_text);
		return name;
	}
	if (name == NULL || name[strcspn(name, " \t\r\n$")] != '\0') {
		jc_fail(jr, &jv->jv_loc, "this is not the name of a parameter");
		free(name);
		return NULL;
	}
	return name;
}

void
jc_setting_add(struct jc_reader *jr, struct jc_value *name, enum jc_op op,
    struct jc_values *values)
{
	struct jc_setting *js = jc_alloc(sizeof(*js));

	STAILQ_INIT(&js->js_values);
	if (values != NULL)
		STAILQ_CONCAT(&js->js_values, values);
	free(values);
	js->js_op = op;
	js->js_loc = name->jv_loc;
	js->js_name = setting_name(jr, name);
	jc_value_free(name);
	if (js->js_name != NULL && js->js_name[0] == '$' && op == JC_FLAG)
		jc_fail(jr, &js->js_loc, "variable \"%.100s\" needs a value", js->js_name + 1);
	if (jr->jr_error != 0)
		jc_setting_free(js);
	else
		STAILQ_INSERT_TAIL(&jr->jr_block->bk_settings, js, js_link);
}

/*
 * The command line.
 */
struct jc_block *
jc_line_new(void)
{
	struct jc_block *bk = jc_alloc(sizeof(*bk));

	STAILQ_INIT(&bk->bk_settings);
	return bk;
}

void
jc_line_free(struct jc_block *bk)
{
	struct jc_setting *js;

	while (bk != NULL && (js = STAILQ_FIRST(&bk->bk_settings)) != NULL) {
		STAILQ_REMOVE_HEAD(&bk->bk_settings, js_link);
		jc_setting_free(js);
	}
	free(bk);
}

void
jc_line_put(struct jc_block *line, const char *name, enum jc_op op, const char *value)
{
	struct jc_setting *js = jc_alloc(sizeof(*js));
	const struct jc_loc nowhere = { NULL, 0, 0 };
	struct jc_value *jv;

	STAILQ_INIT(&js->js_values);
	js->js_name = jc_strndup(name, strlen(name));
	js->js_op = op;
	if (value != NULL) {
		jv = jc_value_new(&nowhere);
		jv->jv_quoted = true;
		jc_value_text(jv, value, strlen(value));
		STAILQ_INSERT_TAIL(&js->js_values, jv, jv_link);
	}
	STAILQ_INSERT_TAIL(&line->bk_settings, js, js_link);
}

/*
 * Blocks.
 */
struct jc_block *
jc_block_add(struct jc_conf *jc)
{
	struct jc_block *bk = jc_line_new(), *last = STAILQ_LAST(&jc->jc_blocks, jc_block, bk_link);

	bk->bk_scope = jc->jc_scope;
	bk->bk_order = last != NULL ? last->bk_order + 1 : 0;
	STAILQ_INSERT_TAIL(&jc->jc_blocks, bk, bk_link);
	return bk;
}

static int
compare_names(const struct jc_block *a, const struct jc_block *b)
{
	return strcmp(a->bk_name, b->bk_name);
}

RB_PROTOTYPE(jc_names, jc_block, bk_byname, compare_names)
RB_GENERATE(jc_names, jc_block, bk_byname, compare_names)

void
jc_block_name(struct jc_conf *jc, struct jc_block *bk, char *name)
{
	struct jc_block *first;

	bk->bk_name = name;
	bk->bk_wild = name != NULL && jc_iswild(name);
	bk->bk_last = bk;
	if (name == NULL || bk->bk_wild)
		STAILQ_INSERT_TAIL(&jc->jc_shared, bk, bk_shared);
	if (name == NULL || (first = RB_INSERT(jc_names, &jc->jc_names, bk)) == NULL)
		return;
	first->bk_last->bk_same = bk;
	first->bk_last = bk;
}

const struct jc_block *
jc_find(const struct jc_conf *jc, const char *name)
{
	struct jc_block key = { .bk_name = (char *)(uintptr_t)name };

	return RB_FIND(jc_names, (struct jc_names *)(uintptr_t)&jc->jc_names, &key);
}

bool
jc_iswild(const char *name)
{
	for (const char *star = strchr(name, '*'); star != NULL; star = strchr(star + 1, '*'))
		if ((star == name || star[-1] == '.') && (star[1] == '\0' || star[1] == '.'))
			return true;
	return false;
}

/* A star is a whole part of the name. */
static bool
name_ok(const char *name)
{
	size_t len;

	for (;; name += len + 1) {
		len = strcspn(name, ".");
		if (len == 0 || (len > 1 && memchr(name, '*', len) != NULL))
			return false;
		if (name[len] == '\0')
			return true;
	}
}

/* A block inside of another is that jail's child. */
static char *
block_name(struct jc_reader *jr, const struct jc_value *jv)
{
	const char *parent = jr->jr_block->bk_name;
	char *name = value_plain(jv), *full;

	if (name == NULL || name[strcspn(name, " \t\r\n$=;{},\"'/")] != '\0' || !name_ok(name)) {
		jc_fail(jr, &jv->jv_loc, "this is not the name of a jail");
		free(name);
		return NULL;
	}
	if (parent == NULL)
		return name;
	full = jc_alloc(strlen(parent) + strlen(name) + 2);
	sprintf(full, "%s.%s", parent, name);
	free(name);
	return full;
}

struct jc_block *
jc_block_new(struct jc_reader *jr, struct jc_value *word)
{
	char *name = block_name(jr, word);
	struct jc_block *bk;

	jc_value_free(word);
	if (name == NULL)
		return NULL;
	bk = jc_block_add(jr->jr_conf);
	jc_block_name(jr->jr_conf, bk, name);
	bk->bk_parent = jr->jr_block;
	jr->jr_block = bk;
	return bk;
}

void
jc_block_leave(struct jc_reader *jr)
{
	jr->jr_block = jr->jr_block->bk_parent;
}

/*
 * Files.
 */
static const char *
file_name(struct jc_conf *jc, const char *name)
{
	struct jc_file *jf = jc_alloc(sizeof(*jf));

	jf->jf_name = jc_strndup(name, strlen(name));
	STAILQ_INSERT_TAIL(&jc->jc_files, jf, jf_link);
	return jf->jf_name;
}

static int
read_stream(struct jc_conf *jc, const char *name, FILE *f)
{
	struct jc_reader jr = { .jr_conf = jc, .jr_file = file_name(jc, name) };

	if ((jr.jr_block = jc->jc_within) == NULL) {
		jr.jr_block = jc_block_add(jc);
		jc_block_name(jc, jr.jr_block, NULL);
	}
	return jc_parse(&jr, f);
}

int
jc_read(struct jc_conf *jc, const char *path)
{
	FILE *f;
	int error;

	if (strcmp(path, "-") == 0)
		return jc_read_stdin(jc);
	if ((f = fopen(path, "re")) == NULL) {
		error = errno;
		snprintf(jc->jc_err, JC_ERRLEN, "%.300s: %s", path, strerror(error));
		return error;
	}
	error = read_stream(jc, path, f);
	if (error == 0 && ferror(f) != 0) {
		error = EIO;
		snprintf(jc->jc_err, JC_ERRLEN, "%.300s: cannot be read", path);
	}
	fclose(f);
	return error;
}

int
jc_read_text(struct jc_conf *jc, const char *name, const char *text, size_t len)
{
	FILE *f;
	int error;

	if (len == 0)		/* which fmemopen(3) does not like */
		return 0;
	if ((f = fmemopen((void *)(size_t)text, len, "r")) == NULL)
		return errno;
	error = read_stream(jc, name, f);
	fclose(f);
	return error;
}

static bool
has_glob(const char *path)
{
	return path[strcspn(path, "*?[")] != '\0';
}

/* A file names others as seen from where it is. */
static char *
include_path(const struct jc_reader *jr, const char *pattern)
{
	const char *slash = strrchr(jr->jr_file, '/');
	size_t len = slash == NULL || pattern[0] == '/' ? 0 : (size_t)(slash - jr->jr_file) + 1;
	char *path = jc_alloc(len + strlen(pattern) + 1);

	memcpy(path, jr->jr_file, len);
	strcpy(path + len, pattern);
	return path;
}

/* Inside a block a file says more of that block. */
static int
include_all(struct jc_reader *jr, const struct jc_loc *loc, const char *path)
{
	struct jc_conf *jc = jr->jr_conf;
	struct jc_block *within = jc->jc_within;
	glob_t gl;
	int error = 0, found = glob(path, GLOB_NOCHECK, NULL, &gl);

	if (found != 0) {
		jc_fail(jr, loc, "%.200s: cannot be looked for", path);
		return EINVAL;
	}
	jc->jc_depth++;
	jc->jc_within = jr->jr_block->bk_name != NULL ? jr->jr_block : NULL;
	for (size_t i = 0; i < gl.gl_pathc && error == 0; i++) {
		/* A pattern that nothing matches is left as it is, and means no file. */
		if (gl.gl_pathc == 1 && has_glob(path) && strcmp(gl.gl_pathv[0], path) == 0)
			break;
		error = jc_read(jc, gl.gl_pathv[i]);
		if (error != 0 && error != EINVAL)
			jc_fail(jr, loc, "%.200s: %s", gl.gl_pathv[i], strerror(error));
	}
	jc->jc_depth--;
	jc->jc_within = within;
	globfree(&gl);
	if (error != 0)		/* said already, by whom it concerns */
		jr->jr_error = error;
	return error;
}

int
jc_include(struct jc_reader *jr, struct jc_value *jv)
{
	struct jc_loc loc = jv->jv_loc;
	char *pattern = value_plain(jv), *path;
	int error;

	jc_value_free(jv);
	if (pattern == NULL || jr->jr_conf->jc_depth >= JC_MAXDEPTH) {
		jc_fail(jr, &loc, pattern == NULL ? "the name of a file cannot have variables" :
		    "too many files include each other");
		free(pattern);
		return EINVAL;
	}
	path = include_path(jr, pattern);
	error = include_all(jr, &loc, path);
	free(path);
	free(pattern);
	return error;
}

void
jc_init(struct jc_conf *jc)
{
	memset(jc, 0, sizeof(*jc));
	STAILQ_INIT(&jc->jc_blocks);
	STAILQ_INIT(&jc->jc_shared);
	RB_INIT(&jc->jc_names);
	STAILQ_INIT(&jc->jc_files);
}

void
jc_clear(struct jc_conf *jc)
{
	struct jc_block *bk;
	struct jc_file *jf;

	while ((bk = STAILQ_FIRST(&jc->jc_blocks)) != NULL) {
		STAILQ_REMOVE_HEAD(&jc->jc_blocks, bk_link);
		free(bk->bk_name);
		jc_line_free(bk);
	}
	while ((jf = STAILQ_FIRST(&jc->jc_files)) != NULL) {
		STAILQ_REMOVE_HEAD(&jc->jc_files, jf_link);
		free(jf->jf_name);
		free(jf);
	}
}
