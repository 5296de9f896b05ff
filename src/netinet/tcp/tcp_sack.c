/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Receiving side (RFC 2018, 2883): t_rsack remembers the runs of the reassembly queue in the order
 * they last changed, latest first; an ACK reports as many as fit.  t_dsack is one range that came
 * twice, reported once, in front.
 *
 * Sending side (RFC 6675): snd_sackq holds the ranges the receiver says it has beyond snd_una,
 * ascending and disjoint; the gaps between them are what may be lost.  At most TCP_MAX_SACKRANGES
 * ranges; a receiver that makes more is asking for work, and what does not fit is as if it had not
 * been said (the data is sent again, no worse).  Ranges outside snd_una..snd_max are ignored and
 * counted.
 *
 * RFC 6675's names: HighACK snd_una, HighData snd_max, HighRxt snd_highrxt, RecoveryPoint
 * snd_recover, Pipe tcp_sack_pipe(), DupThresh TCP_DUPTHRESH, IsLost tcp_sack_islost(), NextSeg
 * tcp_sack_next() with tcp_snd.c's choice among its rules.
 *
 * IsLost falls with the sequence number: so there is one edge, tcp_sack_lostedge(), below which
 * every gap is lost.
 */
#include "netinet/tcp/tcp_int.h"

#include "base/assert.h"

#define TCP_DUPTHRESH	3

/* Receiving side. */

/* The run [start, end) is new or grew: in front, and what it swallowed goes (RFC 2018 4). */
void
tcp_rsack_note(struct tcpcb *tp, uint32_t start, uint32_t end)
{
	struct tcp_sackblk old[TCP_MAX_RSACK];
	unsigned n = 1, i;

	for (i = 0; i < tp->t_nrsack; i++)
		old[i] = tp->t_rsack[i];
	tp->t_rsack[0] = (struct tcp_sackblk){ start, end };
	for (i = 0; i < tp->t_nrsack && n < TCP_MAX_RSACK; i++)
		if (SEQ_LT(old[i].sb_end, start) || SEQ_GT(old[i].sb_start, end))
			tp->t_rsack[n++] = old[i];
	tp->t_nrsack = (uint8_t)n;
}

/* rcv_nxt moved: blocks below it are history. */
void
tcp_rsack_prune(struct tcpcb *tp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tp->t_nrsack; i++)
		if (SEQ_GT(tp->t_rsack[i].sb_start, tp->rcv_nxt))
			tp->t_rsack[n++] = tp->t_rsack[i];
	tp->t_nrsack = (uint8_t)n;
}

void
tcp_rsack_dup(struct tcpcb *tp, uint32_t start, uint32_t end)
{
	if (tp->t_tv->tv_dsack && (tp->t_flags & TF_SACK_PERMIT) != 0)
		tp->t_dsack = (struct tcp_sackblk){ start, end };
}

uint8_t
tcp_rsack_fill(struct tcpcb *tp, struct tcp_sackblk *blk, unsigned room)
{
	unsigned n = 0;

	room = MIN(room, (unsigned)TCP_MAX_SACK);
	if (tp->t_dsack.sb_start != tp->t_dsack.sb_end && room > 0) {
		blk[n++] = tp->t_dsack;
		tp->t_dsack = (struct tcp_sackblk){ 0, 0 };
		TCPSTAT_INC(tp->t_tv, tcps_sack_dsack_sent);
	}
	for (unsigned i = 0; i < tp->t_nrsack && n < room; i++)
		blk[n++] = tp->t_rsack[i];
	return ((uint8_t)n);
}

/* Sending side. */

static void
tcp_sack_remove(struct tcpcb *tp, struct sackrange *sr)
{
	TAILQ_REMOVE(&tp->snd_sackq, sr, sr_link);
	tp->snd_nsack--;
	tp->snd_sacked -= sr->sr_end - sr->sr_start;
	kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sr, sizeof(*sr));
}

void
tcp_sack_free(struct tcpcb *tp)
{
	struct sackrange *sr;

	while ((sr = TAILQ_FIRST(&tp->snd_sackq)) != NULL)
		tcp_sack_remove(tp, sr);
	tcp_rec_unsack(tp);
}

/* The cumulative ACK moved to una. */
void
tcp_sack_advance(struct tcpcb *tp, uint32_t una)
{
	struct sackrange *sr;

	while ((sr = TAILQ_FIRST(&tp->snd_sackq)) != NULL && SEQ_LEQ(sr->sr_end, una))
		tcp_sack_remove(tp, sr);
	if (sr != NULL && SEQ_LT(sr->sr_start, una)) {
		tp->snd_sacked -= una - sr->sr_start;
		sr->sr_start = una;
	}
	if (SEQ_LT(tp->snd_highrxt, una))
		tp->snd_highrxt = una;
}

/* The new range does not touch prev or next: gets a node of its own. */
static bool
tcp_sack_insert(struct tcpcb *tp, struct sackrange *prev, uint32_t start, uint32_t end)
{
	struct sackrange *sr;

	if (tp->snd_nsack >= TCP_MAX_SACKRANGES ||
	    (sr = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*sr))) == NULL) {
		TCPSTAT_INC(tp->t_tv, tcps_sack_sboverflow);
		return (false);
	}
	sr->sr_start = start;
	sr->sr_end = end;
	if (prev != NULL)
		TAILQ_INSERT_AFTER(&tp->snd_sackq, prev, sr, sr_link);
	else
		TAILQ_INSERT_HEAD(&tp->snd_sackq, sr, sr_link);
	tp->snd_nsack++;
	tp->snd_sacked += end - start;
	return (true);
}

/* Adds [start, end), joining what it touches.  True if any byte of it is news. */
static bool
tcp_sack_add(struct tcpcb *tp, uint32_t start, uint32_t end)
{
	struct sackrange *sr, *next;

	/* The last range that begins at or before start; usually the last of all. */
	TAILQ_FOREACH_REVERSE(sr, &tp->snd_sackq, sackq, sr_link)
		if (SEQ_LEQ(sr->sr_start, start))
			break;
	if (sr != NULL && SEQ_GEQ(sr->sr_end, end))
		return (false);
	if (sr != NULL && SEQ_GEQ(sr->sr_end, start)) {
		tp->snd_sacked += end - sr->sr_end;
		sr->sr_end = end;
	} else {
		next = sr != NULL ? TAILQ_NEXT(sr, sr_link) : TAILQ_FIRST(&tp->snd_sackq);
		if (next != NULL && SEQ_LEQ(next->sr_start, end)) {
			tp->snd_sacked += next->sr_start - start;
			next->sr_start = start;
			if (SEQ_GEQ(next->sr_end, end))
				return (true);
			tp->snd_sacked += end - next->sr_end;
			next->sr_end = end;
			sr = next;
		} else {
			return (tcp_sack_insert(tp, sr, start, end));
		}
	}
	while ((next = TAILQ_NEXT(sr, sr_link)) != NULL && SEQ_LEQ(next->sr_start, sr->sr_end)) {
		if (SEQ_GT(next->sr_end, sr->sr_end)) {
			tp->snd_sacked += next->sr_end - sr->sr_end;
			sr->sr_end = next->sr_end;
		}
		/*
		 * The bytes up to next's end were counted twice since the join; removing it counts
		 * them once.
		 */
		tcp_sack_remove(tp, next);
	}
	return (true);
}

/* RFC 2883 4: the first block, below the ACK or within the second. */
static bool
tcp_sack_isdsack(const struct tcp_opts *to, uint32_t ack)
{
	const struct tcp_sackblk *b = to->to_sack;

	return (SEQ_LEQ(b[0].sb_end, ack) ||
		(to->to_nsack > 1 && SEQ_GEQ(b[0].sb_start, b[1].sb_start) &&
		    SEQ_LEQ(b[0].sb_end, b[1].sb_end)));
}

/* The receiver got something twice. */
static void
tcp_sack_dsack(struct tcpcb *tp, uint32_t start, uint32_t end)
{
	TCPSTAT_INC(tp->t_tv, tcps_sack_dsack_rcv);
	tp->t_dsackdups++;
	tp->t_tv->tv_rs.rs_dsacked += end - start;
	tcp_rack_dsack(tp);
	tcp_undo_dsack(tp, start, end - start);
}

/*
 * Blocks of one segment (RFC 6675 4).  A block at or below the cumulative ACK is a DSACK (RFC 2883)
 * and says nothing about the scoreboard; one beyond what was sent is nonsense.
 */
bool
tcp_sack_update(struct tcpcb *tp, const struct tcp_opts *to, uint32_t ack)
{
	bool news = false;
	uint32_t start, end, una = SEQ_MAX(ack, tp->snd_una);

	TCPSTAT_INC(tp->t_tv, tcps_sack_rcv_blocks);
	for (unsigned i = 0; i < to->to_nsack; i++) {
		start = to->to_sack[i].sb_start;
		end = to->to_sack[i].sb_end;
		if (!SEQ_LT(start, end) || SEQ_GT(end, tp->snd_max) ||
		    SEQ_LT(end, tp->snd_una - tp->max_sndwnd)) {
			TCPSTAT_INC(tp->t_tv, tcps_sack_ignored);
			continue;
		}
		if (i == 0 && tcp_sack_isdsack(to, ack))
			tcp_sack_dsack(tp, start, end);
		if (SEQ_LEQ(end, una))
			continue;
		if (tcp_sack_add(tp, SEQ_MAX(start, una), end)) {
			tcp_rec_sacked(tp, SEQ_MAX(start, una), end, tcp_now(tp));
			news = true;
		}
	}
	return (news);
}

/*
 * RFC 6675 4, IsLost: DupThresh ranges, or more than (DupThresh - 1) SMSS bytes, are SACKed above.
 * The result is the lowest sequence number for which that does not hold; snd_una when nothing is
 * lost.
 */
uint32_t
tcp_sack_lostedge(const struct tcpcb *tp)
{
	uint32_t bytes = 0, ranges = 0;
	struct sackrange *sr;

	TAILQ_FOREACH_REVERSE(sr, &tp->snd_sackq, sackq, sr_link) {
		bytes += sr->sr_end - sr->sr_start;
		ranges++;
		if (ranges >= TCP_DUPTHRESH || bytes > (TCP_DUPTHRESH - 1) * tp->t_maxseg)
			return (sr->sr_start);
	}
	return (tp->snd_una);
}

bool
tcp_sack_islost(const struct tcpcb *tp, uint32_t seq)
{
	return (SEQ_LT(seq, tcp_sack_lostedge(tp)));
}

/* SACKed bytes below seq. */
uint32_t
tcp_sack_below(const struct tcpcb *tp, uint32_t seq)
{
	uint32_t bytes = 0;
	struct sackrange *sr;

	if (SEQ_GEQ(seq, tp->snd_max))
		return (tp->snd_sacked);
	TAILQ_FOREACH(sr, &tp->snd_sackq, sr_link) {
		if (SEQ_GEQ(sr->sr_start, seq))
			break;
		bytes += SEQ_MIN(sr->sr_end, seq) - sr->sr_start;
	}
	return (bytes);
}

/* RFC 6675 4, SetPipe: bytes not SACKed count once when not lost, and once when sent again. */
uint32_t
tcp_sack_pipe(const struct tcpcb *tp)
{
	uint32_t edge = tcp_sack_lostedge(tp), pipe;

	pipe = (tp->snd_max - edge) - (tp->snd_sacked - tcp_sack_below(tp, edge));
	if (SEQ_GT(tp->snd_highrxt, tp->snd_una))
		pipe += (tp->snd_highrxt - tp->snd_una) - tcp_sack_below(tp, tp->snd_highrxt);
	return (pipe);
}

uint32_t
tcp_sack_gap(const struct tcpcb *tp, uint32_t seq, uint32_t *len)
{
	uint32_t end = tp->snd_max;
	struct sackrange *sr;

	TAILQ_FOREACH(sr, &tp->snd_sackq, sr_link) {
		if (SEQ_GT(sr->sr_start, seq)) {
			end = sr->sr_start;
			break;
		}
		seq = SEQ_MAX(seq, sr->sr_end);
	}
	*len = SEQ_LT(seq, end) ? end - seq : 0;
	return (seq);
}

/*
 * RFC 6675 4, NextSeg rules 1 (lostonly) and 3: the first gap above HighRxt and below the highest
 * SACKed byte.
 */
bool
tcp_sack_next(struct tcpcb *tp, uint32_t *seq, uint32_t *len, bool lostonly)
{
	const struct sackrange *last = TAILQ_LAST(&tp->snd_sackq, sackq);
	uint32_t limit;

	if (last == NULL)
		return (false);
	limit = lostonly ? tcp_sack_lostedge(tp) : last->sr_start;
	*seq = tcp_sack_gap(tp, SEQ_MAX(tp->snd_highrxt, tp->snd_una), len);
	if (*len == 0 || SEQ_GEQ(*seq, limit))
		return (false);
	*len = u32min(*len, limit - *seq);
	return (true);
}

/*
 * NextSeg rule 4: once in a recovery, the end of what is outstanding, so that a lost tail does not
 * need the timer.
 */
bool
tcp_sack_rescue(struct tcpcb *tp, uint32_t *seq, uint32_t *len)
{
	const struct sackrange *last = TAILQ_LAST(&tp->snd_sackq, sackq);
	uint32_t start;

	if (last == NULL || (tp->t_flags & TF_RESCUED) != 0 || SEQ_GEQ(last->sr_end, tp->snd_max))
		return (false);
	start = SEQ_MAX(last->sr_end, tp->snd_una);
	*len = u32min(tp->snd_max - start, tp->t_maxseg);
	*seq = tp->snd_max - *len;
	tp->t_flags |= TF_RESCUED;
	return (true);
}
