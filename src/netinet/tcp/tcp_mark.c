/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks on the send queue: the user wants to be told when what he sent up to here has gone out
 * (VI_SO_TIMESTAMPING) or is acknowledged and so needed no more (the same, and VI_MSG_ZEROCOPY).
 * In the order of the sequence numbers; at most MARKS_MAX.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include <vimage/host.h>

#define MARKS_MAX	4096
#define MARK_SENT	(VI_SOF_TX_SCHED | VI_SOF_TX_SOFTWARE)

struct tcp_mark {
	TAILQ_ENTRY(tcp_mark) tm_link;
	uint32_t	 tm_end;	/* the byte before this one is the last */
	uint32_t	 tm_wanted;	/* VI_SOF_TX_*: still to be told */
	uint32_t	 tm_zcid;
	bool		 tm_zc;
};

static void
tcp_mark_free(struct tcpcb *tp, struct tcp_mark *tm)
{
	TAILQ_REMOVE(&tp->t_marks, tm, tm_link);
	tp->t_nmarks--;
	kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, tm, sizeof(*tm));
}

/* The queue ends here: a mark for what was just appended. */
int
tcp_mark_add(struct tcpcb *tp, uint32_t wanted, const uint32_t *zcid)
{
	uint32_t first = tp->t_state == TCPS_SYN_SENT ? tp->iss + 1 : tp->snd_una;
	struct tcp_mark *tm;

	if (tp->t_nmarks >= MARKS_MAX ||
	    (tm = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*tm))) == NULL) {
		TCPSTAT_INC(tp->t_tv, tcps_marknomem);
		return (ENOBUFS);
	}
	tm->tm_end = first + tcp_so(tp)->so_snd.sb_cc;
	tm->tm_wanted = wanted;
	if (zcid != NULL) {
		tm->tm_zc = true;
		tm->tm_zcid = *zcid;
	}
	TAILQ_INSERT_TAIL(&tp->t_marks, tm, tm_link);
	tp->t_nmarks++;
	return (0);
}

static void
tcp_mark_tell(struct tcpcb *tp, struct tcp_mark *tm, uint32_t what, uint32_t info)
{
	struct vi_host *h = kernel_host(tcp_vn(tp)->vn_kernel);
	struct socket *so = tcp_so(tp);
	struct vi_sockerr se = { .se_errno = ENOMSG, .se_origin = VI_SE_TIMESTAMP, .se_info = info };

	if ((tm->tm_wanted & what) == 0)
		return;
	tm->tm_wanted &= ~what;
	if (so->so_stamping & VI_SOF_OPT_ID)
		se.se_data = tm->tm_end - 1 - so->so_stampbase;
	se.se_stamp = h->h_ops->realtime(h);
	soerrqueue(so, &se, NULL, 0);
}

/* What ends before snd_max is out: with the scheduler and the driver being one. */
void
tcp_mark_sent(struct tcpcb *tp)
{
	struct tcp_mark *tm;

	TAILQ_FOREACH(tm, &tp->t_marks, tm_link) {
		if (SEQ_GT(tm->tm_end, tp->snd_max))
			break;
		if ((tm->tm_wanted & MARK_SENT) == 0)
			continue;
		tcp_mark_tell(tp, tm, VI_SOF_TX_SCHED, VI_SE_STAMP_SCHED);
		tcp_mark_tell(tp, tm, VI_SOF_TX_SOFTWARE, VI_SE_STAMP_SND);
	}
}

/* What ends before seq was acknowledged. */
void
tcp_mark_acked(struct tcpcb *tp, uint32_t seq)
{
	struct tcp_mark *tm;

	while ((tm = TAILQ_FIRST(&tp->t_marks)) != NULL && SEQ_LEQ(tm->tm_end, seq)) {
		tcp_mark_tell(tp, tm, VI_SOF_TX_SCHED, VI_SE_STAMP_SCHED);
		tcp_mark_tell(tp, tm, VI_SOF_TX_SOFTWARE, VI_SE_STAMP_SND);
		tcp_mark_tell(tp, tm, VI_SOF_TX_ACK, VI_SE_STAMP_ACK);
		if (tm->tm_zc)
			sozerocopied(tcp_so(tp), tm->tm_zcid);
		tcp_mark_free(tp, tm);
	}
}

/* The connection is over: nothing of it will be read again. */
void
tcp_mark_flush(struct tcpcb *tp)
{
	struct tcp_mark *tm;

	while ((tm = TAILQ_FIRST(&tp->t_marks)) != NULL) {
		if (tm->tm_zc && tcp_so(tp) != NULL)
			sozerocopied(tcp_so(tp), tm->tm_zcid);
		tcp_mark_free(tp, tm);
	}
}
