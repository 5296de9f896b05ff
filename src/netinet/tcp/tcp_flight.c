/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far the windows and the buffer are used: whether the congestion window may grow, and what
 * VI_TCP_INFO says the sender waited for.
 *
 * RFC 5681 leaves it to the implementation whether a window that is not used grows; it must not
 * grow without limit (RFC 7661 3).  Usually half a window in flight is enough, unless it is more
 * than the receiver offers (RFC 9438 5.8).  With the persona linux the last flight must have ended at
 * the window, or, in slow start, have filled half of it.
 */
#include "netinet/tcp/tcp_int.h"

/* After output, with the persona linux: limited says that it ended at the congestion window. */
void
tcp_flight_sent(struct tcpcb *tp, bool limited)
{
	uint32_t out = tcp_outstanding(tp);

	limited |= tcp_snd_inflight(tp) + tp->t_maxseg > tp->snd_cwnd;
	/* The strongest sign of the flight counts. */
	if (SEQ_LT(tp->snd_una, tp->t_cwndseq) && !limited &&
	    (tp->t_cwndlimited || out <= tp->t_maxout))
		return;
	tp->t_cwndlimited = limited;
	tp->t_maxout = out;
	tp->t_cwndseq = tp->snd_max;
}

/* flight was outstanding before the ACK: was the window used? */
bool
tcp_flight_full(const struct tcpcb *tp, uint32_t flight)
{
	if (!tcp_aslinux(tp) || tp->t_tv->tv_newcwv)
		return (flight >= tp->snd_cwnd / 2 && tp->snd_cwnd <= tp->snd_wnd);
	return (tp->t_cwndlimited ||
		(tp->snd_cwnd < tp->snd_ssthresh && tp->snd_cwnd < 2 * (uint64_t)tp->t_maxout));
}

static enum tcp_wait
chrono_what(const struct tcpcb *tp)
{
	uint32_t cc = tcp_so(tp)->so_snd.sb_cc;

	if (cc == 0)
		return (TCPW_IDLE);
	if (tp->t_flags & TF_RWNDLIMITED)
		return (TCPW_RWND);
	/* All was sent, the window would take more, and the user has it. */
	if (tp->t_chrono.tc_nospace && cc <= tp->snd_nxt - tp->snd_una &&
	    (tp->t_flags & TF_CWNDLIMITED) == 0)
		return (TCPW_SNDBUF);
	return (TCPW_BUSY);
}

/* Something changed that the sender may wait for. */
void
tcp_chrono(struct tcpcb *tp)
{
	struct tcp_chrono *tc = &tp->t_chrono;
	enum tcp_wait what = chrono_what(tp);
	uint64_t now;

	if (what == tc->tc_what)
		return;
	now = tcp_now(tp);
	tc->tc_spent[tc->tc_what] += now - tc->tc_since;
	tc->tc_what = (uint8_t)what;
	tc->tc_since = now;
}

void
tcp_chrono_fill(const struct tcpcb *tp, struct vi_tcp_info *ti)
{
	const struct tcp_chrono *tc = &tp->t_chrono;
	uint64_t spent[TCPW_MAX];

	for (unsigned i = 0; i < TCPW_MAX; i++)
		spent[i] = tc->tc_spent[i];
	spent[tc->tc_what] += tcp_now(tp) - tc->tc_since;
	ti->ti_rwnd_limited = spent[TCPW_RWND];
	ti->ti_sndbuf_limited = spent[TCPW_SNDBUF];
	ti->ti_busy_time = spent[TCPW_BUSY] + spent[TCPW_RWND] + spent[TCPW_SNDBUF];
}
