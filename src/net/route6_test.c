/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 routes: zones, gateways of the link, redirects, path MTUs. */
#include "net/route.h"

#include "net/net_test.h"

struct rig {
	struct nt	 r;
	struct vnet	*vn;
	struct ifnet	*a, *b;
	struct ifaddr	 ia, ib, ll;	/* 2001:db8:1::1/64 on a, 2001:db8:2::1/64 on b; fe80::1 on a */
};

/* Two words in front and one at the end are enough for all of these. */
static const uint8_t *
ip6(uint8_t buf[16], uint32_t w0, uint32_t w1, uint32_t w3)
{
	memset(buf, 0, 16);
	be32enc(buf, w0);
	be32enc(buf + 4, w1);
	be32enc(buf + 12, w3);
	return (buf);
}
#define IP6(w0, w1, w3) ip6((uint8_t[16]){ 0 }, w0, w1, w3)
#define NET1(host) IP6(0x20010db8, 0x00010000, host)
#define NET2(host) IP6(0x20010db8, 0x00020000, host)
/* as it stands inside of the stack */
#define LL(ifp, host) IP6(0xfe800000u | (ifp)->if_index, 0, host)

static void
ifaddr6(struct ifaddr *ifa, struct ifnet *ifp, const uint8_t addr[16])
{
	struct vnet *vn = ifp->if_vnet;

	*ifa = (struct ifaddr){
		.ifa_ifp = ifp, .ifa_addr = { .na_af = NET_AF_INET6 }, .ifa_prefixlen = 64
	};
	memcpy(ifa->ifa_addr.na_in6, addr, 16);
	if_addr_link(ifa);
	assert_int_equal(rt_ifa_add6(vn, addr, 128, RTF_HOST | RTF_LOCAL, net_vnet(vn)->nv_lo0, ifa),
	    0);
	assert_int_equal(rt_ifa_add6(vn, addr, 64, 0, ifp, ifa), 0);
	vnet_event(vn, VNET_EV_IFADDR_ADD, ifa);
}

static void
noifaddr6(struct ifaddr *ifa)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;

	vnet_event(vn, VNET_EV_IFADDR_DEL, ifa);
	rt_ifa_del6(vn, ifa->ifa_addr.na_in6, 64, ifa);
	rt_ifa_del6(vn, ifa->ifa_addr.na_in6, 128, ifa);
	if_addr_unlink(ifa);
}

static void
rig_begin(struct rig *g)
{
	char name[IFNAMSIZ];

	nt_begin(&g->r);
	g->vn = g->r.nt_v0;
	assert_int_equal(if_create(g->vn, "epair", name), 0);
	assert_int_equal(if_create(g->vn, "epair", name), 0);
	g->a = nt_if(g->vn, "epair0a");
	g->b = nt_if(g->vn, "epair1a");
	ifaddr6(&g->ia, g->a, NET1(1));
	ifaddr6(&g->ib, g->b, NET2(1));
	ifaddr6(&g->ll, g->a, LL(g->a, 1));
}

static void
rig_end(struct rig *g)
{
	noifaddr6(&g->ll);
	noifaddr6(&g->ia);
	noifaddr6(&g->ib);
	nt_end(&g->r);
}

static struct vi_sockaddr
sa6(const uint8_t addr[16], uint32_t zone)
{
	struct vi_sockaddr sa = { .sa_family = VI_AF_INET6, .sa_scope = zone };

	memcpy(sa.sa_in6, addr, 16);
	return (sa);
}

static struct vi_route
route(const uint8_t dst[16], uint8_t len, const struct vi_sockaddr *gw)
{
	struct vi_route rt = { .rt_dst = sa6(dst, 0), .rt_prefixlen = len };

	if (gw != NULL) {
		rt.rt_gateway = *gw;
		rt.rt_flags = RTF_GATEWAY;
	}
	return (rt);
}

static void
longest_prefix(void **state)
{
	const struct vi_sockaddr gw1 = sa6(NET1(0xfe), 0), gw2 = sa6(NET2(0xfe), 0);
	struct vi_route rt, got;
	struct vi_sockaddr to;
	const struct nhop *nh;
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_null(fib6_lookup(g.vn, 0, IP6(0x20010db8, 0x00990000, 1)));
	rt = route(IP6(0, 0, 0), 0, &gw1);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(rt_add(g.vn, &rt), EEXIST);
	rt = route(IP6(0x20010db8, 0x00990000, 0), 48, &gw2);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	nh = fib6_lookup(g.vn, 0, IP6(0x20010db8, 0x00990000, 1));
	assert_true(nh != NULL && nh->nh_ifp == g.b && nh->nh_gw.na_af == NET_AF_INET6);
	assert_memory_equal(nh->nh_gw.na_in6, NET2(0xfe), 16);
	assert_null(nh->nh_ifa);		/* chosen packet by packet */
	assert_ptr_equal(fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 1))->nh_ifp, g.a);
	assert_true((fib6_lookup(g.vn, 0, NET1(1))->nh_flags & RTF_LOCAL) != 0);
	to = sa6(IP6(0x20010db8, 0x00990000, 7), 0);
	assert_int_equal(rt_get(g.vn, 0, &to, &got), 0);
	assert_int_equal(got.rt_prefixlen, 48);
	assert_memory_equal(got.rt_dst.sa_in6, IP6(0x20010db8, 0x00990000, 0), 16);
	/* IPv4 knows nothing of it. */
	assert_null(fib4_lookup(g.vn, 0, HTONL(0x20010db8)));
	rt = route(IP6(0, 0, 0), 129, &gw1);
	assert_int_equal(rt_add(g.vn, &rt), EINVAL);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_INET), 0);
	assert_int_equal(rt_flush(g.vn, 0, VI_AF_INET6), 2);
	rig_end(&g);
}

/* A gateway of the link, named with a zone or by the interface; listed without it in the address. */
static void
zones(void **state)
{
	const uint8_t *router = IP6(0xfe800000, 0, 0xfe);
	struct vi_sockaddr gw, to;
	struct vi_route rt, got;
	const struct nhop *nh;
	struct rig g;

	(void)state;
	rig_begin(&g);
	gw = sa6(router, 0);
	rt = route(IP6(0, 0, 0), 0, &gw);
	assert_int_equal(rt_add(g.vn, &rt), ENETUNREACH);	/* on which link? */
	rt.rt_gateway.sa_scope = g.a->if_index;
	assert_int_equal(rt_add(g.vn, &rt), 0);
	nh = fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 1));
	assert_ptr_equal(nh->nh_ifp, g.a);
	assert_memory_equal(nh->nh_gw.na_in6, LL(g.a, 0xfe), 16);
	to = sa6(IP6(0x2a000000, 0, 1), 0);
	assert_int_equal(rt_get(g.vn, 0, &to, &got), 0);
	assert_memory_equal(got.rt_gateway.sa_in6, router, 16);
	assert_int_equal(got.rt_gateway.sa_scope, g.a->if_index);
	/* b has no address of that kind, but it is named */
	rt = route(IP6(0x20010db8, 0x00990000, 0), 48, &gw);
	memcpy(rt.rt_ifname, "epair1a", 8);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_memory_equal(fib6_lookup(g.vn, 0, IP6(0x20010db8, 0x00990000, 1))->nh_gw.na_in6,
	    LL(g.b, 0xfe), 16);
	/* the same address on two links */
	assert_true((fib6_lookup(g.vn, 0, LL(g.a, 1))->nh_flags & RTF_LOCAL) != 0);
	assert_null(rt_match_addr(route_vnet(g.vn), 0, &(struct net_addr){ .na_af = NET_AF_INET6,
	    .na_in6 = { 0xff, 0x02, 0, 1 } })->nh_ifa);	/* the default route, no more */
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	to = sa6(IP6(0xfe800000, 0, 1), g.a->if_index);
	assert_int_equal(rt_get(g.vn, 0, &to, &got), 0);
	assert_true((got.rt_flags & RTF_LOCAL) != 0 && got.rt_dst.sa_scope == g.a->if_index);
	rig_end(&g);
}

static void
learned(void **state)
{
	const struct vi_sockaddr gw = sa6(NET1(0xfe), 0);
	const uint8_t *far = IP6(0x2a000000, 0, 1);
	struct vi_route rt = route(IP6(0, 0, 0), 0, &gw);
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_pmtu6(g.vn, 0, far, 1400), ESRCH);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(rt_pmtu6(g.vn, 0, far, 1279), EINVAL);		/* RFC 8201 4 */
	assert_int_equal(rt_pmtu6(g.vn, 0, far, 1400), 0);
	assert_int_equal(nhop_mtu(fib6_lookup(g.vn, 0, far)), 1400);
	assert_int_equal(nhop_mtu(fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 2))), g.a->if_mtu);
	assert_int_equal(rt_pmtu6(g.vn, 0, far, 1300), 0);
	assert_int_equal(rt_pmtu6(g.vn, 0, far, 1450), 0);		/* never up */
	assert_int_equal(nhop_mtu(fib6_lookup(g.vn, 0, far)), 1300);
	/* RFC 4861 8.3: another router of the link, or the host itself */
	far = IP6(0x2a000000, 0, 3);
	assert_int_equal(rt_redirect6(g.vn, 0, far, LL(g.a, 0xfd), g.a), 0);
	assert_memory_equal(fib6_lookup(g.vn, 0, far)->nh_gw.na_in6, LL(g.a, 0xfd), 16);
	assert_int_equal(rt_redirect6(g.vn, 0, far, NET2(5), g.a), ENETUNREACH);
	assert_int_equal(rt_redirect6(g.vn, 0, far, far, g.a), 0);
	assert_true((fib6_lookup(g.vn, 0, far)->nh_flags & RTF_GATEWAY) == 0);
	assert_int_equal(rt_redirect6(g.vn, 0, IP6(0xff020000, 0, 1), NET1(5), g.a), EINVAL);
	/* any change forgets them */
	rt = route(IP6(0, 0, 0), 0, NULL);
	assert_int_equal(rt_delete(g.vn, &rt), 0);
	assert_null(fib6_lookup(g.vn, 0, far));
	rig_end(&g);
}

/* Routes by an interface go with it; those of the other family's addresses stay. */
static void
interface_goes(void **state)
{
	const struct vi_sockaddr gw = sa6(NET2(0xfe), 0);
	struct vi_route rt = route(IP6(0, 0, 0), 0, &gw);
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(rt_add(g.vn, &rt), 0);
	assert_int_equal(if_setflags(g.b, 0, IFF_UP), 0);
	assert_null(fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 1)));
	assert_int_equal(if_setflags(g.b, IFF_UP, 0), 0);
	assert_non_null(fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 1)));
	noifaddr6(&g.ib);
	assert_non_null(fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 1)));	/* not of that address */
	assert_int_equal(if_destroy(g.vn, "epair1a"), 0);
	assert_null(fib6_lookup(g.vn, 0, IP6(0x2a000000, 0, 1)));
	noifaddr6(&g.ll);
	noifaddr6(&g.ia);
	nt_end(&g.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_prefix),
		cmocka_unit_test(zones),
		cmocka_unit_test(learned),
		cmocka_unit_test(interface_goes),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
