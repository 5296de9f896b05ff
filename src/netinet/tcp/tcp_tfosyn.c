/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The caller's side of Fast Open (RFC 7413 4.1.3, 4.2.1), for VI_TCP_FASTOPEN_CONNECT and VI_MSG_FASTOPEN.
 *
 * If the cookie cache knows a cookie, or none is needed (VI_TCP_FASTOPEN_NO_COOKIE,
 * net.inet.tcp.fastopen.client_needless), the SYN waits for the first data and takes up to a segment of
 * it along; otherwise the SYN asks for a cookie.  A host that gave none is asked once more in the form the
 * option had as an experiment (RFC 6994), which old servers know.
 *
 * What the SYN-ACK does not acknowledge is sent again as if it never was (4.2.2).  A SYN that has to be
 * sent again goes without cookie and data.  Two things may keep us from trying again: after no answer, one
 * that gives no cookie in either form or takes no data, or an ICMP error, SYNs to that port are plain ones for
 * net.inet.tcp.fastopen.path_disable_time s (4.1.3.1), which a Linux does not do; and connections that fall silent later, three timeouts in a row or a FIN without the data before
 * it, close Fast Open to everybody for net.inet.tcp.fastopen.blackhole_timeout s, doubled each time up to
 * 64 times that.
 */
#include "netinet/tcp/tcp_int.h"

#include <string.h>

#define TFO_HOLEROUNDS	3	/* timeouts in a row */
#define TFO_HOLEMAX	6	/* doublings */

/* Something on our side of the network takes Fast Open's packets away. */
static bool
tcp_tfo_closed(const struct tcpcb *tp)
{
	const struct tcp_fastopen *tf = &tp->t_tv->tv_tfo;

	return (tf->tf_holes > 0 && tf->tf_blackhole > 0 &&
		tcp_now(tp) - tf->tf_holetime <
		    ((uint64_t)tf->tf_blackhole * SEC) << u32min(tf->tf_holes - 1, TFO_HOLEMAX));
}

static void
tcp_tfo_hole(struct tcpcb *tp)
{
	struct tcp_fastopen *tf = &tp->t_tv->tv_tfo;

	if (tf->tf_blackhole == 0)
		return;
	TCPSTAT_INC(tp->t_tv, tcps_tfo_blackholes);
	tf->tf_holes++;
	tf->tf_holetime = tcp_now(tp);
}

static bool
tcp_tfo_tried(const struct tcpcb *tp)
{
	return (tp->t_tforequest || tp->t_tfobare);
}

/* A connection ends: what does it say of the way there? */
void
tcp_tfo_ended(struct tcpcb *tp)
{
	if (!tcp_tfo_tried(tp) || !TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	if (tp->t_datasegsin > 0)
		tp->t_tv->tv_tfo.tf_holes = 0;
	else if ((tp->t_flags & TF_RCVFIN) && SEQ_LT(tp->rcv_nxt, tp->rcv_fin))
		tcp_tfo_hole(tp);
}

/* connect(): true: the SYN waits for data to take along. */
bool
tcp_tfo_connect(struct tcpcb *tp)
{
	const struct tcp_fastopen *tf = &tp->t_tv->tv_tfo;
	struct tcp_tfohost th;

	if (!tp->t_tfoconnect || tcp_authkey(tp) != NULL || !tf->tf_client || tcp_tfo_closed(tp) ||
	    !tcp_ccache_get(tp, &th))
		return (false);
	if (tp->t_tfopsk == NULL && (tf->tf_clientneedless || tp->t_tfonocookie)) {
		tp->t_tfobare = tp->t_tfowait = true;
	} else {
		tp->t_tforequest = true;
		tp->t_tfowait = th.th_len > 0;
	}
	return (tp->t_tfowait);
}

/* The option of our SYN, and of a SYN-ACK that answers with a newer cookie. */
void
tcp_tfo_options(struct tcpcb *tp, struct tcp_opts *to, uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE])
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_tfohost th;

	if (tp->t_tfo != TFO_NONE && tp->t_tfoanew) {
		tcp_tfo_cookie(tp, &inp->inp_laddr, &inp->inp_faddr, cookie);
		to->to_tfolen = TFO_COOKIELEN;
	} else if (tp->t_tforequest && tp->t_state == TCPS_SYN_SENT && tp->t_nsynrexmt == 0 &&
		   tcp_ccache_get(tp, &th)) {
		memcpy(cookie, th.th_cookie, th.th_len);
		to->to_tfolen = th.th_len;
		if (tp->t_tfopsk != NULL)
			tcp_tfo_addpsk(tp->t_tfopsk, cookie, &to->to_tfolen);
		tp->t_tfoexp = th.th_exp || (th.th_len == 0 && th.th_try == 1);
	} else {
		return;
	}
	to->to_flags |= tp->t_tfoexp ? TOF_FASTOPEN | TOF_TFOEXP : TOF_FASTOPEN;
	to->to_tfo = cookie;
}

/* How much data a SYN takes: one segment of what the peer took last time, or what all do (4.1.3; Linux: what the path does), with all options. */
uint32_t
tcp_tfo_room(struct tcpcb *tp)
{
	uint32_t room = tp->t_pmtu - tcp_hdrs(tp);
	struct tcp_tfohost th;

	if (!tcp_ccache_get(tp, &th))
		return (0);
	if (th.th_mss != 0 || !tcp_aslinux(tp))
		room = u32min(room, th.th_mss != 0 ? th.th_mss : tcp_mssunsaid(tp->t_inpcb.inp_ops));
	if (tp->t_usermaxseg != 0)
		room = u32min(room, tp->t_usermaxseg);
	return (room > TCP_MAXOLEN ? room - TCP_MAXOLEN : 0);
}

uint32_t
tcp_tfo_synlen(struct tcpcb *tp)
{
	struct tcp_tfohost th;

	if (tp->t_nsynrexmt > 0 || (!tp->t_tfobare && (!tp->t_tforequest || !tcp_ccache_get(tp, &th) || th.th_len == 0)))
		return (0);
	tp->t_tfosent = u32min(tcp_so(tp)->so_snd.sb_cc, tcp_tfo_room(tp));
	if (tp->t_tfosent > 0)
		TCPSTAT_INC(tp->t_tv, tcps_tfo_syndata);
	return (tp->t_tfosent);
}

/* Data is there: the SYN that waited goes out. */
int
tcp_tfo_start(struct tcpcb *tp)
{
	tp->t_tfowait = false;
	tcp_so(tp)->so_state &= (uint16_t)~SS_FASTOPEN;
	tcp_timer_set(tp, TT_KEEP, (uint64_t)tp->t_tv->tv_keepinit * MSEC);
	return (tcp_snd_syn(tp));
}

/* RFC 7413 4.1.3.1: for a while no more of it to this host. */
void
tcp_tfo_refused(struct tcpcb *tp)
{
	if (!tcp_tfo_tried(tp) || !tcp_persona_sulks(tp))
		return;
	TCPSTAT_INC(tp->t_tv, tcps_tfo_disabled);
	tcp_ccache_fail(tp);
}

/* What the SYN-ACK teaches for the next time. */
static void
tcp_tfo_learn(struct tcpcb *tp, const struct tcp_opts *to)
{
	struct tcp_tfohost th = { .th_mss = tp->t_peermss }, known;

	if (!tcp_tfo_tried(tp))
		return;
	if (tp->t_tforequest && (to->to_flags & TOF_FASTOPEN) && to->to_tfolen > 0) {
		memcpy(th.th_cookie, to->to_tfo, to->to_tfolen);
		th.th_len = to->to_tfolen;
		th.th_exp = (to->to_flags & TOF_TFOEXP) != 0;
	} else if (tp->t_tforequest && tp->t_nsynrexmt == 0 && tp->t_tfosent == 0) {
		/* It was asked for and did not come: once more in the other form, then no more for a while (4.2.1). */
		(void)tcp_ccache_get(tp, &known);
		th.th_try = tp->t_tfoexp ? 2 : 1;
		if (u32max(th.th_try, known.th_try) == 2)
			tcp_tfo_refused(tp);
	}
	tcp_ccache_set(tp, &th);
}

/* The SYN-ACK came and is acceptable: what of our data did it take? */
void
tcp_tfo_answered(struct tcpcb *tp, const struct tcp_seg *ts)
{
	uint32_t taken = ts->ts_ack - (tp->iss + 1);

	tcp_tfo_learn(tp, &ts->ts_to);
	if (tp->t_tfosent == 0)
		return;
	if (taken == 0) {
		TCPSTAT_INC(tp->t_tv, tcps_tfo_datalost);
		/* With another cookie it may be taken the next time. */
		if (tp->t_nsynrexmt == 0 && (ts->ts_to.to_flags & TOF_FASTOPEN) == 0)
			tcp_tfo_refused(tp);
		return;
	}
	TCPSTAT_INC(tp->t_tv, tcps_tfo_dataacked);
	tp->t_tfodata = taken == tp->t_tfosent;
	sbdrop(&tcp_so(tp)->so_snd, taken);
	tp->t_ackedbytes += taken;
	tcp_mark_acked(tp, ts->ts_ack);
	tp->t_sndbytes += taken;
	tp->snd_nxt = tp->snd_max = tp->snd_up = tp->snd_recover = tp->snd_highrxt = ts->ts_ack;
}

/* The retransmission timer fired: perhaps somebody on the path does not like what the SYN carried. */
void
tcp_tfo_timeout(struct tcpcb *tp, bool giveup)
{
	if (!tcp_tfo_tried(tp))
		return;
	if (tp->t_rxtshift == TFO_HOLEROUNDS - 1 || (giveup && tp->t_rxtshift < TFO_HOLEROUNDS - 1))
		tcp_tfo_hole(tp);
	if (tp->t_state == TCPS_SYN_SENT)
		tcp_tfo_refused(tp);
}
