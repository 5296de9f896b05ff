/* SPDX-License-Identifier: BSD-2-Clause */
/* Spanning trees among our own bridges, in virtual time: who blocks, how soon, and what happens when something breaks. */
#include <stdio.h>

#include "net/if_bridge.h"
#include "net/net_test.h"

#define TESTTYPE	0x88b5		/* IEEE 802: for experiments */
#define MAXN		8
#define SECOND		1000000000ull

/* Bridges, each in a stack of its own. */
struct net {
	struct nt	 n_nt;
	unsigned	 n_n;
	struct vnet	*n_vn[MAXN];
	struct ifnet	*n_br[MAXN];
};

static unsigned got;

static void
count(struct ifnet *ifp, struct mbuf *m)
{
	/* A member that blocks still hears groups for its own stack, as in BSD. */
	if (ifp->if_cloner == &bridge_cloner)
		got++;
	m_freem(m);
}

static struct bstp *
tree(struct net *n, unsigned i)
{
	return (&((struct bridge *)n->n_br[i]->if_softc)->sc_stp);
}

static void
net_begin(struct net *n, unsigned bridges)
{
	char name[IFNAMSIZ];

	memset(n, 0, sizeof(*n));
	nt_begin(&n->n_nt);
	n->n_n = bridges;
	for (unsigned i = 0; i < bridges; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		n->n_vn[i] = nt_vnet(&n->n_nt, name);
		assert_int_equal(if_create(n->n_vn[i], "bridge", name), 0);
		n->n_br[i] = nt_if(n->n_vn[i], name);
		assert_int_equal(if_setflags(n->n_br[i], IFF_UP, 0), 0);
		(void)net_proto_register(n->n_vn[i], TESTTYPE, count);
	}
}

/* A cable from one bridge to another; the end at a. */
static struct ifnet *
join(struct net *n, unsigned a, unsigned b, bool stp)
{
	const struct vi_linkprops wire = { .lp_delay = 50000 };
	struct ifnet *end[2];
	const unsigned at[2] = { a, b };
	char name[IFNAMSIZ];

	assert_int_equal(if_create(n->n_nt.nt_v0, "epair", name), 0);
	end[0] = nt_if(n->n_nt.nt_v0, name);
	end[1] = end[0]->if_cloner->ifc_peer(end[0]);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(if_vmove(end[i], n->n_vn[at[i]]), 0);
		assert_int_equal(if_setlink(end[i], &wire), 0);
		assert_int_equal(if_setflags(end[i], IFF_UP, 0), 0);
		assert_int_equal(nt_opt(n->n_br[at[i]], "addm", end[i]->if_xname), 0);
		if (stp)
			assert_int_equal(nt_opt(n->n_br[at[i]], "stp", end[i]->if_xname), 0);
	}
	return (end[0]);
}

/* Ports in a state, over all bridges. */
static unsigned
ports(struct net *n, enum bstp_state state)
{
	struct bstp_port *bp;
	unsigned found = 0;

	for (unsigned i = 0; i < n->n_n; i++)
		TAILQ_FOREACH(bp, &tree(n, i)->bs_ports, bp_link)
			found += bp->bp_state == state;
	return (found);
}

static bool
one_root(struct net *n)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < n->n_n; i++)
		best = tree(n, i)->bs_id < best ? tree(n, i)->bs_id : best;
	for (unsigned i = 0; i < n->n_n; i++)
		if (tree(n, i)->bs_rootvec.bv_root != best)
			return (false);
	return (true);
}

/* A broadcast of one bridge's stack reaches every other one once. */
static void
everybody_once(struct net *n)
{
	static const uint8_t bcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	for (unsigned i = 0; i < n->n_n; i++) {
		got = 0;
		for (unsigned j = 0; j < n->n_n; j++) {
			struct bridge *sc = n->n_br[j]->if_softc;

			/* Groups go up where somebody may want them. */
			if (n->n_br[j]->if_extra == NULL)
				assert_int_equal(if_extra_make(n->n_br[j], n->n_br[j]->if_acct), 0);
			assert_non_null(sc);
		}
		assert_int_equal(ether_frame(n->n_br[i], m_frombuf(vnet_acct(n->n_vn[i]), "x", 1, 64), TESTTYPE, bcast), 0);
		nt_run(&n->n_nt, 10000000);
		assert_int_equal(got, n->n_n - 1);
	}
	for (unsigned j = 0; j < n->n_n; j++)
		if_extra_trim(n->n_br[j]);
}

static void
ring(void **state)
{
	struct ifnet *cable[3];
	struct bstp *bs;
	struct net n;

	(void)state;
	net_begin(&n, 3);
	for (unsigned i = 0; i < 3; i++)
		cable[i] = join(&n, i, (i + 1) % 3, true);
	nt_run(&n.n_nt, 5 * SECOND);
	assert_true(one_root(&n));
	assert_int_equal(ports(&n, BSTP_DISCARDING), 1);
	assert_int_equal(ports(&n, BSTP_FORWARDING), 5);
	everybody_once(&n);
	/* A cable in use is cut: the blocked one takes over in well under a second. */
	for (unsigned i = 0; i < 3; i++) {
		bs = tree(&n, i);
		if (bs->bs_rootport == NULL)
			break;
	}
	assert_null(bs->bs_rootport);
	assert_int_equal(if_setflags(TAILQ_FIRST(&bs->bs_ports)->bp_ifp, 0, IFF_UP), 0);
	nt_run(&n.n_nt, 10 * SECOND);	/* the other end does not see it: three hellos */
	assert_int_equal(ports(&n, BSTP_DISCARDING) + ports(&n, BSTP_DISABLED), 1);
	everybody_once(&n);
	/* Gone altogether: nothing blocks, both ends know at once. */
	assert_int_equal(if_destroy(cable[1]->if_vnet, cable[1]->if_xname), 0);
	nt_run(&n.n_nt, 8 * SECOND);
	(void)cable;
	nt_end(&n.n_nt);
}

static void
failover(void **state)
{
	struct ifnet *cable[3];
	struct net n;

	(void)state;
	net_begin(&n, 3);
	/* Bridge 0 is the root; between 1 and 2 the cable of one of them is blocked. */
	assert_int_equal(nt_opt(n.n_br[0], "priority", "4096"), 0);
	for (unsigned i = 0; i < 3; i++)
		cable[i] = join(&n, i, (i + 1) % 3, true);
	nt_run(&n.n_nt, 4 * SECOND);
	assert_null(tree(&n, 0)->bs_rootport);
	assert_int_equal(tree(&n, 1)->bs_rootvec.bv_cost, BSTP_COST);
	assert_ptr_equal(tree(&n, 1)->bs_rootport->bp_ifp, cable[0]->if_cloner->ifc_peer(cable[0]));
	assert_int_equal(ports(&n, BSTP_DISCARDING), 1);
	assert_int_equal(if_destroy(cable[0]->if_vnet, cable[0]->if_xname), 0);
	nt_run(&n.n_nt, SECOND / 10);	/* both lost their port: the alternate one opens at once */
	assert_int_equal(tree(&n, 1)->bs_rootvec.bv_cost, 2 * BSTP_COST);
	assert_int_equal(ports(&n, BSTP_DISCARDING), 0);
	assert_int_equal(ports(&n, BSTP_FORWARDING), 4);
	everybody_once(&n);
	nt_end(&n.n_nt);
}

static void
mesh(void **state)
{
	struct net n;

	(void)state;
	net_begin(&n, 6);
	for (unsigned i = 0; i < 6; i++)
		for (unsigned j = i + 1; j < 6; j++)
			(void)join(&n, i, j, true);
	(void)join(&n, 0, 1, true);	/* twice */
	(void)join(&n, 2, 2, true);	/* and one to itself */
	nt_run(&n.n_nt, 8 * SECOND);
	assert_true(one_root(&n));
	/* 17 cables, 5 in use with both ends open; of the others at least one end is closed. */
	assert_true(ports(&n, BSTP_DISCARDING) >= 12);
	everybody_once(&n);
	/* A new root takes over. */
	assert_int_equal(nt_opt(n.n_br[4], "priority", "0"), 0);
	nt_run(&n.n_nt, 8 * SECOND);
	assert_true(one_root(&n));
	assert_null(tree(&n, 4)->bs_rootport);
	everybody_once(&n);
	nt_end(&n.n_nt);
}

static void
old_protocol(void **state)
{
	struct net n;

	(void)state;
	net_begin(&n, 3);
	assert_int_equal(nt_opt(n.n_br[1], "proto", "stp"), 0);
	assert_int_equal(nt_opt(n.n_br[1], "proto", "ospf"), EINVAL);
	for (unsigned i = 0; i < 3; i++)
		(void)join(&n, i, (i + 1) % 3, true);
	nt_run(&n.n_nt, 10 * SECOND);
	assert_int_equal(ports(&n, BSTP_FORWARDING) < 5, true);	/* it takes twice fwddelay */
	nt_run(&n.n_nt, 50 * SECOND);
	assert_true(one_root(&n));
	assert_int_equal(ports(&n, BSTP_DISCARDING), 1);
	assert_int_equal(ports(&n, BSTP_FORWARDING), 5);
	everybody_once(&n);
	nt_end(&n.n_nt);
}

static void
settings(void **state)
{
	struct ifnet *cable[2];
	struct bstp_port *bp;
	struct net n;
	char far[IFNAMSIZ];

	(void)state;
	net_begin(&n, 2);
	assert_int_equal(nt_opt(n.n_br[0], "priority", "0"), 0);
	cable[0] = join(&n, 0, 1, true);
	cable[1] = join(&n, 0, 1, true);
	nt_run(&n.n_nt, 4 * SECOND);
	assert_ptr_equal(tree(&n, 1)->bs_rootport->bp_ifp, cable[0]->if_cloner->ifc_peer(cable[0]));
	/* The cheaper way, and the port of lower priority at the root. */
	memcpy(far, cable[0]->if_cloner->ifc_peer(cable[0])->if_xname, IFNAMSIZ);
	assert_int_equal(nt_opt(n.n_br[1], "ifpathcost", far, "5000"), 0);
	nt_run(&n.n_nt, 4 * SECOND);
	assert_ptr_equal(tree(&n, 1)->bs_rootport->bp_ifp, cable[1]->if_cloner->ifc_peer(cable[1]));
	assert_int_equal(nt_opt(n.n_br[1], "ifpathcost", far, "0"), 0);
	assert_int_equal(nt_opt(n.n_br[0], "ifpriority", cable[1]->if_xname, "16"), 0);
	nt_run(&n.n_nt, 4 * SECOND);
	assert_ptr_equal(tree(&n, 1)->bs_rootport->bp_ifp, cable[1]->if_cloner->ifc_peer(cable[1]));
	assert_int_equal(ports(&n, BSTP_DISCARDING), 1);
	assert_int_equal(nt_opt(n.n_br[0], "ifpriority", cable[1]->if_xname, "256"), EINVAL);
	assert_int_equal(nt_opt(n.n_br[0], "hellotime", "3"), EINVAL);
	assert_int_equal(nt_opt(n.n_br[0], "maxage", "5"), EINVAL);
	assert_int_equal(nt_opt(n.n_br[0], "fwddelay", "31"), EINVAL);
	assert_int_equal(nt_opt(n.n_br[0], "holdcnt", "0"), EINVAL);
	assert_int_equal(nt_opt(n.n_br[0], "stp", "epair9a"), ENOENT);
	assert_int_equal(nt_opt(n.n_br[0], "fwddelay", "4"), 0);
	nt_run(&n.n_nt, 4 * SECOND);
	assert_int_equal(tree(&n, 1)->bs_roottimes.bt_fwddelay, 4);
	/* Nobody behind it: an edge, open after three seconds. */
	assert_int_equal(if_destroy(cable[1]->if_vnet, cable[1]->if_xname), 0);
	assert_int_equal(nt_opt(n.n_br[1], "-stp", far), 0);
	nt_run(&n.n_nt, SECOND);
	bp = TAILQ_FIRST(&tree(&n, 0)->bs_ports);
	assert_int_equal(if_setflags(bp->bp_ifp, 0, IFF_UP), 0);
	assert_int_equal(bp->bp_role, BSTP_ROLE_DISABLED);
	assert_int_equal(if_setflags(bp->bp_ifp, IFF_UP, 0), 0);
	nt_run(&n.n_nt, SECOND);
	assert_int_equal(bp->bp_state, BSTP_DISCARDING);
	nt_run(&n.n_nt, 10 * SECOND);
	bp = TAILQ_FIRST(&tree(&n, 0)->bs_ports);
	assert_int_equal(bp->bp_state, BSTP_FORWARDING);
	assert_true(bp->bp_operedge);
	nt_end(&n.n_nt);
}

/* Rubbish does no harm, and is passed on by nobody. */
static void
rubbish(void **state)
{
	uint8_t frame[14 + 60];
	struct ifnet *cable, *probe;
	struct net n;

	(void)state;
	net_begin(&n, 2);
	cable = join(&n, 0, 1, true);
	probe = join(&n, 0, 0, false);
	nt_run(&n.n_nt, 5 * SECOND);
	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < sizeof(frame); i++)
			frame[i] = (uint8_t)nt_random(&n.n_nt);
		memcpy(frame, "\x01\x80\xc2\x00\x00\x00\x02", 7);
		frame[12] = 0;
		frame[13] = (uint8_t)(nt_random(&n.n_nt) % 61);
		if (round % 2 == 0)
			memcpy(frame + 14, "\x42\x42\x03\0\0", 5);
		if (round % 4 == 0) {
			frame[19] = 2;
			frame[20] = 2;
		}
		if_deliver(cable, m_frombuf(vnet_acct(n.n_vn[0]), frame, 14 + nt_random(&n.n_nt) % 61, 16));
		nt_run(&n.n_nt, 1000000);
	}
	assert_int_equal(probe->if_stats.ifs_opackets, 0);
	nt_run(&n.n_nt, 200 * SECOND);	/* what was lied to us is forgotten */
	assert_true(one_root(&n));
	assert_int_equal(ports(&n, BSTP_FORWARDING), 2);
	nt_end(&n.n_nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring),
		cmocka_unit_test(failover),
		cmocka_unit_test(mesh),
		cmocka_unit_test(old_protocol),
		cmocka_unit_test(settings),
		cmocka_unit_test(rubbish),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
