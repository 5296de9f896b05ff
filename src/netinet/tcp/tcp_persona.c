/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.inet.tcp.persona: the RFCs leave choices, and systems are told apart by theirs.  A test bed
 * may want either:
 *
 *			freebsd			linux
 *	options of SYN	MSS WS SACK TS		MSS SACK TS WS
 *	window of SYN	65535			whole segments, 64240 of 1460 bytes
 *	first ACKs	delayed			at once, for the first 16 segments, until an
 *						answer follows data within the ACK's delay
 *	ACK of a FIN	at once			delayed: the FIN of who closes, too, mostly tells it
 *	PSH		when nothing is left	at the end of each send(2) without MSG_MORE,
 *						of each super-packet, and in probes
 *	MSG_MORE	until the next send(2)	until the next ACK
 *	larger window	told at once		with the first ACK of data
 *	timeout		not below rexmit_min	variance not below rexmit_min
 *	closed window	probed with a byte	probed with an old number
 *	growth		half the window used	the window was the limit; in slow start half
 *	HyStart		RFC 9406		as in Linux's CUBIC
 *	ssthresh	by what is in flight	CUBIC: by the window
 *	ECN's reduction	at once			by PRR
 *	window offered	what the buffer holds	as told with the SYN, two segments more with each
 *						that comes
 *	window updates	of two segments and a	when the window doubles, and was at most half
 *			quarter of the buffer	of the buffer
 *	SO_SNDBUF	to the byte		looked at for each packet's worth of send(2), as is
 *						TCP_NOTSENT_LOWAT
 *	Nagle		while anything is out	while a segment that was not full is out
 *			(RFC 1122 4.2.3.4)	(Minshall's draft)
 *	after SHUT_RD	data is dropped		data can still be read
 *	Fast Open	not where a SYN with it	always tried again
 *			was lost
 *	data of a SYN	536 bytes and no more,	what the path takes
 *			MSS unknown
 *	echo in SYN-ACK	any			of a time at which there was a SYN, or RST
 *	ICMP errors end	SYN_SENT		also Fast Open's SYN_RECEIVED
 *	keepcnt		8			9
 *	retries		12			15
 *	syncache.rexmtlimit 3			5
 *	sendspace, _max	32768, 2 MB		16384, 4 MB (tcp_wmem)
 *	recvspace, _max	65536, 2 MB		131072, 6 MB (tcp_rmem)
 *	tw_reuse	1			2
 *
 * Those from keepcnt on are knobs of their own that setting the persona sets; they may be set again
 * afterwards.  A new stack has FreeBSD's habits but larger buffers, until somebody asks for the
 * persona by name.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#define QUICK_SEGMENTS	16
#define FIN_TICK	4	/* ms, as a clock of 250 Hz */

static const struct {
	const char	*p_name;
	int		 p_keepcnt, p_retries, p_rexmtlimit, p_twreuse;
	unsigned	 p_sendspace, p_sendmax, p_recvspace, p_recvmax;
} tcp_personae[] = {
	[TCP_PERSONA_FREEBSD] = {"freebsd", 8, 12, 3, 1, 32768, 2u << 20, 65536, 2u << 20},
	[TCP_PERSONA_LINUX] = {"linux", 9, 15, 5, 2, 16384, 4u << 20, 131072, 6u << 20},
};

uint32_t
tcp_persona_synopts(const struct tcp_vnet *tv)
{
	return (tv->tv_persona == TCP_PERSONA_LINUX ? TOF_SCALELAST : 0);
}

/* mss is asked for with the persona linux.  It tells whole segments, of half the buffer if that is more than the field holds. */
uint32_t
tcp_persona_synwin(const struct tcp_vnet *tv, uint32_t room, uint32_t mss)
{
	if (tv->tv_persona == TCP_PERSONA_LINUX && room > mss) {
		if (room > TCP_MAXWIN)
			room = u32max(room / 2, TCP_MAXWIN);
		room -= room % mss;
	}
	return (u32min(room, TCP_MAXWIN));
}

bool
tcp_persona_quickack(const struct tcpcb *tp)
{
	return (tcp_aslinux(tp) && (tp->t_flags & TF_PINGPONG) == 0 &&
		tp->t_rcvbytes < QUICK_SEGMENTS * (uint64_t)tp->t_rcvmss);
}

/*
 * The FIN of a peer that has closed first may be acknowledged by ours: after the ACK's delay, or a tick of
 * the clock if there never was data, or with the SYN alone.
 */
bool
tcp_persona_delayfin(struct tcpcb *tp)
{
	if (!tcp_aslinux(tp) || !tp->t_tv->tv_delayed_ack)
		return (false);
	tcp_rcv_delack(tp, (tp->t_datasegsin != 0 ? (uint64_t)tp->t_tv->tv_delacktime : FIN_TICK) * MSEC);
	return (true);
}

/* len bytes were sent: if data came just before, the two sides talk in turns. */
void
tcp_persona_answered(struct tcpcb *tp, uint32_t len, uint64_t now)
{
	if (len != 0 && tp->t_rcvbytes != 0 &&
	    now - tp->t_lastdata < (uint64_t)tp->t_tv->tv_delacktime * MSEC)
		tp->t_flags |= TF_PINGPONG;
}

bool
tcp_persona_pushes(const struct tcpcb *tp)
{
	return (tp->t_tv->tv_persona == TCP_PERSONA_LINUX);
}

bool
tcp_persona_waits(const struct tcpcb *tp)
{
	return (tp->t_tv->tv_persona == TCP_PERSONA_LINUX);
}

/* Linux does not take over what has waited for less than a second. */
uint64_t
tcp_persona_twmin(const struct tcp_vnet *tv)
{
	return (tv->tv_persona == TCP_PERSONA_LINUX ? SEC : 0);
}

bool
tcp_persona_winupdate(const struct tcpcb *tp, uint32_t offered, uint32_t win, uint32_t most)
{
	if (tp->t_tv->tv_persona == TCP_PERSONA_LINUX)
		return (offered <= most / 2 && win >= 2 * offered);
	win -= offered;
	return (win >= most / 2 || (win >= 2 * tp->t_maxseg && (win >= most / 4 || offered == 0)));
}

static void
tcp_persona_set(struct tcp_vnet *tv, uint8_t i)
{
	tv->tv_persona = i;
	tv->tv_keepcnt = tcp_personae[i].p_keepcnt;
	tv->tv_retries = tcp_personae[i].p_retries;
	tv->tv_sc_rexmtlimit = tcp_personae[i].p_rexmtlimit;
	tv->tv_tw_reuse = tcp_personae[i].p_twreuse;
	tv->tv_sendspace = tcp_personae[i].p_sendspace;
	tv->tv_sendbuf_max = tcp_personae[i].p_sendmax;
	tv->tv_recvspace = tcp_personae[i].p_recvspace;
	tv->tv_recvbuf_max = tcp_personae[i].p_recvmax;
}

/* Something is outstanding: does a segment that is not full wait for it? */
bool
tcp_persona_nagles(const struct tcpcb *tp)
{
	return (!tcp_aslinux(tp) ||
		(SEQ_GT(tp->t_smallend, tp->snd_una) && SEQ_LEQ(tp->t_smallend, tp->snd_nxt)));
}

/* shutdown(SHUT_RD) says that the user will not read; on Linux he may all the same. */
bool
tcp_persona_listens(const struct tcpcb *tp)
{
	return (tp->t_tv->tv_persona == TCP_PERSONA_LINUX && (tcp_so(tp)->so_state & SS_NOFDREF) == 0);
}

/*
 * Linux looks at SO_SNDBUF and TCP_NOTSENT_LOWAT (lowat; 0: the buffer is full) where one of its buffers begins, which holds what one packet may: half the
 * largest window in whole segments.  What has been begun is filled.
 */
uint32_t
tcp_persona_slack(const struct tcpcb *tp, uint32_t unsent, uint32_t lowat)
{
	uint32_t buffer = u32min(tp->t_maxsuper, tp->max_sndwnd / 2), part;

	buffer = u32max(buffer - buffer % tp->t_maxseg, tp->t_maxseg);
	part = unsent % buffer;
	return (part != 0 || unsent < lowat ? buffer - part : 0);
}

/* RFC 7413 4.1.3.1 has a host remembered whose SYNs with Fast Open were lost; Linux does not any more. */
bool
tcp_persona_sulks(const struct tcpcb *tp)
{
	return (tp->t_tv->tv_persona != TCP_PERSONA_LINUX);
}

int
tcp_sysctl_persona(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	const char *name = tcp_personae[tv->tv_persona].p_name;

	(void)sd;
	if (value == NULL) {
		if (len <= strlen(name))
			return (EINVAL);
		memcpy(buf, name, strlen(name) + 1);
		return (0);
	}
	for (uint8_t i = 0; i < NITEMS(tcp_personae); i++)
		if (strcmp(value, tcp_personae[i].p_name) == 0) {
			tcp_persona_set(tv, i);
			return (0);
		}
	return (EINVAL);
}
