/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data that came too early (RFC 9293 3.10.7.4, seventh step).
 *
 * The queue holds disjoint runs in order of sequence number, one for each hole before them:
 * neighbours are joined.  Runs are bounded in number (net.inet.tcp.reass.maxqueuelen) and, being
 * inside the window, in bytes.  Of data that came twice the first copy stays.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"

static void
tcp_reass_free(struct tcpcb *tp, struct tseg *te)
{
	TAILQ_REMOVE(&tp->t_segq, te, tqe_q);
	if (--tp->t_segqlen == 0)
		LIST_REMOVE(tp, t_early);
	tp->t_segqbytes -= te->tqe_end - te->tqe_start;
	m_freem(te->tqe_m);
	kfree(vnet_acct(tcp_vn(tp)), ACCT_REASS, te, sizeof(*te));
}

void
tcp_reass_flush(struct tcpcb *tp)
{
	struct tseg *te;

	while ((te = TAILQ_FIRST(&tp->t_segq)) != NULL)
		tcp_reass_free(tp, te);
	tp->t_nrsack = 0;
}

/* The last run that starts at or before seq; NULL: none. */
static struct tseg *
tcp_reass_before(const struct tcpcb *tp, uint32_t seq)
{
	struct tseg *te;

	/* From the end: data usually goes on behind what is there. */
	TAILQ_FOREACH_REVERSE(te, &tp->t_segq, tsegq, tqe_q)
		if (SEQ_LEQ(te->tqe_start, seq))
			return (te);
	return (NULL);
}

static struct tseg *
tcp_reass_new(struct tcpcb *tp, struct tseg *after, uint32_t seq, uint32_t len, struct mbuf *m)
{
	struct tseg *te;

	if (tp->t_segqlen >= (uint32_t)tp->t_tv->tv_reass_max ||
	    (te = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_REASS, sizeof(*te))) == NULL)
		return (NULL);
	te->tqe_start = seq;
	te->tqe_end = seq + len;
	te->tqe_m = m;
	te->tqe_last = m_last(m);
	if (after != NULL)
		TAILQ_INSERT_AFTER(&tp->t_segq, after, te, tqe_q);
	else
		TAILQ_INSERT_HEAD(&tp->t_segq, te, tqe_q);
	if (tp->t_segqlen++ == 0)
		LIST_INSERT_HEAD(&tp->t_tv->tv_early, tp, t_early);
	tp->t_segqbytes += len;
	return (te);
}

static void
tcp_reass_append(struct tcpcb *tp, struct tseg *te, uint32_t len, struct mbuf *m)
{
	te->tqe_last->m_next = m;
	te->tqe_last = m_last(m);
	te->tqe_end += len;
	tp->t_segqbytes += len;
}

/* What the runs after te hold already, or join it. */
static void
tcp_reass_join(struct tcpcb *tp, struct tseg *te)
{
	struct tseg *n;

	while ((n = TAILQ_NEXT(te, tqe_q)) != NULL && n->tqe_start == te->tqe_end) {
		te->tqe_last->m_next = n->tqe_m;
		te->tqe_last = n->tqe_last;
		te->tqe_end = n->tqe_end;
		tp->t_segqbytes += n->tqe_end - n->tqe_start;
		n->tqe_m = NULL;
		tcp_reass_free(tp, n);
	}
}

/*
 * One piece that lies in one hole: te is the run before it.  Consumes m.
 */
static struct tseg *
tcp_reass_piece(struct tcpcb *tp, struct tseg *te, uint32_t seq, uint32_t len, struct mbuf *m)
{
	if (te != NULL && te->tqe_end == seq)
		tcp_reass_append(tp, te, len, m);
	else if ((te = tcp_reass_new(tp, te, seq, len, m)) == NULL) {
		m_freem(m);
		return (NULL);
	}
	tcp_reass_join(tp, te);
	return (te);
}

int
tcp_reass_insert(struct tcpcb *tp, uint32_t seq, uint32_t len, struct mbuf *m)
{
	uint32_t end = seq + len, n, dup = seq, dupend = seq;
	struct tseg *te, *next;
	struct mbuf *rest;

	VI_ASSERT(len > 0);
	te = tcp_reass_before(tp, seq);
	while (m != NULL) {
		if (te != NULL && SEQ_GT(te->tqe_end, seq)) {
			/* The front is here already. */
			n = u32min(te->tqe_end - seq, end - seq);
			if (dup == dupend) {
				dup = seq;
				dupend = seq + n;
			}
			if (n == end - seq)
				break;
			m_adj(m, (ptrdiff_t)n);
			seq += n;
		}
		next = te != NULL ? TAILQ_NEXT(te, tqe_q) : TAILQ_FIRST(&tp->t_segq);
		rest = NULL;
		n = end - seq;
		if (next != NULL && SEQ_LT(next->tqe_start, end)) {
			n = next->tqe_start - seq;
			/* Without memory for the part behind the next run, that part is lost. */
			rest = m_split(m, n);
			if (rest == NULL)
				m_adj(m, -(ptrdiff_t)(end - seq - n));
		}
		if ((te = tcp_reass_piece(tp, te, seq, n, m)) == NULL) {
			m_freem(rest);
			return (ENOBUFS);
		}
		seq += n;
		m = rest;
	}
	m_freem(m);
	if (te != NULL)
		tcp_rsack_note(tp, te->tqe_start, te->tqe_end);
	/* RFC 2883 4: the first of the parts that came before. */
	if (dup != dupend)
		tcp_rsack_dup(tp, dup, dupend);
	return (0);
}

struct mbuf *
tcp_reass_take(struct tcpcb *tp, uint32_t *len)
{
	struct tseg *te;
	struct mbuf *m;
	uint32_t dup;

	*len = 0;
	while ((te = TAILQ_FIRST(&tp->t_segq)) != NULL && SEQ_LEQ(te->tqe_end, tp->rcv_nxt)) {
		tcp_rsack_dup(tp, te->tqe_start, te->tqe_end);
		tcp_reass_free(tp, te);
	}
	if (te == NULL || SEQ_GT(te->tqe_start, tp->rcv_nxt))
		return (NULL);
	if ((dup = tp->rcv_nxt - te->tqe_start) > 0) {
		tcp_rsack_dup(tp, te->tqe_start, tp->rcv_nxt);
		m_adj(te->tqe_m, (ptrdiff_t)dup);
	}
	m = te->tqe_m;
	*len = te->tqe_end - tp->rcv_nxt;
	te->tqe_m = NULL;
	tcp_reass_free(tp, te);
	return (m);
}
