/* SPDX-License-Identifier: BSD-2-Clause */
/* The framework of a kernel: built after kern's part, gone before it. */
#include "vimage/vimage.h"

#include <errno.h>

#include "base/assert.h"
#include "vimage/prison.h"

int
vimage_init(struct kernel *k, const struct vnet_module *const *modules, unsigned n)
{
	struct vimage_kern *vk;
	int error;

	if ((vk = kmalloc(&k->k_acct, ACCT_MISC, sizeof(*vk))) == NULL)
		return (ENOMEM);
	k->k_vimage = vk;
	TAILQ_INIT(&vk->vk_vnets);
	RB_INIT(&vk->vk_byid);
	vk->vk_nmodules = n;
	error = vnet_modules_sort(modules, n, vk->vk_modules);
	VI_ASSERT(error == 0);
	if ((error = prison_init(k)) != 0)
		(void)vimage_fini(k, NULL, NULL);
	return (error);
}

unsigned
vimage_fini(struct kernel *k, vi_leak_fn *fn, void *arg)
{
	struct vimage_kern *vk = k->k_vimage;
	struct vnet *vn;
	unsigned leaks;

	/* Vnets that no prison owns first: their interfaces may be lent to prisons' stacks. */
	for (vn = TAILQ_FIRST(&vk->vk_vnets), leaks = 0; vn != NULL;) {
		if (vn->vn_jid < 0) {
			leaks += vnet_destroy(vn, fn, arg);
			vn = TAILQ_FIRST(&vk->vk_vnets);	/* others may have gone with it */
		} else
			vn = TAILQ_NEXT(vn, vn_link);
	}
	leaks += prison_fini(k, fn, arg);
	VI_ASSERT(TAILQ_EMPTY(&vk->vk_vnets));
	kfree(&k->k_acct, ACCT_MISC, vk, sizeof(*vk));
	k->k_vimage = NULL;
	return (leaks);
}
