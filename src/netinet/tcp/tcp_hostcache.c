/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The host cache (RFC 9040, "temporal sharing"): what a connection learned of the path to a host is
 * there for the next one: round trip, slow start threshold, window at the end, and an MTU that the
 * routes do not know because no router tells (tcp_blackhole.c).
 *
 * A connection that had enough acknowledged to know something leaves it behind when it is closed
 * (tcp_hc_update); old and new are averaged, so that one odd connection does not decide.  A new one
 * takes the round trip where it has no sample of its own, which is the side that was called, and
 * the threshold (tcp_hc_use).  The window at the end is shown, not used: RFC 9040 3.2 warns.
 *
 * Limits: net.inet.tcp.hostcache.cachelimit entries in all, .bucketlimit in one chain; beyond, the
 * one used longest ago goes.  Entries live .expire s after they last changed, looked after every
 * .prune s while there are any.  The table is made with the first entry and given back with the
 * last.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/sbuf.h"
#include "kern/sysctl.h"

struct hc_entry {
	TAILQ_ENTRY(hc_entry) he_link;	/* most recently used first */
	struct in_addr_any he_addr;
	uint8_t		 he_family;
	uint32_t	 he_rtt, he_rttvar;	/* us; 0 = unknown */
	uint32_t	 he_ssthresh, he_cwnd, he_mtu;	/* bytes; 0 = unknown */
	uint32_t	 he_hits, he_updates;
	uint64_t	 he_expire;
};

static void	tcp_hc_timer(void *);

void
tcp_hc_init(struct tcp_vnet *tv)
{
	struct tcp_hostcache *hc = &tv->tv_hc;

	kernel_random(tv->tv_vnet->vn_kernel, &hc->hc_key, sizeof(hc->hc_key));
	callout_init(&hc->hc_callout, &tv->tv_vnet->vn_lane, tcp_hc_timer, tv);
}

static void
tcp_hc_remove(struct tcp_vnet *tv, struct hc_bucket *hb, struct hc_entry *he)
{
	TAILQ_REMOVE(hb, he, he_link);
	tv->tv_hc.hc_count--;
	kfree(vnet_acct(tv->tv_vnet), ACCT_MISC, he, sizeof(*he));
}

/* Forgets what expired by the given time; an empty table is given back. */
static void
tcp_hc_expire(struct tcp_vnet *tv, uint64_t now)
{
	struct tcp_hostcache *hc = &tv->tv_hc;
	struct hc_entry *he, *next;
	struct hc_bucket *hb;

	for (uint32_t i = 0; i < hc->hc_nbuckets; i++) {
		hb = &hc->hc_bucket[i];
		for (he = TAILQ_FIRST(hb); he != NULL; he = next) {
			next = TAILQ_NEXT(he, he_link);
			if (he->he_expire <= now)
				tcp_hc_remove(tv, hb, he);
		}
	}
	if (hc->hc_count > 0)
		return;
	kfree(vnet_acct(tv->tv_vnet), ACCT_HASH, hc->hc_bucket, hc->hc_nbuckets * sizeof(*hb));
	hc->hc_bucket = NULL;
	hc->hc_nbuckets = 0;
	callout_stop(&hc->hc_callout);
}

void
tcp_hc_fini(struct tcp_vnet *tv)
{
	tcp_hc_expire(tv, UINT64_MAX);
}

static void
tcp_hc_timer(void *arg)
{
	struct tcp_vnet *tv = arg;
	struct tcp_hostcache *hc = &tv->tv_hc;
	uint64_t now = vnet_now(tv->tv_vnet);

	tcp_hc_expire(tv, hc->hc_purgeall ? UINT64_MAX : now);
	hc->hc_purgeall = 0;
	if (hc->hc_count > 0)
		callout_reset_at(&hc->hc_callout, now + (uint64_t)hc->hc_prune * SEC);
}

static struct hc_bucket *
tcp_hc_hash(struct tcp_hostcache *hc, const struct in_addr_any *a)
{
	return (&hc->hc_bucket[siphash13(&hc->hc_key, a, sizeof(*a)) & (hc->hc_nbuckets - 1)]);
}

static __attribute__((noinline)) struct hc_entry *
tcp_hc_look(struct tcp_vnet *tv, const struct inpcb *inp)
{
	struct tcp_hostcache *hc = &tv->tv_hc;
	struct hc_bucket *hb;
	struct hc_entry *he;

	hb = tcp_hc_hash(hc, &inp->inp_faddr);
	TAILQ_FOREACH(he, hb, he_link)
		if (he->he_family == inp->inp_ops->io_family &&
		    in_addr_eq(&he->he_addr, &inp->inp_faddr)) {
			TAILQ_REMOVE(hb, he, he_link);
			TAILQ_INSERT_HEAD(hb, he, he_link);
			return (he->he_expire > vnet_now(tv->tv_vnet) ? he : NULL);
		}
	return (NULL);
}

/* The entry of the connection's peer, moved to the front of its chain; NULL: nothing is known. */
static inline struct hc_entry *
tcp_hc_find(struct tcp_vnet *tv, const struct inpcb *inp)
{
	return (tv->tv_hc.hc_enable && tv->tv_hc.hc_count != 0 ? tcp_hc_look(tv, inp) : NULL);
}

static bool
tcp_hc_table(struct tcp_vnet *tv)
{
	struct tcp_hostcache *hc = &tv->tv_hc;
	uint32_t n = (uint32_t)hc->hc_hashsize;

	if (hc->hc_bucket != NULL)
		return (true);
	hc->hc_bucket = kmalloc(vnet_acct(tv->tv_vnet), ACCT_HASH, n * sizeof(hc->hc_bucket[0]));
	if (hc->hc_bucket == NULL)
		return (false);
	for (uint32_t i = 0; i < n; i++)
		TAILQ_INIT(&hc->hc_bucket[i]);
	hc->hc_nbuckets = n;
	callout_reset_at(&hc->hc_callout,
	    vnet_now(tv->tv_vnet) + (uint64_t)hc->hc_prune * SEC);
	return (true);
}

/* The chain, or else all chains, may be full: the last of this chain goes, or nothing is added. */
static bool
tcp_hc_makeroom(struct tcp_vnet *tv, struct hc_bucket *hb)
{
	struct tcp_hostcache *hc = &tv->tv_hc;
	struct hc_entry *he;
	int n = 0;

	TAILQ_FOREACH(he, hb, he_link)
		n++;
	if (n < hc->hc_bucketlimit && hc->hc_count < (uint32_t)hc->hc_cachelimit)
		return (true);
	if (n == 0)
		return (false);
	tcp_hc_remove(tv, hb, TAILQ_LAST(hb, hc_bucket));
	TCPSTAT_INC(tv, tcps_hc_bucketoverflow);
	return (hc->hc_count < (uint32_t)hc->hc_cachelimit);
}

static struct hc_entry *
tcp_hc_add(struct tcp_vnet *tv, const struct inpcb *inp)
{
	struct tcp_hostcache *hc = &tv->tv_hc;
	struct hc_bucket *hb;
	struct hc_entry *he = NULL;

	if (!hc->hc_enable || !tcp_hc_table(tv))
		return (NULL);
	hb = tcp_hc_hash(hc, &inp->inp_faddr);
	if (tcp_hc_makeroom(tv, hb))
		he = kmalloc(vnet_acct(tv->tv_vnet), ACCT_MISC, sizeof(*he));
	if (he == NULL) {
		if (hc->hc_count == 0)
			tcp_hc_expire(tv, 0);
		return (NULL);
	}
	he->he_addr = inp->inp_faddr;
	he->he_family = inp->inp_ops->io_family;
	TAILQ_INSERT_HEAD(hb, he, he_link);
	hc->hc_count++;
	TCPSTAT_INC(tv, tcps_hc_added);
	return (he);
}

void
tcp_hc_mtu(struct tcpcb *tp)
{
	const struct hc_entry *he = tcp_hc_find(tp->t_tv, &tp->t_inpcb);

	if (he != NULL && he->he_mtu != 0 && he->he_mtu < tp->t_pmtu)
		tp->t_pmtu = he->he_mtu;
}

void
tcp_hc_use(struct tcpcb *tp)
{
	struct hc_entry *he = tcp_hc_find(tp->t_tv, &tp->t_inpcb);

	if (he == NULL)
		return;
	he->he_hits++;
	if (tp->t_srtt == 0 && he->he_rtt != 0) {
		TCPSTAT_INC(tp->t_tv, tcps_usedrtt);
		tp->t_srtt = he->he_rtt << 3;
		tp->t_rttvar = (he->he_rttvar != 0 ? he->he_rttvar : he->he_rtt / 2) << 2;
		tcp_rto_set(tp);
	}
	if (he->he_ssthresh != 0) {
		TCPSTAT_INC(tp->t_tv, tcps_usedssthresh);
		tp->snd_ssthresh = u32max(he->he_ssthresh, 2 * tp->t_maxseg);
	}
}

static void
tcp_hc_average(uint32_t *old, uint32_t new)
{
	if (new != 0)
		*old = *old == 0 ? new : (uint32_t)(((uint64_t)*old + new) / 2);
}

void
tcp_hc_update(const struct tcpcb *tp)
{
	struct tcp_vnet *tv = tp->t_tv;
	struct hc_entry *he;

	/* A few segments' worth must have gone there and back to say anything. */
	if (!tv->tv_hc.hc_enable || tp->t_srtt == 0 || tp->t_ackedbytes < 4ull * tp->t_maxseg)
		return;
	if ((he = tcp_hc_find(tv, &tp->t_inpcb)) == NULL &&
	    (he = tcp_hc_add(tv, &tp->t_inpcb)) == NULL)
		return;
	tcp_hc_average(&he->he_rtt, tp->t_srtt >> 3);
	tcp_hc_average(&he->he_rttvar, tp->t_rttvar >> 2);
	tcp_hc_average(&he->he_cwnd, tp->snd_cwnd);
	if (tp->snd_ssthresh < TCP_MAXWIN << TCP_MAX_WINSHIFT)
		tcp_hc_average(&he->he_ssthresh, tp->snd_ssthresh);
	if (tp->t_blackhole != 0 && tp->t_rxtshift == 0)
		he->he_mtu = tp->t_pmtu;
	he->he_updates++;
	he->he_expire = vnet_now(tv->tv_vnet) + (uint64_t)tv->tv_hc.hc_expire * SEC;
}

int
tcp_sysctl_hchash(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	uint32_t n = 0;
	struct sbuf sb;

	(void)sd;
	if (value == NULL) {
		sbuf_init(&sb, buf, len);
		sbuf_printf(&sb, "%d", tv->tv_hc.hc_hashsize);
		return (sbuf_finish(&sb));
	}
	for (; *value >= '0' && *value <= '9' && n < 1 << 20; value++)
		n = n * 10 + (uint32_t)(*value - '0');
	if (*value != '\0' || n < 1 || n > 1 << 16 || (n & (n - 1)) != 0)
		return (EINVAL);
	tcp_hc_expire(tv, UINT64_MAX);
	tv->tv_hc.hc_hashsize = (int)n;
	return (0);
}

int
tcp_sysctl_hcpurge(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	(void)sd;
	if (value == NULL) {
		if (len < 2)
			return (EINVAL);
		memcpy(buf, "0", 2);
		return (0);
	}
	if (strcmp(value, "1") == 0)
		tcp_hc_expire(tcp_vnet(vn), UINT64_MAX);
	else if (strcmp(value, "0") != 0)
		return (EINVAL);
	return (0);
}

static void
tcp_hc_print(struct sbuf *sb, const struct hc_entry *he, uint64_t now)
{
	char addr[INADDR_STRLEN];

	sbuf_putc(sb, '\n');
	if (he->he_family == VI_AF_INET)
		sbuf_cat(sb, inaddr_ntop(addr, sizeof(addr), he->he_addr.in4));
	else
		for (unsigned i = 0; i < 4; i++)
			sbuf_printf(sb, i > 0 ? ":%x:%x" : "%x:%x", NTOHL(he->he_addr.in6[i]) >> 16,
			    NTOHL(he->he_addr.in6[i]) & 0xffff);
	sbuf_printf(sb, " mtu %u ssthresh %u rtt %uus rttvar %uus cwnd %u hits %u updates %u"
			" expires %us", he->he_mtu, he->he_ssthresh, he->he_rtt,
	    he->he_rttvar, he->he_cwnd, he->he_hits, he->he_updates,
	    (unsigned)(he->he_expire > now ? (he->he_expire - now) / SEC : 0));
}

/* One line for each host, as many as there is room for. */
int
tcp_sysctl_hclist(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_hostcache *hc = &tcp_vnet(vn)->tv_hc;
	const struct hc_entry *he;
	struct sbuf sb;

	(void)sd;
	if (value != NULL)
		return (EPERM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%u", hc->hc_count);
	for (uint32_t i = 0; i < hc->hc_nbuckets; i++)
		TAILQ_FOREACH(he, &hc->hc_bucket[i], he_link)
			if (sbuf_len(&sb) + 200 < len)
				tcp_hc_print(&sb, he, vnet_now(vn));
	return (sbuf_finish(&sb));
}

/* A line for each length of a chain that there is. */
int
tcp_sysctl_hchisto(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_hostcache *hc = &tcp_vnet(vn)->tv_hc;
	uint32_t n, most = 0, count;
	const struct hc_entry *he;
	struct sbuf sb;

	(void)sd;
	if (value != NULL)
		return (EPERM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "Length  Chains");
	for (uint32_t at = 0; at <= most && sbuf_len(&sb) + 40 < len; at++) {
		count = 0;
		for (uint32_t i = 0; i < hc->hc_nbuckets; i++) {
			n = 0;
			TAILQ_FOREACH(he, &hc->hc_bucket[i], he_link)
				n++;
			count += n == at;
			most = u32max(most, n);
		}
		if (count != 0)
			sbuf_printf(&sb, "\n%6u  %6u", at, count);
	}
	return (sbuf_finish(&sb));
}
