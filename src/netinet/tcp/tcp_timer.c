/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A connection has TT_MAX timers but one callout.  Setting a timer writes its deadline; the callout
 * is touched only when it would fire too late.  Moving a deadline out (each ACK restarts the
 * retransmission timer) or stopping a timer is therefore one store. When the callout fires it runs
 * what has expired and arms itself for the earliest deadline left.
 *
 *	TT_REXMT	data or FIN is unacknowledged			RFC 6298 5
 *	TT_PERSIST	the peer's window is closed and we have data	RFC 9293 3.8.6.1
 *	TT_KEEP		handshake limit; then keepalive			RFC 9293 3.8.4
 *	TT_2MSL		FIN_WAIT_2 without a user (TIME_WAIT itself is in tcp_timewait.c)
 *	TT_DELACK	an ACK is held back				RFC 9293 3.8.6.3
 *	TT_CORK		a short segment is held back for the user
 *	TT_RACK		what was overtaken may be late only		RFC 8985 6.2
 *	TT_PROBE	no ACK for two round trips			RFC 8985 7.2
 *	TT_PACE		the next packet may leave			tcp_rate.c
 *
 * A function of a timer returns false when it ended the connection.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"
#include "netinet/tcp/cc/cc.h"

static void	tcp_timer_fire(void *);

void
tcp_timer_init(struct tcpcb *tp)
{
	callout_init(&tp->t_callout, &tcp_vn(tp)->vn_lane, tcp_timer_fire, tp);
}

void
tcp_timer_set(struct tcpcb *tp, enum tcp_timer t, uint64_t ns)
{
	uint64_t when = tcp_now(tp) + ns;

	tp->t_deadline[t] = when;
	if (tp->t_callat == 0 || when < tp->t_callat) {
		tp->t_callat = when;
		callout_reset_at(&tp->t_callout, when);
	}
}

void
tcp_timer_stopall(struct tcpcb *tp)
{
	for (unsigned t = 0; t < TT_MAX; t++)
		tp->t_deadline[t] = 0;
	tp->t_callat = 0;
	callout_stop(&tp->t_callout);
}

void
tcp_timer_rexmt_restart(struct tcpcb *tp)
{
	tcp_timer_set(tp, TT_REXMT, (uint64_t)tp->t_rxtcur * USEC);
}

/* RFC 9293 MUST-36, SHLD-29, SHLD-30: the first probe after an RTO, then backing off. */
void
tcp_timer_persist_start(struct tcpcb *tp)
{
	const struct tcp_vnet *tv = tp->t_tv;
	uint64_t ns = ((uint64_t)tcp_rto_base(tp) * USEC) << tp->t_persistshift;

	ns = u64max(ns, (uint64_t)tv->tv_persmin * MSEC);
	tcp_timer_set(tp, TT_PERSIST, u64min(ns, (uint64_t)tv->tv_persmax * MSEC));
}

uint64_t
tcp_keepidle(const struct tcpcb *tp)
{
	return (tp->t_keepidle);
}

static bool
tcp_keepalive_wanted(const struct tcpcb *tp)
{
	const struct socket *so = tcp_so(tp);

	return (
	    tp->t_tv->tv_always_keepalive || (so != NULL && (so->so_options & SO_KEEPALIVE) != 0));
}

/* Called when the option or its times change, and after the handshake. */
void
tcp_timer_keep_restart(struct tcpcb *tp)
{
	if (!TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	tp->t_keepsent = 0;
	if (tcp_keepalive_wanted(tp))
		tcp_timer_set(tp, TT_KEEP, tp->t_keepidle);
	else
		tcp_timer_stop(tp, TT_KEEP);
}

void
tcp_pcbtimer(struct vi_pcbinfo *pi, enum vi_pcbtimer kind, uint64_t when, uint64_t now, unsigned n)
{
	pi->pi_timer = (uint8_t)kind;
	pi->pi_expires = when <= now ? 0 : (uint32_t)u64min((when - now) / MSEC, UINT32_MAX);
	pi->pi_retrans = (uint8_t)n;
}

/* What lost segments wait for, before what a closed window does, before what silence does. */
void
tcp_timer_tell(const struct tcpcb *tp, struct vi_pcbinfo *pi)
{
	static const uint8_t resend[] = { TT_REXMT, TT_RACK, TT_PROBE };
	uint64_t first = 0;

	for (unsigned i = 0; i < sizeof(resend); i++)
		if (tp->t_deadline[resend[i]] != 0 && (first == 0 || tp->t_deadline[resend[i]] < first))
			first = tp->t_deadline[resend[i]];
	if (first != 0)
		tcp_pcbtimer(pi, VI_PCBT_REXMT, first, tcp_now(tp), tp->t_rxtshift);
	else if (tp->t_deadline[TT_PERSIST] != 0)
		tcp_pcbtimer(pi, VI_PCBT_PERSIST, tp->t_deadline[TT_PERSIST], tcp_now(tp), tp->t_persistshift);
	else if (tp->t_deadline[TT_2MSL] != 0)
		tcp_pcbtimer(pi, VI_PCBT_TIMEWAIT, tp->t_deadline[TT_2MSL], tcp_now(tp), 0);
	else if (tp->t_deadline[TT_KEEP] != 0)
		tcp_pcbtimer(pi, VI_PCBT_KEEP, tp->t_deadline[TT_KEEP], tcp_now(tp), tp->t_keepsent);
}

/* Who keeps his window closed has to answer probes at least (RFC 9293 3.8.6.1, MUST-37). */
static bool
tcp_persist_silent(const struct tcpcb *tp, uint64_t now)
{
	uint64_t limit = tp->t_usertimeout;

	if (limit == 0)
		limit = (uint64_t)tp->t_tv->tv_persmax * MSEC * 15;
	return (now - tp->t_lastrcvd >= limit);
}

/*
 * How long it may go on without an acknowledgment: a number of timeouts, or the user's limit (RFC
 * 9293 3.8.3, RFC 5482).  To a peer that took its window back what is sent again are probes (3.8.6,
 * SHLD-17, MUST-35).
 */
static bool
tcp_rexmt_giveup(const struct tcpcb *tp, uint64_t now)
{
	if (!TCPS_HAVEESTABLISHED(tp->t_state) || tp->t_tfo != TFO_NONE)
		return (tp->t_rxtshift >= tp->t_syncnt);
	if (tcp_orphan(tp) && tp->t_rxtshift >= tp->t_tv->tv_orphan_retries)
		return (true);
	if (tp->snd_wnd == 0)
		return (tcp_persist_silent(tp, now));
	if (tp->t_usertimeout != 0)
		return (now - tp->t_firstrexmt >= tp->t_usertimeout);
	return (tp->t_rxtshift >= tp->t_tv->tv_retries);
}

/* What the timeout does to the windows, and what is to be sent again. */
static void
tcp_rexmt_window(struct tcpcb *tp)
{
	bool first = tp->t_rxtshift == 1;

	/*
	 * RFC 5681 3.1 equation 4 holds for the first timeout; later ones find the window cut
	 * already.
	 */
	if (first) {
		if ((tp->t_flags & TF_FASTRECOVERY) == 0)
			tcp_undo_save(tp);
		tp->t_cc->cc_loss(tp, CC_RTO);
		tcp_ecn_reduced(tp);
		/* RFC 5682 2.1 and 3.1, step 1; not when an earlier repair was under way. */
		tp->t_lr.lr_undo.un_frto = (tp->t_flags & TF_FASTRECOVERY) == 0 &&
					   SEQ_GEQ(tp->snd_una, tp->snd_recover);
		tp->t_lr.lr_undo.un_frtoend =
		    tp->snd_una + u32min(tp->t_maxseg, tcp_outstanding(tp));
	} else {
		/* RFC 2018 8: what the receiver said it holds it may have dropped. */
		tcp_sack_free(tp);
		/* RFC 5682 2.1: for the same segment again from step 1; after step 2 an earlier repair is under way. */
		if (tp->t_lr.lr_undo.un_frto != 1)
			tp->t_lr.lr_undo.un_frto = 0;
	}
	tp->t_lr.lr_rack.rk_tlp = false;
	tp->t_ccacked = 0;
	tp->t_dupacks = 0;
	tp->t_flags = (tp->t_flags & ~(uint32_t)TF_FASTRECOVERY) | TF_RTO;
	tp->snd_recover = tp->snd_max;
	tp->snd_highrxt = tp->snd_una;
	/*
	 * RFC 6675 5.1: the first byte must be missing there; if it is not, the receiver went back
	 * on its word.
	 */
	if (tp->snd_nsack > 0 && TAILQ_FIRST(&tp->snd_sackq)->sr_start == tp->snd_una) {
		TCPSTAT_INC(tp->t_tv, tcps_sack_reneged);
		tcp_sack_free(tp);
	}
	if (tcp_rack_on(tp)) {
		tp->snd_nxt = tp->snd_max;
		tcp_rack_rto(tp);
	} else {
		tp->snd_nxt = tp->snd_una;
	}
	tp->snd_cwnd = tcp_snd_inflight(tp) + tp->t_maxseg;
}

/* RFC 5482 2: the user's limit is kept to, not what multiple of the timeout follows it.  It begins where tcp_rexmt_giveup() says, or this would be now, again and again. */
static void
tcp_rexmt_limit(struct tcpcb *tp, uint64_t now)
{
	uint64_t end = (tp->snd_wnd == 0 ? tp->t_lastrcvd : tp->t_firstrexmt) + tp->t_usertimeout;

	if (tp->t_usertimeout != 0 && tp->t_deadline[TT_REXMT] > end)
		tcp_timer_set(tp, TT_REXMT, end > now ? end - now : 0);
}

/* RFC 6298 5.4 to 5.7, RFC 5681 3.1 and the rest of the window afterwards. */
static bool
tcp_timer_rexmt(struct tcpcb *tp)
{
	uint64_t now = tcp_now(tp);

	/* RFC 8985 7.2: a probe that would come later than the timeout takes its place. */
	if (tp->t_deadline[TT_PROBE] != 0 && tp->t_deadline[TT_PROBE] <= now) {
		tcp_timer_stop(tp, TT_PROBE);
		tcp_tlp_probe(tp);
		if (tp->t_lr.lr_rack.rk_tlp)
			return (true);
	}
	TCPSTAT_INC(tp->t_tv, tcps_rexmttimeo);
	if (tp->t_rxtshift == 0)
		tp->t_firstrexmt = u64max(
		    tp->t_lr.lr_rack.rk_tlp ? tp->t_lr.lr_rack.rk_before : tp->t_lastsent, 1);
	tp->t_nrto++;
	if (tp->t_rtostart == 0)
		tp->t_rtostart = now;
	if (tcp_rexmt_giveup(tp, now)) {
		TCPSTAT_INC(tp->t_tv, tcps_timeoutdrop);
		tcp_tfo_timeout(tp, true);
		tcp_drop(tp, ETIMEDOUT);
		return (false);
	}
	tcp_tfo_timeout(tp, false);
	if (tp->t_rxtshift < UINT8_MAX)
		tp->t_rxtshift++;
	tp->t_rtttime = 0;			/* Karn */
	if (!TCPS_HAVEESTABLISHED(tp->t_state) || tp->t_tfo != TFO_NONE) {
		tp->t_rxtshift = (uint8_t)u32min(tp->t_rxtshift, 30);
		tp->t_nsynrexmt++;
		if (tp->t_tv->tv_rexmit_dropopts && tp->t_state == TCPS_SYN_SENT && tp->t_nsynrexmt == 3) {
			tp->t_flags &= ~(unsigned)(TF_REQ_SCALE | TF_REQ_TSTMP | TF_REQ_SACK);
			tp->rcv_scale = 0;
		}
		tcp_rto_set(tp);
		if (tp->t_tfo != TFO_NONE)
			tcp_tfo_synack(tp);
		else
			tcp_snd_syn(tp);
		return (true);
	}
	tcp_blackhole(tp);
	tcp_rexmt_window(tp);
	tcp_rto_set(tp);
	tcp_timer_rexmt_restart(tp);
	/* A window that was taken back is probed (RFC 9293 3.8.6, MUST-35); RACK does so by itself. */
	if (tp->snd_wnd == 0 && !tcp_rack_on(tp))
		tcp_snd_rexmt_first(tp);
	tcp_output(tp);
	tcp_rexmt_limit(tp, now);
	return (true);
}

/* RFC 9293 MUST-35, MUST-37: probes go on as long as they are answered. */
static bool
tcp_timer_persist(struct tcpcb *tp)
{
	TCPSTAT_INC(tp->t_tv, tcps_persisttimeo);
	if (tp->t_persistshift >= 3 &&
	    (tcp_persist_silent(tp, tcp_now(tp)) || (tcp_orphan(tp) && tp->t_persistshift >= tp->t_tv->tv_retries))) {
		TCPSTAT_INC(tp->t_tv, tcps_persistdrop);
		tcp_drop(tp, ETIMEDOUT);
		return (false);
	}
	if (tp->t_persistshift < 20)
		tp->t_persistshift++;
	/* The last probe was not taken: the same byte again. */
	tp->snd_nxt = tp->snd_una;
	tcp_timer_persist_start(tp);
	TCPSTAT_INC(tp->t_tv, tcps_sndprobe);
	/* As Linux: an old number and no byte, which no window can take, ask as well. */
	if (tp->snd_wnd == 0 && tcp_aslinux(tp)) {
		tcp_snd_probe(tp);
		return (true);
	}
	tp->t_flags |= TF_FORCE;
	tcp_output(tp);
	tp->t_flags &= ~(uint32_t)TF_FORCE;
	return (true);
}

/* RFC 9293 3.8.4: only with the user's wish, only when idle. */
static bool
tcp_timer_keep(struct tcpcb *tp)
{
	uint64_t idle;

	TCPSTAT_INC(tp->t_tv, tcps_keeptimeo);
	if (!TCPS_HAVEESTABLISHED(tp->t_state)) {
		TCPSTAT_INC(tp->t_tv, tcps_keepdrops);
		tcp_drop(tp, ETIMEDOUT);
		return (false);
	}
	if (!tcp_keepalive_wanted(tp))
		return (true);
	idle = tcp_now(tp) - tp->t_lastrcvd;
	if (idle < tp->t_keepidle) {
		tp->t_keepsent = 0;
		tcp_timer_set(tp, TT_KEEP, tp->t_keepidle - idle);
		return (true);
	}
	/* RFC 5482 4.2: who waits longer for acknowledgments is not to be hurried by probes. */
	if (tp->t_usertimeout != 0 ? tp->t_keepsent > 0 && idle >= tp->t_usertimeout
				   : tp->t_keepsent >= tp->t_keepcnt) {
		TCPSTAT_INC(tp->t_tv, tcps_keepdrops);
		tcp_drop(tp, ETIMEDOUT);
		return (false);
	}
	/* otherwise the retransmission timer does the asking */
	if (tcp_outstanding(tp) == 0) {
		tp->t_keepsent++;
		TCPSTAT_INC(tp->t_tv, tcps_keepprobe);
		tcp_snd_probe(tp);
	}
	tcp_timer_set(tp, TT_KEEP, tp->t_keepintvl);
	return (true);
}

static bool
tcp_timer_2msl(struct tcpcb *tp)
{
	TCPSTAT_INC(tp->t_tv, tcps_finwait2_drops);
	tcp_close(tp, 0);
	return (false);
}

static bool
tcp_timer_delack(struct tcpcb *tp)
{
	TCPSTAT_INC(tp->t_tv, tcps_delack);
	tcp_snd_ack(tp);
	return (true);
}

/* A corked end waits 200 ms at most.  As Linux, it goes as a probe does: pushed. */
static bool
tcp_timer_cork(struct tcpcb *tp)
{
	uint32_t held = tp->t_flags & (TF_CORK | TF_NODELAY);

	tp->t_flags = (tp->t_flags & ~(uint32_t)(TF_CORK | TF_MORE)) | TF_NODELAY;
	if (tcp_aslinux(tp) && tp->snd_wnd > tcp_outstanding(tp))
		tp->t_flags |= TF_FORCE;
	tcp_output(tp);
	tp->t_flags = (tp->t_flags & ~(uint32_t)(TF_NODELAY | TF_FORCE)) | held;
	return (true);
}

static bool
tcp_timer_rack(struct tcpcb *tp)
{
	tcp_rack_timeout(tp);
	return (true);
}

static bool
tcp_timer_probe(struct tcpcb *tp)
{
	tcp_tlp_probe(tp);
	return (true);
}

static bool
tcp_timer_pace(struct tcpcb *tp)
{
	tcp_output(tp);
	return (true);
}

static bool (*const tcp_timer_fn[TT_MAX])(struct tcpcb *) = {
	[TT_REXMT] = tcp_timer_rexmt,
	[TT_PERSIST] = tcp_timer_persist,
	[TT_KEEP] = tcp_timer_keep,
	[TT_2MSL] = tcp_timer_2msl,
	[TT_DELACK] = tcp_timer_delack,
	[TT_CORK] = tcp_timer_cork,
	[TT_RACK] = tcp_timer_rack,
	[TT_PROBE] = tcp_timer_probe,
	[TT_PACE] = tcp_timer_pace,
};

static void
tcp_timer_fire(void *arg)
{
	struct tcpcb *tp = arg;
	uint64_t now = tcp_now(tp), next = 0;

	tp->t_callat = 0;
	for (unsigned t = 0; t < TT_MAX; t++) {
		if (tp->t_deadline[t] == 0 || tp->t_deadline[t] > now)
			continue;
		tp->t_deadline[t] = 0;
		if (!tcp_timer_fn[t](tp))
			return;
		if (tp->t_state == TCPS_CLOSED)
			return;			/* ended inside, kept for its user */
	}
	for (unsigned t = 0; t < TT_MAX; t++)
		if (tp->t_deadline[t] != 0 && (next == 0 || tp->t_deadline[t] < next))
			next = tp->t_deadline[t];
	if (next != 0 && (tp->t_callat == 0 || next < tp->t_callat)) {
		tp->t_callat = next;
		callout_reset_at(&tp->t_callout, next);
	}
}
