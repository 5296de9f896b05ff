/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on policy rules: rule.*. */
#include <errno.h>
#include <string.h>

#include <vimage/route.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"

static const char *const actions[] = {
	[VI_RULE_TABLE] = "fib",
	[VI_RULE_BLACKHOLE] = "blackhole",
	[VI_RULE_UNREACHABLE] = "unreachable",
	[VI_RULE_PROHIBIT] = "prohibit",
	[VI_RULE_GOTO] = "goto",
};
#define NACTIONS (sizeof(actions) / sizeof(actions[0]))

/* What is zero was not asked for and is left out. */
static void
put_given(json_t *o, const char *key, uint64_t value)
{
	if (value != 0)
		ctl_put_int(o, key, value);
}

static void
put_prefix(json_t *o, const char *key, const char *lenkey, const struct vi_sockaddr *sa, unsigned len)
{
	if (sa->sa_family == VI_AF_UNSPEC)
		return;
	ctl_put_addr(o, key, sa);
	ctl_put_int(o, lenkey, len);
}

static void
put_range(json_t *o, const char *key, json_int_t first, json_int_t last)
{
	json_object_set_new(o, key, json_pack("[I,I]", first, last));
}

static void
add_rule(void *arg, const struct vi_rule *ru)
{
	json_t *o = json_object();

	ctl_put_int(o, "priority", ru->ru_priority);
	ctl_put_text(o, "action", actions[ru->ru_action]);
	if (ru->ru_action == VI_RULE_TABLE)
		ctl_put_int(o, "fib", ru->ru_fib);
	if (ru->ru_family != VI_AF_UNSPEC)
		ctl_put_text(o, "family", ru->ru_family == VI_AF_INET ? "inet" : "inet6");
	if (ru->ru_not)
		json_object_set_new(o, "not", json_true());
	put_prefix(o, "from", "fromlen", &ru->ru_src, ru->ru_srclen);
	put_prefix(o, "to", "tolen", &ru->ru_dst, ru->ru_dstlen);
	if (ru->ru_iif[0] != '\0')
		ctl_put_text(o, "iif", ru->ru_iif);
	if (ru->ru_oif[0] != '\0')
		ctl_put_text(o, "oif", ru->ru_oif);
	put_given(o, "mark", ru->ru_mark);
	put_given(o, "markmask", ru->ru_markmask);
	put_given(o, "tos", ru->ru_tos);
	put_given(o, "protocol", ru->ru_proto);
	put_given(o, "goto", ru->ru_goto);
	put_given(o, "minlen", ru->ru_minlen);
	if (ru->ru_sport.po_last != 0)
		put_range(o, "sport", ru->ru_sport.po_first, ru->ru_sport.po_last);
	if (ru->ru_dport.po_last != 0)
		put_range(o, "dport", ru->ru_dport.po_first, ru->ru_dport.po_last);
	if (ru->ru_uids)
		put_range(o, "uids", ru->ru_uidfirst, ru->ru_uidlast);
	ctl_put_int(o, "hits", ru->ru_hits);
	ctl_list_add(arg, o);
}

static int
get_name(struct ctl_request *rq, const char *name, char to[VI_IFNAMSIZ])
{
	if (name == NULL)
		return 0;
	if (name[0] == '\0' || strlen(name) >= VI_IFNAMSIZ)
		return ctl_fail(rq, EINVAL, "%.40s is no name of an interface", name);
	strcpy(to, name);
	return 0;
}

static int
get_action(struct ctl_request *rq, const char *name, struct vi_rule *ru)
{
	for (uint8_t i = 0; i < NACTIONS; i++) {
		if (strcmp(actions[i], name) == 0) {
			ru->ru_action = i;
			return 0;
		}
	}
	return ctl_fail(rq, EINVAL, "%.20s: unknown action", name);
}

static int
get_family(struct ctl_request *rq, const char *name, struct vi_rule *ru)
{
	if (name == NULL)
		return 0;
	ru->ru_family = strcmp(name, "inet") == 0 ? VI_AF_INET
	    : strcmp(name, "inet6") == 0	 ? VI_AF_INET6
						 : VI_AF_UNSPEC;
	return ru->ru_family != VI_AF_UNSPEC
	    ? 0
	    : ctl_fail(rq, EAFNOSUPPORT, "%.20s: unknown address family", name);
}

static int
get_range(struct ctl_request *rq, const char *key, json_t *o, json_int_t min, json_int_t max, json_int_t range[2])
{
	if (json_unpack(o, "[I,I!]", &range[0], &range[1]) != 0 || range[0] < min || range[1] < range[0] || range[1] > max)
		return ctl_fail(rq, EINVAL, "%s: no range", key);
	return 0;
}

static int
get_ports(struct ctl_request *rq, const char *key, json_t *o, struct vi_ports *po)
{
	json_int_t range[2];
	int error;

	if (o == NULL)
		return 0;
	if ((error = get_range(rq, key, o, 1, 65535, range)) == 0)
		*po = (struct vi_ports){ (uint16_t)range[0], (uint16_t)range[1] };
	return error;
}

static int
get_uids(struct ctl_request *rq, const char *key, json_t *o, struct vi_rule *ru)
{
	json_int_t range[2];
	int error;

	if (o == NULL)
		return 0;
	if ((error = get_range(rq, key, o, 0, UINT32_MAX, range)) != 0)
		return error;
	ru->ru_uids = true;
	ru->ru_uidfirst = (uint32_t)range[0];
	ru->ru_uidlast = (uint32_t)range[1];
	return 0;
}

/* The numbers of a rule, each with its range. */
enum { N_PRIORITY, N_FIB, N_FROMLEN, N_TOLEN, N_MARK, N_MARKMASK, N_TOS, N_PROTO, N_GOTO, N_MINLEN, N_MAX };
static const struct { const char *key; json_int_t max; } numbers[N_MAX] = {
	{ "priority", UINT32_MAX }, { "fib", 65535 }, { "fromlen", 128 }, { "tolen", 128 },
	{ "mark", UINT32_MAX }, { "markmask", UINT32_MAX }, { "tos", 255 }, { "protocol", 255 },
	{ "goto", UINT32_MAX }, { "minlen", 129 },
};

static int
get_numbers(struct ctl_request *rq, const json_int_t n[N_MAX], struct vi_rule *ru)
{
	int error;

	for (int i = 0; i < N_MAX; i++)
		if ((error = ctl_range(rq, numbers[i].key, n[i], 0, numbers[i].max)) != 0)
			return error;
	ru->ru_priority = (uint32_t)n[N_PRIORITY];
	ru->ru_fib = (uint32_t)n[N_FIB];
	ru->ru_srclen = (uint8_t)n[N_FROMLEN];
	ru->ru_dstlen = (uint8_t)n[N_TOLEN];
	ru->ru_mark = (uint32_t)n[N_MARK];
	ru->ru_markmask = (uint32_t)n[N_MARKMASK];
	ru->ru_tos = (uint8_t)n[N_TOS];
	ru->ru_proto = (uint8_t)n[N_PROTO];
	ru->ru_goto = (uint32_t)n[N_GOTO];
	ru->ru_minlen = (uint8_t)n[N_MINLEN];
	return 0;
}

static int
get_rule(struct ctl_request *rq, struct vi_rule *ru)
{
	const char *action = "fib", *family = NULL, *from = NULL, *to = NULL, *iif = NULL, *oif = NULL;
	json_t *sport = NULL, *dport = NULL, *uids = NULL;
	json_int_t n[N_MAX] = { 0 };
	int invert = 0, error;

	memset(ru, 0, sizeof(*ru));
	if ((error = ctl_args(rq,
		 "{s?s,s?s,s?s,s?s,s?s,s?s,s?o,s?o,s?o,s?b,s?I,s?I,s?I,s?I,s?I,s?I,s?I,s?I,s?I,s?I}", "action",
		 &action, "family", &family, "from", &from, "to", &to, "iif", &iif, "oif", &oif,
		 "sport", &sport, "dport", &dport, "uids", &uids, "not", &invert, "priority", &n[N_PRIORITY],
		 "fib", &n[N_FIB], "fromlen", &n[N_FROMLEN], "tolen", &n[N_TOLEN], "mark",
		 &n[N_MARK], "markmask", &n[N_MARKMASK], "tos", &n[N_TOS], "protocol",
		 &n[N_PROTO], "goto", &n[N_GOTO], "minlen", &n[N_MINLEN])) != 0 ||
	    (error = get_numbers(rq, n, ru)) != 0 || (error = get_action(rq, action, ru)) != 0 ||
	    (error = get_family(rq, family, ru)) != 0 ||
	    (error = ctl_get_addr(rq, "from", from, &ru->ru_src)) != 0 ||
	    (error = ctl_get_addr(rq, "to", to, &ru->ru_dst)) != 0 ||
	    (error = get_name(rq, iif, ru->ru_iif)) != 0 ||
	    (error = get_name(rq, oif, ru->ru_oif)) != 0 ||
	    (error = get_ports(rq, "sport", sport, &ru->ru_sport)) != 0 ||
	    (error = get_uids(rq, "uids", uids, ru)) != 0)
		return error;
	ru->ru_not = invert != 0;
	return get_ports(rq, "dport", dport, &ru->ru_dport);
}

static int
change(struct ctl_request *rq, int (*fn)(struct vi_vnet *, const struct vi_rule *))
{
	struct vi_rule ru;
	int error;

	if ((error = get_rule(rq, &ru)) != 0 || (error = ctl_may(rq, VI_PRIV_NET_ROUTE)) != 0)
		return error;
	return fn(rq->rq_vnet, &ru);
}

static int
op_add(struct ctl_request *rq)
{
	return change(rq, vi_rule_add);
}

static int
op_delete(struct ctl_request *rq)
{
	return change(rq, vi_rule_del);
}

static int
op_list(struct ctl_request *rq)
{
	struct ctl_list list;
	int error;

	ctl_list_begin(rq, "rules", &list);
	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	vi_rule_list(rq->rq_vnet, add_rule, &list);
	return list.l_error;
}

const struct ctl_op ctl_rule_ops[] = {
	{ "rule.add", op_add },
	{ "rule.delete", op_delete },
	{ "rule.list", op_list },
	{ NULL, NULL },
};
