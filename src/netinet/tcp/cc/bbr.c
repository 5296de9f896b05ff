/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * BBR, version 3, after draft-ietf-ccwg-bbr-06: a model of the path (bbr_model.c) decides how fast
 * to send and how much may be in flight; losses are one of the things the model learns from.
 *
 *	Startup		paced at 2.77 times the highest rate, until that stops growing by a quarter in
 *			three rounds, or a round of recovery loses more than 2 % in six places
 *	Drain		at half of it, until what is in flight fits the path
 *	ProbeBW		DOWN	at 0.9: leaves a queue, and headroom below the long-term bound
 *			CRUISE	at 1; losses lower the short-term bounds
 *			REFILL	at 1 for a round, without the short-term bounds
 *			UP	at 1.25, until three rounds bring no more, or more than 2 % are lost:
 *				that volume is the long-term bound then
 *			It probes every two to three seconds, or as often as Reno with the same
 *			window would fill its path, at most 63 rounds.
 *	ProbeRTT	when no round trip was as short for 5 s: half a BDP in flight for 200 ms
 *
 * After a probe that lost too much, the next one ends where the bound is reached; if that goes
 * well, another follows at once (precautionary probing, 5.3.3.6).
 *
 * Deviations.  A congestion mark (ECN), of which the draft says nothing, is taken for a loss of too
 * much: RFC 3168 5 wants no less.  Losses of the two rounds after ProbeRTT, whose deliveries tell of
 * its half empty pipe, do not lower the short-term bounds, nor does the margin of pacing while there is
 * no queue (bbr_model.c).  The floor of four segments does not hold while a timeout is being repaired,
 * so that F-RTO can look.  The careful probe of 5.3.3.6 does not end at the bound where the window is so small
 * that a single segment is more than 2 % of it (bbr_careful()).
 */
#include "netinet/tcp/cc/bbr.h"

#include <string.h>

#include "kern/kernel.h"
#include "netinet/tcp/cc/cc.h"

#define BBR_RTTHOLD	(200 * MSEC)
#define BBR_RTTGAIN	50
#define BBR_CWNDGAIN	200
#define BBR_RANGES	6		/* lost in a round, that Startup believes it */
#define BBR_RENOROUNDS	63

static const struct { uint16_t bg_pacing, bg_cwnd; } bbr_gains[] = {
    [BBR_STARTUP] = {277, BBR_CWNDGAIN},
    [BBR_DRAIN] = {50, BBR_CWNDGAIN},
    [BBR_DOWN] = {90, BBR_CWNDGAIN},
    [BBR_CRUISE] = {100, BBR_CWNDGAIN},
    [BBR_REFILL] = {100, BBR_CWNDGAIN},
    [BBR_UP] = {125, 225},
    [BBR_PROBERTT] = {100, BBR_RTTGAIN},
};

static void
bbr_enter(struct bbr *b, uint8_t state)
{
	b->b_state = state;
	b->b_pacing = bbr_gains[state].bg_pacing;
	b->b_cwnd = bbr_gains[state].bg_cwnd;
}

/* 5.6.2; until the pipe is full the rate only rises. */
static void
bbr_pace(struct tcpcb *tp, const struct bbr *b, uint32_t gain)
{
	const uint64_t rate = b->b_bw / 100 * gain / 100 * BBR_MARGIN;

	if (rate != 0 && (b->b_filled || rate > tp->t_lr.lr_rates.rt_ccpacing))
		tcp_pace_set(tp, rate);
}

/* The initial window in a round trip. */
static void
bbr_pace_first(struct tcpcb *tp, struct bbr *b)
{
	const uint64_t rtt = tp->t_srtt != 0 ? (uint64_t)(tp->t_srtt >> 3) * USEC : MSEC;

	b->b_seenrtt = tp->t_srtt != 0;
	tcp_pace_set(tp, u64min(tp->snd_cwnd, 1u << 20) * SEC / rtt * b->b_pacing / 100);
}

static void
bbr_init(struct tcpcb *tp)
{
	struct bbr *b = tptobbr(tp);
	const uint64_t now = tcp_now(tp);

	memset(tp->t_ccpriv, 0, sizeof(tp->t_ccpriv));
	b->b_minrtt = b->b_probertt =
	    tp->t_srtt != 0 ? (uint64_t)(tp->t_srtt >> 3) * USEC : BBR_NORTT;
	b->b_minrttstamp = b->b_proberttstamp = b->b_aggstart = b->b_cyclestamp = now;
	b->b_inflong = b->b_upinc = b->b_undolong = BBR_NOLIMIT;
	b->b_undostate = BBR_NONE;
	b->b_undobw = BBR_NOBWLIMIT;
	b->b_undoshort = BBR_NOLIMIT;
	bbr_shortterm_reset(b);
	bbr_round_begin(tp, b);
	bbr_enter(b, BBR_STARTUP);
	bbr_pace_first(tp, b);
}

static void
bbr_fini(struct tcpcb *tp)
{
	tcp_pace_set(tp, 0);
	tcp_timer_stop(tp, TT_PACE);
}

/* 5.6.4.4, SaveCwnd() */
static void
bbr_savecwnd(const struct tcpcb *tp, struct bbr *b)
{
	if ((tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0 && b->b_state != BBR_PROBERTT)
		b->b_priorcwnd = tp->snd_cwnd;
	else
		b->b_priorcwnd = u32max(b->b_priorcwnd, tp->snd_cwnd);
}

static void
bbr_restorecwnd(struct tcpcb *tp, const struct bbr *b)
{
	tp->snd_cwnd = u32max(tp->snd_cwnd, b->b_priorcwnd);
}

/* 5.3.1.2: three rounds at a higher rate brought less than a quarter more. */
static void
bbr_full(struct bbr *b, const struct tcp_rate *rs)
{
	if (b->b_fullnow || !b->b_roundstart || rs->rs_applimited)
		return;
	if (rs->rs_rate >= b->b_fullbw / 4 * 5) {
		bbr_fullbw_reset(b);
		b->b_fullbw = rs->rs_rate;
		return;
	}
	b->b_fullnow = ++b->b_fullcount >= 3;
	b->b_filled |= b->b_fullnow;
}

/* 5.3.1.3 */
static void
bbr_startup_lossy(struct tcpcb *tp, struct bbr *b)
{
	b->b_undostate = BBR_STARTUP;
	b->b_filled = true;
	b->b_inflong = u32max(bbr_bdp(tp, b, 100), b->b_inflatest);
}

static void
bbr_startup(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	if (b->b_state != BBR_STARTUP)
		return;
	if (!b->b_filled && b->b_lossround && (tp->t_flags & TF_FASTRECOVERY) != 0 &&
	    b->b_recovered && b->b_ranges >= BBR_RANGES &&
	    bbr_toohigh(tp, rs->rs_lostsince, rs->rs_txflight))
		bbr_startup_lossy(tp, b);
	if (!b->b_filled)
		return;
	bbr_enter(b, BBR_DRAIN);
	b->b_drainround = b->b_round;
}

/* 5.3.3.8.3: when to probe next is drawn by lot, that flows do not march in step. */
static void
bbr_down(struct tcpcb *tp, struct bbr *b)
{
	struct kernel *k = tcp_vn(tp)->vn_kernel;

	bbr_signals_reset(b);
	b->b_upinc = BBR_NOLIMIT;
	b->b_roundsup = kernel_random_below(k, 2);
	b->b_probewait = 2000000 + kernel_random_below(k, 1000000);
	b->b_cyclestamp = tcp_now(tp);
	b->b_acks = BBR_A_STOPPING;
	bbr_round_begin(tp, b);
	bbr_enter(b, BBR_DOWN);
}

static void
bbr_refill(struct tcpcb *tp, struct bbr *b)
{
	bbr_shortterm_reset(b);
	b->b_uprounds = 0;
	b->b_upacked = 0;
	b->b_precaution = false;
	b->b_acks = BBR_A_REFILLING;
	bbr_round_begin(tp, b);
	bbr_enter(b, BBR_REFILL);
}

/* The long-term bound grows by 1, 2, 4... segments a round. */
static void
bbr_slope(const struct tcpcb *tp, struct bbr *b)
{
	b->b_upinc = u32max(tp->snd_cwnd >> b->b_uprounds, tp->t_maxseg);
	b->b_uprounds = (uint8_t)u32min(b->b_uprounds + 1u, 30);
}

static void
bbr_up(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	b->b_acks = BBR_A_STARTING;
	b->b_sample = true;
	bbr_round_begin(tp, b);
	bbr_fullbw_reset(b);
	b->b_fullbw = rs->rs_rate;
	bbr_enter(b, BBR_UP);
	bbr_slope(tp, b);
}

/* 5.5.10.2, HandleInflightTooHigh(): once a probe. */
static void
bbr_probe_lossy(struct tcpcb *tp, struct bbr *b, uint32_t flight, bool applimited)
{
	const uint32_t target = u32min(bbr_bdp(tp, b, 100), tp->snd_cwnd);

	b->b_toohigh = true;
	b->b_sample = false;
	if (!applimited)
		b->b_inflong = u32max(flight, target / 100 * BBR_BETA);
	if (b->b_state == BBR_UP) {
		b->b_undostate = BBR_UP;
		bbr_down(tp, b);
	}
}

/* Was the window what held the sender back?  Of a paced one the last output does not tell. */
static bool
bbr_cwndlimited(const struct tcpcb *tp, const struct tcp_rate *rs)
{
	return ((tp->t_flags & TF_CWNDLIMITED) != 0 ||
		rs->rs_flight + 2 * tp->t_maxseg > tp->snd_cwnd);
}

/* ProbeInflightLongtermUpward() */
static void
bbr_upward(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	uint32_t n;

	if (!bbr_cwndlimited(tp, rs) || tp->snd_cwnd < b->b_inflong)
		return;
	b->b_upacked += rs->rs_acked;
	n = b->b_upacked / b->b_upinc;
	b->b_upacked -= n * b->b_upinc;
	b->b_inflong += n * tp->t_maxseg;
	if (b->b_roundstart)
		bbr_slope(tp, b);
}

/* AdaptLongTermModel(); true: another state was entered. */
static bool
bbr_longterm(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	if (b->b_acks == BBR_A_STARTING && b->b_roundstart)
		b->b_acks = BBR_A_FEEDBACK;
	if (b->b_acks == BBR_A_STOPPING && b->b_roundstart) {
		b->b_sample = false;
		b->b_acks = BBR_A_INIT;
		/* A cycle without a sample forgets none. */
		if (bbr_inprobebw(b) && !rs->rs_applimited && b->b_maxbw[1] != 0) {
			b->b_maxbw[0] = b->b_maxbw[1];
			b->b_maxbw[1] = 0;
		}
		if (bbr_inprobebw(b) && b->b_precaution && !b->b_toohigh) {
			bbr_refill(tp, b);
			return (true);
		}
	}
	if (b->b_inflong == BBR_NOLIMIT || bbr_toohigh(tp, rs->rs_lostsince, rs->rs_txflight))
		return (false);
	b->b_inflong = u32max(b->b_inflong, rs->rs_txflight);
	if (b->b_state == BBR_UP)
		bbr_upward(tp, b, rs);
	return (false);
}

/* 5.3.3.8: IsTimeToProbeBW() */
static bool
bbr_probetime(const struct tcpcb *tp, const struct bbr *b)
{
	const uint32_t target = u32min(bbr_bdp(tp, b, 100), tp->snd_cwnd) / tp->t_maxseg;

	return (tcp_now(tp) > b->b_cyclestamp + b->b_probewait * USEC ||
		b->b_roundsup >= u32min(target, BBR_RENOROUNDS));
}

/*
 * 5.3.3.6: is a careful probe at the bound?  What was in flight before this ACK counts: the window keeps it at the bound at most, and an ACK takes
 * it below, so that afterwards it is never seen there.  Where one segment is more than the two per cent that may be lost, that the last probe
 * lost too much says nothing of the bound, and care would only cost.
 */
static bool
bbr_careful(const struct tcpcb *tp, const struct bbr *b, const struct tcp_rate *rs)
{
	return (bbr_toohigh(tp, tp->t_maxseg, b->b_inflong) ? tcp_snd_inflight(tp) >= b->b_inflong
							     : rs->rs_flight + 2 * tp->t_maxseg > b->b_inflong);
}

/* 5.3.3.7: IsTimeToGoDown() */
static bool
bbr_downtime(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	if (b->b_toohigh && bbr_careful(tp, b, rs)) {
		b->b_precaution = true;
		return (true);
	}
	if (bbr_cwndlimited(tp, rs) && tp->snd_cwnd >= b->b_inflong) {
		bbr_fullbw_reset(b);
		b->b_fullbw = rs->rs_rate;
	} else if (b->b_fullnow) {
		return (true);
	}
	return (false);
}

/* 5.3.3.9, UpdateProbeBWCyclePhase() */
static void
bbr_cycle(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	const uint32_t flight = tcp_snd_inflight(tp);

	if (!b->b_filled || bbr_longterm(tp, b, rs))
		return;
	switch (b->b_state) {
	case BBR_DOWN:
	case BBR_CRUISE:
		if (bbr_probetime(tp, b))
			bbr_refill(tp, b);
		else if (b->b_state == BBR_DOWN && flight <= bbr_headroom(tp, b) &&
			 flight <= bbr_inflight(tp, b, 100))
			bbr_enter(b, BBR_CRUISE);
		break;
	case BBR_REFILL:
		if (b->b_roundstart)
			bbr_up(tp, b, rs);
		break;
	case BBR_UP:
		if (bbr_downtime(tp, b, rs)) {
			b->b_toohigh = false;
			bbr_down(tp, b);
		}
		break;
	}
}

static void
bbr_drain(struct tcpcb *tp, struct bbr *b)
{
	if (b->b_state == BBR_DRAIN && (tcp_snd_inflight(tp) <= bbr_inflight(tp, b, 100) ||
					   b->b_round - b->b_drainround > 3))
		bbr_down(tp, b);
}

static uint32_t
bbr_rttcwnd(const struct tcpcb *tp, const struct bbr *b)
{
	return (u32max(bbr_bdp(tp, b, BBR_RTTGAIN), BBR_MINSEGS * tp->t_maxseg));
}

/* 5.3.4.4: the queue is as short as it gets, so no DOWN. */
static void
bbr_probertt_done(struct tcpcb *tp, struct bbr *b)
{
	const uint64_t now = tcp_now(tp);

	if (b->b_proberttend == 0 || now <= b->b_proberttend)
		return;
	b->b_proberttstamp = now;
	bbr_restorecwnd(tp, b);
	bbr_shortterm_reset(b);
	b->b_hold = b->b_round + 3;
	if (b->b_filled) {
		bbr_down(tp, b);
		bbr_enter(b, BBR_CRUISE);
	} else {
		bbr_enter(b, BBR_STARTUP);
	}
}

static void
bbr_probertt_ack(struct tcpcb *tp, struct bbr *b)
{
	tcp_rate_applimited(tp);	/* what is measured now is not the path */
	if (b->b_proberttend == 0) {
		if (tcp_snd_inflight(tp) > bbr_rttcwnd(tp, b))
			return;
		b->b_proberttend = tcp_now(tp) + BBR_RTTHOLD;
		b->b_rttdone = false;
		bbr_round_begin(tp, b);
		return;
	}
	b->b_rttdone |= b->b_roundstart;
	if (b->b_rttdone)
		bbr_probertt_done(tp, b);
}

static void
bbr_probertt(struct tcpcb *tp, struct bbr *b)
{
	if (b->b_state != BBR_PROBERTT && b->b_rttexpired && !b->b_restart) {
		bbr_savecwnd(tp, b);
		bbr_enter(b, BBR_PROBERTT);
		b->b_proberttend = 0;
		b->b_acks = BBR_A_STOPPING;
		bbr_round_begin(tp, b);
	}
	if (b->b_state == BBR_PROBERTT)
		bbr_probertt_ack(tp, b);
	b->b_restart = false;
}

/* 5.6.4.7: the volume cap of the state. */
static uint32_t
bbr_bound(const struct tcpcb *tp, const struct bbr *b)
{
	uint32_t cap = BBR_NOLIMIT;

	if (b->b_state == BBR_CRUISE || b->b_state == BBR_PROBERTT)
		cap = bbr_headroom(tp, b);
	else if (bbr_inprobebw(b))
		cap = b->b_inflong;
	return (u32max(u32min(cap, b->b_infshort), BBR_MINSEGS * tp->t_maxseg));
}

/* 5.6.4.6 */
static void
bbr_window(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	const uint32_t max = bbr_maxinflight(tp, b),
		       first = (uint32_t)tp->t_tv->tv_initcwnd * tp->t_maxseg;

	if (b->b_filled)
		tp->snd_cwnd = u32min(tp->snd_cwnd + rs->rs_acked, max);
	else if (tp->snd_cwnd < max || tp->t_lr.lr_rates.rt_delivered < first)
		tp->snd_cwnd += rs->rs_acked;
	if ((tp->t_flags & TF_RTO) == 0)
		tp->snd_cwnd = u32max(tp->snd_cwnd, BBR_MINSEGS * tp->t_maxseg);
	if (b->b_state == BBR_PROBERTT)
		tp->snd_cwnd = u32min(tp->snd_cwnd, bbr_rttcwnd(tp, b));
	tp->snd_cwnd = u32min(tp->snd_cwnd, bbr_bound(tp, b));
}

/* A recovery began or ended with this ACK; b_recovered: a round of it has passed. */
static void
bbr_recovery(struct tcpcb *tp, struct bbr *b)
{
	const bool rec = (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0;

	if (!rec && b->b_recovering)
		bbr_restorecwnd(tp, b);
	b->b_recovered = rec && (b->b_recovered || (b->b_recovering && b->b_lossround));
	b->b_recovering = rec;
}

/* 5.2.3 */
static void
bbr_rate(struct tcpcb *tp, const struct tcp_rate *rs)
{
	struct bbr *b = tptobbr(tp);

	if (rs->rs_acked == 0 || rs->rs_priortime == 0)
		return;
	if (!b->b_seenrtt && tp->t_srtt != 0)
		bbr_pace_first(tp, b);
	bbr_model_begin(tp, b, rs);
	bbr_full(b, rs);
	bbr_startup(tp, b, rs);
	bbr_drain(tp, b);
	bbr_cycle(tp, b, rs);
	bbr_minrtt(b, rs, tcp_now(tp));
	bbr_probertt(tp, b);
	bbr_model_end(b, rs, tp->t_lr.lr_rates.rt_delivered);
	bbr_pace(tp, b, b->b_pacing);
	bbr_recovery(tp, b);
	bbr_window(tp, b, rs);
}

/* 5.5.10.2, HandleLostPacket() */
static void
bbr_lost(struct tcpcb *tp, const struct tcp_rec *rc)
{
	struct bbr *b = tptobbr(tp);
	const uint32_t lost = (uint32_t)tp->t_lr.lr_rates.rt_lost - rc->rc_lost;

	bbr_noteloss(tp, b);
	if (rc->rc_start != b->b_lostend && b->b_ranges < UINT8_MAX)
		b->b_ranges++;
	b->b_lostend = rc->rc_end;
	if (b->b_sample && bbr_toohigh(tp, lost, rc->rc_txflight))
		bbr_probe_lossy(tp, b, bbr_flightatloss(rc, lost),
		    (rc->rc_flags & REC_APPLIMITED) != 0);
}

/* The window of before is remembered; ssthresh means nothing here. */
static void
bbr_loss(struct tcpcb *tp, enum cc_signal why)
{
	struct bbr *b = tptobbr(tp);

	if (why != CC_ECN)
		bbr_savecwnd(tp, b);
	if (why != CC_ECN && tcp_rack_on(tp))
		return;			/* bbr_lost() heard of each */
	bbr_noteloss(tp, b);
	if (b->b_state == BBR_STARTUP)
		bbr_startup_lossy(tp, b);
	else if (b->b_sample)
		bbr_probe_lossy(tp, b, tcp_snd_inflight(tp), false);
}

/* 5.5.11.2 */
static void
bbr_undo(struct tcpcb *tp)
{
	struct bbr *b = tptobbr(tp);

	bbr_restorecwnd(tp, b);
	b->b_lossinround = b->b_recovering = b->b_recovered = false;
	bbr_fullbw_reset(b);
	b->b_bwshort = u64max(b->b_bwshort, b->b_undobw);
	b->b_infshort = u32max(b->b_infshort, b->b_undoshort);
	b->b_inflong = u32max(b->b_inflong, b->b_undolong);
	if (b->b_undostate == BBR_STARTUP && b->b_state != BBR_STARTUP) {
		b->b_filled = false;
		if (b->b_state != BBR_PROBERTT)
			bbr_enter(b, BBR_STARTUP);
	} else if (b->b_undostate == BBR_UP && b->b_state != BBR_UP && b->b_state != BBR_PROBERTT) {
		bbr_refill(tp, b);
	}
	b->b_undostate = BBR_NONE;
}

/* 5.4.1: after a pause at the rate of the path, not in a burst. */
static void
bbr_idle(struct tcpcb *tp)
{
	struct bbr *b = tptobbr(tp);

	if (tp->t_lr.lr_rates.rt_applimited == 0)
		return;
	b->b_restart = true;
	b->b_aggstart = tcp_now(tp);
	b->b_aggacked = 0;
	if (bbr_inprobebw(b))
		bbr_pace(tp, b, 100);
	else if (b->b_state == BBR_PROBERTT)
		bbr_probertt_done(tp, b);
}

static void
bbr_info(struct tcpcb *tp, struct vi_tcp_ccinfo *ci)
{
	const struct bbr *b = tptobbr(tp);

	*ci = (struct vi_tcp_ccinfo){
	    .ci_bw = b->b_bw,
	    .ci_minrtt = b->b_minrtt == BBR_NORTT ? 0 : (uint32_t)(b->b_minrtt / USEC),
	    .ci_pacinggain = b->b_pacing * 256u / 100,
	    .ci_cwndgain = b->b_cwnd * 256u / 100,
	};
}

const struct cc_ops cc_bbr = {
	.cc_name = "bbr",
	.cc_init = bbr_init,
	.cc_loss = bbr_loss,
	.cc_idle = bbr_idle,
	.cc_rate = bbr_rate,
	.cc_lost = bbr_lost,
	.cc_undo = bbr_undo,
	.cc_info = bbr_info,
	.cc_fini = bbr_fini,
};
