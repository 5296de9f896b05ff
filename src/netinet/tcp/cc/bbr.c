/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * BBR after draft-ietf-ccwg-bbr, in the structure of its first version: a model of the path, the
 * highest delivery rate of the last ten rounds (BBR.max_bw) and the shortest round trip of the last
 * ten seconds (BBR.min_rtt), rather than losses, decides how fast to send.
 *
 *	Startup		pacing 2.77 times max_bw, until that stops growing by a quarter in three
 *			rounds, or a round loses more than 2 % of what it delivers
 *	Drain		the inverse, until what is in flight fits the path
 *	ProbeBW		cycles of eight min_rtt: 1.25, 0.75, then 1 times max_bw
 *	ProbeRTT	when min_rtt is ten seconds old: half a BDP in flight for 200 ms
 *
 * The window is cwnd_gain times the BDP, which only bounds; in the first round of a recovery it is
 * what ACKs take out (packet conservation), afterwards it goes back to what it was.
 *
 * Omitted of later versions: inflight_hi and inflight_lo with their losses and marks, ProbeBW's
 * four phases.  Marks (ECN) do not slow it down.
 */
#include "netinet/tcp/cc/cc.h"

#include <string.h>

#include "netinet/tcp/tcp_int.h"

#define BBR_UNIT	256u		/* gains are of this */
#define BBR_STARTUP	(BBR_UNIT * 277 / 100)
#define BBR_DRAIN	(BBR_UNIT * 100 / 277)
#define BBR_CWND	(BBR_UNIT * 2)
#define BBR_CYCLE	8
#define BBR_BWROUNDS	10
#define BBR_MINRTT	(10 * SEC)
#define BBR_PROBERTT	(200 * MSEC)
#define BBR_MINSEGS	4
#define BBR_MARGIN	99		/* per cent of max_bw that is used */
#define BBR_LOSSPCT	2

enum { BBR_S_STARTUP, BBR_S_DRAIN, BBR_S_PROBEBW, BBR_S_PROBERTT };

struct bbr {
	uint64_t	b_bw[3];	/* best, second and third best of the window */
	uint32_t	b_bwround[3];
	uint32_t	b_round;
	uint64_t	b_roundend;	/* rt_delivered that ends the round */
	uint64_t	b_rounddelivered, b_roundlost;	/* when it began */
	uint64_t	b_fullbw;
	uint64_t	b_minrtt, b_minrttstamp;	/* ns; 0 = none yet */
	uint64_t	b_probertt;	/* its end; 0 = not drained yet */
	uint64_t	b_cyclestamp;
	uint32_t	b_pacing, b_cwnd;	/* gains */
	uint32_t	b_priorcwnd;
	uint32_t	b_conserve;	/* round in which the window conserves packets, + 1 */
	uint32_t	b_probeend;	/* round that must end before ProbeRTT does */
	uint8_t		b_state, b_cycle, b_fullcount;
	bool		b_filled, b_roundstart, b_restart, b_recovering;
};
_Static_assert(sizeof(struct bbr) <= CC_PRIVATE * sizeof(uint64_t), "BBR's state");

static struct bbr *
tptobbr(struct tcpcb *tp)
{
	return ((struct bbr *)(void *)tp->t_ccpriv);
}

/* The windowed maximum with three samples: each the best since the one before it. */
static void
bbr_bw_update(struct bbr *b, uint64_t bw)
{
	uint32_t r = b->b_round;
	unsigned from = 3;

	if (bw >= b->b_bw[0] || r - b->b_bwround[2] > BBR_BWROUNDS)
		from = 0;
	else if (bw >= b->b_bw[1])
		from = 1;
	else if (bw >= b->b_bw[2])
		from = 2;
	else if (r - b->b_bwround[1] > BBR_BWROUNDS / 2 && b->b_bwround[1] == b->b_bwround[2])
		from = 2;
	for (unsigned i = from; i < 3; i++) {
		b->b_bw[i] = bw;
		b->b_bwround[i] = r;
	}
	/* The best is too old: the next ones move up. */
	while (r - b->b_bwround[0] > BBR_BWROUNDS) {
		b->b_bw[0] = b->b_bw[1];
		b->b_bwround[0] = b->b_bwround[1];
		b->b_bw[1] = b->b_bw[2];
		b->b_bwround[1] = b->b_bwround[2];
		b->b_bw[2] = bw;
		b->b_bwround[2] = r;
	}
}

/* BBRInflight(): gain times the BDP, and room for what is aggregated on the way (4.6.4.2). */
static uint32_t
bbr_inflight(const struct tcpcb *tp, const struct bbr *b, uint32_t gain)
{
	uint64_t bdp;

	if (b->b_minrtt == 0 || b->b_bw[0] == 0)
		return ((uint32_t)tp->t_tv->tv_initcwnd * tp->t_maxseg);
	bdp = (b->b_bw[0] / 1000) * (b->b_minrtt / 1000) / 1000;
	bdp = bdp * gain / BBR_UNIT + 3ull * tp->t_lr.lr_rates.rt_quantum;
	bdp = u64max(bdp, (uint64_t)BBR_MINSEGS * tp->t_maxseg);
	return ((uint32_t)u64min(bdp, (uint64_t)TCP_MAXWIN << TCP_MAX_WINSHIFT));
}

/* 4.6.2; until the pipe is full the rate only rises. */
static void
bbr_pace(struct tcpcb *tp, const struct bbr *b)
{
	uint64_t rate = b->b_bw[0] / BBR_UNIT * b->b_pacing / 100 * BBR_MARGIN;

	if (rate != 0 && (b->b_filled || rate > tp->t_lr.lr_rates.rt_pacing))
		tcp_pace_set(tp, rate);
}

static void
bbr_enter(struct bbr *b, uint8_t state, uint32_t pacing, uint32_t cwnd)
{
	b->b_state = state;
	b->b_pacing = pacing;
	b->b_cwnd = cwnd;
}

static void
bbr_init(struct tcpcb *tp)
{
	struct bbr *b = tptobbr(tp);
	uint64_t rtt = tp->t_srtt != 0 ? (uint64_t)(tp->t_srtt >> 3) * USEC : MSEC;

	memset(tp->t_ccpriv, 0, sizeof(tp->t_ccpriv));
	bbr_enter(b, BBR_S_STARTUP, BBR_STARTUP, BBR_CWND);
	b->b_minrttstamp = tcp_now(tp);
	b->b_roundend = tp->t_lr.lr_rates.rt_delivered;
	/* 4.6.2: the initial window in a round trip. */
	tcp_pace_set(tp, u64min(tp->snd_cwnd, 1u << 20) * SEC / u64max(rtt, USEC) / BBR_UNIT *
			     BBR_STARTUP);
}

static void
bbr_fini(struct tcpcb *tp)
{
	tcp_pace_set(tp, 0);
	tcp_timer_stop(tp, TT_PACE);
}

/* 4.5.1: packet-timed rounds. */
static void
bbr_round(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	b->b_roundstart = rs->rs_priortime != 0 && rs->rs_prior >= b->b_roundend;
	if (!b->b_roundstart)
		return;
	b->b_roundend = tp->t_lr.lr_rates.rt_delivered;
	b->b_round++;
}

static bool
bbr_lossy(const struct tcpcb *tp, const struct bbr *b)
{
	const struct tcp_rates *rt = &tp->t_lr.lr_rates;
	uint64_t lost = rt->rt_lost - b->b_roundlost, got = rt->rt_delivered - b->b_rounddelivered;

	return (lost > 6ull * tp->t_maxseg && lost * 100 > got * BBR_LOSSPCT);
}

/* 4.3.1.2, 4.3.1.3: is the pipe full? */
static void
bbr_full(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	if (!b->b_roundstart)
		return;
	if (!b->b_filled && bbr_lossy(tp, b))
		b->b_filled = true;
	b->b_roundlost = tp->t_lr.lr_rates.rt_lost;
	b->b_rounddelivered = tp->t_lr.lr_rates.rt_delivered;
	if (b->b_filled || rs->rs_applimited)
		return;
	if (b->b_bw[0] >= b->b_fullbw / 4 * 5) {
		b->b_fullbw = b->b_bw[0];
		b->b_fullcount = 0;
	} else if (++b->b_fullcount >= 3) {
		b->b_filled = true;
	}
}

static uint32_t
bbr_cyclegain(const struct bbr *b)
{
	return (b->b_cycle == 0 ? BBR_UNIT * 5 / 4 : b->b_cycle == 1 ? BBR_UNIT * 3 / 4 : BBR_UNIT);
}

static void
bbr_probebw(struct tcpcb *tp, struct bbr *b, uint64_t now)
{
	bbr_enter(b, BBR_S_PROBEBW, BBR_UNIT, BBR_CWND);
	/* Anywhere but in the phase that drains, so that flows do not march in step. */
	b->b_cycle = (uint8_t)((tp->iss >> 8) % (BBR_CYCLE - 1));
	b->b_cycle = (uint8_t)(b->b_cycle >= 1 ? b->b_cycle + 1 : 0);
	b->b_cyclestamp = now;
	b->b_pacing = bbr_cyclegain(b);
}

/* ProbeBW's phases: one min_rtt each; up until the queue is there, down until it is not. */
static void
bbr_cycle(const struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs, uint64_t now)
{
	bool over = now - b->b_cyclestamp > b->b_minrtt;

	if (b->b_cycle == 0)
		over = over && (rs->rs_lost > 0 ||
				   rs->rs_flight >= bbr_inflight(tp, b, BBR_UNIT * 5 / 4));
	else if (b->b_cycle == 1)
		over = over || rs->rs_flight <= bbr_inflight(tp, b, BBR_UNIT);
	if (!over)
		return;
	b->b_cycle = (uint8_t)((b->b_cycle + 1) % BBR_CYCLE);
	b->b_cyclestamp = now;
	b->b_pacing = bbr_cyclegain(b);
}

static void
bbr_advance(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs, uint64_t now)
{
	if (b->b_state == BBR_S_STARTUP && b->b_filled)
		bbr_enter(b, BBR_S_DRAIN, BBR_DRAIN, BBR_CWND);
	if (b->b_state == BBR_S_DRAIN && tcp_snd_inflight(tp) <= bbr_inflight(tp, b, BBR_UNIT))
		bbr_probebw(tp, b, now);
	else if (b->b_state == BBR_S_PROBEBW)
		bbr_cycle(tp, b, rs, now);
}

/* 4.3.4.4: the window stays small for 200 ms and a round. */
static void
bbr_probertt(struct tcpcb *tp, struct bbr *b, uint64_t now)
{
	tcp_rate_applimited(tp);	/* what is measured now is not the path */
	if (b->b_probertt == 0) {
		if (tcp_snd_inflight(tp) > bbr_inflight(tp, b, BBR_UNIT / 2))
			return;
		b->b_probertt = now + BBR_PROBERTT;
		b->b_probeend = b->b_round + 1;
		return;
	}
	if (now < b->b_probertt || (int32_t)(b->b_round - b->b_probeend) < 0)
		return;
	b->b_minrttstamp = now;
	tp->snd_cwnd = u32max(tp->snd_cwnd, b->b_priorcwnd);
	if (b->b_filled)
		bbr_probebw(tp, b, now);
	else
		bbr_enter(b, BBR_S_STARTUP, BBR_STARTUP, BBR_CWND);
}

static void
bbr_minrtt(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs, uint64_t now)
{
	bool old = now - b->b_minrttstamp > BBR_MINRTT;

	if (rs->rs_rtt != 0 && (b->b_minrtt == 0 || rs->rs_rtt <= b->b_minrtt || old)) {
		b->b_minrtt = rs->rs_rtt;
		b->b_minrttstamp = now;
	}
	if (old && !b->b_restart && b->b_state != BBR_S_PROBERTT) {
		bbr_enter(b, BBR_S_PROBERTT, BBR_UNIT, BBR_UNIT / 2);
		b->b_priorcwnd = u32max(b->b_recovering ? b->b_priorcwnd : 0, tp->snd_cwnd);
		b->b_probertt = 0;
	}
	if (b->b_state == BBR_S_PROBERTT)
		bbr_probertt(tp, b, now);
	if (rs->rs_acked > 0)
		b->b_restart = false;
}

/* 4.6.4.4 to 4.6.4.6: what a recovery does to the window. */
static void
bbr_recovery(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	bool rec = (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0;

	if (rs->rs_lost > 0)
		tp->snd_cwnd = u32max(tp->snd_cwnd - u32min(tp->snd_cwnd, rs->rs_lost), tp->t_maxseg);
	if (rec && !b->b_recovering) {
		b->b_conserve = b->b_round + 2;
		b->b_roundend = tp->t_lr.lr_rates.rt_delivered;
		tp->snd_cwnd = tcp_snd_inflight(tp) + u32max(rs->rs_acked, tp->t_maxseg);
	} else if (!rec && b->b_recovering) {
		tp->snd_cwnd = u32max(tp->snd_cwnd, b->b_priorcwnd);
		b->b_conserve = 0;
	}
	b->b_recovering = rec;
	if (b->b_conserve != 0 && b->b_round + 1 > b->b_conserve)
		b->b_conserve = 0;
}

static void
bbr_window(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	uint32_t target = bbr_inflight(tp, b, b->b_cwnd), acked = rs->rs_acked,
		 min = BBR_MINSEGS * tp->t_maxseg;

	bbr_recovery(tp, b, rs);
	if (b->b_conserve != 0)
		tp->snd_cwnd = u32max(tp->snd_cwnd, tcp_snd_inflight(tp) + acked);
	else if (b->b_filled)
		tp->snd_cwnd = u32min(tp->snd_cwnd + acked, target);
	else if (tp->snd_cwnd < target ||
		 tp->t_lr.lr_rates.rt_delivered < (uint64_t)tp->t_tv->tv_initcwnd * tp->t_maxseg)
		tp->snd_cwnd += acked;
	if ((tp->t_flags & TF_RTO) == 0)
		tp->snd_cwnd = u32max(tp->snd_cwnd, min);
	if (b->b_state == BBR_S_PROBERTT)
		tp->snd_cwnd = u32min(tp->snd_cwnd,
		    u32max(bbr_inflight(tp, b, BBR_UNIT / 2), min));
}

static void
bbr_rate(struct tcpcb *tp, const struct tcp_rate *rs)
{
	struct bbr *b = tptobbr(tp);
	uint64_t now = tcp_now(tp);

	bbr_round(tp, b, rs);
	if (rs->rs_rate != 0 && (rs->rs_rate >= b->b_bw[0] || !rs->rs_applimited))
		bbr_bw_update(b, rs->rs_rate);
	bbr_full(tp, b, rs);
	bbr_advance(tp, b, rs, now);
	bbr_minrtt(tp, b, rs, now);
	bbr_pace(tp, b);
	bbr_window(tp, b, rs);
}

/* The window of before is remembered; ssthresh means nothing here. */
static void
bbr_loss(struct tcpcb *tp, enum cc_signal why)
{
	struct bbr *b = tptobbr(tp);

	if (why == CC_ECN)
		return;
	if (!b->b_recovering && b->b_state != BBR_S_PROBERTT)
		b->b_priorcwnd = tp->snd_cwnd;
	else
		b->b_priorcwnd = u32max(b->b_priorcwnd, tp->snd_cwnd);
	if (why == CC_RTO)
		b->b_recovering = true;		/* no conservation: the window is one segment */
}

static void
bbr_undo(struct tcpcb *tp)
{
	struct bbr *b = tptobbr(tp);

	tp->snd_cwnd = u32max(tp->snd_cwnd, b->b_priorcwnd);
	b->b_conserve = 0;
	b->b_recovering = false;
	b->b_fullbw = 0;
	b->b_fullcount = 0;
}

/* 4.4.3: after a pause at the rate of the path, not in a burst. */
static void
bbr_idle(struct tcpcb *tp)
{
	struct bbr *b = tptobbr(tp);

	b->b_restart = true;
	tcp_rate_applimited(tp);
	if (b->b_state == BBR_S_PROBEBW && b->b_bw[0] != 0)
		tcp_pace_set(tp, b->b_bw[0] / 100 * BBR_MARGIN);
}

const struct cc_ops cc_bbr = {
	.cc_name = "bbr",
	.cc_init = bbr_init,
	.cc_loss = bbr_loss,
	.cc_idle = bbr_idle,
	.cc_rate = bbr_rate,
	.cc_undo = bbr_undo,
	.cc_fini = bbr_fini,
};
