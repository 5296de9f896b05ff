/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of container classes, and how a prison gets and loses a container of each. */
#include <errno.h>

#include "vimage/prison.h"

/* A new class is one file and one row here (and one in enum vclass). */
const struct vclass_ops *const vclass_table[VCLASS_MAX] = {
	[VCLASS_VNET] = &vnet_class,
	[VCLASS_VPROCG] = &vprocg_class,
	[VCLASS_VCPU] = &vcpu_class,
	[VCLASS_VIPC] = &vipc_class,
	[VCLASS_VLOG] = &vlog_class,
};

_Static_assert((int)VCLASS_VNET == VI_CLASS_VNET && (int)VCLASS_VPROCG == VI_CLASS_VPROC && (int)VCLASS_VCPU == VI_CLASS_VCPU &&
    (int)VCLASS_VIPC == VI_CLASS_VIPC && (int)VCLASS_VLOG == VI_CLASS_VLOG && (int)VCLASS_MAX == VI_CLASS_MAX, "enum vi_class");

int
container_attach(struct prison *pr, enum vclass vc, enum vmode mode)
{
	const struct vclass_ops *ops = vclass_table[vc];
	void *parent = pr->pr_parent != NULL ? pr->pr_parent->pr_container[vc] : NULL;
	int error;

	pr->pr_owns[vc] = false;
	switch (mode) {
	case VMODE_DISABLE:
		pr->pr_container[vc] = NULL;
		return (ops->vc_candisable ? 0 : EINVAL);
	case VMODE_INHERIT:
		pr->pr_container[vc] = parent;
		return (0);
	case VMODE_NEW:
		if ((error = ops->vc_attach(pr, parent, &pr->pr_container[vc])) == 0)
			pr->pr_owns[vc] = true;
		return (error);
	}
	return (EINVAL);
}

unsigned
container_detach(struct prison *pr, enum vclass vc, vi_leak_fn *fn, void *arg)
{
	const struct vclass_ops *ops = vclass_table[vc];
	unsigned leaks = 0;

	if (pr->pr_owns[vc]) {
		if (ops->vc_stop != NULL)
			ops->vc_stop(pr, pr->pr_container[vc]);
		leaks = ops->vc_detach(pr, pr->pr_container[vc], fn, arg);
	}
	pr->pr_container[vc] = NULL;
	pr->pr_owns[vc] = false;
	return (leaks);
}
