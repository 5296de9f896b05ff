/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes what comes in by an Ethernet interface: frames, ARP, and IP above it.
 *
 * Two stacks are made for each input, joined by a cable, each with an address; frames of the input
 * are put on the cable towards the first.  Of each the first byte says what else is done: the
 * destination may be made to be ours, time may pass, the first stack may ask for an address, so
 * that answers find a question; its end of the cable may become a member of a bridge with a spanning tree, or a port of a lagg
 * with LACP.  It sends with a priority, and has vlans above it, one in the other,
 * and one that is lent to the second stack.  Two bytes of length and the frame follow.  In the end both stacks
 * are destroyed, and must not leave a byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/util.h"
#include "host/host.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"
#include "net/ifnet.h"
#include "netinet/arp/arp.h"
#include "tests/fuzz/target.h"
#include "vimage/vimage.h"
#include "wire/ether.h"
#include <vimage/jail.h>

enum {			/* the first byte of a frame */
	F_OURS = 0x01,		/* destination: the first stack */
	F_SECOND = 0x02,	/* a second goes by afterwards */
	F_LONG = 0x04,		/* twenty minutes */
	F_ASK = 0x08,		/* the first stack sends to 10.0.0.<last byte of the frame> */
	F_SPLIT = 0x10,		/* the frame in small pieces */
	F_DOWN = 0x20,		/* down and up again */
	F_BRIDGE = 0x40,	/* leaves what it was in and joins the bridge */
	F_LAGG = 0x80,		/* ... or the lagg */
};

struct rig {
	struct vi_host	*host;
	struct kernel	*k;
	struct vnet	*vn[2];
	struct ifnet	*ifp[2];
};

static const struct vnet_module *const modules[] = {
#define X(name) &name##_vnet_module,
#include "vimage/modules.def"
#undef X
};

static struct rig rig;	/* a kernel for all inputs, stacks for each */

static void
rig_end(void)
{
	(void)vimage_fini(rig.k, NULL, NULL);
	net_kernel_fini(rig.k);
	kernel_fini(rig.k);
	vi_host_sim_free(rig.host);
}

static void
rig_start(struct rig *g)
{
	struct vi_kernel_params kp = { 0 };

	REQUIRE(vi_host_sim_new(1, &g->host) == 0);
	kp.kp_host = g->host;
	REQUIRE(kernel_init(&kp, &g->k) == 0);
	REQUIRE(vimage_init(g->k, modules, NITEMS(modules)) == 0);
	REQUIRE(atexit(rig_end) == 0);
}

static void
settle(struct rig *g)
{
	for (int i = 0; i < 10000 && kernel_poll(g->k) == 0; i++)
		;
}

/* An option of an interface of the first stack; whether it was possible is not looked at. */
static void
option(struct rig *g, const char *ifname, const char *name, const char *arg)
{
	struct ifnet *ifp = ifnet_byname(g->vn[0], ifname);
	char err[VI_ERRLEN];

	REQUIRE(ifp != NULL);
	(void)ifopt_set(ifp, name, &arg, arg != NULL, err);
}

/* What may be above epair0a. */
static void
uppers_make(struct rig *g)
{
	static const char *const names[] = { "bridge0", "lagg0", "edsc0", "epair0a.42", "epair0a.42.7", "epair0a.43" };
	char name[IFNAMSIZ];

	for (unsigned i = 0; i < NITEMS(names); i++) {
		REQUIRE(if_create(g->vn[0], names[i], name) == 0);
		REQUIRE(if_setflags(ifnet_byname(g->vn[0], names[i]), IFF_UP, 0) == 0);
	}
	option(g, "bridge0", "addm", "edsc0");
	option(g, "lagg0", "laggproto", "lacp");
	option(g, "epair0a", "pcp", "3");
	REQUIRE(if_vmove(ifnet_byname(g->vn[0], "epair0a.43"), g->vn[1]) == 0);
	REQUIRE(if_setflags(ifnet_byname(g->vn[1], "epair0a.43"), IFF_UP, 0) == 0);
}

static void
uppers_toggle(struct rig *g, unsigned how)
{
	option(g, "lagg0", "-laggport", "epair0a");
	option(g, "bridge0", "deletem", "epair0a");
	if (how & F_BRIDGE) {
		option(g, "bridge0", "addm", "epair0a");
		option(g, "bridge0", "stp", "epair0a");
	} else {
		option(g, "lagg0", "laggport", "epair0a");
	}
}

static void
stacks_make(struct rig *g)
{
	struct vi_ifaddr ia = { .ia_addr.sa_family = VI_AF_INET, .ia_prefixlen = 24 };
	char name[IFNAMSIZ];

	REQUIRE(vnet_create(g->k, "a", NULL, &g->vn[0]) == 0);
	REQUIRE(vnet_create(g->k, "b", NULL, &g->vn[1]) == 0);
	REQUIRE(if_create(g->vn[0], "epair0", name) == 0);
	g->ifp[0] = ifnet_byname(g->vn[0], "epair0a");
	g->ifp[1] = ifnet_byname(g->vn[0], "epair0b");
	REQUIRE(if_vmove(g->ifp[1], g->vn[1]) == 0);
	for (unsigned i = 0; i < 2; i++) {
		ia.ia_addr.sa_in = HTONL(0x0a000001 + i);
		REQUIRE(net_vnet(g->vn[i])->nv_afops[NET_AF_INET]->nao_addr_add(g->ifp[i], &ia,
		    false) == 0);
	}
	uppers_make(g);
	settle(g);
}

static void
no_leak(void *arg, const struct vi_leak *lk)
{
	(void)arg, (void)lk;
	abort();
}

static void
stacks_destroy(struct rig *g)
{
	for (unsigned i = 0; i < 2; i++)
		REQUIRE(vnet_destroy(g->vn[i], no_leak, NULL) == 0);
}

/* The frame as an mbuf chain of the second stack's, which sends it. */
static struct mbuf *
frame_make(struct rig *g, const uint8_t *p, size_t len, unsigned how)
{
	struct acctset *as = vnet_acct(g->vn[1]);
	size_t first = how & F_SPLIT ? MIN(len, (size_t)9) : len;
	struct mbuf *m = m_frombuf(as, p, first, 0), *n;

	REQUIRE(m != NULL);
	for (size_t off = first, piece; off < len; off += piece) {
		piece = MIN(len - off, (size_t)17);
		REQUIRE((n = m_frombuf(as, p + off, piece, 0)) != NULL);
		n->m_flags &= (uint16_t)~M_PKTHDR;
		m_cat(m, n);
	}
	m->m_pkt.len = (uint32_t)len;
	return (m);
}

static void
frame_send(struct rig *g, uint8_t *p, size_t len, unsigned how)
{
	const struct net_addr na = { .na_af = NET_AF_INET,
		.na_in = HTONL(0x0a000000u + (len > 0 ? p[len - 1] : 0)) };
	struct mbuf *m;

	if (how & F_DOWN) {
		REQUIRE(if_setflags(g->ifp[0], 0, IFF_UP) == 0);
		REQUIRE(if_setflags(g->ifp[0], IFF_UP, 0) == 0);
	}
	if (how & (F_BRIDGE | F_LAGG))
		uppers_toggle(g, how);
	if (how & F_ASK) {
		REQUIRE((m = m_frombuf(vnet_acct(g->vn[0]), "E", 1, 32)) != NULL);
		(void)if_output(g->ifp[0], m, &na);
	}
	if ((how & F_OURS) && len >= ETHER_ADDR_LEN)
		memcpy(p, g->ifp[0]->if_lladdr, ETHER_ADDR_LEN);
	(void)if_transmit(g->ifp[1], frame_make(g, p, len, how));
	settle(g);
	if (how & (F_SECOND | F_LONG)) {
		uint64_t until = vi_sim_now(g->host) + (how & F_LONG ? 1200 : 1) * 1000000000ull;

		(void)kernel_run(g->k, until, NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;
	struct rig *g = &rig;
	uint8_t buf[2048];
	size_t len;

	if (g->k == NULL)
		rig_start(g);
	if (reuse_first(&reuse))
		stacks_make(g);
	for (int n = 0; n < 32 && size >= 3; n++) {
		len = MIN((size_t)be16dec(data + 1) % sizeof(buf), size - 3);
		memcpy(buf, data + 3, len);
		frame_send(g, buf, len, data[0]);
		data += 3 + len;
		size -= 3 + len;
	}
	if (reuse_last(&reuse))
		stacks_destroy(g);
	return (0);
}
