/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending a datagram. */
#include <errno.h>

#include "base/checksum.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/pcb/dgram.h"
#include "netinet/ip/ip_var.h"
#include "netinet/udp/udp_var.h"
#include "wire/udp.h"

/* The UDP header in front; the checksum is left to whoever needs it (CSUM_UDP). */
static struct mbuf *
udp_header(struct mbuf *m, const struct ip_out *io, uint16_t sport, uint16_t dport, bool sum)
{
	uint16_t len;
	struct udphdr *uh;

	if ((m = m_prepend(m, UDP_HDRLEN)) == NULL)
		return (NULL);
	len = (uint16_t)m->m_pkt.len;
	uh = mtod(m, struct udphdr *);
	uh->uh_sport = sport;
	uh->uh_dport = dport;
	uh->uh_ulen = HTONS(len);
	uh->uh_sum = 0;
	if (sum) {
		uh->uh_sum = cksum_reduce(in_pseudo(io->io_src, io->io_dst, IPPROTO_UDP, len));
		m->m_pkt.csum_flags |= CSUM_UDP;
	}
	return (m);
}

static int
udp_fail(struct udp_vnet *uv, struct mbuf *m, int error)
{
	uv->uv_stat.udps_oerrors++;
	m_freem(m);
	return (error);
}

int
udp_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct udp_vnet *uv = udp_vnet(so->so_vnet);
	struct ip_path path;
	struct ip_out io;
	uint16_t dport;
	int error;

	if (m->m_pkt.len > uv->uv_maxdgram || m->m_pkt.len > IP_MAXPACKET - IP_MINHLEN - UDP_HDRLEN)
		return (udp_fail(uv, m, EMSGSIZE));
	if ((error = dgram_out(inp, msg, &io, &path, &dport)) != 0)
		return (udp_fail(uv, m, error));
	/* Linux: port 0 is no destination that can be named. */
	if (dport == 0 && msg != NULL && msg->msg_hasname)
		return (udp_fail(uv, m, EINVAL));
	if (inp->inp_lport == 0 && (error = dgram_bindport(inp)) != 0)
		return (udp_fail(uv, m, error));
	if ((m = udp_header(m, &io, inp->inp_lport, dport, uv->uv_cksum != 0)) == NULL)
		return (udp_fail(uv, NULL, ENOBUFS));
	if ((error = ip_output(so->so_vnet, m, &io)) != 0)
		return (udp_fail(uv, NULL, error));
	uv->uv_stat.udps_opackets++;
	return (0);
}
