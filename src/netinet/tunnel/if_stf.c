/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stf: 6to4 (RFC 3056) and 6rd (RFC 5969).  IPv6 addresses that begin with the prefix have an IPv4 address behind it, which is where packets for them go; the
 * interface's own says from which.  6to4's prefix is 2002::/16.  6rd's is that of the interface's address, and the IPv4 addresses may have their first
 * bits in common, which are not in it then (stfv4net).
 *
 * One in a vnet: it takes what comes for its address from anywhere.  A source inside with the prefix must be the one outside.  6to4's addresses must be
 * global (RFC 3964 5.1, 5.2); of 6rd's the provider knows, and other sources inside come from the border relay alone (RFC 5969 12).
 *
 * Other destinations are reached by a router whose address has the prefix (RFC 3056 5.2, step 4), or by 6rd's border relay (stfv4br); RFC 7526 took the
 * anycast address of 6to4's relays back.
 */
#include <errno.h>
#include <string.h>

#include "base/endian.h"
#include "base/in6addr.h"
#include "base/inaddr.h"
#include "base/sbuf.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/tunnel/tunnel.h"
#include "wire/ip.h"
#include "wire/ip6.h"

#define STF_MTU		1280

/* 6rd; zeroes: 6to4. */
struct stf {
	uint32_t	 st_src;	/* of what is in common, and the source; 0: the one in the interface's address */
	uint32_t	 st_br;		/* border relay; 0: none */
	uint8_t		 st_bits;	/* of an IPv4 address behind the prefix; 0: 6to4 */
};

/* How the interface's addresses have IPv4 addresses in them. */
struct stf_map {
	uint64_t	 sm_prefix;	/* host order, with whatever behind it */
	unsigned	 sm_len, sm_bits;
	uint32_t	 sm_common;	/* host order: the first bits of all */
	uint32_t	 sm_src;	/* where we are */
};

/* The IPv4 address in an IPv6 address; 0: it has not the prefix. */
static uint32_t
stf_in4(const struct stf_map *sm, const uint8_t a[16])
{
	const uint64_t top = be64dec(a);

	if ((top ^ sm->sm_prefix) >> (64 - sm->sm_len) != 0)
		return (0);
	return (HTONL(sm->sm_common | (uint32_t)(top << sm->sm_len >> (64 - sm->sm_bits))));
}

/* False: the interface has no address of the kind. */
static bool
stf_getmap(const struct ifnet *ifp, struct stf_map *sm)
{
	const struct stf *st = ifp->if_softc;
	const bool sixrd = st->st_bits != 0;
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link) {
		const uint8_t *own = ifa->ifa_addr.na_in6;

		if (ifa->ifa_addr.na_af != NET_AF_INET6 || (sixrd ? in6_linklocal(own) : own[0] != 0x20 || own[1] != 0x02))
			continue;
		*sm = (struct stf_map){ .sm_prefix = be64dec(own), .sm_len = sixrd ? ifa->ifa_prefixlen : 16, .sm_bits = sixrd ? st->st_bits : 32 };
		if (sm->sm_bits < 32)
			sm->sm_common = NTOHL(st->st_src) & ~0u << sm->sm_bits;
		if (sm->sm_len == 0 || sm->sm_len + sm->sm_bits > 64)
			continue;
		sm->sm_src = st->st_src != 0 ? st->st_src : stf_in4(sm, own);
		return (true);
	}
	return (false);
}

/* RFC 3056 2, 5.3: a unicast address that all the Internet knows; of 6rd, one that can be a host's at all. */
static bool
stf_usable(const struct ifnet *ifp, uint32_t a)
{
	const struct stf *st = ifp->if_softc;

	return (in_canforward(a) && (st->st_bits != 0 || tunnel_vnet(ifp->if_vnet)->tv_stfprivate != 0 || !in_private(a)));
}

/* The other end of the tunnel to an IPv6 address; 0: none. */
static uint32_t
stf_target(const struct ifnet *ifp, const struct stf_map *sm, const struct mbuf *m, const uint8_t dst[16])
{
	const uint32_t direct = stf_in4(sm, dst);
	uint32_t router = 0;
	const struct nhop *nh;

	if (direct != 0)
		return (direct);
	nh = fib6_lookup(ifp->if_vnet, m->m_pkt.fib, dst);
	if (nh != NULL && nh->nh_ifp == ifp && nh->nh_gw.na_af == NET_AF_INET6)
		router = stf_in4(sm, nh->nh_gw.na_in6);
	return (router != 0 ? router : ((const struct stf *)ifp->if_softc)->st_br);
}

static int
stf_encap(struct ifnet *ifp, struct mbuf *m, const struct tunnel_inner *ti)
{
	struct tunnel_vnet *tv = tunnel_vnet(ifp->if_vnet);
	const struct ip6_hdr *ip6 = mtod(m, const struct ip6_hdr *);
	struct tunnel_out to = { .to_ops = &in_ops, .to_proto = IPPROTO_IPV6, .to_ttl = (uint8_t)tv->tv_ttl[TUNNEL_GIF] };
	struct stf_map sm;
	bool df;

	if (ti->ti_ops == &in6_ops && stf_getmap(ifp, &sm)) {
		to.to_src = in4_any(sm.sm_src);
		to.to_dst = in4_any(stf_target(ifp, &sm, m, ip6->ip6_dst));
	}
	if (!stf_usable(ifp, to.to_dst.in4))	/* 0 is not */
		return (tunnel_drop(ifp, m, &tv->tv_stat.tns_badinner, ENETUNREACH));
	if ((m = tunnel_fit(ifp, m, ti, &to, &df)) == NULL)
		return (EMSGSIZE);
	return (tunnel_send(ifp, m, ti, &to, df));
}

static int
stf_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (tunnel_transmit(ifp, m, tunnel_vnet(ifp->if_vnet)->tv_nesting[TUNNEL_GIF], stf_encap));
}

static const struct ifnet_ops stf_ops = {
	.ifo_output = if_output_ip,
	.ifo_transmit = stf_transmit,
	.ifo_input = if_input_ip,
};

/* May a packet with that source inside come from there? */
static bool
stf_fromright(const struct ifnet *ifp, const struct stf_map *sm, const uint8_t inner[16], uint32_t outer)
{
	const struct stf *st = ifp->if_softc;
	const uint32_t in4 = stf_in4(sm, inner);

	if (in4 != 0)
		return (in4 == outer);
	return (st->st_bits == 0 || st->st_br == 0 || st->st_br == outer);
}

/* May a packet for that destination inside come here?  Others are a border relay's. */
static bool
stf_forus(const struct ifnet *ifp, const struct stf_map *sm, const uint8_t inner[16])
{
	const struct stf *st = ifp->if_softc;
	const uint32_t in4 = stf_in4(sm, inner);

	if (in4 != 0 || st->st_bits == 0)
		return (in4 == sm->sm_src);
	return (st->st_br == 0 || st->st_br == sm->sm_src);
}

/* RFC 3964 5.1: do the addresses inside and outside say the same? */
static bool
stf_sane(const struct ifnet *ifp, const struct stf_map *sm, const struct ip6_hdr *ip6, uint32_t src)
{
	if (!stf_usable(ifp, src) || !stf_fromright(ifp, sm, ip6->ip6_src, src) || !stf_forus(ifp, sm, ip6->ip6_dst))
		return (false);
	return (!in6_multicast(ip6->ip6_src) && !in6_loopback(ip6->ip6_src) && !in6_linklocal(ip6->ip6_src) && !in6_v4mapped(ip6->ip6_src));
}

bool
stf_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct tunnel_vnet *tv = tunnel_vnet(pk->ip_vnet);
	struct ifnet *ifp = tv->tv_stf;
	struct ip6_hdr ip6;
	struct stf_map sm;

	if (ifp == NULL || pk->ip_proto != IPPROTO_IPV6 || pk->ip_ops != &in_ops || !stf_getmap(ifp, &sm) || sm.sm_src != pk->ip_dst.in4)
		return (false);
	if (m_copydata(m, 0, sizeof(ip6), &ip6) != 0) {
		tv->tv_stat.tns_short++;
	} else if (!stf_sane(ifp, &sm, &ip6, pk->ip_src.in4)) {
		tv->tv_stat.tns_badsource++;
	} else {
		tunnel_receive(ifp, m, &in6_ops, pk->ip_tos);
		return (true);
	}
	ifp->if_stats.ifs_ierrors++;
	m_freem(m);
	return (true);
}

/* Options */

/* An IPv4 address, and how many of its last bits are behind the prefix. */
static int
stf_opt_net(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const char *slash = strchr(argv[0], '/');
	struct stf *st = ifp->if_softc;
	char text[INADDR_STRLEN];
	struct sbuf sb;
	long long bits;
	uint32_t src;
	int error;

	(void)argc;
	if (slash == NULL)
		return (ifopt_fail(err, EINVAL, "%s: %s is no address/bits", io->io_name, argv[0]));
	if ((error = ifopt_number(io, slash + 1, &bits, err)) != 0)
		return (error);
	sbuf_init(&sb, text, sizeof(text));
	sbuf_printf(&sb, "%.*s", (int)(slash - argv[0]), argv[0]);
	if (inaddr_pton(text, &src) != 0 || (src == 0 ? bits < 32 : !in_canforward(src)))
		return (ifopt_fail(err, EINVAL, "%s: %s is no address of a host", io->io_name, text));
	st->st_src = src;
	st->st_bits = (uint8_t)bits;
	return (0);
}

static int
stf_opt_nonet(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)io, (void)argv, (void)argc, (void)err;
	*(struct stf *)ifp->if_softc = (struct stf){ .st_bits = 0 };
	return (0);
}

static int
stf_opt_br(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	uint32_t br;

	(void)argc;
	if (inaddr_pton(argv[0], &br) != 0 || (br != 0 && !in_canforward(br)))
		return (ifopt_fail(err, EINVAL, "%s: %s is no address of a host", io->io_name, argv[0]));
	((struct stf *)ifp->if_softc)->st_br = br;
	return (0);
}

static void
stf_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct stf *st = ifp->if_softc;
	char src[INADDR_STRLEN], br[INADDR_STRLEN];

	if (st->st_bits != 0)
		ifopt_put(is, NULL, NULL, "v4net", "%s/%u -> tv4br %s", inaddr_ntop(src, sizeof(src), st->st_src), st->st_bits,
		    inaddr_ntop(br, sizeof(br), st->st_br));
}

static const struct if_option stf_options[] = {
	{ "stfv4net", 1, 1, stf_opt_net, 0, 1, 32 },
	{ "-stfv4net", 0, 0, stf_opt_nonet, 0, 0, 0 },
	{ "stfv4br", 1, 1, stf_opt_br, 0, 0, 0 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

/* Life */

static int
stf_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	int error;

	if (tunnel_vnet(vn)->tv_stf != NULL)
		return (EEXIST);
	if ((error = if_new_unit(vn, &stf_cloner, unit, name, &ifp)) != 0)
		return (error);
	ifp->if_flags = IFF_RUNNING;
	ifp->if_linkup = true;
	ifp->if_mtu = STF_MTU;
	if ((error = if_new_attach(ifp)) == 0)
		tunnel_vnet(vn)->tv_stf = ifp;
	return (error);
}

const struct if_clone stf_cloner = {
	.ifc_name = "stf",
	.ifc_ops = &stf_ops,
	.ifc_softsize = sizeof(struct stf),
	.ifc_type = VI_IFT_TUNNEL,
	.ifc_priv = VI_PRIV_NET_TUNNEL,
	.ifc_create = stf_create,
	.ifc_destroy = if_new_destroy,
	.ifc_options = stf_options,
	.ifc_show = stf_show,
};
