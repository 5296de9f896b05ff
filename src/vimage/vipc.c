/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vipc: System V and POSIX interprocess communication of a prison.  The library knows who shares with whom and what is allowed;
 * the embedder has the namespace, the limits and the filter.
 */
#include <errno.h>

#include "base/sbuf.h"
#include "vimage/prison.h"

static int
vipc_attach(struct prison *pr, void *parent, void **cp)
{
	struct vipc *vi;

	(void)parent;
	if ((vi = kmalloc(&pr->pr_kernel->k_acct, ACCT_PRISON, sizeof(*vi))) == NULL)
		return (ENOMEM);
	vi->vi_owner = pr;
	*cp = vi;
	return (0);
}

static unsigned
vipc_detach(struct prison *pr, void *c, vi_leak_fn *fn, void *arg)
{
	(void)fn, (void)arg;
	kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, c, sizeof(struct vipc));
	return (0);
}

static void
vipc_show(const void *c, char *buf, size_t len)
{
	const struct vipc *vi = c;
	struct sbuf sb;

	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "shared memory %llu", (unsigned long long)vi->vi_limit[VIPC_SHM]);
}

/* How many prisons' processes meet here: what they keep in it is the host's to know. */
static uint64_t
vipc_account(const void *c)
{
	const struct prison *owner = ((const struct vipc *)c)->vi_owner;
	uint64_t n = owner->pr_container[VCLASS_VIPC] == c;

	for (const struct prison *pr = prison_below(owner, owner); pr != NULL; pr = prison_below(owner, pr))
		n += pr->pr_container[VCLASS_VIPC] == c;
	return (n);
}

const struct vclass_ops vipc_class = {
	.vc_name = "vipc",
	.vc_candisable = true,
	.vc_default = VMODE_NEW,
	.vc_attach = vipc_attach,
	.vc_detach = vipc_detach,
	.vc_show = vipc_show,
	.vc_account = vipc_account,
};
