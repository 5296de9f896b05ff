/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The parameters that say how much: vcpu.share, vcpu.limit and vcpu.cpus, limit.*, and the kinds of IPC.
 *
 * limit.NAME is the limit (0: none), limit.NAME.cur what is there now, limit.NAME.peak the most there ever was.  All three are
 * of the jail and of the jails in it.  Every limit but that of processes is on what a stack has, so the jail must have one of its own.
 *
 * Linux has one namespace for all kinds of IPC: "new" and "inherit" are said of all of them at once, "disable" of each.
 */
#include <errno.h>
#include <string.h>

#include "host/host.h"
#include "vimage/prison_int.h"

/* vcpu. */

int
set_share(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 1, 10000, &v)) != 0)
		return (error);
	ch->ch_res.cr_share = (uint32_t)v;
	return (0);
}

void
get_share(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vcpu *vc = pr->pr_container[VCLASS_VCPU];

	(void)caller, (void)pa;
	sbuf_printf(sb, "%u", vc == NULL ? LANE_SHARE : vc->vc_share);
}

int
set_cpulimit(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 0, 1000000, &v)) != 0)
		return (error);
	ch->ch_res.cr_cpulimit = (uint32_t)v;
	ch->ch_res.cr_cpulimitset = true;
	return (0);
}

void
get_cpulimit(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vcpu *vc = pr->pr_container[VCLASS_VCPU];

	(void)caller, (void)pa;
	sbuf_printf(sb, "%u", vc == NULL ? 0 : vc->vc_quota.q_percent);
}

/* Seconds. */
void
get_cpuusage(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vcpu *vc = pr->pr_container[VCLASS_VCPU];
	uint64_t us = vc == NULL ? 0 : vcpu_class.vc_account(vc) / 1000;

	(void)caller, (void)pa;
	sbuf_printf(sb, "%llu.%06u", (unsigned long long)(us / 1000000), (unsigned)(us % 1000000));
}

int
set_cpus(struct change *ch, const struct param *pa, const char *value)
{
	struct change_res *cr = &ch->ch_res;
	char text[64];
	int error;

	cr->cr_cpusset = true;
	cr->cr_cpusall = strcmp(value, "all") == 0;
	if (cr->cr_cpusall) {
		cr->cr_cpus = *prison_cpus(ch->ch_parent);
		return (0);
	}
	if ((error = vi_cpus_parse(value, &cr->cr_cpus)) == ERANGE)
		return (change_fail(ch, EINVAL, "%s: \"%s\" has numbers above %u", pa->pa_name, value, VI_MAXCPUS - 1));
	if (error != 0)
		return (change_fail(ch, EINVAL, "%s: \"%s\" is not a list of processors", pa->pa_name, value));
	if (vi_cpus_within(&cr->cr_cpus, prison_cpus(ch->ch_parent)))
		return (0);
	vi_cpus_format(prison_cpus(ch->ch_parent), text, sizeof(text));
	return (change_fail(ch, EINVAL, "%s: \"%s\" is beyond %s, which there are", pa->pa_name, value, text));
}

void
get_cpus(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	char text[VI_PARAMLEN];

	(void)caller, (void)pa;
	vi_cpus_format(prison_cpus(pr), text, sizeof(text));
	sbuf_printf(sb, "%s", text);
}

void
get_cpusetid(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%u", ((const struct vcpu *)pr->pr_container[VCLASS_VCPU])->vc_setid);
}

/* Nobody below may be left without. */
static int
cpus_check(struct change *ch)
{
	const struct change_res *cr = &ch->ch_res;
	const struct prison *who = cr->cr_cpusset && ch->ch_pr != NULL ? vcpu_bereft(ch->ch_pr, &cr->cr_cpus) : NULL;

	if (who == NULL)
		return (0);
	return (change_fail(ch, EDEADLK, "vcpu.cpus: jail \"%s\" would have no processor left", prison_relname(ch->ch_caller, who)));
}

/* limit.* */

static uint64_t
stack_sum(const struct vnet *vn, enum limit_type type, bool peak)
{
	const struct acct *ac = type == LIMIT_MEMORY ? &vn->vn_acct.as_total : &vn->vn_acct.as_acct[ACCT_MBUF];
	uint64_t sum = type == LIMIT_MEMORY ? (peak ? ac->ac_peak : ac->ac_bytes) : ac->ac_count;
	const struct vnet *annex;

	if (!peak)
		LIST_FOREACH(annex, &vn->vn_annexes, vn_annexlink)
			sum += stack_sum(annex, type, false);
	return (sum);
}

/* Taken in pieces, or not at all while nobody limits it: the truth is in the accounts. */
static uint64_t
limit_sum(const struct prison *pr, enum limit_type type, bool peak)
{
	const struct prison *child;
	uint64_t sum = 0;

	if (pr->pr_owns[VCLASS_VNET] && prison_vnet(pr) != NULL)
		sum = stack_sum(prison_vnet(pr), type, peak);
	if (!peak)
		TAILQ_FOREACH(child, &pr->pr_children, pr_sibling)
			sum += limit_sum(child, type, false);
	return (sum);
}

static uint64_t
limit_current(struct prison *pr, enum limit_type type)
{
	if (type == LIMIT_MEMORY || type == LIMIT_MBUFS)
		return (limit_sum(pr, type, false));
	return (atomic_load_explicit(&pr->pr_limits.ls_limit[type].li_cur, memory_order_relaxed));
}

static uint64_t
limit_highest(struct prison *pr, enum limit_type type)
{
	uint64_t peak = atomic_load_explicit(&pr->pr_limits.ls_limit[type].li_peak, memory_order_relaxed);

	if (type == LIMIT_MEMORY || type == LIMIT_MBUFS) {
		peak = MAX(peak, limit_sum(pr, type, true));
		peak = MAX(peak, limit_sum(pr, type, false));
	}
	return (peak);
}

int
set_limit(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 0, INT64_MAX, &v)) != 0)
		return (error);
	ch->ch_res.cr_limit[pa->pa_arg] = (uint64_t)v;
	ch->ch_res.cr_limitset |= 1u << pa->pa_arg;
	return (0);
}

void
get_limit(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%llu", (unsigned long long)pr->pr_limits.ls_limit[pa->pa_arg].li_max);
}

void
get_limitcur(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%llu", (unsigned long long)limit_current(pr, (enum limit_type)pa->pa_arg));
}

void
get_limitpeak(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%llu", (unsigned long long)limit_highest(pr, (enum limit_type)pa->pa_arg));
}

/* Those that are set, in one line for people. */
void
get_limituse(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const char *comma = "";

	(void)caller, (void)pa;
	for (unsigned i = 0; i < LIMIT_MAX; i++) {
		const struct limit *li = &pr->pr_limits.ls_limit[i];
		const enum limit_type type = (enum limit_type)i;

		if (li->li_max == 0)
			continue;
		sbuf_printf(sb, "%s%s %llu of %llu (peak %llu, refused %llu)", comma, limit_name(type), (unsigned long long)limit_current(pr, type),
		    (unsigned long long)li->li_max, (unsigned long long)limit_highest(pr, type),
		    (unsigned long long)atomic_load_explicit(&li->li_hits, memory_order_relaxed));
		comma = ", ";
	}
}

/* IPC. */

int
set_ipc(struct change *ch, const struct param *pa, const char *value)
{
	bool disable = strcmp(value, "disable") == 0;

	if (!disable && strcmp(value, "new") != 0 && strcmp(value, "inherit") != 0)
		return (change_fail(ch, EINVAL, "%s: \"%s\" is neither new, inherit nor disable", pa->pa_name, value));
	if (disable) {
		ch->ch_conf.pc_ipcoff |= pa->pa_arg;
		return (0);
	}
	if (ch->ch_parent->pr_conf.pc_ipcoff & pa->pa_arg)
		return (change_fail(ch, EPERM, "%s: the parent jail does not have it", pa->pa_name));
	ch->ch_conf.pc_ipcoff &= ~pa->pa_arg;
	if (ch->ch_modeset[VCLASS_VIPC] && ch->ch_modes[VCLASS_VIPC] != (value[0] == 'n' ? VMODE_NEW : VMODE_INHERIT))
		return (change_fail(ch, EINVAL, "%s: all kinds of IPC are %s together", pa->pa_name,
		    ch->ch_modes[VCLASS_VIPC] == VMODE_NEW ? "new" : ch->ch_modes[VCLASS_VIPC] == VMODE_INHERIT ? "inherited" : "disabled"));
	return (change_mode(ch, pa->pa_name, VCLASS_VIPC, value[0] == 'n' ? VMODE_NEW : VMODE_INHERIT));
}

void
get_ipc(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	bool off = pr->pr_container[VCLASS_VIPC] == NULL || (pr->pr_conf.pc_ipcoff & pa->pa_arg) != 0;

	(void)caller;
	sbuf_printf(sb, "%s", off ? "disable" : pr->pr_owns[VCLASS_VIPC] ? "new" : "inherit");
}

/* FreeBSD's older way to say that all kinds are the parent's; who says it of a kind, or vipc, means that. */
int
set_sysvipc(struct change *ch, const struct param *pa, const char *value)
{
	(void)pa;
	ch->ch_sysvipc = value[0];
	return (0);
}

void
get_sysvipc(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", pr->pr_container[VCLASS_VIPC] != NULL && !pr->pr_owns[VCLASS_VIPC] ? "true" : "false");
}

static int
sysvipc_check(struct change *ch)
{
	const bool inherits = ch->ch_pr != NULL && ch->ch_pr->pr_container[VCLASS_VIPC] != NULL && !ch->ch_pr->pr_owns[VCLASS_VIPC];

	if (ch->ch_sysvipc == 0 || ch->ch_modeset[VCLASS_VIPC] || (ch->ch_pr != NULL && inherits == (ch->ch_sysvipc == 't')))
		return (0);
	if (ch->ch_sysvipc == 't')
		return (change_mode(ch, "allow.sysvipc", VCLASS_VIPC, VMODE_INHERIT));
	return (inherits ? change_fail(ch, EPERM, "allow.sysvipc: cannot be changed after creation") : 0);
}

int
set_ipclimit(struct change *ch, const struct param *pa, const char *value)
{
	int64_t v;
	int error;

	if ((error = change_number(ch, pa, value, 0, INT64_MAX, &v)) != 0)
		return (error);
	ch->ch_res.cr_ipclimit[pa->pa_arg] = (uint64_t)v;
	ch->ch_res.cr_ipclimitset |= 1u << pa->pa_arg;
	return (0);
}

void
get_ipclimit(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	const struct vipc *vi = pr->pr_container[VCLASS_VIPC];

	(void)caller;
	sbuf_printf(sb, "%llu", vi == NULL ? 0ULL : (unsigned long long)vi->vi_limit[pa->pa_arg]);
}

/* All of them. */

static int
limits_check(struct change *ch)
{
	uint32_t ofstack = ch->ch_res.cr_limitset & ~(1u << LIMIT_PROCESSES);

	for (unsigned i = 0; i < LIMIT_MAX && !change_owns(ch, VCLASS_VNET); i++)
		if (ofstack & 1u << i)
			return (change_fail(ch, EINVAL, "limit.%s: the jail has no network stack of its own", limit_name((enum limit_type)i)));
	return (0);
}

int
change_res_check(struct change *ch)
{
	const struct change_res *cr = &ch->ch_res;
	int error;

	if ((error = sysvipc_check(ch)) != 0)
		return (error);
	if ((cr->cr_share != 0 || cr->cr_cpulimitset || cr->cr_cpusset) && !change_owns(ch, VCLASS_VCPU))
		return (change_fail(ch, EINVAL, "%s: the jail has no vcpu of its own",
		    cr->cr_share != 0 ? "vcpu.share" : cr->cr_cpulimitset ? "vcpu.limit" : "vcpu.cpus"));
	if ((error = cpus_check(ch)) != 0)
		return (error);
	if (cr->cr_ipclimitset != 0 && !change_owns(ch, VCLASS_VIPC))
		return (change_fail(ch, EINVAL, "limit of IPC: the jail has no vipc of its own"));
	return (limits_check(ch));
}

/* Stacks below ask the limits from now on, or need no longer. */
static void
prison_relimit(struct prison *pr)
{
	struct prison *child;

	if (pr->pr_owns[VCLASS_VNET])
		vnet_relimit(prison_vnet(pr));
	TAILQ_FOREACH(child, &pr->pr_children, pr_sibling)
		prison_relimit(child);
}

static void
limits_apply(struct prison *pr, const struct change_res *cr)
{
	for (unsigned i = 0; i < LIMIT_MAX; i++)
		if (cr->cr_limitset & 1u << i)
			pr->pr_limits.ls_limit[i].li_max = cr->cr_limit[i];
	if (cr->cr_limitset & 1u << LIMIT_MEMORY)
		acctset_setlimit(vnet_acct(prison_vnet(pr)), cr->cr_limit[LIMIT_MEMORY]);
	if (cr->cr_limitset != 0)
		prison_relimit(pr);
}

void
change_res_apply(struct change *ch)
{
	const struct change_res *cr = &ch->ch_res;
	struct vcpu *vc = ch->ch_pr->pr_container[VCLASS_VCPU];
	struct vipc *vi = ch->ch_pr->pr_container[VCLASS_VIPC];

	if (cr->cr_share != 0)
		vc->vc_share = cr->cr_share;
	if (cr->cr_cpulimitset)
		quota_set(&vc->vc_quota, cr->cr_cpulimit, host_now(kernel_host(ch->ch_pr->pr_kernel)));
	if (cr->cr_cpusset)
		vcpu_setcpus(ch->ch_pr, cr->cr_cpusall ? NULL : &cr->cr_cpus);
	for (unsigned i = 0; i < VIPC_MAX; i++)
		if (cr->cr_ipclimitset & 1u << i)
			vi->vi_limit[i] = cr->cr_ipclimit[i];
	limits_apply(ch->ch_pr, cr);
}
