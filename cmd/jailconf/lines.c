/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other form of a configuration: what jls -s prints, one jail per line, "name=value" and
 * booleans with blanks between, quoted with " or ' where needed, backslash before a quote or a
 * backslash.  It is read from standard input only, and known by its first word.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jailconf/jailconf_int.h"

struct lines {
	struct jc_conf	*l_conf;
	const char	*l_p;
	int		 l_line;
	struct jc_block	*l_block;	/* settings of the line */
};

/* "jid=1 ...": a word with = and neither blanks before it nor a semicolon or brace behind. */
static bool
is_lines(const char *text)
{
	size_t name = strcspn(text, " \t\r\n={};#/\"'$\\"), word = strcspn(text, " \t\r\n;{");

	return name > 0 && text[name] == '=' && text[word] != ';' && text[word] != '{';
}

/* The next word without its quotes; NULL: the string is not ended. */
static char *
next_word(struct lines *l)
{
	char *word = jc_alloc(strlen(l->l_p) + 1), quote = 0;
	size_t n = 0;

	for (; *l->l_p != '\0' && (quote != 0 || strchr(" \t\r\n", *l->l_p) == NULL); l->l_p++) {
		if (*l->l_p == '\n')
			l->l_line++;
		if (quote == 0 && (*l->l_p == '"' || *l->l_p == '\'')) {
			quote = *l->l_p;
		} else if (*l->l_p == quote) {
			quote = 0;
		} else {
			if (quote != 0 && *l->l_p == '\\' && l->l_p[1] != '\0')
				l->l_p++;
			word[n++] = *l->l_p;
		}
	}
	if (quote == 0)
		return word;
	free(word);
	return NULL;
}

static void
put_word(struct lines *l, char *word, char **id)
{
	char *value = strchr(word, '=');

	if (value != NULL)
		*value++ = '\0';
	jc_line_put(l->l_block, word, value == NULL ? JC_FLAG : JC_SET, value);
	if (value != NULL && (strcmp(word, "name") == 0 ||
	    (strcmp(word, "jid") == 0 && *id == NULL))) {
		free(*id);
		*id = jc_strndup(value, strlen(value));
	}
}

static int
line_fail(struct lines *l, const char *text)
{
	snprintf(l->l_conf->jc_err, JC_ERRLEN, "standard input:%d:1: %s", l->l_line, text);
	return EINVAL;
}

static int
read_line(struct lines *l)
{
	char *word, *id = NULL;
	int error = 0, begun = l->l_line;

	l->l_block = jc_block_add(l->l_conf);
	while (error == 0 && *l->l_p != '\0' && *l->l_p != '\n') {
		if (strchr(" \t\r", *l->l_p) != NULL) {
			l->l_p++;
			continue;
		}
		if ((word = next_word(l)) == NULL) {
			l->l_line = begun;
			error = line_fail(l, "a string that is not ended");
			break;
		}
		put_word(l, word, &id);
		free(word);
	}
	if (error == 0 && (id == NULL || id[0] == '\0'))
		error = line_fail(l, "a line with neither jid nor name");
	jc_block_name(l->l_conf, l->l_block, id);
	return error;
}

static int
read_lines(struct jc_conf *jc, const char *text)
{
	struct lines l = { .l_conf = jc, .l_p = text, .l_line = 1 };
	int error = 0;

	while (error == 0 && *l.l_p != '\0') {
		if (*l.l_p == '\n') {
			l.l_p++;
			l.l_line++;
		} else {
			error = read_line(&l);
		}
	}
	return error;
}

int
jc_read_stdin(struct jc_conf *jc)
{
	size_t len = 0, room = 65536, n;
	char *text = jc_alloc(room + 1), *more;
	int error;

	while ((n = fread(text + len, 1, room - len, stdin)) > 0) {
		len += n;
		if (len < room)
			continue;
		room *= 2;
		if ((more = realloc(text, room + 1)) == NULL)
			abort();
		text = more;
	}
	text[len] = '\0';
	if (strlen(text) == len && is_lines(text))
		error = read_lines(jc, text);
	else
		error = jc_read_text(jc, "standard input", text, len);
	free(text);
	return error;
}
