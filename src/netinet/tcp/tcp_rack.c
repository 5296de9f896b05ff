/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * RACK-TLP (RFC 8985), for connections with SACK while net.inet.tcp.rack is on.
 *
 * RACK: a segment is lost when one sent later was delivered, and a reordering window has passed.
 * The window is zero until reordering was seen and DupThresh is reached, then min_RTT / 4, widened
 * with each round that brought a DSACK, and back to its beginning after 16 recoveries.  What is not
 * old enough yet is looked at again by TT_RACK.
 *
 * TLP: when no ACK comes for about two round trips, TT_PROBE sends a segment (new if there is one,
 * else the last one again), so that a lost tail is seen by a SACK instead of by the timeout.
 *
 * On a timeout everything that is older than a round trip counts as lost (6.3), the first segment
 * always; records go out again as the window allows, in order.
 *
 * Deviation: what was sent after what is told by a count of transmissions instead of their times,
 * because the lane's clock stands while a burst is sent, retransmissions among it.  A probe waits at least TLP_MIN, which saves timers on paths shorter than our ACK delays.
 */
#include "netinet/tcp/tcp_int.h"

#include "base/assert.h"
#include "netinet/tcp/cc/cc.h"

#define RACK_DUPTHRESH	3
#define RACK_PERSIST	16	/* recoveries a widened window lasts */
#define TLP_MIN		(5 * MSEC)
#define TLP_MAXACKDELAY	(200 * MSEC)	/* RFC 8985 7.2: WCDelAckT */

/* RACK_sent_after() of RFC 8985 6.2: was the latest delivered sent after rc? */
static bool
rack_sentafter(const struct tcp_rack *rk, const struct tcp_rec *rc)
{
	int32_t after = (int32_t)(rk->rk_xmitno - rc->rc_xmitno);

	return (after > 0 || (after == 0 && SEQ_GT(rk->rk_end, rc->rc_end)));
}

/* RFC 8985 6.2 steps 1 to 3, for each segment newly delivered. */
void
tcp_rack_delivered(struct tcpcb *tp, const struct tcp_rec *rc, uint32_t end, uint64_t now)
{
	struct tcp_rack *rk = &tp->t_lr.lr_rack;
	struct tcp_rate *rs = &tp->t_tv->tv_rs;
	uint64_t rtt = now - rc->rc_time;
	int32_t after = (int32_t)(rc->rc_xmitno - rk->rk_xmitno);
	bool rexmt = (rc->rc_flags & REC_REXMT) != 0;

	if (SEQ_GT(end, rk->rk_fack))
		rk->rk_fack = end;
	/* What one ACK tells is in no order. */
	if (SEQ_LT(end, rs->rs_fack) && !rexmt) {
		rk->rk_reoseen = true;
		tp->t_reordseen += !rs->rs_reordered;
		rs->rs_reordered = true;
		tp->t_reordering = u32max(tp->t_reordering,
		    (rs->rs_fack - rc->rc_start + tp->t_maxseg - 1) / tp->t_maxseg);
	}
	/* An ACK that came too soon is of the first transmission. */
	if (rexmt && rtt < (uint64_t)tp->t_rttmin * USEC)
		return;
	rk->rk_rtt = rtt;
	if (after > 0 || (after == 0 && SEQ_GT(end, rk->rk_end))) {
		rk->rk_xmitno = rc->rc_xmitno;
		rk->rk_end = end;
	}
}

void
tcp_rack_init(struct tcpcb *tp)
{
	struct tcp_rack *rk = &tp->t_lr.lr_rack;

	*rk = (struct tcp_rack){ .rk_reomult = 1, .rk_fack = tp->snd_una, .rk_end = tp->snd_una };
}

/* RFC 8985 6.2 step 4: a DSACK says that the window was too narrow, once a round. */
void
tcp_rack_dsack(struct tcpcb *tp)
{
	struct tcp_rack *rk = &tp->t_lr.lr_rack;

	if (rk->rk_inround && SEQ_LT(tp->snd_una, rk->rk_roundend))
		return;
	rk->rk_inround = true;
	rk->rk_roundend = tp->snd_max;
	if (rk->rk_reomult < UINT8_MAX)
		rk->rk_reomult++;
	rk->rk_reopersist = RACK_PERSIST;
}

/* A recovery ended. */
void
tcp_rack_recovered(struct tcpcb *tp)
{
	struct tcp_rack *rk = &tp->t_lr.lr_rack;

	if (rk->rk_reopersist > 0 && --rk->rk_reopersist == 0)
		rk->rk_reomult = 1;
}

/* RFC 8985 6.2.1 step 4. */
static uint64_t
rack_reownd(const struct tcpcb *tp)
{
	const struct tcp_rack *rk = &tp->t_lr.lr_rack;
	bool many = tp->snd_nsack >= RACK_DUPTHRESH || tp->t_dupacks >= RACK_DUPTHRESH ||
		    tp->snd_sacked >= RACK_DUPTHRESH * tp->t_maxseg;

	if (!rk->rk_reoseen && (many || (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0))
		return (0);
	return (u64min((uint64_t)tp->t_rttmin * USEC / 4 * rk->rk_reomult,
	    (uint64_t)(tp->t_srtt >> 3) * USEC));
}

/* RFC 8985 6.2 step 5: marks what is lost; arms the timer for what may be so soon. */
void
tcp_rack_detect(struct tcpcb *tp)
{
	const struct tcp_rack *rk = &tp->t_lr.lr_rack;
	uint64_t now = tcp_now(tp), wait = rk->rk_rtt + rack_reownd(tp), next = 0;
	struct tcp_rec *rc, *n;

	for (rc = TAILQ_FIRST(&tp->t_lr.lr_recs.rs_time); rc != NULL && rack_sentafter(rk, rc);
	     rc = n) {
		n = TAILQ_NEXT(rc, rc_tlink);
		if (rc->rc_time + wait <= now)
			tcp_rec_lose(tp, rc);
		else
			next = rc->rc_time + wait - now;
	}
	if (next != 0)
		tcp_timer_set(tp, TT_RACK, next);
	else
		tcp_timer_stop(tp, TT_RACK);
}

/* The reordering window has passed. */
void
tcp_rack_timeout(struct tcpcb *tp)
{
	tcp_rate_begin(tp);
	tcp_rack_detect(tp);
	if (tp->t_lr.lr_recs.rs_lost == 0)
		return;
	TCPSTAT_INC(tp->t_tv, tcps_rack_timeo);
	tcp_ack_lost(tp);
	tcp_output(tp);
}

/* RFC 8985 6.3: the retransmission timer went off. */
void
tcp_rack_rto(struct tcpcb *tp)
{
	const struct tcp_rack *rk = &tp->t_lr.lr_rack;
	uint64_t now = tcp_now(tp), wait = rk->rk_rtt + rack_reownd(tp);
	struct tcp_rec *rc, *n;

	tcp_timer_stop(tp, TT_RACK);
	tcp_rec_cover(tp);
	for (rc = TAILQ_FIRST(&tp->t_lr.lr_recs.rs_time); rc != NULL; rc = n) {
		n = TAILQ_NEXT(rc, rc_tlink);
		if (rc->rc_start == tp->snd_una || rc->rc_time + wait <= now)
			tcp_rec_lose(tp, rc);
	}
}

/*
 * May the receiver wait with its ACK?  RFC 8985 7.2 says: of one segment.  Two do not hurry it when the second is short (RFC 5681 4.2);
 * Linux hurries none the less.
 */
static bool
tcp_tlp_maywait(const struct tcpcb *tp)
{
	const uint32_t out = tcp_outstanding(tp);

	return (out <= tp->t_maxseg || (out < 2 * tp->t_maxseg && !tcp_aslinux(tp)));
}

/* RFC 8985 7.2: when the probe is due; with nothing to probe for the timer stops. */
void
tcp_tlp_schedule(struct tcpcb *tp)
{
	uint64_t pto, rto, now;

	if (!tcp_rack_on(tp))
		return;
	if (tp->snd_una == tp->snd_max || tp->snd_nsack > 0 || tp->t_lr.lr_rack.rk_tlp ||
	    (tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) != 0 || tp->t_rxtshift != 0 ||
	    tcp_timer_active(tp, TT_PERSIST) || !TCPS_HAVEESTABLISHED(tp->t_state)) {
		tcp_timer_stop(tp, TT_PROBE);
		return;
	}
	pto = tp->t_srtt == 0 ? SEC : (uint64_t)(tp->t_srtt >> 3) * USEC * 2;
	if (tp->t_srtt != 0 && tcp_tlp_maywait(tp))
		pto += TLP_MAXACKDELAY;
	pto = u64max(pto, TLP_MIN);
	now = tcp_now(tp);
	rto = tp->t_deadline[TT_REXMT];
	if (rto != 0 && now + pto > rto)
		pto = rto > now ? rto - now : 0;
	tcp_timer_set(tp, TT_PROBE, pto);
}

/* RFC 8985 7.3. */
void
tcp_tlp_probe(struct tcpcb *tp)
{
	struct tcp_rack *rk = &tp->t_lr.lr_rack;
	uint32_t max = tp->snd_max;
	uint64_t before = tp->t_lastsent;

	/* One at a time, and the path must have been measured since the last one. */
	if (rk->rk_tlp || rk->rk_unmeasured || tp->snd_una == tp->snd_max)
		return;
	if (!tcp_snd_tlp(tp))
		return;
	TCPSTAT_INC(tp->t_tv, tcps_tlp_probes);
	rk->rk_tlp = true;
	rk->rk_tlprexmt = tp->snd_max == max;
	rk->rk_tlpend = tp->snd_max;
	rk->rk_before = before;
	rk->rk_unmeasured = true;
	tcp_timer_rexmt_restart(tp);
}

/* RFC 8985 7.4.2: what the ACK says of the probe. */
void
tcp_tlp_ack(struct tcpcb *tp, uint32_t ack, bool dsack, bool pure)
{
	struct tcp_rack *rk = &tp->t_lr.lr_rack;

	if (!rk->rk_tlp || SEQ_LT(ack, rk->rk_tlpend))
		return;
	if (!rk->rk_tlprexmt || dsack || (ack == rk->rk_tlpend && pure)) {
		/* New data; or the receiver got both, told by a DSACK or a bare duplicate ACK. */
		rk->rk_tlp = false;
	} else if (SEQ_GT(ack, rk->rk_tlpend)) {
		/* No word of a duplicate: the probe repaired a loss, and the window must know. */
		rk->rk_tlp = false;
		if (tp->t_flags & (TF_FASTRECOVERY | TF_RTO))
			return;
		TCPSTAT_INC(tp->t_tv, tcps_tlp_recovered);
		tcp_ack_reduce(tp, CC_LOSS);
	}
}
