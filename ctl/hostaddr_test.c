/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/hostaddr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* There and back again. */
static void
good(void **state)
{
	static const char *const texts[] = { "127.0.0.1:80", "0.0.0.0:65535", "[::1]:0", "[2001:db8::1]:8080", "/run/x.sock", "@hidden", "/a" };
	struct sockaddr_storage ss;
	char text[HOSTADDR_TEXT];
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(hostaddr_parse(texts[i], &ss, &len), 0);
		hostaddr_text(&ss, len, text);
		assert_string_equal(text, texts[i]);
	}
}

static void
bad(void **state)
{
	static const char *const texts[] = { "", "/", "@", "x", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "1.2.3.4: 1", "1.2.3.4:+1",
		"1.2.3.4:-1", "1.2.3:1", "::1:80", "[]:1", "[:1", "[::1:80", "[::1]80", "[::1]:", "[1.2.3.4]:1", "host:1", "1.2.3.4:99999999999999999999" };
	struct sockaddr_storage ss;
	char path[HOSTADDR_TEXT * 2];
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(hostaddr_parse(texts[i], &ss, &len), EINVAL);
	memset(path, '/', sizeof(path));
	path[108] = '\0';
	assert_int_equal(hostaddr_parse(path, &ss, &len), ENAMETOOLONG);
	path[107] = '\0';
	assert_int_equal(hostaddr_parse(path, &ss, &len), 0);
	memset(path, '1', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(hostaddr_parse(path, &ss, &len), ENAMETOOLONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
