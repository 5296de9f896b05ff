/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpu: the weight with which a prison's network stack gets the workers' time, and its programs the host's (the embedder sees to
 * these); a hard limit; and what both have used.
 */
#include <errno.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "vimage/prison.h"

/*
 * Programs' time makes their stack wait for its neighbours: it is added to the lane's virtual time, at most so much at once, because a
 * program runs mostly on another CPU and has been kept to its share there.
 */
#define VCPU_MAXDEBT	2000000		/* ns */

static int
vcpu_attach(struct prison *pr, void *parent, void **cp)
{
	struct vcpu *vc;

	(void)parent;
	if ((vc = kmalloc(&pr->pr_kernel->k_acct, ACCT_PRISON, sizeof(*vc))) == NULL)
		return (ENOMEM);
	vc->vc_owner = pr;
	vc->vc_share = LANE_SHARE;
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
		sum += prison_vnet(pr)->vn_lane.ln_cputime;
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
	if (prison_vnet(pr) != NULL)
		prison_vnet(pr)->vn_lane.ln_debt = MIN(prison_vnet(pr)->vn_lane.ln_debt + ns, (uint64_t)VCPU_MAXDEBT);
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
