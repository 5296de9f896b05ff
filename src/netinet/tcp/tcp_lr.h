/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sender remembers of what it sent, for the recovery of losses and for measuring the path:
 * records of transmissions (tcp_rec.c), RACK-TLP (tcp_rack.c), PRR (tcp_prr.c), undo (tcp_undo.c),
 * delivery rate and pacing (tcp_rate.c), ECN (tcp_ecn.c).
 *
 * Times are ns of the host's clock unless said otherwise; lengths are bytes.  All belongs to the
 * lane.
 */
#ifndef NETINET_TCP_TCP_LR_H
#define NETINET_TCP_TCP_LR_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

enum tcp_rec_flags {
	REC_SACKED = 0x1,
	REC_LOST = 0x2,		/* taken for lost and not sent again since */
	REC_REXMT = 0x4,	/* was sent more than once */
	REC_APPLIMITED = 0x8,	/* sent when the user had too little to send */
	REC_COARSE = 0x10,	/* several transmissions for lack of memory: times are not exact */
	REC_FIXED = 0x20,	/* storage is the tcpcb's */
	REC_WASLOST = 0x40,	/* was taken for lost, perhaps sent again since */
};

/* Consecutive bytes with one fate: sent together, SACKed together, lost together. */
struct tcp_rec {
	TAILQ_ENTRY(tcp_rec) rc_link;	/* by sequence number */
	TAILQ_ENTRY(tcp_rec) rc_tlink;	/* by time; not when SACKed or lost */
	uint32_t	 rc_start, rc_end;
	uint32_t	 rc_flags;
	uint32_t	 rc_txflight;	/* in flight after it was sent */
	uint32_t	 rc_lost;	/* rt_lost then, modulo 2^32 */
	uint32_t	 rc_xmitno;	/* order of transmission, where the clock does not tell */
	uint64_t	 rc_time;	/* last transmission */
	uint64_t	 rc_delivered;	/* rt_delivered then */
	uint64_t	 rc_dtime;	/* rt_dtime then */
	uint64_t	 rc_first;	/* rt_first then */
};
TAILQ_HEAD(tcp_recq, tcp_rec);

#define TCP_MAX_RECS	4096	/* records of a connection; beyond, they become coarse */
#define TCP_FIXED_RECS	2

struct tcp_recs {
	struct tcp_recq	 rs_seq, rs_time;
	struct tcp_rec	*rs_hint;	/* a SACK was found there; may be NULL */
	uint32_t	 rs_count;
	uint32_t	 rs_sacked, rs_lost;	/* bytes */
	uint32_t	 rs_xmitno;
	uint32_t	 rs_fixedused;	/* bit for each of rs_fixed */
	struct tcp_rec	 rs_fixed[TCP_FIXED_RECS];
};

/* RFC 8985 6.1, 7.1: its names with rk_ for RACK. and rk_tlp for TLP. */
struct tcp_rack {
	uint64_t	 rk_rtt;	/* round trip of the latest delivered segment */
	uint32_t	 rk_end, rk_xmitno;
	uint32_t	 rk_fack;	/* highest byte delivered */
	uint32_t	 rk_roundend;	/* dsack_round; with rk_inround */
	uint32_t	 rk_tlpend;	/* with rk_tlp */
	uint64_t	 rk_before;	/* with rk_tlp: t_lastsent before the probe */
	uint8_t		 rk_reomult, rk_reopersist;
	bool		 rk_reoseen, rk_inround;
	bool		 rk_tlp;	/* a probe is out */
	bool		 rk_tlprexmt;	/* it was a retransmission */
	bool		 rk_unmeasured;	/* no round trip was measured since */
};

/* RFC 9937 6. */
struct tcp_prr {
	uint32_t	 pr_delivered, pr_out, pr_recoverfs;
};

/* The windows as they were before the last reduction, and how it may turn out to be wrong. */
struct tcp_undo {
	uint32_t	 un_cwnd, un_ssthresh;
	uint32_t	 un_marker;	/* snd_una when it was made */
	uint32_t	 un_end;	/* with un_ended: what was sent until the recovery was over */
	uint32_t	 un_rexmt;	/* bytes sent again since, less those reported as duplicates */
	uint32_t	 un_firstts;	/* timestamp of the first retransmission */
	uint32_t	 un_frtoend;	/* F-RTO: where the timeout's retransmission ends */
	uint8_t		 un_frto;	/* F-RTO: step, 0 = not running */
	uint8_t		 un_rxtshift;
	bool		 un_valid, un_ended;
	bool		 un_sent, un_acked;	/* un_firstts is set; an ACK was compared with it */
	uint64_t	 un_ccpriv[8];
};

/* What one ACK told of the rate (draft-ietf-ccwg-bbr 4.1, delivery rate estimation). */
struct tcp_rate {
	uint64_t	 rs_rate;	/* bytes a second; 0 = no sample */
	uint64_t	 rs_prior;	/* rt_delivered when the packet was sent */
	uint64_t	 rs_priortime;	/* 0 = nothing was delivered */
	uint64_t	 rs_sendel, rs_ackel;
	uint64_t	 rs_rtt;	/* of a packet sent once; 0 = none */
	uint32_t	 rs_acked;	/* newly delivered */
	uint32_t	 rs_ackadv;	/* of these by the cumulative ACK */
	uint32_t	 rs_lost;	/* newly taken for lost */
	uint32_t	 rs_lostsince;	/* lost since the packet of rs_prior was sent */
	uint32_t	 rs_dsacked;	/* reported as duplicate */
	uint32_t	 rs_txflight;
	uint32_t	 rs_flight;	/* in flight before the ACK */
	bool		 rs_applimited;
	bool		 rs_origacked;	/* sent once, before the timeout, and delivered */
	bool		 rs_ece;
	bool		 rs_reordered;	/* something arrived that was overtaken */
	uint32_t	 rs_fack;	/* rk_fack before the ACK */
};

struct tcp_rates {
	uint64_t	 rt_delivered, rt_dtime, rt_first;
	uint64_t	 rt_applimited;	/* until rt_delivered passes this; 0 = not */
	uint64_t	 rt_last;	/* last sample, for VI_TCP_INFO */
	uint64_t	 rt_pacing;	/* bytes a second; 0 = not paced */
	uint64_t	 rt_ccpacing;	/* what congestion control wants; 0 = no pacing */
	uint64_t	 rt_max;	/* VI_TCP_MAX_PACING_RATE; 0 = none */
	uint64_t	 rt_next;	/* the next packet may leave then */
	uint32_t	 rt_quantum;	/* bytes one packet may have when paced */
	uint64_t	 rt_lost;	/* bytes, of the whole connection */
};

/* HyStart++ (RFC 9406). */
struct tcp_hystart {
	uint64_t	 hs_lastmin, hs_curmin, hs_cssbase;	/* ns; UINT64_MAX = none */
	uint32_t	 hs_window;	/* the round ends when it is acknowledged */
	uint8_t		 hs_samples, hs_css;	/* rounds in CSS, 0 = slow start */
	bool		 hs_done;
	bool		 hs_classic;	/* HyStart as it was before RFC 9406 */
	uint64_t	 hs_roundstart, hs_lastack;
	uint64_t	 hs_least;	/* round trip, of all */
};

enum tcp_ecn_flags {
	TE_PERMIT = 0x1,	/* negotiated */
	TE_REQ = 0x2,		/* our SYN asked */
	TE_RCVCE = 0x4,		/* CE came: ECE until CWR comes */
	TE_SNDCWR = 0x8,	/* the window was reduced: to be told */
	TE_CWR = 0x10,		/* reduced for ECE until ec_recover is acknowledged */
};

/* Why the window is to be reduced. */
enum cc_signal { CC_LOSS, CC_ECN, CC_RTO };

struct tcp_lr {
	struct tcp_rack	 lr_rack;
	struct tcp_prr	 lr_prr;
	uint32_t	 lr_ecnrecover;
	struct tcp_recs	 lr_recs;
	struct tcp_rates lr_rates;
	uint64_t	 lr_ecnhold;	/* marked although one segment is all there is: nothing leaves until then */
	uint64_t	 lr_cwndvalid;	/* the window was last used then (RFC 7661) */
	struct tcp_hystart lr_hystart;
	struct tcp_undo	 lr_undo;
};

#endif
