/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_test.h"

#include "cmd/exec_client.h"

/* Stands in for the real one: says what it would run, and ends with 7. */
int
exec_client_run(struct cmd_ctx *cx, const struct exec_request *er)
{
	(void)cx;
	printf("run in %s:", er->er_jail);
	for (char *const *p = er->er_argv; *p != NULL; p++)
		printf(" %s", *p);
	printf("\n");
	return 7;
}

static void
test_create(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jail");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":true}");
	fake_run(&fk, cmd_jail, "jail -c name=web persist vnet vnet.interface=a,b path=/ "
	    "children.max=4");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "");
	assert_request(&fk, "{\"create\":true,\"hold\":false,\"op\":\"jail.set\","
	    "\"params\":[[\"name\",\"web\"],[\"persist\",null],[\"vnet\",null],"
	    "[\"vnet.interface\",\"a,b\"],[\"path\",\"/\"],[\"children.max\",\"4\"]],"
	    "\"update\":false}");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":true}");
	fake_run(&fk, cmd_jail, "jail -i -c -n web persist");
	assert_string_equal(fk.fk_out, "3\n");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":true}");
	fake_run(&fk, cmd_jail, "jail -vc name=web persist");
	assert_string_equal(fk.fk_out, "web: created\n");
	fake_free(&fk);
}

static void
test_command(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jail");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":true}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_jail, "jail -c name=web vnet command=/bin/echo a=b -c");
	assert_int_equal(fk.fk_status, 7);
	assert_string_equal(fk.fk_out, "run in 3: /bin/echo a=b -c\n");
	assert_request(&fk, "{\"create\":true,\"hold\":true,\"op\":\"jail.set\","
	    "\"params\":[[\"name\",\"web\"],[\"vnet\",null]],\"update\":false}");
	fake_free(&fk);
}

static void
test_modify(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jail");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":false}");
	fake_run(&fk, cmd_jail, "jail -m name=web nopersist");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "");
	assert_request(&fk, "{\"create\":false,\"hold\":false,\"op\":\"jail.set\","
	    "\"params\":[[\"name\",\"web\"],[\"nopersist\",null]],\"update\":true}");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":true}");
	fake_run(&fk, cmd_jail, "jail -cm name=web persist");
	assert_string_equal(fk.fk_out, "");
	assert_request(&fk, "{\"create\":true,\"hold\":false,\"op\":\"jail.set\","
	    "\"params\":[[\"name\",\"web\"],[\"persist\",null]],\"update\":true}");
	fake_fail(&fk, EPERM, "path: cannot be changed after creation");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"interfaces\":[]}");
	fake_ok(&fk, "{\"jid\":4,\"name\":\"web\",\"created\":true}");
	fake_run(&fk, cmd_jail, "jail -mr name=web path=/srv persist");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "web: removed\n");
	fake_free(&fk);
}

static void
test_remove(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jail");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"interfaces\":[{\"name\":\"epair0a\","
	    "\"home\":\"0\"}]}");
	fake_run(&fk, cmd_jail, "jail -vr 3");
	assert_string_equal(fk.fk_out, "web: removed\nweb: epair0a returned to 0\n");
	assert_request(&fk, "{\"force\":false,\"jail\":\"3\",\"op\":\"jail.remove\"}");
	fake_fail(&fk, ENOENT, "no");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"b\"}");
	fake_run(&fk, cmd_jail, "jail -R a b");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "jail: \"a\" not found\n");
	assert_string_equal(fk.fk_out, "b: removed\n");
	fake_ok(&fk, "{\"jails\":[{\"name\":\"a\"},{\"name\":\"a.x\"},{\"name\":\"b\"}]}");
	fake_ok(&fk, "{\"name\":\"a\"}");
	fake_ok(&fk, "{\"name\":\"b\"}");
	fake_run(&fk, cmd_jail, "jail -r *");
	assert_string_equal(fk.fk_out, "a: removed\nb: removed\n");
	fake_free(&fk);
}

/* -rc removes what is there and makes it anew; that nothing is there is no mistake. */
static void
test_restart(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jail");
	fake_fail(&fk, ENOENT, "no");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"web\",\"created\":true}");
	fake_run(&fk, cmd_jail, "jail -rc name=web persist");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out, "");
	fake_free(&fk);
}

static void
test_wrong_words(void **state)
{
	static const struct { const char *line, *err; } forms[] = {
		{ "jail", "usage: jail words\n" },
		{ "jail / host 192.0.2.1", "usage: jail words\n" },
		{ "jail a b c d", "usage: jail words\n" },
		{ "jail -C -c", "usage: jail words\n" },
		{ "jail -e , -c", "usage: jail words\n" },
		{ "jail -p many -c x", "jail: -p: \"many\" is no number of jails\n" },
		{ "jail -r", "usage: jail words\n" },
		{ "jail -c vnet nopersist", "jail: neither persist nor command is set, the jail would vanish at "
		    "once\n" },
		{ "jail -c name=web", "jail: web: neither persist nor command is set, the jail "
		    "would vanish at once\n" },
		{ "jail -c name=web persist=0", "jail: web: neither persist nor command is set, "
		    "the jail would vanish at once\n" },
		{ "jail -c web", "jail: \"web\" is not in jail.conf\n" },
		{ "jail -c", "jail: \"*\" is not in jail.conf\n" },
		{ "jail -f /nonexistent/x.conf -c web",
		    "jail: /nonexistent/x.conf: No such file or directory\n" },
		{ "jail -c name=web persist =x", "jail: bad parameter: \n" },
		{ "jail -c name=web persist command=", "jail: command needs a value\n" },
		{ "jail -c name=web persist zfs.dataset=x", "jail: zfs.dataset: there is no ZFS here\n" },
		{ "jail -h -c name=web persist", "jail: ip_hostname: host.hostname is not set\n" },
		{ "jail -h -c name=web persist host.hostname=no..such",
		    "jail: ip_hostname: no..such: no address is known\n" },
		{ "jail -c name=web persist exec.timeout=x",
		    "jail: exec.timeout: \"x\" is not a number from 0 to 1000000\n" },
		{ "jail -c name=web persist $x=1", "jail: bad parameter: $x\n" },
		{ "jail -C", "usage: jail words\n" },
		{ "jail -e , name", "usage: jail words\n" },
		{ "jail -f /nonexistent/x -e ,", "jail: /nonexistent/x: No such file or directory\n" },
		{ "jail -m persist=1", "jail: no jail specified\n" },
		{ "jail -r name=web", "jail: -r takes names of jails, not parameters: name=web\n" },
		{ "jail -Rc name=web persist", "usage: jail words\n" },
		{ "jail -x", "jail: illegal option -- x\nusage: jail words\n" },
		{ "jail -n", "jail: option requires an argument -- n\nusage: jail words\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "jail");
		fake_run(&fk, cmd_jail, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, 1);
		fake_free(&fk);
	}
}

/* jexec(8): what it asks to be run. */
static void
test_jexec(void **state)
{
	static const struct { const char *line, *err; } forms[] = {
		{ "jexec", "usage: jexec words\n" },
		{ "jexec -l", "usage: jexec words\n" },
		{ "jexec -u", "jexec: option requires an argument -- u\nusage: jexec words\n" },
		{ "jexec -y web", "jexec: illegal option -- y\nusage: jexec words\n" },
		{ "jexec -u a -U b web id", "jexec: -u and -U exclude each other\n" },
		{ "jexec -x web 0 id", "jexec: -x: \"web\" is not class=jail\n" },
		{ "jexec -x vnet= 0 id", "jexec: -x: \"vnet=\" is not class=jail\n" },
		{ "jexec -x =web 0 id", "jexec: -x: \"=web\" is not class=jail\n" },
		{ "jexec -x vnet=web,,vcpu=a 0 id", "jexec: -x: \"\" is not class=jail\n" },
		{ "jexec -x vnet=web,vnet=a 0 id", "jexec: -x: vnet is chosen twice\n" },
		{ "jexec -x vproc=web -x vprocg=a 0 id", "jexec: -x: vproc is chosen twice\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "jexec");
		fake_run(&fk, cmd_jexec, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, 1);
		fake_free(&fk);
	}
	fake_init(&fk, "jexec");
	fake_run(&fk, cmd_jexec, "jexec -l web ls -l /");
	assert_int_equal(fk.fk_status, 7);
	assert_string_equal(fk.fk_out, "run in web: ls -l /\n");
	fake_free(&fk);
}

/* The form of old, and the options that are parameters. */
static void
test_old_form(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jail");
	fake_ok(&fk, "{\"jid\":3,\"name\":\"3\",\"created\":true}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_jail, "jail -i -s 2 /srv host 192.0.2.1,::1 /bin/echo x");
	assert_int_equal(fk.fk_status, 7);
	assert_string_equal(fk.fk_out, "3\nrun in 3: /bin/echo x\n");
	assert_request(&fk, "{\"create\":true,\"hold\":true,\"op\":\"jail.set\",\"params\":["
	    "[\"securelevel\",\"2\"],[\"path\",\"/srv\"],[\"host.hostname\",\"host\"],"
	    "[\"ip4.addr\",\"192.0.2.1\"],[\"ip6.addr\",\"::1\"]],\"update\":false}");
	fake_free(&fk);
}

/* A test has no configuration but its own. */
static int
setup(void **state)
{
	(void)state;
	return setenv("VIMAGE_CONFDIR", "/nonexistent", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create), cmocka_unit_test(test_command),
		    cmocka_unit_test(test_modify),
		cmocka_unit_test(test_remove), cmocka_unit_test(test_restart),
		    cmocka_unit_test(test_wrong_words), cmocka_unit_test(test_jexec),
		    cmocka_unit_test(test_old_form),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
