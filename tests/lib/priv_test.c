/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileges: the table, the parameters that change what a jail has, and what it comes to in sockets and stacks. */
#include "tests/lib/tl.h"

#include <stdlib.h>

enum { NEW = VI_JAIL_CREATE, MOD = VI_JAIL_UPDATE };

static bool
has(struct tl *t, int jid, enum vi_priv p)
{
	const uint64_t set = vi_jail_privs(t->k, jid);

	return ((set >> p & 1) != 0);
}

static const char *
get(struct tl *t, int jid, const char *param)
{
	static char buf[2048];

	tl_ok(vi_jail_get(t->k, 0, jid, param, buf, sizeof(buf)));
	return (buf);
}

static void
names_are_unique(void **state)
{
	(void)state;
	for (unsigned p = 0; p < VI_PRIV_MAX; p++) {
		struct vi_privinfo pi;

		vi_priv_describe((enum vi_priv)p, &pi);
		assert_non_null(pi.pi_name);
		assert_non_null(pi.pi_when);
		assert_true(pi.pi_text[0] != '\0');
		assert_int_equal(vi_priv_byname(pi.pi_name), p);
	}
	assert_int_equal(vi_priv_byname("net"), VI_PRIV_MAX);
	assert_int_equal(vi_priv_byname(""), VI_PRIV_MAX);
}

/* Every privilege in a jail with a stack of its own, in one without, for a user, with its flag off and on. */
static void
check_row(struct tl *t, enum vi_priv p, int own, int shared)
{
	struct vi_privinfo pi;
	char on[80], off[80];
	bool always, vnet, never;

	vi_priv_describe(p, &pi);
	always = strcmp(pi.pi_when, "always") == 0;
	vnet = strncmp(pi.pi_when, "vnet", 4) == 0;
	never = strcmp(pi.pi_when, "never") == 0;
	tl_ok(vi_jail_priv(t->k, 0, &tl_root, p));
	tl_fails(vi_jail_priv(t->k, 0, &tl_user, p), EPERM);
	tl_fails(vi_jail_priv(t->k, own, &tl_user, p), EPERM);
	if (always || vnet || never) {
		assert_int_equal(vi_jail_priv(t->k, own, &tl_root, p) == 0, always || vnet);
		assert_int_equal(vi_jail_priv(t->k, shared, &tl_root, p) == 0, always);
	} else {
		assert_memory_equal(pi.pi_when, "allow.", 6);
		snprintf(on, sizeof(on), "%s=true", pi.pi_when);
		snprintf(off, sizeof(off), "%s=false", pi.pi_when);
		tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=own", off, NULL));
		tl_fails(vi_jail_priv(t->k, own, &tl_root, p), EPERM);
		tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=own", "allow.mount.tmpfs", on, NULL));
		tl_ok(vi_jail_priv(t->k, own, &tl_root, p));
	}
	/* By name: taken from everybody, given to all but never those. */
	snprintf(off, sizeof(off), "priv.deny=%s", pi.pi_name);
	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=own", off, NULL));
	assert_false(has(t, own, p));
	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=own", "priv.deny=", NULL));
	snprintf(on, sizeof(on), "priv.allow=%s", pi.pi_name);
	assert_int_equal(tl_jail(t, 0, MOD, NULL, NULL, "name=shared", on, NULL), never ? EPERM : 0);
	assert_int_equal(has(t, shared, p), !never);
	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=shared", "priv.allow=", NULL));
}

static void
table(void **state)
{
	struct tl t;
	int own, shared;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &own, NULL, "name=own", "persist", "vnet", NULL));
	tl_ok(tl_jail(&t, 0, NEW, &shared, NULL, "name=shared", "persist", "vnet=inherit", NULL));
	for (unsigned p = 0; p < VI_PRIV_MAX; p++)
		check_row(&t, (enum vi_priv)p, own, shared);
	tl_fails(vi_jail_priv(t.k, 99, &tl_root, VI_PRIV_LOG_READ), ENOENT);
	assert_int_equal(vi_jail_privs(t.k, 99), 0);
	tl_end(&t);
}

static void
lists_are_parsed(void **state)
{
	static const char *const bad[] = { "priv.allow=net.rout", "priv.allow=net.route,", "priv.deny=,", "priv.allow=net.route,,net.link",
		"priv.allow=*", "priv.deny=net.route net.link" };
	char err[VI_ERRLEN];
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", "priv.deny=net.route,net.link", NULL));
	assert_string_equal(get(&t, jid, "priv.deny"), "net.link,net.route");
	assert_false(has(&t, jid, VI_PRIV_NET_ROUTE));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* A comma at the end is forgiven: the list is the same one. */
		int want = strcmp(bad[i], "priv.allow=net.route,") == 0 ? 0 : EINVAL;

		assert_int_equal(tl_jail(&t, 0, MOD, NULL, err, "name=j", bad[i], NULL), want);
	}
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "priv.allow=vfs.mknod", NULL), EPERM);
	assert_string_equal(err, "priv.allow: no jail can be given vfs.mknod");
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "priv.have=net.route", NULL), EINVAL);
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "allow.nfsd", NULL), EOPNOTSUPP);
	tl_ok(tl_jail(&t, 0, MOD, NULL, err, "name=j", "allow.nonfsd", NULL));
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "allow.nounprivileged_proc_debug", NULL), EOPNOTSUPP);
	assert_string_equal(get(&t, jid, "allow.unprivileged_proc_debug"), "true");
	tl_end(&t);
}

/* What the parent loses the children lose, whatever they were given; and nobody is given more than his parent has. */
static void
never_beyond_the_parent(void **state)
{
	char err[VI_ERRLEN];
	struct tl t;
	int a, b, c;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet", "children.max=9", "allow.raw_sockets", "allow.mlock", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vnet", "children.max=9", "allow.raw_sockets", "priv.allow=net.raw_sockets,vm.mlock",
	    NULL));
	tl_ok(tl_jail(&t, b, NEW, &c, NULL, "name=c", "persist", "vnet", "priv.allow=net.raw_sockets,vm.mlock", NULL));
	tl_fails(tl_jail(&t, a, MOD, NULL, err, "name=b", "priv.allow=vfs.chflags", NULL), EPERM);
	assert_string_equal(err, "priv.allow: the parent jail does not have vfs.chflags");
	tl_fails(tl_jail(&t, b, MOD, NULL, err, "name=c", "allow.chflags", NULL), EPERM);
	assert_true(has(&t, c, VI_PRIV_NET_RAW) && has(&t, c, VI_PRIV_VM_MLOCK));

	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "allow.noraw_sockets", "priv.deny=net.route,jail.create", NULL));
	for (int jid = a; jid <= c; jid++) {
		assert_false(has(&t, jid, VI_PRIV_NET_RAW));
		assert_false(has(&t, jid, VI_PRIV_NET_ROUTE));
		assert_false(has(&t, jid, VI_PRIV_JAIL_CREATE));
		assert_true(has(&t, jid, VI_PRIV_VM_MLOCK));
		assert_true(has(&t, jid, VI_PRIV_NET_IFADDR));
	}
	/* A parent without a stack of its own does not keep a child from having one. */
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=s", "persist", "vnet=inherit", "children.max=1", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=v", "persist", "vnet", NULL));
	assert_false(has(&t, a, VI_PRIV_NET_ROUTE));
	assert_true(has(&t, b, VI_PRIV_NET_ROUTE));
	/* ... but on the grandparent's stack the child of who has nothing there has nothing. */
	tl_ok(vi_jail_remove(t.k, 0, b));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=w", "persist", "vnet=inherit", "priv.allow=net.route", NULL));
	assert_false(has(&t, b, VI_PRIV_NET_ROUTE));
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=s", "allow.routing", NULL));
	assert_true(has(&t, a, VI_PRIV_NET_ROUTE));
	assert_true(has(&t, b, VI_PRIV_NET_ROUTE));
	assert_false(has(&t, b, VI_PRIV_NET_IFADDR));
	tl_end(&t);
}

/* What each level takes from a jail and its child: what FreeBSD's does, of what there is here. */
static void
check_levels(struct tl *t, int a, int b)
{
	static const struct { enum vi_priv priv; int from; } lost[] = { { VI_PRIV_VFS_CHFLAGS, 1 }, { VI_PRIV_LOG_CLEAR, 1 }, { VI_PRIV_TIME_SET, 2 },
		{ VI_PRIV_NET_FIREWALL, 3 }, { VI_PRIV_NET_DUMMYNET, 3 }, { VI_PRIV_TIME_ADJUST, 4 }, { VI_PRIV_LOG_READ, 4 }, { VI_PRIV_NET_ROUTE, 4 } };
	char level[32];

	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=a", "allow.chflags", "allow.settime", "allow.adjtime", NULL));
	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=a.b", "allow.chflags", "allow.settime", "allow.adjtime", NULL));
	for (int l = -1; l <= 3; l++) {
		snprintf(level, sizeof(level), "securelevel=%d", l);
		tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=a", level, NULL));
		tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=a.b", level, NULL));
		for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
			assert_int_equal(has(t, a, lost[i].priv), l < lost[i].from);
			assert_int_equal(has(t, b, lost[i].priv), l < lost[i].from);
		}
		/* No name gives it back. */
		tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=a", "priv.allow=vfs.chflags,time.set,log.clear,net.firewall", NULL));
		assert_int_equal(has(t, a, VI_PRIV_VFS_CHFLAGS), l < 1);
	}
}

static void
take_text(void *arg, const struct vi_logmsg *lm)
{
	snprintf(arg, 128, "%.100s", lm->lm_text);
}

/* What somebody else refused is in the log of the jail it was refused to. */
static void
refused_elsewhere(void **state)
{
	char text[128] = "";
	struct tl t;
	int a;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet", NULL));
	vi_jail_refused(t.k, a, &tl_root, VI_PRIV_PROC_SIGNAL, "process 4711");
	(void)vi_jail_log_read(t.k, a, 0, take_text, text);
	assert_string_equal(text, "privilege proc.signal refused to uid 0: process 4711");
	vi_jail_refused(t.k, 99, &tl_root, VI_PRIV_PROC_SIGNAL, "of nobody");
	tl_end(&t);
}

/* On a stack of others only sockets of IPv4, IPv6 and routes, without allow.socket_af. */
static void
families_of_sockets(void **state)
{
	static const struct { int family, type; bool always; } kinds[] = { { VI_AF_INET, VI_SOCK_STREAM, true }, { VI_AF_INET6, VI_SOCK_DGRAM, true },
		{ VI_AF_ROUTE, VI_SOCK_RAW, true }, { VI_AF_PACKET, VI_SOCK_RAW, false } };
	struct vi_cred cred = tl_root;
	struct vi_socket *so;
	struct vi_vnet *vn;
	struct tl t;
	int a;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet=inherit", NULL));
	vn = vi_jail_vnet(t.k, a);
	for (unsigned allowed = 0; allowed < 2; allowed++) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			for (unsigned shared = 0; shared < 2; shared++) {
				cred.cr_jail = shared ? a : 0;
				assert_int_equal(vi_socket(vn, kinds[i].family, kinds[i].type, 0, &cred, &so),
				    shared && !allowed && !kinds[i].always ? EAFNOSUPPORT : 0);
				if (so != NULL)
					vi_close(so);
			}
		tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "allow.socket_af", NULL));
	}
	tl_end(&t);
}

static void
rules_of_devices(void **state)
{
	char err[VI_ERRLEN];
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet", "children.max=2", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vnet", "devfs_ruleset=5", NULL));
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=a", "devfs_ruleset=6", NULL), EINVAL);
	assert_string_equal(err, "devfs_ruleset: 6 is not between 0 and 5");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "devfs_ruleset=4", NULL));
	assert_string_equal(get(&t, b, "devfs_ruleset"), "4");
	tl_fails(tl_jail(&t, a, MOD, NULL, err, "name=b", "devfs_ruleset=5", NULL), EPERM);
	assert_string_equal(err, "devfs_ruleset: the parent's is 4");
	tl_ok(tl_jail(&t, a, MOD, NULL, NULL, "name=b", "devfs_ruleset=0", NULL));
	assert_string_equal(get(&t, b, "devfs_ruleset"), "4");
	tl_end(&t);
}

static void
securelevel_and_suser(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet", "children.max=9", "securelevel=2", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vnet", NULL));
	assert_true(has(&t, a, VI_PRIV_NET_FIREWALL) && has(&t, b, VI_PRIV_NET_FIREWALL));
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "securelevel=3", "priv.allow=net.firewall", NULL));
	for (int jid = a; jid <= b; jid++) {
		assert_false(has(&t, jid, VI_PRIV_NET_FIREWALL));
		assert_false(has(&t, jid, VI_PRIV_NET_DUMMYNET));
		assert_true(has(&t, jid, VI_PRIV_NET_ROUTE));
	}
	tl_fails(tl_jail(&t, a, MOD, NULL, NULL, "name=b", "securelevel=2", NULL), EPERM);
	check_levels(&t, a, b);
	/* Without super-user there is nothing. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "allow.nosuser", NULL));
	assert_int_equal(vi_jail_privs(t.k, a), 0);
	assert_int_equal(vi_jail_privs(t.k, b), 0);
	assert_string_equal(get(&t, b, "priv.have"), "");
	assert_string_equal(get(&t, b, "allow.suser"), "false");
	tl_end(&t);
}

/* Who shares a stack makes sockets in it with the rights of his own jail, not of the stack's owner. */
static void
credentials_carry_what_is_denied(void **state)
{
	struct vi_sockaddr sa = tl_addr("0.0.0.0", 80);
	struct vi_cred cred = tl_root;
	struct vi_socket *so;
	struct vi_vnet *vn;
	struct tl t;
	int own, shared;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &own, NULL, "name=own", "persist", "vnet", "children.max=9", "allow.raw_sockets", NULL));
	tl_ok(tl_jail(&t, own, NEW, &shared, NULL, "name=shared", "persist", "vnet=inherit", "allow.noreserved_ports", NULL));
	vn = vi_jail_vnet(t.k, shared);
	assert_int_equal(vi_jail_denied(t.k, own), 0);
	cred.cr_denied = vi_jail_denied(t.k, shared);
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &cred, &so), EPERM);
	tl_ok(vi_socket(vn, VI_AF_INET, VI_SOCK_STREAM, 0, &cred, &so));
	tl_fails(vi_bind(so, &sa), EACCES);
	vi_close(so);
	tl_ok(tl_jail(&t, own, MOD, NULL, NULL, "name=shared", "allow.raw_sockets", NULL));
	cred.cr_denied = vi_jail_denied(t.k, shared);
	tl_ok(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &cred, &so));
	vi_close(so);
	/* The owner's loss is everybody's, at once. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=own", "allow.noraw_sockets", NULL));
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &cred, &so), EPERM);
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &so), EPERM);
	tl_end(&t);
}

/* Whose stack may be changed by whom. */
static void
stacks_have_administrators(void **state)
{
	struct vi_vnet *vn0, *vna, *vnb;
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	struct tl t;
	int a, b, s;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet", "children.max=9", NULL));
	tl_ok(tl_jail(&t, 0, NEW, &b, NULL, "name=b", "persist", "vnet", NULL));
	tl_ok(tl_jail(&t, a, NEW, &s, NULL, "name=s", "persist", "vnet=inherit", "children.max=9", NULL));
	vn0 = vi_jail_vnet(t.k, 0);
	vna = vi_jail_vnet(t.k, a);
	vnb = vi_jail_vnet(t.k, b);
	tl_ok(vi_vnet_priv(vna, a, &tl_root, VI_PRIV_NET_IFADDR));
	tl_ok(vi_vnet_priv(vna, 0, &tl_root, VI_PRIV_NET_IFADDR));
	tl_fails(vi_vnet_priv(vna, 0, &tl_user, VI_PRIV_NET_IFADDR), EPERM);
	tl_fails(vi_vnet_priv(vna, b, &tl_root, VI_PRIV_NET_IFADDR), EPERM);
	tl_fails(vi_vnet_priv(vnb, a, &tl_root, VI_PRIV_NET_IFADDR), EPERM);
	tl_fails(vi_vnet_priv(vn0, a, &tl_root, VI_PRIV_NET_IFADDR), EPERM);
	tl_fails(vi_vnet_priv(vna, s, &tl_root, VI_PRIV_NET_IFADDR), EPERM);
	tl_fails(vi_vnet_priv(vna, 99, &tl_root, VI_PRIV_NET_IFADDR), ENOENT);
	/* What the owner lost, who stands above has. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "priv.deny=net.if_addr", NULL));
	tl_fails(vi_vnet_priv(vna, a, &tl_root, VI_PRIV_NET_IFADDR), EPERM);
	tl_ok(vi_vnet_priv(vna, 0, &tl_root, VI_PRIV_NET_IFADDR));
	/* A sharer cannot give its parent's interface away to a child of its own. */
	tl_ok(vi_if_create(vna, "epair", name));
	snprintf(err, sizeof(err), "vnet.interface=%s", name);
	tl_fails(tl_jail(&t, s, NEW, NULL, err, "name=thief", "persist", "vnet", "vnet.interface=epair0a", NULL), EPERM);
	tl_fails(vi_jail_find(t.k, 0, "a.s.thief", &b), ENOENT);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_elsewhere),
		cmocka_unit_test(families_of_sockets),
		cmocka_unit_test(rules_of_devices),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(table),
		cmocka_unit_test(lists_are_parsed),
		cmocka_unit_test(never_beyond_the_parent),
		cmocka_unit_test(securelevel_and_suser),
		cmocka_unit_test(credentials_carry_what_is_denied),
		cmocka_unit_test(stacks_have_administrators),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
