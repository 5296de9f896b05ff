/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket options of the network layer, common to all transports. */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/pcb/in_pcb_int.h"
#include "netinet/pcb/in_pcbextra.h"
#include "vimage/priv.h"
#include "wire/ip.h"

static struct acctset *
inp_acct(const struct inpcb *inp)
{
	return (vnet_acct(inp->inp_vnet));
}

static void
in_pcbopt_setbytes(struct inpcb *inp, uint8_t *opts, uint8_t len)
{
	kfree(inp_acct(inp), ACCT_PCB, inp->inp_opts, inp->inp_optlen);
	inp->inp_opts = opts;
	inp->inp_optlen = len;
}

void
in_pcbopt_free(struct inpcb *inp)
{
	in_pcbopt_setbytes(inp, NULL, 0);
	in_pcbextra_free(inp);
	in_pcbmcast_free(inp);
}

/*
 * Options to send: checked as if they had been received.  A source route would have to change the destination of every packet; it is refused
 * (RFC 6274 3.13.2.3 and 3.13.2.4 advise hosts and routers not to honour it anyway).
 */
static int
in_pcbopt_check(const uint8_t *opts, size_t len)
{
	uint8_t hdr[IP_MAXHLEN] = { 0 };
	struct ip_opt_iter it;
	struct ip_opt opt;
	enum wire_error we;

	memcpy(hdr + IP_MINHLEN, opts, len);
	ip_opt_init(&it, hdr, IP_MINHLEN + ROUNDUP2(len, (size_t)4));
	while ((we = ip_opt_next(&it, &opt)) == WIRE_OK)
		if (opt.io_type == IPOPT_LSRR || opt.io_type == IPOPT_SSRR)
			return (EOPNOTSUPP);
	return (we == WIRE_END ? 0 : EINVAL);
}

static int
in_pcbopt_setoptions(struct inpcb *inp, const uint8_t *opts, size_t len)
{
	size_t padded = ROUNDUP2(len, (size_t)4);
	uint8_t *p;
	int error;

	if (len > MAX_IPOPTLEN)
		return (EINVAL);
	if (len == 0) {
		in_pcbopt_setbytes(inp, NULL, 0);
		return (0);
	}
	if ((error = in_pcbopt_check(opts, len)) != 0)
		return (error);
	if ((p = kmalloc(inp_acct(inp), ACCT_PCB, padded)) == NULL)
		return (ENOBUFS);
	memcpy(p, opts, len);		/* the rest is zero: end of options */
	in_pcbopt_setbytes(inp, p, (uint8_t)padded);
	return (0);
}

static int
in_pcbopt_setmcastif(struct inpcb *inp, const void *val, size_t len)
{
	struct vi_mreq mr;
	uint32_t ifindex = 0;
	int error;

	if (len < sizeof(mr))
		return (EINVAL);
	memcpy(&mr, val, sizeof(mr));
	mr.mr_group = HTONL(INADDR_ALLHOSTS_GROUP);	/* only the interface matters */
	if ((mr.mr_ifindex != 0 || mr.mr_addr != 0) && (error = in_mcast_if(inp->inp_vnet, inp->inp_fib, &mr, &ifindex)) != 0)
		return (error);
	inp->inp_mcast_if = ifindex;
	inp->inp_mcast_addr = mr.mr_addr;
	return (0);
}

static int
in_pcbopt_setdevice(struct inpcb *inp, const char *val, size_t len)
{
	char name[VI_IFNAMSIZ] = { 0 };
	struct ifnet *ifp;

	/* As Linux: who is bound needs a right to be bound elsewhere. */
	if (inp->inp_boundif != 0 && vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_SOCKOPT) != 0)
		return (EPERM);
	memcpy(name, val, MIN(len, sizeof(name) - 1));
	if (name[0] == '\0') {
		inp->inp_boundif = 0;
	} else {
		if ((ifp = ifnet_byname(inp->inp_vnet, name)) == NULL)
			return (ENODEV);
		inp->inp_boundif = ifp->if_index;
	}
	in_pcbshared(inp);
	inp->inp_nh = NULL;
	return (0);
}

static uint32_t
in_pcbopt_flag(enum vi_sockopt opt)
{
	switch (opt) {
	case VI_IP_RECVTTL:	return (INP_RECVTTL);
	case VI_IP_RECVTOS:	return (INP_RECVTOS);
	case VI_IP_PKTINFO:	return (INP_PKTINFO);
	case VI_IP_RECVERR:	return (INP_RECVERR);
	case VI_IP_FREEBIND:	return (INP_BINDANY);
	case VI_IP_TRANSPARENT:	return (INP_TRANSPARENT);
	case VI_IP_RECVOPTS:	return (INP_RECVOPTS);
	case VI_IP_RETOPTS:	return (INP_RETOPTS);
	case VI_IP_BIND_NO_PORT: return (INP_NOPORT);
	case VI_IP_MULTICAST_LOOP: return (INP_MCASTLOOP);
	default:		return (0);
	}
}

/* As Linux: of one that is bound to another there is nothing to choose. */
static int
in_pcbopt_setucastif(struct inpcb *inp, int v)
{
	struct in_pcbextra *ex;

	if (v != 0 && (v < 0 || ifnet_byindex(inp->inp_vnet, (uint32_t)v) == NULL))
		return (EADDRNOTAVAIL);
	if (v != 0 && inp->inp_boundif != 0 && inp->inp_boundif != (uint32_t)v)
		return (EINVAL);
	if (v == 0 && inp->inp_extra == NULL)
		return (0);
	if ((ex = in_pcbextra(inp)) == NULL)
		return (ENOBUFS);
	ex->ex_ucastif = (uint32_t)v;
	return (0);
}

static int
in_pcbopt_setports(struct inpcb *inp, const void *val, size_t len)
{
	struct in_pcbextra *ex;
	uint32_t v;

	if (len != sizeof(v))
		return (EINVAL);
	memcpy(&v, val, sizeof(v));
	if ((v & 0xffff) != 0 && v >> 16 != 0 && (v & 0xffff) > v >> 16)
		return (EINVAL);
	if (v == 0 && inp->inp_extra == NULL)
		return (0);
	if ((ex = in_pcbextra(inp)) == NULL)
		return (ENOBUFS);
	ex->ex_ports = v;
	return (0);
}

static int
in_pcbopt_seterrexts(struct inpcb *inp, int v)
{
	struct in_pcbextra *ex;

	if (v != 0 && v != 1)
		return (EINVAL);
	if (v == 0 && inp->inp_extra == NULL)
		return (0);
	if ((ex = in_pcbextra(inp)) == NULL)
		return (ENOBUFS);
	ex->ex_errexts = v != 0;
	return (0);
}

/* Options whose value is an int in a range. */
static int
in_pcbopt_setnum(struct inpcb *inp, enum vi_sockopt opt, int v)
{
	switch (opt) {
	case VI_IP_TOS:
		if (v < 0 || v > 255)
			return (EINVAL);
		/* RFC 3168: a stream's congestion bits are the protocol's. */
		inp->inp_tos = (uint8_t)(inp->inp_info->ipi_proto == VI_IPPROTO_TCP ? v & ~IPTOS_ECN_MASK : v);
		return (0);
	case VI_IP_TTL:
		if (v != -1 && (v < 1 || v > MAXTTL))
			return (EINVAL);
		inp->inp_ttl = (uint8_t)(v == -1 ? 0 : v);
		return (0);
	case VI_IP_MINTTL:
		if (v < 0 || v > MAXTTL)
			return (EINVAL);
		inp->inp_minttl = (uint8_t)v;
		return (0);
	case VI_IP_MULTICAST_TTL:
		if (v < -1 || v > MAXTTL)
			return (EINVAL);
		inp->inp_mcast_ttl = (uint8_t)(v == -1 ? 1 : v);
		return (0);
	case VI_IP_MULTICAST_ALL:
		if (v != 0 && v != 1)
			return (EINVAL);
		inp->inp_flags = v != 0 ? inp->inp_flags & ~(uint32_t)INP_NOMCASTALL : inp->inp_flags | INP_NOMCASTALL;
		return (0);
	case VI_IP_UNICAST_IF:
		return (in_pcbopt_setucastif(inp, v));
	case VI_IP_RECVERR_RFC4884:
		return (in_pcbopt_seterrexts(inp, v));
	case VI_IP_MTU_DISCOVER:
		if (v < 0 || v > 5)
			return (EINVAL);
		inp->inp_mtudisc = (uint8_t)v;
		return (0);
	case VI_SO_FIB:
		if (v < 0 || (unsigned)v >= rt_nfibs(inp->inp_vnet))
			return (EINVAL);
		inp->inp_fib = (uint32_t)v;
		inp->inp_nh = NULL;
		if (inp->inp_socket != NULL)
			inp->inp_socket->so_fib = (uint32_t)v;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

int
in_pcbsetopt(struct inpcb *inp, enum vi_sockopt opt, const void *val, size_t len)
{
	uint32_t flag = in_pcbopt_flag(opt);
	int v = -2, error;	/* -2 is no value of any option: EINVAL when there is none */

	in_pcbunready(inp);
	if (opt >= VI_MCAST_JOIN_GROUP)
		return (in_pcbmcast_set(inp, opt, val, len));
	if (opt >= VI_IPV6_V6ONLY)
		return (in6_pcbsetopt(inp, opt, val, len));
	switch (opt) {
	case VI_IP_OPTIONS:
		return (in_pcbopt_setoptions(inp, val, len));
	case VI_IP_ADD_MEMBERSHIP:
	case VI_IP_DROP_MEMBERSHIP:
		return (in_pcbmcast_set(inp, opt, val, len));
	case VI_IP_MULTICAST_IF:
		return (in_pcbopt_setmcastif(inp, val, len));
	case VI_SO_BINDTODEVICE:
		return (in_pcbopt_setdevice(inp, val, len));
	case VI_SO_REUSEADDR:	/* the socket has noted it */
	case VI_SO_REUSEPORT:
		in_pcbshared(inp);
		return (0);
	case VI_IP_HDRINCL:	/* raw's own */
		return (ENOPROTOOPT);
	case VI_IP_ROUTER_ALERT:
		return (EINVAL);
	case VI_IP_PORTRANGE:
		return (in_pcbopt_setports(inp, val, len));
	default:
		break;
	}
	error = sooptint(val, len, &v);
	if (opt == VI_IP_TRANSPARENT && error == 0 && v != 0 && vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_BINDANY) != 0)
		return (EPERM);		/* Linux asks for CAP_NET_ADMIN or CAP_NET_RAW */
	if (flag == 0)
		return (in_pcbopt_setnum(inp, opt, v));
	if (error != 0)
		return (error);
	inp->inp_flags = v != 0 ? inp->inp_flags | flag : inp->inp_flags & ~flag;
	return (0);
}

static int
in_pcbopt_getmtu(struct inpcb *inp, void *buf, size_t *len)
{
	if (in_addr_any_isany(&inp->inp_faddr))
		return (ENOTCONN);
	return (sooptputint(buf, len, (int)inp->inp_ops->io_pathmtu(inp->inp_vnet, inp, inp->inp_fib, &inp->inp_faddr)));
}

static int
in_pcbopt_getmcastif(const struct inpcb *inp, void *buf, size_t *len)
{
	struct vi_mreq mr = { .mr_addr = inp->inp_mcast_addr, .mr_ifindex = inp->inp_mcast_if };

	return (sooptput(buf, len, &mr, sizeof(mr)));
}

static int
in_pcbopt_getdevice(const struct inpcb *inp, void *buf, size_t *len)
{
	const struct ifnet *ifp = inp->inp_boundif == 0 ? NULL : ifnet_byindex(inp->inp_vnet, inp->inp_boundif);
	const char *name = ifp == NULL ? "" : ifp->if_xname;

	return (sooptput(buf, len, name, strlen(name) + 1));
}

static int
in_pcbopt_getpktoptions(const struct inpcb *inp, void *buf, size_t *len)
{
	const struct vi_pktoptions po = { .po_ifindex = inp->inp_mcast_if, .po_ttl = inp->inp_mcast_ttl, .po_tos = inp->inp_rcvtos };

	return (inp->inp_info->ipi_proto != VI_IPPROTO_TCP ? ENOPROTOOPT : sooptput(buf, len, &po, sizeof(po)));
}

int
in_pcbgetopt(struct inpcb *inp, enum vi_sockopt opt, void *buf, size_t *len)
{
	uint32_t flag = in_pcbopt_flag(opt);

	if (opt == VI_MCAST_MSFILTER)
		return (in_pcbmcast_get(inp, buf, len));
	if (opt >= VI_IPV6_V6ONLY)
		return (in6_pcbgetopt(inp, opt, buf, len));
	if (flag != 0)
		return (sooptputint(buf, len, (inp->inp_flags & flag) != 0));
	switch (opt) {
	case VI_IP_OPTIONS:
		return (sooptput(buf, len, inp->inp_optlen != 0 ? inp->inp_opts : (const uint8_t *)"", inp->inp_optlen));
	case VI_IP_TOS:
		return (sooptputint(buf, len, inp->inp_tos));
	case VI_IP_TTL:
		return (sooptputint(buf, len, inp->inp_ttl != 0 ? inp->inp_ttl : in_defttl(inp->inp_vnet)));
	case VI_IP_MINTTL:
		return (sooptputint(buf, len, inp->inp_minttl));
	case VI_IP_MULTICAST_TTL:
		return (sooptputint(buf, len, inp->inp_mcast_ttl));
	case VI_IP_MULTICAST_ALL:
		return (sooptputint(buf, len, (inp->inp_flags & INP_NOMCASTALL) == 0));
	case VI_IP_MTU_DISCOVER:
		return (sooptputint(buf, len, inp->inp_mtudisc));
	case VI_IP_MTU:
		return (in_pcbopt_getmtu(inp, buf, len));
	case VI_IP_MULTICAST_IF:
		return (in_pcbopt_getmcastif(inp, buf, len));
	case VI_IP_HDRINCL:	/* raw has it before */
		return (sooptputint(buf, len, 0));
	case VI_IP_ROUTER_ALERT:
		return (sooptputint(buf, len, inp->inp_extra != NULL && inp->inp_extra->ex_alertget));
	case VI_IP_UNICAST_IF:
		return (sooptputint(buf, len, inp->inp_extra == NULL ? 0 : (int)inp->inp_extra->ex_ucastif));
	case VI_IP_PKTOPTIONS:
		return (in_pcbopt_getpktoptions(inp, buf, len));
	case VI_IP_RECVERR_RFC4884:
		return (sooptputint(buf, len, inp->inp_extra != NULL && inp->inp_extra->ex_errexts));
	case VI_IP_PORTRANGE:
		return (sooptputint(buf, len, inp->inp_extra == NULL ? 0 : (int)inp->inp_extra->ex_ports));
	case VI_SO_BINDTODEVICE:
		return (in_pcbopt_getdevice(inp, buf, len));
	case VI_SO_FIB:
		return (sooptputint(buf, len, (int)inp->inp_fib));
	default:
		return (ENOPROTOOPT);
	}
}
