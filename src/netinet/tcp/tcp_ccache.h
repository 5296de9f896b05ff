/* SPDX-License-Identifier: BSD-2-Clause */
/* What callers know of Fast Open's servers: their cookies, and which do not answer (tcp_ccache.c). */
#ifndef NETINET_TCP_TCP_CCACHE_H
#define NETINET_TCP_TCP_CCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include "base/siphash.h"

struct cc_entry;
struct sysctl_desc;
struct tcp_vnet;
struct tcpcb;
struct vnet;
LIST_HEAD(cc_bucket, cc_entry);

struct tcp_ccache {
	struct cc_bucket *ck_bucket;	/* NULL while nothing is known */
	uint32_t	 ck_nbuckets;
	uint32_t	 ck_count;
	struct siphash_key ck_key;
	/* net.inet.tcp.fastopen.ccache_* */
	int		 ck_buckets, ck_limit;
};

/* What is known of a server. */
struct tcp_tfohost {
	uint8_t		 th_cookie[16];
	uint8_t		 th_len;	/* 0 = no cookie */
	bool		 th_exp;	/* it came in the form of the experiment */
	uint8_t		 th_try;	/* without a cookie: 1 = ask that way next, 2 = that was no use */
	uint16_t	 th_mss;	/* what it took, 0 = unknown */
};

void	tcp_ccache_clear(struct tcp_vnet *);	/* forgets everything; safe to call twice */
/* Of the server that the connection is to; false: it is not to be tried now. */
bool	tcp_ccache_get(const struct tcpcb *, struct tcp_tfohost *);
/* A cookie, or that there was none; the latter does not make one forget. */
void	tcp_ccache_set(const struct tcpcb *, const struct tcp_tfohost *);
/* It failed: not for net.inet.tcp.fastopen.path_disable_time s. */
void	tcp_ccache_fail(const struct tcpcb *);
/* sysctls: ccache_buckets (forgets everything), ccache_bucket_limit, ccache_list */
int	tcp_sysctl_ccachebuckets(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	tcp_sysctl_ccachelimit(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	tcp_sysctl_ccachelist(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);

#endif
