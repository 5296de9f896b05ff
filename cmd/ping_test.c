/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd_test.h"

#include <arpa/inet.h>
#include <sysexits.h>

#include "cmd/ping_int.h"

/* RFC 1071 section 3's example: the words 0001 f203 f4f5 f6f7 add up to ddf2. */
static void
test_checksum(void **state)
{
	const uint8_t even[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 }, odd[] = { 0x12,
	    0x34, 0x56 };

	(void)state;
	assert_int_equal(ping_checksum(even, sizeof(even)), (uint16_t)~htons(0xddf2));
	assert_int_equal(ping_checksum(odd, sizeof(odd)), (uint16_t)~htons(0x1234 + 0x5600));
	assert_int_equal(ping_checksum(even, 0), 0xffff);
}

static void
test_texts(void **state)
{
	static const struct { int type, code; uint32_t info; const char *text; } texts[] = {
		{ 3, 0, 0, "Destination Net Unreachable" }, { 3, 1, 0,
		    "Destination Host Unreachable" },
		{ 3, 3, 0, "Destination Port Unreachable" }, { 3, 4, 1400,
		    "frag needed and DF set (MTU 1400)" },
		{ 3, 5, 0, "Source Route Failed" }, { 3, 13, 0,
		    "Communication prohibited by filter" },
		{ 3, 99, 0, "Dest Unreachable, Bad Code: 99" }, { 4, 0, 0, "Source Quench" },
		{ 5, 1, 0xc0000201, "Redirect Host(New addr: 192.0.2.1)" }, { 5, 9, 0,
		    "ICMP type 5 code 9" },
		{ 11, 0, 0, "Time to live exceeded" }, { 11, 1, 0,
		    "Frag reassembly time exceeded" },
		{ 12, 0, 0x14000000, "Parameter problem: pointer = 0x14" },
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ping_icmp_text(texts[i].type, texts[i].code, htonl(texts[i].info), buf,
		    sizeof(buf));
		assert_string_equal(buf, texts[i].text);
	}
}

static void
test_texts6(void **state)
{
	static const struct { int type, code; uint32_t info; const char *text; } texts[] = {
		{ 1, 0, 0, "No Route to Destination" },
		{ 1, 3, 0, "Destination Host Unreachable" },
		{ 1, 4, 0, "Destination Port Unreachable" },
		{ 1, 9, 0, "Destination Unreachable, Bad Code: 9" },
		{ 2, 0, 1280, "Packet too big mtu = 1280" },
		{ 3, 0, 0, "Time to live exceeded" },
		{ 3, 1, 0, "Frag reassembly time exceeded" },
		{ 4, 1, 40, "Parameter problem: Unknown Nextheader pointer = 0x28" },
		{ 4, 7, 40, "ICMPv6 type 4 code 7" },
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ping_icmp6_text(texts[i].type, texts[i].code, texts[i].info, buf, sizeof(buf));
		assert_string_equal(buf, texts[i].text);
	}
}

static void
test_wrong_words(void **state)
{
	static const struct { const char *line, *err; int status; } forms[] = {
		{ "ping", "usage: ping words\n", EX_USAGE },
		{ "ping a b", "usage: ping words\n", EX_USAGE },
		{ "ping -x host", "ping: illegal option -- x\nusage: ping words\n", EX_USAGE },
		{ "ping -M x host", "ping: invalid message: `x'\n", EX_USAGE },
		{ "ping -6 -M time host", "ping: -M: IPv6 tells neither masks nor times\n", EX_USAGE },
		{ "ping -c 0 host", "ping: invalid count of packets to transmit: `0'\n", EX_USAGE },
		{ "ping -c 1x host", "ping: invalid count of packets to transmit: `1x'\n",
		    EX_USAGE },
		{ "ping -s 65508 host", "ping: invalid packet size: `65508'\n", EX_USAGE },
		{ "ping -m 256 host", "ping: invalid TTL: `256'\n", EX_USAGE },
		{ "ping -t 0 host", "ping: invalid timeout: `0'\n", EX_USAGE },
		{ "ping -i -1 host", "ping: invalid timing interval: `-1'\n", EX_USAGE },
		{ "ping -i nan host", "ping: invalid timing interval: `nan'\n", EX_USAGE },
		{ "ping -p xy host", "ping: invalid pattern, it must be hexadecimal digits: `xy'\n", EX_USAGE },
		{ "ping -g 10 host", "ping: -g and -h: only with -G\n", EX_USAGE },
		{ "ping -G 10 -s 5 host", "ping: Packet size and ping sweep are mutually exclusive\n", EX_USAGE },
		{ "ping -G 10 -g 20 host", "ping: Maximum packet size must be no less than the minimum packet size\n", EX_USAGE },
		{ "ping -6R host", "ping: -R: IPv6 records no routes\n", EX_USAGE },
		{ "ping -z 256 host", "ping: invalid TOS: `256'\n", EX_USAGE },
		{ "ping -l -1 host", "ping: invalid preload value: `-1'\n", EX_USAGE },
		{ "ping -T 0 host", "ping: invalid multicast TTL: `0'\n", EX_USAGE },
		{ "ping -6 192.0.2.1", "ping: IPv6 requested but IPv4 target address provided\n", 1 },
		{ "ping -4 ::1", "ping: IPv4 requested but IPv6 target address provided\n", 1 },
		{ "ping -46 ::1", "ping: -4 and -6 cannot be used simultaneously\n", 1 },
		{ "ping -I", "ping: option requires an argument -- I\nusage: ping words\n", EX_USAGE },
		{ "ping 1.2.3.4.5", "ping: cannot resolve 1.2.3.4.5: Unknown host\n", EX_NOHOST },
	};
	struct fake fk;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fake_init(&fk, "ping");
		fake_run(&fk, cmd_ping, forms[i].line);
		assert_string_equal(fk.fk_err, forms[i].err);
		assert_refused(&fk, forms[i].status);
		fake_free(&fk);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum), cmocka_unit_test(test_texts), cmocka_unit_test(test_texts6),
		    cmocka_unit_test(test_wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
