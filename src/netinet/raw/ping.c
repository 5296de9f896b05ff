/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ping sockets (datagram sockets of protocol ICMP): everybody may send echo requests and hear the replies to them.
 *
 * The echo identifier is the socket's port: the kernel fills it in, together with the checksum, so that nobody hears another's replies.
 */
#include <errno.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/raw/raw_var.h"
#include "wire/icmp.h"

void
ping_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct rip_vnet *rv = rip_vnet(pk->ip_vnet);
	uint16_t id = u16load(m->m_data + offsetof(struct icmp, icmp_id));
	struct inpcb *inp;

	/* A reply to a broadcast question still comes to one address. */
	if (pk->ip_bcast || (inp = in_pcblookup(&rv->rv_ping, pk->ip_ops, &pk->ip_dst, id, &pk->ip_src, 0, true, pk->ip_rcvif)) == NULL) {
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

	if (ic->ic_data[0] != ICMP_ECHO)
		return;
	inp = in_pcblookup(&rip_vnet(vn)->rv_ping, ic->ic_ops, &ic->ic_src, u16load(ic->ic_data + offsetof(struct icmp, icmp_id)),
	    &ic->ic_dst, 0, true, NULL);
	if (inp != NULL)
		dgram_ctl(inp, ic, 0, 0);
}

/* Only echo requests leave; id and checksum are ours. */
static struct mbuf *
ping_fill(struct mbuf *m, const struct inpcb *inp, int *error)
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
	if (icp->icmp_type != ICMP_ECHO || icp->icmp_code != 0) {
		*error = EINVAL;
		return (m);
	}
	icp->icmp_id = inp->inp_lport;
	icp->icmp_cksum = 0;
	icp->icmp_cksum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0));
	*error = 0;
	return (m);
}

static int
ping_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct ip_path path;
	struct ip_out io;
	uint16_t fport;
	int error;

	if ((error = dgram_out(inp, msg, &io, &path, &fport)) != 0 || (inp->inp_lport == 0 && (error = dgram_bindport(inp)) != 0))
		return (rip_fail(rv, m, error));
	m = ping_fill(m, inp, &error);
	if (error != 0)
		return (rip_fail(rv, m, error));
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
