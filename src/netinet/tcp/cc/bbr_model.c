/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BBR's model of the path (draft-ietf-ccwg-bbr-06 5.5): rounds, the highest rate of the last two
 * cycles of probing, the shortest round trip, how ACKs are aggregated, and two kinds of bounds that
 * losses teach: short-term ones, held until the next probe, and the long-term one of the volume in
 * flight, which only probing moves.
 */
#include "netinet/tcp/cc/bbr.h"

#include "netinet/tcp/cc/cc.h"

#define BBR_LOSS	2		/* per cent of what is in flight */
#define BBR_HEADROOM	15		/* per cent left to others */
#define BBR_EXTRAROUNDS	5		/* of one of the two slots of b_extra */
#define BBR_RTTVALID	(10 * SEC)
#define BBR_RTTPROBE	(5 * SEC)

/* 5.5.1, StartRound() */
void
bbr_round_begin(struct tcpcb *tp, struct bbr *b)
{
	b->b_roundend = tp->t_lr.lr_rates.rt_delivered;
}

static void
bbr_round(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	b->b_roundstart = rs->rs_priortime != 0 && rs->rs_prior >= b->b_roundend;
	if (!b->b_roundstart)
		return;
	bbr_round_begin(tp, b);
	b->b_round++;
	b->b_roundsup++;
}

/* 5.5.5: a slot for the cycle before, one for this. */
static void
bbr_bw(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	bbr_round(tp, b, rs);
	if (rs->rs_rate != 0 && (rs->rs_rate >= bbr_maxbw(b) || !rs->rs_applimited))
		b->b_maxbw[1] = u64max(b->b_maxbw[1], rs->rs_rate);
}

/* bytes of rate in a time, without overflow */
static uint64_t
bbr_volume(uint64_t rate, uint64_t ns)
{
	return ((rate / 1000) * (u64min(ns, 100 * SEC) / 1000) / 1000);
}

/* 5.6.4.2, BDPMultiple() */
uint32_t
bbr_bdp(const struct tcpcb *tp, const struct bbr *b, uint32_t gain)
{
	uint64_t v;

	if (b->b_minrtt == BBR_NORTT || b->b_bw == 0)
		return ((uint32_t)tp->t_tv->tv_initcwnd * tp->t_maxseg);
	v = bbr_volume(b->b_bw, b->b_minrtt) * gain / 100;
	return ((uint32_t)u64min(v, (uint64_t)TCP_MAXWIN << TCP_MAX_WINSHIFT));
}

/* QuantizationBudget() */
static uint32_t
bbr_quantize(const struct tcpcb *tp, const struct bbr *b, uint32_t v)
{
	v = u32max(v, 3 * tp->t_lr.lr_rates.rt_quantum);
	v = u32max(v, BBR_MINSEGS * tp->t_maxseg);
	return (b->b_state == BBR_UP ? v + 2 * tp->t_maxseg : v);
}

uint32_t
bbr_inflight(const struct tcpcb *tp, const struct bbr *b, uint32_t gain)
{
	return (bbr_quantize(tp, b, bbr_bdp(tp, b, gain)));
}

uint32_t
bbr_maxinflight(const struct tcpcb *tp, const struct bbr *b)
{
	return (bbr_quantize(
	    tp, b, bbr_bdp(tp, b, b->b_cwnd) + u32max(b->b_extra[0], b->b_extra[1])));
}

/* InflightWithHeadroom() */
uint32_t
bbr_headroom(const struct tcpcb *tp, const struct bbr *b)
{
	uint32_t room;

	if (b->b_inflong == BBR_NOLIMIT)
		return (BBR_NOLIMIT);
	room = u32max((uint32_t)((uint64_t)b->b_inflong * BBR_HEADROOM / 100), tp->t_maxseg);
	return (u32max(b->b_inflong - u32min(b->b_inflong, room), BBR_MINSEGS * tp->t_maxseg));
}

void
bbr_shortterm_reset(struct bbr *b)
{
	b->b_bwshort = BBR_NOBWLIMIT;
	b->b_infshort = BBR_NOLIMIT;
}

void
bbr_signals_reset(struct bbr *b)
{
	b->b_lossinround = false;
	b->b_bwlatest = 0;
	b->b_inflatest = 0;
}

void
bbr_fullbw_reset(struct bbr *b)
{
	b->b_fullbw = 0;
	b->b_fullcount = 0;
	b->b_fullnow = false;
}

/* 5.5.9: what is acknowledged beyond what the rate explains. */
static void
bbr_aggregation(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	const uint64_t now = tcp_now(tp);
	uint64_t expected = bbr_volume(b->b_bw, now - b->b_aggstart);
	uint32_t extra;

	if (b->b_aggacked <= expected) {
		b->b_aggacked = 0;
		b->b_aggstart = now;
		expected = 0;
	}
	b->b_aggacked += rs->rs_acked;
	extra = (uint32_t)u64min(b->b_aggacked - expected, tp->snd_cwnd);
	if (b->b_round - b->b_extraround >= (b->b_filled ? BBR_EXTRAROUNDS : 1u)) {
		b->b_extra[0] = b->b_filled ? b->b_extra[1] : 0;
		b->b_extra[1] = 0;
		b->b_extraround = b->b_round;
	}
	b->b_extra[1] = u32max(b->b_extra[1], extra);
}

/*
 * 5.5.10.3: a round had losses, and was no probe: towards what it delivered.  Where there is no queue
 * the margin by which the sender stayed below the rate is not the path's doing: taken for it, each
 * round with a loss would cost one per cent.  A queue must be drained by it: one that flows keep full
 * lets nobody probe for more without losing too much, and leaves their shares as they are.
 */
static void
bbr_lowerbounds(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	const bool queued = rs->rs_rtt > b->b_minrtt / 4 * 5;
	const uint64_t latest = queued ? b->b_bwlatest : b->b_bwlatest / BBR_MARGIN * 100;

	if (b->b_bwshort == BBR_NOBWLIMIT)
		b->b_bwshort = bbr_maxbw(b);
	if (b->b_infshort == BBR_NOLIMIT)
		b->b_infshort = tp->snd_cwnd;
	b->b_bwshort = u64min(b->b_bwshort, u64max(latest, b->b_bwshort / 100 * BBR_BETA));
	b->b_infshort = u32max(b->b_inflatest, b->b_infshort / 100 * BBR_BETA);
}

void
bbr_model_begin(struct tcpcb *tp, struct bbr *b, const struct tcp_rate *rs)
{
	const uint64_t delivered = tp->t_lr.lr_rates.rt_delivered;

	b->b_bwlatest = u64max(b->b_bwlatest, rs->rs_rate);
	b->b_inflatest = u32max(b->b_inflatest, (uint32_t)(delivered - rs->rs_prior));
	b->b_lossround = rs->rs_prior >= b->b_lossroundend;
	if (b->b_lossround)
		b->b_lossroundend = delivered;
	bbr_bw(tp, b, rs);
	if (b->b_lossround) {
		if (b->b_lossinround && !bbr_accelerates(b) &&
		    (int32_t)(b->b_round - b->b_hold) >= 0)
			bbr_lowerbounds(tp, b, rs);
		b->b_lossinround = false;
	}
	bbr_aggregation(tp, b, rs);
}

void
bbr_model_end(struct bbr *b, const struct tcp_rate *rs, uint64_t delivered)
{
	if (b->b_lossround) {
		b->b_bwlatest = rs->rs_rate;
		b->b_inflatest = (uint32_t)(delivered - rs->rs_prior);
		b->b_ranges = 0;
	}
	b->b_bw = u64min(bbr_maxbw(b), b->b_bwshort);
}

/*
 * 5.3.4.3: the least of ten seconds, of which that of the last five decides when it is to be
 * measured again.
 */
void
bbr_minrtt(struct bbr *b, const struct tcp_rate *rs, uint64_t now)
{
	b->b_rttexpired = now > b->b_proberttstamp + BBR_RTTPROBE;
	if (rs->rs_rtt != 0 && (rs->rs_rtt < b->b_probertt || b->b_rttexpired)) {
		b->b_probertt = rs->rs_rtt;
		b->b_proberttstamp = now;
	}
	if (b->b_probertt < b->b_minrtt || now > b->b_minrttstamp + BBR_RTTVALID) {
		b->b_minrtt = b->b_probertt;
		b->b_minrttstamp = b->b_proberttstamp;
	}
}

/* 5.5.10.2, IsInflightTooHigh() */
bool
bbr_toohigh(const struct tcpcb *tp, uint32_t lost, uint32_t txflight)
{
	if (!tcp_rack_on(tp))
		return (lost > 0);
	return ((uint64_t)lost * 100 > (uint64_t)txflight * BBR_LOSS);
}

/* InflightAtLoss(): the part of the packet, a burst perhaps, that still went well is counted. */
uint32_t
bbr_flightatloss(const struct tcp_rec *rc, uint32_t lost)
{
	const uint32_t size = rc->rc_end - rc->rc_start;
	const int64_t flight = rc->rc_txflight - u32min(rc->rc_txflight, size),
		      before = lost - u32min(lost, size);
	const int64_t prefix = (flight * BBR_LOSS - before * 100) / (100 - BBR_LOSS);

	return ((uint32_t)(flight + prefix > 0 ? flight + prefix : 0));
}

/* NoteLoss(); 5.5.11.1: what is known now, in case nothing was lost. */
void
bbr_noteloss(struct tcpcb *tp, struct bbr *b)
{
	if (!b->b_lossinround)
		b->b_lossroundend = tp->t_lr.lr_rates.rt_delivered;
	b->b_lossinround = true;
	if ((tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0)
		return;
	b->b_undostate = BBR_NONE;
	b->b_undobw = b->b_bwshort;
	b->b_undoshort = b->b_infshort;
	b->b_undolong = b->b_inflong;
}
