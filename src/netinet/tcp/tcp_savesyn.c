/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VI_TCP_SAVE_SYN: the headers of the SYN a connection began with, kept for who accepts it.  The
 * network header still lies in front of the segment.  A cookie keeps nothing, nor does a SYN whose
 * headers had to be moved together or that came in UDP.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

struct tcp_savedsyn {
	uint32_t	 ss_len;
	uint8_t		 ss_hdrs[];
};

/* Is it the header of this packet? */
static bool
savesyn_ishdr(const uint8_t *p, const struct inet_pkt *pkt)
{
	if (pkt->ip_ops->io_family == VI_AF_INET)
		return (p[0] >> 4 == 4 && memcmp(p + 12, &pkt->ip_src.in4, 4) == 0 &&
			memcmp(p + 16, &pkt->ip_dst.in4, 4) == 0);
	/* Bytes 2 and 3 of an address may hold its zone. */
	return (p[0] >> 4 == 6 && memcmp(p + 8 + 8, &pkt->ip_src.in6[2], 8) == 0 &&
		memcmp(p + 24 + 8, &pkt->ip_dst.in6[2], 8) == 0);
}

/* NULL: not wanted, not there, no memory. */
struct tcp_savedsyn *
tcp_savesyn_take(const struct tcpcb *listener, const struct tcp_seg *ts)
{
	const size_t len = (size_t)ts->ts_pkt->ip_hlen + ts->ts_hlen;
	struct tcp_savedsyn *ss;
	const uint8_t *p;

	if (!listener->t_savesyn || ts->ts_pkt->ip_udpport != 0 ||
	    (size_t)(ts->ts_m->m_data - m_bufstart(ts->ts_m)) < len)
		return (NULL);
	p = ts->ts_m->m_data - len;
	if (!savesyn_ishdr(p, ts->ts_pkt) ||
	    (ss = kmalloc(vnet_acct(ts->ts_tv->tv_vnet), ACCT_SYNCACHE, sizeof(*ss) + len)) == NULL)
		return (NULL);
	ss->ss_len = (uint32_t)len;
	memcpy(ss->ss_hdrs, p, len);
	return (ss);
}

void
tcp_savesyn_free(struct tcp_vnet *tv, struct tcp_savedsyn **ssp)
{
	if (*ssp != NULL)
		kfree(vnet_acct(tv->tv_vnet), ACCT_SYNCACHE, *ssp, sizeof(**ssp) + (*ssp)->ss_len);
	*ssp = NULL;
}

/* Once: who has read it does not need it again.  EINVAL: *len would do. */
int
tcp_savesyn_get(struct tcpcb *tp, void *buf, size_t *len)
{
	const struct tcp_savedsyn *ss = tp->t_savedsyn;
	size_t space = *len;

	*len = ss != NULL ? ss->ss_len : 0;
	if (ss == NULL)
		return (0);
	if (space < ss->ss_len)
		return (EINVAL);
	memcpy(buf, ss->ss_hdrs, ss->ss_len);
	tcp_savesyn_free(tp->t_tv, &tp->t_savedsyn);
	return (0);
}
