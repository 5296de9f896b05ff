/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of TCP share: the control block, the vnet's state, a segment on its way through.
 *
 * Letters: c constant after creation; v the vnet's lane.  Everything not marked is v.
 * Sequence numbers are uint32_t in host order, times are ns of the host's clock, lengths are bytes.
 */
#ifndef NETINET_TCP_TCP_INT_H
#define NETINET_TCP_TCP_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/socket.h>

#include "base/seq.h"
#include "base/siphash.h"
#include "base/util.h"
#include "kern/lane.h"
#include "mbuf/mbuf.h"
#include "netinet/inet_ops.h"
#include "netinet/pcb/in_pcb.h"
#include "netinet/tcp/tcp.h"
#include "netinet/tcp/tcp_auth.h"
#include "netinet/tcp/tcp_twring.h"
#include "netinet/tcp/tcp_ccache.h"
#include "netinet/tcp/tcp_hostcache.h"
#include "netinet/tcp/tcp_lr.h"
#include "netinet/tcp/tcp_stat.h"
#include "socket/sockbuf.h"
#include "socket/socket.h"
#include "vimage/vnet.h"
#include "wire/tcp.h"

#define MSEC		1000000ull
#define USEC		1000ull
#define SEC		1000000000ull

struct cc_ops;
struct sysctl_desc;
struct tcpcb;

/* States in BSD's order, so that comparisons mean something. */
enum {
	TCPS_CLOSED = VI_TCPS_CLOSED,
	TCPS_LISTEN = VI_TCPS_LISTEN,
	TCPS_SYN_SENT = VI_TCPS_SYN_SENT,
	TCPS_SYN_RECEIVED = VI_TCPS_SYN_RECEIVED,
	TCPS_ESTABLISHED = VI_TCPS_ESTABLISHED,
	TCPS_CLOSE_WAIT = VI_TCPS_CLOSE_WAIT,
	TCPS_FIN_WAIT_1 = VI_TCPS_FIN_WAIT_1,
	TCPS_CLOSING = VI_TCPS_CLOSING,
	TCPS_LAST_ACK = VI_TCPS_LAST_ACK,
	TCPS_FIN_WAIT_2 = VI_TCPS_FIN_WAIT_2,
	TCPS_TIME_WAIT = VI_TCPS_TIME_WAIT,
};
#define TCPS_HAVERCVDSYN(s)	((s) >= TCPS_SYN_RECEIVED)
#define TCPS_HAVEESTABLISHED(s)	((s) >= TCPS_ESTABLISHED)
/* The peer's FIN has come. */
#define TCPS_HAVERCVDFIN(s)                                                                        \
	((s) == TCPS_CLOSE_WAIT || (s) == TCPS_CLOSING || (s) == TCPS_LAST_ACK ||                  \
	    (s) == TCPS_TIME_WAIT)

enum tcp_flags {
	TF_ACKNOW = 0x1,	/* an ACK is due at once */
	TF_DELACK = 0x2,	/* an ACK is due, TT_DELACK runs */
	TF_NODELAY = 0x4,
	TF_CORK = 0x8,		/* VI_TCP_CORK */
	TF_MORE = 0x10,		/* the last send said VI_MSG_MORE */
	TF_SENTFIN = 0x20,
	TF_NEEDFIN = 0x40,	/* closed or shut down before ESTABLISHED */
	TF_RCVD_SCALE = 0x80,	/* window scaling is in use (RFC 7323 2.2) */
	TF_RCVD_TSTMP = 0x100,	/* timestamps are in use */
	TF_SACK_PERMIT = 0x200,	/* SACK is in use */
	TF_REQ_SCALE = 0x400, TF_REQ_TSTMP = 0x800, TF_REQ_SACK = 0x1000,	/* offered */
	TF_FASTRECOVERY = 0x2000,
	TF_RTO = 0x4000,	/* resending after a timeout, until snd_recover is acknowledged */
	TF_USERCLOSED = 0x8000,	/* pr_close was called */
	TF_QUICKACK = 0x10000,	/* VI_TCP_QUICKACK: no delayed ACKs */
	TF_RXWIN0SENT = 0x20000,	/* we advertised a closed window */
	/* the rescue retransmission of this recovery was sent (RFC 6675 4) */
	TF_RESCUED = 0x40000,
	TF_FORCE = 0x80000,	/* send whatever the window: probes */
	TF_CWNDLIMITED = 0x100000,	/* the last output stopped at cwnd */
	TF_NOPMTU = 0x200000,	/* path MTU is not to be believed (IP_MTU_DISCOVER 0, 3) */
	TF_RCVFIN = 0x800000,	/* the peer's FIN is at rcv_fin, data before it may be missing */
	TF_RWNDLIMITED = 0x1000000,	/* the last output stopped at the peer's window */
	TF_PINGPONG = 0x2000000,	/* we answer soon: ACKs go with the answers */
	TF_MTUP = 0x4000000,	/* the path's MTU is searched for (tcp_mtup.c) */
	TF_MTUPROBE = 0x8000000,	/* a probe is out */
	TF_TXDELAY = 0x10000000,	/* segments wait before they leave (tcp_delay.c) */
};

enum tcp_timer {
	TT_REXMT, TT_PERSIST, TT_KEEP, TT_2MSL, TT_DELACK, TT_CORK, TT_RACK, TT_PROBE, TT_PACE,
	TT_MAX
};

/* Whose habits TCP has where the RFCs leave a choice. */
enum tcp_persona { TCP_PERSONA_FREEBSD, TCP_PERSONA_LINUX };

/* Fast Open: the SYN-ACK of a connection that a SYN made at once. */
enum tcp_tfo { TFO_NONE, TFO_SYNACK_DUE, TFO_SYNACK_SENT };
#define TFO_COOKIELEN		8
struct tcp_tfokeys {
	struct siphash_key tk_key[2];	/* of now, and before */
	uint8_t		 tk_n;
};
/* What a listener and its connections that are not acknowledged share; each of them holds a reference. */
struct tcp_tfopending {
	unsigned	 tfp_refs, tfp_count;
	struct tcp_tfokeys tfp_keys;	/* the listener's own, or none */
};
struct tcp_fastopen {
	struct tcp_tfokeys tf_keys;
	struct tcp_tfokeys tf_psks;
	uint64_t	 tf_keytime;
	uint64_t	 tf_holetime;	/* the last black hole was found then */
	uint32_t	 tf_holes;	/* and how many since one worked */
	bool		 tf_keyset;	/* by hand: the key stays */
	/* net.inet.tcp.fastopen.* */
	int		 tf_server, tf_client, tf_autokey, tf_disable;	/* s */
	int		 tf_nocookie;	/* data is taken without */
	int		 tf_psk;	/* but with cookies that a shared key was added to */
	int		 tf_acceptany;	/* and with any */
	int		 tf_all;	/* every listener */
	int		 tf_clientneedless;	/* data goes out without */
	int		 tf_blackhole;	/* s */
};

/* A run of consecutive data that came too early.  One per hole. */
struct tseg {
	TAILQ_ENTRY(tseg) tqe_q;
	uint32_t	 tqe_start, tqe_end;
	struct mbuf	*tqe_m, *tqe_last;
};
TAILQ_HEAD(tsegq, tseg);

/* A range the receiver holds beyond snd_una. */
struct sackrange {
	TAILQ_ENTRY(sackrange) sr_link;
	uint32_t	 sr_start, sr_end;
};
TAILQ_HEAD(sackq, sackrange);

#define TCP_DUPACKS	3	/* RFC 5681 3.2 */
#define TCP_MAX_SACKRANGES	256	/* of the scoreboard */
#define TCP_MAX_RSACK		6	/* recently reported blocks remembered */
#define CC_PRIVATE		29	/* words a congestion control has in the tcpcb */

/* What the sending side waited for (tcp_flight.c); a time includes those before it. */
enum tcp_wait { TCPW_IDLE, TCPW_BUSY, TCPW_RWND, TCPW_SNDBUF, TCPW_MAX };
struct tcp_chrono {
	uint64_t	 tc_since;
	uint64_t	 tc_spent[TCPW_MAX];
	uint8_t		 tc_what;	/* enum tcp_wait, since tc_since */
	bool		 tc_nospace;	/* the user had more than the buffer takes */
};

#define TCP_MINCLAMP	1152	/* least VI_TCP_WINDOW_CLAMP */

/* The search for the path's MTU, with TF_MTUP (tcp_mtup.c). */
struct tcp_mtup {
	uint32_t	 mp_low, mp_high;	/* packets that got through, and that may */
	uint32_t	 mp_start, mp_end;	/* with TF_MTUPROBE: the probe's data, */
	uint32_t	 mp_size;	/* and its packet */
	bool		 mp_failed;	/* with TF_MTUPROBE: lost, not yet sent again in pieces */
	bool		 mp_named;	/* mp_high is what peer, interface or router said */
	uint64_t	 mp_time;	/* the range was set then */
	uint64_t	 mp_wait;	/* no probe before */
};
#define MTUP_WAIT	UINT32_MAX

struct tcp_mark;
TAILQ_HEAD(tcp_markq, tcp_mark);

/*
 * In the order of how often it is asked for: what each segment of a connection without losses needs is in the first 64-byte lines, as with thousands of
 * connections each line of one is a wait for memory.
 */
struct tcpcb {
	struct inpcb	 t_inpcb;	/* first: intotcpcb() */
	struct tcp_vnet	*t_tv;		/* (c) */
	const struct cc_ops *t_cc;
	uint32_t	 t_flags;	/* enum tcp_flags */
	uint8_t		 t_state;	/* TCPS_* */
	uint8_t		 snd_scale, rcv_scale;
	bool		 t_thinlinear;	/* VI_TCP_THIN_LINEAR_TIMEOUTS */
	/* Of most connections all of this is 0, which is one question (tcp_short.c). */
	union {
		uint64_t	 t_rare;
		struct {
			uint16_t	 t_udpport;	/* the peer's, network order; 0 = not in UDP */
			uint8_t		 t_tfo;		/* enum tcp_tfo */
			uint8_t		 t_dupacks;
			uint8_t		 t_rxtshift;	/* doublings of the RTO */
			uint8_t		 t_nrsack;	/* of t_rsack */
			uint8_t		 t_utosends;	/* segments that shall still carry the option */
			bool		 t_notsentfull;	/* poll said no for it */
		};
	};
	/* And this. */
	struct tcp_auth	*t_auth;	/* keys; NULL = there are none */
	uint32_t	 snd_nsack;	/* ranges in snd_sackq */
	uint32_t	 t_ecn;		/* enum tcp_ecn_flags */
	uint32_t	 t_nmarks;	/* in t_marks */
	uint32_t	 t_segqlen;	/* in t_segq */

	/* Send sequence space (RFC 9293 3.3.1). */
	uint32_t	 snd_una, snd_nxt, snd_max;
	uint32_t	 snd_wnd, snd_wl1, snd_wl2;
	uint32_t	 snd_up;	/* one past the last urgent byte */
	uint32_t	 max_sndwnd;	/* largest window offered */
	uint32_t	 t_maxseg;	/* data bytes of a full segment, options taken off */
	uint32_t	 t_psum;	/* pseudo header without the length */
	uint32_t	 t_tsoff;	/* our timestamps are ms + this */
	uint32_t	 snd_highrxt;	/* HighRxt: one past the highest byte resent (RFC 6675) */
	/* Congestion control (RFC 5681). */
	uint32_t	 snd_cwnd, snd_ssthresh;
	struct tcp_sackblk t_dsack;	/* RFC 2883: to be reported once; start == end: none */

	/* Receive sequence space. */
	uint32_t	 rcv_nxt, rcv_wnd;
	uint32_t	 rcv_adv;	/* right edge advertised */
	uint32_t	 rcv_up;
	uint32_t	 last_ack_sent;
	uint32_t	 t_rcvunacked;	/* bytes received since the last ACK went out */
	uint32_t	 t_rcvmss;	/* what the peer's full segments seem to be */
	uint32_t	 t_rcvgrown;	/* as Linux: no more is offered yet; 0 = no such limit */
	uint32_t	 t_winclamp;	/* VI_TCP_WINDOW_CLAMP; 0 = none */
	uint32_t	 ts_recent;	/* RFC 7323 4.3 */
	uint64_t	 ts_recent_age;
	uint8_t		 t_persistshift;
	uint8_t		 t_keepsent;
	uint8_t		 t_nsynrexmt;
	uint8_t		 t_partialacks;	/* of this recovery, modulo 256 */
	int16_t		 t_softerror;	/* an errno */
	uint16_t	 t_peermss;	/* what the peer's SYN said */
	uint64_t	 t_lastrcvd;

	/* Round trip (RFC 6298); us. */
	uint32_t	 t_srtt;	/* << 3; 0 = no sample yet */
	uint32_t	 t_rttvar;	/* << 2 */
	uint32_t	 t_rxtcur;	/* RTO with backoff */
	uint32_t	 t_rttmin;	/* smallest sample of the last minutes */
	uint64_t	 t_rttmintime;	/* taken then */
	uint64_t	 t_rtttime;	/* it was sent then; 0 = none is timed */
	uint32_t	 t_rtseq;	/* the timed segment ends here */
	uint32_t	 t_cwndseq, t_maxout;	/* how much of the window the flight that ends at t_cwndseq used (tcp_flight.c) */
	bool		 t_cwndlimited;
	bool		 t_savesyn;	/* VI_TCP_SAVE_SYN */
	bool		 t_orphaned;	/* counted in tv_orphans */
	bool		 t_usersettimeout;	/* RFC 5482 3.1: not CHANGEABLE */
	uint64_t	 t_lastsent;
	uint64_t	 t_lastack;

	/* Timers: deadlines, and one callout that fires at or before the earliest. */
	uint64_t	 t_deadline[TT_MAX];	/* 0 = off */
	uint64_t	 t_callat;	/* 0 = callout not armed */
	uint32_t	 t_segsout, t_segsin, t_datasegsout, t_datasegsin;	/* for VI_TCP_INFO, modulo 2^32 as there */
	struct tcp_chrono t_chrono;

	struct tcp_lr	 t_lr;		/* what was sent, losses, rates: tcp_lr.h */

	struct callout	 t_callout;
	uint64_t	 t_sndbytes, t_rexmtbytes, t_ackedbytes, t_rcvbytes;	/* these and what follows: for VI_TCP_INFO */
	uint64_t	 t_lastdata;	/* data came then */
	uint64_t	 t_rcvq_time;	/* buffer sizing */
	uint32_t	 t_rcvq_seq;	/* user's position when the measurement began */
	uint32_t	 t_rcvq_space;	/* most the user took in a round trip */
	uint32_t	 t_rcvrtt;	/* us, receiver's estimate */
	uint32_t	 t_rcvrtt_seq;
	uint64_t	 t_rcvrtt_time;
	/* data bytes of the longest super-packet, a multiple of t_maxseg */
	uint32_t	 t_maxsuper;
	uint32_t	 t_smallend;	/* the last segment that was not full ends here */
	uint32_t	 t_ccacked;	/* bytes acknowledged towards the next increase */
	uint32_t	 snd_recover;	/* snd_max when the loss was seen (RFC 6582, 6675) */
	uint64_t	 t_ccpriv[CC_PRIVATE];	/* belongs to t_cc */

	/* Once in a connection, or less. */
	uint32_t	 iss, irs;
	uint32_t	 rcv_fin;	/* with TF_RCVFIN */

	/* SACK, sending side (RFC 6675). */
	uint32_t	 snd_sacked;	/* bytes in snd_sackq */
	struct sackq	 snd_sackq;	/* ascending, disjoint, not touching */

	/* SACK and reassembly, receiving side (RFC 2018). */
	struct tsegq	 t_segq;
	LIST_ENTRY(tcpcb) t_early;	/* in tv_early while it is not empty */
	uint32_t	 t_segqbytes;
	uint32_t	 t_rexmtsegs;
	struct tcp_sackblk t_rsack[TCP_MAX_RSACK];	/* latest first */
	uint64_t	 t_oowack;	/* a bare ACK out of the window was last answered then */
	uint64_t	 t_firstrexmt;	/* first timeout of this series */

	/* Options of the user. */
	uint32_t	 t_usermaxseg;
	uint32_t	 t_notsentlowat;	/* 0 = the vnet's; UINT32_MAX = none */
	uint64_t	 t_keepidle, t_keepintvl, t_finwait2;
	uint64_t	 t_usertimeout;	/* 0 = none */
	uint8_t		 t_keepcnt, t_syncnt;
	uint8_t		 t_deferaccept;	/* rounds of SYN-ACK a listener waits for data */
	uint32_t	 t_txdelay;	/* us: VI_TCP_TX_DELAY */
	struct tcp_holding *t_holding;	/* segments that wait for it; NULL: none ever */
	/* Fast Open (tcp_fastopen.c) */
	struct tcp_tfopending *t_tfopending;
	struct siphash_key *t_tfopsk;	/* of a caller: the server's pre-shared key; NULL: none */
	uint32_t	 t_tfolimit;	/* of a listener: most that may be pending; 0 = off */
	uint32_t	 t_tfosent;	/* data bytes that went with the SYN */
	bool		 t_tfoanew;	/* the SYN-ACK brings a new cookie */
	bool		 t_tfodata;	/* the SYN's data was taken */
	bool		 t_tfoconnect;	/* VI_TCP_FASTOPEN_CONNECT */
	bool		 t_tforequest;	/* our SYN has the option */
	bool		 t_tfowait;	/* our SYN waits for data */
	bool		 t_tfobare;	/* our SYN takes data without a cookie */
	bool		 t_tfoexp;	/* the option in its experimental form */
	bool		 t_tfonocookie;	/* VI_TCP_FASTOPEN_NO_COOKIE */

	struct tcp_savedsyn *t_savedsyn;	/* NULL: none, or it was read */
	struct tcp_markq t_marks;	/* tcp_mark.c */
	uint32_t	 t_blackhole;	/* t_pmtu before it was lowered; 0 = it was not */
	uint32_t	 t_pmtu;
	struct tcp_mtup	 t_mtup;
	struct vi_sockaddr t_lastname;	/* TCPS_CLOSED: what the socket's name was while connected; family 0: nothing */

	/* For VI_TCP_INFO. */
	uint32_t	 t_dsackdups, t_reordseen, t_ooopack;
	uint32_t	 t_reordering;	/* segments, the farthest seen */
	uint32_t	 t_nrto, t_nrtorec;	/* timeouts; runs of them that are over */
	uint64_t	 t_delivered_ce;	/* bytes delivered by ACKs with ECE */
	uint64_t	 t_rtotime;		/* time in runs that are over */
	uint64_t	 t_rtostart;		/* this run; 0 = none */
};

/* One more byte would take the next class of memory, and clearing it a slower way. */
_Static_assert(sizeof(struct tcpcb) <= 2048, "tcpcb");
_Static_assert(offsetof(struct tcpcb, t_notsentfull) == offsetof(struct tcpcb, t_rare) + sizeof(uint64_t) - 1, "t_rare");

/* SYN cache (tcp_syncache.c). */
#define TCP_SYNCACHE_QUEUES	8
struct syncache;
TAILQ_HEAD(syncacheq, syncache);
struct tcp_syncaches {
	struct tcp_flowtab sc_tab;
	/* by retransmissions made, and those for which there are no more of them; each in order of time */
	struct syncacheq sc_queue[TCP_SYNCACHE_QUEUES + 1];
	struct callout	 sc_callout;
	uint64_t	 sc_cookietime;	/* a cookie was last sent then; 0 = never */
	struct siphash_key sc_cookiekey;
};

/* TIME_WAIT (tcp_timewait.c). */
#define TCPTW_PORTS	256	/* of a page of counters; also how many pages there are */

struct tcptw_ports {
	uint32_t	 tp_n[TCPTW_PORTS][2];	/* of IPv4, of IPv6 */
};

struct tcp_timewaits {
	struct tcp_twring tw_ring;
	struct tcptw_ports **tw_ports;	/* how many wait at each local port; pages and NULLs; NULL: nobody has, lately */
	struct callout	 tw_callout;
};

struct tcp_vnet {
	struct vnet	*tv_vnet;	/* (c) */
	struct inpcbinfo tv_pcbs;
	LIST_HEAD(, tcpcb) tv_early;	/* those with data that came too early */
	struct tcp_syncaches tv_syncache;
	struct tcp_timewaits tv_timewait;
	struct tcp_rate	 tv_rs;		/* of the ACK being processed */
	struct siphash_key tv_isnkey;	/* (c) RFC 6528's secret */
	uint64_t	 tv_challenge_epoch;	/* s; RFC 5961 7 */
	int		 tv_challenge_left;
	uint64_t	 tv_rst_epoch;	/* s */
	int		 tv_rst_left;
	bool		 tv_stopping;
	struct tcpstat	 tv_stat;
	/* sysctls, net.inet.tcp.* */
	int		 tv_mssdflt, tv_minmss;
	unsigned	 tv_sendspace, tv_recvspace, tv_sendbuf_max, tv_recvbuf_max;
	int		 tv_sendbuf_auto, tv_recvbuf_auto;
	int		 tv_rfc1323;	/* 1 both, 2 scaling only, 3 timestamps only */
	int		 tv_insecure_rst, tv_insecure_syn, tv_icmp_may_rst;
	int		 tv_tolerate_missing_ts;
	uint8_t		 tv_persona;	/* enum tcp_persona */
	int		 tv_sack, tv_dsack, tv_rfc3042;
	int		 tv_delayed_ack, tv_delacktime;	/* ms */
	int		 tv_initcwnd;	/* segments */
	int		 tv_rexmit_initial, tv_rexmit_min, tv_rexmit_max, tv_rexmit_slop;	/* ms */
	int		 tv_rexmit_dropopts;
	int		 tv_retries, tv_syn_retries, tv_persmin, tv_persmax;	/* ms */
	/* ms */
	int		 tv_keepinit, tv_keepidle, tv_keepintvl, tv_keepcnt, tv_always_keepalive;
	int		 tv_msl, tv_finwait2_timeout, tv_maxtw;	/* ms */
	int		 tv_syncookies, tv_syncookies_only, tv_sc_limit, tv_sc_rexmtlimit;
	int		 tv_tw_reuse, tv_sc_hashsize, tv_sc_bucketlimit;
	int		 tv_blackhole, tv_vain, tv_drop_synfin, tv_challenge_limit, tv_rst_limit;
	struct tcp_hostcache tv_hc;
	struct tcp_fastopen tv_tfo;
	struct tcp_ccache tv_ccache;
	int		 tv_udp_port, tv_udp_overhead;	/* TCP in UDP; 0 = switched off */
	struct socket	*tv_udpso[2];	/* NULL = none */
	int		 tv_pmtud_blackhole, tv_blackhole_mss, tv_blackhole_mss6;
	int		 tv_mtup, tv_mtupfloor, tv_mtupthreshold, tv_mtupinterval;	/* s */
	unsigned	 tv_orphans;	/* connections without a user */
	int		 tv_max_orphans, tv_orphan_retries;
	unsigned	 tv_notsent_lowat;
	int		 tv_uto, tv_uto_lower, tv_uto_upper;	/* RFC 5482; s */
	int		 tv_reass_max, tv_path_mtu_discovery, tv_superpackets;
	int		 tv_prr, tv_ecnretries, tv_shortpath;
	int		 tv_rack, tv_hystart, tv_abe, tv_ecn, tv_newcwv;
	int		 tv_idlerestart, tv_mintso;
	const struct cc_ops *tv_cc;	/* of new connections */
};
VNET_STATE_DECLARE(tcp);

/* What a peer takes that does not say. */
static inline uint16_t
tcp_mssunsaid(const struct inet_ops *io)
{
	return (io->io_family == VI_AF_INET ? TCP_MSS_DEFAULT : TCP6_MSS_DEFAULT);
}
static inline bool
tcp_scaleok(const struct tcp_vnet *tv)
{
	return (tv->tv_rfc1323 == 1 || tv->tv_rfc1323 == 2);
}
static inline bool
tcp_tstampok(const struct tcp_vnet *tv)
{
	return (tv->tv_rfc1323 == 1 || tv->tv_rfc1323 == 3);
}

#define TCPSTAT_INC(tv, name)		((tv)->tv_stat.name++)
#define TCPSTAT_ADD(tv, name, n)	((tv)->tv_stat.name += (n))

/* A received segment on its way through RFC 9293 3.10.7. */
struct tcp_seg {
	struct tcp_vnet	*ts_tv;
	const struct inet_pkt *ts_pkt;
	struct mbuf	*ts_m;		/* data only, or NULL when handed on */
	uint32_t	 ts_seq, ts_ack;
	uint32_t	 ts_len;	/* data */
	uint32_t	 ts_win;	/* as in the header; in tcp_seg_other(): scaled, unless it came with a SYN (RFC 7323 2.2) */
	uint32_t	 ts_segsz;	/* data of one of the segments of a super-packet */
	uint16_t	 ts_flags, ts_urp;
	/* urgent bytes taken out of the data: counted in the sequence, not in ts_len */
	uint8_t		 ts_pulled;
	uint8_t		 ts_hlen;	/* of the header with its options */
	uint16_t	 ts_sport, ts_dport;	/* network order */
	struct tcp_opts	 ts_to;		/* to_flags always valid, the rest where they say */
};

/* What a step made of the segment. */
enum tcp_step {
	TSEG_NEXT,	/* go on with the next step */
	TSEG_DONE,	/* finished with the segment; the connection lives */
	TSEG_GONE,	/* the connection ended; tp must not be used */
};

/* The key our segments are signed with, or NULL. */
static inline const struct tcp_authkey *
tcp_authkey(const struct tcpcb *tp)
{
	return (tp->t_auth != NULL ? tp->t_auth->ta_current : NULL);
}

/* The user wants TCP-AO, and the peer has no key. */
static inline bool
tcp_auth_lacking(const struct tcpcb *tp)
{
	return (tp->t_auth != NULL && tp->t_auth->ta_required && !tcp_authkey_isao(tp->t_auth->ta_current));
}
static inline bool
tcp_aslinux(const struct tcpcb *tp)
{
	return (tp->t_tv->tv_persona == TCP_PERSONA_LINUX);
}
static inline struct socket *tcp_so(const struct tcpcb *tp) { return (tp->t_inpcb.inp_socket); }
static inline struct vnet *tcp_vn(const struct tcpcb *tp) { return (tp->t_tv->tv_vnet); }
static inline uint64_t tcp_now(const struct tcpcb *tp) { return (vnet_now(tp->t_tv->tv_vnet)); }
/* The other end makes progress: the neighbour on the way there lives (RFC 4861 7.3.1). */
static inline void
tcp_heard(struct tcpcb *tp)
{
	if (tp->t_inpcb.inp_ops->io_heard != NULL)
		tp->t_inpcb.inp_ops->io_heard(&tp->t_inpcb);
}
static inline struct tcpcb *intotcpcb(const struct inpcb *inp) { return ((struct tcpcb *)(uintptr_t)inp); }
static inline struct tcpcb *
sototcpcb(const struct socket *so)
{
	const struct inpcb *inp = so->so_pcb;

	return (inp != NULL ? intotcpcb(inp) : NULL);
}
/* Timestamp clock: ms (RFC 7323 5.4 wants 1 ms to 1 s a tick). */
static inline uint32_t tcp_ts(uint64_t now, uint32_t off) { return ((uint32_t)(now / MSEC) + off); }
static inline uint32_t
tcp_outstanding(const struct tcpcb *tp)
{
	return (tp->snd_max - tp->snd_una);
}

/* Since the timed segment left, which is not said to have been at 0 though the clock may stand there. */
static inline uint64_t
tcp_rtt_elapsed(const struct tcpcb *tp, uint64_t now)
{
	return (now - u64min(now, tp->t_rtttime));
}

/* What is in the network by what the records say; all that is outstanding when they say nothing. */
static inline uint32_t
tcp_pipe(const struct tcpcb *tp)
{
	const struct tcp_recs *rs = &tp->t_lr.lr_recs;
	uint32_t out = tcp_outstanding(tp);

	return (out - u32min(out, rs->rs_sacked + rs->rs_lost));
}

/* tcp_pcb.c: birth, shape and end of a connection */
int	 tcp_newtcpcb(struct tcp_vnet *, struct socket *, const struct inet_ops *, struct tcpcb **);	/* as in_pcballoc() */
/* What the user set, of another connection or a listener. */
void	 tcp_copyoptions(struct tcpcb *, const struct tcpcb *from);
/* One that is CLOSED, as new for another attempt: what the user set stays. */
void	 tcp_renewtcpcb(struct tcpcb *);
/* both addresses are known: sums, offsets, MTU */
void	 tcp_setconnected(struct tcpcb *, uint32_t tsoff);
void	 tcp_sendseqinit(struct tcpcb *, uint32_t iss);
void	 tcp_rcvseqinit(struct tcpcb *, uint32_t irs);
uint32_t tcp_hdrs(const struct tcpcb *);	/* of IP and TCP without TCP's options */
void	 tcp_setmss(struct tcpcb *);		/* t_maxseg from MTU, peer's MSS and options */
/* Does the route's MTU hold whatever routers say?  What is searched for by longer segments (tcp_mtup.c) is nobody's word. */
bool	 tcp_pathlocked(struct tcpcb *);
/* What may be offered in a SYN or its answer of win, bytes: less where the route says how many segments (Linux's initrwnd). */
uint32_t tcp_synwindow(struct tcpcb *, uint32_t win, uint32_t mss);
uint32_t tcp_synwindowopt(
    struct tcp_vnet *, uint32_t fib, const struct inet_ops *, const struct in_addr_any *faddr, uint32_t win, uint32_t mss);
/* What the MSS option says: to this address, and of a connection. */
uint16_t tcp_mssopt(
    struct tcp_vnet *, uint32_t fib, const struct inet_ops *, const struct in_addr_any *faddr);
uint16_t tcp_ourmss(struct tcpcb *);
uint8_t	 tcp_wscale(const struct tcp_vnet *, const struct socket *);
void	 tcp_synopts(struct tcpcb *, const struct tcp_opts *);	/* what the peer's SYN says */
uint64_t tcp_flowsecret(const struct tcp_vnet *, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport);
/* RFC 6528 3: ISN = M + F(addresses, ports, secret), M ticking every 4 us. */
static inline uint32_t
tcp_newisn(const struct tcp_vnet *tv, uint64_t secret)
{
	return ((uint32_t)(vnet_now(tv->tv_vnet) / 4000) + (uint32_t)secret);
}
static inline uint32_t tcp_newtsoff(uint64_t secret) { return ((uint32_t)(secret >> 32)); }
void	 tcp_established(struct tcpcb *);
/* The connection is over; error (0 = in good order) is the user's.  tp is gone when the user is. */
void	 tcp_close(struct tcpcb *, int error);
void	 tcp_drop(struct tcpcb *, int error);	/* the same after an RST where one is due */
void	 tcp_discard(struct tcpcb *);		/* free; only for CLOSED or LISTEN */
void	 tcp_usrclosed(struct tcpcb *);		/* the user has no more to send */
bool	 tcp_orphan(const struct tcpcb *);

/* tcp_seg*.c: a segment arrives */
void	 tcp_seg_drop(struct tcp_seg *);
/* answer with RST as RFC 9293 3.10.7.1 says; frees the segment */
void	 tcp_seg_reset(struct tcp_seg *);
void	 tcp_seg_listen(struct inpcb *listener, struct tcp_seg *);
void	 tcp_seg_synsent(struct tcpcb *, struct tcp_seg *);
void	 tcp_seg_other(struct tcpcb *, struct tcp_seg *);
/* The same from the wire. */
static inline void
tcp_seg_scaled(struct tcpcb *tp, struct tcp_seg *ts)
{
	if ((ts->ts_flags & TH_SYN) == 0)
		ts->ts_win <<= tp->snd_scale;
	tcp_seg_other(tp, ts);
}
enum tcp_step tcp_seg_fin(struct tcpcb *);	/* the peer's, if it is the next: rcv_fin */
void	 tcp_challenge(struct tcpcb *, struct tcp_seg *);	/* RFC 5961: ACK, rate limited */
bool	 tcp_challenge_ok(struct tcp_vnet *);

/* tcp_short.c: false when the segment, or the data to send, must take the long way */
bool	 tcp_short_input(struct inpcb *, struct tcp_seg *, unsigned hlen);
bool	 tcp_short_output(struct tcpcb *);
bool	 tcp_short_accepted(struct tcpcb *, struct tcp_seg *);

/* tcp_ack.c: what an acknowledgment does */
enum tcp_step tcp_ack(struct tcpcb *, struct tcp_seg *);
void	 tcp_ack_advance(struct tcpcb *, const struct tcp_seg *, uint32_t ack);
void	 tcp_ack_window(struct tcpcb *, const struct tcp_seg *);
void	 tcp_ack_fast(struct tcpcb *, const struct tcp_seg *);
enum tcp_step tcp_ack_fin(struct tcpcb *);
void	 tcp_ack_free(struct tcpcb *, uint32_t acked);
void	 tcp_ack_lost(struct tcpcb *);
void	 tcp_ack_reduce(struct tcpcb *, enum cc_signal);

/* tcp_rcv.c, tcp_reass.c: data arrives */
void	 tcp_rcv_text(struct tcpcb *, struct tcp_seg *);
void	 tcp_rcv_inorder(struct tcpcb *, struct tcp_seg *);
uint32_t tcp_rcv_window(struct tcpcb *);	/* what may be advertised now; sets rcv_wnd */
uint32_t tcp_rcv_most(const struct tcpcb *);
bool	 tcp_rcv_update_due(struct tcpcb *);
void	 tcp_rcv_begin(struct tcpcb *, uint32_t told);	/* the window of our SYN */
void	 tcp_rcv_delack(struct tcpcb *, uint64_t ns);
void	 tcp_rcv_ackpolicy(struct tcpcb *, uint32_t len, uint32_t segsz);
void	 tcp_rcv_autosize(struct tcpcb *);
/* Consumes m (len bytes of data at seq, beyond rcv_nxt).  ENOBUFS: dropped. */
int	 tcp_reass_insert(struct tcpcb *, uint32_t seq, uint32_t len, struct mbuf *m);
/* Takes what is in order now: the data (NULL: none) and its length; rcv_nxt is the caller's. */
struct mbuf *tcp_reass_take(struct tcpcb *, uint32_t *len);
void	 tcp_reass_flush(struct tcpcb *);

/* tcp_sack.c */
void	 tcp_rsack_note(struct tcpcb *, uint32_t start, uint32_t end);
void	 tcp_rsack_prune(struct tcpcb *);
void	 tcp_rsack_dup(struct tcpcb *, uint32_t start, uint32_t end);
uint8_t	 tcp_rsack_fill(struct tcpcb *, struct tcp_sackblk *, unsigned room);
/* true: something new was selectively acknowledged */
bool	 tcp_sack_update(struct tcpcb *, const struct tcp_opts *, uint32_t ack);
void	 tcp_sack_advance(struct tcpcb *, uint32_t una);
void	 tcp_sack_free(struct tcpcb *);
bool	 tcp_sack_islost(const struct tcpcb *, uint32_t seq);
uint32_t tcp_sack_lostedge(const struct tcpcb *);
uint32_t tcp_sack_pipe(const struct tcpcb *);
uint32_t tcp_sack_below(const struct tcpcb *, uint32_t seq);
/*
 * The first byte at or after seq that is not SACKed, and how far that goes on (at most to snd_max).
 */
uint32_t tcp_sack_gap(const struct tcpcb *, uint32_t seq, uint32_t *len);
bool	 tcp_sack_next(struct tcpcb *, uint32_t *seq, uint32_t *len, bool lostonly);
bool	 tcp_sack_rescue(struct tcpcb *, uint32_t *seq, uint32_t *len);

/* tcp_snd.c, tcp_options.c: output */
int	 tcp_output(struct tcpcb *);
void	 tcp_snd_autosize(struct tcpcb *);
/* A segment outside of the order of things: len bytes from the front of the send buffer. */
int	 tcp_snd_bare(struct tcpcb *, uint32_t seq, uint16_t flags, const uint8_t *opts,
    size_t optlen, uint32_t win, uint32_t len);
int	 tcp_snd_msgsize(struct tcpcb *);	/* the path carries less than was thought: 0; EMSGSIZE: it does not */
int	 tcp_snd_syn(struct tcpcb *);		/* SYN or SYN-ACK of a connection with a tcpcb */
int	 tcp_snd_probe(struct tcpcb *);		/* keepalive: an old byte's number and no data */
void	 tcp_snd_ack(struct tcpcb *);		/* an ACK now */
void	 tcp_snd_rst(struct tcpcb *);
void	 tcp_snd_rstat(struct tcpcb *, uint32_t seq, uint16_t flags);
void	 tcp_snd_rexmt_first(struct tcpcb *);	/* the segment at snd_una again */
/* A bare segment that belongs to no tcpcb. */
struct tcp_reply {
	struct inet_flow tr_flow;
	const struct inet_ops *tr_ops;
	uint16_t	 tr_lport, tr_fport;
	uint16_t	 tr_udpport;	/* 0 = not in UDP */
	uint32_t	 tr_seq, tr_ack;
	uint16_t	 tr_flags, tr_win;
	struct tcp_opts	*tr_opts;	/* may be NULL; the signature is added */
	struct tcp_authctx tr_auth;
};
int	 tcp_respond(struct tcp_vnet *, const struct tcp_reply *);
/* of a segment without SYN */
size_t	 tcp_options_fill(struct tcpcb *, uint8_t buf[TCP_MAXOLEN], uint64_t now);
size_t	 tcp_options_rst(const struct tcpcb *, uint8_t buf[TCP_MAXOLEN], uint64_t now);
size_t	 tcp_options_syn(struct tcpcb *, uint16_t mss, uint8_t buf[TCP_MAXOLEN], uint64_t now);	/* mss: tcp_ourmss() */
uint32_t tcp_options_len(const struct tcpcb *);	/* of every segment: timestamps */

bool	 tcp_snd_pushes(const struct tcpcb *, uint32_t seq, uint32_t len, bool super);	/* does PSH go with it? */
void	 tcp_snd_idle(struct tcpcb *);		/* begins to send after a pause */
void	 tcp_snd_acked(struct tcpcb *);		/* an ACK went with a segment */

uint32_t tcp_snd_inflight(const struct tcpcb *);	/* against snd_cwnd */
bool	 tcp_snd_tlp(struct tcpcb *);		/* RFC 8985 7.3: true if something was sent */

/* tcp_rec.c: records of transmissions */
void	 tcp_rec_init(struct tcpcb *);
void	 tcp_rec_flush(struct tcpcb *);
bool	 tcp_rec_finalone(const struct tcpcb *);
void	 tcp_rec_sent(struct tcpcb *, uint32_t start, uint32_t end, uint64_t now);
void	 tcp_rec_acked(struct tcpcb *, uint32_t una, uint64_t now);
void	 tcp_rec_sacked(struct tcpcb *, uint32_t start, uint32_t end, uint64_t now);
void	 tcp_rec_lose(struct tcpcb *, struct tcp_rec *);
void	 tcp_rec_unlose(struct tcpcb *);
void	 tcp_rec_unsack(struct tcpcb *);
void	 tcp_rec_cover(struct tcpcb *);
bool	 tcp_rec_firstlost(struct tcpcb *, uint32_t *seq, uint32_t *len);

void	 tcp_rec_first(struct tcpcb *, uint32_t start, uint32_t end, uint64_t now);
struct tcp_rec *tcp_rec_sole(const struct tcpcb *);
void	 tcp_rec_soleacked(struct tcpcb *);

/* tcp_rack.c: RFC 8985 */
static inline bool
tcp_rack_on(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_SACK_PERMIT) != 0 && tp->t_tv->tv_rack);
}
void	 tcp_rack_init(struct tcpcb *);
void	 tcp_rack_delivered(struct tcpcb *, const struct tcp_rec *, uint32_t end, uint64_t now);
void	 tcp_rack_dsack(struct tcpcb *);
void	 tcp_rack_recovered(struct tcpcb *);
void	 tcp_rack_detect(struct tcpcb *);
void	 tcp_rack_timeout(struct tcpcb *);
void	 tcp_rack_rto(struct tcpcb *);
void	 tcp_tlp_schedule(struct tcpcb *);
void	 tcp_tlp_probe(struct tcpcb *);
void	 tcp_tlp_ack(struct tcpcb *, uint32_t ack, bool dsack, bool pure);

/* tcp_prr.c: RFC 9937 */
void	 tcp_prr_begin(struct tcpcb *);
void	 tcp_prr_ack(struct tcpcb *, uint32_t pipe, bool safe);

/* tcp_undo.c: RFC 3522, 4015, 5682, 3708 */
void	 tcp_undo_save(struct tcpcb *);
void	 tcp_undo_forget(struct tcpcb *);
void	 tcp_undo_ended(struct tcpcb *);
void	 tcp_undo_rexmt(struct tcpcb *, uint32_t len, uint64_t now);
bool	 tcp_undo_eifel(struct tcpcb *, const struct tcp_seg *);
void	 tcp_undo_dsack(struct tcpcb *, uint32_t start, uint32_t len);
bool	 tcp_undo_frto(struct tcpcb *, bool advanced);
void	 tcp_undo_frtobasic(struct tcpcb *, bool advanced);

/* tcp_rate.c: delivery rate, pacing */
void	 tcp_rate_begin(struct tcpcb *);
void	 tcp_rate_delivered(struct tcpcb *, const struct tcp_rec *, uint64_t now);
void	 tcp_rate_end(struct tcpcb *, uint64_t now);
/* Bytes delivered in ns: what VI_TCP_INFO calls the delivery rate; a sample for want of data counts only if it is higher. */
static inline void
tcp_rate_sample(struct tcp_rates *rt, uint64_t bytes, uint64_t ns, bool applimited)
{
	/* The division only when it is needed. */
	if (!applimited || (unsigned __int128)bytes * SEC >= (unsigned __int128)(rt->rt_last + 1) * ns)
		rt->rt_last = bytes * SEC / ns;
}
void	 tcp_rate_applimited(struct tcpcb *);
void	 tcp_pace_set(struct tcpcb *, uint64_t rate);
void	 tcp_pace_limit(struct tcpcb *, uint64_t max);	/* UINT64_MAX: none */
bool	 tcp_pace_ok(struct tcpcb *);
void	 tcp_pace_sent(struct tcpcb *, uint32_t len, uint64_t now);

/* tcp_flight.c: how far windows and buffers are used */
void	 tcp_flight_sent(struct tcpcb *, bool limited);
bool	 tcp_flight_full(const struct tcpcb *, uint32_t flight);
void	 tcp_chrono(struct tcpcb *);
void	 tcp_chrono_fill(const struct tcpcb *, struct vi_tcp_info *);

/* tcp_ecn.c: RFC 3168 */
uint16_t tcp_ecn_syn(struct tcpcb *);
bool	 tcp_ecn_granted(const struct tcp_vnet *, uint16_t flags);
void	 tcp_ecn_agreed(struct tcpcb *);
void	 tcp_ecn_synack(struct tcpcb *, uint16_t flags);
void	 tcp_ecn_input(struct tcpcb *, const struct tcp_seg *);
void	 tcp_ecn_ack(struct tcpcb *, const struct tcp_seg *);
uint16_t tcp_ecn_flags(const struct tcpcb *, bool newdata);
uint8_t	 tcp_ecn_tos(const struct tcpcb *, bool newdata);
void	 tcp_ecn_reduced(struct tcpcb *);
bool	 tcp_ecn_evenly(const struct tcpcb *);

/* tcp_rto.c */
void	 tcp_rtt_sample(struct tcpcb *, uint64_t ns);
void	 tcp_rtt_least(struct tcpcb *, uint64_t ns);
uint32_t tcp_rto_base(const struct tcpcb *);	/* us, without backoff */
void	 tcp_rto_set(struct tcpcb *);
void	 tcp_rto_over(struct tcpcb *);		/* t_rxtcur from the estimate and t_rxtshift */

/* tcp_timer.c */
void	 tcp_timer_init(struct tcpcb *);
void	 tcp_timer_set(struct tcpcb *, enum tcp_timer, uint64_t ns);	/* from now */
static inline void tcp_timer_stop(struct tcpcb *tp, enum tcp_timer t) { tp->t_deadline[t] = 0; }
static inline bool
tcp_timer_active(const struct tcpcb *tp, enum tcp_timer t)
{
	return (tp->t_deadline[t] != 0);
}
void	 tcp_timer_stopall(struct tcpcb *);
void	 tcp_timer_keep_restart(struct tcpcb *);
void	 tcp_timer_tell(const struct tcpcb *, struct vi_pcbinfo *);	/* which goes off next, and when */
void	 tcp_pcbtimer(struct vi_pcbinfo *, enum vi_pcbtimer, uint64_t when, uint64_t now, unsigned n);
void	 tcp_timer_rexmt_restart(struct tcpcb *);
void	 tcp_timer_persist_start(struct tcpcb *);
uint64_t tcp_keepidle(const struct tcpcb *);

/* tcp_syncache.c, tcp_syncookie.c */
int	 tcp_syncache_init(struct tcp_vnet *);
void	 tcp_syncache_stop(struct tcp_vnet *);
void	 tcp_syncache_fini(struct tcp_vnet *);
void	 tcp_syncache_syn(struct inpcb *listener, struct tcp_seg *);	/* consumes the segment */
void	 tcp_syncache_ack(struct inpcb *listener, struct tcp_seg *);
void	 tcp_syncache_rst(struct tcp_vnet *, struct tcp_seg *);	/* true: there was an entry */
void tcp_syncache_unreach(
    struct tcp_vnet *, const struct inet_ctlmsg *, uint16_t lport, uint16_t fport, uint32_t seq);
int	 tcp_sysctl_schash(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
void	 tcp_syncache_list(struct tcp_vnet *, struct pcbscan *);
/* What a completed handshake agreed on. */
struct tcp_agreed {
	uint32_t	 ta_iss, ta_irs, ta_tsoff, ta_tsrecent;
	uint16_t	 ta_peermss;
	uint8_t		 ta_sndscale, ta_rcvscale;
	bool		 ta_scale, ta_ts, ta_sack, ta_ecn;
	uint16_t	 ta_udpport;	/* the peer's; 0 = not in UDP */
	uint16_t	 ta_uto;	/* the peer's user timeout option; 0 = none */
	uint8_t		 ta_rexmits;	/* of the SYN-ACK */
};
uint32_t tcp_syncookie_make(struct tcp_vnet *, const struct tcp_seg *, uint16_t peermss);
uint32_t tcp_syncookie_ts(const struct tcp_agreed *, uint32_t ts);
bool	 tcp_syncookie_check(struct tcp_vnet *, const struct tcp_seg *, struct tcp_agreed *);

/* tcp_listen.c */
/*
 * The connection a finished handshake makes; NULL (counted) when there is no room.  The segment
 * stays the caller's.
 */
void	 tcp_listen_logfull(const struct tcp_vnet *, const struct inpcb *listener);	/* worth a line now and then */
struct tcpcb *tcp_listen_accept(
    struct inpcb *listener, const struct tcp_seg *, const struct tcp_agreed *);

/* tcp_mark.c */
int	 tcp_mark_add(struct tcpcb *, uint32_t wanted, const uint32_t *zcid);
void	 tcp_mark_sent(struct tcpcb *);
void	 tcp_mark_acked(struct tcpcb *, uint32_t seq);
void	 tcp_mark_flush(struct tcpcb *);

/* tcp_timewait.c */
void	 tcp_timewait_init(struct tcp_vnet *);
void	 tcp_timewait_stop(struct tcp_vnet *);
void	 tcp_timewait_fini(struct tcp_vnet *);
/* moves the connection there; tp is gone or CLOSED */
void	 tcp_timewait_start(struct tcpcb *);
/*
 * True: the segment was for a connection in TIME_WAIT and is gone.  False: go on; an entry that
 * gave way to a new SYN is gone.
 */
bool	 tcp_timewait_input(struct tcp_seg *, bool listening);
/*
 * RFC 6191: may an active open take this pair now?  *iss is raised above what the old connection
 * used.  EADDRINUSE.
 */
int	 tcp_timewait_reuse(struct inpcb *, uint32_t *iss);
bool	 tcp_timewait_lingers(const struct inpcb *, const struct in_addr_any *laddr, uint16_t lport);
void	 tcp_timewait_list(struct tcp_vnet *, struct pcbscan *);

/* tcp_usrreq.c */
void	 tcp_notsent_wakeup(struct tcpcb *);	/* VI_TCP_NOTSENT_LOWAT: data was sent */
/* How long n unanswered tries take, from the first on. */
uint64_t tcp_rounds_time(const struct tcp_vnet *, unsigned n);

/* tcp_fastopen.c: RFC 7413 */
void	 tcp_tfo_release(struct tcpcb *);
void	 tcp_tfo_unref(struct tcpcb *);
int	 tcp_tfo_setlimit(struct tcpcb *, int limit);
int	 tcp_tfo_pending(struct tcpcb *);
bool	 tcp_tfo_wanted(const struct inpcb *listener, const struct tcp_seg *);
bool	 tcp_tfo_valid(const struct inpcb *listener, const struct tcp_seg *);
/* tcp_savesyn.c: the listener's connections may ask for their SYN */
struct tcp_savedsyn *tcp_savesyn_take(const struct tcpcb *listener, const struct tcp_seg *);
void	 tcp_savesyn_free(struct tcp_vnet *, struct tcp_savedsyn **);
int	 tcp_savesyn_get(struct tcpcb *, void *, size_t *len);

void	 tcp_tfo_accept(const struct tcpcb *listener, struct tcpcb *, struct tcp_seg *);
void	 tcp_tfo_synack(struct tcpcb *);
bool	 tcp_tfo_input(struct tcpcb *, struct tcp_seg *);
/* tcp_tfokey.c */
void	 tcp_tfo_cookie(const struct tcpcb *, const struct in_addr_any *laddr,
    const struct in_addr_any *faddr, uint8_t cookie[TFO_COOKIELEN]);
/* Which of the listener's keys, the newest being 0, made the cookie of the SYN, with a pre-shared key where one is asked for; -1: none. */
int	 tcp_tfo_keyof(const struct tcpcb *listener, const struct tcp_seg *);
bool	 tcp_tfo_iscookie(const struct tcpcb *listener, const struct tcp_seg *);
/* For knobs that tell nothing: true, a key was written, 32 hexadecimal digits; else *error is the knob's answer. */
bool	 tcp_tfo_newkey(const char *value, char *buf, size_t len, struct siphash_key *, int *error);
int	 tcp_tfo_setkey(struct tcpcb *, const void *, size_t);
int	 tcp_tfo_getkey(const struct tcpcb *, void *, size_t *);
int	 tcp_sysctl_lxtfokey(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	 tcp_sysctl_tfokeys(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	 tcp_sysctl_tfosetkey(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
/* tcp_tfopsk.c */
int	 tcp_tfo_setpsk(struct tcpcb *, const struct vi_tcp_fastopen *);
void	 tcp_tfo_freepsk(struct tcpcb *);
void	 tcp_tfo_addpsk(const struct siphash_key *psk, uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE], uint8_t *len);
bool	 tcp_tfo_pskmade(const struct tcp_vnet *, const uint8_t cookie[TFO_COOKIELEN], const uint8_t *got);
int	 tcp_sysctl_tfoserver(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	 tcp_sysctl_tfoclient(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	 tcp_sysctl_tfopsk(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	 tcp_sysctl_tfopsks(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
int	 tcp_sysctl_tfosetpsk(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
/* tcp_tfosyn.c */
bool	 tcp_tfo_connect(struct tcpcb *);
void	 tcp_tfo_ended(struct tcpcb *);
void	 tcp_tfo_options(struct tcpcb *, struct tcp_opts *, uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE]);
uint32_t tcp_tfo_room(struct tcpcb *);
uint32_t tcp_tfo_synlen(struct tcpcb *);
int	 tcp_tfo_start(struct tcpcb *);
void	 tcp_tfo_answered(struct tcpcb *, const struct tcp_seg *);
void	 tcp_tfo_timeout(struct tcpcb *, bool giveup);
void	 tcp_tfo_refused(struct tcpcb *);	/* by the host, or on the way there */

/* tcp_persona.c */
uint32_t tcp_persona_synopts(const struct tcp_vnet *);	/* TOF_* */
/* The window of a SYN, of the room in the buffer. */
uint32_t tcp_persona_synwin(const struct tcp_vnet *, uint32_t room, uint32_t mss);
bool	 tcp_persona_quickack(const struct tcpcb *);
bool	 tcp_persona_delayfin(struct tcpcb *);
void	 tcp_persona_answered(struct tcpcb *, uint32_t len, uint64_t now);
bool	 tcp_persona_pushes(const struct tcpcb *);
uint64_t tcp_persona_twmin(const struct tcp_vnet *);	/* least time in TIME_WAIT, ns */
/* Is a window of win, where offered is known, worth a segment to tell? */
bool	 tcp_persona_winupdate(
    const struct tcpcb *, uint32_t offered, uint32_t win, uint32_t most);
bool	 tcp_persona_waits(const struct tcpcb *);
bool	 tcp_persona_sulks(const struct tcpcb *);
bool	 tcp_persona_nagles(const struct tcpcb *);
uint32_t tcp_persona_slack(const struct tcpcb *, uint32_t unsent, uint32_t lowat);
bool	 tcp_persona_listens(const struct tcpcb *);
int	 tcp_sysctl_persona(
    struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);

/* tcp_sysctl.c */
extern const struct sysctl_desc tcp_sysctls[];
/* A number within the knob's bounds, from text (value != NULL) or to text. */
int	 tcp_sysctl_number(const struct sysctl_desc *, int *v, const char *value, char *buf, size_t);

/* tcp_blackhole.c */
void	 tcp_blackhole(struct tcpcb *);

/* tcp_mtup.c: RFC 4821 */
void	 tcp_mtup_start(struct tcpcb *, bool active);
void	 tcp_mtup_told(struct tcpcb *, uint32_t mtu);
void	 tcp_mtup_timeout(struct tcpcb *);
void	 tcp_mtup_rto(struct tcpcb *);
uint32_t tcp_mtup_due(struct tcpcb *, uint32_t avail);
void	 tcp_mtup_sent(struct tcpcb *, uint32_t seq, uint32_t len);
void	 tcp_mtup_refused(struct tcpcb *, uint32_t len);
void	 tcp_mtup_acked(struct tcpcb *, uint32_t ack);
void	 tcp_mtup_rexmt(struct tcpcb *, uint32_t start, uint32_t end);
bool	 tcp_mtup_lost(struct tcpcb *);
bool	 tcp_mtup_lostfirst(struct tcpcb *);
/* A probe is out, and [start, end) is of it. */
static inline bool
tcp_mtup_holds(const struct tcpcb *tp, uint32_t start, uint32_t end)
{
	return ((tp->t_flags & TF_MTUPROBE) != 0 && SEQ_GEQ(start, tp->t_mtup.mp_start) &&
		SEQ_LEQ(end, tp->t_mtup.mp_end));
}

/* tcp_uto.c: RFC 5482 */
void	 tcp_uto_set(struct tcpcb *, int ms);	/* the user's wish; 0 = none */
void	 tcp_uto_rcvd(struct tcpcb *, uint16_t);
bool	 tcp_uto_fill(struct tcpcb *, struct tcp_opts *);	/* one is to be sent now */

/* tcp_udp.c: TCP in UDP */
int	 tcp_udp_segment(struct tcpcb *, struct mbuf *);

/* A segment of a connection, in UDP or not. */
static inline int
tcp_udp_output_now(struct tcpcb *tp, struct mbuf *m, unsigned flags)
{
	struct inpcb *inp = &tp->t_inpcb;

	return (tp->t_udpport == 0 ? inp->inp_ops->io_output(inp, m, flags) : tcp_udp_segment(tp, m));
}

/* tcp_delay.c */
void	 tcp_delay_set(struct tcpcb *, uint32_t us);
int	 tcp_delay_output(struct tcpcb *, struct mbuf *m, unsigned flags);
void	 tcp_delay_finish(struct tcpcb *);

/* What waits leaves. */
static inline void
tcp_delay_end(struct tcpcb *tp)
{
	if (__builtin_expect(tp->t_holding != NULL, 0))
		tcp_delay_finish(tp);
}

static inline int
tcp_udp_output(struct tcpcb *tp, struct mbuf *m, unsigned flags)
{
	return ((tp->t_flags & TF_TXDELAY) == 0 ? tcp_udp_output_now(tp, m, flags) : tcp_delay_output(tp, m, flags));
}

int	 tcp_udp_send(struct tcp_vnet *, const struct inet_ops *, const struct inet_flow *,
    uint16_t port, struct mbuf *);
/* False: it did not come as the connection's do; it is gone. */
bool	 tcp_udp_same(struct tcp_seg *, uint16_t port);
void	 tcp_udp_stop(struct tcp_vnet *);
int	 tcp_sysctl_udpport(struct vnet *, const struct sysctl_desc *, const char *, char *, size_t);
/* What UDP takes of each packet. */
static inline uint32_t
tcp_udp_len(const struct tcp_vnet *tv, uint16_t port)
{
	return (port != 0 ? (uint32_t)tv->tv_udp_overhead : 0);
}

/* tcp_info.c */
void	 tcp_info_fill(struct tcpcb *, struct vi_tcp_info *);

#endif
