/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ping sockets (datagram sockets of protocol ICMP): everybody may send echo requests and hear the replies to them.
 *
 * The echo identifier is the socket's port: the kernel fills it in, together with the checksum, so that nobody hears another's replies.
 * Echo messages of ICMPv6 have the same form; ping6.c has what is otherwise.
 */
#include <errno.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/raw/raw_var.h"
#include "wire/icmp.h"
#include "wire/icmp6.h"

_Static_assert(ICMP_MINLEN == ICMP6_MINLEN && offsetof(struct icmp, icmp_type) == offsetof(struct icmp6_hdr, icmp6_type) &&
    offsetof(struct icmp, icmp_code) == offsetof(struct icmp6_hdr, icmp6_code) && offsetof(struct icmp, icmp_id) == offsetof(struct icmp6_hdr, icmp6_data32), "of one form");

/* Whose echo message it is, which begins at hdr. */
static struct inpcb *
ping_find(struct vnet *vn, const struct inet_ops *ops, const uint8_t *hdr, const struct in_addr_any *laddr, const struct in_addr_any *faddr, const struct ifnet *rcvif)
{
	struct rip_vnet *rv = rip_vnet(vn);

	return (in_pcblookup(ops == &in_ops ? &rv->rv_ping : &rv->rv_ping6, ops, laddr, u16load(hdr + offsetof(struct icmp, icmp_id)), faddr, 0, true, rcvif));
}

void
ping_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct rip_vnet *rv = rip_vnet(pk->ip_vnet);
	struct inpcb *inp;

	/* A reply to a broadcast question still comes to one address. */
	if (pk->ip_bcast || (inp = ping_find(pk->ip_vnet, pk->ip_ops, m->m_data, &pk->ip_dst, &pk->ip_src, pk->ip_rcvif)) == NULL) {
		rv->rv_stat.rips_pingnosock++;
		m_freem(m);
		return;
	}
	rv->rv_stat.rips_pingin++;
	rip_append(inp, m, pk);
}

/* An error about an echo request of ours. */
void
ping_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	struct inpcb *inp;

	if (ic->ic_data[0] != (ic->ic_ops == &in_ops ? ICMP_ECHO : ICMP6_ECHO_REQUEST))
		return;
	if ((inp = ping_find(vn, ic->ic_ops, ic->ic_data, &ic->ic_src, &ic->ic_dst, NULL)) != NULL)
		dgram_ctl(inp, ic, 0, 0);
}

struct mbuf *
ping_echo(struct mbuf *m, const struct inpcb *inp, uint8_t type, int *error)
{
	struct icmp *icp;

	if (m->m_pkt.len < ICMP_MINLEN) {
		*error = EINVAL;
		return (m);
	}
	if ((m->m_len < ICMP_MINLEN || !m_writable(m)) && (m = m_pullup(m, ICMP_MINLEN)) == NULL) {
		*error = ENOBUFS;
		return (NULL);
	}
	icp = mtod(m, struct icmp *);
	icp->icmp_id = inp->inp_lport;
	*error = icp->icmp_type == type && icp->icmp_code == 0 ? 0 : EINVAL;
	return (m);
}

static int
ping_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct ip_path path;
	struct ip_out io;
	struct icmp *icp;
	uint16_t fport;
	int error;

	if ((error = dgram_out(inp, msg, &io, &path, &fport)) != 0 || (inp->inp_lport == 0 && (error = dgram_bindport(inp)) != 0))
		return (rip_fail(rv, m, error));
	m = ping_echo(m, inp, ICMP_ECHO, &error);
	if (error != 0)
		return (rip_fail(rv, m, error));
	icp = mtod(m, struct icmp *);
	icp->icmp_cksum = 0;
	icp->icmp_cksum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0));
	if ((error = ip_output(so->so_vnet, m, &io)) != 0)
		return (rip_fail(rv, NULL, error));
	rv->rv_stat.rips_opackets++;
	return (0);
}

static int
ping_attach(struct socket *so, int proto)
{
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct inpcb *inp;

	(void)proto;
	so->so_rcv.sb_hiwat = rv->rv_recvspace;
	return (in_pcballoc(&rv->rv_ping, so, &in_ops, &inp));
}

int
ping_connect(struct socket *so, const struct vi_sockaddr *sa)
{
	struct vi_sockaddr noport = *sa;

	noport.sa_port = 0;
	return (dgram_soconnect(so, &noport));
}

static void
ping_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	dgram_pcblist(&rip_vnet(vn)->rv_ping, ps);
}

const struct protosw ping_protosw = {
	.pr_family = VI_AF_INET,
	.pr_type = VI_SOCK_DGRAM,
	.pr_protocol = VI_IPPROTO_ICMP,
	.pr_flags = PR_ATOMIC | PR_ADDR,
	.pr_sndspace = 208 * 1024,
	.pr_rcvspace = 208 * 1024,
	.pr_attach = ping_attach,
	.pr_close = dgram_detach,
	.pr_abort = dgram_detach,
	.pr_bind = dgram_bind,
	.pr_connect = ping_connect,
	.pr_disconnect = dgram_disconnect,
	.pr_send = ping_send,
	.pr_sockaddr = dgram_sockaddr,
	.pr_peeraddr = dgram_peeraddr,
	.pr_setopt = dgram_setopt,
	.pr_getopt = dgram_getopt,
	.pr_pcblist = ping_pcblist,
};
