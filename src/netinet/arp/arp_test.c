/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address resolution in virtual time: two or three stacks on cables, and a hand that forges
 * messages.
 */
#include "netinet/arp/arp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/util.h"
#include "host/host.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/arp/arp_int.h"
#include "vimage/vimage.h"
#include "wire/arp.h"

#define SEC		1000000000ull
#define IP4(a, b, c, d)	HTONL((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define ADDR_A		IP4(10, 0, 0, 1)
#define ADDR_B		IP4(10, 0, 0, 2)
#define NOBODY		IP4(10, 0, 0, 99)

/* a has ADDR_A on ia, b has ADDR_B on ib, one cable. */
struct rig {
	struct vi_host	*host;
	struct kernel	*k;
	struct vnet	*a, *b;
	struct ifnet	*ia, *ib;
	struct ifaddr	 aa, ab;
	uint32_t	 rand;
};

static unsigned received, unreachable;
static uint8_t last_byte;

static void
test_ip_input(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	received++;
	assert_int_equal(m_copydata(m, 0, 1, &last_byte), 0);
	m_freem(m);
}

static void
test_unreach(struct vnet *vn, struct mbuf *m)
{
	assert_ptr_equal(m->m_as, vnet_acct(vn));
	unreachable++;
	m_freem(m);
}

static const struct net_afops test_afops = { .nao_resolve = arp_resolve };

static void
give_address(struct ifaddr *ifa, struct ifnet *ifp, uint32_t addr, uint8_t len)
{
	const uint32_t mask = HTONL((uint32_t)(0xffffffff00000000ull >> len));

	*ifa = (struct ifaddr){ .ifa_ifp = ifp,
		.ifa_addr = { .na_af = NET_AF_INET, .na_in = addr },
		.ifa_prefixlen = len,
		.ifa_mask = mask };
	if_addr_link(ifa);
	assert_int_equal(rt_ifa_add(ifp->if_vnet, addr & mask, len, 0, ifp, ifa), 0);
	assert_int_equal(rt_ifa_add(ifp->if_vnet, addr, 32, RTF_HOST | RTF_LOCAL,
	    net_vnet(ifp->if_vnet)->nv_lo0, ifa), 0);
	vnet_event(ifp->if_vnet, VNET_EV_IFADDR_ADD, ifa);
}

static void
take_address(struct ifaddr *ifa)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;

	vnet_event(vn, VNET_EV_IFADDR_DEL, ifa);
	rt_ifa_del(vn, ifa->ifa_addr.na_in & ifa->ifa_mask, ifa->ifa_prefixlen, ifa);
	rt_ifa_del(vn, ifa->ifa_addr.na_in, 32, ifa);
	if_addr_unlink(ifa);
}

static struct vnet *
make_vnet(struct rig *g, const char *name)
{
	struct vnet *vn;

	assert_int_equal(vnet_create(g->k, name, NULL, &vn), 0);
	net_vnet(vn)->nv_afops[NET_AF_INET] = &test_afops;
	assert_int_equal(net_proto_register(vn, ETHERTYPE_IP, test_ip_input), 0);
	return (vn);
}

static void
settle(struct rig *g)
{
	while (kernel_poll(g->k) == 0)
		;
}

static void
sleep_to(struct rig *g, uint64_t when)
{
	const uint64_t now = vi_sim_now(g->host);

	if (when > now && kernel_run(g->k, when, NULL) < when)
		vi_sim_advance(g->host, when - vi_sim_now(g->host));
	settle(g);
	(void)lane_clock(&g->a->vn_lane);
	(void)lane_clock(&g->b->vn_lane);
}

static void
rig_begin(struct rig *g)
{
	static const struct vnet_module *const mods[] = { &net_vnet_module, &lo_vnet_module,
		&iflink_vnet_module, &ether_vnet_module, &epair_vnet_module, &route_vnet_module, &arp_vnet_module };
	struct vi_kernel_params kp = { 0 };
	char name[IFNAMSIZ];

	assert_int_equal(vi_host_sim_new(3, &g->host), 0);
	kp.kp_host = g->host;
	assert_int_equal(kernel_init(&kp, &g->k), 0);
	assert_int_equal(vimage_init(g->k, mods, NITEMS(mods)), 0);
	g->rand = 1;
	g->a = make_vnet(g, "a");
	g->b = make_vnet(g, "b");
	assert_int_equal(if_create(g->a, "epair", name), 0);
	g->ia = ifnet_byname(g->a, "epair0a");
	g->ib = ifnet_byname(g->a, "epair0b");
	assert_int_equal(if_vmove(g->ib, g->b), 0);
	give_address(&g->aa, g->ia, ADDR_A, 24);
	give_address(&g->ab, g->ib, ADDR_B, 24);
	settle(g);
	sleep_to(g, SEC);
	received = unreachable = 0;
}

static void
rig_end(struct rig *g)
{
	take_address(&g->aa);
	take_address(&g->ab);
	assert_int_equal(vimage_fini(g->k, NULL, NULL), 0);
	net_kernel_fini(g->k);
	kernel_fini(g->k);
	assert_int_equal(vi_sim_memory(g->host), 0);
	vi_host_sim_free(g->host);
}

static struct mbuf *
packet(struct vnet *vn, uint8_t mark)
{
	struct mbuf *m = m_frombuf(vnet_acct(vn), &mark, 1, 32);

	assert_non_null(m);
	return (m);
}

static int
send_to(struct ifnet *ifp, uint32_t addr, uint8_t mark)
{
	const struct net_addr na = { .na_af = NET_AF_INET, .na_in = addr };

	return (if_output(ifp, packet(ifp->if_vnet, mark), &na));
}

/* A message on the wire to `to`, from its other end. */
static void
forge(struct rig *g, struct ifnet *to, uint16_t op, const uint8_t *sha, uint32_t spa, uint32_t tpa)
{
	static const uint8_t unknown[6] = { 0 };
	struct ifnet *from = to->if_cloner->ifc_peer(to);
	struct ether_arp ea;
	struct mbuf *m;

	arp_build(&ea, op, sha, spa, unknown, tpa);
	assert_non_null(m = m_frombuf(vnet_acct(from->if_vnet), &ea, sizeof(ea), 32));
	assert_int_equal(ether_frame(from, m, ETHERTYPE_ARP, to->if_lladdr), 0);
	settle(g);
}

static const struct arp_stat *
stat_of(struct vnet *vn)
{
	return (&arp_vnet(vn)->av_stat);
}

static struct arp_entry *
entry(struct ifnet *ifp, uint32_t addr)
{
	return (arp_lookup(arp_vnet(ifp->if_vnet), ifp, addr));
}

static void
answers_come(void **state)
{
	struct rig g;

	(void)state;
	rig_begin(&g);
	/* the other end was down, or it would know */
	assert_int_equal(stat_of(g.a)->as_announced, 1);
	assert_null(entry(g.ia, ADDR_B));
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	assert_int_equal(send_to(g.ia, ADDR_B, 2), 0);
	settle(&g);
	assert_int_equal(received, 2);
	assert_int_equal(last_byte, 2);			/* in order */
	/* the announcement, and one for both */
	assert_int_equal(stat_of(g.a)->as_txrequests, 2);
	assert_int_equal(stat_of(g.b)->as_txreplies, 1);
	assert_int_equal(entry(g.ia, ADDR_B)->ae_state, ARP_REACHABLE);
	assert_memory_equal(entry(g.ia, ADDR_B)->ae_lladdr, g.ib->if_lladdr, 6);
	/* Who was asked knows the asker (RFC 826). */
	assert_int_equal(send_to(g.ib, ADDR_A, 3), 0);
	settle(&g);
	assert_int_equal(received, 3);
	assert_int_equal(stat_of(g.b)->as_txrequests, 1);
	rig_end(&g);
}

static void
silence(void **state)
{
	struct arp_vnet *av;
	struct mbuf *m;
	uint64_t t0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	av = arp_vnet(g.a);
	av->av_unreach = test_unreach;
	t0 = vi_sim_now(g.host);
	for (uint8_t i = 0; i < 20; i++)
		assert_int_equal(send_to(g.ia, NOBODY, i), 0);
	assert_int_equal(av->av_stat.as_heldover, 4);
	m = packet(g.a, 0);
	m->m_pkt.rcvif = g.ia;		/* forwarded */
	assert_int_equal(if_output(g.ia, m, &(struct net_addr){ .na_af = NET_AF_INET,
	    .na_in = NOBODY }), 0);
	assert_int_equal(av->av_stat.as_heldover, 5);
	for (unsigned i = 1; i <= 5; i++) {
		/* one a second, after the announcement */
		assert_int_equal(av->av_stat.as_txrequests, 1 + i);
		assert_int_equal(entry(g.ia, NOBODY)->ae_state, ARP_INCOMPLETE);
		sleep_to(&g, t0 + i * SEC + 1000);
	}
	assert_int_equal(av->av_stat.as_txrequests, 6);
	assert_int_equal(entry(g.ia, NOBODY)->ae_state, ARP_DOWN);
	assert_int_equal(av->av_stat.as_dropped, 16);
	assert_int_equal(unreachable, 1);		/* told for the forwarded one only */
	/* For a while it is refused at once. */
	assert_int_equal(send_to(g.ia, NOBODY, 1), EHOSTUNREACH);
	m = packet(g.a, 0);
	m->m_pkt.rcvif = g.ia;
	assert_int_equal(if_output(g.ia, m, &(struct net_addr){ .na_af = NET_AF_INET,
	    .na_in = NOBODY }),
	    EHOSTUNREACH);
	assert_int_equal(unreachable, 2);
	assert_int_equal(av->av_stat.as_txrequests, 6);
	sleep_to(&g, t0 + 26 * SEC);
	assert_null(entry(g.ia, NOBODY));
	assert_int_equal(send_to(g.ia, NOBODY, 1), 0);
	assert_int_equal(av->av_stat.as_txrequests, 7);
	rig_end(&g);
}

/* A host that was down comes up while it is being left alone. */
static void
back_from_the_dead(void **state)
{
	uint64_t t0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	t0 = vi_sim_now(g.host);
	assert_int_equal(if_setflags(g.ib, 0, IFF_UP), 0);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	sleep_to(&g, t0 + 6 * SEC);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), EHOSTUNREACH);
	assert_int_equal(if_setflags(g.ib, IFF_UP, 0), 0);	/* announces itself */
	settle(&g);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	assert_int_equal(received, 1);
	rig_end(&g);
}

static void
used_entries_are_renewed(void **state)
{
	uint64_t t0, asked;
	struct rig g;

	(void)state;
	rig_begin(&g);
	t0 = vi_sim_now(g.host);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	asked = stat_of(g.a)->as_txrequests;
	/*
	 * A packet a second for an hour: never a wait, a question every 1195 seconds, to the host
	 * itself.
	 */
	for (unsigned i = 1; i <= 3600; i++) {
		sleep_to(&g, t0 + i * SEC);
		assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
		assert_true(entry(g.ia, ADDR_B)->ae_state >= ARP_VALID);
	}
	settle(&g);
	assert_int_equal(received, 3601);
	assert_int_equal(stat_of(g.a)->as_txrequests - asked, 3);
	/* the announcement and the first question */
	assert_int_equal(g.ia->if_stats.ifs_omcasts, 2);
	rig_end(&g);
}

static void
unused_entries_go(void **state)
{
	uint64_t t0;
	struct rig g;

	(void)state;
	rig_begin(&g);
	t0 = vi_sim_now(g.host);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	sleep_to(&g, t0 + 1199 * SEC);
	assert_non_null(entry(g.ia, ADDR_B));
	sleep_to(&g, t0 + 1201 * SEC);
	assert_null(entry(g.ia, ADDR_B));
	assert_null(g.ia->if_arplast);
	assert_int_equal(kernel_poll(g.k), VI_FOREVER);
	/* One that is used but does not answer any more. */
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	t0 = vi_sim_now(g.host);
	sleep_to(&g, t0 + 1190 * SEC);
	assert_int_equal(if_setflags(g.ib, 0, IFF_UP), 0);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	sleep_to(&g, t0 + 1198 * SEC);
	assert_int_equal(entry(g.ia, ADDR_B)->ae_state, ARP_PROBE);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);	/* still sent to where it was */
	sleep_to(&g, t0 + 1201 * SEC);
	assert_null(entry(g.ia, ADDR_B));
	rig_end(&g);
}

static void
log_has(void *arg, const struct vi_logmsg *lm)
{
	const char **want = arg;

	if (*want != NULL && strcmp(lm->lm_text, *want) == 0)
		*want = NULL;
}

static bool
logged(struct vnet *vn, const char *text)
{
	const char *want = text;

	(void)msglog_read(&vn->vn_log, 0, log_has, &want);
	return (want == NULL);
}

static void
hosts_move(void **state)
{
	static const uint8_t other[6] = { 0x02, 1, 2, 3, 4, 5 };
	char from[ETHER_STRLEN], text[200];
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	forge(&g, g.ia, ARPOP_REPLY, other, ADDR_B, ADDR_A);
	assert_memory_equal(entry(g.ia, ADDR_B)->ae_lladdr, other, 6);
	snprintf(text, sizeof(text), "arp: 10.0.0.2 moved from %s to 02:01:02:03:04:05 on epair0a",
	    ether_addr_ntop(from, sizeof(from), g.ib->if_lladdr));
	assert_true(logged(g.a, text));
	/* A new link address is announced, and believed where the old one was known. */
	assert_int_equal(if_setlladdr(g.ib, (const uint8_t[]){ 2, 9, 9, 9, 9, 9 }, 6), 0);
	settle(&g);
	assert_memory_equal(entry(g.ia, ADDR_B)->ae_lladdr, g.ib->if_lladdr, 6);
	rig_end(&g);
}

static void
nothing_is_learned_from_strangers(void **state)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 }, group[6] = { 0x03, 1, 2, 3, 4, 5 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	forge(&g, g.ia, ARPOP_REPLY, mac, NOBODY, ADDR_A);	/* not asked for */
	forge(&g, g.ia, ARPOP_REQUEST, mac, NOBODY, NOBODY);	/* an announcement */
	forge(&g, g.ia, ARPOP_REQUEST, mac, NOBODY, ADDR_B);	/* not for us */
	/* not of this net: answered, not believed */
	forge(&g, g.ia, ARPOP_REQUEST, mac, IP4(192, 0, 2, 1), ADDR_A);
	forge(&g, g.ia, ARPOP_REQUEST, mac, 0, ADDR_A);		/* a probe (RFC 5227): the same */
	assert_int_equal(arp_vnet(g.a)->av_n, 0);
	assert_int_equal(stat_of(g.a)->as_txreplies, 2);
	forge(&g, g.ia, ARPOP_REQUEST, group, NOBODY, ADDR_A);
	forge(&g, g.ia, 9, mac, NOBODY, ADDR_A);
	forge(&g, g.ia, ARPOP_REQUEST, g.ia->if_lladdr, NOBODY, ADDR_A);
	assert_int_equal(stat_of(g.a)->as_badaddr, 1);
	assert_int_equal(stat_of(g.a)->as_badop, 1);
	assert_int_equal(stat_of(g.a)->as_ownmac, 1);
	assert_int_equal(arp_vnet(g.a)->av_n, 0);
	forge(&g, g.ia, ARPOP_REQUEST, mac, NOBODY, ADDR_A);	/* this one is */
	assert_int_equal(arp_vnet(g.a)->av_n, 1);
	rig_end(&g);
}

static void
addresses_are_defended(void **state)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };
	uint64_t announced;
	struct rig g;

	(void)state;
	rig_begin(&g);
	announced = stat_of(g.a)->as_announced;
	for (int i = 0; i < 5; i++)
		forge(&g, g.ia, ARPOP_REQUEST, mac, ADDR_A, ADDR_A);
	assert_int_equal(stat_of(g.a)->as_dupips, 5);
	/* no war of announcements */
	assert_int_equal(stat_of(g.a)->as_announced - announced, 1);
	assert_true(logged(g.a,
	    "arp: 02:01:02:03:04:05 is using my IP address 10.0.0.1 on epair0a!"));
	sleep_to(&g, vi_sim_now(g.host) + 11 * SEC);
	forge(&g, g.ia, ARPOP_REPLY, mac, ADDR_A, ADDR_B);
	assert_int_equal(stat_of(g.a)->as_announced - announced, 2);
	assert_null(entry(g.ia, ADDR_A));
	rig_end(&g);
}

/* The administrator's entries. */

static struct vi_neigh
neigh(uint32_t addr, bool permanent)
{
	return ((struct vi_neigh){ .ne_addr = { .sa_family = VI_AF_INET, .sa_in = addr },
	    .ne_lladdr = { 2, 7, 7, 7, 7, 7 },
	    .ne_permanent = permanent });
}

static void
permanent_entries(void **state)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };
	struct vi_neigh ne;
	struct rig g;

	(void)state;
	rig_begin(&g);
	ne = neigh(IP4(192, 0, 2, 1), true);
	assert_int_equal(arp_neigh_add(g.a, &ne), ENETUNREACH);
	memcpy(ne.ne_ifname, "epair7a", 8);
	assert_int_equal(arp_neigh_add(g.a, &ne), ENXIO);
	memcpy(ne.ne_ifname, "lo0", 4);
	assert_int_equal(arp_neigh_add(g.a, &ne), EINVAL);
	ne = neigh(NOBODY, true);
	ne.ne_lladdr[0] = 1;
	assert_int_equal(arp_neigh_add(g.a, &ne), EINVAL);
	ne = neigh(NOBODY, true);
	assert_int_equal(send_to(g.ia, NOBODY, 1), 0);		/* waits: the entry sets it free */
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	assert_int_equal(arp_vnet(g.a)->av_stat.as_dropped, 0);
	assert_int_equal(entry(g.ia, NOBODY)->ae_nhold, 0);
	forge(&g, g.ia, ARPOP_REQUEST, mac, NOBODY, ADDR_A);
	assert_memory_equal(entry(g.ia, NOBODY)->ae_lladdr, ne.ne_lladdr, 6);
	assert_true(logged(g.a,
	    "arp: 02:01:02:03:04:05 attempts to modify permanent entry for 10.0.0.99 on epair0a"));
	sleep_to(&g, vi_sim_now(g.host) + 5000 * SEC);
	assert_int_equal(send_to(g.ia, NOBODY, 1), 0);
	assert_int_equal(entry(g.ia, NOBODY)->ae_state, ARP_PERMANENT);
	/* Made temporary, it ages like any other. */
	ne.ne_permanent = false;
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	sleep_to(&g, vi_sim_now(g.host) + 1201 * SEC);
	assert_null(entry(g.ia, NOBODY));
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	assert_int_equal(arp_neigh_del(g.a, &ne.ne_addr, "lo0"), ESRCH);
	assert_int_equal(arp_neigh_del(g.a, &ne.ne_addr, ""), 0);
	assert_int_equal(arp_neigh_del(g.a, &ne.ne_addr, NULL), ESRCH);
	rig_end(&g);
}

static void
published_entries(void **state)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };
	struct vi_neigh ne = neigh(NOBODY, true);
	uint64_t replies;
	struct rig g;

	(void)state;
	rig_begin(&g);
	replies = stat_of(g.a)->as_txreplies;
	forge(&g, g.ia, ARPOP_REQUEST, mac, ADDR_B, NOBODY);
	assert_int_equal(stat_of(g.a)->as_txreplies, replies);
	ne.ne_proxy = true;
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	/* b asks, a answers with what was published. */
	assert_int_equal(send_to(g.ib, NOBODY, 1), 0);
	settle(&g);
	assert_int_equal(stat_of(g.a)->as_txreplies, replies + 1);
	assert_memory_equal(entry(g.ib, NOBODY)->ae_lladdr, ne.ne_lladdr, 6);
	/* a itself does not use it. */
	assert_int_equal(send_to(g.ia, NOBODY, 1), EHOSTUNREACH);
	/* the owner is announced: no answer */
	forge(&g, g.ia, ARPOP_REQUEST, mac, NOBODY, NOBODY);
	assert_int_equal(stat_of(g.a)->as_txreplies, replies + 1);
	rig_end(&g);
}

static void
refused_entries(void **state)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };
	struct vi_neigh ne = neigh(NOBODY, true);
	struct mbuf *m;
	struct rig g;

	(void)state;
	rig_begin(&g);
	arp_vnet(g.a)->av_unreach = test_unreach;
	ne.ne_refuse = VI_NEIGH_BLACKHOLE + 1;
	assert_int_equal(arp_neigh_add(g.a, &ne), EINVAL);
	assert_null(entry(g.ia, NOBODY));
	/* What waits is refused as well; the sender of what was forwarded is told. */
	m = packet(g.a, 1);
	m->m_pkt.rcvif = g.ia;
	assert_int_equal(if_output(g.ia, m, &(struct net_addr){ .na_af = NET_AF_INET, .na_in = NOBODY }), 0);
	ne.ne_refuse = VI_NEIGH_REJECT;
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	assert_int_equal(entry(g.ia, NOBODY)->ae_nhold, 0);
	assert_int_equal(unreachable, 1);
	assert_int_equal(send_to(g.ia, NOBODY, 1), EHOSTUNREACH);
	assert_int_equal(stat_of(g.a)->as_rejected, 2);
	assert_int_equal(stat_of(g.a)->as_dropped, 0);
	/* In a black hole nobody is told anything. */
	ne.ne_refuse = VI_NEIGH_BLACKHOLE;
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	assert_int_equal(send_to(g.ia, NOBODY, 1), 0);
	m = packet(g.a, 1);
	m->m_pkt.rcvif = g.ia;
	assert_int_equal(if_output(g.ia, m, &(struct net_addr){ .na_af = NET_AF_INET, .na_in = NOBODY }), 0);
	assert_int_equal(unreachable, 1);
	assert_int_equal(stat_of(g.a)->as_blackholed, 2);
	/* The one used last is looked at first, and one that is not permanent learns nothing while it lasts. */
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	ne = neigh(ADDR_B, false);
	ne.ne_refuse = VI_NEIGH_REJECT;
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	forge(&g, g.ia, ARPOP_REQUEST, mac, ADDR_B, ADDR_A);
	assert_memory_equal(entry(g.ia, ADDR_B)->ae_lladdr, ne.ne_lladdr, 6);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), EHOSTUNREACH);
	sleep_to(&g, vi_sim_now(g.host) + 1201 * SEC);
	assert_null(entry(g.ia, ADDR_B));
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	rig_end(&g);
}

struct listing {
	unsigned n, own, incomplete;
	uint64_t expire;
};

static void
list_one(void *arg, const struct vi_neigh *ne)
{
	struct listing *l = arg;

	l->n++;
	l->own += ne->ne_permanent && ne->ne_complete;
	l->incomplete += !ne->ne_complete;
	if (ne->ne_expire != 0)
		l->expire = ne->ne_expire;
	assert_string_equal(ne->ne_ifname, "epair0a");
}

static void
list(void **state)
{
	struct listing l = { 0 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	assert_int_equal(send_to(g.ia, NOBODY, 1), 0);
	settle(&g);
	vi_sim_advance(g.host, 100 * SEC);		/* and nobody ran since */
	arp_neigh_list(g.a, list_one, &l);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.own, 1);
	assert_int_equal(l.incomplete, 1);
	assert_int_equal(l.expire, 1100 * SEC);
	rig_end(&g);
}

static void
the_table_is_bounded(void **state)
{
	struct vi_neigh ne = neigh(IP4(10, 0, 0, 50), true);
	struct arp_vnet *av;
	struct rig g;

	(void)state;
	rig_begin(&g);
	av = arp_vnet(g.a);
	av->av_maxentries = 10;
	assert_int_equal(send_to(g.ia, ADDR_B, 1), 0);
	settle(&g);
	assert_int_equal(arp_neigh_add(g.a, &ne), 0);
	for (uint8_t i = 100; i < 200; i++)
		assert_int_equal(send_to(g.ia, IP4(10, 0, 0, i), 1), 0);
	assert_int_equal(av->av_n, 10);
	assert_int_equal(av->av_stat.as_evicted, 92);
	/* held by those that are left */
	assert_int_equal(vnet_acct(g.a)->as_acct[ACCT_MBUF].ac_count, 8);
	/* questions do not drive out answers */
	assert_int_equal(entry(g.ia, ADDR_B)->ae_state, ARP_REACHABLE);
	assert_null(entry(g.ia, IP4(10, 0, 0, 100)));
	assert_non_null(entry(g.ia, IP4(10, 0, 0, 199)));
	av->av_maxentries = 1;
	for (uint8_t i = 100; i < 200; i++)
		(void)send_to(g.ia, IP4(10, 0, 0, i), 1);
	assert_int_equal(entry(g.ia, IP4(10, 0, 0, 50))->ae_state, ARP_PERMANENT);
	rig_end(&g);
}

/* Many entries, found and taken away at random. */
static void
the_table_grows(void **state)
{
	struct vi_neigh ne;
	bool there[2048] = { false };
	struct rig g;

	(void)state;
	rig_begin(&g);
	take_address(&g.aa);
	give_address(&g.aa, g.ia, ADDR_A, 8);
	for (int step = 0; step < 20000; step++) {
		uint32_t i = (g.rand = g.rand * 1664525u + 1013904223u) >> 21;

		ne = neigh(HTONL(0x0a010000u + i), i % 2 == 0);
		if (there[i]) {
			assert_int_equal(arp_neigh_del(g.a, &ne.ne_addr, NULL), 0);
		} else {
			assert_int_equal(arp_neigh_del(g.a, &ne.ne_addr, NULL), ESRCH);
			assert_int_equal(arp_neigh_add(g.a, &ne), 0);
		}
		there[i] = !there[i];
	}
	for (uint32_t i = 0; i < NITEMS(there); i++)
		assert_int_equal(entry(g.ia, HTONL(0x0a010000u + i)) != NULL, there[i]);
	/* The interface takes them all along when it leaves. */
	take_address(&g.aa);
	assert_int_equal(if_vmove(g.ia, g.b), 0);
	assert_int_equal(arp_vnet(g.a)->av_n, 0);
	assert_int_equal(if_reclaim(g.ia), 0);
	give_address(&g.aa, g.ia, ADDR_A, 24);
	rig_end(&g);
}

/* Packets that wait go with the interface they came by, and with the one they wait for. */
static void
interfaces_leave(void **state)
{
	const struct net_addr na = { .na_af = NET_AF_INET, .na_in = NOBODY };
	char name[IFNAMSIZ];
	struct mbuf *m;
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(if_create(g.a, "epair5", name), 0);
	for (int i = 0; i < 6; i++) {
		m = packet(g.a, 0);
		m->m_pkt.rcvif = i % 2 ? ifnet_byname(g.a, name) : NULL;
		assert_int_equal(if_output(g.ia, m, &na), 0);
	}
	assert_int_equal(entry(g.ia, NOBODY)->ae_nhold, 6);
	assert_int_equal(if_destroy(g.a, name), 0);
	assert_int_equal(entry(g.ia, NOBODY)->ae_nhold, 3);
	assert_int_equal(if_output(g.ia, packet(g.a, 0), &na), 0);
	assert_int_equal(entry(g.ia, NOBODY)->ae_nhold, 4);
	assert_int_equal(if_setflags(g.ia, 0, IFF_UP), 0);
	assert_null(entry(g.ia, NOBODY));
	assert_int_equal(vnet_acct(g.a)->as_acct[ACCT_MBUF].ac_count, 0);
	assert_int_equal(vnet_acct(g.a)->as_acct[ACCT_NEIGH].ac_count, 0);
	rig_end(&g);
}

static void
no_arp(void **state)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };
	struct rig g;

	(void)state;
	rig_begin(&g);
	assert_int_equal(if_setflags(g.ia, IFF_NOARP, 0), 0);
	assert_int_equal(send_to(g.ia, ADDR_B, 1), EHOSTUNREACH);
	forge(&g, g.ia, ARPOP_REQUEST, mac, NOBODY, ADDR_A);
	assert_int_equal(stat_of(g.a)->as_noarp, 1);
	assert_int_equal(stat_of(g.a)->as_txreplies, 0);
	rig_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come),
		cmocka_unit_test(silence),
		cmocka_unit_test(back_from_the_dead),
		cmocka_unit_test(used_entries_are_renewed),
		cmocka_unit_test(unused_entries_go),
		cmocka_unit_test(hosts_move),
		cmocka_unit_test(nothing_is_learned_from_strangers),
		cmocka_unit_test(addresses_are_defended),
		cmocka_unit_test(permanent_entries),
		cmocka_unit_test(published_entries),
		cmocka_unit_test(refused_entries),
		cmocka_unit_test(list),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(the_table_grows),
		cmocka_unit_test(interfaces_leave),
		cmocka_unit_test(no_arp),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
