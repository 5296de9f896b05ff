/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A record says of consecutive bytes when they were sent last and what became of them.  Records
 * cover snd_una..snd_max in order; what is sent in one burst, or in one super-packet, is one
 * record, and is cut when a SACK, a loss or a retransmission concerns a part of it.
 *
 * Two lists: rs_seq by sequence number, all of them; rs_time by time of transmission, those that
 * are on their way (neither SACKed nor lost), which is what RACK looks at (RFC 8985 6.2).
 *
 * Memory: two records live in the tcpcb, so that a connection that sends and waits, or one whose
 * bursts are long, allocates nothing.  There are at most TCP_MAX_RECS.  Without memory a new
 * transmission is added to the last record, which becomes coarse: its time is that of its last
 * byte, and no round trip is measured by it.  A record that cannot be cut keeps one fate: a SACK
 * of a part counts for nothing, a retransmission of a part for the whole (the timer repairs).
 *
 * Bytes that no record covers are possible (what went out with a SYN, or found the last record
 * SACKed and no memory); they are acknowledged without being measured, and tcp_rec_cover() gives
 * them records when the timer goes off.
 */
#include "netinet/tcp/tcp_int.h"

#include "base/assert.h"
#include "netinet/tcp/cc/cc.h"

void
tcp_rec_init(struct tcpcb *tp)
{
	TAILQ_INIT(&tp->t_lr.lr_recs.rs_seq);
	TAILQ_INIT(&tp->t_lr.lr_recs.rs_time);
}

static struct tcp_rec *
rec_alloc(struct tcpcb *tp)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc;

	for (unsigned i = 0; i < TCP_FIXED_RECS; i++)
		if ((rs->rs_fixedused & 1u << i) == 0) {
			rs->rs_fixedused |= 1u << i;
			rs->rs_count++;
			rs->rs_fixed[i].rc_flags = REC_FIXED;
			return (&rs->rs_fixed[i]);
		}
	if (rs->rs_count >= TCP_MAX_RECS ||
	    (rc = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*rc))) == NULL) {
		TCPSTAT_INC(tp->t_tv, tcps_rec_coarse);
		return (NULL);
	}
	rc->rc_flags = 0;
	rs->rs_count++;
	return (rc);
}

static bool
rec_ontime(const struct tcp_rec *rc)
{
	return ((rc->rc_flags & (REC_SACKED | REC_LOST)) == 0);
}

static void
rec_free(struct tcpcb *tp, struct tcp_rec *rc)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;

	if (rec_ontime(rc))
		TAILQ_REMOVE(&rs->rs_time, rc, rc_tlink);
	TAILQ_REMOVE(&rs->rs_seq, rc, rc_link);
	if (rs->rs_hint == rc)
		rs->rs_hint = NULL;
	rs->rs_count--;
	if (rc->rc_flags & REC_FIXED)
		rs->rs_fixedused &= ~(1u << (rc - rs->rs_fixed));
	else
		kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, rc, sizeof(*rc));
}

void
tcp_rec_flush(struct tcpcb *tp)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc;

	while ((rc = TAILQ_FIRST(&rs->rs_seq)) != NULL)
		rec_free(tp, rc);
	rs->rs_sacked = rs->rs_lost = 0;
}

/* The state a packet carries with it (delivery rate estimation, 4.1.2.2). */
static void
rec_stamp(struct tcpcb *tp, struct tcp_rec *rc, uint64_t now)
{
	const struct tcp_rates *rt = &tp->t_lr.lr_rates;

	rc->rc_time = now;
	rc->rc_xmitno = ++tp->t_lr.lr_recs.rs_xmitno;
	rc->rc_delivered = rt->rt_delivered;
	rc->rc_dtime = rt->rt_dtime;
	rc->rc_first = rt->rt_first;
	rc->rc_lost = (uint32_t)rt->rt_lost;
	if (rt->rt_applimited != 0)
		rc->rc_flags |= REC_APPLIMITED;
	else
		rc->rc_flags &= ~(uint32_t)REC_APPLIMITED;
}

/* Cuts rc at seq, which lies within; the second half.  NULL: no memory. */
static struct tcp_rec *
rec_cut(struct tcpcb *tp, struct tcp_rec *rc, uint32_t seq)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *n;
	uint32_t fixed;

	if ((n = rec_alloc(tp)) == NULL)
		return (NULL);
	fixed = n->rc_flags & REC_FIXED;
	*n = *rc;
	n->rc_flags = (rc->rc_flags & ~(uint32_t)REC_FIXED) | fixed;
	n->rc_start = rc->rc_end = seq;
	TAILQ_INSERT_AFTER(&rs->rs_seq, rc, n, rc_link);
	if (rec_ontime(rc))
		TAILQ_INSERT_AFTER(&rs->rs_time, rc, n, rc_tlink);
	return (n);
}

/* The record that holds seq, or the next one. */
static struct tcp_rec *
rec_find(struct tcpcb *tp, uint32_t seq)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc = rs->rs_hint != NULL ? rs->rs_hint : TAILQ_FIRST(&rs->rs_seq), *prev;

	if (rc == NULL)
		return (NULL);
	while (SEQ_GT(rc->rc_start, seq) && (prev = TAILQ_PREV(rc, tcp_recq, rc_link)) != NULL)
		rc = prev;
	while (rc != NULL && SEQ_LEQ(rc->rc_end, seq))
		rc = TAILQ_NEXT(rc, rc_link);
	if (rc != NULL)
		rs->rs_hint = rc;
	return (rc);
}

/* Part of rc from start on is to be treated alone.  NULL: no memory. */
static struct tcp_rec *
rec_from(struct tcpcb *tp, struct tcp_rec *rc, uint32_t start)
{
	return (SEQ_LT(rc->rc_start, start) ? rec_cut(tp, rc, start) : rc);
}

/* New bytes, sent for the first time. */
static void
rec_append(struct tcpcb *tp, uint32_t start, uint32_t end, uint64_t now)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *last = TAILQ_LAST(&rs->rs_seq, tcp_recq), *rc;
	bool joins = last != NULL && last->rc_end == start && rec_ontime(last);

	if (joins && last->rc_time == now && (last->rc_flags & REC_REXMT) == 0 &&
	    last->rc_xmitno == rs->rs_xmitno &&
	    last->rc_delivered == tp->t_lr.lr_rates.rt_delivered) {
		last->rc_end = end;
		last->rc_txflight = tcp_pipe(tp) + (end - start);
		return;
	}
	if ((rc = rec_alloc(tp)) == NULL) {
		if (!joins)
			return;
		last->rc_end = end;
		last->rc_flags |= REC_COARSE;
		rec_stamp(tp, last, now);
		TAILQ_REMOVE(&rs->rs_time, last, rc_tlink);
		TAILQ_INSERT_TAIL(&rs->rs_time, last, rc_tlink);
		return;
	}
	rc->rc_start = start;
	rc->rc_end = end;
	rec_stamp(tp, rc, now);
	rc->rc_txflight = tcp_pipe(tp) + (end - start);
	TAILQ_INSERT_TAIL(&rs->rs_seq, rc, rc_link);
	TAILQ_INSERT_TAIL(&rs->rs_time, rc, rc_tlink);
}

/* rc was sent again, all of it. */
static void
rec_resent(struct tcpcb *tp, struct tcp_rec *rc, uint64_t now)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;

	if (rc->rc_flags & REC_SACKED)
		return;
	if (rc->rc_flags & REC_LOST) {
		rs->rs_lost -= rc->rc_end - rc->rc_start;
		rc->rc_flags &= ~(uint32_t)REC_LOST;
	} else {
		TAILQ_REMOVE(&rs->rs_time, rc, rc_tlink);
	}
	TAILQ_INSERT_TAIL(&rs->rs_time, rc, rc_tlink);
	rc->rc_flags |= REC_REXMT;
	rec_stamp(tp, rc, now);
	rc->rc_txflight = tcp_pipe(tp);
}

/* [start, end) went out; snd_max is still what it was before. */
void
tcp_rec_sent(struct tcpcb *tp, uint32_t start, uint32_t end, uint64_t now)
{
	struct tcp_rates *rt = &tp->t_lr.lr_rates;
	struct tcp_rec *rc, *part;

	if (tcp_pipe(tp) == 0)
		rt->rt_first = rt->rt_dtime = now;
	if (SEQ_LT(start, tp->snd_max)) {
		for (rc = rec_find(tp, start); rc != NULL && SEQ_LT(rc->rc_start, end);
		     rc = TAILQ_NEXT(rc, rc_link)) {
			if ((part = rec_from(tp, rc, start)) != NULL)
				rc = part;
			if (SEQ_GT(rc->rc_end, end))
				(void)rec_cut(tp, rc, end);
			rec_resent(tp, rc, now);
		}
		rc = TAILQ_LAST(&tp->t_lr.lr_recs.rs_seq, tcp_recq);
		start = rc != NULL ? SEQ_MAX(start, rc->rc_end) : start;
	}
	if (SEQ_LT(start, end))
		rec_append(tp, start, end, now);
}

/* tcp_rec_sent() of new bytes when there are no records, and nothing is outstanding. */
void
tcp_rec_first(struct tcpcb *tp, uint32_t start, uint32_t end, uint64_t now)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rates *rt = &tp->t_lr.lr_rates;
	struct tcp_rec *rc = &rs->rs_fixed[0];

	rt->rt_first = rt->rt_dtime = now;
	rs->rs_fixedused = rs->rs_count = 1;
	rc->rc_flags = REC_FIXED;
	rc->rc_start = start;
	rc->rc_end = end;
	rec_stamp(tp, rc, now);
	rc->rc_txflight = end - start;
	TAILQ_INSERT_HEAD(&rs->rs_seq, rc, rc_link);
	TAILQ_INSERT_HEAD(&rs->rs_time, rc, rc_tlink);
}

/* The one record of all that is outstanding, if that went out once; NULL: it is not so simple. */
struct tcp_rec *
tcp_rec_sole(const struct tcpcb *tp)
{
	const struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc = TAILQ_FIRST(&rs->rs_seq);

	return (rs->rs_count == 1 && rs->rs_fixedused == 1 && rc->rc_start == tp->snd_una && rc->rc_end == tp->snd_max &&
	    (rc->rc_flags & ~(uint32_t)(REC_FIXED | REC_APPLIMITED)) == 0 ? rc : NULL);
}

/* It was acknowledged. */
void
tcp_rec_soleacked(struct tcpcb *tp)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;

	TAILQ_INIT(&rs->rs_seq);
	TAILQ_INIT(&rs->rs_time);
	rs->rs_fixedused = rs->rs_count = 0;
	rs->rs_hint = NULL;
}

/* All or the rest of rc arrived: for the first time we hear of it. */
static void
rec_delivered(struct tcpcb *tp, const struct tcp_rec *rc, uint32_t end, uint64_t now)
{
	tcp_rate_delivered(tp, rc, now);
	tcp_rack_delivered(tp, rc, end, now);
}

/* The cumulative ACK moved to una; before snd_una follows. */
void
tcp_rec_acked(struct tcpcb *tp, uint32_t una, uint64_t now)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc;
	uint32_t end, len;

	while ((rc = TAILQ_FIRST(&rs->rs_seq)) != NULL && SEQ_LT(rc->rc_start, una)) {
		end = SEQ_MIN(rc->rc_end, una);
		len = end - rc->rc_start;
		if (rc->rc_flags & REC_SACKED) {
			rs->rs_sacked -= len;
		} else {
			if (rc->rc_flags & REC_LOST)
				rs->rs_lost -= len;
			tp->t_tv->tv_rs.rs_acked += len;
			rec_delivered(tp, rc, end, now);
		}
		if (end != rc->rc_end) {
			rc->rc_start = end;
			break;
		}
		rec_free(tp, rc);
	}
}

/* [start, end) was SACKed.  A part that cannot be cut off stays as it is. */
void
tcp_rec_sacked(struct tcpcb *tp, uint32_t start, uint32_t end, uint64_t now)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc, *next;

	for (rc = rec_find(tp, start); rc != NULL && SEQ_LT(rc->rc_start, end); rc = next) {
		next = TAILQ_NEXT(rc, rc_link);
		if ((rc->rc_flags & REC_SACKED) || (rc = rec_from(tp, rc, start)) == NULL ||
		    (SEQ_GT(rc->rc_end, end) && rec_cut(tp, rc, end) == NULL))
			continue;
		if (rc->rc_flags & REC_LOST)
			rs->rs_lost -= rc->rc_end - rc->rc_start;
		else
			TAILQ_REMOVE(&rs->rs_time, rc, rc_tlink);
		rc->rc_flags = (rc->rc_flags & ~(uint32_t)REC_LOST) | REC_SACKED;
		rs->rs_sacked += rc->rc_end - rc->rc_start;
		tp->t_tv->tv_rs.rs_acked += rc->rc_end - rc->rc_start;
		rec_delivered(tp, rc, rc->rc_end, now);
	}
}

void
tcp_rec_lose(struct tcpcb *tp, struct tcp_rec *rc)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	uint32_t len = rc->rc_end - rc->rc_start;

	VI_ASSERT(rec_ontime(rc));
	TAILQ_REMOVE(&rs->rs_time, rc, rc_tlink);
	rc->rc_flags |= REC_LOST | REC_WASLOST;
	rs->rs_lost += len;
	/* A probe of the path's MTU is no sign of congestion (RFC 4821 7.6.2). */
	if (tcp_mtup_holds(tp, rc->rc_start, rc->rc_end))
		return;
	tp->t_tv->tv_rs.rs_lost += len;
	tp->t_lr.lr_rates.rt_lost += len;
	if (tp->t_cc->cc_lost != NULL)
		tp->t_cc->cc_lost(tp, rc);
}

/* Nothing was lost after all: what was not sent again is on its way. */
void
tcp_rec_unlose(struct tcpcb *tp)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc, *at;

	if (rs->rs_lost == 0)
		return;
	TAILQ_FOREACH(rc, &rs->rs_seq, rc_link) {
		if ((rc->rc_flags & REC_LOST) == 0)
			continue;
		rc->rc_flags &= ~(uint32_t)(REC_LOST | REC_WASLOST);
		TAILQ_FOREACH_REVERSE(at, &rs->rs_time, tcp_recq, rc_tlink)
			if ((int32_t)(at->rc_xmitno - rc->rc_xmitno) <= 0)
				break;
		if (at != NULL)
			TAILQ_INSERT_AFTER(&rs->rs_time, at, rc, rc_tlink);
		else
			TAILQ_INSERT_HEAD(&rs->rs_time, rc, rc_tlink);
	}
	rs->rs_lost = 0;
}

/* The receiver's SACKs are not believed any more (RFC 2018 8): nothing of them counts as SACKed. */
void
tcp_rec_unsack(struct tcpcb *tp)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc;

	if (rs->rs_sacked == 0)
		return;
	TAILQ_FOREACH(rc, &rs->rs_seq, rc_link)
		if (rc->rc_flags & REC_SACKED) {
			rc->rc_flags = (rc->rc_flags & ~(uint32_t)REC_SACKED) | REC_LOST;
			rs->rs_lost += rc->rc_end - rc->rc_start;
		}
	rs->rs_sacked = 0;
}

/* [start, end) has no record: next (NULL: the end of the list) follows it. */
static void
rec_fill(struct tcpcb *tp, struct tcp_rec *next, uint32_t start, uint32_t end)
{
	struct tcp_recs *rs = &tp->t_lr.lr_recs;
	struct tcp_rec *rc = rec_alloc(tp), *near;

	if (rc != NULL) {
		rc->rc_start = start;
		rc->rc_end = end;
		rc->rc_txflight = 0;
		rec_stamp(tp, rc, 0);
		rc->rc_flags |= REC_REXMT;
		if (next != NULL)
			TAILQ_INSERT_BEFORE(next, rc, rc_link);
		else
			TAILQ_INSERT_TAIL(&rs->rs_seq, rc, rc_link);
		TAILQ_INSERT_HEAD(&rs->rs_time, rc, rc_tlink);
		return;
	}
	/* A neighbour takes it, if it has the right fate; there are always two records. */
	near = next != NULL ? next : TAILQ_LAST(&rs->rs_seq, tcp_recq);
	if (near->rc_flags & REC_SACKED)
		return;
	near->rc_flags |= REC_COARSE;
	if (near->rc_flags & REC_LOST)
		rs->rs_lost += end - start;
	if (next != NULL)
		near->rc_start = start;
	else
		near->rc_end = end;
}

/* Before a timeout's retransmission: all of snd_una..snd_max has records. */
void
tcp_rec_cover(struct tcpcb *tp)
{
	uint32_t at = tp->snd_una;
	struct tcp_rec *rc;

	TAILQ_FOREACH(rc, &tp->t_lr.lr_recs.rs_seq, rc_link) {
		if (SEQ_LT(at, rc->rc_start))
			rec_fill(tp, rc, at, rc->rc_start);
		at = rc->rc_end;
	}
	if (SEQ_LT(at, tp->snd_max))
		rec_fill(tp, NULL, at, tp->snd_max);
}

/* The first bytes that are lost and not sent again; false when there are none. */
bool
tcp_rec_firstlost(struct tcpcb *tp, uint32_t *seq, uint32_t *len)
{
	struct tcp_rec *rc;

	if (tp->t_lr.lr_recs.rs_lost == 0)
		return (false);
	TAILQ_FOREACH(rc, &tp->t_lr.lr_recs.rs_seq, rc_link)
		if (rc->rc_flags & REC_LOST)
			break;
	if (rc == NULL)
		return (false);
	*seq = rc->rc_start;
	*len = rc->rc_end - rc->rc_start;
	while ((rc = TAILQ_NEXT(rc, rc_link)) != NULL && (rc->rc_flags & REC_LOST) &&
	       rc->rc_start == *seq + *len)
		*len += rc->rc_end - rc->rc_start;
	return (true);
}

/* The last segment sent was a FIN without data. */
bool
tcp_rec_finalone(const struct tcpcb *tp)
{
	const struct tcp_rec *rc = TAILQ_LAST(&tp->t_lr.lr_recs.rs_seq, tcp_recq);

	return (rc != NULL && rc->rc_end == tp->snd_max && rc->rc_end - rc->rc_start == 1);
}
