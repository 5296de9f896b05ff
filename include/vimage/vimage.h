/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels, workers and network stacks.
 *
 * A kernel holds any number of vnets; nothing is shared between kernels.  A vnet is one complete network
 * stack.  It lives on a lane; a lane is run by one worker at a time.
 *
 * Threads.  A kernel with one worker (the default) is used from one thread: call vi_kernel_poll() or
 * vi_kernel_run() there and everything else between.  With several workers each worker thread loops
 *
 *	vi_worker_enter(w);  ... its own calls on sockets of vnets this worker runs ...
 *	wait = vi_worker_poll(w);
 *	vi_worker_leave(w);  sleep at most `wait` ns or until host->wake
 *
 * and management (everything that names a vnet, interface, route, jail or sysctl) is done between
 * vi_kernel_lock() and vi_kernel_unlock(), which stop all workers at a safe point.  The lock is recursive
 * in no case and is never taken inside enter/leave.  Calls documented as *management* must hold it when the kernel has
 * more than one worker; with one worker it is free and may be left out.
 */
#ifndef VIMAGE_VIMAGE_H
#define VIMAGE_VIMAGE_H

#include <vimage/host.h>
#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

VI_API const char *vi_version(void);

struct vi_kernel_params {
	struct vi_host	*kp_host;	/* required; outlives the kernel */
	unsigned	 kp_workers;	/* 0 means 1 */
	size_t		 kp_maxmem;	/* ceiling for the whole kernel, bytes; 0 = none */
	const char	*kp_identity;	/* who it is: link addresses are made of it, the same for the same text; NULL: by chance */
};

/* What a destroyed thing left behind; see vi_kernel_free and vi_vnet_destroy. */
struct vi_leak {
	const char	*lk_zone;	/* account that is not zero */
	uint64_t	 lk_count;	/* objects */
	uint64_t	 lk_bytes;
};
typedef void vi_leak_fn(void *arg, const struct vi_leak *);

/* A new kernel with prison0 and vnet0 (which has lo0, down and without an address). */
VI_API int	vi_kernel_new(const struct vi_kernel_params *, struct vi_kernel **);
/* Destroys every vnet, then the kernel.  Each leak is reported to fn (may be NULL); returns how many. */
VI_API unsigned	vi_kernel_free(struct vi_kernel *, vi_leak_fn *fn, void *arg);
VI_API struct vi_host *vi_kernel_host(struct vi_kernel *);
VI_API struct vi_vnet *vi_vnet0(struct vi_kernel *);

/*
 * Runs what is runnable, once through all workers' lanes (single-worker kernels).  Returns ns until the next timer, 0 if
 * there is more to do at once, VI_FOREVER if nothing is scheduled.
 */
VI_API uint64_t	vi_kernel_poll(struct vi_kernel *);
/*
 * Simulated host only: runs until virtual time `until` (absolute ns), jumping over idle time.  Stops early when
 * *stop becomes true (may be NULL) or nothing is left to do.  Returns the time reached.
 */
VI_API uint64_t	vi_kernel_run(struct vi_kernel *, uint64_t until, const bool *stop);
/*
 * Simulated host only (EOPNOTSUPP): when virtual time is `when`, vi_kernel_run calls fn, in between everything else: it may make every call but those that
 * run or free the kernel, this one included.  Events of one time run in the order they were asked for.
 */
typedef void vi_event_fn(void *arg);
VI_API int	vi_kernel_at(struct vi_kernel *, uint64_t when, vi_event_fn *, void *arg);

/* Workers: for kernels with several. */
VI_API unsigned	vi_kernel_nworkers(const struct vi_kernel *);
VI_API struct vi_worker *vi_kernel_worker(struct vi_kernel *, unsigned i);
VI_API void	vi_worker_enter(struct vi_worker *);
VI_API void	vi_worker_leave(struct vi_worker *);
VI_API uint64_t	vi_worker_poll(struct vi_worker *);	/* as vi_kernel_poll, for one worker, inside enter/leave */
VI_API void	vi_kernel_lock(struct vi_kernel *);
VI_API void	vi_kernel_unlock(struct vi_kernel *);

/* Vnets without a jail (management).  Jails make theirs through jail.h. */
VI_API int	vi_vnet_create(struct vi_kernel *, const char *name, struct vi_vnet **);
/*
 * Stops, drains and frees: sockets are reset and turn dead (every call on them gives ECONNABORTED until vi_close), borrowed
 * interfaces go home, its own are destroyed.  Leaks are reported; returns how many.
 */
VI_API unsigned	vi_vnet_destroy(struct vi_vnet *, vi_leak_fn *fn, void *arg);
VI_API struct vi_kernel *vi_vnet_kernel(const struct vi_vnet *);
VI_API const char *vi_vnet_name(const struct vi_vnet *);
VI_API uint32_t	vi_vnet_id(const struct vi_vnet *);		/* never reused in a kernel's life */
VI_API unsigned	vi_vnet_worker(const struct vi_vnet *);	/* index of the worker that runs it */
VI_API int	vi_vnet_set_worker(struct vi_vnet *, unsigned worker);	/* management: move its lane */
VI_API int	vi_vnet_set_share(struct vi_vnet *, unsigned share);	/* CPU weight, 1..10000, default 100 */

/* Accounts: memory a vnet holds, per kind. */
struct vi_account {
	const char	*va_name;	/* "mbuf", "socket", "tcpcb", "route", ... */
	uint64_t	 va_count, va_bytes;
	uint64_t	 va_peak;	/* bytes */
	uint64_t	 va_limit;	/* bytes, 0 = none */
	uint64_t	 va_failures;	/* refusals because of a limit or of memory */
};
typedef void vi_account_fn(void *arg, const struct vi_account *);
VI_API void	vi_vnet_accounts(struct vi_vnet *, vi_account_fn *, void *arg);
VI_API int	vi_vnet_set_limit(struct vi_vnet *, const char *account, uint64_t bytes);	/* "memory" = the whole vnet */
VI_API uint64_t	vi_vnet_memory(struct vi_vnet *);	/* bytes charged to it now */
VI_API uint64_t	vi_vnet_cputime(struct vi_vnet *);	/* ns its lane has run, and what was spent for it */
/* The embedder has spent ns for it, in the thread of its worker: it is charged as if its lane had. */
VI_API void	vi_vnet_spent(struct vi_vnet *, uint64_t ns);
VI_API uint64_t	vi_vnet_looped(struct vi_vnet *);	/* packets it has queued for itself so far */
/*
 * In the thread of its worker, outside of vi_worker_poll: what is queued for it is done now, out of its turn, for two microseconds at most.  Upcalls are made.
 * The ns it took, which are charged; none where there was nothing to do, or it must wait.
 */
VI_API uint64_t	vi_vnet_run(struct vi_vnet *);
/* The embedder keeps so many bytes for it, in the same thread or as management: they count as its memory.  ENOBUFS. */
VI_API int	vi_vnet_charge(struct vi_vnet *, size_t bytes);
VI_API void	vi_vnet_uncharge(struct vi_vnet *, unsigned n, size_t bytes);	/* what n calls have charged; all of it before the vnet is destroyed */
VI_API bool	vi_vnet_busy(struct vi_vnet *);	/* is there work for its lane? */

/* Statistics by protocol, in the words of netstat -s.  text holds one "%s" for the plural ending or none. */
struct vi_stat {
	const char	*st_proto;	/* "ip", "icmp", "tcp", "udp", "arp", ... in display order */
	const char	*st_name;	/* "ips_forward" : stable machine name */
	const char	*st_text;	/* "packet%s forwarded" */
	uint64_t	 st_value;
};
typedef void vi_stat_fn(void *arg, const struct vi_stat *);
VI_API void	vi_stats(struct vi_vnet *, const char *proto, vi_stat_fn *, void *arg);	/* proto NULL = all */

/* Those that are kept for each interface: of IPv6 and ICMPv6 ("ip6", "icmp6"; NULL = both), since it arrived in the vnet.  ENXIO */
VI_API int	vi_if_stats(struct vi_vnet *, const char *ifname, const char *proto, vi_stat_fn *, void *arg);
VI_API void	vi_stats_clear(struct vi_vnet *, const char *proto);	/* management */

/* The private message buffer (vlog) of a vnet. */
struct vi_logmsg {
	uint64_t	 lm_seq;	/* from 1, gaps mean lost lines */
	uint64_t	 lm_time;	/* realtime ns */
	uint64_t	 lm_uptime;	/* the host's clock; Linux stamps its own messages with the same one */
	uint8_t		 lm_level;	/* 0 emerg .. 7 debug, as syslog(3) */
	uint8_t		 lm_facility;
	const char	*lm_vnet;	/* name of the vnet, "" for the kernel */
	const char	*lm_text;	/* without newline */
};
typedef void vi_log_fn(void *arg, const struct vi_logmsg *);
VI_API uint64_t	vi_log_read(struct vi_vnet *, uint64_t after_seq, vi_log_fn *, void *arg);	/* returns the last seq */
VI_API void	vi_log_clear(struct vi_vnet *);
VI_API void	vi_log(struct vi_vnet *, unsigned level, const char *fmt, ...) VI_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
