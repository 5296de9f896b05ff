/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about our segments (RFC 9293 3.9.2.2, RFC 5927).  An error is looked at only if the
 * sequence number it quotes is outstanding (5927 4.1).  Then: what says "too big" lowers the
 * segment size (RFC 1191); what says "unreachable" ends a connection in SYN_SENT if it is hard, and
 * otherwise is remembered, to explain a timeout (5927 5.2, RFC 1122 4.2.3.9).
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

/* RFC 1191 6.3: what is outstanding and too long is sent again at once. */
static void
tcp_ctl_msgsize(struct tcpcb *tp, uint32_t mtu)
{
	uint32_t oldseg = tp->t_maxseg, oldmtu = tp->t_pmtu;

	if ((tp->t_flags & TF_NOPMTU) != 0 || tcp_pathlocked(tp))
		return;
	if (mtu == 0)
		mtu = tp->t_inpcb.inp_ops->io_pathmtu(
		    tcp_vn(tp), &tp->t_inpcb, tp->t_inpcb.inp_fib, &tp->t_inpcb.inp_faddr);
	tcp_mtup_told(tp, mtu);
	if (tp->t_pmtu >= oldmtu)
		return;
	if (tp->t_state == TCPS_SYN_SENT && tp->t_tfosent > 0 && tp->t_nsynrexmt == 0) {
		/* Nothing but the data makes a SYN too long (RFC 7413 4.1.3.1). */
		tp->t_nsynrexmt++;
		TCPSTAT_INC(tp->t_tv, tcps_mturesent);
		tcp_tfo_refused(tp);
		(void)tcp_snd_syn(tp);
		return;
	}
	if (tp->t_maxseg >= oldseg || !TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	TCPSTAT_INC(tp->t_tv, tcps_mturesent);
	if (tp->snd_una == tp->snd_max)
		return;
	/* Not a sign of congestion: from the start, with the window as it is. */
	tp->t_rtttime = 0;
	tp->snd_nxt = tp->snd_highrxt = tp->snd_una;
	tp->t_flags &= ~(uint32_t)TF_FASTRECOVERY;
	tp->snd_recover = tp->snd_max;
	tcp_output(tp);
}

/* Before the handshake is over: hard errors and, as Linux, unreachable networks and hosts. */
static bool
tcp_ctl_ends(enum inet_ctl cmd)
{
	return (cmd == INET_CTL_UNREACH_PROTO || cmd == INET_CTL_UNREACH_PORT || cmd == INET_CTL_UNREACH_ADMIN ||
		cmd == INET_CTL_UNREACH_NET || cmd == INET_CTL_UNREACH_HOST);
}

/*
 * RFC 5925 7.8: who signs with TCP-AO does not listen to what nobody signed, unless he says so: hard errors, for IPv4 "fragmentation
 * needed" among them, once the connection stands.
 */
static bool
tcp_ctl_unsigned(const struct tcpcb *tp, const struct inet_ctlmsg *ic)
{
	const bool v4 = ic->ic_ops->io_family == VI_AF_INET;

	if (!tcp_authkey_isao(tcp_authkey(tp)) || tp->t_auth->ta_icmp || !TCPS_HAVEESTABLISHED(tp->t_state))
		return (false);
	switch (ic->ic_cmd) {
	case INET_CTL_UNREACH_PORT:
		return (true);
	case INET_CTL_UNREACH_PROTO:
	case INET_CTL_MSGSIZE:
		return (v4);
	case INET_CTL_UNREACH_ADMIN:
		return (!v4);
	default:
		return (false);
	}
}

/* Linux believes them of Fast Open's connections, too, until the client's ACK of the SYN-ACK. */
static bool
tcp_ctl_embryonic(const struct tcpcb *tp)
{
	return (tp->t_state == TCPS_SYN_SENT || (tp->t_tfo != TFO_NONE && tcp_aslinux(tp)));
}

static void
tcp_ctl_error(struct tcpcb *tp, const struct inet_ctlmsg *ic)
{
	if (tp->t_state == TCPS_SYN_SENT && tp->t_nsynrexmt == 0)
		tcp_tfo_refused(tp);
	if (tcp_ctl_embryonic(tp) && tp->t_tv->tv_icmp_may_rst && tcp_ctl_ends(ic->ic_cmd)) {
		tcp_close(tp, ic->ic_errno);
		return;
	}
	TCPSTAT_INC(tp->t_tv, tcps_icmpignored);
	tp->t_softerror = (int16_t)ic->ic_errno;
}

/* The data of a SYN is, while nobody knows of it yet; so is Fast Open's SYN-ACK, beyond which the connection goes on. */
static bool
tcp_ctl_outstanding(const struct tcpcb *tp, uint32_t seq)
{
	const uint32_t una = tp->t_tfo != TFO_NONE ? tp->iss : tp->snd_una;
	const uint32_t max = tp->snd_max + (tp->t_state == TCPS_SYN_SENT ? tp->t_tfosent : 0);

	return (SEQ_GEQ(seq, una) && SEQ_LT(seq, max));
}

void
tcp_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	uint16_t lport, fport;
	struct inpcb *inp;
	struct tcpcb *tp;
	uint32_t seq;

	if (ic->ic_len < 8 || ic->ic_cmd == INET_CTL_QUENCH || ic->ic_cmd == INET_CTL_REDIRECT)
		return;			/* RFC 6633; redirects are the routing table's */
	lport = u16load(ic->ic_data);
	fport = u16load(ic->ic_data + 2);
	seq = be32dec(ic->ic_data + 4);
	inp = in_pcblookup(&tv->tv_pcbs, ic->ic_ops, &ic->ic_src, lport, &ic->ic_dst, fport, false, NULL);
	if (inp == NULL || (tp = intotcpcb(inp)) == NULL || tp->t_state < TCPS_SYN_SENT) {
		tcp_syncache_unreach(tv, ic, lport, fport, seq);
		return;
	}
	if (!tcp_ctl_outstanding(tp, seq)) {
		TCPSTAT_INC(tv, tcps_icmpwindow);
		return;
	}
	if (tcp_ctl_unsigned(tp, ic)) {
		TCPSTAT_INC(tv, tcps_icmpwindow);
		tp->t_auth->ta_count.icmp++;
		return;
	}
	if (ic->ic_cmd == INET_CTL_MSGSIZE)
		tcp_ctl_msgsize(tp, ic->ic_mtu);
	else
		tcp_ctl_error(tp, ic);
}
