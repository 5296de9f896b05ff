/* SPDX-License-Identifier: BSD-2-Clause */
/* What is remembered of a host beyond the end of its connections (tcp_hostcache.c). */
#ifndef NETINET_TCP_TCP_HOSTCACHE_H
#define NETINET_TCP_TCP_HOSTCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "base/siphash.h"
#include "kern/lane.h"

struct hc_entry;
struct sysctl_desc;
struct tcp_vnet;
struct tcpcb;
struct vnet;
TAILQ_HEAD(hc_bucket, hc_entry);

struct tcp_hostcache {
	struct hc_bucket *hc_bucket;	/* NULL while nothing is remembered */
	uint32_t	 hc_nbuckets;
	uint32_t	 hc_count;
	struct siphash_key hc_key;
	struct callout	 hc_callout;
	/* net.inet.tcp.hostcache.* */
	int		 hc_enable, hc_hashsize, hc_bucketlimit, hc_cachelimit;
	int		 hc_expire, hc_prune;	/* s */
	int		 hc_purgeall;
};

void	tcp_hc_init(struct tcp_vnet *);
void	tcp_hc_fini(struct tcp_vnet *);	/* forgets everything; safe to call twice */
/* The path is known: a smaller MTU than the routes know of. */
void	tcp_hc_mtu(struct tcpcb *);
/* The connection begins: round trip and threshold. */
void	tcp_hc_use(struct tcpcb *);
/* The connection ends: what it learned. */
void	tcp_hc_update(const struct tcpcb *);
/* sysctls: hashsize (forgets everything), purgenow, list */
int	tcp_sysctl_hchash(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	tcp_sysctl_hcpurge(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	tcp_sysctl_hclist(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	tcp_sysctl_hchisto(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);

#endif
