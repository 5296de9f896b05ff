/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Round-trip time and retransmission timeout (RFC 6298).  Times in us; SRTT is kept times 8, RTTVAR
 * times 4, so that the RFC's alpha = 1/8 and beta = 1/4 are shifts.
 */
#include "netinet/tcp/tcp_int.h"

#define RTO_AFTER_SYN	3000000u	/* us */
#define RTO_THIN_RETRIES	6
#define RTT_LEAST_LIFE		(300 * SEC)	/* after that the path may be another */
#define RTO_THIN_SEGMENTS	4

/* RFC 8985 6.2 step 1: the least of the recent past. */
void
tcp_rtt_least(struct tcpcb *tp, uint64_t ns)
{
	uint32_t us = (uint32_t)u64min(u64max(ns / USEC, 1), UINT32_MAX);
	uint64_t now = tcp_now(tp);

	if (tp->t_rttmin != 0 && us > tp->t_rttmin && now - tp->t_rttmintime < RTT_LEAST_LIFE)
		return;
	tp->t_rttmin = us;
	tp->t_rttmintime = now;
}

/* RFC 6298 2.2, 2.3.  Karn's rule (3) is the caller's: no sample of what was sent twice. */
void
tcp_rtt_sample(struct tcpcb *tp, uint64_t ns)
{
	uint32_t us = (uint32_t)u64min(u64max(ns / USEC, 1), 1u << 26), err;

	/* Once a round trip is often enough for what would be ahead of us after 2 GB without a loss. */
	if (SEQ_LT(tp->snd_recover, tp->snd_una))
		tp->snd_recover = tp->snd_una - 1;
	if (tp->t_srtt == 0) {
		tp->t_srtt = us << 3;
		tp->t_rttvar = us << 1;		/* R / 2, times 4 */
	} else {
		err = us > tp->t_srtt >> 3 ? us - (tp->t_srtt >> 3) : (tp->t_srtt >> 3) - us;
		tp->t_rttvar = tp->t_rttvar - (tp->t_rttvar >> 2) + err;
		tp->t_srtt = u32max(tp->t_srtt - (tp->t_srtt >> 3) + us, 1);
	}
	tcp_rtt_least(tp, ns);
	TCPSTAT_INC(tp->t_tv, tcps_segstimed);
	tcp_rto_set(tp);
}

/* RFC 6298 2.1 to 2.4: SRTT + max(G, 4 RTTVAR), never below net.inet.tcp.rexmit_min. */
uint32_t
tcp_rto_base(const struct tcpcb *tp)
{
	const struct tcp_vnet *tv = tp->t_tv;
	uint32_t initial = (uint32_t)tv->tv_rexmit_initial * 1000;

	/* RFC 6298 5.7: the timeout that was too short for the SYN is not one for data. */
	if (tp->t_srtt == 0)
		return (tp->t_nsynrexmt > 0 && TCPS_HAVEESTABLISHED(tp->t_state)
			    ? u32max(initial, RTO_AFTER_SYN) : initial);
	/* As Linux: the variance is what has a least value. */
	if (tcp_aslinux(tp))
		return ((tp->t_srtt >> 3) +
			u32max(tp->t_rttvar, (uint32_t)tv->tv_rexmit_min * 1000));
	return (u32max(
	    (tp->t_srtt >> 3) + u32max(tp->t_rttvar, 1), (uint32_t)tv->tv_rexmit_min * 1000));
}

/*
 * VI_TCP_THIN_LINEAR_TIMEOUTS, as Linux: a stream with less than four segments out gets no duplicate
 * ACKs that would help it, so its first six timeouts come as soon as the first.  Deviates from RFC
 * 6298 5.5 because the user asked for it.
 */
static bool
tcp_rto_linear(const struct tcpcb *tp)
{
	return (tp->t_thinlinear && TCPS_HAVEESTABLISHED(tp->t_state) &&
		tp->t_rxtshift <= RTO_THIN_RETRIES &&
		tcp_outstanding(tp) < RTO_THIN_SEGMENTS * tp->t_maxseg);
}

/* RFC 6298 5.5: doubled for each timeout in a row, up to net.inet.tcp.rexmit_max. */
void
tcp_rto_set(struct tcpcb *tp)
{
	/* Probes of a window that was taken back go on for ever: more doublings than the word has bits. */
	uint64_t rto = (uint64_t)tcp_rto_base(tp) << (tcp_rto_linear(tp) ? 0 : u32min(tp->t_rxtshift, 32));

	rto += (uint64_t)tp->t_tv->tv_rexmit_slop * 1000;
	tp->t_rxtcur = (uint32_t)u64min(rto, (uint64_t)tp->t_tv->tv_rexmit_max * 1000);
}

/* New data was acknowledged after timeouts. */
void
tcp_rto_over(struct tcpcb *tp)
{
	tp->t_rxtshift = 0;
	if (tp->t_rtostart != 0) {
		tp->t_nrtorec++;
		tp->t_rtotime += tcp_now(tp) - tp->t_rtostart;
		tp->t_rtostart = 0;
	}
	tcp_rto_set(tp);
}
