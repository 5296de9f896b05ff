/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>

#include "net/if_conf.h"
#include "net/net_test.h"
#include <vimage/jail.h>

static int
set_number(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	long long n;
	int error;

	if (argc == 2 && strcmp(argv[1], "twice") != 0)
		return (ifopt_fail(err, EINVAL, "%s: what is %s?", io->io_name, argv[1]));
	if ((error = ifopt_number(io, argv[0], &n, err)) == 0)
		ifp->if_metric = (uint32_t)(n * (argc == 2 ? 2 : 1));
	return (error);
}

static void
show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	ifopt_put(is, NULL, NULL, "number", "%u", ifp->if_metric);
	ifopt_put(is, "list", "one", "key", "%s", "value");
}

static const struct if_option options[] = {
	{ "number", 1, 2, set_number, 0, 1, 4096 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

static void
collect(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	char *p = arg;

	p += strlen(p);
	snprintf(p, 64, "%s/%s/%s=%s;", list == NULL ? "" : list, item == NULL ? "" : item, key, value);
}

static int
set(struct ifnet *ifp, char *err, const char *option, const char *a, const char *b)
{
	const char *argv[] = { a, b };

	return (ifopt_set(ifp, option, argv, a == NULL ? 0 : b == NULL ? 1 : 2, err));
}

static void
words(void **state)
{
	char err[VI_ERRLEN], text[256] = "";
	struct nt nt;
	char name[IFNAMSIZ];
	struct if_clone clone;
	struct ifnet *ifp;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(if_create(nt.nt_v0, "epair", name), 0);
	ifp = nt_if(nt.nt_v0, name);
	clone = *ifp->if_cloner;
	clone.ifc_options = options;
	clone.ifc_show = show;
	ifp->if_cloner = &clone;
	assert_int_equal(set(ifp, err, "number", "17", NULL), 0);
	assert_int_equal(ifp->if_metric, 17);
	assert_int_equal(set(ifp, err, "number", "0x10", "twice"), 0);
	assert_int_equal(ifp->if_metric, 32);
	assert_int_equal(set(ifp, err, "number", NULL, NULL), EINVAL);
	assert_string_equal(err, "number: wrong number of arguments");
	assert_int_equal(set(ifp, err, "number", "0", NULL), EINVAL);
	assert_string_equal(err, "number: 0 is not between 1 and 4096");
	assert_int_equal(set(ifp, err, "number", "99999999999999999999999999", NULL), EINVAL);
	assert_int_equal(set(ifp, err, "number", "", NULL), EINVAL);
	assert_int_equal(set(ifp, err, "number", "0x", NULL), EINVAL);
	assert_int_equal(set(ifp, err, "number", "1f", NULL), EINVAL);
	assert_string_equal(err, "number: \"1f\" is not a number");
	assert_int_equal(set(ifp, err, "number", "1", "thrice"), EINVAL);
	assert_string_equal(err, "number: what is thrice?");
	assert_int_equal(set(ifp, err, "colour", "1", NULL), ENOENT);
	assert_int_equal(ifp->if_metric, 32);
	ifopt_show(ifp, collect, text);
	assert_string_equal(text, "//number=32;list/one/key=value;");
	ifp->if_cloner = &epair_cloner;
	assert_int_equal(set(ifp, err, "number", "1", NULL), ENOENT);
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
