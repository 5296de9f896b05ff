/* SPDX-License-Identifier: BSD-2-Clause */
/* unat: an interface that ends in a stack which takes every destination for its own. */
#include <stdlib.h>

#include <vimage/unat.h>

#include "tests/lib/tl.h"

/* What an embedder keeps of a link: here the first segment that he holds, and where from. */
struct link {
	struct tl	*t;
	struct vi_unat	*un;
	struct vi_vnet	*far;
	unsigned	 opened, closed, syns;
	int		 refuse;	/* errno of uo_open */
	bool		 hold;
	uint8_t		 syn[256];
	size_t		 synlen;
	const char	*option;
};

static int
link_open(void *arg, struct vi_unat *un, struct vi_vnet *far, void **user)
{
	struct link *l = arg;

	if (l->refuse != 0)
		return (l->refuse);
	l->un = un;
	l->far = far;
	l->opened++;
	*user = l;
	tl_ifaddr(far, "gate0", "10.0.2.2", 24);
	return (0);
}

static void
link_close(void *user)
{
	((struct link *)user)->closed++;
}

static bool
link_syn(void *user, const void *packet, size_t len)
{
	struct link *l = user;

	l->syns++;
	if (l->hold && len <= sizeof(l->syn)) {
		memcpy(l->syn, packet, len);
		l->synlen = len;
	}
	return (l->hold);
}

static int
link_option(void *user, const char *option, const char *const *argv, unsigned argc, char *err)
{
	struct link *l = user;

	l->option = option;
	assert_int_equal(argc, 1);
	snprintf(err, VI_ERRLEN, "no %s", argv[0]);
	return (EINVAL);
}

static void
link_show(void *user, vi_if_option_fn *fn, void *arg)
{
	(void)user;
	fn(arg, NULL, NULL, "key", "value");
}

static const struct vi_unat_ops ops = {
	.uo_open = link_open,
	.uo_close = link_close,
	.uo_syn = link_syn,
	.uo_option = link_option,
	.uo_show = link_show,
};

static struct vi_vnet *
link_begin(struct tl *t, struct link *l)
{
	char name[VI_IFNAMSIZ];
	struct vi_vnet *vn;

	tl_begin(t, 1);
	*l = (struct link){ .t = t };
	tl_ok(vi_unat_handler(t->k, &ops, l));
	vn = tl_vnet(t, "jail");
	tl_ok(vi_if_create(vn, "unat", name));
	assert_string_equal(name, "unat0");
	tl_ifaddr(vn, "unat0", "10.0.2.15", 24);
	return (vn);
}

static void
route_out(struct vi_vnet *vn)
{
	const struct vi_route rt = { .rt_dst = tl_addr("0.0.0.0", 0), .rt_flags = VI_RTF_GATEWAY | VI_RTF_STATIC, .rt_gateway = tl_addr("10.0.2.2", 0) };

	tl_ok(vi_route_add(vn, &rt));
}

static void
none_without_a_handler(void **state)
{
	char name[VI_IFNAMSIZ];
	struct vi_vnet *vn;
	struct link l = { .refuse = ENFILE };
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = tl_vnet(&t, "jail");
	tl_fails(vi_if_create(vn, "unat", name), EOPNOTSUPP);
	tl_ok(vi_unat_handler(t.k, &ops, &l));
	tl_fails(vi_if_create(vn, "unat", name), ENFILE);
	assert_false(tl_hasif(vn, "unat0"));
	assert_int_equal(l.closed, 0);
	tl_ok(vi_unat_handler(t.k, NULL, NULL));
	tl_fails(vi_if_create(vn, "unat", name), EOPNOTSUPP);
	assert_int_equal(vi_if_create_priv("unat7"), VI_PRIV_NET_HOSTLINK);
	assert_int_equal(vi_if_create_priv("epair"), VI_PRIV_MAX);
	tl_end(&t);
}

/* A connection whose first segment waits for the embedder. */
static struct vi_socket *
connect_held(struct tl *t, struct link *l, const struct vi_sockaddr *there, struct vi_vnet **vnp)
{
	struct vi_socket *so;

	*vnp = link_begin(t, l);
	route_out(*vnp);
	l->hold = true;
	so = tl_socket(*vnp, VI_SOCK_STREAM);
	tl_fails(vi_connect(so, there), EINPROGRESS);
	tl_run(t, TL_SEC / 2);
	return (so);
}

/* The first segment waits for the embedder; then a listener at an address that nobody has takes it. */
static void
held_and_let_in(void **state)
{
	const struct vi_sockaddr there = tl_addr("198.51.100.7", 80);
	struct vi_sockaddr name;
	struct vi_socket *so, *lso, *conn;
	struct vi_vnet *vn;
	struct link l;
	struct tl t;
	int on = 1;

	(void)state;
	so = connect_held(&t, &l, &there, &vn);
	assert_int_equal(l.syns, 1);
	assert_true(l.synlen >= 40);
	lso = tl_socket(l.far, VI_SOCK_STREAM);
	tl_ok(vi_setsockopt(lso, VI_IP_TRANSPARENT, &on, sizeof(on)));
	tl_ok(vi_bind(lso, &there));
	tl_ok(vi_listen(lso, 1));
	l.hold = false;
	tl_ok(vi_unat_input(l.un, l.syn, l.synlen));
	tl_run(&t, TL_SEC / 4);			/* before it would be repeated */
	tl_ok(vi_accept(lso, &conn, &name));
	assert_int_equal(name.sa_in, tl_addr("10.0.2.15", 0).sa_in);
	tl_ok(vi_sockname(conn, &name));
	assert_true(tl_sameaddr(&name, &there));
	assert_int_equal(tl_sockerr(so), 0);
	tl_send(&t, so, conn, 100000);
	tl_send(&t, conn, so, 100000);
	vi_close(so);
	vi_close(conn);
	vi_close(lso);
	tl_destroy(vn);
	assert_int_equal(l.closed, 1);
	tl_end(&t);
}

/* Without a listener it is refused. */
static void
let_in_and_refused(void **state)
{
	const struct vi_sockaddr there = tl_addr("198.51.100.7", 80);
	struct vi_socket *so;
	struct vi_vnet *vn;
	struct link l;
	struct tl t;

	(void)state;
	so = connect_held(&t, &l, &there, &vn);
	l.hold = false;
	tl_ok(vi_unat_input(l.un, l.syn, l.synlen));
	tl_run(&t, TL_SEC / 4);
	assert_int_equal(tl_sockerr(so), ECONNREFUSED);
	tl_fails(vi_unat_input(l.un, l.syn, 3), EINVAL);
	vi_close(so);
	tl_end(&t);
	assert_int_equal(l.closed, 1);
}

/* Datagrams to any address, in fragments, to raw sockets. */
static void
any_destination(void **state)
{
	struct vi_socket *raw, *so;
	struct vi_sockaddr there = tl_addr("203.0.113.99", 9);
	uint8_t buf[9000];
	struct vi_vnet *vn;
	struct link l;
	struct tl t;
	size_t done;

	(void)state;
	vn = link_begin(&t, &l);
	route_out(vn);
	tl_ok(vi_sysctl_set(l.far, "net.inet.udp.blackhole", "1", &tl_root));
	tl_ok(vi_socket(l.far, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_UDP, &tl_root, &raw));
	so = tl_socket(vn, VI_SOCK_DGRAM);
	tl_ok(vi_connect(so, &there));
	tl_pattern(buf, 8000, 0);
	tl_ok(vi_send(so, buf, 8000, 0, &done));
	tl_run(&t, TL_SEC);
	tl_ok(vi_recv(raw, buf, sizeof(buf), 0, &done));
	assert_int_equal(done, 20 + 8 + 8000);
	assert_true(tl_ispattern(buf + 28, 8000, 0));
	assert_int_equal(tl_sockerr(so), 0);
	vi_close(so);
	vi_close(raw);
	tl_end(&t);
}

/* On a bridge the gateway sees what is flooded, and takes what is for itself only. */
static void
others_on_the_link(void **state)
{
	const char *members[] = { "unat0", "epair0a" };
	struct vi_neigh ne = { .ne_addr = tl_addr("10.0.2.99", 0), .ne_lladdr = { 2, [5] = 0x99 }, .ne_complete = true, .ne_permanent = true };
	struct vi_sockaddr nobody = tl_addr("10.0.2.99", 80), there = tl_addr("10.0.2.2", 80);
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	struct vi_vnet *vn, *other;
	struct vi_socket *so;
	struct tl_cable cable;
	struct link l;
	struct tl t;

	(void)state;
	vn = link_begin(&t, &l);
	l.hold = true;
	other = tl_vnet(&t, "other");
	tl_cable(vn, other, &cable);
	members[1] = cable.a;
	tl_ok(vi_if_create(vn, "bridge", name));
	for (unsigned i = 0; i < 2; i++)
		tl_ok(vi_if_option(vn, name, "addm", &members[i], 1, err));
	tl_ok(vi_if_set_flags(vn, name, VI_IFF_UP, 0));
	tl_ok(vi_if_set_flags(vn, cable.a, VI_IFF_UP, 0));
	tl_ifaddr(other, cable.b, "10.0.2.16", 24);
	tl_ok(vi_neigh_add(other, &ne));
	so = tl_socket(other, VI_SOCK_STREAM);
	tl_fails(vi_connect(so, &nobody), EINPROGRESS);
	tl_run(&t, TL_SEC / 2);
	assert_int_equal(l.syns, 0);
	vi_close(so);
	so = tl_socket(other, VI_SOCK_STREAM);
	tl_fails(vi_connect(so, &there), EINPROGRESS);
	tl_run(&t, TL_SEC / 2);
	assert_int_equal(l.syns, 1);
	vi_close(so);
	tl_end(&t);
}

static uint64_t
memory_of(struct tl *t, int jid)
{
	char text[32];

	tl_ok(vi_jail_get(t->k, 0, jid, "limit.memory.cur", text, sizeof(text)));
	return (strtoull(text, NULL, 10));
}

static void
set_memory(struct tl *t, const char *jail, uint64_t limit)
{
	char name[32], text[64];

	snprintf(name, sizeof(name), "name=%s", jail);
	snprintf(text, sizeof(text), "limit.memory=%llu", (unsigned long long)limit);
	tl_ok(tl_jail(t, 0, VI_JAIL_UPDATE, NULL, NULL, name, text, NULL));
}

/* The far stack's memory, and what the embedder keeps for it, are the jail's that has the interface, and bounded by its limit. */
static void
paid_by_the_jail(void **state)
{
	char name[VI_IFNAMSIZ];
	uint64_t before[2], with;
	struct vi_vnet *vn[2];
	struct link l;
	struct tl t;
	int jid[2];

	(void)state;
	tl_begin(&t, 1);
	l = (struct link){ .t = &t };
	tl_ok(vi_unat_handler(t.k, &ops, &l));
	tl_ok(tl_jail(&t, 0, VI_JAIL_CREATE, &jid[0], NULL, "name=a", "persist", "vnet", NULL));
	tl_ok(tl_jail(&t, 0, VI_JAIL_CREATE, &jid[1], NULL, "name=b", "persist", "vnet", NULL));
	for (int i = 0; i < 2; i++) {
		vn[i] = vi_jail_vnet(t.k, jid[i]);
		before[i] = memory_of(&t, jid[i]);
	}
	tl_ok(vi_if_create(vn[0], "unat", name));
	with = memory_of(&t, jid[0]);
	assert_true(with > before[0] + 10000);
	tl_ok(vi_unat_charge(l.un, 1000000));
	assert_int_equal(memory_of(&t, jid[0]), with + 1000000);
	set_memory(&t, "a", with + 1100000);
	tl_fails(vi_unat_charge(l.un, 200000), ENOBUFS);
	tl_ok(vi_unat_charge(l.un, 50000));
	vi_unat_uncharge(l.un, 50000);
	/* Whoever gets the interface pays from then on, beyond his limit if it must be. */
	set_memory(&t, "b", before[1] + 500000);
	tl_ok(vi_if_move(vn[0], "unat0", vn[1]));
	assert_true(memory_of(&t, jid[0]) < before[0] + 10000);
	assert_true(memory_of(&t, jid[1]) > before[1] + 1000000);
	tl_fails(vi_unat_charge(l.un, 1), ENOBUFS);
	set_memory(&t, "a", 0);
	/* It comes home, and nothing of it stays. */
	tl_ok(vi_jail_remove(t.k, 0, jid[1]));
	assert_true(memory_of(&t, jid[0]) > before[0] + 1000000);
	tl_ok(vi_unat_charge(l.un, 1));
	tl_ok(vi_if_destroy(vn[0], "unat0"));
	assert_true(memory_of(&t, jid[0]) < before[0] + 10000);
	tl_end(&t);
	assert_int_equal(l.closed, 1);
}

static void
shown(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	assert_null(list);
	assert_null(item);
	assert_string_equal(key, "key");
	assert_string_equal(value, "value");
	++*(unsigned *)arg;
}

static void
options_and_moves(void **state)
{
	const char *argv[] = { "10.0.2.2/24" };
	char name[VI_IFNAMSIZ], err[VI_ERRLEN];
	struct vi_vnet *vn, *other;
	unsigned n = 0;
	struct link l;
	struct tl t;

	(void)state;
	vn = link_begin(&t, &l);
	tl_fails(vi_if_option(vn, "unat0", "gateway", argv, 1, err), EINVAL);
	assert_string_equal(l.option, "gateway");
	assert_string_equal(err, "no 10.0.2.2/24");
	tl_fails(vi_if_option(vn, "unat0", "addm", argv, 1, err), ENOENT);
	assert_int_equal(vi_if_option_priv(vn, "unat0"), VI_PRIV_NET_HOSTLINK);
	assert_int_equal(vi_if_option_priv(vn, "lo0"), VI_PRIV_MAX);
	tl_ok(vi_if_options(vn, "unat0", shown, &n));
	assert_int_equal(n, 1);
	/* Both ends have one wire. */
	tl_ok(vi_if_set_mtu(vn, "unat0", 9000));
	assert_int_equal(tl_ifinfo(l.far, "gate0").if_mtu, 9000);
	/* It moves, comes home, and goes by itself; the far end with it, or it with the far end. */
	other = tl_vnet(&t, "other");
	tl_ok(vi_if_move(vn, "unat0", other));
	tl_destroy(other);
	assert_true(tl_hasif(vn, "unat0"));
	tl_ok(vi_if_destroy(vn, "unat0"));
	assert_int_equal(l.closed, 1);
	tl_ok(vi_if_create(vn, "unat3", name));
	tl_ok(vi_if_destroy(l.far, "gate0"));
	assert_false(tl_hasif(vn, "unat3"));
	assert_int_equal(l.closed, 2);
	tl_ok(vi_if_create(vn, "unat", name));
	tl_end(&t);
	assert_int_equal(l.closed, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_without_a_handler),
		cmocka_unit_test(held_and_let_in),
		cmocka_unit_test(let_in_and_refused),
		cmocka_unit_test(any_destination),
		cmocka_unit_test(others_on_the_link),
		cmocka_unit_test(paid_by_the_jail),
		cmocka_unit_test(options_and_moves),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
