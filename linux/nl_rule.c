/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy rules.  Linux has three of its own, which are shown as it does: the addresses of this host
 * come first, and behind all rules is the table that a packet would take without any.
 */
#include "linux/nl.h"

#include <errno.h>
#include <string.h>
#include <linux/fib_rules.h>

#define PRIO_LOCAL	0
#define PRIO_MAIN	32766
#define PRIO_DEFAULT	32767

static uint8_t
rule_action(const struct vi_rule *ru)
{
	static const uint8_t actions[] = { [VI_RULE_TABLE] = FR_ACT_TO_TBL, [VI_RULE_BLACKHOLE] = FR_ACT_BLACKHOLE,
		[VI_RULE_UNREACHABLE] = FR_ACT_UNREACHABLE, [VI_RULE_PROHIBIT] = FR_ACT_PROHIBIT, [VI_RULE_GOTO] = FR_ACT_GOTO };

	return (actions[ru->ru_action]);
}

static void
put_ports(struct nl_out *no, uint16_t type, const struct vi_ports *po)
{
	const struct fib_rule_port_range range = { po->po_first, po->po_last };

	if (po->po_last != 0)
		nl_out_attr(no, type, &range, sizeof(range));
}

static void
put_match(struct nl_out *no, const struct vi_rule *ru)
{
	if (ru->ru_srclen > 0)
		nl_out_addr(no, FRA_SRC, &ru->ru_src);
	if (ru->ru_dstlen > 0)
		nl_out_addr(no, FRA_DST, &ru->ru_dst);
	if (ru->ru_iif[0] != '\0')
		nl_out_attr(no, FRA_IIFNAME, ru->ru_iif, strlen(ru->ru_iif) + 1);
	if (ru->ru_oif[0] != '\0')
		nl_out_attr(no, FRA_OIFNAME, ru->ru_oif, strlen(ru->ru_oif) + 1);
	if (ru->ru_markmask != 0) {
		nl_out_u32(no, FRA_FWMARK, ru->ru_mark);
		nl_out_u32(no, FRA_FWMASK, ru->ru_markmask);
	}
	if (ru->ru_proto != 0)
		nl_out_u8(no, FRA_IP_PROTO, ru->ru_proto);
	put_ports(no, FRA_SPORT_RANGE, &ru->ru_sport);
	put_ports(no, FRA_DPORT_RANGE, &ru->ru_dport);
	if (ru->ru_uids)
		nl_out_attr(no, FRA_UID_RANGE, &(const struct fib_rule_uid_range){ ru->ru_uidfirst, ru->ru_uidlast }, sizeof(struct fib_rule_uid_range));
}

static void
put_rule(struct nl_out *no, uint16_t type, const struct vi_rule *ru, uint8_t family, uint32_t table)
{
	const struct fib_rule_hdr fr = { .family = family, .dst_len = ru->ru_dstlen, .src_len = ru->ru_srclen, .tos = ru->ru_tos,
		.table = table < 256 ? (uint8_t)table : RT_TABLE_COMPAT, .action = rule_action(ru), .flags = ru->ru_not ? FIB_RULE_INVERT : 0 };

	nl_out_begin(no, type, &fr, sizeof(fr));
	nl_out_u32(no, FRA_TABLE, table);
	nl_out_u32(no, FRA_SUPPRESS_PREFIXLEN, ru->ru_minlen - 1u);
	if (ru->ru_action == VI_RULE_GOTO)
		nl_out_u32(no, FRA_GOTO, ru->ru_goto);
	if (ru->ru_priority != 0)
		nl_out_u32(no, FRA_PRIORITY, ru->ru_priority);
	put_match(no, ru);
	nl_out_end(no);
}

void
nl_put_rule(struct nl_out *no, uint16_t type, const struct vi_rule *ru, uint8_t family)
{
	put_rule(no, type, ru, family, ru->ru_action == VI_RULE_TABLE ? nl_table(no->no_ls->ls_vnet, ru->ru_fib) : RT_TABLE_UNSPEC);
}

struct rule_walk {
	struct nl_out	*w_out;
	uint8_t		 w_family;	/* AF_* */
	uint32_t	 w_lowest;	/* priority seen that is not 0 */
	bool		 w_main;	/* Linux's last rules are out */
};

static bool
rule_concerns(const struct vi_rule *ru, uint8_t family)
{
	return (ru->ru_family == VI_AF_UNSPEC || ru->ru_family == sockaddr_family(family));
}

static void
put_main(struct rule_walk *w)
{
	if (!w->w_main) {
		put_rule(w->w_out, RTM_NEWRULE, &(struct vi_rule){ .ru_priority = PRIO_MAIN }, w->w_family, RT_TABLE_MAIN);
		if (w->w_family == AF_INET)
			put_rule(w->w_out, RTM_NEWRULE, &(struct vi_rule){ .ru_priority = PRIO_DEFAULT }, w->w_family, RT_TABLE_DEFAULT);
	}
	w->w_main = true;
}

static void
rule_each(void *arg, const struct vi_rule *ru)
{
	struct rule_walk *w = arg;

	if (rule_concerns(ru, w->w_family))
		nl_put_rule(w->w_out, RTM_NEWRULE, ru, w->w_family);
}

static void
dump_family(struct nl_out *no, struct vi_vnet *vn, uint8_t family)
{
	struct rule_walk w = { .w_out = no, .w_family = family };

	put_rule(no, RTM_NEWRULE, &(struct vi_rule){ .ru_priority = PRIO_LOCAL }, family, RT_TABLE_LOCAL);
	vi_rule_list(vn, rule_each, &w);
	put_main(&w);
}

int
nl_getrule(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	if (!nl_dump(rq))
		return (EOPNOTSUPP);
	if (nl_wants(rq, AF_INET))
		dump_family(no, vn, AF_INET);
	if (nl_wants(rq, AF_INET6))
		dump_family(no, vn, AF_INET6);
	return (0);
}

/* Changes */

static int
rule_act(uint8_t action, struct vi_rule *ru)
{
	switch (action) {
	case FR_ACT_UNSPEC:		/* deleting: whatever it is */
	case FR_ACT_TO_TBL:
		ru->ru_action = VI_RULE_TABLE;
		return (0);
	case FR_ACT_BLACKHOLE:
		ru->ru_action = VI_RULE_BLACKHOLE;
		return (0);
	case FR_ACT_UNREACHABLE:
		ru->ru_action = VI_RULE_UNREACHABLE;
		return (0);
	case FR_ACT_PROHIBIT:
		ru->ru_action = VI_RULE_PROHIBIT;
		return (0);
	case FR_ACT_GOTO:
		ru->ru_action = VI_RULE_GOTO;
		return (0);
	default:
		return (EOPNOTSUPP);
	}
}

static int
rule_ports(const struct nl_req *rq, unsigned type, struct vi_ports *po)
{
	struct fib_rule_port_range range;

	if (!nl_has(rq, type))
		return (0);
	if (rq->rq_attr[type].na_len < sizeof(range))
		return (EINVAL);
	memcpy(&range, rq->rq_attr[type].na_data, sizeof(range));
	*po = (struct vi_ports){ range.start, range.end };
	return (range.end != 0 && range.start <= range.end ? 0 : EINVAL);
}

static int
rule_uids(const struct nl_req *rq, struct vi_rule *ru)
{
	struct fib_rule_uid_range range;

	if (!nl_has(rq, FRA_UID_RANGE))
		return (0);
	if (rq->rq_attr[FRA_UID_RANGE].na_len < sizeof(range))
		return (EINVAL);
	memcpy(&range, rq->rq_attr[FRA_UID_RANGE].na_data, sizeof(range));
	ru->ru_uids = true;
	ru->ru_uidfirst = range.start;
	ru->ru_uidlast = range.end;
	return (range.start <= range.end ? 0 : EINVAL);
}

static int
rule_match(const struct nl_req *rq, const struct fib_rule_hdr *fr, struct vi_rule *ru)
{
	int error;

	if ((fr->src_len > 0 && !nl_has(rq, FRA_SRC)) || (fr->dst_len > 0 && !nl_has(rq, FRA_DST)))
		return (EINVAL);
	if ((error = nl_addr(rq, FRA_SRC, rq->rq_family, &ru->ru_src)) != 0 || (error = nl_addr(rq, FRA_DST, rq->rq_family, &ru->ru_dst)) != 0)
		return (error);
	ru->ru_srclen = fr->src_len;
	ru->ru_dstlen = fr->dst_len;
	ru->ru_tos = fr->tos;
	ru->ru_not = (fr->flags & FIB_RULE_INVERT) != 0;
	ru->ru_proto = nl_u8(rq, FRA_IP_PROTO, 0);
	ru->ru_mark = nl_u32(rq, FRA_FWMARK, 0);
	ru->ru_markmask = nl_u32(rq, FRA_FWMASK, nl_has(rq, FRA_FWMARK) && ru->ru_mark != 0 ? UINT32_MAX : 0);
	ru->ru_mark &= ru->ru_markmask;
	if ((nl_has(rq, FRA_IIFNAME) && !nl_text(rq, FRA_IIFNAME, ru->ru_iif, sizeof(ru->ru_iif))) ||
	    (nl_has(rq, FRA_OIFNAME) && !nl_text(rq, FRA_OIFNAME, ru->ru_oif, sizeof(ru->ru_oif))))
		return (EINVAL);
	if (strcmp(ru->ru_iif, "lo") == 0)		/* ours has another name */
		memcpy(ru->ru_iif, "lo0", sizeof("lo0"));
	if ((error = rule_ports(rq, FRA_SPORT_RANGE, &ru->ru_sport)) != 0 || (error = rule_uids(rq, ru)) != 0)
		return (error);
	return (rule_ports(rq, FRA_DPORT_RANGE, &ru->ru_dport));
}

static int
rule_parse(const struct nl_req *rq, struct vi_rule *ru, uint32_t *table)
{
	static const uint8_t not[] = { FRA_FLOW, FRA_TUN_ID, FRA_SUPPRESS_IFGROUP, FRA_L3MDEV };
	struct fib_rule_hdr fr;
	uint32_t suppress;
	int error;

	if (rq->rq_fixed == NULL)
		return (EINVAL);
	if (rq->rq_family != AF_INET && rq->rq_family != AF_INET6)
		return (EAFNOSUPPORT);
	for (size_t i = 0; i < LX_NITEMS(not); i++)
		if (nl_has(rq, not[i]) && nl_u32(rq, not[i], 0) != UINT32_MAX)
			return (EOPNOTSUPP);
	memcpy(&fr, rq->rq_fixed, sizeof(fr));
	*ru = (struct vi_rule){ .ru_family = sockaddr_family(rq->rq_family), .ru_priority = nl_u32(rq, FRA_PRIORITY, 0) };
	*table = nl_u32(rq, FRA_TABLE, fr.table);
	if ((error = rule_act(fr.action, ru)) != 0)
		return (error);
	/* No prefix is longer than 128 bits: all are suppressed. */
	if ((suppress = nl_u32(rq, FRA_SUPPRESS_PREFIXLEN, UINT32_MAX)) != UINT32_MAX && ru->ru_action == VI_RULE_TABLE)
		ru->ru_minlen = (uint8_t)(suppress < 128 ? suppress + 1 : 129);
	if (ru->ru_action == VI_RULE_GOTO)
		ru->ru_goto = nl_u32(rq, FRA_GOTO, 0);
	return (rule_match(rq, &fr, ru));
}

static void
lowest_each(void *arg, const struct vi_rule *ru)
{
	struct rule_walk *w = arg;

	if (rule_concerns(ru, w->w_family) && ru->ru_priority > 0 && ru->ru_priority < w->w_lowest)
		w->w_lowest = ru->ru_priority;
}

int
nl_newrule(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	struct rule_walk w = { .w_family = rq->rq_family, .w_lowest = PRIO_MAIN };
	struct vi_rule ru;
	uint32_t table;
	int error;

	if ((error = rule_parse(rq, &ru, &table)) != 0)
		return (error);
	if (ru.ru_action == VI_RULE_TABLE && table == RT_TABLE_UNSPEC)
		return (EINVAL);
	if (ru.ru_action == VI_RULE_TABLE && (error = nl_fib_make(vn, cr, table, &ru.ru_fib)) != 0)
		return (error);
	if (!nl_has(rq, FRA_PRIORITY)) {	/* in front of all, as Linux puts it */
		vi_rule_list(vn, lowest_each, &w);
		ru.ru_priority = w.w_lowest > 1 ? w.w_lowest - 1 : 0;
	}
	return (vi_rule_add(vn, &ru));
}

/* Which rule is to go: the first that agrees with all that is said. */
struct rule_victim {
	const struct nl_req *rv_req;
	struct vi_rule	 rv_like;
	uint32_t	 rv_fib;
	bool		 rv_anytable, rv_anyaction, rv_found;
	struct vi_rule	 rv_rule;
};

static bool
same_prefix(const struct vi_sockaddr *a, uint8_t alen, const struct vi_sockaddr *b, uint8_t blen)
{
	return (alen == blen && (alen == 0 || memcmp(a->sa_bytes, b->sa_bytes, sizeof(a->sa_bytes)) == 0));
}

static void
victim_each(void *arg, const struct vi_rule *ru)
{
	struct rule_victim *rv = arg;
	const struct vi_rule *like = &rv->rv_like;
	const struct nl_req *rq = rv->rv_req;
	bool yes;

	if (rv->rv_found || !rule_concerns(ru, rq->rq_family))
		return;
	yes = (!nl_has(rq, FRA_PRIORITY) || ru->ru_priority == like->ru_priority) &&
	    (rv->rv_anyaction || ru->ru_action == like->ru_action) &&
	    (rv->rv_anytable || (ru->ru_action == VI_RULE_TABLE && ru->ru_fib == rv->rv_fib)) &&
	    (!nl_has(rq, FRA_SRC) || same_prefix(&ru->ru_src, ru->ru_srclen, &like->ru_src, like->ru_srclen)) &&
	    (!nl_has(rq, FRA_DST) || same_prefix(&ru->ru_dst, ru->ru_dstlen, &like->ru_dst, like->ru_dstlen)) &&
	    (!nl_has(rq, FRA_FWMARK) || ru->ru_mark == like->ru_mark) && (!nl_has(rq, FRA_FWMASK) || ru->ru_markmask == like->ru_markmask) &&
	    (!nl_has(rq, FRA_IIFNAME) || strcmp(ru->ru_iif, like->ru_iif) == 0) &&
	    (!nl_has(rq, FRA_OIFNAME) || strcmp(ru->ru_oif, like->ru_oif) == 0) &&
	    (!nl_has(rq, FRA_IP_PROTO) || ru->ru_proto == like->ru_proto) && (like->ru_tos == 0 || ru->ru_tos == like->ru_tos) &&
	    (like->ru_minlen == 0 || ru->ru_minlen == like->ru_minlen) && (!nl_has(rq, FRA_GOTO) || ru->ru_goto == like->ru_goto) &&
	    (!nl_has(rq, FRA_UID_RANGE) || (ru->ru_uids && ru->ru_uidfirst == like->ru_uidfirst && ru->ru_uidlast == like->ru_uidlast));
	if (!yes)
		return;
	rv->rv_found = true;
	rv->rv_rule = *ru;
}

int
nl_delrule(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	struct rule_victim rv = { .rv_req = rq };
	struct fib_rule_hdr fr;
	uint32_t table;
	int error;

	(void)cr;
	if ((error = rule_parse(rq, &rv.rv_like, &table)) != 0)
		return (error);
	memcpy(&fr, rq->rq_fixed, sizeof(fr));
	rv.rv_anyaction = fr.action == FR_ACT_UNSPEC;
	rv.rv_anytable = table == RT_TABLE_UNSPEC;
	if (!rv.rv_anytable && nl_fib(vn, table, &rv.rv_fib) != 0)
		return (ENOENT);
	vi_rule_list(vn, victim_each, &rv);
	return (rv.rv_found ? vi_rule_del(vn, &rv.rv_rule) : ENOENT);
}
