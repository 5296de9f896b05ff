/* SPDX-License-Identifier: BSD-2-Clause */
/* vlan, disc and edsc: tags on the wire, parents that leave, names that tell the tag. */
#include <stdio.h>

#include "net/if_over.h"
#include "net/net_test.h"
#include "wire/ether.h"

#define TESTTYPE 0x88b5		/* IEEE 802: for experiments */

struct seen {
	unsigned	 sn_frames;
	uint32_t	 sn_len;
	struct ifnet	*sn_ifp;
	uint8_t		 sn_wire[64];	/* of the last frame a capture showed */
	uint32_t	 sn_wirelen;
};
static struct seen seen;

static void
count(struct ifnet *ifp, struct mbuf *m)
{
	seen.sn_frames++;
	seen.sn_len = m->m_pkt.len;
	seen.sn_ifp = ifp;
	assert_ptr_equal(m->m_pkt.rcvif, ifp);
	m_freem(m);
}

static void
wire(void *arg, const struct vi_frame *fr)
{
	(void)arg;
	if (fr == NULL)
		return;
	seen.sn_wirelen = fr->fr_len;
	memcpy(seen.sn_wire, fr->fr_data, fr->fr_len < 64 ? fr->fr_len : 64);
}

static int
send_frame(struct ifnet *from, const uint8_t *dst, size_t len)
{
	static const uint8_t data[65535];

	seen.sn_frames = 0;
	seen.sn_ifp = NULL;
	return (ether_frame(from, m_frombuf(vnet_acct(from->if_vnet), data, len, 64), TESTTYPE, dst));
}

/* Two stacks with a cable between them, a and b. */
struct pair {
	struct nt	 p_nt;
	struct vnet	*p_vb;
	struct ifnet	*p_a, *p_b;
};

static void
pair_begin(struct pair *p)
{
	nt_begin(&p->p_nt);
	p->p_vb = nt_vnet(&p->p_nt, "b");
	p->p_a = nt_create(p->p_nt.nt_v0, "epair");
	p->p_b = p->p_a->if_cloner->ifc_peer(p->p_a);
	assert_int_equal(if_vmove(p->p_b, p->p_vb), 0);
	nt_up(p->p_a);
	nt_up(p->p_b);
	(void)net_proto_register(p->p_nt.nt_v0, TESTTYPE, count);
	(void)net_proto_register(p->p_vb, TESTTYPE, count);
	memset(&seen, 0, sizeof(seen));
}

static struct ifnet *
vlan_on(struct ifnet *parent, const char *tag, const char *proto)
{
	struct ifnet *v = nt_create(parent->if_vnet, "vlan");

	assert_int_equal(nt_opt(v, "vlandev", parent->if_xname), 0);	/* in this order: the parent waits for the tag */
	assert_int_equal(nt_opt(v, "vlanproto", proto), 0);
	assert_int_equal(nt_opt(v, "vlan", tag), 0);
	assert_true((v->if_flags & IFF_RUNNING) != 0);
	nt_up(v);
	return (v);
}

static void
tags(void **state)
{
	struct ifnet *va, *vb, *other;
	struct pair p;

	(void)state;
	pair_begin(&p);
	va = vlan_on(p.p_a, "42", "802.1q");
	vb = vlan_on(p.p_b, "42", "802.1q");
	other = vlan_on(p.p_b, "43", "802.1q");
	assert_memory_equal(va->if_lladdr, p.p_a->if_lladdr, 6);
	assert_int_equal(if_capture(p.p_a, wire, NULL), 0);
	assert_int_equal(nt_opt(va, "vlanpcp", "5"), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_int_equal(seen.sn_frames, 1);
	assert_ptr_equal(seen.sn_ifp, vb);
	assert_int_equal(seen.sn_len, 100);
	assert_int_equal(seen.sn_wirelen, 118);
	assert_memory_equal(seen.sn_wire, p.p_b->if_lladdr, 6);
	assert_memory_equal(seen.sn_wire + 6, p.p_a->if_lladdr, 6);
	assert_memory_equal(seen.sn_wire + 12, "\x81\x00\xa0\x2a\x88\xb5", 6);
	/* The longest there is, and one more. */
	assert_int_equal(va->if_mtu, 1500);
	assert_int_equal(send_frame(va, vb->if_lladdr, 1500), 0);
	nt_settle(&p.p_nt);
	assert_int_equal(seen.sn_frames, 1);
	assert_int_equal(send_frame(va, vb->if_lladdr, 1501), EMSGSIZE);
	/* A tag nobody has; the parent's stack does not see it either. */
	assert_int_equal(nt_opt(other, "vlan", "44"), 0);
	assert_int_equal(nt_opt(va, "vlan", "43"), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_int_equal(seen.sn_frames, 0);
	/* Same tag, other protocol: another vlan. */
	assert_int_equal(nt_opt(other, "vlanproto", "802.1ad"), 0);
	assert_int_equal(nt_opt(other, "vlan", "42"), 0);
	assert_int_equal(nt_opt(va, "vlan", "42"), 0);
	assert_int_equal(nt_opt(va, "vlanproto", "802.1ad"), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, other);
	/* Untagged frames are the parents'. */
	assert_int_equal(send_frame(p.p_a, p.p_b->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, p.p_b);
	/* Down is down, whichever it is. */
	assert_int_equal(if_setflags(p.p_a, 0, IFF_UP), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), ENETDOWN);
	nt_end(&p.p_nt);
}

static void
stacked(void **state)
{
	struct ifnet *a5, *a42, *b5, *b42;
	char name[IFNAMSIZ];
	struct pair p;

	(void)state;
	pair_begin(&p);
	a5 = vlan_on(p.p_a, "5", "802.1ad");
	b5 = vlan_on(p.p_b, "5", "802.1ad");
	assert_int_equal(if_rename(a5, "vlan5"), 0);
	assert_int_equal(if_create(p.p_nt.nt_v0, "vlan5.42", name), 0);
	assert_string_equal(name, "vlan5.42");
	a42 = nt_if(p.p_nt.nt_v0, name);
	nt_up(a42);
	b42 = vlan_on(b5, "42", "802.1q");
	assert_int_equal(a42->if_mtu, 1496);
	assert_int_equal(if_capture(p.p_a, wire, NULL), 0);
	assert_int_equal(send_frame(a42, b42->if_lladdr, 1496), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, b42);
	assert_int_equal(seen.sn_len, 1496);
	assert_memory_equal(seen.sn_wire + 12, "\x88\xa8\x00\x05\x81\x00\x00\x2a", 8);
	/* MTUs shrink all the way up. */
	assert_int_equal(if_setmtu(p.p_a, 1000), 0);
	assert_int_equal(a5->if_mtu, 1000);
	assert_int_equal(a42->if_mtu, 996);
	assert_int_equal(if_setmtu(a42, 1000), EINVAL);
	assert_int_equal(if_create(p.p_nt.nt_v0, "vlan5.42", name), EEXIST);
	assert_int_equal(if_create(p.p_nt.nt_v0, "vlan6.42", name), ENXIO);
	assert_int_equal(if_create(p.p_nt.nt_v0, "vlan5.4095", name), EINVAL);
	assert_int_equal(if_create(p.p_nt.nt_v0, "vlan5.", name), EINVAL);
	assert_int_equal(if_create(p.p_nt.nt_v0, "vlan5.07", name), EINVAL);
	/* No circles, not at once and not by others. */
	assert_int_equal(nt_opt(a5, "vlandev", "vlan5"), ELOOP);
	assert_int_equal(nt_opt(a5, "vlandev", "vlan5.42"), ELOOP);
	assert_int_equal(send_frame(a42, b42->if_lladdr, 990), 0);	/* as it was */
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, b42);
	nt_end(&p.p_nt);
}

static void
levels(void **state)
{
	struct ifnet *ifp;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	ifp = nt_create(nt.nt_v0, "epair");
	for (unsigned i = 0; i < IF_MAXLEVEL; i++)
		ifp = vlan_on(ifp, "7", "802.1q");
	assert_int_equal(ifp->if_mtu, 1500 - 4 * (IF_MAXLEVEL - 1));
	assert_int_equal(nt_opt(nt_create(nt.nt_v0, "vlan"), "vlan", "1"), 0);
	assert_int_equal(nt_opt(nt_if(nt.nt_v0, "vlan8"), "vlandev", ifp->if_xname), ELOOP);
	nt_end(&nt);
}

static void
departures(void **state)
{
	struct ifnet *va, *vb;
	struct pair p;

	(void)state;
	pair_begin(&p);
	va = vlan_on(p.p_a, "42", "802.1q");
	vb = vlan_on(p.p_b, "42", "802.1q");
	/* The parent moves: the vlan stays, without it. */
	assert_int_equal(if_vmove(p.p_a, p.p_vb), 0);
	assert_false(va->if_flags & IFF_RUNNING);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), ENETDOWN);
	assert_int_equal(if_vmove(p.p_a, p.p_nt.nt_v0), 0);
	nt_up(p.p_a);
	assert_int_equal(nt_opt(va, "vlandev", p.p_a->if_xname), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, vb);
	/* Destroyed with a frame on its way. */
	assert_int_equal(send_frame(vb, p.p_a->if_lladdr, 100), 0);
	assert_int_equal(if_destroy(p.p_vb, p.p_b->if_xname), 0);
	assert_false(vb->if_flags & IFF_RUNNING);
	nt_settle(&p.p_nt);
	assert_int_equal(vnet_destroy(p.p_vb, NULL, NULL), 0);
	nt_end(&p.p_nt);
}

/* A vlan in a stack, its parent in another. */
static void
lent(void **state)
{
	struct ifnet *va, *vb;
	struct vnet *vc;
	struct pair p;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

	(void)state;
	pair_begin(&p);
	vc = nt_vnet(&p.p_nt, "c");
	(void)net_proto_register(vc, TESTTYPE, count);
	va = vlan_on(p.p_a, "42", "802.1q");
	vb = vlan_on(p.p_b, "42", "802.1q");
	assert_int_equal(if_vmove(va, p.p_vb), EEXIST);
	assert_int_equal(if_setlladdr(va, mac, 6), 0);
	assert_int_equal(if_vmove(va, vc), 0);
	assert_true((va->if_flags & IFF_RUNNING) != 0 && va->if_linkup);
	assert_memory_equal(va->if_lladdr, mac, 6);
	nt_up(va);
	assert_int_equal(if_capture(p.p_a, wire, NULL), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 1500), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, vb);
	assert_int_equal(seen.sn_len, 1500);
	assert_memory_equal(seen.sn_wire + 12, "\x81\x00\x00\x2a\x88\xb5", 6);
	assert_int_equal(send_frame(vb, va->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, va);
	/* Its borrower cannot come to other VLANs of the parent. */
	assert_int_equal(nt_opt(va, "vlan", "43"), EPERM);
	assert_int_equal(nt_opt(va, "vlanproto", "802.1ad"), EPERM);
	assert_int_equal(nt_opt(va, "-vlandev"), EPERM);
	assert_int_equal(nt_opt(va, "vlanpcp", "6"), 0);
	/* The parent goes down: so does the link. */
	assert_int_equal(if_setflags(p.p_a, 0, IFF_UP), 0);
	assert_false(va->if_linkup);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), ENETDOWN);
	nt_up(p.p_a);
	/* Home with a frame in the relay; then lent again, and the parent goes, with another. */
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	assert_int_equal(if_reclaim(va), 0);
	nt_up(va);
	nt_settle(&p.p_nt);
	assert_int_equal(seen.sn_frames, 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, vb);
	assert_int_equal(nt_opt(va, "vlan", "43"), 0);
	assert_int_equal(if_vmove(va, vc), 0);
	nt_up(va);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	assert_int_equal(if_destroy(p.p_nt.nt_v0, p.p_a->if_xname), 0);
	assert_false(va->if_flags & IFF_RUNNING);
	nt_settle(&p.p_nt);
	assert_int_equal(vnet_destroy(vc, NULL, NULL), 0);
	assert_ptr_equal(va->if_vnet, p.p_nt.nt_v0);
	assert_int_equal(vnet_destroy(p.p_vb, NULL, NULL), 0);
	nt_end(&p.p_nt);
}

/* Tags of VLAN 0 (IEEE 802.1Q 9.6 b): sent where a priority is set, taken by the stack without a vlan and beside vlans. */
static void
priorities(void **state)
{
	struct ifnet *va, *vb;
	struct pair p;

	(void)state;
	pair_begin(&p);
	assert_int_equal(if_capture(p.p_a, wire, NULL), 0);
	assert_int_equal(nt_opt(p.p_a, "pcp", "8"), EINVAL);
	assert_int_equal(nt_opt(nt_if(p.p_vb, "lo0"), "pcp", "3"), ENOENT);
	assert_int_equal(nt_opt(p.p_a, "pcp", "3"), 0);
	assert_int_equal(send_frame(p.p_a, p.p_b->if_lladdr, 1500), 0);
	nt_settle(&p.p_nt);
	assert_memory_equal(seen.sn_wire + 12, "\x81\x00\x60\x00\x88\xb5", 6);
	assert_ptr_equal(seen.sn_ifp, p.p_b);
	assert_int_equal(seen.sn_len, 1500);
	va = vlan_on(p.p_a, "42", "802.1q");
	vb = vlan_on(p.p_b, "42", "802.1q");
	assert_int_equal(send_frame(p.p_a, p.p_b->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_ptr_equal(seen.sn_ifp, p.p_b);
	/* A vlan has one tag, and its priority is there. */
	assert_int_equal(nt_opt(va, "pcp", "7"), 0);
	assert_int_equal(send_frame(va, vb->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_memory_equal(seen.sn_wire + 12, "\x81\x00\xe0\x2a\x88\xb5", 6);
	assert_ptr_equal(seen.sn_ifp, vb);
	assert_int_equal(nt_opt(p.p_a, "-pcp"), 0);
	assert_int_equal(send_frame(p.p_a, p.p_b->if_lladdr, 100), 0);
	assert_memory_equal(seen.sn_wire + 12, "\x88\xb5", 2);
	nt_settle(&p.p_nt);
	assert_int_equal(vnet_destroy(p.p_vb, NULL, NULL), 0);
	nt_end(&p.p_nt);
}

/* Any frame as it is, towards b. */
static void
send_raw(struct pair *p, const void *type, size_t len, size_t framelen)
{
	uint8_t frame[64] = { 0 };

	memcpy(frame, p->p_b->if_lladdr, 6);
	frame[6] = 2;
	memcpy(frame + 12, type, len);
	seen.sn_frames = 0;
	(void)if_transmit(p->p_a, m_frombuf(vnet_acct(p->p_nt.nt_v0), frame, framelen, 0));
	nt_settle(&p->p_nt);
}

static void
bad_tags(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	send_raw(&p, "\x81\x00\x00\x00\x88\xb5", 6, 60);
	assert_int_equal(seen.sn_frames, 1);
	send_raw(&p, "\x81\x00\x00\x00\x81\x00\x00\x00\x88\xb5", 10, 60);	/* two */
	send_raw(&p, "\x81\x00\x00\x05\x88\xb5", 6, 60);	/* of a VLAN */
	send_raw(&p, "\x81\x00\x00\x00", 4, 17);	/* cut off */
	assert_int_equal(seen.sn_frames, 0);
	assert_int_equal(p.p_b->if_stats.ifs_noproto, 3);
	assert_int_equal(vnet_destroy(p.p_vb, NULL, NULL), 0);
	nt_end(&p.p_nt);
}

/* It shows what comes to who watches, and has nothing of it. */
static void
monitors(void **state)
{
	struct pair p;

	(void)state;
	pair_begin(&p);
	assert_int_equal(if_capture(p.p_b, wire, NULL), 0);
	assert_int_equal(if_setflags(p.p_b, IFF_MONITOR, 0), 0);
	assert_int_equal(send_frame(p.p_a, p.p_b->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_int_equal(seen.sn_frames, 0);
	assert_int_equal(seen.sn_wirelen, 114);
	assert_int_equal(send_frame(p.p_b, p.p_a->if_lladdr, 100), ENETDOWN);
	assert_int_equal(if_setflags(p.p_b, 0, IFF_MONITOR), 0);
	assert_int_equal(send_frame(p.p_a, p.p_b->if_lladdr, 100), 0);
	nt_settle(&p.p_nt);
	assert_int_equal(seen.sn_frames, 1);
	assert_int_equal(vnet_destroy(p.p_vb, NULL, NULL), 0);
	nt_end(&p.p_nt);
}

static void
groups(void **state)
{
	char name[8] = "xaaaaa";
	struct pair p;
	int error = 0;

	(void)state;
	pair_begin(&p);
	assert_string_equal(if_groups(p.p_a), "epair");
	assert_int_equal(if_group_add(p.p_a, "lan"), 0);
	assert_int_equal(if_group_add(p.p_a, "la"), 0);
	assert_string_equal(if_groups(p.p_a), "epair lan la");
	assert_int_equal(if_group_add(p.p_a, "lan"), EEXIST);
	assert_int_equal(if_group_add(p.p_a, "lan0"), EINVAL);
	assert_int_equal(if_group_add(p.p_a, "a b"), EINVAL);
	assert_int_equal(if_group_add(p.p_a, ""), EINVAL);
	assert_int_equal(if_group_del(p.p_a, "an"), ENOENT);
	assert_int_equal(if_group_del(p.p_a, ""), ENOENT);
	assert_int_equal(if_group_del(p.p_a, "epair"), 0);
	assert_string_equal(if_groups(p.p_a), "lan la");
	assert_int_equal(if_group_del(p.p_a, "la"), 0);
	assert_int_equal(if_group_del(p.p_a, "lan"), 0);
	assert_string_equal(if_groups(p.p_a), "");
	for (unsigned i = 0; i < 1000 && error == 0; i++) {
		name[1] = (char)('a' + i % 26);
		name[2] = (char)('a' + i / 26);
		error = if_group_add(p.p_a, name);
	}
	assert_int_equal(error, ENOSPC);
	/* Another stack knows nothing of them. */
	assert_int_equal(if_vmove(p.p_a, p.p_vb), 0);
	assert_string_equal(if_groups(p.p_a), "epair");
	assert_int_equal(if_group_add(p.p_a, "gone"), 0);
	assert_int_equal(vnet_destroy(p.p_vb, NULL, NULL), 0);
	nt_end(&p.p_nt);
}

static void
options(void **state)
{
	struct ifnet *v, *w;
	struct pair p;
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

	(void)state;
	pair_begin(&p);
	v = nt_create(p.p_nt.nt_v0, "vlan3");
	assert_string_equal(v->if_xname, "vlan3");
	assert_int_equal(nt_opt(v, "vlan", "0"), EINVAL);
	assert_int_equal(nt_opt(v, "vlan", "4095"), EINVAL);
	assert_int_equal(nt_opt(v, "vlan", "x"), EINVAL);
	assert_int_equal(nt_opt(v, "vlanpcp", "8"), EINVAL);
	assert_int_equal(nt_opt(v, "vlanproto", "802.1x"), EINVAL);
	assert_int_equal(nt_opt(v, "vlandev", "nobody0"), ENXIO);
	assert_int_equal(nt_opt(v, "vlan", "9"), 0);
	assert_int_equal(nt_opt(v, "vlandev", "lo0"), EPROTONOSUPPORT);
	assert_int_equal(nt_opt(v, "vlandev", p.p_a->if_xname), 0);
	w = nt_create(p.p_nt.nt_v0, "vlan");
	assert_int_equal(nt_opt(w, "vlan", "9"), 0);
	assert_int_equal(nt_opt(w, "vlandev", p.p_a->if_xname), EEXIST);
	/* It follows the parent's address until it has its own. */
	assert_int_equal(if_setlladdr(p.p_a, mac, 6), 0);
	assert_memory_equal(v->if_lladdr, mac, 6);
	mac[5] = 10;
	assert_int_equal(if_setlladdr(v, mac, 6), 0);
	mac[5] = 11;
	assert_int_equal(if_setlladdr(p.p_a, mac, 6), 0);
	assert_int_equal(v->if_lladdr[5], 10);
	assert_int_equal(nt_opt(v, "-vlandev"), 0);
	assert_false(v->if_flags & IFF_RUNNING);
	nt_end(&p.p_nt);
}

static void
discards(void **state)
{
	struct net_addr nh = { .na_af = NET_AF_INET };
	struct ifnet *disc, *edsc;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	disc = nt_create(nt.nt_v0, "disc");
	edsc = nt_create(nt.nt_v0, "edsc");
	assert_int_equal(if_output(disc, m_frombuf(vnet_acct(nt.nt_v0), "x", 1, 64), &nh), ENETDOWN);
	nt_up(disc);
	nt_up(edsc);
	assert_int_equal(if_output(disc, m_frombuf(vnet_acct(nt.nt_v0), "x", 1, 64), &nh), 0);
	assert_int_equal(send_frame(edsc, disc->if_lladdr, 100), 0);
	nt_settle(&nt);
	assert_int_equal(disc->if_stats.ifs_opackets, 1);
	assert_int_equal(edsc->if_stats.ifs_opackets, 1);
	assert_int_equal(edsc->if_stats.ifs_obytes, 114);
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags),
		cmocka_unit_test(stacked),
		cmocka_unit_test(levels),
		cmocka_unit_test(departures),
		cmocka_unit_test(lent),
		cmocka_unit_test(priorities),
		cmocka_unit_test(bad_tags),
		cmocka_unit_test(monitors),
		cmocka_unit_test(groups),
		cmocka_unit_test(options),
		cmocka_unit_test(discards),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
