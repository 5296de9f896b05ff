/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection that a finished handshake makes, from what the SYN cache or a cookie remembers. */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "base/assert.h"

/* Sequence space and windows, as after <SYN><SYN,ACK><ACK>. */
static void
tcp_listen_agree(struct tcpcb *tp, const struct tcp_seg *ts, const struct tcp_agreed *ta)
{
	tp->t_peermss = ta->ta_peermss;
	tp->t_nsynrexmt = ta->ta_rexmits;
	tp->t_flags |= (ta->ta_scale ? TF_RCVD_SCALE | TF_REQ_SCALE : 0) |
		       (ta->ta_ts ? TF_RCVD_TSTMP | TF_REQ_TSTMP : 0) |
		       (ta->ta_sack ? TF_SACK_PERMIT | TF_REQ_SACK : 0);
	if (ta->ta_scale) {
		tp->snd_scale = ta->ta_sndscale;
		tp->rcv_scale = ta->ta_rcvscale;
	}
	tcp_setconnected(tp, ta->ta_tsoff);
	tp->ts_recent = ta->ta_tsrecent;
	tp->ts_recent_age = tcp_now(tp);
	tcp_sendseqinit(tp, ta->ta_iss);
	tcp_rcvseqinit(tp, ta->ta_irs);
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->snd_highrxt = ta->ta_iss + 1;
	/* The window of a SYN (Fast Open) is not scaled. */
	tp->snd_wnd = tp->max_sndwnd =
	    ts->ts_win << (ts->ts_flags & TH_SYN ? 0 : tp->snd_scale);
	tp->snd_wl1 = ts->ts_seq;
	tp->snd_wl2 = ts->ts_ack;
}

/* The window the SYN-ACK offered. */
static void
tcp_listen_window(struct tcpcb *tp, const struct socket *so)
{
	tp->rcv_wnd = u32min(sbspace(&so->so_rcv), TCP_MAXWIN);
	tp->rcv_adv = tp->rcv_nxt + tp->rcv_wnd;
	tcp_rcv_begin(tp, tp->rcv_wnd);
}

/* What a listener's socket and control blocks hand on. */
static void
tcp_listen_inherit(struct tcpcb *tp, const struct inpcb *linp)
{
	const struct tcpcb *ltp = intotcpcb(linp);
	struct inpcb *inp = &tp->t_inpcb;

	tcp_copyoptions(tp, ltp);
	tp->t_utosends = ltp->t_utosends;
	inp->inp_flags |= linp->inp_flags & (INP_SOCK6 | INP_V6ONLY | INP_AUTOFLOWLABEL | INP_DONTFRAG);
	inp->inp_flags |= INP_ACCEPTED;
	inp->inp_fib = linp->inp_fib;
	inp->inp_ttl = linp->inp_ttl;
	inp->inp_tos = linp->inp_tos;
	inp->inp_hops = linp->inp_hops;
	inp->inp_tclass = linp->inp_tclass;
	inp->inp_mtudisc6 = linp->inp_mtudisc6;
	inp->inp_minttl = linp->inp_minttl;
	inp->inp_minhops = linp->inp_minhops;
	inp->inp_srcpref = linp->inp_srcpref;
	inp->inp_mtudisc = linp->inp_mtudisc;
	inp->inp_boundif = linp->inp_boundif;
	inp->inp_cred = linp->inp_cred;
}

void
tcp_listen_logfull(const struct tcp_vnet *tv, const struct inpcb *listener)
{
	if (vnet_logdue(tv->tv_vnet, VNET_LOG_LISTENQ))
		vnet_log(tv->tv_vnet, LOG_NOTICE, "tcp: the listen queue of port %u is full: %u wait to be accepted", NTOHS(listener->inp_lport),
		    listener->inp_socket->so_qlen);
}

/* VI_IP_PKTOPTIONS */
static void
tcp_listen_noted(struct inpcb *inp, const struct inet_pkt *pkt)
{
	if (pkt->ip_ops->io_family != VI_AF_INET)
		return;
	inp->inp_mcast_if = pkt->ip_rcvif == NULL ? 0 : pkt->ip_rcvif->if_index;
	inp->inp_mcast_ttl = pkt->ip_ttl;
	inp->inp_rcvtos = pkt->ip_tos;
}

struct tcpcb *
tcp_listen_accept(struct inpcb *listener, const struct tcp_seg *ts, const struct tcp_agreed *ta)
{
	const struct inet_pkt *pkt = ts->ts_pkt;
	struct tcp_vnet *tv = ts->ts_tv;
	struct inpcb *inp;
	struct socket *so;
	struct tcpcb *tp;

	if (soqueuefull(listener->inp_socket) ||
	    tcp_newtcpcb(tv, NULL, pkt->ip_ops, &tp) != 0)
		goto full;
	inp = &tp->t_inpcb;
	tcp_listen_inherit(tp, listener);
	tp->t_udpport = ta->ta_udpport;
	if (in_pcbinherit(inp, listener) != 0 || in_pcbinsconn(inp, &pkt->ip_dst, ts->ts_dport, &pkt->ip_src, ts->ts_sport) != 0 ||
	    tcp_auth_inherit(tp, intotcpcb(listener)) != 0 ||
	    (so = sonewconn(listener->inp_socket)) == NULL)
		goto nosocket;
	in_pcbsetsocket(inp, so);
	tcp_listen_noted(inp, pkt);
	tcp_listen_agree(tp, ts, ta);
	tcp_listen_window(tp, so);
	if (ts->ts_to.to_flags & TOF_AO)
		tcp_auth_use(tp, ts->ts_to.to_ao[0], ts->ts_to.to_ao[1]);
	if (ta->ta_ecn)
		tcp_ecn_agreed(tp);
	tcp_established(tp);
	if (ta->ta_uto != 0)
		tcp_uto_rcvd(tp, ta->ta_uto);
	TCPSTAT_INC(tv, tcps_accepts);
	return (tp);
nosocket:
	tcp_discard(tp);
	TCPSTAT_INC(tv, tcps_listendrop);
	return (NULL);
full:
	TCPSTAT_INC(tv, tcps_listendrop);
	tcp_listen_logfull(tv, listener);
	return (NULL);
}
