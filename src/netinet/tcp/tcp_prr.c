/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proportional Rate Reduction (RFC 9937): during a recovery the window follows what the receiver
 * tells to have got, so that what is in flight goes down to ssthresh evenly over a round trip
 * and not by half a round trip of silence.  net.inet.tcp.do_prr=0 switches it off.
 */
#include "netinet/tcp/tcp_int.h"

/*
 * RFC 9937 6.1, at the ACK that began the recovery: tv_rs is of this ACK.  What it delivered counts
 * as delivered during the recovery, what was SACKed before does not.
 */
void
tcp_prr_begin(struct tcpcb *tp)
{
	struct tcp_prr *pr = &tp->t_lr.lr_prr;
	uint32_t out = tcp_outstanding(tp);

	pr->pr_delivered = pr->pr_out = 0;
	pr->pr_recoverfs = out - u32min(out, tp->snd_sacked) + tp->t_tv->tv_rs.rs_acked;
	pr->pr_recoverfs = u32max(pr->pr_recoverfs, 1);
}

/*
 * RFC 9937 6.2, for each ACK of the recovery: sets snd_cwnd.  pipe is what is in flight now; safe
 * says that the ACK advanced snd_una and told of no further loss.
 */
void
tcp_prr_ack(struct tcpcb *tp, uint32_t pipe, bool safe)
{
	struct tcp_prr *pr = &tp->t_lr.lr_prr;
	uint32_t delivered = tp->t_tv->tv_rs.rs_acked, ssthresh = tp->snd_ssthresh;
	uint64_t out;

	/* RFC 6675: the window stays ssthresh. */
	if (!tp->t_tv->tv_prr)
		return;
	/* What delivers nothing changes nothing, but a timer may have begun the recovery. */
	if (delivered == 0 && pr->pr_out != 0)
		return;
	pr->pr_delivered += delivered;
	if (pipe > ssthresh) {
		out = ((uint64_t)pr->pr_delivered * ssthresh + pr->pr_recoverfs - 1) /
		      pr->pr_recoverfs;
		out -= u64min(out, pr->pr_out);
	} else {
		/* Conservative bound; reduction bound when the repair goes well. */
		out = pr->pr_delivered > pr->pr_out ? pr->pr_delivered - pr->pr_out : 0;
		out = u64max(out, delivered);
		if (safe)
			out += tp->t_maxseg;
		out = u64min(out, ssthresh - pipe);
	}
	/* The first retransmission does not wait. */
	if (pr->pr_out == 0 && out < tp->t_maxseg)
		out = tp->t_maxseg;
	tp->snd_cwnd = (uint32_t)u64min(pipe + out, UINT32_MAX / 2);
}
