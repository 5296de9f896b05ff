/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu: the weight with which a prison's network stack gets the workers' time, and its programs the host's (the embedder sees to
 * these); a hard limit that holds for both together (kern/quota.h); which processors its programs may have; and what both have used.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "host/host.h"
#include "vimage/prison.h"

static int
vcpu_attach(struct prison *pr, void *parent, void **cp)
{
	struct vcpu *vc;

	if ((vc = kmalloc(&pr->pr_kernel->k_acct, ACCT_PRISON, sizeof(*vc))) == NULL)
		return (ENOMEM);
	vc->vc_owner = pr;
	vc->vc_share = LANE_SHARE;
	vc->vc_setid = ++pr->pr_kernel->k_vimage->vk_lastcpuset;
	if (parent != NULL)
		vc->vc_cpus = ((const struct vcpu *)parent)->vc_cpus;
	else
		memset(&vc->vc_cpus, 0xff, sizeof(vc->vc_cpus));
	*cp = vc;
	return (0);
}

static unsigned
vcpu_detach(struct prison *pr, void *c, vi_leak_fn *fn, void *arg)
{
	(void)fn, (void)arg;
	kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, c, sizeof(struct vcpu));
	return (0);
}

static void
vcpu_show(const void *c, char *buf, size_t len)
{
	struct sbuf sb;

	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "share %u", ((const struct vcpu *)c)->vc_share);
}

/* Of a prison and all below: its stack, its programs, and what was there and is gone. */
uint64_t
prison_cputime(const struct prison *pr)
{
	const struct prison *child;
	uint64_t sum = 0;

	if (pr->pr_owns[VCLASS_VCPU])
		sum += ((const struct vcpu *)pr->pr_container[VCLASS_VCPU])->vc_used;
	if (pr->pr_owns[VCLASS_VNET] && prison_vnet(pr) != NULL)
		sum += vnet_cputime(prison_vnet(pr));
	TAILQ_FOREACH(child, &pr->pr_children, pr_sibling)
		sum += prison_cputime(child);
	return (sum);
}

void
prison_addcputime(struct prison *pr, uint64_t ns)
{
	struct vcpu *vc = pr->pr_container[VCLASS_VCPU];

	if (vc != NULL)
		vc->vc_used += ns;
	quota_programs(prison_quota(pr), ns);
	/* A program runs mostly on another CPU and has been kept to its share there: its stack waits for a little of it only. */
	if (prison_vnet(pr) != NULL)
		lane_owes(&prison_vnet(pr)->vn_lane, ns);
}

/* The innermost limit that holds for it. */
struct quota *
prison_quota(const struct prison *pr)
{
	for (; pr != NULL; pr = pr->pr_parent) {
		struct vcpu *vc = pr->pr_owns[VCLASS_VCPU] ? pr->pr_container[VCLASS_VCPU] : NULL;

		if (vc != NULL && vc->vc_quota.q_percent != 0)
			return (&vc->vc_quota);
	}
	return (NULL);
}

void
vcpu_apply(struct prison *pr)
{
	if (pr->pr_owns[VCLASS_VCPU])
		((struct vcpu *)pr->pr_container[VCLASS_VCPU])->vc_quota.q_up = prison_quota(pr->pr_parent);
	if (!pr->pr_owns[VCLASS_VNET] || prison_vnet(pr) == NULL)
		return;
	vnet_setquota(prison_vnet(pr), prison_quota(pr));
	if (pr->pr_owns[VCLASS_VCPU])
		prison_vnet(pr)->vn_lane.ln_share = ((struct vcpu *)pr->pr_container[VCLASS_VCPU])->vc_share;
}

uint32_t
vcpu_split(struct prison *pr)
{
	struct vcpu *vc = pr->pr_container[VCLASS_VCPU];

	return (vc == NULL ? 0 : quota_split(&vc->vc_quota, host_now(kernel_host(pr->pr_kernel))));
}

/*
 * Sets of processors, as FreeBSD's cpuset(2): one for each prison with a vcpu of its own, never more than its parent's.  Who has chosen his loses for good what
 * his parent loses; the others follow theirs.
 */
const struct vi_cpus *
prison_cpus(const struct prison *pr)
{
	return (&((const struct vcpu *)pr->pr_container[VCLASS_VCPU])->vc_cpus);
}

void
vcpu_setcpus(struct prison *pr, const struct vi_cpus *cpus)
{
	struct vcpu *vc = pr->pr_container[VCLASS_VCPU];

	vc->vc_chosen = cpus != NULL;
	vc->vc_cpus = cpus != NULL ? *cpus : *prison_cpus(pr->pr_parent);
}

void
vcpu_restrain(struct prison *pr)
{
	struct vcpu *vc = pr->pr_container[VCLASS_VCPU];

	if (pr->pr_owns[VCLASS_VCPU])
		vc->vc_cpus = vc->vc_chosen ? vi_cpus_both(&vc->vc_cpus, prison_cpus(pr->pr_parent)) : *prison_cpus(pr->pr_parent);
}

const struct prison *
vcpu_bereft(const struct prison *pr, const struct vi_cpus *cpus)
{
	const struct prison *child, *who = NULL;
	const struct vcpu *vc;
	struct vi_cpus left;

	TAILQ_FOREACH(child, &pr->pr_children, pr_sibling) {
		vc = child->pr_container[VCLASS_VCPU];
		left = child->pr_owns[VCLASS_VCPU] && vc->vc_chosen ? vi_cpus_both(&vc->vc_cpus, cpus) : *cpus;
		if (vi_cpus_none(&left))
			return (child);
		if ((who = vcpu_bereft(child, &left)) != NULL)
			break;
	}
	return (who);
}

/* Nothing that was used is forgotten with who used it. */
void
prison_leavecputime(const struct prison *pr)
{
	struct vcpu *vc = pr->pr_parent->pr_container[VCLASS_VCPU];

	if (vc != NULL)
		vc->vc_used += prison_cputime(pr);
}

/* Nanoseconds. */
static uint64_t
vcpu_account(const void *c)
{
	return (prison_cputime(((const struct vcpu *)c)->vc_owner));
}

const struct vclass_ops vcpu_class = {
	.vc_name = "vcpu",
	.vc_default = VMODE_NEW,
	.vc_attach = vcpu_attach,
	.vc_detach = vcpu_detach,
	.vc_show = vcpu_show,
	.vc_account = vcpu_account,
};
