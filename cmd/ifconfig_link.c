/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link properties in ifconfig(8): the words behind "link", and how they are shown, which is how they would be given.
 */
#include "cmd/ifconfig_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char	*u_name;
	double		 u_factor;
};

static const struct unit time_units[] = { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 }, { NULL, 0 } },
	rate_units[] = { { "Gbit", 1e9 }, { "Mbit", 1e6 }, { "kbit", 1e3 }, { "bit", 1 },
		{ "Gbit/s", 1e9 }, { "Mbit/s", 1e6 }, { "kbit/s", 1e3 }, { "bit/s", 1 }, { NULL, 0 } },
	odds_units[] = { { "%", 0.01 }, { "", 1 }, { NULL, 0 } };

enum kind { TIME, RATE, COUNT, ODDS, TEXT, FLAG };

/* In the order they are shown.  A key with a comma before it follows the one above in the same word. */
static const struct prop {
	const char	*p_word;	/* NULL: another part of the word above */
	const char	*p_key;
	enum kind	 p_kind;
} props[] = {
	{ "delay", "delay", TIME },
	{ "jitter", "jitter", TIME },
	{ "rate", "rate", RATE },
	{ "queue", "queue", COUNT },
	{ "overhead", "overhead", COUNT },
	{ "loss", "loss", ODDS },
	{ "burst", "burst_p", ODDS },
	{ NULL, "burst_r", ODDS },
	{ NULL, "burst_loss", ODDS },
	{ "pattern", "pattern", TEXT },
	{ "once", "pattern_once", FLAG },
	{ "dup", "dup", ODDS },
	{ "reorder", "reorder", ODDS },
	{ NULL, "reorder_delay", TIME },
	{ "corrupt", "corrupt", ODDS },
	{ "seed", "seed", COUNT },
};
#define NPROPS	(sizeof(props) / sizeof(props[0]))

/* A number with one of the units; nothing needs none. */
static bool
parse_number(const char *text, const struct unit *units, double *n)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*n = strtod(text, &end);
	if (*n == 0 && *end == '\0')
		return true;
	for (const struct unit *u = units; u->u_name != NULL; u++) {
		if (strcasecmp(end, u->u_name) == 0) {
			*n *= u->u_factor;
			return true;
		}
	}
	return false;
}

/* One part; NULL: a bad value. */
static json_t *
parse_part(const struct prop *p, const char *text)
{
	long long count;
	double n;

	switch (p->p_kind) {
	case TIME:
	case RATE:
		if (!parse_number(text, p->p_kind == TIME ? time_units : rate_units, &n) || n > 9e18)
			return NULL;
		return json_integer((json_int_t)(n + 0.5));
	case COUNT:
		return cmd_number(text, 0, INT64_MAX, &count) ? json_integer(count) : NULL;
	case ODDS:
		return parse_number(text, odds_units, &n) && n <= 1 ? json_real(n) : NULL;
	case TEXT:
		return text[0] != '\0' && text[strspn(text, "01")] == '\0' ? json_string(text) : NULL;
	case FLAG:
		break;
	}
	return json_true();
}

int
ifconfig_link_take(json_t *op, const char *word, const char *arg)
{
	char text[256], *rest = text, *part;
	size_t i = 0;
	json_t *v;

	while (props[i].p_word == NULL || strcmp(props[i].p_word, word) != 0)
		if (++i == NPROPS)
			return EINVAL;
	if (arg == NULL)
		return json_object_set_new(op, props[i].p_key, json_true()) == 0 ? 0 : EINVAL;
	if (strlen(arg) >= sizeof(text))
		return EINVAL;
	strcpy(text, arg);
	do {
		if ((part = strsep(&rest, ",")) == NULL)
			return 0;
		if ((v = parse_part(&props[i], part)) == NULL)
			return EINVAL;
		json_object_set_new(op, props[i].p_key, v);
	} while (++i < NPROPS && props[i].p_word == NULL);
	return rest == NULL ? 0 : EINVAL;
}

/* In the largest unit that leaves a whole number. */
static void
print_whole(json_int_t n, const struct unit *units)
{
	while (n % (json_int_t)units->u_factor != 0)
		units++;
	printf("%lld%s", (long long)n / (long long)units->u_factor, units->u_name);
}

static void
print_part(const struct prop *p, const json_t *v)
{
	switch (p->p_kind) {
	case TIME:
	case RATE:
		print_whole(json_integer_value(v), p->p_kind == TIME ? time_units : rate_units);
		break;
	case COUNT:
		printf("%lld", (long long)json_integer_value(v));
		break;
	case ODDS:
		printf("%.10g%%", 100 * json_number_value(v));
		break;
	case TEXT:
		printf("%s", json_string_value(v));
		break;
	case FLAG:
		break;
	}
}

void
ifconfig_link_print(const json_t *ifp)
{
	const json_t *link = json_object_get(ifp, "link"), *v;

	if (link == NULL)
		return;
	printf("\tlink");
	for (size_t i = 0; i < NPROPS; i++) {
		if ((v = json_object_get(link, props[i].p_key)) == NULL)
			continue;
		if (props[i].p_word == NULL)
			printf(",");
		else
			printf(" %s%s", props[i].p_word, props[i].p_kind == FLAG ? "" : " ");
		print_part(&props[i], v);
	}
	printf("\n");
}
