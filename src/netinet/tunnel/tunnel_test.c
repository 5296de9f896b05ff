/* SPDX-License-Identifier: BSD-2-Clause */
/* Two stacks on a cable, and tunnels between them. */
#include <errno.h>

#include <vimage/jail.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "net/route.h"
#include "netinet/netinet_test.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/tunnel/vxlan_int.h"
#include "netinet/udp/udp_var.h"
#include "wire/gre.h"
#include "wire/udp.h"

#define MS	UINT64_C(1000000)

struct pair {
	struct nt	 p_nt;
	struct vnet	*p_vn[2];
	struct ifnet	*p_wire[2];
};

static struct vi_sockaddr
sa(const char *text)
{
	struct vi_sockaddr s = { .sa_family = VI_AF_INET };

	if (inaddr_pton(text, &s.sa_in) != 0) {
		s.sa_family = VI_AF_INET6;
		assert_int_equal(in6addr_pton(text, s.sa_in6), 0);
	}
	return (s);
}

static void
address(struct ifnet *ifp, const char *addr, uint8_t len, const char *dst)
{
	struct vi_ifaddr ia = { .ia_addr = sa(addr), .ia_prefixlen = len, .ia_flags = 0 };
	const bool six = ia.ia_addr.sa_family == VI_AF_INET6;

	if (six)
		ia.ia_flags = VI_IN6_IFF_NODAD;
	if (dst != NULL)
		ia.ia_dst = sa(dst);
	assert_int_equal(net_vnet(ifp->if_vnet)->nv_afops[six ? NET_AF_INET6 : NET_AF_INET]->nao_addr_add(ifp, &ia, true), 0);
}

static void
begin(struct pair *p)
{
	char name[IFNAMSIZ];

	nt_begin(&p->p_nt);
	p->p_vn[0] = p->p_nt.nt_vn;
	assert_int_equal(vnet_create(p->p_nt.nt_k, "b", NULL, &p->p_vn[1]), 0);
	assert_int_equal(if_create(p->p_vn[0], "epair", name), 0);
	p->p_wire[0] = ifnet_byname(p->p_vn[0], "epair0a");
	p->p_wire[1] = ifnet_byname(p->p_vn[0], "epair0b");
	assert_int_equal(if_vmove(p->p_wire[1], p->p_vn[1]), 0);
	address(p->p_wire[0], "192.0.2.1", 24, NULL);
	address(p->p_wire[1], "192.0.2.2", 24, NULL);
	address(p->p_wire[0], "2001:db8::1", 64, NULL);
	address(p->p_wire[1], "2001:db8::2", 64, NULL);
	nt_pass(&p->p_nt, 3000 * MS);
}

static void
end(struct pair *p)
{
	assert_int_equal(vnet_destroy(p->p_vn[1], NULL, NULL), 0);
	nt_end(&p->p_nt);
}

static int
option(struct ifnet *ifp, const char *word, const char *a, const char *b)
{
	const char *argv[] = { a, b };
	char err[VI_ERRLEN];

	return (ifopt_set(ifp, word, argv, a == NULL ? 0 : b == NULL ? 1 : 2, err));
}

static struct ifnet *
make(struct pair *p, int i, const char *type)
{
	char name[IFNAMSIZ];

	assert_int_equal(if_create(p->p_vn[i], type, name), 0);
	return (ifnet_byname(p->p_vn[i], name));
}

/* A tunnel of that type between the two; tun gets the interfaces. */
static void
connect_ends(struct pair *p, const char *type, const char *a, const char *b, struct ifnet *tun[2])
{
	for (int i = 0; i < 2; i++) {
		tun[i] = make(p, i, type);
		assert_int_equal(option(tun[i], "tunnel", i == 0 ? a : b, i == 0 ? b : a), 0);
	}
	address(tun[0], "10.0.0.1", 32, "10.0.0.2");
	address(tun[1], "10.0.0.2", 32, "10.0.0.1");
	address(tun[0], "2001:db8:1::1", 64, NULL);
	address(tun[1], "2001:db8:1::2", 64, NULL);
	nt_pass(&p->p_nt, 3000 * MS);
}

/* A vxlan on both sides: 10.2.0.1 and 10.2.0.2. */
static void
vxlan_ends(struct pair *p, const char *const end[2], const char *group, struct ifnet *vx[2])
{
	for (int i = 0; i < 2; i++) {
		vx[i] = make(p, i, "vxlan");
		assert_int_equal(option(vx[i], "vxlanid", "42", NULL), 0);
		assert_false(vx[i]->if_linkup);
		assert_int_equal(option(vx[i], "vxlanlocal", end[i], NULL), 0);
		if (group != NULL) {
			assert_int_equal(option(vx[i], "vxlangroup", group, NULL), 0);
			assert_false(vx[i]->if_linkup);
			assert_int_equal(option(vx[i], "vxlandev", p->p_wire[i]->if_xname, NULL), 0);
		} else {
			assert_int_equal(option(vx[i], "vxlanremote", end[!i], NULL), 0);
		}
		assert_true(vx[i]->if_linkup);
		address(vx[i], i == 0 ? "10.2.0.1" : "10.2.0.2", 24, NULL);
	}
	nt_pass(&p->p_nt, 3000 * MS);
}

static struct tunnelstat *
stat(struct pair *p, int i)
{
	return (&tunnel_vnet(p->p_vn[i])->tv_stat);
}

/* Sends an ICMP echo request of len bytes of data and waits; true: the reply came. */
static bool
ping4(struct pair *p, const char *dst, size_t len, uint8_t tos, uint8_t mtudisc)
{
	struct ip_out io = { .io_proto = IPPROTO_ICMP, .io_tos = tos, .io_mtudisc = mtudisc };
	const uint64_t before = stat(p, 0)->tns_ipackets;
	uint8_t buf[4096] = { 8 };
	uint16_t sum;
	struct mbuf *m;

	assert_int_equal(inaddr_pton(dst, &io.io_dst), 0);
	sum = cksum_fold(cksum_add(buf, 8 + len, 0));
	memcpy(buf + 2, &sum, 2);
	m = m_frombuf(vnet_acct(p->p_vn[0]), buf, 8 + len, 64);
	(void)ip_output(p->p_vn[0], m, &io);
	nt_pass(&p->p_nt, 200 * MS);
	return (stat(p, 0)->tns_ipackets > before);
}

static bool
ping6(struct pair *p, const char *dst, size_t len)
{
	struct ip6_out io = { .i6o_proto = IPPROTO_ICMPV6, .i6o_mtudisc = 1 };
	const uint64_t before = stat(p, 0)->tns_ipackets;
	uint8_t buf[4096] = { 128 }, src[16];
	uint16_t sum;
	struct mbuf *m;

	assert_int_equal(in6addr_pton(dst, (uint8_t *)io.i6o_dst.in6), 0);
	assert_int_equal(in6addr_pton("2001:db8:1::1", src), 0);
	memcpy(io.i6o_src.in6, src, sizeof(src));
	sum = cksum_fold(cksum_add(buf, 8 + len, in6_pseudo(src, (const uint8_t *)io.i6o_dst.in6, IPPROTO_ICMPV6, (uint32_t)(8 + len))));
	memcpy(buf + 2, &sum, 2);
	m = m_frombuf(vnet_acct(p->p_vn[0]), buf, 8 + len, 64);
	(void)ip6_output(p->p_vn[0], m, &io);
	nt_pass(&p->p_nt, 200 * MS);
	return (stat(p, 0)->tns_ipackets > before);
}

static void
works(const char *type, const char *a, const char *b)
{
	struct ifnet *tun[2];
	struct pair p;

	begin(&p);
	connect_ends(&p, type, a, b, tun);
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(ping4(&p, "10.0.0.2", 3000, 0, IP_PMTUDISC_DONT));	/* fragments, before the tunnel */
	assert_true(ping6(&p, "2001:db8:1::2", 56));
	assert_true(ping6(&p, "2001:db8:1::2", 1200));
	assert_int_equal(stat(&p, 0)->tns_toobig + stat(&p, 1)->tns_toobig, 0);
	assert_int_equal(tun[0]->if_stats.ifs_oerrors + tun[0]->if_stats.ifs_ierrors, 0);
	assert_true(tun[0]->if_stats.ifs_ipackets >= 4);
	assert_int_equal(option(tun[1], "deletetunnel", NULL, NULL), 0);
	assert_false(if_up(tun[1]));
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(stat(&p, 1)->tns_nobody > 0);
	end(&p);
}

static void
families(void **state)
{
	(void)state;
	works("gif", "192.0.2.1", "192.0.2.2");
	works("gif", "2001:db8::1", "2001:db8::2");
	works("gre", "192.0.2.1", "192.0.2.2");
	works("gre", "2001:db8::1", "2001:db8::2");
}

/* The text of an interface's link-local address, with the name of that zone. */
static void
linklocal_of(const struct ifnet *ifp, const struct ifnet *zone, char text[TUNNEL_ADDRLEN])
{
	struct in_addr_any a = in4_any(0);
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET6 && in6_linklocal(ifa->ifa_addr.na_in6))
			memcpy(a.in6, ifa->ifa_addr.na_in6, sizeof(a.in6));
	in6_setzone((uint8_t *)a.in6, zone->if_index);
	(void)tunnel_ntop(zone->if_vnet, &in6_ops, &a, text);
}

static void
linklocal(void **state)
{
	char src[TUNNEL_ADDRLEN], dst[TUNNEL_ADDRLEN];
	struct ifnet *tun[2];
	struct pair p;

	(void)state;
	begin(&p);
	for (int i = 0; i < 2; i++) {
		tun[i] = make(&p, i, "gif");
		linklocal_of(p.p_wire[i], p.p_wire[i], src);
		linklocal_of(p.p_wire[!i], p.p_wire[i], dst);
		assert_int_equal(option(tun[i], "tunnel", src, "2001:db8::1"), EINVAL);
		assert_int_equal(option(tun[i], "tunnel", src, "fe80::1%lo0"), EINVAL);
		assert_int_equal(option(tun[i], "tunnel", src, "fe80::1%none"), EINVAL);
		assert_int_equal(option(tun[i], "tunnel", "2001:db8::1%lo0", "2001:db8::2%lo0"), EINVAL);
		assert_int_equal(option(tun[i], "tunnel", src, dst), 0);
	}
	address(tun[0], "10.0.0.1", 32, "10.0.0.2");
	address(tun[1], "10.0.0.2", 32, "10.0.0.1");
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(ping4(&p, "10.0.0.2", 3000, 0, IP_PMTUDISC_DONT));
	/* The zone goes, and the ends with it. */
	assert_int_equal(if_destroy(p.p_vn[0], p.p_wire[0]->if_xname), 0);
	for (int i = 0; i < 2; i++)
		assert_null(((struct tunnel *)tun[i]->if_softc)->tn_ops);
	end(&p);
}

static void
gre_options(void **state)
{
	struct ifnet *tun[2];
	struct pair p;

	(void)state;
	begin(&p);
	connect_ends(&p, "gre", "192.0.2.1", "192.0.2.2", tun);
	assert_int_equal(option(tun[0], "grekey", "10", NULL), 0);
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_int_equal(option(tun[1], "grekey", "0xa", NULL), 0);
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	for (int i = 0; i < 2; i++)
		assert_int_equal(option(tun[i], "enable_csum", NULL, NULL), 0);
	assert_true(ping4(&p, "10.0.0.2", 57, 0, IP_PMTUDISC_WANT));
	assert_int_equal(option(tun[1], "enable_seq", NULL, NULL), 0);
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));	/* it has no number */
	assert_int_equal(stat(&p, 1)->tns_oldseq, 1);
	assert_int_equal(option(tun[0], "enable_seq", NULL, NULL), 0);
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	((struct tunnel *)tun[0]->if_softc)->tn_oseq = 0;
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));	/* an old one */
	((struct tunnel *)tun[1]->if_softc)->tn_iseqvalid = false;
	((struct tunnel *)tun[0]->if_softc)->tn_oseq = UINT32_MAX;	/* and round it goes */
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_int_equal(option(tun[0], "grekey", "4294967296", NULL), EINVAL);
	end(&p);
}

/* The port that a packet from that address would go from. */
static uint16_t
udp_sport(struct tunnel *tn, uint8_t from)
{
	const uint8_t inner[48] = { 0x45, [9] = IPPROTO_UDP, [12] = 10, [15] = from, [16] = 10, [19] = 2 };
	struct mbuf *m = m_frombuf(vnet_acct(tn->tn_if->if_vnet), inner, sizeof(inner), 64);
	uint16_t port;

	m = gre_udp_header(tn, m, gre_udp_flow(tn, m));
	port = NTOHS(mtod(m, struct udphdr *)->uh_sport);
	assert_int_equal(NTOHS(mtod(m, struct udphdr *)->uh_dport), 4754);
	m_freem(m);
	return (port);
}

static void
udp_works(const char *a, const char *b)
{
	struct ifnet *tun[2];
	struct pair p;

	begin(&p);
	connect_ends(&p, "gre", a, b, tun);
	assert_int_equal(option(tun[0], "udpencap", NULL, NULL), 0);
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));	/* a closed port */
	assert_int_equal(option(tun[1], "udpencap", NULL, NULL), 0);
	assert_int_equal(option(tun[1], "enable_csum", NULL, NULL), 0);
	assert_int_equal(option(tun[1], "udpport", "55555", NULL), 0);
	assert_true(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(ping4(&p, "10.0.0.2", 3000, 0, IP_PMTUDISC_DONT));
	assert_true(ping6(&p, "2001:db8:1::2", 1200));
	assert_true(udp_vnet(p.p_vn[1])->uv_stat.udps_tunnelled >= 5);
	assert_int_equal(udp_vnet(p.p_vn[1])->uv_stat.udps_badsum, 0);
	assert_int_equal(tun[0]->if_stats.ifs_ierrors + tun[1]->if_stats.ifs_ierrors, 0);
	assert_int_equal(udp_sport(tun[1]->if_softc, 1), 55555);
	/* One without is not meant, nor one with a key. */
	assert_int_equal(option(tun[1], "-udpencap", NULL, NULL), 0);
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_int_equal(option(tun[1], "udpencap", NULL, NULL), 0);
	assert_int_equal(option(tun[0], "grekey", "7", NULL), 0);
	assert_false(ping4(&p, "10.0.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_true(stat(&p, 1)->tns_nobody > 0);
	end(&p);		/* with the port open */
}

static void
gre_udp(void **state)
{
	const struct vi_cred cred = { .cr_priv = true };
	struct vi_sockaddr port = { .sa_family = VI_AF_INET, .sa_port = HTONS(4754) };
	struct ifnet *gre, *other;
	struct tunnel *tn;
	struct socket *so;
	struct pair p;

	(void)state;
	udp_works("192.0.2.1", "192.0.2.2");
	udp_works("2001:db8::1", "2001:db8::2");
	begin(&p);
	gre = make(&p, 0, "gre");
	other = make(&p, 0, "gre");
	tn = gre->if_softc;
	/* All can be said before there are ends. */
	assert_int_equal(option(gre, "udpencap", NULL, NULL), 0);
	assert_int_equal(option(gre, "udpport", "49151", NULL), EINVAL);
	assert_int_equal(option(gre, "udpport", "65536", NULL), EINVAL);
	assert_null(tunnel_vnet(p.p_vn[0])->tv_greso[0]);
	/* The port is somebody's. */
	assert_int_equal(socreate(p.p_vn[0], VI_AF_INET, VI_SOCK_DGRAM, 0, &cred, &so), 0);
	assert_int_equal(sobind(so, &port), 0);
	assert_int_equal(option(gre, "tunnel", "192.0.2.1", "192.0.2.2"), EADDRINUSE);
	assert_null(tn->tn_ops);
	soclose(so);
	assert_int_equal(option(gre, "tunnel", "192.0.2.1", "192.0.2.2"), 0);
	assert_non_null(tunnel_vnet(p.p_vn[0])->tv_greso[0]);
	/* In UDP and without are two. */
	assert_int_equal(option(other, "tunnel", "192.0.2.1", "192.0.2.2"), 0);
	assert_int_equal(option(other, "udpencap", NULL, NULL), EEXIST);
	assert_int_equal(option(gre, "-udpencap", NULL, NULL), EEXIST);
	/* The flow inside is told by the port, and always by the same. */
	assert_true(udp_sport(tn, 1) >= 49152);
	assert_int_equal(udp_sport(tn, 1), udp_sport(tn, 1));
	assert_true(udp_sport(tn, 1) != udp_sport(tn, 2) || udp_sport(tn, 1) != udp_sport(tn, 3));
	/* The last takes the socket with it, also by changing the family. */
	assert_int_equal(option(gre, "tunnel", "2001:db8::1", "2001:db8::2"), 0);
	assert_null(tunnel_vnet(p.p_vn[0])->tv_greso[0]);
	assert_non_null(tunnel_vnet(p.p_vn[0])->tv_greso[1]);
	assert_int_equal(if_destroy(p.p_vn[0], gre->if_xname), 0);
	assert_null(tunnel_vnet(p.p_vn[0])->tv_greso[1]);
	end(&p);
}

/* What the path carries is told to who sends, and not to who may be fragmented. */
static void
mtu(void **state)
{
	struct ifnet *tun[2];
	struct pair p;

	(void)state;
	begin(&p);
	connect_ends(&p, "gif", "192.0.2.1", "192.0.2.2", tun);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(if_setmtu(tun[i], 2000), 0);
		assert_int_equal(if_setmtu(p.p_wire[i], 1400), 0);
	}
	assert_true(ping4(&p, "10.0.0.2", 1352, 0, IP_PMTUDISC_DO));	/* 1380 with its header */
	assert_false(ping4(&p, "10.0.0.2", 1353, 0, IP_PMTUDISC_DO));
	assert_int_equal(stat(&p, 0)->tns_toobig, 1);
	nt_pass(&p.p_nt, 100 * MS);
	assert_int_equal(in_ops.io_pathmtu(p.p_vn[0], NULL, 0, &(struct in_addr_any){ .in4 = HTONL(0x0a000002) }), 1380);
	assert_true(ping4(&p, "10.0.0.2", 1500, 0, IP_PMTUDISC_DONT));
	/* IPv6 has its 1280 even where the path has not. */
	assert_false(ping6(&p, "2001:db8:1::2", 1380));
	assert_int_equal(in6_ops.io_pathmtu(p.p_vn[0], NULL, 0, &(struct in_addr_any){ .in6 = { HTONL(0x20010db8), HTONL(0x00010000), 0, HTONL(2) } }),
	    1380);
	for (int i = 0; i < 2; i++)
		assert_int_equal(if_setmtu(p.p_wire[i], 700), 0);
	assert_true(ping6(&p, "2001:db8:1::2", 1200));
	end(&p);
}

static void
nesting(void **state)
{
	struct ifnet *tun[2], *in[2];
	struct pair p;

	(void)state;
	begin(&p);
	connect_ends(&p, "gif", "192.0.2.1", "192.0.2.2", tun);
	for (int i = 0; i < 2; i++) {
		in[i] = make(&p, i, "gre");
		assert_int_equal(option(in[i], "tunnel", i == 0 ? "10.0.0.1" : "10.0.0.2", i == 0 ? "10.0.0.2" : "10.0.0.1"), 0);
		address(in[i], i == 0 ? "10.1.0.1" : "10.1.0.2", 32, i == 0 ? "10.1.0.2" : "10.1.0.1");
	}
	assert_false(ping4(&p, "10.1.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_int_equal(stat(&p, 0)->tns_nested, 1);
	for (int i = 0; i < 2; i++)
		tunnel_vnet(p.p_vn[i])->tv_nesting[TUNNEL_GIF] = 2;
	assert_true(ping4(&p, "10.1.0.2", 56, 0, IP_PMTUDISC_WANT));
	/* A tunnel whose other end is behind itself. */
	assert_int_equal(option(in[0], "tunnel", "10.0.0.1", "10.1.0.2"), 0);
	assert_false(ping4(&p, "10.1.0.2", 56, 0, IP_PMTUDISC_WANT));
	assert_int_equal(stat(&p, 0)->tns_nested, 2);
	end(&p);
}

/* What comes out of a tunnel to this host itself and is nobody's is not answered through that tunnel. */
static void
to_oneself(void **state)
{
	struct ifnet *gre;
	struct pair p;

	(void)state;
	begin(&p);
	gre = make(&p, 0, "gre");
	assert_int_equal(option(gre, "tunnel", "10.9.0.9", "192.0.2.1"), 0);
	address(gre, "10.0.0.1", 32, "10.9.0.9");
	assert_false(ping4(&p, "10.9.0.9", 8, 0, IP_PMTUDISC_WANT));
	assert_int_equal(stat(&p, 0)->tns_nobody, 1);
	end(&p);
}

static void
ends(void **state)
{
	struct ifnet *gif, *other, *gre;
	struct pair p;

	(void)state;
	begin(&p);
	gif = make(&p, 0, "gif");
	other = make(&p, 0, "gif");
	gre = make(&p, 0, "gre");
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "2001:db8::1"), EAFNOSUPPORT);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "224.0.0.1"), EINVAL);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "0.0.0.0"), EINVAL);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "192.0.2.1"), EADDRNOTAVAIL);
	assert_int_equal(option(gif, "tunnel", "fe80::1", "fe80::2"), EINVAL);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "rubbish"), EINVAL);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", NULL), EINVAL);
	assert_int_equal(option(gif, "grekey", "1", NULL), ENOENT);
	assert_false(gif->if_linkup);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "192.0.2.2"), 0);
	assert_true(gif->if_linkup);
	assert_int_equal(option(gif, "tunnel", "192.0.2.1", "192.0.2.2"), 0);
	assert_int_equal(option(other, "tunnel", "192.0.2.1", "192.0.2.2"), EADDRNOTAVAIL);
	assert_int_equal(option(gre, "tunnel", "192.0.2.1", "192.0.2.2"), 0);
	assert_int_equal(option(gif, "tunnelfib", "7", NULL), EINVAL);
	assert_int_equal(option(gif, "tunnelfib", "0", NULL), 0);
	/* One that moves leaves its ends behind. */
	assert_int_equal(if_vmove(gif, p.p_vn[1]), 0);
	assert_false(gif->if_linkup);
	assert_int_equal(option(other, "tunnel", "192.0.2.1", "192.0.2.2"), 0);
	assert_int_equal(if_destroy(p.p_vn[0], "gre0"), 0);
	end(&p);
}

/* RFC 6040 figures 3 and 4. */
static void
ecn(void **state)
{
	/* by inner and outer; 4: dropped */
	static const uint8_t want[4][4] = { { 0, 0, 0, 4 }, { 1, 1, 1, 3 }, { 2, 1, 2, 3 }, { 3, 3, 3, 3 } };
	struct ifnet *tun[2];
	struct pair p;

	(void)state;
	for (uint8_t inner = 0; inner < 4; inner++)
		for (uint8_t outer = 0; outer < 4; outer++) {
			uint8_t tos = inner | 0xb8;
			const bool ok = tunnel_ecn(outer, &tos);

			assert_int_equal(ok ? tos & 3 : 4, want[inner][outer]);
			assert_int_equal(tos & 0xfc, 0xb8);
		}
	begin(&p);
	connect_ends(&p, "gif", "192.0.2.1", "192.0.2.2", tun);
	for (uint8_t tos = 0; tos < 4; tos++)
		assert_true(ping4(&p, "10.0.0.2", 56, tos | 0x28, IP_PMTUDISC_WANT));
	end(&p);
}

static void
sixtofour(void **state)
{
	struct ifnet *stf[2];
	char name[IFNAMSIZ];
	struct pair p;

	(void)state;
	begin(&p);
	for (int i = 0; i < 2; i++) {
		stf[i] = make(&p, i, "stf");
		assert_int_equal(if_create(p.p_vn[i], "stf", name), EEXIST);
	}
	address(stf[0], "2002:c000:201::1", 16, NULL);
	address(stf[1], "2002:c000:202::1", 16, NULL);
	nt_pass(&p.p_nt, 3000 * MS);
	assert_false(ping6(&p, "2002:c000:202::1", 56));	/* its source is no 6to4 address, and the answer finds no way */
	assert_int_equal(stat(&p, 1)->tns_ipackets, 1);
	assert_false(ping6(&p, "2002:0a00:0001::1", 56));	/* 10.0.0.1 */
	assert_int_equal(stat(&p, 0)->tns_badinner, 1);
	assert_int_equal(if_destroy(p.p_vn[0], "stf0"), 0);
	assert_int_equal(if_create(p.p_vn[0], "stf", name), 0);
	end(&p);
}

/* 6rd: a peer's packets go to him, others to the border relay, and come from there alone. */
static void
sixrd(void **state)
{
	const struct tunnelstat *st;
	struct ifnet *stf[2];
	struct pair p;

	(void)state;
	begin(&p);
	for (int i = 0; i < 2; i++) {
		stf[i] = make(&p, i, "stf");
		assert_int_equal(option(stf[i], "stfv4net", "192.0.2.1", NULL), EINVAL);
		assert_int_equal(option(stf[i], "stfv4net", "192.0.2.1/0", NULL), EINVAL);
		assert_int_equal(option(stf[i], "stfv4net", "192.0.2.1/33", NULL), EINVAL);
		assert_int_equal(option(stf[i], "stfv4net", "224.0.2.1/32", NULL), EINVAL);
		assert_int_equal(option(stf[i], "stfv4net", "0.0.0.0/16", NULL), EINVAL);
		assert_int_equal(option(stf[i], "stfv4net", i == 0 ? "192.0.2.1/16" : "192.0.2.2/16", NULL), 0);
		assert_int_equal(option(stf[i], "stfv4br", "rubbish", NULL), EINVAL);
		address(stf[i], i == 0 ? "2001:db8:1:201::1" : "2001:db8:1:202::1", 48, NULL);
	}
	address(p.p_wire[1], "2001:db9::1", 64, NULL);
	nt_pass(&p.p_nt, 3000 * MS);
	st = stat(&p, 1);
	/* ping6() sends from 2001:db8:1::1, which would be 192.0.0.0's. */
	assert_false(ping6(&p, "2001:db8:1:202::1", 56));
	assert_int_equal(st->tns_badsource, 1);
	assert_int_equal(option(stf[1], "stfv4net", "192.0.2.2/32", NULL), 0);	/* too long for the prefix: nothing is for it */
	assert_false(ping6(&p, "2001:db8:1:202::1", 56));
	assert_int_equal(st->tns_nobody, 1);
	assert_int_equal(option(stf[1], "stfv4net", "192.0.2.2/16", NULL), 0);
	assert_int_equal(stat(&p, 0)->tns_opackets, 2);
	assert_int_equal(option(stf[0], "-stfv4net", NULL, NULL), 0);
	assert_false(ping6(&p, "2001:db8:1:202::1", 56));	/* 6to4 has no address here */
	assert_int_equal(stat(&p, 0)->tns_opackets, 2);
	end(&p);
}

/* Sends an echo request by the vxlan and waits; true: something came back. */
static bool
vxping(struct pair *p, struct ifnet *vx)
{
	struct ip_out io = { .io_proto = IPPROTO_ICMP, .io_dst = HTONL(0x0a020002) };
	const uint64_t before = vx->if_stats.ifs_ipackets;
	uint8_t buf[64] = { 8 };
	uint16_t sum = cksum_fold(cksum_add(buf, sizeof(buf), 0));

	memcpy(buf + 2, &sum, 2);
	(void)ip_output(p->p_vn[0], m_frombuf(vnet_acct(p->p_vn[0]), buf, sizeof(buf), 64), &io);
	nt_pass(&p->p_nt, 500 * MS);
	return (vx->if_stats.ifs_ipackets > before);
}

static void
vxlan_works(const char *a, const char *b, const char *group)
{
	const char *const end_[2] = { a, b };
	struct ifnet *vx[2], *other;
	struct pair p;

	begin(&p);
	vxlan_ends(&p, end_, group, vx);
	assert_true(vxping(&p, vx[0]));
	assert_true(vxping(&p, vx[0]));
	assert_int_equal(((struct vxlan *)vx[0]->if_softc)->vx_naddrs, 1);
	other = make(&p, 0, "vxlan");
	assert_int_equal(option(other, "vxlanid", "42", NULL), 0);
	if (group == NULL) {
		assert_int_equal(option(other, "vxlanlocal", a, NULL), 0);
		assert_int_equal(option(other, "vxlanremote", b, NULL), EEXIST);
	}
	assert_int_equal(option(vx[1], "vxlanid", "43", NULL), 0);
	nt_pass(&p.p_nt, 100 * MS);
	assert_false(vxping(&p, vx[0]));
	assert_true(vxlan_vnet(p.p_vn[1])->xv_stat.vxs_nobody > 0);
	assert_int_equal(option(vx[1], "vxlanid", "42", NULL), 0);
	assert_true(vxping(&p, vx[0]));
	assert_int_equal(option(vx[0], "vxlanflush", NULL, NULL), 0);
	assert_int_equal(((struct vxlan *)vx[0]->if_softc)->vx_naddrs, 0);
	assert_int_equal(if_destroy(p.p_vn[0], other->if_xname), 0);
	if (group != NULL) {		/* without the wire there is no group */
		assert_int_equal(if_destroy(p.p_vn[0], p.p_wire[0]->if_xname), 0);
		assert_false(vx[0]->if_linkup);
	}
	end(&p);
}

static void
vxlans(void **state)
{
	(void)state;
	vxlan_works("192.0.2.1", "192.0.2.2", NULL);
	vxlan_works("2001:db8::1", "2001:db8::2", NULL);
	vxlan_works("192.0.2.1", "192.0.2.2", "239.0.0.1");
	vxlan_works("2001:db8::1", "2001:db8::2", "ff05::42");
}

static void
vxlan_table(void **state)
{
	static const uint8_t base[6] = { 2, 0, 0, 0, 0, 0 };
	const char *const end_[2] = { "192.0.2.1", "192.0.2.2" };
	const struct in_addr_any there = in4_any(HTONL(0xc0000209));
	uint8_t lladdr[6];
	struct ifnet *vx[2];
	struct vxlan *v;
	struct pair p;

	(void)state;
	begin(&p);
	vxlan_ends(&p, end_, NULL, vx);
	v = vx[0]->if_softc;
	assert_int_equal(option(vx[0], "vxlanflush", NULL, NULL), 0);
	assert_int_equal(option(vx[0], "vxlanmaxaddr", "100", NULL), 0);
	assert_int_equal(option(vx[0], "vxlantimeout", "10", NULL), 0);
	memcpy(lladdr, base, sizeof(lladdr));
	for (unsigned i = 0; i < 200; i++) {
		lladdr[5] = (uint8_t)i;
		vxlan_learn(v, lladdr, &there);
	}
	assert_int_equal(v->vx_naddrs, 100);
	assert_int_equal(vxlan_vnet(p.p_vn[0])->xv_stat.vxs_full, 100);
	assert_null(vxlan_find(v, lladdr));
	lladdr[5] = 7;
	assert_true(in_addr_eq(vxlan_find(v, lladdr), &there));
	nt_pass(&p.p_nt, 11000 * MS);
	assert_null(vxlan_find(v, lladdr));
	assert_int_equal(v->vx_naddrs, 99);
	lladdr[4] = 1;
	vxlan_learn(v, lladdr, &there);		/* the old ones make room */
	vxlan_learn(v, base, &there);
	lladdr[4] = 2;
	vxlan_learn(v, lladdr, &there);
	assert_true(v->vx_naddrs <= 3);
	assert_int_equal(option(vx[0], "vxlanid", "16777216", NULL), EINVAL);
	assert_int_equal(option(vx[0], "vxlangroup", "192.0.2.1", NULL), EINVAL);
	assert_int_equal(option(vx[0], "vxlanremote", "239.0.0.1", NULL), EINVAL);
	assert_int_equal(option(vx[0], "vxlanportrange", "5", "4"), EINVAL);
	assert_int_equal(option(vx[0], "vxlandev", "nosuch0", NULL), ENXIO);
	assert_int_equal(option(vx[0], "vxlandev", vx[0]->if_xname, NULL), EINVAL);
	end(&p);
}

/* Anything at all that comes as GRE or IP in IP. */
static void
count_item(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	(void)list, (void)item;
	if (strcmp(key, "flags") == 0)
		++((unsigned *)arg)[value[0] - '0'];
}

/* Stations entered by hand stay where they were said to be, and the table grows with what is in it. */
static void
vxlan_by_hand(void **state)
{
	const char *const end_[2] = { "192.0.2.1", "192.0.2.2" };
	const struct in_addr_any there = in4_any(HTONL(0xc0000209)), said = in4_any(HTONL(0xc0000208));
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	unsigned shown[2] = { 0, 0 };
	struct ifnet *vx[2];
	struct vxlan *v;
	struct pair p;

	(void)state;
	begin(&p);
	vxlan_ends(&p, end_, NULL, vx);
	v = vx[0]->if_softc;
	assert_int_equal(option(vx[0], "vxlanstatic", "01:00:00:00:00:09", "192.0.2.8"), EINVAL);
	assert_int_equal(option(vx[0], "vxlanstatic", "02:00:00:00:00:09", "224.0.0.8"), EINVAL);
	assert_int_equal(option(vx[0], "vxlanstatic", "02:00:00:00:00:09", "2001:db8::8"), EAFNOSUPPORT);
	assert_int_equal(option(vx[0], "vxlandeladdr", "02:00:00:00:00:09", NULL), ENOENT);
	vxlan_learn(v, mac, &there);
	assert_int_equal(option(vx[0], "vxlanstatic", "02:00:00:00:00:09", "192.0.2.8"), 0);
	vxlan_learn(v, mac, &there);
	assert_true(in_addr_eq(vxlan_find(v, mac), &said));
	for (unsigned i = 0; i < 1000; i++) {
		mac[4] = (uint8_t)(1 + i / 256);
		mac[5] = (uint8_t)i;
		vxlan_learn(v, mac, &there);
		assert_true(in_addr_eq(vxlan_find(v, mac), &there));
	}
	assert_true(v->vx_tablesize >= 512);
	assert_int_equal(ifopt_show_list(vx[0], "address", count_item, shown), 0);
	assert_true(shown[0] >= 1000 && shown[1] == 1);
	assert_int_equal(option(vx[0], "vxlanflush", NULL, NULL), 0);
	assert_int_equal(v->vx_naddrs, 1);
	/* Not one second after another: the table is looked through no more than once a second. */
	assert_int_equal(option(vx[0], "vxlanmaxaddr", "1", NULL), 0);
	vxlan_learn(v, mac, &there);
	assert_null(vxlan_find(v, mac));
	assert_int_equal(option(vx[0], "vxlanstatic", "02:00:00:00:00:08", "192.0.2.8"), ENOSPC);
	assert_int_equal(option(vx[0], "vxlandeladdr", "02:00:00:00:00:09", NULL), 0);
	assert_int_equal(option(vx[0], "vxlanstatic", "02:00:00:00:00:08", "192.0.2.8"), 0);
	assert_int_equal(option(vx[0], "vxlanflushall", NULL, NULL), 0);
	assert_int_equal(v->vx_naddrs, 0);
	/* It moves with an entry in it. */
	assert_int_equal(option(vx[0], "vxlanstatic", "02:00:00:00:00:08", "192.0.2.8"), 0);
	assert_int_equal(if_rename(vx[0], "moved"), 0);
	assert_int_equal(if_vmove(vx[0], p.p_vn[1]), 0);
	assert_int_equal(v->vx_naddrs, 0);
	end(&p);
}

static void
rubbish(void **state)
{
	struct ifnet *gif[2], *gre[2];
	uint8_t buf[128];
	struct pair p;

	(void)state;
	begin(&p);
	for (int i = 0; i < 2; i++) {
		gif[i] = make(&p, i, "gif");
		gre[i] = make(&p, i, "gre");
		assert_int_equal(option(gif[i], "tunnel", i == 0 ? "192.0.2.1" : "192.0.2.2", i == 0 ? "192.0.2.2" : "192.0.2.1"), 0);
		assert_int_equal(option(gre[i], "tunnel", i == 0 ? "192.0.2.1" : "192.0.2.2", i == 0 ? "192.0.2.2" : "192.0.2.1"), 0);
		address(gif[i], i == 0 ? "10.0.0.1" : "10.0.0.2", 32, i == 0 ? "10.0.0.2" : "10.0.0.1");
		address(gre[i], i == 0 ? "10.1.0.1" : "10.1.0.2", 32, i == 0 ? "10.1.0.2" : "10.1.0.1");
	}
	for (unsigned round = 0; round < 3000; round++) {
		static const uint8_t protos[] = { IPPROTO_IPV4, IPPROTO_IPV6, IPPROTO_GRE };
		struct ip_out io = { .io_proto = protos[nt_random(&p.p_nt, 3)], .io_dst = HTONL(0xc0000202) };
		const uint32_t len = nt_random(&p.p_nt, sizeof(buf));

		for (uint32_t i = 0; i < len; i++)
			buf[i] = (uint8_t)nt_random(&p.p_nt, 256);
		if (len > 0 && nt_random(&p.p_nt, 2) == 0)
			buf[0] = io.io_proto == IPPROTO_IPV6 ? 0x60 : io.io_proto == IPPROTO_IPV4 ? 0x45 : (uint8_t)(nt_random(&p.p_nt, 16) << 4);
		if (len > 1 && io.io_proto == IPPROTO_GRE && nt_random(&p.p_nt, 2) == 0)
			buf[1] = 0;
		(void)ip_output(p.p_vn[0], nt_chain(&p.p_nt, buf, len, 1 + nt_random(&p.p_nt, 30)), &io);
		nt_pass(&p.p_nt, MS);
	}
	assert_true(stat(&p, 1)->tns_ipackets > 100 && stat(&p, 1)->tns_badheader > 100 && stat(&p, 1)->tns_short > 100);
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families),
		cmocka_unit_test(linklocal),
		cmocka_unit_test(gre_options),
		cmocka_unit_test(gre_udp),
		cmocka_unit_test(mtu),
		cmocka_unit_test(nesting),
		cmocka_unit_test(to_oneself),
		cmocka_unit_test(ends),
		cmocka_unit_test(ecn),
		cmocka_unit_test(sixtofour),
		cmocka_unit_test(sixrd),
		cmocka_unit_test(vxlans),
		cmocka_unit_test(vxlan_table),
		cmocka_unit_test(vxlan_by_hand),
		cmocka_unit_test(rubbish),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
