/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpu: the weight with which a prison's network stack gets the workers' time. */
#include <errno.h>

#include "base/sbuf.h"
#include "vimage/prison.h"

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

/* Nanoseconds the owner's stack has run. */
static uint64_t
vcpu_account(const void *c)
{
	const struct vcpu *vc = c;
	const struct vnet *vn = prison_vnet(vc->vc_owner);

	return (vn == NULL ? 0 : vn->vn_lane.ln_cputime);
}

const struct vclass_ops vcpu_class = {
	.vc_name = "vcpu",
	.vc_default = VMODE_NEW,
	.vc_attach = vcpu_attach,
	.vc_detach = vcpu_detach,
	.vc_show = vcpu_show,
	.vc_account = vcpu_account,
};
