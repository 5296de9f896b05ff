/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For unit tests of interfaces and routes: a kernel on the simulated host with nothing above net.
 */
#ifndef NET_NET_TEST_H
#define NET_NET_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/util.h"
#include "host/host.h"
#include "mbuf/mbuf.h"
#include "net/if_conf.h"
#include "net/if_int.h"
#include "net/route_int.h"
#include "vimage/vimage.h"
#include <vimage/jail.h>

struct nt {
	struct vi_host	*nt_host;
	struct kernel	*nt_k;
	struct vnet	*nt_v0;
	uint32_t	 nt_rand;
};

static inline void
nt_begin_workers(struct nt *nt, unsigned workers)
{
	static const struct vnet_module *const mods[] = { &net_vnet_module, &lo_vnet_module,
		&iflink_vnet_module, &ether_vnet_module, &epair_vnet_module, &tuntap_vnet_module,
		&vlan_vnet_module, &bridge_vnet_module, &lagg_vnet_module, &route_vnet_module };
	struct vi_kernel_params kp = { 0 };

	assert_int_equal(vi_host_sim_new(7, &nt->nt_host), 0);
	kp.kp_host = nt->nt_host;
	kp.kp_workers = workers;
	assert_int_equal(kernel_init(&kp, &nt->nt_k), 0);
	assert_int_equal(vimage_init(nt->nt_k, mods, NITEMS(mods)), 0);
	nt->nt_v0 = vnet_first(nt->nt_k);
	nt->nt_rand = 1;
}

static inline void
nt_begin(struct nt *nt)
{
	nt_begin_workers(nt, 1);
}

/* Nothing may be left. */
static inline void
nt_end(struct nt *nt)
{
	kernel_lock(nt->nt_k);
	assert_int_equal(vimage_fini(nt->nt_k, NULL, NULL), 0);
	net_kernel_fini(nt->nt_k);
	assert_int_equal(nt->nt_k->k_acct.as_acct[ACCT_MISC].ac_count, 0);
	kernel_unlock(nt->nt_k);
	kernel_fini(nt->nt_k);
	assert_int_equal(vi_sim_memory(nt->nt_host), 0);
	vi_host_sim_free(nt->nt_host);
}

static inline uint32_t
nt_random(struct nt *nt)
{
	uint64_t z = (nt->nt_rand += 0x9e3779b9u);

	z = (z ^ z >> 15) * 0x85ebca6bu;
	return ((uint32_t)(z ^ z >> 13));
}

static inline struct vnet *
nt_vnet(struct nt *nt, const char *name)
{
	struct vnet *vn;

	assert_int_equal(vnet_create(nt->nt_k, name, NULL, &vn), 0);
	return (vn);
}

static inline struct ifnet *
nt_if(struct vnet *vn, const char *name)
{
	struct ifnet *ifp = ifnet_byname(vn, name);

	assert_non_null(ifp);
	return (ifp);
}

static inline struct ifnet *
nt_create(struct vnet *vn, const char *type)
{
	char name[IFNAMSIZ];

	assert_int_equal(if_create(vn, type, name), 0);
	return (nt_if(vn, name));
}

static inline void
nt_up(struct ifnet *ifp)
{
	assert_int_equal(if_setflags(ifp, IFF_UP, 0), 0);
}

/* Until nothing is to be done now. */
static inline void
nt_settle(struct nt *nt)
{
	while (kernel_poll(nt->nt_k) == 0)
		;
}

static inline void
nt_run(struct nt *nt, uint64_t ns)
{
	(void)kernel_run(nt->nt_k, host_now(nt->nt_host) + ns, NULL);
}

/* An option of ifconfig(8) with the words behind it. */
#define nt_opt(ifp, ...)	nt_words((ifp), (const char *const []){ __VA_ARGS__, NULL })
static inline int
nt_words(struct ifnet *ifp, const char *const *words)
{
	char err[VI_ERRLEN];
	unsigned n = 1;

	while (words[n] != NULL)
		n++;
	return (ifopt_set(ifp, words[0], words + 1, n - 1, err));
}

/* What an address family would do, with memory of the test's. */
static inline void
nt_ifaddr(struct ifaddr *ifa, struct ifnet *ifp, uint32_t addr, uint8_t len)
{
	*ifa = (struct ifaddr){ .ifa_ifp = ifp,
		.ifa_addr = { .na_af = NET_AF_INET, .na_in = HTONL(addr) },
		.ifa_prefixlen = len,
		.ifa_mask = HTONL(fib_mask(len)) };
	if_addr_link(ifa);
	assert_int_equal(rt_ifa_add(ifp->if_vnet, HTONL(addr), 32, RTF_HOST | RTF_LOCAL,
	    net_vnet(ifp->if_vnet)->nv_lo0, ifa), 0);
	assert_int_equal(rt_ifa_add(ifp->if_vnet, HTONL(addr), len, 0, ifp, ifa), 0);
	vnet_event(ifp->if_vnet, VNET_EV_IFADDR_ADD, ifa);
}

static inline void
nt_noifaddr(struct ifaddr *ifa)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;

	vnet_event(vn, VNET_EV_IFADDR_DEL, ifa);
	rt_ifa_del(vn, ifa->ifa_addr.na_in, ifa->ifa_prefixlen, ifa);
	rt_ifa_del(vn, ifa->ifa_addr.na_in, 32, ifa);
	if_addr_unlink(ifa);
}

/* a: 10.0.0.1/24, b: 10.0.1.1/24, both ends of different cables. */
struct nt_cables {
	struct nt	 r;
	struct vnet	*vn;
	struct ifnet	*a, *b;
	struct ifaddr	 ia, ib;
};

#define IP4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static inline void
nt_cables_begin(struct nt_cables *g)
{
	nt_begin(&g->r);
	g->vn = g->r.nt_v0;
	g->a = nt_create(g->vn, "epair");
	g->b = nt_create(g->vn, "epair");
	nt_ifaddr(&g->ia, g->a, IP4(10, 0, 0, 1), 24);
	nt_ifaddr(&g->ib, g->b, IP4(10, 0, 1, 1), 24);
	assert_true(if_up(g->a) && if_up(g->b));	/* by the first address */
}

static inline void
nt_cables_end(struct nt_cables *g)
{
	nt_noifaddr(&g->ia);
	nt_noifaddr(&g->ib);
	nt_end(&g->r);
}

static inline struct vi_sockaddr
nt_sa(uint32_t addr)
{
	return ((struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = HTONL(addr) });
}

#endif
