/* SPDX-License-Identifier: BSD-2-Clause */
/* "route rule": policy rules.  What FreeBSD has no word for is said as ip-rule(8) does. */
#include "cmd/route.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "cmd/cmd.h"
#include "cmd/route_addr.h"
#include "cmd/xo.h"

struct word {
	const char	*w_name;
	int		(*w_fn)(struct cmd_ctx *, const struct word *, const char *arg, json_t *req);
	const char	*w_key;
	long long	 w_max;
	bool		 w_arg;
};

static int
bad(struct cmd_ctx *cx, const struct word *w, const char *arg)
{
	cmd_warnx(cx, "bad value for %s: %s", w->w_name, arg);
	return EX_USAGE;
}

static int
w_number(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	long long n;

	if (!cmd_number(arg, 0, w->w_max, &n))
		return bad(cx, w, arg);
	json_object_set_new(req, w->w_key, json_integer(n));
	return 0;
}

static int
w_name(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	(void)cx;
	json_object_set_new(req, w->w_key, json_string(arg));
	return 0;
}

/* A word that says it all. */
static int
w_action(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	(void)cx, (void)arg;
	json_object_set_new(req, "action", json_string(w->w_key));
	return 0;
}

static int
w_not(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	(void)cx, (void)arg;
	json_object_set_new(req, w->w_key, json_true());
	return 0;
}

static int
w_prefix(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	char text[ROUTE_ADDRSTRLEN], lenkey[16];
	struct route_addr ra;
	int len;

	if (strcmp(arg, "all") == 0)
		return 0;
	if (!route_addr_prefix(arg, AF_UNSPEC, &ra, &len))
		return bad(cx, w, arg);
	if (len < 0)
		len = route_addr_bits(&ra);
	route_addr_mask(&ra, len);
	route_addr_text(&ra, text);
	snprintf(lenkey, sizeof(lenkey), "%slen", w->w_key);
	json_object_set_new(req, w->w_key, json_string(text));
	json_object_set_new(req, lenkey, json_integer(len));
	return 0;
}

/* "7", "0x10/0xf0" */
static int
w_mark(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	const char *slash = strchr(arg, '/');
	long long mark, mask = UINT32_MAX;
	char first[32];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(arg, "/"), arg);
	if (!cmd_number(first, 0, UINT32_MAX, &mark) ||
	    (slash != NULL && !cmd_number(slash + 1, 0, UINT32_MAX, &mask)))
		return bad(cx, w, arg);
	json_object_set_new(req, "mark", json_integer(mark));
	json_object_set_new(req, "markmask", json_integer(mask));
	return 0;
}

/* "22", "1000-1999"; no port is 0. */
static int
w_range(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	const char *dash = strchr(arg, '-');
	long long a, b;
	char first[16];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(arg, "-"), arg);
	if (!cmd_number(first, w->w_max == UINT16_MAX, w->w_max, &a) ||
	    !cmd_number(dash != NULL ? dash + 1 : first, a, w->w_max, &b))
		return bad(cx, w, arg);
	json_object_set_new(req, w->w_key, json_pack("[I,I]", (json_int_t)a, (json_int_t)b));
	return 0;
}

static int
w_suppress(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	long long n;

	if (!cmd_number(arg, 0, w->w_max, &n))
		return bad(cx, w, arg);
	json_object_set_new(req, w->w_key, json_integer(n + 1));
	return 0;
}

static int
w_goto(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	json_object_set_new(req, "action", json_string("goto"));
	return w_number(cx, w, arg, req);
}

static int
w_protocol(struct cmd_ctx *cx, const struct word *w, const char *arg, json_t *req)
{
	static const struct { const char *name; int number; } names[] = {
		{ "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "ipv6-icmp", 58 }, { "sctp", 132 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, arg) == 0) {
			json_object_set_new(req, w->w_key, json_integer(names[i].number));
			return 0;
		}
	}
	return w_number(cx, w, arg, req);
}

static const struct word words[] = {
	{ "priority", w_number, "priority", UINT32_MAX, true },
	{ "pref", w_number, "priority", UINT32_MAX, true },
	{ "not", w_not, "not", 0, false },
	{ "from", w_prefix, "from", 0, true },
	{ "to", w_prefix, "to", 0, true },
	{ "iif", w_name, "iif", 0, true },
	{ "oif", w_name, "oif", 0, true },
	{ "fwmark", w_mark, "mark", 0, true },
	{ "tos", w_number, "tos", 255, true },
	{ "ipproto", w_protocol, "protocol", 255, true },
	{ "sport", w_range, "sport", UINT16_MAX, true },
	{ "dport", w_range, "dport", UINT16_MAX, true },
	{ "uidrange", w_range, "uids", UINT32_MAX, true },
	{ "fib", w_number, "fib", 65535, true },
	{ "table", w_number, "fib", 65535, true },
	{ "suppress_prefixlength", w_suppress, "minlen", 128, true },
	{ "goto", w_goto, "goto", UINT32_MAX, true },
	{ "blackhole", w_action, "blackhole", 0, false },
	{ "unreachable", w_action, "unreachable", 0, false },
	{ "reject", w_action, "unreachable", 0, false },
	{ "prohibit", w_action, "prohibit", 0, false },
};

/* One word and its argument; *used is how many. */
static int
take_rule_word(struct cmd_ctx *cx, char **argv, int *used, json_t *req)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct word *w = &words[i];

		if (strcmp(w->w_name, argv[0]) != 0)
			continue;
		if (w->w_arg && argv[1] == NULL) {
			cmd_warnx(cx, "%s requires an argument", argv[0]);
			return EX_USAGE;
		}
		*used = w->w_arg ? 2 : 1;
		return w->w_fn(cx, w, argv[1], req);
	}
	cmd_warnx(cx, "bad keyword: %s", argv[0]);
	return EX_USAGE;
}

static const char *
rule_reason(int error, const char *text)
{
	return error == ESRCH ? "not in table" : error == EEXIST ? "rule already in table" : text;
}

static int
change_rule(struct cmd_ctx *cx, const char *op, const char *family, char **argv)
{
	json_t *req = json_pack("{s:s,s:s*}", "op", op, "family", family);
	struct cmd_error ce;
	int used, status, error;

	for (; *argv != NULL; argv += used) {
		if ((status = take_rule_word(cx, argv, &used, req)) != 0) {
			json_decref(req);
			return status;
		}
	}
	if (json_object_get(req, "fib") == NULL && json_object_get(req, "action") == NULL) {
		cmd_warnx(cx, "a rule needs fib, goto, blackhole, unreachable or prohibit");
		json_decref(req);
		return EX_USAGE;
	}
	if ((error = cmd_try(cx, req, NULL, &ce)) == 0)
		return 0;
	cmd_warnx(cx, "%s", rule_reason(error, ce.ce_text));
	return 1;
}

static void
emit_prefix(struct xo *xo, const json_t *ru, const char *key, const char *lenkey)
{
	if (cmd_str(ru, key)[0] == '\0')
		return;
	if (strcmp(key, "from") == 0)
		xo_emit(xo, " from {:from/%s}/{:from-length/%jd}", cmd_str(ru, key),
		    cmd_int(ru, lenkey));
	else
		xo_emit(xo, " to {:to/%s}/{:to-length/%jd}", cmd_str(ru, key), cmd_int(ru, lenkey));
}

static void
emit_range(struct xo *xo, const json_t *ru, const char *key, const char *fmt, const char *range)
{
	json_int_t a, b;

	if (json_unpack(json_object_get(ru, key), "[I,I]", &a, &b) != 0)
		return;
	xo_emit(xo, fmt, a);
	if (a != b)
		xo_emit(xo, range, b);
}

static void
emit_rule(struct xo *xo, const json_t *ru)
{
	xo_open_instance(xo);
	xo_emit(xo, "{:priority/%jd}:", cmd_int(ru, "priority"));
	if (cmd_str(ru, "family")[0] != '\0')
		xo_emit(xo, " {:family/%s}", cmd_str(ru, "family"));
	if (cmd_bool(ru, "not"))
		xo_emit(xo, " {:not/%s}", "not");
	emit_prefix(xo, ru, "from", "fromlen");
	emit_prefix(xo, ru, "to", "tolen");
	if (cmd_str(ru, "iif")[0] != '\0')
		xo_emit(xo, " iif {:iif/%s}", cmd_str(ru, "iif"));
	if (cmd_str(ru, "oif")[0] != '\0')
		xo_emit(xo, " oif {:oif/%s}", cmd_str(ru, "oif"));
	if (cmd_int(ru, "markmask") != 0)
		xo_emit(xo, " fwmark {:mark/0x%jx}/{:mark-mask/0x%jx}", cmd_int(ru, "mark"),
		    cmd_int(ru, "markmask"));
	if (cmd_int(ru, "tos") != 0)
		xo_emit(xo, " tos {:tos/0x%jx}", cmd_int(ru, "tos"));
	if (cmd_int(ru, "protocol") != 0)
		xo_emit(xo, " ipproto {:protocol/%jd}", cmd_int(ru, "protocol"));
	emit_range(xo, ru, "sport", " sport {:sport/%jd}", "-{:sport-last/%jd}");
	emit_range(xo, ru, "dport", " dport {:dport/%jd}", "-{:dport-last/%jd}");
	emit_range(xo, ru, "uids", " uidrange {:uid/%jd}", "-{:uid-last/%jd}");
	if (strcmp(cmd_str(ru, "action"), "fib") == 0)
		xo_emit(xo, " {t:action/%s} {:fib/%jd}", "fib", cmd_int(ru, "fib"));
	else if (strcmp(cmd_str(ru, "action"), "goto") == 0)
		xo_emit(xo, " {t:action/%s} {:goto/%jd}", "goto", cmd_int(ru, "goto"));
	else
		xo_emit(xo, " {t:action/%s}", cmd_str(ru, "action"));
	if (cmd_int(ru, "minlen") != 0)
		xo_emit(xo, " suppress_prefixlength {:suppress-prefixlength/%jd}", cmd_int(ru, "minlen") - 1);
	xo_emit(xo, "{e:hits/%jd}\n", cmd_int(ru, "hits"));
	xo_close(xo);
}

static int
show_rules(struct cmd_ctx *cx)
{
	char *noargs[] = { NULL };
	int none = 0;
	json_t *reply;
	struct xo *xo;
	size_t i;
	const json_t *ru;

	if ((xo = cmd_xo(cx, &none, noargs)) == NULL)
		return 1;
	if (cmd_call(cx, json_pack("{s:s}", "op", "rule.list"), &reply) != 0)
		return xo_finish(xo, 1);
	xo_open_container(xo, "route-rules");
	xo_open_list(xo, "rule");
	json_array_foreach(json_object_get(reply, "rules"), i, ru)
		emit_rule(xo, ru);
	xo_close(xo);
	xo_close(xo);
	json_decref(reply);
	return xo_finish(xo, 0);
}

int
route_rule(struct cmd_ctx *cx, int family, char **argv)
{
	const char *name = family == AF_INET ? "inet" : family == AF_INET6 ? "inet6" : NULL;
	const char *verb = argv[0] != NULL ? argv[0] : "show";

	if (strcmp(verb, "add") == 0)
		return change_rule(cx, "rule.add", name, argv + 1);
	if (strcmp(verb, "delete") == 0 || strcmp(verb, "del") == 0)
		return change_rule(cx, "rule.delete", name, argv + 1);
	if (strcmp(verb, "show") == 0 || strcmp(verb, "list") == 0)
		return argv[0] == NULL || argv[1] == NULL ? show_rules(cx) : cmd_usage(cx, 0, EX_USAGE);
	cmd_warnx(cx, "bad keyword: %s", verb);
	return EX_USAGE;
}
