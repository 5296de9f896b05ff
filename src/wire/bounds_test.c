/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No parser reads past what it is told is contiguous: the byte after it lies on a page nobody may
 * read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/util.h"
#include "wire/arp.h"
#include "wire/bpdu.h"
#include "wire/ether.h"
#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/lacp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

struct guard {
	uint8_t	*g_map;
	uint8_t	*g_end;		/* the first byte that cannot be read */
	size_t	 g_size;
};

static int
guard_setup(void **state)
{
	static struct guard g;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	g.g_size = 3 * page;
	g.g_map = mmap(NULL, g.g_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.g_map == MAP_FAILED || mprotect(g.g_map + 2 * page, page, PROT_NONE) != 0)
		return (-1);
	g.g_end = g.g_map + 2 * page;
	*state = &g;
	return (0);
}

static int
guard_teardown(void **state)
{
	struct guard *g = *state;

	return (munmap(g->g_map, g->g_size));
}

/* All parsers over the same clen bytes that end at the guard, in a message said to be longer. */
static void
run_all(const uint8_t *p, size_t clen, size_t plen)
{
	struct ether_info ei;
	struct arp_info ai;
	struct bpdu bd;
	struct lacpdu du;
	struct ip_info ii;
	struct icmp_info ic;
	struct udp_info ui;
	struct tcp_hdr_info hi;
	struct tcp_opts to;
	struct ip_opt_iter it;
	struct ip_opt o;
	uint16_t tag, type;
	uint8_t copy[128];

	ether_check(p, clen, plen, &ei);
	ether_vlan_check(p, clen, plen, &tag, &type);
	arp_check(p, clen, plen, &ai);
	bpdu_check(p, clen, plen, &bd);
	lacp_check(p, clen, plen, &du);
	icmp_check(p, clen, plen, &ic);
	udp_check(p, clen, plen, &ui);
	tcp_check(p, clen, plen, &hi);
	if (ip_check(p, clen, plen, &ii) == WIRE_OK) {
		ip_opt_init(&it, p, ii.ii_hlen);
		while (ip_opt_next(&it, &o) == WIRE_OK)
			assert_true(o.io_p >= p + IP_MINHLEN &&
			    o.io_p + o.io_len <= p + ii.ii_hlen);
		ip_sum_check(p, ii.ii_hlen);
	}
	tcp_opts_parse(p, clen, true, &to);
	tcp_opts_parse(p, clen, false, &to);
	tcp_opt_find(p, clen, TCPOPT_SIGNATURE);
	cksum_add(p, clen, 0);
	cksum_add_plain(p, clen, 0);
	cksum_copy(copy, p, MIN(clen, sizeof(copy)), 0);
}

static void
nothing_is_read_past_the_end(void **state)
{
	/*
	 * What makes headers claim to be long: full header lengths, quotations, options to the
	 * brim.
	 */
	static const uint8_t starts[][24] = {
		{ 0x4f, 0, 0xff, 0xff, 0, 0, 0, 0, 64, 6 },
		{ 0x4f, 0, 0, 60, 0, 0, 0, 0, 64, 6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 7, 39, 4 },
		{ 3, 1, 0, 0, 0, 0, 0, 0, 0x4f, 0, 0xff, 0xff },
		{ 13 }, { 17 }, { 8 },
		{ 0, 80, 0, 80, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0xf0, 0x02 },
		{ 0, 1, 8, 0, 6, 4, 0, 1 },
		{ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00 },
		{ 0x42, 0x42, 3, 0, 0, 2, 2 }, { 0x42, 0x42, 3, 0, 0, 0, 0x80 }, { 1, 1, 1, 20 },
		{ 1, 1, 1, 5, 34 }, { 19, 18 }, { 2, 4 }, { 8, 10 }, { 34, 18 }, { 29, 40 },
	};
	struct guard *g = *state;
	size_t clen, i;

	for (i = 0; i < NITEMS(starts); i++) {
		for (clen = 0; clen <= 300; clen++) {
			memset(g->g_end - clen, TCPOPT_NOP, clen);
			memcpy(g->g_end - clen, starts[i], MIN(clen, sizeof(starts[i])));
			run_all(g->g_end - clen, clen, clen);
			run_all(g->g_end - clen, clen, 65535);
		}
	}
}

/* Bytes drawn at random, with the first nibble of an IP header given half a chance. */
static void
random_bytes(void **state)
{
	struct guard *g = *state;
	uint64_t x = 88172645463325252ULL;
	size_t clen, i, round;
	uint8_t *p;

	for (round = 0; round < 20000; round++) {
		clen = round % 97;
		p = g->g_end - clen;
		for (i = 0; i < clen; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			p[i] = (uint8_t)(x & 0x100 ? x : x & 0x0f);
		}
		if (clen > 0 && (round & 1) != 0)
			p[0] = (uint8_t)(0x40 | (p[0] & 0x0f));
		run_all(p, clen, clen + (round & 2 ? 1000 : 0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_read_past_the_end),
		cmocka_unit_test(random_bytes),
	};

	return (cmocka_run_group_tests(tests, guard_setup, guard_teardown));
}
