/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * As ip_output.c: a transport says what should be in the header (struct ip6_out); ip6_route() finds the path; the header is written with the zones taken out of
 * the addresses, the filter asked, and ip6_transmit() does what the path demands.
 *
 * What has extension headers of its user's (struct ip6_exts) goes a longer way: it is cut to segments and summed before they come in front of it, since nobody
 * behind looks for the transport elsewhere than after the IPv6 header; and with a routing header it leaves for the first hop named there.
 *
 * Only the source fragments, and never below 1280 bytes (RFC 8200 5); super-packets (m_pkt.segsz) go whole when a segment would fit.
 */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_exts.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/in_pcbextra.h"
#include "socket/socket.h"

#define DST(io)	((const uint8_t *)(io)->i6o_dst.in6)

static int
ip6_drop(struct mbuf *m, uint64_t *counter, int error)
{
	++*counter;
	m_freem(m);
	return (error);
}

/* One whose interface is known. */
static int
ip6_drop_out(struct mbuf *m, const struct ip6_path *path, enum in6_ifstat st, uint64_t *counter, int error)
{
	in6_ifcount(path->i6p_ifp, st);
	return (ip6_drop(m, counter, error));
}

static int
ip6_nobufs(struct ip6_vnet *i6v, const struct ip6_path *path)
{
	return (ip6_drop_out(NULL, path, IN6S_OUT_DISCARD, &i6v->i6v_stat.i6s_odropped, ENOBUFS));
}

/* What a transport sends, m_data at its header; of what is composed elsewhere (proto 0) one knows less. */
static void
ip6_count_out(const struct mbuf *m, const struct ip6_path *path, uint8_t proto)
{
	uint8_t icmp[2];

	in6_ifcount(path->i6p_ifp, IN6S_OUT_REQUEST);
	if (path->i6p_mcast)
		in6_ifcount(path->i6p_ifp, IN6S_OUT_MCAST);
	if (proto == IPPROTO_ICMPV6 && m_copydata(m, 0, sizeof(icmp), icmp) == 0)
		icmp6_ifcount(path->i6p_ifp, true, icmp[0], icmp[1]);
}

static uint32_t
ip6_ifmtu(struct vnet *vn, const struct ifnet *ifp)
{
	const struct nd6_ops *nd = ip6_vnet(vn)->i6v_nd;
	const uint32_t mtu = nd == NULL ? 0 : nd->no_linkmtu(ifp);

	return (mtu != 0 && mtu < ifp->if_mtu ? mtu : ifp->if_mtu);
}

static void
ip6_path_nhop(struct vnet *vn, const struct nhop *nh, const struct in_addr_any *dst, struct ip6_path *path)
{
	const uint32_t mtu = ip6_ifmtu(vn, nh->nh_ifp);

	*path = (struct ip6_path){ .i6p_ifp = nh->nh_ifp, .i6p_nh = nh, .i6p_local = (nh->nh_flags & RTF_LOCAL) != 0,
		.i6p_mtu = MIN(mtu, nhop_mtu(nh)), .i6p_next = { .na_af = NET_AF_INET6 } };
	if ((nh->nh_flags & RTF_GATEWAY) != 0)
		path->i6p_next = nh->nh_gw;
	else
		memcpy(path->i6p_next.na_in6, dst->in6, sizeof(path->i6p_next.na_in6));
}

static void
ip6_path_link(struct vnet *vn, struct ifnet *ifp, const struct in_addr_any *dst, struct ip6_path *path)
{
	*path = (struct ip6_path){ .i6p_ifp = ifp, .i6p_mtu = ip6_ifmtu(vn, ifp), .i6p_next = { .na_af = NET_AF_INET6 },
		.i6p_mcast = in6_multicast((const uint8_t *)dst->in6) };
	memcpy(path->i6p_next.na_in6, dst->in6, sizeof(path->i6p_next.na_in6));
}

static const struct nhop *
ip6_lookup(struct vnet *vn, const struct ip6_out *io)
{
	const struct inpcb *inp = io->i6o_inp;
	struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET6 },
		.rf_src = { .na_af = NET_AF_INET6 },
		.rf_fib = io->i6o_fib,
		.rf_flowid = io->i6o_flowid,
		.rf_oif = io->i6o_ifindex,
		.rf_proto = io->i6o_proto,
		.rf_tos = io->i6o_tclass,
	};

	memcpy(rf.rf_dst.na_in6, io->i6o_dst.in6, sizeof(rf.rf_dst.na_in6));
	memcpy(rf.rf_src.na_in6, io->i6o_src.in6, sizeof(rf.rf_src.na_in6));
	if (inp != NULL) {
		rf.rf_sport = inp->inp_lport;
		rf.rf_dport = inp->inp_fport;
		rf.rf_uid = inp->inp_cred.cr_uid;
		rf.rf_mark = io->i6o_marked ? io->i6o_mark : inp->inp_socket != NULL ? inp->inp_socket->so_mark : 0;
	}
	return (rt_lookup(vn, &rf));
}

/* For a group without a zone: the first interface that can. */
static struct ifnet *
ip6_anyif(struct vnet *vn)
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (if_up(ifp) && (ifp->if_flags & IFF_MULTICAST) != 0 && (ifp->if_flags & IFF_LOOPBACK) == 0)
			return (ifp);
	return (NULL);
}

static int
ip6_route_group(struct vnet *vn, const struct ip6_out *io, uint32_t ifindex, struct ip6_path *path)
{
	const struct nhop *nh = ifindex != 0 ? NULL : ip6_lookup(vn, io);
	struct ifnet *ifp;

	ifp = ifindex != 0 ? ifnet_byindex(vn, ifindex) : nh != NULL && nhop_error(nh) == 0 ? nh->nh_ifp : ip6_anyif(vn);
	if (ifp == NULL)
		return (ifindex != 0 ? ENODEV : ENETUNREACH);
	ip6_path_link(vn, ifp, &io->i6o_dst, path);
	return (0);
}

/* RFC 8200 4.4: the way to the first address of a routing header.  Groups are none that a packet could be sent on by. */
static int
ip6_route_hop(struct vnet *vn, const struct ip6_out *io, const uint8_t *addr, struct ip6_path *path)
{
	struct ip6_out hop = *io;

	hop.i6o_exts = NULL;
	hop.i6o_nh = NULL;
	memcpy(hop.i6o_dst.in6, addr, sizeof(hop.i6o_dst.in6));
	in6_setzone((uint8_t *)hop.i6o_dst.in6, io->i6o_ifindex);
	return (in6_multicast(addr) || in6_unspecified(addr) ? EINVAL : ip6_route(vn, &hop, path));
}

int
ip6_route(struct vnet *vn, const struct ip6_out *io, struct ip6_path *path)
{
	const uint8_t *hop = io->i6o_exts == NULL ? NULL : ip6_exts_hop(io->i6o_exts);
	const struct inpcb *inp = io->i6o_inp;
	const bool group = in6_multicast(DST(io));
	uint32_t zone = in6_zone(DST(io)), ifindex = io->i6o_ifindex;
	const struct nhop *nh;
	struct ifnet *ifp;
	int error;

	if (hop != NULL)
		return (ip6_route_hop(vn, io, hop, path));
	if (ifindex == 0 && group && inp != NULL)
		ifindex = inp->inp_mcast_if6;
	if (zone != 0 && ifindex != 0 && zone != ifindex)
		return (EINVAL);
	if (group)
		return (ip6_route_group(vn, io, zone != 0 ? zone : ifindex, path));
	if (in6_linklocal(DST(io)) && zone == 0)
		return (EINVAL);
	nh = io->i6o_nh != NULL ? io->i6o_nh : ip6_lookup(vn, io);
	if (ifindex != 0 && (nhop_error(nh) != 0 || (nh->nh_ifp->if_index != ifindex && (nh->nh_flags & RTF_LOCAL) == 0))) {
		if ((ifp = ifnet_byindex(vn, ifindex)) == NULL)
			return (ENODEV);
		ip6_path_link(vn, ifp, &io->i6o_dst, path);
		return (0);
	}
	if ((error = nhop_error(nh)) != 0)
		return (error);
	if ((io->i6o_flags & INET_DONTROUTE) != 0 && (nh->nh_flags & RTF_GATEWAY) != 0)
		return (ENETUNREACH);
	ip6_path_nhop(vn, nh, &io->i6o_dst, path);
	return (0);
}

bool
ip6_fits(const struct mbuf *m, uint32_t mtu)
{
	unsigned hdrlen;

	if (m->m_pkt.len <= mtu)
		return (true);
	if (m->m_pkt.segsz == 0)
		return (false);
	hdrlen = ip6_segment_hdrlen(m);
	return (hdrlen > IP6_HLEN && hdrlen + m->m_pkt.segsz <= mtu);
}

static int
ip6_send(struct mbuf *m, const struct ip6_path *path)
{
	return (if_output(path->i6p_ifp, m, &path->i6p_next));
}

static int
ip6_transmit_frags(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_path *path)
{
	unsigned n;

	if ((m = in6_delayed_cksum(m)) == NULL || (m = ip6_fragment(i6v->i6v_vnet, m, path->i6p_mtu, &n)) == NULL)
		return (ip6_nobufs(i6v, path));
	i6v->i6v_stat.i6s_fragmented++;
	i6v->i6v_stat.i6s_ofragments += n;
	in6_ifcount(path->i6p_ifp, IN6S_OUT_FRAGOK);
	in6_ifcount_n(path->i6p_ifp, IN6S_OUT_FRAGCREAT, n);
	return (if_outputq(path->i6p_ifp, m, &path->i6p_next));
}

static int
ip6_transmit_segs(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_path *path, bool frag)
{
	struct mbuf *next;
	unsigned n;
	int error = 0;

	if ((m = ip6_segment(m, &n)) == NULL)
		return (ip6_nobufs(i6v, path));
	i6v->i6v_stat.i6s_segmented++;
	i6v->i6v_stat.i6s_osegments += n;
	for (; m != NULL && error == 0; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		error = ip6_transmit(i6v->i6v_vnet, m, path, frag);
		if (error != 0)
			m_freeq(next);
	}
	return (error);
}

int
ip6_transmit(struct vnet *vn, struct mbuf *m, const struct ip6_path *path, bool frag)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);

	if (nd6_disabled(path->i6p_ifp))
		return (ip6_drop_out(m, path, IN6S_OUT_DISCARD, &i6v->i6v_stat.i6s_ifdisabled, ENETDOWN));
	if (ip6_fits(m, path->i6p_mtu))
		return (ip6_send(m, path));
	if (m->m_pkt.segsz != 0)
		return (ip6_transmit_segs(i6v, m, path, frag));
	if (!frag || path->i6p_mtu < IPV6_MMTU || !ip6_canfragment(m, path->i6p_mtu))
		return (ip6_drop_out(m, path, IN6S_OUT_FRAGFAIL, &i6v->i6v_stat.i6s_toobig, EMSGSIZE));
	return (ip6_transmit_frags(i6v, m, path));
}

/* The copy for ourselves. */
static void
ip6_loopback(struct vnet *vn, struct mbuf *m, const struct ip6_path *path)
{
	struct mbuf *n;

	if ((n = m_dup(m, vnet_acct(vn))) == NULL)
		return;
	n->m_flags |= M_LOOP;
	n->m_flags &= (uint16_t)~(M_BCAST | M_MCAST);
	if ((n->m_pkt.csum_flags & CSUM_WRITTEN) == 0)
		n->m_pkt.csum_flags |= CSUM_DATA_VALID;
	/* By the interface it leaves by: the zone is told by it. */
	n->m_pkt.rcvif = path->i6p_ifp;
	if_deliver(path->i6p_ifp, n);
}

/* Groups.  False: this host only, nothing is left to send; m is still there. */
static bool
ip6_output_group(struct vnet *vn, struct mbuf *m, const struct ip6_out *io, const struct ip6_path *path)
{
	const struct ip6_hdr *ip6 = mtod(m, const struct ip6_hdr *);

	m->m_flags |= M_MCAST;
	if ((path->i6p_ifp->if_flags & IFF_LOOPBACK) != 0)
		return (true);
	if (io->i6o_mcast_loop && in6_mcast_ismember(path->i6p_ifp, path->i6p_next.na_in6))
		ip6_loopback(vn, m, path);
	/* RFC 4291 2.7: interface-local groups stay. */
	return (ip6->ip6_hlim != 0 && in6_scope(ip6->ip6_dst) > IN6_SCOPE_INTFACE);
}

static uint8_t
ip6_hlim(const struct ip6_vnet *i6v, const struct ip6_out *io, const struct ip6_path *path)
{
	uint8_t link;

	if (path->i6p_mcast)
		return ((uint8_t)(io->i6o_mcast_hlim >= 0 ? io->i6o_mcast_hlim : i6v->i6v_mcasthlim));
	if (io->i6o_hlim > 0)
		return ((uint8_t)io->i6o_hlim);
	link = i6v->i6v_nd == NULL ? 0 : i6v->i6v_nd->no_hoplimit(path->i6p_ifp);
	return (link != 0 ? link : (uint8_t)i6v->i6v_hlim);
}

/* The zone of a group that had none is that of the interface now. */
static int
ip6_choose(struct vnet *vn, struct ip6_out *io, struct ip6_path *path)
{
	const struct in6_ifaddr *ia;
	int error;

	if ((error = ip6_route(vn, io, path)) != 0)
		return (error);
	if (path->i6p_mcast && in6_zone(DST(io)) == 0) {
		in6_setzone((uint8_t *)io->i6o_dst.in6, path->i6p_ifp->if_index);
		in6_setzone(path->i6p_next.na_in6, path->i6p_ifp->if_index);
	}
	if (!in6_unspecified((const uint8_t *)io->i6o_src.in6) || io->i6o_unspecsrc)
		return (0);
	if ((ia = in6_selectsrc(vn, path, &io->i6o_dst, in6_prefertemp(vn, io->i6o_inp))) == NULL) {
		ip6_vnet(vn)->i6v_stat.i6s_nosource++;
		return (EADDRNOTAVAIL);
	}
	memcpy(io->i6o_src.in6, ia6_addr(ia), sizeof(io->i6o_src.in6));
	return (0);
}

/* RFC 6437: a label that tells flows apart and says nothing else. */
static uint32_t
ip6_label(const struct ip6_vnet *i6v, const struct ip6_out *io)
{
	if ((io->i6o_flow & IPV6_FLOWLABEL_MASK) != 0 || !i6v->i6v_autoflowlabel || io->i6o_flowid == 0 ||
	    (io->i6o_inp != NULL && (io->i6o_inp->inp_flags & INP_AUTOFLOWLABEL) == 0))
		return (io->i6o_flow);
	return (ip6_autolabel(io->i6o_flowid));
}

static void
ip6_header(struct ip6_vnet *i6v, struct mbuf *m, const struct ip6_out *io, const struct ip6_path *path, uint8_t nxt)
{
	struct ip6_hdr *ip6 = mtod(m, struct ip6_hdr *);

	ip6_set_flow(ip6, (uint8_t)(io->i6o_tclass | io->i6o_flow >> 20), ip6_label(i6v, io));
	ip6->ip6_plen = HTONS(m->m_pkt.len - IP6_HLEN);
	ip6->ip6_nxt = nxt;
	ip6->ip6_hlim = ip6_hlim(i6v, io, path);
	memcpy(ip6->ip6_src, io->i6o_src.in6, sizeof(ip6->ip6_src));
	memcpy(ip6->ip6_dst, io->i6o_dst.in6, sizeof(ip6->ip6_dst));
	in6_setzone(ip6->ip6_src, 0);
	in6_setzone(ip6->ip6_dst, 0);
	m->m_pkt.l3hlen = IP6_HLEN;
	m->m_pkt.flowid = io->i6o_flowid;
	m->m_pkt.rcvif = NULL;
}

/* RFC 2711: routers, look at this (MLD). */
static struct mbuf *
ip6_rtalert(struct mbuf *m, uint8_t nxt)
{
	const uint8_t hbh[8] = { nxt, 0, IP6OPT_RTALERT, 2, 0, 0, IP6OPT_PADN, 0 };

	if ((m = m_prepend(m, sizeof(hbh))) != NULL)
		memcpy(m->m_data, hbh, sizeof(hbh));
	return (m);
}

static int
ip6_output_tail(struct vnet *vn, struct mbuf *m, const struct ip6_out *io, const struct ip6_path *path, bool frag)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);

	if (i6v->i6v_pfil[PFIL_OUT].ph_n > 0 && pfil_run(&i6v->i6v_pfil[PFIL_OUT], &m, path->i6p_ifp, PFIL_OUT) != PFIL_PASS)
		return (ip6_drop_out(NULL, path, IN6S_OUT_DISCARD, &i6v->i6v_stat.i6s_pfilout, EACCES));
	if (path->i6p_mcast && !ip6_output_group(vn, m, io, path)) {
		m_freem(m);
		return (0);
	}
	return (ip6_transmit(vn, m, path, frag));
}

/*
 * May it be fragmented here?  A stream cuts its segments anew (EMSGSIZE); so must who asked never to fragment.  RFC 8200 4.5.
 */
static int
ip6_mayfrag(const struct mbuf *m, const struct ip6_out *io, struct ip6_path *path, bool *frag)
{
	if (io->i6o_mtudisc >= IP_PMTUDISC_PROBE)	/* what was learned of the path does not count */
		path->i6p_mtu = path->i6p_ifp->if_mtu;
	if (io->i6o_mtu != 0 && io->i6o_mtu < path->i6p_mtu && io->i6o_proto != IPPROTO_TCP)
		path->i6p_mtu = io->i6o_mtu;
	*frag = (io->i6o_mtudisc < IP_PMTUDISC_DO || io->i6o_mtudisc == IP_PMTUDISC_OMIT) && io->i6o_proto != IPPROTO_TCP;
	return (*frag || ip6_fits(m, path->i6p_mtu) ? 0 : EMSGSIZE);
}

/* The header, and what is asked of every packet.  Consumes m; nxt: what it begins with. */
static int
ip6_output_header(struct vnet *vn, struct mbuf *m, const struct ip6_out *io, struct ip6_path *path, uint8_t nxt)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	bool frag;
	int error;

	if ((m = m_prepend(m, IP6_HLEN)) == NULL)
		return (ip6_nobufs(i6v, path));
	ip6_header(i6v, m, io, path, nxt);
	if ((error = ip6_mayfrag(m, io, path, &frag)) != 0)
		return (ip6_drop_out(m, path, IN6S_OUT_FRAGFAIL, &i6v->i6v_stat.i6s_toobig, error));
	return (ip6_output_tail(vn, m, io, path, frag));
}

/* One that is no train, its path known. */
static int
ip6_output_exts(struct vnet *vn, struct mbuf *m, const struct ip6_out *io, struct ip6_path *path)
{
	const uint8_t *hop = ip6_exts_hop(io->i6o_exts);
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct ip6_out out = *io;
	uint8_t nxt;

	if (m->m_pkt.len + ip6_exts_len(io->i6o_exts) > IPV6_MAXPACKET - 8)
		return (ip6_drop_out(m, path, IN6S_OUT_DISCARD, &i6v->i6v_stat.i6s_toobig, EMSGSIZE));
	if ((m = inet_delayed_cksum(m, 0)) == NULL ||
	    (m = ip6_exts_prepend(m, io->i6o_exts, DST(io), io->i6o_proto, &nxt)) == NULL)
		return (ip6_nobufs(i6v, path));
	if (hop != NULL)
		memcpy(out.i6o_dst.in6, hop, sizeof(out.i6o_dst.in6));
	return (ip6_output_header(vn, m, &out, path, nxt));
}

/* A train is cut here, by a header that only the cutting needs. */
static int
ip6_output_train(struct vnet *vn, struct mbuf *m, const struct ip6_out *io, const struct ip6_path *path)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct ip6_path each;
	struct mbuf *next;
	int error = 0;
	unsigned n;

	if ((m = m_prepend(m, IP6_HLEN)) == NULL)
		return (ip6_nobufs(i6v, path));
	ip6_header(i6v, m, io, path, io->i6o_proto);
	if ((m = m_pullup(m, MIN(m->m_pkt.len, (uint32_t)IP6_HLEN + 60))) == NULL || (m = ip6_segment(m, &n)) == NULL)
		return (ip6_nobufs(i6v, path));
	i6v->i6v_stat.i6s_segmented++;
	i6v->i6v_stat.i6s_osegments += n;
	for (; m != NULL && error == 0; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m_adj(m, IP6_HLEN);
		each = *path;
		if ((error = ip6_output_exts(vn, m, io, &each)) != 0)
			m_freeq(next);
	}
	return (error);
}

int
ip6_output(struct vnet *vn, struct mbuf *m, const struct ip6_out *want)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct ip6_out io = *want;
	struct ip6_path path;
	int error;

	i6v->i6v_stat.i6s_localout++;
	if (i6v->i6v_stopped)
		return (ip6_drop(m, &i6v->i6v_stat.i6s_odropped, ENETDOWN));
	if ((error = ip6_choose(vn, &io, &path)) != 0)
		return (ip6_drop(m, &i6v->i6v_stat.i6s_noroute, error));
	ip6_count_out(m, &path, io.i6o_proto);
	if (m->m_pkt.len > (io.i6o_exts != NULL || io.i6o_rtalert ? IPV6_MAXPACKET - 8 : IPV6_MAXPACKET))
		return (ip6_drop_out(m, &path, IN6S_OUT_DISCARD, &i6v->i6v_stat.i6s_toobig, EMSGSIZE));
	if (io.i6o_exts != NULL)
		return (m->m_pkt.segsz == 0 ? ip6_output_exts(vn, m, &io, &path) : ip6_output_train(vn, m, &io, &path));
	if (io.i6o_rtalert && (m = ip6_rtalert(m, io.i6o_proto)) == NULL)
		return (ip6_nobufs(i6v, &path));
	return (ip6_output_header(vn, m, &io, &path, io.i6o_rtalert ? IPPROTO_HOPOPTS : io.i6o_proto));
}

int
ip6_output_raw(struct vnet *vn, struct mbuf *m, const struct ip6_out *want)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct ip6_out io = *want;
	struct ip6_path path;
	int error;

	i6v->i6v_stat.i6s_localout++;
	if (i6v->i6v_stopped)
		return (ip6_drop(m, &i6v->i6v_stat.i6s_odropped, ENETDOWN));
	io.i6o_unspecsrc = true;	/* the source is in the header */
	if ((error = ip6_choose(vn, &io, &path)) != 0)
		return (ip6_drop(m, &i6v->i6v_stat.i6s_noroute, error));
	ip6_count_out(m, &path, 0);
	/* As Linux: what the user composed is not fragmented. */
	path.i6p_mtu = path.i6p_ifp->if_mtu;
	if (m->m_pkt.len > path.i6p_mtu)
		return (ip6_drop_out(m, &path, IN6S_OUT_FRAGFAIL, &i6v->i6v_stat.i6s_toobig, EMSGSIZE));
	if ((m = m_pullup(m, IP6_HLEN)) == NULL)
		return (ip6_nobufs(i6v, &path));
	m->m_pkt.l3hlen = IP6_HLEN;
	m->m_pkt.flowid = io.i6o_flowid;
	m->m_pkt.rcvif = NULL;
	return (ip6_output_tail(vn, m, &io, &path, false));
}

/* What few sockets have. */
static void
ip6_out_extra(struct ip6_out *io, const struct in_pcbextra *ex)
{
	io->i6o_exts = ip6_exts_len(&ex->ex_exts) != 0 ? &ex->ex_exts : NULL;
	io->i6o_flow = ex->ex_flow;
	io->i6o_mtu = (uint16_t)MIN(ex->ex_mtu6, (uint32_t)UINT16_MAX);
	if (io->i6o_ifindex == 0 && io->i6o_proto != IPPROTO_TCP)
		io->i6o_ifindex = ex->ex_pktif6;
}

void
ip6_out_init(struct ip6_out *io, struct inpcb *inp, unsigned flags)
{
	*io = (struct ip6_out){
		.i6o_inp = inp,
		.i6o_src = in_pcbsource(inp),
		.i6o_dst = inp->inp_faddr,
		.i6o_fib = inp->inp_fib,
		.i6o_ifindex = inp->inp_boundif,
		.i6o_flowid = inp->inp_flowid,
		.i6o_proto = inp->inp_proto,
		.i6o_tclass = inp->inp_tclass,
		.i6o_hlim = inp->inp_hops,
		.i6o_mcast_hlim = inp->inp_mcast_hops,
		.i6o_mtudisc = inp->inp_mtudisc6 < 2 && (inp->inp_flags & INP_DONTFRAG) != 0 ? 2 : inp->inp_mtudisc6,
		.i6o_mcast_loop = (inp->inp_flags & INP_MCASTLOOP6) != 0,
		.i6o_flags = flags,
	};
	if (inp->inp_extra != NULL)
		ip6_out_extra(io, inp->inp_extra);
	if (inp->inp_socket != NULL && (inp->inp_socket->so_options & SO_DONTROUTE) != 0)
		io->i6o_flags |= INET_DONTROUTE;
}
