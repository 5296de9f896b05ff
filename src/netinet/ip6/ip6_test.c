/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 of one stack talking to itself: echo, fragments, options, routing headers, source selection. */
#include "netinet/netinet_test.h"

#include <errno.h>

#include "netinet/icmp6/icmp6_var.h"
#include "netinet/ip6/ip6_var.h"

static const struct in_addr_any lo6 = { .in6 = { 0, 0, 0, HTONL(1) } };

#define I6(nt)	(&ip6_vnet((nt)->nt_vn)->i6v_stat)
#define IC6(nt)	(&icmp6_vnet((nt)->nt_vn)->ic6v_stat)

/* An echo request of len bytes from ::1 to ::1. */
static struct mbuf *
echo_make(struct nt *nt, uint32_t len)
{
	uint8_t buf[9000] = { ICMP6_ECHO_REQUEST };
	struct mbuf *m;

	for (uint32_t i = 8; i < len; i++)
		buf[i] = (uint8_t)(i * 7);
	m = nt_chain(nt, buf, len, 100);
	assert_non_null(m = m_pullup(m, 8));
	icmp6_cksum(m, &lo6, &lo6);
	return (m);
}

static const struct ip6_out echo_out = { .i6o_src = { .in6 = { 0, 0, 0, HTONL(1) } }, .i6o_dst = { .in6 = { 0, 0, 0, HTONL(1) } },
	.i6o_proto = IPPROTO_ICMPV6, .i6o_mcast_hlim = -1 };

static void
loop_has_addresses(void **state)
{
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_true(in6_localaddr(ip6_vnet(nt.nt_vn), (const uint8_t *)lo6.in6));
	assert_non_null(in6_ifaddr_linklocal(nt.nt_lo));
	assert_true((fib6_lookup(nt.nt_vn, 0, (const uint8_t *)lo6.in6)->nh_flags & RTF_LOCAL) != 0);
	nt_end(&nt);
}

static void
echo_is_answered(void **state)
{
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(ip6_output(nt.nt_vn, echo_make(&nt, 64), &echo_out), 0);
	nt_pass(&nt, 1000000);
	assert_int_equal(IC6(&nt)->ic6s_reflect, 1);
	assert_int_equal(IC6(&nt)->ic6s_inhist[icmp6_hist(ICMP6_ECHO_REPLY)], 1);
	assert_int_equal(IC6(&nt)->ic6s_checksum, 0);
	nt_end(&nt);
}

static void
fragments_come_together(void **state)
{
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(if_setmtu(nt.nt_lo, IPV6_MMTU), 0);
	assert_int_equal(ip6_output(nt.nt_vn, echo_make(&nt, 5000), &echo_out), 0);
	nt_pass(&nt, 1000000);
	assert_int_equal(I6(&nt)->i6s_fragmented, 2);	/* there and back */
	assert_int_equal(I6(&nt)->i6s_ofragments, 10);
	assert_int_equal(I6(&nt)->i6s_reassembled, 2);
	assert_int_equal(IC6(&nt)->ic6s_inhist[icmp6_hist(ICMP6_ECHO_REPLY)], 1);
	assert_int_equal(ip6_vnet(nt.nt_vn)->i6v_reass.rs_nqueues, 0);
	nt_end(&nt);
}

static void
tcp_is_not_fragmented(void **state)
{
	struct ip6_out io = echo_out;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(if_setmtu(nt.nt_lo, IPV6_MMTU), 0);
	io.i6o_mtudisc = 2;
	assert_int_equal(ip6_output(nt.nt_vn, echo_make(&nt, 5000), &io), EMSGSIZE);
	nt_end(&nt);
}

/* A packet as from the wire, into the loopback interface: header, then len bytes. */
static void
inject(struct nt *nt, uint8_t nxt, const void *p, uint32_t len)
{
	uint8_t buf[2048];
	struct ip6_hdr *ip6 = (struct ip6_hdr *)(void *)buf;
	struct mbuf *m;

	ip6_set_flow(ip6, 0, 0);
	ip6->ip6_plen = HTONS(len);
	ip6->ip6_nxt = nxt;
	ip6->ip6_hlim = 64;
	memcpy(ip6->ip6_src, lo6.in6, 16);
	memcpy(ip6->ip6_dst, lo6.in6, 16);
	memcpy(buf + IP6_HLEN, p, len);
	m = nt_chain(nt, buf, IP6_HLEN + len, 1 + nt_random(nt, 60));
	ip6_input(nt->nt_lo, m);
	nt_pass(nt, 1000000);
}

static void
options_unknown(void **state)
{
	/* destination options with type 0xbf: an ICMPv6 error; then 0x3f: skipped */
	uint8_t opt[8] = { IPPROTO_NONE, 0, 0xbf, 4, 1, 2, 3, 4 };
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	inject(&nt, IPPROTO_DSTOPTS, opt, sizeof(opt));
	assert_int_equal(I6(&nt)->i6s_badoptions, 1);
	assert_int_equal(IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_PARAM_PROB)], 1);
	opt[2] = 0x3f;
	inject(&nt, IPPROTO_DSTOPTS, opt, sizeof(opt));
	assert_int_equal(I6(&nt)->i6s_badoptions, 1);
	opt[2] = 0x7f;			/* dropped in silence */
	inject(&nt, IPPROTO_HOPOPTS, opt, sizeof(opt));
	assert_int_equal(I6(&nt)->i6s_badoptions, 2);
	assert_int_equal(IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_PARAM_PROB)], 1);
	opt[3] = 9;			/* longer than its header */
	inject(&nt, IPPROTO_DSTOPTS, opt, sizeof(opt));
	assert_int_equal(I6(&nt)->i6s_badoptions, 3);
	nt_end(&nt);
}

static void
routing_header_refused(void **state)
{
	const uint8_t rh[24] = { IPPROTO_NONE, 2, 0, 1 };
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	inject(&nt, IPPROTO_ROUTING, rh, sizeof(rh));
	assert_int_equal(I6(&nt)->i6s_badroute, 1);
	assert_int_equal(IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_PARAM_PROB)], 1);
	nt_end(&nt);
}

static void
frag(struct nt *nt, uint16_t off, bool more, uint32_t id, uint32_t len)
{
	uint8_t buf[1500] = { IPPROTO_NONE };
	struct ip6_frag *fh = (struct ip6_frag *)(void *)buf;

	fh->ip6f_offlg = HTONS(off | (more ? IP6F_MORE : 0));
	fh->ip6f_ident = HTONL(id);
	inject(nt, IPPROTO_FRAGMENT, buf, (uint32_t)sizeof(*fh) + len);
}

static void
fragments_that_are_wrong(void **state)
{
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	frag(&nt, 0, true, 1, 64);
	frag(&nt, 32, true, 1, 64);		/* RFC 5722: both go */
	assert_int_equal(I6(&nt)->i6s_fragoverlap, 2);
	assert_int_equal(ip6_vnet(nt.nt_vn)->i6v_reass.rs_nfrags, 0);
	frag(&nt, 0, true, 1, 64);		/* and those that follow */
	frag(&nt, 64, false, 1, 64);
	assert_int_equal(I6(&nt)->i6s_fragoverlap, 4);
	assert_int_equal(I6(&nt)->i6s_reassembled, 0);
	assert_int_equal(ip6_vnet(nt.nt_vn)->i6v_reass.rs_nfrags, 0);
	frag(&nt, 0, true, 2, 65);		/* not a multiple of 8 */
	assert_int_equal(I6(&nt)->i6s_fragbad, 1);
	frag(&nt, 65528, false, 3, 100);	/* beyond 65535 */
	assert_int_equal(I6(&nt)->i6s_fragbad, 2);
	assert_int_equal(IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_PARAM_PROB)], 2);
	frag(&nt, 0, true, 4, 64);
	frag(&nt, 0, false, 4, 16);		/* atomic, same id: by itself */
	assert_int_equal(I6(&nt)->i6s_atomicfrags, 1);
	assert_int_equal(ip6_vnet(nt.nt_vn)->i6v_reass.rs_nfrags, 1);
	nt_pass(&nt, 61000000000ull);
	assert_int_equal(I6(&nt)->i6s_fragtimeout, 1);
	assert_int_equal(IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_TIME_EXCEEDED)], 1);
	nt_end(&nt);
}

/* RFC 8200 4.5, RFC 7112 5: a first fragment has all headers, to those of the upper layer. */
static void
first_fragments(void **state)
{
	/* fragment header; destination options of 16 bytes, then so much of UDP, TCP, or nothing known */
	static const struct { uint8_t nxt; uint32_t upper; bool good; } row[] = {
		{ IPPROTO_UDP, 8, true }, { IPPROTO_UDP, 0, false }, { IPPROTO_TCP, 24, true }, { IPPROTO_TCP, 16, false },
		{ 253, 8, true }, { IPPROTO_DSTOPTS, 8, false } };
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	for (unsigned i = 0; i < NITEMS(row); i++) {
		uint8_t buf[100] = { IPPROTO_DSTOPTS };
		struct ip6_frag *fh = (struct ip6_frag *)(void *)buf;
		const uint64_t before = IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_PARAM_PROB)];

		fh->ip6f_offlg = HTONS(IP6F_MORE);
		fh->ip6f_ident = HTONL(100 + i);
		buf[8] = row[i].nxt;
		buf[9] = 1;
		buf[10] = 1;
		buf[11] = 12;			/* PadN */
		if (row[i].nxt == IPPROTO_DSTOPTS)
			buf[25] = 3;
		inject(&nt, IPPROTO_FRAGMENT, buf, 24 + row[i].upper);
		assert_int_equal(IC6(&nt)->ic6s_outhist[icmp6_hist(ICMP6_PARAM_PROB)] - before, !row[i].good);
	}
	assert_int_equal(ip6_vnet(nt.nt_vn)->i6v_reass.rs_nfrags, 3);
	nt_end(&nt);
}

static void
fragments_are_bounded(void **state)
{
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	for (uint32_t id = 0; id < 1000; id++)
		frag(&nt, 8, true, id, 64);
	assert_int_equal(ip6_vnet(nt.nt_vn)->i6v_reass.rs_nqueues, 256);
	assert_int_equal(I6(&nt)->i6s_fragdropped, 1000 - 256);
	nt_end(&nt);
}

/* RFC 6724 5 */
static void
source_rules(void **state)
{
	static const uint8_t a[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1 }, b[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 1 },
	    ula[16] = { 0xfd, [15] = 1 }, group[16] = { 0xff, 0x0e, [15] = 9 }, local[16] = { 0xfe, 0x80, [15] = 9 };
	static struct ifnet elsewhere;
	struct in_addr_any dst = { .in6 = { 0 } };
	struct in6_ifaddr *ia, *ib;
	struct ip6_path path;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	path = (struct ip6_path){ .i6p_ifp = nt.nt_lo };
	assert_int_equal(in6_ifaddr_add(nt.nt_lo, a, 64, 0, VI_IFA_INFINITE, VI_IFA_INFINITE, &ia), 0);
	assert_int_equal(in6_ifaddr_add(nt.nt_lo, b, 64, 0, VI_IFA_INFINITE, VI_IFA_INFINITE, &ib), 0);
	assert_int_equal(in6_ifaddr_add(nt.nt_lo, ula, 64, 0, VI_IFA_INFINITE, VI_IFA_INFINITE, NULL), 0);
	memcpy(dst.in6, b, 16);
	((uint8_t *)dst.in6)[15] = 9;
	assert_ptr_equal(in6_selectsrc(nt.nt_vn, &path, &dst, false), ib);	/* 8: longest prefix */
	ib->ia_flags |= VI_IN6_IFF_DEPRECATED;
	assert_ptr_equal(in6_selectsrc(nt.nt_vn, &path, &dst, false), ia);	/* 3 */
	ib->ia_flags = VI_IN6_IFF_TEMPORARY;
	assert_ptr_equal(in6_selectsrc(nt.nt_vn, &path, &dst, false), ia);	/* 7 */
	assert_ptr_equal(in6_selectsrc(nt.nt_vn, &path, &dst, true), ib);
	/* 4: of another interface for a destination beyond the link alone. */
	path.i6p_ifp = &elsewhere;
	assert_non_null(in6_selectsrc(nt.nt_vn, &path, &dst, false));
	memcpy(dst.in6, group, 16);
	assert_null(in6_selectsrc(nt.nt_vn, &path, &dst, false));
	memcpy(dst.in6, local, 16);
	assert_null(in6_selectsrc(nt.nt_vn, &path, &dst, false));
	path.i6p_ifp = nt.nt_lo;
	assert_non_null(in6_selectsrc(nt.nt_vn, &path, &dst, false));
	memcpy(dst.in6, ula, 16);
	((uint8_t *)dst.in6)[15] = 9;
	assert_memory_equal(ia6_addr(in6_selectsrc(nt.nt_vn, &path, &dst, false)), ula, 16);	/* 6: label */
	/* 2, and 3.4: ::1, which lo0 has, is of the link, and reaches no further. */
	assert_int_equal(in6_scope((const uint8_t *)lo6.in6), IN6_SCOPE_LINK);
	memcpy(dst.in6, group, 16);
	assert_false(in6_loopback(ia6_addr(in6_selectsrc(nt.nt_vn, &path, &dst, false))));
	ia->ia_flags = VI_IN6_IFF_TENTATIVE;
	memcpy(dst.in6, a, 16);
	assert_ptr_equal(in6_selectsrc(nt.nt_vn, &path, &dst, false), ib);
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_has_addresses),
		cmocka_unit_test(echo_is_answered),
		cmocka_unit_test(fragments_come_together),
		cmocka_unit_test(tcp_is_not_fragmented),
		cmocka_unit_test(options_unknown),
		cmocka_unit_test(routing_header_refused),
		cmocka_unit_test(fragments_that_are_wrong),
		cmocka_unit_test(first_fragments),
		cmocka_unit_test(fragments_are_bounded),
		cmocka_unit_test(source_rules),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
