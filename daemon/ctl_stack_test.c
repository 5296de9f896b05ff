/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations on stacks, carried out on a kernel with a simulated host. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/jail.h>
#include <vimage/vimage.h>

#include "daemon/ctl_serve.h"
#include "daemon/jproc.h"

struct fixture {
	struct vi_host	*fx_host;
	struct vi_kernel *fx_kernel;
	int		 fx_caller;	/* who asks */
	int		 fx_jid;	/* about whom */
	bool		 fx_root;
	char		 fx_err[256];
	json_t		*fx_reply;	/* of the last operation, all parts */
};

static const struct ctl_op *const tables[] = {
	ctl_if_ops, ctl_link_ops, ctl_option_ops, ctl_nd_ops, ctl_route_ops, ctl_rule_ops, ctl_sysctl_ops, ctl_stat_ops,
};

/* Stands in for the server: rq_client is where parts are put together. */
int
ctl_more(struct ctl_request *rq)
{
	json_t *whole = (json_t *)rq->rq_client, *value, *have;
	const char *key;

	json_object_foreach(rq->rq_reply, key, value) {
		have = json_object_get(whole, key);
		if (json_is_array(have))
			json_array_extend(have, value);
		else
			json_object_set(whole, key, value);
	}
	json_object_clear(rq->rq_reply);
	return 0;
}

void
jproc_hostname(struct daemon *d, int jid, bool domain, const char *name)
{
	(void)d, (void)jid, (void)domain, (void)name;	/* there are no processes */
}

/* Nobody waits here. */
int
ctl_monitor_begin(struct ctl_request *rq, uint64_t seq)
{
	(void)rq, (void)seq;
	return CTL_LATER;
}

static int
setup(void **state)
{
	struct vi_kernel_params kp = { .kp_workers = 1 };
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	assert_int_equal(vi_host_sim_new(7, &fx->fx_host), 0);
	kp.kp_host = fx->fx_host;
	assert_int_equal(vi_kernel_new(&kp, &fx->fx_kernel), 0);
	fx->fx_root = true;
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	json_decref(fx->fx_reply);
	assert_int_equal(vi_kernel_free(fx->fx_kernel, NULL, NULL), 0);
	vi_host_sim_free(fx->fx_host);
	free(fx);
	return 0;
}

static const struct ctl_op *
find_op(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct ctl_op *op = tables[i]; op->op_name != NULL; op++)
			if (strcmp(op->op_name, name) == 0)
				return op;
	fail_msg("no operation %s", name);
	return NULL;
}

/* Carries out one request in JSON with single quotation marks. */
static int
call(struct fixture *fx, const char *text)
{
	struct ctl_request rq = { .rq_kernel = fx->fx_kernel, .rq_caller = fx->fx_caller,
	    .rq_jid = fx->fx_jid, .rq_cred = { .cr_priv = fx->fx_root } };
	char copy[512];
	json_t *req;
	int error;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	req = json_loads(copy, 0, NULL);
	assert_non_null(req);
	json_decref(fx->fx_reply);
	fx->fx_reply = json_object();
	rq.rq_args = req;
	rq.rq_reply = json_object();
	rq.rq_client = (struct ctl_client *)fx->fx_reply;
	rq.rq_vnet = vi_jail_vnet(fx->fx_kernel, fx->fx_jid);
	do {
		error = find_op(json_string_value(json_object_get(req, "op")))->op_fn(&rq);
	} while (error == CTL_AGAIN);
	free(rq.rq_state);
	ctl_more(&rq);
	snprintf(fx->fx_err, sizeof(fx->fx_err), "%s", rq.rq_err);
	json_decref(rq.rq_reply);
	json_decref(req);
	return error;
}

#define OK(text)	assert_int_equal(call(fx, text), 0)
#define FAILS(error, text) assert_int_equal(call(fx, text), error)

static int
make_jail(struct fixture *fx, const char *name, const char *vnet)
{
	const struct vi_param params[] = {
		{ "name", name }, { "persist", NULL }, { "vnet", vnet }, { "children.max", "10" },
	};
	char err[VI_ERRLEN];
	int jid;

	assert_int_equal(vi_jail_set(fx->fx_kernel, 0, params, 4, VI_JAIL_CREATE, &jid, err), 0);
	return jid;
}

static const json_t *
member(struct fixture *fx, const char *list, size_t i)
{
	return json_array_get(json_object_get(fx->fx_reply, list), i);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static json_int_t
int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
test_interfaces(void **state)
{
	struct fixture *fx = *state;
	const json_t *o;

	OK("{'op':'if.create','type':'epair'}");
	assert_string_equal(text_of(fx->fx_reply, "name"), "epair0a");
	OK("{'op':'if.lladdr','name':'epair0a','lladdr':'02:00:00:00:00:0a'}");
	OK("{'op':'if.mtu','name':'epair0a','mtu':9000}");
	OK("{'op':'if.metric','name':'epair0a','metric':4}");
	OK("{'op':'if.description','name':'epair0a','description':'left'}");
	OK("{'op':'if.flags','name':'epair0a','set':['up','promisc']}");
	OK("{'op':'if.rename','name':'epair0a','newname':'net0'}");
	assert_string_equal(text_of(fx->fx_reply, "name"), "net0");
	OK("{'op':'addr.add','name':'net0','address':'192.0.2.1','prefixlen':24}");
	OK("{'op':'if.list','name':'net0'}");
	o = member(fx, "interfaces", 0);
	assert_string_equal(text_of(o, "origname"), "epair0a");
	assert_string_equal(text_of(o, "lladdr"), "02:00:00:00:00:0a");
	assert_string_equal(text_of(o, "description"), "left");
	assert_string_equal(text_of(o, "type"), "ether");
	assert_int_equal(int_of(o, "mtu"), 9000);
	assert_int_equal(int_of(o, "metric"), 4);
	assert_int_equal(int_of(o, "flags") & 0x101, 0x101);
	o = json_array_get(json_object_get(o, "addresses"), 0);
	assert_string_equal(text_of(o, "address"), "192.0.2.1");
	assert_string_equal(text_of(o, "broadcast"), "192.0.2.255");
	assert_int_equal(int_of(o, "prefixlen"), 24);
	OK("{'op':'addr.delete','name':'net0','address':'192.0.2.1'}");
	FAILS(EADDRNOTAVAIL, "{'op':'addr.delete','name':'net0','address':'192.0.2.1'}");
	OK("{'op':'if.destroy','name':'epair0b'}");
	FAILS(ENXIO, "{'op':'if.list','name':'net0'}");
	assert_string_equal(fx->fx_err, "interface net0 does not exist");
	OK("{'op':'if.cloners'}");
	assert_true(json_array_size(json_object_get(fx->fx_reply, "cloners")) >= 2);
}

static void
test_move(void **state)
{
	struct fixture *fx = *state;
	int web = make_jail(fx, "web", "new");

	make_jail(fx, "flat", "inherit");
	OK("{'op':'if.create','type':'epair'}");
	OK("{'op':'if.move','name':'epair0a','to':'web'}");
	FAILS(ENXIO, "{'op':'if.list','name':'epair0a'}");
	fx->fx_jid = web;
	OK("{'op':'if.list','name':'epair0a'}");
	fx->fx_jid = 0;
	FAILS(ENXIO, "{'op':'if.reclaim','name':'epair9a','from':'web'}");
	OK("{'op':'if.reclaim','name':'epair0a','from':'web'}");
	OK("{'op':'if.list','name':'epair0a'}");
	FAILS(ENOENT, "{'op':'if.move','name':'epair0a','to':'nosuch'}");
	assert_string_equal(fx->fx_err, "jail \"nosuch\" not found");
	FAILS(EINVAL, "{'op':'if.move','name':'epair0a','to':'flat'}");
}

/* More than one piece, with several next hops at its end: each once, in order. */
static void
test_long_table(struct fixture *fx)
{
	char text[200], before[16] = "", after[16];
	const json_t *routes;
	unsigned n = 0;

	for (unsigned i = 0; i < 400; i++)
		for (unsigned hop = 0; hop <= i % 3; hop++) {
			snprintf(text, sizeof(text), "{'op':'route.add','destination':'10.%u.%u.0','prefixlen':24,'gateway':'192.0.2.%u'}",
			    i / 256, i % 256, 2 + hop);
			OK(text);
			n++;
		}
	OK("{'op':'route.list','family':'inet'}");
	routes = json_object_get(fx->fx_reply, "routes");
	for (size_t i = 0; i < json_array_size(routes); i++) {
		const json_t *rt = json_array_get(routes, i);

		if (text_of(rt, "gateway")[0] == '\0')
			continue;
		snprintf(after, sizeof(after), "%03u.%03u", atoi(text_of(rt, "destination") + 3), atoi(strchr(text_of(rt, "destination") + 3, '.') + 1));
		assert_true(strcmp(before, after) <= 0);
		strcpy(before, after);
		n--;
	}
	assert_int_equal(n, 0);
	OK("{'op':'route.flush'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "routes")), 133 * 6 + 1);
	OK("{'op':'route.list'}");
	assert_true(json_array_size(json_object_get(fx->fx_reply, "routes")) < 10);
}

static void
test_routes(void **state)
{
	struct fixture *fx = *state;
	const json_t *o;

	OK("{'op':'if.create','type':'epair'}");
	OK("{'op':'addr.add','name':'epair0a','address':'192.0.2.1','prefixlen':24}");
	OK("{'op':'if.flags','name':'epair0a','set':['up']}");
	OK("{'op':'route.add','destination':'10.0.0.0','prefixlen':8,'gateway':'192.0.2.2',"
	    "'flags':['static']}");
	FAILS(EEXIST, "{'op':'route.add','destination':'10.0.0.0','prefixlen':8,"
	    "'gateway':'192.0.2.2'}");
	OK("{'op':'route.get','destination':'10.1.2.3'}");
	o = json_object_get(fx->fx_reply, "route");
	assert_string_equal(text_of(o, "gateway"), "192.0.2.2");
	assert_string_equal(text_of(o, "interface"), "epair0a");
	assert_int_equal(int_of(o, "prefixlen"), 8);
	OK("{'op':'route.change','destination':'10.0.0.0','prefixlen':8,'gateway':'192.0.2.9'}");
	OK("{'op':'route.get','destination':'10.1.2.3'}");
	assert_string_equal(text_of(json_object_get(fx->fx_reply, "route"), "gateway"), "192.0.2.9");
	FAILS(ESRCH, "{'op':'route.get','destination':'203.0.113.1'}");
	FAILS(EINVAL, "{'op':'route.list','fib':99999}");
	OK("{'op':'route.flush'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "routes")), 1);
	FAILS(ESRCH, "{'op':'route.delete','destination':'10.0.0.0','prefixlen':8}");
	test_long_table(fx);
}

static void
test_rules(void **state)
{
	struct fixture *fx = *state;
	const json_t *rule;

	OK("{'op':'rule.add','priority':20,'from':'10.0.0.0','fromlen':8,'iif':'epair0a','fib':0}");
	FAILS(EEXIST, "{'op':'rule.add','priority':20,'from':'10.0.0.0','fromlen':8,"
	    "'iif':'epair0a','fib':0}");
	OK("{'op':'rule.add','priority':10,'to':'2001:db8::','tolen':32,'protocol':6,"
	    "'dport':[80,443],'mark':1,'markmask':255,'action':'prohibit'}");
	OK("{'op':'rule.list'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "rules")), 2);
	rule = json_array_get(json_object_get(fx->fx_reply, "rules"), 0);
	assert_string_equal(text_of(rule, "to"), "2001:db8::");
	assert_string_equal(text_of(rule, "action"), "prohibit");
	FAILS(EINVAL, "{'op':'rule.add','from':'10.0.0.0','fromlen':33}");
	FAILS(EINVAL, "{'op':'rule.add','action':'frob'}");
	FAILS(EINVAL, "{'op':'rule.add','dport':[5,4]}");
	FAILS(EINVAL, "{'op':'rule.add','iif':'a name that is far too long'}");
	FAILS(EAFNOSUPPORT, "{'op':'rule.add','family':'inet5'}");
	OK("{'op':'rule.delete','priority':20,'from':'10.0.0.0','fromlen':8,'iif':'epair0a'}");
	FAILS(ESRCH, "{'op':'rule.delete','priority':20}");
	OK("{'op':'rule.delete','priority':10,'to':'2001:db8::','tolen':32,'protocol':6,"
	    "'dport':[80,443],'mark':1,'markmask':255,'action':'prohibit'}");
}

static void
test_events(void **state)
{
	struct fixture *fx = *state;
	const json_t *ev;
	char text[80];

	OK("{'op':'route.events','wait':true}");
	snprintf(text, sizeof(text), "{'op':'route.events','wait':true,'after':%d}",
	    (int)json_integer_value(json_object_get(fx->fx_reply, "last")));
	FAILS(CTL_LATER, text);
	OK("{'op':'route.add','destination':'10.0.0.0','prefixlen':8,'flags':['blackhole']}");
	OK(text);
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "events")), 1);
	ev = json_array_get(json_object_get(fx->fx_reply, "events"), 0);
	assert_string_equal(text_of(ev, "kind"), "route-add");
	assert_string_equal(text_of(json_object_get(ev, "route"), "destination"), "10.0.0.0");
	OK("{'op':'route.delete','destination':'10.0.0.0','prefixlen':8}");
	OK(text);
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "events")), 2);
}

/* More routes than one message takes come in parts, and none is lost. */
static void
test_long_list(void **state)
{
	struct fixture *fx = *state;
	char text[200];

	OK("{'op':'if.create','type':'epair'}");
	OK("{'op':'addr.add','name':'epair0a','address':'192.0.2.1','prefixlen':24}");
	OK("{'op':'if.flags','name':'epair0a','set':['up']}");
	for (int i = 0; i < 5100; i++) {
		snprintf(text, sizeof(text), "{'op':'route.add','destination':'10.%d.%d.0',"
		    "'prefixlen':24,'gateway':'192.0.2.2'}", i / 256, i % 256);
		OK(text);
	}
	OK("{'op':'route.flush'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "routes")), 5100);
}

static void
test_neighbours(void **state)
{
	struct fixture *fx = *state;
	size_t n;

	OK("{'op':'if.create','type':'epair'}");
	OK("{'op':'addr.add','name':'epair0a','address':'192.0.2.1','prefixlen':24}");
	OK("{'op':'if.flags','name':'epair0a','set':['up']}");
	OK("{'op':'neigh.list'}");
	n = json_array_size(json_object_get(fx->fx_reply, "neighbours"));
	OK("{'op':'neigh.add','address':'192.0.2.7','lladdr':'02:00:00:00:00:07',"
	    "'permanent':true}");
	OK("{'op':'neigh.list','interface':'epair0a'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "neighbours")), n + 1);
	OK("{'op':'neigh.list','interface':'lo0'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "neighbours")), 0);
	OK("{'op':'neigh.delete','address':'192.0.2.7'}");
	FAILS(ESRCH, "{'op':'neigh.delete','address':'192.0.2.7'}");
	FAILS(EINVAL, "{'op':'neigh.add','address':'192.0.2.7','lladdr':'02:0'}");
}

/* IPv6 listens to the group of each of its addresses. */
static void
test_groups(void **state)
{
	struct fixture *fx = *state;
	const json_t *group;

	OK("{'op':'if.create','type':'epair'}");
	OK("{'op':'addr.add','name':'epair0a','address':'2001:db8::1','prefixlen':64}");
	OK("{'op':'group.list','interface':'epair0a','family':'inet6'}");
	group = json_array_get(json_object_get(fx->fx_reply, "groups"), 0);
	assert_non_null(group);
	assert_string_equal(json_string_value(json_object_get(group, "mode")), "exclude");
	assert_int_equal(json_integer_value(json_object_get(group, "version")), 2);
	OK("{'op':'group.list','interface':'epair0a','family':'inet'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "groups")), 0);
	FAILS(EAFNOSUPPORT, "{'op':'group.list','family':'inet7'}");
}

static void
test_sysctls(void **state)
{
	struct fixture *fx = *state;

	OK("{'op':'sysctl.set','name':'net.inet.ip.forwarding','value':'1'}");
	assert_string_equal(text_of(fx->fx_reply, "old"), "0");
	assert_string_equal(text_of(fx->fx_reply, "new"), "1");
	OK("{'op':'sysctl.list','name':'net.inet.ip.forwarding'}");
	assert_string_equal(text_of(member(fx, "sysctls", 0), "value"), "1");
	FAILS(EINVAL, "{'op':'sysctl.set','name':'net.inet.ip.forwarding','value':'x'}");
	FAILS(ENOENT, "{'op':'sysctl.set','name':'net.bogus','value':'1'}");
	FAILS(EISDIR, "{'op':'sysctl.set','name':'net.inet.ip','value':'1'}");
	assert_string_equal(fx->fx_err, "oid 'net.inet.ip' isn't a leaf node");
	FAILS(EPERM, "{'op':'sysctl.set','name':'kern.ostype','value':'1'}");
	FAILS(EINVAL, "{'op':'sysctl.set','name':'net.inet.ip.ttl','value':''}");
	FAILS(ENOENT, "{'op':'sysctl.list','name':'net.bogus'}");
	assert_string_equal(fx->fx_err, "unknown oid 'net.bogus'");
	OK("{'op':'sysctl.list'}");
	assert_true(json_array_size(json_object_get(fx->fx_reply, "sysctls")) > 10);
}

static void
test_statistics(void **state)
{
	struct fixture *fx = *state;

	OK("{'op':'stat.list','proto':'tcp'}");
	assert_string_equal(text_of(member(fx, "stats", 0), "proto"), "tcp");
	FAILS(ENOENT, "{'op':'stat.list','proto':'nosuch'}");
	OK("{'op':'stat.accounts'}");
	assert_true(int_of(fx->fx_reply, "memory") > 0);
	OK("{'op':'pcb.list'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "pcbs")), 0);
	vi_log(vi_vnet0(fx->fx_kernel), 5, "hello %d", 7);
	OK("{'op':'log.read'}");
	assert_true(json_array_size(json_object_get(fx->fx_reply, "lines")) >= 1);
	assert_int_equal(int_of(fx->fx_reply, "stamp"), 0);
	OK("{'op':'sysctl.set','name':'kern.msgbuf_show_timestamp','value':'2'}");
	assert_string_equal(text_of(fx->fx_reply, "old"), "0");
	assert_string_equal(text_of(fx->fx_reply, "new"), "2");
	FAILS(EINVAL, "{'op':'sysctl.set','name':'kern.msgbuf_show_timestamp','value':'3'}");
	FAILS(EINVAL, "{'op':'sysctl.set','name':'kern.msgbuf_show_timestamp','value':'-1'}");
	OK("{'op':'log.read','clear':true}");
	assert_int_equal(int_of(fx->fx_reply, "stamp"), 2);
	OK("{'op':'sysctl.set','name':'kern.msgbuf_show_jail','value':'0'}");
	FAILS(EINVAL, "{'op':'sysctl.set','name':'kern.msgbuf_show_jail','value':'2'}");
	OK("{'op':'log.read'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "lines")), 0);
}

static void
test_bad_arguments(void **state)
{
	static const char *const bad[] = {
		"{'op':'if.list','bogus':1}", "{'op':'if.list','name':7}", "{'op':'if.create'}",
		"{'op':'if.mtu','name':'lo0','mtu':'x'}", "{'op':'if.mtu','name':'lo0','mtu':-1}",
		"{'op':'if.mtu','name':'lo0','mtu':4294967296}", "{'op':'if.mtu','name':'lo0','mtu':1}",
		"{'op':'if.flags','name':'lo0','set':['frob']}", "{'op':'if.flags','name':'lo0','set':[7]}",
		"{'op':'if.lladdr','name':'lo0','lladdr':'zz'}",
		"{'op':'if.description','name':'lo0','description':'a\\u001b[31m'}",
		"{'op':'if.rename','name':'lo0','newname':'a\\nb'}",
		"{'op':'if.create','type':'a\\nb'}",
		"{'op':'addr.add','name':'lo0','address':'1.2.3'}",
		"{'op':'addr.add','name':'lo0','address':'127.0.0.1','prefixlen':33}",
		"{'op':'route.add','destination':'x','prefixlen':8}",
		"{'op':'route.add','destination':'10.0.0.0','prefixlen':-1}",
		"{'op':'route.add','destination':'10.0.0.0','prefixlen':8,'flags':['frob']}",
		"{'op':'log.read','after':-1}", "{'op':'stat.accounts','x':1}",
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FAILS(EINVAL, bad[i]);
		assert_true(fx->fx_err[0] != '\0');
		assert_null(strpbrk(fx->fx_err, "\n\033"));
	}
}

/* Who may change what. */
static void
test_rights(void **state)
{
	static const char up[] = "{'op':'if.flags','name':'lo0','set':['up']}";
	static const char list[] = "{'op':'if.list'}";
	struct fixture *fx = *state;
	int web = make_jail(fx, "web", "new"), flat = make_jail(fx, "flat", "inherit");
	int below = make_jail(fx, "flat.below", "inherit");

	fx->fx_jid = web;
	OK(up);				/* prison0, on a jail */
	fx->fx_caller = web;
	OK(up);				/* a jail with a stack of its own */
	OK("{'op':'sysctl.list','name':'net.ipv4.tcp_fastopen_key'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "sysctls")), 1);
	fx->fx_root = false;
	FAILS(EPERM, up);		/* not its root */
	OK("{'op':'sysctl.list','name':'net.ipv4.tcp_fastopen_key'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "sysctls")), 0);
	OK(list);
	fx->fx_root = true;
	fx->fx_caller = fx->fx_jid = flat;
	FAILS(EPERM, up);		/* the stack is prison0's */
	OK("{'op':'sysctl.list','name':'net.inet.tcp.fastopen.ccache_list'}");
	assert_int_equal(json_array_size(json_object_get(fx->fx_reply, "sysctls")), 0);
	OK(list);
	fx->fx_jid = below;
	FAILS(EPERM, up);		/* and stays so by way of a child */
	FAILS(EPERM, "{'op':'route.flush'}");
	FAILS(EPERM, "{'op':'sysctl.set','name':'net.inet.ip.forwarding','value':'1'}");
	FAILS(EPERM, "{'op':'neigh.delete','address':'192.0.2.1'}");
	OK("{'op':'log.read','clear':true}");	/* but the messages are its own */
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_interfaces), T(test_move), T(test_routes), T(test_rules), T(test_events), T(test_long_list),
		T(test_neighbours), T(test_groups), T(test_sysctls), T(test_statistics), T(test_bad_arguments),
		T(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
