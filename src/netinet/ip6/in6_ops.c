/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 as the transports see it. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip6/ip6_exts.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/in_pcb.h"
#include "socket/socket.h"

/*
 * What nearly every packet of a connection is: one between addresses without zones that fits its path, over the route its pcb knows,
 * and no filter asks to see it.
 */
static bool
in6_isplain(const struct inpcb *inp, const struct mbuf *m, unsigned flags, const struct nhop *nh)
{
	const struct ip6_vnet *i6v = ip6_vnet(inp->inp_vnet);
	const uint8_t *src = (const uint8_t *)inp->inp_laddr.in6;
	uint32_t mtu;

	if (nh == NULL || flags != 0 || (nh->nh_flags & RTF_NOWHERE) != 0 || inp->inp_boundif != 0 || inp->inp_long6 ||
	    i6v->i6v_nd == NULL || i6v->i6v_stopped || i6v->i6v_pfil[PFIL_OUT].ph_n != 0)
		return (false);
	if (in6_unspecified(src) || in6_zoned(src) || nd6_disabled(nh->nh_ifp) ||
	    (inp->inp_socket != NULL && (inp->inp_socket->so_options & SO_DONTROUTE) != 0))
		return (false);
	mtu = i6v->i6v_nd->no_linkmtu(nh->nh_ifp);
	return (m->m_pkt.len + IP6_HLEN <= (mtu != 0 ? MIN(mtu, nhop_mtu(nh)) : nhop_mtu(nh)));
}

/* ip6_output() for such a packet. */
static int
in6_output_plain(struct inpcb *inp, struct mbuf *m, const struct nhop *nh)
{
	struct ip6_vnet *i6v = ip6_vnet(inp->inp_vnet);
	const bool label = i6v->i6v_autoflowlabel != 0 && (inp->inp_flags & INP_AUTOFLOWLABEL) != 0;
	uint8_t hlim = inp->inp_hops > 0 ? (uint8_t)inp->inp_hops : i6v->i6v_nd->no_hoplimit(nh->nh_ifp);
	struct net_addr next = { .na_af = NET_AF_INET6 };
	struct ip6_hdr *ip6;

	i6v->i6v_stat.i6s_localout++;
	in6_ifcount(nh->nh_ifp, IN6S_OUT_REQUEST);
	if ((m = m_prepend(m, IP6_HLEN)) == NULL) {
		i6v->i6v_stat.i6s_odropped++;
		in6_ifcount(nh->nh_ifp, IN6S_OUT_DISCARD);
		return (ENOBUFS);
	}
	ip6 = mtod(m, struct ip6_hdr *);
	ip6_set_flow(ip6, inp->inp_tclass, label ? ip6_autolabel(inp->inp_flowid) : 0);
	ip6->ip6_plen = HTONS(m->m_pkt.len - IP6_HLEN);
	ip6->ip6_nxt = inp->inp_proto;
	ip6->ip6_hlim = hlim != 0 ? hlim : (uint8_t)i6v->i6v_hlim;
	memcpy(ip6->ip6_src, inp->inp_laddr.in6, sizeof(ip6->ip6_src));
	memcpy(ip6->ip6_dst, inp->inp_faddr.in6, sizeof(ip6->ip6_dst));
	m->m_pkt.l3hlen = IP6_HLEN;
	m->m_pkt.flowid = inp->inp_flowid;
	m->m_pkt.rcvif = NULL;
	if ((nh->nh_flags & RTF_GATEWAY) != 0)
		next = nh->nh_gw;
	else
		memcpy(next.na_in6, inp->inp_faddr.in6, sizeof(next.na_in6));
	return (if_output(nh->nh_ifp, m, &next));
}

static int
in6_output(struct inpcb *inp, struct mbuf *m, unsigned flags)
{
	const uint8_t *dst = (const uint8_t *)inp->inp_faddr.in6;
	const struct nhop *nh = in6_multicast(dst) ? NULL : in_pcbroute(inp);
	struct ip6_out io;

	if (!in6_zoned(dst) && in6_isplain(inp, m, flags, nh))
		return (in6_output_plain(inp, m, nh));
	ip6_out_init(&io, inp, flags);
	io.i6o_nh = nh;
	return (ip6_output(inp->inp_vnet, m, &io));
}

static int
in6_send(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m)
{
	const struct ip6_out io = {
		.i6o_src = fl->if_laddr,
		.i6o_dst = fl->if_faddr,
		.i6o_fib = fl->if_fib,
		.i6o_flowid = fl->if_flowid,
		.i6o_proto = proto,
		.i6o_tclass = fl->if_tos,
		.i6o_hlim = fl->if_ttl,
		.i6o_mcast_hlim = -1,
		.i6o_mtudisc = fl->if_df ? 1 : 0,
		.i6o_exts = fl->if_exts != NULL && ip6_exts_len(fl->if_exts) != 0 ? fl->if_exts : NULL,
	};

	return (ip6_output(vn, m, &io));
}

static uint16_t
in6_ops_pseudo(const struct in_addr_any *src, const struct in_addr_any *dst, uint8_t proto, uint32_t len)
{
	uint8_t s[16], d[16];

	memcpy(s, src->in6, sizeof(s));
	memcpy(d, dst->in6, sizeof(d));
	in6_setzone(s, 0);
	in6_setzone(d, 0);
	return (cksum_reduce(in6_pseudo(s, d, proto, len)));
}

static int
in6_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	struct vnet *vn = inp->inp_vnet;
	const struct in6_ifaddr *ia;
	struct ip6_path path;
	struct ip6_out io;
	int error;

	ip6_out_init(&io, inp, 0);
	io.i6o_dst = *faddr;
	if ((error = ip6_route(vn, &io, &path)) != 0)
		return (error);
	if (!in6_unspecified((const uint8_t *)inp->inp_laddr.in6)) {
		*laddr = inp->inp_laddr;
		return (0);
	}
	/* A connection to one of our own addresses comes from that address. */
	if (path.i6p_local && in6_localaddr(ip6_vnet(vn), (const uint8_t *)faddr->in6)) {
		*laddr = *faddr;
		return (0);
	}
	if ((ia = in6_selectsrc(vn, &path, faddr, in6_prefertemp(vn, inp))) == NULL)
		return (EADDRNOTAVAIL);
	memcpy(laddr->in6, ia6_addr(ia), sizeof(laddr->in6));
	return (0);
}

/* Where packets of inp (NULL: of nobody) to faddr go; an errno where they go nowhere. */
static int
in6_pathto(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr, struct ip6_path *path)
{
	struct ip6_out io = { .i6o_fib = fib };

	if (inp != NULL)
		ip6_out_init(&io, inp, 0);
	io.i6o_dst = *faddr;
	return (ip6_route(vn, &io, path));
}

static uint32_t
in6_pathmtu(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	struct ip6_path path;

	return (in6_pathto(vn, inp, fib, faddr, &path) != 0 ? IPV6_MMTU : path.i6p_mtu);
}

static const struct nhop *
in6_pathroute(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	struct ip6_path path;

	return (in6_pathto(vn, inp, fib, faddr, &path) != 0 ? NULL : path.i6p_nh);
}

static bool
in6_islocal(struct vnet *vn, const struct in_addr_any *a)
{
	return (in6_localaddr(ip6_vnet(vn), (const uint8_t *)a->in6));
}

static const struct ifnet *
in6_localif(struct vnet *vn, const struct in_addr_any *a)
{
	const struct in6_ifaddr *ia = in6_ifaddr_find(ip6_vnet(vn), (const uint8_t *)a->in6);

	return (ia == NULL ? NULL : ia->ia_ifa.ifa_ifp);
}

/* RFC 4862 5.4: not assigned before it is known to be nobody else's; as in FreeBSD, at anycast addresses there are raw sockets only. */
static bool
in6_isusable(struct vnet *vn, const struct in_addr_any *a, bool raw)
{
	const uint32_t bad = VI_IN6_IFF_DETACHED | (raw ? 0 : VI_IN6_IFF_ANYCAST);

	return (in6_assigned(ip6_vnet(vn), (const uint8_t *)a->in6, bad));
}

static bool
in6_isbcast(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn;
	return (in6_multicast((const uint8_t *)a->in6));
}

static void
in6_heard(struct inpcb *inp)
{
	const struct ip6_vnet *i6v = ip6_vnet(inp->inp_vnet);
	const uint8_t *next = (const uint8_t *)inp->inp_faddr.in6;
	const struct nhop *nh;

	if (i6v->i6v_ndoubt == 0)	/* nearly always */
		return;
	if ((nh = in_pcbroute(inp)) == NULL || nhop_error(nh) != 0 || i6v->i6v_nd == NULL)
		return;
	if ((nh->nh_flags & RTF_GATEWAY) != 0)
		next = nh->nh_gw.na_in6;
	i6v->i6v_nd->no_heard(nh->nh_ifp, next);
}

const struct inet_ops in6_ops = {
	.io_family = VI_AF_INET6,
	.io_hdrlen = IP6_HLEN,
	.io_output = in6_output,
	.io_send = in6_send,
	.io_pseudo = in6_ops_pseudo,
	.io_source = in6_source,
	.io_pathmtu = in6_pathmtu,
	.io_pathroute = in6_pathroute,
	.io_islocal = in6_islocal,
	.io_localif = in6_localif,
	.io_isusable = in6_isusable,
	.io_isbcast = in6_isbcast,
	.io_heard = in6_heard,
	.io_sockaddr = in6_recover,
};
