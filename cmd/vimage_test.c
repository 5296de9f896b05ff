/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_test.h"

/* Stands in for the table of main.c. */
const struct cmd *
cmd_find(const char *name)
{
	static const struct cmd dmesg = { "dmesg", cmd_dmesg, "" };

	return strcmp(name, "dmesg") == 0 ? &dmesg : NULL;
}

int
cmd_run(const struct cmd *c, const char *instance, int argc, char **argv)
{
	printf("%s of %s with %d: %s\n", c->c_name, instance, argc, argv[argc - 1]);
	return 9;
}

int
cmd_dmesg(struct cmd_ctx *cx, int argc, char **argv)
{
	(void)cx, (void)argc, (void)argv;
	return 0;
}

static void
test_status(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "vimage");
	fake_ok(&fk, "{\"instance\":\"default\",\"pid\":7,\"version\":\"1\","
	    "\"uptime\":3723000000000,\"workers\":2,\"memory\":99,\"isolation\":\"\",\"jails\":["
	    "{\"jid\":0,\"name\":\"0\",\"processes\":1,\"memory\":5,\"interfaces\":1,\"sockets\":0,"
	    "\"vnet\":\"new\",\"vproc\":\"new\",\"vcpu\":\"new\",\"vipc\":\"new\",\"vlog\":\"new\"},"
	    "{\"jid\":1,\"name\":\"a\",\"parent\":0,"
	    "\"vnet\":\"new\",\"vproc\":\"inherit\",\"vcpu\":\"inherit\",\"vipc\":\"disable\",\"vlog\":\"new\"},"
	    "{\"jid\":2,\"name\":\"b\",\"parent\":0,"
	    "\"vnet\":\"new\",\"vproc\":\"new\",\"vcpu\":\"new\",\"vipc\":\"new\",\"vlog\":\"new\"},"
	    "{\"jid\":3,\"name\":\"a.x\",\"parent\":1,"
	    "\"vnet\":\"inherit\",\"vproc\":\"inherit\",\"vcpu\":\"new\",\"vipc\":\"inherit\",\"vlog\":\"inherit\"}]}");
	fake_run(&fk, cmd_vimage, "vimage");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_out,
	    "instance default, vimaged 1, pid 7, 2 worker(s), up 1:02:03, 99 bytes in stacks\n"
	    "   JID Name                     vnet       vproc      vcpu       vipc       vlog       "
	    "Procs Ifaces Sockets     Memory\n"
	    "     0 0                        own        own        own        own        own        "
	    "    1      1       0          5\n"
	    "     1   a                      own        from 0     from 0     off        own        "
	    "    0      0       0          0\n"
	    "     3     a.x                  from a     from 0     own        off        from a     "
	    "    0      0       0          0\n"
	    "     2   b                      own        own        own        own        own        "
	    "    0      0       0          0\n");
	fake_free(&fk);
}

static void
test_other_commands(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "vimage");
	fake_run(&fk, cmd_vimage, "vimage -L lab dmesg -a");
	assert_int_equal(fk.fk_status, 9);
	assert_string_equal(fk.fk_out, "dmesg of lab with 2: -a\n");
	assert_string_equal(getenv("VIMAGE_INSTANCE"), "lab");
	fake_free(&fk);
}

static void
test_shutdown(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "vimage");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_vimage, "vimage shutdown");
	assert_int_equal(fk.fk_status, 0);
	assert_request(&fk, "{\"op\":\"daemon.shutdown\"}");
	fake_free(&fk);
}

static void
test_wrong_words(void **state)
{
	static const struct { const char *line, *err; } forms[] = {
		{ "vimage -c", "usage: vimage words\n" },
		{ "vimage -d", "usage: vimage words\n" },
		{ "vimage -i a", "usage: vimage words\n" },
		{ "vimage -l -x", "usage: vimage words\n" },
		{ "vimage shutdown now", "usage: vimage words\n" },
		{ "vimage status now", "usage: vimage words\n" },
		{ "vimage -x", "vimage: illegal option -- x\nusage: vimage words\n" },
		{ "vimage status --libxo html", "vimage: html: unsupported output style\n" },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "vimage");
		fake_run(&fk, cmd_vimage, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, 1);
		fake_free(&fk);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status), cmocka_unit_test(test_other_commands),
		    cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
