/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that swallow long packets and do not say so (RFC 2923 2.1, RFC 8899 3): after the second
 * timeout in a row of full segments the connection tries short ones, of
 * net.inet.tcp.pmtud_blackhole_mss or v6pmtud_blackhole_mss.  If these get no answer either, after
 * two more timeouts, size was not the reason and it goes back.  What worked is remembered for the
 * host when the connection ends (tcp_hostcache.c), so that the next one need not find out.
 * With net.inet.tcp.pmtud_probing there is more to it: tcp_mtup.c.
 *
 * net.inet.tcp.pmtud_blackhole_detection: 0 off, 1 both families, 2 IPv4 only, 3 IPv6 only.
 */
#include "netinet/tcp/tcp_int.h"

static uint32_t
tcp_blackhole_mss(const struct tcpcb *tp)
{
	const struct tcp_vnet *tv = tp->t_tv;
	bool v4 = tp->t_inpcb.inp_ops->io_family == VI_AF_INET;

	if (tv->tv_pmtud_blackhole == 0 || (tp->t_flags & TF_NOPMTU) != 0 ||
	    tv->tv_pmtud_blackhole == (v4 ? 3 : 2))
		return (0);
	return ((uint32_t)(v4 ? tv->tv_blackhole_mss : tv->tv_blackhole_mss6));
}

static void
tcp_blackhole_enter(struct tcpcb *tp, uint32_t mss)
{
	uint32_t mtu = mss + tcp_hdrs(tp);

	if (mtu >= tp->t_pmtu || tp->t_maxseg + tcp_options_len(tp) <= mss)
		return;
	TCPSTAT_INC(tp->t_tv, tcps_pmtud_blackhole_activated);
	tp->t_blackhole = tp->t_pmtu;
	tp->t_pmtu = mtu;
	tcp_setmss(tp);
}

/* A retransmission timeout, the t_rxtshift-th in a row. */
void
tcp_blackhole(struct tcpcb *tp)
{
	uint32_t mss;

	if (tp->t_flags & TF_MTUPROBE)
		tcp_mtup_rto(tp);
	if (tp->t_tv->tv_mtup != 0) {
		tcp_mtup_timeout(tp);
		return;
	}
	if ((mss = tcp_blackhole_mss(tp)) == 0)
		return;
	if (tp->t_blackhole == 0 && tp->t_rxtshift == 2 && tcp_outstanding(tp) > mss) {
		tcp_blackhole_enter(tp, mss);
	} else if (tp->t_blackhole != 0 && tp->t_rxtshift == 4) {
		TCPSTAT_INC(tp->t_tv, tcps_pmtud_blackhole_failed);
		tp->t_pmtu = tp->t_blackhole;
		tp->t_blackhole = 0;
		tcp_setmss(tp);
	}
}
