/* SPDX-License-Identifier: BSD-2-Clause */
/* vnet as a container: the network stack of a prison. */
#include <errno.h>

#include "base/sbuf.h"
#include "vimage/prison.h"

static int
vnet_class_attach(struct prison *pr, void *parent, void **cp)
{
	struct vnet *vn;
	char name[64];
	size_t len;
	int error;

	(void)parent;
	/* The vnet's own name is for logs: the end of the jail's name if that is long. */
	for (len = 0; pr->pr_name[len] != '\0'; len++)
		;
	for (size_t i = 0, off = len >= sizeof(name) ? len - sizeof(name) + 1 : 0; off <= len; i++, off++)
		name[i] = pr->pr_name[off];
	if ((error = vnet_create(pr->pr_kernel, name, &pr->pr_limits, &vn)) != 0)
		return (error);
	*cp = vn;
	return (0);
}

static unsigned
vnet_class_detach(struct prison *pr, void *c, vi_leak_fn *fn, void *arg)
{
	(void)pr;
	return (vnet_destroy(c, fn, arg));
}

static void
vnet_class_show(const void *c, char *buf, size_t len)
{
	const struct vnet *vn = c;
	struct sbuf sb;

	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "vnet %u, %llu bytes", vn->vn_id, (unsigned long long)vn->vn_acct.as_total.ac_bytes);
}

static uint64_t
vnet_class_account(const void *c)
{
	return (((const struct vnet *)c)->vn_acct.as_total.ac_bytes);
}

const struct vclass_ops vnet_class = {
	.vc_name = "vnet",
	.vc_default = VMODE_INHERIT,
	.vc_attach = vnet_class_attach,
	.vc_detach = vnet_class_detach,
	.vc_show = vnet_class_show,
	.vc_account = vnet_class_account,
};
