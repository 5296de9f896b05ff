/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Finding that a reduction of the window was for nothing, and taking it back.
 *
 *	Eifel (RFC 3522): the first ACK after a retransmission echoes a timestamp older than the
 *		retransmission's: it is of the first transmission.  Or all ACKs were lost, and the
 *		receiver echoes what it did before: then it acknowledges everything, or tells of a
 *		duplicate
 *	F-RTO (RFC 5682): after a timeout, something that was sent once only is acknowledged,
 *		while only the first segment was sent again; with RACK the records tell (3), else two
 *		ACKs that advance (2)
 *	DSACK (RFC 3708): each byte sent again was reported as a duplicate
 *
 * The response (RFC 4015 3): windows and the state of congestion control as before, unless the ACK
 * brings ECE; nothing is lost, the backoff of the timer is undone.
 */
#include "netinet/tcp/tcp_int.h"

#include <string.h>

#include "netinet/tcp/cc/cc.h"

_Static_assert(sizeof(((struct tcp_undo *)0)->un_ccpriv) <= sizeof(((struct tcpcb *)0)->t_ccpriv),
    "what is kept of congestion control");

/* Before the windows are reduced. */
void
tcp_undo_save(struct tcpcb *tp)
{
	struct tcp_undo *un = &tp->t_lr.lr_undo;

	*un = (struct tcp_undo){
	    .un_cwnd = tp->snd_cwnd,
	    .un_ssthresh = tp->snd_ssthresh,
	    .un_marker = tp->snd_una,
	    .un_valid = true,
	};
	memcpy(un->un_ccpriv, tp->t_ccpriv, sizeof(un->un_ccpriv));
	/* A reduction comes: what becomes of a probe needs none of its own. */
	tp->t_lr.lr_rack.rk_tlp = false;
}

void
tcp_undo_forget(struct tcpcb *tp)
{
	tp->t_lr.lr_undo.un_valid = false;
	tp->t_lr.lr_undo.un_frto = 0;
}

/* The recovery is over; late DSACKs of what it sent come within a round trip. */
void
tcp_undo_ended(struct tcpcb *tp)
{
	tp->t_lr.lr_undo.un_end = tp->snd_max;
	tp->t_lr.lr_undo.un_ended = true;
}

/* Bytes go out again. */
void
tcp_undo_rexmt(struct tcpcb *tp, uint32_t len, uint64_t now)
{
	struct tcp_undo *un = &tp->t_lr.lr_undo;

	un->un_rexmt += len;
	if (un->un_sent || un->un_acked)
		return;
	un->un_sent = true;
	un->un_firstts = tcp_ts(now, tp->t_tsoff);
}

static void
undo_windows(struct tcpcb *tp)
{
	const struct tcp_undo *un = &tp->t_lr.lr_undo;

	tp->snd_ssthresh = un->un_ssthresh;
	if (tp->t_cc->cc_undo != NULL) {
		tp->t_cc->cc_undo(tp);
	} else {
		memcpy(tp->t_ccpriv, un->un_ccpriv, sizeof(un->un_ccpriv));
		tp->snd_cwnd = u32max(tp->snd_cwnd, un->un_cwnd);
	}
}

static void
undo_do(struct tcpcb *tp)
{
	bool rto = (tp->t_flags & TF_RTO) != 0;

	tp->t_flags &= ~(uint32_t)(TF_FASTRECOVERY | TF_RTO | TF_RESCUED);
	tp->t_dupacks = 0;
	tcp_rec_unlose(tp);
	if (rto && !tcp_rack_on(tp))
		tp->snd_nxt = tp->snd_max;
	/* RFC 4015 3.4: what the path says of congestion in the same breath is true. */
	if (!tp->t_tv->tv_rs.rs_ece)
		undo_windows(tp);
	if (tp->t_rxtshift != 0)
		tcp_rto_over(tp);
	tcp_undo_forget(tp);
}

/* RFC 3522 3.2 steps 4 to 6: the ACK advances snd_una (not yet done). */
bool
tcp_undo_eifel(struct tcpcb *tp, const struct tcp_seg *ts)
{
	struct tcp_undo *un = &tp->t_lr.lr_undo;

	if (!un->un_valid || !un->un_sent || un->un_acked || (tp->t_flags & TF_RCVD_TSTMP) == 0 ||
	    (ts->ts_to.to_flags & TOF_TS) == 0 || ts->ts_to.to_tsecr == 0 ||
	    (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0)
		return (false);
	un->un_acked = true;			/* the first ACK only */
	if (!TSTMP_LT(ts->ts_to.to_tsecr, un->un_firstts) || tp->t_tv->tv_rs.rs_dsacked != 0 ||
	    (tp->t_dsackdups == 0 && ts->ts_ack == tp->snd_max))
		return (false);
	TCPSTAT_INC(tp->t_tv, tcps_undo_eifel);
	undo_do(tp);
	/* RFC 4015 3.3: the round trip really was that long. */
	tcp_rtt_sample(tp, (uint64_t)(tcp_ts(tcp_now(tp), tp->t_tsoff) - ts->ts_to.to_tsecr) * MSEC);
	return (true);
}

/* A duplicate of len bytes from start was reported. */
void
tcp_undo_dsack(struct tcpcb *tp, uint32_t start, uint32_t len)
{
	struct tcp_undo *un = &tp->t_lr.lr_undo;

	if (!un->un_valid || SEQ_LT(start, un->un_marker) || un->un_rexmt == 0)
		return;
	/* Later ones are of the network's making, or of other retransmissions. */
	if (un->un_ended && SEQ_GT(tp->snd_una, un->un_end)) {
		tcp_undo_forget(tp);
		return;
	}
	un->un_rexmt -= u32min(un->un_rexmt, len);
	if (un->un_rexmt != 0)
		return;
	TCPSTAT_INC(tp->t_tv, tcps_undo_dsack);
	undo_do(tp);
}

/*
 * RFC 5682 3.1 with SACK: step 2 after the timeout's retransmission, step 3 after new data went
 * out instead of more retransmissions.  True: the timeout was spurious.
 */
bool
tcp_undo_frto(struct tcpcb *tp, bool advanced)
{
	struct tcp_undo *un = &tp->t_lr.lr_undo;

	if (un->un_frto == 0 || !un->un_valid)
		return (false);
	if (tp->t_tv->tv_rs.rs_origacked) {
		TCPSTAT_INC(tp->t_tv, tcps_undo_frto);
		undo_do(tp);
		return (true);
	}
	/* 2b: one chance to send new data; an ACK that brings nothing ends it (2a, 3a). */
	un->un_frto = advanced && un->un_frto == 1 ? 2 : 0;
	return (false);
}

/*
 * RFC 5682 2.1, steps 2 and 3, of an ACK that advances (done) or is a duplicate.  The first one lets
 * new data out instead of more of the old; a second one that advances then is of what was sent
 * before the timeout.
 */
void
tcp_undo_frtobasic(struct tcpcb *tp, bool advanced)
{
	struct tcp_undo *un = &tp->t_lr.lr_undo;
	uint32_t out = tcp_outstanding(tp);

	if (un->un_frto == 2 && advanced && un->un_valid) {
		TCPSTAT_INC(tp->t_tv, tcps_undo_frto);
		undo_do(tp);
	} else if (un->un_frto == 1 && advanced && SEQ_GEQ(tp->snd_una, un->un_frtoend) &&
		   tcp_so(tp)->so_snd.sb_cc > out && tp->snd_wnd >= out + tp->t_maxseg) {
		un->un_frto = 2;
		tp->snd_nxt = tp->snd_max;
		tp->snd_cwnd = out + 2 * tp->t_maxseg;
	} else {
		/* 3a: at most three segments, from the first that is missing. */
		if (un->un_frto == 2) {
			tp->snd_nxt = tp->snd_una;
			tp->snd_cwnd = 3 * tp->t_maxseg;
		}
		un->un_frto = 0;
	}
}
