/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destruction under full load.  Clients reach servers through routers; TCP runs both ways as fast as it can and UDP floods.  At a random moment
 * one stack is destroyed.  It returns all it had, the others go on, and the traffic beside it does not lose a byte.
 */
#include "tests/lib/tl.h"

enum { CONNS = 4 };

struct flow {
	struct tl_conn	 tc;
	struct vi_socket *udp;
	size_t		 sent, received;
	bool		 broken;
};

struct site {
	struct vi_vnet	*srv, *rtr, *cli;
	struct vi_socket *l;
	struct flow	 flow[CONNS];
};

static void
pump(struct vi_socket *so, unsigned events, void *arg)
{
	static uint8_t buf[32768];
	struct flow *f = arg;
	size_t n;

	if (events & VI_POLLERR)
		f->broken = true;
	if (vi_socket_dead(so))
		return;
	if (so == f->tc.c) {
		tl_pattern(buf, sizeof(buf), f->sent);
		while (vi_send(so, buf, sizeof(buf), 0, &n) == 0) {
			f->sent += n;
			tl_pattern(buf, sizeof(buf), f->sent);
		}
	}
	if (f->udp != NULL && !vi_socket_dead(f->udp) && vi_socket_vnet(f->udp) == vi_socket_vnet(so))
		(void)vi_send(f->udp, buf, 1200, 0, &n);
	while (vi_recv(so, buf, sizeof(buf), 0, &n) == 0 && n > 0) {
		assert_true(tl_ispattern(buf, n, f->received));
		f->received += n;
	}
}

static void
build_site(struct tl *t, struct site *s)
{
	struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0) };
	struct vi_sockaddr sa = tl_addr("10.0.0.1", 9);

	memset(s, 0, sizeof(*s));
	s->srv = tl_vnet(t, "srv");
	s->rtr = tl_vnet(t, "rtr");
	s->cli = tl_vnet(t, "cli");
	tl_join(s->srv, "10.0.0.1", s->rtr, "10.0.0.2", NULL);
	tl_join(s->cli, "10.0.1.1", s->rtr, "10.0.1.2", NULL);
	tl_ok(vi_sysctl_set(s->rtr, "net.inet.ip.forwarding", "1", &tl_root));
	rt.rt_gateway = tl_addr("10.0.0.2", 0);
	tl_ok(vi_route_add(s->srv, &rt));
	rt.rt_gateway = tl_addr("10.0.1.2", 0);
	tl_ok(vi_route_add(s->cli, &rt));
	s->l = tl_listen(s->srv, "10.0.0.1", 80, CONNS);
	for (int i = 0; i < CONNS; i++) {
		struct flow *f = &s->flow[i];

		tl_connect(t, s->cli, s->l, &f->tc);
		f->udp = tl_socket(s->cli, VI_SOCK_DGRAM);
		tl_ok(vi_connect(f->udp, &sa));
		vi_socket_upcall(f->tc.c, pump, f);
		vi_socket_upcall(f->tc.s, pump, f);
	}
}

static void
close_site(struct site *s)
{
	for (int i = 0; i < CONNS; i++) {
		vi_close(s->flow[i].tc.c);
		vi_close(s->flow[i].tc.s);
		vi_close(s->flow[i].udp);
	}
	vi_close(s->l);
}

static void
destroy_under_load(void **state)
{
	struct site hit, calm;
	struct tl t;
	size_t before;

	(void)state;
	for (unsigned seed = 0; seed < 9; seed++) {
		tl_begin(&t, seed + 1);
		build_site(&t, &hit);
		build_site(&t, &calm);
		for (unsigned i = 0; i < 40 + seed * 17; i++)
			(void)tl_step(&t, tl_now(&t) + TL_MS);
		assert_true(hit.flow[0].sent > 0);
		tl_destroy(seed % 3 == 0 ? hit.srv : seed % 3 == 1 ? hit.rtr : hit.cli);
		before = calm.flow[CONNS - 1].received;
		for (unsigned i = 0; i < 150; i++)
			(void)tl_step(&t, tl_now(&t) + TL_MS);
		assert_true(calm.flow[CONNS - 1].received > before);
		for (int i = 0; i < CONNS; i++)
			assert_false(calm.flow[i].broken);
		assert_int_equal(tl_stat(calm.cli, "tcps_rexmttimeo"), 0);
		if (seed % 3 != 1) {
			/* The other end heard the reset. */
			assert_true(hit.flow[0].broken);
			tl_destroy(hit.rtr);
		}
		close_site(&hit);
		close_site(&calm);
		tl_destroy(calm.rtr);
		tl_end(&t);
	}
}

/* A jail removed while its interface carries traffic: the interface is home again, and works. */
static void
remove_jail_under_load(void **state)
{
	struct vi_vnet *v0, *vn;
	struct tl_conn tc;
	struct flow f;
	struct vi_socket *l;
	char name[VI_IFNAMSIZ];
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	v0 = vi_vnet0(t.k);
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ifaddr(v0, "epair0a", "10.0.0.1", 24);
	for (int round = 0; round < 12; round++) {
		memset(&f, 0, sizeof(f));
		tl_ok(tl_jail(&t, 0, VI_JAIL_CREATE, &jid, NULL, "name=j", "persist", "vnet", "vnet.interface=epair0b", NULL));
		vn = vi_jail_vnet(t.k, jid);
		tl_ifaddr(vn, "epair0b", "10.0.0.2", 24);
		l = tl_listen(vn, "10.0.0.2", 80, 1);
		tl_connect(&t, v0, l, &tc);
		f.tc = tc;
		vi_socket_upcall(tc.c, pump, &f);
		vi_socket_upcall(tc.s, pump, &f);
		for (int i = 0; i < 20 + round * 9; i++)
			(void)tl_step(&t, tl_now(&t) + TL_MS);
		assert_true(f.received > 0);
		tl_ok(vi_jail_remove(t.k, 0, jid));
		assert_true(tl_hasif(v0, "epair0b"));
		vi_close(tc.s);
		vi_close(tc.c);
		vi_close(l);
	}
	tl_run(&t, TL_MSL2);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destroy_under_load),
		cmocka_unit_test(remove_jail_under_load),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
