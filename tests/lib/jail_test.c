/* SPDX-License-Identifier: BSD-2-Clause */
/* Prisons: names, ids, tree, parameters, transactions, processes. */
#include "tests/lib/tl.h"

#define NEW VI_JAIL_CREATE
#define MOD VI_JAIL_UPDATE
/* These tests are about prisons; the build with a single stack has them too, all on vnet0. */
#define jail_ok(t, caller, jid, ...)	tl_ok(tl_jail((t), (caller), NEW, (jid), NULL, __VA_ARGS__, NULL))

static void
expect_error(struct tl *t, int caller, unsigned flags, int error, const char *sentence, const char *p1, const char *p2)
{
	char err[VI_ERRLEN] = "untouched";

	tl_fails(tl_jail(t, caller, flags, NULL, err, p1, p2, NULL), error);
	assert_string_equal(err, sentence);
}

static const char *
get(struct tl *t, int caller, int jid, const char *param)
{
	static char buf[2048];

	tl_ok(vi_jail_get(t->k, caller, jid, param, buf, sizeof(buf)));
	return (buf);
}

struct list { int n, jid[64]; };

static void
collect(void *arg, int jid)
{
	struct list *l = arg;

	assert_true(l->n < 64);
	l->jid[l->n++] = jid;
}

static struct list
list(struct tl *t, int caller)
{
	struct list l = { 0 };

	vi_jail_list(t->k, caller, collect, &l);
	return (l);
}

static void
prison0_is_there(void **state)
{
	struct tl t;
	int jid = -1;

	(void)state;
	tl_begin(&t, 1);
	assert_int_equal(list(&t, 0).n, 0);
	tl_ok(vi_jail_find(t.k, 0, "0", &jid));
	assert_int_equal(jid, 0);
	assert_true(vi_jail_owns_vnet(t.k, 0));
	assert_ptr_equal(vi_jail_vnet(t.k, 0), vi_vnet0(t.k));
	assert_int_equal(vi_jail_parent(t.k, 0), -1);
	tl_fails(vi_jail_remove(t.k, 0, 0), ENOENT);
	assert_string_equal(get(&t, 0, 0, "children.cur"), "0");
	assert_string_equal(get(&t, 0, 0, "path"), "/");
	tl_end(&t);
}

static void
jids_are_given_out(void **state)
{
	struct tl t;
	struct list l;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &jid, "name=a", "persist");
	assert_int_equal(jid, 1);
	jail_ok(&t, 0, &jid, "persist");
	assert_int_equal(jid, 2);
	assert_string_equal(get(&t, 0, 2, "name"), "2");	/* unnamed: its jid */
	jail_ok(&t, 0, &jid, "jid=4", "name=four", "persist");
	assert_int_equal(jid, 4);
	jail_ok(&t, 0, &jid, "name=three", "persist");
	assert_int_equal(jid, 3);
	jail_ok(&t, 0, &jid, "name=five", "persist");
	assert_int_equal(jid, 5);		/* 4 is taken */
	tl_ok(vi_jail_remove(t.k, 0, 5));
	jail_ok(&t, 0, &jid, "name=six", "persist");
	assert_int_equal(jid, 6);		/* not at once again */
	l = list(&t, 0);
	assert_int_equal(l.n, 5);
	for (int i = 1; i < l.n; i++)
		assert_true(l.jid[i - 1] < l.jid[i]);
	expect_error(&t, 0, NEW, EINVAL, "jid: \"x\" is not a number", "jid=x", NULL);
	expect_error(&t, 0, NEW, EINVAL, "jid: 0 is not between 1 and 99999999", "jid=0", NULL);
	expect_error(&t, 0, NEW, EEXIST, "jail \"4\" already exists", "jid=4", NULL);
	expect_error(&t, 0, NEW, EEXIST, "jail \"four\" already exists", "jid=1", "name=four");
	tl_end(&t);
}

static void
names_are_checked(void **state)
{
	static const char *const bad[] = { "name=", "name=12", "name=.a", "name=a.", "name=a..b", "name=a b", "name=a/b", "name=a=b", "name=a,b",
		"name=a\nb" };
	char longname[VI_NAMELEN + 16];
	char err[VI_ERRLEN];
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tl_fails(tl_jail(&t, 0, NEW, NULL, err, bad[i], "persist", NULL), EINVAL);
		assert_non_null(strstr(err, "is not a jail name"));
	}
	expect_error(&t, 0, NEW, ENOENT, "jail \"no\" not found", "name=no.b", NULL);
	memset(longname, 'n', sizeof(longname));
	memcpy(longname, "name=", 5);
	longname[VI_NAMELEN + 5] = '\0';
	tl_fails(tl_jail(&t, 0, NEW, NULL, err, longname, "persist", NULL), ENAMETOOLONG);
	assert_int_equal(list(&t, 0).n, 0);
	longname[VI_NAMELEN - 10] = '\0';
	jail_ok(&t, 0, &jid, longname, "persist");
	assert_string_equal(get(&t, 0, jid, "name"), longname + 5);
	expect_error(&t, 0, MOD, ENOENT, "jail \"ghost\" not found", "name=ghost", NULL);
	jail_ok(&t, 0, &jid, "name=web-1_x", "persist");
	expect_error(&t, 0, NEW, EEXIST, "jail \"web-1_x\" already exists", "name=web-1_x", NULL);
	tl_end(&t);
}

static void
tree_is_seen_from_inside(void **state)
{
	struct tl t;
	struct list l;
	int a, b, c, x, jid;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "persist", "children.max=9");
	jail_ok(&t, 0, &x, "name=x", "persist");
	jail_ok(&t, a, &b, "name=b", "persist", "children.max=5");
	jail_ok(&t, 0, &c, "name=a.b.c", "persist");

	assert_string_equal(get(&t, 0, c, "name"), "a.b.c");
	assert_string_equal(get(&t, a, c, "name"), "b.c");
	assert_string_equal(get(&t, b, c, "name"), "c");
	assert_string_equal(get(&t, b, b, "name"), "0");
	assert_string_equal(get(&t, 0, a, "children.cur"), "2");
	assert_int_equal(vi_jail_parent(t.k, c), b);
	assert_string_equal(get(&t, 0, c, "parent"), "3");
	assert_string_equal(get(&t, b, c, "parent"), "0");

	tl_ok(vi_jail_find(t.k, a, "b.c", &jid));
	assert_int_equal(jid, c);
	tl_ok(vi_jail_find(t.k, 0, "4", &jid));
	assert_int_equal(jid, c);
	tl_ok(vi_jail_find(t.k, a, "0", &jid));
	assert_int_equal(jid, a);
	l = list(&t, a);
	assert_int_equal(l.n, 2);

	/* What is beside or above is not there. */
	tl_fails(vi_jail_find(t.k, a, "x", &jid), ENOENT);
	tl_fails(vi_jail_find(t.k, a, "2", &jid), ENOENT);
	tl_fails(vi_jail_find(t.k, b, "a", &jid), ENOENT);
	assert_false(vi_jail_visible(t.k, a, x));
	assert_false(vi_jail_visible(t.k, b, a));
	assert_true(vi_jail_visible(t.k, b, b));
	tl_fails(vi_jail_remove(t.k, a, x), ENOENT);
	tl_fails(vi_jail_remove(t.k, b, a), ENOENT);
	tl_fails(vi_jail_remove(t.k, b, b), ENOENT);
	tl_fails(vi_jail_get(t.k, a, x, "name", (char[8]){ 0 }, 8), ENOENT);
	expect_error(&t, a, MOD, ENOENT, "jail 2 not found", "jid=2", "persist");
	expect_error(&t, a, NEW, EEXIST, "jail 2 already exists", "jid=2", "persist");

	/* With the parent go its children. */
	tl_ok(vi_jail_remove(t.k, 0, a));
	l = list(&t, 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.jid[0], x);
	assert_string_equal(get(&t, 0, 0, "children.cur"), "1");
	tl_fails(vi_jail_remove(t.k, 0, c), ENOENT);
	assert_null(vi_jail_vnet(t.k, c));
	tl_end(&t);
}

static void
children_are_limited(void **state)
{
	struct tl t;
	int a, b, jid;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "persist");
	expect_error(&t, a, NEW, EPERM, "jail_set: Operation not permitted", "name=b", "persist");
	expect_error(&t, 0, NEW, EAGAIN, "prison limit exceeded", "name=a.b", "persist");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "children.max=2", NULL));
	jail_ok(&t, a, &b, "name=b", "persist", "children.max=99");
	jail_ok(&t, b, &jid, "name=c", "persist");
	/* b may have 99, a only two in all. */
	expect_error(&t, b, NEW, EAGAIN, "prison limit exceeded", "name=d", "persist");
	tl_ok(vi_jail_remove(t.k, b, jid));
	jail_ok(&t, b, &jid, "name=d", "persist");
	expect_error(&t, 0, MOD, EINVAL, "children.max: -1 is not between 0 and 999999", "name=a", "children.max=-1");
	tl_end(&t);
}

static const struct { const char *name, *set, *value; } roundtrip[] = {
	{ "path", "path=/srv/web", "/srv/web" },
	{ "persist", "persist", "true" },
	{ "persist", "persist=true", "true" },
	{ "vproc", "vproc=new", "new" },
	{ "vproc", "vproc=inherit", "inherit" },
	{ "vcpu", "novcpu", "inherit" },
	{ "vlog", "vlog", "new" },
	{ "vcpu.share", "vcpu.share=250", "250" },
	{ "vcpu.cpus", "vcpu.cpus=7,1-2", "1-2,7" },
	{ "host.hostname", "host.hostname=www.example.org", "www.example.org" },
	{ "host.domainname", "host.domainname=example.org", "example.org" },
	{ "children.max", "children.max=17", "17" },
	{ "securelevel", "securelevel=2", "2" },
	{ "stop.timeout", "stop.timeout=0", "0" },
	{ "allow.set_hostname", "allow.noset_hostname", "false" },
	{ "allow.raw_sockets", "allow.raw_sockets", "true" },
	{ "allow.raw_sockets", "allow.raw_sockets=1", "true" },
	{ "allow.reserved_ports", "allow.reserved_ports=false", "false" },
	{ "allow.socket_af", "allow.socket_af", "true" },
	{ "allow.read_msgbuf", "allow.read_msgbuf", "true" },
	{ "allow.routing", "allow.routing=true", "true" },
#if !VIMAGE_SINGLE
	{ "vnet", "vnet", "new" },
	{ "vnet", "vnet=inherit", "inherit" },
#endif
};

static void
parameters_come_back(void **state)
{
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	for (size_t i = 0; i < sizeof(roundtrip) / sizeof(roundtrip[0]); i++) {
		jail_ok(&t, 0, &jid, "name=r", "persist", roundtrip[i].set);
		assert_string_equal(get(&t, 0, jid, roundtrip[i].name), roundtrip[i].value);
		tl_ok(vi_jail_remove(t.k, 0, jid));
	}
	tl_fails(vi_jail_get(t.k, 0, 0, "nonsense", (char[8]){ 0 }, 8), ENOENT);
	tl_fails(vi_jail_get(t.k, 0, 0, "nopersist", (char[8]){ 0 }, 8), ENOENT);
	tl_end(&t);
}

static void
count_param(void *arg, const char *name, const char *value)
{
	unsigned *n = arg;

	if (*n == 0)
		assert_string_equal(name, "jid");
	if (*n == 1)
		assert_string_equal(value, "r");
	++*n;
}

static void
parameters_are_listed(void **state)
{
	struct tl t;
	unsigned n = 0;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &jid, "name=r", "persist");
	tl_ok(vi_jail_params(t.k, 0, jid, count_param, &n));
	assert_true(n >= 51);
	tl_fails(vi_jail_params(t.k, jid, 99, count_param, &n), ENOENT);
	tl_end(&t);
}

static void
mistakes_get_a_sentence(void **state)
{
	static const struct { const char *set; int error; const char *sentence; } bad[] = {
		{ "colour=red", EINVAL, "unknown parameter: colour" },
		{ "dying", EINVAL, "dying: read-only" },
		{ "children.cur=1", EINVAL, "children.cur: read-only" },
		{ "persist=maybe", EINVAL, "persist: \"maybe\" is not a boolean" },
		{ "nopersist=true", EINVAL, "nopersist: takes no value" },
		{ "path", EINVAL, "path: needs a value" },
		{ "path=relative", EINVAL, "path: \"relative\" does not begin with /" },
		{ "host.hostname", EINVAL, "host.hostname: needs a value" },
		{ "vnet=maybe", EINVAL, "vnet: \"maybe\" is neither new nor inherit" },
		{ "vnet=disable", EINVAL, "vnet: \"disable\" is neither new nor inherit" },
		{ "vcpu.share=0", EINVAL, "vcpu.share: 0 is not between 1 and 10000" },
		{ "vcpu.share=1e3", EINVAL, "vcpu.share: \"1e3\" is not a number" },
		{ "vcpu.cpus=", EINVAL, "vcpu.cpus: \"\" is not a list of processors" },
		{ "vcpu.cpus=1-", EINVAL, "vcpu.cpus: \"1-\" is not a list of processors" },
		{ "vcpu.cpus=0,1024", EINVAL, "vcpu.cpus: \"0,1024\" has numbers above 1023" },
		{ "cpuset.id=7", EINVAL, "cpuset.id: read-only" },
		{ "securelevel=4", EINVAL, "securelevel: 4 is not between -1 and 3" },
		{ "stop.timeout=", EINVAL, "stop.timeout: \"\" is not a number" },
		{ "limit.memory=1000000", EINVAL, "limit.memory: the jail has no network stack of its own" },
		{ "vnet.interface=lo1", EINVAL, "vnet.interface: the jail has no network stack of its own" },
		{ "vnet.interface", EINVAL, "vnet.interface: needs a value" },
		{ "vnet.interface=an-interface-name", EINVAL, "vnet.interface: \"an-interface-name\" is not an interface name" },
		{ "vnet.interface=,", EINVAL, "vnet.interface: \"\" is not an interface name" },
	};
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect_error(&t, 0, NEW, bad[i].error, bad[i].sentence, "name=m", bad[i].set);
		assert_int_equal(list(&t, 0).n, 0);
	}
	tl_end(&t);
}

static void
inherited_containers_are_not_set(void **state)
{
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &jid, "name=i", "persist", "vproc=inherit", "vcpu=inherit");
	expect_error(&t, 0, MOD, EINVAL, "host.hostname: the jail has no vproc of its own", "name=i", "host.hostname=h");
	expect_error(&t, 0, MOD, EINVAL, "host.domainname: the jail has no vproc of its own", "name=i", "host.domainname=h");
	expect_error(&t, 0, MOD, EINVAL, "vcpu.share: the jail has no vcpu of its own", "name=i", "vcpu.share=7");
	expect_error(&t, 0, MOD, EINVAL, "vcpu.cpus: the jail has no vcpu of its own", "name=i", "vcpu.cpus=7");
	assert_string_equal(get(&t, 0, 0, "host.hostname"), "");
	tl_end(&t);
}

static void
changes_are_whole(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "persist", "host.hostname=old", "children.max=3", "path=/one");
	/* A good change beside a bad one is not made. */
	expect_error(&t, 0, MOD, EINVAL, "unknown parameter: colour", "name=a", "colour=red");
	tl_fails(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "host.hostname=new", "children.max=8", "allow.raw_sockets", "securelevel=9", NULL), EINVAL);
	assert_string_equal(get(&t, 0, a, "host.hostname"), "old");
	assert_string_equal(get(&t, 0, a, "children.max"), "3");
	assert_string_equal(get(&t, 0, a, "allow.raw_sockets"), "false");

	/* What is fixed at creation. */
	expect_error(&t, 0, MOD, EPERM, "path: cannot be changed after creation", "name=a", "path=/two");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "path=/one", NULL));
	expect_error(&t, 0, MOD, EPERM, "vnet: cannot be changed after creation", "name=a", "vnet");
	expect_error(&t, 0, MOD, EPERM, "vlog: cannot be changed after creation", "name=a", "vlog=inherit");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "vlog=new", NULL));

	/* Create-or-modify. */
	tl_ok(tl_jail(&t, 0, NEW | MOD, &b, NULL, "name=a", "host.hostname=newer", NULL));
	assert_int_equal(b, a);
	assert_string_equal(get(&t, 0, a, "host.hostname"), "newer");
	tl_ok(tl_jail(&t, 0, NEW | MOD, &b, NULL, "name=b", "persist", NULL));
	assert_int_not_equal(b, a);

	/* A new name for a known jid. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "jid=1", "name=renamed", NULL));
	assert_string_equal(get(&t, 0, a, "name"), "renamed");
	/* A number cannot be given to one that has another. */
	tl_fails(tl_jail(&t, 0, MOD, NULL, NULL, "name=renamed", "jid=4711", NULL), ENOENT);
	tl_fails(tl_jail(&t, 0, VI_JAIL_CREATE | MOD, NULL, NULL, "name=renamed", "jid=4711", NULL), EEXIST);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=renamed", "jid=1", NULL));
	tl_fails(vi_jail_find(t.k, 0, "a", &b), ENOENT);
	expect_error(&t, 0, MOD, EEXIST, "jail \"b\" already exists", "jid=1", "name=b");
	jail_ok(&t, a, NULL, "name=kid", "persist");
	expect_error(&t, 0, MOD, EBUSY, "name: cannot be changed while the jail has children", "jid=1", "name=again");
	expect_error(&t, 0, MOD, EINVAL, "name: \"b.kid\" is below another jail", "jid=3", "name=b.kid");
	tl_end(&t);
}

static void
children_never_exceed_parents(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "persist", "children.max=9", "allow.raw_sockets", "securelevel=1");
	jail_ok(&t, a, &b, "name=b", "persist", "allow.raw_sockets");
	expect_error(&t, a, NEW, EPERM, "allow.routing: the parent jail does not have it", "name=c", "allow.routing");
	expect_error(&t, a, MOD, EPERM, "securelevel: below the parent's 1", "name=b", "securelevel=0");
	assert_string_equal(get(&t, 0, b, "securelevel"), "1");
	assert_string_equal(get(&t, 0, b, "allow.raw_sockets"), "true");
	/* What the parent loses its children lose. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "allow.noraw_sockets", "securelevel=3", NULL));
	assert_string_equal(get(&t, 0, b, "allow.raw_sockets"), "false");
	assert_string_equal(get(&t, 0, b, "securelevel"), "3");
	tl_end(&t);
}

static void
check_root(struct tl *t, int jid, const char *want)
{
	char buf[2048];

	tl_ok(vi_jail_rootdir(t->k, jid, buf, sizeof(buf)));
	assert_string_equal(buf, want);
}

/* Each jail's within its creator's, and what is below a jail's is marked as such, whoever says it. */
static void
root_directories(void **state)
{
	char buf[2048], longest[1100] = "path=";
	struct tl t;
	int a, b, c, s;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "persist", "children.max=9", "path=//srv///a/");
	check_root(&t, 0, "/");
	check_root(&t, a, "/srv/a");
	jail_ok(&t, a, &b, "name=b", "persist", "path=/b//x", "children.max=9");
	check_root(&t, b, "/srv/a//b/x");
	assert_string_equal(get(&t, 0, b, "path"), "/srv/a/b/x");
	assert_string_equal(get(&t, a, b, "path"), "/b/x");
	assert_string_equal(get(&t, b, b, "path"), "/");
	tl_ok(tl_jail(&t, a, MOD, NULL, NULL, "name=b", "path=/b/x/", NULL));
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a.b", "path=/srv/a/b/x", NULL));
	expect_error(&t, a, MOD, EPERM, "path: cannot be changed after creation", "name=b", "path=/srv/a/b/x");
	expect_error(&t, a, NEW, EINVAL, "path: \"/b/..\" has a \"..\" in it", "name=c", "path=/b/..");
	expect_error(&t, a, NEW, EINVAL, "path: \"/..\" has a \"..\" in it", "name=c", "path=/..");
	jail_ok(&t, a, &c, "name=c", "persist", "path=/..b../.");
	check_root(&t, c, "/srv/a//..b../.");
	/* By default the creator's own. */
	tl_ok(vi_jail_remove(t.k, 0, c));
	jail_ok(&t, b, &c, "name=c", "persist", "children.max=1");
	check_root(&t, c, "/srv/a//b/x");
	/* Made from above, in one jail's by another's root, and outside of all by who may. */
	for (unsigned i = 0; i < 3; i++) {
		static const char *const path[] = { "path=/srv/a/b/x/y", "path=/b/x/y", "path=/y" };
		static const char *const name[] = { "name=a.b.k", "name=b.k", "name=k" };
		int k;

		jail_ok(&t, i == 0 ? 0 : i == 1 ? a : b, &k, name[i], "persist", path[i]);
		check_root(&t, k, "/srv/a//b/x//y");
		tl_ok(vi_jail_remove(t.k, 0, k));
	}
	jail_ok(&t, a, &s, "name=b.k", "persist", "path=/other");
	check_root(&t, s, "/srv/a//other");
	tl_ok(vi_jail_remove(t.k, 0, s));
	jail_ok(&t, 0, &s, "name=a.b.k", "persist", "path=/srv/ab");
	check_root(&t, s, "/srv/ab");
	tl_ok(vi_jail_remove(t.k, 0, s));
	/* Who shares processes has their root, whatever he says. */
	jail_ok(&t, 0, &s, "name=a.s", "persist", "path=/", "vproc=inherit", "children.max=1");
	jail_ok(&t, s, &c, "name=d", "persist");
	check_root(&t, c, "/srv/a");
	tl_ok(vi_jail_remove(t.k, 0, c));
	jail_ok(&t, s, &c, "name=d", "persist", "path=/etc");
	check_root(&t, c, "/srv/a//etc");
	memset(longest + 5, '/', 1);
	memset(longest + 6, 'x', 1015);
	expect_error(&t, b, NEW, ENAMETOOLONG, "path: longer than 1023 characters", "name=e", longest);
	tl_fails(vi_jail_rootdir(t.k, 4711, buf, sizeof(buf)), ENOENT);
	tl_fails(vi_jail_rootdir(t.k, a, buf, 6), ENAMETOOLONG);
	tl_end(&t);
}

static void
set_one(struct tl *t, int caller, const char *name, const char *param)
{
	tl_ok(tl_jail(t, caller, MOD, NULL, NULL, name, param, NULL));
}

/* What uname(2) is to say: "name release node", "-": as the host. */
static const char *
told(struct tl *t, int jid)
{
	static char buf[256];
	struct vi_uname un;

	if (!vi_jail_uname(t->k, jid, &un))
		return ("-");
	snprintf(buf, sizeof(buf), "%s %s %s", un.un_sysname, un.un_release, un.un_nodename);
	return (buf);
}

static void
names_of_the_system(void **state)
{
	char longest[80], param[96];
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "persist", "children.max=2", "host.hostname=ha");
	jail_ok(&t, a, &b, "name=b", "persist", "host.hostname=hb");
	assert_string_equal(get(&t, 0, a, "linux"), "inherit");
	assert_string_equal(told(&t, a), "-");
	assert_string_equal(told(&t, 4711), "-");
	/* FreeBSD's, where there is nothing better. */
	set_one(&t, 0, "name=a", "osrelease=15.0");
	assert_string_equal(told(&t, a), " 15.0 ha");
	assert_string_equal(told(&t, b), "-");
	set_one(&t, 0, "name=a", "linux.osrelease=5.10.0");
	assert_string_equal(get(&t, 0, a, "linux"), "new");
	assert_string_equal(told(&t, a), " 5.10.0 ha");
	/* Who inherits has it, and follows. */
	assert_string_equal(told(&t, b), " 5.10.0 hb");
	assert_string_equal(get(&t, 0, b, "linux.osrelease"), "5.10.0");
	assert_false(vi_jail_settable(t.k, b, "linux.osrelease"));
	assert_true(vi_jail_settable(t.k, a, "linux.osrelease"));
	set_one(&t, 0, "name=a", "linux.osname=Minix");
	assert_string_equal(told(&t, b), "Minix 5.10.0 hb");
	/* Names of one's own begin as those that were inherited. */
	set_one(&t, a, "name=b", "linux=new");
	set_one(&t, 0, "name=a", "linux.osrelease=6.1");
	set_one(&t, a, "name=b", "linux.oss_version=198144");
	assert_string_equal(told(&t, a), "Minix 6.1 ha");
	assert_string_equal(told(&t, b), "Minix 5.10.0 hb");
	assert_string_equal(get(&t, 0, b, "linux.oss_version"), "198144");
	assert_string_equal(get(&t, 0, a, "linux.oss_version"), "0");
	set_one(&t, a, "name=b", "linux=inherit");
	assert_string_equal(told(&t, b), "Minix 6.1 hb");
	tl_ok(vi_jail_remove(t.k, a, b));
	set_one(&t, 0, "name=a", "linux=inherit");
	assert_string_equal(told(&t, a), " 15.0 ha");
	/* wrong */
	memset(longest, 'x', sizeof(longest));
	longest[64] = '\0';
	snprintf(param, sizeof(param), "linux.osname=%s", longest);
	expect_error(&t, 0, MOD, ENAMETOOLONG, "linux.osname: longer than 63 characters", "name=a", param);
	expect_error(&t, 0, MOD, EINVAL, "linux: \"disable\" is neither new nor inherit", "name=a", "linux=disable");
	expect_error(&t, 0, MOD, EINVAL, "linux.oss_version: \"3.6\" is not a number", "name=a", "linux.oss_version=3.6");
	expect_error(&t, 0, MOD, EINVAL, "unknown parameter: linux.osreldate", "name=a", "linux.osreldate=1");
	expect_error(&t, 0, MOD, EINVAL, "linux: needs a value", "name=a", "linux");
	assert_int_equal(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "linux=inherit", "linux.osrelease=1", NULL), EINVAL);
	assert_int_equal(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "linux.osrelease=1", "linux=inherit", NULL), EINVAL);
	assert_string_equal(get(&t, 0, a, "linux"), "inherit");
	tl_end(&t);
}

static void
processes_keep_a_jail(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	jail_ok(&t, 0, &a, "name=a", "children.max=1");
	assert_true(vi_jail_expired(t.k, a));
	tl_ok(vi_jail_proc_attach(t.k, a, a));
	tl_ok(vi_jail_proc_attach(t.k, a, a));
	assert_false(vi_jail_expired(t.k, a));
	vi_jail_proc_detach(t.k, a, a);
	assert_false(vi_jail_expired(t.k, a));
	jail_ok(&t, a, &b, "name=b", "persist");
	vi_jail_proc_detach(t.k, a, a);
	assert_false(vi_jail_expired(t.k, a));	/* a child */
	tl_ok(vi_jail_remove(t.k, 0, b));
	assert_true(vi_jail_expired(t.k, a));
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "persist", NULL));
	assert_false(vi_jail_expired(t.k, a));
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "nopersist", NULL));
	assert_true(vi_jail_expired(t.k, a));
	tl_fails(vi_jail_proc_attach(t.k, 77, 77), ENOENT);
	vi_jail_proc_detach(t.k, 77, 77);
	assert_false(vi_jail_expired(t.k, 77));
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prison0_is_there),
		cmocka_unit_test(jids_are_given_out),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(root_directories),
		cmocka_unit_test(names_of_the_system),
		cmocka_unit_test(tree_is_seen_from_inside),
		cmocka_unit_test(children_are_limited),
		cmocka_unit_test(parameters_come_back),
		cmocka_unit_test(parameters_are_listed),
		cmocka_unit_test(mistakes_get_a_sentence),
		cmocka_unit_test(inherited_containers_are_not_set),
		cmocka_unit_test(changes_are_whole),
		cmocka_unit_test(children_never_exceed_parents),
		cmocka_unit_test(processes_keep_a_jail),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
