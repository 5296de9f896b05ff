/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairs of vnets with identical addresses, ports, routes and interface names in one kernel.  Each pair carries its own
 * colour of data; nobody ever sees another's, and what is done to one pair is not noticed by the others.
 */
#include "tests/lib/tl.h"

enum { PAIRS = 3 };

struct pair {
	struct vi_vnet	*srv, *cli;
	struct vi_socket *udp_s, *udp_c, *l;
	struct tl_conn	 tcp;
	char		 colour;
};

static void
build_pair(struct tl *t, struct pair *p, int i)
{
	struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0), .rt_gateway = tl_addr("10.0.0.2", 0) };
	struct vi_sockaddr sa = tl_addr("10.0.0.1", 53);
	struct tl_cable tc;

	p->colour = (char)('A' + i);
	p->srv = tl_vnet(t, "srv");
	p->cli = tl_vnet(t, "cli");
	tl_cable(p->srv, p->cli, &tc);
	tl_ok(vi_if_rename(p->srv, tc.a, "eth0"));
	tl_ok(vi_if_rename(p->cli, tc.b, "eth0"));
	tl_ifaddr(p->srv, "eth0", "10.0.0.1", 24);
	tl_ifaddr(p->cli, "eth0", "10.0.0.2", 24);
	tl_ok(vi_route_add(p->srv, &rt));
	p->udp_s = tl_udp(p->srv, "10.0.0.1", 53);
	p->udp_c = tl_udp(p->cli, "10.0.0.2", 1053);
	tl_ok(vi_connect(p->udp_c, &sa));
	p->l = tl_listen(p->srv, "10.0.0.1", 80, 3);
}

static void
connect_pair(struct tl *t, struct pair *p)
{
	struct vi_sockaddr local = tl_addr("10.0.0.2", 4000), sa = tl_addr("10.0.0.1", 80);

	p->tcp.c = tl_socket(p->cli, VI_SOCK_STREAM);
	tl_ok(vi_bind(p->tcp.c, &local));	/* the same 4-tuple in each pair */
	tl_fails(vi_connect(p->tcp.c, &sa), EINPROGRESS);
	tl_wait(t, vi_accept(p->l, &p->tcp.s, NULL) == 0);
}

static void
send_colour(struct pair *p)
{
	char buf[1000];
	size_t n;

	memset(buf, p->colour, sizeof(buf));
	tl_ok(vi_send(p->udp_c, buf, sizeof(buf), 0, &n));
	(void)vi_send(p->tcp.c, buf, sizeof(buf), 0, &n);
	(void)vi_send(p->tcp.s, buf, sizeof(buf), 0, &n);
}

static size_t
drain(struct vi_socket *so, char colour)
{
	size_t n, total = 0;
	char buf[2000];

	while (vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0) {
		for (size_t i = 0; i < n; i++)
			assert_int_equal(buf[i], colour);
		total += n;
	}
	return (total);
}

static void
close_pair(struct pair *p)
{
	vi_close(p->tcp.c);
	vi_close(p->tcp.s);
	vi_close(p->udp_c);
	vi_close(p->udp_s);
	vi_close(p->l);
}

static void
twins_never_mix(void **state)
{
	struct pair p[PAIRS];
	size_t udp[PAIRS] = { 0 }, tcp[PAIRS] = { 0 };
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	for (int i = 0; i < PAIRS; i++)
		build_pair(&t, &p[i], i);
	for (int i = 0; i < PAIRS; i++)
		connect_pair(&t, &p[i]);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < PAIRS; i++)
			send_colour(&p[(i + round) % PAIRS]);
		tl_run(&t, 5 * TL_MS);
		for (int i = 0; i < PAIRS; i++) {
			udp[i] += drain(p[i].udp_s, p[i].colour);
			tcp[i] += drain(p[i].tcp.s, p[i].colour) + drain(p[i].tcp.c, p[i].colour);
		}
	}
	tl_run(&t, TL_SEC);
	for (int i = 0; i < PAIRS; i++) {
		tcp[i] += drain(p[i].tcp.s, p[i].colour) + drain(p[i].tcp.c, p[i].colour);
		udp[i] += drain(p[i].udp_s, p[i].colour);
		assert_int_equal(udp[i], 200 * 1000);
		assert_int_equal(tcp[i], 2 * 200 * 1000);
		close_pair(&p[i]);
	}
	tl_end(&t);
}

/* A pair's neighbours, routes, knobs, counters are its own. */
static void
twins_keep_their_state(void **state)
{
	struct vi_sockaddr dst = tl_addr("10.0.0.2", 0);
	struct vi_route rt;
	struct pair p[2];
	uint64_t heard;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	build_pair(&t, &p[0], 0);
	build_pair(&t, &p[1], 1);
	tl_run(&t, 10 * TL_SEC);
	heard = tl_ifinfo(p[1].srv, "eth0").if_ipackets;	/* announcements of addresses */
	assert_memory_not_equal(tl_ifinfo(p[0].srv, "eth0").if_lladdr, tl_ifinfo(p[1].srv, "eth0").if_lladdr, 6);
	connect_pair(&t, &p[0]);
	send_colour(&p[0]);
	tl_run(&t, TL_SEC);
	assert_int_equal(tl_ifinfo(p[1].srv, "eth0").if_ipackets, heard);
	assert_int_equal(tl_stat(p[1].srv, "tcps_connects"), 0);
	assert_int_equal(tl_stat(p[0].cli, "tcps_connects"), 1);
	assert_int_equal(vi_route_flush(p[0].srv, 0, VI_AF_INET), 1);
	dst = tl_addr("198.51.100.1", 0);
	tl_fails(vi_route_get(p[0].srv, 0, &dst, &rt), ESRCH);
	tl_ok(vi_route_get(p[1].srv, 0, &dst, &rt));
	connect_pair(&t, &p[1]);
	close_pair(&p[0]);
	close_pair(&p[1]);
	tl_end(&t);
}

/* Misfortune of one: interfaces pulled, addresses gone, memory short, stack destroyed. */
static void
twins_do_not_suffer(void **state)
{
	struct pair p[PAIRS];
	size_t n;
	struct tl t;

	(void)state;
	for (int blow = 0; blow < 5; blow++) {
		tl_begin(&t, (uint64_t)blow);
		for (int i = 0; i < PAIRS; i++) {
			build_pair(&t, &p[i], i);
			connect_pair(&t, &p[i]);
		}
		for (int i = 0; i < PAIRS; i++)
			send_colour(&p[i]);
		switch (blow) {
		case 0: tl_ok(vi_if_destroy(p[1].srv, "eth0")); break;
		case 1: tl_ok(vi_if_set_flags(p[1].cli, "eth0", 0, VI_IFF_UP)); break;
		case 2: tl_ok(vi_vnet_set_limit(p[1].srv, "memory", 1)); break;
		case 3: tl_destroy(p[1].srv); break;
		case 4: tl_destroy(p[1].cli); break;
		}
		for (int round = 0; round < 50; round++) {
			for (int i = 0; i < PAIRS; i += 2)
				send_colour(&p[i]);
			tl_run(&t, 5 * TL_MS);
		}
		tl_run(&t, TL_SEC);
		for (int i = 0; i < PAIRS; i += 2) {
			n = drain(p[i].tcp.s, p[i].colour);
			assert_int_equal(n, 51 * 1000);
			assert_int_equal(drain(p[i].tcp.c, p[i].colour), 51 * 1000);
			assert_true(drain(p[i].udp_s, p[i].colour) > 0);
			assert_int_equal(tl_stat(p[i].srv, "tcps_sndrexmitpack"), 0);
		}
		for (int i = 0; i < PAIRS; i++)
			close_pair(&p[i]);
		tl_end(&t);
	}
}

/* Jails see their own interfaces under the same names, and nothing of each other. */
static void
jails_with_equal_names(void **state)
{
	struct vi_vnet *vn[4];
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	for (int i = 0; i < 4; i++) {
		char name[16], ifname[VI_IFNAMSIZ], lend[64];

		snprintf(name, sizeof(name), "name=j%d", i);
		tl_ok(vi_if_create(vi_vnet0(t.k), "epair", ifname));
		snprintf(lend, sizeof(lend), "vnet.interface=%s", ifname);
		tl_ok(tl_jail(&t, 0, VI_JAIL_CREATE, &jid, NULL, name, "persist", "vnet", lend, NULL));
		vn[i] = vi_jail_vnet(t.k, jid);
		tl_ok(vi_if_rename(vn[i], ifname, "eth0"));
		tl_ifaddr(vn[i], "eth0", "10.0.0.1", 24);
		tl_ifaddr(vn[i], "lo0", "127.0.0.1", 8);
		tl_ok(vi_sysctl_set(vn[i], "net.inet.ip.ttl", i % 2 ? "10" : "20", &tl_root));
	}
	for (int i = 0; i < 4; i++) {
		struct vi_socket *a = tl_udp(vn[i], "127.0.0.1", 53), *b = tl_socket(vn[i], VI_SOCK_DGRAM);
		struct vi_sockaddr sa = tl_addr("127.0.0.1", 53);
		char c = (char)('0' + i), got;
		size_t n;

		tl_ok(vi_connect(b, &sa));
		tl_ok(vi_send(b, &c, 1, 0, &n));
		tl_settle(&t);
		tl_ok(vi_recv(a, &got, 1, 0, &n));
		assert_int_equal(got, c);
		tl_fails(vi_recv(a, &got, 1, 0, &n), EAGAIN);
		vi_close(b);
		vi_close(a);
	}
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_never_mix),
		cmocka_unit_test(twins_keep_their_state),
		cmocka_unit_test(twins_do_not_suffer),
		cmocka_unit_test(jails_with_equal_names),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
