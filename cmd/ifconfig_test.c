/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_test.h"

#include "cmd/ifconfig_int.h"

#define EPAIR	"{\"name\":\"epair0a\",\"flags\":34883,\"metric\":0,\"mtu\":1500," \
		"\"type\":\"ether\",\"lladdr\":\"02:00:00:00:00:01\"," \
		"\"linkup\":true,\"groups\":[\"epair\"],\"addresses\":[{\"family\":\"inet\"," \
		"\"address\":\"192.0.2.1\",\"prefixlen\":24," \
		"\"broadcast\":\"192.0.2.255\"}]}"
#define LO	"{\"name\":\"lo0\",\"flags\":32840,\"metric\":0,\"mtu\":16384,\"type\":\"loop\"," \
		"\"linkup\":true,\"groups\":[\"lo\"],\"addresses\":[]}"

static void
test_list(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ifconfig");
	fake_ok(&fk, "{\"interfaces\":[" LO "," EPAIR "]}");
	fake_run(&fk, cmd_ifconfig, "ifconfig");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out,
	    "lo0: flags=8048<LOOPBACK,RUNNING,MULTICAST> metric 0 mtu 16384\n"
	    "\tgroups: lo\n"
	    "epair0a: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500\n"
	    "\tether 02:00:00:00:00:01\n"
	    "\tinet 192.0.2.1 netmask 0xffffff00 broadcast 192.0.2.255\n"
	    "\tgroups: epair\n"
	    "\tmedia: Ethernet 10Gbase-T (10Gbase-T <full-duplex>)\n"
	    "\tstatus: active\n");
	assert_request(&fk, "{\"op\":\"if.list\"}");
	fake_free(&fk);
}

static void
test_list_forms(void **state)
{
	static const struct { const char *line, *out; } forms[] = {
		{ "ifconfig -l", "lo0 epair0a\n" },
		{ "ifconfig -l -u", "epair0a\n" },
		{ "ifconfig -ld", "lo0\n" },
		{ "ifconfig -l ether", "epair0a\n" },
		{ "ifconfig -g lo", "lo0\n" },
		{ "ifconfig -g none", "" },
		{ "ifconfig -f inet:cidr,ether:dash -u -a",
		    "epair0a: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu "
		    "1500\n"
		    "\tether 02-00-00-00-00-01\n\tinet 192.0.2.1/24 broadcast 192.0.2.255\n"
		    "\tgroups: epair\n"
		    "\tmedia: Ethernet 10Gbase-T (10Gbase-T <full-duplex>)\n\tstatus: active\n" },
		{ "ifconfig -m -u -a inet", "epair0a: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500\n"
		    "\tinet 192.0.2.1 netmask 0xffffff00 broadcast 192.0.2.255\n" },
		{ "ifconfig -a inet",
		    "epair0a: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu "
		    "1500\n"
		    "\tinet 192.0.2.1 netmask 0xffffff00 broadcast 192.0.2.255\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ifconfig");
		fake_ok(&fk, "{\"interfaces\":[" LO "," EPAIR "]}");
		fake_run(&fk, cmd_ifconfig, forms[i].line);
		assert_int_equal(fk.fk_status, 0);
		assert_string_equal(fk.fk_out, forms[i].out);
		fake_free(&fk);
	}
}

#define EPAIR6	"{\"name\":\"e\",\"origname\":\"epair0a\",\"flags\":34883,\"nd6flags\":35,\"metric\":0,\"mtu\":1500," \
		"\"type\":\"ether\",\"lladdr\":\"02:00:00:00:00:01\",\"linkup\":true," \
		"\"addresses\":[{\"family\":\"inet6\",\"address\":\"fe80::1%e\",\"prefixlen\":64," \
		"\"flags\":2,\"scopeid\":2},{\"family\":\"inet6\",\"address\":\"2001:db8::1\"," \
		"\"prefixlen\":64,\"flags\":80,\"vltime\":3600},{\"family\":\"inet\"," \
		"\"address\":\"192.0.2.1\",\"prefixlen\":24}]}"
#define HEAD6	"e: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500\n"
#define ND6	"\tnd6 options=23<PERFORMNUD,ACCEPT_RTADV,AUTO_LINKLOCAL>\n"

static void
test_list_inet6(void **state)
{
	static const struct { const char *line, *out; } forms[] = {
		{ "ifconfig -LD e", HEAD6 "\tether 02:00:00:00:00:01\n"
		    "\tinet 192.0.2.1 netmask 0xffffff00\n"
		    "\tinet6 fe80::1%e prefixlen 64 tentative scopeid 0x2\n"
		    "\tinet6 2001:db8::1 prefixlen 64 deprecated autoconf pltime infty vltime 3600\n"
		    "\tmedia: Ethernet 10Gbase-T (10Gbase-T <full-duplex>)\n\tstatus: active\n"
		    ND6 "\tdrivername: epair0a\n" },
		{ "ifconfig -f inet6:cidr e inet6", HEAD6
		    "\tinet6 fe80::1%e/64 tentative scopeid 0x2\n"
		    "\tinet6 2001:db8::1/64 deprecated autoconf pltime infty vltime 3600\n" ND6 },
		{ "ifconfig -l inet6", "e\n" },
		{ "ifconfig e inet", HEAD6 "\tinet 192.0.2.1 netmask 0xffffff00\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ifconfig");
		fake_ok(&fk, "{\"interfaces\":[" EPAIR6 "]}");
		fake_run(&fk, cmd_ifconfig, forms[i].line);
		assert_int_equal(fk.fk_status, 0);
		assert_string_equal(fk.fk_out, forms[i].out);
		fake_free(&fk);
	}
}

/* Link properties are shown as they would be given. */
static void
test_list_link(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ifconfig");
	fake_ok(&fk, "{\"interfaces\":[{\"name\":\"x\",\"flags\":0,\"metric\":0,\"mtu\":1500,"
	    "\"type\":\"other\",\"addresses\":[],\"link\":{\"delay\":10000000,\"jitter\":1500,"
	    "\"rate\":100000000,\"queue\":100,\"loss\":0.015,\"burst_p\":0.01,\"burst_r\":0.25,"
	    "\"burst_loss\":1,\"pattern\":\"01\",\"pattern_once\":true,\"seed\":12,\"stats\":{}}}]}");
	fake_run(&fk, cmd_ifconfig, "ifconfig x");
	assert_string_equal(fk.fk_out, "x: flags=0<> metric 0 mtu 1500\n\tlink delay 10ms jitter 1500ns rate 100Mbit "
	    "queue 100 loss 1.5% burst 1%,25%,100% pattern 01 once seed 12\n");
	fake_free(&fk);
}

static void
test_missing_interface(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ifconfig");
	fake_fail(&fk, ENXIO, "no such interface");
	fake_run(&fk, cmd_ifconfig, "ifconfig epair9a");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "ifconfig: interface epair9a does not exist\n");
	fake_free(&fk);
}

static void
test_create_prints_the_name(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ifconfig");
	fake_ok(&fk, "{\"name\":\"epair0a\"}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_ifconfig, "ifconfig epair create up");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "epair0a\n");
	assert_request(&fk, "{\"op\":\"if.create\",\"type\":\"epair\"}");
	assert_request(&fk, "{\"name\":\"epair0a\",\"op\":\"if.flags\",\"set\":[\"up\"]}");
	fake_ok(&fk, "{\"name\":\"lo7\"}");
	fake_run(&fk, cmd_ifconfig, "ifconfig lo7 create");
	assert_string_equal(fk.fk_out, "");
	fake_free(&fk);
}

static void
test_chain(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ifconfig");
	for (int i = 0; i < 7; i++)
		fake_ok(&fk, i == 1 ? "{\"name\":\"net0\"}" : "{}");
	fake_run(&fk, cmd_ifconfig, "ifconfig -j web epair0a mtu 9000 name net0 netmask "
	    "255.255.255.0 inet 192.0.2.1 -txcsum up alias ether 2:0:0:0:0:9");
	assert_int_equal(fk.fk_status, 1);	/* netmask before "inet" has no address */
	assert_refused(&fk, 1);
	fake_run(&fk, cmd_ifconfig, "ifconfig -j web epair0a mtu 9000 name net0 inet 192.0.2.1 "
	    "netmask 255.255.255.0 -txcsum up alias ether 2:0:0:0:0:9");
	assert_int_equal(fk.fk_status, 0);
	assert_request(&fk, "{\"jail\":\"web\",\"mtu\":9000,\"name\":\"epair0a\","
	    "\"op\":\"if.mtu\"}");
	assert_request(&fk, "{\"jail\":\"web\",\"name\":\"epair0a\",\"newname\":\"net0\","
	    "\"op\":\"if.rename\"}");
	assert_request(&fk, "{\"clear\":[\"txcsum\"],\"jail\":\"web\",\"name\":\"net0\","
	    "\"op\":\"if.capabilities\"}");
	assert_request(&fk, "{\"jail\":\"web\",\"name\":\"net0\",\"op\":\"if.flags\","
	    "\"set\":[\"up\"]}");
	assert_request(&fk, "{\"jail\":\"web\",\"lladdr\":\"02:00:00:00:00:09\",\"name\":\"net0\","
	    "\"op\":\"if.lladdr\"}");
	assert_request(&fk, "{\"address\":\"192.0.2.1\",\"alias\":true,\"jail\":\"web\","
	    "\"name\":\"net0\",\"op\":\"addr.add\",\"prefixlen\":24}");
	assert_request(&fk, "");
	fake_free(&fk);
}

static void
test_addresses(void **state)
{
	static const struct { const char *line, *request; } forms[] = {
		{ "ifconfig e 192.0.2.1/24", "{\"address\":\"192.0.2.1\",\"alias\":false,"
		    "\"name\":\"e\",\"op\":\"addr.add\",\"prefixlen\":24}" },
		{ "ifconfig e inet 10.1.1.1", "{\"address\":\"10.1.1.1\",\"alias\":false,"
		    "\"name\":\"e\",\"op\":\"addr.add\"}" },
		{ "ifconfig e inet 10.1.1.1/30 broadcast 10.1.1.3 add",
		    "{\"address\":\"10.1.1.1\",\"alias\":true,\"broadcast\":\"10.1.1.3\","
		    "\"name\":\"e\",\"op\":\"addr.add\",\"prefixlen\":30}" },
		{ "ifconfig e inet 10.1.1.1 10.1.1.2 prefixlen 32",
		    "{\"address\":\"10.1.1.1\",\"alias\":false,\"destination\":\"10.1.1.2\","
		    "\"name\":\"e\",\"op\":\"addr.add\",\"prefixlen\":32}" },
		{ "ifconfig e inet 10.1.1.1 -alias", "{\"address\":\"10.1.1.1\",\"name\":\"e\","
		    "\"op\":\"addr.delete\"}" },
		{ "ifconfig e 10.1.1.1 delete", "{\"address\":\"10.1.1.1\",\"name\":\"e\","
		    "\"op\":\"addr.delete\"}" },
		{ "ifconfig e inet6 2001:DB8::1/48 anycast deprecated", "{\"address\":"
		    "\"2001:db8::1\",\"alias\":false,\"flags\":[\"anycast\",\"deprecated\"],"
		    "\"name\":\"e\",\"op\":\"addr.add\",\"prefixlen\":48}" },
		{ "ifconfig e inet6 fe80::1%e prefixlen 64 alias no_dad", "{\"address\":"
		    "\"fe80::1%e\",\"alias\":true,\"flags\":[\"no_dad\"],\"name\":\"e\","
		    "\"op\":\"addr.add\",\"prefixlen\":64}" },
		{ "ifconfig e inet6 2001:db8:: vltime infty pltime 60 -autoconf eui64",
		    "{\"address\":\"2001:db8::\",\"alias\":false,\"eui64\":true,"
		    "\"name\":\"e\",\"op\":\"addr.add\",\"pltime\":60,"
		    "\"vltime\":4294967295}" },
		{ "ifconfig e inet6 2001:db8::1 2001:db8::2 prefixlen 128", "{\"address\":"
		    "\"2001:db8::1\",\"alias\":false,\"destination\":\"2001:db8::2\","
		    "\"name\":\"e\",\"op\":\"addr.add\",\"prefixlen\":128}" },
		{ "ifconfig e inet6 ::1 -alias", "{\"address\":\"::1\",\"name\":\"e\","
		    "\"op\":\"addr.delete\"}" },
		{ "ifconfig e inet6 -ifdisabled", "{\"clear\":[\"ifdisabled\"],\"name\":\"e\","
		    "\"op\":\"if.nd6flags\"}" },
		{ "ifconfig e inet6 no_dad", "{\"name\":\"e\",\"op\":\"if.nd6flags\","
		    "\"set\":[\"no_dad\"]}" },
		{ "ifconfig e link 02:00:00:00:00:0a", "{\"lladdr\":\"02:00:00:00:00:0a\","
		    "\"name\":\"e\",\"op\":\"if.lladdr\"}" },
		{ "ifconfig e link delay 10ms jitter 0.5ms rate 100Mbit queue 50 loss 1%",
		    "{\"delay\":10000000,\"jitter\":500000,\"loss\":0.01,\"name\":\"e\","
		    "\"op\":\"if.link\",\"queue\":50,\"rate\":100000000}" },
		{ "ifconfig e link reorder 0.25,2ms burst 0.5,25% pattern 001 once seed 7",
		    "{\"burst_p\":0.5,\"burst_r\":0.25,\"name\":\"e\",\"op\":\"if.link\","
		    "\"pattern\":\"001\",\"pattern_once\":true,\"reorder\":0.25,"
		    "\"reorder_delay\":2000000,\"seed\":7}" },
		{ "ifconfig e link delay 0 rate 1.5Mbit/s", "{\"delay\":0,\"name\":\"e\",\"op\":\"if.link\",\"rate\":1500000}" },
		{ "ifconfig e -link", "{\"name\":\"e\",\"op\":\"if.link\"}" },
		{ "ifconfig e vnet web", "{\"name\":\"e\",\"op\":\"if.move\",\"to\":\"web\"}" },
		{ "ifconfig e -vnet web", "{\"from\":\"web\",\"name\":\"e\","
		    "\"op\":\"if.reclaim\"}" },
		{ "ifconfig e down", "{\"clear\":[\"up\"],\"name\":\"e\",\"op\":\"if.flags\"}" },
		{ "ifconfig e -tso", "{\"clear\":[\"tso\"],\"name\":\"e\",\"op\":\"if.capabilities\"}" },
		{ "ifconfig e rxcsum6 wol", "{\"name\":\"e\",\"op\":\"if.capabilities\",\"set\":[\"rxcsum6\"]}" },
		{ "ifconfig e -arp", "{\"name\":\"e\",\"op\":\"if.flags\",\"set\":[\"noarp\"]}" },
		{ "ifconfig e -description", "{\"description\":\"\",\"name\":\"e\","
		    "\"op\":\"if.description\"}" },
		{ "ifconfig e destroy", "{\"name\":\"e\",\"op\":\"if.destroy\"}" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ifconfig");
		fake_ok(&fk, "{}");
		fake_run(&fk, cmd_ifconfig, forms[i].line);
		assert_int_equal(fk.fk_status, 0);
		assert_request(&fk, forms[i].request);
		fake_free(&fk);
	}
}

/* Nothing is sent when any word is wrong. */
static void
test_wrong_words(void **state)
{
	static const struct { const char *line, *err; } forms[] = {
		{ "ifconfig e up frobnicate", "ifconfig: frobnicate: bad value\n" },
		{ "ifconfig e up mtu", "ifconfig: 'mtu' requires argument\n" },
		{ "ifconfig e mtu 65536", "ifconfig: 65536: bad value\n" },
		{ "ifconfig e mtu 1500x up", "ifconfig: 1500x: bad value\n" },
		{ "ifconfig e up 192.0.2.1/33", "ifconfig: 192.0.2.1/33: bad value\n" },
		{ "ifconfig e inet 192.0.2.1 netmask 255.0.255.0",
		    "ifconfig: 255.0.255.0: bad value\n" },
		{ "ifconfig e ether 02:00", "ifconfig: 02:00: bad value\n" },
		{ "ifconfig e up alias", "ifconfig: an address is missing\n" },
		{ "ifconfig e up create", "ifconfig: create must come first\n" },
		{ "ifconfig e inet6 192.0.2.1", "ifconfig: 192.0.2.1: bad value\n" },
		{ "ifconfig e inet6 ::1/129", "ifconfig: ::1/129: bad value\n" },
		{ "ifconfig e inet6 fe80::1%", "ifconfig: fe80::1%: bad value\n" },
		{ "ifconfig e inet6 ::1 netmask 255.0.0.0", "ifconfig: netmask: invalid option for inet6\n" },
		{ "ifconfig e inet6 ::1 vltime 0", "ifconfig: 0: bad value\n" },
		{ "ifconfig e inet6 anycast", "ifconfig: an address is missing\n" },
		{ "ifconfig e 192.0.2.1 anycast", "ifconfig: anycast: only behind inet6\n" },
		{ "ifconfig e ifdisabled", "ifconfig: ifdisabled: only behind inet6\n" },
		{ "ifconfig e 192.0.2.1 prefixlen 33", "ifconfig: 33: bad value\n" },
		{ "ifconfig e delay 1ms", "ifconfig: delay: only behind link\n" },
		{ "ifconfig e link delay 1", "ifconfig: 1: bad value\n" },
		{ "ifconfig e link delay -1ms", "ifconfig: -1ms: bad value\n" },
		{ "ifconfig e link rate 1Mbyte", "ifconfig: 1Mbyte: bad value\n" },
		{ "ifconfig e link loss 101%", "ifconfig: 101%: bad value\n" },
		{ "ifconfig e link loss 1%,2%", "ifconfig: 1%,2%: bad value\n" },
		{ "ifconfig e link pattern 012", "ifconfig: 012: bad value\n" },
		{ "ifconfig -a up", "ifconfig: up: unknown address family\n" },
		{ "ifconfig -f inet:roman", "ifconfig: inet:roman: unknown format\n" },
		{ "ifconfig -x", "ifconfig: illegal option -- x\nusage: ifconfig words\n" },
		{ "ifconfig -j", "ifconfig: option requires an argument -- j\nusage: ifconfig "
		    "words\n" },
		{ "ifconfig -a inet up", "usage: ifconfig words\n" },
		{ "ifconfig -al", "usage: ifconfig words\n" },
		{ "ifconfig -lm", "usage: ifconfig words\n" },
		{ "ifconfig -aud", "usage: ifconfig words\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ifconfig");
		fake_run(&fk, cmd_ifconfig, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, 1);
		fake_free(&fk);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list), cmocka_unit_test(test_list_forms),
		cmocka_unit_test(test_list_inet6), cmocka_unit_test(test_list_link),
		    cmocka_unit_test(test_missing_interface),
		cmocka_unit_test(test_create_prints_the_name), cmocka_unit_test(test_chain),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
