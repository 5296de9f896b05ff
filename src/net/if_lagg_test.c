/* SPDX-License-Identifier: BSD-2-Clause */
/* lagg: ways out, what comes in, LACP between two of our stacks in virtual time, ports that go. */
#include <stdio.h>

#include "net/if_lagg.h"
#include "net/net_test.h"

#define TESTTYPE	0x88b5		/* IEEE 802: for experiments */
#define NPORTS		3
#define SECOND		1000000000ull

/* Two stacks with three cables between them, and a lagg at each end. */
struct bundle {
	struct nt	 b_nt;
	struct vnet	*b_vn[2];
	struct ifnet	*b_lagg[2];
	struct ifnet	*b_port[2][NPORTS];
};

static unsigned got;
static struct ifnet *gotby;

static void
count(struct ifnet *ifp, struct mbuf *m)
{
	got++;
	gotby = ifp;
	m_freem(m);
}

static void
bundle_begin(struct bundle *b, const char *proto)
{
	char name[IFNAMSIZ];

	nt_begin(&b->b_nt);
	b->b_vn[0] = nt_vnet(&b->b_nt, "a");
	b->b_vn[1] = nt_vnet(&b->b_nt, "b");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(if_create(b->b_vn[i], "lagg", name), 0);
		b->b_lagg[i] = nt_if(b->b_vn[i], name);
		assert_int_equal(nt_opt(b->b_lagg[i], "laggproto", proto), 0);
		assert_int_equal(if_setflags(b->b_lagg[i], IFF_UP, 0), 0);
		(void)net_proto_register(b->b_vn[i], TESTTYPE, count);
	}
	for (unsigned p = 0; p < NPORTS; p++) {
		assert_int_equal(if_create(b->b_nt.nt_v0, "epair", name), 0);
		b->b_port[0][p] = nt_if(b->b_nt.nt_v0, name);
		b->b_port[1][p] = b->b_port[0][p]->if_cloner->ifc_peer(b->b_port[0][p]);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(if_vmove(b->b_port[i][p], b->b_vn[i]), 0);
			assert_int_equal(if_setflags(b->b_port[i][p], IFF_UP, 0), 0);
			assert_int_equal(nt_opt(b->b_lagg[i], "laggport", b->b_port[i][p]->if_xname), 0);
		}
	}
}

/* Frames of n flows from a to b; how many arrived, and by how many ports they left. */
static unsigned
flows(struct bundle *b, unsigned n, unsigned *ports)
{
	uint64_t before[NPORTS];
	uint8_t mac[6];

	got = 0;
	for (unsigned p = 0; p < NPORTS; p++)
		before[p] = b->b_port[0][p]->if_stats.ifs_opackets;
	for (unsigned i = 0; i < n; i++) {
		memcpy(mac, b->b_lagg[1]->if_lladdr, 6);
		if (i > 0) {	/* not for b, but a flow of its own: it counts as sent */
			mac[4] ^= (uint8_t)i;
		}
		(void)ether_frame(b->b_lagg[0], m_frombuf(vnet_acct(b->b_vn[0]), "x", 1, 64), TESTTYPE, mac);
	}
	nt_run(&b->b_nt, 1000000);
	*ports = 0;
	for (unsigned p = 0; p < NPORTS; p++)
		*ports += b->b_port[0][p]->if_stats.ifs_opackets - before[p] >= n / 8 + 1;
	return (got);
}

static void
failover(void **state)
{
	struct bundle b;
	unsigned ports;

	(void)state;
	bundle_begin(&b, "failover");
	assert_memory_equal(b.b_lagg[0]->if_lladdr, b.b_port[0][2]->if_lladdr, 6);
	assert_int_equal(flows(&b, 20, &ports), 1);
	assert_ptr_equal(gotby, b.b_lagg[1]);
	assert_int_equal(ports, 1);
	/* The next one takes over, and gives it back. */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(if_setflags(b.b_port[i][0], 0, IFF_UP), 0);
	assert_int_equal(flows(&b, 1, &ports), 1);
	/* b has its own idea of which port is in use. */
	assert_int_equal(if_setflags(b.b_port[0][0], IFF_UP, 0), 0);
	assert_int_equal(flows(&b, 1, &ports), 0);
	assert_int_equal(if_setflags(b.b_port[1][0], IFF_UP, 0), 0);
	assert_int_equal(flows(&b, 1, &ports), 1);
	for (unsigned p = 0; p < NPORTS; p++)
		assert_int_equal(if_setflags(b.b_port[0][p], 0, IFF_UP), 0);
	assert_false(b.b_lagg[0]->if_linkup);
	assert_int_equal(flows(&b, 1, &ports), 0);
	nt_end(&b.b_nt);
}

static void
others(void **state)
{
	struct bundle b;
	unsigned ports;

	(void)state;
	bundle_begin(&b, "roundrobin");
	assert_int_equal(flows(&b, 30, &ports), 1);
	assert_int_equal(ports, 3);
	assert_int_equal(nt_opt(b.b_lagg[0], "rr_limit", "100"), 0);
	assert_int_equal(flows(&b, 30, &ports), 1);
	assert_int_equal(ports, 1);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggproto", "loadbalance"), 0);
	assert_int_equal(flows(&b, 200, &ports), 1);
	assert_int_equal(ports, 3);
	assert_int_equal(nt_opt(b.b_lagg[0], "lagghash", "l3,l4"), 0);	/* nothing there to tell them by */
	assert_int_equal(flows(&b, 60, &ports), 1);
	assert_int_equal(ports, 1);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggproto", "broadcast"), 0);
	assert_int_equal(flows(&b, 1, &ports), 3);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggproto", "none"), 0);
	assert_int_equal(flows(&b, 1, &ports), 0);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggproto", "etherchannel"), EINVAL);
	assert_int_equal(nt_opt(b.b_lagg[0], "lagghash", "l2,"), EINVAL);
	assert_int_equal(nt_opt(b.b_lagg[0], "lagghash", "l5"), EINVAL);
	assert_int_equal(nt_opt(b.b_lagg[0], "rr_limit", "0"), EINVAL);
	nt_end(&b.b_nt);
}

/* Ports of a that send. */
static unsigned
distributing(struct bundle *b)
{
	unsigned n = 0;

	for (unsigned p = 0; p < NPORTS; p++)
		if (b->b_port[0][p]->if_extra != NULL && b->b_port[0][p]->if_extra->ix_port != NULL)
			n += lacp_distributes(CONTAINER_OF(b->b_port[0][p]->if_extra->ix_port, struct lagg_port, lp_over));
	return (n);
}

static void
lacp(void **state)
{
	struct bundle b;
	unsigned ports;

	(void)state;
	bundle_begin(&b, "lacp");
	assert_int_equal(flows(&b, 1, &ports), 0);	/* not yet */
	nt_run(&b.b_nt, 6 * SECOND);
	assert_int_equal(distributing(&b), 3);
	assert_true(b.b_lagg[0]->if_linkup);
	assert_int_equal(flows(&b, 200, &ports), 1);
	assert_int_equal(ports, 3);
	/* A port of b goes: a hears of it by silence, at the latest, and the others carry on. */
	assert_int_equal(nt_opt(b.b_lagg[0], "lacp_fast_timeout"), 0);
	nt_run(&b.b_nt, 31 * SECOND);
	assert_int_equal(distributing(&b), 3);
	assert_int_equal(if_setflags(b.b_port[1][1], 0, IFF_UP), 0);
	nt_run(&b.b_nt, 8 * SECOND);
	assert_int_equal(distributing(&b), 2);
	assert_int_equal(flows(&b, 1, &ports), 1);
	assert_int_equal(if_setflags(b.b_port[1][1], IFF_UP, 0), 0);
	nt_run(&b.b_nt, 8 * SECOND);
	assert_int_equal(distributing(&b), 3);
	/* The other end is no lagg any more. */
	assert_int_equal(if_destroy(b.b_vn[1], b.b_lagg[1]->if_xname), 0);
	nt_run(&b.b_nt, 10 * SECOND);
	assert_int_equal(distributing(&b), 0);
	assert_false(b.b_lagg[0]->if_linkup);
	/* Whoever wants to sends all the same. */
	assert_int_equal(nt_opt(b.b_lagg[0], "-lacp_strict"), 0);
	for (unsigned p = 0; p < NPORTS; p++) {
		assert_int_equal(if_setflags(b.b_port[0][p], 0, IFF_UP), 0);
		assert_int_equal(if_setflags(b.b_port[0][p], IFF_UP, 0), 0);
	}
	nt_run(&b.b_nt, 12 * SECOND);
	assert_int_equal(distributing(&b), 3);
	nt_end(&b.b_nt);
}

static void
lacp_rubbish(void **state)
{
	uint8_t frame[14 + LACP_LEN];
	struct bundle b;

	(void)state;
	bundle_begin(&b, "lacp");
	nt_run(&b.b_nt, 6 * SECOND);
	for (unsigned round = 0; round < 5000; round++) {
		for (unsigned i = 0; i < sizeof(frame); i++)
			frame[i] = (uint8_t)nt_random(&b.b_nt);
		memcpy(frame, "\x01\x80\xc2\x00\x00\x02\x02\x01\x02\x03\x04\x05\x88\x09\x01\x01\x01\x14", 18);
		if (round % 3 != 0)
			memcpy(frame + 36, "\x02\x14", 2);
		if_deliver(b.b_port[0][round % NPORTS], m_frombuf(vnet_acct(b.b_vn[0]), frame,
		    round % 5 == 0 ? 14 + nt_random(&b.b_nt) % LACP_LEN : sizeof(frame), 16));
		nt_run(&b.b_nt, 1000000);
	}
	assert_true(lagg_vnet(b.b_vn[0])->lv_badlacp > 0);
	nt_run(&b.b_nt, 200 * SECOND);
	assert_int_equal(distributing(&b), 3);
	nt_end(&b.b_nt);
}

static struct mbuf *
frame_of(struct bundle *b, const void *frame, size_t len)
{
	return (m_frombuf(vnet_acct(b->b_vn[0]), frame, len, 16));
}

static unsigned nanswers;
static uint8_t answer[14 + LACP_LEN];

static void
answered(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	nanswers++;
	assert_int_equal(m->m_pkt.len, LACP_LEN);
	(void)m_copydata(m, 0, LACP_LEN, answer + 14);
	m_freem(m);
}

/* IEEE 802.1AX 5.5: what comes back is what was sent, as a response; responses and rubbish are not answered, nor more than ten in a second. */
static void
markers(void **state)
{
	uint8_t frame[14 + LACP_LEN] = "\x01\x80\xc2\x00\x00\x02\x02\x01\x02\x03\x04\x05\x88\x09\x02\x01\x01\x10\x00\x07rqstrNUMB";
	struct lagg_vnet *lv;
	struct bundle b;

	(void)state;
	bundle_begin(&b, "lacp");
	lv = lagg_vnet(b.b_vn[0]);
	nt_run(&b.b_nt, 6 * SECOND + SECOND / 2);
	/* The other side has no lagg any more on this port: it sees what comes. */
	assert_int_equal(nt_opt(b.b_lagg[1], "-laggport", b.b_port[1][0]->if_xname), 0);
	(void)net_proto_register(b.b_vn[1], ETHERTYPE_SLOW, answered);
	nt_run(&b.b_nt, 1000);
	nanswers = 0;
	if_deliver(b.b_port[0][0], frame_of(&b, frame, sizeof(frame)));
	nt_run(&b.b_nt, 1000);
	assert_int_equal(lv->lv_markers, 1);
	assert_true(nanswers > 0);
	frame[16] = 2;
	assert_memory_equal(answer + 14, frame + 14, LACP_LEN);
	if_deliver(b.b_port[0][0], frame_of(&b, frame, sizeof(frame)));
	frame[16] = 1;
	if_deliver(b.b_port[0][0], frame_of(&b, frame, sizeof(frame) - 1));
	nt_run(&b.b_nt, 1000);
	assert_int_equal(lv->lv_markers, 1);
	assert_int_equal(lv->lv_badlacp, 2);
	for (unsigned i = 0; i < 20; i++)
		if_deliver(b.b_port[0][0], frame_of(&b, frame, sizeof(frame)));
	nt_run(&b.b_nt, 1000);
	assert_int_equal(lv->lv_markers, 10);
	assert_int_equal(lv->lv_markersmany, 11);
	nt_run(&b.b_nt, SECOND);
	if_deliver(b.b_port[0][0], frame_of(&b, frame, sizeof(frame)));
	nt_run(&b.b_nt, 1000);
	assert_int_equal(lv->lv_markers, 11);
	nt_end(&b.b_nt);
}

/* Flows that differ in the inner of two tags alone, or behind both, go by several ports. */
static void
two_tags(void **state)
{
	uint8_t frame[60] = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xa8\x00\x05\x81\x00\x00\x00\x08\x00\x45";
	uint64_t before;
	struct bundle b;
	unsigned used;

	(void)state;
	bundle_begin(&b, "loadbalance");
	for (unsigned turn = 0; turn < 3; turn++) {
		/* by the tag; by the address behind it; by nothing that differs */
		assert_int_equal(nt_opt(b.b_lagg[0], "lagghash", turn == 1 ? "l3" : "l2"), 0);
		used = 0;
		before = 0;
		for (unsigned p = 0; p < NPORTS; p++)
			before += b.b_port[0][p]->if_stats.ifs_opackets << 20 * p;
		for (unsigned i = 0; i < 60; i++) {
			frame[19] = (uint8_t)(turn == 0 ? i : 7);
			frame[22 + 19] = (uint8_t)i;
			(void)if_transmit(b.b_lagg[0], frame_of(&b, frame, sizeof(frame)));
		}
		for (unsigned p = 0; p < NPORTS; p++)
			used += b.b_port[0][p]->if_stats.ifs_opackets > (before >> 20 * p & 0xfffff);
		assert_int_equal(used, turn == 2 ? 1 : NPORTS);
		nt_run(&b.b_nt, 1000000);
	}
	nt_end(&b.b_nt);
}

/* An address that the lagg was given is every port's, and stays when ports come and go; each port has its own back. */
static void
given_address(void **state)
{
	static const uint8_t given[6] = { 2, 0x11, 0x22, 0x33, 0x44, 0x55 };
	struct ifnet *lagg, **port;
	struct bundle b;
	uint8_t own[6];

	(void)state;
	bundle_begin(&b, "failover");
	lagg = b.b_lagg[0];
	port = b.b_port[0];
	memcpy(own, lagg->if_lladdr, sizeof(own));
	assert_int_equal(if_setlladdr(lagg, given, sizeof(given)), 0);
	for (unsigned p = 0; p < NPORTS; p++)
		assert_memory_equal(port[p]->if_lladdr, given, 6);
	assert_int_equal(nt_opt(lagg, "-laggport", port[0]->if_xname), 0);
	assert_memory_equal(lagg->if_lladdr, given, 6);
	assert_memory_equal(port[0]->if_lladdr, own, 6);
	assert_memory_equal(port[1]->if_lladdr, given, 6);
	assert_int_equal(nt_opt(lagg, "laggport", port[0]->if_xname), 0);
	assert_memory_equal(lagg->if_lladdr, given, 6);
	assert_memory_equal(port[0]->if_lladdr, given, 6);
	nt_end(&b.b_nt);
}

/* A vlan above sees the carrier come and go; a frame that no port takes is none that was sent. */
static void
carrier(void **state)
{
	char name[IFNAMSIZ] = "vlan";
	struct ifnet *lagg, *vlan;
	struct bundle b;
	uint64_t sent;

	(void)state;
	bundle_begin(&b, "broadcast");
	lagg = b.b_lagg[0];
	assert_int_equal(if_create(b.b_vn[0], "vlan", name), 0);
	vlan = nt_if(b.b_vn[0], name);
	assert_int_equal(nt_opt(vlan, "vlandev", lagg->if_xname), 0);
	assert_int_equal(nt_opt(vlan, "vlan", "7"), 0);
	assert_true(vlan->if_linkup);
	for (unsigned p = 0; p < NPORTS; p++)
		assert_int_equal(if_setflags(b.b_port[0][p], 0, IFF_UP), 0);
	assert_false(vlan->if_linkup);
	sent = lagg->if_stats.ifs_opackets;
	assert_int_equal(ether_frame(lagg, m_frombuf(vnet_acct(b.b_vn[0]), "x", 1, 64), TESTTYPE, b.b_lagg[1]->if_lladdr), ENETDOWN);
	assert_int_equal(lagg->if_stats.ifs_opackets, sent);
	assert_int_equal(if_setflags(b.b_port[0][1], IFF_UP, 0), 0);
	assert_true(vlan->if_linkup);
	nt_end(&b.b_nt);
}

static void
membership(void **state)
{
	uint8_t own[6];
	struct bundle b;
	char name[IFNAMSIZ];
	unsigned ports;

	(void)state;
	bundle_begin(&b, "failover");
	memcpy(own, CONTAINER_OF(b.b_port[0][1]->if_extra->ix_port, struct lagg_port, lp_over)->lp_lladdr, 6);
	assert_memory_not_equal(own, b.b_lagg[0]->if_lladdr, 6);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggport", b.b_port[0][0]->if_xname), EBUSY);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggport", "lo0"), EPROTONOSUPPORT);
	assert_int_equal(nt_opt(b.b_lagg[0], "laggport", b.b_lagg[0]->if_xname), EPROTONOSUPPORT);
	assert_int_equal(nt_opt(b.b_lagg[0], "-laggport", "epair9a"), ENOENT);
	assert_int_equal(if_create(b.b_vn[0], "bridge", name), 0);
	assert_int_equal(nt_opt(nt_if(b.b_vn[0], name), "addm", b.b_port[0][0]->if_xname), EBUSY);
	assert_int_equal(nt_opt(nt_if(b.b_vn[0], name), "addm", b.b_lagg[0]->if_xname), 0);
	assert_int_equal(if_destroy(b.b_vn[0], name), 0);
	assert_int_equal(if_setmtu(b.b_lagg[0], 9000), 0);
	assert_int_equal(b.b_port[0][2]->if_mtu, 9000);
	/* The first one leaves: the next one's address is the lagg's, and it has its own back. */
	assert_int_equal(nt_opt(b.b_lagg[0], "-laggport", b.b_port[0][0]->if_xname), 0);
	assert_memory_equal(b.b_lagg[0]->if_lladdr, own, 6);
	assert_memory_not_equal(b.b_port[0][0]->if_lladdr, own, 6);
	assert_int_equal(if_destroy(b.b_vn[1], b.b_port[1][0]->if_xname), 0);
	assert_int_equal(ether_frame(b.b_port[0][2], m_frombuf(vnet_acct(b.b_vn[0]), "x", 1, 64), TESTTYPE, own), ENETDOWN);
	got = 0;
	(void)ether_frame(b.b_lagg[0], m_frombuf(vnet_acct(b.b_vn[0]), "x", 1, 64), TESTTYPE, b.b_lagg[1]->if_lladdr);
	nt_run(&b.b_nt, 1000000);
	assert_int_equal(got, 1);
	/* Ends of all kinds. */
	assert_int_equal(if_vmove(b.b_port[0][1], b.b_nt.nt_v0), 0);
	assert_int_equal(if_vmove(b.b_lagg[0], b.b_nt.nt_v0), 0);
	assert_null(b.b_port[0][2]->if_extra);
	assert_int_equal(vnet_destroy(b.b_vn[1], NULL, NULL), 0);
	(void)ports;
	nt_end(&b.b_nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failover),
		cmocka_unit_test(others),
		cmocka_unit_test(lacp),
		cmocka_unit_test(lacp_rubbish),
		cmocka_unit_test(markers),
		cmocka_unit_test(two_tags),
		cmocka_unit_test(membership),
		cmocka_unit_test(given_address),
		cmocka_unit_test(carrier),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
