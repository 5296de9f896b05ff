/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/xo.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define XO_DEPTH	12

struct xo {
	FILE	*xo_fp;
	bool	 xo_json, xo_xml, xo_pretty;	/* xo_json: not as text; xo_xml: but as XML */
	json_t	*xo_open[XO_DEPTH];	/* borrowed, but for the first */
	int	 xo_depth;
};

/* What stands between { and }. */
struct field {
	char	f_role;			/* V T P L D N */
	bool	f_text, f_encode, f_quote, f_literal, f_trim, f_list;
	char	f_name[64];
	char	f_format[64];
};

/* A formatted argument: as text, and as what it was. */
struct value {
	char		 v_text[12288];		/* a jail's longest parameter, quoted */
	const char	*v_string;	/* %s */
	json_int_t	 v_number;
};

static int
take_style(struct xo *xo, const char *style)
{
	char copy[64], *word, *rest = copy;

	if (snprintf(copy, sizeof(copy), "%s", style) >= (int)sizeof(copy))
		return EINVAL;
	while ((word = strsep(&rest, ",")) != NULL) {
		if (strcmp(word, "json") == 0 || strcmp(word, "xml") == 0)
			xo->xo_json = true;
		else if (strcmp(word, "text") == 0)
			xo->xo_json = false;
		else if (strcmp(word, "pretty") == 0)
			xo->xo_pretty = true;
		else
			return EINVAL;
		if (strcmp(word, "pretty") != 0)
			xo->xo_xml = strcmp(word, "xml") == 0;
	}
	return 0;
}

/* --libxo json,pretty  --libxo=xml  --libxo:J  --libxo:XP; returns how many words were used, 0:
 * not ours, -1: bad. */
static int
take_option(struct xo *xo, char **argv)
{
	const char *arg = argv[0] + strlen("--libxo");

	if (strncmp(argv[0], "--libxo", strlen("--libxo")) != 0)
		return 0;
	if (arg[0] == '=')
		return take_style(xo, arg + 1) == 0 ? 1 : -1;
	if (arg[0] == '\0')
		return argv[1] != NULL && take_style(xo, argv[1]) == 0 ? 2 : -1;
	if (*arg++ != ':')
		return -1;
	for (; *arg != '\0'; arg++) {
		if (*arg == 'J' || *arg == 'T' || *arg == 'X') {
			xo->xo_json = *arg != 'T';
			xo->xo_xml = *arg == 'X';
		} else if (*arg == 'P')
			xo->xo_pretty = true;
		else
			return -1;
	}
	return 1;
}

void
xo_set_version(struct xo *xo, const char *version)
{
	json_object_set_new(xo->xo_open[0], "__version", json_string(version));
}

int
xo_new(FILE *fp, int *argc, char **argv, struct xo **xop, const char **bad)
{
	struct xo *xo;
	int n, out = *argc > 0;		/* no words at all: not even the name */

	if ((xo = calloc(1, sizeof(*xo))) == NULL)
		return ENOMEM;
	xo->xo_fp = fp;
	for (int i = 1; i < *argc; i += n > 0 ? n : 1) {
		if ((n = take_option(xo, argv + i)) < 0) {
			*bad = argv[i];
			if (argv[i + 1] != NULL && strcmp(argv[i], "--libxo") == 0)
				*bad = argv[i + 1];
			free(xo);
			return EINVAL;
		}
		if (n == 0)
			argv[out++] = argv[i];
	}
	argv[out] = NULL;
	*argc = out;
	xo->xo_open[0] = json_object();
	xo_set_version(xo, "1");
	*xop = xo;
	return 0;
}

bool
xo_is_text(const struct xo *xo)
{
	return !xo->xo_json;
}

/*
 * Structure.
 */
static json_t *
top(struct xo *xo)
{
	return xo->xo_open[xo->xo_depth];
}

static void
push(struct xo *xo, json_t *o)
{
	if (o == NULL || xo->xo_depth + 1 == XO_DEPTH)
		abort();	/* a mistake of the program, or no memory */
	xo->xo_open[++xo->xo_depth] = o;
}

static void
open_member(struct xo *xo, const char *name, json_t *fresh)
{
	json_t *have = xo->xo_json ? json_object_get(top(xo), name) : top(xo);	/* as text nothing is kept */

	if (have != NULL) {
		json_decref(fresh);
		push(xo, have);
		return;
	}
	json_object_set_new(top(xo), name, fresh);
	push(xo, fresh);
}

void
xo_open_container(struct xo *xo, const char *name)
{
	open_member(xo, name, json_object());
}

void
xo_open_list(struct xo *xo, const char *name)
{
	open_member(xo, name, json_array());
}

void
xo_open_instance(struct xo *xo)
{
	json_t *o = xo->xo_json ? json_object() : top(xo);

	if (xo->xo_json)
		json_array_append_new(top(xo), o);
	push(xo, o);
}

void
xo_close(struct xo *xo)
{
	if (xo->xo_depth > 0)
		xo->xo_depth--;
}

/*
 * Fields.
 */
static void
copy_part(char *to, size_t room, const char **from, const char *stops)
{
	size_t len = strcspn(*from, stops);

	snprintf(to, room, "%.*s", (int)len, *from);
	*from += len;
}

/* Parses behind the "{"; returns behind the "}". */
static const char *
parse_field(const char *p, struct field *f)
{
	memset(f, 0, sizeof(*f));
	f->f_role = 'V';
	f->f_text = f->f_encode = true;
	for (; *p != ':' && *p != '\0'; p++) {
		switch (*p) {
		case 'd': f->f_encode = false; break;
		case 'e': f->f_text = false; break;
		case 'q': f->f_quote = true; break;
		case 'n': f->f_literal = true; break;
		case 't': f->f_trim = true; break;
		case 'l': f->f_list = true; break;
		case 'k': break;
		default: f->f_role = *p; break;
		}
	}
	if (*p == ':')
		p++;
	copy_part(f->f_name, sizeof(f->f_name), &p, "/}");
	if (*p == '/') {
		p++;
		copy_part(f->f_format, sizeof(f->f_format), &p, "}");
	}
	return *p == '}' ? p + 1 : p;
}

static json_int_t
take_number(char size, bool is_signed, va_list *ap)
{
	if (size == 'l')
		return is_signed ? va_arg(*ap, long) : (json_int_t)va_arg(*ap, unsigned long);
	if (size == 'j')
		return is_signed ? va_arg(*ap, intmax_t) : (json_int_t)va_arg(*ap, uintmax_t);
	return is_signed ? va_arg(*ap, int) : (json_int_t)va_arg(*ap, unsigned);
}

/* Rewrites "%-*.*ju" as "%-8.8" and takes the widths from the arguments; returns the conversion,
 * the size in *size. */
static char
parse_conversion(const char **fmtp, char *spec, size_t room, char *size, va_list *ap)
{
	const char *p = *fmtp;
	size_t n = 0;

	*size = '\0';
	for (; *p != '\0' && strchr("%#-+ 0123456789.*lj", *p) != NULL; p++) {
		if (*p == 'l' || *p == 'j')
			*size = *p == 'l' && *size == 'l' ? 'j' : *p;
		else if (*p == '*')
			n += (size_t)snprintf(spec + n, room - n, "%d", va_arg(*ap, int));
		else
			spec[n++] = *p;
		if (n + 16 > room)
			abort();
	}
	spec[n] = '\0';
	*fmtp = *p != '\0' ? p + 1 : p;
	return *p;
}

/* One printf format with at most one conversion.  The list is passed by reference, for it must
 * advance. */
static void
format_value(const char *fmt, struct value *v, va_list *ap)
{
	const char *percent = strchr(fmt, '%'), *rest;
	char spec[48], full[64], size, conv;
	int lead;

	v->v_string = NULL;
	v->v_number = 0;
	if (percent == NULL) {
		snprintf(v->v_text, sizeof(v->v_text), "%s", fmt);
		v->v_string = v->v_text;
		return;
	}
	rest = percent;
	lead = (int)(percent - fmt);
	conv = parse_conversion(&rest, spec, sizeof(spec), &size, ap);
	if (conv == 's') {
		v->v_string = va_arg(*ap, const char *);
		snprintf(full, sizeof(full), "%%.*s%ss%%s", spec);
		snprintf(v->v_text, sizeof(v->v_text), full, lead, fmt, v->v_string, rest);
	} else if (conv == 'c') {
		snprintf(full, sizeof(full), "%%.*s%sc%%s", spec);
		snprintf(v->v_text, sizeof(v->v_text), full, lead, fmt, va_arg(*ap, int), rest);
		v->v_string = v->v_text;
	} else {
		v->v_number = take_number(size, conv == 'd', ap);
		snprintf(full, sizeof(full), "%%.*s%sll%c%%s", spec, conv);
		snprintf(v->v_text, sizeof(v->v_text), full, lead, fmt, (long long)v->v_number,
		    rest);
	}
}

static json_t *
encode_string(const struct field *f, const char *s)
{
	size_t len = strlen(s);
	json_t *o;

	if (f->f_literal)
		return strcmp(s, "true") == 0 || strcmp(s, "false") == 0 ? json_boolean(*s == 't') :
		    json_integer(strtoll(s, NULL, 10));
	if (f->f_trim) {
		while (*s == ' ')
			s++, len--;
		while (len > 0 && s[len - 1] == ' ')
			len--;
	}
	/* What is not UTF-8 cannot be in JSON; say so instead of losing the member. */
	return (o = json_stringn(s, len)) != NULL ? o : json_string("?");
}

static void
encode(struct xo *xo, const struct field *f, const struct value *v)
{
	json_t *o, *list;

	if (v->v_string != NULL)
		o = encode_string(f, v->v_string);
	else
		o = f->f_quote ? encode_string(f, v->v_text) : json_integer(v->v_number);
	if (!f->f_list) {
		json_object_set_new(top(xo), f->f_name, o);
		return;
	}
	list = json_object_get(top(xo), f->f_name);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(top(xo), f->f_name, list);
	}
	json_array_append_new(list, o);
}

static void
emit_field(struct xo *xo, const struct field *f, va_list *ap)
{
	struct value v;

	if (f->f_role != 'V') {
		if (f->f_format[0] != '\0')
			format_value(f->f_format, &v, ap);
		else
			snprintf(v.v_text, sizeof(v.v_text), "%s", f->f_name);
		if (!xo->xo_json)
			fputs(v.v_text, xo->xo_fp);
		return;
	}
	format_value(f->f_format[0] != '\0' ? f->f_format : "%s", &v, ap);
	if (!xo->xo_json && f->f_text)
		fputs(v.v_text, xo->xo_fp);
	else if (xo->xo_json && f->f_encode)
		encode(xo, f, &v);
}

void
xo_emit(struct xo *xo, const char *fmt, ...)
{
	struct field f;
	va_list ap;

	va_start(ap, fmt);
	while (*fmt != '\0') {
		if (*fmt == '{') {
			fmt = parse_field(fmt + 1, &f);
			emit_field(xo, &f, &ap);
			continue;
		}
		if (!xo->xo_json)
			fputc(*fmt, xo->xo_fp);
		fmt++;
	}
	va_end(ap);
}

/*
 * XML: the same tree, an array being its element several times.
 */
static void
xml_text(FILE *fp, const char *text)
{
	for (; *text != '\0'; text++) {
		const char *entity = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" :
		    *text == '>' ? "&gt;" : *text == '"' ? "&quot;" : NULL;

		if (entity != NULL)
			fputs(entity, fp);
		else
			fputc(*text, fp);
	}
}

static void	xml_members(const struct xo *, const json_t *, int depth);

static void
xml_element(const struct xo *xo, const char *name, const json_t *value, int depth)
{
	int indent = xo->xo_pretty ? 2 * depth : 0;

	/* As libxo does, the version is an attribute of the outermost. */
	fprintf(xo->xo_fp, "%*s<%s", indent, "", name);
	if (depth == 0)
		fprintf(xo->xo_fp, " version=\"%s\"", json_string_value(json_object_get(xo->xo_open[0], "__version")));
	fputc('>', xo->xo_fp);
	if (json_is_object(value)) {
		fputs(xo->xo_pretty ? "\n" : "", xo->xo_fp);
		xml_members(xo, value, depth + 1);
		fprintf(xo->xo_fp, "%*s", indent, "");
	} else if (json_is_string(value)) {
		xml_text(xo->xo_fp, json_string_value(value));
	} else if (json_is_integer(value)) {
		fprintf(xo->xo_fp, "%lld", (long long)json_integer_value(value));
	} else {
		fputs(json_is_true(value) ? "true" : "false", xo->xo_fp);
	}
	fprintf(xo->xo_fp, "</%s>%s", name, xo->xo_pretty ? "\n" : "");
}

static void
xml_members(const struct xo *xo, const json_t *object, int depth)
{
	const char *name;
	json_t *value, *one;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		if (depth == 0 && strcmp(name, "__version") == 0)
			continue;
		if (!json_is_array(value))
			xml_element(xo, name, value, depth);
		else
			json_array_foreach(value, i, one)
				xml_element(xo, name, one, depth);
	}
}

static int
dump(const struct xo *xo)
{
	size_t flags = xo->xo_pretty ? JSON_INDENT(2) : 0;

	if (xo->xo_xml)
		xml_members(xo, xo->xo_open[0], 0);
	else if (json_dumpf(xo->xo_open[0], xo->xo_fp, flags) != 0)
		return 1;
	if (!xo->xo_xml || !xo->xo_pretty)
		fputc('\n', xo->xo_fp);
	return 0;
}

int
xo_finish(struct xo *xo, int status)
{
	bool empty = json_object_size(xo->xo_open[0]) == 1;	/* the version */

	if (xo->xo_json && !(status != 0 && empty)) {
		if (dump(xo) != 0 && status == 0)
			status = 1;
	}
	if (fflush(xo->xo_fp) != 0 && status == 0)
		status = 1;
	json_decref(xo->xo_open[0]);
	free(xo);
	return status;
}
