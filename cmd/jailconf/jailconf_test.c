/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cmd/jailconf/jailconf.h"

/* "name=a,b|flag|..." of one jail, or "!error". */
static void
say(const char *text, const char *jail, char *out, size_t size)
{
	const struct jc_param *pm;
	struct jc_params list;
	struct jc_conf jc;
	size_t n = 0;
	int error;

	jc_init(&jc);
	out[0] = '\0';
	error = jc_read_text(&jc, "t", text, strlen(text));
	if (error == 0 && (error = jc_params(&jc, jail, NULL, &list)) == 0) {
		STAILQ_FOREACH(pm, &list, pm_link) {
			n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? "|" : "",
			    pm->pm_name);
			for (unsigned i = 0; i < pm->pm_n; i++)
				n += (size_t)snprintf(out + n, size - n, "%c%s",
				    i == 0 ? '=' : ',', pm->pm_values[i]);
		}
		jc_params_free(&list);
	}
	if (error != 0)
		snprintf(out, size, "!%s", jc.jc_err);
	jc_clear(&jc);
}

struct form { const char *text, *jail, *want; };

static void
check_forms(const struct form *f, size_t n)
{
	char out[4096];

	for (size_t i = 0; i < n; i++) {
		say(f[i].text, f[i].jail, out, sizeof(out));
		assert_string_equal(out, f[i].want);
	}
}

static void
test_forms(void **state)
{
	static const struct form forms[] = {
		{ "", "a", "" },
		{ "a { persist; }", "a", "persist" },
		{ "a { persist; }", "b", "" },
		{ "a{persist;;vnet=new;}", "a", "persist|vnet=new" },
		{ "path = /x; a { path = /y; }", "a", "path=/y" },
		{ "a { path = /y; } path = /x;", "a", "path=/y" },
		{ "* { p = 1; } a.* { p += 2; } a.b { q; }", "a.b", "p=1,2|q" },
		{ "a { b { q; } p; }", "a.b", "q" },
		{ "a { p; } a { p = 2; }", "a", "p=2" },
		{ "a { p = 1; } * { p += 2; } a { p += 3; } b { p = 4; } * { p += 5; } a { p += 6; }", "a",
		    "p=1,2,3,5,6" },
		{ "* { p = 1; } a.* { p += 2; } a { p += 3; } * { q; }", "a", "p=1,3|q" },
		{ "a { persist; nopersist; persist; }", "a", "nopersist|persist" },
		{ "a { l = x, y; l += z; }", "a", "l=x,y,z" },
		{ "l = 1; a { l += 2, 3; }", "a", "l=1,2,3" },
		{ "a { l += 2; l = 1; }", "a", "l=1" },
		/* Words and strings. */
		{ "a { p = \"x y\"'z'w; }", "a", "p=x yzw" },
		{ "a { p = \"\"; q = ''; }", "a", "p=|q=" },
		{ "a { p = \"a\\tb\\n\\x41\\101\\\"\\q\"; }", "a", "p=a\tb\nAA\"q" },
		{ "a { p = one\\ two; }", "a", "p=one two" },
		{ "a { p = \"one \\\n two\"; }", "a", "p=one  two" },
		{ "a { p \\\n = 1; }", "a", "p=1" },
		{ "a { p = /a//b#c/*d; }", "a", "p=/a//b#c/*d" },
		{ "a { p = x+y; p+=z; q = +; }", "a", "p=x+y,z|q=+" },
		{ "a { p = \xc3\xa4; }", "a", "p=\xc3\xa4" },
		/* Comments. */
		{ "# one\n// two {\n/* three ** \n } */ a { /**/ p; # x\n }", "a", "p" },
		/* Variables. */
		{ "$x = 1; a { p = $x; q = \"<${x}>\"; r = '$x'; }", "a", "p=1|q=<1>|r=$x" },
		{ "a { p = /jails/$name; $y = ${host.hostname}; host.hostname = h; q = $y; }", "a",
		    "p=/jails/a|host.hostname=h|q=h" },
		{ "p = $x; a { $x = own; }", "a", "p=own" },
		{ "$l = 1, 2; a { p = $l; q = x$l; }", "a", "p=1,2|q=x1,x2" },
		{ "a { p = $x.y; $x = 1; }", "a", "p=1.y" },
		{ "a { name = b; p = $name; }", "a", "name=b|p=b" },
	};

	(void)state;
	check_forms(forms, sizeof(forms) / sizeof(forms[0]));
}

static void
test_errors(void **state)
{
	static const struct form forms[] = {
		{ "a { p }", "a", "!t:1:7: unexpected '}', expected ';'" },
		{ "a { p = }", "a", "!t:1:9: unexpected '}', expected word" },
		{ "a { p = 1, ; }", "a", "!t:1:12: unexpected ';', expected word" },
		{ "a {\n p;", "a", "!t:2:4: unexpected end of file, expected word, .include, ';' or '}'" },
		{ "}", "a", "!t:1:1: unexpected '}', expected end of file" },
		{ "p = 1\nq = 2;", "a", "!t:2:1: unexpected word, expected ';'" },
		{ "a {\n\tp = \"x\n}", "a", "!t:2:6: a string that is not ended" },
		{ "a { 'x", "a", "!t:1:5: a string that is not ended" },
		{ "\n /* x", "a", "!t:2:2: a comment that is not ended" },
		{ "a { p = $; }", "a", "!t:1:9: $ without the name of a variable" },
		{ "a { p = ${x; }", "a", "!t:1:9: $ without the name of a variable" },
		{ "a { p = x\\", "a", "!t:1:10: a backslash without a character" },
		{ "a { p = \"\\0\"; }", "a", "!t:1:9: a zero byte in a string" },
		{ "a { p = $x; }", "a", "!t:1:9: variable \"x\" is not set" },
		{ "a { $x; }", "a", "!t:1:5: variable \"x\" needs a value" },
		{ "a { $x = $y; $y = $x; p = $x; }", "a", "!t:1:19: variable \"x\" refers to itself" },
		{ "a { p = q$p; }", "a", "!t:1:9: variable \"p\" refers to itself" },
		{ "a { q; p = $q; }", "a", "!t:1:12: variable \"q\" has no value" },
		{ "a { x$y = 1; }", "a", "!t:1:5: this is not the name of a parameter" },
		{ "a { \"\" = 1; }", "a", "!t:1:5: this is not the name of a parameter" },
		{ "a*b { p; }", "a", "!t:1:1: this is not the name of a jail" },
		{ "$a { p; }", "a", "!t:1:1: this is not the name of a jail" },
		{ "a..b { p; }", "a", "!t:1:1: this is not the name of a jail" },
		{ ".include \"/nonexistent/x\";", "a",
		    "!t:1:10: /nonexistent/x: No such file or directory" },
		{ ".include \"/$x\";", "a",
		    "!t:1:10: the name of a file cannot have variables" },
	};
	char out[4096];

	(void)state;
	check_forms(forms, sizeof(forms) / sizeof(forms[0]));
	say(".include \"/nonexistent/*.conf\"; a { p; }", "a", out, sizeof(out));
	assert_string_equal(out, "p");
}

/* What doubles from variable to variable ends in a sentence, not in all memory. */
static void
test_growth(void **state)
{
	char text[4096] = "$a = 1, 2;", out[256];

	(void)state;
	for (char c = 'b'; c < 'm'; c++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "$%c = $%c$%c;", c, c - 1, c - 1);
	strcat(text, "j { p = $l; }");
	say(text, "j", out, sizeof(out));
	assert_non_null(strstr(out, "more than 4096 values"));
	snprintf(text, sizeof(text), "$a = 0123456789;");
	for (char c = 'b'; c < 'p'; c++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "$%c = $%c$%c$%c$%c;", c, c - 1, c - 1, c - 1, c - 1);
	strcat(text, "j { p = $o; }");
	say(text, "j", out, sizeof(out));
	assert_non_null(strstr(out, "longer than 65536 characters"));
}

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_include(void **state)
{
	char dir[] = "/tmp/jailconfXXXXXX", path[512], want[1024];
	struct jc_params list;
	struct jc_conf jc;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "main", "$x = 1;\n.include \"*.inc\";\n");
	write_file(dir, "one.inc", "a { p = $x; }");
	write_file(dir, "two.inc", "b { q; }");
	snprintf(path, sizeof(path), "%s/main", dir);
	jc_init(&jc);
	assert_int_equal(jc_read(&jc, path), 0);
	assert_int_equal(jc_params(&jc, "a", NULL, &list), 0);
	assert_string_equal(jc_param_str(&list, "p", ""), "1");
	assert_non_null(jc_find(&jc, "b"));
	jc_params_free(&list);
	jc_clear(&jc);
	/* An error in an included file names that file; a file that includes itself ends. */
	write_file(dir, "two.inc", "b {\n  q = ; }");
	jc_init(&jc);
	assert_int_equal(jc_read(&jc, path), EINVAL);
	snprintf(want, sizeof(want), "%s/two.inc:2:7: unexpected ';', expected word", dir);
	assert_string_equal(jc.jc_err, want);
	jc_clear(&jc);
	write_file(dir, "two.inc", ".include \"two.inc\";");
	jc_init(&jc);
	assert_int_equal(jc_read(&jc, path), EINVAL);
	snprintf(want, sizeof(want), "%s/two.inc:1:10: too many files include each other", dir);
	assert_string_equal(jc.jc_err, want);
	jc_clear(&jc);
	/* Inside of a block it is that block's: its variables, its children, and what it includes itself. */
	write_file(dir, "two.inc", "");
	write_file(dir, "main", "a { $x = 7; .include \"more\"; r; } c { .include \"more\"; $x = 8; }");
	write_file(dir, "more", "q = $x; .include \"most\"; d { s = $x; }");
	write_file(dir, "most", "t = \"of $name\"; q += 9;");
	snprintf(path, sizeof(path), "%s/main", dir);
	jc_init(&jc);
	assert_int_equal(jc_read(&jc, path), 0);
	assert_int_equal(jc_params(&jc, "a", NULL, &list), 0);
	assert_string_equal(jc_param_str(&list, "t", ""), "of a");
	assert_string_equal(jc_param(&list, "q")->pm_values[1], "9");
	assert_non_null(jc_param(&list, "r"));
	jc_params_free(&list);
	assert_int_equal(jc_params(&jc, "c", NULL, &list), 0);
	assert_string_equal(jc_param(&list, "q")->pm_values[0], "8");
	assert_null(jc_param(&list, "r"));
	jc_params_free(&list);
	assert_non_null(jc_find(&jc, "a.d"));
	assert_non_null(jc_find(&jc, "c.d"));
	assert_null(jc_find(&jc, "d"));
	jc_clear(&jc);
	write_file(dir, "most", "}");
	jc_init(&jc);
	assert_int_equal(jc_read(&jc, path), EINVAL);
	snprintf(want, sizeof(want), "%s/most:1:1: unexpected '}', expected end of file", dir);
	assert_string_equal(jc.jc_err, want);
	jc_clear(&jc);
	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

/* What a file of its own says outside of blocks is for its own jails. */
static void
test_scope(void **state)
{
	struct jc_params list;
	struct jc_conf jc;

	(void)state;
	jc_init(&jc);
	assert_int_equal(jc_read_text(&jc, "main", "p = 0; c { z; }", 15), 0);
	jc.jc_scope = 1;
	assert_int_equal(jc_read_text(&jc, "a", "p = 1; a { x; } * { y; }", 24), 0);
	assert_int_equal(jc_params(&jc, "a", NULL, &list), 0);
	assert_string_equal(jc_param_str(&list, "p", ""), "1");
	assert_non_null(jc_param(&list, "y"));
	jc_params_free(&list);
	assert_int_equal(jc_params(&jc, "c", NULL, &list), 0);
	assert_string_equal(jc_param_str(&list, "p", ""), "0");
	assert_null(jc_param(&list, "y"));
	jc_params_free(&list);
	jc_clear(&jc);
}

static void
test_match(void **state)
{
	(void)state;
	assert_true(jc_match("*", "a"));
	assert_true(jc_match("*", "a.b.c"));
	assert_true(jc_match("a.*", "a.b"));
	assert_true(jc_match("a.*", "a.b.c"));
	assert_false(jc_match("a.*", "a"));
	assert_false(jc_match("a.*", "b.a"));
	assert_true(jc_match("*.b", "a.b"));
	assert_false(jc_match("*.b", "a.c"));
	assert_false(jc_match("*.b", "a"));
	assert_true(jc_match("a.b", "a.b"));
	assert_false(jc_match("a", "ab"));
}

static void
test_booleans(void **state)
{
	struct jc_params list;
	struct jc_conf jc;
	static const char text[] = "a { persist; nopersist; exec.clean; allow.nomount; x = false; }";

	(void)state;
	jc_init(&jc);
	assert_int_equal(jc_read_text(&jc, "t", text, sizeof(text) - 1), 0);
	assert_int_equal(jc_params(&jc, "a", NULL, &list), 0);
	assert_false(jc_param_bool(&list, "persist", true));
	assert_true(jc_param_bool(&list, "exec.clean", false));
	assert_false(jc_param_bool(&list, "allow.mount", true));
	assert_false(jc_param_bool(&list, "x", true));
	assert_true(jc_param_bool(&list, "y", true));
	jc_params_free(&list);
	jc_clear(&jc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_growth), cmocka_unit_test(test_include),
		cmocka_unit_test(test_scope), cmocka_unit_test(test_match),
		cmocka_unit_test(test_booleans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
