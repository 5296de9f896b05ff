/* SPDX-License-Identifier: BSD-2-Clause */
/* The host as the library calls it; what each operation promises is said in <vimage/host.h>. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vimage/host.h>
#include <vimage/vimage.h>

#define HOST_PAGE	4096u

static inline uint64_t host_now(struct vi_host *h) { return (h->h_ops->now(h)); }
static inline uint64_t host_realtime(struct vi_host *h) { return (h->h_ops->realtime(h)); }
static inline void
host_random(struct vi_host *h, void *buf, size_t len)
{
	h->h_ops->random(h, buf, len);
}

static inline void *
host_page_alloc(struct vi_host *h, size_t size, size_t align)
{
	return (h->h_ops->page_alloc(h, size, align));
}

static inline void
host_page_free(struct vi_host *h, void *p, size_t size)
{
	h->h_ops->page_free(h, p, size);
}

static inline void host_wake(struct vi_host *h, unsigned worker) { h->h_ops->wake(h, worker); }

static inline void
host_log(struct vi_host *h, const struct vi_logmsg *lm)
{
	if (h->h_ops->log != NULL)
		h->h_ops->log(h, lm);
}

static inline void *host_mutex_new(struct vi_host *h) { return (h->h_ops->mutex_new(h)); }
static inline void host_mutex_free(struct vi_host *h, void *mtx) { h->h_ops->mutex_free(h, mtx); }
static inline void host_mutex_lock(struct vi_host *h, void *mtx) { h->h_ops->mutex_lock(h, mtx); }
static inline void
host_mutex_unlock(struct vi_host *h, void *mtx)
{
	h->h_ops->mutex_unlock(h, mtx);
}

/* Is this the simulated host, whose time kernel_run may move? */
bool	host_is_sim(const struct vi_host *);

#endif
