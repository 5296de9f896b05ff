/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BBR's state, for bbr.c (what to do) and bbr_model.c (what is known of the path).  The draft's
 * names without "BBR.": max_bw is the larger of b_maxbw, bw_shortterm b_bwshort, inflight_longterm
 * b_inflong.
 *
 * Rates are bytes a second, times ns, volumes bytes, gains per cent.
 */
#ifndef NETINET_TCP_CC_BBR_H
#define NETINET_TCP_CC_BBR_H

#include <stdbool.h>
#include <stdint.h>

#include "netinet/tcp/tcp_int.h"

#define BBR_NOLIMIT	UINT32_MAX	/* of a volume */
#define BBR_NOBWLIMIT	UINT64_MAX	/* of a rate */
#define BBR_NORTT	UINT64_MAX
#define BBR_MINSEGS	4
#define BBR_MARGIN	99		/* per cent of the rate that are used */
#define BBR_BETA	70		/* per cent of a bound that a loss leaves, at least */

enum bbr_state {
	BBR_STARTUP, BBR_DRAIN, BBR_DOWN, BBR_CRUISE, BBR_REFILL, BBR_UP, BBR_PROBERTT,
	BBR_NONE	/* nothing to go back to */
};

/* What the ACKs of now are about. */
enum bbr_acks { BBR_A_INIT, BBR_A_REFILLING, BBR_A_STARTING, BBR_A_FEEDBACK, BBR_A_STOPPING };

struct bbr {
	/* Rates. */
	uint64_t	b_maxbw[2];	/* of the cycle before, and of this one */
	uint64_t	b_bw;		/* that counts now */
	uint64_t	b_bwshort, b_bwlatest;
	uint64_t	b_fullbw;
	/* Times. */
	uint64_t	b_minrtt, b_minrttstamp;
	uint64_t	b_probertt, b_proberttstamp;	/* probe_rtt_min_delay */
	uint64_t	b_proberttend;	/* 0 = the queue is not drained yet */
	uint64_t	b_cyclestamp;
	uint64_t	b_aggstart;	/* extra_acked_interval_start */
	uint64_t	b_aggacked;
	/* rt_delivered when a round ends */
	uint64_t	b_roundend, b_lossroundend;
	/* Volumes. */
	uint32_t	b_infshort, b_inflong, b_inflatest;
	uint32_t	b_extra[2];	/* extra_acked of the last five rounds and those before */
	uint32_t	b_priorcwnd;
	uint32_t	b_upinc, b_upacked;
	/* Before the losses that may turn out to be none. */
	uint64_t	b_undobw;
	uint32_t	b_undoshort, b_undolong;
	/* Rounds. */
	uint32_t	b_round, b_roundsup, b_drainround, b_extraround;
	uint32_t	b_hold;		/* no lower bounds before this one */
	uint32_t	b_probewait;	/* us */
	uint32_t	b_lostend;	/* the last lost range ended there */
	uint16_t	b_pacing, b_cwnd;	/* gains */
	uint8_t		b_state, b_undostate, b_acks;
	uint8_t		b_fullcount, b_uprounds;
	uint8_t		b_ranges;	/* lost in this round */
	bool		b_filled, b_fullnow, b_roundstart, b_lossround, b_lossinround;
	bool		b_restart, b_recovering, b_recovered;
	bool		b_sample;	/* is_bw_probe_sample */
	bool		b_toohigh, b_precaution;	/* what became of the last probe */
	bool		b_rttdone, b_rttexpired, b_seenrtt;
};
_Static_assert(sizeof(struct bbr) <= CC_PRIVATE * sizeof(uint64_t), "BBR's state");

static inline struct bbr *
tptobbr(struct tcpcb *tp)
{
	return ((struct bbr *)(void *)tp->t_ccpriv);
}
static inline uint64_t
bbr_maxbw(const struct bbr *b)
{
	return (u64max(b->b_maxbw[0], b->b_maxbw[1]));
}
static inline bool
bbr_inprobebw(const struct bbr *b)
{
	return (b->b_state >= BBR_DOWN && b->b_state <= BBR_UP);
}
static inline bool
bbr_accelerates(const struct bbr *b)
{
	return (b->b_state == BBR_STARTUP || b->b_state == BBR_REFILL || b->b_state == BBR_UP);
}

/* bbr_model.c */
void	 bbr_round_begin(struct tcpcb *, struct bbr *);
uint32_t bbr_bdp(const struct tcpcb *, const struct bbr *, uint32_t gain);
/* Inflight(): with room for what offloading needs. */
uint32_t bbr_inflight(const struct tcpcb *, const struct bbr *, uint32_t gain);
uint32_t bbr_maxinflight(const struct tcpcb *, const struct bbr *);
uint32_t bbr_headroom(const struct tcpcb *, const struct bbr *);
void	 bbr_shortterm_reset(struct bbr *);
void	 bbr_signals_reset(struct bbr *);
void	 bbr_fullbw_reset(struct bbr *);
bool	 bbr_toohigh(const struct tcpcb *, uint32_t lost, uint32_t txflight);
/* An ACK that brings something: before the states look at it, and after. */
void	 bbr_model_begin(struct tcpcb *, struct bbr *, const struct tcp_rate *);
void	 bbr_model_end(struct bbr *, const struct tcp_rate *, uint64_t delivered);
void	 bbr_minrtt(struct bbr *, const struct tcp_rate *, uint64_t now);
void	 bbr_noteloss(struct tcpcb *, struct bbr *);
/* What was in flight when too much of it got lost. */
uint32_t bbr_flightatloss(const struct tcp_rec *, uint32_t lost);

#endif
