/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw sockets of IPv6 (RFC 3542 3): they see what follows the IPv6 header and its extensions, and write that header only if they ask to, as on Linux (VI_IPV6_HDRINCL; always
 * with protocol VI_IPPROTO_RAW, which receives nothing).  Checksums at a place they name are filled in and verified, ICMPv6's always.
 */
#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "mbuf/mbuf.h"
#include "netinet/ip6/ip6_exts.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/raw/raw_var.h"
#include "vimage/priv.h"
#include "wire/icmp6.h"

static bool
rip6_match(const struct inpcb *inp, uint8_t proto, const struct in_addr_any *laddr, const struct in_addr_any *faddr)
{
	return (inp->inp_proto == proto && proto != IPPROTO_RAW && (in6_unspecified((const uint8_t *)inp->inp_laddr.in6) || in_addr_eq(&inp->inp_laddr, laddr)) &&
	    (in6_unspecified((const uint8_t *)inp->inp_faddr.in6) || in_addr_eq(&inp->inp_faddr, faddr)));
}

/* Does this one get the packet?  type: ICMPv6's, -1 for other protocols. */
static bool
rip6_wants(const struct inpcb *inp, const struct inet_pkt *pk, int type)
{
	return (rip6_match(inp, pk->ip_proto, &pk->ip_dst, &pk->ip_src) && rip_reaches(inp, pk) &&
	    (type < 0 || (intoripcb(inp)->rp_filter[type >> 5] & 1u << (type & 31)) == 0));
}

/* Is the sum right that this socket relies on? */
static bool
rip6_sumok(const struct inpcb *inp, const struct mbuf *m, const struct inet_pkt *pk)
{
	const int at = intoripcb(inp)->rp_cksum;

	if (at < 0 || (m->m_pkt.csum_flags & CSUM_DATA_VALID) != 0)
		return (true);
	if (m->m_pkt.len < (uint32_t)at + 2)
		return (false);
	return (cksum_fold(m_cksum(m, 0, m->m_pkt.len, in6_ops.io_pseudo(&pk->ip_src, &pk->ip_dst, pk->ip_proto, m->m_pkt.len))) == 0);
}

void
rip6_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct rip_vnet *rv = rip_vnet(pk->ip_vnet);
	const int type = pk->ip_proto == IPPROTO_ICMPV6 && m->m_len > 0 ? m->m_data[0] : -1;
	struct inpcb *inp;
	struct mbuf *n;
	bool wanted = false;

	rv->rv_stat.rips_ipackets++;
	TAILQ_FOREACH(inp, &rv->rv_raw6.ipi_list, inp_list) {
		if (!rip6_wants(inp, pk, type) || !rip6_sumok(inp, m, pk))
			continue;
		wanted = true;
		if ((n = m_copym(m, 0, SIZE_MAX, vnet_acct(pk->ip_vnet))) != NULL)
			rip_append(inp, n, pk);
		else
			rv->rv_stat.rips_nomem++;
	}
	if (!wanted)
		rv->rv_stat.rips_nosock++;
	m_freem(m);
}

void
rip6_ctlinput(struct vnet *vn, uint8_t proto, const struct inet_ctlmsg *ic)
{
	struct inpcb *inp;

	if (proto == IPPROTO_ICMPV6)
		ping_ctlinput(vn, ic);
	TAILQ_FOREACH(inp, &rip_vnet(vn)->rv_raw6.ipi_list, inp_list)
		if (rip6_match(inp, proto, &ic->ic_src, &ic->ic_dst))
			dgram_ctl(inp, ic, 0, 0);
}

/* Output */

/* The checksum at its place.  *error EINVAL: the message does not reach that far. */
static struct mbuf *
rip6_fill(struct mbuf *m, const struct inpcb *inp, const struct ip6_out *io, int *error)
{
	const int at = intoripcb(inp)->rp_cksum;
	uint16_t sum = 0;

	*error = 0;
	if (at < 0)
		return (m);
	if (m->m_pkt.len < (uint32_t)at + 2) {
		*error = EINVAL;
		return (m);
	}
	if ((*error = m_copyback(m, (size_t)at, sizeof(sum), &sum)) != 0)
		return (m);
	sum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, in6_ops.io_pseudo(&io->i6o_src, &io->i6o_dst, inp->inp_proto, m->m_pkt.len)));
	*error = m_copyback(m, (size_t)at, sizeof(sum), &sum);
	return (m);
}

/* A header of the program's own: is the source one that its jail may use?  :: is what nobody has yet. */
static bool
rip6_srcok(const struct inpcb *inp, const struct mbuf *m)
{
	struct in_addr_any src = { 0 };

	(void)m_copydata(m, offsetof(struct ip6_hdr, ip6_src), sizeof(src.in6), src.in6);
	return (in_addr_any_isany(&src) || in_pcbjail_may(inp, INP_IPV6, &src));
}

static int
rip6_sendraw(struct inpcb *inp, struct mbuf *m, const struct ip6_out *io)
{
	struct rip_vnet *rv = rip_vnet(inp->inp_vnet);
	int error;

	if (m->m_pkt.len < IP6_HLEN || !rip6_srcok(inp, m))
		return (rip_fail(rv, m, m->m_pkt.len < IP6_HLEN ? EINVAL : EADDRNOTAVAIL));
	error = ip6_output_raw(inp->inp_vnet, m, io);
	return (error == 0 ? 0 : rip_fail(rv, NULL, error));
}

static int
rip6_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct ip6_path path;
	struct ip6_exts ie;
	struct ip6_out io;
	uint16_t fport;
	int error;

	if ((error = dgram6_out(inp, msg, &io, &path, &fport, &ie)) != 0)
		return (rip_fail(rv, m, error));
	m->m_pkt.csum_flags |= CSUM_WRITTEN;
	if ((inp->inp_flags & INP_HDRINCL) != 0) {
		if ((error = rip6_sendraw(inp, m, &io)) == 0)
			rv->rv_stat.rips_opackets++;
		return (error);
	}
	m = rip6_fill(m, inp, &io, &error);
	if (error != 0)
		return (rip_fail(rv, m, error));
	if ((error = ip6_output(so->so_vnet, m, &io)) != 0)
		return (rip_fail(rv, NULL, error));
	rv->rv_stat.rips_opackets++;
	return (0);
}

/* Sockets */

/* Tells ip6 which protocols anybody wants. */
static void
rip6_setprotos(struct vnet *vn)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct inpcb *inp;

	memset(i6v->i6v_rawprotos, 0, sizeof(i6v->i6v_rawprotos));
	TAILQ_FOREACH(inp, &rip_vnet(vn)->rv_raw6.ipi_list, inp_list)
		if (inp->inp_proto != IPPROTO_RAW)
			i6v->i6v_rawprotos[inp->inp_proto >> 5] |= 1u << (inp->inp_proto & 31);
}

static int
rip6_attach(struct socket *so, int proto)
{
	struct vnet *vn = so->so_vnet;
	struct rip_vnet *rv = rip_vnet(vn);
	struct inpcb *inp;
	int error;

	if (proto == 0 || proto > IPPROTO_RAW)
		return (EPROTONOSUPPORT);
	if ((error = vnet_priv_check(vn, &so->so_cred, VI_PRIV_NET_RAW)) != 0)
		return (error);
	so->so_rcv.sb_hiwat = rv->rv_recvspace;
	if ((error = in_pcballoc(&rv->rv_raw6, so, &in6_ops, &inp)) != 0)
		return (error);
	intoripcb(inp)->rp_cksum = proto == IPPROTO_ICMPV6 ? (int)offsetof(struct icmp6_hdr, icmp6_cksum) : -1;
	inp->inp_proto = (uint8_t)proto;
	if (proto == IPPROTO_RAW)
		inp->inp_flags |= INP_HDRINCL;
	rip6_setprotos(vn);
	return (0);
}

static void
rip6_detach(struct socket *so)
{
	struct vnet *vn = so->so_vnet;

	in_pcbfree(so->so_pcb);
	rip6_setprotos(vn);
	sodetached(so);
}

/* RFC 3542 3.1: an even offset, or -1.  ICMPv6's has its place; programs that say so are right. */
static int
rip6_setcksum(struct inpcb *inp, const void *val, size_t len)
{
	int v, error;

	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	if (inp->inp_proto == IPPROTO_ICMPV6)
		return (v == intoripcb(inp)->rp_cksum ? 0 : EINVAL);
	if (v > 0 && (v & 1) != 0)
		return (EINVAL);
	intoripcb(inp)->rp_cksum = v < 0 ? -1 : v;
	return (0);
}

static int
rip6_sethdrincl(struct inpcb *inp, const void *val, size_t len)
{
	int v, error;

	if ((error = sooptint(val, len, &v)) == 0)
		inp->inp_flags = v != 0 ? inp->inp_flags | INP_HDRINCL : inp->inp_flags & ~(uint32_t)INP_HDRINCL;
	return (error);
}

static int
rip6_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	struct inpcb *inp = so->so_pcb;

	switch (opt) {
	case VI_IPV6_CHECKSUM:
		return (rip6_setcksum(inp, val, len));
	case VI_IPV6_ROUTER_ALERT:
		return (rip6_setalert(inp, val, len));
	case VI_IPV6_HDRINCL:
		return (rip6_sethdrincl(inp, val, len));
	case VI_ICMP6_FILTER:
		if (inp->inp_proto != IPPROTO_ICMPV6)
			return (ENOPROTOOPT);
		if (len < sizeof(intoripcb(inp)->rp_filter))
			return (EINVAL);
		memcpy(intoripcb(inp)->rp_filter, val, sizeof(intoripcb(inp)->rp_filter));
		return (0);
	default:
		return (in_pcbsetopt(inp, opt, val, len));
	}
}

static int
rip6_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	struct inpcb *inp = so->so_pcb;

	switch (opt) {
	case VI_IPV6_CHECKSUM:
		return (sooptputint(buf, len, intoripcb(inp)->rp_cksum));
	case VI_IPV6_HDRINCL:
		return (sooptputint(buf, len, (inp->inp_flags & INP_HDRINCL) != 0));
	case VI_ICMP6_FILTER:
		return (inp->inp_proto != IPPROTO_ICMPV6 ? ENOPROTOOPT :
		    sooptput(buf, len, intoripcb(inp)->rp_filter, sizeof(intoripcb(inp)->rp_filter)));
	default:
		return (in_pcbgetopt(inp, opt, buf, len));
	}
}

static void
rip6_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	dgram_pcblist(&rip_vnet(vn)->rv_raw6, ps);
}

const struct protosw rip6_protosw = {
	.pr_family = VI_AF_INET6,
	.pr_type = VI_SOCK_RAW,
	.pr_flags = PR_ATOMIC | PR_ADDR | PR_ANYPROTO,
	.pr_sndspace = 208 * 1024,
	.pr_rcvspace = 208 * 1024,
	.pr_attach = rip6_attach,
	.pr_close = rip6_detach,
	.pr_abort = rip6_detach,
	.pr_bind = dgram_bind,
	.pr_connect = dgram_soconnect,
	.pr_disconnect = dgram_disconnect,
	.pr_send = rip6_send,
	.pr_sockaddr = dgram_sockaddr,
	.pr_peeraddr = dgram_peeraddr,
	.pr_setopt = rip6_setopt,
	.pr_getopt = rip6_getopt,
	.pr_pcblist = rip6_pcblist,
};
