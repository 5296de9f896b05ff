/* SPDX-License-Identifier: BSD-2-Clause */
/* struct tcp_info as Linux lays it out. */
#include "linux/lx.h"

#include <string.h>
#include <linux/tcp.h>

#define LX_TCP_TAIL	232

/* What Linux 6.2, 6.7 and 6.18 added; the host's headers may be older. */
struct lx_tcp_tail {
	uint32_t	t_rcv_wnd;
	uint32_t	t_rehash;	/* no flow is given another label here */
	uint16_t	t_total_rto, t_total_rto_recoveries;
	uint32_t	t_total_rto_time;	/* ms */
	uint32_t	t_accecn[8];	/* accurate ECN, Linux 6.18: there is none here */
};

/* Linux's numbers of the states, by ours. */
static const uint8_t states[] = {
    [VI_TCPS_CLOSED] = 7,
    [VI_TCPS_LISTEN] = 10,
    [VI_TCPS_SYN_SENT] = 2,
    [VI_TCPS_SYN_RECEIVED] = 3,
    [VI_TCPS_ESTABLISHED] = 1,
    [VI_TCPS_CLOSE_WAIT] = 8,
    [VI_TCPS_FIN_WAIT_1] = 4,
    [VI_TCPS_CLOSING] = 11,
    [VI_TCPS_LAST_ACK] = 9,
    [VI_TCPS_FIN_WAIT_2] = 5,
    [VI_TCPS_TIME_WAIT] = 6,
};

uint8_t
tcpinfo_state(uint8_t state)
{
	return (state < sizeof(states) ? states[state] : 7);
}

static uint32_t
segments(uint32_t bytes, uint32_t mss)
{
	return (mss == 0 ? 0 : (bytes + mss - 1) / mss);
}

/*
 * What Linux tells of who does not pace: twice the window in a round trip in slow start, 1.2 times later
 * (its tcp_pacing_ss_ratio and tcp_pacing_ca_ratio).
 */
static uint64_t
unpaced(const struct vi_tcp_info *vi)
{
	const uint64_t rate = vi->ti_rtt == 0 ? 0 : (uint64_t)vi->ti_snd_cwnd * 1000000 / vi->ti_rtt;

	return (vi->ti_snd_cwnd < vi->ti_snd_ssthresh / 2 ? rate * 2 : rate * 6 / 5);
}

static void
tcpinfo_path(const struct vi_tcp_info *vi, struct tcp_info *ti)
{
	uint32_t mss = vi->ti_snd_mss;

	ti->tcpi_rto = vi->ti_rto;
	ti->tcpi_ato = vi->ti_ato;
	ti->tcpi_snd_mss = mss;
	ti->tcpi_rcv_mss = vi->ti_rcv_mss;
	ti->tcpi_advmss = vi->ti_advmss;
	ti->tcpi_pmtu = vi->ti_pmtu;
	ti->tcpi_rtt = vi->ti_rtt;
	ti->tcpi_rttvar = vi->ti_rttvar;
	ti->tcpi_min_rtt = vi->ti_min_rtt;
	ti->tcpi_rcv_rtt = vi->ti_rcv_rtt;
	ti->tcpi_rcv_space = vi->ti_rcv_space;
	ti->tcpi_rcv_ssthresh = vi->ti_rcv_limit;
	/* Windows are what whole segments fit in. */
	ti->tcpi_snd_cwnd = mss == 0 ? 0 : vi->ti_snd_cwnd / mss;
	ti->tcpi_snd_ssthresh = vi->ti_snd_ssthresh >= 65535u << 14 ? 0x7fffffff :
	    mss == 0 ? 0 : vi->ti_snd_ssthresh / mss;
	ti->tcpi_unacked = segments(vi->ti_unacked, mss);
	ti->tcpi_sacked = segments(vi->ti_sacked, mss);
	ti->tcpi_lost = segments(vi->ti_lost, mss);
	ti->tcpi_retrans = segments(vi->ti_retrans, mss);
	ti->tcpi_total_retrans = vi->ti_total_retrans;
	ti->tcpi_reordering = vi->ti_reordering;
}

static void
tcpinfo_totals(const struct vi_tcp_info *vi, struct tcp_info *ti)
{
	const uint64_t mss = vi->ti_snd_mss != 0 ? vi->ti_snd_mss : 1;

	ti->tcpi_last_data_sent = (uint32_t)(vi->ti_last_data_sent / 1000000);
	ti->tcpi_last_data_recv = (uint32_t)(vi->ti_last_data_recv / 1000000);
	ti->tcpi_last_ack_recv = (uint32_t)(vi->ti_last_ack_recv / 1000000);
	ti->tcpi_pacing_rate = vi->ti_pacing_rate != 0 ? vi->ti_pacing_rate : unpaced(vi);
	ti->tcpi_max_pacing_rate = vi->ti_max_pacing_rate;
	ti->tcpi_delivery_rate = vi->ti_delivery_rate;
	ti->tcpi_bytes_acked = vi->ti_bytes_acked;
	ti->tcpi_bytes_received = vi->ti_bytes_received;
	ti->tcpi_bytes_sent = vi->ti_bytes_sent;
	ti->tcpi_bytes_retrans = vi->ti_bytes_retrans;
	ti->tcpi_segs_out = (uint32_t)vi->ti_segs_out;
	ti->tcpi_segs_in = (uint32_t)vi->ti_segs_in;
	ti->tcpi_notsent_bytes = vi->ti_notsent;
	ti->tcpi_snd_wnd = vi->ti_snd_wnd;
	ti->tcpi_data_segs_out = (uint32_t)vi->ti_data_segs_out;
	ti->tcpi_data_segs_in = (uint32_t)vi->ti_data_segs_in;
	/* Linux counts the SYN once it is acknowledged. */
	ti->tcpi_delivered = (uint32_t)((vi->ti_delivered + mss - 1) / mss) + (vi->ti_state >= VI_TCPS_ESTABLISHED);
	ti->tcpi_delivered_ce = (uint32_t)((vi->ti_delivered_ce + mss - 1) / mss);
	ti->tcpi_dsack_dups = vi->ti_dsack_dups;
	ti->tcpi_reord_seen = vi->ti_reord_seen;
	ti->tcpi_rcv_ooopack = vi->ti_rcv_ooopack;
	ti->tcpi_busy_time = vi->ti_busy_time / 1000;
	ti->tcpi_rwnd_limited = vi->ti_rwnd_limited / 1000;
	ti->tcpi_sndbuf_limited = vi->ti_sndbuf_limited / 1000;
}

static uint16_t
sixteen(uint32_t n)
{
	return (n > UINT16_MAX ? UINT16_MAX : (uint16_t)n);
}

size_t
tcpinfo_build(const struct vi_tcp_info *vi, void *buf, size_t size)
{
	struct {
		struct tcp_info info;
		struct lx_tcp_tail tail;
	} all;
	struct tcp_info ti;

	memset(&ti, 0, sizeof(ti));
	ti.tcpi_state = tcpinfo_state(vi->ti_state);
	ti.tcpi_ca_state = vi->ti_ca_state;
	ti.tcpi_retransmits = vi->ti_retransmits;
	ti.tcpi_probes = vi->ti_probes;
	ti.tcpi_backoff = vi->ti_backoff;
	ti.tcpi_options = vi->ti_options;	/* the same bits */
	ti.tcpi_snd_wscale = vi->ti_snd_wscale & 15U;
	ti.tcpi_rcv_wscale = vi->ti_rcv_wscale & 15U;
	if (vi->ti_state == VI_TCPS_LISTEN) {
		ti.tcpi_reordering = vi->ti_reordering;
		ti.tcpi_snd_cwnd = 10;		/* what Linux's connections begin with */
		ti.tcpi_unacked = vi->ti_unacked;	/* who waits for accept(2), and */
		ti.tcpi_sacked = vi->ti_sacked;		/* how many may */
	} else {
		tcpinfo_path(vi, &ti);
		tcpinfo_totals(vi, &ti);
	}
	_Static_assert(offsetof(struct tcp_info, tcpi_snd_wnd) + 4 == LX_TCP_TAIL,
	    "the end of struct tcp_info is elsewhere");
	memset(&all, 0, sizeof(all));
	all.info = ti;
	all.tail = (struct lx_tcp_tail){
	    .t_rcv_wnd = vi->ti_rcv_wnd,
	    .t_total_rto = sixteen(vi->ti_total_rto),
	    .t_total_rto_recoveries = sixteen(vi->ti_total_rto_recoveries),
	    .t_total_rto_time = (uint32_t)(vi->ti_total_rto_time / 1000000)};
	if (size > sizeof(all))
		size = sizeof(all);
	memcpy(buf, &all, size);
	return (size);
}
