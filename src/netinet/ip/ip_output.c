/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A transport says what should be in the header and how the packet may travel (struct ip_out).  ip_route() finds the path: interface, next
 * hop, source address, MTU.  Then the header is written, the filter asked, and ip_transmit() does what the path demands.
 *
 * Super-packets (m_pkt.segsz) go whole when one segment would fit the MTU: every link that carries them cuts late or never.  Otherwise, and
 * without DF, they are cut here and the segments fragmented.  Checksums stay unfinished (CSUM_TCP, CSUM_UDP) as long as nobody needs them.
 *
 * Broadcasts and groups leave with M_BCAST or M_MCAST, and a copy comes back by the same interface when this host listens too.
 *
 * Errors that the sender should see are returned; m is gone on every path.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip/ip_var.h"
#include "netinet/pcb/in_pcb.h"
#include "socket/socket.h"

/*
 * RFC 6864 4.2: ids of datagrams that may be fragmented do not repeat soon for one source, destination and protocol.  A counter per hash of the three, plus an
 * offset from the same secret hash: nobody learns from the ids of one pair about another's (RFC 7739).
 */
uint16_t
ip_newid(struct vnet *vn, uint32_t src, uint32_t dst, uint8_t proto)
{
	struct ip_vnet *iv = ip_vnet(vn);
	const struct siphash_key sk = { vn->vn_kernel->k_hashkey[0], vn->vn_kernel->k_hashkey[1] ^ vn->vn_id };
	uint64_t h;

	if (iv->iv_randomid)
		return ((uint16_t)kernel_random32(vn->vn_kernel));
	if (iv->iv_idmemo.im_dst != dst || iv->iv_idmemo.im_src != src || iv->iv_idmemo.im_proto != proto || !iv->iv_idmemo.im_valid) {
		iv->iv_idmemo.im_src = src;
		iv->iv_idmemo.im_dst = dst;
		iv->iv_idmemo.im_proto = proto;
		iv->iv_idmemo.im_hash = siphash13_flow4(&sk, src, dst, proto, 0);
		iv->iv_idmemo.im_valid = true;
	}
	h = iv->iv_idmemo.im_hash;
	return ((uint16_t)((h >> 32) + iv->iv_ids[h % IP_NIDS]++));
}

void
ip_path_nhop(const struct nhop *nh, uint32_t dst, struct ip_path *path)
{
	path->ip_ifp = nh->nh_ifp;
	path->ip_ifa = nh->nh_ifa;
	path->ip_next = nhop_addr4(nh, dst);
	path->ip_mtu = nhop_mtu(nh);
	path->ip_nh = nh;
	path->ip_mcast = false;
	path->ip_local = (nh->nh_flags & RTF_LOCAL) != 0;
	path->ip_bcast = (nh->nh_flags & RTF_BROADCAST) != 0 ||
	    (nh->nh_ifa != NULL && nh->nh_ifa->ifa_broadcast == dst && dst != 0 && (nh->nh_flags & RTF_GATEWAY) == 0);
}

/* Straight out of an interface: dst is taken to be on its link. */
static void
ip_path_link(struct ifnet *ifp, uint32_t dst, struct ip_path *path)
{
	path->ip_ifp = ifp;
	path->ip_ifa = in_ifaddr_best(ifp, dst);
	path->ip_next = (struct net_addr){ .na_af = NET_AF_INET, .na_in = dst };
	path->ip_mtu = ifp->if_mtu;
	path->ip_nh = NULL;
	path->ip_local = false;
	path->ip_mcast = in_multicast(dst);
	path->ip_bcast = !path->ip_mcast && in_ifbroadcast(ifp, dst);
}

/* The interface of last resort for 255.255.255.255 and groups: the first that is up and can. */
static struct ifnet *
ip_anyif(struct vnet *vn, uint32_t flag)
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (if_up(ifp) && (ifp->if_flags & flag) != 0 && (ifp->if_flags & IFF_LOOPBACK) == 0 && in_ifaddr_first(ifp) != NULL)
			return (ifp);
	return (NULL);
}

static int
ip_route_if(struct vnet *vn, const struct ip_out *io, uint32_t ifindex, const struct nhop *nh, struct ip_path *path)
{
	struct ifnet *ifp = ifnet_byindex(vn, ifindex);

	if (ifp == NULL)
		return (ENODEV);
	/* What is ours is ours by whatever interface; groups and the limited broadcast address are on the link, whatever routes say. */
	if (nh != NULL && (nh->nh_ifp == ifp || (nh->nh_flags & RTF_LOCAL) != 0) && nhop_error(nh) == 0 && !in_multicast(io->io_dst) &&
	    !in_broadcast(io->io_dst))
		ip_path_nhop(nh, io->io_dst, path);
	else
		ip_path_link(ifp, io->io_dst, path);
	return (0);
}

/* A group or the limited broadcast address: not a matter of routes, though one may choose the interface. */
static int
ip_route_group(struct vnet *vn, const struct ip_out *io, const struct nhop *nh, struct ip_path *path)
{
	struct ifnet *ifp = nh != NULL && nhop_error(nh) == 0 ? nh->nh_ifp : NULL;

	if (ifp == NULL)
		ifp = ip_anyif(vn, in_multicast(io->io_dst) ? IFF_MULTICAST : IFF_BROADCAST);
	if (ifp == NULL)
		return (ENETUNREACH);
	ip_path_link(ifp, io->io_dst, path);
	return (0);
}

/*
 * By which interface: the socket's, for groups the one that VI_IP_MULTICAST_IF chose; for them and the limited broadcast address, as on Linux, that of the
 * address it is bound to; 0: as routed.
 */
static uint32_t
ip_outif(struct vnet *vn, const struct ip_out *io)
{
	const struct inpcb *inp = io->io_inp;
	const struct ifaddr *ifa;

	if (io->io_ifindex != 0 || inp == NULL || (!in_multicast(io->io_dst) && !in_broadcast(io->io_dst)))
		return (io->io_ifindex);
	if (in_multicast(io->io_dst) && inp->inp_mcast_if != 0)
		return (inp->inp_mcast_if);
	if (in_multicast(io->io_dst) && inp->inp_mcast_addr != 0 && (ifa = in_ifaddr_find(ip_vnet(vn), inp->inp_mcast_addr)) != NULL)
		return (ifa->ifa_ifp->if_index);
	return (io->io_src != 0 && (ifa = in_ifaddr_find(ip_vnet(vn), io->io_src)) != NULL ? ifa->ifa_ifp->if_index : 0);
}

static const struct nhop *
ip_lookup(struct vnet *vn, const struct ip_out *io)
{
	const struct inpcb *inp = io->io_inp;
	struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET, .na_in = io->io_dst },
		.rf_src = { .na_af = NET_AF_INET, .na_in = io->io_src },
		.rf_fib = io->io_fib,
		.rf_flowid = io->io_flowid,
		.rf_oif = io->io_ifindex,
		.rf_proto = io->io_proto,
		.rf_tos = io->io_tos,
	};

	if (inp != NULL) {
		rf.rf_sport = inp->inp_lport;
		rf.rf_dport = inp->inp_fport;
		rf.rf_uid = inp->inp_cred.cr_uid;
		rf.rf_mark = io->io_marked ? io->io_mark : inp->inp_socket != NULL ? inp->inp_socket->so_mark : 0;
	}
	return (rt_lookup(vn, &rf));
}

static int
ip_route_any(struct vnet *vn, const struct ip_out *io, struct ip_path *path)
{
	const struct nhop *nh = io->io_nh != NULL ? io->io_nh : ip_lookup(vn, io);
	uint32_t ifindex = ip_outif(vn, io);
	int error;

	if (ifindex != 0)
		return (ip_route_if(vn, io, ifindex, nh, path));
	if (in_multicast(io->io_dst) || in_broadcast(io->io_dst))
		return (ip_route_group(vn, io, nh, path));
	if ((error = nhop_error(nh)) != 0)
		return (error);
	if ((io->io_flags & INET_DONTROUTE) != 0 && (nh->nh_flags & RTF_GATEWAY) != 0)
		return (ENETUNREACH);
	ip_path_nhop(nh, io->io_dst, path);
	return (0);
}

int
ip_route(struct vnet *vn, const struct ip_out *io, struct ip_path *path)
{
	int error = ip_route_any(vn, io, path);

	if (error != 0 || (path->ip_ifp->if_flags & IFF_LOOPBACK) != 0)
		return (error);
	/* RFC 1122 3.2.1.3 (g): these addresses do not leave the host.  The errors are Linux's. */
	if (in_loopback(io->io_dst))
		return (ENETUNREACH);
	return (in_loopback(io->io_src) && ((ip_vnet(vn)->iv_martians | path->ip_ifp->if_martians) & IP_ROUTE_LOCALNET) == 0 ? EINVAL : 0);
}

static int
ip_getpath(struct vnet *vn, const struct ip_out *io, struct ip_path *path)
{
	if (io->io_path == NULL)
		return (ip_route(vn, io, path));
	*path = *io->io_path;
	return (0);
}

bool
ip_fits(const struct mbuf *m, unsigned hlen, uint32_t mtu)
{
	unsigned hdrlen;

	if (m->m_pkt.len <= mtu)
		return (true);
	if (m->m_pkt.segsz == 0)
		return (false);
	hdrlen = ip_segment_hdrlen(m);
	return (hdrlen > hlen && hdrlen + m->m_pkt.segsz <= mtu);
}

static int
ip_send(struct mbuf *m, const struct ip_path *path)
{
	return (if_output(path->ip_ifp, m, &path->ip_next));
}

static int
ip_transmit_frags(struct ip_vnet *iv, struct mbuf *m, const struct ip_path *path)
{
	unsigned n;

	if ((m = in_delayed_cksum(m)) == NULL || (m = ip_fragment(m, path->ip_mtu, &n)) == NULL) {
		iv->iv_stat.ips_odropped++;
		return (ENOBUFS);
	}
	iv->iv_stat.ips_fragmented++;
	iv->iv_stat.ips_ofragments += n;
	return (if_outputq(path->ip_ifp, m, &path->ip_next));
}

/* A super-packet whose segments are too big for the path: segments, then fragments of them. */
static int
ip_transmit_segs(struct ip_vnet *iv, struct mbuf *m, const struct ip_path *path)
{
	struct mbuf *next;
	unsigned n;
	int error = 0;

	if ((m = ip_segment(m, &n)) == NULL) {
		iv->iv_stat.ips_odropped++;
		return (ENOBUFS);
	}
	iv->iv_stat.ips_segmented++;
	iv->iv_stat.ips_osegments += n;
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		error = m->m_pkt.len > path->ip_mtu ? ip_transmit_frags(iv, m, path) : ip_send(m, path);
		if (error != 0) {
			m_freeq(next);
			break;
		}
	}
	return (error);
}

int
ip_transmit(struct vnet *vn, struct mbuf *m, unsigned hlen, const struct ip_path *path)
{
	struct ip_vnet *iv = ip_vnet(vn);

	if (ip_fits(m, hlen, path->ip_mtu))
		return (ip_send(m, path));
	if (path->ip_mtu < IP_MINMTU) {		/* RFC 791 3.2: no such link */
		iv->iv_stat.ips_cantfrag++;
		m_freem(m);
		return (EMSGSIZE);
	}
	if (m->m_pkt.segsz != 0)
		return (ip_transmit_segs(iv, m, path));
	return (ip_transmit_frags(iv, m, path));
}

/* The copy for ourselves, by the interface it leaves by: memberships are of interfaces. */
static void
ip_loopback(struct vnet *vn, struct mbuf *m, struct ifnet *ifp)
{
	struct mbuf *n;

	if ((n = m_dup(m, vnet_acct(vn))) == NULL)
		return;
	n->m_flags |= M_LOOP;
	n->m_pkt.csum_flags |= (n->m_pkt.csum_flags & CSUM_WRITTEN) != 0 ? CSUM_IP_VALID : CSUM_IP_VALID | CSUM_DATA_VALID;
	if_deliver(ifp, n);
}

/* Broadcasts and groups.  False: there is nothing left to send (the TTL says this host only); m is still there. */
static bool
ip_output_group(struct vnet *vn, struct mbuf *m, const struct ip_out *io, const struct ip_path *path)
{
	struct ifnet *ifp = path->ip_ifp;

	m->m_flags |= path->ip_mcast ? M_MCAST : M_BCAST;
	if ((ifp->if_flags & IFF_LOOPBACK) != 0)
		return (true);
	if (path->ip_bcast || (io->io_mcast_loop && in_mcast_ismember(ifp, io->io_dst)))
		ip_loopback(vn, m, ifp);
	return (!path->ip_mcast || mtod(m, struct ip *)->ip_ttl != 0);
}

static int
ip_drop(struct mbuf *m, uint64_t *counter, int error)
{
	++*counter;
	m_freem(m);
	return (error);
}

/* Does the DF bit go into the header?  EMSGSIZE: it must, or the packet must not be fragmented here, and it is too big. */
static int
ip_df(const struct mbuf *m, const struct ip_out *io, unsigned hlen, struct ip_path *path, bool *df)
{
	bool fits;

	*df = false;
	if (io->io_mtudisc >= IP_PMTUDISC_INTERFACE) {	/* as if nobody had ever said a thing of the path */
		path->ip_mtu = path->ip_ifp->if_mtu;
		return (io->io_mtudisc == IP_PMTUDISC_OMIT || ip_fits(m, hlen, path->ip_mtu) ? 0 : EMSGSIZE);
	}
	if (io->io_mtudisc == IP_PMTUDISC_DONT || (io->io_mtudisc == IP_PMTUDISC_WANT && path->ip_nh != NULL && path->ip_nh->nh_mtulock) || path->ip_mcast || path->ip_bcast)
		return (0);
	fits = ip_fits(m, hlen, io->io_mtudisc == IP_PMTUDISC_PROBE ? path->ip_ifp->if_mtu : path->ip_mtu);
	*df = fits;
	/* A stream would rather cut its segments anew. */
	if (!fits && (io->io_mtudisc >= IP_PMTUDISC_DO || io->io_proto == IPPROTO_TCP))
		return (EMSGSIZE);
	return (0);
}

static void
ip_header(struct vnet *vn, struct mbuf *m, const struct ip_out *io, unsigned hlen, const struct ip_path *path, bool df)
{
	struct ip *ip = mtod(m, struct ip *);
	uint16_t id;

	ip_set_vhl(ip, hlen);
	ip->ip_tos = io->io_tos;
	ip->ip_len = HTONS(m->m_pkt.len);
	ip->ip_off = df ? HTONS(IP_DF) : 0;
	if (path->ip_mcast)
		ip->ip_ttl = io->io_mcast_ttl;
	else
		ip->ip_ttl = io->io_ttl != 0 ? io->io_ttl : (uint8_t)ip_vnet(vn)->iv_ttl;
	ip->ip_p = io->io_proto;
	ip->ip_src = io->io_src != 0 ? io->io_src : path->ip_ifa != NULL ? path->ip_ifa->ifa_addr.na_in : 0;
	ip->ip_dst = io->io_dst;
	/* RFC 6864 4.1: the id of what cannot be fragmented means nothing; a flow counts, a super-packet once per segment. */
	if (df && io->io_ipid != NULL) {
		id = *io->io_ipid;
		*io->io_ipid = (uint16_t)(id + 1 + (m->m_pkt.segsz != 0 ? m->m_pkt.len / m->m_pkt.segsz : 0));
	} else {
		id = ip_newid(vn, ip->ip_src, ip->ip_dst, ip->ip_p);
	}
	ip->ip_id = HTONS(id);
	if (io->io_optlen > 0)
		memcpy(ip + 1, io->io_opts, io->io_optlen);
	if (io->io_optlen > 0 && io->io_inp != NULL)	/* those of an answer were filled in when they came */
		ip_optsend(vn, ip, hlen);
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, hlen);
	m->m_pkt.csum_flags |= CSUM_IP_VALID;
	m->m_pkt.l3hlen = (uint8_t)hlen;
	m->m_pkt.flowid = io->io_flowid;
	m->m_pkt.rcvif = NULL;
}

/* A finished packet: filter, copy for ourselves, and out. */
static int
ip_output_tail(struct vnet *vn, struct mbuf *m, const struct ip_out *io, unsigned hlen, const struct ip_path *path)
{
	struct ip_vnet *iv = ip_vnet(vn);

	if (iv->iv_pfil[PFIL_OUT].ph_n > 0 && pfil_run(&iv->iv_pfil[PFIL_OUT], &m, path->ip_ifp, PFIL_OUT) != PFIL_PASS) {
		iv->iv_stat.ips_pfilout++;
		return (EACCES);
	}
	if ((path->ip_mcast || path->ip_bcast) && !ip_output_group(vn, m, io, path)) {
		m_freem(m);
		return (0);
	}
	return (ip_transmit(vn, m, hlen, path));
}

int
ip_output(struct vnet *vn, struct mbuf *m, const struct ip_out *io)
{
	struct ip_vnet *iv = ip_vnet(vn);
	unsigned hlen = IP_MINHLEN + io->io_optlen;
	struct ip_path path;
	bool df;
	int error;

	iv->iv_stat.ips_localout++;
	if (iv->iv_stopped)
		return (ip_drop(m, &iv->iv_stat.ips_odropped, ENETDOWN));
	if ((error = ip_getpath(vn, io, &path)) != 0)
		return (ip_drop(m, &iv->iv_stat.ips_noroute, error));
	if (path.ip_bcast && (io->io_flags & INET_BROADCAST) == 0)
		return (ip_drop(m, &iv->iv_stat.ips_odropped, EACCES));
	if (m->m_pkt.len + hlen > IP_MAXPACKET)
		return (ip_drop(m, &iv->iv_stat.ips_toobig, EMSGSIZE));
	if ((m = m_prepend(m, hlen)) == NULL) {
		iv->iv_stat.ips_odropped++;
		return (ENOBUFS);
	}
	/* What ip_df() looks at in a super-packet. */
	ip_set_vhl(mtod(m, struct ip *), hlen);
	mtod(m, struct ip *)->ip_p = io->io_proto;
	if ((error = ip_df(m, io, hlen, &path, &df)) != 0)
		return (ip_drop(m, &iv->iv_stat.ips_toobig, error));
	ip_header(vn, m, io, hlen, &path, df);
	return (ip_output_tail(vn, m, io, hlen, &path));
}

/* Linux's rules of IP_HDRINCL (raw(7)): length and checksum are always ours, id and source when zero. */
static void
ip_header_raw(struct vnet *vn, struct mbuf *m, unsigned hlen, const struct ip_path *path)
{
	struct ip *ip = mtod(m, struct ip *);

	ip->ip_len = HTONS(m->m_pkt.len);
	if (ip->ip_src == 0 && path->ip_ifa != NULL)
		ip->ip_src = path->ip_ifa->ifa_addr.na_in;
	if (ip->ip_id == 0)
		ip->ip_id = HTONS(ip_newid(vn, ip->ip_src, ip->ip_dst, ip->ip_p));
	ip->ip_sum = 0;
	ip->ip_sum = ip_sum_make(ip, hlen);
	m->m_pkt.csum_flags = CSUM_IP_VALID | CSUM_WRITTEN;
	m->m_pkt.l3hlen = (uint8_t)hlen;
	m->m_pkt.segsz = 0;
	m->m_pkt.rcvif = NULL;
}

/* The header as the user wrote it must at least be one. */
static int
ip_check_raw(struct mbuf **mp, unsigned *hlen)
{
	struct mbuf *m = *mp;

	if (m->m_pkt.len < IP_MINHLEN || m->m_pkt.len > IP_MAXPACKET)
		return (m->m_pkt.len > IP_MAXPACKET ? EMSGSIZE : EINVAL);
	if ((m->m_len < IP_MINHLEN || !m_writable(m)) && (*mp = m = m_pullup(m, IP_MINHLEN)) == NULL)
		return (ENOBUFS);
	*hlen = ip_hlen(mtod(m, struct ip *));
	if (ip_v(mtod(m, struct ip *)) != IPVERSION || *hlen < IP_MINHLEN || *hlen > m->m_pkt.len)
		return (EINVAL);
	if (m->m_len < *hlen && (*mp = m_pullup(m, *hlen)) == NULL)
		return (ENOBUFS);
	return (0);
}

int
ip_output_raw(struct vnet *vn, struct mbuf *m, const struct ip_out *io)
{
	struct ip_vnet *iv = ip_vnet(vn);
	struct ip_path path;
	unsigned hlen = 0;
	int error;

	iv->iv_stat.ips_rawout++;
	if (iv->iv_stopped)
		return (ip_drop(m, &iv->iv_stat.ips_odropped, ENETDOWN));
	if ((error = ip_check_raw(&m, &hlen)) != 0)
		return (ip_drop(m, &iv->iv_stat.ips_odropped, error));
	if ((error = ip_getpath(vn, io, &path)) != 0)
		return (ip_drop(m, &iv->iv_stat.ips_noroute, error));
	if (path.ip_bcast && (io->io_flags & INET_BROADCAST) == 0)
		return (ip_drop(m, &iv->iv_stat.ips_odropped, EACCES));
	/* As Linux: what the user composed is not fragmented. */
	if (m->m_pkt.len > path.ip_ifp->if_mtu)
		return (ip_drop(m, &iv->iv_stat.ips_toobig, EMSGSIZE));
	path.ip_mtu = path.ip_ifp->if_mtu;
	ip_header_raw(vn, m, hlen, &path);
	return (ip_output_tail(vn, m, io, hlen, &path));
}

void
ip_out_init(struct ip_out *io, struct inpcb *inp, unsigned flags)
{
	*io = (struct ip_out){
		.io_inp = inp,
		.io_src = in_pcbsource(inp).in4,
		.io_dst = inp->inp_faddr.in4,
		.io_fib = inp->inp_fib,
		.io_ifindex = inp->inp_boundif,
		.io_flowid = inp->inp_flowid,
		.io_proto = inp->inp_proto,
		.io_tos = inp->inp_tos,
		.io_ttl = inp->inp_ttl,
		.io_mcast_ttl = inp->inp_mcast_ttl,
		.io_mtudisc = inp->inp_mtudisc,
		.io_mcast_loop = (inp->inp_flags & INP_MCASTLOOP) != 0,
		.io_flags = flags,
		.io_opts = inp->inp_opts,
		.io_optlen = inp->inp_optlen,
		.io_ipid = &inp->inp_ipid,
	};
	if (inp->inp_socket != NULL && (inp->inp_socket->so_options & SO_DONTROUTE) != 0)
		io->io_flags |= INET_DONTROUTE;
	if (inp->inp_socket != NULL && (inp->inp_socket->so_options & SO_BROADCAST) != 0)
		io->io_flags |= INET_BROADCAST;
}
