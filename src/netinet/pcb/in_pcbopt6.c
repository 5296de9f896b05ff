/* SPDX-License-Identifier: BSD-2-Clause */
/* VI_IPV6_*: socket options of IPv6 (RFC 3493 5, RFC 3542), with Linux's errors. */
#include <errno.h>
#include <string.h>

#include "netinet/ip6/ip6_var.h"
#include "netinet/pcb/in_pcb_int.h"
#include "netinet/pcb/in_pcbextra.h"
#include "wire/ip.h"

static bool
in6_pcbopt_stream(const struct inpcb *inp)
{
	return (inp->inp_info->ipi_proto == VI_IPPROTO_TCP);
}

static uint32_t
in6_pcbopt_flag(enum vi_sockopt opt)
{
	switch (opt) {
	case VI_IPV6_RECVTCLASS:	return (INP_RECVTCLASS);
	case VI_IPV6_RECVHOPLIMIT:	return (INP_RECVHOPLIMIT);
	case VI_IPV6_RECVPKTINFO:	return (INP_RECVPKTINFO);
	case VI_IPV6_RECVERR:		return (INP_RECVERR6);
	case VI_IPV6_DONTFRAG:		return (INP_DONTFRAG);
	case VI_IPV6_AUTOFLOWLABEL:	return (INP_AUTOFLOWLABEL);
	case VI_IPV6_FREEBIND:		return (INP_BINDANY);
	default:			return (0);
	}
}

/* Only as long as nothing is bound (RFC 3493 5.3). */
static int
in6_pcbopt_setv6only(struct inpcb *inp, int v)
{
	if (inp->inp_lport != 0 || !in_addr_any_isany(&inp->inp_laddr) || in_pcbinfo_raw(inp->inp_info))
		return (EINVAL);
	inp->inp_flags = v != 0 ? inp->inp_flags | INP_V6ONLY : inp->inp_flags & ~(uint32_t)INP_V6ONLY;
	if (!in_pcbinfo_dual(inp->inp_info))
		return (0);		/* a ping socket: kept for who asks, as on Linux */
	inp->inp_bound = v != 0 ? INP_IPV6 : INP_IPV4 | INP_IPV6;
	in_pcb_setfam(inp, inp->inp_bound);
	return (0);
}

static int
in6_pcbopt_sethops(struct inpcb *inp, enum vi_sockopt opt, int v)
{
	if (opt == VI_IPV6_MULTICAST_HOPS && in6_pcbopt_stream(inp))
		return (ENOPROTOOPT);
	if (v < -1 || v > 255)
		return (EINVAL);
	if (opt == VI_IPV6_UNICAST_HOPS)
		inp->inp_hops = (int16_t)v;
	else
		inp->inp_mcast_hops = (uint8_t)(v == -1 ? 1 : v);
	return (0);
}

static int
in6_pcbopt_setmcastif(struct inpcb *inp, int v)
{
	if (in6_pcbopt_stream(inp))
		return (ENOPROTOOPT);
	if (v != 0 && inp->inp_boundif != 0 && inp->inp_boundif != (uint32_t)v)
		return (EINVAL);
	if (v != 0 && ifnet_byindex(inp->inp_vnet, (uint32_t)v) == NULL)
		return (ENODEV);
	inp->inp_mcast_if6 = (uint32_t)v;
	return (0);
}

static int
in6_pcbopt_settclass(struct inpcb *inp, int v)
{
	if (v < -1 || v > 255)
		return (EINVAL);
	v = v == -1 ? 0 : v;
	/* RFC 3168: a stream's congestion bits are the protocol's. */
	inp->inp_tclass = (uint8_t)(in6_pcbopt_stream(inp) ? v & ~IPTOS_ECN_MASK : v);
	return (0);
}

/* One of each pair, or neither: the default.  Home addresses and such without cryptography are all there are. */
static int
in6_pcbopt_setsrcpref(struct inpcb *inp, int v)
{
	const int pubtmp = v & (VI_PREFER_SRC_TMP | VI_PREFER_SRC_PUBLIC | VI_PREFER_SRC_PUBTMP_DEFAULT);
	const int home = v & (VI_PREFER_SRC_COA | VI_PREFER_SRC_HOME), cga = v & (VI_PREFER_SRC_CGA | VI_PREFER_SRC_NONCGA);

	if ((pubtmp & (pubtmp - 1)) != 0 || (home & (home - 1)) != 0 || (cga & (cga - 1)) != 0)
		return (EINVAL);
	inp->inp_srcpref = (uint8_t)(v & (VI_PREFER_SRC_TMP | VI_PREFER_SRC_PUBLIC | VI_PREFER_SRC_COA));
	return (0);
}

static int
in6_pcbopt_getsrcpref(const struct inpcb *inp)
{
	const int pubtmp = inp->inp_srcpref & (VI_PREFER_SRC_TMP | VI_PREFER_SRC_PUBLIC);

	return ((pubtmp != 0 ? pubtmp : VI_PREFER_SRC_PUBTMP_DEFAULT) |
	    ((inp->inp_srcpref & VI_PREFER_SRC_COA) != 0 ? VI_PREFER_SRC_COA : VI_PREFER_SRC_HOME));
}

/* RFC 3542 6.2 and Linux's own: may the socket send by the interface?  unknown: the error of one that is none. */
static int
in6_pcbopt_mayleave(const struct inpcb *inp, int ifindex, int unknown)
{
	if (ifindex == 0)
		return (0);
	if (unknown != 0 && (ifindex < 0 || ifnet_byindex(inp->inp_vnet, (uint32_t)ifindex) == NULL))
		return (unknown);
	return (inp->inp_boundif != 0 && (unknown != 0 || inp->inp_boundif != (uint32_t)ifindex) ? EINVAL : 0);
}

/* RFC 8200 5: no link is asked for less. */
static int
in6_pcbopt_setmtu(struct in_pcbextra *ex, int v)
{
	if (v != 0 && v < IPV6_MMTU)
		return (EINVAL);
	ex->ex_mtu6 = (uint32_t)v;
	return (0);
}

/* What is kept apart, since hardly any socket has it. */
static int
in6_pcbopt_setextra(struct inpcb *inp, enum vi_sockopt opt, int v)
{
	struct in_pcbextra *ex;
	int error;

	if (opt == VI_IPV6_ROUTER_ALERT || opt == VI_IPV6_HDRINCL)	/* raw's own */
		return (ENOPROTOOPT);
	if (opt == VI_IPV6_PKTINFO && (error = in6_pcbopt_mayleave(inp, v, 0)) != 0)
		return (error);
	if (opt == VI_IPV6_UNICAST_IF && (error = in6_pcbopt_mayleave(inp, v, EADDRNOTAVAIL)) != 0)
		return (error);
	if (opt == VI_IPV6_RECVERR_RFC4884 && v != 0 && v != 1)
		return (EINVAL);
	if (inp->inp_extra == NULL && v == 0)	/* as it is */
		return (0);
	if ((ex = in_pcbextra(inp)) == NULL)
		return (ENOBUFS);
	switch (opt) {
	case VI_IPV6_RECVEXT:
		ex->ex_recvext = v != 0;
		return (0);
	case VI_IPV6_RECVPATHMTU:
		ex->ex_recvpathmtu = v != 0;
		return (0);
	case VI_IPV6_RECVERR_RFC4884:
		ex->ex_errexts6 = v != 0;
		return (0);
	case VI_IPV6_PKTINFO:
		ex->ex_pktif6 = (uint32_t)v;
		return (0);
	case VI_IPV6_UNICAST_IF:
		ex->ex_ucastif6 = (uint32_t)v;
		return (0);
	case VI_IPV6_FLOW:
		ex->ex_flow = (uint32_t)v & IPV6_FLOWINFO_MASK;
		return (0);
	case VI_IPV6_MTU:
		return (in6_pcbopt_setmtu(ex, v));
	default:
		return (ENOPROTOOPT);
	}
}

static int
in6_pcbopt_getextra(const struct inpcb *inp, enum vi_sockopt opt, void *buf, size_t *len)
{
	static const struct in_pcbextra none;
	const struct in_pcbextra *ex = inp->inp_extra == NULL ? &none : inp->inp_extra;

	switch (opt) {
	case VI_IPV6_RECVEXT:
		return (sooptputint(buf, len, ex->ex_recvext));
	case VI_IPV6_RECVPATHMTU:
		return (sooptputint(buf, len, ex->ex_recvpathmtu));
	case VI_IPV6_RECVERR_RFC4884:
		return (sooptputint(buf, len, ex->ex_errexts6));
	case VI_IPV6_PKTINFO:
		return (sooptputint(buf, len, (int)ex->ex_pktif6));
	case VI_IPV6_UNICAST_IF:
		return (sooptputint(buf, len, (int)ex->ex_ucastif6));
	case VI_IPV6_FLOW:
		return (sooptputint(buf, len, (int)ex->ex_flow));
	case VI_IPV6_ROUTER_ALERT:
		return (sooptputint(buf, len, ex->ex_alertget));
	default:
		return (ENOPROTOOPT);
	}
}

/* RFC 3493's predecessors had it, and Linux still has. */
static int
in6_pcbopt_addrform(struct inpcb *inp, int family)
{
	if (in_pcbinfo_raw(inp->inp_info))
		return (ENOPROTOOPT);
	if (family != VI_AF_INET)
		return (EINVAL);
	if (inp->inp_fport == 0)
		return (ENOTCONN);
	if ((inp->inp_flags & INP_V6ONLY) != 0 || inp->inp_ops->io_family != VI_AF_INET || !sofamily(inp->inp_socket, VI_AF_INET))
		return (EADDRNOTAVAIL);
	inp->inp_flags &= ~(uint32_t)INP_SOCK6;
	inp->inp_bound = INP_IPV4;
	return (0);
}

static int
in6_pcbopt_setnum(struct inpcb *inp, enum vi_sockopt opt, int v)
{
	switch (opt) {
	case VI_IPV6_V6ONLY:
		return (in6_pcbopt_setv6only(inp, v));
	case VI_IPV6_UNICAST_HOPS:
	case VI_IPV6_MULTICAST_HOPS:
		return (in6_pcbopt_sethops(inp, opt, v));
	case VI_IPV6_MULTICAST_LOOP:
		if (v != 0 && v != 1)
			return (EINVAL);
		inp->inp_flags = v != 0 ? inp->inp_flags | INP_MCASTLOOP6 : inp->inp_flags & ~(uint32_t)INP_MCASTLOOP6;
		return (0);
	case VI_IPV6_MULTICAST_ALL:
		inp->inp_flags = v != 0 ? inp->inp_flags & ~(uint32_t)INP_NOMCASTALL6 : inp->inp_flags | INP_NOMCASTALL6;
		return (0);
	case VI_IPV6_MULTICAST_IF:
		return (in6_pcbopt_setmcastif(inp, v));
	case VI_IPV6_TCLASS:
		return (in6_pcbopt_settclass(inp, v));
	case VI_IPV6_MTU_DISCOVER:
		if (v < 0 || v > 5)
			return (EINVAL);
		inp->inp_mtudisc6 = (uint8_t)v;
		in_pcblong6(inp);
		return (0);
	case VI_IPV6_ADDR_PREFERENCES:
		return (in6_pcbopt_setsrcpref(inp, v));
	case VI_IPV6_ADDRFORM:
		return (in6_pcbopt_addrform(inp, v));
	case VI_IPV6_MINHOPCOUNT:
		if (v < 0 || v > 255)
			return (EINVAL);
		inp->inp_minhops = (uint8_t)v;
		return (0);
	default:
		return (in6_pcbopt_setextra(inp, opt, v));
	}
}

int
in6_pcbsetopt(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	uint32_t flag = in6_pcbopt_flag(opt);
	int error, v;

	if ((inp->inp_flags & INP_SOCK6) == 0)
		return (ENOPROTOOPT);
	if (opt == VI_IPV6_JOIN_GROUP || opt == VI_IPV6_LEAVE_GROUP)
		return (in_pcbmcast_set(inp, opt, val, len));
	if (opt == VI_IPV6_JOIN_ANYCAST || opt == VI_IPV6_LEAVE_ANYCAST)
		return (in6_pcbacast_set(inp, opt, val, len));
	if (opt >= VI_IPV6_HOPOPTS && opt <= VI_IPV6_DSTOPTS)
		return (in6_pcbsetext(inp, opt, val, len));
	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	if (flag == 0)
		return (in6_pcbopt_setnum(inp, opt, v));
	inp->inp_flags = v != 0 ? inp->inp_flags | flag : inp->inp_flags & ~flag;
	return (0);
}

static int
in6_pcbopt_getmtu(struct inpcb *inp, void *buf, size_t *len)
{
	if (in_addr_any_isany(&inp->inp_faddr))
		return (ENOTCONN);
	return (sooptputint(buf, len, (int)inp->inp_ops->io_pathmtu(inp->inp_vnet, inp, inp->inp_fib, &inp->inp_faddr)));
}

int
in6_pcbgetopt(struct inpcb *inp, enum vi_sockopt opt, void *buf, size_t *len)
{
	uint32_t flag = in6_pcbopt_flag(opt);

	if ((inp->inp_flags & INP_SOCK6) == 0)
		return (ENOPROTOOPT);
	if (flag != 0)
		return (sooptputint(buf, len, (inp->inp_flags & flag) != 0));
	switch (opt) {
	case VI_IPV6_V6ONLY:
		return (sooptputint(buf, len, !in_pcbinfo_raw(inp->inp_info) && (inp->inp_flags & INP_V6ONLY) != 0));	/* as Linux */
	case VI_IPV6_UNICAST_HOPS:
		return (sooptputint(buf, len, inp->inp_hops < 0 ? ip6_vnet(inp->inp_vnet)->i6v_hlim : inp->inp_hops));
	case VI_IPV6_MULTICAST_HOPS:
		return (sooptputint(buf, len, inp->inp_mcast_hops));
	case VI_IPV6_MULTICAST_LOOP:
		return (sooptputint(buf, len, (inp->inp_flags & INP_MCASTLOOP6) != 0));
	case VI_IPV6_MULTICAST_ALL:
		return (sooptputint(buf, len, (inp->inp_flags & INP_NOMCASTALL6) == 0));
	case VI_IPV6_MULTICAST_IF:
		return (sooptputint(buf, len, (int)inp->inp_mcast_if6));
	case VI_IPV6_TCLASS:
		return (sooptputint(buf, len, inp->inp_tclass));
	case VI_IPV6_MTU_DISCOVER:
		return (sooptputint(buf, len, inp->inp_mtudisc6));
	case VI_IPV6_ADDR_PREFERENCES:
		return (sooptputint(buf, len, in6_pcbopt_getsrcpref(inp)));
	case VI_IPV6_MINHOPCOUNT:
		return (sooptputint(buf, len, inp->inp_minhops));
	case VI_IPV6_MTU:
		return (in6_pcbopt_getmtu(inp, buf, len));
	case VI_IPV6_HOPOPTS:
	case VI_IPV6_RTHDRDSTOPTS:
	case VI_IPV6_RTHDR:
	case VI_IPV6_DSTOPTS:
		return (in6_pcbgetext(inp, opt, buf, len));
	default:
		return (in6_pcbopt_getextra(inp, opt, buf, len));
	}
}
