/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages and locks of a POSIX system, for the real and for the simulated host. */
#ifndef HOST_POSIX_PAGES_H
#define HOST_POSIX_PAGES_H

#include <stddef.h>

struct vi_host;

void	*pages_alloc(size_t size, size_t align);	/* zeroed, or NULL */
void	 pages_free(void *p, size_t size);

void	*pmutex_new(struct vi_host *);
void	 pmutex_free(struct vi_host *, void *);
void	 pmutex_lock(struct vi_host *, void *);
void	 pmutex_unlock(struct vi_host *, void *);

#endif
