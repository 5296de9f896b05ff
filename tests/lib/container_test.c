/* SPDX-License-Identifier: BSD-2-Clause */
/* Containers in every combination, interfaces of jails, privileges, logs of jails. */
#include "tests/lib/tl.h"

#define NEW VI_JAIL_CREATE
#define MOD VI_JAIL_UPDATE

static const char *
get(struct tl *t, int jid, const char *param)
{
	static char buf[2048];

	tl_ok(vi_jail_get(t->k, 0, jid, param, buf, sizeof(buf)));
	return (buf);
}

enum { VNET = 1, VPROC = 2, VCPU = 4, VLOG = 8, ALL = 16 };

static int
make(struct tl *t, int caller, const char *name, unsigned own)
{
	char pname[64];
	int jid;

	snprintf(pname, sizeof(pname), "name=%s", name);
	tl_ok(tl_jail(t, caller, NEW, &jid, NULL, pname, "persist", "children.max=99", own & VNET ? "vnet=new" : "vnet=inherit",
	    own & VPROC ? "vproc=new" : "vproc=inherit", own & VCPU ? "vcpu=new" : "vcpu=inherit", own & VLOG ? "vlog=new" : "vlog=inherit", NULL));
	return (jid);
}

static void
last_text(void *arg, const struct vi_logmsg *lm)
{
	snprintf(arg, 256, "%s", lm->lm_text);
}

/* Which jail's buffer takes what is said about this one? */
static bool
logs_to(struct tl *t, int about, int buffer)
{
	char text[256] = "";

	vi_jail_log_clear(t->k, buffer);
	tl_fails(vi_jail_priv(t->k, about, &tl_user, VI_PRIV_NET_IFADDR), EPERM);
	(void)vi_jail_log_read(t->k, buffer, 0, last_text, text);
	return (strcmp(text, "privilege net.if_addr refused to uid 1000") == 0);
}

static void
check_combination(struct tl *t, int parent, int jid, unsigned own)
{
	char before[2048];

	assert_string_equal(get(t, jid, "vnet"), own & VNET ? "new" : "inherit");
	assert_string_equal(get(t, jid, "vproc"), own & VPROC ? "new" : "inherit");
	assert_string_equal(get(t, jid, "vcpu"), own & VCPU ? "new" : "inherit");
	assert_string_equal(get(t, jid, "vlog"), own & VLOG ? "new" : "inherit");

	assert_true(vi_jail_owns_vnet(t->k, jid) == ((own & VNET) != 0));
	assert_true((vi_jail_vnet(t->k, jid) != vi_jail_vnet(t->k, parent)) == ((own & VNET) != 0));
	assert_true((vi_vnet_jail(vi_jail_vnet(t->k, jid)) == jid) == ((own & VNET) != 0));

	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=p", "host.hostname=of-parent", "vcpu.share=77", NULL));
	snprintf(before, sizeof(before), "%s", get(t, jid, "host.hostname"));
	assert_true((strcmp(before, "of-parent") != 0) == ((own & VPROC) != 0));
	assert_true((strcmp(get(t, jid, "vcpu.share"), "77") != 0) == ((own & VCPU) != 0));
	assert_true(logs_to(t, jid, jid));
	assert_true(logs_to(t, jid, parent) == ((own & VLOG) == 0));
}

static void
containers_combine(void **state)
{
	struct tl t;
	int parent, jid;

	(void)state;
	tl_begin(&t, 1);
	parent = make(&t, 0, "p", ALL - 1);
	for (unsigned own = 0; own < ALL; own++) {
		tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=p", "host.hostname=first", "vcpu.share=50", NULL));
		jid = make(&t, parent, "c", own);
		check_combination(&t, parent, jid, own);
		tl_ok(vi_jail_remove(t.k, 0, jid));
	}
	/* Three levels, each owning one thing; removed from the top. */
	for (unsigned own = 0; own < ALL; own++) {
		int mid = make(&t, parent, "m", own);

		make(&t, mid, "c", ~own & (ALL - 1));
		make(&t, mid, "d", own);
		tl_ok(vi_jail_remove(t.k, 0, mid));
	}
	assert_string_equal(get(&t, parent, "host.hostname"), "of-parent");
	tl_end(&t);
}

static void
vnet_goes_with_its_jail(void **state)
{
	struct tl t;
	struct vi_vnet *vn;
	struct vi_socket *so;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	a = make(&t, 0, "a", VNET);
	b = make(&t, a, "b", 0);
	vn = vi_jail_vnet(t.k, b);
	assert_ptr_equal(vn, vi_jail_vnet(t.k, a));
	so = tl_udp(vn, "0.0.0.0", 5353);
	tl_ok(vi_jail_remove(t.k, 0, b));	/* only a borrower */
	assert_false(vi_socket_dead(so));
	tl_ok(vi_jail_remove(t.k, 0, a));
	assert_true(vi_socket_dead(so));
	vi_close(so);
	tl_end(&t);
}

static void
limit_and_share_reach_the_stack(void **state)
{
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=l", "persist", "vnet", "limit.memory=300000", "vcpu.share=9", NULL));
	assert_string_equal(get(&t, jid, "limit.memory"), "300000");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=l", "limit.memory=0", NULL));
	assert_string_equal(get(&t, jid, "limit.memory"), "0");
	tl_end(&t);
}

/* vnet.interface. */

static void
interfaces_move_in(void **state)
{
	struct vi_vnet *v0, *vn;
	char name[VI_IFNAMSIZ];
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	v0 = vi_vnet0(t.k);
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", "vnet.interface=epair0a,epair1a", NULL));
	vn = vi_jail_vnet(t.k, jid);
	assert_true(tl_hasif(vn, "epair0a") && tl_hasif(vn, "epair1a"));
	assert_false(tl_hasif(v0, "epair0a") || tl_hasif(v0, "epair1a"));
	assert_int_equal(tl_ifinfo(vn, "epair0a").if_home_vnet, vi_vnet_id(v0));
	/* Again, with one that is there; and one more by a second parameter. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "vnet.interface=epair0a", "vnet.interface=epair0b", NULL));
	assert_true(tl_hasif(vn, "epair0b"));
	tl_ok(vi_jail_remove(t.k, 0, jid));
	assert_true(tl_hasif(v0, "epair0a") && tl_hasif(v0, "epair1a") && tl_hasif(v0, "epair0b"));
	tl_end(&t);
}

static void
interfaces_move_all_or_none(void **state)
{
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	struct vi_vnet *v0, *vn;
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	v0 = vi_vnet0(t.k);
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ifaddr(v0, "epair0a", "192.0.2.1", 24);

	/* A jail that is not made. */
	tl_fails(tl_jail(&t, 0, NEW, NULL, err, "name=j", "persist", "vnet", "vnet.interface=epair0a,epair7a", NULL), ENXIO);
	assert_string_equal(err, "vnet.interface: epair7a: no such interface");
	tl_fails(vi_jail_find(t.k, 0, "j", &jid), ENOENT);
	tl_fails(tl_jail(&t, 0, NEW, NULL, err, "name=j", "persist", "vnet", "vnet.interface=epair0a", "vnet.interface=lo0", NULL), EINVAL);
	assert_string_equal(err, "vnet.interface: lo0: cannot be lent");
	tl_fails(vi_jail_find(t.k, 0, "j", &jid), ENOENT);
	assert_int_equal(tl_naddrs(v0, "epair0a"), 1);	/* it never left */

	/* A jail that is not changed. */
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", "vnet.interface=epair0b", "host.hostname=h", NULL));
	vn = vi_jail_vnet(t.k, jid);
	tl_ok(vi_if_create(vn, "epair3", name));
	tl_ok(vi_if_create(v0, "epair4", name));
	tl_ok(vi_if_rename(v0, "epair4a", "epair3a"));
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "host.hostname=changed", "vnet.interface=epair0b,epair0a,epair3a", NULL), EEXIST);
	assert_string_equal(err, "vnet.interface: epair3a: the jail has an interface of that name");
	assert_true(tl_hasif(vn, "epair0b"));		/* it was there before */
	assert_int_equal(tl_naddrs(v0, "epair0a"), 1);
	assert_string_equal(get(&t, jid, "host.hostname"), "h");
	tl_end(&t);
}

static void
interfaces_come_from_the_caller(void **state)
{
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(vi_if_create(vi_vnet0(t.k), "epair", name));
	a = make(&t, 0, "a", ALL - 1);
	tl_fails(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "vnet", "vnet.interface=epair0a", NULL), ENXIO);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "vnet.interface=epair0a", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "vnet", "vnet.interface=epair0a", NULL));
	assert_true(tl_hasif(vi_jail_vnet(t.k, b), "epair0a"));
	/* It goes home, past its lender. */
	tl_ok(vi_jail_remove(t.k, 0, b));
	assert_true(tl_hasif(vi_vnet0(t.k), "epair0a"));
	tl_end(&t);
}

/* Privileges. */

static void
privileges_reach_sockets(void **state)
{
	struct vi_sockaddr sa = tl_addr("0.0.0.0", 80), free = tl_addr("0.0.0.0", 8080);
	struct vi_socket *so;
	struct vi_vnet *vn;
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", NULL));
	vn = vi_jail_vnet(t.k, jid);
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &so), EPERM);
	assert_null(so);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "allow.raw_sockets", NULL));
	tl_ok(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &so));
	vi_close(so);
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_user, &so), EPERM);

	for (int type = VI_SOCK_STREAM; type <= VI_SOCK_DGRAM; type++) {
		so = tl_socket(vn, type);
		tl_ok(vi_bind(so, &sa));
		vi_close(so);
		tl_ok(vi_socket(vn, VI_AF_INET, type, 0, &tl_user, &so));
		tl_fails(vi_bind(so, &sa), EACCES);
		tl_ok(vi_bind(so, &free));
		vi_close(so);
	}
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "allow.noreserved_ports", NULL));
	so = tl_socket(vn, VI_SOCK_STREAM);
	tl_fails(vi_bind(so, &sa), EACCES);
	vi_close(so);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_combine),
		cmocka_unit_test(vnet_goes_with_its_jail),
		cmocka_unit_test(limit_and_share_reach_the_stack),
		cmocka_unit_test(interfaces_move_in),
		cmocka_unit_test(interfaces_move_all_or_none),
		cmocka_unit_test(interfaces_come_from_the_caller),
		cmocka_unit_test(privileges_reach_sockets),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
