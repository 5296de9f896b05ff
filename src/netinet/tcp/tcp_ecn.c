/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explicit Congestion Notification (RFC 3168, as 8311 leaves it).
 *
 * net.inet.tcp.ecn.enable: 0 never, 1 our SYNs ask for it, 2 only those who ask us get it.  After
 * net.inet.tcp.ecn.maxretries SYNs it is done without (RFC 3168 6.1.1.1), as on a connection made
 * from a SYN cookie without timestamps, which has no room for it.
 *
 * What carries new data is ECT(0); pure ACKs, retransmissions and window probes are not (6.1.4,
 * 6.1.5, 6.1.6).
 *
 * Marks bring the window down to one segment, other than losses, which leave two; where that is
 * still too much one segment goes each timeout (6.1.2, RFC 9438 4.6).  Not with the persona linux.
 */
#include "netinet/tcp/tcp_int.h"

#include "netinet/tcp/cc/cc.h"
#include "wire/ip.h"

/* Bits of the SYN about to be sent: asks once. */
uint16_t
tcp_ecn_syn(struct tcpcb *tp)
{
	if (tp->t_tv->tv_ecn != 1 || tp->t_nsynrexmt >= tp->t_tv->tv_ecnretries) {
		tp->t_ecn = 0;
		return (0);
	}
	tp->t_ecn = TE_REQ;
	return (TH_ECE | TH_CWR);
}

/* Does this SYN ask, and do we grant it (RFC 3168 6.1.1)? */
bool
tcp_ecn_granted(const struct tcp_vnet *tv, uint16_t flags)
{
	return (tv->tv_ecn != 0 && (flags & (TH_ECE | TH_CWR)) == (TH_ECE | TH_CWR));
}

void
tcp_ecn_agreed(struct tcpcb *tp)
{
	tp->t_ecn = TE_PERMIT;
	TCPSTAT_INC(tp->t_tv, tcps_ecn_shs);
}

/* The answer to our SYN: ECE without CWR (a reflected SYN has both). */
void
tcp_ecn_synack(struct tcpcb *tp, uint16_t flags)
{
	if ((tp->t_ecn & TE_REQ) && (flags & (TH_ECE | TH_CWR)) == TH_ECE)
		tcp_ecn_agreed(tp);
	else
		tp->t_ecn = 0;
}

/* A segment of the connection came: RFC 3168 6.1.3. */
void
tcp_ecn_input(struct tcpcb *tp, const struct tcp_seg *ts)
{
	if ((tp->t_ecn & TE_PERMIT) == 0)
		return;
	if ((ts->ts_flags & TH_CWR) && ts->ts_len > 0)
		tp->t_ecn &= ~(uint32_t)TE_RCVCE;
	if ((ts->ts_pkt->ip_tos & IPTOS_ECN_MASK) != IPTOS_ECN_CE)
		return;
	TCPSTAT_INC(ts->ts_tv, tcps_ecn_ce);
	tp->t_ecn |= TE_RCVCE;
	tp->t_flags |= TF_ACKNOW;
}

/* As Linux: the window comes down to the threshold as after a loss, evenly over the round trip. */
bool
tcp_ecn_evenly(const struct tcpcb *tp)
{
	return ((tp->t_ecn & TE_CWR) != 0 && tcp_aslinux(tp) && tp->t_tv->tv_prr &&
		tp->t_cc->cc_rate == NULL && (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0);
}

/* An ACK: RFC 3168 6.1.2, at most one reduction for each window of data. */
void
tcp_ecn_ack(struct tcpcb *tp, const struct tcp_seg *ts)
{
	struct tcp_lr *lr = &tp->t_lr;
	uint32_t cwnd = tp->snd_cwnd;

	if ((tp->t_ecn & TE_PERMIT) == 0)
		return;
	if ((tp->t_ecn & TE_CWR) && SEQ_GEQ(ts->ts_ack, lr->lr_ecnrecover)) {
		if (tcp_ecn_evenly(tp))
			tp->snd_cwnd = tp->snd_ssthresh;
		tp->t_ecn &= ~(uint32_t)TE_CWR;
	}
	if ((ts->ts_flags & TH_ECE) == 0)
		return;
	tp->t_tv->tv_rs.rs_ece = true;
	if ((tp->t_ecn & TE_CWR) || (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0)
		return;
	TCPSTAT_INC(ts->ts_tv, tcps_ecn_rcwnd);
	tp->t_ecn |= TE_CWR;
	lr->lr_ecnrecover = tp->snd_max;
	tcp_ack_reduce(tp, CC_ECN);
	if (tcp_ecn_evenly(tp)) {
		tp->snd_cwnd = cwnd;
		tcp_prr_begin(tp);
	}
}

/* The window was reduced, for whatever reason: the next new data says so. */
void
tcp_ecn_reduced(struct tcpcb *tp)
{
	if (tp->t_ecn & TE_PERMIT)
		tp->t_ecn |= TE_SNDCWR;
}

uint16_t
tcp_ecn_flags(const struct tcpcb *tp, bool newdata)
{
	uint32_t ecn = tp->t_ecn;

	return ((uint16_t)((ecn & TE_RCVCE ? TH_ECE : 0) |
			   ((ecn & TE_SNDCWR) && newdata && (tp->t_flags & TF_FORCE) == 0 ? TH_CWR : 0)));
}

/* The ECN field of a segment's packet. */
uint8_t
tcp_ecn_tos(const struct tcpcb *tp, bool newdata)
{
	return ((tp->t_ecn & TE_PERMIT) && newdata && (tp->t_flags & TF_FORCE) == 0
		    ? IPTOS_ECN_ECT0
		    : IPTOS_ECN_NOTECT);
}
