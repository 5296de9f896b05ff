/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge: who gets which frame; what is learned, kept and forgotten; members that come and go at any moment. */
#include <stdio.h>

#include "net/if_bridge.h"
#include "net/net_test.h"

#define TESTTYPE	0x88b5		/* IEEE 802: for experiments */
#define MAXHOSTS	5

/* A bridge in a stack of its own, with a cable to each of some stacks. */
struct lan {
	struct nt	 l_nt;
	struct vnet	*l_vn;		/* the bridge's */
	struct ifnet	*l_bridge;
	unsigned	 l_n;
	struct vnet	*l_host[MAXHOSTS];
	struct ifnet	*l_member[MAXHOSTS], *l_end[MAXHOSTS];	/* the bridge's end, the host's */
};

static unsigned got[MAXHOSTS + 1];	/* frames of TESTTYPE; the last: in the bridge's stack */
static uint32_t gotlen;
static struct ifnet *gotby;
static struct lan *thelan;

static void
count(struct ifnet *ifp, struct mbuf *m)
{
	unsigned i;

	for (i = 0; i < thelan->l_n && thelan->l_host[i] != ifp->if_vnet; i++)
		;
	got[i == thelan->l_n ? MAXHOSTS : i]++;
	gotlen = m->m_pkt.len;
	gotby = ifp;
	assert_ptr_equal(m->m_pkt.rcvif, ifp);
	m_freem(m);
}

static void
lan_begin(struct lan *l, unsigned n)
{
	char name[16];

	memset(l, 0, sizeof(*l));
	thelan = l;
	nt_begin(&l->l_nt);
	l->l_vn = l->l_nt.nt_v0;
	l->l_n = n;
	l->l_bridge = nt_create(l->l_vn, "bridge");
	nt_up(l->l_bridge);
	(void)net_proto_register(l->l_vn, TESTTYPE, count);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "h%u", i);
		l->l_host[i] = nt_vnet(&l->l_nt, name);
		l->l_member[i] = nt_create(l->l_vn, "epair");
		l->l_end[i] = l->l_member[i]->if_cloner->ifc_peer(l->l_member[i]);
		assert_int_equal(if_vmove(l->l_end[i], l->l_host[i]), 0);
		nt_up(l->l_member[i]);
		nt_up(l->l_end[i]);
		assert_int_equal(nt_opt(l->l_bridge, "addm", l->l_member[i]->if_xname), 0);
		(void)net_proto_register(l->l_host[i], TESTTYPE, count);
	}
}

/* Later than the bridge remembers what it flooded: the same from another place is no loop then. */
static void
lan_send(struct lan *l, unsigned from, const uint8_t *dst, size_t len)
{
	static const uint8_t data[65535];
	struct ifnet *ifp = from < l->l_n ? l->l_end[from] : l->l_bridge;

	nt_run(&l->l_nt, 110000000);
	memset(got, 0, sizeof(got));
	assert_int_equal(ether_frame(ifp, m_frombuf(vnet_acct(ifp->if_vnet), data, len, 64), TESTTYPE, dst), 0);
	nt_settle(&l->l_nt);
}

/* Who got the frame: a digit for each host, then the bridge's own stack. */
static void
lan_got(const char *want)
{
	char have[MAXHOSTS + 2] = "";

	for (unsigned i = 0; i < thelan->l_n; i++)
		have[i] = (char)('0' + got[i]);
	have[thelan->l_n] = (char)('0' + got[MAXHOSTS]);
	assert_string_equal(have, want);
}

static const uint8_t bcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t unknown[6] = { 2, 1, 2, 3, 4, 5 };
#define MAC(l, i) ((l)->l_end[i]->if_lladdr)

static struct bridge *
sc_of(struct lan *l)
{
	return (l->l_bridge->if_softc);
}

/* Frames the hosts' Ethernet refused because they were others'. */
static uint64_t
seen_by(struct lan *l, unsigned i)
{
	return (l->l_end[i]->if_stats.ifs_ipackets);
}

static void
learning(void **state)
{
	struct lan l;
	uint64_t before;

	(void)state;
	lan_begin(&l, 3);
	lan_send(&l, 0, bcast, 100);
	lan_got("0110");
	before = seen_by(&l, 2);
	lan_send(&l, 1, MAC(&l, 0), 100);	/* known since the broadcast */
	lan_got("1000");
	assert_int_equal(seen_by(&l, 2), before);
	lan_send(&l, 0, MAC(&l, 2), 100);	/* not known: everywhere */
	lan_got("0010");
	assert_int_equal(seen_by(&l, 1), 2);
	lan_send(&l, 0, unknown, 100);
	assert_int_equal(seen_by(&l, 2), before + 2);
	assert_int_equal(sc_of(&l)->sc_nlearned, 2);
	/* The bridge has a stack of its own. */
	lan_send(&l, 2, l.l_bridge->if_lladdr, 100);
	lan_got("0001");
	assert_ptr_equal(gotby, l.l_bridge);
	lan_send(&l, 3, MAC(&l, 2), 100);
	lan_got("0010");
	lan_send(&l, 3, bcast, 100);
	lan_got("1110");
	/* And so have the members, whichever way a frame comes. */
	lan_send(&l, 0, l.l_member[0]->if_lladdr, 100);
	lan_got("0001");
	assert_ptr_equal(gotby, l.l_member[0]);
	lan_send(&l, 0, l.l_member[2]->if_lladdr, 100);
	lan_got("0001");
	assert_ptr_equal(gotby, l.l_member[2]);
	nt_end(&l.l_nt);
}

static void
bridge_down(void **state)
{
	struct lan l;

	(void)state;
	lan_begin(&l, 2);
	assert_int_equal(if_setflags(l.l_bridge, 0, IFF_UP), 0);
	lan_send(&l, 0, MAC(&l, 1), 100);
	lan_got("000");
	lan_send(&l, 0, l.l_member[0]->if_lladdr, 100);	/* an interface like any other */
	lan_got("001");
	nt_up(l.l_bridge);
	lan_send(&l, 0, MAC(&l, 1), 100);
	lan_got("010");
	assert_int_equal(if_setflags(l.l_member[1], 0, IFF_UP), 0);
	lan_send(&l, 0, MAC(&l, 1), 100);
	lan_got("000");
	nt_end(&l.l_nt);
}

/* 64 KB with a segment size, nothing summed. */
static void
superpackets(void **state)
{
	static const uint8_t data[65000];
	struct mbuf *m;
	struct lan l;

	(void)state;
	lan_begin(&l, 2);
	memset(got, 0, sizeof(got));
	m = m_frombuf(vnet_acct(l.l_host[0]), data, sizeof(data), 64);
	m->m_pkt.segsz = 1448;
	m->m_pkt.csum_flags = CSUM_TCP | CSUM_TSO;
	assert_int_equal(ether_frame(l.l_end[0], m, TESTTYPE, MAC(&l, 1)), 0);
	nt_settle(&l.l_nt);
	/* Not IP: the bridge cannot know what its segments would be, so it is too long. */
	lan_got("000");
	assert_int_equal(bridge_vnet(l.l_vn)->bv_toobig, 1);
	assert_int_equal(if_setmtu(l.l_bridge, 9000), 0);
	assert_int_equal(l.l_member[1]->if_mtu, 9000);
	nt_end(&l.l_nt);
}

static void
timeouts(void **state)
{
	struct lan l;

	(void)state;
	lan_begin(&l, 3);
	assert_int_equal(nt_opt(l.l_bridge, "timeout", "10"), 0);
	lan_send(&l, 1, bcast, 100);
	assert_int_equal(sc_of(&l)->sc_nlearned, 1);
	nt_run(&l.l_nt, 9000000000u);
	lan_send(&l, 0, MAC(&l, 1), 100);
	assert_int_equal(seen_by(&l, 2), 1);
	nt_run(&l.l_nt, 2000000000u);
	lan_send(&l, 0, MAC(&l, 1), 100);	/* forgotten: everywhere */
	lan_got("0100");
	assert_int_equal(seen_by(&l, 2), 2);
	nt_run(&l.l_nt, 120000000000u);
	assert_int_equal(sc_of(&l)->sc_nlearned, 0);
	nt_end(&l.l_nt);
}

static void
limits(void **state)
{
	struct lan l;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 0 };

	(void)state;
	lan_begin(&l, 3);
	assert_int_equal(nt_opt(l.l_bridge, "maxaddr", "50"), 0);
	for (unsigned i = 0; i < 300; i++) {
		mac[4] = (uint8_t)(i >> 8);
		mac[5] = (uint8_t)i;
		assert_int_equal(if_setlladdr(l.l_end[0], i == 0 ? unknown : mac, 6), 0);
		lan_send(&l, 0, bcast, 60);
		lan_got("0110");	/* full, and still a bridge */
	}
	assert_int_equal(sc_of(&l)->sc_nlearned, 50);
	assert_int_equal(bridge_vnet(l.l_vn)->bv_full, 250);
	assert_int_equal(nt_opt(l.l_bridge, "flush"), 0);
	assert_int_equal(sc_of(&l)->sc_nlearned, 0);
	/* A member's own limit shuts out who comes late. */
	assert_int_equal(nt_opt(l.l_bridge, "ifmaxaddr", l.l_member[0]->if_xname, "1"), 0);
	lan_send(&l, 0, bcast, 60);
	lan_got("0110");
	assert_int_equal(if_setlladdr(l.l_end[0], unknown, 6), 0);
	lan_send(&l, 0, bcast, 60);
	lan_got("0000");
	assert_int_equal(nt_opt(l.l_bridge, "-ifmaxaddr", l.l_member[0]->if_xname), 0);
	lan_send(&l, 0, bcast, 60);
	lan_got("0110");
	nt_end(&l.l_nt);
}

static void
addresses(void **state)
{
	struct lan l;
	uint8_t mac1[6];
	char text[18];

	(void)state;
	lan_begin(&l, 3);
	memcpy(mac1, MAC(&l, 1), 6);
	/* Fixed: it does not move, is not flushed, and may be wrong. */
	assert_int_equal(nt_opt(l.l_bridge, "static", l.l_member[2]->if_xname, ether_addr_ntop(text, sizeof(text), mac1)), 0);
	lan_send(&l, 1, bcast, 60);
	lan_send(&l, 0, mac1, 60);
	lan_got("0000");
	assert_int_equal(nt_opt(l.l_bridge, "flush"), 0);
	lan_send(&l, 0, mac1, 60);
	lan_got("0000");
	assert_int_equal(nt_opt(l.l_bridge, "deladdr", text), 0);
	assert_int_equal(nt_opt(l.l_bridge, "deladdr", text), ENOENT);
	assert_int_equal(nt_opt(l.l_bridge, "deladdr", "02:00:00"), EINVAL);
	assert_int_equal(nt_opt(l.l_bridge, "static", "epair77a", text), ENOENT);
	assert_int_equal(nt_opt(l.l_bridge, "static", l.l_member[0]->if_xname, "ff:ff:ff:ff:ff:ff"), EINVAL);
	lan_send(&l, 0, mac1, 60);
	lan_got("0100");
	/* A station that moves. */
	lan_send(&l, 1, bcast, 60);
	assert_int_equal(if_setlladdr(l.l_end[1], unknown, 6), 0);
	assert_int_equal(if_setlladdr(l.l_end[2], mac1, 6), 0);
	lan_send(&l, 2, bcast, 60);
	lan_send(&l, 0, mac1, 60);
	lan_got("0010");
	assert_true(bridge_vnet(l.l_vn)->bv_moved > 0);
	/* A sticky one stays. */
	assert_int_equal(nt_opt(l.l_bridge, "flushall"), 0);
	assert_int_equal(nt_opt(l.l_bridge, "sticky", l.l_member[2]->if_xname), 0);
	lan_send(&l, 2, bcast, 60);
	assert_int_equal(if_setlladdr(l.l_end[1], mac1, 6), 0);
	lan_send(&l, 1, bcast, 60);
	lan_send(&l, 0, mac1, 60);
	lan_got("0010");
	/* Not learned, and not looked for. */
	assert_int_equal(nt_opt(l.l_bridge, "-learn", l.l_member[0]->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "flushall"), 0);
	lan_send(&l, 0, bcast, 60);
	assert_int_equal(sc_of(&l)->sc_nlearned, 0);
	assert_int_equal(nt_opt(l.l_bridge, "-discover", l.l_member[1]->if_xname), 0);
	lan_send(&l, 0, mac1, 60);
	lan_got("0010");
	lan_send(&l, 0, bcast, 60);
	lan_got("0110");
	/* Who pretends to be us is not heard. */
	assert_int_equal(if_setlladdr(l.l_end[0], l.l_bridge->if_lladdr, 6), 0);
	lan_send(&l, 0, bcast, 60);
	lan_got("0000");
	assert_int_equal(bridge_vnet(l.l_vn)->bv_looped, 1);
	nt_end(&l.l_nt);
}

/*
 * Two bridges with three cables and no spanning tree: what goes to all, or to somebody unknown, goes by each cable once each way at most and arrives
 * once, and nothing is learned from what came the longer way.
 */
static void
loops_are_cut(void **state)
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ifnet *other, *a, *b;
	struct vnet *vn;
	struct lan l;

	(void)state;
	lan_begin(&l, 2);
	vn = nt_vnet(&l.l_nt, "loop");
	other = nt_create(vn, "bridge");
	nt_up(other);
	for (unsigned i = 0; i < 3; i++) {
		a = nt_create(l.l_vn, "epair");
		b = a->if_cloner->ifc_peer(a);
		assert_int_equal(if_vmove(b, vn), 0);
		nt_up(a);
		nt_up(b);
		assert_int_equal(nt_opt(l.l_bridge, "addm", a->if_xname), 0);
		assert_int_equal(nt_opt(other, "addm", b->if_xname), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		lan_send(&l, 0, everybody, 50);
		lan_got("010");
		lan_send(&l, 0, unknown, 50);
		assert_int_equal(bridge_vnet(l.l_vn)->bv_flooded + bridge_vnet(vn)->bv_flooded, 4 * (i + 1));
		lan_send(&l, 1, MAC(&l, 0), 50);
		lan_got("100");
	}
	assert_int_equal(bridge_vnet(l.l_vn)->bv_again + bridge_vnet(vn)->bv_again, 3 * 2 * (2 + 2));
	assert_int_equal(bridge_vnet(l.l_vn)->bv_toofar + bridge_vnet(vn)->bv_toofar, 0);
	assert_int_equal(vnet_acct(vn)->as_acct[ACCT_MBUF].ac_count, 0);
	nt_end(&l.l_nt);
}

/* A span whose other end is a member: its copies come back and are copied. */
static void
span_into_itself(void **state)
{
	static const uint8_t nobody[6] = { 2, 9, 9, 9, 9, 9 };
	struct ifnet *span, *tail;
	struct lan l;

	(void)state;
	lan_begin(&l, 2);
	span = nt_create(l.l_vn, "epair");
	tail = span->if_cloner->ifc_peer(span);
	nt_up(span);
	nt_up(tail);
	assert_int_equal(nt_opt(l.l_bridge, "span", span->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", tail->if_xname), 0);
	lan_send(&l, 0, nobody, 50);
	nt_settle(&l.l_nt);
	assert_true(bridge_vnet(l.l_vn)->bv_toofar > 0);
	nt_end(&l.l_nt);
}

/* The bridge's address is its first member's: it is the bridge's own still when that one leaves. */
static void
inherited_address(void **state)
{
	uint8_t own[6];
	struct lan l;

	(void)state;
	lan_begin(&l, 2);
	memcpy(own, l.l_bridge->if_lladdr, 6);
	bridge_vnet(l.l_vn)->bv_inherit_mac = 1;
	assert_int_equal(nt_opt(l.l_bridge, "deletem", l.l_member[0]->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "deletem", l.l_member[1]->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_member[0]->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_member[1]->if_xname), 0);
	assert_memory_equal(l.l_bridge->if_lladdr, l.l_member[0]->if_lladdr, 6);
	/* The member takes it along; the next one's is the bridge's, with the last one its own. */
	assert_int_equal(nt_opt(l.l_bridge, "deletem", l.l_member[0]->if_xname), 0);
	assert_memory_equal(l.l_bridge->if_lladdr, l.l_member[1]->if_lladdr, 6);
	lan_send(&l, 1, l.l_bridge->if_lladdr, 50);
	nt_settle(&l.l_nt);
	assert_non_null(gotby);
	assert_int_equal(bridge_vnet(l.l_vn)->bv_flooded, 0);
	assert_int_equal(nt_opt(l.l_bridge, "deletem", l.l_member[1]->if_xname), 0);
	assert_memory_equal(l.l_bridge->if_lladdr, own, 6);
	nt_end(&l.l_nt);
}

static void
private_and_span(void **state)
{
	struct lan l;
	struct ifnet *span, *tail;

	(void)state;
	lan_begin(&l, 3);
	assert_int_equal(nt_opt(l.l_bridge, "private", l.l_member[0]->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "private", l.l_member[1]->if_xname), 0);
	lan_send(&l, 0, bcast, 60);
	lan_got("0010");
	lan_send(&l, 1, bcast, 60);
	lan_send(&l, 0, MAC(&l, 1), 60);
	lan_got("0000");
	lan_send(&l, 2, MAC(&l, 1), 60);
	lan_got("0100");
	/* A span sees everything and says nothing. */
	span = nt_create(l.l_vn, "epair");
	tail = span->if_cloner->ifc_peer(span);
	nt_up(span);
	nt_up(tail);
	assert_int_equal(nt_opt(l.l_bridge, "span", span->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", span->if_xname), EBUSY);
	lan_send(&l, 2, MAC(&l, 1), 60);
	lan_send(&l, 0, bcast, 60);
	lan_send(&l, 3, bcast, 60);
	assert_int_equal(tail->if_stats.ifs_ipackets, 3);
	memset(got, 0, sizeof(got));
	assert_int_equal(ether_frame(tail, m_frombuf(vnet_acct(l.l_vn), "x", 1, 64), TESTTYPE, MAC(&l, 1)), 0);
	nt_settle(&l.l_nt);
	lan_got("0000");
	assert_int_equal(nt_opt(l.l_bridge, "-span", span->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "-span", span->if_xname), ENOENT);
	lan_send(&l, 2, MAC(&l, 1), 60);
	assert_int_equal(tail->if_stats.ifs_ipackets, 3);
	nt_end(&l.l_nt);
}

static struct ifnet *
vlan_on(struct ifnet *parent, const char *tag)
{
	struct ifnet *v = nt_create(parent->if_vnet, "vlan");

	assert_int_equal(nt_opt(v, "vlan", tag), 0);
	assert_int_equal(nt_opt(v, "vlandev", parent->if_xname), 0);
	nt_up(v);
	return (v);
}

static void
send_from(struct lan *l, struct ifnet *ifp, const uint8_t *dst)
{
	memset(got, 0, sizeof(got));
	gotby = NULL;
	assert_int_equal(ether_frame(ifp, m_frombuf(vnet_acct(ifp->if_vnet), "0123456789", 10, 64), TESTTYPE, dst), 0);
	nt_settle(&l->l_nt);
}

/* Hosts 0 and 1 untagged in 10 and 20; host 2 has both with tags, host 3 20 only. */
static void
vlans(void **state)
{
	struct ifnet *v2_10, *v2_20, *v3_20, *own;
	struct lan l;

	(void)state;
	lan_begin(&l, 4);
	v2_10 = vlan_on(l.l_end[2], "10");
	v2_20 = vlan_on(l.l_end[2], "20");
	v3_20 = vlan_on(l.l_end[3], "20");
	/* Without a filter tags pass as they are. */
	send_from(&l, v2_20, bcast);
	lan_got("00010");
	assert_ptr_equal(gotby, v3_20);
	assert_int_equal(nt_opt(l.l_bridge, "vlanfilter"), 0);
	send_from(&l, l.l_end[0], bcast);
	lan_got("00000");		/* of no VLAN */
	assert_int_equal(nt_opt(l.l_bridge, "untagged", l.l_member[0]->if_xname, "10"), 0);
	assert_int_equal(nt_opt(l.l_bridge, "untagged", l.l_member[1]->if_xname, "20"), 0);
	assert_int_equal(nt_opt(l.l_bridge, "tagged", l.l_member[2]->if_xname, "10,20-21"), 0);
	assert_int_equal(nt_opt(l.l_bridge, "tagged", l.l_member[3]->if_xname, "20"), 0);
	assert_int_equal(nt_opt(l.l_bridge, "tagged", l.l_member[3]->if_xname, "20-"), EINVAL);
	assert_int_equal(nt_opt(l.l_bridge, "tagged", l.l_member[3]->if_xname, "0"), EINVAL);
	assert_int_equal(nt_opt(l.l_bridge, "tagged", l.l_member[3]->if_xname, "5-4095"), EINVAL);
	assert_int_equal(nt_opt(l.l_bridge, "untagged", l.l_member[3]->if_xname, "0"), EINVAL);
	send_from(&l, l.l_end[0], bcast);
	lan_got("00100");
	assert_ptr_equal(gotby, v2_10);
	send_from(&l, v2_20, bcast);
	lan_got("01010");
	send_from(&l, l.l_end[1], v2_20->if_lladdr);
	lan_got("00100");
	assert_ptr_equal(gotby, v2_20);
	send_from(&l, v3_20, MAC(&l, 0));	/* in another VLAN */
	lan_got("00000");
	/* The bridge's own stack has vlans above it. */
	own = vlan_on(l.l_bridge, "10");
	send_from(&l, l.l_end[0], own->if_lladdr);
	lan_got("00001");
	assert_ptr_equal(gotby, own);
	send_from(&l, own, MAC(&l, 0));
	lan_got("10000");
	send_from(&l, own, bcast);
	lan_got("10100");
	assert_int_equal(nt_opt(l.l_bridge, "-tagged", l.l_member[2]->if_xname, "10"), 0);
	send_from(&l, own, bcast);
	lan_got("10000");
	assert_int_equal(nt_opt(l.l_bridge, "-vlanfilter"), 0);
	nt_end(&l.l_nt);
}

static void
membership(void **state)
{
	struct ifnet *other, *odd;
	struct vnet *away;
	struct lan l;

	(void)state;
	lan_begin(&l, 3);
	assert_true((l.l_member[0]->if_flags & IFF_PROMISC) != 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_member[0]->if_xname), EEXIST);
	assert_int_equal(nt_opt(l.l_bridge, "addm", "lo0"), EINVAL);
	assert_int_equal(nt_opt(l.l_bridge, "addm", "nobody0"), ENXIO);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_bridge->if_xname), EINVAL);
	assert_int_equal(nt_opt(l.l_bridge, "deletem", "nobody0"), ENOENT);
	other = nt_create(l.l_vn, "bridge");
	assert_memory_not_equal(other->if_lladdr, l.l_bridge->if_lladdr, 6);
	assert_int_equal(nt_opt(other, "addm", l.l_member[0]->if_xname), EBUSY);
	assert_int_equal(nt_opt(other, "addm", l.l_bridge->if_xname), EINVAL);
	/* The first member's MTU is the bridge's, which is the others'. */
	odd = nt_create(l.l_vn, "epair");
	assert_int_equal(if_setmtu(odd, 9000), 0);
	assert_int_equal(nt_opt(other, "addm", odd->if_xname), 0);
	assert_int_equal(other->if_mtu, 9000);
	assert_int_equal(nt_opt(other, "deletem", odd->if_xname), 0);
	assert_int_equal(odd->if_flags & IFF_PROMISC, 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", odd->if_xname), 0);
	assert_int_equal(odd->if_mtu, 1500);
	/* A vlan of the bridge cannot be its member. */
	assert_int_equal(nt_opt(l.l_bridge, "addm", vlan_on(l.l_bridge, "3")->if_xname), ELOOP);
	/* Frames are on their way while a member leaves. */
	away = nt_vnet(&l.l_nt, "away");
	memset(got, 0, sizeof(got));
	for (unsigned i = 0; i < 50; i++)
		(void)ether_frame(l.l_end[0], m_frombuf(vnet_acct(l.l_host[0]), "x", 1, 64), TESTTYPE, bcast);
	assert_int_equal(if_vmove(l.l_member[1], away), 0);
	nt_settle(&l.l_nt);
	assert_int_equal(got[1], 0);
	assert_int_equal(got[2], 50);
	nt_end(&l.l_nt);
}

/* Created elsewhere and lent: members stay behind. */
static void
departures(void **state)
{
	struct lan l;

	(void)state;
	lan_begin(&l, 3);
	lan_send(&l, 0, bcast, 60);
	assert_int_equal(if_vmove(l.l_bridge, l.l_host[1]), 0);
	assert_true(TAILQ_EMPTY(&sc_of(&l)->sc_members));
	assert_null(sc_of(&l)->sc_rts);
	assert_int_equal(l.l_member[0]->if_flags & IFF_PROMISC, 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_end[1]->if_xname), 0);
	assert_int_equal(if_destroy(l.l_vn, l.l_member[1]->if_xname), 0);	/* takes the member with it */
	assert_true(TAILQ_EMPTY(&sc_of(&l)->sc_members));
	assert_int_equal(vnet_destroy(l.l_host[1], NULL, NULL), 0);	/* the bridge goes home */
	assert_ptr_equal(l.l_bridge->if_vnet, l.l_vn);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_member[0]->if_xname), 0);
	assert_int_equal(nt_opt(l.l_bridge, "addm", l.l_member[2]->if_xname), 0);
	nt_up(l.l_bridge);
	l.l_host[1] = NULL;
	lan_send(&l, 0, bcast, 60);
	lan_got("0010");
	assert_int_equal(if_destroy(l.l_vn, l.l_bridge->if_xname), 0);
	nt_end(&l.l_nt);
}

/* Three cables between two bridges, and more broadcasts than they remember: a storm, but a bounded one, and it ends with the stack. */
static void
melting(void **state)
{
	const struct vi_linkprops slow = { .lp_delay = 10000, .lp_rate = 1000000000 };
	struct vnet *vn;
	struct ifnet *b[2], *cable;
	char name[IFNAMSIZ];
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	vn = nt_vnet(&nt, "loop");
	for (unsigned i = 0; i < 2; i++) {
		b[i] = nt_create(vn, "bridge");
		nt_up(b[i]);
	}
	for (unsigned i = 0; i < 3; i++) {
		cable = nt_create(vn, "epair");
		nt_up(cable);
		nt_up(cable->if_cloner->ifc_peer(cable));
		assert_int_equal(if_setlink(cable, &slow), 0);
		assert_int_equal(if_setlink(cable->if_cloner->ifc_peer(cable), &slow), 0);
		assert_int_equal(nt_opt(b[0], "addm", cable->if_xname), 0);
		memcpy(name, cable->if_xname, IFNAMSIZ);
		name[strlen(name) - 1] = 'b';
		assert_int_equal(nt_opt(b[1], "addm", name), 0);
	}
	cable = nt_create(vn, "epair");
	nt_up(cable);
	nt_up(cable->if_cloner->ifc_peer(cable));
	assert_int_equal(nt_opt(b[0], "addm", cable->if_xname), 0);
	cable = cable->if_cloner->ifc_peer(cable);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(ether_frame(cable, m_frombuf(vnet_acct(vn), &i, sizeof(i), 64), TESTTYPE, bcast), 0);
	nt_run(&nt, 10000000);
	assert_true(bridge_vnet(vn)->bv_flooded > 10000);
	assert_true(vn->vn_acct.as_acct[ACCT_MBUF].ac_count < 6 * IFQ_MAXLEN);
	assert_int_equal(vnet_destroy(vn, NULL, NULL), 0);
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learning),
		cmocka_unit_test(bridge_down),
		cmocka_unit_test(superpackets),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(limits),
		cmocka_unit_test(addresses),
		cmocka_unit_test(loops_are_cut),
		cmocka_unit_test(span_into_itself),
		cmocka_unit_test(inherited_address),
		cmocka_unit_test(private_and_span),
		cmocka_unit_test(vlans),
		cmocka_unit_test(membership),
		cmocka_unit_test(departures),
		cmocka_unit_test(melting),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
