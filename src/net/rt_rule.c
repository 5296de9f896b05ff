/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy rules: which table a packet is routed by, as "ip rule" has them on Linux.
 *
 * What the packet's own table knows as an address of this host stays with it.  For all else the
 * rules are asked, lowest priority first; one whose table has no route (or a throw route, or too short
 * a prefix only) passes on to the next, and behind the last is the packet's own table.  Without rules all this is one test.
 * Interfaces are known by name, so that a rule may be there before its interface.
 */
#include <errno.h>
#include <string.h>

#include "base/endian.h"
#include "net/route_int.h"

/* A prefix that was asked for, ready to compare. */
struct rt_match {
	bool		 rm_any;
	uint8_t		 rm_af, rm_len;
	uint32_t	 rm_key[FIB_MAXWORDS];
};

struct rt_rule {
	TAILQ_ENTRY(rt_rule) rr_link;
	struct vi_rule	 rr_rule;
	struct rt_match	 rr_src, rr_dst;
};

/* The answers of rules that lead nowhere. */
static const struct nhop rt_rule_nhops[] = {
	[VI_RULE_BLACKHOLE] = { .nh_flags = RTF_UP | RTF_BLACKHOLE },
	[VI_RULE_UNREACHABLE] = { .nh_flags = RTF_UP | RTF_REJECT },
	[VI_RULE_PROHIBIT] = { .nh_flags = RTF_UP | RTF_REJECT | RTF_PROHIBIT },
};

static int
rt_match_set(struct rt_match *rm, const struct vi_sockaddr *sa, uint8_t len)
{
	struct net_addr na;
	int error;

	*rm = (struct rt_match){ .rm_any = sa->sa_family == VI_AF_UNSPEC, .rm_len = len };
	if (rm->rm_any)
		return (len == 0 ? 0 : EINVAL);
	if ((error = rt_addr(sa, NULL, &na)) != 0)
		return (error);
	rm->rm_af = na.na_af;
	rt_key(rm->rm_key, &na);
	return (len > rt_bits(na.na_af) ? EINVAL : 0);
}

static bool
rt_match_addrs(const struct rt_match *rm, const struct net_addr *na)
{
	uint32_t key[FIB_MAXWORDS];

	if (rm->rm_any)
		return (true);
	if (rm->rm_af != na->na_af)
		return (false);
	rt_key(key, na);
	return (fib_same(key, rm->rm_key, rm->rm_len));
}

static bool
rt_match_port(const struct vi_ports *po, uint16_t port)
{
	return (po->po_last == 0 || (NTOHS(port) >= po->po_first && NTOHS(port) <= po->po_last));
}

/* Our own packets come in by the loopback interface, as Linux puts it. */
static bool
rt_match_iif(const struct rt_flow *rf, const char *name, const struct ifnet *lo0)
{
	const struct ifnet *ifp = rf->rf_iif != NULL ? rf->rf_iif : lo0;

	return (name[0] == '\0' || (ifp != NULL && strcmp(ifp->if_xname, name) == 0));
}

static bool
rt_match_oif(struct vnet *vn, const struct rt_flow *rf, const char *name)
{
	const struct ifnet *ifp;

	if (name[0] == '\0')
		return (true);
	return (rf->rf_oif != 0 && (ifp = ifnet_byindex(vn, rf->rf_oif)) != NULL &&
	    strcmp(ifp->if_xname, name) == 0);
}

/* Who sent what came from elsewhere is not known. */
static bool
rt_match_uid(const struct rt_flow *rf, const struct vi_rule *ru)
{
	return (!ru->ru_uids || (rf->rf_iif == NULL && rf->rf_uid >= ru->ru_uidfirst && rf->rf_uid <= ru->ru_uidlast));
}

static bool
rt_rule_matches(struct vnet *vn, const struct rt_rule *rr, const struct rt_flow *rf)
{
	const struct vi_rule *ru = &rr->rr_rule;
	const uint8_t family = rf->rf_dst.na_af == NET_AF_INET ? VI_AF_INET : VI_AF_INET6;
	struct net_addr src = rf->rf_src;
	bool yes;

	src.na_af = rf->rf_dst.na_af;
	if (ru->ru_family != VI_AF_UNSPEC && ru->ru_family != family)
		return (false);
	yes = (rf->rf_mark & ru->ru_markmask) == ru->ru_mark &&
	    (ru->ru_tos == 0 || (rf->rf_tos & ~3) == ru->ru_tos) &&
	    (ru->ru_proto == 0 || rf->rf_proto == ru->ru_proto) &&
	    rt_match_addrs(&rr->rr_src, &src) && rt_match_addrs(&rr->rr_dst, &rf->rf_dst) &&
	    rt_match_port(&ru->ru_sport, rf->rf_sport) &&
	    rt_match_port(&ru->ru_dport, rf->rf_dport) && rt_match_uid(rf, ru) &&
	    rt_match_iif(rf, ru->ru_iif, net_vnet(vn)->nv_lo0) && rt_match_oif(vn, rf, ru->ru_oif);
	return (yes != ru->ru_not);
}

const struct nhop *
rt_rules_lookup(struct route_vnet *rv, const uint32_t *key, const struct rt_flow *rf, uint32_t *fib)
{
	const struct vi_rule *ru;
	struct rt_rule *rr;
	struct rt_nhop *rn;
	uint32_t from = 0;

	TAILQ_FOREACH(rr, &rv->rv_rules, rr_link) {
		ru = &rr->rr_rule;
		if (ru->ru_priority < from || !rt_rule_matches(rv->rv_vnet, rr, rf))
			continue;
		rr->rr_rule.ru_hits++;
		if (ru->ru_action == VI_RULE_GOTO) {
			from = ru->ru_goto;
			continue;
		}
		if (ru->ru_action != VI_RULE_TABLE)
			return (&rt_rule_nhops[ru->ru_action]);
		if ((rn = rt_match_long(rv, ru->ru_fib, rf->rf_dst.na_af, key, rf, ru->ru_minlen)) != NULL) {
			*fib = ru->ru_fib;
			rn->rn_nh.nh_use++;
			return (&rn->rn_nh);
		}
	}
	return (NULL);
}

/* Management */

static bool
rt_ports_same(const struct vi_ports *a, const struct vi_ports *b)
{
	return (a->po_first == b->po_first && a->po_last == b->po_last);
}

static bool
rt_match_same(const struct rt_match *a, const struct rt_match *b)
{
	if (a->rm_any || b->rm_any)
		return (a->rm_any && b->rm_any);
	return (a->rm_af == b->rm_af && a->rm_len == b->rm_len &&
	    fib_same(a->rm_key, b->rm_key, a->rm_len));
}

static bool
rt_rule_same(const struct rt_rule *a, const struct rt_rule *b)
{
	const struct vi_rule *x = &a->rr_rule, *y = &b->rr_rule;

	return (x->ru_priority == y->ru_priority && x->ru_family == y->ru_family &&
	    x->ru_action == y->ru_action && x->ru_fib == y->ru_fib && x->ru_not == y->ru_not &&
	    x->ru_minlen == y->ru_minlen && x->ru_goto == y->ru_goto && x->ru_uids == y->ru_uids &&
	    x->ru_uidfirst == y->ru_uidfirst && x->ru_uidlast == y->ru_uidlast &&
	    x->ru_mark == y->ru_mark && x->ru_markmask == y->ru_markmask &&
	    x->ru_tos == y->ru_tos && x->ru_proto == y->ru_proto &&
	    rt_ports_same(&x->ru_sport, &y->ru_sport) &&
	    rt_ports_same(&x->ru_dport, &y->ru_dport) && strcmp(x->ru_iif, y->ru_iif) == 0 &&
	    strcmp(x->ru_oif, y->ru_oif) == 0 && rt_match_same(&a->rr_src, &b->rr_src) &&
	    rt_match_same(&a->rr_dst, &b->rr_dst));
}

static bool
rt_name_ok(const char name[VI_IFNAMSIZ])
{
	return (memchr(name, '\0', VI_IFNAMSIZ) != NULL);
}

static int
rt_rule_check(const struct route_vnet *rv, const struct vi_rule *ru)
{
	if (ru->ru_action > VI_RULE_GOTO || (ru->ru_mark & ~ru->ru_markmask) != 0 ||
	    ru->ru_sport.po_first > ru->ru_sport.po_last ||
	    ru->ru_dport.po_first > ru->ru_dport.po_last || (ru->ru_tos & 3) != 0 ||
	    !rt_name_ok(ru->ru_iif) || !rt_name_ok(ru->ru_oif))
		return (EINVAL);
	if (ru->ru_action == VI_RULE_TABLE ? ru->ru_fib >= rv->rv_nfibs : ru->ru_minlen != 0)
		return (EINVAL);
	if (ru->ru_action == VI_RULE_GOTO ? ru->ru_goto <= ru->ru_priority : ru->ru_goto != 0)
		return (EINVAL);
	if (ru->ru_uids ? ru->ru_uidfirst > ru->ru_uidlast : (ru->ru_uidfirst | ru->ru_uidlast) != 0)
		return (EINVAL);
	if (ru->ru_family != VI_AF_UNSPEC && ru->ru_family != VI_AF_INET &&
	    ru->ru_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if (ru->ru_src.sa_family != VI_AF_UNSPEC && ru->ru_dst.sa_family != VI_AF_UNSPEC &&
	    ru->ru_src.sa_family != ru->ru_dst.sa_family)
		return (EINVAL);
	return (0);
}

static int
rt_rule_set(const struct route_vnet *rv, const struct vi_rule *ru, struct rt_rule *rr)
{
	int error;

	if ((error = rt_rule_check(rv, ru)) != 0)
		return (error);
	*rr = (struct rt_rule){ .rr_rule = *ru };
	rr->rr_rule.ru_hits = 0;
	if ((error = rt_match_set(&rr->rr_src, &ru->ru_src, ru->ru_srclen)) != 0)
		return (error);
	return (rt_match_set(&rr->rr_dst, &ru->ru_dst, ru->ru_dstlen));
}

static struct rt_rule *
rt_rule_find(const struct route_vnet *rv, const struct rt_rule *like)
{
	struct rt_rule *rr;

	TAILQ_FOREACH(rr, &rv->rv_rules, rr_link)
		if (rt_rule_same(rr, like))
			return (rr);
	return (NULL);
}

int
rt_rule_add(struct vnet *vn, const struct vi_rule *ru)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_rule new, *rr, *after = NULL;
	int error;

	if ((error = rt_rule_set(rv, ru, &new)) != 0)
		return (error);
	if (rt_rule_find(rv, &new) != NULL)
		return (EEXIST);
	if (rv->rv_nrules >= rv->rv_maxrules ||
	    (rr = kmalloc(rt_acct(rv), ACCT_ROUTE, sizeof(*rr))) == NULL)
		return (ENOBUFS);
	*rr = new;
	TAILQ_FOREACH(after, &rv->rv_rules, rr_link)
		if (after->rr_rule.ru_priority > ru->ru_priority)
			break;
	if (after != NULL)
		TAILQ_INSERT_BEFORE(after, rr, rr_link);
	else
		TAILQ_INSERT_TAIL(&rv->rv_rules, rr, rr_link);
	rv->rv_nrules++;
	rv->rv_generation++;
	rt_event_rule(rv, VI_RTEV_RULE_ADD, &rr->rr_rule);
	return (0);
}

static void
rt_rule_free(struct route_vnet *rv, struct rt_rule *rr)
{
	TAILQ_REMOVE(&rv->rv_rules, rr, rr_link);
	rv->rv_nrules--;
	rv->rv_generation++;
	kfree(rt_acct(rv), ACCT_ROUTE, rr, sizeof(*rr));
}

int
rt_rule_delete(struct vnet *vn, const struct vi_rule *ru)
{
	struct route_vnet *rv = route_vnet(vn);
	struct rt_rule like, *rr;
	int error;

	if ((error = rt_rule_set(rv, ru, &like)) != 0)
		return (error);
	if ((rr = rt_rule_find(rv, &like)) == NULL)
		return (ESRCH);
	rt_event_rule(rv, VI_RTEV_RULE_DEL, &rr->rr_rule);
	rt_rule_free(rv, rr);
	return (0);
}

void
rt_rule_list(struct vnet *vn, vi_rule_fn *fn, void *arg)
{
	const struct rt_rule *rr;

	TAILQ_FOREACH(rr, &route_vnet(vn)->rv_rules, rr_link)
		fn(arg, &rr->rr_rule);
}

void
rt_rules_init(struct route_vnet *rv)
{
	TAILQ_INIT(&rv->rv_rules);
}

void
rt_rules_fini(struct route_vnet *rv)
{
	struct rt_rule *rr;

	while ((rr = TAILQ_FIRST(&rv->rv_rules)) != NULL)
		rt_rule_free(rv, rr);
}
