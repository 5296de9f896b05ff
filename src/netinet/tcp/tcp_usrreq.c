/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's calls (RFC 9293 3.10.1 to 3.10.6), as the socket layer makes them: struct protosw.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "netinet/tcp/cc/cc.h"

static int
tcp_usr_attach(struct socket *so, int proto)
{
	struct tcp_vnet *tv = tcp_vnet(so->so_vnet);
	struct tcpcb *tp;
	int error;

	(void)proto;
	if (tv->tv_stopping)
		return (ENETDOWN);
	if ((error = sbreserve(&so->so_snd, tv->tv_sendspace)) != 0 ||
	    (error = sbreserve(&so->so_rcv, tv->tv_recvspace)) != 0)
		return (error);
	so->so_snd.sb_flags |= SB_AUTOSIZE;
	so->so_rcv.sb_flags |= SB_AUTOSIZE;
	return (tcp_newtcpcb(tv, so, so->so_proto->pr_family == VI_AF_INET ? &in_ops : &in6_ops, &tp));
}

static int
tcp_usr_bind(struct socket *so, const struct vi_sockaddr *sa)
{
	struct tcpcb *tp = sototcpcb(so);
	int error;

	/* As Linux: after a connection, or an attempt at one, that has lost its port, too. */
	if (tp->t_state != TCPS_CLOSED)
		return (EINVAL);
	if ((error = in_pcbbind(&tp->t_inpcb, sa)) == 0)
		tp->t_lastname.sa_family = 0;
	return (error);
}

static int
tcp_usr_listen(struct socket *so, int backlog)
{
	struct inpcb *inp = so->so_pcb;
	struct tcpcb *tp = sototcpcb(so);
	struct vi_sockaddr any = { .sa_family = so->so_proto->pr_family };
	int error;

	if (tp->t_state == TCPS_LISTEN)
		return (0);
	if (tp->t_state != TCPS_CLOSED || (so->so_state & SS_WASCONNECTED) != 0)
		return (EINVAL);
	if ((inp->inp_flags & INP_DROPPED) != 0)
		tcp_renewtcpcb(tp);
	if (inp->inp_lport == 0 && (error = in_pcbbind(inp, &any)) != 0)
		return (error);
	/* Of several that share the port (SO_REUSEADDR) one may listen. */
	if (!in_pcblistenok(inp))
		return (EADDRINUSE);
	if (tp->t_tv->tv_tfo.tf_all && tp->t_tfolimit == 0 && (error = tcp_tfo_setlimit(tp, backlog)) != 0)
		return (error);
	tp->t_state = TCPS_LISTEN;
	return (0);
}

/* So many that wait in TIME_WAIT are looked at: the neighbours wait meanwhile. */
#define TCP_MAXPAIRS	1024

/*
 * An unused 4-tuple: one that waits in TIME_WAIT is taken over if that is safe, otherwise another
 * port is tried.
 */
static int
tcp_usr_pair(struct inpcb *inp, const struct vi_sockaddr *sa, uint32_t *iss, uint32_t *tsoff)
{
	const struct tcp_vnet *tv = tcp_vnet(inp->inp_vnet);
	bool anyport = inp->inp_lport == 0;
	int error, tries = TCP_MAXPAIRS;
	uint64_t secret;

	do {
		if ((error = in_pcbconnect(inp, sa)) != 0)
			return (error);
		tcp_twring_expect(&tv->tv_timewait.tw_ring, inp->inp_flowid);
		secret = tcp_flowsecret(
		    tv, &inp->inp_laddr, inp->inp_lport, &inp->inp_faddr, inp->inp_fport);
		*tsoff = tcp_newtsoff(secret);
		*iss = tcp_newisn(tv, secret);
		if (tcp_timewait_reuse(inp, iss) == 0)
			return (0);
		in_pcbdisconnect(inp);
	} while (anyport && inp->inp_lport == 0 && --tries > 0);
	return (EADDRNOTAVAIL);
}

/* The connection failed before it began: as if it had not been tried. */
static int
tcp_usr_unconnect(struct tcpcb *tp, int error)
{
	struct socket *so = tcp_so(tp);

	tcp_timer_stopall(tp);
	tcp_delay_end(tp);
	tcp_tfo_release(tp);
	tp->t_state = TCPS_CLOSED;
	in_pcbdisconnect(&tp->t_inpcb);
	so->so_state &= (uint16_t)~SS_ISCONNECTING;
	return (error);
}

static int
tcp_usr_connect(struct socket *so, const struct vi_sockaddr *sa)
{
	struct inpcb *inp = so->so_pcb;
	struct tcpcb *tp = sototcpcb(so);
	struct tcp_vnet *tv = tp->t_tv;
	uint32_t iss, tsoff;
	int error;

	if (sa->sa_family != so->so_proto->pr_family)
		return (EAFNOSUPPORT);
	if (tp->t_state != TCPS_CLOSED)
		return (tp->t_state == TCPS_LISTEN ? EOPNOTSUPP : EISCONN);
	if ((inp->inp_flags & INP_DROPPED) != 0)
		tcp_renewtcpcb(tp);
	if ((error = tcp_usr_pair(inp, sa, &iss, &tsoff)) != 0)
		return (error);
	tp->t_flags |=
	    (tcp_scaleok(tv) ? TF_REQ_SCALE : 0u) | (tcp_tstampok(tv) ? TF_REQ_TSTMP : 0u) | (tv->tv_sack ? TF_REQ_SACK : 0);
	tcp_setconnected(tp, tsoff);
	if (tcp_auth_lacking(tp))
		return (tcp_usr_unconnect(tp, EKEYREJECTED));
	tcp_sendseqinit(tp, iss);
	tp->rcv_scale = tp->t_flags & TF_REQ_SCALE ? tcp_wscale(tv, so) : 0;
	tp->t_state = TCPS_SYN_SENT;
	TCPSTAT_INC(tv, tcps_connattempt);
	soisconnecting(so);
	if (tcp_tfo_connect(tp)) {
		so->so_state |= SS_FASTOPEN;
		return (0);
	}
	/* The SYN's timer goes off first: set first, it needs no place on the wheel twice. */
	if ((error = tcp_snd_syn(tp)) != 0)
		return (tcp_usr_unconnect(tp, error));
	tcp_timer_set(tp, TT_KEEP, (uint64_t)tv->tv_keepinit * MSEC);
	return (0);
}

static int
tcp_usr_disconnect(struct socket *so)
{
	struct inpcb *inp = so->so_pcb;
	struct tcpcb *tp = sototcpcb(so);

	if (tp == NULL)
		return (EOPNOTSUPP);
	/* A listener that shall listen no more (shutdown). */
	if (tp->t_state == TCPS_LISTEN) {
		tp->t_state = TCPS_CLOSED;
		return (0);
	}
	if (tp->t_state != TCPS_CLOSED)
		tcp_drop(tp, 0);
	tp->t_lastname.sa_family = 0;
	/* What was the listener's was not chosen by the user. */
	if (inp->inp_flags & INP_ACCEPTED) {
		inp->inp_flags = (inp->inp_flags & ~(uint32_t)INP_ACCEPTED) | INP_ANONADDR | INP_ANONPORT;
		in_pcbdisconnect(inp);
	}
	return (0);
}

static int
tcp_usr_shutdown(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tp->t_state < TCPS_SYN_SENT)
		return (ENOTCONN);
	tp->t_flags &= ~(uint32_t)TF_MORE;
	tcp_usrclosed(tp);
	(void)tcp_output(tp);
	return (0);
}

static int
tcp_usr_output(struct socket *so, int flags)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tp->t_tfowait) {
		if (tcp_persona_pushes(tp) && so->so_snd.sb_mbtail != NULL)
			so->so_snd.sb_mbtail->m_flags |= M_EOR;
		return (tcp_tfo_start(tp));
	}
	if (flags & VI_MSG_OOB) {
		tp->snd_up = tp->snd_una + so->so_snd.sb_cc;
		tp->t_flags &= ~(uint32_t)TF_MORE;
		TCPSTAT_INC(tp->t_tv, tcps_sndurg);
	} else if (flags & VI_MSG_MORE) {
		tp->t_flags |= TF_MORE;
	} else {
		tp->t_flags &= ~(uint32_t)TF_MORE;
		tcp_timer_stop(tp, TT_CORK);
		if (tcp_persona_pushes(tp) && so->so_snd.sb_mbtail != NULL)
			so->so_snd.sb_mbtail->m_flags |= M_EOR;
	}
	tp->t_chrono.tc_nospace = sbspace(&so->so_snd) == 0;
	return (tcp_output(tp));
}

static int
tcp_usr_mark(struct socket *so, uint32_t wanted, const uint32_t *zcid)
{
	return (tcp_mark_add(sototcpcb(so), wanted, zcid));
}

static uint32_t
tcp_usr_position(struct socket *so)
{
	return (sototcpcb(so)->snd_una);
}

static void
tcp_usr_rcvd(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (!TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	tcp_rcv_autosize(tp);
	if (tcp_rcv_update_due(tp))
		tcp_output(tp);
}

/*
 * RFC 9293 3.10.4; with unread data, or SO_LINGER of zero, RST (RFC 1122 4.2.2.13, RFC 2525 2.17).
 */
static void
tcp_usr_close(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	tp->t_flags = (tp->t_flags & ~(uint32_t)(TF_MORE | TF_CORK)) | TF_USERCLOSED;
	if (tp->t_state <= TCPS_LISTEN) {
		tcp_discard(tp);
		return;
	}
	if (tp->t_state == TCPS_SYN_SENT) {
		tcp_close(tp, 0);
		return;
	}
	if ((so->so_options & SO_LINGER && so->so_linger == 0) || so->so_rcv.sb_cc > 0) {
		tcp_drop(tp, 0);
		return;
	}
	so->so_rcv.sb_flags |= SBS_CANTRCVMORE;
	so->so_snd.sb_flags |= SBS_CANTSENDMORE;
	if (tp->t_tv->tv_orphans >= (unsigned)tp->t_tv->tv_max_orphans) {
		/* Nobody looks after it any more, and there is a limit to how many the stack does. */
		TCPSTAT_INC(tp->t_tv, tcps_orphandrops);
		tcp_drop(tp, 0);
		return;
	}
	tp->t_orphaned = true;
	tp->t_tv->tv_orphans++;
	tcp_usrclosed(tp);
	(void)tcp_output(tp);
}

static void
tcp_usr_abort(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	tp->t_flags |= TF_USERCLOSED;
	if (tp->t_state <= TCPS_LISTEN)
		tcp_discard(tp);
	else
		tcp_drop(tp, ECONNABORTED);
}

static int
tcp_usr_sockaddr(struct socket *so, struct vi_sockaddr *sa)
{
	const struct inpcb *inp = so->so_pcb;
	const struct tcpcb *tp = sototcpcb(so);

	/* As Linux: the name outlives a connection that the peer or the network ended, though the port is another's to take. */
	if (tp->t_state == TCPS_CLOSED && inp->inp_lport == 0 && tp->t_lastname.sa_family != 0) {
		*sa = tp->t_lastname;
		return (0);
	}
	return (in_pcbsockaddr(so->so_pcb, sa));
}

static int
tcp_usr_peeraddr(struct socket *so, struct vi_sockaddr *sa)
{
	const struct tcpcb *tp = sototcpcb(so);

	/* As Linux: not before the handshake, not after the end. */
	if (!TCPS_HAVERCVDSYN(tp->t_state) && (so->so_state & SS_COMP) == 0)
		return (ENOTCONN);
	return (in_pcbpeeraddr(so->so_pcb, sa));
}

static uint32_t
tcp_notsent(const struct tcpcb *tp)
{
	uint32_t cc = tcp_so(tp)->so_snd.sb_cc, sent = tp->snd_nxt - tp->snd_una;

	return (cc > sent ? cc - sent : 0);
}

static uint32_t
tcp_notsent_lowat(const struct tcpcb *tp)
{
	return (tp->t_notsentlowat != 0 ? tp->t_notsentlowat : tp->t_tv->tv_notsent_lowat);
}

/* VI_TCP_NOTSENT_LOWAT.  As Linux, who waits is woken at half of it. */
static uint32_t
tcp_usr_sendroom(struct socket *so, bool wake)
{
	struct tcpcb *tp = sototcpcb(so);
	uint32_t lowat = tcp_notsent_lowat(tp), unsent;

	if (tp->t_tfowait)
		return (tcp_tfo_room(tp));
	if (lowat == UINT32_MAX)
		return (UINT32_MAX);
	unsent = tcp_notsent(tp);
	if (unsent >= (wake ? (lowat + 1) / 2 : lowat)) {
		tp->t_notsentfull = true;
		return (0);
	}
	return (lowat - unsent);
}

static uint32_t
tcp_usr_sendslack(struct socket *so)
{
	const struct tcpcb *tp = sototcpcb(so);
	const struct sockbuf *sb = &so->so_snd;

	if (!tcp_aslinux(tp) || tp->t_tfowait || sb->sb_mbcnt >= 2 * sb->sb_hiwat + 65536)
		return (0);
	return (tcp_persona_slack(tp, tcp_notsent(tp), sb->sb_cc < sb->sb_hiwat ? tcp_notsent_lowat(tp) : 0));
}

void
tcp_notsent_wakeup(struct tcpcb *tp)
{
	if (tcp_notsent(tp) >= (tcp_notsent_lowat(tp) + 1) / 2)
		return;
	tp->t_notsentfull = false;
	sowwakeup(tcp_so(tp));
}

/* 1, 3, 7... times the first timeout: each try waits twice as long as the one before. */
uint64_t
tcp_rounds_time(const struct tcp_vnet *tv, unsigned n)
{
	uint64_t rto = (uint64_t)tv->tv_rexmit_initial * MSEC,
		 max = (uint64_t)tv->tv_rexmit_max * MSEC, sum = 0;

	for (; n > 0; n--) {
		sum += rto;
		rto = u64min(2 * rto, max);
	}
	return (sum);
}

/* Seconds become whole rounds, as Linux counts them; reading gives the seconds of the rounds. */
static void
tcp_usr_setdefer(struct tcpcb *tp, int s)
{
	unsigned n = 0;

	while (n < UINT8_MAX && (int64_t)s * (int64_t)SEC > (int64_t)tcp_rounds_time(tp->t_tv, n))
		n++;
	tp->t_deferaccept = (uint8_t)n;
}

/* As Linux: what waits goes out, though the cork stays. */
static void
tcp_usr_uncork(struct tcpcb *tp)
{
	const uint32_t cork = tp->t_flags & (TF_CORK | TF_MORE);

	if (cork == 0 || !TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	tp->t_flags &= ~cork;
	tcp_timer_stop(tp, TT_CORK);
	(void)tcp_output(tp);
	tp->t_flags |= cork;
}

/* Options with an int: what may be set, from where to where. */
static int
tcp_usr_setint(struct tcpcb *tp, enum vi_sockopt opt, int v)
{
	switch (opt) {
	case VI_TCP_NODELAY:
		tp->t_flags = v ? tp->t_flags | TF_NODELAY : tp->t_flags & ~(uint32_t)TF_NODELAY;
		if (v)
			tcp_usr_uncork(tp);
		break;
	case VI_TCP_CORK:
		tp->t_flags =
		    v ? tp->t_flags | TF_CORK : tp->t_flags & ~(uint32_t)(TF_CORK | TF_MORE);
		break;
	case VI_TCP_QUICKACK:
		tp->t_flags = v ? tp->t_flags | TF_QUICKACK : tp->t_flags & ~(uint32_t)TF_QUICKACK;
		if (v && (tp->t_flags & TF_DELACK))
			tp->t_flags |= TF_ACKNOW;
		break;
	case VI_TCP_MAXSEG:
		if (v != 0 && (v < 88 || v > 32767))
			return (EINVAL);
		tp->t_usermaxseg = (uint32_t)v;
		return (0);
	case VI_TCP_WINDOW_CLAMP:
		if (v == 0 && tp->t_state != TCPS_CLOSED)
			return (EINVAL);
		/* 0: none, before there is a connection.  As Linux: no less than what carries a segment now and then, also of less than nothing. */
		tp->t_winclamp = v == 0 ? 0 : v < TCP_MINCLAMP ? TCP_MINCLAMP : (uint32_t)v;
		return (0);
	case VI_TCP_FASTOPEN:
		return (tcp_tfo_setlimit(tp, v));
	case VI_TCP_FASTOPEN_CONNECT:
		if (v != 0 && v != 1)
			return (EINVAL);
		if (!tp->t_tv->tv_tfo.tf_client)
			return (EOPNOTSUPP);
		tp->t_tfoconnect = v != 0;
		return (0);
	case VI_TCP_FASTOPEN_NO_COOKIE:
		/* As Linux: before it is decided how the connection begins. */
		if (v != 0 && v != 1)
			return (EINVAL);
		if (tp->t_state > TCPS_LISTEN)
			return (EINVAL);
		tp->t_tfonocookie = v != 0;
		return (0);
	case VI_TCP_SAVE_SYN:
		if (v != 0 && v != 1)
			return (v == 2 ? EOPNOTSUPP : EINVAL);
		tp->t_savesyn = v != 0;
		return (0);
	case VI_TCP_TX_DELAY:
		if (v < 0 || v >= 1 << 28)	/* Linux's bounds */
			return (EINVAL);
		tcp_delay_set(tp, (uint32_t)v);
		return (0);
	case VI_TCP_THIN_LINEAR_TIMEOUTS:
		if (v != 0 && v != 1)
			return (EINVAL);
		tp->t_thinlinear = v != 0;
		return (0);
	case VI_TCP_REMOTE_UDP_ENCAPS_PORT:
		if (v < 0 || v > 65535 || tp->t_state != TCPS_CLOSED ||
		    (v != 0 && tp->t_tv->tv_udp_port == 0))
			return (EINVAL);
		tp->t_udpport = HTONS((uint16_t)v);
		return (0);
	case VI_TCP_TIMESTAMP:		/* Linux: under repair only, which there is not */
		return (EPERM);
	case VI_TCP_DEFER_ACCEPT:
		tcp_usr_setdefer(tp, v);
		return (0);
	case VI_TCP_NOTSENT_LOWAT:
		tp->t_notsentlowat = (uint32_t)v;	/* unsigned, as Linux */
		tp->t_notsentfull = false;
		sowwakeup(tcp_so(tp));
		return (0);
	default:
		return (ENOPROTOOPT);
	}
	if (tp->t_state >= TCPS_ESTABLISHED)
		(void)tcp_output(tp);
	return (0);
}

static int
tcp_usr_settime(struct tcpcb *tp, enum vi_sockopt opt, int v)
{
	if (opt == VI_TCP_USER_TIMEOUT) {
		if (v < 0)
			return (EINVAL);
		tcp_uto_set(tp, v);
		return (0);
	}
	if (opt == VI_TCP_LINGER2) {
		/* As Linux: negative is "do not wait", 0 the default, and two minutes the most. */
		tp->t_finwait2 = v < 0	  ? 1
				 : v == 0 ? (uint64_t)tp->t_tv->tv_finwait2_timeout * MSEC
					  : (uint64_t)imin(v, 120) * SEC;
		return (0);
	}
	if (v < 1 || v > ((opt == VI_TCP_KEEPCNT || opt == VI_TCP_SYNCNT) ? 127 : 32767))
		return (EINVAL);
	switch (opt) {
	case VI_TCP_KEEPIDLE:
		tp->t_keepidle = (uint64_t)v * SEC;
		tcp_timer_keep_restart(tp);
		return (0);
	case VI_TCP_KEEPINTVL:
		tp->t_keepintvl = (uint64_t)v * SEC;
		return (0);
	case VI_TCP_KEEPCNT:
		tp->t_keepcnt = (uint8_t)v;
		return (0);
	case VI_TCP_SYNCNT:
		tp->t_syncnt = (uint8_t)v;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

static int
tcp_usr_setcc(struct tcpcb *tp, const void *val, size_t len)
{
	char name[CC_NAMELEN] = { 0 };
	const struct cc_ops *cc;

	memcpy(name, val, szmin(len, sizeof(name) - 1));
	if ((cc = cc_byname(name)) == NULL)
		return (ENOENT);
	if (cc != tp->t_cc) {
		if (tp->t_cc->cc_fini != NULL)
			tp->t_cc->cc_fini(tp);
		tp->t_cc = cc;
		cc->cc_init(tp);
	}
	return (0);
}

static int
tcp_usr_setauth(struct tcpcb *tp, const void *val, size_t len)
{
	struct vi_tcp_authkey key;

	if (len < sizeof(key))
		return (EINVAL);
	memcpy(&key, val, sizeof(key));
	return (tcp_auth_setkey(tp, &key));
}

static int
tcp_usr_setauthinfo(struct tcpcb *tp, const void *val, size_t len)
{
	struct vi_tcp_authinfo ai;

	if (len < sizeof(ai))
		return (EINVAL);
	memcpy(&ai, val, sizeof(ai));
	return (tcp_auth_setinfo(tp, &ai));
}

static int
tcp_usr_setpacing(struct tcpcb *tp, const void *val, size_t len)
{
	uint64_t rate;

	if (len < sizeof(rate))
		return (EINVAL);
	memcpy(&rate, val, sizeof(rate));
	tcp_pace_limit(tp, rate);
	return (0);
}

static int
tcp_usr_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	struct tcpcb *tp = sototcpcb(so);
	struct vi_tcp_fastopen tf;
	int error, v;

	switch (opt) {
	case VI_SO_KEEPALIVE:
		tcp_timer_keep_restart(tp);
		return (0);
	case VI_SO_RCVBUF:
		return (0);
	case VI_TCP_CONGESTION:
		return (tcp_usr_setcc(tp, val, len));
	case VI_TCP_AUTHKEY:
		return (tcp_usr_setauth(tp, val, len));
	case VI_TCP_AUTHINFO:
		return (tcp_usr_setauthinfo(tp, val, len));
	case VI_TCP_MAX_PACING_RATE:
		return (tcp_usr_setpacing(tp, val, len));
	case VI_TCP_FASTOPEN_KEY:
		return (tcp_tfo_setkey(tp, val, len));
	case VI_TCP_FASTOPEN_CONNECT:
		if (len == sizeof(tf)) {
			memcpy(&tf, val, sizeof(tf));
			return (tcp_tfo_setpsk(tp, &tf));
		}
		break;
	case VI_TCP_INFO:
	case VI_TCP_AUTHKEYS:
		return (ENOPROTOOPT);
	default:
		break;
	}
	if (opt < VI_TCP_NODELAY || opt >= VI_IPV6_V6ONLY) {
		error = in_pcbsetopt(so->so_pcb, opt, val, len);
		if ((opt == VI_IP_OPTIONS || (opt >= VI_IPV6_HOPOPTS && opt <= VI_IPV6_DSTOPTS)) && tp->t_pmtu != 0)
			tcp_setmss(tp);		/* they take room from segments */
		return (error);
	}
	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	error = tcp_usr_setint(tp, opt, v);
	return (error == ENOPROTOOPT ? tcp_usr_settime(tp, opt, v) : error);
}

/* As Linux: what the user wants until he connects, then what a segment carries as far as is known: in SYN_SENT beside the time stamps that are offered. */
static int
tcp_usr_getmaxseg(const struct tcpcb *tp)
{
	const uint32_t mss = tp->t_usermaxseg != 0 ? tp->t_usermaxseg : tp->t_maxseg;

	if (TCPS_HAVERCVDSYN(tp->t_state))
		return ((int)tp->t_maxseg);
	return ((int)(tp->t_state == TCPS_SYN_SENT && tcp_tstampok(tp->t_tv) ? mss - TCPOLEN_TSTAMP_APPA : mss));
}

static int
tcp_usr_getint(const struct tcpcb *tp, enum vi_sockopt opt, int *v)
{
	switch (opt) {
	case VI_TCP_NODELAY:	*v = (tp->t_flags & TF_NODELAY) != 0; break;
	case VI_TCP_CORK:	*v = (tp->t_flags & TF_CORK) != 0; break;
	case VI_TCP_QUICKACK:	*v = (tp->t_flags & TF_QUICKACK) != 0; break;
	case VI_TCP_MAXSEG:	*v = tcp_usr_getmaxseg(tp); break;
	case VI_TCP_WINDOW_CLAMP: *v = (int)tp->t_winclamp; break;
	case VI_TCP_KEEPIDLE:	*v = (int)(tp->t_keepidle / SEC); break;
	case VI_TCP_KEEPINTVL:	*v = (int)(tp->t_keepintvl / SEC); break;
	case VI_TCP_KEEPCNT:	*v = tp->t_keepcnt; break;
	case VI_TCP_SYNCNT:	*v = tp->t_syncnt; break;
	case VI_TCP_FASTOPEN:	*v = (int)tp->t_tfolimit; break;
	case VI_TCP_FASTOPEN_CONNECT: *v = tp->t_tfoconnect; break;
	case VI_TCP_FASTOPEN_NO_COOKIE: *v = tp->t_tfonocookie; break;
	case VI_TCP_SAVE_SYN:	*v = tp->t_savesyn; break;
	case VI_TCP_TX_DELAY:	*v = (int)tp->t_txdelay; break;
	case VI_TCP_THIN_LINEAR_TIMEOUTS: *v = tp->t_thinlinear; break;
	case VI_TCP_REMOTE_UDP_ENCAPS_PORT: *v = NTOHS(tp->t_udpport); break;
	case VI_TCP_TIMESTAMP:	*v = (int)tcp_ts(tcp_now(tp), tp->t_tsoff); break;
	case VI_TCP_DEFER_ACCEPT:
		*v = (int)(tcp_rounds_time(tp->t_tv, tp->t_deferaccept) / SEC);
		break;
	case VI_TCP_NOTSENT_LOWAT: *v = (int)tp->t_notsentlowat; break;
	case VI_TCP_USER_TIMEOUT: *v = (int)(tp->t_usertimeout / MSEC); break;
	case VI_TCP_LINGER2:	*v = tp->t_finwait2 < SEC ? -1 : (int)(tp->t_finwait2 / SEC); break;
	case VI_SO_NUNSENT:	*v = (int)tcp_notsent(tp); break;
	default:		return (ENOPROTOOPT);
	}
	return (0);
}

static int
tcp_usr_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	struct tcpcb *tp = sototcpcb(so);
	char name[CC_NAMELEN] = { 0 };
	struct vi_tcp_authinfo ai;
	struct vi_tcp_ccinfo ci;
	struct vi_tcp_info ti;
	uint64_t rate;
	int error, v;

	if (opt == VI_TCP_INFO) {
		tcp_info_fill(tp, &ti);
		return (sooptput(buf, len, &ti, sizeof(ti)));
	}
	if (opt == VI_TCP_MAX_PACING_RATE) {
		rate = tp->t_lr.lr_rates.rt_max != 0 ? tp->t_lr.lr_rates.rt_max : UINT64_MAX;
		return (sooptput(buf, len, &rate, sizeof(rate)));
	}
	if (opt == VI_TCP_CC_INFO) {
		if (tp->t_cc->cc_info == NULL) {
			*len = 0;
			return (0);
		}
		tp->t_cc->cc_info(tp, &ci);
		return (sooptput(buf, len, &ci, sizeof(ci)));
	}
	if (opt == VI_TCP_FASTOPEN_KEY)
		return (tcp_tfo_getkey(tp, buf, len));
	if (opt == VI_TCP_AUTHKEYS)
		return (tcp_auth_getkeys(tp, buf, len));
	if (opt == VI_TCP_AUTHINFO) {
		error = tcp_auth_getinfo(tp, &ai);
		return (error != 0 ? error : sooptput(buf, len, &ai, sizeof(ai)));
	}
	if (opt == VI_TCP_SAVED_SYN)
		return (tcp_savesyn_get(tp, buf, len));
	if (opt == VI_TCP_CONGESTION) {
		memcpy(name, tp->t_cc->cc_name, strlen(tp->t_cc->cc_name));
		return (sooptput(buf, len, name, sizeof(name)));
	}
	if (tcp_usr_getint(tp, opt, &v) == 0)
		return (sooptputint(buf, len, v));
	if (opt >= VI_TCP_NODELAY && opt < VI_IPV6_V6ONLY)
		return (ENOPROTOOPT);
	return (in_pcbgetopt(so->so_pcb, opt, buf, len));
}

static void
tcp_usr_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	struct vi_pcbinfo pi;
	struct inpcb *inp = NULL;

	while ((inp = in_pcbscan(&tv->tv_pcbs, ps, inp)) != NULL) {
		memset(&pi, 0, sizeof(pi));
		in_pcbinfo_fill(inp, &pi);
		pi.pi_state = intotcpcb(inp)->t_state;
		pi.pi_udpport = NTOHS(intotcpcb(inp)->t_udpport);
		tcp_timer_tell(intotcpcb(inp), &pi);
		ps->ps_fn(ps->ps_arg, &pi);
	}
	tcp_syncache_list(tv, ps);
	tcp_timewait_list(tv, ps);
}

/* Both families alike; pr_pcblist lists both. */
#define TCP_PROTOSW(family) \
	.pr_family = (family), \
	.pr_type = VI_SOCK_STREAM, \
	.pr_protocol = VI_IPPROTO_TCP, \
	.pr_flags = PR_CONNREQUIRED, \
	.pr_sndspace = 65536, \
	.pr_rcvspace = 131072, \
	.pr_attach = tcp_usr_attach, \
	.pr_close = tcp_usr_close, \
	.pr_abort = tcp_usr_abort, \
	.pr_bind = tcp_usr_bind, \
	.pr_listen = tcp_usr_listen, \
	.pr_connect = tcp_usr_connect, \
	.pr_disconnect = tcp_usr_disconnect, \
	.pr_shutdown = tcp_usr_shutdown, \
	.pr_output = tcp_usr_output, \
	.pr_mark = tcp_usr_mark, \
	.pr_position = tcp_usr_position, \
	.pr_sendroom = tcp_usr_sendroom, \
	.pr_sendslack = tcp_usr_sendslack, \
	.pr_rcvd = tcp_usr_rcvd, \
	.pr_sockaddr = tcp_usr_sockaddr, \
	.pr_peeraddr = tcp_usr_peeraddr, \
	.pr_setopt = tcp_usr_setopt, \
	.pr_getopt = tcp_usr_getopt

const struct protosw tcp_protosw = { TCP_PROTOSW(VI_AF_INET), .pr_pcblist = tcp_usr_pcblist };
const struct protosw tcp6_protosw = { TCP_PROTOSW(VI_AF_INET6) };
