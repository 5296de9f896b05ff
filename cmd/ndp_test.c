/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_test.h"

#define TITLES	"Neighbor                             Linklayer Address  Netif Expire    S Flags\n"
#define NEIGHBOURS "{\"neighbours\":[" \
		"{\"address\":\"fe80::1%e0\",\"lladdr\":\"02:00:00:00:00:01\",\"complete\":true," \
		"\"permanent\":true,\"interface\":\"e0\",\"state\":2,\"router\":true}," \
		"{\"address\":\"2001:db8::2\",\"lladdr\":\"02:00:00:00:00:02\",\"complete\":true," \
		"\"expire\":86398,\"interface\":\"e0\",\"state\":3,\"published\":true}," \
		"{\"address\":\"2001:db8::3\",\"interface\":\"e0\",\"state\":1,\"expire\":3}]}"

static void
test_shows(void **state)
{
	static const struct { const char *line, *out; } forms[] = {
		{ "ndp -an", TITLES
		    "fe80::1%e0                           02:00:00:00:00:01     e0 permanent R R\n"
		    "2001:db8::2                          02:00:00:00:00:02     e0 23h59m58s S p\n"
		    "2001:db8::3                          (incomplete)          e0 3s        I\n" },
		{ "ndp -n 2001:db8:0::2", TITLES
		    "2001:db8::2                          02:00:00:00:00:02     e0 23h59m58s S p\n" },
		{ "ndp -an --libxo json", "{\"__version\": \"1\", \"ndp\": {\"neighbor-cache\": ["
		    "{\"address\": \"fe80::1%e0\", \"mac-address\": \"02:00:00:00:00:01\", "
		    "\"interface\": \"e0\", \"permanent\": true, \"neighbor-state\": \"R\", "
		    "\"nd-flags\": \"R\"}, {\"address\": \"2001:db8::2\", \"mac-address\": "
		    "\"02:00:00:00:00:02\", \"interface\": \"e0\", \"expires_sec\": 86398, "
		    "\"neighbor-state\": \"S\", \"nd-flags\": \"p\"}, {\"address\": "
		    "\"2001:db8::3\", \"mac-address\": \"(incomplete)\", \"interface\": \"e0\", "
		    "\"expires_sec\": 3, \"neighbor-state\": \"I\"}]}}\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ndp");
		fake_ok(&fk, NEIGHBOURS);
		fake_run(&fk, cmd_ndp, forms[i].line);
		assert_int_equal(fk.fk_status, 0);
		assert_string_equal(fk.fk_out, forms[i].out);
		assert_request(&fk, "{\"family\":\"inet6\",\"op\":\"neigh.list\"}");
		fake_free(&fk);
	}
}

static void
test_requests(void **state)
{
	static const struct { const char *line, *request, *out; } forms[] = {
		{ "ndp -s 2001:db8::7 2:0:0:0:0:7 temp", "{\"address\":\"2001:db8::7\",\"lladdr\":"
		    "\"02:00:00:00:00:07\",\"op\":\"neigh.add\",\"permanent\":false,\"proxy\":false,"
		    "\"published\":false}", "" },
		{ "ndp -s fe80::7%e0 2:0:0:0:0:7 proxy", "{\"address\":\"fe80::7%e0\",\"lladdr\":"
		    "\"02:00:00:00:00:07\",\"op\":\"neigh.add\",\"permanent\":true,\"proxy\":true,"
		    "\"published\":true}", "" },
		{ "ndp -j web -d fe80::7%e0", "{\"address\":\"fe80::7%e0\",\"jail\":\"web\","
		    "\"op\":\"neigh.delete\"}", "fe80::7%e0 (fe80::7%e0) deleted\n" },
		{ "ndp -i e0 -- -disabled nud", "{\"clear\":[\"ifdisabled\"],\"name\":\"e0\","
		    "\"op\":\"if.nd6flags\",\"set\":[\"nud\"]}", "" },
		{ "ndp -i e0 accept_rtadv -ifdisabled", "{\"clear\":[\"ifdisabled\"],\"name\":\"e0\","
		    "\"op\":\"if.nd6flags\",\"set\":[\"accept_rtadv\"]}", "" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ndp");
		fake_ok(&fk, "{}");
		fake_run(&fk, cmd_ndp, forms[i].line);
		assert_int_equal(fk.fk_status, 0);
		assert_string_equal(fk.fk_out, forms[i].out);
		assert_request(&fk, forms[i].request);
		fake_free(&fk);
	}
}

static void
test_clear(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ndp");
	fake_ok(&fk, NEIGHBOURS);
	fake_ok(&fk, "{}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_ndp, "ndp -c");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "2001:db8::2 (2001:db8::2) deleted\n"
	    "2001:db8::3 (2001:db8::3) deleted\n");
	fake_free(&fk);
}

static void
test_interface(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ndp");
	fake_ok(&fk, "{\"interfaces\":[{\"name\":\"e0\",\"mtu\":1500,\"linkmtu6\":1400,\"nd6flags\":33}]}");
	fake_run(&fk, cmd_ndp, "ndp -i e0");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "linkmtu=1400\nFlags: nud auto_linklocal\n");
	assert_request(&fk, "{\"name\":\"e0\",\"op\":\"if.list\"}");
	fake_free(&fk);
}

static void
test_routers(void **state)
{
	static const struct { const char *line, *answer, *request, *out; } forms[] = {
		{ "ndp -rn", "{\"routers\":[{\"address\":\"fe80::1%e0\",\"interface\":\"e0\",\"managed\":true,\"other\":true,"
		    "\"preference\":1,\"expire\":1790},{\"address\":\"fe80::2%e0\",\"interface\":\"e0\",\"preference\":0}]}",
		    "{\"op\":\"nd.routers\"}",
		    "fe80::1%e0 if=e0, flags=MO, pref=high, expire=29m50s\nfe80::2%e0 if=e0, flags=, pref=medium, expire=Never\n" },
		{ "ndp -rn --libxo json", "{\"routers\":[{\"address\":\"fe80::1%e0\",\"interface\":\"e0\",\"preference\":-1,"
		    "\"expire\":5}]}", "{\"op\":\"nd.routers\"}", "{\"__version\": \"1\", \"ndp\": {\"router-list\": [{\"address\": "
		    "\"fe80::1%e0\", \"interface\": \"e0\", \"flags\": \"\", \"preference\": \"low\", \"expires_sec\": 5}]}}\n" },
		{ "ndp -pn", "{\"prefixes\":[{\"prefix\":\"2001:db8::\",\"prefixlen\":64,\"interface\":\"e0\",\"router\":"
		    "\"fe80::1%e0\",\"onlink\":true,\"autonomous\":true,\"vltime\":86400,\"expire\":86399,\"addresses\":2}]}",
		    "{\"op\":\"nd.prefixes\"}", "2001:db8::/64 if=e0\nflags=LAO vltime=86400, pltime=infinity, expire=23h59m59s, ref=2\n"
		    "  advertised by\n    fe80::1%e0\n" },
		{ "ndp -p", "{\"prefixes\":[{\"prefix\":\"2001:db8::\",\"prefixlen\":64,\"interface\":\"e0\",\"onlink\":true,"
		    "\"addresses\":1}]}", "{\"op\":\"nd.prefixes\"}",
		    "2001:db8::/64 if=e0\nflags=LO vltime=infinity, pltime=infinity, expire=Never, ref=1\n  No advertising router\n" },
		{ "ndp -p --libxo json", "{\"prefixes\":[{\"prefix\":\"2001:db8::\",\"prefixlen\":64,\"interface\":\"e0\",\"onlink\":true,"
		    "\"vltime\":20,\"pltime\":10,\"expire\":19,\"addresses\":1}]}", "{\"op\":\"nd.prefixes\"}",
		    "{\"__version\": \"1\", \"ndp\": {\"prefix-list\": [{\"prefix\": \"2001:db8::/64\", \"interface\": \"e0\", \"flags\": \"LO\", "
		    "\"valid-lifetime\": \"20\", \"preferred-lifetime\": \"10\", \"expires_sec\": 19, \"references\": 1}]}}\n" },
		{ "ndp -H", "{}", "{\"op\":\"nd.flush\",\"what\":\"sync\"}", "" },
		{ "ndp -P", "{}", "{\"op\":\"nd.flush\",\"what\":\"prefixes\"}", "" },
		{ "ndp -R", "{}", "{\"op\":\"nd.flush\",\"what\":\"routers\"}", "" },
		{ "ndp -I", "{\"interfaces\":[{\"name\":\"e0\",\"nd6flags\":65537}]}", "{\"op\":\"if.list\"}",
		    "Default interface = e0\n" },
		{ "ndp -I delete", "{\"interfaces\":[{\"name\":\"e0\",\"nd6flags\":1}]}", "{\"op\":\"if.list\"}", "" },
		{ "ndp -I e0", "{}", "{\"name\":\"e0\",\"op\":\"if.nd6flags\",\"set\":[\"defaultif\"]}", "" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ndp");
		fake_ok(&fk, forms[i].answer);
		fake_run(&fk, cmd_ndp, forms[i].line);
		assert_int_equal(fk.fk_status, 0);
		assert_string_equal(fk.fk_out, forms[i].out);
		assert_request(&fk, forms[i].request);
		fake_free(&fk);
	}
}

static void
test_failures(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "ndp");
	fake_ok(&fk, NEIGHBOURS);
	fake_run(&fk, cmd_ndp, "ndp -n 2001:db8::9");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_out, "2001:db8::9 (2001:db8::9) -- no entry\n");
	fake_fail(&fk, ESRCH, "none");
	fake_run(&fk, cmd_ndp, "ndp -d 2001:db8::9");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "ndp: delete: cannot locate 2001:db8::9\n");
	fake_free(&fk);
}

static void
test_wrong_words(void **state)
{
	static const struct { const char *line, *err; } forms[] = {
		{ "ndp", "usage: ndp words\n" },
		{ "ndp -a ::1", "usage: ndp words\n" },
		{ "ndp -s ::1", "usage: ndp words\n" },
		{ "ndp -s ::1 xx", "ndp: invalid link-level address 'xx'\n" },
		{ "ndp -s ::1 2:0:0:0:0:7 pub", "ndp: pub: unknown word\n" },
		{ "ndp -d 192.0.2.1::", "ndp: 192.0.2.1::: unknown host\n" },
		{ "ndp -i e0 nut", "ndp: nut: unknown flag\n" },
		{ "ndp -r x", "usage: ndp words\n" },
		{ "ndp -I x y", "usage: ndp words\n" },
		{ "ndp -x", "ndp: illegal option -- x\nusage: ndp words\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ndp");
		fake_run(&fk, cmd_ndp, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, 1);
		fake_free(&fk);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shows), cmocka_unit_test(test_requests),
		cmocka_unit_test(test_clear), cmocka_unit_test(test_interface),
		cmocka_unit_test(test_routers), cmocka_unit_test(test_failures), cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
