/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the network delivers (draft-ietf-ccwg-bbr 4.1), and sending no faster than a given rate.
 *
 * Each record of a transmission carries the connection's count of delivered bytes at that time.
 * When it is delivered, what was delivered since, over the longer of the time it took to send and
 * the time it took to be acknowledged, is a sample of the rate.
 *
 * Pacing: with rt_pacing != 0 a packet of n bytes keeps the next one back for n / rt_pacing;
 * packets are at most rt_quantum long, about a millisecond's worth, so that super-packets are not
 * bursts.  TT_PACE goes on when it is time.
 */
#include "netinet/tcp/tcp_int.h"

#include "netinet/tcp/cc/cc.h"

#define PACE_QUANTUM	MSEC
#define PACE_SLACK	(250 * USEC)	/* the timer may be late by this: made up for */

/* An ACK begins. */
void
tcp_rate_begin(struct tcpcb *tp)
{
	tp->t_tv->tv_rs =
	    (struct tcp_rate){ .rs_flight = tcp_pipe(tp), .rs_fack = tp->t_lr.lr_rack.rk_fack };
}

/* A record, or its front, was delivered: UpdateRateSample(). */
void
tcp_rate_delivered(struct tcpcb *tp, const struct tcp_rec *rc, uint64_t now)
{
	struct tcp_rate *rs = &tp->t_tv->tv_rs;

	if ((rc->rc_flags & (REC_REXMT | REC_COARSE)) == 0) {
		/* The latest of those delivered: its round trip is the least delayed.  Less than a microsecond is not known, as the clock is read once a run. */
		rs->rs_rtt = now > rc->rc_time + USEC ? now - rc->rc_time : USEC;
		rs->rs_origacked |= (tp->t_flags & TF_RTO) != 0 &&
				    SEQ_LEQ(rc->rc_end, tp->snd_recover);
	}
	if (rs->rs_priortime != 0 && rc->rc_delivered < rs->rs_prior)
		return;
	rs->rs_prior = rc->rc_delivered;
	rs->rs_priortime = u64max(rc->rc_dtime, 1);
	rs->rs_applimited = (rc->rc_flags & REC_APPLIMITED) != 0;
	rs->rs_sendel = rc->rc_time - rc->rc_first;
	rs->rs_ackel = now - rc->rc_dtime;
	rs->rs_txflight = rc->rc_txflight;
	rs->rs_lostsince = rc->rc_lost;		/* for tcp_rate_end() */
	tp->t_lr.lr_rates.rt_first = rc->rc_time;
}

/* The ACK was looked at: GenerateRateSample(). */
void
tcp_rate_end(struct tcpcb *tp, uint64_t now)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;
	struct tcp_rate *rs = &tp->t_tv->tv_rs;
	uint64_t interval;

	if (rs->rs_acked == 0)
		return;
	rt->rt_delivered += rs->rs_acked;
	if (rs->rs_ece)
		tp->t_delivered_ce += rs->rs_acked;
	rt->rt_dtime = now;
	if (rt->rt_applimited != 0 && rt->rt_delivered > rt->rt_applimited)
		rt->rt_applimited = 0;
	if (rs->rs_priortime == 0)
		return;
	rs->rs_lostsince = (uint32_t)rt->rt_lost - rs->rs_lostsince;
	interval = u64max(rs->rs_sendel, rs->rs_ackel);
	/* Less than the shortest round trip cannot be: ACKs were compressed. */
	if (interval < (uint64_t)tp->t_rttmin * USEC || interval == 0)
		return;
	if (tp->t_cc->cc_rate != NULL)
		rs->rs_rate = (rt->rt_delivered - rs->rs_prior) * SEC / interval;
	tcp_rate_sample(rt, rt->rt_delivered - rs->rs_prior, interval, rs->rs_applimited);
}

/* Everything that could be sent was, and there was room for more: samples mean less. */
void
tcp_rate_applimited(struct tcpcb *tp)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;

	rt->rt_applimited = u64max(rt->rt_delivered + tcp_pipe(tp), 1);
}

void
tcp_pace_set(struct tcpcb *tp, uint64_t rate)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;
	uint64_t q;

	rt->rt_ccpacing = rate;
	if (rt->rt_max != 0)
		rate = rate == 0 ? rt->rt_max : u64min(rate, rt->rt_max);
	rt->rt_pacing = rate;
	q = u64min(rate, UINT64_MAX / PACE_QUANTUM) * PACE_QUANTUM / SEC;
	q = u64max(q - q % tp->t_maxseg, 2ull * tp->t_maxseg);
	rt->rt_quantum = (uint32_t)u64min(q, UINT32_MAX / 2);
}

/* The user's ceiling; UINT64_MAX: none. */
void
tcp_pace_limit(struct tcpcb *tp, uint64_t max)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;

	rt->rt_max = max == UINT64_MAX ? 0 : u64max(max, 1);
	tcp_pace_set(tp, rt->rt_ccpacing);
}

/* May a packet leave now?  If not, the timer will call again. */
bool
tcp_pace_ok(struct tcpcb *tp)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;
	uint64_t now, next = u64max(rt->rt_pacing != 0 ? rt->rt_next : 0, tp->t_lr.lr_ecnhold);

	if (next == 0 || (tp->t_flags & TF_FORCE) != 0 || next <= (now = tcp_now(tp)))
		return (true);
	if (!tcp_timer_active(tp, TT_PACE))
		tcp_timer_set(tp, TT_PACE, next - now);
	return (false);
}

void
tcp_pace_sent(struct tcpcb *tp, uint32_t len, uint64_t now)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;

	if (rt->rt_pacing == 0)
		return;
	/* What a late timer cost is given back; what a silent user did not use is not. */
	rt->rt_next = u64max(rt->rt_next, now - u64min(now, PACE_SLACK)) +
		      (uint64_t)len * SEC / rt->rt_pacing;
}
