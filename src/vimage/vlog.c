/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vlog: the private message buffer of a prison.  A stack writes its messages into the buffer it has anyway (vn_log), from its lane; so that is the
 * buffer of a prison which owns its stack.  One without a stack of its own gets the buffer here, for what is said about the prison itself (refused privileges),
 * under the kernel lock.  The stack of a prison that inherits its log hands its messages to that one, with its name before them.
 *
 * Warnings and worse are copied to prison0's buffer, or what vlog.copy says.
 */
#include <errno.h>

#include "base/sbuf.h"
#include "vimage/prison.h"

static int
vlog_attach(struct prison *pr, void *parent, void **cp)
{
	struct vlog *vl;

	(void)parent;
	if ((vl = kmalloc(&pr->pr_kernel->k_acct, ACCT_PRISON, sizeof(*vl))) == NULL)
		return (ENOMEM);
	msglog_init(&vl->vl_log, &pr->pr_kernel->k_acct, pr->pr_name);
	*cp = vl;
	return (0);
}

static unsigned
vlog_detach(struct prison *pr, void *c, vi_leak_fn *fn, void *arg)
{
	struct vlog *vl = c;

	(void)fn, (void)arg;
	msglog_fini(&vl->vl_log);
	kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, vl, sizeof(*vl));
	return (0);
}

void
vlog_apply(struct prison *pr)
{
	struct msglog *log0 = &pr->pr_kernel->k_vimage->vk_vnet0->vn_log;

	if (pr->pr_parent == NULL)
		return;
	if (pr->pr_owns[VCLASS_VLOG])
		msglog_copyto(prison_log(pr), pr->pr_conf.pc_logcopy < 0 ? NULL : log0, pr->pr_conf.pc_logcopy, false);
	else if (pr->pr_owns[VCLASS_VNET])
		msglog_copyto(&prison_vnet(pr)->vn_log, prison_log(pr->pr_parent), LOG_DEBUG, true);
}

static void
vlog_show(const void *c, char *buf, size_t len)
{
	struct sbuf sb;

	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%llu messages", (unsigned long long)((const struct vlog *)c)->vl_log.ml_seq);
}

static uint64_t
vlog_account(const void *c)
{
	return (((const struct vlog *)c)->vl_log.ml_seq);
}

const struct vclass_ops vlog_class = {
	.vc_name = "vlog",
	.vc_default = VMODE_NEW,
	.vc_candisable = false,
	.vc_attach = vlog_attach,
	.vc_detach = vlog_detach,
	.vc_show = vlog_show,
	.vc_account = vlog_account,
};
