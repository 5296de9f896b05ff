/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host of a kernel: everything the library needs from outside.
 *
 * A host is a struct whose first member is its table of operations; an embedder makes its own
 * by embedding struct vi_host.  Two come with the library: the POSIX one (real clock, getrandom,
 * mmap) and the simulated one (virtual time, seeded randomness, failing allocator).
 *
 * Threads: now, realtime, random, page_alloc, page_free, wake and log may be called from every worker at
 * once; the mutex operations as usual.
 */
#ifndef VIMAGE_HOST_H
#define VIMAGE_HOST_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vi_logmsg;

struct vi_host_ops {
	/* Monotonic time, ns.  Never goes back. */
	uint64_t (*now)(struct vi_host *);
	/* Time of day, ns since 1970-01-01 UTC; for stamps in logs only. */
	uint64_t (*realtime)(struct vi_host *);
	/* Fill buf with unpredictable bytes (seeded bytes on the simulated host). */
	void	 (*random)(struct vi_host *, void *buf, size_t len);
	/*
	 * Memory in pages: size is a multiple of 4096, the result is aligned to `align` (a power of two >= 4096)
	 * and zeroed; NULL when there is none.
	 */
	void	*(*page_alloc)(struct vi_host *, size_t size, size_t align);
	void	 (*page_free)(struct vi_host *, void *p, size_t size);
	/* A worker that may sleep in the host has work again.  Called at most once per sleep. */
	void	 (*wake)(struct vi_host *, unsigned worker);
	/* A copy of each kernel message; may be NULL. */
	void	 (*log)(struct vi_host *, const struct vi_logmsg *);
	/* Locks for the slow paths shared by workers. */
	void	*(*mutex_new)(struct vi_host *);
	void	 (*mutex_free)(struct vi_host *, void *);
	void	 (*mutex_lock)(struct vi_host *, void *);
	void	 (*mutex_unlock)(struct vi_host *, void *);
};

struct vi_host {
	const struct vi_host_ops *h_ops;
};

/* The real host.  wake (may be NULL) is called for a sleeping worker; log (may be NULL) gets each message. */
struct vi_posix_params {
	void	(*pp_wake)(void *arg, unsigned worker);
	void	(*pp_log)(void *arg, const struct vi_logmsg *);
	void	*pp_arg;
};
VI_API int	vi_host_posix_new(const struct vi_posix_params *, struct vi_host **);
VI_API void	vi_host_posix_free(struct vi_host *);

/* The simulated host: time moves only by vi_sim_advance or by vi_kernel_run; the same seed gives the same bytes. */
VI_API int	vi_host_sim_new(uint64_t seed, struct vi_host **);
VI_API void	vi_host_sim_free(struct vi_host *);
VI_API uint64_t	vi_sim_now(struct vi_host *);
VI_API void	vi_sim_advance(struct vi_host *, uint64_t ns);		/* forward by ns */
VI_API void	vi_sim_fail_alloc(struct vi_host *, uint64_t nth);	/* the nth page_alloc from now fails; 0 = never */
VI_API uint64_t	vi_sim_allocs(struct vi_host *);			/* page_alloc calls so far */
VI_API size_t	vi_sim_memory(struct vi_host *);			/* bytes allocated now */

#ifdef __cplusplus
}
#endif
#endif
