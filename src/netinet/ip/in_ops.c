/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 as the transports see it. */
#include <errno.h>
#include <string.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/in_pcb.h"
#include "wire/ether.h"

/*
 * What nearly every packet of a connection is: one that fits its path, without options, over the
 * route its pcb knows, and no filter asks to see it.
 */
static bool
in_isplain(const struct inpcb *inp, const struct mbuf *m, unsigned flags, const struct nhop *nh)
{
	const struct ip_vnet *iv = ip_vnet(inp->inp_vnet);
	const uint32_t dst = inp->inp_faddr.in4;

	return (nh != NULL && flags == 0 && (nh->nh_flags & (RTF_NOWHERE | RTF_BROADCAST)) == 0 &&
	    (nh->nh_ifa == NULL || nh->nh_ifa->ifa_broadcast != dst) && inp->inp_laddr.in4 != 0 &&
	    ((nh->nh_ifp->if_flags & IFF_LOOPBACK) != 0 || (!in_loopback(dst) && !in_loopback(inp->inp_laddr.in4))) &&
	    inp->inp_optlen == 0 && inp->inp_boundif == 0 && !nh->nh_mtulock &&
	    (inp->inp_mtudisc == IP_PMTUDISC_WANT || inp->inp_mtudisc == IP_PMTUDISC_DO) &&
	    m->m_pkt.len + IP_MINHLEN <= nhop_mtu(nh) && !iv->iv_stopped &&
	    iv->iv_pfil[PFIL_OUT].ph_n == 0);
}

/* All of the header but the length, the id and the sum. */
static void
in_plainhdr(const struct inpcb *inp, struct ip *ip)
{
	ip_set_vhl(ip, IP_MINHLEN);
	ip->ip_tos = inp->inp_tos;
	ip->ip_off = HTONS(IP_DF);
	ip->ip_ttl = inp->inp_ttl != 0 ? inp->inp_ttl : (uint8_t)ip_vnet(inp->inp_vnet)->iv_ttl;
	ip->ip_p = inp->inp_proto;
	ip->ip_src = inp->inp_laddr.in4;
	ip->ip_dst = inp->inp_faddr.in4;
}

/* ip_output() for such a packet. */
static int
in_output_plain(struct inpcb *inp, struct mbuf *m, const struct nhop *nh)
{
	struct ip_vnet *iv = ip_vnet(inp->inp_vnet);
	const struct net_addr next = nhop_addr4(nh, inp->inp_faddr.in4);
	struct ip *ip;

	iv->iv_stat.ips_localout++;
	if ((m = m_prepend(m, IP_MINHLEN)) == NULL) {
		iv->iv_stat.ips_odropped++;
		return (ENOBUFS);
	}
	ip = mtod(m, struct ip *);
	in_plainhdr(inp, ip);
	ip->ip_len = HTONS(m->m_pkt.len);
	ip->ip_id = HTONS(inp->inp_ipid);
	inp->inp_ipid++;		/* RFC 6864 4.1: it means nothing, with DF */
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, IP_MINHLEN);
	m->m_pkt.csum_flags |= CSUM_IP_VALID;
	m->m_pkt.l3hlen = IP_MINHLEN;
	m->m_pkt.flowid = inp->inp_flowid;
	m->m_pkt.rcvif = NULL;
	return (if_output(nh->nh_ifp, m, &next));
}

/* Can the headers that are remembered be those of this pcb at all?  in_pcbunready() follows what its user sets. */
static bool
in_mayready(const struct inpcb *inp)
{
	return (inp->inp_laddr.in4 != 0 && inp->inp_optlen == 0 && inp->inp_boundif == 0 &&
	    (inp->inp_mtudisc == IP_PMTUDISC_WANT || inp->inp_mtudisc == IP_PMTUDISC_DO));
}

/* Remembers the headers of a plain packet, if the link's is known: of the pcb, and of the next one that talks with the host. */
static void
in_getready(struct inpcb *inp, const struct nhop *nh)
{
	const struct net_addr next = nhop_addr4(nh, inp->inp_faddr.in4);
	struct inp_ready *ir = &inp->inp_ready;
	struct ifnet *ifp = nh->nh_ifp;
	struct ip *ip = (void *)(ir->ir_hdr + ETHER_HDR_LEN);
	struct ip_host *ih;

	if (inp->inp_rtgen != rt_generation(inp->inp_vnet) || ifp->if_hdrlen != ETHER_HDR_LEN ||
	    ifp->if_ops->ifo_linkhdr == NULL || !ifp->if_ops->ifo_linkhdr(ifp, &next, ir->ir_hdr))
		return;
	in_plainhdr(inp, ip);
	ir->ir_sum = (uint32_t)HTONS(0x4500) + ip->ip_off +
	    (ip->ip_src & 0xffff) + (ip->ip_src >> 16) + (ip->ip_dst & 0xffff) + (ip->ip_dst >> 16);
	ir->ir_ifp = ifp;
	ir->ir_linkgen = ifp->if_linkgen;
	ir->ir_gen = inp->inp_rtgen;
	if ((ih = ip_host_find(inp->inp_vnet, inp->inp_fib, inp->inp_faddr.in4)) != NULL && ih->ih_nh == nh &&
	    ih->ih_src == inp->inp_laddr.in4)
		ih->ih_ready = *ir;
}

/* The headers of packets from src to the host, if they are known. */
static struct ip_host *
in_readyhost(struct vnet *vn, uint32_t fib, uint32_t src, uint32_t dst)
{
	struct ip_host *ih = ip_host_find(vn, fib, dst);

	if (ih == NULL || ih->ih_src != src || ih->ih_ready.ir_gen != ih->ih_gen || ih->ih_ready.ir_linkgen != ih->ih_nh->nh_ifp->if_linkgen)
		return (NULL);
	return (ih);
}

/* A new pcb takes over what others know. */
static bool
in_takeready(struct inpcb *inp)
{
	const struct ip_host *ih;

	if (!in_mayready(inp) || (ih = in_readyhost(inp->inp_vnet, inp->inp_fib, inp->inp_laddr.in4, inp->inp_faddr.in4)) == NULL)
		return (false);
	inp->inp_ready = ih->ih_ready;
	inp->inp_nh = ih->ih_nh;
	inp->inp_rtgen = ih->ih_gen;
	inp->inp_rtdst = inp->inp_faddr;
	return (true);
}

/* What the route and the pcb do not say: may it leave with the headers that are known? */
static inline bool
in_readyfits(const struct ip_vnet *iv, const struct mbuf *m, const struct nhop *nh)
{
	return (m->m_pkt.len + IP_MINHLEN <= nhop_mtu(nh) && m_leadingspace(m) >= INP_READYLEN && if_up(nh->nh_ifp) &&
	    !iv->iv_stopped && iv->iv_pfil[PFIL_OUT].ph_n == 0);
}

/*
 * Are the headers that were remembered those of this packet?  Then in_isplain() would say yes: what it asks of the route
 * hangs on its generation, what it asks of the pcb makes in_pcbunready(), and the rest is asked here.
 */
static bool
in_isready(const struct inpcb *inp, const struct mbuf *m, unsigned flags)
{
	const struct inp_ready *ir = &inp->inp_ready;

	return (ir->ir_gen == rt_generation(inp->inp_vnet) && ir->ir_linkgen == ir->ir_ifp->if_linkgen && flags == 0 &&
	    in_readyfits(ip_vnet(inp->inp_vnet), m, inp->inp_nh));
}

/* What of a packet its headers do not know before. */
struct in_packet {
	uint32_t	in_flowid;
	uint16_t	in_id;
	uint8_t		in_tos, in_ttl, in_proto;
};

/* in_output_plain() and what ether_output() does for it, in one. */
static inline int
in_transmit_ready(struct ip_vnet *iv, const struct inp_ready *ir, struct mbuf *m, const struct in_packet *pk)
{
	const uint16_t ttlproto = HTONS((pk->in_ttl != 0 ? pk->in_ttl : (uint8_t)iv->iv_ttl) << 8 | pk->in_proto);
	struct ip *ip;

	iv->iv_stat.ips_localout++;
	m->m_data -= INP_READYLEN;
	m->m_len += INP_READYLEN;
	m->m_pkt.len += INP_READYLEN;
	memcpy(m->m_data, ir->ir_hdr, INP_READYLEN);
	ip = (void *)(m->m_data + ETHER_HDR_LEN);
	ip->ip_tos = pk->in_tos;
	ip->ip_len = HTONS(m->m_pkt.len - ETHER_HDR_LEN);
	ip->ip_id = HTONS(pk->in_id);
	memcpy(&ip->ip_ttl, &ttlproto, sizeof(ttlproto));
	ip->ip_sum = cksum_fold(ir->ir_sum + HTONS(pk->in_tos) + ip->ip_len + ip->ip_id + ttlproto);
	m->m_pkt.csum_flags |= CSUM_IP_VALID;
	m->m_pkt.l2hlen = ETHER_HDR_LEN;
	m->m_pkt.l3hlen = IP_MINHLEN;
	m->m_pkt.flowid = pk->in_flowid;
	m->m_pkt.rcvif = NULL;
	m->m_flags &= (uint16_t)~M_LOOP;
	return (ether_transmit(ir->ir_ifp, m));
}

static int
in_output_ready(struct inpcb *inp, struct mbuf *m)
{
	const struct in_packet pk = {
		.in_flowid = inp->inp_flowid,
		.in_id = inp->inp_ipid++,
		.in_tos = inp->inp_tos,
		.in_ttl = inp->inp_ttl,
		.in_proto = inp->inp_proto,
	};

	return (in_transmit_ready(ip_vnet(inp->inp_vnet), &inp->inp_ready, m, &pk));
}

/* The headers are not known, or are not all there is to it. */
static __attribute__((noinline)) int
in_output_routed(struct inpcb *inp, struct mbuf *m, unsigned flags)
{
	const struct nhop *nh;
	struct ip_out io;
	int error;

	if (in_takeready(inp) && in_isready(inp, m, flags))
		return (in_output_ready(inp, m));
	nh = in_multicast(inp->inp_faddr.in4) ? NULL : in_pcbroute(inp);
	in_pcbunready(inp);
	if (in_isplain(inp, m, flags, nh)) {
		if ((error = in_output_plain(inp, m, nh)) == 0)
			in_getready(inp, nh);
		return (error);
	}
	ip_out_init(&io, inp, flags);
	io.io_nh = nh;
	return (ip_output(inp->inp_vnet, m, &io));
}

static int
in_output(struct inpcb *inp, struct mbuf *m, unsigned flags)
{
	return (in_isready(inp, m, flags) ? in_output_ready(inp, m) : in_output_routed(inp, m, flags));
}

static int
in_send_ready(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m, const struct inp_ready *ir)
{
	const struct in_packet pk = {
		.in_flowid = fl->if_flowid,
		.in_id = ip_newid(vn, fl->if_laddr.in4, fl->if_faddr.in4, proto),
		.in_tos = fl->if_tos,
		.in_ttl = fl->if_ttl,
		.in_proto = proto,
	};

	return (in_transmit_ready(ip_vnet(vn), ir, m, &pk));
}

static int
in_send_routed(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m)
{
	const struct ip_out io = {
		.io_src = fl->if_laddr.in4,
		.io_dst = fl->if_faddr.in4,
		.io_fib = fl->if_fib,
		.io_flowid = fl->if_flowid,
		.io_proto = proto,
		.io_tos = fl->if_tos,
		.io_ttl = fl->if_ttl,
		.io_mcast_ttl = 1,
		.io_mtudisc = fl->if_df ? IP_PMTUDISC_WANT : IP_PMTUDISC_DONT,
	};

	return (ip_output(vn, m, &io));
}

static int
in_send(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m)
{
	const struct ip_host *ih;

	if (fl->if_df && (ih = in_readyhost(vn, fl->if_fib, fl->if_laddr.in4, fl->if_faddr.in4)) != NULL &&
	    in_readyfits(ip_vnet(vn), m, ih->ih_nh))
		return (in_send_ready(vn, fl, proto, m, &ih->ih_ready));
	return (in_send_routed(vn, fl, proto, m));
}

static uint16_t
in_ops_pseudo(const struct in_addr_any *src, const struct in_addr_any *dst, uint8_t proto, uint32_t len)
{
	return (cksum_reduce(in_pseudo(src->in4, dst->in4, proto, (uint16_t)len)));
}

/* Nothing that the user set chooses the way of its packets. */
static bool
in_goesplain(const struct inpcb *inp)
{
	return (inp->inp_boundif == 0 && (inp->inp_socket == NULL || (inp->inp_socket->so_options & SO_DONTROUTE) == 0));
}

uint32_t
ip_answer_from(struct vnet *vn, uint32_t fib, const struct ifnet *ifp, uint32_t sender)
{
	const struct ip_out io = { .io_dst = sender, .io_fib = fib };
	const struct ifaddr *ifa;
	struct ip_path path;

	if (sender != 0 && in_ifaddr_find(ip_vnet(vn), sender) != NULL)
		return (sender);
	if (sender != 0 && ip_route(vn, &io, &path) == 0 && path.ip_ifa != NULL)
		return (path.ip_ifa->ifa_addr.na_in);
	ifa = ifp != NULL ? in_ifaddr_best(ifp, sender) : NULL;
	return (ifa != NULL ? ifa->ifa_addr.na_in : 0);
}

static int
in_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	const struct ip_host *ih;
	struct ip_path path;
	struct ip_out io;
	int error;

	if (in_goesplain(inp) && (ih = ip_host_find(inp->inp_vnet, inp->inp_fib, faddr->in4)) != NULL &&
	    (inp->inp_laddr.in4 == 0 || inp->inp_laddr.in4 == ih->ih_src)) {
		*laddr = in4_any(ih->ih_src);
		return (0);
	}
	ip_out_init(&io, inp, 0);
	io.io_dst = faddr->in4;
	if ((error = ip_route(inp->inp_vnet, &io, &path)) != 0)
		return (error);
	if (path.ip_bcast && (io.io_flags & INET_BROADCAST) == 0)
		return (EACCES);
	if (inp->inp_laddr.in4 != 0) {
		*laddr = inp->inp_laddr;
		return (0);
	}
	if (path.ip_ifa == NULL)
		return (EADDRNOTAVAIL);
	/* A connection to one of our own addresses comes from that address. */
	*laddr = in4_any(path.ip_local && in_localaddr(ip_vnet(inp->inp_vnet), io.io_dst) ? io.io_dst : path.ip_ifa->ifa_addr.na_in);
	return (0);
}

/* What is kept of a host, if nothing that inp (NULL: nobody) has makes its packets go another way. */
static const struct ip_host *
in_pathhost(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	if (inp != NULL && !(in_goesplain(inp) && fib == inp->inp_fib && inp->inp_laddr.in4 != 0))
		return (NULL);
	return (ip_host_find(vn, fib, faddr->in4));
}

/* Where packets of inp (NULL: of nobody) to faddr go; an errno where they go nowhere. */
static int
in_pathto(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr, struct ip_path *path)
{
	struct ip_out io = { .io_fib = fib };

	if (inp != NULL)
		ip_out_init(&io, inp, 0);
	io.io_dst = faddr->in4;
	return (ip_route(vn, &io, path));
}

static uint32_t
in_pathmtu_routed(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	const struct nhop *nh;
	struct ip_path path;

	/* Of a connection whose packets will ask for the same route. */
	if (inp != NULL && in_goesplain(inp) && inp->inp_faddr.in4 == faddr->in4 && inp->inp_laddr.in4 != 0 && fib == inp->inp_fib &&
	    !in_multicast(faddr->in4) && !in_broadcast(faddr->in4)) {
		nh = in_pcbroute(inp);
		return (nhop_error(nh) != 0 ? IP_MSS : nhop_mtu(nh));
	}
	if (inp == NULL && !in_multicast(faddr->in4) && !in_broadcast(faddr->in4)) {
		nh = rt_lookup(vn, &(const struct rt_flow){ .rf_dst = { .na_af = NET_AF_INET, .na_in = faddr->in4 }, .rf_fib = fib });
		return (nhop_error(nh) != 0 ? IP_MSS : nhop_mtu(nh));
	}
	return (in_pathto(vn, inp, fib, faddr, &path) != 0 ? IP_MSS : path.ip_mtu);
}

static uint32_t
in_pathmtu(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	const struct ip_host *ih = in_pathhost(vn, inp, fib, faddr);

	return (ih != NULL ? nhop_mtu(ih->ih_nh) : in_pathmtu_routed(vn, inp, fib, faddr));
}

static const struct nhop *
in_pathroute(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	const struct ip_host *ih = in_pathhost(vn, inp, fib, faddr);
	struct ip_path path;

	if (ih != NULL)
		return (ih->ih_nh);
	return (in_pathto(vn, inp, fib, faddr, &path) != 0 ? NULL : path.ip_nh);
}

static bool
in_islocal(struct vnet *vn, const struct in_addr_any *a)
{
	return (in_localaddr(ip_vnet(vn), a->in4));
}

static const struct ifnet *
in_localif(struct vnet *vn, const struct in_addr_any *a)
{
	const struct ifaddr *ifa = in_ifaddr_find(ip_vnet(vn), a->in4);

	return (ifa == NULL ? NULL : ifa->ifa_ifp);
}

/* An address that is probed is not in the table. */
static bool
in_isusable(struct vnet *vn, const struct in_addr_any *a, bool raw)
{
	(void)raw;
	return (in_islocal(vn, a));
}

static bool
in_isbcast(struct vnet *vn, const struct in_addr_any *a)
{
	return (ip_host_find(vn, 0, a->in4) == NULL && ip_isbcast(vn, a->in4));
}

static void
in_ops_sockaddr(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa_family = VI_AF_INET;
	sa->sa_port = port;
	sa->sa_in = a->in4;
}

const struct inet_ops in_ops = {
	.io_family = VI_AF_INET,
	.io_hdrlen = IP_MINHLEN,
	.io_output = in_output,
	.io_send = in_send,
	.io_pseudo = in_ops_pseudo,
	.io_source = in_source,
	.io_pathmtu = in_pathmtu,
	.io_pathroute = in_pathroute,
	.io_islocal = in_islocal,
	.io_localif = in_localif,
	.io_isusable = in_isusable,
	.io_isbcast = in_isbcast,
	.io_sockaddr = in_ops_sockaddr,
};
