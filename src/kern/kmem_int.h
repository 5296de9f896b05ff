/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of any size, without an account. */
#ifndef KERN_KMEM_INT_H
#define KERN_KMEM_INT_H

#include "kern/kmem.h"

/* zeroed says whether the memory happens to be. */
void	*kmem_alloc(struct memcache *, size_t size, bool *zeroed);
void	 kmem_free(struct memcache *, void *, size_t size);

#endif
