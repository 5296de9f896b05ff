/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP in UDP, for paths where nothing else passes: as FreeBSD does it, and as RFC 6951 for SCTP.
 *
 * With net.inet.tcp.udp_tunneling_port not 0, datagrams to that port are segments; so are those
 * that this stack sends from it.  The TCP header follows the UDP header as it is, but for its
 * checksum, which is 0: UDP's covers it, and must be there.  A connection is in UDP from its SYN to
 * its end: a listener answers as it was asked, who connects says VI_TCP_REMOTE_UDP_ENCAPS_PORT.  The
 * other's port belongs to the connection; a segment that comes otherwise is dropped.
 *
 * Each segment is shorter by net.inet.tcp.udp_tunneling_overhead; there are no super-packets.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#include "kern/sysctl.h"
#include "netinet/udp/udp.h"
#include "wire/udp.h"

static bool
tcp_udp_input(
    struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui, void *arg)
{
	struct tcp_vnet *tv = arg;
	struct inet_pkt pkt = *pk;

	(void)inp;
	if (!ui->ui_hassum || ui->ui_sport == 0) {
		TCPSTAT_INC(tv, tcps_tunneled_errs);
		m_freem(m);
		return (true);
	}
	TCPSTAT_INC(tv, tcps_tunneled_pkts);
	pkt.ip_proto = VI_IPPROTO_TCP;
	pkt.ip_plen = m->m_pkt.len;
	pkt.ip_udpport = ui->ui_sport;
	m->m_pkt.csum_flags |= CSUM_DATA_VALID;	/* UDP's was verified */
	tcp_input(m, &pkt);
	return (true);
}

/* What ICMP quotes is our UDP header, and, if it is enough, our TCP header behind it. */
static void
tcp_udp_ctl(struct inpcb *inp, const struct inet_ctlmsg *ic, void *arg)
{
	struct inet_ctlmsg inner = *ic;

	(void)arg;
	if (ic->ic_len < UDP_HDRLEN)
		return;
	inner.ic_data += UDP_HDRLEN;
	inner.ic_len -= UDP_HDRLEN;
	tcp_ctlinput(inp->inp_vnet, &inner);
}

/* Consumes m: a segment with its header in front. */
int
tcp_udp_send(struct tcp_vnet *tv, const struct inet_ops *io, const struct inet_flow *fl, uint16_t port,
    struct mbuf *m)
{
	mtod(m, struct tcphdr *)->th_sum = 0;
	if (tv->tv_udp_port == 0) {		/* switched off since */
		m_freem(m);
		return (ENETDOWN);
	}
	m = udp_tunnel_header(m, io, &fl->if_laddr, &fl->if_faddr, HTONS((uint16_t)tv->tv_udp_port), port);
	if (m == NULL) {
		TCPSTAT_INC(tv, tcps_sndnomem);
		return (ENOBUFS);
	}
	return (io->io_send(tv->tv_vnet, fl, VI_IPPROTO_UDP, m));
}

int
tcp_udp_segment(struct tcpcb *tp, struct mbuf *m)
{
	struct inpcb *inp = &tp->t_inpcb;
	struct inet_flow fl;

	fl = (struct inet_flow){
	    .if_laddr = inp->inp_laddr,
	    .if_faddr = inp->inp_faddr,
	    .if_fib = inp->inp_fib,
	    .if_tos = in_pcbtos(inp, inp->inp_ops),
	    .if_ttl = in_pcbttl(inp, inp->inp_ops),
	    .if_df = (tp->t_flags & TF_NOPMTU) == 0,
	    .if_flowid = inp->inp_flowid,
	};
	return (tcp_udp_send(tp->t_tv, inp->inp_ops, &fl, tp->t_udpport, m));
}

/* Of a segment that goes to a connection. */
bool
tcp_udp_same(struct tcp_seg *ts, uint16_t port)
{
	if (ts->ts_pkt->ip_udpport == port)
		return (true);
	TCPSTAT_INC(ts->ts_tv, tcps_tunneled_errs);
	tcp_seg_drop(ts);
	return (false);
}

static int
tcp_udp_open(struct tcp_vnet *tv, const struct inet_ops *io, uint16_t port, struct socket **sop)
{
	return (udp_tunnel_open(tv->tv_vnet, io, port, tcp_udp_input, tcp_udp_ctl, tv, sop));
}

void
tcp_udp_stop(struct tcp_vnet *tv)
{
	for (unsigned i = 0; i < NITEMS(tv->tv_udpso); i++)
		udp_tunnel_close(&tv->tv_udpso[i]);
	tv->tv_udp_port = 0;
}

/* net.inet.tcp.udp_tunneling_port.  EADDRINUSE leaves it switched off. */
int
tcp_sysctl_udpport(
    struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	int v = tv->tv_udp_port, error;

	if ((error = tcp_sysctl_number(sd, &v, value, buf, len)) != 0 || value == NULL ||
	    v == tv->tv_udp_port)
		return (error);
	tcp_udp_stop(tv);
	if (v == 0)
		return (0);
	if ((error = tcp_udp_open(tv, &in_ops, (uint16_t)v, &tv->tv_udpso[0])) == 0)
		error = tcp_udp_open(tv, &in6_ops, (uint16_t)v, &tv->tv_udpso[1]);
	if (error == 0)
		tv->tv_udp_port = v;
	else
		tcp_udp_stop(tv);
	return (error);
}
