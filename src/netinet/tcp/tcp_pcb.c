/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A connection is a tcpcb (RFC 9293 3.3.1's variables), which begins with its inpcb (addresses), and
 * a socket.
 *
 * Birth: tcp_newtcpcb() for a socket of the user's, or for one the SYN cache made.
 * tcp_setconnected() when both addresses are known; tcp_sendseqinit() and tcp_rcvseqinit() when the
 * sequence numbers are; tcp_established() after the handshake.
 *
 * End: tcp_close() ends the connection in whatever state: timers stop, queues are freed, the inpcb
 * leaves the hashes so that the pair of addresses is free.  If the user closed the socket before,
 * the block is freed at once and tp is gone; otherwise it stays, CLOSED, until the user closes,
 * or connects again where no connection came about: tcp_renewtcpcb().  tcp_drop() is the same after
 * an RST.  TIME_WAIT needs no block: tcp_timewait.c.
 *
 * Nothing here blocks; everything runs in the vnet's lane.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/checksum.h"
#include "net/route.h"
#include "netinet/tcp/cc/cc.h"

/* What follows t_inpcb is 0. */
static void
tcp_pcbinit(struct tcpcb *tp, struct tcp_vnet *tv)
{
	tp->t_tv = tv;
	tp->t_state = TCPS_CLOSED;
	tp->t_cc = tv->tv_cc;
	tp->t_peermss = (uint16_t)tv->tv_mssdflt;
	tp->t_maxseg = tp->t_maxsuper = (uint32_t)tv->tv_mssdflt;
	tp->t_rxtcur = (uint32_t)tv->tv_rexmit_initial * 1000;
	tp->t_rcvmss = TCP_MSS_DEFAULT;
	tp->snd_cwnd = tp->snd_ssthresh = TCP_MAXWIN << TCP_MAX_WINSHIFT;
	tp->t_keepcnt = (uint8_t)tv->tv_keepcnt;
	tp->t_keepidle = (uint64_t)tv->tv_keepidle * MSEC;
	tp->t_keepintvl = (uint64_t)tv->tv_keepintvl * MSEC;
	tp->t_finwait2 = (uint64_t)tv->tv_finwait2_timeout * MSEC;
	tp->t_syncnt = (uint8_t)tv->tv_syn_retries;
	TAILQ_INIT(&tp->t_segq);
	TAILQ_INIT(&tp->t_marks);
	TAILQ_INIT(&tp->snd_sackq);
	tcp_rec_init(tp);
	tcp_timer_init(tp);
}

int
tcp_newtcpcb(struct tcp_vnet *tv, struct socket *so, const struct inet_ops *ops, struct tcpcb **tpp)
{
	struct inpcb *inp;
	int error;

	if ((error = in_pcballoc(&tv->tv_pcbs, so, ops, &inp)) != 0)
		return (error);
	*tpp = intotcpcb(inp);
	tcp_pcbinit(*tpp, tv);
	return (0);
}

void
tcp_copyoptions(struct tcpcb *tp, const struct tcpcb *from)
{
	tp->t_flags |= from->t_flags & (TF_NODELAY | TF_CORK | TF_QUICKACK | TF_TXDELAY);
	tp->t_cc = from->t_cc;
	tp->t_usermaxseg = from->t_usermaxseg;
	tp->t_winclamp = from->t_winclamp;
	tp->t_keepidle = from->t_keepidle;
	tp->t_keepintvl = from->t_keepintvl;
	tp->t_keepcnt = from->t_keepcnt;
	tp->t_finwait2 = from->t_finwait2;
	tp->t_usertimeout = from->t_usertimeout;
	tp->t_usersettimeout = from->t_usersettimeout;
	tp->t_syncnt = from->t_syncnt;
	tp->t_notsentlowat = from->t_notsentlowat;
	tp->t_thinlinear = from->t_thinlinear;
	tp->t_savesyn = from->t_savesyn;
	tp->t_txdelay = from->t_txdelay;
	if (from->t_lr.lr_rates.rt_max != 0)
		tcp_pace_limit(tp, from->t_lr.lr_rates.rt_max);
}

void
tcp_renewtcpcb(struct tcpcb *tp)
{
	const struct tcpcb old = *tp;

	tcp_savesyn_free(tp->t_tv, &tp->t_savedsyn);
	memset((char *)tp + sizeof(tp->t_inpcb), 0, sizeof(*tp) - sizeof(tp->t_inpcb));
	tcp_pcbinit(tp, old.t_tv);
	tcp_copyoptions(tp, &old);
	tp->t_deferaccept = old.t_deferaccept;
	tp->t_udpport = old.t_udpport;
	tp->t_tfoconnect = old.t_tfoconnect;
	tp->t_tfopsk = old.t_tfopsk;
	tp->t_tfonocookie = old.t_tfonocookie;
	tp->t_tfopending = old.t_tfopending;
	tp->t_tfolimit = old.t_tfolimit;
	tp->t_auth = old.t_auth;	/* connecting chooses anew among its keys */
	tp->t_inpcb.inp_flags &= ~(uint32_t)INP_DROPPED;
}

/* What the administrator said of the path; NULL: nothing. */
static const struct nhop *
tcp_pathsaid(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct inet_ops *io, const struct in_addr_any *faddr)
{
	return (rt_saysofpaths(vn) && io->io_pathroute != NULL ? io->io_pathroute(vn, inp, fib, faddr) : NULL);
}

static const struct nhop *
tcp_pathof(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;

	return (tcp_pathsaid(inp->inp_vnet, inp, inp->inp_fib, inp->inp_ops, &inp->inp_faddr));
}

bool
tcp_pathlocked(struct tcpcb *tp)
{
	const struct nhop *nh = tcp_pathof(tp);

	return (nh != NULL && nh->nh_mtulock);
}

void
tcp_setconnected(struct tcpcb *tp, uint32_t tsoff)
{
	struct inpcb *inp = &tp->t_inpcb;
	const struct inet_ops *io = inp->inp_ops;
	uint8_t mtudisc = io->io_family == VI_AF_INET ? inp->inp_mtudisc : inp->inp_mtudisc6;

	tp->t_psum = io->io_pseudo(&inp->inp_laddr, &inp->inp_faddr, VI_IPPROTO_TCP, 0);
	tp->t_tsoff = tsoff;
	tp->t_pmtu = io->io_pathmtu(inp->inp_vnet, inp, inp->inp_fib, &inp->inp_faddr);
	tcp_hc_mtu(tp);
	tcp_auth_connect(tp);
	if (!tp->t_tv->tv_path_mtu_discovery || mtudisc == 0 || mtudisc >= 3)
		tp->t_flags |= TF_NOPMTU;
	tcp_setmss(tp);
}

void
tcp_sendseqinit(struct tcpcb *tp, uint32_t iss)
{
	tp->iss = tp->t_smallend = iss;
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->snd_recover = tp->snd_highrxt =
	    iss;
}

void
tcp_rcvseqinit(struct tcpcb *tp, uint32_t irs)
{
	tp->irs = irs;
	tp->rcv_nxt = tp->rcv_adv = tp->rcv_up = tp->last_ack_sent = irs + 1;
	tp->t_rcvq_seq = tp->t_rcvrtt_seq = irs + 1;
}

/* IPv4 options and extension headers of every packet. */
static uint32_t
tcp_ipopts(const struct tcpcb *tp)
{
	return (in_pcbexthdrs(&tp->t_inpcb));
}

uint32_t
tcp_hdrs(const struct tcpcb *tp)
{
	return ((uint32_t)tp->t_inpcb.inp_ops->io_hdrlen + tcp_ipopts(tp) + TCP_MINHLEN +
		tcp_udp_len(tp->t_tv, tp->t_udpport));
}

/*
 * RFC 9293 3.7.1: the smaller of what the peer takes and what the path carries, less the options of
 * both layers that every segment has (MUST-16, RFC 6691). Super-packets are as many whole segments as an IP packet holds.
 */
void
tcp_setmss(struct tcpcb *tp)
{
	uint32_t hdrs = tcp_hdrs(tp), mss, optlen = tcp_options_len(tp);

	mss = tp->t_pmtu > hdrs ? tp->t_pmtu - hdrs : 0;
	mss = u32min(mss, tp->t_peermss - u32min(tcp_ipopts(tp), tp->t_peermss));
	if (tp->t_usermaxseg != 0)
		mss = u32min(mss, tp->t_usermaxseg);
	/* A path or a peer that asks for less only wants us to work (net.inet.tcp.minmss). */
	mss = u32max(mss, (uint32_t)tp->t_tv->tv_minmss);
	tp->t_maxseg = mss - optlen;
	tp->t_maxsuper = tp->t_maxseg;
	if (tp->t_tv->tv_superpackets && tcp_authkey(tp) == NULL && tp->t_udpport == 0)
		tp->t_maxsuper *= u32max((MAX_SUPERPKT - hdrs - optlen) / tp->t_maxseg, 1);
}

static uint16_t
tcp_mssofmtu(const struct tcp_vnet *tv, const struct inet_ops *io, uint32_t mtu)
{
	const uint32_t hdrs = (uint32_t)io->io_hdrlen + TCP_MINHLEN;

	if (mtu <= hdrs + (uint32_t)tv->tv_minmss)
		return ((uint16_t)tv->tv_mssdflt);
	return ((uint16_t)u32min(mtu - hdrs, UINT16_MAX));
}

/* The MSS to ask for: that of the route where it has one, if the path carries it. */
static uint16_t
tcp_mssofpath(const struct tcp_vnet *tv, const struct inet_ops *io, uint32_t mtu, const struct nhop *said)
{
	const uint16_t mss = tcp_mssofmtu(tv, io, mtu);

	return (said != NULL && said->nh_advmss != 0 && said->nh_advmss < mss ? (uint16_t)u32max(said->nh_advmss, (uint32_t)tv->tv_minmss) : mss);
}

uint16_t
tcp_mssopt(
    struct tcp_vnet *tv, uint32_t fib, const struct inet_ops *io, const struct in_addr_any *faddr)
{
	return (tcp_mssofpath(tv, io, io->io_pathmtu(tv->tv_vnet, NULL, fib, faddr), tcp_pathsaid(tv->tv_vnet, NULL, fib, io, faddr)));
}

uint16_t
tcp_ourmss(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;
	const struct inet_ops *io = inp->inp_ops;
	uint32_t mtu = io->io_pathmtu(inp->inp_vnet, inp, inp->inp_fib, &inp->inp_faddr), mss;

	mss = (uint32_t)tcp_mssofpath(tp->t_tv, io, mtu, tcp_pathof(tp)) - tcp_udp_len(tp->t_tv, tp->t_udpport);
	return ((uint16_t)(tp->t_usermaxseg != 0 ? u32min(mss, tp->t_usermaxseg) : mss));
}

/* The window of a SYN where the route limits it. */
static uint32_t
tcp_windowsaid(const struct nhop *said, uint32_t win, uint32_t mss)
{
	return (said != NULL && said->nh_initrwnd != 0 ? u32min(win, said->nh_initrwnd * mss) : win);
}

uint32_t
tcp_synwindow(struct tcpcb *tp, uint32_t win, uint32_t mss)
{
	return (tcp_windowsaid(tcp_pathof(tp), win, mss));
}

uint32_t
tcp_synwindowopt(
    struct tcp_vnet *tv, uint32_t fib, const struct inet_ops *io, const struct in_addr_any *faddr, uint32_t win, uint32_t mss)
{
	return (tcp_windowsaid(tcp_pathsaid(tv->tv_vnet, NULL, fib, io, faddr), win, mss));
}

/* RFC 7323 2.3: enough for the largest buffer the connection may ever have. */
uint8_t
tcp_wscale(const struct tcp_vnet *tv, const struct socket *so)
{
	uint32_t max = so->so_rcv.sb_hiwat, over;

	if (tv->tv_recvbuf_auto && (so->so_rcv.sb_flags & SB_AUTOSIZE))
		max = u32max(max, tv->tv_recvbuf_max);
	over = (u32max(max, 1) - 1) / TCP_MAXWIN;
	return ((uint8_t)(over == 0 ? 0 : u32min(32 - (uint32_t)__builtin_clz(over), TCP_MAX_WINSHIFT)));
}

/* Options of the peer's SYN count where we offered the same (RFC 7323 2.2, 3.2, RFC 2018 2). */
void
tcp_synopts(struct tcpcb *tp, const struct tcp_opts *to)
{
	tp->t_peermss =
	    to->to_flags & TOF_MSS && to->to_mss != 0 ? to->to_mss
						      : tcp_mssunsaid(tp->t_inpcb.inp_ops);
	if ((to->to_flags & TOF_SCALE) && (tp->t_flags & TF_REQ_SCALE)) {
		tp->t_flags |= TF_RCVD_SCALE;
		tp->snd_scale = to->to_wscale;
	}
	if ((to->to_flags & TOF_TS) && (tp->t_flags & TF_REQ_TSTMP)) {
		tp->t_flags |= TF_RCVD_TSTMP;
		tp->ts_recent = to->to_tsval;
		tp->ts_recent_age = tcp_now(tp);
	}
	if ((to->to_flags & TOF_SACKPERM) && (tp->t_flags & TF_REQ_SACK))
		tp->t_flags |= TF_SACK_PERMIT;
	if ((tp->t_flags & TF_RCVD_SCALE) == 0)
		tp->rcv_scale = 0;
	if (to->to_flags & TOF_UTO)
		tcp_uto_rcvd(tp, to->to_uto);
	tcp_setmss(tp);
}

/*
 * The low half is RFC 6528's F; the high half is RFC
 * 7323 5.4's random offset of timestamps: being the same whenever the pair connects, it lets
 * timestamps go on rising (RFC 6191), and a SYN cookie's ACK finds it without state.
 */
uint64_t
tcp_flowsecret(const struct tcp_vnet *tv, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport)
{
	return (in_pcbflowsecret(&tv->tv_isnkey, laddr, lport, faddr, fport));
}

/* RFC 6928 2: min(10 MSS, max(2 MSS, 14600)). */
static uint32_t
tcp_initcwnd(struct tcpcb *tp)
{
	const uint32_t n = (uint32_t)tp->t_tv->tv_initcwnd, mss = tp->t_maxseg;
	const struct nhop *said;

	/* RFC 5681 3.1, RFC 6928 2: one segment if the SYN or its answer was lost more than once. */
	if (tp->t_nsynrexmt > 1)
		return (mss);
	if ((said = tcp_pathof(tp)) != NULL && said->nh_initcwnd != 0)
		return (said->nh_initcwnd * mss);
	return (u32min(n * mss, u32max(2 * mss, n * 1460)));
}

void
tcp_established(struct tcpcb *tp)
{
	uint64_t now = tcp_now(tp);

	tcp_mtup_start(tp, tp->t_state == TCPS_SYN_SENT);
	tp->t_state = TCPS_ESTABLISHED;
	tp->snd_cwnd = tcp_initcwnd(tp);
	tcp_hc_use(tp);
	tcp_rack_init(tp);
	tp->t_cc->cc_init(tp);
	tp->t_lastrcvd = tp->t_lastdata = tp->t_lastack = tp->t_rcvq_time = tp->t_rcvrtt_time = now;
	tp->t_rcvrtt_seq = tp->rcv_nxt;
	tp->t_rcvq_space = 10 * tp->t_maxseg;
	tcp_timer_stop(tp, TT_KEEP);
	tcp_timer_keep_restart(tp);
	TCPSTAT_INC(tp->t_tv, tcps_connects);
}

/* Nobody will read or write any more. */
bool
tcp_orphan(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_USERCLOSED) != 0);
}

void
tcp_discard(struct tcpcb *tp)
{
	struct inpcb *inp = &tp->t_inpcb;
	struct socket *so = inp->inp_socket;

	if (tp->t_orphaned)
		tp->t_tv->tv_orphans--;
	tcp_tfo_release(tp);
	tcp_tfo_unref(tp);
	tcp_timer_stopall(tp);
	tcp_reass_flush(tp);
	tcp_sack_free(tp);
	tcp_rec_flush(tp);
	tcp_mark_flush(tp);
	tcp_auth_free(tp);
	tcp_tfo_freepsk(tp);
	tcp_delay_end(tp);
	tcp_savesyn_free(tp->t_tv, &tp->t_savedsyn);
	in_pcbfree(inp);
	if (so != NULL)
		sodetached(so);
}

void
tcp_close(struct tcpcb *tp, int error)
{
	struct inpcb *inp = &tp->t_inpcb;
	struct in_addr_any faddr;
	uint16_t fport;
	struct socket *so = inp->inp_socket;

	VI_ASSERT(tp->t_state != TCPS_LISTEN);
	TCPSTAT_INC(tp->t_tv, tcps_closed);
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		tcp_hc_update(tp);
	tcp_tfo_ended(tp);
	tcp_delay_end(tp);
	tp->t_state = TCPS_CLOSED;
	tcp_tfo_release(tp);
	if (so == NULL || tcp_orphan(tp)) {
		tcp_discard(tp);
		return;
	}
	tcp_timer_stopall(tp);
	tcp_reass_flush(tp);
	tcp_sack_free(tp);
	tcp_rec_flush(tp);
	tcp_mark_flush(tp);
	faddr = inp->inp_faddr;
	fport = inp->inp_fport;
	(void)in_pcbsockaddr(inp, &tp->t_lastname);
	in_pcbdisconnect(inp);
	inp->inp_flags |= INP_DROPPED;
	/* Who accepts it is told who it was. */
	if (so->so_state & SS_COMP) {
		inp->inp_faddr = faddr;
		inp->inp_fport = fport;
	}
	if (error != 0)
		soerror(so, error);
	soisdisconnected(so);
}

void
tcp_drop(struct tcpcb *tp, int error)
{
	if (TCPS_HAVERCVDSYN(tp->t_state)) {
		tcp_snd_rst(tp);
		TCPSTAT_INC(tp->t_tv, tcps_drops);
	} else {
		TCPSTAT_INC(tp->t_tv, tcps_conndrops);
	}
	if (error == ETIMEDOUT && tp->t_softerror != 0)
		error = tp->t_softerror;
	tcp_close(tp, error);
}

/* RFC 9293 3.10.4, CLOSE: what follows for the state; the FIN itself is tcp_output()'s. */
void
tcp_usrclosed(struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_SYN_RECEIVED:
		tp->t_flags |= TF_NEEDFIN;
		break;
	case TCPS_ESTABLISHED:
		tp->t_state = TCPS_FIN_WAIT_1;
		tcp_twring_expect(&tp->t_tv->tv_timewait.tw_ring, tp->t_inpcb.inp_flowid);
		break;
	case TCPS_CLOSE_WAIT:
		tp->t_state = TCPS_LAST_ACK;
		break;
	case TCPS_FIN_WAIT_2:
		/*
		 * Not in the RFC: without a user nobody else ends a connection whose peer is
		 * silent.
		 */
		if (tcp_orphan(tp) && !tcp_timer_active(tp, TT_2MSL))
			tcp_timer_set(tp, TT_2MSL, tp->t_finwait2);
		break;
	default:
		break;
	}
}
