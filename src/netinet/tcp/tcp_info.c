/* SPDX-License-Identifier: BSD-2-Clause */
/* VI_TCP_INFO: what is known of a connection. */
#include "netinet/tcp/tcp_int.h"

#include <string.h>

enum { CA_OPEN, CA_DISORDER, CA_CWR, CA_RECOVERY, CA_LOSS };

static uint8_t
tcp_info_ca(const struct tcpcb *tp)
{
	if (tp->t_flags & TF_RTO)
		return (CA_LOSS);
	if (tp->t_flags & TF_FASTRECOVERY)
		return (CA_RECOVERY);
	if (tp->t_ecn & TE_CWR)
		return (CA_CWR);
	return (tp->t_dupacks > 0 || tp->snd_nsack > 0 ? CA_DISORDER : CA_OPEN);
}

/* As Linux: data of a SYN that the SYN-ACK did not take is retransmitted when it goes again. */
static uint32_t
tcp_info_synagain(const struct tcpcb *tp)
{
	const uint32_t end = tp->iss + 1 + tp->t_tfosent;

	if (tp->t_tfosent == 0 || !tcp_aslinux(tp) || SEQ_LT(tp->snd_max, end) || SEQ_GEQ(tp->snd_una, end))
		return (0);
	return (end - tp->snd_una);
}

static void
tcp_info_flight(const struct tcpcb *tp, struct vi_tcp_info *ti)
{
	const struct tcp_rec *rc;
	uint32_t edge;

	ti->ti_unacked = tcp_outstanding(tp);
	ti->ti_sacked = tp->snd_sacked;
	ti->ti_retrans = tcp_info_synagain(tp);
	if (tcp_rack_on(tp)) {
		ti->ti_lost = tp->t_lr.lr_recs.rs_lost;
		if ((tp->t_flags & (TF_FASTRECOVERY | TF_RTO)) == 0)
			return;
		/* As Linux: lost until it is acknowledged, also when it was sent again. */
		TAILQ_FOREACH(rc, &tp->t_lr.lr_recs.rs_time, rc_tlink) {
			if (rc->rc_flags & REC_REXMT)
				ti->ti_retrans += rc->rc_end - rc->rc_start;
			if (rc->rc_flags & REC_WASLOST)
				ti->ti_lost += rc->rc_end - rc->rc_start;
		}
		return;
	}
	if (tp->snd_nsack > 0) {
		edge = tcp_sack_lostedge(tp);
		ti->ti_lost = (edge - tp->snd_una) - tcp_sack_below(tp, edge);
	}
	if (SEQ_GT(tp->snd_highrxt, tp->snd_una))
		ti->ti_retrans =
		    (tp->snd_highrxt - tp->snd_una) - tcp_sack_below(tp, tp->snd_highrxt);
}

static void
tcp_info_counts(const struct tcpcb *tp, struct vi_tcp_info *ti)
{
	uint64_t now = tcp_now(tp);

	ti->ti_total_retrans = tp->t_rexmtsegs;
	ti->ti_bytes_acked = tp->t_ackedbytes;
	ti->ti_bytes_received = tp->t_rcvbytes;
	ti->ti_bytes_sent = tp->t_sndbytes + tp->t_rexmtbytes;
	ti->ti_bytes_retrans = tp->t_rexmtbytes;
	ti->ti_segs_out = tp->t_segsout;
	ti->ti_segs_in = tp->t_segsin;
	ti->ti_data_segs_out = tp->t_datasegsout;
	ti->ti_data_segs_in = tp->t_datasegsin;
	ti->ti_delivered = tp->t_lr.lr_rates.rt_delivered;
	ti->ti_delivered_ce = tp->t_delivered_ce;
	ti->ti_dsack_dups = tp->t_dsackdups;
	ti->ti_reord_seen = tp->t_reordseen;
	ti->ti_rcv_ooopack = tp->t_ooopack;
	ti->ti_total_rto = tp->t_nrto;
	ti->ti_total_rto_recoveries = tp->t_nrtorec;
	ti->ti_total_rto_time = tp->t_rtotime + (tp->t_rtostart != 0 ? now - tp->t_rtostart : 0);
	ti->ti_last_data_sent = tp->t_lastsent != 0 ? now - tp->t_lastsent : 0;
	ti->ti_last_data_recv = tp->t_lastdata != 0 ? now - tp->t_lastdata : 0;
	ti->ti_last_ack_recv = tp->t_lastack != 0 ? now - tp->t_lastack : 0;
}

void
tcp_info_fill(struct tcpcb *tp, struct vi_tcp_info *ti)
{
	const struct socket *so = tcp_so(tp);
	uint32_t sent = tp->snd_nxt - tp->snd_una;

	(void)lane_clock(&tcp_vn(tp)->vn_lane);
	memset(ti, 0, sizeof(*ti));
	ti->ti_state = tp->t_tfo != TFO_NONE ? TCPS_SYN_RECEIVED : tp->t_state;
	ti->ti_ca_state = tcp_info_ca(tp);
	ti->ti_options = (uint8_t)((tp->t_flags & TF_RCVD_TSTMP ? 1 : 0) |
				   (tp->t_flags & TF_SACK_PERMIT ? 2 : 0) |
				   (tp->t_flags & TF_RCVD_SCALE ? 4 : 0) |
				   (tp->t_ecn & TE_PERMIT ? 8 : 0) | (tp->t_tfodata ? 32 : 0));
	ti->ti_snd_wscale = tp->snd_scale;
	ti->ti_rcv_wscale = tp->rcv_scale;
	ti->ti_backoff = tp->t_rxtshift;
	ti->ti_retransmits = tp->t_rxtshift;
	ti->ti_probes = u32max(tp->t_keepsent, tp->t_persistshift) & 0xff;
	ti->ti_rto = tp->t_rxtcur;
	ti->ti_ato = (uint32_t)tp->t_tv->tv_delacktime * 1000;
	ti->ti_snd_mss = tp->t_maxseg;
	ti->ti_rcv_mss = tp->t_rcvmss;
	ti->ti_advmss = TCPS_HAVERCVDSYN(tp->t_state) ? tcp_ourmss(tp) : 0;
	ti->ti_pmtu = tp->t_pmtu;
	ti->ti_rtt = tp->t_srtt >> 3;
	ti->ti_rttvar = tp->t_rttvar >> 2;
	ti->ti_min_rtt = tp->t_rttmin;
	ti->ti_rcv_rtt = tp->t_rcvrtt;
	ti->ti_snd_ssthresh = tp->snd_ssthresh;
	ti->ti_snd_cwnd = tp->snd_cwnd;
	ti->ti_rcv_space = tp->t_rcvq_space;
	ti->ti_snd_wnd = tp->snd_wnd;
	ti->ti_rcv_wnd = tp->rcv_wnd;
	ti->ti_rcv_limit = tcp_rcv_most(tp);
	/* How far it goes; what follows from it is a time (RFC 8985 6.2). */
	ti->ti_reordering = u32max(tp->t_reordering, TCP_DUPACKS);
	ti->ti_pacing_rate = tp->t_lr.lr_rates.rt_pacing;
	ti->ti_max_pacing_rate =
	    tp->t_lr.lr_rates.rt_max != 0 ? tp->t_lr.lr_rates.rt_max : UINT64_MAX;
	ti->ti_delivery_rate = tp->t_lr.lr_rates.rt_last;
	ti->ti_notsent = so->so_snd.sb_cc > sent ? so->so_snd.sb_cc - sent : 0;
	tcp_info_flight(tp, ti);
	if (tp->t_state == TCPS_LISTEN) {
		ti->ti_unacked = so->so_qlen;
		ti->ti_sacked = so->so_qlimit > 0 ? so->so_qlimit - 1 : 0;
	}
	tcp_info_counts(tp, ti);
	tcp_chrono_fill(tp, ti);
}
