/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of received packets, each with the header before and after. */
#include "netinet/icmp/icmp_var.h"
#include "netinet/ip/ip_var.h"
#include "netinet/netinet_test.h"

#define FAR	HTONL(0xc0000209)	/* by no interface's network */

/* Runs the options over a packet to dst; hdr receives the header after.  False: dropped. */
static bool
run(struct nt *nt, uint32_t dst, const uint8_t *opts, unsigned optlen, uint8_t hdr[IP_MAXHLEN], bool *srcrouted)
{
	uint8_t buf[IP_MAXHLEN + 8] = { 0 };
	unsigned padded = ROUNDUP2(optlen, 4u), hlen = IP_MINHLEN + padded;
	struct ip_info ii;
	struct mbuf *m;

	memcpy(buf + IP_MINHLEN, opts, optlen);
	nt_iphdr(buf, NT_LOCAL, dst, 253, 1, padded, 8, 0);
	m = nt_chain(nt, buf, hlen + 8, hlen + 8);
	m->m_pkt.rcvif = nt->nt_lo;
	assert_int_equal(ip_check(m->m_data, m->m_len, m->m_pkt.len, &ii), WIRE_OK);
	if (ip_dooptions(nt->nt_vn, &m, &ii, srcrouted) != IPOPT_PASS)
		return (false);
	assert_int_equal(ip_sum_check(m->m_data, hlen), WIRE_OK);
	memcpy(hdr, m->m_data, hlen);
	assert_int_equal(((struct ip *)(void *)hdr)->ip_dst, ii.ii_dst);
	m_freem(m);
	return (true);
}

static void
record_route(void **state)
{
	static const uint8_t rr[11] = { IPOPT_RR, 11, 4 }, full[7] = { IPOPT_RR, 7, 8, 1, 2, 3, 4 };
	struct nt *nt = *state;
	uint8_t hdr[IP_MAXHLEN], *o = hdr + IP_MINHLEN;
	bool sr;

	assert_true(run(nt, NT_LOCAL, rr, sizeof(rr), hdr, &sr));
	assert_int_equal(o[2], 8);
	assert_int_equal(u32load(o + 3), NT_LOCAL);
	assert_int_equal(u32load(o + 7), 0);
	assert_false(sr);
	assert_true(run(nt, NT_LOCAL, full, sizeof(full), hdr, &sr));
	assert_memory_equal(o, full, sizeof(full));
	/* No way to where it goes: no address to tell. */
	assert_true(run(nt, FAR, rr, sizeof(rr), hdr, &sr));
	assert_memory_equal(o, rr, sizeof(rr));
}

static void
timestamps(void **state)
{
	static const uint8_t only[12] = { IPOPT_TS, 12, 5, 0 }, both[12] = { IPOPT_TS, 12, 5, 1 };
	uint8_t pre[12] = { IPOPT_TS, 12, 5, 3 }, over[8] = { IPOPT_TS, 8, 9, 0xe0 };
	struct nt *nt = *state;
	uint8_t hdr[IP_MAXHLEN], *o = hdr + IP_MINHLEN;
	bool sr;

	assert_true(run(nt, NT_LOCAL, only, sizeof(only), hdr, &sr));
	assert_int_equal(o[2], 9);
	assert_true(be32dec(o + 4) < 86400000);
	assert_true(run(nt, NT_LOCAL, both, sizeof(both), hdr, &sr));
	assert_int_equal(o[2], 13);
	assert_int_equal(u32load(o + 4), NT_LOCAL);
	u32store(pre + 4, FAR);
	assert_true(run(nt, NT_LOCAL, pre, sizeof(pre), hdr, &sr));
	assert_memory_equal(o, pre, sizeof(pre));
	u32store(pre + 4, NT_LOCAL);
	assert_true(run(nt, NT_LOCAL, pre, sizeof(pre), hdr, &sr));
	assert_int_equal(o[2], 13);
	/* Full: counted as overflow, which may itself overflow once. */
	assert_true(run(nt, NT_LOCAL, over, sizeof(over), hdr, &sr));
	assert_int_equal(o[3], 0xf0);
	over[3] = 0xf0;
	assert_false(run(nt, NT_LOCAL, over, sizeof(over), hdr, &sr));
	assert_int_equal(ip_vnet(nt->nt_vn)->iv_stat.ips_badoptions, 1);
}

static void
source_routes(void **state)
{
	uint8_t ssrr[7] = { IPOPT_SSRR, 7, 4 }, lsrr[7] = { IPOPT_LSRR, 7, 4 }, done[7] = { IPOPT_LSRR, 7, 8 };
	struct nt *nt = *state;
	struct ip_vnet *iv = ip_vnet(nt->nt_vn);
	const struct icmp_vnet *icv = icmp_vnet(nt->nt_vn);
	uint8_t hdr[IP_MAXHLEN], *o = hdr + IP_MINHLEN;
	bool sr;

	u32store(ssrr + 3, HTONL(0x7f000005));
	u32store(lsrr + 3, HTONL(0x7f000005));
	/* Off: refused on the way and at the end. */
	assert_false(run(nt, NT_LOCAL, lsrr, sizeof(lsrr), hdr, &sr));
	assert_false(run(nt, NT_LOCAL, ssrr, sizeof(ssrr), hdr, &sr));
	assert_false(run(nt, NT_LOCAL, done, sizeof(done), hdr, &sr));
	assert_int_equal(iv->iv_stat.ips_optdropped, 3);
	assert_int_equal(icv->icv_stat.icps_outhist[ICMP_UNREACH], 2);
	/* RFC 1122 3.2.1.3: what is for another is no business of a host's. */
	assert_false(run(nt, FAR, lsrr, sizeof(lsrr), hdr, &sr));
	assert_false(run(nt, FAR, ssrr, sizeof(ssrr), hdr, &sr));
	assert_int_equal(iv->iv_stat.ips_optdropped, 5);
	assert_int_equal(icv->icv_stat.icps_error, 2);
	/* On. */
	iv->iv_sourceroute = iv->iv_acceptsourceroute = 1;
	ip_forwarding_set(nt->nt_vn, true);
	assert_true(run(nt, NT_LOCAL, done, sizeof(done), hdr, &sr));
	assert_false(sr);
	assert_true(run(nt, NT_LOCAL, lsrr, sizeof(lsrr), hdr, &sr));
	assert_true(sr);
	assert_int_equal(((struct ip *)(void *)hdr)->ip_dst, HTONL(0x7f000005));
	assert_int_equal(o[2], 8);
	assert_int_equal(u32load(o + 3), NT_LOCAL);
	assert_true(run(nt, NT_LOCAL, ssrr, sizeof(ssrr), hdr, &sr));
	/* A strict route that names others does not come by here (RFC 1812 5.2.2). */
	assert_false(run(nt, FAR, ssrr, sizeof(ssrr), hdr, &sr));
	assert_int_equal(icv->icv_stat.icps_outhist[ICMP_PARAMPROB], 1);
	assert_true(run(nt, FAR, lsrr, sizeof(lsrr), hdr, &sr));
	assert_true(sr);
	assert_memory_equal(o, lsrr, sizeof(lsrr));
}

/* RFC 1812 5.2.3 and 5.2.4.1: hops that are ours one after the other, and two routes in one header. */
static void
source_routes_of_ours(void **state)
{
	uint8_t on[11] = { IPOPT_LSRR, 11, 4 }, end[7] = { IPOPT_LSRR, 7, 4 }, two[15] = { IPOPT_LSRR, 7, 4, [7] = IPOPT_NOP, IPOPT_LSRR, 7, 8 };
	struct nt *nt = *state;
	struct ip_vnet *iv = ip_vnet(nt->nt_vn);
	const struct icmp_vnet *icv = icmp_vnet(nt->nt_vn);
	uint8_t hdr[IP_MAXHLEN], *o = hdr + IP_MINHLEN;
	bool sr;

	u32store(on + 3, NT_LOCAL);
	u32store(on + 7, HTONL(0x7f000005));
	u32store(end + 3, NT_LOCAL);
	u32store(two + 3, HTONL(0x7f000005));
	iv->iv_sourceroute = iv->iv_acceptsourceroute = 1;
	ip_forwarding_set(nt->nt_vn, true);
	assert_true(run(nt, NT_LOCAL, on, sizeof(on), hdr, &sr));
	assert_true(sr);
	assert_int_equal(o[2], 12);
	assert_int_equal(u32load(o + 3), NT_LOCAL);
	assert_int_equal(u32load(o + 7), NT_LOCAL);
	assert_int_equal(((struct ip *)(void *)hdr)->ip_dst, HTONL(0x7f000005));
	assert_true(run(nt, NT_LOCAL, end, sizeof(end), hdr, &sr));
	assert_false(sr);
	assert_int_equal(o[2], 8);
	assert_int_equal(((struct ip *)(void *)hdr)->ip_dst, NT_LOCAL);
	iv->iv_acceptsourceroute = 0;
	assert_false(run(nt, NT_LOCAL, end, sizeof(end), hdr, &sr));
	assert_int_equal(icv->icv_stat.icps_error, 0);
	assert_false(run(nt, NT_LOCAL, two, sizeof(two), hdr, &sr));
	assert_int_equal(icv->icv_stat.icps_outhist[ICMP_PARAMPROB], 1);
}

static void
knob(void **state)
{
	static const uint8_t rr[7] = { IPOPT_RR, 7, 4 }, bad[4] = { IPOPT_RR, 9, 4 };
	struct nt *nt = *state;
	struct ip_vnet *iv = ip_vnet(nt->nt_vn);
	uint8_t hdr[IP_MAXHLEN];
	bool sr;

	assert_false(run(nt, NT_LOCAL, bad, sizeof(bad), hdr, &sr));
	assert_int_equal(icmp_vnet(nt->nt_vn)->icv_stat.icps_outhist[ICMP_PARAMPROB], 1);
	iv->iv_processoptions = 0;
	assert_true(run(nt, NT_LOCAL, rr, sizeof(rr), hdr, &sr));
	assert_memory_equal(hdr + IP_MINHLEN, rr, sizeof(rr));
	assert_true(run(nt, NT_LOCAL, bad, sizeof(bad), hdr, &sr));
	iv->iv_processoptions = 2;
	assert_false(run(nt, NT_LOCAL, rr, sizeof(rr), hdr, &sr));
}

static void
selection(void **state)
{
	static const uint8_t opts[20] = { IPOPT_NOP, IPOPT_RR, 7, 4, 0, 0, 0, 0, IPOPT_RA, 4, 0, 0, IPOPT_TS, 8, 5, 0, 0, 0, 0, 0 };
	uint8_t hdr[IP_MAXHLEN] = { 0 }, out[MAX_IPOPTLEN];

	(void)state;
	memcpy(hdr + IP_MINHLEN, opts, sizeof(opts));
	assert_int_equal(ip_optcopy(hdr, 40, out), 4);
	assert_memory_equal(out, opts + 8, 4);
	assert_int_equal(ip_optecho(hdr, 40, out), 16);
	assert_memory_equal(out, opts + 1, 7);
	assert_memory_equal(out + 7, opts + 12, 8);
	assert_int_equal(out[15], IPOPT_EOL);
	assert_int_equal(ip_optcopy(hdr, IP_MINHLEN, out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(record_route, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(timestamps, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(source_routes, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(source_routes_of_ours, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(knob, nt_setup, nt_teardown),
		cmocka_unit_test(selection),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
