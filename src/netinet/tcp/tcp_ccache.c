/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cookie cache: what the caller's side of Fast Open (RFC 7413 4.1.3) keeps of the servers it talked to.
 *
 * An entry stands for a path, which is our address, the server's and its port (4.1.3.1); as a Linux, for
 * the two addresses.  It has the cookie that came last and the MSS that came with it, or the time at which
 * Fast Open failed there.  What failed does not make the cookie forgotten: it may be good again.
 *
 * Limits: net.inet.tcp.fastopen.ccache_bucket_limit entries in each of ccache_buckets chains; beyond, and
 * where there is no memory, the one of the chain that was used longest ago makes room.  Nothing expires, as
 * in FreeBSD: a server says itself that a cookie is too old, by another one.  The table is made with the
 * first entry; all goes when callers may not use Fast Open any more (client_enable).
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "base/sbuf.h"
#include "kern/sysctl.h"

struct cc_path {
	struct in_addr_any cp_laddr, cp_faddr;
	uint16_t	 cp_fport;	/* network order */
	uint16_t	 cp_family;
};

struct cc_entry {
	LIST_ENTRY(cc_entry) ce_link;	/* most recently used first */
	struct cc_path	 ce_path;
	bool		 ce_failed;
	uint64_t	 ce_failtime;
	struct tcp_tfohost ce_tfo;
};

static void
ccache_remove(struct tcp_vnet *tv, struct cc_entry *ce)
{
	LIST_REMOVE(ce, ce_link);
	tv->tv_ccache.ck_count--;
	kfree(vnet_acct(tv->tv_vnet), ACCT_MISC, ce, sizeof(*ce));
}

/* The entries of a chain beyond the first limit ones. */
static void
ccache_trim(struct tcp_vnet *tv, struct cc_bucket *cb, int limit)
{
	struct cc_entry *ce, *next;

	for (ce = LIST_FIRST(cb); ce != NULL; ce = next) {
		next = LIST_NEXT(ce, ce_link);
		if (--limit < 0)
			ccache_remove(tv, ce);
	}
}

void
tcp_ccache_clear(struct tcp_vnet *tv)
{
	struct tcp_ccache *ck = &tv->tv_ccache;

	for (uint32_t i = 0; i < ck->ck_nbuckets; i++)
		ccache_trim(tv, &ck->ck_bucket[i], 0);
	kfree(vnet_acct(tv->tv_vnet), ACCT_HASH, ck->ck_bucket, ck->ck_nbuckets * sizeof(*ck->ck_bucket));
	ck->ck_bucket = NULL;
	ck->ck_nbuckets = 0;
}

static struct cc_bucket *
ccache_chain(struct tcp_ccache *ck, const struct tcpcb *tp, struct cc_path *cp)
{
	const struct inpcb *inp = &tp->t_inpcb;

	*cp = (struct cc_path){ .cp_laddr = inp->inp_laddr, .cp_faddr = inp->inp_faddr,
	    .cp_fport = tcp_persona_sulks(tp) ? inp->inp_fport : 0, .cp_family = inp->inp_ops->io_family };
	return (ck->ck_bucket == NULL ? NULL : &ck->ck_bucket[siphash13(&ck->ck_key, cp, sizeof(*cp)) & (ck->ck_nbuckets - 1)]);
}

/* The entry of the path, moved to the front of its chain; NULL: nothing is known. */
static struct cc_entry *
ccache_find(struct cc_bucket *cb, const struct cc_path *cp)
{
	struct cc_entry *ce;

	if (cb == NULL)
		return (NULL);
	LIST_FOREACH(ce, cb, ce_link)
		if (memcmp(&ce->ce_path, cp, sizeof(*cp)) == 0) {
			LIST_REMOVE(ce, ce_link);
			LIST_INSERT_HEAD(cb, ce, ce_link);
			return (ce);
		}
	return (NULL);
}

static bool
ccache_table(struct tcp_vnet *tv)
{
	struct tcp_ccache *ck = &tv->tv_ccache;
	uint32_t n = (uint32_t)ck->ck_buckets;

	if (ck->ck_bucket != NULL)
		return (true);
	if ((ck->ck_bucket = kmalloc(vnet_acct(tv->tv_vnet), ACCT_HASH, n * sizeof(*ck->ck_bucket))) == NULL)
		return (false);
	ck->ck_nbuckets = n;
	kernel_random(tv->tv_vnet->vn_kernel, &ck->ck_key, sizeof(ck->ck_key));
	return (true);
}

/* The last of a chain that is full, or for which there is no more memory, makes room for the new one. */
static struct cc_entry *
ccache_room(struct tcp_vnet *tv, struct cc_bucket *cb)
{
	struct cc_entry *ce = NULL, *last = NULL, *e;
	int n = 0;

	LIST_FOREACH(e, cb, ce_link) {
		last = e;
		n++;
	}
	if (n < tv->tv_ccache.ck_limit)
		ce = kmalloc(vnet_acct(tv->tv_vnet), ACCT_MISC, sizeof(*ce));
	if (ce == NULL && last != NULL) {
		TCPSTAT_INC(tv, tcps_tfo_cacheoverflow);
		LIST_REMOVE(last, ce_link);
		tv->tv_ccache.ck_count--;
		memset(last, 0, sizeof(*last));
		ce = last;
	}
	return (ce);
}

static struct cc_entry *
ccache_get(const struct tcpcb *tp)
{
	struct tcp_vnet *tv = tp->t_tv;
	struct tcp_ccache *ck = &tv->tv_ccache;
	struct cc_bucket *cb;
	struct cc_path path;
	struct cc_entry *ce;

	if (!tv->tv_tfo.tf_client || !ccache_table(tv))
		return (NULL);
	cb = ccache_chain(ck, tp, &path);
	if ((ce = ccache_find(cb, &path)) != NULL)
		return (ce);
	if ((ce = ccache_room(tv, cb)) == NULL) {
		if (ck->ck_count == 0)
			tcp_ccache_clear(tv);
		return (NULL);
	}
	ce->ce_path = path;
	LIST_INSERT_HEAD(cb, ce, ce_link);
	ck->ck_count++;
	return (ce);
}

/* How long it is left alone yet, ns. */
static uint64_t
ccache_disabled(const struct tcp_vnet *tv, const struct cc_entry *ce)
{
	uint64_t end = ce->ce_failtime + (uint64_t)tv->tv_tfo.tf_disable * SEC, now = vnet_now(tv->tv_vnet);

	return (ce->ce_failed && end > now ? end - now : 0);
}

bool
tcp_ccache_get(const struct tcpcb *tp, struct tcp_tfohost *th)
{
	struct cc_path path;
	struct cc_bucket *cb = ccache_chain(&tp->t_tv->tv_ccache, tp, &path);
	const struct cc_entry *ce = ccache_find(cb, &path);

	if (ce == NULL) {
		*th = (struct tcp_tfohost){ .th_len = 0 };
		return (true);
	}
	*th = ce->ce_tfo;
	return (ccache_disabled(tp->t_tv, ce) == 0);
}

void
tcp_ccache_set(const struct tcpcb *tp, const struct tcp_tfohost *th)
{
	struct cc_entry *ce = ccache_get(tp);

	if (ce == NULL)
		return;
	if (th->th_len > 0)
		ce->ce_tfo = *th;
	else if (ce->ce_tfo.th_len == 0 && th->th_try > ce->ce_tfo.th_try)
		ce->ce_tfo.th_try = th->th_try;
	ce->ce_tfo.th_mss = th->th_mss;
}

void
tcp_ccache_fail(const struct tcpcb *tp)
{
	struct cc_entry *ce = ccache_get(tp);

	if (ce == NULL)
		return;
	ce->ce_failed = true;
	ce->ce_failtime = tcp_now(tp);
}

int
tcp_sysctl_ccachebuckets(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	int n = tv->tv_ccache.ck_buckets, error;

	if ((error = tcp_sysctl_number(sd, &n, value, buf, len)) != 0 || value == NULL)
		return (error);
	if ((n & (n - 1)) != 0)
		return (EINVAL);
	tcp_ccache_clear(tv);
	tv->tv_ccache.ck_buckets = n;
	return (0);
}

int
tcp_sysctl_ccachelimit(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	struct tcp_ccache *ck = &tv->tv_ccache;
	int error;

	if ((error = tcp_sysctl_number(sd, &ck->ck_limit, value, buf, len)) != 0 || value == NULL)
		return (error);
	for (uint32_t i = 0; i < ck->ck_nbuckets; i++)
		ccache_trim(tv, &ck->ck_bucket[i], ck->ck_limit);
	return (0);
}

static const char *
ccache_ntop(char buf[IN6ADDR_STRLEN], uint16_t family, struct in_addr_any a)
{
	if (family == VI_AF_INET)
		return (inaddr_ntop(buf, IN6ADDR_STRLEN, a.in4));
	in6_setzone((uint8_t *)&a, 0);
	return (in6addr_ntop(buf, (const uint8_t *)&a));
}

static void
ccache_print(struct sbuf *sb, const struct tcp_vnet *tv, const struct cc_entry *ce)
{
	const uint64_t left = ccache_disabled(tv, ce);
	char local[IN6ADDR_STRLEN], remote[IN6ADDR_STRLEN];
	const struct cc_path *cp = &ce->ce_path;

	sbuf_printf(sb, "\n%-20s %-20s %5u %5u ", ccache_ntop(local, cp->cp_family, cp->cp_laddr),
	    ccache_ntop(remote, cp->cp_family, cp->cp_faddr), NTOHS(cp->cp_fport), ce->ce_tfo.th_mss);
	if (left > 0)
		sbuf_printf(sb, "%7us ", (unsigned)(left / SEC));
	else
		sbuf_printf(sb, "%8s ", "No");
	for (unsigned i = 0; i < ce->ce_tfo.th_len; i++)
		sbuf_printf(sb, "%02x", ce->ce_tfo.th_cookie[i]);
}

/* One line for each path, as many as there is room for. */
int
tcp_sysctl_ccachelist(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const struct tcp_vnet *tv = tcp_vnet(vn);
	const struct tcp_ccache *ck = &tv->tv_ccache;
	const struct cc_entry *ce;
	struct sbuf sb;

	(void)sd;
	if (value != NULL)
		return (EPERM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "\nLocal IP address     Remote IP address     Port   MSS Disabled Cookie");
	for (uint32_t i = 0; i < ck->ck_nbuckets; i++)
		LIST_FOREACH(ce, &ck->ck_bucket[i], ce_link)
			if (sbuf_len(&sb) + 160 < len)
				ccache_print(&sb, tv, ce);
	return (sbuf_finish(&sb));
}
