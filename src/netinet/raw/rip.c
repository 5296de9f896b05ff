/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "rip": raw sockets.  They see whole packets, IP header first, as on Linux. */
#include <errno.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/dgram.h"
#include "netinet/raw/raw_var.h"
#include "vimage/priv.h"

VNET_STATE_DEFINE(rip);

static const struct rip_vnet rip_defaults = { .rv_recvspace = 208 * 1024 };

static const struct sysctl_desc rip_sysctls[] = {
	CTL_UINT("net.inet.raw.recvspace", CTL_RW, struct rip_vnet, rv_recvspace, 1024, SB_MAX, "Receive buffer of new raw sockets, bytes"),
	CTL_END
};

static const struct stat_desc rip_stats[] = {
#define RIP_STAT_DESC(name, text)	STAT_IN("raw", struct rip_vnet, rv_stat, name, text),
	RIP_STATS(RIP_STAT_DESC)
#undef RIP_STAT_DESC
	STAT_END
};

/* Input */

void
rip_append(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk)
{
	struct rip_vnet *rv = rip_vnet(pk->ip_vnet);

	if (inp->inp_socket->so_filter != NULL && !dgram_filter(inp, m, pk, NULL, 0)) {
		rv->rv_stat.rips_filtered++;
		m_freem(m);
		return;
	}
	switch (dgram_append(inp, m, pk, 0)) {
	case DGRAM_OK:
		rv->rv_stat.rips_delivered++;
		break;
	case DGRAM_FULL:
		rv->rv_stat.rips_fullsock++;
		break;
	default:
		rv->rv_stat.rips_refused++;
		break;
	}
}

static bool
rip_match(const struct inpcb *inp, uint8_t proto, uint32_t laddr, uint32_t faddr)
{
	return (inp->inp_proto == proto && proto != IPPROTO_RAW && (inp->inp_laddr.in4 == 0 || inp->inp_laddr.in4 == laddr) &&
	    (inp->inp_faddr.in4 == 0 || inp->inp_faddr.in4 == faddr));
}

bool
rip_reaches(const struct inpcb *inp, const struct inet_pkt *pk)
{
	if (inp->inp_boundif != 0 && in_pcbrcvif(pk->ip_vnet, pk->ip_ops, pk->ip_rcvif, &pk->ip_dst) != inp->inp_boundif)
		return (false);
	return (in_pcbmcast_wants(inp, pk) && (pk->ip_bcast || in_pcbjail_may(inp, in_pcbfam(pk->ip_ops), &pk->ip_dst)));
}

void
rip_deliver(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, struct inpcb *(*next)(struct inpcb *, const struct inet_pkt *, int), int what)
{
	struct inpcb *after;
	struct mbuf *n;

	for (; inp != NULL; inp = after) {
		after = next(TAILQ_NEXT(inp, inp_list), pk, what);
		n = after == NULL ? m : m_copym(m, 0, SIZE_MAX, vnet_acct(pk->ip_vnet));
		if (n != NULL)
			rip_append(inp, n, pk);
		else
			rip_vnet(pk->ip_vnet)->rv_stat.rips_nomem++;
	}
}

/* The next pcb that should have the packet; icmptype is -1 for other protocols. */
static struct inpcb *
rip_next(struct inpcb *inp, const struct inet_pkt *pk, int icmptype)
{
	for (; inp != NULL; inp = TAILQ_NEXT(inp, inp_list)) {
		if (rip_match(inp, pk->ip_proto, pk->ip_dst.in4, pk->ip_src.in4) && rip_reaches(inp, pk) &&
		    (icmptype < 0 || icmptype > 31 || (rip_filter(inp) & 1u << icmptype) == 0))
			return (inp);
	}
	return (NULL);
}

void
rip_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct rip_vnet *rv = rip_vnet(pk->ip_vnet);
	int icmptype = pk->ip_proto == IPPROTO_ICMP && m->m_len > 0 ? m->m_data[0] : -1;
	struct inpcb *inp;

	if (pk->ip_ops != &in_ops) {
		rip6_input(m, pk);
		return;
	}
	rv->rv_stat.rips_ipackets++;
	if ((inp = rip_next(TAILQ_FIRST(&rv->rv_raw.ipi_list), pk, icmptype)) == NULL) {
		rv->rv_stat.rips_nosock++;
		m_freem(m);
		return;
	}
	m->m_data -= pk->ip_hlen;
	m->m_len += pk->ip_hlen;
	m->m_pkt.len += pk->ip_hlen;
	/* A program expects what the wire would have carried. */
	if ((m = in_delayed_cksum(m)) == NULL) {
		rv->rv_stat.rips_nomem++;
		return;
	}
	rip_deliver(inp, m, pk, rip_next, icmptype);
}

/* Output */

int
rip_fail(struct rip_vnet *rv, struct mbuf *m, int error)
{
	rv->rv_stat.rips_oerrors++;
	m_freem(m);
	return (error);
}

/* A header of the program's own: a source that it leaves out is filled in. */
static bool
rip_srcok(const struct inpcb *inp, const struct mbuf *m)
{
	struct in_addr_any src = in4_any(0);

	if (m->m_pkt.len < IP_MINHLEN)
		return (true);		/* refused for that */
	(void)m_copydata(m, offsetof(struct ip, ip_src), sizeof(src.in4), &src.in4);
	return (src.in4 == 0 || in_pcbjail_may(inp, INP_IPV4, &src));
}

static int
rip_send(struct socket *so, struct mbuf *m, const struct vi_msg *msg)
{
	struct inpcb *inp = so->so_pcb;
	struct rip_vnet *rv = rip_vnet(so->so_vnet);
	struct ip_path path;
	struct ip_out io;
	uint16_t fport;
	int error;

	if ((error = dgram_out(inp, msg, &io, &path, &fport)) != 0)
		return (rip_fail(rv, m, error));
	if ((inp->inp_flags & INP_HDRINCL) != 0 && !rip_srcok(inp, m))
		return (rip_fail(rv, m, EADDRNOTAVAIL));
	m->m_pkt.csum_flags |= CSUM_WRITTEN;
	if ((inp->inp_flags & INP_HDRINCL) != 0)
		error = ip_output_raw(so->so_vnet, m, &io);
	else
		error = ip_output(so->so_vnet, m, &io);
	if (error != 0)
		return (rip_fail(rv, NULL, error));
	rv->rv_stat.rips_opackets++;
	return (0);
}

void
rip_ctlinput(struct vnet *vn, uint8_t proto, const struct inet_ctlmsg *ic)
{
	struct rip_vnet *rv = rip_vnet(vn);
	struct inpcb *inp;

	if (ic->ic_ops != &in_ops) {
		rip6_ctlinput(vn, proto, ic);
		return;
	}
	if (proto == IPPROTO_ICMP)
		ping_ctlinput(vn, ic);
	TAILQ_FOREACH(inp, &rv->rv_raw.ipi_list, inp_list)
		if (rip_match(inp, proto, ic->ic_src.in4, ic->ic_dst.in4))
			dgram_ctl(inp, ic, 0, 0);
}

/* Sockets */

/* Tells ip which protocols anybody wants. */
static void
rip_setprotos(struct vnet *vn)
{
	struct ip_vnet *iv = ip_vnet(vn);
	struct inpcb *inp;

	for (unsigned i = 0; i < 8; i++)
		iv->iv_rawprotos[i] = 0;
	TAILQ_FOREACH(inp, &rip_vnet(vn)->rv_raw.ipi_list, inp_list)
		if (inp->inp_proto != IPPROTO_RAW)
			iv->iv_rawprotos[inp->inp_proto >> 5] |= 1u << (inp->inp_proto & 31);
}

static int
rip_so_attach(struct socket *so, int proto)
{
	struct vnet *vn = so->so_vnet;
	struct rip_vnet *rv = rip_vnet(vn);
	struct inpcb *inp;
	int error;

	if (proto == 0 || proto > VI_IPPROTO_RAW)
		return (EPROTONOSUPPORT);
	if ((error = vnet_priv_check(vn, &so->so_cred, VI_PRIV_NET_RAW)) != 0)
		return (error);
	so->so_rcv.sb_hiwat = rv->rv_recvspace;
	if ((error = in_pcballoc(&rv->rv_raw, so, &in_ops, &inp)) != 0)
		return (error);
	inp->inp_proto = (uint8_t)proto;
	if (proto == IPPROTO_RAW)
		inp->inp_flags |= INP_HDRINCL;
	rip_setprotos(vn);
	return (0);
}

static void
rip_so_detach(struct socket *so)
{
	struct vnet *vn = so->so_vnet;

	in_pcbfree(so->so_pcb);
	rip_setprotos(vn);
	sodetached(so);
}

static int
rip_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	struct inpcb *inp = so->so_pcb;
	int v = 0, error;

	switch (opt) {
	case VI_IP_HDRINCL:
		if ((error = sooptint(val, len, &v)) != 0)
			return (error);
		inp->inp_flags = v != 0 ? inp->inp_flags | INP_HDRINCL : inp->inp_flags & ~(uint32_t)INP_HDRINCL;
		return (0);
	case VI_ICMP_FILTER:
		if (inp->inp_proto != IPPROTO_ICMP)
			return (ENOPROTOOPT);
		if ((error = sooptint(val, len, &v)) != 0)
			return (error);
		intoripcb(inp)->rp_filter[0] = (uint32_t)v;
		return (0);
	case VI_IP_ROUTER_ALERT:
		return (rip_setalert(inp, val, len));
	default:
		return (in_pcbsetopt(inp, opt, val, len));
	}
}

static int
rip_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	struct inpcb *inp = so->so_pcb;
	const uint32_t filter = rip_filter(inp);

	switch (opt) {
	case VI_IP_HDRINCL:
		return (sooptputint(buf, len, (inp->inp_flags & INP_HDRINCL) != 0));
	case VI_ICMP_FILTER:
		return (inp->inp_proto != IPPROTO_ICMP ? ENOPROTOOPT : sooptput(buf, len, &filter, sizeof(filter)));
	default:
		return (in_pcbgetopt(inp, opt, buf, len));
	}
}

static void
rip_pcblist(struct vnet *vn, struct pcbscan *ps)
{
	dgram_pcblist(&rip_vnet(vn)->rv_raw, ps);
}

const struct protosw rip_protosw = {
	.pr_family = VI_AF_INET,
	.pr_type = VI_SOCK_RAW,
	.pr_flags = PR_ATOMIC | PR_ADDR | PR_ANYPROTO,
	.pr_sndspace = 208 * 1024,
	.pr_rcvspace = 208 * 1024,
	.pr_attach = rip_so_attach,
	.pr_close = rip_so_detach,
	.pr_abort = rip_so_detach,
	.pr_bind = dgram_bind,
	.pr_connect = dgram_soconnect,
	.pr_disconnect = dgram_disconnect,
	.pr_send = rip_send,
	.pr_sockaddr = dgram_sockaddr,
	.pr_peeraddr = dgram_peeraddr,
	.pr_setopt = rip_setopt,
	.pr_getopt = rip_getopt,
	.pr_pcblist = rip_pcblist,
};

/* Module */

static const struct {
	size_t		rt_info;	/* offset in struct rip_vnet */
	uint8_t		rt_proto;
	const struct protosw *rt_sw;
} rip_table[] = {
	{ offsetof(struct rip_vnet, rv_raw), VI_IPPROTO_IP, &rip_protosw },
	{ offsetof(struct rip_vnet, rv_ping), VI_IPPROTO_ICMP, &ping_protosw },
	{ offsetof(struct rip_vnet, rv_raw6), VI_IPPROTO_IP, &rip6_protosw },
	{ offsetof(struct rip_vnet, rv_ping6), VI_IPPROTO_ICMPV6, &ping6_protosw },
};

static struct inpcbinfo *
rip_info(struct rip_vnet *rv, size_t i)
{
	return ((struct inpcbinfo *)(void *)((uint8_t *)rv + rip_table[i].rt_info));
}

static int
rip_attach(struct vnet *vn)
{
	const struct inet_proto pr = { .ip_proto = 0, .ip_input = rip_input };
	struct rip_vnet *rv = rip_vnet(vn);
	size_t i;
	int error = 0;

	for (i = 0; i < NITEMS(rip_table) && error == 0; i++)
		if ((error = in_pcbinfo_init(rip_info(rv, i), vn, rip_table[i].rt_proto, ACCT_PCB, sizeof(struct ripcb))) == 0)
			error = proto_register(vn, rip_table[i].rt_sw);
	if (error == 0 && (error = inet_proto_register(vn, &pr)) == 0) {
		ip_vnet(vn)->iv_alert = rip_alert;
		return (0);
	}
	while (i-- > 0)
		if (rip_info(rv, i)->ipi_tab[INP_BYFLOW].it_head != NULL)
			in_pcbinfo_fini(rip_info(rv, i));
	return (error);
}

static void
rip_stop(struct vnet *vn)
{
	for (size_t i = 0; i < NITEMS(rip_table); i++)
		dgram_stop(rip_info(rip_vnet(vn), i));
}

static void
rip_detach(struct vnet *vn)
{
	for (size_t i = 0; i < NITEMS(rip_table); i++)
		in_pcbinfo_fini(rip_info(rip_vnet(vn), i));
}

VNET_MODULE(rip,
	.vm_size = sizeof(struct rip_vnet),
	.vm_defaults = &rip_defaults,
	.vm_after = "ip icmp ip6 icmp6 socket inpcb igmp mld",
	.vm_attach = rip_attach,
	.vm_stop = rip_stop,
	.vm_detach = rip_detach,
	.vm_sysctls = rip_sysctls,
	.vm_stats = rip_stats);
