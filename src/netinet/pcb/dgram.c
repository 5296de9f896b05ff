/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/pcb/dgram.h"

#include <errno.h>
#include <string.h>

#include <vimage/host.h>
#include <vimage/packet.h>

#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/in_pcb_int.h"
#include "netinet/pcb/in_pcbextra.h"
#include "vimage/priv.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/ip6.h"

bool
dgram_filter(const struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const void *hdr, uint32_t hlen)
{
	const struct so_dgram sd = {
		.sd_hdr = hdr,
		.sd_hlen = hlen,
		.sd_ifindex = in_pcbrcvif(pk->ip_vnet, pk->ip_ops, pk->ip_rcvif, &pk->ip_dst),
		.sd_ethertype = pk->ip_ops->io_family == VI_AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6,
		.sd_pkttype = (m->m_flags & M_BCAST) != 0 ? VI_PKT_BROADCAST : (m->m_flags & M_MCAST) != 0 ? VI_PKT_MULTICAST : VI_PKT_HOST,
	};

	return (sofilter_dgram(inp->inp_socket, m, &sd));
}

/* The headers between IPv6's and the transport's, in front of the payload.  NULL: no memory, m is gone. */
static struct mbuf *
dgram_exthdrs(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, struct sockdgram *sd)
{
	const uint32_t len = pk->ip_hlen - (uint32_t)IP6_HLEN;
	struct mbuf *top, *last;

	if ((top = m_frombuf(vnet_acct(inp->inp_vnet), pk->ip_opts, len, 0)) == NULL) {
		m_freem(m);
		return (NULL);
	}
	for (last = top; last->m_next != NULL; last = last->m_next)
		;
	last->m_next = m;
	sd->sd_6.s6_extlen = (uint16_t)len;
	sd->sd_6.s6_extnxt = pk->ip_opts[(int)offsetof(struct ip6_hdr, ip6_nxt) - IP6_HLEN];
	return (top);
}

/* RFC 1122 4.1.3.5: the address that the datagram was sent to, as far as one can answer from it. */
static uint32_t
dgram_local(const struct inpcb *inp, const struct inet_pkt *pk)
{
	if (pk->ip_ops->io_family != VI_AF_INET)
		return (0);
	if (!pk->ip_bcast || pk->ip_ops->io_islocal(inp->inp_vnet, &pk->ip_dst))
		return (pk->ip_dst.in4);
	return ((inp->inp_flags & INP_PKTINFO) == 0 ? 0 : ip_answer_from(inp->inp_vnet, inp->inp_fib, pk->ip_rcvif, pk->ip_src.in4));
}

enum dgram_result
dgram_append(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, uint16_t fport)
{
	struct socket *so = inp->inp_socket;
	struct vi_host *h = kernel_host(inp->inp_vnet->vn_kernel);
	struct sockdgram sd;

	if (in_pcbfar(inp, pk) || (so->so_rcv.sb_flags & SBS_CANTRCVMORE) != 0) {
		m_freem(m);
		return (in_pcbfar(inp, pk) ? DGRAM_MINTTL : DGRAM_SHUT);
	}
	in_pcbname(inp, pk->ip_ops, &pk->ip_src, fport, &sd.sd_from);
	in_pcbname(inp, pk->ip_ops, &pk->ip_dst, 0, &sd.sd_dst);
	sd.sd_local = dgram_local(inp, pk);
	sd.sd_ifindex = in_pcbrcvif(pk->ip_vnet, pk->ip_ops, pk->ip_rcvif, &pk->ip_dst);
	sd.sd_len = m->m_pkt.len;
	sd.sd_segsz = m->m_pkt.segsz;
	sd.sd_mark = m->m_pkt.mark;
	sd.sd_ttl = pk->ip_ttl;
	sd.sd_tos = pk->ip_tos;
	sd.sd_stamp = so->so_options & SO_TIMESTAMP ? h->h_ops->realtime(h) : 0;
	sd.sd_optlen = 0;
	sd.sd_fragmax = pk->ip_fragmax;
	sd.sd_summed = (m->m_pkt.csum_flags & CSUM_SUMMED) != 0;
	m->m_pkt.rcvif = NULL;		/* the interface may go before the reader comes */
	if ((sd.sd_is6 = pk->ip_ops->io_family == VI_AF_INET6)) {
		sd.sd_6.s6_flow = pk->ip_flow;
		sd.sd_6.s6_pathmtu = 0;
		sd.sd_6.s6_extlen = 0;
		if (pk->ip_opts != NULL && inp->inp_extra != NULL && inp->inp_extra->ex_recvext && (m = dgram_exthdrs(inp, m, pk, &sd)) == NULL)
			return (DGRAM_FULL);
	} else if (pk->ip_opts != NULL && (inp->inp_flags & (INP_RECVOPTS | INP_RETOPTS)) != 0) {
		sd.sd_optlen = (uint8_t)(pk->ip_hlen - IP_MINHLEN);
		memcpy(sd.sd_opts, pk->ip_opts, sd.sd_optlen);
	}
	if (!sbappenddgram(&so->so_rcv, &sd, m, vnet_acct(inp->inp_vnet)))
		return (DGRAM_FULL);
	sorwakeup(so);
	return (DGRAM_OK);
}

/* ICMP errors that end the matter (RFC 1122 4.1.3.3 leaves it open; these are Linux's), as opposed to those that may pass. */
static bool
dgram_final(const struct inpcb *inp, const struct inet_ctlmsg *ic)
{
	const bool v4 = ic->ic_ops->io_family == VI_AF_INET;

	switch (ic->ic_cmd) {
	case INET_CTL_UNREACH_PORT:
	case INET_CTL_UNREACH_PROTO:
	case INET_CTL_UNREACH_ADMIN:
	case INET_CTL_PARAMPROB:
		return (true);
	case INET_CTL_MSGSIZE:
		return ((v4 ? inp->inp_mtudisc : inp->inp_mtudisc6) != IP_PMTUDISC_DONT);
	case INET_CTL_UNREACH_NET:
		return (v4 && ic->ic_code == ICMP_UNREACH_NET_UNKNOWN);
	case INET_CTL_UNREACH_HOST:
		return (v4 && (ic->ic_code == ICMP_UNREACH_HOST_UNKNOWN || ic->ic_code == ICMP_UNREACH_ISOLATED));
	default:
		return (false);
	}
}

/* RFC 4884 7: are the extensions of a message, from off on, what they say?  Another version is not looked into, as on Linux. */
static bool
dgram_exts_ok(const struct mbuf *m, uint32_t off)
{
	const uint32_t end = m->m_pkt.len;
	uint8_t head[ICMP_EXTHDRLEN];
	uint32_t len;

	if (m_copydata(m, off, sizeof(head), head) != 0)
		return (false);
	if (head[0] >> 4 != ICMP_EXTVERSION)
		return (true);
	if (u16load(head + 2) != 0 && wire_sum_check(m_cksum(m, off, end - off, 0)) != WIRE_OK)
		return (false);
	for (off += ICMP_EXTHDRLEN; off < end; off += len) {
		if (m_copydata(m, off, sizeof(head), head) != 0 || (len = be16dec(head)) < sizeof(head) || len > end - off)
			return (false);
	}
	return (true);
}

static void
dgram_exts(const struct inpcb *inp, const struct inet_ctlmsg *ic, uint32_t at, struct vi_sockerr *se)
{
	const struct in_pcbextra *ex = inp->inp_extra;

	if (ex == NULL || !(ic->ic_ops->io_family == VI_AF_INET ? ex->ex_errexts : ex->ex_errexts6) || ic->ic_ext < at ||
	    ic->ic_ext + ICMP_EXTHDRLEN > ic->ic_m->m_pkt.len)
		return;
	se->se_extoff = (uint16_t)(ic->ic_ext - at);
	se->se_extbad = !dgram_exts_ok(ic->ic_m, ic->ic_ext);
}

static void
dgram_errqueue(struct inpcb *inp, const struct inet_ctlmsg *ic, uint16_t fport, unsigned hdrlen)
{
	/* Who sends the header gets it back. */
	const uint32_t at = (inp->inp_flags & INP_HDRINCL) != 0 ? ICMP_MINLEN : ic->ic_off + hdrlen;
	struct vi_sockerr se = { .se_errno = ic->ic_errno, .se_type = ic->ic_type, .se_code = ic->ic_code,
		.se_info = ic->ic_cmd == INET_CTL_MSGSIZE ? ic->ic_mtu : ic->ic_info };

	in_pcbname(inp, ic->ic_ops, &ic->ic_offender, 0, &se.se_offender);
	in_pcbname(inp, ic->ic_ops, &ic->ic_dst, fport, &se.se_dst);
	if (ic->ic_ext != 0 && ic->ic_m != NULL)
		dgram_exts(inp, ic, at, &se);
	soerrqueue(inp->inp_socket, &se, ic->ic_m, at);
}

static bool
dgram_wants_errors(const struct inpcb *inp, const struct inet_ops *ops)
{
	return ((inp->inp_flags & (ops->io_family == VI_AF_INET ? INP_RECVERR : INP_RECVERR6)) != 0);
}

/* RFC 3542 11.3: to who wants to know, a message without data. */
static void
dgram_pathmtu(struct inpcb *inp, const struct inet_ops *ops, const struct in_addr_any *dst, uint32_t mtu)
{
	struct socket *so = inp->inp_socket;
	struct sockdgram sd = { .sd_is6 = true, .sd_6.s6_pathmtu = mtu };
	struct mbuf *m;

	if (inp->inp_extra == NULL || !inp->inp_extra->ex_recvpathmtu || ops->io_family != VI_AF_INET6 || mtu == 0 ||
	    (so->so_rcv.sb_flags & SBS_CANTRCVMORE) != 0 || (m = m_gethdr(vnet_acct(inp->inp_vnet))) == NULL)
		return;
	in_pcbname(inp, ops, dst, 0, &sd.sd_from);
	sd.sd_dst = sd.sd_from;
	if (sbappenddgram(&so->so_rcv, &sd, m, vnet_acct(inp->inp_vnet)))
		sorwakeup(so);
}

void
dgram_toobig(struct inpcb *inp, const struct inet_ops *ops, const struct in_addr_any *dst, uint16_t dport, uint32_t mtu)
{
	struct vi_sockerr se = { .se_origin = VI_SE_LOCAL, .se_errno = EMSGSIZE, .se_info = mtu };

	dgram_pathmtu(inp, ops, dst, mtu);
	if (!dgram_wants_errors(inp, ops))
		return;
	in_pcbname(inp, ops, dst, dport, &se.se_dst);
	soerrqueue(inp->inp_socket, &se, NULL, 0);
}

void
dgram_ctl(struct inpcb *inp, const struct inet_ctlmsg *ic, uint16_t fport, unsigned hdrlen)
{
	if (ic->ic_errno == 0)
		return;
	if (ic->ic_cmd == INET_CTL_MSGSIZE)
		dgram_pathmtu(inp, ic->ic_ops, &ic->ic_dst, ic->ic_mtu);
	if (dgram_wants_errors(inp, ic->ic_ops))
		dgram_errqueue(inp, ic, fport, hdrlen);
	else if (in_addr_any_isany(&inp->inp_faddr) || !dgram_final(inp, ic))
		return;
	soerror(inp->inp_socket, ic->ic_errno);
}

/* Sending */

int
dgram_name(struct inpcb *inp, const struct vi_msg *msg, const struct inet_ops **ops, struct in_addr_any *faddr)
{
	struct vi_sockaddr sa;
	int error;

	*ops = inp->inp_ops;
	*faddr = inp->inp_faddr;
	if (msg == NULL || !msg->msg_hasname)
		return (in_addr_any_isany(faddr) ? EDESTADDRREQ : 0);
	sa = msg->msg_name;
	/* RFC 3542 6.2: the interface of the message is the zone of an address that has none. */
	if (sa.sa_scope == 0 && (msg->msg_set & VI_MSGSET_IFINDEX) != 0)
		sa.sa_scope = msg->msg_ifindex;
	if ((error = in_pcbaddr(inp, &sa, ops, faddr)) != 0)
		return (error == ENODEV && sa.sa_scope == msg->msg_name.sa_scope ? ENETUNREACH : error);	/* by no such zone, as on Linux */
	in_pcbjail_remote(inp, *ops, faddr);
	/* What is bound to an address of one family has no way to the other. */
	if ((*ops)->io_family == VI_AF_INET6 && inp->inp_ops->io_family == VI_AF_INET && !in_addr_any_isany(&inp->inp_faddr))
		return (EAFNOSUPPORT);		/* nor, as on Linux, what is connected over IPv4 to IPv6 */
	if ((inp->inp_bound & in_pcbfam(*ops)) == 0)
		return ((*ops)->io_family == VI_AF_INET ? ENETUNREACH : EAFNOSUPPORT);
	return (0);
}

static int
dgram_dest(struct inpcb *inp, const struct vi_msg *msg, struct ip_out *io, uint16_t *fport)
{
	const struct inet_ops *ops;
	struct in_addr_any faddr;
	int error;

	*fport = inp->inp_fport;
	if ((error = dgram_name(inp, msg, &ops, &faddr)) != 0)
		return (error);
	if (ops->io_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	if (msg == NULL || !msg->msg_hasname) {
		if (!in_multicast(faddr.in4))
			io->io_nh = in_pcbroute(inp);
		return (0);
	}
	*fport = msg->msg_name.sa_port;
	/* As on Linux: nowhere is here. */
	io->io_dst = faddr.in4 != 0 ? faddr.in4 : HTONL(INADDR_LOOPBACK);
	if (inp->inp_ops->io_family != VI_AF_INET)
		io->io_src = 0;
	if (!in_addr_any_isany(&inp->inp_faddr) || io->io_src == 0 || (inp->inp_flags & INP_TRANSPARENT) != 0 ||
	    in_localaddr(ip_vnet(inp->inp_vnet), io->io_src))
		return (0);
	/* What anybody may bind nobody sends from without the right to. */
	if ((inp->inp_flags & INP_BINDANY) != 0)
		return (ENETUNREACH);
	io->io_src = 0;		/* it was ours once */
	return (0);
}

/* The source that msg asks for; 0: none. */
static int
dgram_override_src(struct inpcb *inp, const struct vi_msg *msg, struct ip_out *io)
{
	const struct inet_ops *ops;
	struct in_addr_any src;
	int error;

	if ((error = in_pcbaddr(inp, &msg->msg_dst, &ops, &src)) != 0)
		return (error);
	if (in_addr_any_isany(&src))
		return (0);
	if (ops->io_family != VI_AF_INET)
		return (EINVAL);
	if (((inp->inp_flags & INP_TRANSPARENT) == 0 && !in_localaddr(ip_vnet(inp->inp_vnet), src.in4)) || !in_pcbjail_may(inp, INP_IPV4, &src))
		return (EADDRNOTAVAIL);
	io->io_src = src.in4;
	return (0);
}

static int
dgram_override(struct inpcb *inp, const struct vi_msg *msg, struct ip_out *io)
{
	if ((msg->msg_flags & VI_MSG_DONTROUTE) != 0)
		io->io_flags |= INET_DONTROUTE;
	if ((msg->msg_set & VI_MSGSET_TTL) != 0) {
		if (msg->msg_ttl < 1 || msg->msg_ttl > MAXTTL)
			return (EINVAL);
		io->io_ttl = io->io_mcast_ttl = (uint8_t)msg->msg_ttl;
	}
	if ((msg->msg_set & VI_MSGSET_TOS) != 0) {
		if (msg->msg_tos < 0 || msg->msg_tos > 255)
			return (EINVAL);
		io->io_tos = (uint8_t)msg->msg_tos;
	}
	if ((msg->msg_set & VI_MSGSET_IFINDEX) != 0 && msg->msg_ifindex != 0)
		io->io_ifindex = msg->msg_ifindex;
	if ((msg->msg_set & VI_MSGSET_MARK) != 0) {
		if (vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_SOCKOPT) != 0)
			return (EPERM);
		io->io_marked = true;
		io->io_mark = msg->msg_mark;
		io->io_nh = NULL;
	}
	return ((msg->msg_set & VI_MSGSET_ADDR) != 0 ? dgram_override_src(inp, msg, io) : 0);
}

/* VI_IP_UNICAST_IF: the way of what has no other, and goes to no group. */
static void
dgram_ucastif(const struct inpcb *inp, const struct vi_msg *msg, struct ip_out *io)
{
	const uint32_t dst = msg != NULL && msg->msg_hasname && msg->msg_name.sa_family == VI_AF_INET ? msg->msg_name.sa_in : io->io_dst;

	if (!in_multicast(dst))
		io->io_ifindex = inp->inp_extra->ex_ucastif;
}

int
dgram_out(struct inpcb *inp, const struct vi_msg *msg, struct ip_out *io, struct ip_path *path, uint16_t *fport)
{
	struct in_addr_any src, dst;
	int error;

	ip_out_init(io, inp, 0);
	if (inp->inp_extra != NULL && io->io_ifindex == 0)
		dgram_ucastif(inp, msg, io);
	if ((error = dgram_dest(inp, msg, io, fport)) != 0 || (msg != NULL && (error = dgram_override(inp, msg, io)) != 0))
		return (error);
	if ((error = ip_route(inp->inp_vnet, io, path)) != 0)
		return (error);
	io->io_path = path;
	if (io->io_src != 0 || path->ip_ifa == NULL)
		return (0);
	src = in4_any(path->ip_ifa->ifa_addr.na_in);
	dst = in4_any(io->io_dst);
	error = in_pcbjail_source(inp, inp->inp_info->ipi_ops4, &dst, &src);
	io->io_src = src.in4;
	return (error);
}

int
dgram_bindport(struct inpcb *inp)
{
	uint16_t lport;
	int error;

	if ((error = in_pcbport_any(inp, &inp->inp_laddr, &lport)) != 0)
		return (error);
	inp->inp_lport = lport;
	inp->inp_flags |= INP_ANONPORT;
	in_pcbport_insert(inp);
	return (0);
}

/* protosw */

void
dgram_detach(struct socket *so)
{
	in_pcbfree(so->so_pcb);
	sodetached(so);
}

int
dgram_bind(struct socket *so, const struct vi_sockaddr *sa)
{
	return (in_pcbbind(so->so_pcb, sa));
}

int
dgram_soconnect(struct socket *so, const struct vi_sockaddr *sa)
{
	int error = in_pcbconnect(so->so_pcb, sa);

	if (error == 0)
		soisconnected(so);
	return (error);
}

int
dgram_disconnect(struct socket *so)
{
	in_pcbdisconnect(so->so_pcb);
	so->so_state &= (uint16_t)~SS_ISCONNECTED;
	return (0);
}

int
dgram_sockaddr(struct socket *so, struct vi_sockaddr *sa)
{
	return (in_pcbsockaddr(so->so_pcb, sa));
}

int
dgram_peeraddr(struct socket *so, struct vi_sockaddr *sa)
{
	return (in_pcbpeeraddr(so->so_pcb, sa));
}

int
dgram_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	return (in_pcbsetopt(so->so_pcb, opt, val, len));
}

int
dgram_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	return (in_pcbgetopt(so->so_pcb, opt, buf, len));
}

void
dgram_pcblist(struct inpcbinfo *ipi, struct pcbscan *ps)
{
	struct vi_pcbinfo pi;
	struct inpcb *inp = NULL;

	while ((inp = in_pcbscan(ipi, ps, inp)) != NULL) {
		in_pcbinfo_fill(inp, &pi);
		ps->ps_fn(ps->ps_arg, &pi);
	}
}

void
dgram_stop(struct inpcbinfo *ipi)
{
	struct inpcb *inp;

	while ((inp = TAILQ_FIRST(&ipi->ipi_list)) != NULL)
		inp->inp_socket->so_proto->pr_abort(inp->inp_socket);
}
