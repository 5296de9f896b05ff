/* SPDX-License-Identifier: BSD-2-Clause */
/* Ancillary data of datagrams, from and to bytes.  Knows no program and no socket. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/time.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/udp.h>

#define LX_IPV6_ORIGDSTADDR	74
#define LX_IPV6_RECVFRAGSIZE	77
#define LX_IP_CHECKSUM		23
#define LX_IP_RECVFRAGSIZE	25
#define LX_IPV6_FLOWINFO	11	/* glibc has none */
#define LX_IP_PROTOCOL		52	/* nor an old one this */
#define LX_IPOPT_RR		7
#define LX_IPOPT_TS		68

/* What does not fit is cut, and said to be, as put_cmsg of Linux does. */
static void
control_put(struct lx_control *co, int level, int type, const void *data, size_t len)
{
	struct cmsghdr ch = { .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len) };
	size_t room =
	    (co->co_space < sizeof(co->co_buf) ? co->co_space : sizeof(co->co_buf)) - co->co_len;

	if (room < sizeof(ch)) {
		co->co_trunc = true;
		return;
	}
	if (ch.cmsg_len > room) {
		co->co_trunc = true;
		ch.cmsg_len = room;
	}
	memcpy(co->co_buf + co->co_len, &ch, sizeof(ch));
	memcpy(co->co_buf + co->co_len + CMSG_LEN(0), data, ch.cmsg_len - CMSG_LEN(0));
	co->co_len += CMSG_SPACE(len) < room ? CMSG_SPACE(len) : room;
}

static void
control_stamp(struct lx_control *co, unsigned cmsg, uint64_t ns)
{
	struct timespec ts = {
	    .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	struct timeval tv;

	if (ns == 0)			/* it came before anybody asked */
		(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
	if ((cmsg & LXC_STAMPNS) != 0)
		control_put(co, SOL_SOCKET, SCM_TIMESTAMPNS, &ts, sizeof(ts));
	else
		control_put(co, SOL_SOCKET, SCM_TIMESTAMP, &tv, sizeof(tv));
}

/* SCM_TIMESTAMPING: software's, and two of hardware that there is not. */
static void
control_stamping(struct lx_control *co, uint64_t ns)
{
	struct timespec ts[3] = { { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) } };

	control_put(co, SOL_SOCKET, SCM_TIMESTAMPING, ts, sizeof(ts));
}

/* An address of either family as the sixteen bytes of IPv6. */
static struct in6_addr
control_in6(const struct vi_sockaddr *sa)
{
	struct vi_sockaddr mapped = *sa;
	struct in6_addr in6;

	if (mapped.sa_family == VI_AF_INET)
		sockaddr_map(&mapped);
	memcpy(&in6, mapped.sa_in6, sizeof(in6));
	return (in6);
}

/*
 * Options as they would go back to the sender: the recorded route and time stamps, without
 * padding between (source routes are not taken).
 */
static void
control_retopts(struct lx_control *co, const struct lx_dgram *dg)
{
	const uint8_t *o = dg->dg_opts, *end = o + dg->dg_optlen;
	uint8_t buf[40] = { 0 };
	size_t n = 0;

	while (o < end && *o != 0) {
		if (*o == 1) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			break;
		if (*o == LX_IPOPT_RR || *o == LX_IPOPT_TS) {
			memcpy(buf + n, o, o[1]);
			n += o[1];
		}
		o += o[1];
	}
	if (n != 0)
		control_put(co, IPPROTO_IP, IP_RETOPTS, buf, (n + 3) & ~(size_t)3);
}

/* Where the packet was sent to, with the port. */
static void
control_origdst(struct lx_control *co, const struct lx_dgram *dg)
{
	struct sockaddr_storage ss;
	const socklen_t len = sockaddr_build(&dg->dg_dst, &ss);

	if (ss.ss_family == AF_INET)
		control_put(co, IPPROTO_IP, IP_ORIGDSTADDR, &ss, len);
	else
		control_put(co, IPPROTO_IPV6, LX_IPV6_ORIGDSTADDR, &ss, len);
}

/* IPv4's of a packet that was one. */
static void
control_dgram4(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	struct in_pktinfo pi = { .ipi_ifindex = (int)dg->dg_ifindex, .ipi_spec_dst = { dg->dg_local },
		.ipi_addr = { dg->dg_dst.sa_in } };
	int ttl = dg->dg_ttl;

	if ((cmsg & LXC_PKTINFO) != 0)
		control_put(co, IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
	if ((cmsg & LXC_TTL) != 0)
		control_put(co, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if ((cmsg & LXC_TOS) != 0)
		control_put(co, IPPROTO_IP, IP_TOS, &dg->dg_tos, 1);
	if ((cmsg & LXC_OPTS) != 0 && dg->dg_optlen != 0)
		control_put(co, IPPROTO_IP, IP_RECVOPTS, dg->dg_opts, dg->dg_optlen);
	if ((cmsg & LXC_RETOPTS) != 0 && dg->dg_optlen != 0)
		control_retopts(co, dg);
	if ((cmsg & LXC_ORIGDST) != 0)
		control_origdst(co, dg);
	if ((cmsg & LXC_CHECKSUM) != 0 && dg->dg_summed)
		control_put(co, IPPROTO_IP, LX_IP_CHECKSUM, &dg->dg_sum, sizeof(dg->dg_sum));
	if ((cmsg & LXC_FRAGSIZE) != 0 && dg->dg_fragmax != 0)
		control_put(co, IPPROTO_IP, LX_IP_RECVFRAGSIZE, &(int){ dg->dg_fragmax }, sizeof(int));
}

/* A socket of IPv6 has received a packet of IPv4: as Linux it tells what IPv4 has to say. */
static void
control_mapped(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	struct lx_dgram four = *dg;

	four.dg_dst.sa_family = VI_AF_INET;
	memcpy(&four.dg_dst.sa_in, dg->dg_dst.sa_in6 + 12, sizeof(four.dg_dst.sa_in));
	control_dgram4(co, cmsg, &four);
}

/* One extension header after the other: false at the end. */
struct extwalk { size_t ew_at, ew_len; uint8_t ew_proto, ew_next; };
static bool
ext_next(const struct lx_dgram *dg, struct extwalk *ew)
{
	ew->ew_at += ew->ew_len;
	ew->ew_proto = ew->ew_next;
	if (dg->dg_ext == NULL || ew->ew_at + 8 > dg->dg_extlen)
		return (false);
	ew->ew_next = dg->dg_ext[ew->ew_at];
	ew->ew_len = ((size_t)dg->dg_ext[ew->ew_at + 1] + 1) * 8;
	return (ew->ew_at + ew->ew_len <= dg->dg_extlen);
}

/* RFC 3542: all of these kinds, as they came. */
static void
control_exts(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	struct extwalk ew = { .ew_next = dg->dg_extnxt };

	while (ext_next(dg, &ew)) {
		const uint8_t *p = dg->dg_ext + ew.ew_at;

		if (ew.ew_proto == IPPROTO_HOPOPTS && (cmsg & LXC_HOPOPTS) != 0)
			control_put(co, IPPROTO_IPV6, IPV6_HOPOPTS, p, ew.ew_len);
		if (ew.ew_proto == IPPROTO_DSTOPTS && (cmsg & LXC_DSTOPTS) != 0)
			control_put(co, IPPROTO_IPV6, IPV6_DSTOPTS, p, ew.ew_len);
		if (ew.ew_proto == IPPROTO_ROUTING && (cmsg & LXC_RTHDR) != 0)
			control_put(co, IPPROTO_IPV6, IPV6_RTHDR, p, ew.ew_len);
	}
	co->co_trunc |= dg->dg_extlost;
}

/* RFC 2292: hop-by-hop options, those before the routing header, that, and those behind it; of each the last. */
static void
control_exts_old(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	static const struct { unsigned cmsg; int type; } part[] = { { LXC_HOPOPTS_OLD, IPV6_2292HOPOPTS }, { LXC_DSTOPTS_OLD, IPV6_2292DSTOPTS },
		{ LXC_RTHDR_OLD, IPV6_2292RTHDR }, { LXC_DSTOPTS_OLD, IPV6_2292DSTOPTS } };
	struct extwalk ew = { .ew_next = dg->dg_extnxt }, found[LX_NITEMS(part)] = { { 0 } };

	while (ext_next(dg, &ew)) {
		if (ew.ew_proto == IPPROTO_HOPOPTS)
			found[0] = ew;
		if (ew.ew_proto == IPPROTO_DSTOPTS)
			found[3] = ew;
		if (ew.ew_proto == IPPROTO_ROUTING) {
			found[1] = found[3];
			found[2] = ew;
			found[3].ew_len = 0;
		}
	}
	for (size_t i = 0; i < LX_NITEMS(part); i++)
		if ((cmsg & part[i].cmsg) != 0 && found[i].ew_len != 0)
			control_put(co, IPPROTO_IPV6, part[i].type, dg->dg_ext + found[i].ew_at, found[i].ew_len);
}

/* IPv6's of a packet that was one, in Linux's order. */
static void
control_dgram6(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	const struct in6_pktinfo pi6 = { .ipi6_addr = control_in6(&dg->dg_dst), .ipi6_ifindex = dg->dg_ifindex };
	const int hops = dg->dg_ttl, tclass = dg->dg_tos;
	const uint32_t flow = htonl(dg->dg_flow);

	if ((cmsg & LXC_HOPLIMIT) != 0)
		control_put(co, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	if ((cmsg & LXC_TCLASS) != 0)
		control_put(co, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
	if ((cmsg & LXC_FLOWINFO) != 0 && flow != 0)
		control_put(co, IPPROTO_IPV6, LX_IPV6_FLOWINFO, &flow, sizeof(flow));
	if ((cmsg & LXC_EXTS) != 0)
		control_exts(co, cmsg, dg);
	if ((cmsg & LXC_PKTINFO6_OLD) != 0)
		control_put(co, IPPROTO_IPV6, IPV6_2292PKTINFO, &pi6, sizeof(pi6));
	if ((cmsg & LXC_HOPLIMIT_OLD) != 0)
		control_put(co, IPPROTO_IPV6, IPV6_2292HOPLIMIT, &hops, sizeof(hops));
	if ((cmsg & LXC_EXTS) != 0)
		control_exts_old(co, cmsg, dg);
	if ((cmsg & LXC_ORIGDST6) != 0)
		control_origdst(co, dg);
	if ((cmsg & LXC_FRAGSIZE6) != 0 && dg->dg_fragmax != 0)
		control_put(co, IPPROTO_IPV6, LX_IPV6_RECVFRAGSIZE, &(int){ dg->dg_fragmax }, sizeof(int));
}

/* RFC 3542 11.3: the way to an address. */
static void
control_pathmtu(struct lx_control *co, const struct lx_dgram *dg)
{
	const struct ip6_mtuinfo mi = { .ip6m_addr = { .sin6_family = AF_INET6, .sin6_addr = control_in6(&dg->dg_from), .sin6_scope_id = dg->dg_from.sa_scope },
		.ip6m_mtu = dg->dg_pathmtu };

	control_put(co, IPPROTO_IPV6, IPV6_PATHMTU, &mi, sizeof(mi));
}

/* What a packet socket's frame was before it was shown to it. */
static void
control_auxdata(struct lx_control *co, const struct lx_dgram *dg)
{
	const struct vi_frameinfo *fi = &dg->dg_frame;
	const struct tpacket_auxdata aux = { .tp_status = packet_status(dg), .tp_len = fi->fi_len, .tp_snaplen = dg->dg_len - packet_lead(dg),
		.tp_net = fi->fi_net, .tp_vlan_tci = fi->fi_vlan, .tp_vlan_tpid = fi->fi_tpid };

	control_put(co, SOL_PACKET, PACKET_AUXDATA, &aux, sizeof(aux));
}

void
control_dgram(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	struct in6_pktinfo pi6 = { .ipi6_addr = control_in6(&dg->dg_dst), .ipi6_ifindex = dg->dg_ifindex };
	int segsz = dg->dg_segsz;

	if ((cmsg & (LXC_STAMP | LXC_STAMPNS)) != 0)
		control_stamp(co, cmsg, dg->dg_stamp);
	if ((cmsg & LXC_STAMPING) != 0)
		control_stamping(co, dg->dg_stamp);
	if ((cmsg & LXC_OVERFLOW) != 0 && dg->dg_drops != 0)
		control_put(co, SOL_SOCKET, SO_RXQ_OVFL, &dg->dg_drops, sizeof(dg->dg_drops));
	if ((cmsg & LXC_MARK) != 0)
		control_put(co, SOL_SOCKET, SO_MARK, &dg->dg_mark, sizeof(dg->dg_mark));
	if (dg->dg_from.sa_family == VI_AF_PACKET) {
		if ((cmsg & LXC_AUXDATA) != 0)
			control_auxdata(co, dg);
		return;
	}
	if (dg->dg_pathmtu != 0) {
		control_pathmtu(co, dg);
		return;
	}
	if ((cmsg & LXC_GRO) != 0 && segsz != 0)
		control_put(co, IPPROTO_UDP, UDP_GRO, &segsz, sizeof(segsz));
	if ((cmsg & LXC_PKTINFO6) != 0)
		control_put(co, IPPROTO_IPV6, IPV6_PKTINFO, &pi6, sizeof(pi6));
	if (dg->dg_dst.sa_family != VI_AF_INET6)
		control_dgram4(co, cmsg, dg);
	else if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)dg->dg_dst.sa_in6))
		control_mapped(co, cmsg, dg);
	else
		control_dgram6(co, cmsg, dg);
}

/* What Linux knows of the packet that made a connection. */
void
control_stream(struct lx_control *co, unsigned cmsg, const struct vi_pktoptions *po, const struct vi_sockaddr *local)
{
	struct in_pktinfo pi = { .ipi_ifindex = (int)po->po_ifindex };
	struct in6_addr in6 = control_in6(local);

	if (local->sa_family == VI_AF_INET || IN6_IS_ADDR_V4MAPPED(&in6))
		memcpy(&pi.ipi_addr, &in6.s6_addr[12], sizeof(pi.ipi_addr));
	pi.ipi_spec_dst = pi.ipi_addr;
	if ((cmsg & LXC_PKTINFO) != 0)
		control_put(co, IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
	if ((cmsg & LXC_TTL) != 0)
		control_put(co, IPPROTO_IP, IP_TTL, &(int){ po->po_ttl }, sizeof(int));
	if ((cmsg & LXC_TOS) != 0)
		control_put(co, IPPROTO_IP, IP_TOS, &(int){ po->po_tos }, sizeof(int));
}

void
control_kernel(struct lx_control *co)
{
	const struct { int pid, uid, gid; } kernel = { 0, 0, 0 };

	control_put(co, SOL_SOCKET, SCM_CREDENTIALS, &kernel, sizeof(kernel));
}

void
control_group(struct lx_control *co, uint32_t group)
{
	const struct nl_pktinfo info = { .group = group };

	control_put(co, SOL_NETLINK, NETLINK_PKTINFO, &info, sizeof(info));
}

/* Linux keeps what a stream sent beside its time, unless asked not to; here it is gone. */
int
control_errflags(struct vi_socket *so, const struct vi_sockerr *se)
{
	unsigned stamping = VI_SOF_OPT_TSONLY;
	size_t len = sizeof(stamping);

	if (se->se_origin != VI_SE_TIMESTAMP || vi_getsockopt(so, VI_SO_TIMESTAMPING, &stamping, &len) != 0 || (stamping & VI_SOF_OPT_TSONLY) != 0)
		return (MSG_ERRQUEUE);
	return (MSG_ERRQUEUE | MSG_TRUNC);
}

/* RFC 4884, as Linux 5.9 and later tell it. */
static void
control_errexts(uint32_t *data, const struct vi_sockerr *se)
{
	const struct { uint16_t len; uint8_t flags, reserved; } ext = { .len = se->se_extoff, .flags = se->se_extbad ? 1 : 0 };

	memcpy(data, &ext, sizeof(ext));
}

void
control_error(struct lx_control *co, unsigned cmsg, const struct vi_sockerr *se)
{
	struct {
		struct sock_extended_err ee;
		union { struct sockaddr_in in; struct sockaddr_in6 in6; } offender;
	} data;
	const bool six = (cmsg & LXC_RECVERR6) != 0, icmp6 = se->se_offender.sa_family == VI_AF_INET6;

	memset(&data, 0, sizeof(data));
	data.ee.ee_errno = (uint32_t)se->se_errno;
	data.ee.ee_origin = se->se_origin != VI_SE_ICMP ? se->se_origin : icmp6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP;
	data.ee.ee_data = se->se_data;
	data.ee.ee_type = se->se_type;
	data.ee.ee_code = se->se_code;
	data.ee.ee_info = se->se_info;
	if (se->se_extoff != 0)
		control_errexts(&data.ee.ee_data, se);
	if (se->se_stamp != 0)
		control_stamping(co, se->se_stamp);
	if (se->se_origin != VI_SE_ICMP) {
		/* nobody offended */
	} else if (six) {
		data.offender.in6.sin6_family = AF_INET6;
		data.offender.in6.sin6_addr = control_in6(&se->se_offender);
		data.offender.in6.sin6_scope_id = se->se_offender.sa_scope;
	} else {
		data.offender.in.sin_family = AF_INET;
		data.offender.in.sin_addr.s_addr = se->se_offender.sa_in;
	}
	control_put(co, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVERR : IP_RECVERR, &data,
	    sizeof(data.ee) + (six ? sizeof(data.offender.in6) : sizeof(data.offender.in)));
}

static int
parse_pktinfo(const uint8_t *data, size_t len, struct vi_msg *msg)
{
	struct in_pktinfo pi;

	if (len != sizeof(pi))
		return (EINVAL);
	memcpy(&pi, data, sizeof(pi));
	if (pi.ipi_ifindex != 0) {
		msg->msg_set |= VI_MSGSET_IFINDEX;
		msg->msg_ifindex = (uint32_t)pi.ipi_ifindex;
	}
	if (pi.ipi_spec_dst.s_addr != 0) {
		msg->msg_set |= VI_MSGSET_ADDR;
		msg->msg_dst = (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = pi.ipi_spec_dst.s_addr };
	}
	return (0);
}

static int
parse_int(const uint8_t *data, size_t len, bool bytetoo, int min, int *out)
{
	if (len == sizeof(int))
		memcpy(out, data, sizeof(int));
	else if (len == 1 && bytetoo)
		*out = *data;
	else
		return (EINVAL);
	return (*out < min || *out > 255 ? EINVAL : 0);
}

static int
parse_pktinfo6(const uint8_t *data, size_t len, struct vi_msg *msg)
{
	struct in6_pktinfo pi;

	if (len < sizeof(pi))
		return (EINVAL);
	memcpy(&pi, data, sizeof(pi));
	if (pi.ipi6_ifindex != 0) {
		msg->msg_set |= VI_MSGSET_IFINDEX;
		msg->msg_ifindex = pi.ipi6_ifindex;
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&pi.ipi6_addr)) {
		msg->msg_set |= VI_MSGSET_ADDR;
		msg->msg_dst = (struct vi_sockaddr){ .sa_family = VI_AF_INET6 };
		memcpy(msg->msg_dst.sa_in6, &pi.ipi6_addr, sizeof(msg->msg_dst.sa_in6));
		if (IN6_IS_ADDR_LINKLOCAL(&pi.ipi6_addr))
			msg->msg_dst.sa_scope = pi.ipi6_ifindex;
	}
	return (0);
}

/* -1 is the default (RFC 3542 6.3, 6.5): as if it had not been said. */
static int
parse_class(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	int error, value = 0;

	error = parse_int(data, len, false, -1, &value);
	if (error != 0 || value == -1)
		return (error);
	if (ch->cmsg_type == IPV6_TCLASS) {
		msg->msg_set |= VI_MSGSET_TOS;
		msg->msg_tos = value;
	} else {
		msg->msg_set |= VI_MSGSET_TTL;
		msg->msg_ttl = value;
	}
	return (0);
}

static int
parse_dontfrag(const uint8_t *data, size_t len, struct vi_msg *msg)
{
	int value = 0;

	if (parse_int(data, len, false, 0, &value) != 0 || value > 1)
		return (EINVAL);
	msg->msg_set &= ~(unsigned)(VI_MSGSET_DONTFRAG | VI_MSGSET_MAYFRAG);
	msg->msg_set |= value != 0 ? VI_MSGSET_DONTFRAG : VI_MSGSET_MAYFRAG;
	return (0);
}

/* The class that comes with a label is nothing to Linux. */
static int
parse_flow(const uint8_t *data, size_t len, struct vi_msg *msg)
{
	uint32_t flow;

	if (len < sizeof(flow))
		return (EINVAL);
	memcpy(&flow, data, sizeof(flow));
	msg->msg_flow = ntohl(flow) & LX_FLOWLABEL;
	msg->msg_set |= VI_MSGSET_FLOW;
	return (0);
}

/* An extension header: as long as it says, though there may be more behind.  The stack looks at the rest, and asks for the right to send it. */
static int
parse_ext(unsigned kind, bool once, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	struct vi_exthdrs *eh = (struct vi_exthdrs *)(uintptr_t)msg->msg_exthdrs;
	size_t hlen;

	if (len < 2 || (once && eh->ex_hdr[kind].iov_len != 0))
		return (EINVAL);
	hlen = ((size_t)data[1] + 1) * 8;
	if (hlen > len)
		return (EINVAL);
	eh->ex_hdr[kind] = (struct vi_iovec){ (void *)(uintptr_t)data, hlen };
	msg->msg_set |= VI_MSGSET_EXT;
	return (0);
}

/* As Linux: of the kinds of routing headers only Mobile IPv6's can come with a message; RFC 2292 has no other name for the options before it. */
static int
parse_rthdr(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	struct vi_exthdrs *eh = (struct vi_exthdrs *)(uintptr_t)msg->msg_exthdrs;
	int error;

	if (len < 4 || data[2] != 2)
		return (EINVAL);
	error = parse_ext(VI_EXT_RTHDR, false, data, len, msg);
	if (error == 0 && ch->cmsg_type == IPV6_2292RTHDR && eh->ex_hdr[VI_EXT_DSTOPTS].iov_len != 0) {
		eh->ex_hdr[VI_EXT_RTHDRDSTOPTS] = eh->ex_hdr[VI_EXT_DSTOPTS];
		eh->ex_hdr[VI_EXT_DSTOPTS].iov_len = 0;
	}
	return (error);
}

static int
parse_ip6(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	switch (ch->cmsg_type) {
	case IPV6_PKTINFO:
	case IPV6_2292PKTINFO:
		return (parse_pktinfo6(data, len, msg));
	case IPV6_HOPLIMIT:
	case IPV6_2292HOPLIMIT:
	case IPV6_TCLASS:
		return (parse_class(ch, data, len, msg));
	case IPV6_DONTFRAG:
		return (parse_dontfrag(data, len, msg));
	case LX_IPV6_FLOWINFO:
		return (parse_flow(data, len, msg));
	case IPV6_HOPOPTS:
	case IPV6_2292HOPOPTS:
		return (parse_ext(VI_EXT_HOPOPTS, true, data, len, msg));
	case IPV6_2292DSTOPTS:
		return (parse_ext(VI_EXT_DSTOPTS, true, data, len, msg));
	case IPV6_DSTOPTS:
		return (parse_ext(VI_EXT_DSTOPTS, false, data, len, msg));
	case IPV6_RTHDRDSTOPTS:
		return (parse_ext(VI_EXT_RTHDRDSTOPTS, false, data, len, msg));
	case IPV6_RTHDR:
	case IPV6_2292RTHDR:
		return (parse_rthdr(ch, data, len, msg));
	default:
		return (EINVAL);
	}
}

static int
parse_ip(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	int protocol;

	switch (ch->cmsg_type) {
	case IP_PKTINFO:
		return (parse_pktinfo(data, len, msg));
	case IP_TTL:
		msg->msg_set |= VI_MSGSET_TTL;
		return (parse_int(data, len, false, 1, &msg->msg_ttl));
	case IP_TOS:
		msg->msg_set |= VI_MSGSET_TOS;
		return (parse_int(data, len, true, 0, &msg->msg_tos));
	case LX_IP_PROTOCOL:	/* only a choice of way for who writes his headers himself would look at it */
		return (parse_int(data, len, false, 1, &protocol));
	default:
		return (EINVAL);
	}
}

/* UDP_SEGMENT for this call. */
static int
parse_udp(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	uint16_t segsz;

	if (ch->cmsg_type != UDP_SEGMENT || len != sizeof(segsz))
		return (EINVAL);
	memcpy(&segsz, data, sizeof(segsz));
	msg->msg_set |= VI_MSGSET_SEGSZ;
	msg->msg_segsz = segsz;
	return (0);
}

/* Linux passes over what is AF_UNIX's. */
static int
parse_socket(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	if (ch->cmsg_type == SCM_RIGHTS || ch->cmsg_type == SCM_CREDENTIALS)
		return (0);
	if (ch->cmsg_type != SO_MARK || len != sizeof(msg->msg_mark))
		return (EINVAL);
	memcpy(&msg->msg_mark, data, sizeof(msg->msg_mark));
	msg->msg_set |= VI_MSGSET_MARK;
	return (0);
}

int
control_parse(const uint8_t *buf, size_t len, struct vi_msg *msg, struct vi_exthdrs *eh)
{
	struct cmsghdr ch;
	size_t step;
	int error;

	memset(eh, 0, sizeof(*eh));
	msg->msg_exthdrs = eh;
	while (len >= sizeof(ch)) {
		memcpy(&ch, buf, sizeof(ch));
		if (ch.cmsg_len < sizeof(ch) || ch.cmsg_len > len)
			return (EINVAL);
		if (ch.cmsg_level == IPPROTO_IP)
			error = parse_ip(&ch, buf + sizeof(ch), ch.cmsg_len - sizeof(ch), msg);
		else if (ch.cmsg_level == IPPROTO_IPV6)
			error = parse_ip6(&ch, buf + sizeof(ch), ch.cmsg_len - sizeof(ch), msg);
		else if (ch.cmsg_level == SOL_SOCKET)
			error = parse_socket(&ch, buf + sizeof(ch), ch.cmsg_len - sizeof(ch), msg);
		else if (ch.cmsg_level == IPPROTO_UDP)
			error = parse_udp(&ch, buf + sizeof(ch), ch.cmsg_len - sizeof(ch), msg);
		else
			error = 0;			/* of another protocol: not looked at */
		if (error != 0)
			return (error);
		step = CMSG_ALIGN(ch.cmsg_len);
		if (step >= len)
			break;
		buf += step;
		len -= step;
	}
	return (0);
}
