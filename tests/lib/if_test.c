/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces: making, naming, lending, returning, addresses. */
#include "tests/lib/tl.h"

static void
clone_units(void **state)
{
	char name[VI_IFNAMSIZ];
	struct vi_vnet *vn;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	tl_ok(vi_if_create(vn, "epair", name));
	assert_string_equal(name, "epair0a");
	assert_true(tl_hasif(vn, "epair0b"));
	tl_ok(vi_if_create(vn, "epair", name));
	assert_string_equal(name, "epair1a");
	tl_ok(vi_if_create(vn, "epair7", name));
	assert_string_equal(name, "epair7a");
	tl_fails(vi_if_create(vn, "epair7", name), EEXIST);
	tl_ok(vi_if_create(vn, "lo", name));
	assert_string_equal(name, "lo1");
	tl_fails(vi_if_create(vn, "lo0", name), EEXIST);
	assert_int_not_equal(vi_if_create(vn, "wlan", name), 0);
	assert_int_not_equal(vi_if_create(vn, "", name), 0);
	assert_int_not_equal(vi_if_create(vn, "epair99999999999", name), 0);
	assert_int_not_equal(vi_if_create(vn, "epair-1", name), 0);
	assert_int_not_equal(vi_if_create(vn, "a name longer than any", name), 0);
	tl_fails(vi_if_destroy(vn, "epair9a"), ENXIO);
	tl_ok(vi_if_destroy(vn, "epair0b"));		/* either end takes both */
	assert_false(tl_hasif(vn, "epair0a") || tl_hasif(vn, "epair0b"));
	tl_ok(vi_if_destroy(vn, "lo1"));
	tl_end(&t);
}

struct iflist { unsigned n; uint32_t index[64]; };

static void
collect(void *arg, const struct vi_ifinfo *info)
{
	struct iflist *l = arg;

	assert_true(l->n < 64);
	l->index[l->n++] = info->if_index;
}

static void
cloner(void *arg, const char *name)
{
	if (strcmp(name, "lo") == 0)
		*(unsigned *)arg |= 1;
	if (strcmp(name, "epair") == 0)
		*(unsigned *)arg |= 2;
}

static void
list_is_by_index(void **state)
{
	struct iflist l = { 0 };
	unsigned cloners = 0;
	char name[VI_IFNAMSIZ];
	struct vi_vnet *vn;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	for (int i = 0; i < 5; i++)
		tl_ok(vi_if_create(vn, "epair", name));
	tl_ok(vi_if_destroy(vn, "epair2a"));
	tl_ok(vi_if_create(vn, "epair", name));
	assert_string_equal(name, "epair2a");
	vi_if_list(vn, collect, &l);
	assert_int_equal(l.n, 11);
	for (unsigned i = 1; i < l.n; i++)
		assert_true(l.index[i - 1] < l.index[i]);
	vi_if_cloners(t.k, cloner, &cloners);
	assert_int_equal(cloners, 3);
	tl_end(&t);
}

static void
epair_looks_right(void **state)
{
	struct vi_ifinfo a, b;
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	a = tl_ifinfo(p.a, p.cable.a);
	b = tl_ifinfo(p.b, p.cable.b);
	assert_int_equal(a.if_type, VI_IFT_ETHER);
	assert_int_equal(a.if_mtu, 1500);
	assert_int_equal(a.if_addrlen, 6);
	assert_int_equal(a.if_flags & (VI_IFF_UP | VI_IFF_RUNNING | VI_IFF_BROADCAST | VI_IFF_SIMPLEX | VI_IFF_MULTICAST),
	    VI_IFF_UP | VI_IFF_RUNNING | VI_IFF_BROADCAST | VI_IFF_SIMPLEX | VI_IFF_MULTICAST);
	assert_true(a.if_linkup);
	assert_int_equal(a.if_lladdr[0] & 3, 2);	/* locally administered, not a group */
	assert_memory_not_equal(a.if_lladdr, b.if_lladdr, 6);
	assert_int_equal(a.if_peer_vnet, vi_vnet_id(p.b));
	assert_int_equal(b.if_peer_vnet, vi_vnet_id(p.a));
	assert_int_equal(b.if_home_vnet, vi_vnet_id(p.a));
	assert_string_equal(a.if_driver, "epair");
	tl_end(&t);
}

static void
names_change(void **state)
{
	char name[VI_IFNAMSIZ];
	struct vi_vnet *vn;
	struct vi_ifinfo info;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	tl_ok(vi_if_create(vn, "epair", name));
	tl_ok(vi_if_rename(vn, "epair0a", "wan"));
	assert_false(tl_hasif(vn, "epair0a"));
	info = tl_ifinfo(vn, "wan");
	assert_string_equal(info.if_name, "wan");
	assert_string_equal(info.if_origname, "epair0a");
	tl_fails(vi_if_rename(vn, "epair0b", "wan"), EEXIST);
	tl_fails(vi_if_rename(vn, "nothing", "x"), ENXIO);
	tl_fails(vi_if_rename(vn, "wan", ""), EINVAL);
	assert_int_not_equal(vi_if_rename(vn, "wan", "sixteen-letters-"), 0);
	tl_ok(vi_if_rename(vn, "wan", "fifteen-letters"));
	/* The unit is still in use, whatever it is called. */
	tl_ok(vi_if_create(vn, "epair", name));
	assert_string_equal(name, "epair1a");
	tl_ok(vi_if_destroy(vn, "fifteen-letters"));
	assert_false(tl_hasif(vn, "epair0b"));
	tl_end(&t);
}

static void
settings_are_checked(void **state)
{
	static const uint8_t unicast[6] = { 2, 0, 0, 0, 0, 9 }, group[6] = { 3, 0, 0, 0, 0, 9 };
	char descr[80];
	struct vi_vnet *vn;
	struct tl t;
	char name[VI_IFNAMSIZ];

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	tl_ok(vi_if_create(vn, "epair", name));
	tl_ok(vi_if_set_mtu(vn, name, 9000));
	assert_int_equal(tl_ifinfo(vn, name).if_mtu, 9000);
	tl_fails(vi_if_set_mtu(vn, name, 71), EINVAL);
	tl_fails(vi_if_set_mtu(vn, name, 65536), EINVAL);
	assert_int_equal(tl_ifinfo(vn, name).if_mtu, 9000);
	tl_fails(vi_if_set_mtu(vn, "no", 1500), ENXIO);
	tl_fails(vi_if_set_flags(vn, name, VI_IFF_LOOPBACK, 0), EINVAL);
	tl_ok(vi_if_set_flags(vn, name, VI_IFF_PROMISC | VI_IFF_DEBUG, 0));
	assert_int_equal(tl_ifinfo(vn, name).if_flags & (VI_IFF_PROMISC | VI_IFF_DEBUG), VI_IFF_PROMISC | VI_IFF_DEBUG);
	tl_ok(vi_if_set_flags(vn, name, 0, VI_IFF_PROMISC));
	assert_int_equal(tl_ifinfo(vn, name).if_flags & VI_IFF_PROMISC, 0);
	tl_ok(vi_if_set_lladdr(vn, name, unicast, 6));
	assert_memory_equal(tl_ifinfo(vn, name).if_lladdr, unicast, 6);
	assert_int_not_equal(vi_if_set_lladdr(vn, name, group, 6), 0);
	assert_int_not_equal(vi_if_set_lladdr(vn, name, unicast, 5), 0);
	assert_int_not_equal(vi_if_set_lladdr(vn, "lo0", unicast, 6), 0);
	tl_ok(vi_if_set_descr(vn, name, "to the core"));
	assert_string_equal(tl_ifinfo(vn, name).if_descr, "to the core");
	memset(descr, 'd', sizeof(descr));
	descr[64] = '\0';
	tl_fails(vi_if_set_descr(vn, name, descr), ENAMETOOLONG);
	tl_ok(vi_if_set_metric(vn, name, 5));
	assert_int_equal(tl_ifinfo(vn, name).if_metric, 5);
	tl_fails(vi_if_set_fib(vn, name, vi_route_nfibs(vn)), EINVAL);
	tl_ok(vi_if_set_fib(vn, name, 0));
	tl_end(&t);
}

/* Lending. */

static bool
has_route(struct vi_vnet *vn, const char *dst)
{
	struct vi_sockaddr sa = tl_addr(dst, 0);
	struct vi_route rt;

	return (vi_route_get(vn, 0, &sa, &rt) == 0);
}

static void
moving_takes_and_leaves(void **state)
{
	struct vi_ifinfo before, after;
	struct tl_pair p;
	struct vi_vnet *c;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	c = tl_vnet(&t, "c");
	assert_true(has_route(p.a, "192.0.2.77"));
	before = tl_ifinfo(p.a, p.cable.a);
	tl_ok(vi_if_move(p.a, p.cable.a, c));
	assert_false(tl_hasif(p.a, p.cable.a));
	assert_false(has_route(p.a, "192.0.2.77"));
	assert_false(has_route(c, "192.0.2.77"));
	after = tl_ifinfo(c, p.cable.a);
	assert_memory_equal(after.if_lladdr, before.if_lladdr, 6);
	assert_int_equal(after.if_naddrs, 0);
	assert_int_equal(after.if_flags & VI_IFF_UP, 0);
	assert_int_equal(after.if_opackets, before.if_opackets);
	assert_int_equal(after.if_home_vnet, vi_vnet_id(p.a));
	assert_int_equal(tl_ifinfo(p.b, p.cable.b).if_peer_vnet, vi_vnet_id(c));

	tl_fails(vi_if_move(p.a, p.cable.a, c), ENXIO);
	assert_int_not_equal(vi_if_move(c, "lo0", p.a), 0);
	tl_fails(vi_if_reclaim(c, "lo1", p.a), ENXIO);
	tl_fails(vi_if_reclaim(c, p.cable.a, p.b), EPERM);
	tl_ok(vi_if_reclaim(c, p.cable.a, p.a));
	assert_true(tl_hasif(p.a, p.cable.a));
	tl_end(&t);
}

static void
move_refuses_a_taken_name(void **state)
{
	struct vi_vnet *a, *b;
	char name[VI_IFNAMSIZ];
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	a = tl_vnet(&t, "a");
	b = tl_vnet(&t, "b");
	tl_ok(vi_if_create(a, "epair0", name));
	tl_ok(vi_if_create(b, "epair1", name));
	tl_ok(vi_if_rename(b, "epair1a", "epair0a"));
	tl_fails(vi_if_move(a, "epair0a", b), EEXIST);
	assert_true(tl_hasif(a, "epair0a"));
	tl_ok(vi_if_rename(a, "epair0a", "other"));
	tl_ok(vi_if_move(a, "other", b));
	tl_end(&t);
}

/* Interfaces a dying vnet had borrowed go home, under a name that is free. */
static void
return_finds_a_free_name(void **state)
{
	struct iflist l = { 0 };
	struct vi_vnet *home, *guest;
	char name[VI_IFNAMSIZ];
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	home = tl_vnet(&t, "home");
	guest = tl_vnet(&t, "guest");
	tl_ok(vi_if_create(home, "epair0", name));
	tl_ok(vi_if_create(home, "epair1", name));
	tl_ok(vi_if_move(home, "epair0a", guest));
	tl_ok(vi_if_move(home, "epair0b", guest));
	tl_ok(vi_if_rename(guest, "epair0b", "wan"));
	/* Meanwhile both the original names are taken at home. */
	tl_ok(vi_if_rename(home, "epair1a", "epair0a"));
	tl_ok(vi_if_rename(home, "epair1b", "wan"));
	vi_if_list(home, collect, &l);
	assert_int_equal(l.n, 3);
	tl_destroy(guest);
	l.n = 0;
	vi_if_list(home, collect, &l);
	assert_int_equal(l.n, 5);
	assert_true(tl_hasif(home, "epair0b"));		/* "wan" was taken, its first name was free */
	tl_end(&t);
}

/* What a vnet made itself ends with it, wherever it has been lent to. */
static void
lent_interfaces_end_with_their_home(void **state)
{
	struct vi_vnet *home, *guest;
	struct tl_cable tc;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	home = tl_vnet(&t, "home");
	guest = tl_vnet(&t, "guest");
	tl_join(home, "192.0.2.1", guest, "192.0.2.2", &tc);
	assert_true(has_route(guest, "192.0.2.1"));
	tl_destroy(home);
	assert_false(tl_hasif(guest, tc.b));
	assert_false(has_route(guest, "192.0.2.1"));
	tl_end(&t);
}

static void
destroyed_at_both_ends_of_traffic(void **state)
{
	for (int variant = 0; variant < 6; variant++) {
		struct vi_socket *rx, *tx;
		struct vi_sockaddr to;
		struct tl_pair p;
		struct vi_vnet *c;
		struct tl t;
		size_t n;

		(void)state;
		tl_begin(&t, (uint64_t)variant);
		tl_pair(&t, &p);
		c = tl_vnet(&t, "c");
		rx = tl_udp(p.a, p.addra, 9);
		tx = tl_udp(p.b, p.addrb, 9);
		to = tl_addr(p.addra, 9);
		tl_ok(vi_connect(tx, &to));
		tl_ok(vi_send(tx, "warm", 4, 0, &n));
		tl_settle(&t);
		/* Frames are on the cable, delivered to nobody yet. */
		for (int i = 0; i < 100; i++)
			tl_ok(vi_send(tx, "x", 1, 0, &n));
		switch (variant) {
		case 0: tl_ok(vi_if_destroy(p.a, p.cable.a)); break;
		case 1: tl_ok(vi_if_destroy(p.b, p.cable.b)); break;
		case 2: tl_ok(vi_if_move(p.a, p.cable.a, c)); break;
		case 3: tl_ok(vi_if_move(p.b, p.cable.b, c)); break;
		case 4: tl_destroy(p.a); break;
		case 5: tl_destroy(p.b); break;
		}
		if (variant < 2)
			assert_false(tl_hasif(p.a, p.cable.a) || tl_hasif(p.b, p.cable.b));
		tl_settle(&t);
		if (variant == 0 || variant == 1)
			assert_int_not_equal(vi_send(tx, "y", 1, 0, &n), 0);	/* no way there */
		vi_close(rx);
		vi_close(tx);
		tl_end(&t);
	}
}

/* A cable pulled out and plugged in again: nothing that was in flight arrives in the wrong place. */
static void
frames_do_not_follow_a_move(void **state)
{
	struct vi_socket *rx, *other, *tx;
	struct vi_sockaddr to;
	struct tl_pair p;
	struct vi_vnet *c;
	char buf[8];
	struct tl t;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	c = tl_vnet(&t, "c");
	to = tl_addr(p.addra, 9);
	rx = tl_udp(p.a, "0.0.0.0", 9);
	other = tl_udp(c, "0.0.0.0", 9);
	tx = tl_udp(p.b, p.addrb, 9);
	tl_ok(vi_connect(tx, &to));
	tl_ok(vi_send(tx, "one", 3, 0, &n));
	tl_settle(&t);
	tl_ok(vi_recv(rx, buf, sizeof(buf), 0, &n));
	tl_ok(vi_send(tx, "two", 3, 0, &n));
	tl_ok(vi_if_move(p.a, p.cable.a, c));
	tl_ifaddr(c, p.cable.a, p.addra, 24);
	tl_settle(&t);
	tl_fails(vi_recv(rx, buf, sizeof(buf), 0, &n), EAGAIN);
	/* In its new place it works as before. */
	tl_ok(vi_send(tx, "three", 5, 0, &n));
	tl_settle(&t);
	while (vi_recv(other, buf, sizeof(buf), 0, &n) == 0 && n != 5)
		;
	assert_int_equal(n, 5);
	assert_memory_equal(buf, "three", 5);
	vi_close(rx);
	vi_close(other);
	vi_close(tx);
	tl_end(&t);
}

/* Addresses. */

static struct vi_ifaddr
ifaddr(const char *addr, uint8_t prefixlen)
{
	return ((struct vi_ifaddr){ .ia_addr = tl_addr(addr, 0), .ia_prefixlen = prefixlen });
}

struct addrs { unsigned n; struct vi_ifaddr a[8]; };

static void
copy_addrs(void *arg, const struct vi_ifinfo *info)
{
	struct addrs *as = arg;

	as->n = info->if_naddrs;
	assert_true(as->n <= 8);
	memcpy(as->a, info->if_addrs, as->n * sizeof(as->a[0]));
}

static struct addrs
addrs(struct vi_vnet *vn, const char *name)
{
	struct addrs as;

	tl_ok(vi_if_get(vn, name, copy_addrs, &as));
	return (as);
}

static void
addresses_bring_routes(void **state)
{
	struct vi_ifaddr one = ifaddr("192.0.2.1", 24), two = ifaddr("198.51.100.1", 25), three = ifaddr("203.0.113.9", 32);
	struct vi_sockaddr sa;
	struct addrs as;
	struct vi_vnet *vn;
	char name[VI_IFNAMSIZ];
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	tl_ok(vi_if_create(vn, "epair", name));
	tl_ok(vi_if_addr_add(vn, name, &one, false));
	tl_ok(vi_if_set_flags(vn, name, VI_IFF_UP, 0));
	tl_fails(vi_if_addr_add(vn, name, &one, true), EEXIST);
	as = addrs(vn, name);
	assert_int_equal(as.n, 1);
	assert_int_equal(as.a[0].ia_prefixlen, 24);
	sa = tl_addr("192.0.2.255", 0);
	assert_int_equal(as.a[0].ia_broadcast.sa_in, sa.sa_in);
	assert_true(has_route(vn, "192.0.2.200"));
	assert_true(has_route(vn, "192.0.2.1"));

	/* Without alias the first is replaced; with it, added. */
	tl_ok(vi_if_addr_add(vn, name, &two, false));
	assert_int_equal(addrs(vn, name).n, 1);
	assert_false(has_route(vn, "192.0.2.200"));
	assert_true(has_route(vn, "198.51.100.100"));
	assert_false(has_route(vn, "198.51.100.200"));
	tl_ok(vi_if_addr_add(vn, name, &three, true));
	assert_int_equal(addrs(vn, name).n, 2);
	tl_ok(vi_if_addr_del(vn, name, &two.ia_addr));
	assert_false(has_route(vn, "198.51.100.100"));
	tl_fails(vi_if_addr_del(vn, name, &two.ia_addr), EADDRNOTAVAIL);
	sa = (struct vi_sockaddr){ .sa_family = 77 };
	tl_fails(vi_if_addr_del(vn, name, &sa), EAFNOSUPPORT);
	one.ia_addr.sa_family = 77;
	tl_fails(vi_if_addr_add(vn, name, &one, true), EAFNOSUPPORT);
	tl_fails(vi_if_addr_add(vn, "nothing", &two, true), ENXIO);
	tl_end(&t);
}

static void
prefix_by_class(void **state)
{
	static const struct { const char *addr; unsigned len; } table[] = { { "10.1.2.3", 8 }, { "172.16.1.1", 16 }, { "192.168.1.1", 24 } };
	struct vi_ifaddr ia;
	struct vi_vnet *vn;
	char name[VI_IFNAMSIZ];
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "v");
	tl_ok(vi_if_create(vn, "epair", name));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ia = ifaddr(table[i].addr, 0xff);
		tl_ok(vi_if_addr_add(vn, name, &ia, false));
		assert_int_equal(addrs(vn, name).a[0].ia_prefixlen, table[i].len);
	}
	tl_end(&t);
}

/* Routes through an interface go when it goes. */
static void
routes_follow_their_interface(void **state)
{
	struct vi_route rt = { .rt_prefixlen = 0 };
	struct tl_pair p;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	rt.rt_dst = tl_addr("0.0.0.0", 0);
	rt.rt_gateway = tl_addr(p.addrb, 0);
	tl_ok(vi_route_add(p.a, &rt));
	assert_true(has_route(p.a, "8.8.8.8"));
	tl_fails(vi_route_add(p.a, &rt), EEXIST);
	tl_ok(vi_if_destroy(p.b, p.cable.b));
	assert_false(has_route(p.a, "8.8.8.8"));
	tl_fails(vi_route_add(p.a, &rt), ENETUNREACH);
	tl_end(&t);
}

static void
down_means_silent(void **state)
{
	struct vi_socket *rx, *tx;
	struct vi_sockaddr to;
	struct tl_pair p;
	struct tl t;
	char c;
	size_t n;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	to = tl_addr(p.addra, 9);
	rx = tl_udp(p.a, p.addra, 9);
	tx = tl_udp(p.b, p.addrb, 9);
	tl_ok(vi_connect(tx, &to));
	tl_ok(vi_send(tx, "1", 1, 0, &n));
	tl_settle(&t);
	tl_ok(vi_recv(rx, &c, 1, 0, &n));
	tl_ok(vi_if_set_flags(p.a, p.cable.a, 0, VI_IFF_UP));
	(void)vi_send(tx, "2", 1, 0, &n);
	tl_settle(&t);
	tl_fails(vi_recv(rx, &c, 1, 0, &n), EAGAIN);
	tl_ok(vi_if_set_flags(p.a, p.cable.a, VI_IFF_UP, 0));
	tl_ok(vi_send(tx, "3", 1, 0, &n));
	tl_wait(&t, vi_recv(rx, &c, 1, 0, &n) == 0);
	assert_int_equal(c, '3');
	vi_close(rx);
	vi_close(tx);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clone_units),
		cmocka_unit_test(list_is_by_index),
		cmocka_unit_test(epair_looks_right),
		cmocka_unit_test(names_change),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(moving_takes_and_leaves),
		cmocka_unit_test(move_refuses_a_taken_name),
		cmocka_unit_test(return_finds_a_free_name),
		cmocka_unit_test(lent_interfaces_end_with_their_home),
		cmocka_unit_test(destroyed_at_both_ends_of_traffic),
		cmocka_unit_test(frames_do_not_follow_a_move),
		cmocka_unit_test(addresses_bring_routes),
		cmocka_unit_test(prefix_by_class),
		cmocka_unit_test(routes_follow_their_interface),
		cmocka_unit_test(down_means_silent),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
