/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vprocg: the processes of a prison.  The library knows their number and their host names; the embedder has the processes
 * themselves (namespaces, credentials) and reports through vi_jail_proc_attach and _detach.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "vimage/prison.h"

#define NO_UUID	"00000000-0000-0000-0000-000000000000"	/* as FreeBSD's of a new jail */

static int
vprocg_attach(struct prison *pr, void *parent, void **cp)
{
	struct vprocg *vp;

	if ((vp = kmalloc(&pr->pr_kernel->k_acct, ACCT_PRISON, sizeof(*vp))) == NULL)
		return (ENOMEM);
	if (parent != NULL) {
		memcpy(vp->vp_hostname, ((struct vprocg *)parent)->vp_hostname, sizeof(vp->vp_hostname));
		memcpy(vp->vp_domainname, ((struct vprocg *)parent)->vp_domainname, sizeof(vp->vp_domainname));
	}
	memcpy(vp->vp_hostuuid, NO_UUID, sizeof(NO_UUID));
	*cp = vp;
	return (0);
}

static unsigned
vprocg_detach(struct prison *pr, void *c, vi_leak_fn *fn, void *arg)
{
	(void)fn, (void)arg;
	kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, c, sizeof(struct vprocg));
	return (0);
}

static void
vprocg_show(const void *c, char *buf, size_t len)
{
	const struct vprocg *vp = c;
	struct sbuf sb;

	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%u processes, host %s", vp->vp_nprocs, vp->vp_hostname);
}

static uint64_t
vprocg_account(const void *c)
{
	return (((const struct vprocg *)c)->vp_nprocs);
}

const struct vclass_ops vprocg_class = {
	.vc_name = "vproc",
	.vc_default = VMODE_NEW,
	.vc_attach = vprocg_attach,
	.vc_detach = vprocg_detach,
	.vc_show = vprocg_show,
	.vc_account = vprocg_account,
};
