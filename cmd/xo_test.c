/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/xo.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct out {
	char	*text;
	size_t	 len;
	FILE	*fp;
	struct xo *xo;
};

static void
begin(struct out *o, const char *style)
{
	char *argv[] = { "prog", "--libxo", (char *)style, "word", NULL };
	const char *bad = NULL;
	int argc = 4;

	o->fp = open_memstream(&o->text, &o->len);
	assert_int_equal(xo_new(o->fp, &argc, argv, &o->xo, &bad), 0);
	assert_int_equal(argc, 2);
	assert_string_equal(argv[1], "word");
	assert_null(argv[2]);
}

static void
end(struct out *o, const char *expect)
{
	assert_int_equal(xo_finish(o->xo, 0), 0);
	fclose(o->fp);
	assert_string_equal(o->text, expect);
	free(o->text);
}

static void
table(struct xo *xo)
{
	xo_emit(xo, "{T:/%4s} {T:Name}\n", "Id");
	xo_open_container(xo, "top");
	xo_open_list(xo, "row");
	for (int i = 0; i < 2; i++) {
		xo_open_instance(xo);
		xo_emit(xo, "{:id/%4d}{P: }{t:name/%-*.*s}|{e:hidden/%s}{d:shown/%s}\n", i, 5, 3,
		    i ? "bb" : "aaaa", "h", "s");
		xo_close(xo);
	}
	xo_close(xo);
	xo_close(xo);
}

static void
test_text(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "text");
	assert_true(xo_is_text(o.xo));
	table(o.xo);
	end(&o, "  Id Name\n   0 aaa  |s\n   1 bb   |s\n");
}

static void
test_json(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "json");
	table(o.xo);
	end(&o, "{\"__version\": \"1\", \"top\": {\"row\": [{\"id\": 0, \"name\": \"aaaa\", "
	    "\"hidden\": \"h\"}, "
	    "{\"id\": 1, \"name\": \"bb\", \"hidden\": \"h\"}]}}\n");
}

static void
test_xml(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "xml");
	table(o.xo);
	end(&o, "<top version=\"1\"><row><id>0</id><name>aaaa</name><hidden>h</hidden></row>"
	    "<row><id>1</id><name>bb</name><hidden>h</hidden></row></top>\n");
	begin(&o, "xml,pretty");
	xo_open_container(o.xo, "top");
	xo_emit(o.xo, "{:a/%s}{n:b/%s}", "<&>\"", "true");
	xo_close(o.xo);
	end(&o, "<top version=\"1\">\n  <a>&lt;&amp;&gt;&quot;</a>\n  <b>true</b>\n</top>\n");
}

static void
test_kinds(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "json");
	xo_emit(o.xo, "{:a/%ju}{:b/%-3jd}{:c/%lu}{q:d/0x%x}{n:e/%s}{n:f/%s}{l:g/%s}{l:g/%s}{:h/%c}",
	    UINTMAX_C(1) << 40, (intmax_t)-5, 7ul, 255u,
	    "true", "12", "x", "y", 'z');
	end(&o, "{\"__version\": \"1\", \"a\": 1099511627776, \"b\": -5, \"c\": 7, \"d\": \"0xff\","
	    " \"e\": true, \"f\": 12, "
	    "\"g\": [\"x\", \"y\"], \"h\": \"z\"}\n");
}

static void
test_strings_are_escaped(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "json");
	xo_emit(o.xo, "{:a/%s}{:b/%s}", "q\"\n", "\xff");
	end(&o, "{\"__version\": \"1\", \"a\": \"q\\\"\\n\", \"b\": \"?\"}\n");
}

static void
test_literal_format_characters(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "text");
	xo_emit(o.xo, "100% {:x/<%5.1s>} {P:/%s}", "ab", "%s{}");
	end(&o, "100% <    a> %s{}");
}

static void
test_bad_style(void **state)
{
	char *argv[] = { "prog", "--libxo=html", NULL };
	const char *bad = NULL;
	struct xo *xo;
	int argc = 2;

	(void)state;
	assert_int_equal(xo_new(stdout, &argc, argv, &xo, &bad), EINVAL);
	assert_string_equal(bad, "--libxo=html");
	argv[1] = "--libxo";
	assert_int_equal(xo_new(stdout, &argc, argv, &xo, &bad), EINVAL);
}

static void
test_failure_shows_nothing(void **state)
{
	struct out o;

	(void)state;
	begin(&o, "json,pretty");
	assert_int_equal(xo_finish(o.xo, 3), 3);
	fclose(o.fp);
	assert_int_equal(o.len, 0);
	free(o.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_json), cmocka_unit_test(test_xml),
		    cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_strings_are_escaped),
		    cmocka_unit_test(test_literal_format_characters),
		cmocka_unit_test(test_bad_style), cmocka_unit_test(test_failure_shows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
