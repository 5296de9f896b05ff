/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending datagrams.
 *
 * With VI_UDP_SEGMENT one send makes a train of datagrams: it travels as one super-packet (m_pkt.segsz) and is cut by the first link that cannot
 * carry it, or by the receiver.
 */
#include <errno.h>

#include "base/checksum.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/udp/udp_var.h"
#include "wire/udp.h"

/* What the socket was told: RFC 1122 4.1.3.4, RFC 6935. */
static bool
udp_nosum(const struct inpcb *inp, const struct inet_ops *ops)
{
	const struct udpcb *u = intoudpcb(inp);

	return (ops->io_family == VI_AF_INET6 ? u->u_nosum6tx : u->u_nosum);
}

/* That, and net.inet.udp.checksum: who sends without.  UDP-Lite never does (RFC 3828 3.1). */
static bool
udp_sums(const struct inpcb *inp, const struct inet_ops *ops)
{
	if (inp->inp_proto == VI_IPPROTO_UDPLITE)
		return (true);
	if (udp_nosum(inp, ops))
		return (false);
	return (ops->io_family == VI_AF_INET6 || udp_vnet(inp->inp_vnet)->uv_cksum != 0);
}

/* Bytes that the checksum covers. */
static uint16_t
udp_coverage(const struct inpcb *inp, uint16_t len)
{
	const struct udpcb *u = intoudpcb(inp);

	return (u->u_sndcovset && u->u_sndcov != 0 ? MIN(u->u_sndcov, len) : len);
}

/* The checksum is left to whoever needs it (CSUM_UDP), unless it covers only a part. */
struct mbuf *
udp_header(struct mbuf *m, const struct inpcb *inp, const struct inet_ops *ops, const struct in_addr_any *src, const struct in_addr_any *dst,
    uint16_t dport)
{
	uint16_t len, cov;
	struct udphdr *uh;

	if ((m = m_prepend(m, UDP_HDRLEN)) == NULL)
		return (NULL);
	len = (uint16_t)m->m_pkt.len;
	cov = udp_coverage(inp, len);
	uh = mtod(m, struct udphdr *);
	uh->uh_sport = inp->inp_lport;
	uh->uh_dport = dport;
	uh->uh_ulen = HTONS(cov);
	uh->uh_sum = 0;
	if (!udp_sums(inp, ops))
		return (m);
	uh->uh_sum = ops->io_pseudo(src, dst, inp->inp_proto, len);
	if (cov == len)
		m->m_pkt.csum_flags |= CSUM_UDP;
	else
		uh->uh_sum = udp_sum_field(cksum_fold(m_cksum(m, 0, cov, 0)));	/* the field holds the pseudo header's */
	return (m);
}

int
udp_fail(struct udp_vnet *uv, struct mbuf *m, int error)
{
	uv->uv_stat.udps_oerrors++;
	m_freem(m);
	return (error);
}

int
udp_train(const struct inpcb *inp, const struct inet_ops *ops, struct mbuf *m, const struct vi_msg *msg, unsigned hdrlen, uint32_t mtu)
{
	uint32_t segsz = intoudpcb(inp)->u_segsz;

	m->m_pkt.segsz = 0;
	if (msg != NULL && (msg->msg_set & VI_MSGSET_SEGSZ) != 0)
		segsz = msg->msg_segsz;
	if (segsz == 0)
		return (0);
	if (segsz > UINT16_MAX || inp->inp_proto != VI_IPPROTO_UDP)
		return (EINVAL);
	/* As Linux: they have checksums, and none of them may need fragments. */
	if (udp_nosum(inp, ops))
		return (EINVAL);
	if (hdrlen + UDP_HDRLEN + MIN(segsz, m->m_pkt.len) > mtu || HOWMANY(m->m_pkt.len, segsz) > UDP_MAXSEGS)
		return (EINVAL);
	if (m->m_pkt.len > segsz)
		m->m_pkt.segsz = (uint16_t)segsz;
	return (0);
}

bool
udp_toolong(const struct udp_vnet *uv, const struct mbuf *m, uint32_t most)
{
	return (m->m_pkt.len > uv->uv_maxdgram || m->m_pkt.len > most - UDP_HDRLEN);
}

static int
udp_send4(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct udp_vnet *uv = udp_vnet(so->so_vnet);
	struct in_addr_any src, dst;
	struct ip_path path;
	struct ip_out io;
	uint16_t dport;
	int error;

	if ((error = dgram_out(inp, msg, &io, &path, &dport)) != 0)
		return (udp_fail(uv, m, error));
	/* Linux: port 0 is no destination that can be named. */
	if (dport == 0 && msg != NULL && msg->msg_hasname)
		return (udp_fail(uv, m, EINVAL));
	dst = in4_any(io.io_dst);
	if (udp_toolong(uv, m, IP_MAXPACKET - IP_MINHLEN)) {
		dgram_toobig(inp, &in_ops, &dst, dport, path.ip_mtu);
		return (udp_fail(uv, m, EMSGSIZE));
	}
	if ((error = udp_train(inp, &in_ops, m, msg, IP_MINHLEN + io.io_optlen, path.ip_mtu)) != 0 ||
	    (inp->inp_lport == 0 && (error = dgram_bindport(inp)) != 0))
		return (udp_fail(uv, m, error));
	src = in4_any(io.io_src);
	if ((m = udp_header(m, inp, &in_ops, &src, &dst, dport)) == NULL)
		return (udp_fail(uv, NULL, ENOBUFS));
	if ((error = ip_output(so->so_vnet, m, &io)) != 0) {
		if (error == EMSGSIZE)
			dgram_toobig(inp, &in_ops, &dst, dport, io.io_mtudisc == IP_PMTUDISC_PROBE ? path.ip_ifp->if_mtu : path.ip_mtu);
		return (udp_fail(uv, NULL, error));
	}
	uv->uv_stat.udps_opackets++;
	return (0);
}

int
udp_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct udp_vnet *uv = udp_vnet(so->so_vnet);
	const struct inet_ops *ops;
	struct in_addr_any faddr;
	int error;

	if ((error = dgram_name(inp, msg, &ops, &faddr)) != 0)
		return (udp_fail(uv, m, error));
	if (ops->io_family == VI_AF_INET)
		return (udp_send4(so, m, msg));
	return (udp6_send(so, m, msg));
}
