/* SPDX-License-Identifier: BSD-2-Clause */
/* Detection of duplicates where the link brings our own solicitations back (RFC 7527), and identifiers that no host may have. */
#include "netinet/netinet_test.h"

#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define SEC	1000000000ull

struct rig {
	struct nt	 nt;
	struct ifnet	*ifp;
	struct in6_ifaddr *ia;	/* being checked; its first solicitation has left */
};

static void
rig_begin(struct rig *g)
{
	struct vi_ifaddr va = { .ia_addr = { .sa_family = VI_AF_INET6, .sa_in6 = { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, .ia_prefixlen = 64 };
	char name[IFNAMSIZ];

	nt_begin(&g->nt);
	assert_int_equal(if_create(g->nt.nt_vn, "epair", name), 0);
	assert_non_null(g->ifp = ifnet_byname(g->nt.nt_vn, name));
	assert_int_equal(if_setflags(g->ifp, IFF_UP, 0), 0);
	assert_int_equal(net_vnet(g->nt.nt_vn)->nv_afops[NET_AF_INET6]->nao_addr_add(g->ifp, &va, true), 0);
	assert_non_null(g->ia = in6_ifaddr_find(ip6_vnet(g->nt.nt_vn), va.ia_addr.sa_in6));
	nt_pass(&g->nt, SEC / 100);
	assert_non_null(g->ia->ia_nd);
}

static bool
tentative(const struct rig *g)
{
	return ((g->ia->ia_flags & VI_IN6_IFF_TENTATIVE) != 0);
}

/* A solicitation for the address, from nobody, with this nonce. */
static void
solicit(struct rig *g, const uint8_t nonce[6])
{
	uint8_t ns[32] = { ND_NEIGHBOR_SOLICIT, [24] = ND_OPT_NONCE, [25] = 1 };
	struct inet_pkt pk = { .ip_vnet = g->nt.nt_vn, .ip_rcvif = g->ifp, .ip_ttl = 255, .ip_bcast = true };

	memcpy(ns + 8, ia6_addr(g->ia), 16);
	memcpy(ns + 26, nonce, 6);
	in6_solicited(ia6_addr(g->ia), g->ifp->if_index, (uint8_t *)pk.ip_dst.in6);
	nd6_input(nt_chain(&g->nt, ns, sizeof(ns), sizeof(ns)), &pk);
}

static void
quiet(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	nt_pass(&g.nt, SEC / 2);
	assert_true(tentative(&g));
	nt_pass(&g.nt, SEC);
	assert_false(tentative(&g));
	nt_end(&g.nt);
}

/* Another link address: the link-local address tells of it at once, the next one a moment later. */
static void
announced(void **state)
{
	struct rig g;
	uint64_t sent;

	(void)state;
	rig_begin(&g);
	nt_pass(&g.nt, 3 * SEC);
	assert_false(tentative(&g));
	sent = nd6_vnet(g.nt.nt_vn)->nv_stat.ns_advout;
	assert_int_equal(if_setlladdr(g.ifp, (const uint8_t[]){ 2, 0, 0, 0, 0, 7 }, 6), 0);
	nt_pass(&g.nt, SEC / 100);
	assert_int_equal(nd6_vnet(g.nt.nt_vn)->nv_stat.ns_advout, sent + 1);
	nt_pass(&g.nt, SEC);
	assert_int_equal(nd6_vnet(g.nt.nt_vn)->nv_stat.ns_advout, sent + 2);
	assert_null(g.ia->ia_nd);
	/* Twice in a row, and down: nothing is told, nothing is left. */
	assert_int_equal(if_setlladdr(g.ifp, (const uint8_t[]){ 2, 0, 0, 0, 0, 8 }, 6), 0);
	assert_int_equal(if_setlladdr(g.ifp, (const uint8_t[]){ 2, 0, 0, 0, 0, 9 }, 6), 0);
	assert_int_equal(if_setflags(g.ifp, 0, IFF_UP), 0);
	nt_pass(&g.nt, 3 * SEC);
	assert_int_equal(nd6_vnet(g.nt.nt_vn)->nv_stat.ns_advout, sent + 2);
	nt_end(&g.nt);
}

/* Each that comes back begins it anew; three quiet ones end it. */
static void
looped(void **state)
{
	uint8_t last[6];
	struct rig g;

	(void)state;
	rig_begin(&g);
	for (unsigned i = 0; i < 5; i++) {
		memcpy(last, nd6_dad(g.ia)->da_nonce[0], 6);
		nt_pass(&g.nt, SEC / 2);
		solicit(&g, last);
		assert_true(tentative(&g));
		nt_pass(&g.nt, SEC / 2);	/* the next has left */
		assert_memory_not_equal(last, nd6_dad(g.ia)->da_nonce[0], 6);
	}
	/* Late, when the next is on its way already: still our own. */
	solicit(&g, last);
	assert_true(tentative(&g));
	assert_int_equal(nd6_vnet(g.nt.nt_vn)->nv_stat.ns_looped, 6);
	assert_int_equal(nd6_vnet(g.nt.nt_vn)->nv_stat.ns_duplicates, 0);
	nt_pass(&g.nt, 3 * SEC);
	assert_true(tentative(&g));
	nt_pass(&g.nt, SEC + SEC / 2);
	assert_false(tentative(&g));
	nt_end(&g.nt);
}

static void
anothers(void **state)
{
	const uint8_t nonce[6] = { 1, 2, 3, 4, 5, 6 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	solicit(&g, nd6_dad(g.ia)->da_nonce[0]);
	solicit(&g, nonce);
	assert_true((g.ia->ia_flags & VI_IN6_IFF_DUPLICATED) != 0);
	assert_int_equal(nd6_vnet(g.nt.nt_vn)->nv_stat.ns_duplicates, 1);
	nt_end(&g.nt);
}

/* RFC 5453 3 and IANA's registry: subnet routers, groups of anycast addresses, and Ethernet's of IANA; their neighbours are free. */
static void
reserved(void **state)
{
	static const struct { uint8_t id[8]; bool yes; } ids[] = {
		{ { 0 }, true },
		{ { [7] = 1 }, false },
		{ { 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x00, 0x00 }, true },
		{ { 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x52, 0x13 }, true },
		{ { 0x02, 0x00, 0x5e, 0xff, 0xfe, 0xff, 0xff, 0xff }, true },
		{ { 0x02, 0x00, 0x5e, 0xff, 0xfd, 0xff, 0xff, 0xff }, false },
		{ { 0x02, 0x00, 0x5e, 0xff, 0xff, 0x00, 0x00, 0x00 }, false },
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, false },
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80 }, true },
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, true },
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff }, false },
	};

	(void)state;
	for (size_t i = 0; i < NITEMS(ids); i++)
		assert_int_equal(nd6_ifid_reserved(ids[i].id), ids[i].yes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet),
		cmocka_unit_test(announced),
		cmocka_unit_test(looped),
		cmocka_unit_test(anothers),
		cmocka_unit_test(reserved),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
