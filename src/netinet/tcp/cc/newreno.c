/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NewReno's window (RFC 5681 3.1), and what all algorithms share.
 *
 * Deviation from RFC 5681's "at most SMSS per ACK": bytes are counted (RFC 3465) without that
 * limit, because one ACK answers a super-packet of many segments.  Acknowledging bytes one by one
 * to speed a sender up (ACK division) gains nothing by this.
 */
#include "netinet/tcp/cc/cc.h"

#include <string.h>

#include "netinet/tcp/tcp_int.h"

static const struct cc_ops *const cc_table[] = { &cc_cubic, &cc_newreno, &cc_bbr };

const struct cc_ops *
cc_byname(const char *name)
{
	for (size_t i = 0; i < NITEMS(cc_table); i++)
		if (strcmp(cc_table[i]->cc_name, name) == 0)
			return (cc_table[i]);
	return (NULL);
}

uint32_t
cc_slowstart(struct tcpcb *tp, uint32_t acked)
{
	uint32_t n;

	if (tp->t_lr.lr_hystart.hs_classic && !tp->t_lr.lr_hystart.hs_done)
		cc_hystart_classic(tp);
	if (tp->snd_cwnd >= tp->snd_ssthresh)
		return (acked);
	n = u32min(acked, tp->snd_ssthresh - tp->snd_cwnd);
	tp->snd_cwnd += cc_hystart(tp, n);
	return (acked - n);
}

void
cc_halve(struct tcpcb *tp, uint32_t num, uint32_t den)
{
	uint64_t flight = u32min(tcp_outstanding(tp), tp->snd_cwnd);

	tp->snd_ssthresh = (uint32_t)u64max(flight * num / den, 2 * tp->t_maxseg);
}

static void
newreno_init(struct tcpcb *tp)
{
	tp->t_ccacked = 0;
	cc_hystart_begin(tp);
}

static void
newreno_idle(struct tcpcb *tp)
{
	tp->t_ccacked = 0;
}

/* Congestion avoidance: one segment for each window acknowledged. */
static void
newreno_ack(struct tcpcb *tp, uint32_t acked)
{
	tp->t_ccacked += cc_slowstart(tp, acked);
	while (tp->t_ccacked >= tp->snd_cwnd) {
		tp->t_ccacked -= tp->snd_cwnd;
		tp->snd_cwnd += tp->t_maxseg;
	}
}

static void
newreno_loss(struct tcpcb *tp, enum cc_signal why)
{
	tp->t_ccacked = 0;
	cc_hystart_end(tp);
	/* RFC 8511 3.1: a mark comes from a shallow queue. */
	if (why == CC_ECN && tp->t_tv->tv_abe)
		cc_halve(tp, 4, 5);
	else
		cc_halve(tp, 1, 2);
}

const struct cc_ops cc_newreno = {
	.cc_name = "newreno",
	.cc_init = newreno_init,
	.cc_ack = newreno_ack,
	.cc_loss = newreno_loss,
	.cc_idle = newreno_idle,
};
