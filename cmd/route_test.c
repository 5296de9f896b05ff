/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_test.h"

#include <sysexits.h>
#include <time.h>

static void
test_add(void **state)
{
	static const struct { const char *line, *out, *request; } forms[] = {
		{ "route add 192.0.2.0/24 198.51.100.1", "add net 192.0.2.0: gateway "
		    "198.51.100.1\n",
		    "{\"destination\":\"192.0.2.0\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":24}" },
		{ "route add default 198.51.100.1", "add net default: gateway 198.51.100.1\n",
		    "{\"destination\":\"0.0.0.0\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":0}" },
		{ "route add 192.0.2.7 198.51.100.1", "add host 192.0.2.7: gateway 198.51.100.1\n",
		    "{\"destination\":\"192.0.2.7\",\"fib\":0,\"flags\":[\"static\",\"host\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":32}" },
		{ "route add -net 192.0.2.0 198.51.100.1 255.255.255.128",
		    "add net 192.0.2.0: gateway 198.51.100.1\n",
		    "{\"destination\":\"192.0.2.0\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":25}" },
		{ "route add -net 10.0.0.0 198.51.100.1", "add net 10.0.0.0: gateway "
		    "198.51.100.1\n",
		    "{\"destination\":\"10.0.0.0\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":8}" },
		{ "route add -net 10.1.0.0 -netmask 255.255.0.0 -iface epair0a -fib 2 -mtu 1400",
		    "add net 10.1.0.0: gateway epair0a fib 2\n",
		    "{\"destination\":\"10.1.0.0\",\"fib\":2,\"flags\":[\"static\"],"
		    "\"interface\":\"epair0a\",\"mtu\":1400,\"op\":\"route.add\","
		    "\"prefixlen\":16}" },
		{ "route add 192.0.2.0/24 -blackhole", "add net 192.0.2.0\n",
		    "{\"destination\":\"192.0.2.0\",\"fib\":0,\"flags\":[\"blackhole\",\"static\"],"
		    "\"op\":\"route.add\",\"prefixlen\":24}" },
		{ "route -q add 192.0.2.0/24 198.51.100.1", "",
		    "{\"destination\":\"192.0.2.0\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":24}" },
		{ "route -j web change -host 192.0.2.7 198.51.100.9",
		    "change host 192.0.2.7: gateway 198.51.100.9\n",
		    "{\"destination\":\"192.0.2.7\",\"fib\":0,\"flags\":[\"static\",\"host\"],"
		    "\"gateway\":\"198.51.100.9\",\"jail\":\"web\",\"op\":\"route.change\","
		    "\"prefixlen\":32}" },
		{ "route -6 add default fe80::1%epair0a", "add net default: gateway "
		    "fe80::1%epair0a\n",
		    "{\"destination\":\"::\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"fe80::1%epair0a\",\"op\":\"route.add\",\"prefixlen\":0}" },
		{ "route add default 2001:db8::1", "add net default: gateway 2001:db8::1\n",
		    "{\"destination\":\"::\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"2001:db8::1\",\"op\":\"route.add\",\"prefixlen\":0}" },
		{ "route add -inet6 2001:db8:9:: -prefixlen 48 2001:db8::1 -weight 3",
		    "add net 2001:db8:9::: gateway 2001:db8::1\n",
		    "{\"destination\":\"2001:db8:9::\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"2001:db8::1\",\"op\":\"route.add\",\"prefixlen\":48,"
		    "\"weight\":3}" },
		{ "route add 2001:db8:9::7 2001:db8::1",
		    "add host 2001:db8:9::7: gateway 2001:db8::1\n",
		    "{\"destination\":\"2001:db8:9::7\",\"fib\":0,\"flags\":[\"static\",\"host\"],"
		    "\"gateway\":\"2001:db8::1\",\"op\":\"route.add\",\"prefixlen\":128}" },
		{ "route add 192.0.2.0/24 198.51.100.1 -prefsrc 10.0.0.9",
		    "add net 192.0.2.0: gateway 198.51.100.1\n",
		    "{\"destination\":\"192.0.2.0\",\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":24,"
		    "\"source\":\"10.0.0.9\"}" },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire +60", "add net 192.0.2.0: gateway 198.51.100.1\n",
		    "{\"destination\":\"192.0.2.0\",\"expire\":60,\"fib\":0,\"flags\":[\"static\"],"
		    "\"gateway\":\"198.51.100.1\",\"op\":\"route.add\",\"prefixlen\":24}" },
		{ "route -q change 192.0.2.0/24 -expire 0 -lock -rtt 7 -recvpipe 8", "",
		    "{\"destination\":\"192.0.2.0\",\"expire\":0,\"fib\":0,\"flags\":[\"static\"],"
		    "\"op\":\"route.change\",\"prefixlen\":24}" },
		{ "route del 192.0.2.0/24", "del net 192.0.2.0\n",
		    "{\"destination\":\"192.0.2.0\",\"fib\":0,\"op\":\"route.delete\","
		    "\"prefixlen\":24}" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "route");
		fake_ok(&fk, "{}");
		fake_run(&fk, cmd_route, forms[i].line);
		assert_string_equal(fk.fk_err, "");
		assert_int_equal(fk.fk_status, 0);
		assert_string_equal(fk.fk_out, forms[i].out);
		assert_request(&fk, forms[i].request);
		fake_free(&fk);
	}
}

/* "1700000000": an absolute time becomes one from now. */
static void
test_expire(void **state)
{
	char line[96], request[256];
	const char *at;
	struct fake fk;

	(void)state;
	fake_init(&fk, "route");
	fake_ok(&fk, "{}");
	snprintf(line, sizeof(line), "route change default -expire %lld -hopcount 3", (long long)time(NULL) + 1000);
	fake_run(&fk, cmd_route, line);
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_err, "route: -hopcount: ignored, routes have no such thing\n");
	at = strstr(fake_request(&fk, request, sizeof(request)), "\"expire\":");
	assert_non_null(at);
	assert_in_range(atoi(at + 9), 990, 1000);
	fake_free(&fk);
}

static void
test_failures(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "route");
	fake_fail(&fk, EEXIST, "exists");
	fake_run(&fk, cmd_route, "route add 192.0.2.0/24 198.51.100.1");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "route: writing to routing socket: File exists\n");
	assert_string_equal(fk.fk_out, "add net 192.0.2.0: gateway 198.51.100.1 fib 0: route "
	    "already in table\n");
	fake_fail(&fk, ESRCH, "none");
	fake_run(&fk, cmd_route, "route delete 192.0.2.0/24");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "route: route has not been found\n");
	assert_string_equal(fk.fk_out, "delete net 192.0.2.0 fib 0: not in table\n");
	fake_free(&fk);
}

static void
test_get(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "route");
	fake_ok(&fk, "{\"route\":{\"destination\":\"0.0.0.0\",\"prefixlen\":0,\"flags\":2051,"
	    "\"gateway\":\"10.0.0.1\",\"interface\":\"epair8b\","
	    "\"mtu\":1500,\"weight\":1,\"fib\":0}}");
	fake_run(&fk, cmd_route, "route -n get 192.0.2.1");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out,
	    "   route to: 192.0.2.1\n"
	    "destination: default\n"
	    "       mask: default\n"
	    "    gateway: 10.0.0.1\n"
	    "        fib: 0\n"
	    "  interface: epair8b\n"
	    "      flags: <UP,GATEWAY,DONE,STATIC>\n"
	    " recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire\n"
	    "       0         0         0         0      1500         1         0\n");
	assert_request(&fk, "{\"destination\":\"192.0.2.1\",\"fib\":0,\"op\":\"route.get\"}");
	fake_free(&fk);
}

static void
test_flush(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "route");
	fake_ok(&fk, "{\"routes\":[{\"destination\":\"0.0.0.0\",\"prefixlen\":0,"
	    "\"gateway\":\"10.0.0.1\"}]}");
	fake_run(&fk, cmd_route, "route flush");
	assert_string_equal(fk.fk_out, "default              10.0.0.1             done\n");
	fake_free(&fk);
}

static void
test_wrong_words(void **state)
{
	static const struct { const char *line, *err; int status; } forms[] = {
		{ "route", "usage: route words\n", EX_USAGE },
		{ "route frob", "route: bad keyword: frob\n", EX_USAGE },
		{ "route add", "usage: route words\n", EX_USAGE },
		{ "route add 192.0.2.0/24", "usage: route words\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -frob", "route: bad keyword: frob\n",
		    EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -fib", "route: -fib requires an argument\n",
		    EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -fib x", "route: invalid fib number: x\n",
		    EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -mtu 70000",
		    "route: bad value for -mtu: 70000\n", EX_USAGE },
		{ "route add -net 192.0.2.0 198.51.100.1 255.0.255.0",
		    "route: bad netmask: 255.0.255.0\n", EX_USAGE },
		{ "route add 2001:db8::/32 198.51.100.1", "route: bad address: 198.51.100.1\n",
		    EX_NOHOST },
		{ "route get 192.0.2.1 198.51.100.1", "usage: route words\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -ifp", "route: -ifp requires an argument\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire 60", "route: -expire: 60 is not in the future\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire -60", "route: -expire: -60 is not in the future\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire +0", "route: -expire: +0 is not in the future\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire +-6", "route: bad value for -expire: +-6\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire +", "route: bad value for -expire: +\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire 9999999999", "route: bad value for -expire: 9999999999\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -expire", "route: -expire requires an argument\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -ssthresh x", "route: bad value for -ssthresh: x\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -sendpipe", "route: -sendpipe requires an argument\n", EX_USAGE },
		{ "route add 192.0.2.0/24 198.51.100.1 -sticky", "route: -sticky: routes have no such thing here\n", EX_USAGE },
		{ "route -x get", "route: illegal option -- x\nusage: route words\n", EX_USAGE },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "route");
		fake_run(&fk, cmd_route, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, forms[i].status);
		fake_free(&fk);
	}
}

static void
test_rules(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "route");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_route, "route rule add pref 10 not from 10.1.2.3/8 to all iif epair0a "
	    "fwmark 0x10/0xf0 ipproto tcp dport 80-443 fib 2");
	assert_int_equal(fk.fk_status, 0);
	assert_request(&fk, "{\"dport\":[80,443],\"fib\":2,\"from\":\"10.0.0.0\",\"fromlen\":8,"
	    "\"iif\":\"epair0a\",\"mark\":16,\"markmask\":240,\"not\":true,\"op\":\"rule.add\","
	    "\"priority\":10,\"protocol\":6}");
	fake_free(&fk);
	fake_init(&fk, "route");
	fake_ok(&fk, "{\"rules\":[{\"priority\":10,\"action\":\"fib\",\"fib\":2,\"not\":true,"
	    "\"from\":\"10.0.0.0\",\"fromlen\":8,\"dport\":[80,443],\"markmask\":255},"
	    "{\"priority\":20,\"action\":\"prohibit\",\"iif\":\"lo0\",\"sport\":[7,7]}]}");
	fake_run(&fk, cmd_route, "route rule");
	assert_string_equal(fk.fk_out, "10: not from 10.0.0.0/8 fwmark 0x0/0xff dport 80-443 fib 2\n"
	    "20: iif lo0 sport 7 prohibit\n");
	fake_free(&fk);
	fake_init(&fk, "route");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_route, "route rule add uidrange 0-999 suppress_prefixlength 0 table 3");
	assert_int_equal(fk.fk_status, 0);
	assert_request(&fk, "{\"fib\":3,\"minlen\":1,\"op\":\"rule.add\",\"uids\":[0,999]}");
	fake_free(&fk);
	fake_init(&fk, "route");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_route, "route rule delete goto 40");
	assert_int_equal(fk.fk_status, 0);
	assert_request(&fk, "{\"action\":\"goto\",\"goto\":40,\"op\":\"rule.delete\"}");
	fake_free(&fk);
	fake_init(&fk, "route");
	fake_run(&fk, cmd_route, "route rule add from 10.0.0.0/8");
	assert_int_equal(fk.fk_status, EX_USAGE);
	fake_free(&fk);
	fake_init(&fk, "route");
	fake_run(&fk, cmd_route, "route rule add dport 9-8 fib 1");
	assert_int_equal(fk.fk_status, EX_USAGE);
	assert_string_equal(fk.fk_err, "route: bad value for dport: 9-8\n");
	fake_free(&fk);
}

/* Until the daemon goes away. */
static void
test_monitor(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "route");
	fake_ok(&fk, "{\"last\":7,\"events\":[{\"kind\":\"route-add\",\"route\":{"
	    "\"destination\":\"0.0.0.0\",\"prefixlen\":0,\"gateway\":\"10.0.0.1\",\"index\":2,"
	    "\"flags\":2051}},{\"kind\":\"interface-arrive\",\"route\":{\"index\":3,"
	    "\"interface\":\"epair0a\"}}]}");
	fake_fail(&fk, ECONNRESET, "gone");
	fake_run(&fk, cmd_route, "route monitor");
	assert_int_equal(fk.fk_status, 1);
	assert_non_null(strstr(fk.fk_out, "RTM_ADD: Add Route: fib: 0, if# 2, "
	    "flags:<UP,GATEWAY,DONE,STATIC>\nsockaddrs: <DST,GATEWAY,NETMASK>\n default 10.0.0.1 /0\n"));
	assert_non_null(strstr(fk.fk_out, "if# 3, if name: epair0a, what: arrival\n"));
	assert_request(&fk, "{\"op\":\"route.events\"}");
	assert_request(&fk, "{\"after\":7,\"op\":\"route.events\",\"wait\":true}");
	fake_free(&fk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add), cmocka_unit_test(test_failures),
		    cmocka_unit_test(test_get),
		cmocka_unit_test(test_expire), cmocka_unit_test(test_flush), cmocka_unit_test(test_rules), cmocka_unit_test(test_monitor),
		cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
